//! What the deciding thread stores for the journal.

use ballast_model::{
    AssetId, BalanceUpdate, BookBatch, BookBegin, BookKind, Cancel, ClientOrderId, Command, Event,
    InstrumentId, Lots, Money, Nanos, OrderReport, OrderUpdate, PackedLevel, PackedMoney, Price,
    SubAccountId, Ticker, UpdateId, VenueOrderId,
};
use ballast_runtime::journal::{Journal, Options, Tap};

use crate::counting::counted;

/// One of each way in which something is stored, in an instrument of a high number.
fn tell(tap: &mut Tap, step: u16) {
    let (now, instrument) = (Nanos(i64::MAX - i64::from(step)), InstrumentId(u16::MAX - step));
    let level = PackedLevel::new(Price(step.into()), Lots(1)).unwrap();
    let (client_id, venue_time) = (ClientOrderId(u64::MAX), now);
    let ticker =
        Ticker { instrument, update_id: UpdateId(9), bid: level, ask: level, venue_time, recv_time: now };
    tap.event(now, &Event::Ticker(ticker)).unwrap();
    tap.event(now, &Event::Timer).unwrap();
    let (venue_id, filled) = (VenueOrderId(u64::MAX), Lots(i64::MIN));
    let report = OrderReport::Working { venue_id, level, filled, query: u16::MAX };
    tap.event(now, &Event::Order(OrderUpdate { instrument, client_id, report, venue_time })).unwrap();
    let most = PackedMoney::new(Money(i128::MIN));
    let (account, asset) = (SubAccountId(u16::MAX), AssetId(u16::MAX));
    let update = BalanceUpdate { account, asset, free: most, locked: most, venue_time };
    tap.event(now, &Event::Balance(update)).unwrap();
    let (update_id, recv_time) = (UpdateId(9), now);
    let begin = BookBegin { instrument, kind: BookKind::Diff, levels: 0, update_id, venue_time, recv_time };
    tap.batch(now, &BookBatch::new(begin, &[level; 99], &[level; 50]));
    tap.command(now, &Command::Cancel(Cancel { instrument, client_id }));
    assert_eq!(tap.news(), None);
}

#[test]
fn nothing_is_allocated_to_store_what_is_to_be_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(folder.path(), Vec::new(), &Options::default()).unwrap();
    let ((), calls) = counted(|| (0..2_000).for_each(|step| tell(&mut journal.tap, step)));
    assert_eq!(calls, 0);
    assert!(journal.finish().unwrap().records > 12_000);
}
