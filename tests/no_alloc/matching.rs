//! The matching engine allocates nothing once it is built, full structures and refusals among what it meets.

use ballast_core::replace::ReplaceRules;
use ballast_exchange::FeeSchedule;
use ballast_exchange::matching::{
    AccountId, Amendment, FeeTier, MarginRules, Matching, MatchingLimits, MatchingSpec, Outbox, Outcome,
    Placement, Prevention, Pricing, Reject, Request, Source, TIERS_MAX, Trigger, VolatilityHalt, When,
};
use ballast_model::{
    AssetId, ClientOrderId, Contract, InstrumentId, InstrumentSpec, Lots, Money, Nanos, NewOrder, Price,
    Rate, ReduceOnly, Side, Span, Step, TimeInForce, TradeId, VenueOrderId,
};

use crate::counting::counted;

fn spec() -> MatchingSpec {
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
    let fees = FeeSchedule { maker: Rate::from_bps(-1), taker: Rate::from_bps(5) };
    let percent = |percent: i64| Rate::from_bps(100 * percent);
    let mut tiers = [None; TIERS_MAX];
    tiers[0] = Some(FeeTier { volume: Money::ONE, fees });
    MatchingSpec {
        instrument: instrument.unwrap(),
        fees,
        tiers,
        margin: Some(MarginRules { initial: percent(2), maintenance: percent(1), clearance: percent(1) }),
        amend: ReplaceRules::DERIBIT,
        market_protection: percent(5),
        band: None,
        halt: Some(VolatilityHalt { band: percent(3), window: Span(500), pause: Span(50) }),
        limits: MatchingLimits {
            accounts: 4,
            orders: 200,
            waiting: 30,
            orders_per_account: 100,
            pages: 3,
            position: Lots(1_000_000),
            batch: 10,
        },
        first_order_id: VenueOrderId(1),
        first_trade_id: TradeId(1),
    }
}

/// The n-th of a mixed flow of requests.
fn request(n: u64) -> Request {
    // The finaliser of splitmix64 (Steele, Lea and Flood, 2014): every field from bits of its own.
    let z = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let bits = |from: u32, below: u64| (z >> from) % below;
    let account = AccountId(u16::try_from(bits(0, 4)).unwrap());
    let (price, lots) = (Price(970 + bits(2, 60).cast_signed()), Lots(1 + bits(10, 50).cast_signed()));
    let client_id = ClientOrderId(1 + bits(16, 120));
    let ending = TimeInForce::GoodTillDate(Nanos(n.cast_signed() + 300));
    let gtc = TimeInForce::GoodTillCancel;
    let tif = [gtc, gtc, TimeInForce::PostOnly, ending, TimeInForce::FillOrKill];
    let tif = tif[usize::try_from(bits(24, 5)).unwrap()];
    let callback = Rate::from_bps(1 + bits(29, 100).cast_signed());
    let when = [When::Stop(price), When::TakeProfit(price), When::Trails { activation: None, callback }];
    let when = when[usize::try_from(bits(33, 3)).unwrap()];
    match bits(40, 20) {
        0..4 => Request::Cancel(account, client_id),
        4..6 => Request::Amend(Amendment { account, client_id, price, lots }),
        6 if bits(45, 30) == 0 => Request::CancelAll(account),
        _ => Request::Place(Placement {
            account,
            order: NewOrder {
                instrument: InstrumentId(0),
                client_id,
                side: if bits(50, 2) == 0 { Side::Bid } else { Side::Ask },
                price,
                lots,
                tif,
                reduce_only: if bits(51, 8) == 0 { ReduceOnly::Yes } else { ReduceOnly::No },
                expires_at: Nanos::MAX,
            },
            pricing: Pricing::Limit,
            prevention: if bits(54, 2) == 0 { Prevention::Decrement } else { Prevention::ExpireMaker },
            display: if bits(55, 6) == 0 && tif.may_rest() { Lots(lots.0 / 3) } else { Lots::ZERO },
            trigger: (bits(58, 8) == 0).then_some(Trigger { source: Source::Mark, when }),
        }),
    }
}

#[test]
fn the_matching_engine_does_not_allocate() {
    let (mut engine, mut outbox) = (Matching::new(&spec()).unwrap(), Outbox::new(2_000));
    for account in 0..4 {
        engine.transfer(AccountId(account), Money(Money::ONE.0 / 5)).unwrap();
    }
    let mut seen = [0u32; 5];
    for n in 1..30_000u64 {
        let request = request(n);
        let (_, calls) = counted(|| {
            engine.advance(Nanos(n.cast_signed()), &mut outbox);
            engine.batch(&[request], &mut outbox);
            if n.is_multiple_of(50) {
                engine.set_mark(Price(920 + (n / 50 % 161).cast_signed()), &mut outbox);
                engine.fund(Rate(1_000), &mut outbox);
            }
            if n.is_multiple_of(1_000) {
                engine.end_day();
            }
        });
        assert_eq!(calls, 0, "request {n}: {request:?}");
        for outcome in outbox.outcomes() {
            seen[0] += u32::from(matches!(outcome, Outcome::Traded(_)));
            seen[1] += u32::from(matches!(outcome, Outcome::Triggered(_)));
            seen[2] += u32::from(matches!(outcome, Outcome::Halted));
            seen[3] += u32::from(matches!(outcome, Outcome::Liquidated(..)));
            let full = Reject::VenueFull;
            seen[4] += u32::from(matches!(outcome, Outcome::Rejected(_, _, why) if *why == full));
        }
        outbox.clear();
    }
    assert_eq!((engine.validate(), outbox.lost()), (Ok(()), 0));
    assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
}
