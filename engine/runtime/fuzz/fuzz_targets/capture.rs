//! Arbitrary captures, of frames or of order events: what is no line, no frame or no book is counted, and what is left is played to its end; nothing panics.
#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use ballast_runtime::capture::{Source, SurveyedFile};
use ballast_runtime::config::Config;
use ballast_runtime::job::{Mode, Prepared};
use ballast_runtime::replay::Unobserved;
use libfuzzer_sys::fuzz_target;

static CONFIG: LazyLock<Config> = LazyLock::new(|| {
    let text = include_str!("../../../../config/replay.toml");
    Config::parse(text, Path::new("replay.toml")).expect("the shipped configuration is sound")
});

fuzz_target!(|bytes: &[u8]| {
    let source = Source::in_memory("usdm.ETHUSDT.csv", bytes.to_vec());
    let Ok(file) = SurveyedFile::new(source) else { return };
    let Ok(prepared) = Prepared::from_surveyed(&CONFIG, Path::new("replay.toml"), &[file], |_| {}) else {
        return;
    };
    // The market may be one that cannot be quoted; that is an error, with its place.
    drop(prepared.play(Mode::Quoting, 1, &mut Unobserved));
});
