//! A thread that watches a chain and leaves what it knows of one pair where any other thread may look, without waiting for it.
//!
//! What it leaves carries its own time: a worker that hangs writes nothing, and its last reading ages.
//!
//! Never here: pinning; a chain is slow, and its thread takes what the hot ones leave.

use std::io;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use ballast_sync::seqlock::{Reader, Writer, snapshot};
use tokio::sync::oneshot;

use crate::config::Plan;
use crate::events::Event;
use crate::follow::Change;
use crate::inventory::{Inventory, Pair, Reading, WORDS};
use crate::known::{Known, Trouble};
use crate::node::Endpoint;
use crate::state::State;
use crate::watch::{Listener, Watch};

/// A worker that runs until it is dropped.
#[derive(Debug)]
pub struct Worker {
    thread: Option<JoinHandle<()>>,
    stop: Option<oneshot::Sender<()>>,
}

/// Writes what is known where it is looked for.
struct Publisher<C> {
    pair: Pair,
    clock: C,
    writer: Writer<WORDS>,
    last: Option<Inventory>,
}

impl Worker {
    /// Starts one; `clock` tells the time of readings, in nanoseconds, as whoever looks at them counts it.
    ///
    /// # Errors
    /// Where the host gives no thread, or nothing to wait with.
    pub fn start(
        plan: Plan,
        pair: Pair,
        clock: impl Fn() -> u64 + Send + 'static,
    ) -> io::Result<(Self, Reader<WORDS>)> {
        let (writer, reader) = snapshot();
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut publisher = Publisher { pair, clock, writer, last: None };
        let thread = Builder::new().name("lp".to_owned()).spawn(move || {
            runtime.block_on(async {
                let mut watch = Watch::new(plan.settings, plan.endpoints, plan.wanted);
                tokio::select! {
                    () = watch.run(&mut publisher) => {}
                    _ = stopped => {}
                }
            });
        })?;
        Ok((Self { thread: Some(thread), stop: Some(stop) }, reader))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A worker that panicked has said so itself.
            drop(thread.join());
        }
    }
}

impl<C: Fn() -> u64> Listener for Publisher<C> {
    fn change(&mut self, _: &Change<Event>) {}

    fn known(&mut self, known: &Known<State>, now: Duration) {
        let reading = Reading::of(&known.look(now), self.pair, (self.clock)(), self.last);
        self.last = reading.last().copied();
        self.writer.write(&reading.words());
    }

    fn trouble(&mut self, _: &Endpoint, _: &Trouble) {}
}
