//! Prices and sizes of orders and trades that come from before a grid became coarser: such orders stand and trade where they were.
//!
//! Never here: a market's levels, which are passed over.

use ballast_json::{Grid, Item};
use ballast_model::Side;

/// Where a number goes that lies between two points of its grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Round {
    /// To the point below.
    Down,
    /// To the one above.
    Up,
}

impl Round {
    /// Against whoever traded on this side.
    pub(super) const fn against(side: Side) -> Self {
        match side {
            Side::Bid => Self::Up,
            Side::Ask => Self::Down,
        }
    }
}

/// A decimal as steps of a grid, of eight decimals at most where it lies between two of them; `None` where it is no such number.
pub(super) fn near(item: Item<'_>, grid: Grid, round: Round) -> Option<u64> {
    if let Ok(steps) = item.steps(grid) {
        return Some(steps);
    }
    let value = u128::try_from(item.e8().ok()?).ok()? * 10_u128.pow(grid.scale().into());
    let one = u128::from(grid.step()) * 10_u128.pow(8);
    let steps = match round {
        Round::Down => value / one,
        Round::Up => value.div_ceil(one),
    };
    u64::try_from(steps).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_between_two_points_go_where_they_are_told_to() {
        let grid = Grid::new(1, 5).unwrap();
        let near = |text: &str, round| near(Item::read(text.as_bytes()).unwrap(), grid, round);
        for (text, down, up) in [
            ("\"2000.5\"", Some(4_001), Some(4_001)),
            ("\"2000.57\"", Some(4_001), Some(4_002)),
            ("\"2000.4\"", Some(4_000), Some(4_001)),
            ("0.00000001", Some(0), Some(1)),
            ("\"-1.5\"", None, None),
            ("\"0.000000001\"", None, None),
            ("\"much\"", None, None),
        ] {
            assert_eq!((near(text, Round::Down), near(text, Round::Up)), (down, up), "{text}");
        }
    }
}
