//! Worked examples: who holds what after splits, merges, funding and transfers, and what the tables refuse.

mod conserved;

use ballast_model::{
    ClientOrderId, FillReason, HalfTicks, Liquidity, Nanos, PackedLevel, Price, Side, Step, TradeId,
};

use super::*;

const BASE: AssetId = AssetId(0);
const QUOTE: AssetId = AssetId(1);
const TOKEN: AssetId = AssetId(2);

const LINEAR: InstrumentId = InstrumentId(0);
const INVERSE: InstrumentId = InstrumentId(1);
const SPOT: InstrumentId = InstrumentId(2);

const ONE: SubAccountId = SubAccountId(1);
const TWO: SubAccountId = SubAccountId(2);

/// One lot at one tick: 10^13 for linear (0.01 · 0.001), 10^21 for inverse (100 / 0.1).
fn spec(contract: Contract) -> InstrumentSpec {
    let (tick, lot, multiplier) = match contract {
        Contract::Linear => (2, 3, 1),
        Contract::Inverse => (1, 0, 100),
    };
    InstrumentSpec::new(InstrumentSpec {
        tick: Step { mantissa: 1, scale: tick },
        lot: Step { mantissa: 1, scale: lot },
        multiplier,
        contract,
        price_min: Price(1),
        price_max: Price(10_000_000),
        size_min: Lots(1),
        size_max: Lots(1_000_000_000),
        notional_min: Money::ZERO,
        base: BASE,
        quote: QUOTE,
    })
    .unwrap()
}

fn fill(instrument: InstrumentId, side: Side, price: i64, lots: i64) -> Fill {
    Fill {
        instrument,
        side,
        liquidity: Liquidity::Maker,
        reason: FillReason::Venue,
        fee_asset: QUOTE,
        level: PackedLevel::new(Price(price), Lots(lots)).unwrap(),
        fee_e8: 0,
        client_id: ClientOrderId(1),
        trade_id: TradeId(1),
        venue_time: Nanos(0),
    }
}

const fn key(instrument: InstrumentId, account: SubAccountId, strategy: u16) -> BookKey {
    BookKey { instrument, account, strategy: StrategyId(strategy) }
}

/// Three instruments, each with a book for each of the strategies 0, 1 and 2 in both sub-accounts.
fn accounts() -> Accounts {
    let mut accounts = Accounts::new();
    accounts.add_instrument(INVERSE, &spec(Contract::Inverse), Settles::Margined).unwrap();
    accounts.add_instrument(LINEAR, &spec(Contract::Linear), Settles::Margined).unwrap();
    accounts.add_instrument(SPOT, &spec(Contract::Linear), Settles::Spot).unwrap();
    for strategy in [2, 0, 1] {
        for account in [TWO, ONE] {
            for instrument in [LINEAR, INVERSE, SPOT] {
                accounts.open(key(instrument, account, strategy)).unwrap();
            }
        }
    }
    accounts
}

/// Books a fill for a strategy of the first sub-account.
fn trade(accounts: &mut Accounts, strategy: u16, fill: &Fill) {
    accounts.on_fill(ONE, StrategyId(strategy), fill).unwrap();
}

fn digest(accounts: &Accounts) -> u64 {
    let mut digest = Digest::new();
    accounts.digest(&mut digest);
    digest.value()
}

/// Money from millionths.
const fn micros(amount: i128) -> Money {
    Money(amount * 1_000_000_000_000)
}

fn position_and_basis(accounts: &Accounts, key: BookKey) -> (i64, Money) {
    let book = accounts.book(key).unwrap();
    (book.position().0, book.basis())
}

#[test]
fn two_books_may_be_long_and_short_and_flat_together() {
    let mut accounts = accounts();
    trade(&mut accounts, 0, &fill(LINEAR, Side::Bid, 100_000, 1_000));
    trade(&mut accounts, 1, &fill(LINEAR, Side::Ask, 101_000, 1_000));
    let long = accounts.book(key(LINEAR, ONE, 0)).unwrap();
    let short = accounts.book(key(LINEAR, ONE, 1)).unwrap();
    assert_eq!((long.position(), short.position()), (Lots(1_000), Lots(-1_000)));
    assert_eq!((long.realised(), short.realised()), (Money::ZERO, Money::ZERO));
    let whole = accounts.ledger(LINEAR).unwrap();
    assert_eq!((whole.position(), whole.realised()), (Lots::ZERO, micros(10_000_000)));
    assert_eq!(accounts.totals(LINEAR), Totals::of(whole));
    let mid = HalfTicks(200_500);
    assert_eq!(long.gross(mid) + short.gross(mid), whole.gross(mid));
    // No profit is realised in a book, so no cash has moved.
    assert_eq!(accounts.cash(ONE, QUOTE), Money::ZERO);
}

#[test]
fn a_split_takes_its_share_of_the_basis_and_leaves_the_remainder() {
    let mut accounts = accounts();
    // Three contracts at 7 and at 8: no third of their basis is whole.
    trade(&mut accounts, 0, &fill(INVERSE, Side::Bid, 7, 2));
    trade(&mut accounts, 0, &fill(INVERSE, Side::Bid, 8, 1));
    let (from, to) = (key(INVERSE, ONE, 0), key(INVERSE, TWO, 1));
    let (_, whole) = position_and_basis(&accounts, from);
    accounts.split(from, to, Lots(1)).unwrap();
    let ((left, rest), (moved, share)) =
        (position_and_basis(&accounts, from), position_and_basis(&accounts, to));
    assert_eq!((left, moved), (2, 1));
    assert_eq!(rest + share, whole);
    assert!((0..3).contains(&(3 * share.0 - whole.0)), "the share is rounded up");
    assert_ne!(3 * share.0, whole.0);
    accounts.split(from, to, Lots(2)).unwrap();
    assert_eq!(position_and_basis(&accounts, from), (0, Money::ZERO));
    assert_eq!(position_and_basis(&accounts, to), (3, whole));
    assert_eq!(accounts.cash_lines().count(), 0);
}

#[test]
fn a_split_into_an_opposite_position_closes_it_and_realises_there() {
    let mut accounts = accounts();
    trade(&mut accounts, 0, &fill(LINEAR, Side::Bid, 100_000, 3_000));
    let short = fill(LINEAR, Side::Ask, 104_000, 1_000);
    accounts.on_fill(TWO, StrategyId(1), &short).unwrap();
    accounts.split(key(LINEAR, ONE, 0), key(LINEAR, TWO, 1), Lots(2_000)).unwrap();
    let target = accounts.book(key(LINEAR, TWO, 1)).unwrap();
    assert_eq!((target.position(), target.realised()), (Lots(1_000), micros(40_000_000)));
    assert_eq!(target.basis(), micros(1_000_000_000));
    assert_eq!((accounts.cash(ONE, QUOTE), accounts.cash(TWO, QUOTE)), (Money::ZERO, micros(40_000_000)));
}

#[test]
fn a_merge_keeps_the_history_and_removes_the_book() {
    let mut accounts = accounts();
    trade(&mut accounts, 0, &fill(LINEAR, Side::Bid, 100_000, 1_000));
    trade(&mut accounts, 0, &Fill { fee_asset: TOKEN, fee_e8: 7, ..fill(LINEAR, Side::Ask, 110_000, 500) });
    trade(&mut accounts, 1, &Fill { fee_e8: -3, ..fill(LINEAR, Side::Ask, 120_000, 500) });
    accounts.on_funding(LINEAR, ONE, micros(5), StrategyId(0)).unwrap();
    let before = accounts.totals(LINEAR);
    accounts.merge(key(LINEAR, ONE, 0), key(LINEAR, ONE, 1)).unwrap();
    let merged = accounts.book(key(LINEAR, ONE, 1)).unwrap();
    assert_eq!((merged.position(), merged.basis()), (Lots::ZERO, Money::ZERO));
    // 50 from the round trip of the first book, 100 from its rest against the second.
    assert_eq!(merged.realised(), micros(150_000_000));
    assert_eq!((merged.fees(TOKEN), merged.rebates(QUOTE)), (Money::from_e8(7), Money::from_e8(3)));
    assert_eq!((merged.funding(), merged.bought(), merged.sold()), (micros(5), Lots(1_000), Lots(1_000)));
    assert_eq!((merged.turnover(), merged.fills(Liquidity::Maker)), (micros(2_150_000_000), 3));
    assert_eq!((accounts.totals(LINEAR), accounts.fees(LINEAR, TOKEN)), (before, Money::from_e8(7)));
    assert_eq!(accounts.cash(ONE, QUOTE), micros(150_000_005) + Money::from_e8(3));
    let gone = key(LINEAR, ONE, 0);
    assert_eq!(accounts.book(gone).err(), Some(AccountError::UnknownBook(gone)));
}

#[test]
fn funding_is_shared_by_signed_position_and_the_remainder_named() {
    let mut accounts = accounts();
    trade(&mut accounts, 0, &fill(LINEAR, Side::Bid, 100, 10));
    trade(&mut accounts, 1, &fill(LINEAR, Side::Ask, 100, 8));
    accounts.on_funding(LINEAR, ONE, Money(-7), StrategyId(2)).unwrap();
    let funding =
        |accounts: &Accounts, strategy| accounts.book(key(LINEAR, ONE, strategy)).unwrap().funding().0;
    assert_eq!([0, 1, 2].map(|strategy| funding(&accounts, strategy)), [-35, 28, 0]);
    assert_eq!(accounts.cash(ONE, QUOTE), Money(-7));
    // Shorts of 1, 1 and 1, in all: thirds of 10 are 3, and one unit is left.
    trade(&mut accounts, 0, &fill(LINEAR, Side::Ask, 100, 11));
    trade(&mut accounts, 1, &fill(LINEAR, Side::Bid, 100, 7));
    trade(&mut accounts, 2, &fill(LINEAR, Side::Ask, 100, 1));
    accounts.on_funding(LINEAR, ONE, Money(10), StrategyId(1)).unwrap();
    assert_eq!([0, 1, 2].map(|strategy| funding(&accounts, strategy)), [-32, 32, 3]);
    // Flat in all: nobody has a share, the named book has it all.
    trade(&mut accounts, 0, &fill(LINEAR, Side::Bid, 100, 3));
    accounts.on_funding(LINEAR, ONE, Money(4), StrategyId(0)).unwrap();
    assert_eq!([0, 1, 2].map(|strategy| funding(&accounts, strategy)), [-28, 32, 3]);
    assert_eq!(accounts.totals(LINEAR), Totals::of(accounts.ledger(LINEAR).unwrap()));
}

#[test]
fn spot_moves_both_coins_and_takes_them_along() {
    let mut accounts = accounts();
    accounts.deposit(ONE, QUOTE, micros(5_000_000_000)).unwrap();
    let buy = Fill { fee_asset: BASE, fee_e8: 100, ..fill(SPOT, Side::Bid, 100_000, 2_000) };
    trade(&mut accounts, 0, &buy);
    assert_eq!(accounts.cash(ONE, QUOTE), micros(3_000_000_000));
    assert_eq!(accounts.cash(ONE, BASE), micros(2_000_000) - Money::from_e8(100));
    accounts.split(key(SPOT, ONE, 0), key(SPOT, ONE, 1), Lots(500)).unwrap();
    assert_eq!(accounts.cash(ONE, BASE), micros(2_000_000) - Money::from_e8(100));
    accounts.split(key(SPOT, ONE, 1), key(SPOT, TWO, 1), Lots(500)).unwrap();
    assert_eq!(accounts.cash(ONE, BASE), micros(1_500_000) - Money::from_e8(100));
    assert_eq!((accounts.cash(TWO, BASE), accounts.cash(TWO, QUOTE)), (micros(500_000), Money::ZERO));
    accounts.transfer(ONE, TWO, QUOTE, micros(1)).unwrap();
    assert_eq!(accounts.cash(TWO, QUOTE), micros(1));
    let external: Money = accounts.cash_lines().map(|line| line.external).sum();
    assert_eq!(external, micros(5_000_000_000));
}

#[test]
fn a_transfer_may_leave_less_than_nothing_since_the_venue_has_made_it() {
    let mut accounts = accounts();
    accounts.transfer(ONE, TWO, QUOTE, micros(3)).unwrap();
    assert_eq!((accounts.cash(ONE, QUOTE), accounts.cash(TWO, QUOTE)), (-micros(3), micros(3)));
}

#[test]
fn what_is_unknown_or_does_not_belong_together_is_refused() {
    let mut accounts = accounts();
    trade(&mut accounts, 0, &fill(LINEAR, Side::Bid, 100, 10));
    let before = digest(&accounts);
    let (here, there) = (key(LINEAR, ONE, 0), key(LINEAR, TWO, 0));
    let (nowhere, nothing) = (key(LINEAR, ONE, 9), InstrumentId(9));
    let none = AccountError::Lots { position: Lots(10) };
    assert_eq!(accounts.split(here, here, Lots(1)), Err(AccountError::Books));
    assert_eq!(accounts.split(here, key(SPOT, ONE, 0), Lots(1)), Err(AccountError::Books));
    assert_eq!(accounts.split(here, nowhere, Lots(1)), Err(AccountError::UnknownBook(nowhere)));
    for lots in [0, -1, 11] {
        assert_eq!(accounts.split(here, there, Lots(lots)), Err(none));
    }
    assert_eq!(accounts.merge(here, here), Err(AccountError::Books));
    assert_eq!(accounts.merge(here, there), Err(AccountError::Books));
    assert_eq!(accounts.merge(nowhere, here), Err(AccountError::UnknownBook(nowhere)));
    assert_eq!(accounts.transfer(ONE, TWO, QUOTE, Money(0)), Err(AccountError::Amount));
    let unknown = Err(AccountError::UnknownInstrument(nothing));
    assert_eq!(accounts.open(key(nothing, ONE, 0)), unknown);
    assert_eq!(accounts.on_funding(nothing, ONE, Money(1), StrategyId(0)), unknown);
    let absent = accounts.on_funding(LINEAR, ONE, Money(1), StrategyId(9));
    assert_eq!(absent, Err(AccountError::UnknownBook(nowhere)));
    let absent = accounts.on_fill(ONE, StrategyId(9), &fill(LINEAR, Side::Bid, 1, 1));
    assert_eq!(absent, Err(AccountError::UnknownBook(nowhere)));
    let bad = accounts.on_fill(ONE, StrategyId(0), &fill(LINEAR, Side::Bid, 0, 1));
    assert_eq!(bad, Err(AccountError::Unbookable(Unbookable::Price)));
    assert_eq!(accounts.open(here), Err(AccountError::Duplicate));
    let again = accounts.add_instrument(LINEAR, &spec(Contract::Linear), Settles::Spot);
    assert_eq!(again, Err(AccountError::Duplicate));
    let inverse = accounts.add_instrument(nothing, &spec(Contract::Inverse), Settles::Spot);
    assert_eq!(inverse, Err(AccountError::Spot));
    assert_eq!(digest(&accounts), before);
}

#[test]
fn full_tables_refuse_whole() {
    let mut accounts = accounts();
    let (books, lines) = (accounts.books().count(), CASH_LINES_MAX - 1);
    for (strategy, _) in (100..).zip(books..BOOKS_MAX) {
        accounts.open(key(LINEAR, TWO, strategy)).unwrap();
    }
    assert_eq!(accounts.open(key(LINEAR, TWO, 99)), Err(AccountError::BooksFull));
    for (id, _) in (3..).zip(3..INSTRUMENTS_MAX) {
        accounts.add_instrument(InstrumentId(id), &spec(Contract::Linear), Settles::Spot).unwrap();
    }
    let one_more = accounts.add_instrument(InstrumentId(99), &spec(Contract::Linear), Settles::Spot);
    assert_eq!(one_more, Err(AccountError::InstrumentsFull));
    for (asset, _) in (100..).zip(0..lines) {
        accounts.deposit(TWO, AssetId(asset), Money(1)).unwrap();
    }
    let before = digest(&accounts);
    // Spot needs two lines, and there is one.
    let fill = fill(SPOT, Side::Bid, 100, 1);
    assert_eq!(accounts.on_fill(ONE, StrategyId(0), &fill), Err(AccountError::CashFull));
    assert_eq!(accounts.transfer(ONE, TWO, QUOTE, Money(1)), Err(AccountError::CashFull));
    assert_eq!(accounts.deposit(TWO, AssetId(100), Money(i128::MAX)), Err(AccountError::Cash));
    assert_eq!(digest(&accounts), before);
    accounts.deposit(ONE, QUOTE, Money(1)).unwrap();
    assert_ne!(digest(&accounts), before);
}
