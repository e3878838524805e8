//! Arbitrary segments: reading never panics, and what is read is read again alike once it is written again.
//!
//! The first byte says what the others are: a segment, what follows a sound header, or bodies in records whose checksums are
//! right, each after its length in two bytes.
#![no_main]

use ballast_journal::{Encoder, Entry, Form, Framed, Framer, Header, Raw, Reader, digest_of};
use ballast_model::Nanos;
use libfuzzer_sys::fuzz_target;

fn header() -> Header {
    Header { segment: 0, first_seq: 1, before: [0; 32], config_hash: digest_of(b""), meta: Vec::new() }
}

/// A segment of these bodies, up to the first that ends it.
fn framed(mut bodies: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut framer = Framer::new(Form::Journal, &header(), &mut out);
    for seq in 1.. {
        let Some((length, rest)) = bodies.split_first_chunk() else { break };
        let (body, rest) = rest.split_at(usize::from(u16::from_le_bytes(*length)).min(rest.len()));
        if let Framed::Ended(_) = framer.record(Raw { seq, body }, &mut out) {
            break;
        }
        bodies = rest;
    }
    out
}

/// Records in words, and when each was written.
type Said = Vec<(Nanos, String)>;

/// What a segment says but for its blocks, and the same written again.
fn read(segment: &[u8]) -> Option<(Said, Vec<u8>)> {
    let (header, mut reader) = Reader::new(segment).ok()?;
    let (mut said, mut again) = (Vec::new(), Vec::new());
    let mut encoder = Encoder::new(&header, &mut again);
    while let Ok(Some(record)) = reader.next() {
        let now = record.now;
        match &record.entry {
            Entry::Event(event) => encoder.event(now, event, &mut again).expect("a record of its own"),
            Entry::Batch(batch) => encoder.batch(now, batch, &mut again),
            Entry::Command(command) => encoder.command(now, command, &mut again),
            Entry::Checkpoint(checkpoint) => encoder.checkpoint(now, checkpoint, &mut again),
            Entry::Carried(word) => encoder.carried(now, word, &mut again),
            Entry::Block(_) | Entry::End(_) => continue,
        }
        said.push((now, format!("{:?}", record.entry)));
    }
    encoder.end(&mut again);
    Some((said, again))
}

fuzz_target!(|bytes: &[u8]| {
    let Some((mode, rest)) = bytes.split_first() else { return };
    let segment = match mode % 4 {
        0 => rest.to_vec(),
        1 => [&framed(&[])[..], rest].concat(),
        _ => framed(rest),
    };
    let Some((said, again)) = read(&segment) else { return };
    let (said_again, _) = read(&again).expect("what is written is a segment");
    assert_eq!(said, said_again);
});
