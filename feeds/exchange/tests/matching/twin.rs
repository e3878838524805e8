//! The engine equals its twin: every outcome of every operation, and the whole book now and then.

use std::collections::BTreeMap;

use ballast_core::replace::ReplaceRules;
use ballast_exchange::FeeSchedule;
use ballast_exchange::matching::{
    AccountId, Amendment, FeeTier, MarginRules, Matching, MatchingSpec, Outbox, Outcome, Placement,
    Prevention, PriceBand, Pricing, Request, Source, Trigger, VolatilityHalt, When,
};
use ballast_model::{
    ClientOrderId, Contract, InstrumentId, Lots, Money, Nanos, NewOrder, Price, Rate, ReduceOnly, Side, Span,
    Step, TimeInForce,
};

use crate::rig::{FOK, GTC, IOC, POST, spec};
use crate::twin_model::Twin;

/// Operations of one run.
const OPERATIONS: u32 = if cfg!(debug_assertions) { 40_000 } else { 250_000 };

/// xorshift64* (Vigna, 2016).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    fn below(&mut self, n: u64) -> i64 {
        i64::try_from(self.next() % n).unwrap()
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.next().is_multiple_of(n)
    }

    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[usize::try_from(self.below(items.len() as u64)).unwrap()]
    }
}

/// Prices lie about 1 000 ticks, bids mostly below asks; now and then one is far out.
fn price(random: &mut Random, side: Side) -> Price {
    match random.below(40) {
        0 => random.pick(&[Price(0), Price(1), Price(1_000_001), Price(3_000), Price(640), Price(1_400)]),
        1..=4 => Price(900 + random.below(200)),
        _ => Price(985 - 8 * side.sign() + random.below(30)),
    }
}

fn account(random: &mut Random) -> AccountId {
    AccountId(u16::try_from(if random.one_in(500) { 9 } else { random.below(4) }).unwrap())
}

fn trigger(random: &mut Random) -> Trigger {
    let at = Price(if random.one_in(50) { 0 } else { 970 + random.below(60) });
    let activation = if random.one_in(2) { Some(at) } else { None };
    let callback = Rate(if random.one_in(50) { 0 } else { 1 + random.below(2_000_000) });
    let trails = When::Trails { activation, callback };
    Trigger {
        source: random.pick(&[Source::Last, Source::Mark]),
        when: random.pick(&[When::Stop(at), When::TakeProfit(at), trails]),
    }
}

fn placement(random: &mut Random, now: i64) -> Placement {
    let ending = TimeInForce::GoodTillDate(Nanos(now - 5 + random.below(400)));
    let tif = random.pick(&[GTC, GTC, GTC, POST, POST, ending, ending, IOC, FOK]);
    let lots = if random.one_in(100) { random.below(12_000) } else { 1 + random.below(60) };
    let market = random.one_in(if tif.may_rest() { 300 } else { 2 });
    let iceberg = random.one_in(if tif.may_rest() { 8 } else { 300 });
    let side = random.pick(&Side::BOTH);
    let modes = [Prevention::ExpireTaker, Prevention::ExpireMaker, Prevention::ExpireBoth];
    Placement {
        account: account(random),
        order: NewOrder {
            instrument: InstrumentId(0),
            client_id: ClientOrderId(1 + random.next() % 40),
            side,
            price: price(random, side),
            lots: Lots(lots),
            tif,
            reduce_only: if random.one_in(6) { ReduceOnly::Yes } else { ReduceOnly::No },
            expires_at: Nanos::MAX,
        },
        pricing: if market { Pricing::Market } else { Pricing::Limit },
        prevention: random.pick(&[modes[0], modes[1], modes[2], Prevention::Decrement, Prevention::None]),
        display: Lots(if iceberg { random.below(20) } else { 0 }),
        trigger: if random.one_in(9) { Some(trigger(random)) } else { None },
    }
}

/// A request; most cancels and amendments are of orders that are open.
fn request(random: &mut Random, twin: &Twin) -> Request {
    let kind = random.below(100);
    let open = twin.any(random.next()).filter(|_| !random.one_in(8));
    let unknown = (account(random), ClientOrderId(1 + random.next() % 40));
    let (account, client_id) = open.map_or(unknown, |(order, ..)| (order.account, order.client_id));
    match kind {
        0..=65 => Request::Place(placement(random, twin.now().0.max(0))),
        66..=79 => Request::Cancel(account, client_id),
        99 if random.one_in(8) => Request::CancelAll(account),
        _ => {
            let side = random.pick(&Side::BOTH);
            let (mut price, mut lots) = (price(random, side), Lots(random.below(70)));
            if let Some((_, stands, total, left)) = open
                && random.one_in(2)
            {
                price = stands;
                let smaller = Lots(total.0 - random.below(1 + left.0.unsigned_abs()));
                lots = random.pick(&[lots, smaller, smaller]);
            }
            Request::Amend(Amendment { account, client_id, price, lots })
        }
    }
}

/// What a run came to.
#[derive(Debug, PartialEq, Eq)]
struct Run {
    hash: u64,
    /// Requests made.
    operations: usize,
    /// How often each kind of outcome was seen, with its reason where it has one.
    seen: BTreeMap<String, u32>,
}

impl Run {
    fn count(&mut self, outcome: &Outcome) {
        let kind = if let Outcome::Rejected(_, _, why) | Outcome::CancelRejected(_, _, why) = outcome {
            format!("{why:?}")
        } else if let Outcome::ReplaceRejected(_, _, why) = outcome {
            format!("amend {why:?}")
        } else if let Outcome::Expired(_, _, why) = outcome {
            format!("ended {why:?}")
        } else {
            format!("{outcome:?}").split(['(', ' ']).next().unwrap().to_owned()
        };
        *self.seen.entry(kind).or_default() += 1;
    }

    /// Every one of these happened a few times.
    fn saw(&self, kinds: &str) {
        for kind in kinds.split(", ") {
            assert!(self.seen.get(kind).is_some_and(|count| *count >= 3), "{kind}: {:?}", self.seen);
        }
    }
}

/// What each account of a perpetual begins with, and ten times the fund: a quarter of the value of twenty lots.
const fn collateral(contract: Contract) -> i128 {
    match contract {
        Contract::Linear => Money::ONE.0 / 20,
        Contract::Inverse => 50 * Money::ONE.0,
    }
}

/// Money is paid in.
fn endow(engine: &mut Matching, twin: &mut Twin, collateral: i128) {
    for account in (0..4).map(AccountId) {
        assert_eq!(
            (engine.transfer(account, Money(collateral)), twin.transfer(account, collateral)),
            (Ok(()), Ok(()))
        );
    }
    engine.endow(Money(collateral / 10));
    twin.endow(collateral / 10);
}

/// What happens to money now and then: funding, deposits and withdrawals, the end of a day.
fn money_moves(
    random: &mut Random,
    (engine, twin): (&mut Matching, &mut Twin),
    collateral: i128,
    outbox: &mut Outbox,
) {
    if random.one_in(100) {
        let rate = Rate(random.below(400_001) - 200_000);
        engine.fund(rate, outbox);
        twin.fund(rate);
    }
    if random.one_in(80) {
        let (account, amount) =
            (account(random), i128::from(random.below(2_001) - 1_150) * collateral / 2_000);
        assert_eq!(
            engine.transfer(account, Money(amount)),
            twin.transfer(account, amount),
            "{account:?} {amount}"
        );
    }
    if random.one_in(300) {
        engine.end_day();
        twin.end_day();
    }
}

/// Collateral, fees and fund of both are the same.
fn compare_money(engine: &Matching, twin: &Twin) {
    for account in (0..4).map(AccountId) {
        let ours = (engine.wallet(account).0, engine.equity(account).0, engine.fees(account));
        assert_eq!(ours, (twin.wallet(account), twin.equity(account), Some(twin.fees(account))));
    }
    assert_eq!(engine.insurance().0, twin.insurance());
}

/// Runs both over the same requests.
fn compare(spec: &MatchingSpec, seed: u64) -> Run {
    let (mut engine, mut twin) = (Matching::new(spec).unwrap(), Twin::new(spec));
    let (mut random, mut outbox) = (Random(seed), Outbox::new(1_000));
    let (mut now, mut run) = (0, Run { hash: 0, operations: 0, seen: BTreeMap::new() });
    let collateral = collateral(spec.instrument.contract);
    if spec.margin.is_some() {
        endow(&mut engine, &mut twin, collateral);
    }
    for step in 0..OPERATIONS {
        if spec.margin.is_some() {
            money_moves(&mut random, (&mut engine, &mut twin), collateral, &mut outbox);
        }
        if random.one_in(4) {
            now += random.below(20);
            engine.advance(Nanos(now), &mut outbox);
            twin.advance(now);
        }
        if random.one_in(60) {
            let wild = spec.margin.is_some() && random.one_in(4);
            let mark = if wild { 900 + random.below(200) } else { 970 + random.below(60) };
            engine.set_mark(Price(mark), &mut outbox);
            twin.mark(mark);
        }
        // Mostly one at a time; now and then more than a batch has room for.
        let count = if random.one_in(30) { 1 + random.below(24) } else { 1 };
        let requests: Vec<_> = (0..count).map(|_| request(&mut random, &twin)).collect();
        match requests[..] {
            [one] => engine.apply(&one, &mut outbox),
            _ => engine.batch(&requests, &mut outbox),
        }
        twin.batch(&requests);
        run.operations += requests.len();
        assert_eq!(outbox.outcomes(), twin.told, "seed {seed}, step {step}: {requests:?}");
        twin.told.iter().for_each(|outcome| run.count(outcome));
        outbox.clear();
        twin.told.clear();
        if step % 16 == 0 {
            assert_eq!(
                engine.validate(),
                Ok(()),
                "seed {seed}, step {step}: {requests:?} at {:?}",
                twin.now()
            );
            for side in Side::BOTH {
                assert!(engine.levels(side).eq(twin.levels(side)), "seed {seed}, step {step}");
            }
            for account in (0..4).map(AccountId) {
                assert_eq!(engine.position(account).0, twin.position(account));
            }
            if spec.margin.is_some() {
                compare_money(&engine, &twin);
                let fees = engine.fees(AccountId(1)).unwrap();
                *run.seen.entry(format!("maker {}", fees.maker.0)).or_default() += 1;
            }
        }
    }
    assert_eq!(outbox.lost(), 0);
    run.hash = engine.state_hash();
    println!("seed {seed}: {} operations equal, state {:016x}", run.operations, run.hash);
    run
}

fn small(amend: ReplaceRules) -> MatchingSpec {
    let mut spec = spec();
    spec.amend = amend;
    spec.instrument.notional_min = Money(Money::ONE.0 / 50);
    (spec.limits.orders, spec.limits.orders_per_account) = (45, 14);
    (spec.limits.waiting, spec.limits.pages, spec.limits.position) = (9, 2, Lots(400));
    spec
}

#[test]
fn the_engine_equals_its_twin_where_amendments_queue_again() {
    let mut spec = small(ReplaceRules::BINANCE_USDM);
    spec.amend.amendments_max = 3;
    spec.band = Some(PriceBand { up: Rate(105_000_000), down: Rate(95_000_000) });
    let run = compare(&spec, 11);
    run.saw(
        "Accepted, Traded, Prevented, Cancelled, Replaced, AllCancelled, UnknownAccount, PriceMin, PriceMax, \
         Band(Bid), Band(Ask), SizeMax, NotionalMin, Contradiction, EndTime, DuplicateId, OrdersMax, VenueFull, \
         LevelsFull, PositionMax, ReduceOnly, WouldTake, NothingToTake, UnknownOrder, ended TimeInForce, \
         ended EndTime, ended SelfTrade, ended ReduceOnly, ended WouldTake, amend Unchanged, \
         amend AmendmentsMax, amend Band(Bid), amend Band(Ask), Triggered, Trigger, TriggersAtOnce, \
         ended Refused(Band(Bid)), ended Refused(NothingToTake), ended Refused(ReduceOnly)",
    );
    assert_eq!(compare(&spec, 11), run, "the same requests give the same state");
}

#[test]
fn the_engine_equals_its_twin_where_a_smaller_size_keeps_its_place() {
    let run = compare(&small(ReplaceRules::DERIBIT), 12);
    run.saw(
        "Replaced, amend SizeMin, amend ReduceOnly, amend PositionMax, amend WouldTake, amend LevelsFull",
    );
}

#[test]
fn the_engine_equals_its_twin_where_orders_only_shrink() {
    let mut spec = small(ReplaceRules::BINANCE_SPOT);
    spec.fees.maker = Rate(-3_333);
    compare(&spec, 13).saw("Replaced, amend NotAmendable");
}

#[test]
fn the_engine_equals_its_twin_through_halts() {
    let mut spec = small(ReplaceRules::DERIBIT);
    let (window, pause) = (Span(700), Span(90));
    spec.halt = Some(VolatilityHalt { band: Rate::from_bps(90), window, pause });
    compare(&spec, 14).saw("Halted, Resumed, ended Halted, amend Halted");
}

#[test]
fn the_engine_equals_its_twin_with_margin_funding_liquidation_and_tiers() {
    let (linear, inverse) = (Contract::Linear, Contract::Inverse);
    let far = Some(Rate::from_bps(120));
    for (seed, contract, halt) in
        [(15, linear, None), (16, linear, far), (17, inverse, None), (18, inverse, far)]
    {
        let mut spec = small(ReplaceRules::BINANCE_USDM);
        if contract == inverse {
            spec.instrument.lot = Step::parse("1").unwrap();
            (spec.instrument.contract, spec.instrument.multiplier) = (inverse, 100);
        }
        let percent = |percent: i64| Rate::from_bps(100 * percent);
        spec.margin =
            Some(MarginRules { initial: percent(4), maintenance: percent(2), clearance: Rate::from_bps(50) });
        spec.fees = FeeSchedule { maker: Rate(-3_333), taker: Rate(40_001) };
        let tier = |part: i128, maker, taker| {
            let fees = FeeSchedule { maker: Rate(maker), taker: Rate(taker) };
            Some(FeeTier { volume: Money(collateral(contract) * part), fees })
        };
        (spec.tiers[0], spec.tiers[1]) = (tier(1_800, -9_999, 20_003), tier(900, -6_666, 30_007));
        let (window, pause) = (Span(700), Span(90));
        spec.halt = halt.map(|band| VolatilityHalt { band, window, pause });
        let run = compare(&spec, seed);
        run.saw(
            "Margin, Funded, Liquidated, Insured, Deleveraged, Traded, Triggered, amend Margin, BatchMax",
        );
        run.saw("maker -3333, maker -6666, maker -9999");
        assert_eq!(halt.is_some(), run.seen.contains_key("Halted"));
        assert_eq!(compare(&spec, seed), run, "the same requests give the same state");
    }
}
