//! The documented table of states and inputs is what happens, cell by cell.

use alloc::vec::Vec;

use super::*;
use crate::oms::state::{Input, next};

/// The states a column of the documented table stands for.
fn column(title: &str) -> Vec<OrderState> {
    let state = |name: &str| match name {
        "PendingNew" => OrderState::PendingNew,
        "Live" => OrderState::Live,
        "Replace" => OrderState::PendingReplace,
        "Cancel(New)" => OrderState::PendingCancel(BeforeCancel::New),
        "Cancel(Live)" => OrderState::PendingCancel(BeforeCancel::Live),
        "Cancel(Replace)" => OrderState::PendingCancel(BeforeCancel::Replace),
        "Cancel(Unknown)" => OrderState::PendingCancel(BeforeCancel::Unknown),
        "Unknown" => OrderState::Unknown,
        "Filled" => OrderState::Done(DoneReason::Filled),
        "Cancelled" => OrderState::Done(DoneReason::Cancelled),
        "Expired" => OrderState::Done(DoneReason::Expired),
        "NotSent" => OrderState::Done(DoneReason::NotSent),
        "NeverPlaced" => OrderState::Done(DoneReason::NeverPlaced),
        "Lost" => OrderState::Done(DoneReason::Lost),
        "Rejected" => OrderState::Done(DoneReason::Rejected(RejectReason::Other)),
        other => panic!("no state {other}"),
    };
    title.split(", ").map(state).collect()
}

fn input(name: &str) -> Input {
    match name {
        "CancelSent" => Input::CancelSent,
        "ReplaceSent" => Input::ReplaceSent,
        "Confirmed" => Input::Confirmed,
        "Stands" => Input::Stands,
        "PartFill" => Input::PartFill,
        "LastFill" => Input::LastFill,
        "Completed" => Input::Completed,
        "Rejected" => Input::Rejected(RejectReason::Other),
        "Cancelled" => Input::Cancelled,
        "Expired" => Input::Expired,
        "NotSent" => Input::NotSent,
        "IdInUse" => Input::IdInUse,
        "NotFound" => Input::NotFound,
        "NeverPlaced" => Input::NeverPlaced,
        "Lost" => Input::Lost,
        "CancelRefused" => Input::CancelRefused,
        "ReplaceRefused" => Input::ReplaceRefused,
        "FateUnknown" => Input::FateUnknown,
        other => panic!("no input {other}"),
    }
}

#[test]
fn the_documented_table_is_what_happens() {
    let mut rows = include_str!("../state.rs").lines().filter_map(|line| line.strip_prefix("/// | "));
    let cells = |row: &'static str| row.trim_end_matches('|').split('|').map(str::trim).collect::<Vec<_>>();
    let titles = cells(rows.next().unwrap());
    let mut pairs = 0;
    for row in rows.map(cells) {
        assert_eq!(row.len(), titles.len(), "{}", row[0]);
        for (title, cell) in titles.iter().zip(&row).skip(1) {
            for from in column(title) {
                let to = if *cell == "·" { from } else { column(cell)[0] };
                assert_eq!(next(from, input(row[0])), to, "{} in {from:?}", row[0]);
                pairs += 1;
            }
        }
    }
    assert_eq!(pairs, 18 * 15, "every input in every state");
}

#[test]
fn states_have_words_of_their_own() {
    let names = "PendingNew, Live, Replace, Cancel(New), Cancel(Live), Cancel(Replace), Cancel(Unknown), Unknown, \
        Filled, Cancelled, Expired, NotSent, NeverPlaced, Lost, Rejected";
    let words: BTreeSet<u64> = column(names).into_iter().map(OrderState::word).collect();
    assert_eq!(words.len(), 15);
}
