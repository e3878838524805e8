//! Where decoded levels go.

use crate::Side;

/// The sink has no room for another level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// Receives the levels of a depth frame or snapshot in the order in which the frame holds them.
pub trait LevelSink {
    /// Forgets every level pushed so far. Called before the first level of a frame; again when the twin
    /// starts the frame over.
    fn begin(&mut self);

    /// Takes one level: `ticks` in `0..=PRICE_TICKS_MAX`, `lots` in `0..=LOTS_MAX`; zero lots remove the
    /// level.
    ///
    /// # Errors
    /// [`Full`] ends the frame with [`SinkFull`](crate::DecodeErrorKind::SinkFull).
    fn push(&mut self, side: Side, ticks: u64, lots: u64) -> Result<(), Full>;

    /// A level lies between the points of the grids, and is not pushed; only where that is asked for
    /// ([`SymbolTable::pass_over_strays`](crate::SymbolTable::pass_over_strays)).
    fn pass_over(&mut self, _side: Side) {}
}
