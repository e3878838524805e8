//! Stories of funding: when it is exchanged, on what, and how much.

use ballast_exchange::VenueSpec;
use ballast_model::{
    Contract, Event, FundingPayment, InstrumentSpec, MarkPrice, Money, Nanos, PaymentId, Side, Span, Step,
    TimeInForce,
};

use crate::rig::{BASE, ETH, QUOTE, Rig};

/// The venue's clock is this far behind ours.
const OFFSET: Span = Span::from_secs(3);
/// When funding is exchanged, as the venue names it.
const AT_SECS: u32 = 100;

/// A time in seconds of the venue's, on our clock.
fn ours(secs: i64) -> Nanos {
    Nanos::from_millis(1_000 * secs) + OFFSET
}

/// A mark of 100.00 made at `secs`.
fn mark(secs: i64, funding_e8: i32, funding_at_secs: u32) -> MarkPrice {
    MarkPrice {
        instrument: ETH,
        mark_e8: 10_000_000_000,
        index_e8: None,
        funding_e8,
        funding_at_secs,
        venue_time: Nanos::from_millis(1_000 * secs),
        recv_time: Nanos(0),
    }
}

impl Rig {
    fn tell_mark(&mut self, mark: MarkPrice) {
        self.wait_until(mark.venue_time + OFFSET - Span(1));
        self.market(Event::Mark(mark));
    }

    fn payments(&mut self) -> Vec<FundingPayment> {
        let payment = |event: Event| if let Event::Funding(payment) = event { Some(payment) } else { None };
        self.events().into_iter().filter_map(payment).collect()
    }

    fn paid(&mut self) -> Vec<i128> {
        self.payments().iter().map(|payment| payment.amount.money().0).collect()
    }
}

/// A venue at which we bought `lots` at 100.00, or sold them.
fn holding(side: Side, lots: i64, change: impl FnOnce(&mut VenueSpec)) -> Rig {
    let mut rig = Rig::with(change).then_showing(&[(9_999, 900)], &[(10_000, 900)]);
    let price = if side == Side::Bid { 10_000 } else { 9_999 };
    rig.order(side, price, lots, TimeInForce::ImmediateOrCancel);
    rig.hush();
    rig
}

const ATTO: i128 = Money::ONE.0;

#[test]
fn longs_pay_a_positive_rate_at_the_last_mark_before_the_time() {
    for (side, rate, paid) in [
        (Side::Bid, 10_000, -ATTO / 200), // 0.5 · 100 · 0.0001
        (Side::Ask, 10_000, ATTO / 200),
        (Side::Bid, -10_000, ATTO / 200),
        (Side::Ask, -10_000, -ATTO / 200),
    ] {
        let mut rig = holding(side, 500, |_| ());
        rig.tell_mark(MarkPrice { mark_e8: 1, ..mark(98, 77, AT_SECS) });
        assert_eq!(rig.venue.next_funding(), Some(ours(100)));
        rig.tell_mark(mark(99, rate, AT_SECS));
        assert_eq!(rig.paid(), [], "not before its time");
        // What is shown at the time itself comes too late for it.
        rig.tell_mark(MarkPrice { mark_e8: 1, ..mark(100, 55, 28_900) });
        let [payment] = rig.payments()[..] else { panic!("one payment") };
        assert_eq!((payment.instrument, payment.asset, payment.venue_time), (ETH, QUOTE, ours(100)));
        assert_eq!((payment.amount.money(), payment.payment_id), (Money(paid), PaymentId(1)));
        assert_eq!(rig.venue.traded(ETH).funding, Money(paid));
        assert_eq!((rig.venue.counters().payments, rig.venue.counters().unpayable), (1, 0));
        assert_eq!(rig.venue.next_funding(), Some(ours(28_900)));
    }
}

#[test]
fn an_inverse_position_pays_coins_by_its_face_rounded_against_us() {
    let inverse = |spec: &mut VenueSpec| {
        let rules = &mut spec.instruments[0];
        let step = |text| Step::parse(text).unwrap();
        let coin =
            InstrumentSpec { contract: Contract::Inverse, lot: step("1"), multiplier: 10, ..rules.spec };
        rules.spec = InstrumentSpec::new(coin).unwrap();
    };
    // 7 contracts of 10 at a mark of 97: 70 · 0.0003 / 97 coins.
    for (side, paid) in [(Side::Bid, -216_494_845_360_825), (Side::Ask, 216_494_845_360_824)] {
        let mut rig = holding(side, 7, inverse);
        rig.tell_mark(MarkPrice { mark_e8: 9_700_000_000, ..mark(99, 30_000, AT_SECS) });
        rig.venue.on_funding(ours(100));
        let [payment] = rig.payments()[..] else { panic!("one payment") };
        assert_eq!((payment.asset, payment.amount.money()), (BASE, Money(paid)));
    }
}

#[test]
fn a_time_is_paid_once_whatever_the_stream_says_again() {
    let mut rig = holding(Side::Bid, 500, |_| ());
    rig.tell_mark(mark(90, 10_000, AT_SECS));
    // A later time does not push an earlier one away, and brings no terms to it.
    rig.tell_mark(mark(95, 90_000, 200));
    assert_eq!(rig.venue.next_funding(), Some(ours(100)));
    rig.tell_mark(mark(101, 10_000, AT_SECS));
    assert_eq!(rig.paid(), [-ATTO / 200]);
    for late in [102, 103] {
        rig.tell_mark(mark(late, 10_000, AT_SECS));
        assert_eq!((rig.venue.next_funding(), rig.paid()), (None, vec![]));
    }
    rig.tell_mark(mark(104, 20_000, 200));
    rig.tell_mark(mark(200, 20_000, 300));
    assert_eq!(rig.paid(), [-ATTO / 100]);
}

#[test]
fn what_happens_at_its_time_comes_after_it() {
    let mut rig = holding(Side::Bid, 500, |_| ());
    rig.tell_mark(mark(99, 10_000, AT_SECS));
    rig.wait_until(ours(100) - Span(1));
    // Sold at the very time: the position before it pays.
    rig.order(Side::Ask, 9_999, 500, TimeInForce::ImmediateOrCancel);
    assert_eq!(rig.venue.position(ETH).0, 0);
    assert_eq!(rig.paid(), [-ATTO / 200]);
}

#[test]
fn a_flat_account_and_a_useless_mark_pay_nothing() {
    let mut rig = Rig::showing(&[(9_999, 900)], &[(10_000, 900)]);
    rig.tell_mark(mark(99, 10_000, AT_SECS));
    assert_eq!(rig.venue.next_funding(), None, "nothing to pay on");
    rig.tell_mark(mark(101, 10_000, 0));
    assert_eq!((rig.paid(), rig.venue.counters().payments), (vec![], 0));

    let mut rig = holding(Side::Bid, 500, |_| ());
    for useless in
        [mark(97, 10_000, 0), mark(98, 10_000, 98), MarkPrice { mark_e8: 0, ..mark(99, 1, AT_SECS) }]
    {
        rig.tell_mark(useless);
        assert_eq!(rig.venue.next_funding(), None, "{useless:?}");
    }
    assert!(!rig.venue.is_quiet(), "funding may come on what is held");
}

#[test]
fn a_payment_reaches_us_after_its_latency_though_it_is_found_late() {
    let response = Span::from_millis(250);
    let mut rig = holding(Side::Bid, 500, |spec| spec.latency.response = response);
    rig.tell_mark(mark(99, 10_000, AT_SECS));
    rig.tell_mark(mark(107, 10_000, 200));
    assert_eq!(rig.venue.next_response(), Some(ours(100) + response));
}
