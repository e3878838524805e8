//! What an operator moves between books, and how a ledger that is not what the venue says is set right.

use ballast_model::{AssetId, BookOwner, Digest, InstrumentId, PackedMoney, Price, SubAccountId};

use super::*;
use crate::accounts::{AccountError, Accounts, BookKey, Settles, Totals};
use crate::shard::LaneBook;
use together::OTHER;

const QUOTE: AssetId = AssetId(1);
const HERE_AND: [InstrumentId; 2] = [ETH, OTHER];

const fn owner(account: u16, strategy: u8) -> BookOwner {
    BookOwner { account: SubAccountId(account), strategy: StrategyId(strategy) }
}

/// Two instruments that are quoted, each with a book of its own; ten lots of the first were bought at 10 000.
fn kept() -> Desk {
    let mut desk = together::with(|_| ());
    let book = |strategy| LaneBook {
        strategy: crate::accounts::StrategyId(strategy),
        account: SubAccountId(0),
        settles: Settles::Margined,
    };
    desk.shard = desk.shard.with_books(&[book(0), book(1)]).unwrap();
    desk.snapshot_of(ETH, 10_000, 10_010);
    desk.snapshot_of(OTHER, 10_000, 10_010);
    desk.fill(1, Side::Bid, 10);
    desk
}

fn books(desk: &Desk) -> &Accounts {
    desk.shard.books().unwrap()
}

fn position(desk: &Desk, owner: BookOwner) -> Option<i64> {
    let strategy = crate::accounts::StrategyId(owner.strategy.0.into());
    let book = books(desk).book(BookKey { instrument: ETH, account: owner.account, strategy });
    book.ok().map(|ledger| ledger.position().0)
}

/// The books of every instrument are its ledger, to the last unit.
fn adds_up(desk: &Desk) {
    for id in HERE_AND {
        let ledger = desk.shard.ledger(id).unwrap();
        assert_eq!(books(desk).totals(id), Totals::of(ledger));
        assert_eq!(books(desk).ledger(id).unwrap(), ledger);
    }
}

#[test]
fn a_split_and_a_merge_move_a_position_and_later_fills_go_where_they_went() {
    let mut desk = kept();
    let lots = Lots(4);
    let split = OperatorAct::Split { from: owner(0, 0), to: owner(0, 1), lots };
    assert_eq!(desk.answer(HERE, split), Ok(()));
    assert_eq!([owner(0, 0), owner(0, 1)].map(|owner| position(&desk, owner)), [Some(6), Some(4)]);
    adds_up(&desk);
    let merge = OperatorAct::Merge { from: owner(0, 0), into: owner(0, 1) };
    assert_eq!(desk.answer(HERE, merge), Ok(()));
    assert_eq!([owner(0, 0), owner(0, 1)].map(|owner| position(&desk, owner)), [Some(0), Some(10)]);
    desk.fill(2, Side::Ask, 3);
    assert_eq!([owner(0, 0), owner(0, 1)].map(|owner| position(&desk, owner)), [Some(-3), Some(10)]);
    adds_up(&desk);
    // The gate and the quotes know nothing of it.
    assert_eq!(desk.position(), 7);
}

#[test]
fn a_move_that_cannot_be_made_changes_nothing() {
    let mut desk = kept();
    let state = |desk: &Desk| {
        let mut digest = Digest::new();
        books(desk).digest(&mut digest);
        digest.value()
    };
    let before = state(&desk);
    let split = |from, to, lots| OperatorAct::Split { from, to, lots: Lots(lots) };
    let too_many = AccountError::Lots { position: Lots(10) };
    for (act, why) in [
        (split(owner(0, 0), owner(0, 7), 11), too_many),
        (split(owner(0, 0), owner(0, 7), 0), too_many),
        (split(owner(0, 0), owner(0, 0), 1), AccountError::Books),
        (OperatorAct::Merge { from: owner(0, 0), into: owner(1, 0) }, AccountError::Books),
    ] {
        assert_eq!(desk.answer(HERE, act), Err(OperatorRefusal::Books(why)), "{act:?}");
    }
    let unknown = desk.answer(HERE, split(owner(3, 0), owner(0, 0), 1));
    assert!(matches!(unknown, Err(OperatorRefusal::Books(AccountError::UnknownBook(_)))), "{unknown:?}");
    assert_eq!(state(&desk), before);
    adds_up(&desk);
    let all = OperatorScope::All;
    assert_eq!(desk.answer(all, split(owner(0, 0), owner(0, 1), 1)), Err(OperatorRefusal::WrongScope));
    let mut none = Desk::quoted();
    let answer = none.answer(HERE, split(owner(0, 0), owner(0, 1), 1));
    assert_eq!(answer, Err(OperatorRefusal::NoBooks));
}

#[test]
fn cash_moves_between_accounts_and_its_sum_does_not() {
    let mut desk = kept();
    let transfer = |amount| OperatorAct::Transfer {
        from: SubAccountId(0),
        to: SubAccountId(1),
        asset: QUOTE,
        amount: PackedMoney::new(Money(amount)),
    };
    let cash = |desk: &Desk| [0, 1].map(|account| books(desk).cash(SubAccountId(account), QUOTE).0);
    let before = cash(&desk);
    assert_eq!(desk.answer(OperatorScope::All, transfer(5)), Ok(()));
    assert_eq!(cash(&desk), [before[0] - 5, before[1] + 5]);
    let nothing = Err(OperatorRefusal::Books(AccountError::Amount));
    assert_eq!(desk.answer(OperatorScope::All, transfer(0)), nothing);
    assert_eq!(desk.answer(HERE, transfer(5)), Err(OperatorRefusal::WrongScope));
}

/// All orders of the first instrument have ended.
fn ended(desk: &mut Desk) {
    assert_eq!(desk.answer(HERE, OperatorAct::Kill), Ok(()));
    let open: Vec<u64> =
        desk.shard.orders(ETH).unwrap().open_orders().map(|order| order.client_id.counter()).collect();
    for order in open {
        desk.cancelled(order);
    }
}

#[test]
fn a_ledger_is_set_right_by_a_trade_at_the_price_that_is_stated() {
    let mut desk = kept();
    let adjust = |position, price| OperatorAct::Adjust { position: Lots(position), price: Price(price) };
    assert_eq!(desk.answer(HERE, adjust(4, 10_020)), Err(OperatorRefusal::OrdersOpen));
    ended(&mut desk);
    let nothing = Err(OperatorRefusal::StillClosed(StillClosed::Nothing));
    assert_eq!(desk.answer(HERE, adjust(10, 10_020)), nothing, "it is right");
    let no_price = Err(OperatorRefusal::Unbookable(crate::ledger::Unbookable::Price));
    assert_eq!(desk.answer(HERE, adjust(4, 0)), no_price);
    let before = desk.shard.ledger(ETH).unwrap().clone();
    assert_eq!(desk.answer(HERE, adjust(4, 10_020)), Ok(()));
    let after = desk.shard.ledger(ETH).unwrap();
    assert_eq!(after.position(), Lots(4));
    // Six were sold at 10 020: twenty ticks of a hundredth on six thousandths.
    assert_eq!(after.realised() - before.realised(), Money(Money::ONE.0 * 20 * 6 / 100_000));
    adds_up(&desk);
    assert_eq!(desk.answer(HERE, adjust(-3, 10_000)), Ok(()), "and through flat");
    assert_eq!((desk.position(), position(&desk, owner(0, 0))), (-3, Some(-3)));
    adds_up(&desk);
    assert_eq!(desk.answer(HERE, OperatorAct::Resume), Ok(()));
    assert_eq!(desk.answer(OperatorScope::All, adjust(0, 1)), Err(OperatorRefusal::WrongScope));
}

#[test]
fn an_adjustment_ends_the_doubt_that_a_confirmation_cannot() {
    let mut desk = doubted();
    assert_eq!(desk.answer(HERE, OperatorAct::Confirm(Lots(2))), Err(OperatorRefusal::Mismatch(Lots(1))));
    let adjust = OperatorAct::Adjust { position: Lots(2), price: Price(10_000) };
    assert_eq!(desk.answer(HERE, adjust), Err(OperatorRefusal::OrdersOpen));
    ended(&mut desk);
    assert_eq!(desk.answer(HERE, OperatorAct::Resume), Err(OperatorRefusal::StillClosed(StillClosed::Doubt)));
    assert_eq!(desk.answer(HERE, adjust), Ok(()));
    assert_eq!(desk.position(), 2);
    let (resumed, did) = desk.operate(HERE, OperatorAct::Resume);
    assert_eq!((resumed, did.len()), (Ok(()), 2), "and quotes anew");
}

#[test]
fn nothing_is_adjusted_while_fills_are_missing() {
    let mut desk = doubted();
    ended(&mut desk);
    desk.report(1, OrderReport::Ended { how: ballast_model::Ending::Filled, filled: Lots(10) });
    let adjust = OperatorAct::Adjust { position: Lots(2), price: Price(10_000) };
    assert_eq!(desk.answer(HERE, adjust), Err(OperatorRefusal::FillsMissing));
}

#[test]
fn what_is_set_right_is_hedged() {
    let (mut story, [spot_bid, spot_ask]) = Story::quoted();
    let scope = OperatorScope::Instrument(SPOT);
    story.tell(&Event::Operator(command(scope, OperatorAct::Kill)));
    for order in [spot_bid, spot_ask] {
        story.report(SPOT, order.client_id, OrderReport::Cancelled);
    }
    let adjust = OperatorAct::Adjust { position: Lots(10), price: spot_bid.price };
    let sent = news(&story.tell(&Event::Operator(command(scope, adjust))));
    let [hedge] = on(PERP, &sent)[..] else { panic!("one hedge: {sent:?}") };
    assert_eq!((hedge.side, hedge.lots), (Side::Ask, Lots(5)), "as after a fill of ten");
}
