//! What must be so, whatever goes wrong. Each oracle has a name, by which a violation is told and a mutant caught.

mod book;
mod exposure;
mod fills;
mod fresh;
mod hedge;
mod kill;
mod rest;

use ballast_model::Nanos;

pub(crate) use book::book;
pub(crate) use exposure::Exposure;
pub(crate) use fills::FillsOnce;
pub(crate) use fresh::FreshInputs;
pub(crate) use hedge::Hedge;
pub(crate) use kill::KillHolds;
pub(crate) use rest::{Power, accounts, alive, at_rest, ended, gate, verified};

/// Names of all oracles, and what each holds to be so.
pub const ORACLES: [(&str, &str); 13] = [
    (
        fills::NAME,
        "each trade of the venue moves the believed position once, by its size, and nothing else does",
    ),
    (exposure::NAME, "position and open orders at the venue lie within the limit at the worse end"),
    (kill::NAME, "after a kill no order leaves but what reduces; under the latch none at all"),
    (
        fresh::NAME,
        "nothing that adds is sent on a market that is too old, or while orders or account are known to be cut off",
    ),
    (
        book::NAME,
        "a book that is shown as whole has the venue's levels, wherever it stands at the venue's update",
    ),
    (
        hedge::NAME,
        "no hedge order, with all others that may trade, carries what is open through nothing, and in the end what is open lies within \
         the band",
    ),
    (
        rest::GATE,
        "when the start gate opens, the position believed is the venue's and no order stands but a hedge that reduces and is known",
    ),
    (rest::POSITION, "at rest the position believed is the venue's, and every trade is booked"),
    (rest::LEDGER, "at rest flows, fees and funding of the ledger add up to those of the venue, exactly"),
    (rest::EMPTY, "at the end no order of ours is left, and that is known"),
    (rest::ALIVE, "once nothing goes wrong any more, quoting goes on"),
    (rest::VERIFY, "every journal decides the same again"),
    (PANIC, "nothing panics, and nothing spins"),
];

/// That a loop came to no rest, or a panic.
pub(crate) const PANIC: &str = "no-panic";

/// What an oracle says: its name and what it found, where something is not as it must be.
pub(crate) type Verdict = Result<(), (&'static str, String)>;

/// What an oracle found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which oracle.
    pub oracle: &'static str,
    /// When.
    pub at: Nanos,
    /// What it found.
    pub what: String,
}
