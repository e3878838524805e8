//! Counts what the core noted, and follows when quotes stood.
//!
//! Never here: a word for a person, a list that grows with the run.

use ballast_core::oms::{BeforeCancel, Order, OrderState};
use ballast_core::outbox::Note;
use ballast_core::shard::Shard;
use ballast_model::{Event, InstrumentId, Nanos};

/// How often the core noted one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoteCount {
    /// See [`Note::kind`].
    pub kind: &'static str,
    /// See [`Note::reason`].
    pub reason: Option<&'static str>,
    /// How often.
    pub count: u64,
    /// When first, on our clock.
    pub first: Nanos,
    /// When last.
    pub last: Nanos,
}

impl NoteCount {
    /// Kind and reason in one stable name: `held_halted`, `overfilled`.
    #[must_use]
    pub fn name(&self) -> String {
        self.reason.map_or_else(|| self.kind.to_owned(), |reason| format!("{}_{reason}", self.kind))
    }
}

/// What was noted of an instrument, and whether it was quoted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InstrumentNotes {
    /// In the order they first came: at most one for each kind and reason.
    pub notes: Vec<NoteCount>,
    /// Whether a quote of ours stands at the venue, as far as we have heard.
    pub stands: bool,
    /// When we last heard of a quote that it stands, or that the last one no longer does; `None` where none ever stood.
    pub stood_at: Option<Nanos>,
}

/// What was noted during a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoteCounts {
    /// By [`InstrumentId`].
    pub instruments: Vec<InstrumentNotes>,
    /// What is of no single instrument.
    pub others: Vec<NoteCount>,
}

impl NoteCounts {
    /// Nothing noted yet of so many instruments.
    #[must_use]
    pub fn new(instruments: usize) -> Self {
        Self { instruments: vec![InstrumentNotes::default(); instruments], others: Vec::new() }
    }

    /// Counts the notes of one event.
    pub fn count(&mut self, notes: &[Note], now: Nanos) {
        for note in notes {
            let own = note.instrument().and_then(|id| self.instruments.get_mut(id.index()));
            let counts = own.map_or(&mut self.others, |own| &mut own.notes);
            let (kind, reason) = (note.kind(), note.reason());
            match counts.iter_mut().find(|known| (known.kind, known.reason) == (kind, reason)) {
                Some(known) => (known.count, known.last) = (known.count + 1, now),
                None => counts.push(NoteCount { kind, reason, count: 1, first: now, last: now }),
            }
        }
    }

    /// Follows the quotes of the instrument that an answer of the venue is about.
    pub fn follow(&mut self, event: &Event, now: Nanos, shard: &Shard) {
        let id = if let Event::Order(update) = event {
            update.instrument
        } else if let Event::Fill(fill) = event {
            fill.instrument
        } else {
            return;
        };
        let Some(own) = self.instruments.get_mut(id.index()) else { return };
        let stands = stands(shard, id);
        if stands || own.stands {
            own.stood_at = Some(now);
        }
        own.stands = stands;
    }
}

/// Whether an order rests at the venue, as far as we have heard.
pub(super) fn rests(order: &Order) -> bool {
    let known = matches!(
        order.state,
        OrderState::Live
            | OrderState::PendingReplace
            | OrderState::PendingCancel(BeforeCancel::Live | BeforeCancel::Replace)
    );
    known && order.tif.may_rest()
}

/// Whether the venue has an order of ours that rests, as far as we have heard.
fn stands(shard: &Shard, id: InstrumentId) -> bool {
    shard.orders(id).is_some_and(|orders| orders.open_orders().any(rests))
}

#[cfg(test)]
mod tests {
    use ballast_core::gate::{Refusal, Rule, Scope};
    use ballast_core::model::Hold;
    use ballast_model::AssetId;

    use super::*;

    #[test]
    fn notes_are_counted_by_instrument_kind_and_reason() {
        let mut counts = NoteCounts::new(2);
        let (first, second) = (InstrumentId(0), InstrumentId(1));
        let refusal = Refusal { rule: Rule::Position, scope: Scope::Instrument(second), found: 2, limit: 1 };
        counts.count(&[Note::Held(first, Hold::NoTouch), Note::Refused(second, refusal)], Nanos(1));
        counts.count(&[Note::Held(first, Hold::Halted), Note::UnbookableBalance(AssetId(0))], Nanos(2));
        counts.count(&[Note::Held(first, Hold::NoTouch), Note::Overfilled(first)], Nanos(3));
        let names = |notes: &[NoteCount]| -> Vec<_> {
            notes.iter().map(|note| (note.name(), note.count, note.first.0, note.last.0)).collect()
        };
        let [one, two] = &counts.instruments[..] else { panic!("two instruments") };
        let expected = [("held_no_touch", 2, 1, 3), ("held_halted", 1, 2, 2), ("overfilled", 1, 3, 3)];
        assert_eq!(names(&one.notes), expected.map(|(name, n, a, b)| (name.to_owned(), n, a, b)));
        assert_eq!(names(&two.notes), [("refused_position".to_owned(), 1, 1, 1)]);
        assert_eq!(names(&counts.others), [("unbookable_balance".to_owned(), 1, 2, 2)]);
        assert_eq!(one.stood_at, None);
    }
}
