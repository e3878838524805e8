//! The front: tries the walker, falls back to the twin.

use crate::{Capability, DecodeError, Decoded, LevelSink, SymbolId, SymbolTable, twin};

/// Decodes frames of one market-data connection. Stateless: a frame's meaning depends on nothing before it.
#[derive(Clone, Copy, Debug)]
pub struct Decoder {
    capability: Capability,
}

impl Decoder {
    /// A decoder that uses what `capability` proves the processor to have.
    #[must_use]
    pub const fn new(capability: Capability) -> Self {
        Self { capability }
    }

    /// Decodes one frame: one JSON text, bare or in a combined-stream envelope `{"stream":…,"data":…}`.
    ///
    /// Prices and sizes become ticks and lots on the grids of the frame's symbol in `symbols`. Levels of
    /// depth frames and snapshots go to `sink`, in the frame's order. A snapshot that names no symbol belongs
    /// to its stream's, else to `snapshot_symbol`.
    ///
    /// # Errors
    /// [`DecodeError`]: the frame is not JSON, or not what its kind of message must be. Levels in `sink` then mean
    /// nothing.
    pub fn decode<S: LevelSink, const N: usize>(
        &self,
        frame: &[u8],
        symbols: &SymbolTable<N>,
        snapshot_symbol: Option<SymbolId>,
        sink: &mut S,
    ) -> Result<Decoded, DecodeError> {
        let symbols = symbols.view();
        // One variable all the way, so that either decoder writes straight to where the caller wants the
        // result.
        let mut decoded = self.capability.walk(frame, symbols, snapshot_symbol, sink);
        if decoded.is_err() {
            decoded = twin::decode(frame, symbols, snapshot_symbol, sink);
        }
        decoded
    }

    /// [`Decoder::decode`] by the twin alone. Slower, and equal but for [`Decoded::path`]: what comparisons
    /// compare with.
    ///
    /// # Errors
    /// As [`Decoder::decode`].
    pub fn decode_with_twin<S: LevelSink, const N: usize>(
        frame: &[u8],
        symbols: &SymbolTable<N>,
        snapshot_symbol: Option<SymbolId>,
        sink: &mut S,
    ) -> Result<Decoded, DecodeError> {
        twin::decode(frame, symbols.view(), snapshot_symbol, sink)
    }
}
