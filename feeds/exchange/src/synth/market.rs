//! The market itself: an event-driven simulation of a book around a latent fair price.
//!
//! Seven things happen, each at its own rate (see [`Happening`]; `flow.rs` says what each does). Rates feed on what
//! happened: every tick the touch moves starts a short wave of re-quoting all over the book, and every trade warms the market
//! for seconds, so activity comes in bursts, as in a self-exciting process (Hawkes, 1971). Uninformed takers walk the book
//! at random and most of the move they make comes back: that is what a maker earns. Informed takers sweep what the fair
//! price has left behind: that is what a maker loses.
//!
//! Never here: a crossed book, an empty side, a trade at a price where nothing rested.

use ballast_model::{Lots, Price, Side, Ticks};

use super::book::{Level, TrueBook};
use super::fair::Fair;
use super::rng::Rng;
use super::shape::Shape;

/// Rate, per second, at which makers improve a spread wider than one tick.
const IMPROVE_RATE: f64 = 350.0;
/// Rate, per second, at which informed traders look at the touch.
const REACT_RATE: f64 = 250.0;
/// Length of a wave of re-quoting in seconds, its cap in visits per second, and its share that goes to the touch.
const WAVE_TAU_S: f64 = 0.06;
const WAVE_MAX: f64 = 30_000.0;
const WAVE_TOUCH: f64 = 0.06;
/// Memory of the market's heat in seconds; heat per trade and per reference tick moved; its cap.
const HEAT_TAU_S: f64 = 3.0;
const HEAT_PER_TAKE: f64 = 0.01;
const HEAT_PER_TICK: f64 = 0.004;
const HEAT_MAX: f64 = 4.0;

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Happening {
    /// Somebody adds or cancels away from the touch.
    Depth,
    /// Somebody adds or cancels at the touch.
    Touch,
    /// Somebody quotes inside a spread wider than a tick.
    Improve,
    /// Somebody takes for reasons of their own.
    Take,
    /// Informed traders compare the fair price with the touch.
    React,
    /// An algorithm flickers an order far from the market.
    Far,
    /// News moves the fair price.
    Jump,
}

/// Part of a resting order that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Print {
    /// Price of the level.
    pub(super) price: Price,
    /// Size taken.
    pub(super) lots: Lots,
    /// Side on which the order rested.
    pub(super) maker: Side,
}

/// The market.
#[derive(Debug)]
pub(super) struct Market {
    pub(super) shape: Shape,
    pub(super) rng: Rng,
    pub(super) fair: Fair,
    pub(super) book: TrueBook,
    /// Venue time in ns since the epoch.
    now_ns: i64,
    /// What happens at `now_ns`, decided by `wait`, done by `act`.
    next: Happening,
    /// Visits per second on top of the ordinary rate; decays with `WAVE_TAU_S`.
    wave: f64,
    /// Activity on top of the ordinary, as a ratio; decays with `HEAT_TAU_S`.
    heat: f64,
    /// First price; far orders are placed relative to it.
    pub(super) start: Price,
    /// Maker's side of the last uninformed trade.
    pub(super) take_from: Side,
}

impl Market {
    /// A market that opens at `start` and venue time `now_ns` with a full book.
    pub(super) fn new(shape: Shape, mut rng: Rng, start: Price, now_ns: i64) -> Self {
        let fair = Fair::new(start.0 as f64 + 0.5, &shape, &mut rng);
        let mut market = Self {
            shape,
            rng,
            fair,
            book: TrueBook::default(),
            now_ns,
            next: Happening::Depth,
            wave: 0.0,
            heat: 0.0,
            start,
            take_from: Side::Ask,
        };
        market.fill(Side::Bid, start);
        market.fill(Side::Ask, start + Ticks(1));
        market.book.forget_changes();
        market
    }

    /// Venue time in ns since the epoch.
    pub(super) fn now_ns(&self) -> i64 {
        self.now_ns
    }

    /// Lets time pass until the next happening, and returns that moment. The book has not changed yet.
    ///
    /// Thinning (Ogata, 1981): between happenings rates only fall, so their sum before the wait bounds their sum after it.
    /// (The volatility of the fair price may rise within a wait, by too little to matter.)
    pub(super) fn wait(&mut self) -> i64 {
        loop {
            let bound: f64 = self.rates().iter().map(|(_, rate)| rate).sum();
            let wait_s = self.rng.exponential(1.0 / bound);
            self.elapse(wait_s);
            let mut pick = self.rng.unit() * bound;
            for (happening, rate) in self.rates() {
                if pick < rate {
                    self.next = happening;
                    return self.now_ns;
                }
                pick -= rate;
            }
        }
    }

    /// Does what `wait` announced, puts what traded into `prints` in the order it traded, and returns how many levels
    /// changed.
    pub(super) fn act(&mut self, prints: &mut Vec<Print>) -> u32 {
        prints.clear();
        let Some((bid, ask)) = self.touch() else { return 0 };
        let changes = match self.next {
            Happening::Depth => self.visit_depth(),
            Happening::Touch => self.visit_touch(),
            Happening::Improve => self.improve(),
            Happening::Take => self.take(prints),
            Happening::React => self.react(prints),
            Happening::Far => self.flicker_far(),
            Happening::Jump => {
                self.fair.jump(&mut self.rng);
                0
            }
        };
        if let Some((new_bid, new_ask)) = self.touch() {
            self.excite(new_bid.price - bid.price, new_ask.price - ask.price, !prints.is_empty());
        }
        changes
    }

    /// Every happening with its rate per second now.
    fn rates(&self) -> [(Happening, f64); 7] {
        let base = self.shape.rates;
        // Activity grows with volatility, but less than in proportion.
        let pace = libm::sqrt(self.fair.vol_ratio());
        let heat = 1.0 + self.heat;
        let improve = match self.touch() {
            Some((bid, ask)) if ask.price - bid.price > Ticks(1) => IMPROVE_RATE,
            _ => 0.0,
        };
        [
            (Happening::Depth, base.depth * heat + self.wave),
            (Happening::Touch, base.touch * heat * pace + WAVE_TOUCH * self.wave),
            (Happening::Improve, improve),
            (Happening::Take, base.take * heat * pace),
            (Happening::React, REACT_RATE),
            (Happening::Far, base.far),
            (Happening::Jump, base.jump * pace),
        ]
    }

    #[expect(clippy::cast_possible_truncation, reason = "waits are far below the range of nanoseconds")]
    fn elapse(&mut self, wait_s: f64) {
        self.now_ns += (wait_s * 1e9) as i64 + 1;
        self.wave *= libm::exp(-wait_s / WAVE_TAU_S);
        self.heat *= libm::exp(-wait_s / HEAT_TAU_S);
        self.fair.advance(wait_s, &mut self.rng);
    }

    /// Lets what just happened raise the rates.
    fn excite(&mut self, bid_move: Ticks, ask_move: Ticks, traded: bool) {
        let moved = (bid_move.0.abs() + ask_move.0.abs()) as f64 / self.shape.unit;
        self.wave = (self.wave + self.shape.rates.wave * moved / WAVE_TAU_S).min(WAVE_MAX);
        let take = if traded { HEAT_PER_TAKE } else { 0.0 };
        self.heat = (self.heat + take + HEAT_PER_TICK * moved).min(HEAT_MAX);
    }

    /// Best bid and best ask.
    pub(super) fn touch(&self) -> Option<(Level, Level)> {
        Some((self.book.best(Side::Bid)?, self.book.best(Side::Ask)?))
    }
}
