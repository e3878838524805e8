//! What was wrong with a capture, by place and rule.

use std::collections::BTreeMap;
use std::fmt;

/// Problems of one kind named one by one in a report; the rest of the kind are only counted.
pub const PROBLEMS_NAMED_MAX: u64 = 64;

/// Kind of problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProblemKind {
    /// A line that is not `<local time> <frame>`.
    BadTime,
    /// A frame the decoder refused.
    BadFrame,
    /// The last line has no newline and does not decode: it was cut.
    TornLine,
    /// A line longer than the bound.
    TooLong,
    /// A line of order events that breaks a rule.
    BadRow,
    /// A local time before the line before it; it was raised to that.
    BackwardTime,
    /// A local time after those of the lines around it; it was set to that of the line before.
    WrongTime,
    /// A venue time that the file's other messages deny: it does not fit the venue's clock, or runs back within its stream. It
    /// does not decide how the venue's clock maps to ours.
    WrongVenueTime,
    /// A well-formed frame of a stream this program does not read.
    UnknownStream,
    /// A diff that repeats or precedes what the book already holds; ignored.
    StaleDiff,
    /// A trade whose id was there before; ignored.
    StaleTrade,
    /// A trade of the market with a price or size of zero; left out.
    ZeroTrade,
    /// A best price whose update id repeats, precedes or overtakes those around it in its stream.
    TickerOutOfOrder,
    /// A best price with a price or size of zero.
    EmptyTicker,
    /// A best price whose bid is not below its ask.
    CrossedTicker,
    /// A break in the venue's sequence; the book was lost and waits for a snapshot.
    Gap,
    /// The file ends inside its compressed stream or cannot be read on.
    Unreadable,
    /// The recorder lost something here; the books wait for a snapshot.
    Lost,
}

impl ProblemKind {
    /// Name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BadTime => "bad_time",
            Self::BadFrame => "bad_frame",
            Self::TornLine => "torn_line",
            Self::TooLong => "line_too_long",
            Self::BadRow => "bad_row",
            Self::BackwardTime => "backward_time",
            Self::WrongTime => "wrong_time",
            Self::WrongVenueTime => "wrong_venue_time",
            Self::UnknownStream => "unknown_stream",
            Self::StaleDiff => "stale_diff",
            Self::StaleTrade => "stale_trade",
            Self::ZeroTrade => "zero_trade",
            Self::TickerOutOfOrder => "ticker_out_of_order",
            Self::EmptyTicker => "empty_ticker",
            Self::CrossedTicker => "crossed_ticker",
            Self::Gap => "gap",
            Self::Unreadable => "unreadable",
            Self::Lost => "lost",
        }
    }

    /// True where the line itself could not be used.
    #[must_use]
    pub const fn is_bad_line(self) -> bool {
        match self {
            Self::BadTime | Self::BadFrame | Self::TornLine | Self::TooLong | Self::BadRow => true,
            Self::BackwardTime
            | Self::WrongTime
            | Self::WrongVenueTime
            | Self::UnknownStream
            | Self::StaleDiff
            | Self::StaleTrade
            | Self::ZeroTrade
            | Self::TickerOutOfOrder
            | Self::EmptyTicker
            | Self::CrossedTicker
            | Self::Gap
            | Self::Unreadable
            | Self::Lost => false,
        }
    }
}

/// One problem and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// File name.
    pub file: String,
    /// Line, from 1.
    pub line: u64,
    /// Kind.
    pub kind: ProblemKind,
    /// The rule and the detail, in words.
    pub detail: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.file, self.line, self.kind.name(), self.detail)
    }
}

/// All problems of a run: every one counted, the first [`PROBLEMS_NAMED_MAX`] of each kind named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    counts: BTreeMap<ProblemKind, u64>,
    named: Vec<Problem>,
}

impl Problems {
    /// Adds one. `detail` is only called where the problem is named.
    pub fn add(&mut self, file: &str, line: u64, kind: ProblemKind, detail: impl FnOnce() -> String) {
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        if *count <= PROBLEMS_NAMED_MAX {
            self.named.push(Problem { file: file.to_owned(), line, kind, detail: detail() });
        }
    }

    /// How many of a kind.
    #[must_use]
    pub fn count(&self, kind: ProblemKind) -> u64 {
        self.counts.get(&kind).copied().unwrap_or(0)
    }

    /// Lines that could not be used.
    #[must_use]
    pub fn bad_lines(&self) -> u64 {
        self.counts.iter().filter(|(kind, _)| kind.is_bad_line()).map(|(_, count)| count).sum()
    }

    /// Counts by kind, in a fixed order.
    pub fn counts(&self) -> impl Iterator<Item = (ProblemKind, u64)> + '_ {
        self.counts.iter().map(|(kind, count)| (*kind, *count))
    }

    /// The named ones, in the order they were found.
    #[must_use]
    pub fn named(&self) -> &[Problem] {
        &self.named
    }
}
