//! The other traders: what they ask for, drawn from a seed.
//!
//! They share a belief of what the price should be ([`Fair`]), which wanders, trends and jumps. Most of what they do is to place
//! orders about it and to cancel them, so that about as many stand as the spec says; some improve a wide spread, some take
//! for reasons of their own, and some sweep what the fair price has left behind. Distances and sizes are those of the
//! synthetic market ([`Shape`]). Every kind of order there is comes from somebody: all lifetimes, icebergs, market orders,
//! stops and trailing stops, reduce-only, amendments.
//!
//! Never here: knowledge of whose an order is that is not theirs; a look at what the venue made of a request.

use alloc::vec::Vec;

use ballast_model::{
    ClientOrderId, Digest, InstrumentSpec, Lots, NewOrder, Price, Rate, ReduceOnly, Side, Span, Ticks,
    TimeInForce,
};
use ballast_model::{InstrumentId, Nanos};

use super::spec::FloorSpec;
use crate::matching::{
    AccountId, Amendment, Matching, Placement, Prevention, Pricing, Request, Source, Trigger, When,
};
use crate::synth::fair::Fair;
use crate::synth::rng::Rng;
use crate::synth::shape::Shape;

/// Mean number of jumps of the fair price in a second.
const JUMP_RATE: f64 = 0.25;
/// How far beyond the touch the fair price must be for informed traders to act, in reference ticks, and the part of that they
/// leave to the book.
const REACT_BEYOND: f64 = 11.0;
const REACT_MARGIN: f64 = 0.3;
/// Part of resting orders that join the best price or what is next to the fair price.
const AT_TOUCH: f64 = 0.25;
/// Parts of resting orders that are post-only, that end by themselves, and that show a part at a time.
const POST_ONLY: f64 = 0.15;
const ENDING: f64 = 0.1;
const ICEBERG: f64 = 0.1;
/// Mean lifetime, in seconds, of orders that end by themselves.
const LIFETIME_S: f64 = 5.0;
/// Farthest an uninformed taker walks, as a part of the price.
const SLIP: f64 = 0.000_3;
/// How far from the touch a price lies that an order waits for, in reference ticks on average.
const WAIT_TICKS: f64 = 60.0;

/// An order they placed to rest; it may have ended since.
#[derive(Clone, Copy, Debug)]
struct Placed {
    account: AccountId,
    client_id: ClientOrderId,
    side: Side,
    price: Price,
    lots: Lots,
}

/// A grid that is so many times as coarse as the instrument's own, in price and in size; both at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Multiples {
    /// Ticks from one price to the next.
    pub ticks: i64,
    /// Lots from one size to the next.
    pub lots: i64,
}

impl Multiples {
    /// The instrument's own grid.
    pub const ONE: Self = Self { ticks: 1, lots: 1 };

    /// The price on this grid that is as far as this from the other side, or next farther.
    const fn price(self, side: Side, price: Price) -> Price {
        let floor = price.0.div_euclid(self.ticks) * self.ticks;
        match side {
            Side::Ask if floor < price.0 => Price(floor + self.ticks),
            Side::Bid | Side::Ask => Price(floor),
        }
    }

    /// The size on this grid that is next below, and no smaller than one of its steps.
    fn size(self, lots: Lots) -> Lots {
        Lots((lots.0 / self.lots * self.lots).max(self.lots))
    }
}

/// The crowd.
#[derive(Debug)]
pub(super) struct Crowd {
    rng: Rng,
    fair: Fair,
    shape: Shape,
    instrument: InstrumentSpec,
    /// The accounts are those from here on.
    first: u16,
    accounts: u16,
    /// Mean time between requests, in seconds.
    gap_s: f64,
    /// About so many orders stand.
    target: usize,
    position_max: Lots,
    /// Their prices and sizes are multiples of so many ticks and lots.
    grid: Multiples,
    placed: Vec<Placed>,
    last_id: u64,
    now: Nanos,
    /// When they next ask for something.
    next_at: Nanos,
}

impl Crowd {
    pub(super) fn new(spec: &FloorSpec) -> Self {
        let (crowd, instrument) = (&spec.crowd, spec.matching.instrument);
        let mut rng = Rng::new(crowd.seed);
        let lot = instrument.notional(crowd.start_price, Lots(1)).to_f64();
        let shape = Shape::of_lot_value(crowd.start_price, lot);
        let fair = Fair::new(to_f64(crowd.start_price.0) + 0.5, &shape, &mut rng);
        let target = usize::try_from(crowd.orders).unwrap_or(usize::MAX);
        let mut all = Self {
            rng,
            fair,
            shape,
            instrument,
            first: spec.clients,
            accounts: spec.matching.limits.accounts - spec.clients,
            gap_s: 1.0 / f64::from(crowd.requests_per_second),
            target,
            position_max: spec.matching.limits.position,
            grid: Multiples::ONE,
            placed: Vec::with_capacity(2 * target),
            last_id: 0,
            now: spec.start,
            next_at: spec.start,
        };
        all.schedule();
        all
    }

    pub(super) const fn next_at(&self) -> Nanos {
        self.next_at
    }

    /// What the price should be, on the grid and within what an order may carry.
    pub(super) fn fair_price(&self) -> Price {
        let (low, high) = (self.instrument.price_min, self.instrument.price_max);
        Price(to_ticks(self.fair.value() + 0.5)).clamp(low, high)
    }

    /// One of the orders that stand before anybody else comes.
    pub(super) fn opening(&mut self, engine: &Matching) -> Request {
        self.rests(engine)
    }

    /// From now on their orders are on a coarser grid, or on one that is finer again. What stands stays.
    /// Returns the one before.
    pub(super) const fn regrid(&mut self, grid: Multiples) -> Multiples {
        core::mem::replace(&mut self.grid, grid)
    }

    /// Takes back all that may stand.
    pub(super) fn withdraw(&mut self) -> impl Iterator<Item = Request> {
        core::mem::take(&mut self.placed)
            .into_iter()
            .map(|gone| Request::Cancel(gone.account, gone.client_id))
    }

    /// How many orders they open with.
    pub(super) const fn opens_with(&self) -> usize {
        self.target
    }

    /// What somebody asks for now.
    pub(super) fn ask(&mut self, engine: &Matching) -> Request {
        let waited = self.next_at - self.now;
        self.now = self.next_at;
        self.fair.advance(waited.as_secs_f64(), &mut self.rng);
        if self.rng.chance(JUMP_RATE * waited.as_secs_f64()) {
            self.fair.jump(&mut self.rng);
        }
        self.schedule();
        // Of a thousand requests; what somebody has no reason for now gives way to the rest.
        let request = match self.rng.below(1_000) {
            0..60 => self.amends(),
            60..100 => self.improves(engine),
            100..180 => self.reacts(engine),
            180..205 => self.takes(engine),
            205..220 => self.waits(engine),
            _ => None,
        };
        request.unwrap_or_else(|| self.rests_or_cancels(engine))
    }

    fn schedule(&mut self) {
        let wait = to_ticks(self.rng.exponential(self.gap_s) * 1e9);
        self.next_at = self.now + Span(wait.max(1));
    }

    /// As many stand as should where the two are equally likely.
    fn rests_or_cancels(&mut self, engine: &Matching) -> Request {
        let (target, stand) = (count(self.target), count(self.placed.len()));
        if self.rng.chance(target / (target + stand)) {
            return self.rests(engine);
        }
        match self.pick() {
            Some(at) => {
                let gone = self.placed.swap_remove(at);
                Request::Cancel(gone.account, gone.client_id)
            }
            None => self.rests(engine),
        }
    }

    /// A place on a side, behind the best price and the fair one.
    fn rests(&mut self, engine: &Matching) -> Request {
        let (side, account) = (self.any_side(), self.anybody());
        let fair = self.fair_price().away(side, Ticks(1));
        let best = engine.best(side).unwrap_or(fair);
        let anchor = if side.reaches(best, fair) { fair } else { best };
        let distance = if self.rng.chance(AT_TOUCH) { 0 } else { self.shape.distance(&mut self.rng) };
        let thickness = self.shape.thickness(distance);
        let lots = if distance == 0 {
            self.shape.touch_lots(&mut self.rng)
        } else {
            self.shape.resting_lots(thickness, &mut self.rng)
        };
        let price = self.within(anchor.away(side, Ticks(distance)));
        let kind = self.rng.unit();
        let tif = if kind < POST_ONLY {
            TimeInForce::PostOnly
        } else if kind < POST_ONLY + ENDING {
            let life = to_ticks(self.rng.exponential(LIFETIME_S) * 1e9).max(1);
            TimeInForce::GoodTillDate(self.now + Span(life))
        } else {
            TimeInForce::GoodTillCancel
        };
        let mut new = self.order(account, side, price, lots, tif);
        if self.rng.chance(ICEBERG) && new.order.lots > Lots(4) {
            new.display = self.grid.size(Lots(new.order.lots.0 / 4));
        }
        self.keep(&new);
        Request::Place(new)
    }

    /// An order becomes smaller, or moves by a few ticks.
    fn amends(&mut self) -> Option<Request> {
        let at = self.pick()?;
        let step = Ticks(1 + self.below(5));
        let smaller = self.rng.chance(0.5);
        let (low, grid) = (self.instrument.size_min, self.grid);
        let order = self.placed.get_mut(at)?;
        if smaller {
            order.lots = grid.size(Lots(order.lots.0 / 2).max(low));
        } else {
            order.price = grid.price(order.side, order.price.away(order.side, step));
        }
        let Placed { account, client_id, price, lots, .. } = *order;
        Some(Request::Amend(Amendment { account, client_id, price, lots }))
    }

    /// Somebody quotes inside a wide spread, on the side from which the fair price is reached.
    fn improves(&mut self, engine: &Matching) -> Option<Request> {
        let (bid, ask) = (engine.best(Side::Bid)?, engine.best(Side::Ask)?);
        let room = (ask - bid).0 - 1;
        if room < 1 {
            return None;
        }
        let middle = 0.5 * (to_f64(bid.0) + to_f64(ask.0));
        let side = if self.fair.value() > middle { Side::Bid } else { Side::Ask };
        let best = if side == Side::Bid { bid } else { ask };
        let price = best.away(side, Ticks(-(1 + self.below(room.unsigned_abs()))));
        let (account, lots) = (self.anybody(), self.shape.touch_lots(&mut self.rng));
        let new = self.order(account, side, price, lots, TimeInForce::PostOnly);
        self.keep(&new);
        Some(Request::Place(new))
    }

    /// Somebody who knows the fair price sweeps what it has left behind.
    fn reacts(&mut self, engine: &Matching) -> Option<Request> {
        let beyond = (REACT_BEYOND * self.shape.unit).max(1.0);
        let fair = self.fair.value();
        let far = |side: Side| {
            let best = engine.best(side.opposite())?;
            ((fair - to_f64(best.0)) * to_f64(side.sign()) > beyond).then_some(side)
        };
        let side = far(Side::Bid).or_else(|| far(Side::Ask))?;
        let limit = self.within(Price(to_ticks(fair - to_f64(side.sign()) * REACT_MARGIN * beyond)));
        let (account, lots) = (self.anybody(), self.shape.informed_lots(&mut self.rng));
        Some(Request::Place(self.order(account, side, limit, lots, TimeInForce::ImmediateOrCancel)))
    }

    /// Somebody takes for reasons of their own; who holds much gives some of it back.
    fn takes(&mut self, engine: &Matching) -> Option<Request> {
        let (account, drawn) = (self.anybody(), self.any_side());
        let held = engine.position(account);
        let heavy = held.signed(drawn).0 > self.position_max.0 / 4;
        let side = if heavy { drawn.opposite() } else { drawn };
        let best = engine.best(side.opposite())?;
        let slip = Ticks(-to_ticks(SLIP * to_f64(best.0)).max(1));
        let lots = if self.rng.chance(0.08) {
            self.shape.forced_lots(&mut self.rng)
        } else {
            self.shape.take_lots(&mut self.rng)
        };
        let kind = self.rng.unit();
        let tif = if kind < 0.1 { TimeInForce::FillOrKill } else { TimeInForce::ImmediateOrCancel };
        let mut new = self.order(account, side, self.within(best.away(side, slip)), lots, tif);
        if kind > 0.7 {
            new.pricing = Pricing::Market;
        }
        let reduces = held.signed(side) < Lots::ZERO;
        if reduces && self.rng.chance(0.5) {
            new.order.reduce_only = ReduceOnly::Yes;
        }
        Some(Request::Place(new))
    }

    /// Somebody leaves a stop, a take-profit or a trailing stop for a position.
    fn waits(&mut self, engine: &Matching) -> Option<Request> {
        let account = self.anybody();
        let held = engine.position(account);
        let last = engine.last_price()?;
        if held.is_zero() {
            return None;
        }
        let side = if held > Lots::ZERO { Side::Ask } else { Side::Bid };
        let lots = self.shape.touch_lots(&mut self.rng).min(held.abs());
        let mut new = self.order(account, side, Price::default(), lots, TimeInForce::ImmediateOrCancel);
        new.pricing = Pricing::Market;
        new.order.reduce_only = ReduceOnly::Yes;
        let far = Ticks(1 + to_ticks(self.rng.exponential(WAIT_TICKS * self.shape.unit)));
        // Away from the market on the order's own side is where a take-profit lies, the other way a stop.
        let when = match self.rng.below(3) {
            0 => When::Stop(self.within(last.away(side, Ticks(-far.0)))),
            1 => When::TakeProfit(self.within(last.away(side, far))),
            _ => When::Trails { activation: None, callback: Rate(1 + self.below(100_000)) },
        };
        let source = if self.rng.chance(0.5) { Source::Last } else { Source::Mark };
        new.trigger = Some(Trigger { source, when });
        Some(Request::Place(new))
    }

    fn order(
        &mut self,
        account: AccountId,
        side: Side,
        price: Price,
        lots: Lots,
        tif: TimeInForce,
    ) -> Placement {
        self.last_id += 1;
        let modes = [Prevention::ExpireTaker, Prevention::ExpireMaker, Prevention::Decrement];
        let mode = modes.get(usize::from(account.0) % modes.len());
        let (price, lots) =
            (self.grid.price(side, price), lots.clamp(self.instrument.size_min, self.instrument.size_max));
        Placement {
            account,
            order: NewOrder {
                instrument: InstrumentId(0),
                client_id: ClientOrderId(self.last_id),
                side,
                price,
                lots: self.grid.size(lots),
                tif,
                reduce_only: ReduceOnly::No,
                expires_at: Nanos::MAX,
            },
            pricing: Pricing::Limit,
            prevention: mode.copied().unwrap_or(Prevention::ExpireTaker),
            display: Lots::ZERO,
            trigger: None,
        }
    }

    fn keep(&mut self, new: &Placement) {
        let NewOrder { client_id, side, price, lots, .. } = new.order;
        self.placed.push(Placed { account: new.account, client_id, side, price, lots });
    }

    fn pick(&mut self) -> Option<usize> {
        let len = u64::try_from(self.placed.len()).unwrap_or(u64::MAX);
        let at = usize::try_from(self.rng.below(len)).ok()?;
        (len > 0).then_some(at)
    }

    fn anybody(&mut self) -> AccountId {
        let nth = u16::try_from(self.rng.below(self.accounts.into())).unwrap_or_default();
        AccountId(self.first + nth)
    }

    fn any_side(&mut self) -> Side {
        if self.rng.chance(0.5) { Side::Bid } else { Side::Ask }
    }

    fn below(&mut self, bound: u64) -> i64 {
        i64::try_from(self.rng.below(bound)).unwrap_or_default()
    }

    fn within(&self, price: Price) -> Price {
        price.clamp(self.instrument.price_min, self.instrument.price_max)
    }

    /// Takes in what later requests depend on.
    pub(super) fn digest(&self, digest: &mut Digest) {
        // A copy's next number stands for the generator's whole state.
        digest.word(self.rng.clone().next_u64());
        digest.word(self.fair.value().to_bits());
        digest.word(self.last_id);
        digest.signed(self.now.0);
        digest.signed(self.next_at.0);
        digest.signed(self.grid.ticks);
        digest.signed(self.grid.lots);
        for order in &self.placed {
            digest.word(u64::from(order.account.0));
            digest.word(order.client_id.0);
            digest.signed(order.price.0);
            digest.signed(order.lots.0);
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "prices and counts stay far below 2^53")]
const fn to_f64(number: i64) -> f64 {
    number as f64
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
const fn count(number: usize) -> f64 {
    number as f64
}

/// A float cut towards zero.
#[expect(clippy::cast_possible_truncation, reason = "the cast saturates, and callers cut to a range")]
const fn to_ticks(number: f64) -> i64 {
    number as i64
}
