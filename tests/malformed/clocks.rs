//! Wrong times of either clock: one of them spoils nothing but itself, and each file has its own.

use ballast_model::Span;
use ballast_runtime::capture::ProblemKind;
use ballast_tests::market::{Line, surveyed, text};

use crate::rig::{FUTURES, Read, joined, nth, raw, read_lines, some_diff, some_ticker, try_read};

fn offsets(read: &Read) -> Vec<Span> {
    read.prepared.tapes.iter().flat_map(|tape| tape.clock_offsets()).collect()
}

/// A line with its venue times moved.
pub(crate) fn with_venue_moved(line: &str, millis: i64) -> String {
    let mut line = line.to_owned();
    for key in ["\"E\":", "\"T\":"] {
        let Some(start) = line.find(key).map(|at| at + key.len()) else { continue };
        let end = start + line[start..].find([',', '}']).unwrap();
        let moved = line[start..end].parse::<i64>().unwrap() + millis;
        line.replace_range(start..end, &moved.to_string());
    }
    line
}

/// A line with its local time moved.
fn with_local_moved(line: &Line, by: Span) -> String {
    Line { time: line.time + by, frame: line.frame.clone() }.text()
}

#[test]
fn one_wrong_venue_time_moves_no_clock_and_is_named() {
    let whole = read_lines(&raw(&FUTURES));
    for index in [some_ticker(), some_diff(), nth(&FUTURES, "@trade", 30)] {
        for millis in [50, 500, 3_600_000, -3_600_000] {
            let mut lines = raw(&FUTURES);
            lines[index] = with_venue_moved(&FUTURES[index].text(), millis).into_bytes();
            let found = read_lines(&lines);
            let story = format!("line {index} by {millis} ms");
            assert_eq!(offsets(&found), offsets(&whole), "{story}");
            let is_named =
                |problem: &(ProblemKind, u64)| *problem == (ProblemKind::WrongVenueTime, index as u64 + 1);
            assert_eq!(found.problems().iter().filter(|one| is_named(one)).count(), 1, "{story}");
            assert!(found.outcome.orders.abs_diff(whole.outcome.orders) < 5, "{story}: {:?}", found.outcome);
        }
    }
}

#[test]
fn each_file_has_a_clock_offset_of_its_own() {
    let whole = read_lines(&raw(&FUTURES));
    let (first, second) = FUTURES.split_at(FUTURES.len() / 2);
    let later = Span::from_millis(700);
    let moved: String = second.iter().map(|line| with_local_moved(line, later) + "\n").collect();
    let files = || [surveyed("first", text(first)), surveyed("second", text(second))];
    let [one, two] = offsets(&try_read(&files()).unwrap())[..] else { panic!("one offset per file") };
    let found = try_read(&[surveyed("first", text(first)), surveyed("second", moved)]).unwrap();
    assert_eq!((offsets(&found), found.problems()), (vec![one, Span(two.0 + later.0)], vec![]));
    assert!(found.outcome.orders.abs_diff(whole.outcome.orders) < 20, "{:?}", found.outcome);
    found.check_repeats();
}

#[test]
fn local_times_ahead_are_set_to_the_one_before_and_no_other_line_is_blamed() {
    for seconds in [2, 100_000] {
        for index in [1, some_ticker(), some_diff()] {
            for count in [1, 2] {
                let ahead = Span::from_secs(seconds);
                let mut lines = raw(&FUTURES);
                let expected: Vec<_> = (index..index + count).collect();
                for wrong in &expected {
                    lines[*wrong] = with_local_moved(&FUTURES[*wrong], ahead).into_bytes();
                }
                let found = read_lines(&lines);
                for wrong in &expected {
                    let line = Line { time: FUTURES[index - 1].time, ..FUTURES[*wrong].clone() };
                    lines[*wrong] = line.text().into_bytes();
                }
                let set = read_lines(&lines);
                let named: Vec<_> =
                    expected.iter().map(|wrong| (ProblemKind::WrongTime, *wrong as u64 + 1)).collect();
                let story = format!("{count} lines from {index} by {seconds} s");
                assert_eq!((found.problems(), found.outcome), (named, set.outcome), "{story}");
            }
        }
    }
}

#[test]
fn a_first_local_time_ahead_does_not_begin_the_file() {
    let mut lines = raw(&FUTURES);
    lines[0] = with_local_moved(&FUTURES[0], Span::from_secs(100)).into_bytes();
    let found = read_lines(&lines);
    lines[0] = Line { time: FUTURES[1].time, ..FUTURES[0].clone() }.text().into_bytes();
    assert_eq!(found.problems(), [(ProblemKind::WrongTime, 1)]);
    assert_eq!(found.outcome, read_lines(&lines).outcome);
}

#[test]
fn quiet_minutes_are_no_damage() {
    // Every line comes a while after the one before.
    for pause in [2, 90, 100_000] {
        let lines: Vec<_> = FUTURES[..600]
            .iter()
            .zip(0..)
            .map(|(line, n)| {
                let moved = with_local_moved(line, Span::from_secs(n * pause));
                with_venue_moved(&moved, n * pause * 1_000).into_bytes()
            })
            .collect();
        let found = try_read(&[surveyed("quiet", joined(&lines))]).unwrap();
        // Of the last line nothing tells whether it came so late.
        let expected = if pause == 2 { vec![] } else { vec![(ProblemKind::WrongTime, 600)] };
        assert_eq!(found.problems(), expected, "{pause} s");
    }
}
