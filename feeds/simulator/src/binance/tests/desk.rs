//! A market of one symbol: levels that stand until they are taken, orders that rest until a test trades with them.

use std::collections::BTreeMap;

use ballast_model::{
    AssetId, Command, Contract, Event, Fill, FillReason, InstrumentId, InstrumentSpec, Liquidity, Lots,
    Money, Nanos, NewOrder, OrderReport, OrderUpdate, PackedLevel, Price, RejectReason, Side, Step,
    TimeInForce, TradeId, UpdateId, VenueOrderId,
};

use crate::back::{Back, ClientId, Depth, Stream, Symbol, Told};

pub(super) const ETH: InstrumentId = InstrumentId(0);
const FEE_E8: i128 = 100_000;

/// What the next new orders meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    Fair,
    Refuses(RejectReason),
    Silent,
}

#[derive(Debug)]
pub(super) struct Desk {
    symbols: Vec<Symbol>,
    pub(super) bids: BTreeMap<i64, i64>,
    pub(super) asks: BTreeMap<i64, i64>,
    resting: BTreeMap<u64, (ClientId, NewOrder, i64)>,
    heard: Vec<(ClientId, Event)>,
    pub(super) news: Vec<(Stream, String)>,
    pub(super) cash: BTreeMap<(ClientId, String), Money>,
    pub(super) mood: Mood,
    trades: u64,
    updates: u64,
}

impl Desk {
    pub(super) fn new() -> Self {
        let step = |scale| Step { mantissa: 1, scale };
        let spec = InstrumentSpec {
            tick: step(2),
            lot: step(3),
            multiplier: 1,
            contract: Contract::Linear,
            price_min: Price(1_000),
            price_max: Price(1_000_000),
            size_min: Lots(2),
            size_max: Lots(100_000),
            notional_min: Money(5 * Money::ONE.0),
            base: AssetId(0),
            quote: AssetId(1),
        };
        let spec = InstrumentSpec::new(spec).unwrap();
        let (name, base, quote) = ("ETHUSDT".to_owned(), "ETH".to_owned(), "USDT".to_owned());
        Self {
            symbols: vec![Symbol { name, base, quote, id: ETH, spec }],
            bids: BTreeMap::from([(200_000, 5_000), (199_990, 5_000)]),
            asks: BTreeMap::from([(200_010, 5_000), (200_020, 5_000)]),
            resting: BTreeMap::new(),
            heard: Vec::new(),
            news: Vec::new(),
            cash: BTreeMap::new(),
            mood: Mood::Fair,
            trades: 100,
            updates: 1_000,
        }
    }

    fn report(&mut self, client: ClientId, id: u64, report: OrderReport) {
        let client_id = ballast_model::ClientOrderId(id);
        let update = OrderUpdate { instrument: ETH, client_id, report, venue_time: Nanos(0) };
        self.heard.push((client, Event::Order(update)));
    }

    fn fill(&mut self, client: ClientId, order: &NewOrder, level: (i64, i64), liquidity: Liquidity) {
        self.trades += 1;
        let (price, lots) = (Price(level.0), Lots(level.1));
        let value = self.symbols[0].spec.value_floor(price, lots);
        let fee_e8 = i64::try_from(value.0 / 10_i128.pow(10) * FEE_E8 / 10_i128.pow(8)).unwrap();
        self.heard.push((
            client,
            Event::Fill(Fill {
                instrument: ETH,
                side: order.side,
                liquidity,
                reason: FillReason::Venue,
                fee_asset: AssetId(1),
                level: PackedLevel::new(price, lots).unwrap(),
                fee_e8,
                client_id: order.client_id,
                trade_id: TradeId(self.trades),
                venue_time: Nanos(0),
            }),
        ));
        let sign = i128::from(order.side.sign());
        let size = i128::from(lots.0) * 10_i128.pow(15);
        self.cash.entry((client, "ETH".to_owned())).or_default().0 += sign * size;
        let usdt = self.cash.entry((client, "USDT".to_owned())).or_default();
        usdt.0 -= sign * value.0 + i128::from(fee_e8) * 10_i128.pow(10);
    }

    fn new_order(&mut self, client: ClientId, order: &NewOrder) {
        let id = order.client_id.0;
        if let Mood::Refuses(reason) = self.mood {
            return self.report(client, id, OrderReport::Rejected(reason));
        }
        let mut taken = Vec::new();
        let mut left = order.lots.0;
        let levels = if order.side == Side::Bid { &self.asks } else { &self.bids };
        let mut sorted: Vec<(i64, i64)> = levels.iter().map(|(price, lots)| (*price, *lots)).collect();
        if order.side == Side::Ask {
            sorted.reverse();
        }
        for (price, lots) in sorted {
            if left > 0 && order.side.reaches(order.price, Price(price)) {
                taken.push((price, lots.min(left)));
                left -= lots.min(left);
            }
        }
        match order.tif {
            TimeInForce::PostOnly if !taken.is_empty() => {
                return self.report(client, id, OrderReport::Rejected(RejectReason::WouldTake));
            }
            TimeInForce::FillOrKill if left > 0 => {
                return self.report(client, id, OrderReport::Rejected(RejectReason::NothingToTake));
            }
            TimeInForce::ImmediateOrCancel if taken.is_empty() => {
                return self.report(client, id, OrderReport::Rejected(RejectReason::NothingToTake));
            }
            TimeInForce::PostOnly
            | TimeInForce::GoodTillCancel
            | TimeInForce::ImmediateOrCancel
            | TimeInForce::FillOrKill
            | TimeInForce::GoodTillDate(_) => {}
        }
        self.report(client, id, OrderReport::Accepted(VenueOrderId(id + 7)));
        for (price, lots) in taken {
            let levels = if order.side == Side::Bid { &mut self.asks } else { &mut self.bids };
            *levels.get_mut(&price).unwrap() -= lots;
            levels.retain(|_, lots| *lots > 0);
            self.fill(client, order, (price, lots), Liquidity::Taker);
        }
        if left > 0 && order.tif.may_rest() {
            self.resting.insert(id, (client, *order, left));
        } else if left > 0 {
            self.report(client, id, OrderReport::Expired);
        }
    }

    /// Somebody trades with every resting order at its price, at most so many lots each.
    pub(super) fn take(&mut self, lots: i64) {
        let ids: Vec<u64> = self.resting.keys().copied().collect();
        for id in ids {
            let (client, order, left) = self.resting[&id];
            let traded = left.min(lots);
            self.fill(client, &order, (order.price.0, traded), Liquidity::Maker);
            if traded == left {
                self.resting.remove(&id);
            } else {
                self.resting.get_mut(&id).unwrap().2 -= traded;
            }
        }
    }

    pub(super) fn tell(&mut self, client: ClientId, event: Event) {
        self.heard.push((client, event));
    }
}

impl Back for Desk {
    fn symbols(&self) -> &[Symbol] {
        &self.symbols
    }

    fn next_due(&self) -> Option<Nanos> {
        (!self.heard.is_empty()).then_some(Nanos::MIN)
    }

    fn advance(&mut self, _now: Nanos, told: &mut dyn Told) {
        for (client, event) in std::mem::take(&mut self.heard) {
            told.client(client, &event);
        }
        for (stream, payload) in std::mem::take(&mut self.news) {
            told.market(ETH, stream, payload.as_bytes());
        }
    }

    fn send(&mut self, client: ClientId, command: &Command, _now: Nanos) {
        if self.mood == Mood::Silent {
            return;
        }
        let id = command.client_id().0;
        match command {
            Command::New(order) => self.new_order(client, order),
            Command::Cancel(_) => {
                let report = match self.resting.remove(&id) {
                    Some(_) => OrderReport::Cancelled,
                    None => OrderReport::CancelRejected(RejectReason::UnknownOrder),
                };
                self.report(client, id, report);
            }
            Command::Replace(replace) => {
                let Some((_, order, left)) = self.resting.get_mut(&id) else {
                    let refused = OrderReport::ReplaceRejected(RejectReason::UnknownOrder);
                    return self.report(client, id, refused);
                };
                let crosses = order.tif == TimeInForce::PostOnly && replace.price >= Price(200_010);
                if order.side == Side::Bid && crosses {
                    self.resting.remove(&id);
                    return self.report(client, id, OrderReport::Expired);
                }
                let filled = Lots(order.lots.0 - *left);
                (order.price, order.lots, *left) = (replace.price, replace.lots, replace.lots.0 - filled.0);
                let level = PackedLevel::new(replace.price, replace.lots).unwrap();
                let replaced = OrderReport::Replaced { venue_id: VenueOrderId(id + 7), level, filled };
                self.report(client, id, replaced);
            }
            Command::Query(_) => unreachable!("the front asks nothing"),
        }
    }

    fn depth(&self, _symbol: InstrumentId, levels: usize) -> Depth {
        let of = |side: &BTreeMap<i64, i64>| {
            side.iter().map(|(price, lots)| (Price(*price), Lots(*lots))).collect::<Vec<_>>()
        };
        let mut bids = of(&self.bids);
        bids.reverse();
        let mut asks = of(&self.asks);
        bids.truncate(levels);
        asks.truncate(levels);
        Depth { update_id: UpdateId(self.updates), bids, asks }
    }

    fn balance(&self, client: ClientId, asset: &str) -> (Money, Money) {
        (self.cash.get(&(client, asset.to_owned())).copied().unwrap_or_default(), Money::ZERO)
    }
}
