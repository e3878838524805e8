//! Whether the venues still trade on the grids that a run is on, and when it goes over to others.
//!
//! A thread that nobody waits for asks the venues: on paper every minute, live once a session has heard of other rules (it asks every
//! minute too, and where an order is refused for them), and in both where frames cannot be read, as those of a finer grid cannot.
//!
//! Never here: the end of an epoch, a word to a core.

use anyhow::Context as _;
use ballast_runtime::clock::{Clock, Stopwatch};
use ballast_runtime::config::{LiveConfig, ModeConfig};
use ballast_runtime::live::{Engine, Told, is_regridded};
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use super::ask;

/// How often the venues are asked on paper, where no session does.
const ASK_EVERY: Duration = Duration::from_secs(60);
/// How long after a question that was not answered, or after one for a frame that could not be read, the next is asked.
const AGAIN: Duration = Duration::from_secs(10);
/// How often it is looked whether there are such frames.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What is known of the venues' grids.
pub(super) struct Grids {
    wake: Sender<()>,
    told: Receiver<Told>,
    /// What the run is on.
    on: Told,
    looked: Stopwatch,
    asked: Stopwatch,
    /// Frames that could not be read when it was last asked for them.
    unread: u64,
}

impl Grids {
    /// Begins to look; the run is on these grids.
    ///
    /// # Errors
    /// A thread that cannot be had.
    pub(super) fn begin(live: &LiveConfig, clock: Clock, on: Told) -> anyhow::Result<Self> {
        let ((wake, woken), (tell, told)) = (channel(), channel());
        let live = live.clone();
        let every = (live.mode == ModeConfig::Paper).then_some(ASK_EVERY);
        std::thread::Builder::new()
            .name("grids".to_owned())
            .spawn(move || watch(&live, clock, every, &woken, &tell))
            .context("the thread that looks for other grids")?;
        let now = Stopwatch::start();
        Ok(Self { wake, told, on, looked: now, asked: now, unread: 0 })
    }

    /// The run is on these grids from now on.
    pub(super) fn set(&mut self, on: Told) {
        (self.on, self.unread) = (on, 0);
    }

    /// Asks the venues.
    pub(super) fn ask(&mut self) {
        self.asked = Stopwatch::start();
        // A thread that is gone has nobody to ask for.
        let _ = self.wake.send(());
    }

    /// The newest that the venues say, where there is any; `Some(None)` where that is what the run is on.
    pub(super) fn look(&mut self, engine: &mut Engine) -> Option<Option<Told>> {
        if self.looked.elapsed() >= LOOK_EVERY {
            self.looked = Stopwatch::start();
            let unread = engine.contacts().iter().map(|contact| contact.unread).sum();
            if unread > self.unread && self.asked.elapsed() >= AGAIN {
                self.unread = unread;
                self.ask();
            }
        }
        let newest = self.told.try_iter().last()?;
        Some(is_regridded(&self.on, &newest).then_some(newest))
    }
}

/// Asks the venues whenever that is wanted, until nobody wants it any more.
fn watch(
    live: &LiveConfig,
    clock: Clock,
    every: Option<Duration>,
    woken: &Receiver<()>,
    tell: &Sender<Told>,
) {
    let (mut wait, never) = (every, AtomicBool::new(false));
    loop {
        let wanted = match wait {
            Some(most) => woken.recv_timeout(most),
            None => woken.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        if wanted == Err(RecvTimeoutError::Disconnected) {
            return;
        }
        // Of several who ask at once all hear the same.
        while woken.try_recv().is_ok() {}
        let answer = ask(live, clock, &never);
        wait = if answer.is_err() { Some(AGAIN) } else { every };
        if answer.is_ok_and(|told| tell.send(told).is_err()) {
            return;
        }
    }
}
