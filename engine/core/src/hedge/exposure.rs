//! Exposure to one base asset, from parts that are each read at their own time.
//!
//! Readings are absolute: the same one twice changes nothing, an older one than what is held is ignored. A part that was
//! never read, whose read failed for too long, or that contradicts its own bound is unknown, and an unknown part is its bound
//! (by default: anything), never zero.
//!
//! Never here: a sum of changes, a default for what was not read, the hedge orders themselves.

use alloc::vec::Vec;

use ballast_model::{Digest, Nanos, Rate, Side, Span};

use super::amount::{Base, Interval};

/// Most parts an exposure is made of.
pub const PARTS_MAX: usize = 16;

/// Most transactions that may be pending at once; more make the exposure unknown.
pub const PENDING_MAX: usize = 16;

/// What a part is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum PartKind {
    /// A spot holding at a venue.
    Spot = 0,
    /// A perpetual that is not a hedge venue's, such as one that is quoted: counts on the side of the hedge.
    Perp = 1,
    /// Base amount of liquidity positions, by the pool's own integer arithmetic at the current price.
    LpAmount = 2,
    /// Fees owed to liquidity positions and not collected, up to date: not the stale `tokensOwed`.
    LpFees = 3,
    /// Tokens in a wallet.
    Wallet = 4,
    /// Base coin posted as margin of inverse contracts.
    CoinMargin = 5,
}

/// One part and how its readings age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartSpec {
    /// What it is.
    pub kind: PartKind,
    /// A reading up to this old counts as read. Not negative.
    pub fresh_for: Span,
    /// How far the amount may have moved either way for each second beyond `fresh_for`. Not negative.
    pub drift_per_second: Base,
    /// A reading older than this is unknown. Not below `fresh_for`.
    pub unknown_after: Span,
    /// What the amount cannot leave whatever happens, such as nothing to the whole of a liquidity position's range;
    /// [`Interval::UNKNOWN`] where there is no such bound.
    pub bound: Interval,
}

/// Index of a part in [`ExposureSpec::parts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartId(pub u8);

/// Whether transactions of ours can be pending on a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PendingPolicy {
    /// We send none.
    Never,
    /// Somebody reports them; a report older than this, or none at all, is unknown. Above zero.
    Reported {
        /// Greatest age of a report.
        unknown_after: Span,
    },
}

/// What an [`Exposure`] is built from.
#[derive(Clone, Debug)]
pub struct ExposureSpec {
    /// The parts, at most [`PARTS_MAX`].
    pub parts: Vec<PartSpec>,
    /// Pending transactions.
    pub pending: PendingPolicy,
}

/// Why an exposure cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExposureError {
    /// More than [`PARTS_MAX`] parts.
    TooMany,
    /// A part's times are negative or the wrong way round.
    Age,
    /// A part's drift is negative.
    Drift,
    /// The greatest age of the pending report is not above zero.
    Pending,
}

impl core::fmt::Display for ExposureError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::TooMany => "more parts than an exposure holds",
            Self::Age => "fresh_for must not be negative, unknown_after not below it",
            Self::Drift => "drift_per_second must not be negative",
            Self::Pending => "the greatest age of a pending report must be above zero",
        })
    }
}

impl core::error::Error for ExposureError {}

/// A part as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The amount, or what is known of it.
    pub amount: Interval,
    /// When the state it describes was true, by our clock.
    pub at: Nanos,
}

/// What became of a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is held now.
    Yes,
    /// A later one is held; it was ignored.
    Older,
}

/// Exposure with and without perpetuals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delta {
    /// Everything but perpetuals: what the hedge ratio applies to.
    pub without_perp: Interval,
    /// Perpetuals that are not the hedge venues' own.
    pub perp: Interval,
}

impl Delta {
    /// `hedge_ratio · without_perp + perp`, before the hedge venues' positions.
    #[must_use]
    pub fn residual(&self, hedge_ratio: Rate) -> Interval {
        self.without_perp.scaled(hedge_ratio).plus(self.perp)
    }
}

#[derive(Clone, Copy, Debug)]
struct Part {
    spec: PartSpec,
    reading: Option<Reading>,
    /// Orders of unknown fate that would change it, by [`Side::index`].
    unknown: [Base; 2],
}

impl Part {
    fn value(&self, now: Nanos) -> Interval {
        let [bought, sold] = self.unknown;
        self.read_value(now).stretched(bought, sold)
    }

    fn read_value(&self, now: Nanos) -> Interval {
        let Some(Reading { amount, at }) = self.reading else { return self.spec.bound };
        let age = now - at;
        // A reading of the future is a contradiction like any other.
        if age < Span::ZERO || age > self.spec.unknown_after {
            return self.spec.bound;
        }
        let late = i128::from((age.0 - self.spec.fresh_for.0).max(0));
        let drift =
            late.checked_mul(self.spec.drift_per_second.0).map(|moved| (moved + 999_999_999) / 1_000_000_000);
        let Some(drift) = drift else { return self.spec.bound };
        let widened = amount.stretched(Base(drift), Base(drift));
        widened.within(self.spec.bound).unwrap_or(Interval::UNKNOWN)
    }
}

/// What transactions under way may change, as last reported.
#[derive(Clone, Copy, Debug)]
struct Pending {
    change: Interval,
    at: Nanos,
}

/// The parts and what is known of each.
#[derive(Clone, Debug)]
pub struct Exposure {
    parts: Vec<Part>,
    policy: PendingPolicy,
    pending: Option<Pending>,
}

impl Exposure {
    /// An exposure of which nothing is known yet.
    ///
    /// # Errors
    /// The first [`ExposureError`] that applies.
    pub fn new(spec: &ExposureSpec) -> Result<Self, ExposureError> {
        if spec.parts.len() > PARTS_MAX {
            return Err(ExposureError::TooMany);
        }
        for part in &spec.parts {
            if part.fresh_for < Span::ZERO || part.unknown_after < part.fresh_for {
                return Err(ExposureError::Age);
            }
            if part.drift_per_second < Base::ZERO {
                return Err(ExposureError::Drift);
            }
        }
        if let PendingPolicy::Reported { unknown_after } = spec.pending
            && unknown_after <= Span::ZERO
        {
            return Err(ExposureError::Pending);
        }
        let part = |spec: &PartSpec| Part { spec: *spec, reading: None, unknown: [Base::ZERO; 2] };
        Ok(Self { parts: spec.parts.iter().map(part).collect(), policy: spec.pending, pending: None })
    }

    /// Takes a reading of a part. The readings of one snapshot, and its report of pending transactions, belong together: hand
    /// over all of them before the next decision.
    ///
    /// # Panics
    /// If there is no such part.
    pub fn read(&mut self, part: PartId, reading: Reading) -> Taken {
        let part = self.part_mut(part);
        if part.reading.is_some_and(|held| held.at > reading.at) {
            return Taken::Older;
        }
        part.reading = Some(reading);
        Taken::Yes
    }

    /// A part was contradicted (an account update that does not fit, a reorganised chain): unknown until the next reading. A
    /// read that merely failed needs no call, for what is held ages by itself.
    ///
    /// # Panics
    /// If there is no such part.
    pub fn doubt(&mut self, part: PartId) {
        self.part_mut(part).reading = None;
    }

    /// The remaining sizes (not negative) of all orders of unknown fate that would change a part, replacing what was said before.
    ///
    /// # Panics
    /// If there is no such part or a size is negative.
    pub fn set_unknown_orders(&mut self, part: PartId, bid: Base, ask: Base) {
        assert!(bid >= Base::ZERO && ask >= Base::ZERO, "a size below zero");
        let unknown = &mut self.part_mut(part).unknown;
        *unknown = [bid, ask];
    }

    /// All transactions under way, each as what it may still change ([`Interval::branches`]), replacing the last report. More than
    /// [`PENDING_MAX`] make the exposure unknown until a report that fits.
    pub fn set_pending(&mut self, changes: &[Interval], at: Nanos) -> Taken {
        if self.pending.is_some_and(|held| held.at > at) {
            return Taken::Older;
        }
        let fits = changes.len() <= PENDING_MAX;
        let sum = changes.iter().take(PENDING_MAX).fold(Interval::ZERO, |sum, change| sum.plus(*change));
        self.pending = Some(Pending { change: if fits { sum } else { Interval::UNKNOWN }, at });
        Taken::Yes
    }

    /// What a part may be at `now`.
    ///
    /// # Panics
    /// If there is no such part.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a wrong part id is a mistake of our own and stops the shard")]
    pub fn part(&self, part: PartId, now: Nanos) -> Interval {
        self.parts.get(usize::from(part.0)).expect("a part of this exposure").value(now)
    }

    /// The sum of all parts at `now`.
    #[must_use]
    pub fn delta(&self, now: Nanos) -> Delta {
        let mut delta = Delta { without_perp: self.pending(now), perp: Interval::ZERO };
        for part in &self.parts {
            let sum = match part.spec.kind {
                PartKind::Perp => &mut delta.perp,
                PartKind::Spot
                | PartKind::LpAmount
                | PartKind::LpFees
                | PartKind::Wallet
                | PartKind::CoinMargin => &mut delta.without_perp,
            };
            *sum = sum.plus(part.value(now));
        }
        delta
    }

    fn pending(&self, now: Nanos) -> Interval {
        match (self.policy, self.pending) {
            (PendingPolicy::Never, _) => Interval::ZERO,
            (PendingPolicy::Reported { unknown_after }, Some(Pending { change, at }))
                if (0..=unknown_after.0).contains(&(now - at).0) =>
            {
                change
            }
            (PendingPolicy::Reported { .. }, _) => Interval::UNKNOWN,
        }
    }

    /// Takes the whole state into a digest.
    pub fn digest(&self, digest: &mut Digest) {
        for part in &self.parts {
            let (amount, at) =
                part.reading.map_or((Interval::UNKNOWN, Nanos::MIN), |held| (held.amount, held.at));
            amount.digest(digest);
            digest.signed(at.0);
            for side in Side::BOTH {
                let size = part.unknown.get(side.index()).copied().unwrap_or_default();
                digest.bytes(&size.0.to_le_bytes());
            }
        }
        let (change, at) =
            self.pending.map_or((Interval::UNKNOWN, Nanos::MIN), |held| (held.change, held.at));
        change.digest(digest);
        digest.signed(at.0);
    }

    #[expect(clippy::expect_used, reason = "a wrong part id is a mistake of our own and stops the shard")]
    fn part_mut(&mut self, part: PartId) -> &mut Part {
        self.parts.get_mut(usize::from(part.0)).expect("a part of this exposure")
    }
}

#[cfg(test)]
mod tests;
