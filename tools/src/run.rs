//! `ballast run`: live markets, on paper where nothing else is asked for.

mod course;
mod grids;
mod hand;
mod rise;
mod turned_away;
mod watched;

use anyhow::Context as _;
use ballast_analytics::record::RunRecord;
use ballast_analytics::total::Totals;
use ballast_analytics::{format, record::InstrumentRecord};
use ballast_core::gate::GateState;
use ballast_model::{InstrumentId, Money, Nanos, Span};
use ballast_runtime::clock::{Clock, Stopwatch};
use ballast_runtime::config::{
    Config, LiveConfig, LiveVenueConfig, ModeConfig, ResolvedInstrument, StrangersConfig, market_name,
};
use ballast_runtime::job::JobError;
use ballast_runtime::journal::{Meta, Past, Recovery};
use ballast_runtime::live::{
    Assembly, Ended, Fact, Outside, ShardEnd, Strangers, Traded, VenueAssembly, Way, credentials,
    facts_in_time, remind, session,
};
use ballast_wire::{Options, Sockets};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::amounts::number;
use crate::cli::RunArgs;
use crate::exit::Code;
use crate::output;
use crate::record::{Recorded, Recorders};
use crate::report::{self, ReportContext, ReportFiles};

use self::course::{Behind, Crossing};
use self::rise::Rise;
use self::turned_away::Patience;
use self::watched::Notes;

/// How long a connection that we close waits for the venue: one taken for dead must be known to be lost soon.
const CLOSING: Span = Span::from_millis(100);

/// Runs until it is told to stop, and reports.
///
/// # Errors
/// A configuration that cannot be used, a venue that does not answer, a journal or report that cannot be written.
pub(crate) fn run(arguments: &RunArgs) -> anyhow::Result<Code> {
    let began = Stopwatch::start();
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
    let past = past(arguments)?;
    let place = match &past {
        Some(past) => past.next(),
        None => Recovery::first(&arguments.journal)?,
    };
    let heart = (live.mode == ModeConfig::Live).then_some(&*arguments.journal);
    let environment = |name: &str| std::env::var(name).ok();
    let fills = match live.mode {
        ModeConfig::Paper => "simulated behind the real market",
        ModeConfig::Live => "those of the venue",
    };
    let words = Words { title: "Run", command: "run", fills, markets: Vec::new(), journal: Keeps::Journal };
    Job { words, config: &config, live, arguments, environment: &environment, place, heart, began }.go(past)
}

const fn mode_name(mode: ModeConfig) -> &'static str {
    match mode {
        ModeConfig::Paper => "paper",
        ModeConfig::Live => "live",
    }
}

/// What is said of a run.
pub(crate) struct Words {
    /// What it is.
    pub(crate) title: &'static str,
    /// The command that began it.
    pub(crate) command: &'static str,
    /// Where its fills come from.
    pub(crate) fills: &'static str,
    /// What it trades, where that is not the world.
    pub(crate) markets: Vec<String>,
    /// What is left of it.
    pub(crate) journal: Keeps,
}

/// What a run leaves besides its report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keeps {
    /// Its journal.
    Journal,
    /// Nothing.
    Nothing,
}

/// A run that may begin.
pub(crate) struct Job<'a> {
    pub(crate) words: Words,
    pub(crate) config: &'a Config,
    pub(crate) live: &'a LiveConfig,
    pub(crate) arguments: &'a RunArgs,
    /// Where keys are.
    pub(crate) environment: &'a dyn Fn(&str) -> Option<String>,
    /// Where its journal goes, and its epoch.
    pub(crate) place: (PathBuf, u32),
    /// Beside which journal a heart beats for a watchdog.
    pub(crate) heart: Option<&'a Path>,
    /// Since when it comes up.
    pub(crate) began: Stopwatch,
}

/// What each shard decides on.
fn about(assembly: &Assembly) -> Vec<(Meta, Vec<ResolvedInstrument>)> {
    assembly.shards.iter().map(|shard| (shard.meta.clone(), shard.instruments.clone())).collect()
}

/// Names of the venues.
fn names(live: &LiveConfig) -> Vec<String> {
    live.venue.iter().map(|venue| market_name(venue.market()).to_owned()).collect()
}

/// Begins recordings of all venues in a folder.
fn tap(
    live: &LiveConfig,
    told: &[Vec<Fact>],
    out: &Path,
    ways: &mut [Way<Network>],
) -> anyhow::Result<Recorders> {
    let (taps, recorders) = Recorders::begin(live, told, out)?;
    ways.iter_mut().zip(taps).for_each(|(way, tap)| way.tap = Some(tap));
    Ok(recorders)
}

/// What is done about positions that the ledger does not know.
const fn strangers(live: &LiveConfig) -> Strangers {
    match live.strangers {
        StrangersConfig::Refused => Strangers::Refused,
        StrangersConfig::Adopted => Strangers::Adopted,
    }
}

/// What the journals of runs before leave over; `None` where this is the first.
fn past(arguments: &RunArgs) -> anyhow::Result<Option<Past>> {
    let past = Past::if_any(&arguments.journal)?;
    for shard in past.iter().flat_map(Past::recoveries) {
        for damage in &shard.damage {
            output::tell(&format!("damaged: {damage}"));
        }
        if let Some(notice) = &shard.notice {
            output::tell(notice);
        }
        for unbegun in &shard.unbegun {
            output::tell(&format!("{}: its run died before it had begun", unbegun.display()));
        }
        let took = shard.took.as_secs_f64();
        output::tell(&format!("going on from epoch {}, recovered in {took:.3} s", shard.epoch));
    }
    Ok(past)
}

/// Refuses to begin where an instrument was killed in the run before, unless that is lifted.
fn refuse_killed(assembly: &Assembly, past: Option<&Past>, arguments: &RunArgs) -> anyhow::Result<()> {
    let pasts = past.into_iter().flat_map(|past| &past.shards);
    for (shard, past) in assembly.shards.iter().zip(pasts) {
        let killed = |id| {
            past.as_ref()
                .and_then(|past| past.shard.halt(id))
                .is_some_and(|halt| halt.state == GateState::Killed)
        };
        let names = shard.instruments.iter().map(|one| one.found.name());
        if let Some((_, name)) = (0..=u16::MAX).map(InstrumentId).zip(names).find(|(id, _)| killed(*id)) {
            anyhow::ensure!(
                arguments.resume,
                "{name} was killed in the run before, and stays so until that is lifted: --resume"
            );
        }
    }
    Ok(())
}

/// Hands what is left over to the shards that go on with it; what of their grids has changed, for people.
fn go_on(assembly: &mut Assembly, past: Option<Past>, arguments: &RunArgs) -> anyhow::Result<Vec<String>> {
    let Some(past) = past else { return Ok(Vec::new()) };
    let (before, now) = (past.shards.len(), assembly.shards.len());
    let folder = arguments.journal.display();
    anyhow::ensure!(
        before == now,
        "{folder}: the journals there are of {before} shards, and this run has {now}: begin in an empty folder"
    );
    let mut changed = Vec::new();
    for (shard, past) in assembly.shards.iter_mut().zip(past.shards) {
        let Some(mut past) = past else { continue };
        let of_it = past.onto(&shard.meta);
        changed.extend(of_it.map_err(|why| anyhow::anyhow!("{folder}: the journal there: {why}"))?);
        shard.past = Some(past);
    }
    Ok(changed)
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

pub(crate) fn sockets(venue: &LiveVenueConfig, clock: Clock) -> anyhow::Result<Network> {
    let extra_roots = venue.certificates.iter().cloned().collect();
    let options = Options { closing: CLOSING, extra_roots, ..Options::default() };
    let clock: Box<dyn Fn() -> Nanos + Send> = Box::new(move || clock.now());
    Ok(Sockets::new(options, clock)?)
}

/// The way to each venue. Of the trades that a past run has booked none is told again.
pub(crate) fn ways(
    live: &LiveConfig,
    assembly: &Assembly,
    (clock, since, past): (Clock, Nanos, Option<&Past>),
    environment: &dyn Fn(&str) -> Option<String>,
) -> anyhow::Result<Vec<Way<Network>>> {
    let one = |(venue, (asked, built)): (usize, (&LiveVenueConfig, &VenueAssembly))| {
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
        let keys = keys.map(|name| credentials(name, environment)).transpose()?;
        let mut session = keys.map(|keys| session(&traded, keys)).transpose()?;
        if let (Some(session), Some(past)) = (&mut session, past) {
            for (shard, past) in past.shards.iter().enumerate() {
                past.iter().for_each(|past| remind(session, (venue, shard), &assembly.seats, past));
            }
        }
        Ok(Way { network, wake: Box::new(move || wake.wake()), session, tap: None })
    };
    live.venue.iter().zip(&assembly.venues).enumerate().map(one).collect()
}

/// What the venues say of the instruments. One that refuses to answer yet is waited for until `stop` is set, within bounds.
pub(crate) fn ask(live: &LiveConfig, clock: Clock, stop: &AtomicBool) -> anyhow::Result<Vec<Vec<Fact>>> {
    let mut patience = Patience::new(stop);
    live.venue
        .iter()
        .map(|venue| {
            let mut network = sockets(venue, clock)?;
            let (url, market) = (venue.rest(), venue.market());
            Ok(facts_in_time(&mut network, url, market, &venue.symbols, &mut patience)?)
        })
        .collect()
}

/// A run that is over.
struct Done<'a> {
    arguments: &'a RunArgs,
    words: &'a Words,
    config: &'a Config,
    behind: Behind,
    record: RunRecord,
    notes: Notes,
    rise: Rise,
    seconds: f64,
}

impl Done<'_> {
    fn finish(&self) -> anyhow::Result<Code> {
        let files = self.arguments.out.as_deref().map(|out| self.write(out)).transpose()?;
        output::text(&self.text(files.as_ref()), output::Form::asked(self.arguments.json))?;
        if self.arguments.json {
            output::json(&self.object(files.as_ref()))?;
        }
        let mut ends = self.behind.ends.iter().flat_map(|end| &end.shards);
        let whole = ends.all(|shard| shard.as_ref().is_some_and(|end| end.kept.is_ok()))
            && self.behind.tapped.iter().all(Recorded::is_whole);
        let has_none =
            |end: &Ended| end.shards.iter().any(Option::is_none) || end.venues.iter().any(Option::is_none);
        let broken = self.behind.ends.iter().any(has_none);
        Ok(match (whole, broken || !self.is_empty()) {
            (_, true) => Code::Failed,
            (false, false) => Code::Journal,
            (true, false) => Code::Done,
        })
    }

    /// Whether no order was left at the end.
    fn is_empty(&self) -> bool {
        self.behind.ends.last().is_none_or(|end| end.empty)
    }

    /// What became of shards, of all epochs.
    fn shards(&self) -> impl Iterator<Item = &ShardEnd> {
        self.behind.ends.iter().flat_map(|end| end.shards.iter().flatten())
    }

    fn write(&self, out: &Path) -> anyhow::Result<ReportFiles> {
        let hash = |of: fn(&ShardEnd) -> u64| self.shards().map(of).fold(0, |all, one| all ^ one);
        let context = ReportContext {
            title: self.words.title.to_owned(),
            config: self.arguments.config.display().to_string(),
            captures: self.words.markets.clone(),
            decisions_hash: hash(|end| end.outcome.decisions_hash),
            state_hash: hash(|end| end.outcome.state_hash),
            assumptions: vec![("Fills".to_owned(), self.words.fills.to_owned())],
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
        let shards = || self.shards();
        let venues = || self.behind.ends.iter().flat_map(|end| end.venues.iter().flatten());
        vec![
            ("messages", shards().map(|end| end.outcome.messages).sum()),
            ("level_updates", shards().map(|end| end.outcome.level_updates).sum()),
            ("orders", shards().map(|end| end.outcome.orders).sum()),
            ("orders_unsent", shards().map(|end| end.unsent).sum()),
            ("cancels", shards().map(|end| end.outcome.cancels).sum()),
            ("amendments", shards().map(|end| end.outcome.replaces).sum()),
            ("fills", self.record.instruments.iter().map(|one| one.fills.len() as u64).sum()),
            ("connections_lost", venues().map(|end| end.lost).sum()),
            ("frames_unread", venues().map(|end| end.unread).sum()),
            ("snapshots", venues().map(|end| end.counters.snapshots).sum()),
            ("stray_levels", venues().map(|end| end.counters.stray_levels).sum()),
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
        object.insert("orders_left".to_owned(), json!(!self.is_empty()));
        let journal =
            (self.words.journal == Keeps::Journal).then(|| self.behind.folder.display().to_string());
        object.insert("journal".to_owned(), json!(journal));
        object.insert("run_seconds".to_owned(), json!(self.seconds));
        object.insert("start".to_owned(), self.rise.object());
        object.insert("regridded".to_owned(), self.behind.crossings.iter().map(Crossing::object).collect());
        if !self.behind.tapped.is_empty() {
            let recorded = self.behind.tapped.iter().map(|one| Value::Object(one.object()));
            object.insert("recorded".to_owned(), recorded.collect());
        }
        if let Some(files) = files {
            object.insert("report".to_owned(), json!(files.html.display().to_string()));
            object.insert("report_bytes".to_owned(), json!(files.html_bytes));
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
            let position = one.samples.last().map_or_else(
                || "unknown (its book never came)".to_owned(),
                |sample| format::lots(&one.spec, sample.position).to_string(),
            );
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
        lines.extend(self.behind.crossings.iter().map(Crossing::line));
        if !self.is_empty() {
            lines.push("ORDERS MAY BE LEFT: not all were gone in time".to_owned());
        }
        for error in self.shards().filter_map(|end| end.kept.as_ref().err()) {
            lines.push(format!("ALARM: the journal is not whole: {error}"));
        }
        lines.extend(self.behind.tapped.iter().map(Recorded::line));
        if let Some(files) = files {
            lines.push(format!("report: {} ({} bytes)", files.html.display(), files.html_bytes));
        }
        lines.push(format!("ran {:.1} s\n", self.seconds));
        lines.join("\n")
    }
}
