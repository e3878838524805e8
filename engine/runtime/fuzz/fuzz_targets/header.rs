//! Arbitrary words of a journal's header: a core is built from them or it is said why not, and nothing panics.
#![no_main]

use ballast_runtime::journal::Meta;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(meta) = Meta::parse(bytes) {
        assert_eq!(Meta::parse(&meta.to_bytes()).as_ref(), Ok(&meta));
        drop(meta.rebuild());
    }
});
