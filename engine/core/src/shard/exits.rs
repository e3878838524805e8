//! Exits of one instrument's position: stop-loss, take-profit and trailing stop, watched here ([`crate::trigger`]).
//!
//! They stand on the ledger's average price: set when a position opens, set anew when it changes. The first that fires ends
//! the others and the position is closed ([`super::closing`]) until it is flat. For a time after an exit fired nothing is quoted
//! that adds. What fires while the position is not known is noted, and sent once it is.
//!
//! Never here: a decision to open, an order.

use ballast_model::{Digest, InstrumentId, Lots, MarkPrice, Nanos, Price, Rate, Side, Span};

use super::Turn;
use super::closing::Wish;
use super::lane::Lane;
use crate::gate::GateState;
use crate::ledger::Ledger;
use crate::model::Hold;
use crate::outbox::Note;
use crate::trigger::{Seen, Send, Trigger, Triggers, Watched, When};

/// When a position is closed. Shares of the position's average price; at least one of the three is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExitSpec {
    /// At a loss of this much. Above zero and below one.
    pub stop_loss: Option<Rate>,
    /// At a profit of this much. Above zero and below one.
    pub take_profit: Option<Rate>,
    /// When the price has come back this far from the best it had since the position was opened, as a share of that. Above
    /// zero and below one.
    pub trailing: Option<Rate>,
    /// The price that is watched.
    pub watched: Watched,
    /// The order that closes goes at most this far through the midpoint. Above zero and below one; at most the gate's collar,
    /// or nothing would pass.
    pub protection: Rate,
    /// For this long after an exit fired only what reduces is quoted. Not negative.
    pub cooldown: Span,
}

/// Why exits cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitError {
    /// None of the three is set.
    Nothing,
    /// The stop-loss is out of its range.
    StopLoss,
    /// The take-profit is out of its range.
    TakeProfit,
    /// The trailing stop is out of its range.
    Trailing,
    /// The protection is out of its range or beyond the collar.
    Protection,
    /// The cooldown is negative.
    Cooldown,
}

impl core::fmt::Display for ExitError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Nothing => "exits need a stop-loss, a take-profit or a trailing stop",
            Self::StopLoss => "the stop-loss must be above zero and below the whole price",
            Self::TakeProfit => "the take-profit must be above zero and below the whole price",
            Self::Trailing => "the trailing stop must be above zero and below the whole price",
            Self::Protection => "the protection must be above zero and at most the collar",
            Self::Cooldown => "the cooldown must not be negative",
        })
    }
}

impl core::error::Error for ExitError {}

impl ExitSpec {
    /// Checks the numbers against the gate's collar.
    ///
    /// # Errors
    /// The first [`ExitError`] that applies.
    pub fn check(&self, collar_through_max: Rate) -> Result<(), ExitError> {
        let fits = |share: Rate| Rate(0) < share && share < Rate::ONE;
        let shares = [
            (self.stop_loss, ExitError::StopLoss),
            (self.take_profit, ExitError::TakeProfit),
            (self.trailing, ExitError::Trailing),
        ];
        if shares.iter().all(|(share, _)| share.is_none()) {
            return Err(ExitError::Nothing);
        }
        if let Some((_, error)) = shares.iter().find(|(share, _)| share.is_some_and(|share| !fits(share))) {
            return Err(*error);
        }
        if !fits(self.protection) || self.protection > collar_through_max {
            return Err(ExitError::Protection);
        }
        if self.cooldown.0 < 0 { Err(ExitError::Cooldown) } else { Ok(()) }
    }
}

/// Which exit fired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum ExitKind {
    /// The stop-loss.
    StopLoss = 1,
    /// The take-profit.
    TakeProfit = 2,
    /// The trailing stop.
    Trailing = 3,
}

impl ExitKind {
    const ALL: [Self; 3] = [Self::StopLoss, Self::TakeProfit, Self::Trailing];

    /// The exit's name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::StopLoss => "stop_loss",
            Self::TakeProfit => "take_profit",
            Self::Trailing => "trailing",
        }
    }

    const fn id(self) -> u64 {
        self as u64
    }
}

/// Watches and closes the position of one instrument.
#[derive(Debug)]
pub(super) struct Exits {
    spec: ExitSpec,
    triggers: Triggers,
    /// The position that the triggers were last set for; also of a closing one.
    held: Lots,
    /// Side of the orders that close the position, since an exit fired.
    closing: Option<Side>,
    /// Until when only what reduces is quoted.
    cools_until: Option<Nanos>,
}

impl Exits {
    pub(super) fn new(spec: ExitSpec, collar_through_max: Rate) -> Result<Self, ExitError> {
        spec.check(collar_through_max)?;
        Ok(Self {
            spec,
            triggers: Triggers::new(ExitKind::ALL.len()),
            held: Lots::ZERO,
            closing: None,
            cools_until: None,
        })
    }

    pub(super) const fn watched(&self) -> Watched {
        self.spec.watched
    }

    /// When something is due.
    #[inline]
    pub(super) const fn deadline(&self) -> Option<Nanos> {
        self.cools_until
    }

    /// Whether time alone makes a decision due.
    pub(super) fn wants_timer(&mut self, now: Nanos) -> bool {
        self.cools_until.take_if(|at| *at <= now).is_some()
    }

    /// Which side closes the position, and until when only what reduces is quoted.
    pub(super) const fn under_way(&self) -> (Option<Side>, Option<Nanos>) {
        (self.closing, self.cools_until)
    }

    /// Goes on with what was under way.
    pub(super) fn go_on(&mut self, closing: Option<Side>, cools_until: Option<Nanos>) {
        (self.closing, self.cools_until) = (closing, cools_until);
        if closing.is_some() {
            self.clear();
        }
    }

    /// Takes over another specification: what is set of it is set anew when the position is next told. A trailing stop keeps the best
    /// price it has seen where it is the same.
    pub(super) fn adopt(&mut self, spec: ExitSpec) {
        if self.spec.trailing != spec.trailing || self.spec.watched != spec.watched {
            self.triggers.clear(ExitKind::Trailing.id());
        }
        self.spec = spec;
    }

    /// Whether a position is being closed.
    pub(super) const fn is_closing(&self) -> bool {
        self.closing.is_some()
    }

    /// The ledger has booked something: sets the triggers on the position there is now; tells whether that is another one than
    /// before, which nobody closes.
    pub(super) fn on_position(&mut self, ledger: &Ledger) -> bool {
        let held = core::mem::replace(&mut self.held, ledger.position());
        let same_way = held.0.signum() == self.held.0.signum();
        if !same_way {
            self.closing = None;
            self.clear();
        }
        let average_e8 = ledger.average_price_e8().filter(|_| self.closing.is_none());
        let Some(average_e8) = average_e8 else { return !same_way };
        let side = if self.held.0 > 0 { Side::Ask } else { Side::Bid };
        let lots = self.held.abs();
        for kind in ExitKind::ALL {
            // A trailing stop stands on the best price it has seen, which a change of size does not undo.
            if kind == ExitKind::Trailing && self.triggers.resize(kind.id(), lots) {
                continue;
            }
            self.triggers.clear(kind.id());
            let Some(when) = self.when(kind, side, average_e8) else { continue };
            let send = Send::Market(self.spec.protection);
            let (id, watched) = (kind.id(), self.spec.watched);
            // Out of range is only a level that no price can reach.
            let _ = self.triggers.set(Trigger { id, watched, when, side, lots, send });
        }
        !same_way
    }

    /// When an exit fires; `None` where it is not wanted or has no price.
    fn when(&self, kind: ExitKind, side: Side, average_e8: i128) -> Option<When> {
        let worse = |share: Rate| share.0 * side.sign();
        match kind {
            ExitKind::StopLoss => {
                let share = self.spec.stop_loss?;
                Some(When::Stop(level(average_e8, worse(share), side)?))
            }
            ExitKind::TakeProfit => {
                let share = self.spec.take_profit?;
                Some(When::TakeProfit(level(average_e8, -worse(share), side)?))
            }
            ExitKind::Trailing => self.spec.trailing.map(When::TrailShare),
        }
    }

    /// A watched price is this; tells which exit it fires.
    fn on_price(&mut self, seen: Seen, now: Nanos) -> Option<ExitKind> {
        self.triggers.on_price(self.spec.watched, seen);
        let fired = self.triggers.take_fired()?;
        self.clear();
        self.closing = Some(fired.trigger.side);
        self.cools_until = (self.spec.cooldown.0 > 0).then(|| now + self.spec.cooldown);
        ExitKind::ALL.into_iter().find(|kind| kind.id() == fired.trigger.id)
    }

    /// Takes back all that is set or fired: one exit is enough.
    fn clear(&mut self) {
        for kind in ExitKind::ALL {
            self.triggers.clear(kind.id());
        }
        while self.triggers.take_fired().is_some() {}
    }

    /// What may be quoted beside the exits.
    pub(super) fn bend(&self, stance: Result<GateState, Hold>) -> Result<GateState, Hold> {
        match stance {
            Ok(_) if self.closing.is_some() => Err(Hold::Closing),
            Ok(GateState::Active) if self.cools_until.is_some() => Ok(GateState::ReduceOnly),
            other => other,
        }
    }

    /// What is to be closed of a position.
    pub(super) fn wish(&self, position: Lots) -> Option<Wish> {
        Some(Wish { side: self.closing?, lots: position.abs(), protection: self.spec.protection })
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        self.triggers.digest(digest);
        digest.signed(self.held.0);
        digest.word(self.closing.map_or(2, |side| side as u64));
        digest.signed(self.cools_until.map_or(i64::MIN, |time| time.0));
    }
}

/// A price this share off the average (10⁻⁸ ticks), on the grid: rounded so that a stop fires no later and a profit is no less.
fn level(average_e8: i128, share: i64, side: Side) -> Option<Price> {
    let scale = i128::from(Rate::ONE.0);
    let grown = average_e8.checked_mul(scale + i128::from(share))?;
    let ticks = match side {
        Side::Ask => -(-grown).div_euclid(scale * scale),
        Side::Bid => grown.div_euclid(scale * scale),
    };
    i64::try_from(ticks).ok().map(Price)
}

impl Lane {
    /// A price that exits may watch is this; tells whether quotes are to be reconsidered.
    pub(super) fn watch(&mut self, watched: Watched, seen: Option<Seen>, turn: &mut Turn<'_>) -> bool {
        let known = self.position_known();
        let id: InstrumentId = self.id();
        let Some(exits) = &mut self.exits else { return false };
        let seen = seen.filter(|_| exits.watched() == watched);
        if let Some(kind) = seen.and_then(|seen| exits.on_price(seen, turn.now)) {
            turn.out.note(if known { Note::Exit(id, kind) } else { Note::ExitHeld(id, kind) });
            turn.out.latch();
        }
        self.wants_close()
    }

    /// The mark price is this.
    pub(super) fn watch_mark(&mut self, mark: &MarkPrice, turn: &mut Turn<'_>) -> bool {
        let seen = Seen::mark(&self.spec, mark.mark_e8);
        self.watch(Watched::Mark, seen, turn)
    }
}
