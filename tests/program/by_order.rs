//! Files of order events by id, as the program takes them: a run, and how it ends where something is wrong with them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ballast_tests::market::QUOTER;

use crate::rig::Folder;

const HEADING: &str = "ev,exch_ts,local_ts,px,qty,order_id,ival,fval\n";
/// Valid at the venue and for us; and on which side.
const BUY: u64 = 7 << 29;
const SELL: u64 = 13 << 28;
const TRADE: u64 = 2;
const ADDED: u64 = 10;
const CANCELLED: u64 = 11;
const FILLED: u64 = 13;

/// Orders of one size, ten ticks deep on both sides, and who takes them: a tick down or up every 20 ms, a hundred times each
/// way.
struct Market {
    csv: String,
    /// By side and price, in cents.
    orders: BTreeMap<(u64, i64), u64>,
    bid: i64,
    last: u64,
}

impl Market {
    fn csv(seconds: i64) -> String {
        let mut market = Self { csv: HEADING.to_owned(), orders: BTreeMap::new(), bid: 260_000, last: 0 };
        for depth in 0..10 {
            market.add(0, BUY, market.bid - depth);
            market.add(0, SELL, market.bid + 2 + depth);
        }
        for step in 1..seconds * 50 {
            let (ask, bid) = (market.bid + 2, market.bid);
            if step / 100 % 2 == 0 {
                market.take(step, BUY, bid);
                market.add(step, BUY, bid - 10);
                market.cancel(step, SELL, ask + 9);
                market.add(step, SELL, ask - 1);
                market.bid -= 1;
            } else {
                market.take(step, SELL, ask);
                market.add(step, SELL, ask + 10);
                market.cancel(step, BUY, bid - 9);
                market.add(step, BUY, bid + 1);
                market.bid += 1;
            }
        }
        market.csv
    }

    fn line(&mut self, step: i64, ev: u64, price: i64, qty: &str, id: u64) {
        let at = 1_723_161_256_000_000_000 + step * 20_000_000;
        let (units, cents) = (price / 100, price % 100);
        writeln!(self.csv, "{ev},{at},{},{units}.{cents:02},{qty},{id},0,0.0", at + 1_000_000).unwrap();
    }

    fn add(&mut self, step: i64, side: u64, price: i64) {
        self.last += 1;
        self.orders.insert((side, price), self.last);
        self.line(step, side | ADDED, price, "1.000", self.last);
    }

    fn cancel(&mut self, step: i64, side: u64, price: i64) {
        let id = self.orders.remove(&(side, price)).unwrap();
        self.line(step, side | CANCELLED, price, "0.000", id);
    }

    /// An order of the other side takes the whole one at this price.
    fn take(&mut self, step: i64, side: u64, price: i64) {
        let id = self.orders[&(side, price)];
        self.line(step, (BUY + SELL - side) | TRADE, price, "1.000", 0);
        self.line(step, side | FILLED, price, "1.000", id);
        self.cancel(step, side, price);
    }
}

/// Every 100 ms, two ticks from fair: the market goes through it in between.
const SLOW: &str = r#"[quoting.model]
kind = "fixed-spread"
half_spread_ticks = 2
skew_ticks_per_base = 1.0
size = { lots = 1 }
inventory_max = { lots = 3 }
"#;

fn folder() -> (Folder, String) {
    let (folder, csv) = (Folder::new(), Market::csv(20));
    let (before, rest) = QUOTER.split_once("[quoting.model]").unwrap();
    let (_, after) = rest.split_once("[quoting.volatility]").unwrap();
    let quoter = format!("{before}{SLOW}[quoting.volatility]{after}");
    folder.write("quoter.toml", quoter.replace("requote = \"touch\"", "requote = \"100ms\""));
    folder.write("usdm.ETHUSDT.csv", &csv);
    (folder, csv)
}

#[test]
fn a_file_of_order_events_is_traded_on_and_its_journal_decided_again() {
    let (folder, _) = folder();
    let replay = "replay --config quoter.toml --data usdm.ETHUSDT.csv --json";
    let run = folder.expect(0, &format!("{replay} --journal journal"));
    let json = run.json();
    assert!(json["orders"].as_u64() > Some(100) && json["fills"].as_u64() > Some(20), "{json}");
    assert!(json["trades"].as_u64() > Some(900), "{json}");
    for key in ["bad_lines", "gaps", "fallbacks"] {
        assert_eq!(json[key], 0, "{key}: {json}");
    }
    let assumed = json["assumptions"].to_string();
    assert!(assumed.contains("by id"), "{assumed}");
    let again = folder.expect(0, "verify journal --json").json();
    assert_eq!((&again["identical"], &again["state_hash"]), (&true.into(), &json["state_hash"]));
    let quoter = std::fs::read_to_string(folder.path().join("quoter.toml")).unwrap();
    folder.write("levels.toml", format!("{quoter}\n[venue.queue]\norders = \"ignored\"\n"));
    let levels = folder.expect(0, &replay.replace("quoter", "levels")).json();
    assert!(!levels["assumptions"].to_string().contains("by id"), "{levels}");
    folder.expect(0, "book check usdm.ETHUSDT.csv");
}

#[test]
fn what_is_wrong_with_order_events_is_told_by_the_exit_code() {
    let (folder, csv) = folder();
    let replay = |name: &str| format!("replay --config quoter.toml --data {name} --json");
    // One line that breaks a rule costs no more than itself.
    let (first, _) = csv.split_once('\n').unwrap();
    let bad = csv.replacen(&format!("{first}\n"), &format!("{first}\nnonsense\n"), 1);
    folder.write("usdm.ETHUSDT.bad.csv", bad);
    let run = folder.expect(0, &replay("usdm.ETHUSDT.bad.csv"));
    assert_eq!(run.json()["bad_lines"], 1);
    assert!(run.err.contains("usdm.ETHUSDT.bad.csv:2"), "{}", run.err);
    // No order was ever added: there is no book.
    let trades =
        csv.lines().filter(|line| line.starts_with("ev,") || line.starts_with(&(BUY | TRADE).to_string()));
    folder.write("usdm.ETHUSDT.trades.csv", trades.collect::<Vec<_>>().join("\n"));
    folder.expect(5, &replay("usdm.ETHUSDT.trades.csv"));
    // Nobody can say whose events these are.
    folder.write("orders.csv", &csv);
    let run = folder.expect(5, &replay("orders.csv"));
    assert!(
        run.err.contains("orders.csv:1") && run.err.contains("begins with market and symbol"),
        "{}",
        run.err
    );
    folder.expect(4, &replay("usdm.ETHUSDT.gone.csv"));
}
