//! The end of a run: everything is cancelled, and over when the venues' own lists of open orders are empty.

use ballast_model::{Event, Nanos, OperatorAct, OperatorCommand, OperatorId, OperatorScope, Span, mutant};

use super::{Helm, Loops};
use crate::live::account::RECV_WINDOW;
use crate::live::board::View;
use crate::live::engine::STOPPED;
use crate::live::standing::{Reliance, VenueView};

/// How often the venues are asked for their lists.
const SWEEP_EVERY: Span = Span::from_secs(1);
/// How long venues may take to switch off their timers.
const SWITCH_OFF_MAX: Span = Span::from_secs(1);

/// How far the end has come.
#[derive(Clone, Copy, Debug)]
enum Phase {
    /// The shards wait until no order of theirs is open.
    Emptying,
    /// The venues are asked for their lists.
    Listing {
        since: Nanos,
        asked: Nanos,
        /// Whether a list that is empty proves that nothing is left.
        proves: bool,
    },
    /// They switch off their dead-man timers, over nothing.
    SwitchingOff { since: Nanos },
    /// Over; whether all orders are known to be gone.
    Over(bool),
}

/// A run that is being ended.
#[derive(Debug)]
pub struct Ending {
    from: Nanos,
    patience: Span,
    phase: Phase,
}

impl Helm {
    /// Begins to end the run: everything is cancelled. Each of its steps takes at most so long. [`Ending::look`] says when it is over.
    pub fn end(&mut self, patience: Span, now: Nanos) -> Ending {
        // No kill: that would carry over to the next run, for an operator to end.
        let (scope, act) = (OperatorScope::All, OperatorAct::Pause);
        let pause = OperatorCommand { scope, act, operator: OperatorId::default(), reason: STOPPED };
        if !mutant::is("end-unproved") {
            self.tell(&Event::Operator(pause));
        }
        Ending { from: now, patience, phase: Phase::Emptying }
    }

    fn sweep(&self) {
        self.venues.iter().for_each(|venue| venue.window.asked.sweep());
    }
}

impl Ending {
    /// Goes on as far as can be; whether all orders are known to be gone, once the loops need not be turned any more.
    pub fn look(&mut self, helm: &mut Helm, loops: Loops, now: Nanos) -> Option<bool> {
        self.phase = match self.phase {
            Phase::Emptying => self.empties(helm, loops, now),
            Phase::Listing { since, asked, proves } => {
                let known = |view: &VenueView| matches!(view.reliance, Reliance::Whole(at) if at >= since);
                if helm.standing().iter().all(|view| known(view) && view.open_orders == 0) {
                    if proves {
                        helm.venues.iter().for_each(|venue| venue.window.asked.switch_off_dead_man());
                        Phase::SwitchingOff { since: now }
                    } else {
                        Phase::Over(false)
                    }
                } else if now - since >= self.patience || loops == Loops::VenueEnded {
                    Phase::Over(false)
                } else if now - asked >= SWEEP_EVERY {
                    helm.sweep();
                    Phase::Listing { since, asked: now, proves }
                } else {
                    self.phase
                }
            }
            // Where one does not answer in time its timer runs out.
            Phase::SwitchingOff { since }
                if now - since >= SWITCH_OFF_MAX || helm.standing().iter().all(|view| view.dead_man_off) =>
            {
                Phase::Over(true)
            }
            Phase::SwitchingOff { .. } | Phase::Over(_) => self.phase,
        };
        match self.phase {
            Phase::Over(empty) => Some(empty),
            Phase::Emptying | Phase::Listing { .. } | Phase::SwitchingOff { .. } => None,
        }
    }

    fn empties(&self, helm: &mut Helm, loops: Loops, now: Nanos) -> Phase {
        let is_empty = |view: &View| view.at > self.from && view.instruments.iter().all(|one| one.open == 0);
        let empty = helm.look().iter().all(is_empty);
        let elapsed = now - self.from;
        if mutant::is("end-unproved") {
            return Phase::Over(true);
        }
        if !empty && elapsed < self.patience && loops == Loops::Turn {
            return self.phase;
        }
        // An order whose fate a shard does not know may be on its way until the venue takes it no more; from then on the venues'
        // own lists have the last word. The shards listen meanwhile, for fills that only the venues' lists of trades tell.
        let late = elapsed >= RECV_WINDOW;
        helm.kill();
        helm.sweep();
        Phase::Listing { since: now, asked: now, proves: empty || late }
    }
}
