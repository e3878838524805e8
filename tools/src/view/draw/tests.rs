//! The screen at every size: nothing overflows, nothing is cut unmarked, and what matters most is there.

use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::super::field::Field;
use super::*;

fn group(name: &str, status: &str, rows: &[&[(&str, &str)]]) -> Group {
    let field = |(label, value): &(&str, &str)| Field::new(*label, *value);
    let rows: Vec<Vec<_>> = rows.iter().map(|row| row.iter().map(field).collect()).collect();
    let brief = rows.iter().filter_map(|row| row.first().cloned()).collect();
    Group { name: name.to_owned(), status: (Tone::Good, status.to_owned()), rows, brief }
}

fn frame(instruments: usize) -> Frame {
    let rows: &[&[(&str, &str)]] = &[
        &[("position", "0.412"), ("limit", "±6.200")],
        &[("net", "1.2345 USDT"), ("fees", "0.1000")],
        &[("bid", "2431.10 -0.41 bp"), ("ask", "2431.35 +0.62 bp")],
    ];
    Frame {
        title: "ballast run, live".to_owned(),
        status: (Tone::Good, "quoting 2 of 2".to_owned()),
        time: "00:12  12:00:00 UTC".to_owned(),
        instruments: (0..instruments).map(|nth| group(&format!("usdm COIN{nth}"), "quoting", rows)).collect(),
        venues: vec![group(
            "usdm",
            "well",
            &[&[("market", "up"), ("orders", "up 0.3 ms")], &[("messages", "87/s")]],
        )],
        log: (0..40).map(|nth| format!("12:00:{nth:02} note {nth}")).collect(),
        asked: None,
    }
}

/// The screen's lines, without blanks at their ends.
fn screen(frame: &Frame, width: u16, height: u16) -> Vec<String> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|canvas| draw(frame, canvas)).unwrap();
    let buffer = terminal.backend().buffer();
    let row = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
    (0..height).map(row).collect()
}

#[test]
fn all_is_there_where_there_is_room() {
    let lines = screen(&frame(2), 80, 24);
    let expected = [
        "ballast run, live  quoting 2 of 2                            00:12  12:00:00 UTC",
        "─ instruments ──────────────────────────────────────────────────────────────────",
        "usdm COIN0  quoting",
        "  position 0.412  limit ±6.200",
        "  net 1.2345 USDT  fees 0.1000",
        "  bid 2431.10 -0.41 bp  ask 2431.35 +0.62 bp",
        "usdm COIN1  quoting",
        "  position 0.412  limit ±6.200",
        "  net 1.2345 USDT  fees 0.1000",
        "  bid 2431.10 -0.41 bp  ask 2431.35 +0.62 bp",
        "─ venues ───────────────────────────────────────────────────────────────────────",
        "usdm  well",
        "  market up  orders up 0.3 ms",
        "  messages 87/s",
        "─ log ──────────────────────────────────────────────────────────────────────────",
    ];
    for (line, expected) in lines.iter().zip(expected) {
        assert_eq!(line.replace('─', ""), expected.replace('─', ""));
    }
    assert_eq!(lines[22], "12:00:39 note 39", "the newest is last");
    assert_eq!(lines[23], "q stop  p pause/resume  k kill");
}

#[test]
fn a_small_screen_has_a_line_for_each_and_something_of_everything() {
    let lines = screen(&frame(2), 40, 12);
    let text = lines.join("\n");
    for wanted in [
        "ballast run, live",
        "usdm COIN0  quoting  position 0.412",
        "usdm COIN1",
        "usdm  well",
        "note 39",
        "q stop",
    ] {
        assert!(text.contains(wanted), "{wanted}:\n{text}");
    }
    let many = screen(&frame(16), 40, 12).join("\n");
    for wanted in ["usdm COIN0", "usdm COIN3", "… 12 more", "usdm  well", "note 39", "q stop"] {
        assert!(many.contains(wanted), "{wanted}:\n{many}");
    }
}

#[test]
fn a_wide_screen_has_venues_beside_instruments() {
    let lines = screen(&frame(2), 140, 30);
    assert!(lines[2].contains("usdm COIN0  quoting") && lines[2].contains("usdm  well"), "{}", lines[2]);
    let crowded = screen(&frame(16), 140, 30).join("\n");
    assert!(crowded.contains("COIN15  quoting  position"), "a line for each:\n{crowded}");
}

/// Every line that can be drawn of these groups, whole.
fn whole(groups: &[Group]) -> Vec<String> {
    let widths = 0..300;
    let of = |width| lines(groups, Detail::Full, width).into_iter().chain(lines(groups, Detail::Line, width));
    widths.flat_map(of).map(|line| line.to_string().trim_end().to_owned()).collect()
}

#[test]
fn nothing_overflows_at_any_size_and_what_is_cut_is_marked() {
    let mut asked = frame(3);
    asked.asked = Some("KILL: no order leaves in this run any more".to_owned());
    for frame in [frame(0), frame(1), frame(16), asked, Frame::default()] {
        let known = [whole(&frame.instruments), whole(&frame.venues)].concat();
        for width in [1, 2, 20, 39, 40, 80, 119] {
            for height in [1, 2, 3, 5, 12, 24, 80] {
                let lines = screen(&frame, width, height);
                let from =
                    lines.iter().position(|line| line.starts_with(" instruments")).unwrap_or(lines.len());
                let to = lines.iter().position(|line| line.starts_with(" log")).unwrap_or(from).max(from);
                for line in &lines[from..to] {
                    let is_whole = known.contains(line) || line.ends_with('─') || line.ends_with('…');
                    assert!(is_whole || line.contains("more"), "{width}x{height}: {line:?}");
                }
            }
        }
        for width in [120, 121, 250] {
            for height in [1, 2, 3, 5, 12, 24, 80] {
                assert_eq!(screen(&frame, width, height).len(), usize::from(height));
            }
        }
    }
}

#[test]
fn a_question_takes_the_place_of_the_keys() {
    let mut frame = frame(1);
    frame.asked = Some("kill? y".to_owned());
    let lines = screen(&frame, 80, 24);
    assert_eq!(lines[23], "kill? y");
}
