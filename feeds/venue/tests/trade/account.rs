//! News of the account, from the documents' examples and made ones.

use ballast_model::{
    AssetId, BalanceUpdate, ClientOrderId, Ending, Event, Fill, FillReason, Liquidity, Lots, Money, Nanos,
    OrderReport, PackedLevel, PackedMoney, Price, RejectReason, Side, TradeId, VenueOrderId,
};
use ballast_venue::Channel;
use ballast_venue::binance::trade::{Notice, TradeMarket};

use super::rig::{ACCOUNT, BNB, ETH, Rig, USDT};

/// A spot report of the order 41 of ours, wrapped as it comes.
fn spot(kind: &str, status: &str, more: &str) -> String {
    format!(
        r#"{{"subscriptionId":0,"event":{{"e":"executionReport","E":1645423376001,"s":"ETHUSDT","c":"blst-41","S":"SELL","o":"LIMIT_MAKER","f":"GTC","q":"1.50000000","p":"2683.80000000","P":"0.00000000","F":"0.00000000","g":-1,"C":"","x":"{kind}","X":"{status}","r":"NONE","i":28,{more}"T":1709654401000,"w":true,"M":false,"O":1709654400000,"Z":"0.00000000","Y":"0.00000000","Q":"0.00000000","W":1709654400000,"V":"EXPIRE_MAKER"}}}}"#
    )
}

/// What a report without a trade says.
fn quiet(execution: u64, filled: &str) -> String {
    format!(
        r#""l":"0.00000000","z":"{filled}","L":"0.00000000","n":"0","N":null,"t":-1,"I":{execution},"m":false,"#
    )
}

fn futures(kind: &str, status: &str, more: &str) -> String {
    format!(
        r#"{{"e":"ORDER_TRADE_UPDATE","T":1709654401000,"E":1645423376001,"o":{{"s":"ETHUSDT","c":"blst-41","S":"SELL","o":"LIMIT","f":"GTX","q":"1.500","p":"2683.80","ap":"0","sp":"0","x":"{kind}","X":"{status}","i":28,{more}"T":1709654401000,"b":"0","a":"0","R":false,"wt":"CONTRACT_PRICE","ot":"LIMIT","ps":"BOTH","cp":false,"pP":false,"si":0,"ss":0,"rp":"0","V":"EXPIRE_MAKER","pm":"NONE","gtd":0}}}}"#
    )
}

fn fill(trade: u64, lots: i64) -> Fill {
    Fill {
        instrument: ETH,
        side: Side::Ask,
        liquidity: Liquidity::Maker,
        reason: FillReason::Venue,
        fee_asset: USDT,
        level: PackedLevel::new(Price(268_380), Lots(lots)).unwrap(),
        fee_e8: 1_234,
        client_id: ClientOrderId(41),
        trade_id: TradeId(trade),
        venue_time: Nanos::from_millis(1_709_654_401_000),
    }
}

const FILLED: &str =
    r#""l":"0.400","z":"0.400","L":"2683.80","n":"0.00001234","N":"USDT","t":500,"I":9,"m":true,"#;

#[test]
fn fills_are_told_once_in_full() {
    for (market, frame) in [
        (TradeMarket::Spot, spot("TRADE", "PARTIALLY_FILLED", FILLED)),
        (TradeMarket::UsdM, futures("TRADE", "PARTIALLY_FILLED", &FILLED.replace(r#""I":9,"#, ""))),
    ] {
        let mut rig = Rig::open(market);
        rig.frame(&frame);
        rig.frame(&frame);
        assert_eq!(rig.fills(), [fill(500, 400)]);
        assert_eq!((rig.session.counters().fills, rig.session.counters().repeated), (1, 1));
        // The last fill tells the order's end by itself.
        rig.frame(
            &frame.replace(":500,", ":501,").replace(":9,", ":10,").replace("PARTIALLY_FILLED", "FILLED"),
        );
        assert_eq!(rig.sink.events, [Event::Fill(fill(501, 400))]);
    }
}

#[test]
fn a_trade_comes_early_without_its_fee_and_is_told_when_that_is_known() {
    let mut rig = Rig::open(TradeMarket::UsdM);
    rig.frame(r#"{"e":"TRADE_LITE","E":1645423376001,"T":1709654401000,"s":"ETHUSDT","q":"1.500","p":"2683.80","m":true,"c":"blst-41","S":"SELL","L":"2683.80","l":"0.400","t":500,"i":28}"#);
    assert_eq!(rig.sink.events, []);
    rig.frame(&futures("TRADE", "PARTIALLY_FILLED", FILLED));
    assert_eq!(rig.fills(), [fill(500, 400)]);
}

#[test]
fn fees_may_be_rebates_absent_or_in_other_assets() {
    let mut rig = Rig::open(TradeMarket::UsdM);
    let trade = |id: u64, fee: &str| {
        futures(
            "TRADE",
            "PARTIALLY_FILLED",
            &FILLED.replace(r#""n":"0.00001234","N":"USDT","t":500"#, &format!(r#"{fee}"t":{id}"#)),
        )
    };
    rig.frame(&trade(501, ""));
    rig.frame(&trade(502, r#""n":"-0.5","N":"BNB","#));
    rig.frame(&trade(503, r#""n":"0.1","N":"FDUSD","#));
    let fees: Vec<_> = rig.fills().iter().map(|fill| (fill.fee_asset, fill.fee_e8)).collect();
    assert_eq!(fees, [(USDT, 0), (BNB, -50_000_000), (USDT, 0)]);
    assert_eq!(rig.session.poll_notice(), Some(Notice::UnknownFeeAsset(ETH, TradeId(503))));
    assert_eq!(rig.session.poll_notice(), None);
}

#[test]
fn what_the_venue_does_in_our_place_says_so() {
    let mut rig = Rig::open(TradeMarket::UsdM);
    for (id, client, reason) in [
        (601, "autoclose-1562305380123", FillReason::Liquidation),
        (602, "adl_autoclose", FillReason::AutoDeleveraging),
        (603, "web_abc", FillReason::Venue),
    ] {
        let frame = futures("CALCULATED", "FILLED", FILLED).replace("blst-41", client);
        rig.frame(&frame.replace(":500,", &format!(":{id},")));
        let told = rig.fills()[0];
        assert_eq!((told.reason, told.client_id), (reason, ClientOrderId::FOREIGN));
    }
}

#[test]
fn orders_live_and_end_as_told() {
    let level = PackedLevel::new(Price(268_380), Lots(1_500)).unwrap();
    let ended = |how, filled| OrderReport::Ended { how, filled: Lots(filled) };
    let venue_id = VenueOrderId(28);
    let cases = [
        ("NEW", "NEW", "0.00000000", OrderReport::Accepted(venue_id)),
        ("CANCELED", "CANCELED", "0.40000000", ended(Ending::Cancelled, 400)),
        ("EXPIRED", "EXPIRED", "0.10000000", ended(Ending::Expired, 100)),
        ("EXPIRED", "EXPIRED_IN_MATCH", "0.00000000", ended(Ending::Expired, 0)),
    ];
    for (kind, status, filled, report) in cases {
        let mut rig = Rig::open(TradeMarket::Spot);
        rig.frame(&spot(kind, status, &quiet(1, filled)));
        assert_eq!(rig.report(), report);
        let mut rig = Rig::open(TradeMarket::UsdM);
        rig.frame(&futures(kind, status, &quiet(1, filled)));
        assert_eq!(rig.report(), report);
    }
    let mut rig = Rig::open(TradeMarket::Spot);
    rig.frame(&spot("REPLACED", "PARTIALLY_FILLED", &quiet(2, "0.25000000")));
    let replaced = OrderReport::Replaced { venue_id, level, filled: Lots(250) };
    assert_eq!(rig.report(), replaced);
    rig.frame(&spot("REJECTED", "REJECTED", &quiet(3, "0")).replace("\"NONE\"", "\"INSUFFICIENT_BALANCES\""));
    assert_eq!(rig.report(), OrderReport::Rejected(RejectReason::Margin));
    rig.frame(&spot("TRADE_PREVENTION", "EXPIRED_IN_MATCH", &quiet(4, "0")));
    assert_eq!(rig.report(), ended(Ending::Expired, 0));
    // The cancel has an id of its own; the order's is the original.
    let cancelled = spot("CANCELED", "CANCELED", &quiet(5, "0"));
    rig.frame(&cancelled.replace("blst-41", "their-cancel").replace(r#""C":"""#, r#""C":"blst-41""#));
    assert_eq!(rig.reports(), [(41, ended(Ending::Cancelled, 0))]);
    rig.frame(&cancelled.replace("blst-41", "web_1").replace(":5,", ":6,"));
    assert_eq!(rig.reports(), [(ClientOrderId::FOREIGN.0, ended(Ending::Cancelled, 0))]);
    rig.frame(&cancelled);
    assert_eq!(rig.reports(), [], "told before");
    let mut rig = Rig::open(TradeMarket::UsdM);
    rig.frame(&futures("AMENDMENT", "NEW", &quiet(1, "0.25")));
    assert_eq!(rig.report(), replaced);
}

#[test]
fn the_documents_example_is_read() {
    let mut rig = Rig::open(TradeMarket::Spot);
    rig.frame(r#"{"e":"executionReport","s":"ETHUSDT","c":"x-TD67","S":"BUY","o":"LIMIT","f":"GTC","q":"1.00000000","p":"2500.00000000","x":"TRADE","X":"FILLED","r":"NONE","i":12345678,"l":"1.00000000","z":"1.00000000","L":"2500.00000000","n":"0.00100000","N":"ETH","T":1709654401000,"t":98765432,"w":false,"m":true,"Z":"2500.00000000","C":""}"#);
    let told = rig.fills();
    assert_eq!(told.len(), 1);
    let Fill { side, fee_asset, level, fee_e8, client_id, trade_id, .. } = told[0];
    assert_eq!((side, fee_asset, fee_e8), (Side::Bid, AssetId(1), 100_000));
    assert_eq!((level.price(), level.lots()), (Price(250_000), Lots(1_000)));
    assert_eq!((client_id, trade_id), (ClientOrderId::FOREIGN, TradeId(98_765_432)));
}

#[test]
fn a_fill_that_cannot_be_told_is_an_alarm() {
    let mut rig = Rig::open(TradeMarket::Spot);
    rig.frame(&spot("TRADE", "FILLED", FILLED).replace("ETHUSDT", "XRPUSDT"));
    rig.frame(&spot("TRADE", "FILLED", &FILLED.replace("0.400", "0.4005").replace(":9,", ":10,")));
    assert_eq!(
        (rig.session.counters().unbookable, rig.session.poll_notice()),
        (2, Some(Notice::UnbookableFill))
    );
    assert_eq!(rig.fills(), []);
}

#[test]
fn balances_are_absolute_and_never_go_back_in_time() {
    let mut rig = Rig::open(TradeMarket::Spot);
    let frame = |time: u64, free: &str| {
        format!(
            r#"{{"subscriptionId":0,"event":{{"e":"outboundAccountPosition","E":1,"u":{time},"B":[{{"a":"ETH","f":"{free}","l":"0.50000000"}},{{"a":"XRP","f":"1","l":"0"}}]}}}}"#
        )
    };
    rig.frame(&frame(1_709_654_401_000, "10000.00000001"));
    let update = BalanceUpdate {
        account: ACCOUNT,
        asset: AssetId(1),
        free: PackedMoney::new(Money::from_e8(1_000_000_000_001)),
        locked: PackedMoney::new(Money::from_e8(50_000_000)),
        venue_time: Nanos::from_millis(1_709_654_401_000),
    };
    assert_eq!(rig.sink.events, [Event::Balance(update)]);
    rig.frame(&frame(1_709_654_400_999, "7"));
    assert_eq!(rig.sink.events.len(), 1);
    assert_eq!(rig.session.holdings()[0].free, Money::from_e8(1_000_000_000_001));
}

#[test]
fn positions_keep_their_sign_and_their_zeros() {
    let mut rig = Rig::open(TradeMarket::UsdM);
    let frame = |time: u64, amount: &str| {
        format!(
            r#"{{"e":"ACCOUNT_UPDATE","E":1,"T":{time},"a":{{"m":"ORDER","T":{time},"B":[{{"a":"USDT","wb":"122624.12345678","cw":"100.1","bc":"50.12"}}],"P":[{{"s":"ETHUSDT","pa":"{amount}","ep":"1","ps":"BOTH"}}]}}}}"#
        )
    };
    let position =
        |rig: &Rig| rig.session.positions().iter().find(|position| position.instrument == ETH).unwrap().lots;
    assert_eq!(position(&rig), Lots(0), "the sweep found none");
    for (time, amount, lots) in
        [(1_709_654_401_000, "-1.500", -1_500), (1_709_654_401_001, "0", 0), (1_709_654_401_002, "2", 2_000)]
    {
        rig.frame(
            &frame(time, amount)
                .replace(r#""a":{"m":"ORDER","#, &format!(r#""a":{{"T":{time},"m":"ORDER","#)),
        );
        assert_eq!(position(&rig), Lots(lots));
    }
    rig.frame(&frame(1_709_654_401_000, "9"));
    assert_eq!(position(&rig), Lots(2_000), "older than what is known");
    rig.frame(&frame(1_709_654_401_003, "9").replace("BOTH", "SHORT"));
    assert_eq!((position(&rig), rig.session.poll_notice()), (Lots(2_000), Some(Notice::HedgeMode)));
}

#[test]
fn the_streams_own_news_are_acted_upon() {
    let mut rig = Rig::open(TradeMarket::UsdM);
    rig.frame(r#"{"e":"listenKeyExpired","E":1645423376001,"listenKey":"pqia91"}"#);
    rig.script.push(("POST /fapi/v1/listenKey".into(), 200, r#"{"listenKey":"fresh"}"#.into()));
    rig.serve();
    assert!(rig.session.path(Channel::Private).unwrap().starts_with("/private/ws?listenKey=fresh&events="));
    assert_eq!(rig.session.poll_reconnect(), Some(Channel::Private));
    rig.frame(r#"{"e":"serverShutdown","E":1}"#);
    assert_eq!(
        (rig.session.poll_notice(), rig.session.poll_reconnect()),
        (Some(Notice::ShuttingDown), Some(Channel::Private))
    );
    let mut rig = Rig::open(TradeMarket::Spot);
    rig.frame(r#"{"event":{"e":"serverShutdown","E":1}}"#);
    assert_eq!(rig.session.poll_reconnect(), Some(Channel::Api));
}

#[test]
fn a_full_sink_loses_nothing_and_keeps_the_order() {
    let mut rig = Rig::open(TradeMarket::UsdM);
    rig.sink.refusals = 2;
    for trade in 500..503 {
        rig.frame(&futures("TRADE", "PARTIALLY_FILLED", FILLED).replace(":500,", &format!(":{trade},")));
    }
    let told: Vec<_> = rig.fills().iter().map(|fill| fill.trade_id.0).collect();
    assert_eq!(told, [500, 501, 502]);
    rig.sink.refusals = usize::MAX;
    for trade in 1_000..1_000 + ballast_venue::binance::trade::BACKLOG_MAX as u64 + 1 {
        rig.frame(&futures("TRADE", "PARTIALLY_FILLED", FILLED).replace(":500,", &format!(":{trade},")));
    }
    rig.session.on_deadline(rig.now, &mut rig.sink);
    assert_eq!((rig.session.counters().lost, rig.session.poll_notice()), (1, Some(Notice::EventsLost)));
    assert!(rig.poll().is_some(), "the account is swept anew");
}
