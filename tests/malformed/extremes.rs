//! Numbers that are well formed and cannot be true.

use ballast_model::InstrumentId;
use ballast_runtime::capture::ProblemKind;
use ballast_runtime::job::Mode;
use ballast_runtime::replay::Unobserved;
use ballast_tests::market::surveyed;

use crate::clocks::with_venue_moved;
use crate::rig::{FUTURES, NAME, SPOT, joined, nth, raw, read, read_lines, some_diff, some_ticker, try_read};

/// Replaces the digits behind the first `"key":`.
pub(crate) fn with_number(line: &str, key: &str, number: &str) -> Vec<u8> {
    let key = format!("\"{key}\":");
    let start = line.find(&key).expect("the field is there") + key.len();
    let end = start + line[start..].find([',', '}']).unwrap();
    format!("{}{number}{}", &line[..start], &line[end..]).into_bytes()
}

#[test]
fn ids_at_the_end_of_their_range_stop_nothing() {
    for (part, key) in [
        ("@bookTicker", "u"),
        ("@trade", "t"),
        ("@depth", "u"),
        ("@depth", "U"),
        ("@depth", "pu"),
        ("lastUpdateId", "lastUpdateId"),
    ] {
        for number in ["0", "18446744073709551615", "9223372036854775808"] {
            for place in [0, 60] {
                let mut lines = raw(&FUTURES);
                let place = if part == "lastUpdateId" { 0 } else { place };
                let index = nth(&FUTURES, part, place);
                lines[index] = with_number(&FUTURES[index].text(), key, number);
                let found = read_lines(&lines);
                assert_eq!(found.prepared.lines, lines.len() as u64, "{part} {key} {number}");
                found.check_repeats();
            }
        }
    }
}

#[test]
fn a_best_price_out_of_the_sequence_is_as_good_as_not_there() {
    let index = some_ticker();
    let mut lines = raw(&FUTURES);
    let id: u64 = {
        let text = FUTURES[index].text();
        let start = text.find("\"u\":").unwrap() + 4;
        text[start..].split([',', '}']).next().unwrap().parse().unwrap()
    };
    lines.remove(index);
    let without = read_lines(&lines);
    for number in [id + (1 << 25), id * 10, 1 << 63, u64::MAX] {
        let mut lines = raw(&FUTURES);
        lines[index] = with_number(&FUTURES[index].text(), "u", &number.to_string());
        let found = read_lines(&lines);
        assert_eq!(found.outcome.decisions_hash, without.outcome.decisions_hash, "{number}");
        let played = found.prepared.play(Mode::Quoting, 1, &mut Unobserved).unwrap();
        assert_eq!(played.shard.market(InstrumentId(0)).unwrap().counts().tickers_too_far_ahead, 1);
    }
}

#[test]
fn nothing_is_quoted_from_a_crossed_book_and_it_is_counted() {
    let whole = read_lines(&raw(&FUTURES));
    let index = some_diff();
    let mut lines = raw(&FUTURES);
    lines[index] =
        FUTURES[index].text().replacen("\"b\":[", "\"b\":[[\"9999.00\",\"1.000\"],", 1).into_bytes();
    let found = read_lines(&lines);
    let before = read_lines(&lines[..=index]).outcome.orders;
    assert!(before < whole.outcome.orders && before > 50, "there is something to stop");
    assert_eq!(found.outcome.orders, before, "nothing more is sent");
    let played = found.prepared.play(Mode::Quoting, 1, &mut Unobserved).unwrap();
    assert!(played.shard.market(InstrumentId(0)).unwrap().counts().crossed_batches > 10);
}

#[test]
fn venue_times_at_the_end_of_their_range_stop_nothing() {
    for (part, key) in
        [("@bookTicker", "T"), ("@bookTicker", "E"), ("@trade", "T"), ("@depth", "T"), ("@depth", "E")]
    {
        for number in
            ["0", "1", "18446744073709551615", "9223372036854775807", "9786147201000", "99999999999999"]
        {
            let mut lines = raw(&FUTURES);
            let index = nth(&FUTURES, part, 60);
            lines[index] = with_number(&FUTURES[index].text(), key, number);
            let found = read_lines(&lines);
            let named = [(ProblemKind::WrongVenueTime, index as u64 + 1)];
            assert_eq!(found.problems(), named, "{part} {key} {number}");
            found.check_repeats();
        }
    }
}

#[test]
fn local_times_at_the_ends_of_their_range_stop_nothing() {
    for stamp in ["0", "1", "1000000000", "9223372036854775807", "9223372036854775806", "4102444800000000000"]
    {
        for index in [0, 1, some_ticker(), some_diff(), FUTURES.len() - 1] {
            let mut lines = raw(&FUTURES);
            lines[index] = format!("{stamp} {}", FUTURES[index].frame).into_bytes();
            let found = read_lines(&lines);
            assert_eq!(found.prepared.lines, lines.len() as u64, "{stamp} at {index}");
            found.check_repeats();
        }
    }
}

#[test]
fn one_local_time_far_ahead_does_not_move_the_clock() {
    // A digit of the year: 2026 becomes 2058.
    let ahead = |index: usize| FUTURES[index].text().replacen("17", "27", 1).into_bytes();
    let at =
        |time: usize, index: usize| format!("{} {}", FUTURES[time].time.0, FUTURES[index].frame).into_bytes();
    // The first line has no time before it to go by: the next one's is taken.
    for (index, kind, time) in [
        (0, ProblemKind::WrongTime, 1),
        (1, ProblemKind::WrongTime, 0),
        (some_ticker(), ProblemKind::WrongTime, some_ticker() - 1),
        (some_diff(), ProblemKind::WrongTime, some_diff() - 1),
        (FUTURES.len() - 1, ProblemKind::WrongTime, FUTURES.len() - 2),
    ] {
        let mut lines = raw(&FUTURES);
        lines[index] = ahead(index);
        let found = read_lines(&lines);
        lines[index] = at(time, index);
        let expected = read_lines(&lines);
        assert_eq!(found.problems(), [(kind, index as u64 + 1)]);
        assert_eq!(found.outcome, expected.outcome, "line {index}");
    }
}

#[test]
fn a_night_without_data_is_no_damage() {
    let mut lines = raw(&FUTURES);
    let at = some_ticker();
    for (line, text) in FUTURES.iter().zip(&mut lines).skip(at) {
        let later = format!("{} {}", line.time.0 + 3 * 86_400_000_000_000, line.frame);
        *text = with_venue_moved(&later, 3 * 86_400_000).into_bytes();
    }
    let found = read_lines(&lines);
    assert_eq!(found.problems(), []);
    let (first, last) = found.prepared.tapes[0].span().unwrap();
    assert!((last - first).0 > 3 * 86_400_000_000_000);
}

#[test]
fn levels_at_the_ends_of_their_range_stop_nothing() {
    let index = nth(&SPOT, "@depth", 40);
    for level in [
        "[\"0.00000000\",\"1.00000000\"]",
        "[\"0.00000001\",\"0.00000001\"]",
        "[\"1099511627775.00000000\",\"1.00000000\"]",
        "[\"92233720368.54775807\",\"92233720368.54775807\"]",
        "[\"184467440737.09551615\",\"1.00000000\"]",
        "[\"2681.00000000\",\"720575940379279.00000000\"]",
    ] {
        let mut lines = raw(&SPOT);
        lines[index] = SPOT[index].text().replacen("[[", &format!("[{level},["), 1).into_bytes();
        read_lines(&lines);
    }
}

#[test]
fn one_wrong_digit_in_a_price_does_not_refine_the_grid() {
    let whole = read_lines(&raw(&SPOT));
    let index = nth(&SPOT, "@depth", 40);
    let mut lines = raw(&SPOT);
    lines[index] = SPOT[index].text().replacen("000000\",\"", "000100\",\"", 1).into_bytes();
    let found = read_lines(&lines);
    let tick = |read: &crate::rig::Read| read.prepared.instruments[0].found.spec.tick;
    assert_eq!(tick(&found), tick(&whole));
    assert_eq!(found.problems()[0], (ProblemKind::BadFrame, index as u64 + 1));
}

#[test]
fn a_capture_of_one_level_is_a_capture() {
    for (price, size) in
        [("2680.00", "10.000"), ("1000000000", "1000000000"), ("60", "130"), ("0.00000001", "0.00000001")]
    {
        let diff = |from: u64| {
            format!(
                "1786147200000000000 {{\"e\":\"depthUpdate\",\"E\":1,\"T\":1,\"s\":\"ETHUSDT\",\"U\":{from},\"u\":{from},\"pu\":{},\"b\":[[\"{price}\",\"{size}\"]],\"a\":[]}}\n",
                from - 1
            )
        };
        let snapshot = format!(
            "1786147200000000000 {{\"lastUpdateId\":5,\"bids\":[[\"{price}\",\"{size}\"]],\"asks\":[]}}\n"
        );
        let found = try_read(&[surveyed(NAME, diff(5) + &snapshot + &diff(6))])
            .unwrap_or_else(|error| panic!("{price} {size}: {error}"));
        assert_eq!((found.problems(), found.prepared.has_no_book()), (vec![], false), "{price} {size}");
    }
}

#[test]
fn units_of_local_time_are_told_apart_by_file() {
    let whole = read_lines(&raw(&FUTURES));
    let millis: Vec<_> = FUTURES
        .iter()
        .map(|line| format!("{} {}", line.time.0 / 1_000_000, line.frame).into_bytes())
        .collect();
    let micros: Vec<_> =
        FUTURES.iter().map(|line| format!("{} {}", line.time.0 / 1_000, line.frame).into_bytes()).collect();
    let seconds: Vec<_> = FUTURES
        .iter()
        .map(|line| {
            format!("{}.{:09} {}", line.time.0 / 1_000_000_000, line.time.0 % 1_000_000_000, line.frame)
                .into_bytes()
        })
        .collect();
    for (lines, unit) in [(millis, "ms"), (micros, "us"), (seconds, "s")] {
        let found = read(joined(&lines));
        assert_eq!(found.prepared.time_units, [(NAME.to_owned(), Some(unit))]);
        assert_eq!((found.problems(), found.prepared.lines), (vec![], whole.prepared.lines));
        assert!(found.outcome.orders > 0);
        if unit == "s" {
            assert_eq!(found.outcome, whole.outcome, "no digit is lost");
        }
    }
}

#[test]
fn a_torn_first_line_does_not_decide_the_unit() {
    let mut lines = raw(&FUTURES);
    lines[0].drain(..14);
    let found = read_lines(&lines);
    assert_eq!(found.prepared.time_units, [(NAME.to_owned(), Some("ns"))]);
    assert_eq!(found.prepared.problems.count(ProblemKind::BadTime), 1);
    assert!(!found.prepared.has_no_book());
}
