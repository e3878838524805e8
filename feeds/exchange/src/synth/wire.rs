//! Messages as the venue's JSON text, field by field in its order.

use ballast_model::{Lots, Price, Side};

use super::SynthSpec;
use super::book::Level;
use super::feed::{MS, Message, Published, Window};
use super::market::Print;
use super::spec::{Dialect, Layout, SCALE_MAX};

/// Writes the frames of one market.
#[derive(Debug)]
pub(super) struct Wire {
    dialect: Dialect,
    layout: Layout,
    /// `"s":"ETHUSDT"`.
    symbol: String,
    /// Everything that a 2026 message has on top: `"st":1,"ps":"ETHUSDT"` and the same in a diff's order.
    ticker_extra: String,
    depth_extra: String,
    /// The envelope of each stream up to its payload.
    ticker_open: String,
    trade_open: String,
    depth_open: String,
    prices: Decimal,
    sizes: Decimal,
}

/// How a number on a grid is printed.
#[derive(Clone, Copy, Debug)]
struct Decimal {
    /// Digits of the grid after the point.
    scale: u8,
    /// Zeros the venue prints behind them.
    zeros: u8,
    /// 10^`scale`.
    one: u64,
}

impl Wire {
    /// A writer for the symbol, grid and layout of `spec`.
    pub(super) fn new(spec: &SynthSpec) -> Self {
        let stream = spec.symbol.to_ascii_lowercase();
        let open = |kind: &str| format!("{{\"stream\":\"{stream}@{kind}\",\"data\":{{");
        let depth = match spec.dialect {
            Dialect::UsdM => "depth@0ms",
            Dialect::Spot => "depth@100ms",
        };
        let decimal = |scale: u8| Decimal {
            scale,
            zeros: if spec.dialect == Dialect::Spot { SCALE_MAX.saturating_sub(scale) } else { 0 },
            one: 10_u64.pow(u32::from(scale)),
        };
        Self {
            dialect: spec.dialect,
            layout: spec.layout,
            symbol: format!("\"s\":\"{}\"", spec.symbol),
            ticker_extra: format!(",\"st\":1,\"ps\":\"{}\"", spec.symbol),
            depth_extra: format!(",\"ps\":\"{}\",\"st\":1", spec.symbol),
            ticker_open: open("bookTicker"),
            trade_open: open("trade"),
            depth_open: open(depth),
            prices: decimal(spec.tick_scale),
            sizes: decimal(spec.lot_scale),
        }
    }

    /// Replaces `out` by the frame that carries `published`.
    pub(super) fn write(&self, published: &Published, out: &mut Vec<u8>) {
        out.clear();
        let event_ms = published.at_ns / MS;
        match &published.message {
            Message::Ticker { id, bid, ask, time_ms } => {
                text(out, &self.ticker_open);
                self.ticker(*id, [*bid, *ask], [event_ms, *time_ms], out);
                text(out, "}}");
            }
            Message::Trade { id, print, time_ms } => {
                text(out, &self.trade_open);
                self.trade(*id, *print, [event_ms, *time_ms], out);
                text(out, "}}");
            }
            Message::Depth { ids, bids, asks, time_ms } => {
                text(out, &self.depth_open);
                self.depth_head(*ids, [event_ms, *time_ms], out);
                self.depth_levels(bids, asks, out);
                text(out, "}}");
            }
            Message::Snapshot { id, bids, asks, time_ms } => {
                field(out, "{\"lastUpdateId\":", *id);
                if self.dialect == Dialect::UsdM {
                    times(out, [event_ms, *time_ms]);
                }
                text(out, ",\"bids\":[");
                self.levels(bids.iter(), out);
                text(out, "],\"asks\":[");
                self.levels(asks.iter(), out);
                text(out, "]}");
            }
        }
    }

    fn ticker(&self, id: u64, touch: [Level; 2], [event_ms, time_ms]: [i64; 2], out: &mut Vec<u8>) {
        let usdm = self.dialect == Dialect::UsdM;
        text(out, if usdm { "\"e\":\"bookTicker\"," } else { "" });
        field(out, "\"u\":", id);
        if usdm && self.layout == Layout::Y2026 {
            times(out, [event_ms, time_ms]);
        }
        text(out, ",");
        text(out, &self.symbol);
        let [bid, ask] = touch;
        for (price_key, lots_key, level) in
            [(",\"b\":\"", "\",\"B\":\"", bid), ("\",\"a\":\"", "\",\"A\":\"", ask)]
        {
            text(out, price_key);
            self.price(level.price, out);
            text(out, lots_key);
            self.size(level.lots, out);
        }
        text(out, "\"");
        match (self.dialect, self.layout) {
            (Dialect::Spot, _) => {}
            (Dialect::UsdM, Layout::Y2024) => {
                field(out, ",\"T\":", time_ms.unsigned_abs());
                field(out, ",\"E\":", event_ms.unsigned_abs());
            }
            (Dialect::UsdM, Layout::Y2026) => text(out, &self.ticker_extra),
        }
    }

    fn trade(&self, id: u64, print: Print, [event_ms, time_ms]: [i64; 2], out: &mut Vec<u8>) {
        field(out, "\"e\":\"trade\",\"E\":", event_ms.unsigned_abs());
        if self.dialect == Dialect::UsdM {
            field(out, ",\"T\":", time_ms.unsigned_abs());
        }
        text(out, ",");
        text(out, &self.symbol);
        field(out, ",\"t\":", id);
        text(out, ",\"p\":\"");
        self.price(print.price, out);
        text(out, "\",\"q\":\"");
        self.size(print.lots, out);
        text(out, "\"");
        match self.dialect {
            Dialect::UsdM => text(out, ",\"X\":\"MARKET\""),
            Dialect::Spot => field(out, ",\"T\":", time_ms.unsigned_abs()),
        }
        text(out, if print.maker == Side::Bid { ",\"m\":true" } else { ",\"m\":false" });
        match (self.dialect, self.layout) {
            (Dialect::Spot, _) => text(out, ",\"M\":true"),
            (Dialect::UsdM, Layout::Y2024) => {}
            (Dialect::UsdM, Layout::Y2026) => text(out, ",\"st\":1"),
        }
    }

    fn depth_head(&self, ids: Window, [event_ms, time_ms]: [i64; 2], out: &mut Vec<u8>) {
        text(out, "\"e\":\"depthUpdate\"");
        match self.dialect {
            Dialect::UsdM => times(out, [event_ms, time_ms]),
            Dialect::Spot => field(out, ",\"E\":", event_ms.unsigned_abs()),
        }
        text(out, ",");
        text(out, &self.symbol);
        if self.dialect == Dialect::UsdM && self.layout == Layout::Y2026 {
            text(out, &self.depth_extra);
        }
        field(out, ",\"U\":", ids.first);
        field(out, ",\"u\":", ids.last);
        if self.dialect == Dialect::UsdM {
            field(out, ",\"pu\":", ids.previous);
        }
    }

    /// USD-M lists both sides by ascending price, spot lists each side best first.
    fn depth_levels(&self, bids: &[Level], asks: &[Level], out: &mut Vec<u8>) {
        text(out, ",\"b\":[");
        match self.dialect {
            Dialect::UsdM => self.levels(bids.iter(), out),
            Dialect::Spot => self.levels(bids.iter().rev(), out),
        }
        text(out, "],\"a\":[");
        self.levels(asks.iter(), out);
        text(out, "]");
    }

    fn levels<'l>(&self, levels: impl Iterator<Item = &'l Level>, out: &mut Vec<u8>) {
        for (index, level) in levels.enumerate() {
            text(out, if index == 0 { "[\"" } else { ",[\"" });
            self.price(level.price, out);
            text(out, "\",\"");
            self.size(level.lots, out);
            text(out, "\"]");
        }
    }

    fn price(&self, price: Price, out: &mut Vec<u8>) {
        number(out, price.0.unsigned_abs(), self.prices);
    }

    fn size(&self, lots: Lots, out: &mut Vec<u8>) {
        number(out, lots.0.unsigned_abs(), self.sizes);
    }
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

/// A key, as it stands before its value, and an integer.
fn field(out: &mut Vec<u8>, key: &str, value: u64) {
    text(out, key);
    digits(out, value, 1);
}

/// The two times of a USD-M message: event and transaction, in ms.
fn times(out: &mut Vec<u8>, [event_ms, time_ms]: [i64; 2]) {
    field(out, ",\"E\":", event_ms.unsigned_abs());
    field(out, ",\"T\":", time_ms.unsigned_abs());
}

/// A number on a grid, with the venue's trailing zeros.
fn number(out: &mut Vec<u8>, value: u64, decimal: Decimal) {
    digits(out, value / decimal.one, 1);
    if decimal.scale + decimal.zeros > 0 {
        out.push(b'.');
    }
    digits(out, value % decimal.one, decimal.scale);
    out.extend(core::iter::repeat_n(b'0', usize::from(decimal.zeros)));
}

/// `value` with at least `width` digits.
fn digits(out: &mut Vec<u8>, mut value: u64, width: u8) {
    let mut buffer = [0; 20];
    let mut used = 0;
    for slot in buffer.iter_mut().rev() {
        if value == 0 && used >= usize::from(width) {
            break;
        }
        *slot = b'0' + (value % 10) as u8;
        value /= 10;
        used += 1;
    }
    out.extend_from_slice(buffer.get(buffer.len() - used..).unwrap_or_default());
}
