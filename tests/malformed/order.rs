//! Messages out of their stream's order, and best prices and trades that cannot be: each told by its line, and no other.

use ballast_runtime::capture::ProblemKind;
use ballast_tests::market::{Line, surveyed};

use crate::clocks::with_venue_moved;
use crate::extremes::with_number;
use crate::lines::with_field;
use crate::rig::{FUTURES, NAME, Read, SPOT, joined, nth, raw, read_lines, some_ticker, try_read};

/// What comes of a capture whose line at `index` was changed.
fn changed(lines: &[Line], index: usize, line: Vec<u8>) -> Read {
    let mut all = raw(lines);
    all[index] = line;
    read_lines(&all)
}

fn id(line: &Line) -> u64 {
    let text = line.text();
    let start = text.find("\"u\":").unwrap() + 4;
    text[start..].split([',', '}']).next().unwrap().parse().unwrap()
}

/// Best prices in the midst of either capture.
fn tickers() -> [(&'static [Line], usize); 2] {
    [(&FUTURES, some_ticker()), (&SPOT, nth(&SPOT, "@bookTicker", 400))]
}

#[test]
fn a_repeated_best_price_is_told() {
    for (lines, index) in tickers() {
        let mut all = raw(lines);
        all.insert(index + 1, all[index].clone());
        let found = read_lines(&all);
        assert_eq!(found.problems(), [(ProblemKind::TickerOutOfOrder, index as u64 + 2)]);
        assert_eq!(found.outcome.orders, read_lines(&raw(lines)).outcome.orders);
    }
}

#[test]
fn an_older_best_price_is_told() {
    for (lines, index) in tickers() {
        let older = nth(lines, "@bookTicker", 300);
        let mut all = raw(lines);
        let line = Line { time: lines[index].time, frame: lines[older].frame.clone() };
        all.insert(index + 1, line.text().into_bytes());
        let expected = (ProblemKind::TickerOutOfOrder, index as u64 + 2);
        assert!(read_lines(&all).problems().contains(&expected));
        let found = changed(lines, index, with_number(&lines[index].text(), "u", "1"));
        assert_eq!(found.problems(), [(ProblemKind::TickerOutOfOrder, index as u64 + 1)]);
    }
}

#[test]
fn one_huge_update_id_is_one_problem() {
    for (lines, index) in tickers() {
        for number in [id(&lines[index]) + 100_000, id(&lines[index]) + (1 << 25), 1 << 63, u64::MAX] {
            let found = changed(lines, index, with_number(&lines[index].text(), "u", &number.to_string()));
            let expected = [(ProblemKind::TickerOutOfOrder, index as u64 + 1)];
            assert_eq!(found.problems(), expected, "{number}");
            assert_eq!(found.prepared.problems.count(ProblemKind::TickerOutOfOrder), 1);
        }
    }
}

#[test]
fn a_venue_time_that_runs_back_in_its_stream_is_told_once() {
    for (lines, part, place) in [
        (&*FUTURES, "@bookTicker", 900),
        (&*FUTURES, "@depth", 120),
        (&*FUTURES, "@trade", 30),
        (&*SPOT, "@depth", 60),
        (&*SPOT, "@trade", 30),
    ] {
        let index = nth(lines, part, place);
        for millis in [-2_000, -3_600_000, 3_600_000] {
            let found = changed(lines, index, with_venue_moved(&lines[index].text(), millis).into_bytes());
            let expected = [(ProblemKind::WrongVenueTime, index as u64 + 1)];
            assert_eq!(found.problems(), expected, "{part} by {millis} ms");
        }
    }
}

#[test]
fn the_event_time_counts_beside_the_time_of_the_transaction() {
    for part in ["@bookTicker", "@depth", "@trade"] {
        let index = nth(&FUTURES, part, 60);
        for number in ["0", "1", "9786147201000"] {
            let found = changed(&FUTURES, index, with_number(&FUTURES[index].text(), "E", number));
            assert_eq!(
                found.problems(),
                [(ProblemKind::WrongVenueTime, index as u64 + 1)],
                "{part} {number}"
            );
            assert_eq!(found.outcome, read_lines(&raw(&FUTURES)).outcome, "only the transaction's is used");
        }
    }
}

#[test]
fn a_best_price_of_nothing_is_told() {
    for (lines, index) in tickers() {
        for key in ["b", "B", "a", "A"] {
            for zero in ["0", "0.00"] {
                let found = changed(lines, index, with_field(&lines[index].text(), key, zero));
                let expected = [(ProblemKind::EmptyTicker, index as u64 + 1)];
                assert_eq!(found.problems(), expected, "{key} {zero}");
            }
        }
    }
}

#[test]
fn a_crossed_or_locked_best_price_is_told() {
    for (lines, index) in tickers() {
        let text = lines[index].text();
        let ask = {
            let start = text.find("\"a\":\"").unwrap() + 5;
            text[start..].split('"').next().unwrap().to_owned()
        };
        for bid in [ask.as_str(), "9999.00"] {
            let found = changed(lines, index, with_field(&text, "b", bid));
            assert_eq!(found.problems(), [(ProblemKind::CrossedTicker, index as u64 + 1)], "{bid}");
        }
    }
}

#[test]
fn a_trade_of_nothing_is_told_unless_it_says_that_it_is_none() {
    for lines in [&*FUTURES, &*SPOT] {
        let index = nth(lines, "@trade", 30);
        for key in ["p", "q"] {
            let found = changed(lines, index, with_field(&lines[index].text(), key, "0.00"));
            assert_eq!(found.problems(), [(ProblemKind::ZeroTrade, index as u64 + 1)], "{key}");
        }
    }
    // USD-M prints consumed trade ids so.
    let index = nth(&FUTURES, "@trade", 30);
    let consumed = FUTURES[index].text().replacen("\"X\":\"MARKET\"", "\"X\":\"NA\"", 1);
    let consumed = String::from_utf8(with_field(&consumed, "p", "0")).unwrap();
    let found = changed(&FUTURES, index, with_field(&consumed, "q", "0"));
    assert_eq!(found.problems(), []);
    assert_eq!(found.prepared.total(|counters| counters.dropped_zero_trades), 1);
}

#[test]
fn a_line_out_of_order_is_told_with_its_own_file() {
    let half = FUTURES.len() / 2;
    let index = nth(&FUTURES[half..], "@bookTicker", 100);
    let mut second = raw(&FUTURES[half..]);
    second.insert(index + 1, second[index].clone());
    let files = [surveyed("first.txt", joined(&raw(&FUTURES[..half]))), surveyed(NAME, joined(&second))];
    let found = try_read(&files).unwrap();
    let [problem] = found.prepared.problems.named() else { panic!("one problem") };
    assert_eq!((problem.file.as_str(), problem.line), (NAME, index as u64 + 2));
    assert!(problem.to_string().contains("does not follow"), "{problem}");
}
