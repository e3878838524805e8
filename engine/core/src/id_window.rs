//! Which of a venue's ids were seen already: of trades, and of payments of funding, each of which is booked once.
//!
//! Never here: what an id stands for.

use alloc::collections::VecDeque;

use ballast_model::{Carried, Digest};

use crate::carry::{Of, Tell};

/// What the window can say of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admitted {
    /// It is new, and on record from now on.
    New,
    /// It is on record.
    Before,
    /// It is older than everything on record, so nobody can say.
    Forgotten,
}

/// The newest `KEPT` ids, exactly.
///
/// Needs ids that grow with time on each instrument, as venues number them; they may arrive out of order.
#[derive(Clone, Debug)]
pub(crate) struct IdWindow<const KEPT: usize> {
    /// Ascending; at most `KEPT`.
    ids: VecDeque<u64>,
    /// The largest id pushed out; `None` while all are on record.
    forgotten: Option<u64>,
}

impl<const KEPT: usize> IdWindow<KEPT> {
    pub(crate) fn new() -> Self {
        Self { ids: VecDeque::with_capacity(KEPT), forgotten: None }
    }

    /// Looks an id up and puts it on record where it is new.
    pub(crate) fn admit(&mut self, id: u64) -> Admitted {
        if self.forgotten.is_some_and(|forgotten| id <= forgotten) {
            return Admitted::Forgotten;
        }
        // Nearly every id is the newest.
        let mut place = match self.ids.back() {
            Some(newest) if *newest >= id => self.ids.partition_point(|known| *known < id),
            Some(_) | None => self.ids.len(),
        };
        if self.ids.get(place) == Some(&id) {
            return Admitted::Before;
        }
        if self.ids.len() == KEPT {
            if place == 0 {
                self.forgotten = Some(id);
                return Admitted::New;
            }
            self.forgotten = self.ids.pop_front();
            place -= 1;
        }
        self.ids.insert(place, id);
        Admitted::New
    }

    /// The ids on record, and the largest that no longer is.
    pub(crate) fn parts(&self) -> (&VecDeque<u64>, Option<u64>) {
        (&self.ids, self.forgotten)
    }

    pub(crate) fn digest(&self, digest: &mut Digest) {
        digest.word(self.forgotten.unwrap_or(0));
        digest.word(self.ids.len() as u64);
        self.ids.iter().for_each(|id| digest.word(*id));
    }

    /// Tells all it holds, six ids in a word: the part of a word is their number, and part 0 is the largest forgotten one.
    pub(crate) fn carry(&self, of: Of, tell: &mut Tell<'_>) {
        if let Some(forgotten) = self.forgotten {
            tell(of.word(0, [forgotten, 0, 0, 0, 0, 0]));
        }
        let (mut words, mut count) = ([0; 6], 0u8);
        for id in &self.ids {
            if let Some(place) = words.get_mut(usize::from(count)) {
                *place = *id;
            }
            count += 1;
            if usize::from(count) == words.len() {
                tell(of.word(count, words));
                (words, count) = ([0; 6], 0);
            }
        }
        if count > 0 {
            tell(of.word(count, words));
        }
    }

    /// Takes back a word; false where its ids have no place here.
    pub(crate) fn restore(&mut self, carried: &Carried) -> bool {
        if carried.part == 0 {
            let [forgotten, ..] = carried.words;
            self.forgotten = Some(forgotten);
            return true;
        }
        carried.words.into_iter().take(carried.part.into()).all(|id| {
            let room = self.ids.len() < KEPT && self.ids.back().is_none_or(|last| *last < id);
            if room {
                self.ids.push_back(id);
            }
            room
        })
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    const KEPT: usize = 256;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        /// Ids out of order and sent again, a whole window and more of them: each is new once at most, and one that the
        /// window cannot place is never taken for new.
        #[test]
        fn no_id_is_new_twice(steps in prop::collection::vec((0..400u64, 0..40u64), 1..24)) {
            let (mut window, mut seen) = (IdWindow::<KEPT>::new(), BTreeSet::new());
            for (first, count) in steps {
                for id in first..first + count {
                    match window.admit(id) {
                        Admitted::New => prop_assert!(seen.insert(id)),
                        Admitted::Before => prop_assert!(seen.contains(&id)),
                        Admitted::Forgotten => prop_assert!(seen.len() > KEPT),
                    }
                    prop_assert!(window.ids.len() <= KEPT && window.ids.iter().is_sorted());
                }
            }
            prop_assert!(seen.len() > KEPT || window.forgotten.is_none());
        }
    }
}
