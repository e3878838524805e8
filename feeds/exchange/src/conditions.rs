//! What makes the way to the venue longer than usual, and when the venue does not answer.
//!
//! * **Recorded latencies** ([`LatencyRow`]) replace the constant ones: between two rows they are interpolated linearly, a
//!   command's by when it is sent, a report's by when it is made; before the first and after the last row that row holds.
//! * **Load** ([`LoadSpec`]): a gateway slows down when its market is busy. With `m` messages of the market at the
//!   venue within the last `window`, counted as those of the current window of a fixed grid plus the unexpired part of those of
//!   the one before (`before · (1 − elapsed / window)`, rounded down), commands wait there and reports leave later by
//!   `min(max, per_message · max(0, m − free))`.
//! * **Outages** ([`Outage`]): windows in which the venue hears nothing, or refuses everything.
//!
//! Instruments of different markets have gateways of their own ([`Conditions::gateways`]): load is counted and an outage may hold at
//! one alone, and in each direction nothing overtakes what was sent before it through the same gateway. Nothing is random: the same history and commands give the
//! same times.
//!
//! Never here: an order's life, a decision about a fill.

use alloc::vec::Vec;

use ballast_model::{Digest, InstrumentId, Nanos, Span};

/// Whatever makes a venue slow or silent; nothing by default.
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    /// Recorded latencies, by rising times of sending; the constant ones hold where there are none.
    pub recorded: Vec<LatencyRow>,
    /// How the venue slows down; not at all where absent.
    pub load: Option<LoadSpec>,
    /// Outages; of those that hold at one gateway, one after another.
    pub outages: Vec<Outage>,
    /// By instrument, through which gateway its messages go; those not listed go through the first.
    pub gateways: Vec<Gateway>,
}

/// A way into the venue: that of one market.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gateway(pub u8);

impl Gateway {
    /// As an index.
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// One recorded round trip, all times on our clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LatencyRow {
    /// We sent a command.
    pub sent: Nanos,
    /// The venue acted on it; not before `sent`.
    pub acted: Nanos,
    /// We heard of it; not before `acted`.
    pub heard: Nanos,
}

/// How latency grows with the number of messages of the market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadSpec {
    /// Over how long messages are counted; above zero.
    pub window: Span,
    /// So many within the window cost nothing.
    pub free: u32,
    /// What each further one adds; not negative.
    pub per_message: Span,
    /// The most that is added; not negative.
    pub max: Span,
}

/// A window in which the venue does not work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    /// Its beginning.
    pub from: Nanos,
    /// Its end: the first moment at which the venue works again.
    pub until: Nanos,
    /// What becomes of what reaches the venue in between.
    pub kind: OutageKind,
    /// The gateway at which it holds; every one where there is none.
    pub gateway: Option<Gateway>,
}

impl Outage {
    /// Whether there is a gateway at which both hold.
    fn shares_gateway(&self, other: &Self) -> bool {
        self.gateway.is_none() || other.gateway.is_none() || self.gateway == other.gateway
    }
}

/// What an outage does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutageKind {
    /// Commands that arrive are lost: nothing becomes of them and nothing is told. Orders that rest go on trading, and what is
    /// told of them leaves when the outage has ended.
    Silent,
    /// New orders, amendments and cancels that arrive are refused as `Closed`; queries are answered.
    Refuses,
}

/// Why conditions cannot hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConditionsError {
    /// A recorded row is sent before the one above it, acted on before it was sent, or heard before it was acted on.
    Row(usize),
    /// The load has a window that is not above zero, or a negative span.
    Load,
    /// An outage ends before it begins, or begins before one above it has ended that holds at the same gateway.
    Outage(usize),
}

impl core::fmt::Display for ConditionsError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Row(index) => write!(f, "recorded latency {index} is not in the order of times"),
            Self::Load => f.write_str("the load has no window, or a negative span"),
            Self::Outage(index) => write!(f, "outage {index} is not in the order of times"),
        }
    }
}

impl core::error::Error for ConditionsError {}

impl Conditions {
    /// Checks orders and ranges.
    ///
    /// # Errors
    /// The first [`ConditionsError`], by index from 0.
    pub fn check(&self) -> Result<(), ConditionsError> {
        let mut before = Nanos::MIN;
        for (index, row) in self.recorded.iter().enumerate() {
            if row.sent < before || row.acted < row.sent || row.heard < row.acted {
                return Err(ConditionsError::Row(index));
            }
            before = row.sent;
        }
        let sound = |load: &LoadSpec| {
            load.window > Span::ZERO && load.per_message >= Span::ZERO && load.max >= Span::ZERO
        };
        if !self.load.as_ref().is_none_or(sound) {
            return Err(ConditionsError::Load);
        }
        for (index, outage) in self.outages.iter().enumerate() {
            let mut above = self.outages.iter().take(index).filter(|above| above.shares_gateway(outage));
            if outage.until < outage.from || above.any(|above| outage.from < above.until) {
                return Err(ConditionsError::Outage(index));
            }
        }
        Ok(())
    }
}

/// Latency in one direction.
#[derive(Debug)]
pub(crate) struct Leg {
    constant: Span,
    /// Recorded, by rising time.
    points: Vec<(Nanos, Span)>,
}

impl Leg {
    /// From our sending to the venue's acting.
    pub(crate) fn there(constant: Span, rows: &[LatencyRow]) -> Self {
        Self { constant, points: rows.iter().map(|row| (row.sent, row.acted - row.sent)).collect() }
    }

    /// From the venue's acting to our hearing.
    pub(crate) fn back(constant: Span, rows: &[LatencyRow]) -> Self {
        let mut points: Vec<_> = rows.iter().map(|row| (row.acted, row.heard - row.acted)).collect();
        points.sort_by_key(|(at, _)| *at);
        Self { constant, points }
    }

    /// The latency of what leaves at this time.
    #[inline]
    pub(crate) fn at(&self, now: Nanos) -> Span {
        if self.points.is_empty() { self.constant } else { self.interpolated(now) }
    }

    /// The least there ever is.
    pub(crate) fn least(&self) -> Span {
        self.points.iter().map(|(_, latency)| *latency).min().unwrap_or(self.constant)
    }

    fn interpolated(&self, now: Nanos) -> Span {
        let next = self.points.partition_point(|(at, _)| *at <= now);
        let after = self.points.get(next);
        let before = next.checked_sub(1).and_then(|last| self.points.get(last));
        match (before, after) {
            (Some((from, first)), Some((to, second))) => {
                let (elapsed, whole) = (i128::from((now - *from).0), i128::from((*to - *from).0));
                let more = i128::from(second.0 - first.0) * elapsed / whole.max(1);
                // Between the two latencies, so it fits.
                Span(first.0 + i64::try_from(more).unwrap_or_default())
            }
            (Some((_, only)), None) | (None, Some((_, only))) => *only,
            (None, None) => self.constant,
        }
    }
}

/// Messages of the market at the venue, counted.
#[derive(Debug)]
pub(crate) struct Load {
    spec: LoadSpec,
    /// Number of the current window.
    window: i64,
    /// In it.
    now: u32,
    /// In the one before.
    before: u32,
}

impl Load {
    pub(crate) const fn new(spec: LoadSpec) -> Self {
        Self { spec, window: i64::MIN, now: 0, before: 0 }
    }

    /// A message at this time; times never fall.
    pub(crate) fn count(&mut self, at: Nanos) {
        (self.now, self.before) = self.counts(at);
        self.window = at.0.div_euclid(self.spec.window.0);
        self.now = self.now.saturating_add(1);
    }

    /// What is added to a latency at this time.
    pub(crate) fn delay(&self, at: Nanos) -> Span {
        let (now, before) = self.counts(at);
        let window = i128::from(self.spec.window.0);
        let left = window - i128::from(at.0.rem_euclid(self.spec.window.0));
        let messages = i128::from(now) + i128::from(before) * left / window;
        let added = (messages - i128::from(self.spec.free)).max(0) * i128::from(self.spec.per_message.0);
        i64::try_from(added).map_or(self.spec.max, |added| Span(added).min(self.spec.max))
    }

    /// Messages in the window of this time and in the one before it.
    fn counts(&self, at: Nanos) -> (u32, u32) {
        match at.0.div_euclid(self.spec.window.0).saturating_sub(self.window) {
            0 => (self.now, self.before),
            1 => (0, self.now),
            _ => (0, 0),
        }
    }

    pub(crate) fn digest(&self, digest: &mut Digest) {
        digest.signed(self.window);
        digest.word(u64::from(self.now) << 32 | u64::from(self.before));
    }
}

/// The way from the venue to us, and what keeps the venue from working.
#[derive(Debug)]
pub(crate) struct Wire {
    response: Leg,
    /// By gateway; none where there is no load.
    loads: Vec<Load>,
    outages: Vec<Outage>,
    /// By instrument.
    gateways: Vec<Gateway>,
}

impl Wire {
    pub(crate) fn new(response: Span, conditions: &Conditions) -> Self {
        Self {
            response: Leg::back(response, &conditions.recorded),
            loads: conditions.load.map_or_else(Vec::new, |load| {
                let last = conditions.gateways.iter().max().map_or(0, |last| last.index());
                (0..=last).map(|_| Load::new(load)).collect()
            }),
            outages: conditions.outages.clone(),
            gateways: conditions.gateways.clone(),
        }
    }

    /// The gateway of an instrument.
    #[inline]
    pub(crate) fn gateway(&self, instrument: InstrumentId) -> Gateway {
        self.gateways.get(instrument.index()).copied().unwrap_or_default()
    }

    /// An instrument's market has a message at this time.
    #[inline]
    pub(crate) fn count(&mut self, instrument: InstrumentId, at: Nanos) {
        if !self.loads.is_empty() {
            let gateway = self.gateway(instrument);
            if let Some(load) = self.loads.get_mut(gateway.index()) {
                load.count(at);
            }
        }
    }

    /// How long a command that arrives through this gateway at this time waits.
    pub(crate) fn wait(&self, gateway: Gateway, at: Nanos) -> Span {
        self.loads.get(gateway.index()).map_or(Span::ZERO, |load| load.delay(at))
    }

    /// When what is told through this gateway at this time reaches us, where nothing before it is slower.
    #[inline]
    pub(crate) fn heard_at(&self, gateway: Gateway, now: Nanos) -> Nanos {
        let leaves = match self.outage_at(gateway, now) {
            Some(outage) if outage.kind == OutageKind::Silent => outage.until,
            Some(_) | None => now,
        };
        leaves + self.response.at(leaves) + self.wait(gateway, now)
    }

    /// The outage of this gateway at this time, if there is one.
    #[inline]
    pub(crate) fn outage_at(&self, gateway: Gateway, at: Nanos) -> Option<&Outage> {
        let holds = |outage: &&Outage| {
            outage.from <= at && at < outage.until && outage.gateway.is_none_or(|one| one == gateway)
        };
        self.outages.iter().find(holds)
    }

    pub(crate) fn digest(&self, digest: &mut Digest) {
        for load in &self.loads {
            load.digest(digest);
        }
    }
}

#[cfg(test)]
mod tests;
