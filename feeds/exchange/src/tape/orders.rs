//! What a feed that tells every order by id says of orders other than ours.
//!
//! Whoever reads such a feed knows each order and rebuilds the book by level from them. Of an order that joined a level, we need
//! to know no more than whether it stood there before ours: [`OrderFlow::joined`] is the update with which it joined, and it is
//! ahead of ours where that is not after the last one the venue had made when ours arrived.
//!
//! Never here: ids, a book.

use ballast_model::{PackedLevel, Side, UpdateId};

/// Something happened to an order at its place in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderFlow {
    /// What.
    pub kind: FlowKind,
    /// The side on which it rests.
    pub side: Side,
    /// Its price, and of how many of its lots this is told; above zero.
    pub level: PackedLevel,
    /// The update of the book with which it joined the queue that it stands in.
    pub joined: UpdateId,
}

/// What happened to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowKind {
    /// It traded, as the one that rested. The book is as it was: that the lots are gone is told as [`FlowKind::Left`].
    Traded,
    /// Lots of it left the queue: traded, cancelled, or gone to another place.
    Left,
}
