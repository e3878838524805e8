//! One thing goes well or wrong.

use ballast_core::shard::Trigger;
use ballast_model::{Command, FillReason, RejectReason, Side, Span};

use crate::world::{ETH, POSITION_MAX, SETTING, SHOWN, Setting, World};

const BID: Side = Side::Bid;
const ASK: Side = Side::Ask;

/// Longer than anything takes to arrive.
const WHILE: Span = Span::from_millis(10);

#[test]
fn a_quote_rests_on_each_side_of_the_market() {
    let world = World::showing(&SETTING, 10_000, 10_002);
    // Three ticks from the mid of 10 001.
    assert_eq!(world.resting(), [(BID, 9_998, 10), (ASK, 10_004, 10)]);
    world.check_agreement();
}

#[test]
fn quotes_follow_the_market_and_the_old_ones_go() {
    let mut world = World::showing(&SETTING, 10_000, 10_002);
    world.show(10_002, 10_004);
    world.pass(WHILE);
    assert_eq!(world.resting(), [(BID, 10_000, 10), (ASK, 10_006, 10)]);
    world.check_agreement();
    let sent = world.commands.len();
    world.show(10_002, 10_004);
    world.pass(WHILE);
    assert_eq!(world.commands.len(), sent, "what stands where it should keeps its place");
}

#[test]
fn the_queue_ahead_trades_first_and_then_we_do() {
    let mut world = World::showing(&SETTING, 10_000, 10_002);
    world.trade(BID, 9_998, SHOWN);
    world.pass(WHILE);
    assert_eq!((world.position(), world.fills.len()), (0, 0), "all of it stood ahead of us");
    world.trade(BID, 9_998, 4);
    world.pass(WHILE);
    assert_eq!(world.position(), 4);
    assert_eq!(world.fills[0].reason, FillReason::QueueExhausted);
    world.check_agreement();
}

#[test]
fn a_fill_moves_both_quotes_against_the_position() {
    let mut world = World::showing(&SETTING, 10_000, 10_002);
    world.trade(BID, 9_997, 1);
    world.pass(WHILE);
    assert_eq!((world.position(), world.fills[0].reason), (10, FillReason::TradeThrough));
    assert_eq!(world.resting(), [(BID, 9_997, 10), (ASK, 10_003, 10)], "long: both a tick down");
    world.trade(ASK, 10_010, 1);
    world.pass(WHILE);
    assert_eq!(world.position(), 0);
    assert_eq!(world.resting(), [(BID, 9_998, 10), (ASK, 10_004, 10)], "flat: both back");
    world.check_agreement();
}

#[test]
fn at_the_position_limit_only_the_adding_side_stops() {
    for (maker, price) in [(BID, 9_000), (ASK, 11_000)] {
        let mut world = World::showing(&SETTING, 10_000, 10_002);
        for _ in 0..20 {
            world.trade(maker, price, 1);
            world.pass(WHILE);
            assert!(world.position().abs() <= 40, "{}", world.position());
        }
        assert_eq!(world.position(), 40 * maker.sign(), "filled up to the model's limit");
        let sides: Vec<_> = world.resting().iter().map(|(side, ..)| *side).collect();
        assert_eq!(sides, [maker.opposite()], "the way out stays open");
        world.check_agreement();
        world.trade(maker.opposite(), 20_000 - price, 1);
        world.pass(WHILE);
        assert_eq!(world.position(), 30 * maker.sign());
        assert_eq!(world.resting().len(), 2);
    }
}

#[test]
fn the_gate_holds_where_the_model_would_go_on() {
    let greedy = Setting { inventory_max: 1_000, ..SETTING };
    let mut world = World::showing(&greedy, 10_000, 10_002);
    for _ in 0..20 {
        world.trade(BID, 9_000, 1);
        world.pass(WHILE);
        assert!(world.position() <= POSITION_MAX);
    }
    assert_eq!(world.position(), POSITION_MAX);
    assert_eq!(world.resting().iter().map(|(side, ..)| *side).collect::<Vec<_>>(), [ASK]);
    world.check_agreement();
}

#[test]
fn a_lost_book_pulls_the_quotes_until_a_snapshot() {
    let mut world = World::showing(&SETTING, 10_000, 10_002);
    world.lose();
    world.pass(WHILE);
    assert_eq!((world.resting(), world.shard.mid(ETH)), (vec![], None));
    world.check_agreement();
    world.show(10_000, 10_002);
    world.pass(WHILE);
    assert_eq!(world.resting().len(), 2);
}

#[test]
fn a_silent_market_pulls_the_quotes() {
    for trigger in [Trigger::Touch, Trigger::Every(Span::from_millis(100))] {
        let mut world = World::showing(&Setting { trigger, ..SETTING }, 10_000, 10_002);
        world.pass(Span::from_millis(4_900));
        assert_eq!(world.resting().len(), 2, "{trigger:?}");
        world.pass(Span::from_millis(200));
        assert_eq!(world.resting(), [], "{trigger:?}");
        world.check_agreement();
    }
}

#[test]
fn a_fill_and_its_cancel_cross_on_the_way() {
    let mut world = World::showing(&SETTING, 10_000, 10_002);
    world.show(10_002, 10_004);
    // We hear of it and send our cancels; before they arrive, somebody sells through our old bid.
    world.pass(Span::from_micros(1_500));
    assert!(matches!(world.commands[2..], [Command::Cancel(_), ..]), "{:?}", world.commands);
    world.trade(BID, 9_000, 1);
    world.pass(WHILE);
    assert_eq!(world.position(), 10);
    assert_eq!(world.fills[0].level.price().0, 9_998, "the old bid");
    world.check_agreement();
    let cancels = world.commands.iter().filter(|command| matches!(command, Command::Cancel(_))).count();
    assert!(cancels <= 4, "{cancels} cancels");
}

#[test]
fn quotes_from_an_old_picture_are_refused_and_never_take() {
    let slow = Setting { feed_delay: Span::from_millis(50), ..SETTING };
    let mut world = World::showing(&slow, 10_000, 10_002);
    world.pass(Span::from_millis(100));
    assert_eq!(world.resting().len(), 2);
    // The market falls by much more than our distance; we hear of it late and meanwhile hear of an older rise.
    world.show(10_020, 10_022);
    world.pass(Span::from_millis(45));
    world.show(9_900, 9_902);
    world.pass(Span::from_millis(30));
    assert!(world.rejects.iter().all(|reason| *reason == RejectReason::WouldTake));
    assert!((1..=50).contains(&world.rejects.len()), "{} refusals", world.rejects.len());
    world.pass(Span::from_millis(100));
    assert!(
        world.resting().iter().all(|(_, price, _)| (9_880..9_920).contains(price)),
        "{:?}",
        world.resting()
    );
    world.check_agreement();
}

#[test]
fn commands_carry_rising_ids_of_their_session() {
    let mut world = World::showing(&SETTING, 10_000, 10_002);
    for price in 10_001..10_100 {
        world.show(price, price + 2);
        world.pass(WHILE);
    }
    let ids = world.commands.iter().filter_map(|command| match command {
        Command::New(order) => Some(order.client_id.counter()),
        Command::Cancel(_) | Command::Replace(_) | Command::Query(_) => None,
    });
    assert!(ids.eq(1..=200), "one after the other, none left out");
}
