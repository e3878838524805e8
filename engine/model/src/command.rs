//! What the core decides.

use crate::digest::Digest;
use crate::ids::{ClientOrderId, InstrumentId};
use crate::num::{Lots, Price, Side};
use crate::time::Nanos;

/// Bytes of an encoded command.
pub const COMMAND_BYTES: usize = 40;

/// How long an order lives and whether it may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum TimeInForce {
    /// Rests until cancelled; refused where it would take.
    PostOnly = 0,
    /// Rests until cancelled; may take.
    GoodTillCancel = 1,
    /// Takes what it can at once, the rest expires.
    ImmediateOrCancel = 2,
    /// Takes all at once or nothing.
    FillOrKill = 3,
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

/// One decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Place an order.
    New(NewOrder),
    /// Cancel an order.
    Cancel(Cancel),
}

const _: () = assert!(size_of::<Command>() <= 64);

impl Command {
    /// The command's canonical bytes: what the journal stores and the decisions hash covers. Little endian, fixed layout:
    /// kind, side, time in force, reduce-only (1 byte each), instrument (2), zero (2), client id (8), price (8), lots (8),
    /// expiry (8); a cancel leaves the order's fields zero.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; COMMAND_BYTES] {
        let mut bytes = [0u8; COMMAND_BYTES];
        for (word, slot) in self.words().iter().zip(bytes.as_chunks_mut::<8>().0) {
            *slot = word.to_le_bytes();
        }
        bytes
    }

    /// Takes the command's canonical bytes into a digest, word by word.
    pub fn digest(&self, digest: &mut Digest) {
        for word in self.words() {
            digest.word(word);
        }
    }

    const fn words(&self) -> [u64; COMMAND_BYTES / 8] {
        match self {
            Self::New(order) => {
                let [low, high] = order.instrument.0.to_le_bytes();
                let flags = [0, order.side as u8, order.tif as u8, order.reduce_only as u8, low, high, 0, 0];
                [
                    u64::from_le_bytes(flags),
                    order.client_id.0,
                    order.price.0.cast_unsigned(),
                    order.lots.0.cast_unsigned(),
                    order.expires_at.0.cast_unsigned(),
                ]
            }
            Self::Cancel(cancel) => {
                let [low, high] = cancel.instrument.0.to_le_bytes();
                [u64::from_le_bytes([1, 0, 0, 0, low, high, 0, 0]), cancel.client_id.0, 0, 0, 0]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_pinned() {
        let order = Command::New(NewOrder {
            instrument: InstrumentId(0x0102),
            client_id: ClientOrderId(3),
            side: Side::Ask,
            price: Price(4),
            lots: Lots(5),
            tif: TimeInForce::PostOnly,
            reduce_only: ReduceOnly::Yes,
            expires_at: Nanos(6),
        });
        let mut expected = [0u8; COMMAND_BYTES];
        expected[..6].copy_from_slice(&[0, 1, 0, 1, 2, 1]);
        expected[8] = 3;
        expected[16] = 4;
        expected[24] = 5;
        expected[32] = 6;
        assert_eq!(order.to_bytes(), expected);
    }
}
