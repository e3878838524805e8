//! The portfolio and its twin live through the same random histories, and nothing passes a limit on the way.
#![expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the numbers of a small desk")]

use alloc::vec::Vec;

use ballast_model::{
    BudgetGrant, BudgetKind, Grant, HalfTicks, InstrumentId, Lots, Money, NewOrder, Price, Rate, ReduceOnly,
    Side, Span,
};
use proptest::prelude::*;

use super::desk::{Desk, MEMBERS, cents, dollars, gate, order, usual_price};
use super::twin::{Halted, Told, Working};
use super::*;
use crate::gate::dice::Dice;
use crate::gate::{Gate, GateContext, LossLimits, StrategyId};

const STEPS_MAX: usize = 60;

/// Whether the world around us changes: marks, conversions, accounts, what is held elsewhere.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Weather {
    Changing,
    /// Only we act, and no order is marked reduce-only.
    Still,
}

/// A desk with a few limits, narrow enough to be met often.
fn desk(dice: &mut Dice) -> Desk {
    let mut desk = Desk::new();
    let share = |dice: &mut Dice, most: i64| dice.once_in(6).then(|| Rate::from_bps(dice.from(1, most)));
    let money = |dice: &mut Dice, most: i64| dice.once_in(6).then(|| cents(dice.from(0, most)));
    let exposure = |dice: &mut Dice, most: i64| ExposureLimits {
        net_max: money(dice, most / 2),
        gross_max: money(dice, most),
        open_max: money(dice, most),
    };
    let losses = |dice: &mut Dice| LossLimits {
        realised_max: dice.once_in(3).then_some(Money(40)),
        unrealised_max: dice.once_in(3).then_some(Money(40)),
        drawdown_max: dice.once_in(3).then_some(Money(40)),
        lost_before: if dice.once_in(4) { Money(dice.from(0, 50).into()) } else { Money(0) },
        then: dice.pick(&[GateState::ReduceOnly, GateState::Paused, GateState::Killed]),
    };
    let credit = |dice: &mut Dice| CreditLimits {
        credit_max: money(dice, 300),
        credit_share_max: share(dice, 4_000),
        leverage_max: share(dice, 20_000),
        maintenance_share_max: share(dice, 5_000),
    };
    for member in &mut desk.members {
        member.exposure = exposure(dice, 800);
        member.liquidation_distance_min = share(dice, 1_000);
        member.self_trade = dice.pick(&[SelfTrade::Allow, SelfTrade::Refuse]);
    }
    for asset in &mut desk.assets {
        asset.exposure = exposure(dice, 1_000);
        asset.elsewhere = if dice.once_in(4) { Elsewhere::Told } else { Elsewhere::Nothing };
    }
    for venue in &mut desk.venues {
        venue.exposure = exposure(dice, 1_200);
        venue.credit = credit(dice);
        let reserve = dice.from(0, 3) as u32;
        let messages = MessageLimits { burst: reserve + dice.from(1, 8) as u32, per_second: 10, reserve };
        venue.messages = dice.once_in(3).then_some(messages);
        venue.dead_man = if dice.once_in(4) { DeadMan::Required } else { DeadMan::Optional };
    }
    desk.exposure = exposure(dice, 1_500);
    desk.credit = credit(dice);
    for strategy in &mut desk.strategies {
        *strategy = StrategySpec { exposure: exposure(dice, 1_200), loss: losses(dice) };
    }
    desk.loss = losses(dice);
    let step = |dice: &mut Dice, step| dice.once_in(3).then_some(BudgetSpec { step });
    let budgets = [cents(50).0.unsigned_abs(), cents(10).0.unsigned_abs(), 3, 10].map(|one| step(dice, one));
    let (gap, repeat) = (Span::from_millis(100), Span::from_secs(1));
    desk.budgets =
        dice.once_in(3).then_some(BudgetsSpec { shard: ballast_model::ShardId(0), budgets, gap, repeat });
    desk
}

struct World {
    weather: Weather,
    dice: Dice,
    now: Nanos,
    portfolio: Portfolio,
    gates: Vec<Gate>,
    told: Told,
    next_id: u64,
    grants: u32,
    refused: [u64; Rule::ALL.len()],
}

impl World {
    fn new(seed: u64, weather: Weather) -> Self {
        let mut dice = Dice(seed);
        let desk = desk(&mut dice);
        let start = Nanos(dice.from(0, 1 << 40));
        let plenty = Some((1_000_000, dollars(1_000_000).0));
        let mut world = Self {
            weather,
            dice,
            now: start,
            portfolio: desk.build(),
            gates: (0..MEMBERS).map(gate).collect(),
            told: Told {
                positions: [0; 5],
                marks: core::array::from_fn(|place| Some(2 * usual_price(place as u16))),
                working: Vec::new(),
                conversions: [1, 0, 2_000, 1]
                    .map(|dollars: i64| (dollars > 0).then_some(dollars * 100_000_000)),
                elsewhere: core::array::from_fn(|place| {
                    (desk.assets[place].elsewhere == Elsewhere::Nothing).then_some((0, 0))
                }),
                accounts: [None; 2],
                funds: [plenty; 5],
                liquidations: [Liquidation::Unknown; 5],
                armed_until: [i64::MIN; 2],
                messages: [Vec::new(), Vec::new()],
                halts: Vec::new(),
                granted: [0; 4],
                passed: Vec::new(),
                began: start.0,
                desk,
            },
            next_id: 1,
            grants: 0,
            refused: [0; Rule::ALL.len()],
        };
        world.settle_in();
        world
    }

    /// A budget becomes what it may be, or what leaves it out of account.
    fn grant(&mut self, kind: BudgetKind) {
        let most = [cents(1_500).0, cents(300).0, 12, 60][kind as usize];
        let amount = self.dice.from(0, 100) as u128 * most.unsigned_abs() / 100;
        self.grants += 1;
        self.told.granted[kind as usize] = amount;
        let grant = Grant { shard: ballast_model::ShardId(0), epoch: 1, seq: self.grants, amount };
        self.portfolio.on_grant(&BudgetGrant { kind, grant });
    }

    /// Tells what is mostly known.
    fn settle_in(&mut self) {
        self.portfolio.report(self.now, |_| ());
        BudgetKind::ALL.into_iter().for_each(|kind| self.grant(kind));
        if !self.dice.once_in(3) {
            self.now = self.now + Span::from_secs(1);
        }
        for venue in 0..2 {
            self.tell_account(venue, Some((dollars(10).0, dollars(2).0)));
            self.arm(usize::from(venue), i64::MAX);
        }
        for asset in 0..4 {
            self.tell_elsewhere(asset, Some((cents(-50).0, cents(50).0)));
        }
        for instrument in 0..5 {
            self.tell_liquidation(instrument, Liquidation::At(HalfTicks(usual_price(instrument as u16))));
        }
    }

    fn step(&mut self) {
        self.portfolio.report(self.now, |_| ());
        self.now.0 +=
            if self.dice.once_in(8) { self.dice.from(0, 900_000_000) } else { self.dice.from(0, 60_000_000) };
        match self.dice.from(0, 9) {
            0..=5 => self.ask(),
            6 | 7 => self.trade(),
            8 => self.end(),
            _ if self.weather == Weather::Changing => self.change(),
            _ => {}
        }
    }

    fn ask(&mut self) {
        let instrument = self.dice.below(usize::from(MEMBERS)) as u16;
        let place = usize::from(instrument);
        let usual = usual_price(instrument);
        let price = usual + self.dice.from(-usual / 50, usual / 50);
        let lots = self.dice.from(1, 40);
        let mut wish = order(instrument, self.next_id, self.dice.pick(&Side::BOTH), price, lots);
        if self.weather == Weather::Changing && self.dice.once_in(3) {
            wish.reduce_only = ReduceOnly::Yes;
        }
        let (reduces, expected) = (self.told.reduces(&wish), self.told.opinion(&wish, self.now.0));
        let context = self.context(instrument);
        let answer = self.gates[place].check_in(&mut self.portfolio, wish, &context, self.now);
        let said = answer.as_ref().err().map(|refusal| (refusal.rule, refusal.scope));
        assert_eq!(said, expected, "{wish:?} {answer:?}");
        if let Some((rule, _)) = said {
            self.refused[rule as usize] += 1;
            return;
        }
        let paused = self.portfolio.state(wish.instrument) >= GateState::Paused;
        assert!(!paused || reduces && wish.reduce_only == ReduceOnly::Yes, "{wish:?} passed a pause");
        self.next_id += 1;
        self.told.messages[usize::from(self.told.desk.members[place].venue.0)].push(self.now.0);
        self.told.passed.push(self.now.0);
        let cost = self.told.cost(&wish);
        if let Some((base, quote)) = &mut self.told.funds[place] {
            match wish.side {
                Side::Bid => *quote -= cost,
                Side::Ask => *base -= wish.lots.0,
            }
        }
        self.told.work(&wish, reduces);
    }

    fn context(&self, instrument: u16) -> GateContext {
        let ours = |side| {
            self.told.working.iter().filter(move |one| one.instrument == instrument && one.side == side)
        };
        let lots =
            |side| ours(side).map(|one| one.instead.map_or(one.lots, |(_, lots)| lots.max(one.lots))).sum();
        GateContext {
            position: Lots(self.told.positions[usize::from(instrument)]),
            working_bid: Lots(lots(Side::Bid)),
            working_ask: Lots(lots(Side::Ask)),
            open_orders: 0,
            reference: Some(HalfTicks(2 * usual_price(instrument))),
        }
    }

    fn pick_working(&mut self) -> Option<usize> {
        let count = self.told.working.len();
        (count > 0).then(|| self.dice.below(count))
    }

    fn trade(&mut self) {
        let Some(place) = self.pick_working() else { return };
        let order = &mut self.told.working[place];
        let most = order.instead.map_or(order.lots, |(_, lots)| lots.max(order.lots));
        let lots = self.dice.from(1, most);
        let instrument = order.instrument;
        self.told.positions[usize::from(instrument)] += order.side.sign() * lots;
        order.lots = (order.lots - lots).max(0);
        order.instead = order.instead.map(|(price, other)| (price, (other - lots).max(0)));
        if lots == most {
            self.told.working.swap_remove(place);
        }
        let position = Lots(self.told.positions[usize::from(instrument)]);
        self.portfolio.on_position(InstrumentId(instrument), position);
        self.tell_work(instrument);
    }

    fn end(&mut self) {
        let Some(place) = self.pick_working() else { return };
        let order = self.told.working.swap_remove(place);
        let venue = self.told.desk.members[usize::from(order.instrument)].venue;
        self.told.messages[usize::from(venue.0)].push(self.now.0);
        self.portfolio.on_message(InstrumentId(order.instrument), self.now);
        self.tell_work(order.instrument);
    }

    fn tell_work(&mut self, instrument: u16) {
        let mut work = Work::NONE;
        for one in self.told.working.iter().filter(|one| one.instrument == instrument) {
            let from = (Price(one.price), Lots(one.lots));
            let to = one.instead.map_or(from, |(price, lots)| (Price(price), Lots(lots)));
            work.add_replacing(one.side, from, to);
        }
        self.portfolio.on_work(InstrumentId(instrument), &work);
    }

    /// Something changes that is not ours to decide.
    fn change(&mut self) {
        let known = !self.dice.once_in(5);
        let instrument = self.dice.below(usize::from(MEMBERS)) as u16;
        let venue = self.dice.below(2);
        match self.dice.from(0, 10) {
            0 => {
                let usual = 2 * usual_price(instrument);
                let mark = known.then(|| usual + self.dice.from(-usual / 4, usual / 4));
                self.told.marks[usize::from(instrument)] = mark;
                self.portfolio.on_mark(InstrumentId(instrument), mark.map(HalfTicks));
            }
            1 => {
                let asset = self.dice.from(0, 3);
                let usual = if asset == 2 { 200_000_000_000 } else { 100_000_000 };
                let rate = known.then(|| usual + self.dice.from(-usual / 10, usual / 10));
                self.told.conversions[asset as usize] = rate;
                self.portfolio.on_conversion(AssetId(asset as u16), rate.map(Rate));
            }
            2 => {
                let asset = self.dice.from(0, 3) as u16;
                let low = cents(self.dice.from(-300, 300)).0;
                let high = low + cents(self.dice.from(-5, 100)).0;
                self.tell_elsewhere(asset, known.then_some((low, high)));
            }
            3 => {
                let account = (cents(self.dice.from(-100, 1_500)).0, cents(self.dice.from(0, 500)).0);
                self.tell_account(venue as u8, known.then_some(account));
            }
            4 => {
                let funds = known.then(|| (self.dice.from(0, 50), cents(self.dice.from(0, 500)).0));
                self.told.funds[usize::from(instrument)] = funds;
                let funds = funds.map(|(base, quote)| Funds { base: Lots(base), quote: Money(quote) });
                self.portfolio.on_funds(InstrumentId(instrument), funds);
            }
            5 => {
                let usual = 2 * usual_price(instrument);
                let at = Liquidation::At(HalfTicks(usual + self.dice.from(-usual / 10, usual / 10)));
                let all = [Liquidation::Unknown, Liquidation::Never, at, at, at];
                let liquidation = self.dice.pick(&all);
                self.tell_liquidation(usize::from(instrument), liquidation);
            }
            6 => {
                let until = self.now.0 + self.dice.from(-1, 500_000_000);
                self.arm(venue, until);
            }
            7 => self.replace(),
            8 | 9 => self.halt(),
            _ => {
                let kind = self.dice.pick(&BudgetKind::ALL);
                self.grant(kind);
            }
        }
    }

    fn replace(&mut self) {
        let Some(place) = self.pick_working() else { return };
        let (step, lots) = (self.dice.from(-100, 100), self.dice.from(1, 50));
        let order: &mut Working = &mut self.told.working[place];
        order.instead = Some((order.price + step, lots));
        let instrument = order.instrument;
        self.tell_work(instrument);
    }

    fn halt(&mut self) {
        let one = self.dice.from(0, 1) as u8;
        let level =
            self.dice.pick(&[Level::Strategy(StrategyId(one)), Level::Venue(VenueId(one)), Level::All]);
        match self.dice.from(0, 5) {
            0 | 1 => {
                let state = self.dice.pick(&[GateState::ReduceOnly, GateState::Paused, GateState::Killed]);
                self.portfolio.tighten(level, state);
                self.told.halts.push(Halted::To(level, state));
            }
            2 | 3 => {
                self.portfolio.reopen(level);
                self.told.halts.push(Halted::Resumed(level));
            }
            _ => {
                let (realised, unrealised) = (self.dice.from(-60, 60), self.dice.from(-60, 60));
                let (realised, unrealised) = (Money(realised.into()), Money(unrealised.into()));
                let of = match level {
                    Level::Strategy(strategy) => {
                        self.portfolio.on_strategy_profit(strategy, realised, unrealised);
                        level
                    }
                    Level::Venue(_) | Level::All => {
                        self.portfolio.on_profit(realised, unrealised);
                        Level::All
                    }
                };
                self.told.halts.push(Halted::Profit(of, realised.0, unrealised.0));
            }
        }
    }

    fn tell_elsewhere(&mut self, asset: u16, exposure: Option<(i128, i128)>) {
        self.told.elsewhere[usize::from(asset)] = exposure;
        let exposure = exposure.map(|(low, high)| (Money(low), Money(high)));
        self.portfolio.on_elsewhere(AssetId(asset), exposure);
    }

    fn tell_account(&mut self, venue: u8, account: Option<(i128, i128)>) {
        self.told.accounts[usize::from(venue)] = account;
        let account = account
            .map(|(equity, maintenance)| Account { equity: Money(equity), maintenance: Money(maintenance) });
        self.portfolio.on_account(VenueId(venue), account);
    }

    fn tell_liquidation(&mut self, instrument: usize, liquidation: Liquidation) {
        self.told.liquidations[instrument] = liquidation;
        self.portfolio.on_liquidation(InstrumentId(instrument as u16), liquidation);
    }

    fn arm(&mut self, venue: usize, until: i64) {
        self.told.armed_until[venue] = until;
        self.portfolio.on_dead_man(VenueId(venue as u8), Nanos(until));
    }

    fn scopes() -> impl Iterator<Item = Scope> {
        let instruments = (0..MEMBERS).map(|id| Scope::Instrument(InstrumentId(id)));
        let assets = (0..4).map(|id| Scope::Asset(AssetId(id)));
        let venues = (0..2).map(|id| Scope::Venue(VenueId(id)));
        instruments.chain(assets).chain(venues).chain([Scope::All])
    }

    /// No limit is passed at the worse end, whatever of the working orders trades. What was held elsewhere from the start may
    /// have passed one already.
    fn check_limits(&self) {
        for scope in Self::scopes() {
            let (exposure, credit) = self.told.limits(scope);
            let sum = self.told.sum(scope);
            let reducing = self.told.working.iter().filter(|one| one.reduced).map(|one| {
                let mut alone = self.told.clone();
                alone.working = Vec::from([*one]);
                alone.sum(scope).open
            });
            let mut idle = self.told.clone();
            idle.working.clear();
            idle.positions = [0; 5];
            let idle = idle.sum(scope);
            let within = |what: &str, found: i128, max: Option<Money>| {
                assert!(max.is_none_or(|max| found <= max.0), "{what} of {scope:?}: {found} above {max:?}");
            };
            within("long", sum.high, exposure.net_max.map(|max| max.max(Money(idle.high))));
            within("short", -sum.low, exposure.net_max.map(|max| max.max(Money(-idle.low))));
            within("gross", sum.gross, exposure.gross_max.map(|max| max.max(Money(idle.gross))));
            within("open", sum.open - reducing.sum::<i128>(), exposure.open_max);
            if scope == Scope::All && self.told.desk.budgets.is_some_and(|spec| spec.budgets[0].is_some()) {
                let owned = Money(i128::try_from(self.told.granted[0]).unwrap());
                within("owned gross", sum.gross, Some(owned.max(Money(idle.gross))));
            }
            within("need", sum.need, credit.credit_max.map(|max| Money(max.0 * 100_000_000)));
        }
    }

    /// Whatever holds, a position can be made smaller.
    fn check_reducing(&self, instrument: u16) {
        let place = usize::from(instrument);
        let context = self.context(instrument);
        let side = if context.position.0 > 0 { Side::Ask } else { Side::Bid };
        let room = context.position.abs() - context.working(side);
        if room.0 <= 0 {
            return;
        }
        let wish = order(instrument, u64::MAX, side, usual_price(instrument), room.0);
        for reduce_only in [ReduceOnly::Yes, ReduceOnly::No] {
            let (mut gate, mut portfolio) = (self.gates[place].clone(), self.portfolio.clone());
            let wish = NewOrder { reduce_only, ..wish };
            let Err(refusal) = gate.check_in(&mut portfolio, wish, &context, self.now) else { continue };
            let always = matches!(refusal.rule, Rule::SelfTrade | Rule::FreeBase | Rule::FreeQuote);
            let halted = self.portfolio.state(wish.instrument) >= GateState::Paused;
            let unmarked = reduce_only == ReduceOnly::No && (refusal.rule == Rule::Net || halted);
            assert!(always || unmarked, "{wish:?} {refusal:?}");
        }
    }
}

/// Lives one history and says how often each rule refused.
fn live(seed: u64, steps: usize, weather: Weather) -> [u64; Rule::ALL.len()] {
    let mut world = World::new(seed, weather);
    for step in 0..steps {
        world.step();
        if weather == Weather::Still {
            world.check_limits();
        }
        world.check_reducing((step % usize::from(MEMBERS)) as u16);
    }
    world.refused
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn the_portfolio_is_its_twin_and_reducing_orders_pass(seed in any::<u64>(), steps in 1..STEPS_MAX) {
        live(seed, steps, Weather::Changing);
    }

    #[test]
    fn no_limit_is_passed_at_the_worse_end(seed in any::<u64>(), steps in 1..STEPS_MAX / 3) {
        live(seed, steps, Weather::Still);
    }
}

#[test]
fn every_rule_of_the_portfolio_is_met_in_these_histories() {
    let mut met = [0u64; Rule::ALL.len()];
    for seed in 0..2_000 {
        for (sum, count) in met.iter_mut().zip(live(seed, STEPS_MAX, Weather::Changing)) {
            *sum += count;
        }
    }
    let halts = [Rule::Killed, Rule::ReduceOnly, Rule::Paused, Rule::RealisedLoss, Rule::Drawdown];
    let own = Rule::ALL.into_iter().filter(|rule| (Rule::Messages..=Rule::FreeQuote).contains(rule));
    let budgets = Rule::ALL.into_iter().filter(|rule| (Rule::BudgetGross..=Rule::BudgetLoss).contains(rule));
    for rule in halts.into_iter().chain(own).chain(budgets) {
        assert!(met[rule as usize] > 20, "{}: {met:?}", rule.name());
    }
}
