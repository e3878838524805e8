//! The end of a recording that the thread has which hears the venue.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use ballast_journal::{Frame, Said};
use ballast_venue::{Channel, Now};
use ballast_wire::News;

use super::ring::FrameRing;
use super::{Lost, way_of};

/// Counts what was lost, for whoever looks.
#[derive(Debug, Default)]
pub(super) struct Losses {
    records: AtomicU64,
    bytes: AtomicU64,
}

impl Losses {
    pub(super) fn all(&self) -> Lost {
        Lost { records: self.records.load(Relaxed), bytes: self.bytes.load(Relaxed) }
    }
}

/// Copies frames into a ring. Never waits: what finds no room is lost, and told of before the next that does.
#[derive(Debug)]
pub struct FrameTap {
    ring: FrameRing,
    /// Not told of yet.
    untold: Lost,
    losses: Arc<Losses>,
    /// Time of the last frame.
    last: Now,
}

impl FrameTap {
    pub(super) const fn new(ring: FrameRing, losses: Arc<Losses>) -> Self {
        let last = Now { mono: ballast_model::Nanos(0), wall: ballast_model::Nanos(0) };
        Self { ring, untold: Lost { records: 0, bytes: 0 }, losses, last }
    }

    /// Something came in.
    #[inline]
    pub fn heard(&mut self, channel: Channel, now: Now, news: &News<'_>) {
        let said = match *news {
            News::Text(text) => Said::Text(text),
            News::Reply { status, body, .. } => Said::Answer { status, body },
            News::Opened => Said::Opened,
            News::Closed(_) => Said::Closed,
        };
        self.put(channel, now, said);
    }

    /// A way is gone, or took nothing.
    pub fn closed(&mut self, channel: Channel, now: Now) {
        self.put(channel, now, Said::Closed);
    }

    /// Something is sent.
    pub fn asked(&mut self, channel: Channel, now: Now, bytes: &[u8]) {
        self.put(channel, now, Said::Asked(bytes));
    }

    /// The session is told that its time has come.
    pub fn due(&mut self, now: Now) {
        self.put(Channel::Rest, now, Said::Due);
    }

    #[inline]
    fn put(&mut self, channel: Channel, now: Now, said: Said<'_>) {
        self.last = now;
        let frame = Frame { now: now.mono, wall: now.wall, way: way_of(channel), said };
        if !(self.untold == Lost::default() || self.tell()) || !self.ring.push(&frame) {
            self.lose(&said);
        }
    }

    #[cold]
    fn lose(&mut self, said: &Said<'_>) {
        let bytes = match said {
            Said::Text(bytes) | Said::Answer { body: bytes, .. } | Said::Asked(bytes) => bytes.len() as u64,
            Said::Opened | Said::Closed | Said::Due | Said::Lost { .. } => 0,
        };
        self.untold.records += 1;
        self.untold.bytes += bytes;
        self.losses.records.fetch_add(1, Relaxed);
        self.losses.bytes.fetch_add(bytes, Relaxed);
    }

    /// Says what is missing here; false where there is no room even for that.
    #[cold]
    fn tell(&mut self) -> bool {
        let Lost { records, bytes } = self.untold;
        let Now { mono, wall } = self.last;
        let told = Frame { now: mono, wall, way: way_of(Channel::Rest), said: Said::Lost { records, bytes } };
        let pushed = self.ring.push(&told);
        if pushed {
            self.untold = Lost::default();
        }
        pushed
    }
}

impl Drop for FrameTap {
    fn drop(&mut self) {
        if self.untold != Lost::default() {
            // Where there is still no room the count alone tells.
            let _ = self.tell();
        }
    }
}
