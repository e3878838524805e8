use ballast_core::ledger::FeeTier;
use ballast_exchange::TierSpec;
use ballast_model::{InstrumentId, Money, Rate};

use crate::config::{BookNames, ConfigError, Quoted, Resolved, fixtures};

const REPLAY: &str = include_str!("../../../../../config/replay.toml");

fn built(tables: &str) -> Result<Resolved, ConfigError> {
    fixtures::built(&format!("{REPLAY}\n{tables}"), Quoted::Yes)
}

fn fees(tiers: &str) -> String {
    format!(
        "[[venue.fees]]\nmarket = \"usdm\"\nmaker_bps = 2.0\ntaker_bps = 5.0\nvolume = \"700\"\ntiers = {tiers}\n"
    )
}

const TIERS: &str = "[{ volume = \"500\", maker_bps = 1.0, taker_bps = 4.0 }, { volume = \"1000.5\", maker_bps = -0.5, taker_bps = 3.0 }]";

#[test]
fn tiers_begin_at_zero_and_models_read_the_present_one() {
    let resolved = built(&fees(TIERS)).unwrap();
    let [TierSpec { instruments, tiers, volume }] = resolved.venue.tiers.as_slice() else { panic!("one") };
    assert_eq!((instruments.as_slice(), *volume), ([InstrumentId(0)].as_slice(), Money(700 * Money::ONE.0)));
    let tier = |tenths: i128, maker: i64, taker: i64| FeeTier {
        volume_min: Money(tenths * Money::ONE.0 / 10),
        maker: Rate(maker),
        taker: Rate(taker),
    };
    assert_eq!(*tiers, [tier(0, 20_000, 50_000), tier(5_000, 10_000, 40_000), tier(10_005, -5_000, 30_000)]);
    let own = resolved.venue.instruments[0].fees;
    assert_eq!((own.maker, own.taker), (Rate(10_000), Rate(40_000)));
    assert!(built("").unwrap().venue.tiers.is_empty());
}

#[test]
fn tiers_that_cannot_be_are_refused_with_their_place() {
    let falling = "[{ volume = \"500\", maker_bps = 1.0, taker_bps = 4.0 }, { volume = \"400\", maker_bps = 1.0, taker_bps = 4.0 }]";
    for (tiers, message) in [
        (falling, "venue.fees.0.tiers: the volumes of fee tiers must rise"),
        ("[{ volume = \"5\", maker_bps = 1.0 }]", "taker_bps"),
        ("[{ volume = \"-5\", maker_bps = 1.0, taker_bps = 1.0 }]", "no decimal"),
    ] {
        let error = built(&fees(tiers)).expect_err(message).to_string();
        assert!(error.contains(message) && error.contains("line"), "{message} in {error}");
    }
}

#[test]
fn books_go_by_the_names_that_instruments_give() {
    assert_eq!(built("").unwrap().books, None);
    let facts =
        "[[instrument]]\nsymbol = \"ETHUSDT\"\nmarket = \"spot\"\nstrategy = \"maker\"\naccount = \"two\"\n";
    let BookNames { strategies, accounts, lanes } = built(facts).unwrap().books.unwrap();
    assert_eq!(
        (strategies, accounts),
        (vec!["default".into(), "maker".into()], vec!["default".into(), "two".to_owned()])
    );
    let ids: Vec<_> = lanes.iter().map(|lane| (lane.strategy.0, lane.account.0)).collect();
    assert_eq!(ids, [(0, 0), (1, 1)]);
    assert!(
        built("[[instrument]]\nsymbol = \"A\"\nmarket = \"spot\"\nstrategy = 1\n")
            .unwrap_err()
            .to_string()
            .contains("line")
    );
}
