//! What closes strategies, venues and everything, their losses, and dead man's switches, as words and back.

use ballast_model::{Carried, CarriedKind, Nanos};

use super::{Portfolio, Strategy};
use crate::carry::{Tell, at};
use crate::gate::carry::Whose;
use crate::gate::limits::{HaltBy, Halts};

impl Portfolio {
    /// Tells all that carries over of it.
    pub(crate) fn carry(&self, tell: &mut Tell<'_>) {
        for (of, strategy) in (0..).zip(&self.strategies) {
            Whose::Strategy.carry(of, &strategy.halts, None, tell);
            if let Some(loss) = &strategy.loss {
                Whose::Strategy.carry_loss(of, loss, tell);
            }
        }
        for (of, venue) in (0..).zip(&self.venues) {
            let mut halts = Halts::NONE;
            halts.close(HaltBy::Name, venue.halt);
            let armed = Some(venue.armed_until).filter(|until| *until != Nanos::MIN);
            Whose::Venue.carry(of, &halts, armed, tell);
        }
        Whose::All.carry(0, &self.all, None, tell);
        Whose::All.carry_loss(0, &self.loss, tell);
    }

    /// Takes back a word of it; false where it has no place for what the word says.
    pub(crate) fn restore(&mut self, whose: Whose, carried: &Carried) -> bool {
        if carried.kind == CarriedKind::Losses {
            let loss = match whose {
                Whose::All => Some(&mut self.loss),
                Whose::Strategy => self.strategy(carried).and_then(|strategy| strategy.loss.as_mut()),
                Whose::Instrument | Whose::Venue => None,
            };
            return loss.map(|loss| loss.restore(carried)).is_some();
        }
        let [low, high, until, ..] = carried.words;
        let Some(halts) = Halts::of_words(low, high) else { return false };
        match whose {
            Whose::Instrument => false,
            Whose::Strategy => self.strategy(carried).map(|strategy| strategy.halts = halts).is_some(),
            Whose::All => {
                self.all = halts;
                true
            }
            Whose::Venue => {
                let venue = self.venues.get_mut(usize::from(carried.of));
                let restored = venue.map(|venue| {
                    venue.halt = halts.worst();
                    venue.armed_until = at(until).unwrap_or(Nanos::MIN);
                });
                restored.is_some()
            }
        }
    }

    fn strategy(&mut self, carried: &Carried) -> Option<&mut Strategy> {
        self.strategies.get_mut(usize::from(carried.of))
    }
}
