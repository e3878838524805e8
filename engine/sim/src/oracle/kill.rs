//! After a kill nothing leaves but cancels and what reduces.

use ballast_core::shard::Shard;
use ballast_model::{Command, Event, Lots, NewOrder, OperatorAct, OperatorScope};

use super::Verdict;
use crate::line::Known;

pub(super) const NAME: &str = "kill-holds";

/// Whether an order can only bring the position closer to nothing.
pub(super) fn reduces(order: &NewOrder, shard: &Shard) -> bool {
    let against = -shard.position(order.instrument).signed(order.side);
    against > Lots::ZERO && order.lots <= against
}

/// Knows whether the core has been told to stop.
#[derive(Debug, Default)]
pub(crate) struct KillHolds {
    killed: bool,
}

impl KillHolds {
    pub(crate) fn learned(&mut self, event: &Event) {
        let Event::Operator(command) = event else { return };
        match (command.scope, command.act) {
            (OperatorScope::All, OperatorAct::Kill) => self.killed = true,
            (OperatorScope::All, OperatorAct::Resume) => self.killed = false,
            _ => {}
        }
    }

    pub(crate) fn decided(&self, command: &Command, shard: &Shard) -> Verdict {
        let leaves = match command {
            Command::New(order) => reduces(order, shard),
            Command::Replace(_) => false,
            Command::Cancel(_) | Command::Query(_) => true,
        };
        if self.killed && !leaves {
            return Err((NAME, format!("{command:?} after a kill")));
        }
        Ok(())
    }

    /// Whatever the core decides: under the latch nothing leaves.
    pub(crate) fn left(&self, known: &Known) -> Verdict {
        let what = || format!("{} orders left while the latch was set", known.latched);
        if known.latched == 0 { Ok(()) } else { Err((NAME, what())) }
    }
}
