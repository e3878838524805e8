//! What closes a gate by name and what opens it again. Each cause is lifted by itself, and by the operator alone: no rule and
//! no strategy opens what was closed. A journal that does not keep up closes it too, and opens it once it does.
//!
//! Never here: an order.

use ballast_model::{AccessState, JournalHealth, Nanos};

use super::limits::{Halt, HaltBy};
use super::{Gate, GateState, Rule};

/// Why a halt cannot be lifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StillClosed {
    /// There is nothing of the kind to lift.
    Nothing,
    /// The position is in doubt until it is confirmed.
    Doubt,
    /// A loss was above its limit and has not been forgiven.
    LossLatched,
    /// A loss is above its limit now.
    LossHolds,
    /// Too many fills have frozen the instrument.
    Frozen,
}

impl Gate {
    /// Closes the gate as far as `state`; never opens it.
    pub fn tighten(&mut self, state: GateState) {
        self.halts.close(HaltBy::Name, Halt { state, cause: state.rule() });
    }

    /// The same in the name of everything, where no portfolio holds that.
    pub fn tighten_everything(&mut self, state: GateState) {
        self.halts.close(HaltBy::Everything, Halt { state, cause: state.rule() });
    }

    /// Lets only reducing orders pass until the position is confirmed.
    pub fn doubt(&mut self) {
        let state = GateState::ReduceOnly;
        self.halts.close(HaltBy::Doubt, Halt { state, cause: state.rule() });
    }

    /// The position was in doubt and is so no longer.
    pub fn confirm(&mut self) {
        self.halts.lift(HaltBy::Doubt);
    }

    /// Takes how the journal stands: what is not kept may add to nothing. Only orders that reduce and are marked so pass until
    /// it is good, whatever an operator says.
    pub fn on_journal(&mut self, health: JournalHealth) {
        match health {
            JournalHealth::Good => self.halts.lift(HaltBy::Journal),
            JournalHealth::Behind | JournalHealth::Failed => {
                self.halts.close(HaltBy::Journal, Halt { state: GateState::Paused, cause: Rule::Journal });
            }
        }
    }

    /// Takes how we stand with the venue: while it takes no orders, or would not tell what becomes of them, only orders that reduce and
    /// are marked so pass, whatever an operator says.
    pub fn on_access(&mut self, state: AccessState) {
        match state {
            AccessState::Open => self.halts.lift(HaltBy::Access),
            AccessState::Unseen | AccessState::Clock | AccessState::Rules | AccessState::Refused => {
                self.halts.close(HaltBy::Access, Halt { state: GateState::Paused, cause: Rule::Access });
            }
        }
    }

    /// How far the gate was closed by name.
    #[must_use]
    pub fn named(&self) -> GateState {
        self.halts.state(HaltBy::Name)
    }

    /// How far it was closed in the name of everything.
    #[must_use]
    pub fn named_everything(&self) -> GateState {
        self.halts.state(HaltBy::Everything)
    }

    /// Ends what was closed by name.
    ///
    /// # Errors
    /// Nothing was, or something else keeps the instrument closed and is to be dealt with first.
    pub fn resume(&mut self, now: Nanos) -> Result<(), StillClosed> {
        if self.halts.state(HaltBy::Doubt) != GateState::Active {
            return Err(StillClosed::Doubt);
        }
        if self.halts.state(HaltBy::Loss) != GateState::Active {
            return Err(StillClosed::LossLatched);
        }
        if self.is_frozen(now) {
            return Err(StillClosed::Frozen);
        }
        if self.named() == GateState::Active {
            return Err(StillClosed::Nothing);
        }
        self.halts.lift(HaltBy::Name);
        Ok(())
    }

    /// Ends what was closed in the name of everything.
    ///
    /// # Errors
    /// Nothing was.
    pub fn resume_everything(&mut self) -> Result<(), StillClosed> {
        if self.named_everything() == GateState::Active {
            return Err(StillClosed::Nothing);
        }
        self.halts.lift(HaltBy::Everything);
        Ok(())
    }

    /// Ends the halt that followed a loss, and counts losses from here.
    ///
    /// # Errors
    /// There was none, or the loss of the open position is above its limit still.
    pub fn clear_loss(&mut self) -> Result<(), StillClosed> {
        let Some(watch) = self.watch.as_mut().filter(|_| self.halts.state(HaltBy::Loss) != GateState::Active)
        else {
            return Err(StillClosed::Nothing);
        };
        if watch.loss_holds() {
            return Err(StillClosed::LossHolds);
        }
        watch.forgive();
        self.halts.lift(HaltBy::Loss);
        Ok(())
    }

    /// Ends a freeze, and counts fills from here.
    ///
    /// # Errors
    /// There is none.
    pub fn thaw(&mut self, now: Nanos) -> Result<(), StillClosed> {
        if !self.is_frozen(now) {
            return Err(StillClosed::Nothing);
        }
        if let Some(watch) = &mut self.watch {
            watch.thaw();
        }
        Ok(())
    }

    fn is_frozen(&self, now: Nanos) -> bool {
        self.watch.as_ref().is_some_and(|watch| watch.halt(now).state != GateState::Active)
    }
}
