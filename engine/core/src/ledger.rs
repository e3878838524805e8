//! The fill ledger: position, profit and costs of one instrument, exact.
//!
//! Every fill is a *flow* of money in the settlement asset. With `q` the signed position, `u` the money in one lot at one
//! tick and `p` a price:
//!
//! | | flow of a fill of `±n` lots | value of the position at `p` |
//! |---|---|---|
//! | linear | `∓u·n·p` | `u·q·p` |
//! | inverse | `±u·n/p` | `−u·q/p` |
//!
//! Opening flows add up to the position's *basis* (average cost: the value at which the position is even); closing takes the
//! closed share out of the basis and realises the difference. So for any sequence of fills
//!
//! `realised + unrealised(mid) = sum of flows + value of the position at mid`,
//!
//! exactly: what rounding the closed share leaves behind stays in the basis and is realised with the rest. Inverse flows are
//! quotients; each is rounded down (against us) to 10⁻¹⁸, and [`Ledger::rounding_max`] bounds what that has cost.
//!
//! Funding and fees are money beside the fills: what the venue says it moved is booked, and what it should have been is
//! computed apart from it ([`funding_due`], [`FeeSchedule`]), so that the two can be held against each other.
//!
//! Never here: a float, an allocation, the price of one asset in another.

mod base_fee;
mod carry;
mod exact;
mod fees;
mod funding;
mod parcel;
mod tiers;

#[cfg(test)]
mod tests;

use ballast_model::{
    AssetId, Contract, Digest, Fill, HalfTicks, InstrumentSpec, LOTS_MAX, Liquidity, Lots, Money,
    PRICE_TICKS_MAX, Price, Side, mutant,
};

pub use base_fee::booked_fee;
pub use fees::{FEE_ASSETS_MAX, FeeLine};
pub use funding::funding_due;
pub use tiers::{
    ExpectedFee, FEE_DAYS, FEE_TIERS_MAX, FeeCharge, FeeDrift, FeeError, FeeSchedule, FeeTier, FeeTierError,
    FeeTrade,
};

pub(crate) use exact::mul_div_floor;
pub(crate) use parcel::Parcel;

use base_fee::Coin;
use fees::FeeTable;
use funding::FundingSums;

/// Turnover a ledger holds, in units of 10⁻¹⁸: 4·10¹⁹ of any currency. Bounds every other sum.
const TURNOVER_MAX: i128 = i128::MAX / 4;

/// Why a fill cannot be booked. It is not booked in part; the position is unknown from here on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unbookable {
    /// The price is zero.
    Price,
    /// The size is zero.
    Size,
    /// The position would leave the range in which its value is exact.
    Position,
    /// Turnover (or, where positions move between books, basis or profit) would leave its range.
    Turnover,
    /// Fees were charged in more than [`FEE_ASSETS_MAX`] assets.
    FeeAssets,
    /// Funding would leave its range.
    Funding,
}

impl core::fmt::Display for Unbookable {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Price => "the price is zero",
            Self::Size => "the size is zero",
            Self::Position => "the position would leave the range in which its value is exact",
            Self::Turnover => "turnover, basis or profit would leave its range",
            Self::FeeAssets => "fees in more assets than a ledger keeps",
            Self::Funding => "funding would leave its range",
        })
    }
}

impl core::error::Error for Unbookable {}

/// Position, profit and costs of one instrument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    contract: Contract,
    /// Linear: money in one lot at one tick. Inverse: coin in one lot at a price of one tick. Above zero.
    unit: i128,
    /// Largest position whose value is exact at every price there is.
    position_max: Lots,
    position: Lots,
    /// The value at which the position is even; zero where there is none.
    basis: Money,
    realised: Money,
    rounding_max: Money,
    fees: FeeTable,
    coin: Option<Coin>,
    funding: FundingSums,
    turnover: Money,
    bought: Lots,
    sold: Lots,
    fills_maker: u64,
    fills_taker: u64,
}

impl Ledger {
    /// An empty ledger.
    #[must_use]
    pub fn new(spec: &InstrumentSpec) -> Self {
        let unit = spec.value_floor(Price(1), Lots(1)).0;
        // A midpoint counts half ticks, and a fill that flips the position is twice its size: hence the 2.
        let lot_worth_max = match spec.contract {
            Contract::Linear => unit * 2 * i128::from(PRICE_TICKS_MAX),
            Contract::Inverse => unit * 2,
        };
        let position_max = (TURNOVER_MAX / lot_worth_max).min(i128::from(LOTS_MAX));
        Self {
            contract: spec.contract,
            unit,
            position_max: Lots(i64::try_from(position_max).unwrap_or(LOTS_MAX)),
            position: Lots::ZERO,
            basis: Money::ZERO,
            realised: Money::ZERO,
            rounding_max: Money::ZERO,
            fees: FeeTable::new(spec.settlement()),
            coin: Coin::of(spec),
            funding: FundingSums::NONE,
            turnover: Money::ZERO,
            bought: Lots::ZERO,
            sold: Lots::ZERO,
            fills_maker: 0,
            fills_taker: 0,
        }
    }

    /// Books a fill, whole or not at all.
    ///
    /// # Errors
    /// [`Unbookable`]: the fill is real but its numbers cannot be held, and the position is no longer known.
    pub fn on_fill(&mut self, fill: &Fill) -> Result<(), Unbookable> {
        let (price, lots) = (fill.level.price(), fill.level.lots());
        if price.0 <= 0 {
            return Err(Unbookable::Price);
        }
        if lots.0 <= 0 {
            return Err(Unbookable::Size);
        }
        let position = self.position + lots.signed(fill.side);
        if position.abs() > self.position_max {
            return Err(Unbookable::Position);
        }
        let flow = self.flow(fill.side, price, lots);
        let turnover = self.turnover + flow.money.abs();
        if turnover.0 > TURNOVER_MAX {
            return Err(Unbookable::Turnover);
        }
        let traded = match fill.side {
            Side::Bid => &mut self.bought,
            Side::Ask => &mut self.sold,
        };
        let traded_after = traded.0.checked_add(lots.0).ok_or(Unbookable::Turnover)?;
        let fee = Coin::booked(self.coin.as_ref(), price, (fill.fee_asset, fill.fee_e8));
        let (fee_asset, fee_e8) = fee.ok_or(Unbookable::Turnover)?;
        let fee_e8 = if mutant::is("fee-lost") { 0 } else { fee_e8 };
        self.fees.add(fee_asset, fee_e8).ok_or(Unbookable::FeeAssets)?;

        *traded = Lots(traded_after);
        let closed = self.closed_by(fill.side, lots);
        let closing = if closed == lots { flow.money } else { self.flow(fill.side, price, closed).money };
        self.settle(closed, closing, flow.money);
        self.position = position;
        self.turnover = turnover;
        self.rounding_max += flow.rounding_max;
        match fill.liquidity {
            Liquidity::Maker => self.fills_maker += 1,
            Liquidity::Taker => self.fills_taker += 1,
        }
        Ok(())
    }

    /// How much of `lots` on `side` closes the position as it is.
    fn closed_by(&self, side: Side, lots: Lots) -> Lots {
        lots.min(-self.position.signed(side)).max(Lots::ZERO)
    }

    /// Moves the money of a change of position: `closing` of the whole `flow` is for the lots that close.
    fn settle(&mut self, closed: Lots, closing: Money, flow: Money) {
        if closed == Lots::ZERO {
            self.basis -= flow;
            return;
        }
        let share = share_ceil(self.basis, closed, self.position.abs());
        self.realised += closing - share;
        // What is left of the flow opens a position the other way: the two parts add up whatever was rounded.
        self.basis -= share + (flow - closing);
    }

    /// The money a fill moves, received > 0, rounded down.
    fn flow(&self, side: Side, price: Price, lots: Lots) -> Flow {
        let amount = self.unit * i128::from(lots.signed(side).0);
        match self.contract {
            Contract::Linear => {
                Flow { money: Money(-amount * i128::from(price.0)), rounding_max: Money::ZERO }
            }
            Contract::Inverse => {
                let price = i128::from(price.0);
                let inexact = amount.rem_euclid(price) != 0;
                Flow { money: Money(amount.div_euclid(price)), rounding_max: Money(i128::from(inexact)) }
            }
        }
    }

    /// Signed position.
    #[must_use]
    pub const fn position(&self) -> Lots {
        self.position
    }

    /// The value at which the open position is even, in the settlement asset; signed as the position's value is, and exactly
    /// zero without a position.
    #[must_use]
    pub const fn basis(&self) -> Money {
        self.basis
    }

    /// Average price of the open position in 10⁻⁸ ticks, rounded down; `None` without one, or where its basis is nothing.
    #[must_use]
    pub fn average_price_e8(&self) -> Option<i128> {
        let (worth, basis) = (self.unit * i128::from(self.position.abs().0), self.basis.0.abs());
        let (of, by) = match self.contract {
            Contract::Linear => (basis, worth),
            Contract::Inverse => (worth, basis),
        };
        if by == 0 { None } else { mul_div_floor(of, 100_000_000, by) }
    }

    /// Profit of what was closed, before fees and rebates, in the settlement asset.
    #[must_use]
    pub const fn realised(&self) -> Money {
        self.realised
    }

    /// Value of the open position at a midpoint (above zero) in the settlement asset, rounded down; signed.
    #[must_use]
    pub fn position_value(&self, mid: HalfTicks) -> Money {
        let amount = self.unit * i128::from(self.position.0);
        match self.contract {
            Contract::Linear => Money((amount * i128::from(mid.0)).div_euclid(2)),
            Contract::Inverse => Money((-2 * amount).div_euclid(i128::from(mid.0.max(1)))),
        }
    }

    /// Profit of the open position at a midpoint, in the settlement asset, rounded down.
    #[must_use]
    pub fn unrealised(&self, mid: HalfTicks) -> Money {
        self.position_value(mid) - self.basis
    }

    /// Profit before fees and rebates: realised and unrealised.
    #[must_use]
    pub fn gross(&self, mid: HalfTicks) -> Money {
        self.realised + self.unrealised(mid)
    }

    /// Profit after funding and the fees and rebates of the settlement asset. Those in other assets are not in it: see
    /// [`Ledger::fee_lines`].
    #[must_use]
    pub fn net(&self, mid: HalfTicks) -> Money {
        let FeeLine { fees, rebates, .. } = *self.fees.settlement();
        self.gross(mid) - fees + rebates + self.funding()
    }

    /// The sum of all flows, received > 0, before fees and funding: what a position bought and sold has moved in money, and
    /// what adds up exactly over books, whoever of them holds the position now.
    #[must_use]
    pub fn flows(&self) -> Money {
        self.realised - self.basis
    }

    /// Fees paid in an asset, not below zero.
    #[must_use]
    pub fn fees(&self, asset: AssetId) -> Money {
        self.fee_lines().find(|line| line.asset == asset).map_or(Money::ZERO, |line| line.fees)
    }

    /// Rebates received in an asset, not below zero.
    #[must_use]
    pub fn rebates(&self, asset: AssetId) -> Money {
        self.fee_lines().find(|line| line.asset == asset).map_or(Money::ZERO, |line| line.rebates)
    }

    /// Fees and rebates of every asset they came in, the settlement asset first.
    pub fn fee_lines(&self) -> impl Iterator<Item = &FeeLine> {
        self.fees.lines()
    }

    /// Upper bound of what rounding has cost so far, in the settlement asset: one unit of 10⁻¹⁸ for each inverse fill whose
    /// value was no whole number of units. Zero for linear instruments.
    #[must_use]
    pub const fn rounding_max(&self) -> Money {
        self.rounding_max
    }

    /// Value of all fills in the settlement asset.
    #[must_use]
    pub const fn turnover(&self) -> Money {
        self.turnover
    }

    /// Lots bought.
    #[must_use]
    pub const fn bought(&self) -> Lots {
        self.bought
    }

    /// Lots sold.
    #[must_use]
    pub const fn sold(&self) -> Lots {
        self.sold
    }

    /// Number of fills as maker or taker.
    #[must_use]
    pub const fn fills(&self, liquidity: Liquidity) -> u64 {
        match liquidity {
            Liquidity::Maker => self.fills_maker,
            Liquidity::Taker => self.fills_taker,
        }
    }

    /// Takes the whole state into a digest.
    pub fn digest(&self, digest: &mut Digest) {
        digest.signed(self.position.0);
        for money in [self.basis, self.realised, self.rounding_max, self.turnover] {
            digest_money(money, digest);
        }
        digest.signed(self.bought.0);
        digest.signed(self.sold.0);
        digest.word(self.fills_maker);
        digest.word(self.fills_taker);
        self.fees.digest(digest);
        self.funding.digest(digest);
    }
}

/// Money a fill moves, and what rounding took from it at most.
#[derive(Clone, Copy)]
struct Flow {
    money: Money,
    rounding_max: Money,
}

/// `basis · part / whole`, rounded up so that profit is not realised early; for `0 < part <= whole`.
fn share_ceil(basis: Money, part: Lots, whole: Lots) -> Money {
    let below = mul_div_floor(-basis.0, i128::from(part.0), i128::from(whole.0));
    // A part of what fits, fits.
    Money(below.map_or(basis.0, |below| -below))
}

pub(crate) fn digest_money(money: Money, digest: &mut Digest) {
    digest.bytes(&money.0.to_le_bytes());
}
