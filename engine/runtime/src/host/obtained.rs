//! What was asked of the host, and what came of it.

use std::fmt;

/// Something that was asked of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obtained {
    /// What.
    pub asked: String,
    /// What was got.
    pub got: Result<String, Missing>,
}

/// What the host did not give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Why not.
    pub why: String,
    /// What to do about it.
    pub mend: String,
}

impl Obtained {
    pub(super) fn got(asked: impl Into<String>, got: impl Into<String>) -> Self {
        Self { asked: asked.into(), got: Ok(got.into()) }
    }

    pub(super) fn missing(asked: impl Into<String>, why: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { asked: asked.into(), got: Err(Missing { why: why.into(), mend: mend.into() }) }
    }

    /// True for what is to be told as a warning.
    #[must_use]
    pub const fn is_missing(&self) -> bool {
        self.got.is_err()
    }
}

impl fmt::Display for Obtained {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { asked, got } = self;
        match got {
            Ok(got) => write!(formatter, "{asked}: {got}"),
            Err(Missing { why, mend }) => write!(formatter, "{asked}: not obtained: {why}; {mend}"),
        }
    }
}
