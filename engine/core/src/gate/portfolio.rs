//! What spans instruments: exposure by asset, venue and in total, credit, funds, messages, our own orders meeting, halts.
//!
//! A portfolio is told the state of things, whole and not in steps: the position, the working orders, the mark of each
//! instrument; conversions, accounts, exposure held elsewhere. Telling the same twice changes nothing. Between two tellings
//! it adds what its own gates let pass, so that a second order of the same event sees the first.
//!
//! Each instrument comes to an interval of value, `[position − asks, position + bids]` at its mark, in the account currency.
//! It counts for itself, for its base asset, with the opposite sign for its quote asset, for its strategy, for its venue and for
//! everything:
//!
//! - *net*: intervals added up; a bid is held against the upper end, an ask against the lower;
//! - *gross*: the larger end of each interval as a magnitude, added up;
//! - *open*: orders at their own prices; *need*: gross times the margin.
//!
//! No fill of a working order moves an end outward, so what was within its limits when the order passed stays there until a
//! mark moves. Reducing orders are held to none of this but net: an order that closes one leg of a hedged position reduces
//! that leg and adds to the asset. Marked reduce-only it passes net too, for closing everything leg by leg.
//!
//! Where a limit spans shards, this one's part of it is an owned budget: see [`BudgetsSpec`].
//!
//! What is unknown (a mark, a conversion, an exposure elsewhere, an account, all where a limit needs them) refuses what adds.
//!
//! Never here: a limit of one order, a clock, an allocation after construction.

mod adopt;
mod budgets;
mod build;
mod carry;
mod group;
mod limits;
mod liquidation;
mod member;
mod operator;
mod strategy;

#[cfg(test)]
mod desk;
#[cfg(test)]
mod histories;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod twin;

use alloc::vec::Vec;

use ballast_model::{AssetId, Digest, HalfTicks, InstrumentId, Lots, Money, Nanos, NewOrder, Rate};

use super::bucket::TokenBucket;
use super::limits::{Effect, GateState, Halt, HaltBy, Halts};
use super::loss::LossGuard;
use super::refusal::{Refusal, Rule, Scope, VenueId};
use super::watch::Verdict;
use budgets::Budgets;
pub use budgets::{BudgetSpec, BudgetsError, BudgetsSpec};
use build::{groups, members, venue};
use group::{Change, Group, Way};
pub use limits::{
    Account, AssetSpec, CreditLimits, DeadMan, Elsewhere, ExposureLimits, Funding, Funds, Level, Liquidation,
    MEMBERS_MAX, MemberSpec, MessageLimits, PortfolioError, PortfolioSpec, SelfTrade, StrategySpec,
    VenueSpec,
};
pub use liquidation::Holding;
pub use member::Work;
use member::{Asked, Measure, Member};
use strategy::Strategy;

/// How far the core has come: what a watchdog outside compares to know that decisions are still made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Events taken.
    pub beats: u64,
    /// Time of the last one.
    pub at: Nanos,
}

/// Exposure to an asset outside the instruments.
#[derive(Clone, Debug)]
struct Asset {
    elsewhere: Measure,
}

/// What is held per venue beside its sums.
#[derive(Clone, Debug)]
struct Venue {
    messages: Option<(TokenBucket, u64)>,
    dead_man: DeadMan,
    /// Until when the dead-man switch is armed; [`Nanos::MIN`] for never.
    armed_until: Nanos,
    halt: Halt,
}

/// The instruments of a shard together.
#[derive(Clone, Debug)]
pub struct Portfolio {
    members: Vec<Member>,
    assets: Vec<Asset>,
    venues: Vec<Venue>,
    strategies: Vec<Strategy>,
    all: Halts,
    /// One for each member, each asset, each venue, each strategy, and the last for everything.
    groups: Vec<Group>,
    loss: LossGuard,
    /// Parts of limits that span shards; `None` where none does.
    budgets: Option<Budgets>,
    progress: Progress,
}

impl Portfolio {
    /// Allocates everything. All positions are flat, and all that must be told is unknown until it is.
    ///
    /// # Errors
    /// The first [`PortfolioError`] that applies.
    pub fn new(spec: &PortfolioSpec<'_>) -> Result<Self, PortfolioError> {
        spec.check()?;
        let groups = groups(spec);
        let mut portfolio = Self {
            members: members(spec, &groups),
            assets: spec.assets.iter().map(|_| Asset { elsewhere: Measure::default() }).collect(),
            venues: spec.venues.iter().map(venue).collect(),
            strategies: spec.strategies.iter().map(Strategy::new).collect(),
            all: Halts::NONE,
            groups,
            loss: LossGuard::new(spec.loss),
            budgets: None,
            progress: Progress { beats: 0, at: Nanos::MIN },
        };
        for (index, asset) in (0u16..).zip(spec.assets) {
            if asset.elsewhere == Elsewhere::Told {
                portfolio.on_elsewhere(AssetId(index), None);
            }
        }
        Ok(portfolio)
    }

    /// Takes the ledger's position.
    ///
    /// # Panics
    /// As all `on_` functions, where the instrument, asset or venue is none of the portfolio's: the caller is wrong.
    #[inline]
    pub fn on_position(&mut self, instrument: InstrumentId, position: Lots) {
        self.member_mut(instrument).position = position;
        self.measure(instrument);
    }

    /// Takes all working orders of an instrument, unknown ones and both sides of replacements among them.
    #[inline]
    pub fn on_work(&mut self, instrument: InstrumentId, work: &Work) {
        self.member_mut(instrument).work = *work;
        self.measure(instrument);
    }

    /// Takes the price an instrument's position is valued at; `None`, or one not above zero, where there is none that can be
    /// trusted.
    #[inline]
    pub fn on_mark(&mut self, instrument: InstrumentId, mark: Option<HalfTicks>) {
        self.member_mut(instrument).mark = mark.filter(|mark| mark.0 > 0);
        self.measure(instrument);
    }

    /// Takes what one unit of an asset is worth in the account currency; `None`, or a worth not above zero, where nobody
    /// knows.
    pub fn on_conversion(&mut self, asset: AssetId, rate: Option<Rate>) {
        assert!(usize::from(asset.0) < self.assets.len(), "an asset this portfolio does not have");
        for index in (0u16..).take(self.members.len()) {
            let member = self.member_mut(InstrumentId(index));
            if member.spec.spec.quote == asset {
                member.on_conversion(rate);
                self.measure(InstrumentId(index));
            }
        }
    }

    /// Takes the exposure to an asset outside the instruments as an interval, in the account currency; `None` where nobody
    /// knows.
    pub fn on_elsewhere(&mut self, asset: AssetId, exposure: Option<(Money, Money)>) {
        let after = Measure::elsewhere(exposure);
        let group = self.members.len() + usize::from(asset.0);
        let asset = self.assets.get_mut(usize::from(asset.0));
        assert!(asset.is_some(), "an asset this portfolio does not have");
        if let (Some(asset), Some(group)) = (asset, self.groups.get_mut(group)) {
            group.add(Way::Straight, &after.less(&asset.elsewhere));
            asset.elsewhere = after;
        }
    }

    /// Takes what an account at a venue is worth; `None` where nobody knows.
    pub fn on_account(&mut self, venue: VenueId, account: Option<Account>) {
        assert!(usize::from(venue.0) < self.venues.len(), "a venue this portfolio does not have");
        let first = self.members.len() + self.assets.len();
        if let Some(group) = self.groups.get_mut(first + usize::from(venue.0)) {
            group.on_account(account);
        }
        let venues = self.groups.get(first..first + self.venues.len()).unwrap_or_default();
        let sum = venues.iter().try_fold(
            Account { equity: Money::ZERO, maintenance: Money::ZERO },
            |sum, group| {
                let account = group.account()?;
                Some(Account {
                    equity: Money(sum.equity.0.saturating_add(account.equity.0)),
                    maintenance: Money(sum.maintenance.0.saturating_add(account.maintenance.0)),
                })
            },
        );
        if let Some(all) = self.groups.last_mut() {
            all.on_account(sum);
        }
    }

    /// Takes what a spot instrument's orders can be paid with; `None` where nobody knows.
    pub fn on_funds(&mut self, instrument: InstrumentId, funds: Option<Funds>) {
        self.member_mut(instrument).funds = funds;
    }

    /// Takes where a venue would liquidate an instrument's position.
    pub fn on_liquidation(&mut self, instrument: InstrumentId, liquidation: Liquidation) {
        self.member_mut(instrument).liquidation = liquidation;
    }

    /// Takes the profit of everything as it stands, in the account currency. A loss above its limit halts everything;
    /// tells whether one has.
    pub fn on_profit(&mut self, realised: Money, unrealised: Money) -> bool {
        if let Some(budgets) = &mut self.budgets {
            budgets.on_profit(realised, unrealised);
        }
        let loss = self.loss.on_profit(realised, unrealised);
        loss.is_some_and(|loss| self.all.close_more(HaltBy::Loss, loss.halt()))
    }

    /// A venue's dead-man switch is armed until this time, by our clock; it never shortens by itself.
    pub fn on_dead_man(&mut self, venue: VenueId, armed_until: Nanos) {
        self.venue_mut(venue).armed_until = armed_until;
    }

    /// Counts a cancel, or any other message that is never held back.
    pub fn on_message(&mut self, instrument: InstrumentId, now: Nanos) {
        let venue = self.member_mut(instrument).spec.venue;
        if let Some((bucket, _)) = &mut self.venue_mut(venue).messages {
            bucket.spend(now);
        }
    }

    /// When an order refused for this rule at `now` may be asked for again, the world else the same; `None` where time alone
    /// does not help.
    #[must_use]
    pub fn retry_at(&self, instrument: InstrumentId, rule: Rule, now: Nanos) -> Option<Nanos> {
        let venue = self.venues.get(usize::from(self.member(instrument).spec.venue.0))?;
        let (bucket, reserve) = venue.messages.as_ref().filter(|_| rule == Rule::Messages)?;
        Some(bucket.ready_at(reserve + 1, now))
    }

    /// Counts an event the shard has taken.
    #[inline]
    pub const fn beat(&mut self, now: Nanos) {
        self.progress.beats += 1;
        self.progress.at = now;
    }

    /// How far the core has come.
    #[must_use]
    pub const fn progress(&self) -> Progress {
        self.progress
    }

    /// What the account at an instrument's venue is worth, in the instrument's quote currency, rounded down; `None` where nobody
    /// knows.
    #[must_use]
    pub fn equity(&self, instrument: InstrumentId) -> Option<Money> {
        let member = self.members.get(instrument.index())?;
        let group = self.members.len() + self.assets.len() + usize::from(member.spec.venue.0);
        member.in_quote(self.groups.get(group)?.account()?.equity)
    }

    /// How far the levels above an instrument let its gate open: quotes are pulled at [`GateState::Paused`] and beyond.
    #[must_use]
    pub fn state(&self, instrument: InstrumentId) -> GateState {
        self.halt(instrument).state
    }

    /// The same with the rule that speaks for it.
    #[must_use]
    pub fn halt(&self, instrument: InstrumentId) -> Halt {
        let Some(member) = self.members.get(instrument.index()) else {
            return Halt { state: GateState::Killed, cause: Rule::NoMember };
        };
        let halted = self.halts(member).iter().fold(Halt::NONE, |worst, (_, halt)| worst.or_worse(*halt));
        let state = self.budgets.as_ref().map_or(GateState::Active, Budgets::state);
        halted.or_worse(Halt { state, cause: Rule::BudgetLoss })
    }

    /// Takes the whole state into a digest.
    pub fn digest(&self, digest: &mut Digest) {
        self.members.iter().for_each(|member| member.digest(digest));
        self.groups.iter().for_each(|group| group.digest(digest));
        for venue in &self.venues {
            if let Some((bucket, _)) = &venue.messages {
                bucket.digest(digest);
            }
            digest.signed(venue.armed_until.0);
            venue.halt.digest(digest);
        }
        self.strategies.iter().for_each(|strategy| strategy.digest(digest));
        self.all.digest(digest);
        self.loss.digest(digest);
        digest.word(self.progress.beats);
        if let Some(budgets) = &self.budgets {
            budgets.digest(digest);
        }
    }

    /// Asks the halts of an instrument's strategy, its venue and everything.
    pub(super) fn ask_halts(&self, instrument: InstrumentId, effect: Effect) -> Result<(), Refusal> {
        let Some(member) = self.members.get(instrument.index()) else {
            return Err(Refusal {
                rule: Rule::NoMember,
                scope: Scope::Instrument(instrument),
                found: instrument.0.into(),
                limit: i128::try_from(self.members.len()).unwrap_or(i128::MAX),
            });
        };
        self.halts(member).into_iter().try_for_each(|(scope, halt)| halt.ask(effect, scope))
    }

    /// Asks everything else. For a member.
    pub(super) fn ask(&mut self, order: &NewOrder, effect: Effect, now: Nanos) -> Result<(), Refusal> {
        let member = self.member(order.instrument);
        let own = |verdict: Verdict| {
            let scope = Scope::Instrument(order.instrument);
            verdict.map_err(|(rule, found, limit)| Refusal { rule, scope, found, limit })
        };
        own(self.ask_self_trade(member, order))?;
        own(member.ask_funds(order, effect))?;
        let work = member.work_after(order);
        let measure = member.measure_with(&work);
        if effect.adds() {
            self.ask_dead_man(member.spec.venue, now)?;
            if member.grows(&work) {
                own(member.ask_liquidation())?;
            }
        }
        let change = Change { side: order.side, effect, delta: measure.less(&member.measure) };
        for leg in member.legs.iter() {
            if let Some(group) = self.groups.get(leg.group) {
                group.ask(leg.way, &change)?;
            }
        }
        let venue = member.spec.venue;
        if effect.adds() {
            if let Some(budgets) = &mut self.budgets {
                let all = self.groups.last().map(Group::sum).unwrap_or_default();
                budgets.ask(&all, &all.plus(&change.delta), now)?;
            }
            self.ask_messages(venue, now)?;
        }
        self.member_mut(order.instrument).asked = Asked { work, measure };
        Ok(())
    }

    /// Takes the order that was asked for last, and passed.
    pub(super) fn on_passed(&mut self, order: &NewOrder, now: Nanos) {
        let member = self.member_mut(order.instrument);
        let Asked { work, measure } = member.asked;
        member.work = work;
        member.hold_funds(order);
        self.replace(order.instrument, measure);
        self.on_message(order.instrument, now);
        if let Some(budgets) = &mut self.budgets {
            budgets.on_order(now);
        }
    }

    /// Refuses an order that would trade with one of ours, on whatever account.
    fn ask_self_trade(&self, member: &Member, order: &NewOrder) -> Verdict {
        if member.spec.self_trade == SelfTrade::Allow {
            return Ok(());
        }
        let first = order.instrument.index();
        let mut index = first;
        // The ring closes after as many steps as it has members.
        for _ in 0..self.members.len() {
            let Some(other) = self.members.get(index) else { break };
            if let Some(best) = other.work.best(order.side.opposite())
                && order.side.reaches(order.price, best)
            {
                return Err((Rule::SelfTrade, order.price.0.into(), best.0.into()));
            }
            index = other.next_in_market;
            if index == first {
                break;
            }
        }
        Ok(())
    }

    fn ask_dead_man(&self, venue: VenueId, now: Nanos) -> Result<(), Refusal> {
        match self.venues.get(usize::from(venue.0)) {
            Some(one) if one.dead_man == DeadMan::Required && now >= one.armed_until => Err(Refusal {
                rule: Rule::DeadMan,
                scope: Scope::Venue(venue),
                found: now.0.into(),
                limit: one.armed_until.0.into(),
            }),
            _ => Ok(()),
        }
    }

    fn ask_messages(&mut self, venue: VenueId, now: Nanos) -> Result<(), Refusal> {
        if let Some((bucket, reserve)) = &mut self.venue_mut(venue).messages {
            let tokens = bucket.tokens(now);
            if tokens <= *reserve {
                return Err(Refusal {
                    rule: Rule::Messages,
                    scope: Scope::Venue(venue),
                    found: tokens.into(),
                    limit: (*reserve).into(),
                });
            }
        }
        Ok(())
    }

    fn halts(&self, member: &Member) -> [(Scope, Halt); 3] {
        let MemberSpec { strategy, venue, .. } = member.spec;
        let of_strategy = self.strategies.get(usize::from(strategy.0)).map_or(Halt::NONE, Strategy::halt);
        let of_venue = self.venues.get(usize::from(venue.0)).map_or(Halt::NONE, |venue| venue.halt);
        [
            (Scope::Strategy(strategy), of_strategy),
            (Scope::Venue(venue), of_venue),
            (Scope::All, self.all.worst()),
        ]
    }

    fn member(&self, instrument: InstrumentId) -> &Member {
        let member = self.members.get(instrument.index());
        assert!(member.is_some(), "an instrument this portfolio does not have");
        #[expect(clippy::unwrap_used, reason = "checked by the line above")]
        member.unwrap()
    }

    #[inline]
    fn member_mut(&mut self, instrument: InstrumentId) -> &mut Member {
        let member = self.members.get_mut(instrument.index());
        assert!(member.is_some(), "an instrument this portfolio does not have");
        #[expect(clippy::unwrap_used, reason = "checked by the line above")]
        member.unwrap()
    }

    fn venue_mut(&mut self, venue: VenueId) -> &mut Venue {
        let venue = self.venues.get_mut(usize::from(venue.0));
        assert!(venue.is_some(), "a venue this portfolio does not have");
        #[expect(clippy::unwrap_used, reason = "checked by the line above")]
        venue.unwrap()
    }

    /// Works out anew what a member comes to.
    #[inline]
    fn measure(&mut self, instrument: InstrumentId) {
        let member = self.member_mut(instrument);
        let after = member.measure_with(&member.work);
        self.replace(instrument, after);
    }

    /// Carries what a member comes to into the sums it counts in.
    #[inline]
    fn replace(&mut self, instrument: InstrumentId, after: Measure) {
        let Some(member) = self.members.get_mut(instrument.index()) else { return };
        let delta = after.less(&member.measure);
        member.measure = after;
        for leg in member.legs.iter() {
            if let Some(group) = self.groups.get_mut(leg.group) {
                group.add(leg.way, &delta);
            }
        }
    }
}
