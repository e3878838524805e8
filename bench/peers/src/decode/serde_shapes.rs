//! The general parsers, each through the same derived structs: text borrowed from the frame, then the digit
//! loop.

use serde::Deserialize;

use super::fields::{Decode, Fields, Grid, Kind, Level};

/// A JSON library with a serde front.
pub(crate) trait Parser {
    /// Its name in tables.
    const NAME: &'static str;

    /// Parses one frame into `T`, which may borrow from the frame or from the parser's own copy of it.
    fn parse<'a, T: Deserialize<'a>>(&'a mut self, frame: &'a [u8]) -> Option<T>;
}

/// `serde_json::from_slice`.
#[derive(Debug, Default)]
pub(crate) struct SerdeJson;

/// `sonic_rs::from_slice`.
#[derive(Debug, Default)]
pub(crate) struct SonicRs;

/// `simd_json`, which parses in place: the frame is copied into a reused scratch buffer first, inside the
/// timing. Its internal buffers are reused too.
#[derive(Default)]
pub(crate) struct SimdJson {
    scratch: Vec<u8>,
    buffers: simd_json::Buffers,
}

impl Parser for SerdeJson {
    const NAME: &'static str = "serde_json";

    fn parse<'a, T: Deserialize<'a>>(&'a mut self, frame: &'a [u8]) -> Option<T> {
        serde_json::from_slice(frame).ok()
    }
}

impl Parser for SonicRs {
    const NAME: &'static str = "sonic-rs";

    fn parse<'a, T: Deserialize<'a>>(&'a mut self, frame: &'a [u8]) -> Option<T> {
        sonic_rs::from_slice(frame).ok()
    }
}

impl Parser for SimdJson {
    const NAME: &'static str = "simd-json";

    fn parse<'a, T: Deserialize<'a>>(&'a mut self, frame: &'a [u8]) -> Option<T> {
        self.scratch.clear();
        self.scratch.extend_from_slice(frame);
        simd_json::serde::from_slice_with_buffers(&mut self.scratch, &mut self.buffers).ok()
    }
}

#[derive(Deserialize)]
struct Envelope<T> {
    data: T,
}

#[derive(Deserialize)]
struct BookTicker<'a> {
    u: u64,
    #[serde(rename = "E", default)]
    event_time: u64,
    #[serde(rename = "T", default)]
    transaction_time: u64,
    b: &'a str,
    #[serde(rename = "B")]
    b_size: &'a str,
    a: &'a str,
    #[serde(rename = "A")]
    a_size: &'a str,
}

#[derive(Deserialize)]
struct Depth<'a> {
    #[serde(rename = "E")]
    event_time: u64,
    #[serde(rename = "T", default)]
    transaction_time: u64,
    #[serde(rename = "U")]
    first: u64,
    u: u64,
    #[serde(default)]
    pu: u64,
    #[serde(borrow)]
    b: Vec<[&'a str; 2]>,
    #[serde(borrow)]
    a: Vec<[&'a str; 2]>,
}

#[derive(Deserialize)]
struct Trade<'a> {
    #[serde(rename = "E")]
    event_time: u64,
    #[serde(rename = "T")]
    transaction_time: u64,
    t: u64,
    p: &'a str,
    q: &'a str,
    m: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Snapshot<'a> {
    last_update_id: u64,
    #[serde(rename = "E", default)]
    event_time: u64,
    #[serde(rename = "T", default)]
    transaction_time: u64,
    #[serde(borrow)]
    bids: Vec<[&'a str; 2]>,
    #[serde(borrow)]
    asks: Vec<[&'a str; 2]>,
}

/// A parser as a contender.
#[derive(Debug, Default)]
pub(crate) struct Serde<P>(P);

impl<P: Parser> Decode for Serde<P> {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn decode(&mut self, kind: Kind, grid: Grid, frame: &[u8], out: &mut Fields) -> Option<()> {
        match kind {
            Kind::BookTicker => {
                let Envelope::<BookTicker<'_>> { data } = self.0.parse(frame)?;
                (out.id, out.event_time, out.transaction_time) =
                    (data.u, data.event_time, data.transaction_time);
                out.bid = grid.level(data.b.as_bytes(), data.b_size.as_bytes())?;
                out.ask = grid.level(data.a.as_bytes(), data.a_size.as_bytes())?;
            }
            Kind::Depth => {
                let Envelope::<Depth<'_>> { data } = self.0.parse(frame)?;
                (out.id, out.first_id, out.previous_id) = (data.u, data.first, data.pu);
                (out.event_time, out.transaction_time) = (data.event_time, data.transaction_time);
                levels(&data.b, grid, &mut out.bids)?;
                levels(&data.a, grid, &mut out.asks)?;
            }
            Kind::Trade => {
                let Envelope::<Trade<'_>> { data } = self.0.parse(frame)?;
                (out.id, out.event_time, out.transaction_time) =
                    (data.t, data.event_time, data.transaction_time);
                out.bid = grid.level(data.p.as_bytes(), data.q.as_bytes())?;
                out.buyer_is_maker = data.m;
            }
            Kind::Snapshot => {
                let data: Snapshot<'_> = self.0.parse(frame)?;
                (out.id, out.event_time) = (data.last_update_id, data.event_time);
                out.transaction_time = data.transaction_time;
                levels(&data.bids, grid, &mut out.bids)?;
                levels(&data.asks, grid, &mut out.asks)?;
            }
        }
        Some(())
    }
}

fn levels(text: &[[&str; 2]], grid: Grid, out: &mut Vec<Level>) -> Option<()> {
    out.clear();
    for [price, size] in text {
        out.push(grid.level(price.as_bytes(), size.as_bytes())?);
    }
    Some(())
}
