//! What the core decides.

use crate::digest::Digest;
use crate::ids::{ClientOrderId, InstrumentId};
use crate::num::{Lots, Price, Side};
use crate::time::Nanos;

/// Bytes of an encoded command.
pub const COMMAND_BYTES: usize = 48;

/// How long an order lives and whether it may take.
///
/// There is no market order: one is sent as [`TimeInForce::ImmediateOrCancel`] with a protection price as its limit, on
/// every venue. So each order has a price that the gate's collar can hold, and none walks further than that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeInForce {
    /// Rests until cancelled; refused where it would take.
    PostOnly,
    /// Rests until cancelled; may take.
    GoodTillCancel,
    /// Takes what it can at once, the rest expires.
    ImmediateOrCancel,
    /// Takes all at once or nothing.
    FillOrKill,
    /// Rests until cancelled or until this time by the venue's clock; may take.
    GoodTillDate(Nanos),
}

impl TimeInForce {
    /// The kind as a number, as it stands in the canonical bytes.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::PostOnly => 0,
            Self::GoodTillCancel => 1,
            Self::ImmediateOrCancel => 2,
            Self::FillOrKill => 3,
            Self::GoodTillDate(_) => 4,
        }
    }

    /// The kind with this code, `end` where it has one; `None` where no kind has it.
    #[must_use]
    pub const fn of(code: u8, end: Nanos) -> Option<Self> {
        Some(match code {
            0 => Self::PostOnly,
            1 => Self::GoodTillCancel,
            2 => Self::ImmediateOrCancel,
            3 => Self::FillOrKill,
            4 => Self::GoodTillDate(end),
            _ => return None,
        })
    }

    /// When the venue ends the order by itself; `None` for never.
    #[must_use]
    pub const fn good_till(self) -> Option<Nanos> {
        match self {
            Self::GoodTillDate(end) => Some(end),
            Self::PostOnly | Self::GoodTillCancel | Self::ImmediateOrCancel | Self::FillOrKill => None,
        }
    }

    /// Whether what does not trade at once stays in the book.
    #[must_use]
    pub const fn may_rest(self) -> bool {
        match self {
            Self::PostOnly | Self::GoodTillCancel | Self::GoodTillDate(_) => true,
            Self::ImmediateOrCancel | Self::FillOrKill => false,
        }
    }
}

/// Whether an order may only make the position smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ReduceOnly {
    /// Any effect on the position.
    No = 0,
    /// The venue cuts or refuses what would add.
    Yes = 1,
}

/// Ask for a new order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewOrder {
    /// Where.
    pub instrument: InstrumentId,
    /// Our id.
    pub client_id: ClientOrderId,
    /// Buy or sell.
    pub side: Side,
    /// Limit price.
    pub price: Price,
    /// Size, above zero.
    pub lots: Lots,
    /// Lifetime.
    pub tif: TimeInForce,
    /// Reduce-only.
    pub reduce_only: ReduceOnly,
    /// The venue thread drops the order unsent after this time.
    pub expires_at: Nanos,
}

/// Ask for an order to be cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cancel {
    /// Where.
    pub instrument: InstrumentId,
    /// Our id.
    pub client_id: ClientOrderId,
}

/// Ask for a resting order to be amended in place, keeping our id of it.
///
/// The size is the new *total*, what has traded included, as venues count it: a fill on its way then makes the remainder
/// smaller and never trades more than was wanted. A total that is not above what has traded ends the order or is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replace {
    /// Where.
    pub instrument: InstrumentId,
    /// Our id.
    pub client_id: ClientOrderId,
    /// The order's side, which venues want repeated.
    pub side: Side,
    /// New limit price.
    pub price: Price,
    /// New total size, above zero.
    pub lots: Lots,
    /// The venue thread drops the request unsent after this time; the order stays as it is.
    pub expires_at: Nanos,
}

/// Ask what became of an order.
///
/// It is answered by [`OrderReport::Working`], [`OrderReport::Ended`] or [`OrderReport::NotFound`]. A session that can also
/// tells the order's fills once more: they are booked once, so that those that were missing are found.
///
/// [`OrderReport::Working`]: crate::OrderReport::Working
/// [`OrderReport::Ended`]: crate::OrderReport::Ended
/// [`OrderReport::NotFound`]: crate::OrderReport::NotFound
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query {
    /// Where.
    pub instrument: InstrumentId,
    /// Our id.
    pub client_id: ClientOrderId,
    /// Which query of this order it is, from one on; the answer repeats it. After 65 535 the numbers begin again.
    pub number: u16,
}

/// One decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Place an order.
    New(NewOrder),
    /// Cancel an order.
    Cancel(Cancel),
    /// Amend an order.
    Replace(Replace),
    /// Ask for an order's fate.
    Query(Query),
}

const _: () = assert!(size_of::<Command>() <= 64);

impl Command {
    /// Where it goes.
    #[must_use]
    pub const fn instrument(&self) -> InstrumentId {
        match self {
            Self::New(order) => order.instrument,
            Self::Cancel(cancel) => cancel.instrument,
            Self::Replace(replace) => replace.instrument,
            Self::Query(query) => query.instrument,
        }
    }

    /// The order it concerns.
    #[must_use]
    pub const fn client_id(&self) -> ClientOrderId {
        match self {
            Self::New(order) => order.client_id,
            Self::Cancel(cancel) => cancel.client_id,
            Self::Replace(replace) => replace.client_id,
            Self::Query(query) => query.client_id,
        }
    }

    /// The command's canonical bytes: what the journal stores and the decisions hash covers. Little endian, fixed layout:
    ///
    /// | bytes | meaning | new (0) | cancel (1) | replace (2) | query (3) |
    /// |---|---|---|---|---|---|
    /// | 0 | kind | 0 | 1 | 2 | 3 |
    /// | 1 | side: bid 0, ask 1 | yes | 0 | yes | 0 |
    /// | 2 | [`TimeInForce::code`] | yes | 0 | 0 | 0 |
    /// | 3 | reduce-only: no 0, yes 1 | yes | 0 | 0 | 0 |
    /// | 4–5 | instrument | yes | yes | yes | yes |
    /// | 6–7 | number of the query | 0 | 0 | 0 | yes |
    /// | 8–15 | client id | yes | yes | yes | yes |
    /// | 16–23 | price, ticks | yes | 0 | new | 0 |
    /// | 24–31 | size, lots | yes | 0 | new total | 0 |
    /// | 32–39 | `expires_at`, ns | yes | 0 | yes | 0 |
    /// | 40–47 | end time of a good-till-date order, ns; else 0 | yes | 0 | 0 | 0 |
    #[must_use]
    pub fn to_bytes(&self) -> [u8; COMMAND_BYTES] {
        let mut bytes = [0u8; COMMAND_BYTES];
        for (word, slot) in self.words().iter().zip(bytes.as_chunks_mut::<8>().0) {
            *slot = word.to_le_bytes();
        }
        bytes
    }

    /// The command that these canonical bytes say; `None` where they are no command's.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; COMMAND_BYTES]) -> Option<Self> {
        let [head, id, price, lots, expires_at, good_till] = words_of(bytes);
        let [kind, side, tif, reduce_only, low, high, first, second] = head.to_le_bytes();
        let instrument = InstrumentId(u16::from_le_bytes([low, high]));
        let client_id = ClientOrderId(id);
        let side = if side == 0 { Side::Bid } else { Side::Ask };
        let (price, lots) = (Price(price.cast_signed()), Lots(lots.cast_signed()));
        let expires_at = Nanos(expires_at.cast_signed());
        let command = match kind {
            0 => Self::New(NewOrder {
                instrument,
                client_id,
                side,
                price,
                lots,
                tif: TimeInForce::of(tif, Nanos(good_till.cast_signed()))?,
                reduce_only: if reduce_only == 0 { ReduceOnly::No } else { ReduceOnly::Yes },
                expires_at,
            }),
            1 => Self::Cancel(Cancel { instrument, client_id }),
            2 => Self::Replace(Replace { instrument, client_id, side, price, lots, expires_at }),
            3 => Self::Query(Query { instrument, client_id, number: u16::from_le_bytes([first, second]) }),
            _ => return None,
        };
        // One command has one spelling: whatever else a byte says is damage.
        (command.to_bytes() == *bytes).then_some(command)
    }

    /// Takes the command's canonical bytes into a digest, word by word.
    pub fn digest(&self, digest: &mut Digest) {
        for word in self.words() {
            digest.word(word);
        }
    }

    const fn words(&self) -> [u64; COMMAND_BYTES / 8] {
        let [low, high] = self.instrument().0.to_le_bytes();
        let id = self.client_id().0;
        match self {
            Self::New(order) => {
                let flags = [0, order.side as u8, order.tif.code(), order.reduce_only as u8, low, high, 0, 0];
                let good_till = match order.tif.good_till() {
                    Some(end) => end.0.cast_unsigned(),
                    None => 0,
                };
                [
                    u64::from_le_bytes(flags),
                    id,
                    order.price.0.cast_unsigned(),
                    order.lots.0.cast_unsigned(),
                    order.expires_at.0.cast_unsigned(),
                    good_till,
                ]
            }
            Self::Cancel(_) => [u64::from_le_bytes([1, 0, 0, 0, low, high, 0, 0]), id, 0, 0, 0, 0],
            Self::Replace(replace) => [
                u64::from_le_bytes([2, replace.side as u8, 0, 0, low, high, 0, 0]),
                id,
                replace.price.0.cast_unsigned(),
                replace.lots.0.cast_unsigned(),
                replace.expires_at.0.cast_unsigned(),
                0,
            ],
            Self::Query(query) => {
                let [first, second] = query.number.to_le_bytes();
                [u64::from_le_bytes([3, 0, 0, 0, low, high, first, second]), id, 0, 0, 0, 0]
            }
        }
    }
}

/// Canonical bytes as words.
fn words_of(bytes: &[u8; COMMAND_BYTES]) -> [u64; COMMAND_BYTES / 8] {
    let mut words = [0; COMMAND_BYTES / 8];
    for (word, slot) in words.iter_mut().zip(bytes.as_chunks::<8>().0) {
        *word = u64::from_le_bytes(*slot);
    }
    words
}

#[cfg(test)]
mod tests;
