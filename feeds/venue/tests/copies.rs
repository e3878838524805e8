//! Several connections for the same streams, step by step.

mod common;

use ballast_model::Span;
use ballast_venue::Channel;
use ballast_venue::binance::{BEHIND_MAX, BookState, Market, OLD_DIFFS_MAX, SessionError, TradeSource};
use common::rig::{ETH, Rig, feed, futures_diff, snapshot, spot_diff};

const A: Channel = Channel::Market(0);
const B: Channel = Channel::Market(1);
const C: Channel = Channel::Market(2);
/// The second connection for books on futures.
const B_OF_TWO: Channel = Channel::Market(2);

fn spot(copies: u8) -> Rig {
    Rig::copied(Market::Spot, TradeSource::Trades, &[feed(ETH, "ETHUSDT")], copies)
}

fn futures(trade_source: TradeSource) -> Rig {
    Rig::copied(Market::UsdM, trade_source, &[feed(ETH, "ETHUSDT")], 2)
}

impl Rig {
    fn over(&mut self, channel: Channel, frame: &str) {
        assert_eq!(self.bytes(channel, frame), Ok(frame.len()), "{frame}");
    }
}

/// Connected, and live at 105 by connection A; B has told the same.
fn live(copies: u8) -> Rig {
    let mut rig = spot(copies);
    for channel in [A, B, C].into_iter().take(usize::from(copies)) {
        rig.connect(channel);
        rig.over(channel, &spot_diff(101, 105));
    }
    rig.sent();
    rig.answer(&snapshot(102));
    assert_eq!(rig.told(), ["snapshot 102", "diff 105"]);
    rig
}

#[test]
fn each_connection_is_opened_and_asked_for_all_streams_of_its_kind() {
    let mut rig = futures(TradeSource::Trades);
    let paths: Vec<_> = rig.session.connections().collect();
    let numbered = [0, 1, 2, 3].map(Channel::Market);
    let [public, market] = ["/public/stream", "/market/stream"];
    assert_eq!(
        paths,
        [public, market, public, market]
            .map(|path| path)
            .iter()
            .enumerate()
            .map(|(at, path)| (numbered[at], *path))
            .collect::<Vec<_>>()
    );
    assert_eq!(numbered.map(|channel| rig.session.carries_books(channel)), [true, false, true, false]);
    assert!(!rig.session.carries_books(Channel::Rest) && !rig.session.carries_books(Channel::Market(4)));
    assert!(
        rig.session.are_copies(numbered[1], numbered[3]) && !rig.session.are_copies(numbered[1], numbered[2])
    );
    assert!(!rig.session.are_copies(Channel::Api, Channel::Api));
    for channel in numbered {
        rig.connect(channel);
    }
    let asked = rig.sent();
    assert_eq!(asked.iter().map(|(channel, _)| *channel).collect::<Vec<_>>(), numbered);
    let params = |at: usize| asked[at].1.split("\"id\"").next().map(str::to_owned);
    assert_eq!((params(0), params(1)), (params(2), params(3)));
    assert_ne!(params(0), params(1));
    assert_eq!(rig.bytes(Channel::Market(4), "{}"), Err(SessionError::Channel(Channel::Market(4))));
}

#[test]
fn a_diff_is_told_once_by_whichever_brings_it_first() {
    let mut rig = live(2);
    rig.over(B, &spot_diff(106, 107));
    assert!(rig.session.place().is_some());
    rig.over(A, &spot_diff(106, 107));
    assert_eq!(rig.session.place(), None, "it is nowhere in the stream that is told");
    rig.over(A, &spot_diff(108, 110));
    rig.over(B, &spot_diff(108, 110));
    assert_eq!(rig.told(), ["diff 107", "diff 110"]);
    let counters = rig.session.counters();
    // Before the snapshot one was known as well.
    assert_eq!((counters.known, counters.stale_diffs_ignored, counters.holes), (3, 0, 0));
}

#[test]
fn a_hole_is_filled_by_the_other_and_what_waited_follows_at_once() {
    let mut rig = live(2);
    rig.over(A, &spot_diff(108, 110));
    rig.over(A, &spot_diff(111, 111));
    assert_eq!(rig.told(), [""; 0], "106 and 107 are still to come");
    assert_eq!(rig.state(), BookState::Live);
    rig.over(B, &spot_diff(106, 107));
    assert_eq!(rig.told(), ["diff 107", "diff 110", "diff 111"]);
    rig.over(B, &spot_diff(108, 110));
    rig.over(A, &spot_diff(112, 112));
    assert_eq!(rig.told(), ["diff 112"]);
    let counters = rig.session.counters();
    assert_eq!((counters.holes, counters.gaps, counters.books_lost), (1, 0, 0));
    rig.wait(BEHIND_MAX);
    assert_eq!((rig.sent(), rig.session.next_deadline()), (vec![], None), "nothing is behind");
    assert_eq!(rig.state(), BookState::Live);
}

#[test]
fn a_book_is_lost_when_the_other_does_not_fill_the_hole_in_time() {
    let mut rig = live(2);
    rig.over(A, &spot_diff(108, 110));
    assert_eq!(rig.session.next_deadline(), Some(rig.now + BEHIND_MAX));
    rig.wait(Span(BEHIND_MAX.0 - 1));
    assert_eq!(rig.sent(), []);
    assert_eq!(rig.state(), BookState::Live);
    rig.wait(Span(1));
    assert_eq!(rig.sent().len(), 1, "a snapshot is asked for");
    assert_eq!(rig.told(), ["lost Gap"]);
    rig.over(A, &spot_diff(111, 112));
    rig.answer(&snapshot(111));
    assert_eq!(rig.told(), ["snapshot 111", "diff 112"], "what waited is still good");
    rig.over(B, &spot_diff(106, 107));
    rig.over(B, &spot_diff(108, 113));
    assert_eq!(rig.told(), ["diff 113"], "the slow one is back");
}

#[test]
fn a_book_lives_on_what_is_left_and_is_lost_with_the_last() {
    let mut rig = live(2);
    rig.disconnect(A);
    assert_eq!((rig.told(), rig.state()), (vec![], BookState::Live));
    rig.over(B, &spot_diff(106, 107));
    rig.connect(A);
    rig.over(A, &spot_diff(107, 108));
    assert_eq!(rig.told(), ["diff 107", "diff 108"], "one that comes back joins where it meets the book");
    rig.disconnect(B);
    rig.over(A, &spot_diff(109, 109));
    assert_eq!(rig.told(), ["diff 109"]);
    rig.disconnect(A);
    assert_eq!(rig.told(), ["lost Disconnected"]);
}

#[test]
fn a_book_is_lost_with_the_one_that_led_on_from_it() {
    let mut rig = live(2);
    rig.over(A, &spot_diff(108, 110));
    rig.disconnect(B);
    assert_eq!(rig.told(), ["lost Disconnected"], "nobody brings 106 and 107");
    rig.wait(Span::from_secs(1));
    assert_eq!(rig.sent().len(), 1);
    rig.answer(&snapshot(109));
    assert_eq!(rig.told(), ["snapshot 109", "diff 110"]);
    // One of which nothing is known yet does not prove that it misses nothing.
    rig.connect(B);
    rig.disconnect(A);
    assert_eq!(rig.told(), ["lost Disconnected"]);
}

#[test]
fn when_all_have_a_hole_the_book_is_lost() {
    let mut rig = live(3);
    rig.over(A, &spot_diff(107, 107));
    rig.over(C, &spot_diff(108, 108));
    assert_eq!(rig.told(), [""; 0]);
    rig.over(B, &spot_diff(107, 107));
    assert_eq!(rig.told(), ["lost Gap"]);
    let counters = rig.session.counters();
    assert_eq!((counters.gaps, counters.books_lost, counters.holes), (1, 1, 3));
}

#[test]
fn futures_diffs_cut_elsewhere_join_where_their_chain_is_proven() {
    let mut rig = futures(TradeSource::Trades);
    for channel in [A, B_OF_TWO] {
        rig.connect(channel);
    }
    rig.over(A, &futures_diff(101, 105, 99));
    rig.sent();
    rig.answer(&snapshot(103));
    rig.over(B_OF_TWO, &futures_diff(101, 103, 99));
    rig.over(B_OF_TWO, &futures_diff(104, 109, 103));
    assert_eq!(rig.told(), ["snapshot 103", "diff 105", "diff 109"]);
    rig.over(A, &futures_diff(107, 112, 105));
    assert_eq!(rig.told(), ["diff 112"]);
    // A claim to reach back that contradicts the connection's own chain is not believed.
    rig.over(A, &futures_diff(113, 120, 100));
    assert_eq!((rig.told(), rig.state()), (vec![], BookState::Live));
    rig.over(B_OF_TWO, &futures_diff(111, 121, 109));
    assert_eq!(rig.told(), ["diff 121"]);
    assert_eq!(rig.session.counters().holes, 1);
}

#[test]
fn a_connection_that_contradicts_itself_harms_only_itself() {
    let mut rig = live(2);
    rig.over(A, &spot_diff(107, 106));
    assert_eq!((rig.told(), rig.state()), (vec![], BookState::Live));
    rig.over(B, &spot_diff(106, 106));
    rig.over(B, &spot_diff(108, 107));
    assert_eq!(rig.told(), ["diff 106", "lost Gap"], "neither is known to go on");
}

#[test]
fn a_venue_that_numbers_anew_is_found_out_by_its_times() {
    let at =
        |frame: String, time: u64| frame.replace("1700000000123", &(1_700_000_000_123 + time).to_string());
    let mut rig = live(2);
    for slow in 0..1_000 {
        // Late, and not newer by time: only slow.
        rig.over(B, &at(spot_diff(104, 105), 0));
        assert_eq!(rig.state(), BookState::Live, "{slow}");
    }
    for number in 0..u64::from(OLD_DIFFS_MAX) {
        rig.over(A, &at(spot_diff(1 + number, 1 + number), 1 + number));
    }
    assert_eq!((rig.told(), rig.state()), (vec![], BookState::Live));
    rig.over(A, &at(spot_diff(65, 65), 65));
    assert_eq!(rig.told(), ["lost Gap"]);
    rig.wait(Span::from_secs(1));
    rig.sent();
    rig.answer(&snapshot(65));
    rig.over(B, &at(spot_diff(66, 66), 66));
    assert_eq!(rig.told(), ["snapshot 65", "diff 66"]);
}

#[test]
fn best_prices_trades_and_marks_are_told_once() {
    let best = |id: u64| {
        format!(r#"{{"u":{id},"s":"ETHUSDT","b":"1999.99","B":"3.029","a":"2000.01","A":"31.439"}}"#)
    };
    let print = |agg: u64, last: u64| {
        format!(
            r#"{{"e":"aggTrade","E":1,"s":"ETHUSDT","a":{agg},"p":"2000.00","q":"1","f":{last},"l":{last},"T":1,"m":true}}"#
        )
    };
    let mark = |time: u64| {
        format!(
            r#"{{"e":"markPriceUpdate","E":{time},"s":"ETHUSDT","p":"{time}","i":"2000","r":"0.0001","T":1700000000000}}"#
        )
    };
    let mut rig = futures(TradeSource::AggTrades);
    let [public, market] = [[0, 2], [1, 3]].map(|pair| pair.map(Channel::Market));
    for (channel, id) in [(public[0], 5), (public[1], 5), (public[1], 7), (public[0], 6), (public[0], 8)] {
        rig.over(channel, &best(id));
    }
    assert_eq!(rig.told(), ["ticker 5", "ticker 7", "ticker 8"]);
    for (channel, agg) in [(market[0], 1), (market[1], 1), (market[1], 3), (market[0], 2), (market[0], 3)] {
        rig.over(channel, &print(agg, 10 * agg));
    }
    assert_eq!(rig.told(), ["trade 10", "trade 30", "trade 20"]);
    for (channel, time) in [(market[1], 2), (market[0], 1), (market[0], 2), (market[0], 3)] {
        rig.over(channel, &mark(time));
    }
    assert_eq!(rig.told(), ["mark 200000000", "mark 300000000"]);
    let counters = rig.session.counters();
    assert_eq!((counters.known, counters.tickers, counters.trades, counters.marks), (6, 3, 3, 2));
    // While one of a kind stands, what it told stays known; after all of them it may be numbered anew.
    for channel in public.into_iter().chain(market) {
        rig.connect(channel);
    }
    rig.disconnect(public[0]);
    rig.over(public[1], &best(8));
    rig.disconnect(public[1]);
    rig.over(public[1], &best(1));
    rig.over(market[0], &print(3, 30));
    assert_eq!(rig.told(), ["ticker 1"]);
}
