//! Whatever is written comes back, and whatever happens to the bytes is found and named.

mod damage;
pub(crate) mod words;

use super::*;
use alloc::vec::Vec;
use ballast_model::{BookBatch, BookBegin, Command, Event, Nanos, PackedLevel};
use proptest::prelude::*;
use words::{Said, said};

/// What a record said, without the buffers it was read into.
fn owned(record: &Record<'_>) -> (u64, Nanos, Said) {
    let said = match record.entry {
        Entry::Event(event) => Said::Event(event),
        Entry::Batch(batch) => {
            let [(_, bids), (_, asks)] = batch.sides();
            Said::Batch(*batch.begin(), bids.to_vec(), asks.to_vec())
        }
        Entry::Command(command) => Said::Command(command),
        Entry::Checkpoint(checkpoint) => Said::Checkpoint(checkpoint),
        Entry::Carried(word) => Said::Carried(word),
        Entry::Block(_) => Said::Block,
        Entry::End(_) => Said::End,
    };
    (record.seq, record.now, said)
}

fn write(encoder: &mut Encoder, now: Nanos, said: &Said, out: &mut Vec<u8>) {
    match said {
        Said::Event(event) => encoder.event(now, event, out).unwrap(),
        Said::Batch(begin, bids, asks) => encoder.batch(now, &BookBatch::new(*begin, bids, asks), out),
        Said::Command(command) => encoder.command(now, command, out),
        Said::Checkpoint(checkpoint) => encoder.checkpoint(now, checkpoint, out),
        Said::Carried(word) => encoder.carried(now, word, out),
        Said::Block | Said::End => {}
    }
}

fn header() -> Header {
    let meta = b"{\"program\":\"ballast\"}".to_vec();
    Header { segment: 3, first_seq: 7, before: [9; 32], config_hash: digest_of(&meta), meta }
}

/// A segment of these records, ended or not.
fn segment(said: &[(Nanos, Said)], ended: bool) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&header(), &mut out);
    for (now, said) in said {
        write(&mut encoder, *now, said, &mut out);
    }
    if ended {
        let _ = encoder.end(&mut out);
    }
    out
}

/// All that can be read, and the fault that ended it.
fn read(bytes: &[u8]) -> (Vec<(u64, Nanos, Said)>, Option<Fault>) {
    let mut reader = match Reader::new(bytes) {
        Ok((_, reader)) => reader,
        Err(fault) => return (Vec::new(), Some(fault)),
    };
    let mut records = Vec::new();
    loop {
        match reader.next() {
            Ok(Some(record)) => records.push(owned(&record)),
            Ok(None) => return (records, None),
            Err(fault) => {
                assert!(reader.next().unwrap().is_none(), "nothing after a fault");
                return (records, Some(fault));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn what_is_written_is_read(all in prop::collection::vec((any::<i64>().prop_map(Nanos), said()), 0..40), ended: bool) {
        let bytes = segment(&all, ended);
        let (records, fault) = read(&bytes);
        prop_assert_eq!(fault, None);
        let told: Vec<_> = records.iter().filter(|(_, _, said)| !matches!(said, Said::Block | Said::End)).collect();
        prop_assert_eq!(told.len(), all.len());
        for ((now, said), (_, read_now, read_said)) in all.iter().zip(told) {
            prop_assert_eq!((now, said), (read_now, read_said));
        }
        for ((seq, _, _), expected) in records.iter().zip(7..) {
            prop_assert_eq!(*seq, expected);
        }
        prop_assert_eq!(matches!(records.last(), Some((_, _, Said::End))), ended);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), after_header: bool) {
        let mut all = if after_header { segment(&[], false) } else { Vec::new() };
        all.extend_from_slice(&bytes);
        let _ = read(&all);
    }
}

#[test]
fn the_header_comes_back_and_the_chain_goes_on() {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&header(), &mut out);
    encoder.event(Nanos(5), &Event::Timer, &mut out).unwrap();
    let end = encoder.end(&mut out);
    let (read_header, mut reader) = Reader::new(&out).unwrap();
    assert_eq!(read_header, header());
    assert_eq!(reader.end(), None);
    while reader.next().unwrap().is_some() {}
    assert_eq!(reader.end(), Some(end));
    assert_eq!((end.next_seq, reader.offset()), (9, out.len()));
    // Another configuration, another chain.
    let mut other = Vec::new();
    let meta = b"{\"program\":\"Ballast\"}".to_vec();
    let mut encoder = Encoder::new(&Header { meta, ..header() }, &mut other);
    encoder.event(Nanos(5), &Event::Timer, &mut other).unwrap();
    assert_ne!(encoder.end(&mut other).hash, end.hash);
}

#[test]
fn a_slot_of_a_batch_is_refused() {
    let begin: BookBegin = words::begin();
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&header(), &mut out);
    let length = out.len();
    assert_eq!(encoder.event(Nanos(1), &Event::BookBegin(begin), &mut out), Err(SlotAlone));
    assert_eq!((out.len(), encoder.next_seq()), (length, 7));
}

/// What a busy market costs: a best price every 10 ms, a trade every 30 ms, a diff of 8 levels every 100 ms.
#[test]
fn market_events_are_small() {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&header(), &mut out);
    let (mut events, start) = (0u64, out.len());
    let level = |price: i64, lots: i64| {
        PackedLevel::new(ballast_model::Price(price), ballast_model::Lots(lots)).unwrap()
    };
    for step in 0..10_000i64 {
        let now = Nanos(1_723_075_200_000_000_000 + step * 10_000_000);
        let price = 240_000 + step % 7;
        let mut ticker = words::ticker();
        ticker.update_id.0 = 5_000_000_000_000 + step.cast_unsigned() * 300;
        (ticker.bid, ticker.ask) = (level(price, 40_000 + step % 911), level(price + 1, 60_000 + step % 701));
        (ticker.recv_time, ticker.venue_time) = (now, Nanos(now.0 - 3_000_000));
        encoder.event(now, &Event::Ticker(ticker), &mut out).unwrap();
        events += 1;
        if step % 10 == 0 {
            let mut begin = words::begin();
            (begin.update_id, begin.recv_time, begin.venue_time) = (ticker.update_id, now, ticker.venue_time);
            let bids: Vec<_> = (0..4).map(|depth| level(price - 3 * depth, 70_000 + depth)).collect();
            let asks: Vec<_> = (0..4).map(|depth| level(price + 1 + 3 * depth, 70_000 + depth)).collect();
            encoder.batch(now, &BookBatch::new(begin, &bids, &asks), &mut out);
            events += 3;
        }
    }
    let bytes = (out.len() - start) as u64;
    assert!(bytes <= 24 * events, "{} bytes for {events} events", bytes);
}
