//! What the benches share: the market they run on.
//!
//! Recorded ETH USD-M data where captures are at hand (`BALLAST_CAPTURES`, by default `../shared/captures`), else a synthetic
//! market of the same kind; which one is part of every benchmark's name.
#![forbid(unsafe_code)]
#![expect(clippy::expect_used, reason = "a benchmark without its data has nothing to measure and must stop")]

pub mod flow;
pub mod inputs;
pub mod quotes;

use std::path::{Path, PathBuf};

use ballast_exchange::synth::{SynthMarket, SynthSpec};
use ballast_runtime::capture::{Line, Source, SurveyedFile, split_stamp};
use ballast_runtime::config::Config;
use ballast_runtime::job::Prepared;

/// The root of the workspace.
#[must_use]
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// A market to measure on.
#[derive(Debug)]
pub struct Data {
    /// `eth_capture` or `synthetic`.
    pub name: &'static str,
    /// The market as one capture.
    pub files: Vec<SurveyedFile>,
}

impl Data {
    /// The recorded market, else the synthetic one.
    ///
    /// # Panics
    /// Where neither can be read.
    #[must_use]
    pub fn load() -> Self {
        Self::of(&[("usdm_ethusdt_20240808.gz", SynthSpec::eth_perpetual(7))])
    }

    /// Spot and perpetual together, recorded, else synthetic.
    ///
    /// # Panics
    /// Where neither can be read.
    #[must_use]
    pub fn load_spot_and_perpetual() -> Self {
        Self::of(&[
            ("spot_ethusdt_20240808.gz", SynthSpec::eth_spot(7)),
            ("usdm_ethusdt_20240808.gz", SynthSpec::eth_perpetual(7)),
        ])
    }

    fn of(markets: &[(&str, SynthSpec)]) -> Self {
        let folder = std::env::var_os("BALLAST_CAPTURES")
            .map_or_else(|| root().join("../shared/captures"), PathBuf::from);
        let folder = folder.join("binance-hftbacktest");
        let recorded = markets.iter().all(|(file, _)| folder.join(file).is_file());
        let source = |(file, spec): &(&str, SynthSpec)| {
            if recorded {
                Source::open(&folder.join(file)).expect("the capture opens")
            } else {
                Source::in_memory("synthetic", synthetic(spec))
            }
        };
        let surveyed = |source| SurveyedFile::new(source).expect("the market reads");
        let name = if recorded { "eth_capture" } else { "synthetic" };
        Self { name, files: markets.iter().map(source).map(surveyed).collect() }
    }

    /// The frames, without local times and newlines.
    ///
    /// # Panics
    /// Where the market cannot be read again.
    #[must_use]
    pub fn frames(&self) -> Vec<Vec<u8>> {
        let mut frames = Vec::new();
        for file in &self.files {
            let mut unit = file.survey.unit;
            let mut lines = file.source.lines().expect("the market reads again");
            while let Some(line) = lines.next_line() {
                if let Line::Whole(text) = line
                    && let Ok((_, frame)) = split_stamp(text, &mut unit)
                {
                    frames.push(frame.to_vec());
                }
            }
        }
        frames
    }

    /// The market decoded for a configuration.
    ///
    /// # Panics
    /// Where it cannot be decoded.
    #[must_use]
    pub fn prepare<'a>(&self, config: &'a Config) -> Prepared<'a> {
        Prepared::from_surveyed(config, Path::new("bench"), &self.files, |_| {}).expect("the market decodes")
    }
}

/// A configuration of the project.
///
/// # Panics
/// Where it cannot be read.
#[must_use]
pub fn config(name: &str) -> Config {
    Config::load(&root().join("config").join(name)).expect("the configuration reads")
}

/// A synthetic market as capture lines.
fn synthetic(spec: &SynthSpec) -> Vec<u8> {
    let mut market = SynthMarket::new(spec).expect("the built-in market is sound");
    let (mut text, mut frame) = (Vec::new(), Vec::new());
    while let Some(time) = market.next_frame(&mut frame) {
        text.extend_from_slice(time.0.to_string().as_bytes());
        text.push(b' ');
        text.extend_from_slice(&frame);
        text.push(b'\n');
    }
    text
}
