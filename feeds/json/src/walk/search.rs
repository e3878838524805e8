//! Searching: where members end, where levels end, where strings end.

use super::without_first;
use crate::kernels::{BLOCK, Kernels, SPAN};

/// Finds the commas with a quote after them.
///
/// Blocks are searched in sequence, whatever they hold. Searching anew from where each member ends would make
/// every search, of some 15 cycles, wait for the one before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Commas<'f, K> {
    kernels: K,
    frame: &'f [u8],
    /// Offset of bit 0.
    at: usize,
    bits: u64,
}

impl<'f, K: Kernels> Commas<'f, K> {
    /// The commas after the byte at `at`.
    #[inline(always)]
    pub(super) fn new(kernels: K, frame: &'f [u8], at: usize) -> Self {
        let mut commas = Self { kernels, frame, at, bits: 0 };
        commas.search();
        commas.bits &= !1;
        commas
    }

    /// Passes a comma and returns its offset.
    #[inline(always)]
    pub(super) fn pass(&mut self) -> Option<usize> {
        while self.bits == 0 {
            self.at += SPAN;
            if self.at >= self.frame.len() {
                return None;
            }
            self.search();
        }
        let comma = self.at + self.bits.trailing_zeros() as usize;
        self.bits = without_first(self.bits);
        Some(comma)
    }

    /// Searches from `at` on; near the end of the frame, its last bytes instead.
    #[inline(always)]
    fn search(&mut self) {
        let Self { kernels, frame, at, .. } = *self;
        self.bits = if let Some(span) = frame.get(at..).and_then(<[u8]>::first_chunk) {
            kernels.commas(span)
        } else if let Some(span) = frame.last_chunk() {
            kernels.commas(span).checked_shr((at + span.len() - frame.len()) as u32).unwrap_or(0)
        } else {
            kernels.commas(&pad(frame)).checked_shr(at as u32).unwrap_or(0)
        };
    }
}

/// A frame so short that it does not fill a search.
#[cold]
fn pad(frame: &[u8]) -> [u8; SPAN + 1] {
    let mut padded = [0; SPAN + 1];
    for (to, from) in padded.iter_mut().zip(frame) {
        *to = *from;
    }
    padded
}

/// How long the string is whose first byte is that of `rest`, the end of `frame`; `None` if it holds an
/// escape or a byte that is not printable ASCII.
#[inline(always)]
pub(super) fn string_length<K: Kernels>(kernels: K, frame: &[u8], rest: &[u8]) -> Option<usize> {
    let mut unread = rest;
    loop {
        let stops = match unread.first_chunk() {
            Some(block) => kernels.string_stops(block),
            // Less than a block is left: the frame's last block holds it.
            None => kernels.string_stops(frame.last_chunk()?).checked_shr((BLOCK - unread.len()) as u32)?,
        };
        if stops != 0 {
            let stop = stops.trailing_zeros() as usize;
            return (unread.get(stop) == Some(&b'"')).then_some(rest.len() - unread.len() + stop);
        }
        unread = unread.get(BLOCK..)?;
    }
}
