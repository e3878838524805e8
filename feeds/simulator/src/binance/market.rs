//! What of the public market queries ask for: last trades, candles, the day's figures, the mark.

use std::collections::VecDeque;

use ballast_model::{InstrumentSpec, Nanos};
use serde::Deserialize;

use super::config::Market;
use super::decimal::{DIGITS, lots_atto, parse, show};
use super::json::{Obj, list};
use super::position::per;
use crate::back::{Depth, Stream, Symbol};

/// Public trades that are kept.
const PRINTS_MAX: usize = 1_000;
/// Candles of a minute that are kept: a day's.
const CANDLES_MAX: usize = 1_440;
const MINUTE_MS: i64 = 60_000;
const WEEK_MS: i64 = 7 * 1_440 * MINUTE_MS;

/// A public trade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Print {
    pub(super) id: u64,
    /// In 10⁻¹⁸.
    pub(super) price: i128,
    /// In 10⁻¹⁸.
    pub(super) size: i128,
    pub(super) at_ms: i64,
    /// The buyer's order rested.
    pub(super) buyer_rested: bool,
}

/// One minute or more of trades; amounts in 10⁻¹⁸.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Candle {
    pub(super) open_ms: i64,
    pub(super) open: i128,
    pub(super) high: i128,
    pub(super) low: i128,
    pub(super) close: i128,
    pub(super) size: i128,
    pub(super) value: i128,
    pub(super) trades: u64,
    /// Of these, what aggressive buyers traded.
    pub(super) bought: i128,
    pub(super) bought_value: i128,
}

impl Candle {
    fn join(&mut self, later: &Self) {
        self.high = self.high.max(later.high);
        self.low = self.low.min(later.low);
        self.close = later.close;
        self.size += later.size;
        self.value += later.value;
        self.trades += later.trades;
        self.bought += later.bought;
        self.bought_value += later.bought_value;
    }
}

/// The last mark message.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Mark {
    #[serde(rename = "p")]
    pub(super) mark: String,
    #[serde(rename = "i", default)]
    pub(super) index: String,
    #[serde(rename = "r", default)]
    pub(super) rate: String,
    #[serde(rename = "T", default)]
    pub(super) next_ms: i64,
    #[serde(rename = "E", default)]
    pub(super) at_ms: i64,
}

/// A trade or aggregated trade as it is sent.
#[derive(Debug, Deserialize)]
struct Sent {
    #[serde(default)]
    t: Option<u64>,
    #[serde(default)]
    a: Option<u64>,
    p: String,
    q: String,
    #[serde(rename = "T")]
    at_ms: i64,
    m: bool,
}

/// What is remembered of one symbol.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) prints: VecDeque<Print>,
    candles: VecDeque<Candle>,
    pub(super) mark: Option<Mark>,
    /// Which of its two trade streams the market behind makes.
    makes_trades: bool,
    makes_aggregates: bool,
    /// Tickers and candles were last sent then.
    pub(super) told: Option<Nanos>,
    /// Rates that were exchanged, each as the last mark before it said.
    pub(super) fundings: VecDeque<Mark>,
}

impl Memory {
    /// Takes in a message. Where it is a trade of a symbol without the other trade stream, returns that stream and its message.
    pub(super) fn hear(
        &mut self,
        market: Market,
        symbol: &Symbol,
        stream: Stream,
        payload: &[u8],
    ) -> Option<(Stream, String)> {
        match stream {
            Stream::Depth | Stream::BookTicker => None,
            Stream::MarkPrice => {
                let mark: Mark = serde_json::from_slice(payload).ok()?;
                if let Some(last) = self.mark.replace(mark)
                    && self.mark.as_ref().is_some_and(|mark| mark.next_ms > last.next_ms)
                    && last.next_ms > 0
                {
                    self.fundings.push_back(last);
                    if self.fundings.len() > PRINTS_MAX {
                        self.fundings.pop_front();
                    }
                }
                None
            }
            Stream::Trade | Stream::AggTrade => {
                let sent: Sent = serde_json::from_slice(payload).ok()?;
                self.trade(market, symbol, stream, &sent)
            }
        }
    }

    fn trade(
        &mut self,
        market: Market,
        symbol: &Symbol,
        stream: Stream,
        sent: &Sent,
    ) -> Option<(Stream, String)> {
        let aggregate = stream == Stream::AggTrade;
        if aggregate {
            self.makes_aggregates = true;
        } else {
            self.makes_trades = true;
        }
        // Where both streams are made, trades are what is remembered.
        if self.makes_trades && aggregate {
            return None;
        }
        let (price, size) = (parse(&sent.p)?, parse(&sent.q)?);
        let id = if aggregate { sent.a } else { sent.t }?;
        let print = Print { id, price, size, at_ms: sent.at_ms, buyer_rested: sent.m };
        self.remember(&print);
        let other_made = if aggregate { self.makes_trades } else { self.makes_aggregates };
        if other_made {
            return None;
        }
        let other = if aggregate { Stream::Trade } else { Stream::AggTrade };
        Some((other, made(market, symbol, other, &print, sent)))
    }

    fn remember(&mut self, print: &Print) {
        let value = print.price / 10_i128.pow(9) * (print.size / 10_i128.pow(9));
        let open_ms = print.at_ms.div_euclid(MINUTE_MS) * MINUTE_MS;
        let (bought, bought_value) = if print.buyer_rested { (0, 0) } else { (print.size, value) };
        let (open, size) = (print.price, print.size);
        let one = Candle {
            open_ms,
            open,
            high: open,
            low: open,
            close: open,
            size,
            value,
            trades: 1,
            bought,
            bought_value,
        };
        match self.candles.back_mut().filter(|candle| candle.open_ms >= open_ms) {
            Some(candle) => candle.join(&one),
            None => self.candles.push_back(one),
        }
        if self.candles.len() > CANDLES_MAX {
            self.candles.pop_front();
        }
        self.prints.push_back(print.clone());
        if self.prints.len() > PRINTS_MAX {
            self.prints.pop_front();
        }
    }

    /// The last trade's price in 10⁻¹⁸.
    pub(super) fn last(&self) -> Option<i128> {
        self.prints.back().map(|print| print.price)
    }

    /// The mark price in 10⁻¹⁸: the last mark, else the last trade.
    pub(super) fn marked(&self) -> i128 {
        let mark = self.mark.as_ref().and_then(|mark| parse(&mark.mark));
        mark.or_else(|| self.last()).unwrap_or(0)
    }

    /// All candles of so many minutes, oldest first.
    pub(super) fn candles(&self, minutes: i64) -> Vec<Candle> {
        let length = minutes.max(1) * MINUTE_MS;
        // Weeks begin on Mondays; 1970 did on a Thursday.
        let first = if length == WEEK_MS { 4 * WEEK_MS / 7 } else { 0 };
        let mut out: Vec<Candle> = Vec::new();
        for candle in &self.candles {
            let open_ms = (candle.open_ms - first).div_euclid(length) * length + first;
            match out.last_mut().filter(|last| last.open_ms == open_ms) {
                Some(last) => last.join(candle),
                None => out.push(Candle { open_ms, ..*candle }),
            }
        }
        out
    }

    /// The day that ends with the last trade.
    pub(super) fn day(&self) -> Option<Candle> {
        let mut candles = self.candles.iter();
        let mut day = *candles.next()?;
        candles.for_each(|candle| day.join(candle));
        Some(day)
    }
}

/// The trade stream that the market behind does not make.
fn made(market: Market, symbol: &Symbol, stream: Stream, print: &Print, sent: &Sent) -> String {
    let name = if stream == Stream::AggTrade { "aggTrade" } else { "trade" };
    let event = Obj::new().text("e", name).put("E", print.at_ms);
    let event = match (market, stream) {
        (Market::UsdM, Stream::AggTrade) => event.put("a", print.id).text("s", &symbol.name),
        (Market::UsdM, _) => event.put("T", print.at_ms).text("s", &symbol.name).put("t", print.id),
        (Market::Spot, Stream::AggTrade) => event.text("s", &symbol.name).put("a", print.id),
        (Market::Spot, _) => event.text("s", &symbol.name).put("t", print.id),
    };
    let event = event.text("p", &sent.p).text("q", &sent.q);
    let event = match (market, stream) {
        (_, Stream::AggTrade) => event.put("f", print.id).put("l", print.id).put("T", print.at_ms),
        (Market::UsdM, _) => event.text("X", "MARKET"),
        (Market::Spot, _) => event.put("T", print.at_ms),
    };
    let event = event.put("m", print.buyer_rested);
    match market {
        Market::Spot => event.put("M", true).end(),
        Market::UsdM => event.put("st", 1).end(),
    }
}

/// Prices as this market prints them.
pub(super) fn price(market: Market, spec: &InstrumentSpec, price: i128) -> String {
    show(price, if market == Market::Spot { DIGITS } else { u32::from(spec.tick.scale) })
}

/// Sizes as this market prints them.
pub(super) fn size(market: Market, spec: &InstrumentSpec, size: i128) -> String {
    show(size, if market == Market::Spot { DIGITS } else { u32::from(spec.lot.scale) })
}

/// The levels of a side, `[["price","size"],…]`.
pub(super) fn levels(
    market: Market,
    spec: &InstrumentSpec,
    levels: &[(ballast_model::Price, ballast_model::Lots)],
) -> String {
    list(levels.iter().map(|(at, lots)| {
        let at = price(market, spec, super::decimal::price_atto(spec, *at));
        let lots = size(market, spec, lots_atto(spec, *lots));
        format!("[\"{at}\",\"{lots}\"]")
    }))
}

/// `<symbol>@ticker`, its REST twin by other names of the same fields.
pub(super) struct DayFigures {
    pub(super) change: i128,
    /// Percent.
    pub(super) percent: i128,
    pub(super) mean: i128,
    pub(super) candle: Candle,
    pub(super) bid: (i128, i128),
    pub(super) ask: (i128, i128),
    pub(super) first_id: u64,
    pub(super) last_id: u64,
    pub(super) last_size: i128,
    pub(super) last_ms: i64,
}

impl DayFigures {
    pub(super) fn new(memory: &Memory, spec: &InstrumentSpec, touch: &Depth) -> Self {
        let candle = memory.day().unwrap_or_default();
        let change = candle.close - candle.open;
        let level = |levels: &[(ballast_model::Price, ballast_model::Lots)]| {
            levels.first().map_or((0, 0), |(price, lots)| {
                (super::decimal::price_atto(spec, *price), lots_atto(spec, *lots))
            })
        };
        let last = memory.prints.back();
        let last_id = last.map_or(0, |print| print.id);
        Self {
            change,
            percent: per(change * 100, candle.open),
            mean: per(candle.value, candle.size),
            candle,
            bid: level(&touch.bids),
            ask: level(&touch.asks),
            first_id: last_id.saturating_sub(candle.trades.saturating_sub(1)),
            last_id,
            last_size: last.map_or(0, |print| print.size),
            last_ms: last.map_or(0, |print| print.at_ms),
        }
    }
}
