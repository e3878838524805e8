//! What liquidity of ours would have made beside a recorded pool, after what it costs, against holding.
//!
//! Fees are [`share`](crate::share)s of what each swap paid. What is lost to those who trade against the pool at better prices
//! elsewhere ([`Sums::rebalancing`]) is summed over the swaps as they came: what would have been made by holding, from one to the next,
//! the base that the position held, less what the position made without fees (Milionis, Moallemi, Roughgarden and Zhang 2022, with the
//! recorded path in place of a variance). Gas and swaps are paid where the position moves. Nothing is optimised, and nobody reacts.
//!
//! Floats throughout: this judges, it does not pay.

use alloc::vec::Vec;

use crate::amount::Rounding;
use crate::curve::{Curve, Units};
use crate::error::PoolError;
use crate::event::{Event, What};
use crate::fee::ProtocolFee;
use crate::pool::{Pool, State};
use crate::range::{Range, Side};
use crate::replay::{Found, Replay};
use crate::share::Share;
use crate::tick::Tick;

/// Seconds of a day.
const DAY: i64 = 86_400;
/// The liquidity by which the worth of a unit is measured.
const PROBE: u128 = 1 << 100;

/// What moving liquidity costs, in quote.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Costs {
    /// Gas of adding it.
    pub mint: f64,
    /// Gas of removing it and collecting its fees.
    pub burn: f64,
    /// Gas of a swap.
    pub swap: f64,
    /// What of a swap's amount goes to fee and slippage.
    pub swap_part: f64,
}

/// Where liquidity stands, and when it moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Ticks from the price to either end, made wider to what the pool can use; all that there are where `None`.
    pub half_width: Option<i32>,
    /// Seconds out of range after which it is put around the price again; never where `None`.
    pub recentre_after: Option<i64>,
}

/// A pool and the terms of trading beside it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    /// Fee of the pool, in millionths.
    pub fee: u32,
    /// Its tick spacing.
    pub spacing: i32,
    /// What of its fees the protocol keeps, of token 0 and of token 1.
    pub protocol: [ProtocolFee; 2],
    /// Which token is the base, and decimals.
    pub units: Units,
    /// What moving costs.
    pub costs: Costs,
    /// What is put in at the beginning, in quote.
    pub capital: f64,
}

/// What happened so far, in quote where nothing else is said.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sums {
    /// Fees earned, each at the price when it was taken out, the last ones at the last price.
    pub fees: f64,
    /// Lost against rebalancing.
    pub rebalancing: f64,
    /// Paid for gas.
    pub gas: f64,
    /// Paid in swaps.
    pub swaps: f64,
    /// How often it was moved.
    pub moves: u64,
    /// Seconds in range.
    pub in_range: i64,
    /// What all is worth.
    pub equity: f64,
    /// What would be there had the tokens of the beginning been held.
    pub held: f64,
}

impl Sums {
    /// What the position would be worth against holding, without fees and costs: what divergence took.
    #[must_use]
    pub fn divergence(&self) -> f64 {
        self.against_holding() - self.fees + self.gas + self.swaps
    }

    /// What all is worth against holding, after everything.
    #[must_use]
    pub fn against_holding(&self) -> f64 {
        self.equity - self.held
    }
}

/// What there is at the end of a day, or of the record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// Days since 1970.
    pub day: i64,
    /// The last price of the day.
    pub price: f64,
    /// Sums from the beginning on.
    pub sums: Sums,
}

/// One rule, played.
#[derive(Clone, Debug)]
pub struct Account {
    rule: Rule,
    terms: Terms,
    share: Share,
    curve: Curve,
    /// Base and quote at the beginning.
    held: (f64, f64),
    /// Sums but for what the open position has.
    sums: Sums,
    price: f64,
    time: i64,
    is_inside: bool,
    outside_since: Option<i64>,
    rows: Vec<Row>,
}

/// Everything that was played, and what the replay found of the record.
#[derive(Clone, Debug)]
pub struct Backtest {
    /// One for each rule, in their order.
    pub accounts: Vec<Account>,
    /// What the replay found.
    pub found: Found,
    /// Swaps of the record; the first one is where the rules begin.
    pub swaps: u64,
    /// Seconds from the first swap to the last event.
    pub seconds: i64,
}

/// Plays rules beside a recorded pool, from its first swap on; `None` where there is none.
///
/// # Errors
/// Where the pool or a range cannot be.
pub fn run(events: &[Event], terms: &Terms, rules: &[Rule]) -> Result<Option<Backtest>, PoolError> {
    let Some((mut replay, rest)) = Replay::new(events, terms.fee, terms.spacing, terms.protocol)? else {
        return Ok(None);
    };
    let begin = events.len().checked_sub(rest.len() + 1).and_then(|place| events.get(place));
    let start = begin.map_or(0, |event| event.time);
    let entered = rules.iter().map(|rule| Account::enter(*rule, terms, replay.pool().state(), start));
    let mut accounts = entered.collect::<Result<Vec<_>, _>>()?;
    let (mut swaps, mut last) = (1, start);
    for event in rest {
        replay.take(event)?;
        last = event.time;
        if matches!(event.what, What::Swap(_)) {
            swaps += 1;
            for account in &mut accounts {
                account.take(replay.pool(), event.time)?;
            }
        }
    }
    for account in &mut accounts {
        account.close(last);
    }
    Ok(Some(Backtest { accounts, found: *replay.found(), swaps, seconds: last - start }))
}

impl Rule {
    /// The range around a tick.
    fn range(&self, tick: Tick, spacing: i32) -> Result<Range, PoolError> {
        let last = Tick::MAX.index() / spacing * spacing;
        let Some(half_width) = self.half_width else {
            return Range::new(Tick::new(-last)?, Tick::new(last)?);
        };
        let half_width = half_width.clamp(0, last);
        let lower = (tick.index() - half_width).div_euclid(spacing).saturating_mul(spacing);
        let upper = (tick.index() + 1 + half_width + spacing - 1).div_euclid(spacing).saturating_mul(spacing);
        Range::new(Tick::new(lower.max(-last))?, Tick::new(upper.min(last))?)
    }
}

impl Account {
    /// Puts the capital in around a price; its tokens are taken to be there.
    fn enter(rule: Rule, terms: &Terms, state: &State, time: i64) -> Result<Self, PoolError> {
        let price = terms.units.price(state.price);
        let (share, curve) = place(&rule, terms, state, terms.capital)?;
        let held = terms.units.sides(&share.range().amounts(state.price, share.liquidity(), Rounding::Up));
        let sums = Sums { gas: terms.costs.mint, ..Sums::default() };
        Ok(Self {
            rule,
            terms: *terms,
            share,
            curve,
            held,
            sums,
            price,
            time,
            is_inside: true,
            outside_since: None,
            rows: Vec::new(),
        })
    }

    /// Its rule.
    #[must_use]
    pub const fn rule(&self) -> &Rule {
        &self.rule
    }

    /// The position it has.
    #[must_use]
    pub const fn share(&self) -> &Share {
        &self.share
    }

    /// What there was at the end of each day.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Takes the last swap of a pool.
    fn take(&mut self, pool: &Pool, time: i64) -> Result<(), PoolError> {
        if time.div_euclid(DAY) > self.time.div_euclid(DAY) {
            self.end_day();
        }
        self.pass(time);
        let [zero, one] = pool.protocol();
        for passed in pool.passed() {
            let protocol = if passed.paid == crate::amount::Token::Zero { zero } else { one };
            self.share.take(passed, protocol)?;
        }
        let state = pool.state();
        let price = self.terms.units.price(state.price);
        let made = self.curve.value(price) - self.curve.value(self.price);
        self.sums.rebalancing += self.curve.base(self.price) * (price - self.price) - made;
        self.price = price;
        self.is_inside = self.share.range().side(state.tick) == Side::Within;
        if self.is_inside {
            self.outside_since = None;
            return Ok(());
        }
        let since = *self.outside_since.get_or_insert(time);
        if self.rule.recentre_after.is_some_and(|after| time - since >= after) {
            self.recentre(state)?;
        }
        Ok(())
    }

    /// Time goes by.
    fn pass(&mut self, time: i64) {
        if self.is_inside {
            self.sums.in_range += time - self.time;
        }
        self.time = time;
    }

    /// The fees of the open position at the last price.
    fn open_fees(&self) -> f64 {
        let (base, quote) = self.terms.units.sides(&self.share.earned());
        base * self.price + quote
    }

    /// Takes everything out and puts it in around the price.
    fn recentre(&mut self, state: &State) -> Result<(), PoolError> {
        let Costs { mint, burn, swap, swap_part } = self.terms.costs;
        let fees = self.open_fees();
        let all = self.curve.value(self.price) + fees;
        let (base, _) = self.terms.units.sides(&self.share.earned());
        let base = base + self.curve.base(self.price);
        let (_, wanted) = place(&self.rule, &self.terms, state, all)?;
        let swapped = (base - wanted.base(self.price)).abs() * self.price * swap_part;
        let (share, curve) = place(&self.rule, &self.terms, state, all - swapped)?;
        self.sums.fees += fees;
        self.sums.swaps += swapped;
        self.sums.gas += burn + swap + mint;
        self.sums.moves += 1;
        (self.share, self.curve) = (share, curve);
        self.is_inside = true;
        self.outside_since = None;
        Ok(())
    }

    /// All sums, the open position among them.
    #[must_use]
    pub fn sums(&self) -> Sums {
        let open = self.open_fees();
        Sums {
            fees: self.sums.fees + open,
            equity: self.curve.value(self.price) + open - self.sums.gas,
            held: self.held.0 * self.price + self.held.1,
            ..self.sums
        }
    }

    fn end_day(&mut self) {
        let row = Row { day: self.time.div_euclid(DAY), price: self.price, sums: self.sums() };
        self.rows.push(row);
    }

    fn close(&mut self, time: i64) {
        self.pass(time);
        self.end_day();
    }
}

/// So much liquidity around a price as a value in quote is enough for.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a liquidity is cut to the unit, and stops at its bounds"
)]
fn place(rule: &Rule, terms: &Terms, state: &State, value: f64) -> Result<(Share, Curve), PoolError> {
    let range = rule.range(state.tick, terms.spacing)?;
    let price = terms.units.price(state.price);
    let unit = Curve::new(&range, PROBE, &terms.units).value(price) / PROBE as f64;
    let liquidity = (value / unit) as u128;
    Ok((Share::new(range, liquidity), Curve::new(&range, liquidity, &terms.units)))
}

#[cfg(test)]
mod tests;
