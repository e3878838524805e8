use super::*;
use ballast_model::{BookLevels, InstrumentId, LEVELS_PER_SLOT, Last, LostReason, Lots, Price};

const ID: InstrumentId = InstrumentId(3);

fn level(n: i64) -> PackedLevel {
    PackedLevel::new(Price(n), Lots(n + 1)).unwrap()
}

/// A batch as a session pushes it.
fn batch(kind: BookKind, id: u64, bids: i64, asks: i64) -> Vec<Event> {
    let levels = u32::try_from(bids + asks).unwrap();
    let time = Nanos(i64::try_from(id).unwrap() * 10);
    let mut events = vec![Event::BookBegin(BookBegin {
        instrument: ID,
        kind,
        levels,
        update_id: UpdateId(id),
        venue_time: time,
        recv_time: time + Span(7),
    })];
    for (side, count) in [(Side::Bid, bids), (Side::Ask, asks)] {
        let all: Vec<_> = (0..count).map(level).collect();
        for chunk in all.chunks(LEVELS_PER_SLOT) {
            let mut levels = [PackedLevel::default(); LEVELS_PER_SLOT];
            levels[..chunk.len()].copy_from_slice(chunk);
            let (last, count) = (Last::No, u8::try_from(chunk.len()).unwrap());
            events.push(Event::BookLevels(BookLevels { instrument: ID, side, last, count, levels }));
        }
    }
    if let Some(Event::BookLevels(slot)) = events.last_mut() {
        slot.last = Last::Yes;
    }
    events
}

fn read_back(tape: &Tape, shift: Shift) -> Vec<Event> {
    let mut cursor = Cursor::new(tape, shift);
    let mut events = Vec::new();
    while cursor.recv_time().is_some() {
        cursor.next(|event| events.push(*event));
    }
    events
}

#[test]
fn what_is_pushed_is_what_is_read() {
    let times = (Nanos(500), Nanos(510));
    let ticker = Event::Ticker(Ticker {
        instrument: ID,
        update_id: UpdateId(50),
        bid: level(1),
        ask: level(2),
        venue_time: times.0,
        recv_time: times.1,
    });
    let trade = Event::Trade(Trade {
        instrument: ID,
        maker: Side::Ask,
        level: level(9),
        trade_id: TradeId(77),
        venue_time: times.0,
        recv_time: times.1,
    });
    let mark = Event::Mark(MarkPrice {
        instrument: ID,
        mark_e8: 1,
        index_e8: Some(2),
        funding_e8: -3,
        funding_at_secs: 4,
        venue_time: times.0,
        recv_time: times.1,
    });
    let lost = Event::BookLost(BookLost { instrument: ID, reason: LostReason::Gap });
    let mut pushed = Vec::new();
    let mut tape = Tape::new();
    let batches = [
        batch(BookKind::Snapshot, 40, 9, 4),
        batch(BookKind::Diff, 41, 0, 5),
        batch(BookKind::Diff, 42, 8, 0),
    ];
    for events in batches.into_iter().chain([
        vec![ticker],
        vec![trade],
        vec![mark],
        vec![lost],
        batch(BookKind::Diff, 60, 0, 0),
    ]) {
        tape.push(&events, Nanos(600)).unwrap();
        pushed.extend(events);
    }
    assert_eq!(read_back(&tape, Shift::default()), pushed);
    assert_eq!((tape.level_updates(), tape.len()), (26, 8));
}

#[test]
fn repeats_follow_on_in_time_and_ids() {
    let mut tape = Tape::new();
    tape.push(&batch(BookKind::Snapshot, 40, 1, 1), Nanos(0)).unwrap();
    tape.push(&batch(BookKind::Diff, 45, 1, 1), Nanos(0)).unwrap();
    let period = tape.period(Span(3));
    assert_eq!(period, Shift { time: Span(53), update_id: 6, trade_id: 0 });
    let again = read_back(&tape, period);
    let Event::BookBegin(first) = again[0] else { panic!("a batch") };
    assert_eq!((first.update_id, first.recv_time), (UpdateId(46), Nanos(407 + 53)));
}

#[test]
fn the_venue_clock_maps_to_ours_by_file_and_never_beyond_receipt() {
    let mut tape = Tape::new();
    for (id, offset) in [(40, None), (41, Some(5)), (42, None), (43, Some(-9)), (44, Some(100))] {
        tape.push(&batch(BookKind::Diff, id, 1, 1), Nanos(0)).unwrap();
        tape.end_file(offset.map(Span));
    }
    let mapped = |tape: &Tape| {
        let mut cursor = Cursor::new(tape, Shift::default());
        let mut times = Vec::new();
        while let Some(time) = cursor.venue_time() {
            times.push(time.0 - cursor.recv_time().unwrap().0);
            cursor.next(|_| ());
        }
        times
    };
    // Received 7 after the venue's time; a file without an offset goes by the one before, the first by the one after.
    assert_eq!(mapped(&tape), [-2, -2, -2, -16, 0]);
    tape.fix_clock(Span(3));
    assert_eq!(mapped(&tape), [-4; 5]);
}

#[test]
fn a_loss_stands_at_the_time_it_was_told() {
    let mut tape = Tape::new();
    let lost = Event::BookLost(BookLost { instrument: ID, reason: LostReason::Gap });
    tape.push(&[lost], Nanos(90)).unwrap();
    tape.fix_clock(Span(-50));
    assert_eq!(tape.span(), Some((Nanos(90), Nanos(90))));
    let cursor = Cursor::new(&tape, Shift::default());
    assert_eq!((cursor.recv_time(), cursor.venue_time()), (Some(Nanos(90)), Some(Nanos(90))));
}

#[test]
fn repeats_of_numbers_at_the_end_of_their_range_stay_there() {
    let mut tape = Tape::new();
    tape.push(&batch(BookKind::Snapshot, 40, 1, 1), Nanos(0)).unwrap();
    let last = Ticker {
        instrument: ID,
        update_id: UpdateId(u64::MAX),
        bid: level(1),
        ask: level(2),
        venue_time: Nanos::MAX,
        recv_time: Nanos::MAX,
    };
    tape.push(&[Event::Ticker(last)], Nanos(0)).unwrap();
    let again = read_back(&tape, tape.period(Span(3)));
    assert_eq!(again.last(), Some(&Event::Ticker(last)));
}

#[test]
fn torn_batches_leave_the_tape_unchanged() {
    let mut tape = Tape::new();
    let mut torn = batch(BookKind::Diff, 41, 5, 0);
    torn.push(Event::Timer);
    assert_eq!(tape.push(&torn, Nanos(0)), Err(TapeError::NotABatch));
    assert_eq!(tape.push(&[], Nanos(0)), Err(TapeError::NotABatch));
    assert_eq!((tape.len(), tape.bytes()), (0, 0));
}

#[test]
fn whatever_the_distance_to_the_message_before_nothing_is_lost() {
    // A linear congruential generator is random enough (Knuth, MMIX); the fixed seed makes failures repeat.
    let mut state = 1u64;
    let mut draw = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    let steps = [0, 1, -1, 1_000_000, (1 << 31) - 1, 1 << 31, -(1 << 31), 1 << 32, (1 << 32) - 1, 1 << 60];
    let ids = [0, 1, 7, 1 << 31, 1 << 40, u64::MAX];
    let (mut recv, mut venue) = (0i64, 0i64);
    let (mut tape, mut pushed) = (Tape::new(), Vec::new());
    for _ in 0..20_000 {
        recv = recv.saturating_add(steps[draw(steps.len())]);
        venue = if draw(4) == 0 { recv } else { venue.saturating_add(steps[draw(steps.len())]) };
        let (recv_time, venue_time) = (Nanos(recv), Nanos(venue));
        let instrument = InstrumentId([0, 1, 7, 8, 255, 256][draw(6)]);
        let id = ids[draw(ids.len())];
        let bid = PackedLevel::new(Price(100_000), Lots(5)).unwrap();
        let price = Price([99_999, 100_000, 100_001, 165_535, 165_536][draw(5)]);
        let other = PackedLevel::new(price, Lots([0, 1, (1 << 32) - 1, 1 << 32][draw(4)])).unwrap();
        let update_id = UpdateId(id);
        let maker = Side::BOTH[draw(2)];
        let events = match draw(5) {
            0 | 1 => {
                vec![Event::Ticker(Ticker { instrument, update_id, bid, ask: other, venue_time, recv_time })]
            }
            2 => vec![Event::Trade(Trade {
                instrument,
                maker,
                level: other,
                trade_id: TradeId(id),
                venue_time,
                recv_time,
            })],
            3 => vec![Event::BookLost(BookLost { instrument, reason: LostReason::Gap })],
            _ => {
                let counts = [0, 1, 3, 255, 256];
                let (bids, asks) = (counts[draw(5)], counts[draw(5)]);
                let mut events = batch(BookKind::Diff, 1, bids, asks);
                if let Event::BookBegin(begin) = &mut events[0] {
                    *begin = BookBegin { update_id, venue_time, recv_time, ..*begin };
                }
                events
            }
        };
        tape.push(&events, recv_time).unwrap();
        pushed.extend(events);
    }
    let read = read_back(&tape, Shift::default());
    assert_eq!(read.len(), pushed.len());
    for (index, (read, pushed)) in read.iter().zip(&pushed).enumerate() {
        assert_eq!(read, pushed, "event {index}");
    }
}

#[test]
fn usual_messages_take_little_room() {
    let mut tape = Tape::new();
    tape.push(&batch(BookKind::Diff, 100, 2, 3), Nanos(0)).unwrap();
    let before = tape.bytes();
    tape.push(&batch(BookKind::Diff, 101, 2, 3), Nanos(0)).unwrap();
    assert_eq!(tape.bytes() - before, 16 + 5 * 12);
    let (venue_time, recv_time, update_id) = (Nanos(1_020), Nanos(1_027), UpdateId(102));
    let (instrument, bid, ask) = (ID, level(5), level(6));
    let before = tape.bytes();
    tape.push(&[Event::Ticker(Ticker { instrument, update_id, bid, ask, venue_time, recv_time })], Nanos(0))
        .unwrap();
    assert_eq!(tape.bytes() - before, 16 + 12 + 4);
}
