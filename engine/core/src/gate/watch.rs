//! What the optional controls of an instrument remember, and what they say.
//!
//! Never here: a rule that every gate has.

use ballast_model::{
    ClientOrderId, Digest, HalfTicks, InstrumentSpec, Lots, MarkPrice, Money, Nanos, NewOrder, Price, Rate,
    Side, Span,
};

use super::controls::{
    Controls, Executions, FillBreaker, OracleLimit, OrderToTrade, PeriodCollar, PeriodNotional,
    VolatilityBreaker,
};
use super::limits::{GateState, Halt};
use super::loss::{Loss, LossGuard};
use super::refusal::Rule;
use super::window::{SlidingRange, SlidingSum};

/// Orders that passed, kept to find a second of the same intent. The oldest makes room.
pub const INTENTS_KEPT: usize = 32;

/// A rule that says no, with the numbers it compared.
pub(super) type Verdict = Result<(), (Rule, i128, i128)>;

/// What an order wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Intent {
    side: Side,
    price: Price,
    lots: Lots,
    at: Nanos,
    client_id: ClientOrderId,
}

/// The last intents.
#[derive(Clone, Debug)]
struct Intents {
    window: Span,
    kept: [Option<Intent>; INTENTS_KEPT],
    /// Where the next one goes.
    next: usize,
}

/// Mark and index as last heard, in 10⁻⁸ quote.
#[derive(Clone, Copy, Debug)]
struct Oracle {
    mark_e8: i64,
    index_e8: Option<i64>,
    heard_at: Nanos,
}

/// Whether the volatility breaker has tripped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Breaker {
    Closed,
    Tripped { low: i64, high: i64 },
}

/// Counts of the fill breaker.
#[derive(Clone, Debug)]
pub(super) struct FillCounts {
    count: SlidingSum,
    lots: SlidingSum,
    net: SlidingSum,
    /// When the freeze ends; [`Nanos::MAX`] for by the operator alone, [`Nanos::MIN`] for no freeze.
    pub(super) frozen_until: Nanos,
}

/// The memory of the optional controls.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    /// Money in one tick, 10⁻¹⁸ quote.
    tick_atto: i128,
    period_collar: Option<(PeriodCollar, SlidingRange)>,
    period_notional: Option<(PeriodNotional, SlidingSum)>,
    intents: Option<Intents>,
    /// By side.
    executions: Option<(Executions, [SlidingSum; 2])>,
    /// Orders and fills.
    order_to_trade: Option<(OrderToTrade, SlidingSum, SlidingSum)>,
    volatility: Option<(VolatilityBreaker, SlidingRange, Breaker)>,
    oracle: Option<(OracleLimit, Option<Oracle>)>,
    pub(super) fills: Option<(FillBreaker, FillCounts)>,
    pub(super) loss: Option<LossGuard>,
}

impl Watch {
    /// For controls that were checked.
    pub(super) fn new(spec: &InstrumentSpec, controls: &Controls) -> Self {
        let sum = SlidingSum::new;
        Self {
            tick_atto: i128::from(spec.tick.mantissa)
                * 10i128.pow(Money::SCALE.saturating_sub(u32::from(spec.tick.scale))),
            period_collar: controls.period_collar.map(|control| (control, SlidingRange::new(control.window))),
            period_notional: controls.period_notional.map(|control| (control, sum(control.window))),
            intents: controls.duplicate_window.map(|window| Intents {
                window,
                kept: [None; INTENTS_KEPT],
                next: 0,
            }),
            executions: controls.executions.map(|control| (control, Side::BOTH.map(|_| sum(control.window)))),
            order_to_trade: controls
                .order_to_trade
                .map(|control| (control, sum(control.window), sum(control.window))),
            volatility: controls
                .volatility
                .map(|control| (control, SlidingRange::new(control.window), Breaker::Closed)),
            oracle: controls.oracle.map(|control| (control, None)),
            fills: controls.fills.map(|control| (control, FillCounts::new(control.window))),
            loss: controls.loss.map(LossGuard::new),
        }
    }

    /// Takes a reference above zero.
    #[inline]
    pub(super) fn on_reference(&mut self, reference: HalfTicks, now: Nanos) {
        if let Some((_, range)) = &mut self.period_collar {
            range.observe(reference.0, now);
        }
        if let Some((limit, range, breaker)) = &mut self.volatility {
            let seen = range.observe(reference.0, now);
            let above = |rate: Rate| is_above(seen.high - seen.low, rate, seen.low);
            if above(limit.trip) {
                *breaker = Breaker::Tripped { low: seen.low, high: seen.high };
            } else if !above(limit.calm) {
                *breaker = Breaker::Closed;
            }
        }
    }

    pub(super) const fn on_oracle(&mut self, mark: &MarkPrice, now: Nanos) {
        if let Some((_, oracle)) = &mut self.oracle {
            *oracle = Some(Oracle { mark_e8: mark.mark_e8, index_e8: mark.index_e8, heard_at: now });
        }
    }

    /// Takes a fill; tells whether that has frozen the instrument, or keeps it frozen for longer.
    pub(super) fn on_fill(&mut self, side: Side, lots: Lots, now: Nanos) -> bool {
        if let Some((_, sides)) = &mut self.executions
            && let Some(fills) = sides.get_mut(side.index())
        {
            fills.add(1, now);
        }
        if let Some((_, _, fills)) = &mut self.order_to_trade {
            fills.add(1, now);
        }
        let Some((limit, counts)) = &mut self.fills else { return false };
        let before = counts.frozen_until;
        counts.add(limit, side, lots, now);
        counts.frozen_until != before
    }

    pub(super) fn on_profit(&mut self, realised: Money, unrealised: Money) -> Option<Loss> {
        self.loss.as_mut()?.on_profit(realised, unrealised)
    }

    /// Ends a freeze, and counts fills anew.
    pub(super) const fn thaw(&mut self) {
        if let Some((_, counts)) = &mut self.fills {
            counts.clear();
            counts.frozen_until = Nanos::MIN;
        }
    }

    /// Whether a loss is above its limit that no counting anew would end.
    pub(super) fn loss_holds(&self) -> bool {
        self.loss.as_ref().is_some_and(LossGuard::holds)
    }

    /// Counts losses anew.
    pub(super) const fn forgive(&mut self) {
        if let Some(loss) = &mut self.loss {
            loss.resume();
        }
    }

    /// What the fill breaker makes of the state at `now`.
    #[inline]
    pub(super) fn halt(&self, now: Nanos) -> Halt {
        match &self.fills {
            Some((_, counts)) if now < counts.frozen_until => {
                Halt { state: GateState::Paused, cause: Rule::FillBreaker }
            }
            _ => Halt::NONE,
        }
    }

    /// When a freeze that holds at `now` ends by itself.
    pub(super) fn thaws_at(&self, now: Nanos) -> Option<Nanos> {
        let (_, counts) = self.fills.as_ref()?;
        Some(counts.frozen_until).filter(|until| now < *until && *until < Nanos::MAX)
    }

    /// Takes an order that passed.
    pub(super) fn on_passed(&mut self, order: &NewOrder, notional: Money, now: Nanos) {
        if let Some((_, sum)) = &mut self.period_notional {
            sum.add(notional.0, now);
        }
        if let Some((_, orders, _)) = &mut self.order_to_trade {
            orders.add(1, now);
        }
        if let Some(intents) = &mut self.intents {
            intents.push(order, now);
        }
    }

    /// Asks all controls for an adding order; `reference` is above zero and was taken by [`Watch::on_reference`].
    pub(super) fn ask(
        &mut self,
        order: &NewOrder,
        notional: Money,
        reference: HalfTicks,
        now: Nanos,
    ) -> Verdict {
        self.ask_market(order, reference, now)?;
        if let Some((limit, sum)) = &mut self.period_notional {
            at_most(Rule::PeriodNotional, sum.at(now).saturating_add(notional.0), limit.max.0)?;
        }
        if let Some(intents) = &self.intents {
            intents.ask(order, now)?;
        }
        if let Some((limit, sides)) = &mut self.executions
            && let Some(fills) = sides.get_mut(order.side.index())
        {
            at_most(Rule::Executions, fills.at(now) + 1, i128::from(limit.max))?;
        }
        if let Some((limit, orders, fills)) = &mut self.order_to_trade {
            let allowed = i128::from(limit.free) + i128::from(limit.per_fill) * fills.at(now);
            at_most(Rule::OrderToTrade, orders.at(now) + 1, allowed)?;
        }
        Ok(())
    }

    /// The controls that look at the market.
    fn ask_market(&mut self, order: &NewOrder, reference: HalfTicks, now: Nanos) -> Verdict {
        if let Some((limit, range)) = &mut self.period_collar {
            let seen = range.observe(reference.0, now);
            let extreme = match order.side {
                Side::Bid => seen.low,
                Side::Ask => seen.high,
            };
            let price = 2 * order.price.0;
            if is_above((price - extreme) * order.side.sign(), limit.through_max, extreme) {
                return Err((Rule::PeriodCollar, price.into(), extreme.into()));
            }
        }
        if let Some((_, _, Breaker::Tripped { low, high })) = self.volatility {
            return Err((Rule::Volatility, low.into(), high.into()));
        }
        self.ask_oracle(reference, now)
    }

    /// Whether mark and index are there, young and near.
    pub(super) fn ask_oracle(&self, reference: HalfTicks, now: Nanos) -> Verdict {
        let Some((limit, oracle)) = &self.oracle else { return Ok(()) };
        let Some(oracle) = oracle else {
            return Err((Rule::Oracle, 0, 0));
        };
        at_most(Rule::Oracle, (now - oracle.heard_at).0.into(), limit.age_max.0.into())?;
        // Twice the price on both sides: the reference counts half ticks.
        let ours = self.tick_atto.saturating_mul(i128::from(reference.0));
        for price_e8 in [Some(oracle.mark_e8), oracle.index_e8].into_iter().flatten() {
            let theirs = 2 * Money::from_e8(price_e8).0;
            let off = (ours - theirs).saturating_abs().saturating_mul(i128::from(Rate::ONE.0));
            if theirs <= 0 || off > theirs.saturating_mul(i128::from(limit.divergence_max.0)) {
                return Err((Rule::Oracle, ours / 2, theirs / 2));
            }
        }
        Ok(())
    }

    /// Whether the volatility breaker lets adding orders pass.
    pub(super) const fn calm(&self) -> bool {
        !matches!(self.volatility, Some((_, _, Breaker::Tripped { .. })))
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        if let Some((_, range)) = &self.period_collar {
            range.digest(digest);
        }
        let sums = self.executions.iter().flat_map(|(_, sides)| sides);
        let sums = sums.chain(self.period_notional.iter().map(|(_, sum)| sum));
        let sums = sums.chain(self.order_to_trade.iter().flat_map(|(_, orders, fills)| [orders, fills]));
        sums.for_each(|sum| sum.digest(digest));
        for intent in self.intents.iter().flat_map(|intents| &intents.kept).flatten() {
            digest.word(intent.client_id.0);
            digest.signed(intent.at.0);
        }
        if let Some((_, range, breaker)) = &self.volatility {
            range.digest(digest);
            digest.word(u64::from(*breaker != Breaker::Closed));
        }
        if let Some((_, Some(oracle))) = &self.oracle {
            digest.signed(oracle.mark_e8);
            digest.signed(oracle.index_e8.unwrap_or(i64::MIN));
            digest.signed(oracle.heard_at.0);
        }
        if let Some((_, counts)) = &self.fills {
            [&counts.count, &counts.lots, &counts.net].into_iter().for_each(|sum| sum.digest(digest));
            digest.signed(counts.frozen_until.0);
        }
        if let Some(loss) = &self.loss {
            loss.digest(digest);
        }
    }
}

impl Intents {
    fn ask(&self, order: &NewOrder, now: Nanos) -> Verdict {
        let same = |intent: &&Intent| {
            (intent.side, intent.price, intent.lots) == (order.side, order.price, order.lots)
                && now - intent.at < self.window
        };
        match self.kept.iter().flatten().find(same) {
            Some(twin) => Err((Rule::Duplicate, twin.client_id.0.into(), order.client_id.0.into())),
            None => Ok(()),
        }
    }

    fn push(&mut self, order: &NewOrder, now: Nanos) {
        let NewOrder { side, price, lots, client_id, .. } = *order;
        if let Some(place) = self.kept.get_mut(self.next) {
            *place = Some(Intent { side, price, lots, at: now, client_id });
        }
        self.next = if self.next + 1 == INTENTS_KEPT { 0 } else { self.next + 1 };
    }
}

impl FillCounts {
    fn new(window: Span) -> Self {
        let sum = SlidingSum::new(window);
        Self { count: sum.clone(), lots: sum.clone(), net: sum, frozen_until: Nanos::MIN }
    }

    /// Takes a fill, and freezes where it is one too many.
    fn add(&mut self, limit: &FillBreaker, side: Side, lots: Lots, now: Nanos) {
        let count = self.count.add(1, now);
        let sum = self.lots.add(lots.0.into(), now);
        let net = self.net.add(lots.signed(side).0.into(), now).abs();
        let above = limit.fills_max.is_some_and(|max| count > i128::from(max))
            || limit.lots_max.is_some_and(|max| sum > i128::from(max.0))
            || limit.net_max.is_some_and(|max| net > i128::from(max.0));
        if above {
            self.clear();
            let until = limit.frozen_for.map_or(Nanos::MAX, |span| now + span);
            self.frozen_until = self.frozen_until.max(until);
        }
    }

    const fn clear(&mut self) {
        self.count.clear();
        self.lots.clear();
        self.net.clear();
    }
}

/// Refuses what is above its limit.
fn at_most(rule: Rule, found: i128, limit: i128) -> Verdict {
    if found > limit { Err((rule, found, limit)) } else { Ok(()) }
}

/// True where `distance` is more than `rate` of `whole`.
fn is_above(distance: i64, rate: Rate, whole: i64) -> bool {
    i128::from(distance) * i128::from(Rate::ONE.0) > i128::from(whole) * i128::from(rate.0)
}
