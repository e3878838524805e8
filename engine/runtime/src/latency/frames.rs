//! The market that is released: frames of a capture of one futures instrument, with a snapshot among them.

use ballast_model::{HalfTicks, Nanos, Price, Span, Step};
use ballast_venue::binance::Market;
use memchr::memmem;
use serde_json::Value;

use super::looped::Again;
use crate::capture::{Line, LoadError, SeenInstrument, Source, SurveyedFile, split_stamp};
use crate::live::{Fact, Filters, ORDER_WINDOWS_MAX};

/// Bytes at the start of a frame in which its kind stands.
const HEAD_BYTES: usize = 160;

/// What a frame tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Best bid and ask.
    Ticker,
    /// Changes of the book.
    Depth,
    /// Anything else, such as a trade.
    Other,
}

/// One frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// When it was recorded.
    pub(super) at: Nanos,
    /// Its line in the file, from 1.
    pub(super) line: u64,
    pub(super) kind: Kind,
    pub(super) begin: usize,
    pub(super) end: usize,
}

/// Why a capture cannot be released.
#[derive(Debug, thiserror::Error)]
pub enum FramesError {
    /// It cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// It does not hold what is needed.
    #[error("{file}: {why}")]
    Unfit {
        /// Of which file.
        file: String,
        /// What is missing.
        why: &'static str,
    },
}

/// A market to be released, in memory.
#[derive(Clone, Debug)]
pub struct Frames {
    pub(super) text: Vec<u8>,
    pub(super) frames: Vec<Frame>,
    /// The first frame after the snapshot.
    pub(super) after_snapshot: usize,
    pub(super) snapshot: Vec<u8>,
    pub(super) fact: Fact,
    /// How it goes on after its end.
    pub(super) again: Option<Again>,
}

impl Frames {
    /// Reads a capture of one USD-margined instrument.
    ///
    /// # Errors
    /// [`FramesError`]: a file that cannot be read, or that has another market, several instruments, or no snapshot.
    pub fn read(source: Source) -> Result<Self, FramesError> {
        let SurveyedFile { source, survey } = SurveyedFile::new(source)?;
        let file = source.name();
        let unfit = |why| FramesError::Unfit { file: file.clone(), why };
        let [seen] = &*survey.instruments else {
            return Err(unfit("latency is measured on a capture of one instrument"));
        };
        if seen.market != Market::UsdM {
            return Err(unfit("latency is measured on USD-margined futures (USD-M) of Binance"));
        }
        let error = |error| LoadError::Unreadable { path: source.path().to_owned(), error };
        let mut lines = source.lines().map_err(error)?;
        let (mut text, mut frames, mut snapshot) = (Vec::new(), Vec::new(), None);
        let mut unit = survey.unit;
        let mut number = 0;
        while let Some(line) = lines.next_line() {
            number += 1;
            let (Line::Whole(line) | Line::Last(line)) = line else { continue };
            let Ok((at, frame)) = split_stamp(line, &mut unit) else { continue };
            if frame.starts_with(b"{\"lastUpdateId\"") {
                snapshot.get_or_insert_with(|| (frames.len(), frame.to_vec()));
                continue;
            }
            if !frame.starts_with(b"{\"stream\"") {
                continue;
            }
            let begin = text.len();
            text.extend_from_slice(frame);
            frames.push(Frame { at, line: number, kind: kind(frame), begin, end: text.len() });
        }
        let (after_snapshot, snapshot) = snapshot.ok_or_else(|| unfit("no snapshot of the book is in it"))?;
        if frames.len() <= after_snapshot {
            return Err(unfit("nothing follows the snapshot of the book"));
        }
        let fact = fact(seen, &snapshot).ok_or_else(|| unfit("its first snapshot cannot be read"))?;
        Ok(Self { text, frames, after_snapshot, snapshot, fact, again: None })
    }

    /// The same market as it is, before it is looped, for those who follow the book alone: where best prices are told, the change of the book that comes after
    /// them is no news, and leads to no order.
    #[must_use]
    pub fn without_tickers(&self) -> Self {
        let follows = |frame: &&Frame| frame.kind != Kind::Ticker;
        Self {
            text: self.text.clone(),
            frames: self.frames.iter().filter(follows).copied().collect(),
            after_snapshot: self.frames.iter().take(self.after_snapshot).filter(follows).count(),
            snapshot: self.snapshot.clone(),
            fact: self.fact.clone(),
            again: None,
        }
    }

    /// Symbol of the instrument.
    #[must_use]
    pub fn symbol(&self) -> &str {
        &self.fact.seen.symbol
    }

    /// What a venue would say of the instrument.
    pub(super) const fn fact(&self) -> &Fact {
        &self.fact
    }

    /// The frame at a place among all that are released, pass after pass, and how many passes were before.
    pub(super) fn get(&self, place: usize) -> Option<(&Frame, i64)> {
        let count = self.frames.len();
        if place < count || self.again.is_none() {
            return Some((self.frames.get(place)?, 0));
        }
        let (beyond, each) = (place - count, self.released_max());
        let frame = self.frames.get(self.after_snapshot + beyond.checked_rem(each)?)?;
        Some((frame, 1 + i64::try_from(beyond.checked_div(each)?).ok()?))
    }

    /// When the frame at a place was recorded, or would have been.
    pub(super) fn when(&self, place: usize) -> Option<Nanos> {
        let (frame, passes) = self.get(place)?;
        let period = self.again.as_ref().map_or(Span::ZERO, Again::period);
        Some(frame.at + Span(period.0.saturating_mul(passes)))
    }

    /// What the frame at a place says; `scratch` holds it where it is not as recorded.
    pub(super) fn say<'a>(&'a self, place: usize, scratch: &'a mut Vec<u8>) -> &'a [u8] {
        let Some((frame, passes)) = self.get(place) else { return &[] };
        match &self.again {
            Some(again) if passes > 0 => {
                again.write(&self.text, (frame.begin, frame.end), passes, scratch);
                scratch
            }
            _ => self.bytes(frame),
        }
    }

    pub(super) fn bytes(&self, frame: &Frame) -> &[u8] {
        self.text.get(frame.begin..frame.end).unwrap_or_default()
    }

    pub(super) fn snapshot(&self) -> &[u8] {
        &self.snapshot
    }

    pub(super) const fn after_snapshot(&self) -> usize {
        self.after_snapshot
    }

    /// Frames after the snapshot.
    #[must_use]
    pub const fn released_max(&self) -> usize {
        self.frames.len() - self.after_snapshot
    }
}

fn kind(frame: &[u8]) -> Kind {
    let head = frame.get(..HEAD_BYTES).unwrap_or(frame);
    if memmem::find(head, b"\"bookTicker\"").is_some() {
        Kind::Ticker
    } else if memmem::find(head, b"\"depthUpdate\"").is_some() {
        Kind::Depth
    } else {
        Kind::Other
    }
}

/// The instrument as the venue would tell of it: grid and price from the capture, and the least of rules.
fn fact(seen: &SeenInstrument, snapshot: &[u8]) -> Option<Fact> {
    let body: Value = serde_json::from_slice(snapshot).ok()?;
    let tick = seen.tick?;
    let best = |side: &str| best(tick, &body, side);
    let mid = HalfTicks::mid(best("bids")?, best("asks")?);
    seen.lot?;
    let filters = Filters { price: (1, 0), size: (1, 0), notional_min: 0, orders: None };
    Some(Fact { seen: seen.clone(), filters, mid, orders: [None; ORDER_WINDOWS_MAX] })
}

fn best(tick: Step, body: &Value, side: &str) -> Option<Price> {
    let price = body.get(side)?.get(0)?.get(0)?.as_str()?;
    tick.steps_floor(price).map(Price)
}

/// Two frames and a snapshot, for tests.
#[cfg(test)]
pub(super) const SMALL: &str = concat!(
    r#"1723161255088000000 {"stream":"ethusdt@depth@0ms","data":{"e":"depthUpdate","E":2,"T":1,"s":"ETHUSDT","U":5,"u":6,"pu":4,"b":[["10.01","1.001"]],"a":[["10.02","1.002"]]}}"#,
    "\n",
    r#"1723161255088000001 {"lastUpdateId":5,"E":1,"T":1,"bids":[["10.01","1.001"]],"asks":[["10.02","1.003"]]}"#,
    "\n",
    r#"1723161255088000002 {"stream":"ethusdt@bookTicker","data":{"e":"bookTicker","u":7,"s":"ETHUSDT","b":"10.01","B":"1.001","a":"10.02","A":"1.002","T":1,"E":2}}"#,
    "\n",
);

#[cfg(test)]
mod tests {
    use super::*;

    const TICKER: &str = r#"{"stream":"ethusdt@bookTicker","data":{"e":"bookTicker","u":7,"s":"ETHUSDT","b":"10.01","B":"1.001","a":"10.02","A":"1.002","T":1,"E":2}}"#;
    const DEPTH: &str = r#"{"stream":"ethusdt@depth@0ms","data":{"e":"depthUpdate","E":2,"T":1,"s":"ETHUSDT","U":5,"u":6,"pu":4,"b":[["10.01","1.001"]],"a":[["10.02","1.002"]]}}"#;
    const SNAPSHOT: &str =
        r#"{"lastUpdateId":5,"E":1,"T":1,"bids":[["10.01","1.001"]],"asks":[["10.02","1.003"]]}"#;

    fn read(lines: &[&str]) -> Result<Frames, FramesError> {
        let line = |(at, frame): (usize, &&str)| format!("{} {frame}\n", 1_723_161_255_088_000_000 + at);
        let text: String = lines.iter().enumerate().map(line).collect();
        Frames::read(Source::in_memory("some.txt", text.into_bytes()))
    }

    #[test]
    fn frames_are_told_apart_and_the_snapshot_is_not_one_of_them() {
        let frames = read(&[DEPTH, SNAPSHOT, TICKER, DEPTH, SNAPSHOT]).unwrap();
        assert_eq!((frames.symbol(), frames.after_snapshot(), frames.released_max()), ("ETHUSDT", 1, 2));
        let told: Vec<_> = frames.frames.iter().map(|frame| (frame.line, frame.kind)).collect();
        assert_eq!(told, [(1, Kind::Depth), (3, Kind::Ticker), (4, Kind::Depth)]);
        assert_eq!(frames.say(1, &mut Vec::new()), TICKER.as_bytes());
        assert_eq!(frames.snapshot(), SNAPSHOT.as_bytes());
        assert_eq!(frames.fact().mid, HalfTicks(2_003));
        let depth = frames.without_tickers();
        assert_eq!((depth.after_snapshot(), depth.released_max(), depth.get(1).unwrap().0.line), (1, 1, 4));
    }

    #[test]
    fn what_cannot_be_released_is_refused_with_the_reason() {
        let why = |lines: &[&str]| read(lines).unwrap_err().to_string();
        assert_eq!(why(&[DEPTH, TICKER]), "some.txt: no snapshot of the book is in it");
        assert_eq!(why(&[DEPTH, SNAPSHOT]), "some.txt: nothing follows the snapshot of the book");
        assert_eq!(why(&["x"]), "some.txt: latency is measured on a capture of one instrument");
    }
}
