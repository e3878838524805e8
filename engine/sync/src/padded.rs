//! A value that shares its cache lines with nothing else.

use std::ops::{Deref, DerefMut};

/// A value alone on its cache lines, so that writing it takes no line away from a neighbour ("false sharing").
///
/// 128 bytes: lines have 64 on x86-64, but its prefetcher takes them in pairs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(align(128))]
pub struct Padded<T>(pub T);

impl<T> Deref for Padded<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Padded<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Padded;

    #[test]
    fn neighbours_share_no_line() {
        let mut pair = [Padded(1_u8), Padded(2)];
        let [one, two] = &pair;
        let apart = std::ptr::from_ref(&two.0).addr() - std::ptr::from_ref(&one.0).addr();
        assert_eq!((apart, std::ptr::from_ref(&one.0).addr() % 128), (128, 0));
        *pair[1] += 1;
        assert_eq!(*pair[1], 3);
    }
}
