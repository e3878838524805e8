//! The controls of one instrument that are a choice: each may be left out, and none changes the meaning of another.
//!
//! All of them hold for orders that add to the position; reducing orders are counted and never refused by them. A window
//! is cut into slots and reaches back at least as far as asked for, at most a sixteenth further.
//!
//! Never here: what every gate has ([`super::GateLimits`]).

#[cfg(test)]
mod tests;

use ballast_model::{Lots, Money, Rate, Span};

use super::loss::LossLimits;
use super::window::window_valid;

/// The optional controls of one instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Controls {
    /// Price collar over a period (R1).
    pub period_collar: Option<PeriodCollar>,
    /// Ordered value over a period (R1).
    pub period_notional: Option<PeriodNotional>,
    /// The same intent may not be sent twice within this span (R4): same side, price and size as one of the last
    /// [`super::INTENTS_KEPT`] orders that passed. A quote that returns to where it stood is such an order too: shorter than
    /// a quote's life.
    pub duplicate_window: Option<Span>,
    /// Repeated executions on one side (R5).
    pub executions: Option<Executions>,
    /// Orders for trades (R5).
    pub order_to_trade: Option<OrderToTrade>,
    /// Range of the reference (R7).
    pub volatility: Option<VolatilityBreaker>,
    /// Mark and index against the reference (R7).
    pub oracle: Option<OracleLimit>,
    /// Fills within a window (R7).
    pub fills: Option<FillBreaker>,
    /// Losses of this instrument, in its settlement asset (R7).
    pub loss: Option<LossLimits>,
}

/// A bid may not be far above the lowest reference of the window, nor an ask far below the highest: a feed that jumps, or a
/// market that runs away, is not followed faster than this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeriodCollar {
    /// How far back.
    pub window: Span,
    /// As a share of that extreme. Above zero.
    pub through_max: Rate,
}

/// Value of all orders that passed within the window, the reducing ones among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeriodNotional {
    /// How far back.
    pub window: Span,
    /// With the order asked for, in the quote currency. Above zero.
    pub max: Money,
}

/// The repeated execution throttle of RTS 6 (Commission Delegated Regulation (EU) 2017/589): a side that has traded this
/// often within the window gets no further order until fills leave the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Executions {
    /// How far back.
    pub window: Span,
    /// Fills of a side. Above zero.
    pub max: u32,
}

/// Orders sent within the window may be `free + per_fill · fills`, with fills of the same window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderToTrade {
    /// How far back.
    pub window: Span,
    /// Orders that need no fill. Above zero, or nothing could ever start.
    pub free: u32,
    /// Further orders for each fill.
    pub per_fill: u32,
}

/// Trips where the reference's range over the window, as a share of its lowest, is above `trip`; until it is at or below
/// `calm`, only reducing orders pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VolatilityBreaker {
    /// How far back.
    pub window: Span,
    /// Above `calm`.
    pub trip: Rate,
    /// Not below zero.
    pub calm: Rate,
}

/// Adding orders pass only while the venue's mark price, and its index where it sends one, are near the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OracleLimit {
    /// Largest distance, as a share of the oracle. Above zero.
    pub divergence_max: Rate,
    /// An oracle older than this is none. Above zero.
    pub age_max: Span,
}

/// Market maker protection, as Deribit, Bybit and Derive offer it: what trades *above* any of these within the window
/// freezes the instrument ([`super::GateState::Paused`]) and begins the count anew. Not reducing orders only: fills are
/// counted whatever they did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FillBreaker {
    /// How far back.
    pub window: Span,
    /// Fills.
    pub fills_max: Option<u32>,
    /// Lots, both sides.
    pub lots_max: Option<Lots>,
    /// Lots bought less lots sold, as a magnitude.
    pub net_max: Option<Lots>,
    /// How long it stays frozen; `None` until the operator resumes.
    pub frozen_for: Option<Span>,
}

/// Which control cannot work as given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlsError {
    /// A window or an age is not above zero, or longer than a year.
    Window,
    /// A rate, a value, a count or a span that must be above zero is not, or one is below zero.
    Range,
    /// `calm` is not below `trip`.
    Hysteresis,
    /// The fill breaker limits nothing.
    FillsNothing,
    /// A loss limit is below zero, or nothing follows a loss.
    Loss,
}

impl core::fmt::Display for ControlsError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Window => "a control's window is not above zero or longer than a year",
            Self::Range => "a control's number is out of its range",
            Self::Hysteresis => "the volatility breaker's calm must be below its trip",
            Self::FillsNothing => "the fill breaker limits nothing",
            Self::Loss => "a loss limit is below zero or is followed by nothing",
        })
    }
}

impl core::error::Error for ControlsError {}

impl Controls {
    /// No control.
    pub const NONE: Self = Self {
        period_collar: None,
        period_notional: None,
        duplicate_window: None,
        executions: None,
        order_to_trade: None,
        volatility: None,
        oracle: None,
        fills: None,
        loss: None,
    };

    /// Checks every control that is given.
    pub(super) fn check(&self) -> Result<(), ControlsError> {
        let windows = [
            self.period_collar.map(|control| control.window),
            self.period_notional.map(|control| control.window),
            self.duplicate_window,
            self.executions.map(|control| control.window),
            self.order_to_trade.map(|control| control.window),
            self.volatility.map(|control| control.window),
            self.oracle.map(|control| control.age_max),
            self.fills.map(|control| control.window),
        ];
        if !windows.into_iter().flatten().all(window_valid) {
            return Err(ControlsError::Window);
        }
        let above_zero = [
            self.period_collar.map(|control| i128::from(control.through_max.0)),
            self.period_notional.map(|control| control.max.0),
            self.executions.map(|control| i128::from(control.max)),
            self.order_to_trade.map(|control| i128::from(control.free)),
            self.oracle.map(|control| i128::from(control.divergence_max.0)),
            self.fills.and_then(|control| control.frozen_for).map(|span| i128::from(span.0)),
        ];
        if above_zero.into_iter().flatten().any(|number| number <= 0) {
            return Err(ControlsError::Range);
        }
        self.check_breakers()
    }

    fn check_breakers(&self) -> Result<(), ControlsError> {
        if let Some(breaker) = self.volatility {
            if breaker.calm.0 < 0 {
                return Err(ControlsError::Range);
            }
            if breaker.calm >= breaker.trip {
                return Err(ControlsError::Hysteresis);
            }
        }
        if let Some(breaker) = self.fills {
            let lots = [breaker.lots_max, breaker.net_max];
            if breaker.fills_max.is_none() && lots == [None, None] {
                return Err(ControlsError::FillsNothing);
            }
            if lots.iter().flatten().any(|lots| lots.0 < 0) {
                return Err(ControlsError::Range);
            }
        }
        if self.loss.is_some_and(|limits| !limits.valid()) {
            return Err(ControlsError::Loss);
        }
        Ok(())
    }
}
