//! Stories of funding that an instrument pays and receives.

use alloc::vec;

use ballast_model::{AssetId, Event, FundingPayment, Money, PackedMoney, PaymentId, Side};

use super::desk::{Desk, Did, ETH, bid, lane, quoting};
use crate::gate::{Controls, GateState, LossLimits};
use crate::outbox::Note;
use crate::shard::LaneSpec;

/// A payment of the settlement asset, in cents.
fn payment(id: u64, cents: i128) -> FundingPayment {
    FundingPayment {
        instrument: ETH,
        asset: AssetId(1),
        amount: PackedMoney::new(money(cents)),
        payment_id: PaymentId(id),
        venue_time: ballast_model::Nanos(0),
    }
}

fn money(cents: i128) -> Money {
    Money(cents * Money::ONE.0 / 100)
}

fn funding(desk: &Desk) -> Money {
    desk.shard.ledger(ETH).unwrap().funding()
}

#[test]
fn each_payment_is_booked_once_in_whatever_order_they_come() {
    let mut desk = Desk::quoted();
    for (id, cents, sum) in [(7, -250, -250), (9, 30, -220), (8, 20, -200), (7, -250, -200), (9, 30, -200)] {
        assert_eq!(desk.tell(&Event::Funding(payment(id, cents))), []);
        assert_eq!(funding(&desk), money(sum), "{id}");
    }
    let ledger = desk.shard.ledger(ETH).unwrap();
    assert_eq!((ledger.funding_received(), ledger.funding_paid()), (money(50), money(250)));
    assert_eq!(desk.notes, []);
}

#[test]
fn what_cannot_be_booked_is_noted_and_leaves_the_position_believed() {
    let mut desk = Desk::quoted();
    desk.tell(&Event::Funding(FundingPayment { asset: AssetId(0), ..payment(1, 100) }));
    desk.tell(&Event::Funding(FundingPayment {
        amount: PackedMoney::new(Money(i128::MIN)),
        ..payment(2, 0)
    }));
    assert_eq!(desk.notes, [Note::UnbookableFunding(ETH); 2]);
    // After many more, the first would be too old to tell.
    for id in 3..300 {
        desk.tell(&Event::Funding(payment(id, 1)));
    }
    desk.tell(&Event::Funding(payment(1, 100)));
    assert_eq!((desk.notes.len(), funding(&desk)), (3, money(297)));
    assert_eq!(desk.fill(1, Side::Bid, 10), [bid(3, 9_999)], "quoted on both sides");
}

#[test]
fn funding_paid_counts_as_a_loss() {
    let loss = LossLimits { realised_max: Some(money(100)), then: GateState::Killed, ..LossLimits::NONE };
    let controls = Controls { loss: Some(loss), ..Controls::NONE };
    let mut desk = Desk::new(vec![LaneSpec { controls, ..lane(&quoting()) }]).then_quoted();
    assert_eq!(desk.tell(&Event::Funding(payment(1, -100))), [], "the limit itself is allowed");
    assert_eq!(desk.tell(&Event::Funding(payment(1, -100))), [], "and no payment counts twice");
    assert_eq!(desk.tell(&Event::Funding(payment(2, -1))), [Did::Cancel(1), Did::Cancel(2)]);
}

#[test]
fn what_is_booked_is_in_the_state() {
    let hash = |events: &[FundingPayment]| {
        let mut desk = Desk::quoted();
        for event in events {
            desk.tell_now(&Event::Funding(*event));
        }
        desk.shard.state_hash()
    };
    let all =
        [hash(&[]), hash(&[payment(1, 5)]), hash(&[payment(2, 5)]), hash(&[payment(1, 5), payment(2, -5)])];
    for (at, one) in all.iter().enumerate() {
        assert!(!all[..at].contains(one), "{at}");
    }
}
