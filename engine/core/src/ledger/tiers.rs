//! Fees by volume tier: what a fill should cost, to be held against what the venue charged.
//!
//! A venue counts the notional traded over a rolling 30 days and charges by tier. Here the window is the current UTC day and
//! the [`FEE_DAYS`]` − 1` before it, one sum for each day, so that memory is bounded whatever is traded. The tier of a trade is
//! found *after* the trade is added: the trade that reaches a threshold already pays the better rate. Where a venue settles
//! tiers once a day, the expectation runs ahead of it until midnight, and [`FeeDrift`] shows by how much.
//!
//! Never here: a booked fee. That is the venue's own figure, in the ledger.

#[cfg(test)]
mod tests;

use ballast_model::{
    AssetId, Contract, Digest, Fill, InstrumentSpec, Liquidity, Lots, Money, Nanos, Price, Rate, Side,
};

use super::digest_money;

/// Tiers one schedule holds.
pub const FEE_TIERS_MAX: usize = 16;

/// Days in the window, the current one among them.
pub const FEE_DAYS: usize = 30;

/// [`FEE_DAYS`], to count with.
#[expect(clippy::cast_possible_wrap, reason = "thirty")]
const DAYS: i64 = FEE_DAYS as i64;

const DAY_NANOS: i64 = 86_400_000_000_000;

/// One tier: the rates from a volume on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FeeTier {
    /// Smallest volume of the window, inclusive, in the currency the venue counts volume in.
    pub volume_min: Money,
    /// Rate of fills that rested; below zero a rebate. Within ±1.
    pub maker: Rate,
    /// Rate of fills that took; within ±1.
    pub taker: Rate,
}

impl FeeTier {
    /// The rate of this kind of fill.
    #[must_use]
    pub const fn rate(&self, liquidity: Liquidity) -> Rate {
        match liquidity {
            Liquidity::Maker => self.maker,
            Liquidity::Taker => self.taker,
        }
    }
}

/// What the fee is a share of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeeCharge {
    /// The trade's value in the settlement asset: futures, and spot venues that charge quote on both sides.
    Settlement,
    /// What the trade brings in: base for a bid, quote for an ask. For spot, which is linear; an inverse trade is charged in
    /// its settlement asset either way.
    Received,
}

/// Why tiers cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeeTierError {
    /// There is none, or more than [`FEE_TIERS_MAX`].
    Count,
    /// The first does not begin at zero volume.
    First,
    /// The volumes do not rise.
    Order,
    /// A rate is beyond ±1.
    Rate,
}

impl core::fmt::Display for FeeTierError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Count => "a fee schedule needs 1 to 16 tiers",
            Self::First => "the first fee tier must begin at volume zero",
            Self::Order => "the volumes of fee tiers must rise",
            Self::Rate => "a fee rate is beyond 100 %",
        })
    }
}

impl core::error::Error for FeeTierError {}

/// Why no fee can be expected of a trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeeError {
    /// The trade's volume is negative, or the window's sum would leave its range. It is not counted.
    Volume,
    /// The fee does not fit 10⁻⁸ of its asset. The volume of a fill that was booked is counted.
    Fee,
}

impl core::fmt::Display for FeeError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Volume => "the volume of the fee window would leave its range",
            Self::Fee => "the fee does not fit 64 bits",
        })
    }
}

impl core::error::Error for FeeError {}

/// The fee a trade should cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpectedFee {
    /// In which asset.
    pub asset: AssetId,
    /// In 10⁻⁸ of the asset, rounded up: cost > 0, rebate < 0.
    pub fee_e8: i64,
    /// The rate it was found with.
    pub rate: Rate,
}

/// A trade as far as its fee depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeeTrade {
    /// Our side.
    pub side: Side,
    /// Above zero.
    pub price: Price,
    /// Above zero.
    pub lots: Lots,
    /// Maker or taker.
    pub liquidity: Liquidity,
}

impl From<&Fill> for FeeTrade {
    fn from(fill: &Fill) -> Self {
        let (price, lots) = (fill.level.price(), fill.level.lots());
        Self { side: fill.side, price, lots, liquidity: fill.liquidity }
    }
}

/// The tiers of one venue and the volume traded there: one for each venue and account that tiers are counted for.
#[derive(Clone, Debug)]
pub struct FeeSchedule {
    charge: FeeCharge,
    /// Ascending by volume; the first begins at zero.
    tiers: [FeeTier; FEE_TIERS_MAX],
    tiers_used: usize,
    /// The sum of each day, at the day's number modulo [`FEE_DAYS`].
    days: [Money; FEE_DAYS],
    /// The latest day traded on, counted from the epoch; `None` before the first trade.
    newest: Option<i64>,
    /// The sum of all days: of the window that ends on the latest.
    total: Money,
}

impl FeeSchedule {
    /// A schedule without volume.
    ///
    /// # Errors
    /// The first [`FeeTierError`] that applies.
    pub fn new(charge: FeeCharge, tiers: &[FeeTier]) -> Result<Self, FeeTierError> {
        let mut own = [FeeTier::default(); FEE_TIERS_MAX];
        let room = own.get_mut(..tiers.len()).filter(|room| !room.is_empty());
        room.ok_or(FeeTierError::Count)?.copy_from_slice(tiers);
        if tiers.first().is_none_or(|tier| tier.volume_min != Money::ZERO) {
            return Err(FeeTierError::First);
        }
        if !tiers.is_sorted_by(|one, next| one.volume_min < next.volume_min) {
            return Err(FeeTierError::Order);
        }
        let within = |rate: Rate| rate.0.unsigned_abs() <= Rate::ONE.0.unsigned_abs();
        if !tiers.iter().all(|tier| within(tier.maker) && within(tier.taker)) {
            return Err(FeeTierError::Rate);
        }
        Ok(Self {
            charge,
            tiers: own,
            tiers_used: tiers.len(),
            days: [Money::ZERO; FEE_DAYS],
            newest: None,
            total: Money::ZERO,
        })
    }

    /// Counts volume traded at `at` (one and the same clock throughout): of our own fills, or at boot of days past as the
    /// venue tells them. Volume older than the window is dropped.
    ///
    /// # Errors
    /// [`FeeError::Volume`], and nothing is counted.
    pub fn record(&mut self, volume: Money, at: Nanos) -> Result<(), FeeError> {
        let sum = self.volume(at).0.checked_add(volume.0);
        if volume < Money::ZERO || sum.is_none() {
            return Err(FeeError::Volume);
        }
        let day = day_of(at);
        let newest = self.newest.unwrap_or(day);
        if day <= newest.saturating_sub(DAYS) {
            return Ok(());
        }
        self.total = self.volume(at) + volume;
        for passed in (newest + 1..=day).rev().take(FEE_DAYS) {
            if let Some(sum) = self.days.get_mut(slot(passed)) {
                *sum = Money::ZERO;
            }
        }
        if let Some(sum) = self.days.get_mut(slot(day)) {
            *sum += volume;
        }
        self.newest = Some(newest.max(day));
        Ok(())
    }

    /// The volume of the window that ends on the day of `now`, or on the latest day traded on where that is later.
    #[must_use]
    pub fn volume(&self, now: Nanos) -> Money {
        let (Some(newest), today) = (self.newest, day_of(now)) else { return Money::ZERO };
        if today <= newest {
            return self.total;
        }
        let kept = (today.saturating_sub(DAYS - 1)..=newest).filter_map(|day| self.days.get(slot(day)));
        kept.copied().sum()
    }

    /// The tier that a trade of this volume would be charged by.
    #[must_use]
    pub fn tier_after(&self, volume: Money, now: Nanos) -> &FeeTier {
        let total = self.volume(now).0.saturating_add(volume.0);
        let used = self.tiers.get(..self.tiers_used).unwrap_or(&self.tiers);
        let [first, ..] = &self.tiers;
        used.iter().rfind(|tier| tier.volume_min.0 <= total).unwrap_or(first)
    }

    /// What a trade would cost now; nothing is counted. `volume` is its notional in the currency the venue counts volume in.
    ///
    /// # Errors
    /// [`FeeError::Fee`].
    pub fn expect(
        &self,
        spec: &InstrumentSpec,
        trade: FeeTrade,
        volume: Money,
        now: Nanos,
    ) -> Result<ExpectedFee, FeeError> {
        self.fee_at(spec, trade, self.tier_after(volume, now).rate(trade.liquidity))
    }

    /// Counts a trade of ours, and says what it should have cost.
    ///
    /// `volume` is its notional in the currency the venue counts volume in: [`InstrumentSpec::notional`] where that is the
    /// quote currency.
    ///
    /// # Errors
    /// [`FeeError`].
    pub fn on_trade(
        &mut self,
        spec: &InstrumentSpec,
        trade: FeeTrade,
        volume: Money,
        now: Nanos,
    ) -> Result<ExpectedFee, FeeError> {
        self.record(volume, now)?;
        self.fee_at(spec, trade, self.tier_after(Money::ZERO, now).rate(trade.liquidity))
    }

    fn fee_at(&self, spec: &InstrumentSpec, trade: FeeTrade, rate: Rate) -> Result<ExpectedFee, FeeError> {
        let (asset, amount) = match (self.charge, spec.contract, trade.side) {
            (FeeCharge::Received, Contract::Linear, Side::Bid) => (spec.base, base_amount(spec, trade.lots)),
            _ => (spec.settlement(), Some(spec.value_floor(trade.price, trade.lots))),
        };
        let fee_e8 = amount.and_then(|amount| rate.fee_e8(amount)).ok_or(FeeError::Fee)?;
        Ok(ExpectedFee { asset, fee_e8, rate })
    }

    /// Takes the state into a digest; the tiers are configuration.
    pub fn digest(&self, digest: &mut Digest) {
        // The total follows from the days.
        digest.signed(self.newest.unwrap_or(i64::MIN));
        self.days.iter().for_each(|sum| digest_money(*sum, digest));
    }
}

fn base_amount(spec: &InstrumentSpec, lots: Lots) -> Option<Money> {
    spec.lot_amount()?.0.checked_mul(i128::from(lots.0)).map(Money)
}

/// The UTC day, counted from the epoch.
const fn day_of(at: Nanos) -> i64 {
    at.0.div_euclid(DAY_NANOS)
}

/// Where a day's sum is kept.
fn slot(day: i64) -> usize {
    usize::try_from(day.rem_euclid(DAYS)).unwrap_or(0)
}

/// The running difference between the fees a venue charged in one asset and those expected of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeeDrift {
    asset: AssetId,
    booked: Money,
    expected: Money,
    compared: u64,
    elsewhere: u64,
}

impl FeeDrift {
    /// Nothing compared yet.
    #[must_use]
    pub const fn new(asset: AssetId) -> Self {
        Self { asset, booked: Money::ZERO, expected: Money::ZERO, compared: 0, elsewhere: 0 }
    }

    /// Compares one fill, where its fee was expected in this asset. One charged in another (a venue's own token) is counted and
    /// not compared.
    pub fn add(&mut self, fill: &Fill, expected: &ExpectedFee) {
        if expected.asset != self.asset {
            return;
        }
        if fill.fee_asset == self.asset {
            self.booked += Money::from_e8(fill.fee_e8);
            self.expected += Money::from_e8(expected.fee_e8);
            self.compared += 1;
        } else {
            self.elsewhere += 1;
        }
    }

    /// Charged less expected: above zero where the venue takes more.
    #[must_use]
    pub fn difference(&self) -> Money {
        self.booked - self.expected
    }

    /// Fills compared.
    #[must_use]
    pub const fn compared(&self) -> u64 {
        self.compared
    }

    /// Fills whose fee was expected in this asset and charged in another.
    #[must_use]
    pub const fn elsewhere(&self) -> u64 {
        self.elsewhere
    }

    /// Takes the state into a digest.
    pub fn digest(&self, digest: &mut Digest) {
        digest_money(self.booked, digest);
        digest_money(self.expected, digest);
        digest.word(self.compared);
        digest.word(self.elsewhere);
    }
}
