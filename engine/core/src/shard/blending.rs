//! One fair value from several instruments of the shard, kept for one that is quoted.
//!
//! Never here: the weighing itself (that is [`Blend`]), a value read in the middle of a book batch, a price in another
//! instrument's ticks.

use alloc::vec::Vec;

use ballast_model::{Digest, InstrumentId, LostReason, Nanos, Span, Trade};

use super::Shard;
use super::lane::Lane;
use super::quoter::Quoter;
use crate::fair::{
    Blend, BlendInput, BlendParamError, BlendParams, BlendRefusal, Blended, FairKind, FairParamError,
    FairState, FairValue, MarketView,
};
use crate::market::MarketChange;
use crate::model::Hold;
use crate::outbox::Outbox;

/// A fair value from several instruments, for one that is quoted.
#[derive(Clone, Debug)]
pub struct BlendSpec {
    /// What all inputs share. Distances are in ticks of the quoted instrument.
    pub params: BlendParams,
    /// The inputs; the quoted instrument itself may be among them, and any instrument more than once.
    pub inputs: Vec<BlendSource>,
    /// What the instrument is quoted around.
    pub around: QuoteAround,
}

/// One input of a blend.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BlendSource {
    /// Whose market it is taken from. Values are converted by the two tick sizes; what else lies between two instruments,
    /// such as another quote currency, is for the basis to take off.
    pub instrument: InstrumentId,
    /// Which fair value of that market.
    pub fair: FairKind,
    /// How it counts.
    pub input: BlendInput,
}

/// What an instrument that has a blend is quoted around.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuoteAround {
    /// The blend, widened as its inputs age; nothing is quoted where it refuses.
    Blend,
    /// The fair value of its own market: the blend only says how far from that the others are.
    Own,
}

/// Why a blend cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlendError {
    /// The blend's own parameters.
    Params(BlendParamError),
    /// The fair value of the input of this index.
    Fair(usize, FairParamError),
    /// The instrument of the input of this index is none of the shard's.
    Instrument(usize),
}

impl core::fmt::Display for BlendError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Params(error) => error.fmt(f),
            Self::Fair(index, error) => write!(f, "input {index}: {error}"),
            Self::Instrument(index) => write!(f, "input {index}: the instrument is none of the shard's"),
        }
    }
}

impl core::error::Error for BlendError {}

/// What the quotes of an instrument read of its blend.
#[derive(Clone, Copy, Debug)]
pub(super) struct BlendReading {
    /// The value to quote around; `None` where that is the own market's.
    pub(super) fair: Option<Result<Blended, Hold>>,
    /// What the other instruments say, in ticks; `None` where that is not known or not read.
    pub(super) others_ticks: Option<f64>,
    /// Whether an adjustment reads how far the others are.
    pub(super) reads_others: bool,
}

impl BlendReading {
    /// What to quote around, `own` being what the own market says; why not where the blend refuses.
    pub(super) fn around(
        &self,
        own: impl FnOnce() -> Option<FairValue>,
    ) -> (Option<FairValue>, Result<Apart, Hold>) {
        let own = if self.reads_others || self.fair.is_none() { own() } else { None };
        let gap_ticks = self.others_ticks.zip(own).map(|(others, own)| others - own.ticks());
        match self.fair {
            None => (own, Ok(Apart { widen_ticks: 0.0, gap_ticks })),
            Some(Ok(blend)) => (Some(blend.fair), Ok(Apart { widen_ticks: blend.widen_ticks, gap_ticks })),
            Some(Err(hold)) => (None, Err(hold)),
        }
    }
}

/// What quotes read of the fair value besides its ticks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Apart {
    /// Ticks to add to each half spread for the age of its inputs.
    pub(super) widen_ticks: f64,
    /// See [`crate::shape::adjust::AdjustInputs::venues_gap_ticks`].
    pub(super) gap_ticks: Option<f64>,
}

impl Apart {
    pub(super) const NOTHING: Self = Self { widen_ticks: 0.0, gap_ticks: None };
}

/// Keeps the blend of one quoted instrument.
#[derive(Debug)]
pub(super) struct Blending {
    quoted: InstrumentId,
    around: QuoteAround,
    reads_others: bool,
    blend: Blend,
    inputs: Vec<Input>,
    /// When time alone changes what was read last.
    next: Option<Nanos>,
}

#[derive(Debug)]
struct Input {
    instrument: InstrumentId,
    fair: FairState,
    /// A value that is not told anew is none after this time, however the blend counts it; `None` where there is no such time.
    lasts: Option<Span>,
    /// Ticks of the quoted instrument in one of this one's.
    ratio: f64,
    /// What the blend was told last.
    told: Option<FairValue>,
    /// That was too old to count in full when it was read last: a mere confirmation changes the blend.
    aged: bool,
}

impl Input {
    /// What its market says now; what was told last in the middle of a batch.
    fn value(&self, lanes: &[Lane], now: Nanos) -> Option<FairValue> {
        let market = &lanes.get(self.instrument.index())?.market;
        if market.mid_batch() {
            return self.told;
        }
        let view =
            MarketView { touch: market.touch(), book: market.book(), confirmed_at: market.confirmed_at() };
        self.fair.value(&view, now)?.rescaled(self.ratio)
    }
}

impl Blending {
    /// The blend of the lane `quoted`; `None` where it has none.
    pub(super) fn new(quoted: &Lane, lanes: &[Lane]) -> Result<Option<Self>, BlendError> {
        let Some((quoter, spec)) = quoted.quoter.as_ref().and_then(|quoter| Some((quoter, quoter.blend()?)))
        else {
            return Ok(None);
        };
        let input = |(index, source): (usize, &BlendSource)| {
            let lane = lanes.get(source.instrument.index()).ok_or(BlendError::Instrument(index))?;
            let lasts = match source.fair {
                FairKind::Vwap(params) => Some(params.window),
                FairKind::Mid
                | FairKind::WeightedMid
                | FairKind::DepthMid(_)
                | FairKind::Imbalance(_)
                | FairKind::TradeFlow(_) => None,
            };
            Ok(Input {
                instrument: source.instrument,
                fair: FairState::new(source.fair).map_err(|error| BlendError::Fair(index, error))?,
                lasts,
                ratio: lane.scales.tick() / quoted.scales.tick(),
                told: None,
                aged: false,
            })
        };
        let inputs = spec.inputs.iter().enumerate().map(input).collect::<Result<Vec<_>, _>>()?;
        let counts: Vec<_> = spec.inputs.iter().map(|source| source.input).collect();
        Ok(Some(Self {
            quoted: quoted.id(),
            around: spec.around,
            reads_others: quoter.reads_others(),
            blend: Blend::new(spec.params, &counts).map_err(BlendError::Params)?,
            inputs,
            next: None,
        }))
    }

    /// The instrument it is kept for.
    pub(super) const fn quoted(&self) -> InstrumentId {
        self.quoted
    }

    /// The instruments it is made from, some perhaps more than once.
    pub(super) fn instruments(&self) -> impl Iterator<Item = InstrumentId> {
        self.inputs.iter().map(|input| input.instrument)
    }

    /// When to ask again although nothing happens.
    pub(super) const fn deadline(&self) -> Option<Nanos> {
        self.next
    }

    /// Takes a public trade of an instrument.
    pub(super) fn on_trade(&mut self, trade: &Trade, now: Nanos) {
        let its = |input: &&mut Input| input.instrument == trade.instrument;
        self.inputs.iter_mut().filter(its).for_each(|input| input.fair.on_trade(trade, now));
    }

    /// Public trades of an instrument may be missing.
    pub(super) fn on_trades_lost(&mut self, instrument: InstrumentId) {
        let its = |input: &&mut Input| input.instrument == instrument;
        self.inputs.iter_mut().filter(its).for_each(|input| input.fair.on_trades_lost());
    }

    /// Takes what the market of an instrument says now, for the bases to follow it whether or not anything is decided.
    pub(super) fn follow(&mut self, instrument: InstrumentId, lanes: &[Lane], now: Nanos) {
        for index in 0..self.inputs.len() {
            if self.inputs.get(index).is_some_and(|input| input.instrument == instrument) {
                self.take(index, lanes, now);
            }
        }
    }

    /// Whether an event that changed nothing in the market of an instrument has confirmed an input that had aged.
    pub(super) fn is_revived(&self, instrument: InstrumentId, lanes: &[Lane], now: Nanos) -> bool {
        let mut its = self.inputs.iter().filter(|input| input.instrument == instrument && input.aged);
        its.any(|input| {
            let value = input.value(lanes, now);
            value.map(|value| value.as_of()) > input.told.map(|told| told.as_of())
        })
    }

    /// What to quote by now.
    pub(super) fn read(&mut self, lanes: &[Lane], now: Nanos) -> BlendReading {
        for index in 0..self.inputs.len() {
            self.take(index, lanes, now);
        }
        let fresh = self.blend.fresh();
        let mut ends = Nanos::MAX;
        for input in &mut self.inputs {
            input.aged = input.told.is_some_and(|told| now - told.as_of() > fresh);
            if let (Some(told), Some(lasts)) = (input.told, input.lasts) {
                let end = Nanos(told.as_of().0.saturating_add(lasts.0));
                ends = ends.min(if end > now { end } else { Nanos::MAX });
            }
        }
        let lane = lanes.get(self.quoted.index());
        let sigma = lane.and_then(|lane| lane.quoter.as_ref()).and_then(Quoter::sigma_ticks_per_sqrt_s);
        self.next = self.blend.changes_at(now, sigma).map(|at| at.min(ends));
        let is_other =
            |index: usize| self.inputs.get(index).is_some_and(|input| input.instrument != self.quoted);
        let others = self.reads_others.then(|| self.blend.value_among(now, is_other));
        BlendReading {
            fair: match self.around {
                QuoteAround::Blend => Some(self.blend.value(now, sigma).map_err(hold_of)),
                QuoteAround::Own => None,
            },
            others_ticks: others.and_then(Result::ok).map(|others| others.ticks()),
            reads_others: self.reads_others,
        }
    }

    /// Tells the blend what an input says now, where that is news.
    fn take(&mut self, index: usize, lanes: &[Lane], now: Nanos) {
        let Some(input) = self.inputs.get_mut(index) else { return };
        let value = input.value(lanes, now);
        if value != input.told {
            input.told = value;
            self.blend.set(index, value, now);
        }
    }

    /// Takes the whole state into a digest.
    pub(super) fn digest(&self, digest: &mut Digest) {
        self.blend.digest(digest);
        for input in &self.inputs {
            input.fair.digest(digest);
            digest.word(u64::from(input.aged));
        }
        digest.signed(self.next.map_or(i64::MIN, |at| at.0));
    }
}

/// Why nothing is quoted where the blend refuses.
const fn hold_of(refusal: BlendRefusal) -> Hold {
    match refusal {
        BlendRefusal::NoInput | BlendRefusal::RequiredMissing(_) | BlendRefusal::FromTheFuture(_) => {
            Hold::BlendInput
        }
        BlendRefusal::Contradiction => Hold::BlendContradiction,
        BlendRefusal::TooUncertain(_) => Hold::BlendTooUncertain,
    }
}

impl Shard {
    /// Lets the blends follow the market of an instrument. One that waits for an old input to be confirmed is asked at once
    /// when that happens, as by a change of the market.
    pub(super) fn follow(
        &mut self,
        instrument: InstrumentId,
        change: MarketChange,
        now: Nanos,
        out: &mut Outbox,
    ) {
        for index in 0..self.blends.len() {
            let Some(blend) = self.blends.get_mut(index) else { break };
            if let MarketChange::Lost(LostReason::Disconnected | LostReason::RingFull) = change {
                blend.on_trades_lost(instrument);
            }
            if change != MarketChange::None {
                blend.follow(instrument, &self.lanes, now);
            } else if blend.is_revived(instrument, &self.lanes, now) {
                let quoted = blend.quoted();
                self.tell(quoted, now, out, |lane, _| lane.wants_touch(now));
                self.finish(now, out);
            }
        }
    }
}
