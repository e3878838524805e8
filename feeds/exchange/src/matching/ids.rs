//! A bounded table from an account's order id to where the order is kept.
//!
//! Open addressing with linear probing in a table at most half full; a removal moves later entries back, so that there are
//! no tombstones and a search never grows longer with age (Knuth, The Art of Computer Programming, vol. 3, 6.4, algorithm R).
//!
//! Never here: an order.
#![expect(
    clippy::indexing_slicing,
    reason = "places are cut to the table's size, a power of two; another one must stop the engine"
)]

use alloc::vec;
use alloc::vec::Vec;

use ballast_model::ClientOrderId;

use super::ladder::NONE;
use super::words::AccountId;

#[derive(Clone, Copy, Debug)]
struct Entry {
    client_id: ClientOrderId,
    /// [`NONE`] where the place is empty.
    slot: u32,
    account: AccountId,
}

/// The table.
#[derive(Debug)]
pub(super) struct IdTable {
    entries: Vec<Entry>,
    mask: usize,
    len: usize,
}

impl IdTable {
    /// Room for `orders_max` ids.
    pub(super) fn new(orders_max: u32) -> Self {
        let size = (2 * orders_max as usize).next_power_of_two();
        let empty = Entry { client_id: ClientOrderId(0), slot: NONE, account: AccountId(0) };
        Self { entries: vec![empty; size], mask: size - 1, len: 0 }
    }

    /// Where the order is kept.
    #[inline]
    pub(super) fn get(&self, account: AccountId, client_id: ClientOrderId) -> Option<u32> {
        let entry = self.entries[self.place(account, client_id)];
        (entry.slot != NONE).then_some(entry.slot)
    }

    /// Notes where an order is kept whose id is not in the table yet.
    #[inline]
    pub(super) fn insert(&mut self, account: AccountId, client_id: ClientOrderId, slot: u32) {
        let place = self.place(account, client_id);
        self.len += usize::from(self.entries[place].slot == NONE);
        self.entries[place] = Entry { client_id, slot, account };
    }

    /// Forgets an id.
    #[inline]
    pub(super) fn remove(&mut self, account: AccountId, client_id: ClientOrderId) {
        let mut hole = self.place(account, client_id);
        if self.entries[hole].slot == NONE {
            return;
        }
        self.len -= 1;
        let mut at = hole;
        loop {
            at = (at + 1) & self.mask;
            let entry = self.entries[at];
            if entry.slot == NONE {
                break;
            }
            // An entry moves into the hole unless it would come to stand before its home.
            let home = self.home(entry.account, entry.client_id);
            if (at.wrapping_sub(home) & self.mask) >= (at.wrapping_sub(hole) & self.mask) {
                self.entries[hole] = entry;
                hole = at;
            }
        }
        self.entries[hole].slot = NONE;
    }

    /// Ids in the table.
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// The place of the id, or the empty one where it would go.
    #[inline]
    fn place(&self, account: AccountId, client_id: ClientOrderId) -> usize {
        let mut at = self.home(account, client_id);
        loop {
            let entry = &self.entries[at];
            if entry.slot == NONE || (entry.client_id == client_id && entry.account == account) {
                return at;
            }
            at = (at + 1) & self.mask;
        }
    }

    /// Where the search begins: the finaliser of splitmix64 (Steele, Lea and Flood, 2014).
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "cut to the table's size on purpose")]
    const fn home(&self, account: AccountId, client_id: ClientOrderId) -> usize {
        let mut z = client_id.0 ^ (account.0 as u64) << 48;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) as usize & self.mask
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
        fn the_table_equals_a_map(changes in prop::collection::vec((0..3u16, 0..12u64, any::<bool>()), 1..120)) {
            // 16 ids in 32 places: searches wrap around and entries share homes.
            let (mut table, mut twin) = (IdTable::new(16), BTreeMap::new());
            for (slot, (account, id, insert)) in (0u32..).zip(changes) {
                let (account, id) = (AccountId(account), ClientOrderId(id));
                if insert && twin.len() < 16 && !twin.contains_key(&(account, id)) {
                    table.insert(account, id, slot);
                    twin.insert((account, id), slot);
                } else {
                    table.remove(account, id);
                    twin.remove(&(account, id));
                }
                prop_assert_eq!(table.len(), twin.len());
                for account in 0..3 {
                    for id in 0..12 {
                        let key = (AccountId(account), ClientOrderId(id));
                        prop_assert_eq!(table.get(key.0, key.1), twin.get(&key).copied());
                    }
                }
            }
        }
    }
}
