//! Sees all that the core learns and decides, as it is recorded, and holds it against what the world knows.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use ballast_core::outbox::{Note, Outbox};
use ballast_core::shard::Shard;
use ballast_model::{BookBatch, Command, Event, InstrumentId, JournalHealth, LostReason, Nanos};
use ballast_runtime::replay::Record;

use crate::counterpart::Protocol;
use crate::line::Known;
use crate::oracle::{Exposure, FillsOnce, FreshInputs, Hedge, KillHolds, Violation};
use crate::plan::Markets;

/// Happenings that are told with a violation.
const TOLD: usize = 60;

/// One thing that happened.
#[derive(Clone, Debug)]
pub(crate) enum Happening {
    /// The core learned this.
    Learned(Event),
    /// It decided this.
    Decided(Command),
    /// It noted this.
    Noted(Note),
    /// Anything else.
    Said(String),
}

/// The oracles that look at every step, and the last things that happened.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// What the engine has been told by now, by venue.
    pub(crate) known: Vec<Known>,
    /// By instrument.
    pub(crate) fills: Vec<FillsOnce>,
    pub(crate) kill: KillHolds,
    pub(crate) hedge: Hedge,
    fresh: FreshInputs,
    exposure: Vec<Exposure>,
    /// What the core is about to learn.
    coming: Option<Event>,
    /// Rings that were found full since somebody last asked.
    overflows: u64,
    /// When the core last sent a new order.
    pub(crate) ordered: Option<Nanos>,
    noted: Option<Note>,
    happened: VecDeque<(Nanos, Happening)>,
    violation: Option<Violation>,
}

/// It, shared by the record and whoever drives the world.
pub(crate) type Shared = Rc<RefCell<Watch>>;

impl Watch {
    /// Of a run at these venues, an instrument each.
    pub(crate) fn of(markets: Markets) -> Self {
        let instruments = || (0..).map(InstrumentId).zip(markets.venues()).map(|(instrument, _)| instrument);
        Self {
            hedge: Hedge::new(markets),
            known: vec![Known::default(); markets.venues().len()],
            fills: instruments().map(FillsOnce::new).collect(),
            exposure: instruments().map(Exposure::new).collect(),
            ..Self::default()
        }
    }

    /// How often a ring of markets was found full since this was last asked.
    pub(crate) const fn take_overflows(&mut self) -> u64 {
        core::mem::replace(&mut self.overflows, 0)
    }

    pub(crate) fn say(&mut self, at: Nanos, said: impl Into<String>) {
        self.happen(at, Happening::Said(said.into()));
    }

    fn happen(&mut self, at: Nanos, happening: Happening) {
        if self.happened.len() == TOLD {
            self.happened.pop_front();
        }
        self.happened.push_back((at, happening));
    }

    /// Notes what an oracle says: the first counts.
    pub(crate) fn judge(&mut self, at: Nanos, verdict: Result<(), (&'static str, String)>) {
        if let Err((oracle, what)) = verdict
            && self.violation.is_none()
        {
            self.violation = Some(Violation { oracle, at, what });
        }
    }

    pub(crate) const fn violation(&self) -> Option<&Violation> {
        self.violation.as_ref()
    }

    /// The last things that happened, each on a line, times after `start`.
    pub(crate) fn story(&self, start: Nanos) -> Vec<String> {
        let line = |(at, happening): &(Nanos, Happening)| {
            let after = (*at - start).as_secs_f64();
            match happening {
                Happening::Learned(event) => format!("{after:12.6} <- {event:?}"),
                Happening::Decided(command) => format!("{after:12.6} -> {command:?}"),
                Happening::Noted(note) => format!("{after:12.6}  * {note:?}"),
                Happening::Said(said) => format!("{after:12.6}    {said}"),
            }
        };
        self.happened.iter().map(line).collect()
    }

    /// What is true at a venue, at every step.
    pub(crate) fn look(&mut self, nth: usize, venue: &Protocol, now: Nanos) {
        let limits = self.exposure.get(nth).map_or(Ok(()), |exposure| exposure.look(venue));
        let fills = self.fills.get_mut(nth).map_or(Ok(()), |fills| fills.look(venue));
        self.judge(now, limits.and(fills));
    }

    fn learned(&mut self, now: Nanos, event: &Event) {
        let passes = matches!(event, Event::Timer | Event::Carried(_));
        if event.market().is_none() && !passes {
            self.happen(now, Happening::Learned(*event));
        }
        let is_full = matches!(event, Event::BookLost(lost) if lost.reason == LostReason::RingFull);
        self.overflows += u64::from(is_full);
        self.coming = Some(*event);
        self.kill.learned(event);
    }

    fn decided(&mut self, now: Nanos, shard: &Shard, out: &Outbox) {
        self.exposure.iter_mut().for_each(|exposure| exposure.limits(shard));
        let coming = self.coming.take();
        let mut verdict =
            self.fills.iter_mut().map(|fills| fills.after(shard, coming.as_ref())).fold(Ok(()), Result::and);
        for command in out.commands() {
            self.happen(now, Happening::Decided(*command));
            if matches!(command, Command::New(_)) {
                self.ordered = Some(now);
            }
            let known = self.known.get(command.instrument().index());
            let fresh = known.map_or(Ok(()), |known| self.fresh.decided(command, shard, known, now));
            let hedge = self.hedge.decided(command, shard);
            verdict = verdict.and(self.kill.decided(command, shard)).and(fresh).and(hedge);
        }
        for note in out.notes() {
            // What is noted again and again is told once.
            if self.noted.replace(*note) != Some(*note) {
                self.happen(now, Happening::Noted(*note));
            }
        }
        self.judge(now, verdict);
    }
}

/// A record that is watched.
#[derive(Debug)]
pub(crate) struct Watching<R> {
    inner: R,
    watch: Shared,
}

impl<R> Watching<R> {
    pub(crate) const fn new(inner: R, watch: Shared) -> Self {
        Self { inner, watch }
    }

    pub(crate) fn into_inner(self) -> R {
        self.inner
    }
}

impl<R: Record> Record for Watching<R> {
    fn event(&mut self, now: Nanos, event: &Event) {
        self.inner.event(now, event);
        self.watch.borrow_mut().learned(now, event);
    }

    fn batch(&mut self, now: Nanos, batch: &BookBatch<'_>) {
        self.inner.batch(now, batch);
    }

    fn after(&mut self, now: Nanos, shard: &Shard, out: &Outbox) {
        self.inner.after(now, shard, out);
        self.watch.borrow_mut().decided(now, shard, out);
    }

    fn news(&mut self) -> Option<JournalHealth> {
        self.inner.news()
    }
}
