//! A capture to break, and what must hold whatever was broken.

use std::path::Path;
use std::sync::LazyLock;

use ballast_exchange::synth::Dialect;
use ballast_model::InstrumentId;
use ballast_runtime::capture::{PROBLEMS_NAMED_MAX, ProblemKind, SurveyedFile};
use ballast_runtime::config::Config;
use ballast_runtime::job::{JobError, Mode, Prepared};
use ballast_runtime::replay::{Outcome, RecorderSpec, Unobserved};
use ballast_tests::market::{self, Line, QUOTER, config, surveyed};

/// Name of the capture in memory.
pub(crate) const NAME: &str = "broken.txt";

static CONFIG: LazyLock<Config> = LazyLock::new(|| config(QUOTER));

/// Twelve seconds of a sound futures market.
pub(crate) static FUTURES: LazyLock<Vec<Line>> = LazyLock::new(|| market::lines(Dialect::UsdM, 11, 12));

/// Twelve seconds of a sound spot market.
pub(crate) static SPOT: LazyLock<Vec<Line>> = LazyLock::new(|| market::lines(Dialect::Spot, 12, 12));

/// The lines of a capture as bytes, to be broken one by one.
pub(crate) fn raw(lines: &[Line]) -> Vec<Vec<u8>> {
    lines.iter().map(|line| line.text().into_bytes()).collect()
}

/// The capture that raw lines make.
pub(crate) fn joined(lines: &[Vec<u8>]) -> Vec<u8> {
    let mut text = lines.join(&b'\n');
    text.push(b'\n');
    text
}

/// Index of the `nth` line that holds `part`.
pub(crate) fn nth(lines: &[Line], part: &str, nth: usize) -> usize {
    let places = lines.iter().enumerate().filter(|(_, line)| line.frame.contains(part));
    places.map(|(index, _)| index).nth(nth).expect("the market has such a line")
}

/// Index of a best price in the midst of the capture.
pub(crate) fn some_ticker() -> usize {
    nth(&FUTURES, "@bookTicker", 900)
}

/// Index of a diff in the midst of the capture.
pub(crate) fn some_diff() -> usize {
    nth(&FUTURES, "@depth", 120)
}

/// What the lines make of themselves once read and played.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) prepared: Prepared<'static>,
    pub(crate) outcome: Outcome,
}

/// Reads files and plays them.
pub(crate) fn try_read(files: &[SurveyedFile]) -> Result<Read, JobError> {
    let prepared = Prepared::from_surveyed(&CONFIG, Path::new("test.toml"), files, |_| {})?;
    check_problems(&prepared, files);
    let mut recorder = prepared
        .recorder(RecorderSpec { interval: CONFIG.report.sample_interval.span(), samples_max: 1_000 });
    let played = prepared.play(Mode::Quoting, 1, &mut recorder)?;
    for record in recorder.finish(played.outcome.ended_at, &played.shard) {
        assert_eq!(record.check(), Ok(()), "{}", record.name);
    }
    for id in (0..).map(InstrumentId).take(prepared.instruments.len()) {
        assert_eq!(played.shard.position(id), played.venue.position(id), "the venue's position is ours");
    }
    assert_eq!(played.outcome.fills, played.venue.counters().fills_total(), "every fill was heard of");
    Ok(Read { outcome: played.outcome, prepared })
}

/// Each problem has a place: a line of a file.
fn check_problems(prepared: &Prepared<'_>, files: &[SurveyedFile]) {
    let problems = &prepared.problems;
    for (kind, count) in problems.counts() {
        let named = problems.named().iter().filter(|problem| problem.kind == kind).count() as u64;
        assert_eq!(named, count.min(PROBLEMS_NAMED_MAX), "{kind:?}");
    }
    for problem in problems.named() {
        assert!(files.iter().any(|file| file.source.name() == problem.file), "{problem}");
        assert!(problem.line <= prepared.lines, "{problem}");
        assert!(!problem.detail.is_empty() && problem.detail.len() < 500, "{problem}");
    }
}

/// Reads one capture, which must be possible.
pub(crate) fn read(text: impl Into<Vec<u8>>) -> Read {
    try_read(&[surveyed(NAME, text)]).unwrap()
}

/// Reads raw lines.
pub(crate) fn read_lines(lines: &[Vec<u8>]) -> Read {
    read(joined(lines))
}

impl Read {
    /// Plays it twice in a row, quoting and idle.
    pub(crate) fn check_repeats(&self) {
        for mode in [Mode::Quoting, Mode::Idle] {
            let twice = self.prepared.play(mode, 2, &mut Unobserved).unwrap().outcome;
            assert_eq!(twice.level_updates, 2 * self.outcome.level_updates);
        }
    }

    /// Kind and line of every problem.
    pub(crate) fn problems(&self) -> Vec<(ProblemKind, u64)> {
        self.prepared.problems.named().iter().map(|problem| (problem.kind, problem.line)).collect()
    }
}

/// The line that `change` makes of the one at `index` is a problem of this kind, the only one, and otherwise as good as not
/// there.
pub(crate) fn check_spoilt(
    lines: &[Line],
    index: usize,
    kind: ProblemKind,
    change: impl FnOnce(&str) -> Vec<u8>,
) {
    let mut broken = raw(lines);
    broken[index] = change(&lines[index].text());
    let shown = String::from_utf8_lossy(&broken[index]).chars().take(300).collect::<String>();
    let found = read_lines(&broken);
    broken.remove(index);
    let without = read_lines(&broken);
    assert_eq!(found.problems(), [(kind, index as u64 + 1)], "{shown}");
    assert_eq!(without.problems(), [], "without {shown}");
    assert_eq!(found.outcome, without.outcome, "{shown}");
    assert!(found.outcome.orders > 0, "it quotes");
}
