//! A block, as far as it matters here.

use std::fmt;

pub use alloy_primitives::B256;

/// A block's place in its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its height.
    pub number: u64,
    /// Its own hash.
    pub hash: B256,
    /// The hash of the block before it.
    pub parent: B256,
    /// When it was made by its own word, in seconds since 1970.
    pub time: u64,
}

impl Block {
    /// Whether it comes directly after `before`.
    #[must_use]
    pub fn follows(&self, before: &Self) -> bool {
        self.parent == before.hash && before.number.checked_add(1) == Some(self.number)
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.number, self.hash)
    }
}
