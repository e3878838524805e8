//! A second gate, written from the rules' words alone: it remembers everything that ever happened and works each answer out
//! from the whole of it, with no sum, no bucket and no state carried along.
#![expect(clippy::wildcard_enum_match_arm, reason = "each question picks what it is about")]

use alloc::vec::Vec;

use ballast_model::Span;

use super::*;

/// Something the gate was told, or let pass.
#[derive(Clone, Copy, Debug)]
pub(super) enum Happened {
    Reference(i64),
    Fill(Side, i64),
    /// Mark and index.
    Oracle(i64, Option<i64>),
    Profit(i128, i128),
    Tightened(GateState),
    Reopened,
    Passed(NewOrder),
}

/// The twin of a gate with the limits of the fixture.
pub(super) struct Twin {
    pub(super) controls: Controls,
    pub(super) history: Vec<(i64, Happened)>,
}

/// In 10⁻⁵ of the quote currency: one lot at one tick.
const UNIT: i128 = 10_000_000_000_000;

/// Whether `at` is in the window that ends at `now`: time is cut into sixteenths of it, and the running one and the sixteen
/// before count.
fn recent(at: i64, now: i64, window: Span) -> bool {
    let sixteenth = (window.0 + 15) / 16;
    now.div_euclid(sixteenth) - at.div_euclid(sixteenth) <= 16
}

fn share(part: i64, whole: i64) -> f64 {
    part as f64 / whole as f64
}

impl Twin {
    /// The rules an order breaks, in the order they are asked.
    pub(super) fn opinion(&self, order: &NewOrder, world: &GateContext, now: i64) -> Vec<Rule> {
        let (price, lots, position) = (order.price.0, order.lots.0, world.position.0);
        let (low, high) = match order.side {
            Side::Bid => (position, position + world.working_bid.0 + lots),
            Side::Ask => (position - world.working_ask.0 - lots, position),
        };
        let reduces = match order.side {
            Side::Bid => position < 0 && high <= 0,
            Side::Ask => position > 0 && low >= 0,
        };
        let marked = order.reduce_only == ReduceOnly::Yes;
        let value = price * lots;
        let mid = world.reference.map_or(0, |mid| mid.0);
        // Basis points of the midpoint, in half ticks.
        let (lowest, highest) = match order.side {
            Side::Bid => (6_000, 10_500),
            Side::Ask => (9_500, 14_000),
        };
        let inside = (lowest * mid..=highest * mid).contains(&(2 * price * 10_000));
        let (state, cause) = self.state(now);
        let shut = match state {
            GateState::Active => false,
            GateState::ReduceOnly => !reduces,
            GateState::Paused | GateState::Killed => !(reduces && marked),
        };
        let mut rules = Vec::from([
            (Rule::Instrument, order.instrument != fixture::INSTRUMENT),
            (Rule::ClientId, order.client_id.0 <= self.last_id()),
            (Rule::Price, !(100..=50_000).contains(&price)),
            (Rule::Size, !(2..=500).contains(&lots)),
            (cause, shut),
            (Rule::OrderLots, lots > 100),
            (Rule::NotionalMin, value < 50_000 && !marked),
            (Rule::OrderNotional, value > 1_500_000 && !reduces),
            (Rule::NoReference, mid <= 0),
            (Rule::Collar, !inside),
        ]);
        if !reduces {
            let over = high > 300 && order.side == Side::Bid || low < -300 && order.side == Side::Ask;
            rules.push((Rule::Position, over));
            rules.push((Rule::OpenOrders, world.open_orders >= 8));
            // Without a reference the question has been answered.
            rules.extend(if mid > 0 { self.controls(order, mid, now) } else { Vec::new() });
            rules.push((Rule::OrderRate, !self.rate_allows(now)));
        }
        rules.into_iter().filter(|(_, broken)| *broken).map(|(rule, _)| rule).collect()
    }

    /// The controls an adding order breaks.
    fn controls(&self, order: &NewOrder, mid: i64, now: i64) -> Vec<(Rule, bool)> {
        let controls = &self.controls;
        let mut rules = Vec::new();
        if let Some(limit) = controls.period_collar {
            let (low, high) = self.range(limit.window, now, self.history.len());
            let max = limit.through_max.0 as f64 / 1e8;
            let broken = match order.side {
                Side::Bid => share(2 * order.price.0 - low, low) > max,
                Side::Ask => share(high - 2 * order.price.0, high) > max,
            };
            rules.push((Rule::PeriodCollar, broken));
        }
        rules.push((Rule::Volatility, self.stormy()));
        rules.push((Rule::Oracle, self.oracle_astray(mid, now)));
        let passed = |window| self.passed().filter(move |(at, _)| recent(*at, now, window));
        if let Some(limit) = controls.period_notional {
            let value = |order: &NewOrder| i128::from(order.price.0 * order.lots.0) * UNIT;
            let sum = value(order) + passed(limit.window).map(|(_, order)| value(order)).sum::<i128>();
            rules.push((Rule::PeriodNotional, sum > limit.max.0));
        }
        if let Some(window) = controls.duplicate_window {
            let all: Vec<_> = self.passed().collect();
            let last = all.iter().rev().take(INTENTS_KEPT);
            let same = |other: &NewOrder| {
                (other.side, other.price, other.lots) == (order.side, order.price, order.lots)
            };
            rules.push((
                Rule::Duplicate,
                last.into_iter().any(|(at, other)| now - at < window.0 && same(other)),
            ));
        }
        let fills = |window| self.fills().filter(move |(at, _, _)| recent(*at, now, window));
        if let Some(limit) = controls.executions {
            let count = fills(limit.window).filter(|(_, side, _)| *side == order.side).count();
            rules.push((Rule::Executions, count >= limit.max as usize));
        }
        if let Some(limit) = controls.order_to_trade {
            let allowed = limit.free as usize + limit.per_fill as usize * fills(limit.window).count();
            rules.push((Rule::OrderToTrade, passed(limit.window).count() >= allowed));
        }
        rules
    }

    fn fills(&self) -> impl Iterator<Item = (i64, Side, i64)> {
        self.history.iter().filter_map(|(at, what)| match *what {
            Happened::Fill(side, lots) => Some((*at, side, lots)),
            _ => None,
        })
    }

    fn passed(&self) -> impl Iterator<Item = (i64, &NewOrder)> {
        self.history.iter().filter_map(|(at, what)| match what {
            Happened::Passed(order) => Some((*at, order)),
            _ => None,
        })
    }

    fn last_id(&self) -> u64 {
        self.passed().map(|(_, order)| order.client_id.0).max().unwrap_or(0)
    }

    /// Lowest and highest reference that was told up to the `upto`-th thing that happened.
    fn range(&self, window: Span, now: i64, upto: usize) -> (i64, i64) {
        let seen = self.history[..upto].iter().filter_map(|(at, what)| match *what {
            Happened::Reference(mid) if recent(*at, now, window) => Some(mid),
            _ => None,
        });
        seen.fold((i64::MAX, i64::MIN), |(low, high), mid| (low.min(mid), high.max(mid)))
    }

    /// Goes through all references again: what counts is the last of them that was far from calm or calm.
    fn stormy(&self) -> bool {
        let Some(limit) = self.controls.volatility else { return false };
        let told = self.history.iter().enumerate().rev();
        let verdicts = told.filter(|(_, (_, what))| matches!(what, Happened::Reference(_)));
        let mut verdicts = verdicts.filter_map(|(index, (at, _))| {
            let (low, high) = self.range(limit.window, *at, index + 1);
            let range = share(high - low, low) * 1e8;
            if range > limit.trip.0 as f64 {
                Some(true)
            } else if range <= limit.calm.0 as f64 {
                Some(false)
            } else {
                None
            }
        });
        verdicts.next().unwrap_or(false)
    }

    fn oracle_astray(&self, mid: i64, now: i64) -> bool {
        let Some(limit) = self.controls.oracle else { return false };
        let last = self.history.iter().rev().find_map(|(at, what)| match *what {
            Happened::Oracle(mark, index) => Some((*at, mark, index)),
            _ => None,
        });
        let Some((at, mark, index)) = last else { return true };
        // A half tick is 0.005: 500 000 units of 10⁻⁸.
        let ours = mid * 500_000;
        let astray = |e8: i64| e8 <= 0 || share((ours - e8).abs(), e8) * 1e8 > limit.divergence_max.0 as f64;
        now - at > limit.age_max.0 || astray(mark) || index.is_some_and(astray)
    }

    /// How far the gate is open, and why no further.
    pub(super) fn state(&self, now: i64) -> (GateState, Rule) {
        let named = |state| match state {
            GateState::Killed => Rule::Killed,
            GateState::Paused => Rule::Paused,
            GateState::Active | GateState::ReduceOnly => Rule::ReduceOnly,
        };
        let (mut state, mut cause) = (GateState::Active, Rule::ReduceOnly);
        let mut worse = |other: GateState, rule: Rule| {
            if other > state {
                (state, cause) = (other, rule);
            }
        };
        let since = self.history.iter().rposition(|(_, what)| matches!(what, Happened::Reopened));
        for index in since.unwrap_or(0)..self.history.len() {
            match self.history[index].1 {
                Happened::Tightened(to) => worse(to, named(to)),
                Happened::Profit(..) => {
                    if let (Some(limits), Some(rule)) = (self.controls.loss, self.loss(since, index)) {
                        worse(limits.then, rule);
                    }
                }
                _ => {}
            }
        }
        if self.frozen(since, now) {
            worse(GateState::Paused, Rule::FillBreaker);
        }
        (state, cause)
    }

    /// The loss that the profit at `index` shows.
    fn loss(&self, since: Option<usize>, index: usize) -> Option<Rule> {
        let limits = self.controls.loss?;
        let profits = |upto: usize| {
            self.history[..upto].iter().filter_map(|(_, what)| match *what {
                Happened::Profit(realised, unrealised) => Some((realised, unrealised)),
                _ => None,
            })
        };
        // What was lost before counts as realised until the first resumption.
        let before = if since.is_none() { limits.lost_before.0 } else { 0 };
        let start = profits(since.unwrap_or(0)).next_back().unwrap_or((before, 0));
        let skipped = profits(since.unwrap_or(0)).count();
        let (realised, unrealised) = profits(index + 1).next_back()?;
        let later = profits(index + 1).skip(skipped).map(|(realised, unrealised)| realised + unrealised);
        let peak = later.fold(start.0 + start.1, i128::max);
        let above = |loss: i128, max: Option<Money>| max.is_some_and(|max| loss > max.0);
        if above(start.0 - realised, limits.realised_max) {
            Some(Rule::RealisedLoss)
        } else if above(-unrealised, limits.unrealised_max) {
            Some(Rule::UnrealisedLoss)
        } else if above(peak - realised - unrealised, limits.drawdown_max) {
            Some(Rule::Drawdown)
        } else {
            None
        }
    }

    /// Counts fills from the last time the count began, over and over.
    fn frozen(&self, since: Option<usize>, now: i64) -> bool {
        let Some(limit) = self.controls.fills else { return false };
        let fills: Vec<_> = self.history[since.unwrap_or(0)..]
            .iter()
            .filter_map(|(at, what)| match *what {
                Happened::Fill(side, lots) => Some((*at, side.sign() * lots)),
                _ => None,
            })
            .collect();
        let (mut begun, mut frozen_until) = (0, i64::MIN);
        for last in 0..fills.len() {
            let at = fills[last].0;
            let counted = fills[begun..=last].iter().filter(|(then, _)| recent(*then, at, limit.window));
            let lots: Vec<i64> = counted.map(|(_, lots)| *lots).collect();
            let above = limit.fills_max.is_some_and(|max| lots.len() > max as usize)
                || limit.lots_max.is_some_and(|max| lots.iter().map(|lots| lots.abs()).sum::<i64>() > max.0)
                || limit.net_max.is_some_and(|max| lots.iter().sum::<i64>().abs() > max.0);
            if above {
                begun = last + 1;
                frozen_until = frozen_until.max(limit.frozen_for.map_or(i64::MAX, |span| at + span.0));
            }
        }
        now < frozen_until
    }

    /// The generic cell rate algorithm (ITU-T I.371): the same allowance as a token bucket, as the time at which the bucket
    /// will be full again. Three orders at once and ten a second: in tenths of a nanosecond.
    fn rate_allows(&self, now: i64) -> bool {
        const ORDER: i128 = 1_000_000_000;
        let mut full_at = i128::MIN / 2;
        let fits = |full_at: i128, at: i64| {
            let at = i128::from(at) * 10;
            (full_at.max(at) + ORDER - at <= 3 * ORDER, full_at.max(at) + ORDER)
        };
        for (at, what) in &self.history {
            if let Happened::Passed(..) = what
                && let (true, later) = fits(full_at, *at)
            {
                full_at = later;
            }
        }
        fits(full_at, now).0
    }
}
