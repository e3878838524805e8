//! Why the ledger of an instrument is not to be believed, and what ends that.

use super::lane::Lane;

/// Why a ledger is not to be believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// It is believed.
    #[default]
    None,
    /// The record of the run before was damaged, and nobody can say what was traded after that: the venue can.
    Record,
    /// A fill could not be booked, or may be booked already.
    Fills,
}

impl Lane {
    /// Why the ledger is not to be believed.
    pub(super) const fn doubted(&self) -> Doubt {
        self.doubt
    }

    /// True where the ledger is not to be believed.
    pub(super) const fn in_doubt(&self) -> bool {
        !matches!(self.doubt, Doubt::None)
    }

    /// The position is in doubt: nothing may add to it until it is reconciled. Of two causes that of fills stays.
    pub(super) fn doubt(&mut self, cause: Doubt) {
        self.doubt = self.doubt.max(cause);
        if let Some(gate) = &mut self.orders.gate {
            gate.doubt();
        }
    }

    /// The position is in doubt no longer.
    pub(super) fn trust(&mut self) {
        self.doubt = Doubt::None;
        if let Some(gate) = &mut self.orders.gate {
            gate.confirm();
        }
    }
}
