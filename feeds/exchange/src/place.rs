//! Where a resting order of ours stood when it traded: told beside the fills, for whoever judges them. Nothing that is
//! decided here or by us depends on it.

use alloc::collections::VecDeque;

use ballast_model::{Lots, Price, TradeId};

/// Where an order stood as the event that filled it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// How many better prices of its side had an order of ours.
    pub level: u16,
    /// Others' lots ahead of it when it joined the queue; `None` where the venue had not shown its price.
    pub joined: Option<Lots>,
    /// Others' lots ahead of it just before that event; `None` where the venue never showed its price.
    pub ahead: Option<Lots>,
}

/// Places of fills that we have yet to hear of; beyond this many the oldest are forgotten.
const PLACES_KEPT: usize = 4_096;

/// Places by trade, in the order of the trades.
#[derive(Debug)]
pub(crate) struct Places {
    /// Of the order that trades now; `None` where it does not rest.
    current: Option<Place>,
    kept: VecDeque<(TradeId, Place)>,
}

impl Places {
    pub(crate) fn new() -> Self {
        Self { current: None, kept: VecDeque::with_capacity(PLACES_KEPT) }
    }

    /// What trades from here on stands there; nothing of ours that rests where `None`.
    pub(crate) const fn set(&mut self, place: Option<Place>) {
        self.current = place;
    }

    /// The order that stands at the place set has this trade.
    pub(crate) fn keep(&mut self, trade: TradeId) {
        if let Some(place) = self.current {
            if self.kept.len() == PLACES_KEPT {
                self.kept.pop_front();
            }
            self.kept.push_back((trade, place));
        }
    }

    /// The place of a trade, and forgets it and all before.
    pub(crate) fn take(&mut self, trade: TradeId) -> Option<Place> {
        let (found, place) = *self.kept.iter().find(|(kept, _)| *kept >= trade)?;
        if found != trade {
            return None;
        }
        while self.kept.pop_front().is_some_and(|(kept, _)| kept != trade) {}
        Some(place)
    }
}

/// Counts the levels of a walk over orders of one side, best price first.
#[derive(Debug, Default)]
pub(crate) struct Levels {
    at: Option<(Price, u16)>,
}

impl Levels {
    /// The level of the next order.
    pub(crate) const fn next(&mut self, price: Price) -> u16 {
        let level = match self.at {
            None => 0,
            Some((same, level)) if same.0 == price.0 => level,
            Some((_, level)) => level.saturating_add(1),
        };
        self.at = Some((price, level));
        level
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn place(level: u16) -> Place {
        Place { level, joined: None, ahead: Some(Lots(3)) }
    }

    #[test]
    fn a_place_is_told_once_and_those_before_are_forgotten() {
        let mut places = Places::new();
        places.keep(TradeId(1));
        for (trade, level) in [(2, 0), (3, 1), (5, 2)] {
            places.set(Some(place(level)));
            places.keep(TradeId(trade));
        }
        places.set(None);
        places.keep(TradeId(6));
        let taken = [1, 3, 3, 2, 4, 5, 6].map(|trade| places.take(TradeId(trade)));
        assert_eq!(taken, [None, Some(place(1)), None, None, None, Some(place(2)), None]);
    }

    #[test]
    fn places_nobody_asks_for_make_room() {
        let mut places = Places::new();
        places.set(Some(place(0)));
        let last = PLACES_KEPT as u64 + 1;
        (1..=last).for_each(|trade| places.keep(TradeId(trade)));
        assert_eq!((places.take(TradeId(1)), places.take(TradeId(2))), (None, Some(place(0))));
    }

    #[test]
    fn orders_of_one_price_share_a_level() {
        let mut levels = Levels::default();
        assert_eq!([10, 10, 9, 7, 7].map(|price| levels.next(Price(price))), [0, 0, 1, 2, 2]);
    }
}
