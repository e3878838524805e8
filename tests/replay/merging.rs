//! Several captures in one run.

use ballast_analytics::record::FillRow;
use ballast_model::{ClientOrderId, InstrumentId, TradeId};
use ballast_runtime::job::Mode;
use ballast_runtime::replay::Unobserved;

use crate::rig::{AVELLANEDA, FUTURES, INTERVAL, SPOT, file, prepare, record};

/// A fill as its own market gives it: ids are counted over all markets.
fn without_ids(fill: &FillRow) -> FillRow {
    FillRow { client_id: ClientOrderId(0), trade_id: TradeId(0), ..*fill }
}

#[test]
fn markets_played_together_are_each_as_alone_in_either_order() {
    for config in [&AVELLANEDA, &INTERVAL] {
        let alone =
            [&FUTURES, &SPOT].map(|lines| record(&prepare(config, &[file(lines)]), 10_000).1.remove(0));
        for order in [[0, 1], [1, 0]] {
            let files = order.map(|index| file([&FUTURES, &SPOT][index]));
            let prepared = prepare(config, &files);
            let (played, together) = record(&prepared, 10_000);
            assert_eq!(prepared.tapes.len(), 2);
            for (index, (ours, id)) in
                order.into_iter().zip(together.iter().zip(0..).map(|(record, id)| (record, InstrumentId(id))))
            {
                assert!(
                    ours.fills.iter().map(without_ids).eq(alone[index].fills.iter().map(without_ids)),
                    "{}",
                    ours.name
                );
                assert_eq!(ours.name, alone[index].name);
                assert_eq!(played.shard.position(id), played.venue.position(id));
            }
        }
    }
}

#[test]
fn a_second_run_and_a_repeated_run_are_reproduced() {
    for config in [&AVELLANEDA, &INTERVAL] {
        let prepared = prepare(config, &[file(&FUTURES), file(&SPOT)]);
        for (mode, repeat) in [(Mode::Quoting, 1), (Mode::Quoting, 3), (Mode::Idle, 2)] {
            let run = || prepared.play(mode, repeat, &mut Unobserved).unwrap();
            let (first, second) = (run(), run());
            assert_eq!(first.outcome, second.outcome);
            assert_eq!(first.venue.state_hash(), second.venue.state_hash());
            let once = prepared.play(mode, 1, &mut Unobserved).unwrap().outcome;
            assert_eq!(first.outcome.messages, u64::from(repeat) * once.messages);
            assert_eq!(first.outcome.level_updates, u64::from(repeat) * once.level_updates);
            for id in [InstrumentId(0), InstrumentId(1)] {
                assert_eq!(first.shard.position(id), first.venue.position(id));
                assert!(first.shard.mid(id).is_some(), "the book lives through all repetitions");
            }
        }
    }
}
