use super::*;
use crate::tick::Tick;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

const HEADING: &str = "block_number,block_timestamp,tx_type,sender,amount0,amount1,total_liquidity,sqrtPriceX96,current_tick,tick_lower,tick_upper,liquidity";
const SWAP: &str = "7,2024-01-05 00:00:23,SWAP,0xa,-5,9,1000,79228162514264337593543950336,0.0,,,";
const MINT: &str = "7,2024-01-05 00:00:23,MINT,0xa,1,2,1000,79228162514264337593543950336,0.0,-10.0,20.0,500";

fn read(lines: &[&str]) -> Result<Vec<Event>, ReadError> {
    let text: String = [HEADING].iter().chain(lines).flat_map(|line| [*line, "\n"]).collect();
    Reader::new(&text)?.collect()
}

/// The error of a table of one line in which a text stands for another.
fn error(line: &str, from: &str, to: &str) -> String {
    assert!(line.contains(from));
    read(&[&line.replacen(from, to, 1)]).unwrap_err().to_string()
}

#[test]
fn events_are_read_by_their_columns() {
    let burn = MINT.replace("MINT", "BURN");
    let collect = "8,2024-01-05T00:00:35Z,COLLECT,0xa,1,2,,,,-10,20,";
    let events = read(&[SWAP, MINT, "", &burn, collect]).unwrap();
    let range = Range::new(Tick::new(-10).unwrap(), Tick::new(20).unwrap()).unwrap();
    let price = Tick::new(0).unwrap().sqrt_price();
    let swap = Swap {
        token: Token::One,
        paid: U256::from(9_u64),
        received: U256::from(5_u64),
        price,
        tick: Tick::new(0).unwrap(),
        liquidity: 1_000,
    };
    let whats: Vec<_> = events.iter().map(|event| event.what).collect();
    assert_eq!(
        whats,
        [What::Swap(swap), What::Mint(range, 500), What::Burn(range, 500), What::Collect(range)]
    );
    assert_eq!((events[0].block, events[0].time, events[3].time), (7, 1_704_412_823, 1_704_412_835));
}

#[test]
fn columns_may_stand_in_any_order() {
    let turn = |line: &str| line.split(',').rev().collect::<Vec<_>>().join(",");
    let text = format!("{}\n{}\n", turn(HEADING), turn(SWAP));
    let events: Result<Vec<_>, _> = Reader::new(&text).unwrap().collect();
    assert_eq!(events, read(&[SWAP]));
}

#[test]
fn the_token_that_the_pool_received_was_paid() {
    let token = |zero: &str, one: &str| match read(&[&SWAP.replace("-5,9", &format!("{zero},{one}"))]) {
        Ok(events) => match events[0].what {
            What::Swap(swap) => Ok((swap.token, swap.paid, swap.received)),
            What::Mint(..) | What::Burn(..) | What::Collect(_) => panic!("a swap"),
        },
        Err(error) => Err((error.column, error.wrong)),
    };
    assert_eq!(token("7", "-3"), Ok((Token::Zero, U256::from(7_u64), U256::from(3_u64))));
    assert_eq!(token("7", "0"), Ok((Token::Zero, U256::from(7_u64), U256::ZERO)));
    assert_eq!(token("0", "7"), Ok((Token::One, U256::from(7_u64), U256::ZERO)));
    assert_eq!(token("7", "3"), Err(("amount1", Wrong::Contradiction)));
    assert_eq!(token("-7", "-3"), Err(("amount1", Wrong::Contradiction)));
}

#[test]
fn what_is_wrong_is_named_by_line_and_column() {
    let text = HEADING.replace("sqrtPriceX96,", "");
    assert_eq!(Reader::new(&text).unwrap_err().to_string(), "line 1: sqrtPriceX96 is missing");
    assert_eq!(Reader::new("").unwrap_err().to_string(), "line 1: tx_type is missing");
    for (line, from, to, expected) in [
        (SWAP, "SWAP", "swap", "line 2: tx_type is none of SWAP, MINT, BURN and COLLECT"),
        (SWAP, "7,", "x,", "line 2: block_number is no number that a pool can have"),
        (SWAP, "00:00:23", "24:00:00", "line 2: block_timestamp is no time such as 2024-01-05 00:00:23"),
        (SWAP, "-5", "--5", "line 2: amount0 is no number that a pool can have"),
        (
            SWAP,
            "79228162514264337593543950336",
            "5",
            "line 2: sqrtPriceX96 is no number that a pool can have",
        ),
        (SWAP, "0.0", "2.0", "line 2: current_tick contradicts other columns"),
        (SWAP, "0.0", "0.5", "line 2: current_tick is no number that a pool can have"),
        (SWAP, "1000", "-1", "line 2: total_liquidity is no number that a pool can have"),
        (MINT, "-10.0", "20.0", "line 2: tick_upper contradicts other columns"),
        (MINT, "-10.0", "", "line 2: tick_lower is no number that a pool can have"),
        (MINT, ",500", ",", "line 2: liquidity is no number that a pool can have"),
        (MINT, "20.0", "887273", "line 2: tick_upper is no number that a pool can have"),
    ] {
        assert_eq!(error(line, from, to), expected);
    }
    assert_eq!(error(SWAP, SWAP, "7"), "line 2: tx_type is none of SWAP, MINT, BURN and COLLECT");
}

#[test]
fn events_come_in_their_order() {
    let earlier = SWAP.replacen('7', "6", 1);
    assert_eq!(
        read(&[SWAP, &earlier]).unwrap_err(),
        ReadError { line: 3, column: "block_number", wrong: Wrong::Order }
    );
    let earlier = SWAP.replace("00:00:23", "00:00:22");
    assert_eq!(read(&[SWAP, &earlier]).unwrap_err().column, "block_timestamp");
    assert_eq!(read(&[SWAP, SWAP]).unwrap().len(), 2);
}

#[test]
fn times_are_those_of_the_calendar() {
    let time = |text: &str| read(&[&SWAP.replace("2024-01-05 00:00:23", text)]).map(|events| events[0].time);
    for (text, expected) in [
        ("1970-01-01 00:00:00", 0),
        ("2000-02-29 12:00:01", 951_825_601),
        ("2024-03-01 00:00:00+00:00", 1_709_251_200),
        ("2024-12-31 23:59:59", 1_735_689_599),
    ] {
        assert_eq!(time(text), Ok(expected), "{text}");
    }
    for text in [
        "2024-13-01 00:00:00",
        "2024-00-01 00:00:00",
        "2024-01-32 00:00:00",
        "1969-12-31 00:00:00",
        "2024-01-05",
        "2024-01-05 1:2",
        "2024-01-05 00:00:60",
        "2024-01--5 00:00:00",
        "2024-01-05 00:00:00:00",
    ] {
        assert!(time(text).is_err(), "{text}");
    }
}
