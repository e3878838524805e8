//! How we stand with a venue, as its thread shows it to whoever starts and stops the engine, and what those ask of it.

use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU64};

use ballast_model::{InstrumentId, Lots, Nanos, Span};
use ballast_sync::seqlock::{Reader, Writer, snapshot};
use ballast_venue::Now;
use ballast_venue::binance::INSTRUMENTS_MAX;
use ballast_venue::binance::trade::Standing;

use super::trading::{Live, Trading};

const HEAD: usize = 6;
const ALL: usize = HEAD + 2 * INSTRUMENTS_MAX;

/// How often a venue's thread writes at most.
const EVERY: Span = Span::from_millis(20);

/// How far what a venue says of our account can be relied upon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reliance {
    /// Nothing is known for sure.
    #[default]
    Blind,
    /// So many requests are yet to be answered.
    Asking(u32),
    /// Everything is known since then.
    Whole(Nanos),
}

/// How we stand with a venue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VenueView {
    /// How far the rest can be relied upon.
    pub reliance: Reliance,
    /// Open orders as last listed, those of others included.
    pub open_orders: u64,
    /// The venue's clock less ours, once measured.
    pub clock_offset: Option<Span>,
    /// Whether the venue keeps no dead-man timer for us.
    pub dead_man_off: bool,
    /// Our position in each of its instruments, as the venue says; `None` where it says none.
    pub positions: Vec<Option<Lots>>,
}

/// What is asked of a venue's thread.
#[derive(Debug, Default)]
pub struct Asked {
    cancel: AtomicBool,
    sweep: AtomicBool,
    switch_off: AtomicBool,
    /// Turns of the venue's thread, for whoever watches that there is progress.
    turns: AtomicU64,
}

impl Asked {
    /// Every order of ours is to be cancelled, whatever the shards think.
    pub fn cancel_all(&self) {
        self.cancel.store(true, Release);
    }

    /// Account and open orders are to be listed anew.
    pub fn sweep(&self) {
        self.sweep.store(true, Release);
    }

    /// The venue's dead-man timer is to be switched off: nothing of ours is left there.
    pub fn switch_off_dead_man(&self) {
        self.switch_off.store(true, Release);
    }

    /// Turns of the thread so far: where there are no more it is stuck.
    #[must_use]
    pub fn turns(&self) -> u64 {
        self.turns.load(Relaxed)
    }

    /// Asks the session for what was asked here.
    pub(super) fn pass_on(&self, trading: &mut Trading, now: Now) {
        // The thread alone counts.
        self.turns.store(self.turns.load(Relaxed) + 1, Relaxed);
        let Trading::Live(live) = trading else { return };
        if self.cancel.load(Acquire) && self.cancel.swap(false, Acquire) {
            live.session_mut().cancel_all();
        }
        if self.sweep.load(Acquire) && self.sweep.swap(false, Acquire) {
            live.session_mut().sweep(now);
        }
        if self.switch_off.load(Acquire) && self.switch_off.swap(false, Acquire) {
            live.session_mut().switch_off_dead_man();
        }
    }
}

/// The end of the venue's thread.
#[derive(Debug)]
pub struct StandingBoard {
    writer: Writer<ALL>,
    next: Nanos,
    instruments: usize,
}

/// The end of whoever looks.
#[derive(Clone, Debug)]
pub struct StandingWindow {
    reader: Reader<ALL>,
    instruments: usize,
    /// What may be asked.
    pub asked: Arc<Asked>,
}

/// Both ends, for a venue of so many instruments.
#[must_use]
pub fn standing_board(instruments: usize) -> (StandingBoard, StandingWindow) {
    let (writer, reader) = snapshot();
    let asked = Arc::new(Asked::default());
    (StandingBoard { writer, next: Nanos::MIN, instruments }, StandingWindow { reader, instruments, asked })
}

impl StandingBoard {
    /// Shows how we stand, where it is time to.
    pub(super) fn show(&mut self, now: Nanos, trading: &Trading) {
        if now < self.next {
            return;
        }
        self.next = now + EVERY;
        let mut words = [0; ALL];
        match trading {
            // What is simulated here is known.
            Trading::Paper(_) | Trading::Nobody => {
                words[..HEAD].copy_from_slice(&[WHOLE, now.0.cast_unsigned(), 0, 0, 0, 1]);
            }
            Trading::Live(live) => self.write(live, &mut words),
        }
        self.writer.write(&words);
    }

    fn write(&self, live: &Live, words: &mut [u64; ALL]) {
        let session = live.session();
        let (code, since) = match session.standing() {
            Standing::Blind => (BLIND, 0),
            Standing::Sweeping(left) => (ASKING, u64::from(left)),
            Standing::Whole(since) => (WHOLE, since.0.cast_unsigned()),
        };
        let offset = session.clock().map(|reading| reading.offset.0.cast_unsigned());
        let open = session.open_orders().len() as u64;
        let (head, rest) = words.split_at_mut(HEAD);
        let (measured, off) = (u64::from(offset.is_some()), u64::from(session.is_dead_man_off()));
        head.copy_from_slice(&[code, since, open, measured, offset.unwrap_or_default(), off]);
        for (words, id) in rest.chunks_exact_mut(2).take(self.instruments).zip((0..).map(InstrumentId)) {
            let position = session.positions().iter().find(|position| position.instrument == id);
            if let (Some(position), [known, lots]) = (position, words) {
                (*known, *lots) = (1, position.lots.0.cast_unsigned());
            }
        }
    }
}

const BLIND: u64 = 0;
const ASKING: u64 = 1;
const WHOLE: u64 = 2;

impl StandingWindow {
    /// The newest; blind before there is any.
    pub fn look(&mut self) -> VenueView {
        self.reader.look();
        let Some(words) = self.reader.value() else { return VenueView::default() };
        let (head, rest) = words.split_at(HEAD);
        let &[code, since, open_orders, measured, offset, off] = head else { return VenueView::default() };
        let reliance = match code {
            WHOLE => Reliance::Whole(Nanos(since.cast_signed())),
            ASKING => Reliance::Asking(u32::try_from(since).unwrap_or(u32::MAX)),
            _ => Reliance::Blind,
        };
        let position = |words: &[u64]| match words {
            [1, lots] => Some(Lots(lots.cast_signed())),
            _ => None,
        };
        VenueView {
            reliance,
            open_orders,
            clock_offset: (measured == 1).then_some(Span(offset.cast_signed())),
            dead_man_off: off == 1,
            positions: rest.chunks_exact(2).take(self.instruments).map(position).collect(),
        }
    }
}
