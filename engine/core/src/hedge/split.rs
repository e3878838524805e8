//! One amount over several venues, where the next unit is cheapest.
//!
//! Each venue's cost of an order of `a` is `cost·a + impact·a²/(2·shown)`: convex, so that giving every next piece to the venue
//! whose next piece is cheapest is exact for pieces of one size (Gross 1956; Fox 1966, "Discrete optimization via marginal
//! analysis", Management Science 13(3)). The pieces are whole multiples of the coarsest lot, at most [`PIECES_MAX`] of
//! them; equal costs go to the venue named first. A venue's smallest order makes the problem combinatorial: what a venue
//! would get below it goes to the cheapest other venue that has room.
//!
//! Never here: a float, more than was asked for.

use ballast_model::{Lots, Rate};

use super::amount::Base;

/// Most venues one hedge is split over.
pub const HEDGE_VENUES_MAX: usize = 8;

/// Most pieces an amount is cut into.
pub const PIECES_MAX: i128 = 32;

/// What one venue can take and what it costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Cost of the first unit, in 10⁻⁸ of the price; below zero where it earns.
    pub cost: i128,
    /// What the cost rises by from the first unit to the last of an order of the shown size. Not negative.
    pub impact: Rate,
    /// The shown size, above zero.
    pub shown: Lots,
    /// Most it takes.
    pub capacity: Lots,
    /// Least it takes, above zero.
    pub lots_min: Lots,
    /// One lot, above zero.
    pub lot: Base,
}

impl Offer {
    /// Cost of the next `piece` after `taken`, on average over it, in 10⁻⁸ of the price.
    fn next_cost(&self, taken: Base, piece: Base) -> i128 {
        let shown = self.lot.0.saturating_mul(i128::from(self.shown.0)).saturating_mul(2);
        let reach = taken.0.saturating_mul(2).saturating_add(piece.0);
        // By whole and rest: the product itself may not fit.
        let impact = i128::from(self.impact.0);
        let whole = (reach / shown).saturating_mul(impact);
        let rest = (reach % shown).checked_mul(impact).map_or(impact, |rest| rest / shown);
        self.cost.saturating_add(whole).saturating_add(rest)
    }

    fn amount(&self, lots: Lots) -> Base {
        Base(self.lot.0.saturating_mul(i128::from(lots.0)))
    }

    fn usable(&self) -> bool {
        self.capacity >= self.lots_min && self.lots_min.0 > 0
    }
}

/// Offers by venue; `None` where a venue takes nothing.
pub type Offers = [Option<Offer>; HEDGE_VENUES_MAX];

/// Splits `total` (not negative) over the offers into lots by venue. The lots together are never worth more than `total`; what
/// no lot, no capacity and no smallest order can hold is left out.
#[must_use]
pub fn split(total: Base, offers: &Offers) -> [Lots; HEDGE_VENUES_MAX] {
    let mut taken = [Base::ZERO; HEDGE_VENUES_MAX];
    let usable = offers.map(|offer| offer.filter(Offer::usable));
    let Some(coarsest) = usable.iter().flatten().map(|offer| offer.lot).max() else {
        return [Lots::ZERO; HEDGE_VENUES_MAX];
    };
    let quanta = total.0.max(0) / coarsest.0;
    let piece = Base((quanta + PIECES_MAX - 1) / PIECES_MAX * coarsest.0);
    let mut left = Base(quanta * coarsest.0);
    // Each round empties a venue or takes a whole piece.
    let rounds = usize::try_from(PIECES_MAX).unwrap_or(0) + HEDGE_VENUES_MAX;
    for _ in 0..rounds {
        let part = piece.min(left);
        let Some(best) = cheapest(&usable, &taken, part) else { break };
        left = Base(left.0 - give(&usable, &mut taken, best, part).0);
    }
    mend(&usable, &mut taken);
    if taken.iter().all(|taken| taken.0 == 0) {
        all_to_one(total, &usable, &mut taken);
    }
    let mut lots = [Lots::ZERO; HEDGE_VENUES_MAX];
    for ((lots, taken), offer) in lots.iter_mut().zip(&taken).zip(&usable) {
        *lots = offer.map_or(Lots::ZERO, |offer| whole_lots(&offer, *taken));
    }
    lots
}

/// The venue with room whose next `part` is cheapest.
fn cheapest(offers: &Offers, taken: &[Base; HEDGE_VENUES_MAX], part: Base) -> Option<usize> {
    if part.0 <= 0 {
        return None;
    }
    let with_room = offers.iter().zip(taken).enumerate().filter_map(|(index, (offer, taken))| {
        let offer = offer.as_ref()?;
        let room = offer.amount(offer.capacity).0 - taken.0;
        (room > 0).then(|| (offer.next_cost(*taken, part), index))
    });
    with_room.min().map(|(_, index)| index)
}

/// Gives up to `part` to a venue and says how much it took.
fn give(offers: &Offers, taken: &mut [Base; HEDGE_VENUES_MAX], index: usize, part: Base) -> Base {
    let Some((Some(offer), taken)) = offers.get(index).zip(taken.get_mut(index)) else { return Base::ZERO };
    let room = Base(offer.amount(offer.capacity).0 - taken.0);
    let given = part.min(room);
    taken.0 += given.0;
    given
}

/// Moves what is below a venue's smallest order to the cheapest other venue that has an order, then to none.
fn mend(offers: &Offers, taken: &mut [Base; HEDGE_VENUES_MAX]) {
    for index in 0..HEDGE_VENUES_MAX {
        let small = offers.get(index).copied().flatten().zip(taken.get(index).copied());
        let small = small.filter(|(offer, taken)| taken.0 > 0 && *taken < offer.amount(offer.lots_min));
        let Some((_, mut rest)) = small else { continue };
        if let Some(slot) = taken.get_mut(index) {
            *slot = Base::ZERO;
        }
        let mut others = *offers;
        for (other, held) in others.iter_mut().zip(taken.iter()) {
            *other = other.filter(|offer| held.0 > 0 && *held >= offer.amount(offer.lots_min));
        }
        for _ in 0..HEDGE_VENUES_MAX {
            let Some(best) = cheapest(&others, taken, rest) else { break };
            rest = Base(rest.0 - give(&others, taken, best, rest).0);
        }
    }
}

/// Where every share fell below a smallest order: all to the cheapest venue that can take one.
fn all_to_one(total: Base, offers: &Offers, taken: &mut [Base; HEDGE_VENUES_MAX]) {
    let able = offers.map(|offer| offer.filter(|offer| offer.amount(offer.lots_min) <= total));
    if let Some(best) = cheapest(&able, taken, total) {
        let _ = give(&able, taken, best, total);
    }
}

fn whole_lots(offer: &Offer, taken: Base) -> Lots {
    let lots = Lots(i64::try_from(taken.0 / offer.lot.0).unwrap_or(i64::MAX)).min(offer.capacity);
    if lots >= offer.lots_min { lots } else { Lots::ZERO }
}

#[cfg(test)]
mod tests;
