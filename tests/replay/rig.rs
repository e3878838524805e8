//! Runs of synthetic markets.

use std::path::Path;
use std::sync::LazyLock;

use ballast_analytics::record::InstrumentRecord;
use ballast_exchange::synth::Dialect;
use ballast_model::Span;
use ballast_runtime::capture::SurveyedFile;
use ballast_runtime::config::Config;
use ballast_runtime::job::{Mode, Played, Prepared};
use ballast_runtime::replay::RecorderSpec;
use ballast_tests::market::{self, Line, QUOTER, config, surveyed, text};

/// A model that decides at even intervals, instead of the one in [`QUOTER`].
const PLAIN: &str = r#"
kind = "fixed-spread"
half_spread_ticks = 2
skew_ticks_per_base = 1.0
size = { lots = 200 }
inventory_max = { lots = 2000 }
"#;

/// Re-quotes at every change of the touch.
pub(crate) static AVELLANEDA: LazyLock<Config> = LazyLock::new(|| config(QUOTER));

/// Re-quotes every 100 ms.
pub(crate) static INTERVAL: LazyLock<Config> = LazyLock::new(|| config(&interval()));

pub(crate) fn interval() -> String {
    let (before, rest) = QUOTER.split_once("[quoting.model]").unwrap();
    let (_, after) = rest.split_once("[quoting.volatility]").unwrap();
    let text = format!("{before}[quoting.model]{PLAIN}[quoting.volatility]{after}");
    text.replace("requote = \"touch\"", "requote = \"100ms\"")
}

/// Half a minute of futures.
pub(crate) static FUTURES: LazyLock<Vec<Line>> = LazyLock::new(|| market::lines(Dialect::UsdM, 21, 30));

/// Half a minute of spot.
pub(crate) static SPOT: LazyLock<Vec<Line>> = LazyLock::new(|| market::lines(Dialect::Spot, 22, 30));

/// A capture of lines.
pub(crate) fn file(lines: &[Line]) -> SurveyedFile {
    surveyed("synthetic", text(lines))
}

pub(crate) fn prepare(config: &'static Config, files: &[SurveyedFile]) -> Prepared<'static> {
    Prepared::from_surveyed(config, Path::new("test.toml"), files, |_| {}).unwrap()
}

/// Plays what was prepared, keeping at most `samples_max` samples.
pub(crate) fn record(prepared: &Prepared<'_>, samples_max: usize) -> (Played, Vec<InstrumentRecord>) {
    let mut recorder = prepared.recorder(RecorderSpec { interval: Span::from_millis(100), samples_max });
    let played = prepared.play(Mode::Quoting, 1, &mut recorder).unwrap();
    let records = recorder.finish(played.outcome.ended_at, &played.shard);
    (played, records)
}
