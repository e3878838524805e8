//! A recorded day of a pool, computed again: from the folder named by `BALLAST_CAPTURES` (default `../shared/captures` beside the
//! workspace); where it is not there this says so and is skipped.
#![cfg(test)]
#![forbid(unsafe_code)]

use ballast_pool::event::{Event, Reader};
use ballast_pool::fee::ProtocolFee;
use ballast_pool::replay::{Replay, Tally};
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::{env, fs};

/// USDC and WETH at 0.05 %, one day of 2024.
const DAY: &str = "uniswap-v3/demeter-fetch_eth-usdc-005_2024-01-05/ethereum-0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640-2024-01-05";
const FEE: u32 = 500;
const SPACING: i32 = 10;

fn events(kind: &str) -> Option<Vec<Event>> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder =
        env::var_os("BALLAST_CAPTURES").map_or_else(|| root.join("../shared/captures"), PathBuf::from);
    let Ok(text) = fs::read_to_string(folder.join(format!("{DAY}.{kind}.csv"))) else {
        // Written past the test runner, which keeps to itself what passing tests print.
        writeln!(io::stderr(), "skipped: no pool events at {} (set BALLAST_CAPTURES)", folder.display())
            .unwrap();
        return None;
    };
    Some(Reader::new(&text).unwrap().collect::<Result<_, _>>().unwrap())
}

#[test]
fn a_recorded_day_comes_out_to_the_last_unit() {
    let Some(events) = events("pool.tick") else { return };
    let (mut replay, rest) = Replay::new(&events, FEE, SPACING, [ProtocolFee::Off; 2]).unwrap().unwrap();
    for event in rest {
        replay.take(event).unwrap();
    }
    let found = *replay.found();
    assert_eq!(replay.depth().contradictions(), 0);
    assert_eq!(found.steady, Tally { swaps: 5_373, exact: 5_373 });
    // Ten swaps went through three intervals in which none of the day ended.
    assert_eq!(found.crossing, Tally { swaps: 663, exact: 663 });
    assert_eq!(found.unknown.swaps, 10);
    assert_eq!((found.others, found.refused), (188, 0));
}

#[test]
fn both_tables_of_the_day_tell_the_same() {
    let (Some(one), Some(other)) = (events("pool.tick"), events("tick")) else { return };
    assert_eq!(one, other);
}
