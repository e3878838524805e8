//! What is found when the account is looked at: rules, balances, positions, orders, trades that nobody heard of, funding.

use ballast_model::{
    AssetId, ClientOrderId, Event, FillReason, FundingPayment, Lots, Money, Nanos, OrderReport, PackedLevel,
    PackedMoney, PaymentId, Price, Side, TradeId, VenueOrderId,
};
use ballast_venue::Channel;
use ballast_venue::binance::trade::{
    Holding, Notice, OpenOrder, Position, Rules, Standing, TradeMarket, TradingState,
};

use super::rig::{BTC, ETH, Rig, USDT, ed25519, new, order, step};

fn spot_trade(id: u64, order: u64) -> String {
    format!(
        r#"{{"symbol":"ETHUSDT","id":{id},"orderId":{order},"orderListId":-1,"price":"2683.80","qty":"0.400","quoteQty":"1","commission":"0.00001234","commissionAsset":"USDT","time":1709654401000,"isBuyer":false,"isMaker":true,"isBestMatch":true}}"#
    )
}

fn futures_trade(id: u64, order: u64) -> String {
    format!(
        r#"{{"buyer":true,"commission":"-0.5","commissionAsset":"BNB","id":{id},"maker":false,"orderId":{order},"price":"2683.80","qty":"0.400","quoteQty":"1","realizedPnl":"0","side":"BUY","positionSide":"BOTH","symbol":"ETHUSDT","time":1709654401000}}"#
    )
}

#[test]
fn the_start_fetches_how_we_stand() {
    let mut rig = Rig::fresh(TradeMarket::Spot, ed25519());
    rig.script.push(("GET /api/v3/account".into(), 200, r#"{"makerCommission":10,"updateTime":1709654400000,"balances":[{"asset":"ETH","free":"1.50000000","locked":"0.25000000"},{"asset":"XRP","free":"1","locked":"0"}]}"#.into()));
    let open = |client: &str, id: u64| {
        format!(
            r#"{{"symbol":"ETHUSDT","orderId":{id},"clientOrderId":"{client}","price":"2683.80","origQty":"1.500","executedQty":"0.100","status":"PARTIALLY_FILLED","side":"SELL","time":1709654400000,"updateTime":1709654400001}}"#
        )
    };
    rig.script.push((
        "GET /api/v3/openOrders?symbol=ETHUSDT".into(),
        200,
        format!("[{},{}]", open("blst-41", 28), open("web_1", 29)),
    ));
    assert_eq!(rig.session.standing(), Standing::Blind);
    rig.connect();
    assert_eq!(rig.session.standing(), Standing::Whole(rig.now.mono));
    let venue_time = Nanos::from_millis(1_709_654_400_000);
    let holding = Holding {
        asset: AssetId(1),
        free: Money::from_e8(150_000_000),
        locked: Money::from_e8(25_000_000),
        venue_time,
    };
    assert_eq!(rig.session.holdings(), [holding]);
    let level = PackedLevel::new(Price(268_380), Lots(1_500)).unwrap();
    let shown = |client_id, venue_id| OpenOrder {
        instrument: ETH,
        client_id,
        venue_id,
        side: Side::Ask,
        level,
        filled: Lots(100),
    };
    let (ours, foreign) =
        (shown(ClientOrderId(41), VenueOrderId(28)), shown(ClientOrderId::FOREIGN, VenueOrderId(29)));
    assert_eq!(rig.session.open_orders(), [ours, foreign]);
    let working = OrderReport::Working { venue_id: VenueOrderId(28), level, filled: Lots(100), query: 0 };
    assert_eq!(rig.reports(), [(41, working)]);
    let rules = Rules {
        state: TradingState::Trading,
        tick: step("0.01"),
        lot: step("0.001"),
        price_min: Some(Price(1)),
        price_max: Some(Price(100_000_000)),
        size_min: Some(Lots(1)),
        size_max: Some(Lots(9_000_000)),
        notional_min: Some(Money(5 * Money::ONE.0)),
        notional_max: Some(Money(9_000_000 * Money::ONE.0)),
        orders_max: Some(200),
    };
    assert_eq!(rig.session.rules(ETH), Some(&rules));
}

#[test]
fn the_start_on_futures_fetches_positions_and_wallets() {
    let mut futures = Rig::open(TradeMarket::UsdM);
    let rules = futures.session.rules(BTC).unwrap();
    assert_eq!((rules.notional_min, rules.notional_max), (Some(Money(20 * Money::ONE.0)), None));
    assert_eq!((rules.tick, rules.orders_max), (step("0.01"), Some(200)));
    let venue_time = Nanos::from_millis(1_709_654_400_000);
    futures.session.sweep(futures.now);
    assert!(matches!(futures.session.standing(), Standing::Sweeping(_)));
    futures.script.push((
        "GET /fapi/v3/positionRisk".into(),
        200,
        r#"[{"symbol":"ETHUSDT","positionSide":"BOTH","positionAmt":"-1.500","updateTime":1709654400000}]"#
            .into(),
    ));
    futures.script.push(("GET /fapi/v3/balance".into(), 200, r#"[{"accountAlias":"x","asset":"USDT","balance":"122.5","crossWalletBalance":"1","updateTime":1709654400000}]"#.into()));
    futures.serve();
    let position = |instrument, lots, venue_time| Position { instrument, lots: Lots(lots), venue_time };
    let asked = Nanos::from_millis(futures.now.wall.0 / 1_000_000);
    assert_eq!(futures.session.positions(), [position(ETH, -1_500, venue_time), position(BTC, 0, asked)]);
    let wallet =
        Holding { asset: USDT, free: Money::from_e8(12_250_000_000), locked: Money::ZERO, venue_time };
    assert_eq!(futures.session.holdings(), [wallet]);
}

#[test]
fn trades_that_nobody_heard_of_are_found_and_told_once() {
    let mut rig = Rig::open(TradeMarket::Spot);
    let id = rig.send(new(order(41)));
    rig.result(id, r#"{"orderId":28}"#);
    rig.session.on_disconnected(Channel::Api, rig.now, &mut rig.sink);
    assert_eq!(rig.session.standing(), Standing::Blind);
    rig.session.on_connected(Channel::Api, rig.now);
    rig.reports();
    rig.script.push((
        "GET /api/v3/myTrades?symbol=ETHUSDT&fromId=101&".into(),
        200,
        format!("[{},{}]", spot_trade(101, 28), spot_trade(102, 28)),
    ));
    rig.serve();
    let told: Vec<_> =
        rig.fills().iter().map(|fill| (fill.trade_id.0, fill.client_id.0, fill.side, fill.fee_e8)).collect();
    assert_eq!(told, [(101, 41, Side::Ask, 1_234), (102, 41, Side::Ask, 1_234)]);
    assert_eq!(rig.session.counters().swept, 2);
    rig.session.sweep(rig.now);
    rig.script.push((
        "GET /api/v3/myTrades?symbol=ETHUSDT&fromId=103&".into(),
        200,
        format!("[{}]", spot_trade(102, 28)),
    ));
    rig.serve();
    assert_eq!((rig.fills().len(), rig.script.len()), (0, 0), "told before");
}

#[test]
fn trades_on_record_are_not_told_again_and_nobody_asks_whose_they_were() {
    let mut rig = Rig::open(TradeMarket::Spot);
    rig.session.know(ETH, [101, 103].map(TradeId).into_iter());
    rig.session.sweep(rig.now);
    let trades = [101, 102, 103].map(|id| spot_trade(id, 28)).join(",");
    rig.script.push(("GET /api/v3/myTrades?symbol=ETHUSDT&fromId=101&".into(), 200, format!("[{trades}]")));
    rig.script.push((
        "GET /api/v3/order?symbol=ETHUSDT&orderId=28&".into(),
        200,
        r#"{"orderId":28,"clientOrderId":"blst-41"}"#.into(),
    ));
    rig.serve();
    let told: Vec<_> = rig.fills().iter().map(|fill| fill.trade_id.0).collect();
    assert_eq!((told, rig.script.len()), (vec![102], 0));
}

#[test]
fn a_trade_of_the_stream_hides_no_older_one_from_the_sweep() {
    let mut rig = Rig::open(TradeMarket::UsdM);
    rig.session.on_disconnected(Channel::Private, rig.now, &mut rig.sink);
    rig.session.on_connected(Channel::Private, rig.now);
    rig.frame(r#"{"e":"ORDER_TRADE_UPDATE","E":1,"T":1,"o":{"s":"ETHUSDT","c":"blst-41","S":"BUY","q":"1.5","p":"2683.80","x":"TRADE","X":"PARTIALLY_FILLED","i":28,"l":"0.4","z":"0.8","L":"2683.80","t":107,"m":true,"T":1709654401000}}"#);
    rig.script.push((
        "GET /fapi/v1/userTrades?symbol=ETHUSDT&fromId=101&".into(),
        200,
        format!("[{},{}]", futures_trade(106, 28), futures_trade(107, 28)),
    ));
    rig.script.push((
        "GET /fapi/v1/order?symbol=ETHUSDT&orderId=28&".into(),
        200,
        r#"{"orderId":28,"clientOrderId":"blst-41"}"#.into(),
    ));
    rig.serve();
    let told: Vec<_> = rig.fills().iter().map(|fill| fill.trade_id.0).collect();
    assert_eq!(told, [107, 106]);
}

#[test]
fn whose_a_trade_was_is_asked_where_nobody_knows() {
    let mut rig = Rig::open(TradeMarket::UsdM);
    let id = rig.send(new(order(41)));
    rig.result(id, r#"{"orderId":28}"#);
    rig.session.sweep(rig.now);
    // The third is of an order that is known, and waits for its turn all the same.
    let trades = [(101, 50), (102, 51), (103, 28), (104, 52)].map(|(id, order)| futures_trade(id, order));
    rig.script.push((
        "GET /fapi/v1/userTrades?symbol=ETHUSDT".into(),
        200,
        format!("[{}]", trades.join(",")),
    ));
    let whose = |id: u64, client: &str| {
        (
            format!("GET /fapi/v1/order?symbol=ETHUSDT&orderId={id}&"),
            200,
            format!(r#"{{"orderId":{id},"clientOrderId":"{client}"}}"#),
        )
    };
    rig.script.extend([whose(50, "blst-7"), whose(51, "autoclose-1")]);
    rig.script.push((
        "GET /fapi/v1/order?symbol=ETHUSDT&orderId=52&".into(),
        400,
        r#"{"code":-2013,"msg":"Order does not exist."}"#.into(),
    ));
    rig.serve();
    let told: Vec<_> =
        rig.fills().iter().map(|fill| (fill.trade_id.0, fill.client_id.0, fill.reason)).collect();
    let foreign = ClientOrderId::FOREIGN.0;
    assert_eq!(
        told,
        [
            (101, 7, FillReason::Venue),
            (102, foreign, FillReason::Liquidation),
            (103, 41, FillReason::Venue),
            (104, foreign, FillReason::Venue)
        ]
    );
    assert!(matches!(rig.session.standing(), Standing::Whole(_)));
}

#[test]
fn a_full_page_is_followed_by_the_next() {
    let mut rig = Rig::open(TradeMarket::UsdM);
    rig.session.sweep(rig.now);
    let page: Vec<_> = (101..1_101).map(|id| futures_trade(id, 50)).collect();
    rig.script.push((
        "GET /fapi/v1/userTrades?symbol=ETHUSDT&fromId=101&".into(),
        200,
        format!("[{}]", page.join(",")),
    ));
    rig.script.push((
        "GET /fapi/v1/userTrades?symbol=ETHUSDT&fromId=1101&".into(),
        200,
        format!("[{}]", futures_trade(1_101, 50)),
    ));
    rig.script.push(("GET /fapi/v1/order?".into(), 200, r#"{"clientOrderId":"blst-7"}"#.into()));
    rig.serve();
    let told: Vec<_> = rig.fills().iter().map(|fill| fill.trade_id).collect();
    assert_eq!(told, (101..1_102).map(TradeId).collect::<Vec<_>>());
}

#[test]
fn what_fails_is_asked_again_and_nothing_is_whole_before() {
    let mut rig = Rig::open(TradeMarket::Spot);
    rig.session.sweep(rig.now);
    rig.script.push(("GET /api/v3/account".into(), 500, "<html>".into()));
    rig.serve();
    assert!(matches!(rig.session.standing(), Standing::Sweeping(_)));
    assert_eq!(rig.session.poll_notice(), Some(Notice::SweepRefused(0)));
    let due = rig.session.next_deadline().unwrap();
    assert_eq!(due, rig.now.mono + ballast_model::Span::from_secs(1));
    rig.wait(ballast_model::Span::from_secs(1));
    rig.serve();
    assert!(matches!(rig.session.standing(), Standing::Whole(_)));
}

#[test]
fn funding_is_fetched_when_the_wallet_says_so_and_told_once() {
    let mut rig = Rig::open(TradeMarket::UsdM);
    rig.frame(r#"{"e":"ACCOUNT_UPDATE","E":1,"T":1,"a":{"m":"FUNDING_FEE","B":[{"a":"USDT","wb":"10","cw":"10","bc":"-0.375"}]}}"#);
    let paid = r#"[{"symbol":"ETHUSDT","incomeType":"FUNDING_FEE","income":"-0.37500000","asset":"USDT","info":"","time":1709654400000,"tranId":9689322392,"tradeId":""}]"#;
    rig.script.push((
        "GET /fapi/v1/income?incomeType=FUNDING_FEE&startTime=1645000000000&".into(),
        200,
        paid.into(),
    ));
    rig.serve();
    let payment = FundingPayment {
        instrument: ETH,
        asset: USDT,
        amount: PackedMoney::new(Money::from_e8(-37_500_000)),
        payment_id: PaymentId(9_689_322_392),
        venue_time: Nanos::from_millis(1_709_654_400_000),
    };
    assert_eq!(rig.sink.events, [Event::Funding(payment)]);
    rig.session.sweep(rig.now);
    rig.script.push((
        "GET /fapi/v1/income?incomeType=FUNDING_FEE&startTime=1709654400000&".into(),
        200,
        paid.into(),
    ));
    rig.serve();
    let payments = rig.sink.events.iter().filter(|event| matches!(event, Event::Funding(_)));
    assert_eq!((payments.count(), rig.script.len()), (1, 0));
}

#[test]
fn cancelling_everything_goes_before_all_else() {
    let mut rig = Rig::open(TradeMarket::UsdM);
    rig.session.sweep(rig.now);
    let (_, first) = rig.poll().unwrap();
    assert!(first.starts_with("GET"));
    rig.session.cancel_all();
    let (_, second) = rig.poll().unwrap();
    assert!(second.starts_with("DELETE /fapi/v1/allOpenOrders"), "{second}");
    rig.answer(200, &[], r#"{"code":200,"msg":"The operation of cancel all open order is done."}"#);
    assert!(rig.poll().unwrap().1.starts_with("DELETE"));
    rig.answer(400, &[], r#"{"code":-2011,"msg":"Unknown order sent."}"#);
    assert!(rig.poll().unwrap().1.starts_with("GET"));
    assert_eq!(rig.session.poll_notice(), None);
}

#[test]
fn trades_of_a_finer_grid_are_passed_over_where_they_are_known_and_told_against_us_where_not() {
    let mut rig = Rig::open(TradeMarket::Spot);
    rig.session.know(ETH, [101].map(TradeId).into_iter());
    rig.session.sweep(rig.now);
    let trades = [(101, "2683.805"), (102, "2683.805"), (103, "2683.8")];
    let trades: Vec<_> = trades.map(|(id, price)| spot_trade(id, 28).replace("2683.80", price)).into();
    rig.script.push((
        "GET /api/v3/myTrades?symbol=ETHUSDT&fromId=101&".into(),
        200,
        format!("[{}]", trades.join(",")),
    ));
    rig.script.push((
        "GET /api/v3/order?symbol=ETHUSDT&orderId=28&".into(),
        200,
        r#"{"orderId":28,"clientOrderId":"blst-41"}"#.into(),
    ));
    rig.serve();
    // They were sales: the tick below is the worse one.
    let told: Vec<_> = rig.fills().iter().map(|fill| (fill.trade_id.0, fill.level.price().0)).collect();
    assert_eq!(told, [(102, 268_380), (103, 268_380)]);
    let counters = rig.session.counters();
    assert_eq!((counters.unbookable, counters.stray_fills), (0, 1));
    assert!(matches!(rig.session.standing(), Standing::Whole(_)));
}

#[test]
fn an_order_that_stands_between_two_ticks_is_listed() {
    let mut rig = Rig::fresh(TradeMarket::Spot, ed25519());
    rig.script.push((
        "GET /api/v3/openOrders?symbol=ETHUSDT".into(),
        200,
        r#"[{"symbol":"ETHUSDT","orderId":28,"clientOrderId":"blst-41","price":"2683.805","origQty":"1.5","executedQty":"0.5","status":"PARTIALLY_FILLED","side":"SELL","updateTime":1709654400000}]"#
            .into(),
    ));
    rig.connect();
    assert_eq!(rig.session.standing(), Standing::Whole(rig.now.mono));
    let open: Vec<_> =
        rig.session.open_orders().iter().map(|order| (order.level.price().0, order.filled.0)).collect();
    assert_eq!(open, [(268_380, 500)]);
}
