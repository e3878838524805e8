//! Whether what a venue says of our positions goes on agreeing with the ledgers once quoting has begun.
//!
//! News of a fill and of the position it leads to come one after the other, so that the two differ for moments. A difference that
//! lasts is asked about, and one that is still there by what the venue answers is a mismatch: nobody knows what is held.
//!
//! Never here: what is done about it.

use ballast_model::{Lots, Nanos, Span};

use crate::live::board::View;
use crate::live::standing::{Reliance, VenueView};
use crate::live::start::Seat;

/// How long a difference may last before the venue is asked.
const LASTS_MAX: Span = Span::from_secs(2);

/// An instrument's position by venue and ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Doubt {
    /// Since when they differ.
    since: Option<Nanos>,
    /// When the venue was asked.
    asked: Option<Nanos>,
}

/// What follows from a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// Nothing, so far.
    Well,
    /// This venue is to say all of it anew.
    Ask(usize),
    /// The two differ by what the venue said when it was asked.
    Mismatch,
}

/// Looks at positions, instrument by instrument.
#[derive(Debug)]
pub(super) struct Audit {
    doubts: Vec<Doubt>,
}

impl Audit {
    pub(super) fn new(seats: usize) -> Self {
        Self { doubts: vec![Doubt::default(); seats] }
    }

    /// Begins anew.
    pub(super) fn forget(&mut self) {
        self.doubts.fill(Doubt::default());
    }

    /// Looks at every instrument; the worst that was found, the first of equals.
    pub(super) fn look(
        &mut self,
        seats: &[Seat],
        shards: &[View],
        venues: &[VenueView],
        now: Nanos,
    ) -> Finding {
        let mut found = Finding::Well;
        for (seat, doubt) in seats.iter().zip(&mut self.doubts) {
            let Some(venue) = venues.get(seat.venue) else { continue };
            let ledger = shards.get(seat.shard).and_then(|view| view.instruments.get(seat.of_shard.index()));
            let said = venue.positions.get(seat.of_venue.index()).copied().flatten();
            let (Some(ledger), Some(said)) = (ledger, said) else { continue };
            match doubt.look(said == Lots(ledger.position), venue.reliance, now) {
                Finding::Mismatch => return Finding::Mismatch,
                Finding::Ask(_) if found == Finding::Well => found = Finding::Ask(seat.venue),
                Finding::Ask(_) | Finding::Well => {}
            }
        }
        found
    }
}

impl Doubt {
    fn look(&mut self, agree: bool, reliance: Reliance, now: Nanos) -> Finding {
        // What is being asked for anew says nothing yet.
        let Reliance::Whole(whole) = reliance else { return Finding::Well };
        if agree {
            *self = Self::default();
            return Finding::Well;
        }
        let since = *self.since.get_or_insert(now);
        match self.asked {
            Some(asked) if whole > asked && now - asked >= LASTS_MAX => Finding::Mismatch,
            None if now - since >= LASTS_MAX => {
                self.asked = Some(now);
                Finding::Ask(0)
            }
            Some(_) | None => Finding::Well,
        }
    }
}

#[cfg(test)]
mod tests {
    use core::slice::from_ref;

    use ballast_model::InstrumentId;

    use super::*;
    use crate::live::board::Shown;

    const SEAT: Seat = Seat { venue: 0, of_venue: InstrumentId(0), shard: 0, of_shard: InstrumentId(0) };

    /// A look where the venue said `venue` when it was last asked at `whole`.
    fn look(audit: &mut Audit, (venue, ledger): (i64, i64), whole: Reliance, millis: i64) -> Finding {
        let shown = Shown { position: ledger, ..Shown::default() };
        let view = View { instruments: vec![shown], ..View::default() };
        let venue = VenueView { reliance: whole, positions: vec![Some(Lots(venue))], ..VenueView::default() };
        audit.look(&[SEAT], &[view], &[venue], at(millis))
    }

    const fn at(millis: i64) -> Nanos {
        Nanos(millis * 1_000_000)
    }

    const fn whole(millis: i64) -> Reliance {
        Reliance::Whole(at(millis))
    }

    #[test]
    fn a_difference_that_lasts_is_asked_about_and_then_believed() {
        let mut audit = Audit::new(1);
        for millis in [0, 500, 1_999] {
            assert_eq!(look(&mut audit, (0, 5), whole(0), millis), Finding::Well, "{millis}");
        }
        assert_eq!(look(&mut audit, (0, 5), whole(0), 2_000), Finding::Ask(0));
        assert_eq!(look(&mut audit, (0, 5), whole(0), 60_000), Finding::Well, "it has not answered");
        assert_eq!(look(&mut audit, (0, 5), Reliance::Asking(2), 60_000), Finding::Well);
        assert_eq!(look(&mut audit, (0, 6), whole(2_100), 3_999), Finding::Well, "a fill may be on its way");
        assert_eq!(look(&mut audit, (0, 6), whole(2_100), 4_000), Finding::Mismatch);
    }

    #[test]
    fn one_look_at_which_they_agree_begins_anew() {
        let mut audit = Audit::new(1);
        assert_eq!(look(&mut audit, (0, 5), whole(0), 0), Finding::Well);
        assert_eq!(look(&mut audit, (0, 5), whole(0), 2_000), Finding::Ask(0));
        assert_eq!(look(&mut audit, (5, 5), whole(2_100), 4_000), Finding::Well);
        assert_eq!(look(&mut audit, (5, 6), whole(2_100), 4_100), Finding::Well);
        assert_eq!(look(&mut audit, (5, 6), whole(2_100), 6_000), Finding::Well);
        assert_eq!(look(&mut audit, (5, 6), whole(2_100), 6_100), Finding::Ask(0));
        audit.forget();
        assert_eq!(look(&mut audit, (5, 6), whole(7_000), 9_000), Finding::Well);
    }

    #[test]
    fn a_venue_that_says_nothing_of_positions_is_in_no_doubt() {
        let mut audit = Audit::new(1);
        let venue = VenueView { reliance: whole(0), positions: vec![None], ..VenueView::default() };
        let view = View { instruments: vec![Shown { position: 5, ..Shown::default() }], ..View::default() };
        for millis in [0, 2_000, 60_000] {
            let found = audit.look(&[SEAT], from_ref(&view), from_ref(&venue), at(millis));
            assert_eq!(found, Finding::Well);
        }
    }
}
