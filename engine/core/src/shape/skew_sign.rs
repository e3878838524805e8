//! The sign of the skew, as a check any model's tests can call: long inventory moves both quotes down and enlarges the ask.
//!
//! Never here: a check that a quoter without any skew passes.

use ballast_model::{Lots, Side};

use crate::model::{DesiredQuotes, Ladder};

/// What has to change strictly between the two inventories. What may not change the wrong way is always checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shows {
    /// Prices.
    Prices,
    /// Sizes.
    Sizes,
    /// Both.
    PricesAndSizes,
}

/// How the quotes of a longer inventory are wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SkewFault {
    /// A level of this side stands higher.
    Rises(Side),
    /// The bids show more, or the asks less.
    Grows(Side),
    /// The bids are back, or the asks gone.
    WrongSideStops(Side),
    /// No price of either side is any lower.
    NoPriceSkew,
    /// No side is any larger or smaller.
    NoSizeSkew,
}

/// Compares what `quotes` wants at the shorter and at the longer of two inventories.
///
/// Strict changes are asked for only where both sides are quoted at both: choose inventories inside the limit, with a touch
/// that leaves the quotes room to move.
pub(crate) fn check_skew_sign(
    one: Lots,
    other: Lots,
    shows: Shows,
    mut quotes: impl FnMut(Lots) -> DesiredQuotes,
) -> Result<(), SkewFault> {
    let (shorter, longer) = (quotes(one.min(other)), quotes(one.max(other)));
    for side in Side::BOTH {
        let (before, after) = (shorter.side(side), longer.side(side));
        let pairs = before.levels().iter().zip(after.levels());
        if pairs.clone().any(|(before, after)| after.price > before.price) {
            return Err(SkewFault::Rises(side));
        }
        let (more, less) = match side {
            Side::Bid => (before, after),
            Side::Ask => (after, before),
        };
        if more.levels().is_empty() && !less.levels().is_empty() {
            return Err(SkewFault::WrongSideStops(side));
        }
        if total(more) < total(less) {
            return Err(SkewFault::Grows(side));
        }
    }
    let both_quoted = [&shorter, &longer]
        .iter()
        .all(|quotes| Side::BOTH.iter().all(|side| !quotes.side(*side).levels().is_empty()));
    if one == other || !both_quoted {
        return Ok(());
    }
    let changed = |differs: fn(&Ladder, &Ladder) -> bool| {
        Side::BOTH.iter().any(|side| differs(shorter.side(*side), longer.side(*side)))
    };
    let prices = changed(|a, b| a.levels().iter().zip(b.levels()).any(|(a, b)| a.price != b.price));
    let sizes = changed(|a, b| total(a) != total(b));
    match shows {
        Shows::Prices | Shows::PricesAndSizes if !prices => Err(SkewFault::NoPriceSkew),
        Shows::Sizes | Shows::PricesAndSizes if !sizes => Err(SkewFault::NoSizeSkew),
        Shows::Prices | Shows::Sizes | Shows::PricesAndSizes => Ok(()),
    }
}

fn total(ladder: &Ladder) -> i64 {
    ladder.levels().iter().map(|level| level.lots.0).sum()
}

#[cfg(test)]
mod tests;
