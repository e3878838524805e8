//! Cut, flipped, removed, exchanged: every damage is found, and named by the record it begins at.

use super::*;
use ballast_model::{ClientOrderId, InstrumentId};

/// A few blocks of records of many lengths.
fn history() -> Vec<(Nanos, Said)> {
    let timer = |step: i64| (Nanos(step * 1_000), Said::Event(Event::Timer));
    let cancel = |step: i64| {
        let client_id = ClientOrderId(step.cast_unsigned());
        (
            Nanos(step * 1_000),
            Said::Command(Command::Cancel(ballast_model::Cancel { instrument: InstrumentId(2), client_id })),
        )
    };
    (0..3_500).map(|step| if step % 3 == 0 { cancel(step) } else { timer(step) }).collect()
}

/// Where each record of a segment begins, and where the last one ends.
fn starts(bytes: &[u8]) -> Vec<usize> {
    let (_, mut reader) = Reader::new(bytes).unwrap();
    let mut starts = Vec::new();
    while let Some(record) = reader.next().unwrap() {
        starts.push(record.offset);
    }
    starts.push(reader.offset());
    starts
}

#[test]
fn a_cut_anywhere_leaves_the_exact_prefix() {
    for ended in [false, true] {
        let bytes = segment(&history()[..210], ended);
        let (whole, fault) = read(&bytes);
        assert_eq!(fault, None);
        let starts = starts(&bytes);
        assert!(bytes.len() - starts[0] >= 4_096);
        for cut in starts[0]..bytes.len() {
            let (records, fault) = read(&bytes[..cut]);
            let kept = starts.partition_point(|start| *start <= cut) - 1;
            assert_eq!(records, whole[..kept], "cut at {cut}");
            let left = cut - starts[kept];
            let expected = (left > 0).then(|| Fault {
                offset: starts[kept],
                seq: 7 + kept as u64,
                kind: FaultKind::Torn { left },
            });
            assert_eq!(fault, expected, "cut at {cut}");
        }
    }
}

#[test]
fn a_flipped_bit_anywhere_is_found_at_its_record() {
    let bytes = segment(&history()[..100], true);
    let starts = starts(&bytes);
    for at in 0..bytes.len() {
        for bit in [0x01, 0x10, 0x80] {
            let mut damaged = bytes.clone();
            damaged[at] ^= bit;
            let (records, fault) = read(&damaged);
            let fault = fault.unwrap_or_else(|| panic!("byte {at} bit {bit} was not missed"));
            if at < starts[0] {
                assert!(records.is_empty(), "byte {at} of the header");
                continue;
            }
            let record = starts.partition_point(|start| *start <= at) - 1;
            assert_eq!((fault.offset, fault.seq), (starts[record], 7 + record as u64), "byte {at}");
            assert_eq!(records.len(), record);
        }
    }
}

#[test]
fn records_taken_out_are_counted() {
    let bytes = segment(&history()[..300], true);
    let starts = starts(&bytes);
    for (first, count) in [(0, 1), (5, 1), (17, 40), (250, 3), (1, 249), (120, 8), (120, 9)] {
        let mut damaged = bytes.clone();
        damaged.drain(starts[first]..starts[first + count]);
        let (records, fault) = read(&damaged);
        assert_eq!(records.len(), first);
        let kind = FaultKind::Missing { records: count as u64 };
        assert_eq!(fault, Some(Fault { offset: starts[first], seq: 7 + first as u64, kind }));
    }
}

#[test]
fn a_record_exchanged_for_a_whole_one_breaks_the_chain() {
    let mut history = history();
    let honest = segment(&history, true);
    history[9].1 = Said::Event(Event::Timer);
    let forged = segment(&history, true);
    let (from, to) = (starts(&honest), starts(&forged));
    assert_ne!(honest[from[9]..from[10]], forged[to[9]..to[10]]);
    // All whole records, all numbers right; what stands in the chain is another block.
    let mut damaged = honest[..from[9]].to_vec();
    damaged.extend_from_slice(&forged[to[9]..to[10]]);
    damaged.extend_from_slice(&honest[from[10]..]);
    let fault = read(&damaged).1.unwrap();
    assert_eq!(fault.kind, FaultKind::Chain);
}

#[test]
fn what_follows_the_end_is_named() {
    let mut bytes = segment(&history()[..3], true);
    let end = bytes.len();
    let tail: Vec<u8> = bytes[starts(&bytes)[0]..].to_vec();
    bytes.extend_from_slice(&tail);
    let fault = read(&bytes).1.unwrap();
    assert_eq!((fault.offset, fault.kind), (end, FaultKind::AfterEnd));
}

#[test]
fn a_header_is_cut_or_of_another_kind() {
    let bytes = segment(&[], false);
    for cut in 0..bytes.len() {
        let fault = Reader::new(&bytes[..cut]).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Torn { left: cut });
    }
    let with = |at: usize, byte: u8| {
        let mut other = bytes.clone();
        other[at] = byte;
        Reader::new(&other).unwrap_err().kind
    };
    assert_eq!(with(0, b'b'), FaultKind::Magic);
    assert_eq!(with(8, 2), FaultKind::Version(2));
    assert_eq!(with(20, 0xff), FaultKind::Header);
}

#[test]
fn a_writer_goes_on_wherever_another_stopped() {
    let history: Vec<_> = history().into_iter().chain(tickers()).collect();
    let whole = segment(&history, true);
    let starts = starts(&whole);
    for at in (0..starts.len()).step_by(97).chain([1, starts.len() - 2, starts.len() - 1]) {
        let mut bytes = whole[..starts[at]].to_vec();
        let (_, mut reader) = Reader::new(&bytes).unwrap();
        let mut told = 0;
        while let Some(record) = reader.next().unwrap() {
            told += usize::from(!matches!(record.entry, Entry::Block(_) | Entry::End(_)));
        }
        let (mut bodies, mut framer) = (Bodies::resume(&reader, u64::MAX), Framer::resume(&reader));
        assert_eq!(bodies.next_seq(), reader.next_seq());
        if reader.end().is_some() {
            assert_eq!(bytes, whole);
            continue;
        }
        let mut sink = |raw: Raw<'_>| _ = framer.record(raw, &mut bytes);
        bodies.catch_up(&mut sink);
        for (now, said) in &history[told..] {
            match said {
                Said::Event(event) => bodies.draft(*now, &Draft::Event(*event), &mut sink).unwrap(),
                Said::Command(command) => bodies.draft(*now, &Draft::Command(*command), &mut sink).unwrap(),
                Said::Batch(..) | Said::Checkpoint(_) | Said::Block | Said::End => panic!("{said:?}"),
            }
        }
        bodies.draft(Nanos(0), &Draft::End, &mut sink).unwrap();
        assert!(bytes == whole, "stopped before record {at}");
    }
}

/// Records whose numbers are counted from those of the records before.
fn tickers() -> impl Iterator<Item = (Nanos, Said)> {
    (0..6_000u16).map(|step| {
        let mut ticker = words::ticker();
        ticker.instrument = InstrumentId(step % 5);
        ticker.update_id.0 = u64::from(step) * u64::from(step);
        ticker.venue_time = Nanos(i64::from(step) * 77);
        (Nanos(i64::from(step) * 1_000), Said::Event(Event::Ticker(ticker)))
    })
}

#[test]
fn blocks_end_where_their_records_say() {
    let bytes = segment(&history(), true);
    let (_, mut reader) = Reader::new(&bytes).unwrap();
    let (begins, mut ends) = (reader.offset(), Vec::new());
    while let Some(record) = reader.next().unwrap() {
        if matches!(record.entry, Entry::Block(_) | Entry::End(_)) {
            ends.push(record.offset + record.length);
        }
    }
    assert!(ends.len() >= 2, "{ends:?}");
    for least in [0, 1, ends[0] - 1, ends[0], ends[0] + 1, bytes.len(), bytes.len() + 1] {
        let expected = ends.iter().copied().find(|end| *end >= least);
        assert_eq!(block_end(&bytes, begins, least), expected, "{least}");
    }
    assert_eq!(block_end(&bytes[..ends[0] - 1], begins, 0), None);
    assert_eq!(block_end(&bytes, bytes.len() + 1, 0), None);
}

#[test]
fn the_longest_batch_can_be_read_again() {
    let level = |price| {
        let price = ballast_model::Price(price);
        PackedLevel::new(price, ballast_model::Lots(ballast_model::LOTS_MAX)).unwrap()
    };
    let apart = [level(0), level(ballast_model::PRICE_TICKS_MAX)];
    let levels: Vec<_> = apart.into_iter().cycle().take(BATCH_LEVELS_MAX).collect();
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&header(), &mut out);
    let mut begin = words::begin();
    (begin.update_id.0, begin.venue_time, begin.recv_time) = (u64::MAX, Nanos(i64::MIN + 1), Nanos(i64::MAX));
    begin.instrument = InstrumentId(u16::MAX);
    encoder.batch(Nanos(i64::MIN), &BookBatch::new(begin, &levels, &[]), &mut out);
    encoder.end(&mut out);
    assert_eq!(read(&out).1, None);
}
