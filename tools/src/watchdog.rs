//! `ballast watchdog`: cancels everything where a run makes no progress any more.

use anyhow::Context as _;
use ballast_model::{Nanos, Span};
use ballast_runtime::clock::{Clock, Stopwatch};
use ballast_runtime::config::{Config, LiveConfig, LiveVenueConfig, ModeConfig, market_name};
use ballast_runtime::job::JobError;
use ballast_runtime::live::{Guard, LinkPolicy, Verdict, Watch, Way, assemble, heartbeat, pulse};
use ballast_venue::Now;
use ballast_venue::binance::trade::Notice;
use serde_json::json;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::cli::WatchdogArgs;
use crate::exit::Code;
use crate::output;
use crate::run::{Network, ask, stop_flag, ways};
use crate::safeguards;

/// How long a venue is waited for at once.
const PATIENCE: Span = Span::from_millis(5);
/// How long a venue may take to say how the account stands before that is an alarm.
const READY_MAX: Duration = Duration::from_secs(30);
/// How long a venue may take to be empty.
const EMPTY_MAX: Duration = Duration::from_secs(60);
/// How long an order that was on its way may still be taken by a venue: the window its request names.
const SETTLE: Span = Span::from_secs(5);

/// Watches until the run has ended by itself, or has stopped and everything is cancelled.
///
/// # Errors
/// A configuration that cannot be used, a venue that does not answer.
pub(crate) fn run(arguments: &WatchdogArgs) -> anyhow::Result<Code> {
    let config = Config::load(&arguments.config).map_err(JobError::from)?;
    let live =
        config.live.as_ref().context("the configuration has no table `live`: nothing to connect to")?;
    anyhow::ensure!(live.mode == ModeConfig::Live, "`live.mode` is paper: there is nothing to cancel");
    let (stop, clock) = (stop_flag()?, Clock::start(Nanos::MIN));
    let mut dog = Dog {
        guards: guards(&config, &arguments.config, live, (clock, &stop))?,
        venues: live.venue.iter().map(|venue| market_name(venue.market())).collect(),
        refused: Vec::new(),
        clock,
        since: Stopwatch::start(),
        kill_file: live.kill_file(&arguments.config),
    };
    let file = heartbeat(&arguments.journal);
    output::tell(&format!("watching {}", file.display()));
    let after = arguments.after.duration();
    let ended = dog.watch(&file, after, &stop)?.map(|silent| (silent, dog.fire()));
    let left: usize = dog.guards.iter().map(Guard::open_orders).sum();
    let empty = ended.as_ref().and_then(|(_, empty)| *empty);
    if arguments.json {
        let ms = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        output::json(&json!({
            "fired": ended.is_some(),
            "silent_ms": ended.map(|(silent, _)| ms(silent)),
            "empty_ms": empty.map(ms),
            "orders_left": left,
        }))?;
    }
    Ok(match (ended, empty) {
        (None, _) => Code::Done,
        (Some(_), Some(_)) => Code::Fired,
        (Some(_), None) => Code::Failed,
    })
}

/// One for each venue.
fn guards(
    config: &Config,
    path: &Path,
    live: &LiveConfig,
    (clock, stop): (Clock, &AtomicBool),
) -> anyhow::Result<Vec<Guard<Network>>> {
    // It sends no order: which run it is matters to nobody.
    let assembly = assemble(config, path, live, &ask(live, clock, stop)?, 1)?;
    let ways = ways(live, &assembly, (clock, clock.begin(), None), &|name| std::env::var(name).ok())?;
    let one = |(way, venue): (Way<Network>, &LiveVenueConfig)| {
        let session = way.session.context("a venue without a session of orders")?;
        Ok(Guard::new(way.network, session, &venue.into(), LinkPolicy::of(live)))
    };
    ways.into_iter().zip(&live.venue).map(one).collect()
}

struct Dog {
    guards: Vec<Guard<Network>>,
    /// Their names.
    venues: Vec<&'static str>,
    /// Those that refuse the key.
    refused: Vec<&'static str>,
    clock: Clock,
    since: Stopwatch,
    kill_file: Option<std::path::PathBuf>,
}

impl Dog {
    fn now(&self) -> Now {
        let mono = self.clock.now();
        Now { mono, wall: mono + self.clock.drift() }
    }

    fn turn(&mut self) {
        let now = self.now();
        for (guard, venue) in self.guards.iter_mut().zip(&self.venues) {
            guard.turn(now, PATIENCE);
            while let Some(notice) = guard.poll_notice() {
                let is_refused = matches!(notice, Notice::Halted(_));
                self.refused.extend(is_refused.then_some(venue));
                let alarm = if is_refused { "ALARM: " } else { "" };
                output::tell(&format!("{alarm}{venue}: {}", safeguards::of_notice(notice, now.mono)));
            }
        }
    }

    /// Venues that do not say how the account stands: there nothing could be cancelled for sure.
    fn unready(&self) -> Vec<&'static str> {
        let unready =
            |(guard, venue): (&Guard<Network>, &&'static str)| (!guard.is_ready()).then_some(*venue);
        self.guards.iter().zip(&self.venues).filter_map(unready).collect()
    }

    /// Watches until the run has stopped: for how long it made no progress then. `None` where it ended by itself or we are told to end.
    ///
    /// # Errors
    /// A venue that refuses the key from the beginning: better known before there is a need.
    fn watch(&mut self, file: &Path, after: Duration, stop: &AtomicBool) -> anyhow::Result<Option<Duration>> {
        let (mut watch, mut alarm) = (Watch::new(after), Stopwatch::start());
        let (mut ready, mut well) = (false, false);
        while !stop.load(Ordering::Relaxed) {
            self.turn();
            if !ready {
                let unready = self.unready();
                ready = unready.is_empty();
                if ready {
                    output::tell("ready: every venue says how the account stands");
                }
                if let Some(venue) = unready.iter().find(|venue| self.refused.contains(*venue)) {
                    anyhow::bail!("{venue} refuses the key: nothing could be cancelled there");
                }
                if !ready && alarm.elapsed() >= READY_MAX {
                    alarm = Stopwatch::start();
                    let unready = unready.join(", ");
                    output::tell(&format!(
                        "ALARM: {unready} does not say how the account stands: nothing can be cancelled there"
                    ));
                }
            }
            match watch.feel(pulse(file), self.since.elapsed()) {
                Verdict::Awaited | Verdict::Found => {}
                Verdict::Well if well => {}
                Verdict::Well => {
                    well = true;
                    output::tell("the run makes progress");
                }
                Verdict::Over => {
                    output::tell("the run has ended by itself");
                    return Ok(None);
                }
                Verdict::Stopped(silent) => return Ok(Some(silent)),
            }
        }
        Ok(None)
    }

    /// Cancels everything until nothing is left. How long the last venue took to be empty; `None` where one was not.
    fn fire(&mut self) -> Option<Duration> {
        output::tell("NO PROGRESS: cancelling everything");
        // A run that only hung finds it when it comes to itself.
        if let Some(file) = &self.kill_file
            && let Err(error) = std::fs::OpenOptions::new().create(true).append(true).open(file)
        {
            output::tell(&format!("{}: {error}: a run that comes to itself may quote again", file.display()));
        }
        let (now, watch) = (self.now(), Stopwatch::start());
        self.guards.iter_mut().for_each(|guard| guard.cancel_everything(now));
        let mut empty = None;
        let mut since = now.mono;
        while watch.elapsed() < EMPTY_MAX {
            self.turn();
            if !self.guards.iter().all(|guard| guard.is_empty(since)) {
                continue;
            }
            if empty.is_some() {
                return empty;
            }
            empty = Some(watch.elapsed());
            output::tell("no order is left; looking once more when none can be on its way");
            since = now.mono + SETTLE;
        }
        output::tell("ORDERS MAY BE LEFT: a venue was not seen to be empty");
        None
    }
}
