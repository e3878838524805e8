//! The members of a message object: finding them.

use super::search::{Commas, string_length};
use super::{Context, Place, levels};
use crate::kernels::Kernels;
use crate::keys::{Key, Keys};
use crate::symbols::Symbol;
use crate::{LevelSink, Side};

/// The members of a message, by key.
#[derive(Debug)]
pub(super) struct Members<'f, K> {
    pub(super) context: Context<'f, K>,
    /// Where each value lies; of an array, 0 and how many levels it holds.
    pub(super) places: [Place; Key::COUNT],
    pub(super) seen: Keys,
    pub(super) arrays: Keys,
    /// Whose levels have been pushed.
    pub(super) book: Option<&'f Symbol>,
}

/// `,"?"`: a separator and a key of one letter.
const KEY: u32 = u32::from_le_bytes(*b",\"\0\"");
/// What of it stays the same.
const ONE_LETTER: u32 = u32::from_le_bytes([0xFF, 0xFF, 0, 0xFF]);
/// What of it stays the same in a key of two letters.
const TWO_LETTERS: u32 = u32::from_le_bytes([0xFF, 0xFF, 0, 0]);

impl<'f, K: Kernels> Members<'f, K> {
    #[inline(always)]
    pub(super) fn new(context: Context<'f, K>) -> Self {
        Self {
            context,
            places: [Place::default(); Key::COUNT],
            seen: Keys::NONE,
            arrays: Keys::NONE,
            book: None,
        }
    }

    /// Passes and notes the members of the object that opens at `open` and closes at `close`; `commas` are
    /// those between.
    ///
    /// A member reaches up to the next comma with a quote after it. That may be wrong, if such a pair lies
    /// inside a value: then the value is cut short, and whoever judges it sees that. Members under unknown
    /// keys are judged here, the others once the kind of message is known.
    #[inline(always)]
    pub(super) fn pass<S: LevelSink>(
        &mut self,
        mut commas: Commas<'f, K>,
        open: usize,
        close: usize,
        sink: &mut S,
    ) -> Option<()> {
        let Context { kernels, frame, .. } = self.context;
        let mut at = open;
        // For the first member the brace takes the place of the comma.
        let mut start = KEY ^ u32::from(b'{' ^ b',');
        let mut seen = Keys::NONE;
        while at != close {
            let end = commas.pass().unwrap_or(close);
            let (key, width, first) = match frame.get(at..)?.first_chunk() {
                Some(member) => usual_key(member, start),
                None => (None, 0, 0),
            };
            if let Some(key) = key
                && first != b'['
            {
                if seen.contains(key) {
                    return None;
                }
                seen.insert(key);
                *self.places.get_mut(key as usize)? = Place::new(at + width, end);
                at = end;
            } else {
                self.seen = seen;
                at = self.unusual(at, end, start as u8, sink)?;
                seen = self.seen;
                if at != end {
                    commas = Commas::new(kernels, frame, at);
                }
            }
            start = KEY;
        }
        self.seen = seen;
        Some(())
    }

    /// Passes and notes the member from `at` to `end`, which has an array or an unusual key; returns where it
    /// really ends.
    #[inline(never)]
    fn unusual<S: LevelSink>(&mut self, at: usize, end: usize, separator: u8, sink: &mut S) -> Option<usize> {
        let Context { kernels, frame, .. } = self.context;
        let (key, width) = self.key(at, separator)?;
        let Some(key) = key else {
            return kernels.run(
                #[inline(always)]
                || self.context.pass_unknown(at + width, end),
            );
        };
        if self.seen.contains(key) {
            return None;
        }
        self.seen.insert(key);
        *self.places.get_mut(key as usize)? = Place::new(at + width, end);
        if frame.get(at + width) != Some(&b'[') {
            return Some(end);
        }
        kernels.run(
            #[inline(always)]
            || self.levels(key, at + width, sink),
        )
    }

    /// The key of the member at `at`, if it is a known one, and how far behind the separator its value
    /// starts.
    fn key(&self, at: usize, separator: u8) -> Option<(Option<Key>, usize)> {
        let Context { kernels, frame, .. } = self.context;
        let rest = frame.get(at..)?;
        let &[first, second, letter, third, fourth] = rest.first_chunk()?;
        if [first, second] != [separator, b'"'] {
            return None;
        }
        // Arrays come under one letter, mostly.
        if [third, fourth] == *b"\":" {
            let key = Key::of_letter(letter);
            if key.is_some() {
                return Some((key, 5));
            }
        }
        let text = rest.get(2..)?;
        let length = kernels.run(
            #[inline(always)]
            || string_length(kernels, frame, text),
        )?;
        let key = Key::of(text.get(..length)?);
        (text.get(length + 1) == Some(&b':')).then_some((key, length + 4))
    }

    /// Pushes the levels of the array under `key`, at `start`; returns where it ends.
    #[inline(always)]
    fn levels<S: LevelSink>(&mut self, key: Key, start: usize, sink: &mut S) -> Option<usize> {
        const BIDS: Keys = Keys::of(&[Key::LowerB, Key::Bids]);
        const ASKS: Keys = Keys::of(&[Key::LowerA, Key::Asks]);
        const OF_SNAPSHOT: Keys = Keys::of(&[Key::Bids, Key::Asks]);
        let side = if BIDS.contains(key) {
            Side::Bid
        } else if ASKS.contains(key) {
            Side::Ask
        } else {
            return None;
        };
        let symbol =
            if OF_SNAPSHOT.contains(key) { self.snapshot_symbol() } else { self.symbol(Key::LowerS) }.ok()?;
        if self.arrays == Keys::NONE {
            sink.begin();
        } else if !self.book.is_some_and(|book| core::ptr::eq(book, symbol)) {
            // A symbol named between two arrays would overrule the one that the first was decoded for.
            return None;
        }
        let Context { kernels, frame, .. } = self.context;
        let (count, end) = levels::push(kernels, frame, start, (side, symbol), sink)?;
        self.arrays.insert(key);
        *self.places.get_mut(key as usize)? = Place { start: 0, end: count };
        self.book = Some(symbol);
        Some(end)
    }
}

/// The key with which `member` begins, if it has one or two known letters, how far behind its separator the
/// value begins, and the value's first byte. `start` is [`KEY`] with the right separator.
#[inline(always)]
fn usual_key(member: &[u8; 7], start: u32) -> (Option<Key>, usize, u8) {
    let [first, second, third, fourth, fifth, sixth, seventh] = *member;
    let head = u32::from_le_bytes([first, second, third, fourth]);
    if head & ONE_LETTER == start && fifth == b':' {
        (Key::of_letter(third), 5, sixth)
    } else if head & TWO_LETTERS == start & TWO_LETTERS && [fifth, sixth] == *b"\":" {
        (Key::of_letters((head >> 16) as u16), 6, seventh)
    } else {
        (None, 0, 0)
    }
}
