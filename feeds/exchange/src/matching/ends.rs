//! Orders by end time: a binary heap that knows where each order stands in it, so that a cancel leaves nothing behind.
//!
//! Never here: a decision about an order.
#![expect(
    clippy::indexing_slicing,
    reason = "positions are those of entries in the heap, slots are below the bound; another one must stop the engine"
)]

use alloc::vec;
use alloc::vec::Vec;

use ballast_model::{Nanos, VenueOrderId};

use super::ladder::NONE;

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Orders that end at the same time end in the order of their ids.
    key: (Nanos, VenueOrderId),
    slot: u32,
}

/// The heap; the order that ends first is at its top.
#[derive(Debug)]
pub(super) struct Ends {
    heap: Vec<Entry>,
    /// By slot: where the order stands in the heap, or [`NONE`].
    places: Vec<u32>,
}

impl Ends {
    /// Room for `orders_max` orders.
    pub(super) fn new(orders_max: u32) -> Self {
        Self { heap: Vec::with_capacity(orders_max as usize), places: vec![NONE; orders_max as usize] }
    }

    /// The order that ends first, and when.
    #[inline]
    pub(super) fn first(&self) -> Option<(Nanos, VenueOrderId, u32)> {
        self.heap.first().map(|entry| (entry.key.0, entry.key.1, entry.slot))
    }

    pub(super) const fn len(&self) -> usize {
        self.heap.len()
    }

    pub(super) fn push(&mut self, end: Nanos, id: VenueOrderId, slot: u32) {
        self.heap.push(Entry { key: (end, id), slot });
        self.rise(self.heap.len() - 1);
    }

    /// Takes an order out, where it is in.
    #[inline]
    pub(super) fn remove(&mut self, slot: u32) {
        let place = self.places[slot as usize];
        if place == NONE {
            return;
        }
        self.places[slot as usize] = NONE;
        self.heap.swap_remove(place as usize);
        if (place as usize) < self.heap.len() {
            self.sink(place as usize);
            self.rise(place as usize);
        }
    }

    fn rise(&mut self, mut at: usize) {
        while at > 0 {
            let parent = (at - 1) / 2;
            if self.heap[parent].key <= self.heap[at].key {
                break;
            }
            self.swap(parent, at);
            at = parent;
        }
        self.note(at);
    }

    fn sink(&mut self, mut at: usize) {
        loop {
            let better = |a: usize, b: usize| if self.heap[b].key < self.heap[a].key { b } else { a };
            let len = self.heap.len();
            let child = match 2 * at + 1 {
                left if left >= len => break,
                left if left + 1 < len => better(left, left + 1),
                left => left,
            };
            if self.heap[at].key <= self.heap[child].key {
                break;
            }
            self.swap(at, child);
            at = child;
        }
        self.note(at);
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.heap.swap(a, b);
        self.note(a);
        self.note(b);
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the heap holds at most as many orders as a u32 counts"
    )]
    fn note(&mut self, at: usize) {
        self.places[self.heap[at].slot as usize] = at as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn the_first_end_is_that_of_a_sorted_map(changes in prop::collection::vec((0..16u32, 0..9i64), 1..100)) {
            let (mut ends, mut twin) = (Ends::new(16), BTreeMap::new());
            for (slot, end) in changes {
                if twin.remove(&slot).is_some() {
                    ends.remove(slot);
                } else {
                    ends.push(Nanos(end), VenueOrderId(u64::from(slot)), slot);
                    twin.insert(slot, Nanos(end));
                }
                let first = twin.iter().map(|(slot, end)| (*end, VenueOrderId(u64::from(*slot)), *slot)).min();
                prop_assert_eq!((ends.first(), ends.len()), (first, twin.len()));
            }
        }
    }
}
