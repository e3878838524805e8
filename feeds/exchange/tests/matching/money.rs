//! Money is conserved: a ledger kept from the outcomes alone agrees with the engine after every request.

use ballast_exchange::FeeSchedule;
use ballast_exchange::matching::{AccountId, Matching, MatchingSpec, Outbox, Outcome};
use ballast_model::{Contract, Lots, Money, Price, Rate, Side, Step};
use proptest::prelude::*;

use crate::margin::perpetual;
use crate::rig::{Change, IOC, ask, bid};

/// Cash and position of four accounts, as if every trade had been paid for in full.
struct Ledger {
    spec: MatchingSpec,
    cash: [i128; 4],
    position: [i64; 4],
    liquidated: u32,
    deleveraged: u32,
}

impl Ledger {
    fn value(&self, price: Price, lots: i64) -> i128 {
        let (price, lots) = (i128::from(price.0), i128::from(lots));
        match self.spec.instrument.contract {
            Contract::Linear => price * lots * 10_000_000_000_000,
            // 100 of quote by a price in hundredths.
            Contract::Inverse => lots * 100 * 100 * Money::ONE.0 / price,
        }
    }

    fn moves(&mut self, account: AccountId, side: Side, price: Price, lots: Lots, fee_e8: i64) {
        let gains = if self.spec.instrument.contract == Contract::Linear { -1 } else { 1 };
        let at = usize::from(account.0);
        self.position[at] += lots.0 * side.sign();
        self.cash[at] += self.value(price, lots.0) * i128::from(side.sign()) * gains;
        self.cash[at] -= i128::from(fee_e8) * 10_000_000_000;
    }

    fn equity(&self, account: usize, mark: Price) -> i128 {
        let gains = if self.spec.instrument.contract == Contract::Linear { 1 } else { -1 };
        let position = self.position[account];
        self.cash[account] + self.value(mark, position.abs()) * i128::from(position.signum()) * gains
    }

    fn hear(&mut self, outcome: &Outcome, mark: Option<Price>) {
        if let Outcome::Traded(trade) = outcome {
            let (taker, maker) = (trade.taker, trade.maker);
            self.moves(taker.order.account, trade.taker_side, trade.price, trade.lots, taker.fee_e8);
            self.moves(
                maker.order.account,
                trade.taker_side.opposite(),
                trade.price,
                trade.lots,
                maker.fee_e8,
            );
        } else if let Outcome::Deleveraged(trade) = outcome {
            let closes =
                if self.position[usize::from(trade.liquidated.0)] > 0 { Side::Ask } else { Side::Bid };
            self.moves(trade.liquidated, closes, trade.price, trade.lots, 0);
            self.moves(trade.counterparty, closes.opposite(), trade.price, trade.lots, 0);
            self.deleveraged += 1;
        } else if let Outcome::Funded(account, amount) | Outcome::Insured(account, amount) = outcome {
            self.cash[usize::from(account.0)] += amount.0;
        } else if let Outcome::Liquidated(account, position) = outcome {
            let at = usize::from(account.0);
            let value = self.value(mark.unwrap(), position.0.abs());
            assert_eq!(position.0, self.position[at]);
            assert!(self.equity(at, mark.unwrap()) * 20 < value, "not below 5 %");
            self.liquidated += 1;
        }
    }
}

/// Random orders, marks and funding; returns how often somebody was liquidated and deleveraged.
fn run(spec: &MatchingSpec, steps: &[(u8, u16, i64, i64)], collateral: Money) -> (u32, u32) {
    let mut engine = Matching::new(spec).unwrap();
    let mut ledger = Ledger { spec: *spec, cash: [0; 4], position: [0; 4], liquidated: 0, deleveraged: 0 };
    let mut outbox = Outbox::new(1_000);
    for account in 0..4u16 {
        engine.transfer(AccountId(account), collateral).unwrap();
        ledger.cash[usize::from(account)] = collateral.0;
    }
    engine.endow(Money(collateral.0 / 10));
    let mut mark = None;
    for ((kind, account, price, lots), id) in steps.iter().copied().zip(1..) {
        match kind {
            0..=3 => engine.place(&bid(account, id, price, lots), &mut outbox),
            4..=7 => engine.place(&ask(account, id, price, lots), &mut outbox),
            8 => engine.place(&ask(account, id, 900, 3 * lots).tif(IOC).reduce(), &mut outbox),
            9 => engine.place(&bid(account, id, 1_100, 3 * lots).tif(IOC).reduce(), &mut outbox),
            10 => engine.fund(Rate((price - 1_000) * 20_000), &mut outbox),
            _ => {
                mark = Some(Price(1_000 + 3 * (price - 1_000)));
                engine.set_mark(mark.unwrap(), &mut outbox);
            }
        }
        for outcome in outbox.outcomes() {
            ledger.hear(outcome, mark);
        }
        outbox.clear();
        assert_eq!(engine.validate(), Ok(()));
        for at in 0..4u16 {
            let account = AccountId(at);
            assert_eq!(engine.position(account).0, ledger.position[usize::from(at)]);
            if let Some(mark) = mark {
                assert_eq!(engine.equity(account).0, ledger.equity(usize::from(at), mark));
            }
        }
    }
    assert_eq!(outbox.lost(), 0);
    (ledger.liquidated, ledger.deleveraged)
}

fn steps(count: usize) -> impl Strategy<Value = Vec<(u8, u16, i64, i64)>> {
    prop::collection::vec((0..13u8, 0..4u16, 960..1_040i64, 1..40i64), count)
}

fn linear() -> MatchingSpec {
    let mut spec = perpetual();
    spec.fees = FeeSchedule { maker: Rate(-7_001), taker: Rate(40_003) };
    spec
}

fn inverse() -> MatchingSpec {
    let mut spec = linear();
    spec.instrument.contract = Contract::Inverse;
    spec.instrument.multiplier = 100;
    spec.instrument.lot = Step::parse("1").unwrap();
    spec.limits.position = Lots(100_000);
    spec
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]
    #[test]
    fn a_ledger_of_the_outcomes_agrees_with_a_linear_perpetual(steps in steps(70)) {
        run(&linear(), &steps, Money(Money::ONE.0 / 20));
    }

    #[test]
    fn a_ledger_of_the_outcomes_agrees_with_an_inverse_perpetual(steps in steps(70)) {
        run(&inverse(), &steps, Money(50 * Money::ONE.0));
    }
}

#[test]
fn the_random_runs_liquidate_and_deleverage() {
    let mut seed = 1u64;
    let mut next = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let mut step = |_| {
        let kind = u8::try_from(next(13)).unwrap();
        let account = u16::try_from(next(4)).unwrap();
        (kind, account, 960 + next(80).cast_signed(), 1 + next(40).cast_signed())
    };
    let steps: Vec<_> = (0..3_000).map(&mut step).collect();
    for (spec, collateral) in [(linear(), Money::ONE.0 / 20), (inverse(), 50 * Money::ONE.0)] {
        let (mut liquidated, mut deleveraged) = (0, 0);
        for steps in steps.chunks(100) {
            let seen = run(&spec, steps, Money(collateral));
            liquidated += seen.0;
            deleveraged += seen.1;
        }
        assert!(liquidated >= 10 && deleveraged >= 5, "{liquidated} {deleveraged}");
    }
}
