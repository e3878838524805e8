//! Grids and symbol tables.

use ballast_json::{
    GRID_SCALE_MAX, Grid, Grids, NumberError, SYMBOL_BYTES_MAX, SymbolError, SymbolId, SymbolTable,
};

use crate::market::grid;

#[test]
fn a_grid_counts_steps() {
    let cents = grid((2, 1));
    assert_eq!((cents.scale(), cents.step()), (2, 1));
    for (text, steps) in [("0", 0), ("1", 100), ("1.5", 150), ("1.50", 150), ("007.010000", 701)] {
        assert_eq!(cents.parse(text.as_bytes()), Ok(steps), "{text}");
    }
    assert_eq!(grid((1, 5)).parse(b"61800.5"), Ok(123_601));
    assert_eq!(grid((0, 1)).parse(b"18446744073709551615.000"), Ok(u64::MAX));
}

#[test]
fn the_first_fault_of_a_number_is_told() {
    let halves = grid((1, 5));
    for (text, fault) in [
        ("", NumberError::Bad),
        ("-", NumberError::Bad),
        ("-1.x", NumberError::Bad),
        ("-0.01", NumberError::Negative),
        ("99999999999999999999.01", NumberError::OffGrid),
        ("99999999999999999999", NumberError::TooLarge),
        ("0.3", NumberError::OffGrid),
    ] {
        assert_eq!(halves.parse(text.as_bytes()), Err(fault), "{text}");
    }
}

#[test]
fn grids_end_at_fifteen_decimals_and_have_a_step() {
    assert!(Grid::new(GRID_SCALE_MAX, 1).is_some());
    assert_eq!(Grid::new(GRID_SCALE_MAX + 1, 1), None);
    assert_eq!(Grid::new(2, 0), None);
}

#[test]
fn a_symbol_table_finds_what_it_holds() {
    let grids = Grids { price: grid((2, 1)), size: grid((3, 1)) };
    let mut table = SymbolTable::<3>::new();
    assert!(table.is_empty());
    let longest = [b'Z'; SYMBOL_BYTES_MAX];
    let names = [&b"A"[..], &longest, b"BTCUSD_260327"];
    for (index, name) in (7..).zip(names) {
        assert_eq!(table.insert(name, SymbolId(index), grids), Ok(()));
    }
    assert_eq!(table.len(), 3);
    for (index, name) in (7..).zip(names) {
        assert_eq!(table.get(name), Some((SymbolId(index), grids)));
    }
    for absent in [&b""[..], b"B", b"a", b"A\0", &[b'Z'; SYMBOL_BYTES_MAX + 1]] {
        assert_eq!(table.get(absent), None);
    }
    assert_eq!(table.insert(b"C", SymbolId(1), grids), Err(SymbolError::Full));
}

#[test]
fn a_symbol_table_refuses_what_is_no_symbol() {
    let grids = Grids { price: grid((2, 1)), size: grid((3, 1)) };
    let mut table = SymbolTable::<2>::new();
    assert_eq!(table.insert(b"", SymbolId(0), grids), Err(SymbolError::Length));
    assert_eq!(table.insert(&[b'A'; SYMBOL_BYTES_MAX + 1], SymbolId(0), grids), Err(SymbolError::Length));
    assert_eq!(table.insert(b"btcusdt", SymbolId(0), grids), Err(SymbolError::Letter));
    assert_eq!(table.insert(b"BTCUSDT", SymbolId(0), grids), Ok(()));
    assert_eq!(table.insert(b"BTCUSDT", SymbolId(1), grids), Err(SymbolError::Duplicate));
    assert_eq!(table.len(), 1);
}
