//! A run that trades spot with what its balances hold.

use std::sync::LazyLock;

use ballast_core::gate::Rule;
use ballast_model::{InstrumentId, Money, RejectReason, SubAccountId};
use ballast_runtime::config::Config;
use ballast_runtime::job::Mode;
use ballast_runtime::replay::Unobserved;
use ballast_tests::market::config;

use crate::rig::{SPOT, file, interval, prepare};

/// The interval quoter with little to trade with.
static SHORT: LazyLock<Config> = LazyLock::new(|| {
    let balances = "balances = { ETH = \"0.05\", USDT = \"60\" }\ncancel_share";
    config(&format!(
        "{}\n[risk]\naccount = \"USDT\"\nmark_age_max = \"5s\"\n",
        interval().replace("cancel_share", balances)
    ))
});

#[test]
fn orders_never_ask_for_more_than_there_is_and_both_ends_count_alike() {
    let prepared = prepare(&SHORT, &[file(&SPOT)]);
    let run = || prepared.play(Mode::Quoting, 1, &mut Unobserved).unwrap();
    let (played, again) = (run(), run());
    assert_eq!((played.outcome, played.venue.state_hash()), (again.outcome, again.venue.state_hash()));
    let id = InstrumentId(0);
    let (spec, gate) = (played.shard.spec(id).unwrap(), played.shard.gate(id).unwrap());
    let short = gate.refusals(Rule::FreeBase) + gate.refusals(Rule::FreeQuote);
    assert!(short > 0 && played.outcome.fills > 0, "{short} refusals, {} fills", played.outcome.fills);
    assert_eq!(played.venue.counters().rejects(RejectReason::Margin), 0);
    let holds = played.shard.holds().unwrap();
    for asset in [spec.base, spec.quote] {
        let ours = holds.balance(SubAccountId::default(), asset).unwrap();
        assert_eq!(Some((ours.free, ours.held)), played.venue.balance(asset), "asset {}", asset.0);
    }
    let (free, bound) = played.venue.balance(spec.base).unwrap();
    let bought = spec.lot_amount().unwrap().0 * i128::from(played.shard.position(id).0);
    assert_eq!(free + bound, Money(Money::ONE.0 / 20 + bought), "what was there and what was traded");
}
