//! When the market is marked and funding exchanged, and at what rate.
//!
//! Never here: a position, a price made up.

use ballast_model::{Digest, HalfTicks, InstrumentSpec, MarkPrice, Nanos, Price, Rate};

use super::spec::FundingSpec;

/// Nanoseconds of a second.
const SECOND: i64 = 1_000_000_000;
/// How far the interest may take the rate from the premium.
const DAMPER: Rate = Rate::from_bps(5);

/// The clock of marks and funding.
#[derive(Debug)]
pub(super) struct FundingClock {
    spec: FundingSpec,
    next_mark: Nanos,
    next_funding: Nanos,
    /// Premiums of this period, in 10⁻⁸, and how many.
    premiums: i128,
    samples: i64,
    /// As last told.
    rate: Rate,
}

impl FundingClock {
    pub(super) fn new(spec: FundingSpec, start: Nanos) -> Self {
        let next_funding = next_multiple(start, spec.period.0);
        Self { spec, next_mark: start, next_funding, premiums: 0, samples: 0, rate: Rate(0) }
    }

    pub(super) const fn next_mark(&self) -> Nanos {
        self.next_mark
    }

    pub(super) const fn next_funding(&self) -> Nanos {
        self.next_funding
    }

    /// The market is marked at the index, with this midpoint where it has one; what everybody hears of it.
    pub(super) fn mark(
        &mut self,
        instrument: &InstrumentSpec,
        index: Price,
        mid: Option<HalfTicks>,
        now: Nanos,
    ) -> MarkPrice {
        self.next_mark = now + self.spec.mark_every;
        if let Some(mid) = mid {
            let twice = 2 * i128::from(index.0.max(1));
            self.premiums += (i128::from(mid.0) - twice) * i128::from(Rate::ONE.0) / twice;
            self.samples += 1;
        }
        self.rate = self.running_rate();
        let mark_e8 = price_e8(instrument, index);
        MarkPrice {
            instrument: ballast_model::InstrumentId(0),
            mark_e8,
            index_e8: Some(mark_e8),
            funding_e8: i32::try_from(self.rate.0).unwrap_or_default(),
            funding_at_secs: u32::try_from(self.next_funding.0 / SECOND).unwrap_or(u32::MAX),
            venue_time: now,
            recv_time: now,
        }
    }

    /// The period is over: the rate at which funding is exchanged, as last told.
    pub(super) fn exchange(&mut self) -> Rate {
        self.next_funding = self.next_funding + self.spec.period;
        (self.premiums, self.samples) = (0, 0);
        self.rate
    }

    fn running_rate(&self) -> Rate {
        let premium = self.premiums / i128::from(self.samples.max(1));
        let premium = i64::try_from(premium).unwrap_or_default();
        let damped = (self.spec.interest.0 - premium).clamp(-DAMPER.0, DAMPER.0);
        Rate((premium + damped).clamp(-self.spec.cap.0, self.spec.cap.0))
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        digest.signed(self.next_mark.0);
        digest.signed(self.next_funding.0);
        digest.bytes(&self.premiums.to_le_bytes());
        digest.signed(self.samples);
        digest.signed(self.rate.0);
    }
}

/// The first multiple of a period after a time.
fn next_multiple(after: Nanos, period: i64) -> Nanos {
    Nanos((after.0.div_euclid(period) + 1).saturating_mul(period))
}

/// A price in 10⁻⁸ of the quote currency, cut where the tick is finer.
fn price_e8(instrument: &InstrumentSpec, price: Price) -> i64 {
    let ticks = i128::from(price.0) * i128::from(instrument.tick.mantissa);
    let scale = u32::from(instrument.tick.scale);
    let e8 = if scale <= 8 { ticks * 10i128.pow(8 - scale) } else { ticks / 10i128.pow(scale - 8) };
    i64::try_from(e8).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use ballast_model::{AssetId, Contract, Lots, Money, Span, Step};

    use super::*;

    fn instrument() -> InstrumentSpec {
        InstrumentSpec {
            tick: Step::parse("0.05").unwrap(),
            lot: Step::parse("0.001").unwrap(),
            multiplier: 1,
            contract: Contract::Linear,
            price_min: Price(1),
            price_max: Price(1_000_000),
            size_min: Lots(1),
            size_max: Lots(1_000_000),
            notional_min: Money::ZERO,
            base: AssetId(0),
            quote: AssetId(1),
        }
    }

    #[test]
    fn the_rate_is_the_premium_damped_by_the_interest() {
        let spec = FundingSpec {
            mark_every: Span::from_secs(1),
            period: Span::from_secs(60),
            interest: Rate::from_bps(1),
            cap: Rate::from_bps(75),
        };
        // The midpoint above the index in basis points: at 0 the interest, within ±5 bp of it the interest still.
        for (premium, rate) in
            [(0, 10_000), (4, 10_000), (6, 10_000), (10, 50_000), (-10, -50_000), (300, 750_000)]
        {
            let mut clock = FundingClock::new(spec, Nanos::from_millis(90_500));
            assert_eq!(clock.next_funding(), Nanos::from_millis(120_000));
            let index = Price(10_000);
            let mid = HalfTicks(20_000 + 2 * premium);
            let mark = clock.mark(&instrument(), index, Some(mid), Nanos::from_millis(90_500));
            assert_eq!((mark.funding_e8, mark.funding_at_secs), (rate, 120), "{premium}");
            assert_eq!((mark.mark_e8, clock.next_mark()), (50_000_000_000, Nanos::from_millis(91_500)));
            assert_eq!(clock.exchange(), Rate(rate.into()));
            assert_eq!(clock.next_funding(), Nanos::from_millis(180_000));
        }
    }

    #[test]
    fn a_new_period_forgets_the_premiums_of_the_last() {
        let cap = Rate::from_bps(75);
        let (mark_every, period) = (Span::from_secs(1), Span::from_secs(60));
        let spec = FundingSpec { mark_every, period, interest: Rate(0), cap };
        let mut clock = FundingClock::new(spec, Nanos(0));
        let rates = [20_040, 20_020]
            .map(|mid| clock.mark(&instrument(), Price(10_000), Some(HalfTicks(mid)), Nanos(0)).funding_e8);
        assert_eq!(rates, [150_000, 100_000], "20 bp and the mean of 20 and 10, less 5");
        clock.exchange();
        let mark = clock.mark(&instrument(), Price(10_000), None, Nanos(1));
        assert_eq!(mark.funding_e8, 0);
    }
}
