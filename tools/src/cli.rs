//! What can be typed.

mod lp;
mod sim;

use ballast_model::Span;
use ballast_simulator::matching::Speed;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::net::IpAddr;
use std::path::PathBuf;

pub(crate) use lp::{LpBacktestArgs, LpCommand, LpValueArgs};
pub(crate) use sim::SimArgs;

/// A market-making engine for Binance spot and USD-M futures: live, on paper, in replay and in simulated worlds.
#[derive(Debug, Parser)]
#[command(name = "ballast", version, about, after_help = crate::exit::HELP)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Replay recorded market data against a simulated venue and report what the strategy did.
    Replay(ReplayArgs),
    /// Trade at a simulated venue of its own over sockets of this host: no files, no keys, no other network.
    Demo(DemoArgs),
    /// Trade live markets as configured, on paper where nothing else is asked for.
    Run(RunArgs),
    /// Record what the configured venues say, word for word, for `replay` and every command that takes captures.
    Record(RecordArgs),
    /// Work on recordings.
    #[command(subcommand)]
    Capture(CaptureCommand),
    /// Cancel everything at every venue where a run makes no progress any more: a process of its own beside it.
    Watchdog(WatchdogArgs),
    /// Measure tick to trade on this host: the production loops on two threads, driven by a market on a schedule.
    Latency(LatencyArgs),
    /// Be a venue that exchange clients connect to: Binance spot and USD-M futures on sockets of this host.
    Simulate(SimulateArgs),
    /// Try the engine in a simulated world that is hostile: time, network, disk and venue of a seed, with oracles that watch.
    Sim(SimArgs),
    /// Replay the same data under several configurations and print one table.
    Compare(CompareArgs),
    /// Work on configuration files.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Work on order books.
    #[command(subcommand)]
    Book(BookCommand),
    /// Decide again from a journal's inputs and compare every command and every checkpoint.
    Verify(JournalArgs),
    /// Play a journal's market again, as it was configured and otherwise, beside what was recorded.
    Whatif(WhatifArgs),
    /// Work on journals.
    #[command(subcommand)]
    Journal(JournalCommand),
    /// Work on positions in concentrated-liquidity pools.
    #[command(subcommand)]
    Lp(LpCommand),
    /// Say what of this host stands in the way of a fast and safe run, and what to do about it.
    Doctor(DoctorArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum JournalCommand {
    /// Print records, one a line.
    Inspect(InspectArgs),
    /// Check every checksum, hash and number, without deciding again.
    Verify(JournalArgs),
    /// Write records as a Parquet file.
    Export(ExportArgs),
    /// Cut a range of records into a journal of its own.
    Slice(SliceArgs),
    /// Print what a run begins with that goes on where this one ended.
    Recover(JournalArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum CaptureCommand {
    /// Print the frames of recordings, one a line, and what they hold.
    Inspect(CaptureInspectArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Read configuration files and check every rule that needs no data.
    Check(ConfigCheckArgs),
    /// Print the JSON schema of configuration files.
    Schema(ConfigSchemaArgs),
}

#[derive(Debug, Subcommand)]
pub(crate) enum BookCommand {
    /// Rebuild the books of captures and compare them with the venue's own best prices.
    Check(CheckArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// Configuration file (TOML).
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Capture files: `<local time> <raw json>` lines, plain, gzip or zstd; or folders of `record`. Files of the same instrument continue each other
    /// in the order given; different instruments are merged by time.
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    pub(crate) data: Vec<PathBuf>,
    /// Write fills and equity (CSV and Parquet) and one HTML page into this folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Books and simulated venue only, no strategy.
    #[arg(long)]
    pub(crate) idle: bool,
    /// What an operator says during the run (TOML): a list `[[at]]` of `time` or `offset`, `command` and `scope`.
    #[arg(long, value_name = "FILE")]
    pub(crate) operator: Option<PathBuf>,
    /// Play the data this many times in a row, ids and times renumbered so that the loops follow on.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) repeat: u32,
    /// Write a journal of every input and decision into this folder; one that holds a journal already is refused.
    #[arg(long, value_name = "DIR")]
    pub(crate) journal: Option<PathBuf>,
    /// End standard output with one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which journal, and how to answer.
#[derive(Debug, Args)]
pub(crate) struct JournalArgs {
    /// Folder of the journal.
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// End standard output with one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct WhatifArgs {
    #[command(flatten)]
    pub(crate) journal: JournalArgs,
    /// Another value of a key of the configuration, such as `quoting.model.gamma=0.2`, or none, such as `venue.queue.power=`;
    /// may be given several times.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// How far apart in time two fills may be and still be the same.
    #[arg(long, value_name = "SPAN", default_value = "1s", value_parser = span_of)]
    pub(crate) within: Span,
    /// Search the power of this family of queues under which the recorded orders come closest to the recorded fills.
    #[arg(long, value_name = "FAMILY")]
    pub(crate) calibrate: Option<FamilyArg>,
}

/// A span from nothing on.
fn span_of(text: &str) -> Result<Span, String> {
    let span = ballast_runtime::config::Duration::try_from(text.to_owned())?.span();
    if span < Span::ZERO { Err("must not be negative".to_owned()) } else { Ok(span) }
}

/// A family of queue models with a power; see `cancels` of `[venue.queue]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FamilyArg {
    /// bⁿ / (bⁿ + aⁿ) of the cancels are behind us.
    Power,
    /// bⁿ / (a + b)ⁿ.
    #[value(name = "power-2")]
    Power2,
    /// 1 − (a / (a + b))ⁿ.
    #[value(name = "power-3")]
    Power3,
}

/// A range of records.
#[derive(Debug, Args)]
pub(crate) struct RangeArgs {
    /// First record, by its number.
    #[arg(long, value_name = "SEQ", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) from: u64,
    /// Last record, by its number.
    #[arg(long, value_name = "SEQ", default_value_t = u64::MAX, hide_default_value = true)]
    pub(crate) to: u64,
}

#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    #[command(flatten)]
    pub(crate) journal: JournalArgs,
    #[command(flatten)]
    pub(crate) range: RangeArgs,
    /// What the core learned is left out: only commands, checkpoints and the ends of blocks.
    #[arg(long)]
    pub(crate) decisions: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    pub(crate) journal: JournalArgs,
    /// Parquet file to write.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) range: RangeArgs,
}

#[derive(Debug, Args)]
pub(crate) struct SliceArgs {
    #[command(flatten)]
    pub(crate) journal: JournalArgs,
    /// Folder of the new journal; empty or not there.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) range: RangeArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Decides everything that is random in the market.
    #[arg(long, default_value_t = 7)]
    pub(crate) seed: u64,
    /// Stop after this time.
    #[arg(long = "for", value_name = "SPAN", default_value = "20s", value_parser = span_of)]
    pub(crate) lasts: Span,
    /// Capture files, as for `replay`: recorded history trades at the venue, looped. Without, a seeded crowd does.
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with = "seed")]
    pub(crate) capture: Vec<PathBuf>,
    /// How many times as fast as the clock the market goes, such as `x10`.
    #[arg(long, value_name = "xN", default_value = "x1", value_parser = rate_of)]
    pub(crate) rate: u32,
    /// Tell in lines, on a terminal too.
    #[arg(long)]
    pub(crate) plain: bool,
    /// Without sockets and clocks: a market made beforehand, which gives the same report every time.
    #[arg(long, conflicts_with_all = ["lasts", "capture", "rate", "plain"])]
    pub(crate) offline: bool,
    /// With `--offline`: who makes the market.
    #[arg(long, value_name = "VENUE", value_enum, default_value_t = DemoVenue::Tape, requires = "offline")]
    pub(crate) venue: DemoVenue,
    /// With `--offline`: minutes of market to make.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=240), requires = "offline")]
    pub(crate) minutes: u16,
    /// Where to write the report.
    #[arg(long, value_name = "DIR", default_value = "report")]
    pub(crate) out: PathBuf,
    /// Record every input and every command into this folder; one that holds a journal already is refused.
    #[arg(long, value_name = "DIR")]
    pub(crate) journal: Option<PathBuf>,
    /// End standard output with one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SimulateArgs {
    /// Capture files, as for `replay`: recorded history trades, looped. Without, a seeded crowd does.
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["synthetic", "seed"])]
    pub(crate) capture: Vec<PathBuf>,
    /// A seeded crowd trades, with clients and with each other: what there is without `--capture`.
    #[arg(long)]
    pub(crate) synthetic: bool,
    /// Decides everything that is random in the crowd.
    #[arg(long, default_value_t = 7)]
    pub(crate) seed: u64,
    /// How many times as fast as the clock, or `max`: as fast as clients read.
    #[arg(long, value_name = "N|max", default_value = "1", value_parser = speed_of)]
    pub(crate) speed: Speed,
    /// With `--capture`: how long orders take to the venue, and its answers back.
    #[arg(long, value_name = "SPAN", default_value = "0s", value_parser = span_of)]
    pub(crate) latency: Span,
    /// What goes wrong (TOML): a `seed` and a list `[[fault]]` of `kind`, `on`, `at`, `for`, `every`, `rate`, `count` and `by`.
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<PathBuf>,
    /// Where to listen.
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    pub(crate) address: IpAddr,
    /// Port of the first market, spot where there are two; the next port is kept for its TLS, and the second market has the two
    /// behind, with `--tls` or without. 0 takes any that are free.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub(crate) port: u16,
    /// Listen for TLS too, with a certificate made at the start.
    #[arg(long)]
    pub(crate) tls: bool,
    /// Write the certificate that clients have to trust for TLS (PEM) to this file.
    #[arg(long, value_name = "FILE", requires = "tls")]
    pub(crate) ca: Option<PathBuf>,
    /// Accounts of clients, each with keys of its own.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) clients: u16,
    /// Stop after this time, such as `10s`.
    #[arg(long = "for", value_name = "SPAN", value_parser = span_of)]
    pub(crate) lasts: Option<Span>,
    /// Print addresses and keys as one JSON object when clients can connect.
    #[arg(long)]
    pub(crate) json: bool,
}

fn speed_of(text: &str) -> Result<Speed, String> {
    if text == "max" {
        return Ok(Speed::Max);
    }
    let times = text.parse().ok().filter(|times| (1..=10_000).contains(times));
    times.map(Speed::Times).ok_or_else(|| "must be max, or a whole number from 1 to 10000".to_owned())
}

/// Where the demonstration trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum DemoVenue {
    /// A market made beforehand, which does not feel our orders.
    Tape,
    /// A matching engine where a crowd trades with us.
    Matching,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// Configuration file (TOML), with a table `live`.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Folder of the journals, one below it for each run: a run goes on where the one before ended, however that was.
    #[arg(long, value_name = "DIR", default_value = "journal")]
    pub(crate) journal: PathBuf,
    /// Lift a kill that a run before has left.
    #[arg(long)]
    pub(crate) resume: bool,
    /// Stop after this time; without it, at ctrl-c or SIGTERM.
    #[arg(long = "for", value_name = "SPAN", value_parser = span_of)]
    pub(crate) duration: Option<Span>,
    /// Write fills and equity (CSV and Parquet) and one HTML page into this folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Record what the venues say of their markets into this folder too, as `record` does.
    #[arg(long, value_name = "DIR")]
    pub(crate) tap: Option<PathBuf>,
    /// Allow orders to go to the venue: without it a configuration whose mode is `live` is refused.
    #[arg(long)]
    pub(crate) live: bool,
    /// Tell in lines, on a terminal too.
    #[arg(long)]
    pub(crate) plain: bool,
    /// End standard output with one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RecordArgs {
    /// Configuration file (TOML), with a table `live`: its venues and symbols are recorded.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Folder of the recordings, one below it for each market; one that holds a recording already is refused.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Stop after this time; without it, at ctrl-c or SIGTERM.
    #[arg(long = "for", value_name = "SPAN", value_parser = span_of)]
    pub(crate) duration: Option<Span>,
    /// End standard output with one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CaptureInspectArgs {
    /// Folder of a recording, or of several.
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    #[command(flatten)]
    pub(crate) range: RangeArgs,
    /// Print no frames, and end standard output with one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct WatchdogArgs {
    /// Configuration file (TOML) of the run.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Folder of the run's journal: its heartbeat is beside it.
    #[arg(long, value_name = "DIR", default_value = "journal")]
    pub(crate) journal: PathBuf,
    /// How long the run may make no progress.
    #[arg(long, value_name = "SPAN", default_value = "2s", value_parser = after_of)]
    pub(crate) after: Span,
    /// End standard output with one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// A span that is long enough for a run that is well to be seen to be so.
fn after_of(text: &str) -> Result<Span, String> {
    let span = span_of(text)?;
    if span < Span::from_millis(200) { Err("must be 200ms or more".to_owned()) } else { Ok(span) }
}

#[derive(Debug, Args)]
pub(crate) struct LatencyArgs {
    /// How long each run lasts, by the clock.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=3_600))]
    pub(crate) seconds: u16,
    /// End each run after so many ticks that led to orders instead; the market is played again and again, renumbered, for as long.
    #[arg(long, value_name = "N", conflicts_with = "seconds", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub(crate) ticks: Option<u64>,
    /// What lies between the venue that is played and the engine; what the kernel takes by itself is measured beside sockets.
    #[arg(long, value_enum, default_value_t = OverArg::Process)]
    pub(crate) over: OverArg,
    /// How many times as fast as recorded, such as `x10`; may be given several times.
    #[arg(long, value_name = "xN", default_values = ["x1", "x10", "x50"], value_parser = rate_of)]
    pub(crate) rate: Vec<u32>,
    /// Runs at each rate; the table has the median and the worst of them.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=99))]
    pub(crate) runs: u16,
    /// Capture file of one USD-M instrument, with a snapshot; a synthetic market without it.
    #[arg(long, value_name = "FILE")]
    pub(crate) data: Option<PathBuf>,
    /// Configuration file (TOML) of the quoter and the threads, with one `live.venue` of USD-M; one that follows the touch without it.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Keep the journals and a synthetic market in this folder; without it they are removed.
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
    /// End standard output with one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What lies between venue and engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OverArg {
    /// Nothing: bytes are handed over in process.
    Process,
    /// TCP over loopback.
    Plain,
    /// TLS over loopback, with a certificate made for the run.
    Tls,
}

fn rate_of(text: &str) -> Result<u32, String> {
    let times =
        text.strip_prefix('x').unwrap_or(text).parse().ok().filter(|times| (1..=1_000).contains(times));
    times.ok_or_else(|| "must be a whole number from x1 to x1000".to_owned())
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Configuration file (TOML) whose `[threads]` the host is examined for; one shard and one venue where absent.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Folder on the disk that the journal is to be on.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) journal: PathBuf,
    /// End standard output with one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Capture files; files of the same instrument continue each other in the order given.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// End standard output with one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// Configuration file (TOML); give the option once per configuration.
    #[arg(long, value_name = "FILE", required = true)]
    pub(crate) config: Vec<PathBuf>,
    /// Capture files, as for `replay`.
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    pub(crate) data: Vec<PathBuf>,
    /// End standard output with one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ConfigCheckArgs {
    /// Configuration files (TOML).
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// End standard output with one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ConfigSchemaArgs {
    /// Print it on one line.
    #[arg(long)]
    pub(crate) json: bool,
}
