//! What is not yet received changes nothing.

use std::sync::LazyLock;

use ballast_analytics::record::{FillRow, HORIZONS, InstrumentRecord, Requests};
use ballast_model::{Nanos, Span};
use ballast_runtime::config::Config;
use ballast_tests::market::{Line, QUOTER, config};

use crate::rig::{FUTURES, SPOT, file, prepare, record};

/// Longest journey of a synthetic message, and of ours: what is at the venue now is known to us by then.
const JOURNEY: Span = Span::from_secs(1);

/// Says beforehand what would otherwise be told from the whole file.
static CONFIG: LazyLock<Config> = LazyLock::new(|| {
    let instrument = |market: &str, lot: &str| {
        format!(
            "[[instrument]]\nsymbol = \"ETHUSDT\"\nmarket = \"{market}\"\ntick = \"0.01\"\nlot = \"{lot}\"\n"
        )
    };
    let quoter = QUOTER.replace("clock_offset = \"auto\"", "clock_offset = \"0ms\"");
    config(&(quoter + &instrument("usdm", "0.001") + &instrument("spot", "0.0001")))
});

/// What was known and done up to `end`; markouts left out, which look ahead by design, and what was sent, counted to the end.
fn until(record: &InstrumentRecord, end: Nanos) -> InstrumentRecord {
    let mut part = InstrumentRecord { requests: Requests::default(), ..record.clone() };
    part.fills.retain(|fill| fill.time <= end);
    for fill in &mut part.fills {
        *fill = FillRow { markouts: [None; HORIZONS], ..*fill };
    }
    part.samples.retain(|sample| sample.time <= end);
    part
}

fn check(lines: &[Line]) {
    let (played, whole) = record(&prepare(&CONFIG, &[file(lines)]), 100_000);
    assert!(played.outcome.orders > 100 && played.outcome.fills > 0, "{:?}", played.outcome);
    for parts in 3..20 {
        let known = &lines[..lines.len() * parts / 20];
        let end = known.last().unwrap().time - JOURNEY;
        let (_, part) = record(&prepare(&CONFIG, &[file(known)]), 100_000);
        let (expected, found) = (until(&whole[0], end), until(&part[0], end));
        assert!(!found.samples.is_empty());
        assert!(expected == found, "{parts}/20: the past depends on what comes after {end:?}");
    }
}

#[test]
fn a_futures_run_does_not_depend_on_what_comes_later() {
    check(&FUTURES);
}

#[test]
fn a_spot_run_does_not_depend_on_what_comes_later() {
    check(&SPOT);
}
