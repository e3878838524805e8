//! A ring: every event once and in order, from one thread to one other.
//!
//! **Full.** [`Producer::push`] and [`Producer::push_batch`] push all of what they are given or nothing. Where nothing may be lost (orders,
//! fills, commands) the producer keeps what was refused and comes again. Where the world does not wait (market data) it gives up, and says
//! so by [`Producer::overflow`]: from then on the ring takes nothing more, until the consumer has taken everything that was pushed
//! before and then the word that something is missing ([`Consumer::take_overflow`]). So the consumer learns of the loss exactly
//! where it happened, however much the producer would have pushed meanwhile, and no batch that came later passes for the next one.
//!
//! Never here: what an event means.

use crate::overflow::Overflow;

/// There was no room, or a loss has not been taken yet: nothing was pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl std::fmt::Display for Full {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the ring is full")
    }
}

impl std::error::Error for Full {}

/// The end that pushes.
#[derive(Debug)]
pub struct Producer<T> {
    ring: rtrb::Producer<T>,
    overflow: Overflow,
    /// Raised by us and not yet seen lowered: while this is false the flag need not be looked at.
    is_lossy: bool,
}

/// The end that takes.
#[derive(Debug)]
pub struct Consumer<T> {
    ring: rtrb::Consumer<T>,
    overflow: Overflow,
}

/// Makes a ring of so many slots: all memory it will ever have. A slot of 64 bytes aligned to 64 is one cache line.
#[must_use]
pub fn ring<T>(slots: usize) -> (Producer<T>, Consumer<T>) {
    let (producer, consumer) = rtrb::RingBuffer::new(slots);
    let overflow = Overflow::new();
    (
        Producer { ring: producer, overflow: overflow.clone(), is_lossy: false },
        Consumer { ring: consumer, overflow },
    )
}

impl<T> Producer<T> {
    /// Pushes one event; one that does not fit is dropped.
    ///
    /// # Errors
    /// [`Full`].
    pub fn push(&mut self, event: T) -> Result<(), Full> {
        if self.is_closed() {
            return Err(Full);
        }
        self.ring.push(event).map_err(|_| Full)
    }

    /// Pushes all of these events, which the consumer sees together, or none. More than [`Producer::capacity`] never fit.
    ///
    /// # Errors
    /// [`Full`]; none of them was pushed.
    pub fn push_batch(&mut self, events: &[T]) -> Result<(), Full>
    where
        T: Copy,
    {
        if self.is_closed() {
            return Err(Full);
        }
        self.ring.push_entire_slice(events).map_err(|_| Full)
    }

    /// Events that can be pushed now; the consumer may make it more, nobody less.
    #[must_use]
    pub fn free(&mut self) -> usize {
        if self.is_closed() { 0 } else { self.ring.slots() }
    }

    /// Slots in all.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.ring.buffer().capacity()
    }

    /// Says that something was lost here: nothing more is taken until the consumer has learned it.
    pub fn overflow(&mut self) {
        self.is_lossy = true;
        self.overflow.raise();
    }

    /// True while a loss that was said has not been taken.
    #[must_use]
    pub fn is_closed(&mut self) -> bool {
        self.is_lossy = self.is_lossy && self.overflow.is_up();
        self.is_lossy
    }

    /// True where the consumer is gone.
    #[must_use]
    pub fn is_abandoned(&self) -> bool {
        self.ring.is_abandoned()
    }
}

impl<T> Consumer<T> {
    /// Takes the oldest event.
    pub fn pop(&mut self) -> Option<T> {
        self.ring.pop().ok()
    }

    /// Hands over what has been pushed, oldest first and at most so many, and returns how many. What is pushed meanwhile is left for
    /// the next time. Their slots are free again once all of them were handed over.
    pub fn drain(&mut self, most: usize, take: impl FnMut(&T)) -> usize {
        let Ok(chunk) = self.ring.read_chunk(self.ring.slots().min(most)) else { return 0 };
        let count = chunk.len();
        let (first, rest) = chunk.as_slices();
        first.iter().chain(rest).for_each(take);
        chunk.commit_all();
        count
    }

    /// Takes as many events as these are, in their place; false, and none is taken, where there are fewer.
    pub fn pop_batch(&mut self, events: &mut [T]) -> bool
    where
        T: Copy,
    {
        self.ring.pop_entire_slice(events).is_ok()
    }

    /// Events that can be taken now; the producer may make it more, nobody less.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.ring.slots()
    }

    /// True from the producer's word that something was lost until it is taken; there may be events to take before.
    #[must_use]
    pub fn is_overflowed(&self) -> bool {
        self.overflow.is_up()
    }

    /// True, once, where something was lost and everything pushed before it was taken. The producer may push again from now on.
    #[must_use]
    pub fn take_overflow(&mut self) -> bool {
        // In this order: what was pushed before the flag went up is visible to whoever sees it up.
        let is_here = self.overflow.is_up() && self.ring.slots() == 0;
        if is_here {
            self.overflow.lower();
        }
        is_here
    }

    /// True where the producer is gone. What it pushed before is still there.
    #[must_use]
    pub fn is_abandoned(&self) -> bool {
        self.ring.is_abandoned()
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
