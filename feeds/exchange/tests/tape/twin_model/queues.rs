//! The models of queues in whole numbers: powers are small and whole, and every division is the last step.

/// How orders stand in queues, told in whole numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Queues {
    pub(crate) cancels: Cancels,
    /// A fill is all of the order.
    pub(crate) whole: bool,
    /// Those whose trades we had stand there still.
    pub(crate) displaces: bool,
}

/// Whose cancels they are.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cancels {
    /// In hundredths.
    Share(i64),
    /// This power of what is ahead, against that of what is behind.
    Ratio(u32),
    /// One less this power of what is behind, of that of all.
    Whole(u32),
    /// This power of what is ahead, of that of all.
    Front(u32),
}

impl Cancels {
    pub(super) fn ahead(self, excess: i64, ahead: i64, size: i64) -> i64 {
        let behind = size - ahead;
        match self {
            Self::Share(percent) => excess * ahead / size * percent / 100,
            Self::Ratio(n) => excess * ahead.pow(n) / (ahead.pow(n) + behind.pow(n)),
            Self::Whole(n) => excess * (size.pow(n) - behind.pow(n)) / size.pow(n),
            Self::Front(n) => excess * ahead.pow(n) / size.pow(n),
        }
    }
}
