//! Paper trading: real markets, simulated fills.
//!
//! The simulated venue sees each message of the market when we do, not earlier as the real one would: our orders then meet it later by the
//! latency that is configured, as in a replay whose market takes no time to reach us.

use ballast_exchange::TapeVenue;
use ballast_model::{Command, Event, Nanos};
use ballast_venue::{EventSink, RingFull};

use super::rings::Router;

/// A simulated venue behind a real market.
#[derive(Debug)]
pub struct Paper {
    venue: TapeVenue,
}

impl Paper {
    /// With this venue, whose instruments bear the numbers of the market's session.
    #[must_use]
    pub const fn new(venue: TapeVenue) -> Self {
        Self { venue }
    }

    /// A command leaves us.
    pub(super) fn send(&mut self, command: &Command, now: Nanos) {
        self.venue.send(command, now);
    }

    /// When [`Paper::advance`] has something to do.
    pub(super) fn next_deadline(&self) -> Option<Nanos> {
        [self.venue.next_due(), self.venue.next_funding()].into_iter().flatten().min()
    }

    /// Lets the venue act up to `now`, and takes what has reached us by then.
    pub(super) fn advance(&mut self, now: Nanos, mut heard: impl FnMut(Event)) {
        loop {
            let arrival = self.venue.next_arrival().filter(|at| *at <= now);
            let funding = self.venue.next_funding().filter(|at| *at <= now);
            match (arrival, funding) {
                (None, None) => break,
                (Some(at), Some(funding)) if funding <= at => self.venue.on_funding(funding),
                (None, Some(funding)) => self.venue.on_funding(funding),
                (Some(_), _) => self.venue.on_arrival(),
            }
        }
        while let Some(event) = self.venue.pop_response(now) {
            heard(event);
        }
    }
}

/// What the session tells goes to the shards and, where fills are simulated, to the simulated venue.
#[derive(Debug)]
pub(super) struct Shown<'a> {
    pub(super) router: Router<'a>,
    pub(super) paper: Option<&'a mut Paper>,
    pub(super) now: Nanos,
}

impl EventSink for Shown<'_> {
    #[inline]
    fn push(&mut self, batch: &[Event]) -> Result<(), RingFull> {
        self.router.push(batch)?;
        if let Some(paper) = &mut self.paper {
            batch.iter().for_each(|event| paper.venue.on_market(event, self.now));
        }
        Ok(())
    }
}
