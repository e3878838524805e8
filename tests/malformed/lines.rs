//! One line that cannot be used.

use ballast_runtime::capture::{LINE_BYTES_MAX, ProblemKind};

use crate::rig::{FUTURES, SPOT, check_spoilt, nth, raw, read_lines, some_ticker};

/// Spoils a best price in the midst of the futures capture.
fn ticker(kind: ProblemKind, change: impl FnOnce(&str) -> Vec<u8>) {
    check_spoilt(&FUTURES, some_ticker(), kind, change);
}

/// Replaces the first value of a text field.
pub(crate) fn with_field(line: &str, key: &str, value: &str) -> Vec<u8> {
    let key = format!("\"{key}\":\"");
    let start = line.find(&key).expect("the field is there") + key.len();
    let end = start + line[start..].find('"').unwrap();
    format!("{}{value}{}", &line[..start], &line[end..]).into_bytes()
}

#[test]
fn a_sound_capture_has_no_problems() {
    for lines in [&FUTURES, &SPOT] {
        let read = read_lines(&raw(lines));
        assert_eq!(read.problems(), []);
        assert!(read.outcome.orders > 100 && read.outcome.cancels > 0, "{:?}", read.outcome);
    }
}

#[test]
fn numbers_that_are_none_are_refused() {
    let numbers =
        ["1e400", "-1.000", "", "NaN", "Infinity", "0x10", "1.2.3", "1,5", " 1", "99999999999999999999.00"];
    for number in numbers {
        for key in ["b", "B", "a", "A"] {
            ticker(ProblemKind::BadFrame, |line| with_field(line, key, number));
        }
    }
}

#[test]
fn numbers_off_the_grid_are_refused() {
    for (key, number) in [("b", "2681.625"), ("B", "1.0005")] {
        ticker(ProblemKind::BadFrame, |line| with_field(line, key, number));
    }
}

#[test]
fn numbers_without_quotes_may_be_broken_too() {
    for number in ["1e400", "-1", "1.5", "99999999999999999999", "null", "true", "[]"] {
        ticker(ProblemKind::BadFrame, |line| {
            let start = line.find("\"u\":").unwrap() + 4;
            let end = start + line[start..].find(',').unwrap();
            format!("{}{number}{}", &line[..start], &line[end..]).into_bytes()
        });
    }
}

#[test]
fn trades_with_broken_numbers_are_refused() {
    let trade = nth(&FUTURES, "@trade", 30);
    for (key, number) in [("p", "1e400"), ("p", "-1.00"), ("q", "-1.000"), ("q", "1e400"), ("q", "0.0001")] {
        check_spoilt(&FUTURES, trade, ProblemKind::BadFrame, |line| with_field(line, key, number));
    }
}

#[test]
fn a_wrong_symbol_in_the_midst_is_refused_and_nothing_else_is_lost() {
    for symbol in ["XRPUSDT", "ETHUSDC", "ETHUSDTX", "ETHUsDT", "ETH\u{7f}SDT", "", "BTCUSD_PERP"] {
        for (lines, index) in [
            (&FUTURES, some_ticker()),
            (&FUTURES, nth(&FUTURES, "@trade", 20)),
            (&SPOT, nth(&SPOT, "@bookTicker", 400)),
        ] {
            check_spoilt(lines, index, ProblemKind::BadFrame, |line| with_field(line, "s", symbol));
        }
    }
}

#[test]
fn frames_that_are_no_json_are_refused() {
    ticker(ProblemKind::BadFrame, |line| line[..line.len() / 2].into());
    ticker(ProblemKind::BadFrame, |line| line[..line.len() - 1].into());
    ticker(ProblemKind::BadFrame, |line| format!("{line}}}").into());
    ticker(ProblemKind::BadFrame, |line| format!("{line} {line}").into());
    ticker(ProblemKind::BadFrame, |line| line.replace(':', ";").into());
    ticker(ProblemKind::BadFrame, |line| line.replace("ETHUSDT", "ETH\u{0}USDT").into());
    let stamp = |line: &str| line.split_once(' ').unwrap().0.to_owned();
    for frame in ["", "{", "]", "\"", "{}x", "nothing", "\u{feff}{}", "{\"a\":1,}", "\\"] {
        ticker(ProblemKind::BadFrame, |line| format!("{} {frame}", stamp(line)).into());
    }
    ticker(ProblemKind::BadFrame, |line| format!("{} {}", stamp(line), "[".repeat(100_000)).into());
    ticker(ProblemKind::BadFrame, |line| {
        format!("{} {}{}", stamp(line), "{\"a\":".repeat(5_000), "}".repeat(5_000)).into()
    });
    ticker(ProblemKind::BadFrame, |line| {
        let mut bytes = line.as_bytes().to_vec();
        bytes[60] = 0xff;
        bytes
    });
}

#[test]
fn fields_missing_or_given_twice_are_refused() {
    ticker(ProblemKind::BadFrame, |line| line.replace("\"A\":", "\"AA\":").into());
    ticker(ProblemKind::BadFrame, |line| line.replace("\"u\":", "\"uu\":").into());
    ticker(ProblemKind::BadFrame, |line| line.replace("\"A\":", "\"B\":\"1.000\",\"A\":").into());
    ticker(ProblemKind::BadFrame, |line| line.replace("\"s\":", "\"s\":\"ETHUSDT\",\"s\":").into());
}

#[test]
fn lines_without_a_readable_time_are_refused() {
    let frame = |line: &str| line.split_once(' ').unwrap().1.to_owned();
    for stamp in
        ["", "-1", "1786147201.", "17861472O1000000000", "99999999999999999999", "0x10", "1e18", "\u{661}"]
    {
        ticker(ProblemKind::BadTime, |line| format!("{stamp} {}", frame(line)).into());
    }
    ticker(ProblemKind::BadTime, |line| frame(line).into());
    ticker(ProblemKind::BadTime, |_| Vec::new());
    ticker(ProblemKind::BadTime, |_| vec![0; 5_000]);
    ticker(ProblemKind::BadTime, |line| line.replacen(' ', "\t", 1).into());
}

#[test]
fn a_line_beyond_the_bound_is_skipped() {
    for length in [LINE_BYTES_MAX + 1, 10_000_000, 2 * LINE_BYTES_MAX, 40_000_000] {
        ticker(ProblemKind::TooLong, |line| {
            let mut bytes = line.as_bytes().to_vec();
            bytes.resize(length, b' ');
            bytes
        });
    }
}

#[test]
fn a_long_line_within_the_bound_is_read() {
    let mut lines = raw(&FUTURES);
    let whole = read_lines(&lines);
    lines[some_ticker()].resize(LINE_BYTES_MAX, b' ');
    let padded = read_lines(&lines);
    assert_eq!((padded.problems(), padded.outcome), (vec![], whole.outcome));
}

#[test]
fn streams_that_are_not_read_are_told() {
    let stamp = |line: &str| line.split_once(' ').unwrap().0.to_owned();
    for frame in [
        r#"{"stream":"ethusdt@kline_1m","data":{"e":"kline","E":1,"s":"ETHUSDT","k":{"t":1,"o":"1.0"}}}"#,
        r#"{"stream":"ethusdt@forceOrder","data":{"e":"forceOrder","E":1,"o":{"s":"ETHUSDT"}}}"#,
        r#"{"stream":"!contractInfo","data":{"e":"contractInfo","E":1}}"#,
        r#"{"e":"listenKeyExpired","E":1}"#,
        r#"{}"#,
    ] {
        ticker(ProblemKind::UnknownStream, |line| format!("{} {frame}", stamp(line)).into());
    }
    // Partial depth has the layout of a diff and must never be taken for one.
    let index = nth(&FUTURES, "@depth", 100);
    let mut lines = raw(&FUTURES);
    let partial = FUTURES[index].text().replace("@depth@0ms", "@depth20@100ms").into_bytes();
    lines.insert(index + 1, partial);
    let found = read_lines(&lines);
    assert_eq!(found.problems(), [(ProblemKind::UnknownStream, index as u64 + 2)]);
    assert_eq!(found.outcome, read_lines(&raw(&FUTURES)).outcome);
}

#[test]
fn a_time_before_the_line_before_is_raised_and_told() {
    for back in [1, 1_000_000, 5_000_000_000] {
        let index = some_ticker();
        let mut lines = raw(&FUTURES);
        let raised = format!("{} {}", FUTURES[index - 1].time.0, FUTURES[index].frame);
        let early = format!("{} {}", FUTURES[index - 1].time.0 - back, FUTURES[index].frame);
        lines[index] = early.into_bytes();
        let found = read_lines(&lines);
        assert_eq!(found.problems(), [(ProblemKind::BackwardTime, index as u64 + 1)]);
        lines[index] = raised.into_bytes();
        let expected = read_lines(&lines);
        assert_eq!((expected.problems(), found.outcome), (vec![], expected.outcome), "back by {back} ns");
    }
}

#[test]
fn a_noisy_kind_of_problem_hides_no_other() {
    let mut lines = raw(&FUTURES);
    let last = FUTURES.len() - 1;
    for line in &mut lines[1_000..1_200] {
        *line = b"nothing".to_vec();
    }
    lines[last].clear();
    lines[last].extend_from_slice(format!("{} {{}}", FUTURES[last].time.0).as_bytes());
    let found = read_lines(&lines);
    assert_eq!(found.prepared.problems.count(ProblemKind::BadTime), 200);
    assert_eq!(found.problems().iter().filter(|(kind, _)| *kind == ProblemKind::BadTime).count(), 64);
    assert!(found.problems().contains(&(ProblemKind::UnknownStream, last as u64 + 1)));
}
