//! Whether a run can go over to another tick or lot.

use std::path::Path;

use ballast_model::Step;
use ballast_runtime::config::{Config, ResolvedInstrument};
use ballast_runtime::live::{Fact, Shown, Told, View, assemble, goes_over, is_regridded};
use ballast_tests::market::QUOTER;

use crate::rig::{config, fact};

/// So many steps in those of another size.
fn steps(number: i64, from: &str, to: &str) -> i64 {
    let size = |text: &str| {
        let Step { mantissa, scale } = Step::parse(text).unwrap();
        i64::try_from(mantissa).unwrap() * 10_i64.pow(6 - u32::from(scale))
    };
    number * size(from) / size(to)
}

/// What the venue says where tick and lot are these.
fn on(tick: &str, lot: &str) -> Told {
    let mut fact = fact();
    fact.seen.price_ticks_max = steps(fact.seen.price_ticks_max, "0.01", tick);
    fact.mid.0 = steps(fact.mid.0, "0.01", tick);
    fact.filters.size.1 = steps(fact.filters.size.1, "0.001", lot);
    (fact.seen.tick, fact.seen.lot) = (Step::parse(tick), Step::parse(lot));
    vec![vec![fact]]
}

/// Whether a run of this configuration with this position goes over to these grids.
fn goes(config: &Config, position: i64, now: &Told) -> Result<(), String> {
    let (path, live) = (Path::new("test.toml"), config.live.as_ref().unwrap());
    let built = assemble(config, path, live, &on("0.01", "0.001"), 1).unwrap();
    let instruments: Vec<&[ResolvedInstrument]> =
        built.shards.iter().map(|shard| shard.instruments.as_slice()).collect();
    let view = View { instruments: vec![Shown { position, ..Shown::default() }], ..View::default() };
    goes_over((config, path, live), now, &instruments, &[view])
}

#[test]
fn only_another_tick_or_lot_is_another_grid() {
    let before = on("0.01", "0.001");
    assert!(is_regridded(&before, &on("0.1", "0.001")) && is_regridded(&before, &on("0.01", "0.01")));
    let mut moved: Vec<Vec<Fact>> = before.clone();
    moved[0][0].mid.0 += 1_000;
    moved[0][0].filters.notional_min *= 2;
    assert!(!is_regridded(&before, &moved));
}

#[test]
fn a_run_goes_over_to_a_coarser_grid_and_to_a_finer_one() {
    let config = config("");
    for (tick, lot) in [("0.1", "0.001"), ("0.001", "0.0001"), ("0.05", "0.001")] {
        assert_eq!(goes(&config, 17, &on(tick, lot)), Ok(()), "{tick} {lot}");
    }
}

#[test]
fn a_position_that_the_new_lot_does_not_divide_stands_in_the_way() {
    let config = config("");
    let coarse = on("0.01", "0.01");
    assert_eq!(goes(&config, -20, &coarse), Ok(()));
    let why = goes(&config, -17, &coarse).unwrap_err();
    assert_eq!(why, "usdm ETHUSDT: a position of -0.017 does not come in lots of 0.01");
}

#[test]
fn a_configuration_that_names_the_steps_stands_in_the_way_and_so_do_several_shards() {
    let live = "[live]\n[[live.venue]]\nmarket = \"usdm\"\nsymbols = [\"ETHUSDT\"]";
    let states = "[[instrument]]\nmarket = \"usdm\"\nsymbol = \"ETHUSDT\"\ntick = \"0.01\"";
    let named = ballast_tests::market::config(&format!("{QUOTER}\n{states}\n{live}\n"));
    let why = goes(&named, 0, &on("0.1", "0.001")).unwrap_err();
    assert_eq!(why, "usdm ETHUSDT: the configuration names its tick or lot");
    let several = config("shards = \"by-asset\"");
    assert!(goes(&several, 0, &on("0.1", "0.001")).unwrap_err().contains("several shards"));
}
