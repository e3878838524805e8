//! What a run leaves behind for judgement: fills and samples, per instrument.

mod join;

use ballast_model::{
    ClientOrderId, FillReason, HalfTicks, InstrumentSpec, Liquidity, Lots, Money, Nanos, Price, Rate, Side,
    Span, TradeId,
};

/// Number of markout horizons.
pub const HORIZONS: usize = MARKOUT_HORIZONS.len();

/// How long after a fill the midpoint is looked at again: 0.1 s, 1 s and 10 s.
pub const MARKOUT_HORIZONS: [Span; 3] = [Span::from_millis(100), Span::from_secs(1), Span::from_secs(10)];

/// Everything one run did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunRecord {
    /// One record per instrument, in the run's own order.
    pub instruments: Vec<InstrumentRecord>,
}

/// Where an instrument's tick and lot came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GridSource {
    /// The configuration named them.
    Configured,
    /// They were inferred from the digits of the capture.
    Inferred,
}

/// What an instrument's orders are for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// To earn: it is quoted, or only followed.
    #[default]
    Quoted,
    /// To hedge what others hold.
    Hedge,
}

/// What was sent to the venue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    /// New orders.
    pub orders: u64,
    /// Their size, as first asked for.
    pub lots: Lots,
    /// Amendments.
    pub amendments: u64,
    /// Cancels.
    pub cancels: u64,
}

/// What a market maker's programme asks for: size on both sides within a distance of the midpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Programme {
    /// Share of the midpoint that a quote may be from it to count.
    pub within: Rate,
    /// Value in quote currency that must stand on a side; one of zero is met by any quote.
    pub notional_min: Money,
}

/// Where a resting order stood as the event that filled it came, as the venue tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// How many better prices of its side had an order of ours: 0 for our best.
    pub level: u16,
    /// Others' lots ahead of it when it joined the queue; `None` where nobody knew.
    pub joined: Option<Lots>,
    /// Others' lots ahead of it just before that event; `None` where nobody knew.
    pub ahead: Option<Lots>,
}

/// What one instrument did in a run.
///
/// All times are on one clock, the run's own, and neither list ever steps back in time ([`InstrumentRecord::check`]).
/// The first sample is taken where the account is still flat, the last one after the last fill: totals are read from
/// it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstrumentRecord {
    /// The instrument's name, as the configuration or the capture spells it.
    pub name: String,
    /// Where it trades.
    pub venue: String,
    /// What its orders are for.
    pub role: Role,
    /// Its grid and contract.
    pub spec: InstrumentSpec,
    /// Who said what the grid is.
    pub grid: GridSource,
    /// Name of the settlement currency: all money in this record.
    pub currency: String,
    /// Name of the currency prices are quoted in.
    pub price_unit: String,
    /// Name of what sizes count: the base coin, or contracts.
    pub size_unit: String,
    /// What its quotes are held against.
    pub programme: Programme,
    /// What was sent.
    pub requests: Requests,
    /// Our trades, in the order they were booked.
    pub fills: Vec<FillRow>,
    /// What was booked by hand between them, in that order.
    pub adjustments: Vec<Adjustment>,
    /// The account, in time order; each sample holds until the next one.
    pub samples: Vec<Sample>,
}

/// One trade of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FillRow {
    /// When it was booked.
    pub time: Nanos,
    /// Our side: a bid bought.
    pub side: Side,
    /// Where it traded; above zero.
    pub price: Price,
    /// How much; above zero.
    pub lots: Lots,
    /// Maker or taker.
    pub liquidity: Liquidity,
    /// Why it traded.
    pub reason: FillReason,
    /// Fee in the settlement currency: cost > 0, rebate < 0.
    pub fee: Money,
    /// Our id of the order.
    pub client_id: ClientOrderId,
    /// The venue's id of the trade.
    pub trade_id: TradeId,
    /// Midpoint of the book at the fill; above zero.
    pub mid: HalfTicks,
    /// Midpoint after each of [`MARKOUT_HORIZONS`]; `None` where the run had ended or the book was lost.
    pub markouts: [Option<HalfTicks>; HORIZONS],
    /// Position once this fill was booked.
    pub position_after: Lots,
    /// Where its order stood; `None` where it took, and where the venue does not tell.
    pub place: Option<Place>,
}

/// A trade that was booked by hand to set a ledger right. It changes position and profit, and is no fill: nobody knows which
/// orders traded, when and at which midpoint, so it is no turnover, captures no spread and has no markouts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Adjustment {
    /// When it was booked.
    pub time: Nanos,
    /// A bid bought.
    pub side: Side,
    /// The price it was booked at; above zero.
    pub price: Price,
    /// How much; above zero.
    pub lots: Lots,
    /// Position once it was booked.
    pub position_after: Lots,
    /// How many of [`InstrumentRecord::fills`] were booked before it.
    pub fills_before: usize,
}

/// What changed a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Booked {
    /// When it was booked.
    pub time: Nanos,
    /// A bid bought.
    pub side: Side,
    /// At which price.
    pub price: Price,
    /// How much.
    pub lots: Lots,
    /// Fee in the settlement currency: cost > 0, rebate < 0.
    pub fee: Money,
    /// Position once it was booked.
    pub position_after: Lots,
}

impl From<&FillRow> for Booked {
    fn from(fill: &FillRow) -> Self {
        let FillRow { time, side, price, lots, fee, position_after, .. } = *fill;
        Self { time, side, price, lots, fee, position_after }
    }
}

impl From<&Adjustment> for Booked {
    fn from(adjustment: &Adjustment) -> Self {
        let Adjustment { time, side, price, lots, position_after, .. } = *adjustment;
        Self { time, side, price, lots, fee: Money::ZERO, position_after }
    }
}

/// The account and our quotes at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// When.
    pub time: Nanos,
    /// Midpoint of the book; above zero.
    pub mid: HalfTicks,
    /// Our best live bid; `None` where we quote none.
    pub bid: Option<Price>,
    /// Our best live ask; `None` where we quote none.
    pub ask: Option<Price>,
    /// Value in quote currency of our live quotes within the distance of [`Programme`], by [`Side::index`].
    pub depth: [Money; 2],
    /// Position.
    pub position: Lots,
    /// Profit since the run began before fees: realised, plus the open position marked at `mid`.
    pub gross: Money,
    /// Fees paid since the run began; at least zero.
    pub fees: Money,
    /// Rebates received since the run began; at least zero.
    pub rebates: Money,
    /// Funding received less funding paid since the run began.
    pub funding: Money,
}

impl Sample {
    /// Value in quote currency of our live quotes of a side within the distance of [`Programme`].
    #[must_use]
    pub const fn depth_of(&self, side: Side) -> Money {
        let [bid, ask] = self.depth;
        match side {
            Side::Bid => bid,
            Side::Ask => ask,
        }
    }

    /// Profit after fees, rebates and funding: `gross − fees + rebates + funding`.
    #[must_use]
    pub fn net(&self) -> Money {
        crate::pnl::Pnl::from(self).net()
    }
}

/// A record that contradicts its own rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordError {
    /// The fill at this index is earlier than the one before.
    FillTime(usize),
    /// The fill at this index has a price, size or midpoint that is not above zero.
    FillValue(usize),
    /// The sample at this index is earlier than the one before.
    SampleTime(usize),
    /// The sample at this index has a midpoint that is not above zero, or fees or rebates below zero.
    SampleValue(usize),
    /// The adjustment at this index is earlier than the one before, or has a price or size that is not above zero.
    Adjustment(usize),
}

impl core::fmt::Display for RecordError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::FillTime(at) => write!(f, "fill {at} is earlier than the fill before it"),
            Self::FillValue(at) => write!(f, "fill {at}: price, size and midpoint must be above zero"),
            Self::SampleTime(at) => write!(f, "sample {at} is earlier than the sample before it"),
            Self::SampleValue(at) => {
                write!(f, "sample {at}: midpoint must be above zero, fees and rebates at least zero")
            }
            Self::Adjustment(at) => {
                write!(f, "adjustment {at} is earlier than the one before it, or its price or size is zero")
            }
        }
    }
}

impl core::error::Error for RecordError {}

impl InstrumentRecord {
    /// Checks the rules the statistics rest on: times that never fall, prices and sizes above zero.
    ///
    /// # Errors
    /// The first [`RecordError`], fills before samples before adjustments.
    pub fn check(&self) -> Result<(), RecordError> {
        let mut before = Nanos::MIN;
        for (at, fill) in self.fills.iter().enumerate() {
            if fill.time < before {
                return Err(RecordError::FillTime(at));
            }
            if fill.price.0 <= 0 || fill.lots.0 <= 0 || fill.mid.0 <= 0 {
                return Err(RecordError::FillValue(at));
            }
            before = fill.time;
        }
        before = Nanos::MIN;
        for (at, sample) in self.samples.iter().enumerate() {
            if sample.time < before {
                return Err(RecordError::SampleTime(at));
            }
            if sample.mid.0 <= 0 || sample.fees < Money::ZERO || sample.rebates < Money::ZERO {
                return Err(RecordError::SampleValue(at));
            }
            before = sample.time;
        }
        before = Nanos::MIN;
        for (at, adjustment) in self.adjustments.iter().enumerate() {
            if adjustment.time < before || adjustment.price.0 <= 0 || adjustment.lots.0 <= 0 {
                return Err(RecordError::Adjustment(at));
            }
            before = adjustment.time;
        }
        Ok(())
    }

    /// Time from the first sample to the last; `None` without samples.
    #[must_use]
    pub fn duration(&self) -> Option<Span> {
        Some(self.samples.last()?.time - self.samples.first()?.time)
    }

    /// All that changed the position, in the order it was booked: fills and adjustments.
    pub fn booked(&self) -> impl Iterator<Item = Booked> + '_ {
        let mut fills = self.fills.iter().enumerate().peekable();
        let mut adjustments = self.adjustments.iter().peekable();
        std::iter::from_fn(move || match (fills.peek(), adjustments.peek()) {
            (Some((at, _)), Some(adjustment)) if adjustment.fills_before > *at => {
                fills.next().map(|(_, fill)| Booked::from(fill))
            }
            (_, Some(_)) => adjustments.next().map(Booked::from),
            (_, None) => fills.next().map(|(_, fill)| Booked::from(fill)),
        })
    }

    /// Value traded, both sides, in the settlement currency: exact for linear contracts, each fill rounded down to 10⁻¹⁸
    /// for inverse ones.
    #[must_use]
    pub fn turnover(&self) -> Money {
        self.fills.iter().map(|fill| self.spec.value_floor(fill.price, fill.lots)).sum()
    }

    /// The net profit curve: one point per sample.
    pub fn net_curve(&self) -> impl Iterator<Item = (Nanos, Money)> + '_ {
        self.samples.iter().map(|sample| (sample.time, sample.net()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn net_counts_fees_down_and_rebates_up_and_funding_as_it_is() {
        let sample = Sample { gross: Money(100), fees: Money(30), rebates: Money(7), ..fixture::sample(0) };
        assert_eq!(sample.net(), Money(77));
        assert_eq!(Sample { funding: Money(-20), ..sample }.net(), Money(57));
    }

    #[test]
    fn a_record_that_steps_back_in_time_is_refused() {
        let mut record = fixture::record();
        assert_eq!(record.check(), Ok(()));
        record.samples.push(fixture::sample(1));
        record.samples.push(fixture::sample(0));
        let last = record.samples.len() - 1;
        assert_eq!(record.check(), Err(RecordError::SampleTime(last)));
        record.fills.push(fixture::fill(2, Side::Bid, 100, 1));
        record.fills.push(fixture::fill(1, Side::Bid, 100, 1));
        assert_eq!(record.check(), Err(RecordError::FillTime(1)));
    }

    #[test]
    fn values_that_cannot_be_are_refused() {
        let mut record = fixture::record();
        record.fills.push(fixture::fill(2, Side::Bid, 0, 1));
        assert_eq!(record.check(), Err(RecordError::FillValue(0)));
        record.fills.clear();
        record.samples.push(Sample { fees: Money(-1), ..fixture::sample(0) });
        assert_eq!(record.check(), Err(RecordError::SampleValue(0)));
        record.samples.clear();
        record.adjustments =
            vec![fixture::adjustment(1, Side::Ask, 1, 0), fixture::adjustment(1, Side::Ask, 0, 0)];
        assert_eq!(record.check(), Err(RecordError::Adjustment(1)));
    }

    #[test]
    fn adjustments_stand_between_fills_where_they_were_booked() {
        let adjusted = |lots, fills_before| fixture::adjustment(1, Side::Bid, lots, fills_before);
        let mut record = fixture::record();
        record.adjustments = vec![adjusted(7, 0)];
        assert_eq!(record.booked().map(|booked| booked.lots.0).collect::<Vec<_>>(), [7]);
        record.fills = [1, 2, 3].map(|lots| fixture::fill(1, Side::Bid, 100, lots)).to_vec();
        record.adjustments = vec![adjusted(7, 0), adjusted(8, 2), adjusted(9, 2), adjusted(10, 3)];
        let lots: Vec<_> = record.booked().map(|booked| booked.lots.0).collect();
        assert_eq!(lots, [7, 1, 2, 8, 9, 3, 10]);
        // Only fills are value that was traded: 6 lots at 100 ticks.
        assert_eq!(record.turnover(), Money(600 * fixture::LOT_TICK));
    }

    #[test]
    fn duration_needs_a_sample() {
        let mut record = fixture::record();
        assert_eq!(record.duration(), None);
        record.samples.extend([fixture::sample(1), fixture::sample(4)]);
        assert_eq!(record.duration(), Some(Span::from_secs(3)));
    }
}
