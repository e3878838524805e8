//! Markouts: what the midpoint did after our fills.
//!
//! The markout of a fill at horizon `h` is `sign · (mid(t + h) − price)`, sign +1 for a buy and −1 for a sell: what one
//! unit of size would have earned by closing at the midpoint `h` later, the half spread included, fees not. A maker
//! whose markouts fall below zero sells before rises and buys before falls.

use crate::estimate::Estimate;
use crate::record::{FillRow, HORIZONS};
use ballast_model::{HalfTicks, Liquidity, Side};

/// Earnings per unit of size of a fill, were it closed at midpoint `mid`, in half ticks, exact.
#[must_use]
pub const fn half_ticks(fill: &FillRow, mid: HalfTicks) -> i64 {
    fill.side.sign() * (mid.0 - 2 * fill.price.0)
}

/// The same in ticks.
#[must_use]
pub const fn ticks(fill: &FillRow, mid: HalfTicks) -> f64 {
    half_ticks(fill, mid) as f64 * 0.5
}

/// The same in basis points of the fill's price, `10⁴ · sign · (mid − price) / price`; `None` for a price of zero.
#[must_use]
pub fn bps(fill: &FillRow, mid: HalfTicks) -> Option<f64> {
    (fill.price.0 != 0).then(|| 1e4 * half_ticks(fill, mid) as f64 / (2 * fill.price.0) as f64)
}

/// Which fills to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    /// Every fill.
    All,
    /// Fills of one side: bids bought, asks sold.
    Only(Side),
    /// Fills of orders that rested at this level of ours: 0 at our best price of the side.
    Level(u16),
    /// Fills of orders that took.
    Taken,
}

impl Selection {
    /// All fills first, then buys, then sells.
    pub const EACH: [Self; 3] = [Self::All, Self::Only(Side::Bid), Self::Only(Side::Ask)];

    /// Each level that fills have, from our best on, then those that took where there are any.
    #[must_use]
    pub fn levels(fills: &[FillRow]) -> Vec<Self> {
        let mut levels: Vec<u16> = fills.iter().filter_map(|fill| Some(fill.place?.level)).collect();
        levels.sort_unstable();
        levels.dedup();
        let taken = fills.iter().any(|fill| Self::Taken.takes(fill)).then_some(Self::Taken);
        levels.into_iter().map(Self::Level).chain(taken).collect()
    }

    /// Whether a fill is looked at.
    #[must_use]
    pub fn takes(self, fill: &FillRow) -> bool {
        match self {
            Self::All => true,
            Self::Only(wanted) => wanted == fill.side,
            Self::Level(wanted) => fill.place.is_some_and(|place| place.level == wanted),
            Self::Taken => fill.liquidity == Liquidity::Taker,
        }
    }
}

/// Markouts of a selection of fills at one horizon.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Markout {
    /// Per fill, in ticks.
    pub ticks: Estimate,
    /// Per fill, in basis points of the fill's price.
    pub bps: Estimate,
    /// Mean weighted by size, in ticks: `Σ lots · markout / Σ lots`.
    pub ticks_by_size: f64,
}

impl Markout {
    /// Statistics of the selected fills against the midpoint `mid_of` gives; fills it gives none for are left out.
    /// `None` where none is left.
    #[must_use]
    pub fn of(
        fills: &[FillRow],
        selection: Selection,
        mid_of: impl Fn(&FillRow) -> Option<HalfTicks>,
    ) -> Option<Self> {
        let judged = || {
            let selected = fills.iter().filter(|fill| selection.takes(fill));
            selected.filter_map(|fill| Some((fill, mid_of(fill)?)))
        };
        let (mut size, mut earned) = (0i128, 0i128);
        for (fill, mid) in judged() {
            size += i128::from(fill.lots.0);
            earned += i128::from(fill.lots.0) * i128::from(half_ticks(fill, mid));
        }
        Some(Self {
            ticks: Estimate::of(judged().map(|(fill, mid)| ticks(fill, mid)))?,
            bps: Estimate::of(judged().filter_map(|(fill, mid)| bps(fill, mid)))?,
            ticks_by_size: (size > 0).then(|| 0.5 * earned as f64 / size as f64)?,
        })
    }

    /// Markouts at each of [`crate::record::MARKOUT_HORIZONS`].
    #[must_use]
    pub fn curve(fills: &[FillRow], selection: Selection) -> [Option<Self>; HORIZONS] {
        core::array::from_fn(|horizon| {
            Self::of(fills, selection, |fill| fill.markouts.get(horizon).copied().flatten())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::record::Place;
    use ballast_model::Lots;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-12
    }

    #[test]
    fn a_buy_earns_when_the_mid_rises_and_a_sell_when_it_falls() {
        let buy = fixture::fill(0, Side::Bid, 100, 1);
        let sell = fixture::fill(0, Side::Ask, 100, 1);
        let up = HalfTicks(203);
        assert_eq!((half_ticks(&buy, up), half_ticks(&sell, up)), (3, -3));
        assert!(close(ticks(&buy, up), 1.5));
        assert!(close(bps(&buy, up).unwrap(), 150.0));
        assert_eq!(bps(&fixture::fill(0, Side::Bid, 0, 1), up), None);
    }

    #[test]
    fn summaries_by_hand() {
        let fills = [
            FillRow { markouts: [Some(HalfTicks(204)), None, None], ..fixture::fill(0, Side::Bid, 100, 3) },
            FillRow { markouts: [Some(HalfTicks(202)), None, None], ..fixture::fill(1, Side::Ask, 100, 1) },
            fixture::fill(2, Side::Bid, 100, 5),
        ];
        let [all, one_second, _] = Markout::curve(&fills, Selection::All);
        let all = all.unwrap();
        // +2 ticks on 3 lots, −1 tick on 1 lot; the third fill has no markout
        assert_eq!(all.ticks.count, 2);
        assert!(close(all.ticks.mean, 0.5));
        assert!(close(all.ticks.standard_error.unwrap(), 1.5)); // s² = 4.5, √(4.5 / 2)
        assert!(close(all.bps.mean, 50.0));
        assert!(close(all.ticks_by_size, 1.25));
        assert_eq!(one_second, None);
        let [sells, ..] = Markout::curve(&fills, Selection::Only(Side::Ask));
        assert!(close(sells.unwrap().ticks.mean, -1.0));
    }

    #[test]
    fn fills_are_told_apart_by_the_level_they_rested_at() {
        let at = |level, ticks| FillRow {
            place: Some(Place { level, joined: None, ahead: None }),
            mid: HalfTicks(2 * ticks + 2),
            ..fixture::fill(0, Side::Bid, ticks, 1)
        };
        let took = FillRow { liquidity: Liquidity::Taker, ..fixture::fill(0, Side::Ask, 100, 1) };
        let fills = [at(2, 50), at(0, 100), took, at(0, 200), fixture::fill(0, Side::Ask, 100, 1)];
        let levels = Selection::levels(&fills);
        assert_eq!(levels, [Selection::Level(0), Selection::Level(2), Selection::Taken]);
        let of = |selection| Markout::of(&fills, selection, |fill| Some(fill.mid)).unwrap().bps;
        let [best, third, taken] = [levels[0], levels[1], levels[2]].map(of);
        assert!(best.count == 2 && close(best.mean, 75.0), "100 and 50 bp");
        assert!(third.count == 1 && close(third.mean, 200.0));
        assert!(taken.count == 1 && close(taken.mean, 0.0));
        assert_eq!(Selection::levels(&fills[4..]), []);
    }

    #[test]
    fn no_fill_and_no_size_have_no_markout() {
        assert_eq!(Markout::of(&[], Selection::All, |fill| Some(fill.mid)), None);
        let empty = FillRow { lots: Lots::ZERO, ..fixture::fill(0, Side::Bid, 100, 1) };
        assert_eq!(Markout::of(&[empty], Selection::All, |fill| Some(fill.mid)), None);
    }
}
