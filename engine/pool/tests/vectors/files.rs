//! Files of figures: JSON, whole numbers as decimal strings or as numbers.

use ballast_pool::U256;
use serde_json::Value;
use std::env;
use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::str::FromStr;

fn folder() -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder =
        env::var_os("BALLAST_VECTORS").map_or_else(|| root.join("../shared/defi/vectors"), PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    // Written past the test runner, which keeps to itself what passing tests print.
    writeln!(io::stderr(), "skipped: no figures at {} (set BALLAST_VECTORS)", folder.display()).unwrap();
    None
}

/// Every file whose name begins so, with its name.
pub(crate) fn named(prefixes: &[&str]) -> Vec<(String, Value)> {
    let Some(folder) = folder() else { return Vec::new() };
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let named = paths.filter_map(|path| {
        let name = path.file_name()?.to_str()?.to_owned();
        prefixes.iter().any(|prefix| name.starts_with(prefix)).then_some((name, path))
    });
    let mut files: Vec<_> = named
        .map(|(name, path)| (name, serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()))
        .collect();
    files.sort_by(|one, other| one.0.cmp(&other.0));
    files
}

/// The number under a key, spelled as a string or as a number.
pub(crate) fn number<T: FromStr>(object: &Value, key: &str) -> T {
    let value = &object[key];
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    text.parse().unwrap_or_else(|_| panic!("{key}: {value}"))
}

pub(crate) fn wide(object: &Value, key: &str) -> U256 {
    number(object, key)
}
