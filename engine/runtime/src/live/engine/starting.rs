//! The start gate of a running engine: what is waited for is asked for, until quoting may go on.

use ballast_model::{Event, HalfTicks, OperatorAct, OperatorCommand, OperatorScope, Span};

use super::Engine;
use crate::live::board::View;
use crate::live::standing::{Reliance, VenueView};
use crate::live::start::{self, Seat, Strangers, Waits, waits};

/// How often the start gate asks for what is missing.
const ASK_EVERY: Span = Span::from_secs(1);

impl Engine {
    /// Opens the start gate where everything is known and agrees, and asks for what is missing where it is not. What is waited
    /// for; `None` once quoting may go on.
    pub fn begin(&mut self, strangers: Strangers) -> Option<Vec<Waits>> {
        let next = self.gate?;
        if self.killed.is_some() {
            return Some(Vec::new());
        }
        let (shards, mut venues) = (self.look(), self.standing());
        let is_old =
            |view: &&mut VenueView| matches!(view.reliance, Reliance::Whole(at) if at < self.gate_since);
        venues.iter_mut().filter(is_old).for_each(|view| view.reliance = Reliance::Blind);
        let waits = waits(&self.seats, &shards, &venues);
        if waits.is_empty() {
            self.gate = None;
            self.tell(&Event::Operator(start::command(OperatorScope::All, OperatorAct::Resume)));
            return None;
        }
        let (now, before) = (self.clock.now(), core::mem::replace(&mut self.waited, waits.clone()));
        let is_round = now >= next;
        if is_round {
            self.gate = Some(now + ASK_EVERY);
        }
        let asked = waits.iter().filter(|waits| is_round || waits.is_news(&before));
        asked.for_each(|waits| self.ask(waits, strangers, &shards));
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
