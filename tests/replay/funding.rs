//! Funding in a run: a feed whose mark stream passes the times of two payments.

use std::sync::LazyLock;

use ballast_analytics::record::FillRow;
use ballast_core::ledger::funding_due;
use ballast_model::{InstrumentId, Lots, Money, Nanos, Rate, Span};
use ballast_runtime::job::{Mode, Played};
use ballast_runtime::replay::Unobserved;
use ballast_tests::market::Line;

use crate::rig::{FUTURES, INTERVAL, file, prepare, record};

/// Seconds after which funding is exchanged, with the rate in 10⁻⁸.
const PAID: [(i64, i64); 2] = [(11, 125_000), (23, -40_000)];

/// When the feed begins, in whole seconds of the venue's clock, which in it is the local one.
static FIRST: LazyLock<i64> = LazyLock::new(|| FUTURES[0].time.0 / 1_000_000_000);

fn mark_price(second: i64) -> i64 {
    250_000_000_000 + 1_234_567_890 * second
}

/// The feed, with a mark each second that names the next time and rate.
pub(crate) fn with_marks() -> Vec<Line> {
    let mut lines = FUTURES.clone();
    for second in 1..28 {
        let (at, rate) = *PAID.iter().find(|(at, _)| second < *at).unwrap_or(&(1_000, 10_000));
        let time = Nanos::from_millis(1_000 * (*FIRST + second));
        let price = mark_price(second);
        let frame = format!(
            r#"{{"stream":"ethusdt@markPrice@1s","data":{{"e":"markPriceUpdate","E":{},"s":"ETHUSDT","p":"{}.{:08}","i":"2500.0","P":"2500.0","r":"{}0.{:08}","T":{}}}}}"#,
            time.0 / 1_000_000,
            price / 100_000_000,
            price % 100_000_000,
            if rate < 0 { "-" } else { "" },
            rate.abs(),
            (*FIRST + at) * 1_000,
        );
        let place = lines.partition_point(|line| line.time < time);
        lines.insert(place, Line { time, frame });
    }
    lines
}

/// The position that the fills before a time at the venue make.
fn position_at(fills: &[FillRow], at: Nanos) -> Lots {
    let response = Span::from_millis(1);
    let before = fills.iter().filter(|fill| fill.time - response < at);
    before.fold(Lots::ZERO, |sum, fill| sum + fill.lots.signed(fill.side))
}

#[test]
fn each_time_the_stream_passes_is_paid_on_the_position_then_and_booked_once() {
    let prepared = prepare(&INTERVAL, &[file(&with_marks())]);
    let (played, records) = record(&prepared, 10_000);
    let (id, end) = (InstrumentId(0), records[0].samples.last().unwrap());
    let offset = prepared.tapes[0].clock_offsets().next().unwrap();
    let due = PAID.map(|(second, rate)| {
        let at = Nanos::from_millis(1_000 * (*FIRST + second)) + offset;
        let position = position_at(&records[0].fills, at);
        funding_due(&records[0].spec, position, mark_price(second - 1), Rate(rate)).unwrap()
    });
    assert!(due.iter().all(|paid| *paid != Money::ZERO), "a position each time: {due:?}");
    let sum = due[0] + due[1];
    assert_eq!(played.venue.traded(id).funding, sum);
    assert_eq!(played.shard.ledger(id).unwrap().funding(), sum);
    assert_eq!(played.venue.counters().payments, 2);
    assert_eq!((end.funding, end.net()), (sum, end.gross - end.fees + end.rebates + sum));
    let paid = |until: i64| {
        let at = Nanos::from_millis(1_000 * (*FIRST + until)) + offset;
        records[0].samples.iter().rev().find(|sample| sample.time < at).unwrap().funding
    };
    assert_eq!((paid(11), paid(23)), (Money::ZERO, due[0]), "none before its time");
}

#[test]
fn funding_changes_no_decision_of_a_quoter_without_limits_of_loss() {
    let with = |lines: &[Line]| -> Played {
        prepare(&INTERVAL, &[file(lines)]).play(Mode::Quoting, 1, &mut Unobserved).unwrap()
    };
    let (without, marked, again) = (with(&FUTURES), with(&with_marks()), with(&with_marks()));
    assert_eq!(without.outcome.decisions_hash, marked.outcome.decisions_hash);
    assert_ne!(without.outcome.state_hash, marked.outcome.state_hash);
    assert_eq!(without.outcome.ended_at, marked.outcome.ended_at, "what is still to come is not waited for");
    assert_eq!((marked.outcome, marked.venue.state_hash()), (again.outcome, again.venue.state_hash()));
}
