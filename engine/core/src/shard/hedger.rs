//! Hedging one base asset of a shard: from the lanes' ledgers to the hedge controller, and from its wishes to orders.

use alloc::vec::Vec;

use ballast_model::{
    InstrumentId, Lots, MarkPrice, Money, Nanos, OrderReport, OrderUpdate, Rate, RejectReason, Side, Span,
};

use super::Turn;
use super::lane::Lane;
use super::orders::{Intent, Placed, Standing};
use crate::gate::GateState;
use crate::hedge::{
    Base, Funding, HedgeActions, HedgeCalls, HedgeController, HedgeError, HedgeInputs, HedgeOrder, HedgeSpec,
    HedgeState, HedgeVenueState, HedgeView, Interval, PartId, Reading, RiskInputs, VenueAccess,
};
use crate::inventory;
use crate::volatility::{Volatility, VolatilityKind, VolatilityParamError};

/// How one base asset is hedged.
#[derive(Clone, Debug)]
pub struct HedgingSpec {
    /// The controller.
    pub hedge: HedgeSpec,
    /// The instruments whose positions are the parts of its exposure, in the order of [`crate::hedge::ExposureSpec::parts`].
    pub parts: Vec<InstrumentId>,
    /// Volatility of the first venue's mid, for a band of cost against risk; `None` where the band is fixed.
    pub volatility: Option<VolatilityKind>,
    /// How funding counts, by venue.
    pub funding: Vec<VenueFunding>,
    /// What margin may be taken from, in quote currency: each venue's initial margin of position and working orders.
    pub capital: Money,
    /// A touch confirmed longer ago than this is no price to hedge at. Above zero.
    pub touch_age_max: Span,
    /// The venue thread drops an order that has waited longer than this. Above zero.
    pub order_expiry: Span,
}

/// How the funding of a hedge venue counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VenueFunding {
    /// Nobody asks for it.
    NotCounted,
    /// There is none, as on spot.
    None,
    /// It is exchanged at this interval, above zero: at the rate of the running period, as the mark price stream tells it. Known
    /// until that period's end.
    Every(Span),
}

/// Why a hedge cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HedgingError {
    /// The controller's parameters.
    Hedge(HedgeError),
    /// The volatility estimator's parameters.
    Volatility(VolatilityParamError),
    /// A part or a venue is none of the shard's instruments, a venue has no gate or is quoted, or parts and instruments are not
    /// as many.
    Instrument,
    /// The touch's age, the order expiry or a funding interval is not above zero.
    Span,
    /// Venues, and what is said of their funding, are not as many.
    Funding,
}

impl core::fmt::Display for HedgingError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Hedge(error) => error.fmt(f),
            Self::Volatility(error) => error.fmt(f),
            Self::Instrument => f.write_str(
                "parts and venues of a hedge must be instruments of the shard, venues with limits and not quoted",
            ),
            Self::Span => {
                f.write_str("touch_age_max, order_expiry and funding intervals must be above zero")
            }
            Self::Funding => f.write_str("a hedge must say of each venue how its funding counts"),
        }
    }
}

impl core::error::Error for HedgingError {}

/// Hedges one base asset.
#[derive(Debug)]
pub(super) struct Hedger {
    controller: HedgeController,
    spec: HedgingSpec,
    volatility: Option<Volatility>,
    actions: HedgeActions,
    orders: Vec<HedgeOrder>,
    states: Vec<HedgeVenueState>,
    /// Rate of the running period and its end, as last told, by venue; `None` where it is not asked for or was never told.
    rates: Vec<Option<(Rate, Nanos)>>,
    /// What the last decision found.
    view: Option<HedgeView>,
    /// What is not hedged, for inventories that call: as of the last look, which a decision follows at once.
    seen: Option<Interval>,
    /// The last decision found another amount not hedged than the one before.
    moved: bool,
    /// A decision waits for the end of a book batch.
    put_off: bool,
}

impl Hedger {
    pub(super) fn new(spec: &HedgingSpec, lanes: &[Lane]) -> Result<Self, HedgingError> {
        let short = |funding: &VenueFunding| matches!(funding, VenueFunding::Every(span) if span.0 <= 0);
        if [spec.touch_age_max, spec.order_expiry].iter().any(|span| span.0 <= 0)
            || spec.funding.iter().any(short)
        {
            return Err(HedgingError::Span);
        }
        if spec.funding.len() != spec.hedge.venues.len() {
            return Err(HedgingError::Funding);
        }
        // A lane that is quoted as well would have its orders cancelled by the one and placed by the other.
        let is_free = |lane: &Lane| lane.gate().is_some() && lane.quoter.is_none();
        let venue = |id: InstrumentId| lanes.get(id.index()).filter(|lane| is_free(lane));
        let venues = spec.hedge.venues.iter().all(|one| venue(one.instrument).is_some());
        let orders_max = spec.hedge.venues.iter().filter_map(|one| venue(one.instrument));
        let orders_max = orders_max.map(|lane| lane.orders.oms.open_max()).sum();
        let parts = spec.parts.iter().all(|id| id.index() < lanes.len());
        if !venues || !parts || spec.parts.len() != spec.hedge.exposure.parts.len() {
            return Err(HedgingError::Instrument);
        }
        Ok(Self {
            controller: HedgeController::new(&spec.hedge).map_err(HedgingError::Hedge)?,
            volatility: spec.volatility.map(Volatility::new).transpose().map_err(HedgingError::Volatility)?,
            actions: HedgeActions::new(),
            orders: Vec::with_capacity(orders_max),
            states: Vec::with_capacity(spec.hedge.venues.len()),
            rates: spec.funding.iter().map(|_| None).collect(),
            view: None,
            seen: None,
            moved: false,
            put_off: false,
            spec: spec.clone(),
        })
    }

    /// When it wants to decide at the latest.
    #[inline]
    pub(super) fn deadline(&self) -> Option<Nanos> {
        self.view.map(|view| view.next).filter(|_| !self.put_off)
    }

    /// Whether a decision must wait: a market it is made from is in the middle of a batch. Notes that it does.
    pub(super) fn waits(&mut self, lanes: &[Lane]) -> bool {
        let mid_batch = |id: InstrumentId| lanes.get(id.index()).is_some_and(|lane| lane.market.mid_batch());
        let venues = self.spec.hedge.venues.iter().map(|venue| venue.instrument);
        self.moved = false;
        self.put_off = venues.chain(self.spec.parts.iter().copied()).any(mid_batch);
        self.put_off
    }

    /// Whether another amount is not hedged than before the last decision.
    pub(super) const fn has_moved(&self) -> bool {
        self.moved
    }

    pub(super) const fn is_put_off(&self) -> bool {
        self.put_off
    }

    /// The controller, for reports.
    pub(super) const fn controller(&self) -> &HedgeController {
        &self.controller
    }

    pub(super) const fn spec(&self) -> &HedgingSpec {
        &self.spec
    }

    pub(super) fn digest(&self, digest: &mut ballast_model::Digest) {
        self.controller.digest(digest);
        if let Some(volatility) = &self.volatility {
            volatility.digest(digest);
        }
        for (rate, until) in self.rates.iter().flatten() {
            digest.signed(rate.0);
            digest.signed(until.0);
        }
        digest.signed(self.deadline().map_or(i64::MIN, |at| at.0));
        digest.word(u64::from(self.put_off));
        if let Some(view) = &self.view {
            // What quotes lean on, and whether a new touch is answered.
            view.settled.digest(digest);
            digest.word(u64::from(view.state == HedgeState::Inside));
        }
    }

    /// The instruments it trades.
    pub(super) fn venues(&self) -> impl Iterator<Item = InstrumentId> {
        self.spec.hedge.venues.iter().map(|venue| venue.instrument)
    }

    pub(super) fn is_venue(&self, instrument: InstrumentId) -> bool {
        self.spec.hedge.venues.iter().any(|venue| venue.instrument == instrument)
    }

    /// Whether a new touch of an instrument is to be answered: only while there is something to hedge or to call back.
    #[inline]
    pub(super) fn wants_touch(&mut self, lane: &Lane, now: Nanos) -> bool {
        if !self.is_venue(lane.id()) {
            return false;
        }
        // Mids of different instruments are no path of one price.
        let first = self.spec.hedge.venues.first().is_some_and(|venue| venue.instrument == lane.id());
        if let (true, Some(volatility), Some(touch)) = (first, &mut self.volatility, lane.market.touch()) {
            volatility.update(touch.mid(), now);
        }
        let inside = self.view.is_some_and(|view| view.state == HedgeState::Inside);
        !inside || lane.orders.oms.open_count() > 0
    }

    /// Whether what happened to an order of an instrument is to be answered.
    pub(super) fn wants_order(&mut self, update: &OrderUpdate, now: Nanos) -> bool {
        if let (true, OrderReport::Rejected(reason)) = (self.is_venue(update.instrument), update.report) {
            self.controller.on_rejected(update.instrument, reason, now);
        }
        self.wants_fill(update.instrument)
    }

    /// Learns a venue's funding rate; the next decision counts it.
    pub(super) fn on_mark(&mut self, mark: &MarkPrice) {
        let venues = self.spec.hedge.venues.iter().zip(&self.spec.funding).zip(&mut self.rates);
        for ((venue, funding), rate) in venues {
            if venue.instrument == mark.instrument && matches!(funding, VenueFunding::Every(_)) {
                let until = Nanos::from_millis(1_000 * i64::from(mark.funding_at_secs));
                *rate = Some((Rate(mark.funding_e8.into()), until));
            }
        }
    }

    /// Whether a fill of an instrument is to be answered.
    pub(super) fn wants_fill(&self, instrument: InstrumentId) -> bool {
        self.is_venue(instrument) || self.spec.parts.contains(&instrument)
    }

    /// Looks at what is not hedged now, before inventories call and it decides.
    pub(super) fn look(&mut self, lanes: &[Lane], turn: &Turn<'_>) {
        self.read_parts(lanes, turn.now);
        self.read_venues(lanes, turn);
        let (risk, calls) = (RiskInputs::default(), HedgeCalls::default());
        let inputs = HedgeInputs { now: turn.now, venues: &self.states, orders: &self.orders, risk, calls };
        self.seen = Some(self.controller.settled(&inputs));
    }

    /// Decides and does what leads there: cancels, then orders through their gates.
    pub(super) fn decide(&mut self, lanes: &mut [Lane], turn: &mut Turn<'_>) {
        self.read_parts(lanes, turn.now);
        self.read_venues(lanes, turn);
        let first = self.spec.hedge.venues.first().and_then(|venue| lanes.get(venue.instrument.index()));
        let tick = first.map_or(0.0, |lane| lane.scales.tick());
        let sigma = self.volatility.as_ref().and_then(Volatility::sigma_ticks_per_sqrt_s);
        let inputs = HedgeInputs {
            now: turn.now,
            venues: &self.states,
            orders: &self.orders,
            risk: RiskInputs { sigma: sigma.map(|sigma| sigma * tick), lp_gamma: Some(0.0) },
            calls: self.calls(lanes, turn.now),
        };
        let view = self.controller.decide(&inputs, &mut self.actions);
        self.moved = self.view.is_none_or(|before| before.settled != view.settled);
        self.view = Some(view);
        for cancel in self.actions.cancels() {
            if let Some(lane) = lanes.get_mut(cancel.instrument.index()) {
                // A cancel the venue has just refused is wished for again by a later decision.
                let _ = lane.orders.cancel(cancel.client_id, turn);
            }
        }
        for wish in self.actions.places() {
            let Some(lane) = lanes.get_mut(wish.instrument.index()) else { continue };
            let intent = Intent {
                side: wish.side,
                price: wish.price,
                lots: wish.lots,
                tif: wish.tif,
                reduce_only: wish.reduce_only,
                expires_at: turn.now + self.spec.order_expiry,
            };
            let standing = Standing {
                position: lane.ledger.position(),
                reference: lane.market.touch().map(|touch| touch.mid()),
            };
            if lane.orders.place(&intent, &standing, turn) != Placed::Sent {
                self.controller.on_rejected(wish.instrument, RejectReason::Other, turn.now);
            }
        }
        for venue in &self.spec.hedge.venues {
            if let Some(lane) = lanes.get_mut(venue.instrument.index()) {
                lane.orders.settle(turn);
            }
        }
    }

    /// What the inventories of the parts ask for.
    fn calls(&self, lanes: &[Lane], now: Nanos) -> HedgeCalls {
        let mut calls = HedgeCalls::default();
        let parts = self.spec.parts.iter().filter_map(|id| lanes.get(id.index()));
        parts.for_each(|lane| lane.add_calls(&mut calls, now));
        calls
    }

    /// Reads the parts from the ledgers: they are as new as the event being handled.
    fn read_parts(&mut self, lanes: &[Lane], now: Nanos) {
        let exposure = self.controller.exposure_mut();
        for (part, id) in (0..).map(PartId).zip(&self.spec.parts) {
            let Some(lane) = lanes.get(id.index()) else { continue };
            if lane.in_doubt() || lane.orders.misses_fills() {
                exposure.doubt(part);
                continue;
            }
            let mid = lane.market.touch().map(|touch| touch.mid());
            let of = |lots| Interval::of_lots(&lane.spec, lots, mid);
            exposure.read(part, Reading { amount: of(lane.ledger.position()), at: now });
            let unknown =
                |side| of(lane.orders.unknown(side)).hi().unwrap_or(crate::hedge::amount::AMOUNT_MAX);
            exposure.set_unknown_orders(part, unknown(Side::Bid), unknown(Side::Ask));
        }
    }

    fn read_venues(&mut self, lanes: &[Lane], turn: &Turn<'_>) {
        let now = turn.now;
        self.states.clear();
        self.orders.clear();
        let fundings = self.spec.funding.iter().zip(&self.rates);
        for (venue, (funding, rate)) in self.spec.hedge.venues.iter().zip(fundings) {
            let Some(lane) = lanes.get(venue.instrument.index()) else { continue };
            let fresh = lane.market.confirmed_at() + self.spec.touch_age_max > now;
            let touch = lane.market.touch().filter(|_| fresh);
            let position = lane.ledger.position();
            let open = Side::BOTH.map(|side| lane.orders.oms.working(side));
            let [bid, ask] = open;
            let worst = (position + bid).abs().max((position - ask).abs());
            let margin_free = touch.map(|touch| {
                let value = lane.spec.value_at_mid_floor(touch.mid(), worst.max(Lots::ZERO));
                let taken = value.0 / i128::from(Rate::ONE.0) * i128::from(venue.margin.0);
                Money((self.spec.capital.0 - taken).max(0))
            });
            self.states.push(HedgeVenueState {
                position: (!lane.in_doubt() && !lane.orders.misses_fills()).then_some(position),
                touch,
                reference: touch.map(|touch| touch.mid()),
                funding: match funding {
                    VenueFunding::NotCounted => None,
                    VenueFunding::None => Some(Funding { rate: Rate(0), period: Span::from_secs(1) }),
                    VenueFunding::Every(period) => {
                        let known = rate.filter(|(_, until)| now < *until);
                        known.map(|(rate, _)| Funding { rate, period: *period })
                    }
                },
                margin_free,
                access: match lane.stance(turn) {
                    GateState::Active => VenueAccess::Open,
                    // What a pause lets pass, a kill does: a hedge that has become too large is not left standing.
                    GateState::ReduceOnly | GateState::Paused | GateState::Killed => VenueAccess::ReduceOnly,
                },
            });
            let shown = lane.orders.oms.open_orders().map(|order| HedgeOrder::of(venue.instrument, order));
            self.orders.extend(shown);
        }
    }

    /// What the last decision found; `None` before the first.
    pub(super) const fn view(&self) -> Option<&HedgeView> {
        self.view.as_ref()
    }

    /// What was not hedged at the last look, in lots of an instrument, each end rounded towards flat; `None` where an end is not
    /// known.
    pub(super) fn seen_in(&self, lane: &Lane) -> Option<inventory::Exposure> {
        let lot = Base::of_lot(&lane.spec)?;
        let lots = |end: Base| i64::try_from(end.0 / lot.0).ok().map(Lots);
        let seen = self.seen?;
        Some(inventory::Exposure::spanning(lots(seen.lo()?)?, lots(seen.hi()?)?))
    }
}

/// What is not hedged, in lots of an instrument, at the end further from flat and rounded towards it; `None` where nobody can
/// say.
pub(super) fn unhedged(view: &HedgeView, lane: &Lane) -> Option<Lots> {
    let (lo, hi) = (view.settled.lo()?, view.settled.hi()?);
    let lot = Base::of_lot(&lane.spec)?;
    let worse = if lo.abs() > hi.abs() { lo } else { hi };
    i64::try_from(worse.0 / lot.0).ok().map(Lots)
}
