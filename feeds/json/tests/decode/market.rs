//! The market that the tests decode for, and a sink that keeps what it is given.

use ballast_json::{
    Capability, DecodeError, Decoded, Decoder, Full, Grid, Grids, LevelSink, Message, Path, Side, Span,
    SymbolId, SymbolTable,
};

/// An instrument, with its grids as scale and step.
pub(crate) struct Instrument {
    pub(crate) name: &'static str,
    pub(crate) price: (u8, u64),
    pub(crate) size: (u8, u64),
}

/// Ordinary grids, a contract counted in whole numbers, steps other than 1, and the finest grid there is.
pub(crate) const INSTRUMENTS: [Instrument; 5] = [
    Instrument { name: "BTCUSDT", price: (1, 1), size: (3, 1) },
    Instrument { name: "ETHUSDT", price: (2, 1), size: (8, 1) },
    Instrument { name: "BTCUSD_PERP", price: (1, 1), size: (0, 1) },
    Instrument { name: "SOLUSDT_261225", price: (1, 5), size: (3, 25) },
    Instrument { name: "1000000PEPEUSDT", price: (15, 1), size: (15, 1) },
];

pub(crate) const BTCUSDT: SymbolId = number(0);
pub(crate) const ETHUSDT: SymbolId = number(1);
pub(crate) const BTCUSD_PERP: SymbolId = number(2);

/// The instrument that callers name for snapshots which do not.
pub(crate) const SNAPSHOT: SymbolId = ETHUSDT;

/// A level as a sink takes it: side, ticks, lots.
pub(crate) type Kept = (Side, u64, u64);

/// What was read from a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) message: Message,
    pub(crate) stream: Option<Span>,
    /// Empty unless the message has levels.
    pub(crate) levels: Vec<Kept>,
    pub(crate) path: Path,
}

/// Keeps up to `room` levels.
pub(crate) struct Keeper {
    /// `None` until the first [`LevelSink::begin`].
    levels: Option<Vec<Kept>>,
    room: usize,
}

impl LevelSink for Keeper {
    fn begin(&mut self) {
        self.levels = Some(Vec::new());
    }

    fn push(&mut self, side: Side, ticks: u64, lots: u64) -> Result<(), Full> {
        let levels = self.levels.as_mut().expect("levels are announced");
        if levels.len() == self.room {
            return Err(Full);
        }
        levels.push((side, ticks, lots));
        Ok(())
    }
}

/// Symbol numbers need not start at 0.
pub(crate) const fn number(index: u16) -> SymbolId {
    SymbolId(20 + index)
}

pub(crate) fn grid((scale, step): (u8, u64)) -> Grid {
    Grid::new(scale, step).expect("the grid exists")
}

pub(crate) fn symbols() -> SymbolTable<8> {
    let mut symbols = SymbolTable::new();
    for (index, instrument) in (0..).zip(&INSTRUMENTS) {
        let grids = Grids { price: grid(instrument.price), size: grid(instrument.size) };
        symbols.insert(instrument.name.as_bytes(), number(index), grids).expect("the symbol fits");
    }
    symbols
}

/// Decodes into a sink with room for `room` levels; by the twin alone if no capability is given.
pub(crate) fn read(
    capability: Option<Capability>,
    frame: &[u8],
    snapshot: Option<SymbolId>,
    room: usize,
) -> Result<Reading, DecodeError> {
    let mut keeper = Keeper { levels: None, room };
    let symbols = symbols();
    let Decoded { message, path, stream } = match capability {
        Some(capability) => Decoder::new(capability).decode(frame, &symbols, snapshot, &mut keeper)?,
        None => Decoder::decode_with_twin(frame, &symbols, snapshot, &mut keeper)?,
    };
    let levels = match message {
        Message::Depth { .. } | Message::Snapshot { .. } => keeper.levels.expect("levels are announced"),
        Message::BookTicker { .. }
        | Message::Trade { .. }
        | Message::AggTrade { .. }
        | Message::MarkPrice { .. }
        | Message::Reply { .. }
        | Message::Other { .. } => Vec::new(),
    };
    Ok(Reading { message, stream, levels, path })
}

/// Decodes the frame in every way there is, and requires that all tell the same.
pub(crate) fn read_on_all_paths(frame: &[u8]) -> Result<Reading, DecodeError> {
    let read = |capability| read(capability, frame, Some(SNAPSHOT), usize::MAX);
    let [detected, scalar, twin] = [Some(Capability::detect()), Some(Capability::scalar()), None].map(read);
    let text = String::from_utf8_lossy(frame);
    assert_eq!(detected, scalar, "with and without AVX2, of {text}");
    let told = |reading: Result<Reading, DecodeError>| {
        reading.map(|reading| Reading { path: Path::Twin, ..reading })
    };
    assert_eq!(told(scalar), twin, "the twin, of {text}");
    detected
}
