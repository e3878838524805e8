//! Market data in the venue's JSON, field by field in its order (Binance, layouts of 2026).

use std::io::Write as _;

use ballast_model::{BookBatch, MarkPrice, Nanos, PackedLevel, Side, Step, Ticker, Trade};

use super::spec::MarketKind;
use crate::back::Symbol;

/// Digits behind the point that spot prints.
const SPOT_SCALE: u8 = 8;

/// Writes the messages of one symbol.
#[derive(Debug)]
pub struct Wire {
    kind: MarketKind,
    symbol: String,
    tick: Step,
    lot: Step,
}

impl Wire {
    /// For a symbol of this market.
    #[must_use]
    pub fn new(kind: MarketKind, symbol: &Symbol) -> Self {
        Self { kind, symbol: symbol.name.clone(), tick: symbol.spec.tick, lot: symbol.spec.lot }
    }

    /// A diff from the state `before` to `after`.
    pub fn depth(&self, before: u64, after: u64, batch: &BookBatch<'_>, at: Nanos, out: &mut Vec<u8>) {
        let (symbol, first, ms) = (&self.symbol, before + 1, millis(at));
        match self.kind {
            MarketKind::Spot => put(
                out,
                format_args!(r#"{{"e":"depthUpdate","E":{ms},"s":"{symbol}","U":{first},"u":{after}"#),
            ),
            MarketKind::UsdM => put(
                out,
                format_args!(
                    r#"{{"e":"depthUpdate","E":{ms},"T":{ms},"s":"{symbol}","ps":"{symbol}","st":1,"U":{first},"u":{after},"pu":{before}"#
                ),
            ),
        }
        let [(_, bids), (_, asks)] = batch.sides();
        self.levels(r#","b":["#, bids, out);
        self.levels(r#"],"a":["#, asks, out);
        put(out, format_args!("]}}"));
    }

    fn levels(&self, open: &str, levels: &[PackedLevel], out: &mut Vec<u8>) {
        put(out, format_args!("{open}"));
        for (nth, level) in levels.iter().enumerate() {
            let comma = if nth == 0 { "" } else { "," };
            let (price, lots) = (self.price(level), self.lots(level));
            put(out, format_args!(r#"{comma}["{price}","{lots}"]"#));
        }
    }

    pub(super) fn ticker(&self, id: u64, ticker: &Ticker, at: Nanos, out: &mut Vec<u8>) {
        let (symbol, ms) = (&self.symbol, millis(at));
        let (bid, bids) = (self.price(&ticker.bid), self.lots(&ticker.bid));
        let (ask, asks) = (self.price(&ticker.ask), self.lots(&ticker.ask));
        let best = format!(r#""s":"{symbol}","b":"{bid}","B":"{bids}","a":"{ask}","A":"{asks}""#);
        match self.kind {
            MarketKind::Spot => put(out, format_args!(r#"{{"u":{id},{best}}}"#)),
            MarketKind::UsdM => put(
                out,
                format_args!(
                    r#"{{"e":"bookTicker","u":{id},"E":{ms},"T":{ms},{best},"st":1,"ps":"{symbol}"}}"#
                ),
            ),
        }
    }

    pub(super) fn trade(&self, trade: &Trade, at: Nanos, out: &mut Vec<u8>) {
        let (symbol, ms, id) = (&self.symbol, millis(at), trade.trade_id.0);
        let (price, lots) = (self.price(&trade.level), self.lots(&trade.level));
        let maker = trade.maker == Side::Bid;
        match self.kind {
            MarketKind::Spot => put(
                out,
                format_args!(
                    r#"{{"e":"trade","E":{ms},"s":"{symbol}","t":{id},"p":"{price}","q":"{lots}","T":{ms},"m":{maker},"M":true}}"#
                ),
            ),
            MarketKind::UsdM => put(
                out,
                format_args!(
                    r#"{{"e":"trade","E":{ms},"T":{ms},"s":"{symbol}","t":{id},"p":"{price}","q":"{lots}","X":"MARKET","m":{maker},"st":1}}"#
                ),
            ),
        }
    }

    pub(super) fn mark(&self, mark: &MarkPrice, at: Nanos, out: &mut Vec<u8>) {
        let (symbol, ms, next) = (&self.symbol, millis(at), u64::from(mark.funding_at_secs) * 1_000);
        let price = decimal_e8(mark.mark_e8);
        let index = decimal_e8(mark.index_e8.unwrap_or(mark.mark_e8));
        let rate = decimal_e8(mark.funding_e8.into());
        put(
            out,
            format_args!(
                r#"{{"e":"markPriceUpdate","E":{ms},"s":"{symbol}","p":"{price}","ap":"{price}","P":"{price}","i":"{index}","r":"{rate}","T":{next},"st":1}}"#
            ),
        );
    }

    fn price(&self, level: &PackedLevel) -> String {
        self.number(level.price().0, self.tick)
    }

    fn lots(&self, level: &PackedLevel) -> String {
        self.number(level.lots().0, self.lot)
    }

    fn number(&self, steps: i64, step: Step) -> String {
        decimal(steps, step, if self.kind == MarketKind::Spot { SPOT_SCALE } else { step.scale })
    }
}

/// So many steps as a decimal with so many digits behind the point, at least those of the step.
pub(super) fn decimal(steps: i64, step: Step, digits: u8) -> String {
    let digits = digits.max(step.scale);
    let value = i128::from(steps) * i128::from(step.mantissa) * 10i128.pow(u32::from(digits - step.scale));
    fixed(value, digits)
}

/// So many parts of 10⁸ as a decimal with eight digits.
pub(super) fn decimal_e8(value: i64) -> String {
    fixed(value.into(), 8)
}

fn fixed(value: i128, digits: u8) -> String {
    let (sign, one) = (if value < 0 { "-" } else { "" }, 10u128.pow(u32::from(digits)));
    let magnitude = value.unsigned_abs();
    if digits == 0 {
        return format!("{sign}{magnitude}");
    }
    format!("{sign}{}.{:0width$}", magnitude / one, magnitude % one, width = usize::from(digits))
}

const fn millis(at: Nanos) -> i64 {
    at.0 / 1_000_000
}

fn put(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // A vector takes whatever is written.
    let _ = out.write_fmt(text);
}
