//! Any history of fills, funding, fees, splits, merges, transfers and deposits, against a twin that keeps plain sums.
//!
//! The twin knows no basis and no profit: only what every event moves, in whole units of 10⁻¹⁸, and for inverse contracts the
//! exact fraction beside the rounded flow. What the books say must add up to its sums, to the unit, after every event.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;

/// All prices of a history divide this: exact inverse flows become whole numbers.
const COMMON: i128 = 27_720;

const INSTRUMENTS: [InstrumentId; 3] = [LINEAR, INVERSE, SPOT];
const OWNERS: [SubAccountId; 2] = [ONE, TWO];
const ASSETS: [AssetId; 3] = [BASE, QUOTE, TOKEN];

#[derive(Clone, Debug)]
enum Step {
    Fill { book: BookKey, side: Side, price: i64, lots: i64, fee_asset: AssetId, fee_e8: i64 },
    Funding { instrument: InstrumentId, account: SubAccountId, payment: i128, strategy: u16 },
    Split { from: BookKey, to: BookKey, lots: i64 },
    Merge { from: BookKey, into: BookKey },
    Transfer { from: SubAccountId, to: SubAccountId, asset: AssetId, amount: i128 },
    Deposit { account: SubAccountId, asset: AssetId, amount: i128 },
}

fn one_of<T: Copy + core::fmt::Debug + 'static>(values: &'static [T]) -> impl Strategy<Value = T> {
    prop::sample::select(values)
}

fn books() -> impl Strategy<Value = BookKey> {
    (one_of(&INSTRUMENTS), one_of(&OWNERS), 0..3u16)
        .prop_map(|(instrument, account, strategy)| key(instrument, account, strategy))
}

/// Two books of one instrument, at times the same.
fn pairs() -> impl Strategy<Value = (BookKey, BookKey)> {
    (books(), one_of(&OWNERS), 0..3u16)
        .prop_map(|(from, account, strategy)| (from, key(from.instrument, account, strategy)))
}

fn steps() -> impl Strategy<Value = Step> {
    let amounts = || -1_000_000_007_000_000_000_000_000_003..1_000_000_007_000_000_000_000_000_003i128;
    let sides = prop_oneof![Just(Side::Bid), Just(Side::Ask)];
    let fills = (books(), sides, 1..=12i64, 1..40i64, one_of(&ASSETS), -40..100i64).prop_map(
        |(book, side, price, lots, fee_asset, fee_e8)| Step::Fill {
            book,
            side,
            price,
            lots,
            fee_asset,
            fee_e8,
        },
    );
    let funding = (one_of(&[LINEAR, INVERSE]), one_of(&OWNERS), amounts(), 0..3u16).prop_map(
        |(instrument, account, payment, strategy)| Step::Funding { instrument, account, payment, strategy },
    );
    let transfers = (one_of(&OWNERS), one_of(&OWNERS), one_of(&ASSETS), amounts())
        .prop_map(|(from, to, asset, amount)| Step::Transfer { from, to, asset, amount: amount.abs() + 1 });
    let deposits = (one_of(&OWNERS), one_of(&ASSETS), amounts())
        .prop_map(|(account, asset, amount)| Step::Deposit { account, asset, amount });
    prop_oneof![
        8 => fills,
        2 => funding,
        4 => (pairs(), 1..60i64).prop_map(|((from, to), lots)| Step::Split { from, to, lots }),
        2 => pairs().prop_map(|(from, into)| Step::Merge { from, into }),
        1 => transfers,
        1 => deposits,
    ]
}

/// Plain sums.
#[derive(Default)]
struct Twin {
    position: BTreeMap<BookKey, i128>,
    /// By instrument: rounded flows, the same times [`COMMON`] and not rounded, funding, and fees by asset.
    flows: BTreeMap<InstrumentId, i128>,
    exact: BTreeMap<InstrumentId, i128>,
    funding: BTreeMap<InstrumentId, i128>,
    fees: BTreeMap<(InstrumentId, AssetId), i128>,
    /// By sub-account and asset: all that moves there but the profit of margined contracts.
    cash: BTreeMap<(SubAccountId, AssetId), i128>,
    /// What flows of margined contracts have moved, by asset.
    margined: BTreeMap<AssetId, i128>,
}

fn bump<K: Ord>(sums: &mut BTreeMap<K, i128>, key: K, amount: i128) {
    *sums.entry(key).or_default() += amount;
}

fn at<K: Ord>(sums: &BTreeMap<K, i128>, key: &K) -> i128 {
    sums.get(key).copied().unwrap_or(0)
}

impl Twin {
    fn fill(&mut self, book: BookKey, side: Side, (price, lots): (i64, i64)) {
        let (price, signed) = (i128::from(price), i128::from(side.sign() * lots));
        let (flow, exact) = if book.instrument == INVERSE {
            let exact = signed * 10i128.pow(21) * (COMMON / price);
            let toward_zero = exact / COMMON;
            (if toward_zero * COMMON > exact { toward_zero - 1 } else { toward_zero }, exact)
        } else {
            let flow = -signed * price * 10i128.pow(13);
            (flow, flow * COMMON)
        };
        bump(&mut self.position, book, signed);
        bump(&mut self.flows, book.instrument, flow);
        bump(&mut self.exact, book.instrument, exact);
        if book.instrument == SPOT {
            bump(&mut self.cash, (book.account, QUOTE), flow);
            bump(&mut self.cash, (book.account, BASE), signed * 10i128.pow(15));
        } else {
            bump(&mut self.margined, if book.instrument == INVERSE { BASE } else { QUOTE }, flow);
        }
    }

    fn moved(&mut self, from: BookKey, to: BookKey, position: i128) {
        bump(&mut self.position, from, -position);
        bump(&mut self.position, to, position);
        if from.instrument == SPOT {
            bump(&mut self.cash, (from.account, BASE), -position * 10i128.pow(15));
            bump(&mut self.cash, (to.account, BASE), position * 10i128.pow(15));
        }
    }
}

/// Where a fee counts, and how much: what was taken in coins is worth its price in hundredths, and a part of a unit a whole one.
fn booked(instrument: InstrumentId, price: i64, fee: (AssetId, i64)) -> (AssetId, i64) {
    match fee {
        (BASE, coins) if instrument != INVERSE => (QUOTE, -(-coins * price).div_euclid(100)),
        fee => fee,
    }
}

/// Takes one step on both; refusals are compared with what the twin thinks of the step.
fn take(accounts: &mut Accounts, twin: &mut Twin, step: Step) -> Result<(), TestCaseError> {
    match step {
        Step::Fill { book, side, price, lots, fee_asset, fee_e8 } => {
            let fill = Fill { fee_asset, fee_e8, ..fill(book.instrument, side, price, lots) };
            accounts.on_fill(book.account, book.strategy, &fill).unwrap();
            twin.fill(book, side, (price, lots));
            let fee = i128::from(fee_e8) * 10i128.pow(10);
            let booked = booked(book.instrument, price, (fee_asset, fee_e8));
            bump(&mut twin.fees, (book.instrument, booked.0), i128::from(booked.1) * 10i128.pow(10));
            bump(&mut twin.cash, (book.account, fee_asset), -fee);
        }
        Step::Funding { instrument, account, payment, strategy } => {
            accounts.on_funding(instrument, account, Money(payment), StrategyId(strategy)).unwrap();
            bump(&mut twin.funding, instrument, payment);
            let asset = if instrument == INVERSE { BASE } else { QUOTE };
            bump(&mut twin.cash, (account, asset), payment);
        }
        Step::Split { from, to, lots } => {
            let (held, before) = (at(&twin.position, &from), digest(accounts));
            let possible = from != to && held.abs() >= i128::from(lots);
            prop_assert_eq!(accounts.split(from, to, Lots(lots)).is_ok(), possible);
            if possible {
                twin.moved(from, to, i128::from(lots) * held.signum());
            } else {
                prop_assert_eq!(digest(accounts), before);
            }
        }
        Step::Merge { from, into } => {
            let possible = from != into && from.account == into.account;
            prop_assert_eq!(accounts.merge(from, into).is_ok(), possible);
            if possible {
                twin.moved(from, into, at(&twin.position, &from));
                accounts.open(from).unwrap();
            }
        }
        Step::Transfer { from, to, asset, amount } => {
            accounts.transfer(from, to, asset, Money(amount)).unwrap();
            bump(&mut twin.cash, (from, asset), -amount);
            bump(&mut twin.cash, (to, asset), amount);
        }
        Step::Deposit { account, asset, amount } => {
            accounts.deposit(account, asset, Money(amount)).unwrap();
            bump(&mut twin.cash, (account, asset), amount);
        }
    }
    Ok(())
}

/// Every sum the books must add up to.
fn audit(accounts: &Accounts, twin: &Twin) -> Result<(), TestCaseError> {
    for (key, book) in accounts.books() {
        prop_assert_eq!(i128::from(book.position().0), at(&twin.position, &key));
        prop_assert!(book.position() != Lots::ZERO || book.basis() == Money::ZERO);
    }
    for instrument in INSTRUMENTS {
        let totals = accounts.totals(instrument);
        prop_assert_eq!(totals, Totals::of(accounts.ledger(instrument).unwrap()));
        prop_assert_eq!(totals.flows.0, at(&twin.flows, &instrument));
        prop_assert_eq!(totals.funding.0, at(&twin.funding, &instrument));
        let lost = at(&twin.exact, &instrument) - totals.flows.0 * COMMON;
        prop_assert!((0..=totals.rounding_max.0 * COMMON).contains(&lost), "{lost}");
        for asset in ASSETS {
            prop_assert_eq!(accounts.fees(instrument, asset).0, at(&twin.fees, &(instrument, asset)));
        }
    }
    for asset in ASSETS {
        let margined = |key: BookKey| match key.instrument {
            LINEAR => asset == QUOTE,
            INVERSE => asset == BASE,
            _ => false,
        };
        let (mut total, mut basis) = (0, 0);
        for account in OWNERS {
            let own = accounts.books().filter(|(key, _)| key.account == account && margined(*key));
            let (realised, stands) = own.fold((0, 0), |(realised, basis), (_, book)| {
                (realised + book.realised().0, basis + book.basis().0)
            });
            let cash = accounts.cash(account, asset).0;
            prop_assert_eq!(cash - realised, at(&twin.cash, &(account, asset)));
            total += cash;
            basis += stands;
        }
        // No profit in it: cash less what open positions stand at is what came in and what flowed.
        let came: i128 = OWNERS.iter().map(|account| at(&twin.cash, &(*account, asset))).sum();
        prop_assert_eq!(total - basis, came + at(&twin.margined, &asset));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn cash_and_positions_are_conserved_to_the_last_unit(history in prop::collection::vec(steps(), 1..24)) {
        let (mut accounts, mut twin) = (accounts(), Twin::default());
        for step in history {
            take(&mut accounts, &mut twin, step)?;
            audit(&accounts, &twin)?;
        }
    }
}

#[test]
fn the_twin_is_written_for_these_instruments() {
    assert_eq!(spec(Contract::Linear).value_floor(Price(1), Lots(1)), Money(10i128.pow(13)));
    assert_eq!(spec(Contract::Inverse).value_floor(Price(1), Lots(1)), Money(10i128.pow(21)));
    assert_eq!(spec(Contract::Linear).lot_amount(), Some(Money(10i128.pow(15))));
    let prices: Vec<i128> = (1..=12).collect();
    assert!(prices.iter().all(|price| COMMON % price == 0));
}
