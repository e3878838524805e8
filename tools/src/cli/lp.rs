//! What can be typed behind `lp`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum LpCommand {
    /// Price positions from a file of what pools and position managers say of them.
    Value(LpValueArgs),
    /// Play liquidity beside a recorded pool: fees, divergence and costs against holding, a position that never moves and the full range.
    Backtest(LpBacktestArgs),
}

#[derive(Debug, Args)]
pub(crate) struct LpBacktestArgs {
    /// Events of the pool (CSV, as demeter-fetch writes them: `….pool.tick.csv`).
    #[arg(long, value_name = "FILE")]
    pub(crate) pool_events: PathBuf,
    /// Pool, position and costs (TOML).
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// End standard output with one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct LpValueArgs {
    /// Positions (JSON): an array of them, or an object with them under `positions`, `vectors` or `pools`; what stands beside such an
    /// array holds for all in it. Whole numbers are decimal strings or numbers.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// End standard output with one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}
