//! The loops of a run and what shows how they stand, as they are turned: by a thread each, or one after the other.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use ballast_core::outbox::{Note, Outbox};
use ballast_core::shard::Shard;
use ballast_model::{CONFIG_BYTES_MAX, CONFIG_PART_BYTES, Event, Nanos, OperatorAct, OperatorScope, Span};
use ballast_sync::ring::{Consumer, Producer, ring};
use ballast_venue::Now;
use ballast_venue::binance::trade::TradeSession;
use ballast_wire::Network;

use super::{Helm, ShardReins, VenueReins};
use crate::config::{LiveConfig, LiveVenueConfig};
use crate::job::JobError;
use crate::journal::Recovery;
use crate::journal::recording::FrameTap;
use crate::live::assemble::{ShardAssembly, VenueAssembly};
use crate::live::board::{Board, board};
use crate::live::contact::{ContactBoard, contact_board};
use crate::live::links::LinkPolicy;
use crate::live::paper::Paper;
use crate::live::reconfigure::Changes;
use crate::live::rings::ShardEnds;
use crate::live::shard_loop::{Handover, ShardLoop, ShardParts, Turned};
use crate::live::standing::{Asked, StandingBoard, standing_board};
use crate::live::start;
use crate::live::trading::{Live, Trading};
use crate::live::unjournaled::Unjournaled;
use crate::live::venue_loop::{VenueLoop, VenueParts};
use crate::reload::Reloading;
use crate::replay::{Outcome, Record};

/// Levels of the largest batch.
const LEVELS_MAX: usize = 1 << 15;
/// Commands of operators that wait.
const CONTROL_MAX: usize = 64;
/// Events that tell the longest configuration.
const CONFIG_MAX: usize = CONFIG_BYTES_MAX / CONFIG_PART_BYTES;
/// Changes of a core that are on their way, or on their way back.
const CHANGES_MAX: usize = 4;
/// Notes that wait for whoever reads them.
const NOTES_MAX: usize = 1 << 14;
/// Notices of a venue's session that wait.
const NOTICES_MAX: usize = 256;

/// A shard that has all but what records it.
#[derive(Debug)]
pub struct ShardSeed {
    shard: Shard,
    past: Option<Recovery>,
    venues: Vec<ShardEnds>,
    route: Vec<usize>,
    control: Consumer<Event>,
    notes: Producer<(Nanos, Note)>,
    handover: Handover,
    progress: Arc<AtomicU64>,
    unjournaled: Arc<AtomicU64>,
    board: Board,
}

/// A shard's loop, and where it shows itself.
#[derive(Debug)]
pub struct ShardSeat<R> {
    turned: ShardLoop<R>,
    board: Board,
}

/// A venue's loop, where it shows itself, and what is asked of it.
#[derive(Debug)]
pub struct VenueSeat<N> {
    venue: VenueLoop<N>,
    standing: StandingBoard,
    contact: ContactBoard,
    asked: Arc<Asked>,
}

impl Helm {
    /// Takes the reins of a shard. It is paused: see [`Helm::begin`].
    ///
    /// # Errors
    /// What its journal must say is nothing a core can be built from.
    pub fn shard(&mut self, shard: ShardAssembly) -> Result<ShardSeed, JobError> {
        let ShardAssembly { shard, instruments, meta, route, ends, grants, past } = shard;
        let (mut control, commands) = ring(CONFIG_MAX + CONTROL_MAX.max(2 * grants.len()));
        let ((changes, coming), (used, done)) = (ring(CHANGES_MAX), ring(CHANGES_MAX));
        let reloading = Reloading::of(&meta)?;
        let (noted, notes) = ring(NOTES_MAX);
        let (board, window) = board(instruments.len());
        let counter = || Arc::new(AtomicU64::new(0));
        let (progress, unjournaled) = (counter(), counter());
        let pause = Event::Operator(start::command(OperatorScope::All, OperatorAct::Pause));
        for first in grants.into_iter().chain([pause]) {
            // There is twice the room.
            let _ = control.push(first);
        }
        self.shards.push(ShardReins {
            control,
            handover: Changes { reloading, changes, done },
            notes,
            window,
            progress: Arc::clone(&progress),
            unjournaled: Arc::clone(&unjournaled),
        });
        let handover = Handover { coming, used };
        let control = commands;
        let (venues, notes) = (ends, noted);
        Ok(ShardSeed { shard, past, venues, route, control, notes, handover, progress, unjournaled, board })
    }

    /// Takes the reins of a venue, once it has those of all shards.
    pub fn venue<N: Network>(
        &mut self,
        (live, asked): (&LiveConfig, &LiveVenueConfig),
        venue: VenueAssembly,
        network: N,
        session: Option<TradeSession>,
        tap: Option<FrameTap>,
    ) -> VenueSeat<N> {
        let VenueAssembly { market, paper, ends, numbers, instruments } = venue;
        let (notices, noticed) = ring(NOTICES_MAX);
        let trading = match session {
            Some(session) => Trading::Live(Box::new(Live::new(session).telling(notices))),
            None => Trading::Paper(Box::new(Paper::new(paper))),
        };
        let parts = VenueParts {
            network,
            market,
            trading,
            urls: asked.into(),
            policy: LinkPolicy::of_venue(live, asked),
            shards: ends,
            numbers,
            kill: self.latch(),
            progress: self.shards.iter().map(|shard| Arc::clone(&shard.progress)).collect(),
        };
        let (standing, window) = standing_board(instruments.len());
        let (contact, contact_window) = contact_board();
        let asked = Arc::clone(&window.asked);
        self.venues.push(VenueReins { window, contact: contact_window, notices: noticed });
        VenueSeat { venue: VenueLoop::new(parts).tapped(tap), standing, contact, asked }
    }
}

impl ShardSeed {
    /// Gives the shard its loop. What carries over is told first, on record.
    pub fn seat<R: Record>(self, mut record: R) -> ShardSeat<R> {
        let Self { mut shard, past, unjournaled: found, board, .. } = self;
        let unjournaled = past.as_ref().map(|past| Unjournaled::new(past.memory.clone(), found));
        if let Some(past) = past {
            let mut out = Outbox::new(shard.commands_per_event_max());
            past.tell(&mut shard, &mut record, &mut out);
        }
        let parts = ShardParts {
            shard,
            record,
            venues: self.venues,
            route: self.route,
            control: self.control,
            notes: self.notes,
            handover: Some(self.handover),
            progress: self.progress,
            unjournaled,
            levels_max: LEVELS_MAX,
        };
        ShardSeat { turned: ShardLoop::new(parts), board }
    }
}

impl<R: Record> ShardSeat<R> {
    /// Turns the loop, and shows how it stands where it is time to.
    ///
    /// # Panics
    /// As [`ShardLoop::turn`].
    pub fn turn(&mut self, now: Nanos) -> Turned {
        let turned = self.turned.turn(now);
        self.turned.show(&mut self.board, now);
        turned
    }

    /// The loop.
    #[must_use]
    pub const fn shard_loop(&self) -> &ShardLoop<R> {
        &self.turned
    }

    /// Ends the loop: what happened, the core, and what recorded it.
    #[must_use]
    pub fn finish(self) -> (Outcome, Shard, R) {
        self.turned.finish()
    }
}

impl<N: Network> VenueSeat<N> {
    /// Turns the loop, which waits so long for something to come in, after what was asked of it; shows how it stands where it is time to.
    pub fn turn(&mut self, now: Now, patience: Span) -> Turned {
        self.asked.pass_on(self.venue.trading_mut(), now);
        let turned = self.venue.turn(now, patience);
        self.standing.show(now.mono, self.venue.trading());
        self.venue.show(&mut self.contact, now.mono);
        turned
    }

    /// The loop.
    #[must_use]
    pub const fn venue_loop(&self) -> &VenueLoop<N> {
        &self.venue
    }

    /// Its network, to change what it does.
    #[must_use]
    pub const fn network_mut(&mut self) -> &mut N {
        self.venue.network_mut()
    }

    /// Ends the loop; its orders are left as they are.
    #[must_use]
    pub fn into_network(self) -> N {
        self.venue.into_network()
    }
}
