//! Searching: where members end, where levels end, where strings end.

use super::without_first;
use crate::kernels::{BLOCK, Kernels, SPAN};

/// Finds the commas with a quote after them.
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
    pub(super) fn next(&mut self) -> Option<usize> {
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

    /// Near the end of the frame, its last bytes are searched instead.
    #[inline(always)]
    fn search(&mut self) {
        self.bits = match self.frame.get(self.at..).and_then(<[u8]>::first_chunk) {
            Some(span) => self.kernels.commas(span),
            None => match self.frame.last_chunk() {
                Some(span) => self
                    .kernels
                    .commas(span)
                    .checked_shr((self.at + span.len() - self.frame.len()) as u32)
                    .unwrap_or(0),
                None => 0,
            },
        };
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
                let stops = last_block(
                    frame,
                    unread,
                    #[inline(always)]
                    |block| kernels.string_stops(block),
                );
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
