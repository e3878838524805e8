//! Another configuration while orders stand: what of them goes, what is decided then, and what goes on.

use alloc::vec;
use alloc::vec::Vec;

use ballast_model::{
    ClientOrderId, ConfigPart, Event, InstrumentId, Lots, Money, OperatorAct, OperatorScope, OrderReport,
    Price, Rate, RejectReason, Side, Span, Ticks,
};
use proptest::prelude::*;

use super::desk::{Desk, Did, ETH, PARAMS, ask, bid, instrument, lane, model, quoting};
use super::operator::command;
use super::together;
use crate::fair::{FairKind, VwapParams};
use crate::gate::{Controls, GateState, LossLimits};
use crate::model::{
    AvellanedaParams, AvellanedaStoikov, FixedSpreadParams, HalfSpread, Horizon, Model, Scales,
};
use crate::oms::Order;
use crate::outbox::Note;
use crate::quotes::{LiveStatus, Tolerance};
use crate::shard::{Change, ChangeError, Configured, ExitSpec, QuotingSpec, Shard, ShardSpec};
use crate::trigger::Watched;
use crate::volatility::{EwmaParams, VolatilityKind};

/// A text of more than one part. The core never reads it.
const TEXT: &[u8] = b"a configuration that is told in several parts, because it is longer than one can hold";

fn spec(change: impl FnOnce(&mut QuotingSpec)) -> ShardSpec {
    let mut quoting = quoting();
    change(&mut quoting);
    let epoch = super::desk::EPOCH;
    ShardSpec { epoch, lanes: vec![lane(&quoting)], hedges: Vec::new(), portfolio: None, arbitrage: None }
}

/// Tells a text, with whatever was handed over for it.
fn tell(desk: &mut Desk, text: &[u8]) -> Vec<Did> {
    let mut did = Vec::new();
    for part in ConfigPart::parts_of(text) {
        assert_eq!(did, [], "nothing is decided before the last part");
        did = desk.tell(&Event::Config(part));
    }
    did
}

/// Hands over a change and tells its text.
fn change(desk: &mut Desk, before: &ShardSpec, after: &ShardSpec) -> Vec<Did> {
    desk.shard.hand(Change::new(before, after, ConfigPart::key_of(TEXT)).unwrap());
    tell(desk, TEXT)
}

/// Three ticks further out on either side.
fn wider(quoting: &mut QuotingSpec) {
    quoting.model = model(FixedSpreadParams { half_spread: HalfSpread::Ticks(Ticks(8)), ..PARAMS });
}

#[test]
fn quotes_follow_with_the_last_part_and_what_was_left_comes_back() {
    let mut desk = Desk::quoted();
    assert_eq!(desk.shard.configured(), None);
    let did = change(&mut desk, &spec(|_| ()), &spec(wider));
    assert_eq!(did, [Did::Cancel(1), Did::Cancel(2), bid(3, 9_997), ask(4, 10_013)]);
    assert_eq!(desk.notes, [Note::Configured(Configured::Changed)]);
    assert_eq!(desk.shard.configured(), Some(ConfigPart::key_of(TEXT)));
    assert!(desk.shard.take_used().is_some());
    assert!(desk.shard.take_used().is_none());
    // And back: what took its place is built anew.
    let did = change(&mut desk, &spec(wider), &spec(|_| ()));
    assert_eq!(did, [Did::Cancel(3), Did::Cancel(4), bid(5, 10_000), ask(6, 10_010)]);
}

#[test]
fn a_text_that_nothing_was_handed_over_for_changes_nothing() {
    let (mut desk, mut other) = (Desk::quoted(), Desk::quoted());
    assert_eq!(tell(&mut desk, TEXT), []);
    assert_eq!(desk.notes, [Note::Configured(Configured::Unknown)]);
    // Nor one of which a part is missing, or that is another.
    let key = ConfigPart::key_of(TEXT);
    desk.shard.hand(Change::new(&spec(|_| ()), &spec(wider), key).unwrap());
    let parts: Vec<_> = ConfigPart::parts_of(TEXT).collect();
    assert!(parts.len() > 1);
    for part in &parts[1..] {
        assert_eq!(desk.tell(&Event::Config(*part)), []);
    }
    assert_eq!(tell(&mut desk, b"another"), [], "it is not the text that was handed over for");
    assert!(desk.shard.take_used().is_some());
    let untold = [Note::Configured(Configured::Unknown); 3];
    assert_eq!((desk.notes.as_slice(), desk.shard.configured()), (&untold[..], None));
    // All of that leaves no trace but time.
    other.now = desk.now;
    assert_eq!((desk.tell_now(&Event::Timer), other.tell_now(&Event::Timer)), (vec![], vec![]));
    assert_eq!(desk.shard.state_hash(), other.shard.state_hash());
}

#[test]
fn a_change_is_part_of_the_state() {
    let changed = |text: &[u8]| {
        let mut desk = Desk::quoted();
        let same = spec(|_| ());
        desk.shard.hand(Change::new(&same, &same, ConfigPart::key_of(text)).unwrap());
        assert_eq!(tell(&mut desk, text), [], "nothing is otherwise");
        desk.shard.state_hash()
    };
    let mut untold = Desk::quoted();
    untold.now = untold.now + super::desk::STEP;
    untold.tell_now(&Event::Timer);
    assert_ne!(changed(b"one"), changed(b"two"));
    assert_ne!(changed(b"one"), untold.shard.state_hash());
}

#[test]
fn what_the_new_limits_forbid_is_cancelled_until_it_has_ended() {
    // Ten lots a side stand; quotes stay as they are wanted, and are refused from now on.
    let smaller = spec(|quoting| quoting.limits.order_lots_max = Lots(9));
    let mut desk = Desk::quoted();
    assert_eq!(change(&mut desk, &spec(|_| ()), &smaller), [Did::Cancel(1), Did::Cancel(2)]);
    // A cancel that the venue refuses is sent again, whatever is wanted.
    let refused = OrderReport::CancelRejected(RejectReason::RateLimit);
    assert_eq!(desk.report(1, refused), []);
    let again = desk.timer();
    assert!(again.contains(&Did::Cancel(1)), "{again:?}");
    assert_eq!(desk.cancelled(1), []);
    assert_eq!(desk.cancelled(2), []);
    assert!(desk.notes.iter().any(|note| matches!(note, Note::Refused(..))), "{:?}", desk.notes);
    let [cheaper, tighter, flatter] = [
        spec(|quoting| quoting.limits.order_notional_max = Money(Money::ONE.0 / 2)),
        spec(|quoting| quoting.limits.collar_away_max = Rate::from_bps(1)),
        spec(|quoting| quoting.limits.position_lots_max = Lots(9)),
    ];
    for after in [cheaper, tighter, flatter] {
        let mut desk = Desk::quoted();
        let did = change(&mut desk, &spec(|_| ()), &after);
        assert_eq!(did, [Did::Cancel(1), Did::Cancel(2)], "{after:?}");
    }
}

#[test]
fn only_the_side_that_may_lead_too_far_goes() {
    let mut desk = Desk::quoted();
    desk.fill(2, Side::Ask, 4);
    // Four lots short: six more offered lead to ten, ten bid to six the other way.
    let did = change(&mut desk, &spec(|_| ()), &spec(|quoting| quoting.limits.position_lots_max = Lots(9)));
    assert!(!did.is_empty());
    let stays = |side| {
        let orders = desk.shard.orders(ETH).unwrap().open_orders().filter(|order| order.side == side);
        orders.map(|order| LiveStatus::of(order.state)).any(|state| state != LiveStatus::Cancelling)
    };
    assert_eq!(Side::BOTH.map(stays), [true, false]);
}

#[test]
fn limits_of_everything_hold_at_once_for_what_stands() {
    let limit = |tenths: i128| Some(Money(tenths * Money::ONE.0 / 10));
    let with = |tenths| {
        let mut risk = together::risk();
        risk.exposure.gross_max = limit(tenths);
        together::spec(risk)
    };
    let mut desk = Desk::of(with(1_000)).then_quoted();
    let portfolio = |desk: &Desk| desk.shard.portfolio().unwrap().halt(ETH).state;
    // Ten lots are worth one.
    assert_eq!(change(&mut desk, &with(1_000), &with(9)), [Did::Cancel(1), Did::Cancel(2)]);
    assert_eq!(portfolio(&desk), GateState::Active, "nothing halts");
    assert_eq!((desk.cancelled(1), desk.cancelled(2)), (vec![], vec![]));
    let did = change(&mut desk, &with(9), &with(1_000));
    assert_eq!(did, [bid(3, 10_000), ask(4, 10_010)]);
}

#[test]
fn a_loss_above_its_new_limit_halts_and_none_is_forgiven() {
    let with = |max: i128| {
        let mut spec = spec(|_| ());
        let realised_max = Some(Money(max * Money::ONE.0 / 1_000));
        let loss = LossLimits { realised_max, ..LossLimits::NONE };
        spec.lanes[0].controls = Controls { loss: Some(loss), ..Controls::NONE };
        spec
    };
    let mut desk = Desk::of(with(1_000)).then_quoted();
    // Bought at 10 005 and sold at 10 000.
    let mut fill = desk.fill_of(1, Side::Bid, 10, 900);
    fill.level = super::desk::level(10_005, 10);
    desk.tell(&Event::Fill(fill));
    let mut fill = desk.fill_of(2, Side::Ask, 10, 901);
    fill.level = super::desk::level(10_000, 10);
    desk.tell(&Event::Fill(fill));
    assert_eq!(desk.shard.gate(ETH).unwrap().state(), GateState::Active);
    change(&mut desk, &with(1_000), &with(0));
    assert_eq!(desk.shard.gate(ETH).unwrap().state(), GateState::ReduceOnly);
    change(&mut desk, &with(0), &with(1_000));
    assert_eq!(desk.shard.gate(ETH).unwrap().state(), GateState::ReduceOnly, "the operator alone opens");
}

#[test]
fn exits_move_and_one_under_way_goes_on() {
    let exits = |bps| ExitSpec {
        stop_loss: Some(Rate::from_bps(bps)),
        take_profit: None,
        trailing: None,
        watched: Watched::Mid,
        protection: Rate::from_bps(50),
        cooldown: Span::from_secs(1),
    };
    let with = |bps| spec(move |quoting| quoting.exits = Some(exits(bps)));
    let mut desk = Desk::of(with(100)).then_quoted();
    desk.fill(1, Side::Bid, 10);
    desk.touch(9_970, 9_980);
    assert!(!desk.notes.iter().any(|note| matches!(note, Note::Exit(..))));
    change(&mut desk, &with(100), &with(10));
    desk.touch(9_970, 9_982);
    assert!(
        desk.notes.iter().any(|note| matches!(note, Note::Exit(..))),
        "a quarter of a per cent is enough now"
    );
    change(&mut desk, &with(10), &with(5_000));
    assert!(desk.shard.cools_until(ETH).is_some(), "what has fired goes on");
}

#[test]
fn what_is_laid_out_at_the_start_is_refused() {
    let before = spec(|_| ());
    let refused = |after: &ShardSpec| Change::new(&before, after, 1).unwrap_err();
    let lane = |after: &ShardSpec| matches!(refused(after), ChangeError::Lane(0, _));
    assert!(lane(&spec(|quoting| quoting.limits.open_orders_max = 9)));
    assert!(lane(&spec(|quoting| quoting.hedged_on = Some(InstrumentId(0)))));
    let mut after = spec(|_| ());
    after.lanes[0].controls.duplicate_window = Some(Span::from_millis(5));
    assert!(lane(&after));
    after.lanes[0].controls = Controls::NONE;
    after.lanes[0].spec.price_max = Price(99_999);
    assert!(lane(&after));
    assert!(lane(&ShardSpec {
        lanes: vec![crate::shard::LaneSpec { quoting: None, ..before.lanes[0].clone() }],
        ..before.clone()
    }));
    let two = ShardSpec { lanes: vec![before.lanes[0].clone(), before.lanes[0].clone()], ..before.clone() };
    assert!(matches!(refused(&two), ChangeError::Parts(_)));
    assert!(matches!(refused(&together::spec(together::risk())), ChangeError::Parts(_)));
    let none = spec(|quoting| quoting.limits.order_burst_max = 0);
    assert!(matches!(refused(&none), ChangeError::Build(0, _)));
    // A limit of everything that was not set: nothing was summed for it.
    let set = || {
        let mut risk = together::risk();
        risk.exposure.net_max = Some(Money::ONE);
        together::spec(risk)
    };
    let (unset, set) = (together::spec(together::risk()), set());
    assert!(matches!(Change::new(&unset, &set, 1), Err(ChangeError::Parts(_))));
}

/// One thing that happens.
#[derive(Clone, Copy, Debug)]
enum Happens {
    Touch(i64, i64),
    Trade(i64),
    Timer,
    /// So much of the oldest order that stands.
    Fill(i64),
    /// The oldest order that is being cancelled is gone.
    Cancelled,
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        6 => (9_900..10_100i64, 1..15i64).prop_map(|(bid, spread)| Happens::Touch(bid, bid + spread)),
        2 => (9_900..10_100i64).prop_map(Happens::Trade),
        1 => Just(Happens::Timer),
        2 => (1..10i64).prop_map(Happens::Fill),
        3 => Just(Happens::Cancelled),
    ]
}

/// The counter of the oldest order that is open.
fn first_open(desk: &Desk) -> Option<u64> {
    Some(desk.shard.orders(ETH).unwrap().open_orders().next()?.client_id.counter())
}

/// Lets something happen; what was done then.
fn live(desk: &mut Desk, happens: Happens) -> Vec<Did> {
    match happens {
        Happens::Touch(bid, ask) => desk.touch(bid, ask),
        Happens::Trade(price) => desk.public_trade(price),
        Happens::Timer if desk.shard.next_deadline().is_some_and(|at| at >= desk.now) => desk.timer(),
        Happens::Timer => Vec::new(),
        Happens::Fill(lots) => {
            let first = desk.shard.orders(ETH).unwrap().open_orders().next().copied();
            let fill =
                |order: Order| desk.fill(order.client_id.counter(), order.side, lots.min(order.working().0));
            first.map_or_else(Vec::new, fill)
        }
        Happens::Cancelled => first_open(desk).map_or_else(Vec::new, |order| desk.cancelled(order)),
    }
}

/// Quotes that read all that is estimated, by other numbers.
fn other() -> impl Strategy<Value = ShardSpec> {
    (1..900u32, 1..30i64, 30..100i64, 1..60i64, 0..5i64).prop_map(|(gamma, lots, position, largest, near)| {
        let params = AvellanedaParams {
            gamma: gamma.into(),
            k: 10.0,
            horizon: Horizon::Session(Span::from_secs(60)),
            size: Lots(lots),
            size_reducing_max: Lots(2 * lots),
            inventory_max: Lots(position),
            skew_max: Ticks(gamma.into()),
        };
        let model = AvellanedaStoikov::new(params, Scales::new(&instrument())).unwrap();
        let estimated = EwmaParams {
            half_life: Span::from_secs(1),
            interval_min: Span::ZERO,
            elapsed_min: Span::ZERO,
            samples_min: 3,
        };
        spec(|quoting| {
            quoting.model = Model::AvellanedaStoikov(model);
            quoting.volatility = Some(VolatilityKind::Ewma(estimated));
            quoting.fair = FairKind::Vwap(VwapParams { window: Span::from_secs(60), trades_full: 1 });
            quoting.limits.position_lots_max = Lots(position);
            quoting.limits.order_lots_max = Lots(largest);
            quoting.tolerance = Tolerance { price: Ticks(near), ..Tolerance::EXACT };
            quoting.touch_age_max = Span::from_millis(10 * largest);
        })
    })
}

/// The counter of the last order.
fn made(shard: &Shard) -> u64 {
    let mut last = 0;
    shard.carry(&mut |word| [_, last, ..] = word.words);
    ClientOrderId(last).counter()
}

/// The same with orders counted from there.
fn since(did: Vec<Did>, from: u64) -> Vec<Did> {
    let less = |did| match did {
        Did::Place(order, side, price, lots) => Did::Place(order - from, side, price, lots),
        Did::Cancel(order) => Did::Cancel(order - from),
        Did::Exit(order, side, price, lots) => Did::Exit(order - from, side, price, lots),
        Did::Amend(order, price, lots) => Did::Amend(order - from, price, lots),
        Did::Ask(order, number) => Did::Ask(order - from, number),
    };
    did.into_iter().map(less).collect()
}

proptest! {
    /// A shard that changes at any point does from there on what one does that was built so and has seen the same, with the same
    /// position and no order of its own.
    #[test]
    fn after_a_change_it_is_a_shard_built_so(
        (before, after) in (other(), other()),
        position in -80..80i64,
        seen in prop::collection::vec(happens(), 1..40),
        then in prop::collection::vec(happens(), 1..40),
    ) {
        let mut changed = Desk::of(before.clone());
        let mut built = Desk::of(after.clone());
        let act = OperatorAct::Adjust { position: Lots(position), price: Price(10_000) };
        for desk in [&mut changed, &mut built] {
            desk.snapshot(9_990, 10_000);
            desk.tell(&Event::Operator(command(OperatorScope::All, OperatorAct::Pause)));
            while let Some(order) = first_open(desk) {
                desk.cancelled(order);
            }
            desk.tell(&Event::Operator(command(OperatorScope::Instrument(ETH), act)));
            for happens in &seen {
                assert_eq!(live(desk, *happens), [], "paused");
            }
        }
        assert_eq!(change(&mut changed, &before, &after), []);
        built.now = changed.now;
        // Ids are counted, and gates count what they refused: those of the start are not the same.
        let apart = (made(&changed.shard), made(&built.shard));
        let resume = Event::Operator(command(OperatorScope::All, OperatorAct::Resume));
        prop_assert_eq!(since(changed.tell(&resume), apart.0), since(built.tell(&resume), apart.1));
        for happens in then {
            let (one, two) = (live(&mut changed, happens), live(&mut built, happens));
            prop_assert_eq!(since(one, apart.0), since(two, apart.1));
            prop_assert_eq!(changed.shard.next_deadline(), built.shard.next_deadline());
        }
        prop_assert_eq!(changed.position(), built.position());
    }
}
