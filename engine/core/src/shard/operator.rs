//! What an operator may do to a shard: halt, resume, forgive, confirm. Every command is answered by one note. And the one halt
//! that nobody says: that of the journal.
//!
//! A halt only ever closes further; what opens again is what the operator closed, and only once nothing else has closed the
//! same scope. No command moves a limit. Strategies and venues are those of the portfolio; everything is the portfolio's too
//! or, where instruments stand alone, closed in each of their gates.
//!
//! Never here: a limit, a decision what to quote.

use ballast_model::{
    Access, ClientOrderId, InstrumentId, JournalHealth, Lots, Nanos, OperatorAct, OperatorCommand,
    OperatorScope, ReduceOnly, mutant,
};

use super::lane::Lane;
use super::orders::OrderDesk;
use super::{Shard, Turn, ids};
use crate::accounts::AccountError;
use crate::gate::portfolio::{Level, Portfolio};
use crate::gate::{Gate, GateState, StillClosed};
use crate::hedge::HEDGE_CANCELS_MAX;
use crate::ledger::Unbookable;
use crate::oms::Order;
use crate::outbox::{Note, Outbox};
use crate::quotes::LiveStatus;

/// Why a command was refused. Nothing has changed then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperatorRefusal {
    /// The shard has no such instrument, strategy or venue, or nothing there sends orders.
    NoSuchScope,
    /// The command has no meaning at this scope.
    WrongScope,
    /// The scope is closed further already; only [`OperatorAct::Resume`] opens.
    ClosedFurther(GateState),
    /// Something else keeps the scope closed, or there is nothing to lift.
    StillClosed(StillClosed),
    /// The venue has counted fills that are not booked: the ledger cannot be right yet.
    FillsMissing,
    /// The ledger has another position, this one.
    Mismatch(Lots),
    /// Orders of the instrument are open, and what they trade may be on its way.
    OrdersOpen,
    /// The ledger cannot hold it.
    Unbookable(Unbookable),
    /// No books are kept.
    NoBooks,
    /// The books cannot be changed so.
    Books(AccountError),
}

impl core::fmt::Display for OperatorRefusal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NoSuchScope => f.write_str("there is nothing of this scope that sends orders"),
            Self::WrongScope => f.write_str("the command has no meaning at this scope"),
            Self::ClosedFurther(state) => write!(f, "already closed further, to {}", state.name()),
            Self::StillClosed(why) => f.write_str(match why {
                StillClosed::Nothing => "there is nothing to lift",
                StillClosed::Doubt => "the position is in doubt and is to be confirmed first",
                StillClosed::LossLatched => "a loss was above its limit and is to be cleared first",
                StillClosed::LossHolds => "the loss is above its limit still",
                StillClosed::Frozen => "too many fills have frozen the instrument",
            }),
            Self::FillsMissing => f.write_str("fills are missing"),
            Self::Mismatch(ledger) => write!(f, "the ledger has a position of {} lots", ledger.0),
            Self::OrdersOpen => f.write_str("orders are open, and what they trade may be on its way"),
            Self::Unbookable(why) => why.fmt(f),
            Self::NoBooks => f.write_str("no books are kept"),
            Self::Books(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for OperatorRefusal {}

impl From<StillClosed> for OperatorRefusal {
    fn from(why: StillClosed) -> Self {
        Self::StillClosed(why)
    }
}

pub(super) type Outcome = Result<(), OperatorRefusal>;

impl Shard {
    /// Takes a command, answers it by a note, and lets everything it may concern act on it.
    pub(super) fn on_operator(&mut self, command: &OperatorCommand, now: Nanos, out: &mut Outbox) {
        let outcome = self.obey(command, now, out);
        out.note(Note::Operator(*command, outcome));
        if outcome.is_err() {
            return;
        }
        out.latch();
        for id in ids(self.lanes.len()) {
            self.tell(id, now, out, |lane, turn| {
                lane.pull(turn);
                // A kill said twice cancels once more what is still there and may add.
                // What waited for a switch to be armed may leave.
                let armed = matches!(command.act, OperatorAct::Arm(_)) && lane.wants_own(turn.now);
                armed || lane.is_moved(turn) || lane.stance(turn) == GateState::Killed
            });
        }
        self.hedge(now, out);
        self.finish(now, out);
    }

    /// Takes how the journal stands: quotes are pulled while it is not good, and stand again once it is.
    pub(super) fn on_journal(&mut self, health: JournalHealth, now: Nanos, out: &mut Outbox) {
        out.note(Note::Journal(health));
        self.gates().for_each(|gate| gate.on_journal(health));
        for id in ids(self.lanes.len()) {
            self.tell(id, now, out, |lane, turn| lane.is_moved(turn));
        }
        self.hedge(now, out);
        self.finish(now, out);
    }

    /// Takes how we stand with the venue of an instrument: its quotes are pulled while no order of it may be added, and stand again once
    /// one may.
    pub(super) fn on_access(&mut self, access: &Access, now: Nanos, out: &mut Outbox) {
        out.note(Note::Access(*access));
        self.follow_access(access, now);
        if let Some(gate) = self.gate_mut(access.instrument)
            && !mutant::is("access-ignored")
        {
            gate.on_access(access.state);
        }
        self.tell(access.instrument, now, out, |lane, turn| lane.is_moved(turn));
        self.hedge(now, out);
        self.finish(now, out);
    }

    /// Takes only what carries over of it.
    pub(super) fn follow_access(&mut self, access: &Access, now: Nanos) {
        if let Some(lane) = self.lanes.get_mut(access.instrument.index()) {
            lane.told.on_access(access.state, now);
        }
    }

    pub(super) fn obey(&mut self, command: &OperatorCommand, now: Nanos, out: &mut Outbox) -> Outcome {
        match command.act {
            OperatorAct::ReduceOnly => self.close(command.scope, GateState::ReduceOnly),
            OperatorAct::Pause => self.close(command.scope, GateState::Paused),
            OperatorAct::Kill if mutant::is("kill-ignored") => Ok(()),
            OperatorAct::Kill => self.close(command.scope, GateState::Killed),
            OperatorAct::Resume => self.resume(command.scope, now),
            OperatorAct::ClearLoss => self.clear_loss(command.scope),
            OperatorAct::Thaw => Ok(self.gate_of(command.scope)?.thaw(now)?),
            OperatorAct::Confirm(position) => self.confirm(command.scope, position),
            OperatorAct::Arm(until) => self.arm(command.scope, until),
            OperatorAct::Adjust { position, price } => match command.scope {
                OperatorScope::Instrument(id) => self.adjust(id, (position, price), now, out),
                OperatorScope::Strategy(_) | OperatorScope::Venue(_) | OperatorScope::All => {
                    Err(OperatorRefusal::WrongScope)
                }
            },
            OperatorAct::Split { .. } | OperatorAct::Merge { .. } | OperatorAct::Transfer { .. } => {
                self.move_books(command)
            }
        }
    }

    fn close(&mut self, scope: OperatorScope, state: GateState) -> Outcome {
        let only_closes = |before: GateState| {
            if before > state { Err(OperatorRefusal::ClosedFurther(before)) } else { Ok(()) }
        };
        match self.portfolio_of(scope) {
            Some((portfolio, level)) => {
                if !portfolio.has(level) {
                    return Err(OperatorRefusal::NoSuchScope);
                }
                only_closes(portfolio.named(level))?;
                portfolio.tighten(level, state);
            }
            None if scope == OperatorScope::All => {
                self.gates().map(|gate| gate.named_everything()).max().map_or(Ok(()), only_closes)?;
                self.gates().for_each(|gate| gate.tighten_everything(state));
            }
            None => {
                let gate = self.gate_of(scope)?;
                only_closes(gate.named())?;
                gate.tighten(state);
            }
        }
        Ok(())
    }

    fn resume(&mut self, scope: OperatorScope, now: Nanos) -> Outcome {
        match self.portfolio_of(scope) {
            Some((portfolio, level)) if portfolio.has(level) => Ok(portfolio.resume(level)?),
            Some(_) => Err(OperatorRefusal::NoSuchScope),
            None if scope == OperatorScope::All => {
                let lifted = self.gates().map(Gate::resume_everything);
                // All were closed together, or none.
                Ok(lifted.fold(Err(StillClosed::Nothing), Result::or)?)
            }
            None => Ok(self.gate_of(scope)?.resume(now)?),
        }
    }

    /// Losses are limited for an instrument, for a strategy and for everything.
    fn clear_loss(&mut self, scope: OperatorScope) -> Outcome {
        match (scope, self.portfolio_of(scope)) {
            (OperatorScope::Venue(_), _) => Err(OperatorRefusal::WrongScope),
            (OperatorScope::Strategy(_), None) => Err(OperatorRefusal::NoSuchScope),
            (OperatorScope::Strategy(_), Some((portfolio, level))) if !portfolio.has(level) => {
                Err(OperatorRefusal::NoSuchScope)
            }
            (OperatorScope::All, None) => Err(StillClosed::Nothing.into()),
            (OperatorScope::All | OperatorScope::Strategy(_), Some((portfolio, level))) => {
                Ok(portfolio.clear_loss(level)?)
            }
            (OperatorScope::Instrument(_), _) => Ok(self.gate_of(scope)?.clear_loss()?),
        }
    }

    /// What the venue confirms holds, though it be earlier than what it confirmed before.
    fn arm(&mut self, scope: OperatorScope, until: Nanos) -> Outcome {
        let OperatorScope::Venue(venue) = scope else { return Err(OperatorRefusal::WrongScope) };
        match self.portfolio_of(scope) {
            Some((portfolio, level)) if portfolio.has(level) => {
                portfolio.on_dead_man(venue, until);
                Ok(())
            }
            _ => Err(OperatorRefusal::NoSuchScope),
        }
    }

    fn confirm(&mut self, scope: OperatorScope, position: Lots) -> Outcome {
        let OperatorScope::Instrument(id) = scope else { return Err(OperatorRefusal::WrongScope) };
        self.lanes.get_mut(id.index()).ok_or(OperatorRefusal::NoSuchScope)?.confirm(position)
    }

    /// The portfolio, where it has the scope's halt.
    fn portfolio_of(&mut self, scope: OperatorScope) -> Option<(&mut Portfolio, Level)> {
        let level = match scope {
            OperatorScope::Instrument(_) => return None,
            OperatorScope::Strategy(strategy) => Level::Strategy(strategy),
            OperatorScope::Venue(venue) => Level::Venue(venue),
            OperatorScope::All => Level::All,
        };
        self.risk.as_mut().map(|risk| (&mut risk.portfolio, level))
    }

    /// The gate of an instrument.
    fn gate_of(&mut self, scope: OperatorScope) -> Result<&mut Gate, OperatorRefusal> {
        match scope {
            OperatorScope::Instrument(id) => self.gate_mut(id).ok_or(OperatorRefusal::NoSuchScope),
            // Only a portfolio has these, and there is none, or the command is about one instrument.
            OperatorScope::Strategy(_) | OperatorScope::Venue(_) if self.risk.is_none() => {
                Err(OperatorRefusal::NoSuchScope)
            }
            OperatorScope::Strategy(_) | OperatorScope::Venue(_) | OperatorScope::All => {
                Err(OperatorRefusal::WrongScope)
            }
        }
    }

    fn gate_mut(&mut self, id: InstrumentId) -> Option<&mut Gate> {
        self.lanes.get_mut(id.index())?.orders.gate.as_mut()
    }

    fn gates(&mut self) -> impl Iterator<Item = &mut Gate> {
        self.lanes.iter_mut().filter_map(|lane| lane.orders.gate.as_mut())
    }
}

impl Lane {
    /// Ends the doubt of a position that is what the venue says.
    fn confirm(&mut self, position: Lots) -> Outcome {
        if !self.in_doubt() {
            return Err(StillClosed::Nothing.into());
        }
        if self.orders.misses_fills() {
            return Err(OperatorRefusal::FillsMissing);
        }
        let ledger = self.ledger.position();
        if ledger != position {
            return Err(OperatorRefusal::Mismatch(ledger));
        }
        self.trust();
        Ok(())
    }

    /// Cancels what is open of a killed instrument that nobody quotes: a quoter pulls its own. What is marked reduce-only stays,
    /// as it passes the gate: it can only bring the position nearer to flat. What one event may not, or the venue has just
    /// refused, is cancelled later: see [`Lane::pull_at`].
    pub(super) fn pull(&mut self, turn: &mut Turn<'_>) {
        self.pull_at = None;
        if self.quoter.is_some() || self.gate().is_none() || self.stance(turn) != GateState::Killed {
            return;
        }
        let now = turn.now;
        for _ in 0..HEDGE_CANCELS_MAX {
            let next = cancels_due(&self.orders, now).min().filter(|(at, _)| *at <= now);
            let Some((_, id)) = next else { break };
            let _ = self.orders.cancel(id, turn);
        }
        self.pull_at = cancels_due(&self.orders, now).map(|(at, _)| at).min();
        self.orders.settle(turn);
    }
}

/// The orders that are not reduce-only and that no cancel is on its way for, with when one may be sent.
fn cancels_due(orders: &OrderDesk, now: Nanos) -> impl Iterator<Item = (Nanos, ClientOrderId)> {
    let stands = |order: &&Order| match LiveStatus::of(order.state) {
        LiveStatus::Pending | LiveStatus::Live | LiveStatus::Unknown => true,
        LiveStatus::Cancelling | LiveStatus::UnknownCancelling => false,
    };
    let due = move |order: &Order| (order.cancel_retry_at().map_or(now, |at| at.max(now)), order.client_id);
    let adds = |order: &&Order| order.reduce_only == ReduceOnly::No;
    orders.oms.open_orders().filter(adds).filter(stands).map(due)
}
