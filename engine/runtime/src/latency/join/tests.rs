use super::*;

fn released(due: i64, frame: usize) -> Released {
    Released {
        arrived: Nanos(due + 10),
        due: Nanos(due),
        written: Nanos(due + 4),
        read: Nanos(due + 7),
        decoded: Nanos(due + 100),
        frame,
    }
}

fn decided(arrived: i64, id: u64, ask: Ask) -> Decided {
    Decided {
        ask,
        client_id: ClientOrderId(id),
        arrived: Nanos(arrived),
        told: Nanos(arrived + 200),
        done: Nanos(arrived + 500),
        levels: 2,
        input: 7,
    }
}

fn sent(id: u64, ask: Ask, at: i64) -> Sent {
    let (turned, at, left, got) = (Nanos(at - 70), Nanos(at - 20), Nanos(at - 15), Nanos(at));
    Sent { ask, client_id: ClientOrderId(id), at, turned, left, got }
}

#[test]
fn the_first_order_of_a_frame_counts_from_its_schedule_and_cancels_do_not() {
    let frames =
        Frames::read(crate::capture::Source::in_memory("some", super::super::frames::SMALL.into())).unwrap();
    let seen = Seen {
        released: vec![released(1_000, 0), released(5_000, 1)],
        sent: vec![
            sent(1, Ask::Cancel, 1_600),
            sent(2, Ask::Place, 2_010),
            sent(3, Ask::Place, 2_500),
            sent(2, Ask::Modify, 6_000),
            sent(9, Ask::Modify, 7_000),
        ],
        ..Seen::default()
    };
    let mut joined = Joined { frames: &frames, seen: &seen, sent: BTreeMap::new(), seen_last: Nanos::MIN };
    for sent in &seen.sent {
        joined.sent.entry((sent.client_id, sent.ask)).or_default().push_back(sent);
    }
    let (ticker, depth) = (Told::new(), Told::new());
    let mut figures = Figures { counts: Counts::default(), ticker, depth, worst: Vec::new(), kernel: None };
    for decided in [
        decided(1_010, 1, Ask::Cancel),
        decided(1_010, 2, Ask::Place),
        decided(1_010, 3, Ask::Place),
        decided(5_010, 2, Ask::Modify),
        // Something else led to this one, and that one never left.
        decided(i64::MIN, 9, Ask::Modify),
        decided(5_010, 4, Ask::Place),
    ] {
        joined.take(&decided, &mut figures);
    }
    assert_eq!((figures.counts.matched, figures.counts.triggers), (5, 2));
    let all = |told: &Told| told.total.iter_recorded().map(|one| one.value_iterated_to()).collect::<Vec<_>>();
    assert_eq!((all(&figures.depth), all(&figures.ticker)), (vec![1_010], vec![1_000]));
    assert_eq!(figures.depth.less_levels.max(), 940);
    let stages = figures.depth.stages.each_ref().map(Histogram::max);
    assert_eq!(stages, [4, 3, 3, 90, 110, 300, 430, 50, 5, 15], "they add up to the total");
    assert_eq!(figures.depth.ours.max(), 988, "from what was read to what has left");
    assert_eq!(figures.worst.iter().map(|one| (one.nanos, one.line, one.input)).max(), Some((1_010, 1, 7)));
}
