//! An unbroken chain of blocks and their events, made from announcements that need not be.
//!
//! Announced heads may be missing, repeated, late, or on another branch; a node may be replaced by another that is behind. So nothing but
//! hashes counts: a head is joined to the chain by asking for its parents one by one until one is known, what stands above that one is
//! undone newest first, and then every block of the branch is done in order, with the events asked for by its own hash. Whoever applies
//! the changes in their order has, after each, exactly the events of one branch.
//!
//! Logs are asked for block by block and not subscribed to: a subscription tells logs before or after their head, says nothing of what
//! it missed, and not every node takes back the logs of a block that is gone.
//!
//! Never here: a socket or a clock. [`Follower::ask`] says what to ask the node, and the answers are given back.

use std::collections::VecDeque;

use crate::block::{B256, Block};
use crate::known::Trouble;

/// What the follower has to know next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The node's newest block.
    Head,
    /// The block of this hash.
    Block(B256),
    /// The events of this block, by its hash.
    Events(Block),
}

/// What became of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change<E> {
    /// It begins at this block. Whatever was made from earlier changes is void: state has to be read anew, at this block.
    Began {
        /// The first block; its own events are part of the state to be read.
        at: Block,
        /// Why it begins here.
        why: Beginning,
    },
    /// The newest block is no longer part of it.
    Undone {
        /// That block.
        block: Block,
        /// Its events, in their order, to be undone from the last to the first.
        events: Vec<E>,
    },
    /// A block was added.
    Done {
        /// That block.
        block: Block,
        /// Its events in their order.
        events: Vec<E>,
    },
}

/// Why a chain begins where it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// There was none before.
    First,
    /// The new head is joined to the old chain by more blocks than are followed back, if at all.
    TooFar,
    /// A block that the node had called final is no longer part of the chain.
    FinalUndone,
}

#[derive(Clone, Debug)]
struct Link<E> {
    block: Block,
    events: Vec<E>,
}

/// The chain as it is followed.
#[derive(Clone, Debug)]
pub struct Follower<E> {
    /// Oldest first; empty before the first head.
    chain: VecDeque<Link<E>>,
    /// Heads to be joined to the chain, newest first: each follows the next.
    branch: Vec<Block>,
    /// Headers told lately, so that a walk that begins again asks for none twice.
    seen: VecDeque<Block>,
    changes: VecDeque<Change<E>>,
    reach: usize,
    /// The newest height that was called final.
    last_final: u64,
    /// A walk came to nothing: only the node's head says how to go on.
    lost: bool,
}

impl<E: Clone> Follower<E> {
    /// Follows nothing yet; blocks are undone and gaps are filled over at most `reach` blocks, and at least over one.
    #[must_use]
    pub fn new(reach: usize) -> Self {
        Self {
            chain: VecDeque::new(),
            branch: Vec::new(),
            seen: VecDeque::new(),
            changes: VecDeque::new(),
            reach: reach.max(1),
            last_final: 0,
            lost: true,
        }
    }

    /// The newest block whose events are known.
    #[must_use]
    pub fn tip(&self) -> Option<&Block> {
        self.chain.back().map(|link| &link.block)
    }

    /// What has to be asked next; `None` where the newest head that was told is the tip.
    #[must_use]
    pub fn ask(&self) -> Option<Ask> {
        if self.lost {
            return Some(Ask::Head);
        }
        let (tip, bottom) = (self.tip()?, self.branch.last()?);
        Some(if bottom.parent == tip.hash { Ask::Events(*bottom) } else { Ask::Block(bottom.parent) })
    }

    /// The next change to apply, in order.
    pub fn change(&mut self) -> Option<Change<E>> {
        self.changes.pop_front()
    }

    /// Blocks up to this height are final by the node's word.
    pub fn finalized(&mut self, number: u64) {
        self.last_final = self.last_final.max(number);
    }

    /// The node's head is `block`, by an announcement or by an answer. The newest word counts. A head that is already part of the chain
    /// and below its tip comes from a node that is behind, and changes nothing.
    ///
    /// # Errors
    /// [`Trouble::Contradiction`] where its number does not fit its parent's.
    pub fn head(&mut self, block: Block) -> Result<(), Trouble> {
        self.lost = false;
        let Some(tip) = self.tip() else {
            self.begin(block, Beginning::First);
            return Ok(());
        };
        if block.hash == tip.hash {
            self.branch.clear();
            return Ok(());
        }
        if self.branch.first().is_some_and(|newest| newest.hash == block.hash)
            || self.at(block.hash).is_some()
        {
            return Ok(());
        }
        if !self.branch.first().is_some_and(|newest| block.follows(newest)) {
            self.branch.clear();
        }
        self.branch.insert(0, block);
        self.remember(block);
        self.join()
    }

    /// The node's answer to [`Ask::Block`]: `None` where it knows no such block. An answer to what is no longer asked changes nothing.
    ///
    /// # Errors
    /// [`Trouble::Gone`] where it knows none; [`Trouble::Contradiction`] where it is not the block that was asked for.
    pub fn block(&mut self, asked: B256, answer: Option<Block>) -> Result<(), Trouble> {
        if self.ask() != Some(Ask::Block(asked)) {
            return Ok(());
        }
        let Some(block) = answer else { return Err(self.abandon(Trouble::Gone)) };
        if block.hash != asked {
            let said = format!("asked for block {asked}, told {}", block.hash);
            return Err(self.abandon(Trouble::Contradiction(said)));
        }
        self.remember(block);
        self.join()
    }

    /// The node's answer to [`Ask::Events`]: `None` where it knows no such block.
    ///
    /// # Errors
    /// [`Trouble::Gone`] where it knows none.
    pub fn events(&mut self, of: &Block, answer: Option<Vec<E>>) -> Result<(), Trouble> {
        if self.ask() != Some(Ask::Events(*of)) {
            return Ok(());
        }
        let Some(events) = answer else { return Err(self.abandon(Trouble::Gone)) };
        self.branch.pop();
        self.changes.push_back(Change::Done { block: *of, events: events.clone() });
        self.chain.push_back(Link { block: *of, events });
        if self.chain.len() > self.reach.saturating_add(1) {
            self.chain.pop_front();
        }
        Ok(())
    }

    /// Walks from the branch's oldest block down through what is known, and undoes what stands above the block they share.
    fn join(&mut self) -> Result<(), Trouble> {
        while let Some(bottom) = self.branch.last().copied() {
            if let Some(at) = self.at(bottom.parent) {
                return self.undo_above(at, &bottom);
            }
            let is_below = self.chain.front().is_some_and(|oldest| bottom.number <= oldest.block.number);
            if is_below || self.branch.len() >= self.reach {
                self.begin_at_head(Beginning::TooFar);
                return Ok(());
            }
            let Some(parent) = self.seen.iter().find(|block| block.hash == bottom.parent).copied() else {
                return Ok(());
            };
            if !bottom.follows(&parent) {
                let said = format!("block {bottom} says that it follows {parent}");
                return Err(self.abandon(Trouble::Contradiction(said)));
            }
            self.branch.push(parent);
        }
        Ok(())
    }

    fn undo_above(&mut self, at: usize, bottom: &Block) -> Result<(), Trouble> {
        let Some(shared) = self.chain.get(at).map(|link| link.block) else { return Ok(()) };
        if !bottom.follows(&shared) {
            let said = format!("block {bottom} says that it follows {shared}");
            return Err(self.abandon(Trouble::Contradiction(said)));
        }
        let is_undone = self.tip().is_some_and(|tip| tip.hash != shared.hash);
        if is_undone && shared.number < self.last_final {
            self.begin_at_head(Beginning::FinalUndone);
            return Ok(());
        }
        while self.chain.len() > at.saturating_add(1) {
            let Some(Link { block, events }) = self.chain.pop_back() else { break };
            self.changes.push_back(Change::Undone { block, events });
        }
        Ok(())
    }

    fn begin_at_head(&mut self, why: Beginning) {
        if let Some(head) = self.branch.first().copied() {
            self.begin(head, why);
        }
    }

    fn begin(&mut self, at: Block, why: Beginning) {
        self.chain.clear();
        self.branch.clear();
        if why == Beginning::FinalUndone {
            self.last_final = 0;
        }
        self.chain.push_back(Link { block: at, events: Vec::new() });
        self.changes.push_back(Change::Began { at, why });
    }

    fn abandon(&mut self, trouble: Trouble) -> Trouble {
        self.branch.clear();
        // One of these may be the lie.
        self.seen.clear();
        self.lost = true;
        trouble
    }

    /// Where in the chain the block of this hash stands.
    fn at(&self, hash: B256) -> Option<usize> {
        self.chain.iter().rposition(|link| link.block.hash == hash)
    }

    fn remember(&mut self, block: Block) {
        if self.seen.iter().any(|seen| seen.hash == block.hash) {
            return;
        }
        if self.seen.len() >= self.reach.saturating_mul(2) {
            self.seen.pop_front();
        }
        self.seen.push_back(block);
    }
}

#[cfg(test)]
mod tests;
