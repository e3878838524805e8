//! One instrument's book as the session keeps it: not the levels, only whether they may be trusted and what the engine
//! must still hear of it.

use alloc::string::String;

use ballast_model::{BookLost, Event, InstrumentId, LostReason};

use super::sync::BookSync;
use super::{Dialect, InstrumentFeed};
use crate::{EventSink, RingFull};

/// One instrument's book.
#[derive(Debug)]
pub(super) struct Book {
    pub(super) instrument: InstrumentId,
    /// The venue's name, upper case.
    pub(super) symbol: String,
    pub(super) sync: BookSync,
    /// News of a loss that the sink has not taken yet. While there is any, nothing else of this instrument goes out.
    owed: Option<LostReason>,
}

impl Book {
    pub(super) fn new(dialect: &'static Dialect, feed: &InstrumentFeed<'_>) -> Self {
        Self {
            instrument: feed.id,
            symbol: String::from(feed.symbol),
            sync: BookSync::new(dialect),
            owed: None,
        }
    }

    /// Pushes events of this instrument, after the news it owes.
    #[inline]
    pub(super) fn push<S: EventSink>(&mut self, batch: &[Event], out: &mut S) -> Result<(), RingFull> {
        self.settle(out)?;
        out.push(batch)
    }

    /// Tells the sink that the book is lost, or keeps the news for [`settle`](Self::settle). A sink that was full once
    /// has missed events, so that is what it hears then.
    pub(super) fn tell_lost<S: EventSink>(
        &mut self,
        reason: LostReason,
        out: &mut S,
    ) -> Result<(), RingFull> {
        self.owed = Some(reason);
        self.settle(out)
    }

    /// Tells the sink what it is owed.
    #[inline]
    pub(super) fn settle<S: EventSink>(&mut self, out: &mut S) -> Result<(), RingFull> {
        let Some(reason) = self.owed else { return Ok(()) };
        let lost = Event::BookLost(BookLost { instrument: self.instrument, reason });
        let told = out.push(&[lost]);
        self.owed = told.err().map(|RingFull| LostReason::RingFull);
        told
    }
}
