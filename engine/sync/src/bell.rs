//! A bell: wakes a thread that sleeps because there was nothing to do. Where nobody sleeps, ringing it costs a fence and a load.
//!
//! The sleeper says that it will sleep, then looks once more whether there is something; whoever brings something, brings it and then
//! looks whether somebody said so. Both with a full fence between, so at least one sees the other (Dekker).

use std::time::Duration;

use crate::atomic::{Arc, AtomicBool, Ordering, Thread, fence, thread};
use crate::padded::Padded;

#[derive(Debug)]
struct Shared {
    is_asleep: Padded<AtomicBool>,
    sleeper: Thread,
}

/// The thread's own end. It cannot leave the thread that made it.
#[derive(Debug)]
pub struct Sleeper {
    shared: Arc<Shared>,
    _here: std::marker::PhantomData<*const ()>,
}

/// The end of those who wake it.
#[derive(Clone, Debug)]
pub struct Bell(Arc<Shared>);

impl Sleeper {
    /// For the calling thread.
    #[must_use]
    pub fn new() -> Self {
        let shared =
            Arc::new(Shared { is_asleep: Padded(AtomicBool::new(false)), sleeper: thread::current() });
        Self { shared, _here: std::marker::PhantomData }
    }

    /// A bell that wakes this thread.
    #[must_use]
    pub fn bell(&self) -> Bell {
        Bell(Arc::clone(&self.shared))
    }

    /// Sleeps until the bell is rung or so much time has passed, unless there is something to do, which is asked once more. May end
    /// early for no reason.
    pub fn sleep(&self, most: Duration, is_idle: impl FnOnce() -> bool) {
        self.shared.is_asleep.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        if is_idle() {
            park(most);
        }
        self.shared.is_asleep.store(false, Ordering::Relaxed);
    }
}

impl Default for Sleeper {
    fn default() -> Self {
        Self::new()
    }
}

impl Bell {
    /// Wakes the thread where it sleeps. To be called after what it should see was stored.
    pub fn ring(&self) {
        fence(Ordering::SeqCst);
        if self.0.is_asleep.load(Ordering::Relaxed) {
            self.0.sleeper.unpark();
        }
    }
}

#[cfg(not(loom))]
fn park(most: Duration) {
    thread::park_timeout(most);
}

/// Loom's time does not pass: a wake-up that is lost is a deadlock, and found.
#[cfg(loom)]
fn park(_most: Duration) {
    thread::park();
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::sync::mpsc;

    const LONG: Duration = Duration::from_secs(3_600);

    #[test]
    fn who_sleeps_is_woken_and_who_is_busy_does_not_sleep() {
        let (send, receive) = mpsc::channel();
        let done = Arc::new(AtomicBool::new(false));
        let theirs = Arc::clone(&done);
        let thread = thread::spawn(move || {
            let sleeper = Sleeper::new();
            sleeper.sleep(LONG, || false);
            send.send(sleeper.bell()).unwrap();
            while !theirs.load(Ordering::Acquire) {
                sleeper.sleep(LONG, || !theirs.load(Ordering::Acquire));
            }
        });
        let bell = receive.recv().unwrap();
        bell.ring();
        done.store(true, Ordering::Release);
        bell.ring();
        thread.join().unwrap();
    }
}
