//! The seeded flow that the matching engine is measured with.
//!
//! One million requests of 16 accounts about a price that walks: of a hundred, 46 places that mostly rest, 44 cancels, 4
//! amendments, 6 orders that take. They are made beforehand; a first third fills the book and is not timed. The same flow
//! gives the same last state hash.
#![expect(clippy::indexing_slicing, reason = "indices are below lengths fixed here; another one must stop")]

use std::hint::black_box;

use ballast_core::replace::ReplaceRules;
use ballast_exchange::FeeSchedule;
use ballast_exchange::matching::{
    AccountId, Amendment, Matching, MatchingLimits, MatchingSpec, Outcome, Placement, Prevention, Pricing,
    Request, Sink, TIERS_MAX,
};
use ballast_model::{
    AssetId, ClientOrderId, Contract, InstrumentId, InstrumentSpec, Lots, Money, Nanos, NewOrder, Price,
    Rate, ReduceOnly, Side, Step, TimeInForce, TradeId, VenueOrderId,
};

/// Requests of the flow.
pub const REQUESTS: usize = 1_000_000;
/// Of these, the first fill the book.
pub const WARM: usize = REQUESTS / 3;
const ACCOUNTS: u16 = 16;

fn spec() -> MatchingSpec {
    let instrument = InstrumentSpec::new(InstrumentSpec {
        tick: Step { mantissa: 1, scale: 2 },
        lot: Step { mantissa: 1, scale: 3 },
        multiplier: 1,
        contract: Contract::Linear,
        price_min: Price(1),
        price_max: Price(10_000_000),
        size_min: Lots(1),
        size_max: Lots(1_000_000),
        notional_min: Money::ZERO,
        base: AssetId(1),
        quote: AssetId(0),
    });
    MatchingSpec {
        instrument: instrument.expect("a sound instrument"),
        fees: FeeSchedule { maker: Rate::from_bps(-1), taker: Rate::from_bps(4) },
        tiers: [None; TIERS_MAX],
        margin: None,
        amend: ReplaceRules::DERIBIT,
        market_protection: Rate::from_bps(500),
        band: None,
        halt: None,
        limits: MatchingLimits {
            accounts: ACCOUNTS,
            orders: 1 << 16,
            waiting: 1 << 12,
            orders_per_account: 1 << 16,
            pages: 1 << 10,
            position: Lots(1 << 50),
            batch: 128,
        },
        first_order_id: VenueOrderId(1),
        first_trade_id: TradeId(1),
    }
}

/// An engine with an empty book.
///
/// # Panics
/// Never: its spec is fixed.
#[must_use]
pub fn engine() -> Matching {
    Matching::new(&spec()).expect("a sound engine")
}

/// Looks at every outcome and keeps none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    /// Outcomes of all kinds.
    pub outcomes: u64,
    /// Trades.
    pub trades: u64,
    /// Requests refused.
    pub refusals: u64,
}

impl Sink for Seen {
    fn put(&mut self, outcome: &Outcome) {
        let outcome = black_box(outcome);
        self.outcomes += 1;
        self.trades += u64::from(matches!(outcome, Outcome::Traded(_)));
        let refused = matches!(
            outcome,
            Outcome::Rejected(..) | Outcome::CancelRejected(..) | Outcome::ReplaceRejected(..)
        );
        self.refusals += u64::from(refused);
    }
}

/// xorshift64* (Vigna, 2016).
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16) % n
    }

    fn ticks(&mut self, n: u64) -> i64 {
        self.below(n).cast_signed()
    }
}

/// A limit order.
#[must_use]
pub const fn placement(
    account: AccountId,
    id: u64,
    side: Side,
    price: i64,
    lots: i64,
    tif: TimeInForce,
) -> Placement {
    Placement {
        account,
        order: NewOrder {
            instrument: InstrumentId(0),
            client_id: ClientOrderId(id),
            side,
            price: Price(price),
            lots: Lots(lots),
            tif,
            reduce_only: ReduceOnly::No,
            expires_at: Nanos::MAX,
        },
        pricing: Pricing::Limit,
        prevention: Prevention::ExpireTaker,
        display: Lots::ZERO,
        trigger: None,
    }
}

/// The flow: every request of it, from a seed.
///
/// # Panics
/// Never: its numbers are small.
#[must_use]
pub fn flow(seed: u64) -> Vec<Request> {
    let mut random = Random(seed);
    let mut mid = 200_000;
    // Orders that were placed to rest; some will have traded by the time they are asked for again.
    let mut live: Vec<Placement> = Vec::new();
    let mut requests = Vec::with_capacity(REQUESTS);
    for id in 1..=REQUESTS as u64 {
        mid += if id.is_multiple_of(50) { random.ticks(3) - 1 } else { 0 };
        let side = if random.below(2) == 0 { Side::Bid } else { Side::Ask };
        let account = AccountId(u16::try_from(random.below(ACCOUNTS.into())).expect("few accounts"));
        let lots = 1 + random.ticks(50);
        let picked = usize::try_from(random.below(live.len().max(1) as u64)).expect("an index");
        let request = match random.below(100) {
            0..46 => {
                // The deeper, the rarer: a product of two uniform numbers.
                let depth = 1 + random.ticks(40) * random.ticks(40) / 20;
                let price = mid - side.sign() * depth;
                let new = placement(account, id, side, price, lots, TimeInForce::GoodTillCancel);
                live.push(new);
                Request::Place(new)
            }
            46..90 if !live.is_empty() => {
                let gone = live.swap_remove(picked);
                Request::Cancel(gone.account, gone.order.client_id)
            }
            90..94 if !live.is_empty() => {
                let Placement { account, order, .. } = live[picked];
                let lots = Lots(1 + order.lots.0 / 2);
                let price = Price(order.price.0 - order.side.sign() * random.ticks(2));
                Request::Amend(Amendment { account, client_id: order.client_id, price, lots })
            }
            _ => {
                let price = mid + side.sign() * 10;
                Request::Place(placement(account, id, side, price, 2 * lots, TimeInForce::ImmediateOrCancel))
            }
        };
        requests.push(request);
    }
    requests
}

/// An engine with the first third of the flow done.
#[must_use]
pub fn warmed(requests: &[Request]) -> Matching {
    let (mut engine, mut seen) = (engine(), Seen::default());
    for request in &requests[..WARM] {
        engine.apply(request, &mut seen);
    }
    engine
}
