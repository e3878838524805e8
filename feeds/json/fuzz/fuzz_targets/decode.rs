//! Arbitrary frames: nothing panics, the fast path, the portable one and the twin agree, and so does a naive decoder on
//! simd-json.
#![no_main]

#[path = "../../tests/decode/market.rs"]
#[allow(dead_code, reason = "the target uses a part of it")]
mod market;
#[path = "../../tests/decode/oracle.rs"]
mod oracle;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|frame: &[u8]| {
    oracle::check(frame, &market::read_on_all_paths(frame));
});
