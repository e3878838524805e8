//! Everything of the crate between threads, for ThreadSanitizer (`tests/sanitize.sh`): a plain program, since the test runner's own
//! threads are reported falsely. Ends with an error where something arrived torn, twice or not at all.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "it says what it did")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use ballast_sync::bell::Sleeper;
use ballast_sync::ring::ring;
use ballast_sync::seqlock::{Look, snapshot};

const EVENTS: u64 = 200_000;

/// What is pushed by whole batches arrives in order, while the consumer sleeps now and then.
fn rings() -> bool {
    let (mut producer, mut consumer) = ring::<[u64; 8]>(64);
    let sleeper = Sleeper::new();
    let bell = sleeper.bell();
    let pushing = thread::spawn(move || {
        let mut next = 0;
        while next < EVENTS {
            let batch: [_; 4] = std::array::from_fn(|at| [next + at as u64; 8]);
            if producer.push_batch(&batch).is_ok() {
                next += 4;
                bell.ring();
            } else {
                thread::yield_now();
            }
        }
        producer.overflow();
    });
    let (mut next, mut whole) = (0, true);
    while !consumer.take_overflow() {
        let count = consumer.drain(16, |event| {
            whole &= *event == [next; 8];
            next += 1;
        });
        if count == 0 {
            sleeper.sleep(Duration::from_micros(50), || consumer.waiting() == 0);
        }
    }
    pushing.join().is_ok() && whole && next == EVENTS
}

/// What is read of a snapshot is whole, whichever of two readers reads it.
fn snapshots() -> bool {
    let (mut writer, reader) = snapshot::<16>();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let readers = [reader.clone(), reader].map(|mut reader| {
            let done = &done;
            scope.spawn(move || {
                let mut whole = true;
                while !done.load(Ordering::Acquire) {
                    if reader.look() == Look::News {
                        whole &= reader.value() == Some(&[reader.number(); 16]);
                    }
                }
                reader.look();
                whole && reader.number() == EVENTS
            })
        });
        (1..=EVENTS).for_each(|number| writer.write(&[number; 16]));
        done.store(true, Ordering::Release);
        readers.into_iter().all(|reader| reader.join().unwrap_or(false))
    })
}

fn main() -> std::process::ExitCode {
    let (rings, snapshots) = (rings(), snapshots());
    println!("{EVENTS} events and {EVENTS} values: rings whole: {rings}, snapshots whole: {snapshots}");
    if rings && snapshots { std::process::ExitCode::SUCCESS } else { std::process::ExitCode::FAILURE }
}
