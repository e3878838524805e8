//! Instruments by another number: a venue numbers all it trades, a shard its own.

use crate::command::Command;
use crate::event::Event;
use crate::ids::InstrumentId;

impl Event {
    /// The same, of the instrument with this number; an event of no instrument is what it was.
    #[must_use]
    #[inline]
    pub const fn of_instrument(mut self, instrument: InstrumentId) -> Self {
        match &mut self {
            Self::BookBegin(begin) => begin.instrument = instrument,
            Self::BookLevels(slot) => slot.instrument = instrument,
            Self::BookLost(lost) => lost.instrument = instrument,
            Self::Ticker(ticker) => ticker.instrument = instrument,
            Self::Trade(trade) => trade.instrument = instrument,
            Self::Mark(mark) => mark.instrument = instrument,
            Self::Order(update) => update.instrument = instrument,
            Self::Fill(fill) => fill.instrument = instrument,
            Self::Funding(payment) => payment.instrument = instrument,
            Self::Access(access) => access.instrument = instrument,
            Self::Carried(_)
            | Self::Config(_)
            | Self::Balance(_)
            | Self::Grant(_)
            | Self::Operator(_)
            | Self::Journal(_)
            | Self::Timer => {}
        }
        self
    }
}

impl Command {
    /// The same, to the instrument with this number.
    #[must_use]
    #[inline]
    pub const fn to_instrument(mut self, instrument: InstrumentId) -> Self {
        match &mut self {
            Self::New(order) => order.instrument = instrument,
            Self::Cancel(cancel) => cancel.instrument = instrument,
            Self::Replace(replace) => replace.instrument = instrument,
            Self::Query(query) => query.instrument = instrument,
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ClientOrderId;
    use crate::{BookLost, Cancel, LostReason};

    #[test]
    fn only_the_number_changes() {
        let lost = |id| Event::BookLost(BookLost { instrument: InstrumentId(id), reason: LostReason::Gap });
        assert_eq!(lost(3).of_instrument(InstrumentId(1)), lost(1));
        assert_eq!(Event::Timer.of_instrument(InstrumentId(1)), Event::Timer);
        let cancel =
            |id| Command::Cancel(Cancel { instrument: InstrumentId(id), client_id: ClientOrderId(7) });
        assert_eq!(cancel(3).to_instrument(InstrumentId(1)), cancel(1));
    }
}
