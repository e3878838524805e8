//! Whatever a frame holds: its paths agree with each other and with the oracle.

use ballast_json::Path;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::RngSeed;

use crate::frames::{Frame, Numbers, Style, frame};
use crate::market::read_on_all_paths;
use crate::oracle;

/// No frame that the venue sends is shorter.
const SHORTEST: usize = 72;

/// Damage to a frame.
#[derive(Clone, Debug)]
enum Damage {
    Replace(Index, u8),
    Insert(Index, u8),
    Remove(Index),
    Repeat(Index, Index),
    Truncate(Index),
}

fn check(frame: &[u8]) {
    oracle::check(frame, &read_on_all_paths(frame));
}

fn style() -> impl Strategy<Value = Style> {
    let bits = || prop_oneof![Just(0), (0..64_u32).prop_map(|bit| 1 << bit), any::<u64>()];
    (bits(), bits()).prop_map(|(spaces, escapes)| Style { spaces, escapes })
}

fn damage() -> impl Strategy<Value = Damage> {
    let byte =
        prop_oneof![3 => select(&b"\"\\{}[]:,.0159-eEstubaT \t\n\x00\x1f\x7f\xc3\xff"[..]), 1 => any::<u8>()];
    let index = any::<Index>;
    prop_oneof![
        (index(), byte.clone()).prop_map(|(at, byte)| Damage::Replace(at, byte)),
        (index(), byte).prop_map(|(at, byte)| Damage::Insert(at, byte)),
        index().prop_map(Damage::Remove),
        (index(), index()).prop_map(|(from, to)| Damage::Repeat(from, to)),
        index().prop_map(Damage::Truncate),
    ]
}

impl Damage {
    fn inflict(&self, frame: &mut Vec<u8>) {
        if frame.is_empty() {
            return;
        }
        let length = frame.len();
        match self {
            Self::Replace(at, byte) => frame[at.index(length)] = *byte,
            Self::Insert(at, byte) => frame.insert(at.index(length), *byte),
            Self::Remove(at) => drop(frame.remove(at.index(length))),
            Self::Repeat(from, to) => {
                let (from, to) = (from.index(length), to.index(length));
                let part = frame[from.min(to)..from.max(to)].to_vec();
                frame.splice(from..from, part);
            }
            Self::Truncate(at) => frame.truncate(at.index(length)),
        }
    }
}

/// Repeats one member, or drops one.
fn miscount(frame: &mut Frame, at: Index, repeated: bool) {
    let at = at.index(frame.members.len());
    let member = frame.members.remove(at);
    if repeated {
        frame.members.insert(0, member.clone());
        frame.members.push(member);
    }
}

/// The same frames every time: the fuzz target looks further.
fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 4096,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(7),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_sound_frame_takes_the_fast_path(frame in frame(Numbers::Sound)) {
        let usual = frame.is_usual();
        let frame = frame.write(Style::COMPACT);
        let usual = usual && frame.len() >= SHORTEST;
        let reading = read_on_all_paths(&frame);
        oracle::check(&frame, &reading);
        let path = reading.expect("the frame is sound").path;
        prop_assert!(!usual || path == Path::Fast);
    }

    #[test]
    fn spaces_and_escapes_change_no_meaning(frame in frame(Numbers::Sound), style in style()) {
        let compact = read_on_all_paths(&frame.write(Style::COMPACT)).expect("the frame is sound");
        let frame = frame.write(style);
        let styled = read_on_all_paths(&frame);
        oracle::check(&frame, &styled);
        let styled = styled.expect("the frame is sound");
        prop_assert_eq!((compact.message, compact.levels), (styled.message, styled.levels));
    }

    #[test]
    fn faulty_values_are_told_alike(frame in frame(Numbers::Any), style in style()) {
        check(&frame.write(Style::COMPACT));
        check(&frame.write(style));
    }

    #[test]
    fn missing_and_repeated_fields_are_told_alike(
        mut frame in frame(Numbers::Sound),
        at: Index,
        repeated: bool,
    ) {
        miscount(&mut frame, at, repeated);
        check(&frame.write(Style::COMPACT));
    }

    #[test]
    fn damaged_frames_are_told_alike(frame in frame(Numbers::Sound), damage in vec(damage(), 1..4)) {
        let mut frame = frame.write(Style::COMPACT);
        for damage in damage {
            damage.inflict(&mut frame);
        }
        check(&frame);
    }

    #[test]
    fn any_bytes_are_told_alike(frame in vec(any::<u8>(), 0..200)) {
        check(&frame);
    }
}

#[test]
fn every_beginning_of_a_frame_is_refused() {
    let frame = br#"{"stream":"btcusdt@depth","data":{"e":"depthUpdate","E":1,"s":"BTCUSDT","U":1,"u":2,"b":[["1.5","2"]],"a":[]}}"#;
    check(frame);
    for end in 0..frame.len() {
        check(&frame[..end]);
        assert!(read_on_all_paths(&frame[..end]).is_err(), "{end}");
    }
}

#[test]
fn a_frame_of_ten_megabytes_is_read() {
    let levels = vec![r#"["61800.2","2.507"]"#; 525_000].join(",");
    let frame = format!(r#"{{"e":"depthUpdate","E":1,"s":"BTCUSDT","U":1,"u":2,"b":[{levels}],"a":[]}}"#);
    assert!(frame.len() > 10_000_000);
    let reading = read_on_all_paths(frame.as_bytes()).expect("the frame is sound");
    assert_eq!(reading.levels.len(), 525_000);
    assert!(read_on_all_paths(&frame.as_bytes()[..frame.len() - 1]).is_err());
}

#[test]
fn ten_megabytes_of_anything_are_survived() {
    for byte in [b'[', b'"', b'0', b' ', b'\\', 0, 0xFF] {
        assert!(read_on_all_paths(&vec![byte; 10_000_000]).is_err(), "{byte}");
    }
}
