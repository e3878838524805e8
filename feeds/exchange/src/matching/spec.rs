//! What a matching engine is built from.
//!
//! Never here: state.

use ballast_core::replace::ReplaceRules;
use ballast_model::{InstrumentSpec, LOTS_MAX, Lots, Money, Rate, Span, TradeId, VenueOrderId};

use crate::spec::FeeSchedule;

/// The instrument, its rules, and every bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MatchingSpec {
    /// Grid, limits and contract: the filters of price, size and value.
    pub instrument: InstrumentSpec,
    /// What trading costs.
    pub fees: FeeSchedule,
    /// What trading costs those who traded much, reviewed by [`Matching::end_day`](super::Matching::end_day).
    pub tiers: [Option<FeeTier>; TIERS_MAX],
    /// Collateral of a perpetual; `None` for none, and then money is not looked at.
    pub margin: Option<MarginRules>,
    /// What an amendment may change and what becomes of the order's place.
    pub amend: ReplaceRules,
    /// How far from the best opposite price a market order trades, as a share of that price (`marketTakeBound` of
    /// Binance). Zero and above.
    pub market_protection: Rate,
    /// The price band; `None` for none.
    pub band: Option<PriceBand>,
    /// When matching halts; `None` for never.
    pub halt: Option<VolatilityHalt>,
    /// Bounds.
    pub limits: MatchingLimits,
    /// Id of the first accepted order; the following ones count up.
    pub first_order_id: VenueOrderId,
    /// Id of the first trade; the following ones count up.
    pub first_trade_id: TradeId,
}

/// Most tiers of fees.
pub const TIERS_MAX: usize = 10;

/// Fees of accounts that traded at least this value, in the settlement currency, in 30 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeeTier {
    /// The value.
    pub volume: Money,
    /// The fees.
    pub fees: FeeSchedule,
}

/// Collateral as a share of value at the mark price, each account by itself. An order is refused where equity is below the
/// initial margin of the position that the account's orders of its side could make; without a mark price the order's own
/// price values it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarginRules {
    /// Initial margin: one by the leverage. In `maintenance..=1`.
    pub initial: Rate,
    /// Maintenance margin: an account below it is liquidated. Above zero.
    pub maintenance: Rate,
    /// What a liquidated account pays to the insurance fund, of its position's value, as far as it can. In `0..=1`.
    pub clearance: Rate,
}

/// A bid may not be above the reference times `up`, an ask not below the reference times `down` (`PERCENT_PRICE` of Binance
/// USD-M). The reference is the mark price where one is known, else the last trade; with neither there is no band.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceBand {
    /// At least one.
    pub up: Rate,
    /// In `0..=1`.
    pub down: Rate,
}

/// Time is cut into windows of equal length. A trade further than `band` (a share) from the last trade before its window,
/// or in the first window from the first trade, does not happen: matching halts, the arriving order expires, and for `pause`
/// the venue only lets orders rest that would not take. The halt's end begins a window with no reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VolatilityHalt {
    /// Largest move. Above zero.
    pub band: Rate,
    /// Length of a window. Above zero.
    pub window: Span,
    /// Length of a halt. Above zero.
    pub pause: Span,
}

/// Every bound of an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MatchingLimits {
    /// Accounts. In `1..=65 535`.
    pub accounts: u16,
    /// Open orders of all accounts. In `1..=`[`ORDERS_MAX`].
    pub orders: u32,
    /// Orders that wait for a price. At most [`ORDERS_MAX`].
    pub waiting: u32,
    /// Open and waiting orders of one account. At least one.
    pub orders_per_account: u32,
    /// Pages of 64 neighbouring prices in use at a time, per side. In `1..=`[`PAGES_MAX`].
    pub pages: u32,
    /// Most lots that an account's position and its open orders of a side together may make.
    pub position: Lots,
    /// Requests in one batch. At least one.
    pub batch: usize,
}

/// Most orders an engine may be built for.
pub const ORDERS_MAX: u32 = 1 << 24;

/// Most pages an engine may be built for.
pub const PAGES_MAX: u32 = 1 << 16;

/// Why an engine cannot be built as described.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchingSpecError {
    /// No accounts.
    Accounts,
    /// Orders, orders per account or batch are zero, or orders or waiting ones above [`ORDERS_MAX`].
    Orders,
    /// Pages are zero or above [`PAGES_MAX`].
    Pages,
    /// The position's bound is below the smallest order or above what a size may be, or its value does not fit.
    Position,
    /// So many orders of the largest size do not add up in 64 bits.
    Sizes,
    /// The market protection is negative.
    Protection,
    /// The band's `up` is below one or its `down` outside `0..=1`.
    Band,
    /// The halt's band, window or pause is not above zero.
    Halt,
    /// The margins are not `0 < maintenance ≤ initial ≤ 1`, or the clearance is outside `0..=1`.
    Margin,
}

impl core::fmt::Display for MatchingSpecError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Accounts => "there are no accounts",
            Self::Orders => "orders, orders per account or batch are zero or too many",
            Self::Pages => "pages are zero or too many",
            Self::Position => "the position's bound is below the smallest order or too large",
            Self::Sizes => "so many orders of the largest size do not add up in 64 bits",
            Self::Protection => "the market protection is negative",
            Self::Band => "the price band's up is below one or its down outside 0..=1",
            Self::Margin => {
                "the margins are not 0 < maintenance <= initial <= 1, or the clearance not in 0..=1"
            }
            Self::Halt => "the halt's band, window or pause is not above zero",
        })
    }
}

impl core::error::Error for MatchingSpecError {}

impl MatchingSpec {
    /// Checks every bound.
    ///
    /// # Errors
    /// The first [`MatchingSpecError`] that applies.
    pub fn check(&self) -> Result<(), MatchingSpecError> {
        let (limits, instrument) = (&self.limits, &self.instrument);
        let sum = self.instrument.size_max.0.checked_mul(i64::from(limits.orders));
        let band_ok = |band: &PriceBand| band.up >= Rate::ONE && (Rate(0)..=Rate::ONE).contains(&band.down);
        let halt_ok = |halt: &VolatilityHalt| {
            halt.band > Rate(0) && halt.window > Span::ZERO && halt.pause > Span::ZERO
        };
        let margin_ok = |margin: &MarginRules| {
            let ordered = Rate(0) < margin.maintenance && margin.maintenance <= margin.initial;
            ordered && margin.initial <= Rate::ONE && (Rate(0)..=Rate::ONE).contains(&margin.clearance)
        };
        // The largest position must have a value, as the largest order has.
        let size_max = instrument.size_max.max(limits.position);
        let valued = InstrumentSpec::new(InstrumentSpec { size_max, ..*instrument }).is_ok();
        if limits.accounts == 0 {
            Err(MatchingSpecError::Accounts)
        } else if !(1..=ORDERS_MAX).contains(&limits.orders)
            || limits.waiting > ORDERS_MAX
            || limits.orders_per_account == 0
            || limits.batch == 0
        {
            Err(MatchingSpecError::Orders)
        } else if !(1..=PAGES_MAX).contains(&limits.pages) {
            Err(MatchingSpecError::Pages)
        } else if !(instrument.size_min..=Lots(LOTS_MAX)).contains(&limits.position) || !valued {
            Err(MatchingSpecError::Position)
        } else if sum.is_none() {
            Err(MatchingSpecError::Sizes)
        } else if self.market_protection < Rate(0) {
            Err(MatchingSpecError::Protection)
        } else if self.band.as_ref().is_some_and(|band| !band_ok(band)) {
            Err(MatchingSpecError::Band)
        } else if self.halt.as_ref().is_some_and(|halt| !halt_ok(halt)) {
            Err(MatchingSpecError::Halt)
        } else if self.margin.as_ref().is_some_and(|margin| !margin_ok(margin)) {
            Err(MatchingSpecError::Margin)
        } else {
            Ok(())
        }
    }
}
