//! What a position is worth as a function of price: value, exposure, curvature, and what it loses against holding and against
//! rebalancing. Floats, for decisions and reports; what is owed to the last unit is [`position`](crate::position)'s.
//!
//! Either token may be the base, the one whose price is looked at; the other one is the quote. Prices, amounts and values are in
//! whole tokens: price is quote per base. In these units a position of one range is the same function whichever token is the
//! base, so that the formulas stand here once: with `s = √price`, held between the range's `a` and `b`,
//!
//! ```text
//! base  = L·(1/s − 1/b)        quote = L·(s − a)          (Adams et al. 2021, "Uniswap v3 Core", equations 6.29 and 6.30)
//! value = base·price + quote   d value / d price = base   d² value / d price² = −L / (2·price^1.5) inside, else 0
//! ```
//!
//! Never here: a number that is paid out.

use crate::amount::{Amounts, Token};
use crate::position::Worth;
use crate::range::Range;
use crate::tick::SqrtPrice;
use crate::wide::U256;

/// Which token is looked at, and how many digits whole tokens have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Units {
    base: Token,
    decimals: (u8, u8),
    /// Smallest units in a whole token 0 and in a whole token 1.
    whole: (f64, f64),
    /// What turns the square root of a price of smallest units into that of one of whole tokens, token 0 being the base.
    root: f64,
}

impl Units {
    /// The base, and the digits behind the point of token 0 and of token 1.
    #[must_use]
    pub fn new(base: Token, decimals: (u8, u8)) -> Self {
        let [zero, one] = [decimals.0, decimals.1].map(f64::from);
        let ten_to = |power| libm::pow(10.0, power);
        Self { base, decimals, whole: (ten_to(zero), ten_to(one)), root: ten_to((zero - one) / 2.0) }
    }

    /// The base.
    #[must_use]
    pub const fn base(&self) -> Token {
        self.base
    }

    /// Digits behind the point of token 0 and of token 1.
    #[must_use]
    pub const fn decimals(&self) -> (u8, u8) {
        self.decimals
    }

    /// A square root of the pool's, of smallest units, as one of whole tokens, token 0 being the base.
    fn root(&self, price: SqrtPrice) -> f64 {
        price.to_f64() * self.root
    }

    /// A price of the pool's as quote per base, in whole tokens.
    #[must_use]
    pub fn price(&self, price: SqrtPrice) -> f64 {
        let root = self.root(price);
        match self.base {
            Token::Zero => root * root,
            Token::One => 1.0 / (root * root),
        }
    }

    /// An amount of a token in whole tokens.
    #[must_use]
    pub fn whole(&self, token: Token, amount: U256) -> f64 {
        let whole = match token {
            Token::Zero => self.whole.0,
            Token::One => self.whole.1,
        };
        amount.to_f64() / whole
    }

    /// Amounts of both, base first.
    #[must_use]
    pub fn sides(&self, amounts: &Amounts) -> (f64, f64) {
        let side = |token| self.whole(token, amounts.of(token));
        (side(self.base), side(self.base.other()))
    }
}

/// A position of one range as a function of price.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Curve {
    /// `L`, in the square root of the product of whole tokens.
    liquidity: f64,
    /// The square root of the price it begins with.
    low: f64,
    /// And of that it ends with.
    high: f64,
}

impl Curve {
    /// That of a liquidity in a range.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "floats are what this is in")]
    pub fn new(range: &Range, liquidity: u128, units: &Units) -> Self {
        let (low, high) = (units.root(range.low()), units.root(range.high()));
        let whole = libm::sqrt(units.whole.0 * units.whole.1);
        let (low, high) = match units.base {
            Token::Zero => (low, high),
            Token::One => (1.0 / high, 1.0 / low),
        };
        Self { liquidity: liquidity as f64 / whole, low, high }
    }

    /// The prices it begins and ends with.
    #[must_use]
    pub fn bounds(&self) -> (f64, f64) {
        (self.low * self.low, self.high * self.high)
    }

    /// The root of a price, kept inside the range.
    fn root(&self, price: f64) -> f64 {
        libm::sqrt(price).clamp(self.low, self.high)
    }

    /// Base held at a price; so much the value rises with each unit of price.
    #[must_use]
    pub fn base(&self, price: f64) -> f64 {
        let root = self.root(price);
        self.liquidity * (self.high - root) / (root * self.high)
    }

    /// Quote held at a price.
    #[must_use]
    pub fn quote(&self, price: f64) -> f64 {
        self.liquidity * (self.root(price) - self.low)
    }

    /// What it is worth at a price, in quote.
    #[must_use]
    pub fn value(&self, price: f64) -> f64 {
        self.base(price) * price + self.quote(price)
    }

    /// How much the base held falls as the price rises, per unit of price: not above zero, and zero outside the range.
    #[must_use]
    pub fn gamma(&self, price: f64) -> f64 {
        let (low, high) = self.bounds();
        if price < low || price >= high { 0.0 } else { -0.5 * self.liquidity / (price * libm::sqrt(price)) }
    }

    /// What it is worth at a price less than what it held at another one would be worth, in quote: never above zero ("impermanent
    /// loss").
    #[must_use]
    pub fn against_holding(&self, entry: f64, price: f64) -> f64 {
        self.value(price) - (self.base(entry) * price + self.quote(entry))
    }

    /// What it loses to those who trade at the better price elsewhere, in quote per unit of time, at a variance of returns per unit
    /// of time: `variance·price²/2·|d base / d price|` (Milionis, Moallemi, Roughgarden and Zhang 2022, "Automated Market Making and
    /// Loss-Versus-Rebalancing", theorem 1). It is what fees have to earn.
    #[must_use]
    pub fn against_rebalancing(&self, price: f64, variance: f64) -> f64 {
        -0.5 * variance * price * price * self.gamma(price)
    }
}

/// A position marked at a price, in whole tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    /// Quote per base.
    pub price: f64,
    /// Base of its liquidity.
    pub base: f64,
    /// Quote of its liquidity.
    pub quote: f64,
    /// Base of its fees.
    pub fees_base: f64,
    /// Quote of its fees.
    pub fees_quote: f64,
    /// All of it, in quote.
    pub value: f64,
    /// Base of liquidity and fees: what the value changes by with the price.
    pub delta: f64,
    /// What the delta changes by with the price.
    pub gamma: f64,
}

impl Mark {
    /// Marks what a position is worth; `curve` is its own in these units.
    #[must_use]
    pub fn new(worth: &Worth, price: SqrtPrice, curve: &Curve, units: &Units) -> Self {
        let (base, quote) = units.sides(&worth.amounts);
        let fees = Amounts { zero: worth.fees.0.into(), one: worth.fees.1.into() };
        let (fees_base, fees_quote) = units.sides(&fees);
        let price = units.price(price);
        let delta = base + fees_base;
        Self {
            price,
            base,
            quote,
            fees_base,
            fees_quote,
            value: delta * price + quote + fees_quote,
            delta,
            gamma: curve.gamma(price),
        }
    }
}

#[cfg(test)]
mod tests;
