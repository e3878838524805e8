//! Finding quotes: the only thing the walker searches for.

use crate::kernels::{BLOCK, Kernels};

/// The quotes ahead of a position that only moves forward.
///
/// Searching anew from each value's end would make every search wait for the one before, and a search takes some 25 cycles.
/// Here blocks are loaded in sequence, whatever they hold, and moving forward is a shift of the bits already found.
///
/// Places are kept as what is left of the frame, so that each access is checked by one comparison. `BEHIND` bytes before
/// the position stay at hand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quotes<'f, K, const BEHIND: usize> {
    kernels: K,
    frame: &'f [u8],
    /// From `BEHIND` bytes before the position.
    rest: &'f [u8],
    /// Bit `n` is set when the byte `n` after the position is a quote, for all bytes before `unread`.
    bits: u64,
    /// From 0 to 64 bytes after the position.
    unread: &'f [u8],
}

impl<'f, K: Kernels, const BEHIND: usize> Quotes<'f, K, BEHIND> {
    /// The quotes from offset `at` of `frame`; `None` if fewer than `BEHIND` bytes precede it.
    #[inline(always)]
    pub(super) fn new(kernels: K, frame: &'f [u8], at: usize) -> Option<Self> {
        let rest = frame.get(at.checked_sub(BEHIND)?..)?;
        let mut quotes = Self { kernels, frame, rest, bits: 0, unread: frame.get(at..)? };
        quotes.load();
        Some(quotes)
    }

    /// The position.
    #[inline(always)]
    pub(super) fn at(&self) -> usize {
        self.frame.len() - self.left()
    }

    /// How many bytes are left from the position on.
    #[inline(always)]
    pub(super) fn left(&self) -> usize {
        self.rest.len() - BEHIND
    }

    /// What is left of the frame from `BEHIND` bytes before the position.
    #[inline(always)]
    pub(super) fn rest(&self) -> &'f [u8] {
        self.rest
    }

    /// The quotes among the next bytes: at least 33, or all that are left. Bit 0 is the byte at the position.
    #[inline(always)]
    pub(super) fn bits(&self) -> u64 {
        self.bits
    }

    /// Moves the position forward; `None` beyond the end of the frame.
    #[inline(always)]
    pub(super) fn advance(&mut self, bytes: usize) -> Option<()> {
        self.rest = self.rest.get(bytes..)?;
        self.bits = self.bits.wrapping_shr(bytes as u32);
        if self.left() < self.unread.len() {
            // A long value: nothing before the position has been read.
            self.bits = 0;
            self.unread = self.rest.get(BEHIND..)?;
        }
        if self.left() - self.unread.len() <= BLOCK {
            self.load();
        }
        Some(())
    }

    /// Adds a block to the bits, which are at most 32.
    #[inline(always)]
    fn load(&mut self) {
        let ahead = self.left() - self.unread.len();
        let quotes = match self.unread.split_first_chunk() {
            Some((block, unread)) => {
                self.unread = unread;
                self.kernels.quotes(block)
            }
            None => {
                let quotes = last_block(self.frame, self.unread, #[inline(always)] |block| self.kernels.quotes(block));
                self.unread = &[];
                quotes
            }
        };
        self.bits |= u64::from(quotes) << ahead;
    }
}

/// What `search` finds in the end of a frame, which is less than a block: it looks at the frame's last block instead.
#[inline(always)]
fn last_block(frame: &[u8], end: &[u8], search: impl FnOnce(&[u8; BLOCK]) -> u32) -> u32 {
    match frame.last_chunk() {
        Some(block) => search(block).checked_shr((BLOCK - end.len()) as u32).unwrap_or(0),
        None => 0,
    }
}

/// How long the string is whose first byte is that of `rest`, the end of `frame`; `None` if it holds an escape or a byte that
/// is not printable ASCII.
#[inline(always)]
pub(super) fn string_length<K: Kernels>(kernels: K, frame: &[u8], rest: &[u8]) -> Option<usize> {
    let mut unread = rest;
    loop {
        let (stops, next) = match unread.split_first_chunk() {
            Some((block, next)) => (kernels.string_stops(block), next),
            None => {
                let stops = last_block(frame, unread, #[inline(always)] |block| kernels.string_stops(block));
                (stops, Default::default())
            }
        };
        if stops != 0 {
            let stop = stops.trailing_zeros() as usize;
            return (unread.get(stop) == Some(&b'"')).then_some(rest.len() - unread.len() + stop);
        }
        if next.is_empty() {
            return None;
        }
        unread = next;
    }
}
