//! Code that is wrong on purpose: to see that the simulated world (`ballast-sim`) catches it.
//!
//! A place that can be wrong asks [`is`] for its name. Only a build with `--cfg mutant` can be told to be (`choose`); in any other the
//! answer is a constant, and nothing of the mutant is left.

/// Whether this is the mutant that was chosen.
#[cfg(not(mutant))]
#[inline(always)]
#[must_use]
pub const fn is(_: &str) -> bool {
    false
}

#[cfg(mutant)]
pub use chosen::{choose, is};

#[cfg(mutant)]
mod chosen {
    use core::sync::atomic::AtomicU64;
    use core::sync::atomic::Ordering::Relaxed;

    use crate::Digest;

    static CHOSEN: AtomicU64 = AtomicU64::new(0);

    fn word(name: &str) -> u64 {
        let mut digest = Digest::new();
        digest.bytes(name.as_bytes());
        digest.value()
    }

    /// Whether this is the mutant that was chosen.
    #[must_use]
    pub fn is(name: &str) -> bool {
        let chosen = CHOSEN.load(Relaxed);
        chosen != 0 && chosen == word(name)
    }

    /// From now on this mutant is; none where it has no name.
    pub fn choose(name: &str) {
        CHOSEN.store(if name.is_empty() { 0 } else { word(name) }, Relaxed);
    }
}
