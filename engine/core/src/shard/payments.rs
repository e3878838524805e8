//! Which payments of funding are already booked.
//!
//! Never here: money.

use ballast_model::Digest;

use crate::id_window::IdWindow;

/// Payments remembered one by one: ten days of an instrument that pays every hour, far more than is sent again after a
/// reconnect.
pub(super) const PAYMENTS_KEPT: usize = 256;

/// The newest payments of one instrument, by the venue's ids.
pub(super) type Payments = IdWindow<PAYMENTS_KEPT>;

/// Takes them into a digest: nothing where nothing was ever paid.
pub(super) fn digest(payments: &Payments, digest: &mut Digest) {
    let (ids, forgotten) = payments.parts();
    if let Some(forgotten) = forgotten {
        digest.word(forgotten);
    }
    ids.iter().for_each(|id| digest.word(*id));
}
