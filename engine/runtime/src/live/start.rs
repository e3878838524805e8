//! The start gate: nothing is quoted before books, account and open orders are known and agree with the ledger.
//!
//! The shards are paused until then, by a command that stands in their journals like any other.

use ballast_model::{
    HalfTicks, InstrumentId, Lots, OperatorAct, OperatorCommand, OperatorId, OperatorScope, Price, ReasonCode,
};

use super::board::View;
use super::standing::{Reliance, VenueView};

/// Why the start pauses and resumes, in the record.
pub const STARTING: ReasonCode = ReasonCode(u16::MAX - 1);

/// What is done about positions at the venue that the ledger does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strangers {
    /// They are booked, at the middle of the market.
    Adopted,
    /// Nothing is quoted while there are any.
    Refused,
}

/// Where an instrument of a venue is decided on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    /// The venue.
    pub venue: usize,
    /// Its number there.
    pub of_venue: InstrumentId,
    /// The shard.
    pub shard: usize,
    /// Its number there.
    pub of_shard: InstrumentId,
}

/// What is still waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waits {
    /// A venue to say how our account stands.
    Account(usize),
    /// Orders at a venue that are not ours of this run, to be cancelled.
    Orders(usize, u64),
    /// The book of an instrument.
    Book(Seat),
    /// An instrument's position, which the venue and the ledger do not agree on.
    Position {
        /// Of which.
        seat: Seat,
        /// The venue's.
        venue: Lots,
        /// The ledger's.
        ledger: Lots,
    },
}

/// Everything that is waited for; nothing where quoting may begin.
#[must_use]
pub fn waits(seats: &[Seat], shards: &[View], venues: &[VenueView]) -> Vec<Waits> {
    let mut waits = Vec::new();
    for (number, venue) in venues.iter().enumerate() {
        match venue.reliance {
            Reliance::Whole(_) if venue.open_orders == 0 => {}
            Reliance::Whole(_) => waits.push(Waits::Orders(number, venue.open_orders)),
            Reliance::Blind | Reliance::Asking(_) => waits.push(Waits::Account(number)),
        }
    }
    for seat in seats {
        let shown = shards.get(seat.shard).and_then(|view| view.instruments.get(seat.of_shard.index()));
        let said = venues
            .get(seat.venue)
            .and_then(|venue| venue.positions.get(seat.of_venue.index()).copied().flatten());
        match (shown, said) {
            (Some(shown), _) if shown.mid == 0 => waits.push(Waits::Book(*seat)),
            (Some(shown), Some(venue)) if venue.0 != shown.position => {
                waits.push(Waits::Position { seat: *seat, venue, ledger: Lots(shown.position) });
            }
            (Some(_), _) => {}
            (None, _) => waits.push(Waits::Book(*seat)),
        }
    }
    waits
}

/// A command of the start itself.
#[must_use]
pub(super) const fn command(scope: OperatorScope, act: OperatorAct) -> OperatorCommand {
    OperatorCommand { scope, act, operator: OperatorId(0), reason: STARTING }
}

/// The command that books a position the venue says, at the middle of the market.
#[must_use]
pub(super) const fn adopt(seat: Seat, position: Lots, mid: HalfTicks) -> OperatorCommand {
    let act = OperatorAct::Adjust { position, price: Price(mid.0 / 2) };
    command(OperatorScope::Instrument(seat.of_shard), act)
}

#[cfg(test)]
mod tests {
    use ballast_model::Nanos;

    use super::*;
    use crate::live::board::Shown;

    const SEAT: Seat = Seat { venue: 0, of_venue: InstrumentId(0), shard: 0, of_shard: InstrumentId(0) };

    fn view(mid: i64, position: i64) -> View {
        View { instruments: vec![Shown { mid, position, ..Shown::default() }], ..View::default() }
    }

    fn venue(reliance: Reliance, open_orders: u64, position: Option<i64>) -> VenueView {
        let positions = vec![position.map(Lots)];
        VenueView { reliance, open_orders, positions, ..VenueView::default() }
    }

    #[test]
    fn quoting_begins_once_everything_is_known_and_agrees() {
        let whole = Reliance::Whole(Nanos(1));
        let of = |view: View, venue: VenueView| waits(&[SEAT], &[view], &[venue]);
        assert_eq!(of(view(9, 0), venue(whole, 0, Some(0))), []);
        assert_eq!(of(view(9, 5), venue(whole, 0, None)), [], "spot tells of no position");
        assert_eq!(of(view(9, 0), venue(Reliance::Blind, 0, None)), [Waits::Account(0)]);
        assert_eq!(of(view(9, 0), venue(Reliance::Asking(3), 0, Some(0))), [Waits::Account(0)]);
        assert_eq!(of(view(9, 0), venue(whole, 2, Some(0))), [Waits::Orders(0, 2)]);
        assert_eq!(of(view(0, 0), venue(whole, 0, Some(0))), [Waits::Book(SEAT)]);
        let apart = Waits::Position { seat: SEAT, venue: Lots(-3), ledger: Lots(1) };
        assert_eq!(of(view(9, 1), venue(whole, 0, Some(-3))), [apart]);
        assert_eq!(waits(&[SEAT], &[View::default()], &[venue(whole, 0, Some(0))]), [Waits::Book(SEAT)]);
    }
}
