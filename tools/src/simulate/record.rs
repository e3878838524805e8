//! A capture as the simulator plays it: every frame as it was recorded, where its numbers stand, and what it says.
//!
//! Never here: a clock, an order.

use anyhow::{Context as _, bail};
use ballast_model::{LOTS_MAX, Lots, Nanos, PackedLevel, Price, Side, Step};
use ballast_runtime::capture::{Line, Source, TimeUnit, split_stamp};
use ballast_simulator::back::Stream;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;

/// Levels of one side of a book.
pub(super) type Levels = BTreeMap<Price, Lots>;

/// A number in a frame that another loop or another time changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Time,
    Update,
    Trade,
    Aggregate,
}

/// Where such a number stands in its frame.
#[derive(Clone, Debug)]
struct Spot {
    at: Range<usize>,
    field: Field,
    value: u64,
}

/// What a frame says.
#[derive(Clone, Debug)]
pub(super) enum Said {
    /// Sizes by side, the state it begins with, the one before that and the one it ends with.
    Diff { levels: [Vec<PackedLevel>; 2], first: u64, before: u64, last: u64 },
    /// Best bid and ask.
    Best { id: u64, levels: [PackedLevel; 2] },
    /// A trade.
    Print { id: u64, maker: Side, level: PackedLevel },
    /// Something nobody trades by.
    Other,
}

/// One recorded frame, without its envelope.
#[derive(Clone, Debug)]
pub(super) struct Recorded {
    pub(super) at: Nanos,
    pub(super) stream: Stream,
    pub(super) said: Said,
    text: Vec<u8>,
    spots: Vec<Spot>,
}

/// What is added to ids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shift {
    pub(super) update: u64,
    pub(super) trade: u64,
    pub(super) aggregate: u64,
}

impl Recorded {
    /// The frame with other ids and times; `out` is replaced.
    pub(super) fn write(&self, shift: Shift, millis: u64, out: &mut Vec<u8>) {
        out.clear();
        let mut from = 0;
        for spot in &self.spots {
            out.extend_from_slice(self.text.get(from..spot.at.start).unwrap_or_default());
            let value = match spot.field {
                Field::Time => millis,
                Field::Update => spot.value + shift.update,
                Field::Trade => spot.value + shift.trade,
                Field::Aggregate => spot.value + shift.aggregate,
            };
            out.extend_from_slice(value.to_string().as_bytes());
            from = spot.at.end;
        }
        out.extend_from_slice(self.text.get(from..).unwrap_or_default());
    }

    fn ids(&self, field: Field) -> impl Iterator<Item = u64> {
        self.spots.iter().filter(move |spot| spot.field == field).map(|spot| spot.value)
    }
}

/// The history of one instrument from its first snapshot on.
#[derive(Clone, Debug, Default)]
pub(super) struct Track {
    pub(super) frames: Vec<Recorded>,
    /// The book when it begins.
    pub(super) opening: [Levels; 2],
    /// The state of that.
    pub(super) opening_id: u64,
}

#[derive(Deserialize)]
struct Diff<'a> {
    #[serde(rename = "U")]
    first: u64,
    #[serde(rename = "u")]
    last: u64,
    pu: Option<u64>,
    #[serde(borrow)]
    b: Vec<[&'a str; 2]>,
    a: Vec<[&'a str; 2]>,
}

#[derive(Deserialize)]
struct Best<'a> {
    u: u64,
    b: &'a str,
    #[serde(rename = "B")]
    bids: &'a str,
    a: &'a str,
    #[serde(rename = "A")]
    asks: &'a str,
}

#[derive(Deserialize)]
struct Print<'a> {
    t: u64,
    p: &'a str,
    q: &'a str,
    m: bool,
}

#[derive(Deserialize)]
struct Snapshot<'a> {
    #[serde(rename = "lastUpdateId")]
    id: u64,
    #[serde(borrow)]
    bids: Vec<[&'a str; 2]>,
    asks: Vec<[&'a str; 2]>,
}

/// The grid of an instrument.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    pub(super) tick: Step,
    pub(super) lot: Step,
}

impl Grid {
    fn level(self, price: &str, lots: &str) -> Option<PackedLevel> {
        let lots = Lots(self.lot.steps_floor(lots)?.min(LOTS_MAX));
        PackedLevel::new(Price(self.tick.steps_floor(price)?), lots)
    }

    fn levels(self, texts: &[[&str; 2]]) -> Vec<PackedLevel> {
        texts.iter().filter_map(|[price, lots]| self.level(price, lots)).collect()
    }
}

/// Puts sizes into a book; zero takes a level out.
pub(super) fn apply(book: &mut [Levels; 2], levels: &[Vec<PackedLevel>; 2]) {
    for (side, levels) in book.iter_mut().zip(levels) {
        for level in levels {
            if level.lots().is_zero() {
                side.remove(&level.price());
            } else {
                side.insert(level.price(), level.lots());
            }
        }
    }
}

/// Reads the files of one instrument, which continue each other.
///
/// # Errors
/// A file that cannot be read, or files without a snapshot to begin with.
pub(super) fn read(sources: &[Source], grid: Grid) -> anyhow::Result<Track> {
    let (mut early, mut track, mut begun, mut last) = (Vec::new(), Track::default(), false, Nanos(0));
    for source in sources {
        let place = || source.path().display().to_string();
        let mut lines = source.lines().with_context(place)?;
        let mut unit: Option<TimeUnit> = None;
        while let Some(line) = lines.next_line() {
            let Line::Whole(text) = line else { continue };
            let Ok((at, frame)) = split_stamp(text, &mut unit) else { continue };
            last = last.max(at);
            let payload = unwrapped(frame);
            if let Some(recorded) = recorded(last, payload, grid) {
                // What the snapshot has already.
                if begun && matches!(recorded.said, Said::Diff { last, .. } if last <= track.opening_id) {
                    continue;
                }
                if begun { &mut track.frames } else { &mut early }.push(recorded);
            } else if !begun && let Ok(snapshot) = serde_json::from_slice::<Snapshot<'_>>(payload) {
                begun = true;
                apply(&mut track.opening, &[grid.levels(&snapshot.bids), grid.levels(&snapshot.asks)]);
                track.opening_id = snapshot.id;
                early.iter().for_each(|earlier| catch_up(&mut track, earlier));
            }
        }
    }
    let Some(first) = sources.first() else { bail!("no file") };
    if !track.frames.iter().any(|frame| matches!(frame.said, Said::Diff { .. })) {
        bail!("{}: no snapshot of the book with diffs behind it", first.path().display());
    }
    Ok(track)
}

/// A diff that came before the snapshot and goes on from it.
fn catch_up(track: &mut Track, earlier: &Recorded) {
    if let Said::Diff { levels, last, .. } = &earlier.said
        && *last > track.opening_id
    {
        apply(&mut track.opening, levels);
        track.opening_id = *last;
    }
}

/// A frame without the envelope of a combined stream.
fn unwrapped(frame: &[u8]) -> &[u8] {
    let key = b"\"data\":";
    let inside = frame.starts_with(b"{\"stream\":").then(|| {
        let at = frame.windows(key.len()).position(|window| window == key)? + key.len();
        frame.get(at..frame.trim_ascii_end().len() - 1)
    });
    inside.flatten().unwrap_or(frame)
}

fn recorded(at: Nanos, payload: &[u8], grid: Grid) -> Option<Recorded> {
    let head = payload.get(..payload.len().min(40)).unwrap_or_default();
    let is = |name: &[u8]| head.windows(name.len()).any(|window| window == name);
    let (stream, said) = if is(b"\"depthUpdate\"") {
        let diff: Diff<'_> = serde_json::from_slice(payload).ok()?;
        let Diff { first, last, pu, b, a } = &diff;
        let before = pu.unwrap_or(first.saturating_sub(1));
        let levels = [grid.levels(b), grid.levels(a)];
        (Stream::Depth, Said::Diff { levels, first: *first, before, last: *last })
    } else if is(b"\"aggTrade\"") {
        (Stream::AggTrade, Said::Other)
    } else if is(b"\"trade\"") {
        let print: Print<'_> = serde_json::from_slice(payload).ok()?;
        let maker = if print.m { Side::Bid } else { Side::Ask };
        (Stream::Trade, Said::Print { id: print.t, maker, level: grid.level(print.p, print.q)? })
    } else if is(b"\"markPriceUpdate\"") {
        (Stream::MarkPrice, Said::Other)
    } else {
        let best: Best<'_> = serde_json::from_slice(payload).ok()?;
        let levels = [grid.level(best.b, best.bids)?, grid.level(best.a, best.asks)?];
        (Stream::BookTicker, Said::Best { id: best.u, levels })
    };
    Some(Recorded { at, stream, said, text: payload.to_vec(), spots: spots(payload, stream) })
}

/// Where numbers stand that change: up to the levels of a diff, which have none.
fn spots(payload: &[u8], stream: Stream) -> Vec<Spot> {
    let mut spots = Vec::new();
    let mut at = 0;
    while let Some(open) = find(payload, at, b'"') {
        let Some(close) = find(payload, open + 1, b'"') else { break };
        let key = payload.get(open + 1..close).unwrap_or_default();
        at = close + 1;
        if payload.get(at) != Some(&b':') {
            continue;
        }
        if stream == Stream::Depth && key == b"b" {
            break;
        }
        let from = at + 1;
        let digits = payload.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
        let field = match (key, stream) {
            (b"T", Stream::MarkPrice) => None,
            (b"E" | b"T", _) => Some(Field::Time),
            (b"U" | b"u" | b"pu", _) => Some(Field::Update),
            (b"t" | b"f" | b"l", _) => Some(Field::Trade),
            (b"a", Stream::AggTrade) => Some(Field::Aggregate),
            _ => None,
        };
        let text = payload.get(from..from + digits).and_then(|digits| std::str::from_utf8(digits).ok());
        if let (Some(field), Some(Ok(value))) = (field, text.map(str::parse)) {
            spots.push(Spot { at: from..from + digits, field, value });
        }
    }
    spots
}

fn find(payload: &[u8], from: usize, byte: u8) -> Option<usize> {
    Some(from + payload.get(from..)?.iter().position(|other| *other == byte)?)
}

impl Track {
    /// What each loop adds to the ids of the one before; the book is brought back by one more diff between them.
    pub(super) fn period(&self) -> Shift {
        let span = |field| {
            let ids = self.frames.iter().flat_map(|frame| frame.ids(field));
            let ends = ids.fold(None, |ends, id| match ends {
                None => Some((id, id)),
                Some((low, high)) => Some((id.min(low), id.max(high))),
            });
            ends.map_or(0, |(low, high): (u64, u64)| high - low + 1)
        };
        let mut diffs = self.frames.iter().filter_map(|frame| match frame.said {
            Said::Diff { before, last, .. } => Some((before, last)),
            Said::Best { .. } | Said::Print { .. } | Said::Other => None,
        });
        let first = diffs.next().unwrap_or_default();
        let last = diffs.next_back().unwrap_or(first);
        Shift { update: last.1 + 1 - first.0, trade: span(Field::Trade), aggregate: span(Field::Aggregate) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> Grid {
        Grid { tick: Step::parse("0.1").unwrap(), lot: Step::parse("0.001").unwrap() }
    }

    const DIFF: &str = r#"{"e":"depthUpdate","E":1000,"T":999,"s":"X","U":11,"u":15,"pu":10,"b":[["1.5","0.002"]],"a":[["1.6","0.000"]]}"#;

    #[test]
    fn frames_are_as_they_were_but_for_ids_and_times() {
        let wrapped = format!(r#"{{"stream":"x@depth@0ms","data":{DIFF}}}"#);
        assert_eq!(unwrapped(wrapped.as_bytes()), DIFF.as_bytes());
        let frame = recorded(Nanos(0), DIFF.as_bytes(), grid()).unwrap();
        let mut out = Vec::new();
        frame.write(Shift { update: 100, trade: 7, aggregate: 9 }, 5_000, &mut out);
        let changed = r#"{"e":"depthUpdate","E":5000,"T":5000,"s":"X","U":111,"u":115,"pu":110,"b":[["1.5","0.002"]],"a":[["1.6","0.000"]]}"#;
        assert_eq!(String::from_utf8(out).unwrap(), changed);
        let trade = r#"{"e":"trade","E":1,"T":2,"s":"X","t":40,"p":"1.5","q":"0.010","m":true}"#;
        let frame = recorded(Nanos(0), trade.as_bytes(), grid()).unwrap();
        assert!(matches!(frame.said, Said::Print { id: 40, maker: Side::Bid, .. }));
        let mut out = Vec::new();
        frame.write(Shift { update: 100, trade: 7, aggregate: 9 }, 3, &mut out);
        let changed = r#"{"e":"trade","E":3,"T":3,"s":"X","t":47,"p":"1.5","q":"0.010","m":true}"#;
        assert_eq!(String::from_utf8(out).unwrap(), changed);
    }

    #[test]
    fn a_track_begins_with_its_snapshot_and_the_diffs_that_go_on_from_it() {
        let later = DIFF.replace("11,\"u\":15,\"pu\":10", "16,\"u\":20,\"pu\":15");
        let snapshot =
            r#"{"lastUpdateId":12,"bids":[["1.4","1.000"]],"asks":[["1.6","2.000"],["1.7","1.000"]]}"#;
        let text = format!(
            "1700000000000000001 {DIFF}\n1700000000000000002 {snapshot}\n1700000000000000003 {later}\n"
        );
        let track = read(&[Source::in_memory("x", text.into_bytes())], grid()).unwrap();
        assert_eq!((track.frames.len(), track.opening_id), (1, 15));
        let [bids, asks] = &track.opening;
        assert_eq!(bids.iter().next_back(), Some((&Price(15), &Lots(2))));
        assert_eq!(asks.iter().next(), Some((&Price(17), &Lots(1_000))));
        // The next loop's first diff goes on from one diff more than there were.
        assert_eq!(track.period(), Shift { update: 6, trade: 0, aggregate: 0 });
        let none =
            read(&[Source::in_memory("x", format!("1700000000000000001 {DIFF}\n").into_bytes())], grid());
        assert!(none.unwrap_err().to_string().contains("no snapshot"));
    }
}
