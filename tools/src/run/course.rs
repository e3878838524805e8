//! The course of a run: one epoch, or several where a venue changes tick or lot meanwhile.
//!
//! A run goes over to another grid by ending its epoch in order and beginning the next in the same process, from its journal: as by a
//! restart, but that nobody has to begin it, and that whoever watches its heart sees it beat on.

use ballast_analytics::record::{InstrumentRecord, RunRecord};
use ballast_model::Nanos;
use ballast_runtime::clock::{Clock, Stopwatch};
use ballast_runtime::config::{Config, ResolvedInstrument};
use ballast_runtime::job::JobError;
use ballast_runtime::journal::{Meta, Past};
use ballast_runtime::live::{Ended, Engine, Fact, Heart, Running, Told, assemble, recorded};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::grids::Grids;
use super::rise::Rise;
use super::watched::{Over, Stage, Watched};
use super::{
    Done, Job, KILL, Keeps, about, ask, go_on, names, outside, refuse_killed, stop_flag, strangers, tap, ways,
};
use crate::exit::Code;
use crate::output;
use crate::record::{Recorded, Recorders};
use crate::safeguards;
use crate::view::Telling;

/// How often a heart beats while a journal is read.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What of a run is behind it.
#[derive(Default)]
pub(super) struct Behind {
    pub(super) ends: Vec<Ended>,
    /// By epoch: the journal of each shard, and what it decided on.
    stages: Vec<Vec<(PathBuf, Decided)>>,
    pub(super) tapped: Vec<Recorded>,
    /// Journal of the last epoch.
    pub(super) folder: PathBuf,
    pub(super) crossings: Vec<Crossing>,
}

/// What a shard decided on.
type Decided = (Meta, Vec<ResolvedInstrument>);

impl Behind {
    /// What was done, of all epochs: on a grid that holds the prices and sizes of all.
    ///
    /// # Errors
    /// Damage in a journal.
    pub(super) fn record(&self, config: &Config) -> Result<RunRecord, JobError> {
        let mut all = RunRecord::default();
        for stage in &self.stages {
            let mut done = Vec::new();
            for (folder, (meta, instruments)) in stage {
                done.extend(recorded(config, folder, meta, instruments)?);
            }
            let before = core::mem::take(&mut all.instruments);
            all.instruments = if before.is_empty() { done } else { joined(before, done) };
        }
        Ok(all)
    }
}

/// What was done before, and after it.
fn joined(before: Vec<InstrumentRecord>, after: Vec<InstrumentRecord>) -> Vec<InstrumentRecord> {
    let one = |(before, after): (InstrumentRecord, InstrumentRecord)| {
        before.join(after).unwrap_or_else(|apart| {
            let [_, after] = *apart;
            output::tell(&format!(
                "{}: no grid holds what was done before and after: told is what was after",
                after.name
            ));
            after
        })
    };
    before.into_iter().zip(after).map(one).collect()
}

/// A change of grid that the run went over to.
#[derive(Debug)]
pub(super) struct Crossing {
    /// What had changed, for people.
    changed: Vec<String>,
    /// From the news of it until quoting could go on; `None` where it has not.
    pub(super) pause: Option<Duration>,
    /// Where the journal goes on.
    folder: PathBuf,
}

impl Crossing {
    /// For programs.
    pub(super) fn object(&self) -> Value {
        json!({
            "changed": self.changed,
            "pause_seconds": self.pause.map(|pause| pause.as_secs_f64()),
            "journal": self.folder.display().to_string(),
        })
    }

    /// For people.
    pub(super) fn line(&self) -> String {
        let went_on = match self.pause {
            Some(pause) => format!("quoting went on after {:.3} s", pause.as_secs_f64()),
            None => "quoting has not gone on".to_owned(),
        };
        format!("another grid: {}; {went_on}", self.changed.join("; "))
    }
}

/// An epoch that is about to begin.
struct Epoch {
    told: Told,
    past: Option<Past>,
    place: (PathBuf, u32),
    /// Since when the run goes over to it; `None` of the first.
    since: Option<Stopwatch>,
}

/// What stays from one epoch to the next.
struct Course<'a> {
    job: &'a Job<'a>,
    /// As last taken over.
    config: Config,
    clock: Clock,
    heart: Option<Heart>,
    behind: Behind,
}

impl Job<'_> {
    /// Runs it, after what is left over of runs before.
    ///
    /// # Errors
    /// As [`super::run`].
    pub(crate) fn go(self, past: Option<Past>) -> anyhow::Result<Code> {
        let rise = Rise::new(self.began, past.as_ref().map(|_| self.began.elapsed()));
        let stop = stop_flag()?;
        let outside = outside(self.live, &self.arguments.config)?;
        let clock = Clock::start(past.as_ref().map_or(Nanos::MIN, Past::at));
        let told = ask(self.live, clock, &stop)?;
        let changed = Arc::new(AtomicBool::new(false));
        signal_hook::flag::register(signal_hook::consts::SIGHUP, Arc::clone(&changed))?;
        let mut watched = Watched {
            recorders: None,
            rise,
            duration: self.arguments.duration,
            stop: &stop,
            strangers: strangers(self.live),
            outside: &outside,
            changed: &changed,
            path: &self.arguments.config,
            live: self.live,
            title: &format!("ballast {}, {}", self.words.command, super::mode_name(self.live.mode)),
            venues: &names(self.live),
            telling: Telling::asked(self.arguments.plain),
            console: None,
            clock,
            hand: super::hand::Hand::new(),
            grids: Grids::begin(self.live, clock, told.clone())?,
            watch: None,
            notes: super::watched::Notes::new(),
        };
        let mut course =
            Course { job: &self, config: self.config.clone(), clock, heart: None, behind: Behind::default() };
        let mut next = Some(Epoch { told, past, place: self.place.clone(), since: None });
        while let Some(epoch) = next.take() {
            next = course.epoch(epoch, &mut watched)?;
        }
        let seconds = watched.watch.map_or(0.0, |watch| watch.elapsed().as_secs_f64());
        let Course { config, behind, .. } = course;
        let record = behind.record(&config)?;
        let (notes, rise) = (watched.notes, watched.rise);
        let Self { words, arguments, .. } = &self;
        Done { arguments, words, config: &config, behind, record, notes, rise, seconds }.finish()
    }
}

impl Course<'_> {
    /// Runs an epoch to its end; the next, where there is to be one.
    fn epoch(&mut self, epoch: Epoch, watched: &mut Watched<'_>) -> anyhow::Result<Option<Epoch>> {
        let Epoch { told, past, place: (folder, number), since } = epoch;
        let Job { live, arguments, environment, .. } = *self.job;
        let mut assembly = assemble(&self.config, &arguments.config, live, &told, number)?;
        let asked_since =
            past.as_ref().map_or(self.clock.begin(), |past| past.asks_since(live.silence_max.span()));
        let slowed = core::mem::take(&mut assembly.slowed);
        let mut ways = ways(live, &assembly, (self.clock, asked_since, past.as_ref()), environment)?;
        watched.recorders = self.tap(number, &told, &mut ways)?;
        if since.is_none() {
            refuse_killed(&assembly, past.as_ref(), arguments)?;
        }
        let changed = go_on(&mut assembly, past, arguments)?;
        let about = about(&assembly);
        let running = Running { live, threads: &self.config.threads, folder: &folder, clock: self.clock };
        let mut engine = Engine::start(assembly, ways, &running)?;
        self.set_heart(&mut engine)?;
        signal_hook::flag::register(KILL, engine.latch())?;
        changed.iter().for_each(|changed| watched.tell(changed));
        if since.is_none() {
            safeguards::tell(live, &slowed);
            output::tell(&match self.job.words.journal {
                Keeps::Journal => format!("running; journal: {}", folder.display()),
                Keeps::Nothing => "running".to_owned(),
            });
        } else {
            self.behind.crossings.push(Crossing { changed, pause: None, folder: folder.clone() });
        }
        let folders = engine.folders().to_vec();
        let mut stage = Stage { about: &about, config: &mut self.config, since, pause: None };
        let (ended, over, heart) = watched.supervise(engine, &mut stage);
        let pause = stage.pause;
        self.behind
            .crossings
            .last_mut()
            .filter(|_| since.is_some())
            .into_iter()
            .for_each(|one| one.pause = pause);
        self.heart = heart;
        self.beat();
        self.behind.tapped.extend(watched.recorders.take().map_or_else(Vec::new, Recorders::finish));
        self.behind.stages.push(folders.into_iter().zip(about).collect());
        self.behind.ends.push(ended);
        self.behind.folder = folder;
        match over {
            Over::Run => Ok(None),
            Over::Epoch(told, since) => self.next(told, since, watched).map(Some),
        }
    }

    /// What goes on from the epoch that has ended, on these grids.
    fn next(&mut self, told: Told, since: Stopwatch, watched: &mut Watched<'_>) -> anyhow::Result<Epoch> {
        let journal = &self.job.arguments.journal;
        let past = std::thread::scope(|scope| {
            let reading = scope.spawn(|| Past::if_any(journal));
            // It may take its time, and nothing that an order could leave is there meanwhile.
            while !reading.is_finished() {
                self.beat();
                std::thread::park_timeout(LOOK_EVERY);
            }
            reading.join()
        });
        let gone = || anyhow::anyhow!("{}: the journal cannot be gone on from", journal.display());
        let past = past.map_err(|_| gone())??.ok_or_else(gone)?;
        for damage in past.recoveries().flat_map(|past| &past.damage) {
            watched.tell(&format!("damaged: {damage}"));
        }
        self.beat();
        watched.grids.set(told.clone());
        let place = past.next();
        Ok(Epoch { told, past: Some(past), place, since: Some(since) })
    }

    /// Begins the recordings that are asked for: those of an epoch after the first in a folder of its own, since their grid is another.
    fn tap(
        &self,
        number: u32,
        told: &[Vec<Fact>],
        ways: &mut [ballast_runtime::live::Way<super::Network>],
    ) -> anyhow::Result<Option<Recorders>> {
        let Some(out) = &self.job.arguments.tap else { return Ok(None) };
        let own = out.join(format!("{number:04}"));
        let first = self.behind.ends.is_empty();
        tap(self.job.live, told, if first { out } else { &own }, ways).map(Some)
    }

    /// Lets the heart beat in an engine: that of the run, or the first.
    fn set_heart(&mut self, engine: &mut Engine) -> anyhow::Result<()> {
        if let Some(journal) = self.job.heart {
            let heart = self.heart.take().map_or_else(|| Heart::begin(journal), Ok)?;
            engine.set_heart(heart);
        }
        Ok(())
    }

    /// Beats while no engine does.
    fn beat(&mut self) {
        self.heart.iter_mut().for_each(Heart::beat_between);
    }
}
