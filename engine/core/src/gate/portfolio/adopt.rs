//! Other limits of everything together in the place of those in force. Which are set stays: nothing is summed for the others.
//!
//! Never here: one order.

use ballast_model::{InstrumentId, Nanos};

use super::{Group, Portfolio};

impl Portfolio {
    /// Takes over limits from a portfolio that was built for them, of the same instruments.
    pub(crate) fn adopt(&mut self, next: &Self, now: Nanos) {
        self.groups.iter_mut().zip(&next.groups).for_each(|(group, next)| group.adopt(next));
        for (venue, next) in self.venues.iter_mut().zip(&next.venues) {
            if let (Some((bucket, reserve)), Some((next, next_reserve))) =
                (&mut venue.messages, &next.messages)
            {
                bucket.adopt(next, now);
                *reserve = *next_reserve;
            }
        }
        for (strategy, next) in self.strategies.iter_mut().zip(&next.strategies) {
            if let (Some(loss), Some(next)) = (&mut strategy.loss, &next.loss) {
                loss.adopt(next);
            }
        }
        self.loss.adopt(&next.loss);
    }

    /// Whether anything that an instrument counts in is beyond its limit as it stands, or nobody can say.
    pub(crate) fn is_exceeded(&self, instrument: InstrumentId) -> bool {
        let member = self.members.get(instrument.index());
        member.is_some_and(|member| {
            member.legs.iter().any(|leg| self.groups.get(leg.group).is_some_and(Group::is_exceeded))
        })
    }
}
