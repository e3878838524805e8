//! Raw frames by message type: as recorded, and in the venue's 2026 layouts.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::fields::{Decode, Fields, Grid, Kind};
use super::serde_shapes::{Serde, SerdeJson};
use crate::capture;

/// Frames with this many levels on each side stand for the 20+20 diff.
const NEAR_20: std::ops::RangeInclusive<usize> = 16..=24;

/// Frames of one message type, end to end in memory.
#[derive(Debug)]
pub(crate) struct Corpus {
    /// Market, message type and layout.
    pub name: String,
    /// What the frames are.
    pub kind: Kind,
    /// The market's grid.
    pub grid: Grid,
    /// Book levels in all frames.
    pub levels: usize,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Corpus {
    fn new(name: String, kind: Kind, grid: Grid) -> Self {
        Self { name, kind, grid, levels: 0, bytes: Vec::new(), ends: Vec::new() }
    }

    fn push(&mut self, frame: &[u8], levels: usize) {
        self.bytes.extend_from_slice(frame);
        self.ends.push(self.bytes.len());
        self.levels += levels;
    }

    /// The frames in recorded order.
    pub(crate) fn frames(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).filter_map(|(start, &end)| self.bytes.get(start..end))
    }

    /// How many frames.
    pub(crate) const fn len(&self) -> usize {
        self.ends.len()
    }

    /// Bytes of all frames.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes.len()
    }
}

struct Market {
    name: &'static str,
    captures: [&'static str; 2],
    grid: Grid,
}

/// The captures read, with a grid that holds every price and size of both symbols.
const MARKETS: [Market; 2] = [
    Market {
        name: "usdm",
        captures: ["usdm_ethusdt_20240808.gz", "usdm_btcusdt_20240808.gz"],
        grid: Grid { price: 2, size: 3 },
    },
    Market {
        name: "spot",
        captures: ["spot_ethusdt_20240808.gz", "spot_btcusdt_20240808.gz"],
        grid: Grid { price: 2, size: 8 },
    },
];

/// Every corpus of both markets.
///
/// # Errors
/// A capture is missing, or one of its frames cannot be decoded.
pub(crate) fn load(folder: &Path) -> Result<Vec<Corpus>> {
    let mut all = Vec::new();
    for market in &MARKETS {
        let mut recorded = [
            ("bookTicker", Kind::BookTicker),
            ("depth", Kind::Depth),
            ("depth 20+20", Kind::Depth),
            ("trade", Kind::Trade),
            ("snapshot", Kind::Snapshot),
        ]
        .map(|(name, kind)| Corpus::new(format!("{} {name}", market.name), kind, market.grid));
        for name in market.captures {
            let text = capture::read(&folder.join(name))?;
            for frame in capture::frames(&text) {
                sort_in(&mut recorded, frame.json)
                    .with_context(|| format!("{name} at {}", frame.local_ns))?;
            }
        }
        let modern: Vec<Corpus> = match market.name {
            "usdm" => {
                recorded.iter().filter(|c| c.kind != Kind::Snapshot).map(modern).collect::<Result<_>>()?
            }
            _ => Vec::new(),
        };
        all.extend(recorded);
        all.extend(modern);
    }
    Ok(all)
}

fn sort_in(recorded: &mut [Corpus; 5], frame: &[u8]) -> Result<()> {
    let [tickers, depths, near, trades, snapshots] = recorded;
    let head = frame.get(..frame.len().min(64)).unwrap_or_default();
    let has = |word: &[u8]| head.windows(word.len()).any(|window| window == word);
    if has(b"@bookTicker\"") {
        tickers.push(frame, 2);
    } else if has(b"@trade\"") {
        trades.push(frame, 0);
    } else {
        let target = if has(b"@depth") { depths } else { snapshots };
        let mut fields = Fields::default();
        let decoded = Serde::<SerdeJson>::default().decode(target.kind, target.grid, frame, &mut fields);
        ensure!(decoded.is_some(), "not a {}", target.name);
        let (bids, asks) = (fields.bids.len(), fields.asks.len());
        target.push(frame, bids + asks);
        if target.kind == Kind::Depth && NEAR_20.contains(&bids) && NEAR_20.contains(&asks) {
            near.push(frame, bids + asks);
        }
    }
    Ok(())
}

/// The same frames with the fields that USD-M added in 2026.
fn modern(recorded: &Corpus) -> Result<Corpus> {
    let mut modern = Corpus::new(format!("{} 2026", recorded.name), recorded.kind, recorded.grid);
    for frame in recorded.frames() {
        modern.push(modernised(recorded.kind, std::str::from_utf8(frame)?)?.as_bytes(), 0);
    }
    modern.levels = recorded.levels;
    Ok(modern)
}

/// `ps` (pair) and `st` (market, 1 = USD-M) follow the symbol in a diff and end a book ticker; a trade gets
/// `nq` (quantity without retail price improvement) and `st` at its end, as an aggTrade does.
pub(super) fn modernised(kind: Kind, frame: &str) -> Result<String> {
    let value = |key: &str| {
        let (_, rest) = frame.split_once(&format!("\"{key}\":\""))?;
        rest.split_once('"').map(|(value, _)| value)
    };
    let symbol = value("s").context("a frame without a symbol")?;
    if kind == Kind::Depth {
        let old = format!("\"s\":\"{symbol}\",");
        return Ok(frame.replacen(&old, &format!("{old}\"ps\":\"{symbol}\",\"st\":1,"), 1));
    }
    let body = frame.strip_suffix("}}").context("a frame without an envelope")?;
    Ok(match kind {
        Kind::Trade => {
            format!("{body},\"nq\":\"{}\",\"st\":1}}}}", value("q").context("a trade without a size")?)
        }
        Kind::BookTicker | Kind::Depth | Kind::Snapshot => format!("{body},\"st\":1,\"ps\":\"{symbol}\"}}}}"),
    })
}
