use std::collections::VecDeque;

use ballast_model::{AssetId, Contract};
use ballast_wire::{Closed, Pulse, Refused};

use super::*;

const SPOT: &str = r#"{"timezone":"UTC","rateLimits":[
    {"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":6000},
    {"rateLimitType":"ORDERS","interval":"SECOND","intervalNum":10,"limit":50},
    {"rateLimitType":"ORDERS","interval":"WEEK","intervalNum":1,"limit":9},
    {"rateLimitType":"ORDERS","interval":"DAY","intervalNum":1,"limit":160000}],"symbols":[
    {"symbol":"BTCUSDT","status":"BREAK","filters":[]},
    {"symbol":"ETHUSDT","status":"TRADING","baseAsset":"ETH","quoteAsset":"USDT","filters":[
        {"filterType":"PRICE_FILTER","minPrice":"0.01000000","maxPrice":"1000000.00000000","tickSize":"0.01000000"},
        {"filterType":"LOT_SIZE","minQty":"0.00010000","maxQty":"9000.00000000","stepSize":"0.00010000"},
        {"filterType":"MARKET_LOT_SIZE","minQty":"0.00000000","maxQty":"100.0","stepSize":"0.00000000"},
        {"filterType":"NOTIONAL","minNotional":"5.00000000","applyMinToMarket":true}]}]}"#;
const FUTURES: &str = r#"{"symbols":[{"symbol":"ETHUSDT","status":"TRADING","filters":[
    {"filterType":"PRICE_FILTER","minPrice":"39.86","maxPrice":"306177","tickSize":"0.01"},
    {"filterType":"LOT_SIZE","minQty":"0.001","maxQty":"10000","stepSize":"0.001"},
    {"filterType":"MIN_NOTIONAL","notional":"20"}]}]}"#;
const BEST: &str =
    r#"{"symbol":"ETHUSDT","bidPrice":"2681.62","bidQty":"1","askPrice":"2681.63","askQty":"2"}"#;

/// A venue that gives these answers in turn.
struct Venue {
    answers: VecDeque<(u16, &'static str)>,
    told: VecDeque<(u16, &'static str)>,
    asked: Vec<String>,
    opened: bool,
    refuses: bool,
    retry_after: Option<u32>,
    now: Nanos,
}

impl Venue {
    fn new(answers: &[(u16, &'static str)]) -> Self {
        let answers = answers.iter().copied().collect();
        let (told, asked) = (VecDeque::new(), Vec::new());
        Self { answers, told, asked, opened: false, refuses: false, retry_after: None, now: Nanos(0) }
    }
}

impl Network for Venue {
    fn open(&mut self, _: Link, _: &Address) {
        self.opened = true;
    }

    fn close(&mut self, _: Link) {}

    fn send(&mut self, _: Link, _: &[u8]) -> Result<(), Refused> {
        Err(Refused::NotOpen)
    }

    fn request(&mut self, _: Link, request: &HttpSend<'_>) -> Result<(), Refused> {
        self.asked.push(request.target.to_owned());
        self.told.extend(self.answers.pop_front());
        Ok(())
    }

    fn ping(&mut self, _: Link) -> Result<(), Refused> {
        Err(Refused::NotOpen)
    }

    fn pulse(&self, _: Link) -> Option<Pulse> {
        None
    }

    fn poll(&mut self, patience: Span, heard: &mut dyn FnMut(Link, Nanos, News<'_>)) {
        self.now = self.now + patience;
        if core::mem::take(&mut self.opened) {
            let news = if self.refuses { News::Closed(Closed::Unreachable) } else { News::Opened };
            heard(LINK, self.now, news);
        }
        if let Some((status, body)) = self.told.pop_front() {
            let body = body.as_bytes();
            heard(
                LINK,
                self.now,
                News::Reply { status, retry_after: self.retry_after, used: [None; 2], body },
            );
        }
    }

    fn clock(&self) -> Nanos {
        self.now
    }
}

fn ask(venue: &mut Venue, market: Market, symbol: &str) -> Result<Vec<Fact>, String> {
    facts(venue, "http://venue", market, &[symbol.to_owned()]).map_err(|error| error.to_string())
}

#[test]
fn grid_filters_and_price_are_read() {
    let mut venue = Venue::new(&[(200, SPOT), (200, BEST)]);
    let facts = ask(&mut venue, Market::Spot, "ETHUSDT").unwrap();
    assert_eq!(venue.asked, ["/api/v3/exchangeInfo", "/api/v3/ticker/bookTicker?symbol=ETHUSDT"]);
    let [fact] = facts.as_slice() else { panic!("{facts:?}") };
    assert_eq!((fact.seen.tick, fact.seen.lot), (Step::parse("0.01"), Step::parse("0.0001")));
    assert_eq!(fact.mid, HalfTicks(2 * 268_162 + 1));
    let filters = Filters {
        price: (1, 100_000_000),
        size: (1, 90_000_000),
        notional_min: 5 * Money::ONE.0,
        orders: None,
    };
    assert_eq!(fact.filters, filters);
    let window = |seconds, count| Some(OrderWindow { seconds, count });
    assert_eq!(fact.orders, [window(10, 50), window(86_400, 160_000), None, None]);
    let mut venue = Venue::new(&[(200, FUTURES), (200, BEST)]);
    let facts = ask(&mut venue, Market::UsdM, "ETHUSDT").unwrap();
    let filters = Filters {
        price: (3_986, 30_617_700),
        size: (1, 10_000_000),
        notional_min: 20 * Money::ONE.0,
        orders: None,
    };
    assert_eq!(facts[0].filters, filters);
    assert_eq!(facts[0].orders, [None; ORDER_WINDOWS_MAX], "it says nothing");
}

#[test]
fn what_cannot_be_known_is_said() {
    for (answers, symbol, why) in [
        (&[(200, SPOT), (200, "[]")][..], "ETHUSDT", "spot ETHUSDT: no best prices are told"),
        (&[(200, SPOT), (200, BEST)], "BTCUSDT", "spot BTCUSDT: it does not trade now: BREAK"),
        (&[(200, SPOT)], "XYZUSDT", "spot XYZUSDT: the venue does not list it"),
        (
            &[(429, "{\"code\":-1003}")],
            "ETHUSDT",
            "http://venue/api/v3/exchangeInfo: status 429: {\"code\":-1003}",
        ),
        (&[(200, "<html>")], "ETHUSDT", "http://venue/api/v3/exchangeInfo: expected value"),
        (&[], "ETHUSDT", "http://venue/api/v3/exchangeInfo: no answer in time"),
    ] {
        let said = ask(&mut Venue::new(answers), Market::Spot, symbol).unwrap_err();
        assert!(said.contains(why), "{symbol}: {said}");
    }
    let mut venue = Venue::new(&[]);
    venue.refuses = true;
    assert!(
        ask(&mut venue, Market::Spot, "ETHUSDT").unwrap_err().contains("no connection: it cannot be reached")
    );
}

#[test]
fn filters_only_narrow() {
    let wide = InstrumentSpec {
        tick: Step::parse("0.01").unwrap(),
        lot: Step::parse("0.001").unwrap(),
        multiplier: 1,
        contract: Contract::Linear,
        price_min: Price(1),
        price_max: Price(1_000_000),
        size_min: Lots(1),
        size_max: Lots(1 << 40),
        notional_min: Money(7),
        base: AssetId(0),
        quote: AssetId(1),
    };
    let filters = Filters { price: (5, 2_000_000), size: (2, 0), notional_min: 3, orders: None };
    let narrow = filters.narrow(wide).unwrap();
    let expected = InstrumentSpec { price_min: Price(5), size_min: Lots(2), ..wide };
    assert_eq!(narrow, expected);
    let crossed = Filters { price: (1_000_001, 0), ..filters };
    assert_eq!(crossed.narrow(wide), Err(SpecError::Limits));
}

/// Waits so often, and keeps what for.
struct Patient {
    left: usize,
    waited: Vec<(u16, Span)>,
    over: bool,
}

impl Refusals for Patient {
    fn waits(&mut self, status: u16, so_long: Span) -> bool {
        self.waited.push((status, so_long));
        let waits = self.left > 0;
        self.left = self.left.saturating_sub(1);
        waits
    }

    fn is_over(&self) -> bool {
        self.over
    }
}

#[test]
fn a_venue_that_refuses_is_asked_again_when_it_says() {
    let answers = [(429, "{}"), (418, "{}"), (200, FUTURES), (429, "{}"), (200, BEST)];
    let ask = |venue: &mut Venue, patient: &mut Patient| {
        facts_in_time(venue, "http://venue", Market::UsdM, &["ETHUSDT".to_owned()], patient)
            .map_err(|error| error.to_string())
    };
    let mut patient = Patient { left: 3, waited: Vec::new(), over: false };
    let mut venue = Venue::new(&answers);
    venue.retry_after = Some(7);
    assert_eq!(ask(&mut venue, &mut patient).unwrap().len(), 1);
    let seven = Span::from_secs(7);
    assert_eq!(patient.waited, [(429, seven), (418, seven), (429, seven)]);
    assert!(venue.now >= Nanos(0) + Span::from_secs(21), "it was not asked before: {:?}", venue.now);
    assert_eq!(venue.asked.len(), 5);
    // What it does not say.
    let mut patient = Patient { left: 1, waited: Vec::new(), over: false };
    let said = ask(&mut Venue::new(&[(429, "{}"), (418, "banned")]), &mut patient).unwrap_err();
    assert!(said.ends_with("status 418: banned"), "{said}");
    assert_eq!(patient.waited, [(429, Span::from_secs(60)), (418, Span::from_secs(120))]);
    let mut patient = Patient { left: 1, waited: Vec::new(), over: true };
    let mut venue = Venue::new(&answers);
    let said = ask(&mut venue, &mut patient).unwrap_err();
    assert!(said.contains("stopped while the venue was waited for") && venue.asked.len() == 1, "{said}");
}
