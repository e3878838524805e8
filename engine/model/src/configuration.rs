//! A configuration that takes the place of the one in force, as it enters the core.
//!
//! Its text comes in parts, in their order and nothing of it counts before the last: then the whole change takes effect, between
//! two inputs. The core reads no text. What has to be built from it is built outside and handed over before ([`ConfigPart::key_of`]
//! says of which text), so that whoever has the parts can build the same again.
//!
//! Never here: what a configuration says.

use crate::digest::Digest;
use crate::event::Last;

/// Bytes of a text that one [`ConfigPart`] carries at most.
pub const CONFIG_PART_BYTES: usize = 48;

/// Longest text of a configuration that can enter the core.
pub const CONFIG_BYTES_MAX: usize = 1024 * CONFIG_PART_BYTES;

/// One part of the text of a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfigPart {
    /// Which part it is, from 0.
    pub part: u16,
    /// Whether the text ends here.
    pub last: Last,
    /// Bytes used, in `1..=CONFIG_PART_BYTES`.
    pub count: u8,
    /// The bytes; those from `count` on are zero.
    pub bytes: [u8; CONFIG_PART_BYTES],
}

const _: () = assert!(size_of::<ConfigPart>() <= 56);

impl ConfigPart {
    /// A text in parts; nothing of one that is empty or longer than [`CONFIG_BYTES_MAX`].
    pub fn parts_of(text: &[u8]) -> impl Iterator<Item = Self> {
        let text = if text.len() > CONFIG_BYTES_MAX { &[] } else { text };
        let parts = text.len().div_ceil(CONFIG_PART_BYTES);
        (0..).zip(text.chunks(CONFIG_PART_BYTES)).map(move |(part, chunk)| {
            let mut bytes = [0; CONFIG_PART_BYTES];
            bytes.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
            let last = if usize::from(part) + 1 == parts { Last::Yes } else { Last::No };
            // A chunk is no longer than a part.
            let count = u8::try_from(chunk.len()).unwrap_or(u8::MAX);
            Self { part, last, count, bytes }
        })
    }

    /// The bytes in use.
    #[must_use]
    pub fn used(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.count)).unwrap_or(&self.bytes)
    }

    /// What tells the text of these parts from others.
    #[must_use]
    pub fn key_of(text: &[u8]) -> u64 {
        let mut digest = Digest::new();
        Self::parts_of(text).for_each(|part| digest.bytes(part.used()));
        digest.value()
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec::Vec;

    use super::*;

    #[test]
    fn a_text_comes_back_from_its_parts() {
        for length in [1, 47, 48, 49, 96, 1_000, CONFIG_BYTES_MAX] {
            let text: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
            let parts: Vec<_> = ConfigPart::parts_of(&text).collect();
            let back: Vec<u8> = parts.iter().flat_map(|part| part.used().iter().copied()).collect();
            assert_eq!(back, text);
            let lasts = parts.iter().filter(|part| part.last == Last::Yes).count();
            assert_eq!((lasts, parts.last().map(|part| part.last)), (1, Some(Last::Yes)));
            assert!(parts.iter().zip(0..).all(|(part, number)| part.part == number));
        }
    }

    #[test]
    fn what_cannot_enter_has_no_parts() {
        assert_eq!(ConfigPart::parts_of(&[]).count(), 0);
        assert_eq!(ConfigPart::parts_of(&std::vec![1; CONFIG_BYTES_MAX + 1]).count(), 0);
    }

    #[test]
    fn keys_tell_texts_apart() {
        let key = ConfigPart::key_of;
        assert_eq!(key(b"a = 1"), key(b"a = 1"));
        assert_ne!(key(b"a = 1"), key(b"a = 2"));
        assert_ne!(key(&[b'x'; 48]), key(&[b'x'; 49]));
    }
}
