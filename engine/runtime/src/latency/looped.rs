//! A market again and again: what comes after the last frame, so that the first may follow it.
//!
//! Between one pass and the next the book is led back to where the first pass began, by changes of the book that belong to no figure. From
//! the second pass on every number and time of a frame is moved by as much as one pass took: numbers of updates and trades rise as a
//! venue's do, and each change of the book follows the one before.

use std::collections::BTreeMap;
use std::io::Write as _;

use ballast_model::{Nanos, Span, Step};
use serde_json::Value;

use super::frames::{Frame, Frames, FramesError, Kind};

/// Changes of the book in one of the frames that lead it back.
const LEVELS: usize = 500;
/// Between the last frame and the first of them, from one to the next, and to the next pass, in milliseconds.
const GAP: i64 = 1;
const MILLI: i64 = 1_000_000;

/// What a number in a frame counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counts {
    Updates,
    Trades,
    Millis,
}

/// A number in the text of all frames.
#[derive(Clone, Copy, Debug)]
struct Mark {
    counts: Counts,
    begin: usize,
    end: usize,
    value: i64,
}

/// How much a pass moves the next.
#[derive(Clone, Debug)]
pub(super) struct Again {
    /// In the order of the text.
    marks: Vec<Mark>,
    updates: i64,
    trades: i64,
    millis: i64,
}

impl Again {
    pub(super) const fn period(&self) -> Span {
        Span(self.millis * MILLI)
    }

    /// Writes `text[begin..end]` as it is in a pass.
    pub(super) fn write(&self, text: &[u8], (begin, end): (usize, usize), pass: i64, out: &mut Vec<u8>) {
        out.clear();
        let mut done = begin;
        let first = self.marks.partition_point(|mark| mark.begin < begin);
        for mark in self.marks.iter().skip(first).take_while(|mark| mark.end <= end) {
            let by = match mark.counts {
                Counts::Updates => self.updates,
                Counts::Trades => self.trades,
                Counts::Millis => self.millis,
            };
            out.extend_from_slice(text.get(done..mark.begin).unwrap_or_default());
            // A vector takes whatever is written.
            let _ = write!(out, "{}", mark.value + by * pass);
            done = mark.end;
        }
        out.extend_from_slice(text.get(done..end).unwrap_or_default());
    }
}

/// One side of a book: by price in ticks, the price and the size as they were written.
type Side = BTreeMap<i64, (String, String)>;

#[derive(Clone, Debug, Default, PartialEq)]
struct Book([Side; 2]);

impl Book {
    fn of(tick: Step, body: &Value, keys: [&str; 2]) -> Self {
        let mut book = Self::default();
        book.change(tick, body, keys);
        book
    }

    fn change(&mut self, tick: Step, body: &Value, keys: [&str; 2]) {
        for (side, key) in self.0.iter_mut().zip(keys) {
            for level in body.get(key).and_then(Value::as_array).into_iter().flatten() {
                let text = |at| level.get(at).and_then(Value::as_str);
                let (Some(price), Some(size)) = (text(0), text(1)) else { continue };
                let Some(ticks) = tick.steps_floor(price) else { continue };
                if size.bytes().all(|byte| matches!(byte, b'0' | b'.')) {
                    side.remove(&ticks);
                } else {
                    side.insert(ticks, (price.to_owned(), size.to_owned()));
                }
            }
        }
    }

    /// Changes that lead from here to there: what goes away first, so that no book between them is crossed.
    fn to(&self, there: &Self) -> Vec<(usize, String, String)> {
        let mut changes = Vec::new();
        for (side, (from, to)) in self.0.iter().zip(&there.0).enumerate() {
            let gone = from.iter().filter(|(ticks, _)| !to.contains_key(ticks));
            changes.extend(gone.map(|(_, (price, _))| (side, price.clone(), "0".to_owned())));
        }
        for (side, (from, to)) in self.0.iter().zip(&there.0).enumerate() {
            let new = to.iter().filter(|(ticks, level)| from.get(ticks) != Some(level));
            changes.extend(new.map(|(_, (price, size))| (side, price.clone(), size.clone())));
        }
        changes
    }
}

impl Frames {
    /// The same market without an end: after the last frame the book is led back, and the first after the snapshot follows, renumbered.
    ///
    /// # Errors
    /// [`FramesError`] where no change of the book follows the snapshot, which is what the next would be numbered by.
    pub fn looped(mut self) -> Result<Self, FramesError> {
        let unfit = |why| FramesError::Unfit { file: self.symbol().to_owned(), why };
        let tick = self.fact.seen.tick.ok_or_else(|| unfit("the size of its tick is not known"))?;
        let snapshot: Value = serde_json::from_slice(&self.snapshot).unwrap_or_default();
        let since = snapshot.get("lastUpdateId").and_then(Value::as_i64).unwrap_or_default();
        let mut book = Book::of(tick, &snapshot, ["bids", "asks"]);
        let (mut start, mut last, mut first, mut highest) = (None, 0, None, 0);
        for (at, frame) in self.frames.iter().enumerate() {
            if at == self.after_snapshot {
                start = Some(book.clone());
            }
            if frame.kind == Kind::Other {
                continue;
            }
            let whole: Value = serde_json::from_slice(self.bytes(frame)).unwrap_or_default();
            let data = whole.get("data").unwrap_or(&whole);
            let number = |key| data.get(key).and_then(Value::as_i64);
            highest = highest.max(number("u").unwrap_or_default());
            if frame.kind == Kind::Depth && number("u").is_some_and(|last| last >= since) {
                book.change(tick, data, ["b", "a"]);
                last = number("u").unwrap_or(last);
                if start.is_some() {
                    first = first.or_else(|| number("pu"));
                }
            }
        }
        let (Some(start), Some(first)) = (start, first) else {
            return Err(unfit("no change of the book follows its snapshot, and it cannot begin again"));
        };
        let again = self.lead_back(&book.to(&start), last, highest + 1);
        let marks = marks(&self.text);
        let after = self.frames.get(self.after_snapshot).map_or(0, |frame| frame.begin);
        let trades = marks.iter().filter(|mark| mark.counts == Counts::Trades && mark.begin >= after);
        let trades = trades.map(|mark| mark.value).fold(None, |range: Option<(i64, i64)>, value| {
            Some(range.map_or((value, value), |(low, high)| (low.min(value), high.max(value))))
        });
        let time = |at: usize| self.frames.get(at).map_or(Nanos(0), |frame| frame.at);
        let whole = time(self.frames.len().saturating_sub(1)) - time(self.after_snapshot);
        self.again = Some(Again {
            marks,
            updates: again - first,
            trades: trades.map_or(0, |(low, high)| high - low + 1),
            millis: whole.0 / MILLI + 1 + GAP,
        });
        Ok(self)
    }

    /// Appends the frames that lead the book back: the first follows the update `last`, and the last one's number, which is returned, is
    /// at least `number`, so that nothing before it is newer.
    fn lead_back(&mut self, changes: &[(usize, String, String)], last: i64, number: i64) -> i64 {
        let stream = self.stream();
        let Some(end) = self.frames.last().copied() else { return last };
        let chunks: Vec<_> =
            if changes.is_empty() { vec![changes] } else { changes.chunks(LEVELS).collect() };
        let (mut previous, count) = (last, chunks.len());
        let mut at = end.at;
        let mut millis = self.millis();
        for (nth, chunk) in (1..).zip(chunks) {
            at = at + Span(GAP * MILLI);
            millis += GAP;
            let side = |side| {
                let levels = chunk.iter().filter(|change| change.0 == side);
                let levels: Vec<_> =
                    levels.map(|(_, price, size)| format!(r#"["{price}","{size}"]"#)).collect();
                levels.join(",")
            };
            let update = if nth == count { number.max(previous + 1) } else { previous + 1 };
            let text = format!(
                r#"{{"stream":"{stream}","data":{{"e":"depthUpdate","E":{millis},"T":{millis},"s":"{}","U":{},"u":{update},"pu":{previous},"b":[{}],"a":[{}]}}}}"#,
                self.symbol(),
                previous + 1,
                side(0),
                side(1)
            );
            previous = update;
            let begin = self.text.len();
            self.text.extend_from_slice(text.as_bytes());
            let line = end.line;
            self.frames.push(Frame { at, line, kind: Kind::Other, begin, end: self.text.len() });
        }
        previous
    }

    /// The stream of the book's changes.
    fn stream(&self) -> String {
        let depth = self.frames.iter().find(|frame| frame.kind == Kind::Depth);
        let whole: Value =
            depth.and_then(|frame| serde_json::from_slice(self.bytes(frame)).ok()).unwrap_or_default();
        whole.get("stream").and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// The venue's latest time.
    fn millis(&self) -> i64 {
        let times = marks(&self.text).into_iter().filter(|mark| mark.counts == Counts::Millis);
        times.map(|mark| mark.value).max().unwrap_or_default()
    }
}

/// All numbers that count something.
fn marks(text: &[u8]) -> Vec<Mark> {
    let mut marks = Vec::new();
    for colon in memchr::memchr_iter(b':', text) {
        let head = text.get(colon.saturating_sub(5)..colon).unwrap_or_default();
        let counts = match head {
            [.., b'"', b'p', b'u', b'"'] | [.., b'"', b'u' | b'U', b'"'] => Counts::Updates,
            [.., b'"', b'a' | b't' | b'f' | b'l', b'"'] => Counts::Trades,
            [.., b'"', b'E' | b'T', b'"'] => Counts::Millis,
            _ => continue,
        };
        let begin = colon + 1;
        let digits = text.get(begin..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit());
        let end = begin + digits.count();
        let value = text.get(begin..end).and_then(|digits| core::str::from_utf8(digits).ok());
        if let Some(value) = value.and_then(|digits| digits.parse().ok()) {
            marks.push(Mark { counts, begin, end, value });
        }
    }
    marks
}

#[cfg(test)]
mod tests;
