//! Messages on their way between us and the venue.

use alloc::collections::VecDeque;

use ballast_model::Nanos;

/// A wire: what goes in first comes out first, each item at its own time.
#[derive(Debug)]
pub(crate) struct InFlight<T> {
    /// Due times never fall from front to back.
    items: VecDeque<(Nanos, T)>,
}

impl<T> InFlight<T> {
    /// An empty wire with room for `capacity` items; more only cost an allocation.
    pub(crate) fn new(capacity: usize) -> Self {
        Self { items: VecDeque::with_capacity(capacity) }
    }

    /// Puts an item on the wire. It does not overtake what was sent before it.
    pub(crate) fn push(&mut self, due: Nanos, item: T) {
        let due = self.items.back().map_or(due, |(before, _)| due.max(*before));
        self.items.push_back((due, item));
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
}
