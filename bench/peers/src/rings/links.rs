//! The queues under test, each behind the same two small traits.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam::channel::TrySendError;
use crossbeam::queue::ArrayQueue;
use crossbeam::utils::CachePadded;
use disruptor::Producer as _;

/// Slots of every queue: 64 KiB of events.
const CAPACITY: usize = 1024;

/// An event slot: one cache line.
#[repr(align(64))]
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Event(pub(crate) [u64; 8]);

/// The sending end. Spins while the queue is full.
pub(crate) trait Send64: Send {
    fn send(&mut self, event: Event);
}

/// The receiving end.
pub(crate) trait Receive64: Send {
    /// Hands over what has arrived, in order; returns at once when nothing has.
    fn drain(&mut self, take: impl FnMut(&Event));
}

/// A queue by name; `pair` makes a fresh one.
pub(crate) trait Link {
    const NAME: &'static str;
    fn pair() -> (impl Send64, impl Receive64);
}

/// No queue at all: one cache line that carries a counter. The floor for everything else.
pub(crate) struct Hop;

struct HopSend(Arc<CachePadded<AtomicU64>>);

struct HopReceive {
    line: Arc<CachePadded<AtomicU64>>,
    last: u64,
}

impl Link for Hop {
    const NAME: &'static str = "hop (bare cache line)";

    fn pair() -> (impl Send64, impl Receive64) {
        let line = Arc::new(CachePadded::new(AtomicU64::new(0)));
        (HopSend(Arc::clone(&line)), HopReceive { line, last: 0 })
    }
}

impl Send64 for HopSend {
    fn send(&mut self, event: Event) {
        let [value, ..] = event.0;
        self.0.store(value, Ordering::Release);
    }
}

impl Receive64 for HopReceive {
    fn drain(&mut self, mut take: impl FnMut(&Event)) {
        let value = self.line.load(Ordering::Acquire);
        if value != self.last {
            self.last = value;
            take(&Event([value, 0, 0, 0, 0, 0, 0, 0]));
        }
    }
}

/// `rtrb`, one event at a time.
pub(crate) struct Rtrb;

impl Link for Rtrb {
    const NAME: &'static str = "rtrb";

    fn pair() -> (impl Send64, impl Receive64) {
        rtrb::RingBuffer::new(CAPACITY)
    }
}

impl Send64 for rtrb::Producer<Event> {
    fn send(&mut self, event: Event) {
        while self.push(event).is_err() {}
    }
}

impl Receive64 for rtrb::Consumer<Event> {
    fn drain(&mut self, mut take: impl FnMut(&Event)) {
        while let Ok(event) = self.pop() {
            take(&event);
        }
    }
}

/// `disruptor`, single producer, polled.
pub(crate) struct Disruptor;

impl Link for Disruptor {
    const NAME: &'static str = "disruptor (poller)";

    fn pair() -> (impl Send64, impl Receive64) {
        let builder = disruptor::build_single_producer(CAPACITY, Event::default, disruptor::BusySpin);
        let (poller, builder) = builder.new_event_poller();
        (builder.build(), poller)
    }
}

impl Send64 for disruptor::SingleProducer<Event, disruptor::SingleConsumerBarrier> {
    fn send(&mut self, event: Event) {
        self.publish(|slot| *slot = event);
    }
}

impl Receive64 for disruptor::EventPoller<Event, disruptor::SingleProducerBarrier> {
    fn drain(&mut self, mut take: impl FnMut(&Event)) {
        if let Ok(mut events) = self.poll() {
            (&mut events).for_each(&mut take);
        }
    }
}

/// `crossbeam::queue::ArrayQueue`: many producers, many consumers.
pub(crate) struct CrossbeamQueue;

struct QueueEnd(Arc<ArrayQueue<Event>>);

impl Link for CrossbeamQueue {
    const NAME: &'static str = "crossbeam ArrayQueue";

    fn pair() -> (impl Send64, impl Receive64) {
        let queue = Arc::new(ArrayQueue::new(CAPACITY));
        (QueueEnd(Arc::clone(&queue)), QueueEnd(queue))
    }
}

impl Send64 for QueueEnd {
    fn send(&mut self, event: Event) {
        while self.0.push(event).is_err() {}
    }
}

impl Receive64 for QueueEnd {
    fn drain(&mut self, mut take: impl FnMut(&Event)) {
        while let Some(event) = self.0.pop() {
            take(&event);
        }
    }
}

/// `crossbeam::channel::bounded`, never blocking.
pub(crate) struct CrossbeamChannel;

impl Link for CrossbeamChannel {
    const NAME: &'static str = "crossbeam bounded channel";

    fn pair() -> (impl Send64, impl Receive64) {
        crossbeam::channel::bounded::<Event>(CAPACITY)
    }
}

impl Send64 for crossbeam::channel::Sender<Event> {
    fn send(&mut self, event: Event) {
        while let Err(TrySendError::Full(_)) = self.try_send(event) {}
    }
}

impl Receive64 for crossbeam::channel::Receiver<Event> {
    fn drain(&mut self, mut take: impl FnMut(&Event)) {
        while let Ok(event) = self.try_recv() {
            take(&event);
        }
    }
}
