//! A seeded crowd in the matching engine, and the file of order events that its venue would have published.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ballast_core::replace::ReplaceRules;
use ballast_exchange::FeeSchedule;
use ballast_exchange::matching::{
    AccountId, Amendment, Matching, MatchingLimits, MatchingSpec, Outbox, Outcome, Placement, Prevention,
    Pricing, Request, TIERS_MAX,
};
use ballast_model::{
    AssetId, ClientOrderId, Contract, InstrumentId, InstrumentSpec, Lots, Money, Nanos, NewOrder, Price,
    Rate, ReduceOnly, Side, Step, TimeInForce, TradeId, VenueOrderId,
};

/// The account that is not the crowd's.
pub(crate) const US: AccountId = AccountId(3);
/// When the first request reaches the venue, by its clock.
const BEGIN: i64 = 1_723_161_256_000_000_000;
/// From one request to the next.
const STEP: i64 = 20_000_000;
/// From the venue's clock to ours.
const WAY: i64 = 3_000_000;
/// Where the crowd trades.
const MID: i64 = 300_000;

/// xorshift64* (Vigna, 2016).
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> i64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        i64::try_from((self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16) % n).unwrap()
    }
}

/// An engine of four accounts, whose amendments keep their place while they only make an order smaller.
pub(crate) fn engine() -> Matching {
    let instrument = InstrumentSpec::new(InstrumentSpec {
        tick: Step::parse("0.01").unwrap(),
        lot: Step::parse("0.001").unwrap(),
        multiplier: 1,
        contract: Contract::Linear,
        price_min: Price(1),
        price_max: Price(1_000_000),
        size_min: Lots(1),
        size_max: Lots(1_000_000),
        notional_min: Money::ZERO,
        base: AssetId(0),
        quote: AssetId(1),
    });
    let spec = MatchingSpec {
        instrument: instrument.unwrap(),
        fees: FeeSchedule { maker: Rate::from_bps(2), taker: Rate::from_bps(5) },
        tiers: [None; TIERS_MAX],
        margin: None,
        amend: ReplaceRules::DERIBIT,
        market_protection: Rate::from_bps(500),
        band: None,
        halt: None,
        limits: MatchingLimits {
            accounts: 4,
            orders: 4_000,
            waiting: 0,
            orders_per_account: 2_000,
            pages: 64,
            position: Lots(1 << 40),
            batch: 1,
        },
        first_order_id: VenueOrderId(1),
        first_trade_id: TradeId(1),
    };
    Matching::new(&spec).unwrap()
}

/// A limit order or, immediate, one at any price.
pub(crate) fn placement(account: AccountId, order: NewOrder) -> Placement {
    let pricing = if order.tif.may_rest() { Pricing::Limit } else { Pricing::Market };
    Placement { account, order, pricing, prevention: Prevention::None, display: Lots::ZERO, trigger: None }
}

/// When a request of the crowd reaches the venue, on our clock.
pub(crate) fn time_of(request: usize) -> Nanos {
    Nanos(BEGIN + WAY + STEP * i64::try_from(request).unwrap())
}

/// An order of the crowd that rests.
#[derive(Clone, Copy, Debug)]
struct Open {
    venue_id: u64,
    side: Side,
    price: Price,
    lots: Lots,
    left: Lots,
}

/// What a crowd asked for, in its order, and what its venue published of it.
pub(crate) struct Crowd {
    pub(crate) requests: Vec<Request>,
    pub(crate) csv: String,
    open: BTreeMap<(u16, u64), Open>,
    random: Random,
}

impl Crowd {
    /// So many requests after a book of eighty orders.
    pub(crate) fn new(seed: u64, requests: usize) -> Self {
        let csv = "ev,exch_ts,local_ts,px,qty,order_id,ival,fval\n".to_owned();
        let (random, open) = (Random(seed), BTreeMap::new());
        let mut crowd = Self { requests: Vec::new(), csv, open, random };
        let (mut engine, mut outbox) = (engine(), Outbox::new(5_000));
        for number in 0..requests {
            let request = if number < 80 { crowd.builds(number) } else { crowd.asks(number) };
            outbox.clear();
            engine.apply(&request, &mut outbox);
            crowd.publish(number, &request, outbox.outcomes());
            crowd.requests.push(request);
        }
        assert_eq!((engine.validate(), outbox.lost()), (Ok(()), 0));
        crowd
    }

    fn place(&self, number: usize, side: Side, price: i64, lots: i64, tif: TimeInForce) -> Request {
        let order = NewOrder {
            instrument: InstrumentId(0),
            client_id: ClientOrderId(1 + number as u64),
            side,
            price: Price(price),
            lots: Lots(lots),
            tif,
            reduce_only: ReduceOnly::No,
            expires_at: Nanos::MAX,
        };
        Request::Place(placement(AccountId(u16::try_from(number % 3).unwrap()), order))
    }

    /// The book at the beginning.
    fn builds(&mut self, number: usize) -> Request {
        let side = Side::BOTH[number % 2];
        let price = MID - side.sign() * (1 + self.random.below(12));
        let lots = 20 + self.random.below(200);
        self.place(number, side, price, lots, TimeInForce::GoodTillCancel)
    }

    /// Most orders rest near the middle; some take, some cross it and rest, and many are cancelled or amended.
    fn asks(&mut self, number: usize) -> Request {
        let side = Side::BOTH[usize::try_from(self.random.below(2)).unwrap()];
        let lots = 1 + self.random.below(120);
        let near = MID - side.sign() * self.random.below(9);
        match self.random.below(100) {
            0..45 => self.place(number, side, near, lots, TimeInForce::GoodTillCancel),
            45..52 => {
                let across = MID + side.sign() * self.random.below(4);
                self.place(number, side, across, lots, TimeInForce::GoodTillCancel)
            }
            52..64 => self.place(number, side, MID, lots, TimeInForce::ImmediateOrCancel),
            kind => {
                let index = usize::try_from(self.random.below(self.open.len() as u64)).unwrap();
                let ((account, id), open) = self.open.iter().nth(index).unwrap();
                let (account, client_id) = (AccountId(*account), ClientOrderId(*id));
                let done = open.lots - open.left;
                let (same, smaller) = (open.price, Lots(1 + self.random.below(open.left.0.unsigned_abs())));
                match kind {
                    64..86 => Request::Cancel(account, client_id),
                    86..92 => {
                        Request::Amend(Amendment { account, client_id, price: same, lots: done + smaller })
                    }
                    92..96 => Request::Amend(Amendment {
                        account,
                        client_id,
                        price: same,
                        lots: open.lots + Lots(lots),
                    }),
                    _ => {
                        let price = Price(MID - open.side.sign() * self.random.below(9));
                        Request::Amend(Amendment { account, client_id, price, lots: done + Lots(lots) })
                    }
                }
            }
        }
    }

    /// One line.
    fn line(&mut self, request: usize, kind: u64, side: Side, price: Price, lots: Lots, id: u64) {
        let side = if side == Side::Bid { 1 << 29 } else { 1 << 28 };
        let ev: u64 = (3 << 30) | side | kind;
        let at = BEGIN + STEP * i64::try_from(request).unwrap();
        let decimal = |units: i64, scale: usize| {
            let one = 10i64.pow(u32::try_from(scale).unwrap());
            format!("{}.{:0scale$}", units / one, units % one)
        };
        let (px, qty) = (decimal(price.0, 2), decimal(lots.0, 3));
        writeln!(self.csv, "{ev},{at},{},{px},{qty},{id},0,0.0", at + WAY).unwrap();
    }

    /// What becomes of an order's size: a modification, or the end.
    fn rests(&mut self, request: usize, key: (u16, u64), open: Open) {
        let kind = if open.left.is_zero() { 11 } else { 12 };
        self.line(request, kind, open.side, open.price, open.left, open.venue_id);
        if open.left.is_zero() {
            self.open.remove(&key);
        } else {
            self.open.insert(key, open);
        }
    }

    /// The lines of a request.
    fn publish(&mut self, number: usize, request: &Request, outcomes: &[Outcome]) {
        let mut arriving: Option<((u16, u64), Open)> = None;
        for outcome in outcomes {
            match *outcome {
                Outcome::Accepted(order) => {
                    let Request::Place(placement) = request else { panic!("{request:?}") };
                    let NewOrder { side, price, lots, .. } = placement.order;
                    let key = (order.account.0, order.client_id.0);
                    arriving =
                        Some((key, Open { venue_id: order.venue_id.0, side, price, lots, left: lots }));
                }
                Outcome::Replaced { order, price, lots, filled } => {
                    let key = (order.account.0, order.client_id.0);
                    arriving = Some((key, Open { price, lots, left: lots - filled, ..self.open[&key] }));
                }
                Outcome::Traded(trade) => {
                    let maker = (trade.maker.order.account.0, trade.maker.order.client_id.0);
                    let open = self.open[&maker];
                    self.line(number, 2, trade.taker_side, trade.price, trade.lots, 0);
                    self.line(number, 13, open.side, trade.price, trade.lots, open.venue_id);
                    self.rests(number, maker, Open { left: trade.maker.left, ..open });
                    arriving.as_mut().unwrap().1.left = trade.taker.left;
                }
                Outcome::Cancelled(order, _) => {
                    let key = (order.account.0, order.client_id.0);
                    self.rests(number, key, Open { left: Lots::ZERO, ..self.open[&key] });
                }
                Outcome::Expired(..) => arriving = None,
                Outcome::ReplaceRejected(..) => {}
                Outcome::Rejected(..)
                | Outcome::Triggered(_)
                | Outcome::Prevented { .. }
                | Outcome::CancelRejected(..)
                | Outcome::AllCancelled(..)
                | Outcome::Halted
                | Outcome::Resumed
                | Outcome::Funded(..)
                | Outcome::Liquidated(..)
                | Outcome::Insured(..)
                | Outcome::Deleveraged(_) => panic!("{outcome:?}"),
            }
        }
        match arriving {
            Some((key, open)) if self.open.contains_key(&key) => self.rests(number, key, open),
            Some((key, open)) if !open.left.is_zero() => {
                self.line(number, 10, open.side, open.price, open.left, open.venue_id);
                self.open.insert(key, open);
            }
            _ => {}
        }
    }
}
