//! `ballast-peers`: tables on standard error, one JSON object as the last line of standard output.

use anyhow::Result;
use ballast_peers::{decode, fills, replay, rings};
use clap::{Parser, Subcommand};

/// Ballast and its rivals, measured in one process.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Subcommand)]
enum Bench {
    /// Replay of a USD-M capture, already converted and loaded: level updates per second.
    Replay(replay::Options),
    /// Raw frames of the captures to typed integers: nanoseconds per message.
    Decode(decode::Options),
    /// 64-byte events between two pinned threads: one-way latency and throughput.
    Rings(rings::Options),
    /// The same quoter on the same capture: fills, volume and position side by side.
    Fills(fills::Options),
}

fn main() -> Result<()> {
    let figures = match Cli::parse().bench {
        Bench::Replay(options) => replay::run(&options)?,
        Bench::Decode(options) => decode::run(&options)?,
        Bench::Rings(options) => rings::run(&options)?,
        Bench::Fills(options) => fills::run(&options)?,
    };
    println!("{figures}");
    Ok(())
}
