//! Fees by the volume traded over 30 days.
//!
//! The tier of a trade is found after the trade is added: the one that reaches a volume already pays by it.
//!
//! Never here: the window, and which tier a volume is.

use alloc::vec::Vec;

use ballast_core::ledger::{FeeSchedule, FeeTrade};
use ballast_model::{Digest, InstrumentId, InstrumentSpec, Money, Nanos, Rate};

use crate::spec::{TierSpec, VenueSpec};

/// One schedule of tiers.
#[derive(Debug)]
struct Tiers {
    instruments: Vec<InstrumentId>,
    schedule: FeeSchedule,
    /// The highest rate of any tier; at least zero.
    rate_max: Rate,
    /// What had been traded before, until it is counted.
    before: Option<Money>,
}

/// All schedules of a venue.
#[derive(Debug, Default)]
pub(super) struct TierTable {
    all: Vec<Tiers>,
}

impl TierTable {
    /// Of a venue that was checked: tiers that cannot be are left out.
    pub(super) fn new(spec: &VenueSpec) -> Self {
        let tiers = |tier: &TierSpec| {
            let rates = tier.tiers.iter().flat_map(|tier| [tier.maker, tier.taker]);
            Some(Tiers {
                instruments: tier.instruments.clone(),
                schedule: tier.schedule().ok()?,
                rate_max: rates.max().unwrap_or_default().max(Rate(0)),
                before: Some(tier.volume),
            })
        };
        Self { all: spec.tiers.iter().filter_map(tiers).collect() }
    }

    fn of(&self, instrument: InstrumentId) -> Option<&Tiers> {
        self.all.iter().find(|tiers| tiers.instruments.contains(&instrument))
    }

    /// The highest rate an instrument's trades may be charged; `None` where no tiers are for it.
    pub(super) fn rate_max(&self, instrument: InstrumentId) -> Option<Rate> {
        self.of(instrument).map(|tiers| tiers.rate_max)
    }

    /// Counts a trade and says its fee in 10⁻⁸ of the settlement asset; `None` where no tiers are for its instrument. A fee or
    /// volume beyond its range is the largest cost there is.
    pub(super) fn fee_e8(
        &mut self,
        instrument: InstrumentId,
        spec: &InstrumentSpec,
        trade: FeeTrade,
        now: Nanos,
    ) -> Option<i64> {
        let tiers = self.all.iter_mut().find(|tiers| tiers.instruments.contains(&instrument))?;
        if let Some(before) = tiers.before.take() {
            // In range: the venue was checked.
            let _ = tiers.schedule.record(before, now);
        }
        let volume = spec.notional(trade.price, trade.lots);
        Some(tiers.schedule.on_trade(spec, trade, volume, now).map_or(i64::MAX, |fee| fee.fee_e8))
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        self.all.iter().for_each(|tiers| tiers.schedule.digest(digest));
    }
}
