//! The captures there are, and how they are read here.

use std::path::{Path, PathBuf};

use ballast_runtime::config::Config;
use ballast_runtime::job::Prepared;

/// Captures of one instrument that hold a snapshot, each file continuing the one before.
pub(crate) const WITH_BOOK: [&[&str]; 8] = [
    &["spot_btcusdt_20240808"],
    &["spot_ethusdt_20240808"],
    &["cm_btcusd_perp_20240808"],
    &["usdm_btcusdt_20240808"],
    &["usdm_ethusdt_20240808"],
    &["spot_btcusdt_20240808", "spot_btcusdt_20240809"],
    &["spot_ethusdt_20240808", "spot_ethusdt_20240809"],
    &["cm_btcusd_perp_20240808", "cm_btcusd_perp_20240809"],
];

/// Captures that begin after their book's snapshot.
pub(crate) const WITHOUT_BOOK: [&str; 3] =
    ["spot_btcusdt_20240809", "spot_ethusdt_20240809", "cm_btcusd_perp_20240809"];

/// Where a capture of the venue lies; `None`, said aloud, where it is missing.
pub(crate) fn path(name: &str) -> Option<PathBuf> {
    let path = ballast_tests::captures()?.join("binance-hftbacktest").join(format!("{name}.gz"));
    if path.is_file() {
        return Some(path);
    }
    println!("skipped: no capture at {}", path.display());
    None
}

/// All of them, or `None`.
pub(crate) fn paths(names: &[&str]) -> Option<Vec<PathBuf>> {
    names.iter().map(|name| path(name)).collect()
}

/// A configuration the project ships.
pub(crate) fn shipped(name: &str) -> Config {
    Config::load(&ballast_tests::root().join("config").join(name)).unwrap()
}

/// Reads captures whole.
pub(crate) fn prepare<'a>(config: &'a Config, files: &[PathBuf]) -> Prepared<'a> {
    Prepared::from_files(config, Path::new("shipped.toml"), files, |_| {}).unwrap()
}
