//! What breaks the sequence of a book.

use ballast_model::{Event, InstrumentId};
use ballast_runtime::capture::ProblemKind;
use ballast_runtime::job::Mode;
use ballast_runtime::replay::Unobserved;
use ballast_runtime::tape::{Cursor, Shift};
use ballast_tests::market::snapshot_after;

use crate::rig::{FUTURES, Read, nth, raw, read_lines, some_diff};

/// One-based number of the diff after the one at `index`.
fn next_diff(index: usize) -> u64 {
    let later = FUTURES.iter().enumerate().skip(index + 1).find(|(_, line)| line.frame.contains("@depth"));
    later.unwrap().0 as u64 + 1
}

/// The book is lost at the line of this number, from then on nothing is quoted, and nothing rests at the end.
fn check_lost(found: &Read, problems: &[(ProblemKind, u64)]) {
    assert_eq!(found.problems(), problems);
    assert_eq!(found.prepared.total(|counters| counters.gaps), 1);
    let played = found.prepared.play(Mode::Quoting, 1, &mut Unobserved).unwrap();
    let id = InstrumentId(0);
    assert_eq!(played.shard.mid(id), None, "the book stays lost without a snapshot");
    assert_eq!(played.venue.resting(id).count(), 0, "all quotes are pulled");
    assert_eq!(played.shard.orders(id).unwrap().open_count(), 0);
    let whole = read_lines(&raw(&FUTURES)).outcome;
    assert!(found.outcome.orders > 0 && found.outcome.orders < whole.orders, "{:?}", found.outcome);
}

#[test]
fn a_missing_diff_is_a_gap_at_the_next_one() {
    let index = some_diff();
    let mut lines = raw(&FUTURES);
    lines.remove(index);
    check_lost(&read_lines(&lines), &[(ProblemKind::Gap, next_diff(index) - 1)]);
}

#[test]
fn a_diff_that_cannot_be_read_is_a_gap_at_the_next_one() {
    let index = some_diff();
    for spoil in [
        |line: &str| line[..line.len() - 2].to_owned(),
        |line: &str| line.replacen("[\"", "[\"-", 1),
        |line: &str| line.replacen("\",\"", "\",\"-", 1),
        |line: &str| line.replacen("[[\"", "[[\"1e400\",\"1\"],[\"", 1),
        |line: &str| line.replacen("[\"", "[", 1),
        |line: &str| line.replace("ETHUSDT", "XRPUSDT"),
    ] {
        let mut lines = raw(&FUTURES);
        lines[index] = spoil(&FUTURES[index].text()).into_bytes();
        let number = index as u64 + 1;
        check_lost(
            &read_lines(&lines),
            &[(ProblemKind::BadFrame, number), (ProblemKind::Gap, next_diff(index))],
        );
    }
}

#[test]
fn a_futures_diff_that_does_not_say_what_it_follows_loses_the_book() {
    let index = some_diff();
    let mut lines = raw(&FUTURES);
    lines[index] = FUTURES[index].text().replacen("\"pu\":", "\"pv\":", 1).into_bytes();
    check_lost(&read_lines(&lines), &[(ProblemKind::Gap, index as u64 + 1)]);
}

#[test]
fn the_loss_is_heard_of_when_it_shows_and_not_before() {
    let index = some_diff();
    let mut lines = raw(&FUTURES);
    lines.remove(index);
    let found = read_lines(&lines);
    let tape = &found.prepared.tapes[0];
    let mut cursor = Cursor::new(tape, Shift::default());
    let mut losses = Vec::new();
    while let Some(time) = cursor.recv_time() {
        cursor.next(|event| losses.extend(matches!(event, Event::BookLost(_)).then_some(time)));
    }
    let shows = usize::try_from(next_diff(index)).unwrap() - 1;
    assert_eq!(losses, [FUTURES[shows].time]);
}

#[test]
fn a_snapshot_ends_the_loss() {
    let index = some_diff();
    let mut lines = raw(&FUTURES);
    let later = nth(&FUTURES, "@depth", 150);
    lines.insert(later + 1, snapshot_after(&FUTURES, later).text().into_bytes());
    lines.remove(index);
    let found = read_lines(&lines);
    assert_eq!(found.problems(), [(ProblemKind::Gap, next_diff(index) - 1)]);
    assert_eq!(found.prepared.total(|counters| counters.snapshots), 2);
    let whole = read_lines(&raw(&FUTURES));
    let end = |read: &Read| {
        let played = read.prepared.play(Mode::Quoting, 1, &mut Unobserved).unwrap();
        assert_eq!(played.venue.book_faults(), 0);
        let market = played.shard.market(InstrumentId(0)).unwrap();
        (market.touch(), market.book_id())
    };
    assert_eq!(end(&found), end(&whole), "the book is the true one again");
}

#[test]
fn a_repeated_diff_is_ignored_and_told() {
    let index = some_diff();
    let mut lines = raw(&FUTURES);
    lines.insert(index + 1, lines[index].clone());
    let found = read_lines(&lines);
    assert_eq!(found.problems(), [(ProblemKind::StaleDiff, index as u64 + 2)]);
    assert_eq!(found.outcome, read_lines(&raw(&FUTURES)).outcome);
}

#[test]
fn a_repeated_trade_is_ignored_and_told() {
    for nth_trade in [10, 11, 12, 13, 40] {
        let index = nth(&FUTURES, "@trade", nth_trade);
        let mut lines = raw(&FUTURES);
        lines.insert(index + 1, lines[index].clone());
        let found = read_lines(&lines);
        assert_eq!(found.problems(), [(ProblemKind::StaleTrade, index as u64 + 2)]);
        assert_eq!(found.outcome, read_lines(&raw(&FUTURES)).outcome);
    }
}

#[test]
fn a_whole_capture_given_twice_is_ignored_the_second_time() {
    let mut lines = raw(&FUTURES);
    let whole = read_lines(&lines);
    let again = raw(&FUTURES).into_iter().map(|line| {
        let frame = String::from_utf8(line).unwrap().split_once(' ').unwrap().1.to_owned();
        format!("{} {frame}", FUTURES.last().unwrap().time.0 + 1).into_bytes()
    });
    lines.extend(again.collect::<Vec<_>>());
    let found = read_lines(&lines);
    let problems = &found.prepared.problems;
    assert_eq!(problems.count(ProblemKind::StaleTrade), whole.prepared.counters[0].trades);
    // So many old diffs in a row put the book itself in doubt.
    assert_eq!(problems.count(ProblemKind::Gap), 1);
    assert!(problems.count(ProblemKind::StaleDiff) > 60);
    assert_eq!(found.outcome.fills, whole.outcome.fills, "nothing trades a second time");
}

#[test]
fn a_diff_with_more_levels_than_a_batch_holds_loses_the_book() {
    for index in [0, nth(&FUTURES, "@depth", 0), some_diff()] {
        let many =
            (1..=12_000).map(|price| format!("[\"{price}.00\",\"1.000\"]")).collect::<Vec<_>>().join(",");
        let diff = format!(
            "{} {{\"stream\":\"ethusdt@depth@0ms\",\"data\":{{\"e\":\"depthUpdate\",\"E\":1,\"T\":1,\"s\":\"ETHUSDT\",\"U\":1,\"u\":2,\"pu\":0,\"b\":[{many}],\"a\":[]}}}}",
            FUTURES[index].time.0
        );
        let mut lines = raw(&FUTURES);
        lines.insert(index, diff.into_bytes());
        let found = read_lines(&lines);
        assert_eq!(found.problems()[0], (ProblemKind::BadFrame, index as u64 + 1), "{index}");
        found.check_repeats();
    }
}
