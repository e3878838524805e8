//! Any order of messages, doubled, lost and late, with shards that crash.

use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;

const SHARDS: usize = 3;
const LIMIT: u128 = 100;

#[derive(Clone, Copy, Debug)]
enum Message {
    Grant(Grant),
    Report(Report),
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Want(usize, u128),
    Take(usize, u128),
    GiveBack(usize, u128),
    /// The coordinator's timer.
    SendGrants,
    /// A shard's timer.
    SendReport(usize),
    /// One of those under way arrives and is gone, arrives and comes again, or is lost.
    Deliver(usize),
    Double(usize),
    Lose(usize),
    /// A shard comes back from what it journaled last.
    Resume(usize),
    /// A shard comes back with the end of its journal gone.
    Restart(usize),
    /// The market says what is in use.
    Fact(usize, u128),
    Limit(u128),
}

/// Steps among which what is in use, or the limit, moves by itself.
fn unruly_steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => steps(),
        1 => (0..SHARDS, 0..130u128).prop_map(|(shard, amount)| Step::Fact(shard, amount)),
        1 => (20..150u128).prop_map(Step::Limit),
    ]
}

fn steps() -> impl Strategy<Value = Step> {
    let shard = || 0..SHARDS;
    let amount = || 0..130u128;
    prop_oneof![
        4 => (shard(), amount()).prop_map(|(shard, amount)| Step::Want(shard, amount)),
        4 => (shard(), 1..60u128).prop_map(|(shard, amount)| Step::Take(shard, amount)),
        3 => (shard(), 1..60u128).prop_map(|(shard, amount)| Step::GiveBack(shard, amount)),
        6 => Just(Step::SendGrants),
        6 => shard().prop_map(Step::SendReport),
        16 => any::<usize>().prop_map(Step::Deliver),
        4 => any::<usize>().prop_map(Step::Double),
        3 => any::<usize>().prop_map(Step::Lose),
        1 => shard().prop_map(Step::Resume),
        1 => shard().prop_map(Step::Restart),
    ]
}

struct World {
    coordinator: Coordinator,
    shards: [OwnedBudget; SHARDS],
    /// What each shard wrote last, before anything it sent.
    journal: [Journaled; SHARDS],
    under_way: Vec<Message>,
}

impl World {
    fn new() -> Self {
        let shards = [0, 1, 2].map(|shard| OwnedBudget::new(ShardId(shard), 1, 0));
        Self {
            coordinator: Coordinator::new(LIMIT, SHARDS).unwrap(),
            shards,
            journal: shards.map(|shard| shard.journaled()),
            under_way: Vec::new(),
        }
    }

    fn arrive(&mut self, message: Message) {
        match message {
            Message::Report(report) => {
                let heard = self.coordinator.on_report(&report);
                assert!(!matches!(heard, Heard::Contradiction | Heard::UnknownShard), "{heard:?}");
            }
            Message::Grant(grant) => {
                let shard = &mut self.shards[usize::from(grant.shard.0)];
                let before = *shard;
                shard.on_grant(&grant);
                if before.overdrawn() == 0 {
                    assert_eq!(shard.overdrawn(), 0, "gave back what is in use");
                }
            }
        }
    }

    fn take(&mut self, step: Step) {
        let place = |place: usize, messages: &[Message]| place.checked_rem(messages.len());
        match step {
            Step::Want(shard, amount) => self.shards[shard].want(amount),
            Step::Take(shard, amount) => {
                let shard = &mut self.shards[shard];
                let fits = amount <= shard.free();
                assert_eq!(shard.take(amount).is_ok(), fits);
                assert!(!fits || shard.in_use() <= shard.owned());
            }
            Step::GiveBack(shard, amount) => self.shards[shard].give_back(amount),
            Step::SendGrants => self.under_way.extend(self.coordinator.unanswered().map(Message::Grant)),
            Step::SendReport(shard) => self.under_way.push(Message::Report(self.shards[shard].report())),
            Step::Deliver(at) => {
                if let Some(at) = place(at, &self.under_way) {
                    let message = self.under_way.swap_remove(at);
                    self.arrive(message);
                }
            }
            Step::Double(at) => {
                if let Some(at) = place(at, &self.under_way) {
                    self.arrive(self.under_way[at]);
                }
            }
            Step::Lose(at) => {
                if let Some(at) = place(at, &self.under_way) {
                    self.under_way.swap_remove(at);
                }
            }
            Step::Resume(shard) => {
                let in_use = self.shards[shard].in_use();
                self.shards[shard] = OwnedBudget::resume(self.journal[shard], in_use);
            }
            Step::Restart(shard) => {
                let Report { shard: id, epoch, wanted, .. } = self.shards[shard].report();
                let in_use = self.shards[shard].in_use();
                self.shards[shard] = OwnedBudget::new(id, epoch + 1, in_use);
                self.shards[shard].want(wanted);
            }
            Step::Fact(shard, amount) => self.shards[shard].set_in_use(amount),
            Step::Limit(limit) => self.coordinator.set_limit(limit),
        }
        self.journal = self.shards.map(|shard| shard.journaled());
    }

    /// The most a shard owns now or may own by what is under way: grants it would still adopt, and the latest, which
    /// may be sent again.
    fn potential(&self, shard: &OwnedBudget) -> u128 {
        let Report { shard: id, epoch, seq, owned, .. } = shard.report();
        let sent = self.under_way.iter().filter_map(|message| match message {
            Message::Grant(grant) => Some(*grant),
            Message::Report(_) => None,
        });
        let grants = sent.chain(self.coordinator.unanswered());
        let adoptable = grants.filter(|grant| grant.shard == id && grant.epoch == epoch && grant.seq > seq);
        adoptable.map(|grant| grant.amount).fold(owned, u128::max)
    }

    fn bounds(&self) -> [u128; SHARDS] {
        [0, 1, 2].map(|shard| self.coordinator.bound(ShardId(shard)).unwrap())
    }

    fn check_owned(&self, most: u128) {
        let potentials = self.shards.each_ref().map(|shard| self.potential(shard));
        assert!(potentials.iter().sum::<u128>() <= most, "{potentials:?}");
        for (potential, bound) in potentials.iter().zip(self.bounds()) {
            assert!(*potential <= bound);
        }
    }

    fn check(&self) {
        self.check_owned(LIMIT);
        // What was taken out of an owned budget is covered through every crash.
        for (shard, bound) in self.shards.iter().zip(self.bounds()) {
            assert!(shard.in_use() <= bound);
        }
        assert!(self.shards.iter().map(OwnedBudget::in_use).sum::<u128>() <= LIMIT);
    }

    /// Messages flow again, those left over from before among them.
    fn calm(&mut self, check: impl Fn(&Self)) {
        while let Some(message) = self.under_way.pop() {
            self.arrive(message);
            check(self);
        }
        for _ in 0..8 {
            for shard in 0..SHARDS {
                self.arrive(Message::Report(self.shards[shard].report()));
                check(self);
            }
            for grant in self.coordinator.unanswered().collect::<Vec<_>>() {
                self.arrive(Message::Grant(grant));
                check(self);
            }
        }
    }

    /// Every shard ends what exceeds its part of the limit, and messages flow again: it owns its part, or what it wants.
    fn settle(&mut self, wanted: &[u128; SHARDS], check: impl Fn(&Self)) {
        let parts = fair(self.coordinator.limit(), wanted);
        for (place, part) in parts.iter().enumerate() {
            self.shards[place].want(wanted[place]);
            self.shards[place].set_in_use(self.shards[place].in_use().min(*part));
        }
        self.calm(check);
        assert_eq!(self.shards.map(|shard| shard.owned()).to_vec(), parts);
        assert_eq!(self.coordinator.unanswered().count(), 0);
        let sum: u128 = wanted.iter().sum();
        assert_eq!(self.coordinator.free(), self.coordinator.limit().saturating_sub(sum));
    }
}

/// Max-min fair shares, handed out unit by unit: always one to the least that still wants.
fn fair(limit: u128, wanted: &[u128]) -> Vec<u128> {
    let mut own = alloc::vec![0; wanted.len()];
    for _ in 0..limit {
        let hungry = (0..wanted.len()).filter(|place| own[*place] < wanted[*place]);
        // Among equals to the last: it is sorted behind the others.
        let Some(least) =
            hungry.min_by_key(|place| (own[*place], core::cmp::Reverse((wanted[*place], *place))))
        else {
            break;
        };
        own[least] += 1;
    }
    own
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn shards_never_own_more_than_the_limit_and_settle_where_they_want(
        history in prop::collection::vec(steps(), 0..90),
        wanted in prop::array::uniform3(0..70u128),
    ) {
        let mut world = World::new();
        for step in history {
            world.take(step);
            world.check();
        }
        world.settle(&wanted, World::check);
    }

    #[test]
    fn no_bound_rises_above_a_limit_that_moves(
        history in prop::collection::vec(unruly_steps(), 0..90),
        wanted in prop::array::uniform3(0..70u128),
    ) {
        let mut world = World::new();
        for step in history {
            let before: u128 = world.bounds().iter().sum();
            world.take(step);
            world.check_owned(before.max(world.coordinator.limit()));
        }
        world.settle(&wanted, |_| {});
    }

    #[test]
    fn a_split_is_max_min_fair(limit in 0..200u128, wanted in prop::collection::vec(0..60u128, 1..=SHARDS_MAX)) {
        let mut coordinator = Coordinator::new(limit, wanted.len()).unwrap();
        for (shard, amount) in (0..).map(ShardId).zip(&wanted) {
            let mut budget = OwnedBudget::new(shard, 1, 0);
            budget.want(*amount);
            coordinator.on_report(&budget.report());
        }
        prop_assert_eq!(&coordinator.split()[..wanted.len()], &fair(limit, &wanted)[..]);
    }
}
