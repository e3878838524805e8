//! Stories of inventories that call the hedge, and of positions that the ladder's last stage closes.

use alloc::vec;
use alloc::vec::Vec;

use ballast_model::{
    BookLost, Cancel, ClientOrderId, Command, Ending, Event, Fill, LostReason, Lots, OrderReport, Rate, Side,
    Span, TimeInForce, TradeId, VenueOrderId,
};

use super::desk::{Desk, Did, ETH, ask, bid, lane, level, quoting};
use super::hedging::{PERP, SPOT, Story, cross_venue, hedging, news, on};
use super::throttled::shaping;
use crate::inventory::{Band, Stage};
use crate::outbox::Note;
use crate::shard::{ExitSpec, LaneError, QuotingSpec, ShapingSpec, Shard, ShardSpec, Trigger};
use crate::trigger::Watched;

/// The hedge is called at ten lots and down to four, the position closed at thirty and down to twelve; half a per cent through the
/// mid at most.
pub(super) fn stages(hedge: bool, liquidate: bool) -> ShapingSpec {
    let band = |enter, leave| Band { enter: Rate::from_bps(enter), leave: Rate::from_bps(leave) };
    let mut spec = ShapingSpec { throttle: None, ..shaping() };
    let inventory = &mut spec.shaper.inventory;
    (inventory.skew, inventory.reduce) = (band(1_000, 500), band(2_500, 1_000));
    inventory.hedge = hedge.then_some(band(2_500, 1_000));
    inventory.liquidate = liquidate.then_some(band(7_500, 3_000));
    spec.liquidation_protection = liquidate.then_some(Rate::from_bps(50));
    spec
}

fn closing(trigger: Trigger) -> Desk {
    Desk::with(|quoting| {
        (quoting.shaping, quoting.trigger) = (Some(stages(false, true)), trigger);
        quoting.touch_age_max = Span::from_secs(100);
    })
}

/// Somebody else's order on our account trades.
fn foreign(desk: &mut Desk, side: Side, lots: i64) -> Vec<Did> {
    let trade = 500 + desk.now.0.unsigned_abs();
    let fill = Fill { client_id: ClientOrderId::FOREIGN, ..desk.fill_of(1, side, lots, trade) };
    desk.tell(&Event::Fill(fill))
}

#[test]
fn the_last_stage_closes_at_once_and_tries_again_until_it_is_left() {
    for (side, through) in [(Side::Ask, 9_955), (Side::Bid, 10_055)] {
        let mut desk = closing(Trigger::Touch).then_quoted();
        assert!(foreign(&mut desk, side.opposite(), 29).iter().all(|did| !matches!(did, Did::Exit(..))));
        let mut desk = closing(Trigger::Touch).then_quoted();
        // Ten of thirty are on their way out, unless the cancel comes first; 10 005 and half a per cent of it.
        let pulled = foreign(&mut desk, side.opposite(), 30);
        assert_eq!(pulled, [Did::Cancel(1), Did::Cancel(2), Did::Exit(3, side, through, 20)]);
        assert!(desk.notes.contains(&Note::Inventory(ETH, Stage::Liquidate)), "{:?}", desk.notes);
        let sent = desk.now;
        assert_eq!((desk.cancelled(1), desk.cancelled(2)), (vec![], vec![]));
        assert_eq!(desk.fill(3, side, 7), []);
        assert_eq!(desk.report(3, OrderReport::Expired), [], "no sooner than it may");
        assert_eq!(desk.timer(), [Did::Exit(4, side, through, 23)]);
        assert_eq!(desk.now, sent + crate::shard::EXIT_RETRY);
        // Thirteen are left, and then twelve: the stage is left, and quotes return on the side that reduces.
        assert_eq!(desk.fill(4, side, 10), []);
        assert!(matches!(desk.fill(4, side, 1)[..], [Did::Place(5, quoted, ..)] if quoted == side));
        assert_eq!(desk.report(4, OrderReport::Expired), []);
        assert_eq!(desk.position().abs(), 12);
        assert!(desk.touch(10_000, 10_020).iter().all(|did| !matches!(did, Did::Exit(..))), "it stays left");
    }
}

#[test]
fn an_interval_is_not_waited_for() {
    let mut desk = closing(Trigger::Every(Span::from_secs(60)));
    desk.snapshot(10_000, 10_010);
    assert_eq!(desk.timer(), [bid(1, 10_000), ask(2, 10_010)]);
    let pulled = foreign(&mut desk, Side::Bid, 40);
    assert_eq!(pulled, [Did::Cancel(1), Did::Cancel(2), Did::Exit(3, Side::Ask, 9_955, 30)]);
}

#[test]
fn what_orders_of_unknown_fate_may_have_done_is_not_closed() {
    // Ten bought perhaps: between twenty-five and thirty-five.
    let mut desk = closing(Trigger::Touch).then_quoted();
    foreign(&mut desk, Side::Bid, 25);
    desk.report(1, OrderReport::FateUnknown);
    for _ in 0..3 {
        assert!(desk.touch(10_000, 10_010).iter().all(|did| !matches!(did, Did::Exit(..))));
    }
    assert!(desk.fill(1, Side::Bid, 10).iter().any(|did| matches!(did, Did::Exit(..))), "thirty-five");
    // Ten sold perhaps: of thirty-five the ten may be gone.
    let mut desk = closing(Trigger::Touch).then_quoted();
    desk.report(2, OrderReport::FateUnknown);
    let did = foreign(&mut desk, Side::Bid, 35);
    assert!(did.iter().all(|did| !matches!(did, Did::Exit(..))), "{did:?}");
    let did = foreign(&mut desk, Side::Bid, 5);
    assert!(
        did.contains(&Did::Exit(3, Side::Ask, 9_955, 20)),
        "thirty surely, ten perhaps on their way out: {did:?}"
    );
}

#[test]
fn a_position_that_is_not_known_is_not_closed() {
    let mut desk = closing(Trigger::Touch).then_quoted();
    desk.report(1, OrderReport::Ended { how: Ending::Cancelled, filled: Lots(5) });
    let did = foreign(&mut desk, Side::Bid, 60);
    assert!(did.iter().all(|did| !matches!(did, Did::Exit(..))), "fills are missing: {did:?}");
    let did = desk.fill(1, Side::Bid, 5);
    assert!(did.iter().any(|did| matches!(did, Did::Exit(..))), "now it is known: {did:?}");
    let mut desk = closing(Trigger::Touch).then_quoted();
    let forgotten = Fill { level: level(0, 5), ..desk.fill_of(1, Side::Bid, 5, 99) };
    desk.tell(&Event::Fill(forgotten));
    let did = foreign(&mut desk, Side::Bid, 60);
    assert!(did.iter().all(|did| !matches!(did, Did::Exit(..))), "in doubt: {did:?}");
    assert!(!desk.notes.contains(&Note::Inventory(ETH, Stage::Liquidate)), "{:?}", desk.notes);
    // Of thirty-five ten have been sold already, only that they are not booked.
    let mut desk = closing(Trigger::Touch).then_quoted();
    desk.report(2, OrderReport::Ended { how: Ending::Cancelled, filled: Lots(10) });
    foreign(&mut desk, Side::Bid, 35);
    assert!(!desk.notes.contains(&Note::Inventory(ETH, Stage::Liquidate)), "{:?}", desk.notes);
}

#[test]
fn an_exit_goes_before_the_ladder() {
    let mut desk = Desk::with(|quoting| {
        (quoting.shaping, quoting.touch_age_max) = (Some(stages(false, true)), Span::from_secs(100));
        quoting.exits = Some(ExitSpec {
            stop_loss: Some(Rate::from_bps(50)),
            take_profit: None,
            trailing: None,
            watched: Watched::Mid,
            protection: Rate::from_bps(20),
            cooldown: Span::ZERO,
        });
    })
    .then_quoted();
    let pulled = foreign(&mut desk, Side::Bid, 40);
    assert_eq!(pulled, [Did::Cancel(1), Did::Cancel(2), Did::Exit(3, Side::Ask, 9_955, 30)]);
    assert_eq!((desk.cancelled(1), desk.cancelled(2)), (vec![], vec![]));
    assert_eq!(desk.report(3, OrderReport::Expired), []);
    assert_eq!(desk.touch(9_900, 9_910), []);
    // 9 905, and a fifth of a per cent of it: half a per cent would be 9 856.
    assert_eq!(desk.timer(), [Did::Exit(4, Side::Ask, 9_886, 40)]);
}

#[test]
fn the_digest_holds_the_call() {
    let after = |path: &[i64]| {
        let mut desk = closing(Trigger::Touch).then_quoted();
        for lots in path {
            let side = if *lots > 0 { Side::Bid } else { Side::Ask };
            foreign(&mut desk, side, lots.abs());
        }
        desk.shard.lanes[0].calling.as_ref().map(|calling| {
            let mut digest = ballast_model::Digest::new();
            calling.digest(&mut digest);
            digest.value()
        })
    };
    assert_eq!(after(&[20]), after(&[20]));
    assert_ne!(after(&[20]), after(&[30, -10]), "the second is still being closed");
}

/// Both books and two quotes, accepted; the quotes do not lean on the hedge.
pub(super) fn own(hedge: bool, liquidate: bool) -> Story {
    story(QuotingSpec { touch_age_max: Span::from_secs(60), ..quoting() }, hedge, liquidate)
}

/// The same with quotes that lean on what is not hedged.
pub(super) fn leaning(hedge: bool, liquidate: bool) -> Story {
    story(cross_venue(), hedge, liquidate)
}

fn story(spot: QuotingSpec, hedge: bool, liquidate: bool) -> Story {
    let mut story = Story::of(QuotingSpec { shaping: Some(stages(hedge, liquidate)), ..spot });
    let mut commands = story.book(PERP, 10_000, 10_001);
    commands.extend(story.book(SPOT, 9_990, 10_010));
    for order in news(&commands) {
        story.report(SPOT, order.client_id, OrderReport::Accepted(VenueOrderId(order.client_id.0)));
    }
    story
}

/// Somebody else's order on our spot account trades.
pub(super) fn moved(story: &mut Story, side: Side, lots: i64) -> Vec<Command> {
    let trade_id = TradeId(story.now.0.unsigned_abs());
    let level = level(10_000, lots);
    story.tell(&Event::Fill(Fill { trade_id, level, ..Desk::fill_at(story.now, side) }))
}

/// Side, size and lifetime of the hedges among these commands.
fn hedges(commands: &[Command]) -> Vec<(Side, i64, TimeInForce)> {
    on(PERP, &news(commands)).iter().map(|order| (order.side, order.lots.0, order.tif)).collect()
}

/// What closes the position on spot among these commands.
fn exits(commands: &[Command]) -> Vec<(Side, i64)> {
    let orders = on(SPOT, &news(commands));
    let closes = orders.iter().filter(|order| order.tif == TimeInForce::ImmediateOrCancel);
    closes.map(|order| (order.side, order.lots.0)).collect()
}

fn cancels(commands: &[Command]) -> Vec<(ballast_model::InstrumentId, ClientOrderId)> {
    let of = |command: &Command| {
        if let Command::Cancel(Cancel { instrument, client_id }) = command {
            Some((*instrument, *client_id))
        } else {
            None
        }
    };
    commands.iter().filter_map(of).collect()
}

#[test]
fn the_hedge_works_off_what_lies_inside_its_band_while_the_stage_lasts() {
    for (side, back) in [(Side::Bid, Side::Ask), (Side::Ask, Side::Bid)] {
        // Five are the band, one is the smallest order.
        assert_eq!(hedges(&moved(&mut own(false, false), side, 10)), [(back, 5, TimeInForce::PostOnly)]);
        let mut story = own(true, false);
        assert_eq!(hedges(&moved(&mut story, side, 9)), [(back, 4, TimeInForce::PostOnly)], "not called yet");
        let mut story = own(true, false);
        let commands = moved(&mut story, side, 10);
        assert_eq!(hedges(&commands), [(back, 9, TimeInForce::PostOnly)]);
        let [hedge] = on(PERP, &news(&commands))[..] else { panic!("one hedge") };
        story.report(PERP, hedge.client_id, OrderReport::Accepted(VenueOrderId(77)));
        // Six are hedged, and the position is down to four: the stage is left, and four is inside the band.
        assert_eq!(cancels(&story.fill(&hedge, 6)), []);
        let left = moved(&mut story, back, 6);
        assert!(cancels(&left).contains(&(PERP, hedge.client_id)), "{left:?}");
        assert_eq!(hedges(&left), []);
        let lasts = story.wait(Span::from_secs(5));
        assert_eq!(hedges(&lasts), []);
    }
}

#[test]
fn quotes_that_lean_call_by_what_is_not_hedged() {
    let mut story = leaning(true, false);
    let commands = moved(&mut story, Side::Bid, 10);
    let [hedge] = on(PERP, &news(&commands))[..] else { panic!("one hedge: {commands:?}") };
    assert_eq!((hedge.side, hedge.lots), (Side::Ask, Lots(9)));
    story.report(PERP, hedge.client_id, OrderReport::Accepted(VenueOrderId(77)));
    // Five are open, the stage lasts to four.
    let lasts = story.fill(&hedge, 5);
    assert_eq!(cancels(&lasts).iter().filter(|(id, _)| *id == PERP).count(), 0, "{lasts:?}");
    let left = story.fill(&hedge, 1);
    assert_eq!(cancels(&left).iter().filter(|(id, _)| *id == PERP).count(), 1, "four are open: {left:?}");
    assert_eq!((story.position(SPOT), story.position(PERP)), (Lots(10), Lots(-6)));
}

#[test]
fn a_hedge_of_unknown_fate_calls_for_nothing() {
    let mut story = leaning(false, true);
    let [hedge] = on(PERP, &news(&moved(&mut story, Side::Bid, 25)))[..] else { panic!("one hedge") };
    story.report(PERP, hedge.client_id, OrderReport::FateUnknown);
    // Forty bought, of which twenty may be hedged: what surely is not is hedged by the band, and nothing is closed.
    let mut commands = moved(&mut story, Side::Bid, 15);
    commands.extend(story.wait(Span::from_millis(150)));
    assert_eq!((exits(&commands), hedges(&commands)), (vec![], vec![(Side::Ask, 15, TimeInForce::PostOnly)]));
    let [second] = on(PERP, &news(&commands))[..] else { panic!("one hedge: {commands:?}") };
    story.report(PERP, second.client_id, OrderReport::Accepted(VenueOrderId(78)));
    // The first did not trade: now forty are open.
    let ended = OrderReport::Ended { how: Ending::Cancelled, filled: Lots(0) };
    let commands = story.report(PERP, hedge.client_id, ended);
    assert!(cancels(&commands).contains(&(PERP, second.client_id)), "{commands:?}");
    assert_eq!((exits(&commands), hedges(&commands)), (vec![], vec![]));
    // Ten are on their way out by a quote whose cancel is not confirmed.
    let commands = story.report(PERP, second.client_id, OrderReport::Cancelled);
    assert_eq!((exits(&commands), hedges(&commands)), (vec![(Side::Ask, 30)], vec![]));
}

#[test]
fn one_closes_at_a_time() {
    for lean in [false, true] {
        let mut story = if lean { leaning(true, true) } else { own(true, true) };
        let commands = moved(&mut story, Side::Bid, 20);
        let [hedge] = on(PERP, &news(&commands))[..] else { panic!("one hedge: {commands:?}") };
        story.report(PERP, hedge.client_id, OrderReport::Accepted(VenueOrderId(77)));
        let commands = moved(&mut story, Side::Bid, 20);
        assert!(cancels(&commands).contains(&(PERP, hedge.client_id)), "called back: {commands:?}");
        assert_eq!((hedges(&commands), exits(&commands)), (vec![], vec![]), "it may trade still");
        for order in cancels(&commands).iter().filter(|(id, _)| *id == SPOT) {
            let answer = story.report(SPOT, order.1, OrderReport::Cancelled);
            assert_eq!((hedges(&answer), exits(&answer)), (vec![], vec![]));
        }
        let commands = story.report(PERP, hedge.client_id, OrderReport::Cancelled);
        let [exit] = on(SPOT, &news(&commands))[..] else { panic!("one exit: {commands:?}") };
        assert_eq!((exits(&commands), hedges(&commands)), (vec![(Side::Ask, 40)], vec![]));
        let sent = exit;
        // In part: ten are left, which is below the stage; the rest of the order is still on its way.
        let commands = story.fill(&sent, 30);
        assert_eq!((exits(&commands), hedges(&commands)), (vec![], vec![]));
        let mut commands = story.report(SPOT, sent.client_id, OrderReport::Expired);
        commands.extend(story.wait(Span::from_millis(200)));
        assert_eq!(
            (exits(&commands), hedges(&commands)),
            (vec![], vec![(Side::Ask, 9, TimeInForce::PostOnly)])
        );
    }
}

#[test]
fn a_hedge_that_gave_way_is_not_sent_again_before_the_position_is_closed() {
    let mut story = leaning(true, true);
    // A hedge stands when the stage begins.
    let [hedge] = on(PERP, &news(&moved(&mut story, Side::Bid, 20)))[..] else { panic!("one hedge") };
    let mut commands = moved(&mut story, Side::Bid, 17);
    assert!(cancels(&commands).contains(&(PERP, hedge.client_id)), "{commands:?}");
    for (id, client_id) in cancels(&commands) {
        // While nobody can say whether it has traded, the stage is left, and nothing is hedged or closed.
        commands = story.report(id, client_id, OrderReport::Cancelled);
        let (exits, hedges) = (exits(&commands), hedges(&commands));
        assert_eq!(hedges, [], "{commands:?}");
        assert!(exits.is_empty() || exits == [(Side::Ask, 37)] || exits == [(Side::Ask, 27)], "{exits:?}");
    }
    commands.extend(story.wait(Span::from_millis(500)));
    assert_eq!(hedges(&commands), [], "{commands:?}");
    assert!(story.shard.orders(SPOT).unwrap().open_orders().any(|order| !order.tif.may_rest()));
}

#[test]
fn quotes_return_when_a_hedge_leaves_the_stage_whatever_their_interval() {
    let (trigger, touch_age_max) = (Trigger::Every(Span::from_secs(10)), Span::from_secs(60));
    let shaping = Some(stages(false, true));
    let mut story = Story::of(QuotingSpec { trigger, touch_age_max, shaping, ..cross_venue() });
    story.book(PERP, 10_000, 10_001);
    story.book(SPOT, 9_990, 10_010);
    assert_eq!(news(&story.wait(Span::from_secs(11))).len(), 2, "two quotes");
    assert_eq!(exits(&moved(&mut story, Side::Bid, 40)), [(Side::Ask, 30)]);
    // Somebody else's order sells thirty-five of the perpetual.
    let trade_id = TradeId(story.now.0.unsigned_abs());
    let sale = Fill { trade_id, level: level(10_000, 35), ..Desk::fill_at(story.now, Side::Ask) };
    let commands = story.tell(&Event::Fill(Fill { instrument: PERP, ..sale }));
    let placed = on(SPOT, &news(&commands));
    assert!(placed.iter().any(|order| order.tif == TimeInForce::PostOnly), "{commands:?}");
}

#[test]
fn what_is_closed_at_once_is_not_hedged_first() {
    for side in Side::BOTH {
        let mut story = leaning(true, true);
        let commands = moved(&mut story, side, 40);
        // Ten are on their way out by a quote whose cancel is not confirmed.
        assert_eq!((exits(&commands), hedges(&commands)), (vec![(side.opposite(), 30)], vec![]));
    }
}

#[test]
fn where_nothing_can_be_closed_the_hedge_goes_on() {
    let mut story = own(false, true);
    story.tell(&Event::BookLost(BookLost { instrument: SPOT, reason: LostReason::Gap }));
    let commands = moved(&mut story, Side::Bid, 40);
    assert_eq!((exits(&commands), hedges(&commands)), (vec![], vec![(Side::Ask, 39, TimeInForce::PostOnly)]));
    let [hedge] = on(PERP, &news(&commands))[..] else { panic!("one hedge") };
    // The book is back: the hedge gives way, and then the position is closed.
    let mut commands = story.book(SPOT, 9_990, 10_010);
    commands.extend(story.wait(Span::from_millis(150)));
    assert!(cancels(&commands).contains(&(PERP, hedge.client_id)), "{commands:?}");
    assert_eq!((exits(&commands), hedges(&commands)), (vec![], vec![]));
    // Ten are on their way out by a quote whose cancel is not confirmed.
    let commands = story.report(PERP, hedge.client_id, OrderReport::Cancelled);
    assert_eq!((exits(&commands), hedges(&commands)), (vec![(Side::Ask, 30)], vec![]));
}

#[test]
fn a_call_that_nobody_hears_or_cannot_be_sent_is_no_shard() {
    let error = |shaping: ShapingSpec, hedges| {
        let lanes = vec![lane(&QuotingSpec { shaping: Some(shaping), ..quoting() })];
        Shard::new(&ShardSpec { epoch: 1, lanes, hedges, portfolio: None, arbitrage: None }).unwrap_err()
    };
    assert_eq!(error(stages(true, false), vec![]), (0, LaneError::Unheard));
    for liquidation_protection in [None, Some(Rate(0)), Some(Rate::from_bps(101))] {
        let shaping = ShapingSpec { liquidation_protection, ..stages(false, true) };
        assert_eq!(error(shaping, vec![]), (0, LaneError::Liquidation));
    }
    let unneeded = ShapingSpec { liquidation_protection: Some(Rate::from_bps(1)), ..stages(false, false) };
    assert_eq!(error(unneeded, vec![]), (0, LaneError::Liquidation));
    assert_eq!(hedging().parts, [SPOT], "the hedge of the stories hears");
}
