//! How long venues take to answer new orders: from the hand-over of the command at the venue's thread to the reading of the answer.
//!
//! Never here: a clock, an allocation after construction.

use ballast_model::{ClientOrderId, Command, Event, Nanos, OrderReport, Span};

/// Orders that wait for an answer at most; of more the oldest are not measured.
const WAITING: usize = 256;
/// Steps of an octave.
const STEPS: usize = 8;
/// Bits that tell them apart.
const STEP_BITS: u32 = STEPS.trailing_zeros();
/// All steps of all spans there are.
const ALL: usize = 64 * STEPS;

/// Answers so far, by how long they took.
#[derive(Clone, Debug)]
pub(super) struct Trips {
    /// By the last bits of the id.
    waiting: Box<[Option<(ClientOrderId, Nanos)>; WAITING]>,
    counts: Box<[u32; ALL]>,
    count: u64,
    longest: Span,
}

/// How long answers took: a percentile is the upper end of a step, at most an eighth more than it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoundTrips {
    /// Answers measured.
    pub count: u64,
    /// The median.
    pub p50: Span,
    /// Of ten one took longer.
    pub p90: Span,
    /// Of a hundred one took longer.
    pub p99: Span,
    /// The longest, exactly.
    pub longest: Span,
}

impl Trips {
    pub(super) fn new() -> Self {
        Self { waiting: Box::new([None; WAITING]), counts: Box::new([0; ALL]), count: 0, longest: Span::ZERO }
    }

    fn place(&mut self, id: ClientOrderId) -> Option<&mut Option<(ClientOrderId, Nanos)>> {
        self.waiting.get_mut(usize::try_from(id.0).unwrap_or_default() % WAITING)
    }

    /// A command goes out.
    #[inline]
    pub(super) fn sent(&mut self, command: &Command, now: Nanos) {
        if let Command::New(order) = command
            && let Some(place) = self.place(order.client_id)
        {
            *place = Some((order.client_id, now));
        }
    }

    /// Something is told of our orders.
    #[inline]
    pub(super) fn told(&mut self, event: &Event, now: Nanos) {
        let Event::Order(update) = event else { return };
        let Some(place) = self.place(update.client_id) else { return };
        let Some((_, since)) = place.take_if(|(id, _)| *id == update.client_id) else { return };
        // What was not sent, and what nobody knows of, took no time that could be told.
        if !matches!(update.report, OrderReport::NotSent | OrderReport::FateUnknown) {
            self.add(now - since);
        }
    }

    fn add(&mut self, took: Span) {
        self.count += 1;
        self.longest = self.longest.max(took);
        if let Some(count) = self.counts.get_mut(step(took)) {
            *count = count.saturating_add(1);
        }
    }

    /// How long answers took so far.
    pub(super) fn summary(&self) -> RoundTrips {
        let [p50, p90, p99] = [50, 90, 99].map(|percent| self.percentile(percent));
        RoundTrips { count: self.count, p50, p90, p99, longest: self.longest }
    }

    fn percentile(&self, percent: u64) -> Span {
        let mut left = (self.count * percent).div_ceil(100);
        for (at, count) in self.counts.iter().enumerate() {
            left = left.saturating_sub(u64::from(*count));
            if left == 0 && self.count > 0 {
                return end(at).min(self.longest);
            }
        }
        self.longest
    }
}

/// The step a span is in: the first are a nanosecond each.
fn step(took: Span) -> usize {
    let ns = took.0.max(0).unsigned_abs();
    let octave = ns.checked_ilog2().unwrap_or_default();
    match octave.checked_sub(STEP_BITS) {
        None => usize::try_from(ns).unwrap_or_default(),
        Some(above) => {
            let part = usize::try_from((ns >> above) % STEPS as u64).unwrap_or_default();
            (above as usize + 1) * STEPS + part
        }
    }
}

/// The longest span of a step.
fn end(step: usize) -> Span {
    let (octave, part) = (step / STEPS, step % STEPS);
    let ns = match octave.checked_sub(1) {
        None => part as u128,
        Some(above) => ((STEPS + part + 1) as u128) << above,
    };
    Span(i64::try_from(ns - u128::from(octave > 0)).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ballast_model::{
        InstrumentId, Lots, NewOrder, OrderUpdate, Price, ReduceOnly, Side, TimeInForce, VenueOrderId,
    };
    use proptest::prelude::*;

    const ETH: InstrumentId = InstrumentId(0);

    fn order(id: u64) -> Command {
        Command::New(NewOrder {
            instrument: ETH,
            client_id: ClientOrderId(id),
            side: Side::Bid,
            price: Price(1),
            lots: Lots(1),
            tif: TimeInForce::PostOnly,
            reduce_only: ReduceOnly::No,
            expires_at: Nanos(1 << 40),
        })
    }

    fn answer(id: u64, report: OrderReport) -> Event {
        let client_id = ClientOrderId(id);
        Event::Order(OrderUpdate { instrument: ETH, client_id, report, venue_time: Nanos(0) })
    }

    #[test]
    fn an_order_is_measured_once_and_only_where_the_venue_answers() {
        let mut trips = Trips::new();
        trips.sent(&order(1), Nanos(1_000));
        trips.sent(&order(2), Nanos(1_000));
        trips.sent(&order(3), Nanos(1_000));
        trips.told(&answer(2, OrderReport::NotSent), Nanos(2_000));
        trips.told(&answer(3, OrderReport::FateUnknown), Nanos(9_000));
        trips.told(&answer(9, OrderReport::Accepted(VenueOrderId(1))), Nanos(9_000));
        assert_eq!(trips.summary(), RoundTrips::default());
        trips.told(&answer(1, OrderReport::Accepted(VenueOrderId(1))), Nanos(4_000));
        trips.told(&answer(1, OrderReport::Cancelled), Nanos(8_000));
        let span = Span(3_000);
        assert_eq!(
            trips.summary(),
            RoundTrips { count: 1, p50: span, p90: span, p99: span, longest: span },
            "a cancel is no answer to the order"
        );
    }

    #[test]
    fn an_id_that_takes_the_place_of_another_is_measured_and_the_other_is_not() {
        let mut trips = Trips::new();
        trips.sent(&order(1), Nanos(0));
        trips.sent(&order(1 + WAITING as u64), Nanos(50));
        trips.told(&answer(1, OrderReport::Accepted(VenueOrderId(1))), Nanos(90));
        assert_eq!(trips.summary().count, 0);
        trips.told(&answer(1 + WAITING as u64, OrderReport::Accepted(VenueOrderId(2))), Nanos(90));
        assert_eq!((trips.summary().count, trips.summary().longest), (1, Span(40)));
    }

    proptest! {
        #[test]
        fn a_percentile_is_at_most_an_eighth_above_what_it_was(mut spans in prop::collection::vec(0i64..i64::MAX / 2, 1..200)) {
            let mut trips = Trips::new();
            spans.iter().for_each(|span| trips.add(Span(*span)));
            spans.sort_unstable();
            let summary = trips.summary();
            prop_assert_eq!(summary.longest, Span(spans[spans.len() - 1]));
            for (percent, said) in [(50, summary.p50), (90, summary.p90), (99, summary.p99)] {
                let exact = spans[(spans.len() * percent).div_ceil(100) - 1];
                prop_assert!(said.0 >= exact && said.0 <= exact + exact / 8 + 1, "{} {} {}", percent, exact, said.0);
            }
        }
    }
}
