//! Why a connection cannot go on.

/// What is wrong, and so what the other side is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nothing like it may come there.
    Unexpected,
    /// A seal does not fit: touched, repeated, out of order, or not the other side's.
    Seal,
    /// A record is longer than any may be.
    Overflow,
    /// A value that is none.
    Illegal,
    /// A message that is none.
    Undecodable,
    /// Ours: there is no room, or no key.
    Internal,
    /// The other side said by an alert that it goes: it knows.
    Told,
}

impl Fault {
    /// The alert that says so (RFC 8446, section 6.2; RFC 5246, section 7.2.2).
    pub(super) const fn alert(self) -> Option<u8> {
        match self {
            Self::Unexpected => Some(10),
            Self::Seal => Some(20),
            Self::Overflow => Some(22),
            Self::Illegal => Some(47),
            Self::Undecodable => Some(50),
            Self::Internal => Some(80),
            Self::Told => None,
        }
    }
}
