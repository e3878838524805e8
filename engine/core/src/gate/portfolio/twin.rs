//! A second portfolio, written from the rules' words alone: it keeps positions and single orders, and adds everything up
//! anew for every question.
#![expect(clippy::wildcard_enum_match_arm, reason = "each question picks what it is about")]
#![expect(clippy::cast_possible_wrap, reason = "the numbers of a small desk")]

use alloc::vec::Vec;

use ballast_model::{NewOrder, ReduceOnly, Side};

use super::desk::{Desk, MEMBERS, spec};
use super::*;
use crate::gate::loss::LossLimits;

/// An order that may trade; where it is being replaced, with the price and size it may have instead.
#[derive(Clone, Copy, Debug)]
pub(super) struct Working {
    pub(super) instrument: u16,
    pub(super) side: Side,
    pub(super) price: i64,
    pub(super) lots: i64,
    pub(super) instead: Option<(i64, i64)>,
    /// It reduced when it passed.
    pub(super) reduced: bool,
}

impl Working {
    fn most_lots(&self) -> i64 {
        self.instead.map_or(self.lots, |(_, lots)| lots.max(self.lots))
    }

    fn highest(&self) -> i64 {
        self.instead.map_or(self.price, |(price, _)| price.max(self.price))
    }

    fn meets(&self, order: &NewOrder) -> bool {
        [Some(self.price), self.instead.map(|(price, _)| price)].into_iter().flatten().any(
            |price| match order.side {
                Side::Bid => self.side == Side::Ask && order.price.0 >= price,
                Side::Ask => self.side == Side::Bid && order.price.0 <= price,
            },
        )
    }
}

/// Everything that was ever told and still holds.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) desk: Desk,
    pub(super) positions: [i64; 5],
    pub(super) marks: [Option<i64>; 5],
    pub(super) working: Vec<Working>,
    /// By asset, 10⁻⁸.
    pub(super) conversions: [Option<i64>; 4],
    pub(super) elsewhere: [Option<(i128, i128)>; 4],
    pub(super) accounts: [Option<(i128, i128)>; 2],
    /// Base in lots and quote in money.
    pub(super) funds: [Option<(i64, i128)>; 5],
    pub(super) liquidations: [Liquidation; 5],
    pub(super) armed_until: [i64; 2],
    /// Times of messages, by venue, with whether each was held to the reserve.
    pub(super) messages: [Vec<i64>; 2],
    /// Every tightening, every resumption, every profit.
    pub(super) halts: Vec<Halted>,
    /// What was granted last, by kind of budget.
    pub(super) granted: [u128; 4],
    /// When orders passed.
    pub(super) passed: Vec<i64>,
    pub(super) began: i64,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Halted {
    To(Level, GateState),
    Resumed(Level),
    Profit(Level, i128, i128),
}

/// What a set of instruments comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sum {
    pub(super) low: i128,
    pub(super) high: i128,
    pub(super) gross: i128,
    pub(super) open: i128,
    pub(super) need: i128,
    pub(super) unknown: usize,
}

impl Told {
    /// Money of `lots` at `half_ticks` in the account currency; `None` where nobody knows.
    fn value(&self, instrument: u16, lots: i64, half_ticks: i64) -> Option<i128> {
        let spec = spec(instrument);
        let rate = i128::from(self.conversions[usize::from(spec.quote.0)].filter(|rate| *rate > 0)?);
        // 10⁻¹⁸ of the quote currency: what one lot at one tick is worth, or one lot of the inverse contract.
        let unit: i128 = match instrument {
            3 => 10_000_000_000,
            4 => 100_000_000_000_000_000,
            _ => 10_000_000_000_000,
        };
        let unit = (unit * rate + 99_999_999) / 100_000_000;
        let value = unit * i128::from(lots);
        Some(if instrument == 4 { value } else { (value * i128::from(half_ticks)).div_euclid(2) })
    }

    /// What one instrument comes to.
    fn one(&self, instrument: u16) -> Sum {
        let place = usize::from(instrument);
        let ours: Vec<_> = self.working.iter().filter(|order| order.instrument == instrument).collect();
        let position = self.positions[place];
        if position == 0 && ours.is_empty() {
            return Sum::default();
        }
        let lots =
            |side| ours.iter().filter(|order| order.side == side).map(|order| order.most_lots()).sum::<i64>();
        let known = || {
            let mark = self.marks[place].filter(|mark| *mark > 0)?;
            let low = self.value(instrument, position - lots(Side::Ask), mark)?;
            let high = self.value(instrument, position + lots(Side::Bid), mark)?;
            let mut open = 0;
            for order in &ours {
                open += self.value(instrument, order.most_lots(), 2 * order.highest())?;
            }
            let gross = low.abs().max(high.abs());
            let need = gross * i128::from(self.desk.members[place].funding.rate().0);
            Some(Sum { low, high, gross, open, need, unknown: 0 })
        };
        known().unwrap_or(Sum { unknown: 1, ..Sum::default() })
    }

    /// The largest position an instrument may come to.
    fn most(&self, instrument: u16) -> i64 {
        let position = self.positions[usize::from(instrument)];
        let lots = |side| {
            let ours =
                self.working.iter().filter(move |one| one.instrument == instrument && one.side == side);
            ours.map(Working::most_lots).sum::<i64>()
        };
        (position + lots(Side::Bid)).abs().max((position - lots(Side::Ask)).abs())
    }

    /// What a scope comes to.
    pub(super) fn sum(&self, scope: Scope) -> Sum {
        let mut sum = Sum::default();
        let mut add = |other: Sum, flipped: bool| {
            let (low, high) = if flipped { (-other.high, -other.low) } else { (other.low, other.high) };
            sum.low += low;
            sum.high += high;
            sum.gross += other.gross;
            sum.open += other.open;
            sum.need += other.need;
            sum.unknown += other.unknown;
        };
        for instrument in 0..MEMBERS {
            let member = &self.desk.members[usize::from(instrument)];
            match scope {
                Scope::Instrument(one) if one.0 != instrument => {}
                Scope::Venue(venue) if venue != member.venue => {}
                Scope::Strategy(strategy) if strategy != member.strategy => {}
                Scope::Asset(asset) if asset == member.spec.quote => add(self.one(instrument), true),
                Scope::Asset(asset) if asset != member.spec.base => {}
                _ => add(self.one(instrument), false),
            }
        }
        if let Scope::Asset(asset) = scope {
            match self.elsewhere[usize::from(asset.0)] {
                Some((low, high)) if low <= high => {
                    add(Sum { low, high, gross: low.abs().max(high.abs()), ..Sum::default() }, false);
                }
                _ => sum.unknown += 1,
            }
        }
        sum
    }

    /// The limits of a scope.
    pub(super) fn limits(&self, scope: Scope) -> (ExposureLimits, CreditLimits) {
        let desk = &self.desk;
        match scope {
            Scope::Instrument(one) => (desk.members[one.index()].exposure, CreditLimits::NONE),
            Scope::Asset(asset) => (desk.assets[usize::from(asset.0)].exposure, CreditLimits::NONE),
            Scope::Venue(venue) => {
                let venue = &desk.venues[usize::from(venue.0)];
                (venue.exposure, venue.credit)
            }
            Scope::Strategy(strategy) => {
                (desk.strategies[usize::from(strategy.0)].exposure, CreditLimits::NONE)
            }
            Scope::All => (desk.exposure, desk.credit),
        }
    }

    fn account(&self, scope: Scope) -> Option<(i128, i128)> {
        match scope {
            Scope::Venue(venue) => self.accounts[usize::from(venue.0)],
            _ => {
                let [(equity, maintenance), (more, and)] = [self.accounts[0]?, self.accounts[1]?];
                Some((equity + more, maintenance + and))
            }
        }
    }

    /// Whether an order reduces.
    pub(super) fn reduces(&self, order: &NewOrder) -> bool {
        let instrument = order.instrument.0;
        let same = |one: &&Working| one.instrument == instrument && one.side == order.side;
        let working: i64 = self.working.iter().filter(same).map(Working::most_lots).sum();
        let position = self.positions[usize::from(instrument)];
        order.side.sign() * position < 0 && working + order.lots.0 <= position.abs()
    }

    /// The first rule that an order breaks, with whose it is.
    pub(super) fn opinion(&self, order: &NewOrder, now: i64) -> Option<(Rule, Scope)> {
        let reduces = self.reduces(order);
        let marked = reduces && order.reduce_only == ReduceOnly::Yes;
        let member = &self.desk.members[order.instrument.index()];
        let own = Scope::Instrument(order.instrument);
        for level in [Level::Strategy(member.strategy), Level::Venue(member.venue), Level::All] {
            let (state, cause) = self.state(level);
            if state >= GateState::Paused && !marked || state == GateState::ReduceOnly && !reduces {
                return Some((cause, level.into()));
            }
        }
        let same_book =
            |one: &&Working| self.desk.members[usize::from(one.instrument)].market == member.market;
        if member.self_trade == SelfTrade::Refuse
            && self.working.iter().filter(same_book).any(|one| one.meets(order))
        {
            return Some((Rule::SelfTrade, own));
        }
        if let Some(rule) = self.funds(order, reduces) {
            return Some((rule, own));
        }
        let mut after = self.clone();
        after.work(order, reduces);
        if !reduces {
            let venue = usize::from(member.venue.0);
            if self.desk.venues[venue].dead_man == DeadMan::Required && self.armed_until[venue] <= now {
                return Some((Rule::DeadMan, Scope::Venue(member.venue)));
            }
            let grows = after.most(order.instrument.0) > self.most(order.instrument.0);
            if let Some(rule) = self.liquidation(order.instrument).filter(|_| grows) {
                return Some((rule, own));
            }
        }
        let (base, quote) = (Scope::Asset(member.spec.base), Scope::Asset(member.spec.quote));
        let (strategy, venue) = (Scope::Strategy(member.strategy), Scope::Venue(member.venue));
        for scope in [own, base, quote, strategy, venue, Scope::All] {
            let sells = (order.side == Side::Ask) != (scope == quote);
            if let Some(rule) = self.breaks(&after, scope, sells, reduces, marked) {
                return Some((rule, scope));
            }
        }
        if let Some(rule) = self.budget(&after, now).filter(|_| !reduces) {
            return Some((rule, Scope::All));
        }
        let throttled = !reduces && !self.message_allowed(member.venue, now);
        throttled.then_some((Rule::Messages, Scope::Venue(member.venue)))
    }

    /// Lets an order work.
    pub(super) fn work(&mut self, order: &NewOrder, reduced: bool) {
        self.working.push(Working {
            instrument: order.instrument.0,
            side: order.side,
            price: order.price.0,
            lots: order.lots.0,
            instead: None,
            reduced,
        });
    }

    fn divides(&self, kind: usize) -> bool {
        self.desk.budgets.is_some_and(|spec| spec.budgets[kind].is_some())
    }

    /// The first budget that an adding order would overdraw.
    fn budget(&self, after: &Self, now: i64) -> Option<Rule> {
        let (was, is) = (self.sum(Scope::All), after.sum(Scope::All));
        let whole = |need: i128| (need + 99_999_999) / 100_000_000;
        // A second is cut into sixteenths: the running one and the sixteen before count.
        let slot = |at: i64| at.div_euclid(62_500_000);
        let recent = self.passed.iter().filter(|at| slot(now) - slot(**at) <= 16).count() as i128;
        let blind = now < self.began + 1_000_000_000;
        let profit = self.halts.iter().rev().find_map(|what| match *what {
            Halted::Profit(Level::All, realised, unrealised) => Some(realised + unrealised),
            _ => None,
        });
        let loss = (self.desk.loss.lost_before.0 - profit.unwrap_or(0)).max(0);
        let grows = |was: i128, is: i128, kind: usize| is > was && is > self.granted[kind] as i128;
        [
            (Rule::BudgetGross, grows(was.gross, is.gross, 0)),
            (Rule::BudgetMargin, grows(whole(was.need), whole(is.need), 1)),
            (Rule::BudgetOrders, blind || recent >= self.granted[2] as i128),
            (Rule::BudgetLoss, loss >= self.granted[3] as i128),
        ]
        .into_iter()
        .enumerate()
        .find_map(|(kind, (rule, broken))| (broken && self.divides(kind)).then_some(rule))
    }

    fn funds(&self, order: &NewOrder, reduces: bool) -> Option<Rule> {
        if self.desk.members[order.instrument.index()].funding != Funding::Spot {
            return None;
        }
        let Some((base, quote)) = self.funds[order.instrument.index()] else {
            return (!reduces).then_some(Rule::Unknown);
        };
        match order.side {
            Side::Bid => (self.cost(order) > quote).then_some(Rule::FreeQuote),
            Side::Ask => (order.lots.0 > base).then_some(Rule::FreeBase),
        }
    }

    /// In the quote currency.
    pub(super) fn cost(&self, order: &NewOrder) -> i128 {
        let unit = if order.instrument.0 == 3 { 10_000_000_000 } else { 10_000_000_000_000 };
        unit * i128::from(order.price.0 * order.lots.0)
    }

    fn liquidation(&self, instrument: InstrumentId) -> Option<Rule> {
        let least = self.desk.members[instrument.index()].liquidation_distance_min?;
        let position = self.positions[instrument.index()];
        if position == 0 {
            return None;
        }
        let Some(mark) = self.marks[instrument.index()].filter(|mark| *mark > 0) else {
            return Some(Rule::Unknown);
        };
        match self.liquidations[instrument.index()] {
            Liquidation::Unknown => Some(Rule::Unknown),
            Liquidation::Never => None,
            Liquidation::At(price) => {
                let away = if position > 0 { mark - price.0 } else { price.0 - mark };
                (away as f64 / (mark as f64) < least.0 as f64 / 1e8).then_some(Rule::Liquidation)
            }
        }
    }

    fn breaks(&self, after: &Self, scope: Scope, sells: bool, reduces: bool, marked: bool) -> Option<Rule> {
        let (exposure, credit) = self.limits(scope);
        let divided = scope == Scope::All && (self.divides(0) || self.divides(1));
        if exposure == ExposureLimits::NONE && credit == CreditLimits::NONE && !divided {
            return None;
        }
        let (was, is) = (self.sum(scope), after.sum(scope));
        if is.unknown > 0 {
            return (!reduces).then_some(Rule::Unknown);
        }
        let above = |was: i128, is: i128, max: Option<Money>| max.is_some_and(|max| is > was && is > max.0);
        let (net_was, net_is) = if sells { (-was.low, -is.low) } else { (was.high, is.high) };
        if !marked && above(net_was, net_is, exposure.net_max) {
            return Some(Rule::Net);
        }
        if reduces {
            return None;
        }
        if above(was.gross, is.gross, exposure.gross_max) {
            return Some(Rule::Gross);
        }
        if above(was.open, is.open, exposure.open_max) {
            return Some(Rule::OpenValue);
        }
        if above(was.need, is.need, credit.credit_max.map(|max| Money(max.0 * 100_000_000))) {
            return Some(Rule::Credit);
        }
        let account = self.account(scope);
        let shares = [
            (Rule::CreditShare, credit.credit_share_max, was.need, is.need, is.need),
            (Rule::Leverage, credit.leverage_max, was.gross, is.gross, is.gross * 100_000_000),
            (
                Rule::Maintenance,
                credit.maintenance_share_max,
                was.need,
                is.need,
                account.map_or(0, |(_, maintenance)| maintenance * 100_000_000),
            ),
        ];
        for (rule, max, was, is, found) in shares {
            let Some(max) = max else { continue };
            let Some((equity, _)) = account else { return Some(Rule::Unknown) };
            if is > was && found > equity * i128::from(max.0) {
                return Some(rule);
            }
        }
        None
    }

    /// The generic cell rate algorithm over all messages there ever were; one that finds no room fills the bucket up.
    fn message_allowed(&self, venue: VenueId, now: i64) -> bool {
        let Some(limits) = self.desk.venues[usize::from(venue.0)].messages else { return true };
        let one = 1_000_000_000 / i128::from(limits.per_second);
        let most = one * i128::from(limits.burst);
        let mut full_at = i128::MIN / 2;
        for at in &self.messages[usize::from(venue.0)] {
            let at = i128::from(*at);
            full_at = (full_at.max(at) + one).min(at + most);
        }
        let now = i128::from(now);
        full_at.max(now) + one - now <= most - one * i128::from(limits.reserve)
    }

    /// How far a level is open, and why no further.
    pub(super) fn state(&self, level: Level) -> (GateState, Rule) {
        let resumed = |what: &Halted| matches!(what, Halted::Resumed(of) if *of == level);
        let since = self.halts.iter().rposition(resumed).map_or(0, |place| place + 1);
        let (mut state, mut cause) = (GateState::Active, Rule::ReduceOnly);
        for place in since..self.halts.len() {
            let (to, why) = match self.halts[place] {
                Halted::To(of, to) if of == level => (to, to.rule()),
                Halted::Profit(of, ..) if of == level => match self.loss(level, since, place) {
                    Some(rule) => (self.losses(level).then, rule),
                    None => continue,
                },
                _ => continue,
            };
            if to > state {
                (state, cause) = (to, why);
            }
        }
        (state, cause)
    }

    fn losses(&self, level: Level) -> LossLimits {
        match level {
            Level::Strategy(strategy) => self.desk.strategies[usize::from(strategy.0)].loss,
            _ => self.desk.loss,
        }
    }

    fn loss(&self, level: Level, since: usize, place: usize) -> Option<Rule> {
        let profit = |what: &Halted| match *what {
            Halted::Profit(of, realised, unrealised) if of == level => {
                Some((realised, realised + unrealised))
            }
            _ => None,
        };
        // What was lost before is forgiven with the first resumption.
        let before = if since == 0 { self.losses(level).lost_before.0 } else { 0 };
        let start = match self.halts[..since].iter().rev().find_map(profit) {
            Some(last) => last,
            None => (before, before),
        };
        let (realised, whole) = profit(&self.halts[place])?;
        let peak = self.halts[since..=place]
            .iter()
            .filter_map(profit)
            .map(|(_, whole)| whole)
            .fold(start.1, i128::max);
        let LossLimits { realised_max, unrealised_max, drawdown_max, .. } = self.losses(level);
        let above = |loss: i128, max: Option<Money>| max.is_some_and(|max| loss > max.0);
        [
            (Rule::RealisedLoss, above(start.0 - realised, realised_max)),
            (Rule::UnrealisedLoss, above(realised - whole, unrealised_max)),
            (Rule::Drawdown, above(peak - whole, drawdown_max)),
        ]
        .into_iter()
        .find_map(|(rule, broken)| broken.then_some(rule))
    }
}
