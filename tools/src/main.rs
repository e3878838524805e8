//! The `ballast` program: thin commands over the crates of the engine.
//!
//! Standard output carries the result (with `--json` one JSON object as its last line); everything else goes to standard
//! error. Exit codes are stable: see [`exit::Code`].
#![forbid(unsafe_code)]

mod amounts;
mod assumptions;
mod book;
mod capture;
mod cli;
mod compare;
mod config;
mod data;
mod demo;
mod doctor;
mod exit;
mod folder;
mod hedging;
mod journal;
mod latency;
mod lp;
mod notes;
mod operator;
mod opportunities;
mod output;
mod progress;
mod record;
mod replay;
mod report;
mod results;
mod run;
mod safeguards;
mod side_by_side;
mod sim;
mod simulate;
mod summary;
mod synthetic;
mod totals;
mod verify;
mod view;
mod watchdog;
mod whatif;

use clap::Parser as _;
use cli::JournalCommand;

fn main() -> std::process::ExitCode {
    let result = match cli::Cli::parse().command {
        cli::Command::Replay(arguments) => replay::run(&arguments),
        cli::Command::Demo(arguments) => demo::run(&arguments),
        cli::Command::Run(arguments) => run::run(&arguments),
        cli::Command::Record(arguments) => record::run(&arguments),
        cli::Command::Capture(cli::CaptureCommand::Inspect(arguments)) => capture::inspect(&arguments),
        cli::Command::Watchdog(arguments) => watchdog::run(&arguments),
        cli::Command::Doctor(arguments) => doctor::run(&arguments),
        cli::Command::Latency(arguments) => latency::run(&arguments),
        cli::Command::Simulate(arguments) => simulate::run(&arguments),
        cli::Command::Sim(arguments) => sim::run(&arguments),
        cli::Command::Compare(arguments) => compare::run(&arguments),
        cli::Command::Config(cli::ConfigCommand::Check(arguments)) => config::check(&arguments),
        cli::Command::Config(cli::ConfigCommand::Schema(arguments)) => config::schema(&arguments),
        cli::Command::Book(cli::BookCommand::Check(arguments)) => book::check(&arguments),
        cli::Command::Lp(cli::LpCommand::Value(arguments)) => lp::value(&arguments),
        cli::Command::Lp(cli::LpCommand::Backtest(arguments)) => lp::backtest(&arguments),
        cli::Command::Verify(arguments) => verify::run(&arguments),
        cli::Command::Whatif(arguments) => whatif::run(&arguments),
        cli::Command::Journal(JournalCommand::Inspect(arguments)) => journal::inspect(&arguments),
        cli::Command::Journal(JournalCommand::Verify(arguments)) => journal::verify(&arguments),
        cli::Command::Journal(JournalCommand::Export(arguments)) => journal::export(&arguments),
        cli::Command::Journal(JournalCommand::Slice(arguments)) => journal::slice(&arguments),
        cli::Command::Journal(JournalCommand::Recover(arguments)) => journal::recover(&arguments),
    };
    exit::code_of(result).into()
}
