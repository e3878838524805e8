//! The vector kernels against the portable ones, on bytes like those of frames.

use std::vec::Vec;

use proptest::prelude::*;

use super::x86::Avx2;
use crate::kernels::{BLOCK, DECIMAL_BYTES_MAX, Kernels, LANE, Portable, SPAN};
use crate::{GRID_SCALE_MAX, Grid};

/// Bytes of which many mean something.
fn bytes<const N: usize>() -> impl Strategy<Value = [u8; N]> {
    let byte = prop_oneof![
        6 => prop::sample::select(&b"\",.:[]{}0123456789"[..]),
        1 => any::<u8>(),
        1 => prop::sample::select(&[b'\\', 0x1F, b' ', 0x7F, 0x80, 0xFF, b'/', b':'][..]),
    ];
    prop::collection::vec(byte, N).prop_map(|bytes| bytes.try_into().unwrap())
}

/// A lane that ends with a text, most of them numbers, and the text's length.
fn lane() -> impl Strategy<Value = ([u8; LANE], usize)> {
    let text = prop_oneof![
        "[0-9]{1,16}",
        "[0-9]{1,9}\\.[0-9]{1,8}",
        "0\\.0{1,9}[0-9]{1,4}",
        "[0-9.]{1,16}",
        "[0-9.+e-]{1,9}"
    ];
    (bytes::<LANE>(), text).prop_map(|(mut lane, text)| {
        let text = text.as_bytes();
        let length = text.len().min(LANE);
        lane[LANE - length..].copy_from_slice(&text[..length]);
        (lane, length)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn searches_find_the_same(span in bytes::<{ SPAN + 1 }>()) {
        let Some(avx2) = Avx2::detect() else { return Ok(()) };
        let block: &[u8; BLOCK] = span.first_chunk().unwrap();
        prop_assert_eq!(avx2.quotes(span.first_chunk().unwrap()), Portable.quotes(span.first_chunk().unwrap()));
        prop_assert_eq!(avx2.commas(&span), Portable.commas(&span));
        prop_assert_eq!(avx2.string_stops(block), Portable.string_stops(block));
    }

    #[test]
    fn integers_are_the_same((lane, _) in lane()) {
        let Some(avx2) = Avx2::detect() else { return Ok(()) };
        for length in 0..=LANE + 1 {
            prop_assert_eq!(avx2.integer(&lane, length), Portable.integer(&lane, length), "{} bytes", length);
        }
    }

    #[test]
    fn decimals_are_the_same(first in lane(), second in lane(), scales in [0..=GRID_SCALE_MAX, 0..=GRID_SCALE_MAX]) {
        let Some(avx2) = Avx2::detect() else { return Ok(()) };
        let grids = scales.map(|scale| Grid::new(scale, 1).unwrap());
        let (lanes, lengths) = ([&first.0, &second.0], [first.1, second.1]);
        prop_assert_eq!(
            avx2.decimals(lanes, lengths, [avx2.scale(&grids[0]), avx2.scale(&grids[1])]),
            Portable.decimals(lanes, lengths, [Portable.scale(&grids[0]), Portable.scale(&grids[1])])
        );
    }
}

/// Every layout of a decimal there is: each length, each place of the point, each scale.
#[test]
fn every_layout_reads_its_decimals() {
    let Some(avx2) = Avx2::detect() else { return };
    let digits = *b"982451653761240357";
    for length in 1..=DECIMAL_BYTES_MAX {
        for point in 0..=length {
            let mut text: Vec<u8> = digits[..length].to_vec();
            if let Some(byte) = text.get_mut(point) {
                *byte = b'.';
            }
            for zeros in 0..length {
                // Zeros at the end let the fraction be cut off.
                for byte in text[length - zeros..].iter_mut().filter(|byte| **byte != b'.') {
                    *byte = b'0';
                }
                let mut lane = [b'.'; LANE];
                lane[LANE - length..].copy_from_slice(&text);
                for scale in 0..=GRID_SCALE_MAX {
                    let grid = Grid::new(scale, 1).unwrap();
                    let portable = Portable.decimals([&lane; 2], [length; 2], [scale; 2]);
                    assert_eq!(avx2.decimals([&lane; 2], [length; 2], [avx2.scale(&grid); 2]), portable);
                    let parsed = grid.parse(&text).ok().filter(|&units| units < 10_u64.pow(16));
                    assert_eq!(portable, parsed.map(|units| [units; 2]));
                }
            }
        }
    }
}
