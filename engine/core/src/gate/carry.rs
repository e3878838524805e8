//! What closes gates, and losses as they are counted, as words and back. What only a market or the passing of time can tell again
//! is not among it, nor is a journal's halt: the next run has another journal.

use ballast_model::{Carried, CarriedKind, Money, Nanos};

use super::Gate;
use super::limits::{GateState, Halt, HaltBy, Halts};
use super::loss::LossGuard;
use super::refusal::Rule;
use super::watch::Watch;
use crate::carry::{Of, Tell, amount, at, halves, time};

/// Whose halts and losses a word is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    Instrument = 0,
    Strategy = 1,
    Venue = 2,
    All = 3,
}

impl Whose {
    /// Whose the word is.
    pub(crate) const fn of(carried: &Carried) -> Option<Self> {
        let halves = if matches!(carried.kind, CarriedKind::Losses) { 2 } else { 1 };
        let part = carried.part / halves;
        Some(match part {
            0 => Self::Instrument,
            1 => Self::Strategy,
            2 => Self::Venue,
            3 => Self::All,
            _ => return None,
        })
    }

    /// Tells what closes a gate, and until when besides.
    pub(super) fn carry(self, of: u16, halts: &Halts, until: Option<Nanos>, tell: &mut Tell<'_>) {
        let halts = halts.lasting();
        if halts == Halts::NONE && until.is_none() {
            return;
        }
        let [low, high] = halts.words();
        let words = [low, high, time(until), 0, 0, 0];
        tell(Of::new(CarriedKind::Halts, of).word(self as u8, words));
    }

    /// Tells losses.
    pub(super) fn carry_loss(self, of: u16, loss: &LossGuard, tell: &mut Tell<'_>) {
        let ([base, peak], [realised, gross]) = loss.parts();
        let of = Of::new(CarriedKind::Losses, of);
        for (part, [one, two]) in (2 * self as u8..).zip([[base, peak], [realised, gross]]) {
            let ([a, b], [c, d]) = (halves(one), halves(two));
            tell(of.word(part, [a, b, c, d, 0, 0]));
        }
    }
}

/// Causes that have a place in what carries over: those from here on are the world's, which says anew how it is.
const CARRIED: usize = HaltBy::Access as usize;

impl Halts {
    /// Without what the next run does not take over.
    fn lasting(mut self) -> Self {
        for by in [HaltBy::Journal, HaltBy::Access] {
            if self.state(by) != GateState::Active {
                self.lift(by);
            }
        }
        self
    }

    fn words(&self) -> [u64; 2] {
        let mut bytes = [[0; 8]; 2];
        let places = bytes.as_flattened_mut().chunks_exact_mut(2);
        for (place, halt) in places.zip(self.by.iter().take(CARRIED).chain([&self.worst])) {
            place.copy_from_slice(&[halt.state as u8, halt.cause.code()]);
        }
        bytes.map(u64::from_le_bytes)
    }

    /// What closes a gate by these words; `None` where they say nothing of the kind.
    pub(super) fn of_words(low: u64, high: u64) -> Option<Self> {
        let bytes = [low.to_le_bytes(), high.to_le_bytes()];
        let (pairs, _) = bytes.as_flattened().as_chunks::<2>();
        let mut halts = Self::NONE;
        let places = halts.by.iter_mut().take(CARRIED).chain([&mut halts.worst]);
        for (place, [state, cause]) in places.zip(pairs) {
            let states = [GateState::Active, GateState::ReduceOnly, GateState::Paused, GateState::Killed];
            let state = *states.get(usize::from(*state))?;
            *place = Halt { state, cause: *Rule::ALL.get(usize::from(*cause))? };
        }
        Some(halts)
    }
}

impl LossGuard {
    const fn parts(&self) -> ([Money; 2], [Money; 2]) {
        ([Money(self.base), Money(self.peak)], [Money(self.realised), Money(self.whole)])
    }

    /// Takes back one of its two words.
    pub(super) const fn restore(&mut self, carried: &Carried) {
        let [a, b, c, d, ..] = carried.words;
        let (one, two) = (amount(a, b).0, amount(c, d).0);
        if carried.part.is_multiple_of(2) {
            (self.base, self.peak) = (one, two);
        } else {
            (self.realised, self.whole) = (one, two);
        }
    }
}

impl Watch {
    /// Until when fills have frozen the instrument, where that is not over at `now`.
    fn frozen(&self, now: Nanos) -> Option<Nanos> {
        self.fills.as_ref().map(|(_, counts)| counts.frozen_until).filter(|until| now < *until)
    }
}

impl Gate {
    /// Tells what closes it, and its losses as they are counted.
    pub(crate) fn carry(&self, now: Nanos, tell: &mut Tell<'_>) {
        let watch = self.watch.as_ref();
        let frozen = watch.and_then(|watch| watch.frozen(now));
        Whose::Instrument.carry(self.instrument.0, &self.halts, frozen, tell);
        if let Some(loss) = watch.and_then(|watch| watch.loss.as_ref()) {
            Whose::Instrument.carry_loss(self.instrument.0, loss, tell);
        }
    }

    /// Takes back a word of it; false where it has no place for what the word says.
    pub(crate) fn restore(&mut self, carried: &Carried) -> bool {
        let watch = self.watch.as_mut();
        if carried.kind == CarriedKind::Losses {
            let loss = watch.and_then(|watch| watch.loss.as_mut());
            return loss.map(|loss| loss.restore(carried)).is_some();
        }
        let [low, high, until, ..] = carried.words;
        let Some(halts) = Halts::of_words(low, high) else { return false };
        self.halts = halts;
        let Some(until) = at(until) else { return true };
        let fills = watch.and_then(|watch| watch.fills.as_mut());
        fills.map(|(_, counts)| counts.frozen_until = until).is_some()
    }
}
