//! The engine once more, written from its rules alone: one list of orders in the order of their priority in time, and
//! every question answered by looking at all of them.

mod checks;
mod margin;
mod waiting;

use std::collections::BTreeMap;

use ballast_core::replace::{AmendKind, PreventionAfter};
use ballast_exchange::matching::{
    AccountId, Amendment, Match, MatchingSpec, OrderRef, Outcome, Party, Placement, Prevention, Reject,
    Remainder, Request, Source, Trigger, Why,
};
use ballast_model::{
    ClientOrderId, Liquidity, Lots, Nanos, Price, ReduceOnly, Side, TimeInForce, TradeId, VenueOrderId,
};

use self::margin::Purse;

const WHOLE: i128 = 100_000_000;

#[derive(Clone, Debug)]
struct Standing {
    name: OrderRef,
    side: Side,
    price: i64,
    lots: i64,
    left: i64,
    shown: i64,
    display: i64,
    tif: TimeInForce,
    reduces: bool,
    prevention: Prevention,
    amendments: u32,
    /// The smaller, the sooner it came to its place.
    place: u64,
}

/// An order that waits for a price.
#[derive(Clone, Debug)]
struct Waiter {
    name: OrderRef,
    new: Placement,
    trigger: Trigger,
    trailed: Option<i64>,
}

pub(crate) struct Twin {
    spec: MatchingSpec,
    standing: Vec<Standing>,
    /// Those whose price has not come.
    waiting: Vec<Waiter>,
    /// Those whose price has.
    fired: Vec<Waiter>,
    positions: BTreeMap<AccountId, i64>,
    purses: Vec<Purse>,
    insurance: i128,
    /// Days that are over.
    days: u32,
    now: i64,
    last: Option<i64>,
    mark: Option<i64>,
    halted_until: Option<i64>,
    window: Option<(i64, Option<i64>)>,
    order_id: u64,
    trade_id: u64,
    places: u64,
    pub(crate) told: Vec<Outcome>,
}

impl Twin {
    pub(crate) fn new(spec: &MatchingSpec) -> Self {
        Self {
            spec: *spec,
            standing: Vec::new(),
            waiting: Vec::new(),
            fired: Vec::new(),
            positions: (0..spec.limits.accounts).map(|account| (AccountId(account), 0)).collect(),
            purses: vec![Purse::new(spec); usize::from(spec.limits.accounts)],
            insurance: 0,
            days: 0,
            now: i64::MIN,
            last: None,
            mark: None,
            halted_until: None,
            window: None,
            order_id: spec.first_order_id.0,
            trade_id: spec.first_trade_id.0,
            places: 0,
            told: Vec::new(),
        }
    }

    pub(crate) fn mark(&mut self, price: i64) {
        self.mark = Some(price);
        self.see(Source::Mark, price);
        self.fire();
        self.liquidate_all();
    }

    pub(crate) fn position(&self, account: AccountId) -> i64 {
        self.positions.get(&account).copied().unwrap_or(0)
    }

    pub(crate) fn levels(&self, side: Side) -> Vec<(Price, Lots)> {
        let mut levels = BTreeMap::new();
        for order in self.standing.iter().filter(|order| order.side == side) {
            *levels.entry(order.price * -side.sign()).or_insert(0) += order.shown;
        }
        levels.into_iter().map(|(key, shown)| (Price(key * -side.sign()), Lots(shown))).collect()
    }

    pub(crate) fn advance(&mut self, now: i64) {
        loop {
            let end = |tif: TimeInForce, name: OrderRef| tif.good_till().map(|end| (end.0, name));
            let standing = self.standing.iter().filter_map(|order| end(order.tif, order.name));
            let waiting = self.waiters().filter_map(|waiter| end(waiter.new.order.tif, waiter.name));
            let next = standing.chain(waiting).min_by_key(|(end, name)| (*end, name.venue_id));
            match (self.halted_until, next) {
                (Some(until), next) if until <= now && next.is_none_or(|next| until <= next.0) => {
                    self.now = self.now.max(until);
                    self.halted_until = None;
                    self.window = Some((self.window_of(self.now), None));
                    self.told.push(Outcome::Resumed);
                    self.fire();
                    self.liquidate_all();
                }
                (_, Some((end, name))) if end <= now => {
                    self.now = self.now.max(end);
                    let left = self.take_out(name.account, name.client_id).unwrap().1;
                    self.told.push(Outcome::Expired(name, left, Why::EndTime));
                }
                _ => break,
            }
        }
        self.now = self.now.max(now);
    }

    /// One after the other; those for which a batch has no room are refused.
    pub(crate) fn batch(&mut self, requests: &[Request]) {
        let why = Reject::BatchMax;
        for (nth, request) in requests.iter().enumerate() {
            if nth < self.spec.limits.batch {
                self.apply(request);
                continue;
            }
            self.told.push(match request {
                Request::Place(new) => Outcome::Rejected(new.account, new.order.client_id, why),
                Request::Amend(new) => Outcome::ReplaceRejected(new.account, new.client_id, why),
                Request::Cancel(account, id) => Outcome::CancelRejected(*account, *id, why),
                Request::CancelAll(account) => Outcome::CancelRejected(*account, ClientOrderId::FOREIGN, why),
            });
        }
    }

    fn apply(&mut self, request: &Request) {
        match request {
            Request::Place(new) => self.place(new),
            Request::Cancel(account, id) => match self.take_out(*account, *id) {
                Some((name, left)) => self.told.push(Outcome::Cancelled(name, left)),
                None => self.told.push(Outcome::CancelRejected(*account, *id, Reject::UnknownOrder)),
            },
            Request::Amend(new) => {
                if let Err(why) = self.amend(new) {
                    self.told.push(Outcome::ReplaceRejected(new.account, new.client_id, why));
                }
            }
            Request::CancelAll(account) => self.cancel_all(*account),
        }
    }

    fn cancel_all(&mut self, account: AccountId) {
        let (gone, stay) = self.sorted().into_iter().partition(|order| order.name.account == account);
        self.standing = stay;
        let waiters: Vec<_> = self.waiters().map(|waiter| waiter.name).collect();
        let waiters = waiters.into_iter().filter(|name| name.account == account);
        let (count, names) = (Vec::len(&gone), waiters.collect::<Vec<_>>());
        let count = u32::try_from(count + names.len()).unwrap();
        self.told
            .extend(gone.iter().map(|order: &Standing| Outcome::Cancelled(order.name, Lots(order.left))));
        for name in names {
            let left = self.take_out(name.account, name.client_id).unwrap().1;
            self.told.push(Outcome::Cancelled(name, left));
        }
        self.told.push(Outcome::AllCancelled(account, count));
    }

    /// Bids, then asks, each in the order in which they would trade.
    fn sorted(&self) -> Vec<Standing> {
        let mut all = self.standing.clone();
        all.sort_by_key(|order| (order.side, -order.price * order.side.sign(), order.place));
        all
    }

    fn at(&self, account: AccountId, id: ClientOrderId) -> Option<usize> {
        self.standing.iter().position(|order| order.name.account == account && order.name.client_id == id)
    }

    fn end(&mut self, at: usize, why: Why) {
        let order = self.standing.remove(at);
        self.told.push(Outcome::Expired(order.name, Lots(order.left), why));
    }

    fn window_of(&self, time: i64) -> i64 {
        self.spec.halt.map_or(0, |halt| time.div_euclid(halt.window.0))
    }

    /// The order that an arriving one of this side would trade with first.
    fn best_against(&self, side: Side) -> Option<usize> {
        let against = (0..self.standing.len()).filter(|at| self.standing[*at].side != side);
        against.min_by_key(|at| (self.standing[*at].price * side.sign(), self.standing[*at].place))
    }

    fn would_take(&self, side: Side, price: i64) -> bool {
        self.best_against(side).is_some_and(|at| (price - self.standing[at].price) * side.sign() >= 0)
    }

    fn closable(&self, account: AccountId, side: Side) -> i64 {
        (-self.position(account) * side.sign()).max(0)
    }

    fn halt_bounds(&self, first: i64) -> (i64, i64) {
        let Some(halt) = self.spec.halt else { return (i64::MIN, i64::MAX) };
        let reference = match self.window {
            Some((window, reference)) if window == self.window_of(self.now) => reference.unwrap_or(first),
            _ => self.last.unwrap_or(first),
        };
        let far = i64::try_from(i128::from(reference) * i128::from(halt.band.0) / WHOLE).unwrap();
        (reference - far, reference + far)
    }

    fn place(&mut self, new: &Placement) {
        let price = match self.admit(new) {
            Ok(price) => price,
            Err(why) => return self.told.push(Outcome::Rejected(new.account, new.order.client_id, why)),
        };
        let name = OrderRef {
            account: new.account,
            client_id: new.order.client_id,
            venue_id: VenueOrderId(self.order_id),
        };
        self.order_id += 1;
        self.told.push(Outcome::Accepted(name));
        if let Some(trigger) = new.trigger {
            self.wait(name, new, trigger);
        } else {
            self.come(name, new, price);
            self.fire();
        }
    }

    fn come(&mut self, name: OrderRef, new: &Placement, price: i64) {
        self.arrive(Standing {
            name,
            side: new.order.side,
            price,
            lots: new.order.lots.0,
            left: new.order.lots.0,
            shown: 0,
            display: new.display.0,
            tif: new.order.tif,
            reduces: new.order.reduce_only == ReduceOnly::Yes,
            prevention: new.prevention,
            amendments: 0,
            place: 0,
        });
    }

    fn queue(&mut self, mut order: Standing) {
        order.place = self.places;
        self.places += 1;
        order.shown = if order.display > 0 { order.display.min(order.left) } else { order.left };
        self.standing.push(order);
    }

    /// Trades as far as the order's limit allows; tells why the rest of it ends, where it does.
    fn meet(&mut self, taker: &mut Standing) -> Option<Why> {
        let bounds = self.best_against(taker.side).map(|at| self.halt_bounds(self.standing[at].price));
        let mut why = None;
        while taker.left > 0 && why.is_none() && self.would_take(taker.side, taker.price) {
            let at = self.best_against(taker.side).unwrap();
            let (low, high) = bounds.unwrap();
            let maker = self.standing[at].clone();
            if maker.name.account == taker.name.account && taker.prevention != Prevention::None {
                why = self.prevent(taker, at);
            } else if maker.price < low || maker.price > high {
                self.halted_until = Some(self.now + self.spec.halt.unwrap().pause.0);
                self.told.push(Outcome::Halted);
                why = Some(Why::Halted);
            } else if maker.reduces && self.closable(maker.name.account, maker.side) == 0 {
                self.end(at, Why::ReduceOnly);
            } else if taker.reduces && self.closable(taker.name.account, taker.side) == 0 {
                why = Some(Why::ReduceOnly);
            } else {
                self.trade(taker, at);
            }
        }
        why
    }

    fn arrive(&mut self, mut taker: Standing) {
        let why = self.meet(&mut taker);
        if taker.left == 0 {
            return;
        }
        let rests = !matches!(taker.tif, TimeInForce::ImmediateOrCancel | TimeInForce::FillOrKill);
        match why {
            None if rests => self.queue(taker),
            why => {
                let why = why.unwrap_or(Why::TimeInForce);
                self.told.push(Outcome::Expired(taker.name, Lots(taker.left), why));
            }
        }
    }

    fn prevent(&mut self, taker: &mut Standing, at: usize) -> Option<Why> {
        match taker.prevention {
            Prevention::ExpireMaker | Prevention::ExpireBoth => self.end(at, Why::SelfTrade),
            Prevention::Decrement => {
                let maker = &mut self.standing[at];
                let lots = maker.left.min(taker.left);
                for order in [&mut *maker, &mut *taker] {
                    order.left -= lots;
                    order.lots -= lots;
                }
                maker.shown = maker.shown.min(maker.left);
                let remains = |order: &Standing| Remainder {
                    order: order.name,
                    price: Price(order.price),
                    lots: Lots(order.lots),
                    left: Lots(order.left),
                };
                let (taker, maker, lots) = (remains(taker), remains(maker), Lots(lots));
                self.told.push(Outcome::Prevented { taker, maker, lots });
                self.standing.retain(|order| order.left > 0);
            }
            Prevention::None | Prevention::ExpireTaker => {}
        }
        let ends = matches!(taker.prevention, Prevention::ExpireTaker | Prevention::ExpireBoth);
        ends.then_some(Why::SelfTrade)
    }

    fn trade(&mut self, taker: &mut Standing, at: usize) {
        let may = |order: &Standing| {
            if order.reduces { self.closable(order.name.account, order.side) } else { i64::MAX }
        };
        let (for_taker, for_maker) = (may(taker), may(&self.standing[at]));
        let maker = &mut self.standing[at];
        let lots = taker.left.min(maker.shown).min(for_taker).min(for_maker);
        taker.left -= lots;
        maker.left -= lots;
        maker.shown -= lots;
        let maker = maker.clone();
        let window = self.window_of(self.now);
        let reference = match self.window {
            Some((of, reference)) if of == window => reference.or(Some(maker.price)),
            _ => self.last.or(Some(maker.price)),
        };
        self.window = Some((window, reference));
        self.last = Some(maker.price);
        self.see(Source::Last, maker.price);
        let taker_fee = self.settle(&taker.name, taker.side, (maker.price, lots), Liquidity::Taker);
        let maker_fee = self.settle(&maker.name, maker.side, (maker.price, lots), Liquidity::Maker);
        let party =
            |order: &Standing, fee_e8: i64| Party { order: order.name, left: Lots(order.left), fee_e8 };
        self.told.push(Outcome::Traded(Match {
            trade_id: TradeId(self.trade_id),
            price: Price(maker.price),
            lots: Lots(lots),
            taker_side: taker.side,
            taker: party(taker, taker_fee),
            maker: party(&maker, maker_fee),
        }));
        self.trade_id += 1;
        if maker.shown == 0 {
            let order = self.standing.remove(at);
            if order.left > 0 {
                self.queue(order);
            }
        }
    }

    fn amend(&mut self, new: &Amendment) -> Result<(), Reject> {
        let waits =
            |waiter: &Waiter| waiter.name.account == new.account && waiter.name.client_id == new.client_id;
        if self.waiters().any(waits) {
            return Err(Reject::NotAmendable);
        }
        let at = self.at(new.account, new.client_id).ok_or(Reject::UnknownOrder)?;
        let (order, rules) = (self.standing[at].clone(), self.spec.amend);
        let (price, lots) = (new.price.0, new.lots.0);
        self.price_and_size(order.side, price, lots, (false, order.reduces))?;
        let (filled, same_price) = (order.lots - order.left, price == order.price);
        let allowed = match rules.kind {
            AmendKind::Unsupported => false,
            AmendKind::ShrinkOnly => same_price && lots < order.lots && lots > filled,
            AmendKind::Requeues | AmendKind::ShrinkKeeps => true,
        };
        if !allowed {
            return Err(Reject::NotAmendable);
        }
        if rules.amendments_max > 0 && order.amendments >= rules.amendments_max {
            return Err(Reject::AmendmentsMax);
        }
        if same_price && lots == order.lots {
            return Err(Reject::Unchanged);
        }
        let requeues = rules.kind == AmendKind::Requeues;
        if lots <= filled {
            if !requeues {
                return Err(Reject::SizeMin);
            }
            self.standing.remove(at);
            self.told.push(Outcome::Cancelled(order.name, Lots(order.left)));
            return Ok(());
        }
        let keeps = !requeues && same_price && lots < order.lots;
        if !keeps {
            match self.check_rest(order.side, price, order.tif) {
                Err(Reject::WouldTake) if requeues => {
                    self.end(at, Why::WouldTake);
                    return Ok(());
                }
                other => other?,
            }
            let more = lots - filled - order.left;
            self.check_position(new.account, (order.side, price), more, order.reduces, false)?;
        }
        let mut order = self.standing.remove(at);
        order.amendments += 1;
        (order.price, order.lots, order.left) = (price, lots, lots - filled);
        if rules.prevention == PreventionAfter::Reset {
            order.prevention = Prevention::None;
        }
        self.told.push(Outcome::Replaced {
            order: order.name,
            price: new.price,
            lots: new.lots,
            filled: Lots(filled),
        });
        if keeps {
            order.shown = order.shown.min(order.left);
            self.standing.insert(at, order);
        } else {
            self.arrive(order);
            self.fire();
        }
        Ok(())
    }

    /// An open order, with its price, total size and what is left; `None` where there is none.
    pub(crate) fn any(&self, number: u64) -> Option<(OrderRef, Price, Lots, Lots)> {
        let count = self.standing.len().max(1) as u64;
        let order = self.standing.get(usize::try_from(number % count).unwrap())?;
        Some((order.name, Price(order.price), Lots(order.lots), Lots(order.left)))
    }

    pub(crate) fn now(&self) -> Nanos {
        Nanos(self.now)
    }
}
