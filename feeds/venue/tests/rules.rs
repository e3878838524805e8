//! Each market's synchronisation rules, one sentence each, on frames written by hand.

mod common;

use ballast_model::{BookKind, Event, Nanos, Span};
use ballast_venue::Channel;
use ballast_venue::binance::{
    BUFFERED_DIFFS_MAX, BookState, LEVELS_PER_SIDE_MAX, Market, OLD_DIFFS_MAX, SessionError,
};
use common::rig::{BOOKS, ETH, Rig, futures_diff, snapshot, spot_diff};

/// A live spot book at id 105.
fn live_spot() -> Rig {
    let mut rig = Rig::new(Market::Spot);
    rig.frame(&spot_diff(101, 105));
    rig.answer(&snapshot(100));
    assert_eq!(rig.told(), ["snapshot 100", "diff 105"]);
    rig
}

/// A live USD-M book at id 105.
fn live_usd_m() -> Rig {
    let mut rig = Rig::new(Market::UsdM);
    rig.frame(&futures_diff(98, 105, 95));
    rig.answer(&snapshot(100));
    assert_eq!(rig.told(), ["snapshot 100", "diff 105"]);
    rig
}

#[test]
fn nothing_of_a_book_is_told_before_its_snapshot() {
    let mut rig = Rig::new(Market::Spot);
    rig.frame(&spot_diff(101, 105));
    rig.frame(&spot_diff(106, 110));
    assert_eq!(rig.told(), [""; 0]);
    assert_eq!(rig.state(), BookState::Syncing);
}

#[test]
fn spot_diffs_up_to_the_snapshot_are_dropped_and_the_rest_follow_it() {
    let mut rig = Rig::new(Market::Spot);
    for (first, last) in [(91, 95), (96, 100), (101, 105), (106, 106)] {
        rig.frame(&spot_diff(first, last));
    }
    rig.answer(&snapshot(100));
    assert_eq!(rig.told(), ["snapshot 100", "diff 105", "diff 106"]);
    assert_eq!(rig.state(), BookState::Live);
    assert_eq!(rig.session.counters().stale_diffs_ignored, 2);
}

#[test]
fn a_spot_diff_may_reach_back_before_the_snapshot() {
    let mut rig = Rig::new(Market::Spot);
    rig.frame(&spot_diff(90, 105));
    rig.answer(&snapshot(100));
    assert_eq!(rig.told(), ["snapshot 100", "diff 105"]);
}

#[test]
fn a_spot_snapshot_older_than_the_buffer_is_refused() {
    let mut rig = Rig::new(Market::Spot);
    rig.frame(&spot_diff(102, 105));
    rig.answer(&snapshot(100));
    assert_eq!(rig.told(), [""; 0]);
    assert_eq!(rig.session.counters().snapshots_refused, 1);
    rig.answer(&snapshot(101));
    assert_eq!(rig.told(), ["snapshot 101", "diff 105"]);
}

#[test]
fn a_spot_book_follows_contiguous_ids() {
    let mut rig = live_spot();
    rig.frame(&spot_diff(106, 106));
    rig.frame(&spot_diff(107, 120));
    assert_eq!(rig.told(), ["diff 106", "diff 120"]);
    assert_eq!(rig.session.counters().gaps, 0);
}

#[test]
fn a_known_spot_diff_is_ignored() {
    let mut rig = live_spot();
    rig.frame(&spot_diff(101, 105));
    rig.frame(&spot_diff(99, 100));
    assert_eq!(rig.told(), [""; 0]);
    assert_eq!(rig.session.counters().stale_diffs_ignored, 2);
    assert_eq!(rig.state(), BookState::Live);
}

#[test]
fn a_hole_in_spot_ids_loses_the_book_and_a_newer_snapshot_restores_it() {
    let mut rig = live_spot();
    rig.frame(&spot_diff(107, 108));
    assert_eq!(rig.told(), ["lost Gap"]);
    assert_eq!(rig.state(), BookState::Stale);
    rig.frame(&spot_diff(109, 110));
    rig.answer(&snapshot(105));
    assert_eq!(rig.told(), [""; 0], "the snapshot does not reach over the hole");
    rig.answer(&snapshot(108));
    assert_eq!(rig.told(), ["snapshot 108", "diff 110"]);
    assert_eq!(rig.session.counters().gaps, 1);
}

#[test]
fn a_futures_diff_that_covers_the_snapshot_is_the_first() {
    let mut rig = Rig::new(Market::UsdM);
    for (first, last, prev) in [(80, 89, 77), (93, 99, 89), (100, 100, 99), (103, 110, 100)] {
        rig.frame(&futures_diff(first, last, prev));
    }
    rig.answer(&snapshot(100));
    assert_eq!(rig.told(), ["snapshot 100", "diff 100", "diff 110"], "u == lastUpdateId is kept");
    assert_eq!(rig.session.counters().stale_diffs_ignored, 2);
}

#[test]
fn a_futures_snapshot_before_the_buffer_is_refused() {
    let mut rig = Rig::new(Market::CoinM);
    rig.frame(&futures_diff(103, 110, 101));
    rig.answer(&snapshot(100));
    rig.answer(&snapshot(102));
    assert_eq!(rig.told(), [""; 0]);
    assert_eq!(rig.session.counters().snapshots_refused, 2);
    rig.answer(&snapshot(103));
    assert_eq!(rig.told(), ["snapshot 103", "diff 110"]);
}

#[test]
fn a_quiet_futures_book_joins_by_the_chain() {
    let mut rig = Rig::new(Market::UsdM);
    rig.answer(&snapshot(100));
    rig.frame(&futures_diff(140, 150, 100));
    assert_eq!(rig.told(), ["snapshot 100", "diff 150"]);
}

#[test]
fn the_first_futures_diff_after_a_snapshot_must_cover_it() {
    let mut rig = Rig::new(Market::UsdM);
    rig.answer(&snapshot(100));
    rig.frame(&futures_diff(140, 150, 130));
    assert_eq!(rig.told(), ["snapshot 100", "lost Gap"]);
}

#[test]
fn a_futures_book_follows_the_previous_id_and_not_contiguity() {
    let mut rig = live_usd_m();
    rig.frame(&futures_diff(170, 190, 105));
    assert_eq!(rig.told(), ["diff 190"]);
    rig.frame(&futures_diff(191, 195, 189));
    assert_eq!(rig.told(), ["lost Gap"], "U == u + 1 is spot's rule");
}

#[test]
fn a_futures_diff_that_overlaps_the_book_is_a_hole() {
    let mut rig = live_usd_m();
    rig.frame(&futures_diff(101, 110, 99));
    assert_eq!(rig.told(), ["lost Gap"]);
}

#[test]
fn a_futures_diff_without_the_previous_id_is_a_hole() {
    let mut rig = live_usd_m();
    rig.frame(&spot_diff(106, 110));
    assert_eq!(rig.told(), ["lost Gap"]);
}

#[test]
fn a_hole_in_the_buffer_drops_what_came_before() {
    let mut rig = Rig::new(Market::UsdM);
    rig.frame(&futures_diff(90, 95, 85));
    rig.frame(&futures_diff(101, 105, 99));
    assert_eq!(rig.told(), [""; 0], "nobody knew the book");
    rig.answer(&snapshot(93));
    assert_eq!(rig.state(), BookState::Syncing);
    rig.answer(&snapshot(104));
    assert_eq!(rig.told(), ["snapshot 104", "diff 105"]);
    assert_eq!((rig.session.counters().gaps, rig.session.counters().buffered_dropped), (1, 1));
}

#[test]
fn a_diff_without_levels_advances_the_book() {
    let mut rig = live_spot();
    rig.frame(r#"{"e":"depthUpdate","E":1700000000123,"s":"ETHUSDT","U":106,"u":107,"b":[],"a":[]}"#);
    let events = rig.reader.take();
    let [Event::BookBegin(begin)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((begin.kind, begin.levels, begin.update_id.0), (BookKind::Diff, 0, 107));
    rig.frame(&spot_diff(108, 108));
    assert_eq!(rig.told(), ["diff 108"]);
}

#[test]
fn bids_come_before_asks_whatever_the_frame_does() {
    let mut rig = live_spot();
    rig.frame(
        r#"{"a":[["2000.05","1"],["2000.06","2"],["2000.07","3"],["2000.08","4"],["2000.09","5"]],"u":106,"U":106,"s":"ETHUSDT","E":1,"e":"depthUpdate","b":[["1999.00","6"]]}"#,
    );
    let events = rig.reader.take();
    let sides: Vec<_> = events
        .iter()
        .skip(1)
        .map(|slot| matches!(slot, Event::BookLevels(slot) if slot.side == ballast_model::Side::Bid))
        .collect();
    assert_eq!(sides, [true, false, false]);
    assert_eq!(rig.reader.book(ETH).levels[1].get(&200_009), Some(&5_000));
}

#[test]
fn times_are_the_transaction_time_and_ours() {
    let mut rig = live_usd_m();
    rig.frame(&futures_diff(106, 110, 105));
    let events = rig.reader.take();
    let Some(Event::BookBegin(begin)) = events.first() else { panic!("{events:?}") };
    assert_eq!((begin.venue_time, begin.recv_time), (Nanos::from_millis(1_700_000_000_120), rig.now));
}

#[test]
fn a_buffered_diff_keeps_the_time_it_was_received() {
    let mut rig = Rig::new(Market::Spot);
    let received = rig.now;
    rig.frame(&spot_diff(101, 105));
    rig.wait(Span::from_millis(300));
    rig.answer(&snapshot(100));
    let mut times = Vec::new();
    for event in rig.reader.take() {
        if let Event::BookBegin(begin) = event {
            times.push((begin.venue_time, begin.recv_time));
        }
    }
    assert_eq!(times, [(rig.now, rig.now), (Nanos::from_millis(1_700_000_000_123), received)]);
}

#[test]
fn microseconds_are_known_by_their_size() {
    let mut rig = live_spot();
    rig.frame(r#"{"e":"depthUpdate","E":1700000000123456,"s":"ETHUSDT","U":106,"u":107,"b":[],"a":[]}"#);
    let events = rig.reader.take();
    let Some(Event::BookBegin(begin)) = events.first() else { panic!("{events:?}") };
    assert_eq!(begin.venue_time, Nanos(1_700_000_000_123_456_000));
}

#[test]
fn a_snapshot_of_a_live_book_is_ignored_older_or_newer() {
    let mut rig = live_spot();
    rig.answer(&snapshot(90));
    rig.answer(&snapshot(1_000));
    assert_eq!(rig.told(), [""; 0]);
    assert_eq!(rig.session.counters().snapshots_ignored, 2);
    rig.frame(&spot_diff(106, 106));
    assert_eq!(rig.told(), ["diff 106"]);
}

#[test]
fn an_inline_snapshot_of_a_recording_may_come_on_the_stream() {
    let mut rig = Rig::new(Market::Spot);
    rig.frame(&spot_diff(101, 105));
    rig.frame(&snapshot(100));
    assert_eq!(rig.told(), ["snapshot 100", "diff 105"]);
}

#[test]
fn partial_depth_is_never_taken_for_a_book() {
    let mut rig = live_usd_m();
    let partial = futures_diff(106, 110, 105).replace("@depth@100ms", "@depth20@100ms");
    rig.frame(&partial);
    rig.frame(&futures_diff(106, 110, 105).replace("@depth@100ms", "@rpiDepth@500ms"));
    assert_eq!(rig.told(), [""; 0]);
    let mut spot = Rig::new(Market::Spot);
    spot.frame(&format!(r#"{{"stream":"ethusdt@depth5","data":{}}}"#, snapshot(100)));
    assert_eq!(spot.state(), BookState::Syncing);
    assert_eq!((rig.session.counters().unknown_stream, spot.session.counters().unknown_stream), (2, 1));
}

#[test]
fn a_diff_that_cannot_be_read_shows_as_a_hole() {
    let mut rig = live_spot();
    let broken = spot_diff(106, 107).replace("1999.99", "1999.999");
    assert!(matches!(rig.bytes(BOOKS, &broken), Err(SessionError::Decode(_))));
    assert_eq!(rig.session.counters().decode_errors.off_grid, 1);
    rig.frame(&spot_diff(108, 109));
    assert_eq!(rig.told(), ["lost Gap"]);
}

#[test]
fn a_diff_that_contradicts_itself_loses_the_book() {
    let mut rig = live_spot();
    rig.frame(&spot_diff(110, 106));
    assert_eq!(rig.told(), ["lost BadMessage"]);
    rig.frame(&spot_diff(107, 108));
    rig.answer(&snapshot(106));
    assert_eq!(rig.told(), ["snapshot 106", "diff 108"]);
}

#[test]
fn a_venue_that_numbers_anew_is_noticed() {
    let mut rig = live_spot();
    for id in 1..=u64::from(OLD_DIFFS_MAX) {
        rig.frame(&spot_diff(id, id));
    }
    assert_eq!(rig.told(), [""; 0]);
    let restart = u64::from(OLD_DIFFS_MAX) + 1;
    rig.frame(&spot_diff(restart, restart));
    assert_eq!(rig.told(), ["lost Gap"]);
    rig.answer(&snapshot(restart - 1));
    assert_eq!(rig.told(), ["snapshot 64", "diff 65"]);
    rig.reader.refusals = 1;
    rig.frame(&spot_diff(66, 66));
    rig.answer(&snapshot(66));
    assert_eq!(rig.told(), ["lost RingFull", "snapshot 66"], "the old numbers are forgotten");
}

#[test]
fn a_full_buffer_is_emptied_and_counted() {
    let mut rig = Rig::new(Market::Spot);
    let diffs = BUFFERED_DIFFS_MAX as u64 + 1;
    for id in 1..=diffs {
        rig.frame(&spot_diff(id, id));
    }
    let counters = rig.session.counters();
    assert_eq!((counters.buffer_overflows, counters.buffered_dropped), (1, diffs - 1));
    rig.answer(&snapshot(5));
    assert_eq!(rig.told(), [""; 0], "what the snapshot needs is gone");
    rig.answer(&snapshot(diffs - 1));
    assert_eq!(rig.told(), [format!("snapshot {}", diffs - 1), format!("diff {diffs}")]);
}

#[test]
fn a_snapshot_beyond_all_limits_is_an_error_and_never_cut_short() {
    let mut rig = Rig::new(Market::Spot);
    rig.frame(&spot_diff(101, 105));
    let level = |ticks: usize| format!(r#"["{}.{:02}","1"]"#, ticks / 100, ticks % 100);
    let bids = |count: usize| (1..=count).map(level).collect::<Vec<_>>().join(",");
    let body = |count| format!(r#"{{"lastUpdateId":100,"bids":[{}],"asks":[]}}"#, bids(count));
    let oversized = body(LEVELS_PER_SIDE_MAX + 1);
    assert_eq!(rig.bytes(Channel::Rest, &oversized), Err(SessionError::TooManyLevels(ETH)));
    assert_eq!(rig.told(), ["lost BookFull"]);
    assert_eq!(rig.session.counters().oversized, 1);
    rig.answer(&body(LEVELS_PER_SIDE_MAX));
    assert_eq!(rig.told(), ["snapshot 100", "diff 105"]);
    assert_eq!(rig.reader.book(ETH).levels[0].len(), LEVELS_PER_SIDE_MAX + 1);
}

#[test]
fn a_diff_beyond_all_limits_loses_a_live_book() {
    let mut rig = live_spot();
    let levels = vec![r#"["1.00","1"]"#; LEVELS_PER_SIDE_MAX + 1].join(",");
    let frame = format!(r#"{{"e":"depthUpdate","E":1,"s":"ETHUSDT","U":106,"u":107,"b":[],"a":[{levels}]}}"#);
    assert_eq!(rig.bytes(BOOKS, &frame), Err(SessionError::TooManyLevels(ETH)));
    assert_eq!(rig.told(), ["lost BookFull"]);
    assert_eq!(rig.state(), BookState::Stale);
}

#[test]
fn levels_between_two_ticks_are_passed_over_where_that_is_asked_for() {
    let strays = |last: u64| {
        let diff = spot_diff(last, last);
        [
            diff.replace("1999.99", "1999.985"),
            diff.replace("\"a\":[]", "\"a\":[[\"2000.005\",\"1\"],[\"2000.01\",\"2\"]]"),
        ]
    };
    let [alone, mixed] = strays(106);
    let mut rig = live_spot();
    assert!(rig.bytes(BOOKS, &alone).is_err());
    let mut rig = Rig::new(Market::Spot);
    rig.session.pass_over_strays();
    rig.frame(&spot_diff(101, 105));
    rig.answer(&snapshot(100).replace("1999.98", "1999.984"));
    assert_eq!(rig.told(), ["snapshot 100", "diff 105"]);
    rig.frame(&alone);
    rig.frame(&mixed.replace(":106,", ":107,"));
    assert_eq!(
        (rig.told(), rig.state()),
        (vec!["diff 106".to_owned(), "diff 107".to_owned()], BookState::Live)
    );
    let [bids, asks] = &rig.reader.book(ETH).levels;
    assert_eq!((bids.len(), asks.get(&200_001)), (1, Some(&2_000)), "{bids:?} {asks:?}");
    let counters = rig.session.counters();
    assert_eq!((counters.stray_levels, counters.decode_errors.total()), (3, 0));
    // A size between two lots is no less of a stray; what is no number is still none.
    rig.frame(&spot_diff(108, 108).replace("\"108\"", "\"0.0005\""));
    assert_eq!(rig.session.counters().stray_levels, 4);
    assert!(rig.bytes(BOOKS, &spot_diff(109, 109).replace("1999.99", "much")).is_err());
}
