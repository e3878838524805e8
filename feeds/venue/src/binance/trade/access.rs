//! What the core is told of whether orders may be added: connections, clock, rules and key, in one word for each instrument.
//!
//! A lost connection is told at once. Once it stands anew the core hears so when what was missed meanwhile is swept up, not before: it
//! would quote on a position that it does not know.

use ballast_model::{Access, AccessState, Event, Nanos};

use super::{Api, Standing, TradeSession};
use crate::EventSink;

impl TradeSession {
    /// Tells the core how we stand in every instrument, where that is not what it was told last.
    pub(super) fn tell_access<S: EventSink>(&mut self, now: Nanos, out: &mut S) {
        for index in 0..self.names.instruments.len() {
            let state = self.access(index, now);
            let Some(instrument) = self.names.instruments.get_mut(index) else { return };
            if instrument.access.replace(state) != Some(state) {
                let access = Access { instrument: instrument.id, state };
                self.tell(Event::Access(access), out);
            }
        }
    }

    /// How we stand in an instrument.
    fn access(&self, index: usize, now: Nanos) -> AccessState {
        let is_whole = matches!(self.known.standing, Standing::Whole(_));
        if self.halted {
            AccessState::Refused
        } else if self.api != Api::Open || !self.sees_fills() || !is_whole {
            AccessState::Unseen
        } else if !self.clock.agrees(now) {
            AccessState::Clock
        } else if self.may_trade(index) {
            AccessState::Open
        } else {
            AccessState::Rules
        }
    }
}
