//! What carries over: told by one shard and taken back by another it is the same, and a shard that follows a record from any list
//! in it stands where the one stood that lived it.

mod story;

use alloc::vec::Vec;

use ballast_model::{
    Access, AccessState, Carried, CarriedKind, Event, InstrumentId, Lots, Nanos, OperatorAct, OperatorScope,
    Side, Span, VenueId,
};

use super::desk::{Desk, Did, ETH, bid};
use super::operator::command;
use crate::gate::GateState;
use crate::outbox::{Note, Outbox};
use crate::shard::{Doubt, Shard, ShardSpec};
use story::{Recorded, Story};

const CASES: u64 = 1_500;
const STEPS: usize = 60;

/// Without the last order's id, which ends with the run.
pub(super) fn list(shard: &Shard) -> Vec<Carried> {
    let mut words = Vec::new();
    shard.carry(&mut |carried| words.push(carried));
    words.last_mut().unwrap().words[1] = 0;
    words
}

/// Names the first word that differs.
fn same(one: &[Carried], other: &[Carried], seed: u64) {
    let differs = one.iter().zip(other).find(|(one, other)| one != other);
    assert_eq!((differs, one.len()), (None, other.len()), "seed {seed}");
}

/// A new shard that was told what another left.
fn successor(story: &Story, words: &[Carried]) -> Shard {
    let mut shard = story.fresh();
    let mut out = Outbox::new(shard.commands_per_event_max());
    let told_at = story.record.last().unwrap().0;
    for word in words {
        shard.on_event(&Event::Carried(*word), told_at, &mut out);
    }
    assert_eq!((out.commands(), out.notes()), (&[][..], &[][..]));
    assert!(shard.is_carried());
    shard
}

/// A shard that has followed the record as far as this from its last list.
fn followed(story: &Story, upto: usize) -> Shard {
    let record = &story.record[..upto];
    let begin = record.iter().rposition(|(_, one)| matches!(one, Recorded::List(_)));
    let mut shard = story.fresh();
    let mut out = Outbox::new(shard.commands_per_event_max());
    for (now, one) in record.iter().skip(begin.unwrap_or(0)) {
        match one {
            Recorded::Event(event) => shard.follow_event(event, *now, &mut out),
            Recorded::Command(command) => shard.follow_command(command, *now, &mut out),
            Recorded::List(words) => {
                words.iter().for_each(|word| shard.on_event(&Event::Carried(*word), *now, &mut out));
            }
        }
        assert_eq!(out.commands(), []);
        out.clear();
    }
    shard
}

/// Losses are counted at marks, and no mark is followed: the highest profit may be that of the last list, never one higher.
fn without_peaks(words: &[Carried]) -> (Vec<Carried>, Vec<i128>) {
    let is_peak = |word: &&Carried| word.kind == CarriedKind::Losses && word.part.is_multiple_of(2);
    let peaks = words.iter().filter(is_peak).map(|word| {
        let [_, _, low, high, ..] = word.words;
        (u128::from(high) << 64 | u128::from(low)).cast_signed()
    });
    let same = words.iter().filter_map(|word| {
        let [base_low, base_high, ..] = word.words;
        let base = Carried { words: [base_low, base_high, 0, 0, 0, 0], ..*word };
        match (word.kind, word.part % 2) {
            (CarriedKind::Losses, 0) => Some(base),
            // The profit as it stood, at a mark.
            (CarriedKind::Losses, _) => None,
            _ => Some(*word),
        }
    });
    (same.collect(), peaks.collect())
}

#[test]
fn a_list_makes_a_shard_that_tells_the_same_list() {
    let mut seen = [0; 14];
    for seed in 0..CASES {
        let mut story = Story::new(seed);
        (0..STEPS).for_each(|_| story.step());
        let left = list(&story.shard);
        left.iter().for_each(|word| seen[usize::from(word.kind.code())] += 1);
        let next = successor(&story, &left);
        same(&list(&next), &left, seed);
        for id in [InstrumentId(0), InstrumentId(1)] {
            let (one, two) = (story.shard.orders(id).unwrap(), next.orders(id).unwrap());
            assert!(one.open_orders().eq(two.open_orders()), "seed {seed}");
            assert_eq!(one.missing_fills(), two.missing_fills());
            assert_eq!(one.unknown_count(), two.unknown_count());
            assert_eq!(Side::BOTH.map(|side| one.working(side)), Side::BOTH.map(|side| two.working(side)));
            assert_eq!(story.shard.ledger(id), next.ledger(id));
            assert_eq!(story.shard.gate(id).unwrap().state(), next.gate(id).unwrap().state());
            let portfolios = [&story.shard, &next].map(|shard| shard.portfolio().unwrap().halt(id));
            assert_eq!(portfolios[0].state, portfolios[1].state, "seed {seed}");
        }
        assert!(left.len() <= story.shard.carried_max() + 64);
    }
    assert!(seen.iter().all(|count| *count > 100), "{seen:?}");
}

#[test]
fn following_a_record_from_its_last_list_leads_where_living_it_did() {
    let (mut followed_far, mut latched) = (0, 0);
    for seed in 0..CASES {
        let mut story = Story::new(seed);
        for _ in 0..STEPS {
            story.step();
            if !story.dice.once_in(4) {
                continue;
            }
            let record = &story.record;
            let back = record.iter().rev().take_while(|(_, one)| !matches!(one, Recorded::List(_))).count();
            followed_far += usize::from(back > 10);
            latched += usize::from(back == 0);
            let recovered = list(&followed(&story, record.len()));
            let ((same, peaks), (truth, highest)) =
                (without_peaks(&recovered), without_peaks(&list(&story.shard)));
            self::same(&same, &truth, seed);
            assert!(peaks.iter().zip(&highest).all(|(peak, highest)| peak <= highest), "seed {seed}");
        }
    }
    assert!(followed_far > 1_000 && latched > 1_000, "{followed_far} {latched}");
}

#[test]
fn a_run_that_does_nothing_leaves_what_it_was_given() {
    for seed in 0..CASES / 10 {
        let mut story = Story::new(seed);
        (0..STEPS).for_each(|_| story.step());
        let mut out = Outbox::new(story.shard.commands_per_event_max());
        let now = story.record.last().unwrap().0;
        story.shard.orphan(now, &mut out);
        assert_eq!(out.commands(), []);
        let left = list(&story.shard);
        let mut given = left.clone();
        for restart in 1..5 {
            let mut shard = successor(&story, &given);
            shard.orphan(now + Span::from_secs(restart), &mut out);
            same(&list(&shard), &left, seed);
            let orders = shard.orders(ETH).unwrap();
            let sure = |order: &&crate::oms::Order| !order.state.is_done() && !order.state.is_doubtful();
            assert_eq!(orders.open_orders().find(sure), None, "nothing of an earlier run is taken for live");
            given = list(&shard);
        }
    }
}

#[test]
fn what_was_closed_stays_closed_and_orders_of_unknown_fate_count() {
    let mut desk = Desk::quoted();
    desk.fill(1, Side::Bid, 4);
    desk.tell(&Event::Operator(command(OperatorScope::Instrument(ETH), OperatorAct::Pause)));
    let now = desk.now;
    desk.shard.orphan(now, &mut Outbox::new(64));
    let words = list(&desk.shard);
    let mut next = Desk::with(|_| ());
    words.iter().for_each(|word| assert_eq!(next.tell_now(&Event::Carried(*word)), []));
    assert_eq!(next.position(), 4);
    let orders = next.shard.orders(ETH).unwrap();
    assert_eq!(
        (orders.unknown_count(), orders.working(Side::Bid), orders.working(Side::Ask)),
        (3, Lots(16), Lots(10))
    );
    let cancels = [1, 2, 3].map(Did::Cancel);
    assert_eq!(next.snapshot(10_000, 10_010), cancels, "paused still, and what may stand is called back");
    assert_eq!(next.shard.gate(ETH).unwrap().state(), GateState::Paused);
    let again = next.fill_of(1, Side::Bid, 4, 1);
    next.tell(&Event::Fill(again));
    assert_eq!(next.position(), 4, "what was booked is booked once");
}

#[test]
fn a_word_without_a_place_or_after_the_end_is_noted() {
    let mut desk = Desk::with(|_| ());
    let word = |kind, of| Carried { kind, part: 0, of, account: 0, strategy: 0, words: [1, 0, 0, 0, 0, 0] };
    desk.tell(&Event::Carried(word(CarriedKind::Balance, 0)));
    desk.tell(&Event::Carried(word(CarriedKind::Ledger, 7)));
    desk.tell(&Event::Carried(Carried { part: 3, ..word(CarriedKind::Order, 0) }));
    let short = word(CarriedKind::End, 0);
    desk.tell(&Event::Carried(short));
    assert!(!desk.shard.is_carried(), "three words came, not one");
    desk.tell(&Event::Carried(Carried { words: [3, 0, 0, 0, 0, 0], ..short }));
    assert!(desk.shard.is_carried());
    desk.tell(&Event::Carried(word(CarriedKind::Ledger, 0)));
    let noted: Vec<_> = desk.notes.iter().map(|note| (note.kind(), note.reason())).collect();
    let kinds = ["balance", "ledger", "order", "end", "ledger"].map(|kind| ("uncarried", Some(kind)));
    assert_eq!(noted, kinds);
    assert_eq!(desk.position(), 0);
    assert_eq!(desk.notes[0], Note::Uncarried(CarriedKind::Balance));
}

/// A shard spec that stands alone carries as well.
#[test]
fn a_dead_mans_switch_and_a_venues_halt_carry() {
    let spec = || super::together::spec(super::together::risk());
    let tell = |shard: &mut Shard, act| {
        let mut out = Outbox::new(shard.commands_per_event_max());
        let now = Nanos(5);
        shard.on_event(&Event::Operator(command(OperatorScope::Venue(VenueId(0)), act)), now, &mut out);
    };
    let built = |spec: ShardSpec| Shard::new(&spec).unwrap();
    let mut shard = built(spec());
    tell(&mut shard, OperatorAct::Arm(Nanos(99)));
    tell(&mut shard, OperatorAct::Kill);
    let words = list(&shard);
    let mut next = built(spec());
    let mut out = Outbox::new(next.commands_per_event_max());
    words.iter().for_each(|word| next.on_event(&Event::Carried(*word), Nanos(6), &mut out));
    assert_eq!(list(&next)[..words.len() - 1], words[..words.len() - 1]);
    assert_eq!(next.halt(ETH).unwrap().state, GateState::Killed);
    let mut lone = Desk::with(|_| ());
    assert_eq!(lone.snapshot(10_000, 10_010)[0], bid(1, 10_000));
}

#[test]
fn up_to_when_all_was_told_carries_and_is_followed() {
    let built = || Shard::new(&super::together::spec(super::together::risk())).unwrap();
    let [mut lived, mut followed, mut next] = [built(), built(), built()];
    let mut out = Outbox::new(lived.commands_per_event_max());
    let told = |state| Event::Access(Access { instrument: ETH, state });
    assert_eq!(lived.told_until(ETH), None);
    for (at, state) in [(10, AccessState::Unseen), (20, AccessState::Open), (30, AccessState::Unseen)] {
        lived.on_event(&told(state), Nanos(at), &mut out);
        followed.follow_event(&told(state), Nanos(at), &mut out);
        out.clear();
    }
    lived.on_event(&Event::Timer, Nanos(50), &mut out);
    assert_eq!([lived.told_until(ETH), followed.told_until(ETH)], [Some(Nanos(30)); 2]);
    assert_ne!(lived.state_hash(), built().state_hash());
    let words = list(&lived);
    words.iter().for_each(|word| next.on_event(&Event::Carried(*word), Nanos(60), &mut out));
    assert_eq!((next.told_until(ETH), list(&next)), (Some(Nanos(30)), words), "whatever time has passed");
    next.on_event(&told(AccessState::Open), Nanos(70), &mut out);
    assert_eq!(next.told_until(ETH), Some(Nanos(70)));
}

#[test]
fn why_a_position_is_in_doubt_carries_until_it_is_confirmed() {
    let built = || Shard::new(&super::together::spec(super::together::risk())).unwrap();
    let [mut shard, mut next] = [built(), built()];
    let mut out = Outbox::new(shard.commands_per_event_max());
    assert_eq!(shard.doubt_of(ETH), Doubt::None);
    shard.doubt();
    assert_eq!(shard.doubt_of(ETH), Doubt::Record);
    list(&shard).iter().for_each(|word| next.on_event(&Event::Carried(*word), Nanos(6), &mut out));
    assert_eq!(next.doubt_of(ETH), Doubt::Record);
    let confirm = command(OperatorScope::Instrument(ETH), OperatorAct::Confirm(Lots(0)));
    next.on_event(&Event::Operator(confirm), Nanos(7), &mut out);
    assert_eq!(next.doubt_of(ETH), Doubt::None);
}
