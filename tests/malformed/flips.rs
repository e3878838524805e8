//! Bytes flipped at random places, many times over.

use ballast_runtime::capture::ProblemKind;
use ballast_tests::market::{Line, surveyed, text};

use crate::rig::{FUTURES, NAME, SPOT, nth, raw, read, read_lines, try_read};

/// How many captures are spoilt for each market.
const SEEDS: u64 = 40;

/// SplitMix64 (Steele, Lea and Flood, 2014).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % bound as u64).unwrap()
    }
}

/// Whatever is flipped, the capture is read to its end and played, and its book is only lost with its snapshot.
fn check_flips(lines: &[Line], flips: usize) {
    let sound = text(lines).into_bytes();
    let snapshot = nth(lines, "lastUpdateId", 0);
    let before = text(&lines[..snapshot]).len();
    let snapshot = before..before + lines[snapshot].text().len();
    let mut quoted = 0;
    for seed in 0..SEEDS {
        let mut random = Random(seed);
        let mut broken = sound.clone();
        let mut must_have_book = true;
        for _ in 0..flips {
            let at = random.below(broken.len());
            broken[at] ^= 1 << random.below(8);
            must_have_book &= !snapshot.contains(&at);
        }
        let newlines = broken.iter().filter(|byte| **byte == b'\n').count() as u64;
        let unended = u64::from(broken.last() != Some(&b'\n'));
        let found =
            try_read(&[surveyed(NAME, broken)]).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert_eq!(found.prepared.lines, newlines + unended, "seed {seed}");
        assert_eq!(found.prepared.instruments.len(), 1, "seed {seed}: no symbol is made up");
        assert!(!must_have_book || !found.prepared.has_no_book(), "seed {seed}: {:?}", found.problems());
        found.check_repeats();
        quoted += u64::from(found.outcome.orders > 0);
    }
    assert!(quoted > SEEDS / 2, "{quoted}");
}

#[test]
fn one_flipped_bit_stops_no_futures_capture() {
    check_flips(&FUTURES, 1);
}

#[test]
fn a_few_flipped_bits_stop_no_spot_capture() {
    check_flips(&SPOT, 3);
}

#[test]
fn bytes_that_are_no_text_are_each_told_with_their_line() {
    let diff = |index: &usize| {
        FUTURES[*index].frame.contains("@depth") || FUTURES[*index].frame.contains("lastUpdateId")
    };
    for seed in 0..SEEDS {
        let mut random = Random(1_000 + seed);
        let mut lines = raw(&FUTURES);
        let mut spoilt: Vec<_> = (0..20).map(|_| random.below(lines.len())).collect();
        // A diff left out is a gap, which is another story.
        spoilt.retain(|index| !diff(index));
        spoilt.sort_unstable();
        spoilt.dedup();
        let mut kinds = Vec::new();
        for index in &spoilt {
            let line = &mut lines[*index];
            let at = random.below(line.len());
            let in_stamp = at < line.iter().position(|byte| *byte == b' ').unwrap() + 1;
            kinds.push((
                if in_stamp { ProblemKind::BadTime } else { ProblemKind::BadFrame },
                *index as u64 + 1,
            ));
            line[at] |= 0x80;
        }
        let found = read_lines(&lines);
        assert_eq!(found.problems(), kinds, "seed {seed}");
        let kept: Vec<_> = FUTURES
            .iter()
            .enumerate()
            .filter(|(index, _)| !spoilt.contains(index))
            .map(|(_, line)| line.clone())
            .collect();
        assert_eq!(found.outcome, read(text(&kept)).outcome, "seed {seed}: as if they were not there");
    }
}
