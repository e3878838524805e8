//! Stories of fair values that need more than the touch.

use ballast_model::{BookLost, Event, LostReason, Lots, Span, Ticks};

use super::desk::{Desk, Did, ETH, instrument};
use crate::fair::{FairKind, VwapParams};
use crate::model::{AvellanedaParams, AvellanedaStoikov, Hold, Horizon, Model, Scales};
use crate::outbox::Note;

const VWAP: FairKind = FairKind::Vwap(VwapParams { window: Span::from_secs(60), trades_full: 1 });

/// A desk that quotes around this fair value, by a model that reads it: some ten ticks to either side.
fn desk(fair: FairKind) -> Desk {
    let params = AvellanedaParams {
        gamma: 100.0,
        k: 10.0,
        horizon: Horizon::Infinite,
        size: Lots(10),
        size_reducing_max: Lots(10),
        inventory_max: Lots(100),
        skew_max: Ticks(10),
    };
    Desk::with(|quoting| {
        quoting.fair = fair;
        quoting.model =
            Model::AvellanedaStoikov(AvellanedaStoikov::new(params, Scales::new(&instrument())).unwrap());
    })
}

fn prices(placed: &[Did]) -> (i64, i64) {
    let [Did::Place(_, _, bid, _), Did::Place(_, _, ask, _)] = *placed else { panic!("{placed:?}") };
    (bid, ask)
}

#[test]
fn what_is_not_known_is_not_quoted_around() {
    let mut desk = desk(VWAP);
    assert_eq!(desk.snapshot(10_000, 10_100), []);
    assert_eq!(desk.notes, [Note::Held(ETH, Hold::NoFairValue)]);
    // A trade alone moves nothing; the next touch is quoted around it.
    assert_eq!(desk.public_trade(10_050), []);
    let around = prices(&desk.touch(10_000, 10_101));
    assert_eq!(around.0 + around.1, 2 * 10_050, "{around:?}");
}

#[test]
fn trades_that_may_have_been_missed_are_forgotten() {
    for (reason, forgotten) in
        [(LostReason::Disconnected, true), (LostReason::RingFull, true), (LostReason::Gap, false)]
    {
        let mut desk = desk(VWAP);
        desk.public_trade(10_050);
        desk.tell(&Event::BookLost(BookLost { instrument: ETH, reason }));
        let placed = desk.snapshot(10_000, 10_100);
        assert_eq!(placed.is_empty(), forgotten, "{reason:?}");
    }
}

#[test]
fn a_trade_is_state_only_where_a_fair_value_remembers_it() {
    for (fair, remembered) in [(FairKind::Mid, false), (VWAP, true)] {
        let (mut with, mut without) = (desk(fair), desk(fair));
        with.public_trade(10_050);
        for desk in [&mut with, &mut without] {
            desk.tell(&Event::Timer);
        }
        without.tell(&Event::Timer);
        assert_eq!(with.shard.state_hash() != without.shard.state_hash(), remembered, "{fair:?}");
    }
}
