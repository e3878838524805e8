//! What is held for a strategy beside its sums: what closes its instruments, and its profit.
//!
//! Never here: its exposure, an order.

use ballast_model::{Digest, Money};

use super::{Portfolio, StrategySpec};
use crate::gate::limits::{GateState, Halt, HaltBy, Halts};
use crate::gate::loss::LossGuard;
use crate::gate::refusal::StrategyId;

/// One strategy.
#[derive(Clone, Debug)]
pub(super) struct Strategy {
    pub(super) halts: Halts,
    /// `None` where no loss of it is limited.
    pub(super) loss: Option<LossGuard>,
}

impl Strategy {
    pub(super) fn new(spec: &StrategySpec) -> Self {
        let loss = spec.loss.limits().then(|| LossGuard::new(spec.loss));
        Self { halts: Halts::NONE, loss }
    }

    /// How far its instruments are closed, and why.
    pub(super) const fn halt(&self) -> Halt {
        self.halts.worst()
    }

    /// Whether a loss has closed its instruments.
    pub(super) fn lost(&self) -> bool {
        self.halts.state(HaltBy::Loss) != GateState::Active
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        self.halts.digest(digest);
        if let Some(loss) = &self.loss {
            loss.digest(digest);
        }
    }
}

impl Portfolio {
    /// Takes the profit of a strategy's instruments as it stands, in the account currency. A loss above its limit halts them, and
    /// no other; tells whether one has.
    ///
    /// # Panics
    /// Where there is no such strategy: the caller is wrong.
    pub fn on_strategy_profit(&mut self, strategy: StrategyId, realised: Money, unrealised: Money) -> bool {
        let strategy = self.strategies.get_mut(usize::from(strategy.0));
        assert!(strategy.is_some(), "a strategy this portfolio does not have");
        let Some(Strategy { halts, loss: Some(guard) }) = strategy else { return false };
        let loss = guard.on_profit(realised, unrealised);
        loss.is_some_and(|loss| halts.close_more(HaltBy::Loss, loss.halt()))
    }
}
