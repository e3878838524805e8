//! Whatever happens to the markets, quotes stand exactly while the blend of them can be quoted around.

use alloc::vec;
use alloc::vec::Vec;

use ballast_model::{BookLost, Event, InstrumentId, LostReason, Nanos, Span};
use proptest::prelude::*;

use super::blended::{
    FRESH, PLAIN, STALE, THERE, around, followed, params, pass, settle, source, spec, standing,
};
use super::desk::{Desk, Did, ETH, instrument, lane};
use crate::fair::{BlendInput, BlendParams, Decay, Need, StaleCurve};
use crate::shard::{BlendSpec, QuotingSpec};

/// Inputs further apart than this contradict each other, in half ticks.
const APART: i64 = 60;

#[derive(Clone, Copy, Debug)]
enum Op {
    /// A new book: the best bid, and half the spread.
    Book(InstrumentId, i64, i64),
    /// The same of the best-price stream.
    Touch(InstrumentId, i64, i64),
    /// The book stands as it was.
    Confirm(InstrumentId),
    Lose(InstrumentId),
    Trade(InstrumentId),
    /// Milliseconds.
    Wait(i64),
}

fn op() -> impl Strategy<Value = Op> {
    let instrument = || prop_oneof![Just(ETH), Just(THERE)];
    let touch = || (instrument(), 9_980_i64..10_020, 25_i64..30);
    prop_oneof![
        3 => touch().prop_map(|(id, bid, half)| Op::Book(id, bid, half)),
        4 => touch().prop_map(|(id, bid, half)| Op::Touch(id, bid, half)),
        3 => instrument().prop_map(Op::Confirm),
        1 => instrument().prop_map(Op::Lose),
        1 => instrument().prop_map(Op::Trade),
        5 => prop_oneof![0_i64..110, 900_i64..1_200].prop_map(Op::Wait),
    ]
}

/// Quotes around a blend of both mids; without a volatility nothing is quoted once all inputs have aged.
fn blended(needs: [Need; 2]) -> QuotingSpec {
    let input = |id, need| source(id, BlendInput { need, ..PLAIN });
    let params = BlendParams { apart_max_ticks: 0.5 * APART as f64, ..params() };
    let inputs = spec(&[input(ETH, needs[0]), input(THERE, needs[1])]);
    let blend = BlendSpec { params, ..inputs };
    QuotingSpec { volatility: None, touch_age_max: Span::from_secs(600), ..around(Some(blend)) }
}

fn desk(quoting: &QuotingSpec) -> Desk {
    Desk::new(vec![lane(quoting), followed(instrument())])
}

fn tell(desk: &mut Desk, op: Op) -> Vec<Did> {
    match op {
        Op::Book(id, bid, half) => desk.snapshot_of(id, bid, bid + 2 * half),
        Op::Touch(id, bid, half) => desk.touch_of(id, bid, bid + 2 * half),
        Op::Confirm(id) => desk.confirm_of(id),
        Op::Lose(instrument) => desk.tell(&Event::BookLost(BookLost { instrument, reason: LostReason::Gap })),
        Op::Trade(id) => desk.public_trade_of(id, 10_000),
        Op::Wait(millis) => {
            pass(desk, Span::from_millis(millis));
            Vec::new()
        }
    }
}

/// One market, kept apart from the core: twice the mid of the book and of the touch, and when that was told.
#[derive(Clone, Copy, Default)]
struct Twin {
    book: Option<i64>,
    touch: Option<(i64, Nanos)>,
}

impl Twin {
    fn hear(&mut self, id: InstrumentId, op: Op, now: Nanos) {
        match op {
            Op::Book(of, bid, half) if of == id => {
                self.book = Some(2 * (bid + half));
                self.touch = self.book.map(|mid| (mid, now));
            }
            Op::Touch(of, bid, half) if of == id => {
                self.touch = self.touch.map(|_| (2 * (bid + half), now));
            }
            Op::Confirm(of) if of == id => self.touch = self.book.map(|mid| (mid, now)),
            Op::Lose(of) if of == id => *self = Self::default(),
            Op::Book(..) | Op::Touch(..) | Op::Confirm(_) | Op::Lose(_) | Op::Trade(_) | Op::Wait(_) => {}
        }
    }
}

/// Whether one may quote around what the two markets say.
fn may_quote(twins: &[Twin; 2], needs: [Need; 2], now: Nanos) -> bool {
    let counts = twins.map(|twin| twin.touch.filter(|(_, told)| now - *told < STALE));
    let missing = counts.iter().zip(needs).any(|(one, need)| one.is_none() && need == Need::Required);
    let apart = match counts {
        [Some((a, _)), Some((b, _))] => (a - b).abs() > APART,
        _ => false,
    };
    let fresh = counts.iter().flatten().any(|(_, told)| now - *told <= FRESH);
    twins[0].touch.is_some() && !missing && !apart && fresh
}

fn needs() -> impl Strategy<Value = [Need; 2]> {
    let need = || prop_oneof![Just(Need::Required), Just(Need::Optional)];
    [need(), need()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn quotes_stand_exactly_while_the_blend_does(needs in needs(), ops in prop::collection::vec(op(), 1..11)) {
        let mut desks = [desk(&blended(needs)), desk(&blended(needs))];
        let mut twins = [Twin::default(); 2];
        for op in ops {
            let [did, again] = desks.each_mut().map(|desk| tell(desk, op));
            prop_assert_eq!(&did, &again, "the same events make the same commands");
            let told = desks[0].now;
            for (id, twin) in [ETH, THERE].into_iter().zip(&mut twins) {
                twin.hear(id, op, told);
            }
            for (desk, did) in desks.iter_mut().zip([did, again]) {
                settle(desk, did);
                pass(desk, Span::ZERO);
            }
            let may = may_quote(&twins, needs, desks[0].now);
            prop_assert_eq!(standing(&desks[0]), if may { 2 } else { 0 }, "{:?} at {:?}", op, desks[0].now);
        }
        let [hash, again] = desks.map(|desk| desk.shard.state_hash());
        prop_assert_eq!(hash, again);
    }

    #[test]
    fn a_blend_of_identical_inputs_is_the_single_one(
        weights in prop::collection::vec(0.001_f64..1e6, 1..5),
        required in any::<bool>(),
        ops in prop::collection::vec(op(), 1..11),
    ) {
        let need = if required { Need::Required } else { Need::Optional };
        let inputs: Vec<_> =
            weights.iter().map(|weight| source(ETH, BlendInput { weight: *weight, need, basis: None })).collect();
        // What ages is another matter: these stay fresh.
        let stale = StaleCurve::new(Span::from_secs(60), Span::from_secs(120), Decay::Linear).unwrap();
        let blend = BlendSpec { params: BlendParams { stale, ..params() }, ..spec(&inputs) };
        let mut single = desk(&QuotingSpec { fair: crate::fair::FairKind::Mid, ..around(None) });
        let mut blended = desk(&around(Some(blend)));
        for op in ops {
            let did = tell(&mut single, op);
            prop_assert_eq!(&tell(&mut blended, op), &did);
            settle(&mut single, did.clone());
            settle(&mut blended, did);
            prop_assert_eq!(standing(&blended), standing(&single));
        }
    }
}
