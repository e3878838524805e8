use ballast_model::{
    Cancel, ClientOrderId, Event, Lots, NewOrder, OrderReport, Price, ReduceOnly, RejectReason, Side,
    TimeInForce,
};
use serde_json::Value;

use super::wire::decimal;
use super::*;
use crate::back::Stream;

const START: Nanos = Nanos::from_millis(1_786_147_200_000);
const US: ClientId = ClientId(0);

#[derive(Default)]
struct Heard {
    market: Vec<(InstrumentId, Stream, Value)>,
    news: Vec<(ClientId, Event)>,
}

impl Told for Heard {
    fn market(&mut self, symbol: InstrumentId, stream: Stream, payload: &[u8]) {
        self.market.push((symbol, stream, serde_json::from_slice(payload).unwrap()));
    }
    fn client(&mut self, client: ClientId, event: &Event) {
        self.news.push((client, *event));
    }
}

fn back(kind: MarketKind, speed: Speed) -> MatchingBack {
    MatchingBack::new(&MatchingBackSpec { kind, seed: 7, clients: 2, speed, start: START, flow: Flow::BUSY })
        .unwrap()
}

fn order(id: u64, side: Side, price: Price, lots: i64, tif: TimeInForce) -> Command {
    Command::New(NewOrder {
        instrument: InstrumentId(0),
        client_id: ClientOrderId(id),
        side,
        price,
        lots: Lots(lots),
        tif,
        reduce_only: ReduceOnly::No,
        expires_at: Nanos::MAX,
    })
}

fn at(millis: i64) -> Nanos {
    START + Span::from_millis(millis)
}

/// Sends a command and hears what comes of it at the same moment.
fn ask(back: &mut MatchingBack, client: ClientId, command: &Command, now: Nanos) -> Vec<Event> {
    let mut heard = Heard::default();
    back.send(client, command, now);
    back.advance(now, &mut heard);
    heard.news.into_iter().map(|(_, event)| event).collect()
}

/// The one report among what was heard.
fn report(events: &[Event]) -> OrderReport {
    let mut last = None;
    for event in events {
        if let Event::Order(update) = event {
            last = Some(update.report);
        }
    }
    last.unwrap()
}

#[test]
fn diffs_chain_and_snapshots_lie_inside_the_next() {
    for kind in [MarketKind::Spot, MarketKind::UsdM] {
        let (mut back, mut last) = (back(kind, Speed::Times(1)), [0; 2]);
        for step in 1..200 {
            let mut heard = Heard::default();
            back.advance(at(17 * step), &mut heard);
            for (symbol, _, diff) in heard.market.iter().filter(|(_, stream, _)| *stream == Stream::Depth) {
                let (first, id) = (diff["U"].as_u64().unwrap(), diff["u"].as_u64().unwrap());
                let last = &mut last[symbol.index()];
                assert!(*last == 0 || first == *last + 1, "{diff}");
                assert!(kind == MarketKind::Spot || diff["pu"].as_u64() == Some(first - 1), "{diff}");
                *last = id;
            }
            for (symbol, last) in [InstrumentId(0), InstrumentId(1)].into_iter().zip(last) {
                let depth = back.depth(symbol, 20);
                assert!(last == 0 || depth.update_id.0 > last, "{depth:?}");
                assert!(depth.bids.len() == 20 && depth.asks.len() == 20);
                assert!(depth.bids[0].0 < depth.asks[0].0);
            }
        }
        assert!(last.iter().all(|last| *last > 0));
    }
}

#[test]
fn a_book_built_from_snapshot_and_diffs_is_the_market_s() {
    let mut back = back(MarketKind::UsdM, Speed::Times(1));
    back.advance(at(1_030), &mut Heard::default());
    let snapshot = back.depth(InstrumentId(0), 1_000);
    let mut bids: std::collections::BTreeMap<String, String> = std::collections::BTreeMap::new();
    let text = |price: Price, lots: Lots| {
        let spec = MarketKind::UsdM.symbols()[0].spec;
        (decimal(price.0, spec.tick, 0), decimal(lots.0, spec.lot, 0))
    };
    bids.extend(snapshot.bids.iter().map(|(price, lots)| text(*price, *lots)));
    let mut heard = Heard::default();
    back.advance(at(3_000), &mut heard);
    let id = snapshot.update_id.0;
    let diffs = heard.market.iter().filter(|(symbol, stream, _)| symbol.0 == 0 && *stream == Stream::Depth);
    let mut first = true;
    for (_, _, diff) in diffs.filter(|(_, _, diff)| diff["u"].as_u64() >= Some(id)) {
        assert!(!first || diff["U"].as_u64() <= Some(id), "{diff} {id}");
        first = false;
        for level in diff["b"].as_array().unwrap() {
            let (price, lots) = (level[0].as_str().unwrap(), level[1].as_str().unwrap());
            if lots == "0.000" {
                bids.remove(price)
            } else {
                bids.insert(price.to_owned(), lots.to_owned())
            };
        }
    }
    // Diffs come every 100 ms; the last one here is at 3 s, after everything else.
    let now = back.depth(InstrumentId(0), 1_000);
    let now: std::collections::BTreeMap<_, _> =
        now.bids.iter().map(|(price, lots)| text(*price, *lots)).collect();
    let differ = now.iter().filter(|(price, lots)| bids.get(*price) != Some(*lots)).count();
    assert!(!first && now.len() > 100 && differ <= 3, "{differ} of {}", now.len());
}

#[test]
fn messages_are_the_venue_s() {
    let mut heard = Heard::default();
    back(MarketKind::UsdM, Speed::Times(1)).advance(at(3_000), &mut heard);
    let first = |heard: &Heard, wanted| {
        heard.market.iter().find(|(_, stream, _)| *stream == wanted).unwrap().2.clone()
    };
    let keys =
        |value: &Value| value.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>().join("");
    assert_eq!(keys(&first(&heard, Stream::BookTicker)), "ABETabepssstu");
    assert_eq!(first(&heard, Stream::MarkPrice)["s"], "ETHUSDT");
    let trade = first(&heard, Stream::Trade);
    assert_eq!((trade["e"].as_str(), trade["X"].as_str()), (Some("trade"), Some("MARKET")));
    let mut heard = Heard::default();
    back(MarketKind::Spot, Speed::Times(1)).advance(at(3_000), &mut heard);
    let ticker = first(&heard, Stream::BookTicker);
    assert_eq!(keys(&ticker), "ABabsu");
    assert!(ticker["b"].as_str().unwrap().split('.').nth(1).unwrap().len() == 8, "{ticker}");
    assert_eq!(first(&heard, Stream::Trade)["M"], true);
    assert!(!heard.market.iter().any(|(_, stream, _)| *stream == Stream::MarkPrice));
}

#[test]
fn spot_orders_need_what_they_spend() {
    let mut back = back(MarketKind::Spot, Speed::Times(1));
    back.advance(at(0), &mut Heard::default());
    let (bid, ask) = (back.depth(InstrumentId(0), 1).bids[0].0, back.depth(InstrumentId(0), 1).asks[0].0);
    // 20 ETH are there, in lots of 0.0001.
    let sells = order(1, Side::Ask, Price(ask.0 + 5_000), 200_001, TimeInForce::GoodTillCancel);
    assert_eq!(report(&ask_now(&mut back, &sells)), OrderReport::Rejected(RejectReason::Margin));
    let sells = order(2, Side::Ask, Price(ask.0 + 5_000), 200_000, TimeInForce::GoodTillCancel);
    assert!(matches!(report(&ask_now(&mut back, &sells)), OrderReport::Accepted(_)));
    assert_eq!(back.balance(US, "ETH"), (Money::ZERO, spec::BASE));
    assert_eq!(back.balance(ClientId(1), "ETH"), (spec::BASE, Money::ZERO));
    let cancel = Command::Cancel(Cancel { instrument: InstrumentId(0), client_id: ClientOrderId(2) });
    assert_eq!(report(&ask_now(&mut back, &cancel)), OrderReport::Cancelled);
    assert_eq!(back.balance(US, "ETH"), (spec::BASE, Money::ZERO));
    let takes = order(3, Side::Ask, Price(bid.0 - 1_000), 1_000, TimeInForce::ImmediateOrCancel);
    let events = ask_now(&mut back, &takes);
    let (mut lots, mut value, mut fees) = (0, 0, 0);
    for event in &events {
        if let Event::Fill(fill) = event {
            let (price, lot) = (fill.level.price().0, fill.level.lots().0);
            (lots, value) = (lots + lot, value + i128::from(lot) * i128::from(price));
            fees += fill.fee_e8;
        }
    }
    assert!(lots > 0 && fees > 0, "{events:?}");
    assert_eq!(back.balance(US, "ETH").0, Money(spec::BASE.0 - i128::from(lots) * 10i128.pow(14)));
    let got = Money(value * 10i128.pow(12)) - Money::from_e8(fees);
    assert_eq!(back.balance(US, "USDT"), (spec::COLLATERAL + got, Money::ZERO));
}

#[test]
fn the_fee_of_a_spot_buy_comes_out_of_the_coins() {
    let mut back = back(MarketKind::Spot, Speed::Times(1));
    back.advance(at(0), &mut Heard::default());
    let ask = back.depth(InstrumentId(0), 1).asks[0].0;
    let takes = order(3, Side::Bid, Price(ask.0 + 1_000), 1_000, TimeInForce::ImmediateOrCancel);
    let (mut lots, mut value, mut fees) = (0, 0, 0);
    for event in ask_now(&mut back, &takes) {
        if let Event::Fill(fill) = event {
            let (price, lot) = (fill.level.price().0, fill.level.lots().0);
            (lots, value) = (lots + lot, value + i128::from(lot) * i128::from(price));
            assert_eq!(fill.fee_asset, back.symbols()[0].spec.base);
            // A thousandth of the coins, of which a lot is 10 000 units of 10^-8.
            assert!((lot * 10..=lot * 10 + 1).contains(&fill.fee_e8), "{fill:?}");
            fees += fill.fee_e8;
        }
    }
    assert!(lots > 0, "it took");
    let coins = Money(i128::from(lots) * 10i128.pow(14)) - Money::from_e8(fees);
    assert_eq!(back.balance(US, "ETH"), (spec::BASE + coins, Money::ZERO));
    assert_eq!(back.balance(US, "USDT").0, spec::COLLATERAL - Money(value * 10i128.pow(12)));
}

fn ask_now(back: &mut MatchingBack, command: &Command) -> Vec<Event> {
    ask(back, US, command, at(0))
}

#[test]
fn futures_are_traded_on_margin() {
    let mut back = back(MarketKind::UsdM, Speed::Times(1));
    back.advance(at(1_500), &mut Heard::default());
    let ask_price = back.depth(InstrumentId(0), 1).asks[0].0;
    let buys = order(1, Side::Bid, Price(ask_price.0 + 500), 10, TimeInForce::ImmediateOrCancel);
    let events = ask(&mut back, US, &buys, at(1_500));
    assert!(events.iter().any(|event| matches!(event, Event::Fill(_))), "{events:?}");
    // The fee is gone, the position's value is not.
    let (free, locked) = back.balance(US, "USDT");
    assert!(free < spec::COLLATERAL && spec::COLLATERAL - free < Money(Money::ONE.0 * 1_000), "{free:?}");
    assert_eq!((locked, back.balance(US, "ETH").0), (Money::ZERO, Money::ZERO));
    assert_eq!(back.balance(ClientId(1), "USDT").0, spec::COLLATERAL);
    let stranger = ask(&mut back, ClientId(9), &buys, at(1_500));
    assert!(stranger.is_empty());
}

#[test]
fn time_goes_as_fast_as_it_is_told() {
    let trades = |speed: Speed, looks: i64| {
        let (mut back, mut heard) = (back(MarketKind::UsdM, speed), Heard::default());
        for nth in 1..=looks {
            back.advance(at(1_000 * nth / looks), &mut heard);
        }
        let times = heard.market.iter().filter_map(|(_, _, value)| value["E"].as_i64());
        let (low, high) = (times.clone().min().unwrap(), times.max().unwrap());
        assert!(low >= START.0 / 1_000_000 && high <= at(1_000).0 / 1_000_000, "{low} {high}");
        heard.market.iter().filter(|(_, stream, _)| *stream == Stream::Depth).count()
    };
    let once = trades(Speed::Times(1), 100);
    assert!((15..=20).contains(&once), "{once}");
    let tenfold = trades(Speed::Times(10), 100);
    assert!((180..=200).contains(&tenfold), "{tenfold}");
    let stepped = trades(Speed::Max, 400);
    assert!((30..=40).contains(&stepped), "two seconds in steps: {stepped}");
    let fast = back(MarketKind::UsdM, Speed::Times(7));
    let clock = fast.clock;
    for millis in [0, 1, 13, 999] {
        assert_eq!(clock.outside(clock.inside(at(millis))), at(millis));
    }
}

/// Prices and sizes of a book that lie between the points of a grid.
fn strays(back: &MatchingBack, (ticks, lots): (i64, i64)) -> (usize, usize) {
    let depth = back.depth(InstrumentId(0), 1_000);
    let levels = || depth.bids.iter().chain(&depth.asks);
    let prices = levels().filter(|(price, _)| price.0 % ticks != 0).count();
    (prices, levels().filter(|(_, size)| size.0 % lots != 0).count())
}

#[test]
fn the_crowd_moves_to_another_grid() {
    let (mut coarse, mut heard) = (back(MarketKind::UsdM, Speed::Times(1)), Heard::default());
    coarse.advance(at(1_000), &mut heard);
    let before = strays(&coarse, (10, 1)).0;
    coarse.regrid(InstrumentId(0), Multiples { ticks: 10, lots: 1 });
    assert_eq!(strays(&coarse, (10, 1)).0, before, "what stands stays");
    coarse.advance(at(60_000), &mut heard);
    assert!(before > 100 && strays(&coarse, (10, 1)).0 < before / 20, "and goes by and by");
    coarse.regrid(InstrumentId(0), Multiples { ticks: 10, lots: 5 });
    assert_eq!(strays(&coarse, (10, 5)), (0, 0), "other sizes are there at once");
    coarse.advance(at(70_000), &mut heard);
    assert_eq!(strays(&coarse, (10, 5)), (0, 0));
    coarse.regrid(InstrumentId(0), Multiples { ticks: 1, lots: 5 });
    coarse.advance(at(80_000), &mut heard);
    assert!(strays(&coarse, (10, 5)).0 > 100, "a finer grid is used");
}
