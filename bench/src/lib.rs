//! What the benches share: the market they run on.
//!
//! Recorded ETH USD-M data where captures are at hand (`BALLAST_CAPTURES`, by default `../shared/captures`), else a synthetic
//! market of the same kind; which one is part of every benchmark's name.
#![forbid(unsafe_code)]
#![expect(clippy::expect_used, reason = "a benchmark without its data has nothing to measure and must stop")]

pub mod inputs;

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
        let folder = std::env::var_os("BALLAST_CAPTURES")
            .map_or_else(|| root().join("../shared/captures"), PathBuf::from);
        let path = folder.join("binance-hftbacktest/usdm_ethusdt_20240808.gz");
        let (name, source) = if path.is_file() {
            ("eth_capture", Source::open(&path).expect("the capture opens"))
        } else {
            ("synthetic", Source::in_memory("synthetic", synthetic()))
        };
        Self { name, files: vec![SurveyedFile::new(source).expect("the market reads")] }
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

/// Five minutes of a synthetic ETH perpetual as capture lines.
fn synthetic() -> Vec<u8> {
    let mut market = SynthMarket::new(&SynthSpec::eth_perpetual(7)).expect("the built-in market is sound");
    let (mut text, mut frame) = (Vec::new(), Vec::new());
    while let Some(time) = market.next_frame(&mut frame) {
        text.extend_from_slice(time.0.to_string().as_bytes());
        text.push(b' ');
        text.extend_from_slice(&frame);
        text.push(b'\n');
    }
    text
}
