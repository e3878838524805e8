//! Random trees of blocks, told badly: what the changes add up to is at any time one branch of the tree, and in the end the node's.

use proptest::prelude::*;

use super::super::*;

/// How far the follower looks back; small, so that it is often too far.
const REACH: usize = 6;

/// A node with every block it ever had.
#[derive(Debug)]
struct Node {
    blocks: Vec<Block>,
    head: usize,
}

/// What happens next.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// A block on the head.
    Mine,
    /// The head goes back by so many blocks, and a block is put there.
    Fork(u8),
    /// The head is announced.
    Announce,
    /// Some other block is, late.
    Late(prop::sample::Index),
    /// What is asked is answered.
    Answer,
    /// What is asked is said not to be there.
    Deny,
    /// What is asked is answered with something else.
    Lie(prop::sample::Index),
}

fn hash(at: usize) -> B256 {
    B256::left_padding_from(&u64::try_from(at).unwrap().to_be_bytes())
}

impl Node {
    fn new() -> Self {
        let first = Block { number: 100, hash: hash(1), parent: hash(0), time: 0 };
        Self { blocks: vec![first], head: 0 }
    }

    fn of(&self, hash: B256) -> Option<Block> {
        self.blocks.iter().find(|block| block.hash == hash).copied()
    }

    /// Two events for each block, which name it.
    fn events(block: &Block) -> Vec<(B256, u8)> {
        vec![(block.hash, 0), (block.hash, 1)]
    }

    fn head(&self) -> Block {
        self.blocks[self.head]
    }

    fn mine(&mut self) {
        let before = self.head();
        let hash = hash(self.blocks.len() + 1);
        self.blocks.push(Block { number: before.number + 1, hash, parent: before.hash, time: 0 });
        self.head = self.blocks.len() - 1;
    }

    fn fork(&mut self, back: u8) {
        for _ in 0..back {
            let parent = self.head().parent;
            self.head = self.blocks.iter().position(|block| block.hash == parent).unwrap_or(self.head);
        }
        self.mine();
    }

    fn answer(&self, follower: &mut Follower<(B256, u8)>) {
        let told = match follower.ask() {
            None => Ok(()),
            Some(Ask::Head) => follower.head(self.head()),
            Some(Ask::Block(hash)) => follower.block(hash, self.of(hash)),
            Some(Ask::Events(block)) => follower.events(&block, Some(Self::events(&block))),
        };
        assert!(
            told.is_ok() || follower.ask() == Some(Ask::Head),
            "only the block before the first is unknown"
        );
    }
}

/// Refuses every change that does not fit what the changes before it add up to.
#[derive(Debug, Default)]
struct Twin {
    stack: Vec<Block>,
}

impl Twin {
    fn apply(&mut self, follower: &mut Follower<(B256, u8)>) {
        while let Some(change) = follower.change() {
            match change {
                Change::Began { at, .. } => self.stack = vec![at],
                Change::Undone { block, events } => {
                    assert_eq!(self.stack.pop(), Some(block));
                    assert_eq!(events, Node::events(&block));
                }
                Change::Done { block, events } => {
                    assert!(block.follows(self.stack.last().unwrap()));
                    assert_eq!(events, Node::events(&block));
                    self.stack.push(block);
                }
            }
        }
        assert_eq!(self.stack.last(), follower.tip());
    }
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Mine),
        1 => (0_u8..9).prop_map(Step::Fork),
        3 => Just(Step::Announce),
        1 => any::<prop::sample::Index>().prop_map(Step::Late),
        8 => Just(Step::Answer),
        1 => Just(Step::Deny),
        1 => any::<prop::sample::Index>().prop_map(Step::Lie),
    ]
}

fn take(step: Step, node: &mut Node, follower: &mut Follower<(B256, u8)>) {
    match step {
        Step::Mine => node.mine(),
        Step::Fork(back) => node.fork(back),
        Step::Announce => follower.head(node.head()).unwrap(),
        Step::Late(which) => follower.head(*which.get(&node.blocks)).unwrap(),
        Step::Answer => node.answer(follower),
        Step::Deny => match follower.ask() {
            Some(Ask::Block(hash)) => assert_eq!(follower.block(hash, None), Err(Trouble::Gone)),
            Some(Ask::Events(block)) => assert_eq!(follower.events(&block, None), Err(Trouble::Gone)),
            Some(Ask::Head) | None => {}
        },
        Step::Lie(which) => {
            if let Some(Ask::Block(hash)) = follower.ask() {
                let other = *which.get(&node.blocks);
                assert_eq!(follower.block(hash, Some(other)).is_err(), other.hash != hash);
            }
        }
    }
}

proptest! {
    #[test]
    fn changes_always_add_up_to_one_branch_and_end_at_the_head(steps in prop::collection::vec(step(), 0..120)) {
        let (mut node, mut follower, mut twin) = (Node::new(), Follower::new(REACH), Twin::default());
        for step in steps {
            take(step, &mut node, &mut follower);
            if follower.tip().is_some() {
                twin.apply(&mut follower);
            }
            prop_assert!(twin.stack.iter().all(|block| node.of(block.hash) == Some(*block)));
        }
        // From here on the node is asked for its head and answers truly. Its head may be below the tip on the same branch, where only
        // a new block can say more.
        node.mine();
        follower.head(node.head()).unwrap();
        for _ in 0..4 * REACH {
            node.answer(&mut follower);
        }
        twin.apply(&mut follower);
        prop_assert_eq!(follower.ask(), None);
        prop_assert_eq!(twin.stack.last(), Some(&node.head()));
    }
}
