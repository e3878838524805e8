//! `ballast-chain`: what is known of liquidity on a chain. A program of its own, so that building `ballast` builds no alloy.
#![forbid(unsafe_code)]

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use ballast_chain::config::{Config, Plan};
use ballast_chain::events::Event;
use ballast_chain::follow::Change;
use ballast_chain::known::{Known, Look, Trouble};
use ballast_chain::node::Endpoint;
use ballast_chain::report;
use ballast_chain::state::State;
use ballast_chain::watch::{Listener, Watch};
use clap::{Args, Parser, Subcommand};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

/// Exit code where the state could not be read; clap itself exits with 2 where the arguments are wrong.
const UNKNOWN: u8 = 1;

/// Exit code where the configuration cannot be used, as of `ballast`.
const CONFIG: u8 = 3;

/// Concentrated liquidity on a chain, as one state per block: read-only, without any key.
#[derive(Debug, Parser)]
#[command(
    name = "ballast-chain",
    version,
    about,
    after_help = "Exit codes: 0 done, 1 not known or failed, 2 wrong arguments, 3 configuration unusable"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Read positions once: amounts, fees, value, range, age and block.
    Status(StatusArgs),
    /// Go on reading at every block, one JSON object a line: changes of the chain, and what is known.
    Watch(ConfigArgs),
}

#[derive(Debug, Args)]
struct ConfigArgs {
    /// The configuration, in TOML.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

#[derive(Debug, Args)]
struct StatusArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let (Command::Status(StatusArgs { config, .. }) | Command::Watch(config)) = &cli.command;
    let plan = match plan(&config.config) {
        Ok(plan) => plan,
        Err(error) => return fail(CONFIG, &error),
    };
    let done = match cli.command {
        Command::Status(status) => run(status_once(&plan, status.json)),
        Command::Watch(_) => run(watch(&plan)),
    };
    done.unwrap_or_else(|error| fail(UNKNOWN, &error))
}

fn fail(code: u8, error: &anyhow::Error) -> ExitCode {
    // Where standard error is closed there is nobody to tell.
    drop(writeln!(io::stderr(), "error: {error:#}"));
    ExitCode::from(code)
}

fn plan(file: &Path) -> Result<Plan> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    Config::plan(&text, |name| std::env::var(name).ok()).with_context(|| file.display().to_string())
}

fn run(work: impl Future<Output = Result<ExitCode>>) -> Result<ExitCode> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}

async fn status_once(plan: &Plan, as_json: bool) -> Result<ExitCode> {
    let mut watch = Watch::new(plan.settings, plan.endpoints.clone(), plan.wanted.clone());
    watch.once(&mut Complaints).await;
    let look = watch.known().look(watch.now());
    let told = if as_json { format!("{}\n", report::json(&look, plan)) } else { report::text(&look, plan) };
    io::stdout().write_all(told.as_bytes())?;
    Ok(match look {
        Look::Known { .. } => ExitCode::SUCCESS,
        Look::Unknown { .. } => ExitCode::from(UNKNOWN),
    })
}

/// Says on standard error which endpoints failed.
struct Complaints;

impl Listener for Complaints {
    fn change(&mut self, _: &Change<Event>) {}

    fn known(&mut self, _: &Known<State>, _: Duration) {}

    fn trouble(&mut self, endpoint: &Endpoint, trouble: &Trouble) {
        drop(writeln!(io::stderr(), "{endpoint}: {trouble}"));
    }
}

async fn watch(plan: &Plan) -> Result<ExitCode> {
    let (sender, mut told) = unbounded_channel();
    let mut watch = Watch::new(plan.settings, plan.endpoints.clone(), plan.wanted.clone());
    let mut lines = Lines { plan, sender };
    let print = async {
        while let Some(line) = told.recv().await {
            let mut out = io::stdout().lock();
            writeln!(out, "{line}")?;
            out.flush()?;
        }
        Ok(ExitCode::SUCCESS)
    };
    tokio::select! {
        () = watch.run(&mut lines) => Ok(ExitCode::SUCCESS),
        done = print => done,
    }
}

/// Makes a line of everything.
struct Lines<'a> {
    plan: &'a Plan,
    sender: UnboundedSender<Value>,
}

impl Lines<'_> {
    fn say(&self, line: Value) {
        // Whoever printed has ended, and the program with it.
        drop(self.sender.send(line));
    }
}

impl Listener for Lines<'_> {
    fn change(&mut self, change: &Change<Event>) {
        let (what, block, events) = match change {
            Change::Began { at, .. } => ("began", at, 0),
            Change::Undone { block, events } => ("undone", block, events.len()),
            Change::Done { block, events } => ("done", block, events.len()),
        };
        self.say(json!({ "chain": what, "number": block.number, "hash": block.hash.to_string(), "events": events }));
    }

    fn known(&mut self, known: &Known<State>, now: Duration) {
        self.say(report::json(&known.look(now), self.plan));
    }

    fn trouble(&mut self, endpoint: &Endpoint, trouble: &Trouble) {
        self.say(json!({ "endpoint": endpoint.to_string(), "trouble": trouble.to_string() }));
    }
}
