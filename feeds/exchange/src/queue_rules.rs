//! Which model places our orders in the queues of recorded history.
//!
//! History shows sizes of levels and not whose they were. When a level shrinks by more than trades explain, somebody
//! cancelled, ahead of us or behind; which, is a model ([`CancelModel`]). With `a` ahead of us and `b` behind, the families
//! say what share of such cancels stood **behind**, by an increasing function `f`:
//!
//! | [`Family`] | share behind | named |
//! |---|---|---|
//! | [`Ratio`](Family::Ratio) | `f(b) / (f(b) + f(a))` | after Rigtorp (2013), "Estimating order queue position" |
//! | [`Whole`](Family::Whole) | `f(b) / f(a + b)` | the second function of hftbacktest |
//! | [`Front`](Family::Front) | `1 − f(a / (a + b))` | the third function of hftbacktest |
//!
//! with `f(x) = xⁿ` ([`Curve::Power`]) or `f(x) = ln(1 + x)` ([`Curve::Log`]). A power of one spreads cancels evenly; higher
//! ones put them behind us while more is behind, and ahead while more is ahead. Expected sizes are used, not draws: there is
//! no randomness to seed.
//!
//! Never here: an order, a book.

use ballast_model::{Lots, Rate};

/// Shares within this of the next whole lot count as it: what rounding of floats may have cost.
const ROUNDING: f64 = 1e-9;

/// How our orders stand in the queues of one instrument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QueueRules {
    /// Whose cancels are taken to be ahead of us.
    pub cancels: CancelModel,
    /// How much of a resting order fills at once.
    pub fills: FillSizes,
    /// What becomes of those whose trades we had.
    pub impact: Impact,
}

/// How the shrinkage of a level that trades do not explain is shared between those ahead of us and those behind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CancelModel {
    /// In proportion to what stands on either side of us, and of what that puts ahead this share counts. In `0..=`[`Rate::ONE`]:
    /// zero lets only trades move us forward (risk-averse), one spreads cancels evenly.
    Share(Rate),
    /// By the probability that a cancel was behind us.
    Odds(Family, Curve),
    /// Not at all: the feed tells what becomes of each order.
    Orders,
}

/// How a function of the sizes ahead and behind becomes the probability that a cancel was behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// `f(b) / (f(b) + f(a))`.
    Ratio,
    /// `f(b) / f(a + b)`.
    Whole,
    /// `1 − f(a / (a + b))`.
    Front,
}

/// The function.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Curve {
    /// `xⁿ`, with `n` above zero and finite.
    Power(f64),
    /// `ln(1 + x)`, with `x` in the instrument's unit of size (base currency or contracts).
    Log,
}

/// How much of a resting order fills at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FillSizes {
    /// What the trade has left for us, or the crossing book shows.
    Partial,
    /// All of it, however small the trade or level that reached it: no partial fills.
    Whole,
}

/// Whether history goes on as if our resting orders had not traded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Impact {
    /// It does: a later order of ours finds the queue that history shows.
    None,
    /// Those behind us whose trades we had stand there still: they are ahead of later orders of ours at that price, in addition
    /// to what is shown, until the venue shows the level empty.
    Displaces,
}

impl QueueRules {
    /// Cancels by [`CancelModel::Share`], partial fills, no impact on those behind.
    #[must_use]
    pub const fn sharing(share: Rate) -> Self {
        Self { cancels: CancelModel::Share(share), fills: FillSizes::Partial, impact: Impact::None }
    }

    /// Whether every number is in its range.
    #[must_use]
    pub fn valid(&self) -> bool {
        match self.cancels {
            CancelModel::Share(share) => (Rate(0)..=Rate::ONE).contains(&share),
            CancelModel::Odds(_, Curve::Power(power)) => power.is_finite() && power > 0.0,
            CancelModel::Odds(_, Curve::Log) | CancelModel::Orders => true,
        }
    }
}

impl CancelModel {
    /// Lots ahead of us that went with `excess` lots cancelled from a level of `size` lots, of which `ahead` were ahead, rounded
    /// down, so that we never move too far forward. `unit` is one lot in the instrument's unit of size.
    ///
    /// At most `ahead`. What of the excess is more than stood behind us must have been ahead: the caller sees to that by
    /// bounding what is ahead by what the level then shows.
    pub(crate) fn ahead_gone(&self, ahead: Lots, excess: Lots, size: Lots, unit: f64) -> Lots {
        match *self {
            Self::Share(share) => share_gone(share, ahead, excess, size),
            Self::Orders => Lots::ZERO,
            Self::Odds(family, curve) => {
                let part = part_ahead(family, curve, ahead.0 as f64 * unit, (size - ahead).0 as f64 * unit);
                floor_to_lot(excess.0 as f64 * part).min(ahead)
            }
        }
    }
}

/// [`CancelModel::Share`]: exact, both steps rounded down.
fn share_gone(share: Rate, ahead: Lots, excess: Lots, size: Lots) -> Lots {
    if share == Rate(0) {
        return Lots::ZERO;
    }
    let scaled = |factor: Lots, numerator: i64, denominator: i64| {
        // A fraction of `factor` that is at most one, so it fits again.
        let part = i128::from(factor.0) * i128::from(numerator) / i128::from(denominator);
        Lots(i64::try_from(part).unwrap_or(factor.0))
    };
    scaled(scaled(excess, ahead.0, size.0), share.0, Rate::ONE.0)
}

/// The probability that a cancel was ahead of us, in `0..=1`. Where nothing is ahead it is zero, where nothing is behind one.
fn part_ahead(family: Family, curve: Curve, ahead: f64, behind: f64) -> f64 {
    if ahead <= 0.0 {
        return 0.0;
    }
    if behind <= 0.0 {
        return 1.0;
    }
    let whole = ahead + behind;
    let part = match (family, curve) {
        // Of shares of the whole, so that high powers of large sizes stay finite.
        (Family::Ratio, Curve::Power(_)) => {
            let (front, back) = (curve.of(ahead / whole), curve.of(behind / whole));
            front / (front + back)
        }
        (Family::Ratio, Curve::Log) => curve.of(ahead) / (curve.of(ahead) + curve.of(behind)),
        (Family::Whole, Curve::Power(_)) => 1.0 - curve.of(behind / whole),
        (Family::Whole, Curve::Log) => 1.0 - curve.of(behind) / curve.of(whole),
        (Family::Front, _) => curve.of(ahead / whole),
    };
    // Both powers of a high degree may vanish: then the larger side has it all.
    if part.is_nan() { f64::from(u8::from(ahead > behind)) } else { part.clamp(0.0, 1.0) }
}

impl Curve {
    fn of(self, x: f64) -> f64 {
        match self {
            Self::Power(power) => libm::pow(x, power),
            Self::Log => libm::log1p(x),
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a share of at most 2^56 lots")]
fn floor_to_lot(lots: f64) -> Lots {
    Lots(libm::floor(lots + ROUNDING) as i64)
}

#[cfg(test)]
mod tests;
