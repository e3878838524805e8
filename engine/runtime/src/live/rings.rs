//! What runs between a venue and a shard: events one way, private before public, and commands the other.

use ballast_model::{BookLevels, Command, Event, InstrumentId, LEVELS_PER_SLOT};
use ballast_sync::ring::{Consumer, Producer, ring};
use ballast_venue::{EventSink, RingFull};

/// Slots of a batch, whichever way its levels divide into two sides.
const SLOTS_EXTRA: usize = 3;

/// How much each ring holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RingSizes {
    /// Slots for markets: at least twice the largest snapshot ([`RingSizes::public_min`]).
    pub public: usize,
    /// Events of our orders and of the account.
    pub private: usize,
    /// Commands: at least twice what one event can lead to.
    pub commands: usize,
}

impl RingSizes {
    /// The least size of a public ring where snapshots have so many levels in all.
    #[must_use]
    pub const fn public_min(snapshot_levels: usize) -> usize {
        2 * (snapshot_levels.div_ceil(LEVELS_PER_SLOT) + SLOTS_EXTRA)
    }
}

/// A venue's ends of its rings to one shard.
#[derive(Debug)]
pub struct VenueEnds {
    /// Orders, fills, balances.
    pub private: Producer<Event>,
    /// Markets.
    pub public: Producer<Event>,
    /// What the shard decided.
    pub commands: Consumer<Command>,
}

/// A shard's ends of its rings to one venue.
#[derive(Debug)]
pub struct ShardEnds {
    /// See [`VenueEnds::private`].
    pub private: Consumer<Event>,
    /// See [`VenueEnds::public`].
    pub public: Consumer<Event>,
    /// See [`VenueEnds::commands`].
    pub commands: Producer<Command>,
}

/// Both ends of the rings between a venue and a shard.
#[derive(Debug)]
pub struct Ends {
    /// For the venue.
    pub venue: VenueEnds,
    /// For the shard.
    pub shard: ShardEnds,
}

impl Ends {
    /// Rings of these sizes.
    #[must_use]
    pub fn new(sizes: RingSizes) -> Self {
        let (private, private_out) = ring(sizes.private);
        let (public, public_out) = ring(sizes.public);
        let (commands, commands_out) = ring(sizes.commands);
        Self {
            venue: VenueEnds { private, public, commands: commands_out },
            shard: ShardEnds { private: private_out, public: public_out, commands },
        }
    }
}

/// Where the instruments of a venue are decided on: by its own number, the shard and the shard's number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbers(Vec<(usize, InstrumentId)>);

impl Numbers {
    /// By the venue's numbers from 0 on.
    #[must_use]
    pub const fn new(places: Vec<(usize, InstrumentId)>) -> Self {
        Self(places)
    }

    /// Shard, and number there, of an instrument of the venue.
    #[must_use]
    #[inline]
    pub fn at_shard(&self, of_venue: InstrumentId) -> Option<(usize, InstrumentId)> {
        self.0.get(of_venue.index()).copied()
    }

    /// The venue's number of an instrument of a shard.
    #[must_use]
    #[inline]
    pub fn at_venue(&self, shard: usize, of_shard: InstrumentId) -> Option<InstrumentId> {
        let at = self.0.iter().position(|place| *place == (shard, of_shard))?;
        u16::try_from(at).ok().map(InstrumentId)
    }
}

/// The public rings of a venue as its session sees them: each batch goes whole to the shard that decides on its instrument.
#[derive(Debug)]
pub(super) struct Router<'a> {
    pub(super) shards: &'a mut [VenueEnds],
    pub(super) numbers: &'a Numbers,
    /// Room for one batch under other numbers.
    pub(super) scratch: &'a mut Vec<Event>,
}

impl EventSink for Router<'_> {
    #[inline]
    fn push(&mut self, batch: &[Event]) -> Result<(), RingFull> {
        let Some(of_venue) = batch.first().and_then(Event::instrument) else { return Ok(()) };
        let Some((shard, of_shard)) = self.numbers.at_shard(of_venue) else { return Ok(()) };
        let Some(ends) = self.shards.get_mut(shard) else { return Ok(()) };
        let pushed = if of_venue == of_shard {
            ends.public.push_batch(batch)
        } else {
            self.scratch.clear();
            self.scratch.extend(batch.iter().map(|event| event.of_instrument(of_shard)));
            ends.public.push_batch(self.scratch)
        };
        pushed.map_err(|_| {
            ends.public.overflow();
            RingFull
        })
    }
}

/// The levels of a slot that are used.
#[inline]
pub(super) fn used(slot: &BookLevels) -> &[ballast_model::PackedLevel] {
    slot.levels.get(..usize::from(slot.count)).unwrap_or_default()
}
