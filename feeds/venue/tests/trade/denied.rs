//! Orders that the venue took and then says it does not have: what it takes until one is given up, and what takes that back.

use ballast_model::{ClientOrderId, Ending, Event, Lots, OrderReport, Span};
use ballast_venue::Channel;
use ballast_venue::binance::trade::{Notice, TradeMarket};

use super::rig::{ETH, Rig, new, order, query};

const LOST: OrderReport = OrderReport::Ended { how: Ending::Lost, filled: Lots(0) };
const LISTED: &str = r#"[{"symbol":"ETHUSDT","orderId":28,"clientOrderId":"blst-41","price":"2683.80","origQty":"1.500","executedQty":"0","status":"NEW","side":"SELL","time":1709654400000,"updateTime":1709654400001}]"#;
const TRADED: &str = r#"[{"symbol":"ETHUSDT","id":101,"orderId":28,"price":"2683.80","qty":"0.400","commission":"0.1","commissionAsset":"USDT","time":1709654401000,"isBuyer":false,"isMaker":true}]"#;

/// A session whose order 41 the venue took as 28.
fn placed() -> Rig {
    let mut rig = Rig::open(TradeMarket::Spot);
    let id = rig.send(new(order(41)));
    rig.result(id, r#"{"orderId":28}"#);
    rig.reports();
    rig
}

/// A question that is denied; whether the order is given up.
fn deny(rig: &mut Rig) -> bool {
    let id = rig.send(query(41, 9));
    rig.error(id, 400, -2013, "Order does not exist.");
    let reports = rig.reports();
    assert!(reports.contains(&(41, OrderReport::NotFound { query: 9 })), "{reports:?}");
    reports.contains(&(41, LOST))
}

/// A denial, and answers to all that is asked then.
fn step(rig: &mut Rig, wait: i64) -> bool {
    rig.wait(Span::from_secs(wait));
    let lost = deny(rig);
    rig.asked.clear();
    rig.serve();
    lost
}

fn asked(rig: &Rig, what: &str) -> usize {
    rig.asked.iter().filter(|asked| asked.contains(what)).count()
}

fn notices(rig: &mut Rig) -> Vec<Notice> {
    std::iter::from_fn(|| rig.session.poll_notice()).collect()
}

#[test]
fn an_order_is_lost_once_questions_lists_and_trades_deny_it_twice() {
    let mut rig = placed();
    assert!(!step(&mut rig, 1));
    assert_eq!((asked(&rig, "openOrders?symbol=ETHUSDT"), asked(&rig, "myTrades")), (1, 0));
    for _ in 0..4 {
        assert!(!step(&mut rig, 2), "denials too close to the first tell nothing new");
        assert_eq!(asked(&rig, "openOrders"), 0);
    }
    assert!(!step(&mut rig, 2), "ten seconds after the first");
    assert_eq!((asked(&rig, "openOrders"), asked(&rig, "myTrades?symbol=ETHUSDT&orderId=28")), (1, 1));
    assert_eq!((rig.session.counters().orders_lost, notices(&mut rig)), (0, vec![]));
    assert!(step(&mut rig, 2));
    assert_eq!(notices(&mut rig), [Notice::OrderLost(ETH, ClientOrderId(41))]);
    assert_eq!(rig.session.counters().orders_lost, 1);
    // It has traded after all: that is told like any trade, and it is an alarm.
    rig.script.push(("GET /api/v3/myTrades?symbol=ETHUSDT&fromId=101&".into(), 200, TRADED.into()));
    rig.session.sweep(rig.now);
    rig.serve();
    assert_eq!(
        rig.fills().iter().map(|fill| (fill.client_id.0, fill.level.lots())).next(),
        Some((41, Lots(400)))
    );
    assert_eq!(notices(&mut rig), [Notice::LostOrderTraded(ETH, ClientOrderId(41))]);
}

#[test]
fn a_sign_of_it_takes_all_back() {
    let list = ("GET /api/v3/openOrders?symbol=ETHUSDT", LISTED);
    let trades = ("GET /api/v3/myTrades?symbol=ETHUSDT&orderId=28", TRADED);
    // Steps until it would be lost, and at which of them what is found.
    for (nth, (path, body)) in [(0, list), (1, list), (1, trades)] {
        let mut rig = placed();
        for (step_nth, wait) in [1, 10].into_iter().enumerate() {
            if step_nth == nth {
                rig.script.push((path.into(), 200, body.into()));
            }
            assert!(!step(&mut rig, wait));
            let is_sign = |event: &Event| matches!(event, Event::Order(_) | Event::Fill(_));
            assert_eq!(rig.sink.events.iter().any(is_sign), step_nth == nth, "what was found is told");
            rig.reports();
        }
        assert!(rig.script.is_empty(), "{path} was asked for");
        if nth == 1 {
            assert!(!step(&mut rig, 2), "{path}: nothing is proved any more");
        }
        assert!(!step(&mut rig, 10) && step(&mut rig, 2), "{path}: proved anew");
    }
}

#[test]
fn nothing_is_proved_across_a_time_when_nothing_was_heard() {
    let mut rig = placed();
    assert!(!step(&mut rig, 1) && !step(&mut rig, 10));
    rig.session.on_disconnected(Channel::Api, rig.now, &mut rig.sink);
    rig.connect();
    rig.reports();
    assert!(!step(&mut rig, 2), "what came meanwhile was not heard");
    assert!(!step(&mut rig, 10) && step(&mut rig, 2));
}

#[test]
fn a_list_that_does_not_come_is_none() {
    let mut rig = placed();
    rig.script.push(("GET /api/v3/openOrders?symbol=ETHUSDT".into(), 500, "{}".into()));
    assert!(!step(&mut rig, 1), "the list is refused");
    assert!(!step(&mut rig, 10), "it comes, and only a denial after it counts");
    assert!(!step(&mut rig, 2) && step(&mut rig, 2));
}
