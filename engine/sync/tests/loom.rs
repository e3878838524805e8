//! What loom proves of snapshots and bells, over every order of memory and threads that it can think of:
//!
//!     RUSTFLAGS="--cfg loom" cargo test -p ballast-sync --target-dir target/loom --lib --test loom
#![cfg(loom)]
#![forbid(unsafe_code)]

use std::time::Duration;

use ballast_sync::bell::Sleeper;
use ballast_sync::seqlock::{Look, snapshot};
use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use loom::thread;

/// Values written in a model: the second is written over a first that a reader may be reading.
const VALUES: u64 = 2;

#[test]
fn a_value_is_never_torn_and_numbers_only_rise() {
    loom::model(|| {
        let (mut writer, mut reader) = snapshot::<2>();
        let writing =
            thread::spawn(move || (1..=VALUES).for_each(|number| writer.write(&[number, 10 * number])));
        let mut last = 0;
        for _ in 0..2 {
            if reader.look() == Look::News {
                let number = reader.number();
                assert_eq!(reader.value(), Some(&[number, 10 * number]));
                assert!(number > last);
                last = number;
            }
        }
        writing.join().unwrap();
        reader.look();
        assert_eq!((reader.number(), reader.value()), (VALUES, Some(&[VALUES, 10 * VALUES])));
    });
}

#[test]
fn two_readers_do_not_disturb_each_other() {
    loom::model(|| {
        let (mut writer, reader) = snapshot::<2>();
        let readers = [reader.clone(), reader].map(|mut reader| {
            thread::spawn(move || {
                if reader.look() == Look::News {
                    assert_eq!(reader.value(), Some(&[1, 10]));
                }
            })
        });
        writer.write(&[1, 10]);
        readers.into_iter().for_each(|reader| reader.join().unwrap());
    });
}

/// What a twin of the snapshot leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Without {
    Nothing,
    ReleaseFence,
    AcquireFence,
}

/// The same writer and reader in one attempt, with or without their fences.
fn twin(without: Without) {
    loom::model(move || {
        let shared = Arc::new([AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0)]);
        let theirs = Arc::clone(&shared);
        let writing = thread::spawn(move || {
            let [version, one, two] = &*theirs;
            for number in 1..=VALUES {
                version.store(2 * number - 1, Ordering::Relaxed);
                if without != Without::ReleaseFence {
                    fence(Ordering::Release);
                }
                one.store(number, Ordering::Relaxed);
                two.store(10 * number, Ordering::Relaxed);
                version.store(2 * number, Ordering::Release);
            }
        });
        let [version, one, two] = &*shared;
        let before = version.load(Ordering::Acquire);
        let read = [one.load(Ordering::Relaxed), two.load(Ordering::Relaxed)];
        if without != Without::AcquireFence {
            fence(Ordering::Acquire);
        }
        if before % 2 == 0 && version.load(Ordering::Relaxed) == before {
            assert_eq!(read, [before / 2, 10 * (before / 2)], "torn");
        }
        writing.join().unwrap();
    });
}

#[test]
fn the_twin_with_both_fences_holds() {
    twin(Without::Nothing);
}

#[test]
#[should_panic(expected = "torn")]
fn without_the_writers_fence_a_value_is_torn() {
    twin(Without::ReleaseFence);
}

#[test]
#[should_panic(expected = "torn")]
fn without_the_readers_fence_a_value_is_torn() {
    twin(Without::AcquireFence);
}

#[test]
fn a_bell_is_never_lost() {
    loom::model(|| {
        let work = Arc::new(AtomicBool::new(false));
        let sleeper = Sleeper::new();
        let (bell, theirs) = (sleeper.bell(), Arc::clone(&work));
        // Not joined: loom takes the bell for the end of what is waited for.
        thread::spawn(move || {
            theirs.store(true, Ordering::Relaxed);
            bell.ring();
        });
        while !work.load(Ordering::Relaxed) {
            sleeper.sleep(Duration::MAX, || !work.load(Ordering::Relaxed));
        }
    });
}
