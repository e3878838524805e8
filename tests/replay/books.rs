//! Books by strategy and sub-account over a whole run: they add up to the ledgers that quotes are decided on.

use std::sync::LazyLock;

use ballast_core::accounts::{StrategyId, Totals};
use ballast_model::{InstrumentId, Money, SubAccountId};
use ballast_runtime::config::Config;
use ballast_runtime::job::Mode;
use ballast_runtime::replay::Unobserved;
use ballast_tests::market::config;

use crate::funding::with_marks;
use crate::rig::{INTERVAL, SPOT, file, interval, prepare};

static NAMED: LazyLock<Config> = LazyLock::new(|| {
    let facts = |market: &str, names: &str| {
        format!("[[instrument]]\nsymbol = \"ETHUSDT\"\nmarket = \"{market}\"\n{names}\n")
    };
    let (one, two) = (facts("usdm", "strategy = \"carry\""), facts("spot", "account = \"second\""));
    config(&format!("{}\n{one}{two}", interval()))
});

#[test]
fn books_add_up_to_the_ledgers() {
    let prepared = prepare(&NAMED, &[file(&with_marks()), file(&SPOT)]);
    let played = prepared.play(Mode::Quoting, 1, &mut Unobserved).unwrap();
    let accounts = played.shard.books().unwrap();
    let keys: Vec<_> = accounts.books().map(|(key, _)| (key.strategy, key.account)).collect();
    assert_eq!(keys, [(StrategyId(1), SubAccountId(0)), (StrategyId(0), SubAccountId(1))]);
    for id in [InstrumentId(0), InstrumentId(1)] {
        let (ledger, asset) = (played.shard.ledger(id).unwrap(), played.shard.spec(id).unwrap().settlement());
        let totals = Totals::of(ledger);
        assert_eq!(accounts.totals(id), totals);
        assert_eq!(accounts.ledger(id).unwrap(), ledger);
        assert_eq!(accounts.fees(id, asset), ledger.fees(asset) - ledger.rebates(asset));
        assert!(totals.fills > 0, "something was booked");
    }
    assert_ne!(accounts.totals(InstrumentId(0)).funding, Money::ZERO);
    // Books change no decision.
    let without = prepare(&INTERVAL, &[file(&with_marks()), file(&SPOT)]);
    let without = without.play(Mode::Quoting, 1, &mut Unobserved).unwrap();
    assert!(without.shard.books().is_none());
    assert_eq!(without.outcome, played.outcome);
}
