//! What is decided about a run while it goes on: when quoting begins, what the venues are asked for, how a kill is obeyed, and when it
//! is over. Whoever turns the loops, on threads or in a simulated world, asks the same.
//!
//! Never here: a thread, a clock.

mod ending;
mod seats;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU64};

use ballast_core::outbox::Note;
use ballast_model::{Event, HalfTicks, Nanos, OperatorAct, OperatorScope, Span, mutant};
use ballast_sync::ring::{Consumer, Producer};

use super::board::{View, Window};
use super::contact::{Contact, ContactWindow};
use super::outside::{KilledBy, Switched};
use super::reconfigure::{Changes, ConfigureError};
use super::standing::{Reliance, StandingWindow, VenueView};
use super::start::{self, Seat, Strangers, Waits, waits};

pub use ending::Ending;
pub use seats::{ShardSeat, ShardSeed, VenueSeat};

/// How often the start gate asks for what is missing.
const ASK_EVERY: Span = Span::from_secs(1);

/// What a shard is told by and seen through.
#[derive(Debug)]
pub(super) struct ShardReins {
    pub(super) control: Producer<Event>,
    pub(super) handover: Changes,
    notes: Consumer<(Nanos, Note)>,
    window: Window,
    progress: Arc<AtomicU64>,
    /// Orders of ours that no journal saw.
    unjournaled: Arc<AtomicU64>,
}

/// What a venue is asked by and seen through.
#[derive(Debug)]
struct VenueReins {
    window: StandingWindow,
    contact: ContactWindow,
}

/// Whether the loops are all turned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loops {
    /// Yes.
    Turn,
    /// Those of the venues; one of a shard has ended though nobody stopped it.
    ShardEnded,
    /// One of a venue has ended though nobody stopped it.
    VenueEnded,
}

/// Everything that is decided about a run.
#[derive(Debug)]
pub struct Helm {
    pub(super) shards: Vec<ShardReins>,
    venues: Vec<VenueReins>,
    seats: Vec<Seat>,
    /// While it is set no order leaves.
    kill: Arc<AtomicBool>,
    /// Until when nothing more is asked of the venues by the start gate; `None` once it is open.
    gate: Option<Nanos>,
    /// What a venue said of our account before this does not open the gate.
    gate_since: Nanos,
    /// What kills from outside.
    killed: Option<KilledBy>,
    /// Shards that have not been told so yet.
    untold: Vec<usize>,
}

impl Helm {
    /// Of a run in which these instruments are decided on, before it has a loop ([`Helm::shard`], [`Helm::venue`]).
    #[must_use]
    pub fn new(seats: Vec<Seat>) -> Self {
        Self {
            shards: Vec::new(),
            venues: Vec::new(),
            seats,
            kill: Arc::new(AtomicBool::new(false)),
            gate: Some(Nanos::MIN),
            gate_since: Nanos::MIN,
            killed: None,
            untold: Vec::new(),
        }
    }

    /// Opens the start gate where everything is known and agrees, and asks for what is missing where it is not. What is waited
    /// for; `None` once quoting may go on.
    pub fn begin(&mut self, strangers: Strangers, now: Nanos) -> Option<Vec<Waits>> {
        let next = self.gate?;
        if self.killed.is_some() {
            return Some(Vec::new());
        }
        let (shards, mut venues) = (self.look(), self.standing());
        let is_old =
            |view: &&mut VenueView| matches!(view.reliance, Reliance::Whole(at) if at < self.gate_since);
        venues.iter_mut().filter(is_old).for_each(|view| view.reliance = Reliance::Blind);
        let waits = waits(&self.seats, &shards, &venues);
        if waits.is_empty() || mutant::is("gate-opens-early") {
            self.gate = None;
            self.tell(&Event::Operator(start::command(OperatorScope::All, OperatorAct::Resume)));
            return None;
        }
        if now >= next {
            self.gate = Some(now + ASK_EVERY);
            waits.iter().for_each(|waits| self.ask(waits, strangers, &shards));
        }
        Some(waits)
    }

    fn ask(&mut self, waits: &Waits, strangers: Strangers, shards: &[View]) {
        match waits {
            Waits::Orders(venue, _) => {
                if let Some(venue) = self.venues.get(*venue) {
                    venue.window.asked.cancel_all();
                    venue.window.asked.sweep();
                }
            }
            Waits::Position { seat, venue, .. } if strangers == Strangers::Adopted => {
                let shown =
                    shards.get(seat.shard).and_then(|view| view.instruments.get(seat.of_shard.index()));
                let mid = shown.map_or(0, |shown| shown.mid);
                let adopted = start::adopt(*seat, *venue, HalfTicks(mid));
                if let Some(shard) = self.shards.get_mut(seat.shard) {
                    // Where there is no room it is asked for again.
                    let _ = shard.control.push(Event::Operator(adopted));
                }
            }
            Waits::Account(_) | Waits::Book(_) | Waits::Position { .. } => {}
        }
    }

    /// What a shard noted since the last time.
    pub fn notes(&mut self, mut each: impl FnMut(usize, Nanos, &Note)) {
        for (number, shard) in self.shards.iter_mut().enumerate() {
            while let Some((at, note)) = shard.notes.pop() {
                each(number, at, &note);
            }
        }
    }

    /// Tells every shard something; false where one has no room for it.
    pub fn tell(&mut self, event: &Event) -> bool {
        self.shards
            .iter_mut()
            .map(|shard| shard.control.push(*event).is_ok())
            .fold(true, |all, one| all & one)
    }

    /// Puts another configuration in force in every shard, each between two of its inputs. Its text is tried whole first, as
    /// `config check` does and for the instruments there are.
    ///
    /// # Errors
    /// [`ConfigureError`]; nothing has changed then.
    pub fn configure(&mut self, text: &str, path: &Path) -> Result<(), ConfigureError> {
        super::reconfigure::configure(&mut self.shards, text, path)
    }

    /// From now on no order leaves, and venues cancel everything, whatever the shards do.
    pub fn kill(&self) {
        self.kill.store(true, Release);
    }

    /// The latch that [`Helm::kill`] sets.
    #[must_use]
    pub fn latch(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.kill)
    }

    /// Obeys a kill from outside while there is one: the latch is set at once, and each shard told as soon as it has room to hear it. Where
    /// there is none any more the latch is opened, and the start gate closed until all is known again. What changed is returned.
    pub fn obey(&mut self, kills: Option<KilledBy>, loops: Loops, now: Nanos) -> Option<Switched> {
        if kills.is_some() {
            self.kill();
        }
        let before = core::mem::replace(&mut self.killed, kills);
        let switched = match (before, kills) {
            (_, Some(by)) if before != kills => {
                self.untold = (0..self.shards.len()).collect();
                Some(Switched::Killed(by))
            }
            (Some(_), None) if loops == Loops::Turn => {
                self.untold.clear();
                self.gate = Some(Nanos::MIN);
                self.gate_since = now;
                self.kill.store(false, Release);
                self.venues.iter().for_each(|venue| venue.window.asked.sweep());
                Some(Switched::Released)
            }
            _ => None,
        };
        if let Some(by) = kills {
            let Self { untold, shards, .. } = self;
            let is_full = |shard: &mut ShardReins| shard.control.push(by.command()).is_err();
            untold.retain(|number| shards.get_mut(*number).is_some_and(is_full));
        }
        switched
    }

    /// Turns of each loop so far, shards first: one that has no more is stuck.
    #[must_use]
    pub fn turns(&self) -> Vec<u64> {
        let shards = self.shards.iter().map(|shard| shard.progress.load(Relaxed));
        shards.chain(self.venues.iter().map(|venue| venue.window.asked.turns())).collect()
    }

    /// What each shard shows of itself.
    pub fn look(&mut self) -> Vec<View> {
        self.shards.iter_mut().map(|shard| shard.window.look()).collect()
    }

    /// How we stand with each venue.
    pub fn standing(&mut self) -> Vec<VenueView> {
        self.venues.iter_mut().map(|venue| venue.window.look()).collect()
    }

    /// How the connections to each venue are.
    pub fn contacts(&mut self) -> Vec<Contact> {
        self.venues.iter_mut().map(|venue| venue.contact.look()).collect()
    }

    /// Orders of ours that a venue knows and no journal saw, as far as they are told apart.
    #[must_use]
    pub fn unjournaled(&self) -> u64 {
        self.shards.iter().map(|shard| shard.unjournaled.load(Relaxed)).sum()
    }
}
