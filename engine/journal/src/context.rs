//! What the numbers of a record are counted from: those of the records before in the same block.

use alloc::vec::Vec;

use ballast_model::InstrumentId;

/// The last numbers of one instrument.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) bid: i64,
    pub(crate) ask: i64,
    pub(crate) trade: i64,
    pub(crate) update_id: u64,
    pub(crate) trade_id: u64,
    pub(crate) venue_time: i64,
    pub(crate) mark_e8: i64,
    pub(crate) index_e8: i64,
    pub(crate) funding_e8: i64,
    pub(crate) funding_at_secs: i64,
    pub(crate) client_id: u64,
    pub(crate) venue_order: u64,
    pub(crate) own_trade: u64,
}

/// The last numbers of everything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Context {
    pub(crate) now: i64,
    instruments: Vec<Seen>,
}

impl Context {
    /// Forgets everything: a block begins.
    pub(crate) fn clear(&mut self) {
        self.now = 0;
        self.instruments.clear();
    }

    /// The numbers of an instrument: at most 2¹⁶ of them, which is what an id can say.
    pub(crate) fn of(&mut self, instrument: InstrumentId) -> &mut Seen {
        let index = instrument.index();
        if self.instruments.len() <= index {
            self.instruments.resize(index + 1, Seen::default());
        }
        #[expect(clippy::indexing_slicing, reason = "made long enough above")]
        &mut self.instruments[index]
    }
}
