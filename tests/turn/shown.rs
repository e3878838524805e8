//! What a shard shows of itself is what it is.

use ballast_exchange::synth::Dialect;
use ballast_model::{InstrumentId, Money, Side};
use ballast_tests::market::lines;

use crate::net::Played;
use crate::rig::{config, run};

const ETH: InstrumentId = InstrumentId(0);

fn micro(amount: Money) -> i64 {
    i64::try_from(amount.0 / (Money::ONE.0 / 1_000_000)).unwrap()
}

#[test]
fn what_a_shard_shows_is_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let market = Played::new(lines(Dialect::UsdM, 7, 60));
    let ran = run(&config(""), market, &folder.path().join("journal"), |_, _| {});
    let (shard, view) = (&ran.shard, &ran.view);
    let ledger = shard.ledger(ETH).unwrap();
    let [shown] = view.instruments.as_slice() else { panic!("{view:?}") };
    let mid = shard.mid(ETH).unwrap();
    assert_eq!((view.orders, view.fills), (ran.outcome.orders, ran.outcome.fills));
    assert!(ran.outcome.fills > 0 && shown.turnover_e6 > 0, "{shown:?}");
    assert_eq!((shown.position, shown.mid), (ledger.position().0, mid.0));
    assert_eq!(shown.fills.iter().sum::<u64>(), ran.outcome.fills);
    let quote = |side| shard.best_quote(ETH, side).map_or(0, |price| price.0);
    assert_eq!(shown.quotes, [quote(Side::Bid), quote(Side::Ask)]);
    assert!(shown.quotes[0] > 0 && shown.quotes[0] < shown.quotes[1], "{shown:?}");
    assert_eq!(shown.touch.iter().sum::<i64>(), mid.0, "twice the middle");
    let fair = shown.fair.unwrap();
    assert!((shown.touch[0] as f64..=shown.touch[1] as f64).contains(&fair), "{shown:?}");
    assert_eq!(shown.realised_e6, micro(ledger.realised()));
    assert_eq!(shown.unrealised_e6, Some(micro(ledger.unrealised(mid))));
    assert_eq!((shown.net_e6, shown.turnover_e6), (Some(micro(ledger.net(mid))), micro(ledger.turnover())));
    let parts = shown.realised_e6 + shown.unrealised_e6.unwrap() - shown.fees_e6 + shown.rebates_e6;
    assert!((parts - shown.net_e6.unwrap()).abs() <= 4, "no funding: the parts are the whole: {shown:?}");
    assert!(shown.rebates_e6 > 0, "makers are paid: {shown:?}");
    let limits = shard.gate(ETH).unwrap().limits();
    assert_eq!(
        (shown.position_max, shown.open_max),
        (limits.position_lots_max.0, u64::from(limits.open_orders_max))
    );
    assert_eq!((shown.halt, shown.held), (None, None));
}
