//! Stories of one fault each; `random` mixes them against a naive twin.

mod random;

use super::*;

/// The block of a branch: numbers and hashes as a tree of names would give them.
fn block(number: u64, name: u8, parent: u8) -> Block {
    Block { number, hash: B256::repeat_byte(name), parent: B256::repeat_byte(parent), time: number * 12 }
}

fn changes(follower: &mut Follower<u8>) -> Vec<Change<u8>> {
    std::iter::from_fn(|| follower.change()).collect()
}

fn done(block: Block, events: &[u8]) -> Change<u8> {
    Change::Done { block, events: events.to_vec() }
}

fn undone(block: Block, events: &[u8]) -> Change<u8> {
    Change::Undone { block, events: events.to_vec() }
}

/// Blocks 10 to 12 done, named by their numbers, with their numbers as events.
fn at_twelve() -> Follower<u8> {
    let mut follower = Follower::new(8);
    follower.head(block(10, 10, 9)).unwrap();
    for number in [11, 12] {
        let block = block(number.into(), number, number - 1);
        follower.head(block).unwrap();
        follower.events(&block, Some(vec![number])).unwrap();
    }
    changes(&mut follower);
    follower
}

#[test]
fn it_begins_with_the_nodes_head() {
    let mut follower = Follower::<u8>::new(8);
    assert_eq!(follower.ask(), Some(Ask::Head));
    let first = block(10, 10, 9);
    follower.head(first).unwrap();
    assert_eq!(follower.ask(), None);
    assert_eq!(changes(&mut follower), [Change::Began { at: first, why: Beginning::First }]);
}

#[test]
fn a_head_is_done_once_its_events_are_known() {
    let mut follower = at_twelve();
    let next = block(13, 13, 12);
    follower.head(next).unwrap();
    assert_eq!(follower.ask(), Some(Ask::Events(next)));
    assert_eq!(changes(&mut follower), []);
    follower.events(&next, Some(vec![1, 2])).unwrap();
    assert_eq!(changes(&mut follower), [done(next, &[1, 2])]);
    assert_eq!((follower.tip(), follower.ask()), (Some(&next), None));
}

#[test]
fn missed_blocks_are_asked_for_and_done_in_order() {
    let mut follower = at_twelve();
    let (thirteen, fourteen, fifteen) = (block(13, 13, 12), block(14, 14, 13), block(15, 15, 14));
    follower.head(fifteen).unwrap();
    assert_eq!(follower.ask(), Some(Ask::Block(fourteen.hash)));
    follower.block(fourteen.hash, Some(fourteen)).unwrap();
    assert_eq!(follower.ask(), Some(Ask::Block(thirteen.hash)));
    follower.block(thirteen.hash, Some(thirteen)).unwrap();
    for block in [thirteen, fourteen, fifteen] {
        assert_eq!(follower.ask(), Some(Ask::Events(block)));
        follower.events(&block, Some(vec![])).unwrap();
    }
    assert_eq!(changes(&mut follower), [done(thirteen, &[]), done(fourteen, &[]), done(fifteen, &[])]);
}

#[test]
fn a_branch_undoes_what_stands_above_the_shared_block_newest_first() {
    let mut follower = at_twelve();
    // Another 11 and another 12, and only the latter is announced.
    let (other_11, other_12) = (block(11, 111, 10), block(12, 112, 111));
    follower.head(other_12).unwrap();
    assert_eq!(changes(&mut follower), [], "nothing is undone on the word of a head that joins nothing yet");
    follower.block(other_11.hash, Some(other_11)).unwrap();
    let undos = [undone(block(12, 12, 11), &[12]), undone(block(11, 11, 10), &[11])];
    assert_eq!(changes(&mut follower), undos);
    follower.events(&other_11, Some(vec![7])).unwrap();
    follower.events(&other_12, Some(vec![8])).unwrap();
    assert_eq!(changes(&mut follower), [done(other_11, &[7]), done(other_12, &[8])]);
}

#[test]
fn a_head_that_returns_to_the_tip_ends_the_walk() {
    let mut follower = at_twelve();
    follower.head(block(13, 113, 112)).unwrap();
    assert_eq!(follower.ask(), Some(Ask::Block(B256::repeat_byte(112))));
    follower.head(block(12, 12, 11)).unwrap();
    assert_eq!(follower.ask(), None);
    assert_eq!(changes(&mut follower), []);
}

#[test]
fn a_node_that_is_behind_changes_nothing() {
    let mut follower = at_twelve();
    follower.head(block(11, 11, 10)).unwrap();
    assert_eq!((follower.ask(), follower.tip()), (None, Some(&block(12, 12, 11))));
    assert_eq!(changes(&mut follower), []);
}

#[test]
fn a_gap_beyond_reach_begins_anew() {
    let mut follower = at_twelve();
    let far = block(30, 30, 29);
    follower.head(far).unwrap();
    for number in (23..30).rev() {
        assert_eq!(follower.ask(), Some(Ask::Block(B256::repeat_byte(number))));
        let block = block(number.into(), number, number - 1);
        follower.block(block.hash, Some(block)).unwrap();
    }
    assert_eq!(changes(&mut follower), [Change::Began { at: far, why: Beginning::TooFar }]);
    assert_eq!((follower.ask(), follower.tip()), (None, Some(&far)));
}

#[test]
fn a_chain_that_starts_again_lower_begins_anew() {
    let mut follower = at_twelve();
    let low = block(3, 203, 202);
    follower.head(low).unwrap();
    assert_eq!(changes(&mut follower), [Change::Began { at: low, why: Beginning::TooFar }]);
}

#[test]
fn undoing_a_final_block_is_named() {
    let mut follower = at_twelve();
    follower.finalized(11);
    let other = block(11, 111, 10);
    follower.head(other).unwrap();
    assert_eq!(changes(&mut follower), [Change::Began { at: other, why: Beginning::FinalUndone }]);
    // The block above the newest final one may be undone.
    let mut follower = at_twelve();
    follower.finalized(11);
    follower.head(block(12, 112, 11)).unwrap();
    assert_eq!(changes(&mut follower), [undone(block(12, 12, 11), &[12])]);
}

#[test]
fn a_block_that_is_gone_leads_back_to_the_head() {
    let mut follower = at_twelve();
    follower.head(block(14, 14, 13)).unwrap();
    assert_eq!(follower.block(B256::repeat_byte(13), None), Err(Trouble::Gone));
    assert_eq!(follower.ask(), Some(Ask::Head));
    let next = block(13, 13, 12);
    follower.head(next).unwrap();
    assert_eq!(follower.events(&next, None), Err(Trouble::Gone));
    assert_eq!(follower.ask(), Some(Ask::Head));
    assert_eq!(changes(&mut follower), []);
}

#[test]
fn lies_are_told_from_answers() {
    let is_contradiction = |result| matches!(result, Err(Trouble::Contradiction(_)));
    let mut follower = at_twelve();
    assert!(is_contradiction(follower.head(block(14, 14, 12))), "14 does not follow 12");
    assert_eq!(follower.ask(), Some(Ask::Head));
    follower.head(block(15, 15, 14)).unwrap();
    let asked = B256::repeat_byte(14);
    assert!(
        is_contradiction(follower.block(asked, Some(block(14, 99, 13)))),
        "another block than the one asked for"
    );
    follower.head(block(15, 15, 14)).unwrap();
    assert!(is_contradiction(follower.block(asked, Some(block(13, 14, 12)))), "15 does not follow 13");
    assert_eq!(follower.tip(), Some(&block(12, 12, 11)));
    assert_eq!(changes(&mut follower), []);
}

#[test]
fn answers_to_what_is_no_longer_asked_change_nothing() {
    let mut follower = at_twelve();
    let (one, other) = (block(13, 13, 12), block(13, 113, 12));
    follower.head(one).unwrap();
    follower.head(other).unwrap();
    follower.events(&one, Some(vec![1])).unwrap();
    follower.events(&one, None).unwrap();
    follower.block(one.hash, None).unwrap();
    assert_eq!(follower.ask(), Some(Ask::Events(other)));
    assert_eq!(changes(&mut follower), []);
}

#[test]
fn another_block_in_the_place_of_the_oldest_begins_anew_without_a_question() {
    let mut follower = at_twelve();
    let other = block(10, 210, 209);
    follower.head(other).unwrap();
    assert_eq!(changes(&mut follower), [Change::Began { at: other, why: Beginning::TooFar }]);
}

#[test]
fn no_more_blocks_are_kept_than_can_be_undone() {
    let mut follower = Follower::new(2);
    follower.head(block(10, 10, 9)).unwrap();
    for number in 11..=16 {
        let block = block(number.into(), number, number - 1);
        follower.head(block).unwrap();
        follower.events(&block, Some(vec![])).unwrap();
    }
    changes(&mut follower);
    // 13 is three blocks below the tip; 14 is two.
    let mut near = follower.clone();
    near.head(block(15, 115, 14)).unwrap();
    assert_eq!(changes(&mut near).len(), 2);
    let other = block(14, 114, 13);
    follower.head(other).unwrap();
    assert_eq!(changes(&mut follower), [Change::Began { at: other, why: Beginning::TooFar }]);
}
