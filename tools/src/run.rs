//! `ballast run`: live markets, on paper where nothing else is asked for.

use anyhow::Context as _;
use ballast_analytics::record::RunRecord;
use ballast_analytics::total::Totals;
use ballast_analytics::{format, record::InstrumentRecord};
use ballast_core::gate::GateState;
use ballast_core::outbox::Note;
use ballast_model::{InstrumentId, Money, Nanos, Span};
use ballast_runtime::clock::{Clock, Stopwatch};
use ballast_runtime::config::{
    Config, LiveConfig, LiveVenueConfig, ModeConfig, ResolvedInstrument, ShardsConfig, StrangersConfig,
};
use ballast_runtime::job::JobError;
use ballast_runtime::journal::{Meta, Recovery};
use ballast_runtime::live::{
    Assembly, Ended, Engine, Fact, Heart, KilledBy, Outside, Running, Seat, Strangers, Switched, Traded,
    VenueAssembly, View, Waits, Way, assemble, credentials, facts, recorded, session,
};
use ballast_wire::{Options, Sockets};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::amounts::number;
use crate::cli::RunArgs;
use crate::exit::Code;
use crate::output;
use crate::report::{self, ReportContext, ReportFiles};
use crate::safeguards;

/// How often the run is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How often a line tells of it.
const TELL_EVERY: Duration = Duration::from_secs(1);
/// How long before its last record a run is taken to have been without news: clocks differ, and trades are booked once.
const SINCE_MARGIN: Span = Span::from_secs(5);
/// How long a connection that we close waits for the venue: one taken for dead must be known to be lost soon.
const CLOSING: Span = Span::from_millis(100);
/// How long orders may take to be gone at the end.
const STOP_PATIENCE: Duration = Duration::from_secs(5);

/// Runs until it is told to stop, and reports.
///
/// # Errors
/// A configuration that cannot be used, a venue that does not answer, a journal or report that cannot be written.
pub(crate) fn run(arguments: &RunArgs) -> anyhow::Result<Code> {
    let config = Config::load(&arguments.config).map_err(JobError::from)?;
    let live =
        config.live.as_ref().context("the configuration has no table `live`: nothing to connect to")?;
    match (live.mode, arguments.live) {
        (ModeConfig::Paper, false) | (ModeConfig::Live, true) => {}
        (ModeConfig::Live, false) => {
            anyhow::bail!("`live.mode` is live: orders would be real; allow it with --live")
        }
        (ModeConfig::Paper, true) => anyhow::bail!("--live: `live.mode` is paper"),
    }
    let stop = stop_flag()?;
    let past = past(arguments, live)?;
    let outside = outside(live, &arguments.config)?;
    let clock = Clock::start(past.as_ref().map_or(Nanos::MIN, |past| past.at));
    let told = ask(live, clock)?;
    let (folder, epoch) = past
        .as_ref()
        .map_or_else(|| Recovery::first(&arguments.journal), |past| (past.next().0, past.next_epoch));
    let mut assembly = assemble(&config, &arguments.config, live, &told, epoch)?;
    let since = past.as_ref().map_or(clock.begin(), |past| past.at - SINCE_MARGIN);
    let slowed = core::mem::take(&mut assembly.slowed);
    let ways = ways(live, &assembly, clock, since)?;
    go_on(&mut assembly, past, arguments)?;
    let about: Vec<(Meta, Vec<ResolvedInstrument>)> =
        assembly.shards.iter().map(|shard| (shard.meta.clone(), shard.instruments.clone())).collect();
    let running = Running { live, threads: &config.threads, folder: &folder, clock };
    let mut engine = Engine::start(assembly, ways, &running)?;
    if live.mode == ModeConfig::Live {
        engine.set_heart(Heart::begin(&arguments.journal)?);
    }
    signal_hook::flag::register(KILL, engine.latch())?;
    let folders = engine.folders().to_vec();
    safeguards::tell(live, &slowed);
    output::tell(&format!("running; journal: {}", folder.display()));
    let watch = Stopwatch::start();
    let strangers = match live.strangers {
        StrangersConfig::Refused => Strangers::Refused,
        StrangersConfig::Adopted => Strangers::Adopted,
    };
    let watched =
        Watched { duration: arguments.duration, stop: &stop, about: &about, strangers, outside: &outside };
    let (ended, notes) = watched.supervise(engine);
    let mut record = RunRecord { instruments: Vec::new() };
    for (folder, (meta, instruments)) in folders.iter().zip(&about) {
        record.instruments.extend(recorded(&config, folder, meta, instruments)?);
    }
    let done = Done {
        arguments,
        folder: &folder,
        config: &config,
        record,
        ended,
        notes,
        seconds: watch.elapsed().as_secs_f64(),
    };
    done.finish()
}

/// What the journals of runs before leave over; `None` where this is the first.
fn past(arguments: &RunArgs, live: &LiveConfig) -> anyhow::Result<Option<Recovery>> {
    let past = Recovery::if_any(&arguments.journal)?;
    if let Some(past) = &past {
        anyhow::ensure!(
            live.shards == ShardsConfig::One,
            "{}: a run of several shards begins in an empty folder",
            arguments.journal.display()
        );
        for damage in &past.damage {
            output::tell(&format!("damaged: {damage}"));
        }
        let took = past.took.as_secs_f64();
        output::tell(&format!("going on from epoch {}, recovered in {took:.3} s", past.epoch));
    }
    Ok(past)
}

/// Hands what is left over to the shard that goes on with it.
fn go_on(assembly: &mut Assembly, past: Option<Recovery>, arguments: &RunArgs) -> anyhow::Result<()> {
    let (Some(past), [shard]) = (past, assembly.shards.as_mut_slice()) else { return Ok(()) };
    let names: Vec<_> = shard.instruments.iter().map(|one| one.found.name()).collect();
    anyhow::ensure!(
        names == past.instruments,
        "{}: the journal there is of {}, this run of {}",
        arguments.journal.display(),
        past.instruments.join(", "),
        names.join(", ")
    );
    let ids = || (0..=u16::MAX).map(InstrumentId).zip(&names);
    let killed = |id| past.shard.halt(id).is_some_and(|halt| halt.state == GateState::Killed);
    if let Some((_, name)) = ids().find(|(id, _)| killed(*id)) {
        anyhow::ensure!(
            arguments.resume,
            "{name} was killed in the run before, and stays so until that is lifted: --resume"
        );
    }
    shard.past = Some(past);
    Ok(())
}

/// Set by ctrl-c and SIGTERM.
pub(crate) fn stop_flag() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        // A second signal ends the process as if nobody listened.
        signal_hook::flag::register_conditional_default(signal, Arc::clone(&stop))?;
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    Ok(stop)
}

/// What kills: no order leaves any more, though the run goes on.
const KILL: i32 = signal_hook::consts::SIGUSR1;

/// Where a kill may come from.
fn outside(live: &LiveConfig, path: &Path) -> anyhow::Result<Outside> {
    let signal = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(KILL, Arc::clone(&signal))?;
    let file = live.kill_file(path);
    Outside::new(file.as_deref(), signal).with_context(|| {
        let file = file.unwrap_or_default();
        format!("live.kill_file: {}: it could never be seen there", file.display())
    })
}

pub(crate) type Network = Sockets<Box<dyn Fn() -> Nanos + Send>>;

fn sockets(venue: &LiveVenueConfig, clock: Clock) -> anyhow::Result<Network> {
    let extra_roots = venue.certificates.iter().cloned().collect();
    let options = Options { closing: CLOSING, extra_roots, ..Options::default() };
    let clock: Box<dyn Fn() -> Nanos + Send> = Box::new(move || clock.now());
    Ok(Sockets::new(options, clock)?)
}

/// The way to each venue.
pub(crate) fn ways(
    live: &LiveConfig,
    assembly: &Assembly,
    clock: Clock,
    since: Nanos,
) -> anyhow::Result<Vec<Way<Network>>> {
    let one = |(asked, built): (&LiveVenueConfig, &VenueAssembly)| {
        let network = sockets(asked, clock)?;
        let wake = network.wake();
        let traded = Traded {
            market: asked.market(),
            instruments: &built.instruments,
            assets: &assembly.assets,
            since,
            clock_offset_max: live.clock_offset_max.span(),
            dead_man: live.dead_man(asked),
        };
        let keys = asked.credentials.as_deref().filter(|_| live.mode == ModeConfig::Live);
        let keys = keys.map(|name| credentials(name, |name| std::env::var(name).ok())).transpose()?;
        let session = keys.map(|keys| session(&traded, keys)).transpose()?;
        Ok(Way { network, wake: Box::new(move || wake.wake()), session })
    };
    live.venue.iter().zip(&assembly.venues).map(one).collect()
}

/// What the venues say of the instruments.
pub(crate) fn ask(live: &LiveConfig, clock: Clock) -> anyhow::Result<Vec<Vec<Fact>>> {
    live.venue
        .iter()
        .map(|venue| {
            let mut network = sockets(venue, clock)?;
            Ok(facts(&mut network, venue.rest(), venue.market(), &venue.symbols)?)
        })
        .collect()
}

/// Counts by kind of note.
type Notes = BTreeMap<&'static str, u64>;

/// How a run is watched.
struct Watched<'a> {
    duration: Option<Span>,
    stop: &'a AtomicBool,
    about: &'a [(Meta, Vec<ResolvedInstrument>)],
    strangers: Strangers,
    outside: &'a Outside,
}

impl Watched<'_> {
    /// Looks at the engine until it is to stop, and stops it.
    fn supervise(&self, mut engine: Engine) -> (Ended, Notes) {
        let mut notes = Notes::new();
        let (watch, mut told) = (Stopwatch::start(), Duration::ZERO);
        let most = self.duration.map(Span::duration);
        while !self.stop.load(Ordering::Relaxed) && most.is_none_or(|most| watch.elapsed() < most) {
            std::thread::park_timeout(LOOK_EVERY);
            engine.beat();
            engine.notes(|shard, _, note: &Note| {
                *notes.entry(note.kind()).or_default() += 1;
                if let Some((_, instruments)) = self.about.get(shard) {
                    safeguards::tell_note(note, instruments);
                }
            });
            engine.obtained().for_each(|obtained| output::tell(&obtained.to_string()));
            if engine.is_broken() {
                output::tell("a thread has ended by itself: no order leaves any more");
                break;
            }
            if let Some(switched) = engine.obey(self.outside.kills()) {
                self.tell_switch(switched, &mut notes);
            }
            let waits = engine.begin(self.strangers);
            if watch.elapsed() - told >= TELL_EVERY {
                told = watch.elapsed();
                waits.iter().flatten().for_each(|waits| self.tell_wait(waits));
                for (view, (_, instruments)) in engine.look().iter().zip(self.about) {
                    tell(view, instruments);
                }
            }
        }
        output::tell("stopping: cancelling everything");
        (engine.stop(STOP_PATIENCE), notes)
    }

    /// What a kill from outside, or its end, means.
    fn tell_switch(&self, switched: Switched, notes: &mut Notes) {
        let by = match switched {
            Switched::Killed(by) => by,
            Switched::Released => {
                return output::tell("the kill file is gone: quoting goes on once all is known");
            }
        };
        *notes.entry(by.name()).or_default() += 1;
        output::tell(match by {
            KilledBy::File => {
                "KILLED by the kill file: no order leaves while it is there, and everything is cancelled"
            }
            KilledBy::Signal => {
                "KILLED by a signal: no order leaves in this run, and everything is cancelled"
            }
        });
    }

    /// What the start gate waits for.
    fn tell_wait(&self, waits: &Waits) {
        let name = |seat: &Seat| {
            let (_, instruments) = self.about.get(seat.shard)?;
            Some(instruments.get(seat.of_shard.index())?.found.name())
        };
        let name = |seat: &Seat| name(seat).unwrap_or_default();
        output::tell(&match waits {
            Waits::Account(venue) => format!("waiting for what venue {venue} says of our account"),
            Waits::Orders(venue, count) => {
                format!("waiting for {count} orders at venue {venue} to be cancelled")
            }
            Waits::Book(seat) => format!("waiting for the book of {}", name(seat)),
            Waits::Position { seat, venue, ledger } => {
                let name = name(seat);
                format!("waiting: {name}: the venue has {} lots, the ledger {}", venue.0, ledger.0)
            }
        });
    }
}

/// One line for each instrument.
fn tell(view: &View, instruments: &[ResolvedInstrument]) {
    for (shown, one) in view.instruments.iter().zip(instruments) {
        let spec = &one.found.spec;
        let price = |ticks: i64| match ticks {
            0 => "-".to_owned(),
            ticks => format::price(spec, ballast_model::Price(ticks)).to_string(),
        };
        let [bid, ask] = shown.quotes.map(price);
        let net = shown.net_e6.map_or_else(|| "-".to_owned(), |net| format!("{:.4}", net as f64 / 1e6));
        output::tell(&format!(
            "{}: position {}, quotes {bid} / {ask}, {} open, net {net} {}{}",
            one.found.name(),
            format::lots(spec, ballast_model::Lots(shown.position)),
            shown.open,
            one.found.settlement(),
            if shown.halted { ", halted" } else { "" },
        ));
    }
}

/// A run that is over.
struct Done<'a> {
    arguments: &'a RunArgs,
    folder: &'a Path,
    config: &'a Config,
    record: RunRecord,
    ended: Ended,
    notes: Notes,
    seconds: f64,
}

impl Done<'_> {
    fn finish(&self) -> anyhow::Result<Code> {
        let files = self.arguments.out.as_deref().map(|out| self.write(out)).transpose()?;
        output::text(&self.text(files.as_ref()), output::Form::asked(self.arguments.json))?;
        if self.arguments.json {
            output::json(&self.object(files.as_ref()))?;
        }
        let whole = self.ended.shards.iter().all(|shard| shard.as_ref().is_some_and(|end| end.kept.is_ok()));
        let broken =
            self.ended.shards.iter().any(Option::is_none) || self.ended.venues.iter().any(Option::is_none);
        Ok(match (whole, broken || !self.ended.empty) {
            (_, true) => Code::Failed,
            (false, false) => Code::Journal,
            (true, false) => Code::Done,
        })
    }

    fn write(&self, out: &Path) -> anyhow::Result<ReportFiles> {
        let shards = || self.ended.shards.iter().flatten();
        let hash =
            |of: fn(&ballast_runtime::live::ShardEnd) -> u64| shards().map(of).fold(0, |all, one| all ^ one);
        let context = ReportContext {
            title: "Run".to_owned(),
            config: self.arguments.config.display().to_string(),
            captures: Vec::new(),
            decisions_hash: hash(|end| end.outcome.decisions_hash),
            state_hash: hash(|end| end.outcome.state_hash),
            assumptions: vec![("Fills".to_owned(), "simulated behind the real market".to_owned())],
            counts: self
                .counts()
                .into_iter()
                .map(|(name, count)| (name.replace('_', " "), count.to_string()))
                .collect(),
            opportunities: Vec::new(),
        };
        let totals = Totals::of(&self.record.instruments, self.config.report.conversion().as_ref());
        report::write(out, &self.record, &totals, &context)
    }

    fn counts(&self) -> Vec<(&'static str, u64)> {
        let shards = || self.ended.shards.iter().flatten();
        let venues = || self.ended.venues.iter().flatten();
        vec![
            ("messages", shards().map(|end| end.outcome.messages).sum()),
            ("level_updates", shards().map(|end| end.outcome.level_updates).sum()),
            ("orders", shards().map(|end| end.outcome.orders).sum()),
            ("orders_unsent", shards().map(|end| end.unsent).sum()),
            ("cancels", shards().map(|end| end.outcome.cancels).sum()),
            ("amendments", shards().map(|end| end.outcome.replaces).sum()),
            ("fills", shards().map(|end| end.outcome.fills).sum()),
            ("connections_lost", venues().map(|end| end.lost).sum()),
            ("frames_unread", venues().map(|end| end.unread).sum()),
            ("snapshots", venues().map(|end| end.counters.snapshots).sum()),
            ("books_lost", venues().map(|end| end.counters.books_lost).sum()),
            ("clock_falls", shards().map(|end| end.clock_falls).sum()),
        ]
    }

    fn results(&self) -> impl Iterator<Item = (&InstrumentRecord, Money)> {
        self.record
            .instruments
            .iter()
            .map(|one| (one, one.samples.last().map_or(Money::ZERO, |sample| sample.net())))
    }

    fn object(&self, files: Option<&ReportFiles>) -> Value {
        let mut object: serde_json::Map<String, Value> =
            self.counts().into_iter().map(|(name, count)| (name.to_owned(), json!(count))).collect();
        let instruments = self.results().map(|(one, net)| {
            let position =
                one.samples.last().map(|sample| format::lots(&one.spec, sample.position).to_string());
            json!({ "name": one.name, "currency": one.currency, "net": number(net), "position": position })
        });
        object.insert("instruments".to_owned(), instruments.collect());
        object.insert("notes".to_owned(), json!(self.notes));
        object.insert("orders_left".to_owned(), json!(!self.ended.empty));
        object.insert("journal".to_owned(), json!(self.folder.display().to_string()));
        object.insert("run_seconds".to_owned(), json!(self.seconds));
        if let Some(files) = files {
            object.insert("report".to_owned(), json!(files.html.display().to_string()));
        }
        object.into()
    }

    fn text(&self, files: Option<&ReportFiles>) -> String {
        let counts: Vec<_> = self
            .counts()
            .iter()
            .map(|(name, count)| format!("{} {}", count, name.replace('_', " ")))
            .collect();
        let mut lines = vec![counts.join(", ")];
        for (one, net) in self.results() {
            let position = one
                .samples
                .last()
                .map_or_else(String::new, |sample| format::lots(&one.spec, sample.position).to_string());
            lines.push(format!(
                "{}: position {position}, net {:.4} {}",
                one.name,
                net.to_f64(),
                one.currency
            ));
        }
        for (kind, count) in &self.notes {
            lines.push(format!("noted {kind}: {count}"));
        }
        if !self.ended.empty {
            lines.push("ORDERS MAY BE LEFT: not all were gone in time".to_owned());
        }
        for error in self.ended.shards.iter().flatten().filter_map(|end| end.kept.as_ref().err()) {
            lines.push(format!("ALARM: the journal is not whole: {error}"));
        }
        if let Some(files) = files {
            lines.push(format!("report: {} ({} bytes)", files.html.display(), files.html_bytes));
        }
        lines.push(format!("ran {:.1} s\n", self.seconds));
        lines.join("\n")
    }
}
