//! A reader of its own: it rebuilds the book from the frames by the venue's rules, with a general JSON parser and ordered
//! maps, shares nothing with the generator, and asserts at every frame what must hold there.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::{Dialect, SynthSpec};

/// A best bid and best ask: price and size each, on the grid.
type Touch = [(i64, i64); 2];

/// A diff as read.
#[derive(Clone, Debug)]
struct Diff {
    first: u64,
    last: u64,
    bids: Vec<(i64, i64)>,
    asks: Vec<(i64, i64)>,
}

/// A trade as read: price, whether the buyer was the maker, the time of the match in ms.
#[derive(Clone, Copy, Debug)]
struct Trade {
    price: i64,
    buyer_made: bool,
    time_ms: i64,
}

/// What was read, and what the reader knows.
#[derive(Debug, Default)]
pub(super) struct Reader {
    spec: Option<SynthSpec>,
    bids: BTreeMap<i64, i64>,
    asks: BTreeMap<i64, i64>,
    /// Id of the snapshot, once read.
    snapshot: Option<u64>,
    /// Last id of the newest diff read.
    last: Option<u64>,
    /// Diffs that came before the snapshot.
    early: Vec<Diff>,
    /// Touch of the book after each applied diff, and of each ticker, by id, until the other comes.
    after_diff: BTreeMap<u64, Touch>,
    tickers: BTreeMap<u64, Touch>,
    last_ticker: Option<(u64, Touch)>,
    last_trade: Option<u64>,
    /// Tickers (time, touch) and trades of the perpetual, for the check at the end.
    touches: Vec<(i64, Touch)>,
    trades: Vec<Trade>,
    last_received: i64,
    /// Frames and levels read.
    pub(super) diffs: usize,
    pub(super) ticker_count: usize,
    pub(super) trade_count: usize,
    pub(super) levels: usize,
    /// Most levels of one diff.
    pub(super) levels_max: usize,
    /// Diffs that came before the snapshot, how many of them were too old, and whether one straddled it.
    pub(super) early_diffs: usize,
    pub(super) dropped_diffs: usize,
    pub(super) straddled: bool,
    /// Tickers compared with the book at the same id.
    pub(super) comparisons: usize,
    /// Local minus venue time of the diffs' events, in ms, summed.
    pub(super) lag_ms: i64,
}

impl Reader {
    /// A reader of the market of `spec`.
    pub(super) fn new(spec: &SynthSpec) -> Self {
        Self { spec: Some(spec.clone()), ..Self::default() }
    }

    /// Reads one frame, received at `received` ns.
    pub(super) fn read(&mut self, frame: &[u8], received: i64) {
        let spec = self.spec.clone().unwrap();
        assert!(received > self.last_received, "local time stood still at {received}");
        assert!((spec.start.0..=spec.start.0 + spec.duration.0).contains(&received));
        self.last_received = received;
        let frame: Value = serde_json::from_slice(frame).expect("a frame is JSON");
        let Some(stream) = frame["stream"].as_str() else {
            self.read_snapshot(&frame);
            return;
        };
        let (symbol, kind) = stream.split_once('@').expect("a stream has a symbol and a kind");
        let data = &frame["data"];
        assert_eq!(symbol, spec.symbol.to_ascii_lowercase());
        assert_eq!(data["s"], spec.symbol);
        match kind {
            "bookTicker" => self.read_ticker(data),
            "trade" => self.read_trade(data),
            "depth@0ms" | "depth@100ms" => self.read_diff(data, received),
            other => panic!("unknown stream {other}"),
        }
    }

    /// Checks what can only be checked once everything was read.
    pub(super) fn finish(&self) {
        assert!(self.snapshot.is_some(), "no snapshot came");
        if self.dialect() == Dialect::UsdM {
            self.check_trades();
        }
    }

    fn dialect(&self) -> Dialect {
        self.spec.as_ref().unwrap().dialect
    }

    /// A decimal of the venue, on a grid of `scale` digits.
    fn number(&self, text: &Value, scale: u8) -> i64 {
        let text = text.as_str().unwrap();
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let (part, zeros) = part.split_at(usize::from(scale));
        let printed = if self.dialect() == Dialect::Spot { 8 } else { usize::from(scale) };
        assert_eq!(part.len() + zeros.len(), printed, "{text} has other decimals than the venue prints");
        assert!(zeros.bytes().all(|digit| digit == b'0'), "{text} is off the grid");
        format!("{whole}{part}").parse().unwrap()
    }

    fn level(&self, price: &Value, lots: &Value) -> (i64, i64) {
        let spec = self.spec.as_ref().unwrap();
        (self.number(price, spec.tick_scale), self.number(lots, spec.lot_scale))
    }

    fn side(&self, levels: &Value) -> Vec<(i64, i64)> {
        levels.as_array().unwrap().iter().map(|level| self.level(&level[0], &level[1])).collect()
    }

    fn read_snapshot(&mut self, frame: &Value) {
        assert!(self.snapshot.is_none(), "a second snapshot");
        let id = frame["lastUpdateId"].as_u64().unwrap();
        let (bids, asks) = (self.side(&frame["bids"]), self.side(&frame["asks"]));
        assert!(bids.len() <= 1_000 && asks.len() <= 1_000);
        assert!(bids.is_sorted_by(|a, b| a.0 > b.0) && asks.is_sorted_by(|a, b| a.0 < b.0));
        assert!(bids.iter().chain(&asks).all(|&(price, lots)| price > 0 && lots > 0));
        self.bids = bids.into_iter().collect();
        self.asks = asks.into_iter().collect();
        self.snapshot = Some(id);
        self.early_diffs = self.early.len();
        for diff in std::mem::take(&mut self.early) {
            self.sync(&diff);
        }
    }

    fn read_diff(&mut self, data: &Value, received: i64) {
        let id = |key: &str| data[key].as_u64().unwrap();
        let diff =
            Diff { first: id("U"), last: id("u"), bids: self.side(&data["b"]), asks: self.side(&data["a"]) };
        assert!(diff.first <= diff.last);
        if let Some(last) = self.last {
            match self.dialect() {
                Dialect::UsdM => assert!(id("pu") == last && diff.first > last, "the chain broke"),
                Dialect::Spot => assert_eq!(diff.first, last + 1, "the chain broke"),
            }
        }
        self.last = Some(diff.last);
        let bids_in_order = match self.dialect() {
            Dialect::UsdM => diff.bids.is_sorted_by(|a, b| a.0 < b.0),
            Dialect::Spot => diff.bids.is_sorted_by(|a, b| a.0 > b.0),
        };
        assert!(bids_in_order && diff.asks.is_sorted_by(|a, b| a.0 < b.0));
        let levels = diff.bids.len() + diff.asks.len();
        assert!(levels > 0, "a diff that says nothing");
        self.diffs += 1;
        self.levels += levels;
        self.levels_max = self.levels_max.max(levels);
        self.lag_ms += received / 1_000_000 - data["E"].as_i64().unwrap();
        if self.snapshot.is_some() { self.sync(&diff) } else { self.early.push(diff) }
    }

    /// Applies a diff by the market's own rule, or drops it where it is older than the snapshot.
    fn sync(&mut self, diff: &Diff) {
        let snapshot = self.snapshot.unwrap();
        let too_old = match self.dialect() {
            Dialect::UsdM => diff.last < snapshot,
            Dialect::Spot => diff.last <= snapshot,
        };
        if too_old {
            self.dropped_diffs += 1;
            return;
        }
        if !self.straddled {
            let first_ok = match self.dialect() {
                Dialect::UsdM => diff.first <= snapshot && snapshot <= diff.last,
                Dialect::Spot => diff.first <= snapshot + 1 && snapshot < diff.last,
            };
            assert!(first_ok, "the snapshot {snapshot} is not within {}..={}", diff.first, diff.last);
            self.straddled = true;
        }
        for (side, levels) in [(&mut self.bids, &diff.bids), (&mut self.asks, &diff.asks)] {
            for &(price, lots) in levels {
                if lots == 0 {
                    side.remove(&price);
                } else {
                    side.insert(price, lots);
                }
            }
        }
        let bid = self.bids.last_key_value().map(|(&price, &lots)| (price, lots)).unwrap();
        let ask = self.asks.first_key_value().map(|(&price, &lots)| (price, lots)).unwrap();
        assert!(bid.0 < ask.0, "crossed after {}", diff.last);
        match self.tickers.remove(&diff.last) {
            Some(shown) => self.compare(diff.last, shown, [bid, ask]),
            None => drop(self.after_diff.insert(diff.last, [bid, ask])),
        }
    }

    fn read_ticker(&mut self, data: &Value) {
        let id = data["u"].as_u64().unwrap();
        let touch = [self.level(&data["b"], &data["B"]), self.level(&data["a"], &data["A"])];
        let [bid, ask] = touch;
        assert!(0 < bid.0 && bid.0 < ask.0 && bid.1 > 0 && ask.1 > 0);
        if let Some((last_id, last_touch)) = self.last_ticker {
            assert!(id > last_id && touch != last_touch, "a ticker that says nothing new");
        }
        self.last_ticker = Some((id, touch));
        self.ticker_count += 1;
        if let Some(time_ms) = data["T"].as_i64() {
            assert!(data["E"].as_i64().unwrap() >= time_ms);
            self.touches.push((time_ms, touch));
        }
        match self.after_diff.remove(&id) {
            Some(book) => self.compare(id, touch, book),
            None => drop(self.tickers.insert(id, touch)),
        }
    }

    fn compare(&mut self, id: u64, shown: Touch, book: Touch) {
        assert_eq!(shown, book, "the ticker and the book differ at {id}");
        self.comparisons += 1;
    }

    fn read_trade(&mut self, data: &Value) {
        let id = data["t"].as_u64().unwrap();
        assert!(self.last_trade.is_none_or(|last| id == last + 1), "trade ids jump");
        self.last_trade = Some(id);
        let (price, lots) = self.level(&data["p"], &data["q"]);
        assert!(lots > 0);
        let (event_ms, time_ms) = (data["E"].as_i64().unwrap(), data["T"].as_i64().unwrap());
        assert!(event_ms >= time_ms);
        self.trades.push(Trade { price, buyer_made: data["m"].as_bool().unwrap(), time_ms });
        self.trade_count += 1;
    }

    /// No trade is better for its taker than every touch of its millisecond, the last one before included; and some trade
    /// at the touch.
    fn check_trades(&self) {
        let mut before = 0;
        let mut at_touch = BTreeSet::new();
        for trade in &self.trades {
            while self.touches.get(before + 1).is_some_and(|touch| touch.0 < trade.time_ms) {
                before += 1;
            }
            let near = self.touches[before..].iter().take_while(|touch| touch.0 <= trade.time_ms);
            let prices: Vec<i64> = near.map(|(_, touch)| touch[usize::from(!trade.buyer_made)].0).collect();
            let best = if trade.buyer_made { prices.iter().max() } else { prices.iter().min() };
            let Some(&best) = best else { continue };
            let through = if trade.buyer_made { best - trade.price } else { trade.price - best };
            assert!(through >= 0, "{trade:?} is inside the spread {prices:?}");
            if through == 0 {
                at_touch.insert(trade.time_ms);
            }
        }
        assert!(
            at_touch.len() * 2 > self.trades.iter().map(|trade| trade.time_ms).collect::<BTreeSet<_>>().len()
        );
    }
}
