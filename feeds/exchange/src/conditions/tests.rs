use proptest::prelude::*;

use super::*;

const fn row(sent: i64, acted: i64, heard: i64) -> LatencyRow {
    LatencyRow { sent: Nanos(sent), acted: Nanos(acted), heard: Nanos(heard) }
}

#[test]
fn latencies_between_rows_lie_on_a_line_and_beyond_them_stay() {
    let rows = [row(100, 110, 130), row(200, 230, 240)];
    let there = Leg::there(Span(7), &rows);
    for (now, latency) in [(0, 10), (100, 10), (125, 15), (150, 20), (199, 29), (200, 30), (900, 30)] {
        assert_eq!(there.at(Nanos(now)), Span(latency), "{now}");
    }
    let back = Leg::back(Span(7), &rows);
    for (now, latency) in [(0, 20), (110, 20), (170, 15), (230, 10), (900, 10)] {
        assert_eq!(back.at(Nanos(now)), Span(latency), "{now}");
    }
    assert_eq!((there.least(), back.least()), (Span(10), Span(10)));
    let constant = Leg::there(Span(7), &[]);
    assert_eq!((constant.at(Nanos(5)), constant.least()), (Span(7), Span(7)));
}

#[test]
fn load_adds_what_its_formula_says() {
    let spec = LoadSpec { window: Span(100), free: 3, per_message: Span(10), max: Span(45) };
    let mut load = Load::new(spec);
    for at in [200, 210, 220, 230, 240] {
        load.count(Nanos(at));
    }
    assert_eq!(load.delay(Nanos(240)), Span(20), "five, three of them free");
    // A quarter of the next window on, three quarters of the five still count: three, rounded down.
    assert_eq!(load.delay(Nanos(325)), Span(0));
    assert_eq!(load.delay(Nanos(300)), Span(20));
    load.count(Nanos(320));
    assert_eq!(load.delay(Nanos(320)), Span(20), "one and four");
    assert_eq!(load.delay(Nanos(520)), Span(0), "both windows are gone");
    for _ in 0..100 {
        load.count(Nanos(700));
    }
    assert_eq!(load.delay(Nanos(700)), Span(45), "no more than the most");
}

#[test]
fn an_outage_holds_from_its_beginning_to_before_its_end() {
    let outage = |from, until| Outage {
        from: Nanos(from),
        until: Nanos(until),
        kind: OutageKind::Silent,
        gateway: None,
    };
    let outages = [outage(10, 20), outage(20, 20), outage(30, 31)];
    let wire = Wire::new(Span(3), &Conditions { outages: outages.to_vec(), ..Conditions::default() });
    let found = |at| wire.outage_at(Gateway(0), Nanos(at)).map(|one| one.from.0);
    assert_eq!([9, 10, 19, 20, 30, 31].map(found), [None, Some(10), Some(10), None, Some(30), None]);
    assert_eq!(
        [9, 10, 19, 20].map(|at| wire.heard_at(Gateway(0), Nanos(at)).0),
        [12, 23, 23, 23],
        "what is told waits for the end"
    );
}

#[test]
fn each_gateway_has_its_own_outages_and_load() {
    let outage = |from, until, gateway| Outage {
        from: Nanos(from),
        until: Nanos(until),
        kind: OutageKind::Silent,
        gateway,
    };
    let load = LoadSpec { window: Span(100), free: 0, per_message: Span(5), max: Span(50) };
    let (first, second) = (Gateway(0), Gateway(1));
    let conditions = Conditions {
        outages: vec![outage(20, 40, Some(second)), outage(10, 30, Some(first))],
        load: Some(load),
        gateways: vec![first, second],
        ..Conditions::default()
    };
    assert_eq!(conditions.check(), Ok(()));
    let mut wire = Wire::new(Span(3), &conditions);
    wire.count(InstrumentId(1), Nanos(5));
    wire.count(InstrumentId(1), Nanos(6));
    wire.count(InstrumentId(7), Nanos(6));
    assert_eq!([first, second].map(|one| wire.wait(one, Nanos(7))), [Span(5), Span(10)]);
    assert_eq!([first, second].map(|one| wire.outage_at(one, Nanos(15)).is_some()), [true, false]);
    assert_eq!([first, second].map(|one| wire.heard_at(one, Nanos(25))), [Nanos(38), Nanos(53)]);
    let both = outage(25, 26, None);
    let outages = vec![outage(20, 40, Some(second)), both];
    assert_eq!(Conditions { outages, ..Conditions::default() }.check(), Err(ConditionsError::Outage(1)));
}

#[test]
fn what_is_out_of_order_is_refused() {
    let recorded = |rows: &[LatencyRow]| Conditions { recorded: rows.to_vec(), ..Conditions::default() };
    assert_eq!(recorded(&[row(1, 2, 3), row(1, 1, 1)]).check(), Ok(()));
    for bad in [row(0, 1, 2), row(2, 1, 3), row(2, 4, 3)] {
        assert_eq!(recorded(&[row(1, 2, 3), bad]).check(), Err(ConditionsError::Row(1)), "{bad:?}");
    }
    let sound = LoadSpec { window: Span(1), free: 0, per_message: Span(0), max: Span(0) };
    let loaded = |load| Conditions { load: Some(load), ..Conditions::default() };
    assert_eq!(loaded(sound).check(), Ok(()));
    for bad in [
        LoadSpec { window: Span(0), ..sound },
        LoadSpec { per_message: Span(-1), ..sound },
        LoadSpec { max: Span(-1), ..sound },
    ] {
        assert_eq!(loaded(bad).check(), Err(ConditionsError::Load));
    }
    let outage = |from, until| Outage {
        from: Nanos(from),
        until: Nanos(until),
        kind: OutageKind::Refuses,
        gateway: None,
    };
    let out = |outages: &[Outage]| Conditions { outages: outages.to_vec(), ..Conditions::default() };
    assert_eq!(out(&[outage(1, 5), outage(5, 6)]).check(), Ok(()));
    assert_eq!(out(&[outage(5, 1)]).check(), Err(ConditionsError::Outage(0)));
    assert_eq!(out(&[outage(1, 5), outage(4, 6)]).check(), Err(ConditionsError::Outage(1)));
}

proptest! {
    /// Between rows no latency is beyond theirs, and none is below the least.
    #[test]
    fn what_is_interpolated_lies_between(
        steps in proptest::collection::vec((0..1_000i64, 0..1_000i64, 0..1_000i64), 1..20),
        now in -100..20_000i64,
    ) {
        let mut at = 0;
        let rows: Vec<_> = steps.iter().map(|(pause, there, back)| {
            at += pause;
            row(at, at + there, at + there + back)
        }).collect();
        let leg = Leg::there(Span(0), &rows);
        let after = rows.iter().position(|row| row.sent.0 > now);
        let next = after.unwrap_or(rows.len());
        let near = [next.checked_sub(1), after].into_iter().flatten().map(|at| (rows[at].acted - rows[at].sent).0);
        let (low, high) = (near.clone().min().unwrap(), near.max().unwrap());
        prop_assert!((low..=high).contains(&leg.at(Nanos(now)).0));
        prop_assert!(leg.least().0 <= low);
    }
}
