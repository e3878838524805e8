//! Batches are runs of one kind for one instrument.

use alloc::vec::Vec;

use ballast_model::{ClientOrderId, Lots, Nanos, Price, Side};

use super::*;
use crate::gate::fixture::{INSTRUMENT, checked, order};

const OTHER: InstrumentId = InstrumentId(INSTRUMENT.0 + 1);

fn outbox(kinds: &str) -> Outbox {
    let mut out = Outbox::new(16);
    for (kind, id) in kinds.chars().zip(1..) {
        let client_id = ClientOrderId(id);
        let instrument = if kind.is_uppercase() { OTHER } else { INSTRUMENT };
        match kind.to_ascii_lowercase() {
            'n' => out.place(checked(order(id, Side::Bid, 10_000, 10))),
            'c' => out.cancel(Cancel { instrument, client_id }),
            'q' => out.query(Query { instrument, client_id, number: 1 }),
            'r' => out.push(Command::Replace(Replace {
                instrument,
                client_id,
                side: Side::Bid,
                price: Price(1),
                lots: Lots(1),
                expires_at: Nanos(0),
            })),
            other => panic!("no kind {other}"),
        }
    }
    out
}

#[test]
fn batches_are_runs_of_one_kind_and_instrument_and_keep_the_order() {
    let limits = BatchLimits { new: 2, cancel: 3, replace: 2 };
    for (kinds, lengths) in [
        ("", &[][..]),
        ("cccc", &[3, 1]),
        ("ccCCcnnnrrrqq", &[2, 2, 1, 2, 1, 2, 1, 1, 1]),
        ("cncn", &[1, 1, 1, 1]),
    ] {
        let out = outbox(kinds);
        let batches: Vec<&[Command]> = out.batches(limits).collect();
        assert_eq!(batches.iter().map(|batch| batch.len()).collect::<Vec<_>>(), lengths, "{kinds}");
        assert_eq!(batches.concat(), out.commands(), "nothing is lost or moved");
    }
}

#[test]
fn venues_without_batches_get_one_command_each() {
    for limits in [BatchLimits::NONE, BatchLimits::default()] {
        assert_eq!(outbox("ccnnrr").batches(limits).count(), 6);
    }
    assert_eq!(outbox("ccccccccccc").batches(BatchLimits::BINANCE_USDM).count(), 2);
}

#[test]
fn notes_have_a_name_of_kind_and_reason_and_an_instrument() {
    use crate::gate::{Refusal, Rule, Scope};
    use crate::inventory::Stage;

    let refusal = Refusal { rule: Rule::Position, scope: Scope::All, found: 0, limit: 0 };
    let short = HoldRefusal::HoldsFull;
    for (note, kind, reason, instrument) in [
        (Note::Held(OTHER, Hold::NoFairValue), "held", Some("no_fair_value"), Some(OTHER)),
        (Note::Refused(OTHER, refusal), "refused", Some("position"), Some(OTHER)),
        (Note::BookLost(OTHER, LostReason::RingFull), "book_lost", Some("ring_full"), Some(OTHER)),
        (Note::Exit(OTHER, ExitKind::StopLoss), "exit", Some("stop_loss"), Some(OTHER)),
        (Note::ExitHeld(OTHER, ExitKind::Trailing), "exit_held", Some("trailing"), Some(OTHER)),
        (Note::Inventory(OTHER, Stage::Liquidate), "inventory", Some("liquidate"), Some(OTHER)),
        (Note::Unheld(OTHER, short), "unheld", Some("holds_full"), Some(OTHER)),
        (Note::ForcedFill(OTHER), "forced_fill", None, Some(OTHER)),
        (Note::UnbookableBalance(AssetId(1)), "unbookable_balance", None, None),
    ] {
        assert_eq!((note.kind(), note.reason(), note.instrument()), (kind, reason, instrument), "{note:?}");
    }
}
