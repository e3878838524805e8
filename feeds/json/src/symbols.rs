//! Which symbols the caller follows, and on which grids.

use crate::{Grids, SymbolError};

/// Longest symbol, in bytes.
pub const SYMBOL_BYTES_MAX: usize = 24;

/// A symbol's dense number, chosen by the caller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SymbolId(pub u16);

/// How many symbols a look-up compares one by one before it turns to the hash index.
///
/// What a branch has told apart, the processor uses at once; what a hash points at, it has to wait for. So a
/// short list is the faster one, and most connections carry no more symbols than this.
const LISTED: usize = 8;

/// The symbols of one market, at most `N`.
#[derive(Clone, Debug)]
pub struct SymbolTable<const N: usize> {
    /// In the order of insertion; the first `len` are there.
    symbols: [Option<Symbol>; N],
    /// Hash table with open addressing: one more than a symbol's place in `symbols`, 0 where free.
    index: [u16; N],
    /// In `0..=N`.
    len: usize,
}

/// A symbol as the decoders need it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Symbol {
    name: Name,
    pub(crate) id: SymbolId,
    pub(crate) grids: Grids,
    /// Whether both grids have steps of 1, so that nothing needs dividing.
    pub(crate) unit_steps: bool,
    pub(crate) strays: Strays,
}

/// What becomes of a level of a book whose price or size lies between the points of its grids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strays {
    /// The frame is refused.
    Refused,
    /// It is told to [`LevelSink::pass_over`](crate::LevelSink::pass_over).
    PassedOver,
}

/// A name of 1 to [`SYMBOL_BYTES_MAX`] bytes, padded with zero bytes, as three little-endian words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Name([u64; SYMBOL_BYTES_MAX / 8]);

/// `PREFIXES[n]` keeps the first `n` bytes of a name.
#[expect(clippy::indexing_slicing, reason = "the compiler evaluates this, and checks every index")]
static PREFIXES: [[u64; SYMBOL_BYTES_MAX / 8]; SYMBOL_BYTES_MAX + 1] = {
    let mut prefixes = [[0; SYMBOL_BYTES_MAX / 8]; SYMBOL_BYTES_MAX + 1];
    let mut count = 0;
    while count < prefixes.len() {
        let mut byte = 0;
        while byte < count {
            prefixes[count][byte / 8] |= 0xFF << (8 * (byte % 8));
            byte += 1;
        }
        count += 1;
    }
    prefixes
};

/// A table of any capacity.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Symbols<'t> {
    /// All there.
    symbols: &'t [Option<Symbol>],
    index: &'t [u16],
}

impl<const N: usize> SymbolTable<N> {
    /// An empty table.
    #[must_use]
    pub const fn new() -> Self {
        Self { symbols: [None; N], index: [0; N], len: 0 }
    }

    /// How many symbols the table holds.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether the table holds no symbol.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds a symbol, named as in payloads: `A`–`Z`, `0`–`9`, `_`. (Stream names are in lower case.) Look-ups
    /// prefer the symbols added first.
    ///
    /// # Errors
    /// [`SymbolError`]; the table is then unchanged.
    pub fn insert(&mut self, name: &[u8], id: SymbolId, grids: Grids) -> Result<(), SymbolError> {
        let letters = |byte: &u8| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_');
        if name.is_empty() || name.len() > SYMBOL_BYTES_MAX {
            return Err(SymbolError::Length);
        }
        if !name.iter().all(letters) {
            return Err(SymbolError::Letter);
        }
        let name = Name::of(name.iter().copied()).ok_or(SymbolError::Length)?;
        if self.view().find(name).is_some() {
            return Err(SymbolError::Duplicate);
        }
        let slot = self.symbols.get_mut(self.len).ok_or(SymbolError::Full)?;
        let (before, from) = self.index.split_at_mut(name.home(N));
        let free = from.iter_mut().chain(before).find(|place| **place == 0).ok_or(SymbolError::Full)?;
        *free = u16::try_from(self.len + 1).map_err(|_| SymbolError::Full)?;
        let unit_steps = grids.price.step() == 1 && grids.size.step() == 1;
        *slot = Some(Symbol { name, id, grids, unit_steps, strays: Strays::Refused });
        self.len += 1;
        Ok(())
    }

    /// From now on a level between the points of its symbol's grids is passed over, and the rest of its frame is read: a venue that
    /// makes a grid coarser leaves the orders that stand where they are.
    pub fn pass_over_strays(&mut self) {
        self.symbols.iter_mut().flatten().for_each(|symbol| symbol.strays = Strays::PassedOver);
    }

    /// Number and grids of the symbol `name`, in upper case.
    #[must_use]
    pub fn get(&self, name: &[u8]) -> Option<(SymbolId, Grids)> {
        let symbol = self.view().find(Name::of(name.iter().copied())?)?;
        Some((symbol.id, symbol.grids))
    }

    pub(crate) fn view(&self) -> Symbols<'_> {
        Symbols { symbols: self.symbols.get(..self.len).unwrap_or_default(), index: &self.index }
    }
}

impl<const N: usize> Default for SymbolTable<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'t> Symbols<'t> {
    /// The symbol called `name`.
    #[inline(always)]
    pub(crate) fn find(self, name: Name) -> Option<&'t Symbol> {
        for symbol in self.symbols.iter().take(LISTED).flatten() {
            if symbol.name == name {
                return Some(symbol);
            }
        }
        if self.symbols.len() <= LISTED {
            return None;
        }
        let Name([first, second, third]) = name;
        self.find_indexed(first, second, third)
    }

    /// The symbol whose name these words are, by the index. (By words, because a name would be passed in
    /// memory, and put there even by those who never come here.)
    #[inline(never)]
    fn find_indexed(self, first: u64, second: u64, third: u64) -> Option<&'t Symbol> {
        let name = Name([first, second, third]);
        let (before, from) = self.index.split_at_checked(name.home(self.index.len()))?;
        let places = from.iter().chain(before).map_while(|&place| usize::from(place).checked_sub(1));
        places.filter_map(|place| self.symbols.get(place)?.as_ref()).find(|symbol| symbol.name == name)
    }

    /// The symbol numbered `id`.
    pub(crate) fn by_id(self, id: SymbolId) -> Option<&'t Symbol> {
        self.symbols.iter().flatten().find(|symbol| symbol.id == id)
    }
}

impl Name {
    /// Packs `bytes`; `None` when there are none or too many, or one is zero.
    pub(crate) fn of(bytes: impl Iterator<Item = u8>) -> Option<Self> {
        let mut words = [0; SYMBOL_BYTES_MAX / 8];
        let mut count = 0_usize;
        for byte in bytes {
            let word: &mut u64 = words.get_mut(count / 8)?;
            if byte == 0 {
                return None;
            }
            *word |= u64::from(byte) << (8 * (count % 8));
            count += 1;
        }
        (count > 0).then_some(Self(words))
    }

    /// Packs the first `length` bytes of `rest`; `None` where they end in a zero byte, which the padding of a
    /// shorter name would equal. Near the end of `rest`, where a whole name would reach beyond it, byte by
    /// byte.
    #[inline(always)]
    pub(crate) fn at(rest: &[u8], length: usize) -> Option<Self> {
        let Some(bytes) = rest.first_chunk::<SYMBOL_BYTES_MAX>() else {
            return Self::of(rest.get(..length)?.iter().copied());
        };
        if bytes.get(length.checked_sub(1)?).is_none_or(|last| *last == 0) {
            return None;
        }
        let [first, second, third] = PREFIXES.get(length)?;
        let (words, _) = bytes.as_chunks();
        let &[a, b, c] = words else { return None };
        Some(Self([
            u64::from_le_bytes(a) & first,
            u64::from_le_bytes(b) & second,
            u64::from_le_bytes(c) & third,
        ]))
    }

    /// Where the search for this name starts, in `0..capacity` (0 for an empty table). Multiplicative hashing
    /// (Knuth, The Art of Computer Programming vol. 3, 6.4); the high half of the product is the best mixed.
    #[inline(always)]
    fn home(self, capacity: usize) -> usize {
        let [first, second, third] = self.0;
        let mixed =
            (first ^ second.rotate_left(21) ^ third.rotate_left(42)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        usize::try_from((u128::from(mixed) * capacity as u128) >> 64).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Grid;

    /// `S1`, `S12`, `S123`…: names of every length, more than a look-up compares one by one.
    fn names() -> impl Iterator<Item = std::string::String> {
        let digits = "12345678901234567890123";
        (1..SYMBOL_BYTES_MAX).map(|length| ["S", &digits[..length]].concat())
    }

    #[test]
    fn a_full_table_finds_each_symbol_by_list_or_index() {
        const COUNT: usize = SYMBOL_BYTES_MAX - 1;
        let grids = Grids { price: Grid::new(2, 1).unwrap(), size: Grid::new(3, 5).unwrap() };
        let mut table = SymbolTable::<COUNT>::new();
        for (number, name) in (100..).zip(names()) {
            assert_eq!(table.get(name.as_bytes()), None);
            assert_eq!(table.insert(name.as_bytes(), SymbolId(number), grids), Ok(()));
            assert_eq!(table.insert(name.as_bytes(), SymbolId(0), grids), Err(SymbolError::Duplicate));
        }
        assert_eq!(table.len(), COUNT);
        for (number, name) in (100..).zip(names()) {
            assert_eq!(table.get(name.as_bytes()), Some((SymbolId(number), grids)), "{name}");
        }
        assert_eq!(table.get(b"S2"), None);
    }

    #[test]
    fn a_name_at_the_end_of_a_frame_is_packed_as_anywhere() {
        let frame = b"BTCUSD_PERP\",\"ps\":\"BTCUSD\"";
        for length in 0..=SYMBOL_BYTES_MAX + 1 {
            let name = Name::of(frame[..length].iter().copied());
            if length > 0 {
                assert_eq!(Name::at(frame, length), name);
            }
            assert_eq!(Name::at(&frame[..length], length), name);
        }
    }
}
