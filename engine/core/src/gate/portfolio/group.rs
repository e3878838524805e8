//! Sums over instruments, and the limits on them.
//!
//! A limit refuses an order only where the order raises what the limit bounds: at a limit that was passed by the market, what
//! does not add still goes.
//!
//! Never here: one instrument's numbers.

use ballast_model::{Digest, Money, Rate, Side};

use super::limits::{Account, CreditLimits, ExposureLimits};
use super::member::Measure;
use crate::gate::limits::Effect;
use crate::gate::refusal::{Refusal, Rule, Scope};
use crate::gate::watch::Verdict;

/// How an instrument counts in a group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leg {
    pub(super) group: usize,
    pub(super) way: Way,
}

/// The groups with a limit that an instrument counts in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Legs {
    legs: [Leg; LEGS_MAX],
    count: usize,
}

/// Most groups an instrument counts in: itself, base, quote, strategy, venue, everything.
const LEGS_MAX: usize = 6;

impl Legs {
    /// Those of the six that `groups` have a limit for, in their order.
    pub(super) fn new(all: [Leg; LEGS_MAX], groups: &[Group]) -> Self {
        let mut limited = Self { legs: all, count: 0 };
        for leg in all {
            if groups.get(leg.group).is_some_and(|group| group.limited)
                && let Some(place) = limited.legs.get_mut(limited.count)
            {
                *place = leg;
                limited.count += 1;
            }
        }
        limited
    }

    /// With one more, unless it is there.
    pub(super) fn add(&mut self, leg: Leg) {
        if !self.iter().any(|other| other.group == leg.group)
            && let Some(place) = self.legs.get_mut(self.count)
        {
            *place = leg;
            self.count += 1;
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.count == 0
    }

    #[inline]
    pub(super) fn iter(&self) -> impl Iterator<Item = &Leg> {
        self.legs.iter().take(self.count)
    }
}

/// Which way round an instrument's position counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// As it is.
    Straight,
    /// As the quote currency that was paid for it.
    Flipped,
}

impl Way {
    const fn side(self, side: Side) -> Side {
        match self {
            Self::Straight => side,
            Self::Flipped => side.opposite(),
        }
    }
}

/// What an order would do to its instrument.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change {
    pub(super) side: Side,
    pub(super) effect: Effect,
    /// What it comes to with the order, less what it comes to without.
    pub(super) delta: Measure,
}

/// The sum of some instruments.
#[derive(Clone, Debug)]
pub(super) struct Group {
    scope: Scope,
    exposure: ExposureLimits,
    credit: CreditLimits,
    /// False where nothing is limited and nothing is summed.
    limited: bool,
    account: Option<Account>,
    /// What the account bounds; `None` where it is unknown.
    bounds: Option<Bounds>,
    sum: Measure,
}

/// The credit limits worked out for an account: a whole number is above a product exactly where it is above its floor.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    /// Of `need`, as it times 10⁸.
    need_max: i128,
    gross_max: i128,
    maintenance_max: i128,
}

impl Group {
    pub(super) fn new(scope: Scope, exposure: ExposureLimits, credit: CreditLimits) -> Self {
        let limited = exposure != ExposureLimits::NONE || credit != CreditLimits::NONE;
        Self { scope, exposure, credit, limited, account: None, bounds: None, sum: Measure::default() }
    }

    pub(super) const fn account(&self) -> Option<Account> {
        self.account
    }

    pub(super) fn on_account(&mut self, account: Option<Account>) {
        self.account = account;
        self.bounds = account.map(|account| {
            let times = |rate: Option<Rate>| {
                account.equity.0.saturating_mul(rate.map_or(0, |rate| i128::from(rate.0)))
            };
            let one = i128::from(Rate::ONE.0);
            Bounds {
                need_max: times(self.credit.credit_share_max),
                gross_max: times(self.credit.leverage_max).div_euclid(one),
                maintenance_max: times(self.credit.maintenance_share_max).div_euclid(one),
            }
        });
    }

    /// Takes over limits; what is summed and what the account is worth stay.
    pub(super) fn adopt(&mut self, next: &Self) {
        (self.exposure, self.credit) = (next.exposure, next.credit);
        self.on_account(self.account);
    }

    /// Whether the sum is beyond a limit as it stands; of an unknown one where there is a limit too.
    pub(super) fn is_exceeded(&self) -> bool {
        let Measure { low, high, gross, open, need, unknown } = self.sum;
        let above = |is: i128, max: Option<Money>| max.is_some_and(|max| is > max.0);
        let ExposureLimits { net_max, gross_max, open_max } = self.exposure;
        let bounds = self.bounds.as_ref();
        let over = |limit: Option<Rate>, is: i128, max: Option<i128>| {
            limit.is_some() && max.is_none_or(|max| is > max)
        };
        unknown > 0
            || above(high, net_max)
            || above(-low, net_max)
            || above(gross, gross_max)
            || above(open, open_max)
            || above(need.div_euclid(Rate::ONE.0.into()), self.credit.credit_max)
            || over(self.credit.credit_share_max, need, bounds.map(|bounds| bounds.need_max))
            || over(self.credit.leverage_max, gross, bounds.map(|bounds| bounds.gross_max))
    }

    pub(super) const fn sum(&self) -> Measure {
        self.sum
    }

    /// Sums from here on, though nothing here is limited. Before anything is told.
    pub(super) const fn keep(&mut self) {
        self.limited = true;
    }

    /// Carries what one instrument comes to now, less what it came to before.
    #[inline]
    pub(super) fn add(&mut self, way: Way, delta: &Measure) {
        self.sum = self.with(way, delta);
    }

    #[inline]
    const fn with(&self, way: Way, delta: &Measure) -> Measure {
        // Whoever is long the base is short the quote.
        let (low, high) = match way {
            Way::Straight => (delta.low, delta.high),
            Way::Flipped => (-delta.high, -delta.low),
        };
        Measure {
            low: self.sum.low + low,
            high: self.sum.high + high,
            gross: self.sum.gross + delta.gross,
            open: self.sum.open + delta.open,
            need: self.sum.need + delta.need,
            unknown: self.sum.unknown + delta.unknown,
        }
    }

    /// Asks whether an order may change the sum so.
    #[inline]
    pub(super) fn ask(&self, way: Way, change: &Change) -> Result<(), Refusal> {
        self.ask_limits(way, change).map_err(|(rule, found, limit)| {
            let scope = self.scope;
            Refusal { rule, scope, found, limit }
        })
    }

    fn ask_limits(&self, way: Way, change: &Change) -> Verdict {
        let after = self.with(way, &change.delta);
        if after.unknown > 0 {
            // What cannot be judged stops what adds, and nothing else.
            return if change.effect.adds() { Err((Rule::Unknown, after.unknown.into(), 0)) } else { Ok(()) };
        }
        if let Some(max) = self.exposure.net_max
            && change.effect != Effect::ReducesMarked
        {
            let (was, is) = match way.side(change.side) {
                Side::Bid => (self.sum.high, after.high),
                Side::Ask => (-self.sum.low, -after.low),
            };
            not_above(Rule::Net, was, is, max.0)?;
        }
        if !change.effect.adds() {
            return Ok(());
        }
        if let Some(max) = self.exposure.gross_max {
            not_above(Rule::Gross, self.sum.gross, after.gross, max.0)?;
        }
        if let Some(max) = self.exposure.open_max {
            not_above(Rule::OpenValue, self.sum.open, after.open, max.0)?;
        }
        self.ask_credit(&after)
    }

    fn ask_credit(&self, after: &Measure) -> Verdict {
        let credit = &self.credit;
        if *credit == CreditLimits::NONE {
            return Ok(());
        }
        if let Some(max) = credit.credit_max {
            not_above(Rule::Credit, self.sum.need, after.need, max.0.saturating_mul(Rate::ONE.0.into()))?;
        }
        let limited = [credit.credit_share_max, credit.leverage_max, credit.maintenance_share_max];
        let [share, leverage, maintenance] = limited.map(|limit| limit.is_some());
        if !(share || leverage || maintenance) {
            return Ok(());
        }
        let (Some(account), Some(bounds)) = (self.account, self.bounds) else {
            return Err((Rule::Unknown, 1, 0));
        };
        if share {
            not_above(Rule::CreditShare, self.sum.need, after.need, bounds.need_max)?;
        }
        if leverage {
            not_above(Rule::Leverage, self.sum.gross, after.gross, bounds.gross_max)?;
        }
        let grows = after.need > self.sum.need;
        if maintenance && grows && account.maintenance.0 > bounds.maintenance_max {
            return Err((Rule::Maintenance, account.maintenance.0, bounds.maintenance_max));
        }
        Ok(())
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        for limit in [self.exposure.gross_max, self.credit.credit_max].into_iter().flatten() {
            digest.bytes(&limit.0.to_le_bytes());
        }
        for number in [self.sum.low, self.sum.high, self.sum.gross, self.sum.open, self.sum.need] {
            digest.bytes(&number.to_le_bytes());
        }
        digest.signed(self.sum.unknown.into());
        if let Some(account) = self.account {
            digest.bytes(&account.equity.0.to_le_bytes());
            digest.bytes(&account.maintenance.0.to_le_bytes());
        }
    }
}

/// Refuses what rises above its limit.
fn not_above(rule: Rule, was: i128, is: i128, max: i128) -> Verdict {
    if is > was && is > max { Err((rule, is, max)) } else { Ok(()) }
}
