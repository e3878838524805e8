//! A sink that believes nothing: it checks every batch's form, rebuilds the books in a naive map, and refuses on request.

use std::collections::BTreeMap;

use ballast_model::{
    BookBegin, BookKind, BookLevels, Event, InstrumentId, LEVELS_PER_SLOT, Last, LostReason, PackedLevel,
    Side,
};
use ballast_venue::{EventSink, RingFull};

/// Lots by price in ticks, of each side.
pub type Levels = [BTreeMap<i64, i64>; 2];

/// An instrument's book as a naive reader of the events has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NaiveBook {
    /// A snapshot came and no loss since.
    pub live: bool,
    /// Id of the last batch.
    pub update_id: u64,
    /// The levels.
    pub levels: Levels,
}

/// The checking sink.
#[derive(Debug, Default)]
pub struct Reader {
    /// Everything taken, in order.
    pub events: Vec<Event>,
    /// By instrument.
    pub books: BTreeMap<u16, NaiveBook>,
    /// How many of the next pushes to refuse.
    pub refusals: usize,
    /// Instruments of which a push was refused and no loss has been told since.
    owed: Vec<u16>,
}

impl Reader {
    /// The book of an instrument.
    pub fn book(&self, instrument: InstrumentId) -> NaiveBook {
        self.books.get(&instrument.0).cloned().unwrap_or_default()
    }

    /// The book of an instrument, if it is live.
    pub fn live_book(&self, instrument: InstrumentId) -> Option<&NaiveBook> {
        self.books.get(&instrument.0).filter(|book| book.live)
    }

    /// Whether a push was refused and the news of it has not come yet.
    pub fn owes_news(&self) -> bool {
        !self.owed.is_empty()
    }

    /// Takes what has been collected.
    pub fn take(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    fn book_batch(&mut self, begin: &BookBegin, slots: &[Event]) {
        check_form(begin, slots);
        let book = self.books.entry(begin.instrument.0).or_default();
        match begin.kind {
            BookKind::Snapshot => *book = NaiveBook { live: true, ..NaiveBook::default() },
            BookKind::Diff => assert!(book.live, "a diff of a book that is not live"),
        }
        assert!(begin.update_id.0 >= book.update_id, "the book turns back");
        book.update_id = begin.update_id.0;
        for (side, level) in slots.iter().flat_map(levels_of) {
            apply(&mut book.levels, side, level);
        }
    }
}

/// The events batch by batch.
pub fn batches(events: &[Event]) -> impl Iterator<Item = &[Event]> {
    events.chunk_by(|_, next| matches!(next, Event::BookLevels(_)))
}

/// Sets a level in the naive map.
pub fn apply(levels: &mut Levels, side: Side, level: PackedLevel) {
    let (price, lots) = (level.price().0, level.lots().0);
    let side = &mut levels[side.index()];
    if lots == 0 {
        side.remove(&price);
    } else {
        side.insert(price, lots);
    }
}

fn levels_of(slot: &Event) -> Vec<(Side, PackedLevel)> {
    let Event::BookLevels(slot) = slot else { return Vec::new() };
    slot.used().iter().map(|level| (slot.side, *level)).collect()
}

fn check_form(begin: &BookBegin, slots: &[Event]) {
    let mut levels = 0;
    let mut side = Side::Bid;
    for (at, slot) in slots.iter().enumerate() {
        let Event::BookLevels(slot) = slot else { panic!("a stranger in a book batch: {slot:?}") };
        let BookLevels { instrument, last, count, .. } = *slot;
        assert_eq!(instrument, begin.instrument);
        assert_eq!(last == Last::Yes, at + 1 == slots.len(), "LAST is on the last slot and nowhere else");
        assert!((1..=LEVELS_PER_SLOT).contains(&usize::from(count)));
        assert!(slot.levels[usize::from(count)..].iter().all(|unused| *unused == PackedLevel::default()));
        assert!(side <= slot.side, "bids before asks");
        side = slot.side;
        levels += u32::from(count);
    }
    assert_eq!(levels, begin.levels, "FIRST announces what follows");
}

/// Whose event this is.
pub fn instrument_of(event: &Event) -> InstrumentId {
    let of_market = event.instrument().filter(|_| event.market().is_some());
    of_market.unwrap_or_else(|| panic!("market data never says {event:?}"))
}

impl EventSink for Reader {
    fn push(&mut self, batch: &[Event]) -> Result<(), RingFull> {
        let (first, rest) = batch.split_first().expect("a batch has a first slot");
        let instrument = instrument_of(first).0;
        if self.refusals > 0 {
            self.refusals -= 1;
            self.owed.push(instrument);
            return Err(RingFull);
        }
        if self.owed.contains(&instrument) {
            let Event::BookLost(lost) = first else {
                panic!("{first:?} before the news that the ring was full")
            };
            assert_eq!(lost.reason, LostReason::RingFull);
            self.owed.retain(|other| *other != instrument);
        }
        match first {
            Event::BookBegin(begin) => self.book_batch(begin, rest),
            Event::BookLost(_) => {
                self.books.entry(instrument).or_default().live = false;
                assert!(rest.is_empty());
            }
            _ => assert!(rest.is_empty() && !matches!(first, Event::BookLevels(_))),
        }
        self.events.extend_from_slice(batch);
        Ok(())
    }
}
