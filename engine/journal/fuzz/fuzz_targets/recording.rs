//! Arbitrary segments of recordings: reading never panics, and what is read is read again alike once it is written again.
//!
//! The first byte says what the others are: a segment, what follows a sound header, or bodies in records whose checksums are
//! right, each after its length in two bytes.
#![no_main]

use ballast_journal::{
    EncoderEnd, Form, Frame, FrameBodies, FrameReader, Framed, Framer, Header, Raw, digest_of,
};
use ballast_model::Span;
use libfuzzer_sys::fuzz_target;

fn header(segment: u32, end: EncoderEnd) -> Header {
    let (first_seq, before) = (end.next_seq, end.hash);
    Header { segment, first_seq, before, config_hash: digest_of(b""), meta: Vec::new() }
}

const FIRST: EncoderEnd = EncoderEnd { next_seq: 1, hash: [0; 32] };

/// A segment of these bodies, up to the first that ends it.
fn framed(mut bodies: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut framer = Framer::new(Form::Recording, &header(0, FIRST), &mut out);
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

/// What a segment says.
fn read(segment: &[u8]) -> Vec<Frame<'_>> {
    let Ok((_, mut reader)) = FrameReader::new(segment) else { return Vec::new() };
    std::iter::from_fn(|| reader.next().ok().flatten()).map(|(_, frame)| frame).collect()
}

/// The same in segments of its own.
fn written(frames: &[Frame<'_>]) -> Vec<Vec<u8>> {
    let (mut segments, mut end, mut framer) = (Vec::new(), FIRST, None);
    let mut bodies = FrameBodies::new(100_000, Span(1_000_000_000));
    for frame in frames {
        bodies.frame(frame, &mut |raw| {
            let number = u32::try_from(segments.len()).expect("few segments");
            let (open, out) = framer.get_or_insert_with(|| {
                let mut out = Vec::new();
                (Framer::new(Form::Recording, &header(number, end), &mut out), out)
            });
            if let Framed::Ended(told) = open.record(raw, out) {
                end = told;
                segments.extend(framer.take().map(|(_, out)| out));
            }
        });
    }
    segments.extend(framer.map(|(_, out)| out));
    segments
}

fuzz_target!(|bytes: &[u8]| {
    let Some((mode, rest)) = bytes.split_first() else { return };
    let segment = match mode % 4 {
        0 => rest.to_vec(),
        1 => [&framed(&[])[..], rest].concat(),
        _ => framed(rest),
    };
    let said = read(&segment);
    let again = written(&said);
    let said_again: Vec<_> = again.iter().flat_map(|segment| read(segment)).collect();
    assert_eq!(said, said_again);
});
