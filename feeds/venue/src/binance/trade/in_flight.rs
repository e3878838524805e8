//! Requests that wait for their answers, and what each answer will mean.
//!
//! A request's id is its place in the table and how often that place was used, so that an answer finds its request at once
//! and never another. A place is free again when its answer is there or overdue; those free for longest are used first, so
//! that an overdue answer is still understood for a while.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use ballast_model::{Command, Nanos};

/// Requests that may wait at a time.
pub const IN_FLIGHT_MAX: usize = 256;

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// What the core wanted.
    Command(Command),
    /// The connection is to be logged on.
    LogOn,
    /// News of the account are to come.
    Subscribe,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Waiting,
    Overdue,
    Answered,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    asked: Asked,
    state: State,
    /// How often the place was used; the id's high part.
    uses: u64,
    answer_by: Nanos,
}

/// The table. Allocated once.
#[derive(Debug)]
pub(super) struct InFlight {
    places: Vec<Place>,
    free: VecDeque<usize>,
    /// No answer is due before.
    earliest: Nanos,
}

impl InFlight {
    pub(super) fn new() -> Self {
        let (asked, state) = (Asked::LogOn, State::Answered);
        let empty = Place { asked, state, uses: 0, answer_by: Nanos::MAX };
        Self {
            places: alloc::vec![empty; IN_FLIGHT_MAX],
            free: (0..IN_FLIGHT_MAX).collect(),
            earliest: Nanos::MAX,
        }
    }

    /// The id that the next request will have; `None` where no place is free.
    pub(super) fn next_id(&self) -> Option<u64> {
        let place = *self.free.front()?;
        Some(self.id(place, self.places.get(place)?.uses + 1))
    }

    /// Takes the place of [`next_id`](Self::next_id).
    pub(super) fn ask(&mut self, asked: Asked, answer_by: Nanos) {
        let Some(place) = self.free.pop_front().and_then(|place| self.places.get_mut(place)) else { return };
        *place = Place { asked, state: State::Waiting, uses: place.uses + 1, answer_by };
        self.earliest = self.earliest.min(answer_by);
    }

    /// What the request with this id asked, and until when it was to be answered; `None` where there is none, or its answer has been.
    pub(super) fn answer(&mut self, id: u64) -> Option<(Asked, Nanos)> {
        let index = usize::try_from(id).ok()? % IN_FLIGHT_MAX;
        let place = self.places.get_mut(index)?;
        let uses = id / u64::try_from(IN_FLIGHT_MAX).ok()?;
        if place.uses != uses || place.state == State::Answered {
            return None;
        }
        if place.state == State::Waiting {
            self.free.push_back(index);
        }
        place.state = State::Answered;
        Some((place.asked, place.answer_by))
    }

    /// A request whose answer is overdue by now, if there is one; each is handed out once.
    pub(super) fn overdue(&mut self, now: Nanos) -> Option<Asked> {
        if now < self.earliest {
            return None;
        }
        let waiting = |place: &Place| place.state == State::Waiting;
        let due = self.places.iter().position(|place| waiting(place) && place.answer_by <= now);
        if let Some(index) = due
            && let Some(place) = self.places.get_mut(index)
        {
            place.state = State::Overdue;
            self.free.push_back(index);
            return Some(place.asked);
        }
        let left = self.places.iter().filter(|place| waiting(place)).map(|place| place.answer_by);
        self.earliest = left.min().unwrap_or(Nanos::MAX);
        None
    }

    /// Orders on their way to the venue that its counts do not yet hold.
    pub(super) fn orders(&self) -> u32 {
        let counted = |asked: &Asked| matches!(asked, Asked::Command(Command::New(_) | Command::Replace(_)));
        let waiting =
            self.places.iter().filter(|place| place.state == State::Waiting && counted(&place.asked));
        u32::try_from(waiting.count()).unwrap_or(u32::MAX)
    }

    /// No answer is due before.
    pub(super) const fn earliest(&self) -> Nanos {
        self.earliest
    }

    fn id(&self, place: usize, uses: u64) -> u64 {
        let width = u64::try_from(self.places.len()).unwrap_or_default();
        uses * width + u64::try_from(place).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ballast_model::{Cancel, ClientOrderId, InstrumentId};

    fn asked(number: u64) -> Asked {
        let client_id = ClientOrderId(number);
        Asked::Command(Command::Cancel(Cancel { instrument: InstrumentId(0), client_id }))
    }

    #[test]
    fn answers_find_their_requests_in_any_order() {
        let mut table = InFlight::new();
        let mut ids = Vec::new();
        for (number, answer_by) in (0..IN_FLIGHT_MAX as u64).zip(10..) {
            ids.push(table.next_id().unwrap());
            table.ask(asked(number), Nanos(answer_by));
        }
        assert_eq!(table.next_id(), None);
        assert_eq!((table.answer(ids[7]), table.answer(ids[7])), (Some((asked(7), Nanos(17))), None));
        assert_eq!(table.answer(ids[3]), Some((asked(3), Nanos(13))));
        let again = table.next_id().unwrap();
        table.ask(asked(999), Nanos(5_000));
        assert_eq!((table.answer(ids[7]), table.answer(again)), (None, Some((asked(999), Nanos(5_000)))));
        assert_eq!((table.answer(0), table.answer(u64::MAX)), (None, None));
    }

    #[test]
    fn what_is_overdue_is_told_once_and_its_late_answer_understood() {
        let mut table = InFlight::new();
        let first = table.next_id().unwrap();
        table.ask(asked(1), Nanos(10));
        table.ask(asked(2), Nanos(20));
        assert_eq!((table.earliest(), table.overdue(Nanos(9))), (Nanos(10), None));
        assert_eq!((table.overdue(Nanos(10)), table.overdue(Nanos(10))), (Some(asked(1)), None));
        assert_eq!(table.earliest(), Nanos(20));
        assert_eq!((table.answer(first), table.answer(first)), (Some((asked(1), Nanos(10))), None));
        assert_eq!((table.overdue(Nanos(30)), table.overdue(Nanos(30))), (Some(asked(2)), None));
        assert_eq!(table.earliest(), Nanos::MAX);
        assert_eq!(table.free.len(), IN_FLIGHT_MAX);
    }
}
