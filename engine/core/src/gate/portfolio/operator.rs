//! The levels an operator can halt and resume, and the losses of everything and of strategies that only he forgives.
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
                let strategy = self.strategies.get(usize::from(strategy.0));
                strategy.map_or(GateState::Active, |strategy| strategy.halts.state(HaltBy::Name))
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
        assert!(self.has(level), "a level this portfolio does not have");
        let halt = Halt { state, cause: state.rule() };
        match level {
            Level::Strategy(strategy) => {
                if let Some(strategy) = self.strategies.get_mut(usize::from(strategy.0)) {
                    strategy.halts.close(HaltBy::Name, halt);
                }
            }
            Level::Venue(venue) => {
                let own = &mut self.venue_mut(venue).halt;
                *own = own.or_worse(halt);
            }
            Level::All => self.all.close(HaltBy::Name, halt),
        }
    }

    /// Opens the gates of a level again, as far as other levels let them.
    ///
    /// # Errors
    /// The level was not closed by name, or a loss keeps it closed and is to be forgiven first.
    ///
    /// # Panics
    /// As [`Portfolio::tighten`].
    pub fn resume(&mut self, level: Level) -> Result<(), StillClosed> {
        assert!(self.has(level), "a level this portfolio does not have");
        if self.has_lost(level) {
            return Err(StillClosed::LossLatched);
        }
        if self.named(level) == GateState::Active {
            return Err(StillClosed::Nothing);
        }
        self.lift(level);
        Ok(())
    }

    /// Ends the halt that followed a loss of a strategy or of everything, and counts losses from here.
    ///
    /// # Errors
    /// There was none, or the loss of open positions is above its limit still.
    pub fn clear_loss(&mut self, level: Level) -> Result<(), StillClosed> {
        if !self.has_lost(level) {
            return Err(StillClosed::Nothing);
        }
        let (halts, guard) = match level {
            Level::Strategy(strategy) => match self.strategies.get_mut(usize::from(strategy.0)) {
                Some(strategy) => (&mut strategy.halts, strategy.loss.as_mut()),
                None => return Err(StillClosed::Nothing),
            },
            Level::Venue(_) => return Err(StillClosed::Nothing),
            Level::All => (&mut self.all, Some(&mut self.loss)),
        };
        if let Some(guard) = guard {
            if guard.holds() {
                return Err(StillClosed::LossHolds);
            }
            guard.resume();
        }
        halts.lift(HaltBy::Loss);
        Ok(())
    }

    /// Whether a loss has closed a level; a venue's are not limited.
    fn has_lost(&self, level: Level) -> bool {
        match level {
            Level::Strategy(strategy) => {
                self.strategies.get(usize::from(strategy.0)).is_some_and(super::Strategy::lost)
            }
            Level::Venue(_) => false,
            Level::All => self.all.state(HaltBy::Loss) != GateState::Active,
        }
    }

    /// Lifts what closed a level by name.
    fn lift(&mut self, level: Level) {
        match level {
            Level::Strategy(strategy) => {
                if let Some(strategy) = self.strategies.get_mut(usize::from(strategy.0)) {
                    strategy.halts.lift(HaltBy::Name);
                }
            }
            Level::Venue(venue) => self.venue_mut(venue).halt = Halt::NONE,
            Level::All => self.all.lift(HaltBy::Name),
        }
    }

    /// Lifts whatever closes a level, a loss among it, without asking whether an operator may.
    #[cfg(test)]
    pub(super) fn reopen(&mut self, level: Level) {
        self.lift(level);
        match level {
            Level::Strategy(strategy) => {
                let strategy = self.strategies.get_mut(usize::from(strategy.0)).unwrap();
                strategy.halts.lift(HaltBy::Loss);
                strategy.loss.iter_mut().for_each(super::LossGuard::resume);
            }
            Level::Venue(_) => {}
            Level::All => {
                self.loss.resume();
                self.all.lift(HaltBy::Loss);
            }
        }
    }
}
