//! The canonical bytes of every kind of command, byte by byte.

use super::*;

/// An ask with every byte of its numbers used.
const ORDER: NewOrder = NewOrder {
    instrument: InstrumentId(0x0201),
    client_id: ClientOrderId(0x1817_1615_1413_1211),
    side: Side::Ask,
    price: Price(0x2827_2625_2423_2221),
    lots: Lots(0x3837_3635_3433_3231),
    tif: TimeInForce::GoodTillDate(Nanos(0x5857_5655_5453_5251)),
    reduce_only: ReduceOnly::Yes,
    expires_at: Nanos(0x4847_4645_4443_4241),
};

const ID: [u8; 8] = [0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18];
const PRICE: [u8; 8] = [0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28];
const LOTS: [u8; 8] = [0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38];
const EXPIRES: [u8; 8] = [0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48];
const END: [u8; 8] = [0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58];

fn check(command: &Command, head: [u8; 8], rest: [[u8; 8]; 5]) {
    let bytes = command.to_bytes();
    assert_eq!(bytes[..8], head, "{command:?}");
    assert_eq!(bytes[8..], *rest.as_flattened(), "{command:?}");
    let mut words = Digest::new();
    command.digest(&mut words);
    let mut expected = Digest::new();
    bytes.as_chunks::<8>().0.iter().for_each(|word| expected.word(u64::from_le_bytes(*word)));
    assert_eq!(words, expected, "the digest covers the bytes");
    assert_eq!(Command::from_bytes(&bytes), Some(*command), "the bytes say the command");
    // Every byte counts: another one says another command, or none.
    for at in 0..COMMAND_BYTES {
        let mut damaged = bytes;
        damaged[at] ^= 0x80;
        assert_ne!(Command::from_bytes(&damaged), Some(*command), "byte {at}");
        assert_eq!(
            Command::from_bytes(&damaged).map_or(damaged, |other| other.to_bytes()),
            damaged,
            "byte {at}"
        );
    }
}

#[test]
fn bytes_of_every_kind_are_pinned() {
    let (instrument, client_id) = (ORDER.instrument, ORDER.client_id);
    check(&Command::New(ORDER), [0, 1, 4, 1, 1, 2, 0, 0], [ID, PRICE, LOTS, EXPIRES, END]);
    let cancel = Command::Cancel(Cancel { instrument, client_id });
    check(&cancel, [1, 0, 0, 0, 1, 2, 0, 0], [ID, [0; 8], [0; 8], [0; 8], [0; 8]]);
    let NewOrder { side, price, lots, expires_at, .. } = ORDER;
    let replace = Replace { instrument, client_id, side, price, lots, expires_at };
    check(&Command::Replace(replace), [2, 1, 0, 0, 1, 2, 0, 0], [ID, PRICE, LOTS, EXPIRES, [0; 8]]);
    let query = Command::Query(Query { instrument, client_id, number: 0x0403 });
    check(&query, [3, 0, 0, 0, 1, 2, 3, 4], [ID, [0; 8], [0; 8], [0; 8], [0; 8]]);
}

#[test]
fn every_time_in_force_has_its_byte() {
    let kinds = [
        TimeInForce::PostOnly,
        TimeInForce::GoodTillCancel,
        TimeInForce::ImmediateOrCancel,
        TimeInForce::FillOrKill,
    ];
    for (tif, code) in kinds.into_iter().zip(0..) {
        let order = NewOrder { tif, side: Side::Bid, reduce_only: ReduceOnly::No, ..ORDER };
        check(&Command::New(order), [0, 0, code, 0, 1, 2, 0, 0], [ID, PRICE, LOTS, EXPIRES, [0; 8]]);
        assert_eq!(tif.may_rest(), code < 2);
    }
    assert!(ORDER.tif.may_rest());
}
