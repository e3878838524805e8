//! Whatever is to be recorded comes back out of its words.

use alloc::vec::Vec;

use ballast_model::{BookBatch, Event, LOTS_MAX, Lots, PRICE_TICKS_MAX, PackedLevel, Price};
use proptest::prelude::*;

use super::*;
use crate::tests::words::{Said, said};

/// The levels of a side as words, and those that the words say.
fn through_words(levels: &[PackedLevel]) -> Vec<PackedLevel> {
    let (pairs, last) = levels.as_chunks::<2>();
    let words: Vec<_> = pairs.iter().map(|pair| pair_words(*pair)).collect();
    let last: Vec<_> = last.iter().map(|level| single_words(*level)).collect();
    assert_eq!(3 * words.len() + 2 * last.len(), level_words(levels.len()));
    let pairs = words.iter().flat_map(|words| pair_of(*words).unwrap());
    pairs.chain(last.iter().map(|words| single_of(*words).unwrap())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]
    #[test]
    fn what_is_stored_is_what_was_said(said in said()) {
        let (plain, bids, asks) = match &said {
            Said::Event(event) => (Plainer::default().event(event).unwrap(), Vec::new(), Vec::new()),
            Said::Batch(begin, bids, asks) => {
                (Plain::batch(&BookBatch::new(*begin, bids, asks)), through_words(bids), through_words(asks))
            }
            Said::Command(command) => (Plain::command(command), Vec::new(), Vec::new()),
            Said::Checkpoint(checkpoint) => (Plain::checkpoint(checkpoint), Vec::new(), Vec::new()),
            Said::Carried(word) => (Plain::carried(word), Vec::new(), Vec::new()),
            Said::Block | Said::End => (Plain::END, Vec::new(), Vec::new()),
        };
        prop_assert_eq!(plain.levels(), Some([bids.len(), asks.len()]));
        let read = match plain.draft(&bids, &asks).unwrap() {
            Draft::Event(event) => Said::Event(event),
            Draft::Batch(batch) => {
                let [(_, bids), (_, asks)] = batch.sides();
                Said::Batch(*batch.begin(), bids.to_vec(), asks.to_vec())
            }
            Draft::Command(command) => Said::Command(command),
            Draft::Checkpoint(checkpoint) => Said::Checkpoint(checkpoint),
            Draft::Carried(word) => Said::Carried(word),
            Draft::End => Said::End,
        };
        prop_assert_eq!(read, said);
    }

    #[test]
    fn no_words_make_the_reader_panic(kind: u8, words: [u64; PLAIN_WORDS], small: bool) {
        let words = if small { words.map(|word| word % 6) } else { words };
        let plain = Plain { kind, words };
        let _ = (plain.levels(), plain.draft(&[], &[]));
        for kind in [event::TICKER, event::ORDER, event::FILL, SPELLED, kind::COMMAND, kind::CARRIED, event::CARRIED] {
            let _ = Plain { kind, words }.draft(&[], &[]);
        }
    }
}

#[test]
fn the_widest_levels_fit() {
    let level = |price, lots| PackedLevel::new(Price(price), Lots(lots)).unwrap();
    let levels =
        [level(PRICE_TICKS_MAX, LOTS_MAX), level(0, 0), level(PRICE_TICKS_MAX, 0), level(1, LOTS_MAX)];
    for from in 0..levels.len() {
        assert_eq!(through_words(&levels[from..]), levels[from..]);
    }
    assert_eq!(single_of([0, 1 << 32]), None);
}

#[test]
fn a_slot_of_a_batch_has_no_words() {
    let begin = crate::tests::words::begin();
    assert_eq!(Plainer::default().event(&Event::BookBegin(begin)), Err(SlotAlone));
}
