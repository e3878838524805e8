//! The hedge controller: what to cancel and what to order now, from what is known now.
//!
//! Each decision starts from absolute facts: readings, positions, open orders. Two intervals come of them. The *settled* residual
//! holds what is out of our hands: positions, parts, and every order of unknown fate or under cancel as traded or not. It says
//! whether to hedge at all and which standing orders are still wanted. The *reach* adds the standing orders, as traded or not. It
//! says how much more may be ordered. So asking twice orders nothing twice, an order that is being replaced still counts until
//! its end is known, and what could not be hedged stays in the residual for the next decision.
//!
//! Inventories may call ([`super::HedgeCalls`]): for what lies inside the band to be worked off too, or for a side to be left alone
//! while somebody else closes what would be hedged.
//!
//! Cancels come first, and a venue gets a new order only once no other of ours stands there. The caller passes every
//! [`HedgeIntent`] through the gate and sends cancels as the order manager allows.
//!
//! Never here: an order that could carry any possible residual through zero, a decision on a part that is not known.

use alloc::vec::Vec;

use ballast_model::{
    Cancel, Digest, HalfTicks, InstrumentId, Lots, Nanos, Rate, ReduceOnly, RejectReason, Side, Span, mutant,
};

use super::amount::{Base, Interval};
use super::band::{BandSpec, CostInputs, Excess};
use super::exposure::Exposure;
use super::ladder::{HedgePolicy, Stage};
use super::split::{HEDGE_VENUES_MAX, Offers, split};
use super::venue::{Guard, HedgeIntent, HedgeOrder, HedgeVenueSpec, OpenSum, Wanted};
use super::words::{
    HEDGE_CANCELS_MAX, HedgeActions, HedgeError, HedgeInputs, HedgeMetrics, HedgeSpec, HedgeState, HedgeView,
};
use crate::fair::Touch;
use crate::quotes::LiveStatus;

/// One time outside the band.
#[derive(Clone, Copy, Debug)]
struct Episode {
    side: Side,
    since: Nanos,
    /// Never falls while it lasts.
    stage: Stage,
    /// References when it began, by venue.
    references: [Option<HalfTicks>; HEDGE_VENUES_MAX],
}

/// What one decision knows of a venue.
#[derive(Clone, Copy, Debug, Default)]
struct Scene {
    open: OpenSum,
    /// Touch and guard; `None` where nothing may be priced.
    market: Option<(Touch, Guard)>,
}

/// Orders that count.
fn orders<'i>(inputs: &HedgeInputs<'i>) -> impl Iterator<Item = &'i HedgeOrder> {
    inputs.orders.iter().filter(|order| !(order.is_unknown() && mutant::is("hedge-doubled")))
}

/// The hedge controller of one base asset.
#[derive(Clone, Debug)]
pub struct HedgeController {
    exposure: Exposure,
    band: BandSpec,
    policy: HedgePolicy,
    venues: Vec<HedgeVenueSpec>,
    scenes: [Scene; HEDGE_VENUES_MAX],
    episode: Option<Episode>,
    last_placed: Option<Nanos>,
    /// Until when each venue rests after a refusal.
    rests: [Option<Nanos>; HEDGE_VENUES_MAX],
    /// State and time of the last decision.
    last: Option<(HedgeState, Nanos)>,
    metrics: HedgeMetrics,
}

impl HedgeController {
    /// A controller that knows nothing yet.
    ///
    /// # Errors
    /// The first [`HedgeError`] that applies.
    pub fn new(spec: &HedgeSpec) -> Result<Self, HedgeError> {
        let ids = || spec.venues.iter().map(|venue| venue.instrument);
        let repeated = ids().enumerate().any(|(index, id)| ids().take(index).any(|other| other == id));
        if !(1..=HEDGE_VENUES_MAX).contains(&spec.venues.len()) || repeated {
            return Err(HedgeError::Venues);
        }
        spec.venues.iter().try_for_each(HedgeVenueSpec::check).map_err(HedgeError::Venue)?;
        spec.policy.check().map_err(HedgeError::Policy)?;
        spec.band.check().map_err(HedgeError::Band)?;
        Ok(Self {
            exposure: Exposure::new(&spec.exposure).map_err(HedgeError::Exposure)?,
            band: spec.band,
            policy: spec.policy,
            venues: spec.venues.clone(),
            scenes: [Scene::default(); HEDGE_VENUES_MAX],
            episode: None,
            last_placed: None,
            rests: [None; HEDGE_VENUES_MAX],
            last: None,
            metrics: HedgeMetrics::default(),
        })
    }

    /// The exposure, to hand readings to.
    pub const fn exposure_mut(&mut self) -> &mut Exposure {
        &mut self.exposure
    }

    /// The exposure.
    #[must_use]
    pub const fn exposure(&self) -> &Exposure {
        &self.exposure
    }

    /// Times and counts up to the last decision.
    #[must_use]
    pub const fn metrics(&self) -> &HedgeMetrics {
        &self.metrics
    }

    /// A venue (or the gate) refused an order: the venue rests, so that others get their turn and refusals do not storm. An order
    /// that would have taken, or found nothing to take, says nothing of the venue.
    pub fn on_rejected(&mut self, instrument: InstrumentId, reason: RejectReason, now: Nanos) {
        if matches!(reason, RejectReason::WouldTake | RejectReason::NothingToTake) {
            return;
        }
        let index = self.venues.iter().position(|venue| venue.instrument == instrument);
        if let Some(rest) = index.and_then(|index| self.rests.get_mut(index)) {
            *rest = Some(now + self.policy.reject_rest);
        }
    }

    /// Decides. What `actions` held before is forgotten.
    ///
    /// # Panics
    /// If the venues are not as many as those it was built with, an order is of another instrument, or time goes backward.
    pub fn decide(&mut self, inputs: &HedgeInputs<'_>, actions: &mut HedgeActions) -> HedgeView {
        actions.clear();
        assert!(inputs.venues.len() == self.venues.len(), "venues that the controller does not have");
        self.set_scenes(inputs);
        let (settled, reach) = self.residuals(inputs);
        let order_min = self.order_min();
        let band = self.band.band(&inputs.risk, &self.costs(inputs, order_min), order_min);
        let band = band.worked(inputs.calls.work, order_min);
        let excess = band.excess(&settled);
        let state = match &excess {
            Some(excess) => HedgeState::Outside(excess.side),
            None if band.covers(&settled) => HedgeState::Inside,
            None => HedgeState::Unsure,
        };
        self.account(state, inputs.now);
        let stage = self.follow(state, excess.as_ref(), inputs);
        let due = excess.filter(|excess| !inputs.calls.yields_on(excess.side) && !mutant::is("hedge-asleep"));
        self.supersede(due.as_ref(), stage, inputs, actions);
        let cool = self.last_placed.is_none_or(|last| inputs.now >= last + self.policy.cooldown);
        if let (Some(now_due), true) = (due, cool)
            && let Some(more) = band.excess(&reach).filter(|more| more.side == now_due.side)
        {
            self.place(&more, stage, inputs, actions);
        }
        self.metrics.placed += actions.places.len() as u64;
        self.metrics.cancelled += actions.cancels.len() as u64;
        HedgeView { state, settled, reach, band, stage, next: self.next(inputs.now) }
    }

    /// Takes the whole state into a digest.
    pub fn digest(&self, digest: &mut Digest) {
        self.exposure.digest(digest);
        self.band.digest(digest);
        let mut time = |at: Option<Nanos>| digest.signed(at.map_or(i64::MIN, |at| at.0));
        time(self.last_placed);
        self.rests.iter().for_each(|rest| time(*rest));
        time(self.last.map(|(_, at)| at));
        if let Some(episode) = &self.episode {
            digest.word(episode.side as u64);
            digest.signed(episode.since.0);
            episode.stage.digest(digest);
            let references = episode.references.iter();
            references.for_each(|mid| digest.signed(mid.map_or(0, |mid| mid.0)));
        }
        let HedgeMetrics { outside, unsure, outside_longest, episodes, placed, cancelled } = self.metrics;
        [outside, unsure, outside_longest].iter().for_each(|span| digest.signed(span.0));
        [episodes, placed, cancelled].iter().for_each(|count| digest.word(*count));
    }

    fn set_scenes(&mut self, inputs: &HedgeInputs<'_>) {
        self.scenes = [Scene::default(); HEDGE_VENUES_MAX];
        for (scene, state) in self.scenes.iter_mut().zip(inputs.venues) {
            let guard = state.reference.and_then(|mid| Guard::new(mid, self.policy.slippage_max));
            scene.market = state.touch.zip(guard);
        }
        for order in orders(inputs) {
            let index = self.venues.iter().position(|venue| venue.instrument == order.instrument);
            let scene = index.and_then(|index| self.scenes.get_mut(index));
            assert!(scene.is_some(), "an order of another instrument");
            if let Some(scene) = scene {
                scene.open.add(order);
            }
        }
    }

    /// The settled residual as a decision on the same inputs finds it; risk and calls do not matter.
    #[must_use]
    pub fn settled(&self, inputs: &HedgeInputs<'_>) -> Interval {
        self.residuals(inputs).0
    }

    /// The settled residual and the reach.
    fn residuals(&self, inputs: &HedgeInputs<'_>) -> (Interval, Interval) {
        let mut settled = self.exposure.delta(inputs.now).residual(self.policy.hedge_ratio);
        for (venue, state) in self.venues.iter().zip(inputs.venues) {
            let position = state.position.map(|lots| Interval::of_lots(&venue.spec, lots, None));
            settled = settled.plus(position.unwrap_or(Interval::UNKNOWN));
        }
        let mut reach = settled;
        for order in orders(inputs) {
            let size = self.size(order);
            let (bought, sold) = match order.side {
                Side::Bid => (size, Base::ZERO),
                Side::Ask => (Base::ZERO, size),
            };
            reach = reach.stretched(bought, sold);
            if !order.stands() {
                settled = settled.stretched(bought, sold);
            }
        }
        (settled, reach)
    }

    fn size(&self, order: &HedgeOrder) -> Base {
        let venue = self.venues.iter().find(|venue| venue.instrument == order.instrument);
        let lot = venue.and_then(|venue| Base::of_lot(&venue.spec)).unwrap_or_default();
        Base(lot.0.saturating_mul(i128::from(order.remaining.0.max(0))))
    }

    /// The largest of the venues' smallest orders: any of them can take it. At least one lot.
    fn order_min(&self) -> Base {
        let mins = self.venues.iter().zip(&self.scenes).map(|(venue, scene)| {
            let lots = scene.market.map_or(venue.spec.size_min, |(touch, guard)| {
                venue.lots_min(venue.price_range(&touch, &guard).0)
            });
            Base::of_lot(&venue.spec).map_or(0, |lot| lot.0.saturating_mul(i128::from(lots.0)))
        });
        Base(mins.max().unwrap_or(1).max(1))
    }

    /// What hedging costs at the cheapest venue: taking, on the average of both sides, at a size of `order_min` or what the best
    /// price shows. Funding is that venue's.
    #[expect(clippy::cast_precision_loss, reason = "costs leave exact arithmetic for the band's formula")]
    fn costs(&self, inputs: &HedgeInputs<'_>, order_min: Base) -> CostInputs {
        let mut best: Option<(f64, f64)> = None;
        for (venue, state) in self.venues.iter().zip(inputs.venues) {
            let (Some(mid), Some(touch)) = (state.reference.filter(|mid| mid.0 > 0), state.touch) else {
                continue;
            };
            let price = mid.to_ticks_f64() * venue.spec.tick.to_f64();
            let fee = venue.fee_taker.0 as f64 * 1e-8;
            let half_spread = touch.spread().0 as f64 * venue.spec.tick.to_f64() * 0.5;
            let shown = touch.bid.lots.0.min(touch.ask.lots.0).max(1) as f64 * venue.spec.lot.to_f64();
            let size = order_min.to_f64() / (shown * venue.spec.multiplier as f64);
            let trade = price * (fee + 0.5 * venue.impact.0 as f64 * 1e-8 * size) + half_spread;
            let carry = state
                .funding
                .filter(|funding| funding.period.0 > 0)
                .map_or(0.0, |funding| price * funding.rate.0 as f64 * 1e-8 / funding.period.as_secs_f64());
            if best.is_none_or(|(least, _)| trade < least) {
                best = Some((trade, carry));
            }
        }
        let (trade, carry) = best.unzip();
        CostInputs { trade: trade.map(|trade: f64| trade.max(0.0)), carry: carry.unwrap_or(0.0) }
    }

    /// Carries the times along.
    fn account(&mut self, state: HedgeState, now: Nanos) {
        if let Some((last, at)) = self.last {
            assert!(now >= at, "time went backward");
            let passed = (now - at).0;
            match last {
                HedgeState::Inside => {}
                HedgeState::Unsure => self.metrics.unsure.0 = self.metrics.unsure.0.saturating_add(passed),
                HedgeState::Outside(_) => {
                    self.metrics.outside.0 = self.metrics.outside.0.saturating_add(passed);
                    let lasted = self.episode.map_or(Span::ZERO, |episode| now - episode.since);
                    self.metrics.outside_longest = self.metrics.outside_longest.max(lasted);
                }
            }
        }
        self.last = Some((state, now));
    }

    /// Begins, carries on or ends the episode, and says how urgent it is. Only a residual surely inside ends it: while an order
    /// is being called back nobody can say, and a hedge that starts anew each time would never become urgent.
    fn follow(&mut self, state: HedgeState, excess: Option<&Excess>, inputs: &HedgeInputs<'_>) -> Stage {
        let Some(excess) = excess else {
            if state == HedgeState::Inside {
                self.episode = None;
            }
            return self.episode.map_or(Stage::Passive, |episode| episode.stage);
        };
        let mut episode = self.episode.filter(|episode| episode.side == excess.side).unwrap_or_else(|| {
            self.metrics.episodes += 1;
            let references = [None; HEDGE_VENUES_MAX];
            Episode { side: excess.side, since: inputs.now, stage: Stage::Passive, references }
        });
        let mut adverse = 0;
        for (first, state) in episode.references.iter_mut().zip(inputs.venues) {
            let Some(mid) = state.reference.filter(|mid| mid.0 > 0) else { continue };
            let first = i128::from(first.get_or_insert(mid).0);
            // A purchase suffers from a rise, a sale from a fall.
            let moved = (i128::from(mid.0) - first) * i128::from(excess.side.sign());
            adverse = adverse.max(moved * i128::from(Rate::ONE.0) / first);
        }
        let adverse = Rate(i64::try_from(adverse).unwrap_or(i64::MAX));
        let age = inputs.now - episode.since;
        episode.stage = episode.stage.max(self.policy.stage(age, excess.amount, adverse));
        self.episode = Some(episode);
        episode.stage
    }

    /// Cancels what is no longer wanted: standing orders when nothing is due or the other side is, those that could carry the
    /// residual through zero, those that stand where they should not. Orders of unknown fate are cancelled always.
    fn supersede(
        &self,
        excess: Option<&Excess>,
        stage: Stage,
        inputs: &HedgeInputs<'_>,
        actions: &mut HedgeActions,
    ) {
        let mut kept = Base::ZERO;
        for order in inputs.orders {
            let size = self.size(order);
            let keeps = order.stands()
                && excess.is_some_and(|excess| {
                    excess.side == order.side && kept.0.saturating_add(size.0) <= excess.to_zero.0
                })
                && !self.is_misplaced(order, stage, inputs.now);
            if keeps {
                kept = Base(kept.0.saturating_add(size.0));
            } else if (order.stands() || order.status == LiveStatus::Unknown)
                && actions.cancels.len() < HEDGE_CANCELS_MAX
            {
                actions.cancels.push(Cancel { instrument: order.instrument, client_id: order.client_id });
            }
        }
    }

    /// True where a standing order should stand elsewhere or be of a later stage, and may be replaced already.
    fn is_misplaced(&self, order: &HedgeOrder, stage: Stage, now: Nanos) -> bool {
        let Some((venue, scene)) = self.venue_of(order.instrument) else { return true };
        let settled_in = now >= order.sent_at + self.policy.reprice_min;
        if Stage::of(order.tif) == Stage::Take {
            // It ends by itself; one that does not is called back.
            return settled_in && now > order.sent_at;
        }
        let Some((touch, guard)) = scene.market else { return true };
        let Some(wanted) = venue.wanted(order.side, stage, &touch, &guard) else { return true };
        if guard.stops(order.side, order.price) || Stage::of(order.tif) < Stage::of(wanted.tif) {
            return true;
        }
        let off = i128::from((order.price - wanted.price).0.abs()) * i128::from(Rate::ONE.0);
        let tolerated = i128::from(wanted.price.0) * i128::from(self.policy.reprice_tolerance.0);
        settled_in && off > tolerated
    }

    fn venue_of(&self, instrument: InstrumentId) -> Option<(&HedgeVenueSpec, &Scene)> {
        self.venues.iter().zip(&self.scenes).find(|(venue, _)| venue.instrument == instrument)
    }

    /// Orders for what is surely outside even if everything under way trades.
    fn place(&mut self, more: &Excess, stage: Stage, inputs: &HedgeInputs<'_>, actions: &mut HedgeActions) {
        let mut offers: Offers = [None; HEDGE_VENUES_MAX];
        let mut wanted: [Option<(Wanted, i64)>; HEDGE_VENUES_MAX] = [None; HEDGE_VENUES_MAX];
        let notional_left = self.notional_left(inputs);
        // As much as the value left allows were all of it traded where a base unit is dearest.
        let mut room: Option<Base> = None;
        let venues = self.venues.iter().zip(&self.scenes).zip(inputs.venues).zip(&self.rests);
        for ((((venue, scene), state), rest), (offer, slot)) in venues.zip(offers.iter_mut().zip(&mut wanted))
        {
            let resting = rest.is_some_and(|until| inputs.now < until);
            let busy = scene.open.standing > 0 || scene.open.on(more.side.opposite()) > 0;
            let (Some((touch, guard)), false) = (scene.market, resting || busy) else { continue };
            let Some(order) = venue.wanted(more.side, stage, &touch, &guard) else { continue };
            let Some(mut cost) = venue.cost(more.side, stage, state, &self.policy) else { continue };
            if scene.open.unknown > 0 {
                cost += i128::from(self.policy.unknown_penalty.0);
            }
            let (low, high) = venue.price_range(&touch, &guard);
            let shown = match (stage, more.side) {
                (Stage::Passive, Side::Bid) | (Stage::Touch | Stage::Take, Side::Ask) => touch.bid.lots,
                (Stage::Passive, Side::Ask) | (Stage::Touch | Stage::Take, Side::Bid) => touch.ask.lots,
            };
            let capacity = venue.capacity(state, &scene.open, more.side, high);
            *offer = venue.offer(cost, capacity, venue.lots_min(low), shown);
            let reducible = HedgeVenueSpec::reducible(state, &scene.open, more.side);
            *slot = offer.map(|_| (order, reducible));
            if let Some(lot) = Base::of_lot(&venue.spec) {
                let lots = notional_left / venue.spec.notional(high, Lots(1)).0.max(1);
                let amount = Base(lots.saturating_mul(lot.0));
                room = Some(room.map_or(amount, |room| room.min(amount)));
            }
        }
        let Some(room) = room else { return };
        let total = amount_due(more, &offers).min(room);
        let lots = split(total, &offers);
        for ((venue, slot), lots) in self.venues.iter().zip(wanted).zip(lots) {
            let Some((Wanted { price, tif }, reducible)) = slot.filter(|_| lots.0 > 0) else { continue };
            let reduce_only = if lots.0 <= reducible { ReduceOnly::Yes } else { ReduceOnly::No };
            let (instrument, side) = (venue.instrument, more.side);
            actions.places.push(HedgeIntent { instrument, side, price, lots, tif, reduce_only });
            self.last_placed = Some(inputs.now);
        }
    }

    /// What `notional_max` leaves beside all open orders, in 10⁻¹⁸ of the quote currency.
    fn notional_left(&self, inputs: &HedgeInputs<'_>) -> i128 {
        let mut open = 0i128;
        for order in inputs.orders {
            let Some((venue, scene)) = self.venue_of(order.instrument) else { continue };
            let high = scene.market.map(|(touch, guard)| venue.price_range(&touch, &guard).1);
            let price = high.map_or(order.price, |high| high.max(order.price));
            open = open.saturating_add(venue.spec.notional(price, order.remaining).0);
        }
        self.policy.notional_max.0.saturating_sub(open).max(0)
    }

    fn next(&self, now: Nanos) -> Nanos {
        let check = now + self.policy.check_interval;
        let Some(episode) = self.episode else { return check };
        let cool = self.last_placed.map(|last| last + self.policy.cooldown).filter(|at| *at > now);
        let rung = self.policy.next_rung(episode.since, now);
        [Some(check), cool, rung].into_iter().flatten().min().unwrap_or(check)
    }
}

/// The amount to trade: up to the band's edge, rounded up to a whole of the coarsest lot and to the smallest order, and never
/// through zero. The edge is at least a smallest order from zero, so that there is always room for the rounding.
fn amount_due(more: &Excess, offers: &Offers) -> Base {
    let usable = || offers.iter().flatten();
    let coarsest = usable().map(|offer| offer.lot.0).max().unwrap_or(1);
    let least = usable().map(|offer| offer.lot.0.saturating_mul(i128::from(offer.lots_min.0))).min();
    let up = (more.amount.0 + coarsest - 1) / coarsest * coarsest;
    Base(up.max(least.unwrap_or(0)).min(more.to_zero.0))
}

#[cfg(test)]
mod tests;
