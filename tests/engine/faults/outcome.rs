//! What became of a case: the venue's record held against the engine's.

use std::collections::BTreeMap;
use std::fmt;

use ballast_tests::program::Run;
use serde_json::Value;

use super::cases::Case;

/// Largest value of a position in these runs (`position_max` of the configuration), and one order beyond by the time of a fill.
const POSITION_MAX: f64 = 15_000.0;
/// Most open orders of the configuration.
const OPEN_MAX: usize = 32;

/// What everybody says at the end.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) run: Run,
    pub(super) verified: Run,
    /// The venue's truth.
    pub(super) state: Value,
    /// Faults that fired.
    pub(super) fired: Value,
    /// When the rules were given, by the venue's clock.
    pub(super) given_ms: i64,
}

/// One line of the table.
#[derive(Debug)]
pub(super) struct Row {
    name: String,
    fired: u64,
    orders: usize,
    pub(super) fills: usize,
    reconnects: u64,
    pulled_ms: Option<i64>,
    pub(super) problems: Vec<String>,
    /// Bounds of time that were missed: on a host that others keep busy, perhaps by no fault of the engine.
    pub(super) late: Vec<String>,
    said: String,
}

impl Row {
    pub(super) const HEAD: &'static str =
        "fault                  fired  orders  fills  reconnects  pulled after ms  outcome";

    fn outcome(&self) -> String {
        let all: Vec<_> = self.problems.iter().chain(&self.late).map(String::as_str).collect();
        if all.is_empty() { "agreed".to_owned() } else { all.join("; ") }
    }

    /// Whether nothing at all is wrong.
    pub(super) const fn holds(&self) -> bool {
        self.problems.is_empty() && self.late.is_empty()
    }

    /// What is wrong, and what the engine said.
    pub(super) fn complaint(&self) -> String {
        format!("\n{}: {}\n{}\n", self.name, self.outcome(), self.said)
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, fired, orders, fills, reconnects, .. } = self;
        let pulled = self.pulled_ms.map_or_else(|| "-".to_owned(), |ms| ms.to_string());
        let outcome = self.outcome();
        write!(f, "{name:<22} {fired:>5} {orders:>7} {fills:>6} {reconnects:>11} {pulled:>16}  {outcome}")
    }
}

/// An order as the venue knows it.
struct Order {
    made: i64,
    /// When it ended; never for one that is open.
    ended: i64,
}

fn number(value: &Value) -> f64 {
    value.as_str().map_or_else(|| value.as_f64().unwrap(), |text| text.parse().unwrap())
}

impl Said {
    fn client(&self) -> &Value {
        &self.state["venue"]["clients"][0]
    }

    fn orders(&self) -> Vec<Order> {
        let orders = self.client()["orders"].as_array().unwrap().iter();
        let order = |order: &Value| {
            let open = order["status"] == "NEW" || order["status"] == "PARTIALLY_FILLED";
            let ended = if open { i64::MAX } else { order["updateTime"].as_i64().unwrap() };
            Order { made: order["time"].as_i64().unwrap(), ended }
        };
        orders.map(order).collect()
    }

    fn trades(&self) -> &Vec<Value> {
        self.client()["trades"].as_array().unwrap()
    }

    /// Times at which faults of these kinds fired.
    fn fired(&self, kinds: &[&str]) -> Vec<i64> {
        let fired = self.fired.as_array().unwrap().iter();
        let mine = fired.filter(|fired| kinds.iter().any(|kind| fired["kind"] == *kind));
        mine.map(|fired| fired["time"].as_i64().unwrap()).collect()
    }

    /// Position by the venue's trades, and the largest value it had.
    fn traded(&self) -> (f64, f64) {
        let (mut position, mut most) = (0.0, 0.0_f64);
        for trade in self.trades() {
            let buyer = trade.get("buyer").or_else(|| trade.get("isBuyer")).unwrap().as_bool().unwrap();
            position += if buyer { number(&trade["qty"]) } else { -number(&trade["qty"]) };
            most = most.max(position.abs() * number(&trade["price"]));
        }
        (position, most)
    }

    /// After how long none of the orders was left that were open when the first of these faults fired.
    fn pulled(&self, kinds: &[&str]) -> Option<i64> {
        let orders = self.orders();
        let left = |at: i64| orders.iter().filter(move |order| order.made < at && order.ended > at);
        let pulled = |at: i64| left(at).map(|order| order.ended.saturating_sub(at)).max().unwrap_or(0);
        self.fired(kinds).into_iter().map(pulled).max()
    }

    /// Most orders that were open at a time.
    fn open_most(&self) -> usize {
        let mut steps: BTreeMap<(i64, i64), i64> = BTreeMap::new();
        for order in self.orders() {
            *steps.entry((order.made, 1)).or_default() += 1;
            *steps.entry((order.ended, 0)).or_default() -= 1;
        }
        let levels = steps.values().scan(0, |open, step| {
            *open += step;
            Some(*open)
        });
        usize::try_from(levels.max().unwrap_or(0)).unwrap()
    }

    /// Judges it all.
    pub(super) fn judge(&self, case: &Case) -> Row {
        let counted = |kind: &&str| self.state["faults"][*kind].as_u64().unwrap_or(0);
        let fired = case.kinds.iter().map(counted).sum();
        let result = if self.run.out.is_empty() { Value::Null } else { self.run.json() };
        let pulled_ms = case.blind_ms.and_then(|_| self.pulled(&case.kinds));
        Row {
            name: case.name.clone(),
            fired,
            orders: self.orders().len(),
            fills: self.trades().len(),
            reconnects: result["connections_lost"].as_u64().unwrap_or(0),
            pulled_ms,
            problems: self.problems(case, &result, fired),
            late: self.late(case, pulled_ms),
            said: format!("{}{}", self.run.out, self.run.err),
        }
    }

    /// Bounds of time that were missed.
    fn late(&self, case: &Case, pulled_ms: Option<i64>) -> Vec<String> {
        let pulled = pulled_ms.zip(case.blind_ms).filter(|(pulled, bound)| pulled > bound);
        let last = self.orders().iter().map(|order| order.ended).max().unwrap_or(0);
        let last = Some(last.saturating_sub(self.given_ms)).filter(|last| *last < case.again_ms);
        let late = pulled.map(|(pulled, bound)| format!("quotes pulled after {pulled} ms, not {bound}"));
        let silent = last.map(|last| format!("no quote from {last} ms after the rules on"));
        late.into_iter().chain(silent).collect()
    }

    fn problems(&self, case: &Case, result: &Value, fired: u64) -> Vec<String> {
        let mut problems = Vec::new();
        let mut expect = |holds: bool, what: String| {
            if !holds {
                problems.push(what);
            }
        };
        let (orders, trades) = (self.orders(), self.trades().len());
        let unproved = case.to_the_end && self.run.code == Some(1) && result["orders_left"] == true;
        expect(unproved || self.run.code == Some(0), format!("exit code {:?}", self.run.code));
        expect(fired > 0, "nothing fired".to_owned());
        let left = orders.iter().filter(|order| order.ended == i64::MAX).count();
        expect(left == 0, format!("{left} orders left"));
        let booked = result["fills"].as_u64();
        expect(booked == Some(trades as u64), format!("{trades} trades, {booked:?} booked"));
        let (truth, most) = self.traded();
        let believed = result["instruments"][0]["position"].as_str().map(|text| text.parse::<f64>().unwrap());
        let agrees = believed.is_some_and(|believed| (believed - truth).abs() < 1e-9);
        expect(agrees, format!("position {truth:.4}, believed {believed:?}"));
        expect(most <= POSITION_MAX, format!("position worth {most:.0}"));
        let open = self.open_most();
        expect(open <= OPEN_MAX, format!("{open} orders open at a time"));
        let lost = result["books_lost"].as_u64();
        expect(case.copies == 1 || lost == Some(0), format!("books lost: {lost:?}"));
        let noted = case.noted.is_none_or(|note| result["notes"][note].as_u64() > Some(0));
        expect(noted, format!("{:?} was not noted", case.noted));
        let same = self.verified.code == Some(0);
        expect(same, format!("verify: {}{}", self.verified.out, self.verified.err));
        problems
    }
}
