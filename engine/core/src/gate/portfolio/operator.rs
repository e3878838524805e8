//! The levels an operator can halt and resume, and the loss of everything that only he forgives.
//!
//! Never here: an order, one instrument's halts.

use super::{Level, Portfolio};
use crate::gate::StillClosed;
use crate::gate::limits::{GateState, Halt, HaltBy};

impl Portfolio {
    /// True where there is such a strategy or venue.
    #[must_use]
    pub fn has(&self, level: Level) -> bool {
        match level {
            Level::Strategy(strategy) => usize::from(strategy.0) < self.strategies.len(),
            Level::Venue(venue) => usize::from(venue.0) < self.venues.len(),
            Level::All => true,
        }
    }

    /// How far a level was closed by name; one there is none of never is.
    #[must_use]
    pub fn named(&self, level: Level) -> GateState {
        match level {
            Level::Strategy(strategy) => {
                self.strategies.get(usize::from(strategy.0)).map_or(GateState::Active, |halt| halt.state)
            }
            Level::Venue(venue) => {
                self.venues.get(usize::from(venue.0)).map_or(GateState::Active, |venue| venue.halt.state)
            }
            Level::All => self.all.state(HaltBy::Name),
        }
    }

    /// Closes the gates of a level as far as `state`; never opens them.
    ///
    /// # Panics
    /// Where there is no such level: see [`Portfolio::has`].
    pub fn tighten(&mut self, level: Level, state: GateState) {
        let halt = Halt { state, cause: state.rule() };
        match self.level_mut(level) {
            Some(own) => *own = own.or_worse(halt),
            None => self.all.close(HaltBy::Name, halt),
        }
    }

    /// Opens the gates of a level again, as far as other levels let them.
    ///
    /// # Errors
    /// The level was not closed by name, or a loss keeps everything closed and is to be forgiven first.
    ///
    /// # Panics
    /// As [`Portfolio::tighten`].
    pub fn resume(&mut self, level: Level) -> Result<(), StillClosed> {
        if level == Level::All && self.all.state(HaltBy::Loss) != GateState::Active {
            return Err(StillClosed::LossLatched);
        }
        if self.named(level) == GateState::Active {
            return Err(StillClosed::Nothing);
        }
        self.lift(level);
        Ok(())
    }

    /// Ends the halt that followed a loss of everything, and counts losses from here.
    ///
    /// # Errors
    /// There was none, or the loss of open positions is above its limit still.
    pub fn clear_loss(&mut self) -> Result<(), StillClosed> {
        if self.all.state(HaltBy::Loss) == GateState::Active {
            return Err(StillClosed::Nothing);
        }
        if self.loss.holds() {
            return Err(StillClosed::LossHolds);
        }
        self.loss.resume();
        self.all.lift(HaltBy::Loss);
        Ok(())
    }

    /// Lifts what closed a level by name.
    fn lift(&mut self, level: Level) {
        match self.level_mut(level) {
            Some(halt) => *halt = Halt::NONE,
            None => self.all.lift(HaltBy::Name),
        }
    }

    /// The halt of a strategy or a venue; `None` for that of everything.
    fn level_mut(&mut self, level: Level) -> Option<&mut Halt> {
        assert!(self.has(level), "a level this portfolio does not have");
        match level {
            Level::Strategy(strategy) => self.strategies.get_mut(usize::from(strategy.0)),
            Level::Venue(venue) => self.venues.get_mut(usize::from(venue.0)).map(|venue| &mut venue.halt),
            Level::All => None,
        }
    }

    /// Lifts whatever closes a level, a loss among it, without asking whether an operator may.
    #[cfg(test)]
    pub(super) fn reopen(&mut self, level: Level) {
        self.lift(level);
        if level == Level::All {
            self.loss.resume();
            self.all.lift(HaltBy::Loss);
        }
    }
}
