//! Whatever the order in which answers, news and sweeps arrive, twice or late: the core hears one history.

use std::collections::BTreeMap;

use ballast_model::{Ending, Event, OrderReport, RejectReason, Span, VenueOrderId};
use ballast_venue::binance::trade::TradeMarket;
use proptest::prelude::*;

use super::rig::{Rig, cancel, new, order};

const SIZE: u64 = 1_500;

/// How the order ends at the venue.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Rests,
    Cancelled,
    Filled,
    Expired,
}

/// One thing that reaches the session next.
#[derive(Clone, Copy, Debug)]
enum Step {
    News,
    /// The last news once more.
    Again,
    Placed,
    Cancelled,
    Sweep,
    Wait,
}

#[derive(Clone, Debug)]
struct Life {
    market: TradeMarket,
    trades: Vec<u64>,
    end: End,
    steps: Vec<Step>,
}

fn lives() -> impl Strategy<Value = Life> {
    let step = prop_oneof![
        4 => Just(Step::News),
        2 => Just(Step::Again),
        1 => Just(Step::Placed),
        1 => Just(Step::Cancelled),
        1 => Just(Step::Sweep),
        1 => Just(Step::Wait),
    ];
    let end = prop_oneof![Just(End::Rests), Just(End::Cancelled), Just(End::Filled), Just(End::Expired)];
    let market = prop_oneof![Just(TradeMarket::Spot), Just(TradeMarket::UsdM)];
    (market, proptest::collection::vec(1_u64..400, 0..4), end, proptest::collection::vec(step, 0..24))
        .prop_map(|(market, mut trades, end, steps)| {
            if end == End::Filled {
                trades.push(SIZE - trades.iter().sum::<u64>());
            }
            Life { market, trades, end, steps }
        })
}

/// The stream's frames, in order.
fn news(life: &Life) -> Vec<String> {
    let mut frames = Vec::new();
    let mut filled = 0;
    let mut frame = |kind: &str, status: &str, trade: Option<(usize, u64)>, filled: u64| {
        let (id, last) = trade.map_or((-1, 0), |(number, lots)| (101 + i64::try_from(number).unwrap(), lots));
        let execution = frames.len() + 1;
        let body = format!(
            r#""s":"ETHUSDT","c":"blst-41","S":"SELL","q":"1.500","p":"2683.80","C":"","x":"{kind}","X":"{status}","r":"NONE","i":28,"l":"{}","z":"{}","L":"2683.80","n":"0.1","N":"USDT","T":1709654401000,"t":{id},"I":{execution},"m":true"#,
            thousandths(last),
            thousandths(filled)
        );
        frames.push(match life.market {
            TradeMarket::Spot => {
                format!(r#"{{"subscriptionId":0,"event":{{"e":"executionReport","E":1,{body}}}}}"#)
            }
            TradeMarket::UsdM => format!(r#"{{"e":"ORDER_TRADE_UPDATE","E":1,"T":1,"o":{{{body}}}}}"#),
        });
    };
    frame("NEW", "NEW", None, 0);
    for (number, lots) in life.trades.iter().enumerate() {
        filled += lots;
        frame(
            "TRADE",
            if filled == SIZE { "FILLED" } else { "PARTIALLY_FILLED" },
            Some((number, *lots)),
            filled,
        );
    }
    match life.end {
        End::Cancelled => frame("CANCELED", "CANCELED", None, filled),
        End::Expired => frame("EXPIRED", "EXPIRED", None, filled),
        End::Rests | End::Filled => {}
    }
    frames
}

fn thousandths(lots: u64) -> String {
    format!("{}.{:03}", lots / 1_000, lots % 1_000)
}

/// What the venue shows of all trades over HTTP.
fn page(life: &Life) -> String {
    let rows: Vec<_> = life
        .trades
        .iter()
        .zip(101..)
        .map(|(lots, id)| {
            let size = thousandths(*lots);
            format!(
                r#"{{"id":{id},"orderId":28,"price":"2683.80","qty":"{size}","commission":"0.1","commissionAsset":"USDT","time":1709654401000,"isBuyer":false,"buyer":false,"isMaker":true,"maker":true}}"#
            )
        })
        .collect();
    format!("[{}]", rows.join(","))
}

struct Play {
    rig: Rig,
    place: Option<u64>,
    cancel: Option<u64>,
    told: usize,
}

impl Play {
    fn step(&mut self, life: &Life, frames: &[String], step: Step) {
        let traded: u64 = life.trades.iter().sum();
        match step {
            Step::News => {
                if let Some(frame) = frames.get(self.told) {
                    self.rig.frame(frame);
                    self.told += 1;
                }
            }
            Step::Again => {
                if self.told > 0 {
                    self.rig.frame(&frames[self.told - 1]);
                }
            }
            Step::Placed => {
                if let Some(id) = self.place.take() {
                    self.rig.result(id, r#"{"orderId":28,"clientOrderId":"blst-41"}"#);
                }
            }
            Step::Cancelled => match (self.cancel.take(), life.end) {
                (Some(id), End::Cancelled) => self.rig.result(
                    id,
                    &format!(
                        r#"{{"orderId":28,"price":"2683.80","origQty":"1.500","executedQty":"{}","status":"CANCELED"}}"#,
                        thousandths(traded)
                    ),
                ),
                (Some(id), _) => self.rig.error(id, 400, -2011, "Unknown order sent."),
                (None, _) => {}
            },
            Step::Sweep => {
                let (page, path) = (page(life), if life.market == TradeMarket::Spot { "myTrades" } else { "userTrades" });
                let root = if life.market == TradeMarket::Spot { "/api/v3" } else { "/fapi/v1" };
                self.rig.script.push((format!("GET {root}/{path}?symbol=ETHUSDT"), 200, page));
                let whose = r#"{"orderId":28,"clientOrderId":"blst-41"}"#;
                self.rig.script.push((format!("GET {root}/order?"), 200, whose.into()));
                self.rig.session.sweep(self.rig.now);
                self.rig.serve();
                self.rig.script.clear();
            }
            Step::Wait => {
                self.rig.wait(Span::from_secs(2));
                self.rig.serve();
            }
        }
    }
}

fn check(life: &Life, events: &[Event]) -> Result<(), TestCaseError> {
    let traded: u64 = life.trades.iter().sum();
    let mut fills = BTreeMap::new();
    let (mut ends, mut accepted) = (0, 0);
    for event in events {
        match event {
            Event::Fill(fill) => {
                prop_assert_eq!(fill.client_id.0, 41);
                let again = fills.insert(fill.trade_id.0, fill.level.lots().0);
                prop_assert_eq!(again, None, "a trade told twice");
            }
            Event::Order(update) => {
                prop_assert_eq!(update.client_id.0, 41);
                match update.report {
                    OrderReport::Accepted(id) => {
                        prop_assert_eq!(id, VenueOrderId(28));
                        accepted += 1;
                    }
                    OrderReport::Ended { how, filled } => {
                        let expected =
                            if life.end == End::Expired { Ending::Expired } else { Ending::Cancelled };
                        prop_assert_eq!(how, expected);
                        prop_assert_eq!(
                            u64::try_from(filled.0).unwrap(),
                            traded,
                            "the end counts all that traded"
                        );
                        ends += 1;
                    }
                    OrderReport::CancelRejected(reason) => {
                        prop_assert_eq!(reason, RejectReason::UnknownOrder)
                    }
                    OrderReport::FateUnknown => {}
                    other => prop_assert!(false, "{other:?} never happened"),
                }
            }
            _ => {}
        }
    }
    let expected: BTreeMap<_, _> =
        (101..).zip(life.trades.iter().map(|lots| i64::try_from(*lots).unwrap())).collect();
    prop_assert_eq!(fills, expected);
    prop_assert!(accepted >= 1);
    prop_assert_eq!(ends > 0, matches!(life.end, End::Cancelled | End::Expired));
    Ok(())
}

proptest! {
    #[test]
    fn any_interleaving_tells_one_history(life in lives()) {
        let mut rig = Rig::open(life.market);
        let place = Some(rig.send(new(order(41))));
        let cancel = Some(rig.send(cancel(41)));
        let mut play = Play { rig, place, cancel, told: 0 };
        let frames = news(&life);
        for step in &life.steps {
            play.step(&life, &frames, *step);
        }
        // All that the venue sends arrives in the end.
        for _ in play.told..frames.len() {
            play.step(&life, &frames, Step::News);
        }
        for step in [Step::Placed, Step::Cancelled, Step::Sweep] {
            play.step(&life, &frames, step);
        }
        check(&life, &play.rig.sink.events)?;
    }
}
