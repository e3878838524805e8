//! The protocol step by step.

mod network;

use super::*;

const A: ShardId = ShardId(0);
const B: ShardId = ShardId(1);

/// Two shards that share a limit of 100, each under epoch 1.
struct Pair {
    coordinator: Coordinator,
    shards: [OwnedBudget; 2],
}

impl Pair {
    fn new() -> Self {
        let shards = [A, B].map(|shard| OwnedBudget::new(shard, 1, 0));
        Self { coordinator: Coordinator::new(100, 2).unwrap(), shards }
    }

    /// A pair that owns what it wants.
    fn owning(amounts: [u128; 2]) -> Self {
        let mut pair = Self::new();
        for (shard, amount) in pair.shards.iter_mut().zip(amounts) {
            shard.want(amount);
        }
        pair.settle();
        assert_eq!(pair.owned(), amounts);
        pair
    }

    /// Every message arrives at once, a few times.
    fn settle(&mut self) {
        for _ in 0..6 {
            for shard in &mut self.shards {
                self.coordinator.on_report(&shard.report());
            }
            for grant in self.coordinator.unanswered() {
                self.shards[usize::from(grant.shard.0)].on_grant(&grant);
            }
        }
        assert_eq!(self.coordinator.unanswered().count(), 0);
    }

    fn owned(&self) -> [u128; 2] {
        self.shards.map(|shard| shard.owned())
    }

    fn bounds(&self) -> [u128; 2] {
        [A, B].map(|shard| self.coordinator.bound(shard).unwrap())
    }

    /// The only grant under way.
    fn grant(&self) -> Grant {
        let mut unanswered = self.coordinator.unanswered();
        let grant = unanswered.next().unwrap();
        assert_eq!(unanswered.next(), None);
        grant
    }
}

#[test]
fn a_decrease_is_acknowledged_before_the_other_is_raised() {
    let mut pair = Pair::owning([70, 30]);
    for (shard, wanted) in pair.shards.iter_mut().zip([20, 80]) {
        shard.want(wanted);
        pair.coordinator.on_report(&shard.report());
    }
    // The decrease is under way and the bound stays.
    let decrease = pair.grant();
    assert_eq!((decrease.shard, decrease.amount, pair.bounds()), (A, 20, [70, 30]));
    assert_eq!(pair.shards[0].on_grant(&decrease), Adopted::Yes);
    assert_eq!(pair.coordinator.on_report(&pair.shards[0].report()), Heard::Answer);
    let raise = pair.grant();
    assert_eq!((raise.shard, raise.amount, pair.bounds()), (B, 80, [20, 80]));
    pair.settle();
    assert_eq!(pair.owned(), [20, 80]);
}

#[test]
fn what_is_in_use_is_not_given_back_and_no_more_is_used() {
    let mut pair = Pair::owning([70, 30]);
    let short = Short { needed: 71, free: 70 };
    assert_eq!(pair.shards[0].take(71), Err(short));
    pair.shards[0].take(60).unwrap();
    for (shard, wanted) in pair.shards.iter_mut().zip([20, 80]) {
        shard.want(wanted);
    }
    pair.settle();
    // 60 are in use: 10 could be given.
    assert_eq!(pair.owned(), [60, 40]);
    assert_eq!(pair.shards[0].take(1), Err(Short { needed: 1, free: 0 }));
    pair.shards[0].give_back(15);
    assert_eq!((pair.shards[0].owned(), pair.shards[0].free()), (45, 0));
    pair.settle();
    assert_eq!(pair.owned(), [45, 55]);
    pair.shards[0].give_back(1_000);
    pair.settle();
    assert_eq!((pair.owned(), pair.shards[0].in_use()), ([20, 80], 0));
}

#[test]
fn an_answer_that_was_overtaken_moves_no_bound_up() {
    let mut pair = Pair::owning([70, 30]);
    pair.shards[0].take(60).unwrap();
    pair.shards[0].want(20);
    pair.coordinator.on_report(&pair.shards[0].report());
    let decrease = pair.grant();
    pair.shards[0].on_grant(&decrease);
    let early = pair.shards[0].report();
    pair.shards[0].give_back(40);
    let late = pair.shards[0].report();
    assert_eq!((early.owned, late.owned), (60, 20));
    assert_eq!(pair.coordinator.on_report(&late), Heard::Answer);
    assert_eq!(pair.coordinator.on_report(&early), Heard::Answer);
    assert_eq!(pair.bounds(), [20, 30]);
    assert_eq!(pair.shards[0].on_grant(&decrease), Adopted::Repeated);
}

#[test]
fn a_late_report_takes_back_neither_a_wish_nor_an_answer() {
    let mut pair = Pair::owning([70, 30]);
    let late = pair.shards[0].report();
    pair.shards[0].want(20);
    pair.settle();
    assert_eq!(pair.coordinator.on_report(&late), Heard::News);
    assert_eq!(pair.coordinator.unanswered().count(), 0);
    assert_eq!(pair.coordinator.split()[..2], [20, 30]);
    assert_eq!(pair.bounds(), [20, 30]);
}

#[test]
fn a_grant_of_the_past_or_for_another_is_ignored() {
    let mut pair = Pair::owning([0, 0]);
    pair.shards[0].want(10);
    pair.coordinator.on_report(&pair.shards[0].report());
    let first = pair.grant();
    pair.shards[0].want(5);
    pair.coordinator.on_report(&pair.shards[0].report());
    let second = pair.grant();
    assert_eq!((first.amount, second.amount, second.seq), (10, 5, first.seq + 1));
    assert_eq!(pair.shards[0].on_grant(&second), Adopted::Yes);
    for wrong in [first, Grant { shard: B, seq: 9, ..second }, Grant { epoch: 2, seq: 9, ..second }] {
        assert_eq!(pair.shards[0].on_grant(&wrong), Adopted::Ignored);
    }
    assert_eq!(pair.shards[0].owned(), 5);
}

#[test]
fn a_shard_resumes_from_a_whole_journal_as_it_was() {
    let mut pair = Pair::owning([70, 30]);
    pair.shards[0].take(60).unwrap();
    let journaled = pair.shards[0].journaled();
    assert_eq!(OwnedBudget::resume(journaled, 60), pair.shards[0]);
    // Less is in use than when it went: of a decrease that had to wait, the rest is given up.
    pair.shards[0].want(20);
    pair.settle();
    assert_eq!(pair.owned(), [60, 30]);
    let back = OwnedBudget::resume(pair.shards[0].journaled(), 35);
    assert_eq!((back.owned(), back.free()), (35, 0));
    // More is in use than is owned: nothing is owned for it.
    let back = OwnedBudget::resume(pair.shards[0].journaled(), 65);
    assert_eq!((back.owned(), back.overdrawn()), (60, 5));
}

#[test]
fn a_shard_without_the_end_of_its_journal_is_first_given_what_it_can_have_owned() {
    let mut pair = Pair::owning([70, 30]);
    pair.shards[0].take(60).unwrap();
    let old = pair.shards[0].report();
    pair.shards[0] = OwnedBudget::new(A, 2, 60);
    pair.shards[0].want(20);
    assert_eq!((pair.shards[0].owned(), pair.shards[0].free(), pair.shards[0].overdrawn()), (0, 0, 60));
    assert_eq!(pair.coordinator.on_report(&pair.shards[0].report()), Heard::NewEpoch);
    assert_eq!(pair.coordinator.on_report(&old), Heard::Stale);
    // It wants 20, and still all of its predecessor's comes first.
    let opening = pair.grant();
    assert_eq!((opening.epoch, opening.amount, pair.bounds()), (2, 70, [70, 30]));
    pair.shards[0].on_grant(&opening);
    assert_eq!((pair.shards[0].owned(), pair.shards[0].overdrawn()), (70, 0));
    pair.settle();
    assert_eq!(pair.owned(), [60, 30]);
}

#[test]
fn a_lower_limit_raises_nobody_until_it_holds() {
    let mut pair = Pair::owning([70, 30]);
    pair.shards[0].take(70).unwrap();
    pair.coordinator.set_limit(60);
    pair.shards[1].want(60);
    pair.settle();
    // Fair halves of 60; the first has 70 in use.
    assert_eq!((pair.owned(), pair.coordinator.free()), ([70, 30], 0));
    pair.shards[0].give_back(45);
    pair.settle();
    assert_eq!(pair.owned(), [30, 30]);
    pair.coordinator.set_limit(u128::MAX);
    pair.settle();
    assert_eq!((pair.owned(), pair.coordinator.limit()), ([70, 60], AMOUNT_MAX));
}

#[test]
fn a_shard_that_owns_more_than_it_can_is_believed() {
    let mut pair = Pair::owning([50, 30]);
    let report = pair.shards[0].report();
    assert_eq!(pair.coordinator.on_report(&Report { owned: 90, ..report }), Heard::Contradiction);
    assert_eq!((pair.bounds(), pair.coordinator.free()), ([90, 30], 0));
    let ahead = Report { seq: report.seq + 3, ..report };
    assert_eq!(pair.coordinator.on_report(&ahead), Heard::Contradiction);
    pair.shards[0].want(55);
    pair.coordinator.on_report(&Report { seq: report.seq + 3, ..pair.shards[0].report() });
    assert_eq!(pair.grant().seq, report.seq + 4);
    let nobody = Report { shard: ShardId(2), ..report };
    assert_eq!(pair.coordinator.on_report(&nobody), Heard::UnknownShard);
    assert_eq!(pair.coordinator.on_report(&Report { epoch: 0, ..report }), Heard::Stale);
}

#[test]
fn a_coordinator_needs_shards_and_a_limit_in_range() {
    for shards in [0, SHARDS_MAX + 1] {
        assert_eq!(Coordinator::new(1, shards).err(), Some(CoordinatorError::Shards));
    }
    assert_eq!(Coordinator::new(AMOUNT_MAX + 1, 1).err(), Some(CoordinatorError::Limit));
    assert_eq!(Coordinator::new(7, 1).unwrap().bound(B), None);
}

#[test]
fn the_digest_sees_both_sides() {
    let digest = |pair: &Pair| {
        let mut digest = Digest::new();
        pair.coordinator.digest(&mut digest);
        let coordinator = digest.value();
        pair.shards.iter().for_each(|shard| shard.digest(&mut digest));
        (coordinator, digest.value())
    };
    let (one, other) = (Pair::owning([70, 30]), Pair::owning([71, 29]));
    assert_eq!(digest(&one), digest(&Pair::owning([70, 30])));
    assert_ne!(digest(&one).0, digest(&other).0);
    let mut used = Pair::owning([70, 30]);
    used.shards[0].take(1).unwrap();
    assert_eq!(digest(&one).0, digest(&used).0);
    assert_ne!(digest(&one).1, digest(&used).1);
}
