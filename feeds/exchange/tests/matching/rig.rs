//! A small venue and short ways to talk to it.

use ballast_core::replace::ReplaceRules;
use ballast_exchange::FeeSchedule;
use ballast_exchange::matching::{
    AccountId, Amendment, Matching, MatchingLimits, MatchingSpec, Outbox, Outcome, Placement, Prevention,
    Pricing, Reject, Source, TIERS_MAX, Trigger, When,
};
use ballast_model::{
    AssetId, ClientOrderId, Contract, InstrumentId, InstrumentSpec, Lots, Money, Nanos, NewOrder, Price,
    Rate, ReduceOnly, Side, Step, TimeInForce, TradeId, VenueOrderId,
};

pub(crate) const GTC: TimeInForce = TimeInForce::GoodTillCancel;
pub(crate) const IOC: TimeInForce = TimeInForce::ImmediateOrCancel;
pub(crate) const FOK: TimeInForce = TimeInForce::FillOrKill;
pub(crate) const POST: TimeInForce = TimeInForce::PostOnly;

/// ETH at a tick of 0.01 and a lot of 0.001, 2 and 5 basis points, Binance USD-M's amendments, four accounts.
pub(crate) fn spec() -> MatchingSpec {
    let instrument = InstrumentSpec::new(InstrumentSpec {
        tick: Step::parse("0.01").unwrap(),
        lot: Step::parse("0.001").unwrap(),
        multiplier: 1,
        contract: Contract::Linear,
        price_min: Price(1),
        price_max: Price(1_000_000),
        size_min: Lots(1),
        size_max: Lots(10_000),
        notional_min: Money::ZERO,
        base: AssetId(0),
        quote: AssetId(1),
    });
    MatchingSpec {
        instrument: instrument.unwrap(),
        fees: FeeSchedule { maker: Rate::from_bps(2), taker: Rate::from_bps(5) },
        tiers: [None; TIERS_MAX],
        margin: None,
        amend: ReplaceRules::BINANCE_USDM,
        market_protection: Rate::from_bps(500),
        band: None,
        halt: None,
        limits: MatchingLimits {
            accounts: 4,
            orders: 100,
            waiting: 20,
            orders_per_account: 50,
            pages: 16,
            position: Lots(1_000_000),
            batch: 20,
        },
        first_order_id: VenueOrderId(1),
        first_trade_id: TradeId(1),
    }
}

/// A limit order, good till cancelled, with no self-trade prevention.
pub(crate) fn limit(account: u16, id: u64, side: Side, price: i64, lots: i64) -> Placement {
    Placement {
        account: AccountId(account),
        order: NewOrder {
            instrument: InstrumentId(0),
            client_id: ClientOrderId(id),
            side,
            price: Price(price),
            lots: Lots(lots),
            tif: GTC,
            reduce_only: ReduceOnly::No,
            expires_at: Nanos::MAX,
        },
        pricing: Pricing::Limit,
        prevention: Prevention::None,
        display: Lots::ZERO,
        trigger: None,
    }
}

pub(crate) fn bid(account: u16, id: u64, price: i64, lots: i64) -> Placement {
    limit(account, id, Side::Bid, price, lots)
}

pub(crate) fn ask(account: u16, id: u64, price: i64, lots: i64) -> Placement {
    limit(account, id, Side::Ask, price, lots)
}

/// Short ways to change a placement.
pub(crate) trait Change: Sized {
    fn tif(self, tif: TimeInForce) -> Self;
    fn market(self) -> Self;
    fn reduce(self) -> Self;
    fn stp(self, prevention: Prevention) -> Self;
    fn iceberg(self, display: i64) -> Self;
    fn when(self, source: Source, when: When) -> Self;
}

impl Change for Placement {
    fn tif(mut self, tif: TimeInForce) -> Self {
        self.order.tif = tif;
        self
    }
    fn market(mut self) -> Self {
        self.pricing = Pricing::Market;
        self.tif(IOC)
    }
    fn reduce(mut self) -> Self {
        self.order.reduce_only = ReduceOnly::Yes;
        self
    }
    fn stp(mut self, prevention: Prevention) -> Self {
        self.prevention = prevention;
        self
    }
    fn iceberg(mut self, display: i64) -> Self {
        self.display = Lots(display);
        self
    }
    fn when(mut self, source: Source, when: When) -> Self {
        self.trigger = Some(Trigger { source, when });
        self
    }
}

/// An engine that is validated after every request.
pub(crate) struct Rig {
    pub(crate) engine: Matching,
    outbox: Outbox,
}

impl Rig {
    pub(crate) fn new(spec: &MatchingSpec) -> Self {
        Self { engine: Matching::new(spec).unwrap(), outbox: Outbox::new(1_000) }
    }

    /// Does something and tells what came of it.
    pub(crate) fn act(&mut self, act: impl FnOnce(&mut Matching, &mut Outbox)) -> Vec<Outcome> {
        self.outbox.clear();
        act(&mut self.engine, &mut self.outbox);
        assert_eq!((self.engine.validate(), self.outbox.lost()), (Ok(()), 0));
        self.outbox.outcomes().to_vec()
    }

    pub(crate) fn place(&mut self, placement: Placement) -> Vec<Outcome> {
        self.act(|engine, outbox| engine.place(&placement, outbox))
    }

    /// Places what must be accepted and rest untouched.
    pub(crate) fn rests(&mut self, placement: Placement) {
        let outcomes = self.place(placement);
        assert!(matches!(outcomes[..], [Outcome::Accepted(_)]), "{outcomes:?}");
        assert!(self.left(placement.account.0, placement.order.client_id.0).is_some());
    }

    /// Places what must be refused; tells why.
    pub(crate) fn refusal(&mut self, placement: Placement) -> Reject {
        let hash = self.engine.state_hash();
        let outcomes = self.place(placement);
        assert_eq!(hash, self.engine.state_hash(), "a refused order changes nothing");
        match outcomes[..] {
            [Outcome::Rejected(_, _, why)] => why,
            _ => panic!("{outcomes:?}"),
        }
    }

    /// Places and tells the trades: maker's account, maker's id, price, lots.
    pub(crate) fn trades(&mut self, placement: Placement) -> Vec<(u16, u64, i64, i64)> {
        trades(&self.place(placement))
    }

    pub(crate) fn cancel(&mut self, account: u16, id: u64) -> Vec<Outcome> {
        self.act(|engine, outbox| engine.cancel(AccountId(account), ClientOrderId(id), outbox))
    }

    pub(crate) fn amend(&mut self, account: u16, id: u64, price: i64, lots: i64) -> Vec<Outcome> {
        let amendment = Amendment {
            account: AccountId(account),
            client_id: ClientOrderId(id),
            price: Price(price),
            lots: Lots(lots),
        };
        self.act(|engine, outbox| engine.amend(&amendment, outbox))
    }

    pub(crate) fn advance(&mut self, now: i64) -> Vec<Outcome> {
        self.act(|engine, outbox| engine.advance(Nanos(now), outbox))
    }

    pub(crate) fn mark(&mut self, price: i64) -> Vec<Outcome> {
        self.act(|engine, outbox| engine.set_mark(Price(price), outbox))
    }

    /// What is left of an open order.
    pub(crate) fn left(&self, account: u16, id: u64) -> Option<i64> {
        self.engine.order(AccountId(account), ClientOrderId(id)).map(|view| view.left.0)
    }

    pub(crate) fn position(&self, account: u16) -> i64 {
        self.engine.position(AccountId(account)).0
    }

    pub(crate) fn levels(&self, side: Side) -> Vec<(i64, i64)> {
        self.engine.levels(side).map(|(price, lots)| (price.0, lots.0)).collect()
    }
}

/// The trades among outcomes: maker's account, maker's id, price, lots.
pub(crate) fn trades(outcomes: &[Outcome]) -> Vec<(u16, u64, i64, i64)> {
    let trade = |outcome: &Outcome| {
        let Outcome::Traded(trade) = outcome else { return None };
        let maker = trade.maker.order;
        Some((maker.account.0, maker.client_id.0, trade.price.0, trade.lots.0))
    };
    outcomes.iter().filter_map(trade).collect()
}
