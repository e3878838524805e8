//! The hashes of runs that never change by accident, in debug and in release builds.
//!
//! Market, configuration and loop are all in here and in the crates: a new value means that decisions have changed. Where
//! that was the aim, take the values this test prints.

use ballast_runtime::config::Config;
use ballast_runtime::job::Mode;
use ballast_runtime::replay::Unobserved;
use ballast_tests::market::Line;

use crate::rig::{AVELLANEDA, FUTURES, INTERVAL, SPOT, file, prepare};

/// Orders, cancels, fills, decisions, state.
type Golden = (u64, u64, u64, u64, u64);

fn check(config: &'static Config, lines: &[Line], mode: Mode, expected: Golden) {
    let outcome = prepare(config, &[file(lines)]).play(mode, 1, &mut Unobserved).unwrap().outcome;
    let found = (outcome.orders, outcome.cancels, outcome.fills, outcome.decisions_hash, outcome.state_hash);
    let (orders, cancels, fills, decisions, state) = found;
    assert_eq!(found, expected, "({orders}, {cancels}, {fills}, {decisions:#018x}, {state:#018x})");
}

#[test]
fn a_touch_quoter_on_futures() {
    check(&AVELLANEDA, &FUTURES, Mode::Quoting, (392, 381, 15, 0x9e416e0e2ded2a31, 0x79486bb8b0aa6c79));
}

#[test]
fn a_touch_quoter_on_spot() {
    check(&AVELLANEDA, &SPOT, Mode::Quoting, (583, 581, 1, 0xb13588c5aa2a73a1, 0x78ececca592710dd));
}

#[test]
fn an_interval_quoter_on_futures() {
    check(&INTERVAL, &FUTURES, Mode::Quoting, (106, 63, 49, 0x24a7019c20e620a2, 0x857f64aeff7fa1bb));
}

#[test]
fn no_quoter_on_futures() {
    check(&AVELLANEDA, &FUTURES, Mode::Idle, (0, 0, 0, 0x9e3779b97f4a7c15, 0x4612100da829df7c));
}
