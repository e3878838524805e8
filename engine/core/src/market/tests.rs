use super::*;
use alloc::vec::Vec;
use ballast_model::{InstrumentId, Lots, Price};
use proptest::prelude::*;

const LIMITS: BookLimits = BookLimits { price_ticks_max: 1_000_000, levels_max: 1 };
const ID: InstrumentId = InstrumentId(0);

fn packed(price: i64, lots: i64) -> PackedLevel {
    PackedLevel::new(Price(price), Lots(lots)).unwrap()
}

fn begin(kind: BookKind, levels: u32, id: u64) -> BookBegin {
    let time = Nanos(i64::try_from(id).unwrap());
    BookBegin { instrument: ID, kind, levels, update_id: UpdateId(id), venue_time: time, recv_time: time }
}

fn slot(side: Side, level: PackedLevel, last: Last) -> BookLevels {
    let mut levels = [PackedLevel::default(); 4];
    levels[0] = level;
    BookLevels { instrument: ID, side, last, count: 1, levels }
}

fn ticker(id: u64, bid: PackedLevel, ask: PackedLevel) -> Ticker {
    let time = Nanos(i64::try_from(id).unwrap());
    Ticker { instrument: ID, update_id: UpdateId(id), bid, ask, venue_time: time, recv_time: time }
}

/// A live market 100 / 102 at id 10.
fn live() -> Market {
    let mut market = Market::new(LIMITS);
    assert_eq!(market.on_begin(&begin(BookKind::Snapshot, 2, 10)), MarketChange::None);
    assert_eq!(market.on_levels(&slot(Side::Bid, packed(100, 5), Last::No)), MarketChange::None);
    assert_eq!(market.touch(), None, "a batch under way shows no touch");
    assert_eq!(market.on_levels(&slot(Side::Ask, packed(102, 6), Last::Yes)), MarketChange::Touch);
    market
}

fn touch_prices(market: &Market) -> Option<(i64, i64)> {
    market.touch().map(|touch| (touch.bid.price.0, touch.ask.price.0))
}

#[test]
fn diffs_before_a_snapshot_build_no_book() {
    let mut market = Market::new(LIMITS);
    market.on_begin(&begin(BookKind::Diff, 1, 9));
    market.on_levels(&slot(Side::Bid, packed(100, 5), Last::Yes));
    assert_eq!((market.state(), market.touch()), (BookState::Unsynced, None));
    assert_eq!(market.book().depth(Side::Bid), 0);
}

#[test]
fn near_depth_counts_from_each_best_price_backwards() {
    let mut market = Market::new(BookLimits { levels_max: 8, ..LIMITS });
    market.on_begin(&begin(BookKind::Snapshot, 7, 10));
    for (price, lots) in [(100, 5), (99, 7), (95, 11), (90, 1_000)] {
        market.on_levels(&slot(Side::Bid, packed(price, lots), Last::No));
    }
    for (price, lots, last) in [(102, 6, Last::No), (107, 3, Last::No), (108, 2, Last::Yes)] {
        market.on_levels(&slot(Side::Ask, packed(price, lots), last));
    }
    let touch = market.touch().unwrap();
    let near = |within| {
        let NearDepth { bid_lots, ask_lots } = market.near_depth(&touch, Ticks(within));
        (bid_lots.0, ask_lots.0)
    };
    assert_eq!(near(0), (5, 6));
    assert_eq!(near(4), (12, 6));
    assert_eq!(near(5), (23, 9));
    assert_eq!(near(1_000), (1_023, 11));
}

#[test]
fn a_newer_best_price_moves_the_touch_and_an_older_does_not() {
    let mut market = live();
    assert_eq!(market.on_ticker(&ticker(10, packed(99, 1), packed(103, 1))), MarketChange::None);
    assert_eq!(touch_prices(&market), Some((100, 102)));
    assert_eq!(market.on_ticker(&ticker(12, packed(101, 1), packed(102, 1))), MarketChange::Touch);
    assert_eq!(touch_prices(&market), Some((101, 102)));
}

#[test]
fn a_diff_behind_the_best_price_stream_does_not_turn_the_touch_back() {
    let mut market = live();
    market.on_ticker(&ticker(20, packed(101, 1), packed(102, 1)));
    market.on_begin(&begin(BookKind::Diff, 1, 15));
    assert_eq!(market.on_levels(&slot(Side::Bid, packed(100, 9), Last::Yes)), MarketChange::None);
    assert_eq!(touch_prices(&market), Some((101, 102)));
    market.on_begin(&begin(BookKind::Diff, 1, 25));
    assert_eq!(market.on_levels(&slot(Side::Ask, packed(102, 0), Last::Yes)), MarketChange::Touch);
    assert_eq!(touch_prices(&market), None, "an empty side shows no touch");
}

#[test]
fn a_best_price_too_far_ahead_is_ignored_and_counted() {
    for (lead, expected) in [(TICKER_LEAD_MAX, 0), (TICKER_LEAD_MAX + 1, 1), (u64::MAX - 10, 1)] {
        let mut market = live();
        let mut far = ticker(11, packed(99, 1), packed(103, 1));
        far.update_id = UpdateId(10 + lead);
        market.on_ticker(&far);
        assert_eq!(market.counts().tickers_too_far_ahead, expected, "{lead}");
        market.on_ticker(&ticker(12, packed(101, 1), packed(102, 1)));
        assert_eq!(touch_prices(&market), Some(if expected == 1 { (101, 102) } else { (99, 103) }));
    }
}

#[test]
fn the_book_replaces_a_best_price_that_diffs_do_not_reach() {
    let mut market = live();
    market.on_ticker(&ticker(1_000_000, packed(101, 1), packed(102, 1)));
    let diff_at =
        |id: u64, time: i64| BookBegin { recv_time: Nanos(1_000_000 + time), ..begin(BookKind::Diff, 0, id) };
    assert_eq!(market.on_begin(&diff_at(20, TICKER_LEAD_TIME_MAX.0)), MarketChange::None);
    assert_eq!(touch_prices(&market), Some((101, 102)));
    assert_eq!(market.on_begin(&diff_at(21, TICKER_LEAD_TIME_MAX.0 + 1)), MarketChange::Touch);
    assert_eq!((touch_prices(&market), market.counts().tickers_never_reached), (Some((100, 102)), 1));
    market.on_ticker(&ticker(22, packed(101, 3), packed(102, 1)));
    assert_eq!(touch_prices(&market), Some((101, 102)), "newer best prices count again");
}

#[test]
fn a_crossed_book_shows_no_touch_whatever_the_best_prices_say() {
    let mut market = Market::new(BookLimits { levels_max: 4, ..LIMITS });
    market.on_begin(&begin(BookKind::Snapshot, 2, 10));
    market.on_levels(&slot(Side::Bid, packed(100, 5), Last::No));
    market.on_levels(&slot(Side::Ask, packed(102, 6), Last::Yes));
    market.on_begin(&begin(BookKind::Diff, 1, 12));
    let crossing = market.on_levels(&slot(Side::Bid, packed(102, 1), Last::Yes));
    assert_eq!((crossing, touch_prices(&market)), (MarketChange::Touch, None));
    assert_eq!(market.on_ticker(&ticker(13, packed(100, 5), packed(102, 6))), MarketChange::None);
    assert_eq!((touch_prices(&market), market.counts().crossed_batches), (None, 1));
    market.on_begin(&begin(BookKind::Diff, 1, 14));
    let mended = market.on_levels(&slot(Side::Bid, packed(102, 0), Last::Yes));
    assert_eq!((mended, touch_prices(&market)), (MarketChange::Touch, Some((100, 102))));
}

#[test]
fn torn_batches_lose_the_book() {
    let mut market = live();
    market.on_begin(&begin(BookKind::Diff, 2, 11));
    assert_eq!(market.on_begin(&begin(BookKind::Diff, 1, 12)), MarketChange::Lost(LostReason::TornBatch));

    let mut market = live();
    market.on_begin(&begin(BookKind::Diff, 2, 11));
    let early_end = market.on_levels(&slot(Side::Bid, packed(99, 1), Last::Yes));
    assert_eq!(early_end, MarketChange::Lost(LostReason::TornBatch));

    let mut market = live();
    let unannounced = market.on_levels(&slot(Side::Bid, packed(99, 1), Last::Yes));
    assert_eq!(unannounced, MarketChange::Lost(LostReason::TornBatch));
}

#[test]
fn a_lost_book_needs_a_snapshot() {
    let mut market = live();
    let lost = market.on_lost(&BookLost { instrument: ID, reason: LostReason::Gap });
    assert_eq!(lost, MarketChange::Lost(LostReason::Gap));
    assert_eq!(market.on_ticker(&ticker(30, packed(101, 1), packed(102, 1))), MarketChange::None);
    assert_eq!(market.touch(), None);
    market.on_begin(&begin(BookKind::Snapshot, 2, 40));
    market.on_levels(&slot(Side::Bid, packed(200, 5), Last::No));
    market.on_levels(&slot(Side::Ask, packed(202, 6), Last::Yes));
    assert_eq!(touch_prices(&market), Some((200, 202)));
    assert_eq!(market.book().depth(Side::Bid), 1, "the old levels are gone");
}

#[test]
fn a_full_book_is_lost_not_truncated() {
    let mut market = live();
    market.on_begin(&begin(BookKind::Diff, 3, 11));
    for price in [99, 10] {
        assert_eq!(market.on_levels(&slot(Side::Bid, packed(price, 1), Last::No)), MarketChange::None);
    }
    let third_page = market.on_levels(&slot(Side::Bid, packed(200, 1), Last::Yes));
    assert_eq!(third_page, MarketChange::Lost(LostReason::BookFull));
}

fn levels() -> impl Strategy<Value = Vec<PackedLevel>> {
    // Few prices, some of them in a third page of a book that is certain of one.
    let price = prop_oneof![8 => 90..110i64, 1 => Just(10i64), 1 => Just(200i64)];
    prop::collection::vec((price, 0..3i64).prop_map(|(price, lots)| packed(price, lots)), 0..11)
}

proptest! {
    #[test]
    fn a_batch_in_one_piece_equals_its_slots(
        batches in prop::collection::vec((0..8u8, levels(), levels()), 1..20),
    ) {
        let (mut whole, mut twin) = (Market::new(LIMITS), Market::new(LIMITS));
        for ((kind, bids, asks), id) in batches.into_iter().zip(10..) {
            let kind = if kind == 0 { BookKind::Snapshot } else { BookKind::Diff };
            let batch = BookBatch::new(begin(kind, 0, id), &bids, &asks);
            let changes: Vec<_> = core::iter::once(twin.on_begin(batch.begin()))
                .chain(batch.slots().map(|slot| twin.on_levels(&slot)))
                .filter(|change| *change != MarketChange::None)
                .collect();
            let change = whole.on_batch(&batch);
            prop_assert_eq!(Some(change).filter(|change| *change != MarketChange::None), changes.first().copied());
            prop_assert!(changes.len() <= 1);
            let [one, other] = [&whole, &twin].map(|market| {
                let mut digest = Digest::new();
                market.digest(&mut digest);
                (digest.value(), market.touch(), market.state())
            });
            prop_assert_eq!(one, other);
        }
    }
}

#[test]
fn whatever_decisions_depend_on_is_in_the_digest() {
    let hash = |market: &Market| {
        let mut digest = Digest::new();
        market.digest(&mut digest);
        digest.value()
    };
    let whole = hash(&live());
    assert_eq!(hash(&live()), whole);
    let with = |change: &dyn Fn(&mut Market)| {
        let mut market = live();
        change(&mut market);
        market
    };
    let later = |kind, levels, id| BookBegin { recv_time: Nanos(99), ..begin(kind, levels, id) };
    let others = [
        with(&|market| market.confirmed_at = Nanos(11)),
        with(&|market| market.await_confirmation()),
        with(&|market| market.expire_touch()),
        with(&|market| {
            market.on_begin(&begin(BookKind::Diff, 1, 11));
        }),
        with(&|market| {
            market.on_begin(&begin(BookKind::Diff, 2, 11));
        }),
        with(&|market| {
            market.on_begin(&begin(BookKind::Diff, 2, 12));
        }),
        with(&|market| {
            market.on_begin(&later(BookKind::Diff, 2, 12));
        }),
        with(&|market| market.crossed = true),
        with(&|market| market.put_off = true),
    ];
    let mut hashes: Vec<_> = others.iter().map(hash).chain([whole]).collect();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), 10, "each is another state");
}
