//! A venue at the end of two slow lines: no order that the ledger lets pass is refused there for want of balance.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;

#[derive(Clone, Copy, Debug)]
enum Step {
    Send {
        side: Side,
        price: i64,
        lots: i64,
    },
    Cancel(usize),
    /// The venue reads the next message; trades one of its orders; says what it has.
    Read,
    Trade {
        order: usize,
        lots: i64,
        better: i64,
        fee: i64,
    },
    Tell(AssetId),
    /// We hear the next message.
    Hear,
}

fn steps() -> impl Strategy<Value = Step> {
    let side = prop_oneof![Just(Side::Bid), Just(Side::Ask)];
    prop_oneof![
        6 => (side, 50..150i64, 1..60i64).prop_map(|(side, price, lots)| Step::Send { side, price, lots }),
        2 => any::<usize>().prop_map(Step::Cancel),
        7 => Just(Step::Read),
        4 => (any::<usize>(), 1..60i64, 0..40i64, -1..=1i64)
            .prop_map(|(order, lots, better, fee)| Step::Trade { order, lots, better, fee }),
        2 => prop::sample::select([BASE, QUOTE].as_slice()).prop_map(Step::Tell),
        8 => Just(Step::Hear),
    ]
}

#[derive(Clone, Copy)]
enum Request {
    New(NewOrder),
    Cancel(ClientOrderId),
}

#[derive(Clone, Copy)]
enum News {
    Filled(Fill),
    Ended(ClientOrderId),
    Told { asset: AssetId, free: i128, locked: i128 },
}

/// The venue's own books: an order locks its value, and a fee comes out of what the trade brings in.
struct Venue {
    /// Base and quote.
    free: [i128; 2],
    locked: [i128; 2],
    open: Vec<NewOrder>,
}

/// Which of the two, and how much of it.
fn lock(order: &NewOrder) -> (usize, i128) {
    match order.side {
        Side::Ask => (0, base(i128::from(order.lots.0)).0),
        Side::Bid => (1, i128::from(order.price.0) * i128::from(order.lots.0)),
    }
}

impl Venue {
    fn read(&mut self, request: Request) -> Option<News> {
        match request {
            Request::New(order) => {
                let (asset, amount) = lock(&order);
                assert!(self.free[asset] >= amount, "refused: {} of {amount}", self.free[asset]);
                self.free[asset] -= amount;
                self.locked[asset] += amount;
                self.open.push(order);
                None
            }
            Request::Cancel(id) => {
                let place = self.open.iter().position(|order| order.client_id == id)?;
                let (asset, amount) = lock(&self.open.remove(place));
                self.locked[asset] -= amount;
                self.free[asset] += amount;
                Some(News::Ended(id))
            }
        }
    }

    fn trade(&mut self, place: usize, lots: i64, better: i64, fee: i64) -> News {
        let order = self.open[place];
        let lots = Lots(lots).min(order.lots);
        let price = order.price.0 - order.side.sign() * better;
        // Charged in base, ten lots: of bids that bring in as much.
        let fee = if order.side == Side::Bid && lots.0 >= 10 { fee } else { 0 };
        let (asset, before) = lock(&order);
        self.open[place].lots -= lots;
        let released = before - lock(&self.open[place]).1;
        self.locked[asset] -= released;
        self.free[asset] += released;
        let signed = i128::from(order.side.sign() * lots.0);
        self.free[0] += signed * base(1).0 - i128::from(fee) * 10i128.pow(10);
        self.free[1] -= signed * i128::from(price);
        if self.open[place].lots == Lots::ZERO {
            self.open.remove(place);
        }
        let fill = fill(order.client_id.0, order.side, price, lots.0);
        News::Filled(Fill { fee_asset: BASE, fee_e8: fee, ..fill })
    }
}

struct World {
    venue: Venue,
    ledger: HoldLedger,
    requests: VecDeque<Request>,
    news: VecDeque<News>,
    sent: u64,
}

impl World {
    fn new() -> Self {
        let venue = Venue { free: [base(150).0, 10_000], locked: [0, 0], open: Vec::new() };
        let mut ledger = HoldLedger::new(Rate(0)).unwrap();
        ledger.true_up(ME, BASE, base(150), Money(0)).unwrap();
        ledger.true_up(ME, QUOTE, Money(10_000), Money(0)).unwrap();
        Self { venue, ledger, requests: VecDeque::new(), news: VecDeque::new(), sent: 0 }
    }

    fn hear(&mut self, news: News) {
        match news {
            News::Filled(fill) => filled(&mut self.ledger, &fill),
            News::Ended(id) => assert!(self.ledger.end(id).is_some()),
            News::Told { asset, free, locked } => {
                self.ledger.true_up(ME, asset, Money(free), Money(locked)).unwrap();
            }
        }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Send { side, price, lots } => {
                self.sent += 1;
                let order = order(self.sent, side, price, lots);
                if place(&mut self.ledger, &order).is_ok() {
                    self.requests.push_back(Request::New(order));
                }
            }
            Step::Cancel(any) => {
                let id = ClientOrderId(1 + any as u64 % (self.sent + 1));
                self.requests.push_back(Request::Cancel(id));
            }
            Step::Read => {
                let request = self.requests.pop_front();
                self.news.extend(request.and_then(|request| self.venue.read(request)));
            }
            Step::Trade { order, lots, better, fee } => {
                if let Some(place) = order.checked_rem(self.venue.open.len()) {
                    self.news.push_back(self.venue.trade(place, lots, better, fee));
                }
            }
            Step::Tell(asset) => {
                let (free, locked) = (self.venue.free[slot(asset)], self.venue.locked[slot(asset)]);
                self.news.push_back(News::Told { asset, free, locked });
            }
            Step::Hear => {
                if let Some(news) = self.news.pop_front() {
                    self.hear(news);
                }
            }
        }
    }
}

fn slot(asset: AssetId) -> usize {
    usize::from(asset.0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn no_order_that_passes_is_refused_by_the_venue(history in prop::collection::vec(steps(), 1..60)) {
        let mut world = World::new();
        for step in history {
            world.take(step);
        }
        // Once all has arrived, both have the same, and nothing is left to explain.
        while let Some(request) = world.requests.pop_front() {
            world.news.extend(world.venue.read(request));
        }
        for asset in [BASE, QUOTE] {
            world.take(Step::Tell(asset));
        }
        while let Some(news) = world.news.pop_front() {
            world.hear(news);
        }
        for asset in [BASE, QUOTE] {
            let line = world.ledger.balance(ME, asset).unwrap();
            let (free, locked) = (world.venue.free[slot(asset)], world.venue.locked[slot(asset)]);
            prop_assert_eq!((line.free.0, line.held.0), (free, locked));
            prop_assert_eq!(line.differences, Some(TrueUp { gap: Money(0), drift: Money(0) }));
            prop_assert_eq!(world.ledger.available(ME, asset), Some(Money(free)));
        }
    }
}
