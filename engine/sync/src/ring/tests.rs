use std::collections::VecDeque;
use std::thread;

use proptest::prelude::*;

use super::*;

#[test]
fn a_batch_goes_in_whole_or_not_at_all_and_around_the_end() {
    let (mut producer, mut consumer) = ring(4);
    assert_eq!((producer.capacity(), producer.free()), (4, 4));
    assert_eq!(producer.push_batch(&[1, 2, 3]), Ok(()));
    assert_eq!(producer.push_batch(&[4, 5]), Err(Full));
    assert_eq!((producer.free(), consumer.waiting()), (1, 3));
    assert_eq!((consumer.pop(), consumer.pop()), (Some(1), Some(2)));
    assert_eq!(producer.push_batch(&[4, 5, 6]), Ok(()));
    assert_eq!(producer.push(7), Err(Full));
    let mut taken = Vec::new();
    assert_eq!(consumer.drain(3, |event| taken.push(*event)), 3);
    assert_eq!(consumer.drain(usize::MAX, |event| taken.push(*event)), 1);
    assert_eq!(consumer.drain(usize::MAX, |_| panic!("nothing is left")), 0);
    assert_eq!((taken, consumer.pop(), producer.free()), (vec![3, 4, 5, 6], None, 4));
    assert_eq!(producer.push_batch(&[0; 5]), Err(Full), "more than there are slots never fit");
}

#[test]
fn a_loss_is_told_where_it_happened_and_once() {
    let (mut producer, mut consumer) = ring(2);
    producer.push_batch(&[1, 2]).unwrap();
    assert!(producer.push(3).is_err());
    assert!(!consumer.is_overflowed(), "what is refused is not lost yet");
    producer.overflow();
    assert!(consumer.is_overflowed());
    assert!(!consumer.take_overflow(), "two events came before it");
    assert_eq!(consumer.pop(), Some(1));
    assert_eq!((producer.push(4), producer.free(), producer.is_closed()), (Err(Full), 0, true));
    assert_eq!((consumer.take_overflow(), consumer.pop()), (false, Some(2)));
    assert_eq!((consumer.take_overflow(), consumer.take_overflow()), (true, false));
    assert_eq!((consumer.is_overflowed(), producer.is_closed()), (false, false));
    assert_eq!((producer.push(5), consumer.pop()), (Ok(()), Some(5)));
}

#[test]
fn what_was_pushed_outlives_its_producer() {
    let (mut producer, mut consumer) = ring(2);
    producer.push(1).unwrap();
    assert!(!consumer.is_abandoned() && !producer.is_abandoned());
    drop(producer);
    assert!(consumer.is_abandoned());
    assert_eq!((consumer.pop(), consumer.pop()), (Some(1), None));
    let (producer, consumer) = ring::<u8>(1);
    drop(consumer);
    assert!(producer.is_abandoned());
}

/// What is done to a ring.
#[derive(Clone, Debug)]
enum Step {
    Push,
    Batch(usize),
    Lose,
    Pop,
    Drain(usize),
    Take,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Push),
        (0_usize..7).prop_map(Step::Batch),
        Just(Step::Lose),
        Just(Step::Pop),
        (0_usize..7).prop_map(Step::Drain),
        Just(Step::Take),
    ]
}

/// The same by a queue that grows, and a loss that stands in it.
#[derive(Default)]
struct Twin {
    queue: VecDeque<Option<u64>>,
}

impl Twin {
    fn push(&mut self, slots: usize, events: &[u64]) -> Result<(), Full> {
        if self.queue.contains(&None) || self.queue.len() + events.len() > slots {
            return Err(Full);
        }
        self.queue.extend(events.iter().copied().map(Some));
        Ok(())
    }

    fn pop(&mut self) -> Option<u64> {
        let event = (*self.queue.front()?)?;
        self.queue.pop_front();
        Some(event)
    }

    fn lose(&mut self) {
        if !self.queue.contains(&None) {
            self.queue.push_back(None);
        }
    }

    fn take(&mut self) -> bool {
        let is_loss = self.queue.front() == Some(&None);
        if is_loss {
            self.queue.pop_front();
        }
        is_loss
    }
}

proptest! {
    #[test]
    fn a_ring_is_a_bounded_queue_with_losses_in_their_place(
        slots in 1_usize..6,
        steps in prop::collection::vec(step(), 0..80),
    ) {
        let (mut producer, mut consumer) = ring(slots);
        let mut twin = Twin::default();
        let mut next = 0;
        let mut batch = |count: usize| {
            next += count as u64;
            (next - count as u64..next).collect::<Vec<_>>()
        };
        for step in steps {
            match step {
                Step::Push => {
                    let events = batch(1);
                    prop_assert_eq!(producer.push(events[0]), twin.push(slots, &events));
                }
                Step::Batch(count) => {
                    let events = batch(count);
                    prop_assert_eq!(producer.push_batch(&events), twin.push(slots, &events));
                }
                Step::Lose => {
                    producer.overflow();
                    twin.lose();
                }
                Step::Pop => prop_assert_eq!(consumer.pop(), twin.pop()),
                Step::Drain(most) => {
                    let mut taken = Vec::new();
                    let count = consumer.drain(most, |event| taken.push(*event));
                    let expected: Vec<_> = (0..most).map_while(|_| twin.pop()).collect();
                    prop_assert_eq!(count, taken.len());
                    prop_assert_eq!(taken, expected);
                }
                Step::Take => prop_assert_eq!(consumer.take_overflow(), twin.take()),
            }
            let closed = twin.queue.contains(&None);
            let waiting = twin.queue.iter().flatten().count();
            prop_assert_eq!(consumer.is_overflowed(), closed);
            prop_assert_eq!(producer.is_closed(), closed);
            prop_assert_eq!(consumer.waiting(), waiting);
            prop_assert_eq!(producer.free(), if closed { 0 } else { slots - waiting });
        }
    }
}

/// A producer that never waits: what it cannot push it loses, and counts. Every batch is a number told as often as it says.
#[test]
fn between_threads_nothing_is_torn_and_every_loss_stands_in_its_place() {
    const BATCHES: u64 = 20_000;
    let (mut producer, mut consumer) = ring::<u64>(16);
    let pushing = thread::spawn(move || {
        let mut lost = 0_u64;
        for number in 1..=BATCHES {
            let batch = vec![number; 1 + usize::try_from(number % 5).unwrap()];
            if producer.push_batch(&batch).is_err() {
                producer.overflow();
                lost += 1;
            }
        }
        while producer.is_closed() {
            thread::yield_now();
        }
        while producer.push(u64::MAX).is_err() {
            thread::yield_now();
        }
        lost
    });
    let (mut last, mut seen, mut missing, mut told) = (0, 0, 0, false);
    while last != u64::MAX {
        let mut batch = 0;
        consumer.drain(16, |event| {
            if *event != last {
                let gap = if *event == u64::MAX { BATCHES - last } else { *event - last - 1 };
                assert!(gap == 0 || told, "{gap} are missing before {event} and nothing was told");
                missing += gap;
                (last, seen, told) = (*event, 0, false);
            }
            seen += 1;
            batch += 1;
        });
        if consumer.take_overflow() {
            assert!(last == 0 || seen == 1 + last % 5, "a batch is whole before a loss");
            told = true;
        }
        if batch == 0 {
            thread::yield_now();
        }
    }
    assert_eq!(pushing.join().unwrap(), missing);
}
