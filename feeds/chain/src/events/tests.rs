use alloy_primitives::{Bytes, LogData, hex};

use super::*;

fn log(topics: Vec<B256>, data: Vec<u8>) -> Log {
    let inner = alloy_primitives::Log {
        address: Address::repeat_byte(7),
        data: LogData::new_unchecked(topics, Bytes::from(data)),
    };
    Log { inner, log_index: Some(5), ..Log::default() }
}

/// A number as a word of 32 bytes.
fn word(number: i64) -> [u8; 32] {
    I256::try_from(number).unwrap().to_be_bytes()
}

fn words(numbers: &[i64]) -> Vec<u8> {
    numbers.iter().flat_map(|number| word(*number)).collect()
}

#[test]
fn topics_are_those_on_chain() {
    let expected = [
        hex!("c42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67"),
        hex!("19b47279256b2a23a1665c810c8d55a1758940ee09377d4f8d26497a3577dc83"),
    ];
    assert_eq!(topics()[..2], expected.map(B256::from));
}

#[test]
fn both_exchanges_swaps_are_read() {
    let addresses = [B256::left_padding_from(&[1; 20]), B256::left_padding_from(&[2; 20])];
    let uniswap = [&[UniswapEvents::Swap::SIGNATURE_HASH][..], &addresses].concat();
    let event = read(&log(uniswap.clone(), words(&[1_000, -25, 1 << 40, 77, -198_080]))).unwrap();
    let amounts = [I256::try_from(1_000).unwrap(), I256::try_from(-25).unwrap()];
    let sqrt_price = U256::from(1_u64 << 40);
    let what = What::Swap { amounts, sqrt_price, liquidity: 77, tick: -198_080, protocol_fees: None };
    assert_eq!(event, Event { pool: Address::repeat_byte(7), index: 5, what });

    let pancake = [&[PancakeEvents::Swap::SIGNATURE_HASH][..], &addresses].concat();
    let event = read(&log(pancake, words(&[1_000, -25, 1 << 40, 77, -198_080, 3, 4]))).unwrap();
    let what = What::Swap { amounts, sqrt_price, liquidity: 77, tick: -198_080, protocol_fees: Some([3, 4]) };
    assert_eq!(event.what, what);
}

#[test]
fn broken_logs_are_named() {
    let why = |log: &Log| read(log).unwrap_err().to_string();
    assert!(why(&log(vec![], vec![])).contains("not asked for"));
    let cut = vec![UniswapEvents::Swap::SIGNATURE_HASH, B256::ZERO, B256::ZERO];
    assert!(why(&log(cut.clone(), words(&[1, 2]))).contains("log 5 of 0x0707"));
    // A tick beyond 24 bits is not cut to fit.
    assert!(why(&log(cut.clone(), words(&[1, 2, 3, 4, 1 << 30]))).contains("log 5"));
    let homeless = Log { log_index: None, ..log(cut, words(&[1, 2, 3, 4, 5])) };
    assert!(why(&homeless).contains("place"));
}
