//! A synthetic market as the lines a recorder would have written.

use std::collections::BTreeMap;
use std::path::Path;

use ballast_exchange::synth::{Dialect, SynthMarket, SynthSpec};
use ballast_model::{Nanos, Span};
use ballast_runtime::capture::{Source, SurveyedFile};
use ballast_runtime::config::Config;
use serde_json::Value;

/// A quoter for synthetic markets that is the same in all tests, whatever becomes of the configurations the project ships.
pub const QUOTER: &str = r#"
schema = 1
[venue]
order_latency = "1ms"
response_latency = "1ms"
clock_offset = "auto"
maker_fee_bps = -0.5
taker_fee_bps = 2.5
cancel_share = 0.0
orders_max = 200
self_trade = "expire-taker"
[quoting]
requote = "touch"
price_tolerance_ticks = 2
size_tolerance = 0.5
fair = "weighted-mid"
[quoting.model]
kind = "avellaneda-stoikov"
gamma = 0.05
k_per_bp = 2.0
session = "60s"
size = { quote = "1000" }
inventory_max = { quote = "10000" }
skew_max_bps = 5.0
[quoting.volatility]
half_life = "30s"
interval_min = "100ms"
warm_up = "2s"
samples_min = 10
[quoting.limits]
order_max = { quote = "5000" }
order_notional_max = "10000"
position_max = { quote = "15000" }
open_orders_max = 32
collar_bps = 100.0
order_burst = 200
orders_per_second = 100
touch_age_max = "5s"
order_expiry = "500ms"
"#;

/// A recorded line: a frame and when it was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Local time.
    pub time: Nanos,
    /// The raw frame.
    pub frame: String,
}

impl Line {
    /// As it stands in a capture, without the newline.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{} {}", self.time.0, self.frame)
    }
}

/// The lines of a synthetic market of `seconds`.
///
/// # Panics
/// Where the market cannot be made.
#[must_use]
#[expect(clippy::expect_used, reason = "tests only: their caller has nothing better to do")]
pub fn lines(dialect: Dialect, seed: u64, seconds: i64) -> Vec<Line> {
    let base = match dialect {
        Dialect::UsdM => SynthSpec::eth_perpetual(seed),
        Dialect::Spot => SynthSpec::eth_spot(seed),
    };
    let spec = SynthSpec { duration: Span::from_secs(seconds), ..base };
    let mut market = SynthMarket::new(&spec).expect("the market can be made");
    let mut frame = Vec::new();
    let mut lines = Vec::new();
    while let Some(time) = market.next_frame(&mut frame) {
        let frame = String::from_utf8(frame.clone()).expect("frames are text");
        lines.push(Line { time, frame });
    }
    lines
}

/// The capture that lines make.
#[must_use]
pub fn text(lines: &[Line]) -> String {
    lines.iter().map(|line| line.text() + "\n").collect()
}

/// A capture that is no file, looked at.
///
/// # Panics
/// Where that fails, which it only can with files.
#[must_use]
#[expect(clippy::expect_used, reason = "tests only: their caller has nothing better to do")]
pub fn surveyed(name: &str, text: impl Into<Vec<u8>>) -> SurveyedFile {
    SurveyedFile::new(Source::in_memory(name, text.into())).expect("memory can be read")
}

/// A configuration that tests write themselves.
///
/// # Panics
/// Where it is none.
#[must_use]
#[expect(clippy::expect_used, reason = "tests only: their caller has nothing better to do")]
pub fn config(text: &str) -> Config {
    Config::parse(text, Path::new("test.toml")).expect("the configuration can be used")
}

/// The venue's snapshot of the book that a sound capture has after the line at `index`.
///
/// # Panics
/// Where a frame is no frame of a synthetic market.
#[must_use]
#[expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests only: their caller has nothing better to do"
)]
pub fn snapshot_after(lines: &[Line], index: usize) -> Line {
    let mut sides = [BTreeMap::new(), BTreeMap::new()];
    let mut last = 0;
    for line in &lines[..=index] {
        let frame: Value = serde_json::from_str(&line.frame).expect("frames are JSON");
        let data = frame.get("data").unwrap_or(&frame);
        let (id, keys) = match (data.get("lastUpdateId"), data["e"].as_str()) {
            (Some(id), _) => {
                sides = [BTreeMap::new(), BTreeMap::new()];
                (id, ["bids", "asks"])
            }
            (None, Some("depthUpdate")) => (&data["u"], ["b", "a"]),
            (None, _) => continue,
        };
        last = id.as_u64().expect("ids are numbers");
        for (side, key) in sides.iter_mut().zip(keys) {
            for level in data[key].as_array().expect("levels are arrays") {
                let text = |at: usize| level[at].as_str().expect("numbers are text").to_owned();
                side.insert(text(0), text(1));
            }
        }
    }
    let [bids, asks] = sides.map(|side| {
        let levels =
            side.into_iter().filter(|(_, size)| size.bytes().any(|digit| (b'1'..=b'9').contains(&digit)));
        levels.map(|(price, size)| format!("[\"{price}\",\"{size}\"]")).collect::<Vec<_>>().join(",")
    });
    let frame = format!("{{\"lastUpdateId\":{last},\"bids\":[{bids}],\"asks\":[{asks}]}}");
    Line { time: lines[index].time, frame }
}
