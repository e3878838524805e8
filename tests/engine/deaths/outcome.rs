//! What became of all lives: the venue's record held against that of the journals, in a table.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use ballast_model::{Fill, InstrumentId, Nanos, Side};
use ballast_tests::program::Run;
use ballast_venue::binance::trade::CLIENT_ID_PREFIX;
use serde_json::Value;

use super::chain::{Chain, Known, TradeKey};
use super::config::MARKETS;
use super::life::{Life, Phase};
use crate::rig::Venue;

/// A trade as the venue knows it. Amounts are in units of 10⁻⁸.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Trade {
    at: Nanos,
    bought: bool,
    size: i64,
    price: i64,
    fee: i64,
    fee_asset: String,
}

impl Trade {
    /// The fee as books have it: what was taken in coins is worth its price, and a part of a unit a whole one.
    fn booked_fee(&self) -> (&str, i128) {
        let fee = i128::from(self.fee);
        match self.fee_asset.as_str() {
            "ETH" => ("USDT", -(-fee * i128::from(self.price)).div_euclid(100_000_000)),
            asset => (asset, fee),
        }
    }
}

/// Digits as units of 10⁻⁸.
fn e8(value: &Value) -> i64 {
    super::chain::e8(value.as_str().unwrap())
}

fn trade(row: &Value) -> (u64, Trade) {
    let buyer = row.get("buyer").or_else(|| row.get("isBuyer")).unwrap();
    let trade = Trade {
        at: Nanos(row["time"].as_i64().unwrap() * 1_000_000),
        bought: buyer.as_bool().unwrap(),
        size: e8(&row["qty"]),
        price: e8(&row["price"]),
        fee: e8(&row["commission"]),
        fee_asset: row["commissionAsset"].as_str().unwrap().to_owned(),
    };
    (row["id"].as_u64().unwrap(), trade)
}

/// What the venue knows of us in all markets.
struct Truth {
    trades: BTreeMap<TradeKey, Trade>,
    orders: BTreeSet<u64>,
    strangers: Vec<String>,
    open: usize,
    /// Of futures, as the venue states it, not as trades lead to it.
    stated: i64,
}

impl Truth {
    fn of(venue: &Venue) -> Self {
        let (mut trades, mut orders, mut strangers) = (BTreeMap::new(), BTreeSet::new(), Vec::new());
        for market in MARKETS {
            let client = venue.client(market);
            let rows = client["trades"].as_array().unwrap().iter().map(trade);
            trades.extend(rows.map(|(id, trade)| ((market, id), trade)));
            for order in client["orders"].as_array().unwrap() {
                let text = order["clientOrderId"].as_str().unwrap();
                match text.strip_prefix(CLIENT_ID_PREFIX).and_then(|id| id.parse().ok()) {
                    Some(id) => drop(orders.insert(id)),
                    None => strangers.push(text.to_owned()),
                }
            }
        }
        let open = MARKETS.map(|market| venue.open_orders(market)).iter().sum();
        let futures = venue.client("usdm");
        let stated = futures["positions"].as_array().unwrap().iter().filter(|row| row["symbol"] == "ETHUSDT");
        let stated = stated.map(|row| e8(&row["positionAmt"])).sum();
        Self { trades, orders, strangers, open, stated }
    }

    /// Positions that trades up to this time lead to, by market.
    fn positions(&self, until: Nanos) -> Vec<i64> {
        let of = |market| {
            let trades = self.trades.iter().filter(|((of, _), trade)| *of == market && trade.at <= until);
            trades.map(|(_, trade)| if trade.bought { trade.size } else { -trade.size }).sum()
        };
        MARKETS.into_iter().map(of).collect()
    }

    /// Sums of fees by asset of each market, and of what was traded, in units of 10⁻⁸ and 10⁻¹⁶.
    fn totals(&self, market: &str) -> (Vec<i128>, i128) {
        let mut fees: BTreeMap<&str, i128> = BTreeMap::new();
        let mut turnover = 0;
        for (_, trade) in self.trades.iter().filter(|((of, _), _)| *of == market) {
            let (asset, fee) = trade.booked_fee();
            *fees.entry(asset).or_default() += fee;
            turnover += i128::from(trade.size) * i128::from(trade.price);
        }
        let mut fees: Vec<_> = fees.into_values().filter(|fee| *fee != 0).collect();
        fees.sort_unstable();
        (fees, turnover)
    }
}

/// What became of all of it.
#[derive(Debug)]
pub(super) struct Outcome {
    phases: BTreeMap<Phase, usize>,
    restarts: usize,
    epochs: usize,
    orders: usize,
    trades: usize,
    /// Trades of orders that an earlier life had left.
    found: usize,
    lost: usize,
    doubled: usize,
    /// Times on which positions were held against the venue's.
    compared: usize,
    recovered: Vec<f64>,
    known: Vec<f64>,
    quoted: Vec<f64>,
    pub(super) problems: Vec<String>,
}

impl Outcome {
    pub(super) fn of(venue: &Venue, lives: &[Life], last: Run, chain: &Chain) -> Self {
        let truth = Truth::of(venue);
        let mut outcome = Self {
            phases: Phase::ALL.map(|phase| (phase, 0)).into(),
            restarts: lives.len(),
            epochs: chain.by_epoch.values().filter(|told| told.begun).count(),
            orders: truth.orders.len(),
            trades: truth.trades.len(),
            found: chain.found,
            lost: truth.trades.keys().filter(|key| !chain.booked.contains_key(*key)).count(),
            doubled: chain.booked.values().filter(|(times, _)| *times > 1).count(),
            compared: 0,
            recovered: lives.iter().filter_map(|life| life.recovered).collect(),
            known: lives.iter().filter_map(|life| life.known).collect(),
            quoted: Vec::new(),
            problems: Vec::new(),
        };
        lives.iter().for_each(|life| outcome.life(life, chain));
        outcome.trades(&truth, chain);
        outcome.orders(&truth, chain);
        outcome.end(&truth, &last, chain);
        outcome
    }

    /// The longest that a journal took to be read, in seconds.
    pub(super) fn recovered_max(&self) -> f64 {
        self.recovered.iter().copied().fold(0.0, f64::max)
    }

    fn problem(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.problems.push(what());
        }
    }

    fn life(&mut self, life: &Life, chain: &Chain) {
        *self.phases.entry(life.phase).or_default() += 1;
        self.problem(life.code.is_none_or(|code| code == 0), || format!("{life}: {}", life.said));
        for wrong in ["damaged: ", "ALARM", "panicked", "position is in doubt"] {
            self.problem(!life.said.contains(wrong), || format!("{life}: {}", life.said));
        }
        let told = life.epoch.and_then(|epoch| chain.by_epoch.get(&epoch));
        let first = told.and_then(|told| told.first_order);
        self.quoted.extend(first.map(|first| (first - life.born).0 as f64 / 1e9));
    }

    /// Each trade of the venue is booked once, as it was, and nothing else is; whoever knows that all agrees has all there were.
    fn trades(&mut self, truth: &Truth, chain: &Chain) {
        for (key, trade) in &truth.trades {
            let found = chain.booked.get(key);
            self.problem(found.is_some(), || format!("lost: {key:?} {trade:?}"));
            let Some((times, fill)) = found else { continue };
            self.problem(*times == 1, || format!("{key:?} was booked {times} times"));
            let same = (fill.side == Side::Bid) == trade.bought && fill.fee_e8 == trade.fee;
            self.problem(same, || format!("{key:?}: the venue has {trade:?}, the journal {fill:?}"));
        }
        let invented = chain.booked.iter().filter(|(key, _)| !truth.trades.contains_key(*key));
        let invented: Vec<&(u32, Fill)> = invented.map(|(_, told)| told).collect();
        self.problem(invented.is_empty(), || format!("the venue does not know {invented:?}"));
        for (epoch, told) in &chain.by_epoch {
            self.problems.extend(told.problems.iter().cloned());
            let Some(Known { at, positions, booked }) = &told.known else { continue };
            self.compared += 1;
            let there = truth.trades.iter().filter(|(_, trade)| trade.at <= *at).map(|(key, _)| *key);
            let there: BTreeSet<_> = there.collect();
            let says = truth.positions(*at);
            self.problem(there == *booked, || {
                let missing: Vec<_> = there.difference(booked).collect();
                format!("epoch {epoch} knew all and had not booked {missing:?}")
            });
            self.problem(says == *positions, || {
                format!("epoch {epoch} believed {positions:?} when all agreed, the venue had {says:?}")
            });
        }
    }

    fn orders(&mut self, truth: &Truth, chain: &Chain) {
        let strange: Vec<_> = truth.orders.difference(&chain.given).collect();
        self.problem(strange.is_empty(), || format!("no journal knows the orders {strange:?}"));
        self.problem(truth.strangers.is_empty(), || format!("whose are {:?}?", truth.strangers));
        self.problem(truth.open == 0, || format!("{} orders left", truth.open));
    }

    /// The last life ended in order, and stands where the venue does.
    fn end(&mut self, truth: &Truth, last: &Run, chain: &Chain) {
        self.problem(last.code == Some(0), || format!("the last life: {:?} {}", last.code, last.err));
        if last.code != Some(0) {
            return;
        }
        let result = last.json();
        let says = truth.positions(Nanos::MAX);
        let believed = result["instruments"].as_array().unwrap().iter().map(|one| e8(&one["position"]));
        let believed: Vec<i64> = believed.collect();
        self.problem(believed == says, || format!("believed {believed:?}, the venue has {says:?}"));
        let stated = truth.stated;
        self.problem(stated == says[0], || format!("the venue states {stated}, its trades lead to {says:?}"));
        self.problem(result["orders_left"] == false, || format!("{result}"));
        let start = &result["start"];
        let told = ["recovered_seconds", "known_seconds", "first_order_seconds"].map(|key| &start[key]);
        self.problem(told.iter().all(|one| one.as_f64().is_some()), || format!("no times: {start}"));
        let Some(shard) = &chain.last else { return };
        for (id, market) in (0..).map(InstrumentId).zip(MARKETS) {
            let ledger = shard.ledger(id).unwrap();
            let lines = ledger.fee_lines().map(|line| (line.fees.0 - line.rebates.0) / 10_000_000_000);
            let mut fees: Vec<_> = lines.filter(|fee| *fee != 0).collect();
            fees.sort_unstable();
            let totals = (fees, ledger.turnover().0 / 100);
            let says = truth.totals(market);
            self.problem(totals == says, || format!("{market}: totals {totals:?}, the venue's {says:?}"));
        }
    }
}

/// Middle, 99th of a hundred, and largest.
fn spread(seconds: &[f64]) -> String {
    let mut sorted = seconds.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |percent: usize| sorted.get(sorted.len().saturating_sub(1) * percent / 100);
    let [p50, p99, max] = [50, 99, 100].map(|percent| at(percent).map_or(0.0, |one| one * 1e3));
    format!("p50 {p50:.1} ms, p99 {p99:.1} ms, max {max:.1} ms of {}", sorted.len())
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "killed while       lives")?;
        for (phase, count) in &self.phases {
            let never = if *count == 0 { "  never" } else { "" };
            writeln!(f, "{:<18} {count:>5}{never}", phase.name())?;
        }
        let Self { restarts, epochs, orders, trades, found, lost, doubled, compared, .. } = self;
        writeln!(
            f,
            "{restarts} kills, {epochs} lives that began a journal, {orders} orders, {trades} trades"
        )?;
        writeln!(f, "{found} trades found by a later life, {lost} lost, {doubled} doubled")?;
        writeln!(
            f,
            "positions, trades and the venue's agreed {compared} times, once for each life that quoted"
        )?;
        writeln!(f, "journal read         {}", spread(&self.recovered))?;
        writeln!(f, "start to all known   {}", spread(&self.known))?;
        writeln!(f, "birth to first order {}", spread(&self.quoted))?;
        write!(f, "{} problems", self.problems.len())
    }
}
