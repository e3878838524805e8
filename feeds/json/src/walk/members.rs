//! The members of a message object: finding them.

use super::quotes::{Quotes, string_length};
use super::{Context, Place, levels};
use crate::kernels::Kernels;
use crate::keys::{Key, Keys};
use crate::symbols::Symbol;
use crate::syntax::{Cursor, Type};
use crate::{LevelSink, Side};

/// The members of a message, by key.
#[derive(Debug)]
pub(super) struct Members<'f, K> {
    pub(super) context: Context<'f, K>,
    /// Where each value lies, strings without their quotes; of an array, 0 and how many levels it holds.
    pub(super) places: [Place; Key::COUNT],
    pub(super) seen: Keys,
    pub(super) strings: Keys,
    pub(super) arrays: Keys,
    /// Whose levels have been pushed.
    pub(super) book: Option<&'f Symbol>,
}

/// `,"?"`: a separator and a key of one letter.
const KEY: u32 = u32::from_le_bytes(*b",\"\0\"");
const KEY_BYTES: u32 = u32::from_le_bytes([0xFF, 0xFF, 0, 0xFF]);

impl<'f, K: Kernels> Members<'f, K> {
    #[inline(always)]
    pub(super) fn new(context: Context<'f, K>) -> Self {
        Self {
            context,
            places: [Place::default(); Key::COUNT],
            seen: Keys::NONE,
            strings: Keys::NONE,
            arrays: Keys::NONE,
            book: None,
        }
    }

    /// Passes and notes the members of the object that opens at `open` and closes at `close`.
    ///
    /// Strings and scalars are noted, not judged: conversion does that for the members a message needs, and
    /// [`Members::check`] for the others.
    #[inline(always)]
    pub(super) fn pass<S: LevelSink>(
        &mut self,
        mut quotes: Quotes<'f, K, 0>,
        closing: usize,
        sink: &mut S,
    ) -> Option<()> {
        // For the first member the brace takes the place of the comma.
        let mut key_bytes = KEY ^ u32::from(b'{' ^ b',');
        loop {
            let &[separator, open, letter, close, colon, first] = quotes.rest().first_chunk()?;
            let head = u32::from_le_bytes([separator, open, letter, close]);
            if head & KEY_BYTES == key_bytes
                && colon == b':'
                && let Some(key) = Key::of_letter(letter)
            {
                quotes = self.value(quotes, key, 5, first, closing, sink)?;
            } else {
                quotes = self.other_member(quotes, key_bytes as u8, closing, sink)?;
            }
            key_bytes = KEY;
            if quotes.left() == closing {
                return Some(());
            }
        }
    }

    /// Passes and notes the value `width` bytes behind the separator at the position.
    #[inline(always)]
    fn value<S: LevelSink>(
        &mut self,
        mut quotes: Quotes<'f, K, 0>,
        key: Key,
        width: usize,
        first: u8,
        closing: usize,
        sink: &mut S,
    ) -> Option<Quotes<'f, K, 0>> {
        if self.seen.contains(key) {
            return None;
        }
        self.seen.insert(key);
        if first == b'"' {
            let ahead = quotes.bits().wrapping_shr(width as u32 + 1);
            let mut length = ahead.trailing_zeros() as usize;
            if ahead == 0 {
                length = self.string_length(quotes.rest().get(width + 1..)?)?;
            }
            self.strings.insert(key);
            self.places[key as usize] = Place::new(quotes.at() + width + 1 + length, length);
            quotes.advance(width + length + 2)?;
        } else if first == b'[' {
            let start = quotes.at() + width;
            let end = self.context.kernels.run(#[inline(always)] || self.levels(key, start, sink))?;
            quotes.advance(end - quotes.at())?;
        } else {
            // Up to the comma before the next key.
            let ahead = quotes.bits().wrapping_shr(width as u32);
            let mut length = (ahead.trailing_zeros() as usize).wrapping_sub(1);
            if ahead == 0 {
                length = quotes.left().checked_sub(closing + width)?;
            }
            self.places[key as usize] = Place::new(quotes.at() + width + length, length);
            quotes.advance(width + length)?;
        }
        Some(quotes)
    }

    /// Passes and notes the member at the position, whose key is not one known letter.
    #[inline(never)]
    fn other_member<S: LevelSink>(
        &mut self,
        mut quotes: Quotes<'f, K, 0>,
        separator: u8,
        closing: usize,
        sink: &mut S,
    ) -> Option<Quotes<'f, K, 0>> {
        let (key, width) = self.long_key(quotes.rest(), separator)?;
        let first = *quotes.rest().get(width)?;
        if let Some(key) = key {
            let kernels = self.context.kernels;
            return kernels.run(#[inline(always)] || self.value(quotes, key, width, first, closing, sink));
        }
        let rest = quotes.rest().get(width..)?;
        let length = if first == b'"' {
            self.string_length(rest.get(1..)?)? + 2
        } else {
            let length = rest.iter().position(|byte| matches!(byte, b',' | b'}'))?;
            self.check(false, Place::new(quotes.at() + width + length, length))?;
            length
        };
        let kernels = self.context.kernels;
        kernels.run(#[inline(always)] || quotes.advance(width + length))?;
        Some(quotes)
    }

    #[cold]
    fn string_length(&self, rest: &[u8]) -> Option<usize> {
        let Context { kernels, frame, .. } = self.context;
        kernels.run(#[inline(always)] || string_length(kernels, frame, rest))
    }

    /// The key after the separator with which `rest` starts, if it is a known one, and how far behind the separator the value
    /// starts. For those that are not one known letter.
    #[cold]
    #[inline(never)]
    fn long_key(&self, rest: &[u8], separator: u8) -> Option<(Option<Key>, usize)> {
        let &[comma, open, first, second, quote, colon] = rest.first_chunk()?;
        if comma != separator || open != b'"' {
            return None;
        }
        if [quote, colon] == *b"\":" {
            let key = Key::of_letters([first, second]);
            if key.is_some() {
                return Some((key, 6));
            }
        }
        let length = self.string_length(rest.get(2..)?)?;
        let key = Key::of(rest.get(2..2 + length)?);
        (rest.get(length + 3) == Some(&b':')).then_some((key, length + 4))
    }

    /// Pushes the levels of the array under `key`, at `start`; returns where it ends.
    #[inline(always)]
    fn levels<S: LevelSink>(&mut self, key: Key, start: usize, sink: &mut S) -> Option<usize> {
        let Context { kernels, frame, .. } = self.context;
        let (side, symbol) = match key {
            Key::LowerA => (Side::Ask, self.symbol(Key::LowerS)?),
            Key::LowerB => (Side::Bid, self.symbol(Key::LowerS)?),
            Key::Asks => (Side::Ask, self.snapshot_symbol()?),
            Key::Bids => (Side::Bid, self.snapshot_symbol()?),
            _ => return None,
        };
        if self.arrays == Keys::NONE {
            sink.begin();
        }
        let (count, end) = levels::push(kernels, frame, start, (side, symbol), sink)?;
        self.arrays.insert(key);
        self.places[key as usize].length = count;
        self.book = Some(symbol);
        Some(end)
    }

    /// Whether a value no message needs is well-formed.
    #[cold]
    #[inline(never)]
    pub(super) fn check(&self, string: bool, place: Place) -> Option<()> {
        let frame = self.context.frame;
        if string {
            let length = self.string_length(place.from(frame)?)?;
            return (length == place.length as usize).then_some(());
        }
        let value = Cursor::new(frame.get(..place.end as usize)?, (place.end - place.length) as usize).value().ok()?;
        let scalar = matches!(value.kind, Type::Number | Type::True | Type::False | Type::Null);
        (scalar && value.span.end == place.end).then_some(())
    }
}
