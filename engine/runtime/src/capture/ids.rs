//! Trade ids already seen.

use std::collections::BTreeMap;

/// A set of ids, kept as ranges: ids of one feed count up, so there are few.
#[derive(Clone, Debug, Default)]
pub(super) struct IdSet {
    /// Last id of each range by its first; ranges neither overlap nor touch.
    ranges: BTreeMap<u64, u64>,
}

impl IdSet {
    /// Adds an id; false where it was there.
    pub(super) fn insert(&mut self, id: u64) -> bool {
        let before = self.ranges.range(..=id).next_back().map(|(first, last)| (*first, *last));
        if before.is_some_and(|(_, last)| last >= id) {
            return false;
        }
        let first = before.filter(|(_, last)| last + 1 == id).map_or(id, |(first, _)| first);
        let after = id.checked_add(1).and_then(|next| self.ranges.remove(&next));
        self.ranges.insert(first, after.unwrap_or(id));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_new_once_and_neighbours_share_a_range() {
        let mut ids = IdSet::default();
        for id in [5, 7, 6, 0, u64::MAX, u64::MAX - 1, 9] {
            assert!(ids.insert(id), "{id}");
            assert!(!ids.insert(id), "{id} again");
        }
        let ranges: Vec<_> = ids.ranges.into_iter().collect();
        assert_eq!(ranges, [(0, 0), (5, 7), (9, 9), (u64::MAX - 1, u64::MAX)]);
    }
}
