//! What the core is told of whether orders may be added.

use ballast_model::{AccessState, Event, Span};
use ballast_venue::Channel;
use ballast_venue::binance::trade::TradeMarket;

use crate::rig::{BTC, ETH, Rig, ed25519, exchange_info};

impl Rig {
    /// What was told of the first instrument since the last call.
    fn told(&mut self) -> Vec<AccessState> {
        let events = std::mem::take(&mut self.sink.events);
        let of_eth = |event: Event| match event {
            Event::Access(access) if access.instrument == ETH => Some(access.state),
            _ => None,
        };
        events.into_iter().filter_map(of_eth).collect()
    }
}

#[test]
fn the_core_hears_that_a_connection_is_down_at_once_and_that_it_is_back_once_all_is_swept_up() {
    for (market, channel) in [
        (TradeMarket::Spot, Channel::Api),
        (TradeMarket::UsdM, Channel::Api),
        (TradeMarket::UsdM, Channel::Private),
    ] {
        let mut rig = Rig::fresh(market, ed25519());
        rig.connect();
        assert_eq!(rig.told().last(), Some(&AccessState::Open), "{market:?}");
        rig.session.on_disconnected(channel, rig.now, &mut rig.sink);
        assert_eq!(rig.told(), [AccessState::Unseen], "{market:?} {channel:?}: at once");
        rig.wait(Span::from_secs(1));
        assert_eq!(rig.told(), [], "and once");
        assert!(!rig.session.may_add(ETH, rig.now.mono));
        rig.session.on_connected(channel, rig.now);
        if (market, channel) != (TradeMarket::UsdM, Channel::Api) {
            assert_eq!(rig.told(), [], "what was missed is not known yet");
        }
        rig.serve();
        assert_eq!(rig.told(), [AccessState::Open], "{market:?} {channel:?}: after the sweep");
    }
}

#[test]
fn a_clock_beyond_the_limit_holds_quotes_until_it_is_well_again() {
    let mut rig = Rig::open(TradeMarket::UsdM);
    rig.told();
    let time = |rig: &Rig, off_ms: i64| {
        let body = format!(r#"{{"serverTime":{}}}"#, rig.now.wall.0 / 1_000_000 + off_ms);
        ("GET /fapi/v1/time".to_owned(), 200, body)
    };
    rig.wait(Span::from_secs(30));
    rig.script.push(time(&rig, 150));
    rig.serve();
    assert_eq!(rig.told(), [AccessState::Clock]);
    rig.wait(Span::from_secs(30));
    rig.script.push(time(&rig, 50));
    rig.serve();
    assert_eq!(rig.told(), [AccessState::Open]);
}

#[test]
fn a_tick_that_changes_while_we_trade_holds_the_instrument_and_no_other() {
    let mut rig = Rig::open(TradeMarket::UsdM);
    rig.told();
    rig.wait(Span::from_secs(60));
    // ETHUSDT is the last of the list.
    let rules = |tick: &str| {
        let all = exchange_info(TradeMarket::UsdM, "0.01", "TRADING");
        let (others, eth) = all.rsplit_once("\"tickSize\":\"0.01").unwrap();
        ("GET /fapi/v1/exchangeInfo".to_owned(), 200, format!("{others}\"tickSize\":\"{tick}{eth}"))
    };
    rig.script.push(rules("0.10"));
    rig.serve();
    assert_eq!(rig.told(), [AccessState::Rules], "within a minute");
    assert!(!rig.session.may_add(ETH, rig.now.mono) && rig.session.may_add(BTC, rig.now.mono));
    rig.wait(Span::from_secs(60));
    rig.script.push(rules("0.01"));
    rig.serve();
    assert_eq!(rig.told(), [AccessState::Open], "the rules are those configured again");
}
