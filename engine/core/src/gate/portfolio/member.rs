//! One instrument of a portfolio: what it holds, what works, and what both may come to.
//!
//! Never here: sums over instruments.

use ballast_model::{Contract, Digest, HalfTicks, Lots, Money, NewOrder, Price, Rate, Side};

use super::group::Legs;
use super::limits::{Funding, Funds, Liquidation, MemberSpec};
use crate::gate::limits::Effect;
use crate::gate::refusal::Rule;
use crate::gate::watch::Verdict;
use crate::ledger::mul_div_floor;

/// Largest value of one instrument, or of what is held elsewhere, that is counted: 9.9·10⁹ of the account currency, in 10⁻¹⁸.
/// Above it, the exposure is unknown. So the sum over [`super::MEMBERS_MAX`] of them fits, and that of their margins.
const VALUE_MAX: i128 = 1 << 93;

/// All that works in an instrument: live, pending and unknown orders. The whole of it is handed over at once, so that
/// telling it twice, or late, adds nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    sides: [SideWork; 2],
}

/// What works on one side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct SideWork {
    lots: i128,
    /// Price times lots, summed, in ticks times lots.
    value: i128,
    /// The most aggressive price.
    best: Option<Price>,
}

impl Work {
    /// Nothing works.
    pub const NONE: Self = Self {
        sides: [SideWork { lots: 0, value: 0, best: None }, SideWork { lots: 0, value: 0, best: None }],
    };

    /// Adds what may still trade of an order.
    #[inline]
    pub fn add(&mut self, side: Side, price: Price, lots: Lots) {
        self.add_replacing(side, (price, lots), (price, lots));
    }

    /// Adds an order that is being replaced, of which nobody knows which one stands: the larger size at the higher price,
    /// and both prices may meet an order of ours.
    #[inline]
    pub fn add_replacing(&mut self, side: Side, from: (Price, Lots), to: (Price, Lots)) {
        let lots = i128::from(from.1.max(to.1).0);
        if lots <= 0 {
            return;
        }
        let [bids, asks] = &mut self.sides;
        let work = match side {
            Side::Bid => bids,
            Side::Ask => asks,
        };
        work.lots += lots;
        work.value += lots * i128::from(from.0.max(to.0).0);
        for price in [from.0, to.0] {
            if work.best.is_none_or(|best| side.reaches(price, best)) {
                work.best = Some(price);
            }
        }
    }

    const fn side(&self, side: Side) -> &SideWork {
        let [bids, asks] = &self.sides;
        match side {
            Side::Bid => bids,
            Side::Ask => asks,
        }
    }

    /// The most aggressive price on a side.
    #[must_use]
    pub const fn best(&self, side: Side) -> Option<Price> {
        self.side(side).best
    }

    fn digest(&self, digest: &mut Digest) {
        for side in &self.sides {
            digest.bytes(&side.lots.to_le_bytes());
            digest.bytes(&side.value.to_le_bytes());
            digest.signed(side.best.map_or(0, |price| price.0));
        }
    }
}

/// What an instrument may come to, in the account currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Measure {
    /// Value of the position if all asks trade; signed.
    pub(super) low: i128,
    /// Value of the position if all bids trade; signed.
    pub(super) high: i128,
    /// The larger of the two as magnitudes.
    pub(super) gross: i128,
    /// Value of what works, at its own prices.
    pub(super) open: i128,
    /// Margin of `gross`, times 10⁸.
    pub(super) need: i128,
    /// One where all of this is unknown, and zero.
    pub(super) unknown: i32,
}

impl Measure {
    /// Something, and nobody knows what it is worth.
    const UNKNOWN: Self = Self { low: 0, high: 0, gross: 0, open: 0, need: 0, unknown: 1 };

    /// Exposure that is held elsewhere.
    pub(super) fn elsewhere(exposure: Option<(Money, Money)>) -> Self {
        let fits = |value: i128| value.checked_abs().is_some_and(|value| value <= VALUE_MAX);
        match exposure.filter(|(low, high)| low <= high && fits(low.0) && fits(high.0)) {
            Some((low, high)) => {
                let gross = low.0.abs().max(high.0.abs());
                Self { low: low.0, high: high.0, gross, ..Self::default() }
            }
            None => Self::UNKNOWN,
        }
    }

    /// This and another, number by number.
    #[inline]
    pub(super) const fn plus(&self, other: &Self) -> Self {
        Self {
            low: self.low + other.low,
            high: self.high + other.high,
            gross: self.gross + other.gross,
            open: self.open + other.open,
            need: self.need + other.need,
            unknown: self.unknown + other.unknown,
        }
    }

    /// This less another, number by number.
    #[inline]
    pub(super) const fn less(&self, other: &Self) -> Self {
        Self {
            low: self.low - other.low,
            high: self.high - other.high,
            gross: self.gross - other.gross,
            open: self.open - other.open,
            need: self.need - other.need,
            unknown: self.unknown - other.unknown,
        }
    }
}

/// One instrument.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) spec: MemberSpec,
    /// What one conversion unit of the contract is worth in quote: linear, one lot at one tick; inverse, one lot.
    quote_unit: i128,
    /// The same in the account currency, rounded up; `None` where no conversion is known.
    unit: Option<i128>,
    /// What one unit of the quote currency is worth in the account currency; `None` where nobody knows. Above zero.
    conversion: Option<Rate>,
    /// The sums it counts in that have a limit.
    pub(super) legs: Legs,
    /// The next member that trades in the same book; the ring closes.
    pub(super) next_in_market: usize,
    pub(super) position: Lots,
    pub(super) mark: Option<HalfTicks>,
    pub(super) work: Work,
    pub(super) liquidation: Liquidation,
    pub(super) funds: Option<Funds>,
    /// Of all of the above.
    pub(super) measure: Measure,
    /// Not state: what the last order that was asked for would make of it.
    pub(super) asked: Asked,
}

/// What works, and what it comes to, with one more order.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Asked {
    pub(super) work: Work,
    pub(super) measure: Measure,
}

impl Member {
    pub(super) fn new(spec: &MemberSpec, legs: Legs) -> Self {
        Self {
            spec: *spec,
            quote_unit: spec.spec.notional(Price(1), Lots(1)).0,
            unit: None,
            conversion: None,
            legs,
            next_in_market: 0,
            position: Lots::ZERO,
            mark: None,
            work: Work::NONE,
            liquidation: Liquidation::Unknown,
            funds: None,
            measure: Measure::default(),
            asked: Asked::default(),
        }
    }

    /// Takes the value of one unit of the quote currency in the account currency, 10⁻⁸.
    pub(super) fn on_conversion(&mut self, rate: Option<Rate>) {
        self.conversion = rate.filter(|rate| rate.0 > 0);
        let product = self.conversion.and_then(|rate| self.quote_unit.checked_mul(rate.0.into()));
        self.unit = product.map(|product| -(-product).div_euclid(i128::from(Rate::ONE.0)));
    }

    /// Money of the account currency in the quote currency, rounded down; `None` where it cannot be said.
    pub(super) fn in_quote(&self, amount: Money) -> Option<Money> {
        let rate = self.conversion?;
        mul_div_floor(amount.0, Rate::ONE.0.into(), rate.0.into()).map(Money)
    }

    /// What the position and `work` may come to; nothing where no limit asks.
    #[inline]
    pub(super) fn measure_with(&self, work: &Work) -> Measure {
        let [bids, asks] = &work.sides;
        if self.legs.is_empty() || self.position.is_zero() && bids.lots == 0 && asks.lots == 0 {
            return Measure::default();
        }
        self.measure_checked(bids, asks).unwrap_or(Measure::UNKNOWN)
    }

    fn measure_checked(&self, bids: &SideWork, asks: &SideWork) -> Option<Measure> {
        let (unit, mark) = (self.unit?, self.mark?);
        let position = i128::from(self.position.0);
        let (low, high) = (position - asks.lots, position + bids.lots);
        let (low, high, open) = match self.spec.spec.contract {
            // Half ticks: the shift rounds down by less than 10⁻¹⁸.
            Contract::Linear => {
                let at_mark = |lots| Some(product(unit, product(lots, mark.0.into())?)? >> 1);
                (at_mark(low)?, at_mark(high)?, product(unit, bids.value + asks.value)?)
            }
            Contract::Inverse => {
                (product(unit, low)?, product(unit, high)?, product(unit, bids.lots + asks.lots)?)
            }
        };
        let gross = low.abs().max(high.abs());
        let need = product(gross, self.spec.funding.rate().0.into())?;
        (gross <= VALUE_MAX && open <= VALUE_MAX).then_some(Measure {
            low,
            high,
            gross,
            open,
            need,
            unknown: 0,
        })
    }

    /// The work there is once `order` works too.
    #[inline]
    pub(super) fn work_after(&self, order: &NewOrder) -> Work {
        let mut work = self.work;
        work.add(order.side, order.price, order.lots);
        work
    }

    /// True where the position could become larger, in either direction, than it could before.
    pub(super) fn grows(&self, work: &Work) -> bool {
        let position = i128::from(self.position.0);
        let worst = |work: &Work| {
            let [bids, asks] = &work.sides;
            (position + bids.lots).abs().max((position - asks.lots).abs())
        };
        worst(work) > worst(&self.work)
    }

    /// An ask never exceeds the free base, a bid never the free quote; where they are unknown, only reducing orders pass.
    pub(super) fn ask_funds(&self, order: &NewOrder, effect: Effect) -> Verdict {
        if self.spec.funding != Funding::Spot {
            return Ok(());
        }
        let Some(funds) = self.funds else {
            return if effect.adds() { Err((Rule::Unknown, 1, 0)) } else { Ok(()) };
        };
        let (rule, cost, free) = match order.side {
            Side::Bid => (Rule::FreeQuote, self.spec.spec.notional(order.price, order.lots).0, funds.quote.0),
            Side::Ask => (Rule::FreeBase, order.lots.0.into(), funds.base.0.into()),
        };
        if cost > free { Err((rule, cost, free)) } else { Ok(()) }
    }

    /// Sets aside what an order needs, until funds are told again.
    pub(super) fn hold_funds(&mut self, order: &NewOrder) {
        let cost = self.spec.spec.notional(order.price, order.lots);
        if let Some(funds) = &mut self.funds {
            match order.side {
                Side::Bid => funds.quote -= cost,
                Side::Ask => funds.base -= order.lots,
            }
        }
    }

    /// The mark stays away from the liquidation price, for an order that makes the position larger at its worse end.
    pub(super) fn ask_liquidation(&self) -> Verdict {
        let Some(least) = self.spec.liquidation_distance_min else { return Ok(()) };
        if self.position.is_zero() {
            return Ok(());
        }
        let (Some(mark), Liquidation::At(_) | Liquidation::Never) = (self.mark, self.liquidation) else {
            return Err((Rule::Unknown, 1, 0));
        };
        let Liquidation::At(price) = self.liquidation else { return Ok(()) };
        // A mark beyond the liquidation price is no distance at all.
        let distance = (mark.0 - price.0) * self.position.0.signum();
        let short = i128::from(distance) * i128::from(Rate::ONE.0) < i128::from(mark.0) * i128::from(least.0);
        if short { Err((Rule::Liquidation, mark.0.into(), price.0.into())) } else { Ok(()) }
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        digest.signed(self.position.0);
        digest.signed(self.mark.map_or(0, |mark| mark.0));
        digest.bytes(&self.unit.unwrap_or(0).to_le_bytes());
        self.work.digest(digest);
        let liquidation = match self.liquidation {
            Liquidation::Unknown => -2,
            Liquidation::Never => -1,
            Liquidation::At(price) => price.0,
        };
        digest.signed(liquidation);
        digest.word(u64::from(self.funds.is_some()));
        if let Some(funds) = self.funds {
            digest.signed(funds.base.0);
            digest.bytes(&funds.quote.0.to_le_bytes());
        }
    }
}

/// A product that surely fits, which all that are counted do; cheaper than the checked one.
#[inline]
fn product(a: i128, b: i128) -> Option<i128> {
    let fits = a.unsigned_abs().leading_zeros() + b.unsigned_abs().leading_zeros() > i128::BITS;
    fits.then(|| a * b)
}
