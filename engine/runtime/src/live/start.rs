//! The start gate: nothing is quoted before books, account and open orders are known and agree with the ledger.
//!
//! The shards are paused until then, by a command that stands in their journals like any other.

use ballast_core::shard::Doubt;
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
    /// An instrument whose position was in doubt to hear that it is what the venue says.
    Doubt {
        /// Of which.
        seat: Seat,
        /// What both say; on spot, where the venue says none, what its list of trades leads to.
        position: Lots,
    },
}

impl Waits {
    /// Whether it is worth asking at once, without waiting for the next round: what is asked for is safe however often it is.
    const fn is_prompt(&self) -> bool {
        match self {
            Self::Orders(..) | Self::Doubt { .. } => true,
            Self::Account(_) | Self::Book(_) | Self::Position { .. } => false,
        }
    }

    /// The venue that has not yet said how our account stands there.
    const fn venue(&self) -> Option<usize> {
        match self {
            Self::Account(venue) | Self::Orders(venue, _) => Some(*venue),
            Self::Book(_) | Self::Position { .. } | Self::Doubt { .. } => None,
        }
    }

    /// Whether both wait for the same, whatever the numbers are by now.
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Account(one), Self::Account(other)) | (Self::Orders(one, _), Self::Orders(other, _)) => {
                one == other
            }
            (Self::Book(one), Self::Book(other))
            | (Self::Position { seat: one, .. }, Self::Position { seat: other, .. })
            | (Self::Doubt { seat: one, .. }, Self::Doubt { seat: other, .. }) => one == other,
            _ => false,
        }
    }

    /// Whether it is to be asked for before the next round, having waited for this before.
    pub(super) fn is_news(&self, before: &[Self]) -> bool {
        self.is_prompt() && !before.iter().any(|known| self.is_same(known))
    }
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
    let unsettled: Vec<usize> = waits.iter().filter_map(Waits::venue).collect();
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
            (Some(shown), said) if is_ended(shown.doubt, said) && !unsettled.contains(&seat.venue) => {
                waits.push(Waits::Doubt { seat: *seat, position: Lots(shown.position) });
            }
            (Some(_), _) => {}
            (None, _) => waits.push(Waits::Book(*seat)),
        }
    }
    waits
}

/// Whether what is said of a position ends the doubt about it: a venue's word of it always, and what its list of trades leads to
/// where nothing but the record of ours is missing.
const fn is_ended(doubt: Doubt, said: Option<Lots>) -> bool {
    match doubt {
        Doubt::None => false,
        Doubt::Record => true,
        Doubt::Fills => said.is_some(),
    }
}

/// A command of the start itself.
#[must_use]
pub(super) const fn command(scope: OperatorScope, act: OperatorAct) -> OperatorCommand {
    OperatorCommand { scope, act, operator: OperatorId(0), reason: STARTING }
}

/// The command that ends the doubt about a position.
#[must_use]
pub(super) const fn confirm(seat: Seat, position: Lots) -> OperatorCommand {
    command(OperatorScope::Instrument(seat.of_shard), OperatorAct::Confirm(position))
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
        let doubted = |doubt| {
            let shown = Shown { mid: 9, position: 5, doubt, ..Shown::default() };
            View { instruments: vec![shown], ..View::default() }
        };
        let confirmed = Waits::Doubt { seat: SEAT, position: Lots(5) };
        assert_eq!(of(doubted(Doubt::Record), venue(whole, 0, Some(5))), [confirmed]);
        assert_eq!(of(doubted(Doubt::Record), venue(whole, 0, None)), [confirmed], "by its list of trades");
        assert_eq!(of(doubted(Doubt::Fills), venue(whole, 0, Some(5))), [confirmed]);
        assert_eq!(of(doubted(Doubt::Fills), venue(whole, 0, None)), [], "an operator has the word");
        let other = Waits::Position { seat: SEAT, venue: Lots(6), ledger: Lots(5) };
        assert_eq!(of(doubted(Doubt::Record), venue(whole, 0, Some(6))), [other]);
        assert_eq!(of(doubted(Doubt::Record), venue(Reliance::Blind, 0, Some(5))), [Waits::Account(0)]);
        assert_eq!(waits(&[SEAT], &[View::default()], &[venue(whole, 0, Some(0))]), [Waits::Book(SEAT)]);
    }

    #[test]
    fn what_is_safe_to_ask_again_is_asked_as_soon_as_it_is_missed() {
        let doubt = Waits::Doubt { seat: SEAT, position: Lots(5) };
        assert!(Waits::Orders(0, 3).is_news(&[]) && doubt.is_news(&[]));
        assert!(!Waits::Orders(0, 3).is_news(&[Waits::Orders(0, 4)]), "the same, though fewer");
        assert!(Waits::Orders(0, 3).is_news(&[Waits::Orders(1, 3), doubt]));
        assert!(!doubt.is_news(&[doubt]));
        let apart = Waits::Position { seat: SEAT, venue: Lots(1), ledger: Lots(2) };
        for patient in [apart, Waits::Account(0), Waits::Book(SEAT)] {
            assert!(!patient.is_news(&[]), "{patient:?}");
        }
    }
}
