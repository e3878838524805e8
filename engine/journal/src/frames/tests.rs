use super::*;
use crate::header::header_end;
use crate::{Framed, Framer, digest_of};
use alloc::vec;
use proptest::prelude::*;

/// A frame with what it says of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Owned {
    now: i64,
    wall: i64,
    way: u8,
    kind: u8,
    numbers: [u64; 2],
    bytes: Vec<u8>,
}

impl Owned {
    fn frame(&self) -> Frame<'_> {
        let Self { now, wall, way, kind, numbers: [one, two], bytes } = self;
        let said = match kind % 7 {
            0 => Said::Opened,
            1 => Said::Closed,
            2 => Said::Text(bytes),
            3 => Said::Answer { status: (*one & 0xffff) as u16, body: bytes },
            4 => Said::Asked(bytes),
            5 => Said::Due,
            _ => Said::Lost { records: *one, bytes: *two },
        };
        Frame { now: Nanos(*now), wall: Nanos(*wall), way: *way, said }
    }
}

fn owned() -> impl Strategy<Value = Owned> {
    let bytes = prop::collection::vec(any::<u8>(), 0..200);
    (any::<i64>(), any::<i64>(), 0..64_u32, any::<u8>(), any::<u8>(), any::<[u64; 2]>(), bytes).prop_map(
        |(now, wall, shift, way, kind, numbers, bytes)| Owned {
            now: now >> shift,
            wall: wall >> shift,
            way,
            kind,
            numbers,
            bytes,
        },
    )
}

fn header(segment: u32, end: EncoderEnd) -> Header {
    let (first_seq, before) = (end.next_seq, end.hash);
    Header { segment, first_seq, before, config_hash: digest_of(b"what"), meta: b"what".to_vec() }
}

/// Segments of these frames, the last one ended where that is asked for.
fn segments(frames: &[Frame<'_>], mut bodies: FrameBodies, ended: bool) -> Vec<Vec<u8>> {
    let mut end = EncoderEnd { next_seq: 1, hash: [0; 32] };
    let mut all: Vec<Vec<u8>> = Vec::new();
    let mut framer: Option<Framer> = None;
    let mut record = |raw: Raw<'_>| {
        if framer.is_none() {
            all.push(Vec::new());
        }
        let (number, out) = (u32::try_from(all.len() - 1).unwrap(), all.last_mut().unwrap());
        let open = framer.get_or_insert_with(|| Framer::new(Form::Recording, &header(number, end), out));
        if let Framed::Ended(told) = open.record(raw, out) {
            (framer, end) = (None, told);
        }
    };
    frames.iter().for_each(|frame| bodies.frame(frame, &mut record));
    if ended {
        bodies.end(&mut record);
    }
    all
}

/// All that can be read of a segment, and the fault that ended it.
fn read(bytes: &[u8]) -> (Vec<(u64, Frame<'_>)>, Option<Fault>) {
    let (_, mut reader) = match FrameReader::new(bytes) {
        Ok(begun) => begun,
        Err(fault) => return (Vec::new(), Some(fault)),
    };
    let mut frames = Vec::new();
    loop {
        match reader.next() {
            Ok(Some(frame)) => frames.push(frame),
            Ok(None) => return (frames, None),
            Err(fault) => return (frames, Some(fault)),
        }
    }
}

fn no_limits() -> FrameBodies {
    FrameBodies::new(u64::MAX, Span(i64::MAX))
}

proptest! {
    #[test]
    fn every_frame_comes_back(all in prop::collection::vec(owned(), 0..40), ended in any::<bool>()) {
        let frames: Vec<_> = all.iter().map(Owned::frame).collect();
        let all = segments(&frames, no_limits(), ended);
        let mut back = Vec::new();
        for segment in &all {
            let (read, fault) = read(segment);
            prop_assert_eq!(fault, None);
            back.extend(read.into_iter().map(|(_, frame)| frame));
        }
        prop_assert_eq!(&back, &frames);
    }

    /// Whatever is done to one byte, what is read before it is what was written, and it is found.
    #[test]
    fn a_changed_byte_is_found(all in prop::collection::vec(owned(), 1..12), at in any::<prop::sample::Index>(), change in 1..=255u8) {
        let frames: Vec<_> = all.iter().map(Owned::frame).collect();
        let mut bytes = segments(&frames, no_limits(), true).remove(0);
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        let (back, fault) = read(&bytes);
        prop_assert!(fault.is_some(), "byte {}", at);
        for ((_, back), frame) in back.iter().zip(&frames) {
            prop_assert_eq!(back, frame);
        }
    }

    #[test]
    fn arbitrary_bytes_are_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut whole = segments(&[], no_limits(), true).remove(0);
        let _ = read(&bytes);
        whole.extend_from_slice(&bytes);
        let _ = read(&whole);
    }
}

#[test]
fn every_cut_leaves_the_frames_before_it() {
    let text = [b'x'; 300];
    let frames: Vec<_> = (0..20)
        .map(|at| Frame { now: Nanos(at), wall: Nanos(at + 5), way: 1, said: Said::Text(&text) })
        .collect();
    let bytes = segments(&frames, no_limits(), true).remove(0);
    let begins = header_end(&bytes).unwrap();
    let mut most = 0;
    for cut in begins..bytes.len() {
        let (back, fault) = read(&bytes[..cut]);
        assert!(fault.is_none_or(|fault| matches!(fault.kind, FaultKind::Torn { .. })), "{cut}: {fault:?}");
        assert!(back.iter().map(|(_, frame)| frame).eq(&frames[..back.len()]), "{cut}");
        assert!(back.len() >= most && back.len() <= most + 1, "{cut}");
        most = back.len();
    }
    assert_eq!(most, frames.len());
}

#[test]
fn segments_end_by_size_and_by_time_and_go_on_from_each_other() {
    let text = vec![b'x'; 1_000];
    let frame = |at: i64| Frame { now: Nanos(at), wall: Nanos(at), way: 0, said: Said::Text(&text) };
    let frames: Vec<_> = (0..300).map(frame).collect();
    for (bodies, least) in
        [(FrameBodies::new(100_000, Span(i64::MAX)), 2), (FrameBodies::new(u64::MAX, Span(99)), 3)]
    {
        let all = segments(&frames, bodies, true);
        assert!(all.len() >= least, "{} segments", all.len());
        let (mut back, mut before): (Vec<Frame<'_>>, _) =
            (Vec::new(), EncoderEnd { next_seq: 1, hash: [0; 32] });
        for bytes in &all {
            let (header, mut reader) = FrameReader::new(bytes).unwrap();
            assert_eq!((header.first_seq, header.before), (before.next_seq, before.hash));
            while let Some((_, frame)) = reader.next().unwrap() {
                back.push(frame);
            }
            before = reader.end().unwrap();
        }
        assert_eq!(back, frames);
    }
}

#[test]
fn a_journal_is_no_recording() {
    let bytes = segments(&[], no_limits(), true).remove(0);
    assert_eq!(crate::Reader::new(&bytes).unwrap_err().kind, FaultKind::Magic);
    let mut journal = Vec::new();
    let _ = crate::Encoder::new(&header(0, EncoderEnd { next_seq: 1, hash: [0; 32] }), &mut journal);
    assert_eq!(FrameReader::new(&journal).unwrap_err().kind, FaultKind::Magic);
    assert_eq!(header_end(&journal), Some(journal.len()));
}
