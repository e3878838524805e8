//! The start gate of a run: what is waited for is asked for, until quoting may go on. It closes again where a position comes into doubt.

use ballast_model::{Event, HalfTicks, Nanos, OperatorAct, OperatorCommand, OperatorScope, Span, mutant};

use super::Helm;
use super::audit::Finding;
use crate::live::board::View;
use crate::live::standing::{Reliance, VenueView};
use crate::live::start::{self, Seat, Strangers, Waits, waits};

/// How often the start gate asks for what is missing.
const ASK_EVERY: Span = Span::from_secs(1);

impl Helm {
    /// Opens the start gate where everything is known and agrees, and asks for what is missing where it is not. What is waited
    /// for; `None` once quoting may go on. Where a venue's word on a position and the ledger come to differ later, and stay so after it
    /// was asked again, the gate is closed: nothing is quoted until they agree.
    pub fn begin(&mut self, strangers: Strangers, now: Nanos) -> Option<Vec<Waits>> {
        let (shards, mut venues) = (self.look(), self.standing());
        if self.gate.is_none() {
            match self.audit.look(&self.seats, &shards, &venues, now) {
                Finding::Well => {}
                Finding::Ask(venue) => {
                    self.venues.get(venue).into_iter().for_each(|venue| venue.window.asked.sweep());
                }
                Finding::Mismatch => self.close(now),
            }
        }
        let next = self.gate?;
        if self.killed.is_some() {
            return Some(Vec::new());
        }
        let is_old =
            |view: &&mut VenueView| matches!(view.reliance, Reliance::Whole(at) if at < self.gate_since);
        venues.iter_mut().filter(is_old).for_each(|view| view.reliance = Reliance::Blind);
        let waits = waits(&self.seats, &shards, &venues);
        if waits.is_empty() || mutant::is("gate-opens-early") {
            self.gate = None;
            self.audit.forget();
            self.tell(&Event::Operator(start::command(OperatorScope::All, OperatorAct::Resume)));
            return None;
        }
        let before = core::mem::replace(&mut self.waited, waits.clone());
        let is_round = now >= next;
        if is_round {
            self.gate = Some(now + ASK_EVERY);
        }
        let asked = waits.iter().filter(|waits| is_round || waits.is_news(&before));
        asked.for_each(|waits| self.ask(waits, strangers, &shards));
        Some(waits)
    }

    /// Pulls all quotes until everything is known anew and agrees.
    fn close(&mut self, now: Nanos) {
        self.gate = Some(Nanos::MIN);
        self.gate_since = now;
        self.tell(&Event::Operator(start::command(OperatorScope::All, OperatorAct::Pause)));
        self.venues.iter().for_each(|venue| venue.window.asked.sweep());
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
                self.command(*seat, start::adopt(*seat, *venue, HalfTicks(mid)));
            }
            Waits::Doubt { seat, position } => self.command(*seat, start::confirm(*seat, *position)),
            Waits::Account(_) | Waits::Book(_) | Waits::Position { .. } => {}
        }
    }

    /// Gives a shard a command of the start; where there is no room it is asked for again.
    fn command(&mut self, seat: Seat, command: OperatorCommand) {
        if let Some(shard) = self.shards.get_mut(seat.shard) {
            let _ = shard.control.push(Event::Operator(command));
        }
    }
}
