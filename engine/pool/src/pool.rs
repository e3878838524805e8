//! A whole pool: its price, its liquidity and its ticks, and swaps through them (`UniswapV3Pool.sol`).
//!
//! Never here: tokens, transfers, oracles, who owns what.

use alloc::vec::Vec;

use crate::amount::{Amounts, Rounding, Token};
use crate::error::PoolError;
use crate::fee::{FEE_UNIT, Growth, ProtocolFee};
use crate::position::PoolView;
use crate::range::Range;
use crate::step::{Quantity, Step, swap_step};
use crate::tick::{SqrtPrice, Tick};
use crate::ticks::{TickInfo, Ticks};
use crate::wide::U256;

/// What changes with every swap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// The price.
    pub price: SqrtPrice,
    /// The pool's tick.
    pub tick: Tick,
    /// Liquidity in range.
    pub liquidity: u128,
    /// What a unit of liquidity has earned.
    pub growth: Growth,
    /// What the protocol has kept.
    pub kept: Amounts,
}

/// What a swap would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trade {
    /// Paid, the fee included.
    pub paid: U256,
    /// Received.
    pub received: U256,
    /// The pool after it.
    pub after: State,
}

/// One step of a swap: as far as one liquidity reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passed {
    /// The token that is paid.
    pub paid: Token,
    /// The pool's tick during it.
    pub tick: Tick,
    /// The liquidity during it.
    pub liquidity: u128,
    /// The price before it.
    pub from: SqrtPrice,
    /// What it did; its fee includes what the protocol keeps.
    pub step: Step,
}

/// A pool.
#[derive(Clone, Debug)]
pub struct Pool {
    fee: u32,
    protocol: [ProtocolFee; 2],
    ticks: Ticks,
    state: State,
    /// Ticks that the last trade crosses, and what was earned beyond them then.
    crossed: Vec<(usize, Growth)>,
    /// The steps of the last trade.
    passed: Vec<Passed>,
    /// Prices of ticks that were asked for last: the next swap mostly asks for the same.
    last: Last,
}

/// Prices of ticks, kept for the next who asks.
#[derive(Clone, Copy, Debug)]
struct Last {
    /// The end of a step downward, and of one upward.
    ends: [(Tick, SqrtPrice); 2],
    /// A tick, its price, and that of the next.
    here: (Tick, SqrtPrice, SqrtPrice),
}

impl Last {
    fn new() -> Self {
        let here = (Tick::MAX, SqrtPrice::MAX, SqrtPrice::MAX);
        Self { ends: [(Tick::MIN, SqrtPrice::MIN); 2], here }
    }

    /// The price of the end of a step.
    fn end(&mut self, tick: Tick, paid: Token) -> SqrtPrice {
        let [down, up] = &mut self.ends;
        let kept = match paid {
            Token::Zero => down,
            Token::One => up,
        };
        if kept.0 != tick {
            *kept = (tick, tick.sqrt_price());
        }
        kept.1
    }

    /// The tick of a price.
    fn tick(&mut self, price: SqrtPrice) -> Tick {
        let (tick, from, to) = self.here;
        if from <= price && price < to {
            return tick;
        }
        let tick = Tick::at(price);
        self.here = (tick, tick.sqrt_price(), Tick::clamped(tick.index() + 1).sqrt_price());
        tick
    }
}

/// A limit and the direction it is for.
#[derive(Clone, Copy)]
struct Way {
    paid: Token,
    limit: SqrtPrice,
}

impl Way {
    /// Checks a limit against the price; the contract's own ends where there is none.
    fn new(paid: Token, price: SqrtPrice, limit: Option<SqrtPrice>) -> Result<Self, PoolError> {
        let end = match paid {
            Token::Zero => SqrtPrice::new(SqrtPrice::MIN.root().wrapping_add(U256::ONE))?,
            Token::One => SqrtPrice::new(SqrtPrice::MAX.root().wrapping_sub(U256::ONE))?,
        };
        let limit = limit.unwrap_or(end);
        let lies_ahead = match paid {
            Token::Zero => limit < price && limit >= end,
            Token::One => limit > price && limit <= end,
        };
        if lies_ahead { Ok(Self { paid, limit }) } else { Err(PoolError::Limit) }
    }

    /// The end of a step: the tick's price, unless the limit comes before.
    fn target(self, price: SqrtPrice) -> SqrtPrice {
        match self.paid {
            Token::Zero => price.max(self.limit),
            Token::One => price.min(self.limit),
        }
    }
}

impl Pool {
    /// A pool without liquidity at a price. `fee` is in millionths of what is paid; the protocol keeps a part of it, of token 0 and of
    /// token 1.
    ///
    /// # Errors
    /// [`PoolError::Fee`] where the fee is not below the whole, [`PoolError::Price`] at [`SqrtPrice::MAX`], and as [`Ticks::new`].
    pub fn new(
        price: SqrtPrice,
        fee: u32,
        spacing: i32,
        protocol: [ProtocolFee; 2],
    ) -> Result<Self, PoolError> {
        if fee >= FEE_UNIT {
            return Err(PoolError::Fee);
        }
        if price == SqrtPrice::MAX {
            return Err(PoolError::Price);
        }
        let (growth, kept) = (Growth::default(), Amounts::default());
        let state = State { price, tick: Tick::at(price), liquidity: 0, growth, kept };
        Ok(Self {
            fee,
            protocol,
            ticks: Ticks::new(spacing)?,
            state,
            crossed: Vec::new(),
            passed: Vec::new(),
            last: Last::new(),
        })
    }

    /// What changes with every swap.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// Its ticks.
    #[must_use]
    pub const fn ticks(&self) -> &Ticks {
        &self.ticks
    }

    /// Fee of a swap, in millionths of what is paid.
    #[must_use]
    pub const fn fee(&self) -> u32 {
        self.fee
    }

    /// The part of fees that the protocol keeps, of token 0 and of token 1.
    #[must_use]
    pub const fn protocol(&self) -> [ProtocolFee; 2] {
        self.protocol
    }

    /// Takes over price, tick and liquidity from what a pool says of itself.
    ///
    /// # Errors
    /// [`PoolError::Price`] where no pool at this price is at this tick.
    pub fn adopt(&mut self, price: SqrtPrice, tick: Tick, liquidity: u128) -> Result<(), PoolError> {
        if !price.allows(tick) {
            return Err(PoolError::Price);
        }
        self.state = State { price, tick, liquidity, ..self.state };
        Ok(())
    }

    /// Takes over a tick from what a pool says of it.
    ///
    /// # Errors
    /// [`PoolError::Tick`] where the spacing does not divide it.
    pub fn adopt_tick(&mut self, tick: Tick, info: TickInfo) -> Result<(), PoolError> {
        self.ticks.set(tick, info)
    }

    /// What the worth of a position in a range depends on.
    #[must_use]
    pub fn view(&self, range: &Range) -> PoolView {
        let outside = |tick| self.ticks.get(tick).outside;
        let State { price, tick, growth, .. } = self.state;
        PoolView { price, tick, growth, lower: outside(range.lower()), upper: outside(range.upper()) }
    }

    /// Adds liquidity to a range; returns what it costs.
    ///
    /// # Errors
    /// [`PoolError::NoLiquidity`] for none, [`PoolError::Tick`] where the spacing does not divide the ticks, [`PoolError::Overflow`] where a
    /// tick or the pool would hold too much.
    pub fn mint(&mut self, range: &Range, liquidity: u128) -> Result<Amounts, PoolError> {
        if liquidity == 0 {
            return Err(PoolError::NoLiquidity);
        }
        let lower = self.with_more(range.lower(), liquidity, i128::checked_add)?;
        let upper = self.with_more(range.upper(), liquidity, i128::checked_sub)?;
        let state = &self.state;
        let is_within = range.lower() <= state.tick && state.tick < range.upper();
        let more = if is_within { liquidity } else { 0 };
        let in_range = state.liquidity.checked_add(more).ok_or(PoolError::Overflow)?;
        self.ticks.set(range.lower(), lower)?;
        self.ticks.set(range.upper(), upper)?;
        self.state.liquidity = in_range;
        Ok(range.amounts(self.state.price, liquidity, Rounding::Up))
    }

    /// Takes liquidity from a range; returns what it gives.
    ///
    /// # Errors
    /// [`PoolError::TooMuch`] where there is less.
    pub fn burn(&mut self, range: &Range, liquidity: u128) -> Result<Amounts, PoolError> {
        let lower = self.with_less(range.lower(), liquidity, i128::checked_sub)?;
        let upper = self.with_less(range.upper(), liquidity, i128::checked_add)?;
        let state = &self.state;
        let is_within = range.lower() <= state.tick && state.tick < range.upper();
        let less = if is_within { liquidity } else { 0 };
        let in_range = state.liquidity.checked_sub(less).ok_or(PoolError::TooMuch)?;
        self.ticks.set(range.lower(), lower)?;
        self.ticks.set(range.upper(), upper)?;
        self.state.liquidity = in_range;
        Ok(range.amounts(self.state.price, liquidity, Rounding::Down))
    }

    /// A tick at which more liquidity begins or ends.
    fn with_more(&self, tick: Tick, liquidity: u128, change: Change) -> Result<TickInfo, PoolError> {
        if tick.index() % self.ticks.spacing() != 0 {
            return Err(PoolError::Tick);
        }
        let mut info = self.ticks.get(tick);
        // By convention all that was earned before a tick was there was earned below it.
        if info.gross == 0 && tick <= self.state.tick {
            info.outside = self.state.growth;
        }
        let gross = info.gross.checked_add(liquidity).filter(|gross| *gross <= self.ticks.liquidity_max());
        info.gross = gross.ok_or(PoolError::Overflow)?;
        info.net = changed(info.net, liquidity, change)?;
        Ok(info)
    }

    /// A tick at which less liquidity begins or ends.
    fn with_less(&self, tick: Tick, liquidity: u128, change: Change) -> Result<TickInfo, PoolError> {
        let mut info = self.ticks.get(tick);
        info.gross = info.gross.checked_sub(liquidity).ok_or(PoolError::TooMuch)?;
        info.net = changed(info.net, liquidity, change)?;
        Ok(info)
    }

    /// The steps of the last trade that was computed.
    #[must_use]
    pub fn passed(&self) -> &[Passed] {
        &self.passed
    }

    /// Computes a swap, as far as the limit where there is one. The pool stays as it is until the trade is [applied](Self::apply).
    ///
    /// # Errors
    /// [`PoolError::Limit`] where the limit does not lie ahead, [`PoolError::TooMuch`] for no quantity, and as [`swap_step`].
    pub fn trade(
        &mut self,
        paid: Token,
        quantity: Quantity,
        limit: Option<SqrtPrice>,
    ) -> Result<Trade, PoolError> {
        self.crossed.clear();
        self.passed.clear();
        let way = Way::new(paid, self.state.price, limit)?;
        let mut trade = Trade { paid: U256::ZERO, received: U256::ZERO, after: self.state };
        let mut left = quantity.amount();
        if left.is_zero() {
            return Err(PoolError::TooMuch);
        }
        while !left.is_zero() && trade.after.price != way.limit {
            let before = trade.after;
            let next = self.ticks.next(before.tick, paid);
            let end = self.last.end(next.tick, paid);
            let quantity = match quantity {
                Quantity::In(_) => Quantity::In(left),
                Quantity::Out(_) => Quantity::Out(left),
            };
            let step = swap_step(before.price, way.target(end), before.liquidity, quantity, self.fee)?;
            let (tick, liquidity, from) = (before.tick, before.liquidity, before.price);
            self.passed.push(Passed { paid, tick, liquidity, from, step });
            let paid_in = step.paid.checked_add(step.fee).ok_or(PoolError::Overflow)?;
            left = match quantity {
                Quantity::In(_) => left.checked_sub(paid_in),
                Quantity::Out(_) => left.checked_sub(step.received),
            }
            .ok_or(PoolError::TooMuch)?;
            trade.paid = trade.paid.checked_add(paid_in).ok_or(PoolError::Overflow)?;
            trade.received = trade.received.checked_add(step.received).ok_or(PoolError::Overflow)?;
            trade.after.price = step.price;
            self.share(&mut trade.after, paid, step.fee)?;
            if step.price == end {
                if let Some(place) = next.place {
                    self.cross(&mut trade.after, paid, place)?;
                }
                let beyond = match paid {
                    Token::Zero => next.tick.index() - 1,
                    Token::One => next.tick.index(),
                };
                trade.after.tick = Tick::clamped(beyond);
            } else if step.price != before.price {
                trade.after.tick = self.last.tick(step.price);
            }
        }
        Ok(trade)
    }

    /// Divides a fee between protocol and liquidity.
    fn share(&self, state: &mut State, paid: Token, fee: U256) -> Result<(), PoolError> {
        let [zero, one] = &self.protocol;
        let (protocol, kept) = match paid {
            Token::Zero => (zero, &mut state.kept.zero),
            Token::One => (one, &mut state.kept.one),
        };
        let part = protocol.of(fee);
        *kept = kept.checked_add(part).ok_or(PoolError::Overflow)?;
        let rest = fee.checked_sub(part).ok_or(PoolError::Fee)?;
        state.growth.add(paid, rest, state.liquidity)
    }

    /// Crosses a tick: its liquidity begins or ends, and what was earned beyond it is what was earned on this side until now.
    fn cross(&mut self, state: &mut State, paid: Token, place: usize) -> Result<(), PoolError> {
        let Some(info) = self.ticks.at(place) else { return Ok(()) };
        self.crossed.push((place, state.growth.since(&info.outside)));
        let magnitude = info.net.unsigned_abs();
        let rises = (info.net > 0) == (paid == Token::One);
        let liquidity = if rises {
            state.liquidity.checked_add(magnitude)
        } else {
            state.liquidity.checked_sub(magnitude)
        };
        state.liquidity = liquidity.ok_or(PoolError::TooMuch)?;
        Ok(())
    }

    /// Does what the last [`trade`](Self::trade) computed.
    pub fn apply(&mut self, trade: &Trade) {
        for (place, outside) in self.crossed.drain(..) {
            self.ticks.set_outside(place, outside);
        }
        self.state = trade.after;
    }

    /// Computes a swap and does it.
    ///
    /// # Errors
    /// As [`Pool::trade`]; the pool stays as it was.
    pub fn swap(
        &mut self,
        paid: Token,
        quantity: Quantity,
        limit: Option<SqrtPrice>,
    ) -> Result<Trade, PoolError> {
        let trade = self.trade(paid, quantity, limit)?;
        self.apply(&trade);
        Ok(trade)
    }
}

/// Adds or subtracts.
type Change = fn(i128, i128) -> Option<i128>;

fn changed(net: i128, liquidity: u128, change: Change) -> Result<i128, PoolError> {
    let liquidity = i128::try_from(liquidity).map_err(|_| PoolError::Overflow)?;
    change(net, liquidity).ok_or(PoolError::Overflow)
}

#[cfg(test)]
mod tests;
