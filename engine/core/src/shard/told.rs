//! Up to when everything that was traded in an instrument is on record: where the next run begins to ask the venue what it missed.
//!
//! While the account's stream stands and all it missed is swept up, each fill is told as it happens. From when it does not the
//! record has gaps, whatever the market told meanwhile, until all is swept up again.
//!
//! Never here: a decision; nothing that is quoted depends on it.

use ballast_model::{AccessState, Digest, Nanos};

/// Up to when fills are on record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Told {
    /// Nobody has ever asked.
    #[default]
    Never,
    /// Those after this may be missing.
    Until(Nanos),
    /// All of them.
    Now,
}

impl Told {
    /// Takes how we stand with the venue.
    pub(super) fn on_access(&mut self, state: AccessState, now: Nanos) {
        match (state, *self) {
            (AccessState::Open | AccessState::Clock | AccessState::Rules, _) => *self = Self::Now,
            (AccessState::Unseen | AccessState::Refused, Self::Now) => *self = Self::Until(now),
            (AccessState::Unseen | AccessState::Refused, Self::Never | Self::Until(_)) => {}
        }
    }

    /// Up to when, as of now; `None` where nobody has ever asked.
    pub(super) const fn until(self, now: Nanos) -> Option<Nanos> {
        match self {
            Self::Never => None,
            Self::Until(at) => Some(at),
            Self::Now => Some(now),
        }
    }

    /// As a word that carries over.
    pub(super) fn word(self, now: Nanos) -> u64 {
        self.until(now).map_or(0, |at| at.0.cast_unsigned())
    }

    /// What such a word of an earlier run says: nothing is seen any more.
    pub(super) const fn of(word: u64) -> Self {
        match word {
            0 => Self::Never,
            at => Self::Until(Nanos(at.cast_signed())),
        }
    }

    /// Takes it into a digest; nothing where no venue was ever asked.
    pub(super) fn digest(self, digest: &mut Digest) {
        match self {
            Self::Never => {}
            Self::Until(at) => digest.signed(at.0),
            Self::Now => digest.signed(i64::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_are_on_record_up_to_when_the_account_was_last_seen() {
        let mut told = Told::default();
        told.on_access(AccessState::Unseen, Nanos(1));
        assert_eq!((told.until(Nanos(2)), told.word(Nanos(2))), (None, 0));
        told.on_access(AccessState::Open, Nanos(3));
        assert_eq!(told.until(Nanos(9)), Some(Nanos(9)));
        told.on_access(AccessState::Clock, Nanos(10));
        assert_eq!(told.until(Nanos(11)), Some(Nanos(11)), "a clock that is off hides no fill");
        for (state, at) in [(AccessState::Unseen, 12), (AccessState::Refused, 13), (AccessState::Unseen, 14)]
        {
            told.on_access(state, Nanos(at));
            assert_eq!(told.until(Nanos(99)), Some(Nanos(12)), "since the first of them");
        }
        assert_eq!(Told::of(told.word(Nanos(99))), told);
        told.on_access(AccessState::Rules, Nanos(20));
        assert_eq!(Told::of(told.word(Nanos(21))), Told::Until(Nanos(21)), "of a run that is over");
        assert_eq!(Told::of(0), Told::Never);
    }
}
