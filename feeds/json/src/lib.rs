//! Schema-directed decoding of hot Binance market data, from JSON bytes straight to integer ticks and lots.
//!
//! ```
//! use ballast_json::{Capability, Decoder, Full, Grid, Grids, LevelSink, Message, Side, SymbolId, SymbolTable};
//!
//! struct NoLevels;
//! impl LevelSink for NoLevels {
//!     fn begin(&mut self) {}
//!     fn push(&mut self, _: Side, _: u64, _: u64) -> Result<(), Full> {
//!         Err(Full)
//!     }
//! }
//!
//! let grids = Grids { price: Grid::new(2, 1).unwrap(), size: Grid::new(3, 1).unwrap() };
//! let mut symbols = SymbolTable::<8>::new();
//! symbols.insert(b"BTCUSDT", SymbolId(0), grids).unwrap();
//! let frame = br#"{"u":400900217,"s":"BTCUSDT","b":"61800.20","B":"2.507","a":"61800.30","A":"2.510"}"#;
//! let decoder = Decoder::new(Capability::detect());
//! let decoded = decoder.decode(frame, &symbols, None, &mut NoLevels).unwrap();
//! let Message::BookTicker { bid, .. } = decoded.message else { panic!("a book ticker") };
//! assert_eq!((bid.ticks, bid.lots), (6_180_020, 2_507));
//! ```
//!
//! Two decoders live here. The *walker* ([`Path::Fast`]) takes frames as the venue sends them: no whitespace,
//! no escapes, fields in any order, unknown scalar fields skipped. It finds members and converts numbers by
//! AVX2 where the processor has it. The *twin* ([`Path::Twin`]) is a plain parser that accepts all of JSON.
//! The walker never reports an error: whatever it does not expect it leaves to the twin, which decodes the
//! same frame from its first byte. So errors have one source, and only values need comparing; property tests
//! and a fuzz target compare them with each other and with simd-json.
//!
//! What never happens here: no allocation, no panic on any input, no read outside the frame, no clock, no
//! I/O.
#![no_std]
#![deny(unsafe_code)]

#[cfg(test)]
extern crate std;

mod decoder;
mod error;
mod grid;
mod item;
mod kernels;
mod keys;
#[cfg(target_arch = "x86_64")]
mod layouts;
mod message;
mod simd;
mod sink;
mod symbols;
mod syntax;
mod twin;
mod walk;

pub use decoder::Decoder;
pub use error::{DecodeError, DecodeErrorKind, Field, NumberError, SymbolError};
pub use grid::{GRID_SCALE_MAX, Grid, Grids, LOTS_MAX, PRICE_TICKS_MAX};
pub use item::Item;
pub use message::{Decoded, E8, Level, Message, Path, ReplyOutcome, Side, Span, TradeKind};
pub use simd::Capability;
pub use sink::{Full, LevelSink};
pub use symbols::{SYMBOL_BYTES_MAX, SymbolId, SymbolTable};
