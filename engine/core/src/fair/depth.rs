//! Fair values from the depth of the book: the volume-weighted mid and the imbalance.
//!
//! The book built from diffs may lag behind the touch of the venue's faster stream. Here the touch is right: levels at or
//! better than its prices are taken from it, only those behind them from the book.
//!
//! Never here: a level that the touch says is gone, a value outside the touch.

use ballast_model::{Nanos, Side, Ticks};

use super::{FairValue, Touch};
use crate::book::{Book, Level};

/// Most levels of a side that are looked at, whatever the reach: a side that has more within a distance is cut here.
pub const DEPTH_LEVELS_MAX: usize = 128;

/// What a [`depth_mid`] is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DepthMidParams {
    /// Levels a side. In `1..=`[`DEPTH_LEVELS_MAX`].
    pub levels: usize,
}

/// How deep into a side one looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// So many levels, the best included. In `1..=`[`DEPTH_LEVELS_MAX`].
    Levels(usize),
    /// All levels within this distance of the side's best, at most [`DEPTH_LEVELS_MAX`]. Not negative.
    Distance(Ticks),
}

/// What a [`depth_imbalance`] is made from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ImbalanceParams {
    /// How deep into each side.
    pub reach: Reach,
    /// Share of the half spread by which a one-sided book moves the value. In `(0, 1]`.
    pub strength: f64,
}

/// The visible levels of one side, summed.
#[derive(Clone, Copy, Debug)]
struct SideSum {
    levels: usize,
    lots: i128,
    /// Σ lots times the distance behind the best, lots·ticks.
    behind: i128,
}

impl SideSum {
    fn of(side: Side, best: Level, book: &Book, reach: Reach) -> Self {
        let (levels, distance) = match reach {
            Reach::Levels(levels) => (levels.min(DEPTH_LEVELS_MAX), Ticks(i64::MAX)),
            Reach::Distance(distance) => (DEPTH_LEVELS_MAX, distance),
        };
        let mut sum = Self { levels: 1, lots: i128::from(best.lots.0), behind: 0 };
        // A book far behind the touch is not searched for longer than it is read.
        for level in book.levels(side).take(2 * DEPTH_LEVELS_MAX) {
            let away = Ticks(side.sign() * (best.price - level.price).0);
            if sum.levels == levels || away > distance {
                break;
            }
            // At or better than the touch, which knows better.
            if away > Ticks(0) {
                sum.levels += 1;
                sum.lots += i128::from(level.lots.0);
                sum.behind += i128::from(level.lots.0) * i128::from(away.0);
            }
        }
        sum
    }

    /// Distance of the side's volume-weighted average price behind its best, ticks.
    #[expect(clippy::cast_precision_loss, reason = "each sum is rounded once; sizes only weigh")]
    fn mean_behind(&self) -> f64 {
        self.behind as f64 / self.lots as f64
    }
}

/// Volume-weighted mid over `n` levels: with the volume `Q` and the volume-weighted average price `V` of the first `n`
/// levels of a side, `(V_b·Q_a + V_a·Q_b) / (Q_a + Q_b)` in ticks, never outside the touch. One level makes it the
/// weighted mid ([`Touch::weighted_mid_ticks`]); with more, `V_b` and `V_a` lie further apart than the touch and a
/// lopsided book would take the value beyond it, where displayed orders would be free money: it stops there.
///
/// The confidence is the smaller side's share of the `n` levels.
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    reason = "prices are exact in f64, sums are rounded once and only weigh"
)]
pub fn depth_mid(params: DepthMidParams, touch: &Touch, book: &Book, as_of: Nanos) -> Option<FairValue> {
    let reach = Reach::Levels(params.levels);
    let bids = SideSum::of(Side::Bid, touch.bid, book, reach);
    let asks = SideSum::of(Side::Ask, touch.ask, book, reach);
    let (best_bid, best_ask) = (touch.bid.price.0 as f64, touch.ask.price.0 as f64);
    let share = bids.lots as f64 / (bids.lots + asks.lots) as f64;
    // Relative to the best bid: the whole price would cost digits.
    let above = (touch.spread().0 as f64 + asks.mean_behind()) * share - bids.mean_behind() * (1.0 - share);
    let found = bids.levels.min(asks.levels) as f64 / params.levels as f64;
    FairValue::new((best_bid + above).max(best_bid).min(best_ask), found, as_of)
}

/// Depth imbalance: with the volumes `Q_b` and `Q_a` within the reach, `I = (Q_b − Q_a)/(Q_b + Q_a)` in `[−1, 1]` moves
/// the mid by `strength · I · spread/2` ticks, upwards where more is bid; never outside the touch.
///
/// The imbalance predicts the direction of the next move of the mid (Gould and Bonart 2016, Market Microstructure and
/// Liquidity 2(2); Cartea, Jaimungal and Penalva 2015, Algorithmic and High-Frequency Trading, chapter 12). The linear
/// map to a price is ours; `strength` 1 over one level makes it the weighted mid.
///
/// The confidence is the smaller side's share of the levels asked for, 1 where a distance is.
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    reason = "prices are exact in f64, sums are rounded once and only weigh"
)]
pub fn depth_imbalance(
    params: ImbalanceParams,
    touch: &Touch,
    book: &Book,
    as_of: Nanos,
) -> Option<FairValue> {
    let bids = SideSum::of(Side::Bid, touch.bid, book, params.reach);
    let asks = SideSum::of(Side::Ask, touch.ask, book, params.reach);
    let imbalance = (bids.lots - asks.lots) as f64 / (bids.lots + asks.lots) as f64;
    let shift = params.strength * imbalance * touch.spread().0 as f64 * 0.5;
    let found = match params.reach {
        Reach::Levels(levels) => bids.levels.min(asks.levels) as f64 / levels as f64,
        Reach::Distance(_) => 1.0,
    };
    FairValue::new(touch.mid().to_ticks_f64() + shift, found, as_of)
}

#[cfg(test)]
mod tests;
