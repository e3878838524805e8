//! The keys that mean something in some kind of message.

use crate::syntax::{Text, Value};

/// A key, named as on the wire; the case of single letters matters there. `M`, `ps` and `st` mean nothing
/// here, but many messages carry them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    LowerA,
    UpperA,
    LowerB,
    UpperB,
    LowerE,
    UpperE,
    LowerF,
    LowerI,
    LowerL,
    LowerM,
    UpperM,
    LowerP,
    UpperP,
    LowerQ,
    LowerR,
    LowerS,
    LowerT,
    UpperT,
    LowerU,
    UpperU,
    UpperX,
    Nq,
    Ps,
    Pu,
    St,
    Id,
    Msg,
    Asks,
    Bids,
    Code,
    Data,
    Error,
    Result,
    Stream,
    Symbol,
    LastUpdateId,
}

impl Key {
    pub(crate) const COUNT: usize = Self::LastUpdateId as usize + 1;

    /// Longest key, in bytes.
    const BYTES_MAX: usize = "lastUpdateId".len();

    /// The key that `bytes` spell.
    pub(crate) const fn of(bytes: &[u8]) -> Option<Self> {
        Some(match bytes {
            b"a" => Self::LowerA,
            b"A" => Self::UpperA,
            b"b" => Self::LowerB,
            b"B" => Self::UpperB,
            b"e" => Self::LowerE,
            b"E" => Self::UpperE,
            b"f" => Self::LowerF,
            b"i" => Self::LowerI,
            b"l" => Self::LowerL,
            b"m" => Self::LowerM,
            b"M" => Self::UpperM,
            b"p" => Self::LowerP,
            b"P" => Self::UpperP,
            b"q" => Self::LowerQ,
            b"r" => Self::LowerR,
            b"s" => Self::LowerS,
            b"t" => Self::LowerT,
            b"T" => Self::UpperT,
            b"u" => Self::LowerU,
            b"U" => Self::UpperU,
            b"X" => Self::UpperX,
            b"nq" => Self::Nq,
            b"ps" => Self::Ps,
            b"pu" => Self::Pu,
            b"st" => Self::St,
            b"id" => Self::Id,
            b"msg" => Self::Msg,
            b"asks" => Self::Asks,
            b"bids" => Self::Bids,
            b"code" => Self::Code,
            b"data" => Self::Data,
            b"error" => Self::Error,
            b"result" => Self::Result,
            b"stream" => Self::Stream,
            b"symbol" => Self::Symbol,
            b"lastUpdateId" => Self::LastUpdateId,
            _ => return None,
        })
    }

    /// The key that a text spells.
    pub(crate) fn of_text(text: Text<'_>) -> Option<Self> {
        if let Some(plain) = text.plain() {
            return Self::of(plain);
        }
        let mut bytes = [0; Self::BYTES_MAX];
        let mut length = 0;
        for byte in text {
            *bytes.get_mut(length)? = byte;
            length += 1;
        }
        Self::of(bytes.get(..length)?)
    }

    /// The key of one letter, by table.
    #[inline(always)]
    pub(crate) fn of_letter(letter: u8) -> Option<Self> {
        #[expect(clippy::indexing_slicing, reason = "the compiler evaluates this, and checks the index")]
        static KEYS: [Option<Key>; 256] = {
            let mut keys = [None; 256];
            let mut letter = 0;
            while letter <= u8::MAX as usize {
                keys[letter] = Key::of(&[letter.to_le_bytes()[0]]);
                letter += 1;
            }
            keys
        };
        KEYS.get(usize::from(letter)).copied().flatten()
    }

    /// The key of two letters, the first in the low byte.
    #[inline(always)]
    pub(crate) const fn of_letters(letters: u16) -> Option<Self> {
        match &letters.to_le_bytes() {
            b"nq" => Some(Self::Nq),
            b"ps" => Some(Self::Ps),
            b"pu" => Some(Self::Pu),
            b"st" => Some(Self::St),
            _ => None,
        }
    }
}

/// A set of keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Keys(u64);

impl Keys {
    pub(crate) const NONE: Self = Self(0);

    pub(crate) const fn of(keys: &[Key]) -> Self {
        let mut set = 0;
        let mut rest = keys;
        while let [key, tail @ ..] = rest {
            set |= 1 << *key as u64;
            rest = tail;
        }
        Self(set)
    }

    #[inline(always)]
    pub(crate) const fn insert(&mut self, key: Key) {
        self.0 |= 1 << key as u64;
    }

    #[inline(always)]
    pub(crate) const fn contains(self, key: Key) -> bool {
        self.0 >> key as u64 & 1 != 0
    }

    #[inline(always)]
    pub(crate) const fn includes(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    #[inline(always)]
    pub(crate) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

/// The keys' numbers.
impl Iterator for Keys {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let key = self.0.trailing_zeros();
        self.0 &= self.0 - 1;
        Some(key as usize)
    }
}

/// What an object holds under one key.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Slot {
    Absent,
    Once(Value),
    /// The offset of the second value.
    Twice(u32),
}

/// What an object holds under each [`Key`].
#[derive(Debug)]
pub(crate) struct Slots {
    /// Offset of the object in the frame.
    pub(crate) at: u32,
    slots: [Slot; Key::COUNT],
}

impl Slots {
    pub(crate) const fn new(at: u32) -> Self {
        Self { at, slots: [Slot::Absent; Key::COUNT] }
    }

    /// Notes a member of the object.
    pub(crate) fn note(&mut self, key: Text<'_>, value: Value) {
        let Some(slot) = Key::of_text(key).and_then(|key| self.slots.get_mut(key as usize)) else { return };
        *slot = match *slot {
            Slot::Absent => Slot::Once(value),
            Slot::Once(_) => Slot::Twice(value.span.start),
            twice @ Slot::Twice(_) => twice,
        };
    }

    pub(crate) fn get(&self, key: Key) -> Slot {
        self.slots.get(key as usize).copied().unwrap_or(Slot::Absent)
    }

    pub(crate) fn has(&self, key: Key) -> bool {
        !matches!(self.get(key), Slot::Absent)
    }
}
