//! What was seen lately, so that the same news from two sources is told once.

use alloc::vec::Vec;

/// The last few numbers seen. Allocated once.
#[derive(Debug)]
pub(super) struct Recent {
    seen: Vec<u64>,
    next: usize,
}

/// Numbers that are remembered.
pub(super) const RECENT_MAX: usize = 512;

impl Recent {
    pub(super) fn new() -> Self {
        Self { seen: Vec::with_capacity(RECENT_MAX), next: 0 }
    }

    /// Whether the number is among those remembered.
    pub(super) fn contains(&self, number: u64) -> bool {
        self.seen.contains(&number)
    }

    /// Remembers a number; `false` where it was seen already.
    pub(super) fn note(&mut self, number: u64) -> bool {
        if self.contains(number) {
            return false;
        }
        if self.seen.len() < RECENT_MAX {
            self.seen.push(number);
        } else if let Some(oldest) = self.seen.get_mut(self.next) {
            *oldest = number;
            self.next = (self.next + 1) % RECENT_MAX;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten_first() {
        let mut recent = Recent::new();
        let last = u64::try_from(RECENT_MAX).unwrap();
        assert!((0..=last).all(|number| recent.note(number)));
        assert!(!recent.contains(0));
        assert!((1..=last).all(|number| !recent.note(number)));
        assert!(recent.note(0) && !recent.contains(1) && recent.contains(2));
    }
}
