//! A venue whose market is made by those who trade there: the matching engine with clients, a seeded crowd, and a feed.
//!
//! Clients are connections of ours, one account each: one or more shards trade here, with each other and with the crowd.
//! Nothing at this venue is history, so orders move the market they trade in: that is what it is for. What a client hears is in
//! the words of the core: a book, best prices, trades and marks as everybody does, and order reports, fills and funding of its
//! own. A liquidated client hears fills that bear no id of its own; of what the insurance fund gave or took no event tells
//! ([`MatchingVenue::insured`] does).
//!
//! Pure: the same spec and the same commands at the same times give the same events, on any host.
//!
//! Never here: knowledge of what a client is about to do; an advantage of one client over another.

mod crowd;
mod desk;
mod feed;
mod funding;
mod spec;

use alloc::vec::Vec;

use ballast_model::{
    Cancel, ClientOrderId, Command, Digest, Event, HalfTicks, Lots, Money, Nanos, NewOrder, OrderReport,
    OrderUpdate, Price, RejectReason, Replace, Side, UpdateId,
};

use self::crowd::Crowd;
pub use self::crowd::Multiples;
use self::desk::Desk;
use self::feed::Feed;
pub use self::feed::{BookNews, MarketNews};
use self::funding::FundingClock;
pub use self::spec::{CrowdSpec, FloorSpec, FloorSpecError, FundingSpec};
use crate::counters::Counters;
use crate::in_flight::InFlight;
use crate::matching::{
    AccountId, Amendment, Fault, Matching, OpenView, Outcome, Placement, Prevention, Pricing, Reject,
    Reports, Sink,
};

/// One of those who trade here through us; its account at the engine has the same number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub u16);

/// Outcomes since the last look.
#[derive(Debug, Default)]
struct Heard(Vec<Outcome>);

impl Sink for Heard {
    fn put(&mut self, outcome: &Outcome) {
        self.0.push(*outcome);
    }
}

/// What the venue does next; the order decides between equal times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// An order ends, or a halt does.
    Engine,
    Funding,
    Mark,
    Crowd,
    Command,
    Diff,
}

/// The venue.
///
/// Times are one clock's: ours is the venue's. It acts by [`MatchingVenue::on_arrival`] at
/// [`MatchingVenue::next_arrival`], and never falls behind what it was driven to.
#[derive(Debug)]
pub struct MatchingVenue {
    spec: FloorSpec,
    engine: Matching,
    crowd: Option<Crowd>,
    desks: Vec<Desk>,
    feed: Feed,
    funding: Option<FundingClock>,
    /// On their way to the venue, each with the self-trade prevention of its own order; `None` for the venue's.
    commands: InFlight<(ClientId, Command, Option<Prevention>)>,
    /// On their way to clients.
    reports: InFlight<(ClientId, Event)>,
    heard: Heard,
    now: Nanos,
    /// Requests that reached the engine, the crowd's among them.
    requests: u64,
}

impl MatchingVenue {
    /// A venue where the crowd's first orders stand and nobody has traded.
    ///
    /// # Errors
    /// The first [`FloorSpecError`] in `spec`.
    pub fn new(spec: &FloorSpec) -> Result<Self, FloorSpecError> {
        spec.check()?;
        let instrument = &spec.matching.instrument;
        let words = |nth: u16| Reports {
            account: AccountId(nth),
            instrument: spec.instrument,
            fee_asset: instrument.settlement(),
        };
        let orders_max = spec.matching.limits.orders_per_account;
        let mut venue = Self {
            spec: *spec,
            engine: Matching::new(&spec.matching)?,
            crowd: None,
            desks: (0..spec.clients).map(|nth| Desk::new(words(nth), orders_max)).collect(),
            feed: Feed::new(spec),
            funding: spec.funding.map(|funding| FundingClock::new(funding, spec.start)),
            commands: InFlight::new(64),
            reports: InFlight::new(64),
            heard: Heard::default(),
            now: spec.start,
            requests: 0,
        };
        venue.open();
        Ok(venue)
    }

    /// Accounts are endowed and the crowd's first orders come.
    fn open(&mut self) {
        for nth in 0..self.spec.matching.limits.accounts {
            let ours = nth < self.spec.clients;
            let collateral = if ours { self.spec.collateral } else { self.spec.crowd.collateral };
            // Nothing is refused to an account without position and orders.
            let _ = self.engine.transfer(AccountId(nth), collateral);
        }
        self.engine.endow(self.spec.crowd.insurance);
        self.engine.advance(self.spec.start, &mut self.heard);
        let mut crowd = Crowd::new(&self.spec);
        for _ in 0..crowd.opens_with() {
            let request = crowd.opening(&self.engine);
            self.engine.apply(&request, &mut self.heard);
        }
        self.crowd = Some(crowd);
        self.publish();
    }

    /// A command of a client leaves it at `now`. Its `expires_at` is for whoever sends and is not looked at here.
    pub fn send(&mut self, client: ClientId, command: &Command, now: Nanos) {
        self.commands.push(now + self.spec.latency.order, (client, *command, None));
    }

    /// A new order leaves a client at `now`, with a self-trade prevention of its own instead of [`FloorSpec::self_trade`].
    pub fn send_order(&mut self, client: ClientId, order: &NewOrder, prevention: Prevention, now: Nanos) {
        let sent = (client, Command::New(*order), Some(prevention));
        self.commands.push(now + self.spec.latency.order, sent);
    }

    /// When the venue next acts; `None` for never again, which takes [`MatchingVenue::close`].
    #[must_use]
    pub fn next_arrival(&self) -> Option<Nanos> {
        self.next().map(|(at, _)| at)
    }

    fn next(&self) -> Option<(Nanos, Due)> {
        let funding = self.funding.as_ref().filter(|_| self.crowd.is_some());
        let times = [
            (self.engine.next_deadline(), Due::Engine),
            (funding.map(FundingClock::next_funding), Due::Funding),
            (funding.map(FundingClock::next_mark), Due::Mark),
            (self.crowd.as_ref().map(Crowd::next_at), Due::Crowd),
            (self.commands.next_due(), Due::Command),
            (self.feed.next_diff(), Due::Diff),
        ];
        let first = times.into_iter().filter_map(|(at, due)| Some((at?, due))).min();
        first.map(|(at, due)| (at.max(self.now), due))
    }

    /// Acts once, at [`MatchingVenue::next_arrival`]; nothing where there is none.
    pub fn on_arrival(&mut self) {
        let Some((now, due)) = self.next() else { return };
        self.now = now;
        self.engine.advance(now, &mut self.heard);
        match due {
            Due::Engine => {}
            Due::Funding => self.exchange_funding(),
            Due::Mark => self.mark(),
            Due::Crowd => self.crowd_asks(),
            Due::Command => {
                if let Some((_, (client, command, prevention))) = self.commands.pop() {
                    self.obey(client, &command, prevention.unwrap_or(self.spec.self_trade));
                }
            }
            Due::Diff => return self.feed.diff(&self.engine, now),
        }
        self.publish();
    }

    /// The crowd goes home: it asks for nothing more, and nothing is marked or funded. What stands stays.
    pub fn close(&mut self) {
        self.crowd = None;
    }

    /// From now on the crowd's orders are on a coarser grid, or on a finer one again. What stands stays where only prices change, and
    /// trades at its price; where sizes do, the crowd takes back what it has there, so that nothing is left that trades between them.
    pub fn regrid(&mut self, grid: Multiples) {
        let Some(crowd) = &mut self.crowd else { return };
        if crowd.regrid(grid).lots != grid.lots {
            for request in crowd.withdraw() {
                self.engine.apply(&request, &mut self.heard);
            }
            for _ in 0..crowd.opens_with() {
                let request = crowd.opening(&self.engine);
                self.engine.apply(&request, &mut self.heard);
            }
        }
        self.publish();
    }

    fn exchange_funding(&mut self) {
        if let Some(clock) = &mut self.funding {
            let rate = clock.exchange();
            self.engine.fund(rate, &mut self.heard);
        }
    }

    fn mark(&mut self) {
        let (Some(clock), Some(crowd)) = (&mut self.funding, &self.crowd) else { return };
        let index = crowd.fair_price();
        let mid = self.engine.best(Side::Bid).zip(self.engine.best(Side::Ask));
        let mid = mid.map(|(bid, ask)| HalfTicks::mid(bid, ask));
        let mark = clock.mark(&self.spec.matching.instrument, index, mid, self.now);
        self.engine.set_mark(index, &mut self.heard);
        self.feed.mark(mark, self.now);
    }

    fn crowd_asks(&mut self) {
        if let Some(crowd) = &mut self.crowd {
            let request = crowd.ask(&self.engine);
            self.requests += 1;
            self.engine.apply(&request, &mut self.heard);
        }
    }

    fn obey(&mut self, client: ClientId, command: &Command, prevention: Prevention) {
        let Some(desk) = self.desks.get_mut(usize::from(client.0)) else { return };
        self.requests += 1;
        let account = AccountId(client.0);
        match command {
            Command::New(new) => {
                desk.counters_mut().orders += 1;
                self.place(client, account, new, prevention);
            }
            Command::Cancel(cancel) => {
                desk.counters_mut().cancels += 1;
                self.cancel(client, account, cancel);
            }
            Command::Replace(replace) => {
                desk.counters_mut().replaces += 1;
                self.amend(client, account, replace);
            }
            Command::Query(query) => {
                let answer = desk.answer(query, &self.engine, self.now);
                self.reports.push(self.now + self.spec.latency.response, (client, answer));
            }
        }
    }

    fn place(&mut self, client: ClientId, account: AccountId, new: &NewOrder, prevention: Prevention) {
        if new.instrument != self.spec.instrument {
            let refused = OrderReport::Rejected(RejectReason::Other);
            let (instrument, client_id, venue_time) = (new.instrument, new.client_id, self.now);
            let update = OrderUpdate { instrument, client_id, report: refused, venue_time };
            return self.report(client, Event::Order(update));
        }
        let placement = Placement {
            account,
            order: *new,
            pricing: Pricing::Limit,
            prevention,
            display: Lots::ZERO,
            trigger: None,
        };
        self.engine.place(&placement, &mut self.heard);
    }

    fn cancel(&mut self, client: ClientId, account: AccountId, cancel: &Cancel) {
        if cancel.instrument == self.spec.instrument {
            return self.engine.cancel(account, cancel.client_id, &mut self.heard);
        }
        let report = OrderReport::CancelRejected(RejectReason::UnknownOrder);
        let (instrument, client_id, venue_time) = (cancel.instrument, cancel.client_id, self.now);
        self.report(client, Event::Order(OrderUpdate { instrument, client_id, report, venue_time }));
    }

    fn amend(&mut self, client: ClientId, account: AccountId, replace: &Replace) {
        let &Replace { instrument, client_id, side, price, lots, .. } = replace;
        let open = self.engine.order(account, client_id);
        if instrument == self.spec.instrument && open.is_some_and(|order| order.side == side) {
            return self.engine.amend(&Amendment { account, client_id, price, lots }, &mut self.heard);
        }
        if let Some(desk) = self.desks.get_mut(usize::from(client.0)) {
            desk.refuse(Reject::UnknownOrder);
        }
        let report = OrderReport::ReplaceRejected(RejectReason::UnknownOrder);
        let venue_time = self.now;
        self.report(client, Event::Order(OrderUpdate { instrument, client_id, report, venue_time }));
    }

    fn report(&mut self, client: ClientId, event: Event) {
        self.reports.push(self.now + self.spec.latency.response, (client, event));
    }

    /// Tells everybody what has happened since the last time.
    fn publish(&mut self) {
        let Self { desks, feed, reports, heard, now, .. } = self;
        let due = *now + self.spec.latency.response;
        for outcome in &heard.0 {
            for (desk, client) in desks.iter_mut().zip((0..).map(ClientId)) {
                desk.hear(outcome, *now, |event| reports.push(due, (client, event)));
            }
            if let Outcome::Traded(trade) = outcome {
                feed.trade(trade, *now);
            }
        }
        heard.0.clear();
        feed.changed(&self.engine, *now);
    }
}

/// What comes back.
impl MatchingVenue {
    /// When the next report reaches a client.
    #[must_use]
    pub fn next_response(&self) -> Option<Nanos> {
        self.reports.next_due()
    }

    /// The next report and whose it is, if it has arrived by `now`: an [`Event::Order`], [`Event::Fill`] or
    /// [`Event::Funding`].
    pub fn pop_response(&mut self, now: Nanos) -> Option<(ClientId, Event)> {
        self.reports.pop_due(now)
    }

    /// When the next news of the market reach everybody.
    #[must_use]
    pub fn next_news(&self) -> Option<Nanos> {
        self.feed.next_news()
    }

    /// The next news of the market, if they have arrived by `now`; they are for all clients alike.
    pub fn pop_news(&mut self, now: Nanos) -> Option<MarketNews> {
        self.feed.pop(now)
    }
}

/// What can be seen from outside.
impl MatchingVenue {
    /// The engine.
    #[must_use]
    pub const fn engine(&self) -> &Matching {
        &self.engine
    }

    /// The state of the book, as best prices and diffs are numbered.
    #[must_use]
    pub const fn update_id(&self) -> UpdateId {
        self.feed.update_id()
    }

    /// The book as it stands, the best levels of each side, at [`MatchingVenue::update_id`]: with the diffs from there on it makes the
    /// book of whoever asked.
    #[must_use]
    pub fn snapshot(&self, levels: usize) -> [Vec<(Price, Lots)>; 2] {
        self.feed.snapshot(&self.engine);
        Side::BOTH.map(|side| self.engine.levels(side).take(levels).collect())
    }

    /// A client's order that stands; `None` where none of that id does.
    #[must_use]
    pub fn order(&self, client: ClientId, id: ClientOrderId) -> Option<OpenView> {
        self.engine.order(AccountId(client.0), id)
    }

    /// Whether self-trade prevention ended a client's order, as far as the venue can still tell of it.
    #[must_use]
    pub fn met_its_own(&self, client: ClientId, id: ClientOrderId) -> bool {
        self.desk(client).is_some_and(|desk| desk.met_its_own(id))
    }

    /// Number of a client's orders that have been accepted and have not ended.
    #[must_use]
    pub fn open_orders(&self, client: ClientId) -> usize {
        self.desk(client).map_or(0, Desk::open_orders)
    }

    /// A client's position as the venue knows it, long > 0; ahead of what has been reported.
    #[must_use]
    pub fn position(&self, client: ClientId) -> Lots {
        self.engine.position(AccountId(client.0))
    }

    /// What a client is worth at the mark price, less what it began with and what the insurance fund gave it: profit of trading,
    /// fees and funding, exactly what its fills and payments add up to. Only where there are margin rules.
    #[must_use]
    pub fn profit(&self, client: ClientId) -> Money {
        self.engine.equity(AccountId(client.0)) - self.spec.collateral - self.insured(client)
    }

    /// Funding a client received, less what it paid.
    #[must_use]
    pub fn funding(&self, client: ClientId) -> Money {
        self.desk(client).map_or(Money::ZERO, Desk::funding)
    }

    /// What the insurance fund gave a client, less what it took.
    #[must_use]
    pub fn insured(&self, client: ClientId) -> Money {
        self.desk(client).map_or(Money::ZERO, Desk::insured)
    }

    /// What was counted for a client; nothing for an unknown one.
    #[must_use]
    pub fn counters(&self, client: ClientId) -> Counters {
        self.desk(client).map_or_else(Counters::default, |desk| *desk.counters())
    }

    /// How often a client was refused for each reason, orders, cancels and amendments together.
    #[must_use]
    pub fn refusals(&self, client: ClientId) -> &[(Reject, u64)] {
        self.desk(client).map_or(&[], Desk::refusals)
    }

    /// Requests that reached the engine, the crowd's among them.
    #[must_use]
    pub const fn requests(&self) -> u64 {
        self.requests
    }

    /// Checks every invariant of the engine; it looks at everything and is for tests.
    ///
    /// # Errors
    /// The first [`Fault`] found.
    pub fn validate(&self) -> Result<(), Fault> {
        self.engine.validate()
    }

    /// Digest of everything that later events depend on.
    #[must_use]
    pub fn state_hash(&self) -> u64 {
        let mut digest = Digest::new();
        digest.word(self.engine.state_hash());
        digest.signed(self.now.0);
        digest.word(self.requests);
        if let Some(crowd) = &self.crowd {
            crowd.digest(&mut digest);
        }
        if let Some(clock) = &self.funding {
            clock.digest(&mut digest);
        }
        self.desks.iter().for_each(|desk| desk.digest(&mut digest));
        self.feed.digest(&mut digest);
        for (due, (client, command, prevention)) in self.commands.iter() {
            digest.signed(due.0);
            let prevention = prevention.map_or(0, |prevention| 1 + prevention as u64);
            digest.word(u64::from(client.0) | prevention << 16);
            command.digest(&mut digest);
        }
        // What reports say follows from the engine's history; when they arrive does not.
        for (due, (client, _)) in self.reports.iter() {
            digest.signed(due.0);
            digest.word(client.0.into());
        }
        digest.value()
    }

    fn desk(&self, client: ClientId) -> Option<&Desk> {
        self.desks.get(usize::from(client.0))
    }
}
