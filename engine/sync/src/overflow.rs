//! The word beside a ring that something was lost.
//!
//! One thread raises it, the other lowers it, and neither waits. What was pushed before it was raised is visible to whoever sees it
//! raised; what was taken before it was lowered is room for whoever sees it lowered.

use crate::atomic::{Arc, AtomicBool, Ordering};
use crate::padded::Padded;

/// A flag that stays up until it is taken down.
#[derive(Clone, Debug)]
pub(crate) struct Overflow(Arc<Padded<AtomicBool>>);

impl Overflow {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Padded(AtomicBool::new(false))))
    }

    /// True from [`Overflow::raise`] to [`Overflow::lower`].
    pub(crate) fn is_up(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    pub(crate) fn raise(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub(crate) fn lower(&self) {
        self.0.store(false, Ordering::Release);
    }
}

#[cfg(all(test, loom))]
mod tests {
    use loom::sync::atomic::AtomicUsize;
    use loom::thread;

    use super::*;

    /// Pushed and taken are counts that stand for a ring's tail and head; every other access here is relaxed, so that only the flag
    /// orders them.
    #[test]
    fn whoever_sees_it_up_sees_all_that_came_before_and_whoever_sees_it_down_the_room() {
        loom::model(|| {
            let flag = Overflow::new();
            let counts = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
            let (theirs, pushed) = (flag.clone(), Arc::clone(&counts));
            let producer = thread::spawn(move || {
                let [tail, head] = &*pushed;
                tail.store(1, Ordering::Relaxed);
                theirs.raise();
                if !theirs.is_up() {
                    assert_eq!(head.load(Ordering::Relaxed), 1, "what was there is taken");
                }
            });
            let [tail, head] = &*counts;
            if flag.is_up() {
                assert_eq!(tail.load(Ordering::Relaxed), 1, "what came before is there");
                head.store(1, Ordering::Relaxed);
                flag.lower();
            }
            producer.join().unwrap();
        });
    }
}
