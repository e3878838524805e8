//! Messages on their way between us and the venue.

use alloc::collections::VecDeque;
use alloc::vec;
use alloc::vec::Vec;

use ballast_model::Nanos;

/// A wire of several lanes: what goes into a lane first comes out of it first, each item at its own time.
#[derive(Debug)]
pub(crate) struct InFlight<T> {
    /// Due times never fall from front to back.
    items: VecDeque<(Nanos, T)>,
    /// By lane, when its last item is due.
    last: Vec<Nanos>,
}

impl<T> InFlight<T> {
    /// An empty wire with room for `capacity` items; more only cost an allocation.
    pub(crate) fn new(capacity: usize) -> Self {
        Self { items: VecDeque::with_capacity(capacity), last: vec![Nanos::MIN] }
    }

    /// Puts an item on the first lane.
    pub(crate) fn push(&mut self, due: Nanos, item: T) {
        self.push_in(0, due, item);
    }

    /// Puts an item on a lane. It does not overtake what was put there before it, nor what is due at the same time.
    pub(crate) fn push_in(&mut self, lane: usize, due: Nanos, item: T) {
        // An empty wire has nothing to be overtaken.
        if self.items.is_empty() {
            self.last.fill(Nanos::MIN);
        }
        if self.last.len() <= lane {
            self.last.resize(lane + 1, Nanos::MIN);
        }
        let mut due = due;
        if let Some(last) = self.last.get_mut(lane) {
            due = due.max(*last);
            *last = due;
        }
        let place = match self.items.back() {
            Some((last, _)) if due < *last => self.items.partition_point(|(before, _)| *before <= due),
            Some(_) | None => return self.items.push_back((due, item)),
        };
        self.items.insert(place, (due, item));
    }

    /// When the next item comes out.
    pub(crate) fn next_due(&self) -> Option<Nanos> {
        self.items.front().map(|(due, _)| *due)
    }

    /// Takes the next item with its due time.
    pub(crate) fn pop(&mut self) -> Option<(Nanos, T)> {
        self.items.pop_front()
    }

    /// Takes the next item if it is due by `now`.
    pub(crate) fn pop_due(&mut self, now: Nanos) -> Option<T> {
        self.items.pop_front_if(|(due, _)| *due <= now).map(|(_, item)| item)
    }

    /// What is on the wire, next first.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &(Nanos, T)> {
        self.items.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_keep_their_order_and_wait_for_their_time() {
        let mut wire = InFlight::new(2);
        wire.push(Nanos(20), 'a');
        wire.push(Nanos(10), 'b');
        assert_eq!((wire.next_due(), wire.pop_due(Nanos(19))), (Some(Nanos(20)), None));
        assert_eq!(wire.pop_due(Nanos(20)), Some('a'));
        assert_eq!(wire.pop(), Some((Nanos(20), 'b')));
        assert_eq!(wire.pop(), None);
    }

    #[test]
    fn a_slow_lane_holds_up_no_other() {
        let mut wire = InFlight::new(2);
        for (lane, due, item) in [(1, 30, 'a'), (0, 10, 'b'), (1, 20, 'c'), (0, 30, 'd'), (2, 9, 'e')] {
            wire.push_in(lane, Nanos(due), item);
        }
        let order: Vec<_> = core::iter::from_fn(|| wire.pop()).map(|(due, item)| (due.0, item)).collect();
        assert_eq!(order, [(9, 'e'), (10, 'b'), (30, 'a'), (30, 'c'), (30, 'd')]);
    }
}
