//! Readings are absolute, age, and are never zero for want of knowledge.

use alloc::vec;

use super::*;

const SECOND: i64 = 1_000_000_000;

fn part(kind: PartKind, bound: Interval) -> PartSpec {
    PartSpec {
        kind,
        fresh_for: Span::from_secs(2),
        drift_per_second: Base(10),
        unknown_after: Span::from_secs(5),
        bound,
    }
}

fn exposure() -> Exposure {
    let anything = Interval::UNKNOWN;
    Exposure::new(&ExposureSpec {
        parts: vec![
            part(PartKind::Spot, anything),
            part(PartKind::LpAmount, Interval::new(Base(0), Base(1_000)).unwrap()),
            part(PartKind::Perp, anything),
        ],
        pending: PendingPolicy::Reported { unknown_after: Span::from_secs(5) },
    })
    .unwrap()
}

fn read(exposure: &mut Exposure, id: u8, amount: i128, secs: i64) -> Taken {
    let reading = Reading { amount: Interval::exact(Base(amount)), at: Nanos(secs * SECOND) };
    exposure.read(PartId(id), reading)
}

fn span(lo: i128, hi: i128) -> Interval {
    Interval::new(Base(lo), Base(hi)).unwrap()
}

fn known() -> Exposure {
    let mut exposure = exposure();
    for (id, amount) in [(0, 100), (1, 400), (2, -300)] {
        read(&mut exposure, id, amount, 0);
    }
    exposure.set_pending(&[], Nanos(0));
    exposure
}

#[test]
fn nothing_is_zero_before_it_is_read() {
    let mut exposure = exposure();
    assert_eq!(exposure.delta(Nanos(0)).without_perp, Interval::UNKNOWN);
    assert_eq!(exposure.part(PartId(1), Nanos(0)), span(0, 1_000));
    for (id, amount) in [(0, 100), (1, 400), (2, -300)] {
        read(&mut exposure, id, amount, 0);
    }
    assert_eq!(exposure.delta(Nanos(0)).without_perp, Interval::UNKNOWN, "the chain has not reported");
    exposure.set_pending(&[], Nanos(0));
    let delta = exposure.delta(Nanos(0));
    assert_eq!((delta.without_perp, delta.perp), (span(500, 500), span(-300, -300)));
    assert_eq!(delta.residual(Rate::from_bps(5_000)), span(-50, -50));
}

#[test]
fn readings_are_absolute_and_old_ones_are_ignored() {
    let mut exposure = known();
    for _ in 0..5 {
        assert_eq!(read(&mut exposure, 1, 400, 0), Taken::Yes);
    }
    assert_eq!(exposure.delta(Nanos(0)).without_perp, span(500, 500));
    assert_eq!(read(&mut exposure, 1, 7, -1), Taken::Older);
    assert_eq!(exposure.delta(Nanos(0)).without_perp, span(500, 500));
    assert_eq!(exposure.set_pending(&[span(0, 9)], Nanos(-1)), Taken::Older);
}

#[test]
fn a_part_widens_with_age_then_is_its_bound() {
    let exposure = known();
    let at = |secs| exposure.part(PartId(1), Nanos(secs));
    assert_eq!(at(2 * SECOND), span(400, 400));
    assert_eq!(at(2 * SECOND + 1), span(399, 401), "rounded up");
    assert_eq!(at(4 * SECOND), span(380, 420));
    assert_eq!(at(5 * SECOND), span(370, 430));
    assert_eq!(at(5 * SECOND + 1), span(0, 1_000));
    assert_eq!(at(-1), span(0, 1_000), "a reading of the future is a contradiction");
    assert_eq!(exposure.part(PartId(0), Nanos(6 * SECOND)), Interval::UNKNOWN);
    assert_eq!(exposure.delta(Nanos(6 * SECOND)).without_perp, Interval::UNKNOWN);
}

#[test]
fn doubt_and_contradiction_are_unknown() {
    let mut exposure = known();
    exposure.doubt(PartId(1));
    assert_eq!(exposure.delta(Nanos(0)).without_perp, span(100, 1_100));
    read(&mut exposure, 1, 5_000, 0);
    assert_eq!(exposure.part(PartId(1), Nanos(0)), Interval::UNKNOWN, "beyond its own bound");
}

#[test]
fn unknown_orders_and_pending_transactions_widen() {
    let mut exposure = known();
    for _ in 0..2 {
        exposure.set_unknown_orders(PartId(0), Base(30), Base(20));
        let branches = [Interval::branches(&[Base(-50)]), Interval::branches(&[Base(5), Base(8)])];
        exposure.set_pending(&branches, Nanos(0));
    }
    assert_eq!(exposure.delta(Nanos(0)).without_perp, span(500 - 20 - 50, 500 + 30 + 8));
    exposure.set_pending(&[Interval::ZERO; PENDING_MAX + 1], Nanos(1));
    assert_eq!(exposure.delta(Nanos(1)).without_perp, Interval::UNKNOWN);
    exposure.set_pending(&[], Nanos(2));
    exposure.set_unknown_orders(PartId(0), Base(0), Base(0));
    assert_eq!(exposure.delta(Nanos(2)).without_perp, span(500, 500));
}

#[test]
fn parameters_out_of_range_are_refused() {
    let build = |part: PartSpec, pending| Exposure::new(&ExposureSpec { parts: vec![part], pending }).err();
    let good = part(PartKind::Wallet, Interval::HOLDING);
    assert_eq!(build(good, PendingPolicy::Never), None);
    let late = PartSpec { unknown_after: Span(1), ..good };
    assert_eq!(build(late, PendingPolicy::Never), Some(ExposureError::Age));
    let drift = PartSpec { drift_per_second: Base(-1), ..good };
    assert_eq!(build(drift, PendingPolicy::Never), Some(ExposureError::Drift));
    let pending = PendingPolicy::Reported { unknown_after: Span(0) };
    assert_eq!(build(good, pending), Some(ExposureError::Pending));
    let many = ExposureSpec { parts: vec![good; PARTS_MAX + 1], pending: PendingPolicy::Never };
    assert_eq!(Exposure::new(&many).err(), Some(ExposureError::TooMany));
}
