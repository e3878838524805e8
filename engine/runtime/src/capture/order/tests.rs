use ballast_model::{InstrumentId, UpdateId};
use ballast_venue::binance::StreamKind;

use super::*;

fn lines(denied: &[Denied]) -> Vec<u64> {
    denied.iter().map(|one| one.line).collect()
}

/// Lines, from 0, of the ids that are denied.
fn wrong_ids(ids: &[u64]) -> Vec<u64> {
    let mut orders = Orders::default();
    for (id, line) in ids.iter().zip(0..) {
        let place = StreamPlace {
            instrument: InstrumentId(1),
            stream: StreamKind::BookTicker,
            update_id: Some(UpdateId(*id)),
            event_time: None,
            transaction_time: None,
        };
        orders.take(&place, Nanos(0), line);
    }
    let (ids, times) = orders.settle();
    assert_eq!(times, []);
    lines(&ids)
}

/// Lines, from 0, of the times in milliseconds that are denied where every message arrives 5 ms after its true time.
fn wrong_times(told: &[i64], truth: &[i64]) -> Vec<u64> {
    let mut orders = Orders::default();
    for ((told, truth), line) in told.iter().zip(truth).zip(0..) {
        let place = StreamPlace {
            instrument: InstrumentId(0),
            stream: StreamKind::Trade,
            update_id: None,
            event_time: Some(Nanos::from_millis(*truth)),
            transaction_time: Some(Nanos::from_millis(*told)),
        };
        orders.take(&place, Nanos::from_millis(*truth + 5), line);
    }
    let (ids, times) = orders.settle();
    assert_eq!(ids, []);
    lines(&times)
}

#[test]
fn what_rises_is_in_order_whatever_the_steps() {
    assert_eq!(wrong_ids(&[]), [0; 0]);
    assert_eq!(wrong_ids(&[5]), [0; 0]);
    assert_eq!(wrong_ids(&[0, 1, 2, 1 << 40, (1 << 40) + 1, u64::MAX - 1, u64::MAX]), [0; 0]);
}

#[test]
fn one_wrong_id_is_one_problem_wherever_it_stands() {
    let sound: Vec<u64> = (0..60).map(|n| 1_000 + 10 * n).collect();
    for at in 0..sound.len() {
        for id in [u64::MAX, 1 << 63, sound[at] + 1_000, 0, 1] {
            let mut ids = sound.clone();
            ids[at] = id;
            // The last one may well be ahead, the first one well behind.
            let is_told = if id > sound[at] { at + 1 < sound.len() } else { at > 0 };
            let expected: Vec<_> = is_told.then_some(at as u64).into_iter().collect();
            assert_eq!(wrong_ids(&ids), expected, "{id} at {at}");
        }
    }
}

#[test]
fn every_repeat_is_told_and_never_the_first() {
    let doubled: Vec<u64> = (0..50).flat_map(|n| [n, n]).collect();
    assert_eq!(wrong_ids(&doubled), (0..50).map(|n| 2 * n + 1).collect::<Vec<_>>());
    let twice: Vec<u64> = (0..500).chain(0..500).collect();
    assert_eq!(wrong_ids(&twice), (500..1_000).collect::<Vec<_>>());
}

#[test]
fn a_few_wrong_ids_in_a_row_blame_no_other() {
    let mut ids: Vec<u64> = (0..60).collect();
    for (id, wrong) in ids.iter_mut().skip(30).zip([900, 901, 902, u64::MAX]) {
        *id = wrong;
    }
    assert_eq!(wrong_ids(&ids), [30, 31, 32, 33]);
}

#[test]
fn the_neighbour_is_the_number_contradicted() {
    let denied = |ids: &[u64]| {
        let mut order = Stream::default().update_ids;
        let mut denied = Vec::new();
        for (value, line) in ids.iter().zip(0..) {
            order.take(Number { value: *value, delay: Span::ZERO, line }, &mut denied);
        }
        order.settle(&mut denied);
        denied
    };
    assert_eq!(denied(&[1, 2, 2, 3]), [Denied { line: 2, value: 2, neighbour: 2 }]);
    assert_eq!(denied(&[1, 2, 3, 1, 4]), [Denied { line: 3, value: 1, neighbour: 3 }]);
    assert_eq!(denied(&[1, 2, 99, 3, 4]), [Denied { line: 2, value: 99, neighbour: 3 }]);
}

#[test]
fn one_wrong_time_is_one_problem_wherever_it_stands() {
    for spacing in [1, 7, 30, 400] {
        let truth: Vec<i64> = (0..60).map(|n| 1_000_000 + spacing * n).collect();
        for at in 1..truth.len() - 1 {
            for by in [-3_600_000, -1_000_000, -spacing - 11, 2 * spacing + 11, 60_000] {
                let mut told = truth.clone();
                told[at] = (told[at] + by).max(0);
                // What nothing contradicts is not told: the stream may have ended before.
                let is_told =
                    by < 0 || truth[truth.len() - 1] + 10 < told[at] || told[at] > truth[at + 1] + 10;
                let expected: Vec<_> = is_told.then_some(at as u64).into_iter().collect();
                assert_eq!(wrong_times(&told, &truth), expected, "by {by} at {at}, every {spacing}");
            }
        }
    }
}

#[test]
fn where_one_stands_against_one_the_odd_delay_is_wrong() {
    // 50 ms ahead of its neighbours' delay, and only one message before that.
    let truth: Vec<i64> = (0..40).map(|n| 1_000 + 30 * n).collect();
    let mut told = truth.clone();
    told[20] += 50;
    assert_eq!(wrong_times(&told, &truth), [20]);
}

#[test]
fn times_may_repeat_and_run_back_a_little() {
    let truth: Vec<i64> = (0..60).map(|n| 1_000 + 5 * n).collect();
    let shaken: Vec<i64> = truth.iter().zip(0..).map(|(time, n)| time + [0, 5, -5, 0, 3][n % 5]).collect();
    assert_eq!(wrong_times(&shaken, &truth), [0; 0]);
    assert_eq!(wrong_times(&[7; 60], &truth), [0; 0]);
}

#[test]
fn streams_and_instruments_have_orders_of_their_own() {
    let mut orders = Orders::default();
    for (instrument, stream, id) in [
        (1, StreamKind::BookTicker, 10),
        (0, StreamKind::BookTicker, 5),
        (1, StreamKind::MarkPrice, 3),
        (1, StreamKind::BookTicker, 11),
        (0, StreamKind::BookTicker, 6),
        (1, StreamKind::MarkPrice, 4),
    ] {
        let place = StreamPlace {
            instrument: InstrumentId(instrument),
            stream,
            update_id: Some(UpdateId(id)),
            event_time: Some(Nanos(1_000_000_000 * id.cast_signed())),
            transaction_time: None,
        };
        orders.take(&place, Nanos(0), 1);
    }
    assert_eq!(orders.settle(), (vec![], vec![]));
}
