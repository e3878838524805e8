//! What a tape keeps of markets whose feed tells every order by id: beside each book diff, what became of others' orders.
//!
//! The core is shown the diff; the venue is told first of the orders.
//!
//! Never here: ids of orders. Who reads the feed knows them.

use std::slice::Iter;

use ballast_exchange::OrderFlow;
use ballast_model::{BookKind, InstrumentId, Nanos, PackedLevel, UpdateId};

use super::record::{Kind, Record};
use super::{Tape, TapeError};

/// What became of orders, diff by diff.
#[derive(Clone, Debug, Default)]
pub(super) struct Orders {
    flow: Vec<OrderFlow>,
    /// By diff: how many of them are its.
    counts: Vec<u32>,
    /// Whose feeds tell orders.
    instruments: Vec<InstrumentId>,
}

impl Orders {
    /// Memory taken, in bytes.
    pub(super) const fn bytes(&self) -> usize {
        self.flow.len() * size_of::<OrderFlow>() + self.counts.len() * size_of::<u32>()
    }

    /// Before the first diff.
    pub(super) fn reader(&self) -> Reader<'_> {
        Reader { flow: &self.flow, counts: self.counts.iter() }
    }
}

/// What the diffs still to come have.
#[derive(Clone, Debug)]
pub(super) struct Reader<'a> {
    flow: &'a [OrderFlow],
    counts: Iter<'a, u32>,
}

impl<'a> Reader<'a> {
    /// That of the next diff.
    pub(super) fn next(&mut self) -> &'a [OrderFlow] {
        let count = self.counts.next().map_or(0, |count| *count as usize);
        let (taken, left) = self.flow.split_at_checked(count).unwrap_or_default();
        self.flow = left;
        taken
    }
}

/// A book diff or snapshot and what became of the orders it comes of.
#[derive(Clone, Copy, Debug)]
pub struct OrderDiff<'a> {
    /// The instrument.
    pub instrument: InstrumentId,
    /// Whether it is a change of the book or all of it.
    pub kind: BookKind,
    /// Number of the update.
    pub update_id: UpdateId,
    /// When the venue made it.
    pub venue_time: Nanos,
    /// When we received it.
    pub recv_time: Nanos,
    /// Bids and their sizes now.
    pub bids: &'a [PackedLevel],
    /// Asks and their sizes now.
    pub asks: &'a [PackedLevel],
    /// What became of orders, in its order; of no meaning for a snapshot.
    pub flow: &'a [OrderFlow],
}

impl Tape {
    /// Takes in a book diff or snapshot that comes of orders told by id.
    ///
    /// # Errors
    /// [`TapeError::TooManyLevels`], of levels or of orders; the tape is unchanged.
    pub fn push_orders(&mut self, diff: &OrderDiff<'_>) -> Result<(), TapeError> {
        let OrderDiff { instrument, kind, update_id, venue_time, recv_time, bids, asks, flow } = *diff;
        let counts = [u16::try_from(bids.len()), u16::try_from(asks.len())];
        let ([Ok(bid_count), Ok(ask_count)], Ok(flow_count)) = (counts, u32::try_from(flow.len())) else {
            return Err(TapeError::TooManyLevels);
        };
        self.levels.extend_from_slice(bids);
        self.levels.extend_from_slice(asks);
        self.level_updates += u64::from(bid_count) + u64::from(ask_count);
        if kind == BookKind::Diff {
            self.orders.flow.extend_from_slice(flow);
            self.orders.counts.push(flow_count);
        }
        if !self.orders.instruments.contains(&instrument) {
            self.orders.instruments.push(instrument);
        }
        let kind = match kind {
            BookKind::Diff => Kind::OrderDiff,
            BookKind::Snapshot => Kind::Snapshot,
        };
        let (counts, id) = ([bid_count, ask_count], update_id.0);
        self.push_record(Record { recv_time, venue_time, id, counts, instrument, kind });
        Ok(())
    }

    /// Whether the feed of this instrument tells orders by id.
    #[must_use]
    pub fn has_orders(&self, instrument: InstrumentId) -> bool {
        self.orders.instruments.contains(&instrument)
    }
}
