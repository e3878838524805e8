//! Which payments of funding are already booked.
//!
//! Never here: money.

use alloc::collections::VecDeque;

use ballast_model::{Digest, PaymentId};

/// Payments remembered one by one: ten days of an instrument that pays every hour, far more than is sent again after a
/// reconnect.
pub(super) const PAYMENTS_KEPT: usize = 256;

/// What the window can say of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paid {
    /// It is new, and on record from now on.
    Now,
    /// It is on record.
    Before,
    /// It is older than everything on record, so nobody can say.
    Forgotten,
}

/// The newest [`PAYMENTS_KEPT`] payments of one instrument. Needs ids that grow with time; they may arrive out of order.
#[derive(Clone, Debug)]
pub(super) struct Payments {
    /// Ascending.
    pub(super) ids: VecDeque<PaymentId>,
    /// The largest id pushed out; `None` while all are on record.
    pub(super) forgotten: Option<PaymentId>,
}

impl Payments {
    pub(super) fn new() -> Self {
        Self { ids: VecDeque::with_capacity(PAYMENTS_KEPT), forgotten: None }
    }

    /// Looks a payment up and puts it on record where it is new.
    pub(super) fn admit(&mut self, id: PaymentId) -> Paid {
        if self.forgotten.is_some_and(|forgotten| id <= forgotten) {
            return Paid::Forgotten;
        }
        let Err(place) = self.ids.binary_search(&id) else { return Paid::Before };
        if self.ids.len() < PAYMENTS_KEPT {
            self.ids.insert(place, id);
        } else if place == 0 {
            self.forgotten = Some(id);
        } else {
            self.forgotten = self.ids.pop_front();
            self.ids.insert(place - 1, id);
        }
        Paid::Now
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        if let Some(forgotten) = self.forgotten {
            digest.word(forgotten.0);
        }
        self.ids.iter().for_each(|id| digest.word(id.0));
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        /// Ids out of order and sent again, a whole window and more of them: each is new once at most, and one that the
        /// window cannot place is never taken for new.
        #[test]
        fn no_payment_is_new_twice(steps in prop::collection::vec((0..400u64, 0..40u64), 1..24)) {
            let (mut payments, mut seen) = (Payments::new(), BTreeSet::new());
            for (first, count) in steps {
                for id in (first..first + count).map(PaymentId) {
                    match payments.admit(id) {
                        Paid::Now => prop_assert!(seen.insert(id)),
                        Paid::Before => prop_assert!(seen.contains(&id)),
                        Paid::Forgotten => prop_assert!(seen.len() > PAYMENTS_KEPT),
                    }
                    prop_assert!(payments.ids.len() <= PAYMENTS_KEPT && payments.ids.iter().is_sorted());
                }
            }
            prop_assert!(seen.len() > PAYMENTS_KEPT || payments.forgotten.is_none());
        }
    }
}
