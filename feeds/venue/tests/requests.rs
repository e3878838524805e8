//! What the session asks the venue for, and when.

mod common;

use ballast_model::{InstrumentId, LostReason, Span, Step};
use ballast_venue::Channel;
use ballast_venue::binance::{
    BookState, ConfigError, Copies, InstrumentFeed, Market, MarketConfig, MarketSession, SessionError,
    TradeSource,
};
use common::rig::{BOOKS, BTC, ETH, Rig, feed, futures_diff, snapshot, spot_diff};

const SPOT_REQUEST: &str = "/api/v3/depth?symbol=ETHUSDT&limit=5000";
const REFUSAL: &str = r#"{"code":-1003,"msg":"Too many requests."}"#;

fn rest(request: &str) -> Vec<(Channel, String)> {
    vec![(Channel::Rest, request.to_owned())]
}

/// A connected spot session whose SUBSCRIBE frame is out.
fn connected() -> Rig {
    let mut rig = Rig::new(Market::Spot);
    rig.connect(BOOKS);
    assert_eq!(rig.sent().len(), 1);
    rig
}

/// Lets time pass until the next deadline.
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
fn wait_for_deadline(rig: &mut Rig) -> Span {
    let deadline = rig.session.next_deadline().expect("something is timed");
    let waited = deadline - rig.now;
    rig.now = rig.now.max(deadline);
    waited
}

#[test]
fn a_connection_asks_for_its_full_set_of_streams_once() {
    let both = [feed(ETH, "ETHUSDT"), feed(BTC, "BTCUSDT")];
    let mut rig = Rig::with(Market::Spot, TradeSource::Trades, &both);
    assert_eq!(rig.sent(), [], "nothing before a connection");
    rig.connect(BOOKS);
    let frame = r#"{"method":"SUBSCRIBE","params":["ethusdt@depth@100ms","ethusdt@bookTicker","ethusdt@trade","btcusdt@depth@100ms","btcusdt@bookTicker","btcusdt@trade"],"id":1}"#;
    assert_eq!(rig.sent(), [(BOOKS, frame.to_owned())]);
    assert_eq!(rig.sent(), []);
    rig.frame(r#"{"result":null,"id":1}"#);
    assert_eq!(rig.session.counters().replies_accepted, 1);
    for reconnect in 2..4 {
        rig.disconnect(BOOKS);
        rig.connect(BOOKS);
        let again = frame.replace(r#""id":1"#, &format!(r#""id":{reconnect}"#));
        assert_eq!(rig.sent(), [(BOOKS, again)]);
    }
}

#[test]
fn futures_streams_are_split_over_two_connections() {
    let mut rig = Rig::with(Market::CoinM, TradeSource::AggTrades, &[feed(ETH, "ETHUSD_PERP")]);
    let paths: Vec<_> = rig.session.connections().collect();
    assert_eq!(paths, [(BOOKS, "/public/stream"), (Channel::Market(1), "/market/stream")]);
    rig.connect(BOOKS);
    rig.connect(Channel::Market(1));
    let public =
        r#"{"method":"SUBSCRIBE","params":["ethusd_perp@depth@100ms","ethusd_perp@bookTicker"],"id":1}"#;
    let market =
        r#"{"method":"SUBSCRIBE","params":["ethusd_perp@markPrice@1s","ethusd_perp@aggTrade"],"id":2}"#;
    assert_eq!(rig.sent(), [(BOOKS, public.to_owned()), (Channel::Market(1), market.to_owned())]);
}

#[test]
fn a_refused_subscription_is_counted() {
    let mut rig = connected();
    rig.frame(r#"{"error":{"code":2,"msg":"Invalid request"},"id":1}"#);
    assert_eq!(rig.session.counters().replies_refused, 1);
}

#[test]
fn the_first_diff_asks_for_a_snapshot_at_once() {
    let mut rig = connected();
    rig.frame(&spot_diff(101, 105));
    assert!(rig.session.next_deadline().expect("a request is due") <= rig.now);
    assert_eq!(rig.sent(), rest(SPOT_REQUEST));
    rig.answer(&snapshot(102));
    assert_eq!(rig.state(), BookState::Live);
    assert_eq!(rig.session.next_deadline(), None);
    assert_eq!(rig.sent(), []);
}

#[test]
fn each_market_has_its_own_request() {
    for (market, symbol, request) in [
        (Market::UsdM, "ETHUSDT", "/fapi/v1/depth?symbol=ETHUSDT&limit=1000"),
        (Market::CoinM, "ETHUSDT", "/dapi/v1/depth?symbol=ETHUSDT&limit=1000"),
    ] {
        let mut rig = Rig::with(market, TradeSource::Trades, &[feed(ETH, symbol)]);
        rig.frame(&futures_diff(101, 105, 99));
        assert_eq!(rig.sent(), rest(request));
    }
}

#[test]
fn a_quiet_market_is_asked_for_without_a_diff() {
    let mut rig = connected();
    assert_eq!(wait_for_deadline(&mut rig), Span::from_secs(5));
    assert_eq!(rig.sent(), rest(SPOT_REQUEST));
    rig.answer(&snapshot(100));
    rig.frame(&spot_diff(101, 101));
    assert_eq!(rig.told(), ["snapshot 100", "diff 101"]);
}

#[test]
fn a_gap_asks_again_at_once_but_no_two_requests_come_within_a_second() {
    let mut rig = connected();
    rig.frame(&spot_diff(101, 105));
    assert_eq!(rig.sent(), rest(SPOT_REQUEST));
    rig.answer(&snapshot(104));
    rig.wait(Span::from_secs(30));
    rig.frame(&spot_diff(107, 107));
    assert_eq!(rig.sent(), rest(SPOT_REQUEST));
    rig.answer(&snapshot(107));
    rig.frame(&spot_diff(109, 109));
    assert_eq!(rig.sent(), []);
    assert_eq!(wait_for_deadline(&mut rig), Span::from_secs(1));
    assert_eq!(rig.sent(), rest(SPOT_REQUEST));
    assert_eq!(rig.session.counters().snapshot_requests, 3);
}

#[test]
fn snapshots_that_do_not_help_are_asked_for_ever_more_slowly() {
    let mut rig = connected();
    rig.frame(&spot_diff(101, 105));
    let mut waits = Vec::new();
    for _ in 0..9 {
        assert_eq!(rig.sent(), rest(SPOT_REQUEST));
        rig.answer(&snapshot(90));
        waits.push(wait_for_deadline(&mut rig));
    }
    let seconds: Vec<_> = waits.iter().map(|wait| wait.0 / 1_000_000_000).collect();
    assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    rig.answer(&snapshot(103));
    assert_eq!(rig.state(), BookState::Syncing, "no request stands");
}

#[test]
fn requests_of_many_books_stay_within_the_market_s_weight() {
    let names: Vec<String> = (0..20).map(|number| format!("COIN{number}USDT")).collect();
    let feeds: Vec<_> = (0..).zip(&names).map(|(id, name)| feed(InstrumentId(id), name)).collect();
    let mut rig = Rig::with(Market::Spot, TradeSource::Trades, &feeds);
    rig.connect(BOOKS);
    rig.wait(Span::from_secs(5));
    let start = rig.now;
    let mut times = Vec::new();
    while times.len() < 20 {
        let asked = rig.sent().into_iter().filter(|(channel, _)| *channel == Channel::Rest).count();
        for _ in 0..asked {
            times.push((rig.now - start).0 / 1_000_000_000);
            rig.answer(&snapshot(1));
        }
        if times.len() < 20 {
            wait_for_deadline(&mut rig);
        }
    }
    let steady = (1..=14).map(|number| number * 10);
    assert_eq!(times, [0; 6].into_iter().chain(steady).collect::<Vec<_>>());
    assert_eq!(rig.session.counters().snapshots, 20);
}

#[test]
fn an_unanswered_request_is_given_up_and_its_late_answer_ignored() {
    let mut rig = connected();
    rig.frame(&spot_diff(101, 105));
    assert_eq!(rig.sent(), rest(SPOT_REQUEST));
    assert_eq!(rig.sent(), []);
    assert_eq!(wait_for_deadline(&mut rig), Span::from_secs(10));
    assert_eq!(rig.sent(), rest(SPOT_REQUEST));
    assert_eq!(rig.session.counters().snapshot_requests_failed, 1);
    rig.disconnect(Channel::Rest);
    rig.answer(&snapshot(104));
    assert_eq!(rig.state(), BookState::Syncing);
    assert_eq!(rig.session.counters().snapshots_ignored, 1);
    assert_eq!(rig.session.counters().snapshot_requests_failed, 2);
}

#[test]
fn a_refusal_silences_all_requests_for_a_while() {
    let both = [feed(ETH, "ETHUSDT"), feed(BTC, "BTCUSDT")];
    let mut rig = Rig::with(Market::Spot, TradeSource::Trades, &both);
    rig.connect(BOOKS);
    rig.frame(&spot_diff(101, 105));
    rig.sent();
    rig.answer(REFUSAL);
    rig.frame(&spot_diff(101, 105).replace("ETH", "BTC"));
    assert_eq!(wait_for_deadline(&mut rig), Span::from_secs(30));
    assert_eq!(rig.sent(), rest("/api/v3/depth?symbol=BTCUSDT&limit=5000"));
    assert_eq!(rig.session.counters().snapshot_requests_failed, 1);
}

#[test]
fn an_answer_that_is_no_json_is_an_error_and_the_request_is_repeated() {
    let mut rig = connected();
    rig.frame(&spot_diff(101, 105));
    rig.sent();
    assert!(matches!(rig.bytes(Channel::Rest, "<html>"), Err(SessionError::Decode(_))));
    assert_eq!(wait_for_deadline(&mut rig), Span::from_secs(1));
    assert_eq!(rig.sent(), rest(SPOT_REQUEST));
}

#[test]
fn an_answer_belongs_to_the_book_that_asked() {
    let both = [feed(ETH, "ETHUSDT"), feed(BTC, "BTCUSDT")];
    let mut rig = Rig::with(Market::Spot, TradeSource::Trades, &both);
    rig.frame(&spot_diff(101, 105).replace("ETH", "BTC"));
    assert_eq!(rig.sent(), rest("/api/v3/depth?symbol=BTCUSDT&limit=5000"));
    rig.answer(&snapshot(100));
    assert_eq!(rig.session.book_state(BTC), Some(BookState::Live));
    assert_eq!(rig.state(), BookState::Syncing);
    assert_eq!(rig.session.book_state(InstrumentId(99)), None);
}

#[test]
fn a_lost_connection_loses_the_books_until_they_are_synchronised_anew() {
    let mut rig = connected();
    rig.frame(&spot_diff(101, 105));
    rig.sent();
    rig.answer(&snapshot(104));
    rig.told();
    rig.disconnect(BOOKS);
    assert_eq!(rig.told(), [format!("lost {:?}", LostReason::Disconnected)]);
    assert_eq!(rig.session.next_deadline(), None, "nothing is asked for without a stream");
    rig.frame(&snapshot(200));
    assert_eq!(rig.state(), BookState::Stale, "a book without a stream stays stale");
    rig.connect(BOOKS);
    rig.frame(&spot_diff(50, 51));
    rig.wait(Span::from_secs(1));
    assert_eq!(rig.sent().len(), 2);
    rig.answer(&snapshot(50));
    assert_eq!(rig.told(), ["snapshot 50", "diff 51"], "a new stream may number anew");
}

#[test]
fn an_answer_to_a_request_of_the_connection_before_is_ignored() {
    let mut rig = connected();
    rig.frame(&spot_diff(101, 105));
    rig.sent();
    rig.disconnect(BOOKS);
    rig.connect(BOOKS);
    rig.answer(&snapshot(104));
    assert_eq!(rig.state(), BookState::Syncing);
    assert_eq!(rig.session.counters().snapshots_ignored, 1);
}

#[test]
fn the_market_connection_may_go_without_loss_to_the_books() {
    let mut rig = Rig::new(Market::UsdM);
    rig.frame(&futures_diff(98, 105, 95));
    rig.answer(&snapshot(100));
    rig.disconnect(Channel::Market(1));
    assert_eq!(rig.state(), BookState::Live);
}

#[test]
fn channels_that_carry_no_market_data_are_refused() {
    let mut rig = Rig::new(Market::Spot);
    for channel in [Channel::Api, Channel::Private, Channel::Market(1)] {
        assert_eq!(rig.bytes(channel, "{}"), Err(SessionError::Channel(channel)));
    }
    assert_eq!(rig.session.counters().wrong_channel, 3);
}

#[test]
fn configurations_that_cannot_work_are_refused() {
    let build = |instruments: &[InstrumentFeed<'_>]| {
        let capability = ballast_json::Capability::detect();
        let trade_source = TradeSource::Trades;
        let config =
            MarketConfig { market: Market::Spot, instruments, trade_source, copies: Copies::ONE, capability };
        MarketSession::new(&config).map(|_| ()).unwrap_err()
    };
    assert_eq!(build(&[]), ConfigError::NoInstruments);
    assert!(matches!(build(&[feed(ETH, "ethusdt")]), ConfigError::Symbol(0, _)));
    assert!(matches!(build(&[feed(ETH, "ETHUSDT"), feed(BTC, "ETHUSDT")]), ConfigError::Symbol(1, _)));
    assert_eq!(build(&[feed(ETH, "ETHUSDT"), feed(ETH, "BTCUSDT")]), ConfigError::DuplicateId(1));
    let coarse = InstrumentFeed { tick: Step { mantissa: 0, scale: 0 }, ..feed(ETH, "ETHUSDT") };
    assert_eq!(build(&[coarse]), ConfigError::Step(0));
    assert_eq!(build(&[feed(ETH, "ETHUSDT"); 65]), ConfigError::TooManyInstruments);
}
