//! A process begins: what `run` does before it turns a loop, in its order.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ballast_model::{Nanos, Span};
use ballast_runtime::config::{Config, LiveConfig};
use ballast_runtime::job::JobError;
use ballast_runtime::journal::{AtRest, Hand, Journal, Options, Pace, Recovery};
use ballast_runtime::live::{
    Assembly, Ends, Helm, RingSizes, ShardSeed, Told, Traded, VenueAssembly, VenueSeat, assemble,
    credentials, facts, remind, session,
};
use ballast_simulator::keys::TestKeys;
use ballast_venue::binance::trade::TradeSession;
use ballast_venue::signing::Credentials;
use ballast_wire::Network as _;

use crate::config::{KEYS, NAME};
use crate::counterpart::US;
use crate::disk::{Shared, SimDisk};
use crate::net::SimNetwork;
use crate::plan::Rings;

/// Bytes of the journal's ring: more than is said while a disk is full.
const RING_BYTES: usize = 1 << 20;

/// Slots of the rings of a world in which they are tight: no snapshot of its sparse books has as many levels as fit, and a few seconds
/// of its markets are more.
const TIGHT: RingSizes = RingSizes { public: 96, private: 24, commands: 0 };
/// Commands that fit in tight rings besides those that one event may lead to.
const TIGHT_COMMANDS: usize = 4;

/// A process that has all but its loops.
pub(crate) struct Booted {
    pub(crate) helm: Helm,
    pub(crate) seed: ShardSeed,
    pub(crate) venues: Vec<VenueSeat<SimNetwork>>,
    pub(crate) journal: Journal,
    pub(crate) hand: Hand,
    pub(crate) folder: PathBuf,
    /// What is damaged of the journals before.
    pub(crate) damage: Vec<String>,
    /// Whether it goes on from another.
    pub(crate) goes_on: bool,
}

/// Begins a process that goes on from what lies in `folder`, at venues that are asked over these networks.
///
/// # Errors
/// Why it ends at once, and the networks.
pub(crate) fn boot(
    config: &Config,
    (folder, disk): (&Path, &Shared),
    rings: Rings,
    mut networks: Vec<SimNetwork>,
) -> Result<Booted, (Vec<SimNetwork>, String)> {
    match begin(config, (folder, disk), rings, &mut networks) {
        Ok(begun) => {
            let Begun { mut helm, seed, live, venues, journal, hand, folder, damage, goes_on } = begun;
            let seats = live.venue.iter().zip(venues).zip(networks).map(
                |((asked, (venue, session)), mut network)| {
                    network.watch_latch(helm.latch());
                    helm.venue((live, asked), venue, network, Some(session), None)
                },
            );
            let venues = seats.collect();
            Ok(Booted { helm, seed, venues, journal, hand, folder, damage, goes_on })
        }
        Err(why) => Err((networks, why)),
    }
}

/// All that does not hold the networks.
struct Begun<'a> {
    helm: Helm,
    seed: ShardSeed,
    live: &'a LiveConfig,
    venues: Vec<(VenueAssembly, TradeSession)>,
    journal: Journal,
    hand: Hand,
    folder: PathBuf,
    damage: Vec<String>,
    goes_on: bool,
}

fn begin<'a>(
    config: &'a Config,
    (folder, disk): (&Path, &Shared),
    rings: Rings,
    networks: &mut [SimNetwork],
) -> Result<Begun<'a>, String> {
    let past = Recovery::if_any(folder).map_err(text)?;
    let (place, epoch) = match &past {
        Some(past) => (past.next().0, past.next_epoch),
        None => Recovery::first(folder).map_err(text)?,
    };
    let live = config.live.as_ref().ok_or("there is no venue")?;
    let (told, start) = ask(live, networks)?;
    let mut built =
        assemble(config, Path::new(NAME), live, &told, epoch).map_err(|error: JobError| text(error))?;
    if rings == Rings::Tight {
        tighten(&mut built);
    }
    let mut shard = built.shards.pop().ok_or("there is no shard")?;
    let since = past.as_ref().map_or(start, |past| past.asks_since(live.silence_max.span()));
    let mut venues = Vec::new();
    for (nth, (asked, venue)) in live.venue.iter().zip(built.venues).enumerate() {
        let traded = Traded {
            market: asked.market(),
            instruments: &venue.instruments,
            assets: &built.assets,
            since,
            clock_offset_max: live.clock_offset_max.span(),
            dead_man: live.dead_man(asked),
        };
        let mut session = session(&traded, keys()?).map_err(text)?;
        if let Some(past) = &past {
            remind(&mut session, (nth, 0), &built.seats, past);
        }
        venues.push((venue, session));
    }
    let goes_on = past.is_some();
    let damage = past.as_ref().map_or_else(Vec::new, |past| past.damage.clone());
    shard.past = past;
    let meta = shard.meta.to_bytes();
    let mut helm = Helm::new(built.seats);
    let seed = helm.shard(shard).map_err(text)?;
    let options = Options {
        ring_bytes: RING_BYTES,
        pace: Pace::Live { patience: Span::ZERO },
        at_rest: AtRest::AsWritten,
        ..Options::default()
    };
    let disk = Box::new(SimDisk(Arc::clone(disk)));
    let (journal, hand) = Hand::open(disk, &place, meta, &options).map_err(text)?;
    Ok(Begun { helm, seed, live, venues, journal, hand, folder: place, damage, goes_on })
}

fn text(error: impl core::fmt::Display) -> String {
    error.to_string()
}

/// What each venue says of its instruments, and when all had.
fn ask(live: &LiveConfig, networks: &mut [SimNetwork]) -> Result<(Told, Nanos), String> {
    let (mut told, mut now) = (Told::new(), Nanos::MIN);
    for (asked, network) in live.venue.iter().zip(networks) {
        network.advance(now.max(network.clock()));
        told.push(facts(network, asked.rest(), asked.market(), &asked.symbols).map_err(text)?);
        now = network.clock();
    }
    Ok((told, now))
}

fn keys() -> Result<Credentials, String> {
    let (key, secret) = TestKeys::of(US).hmac;
    let environment = |name: &str| match name.strip_prefix(KEYS)? {
        "_KEY" => Some(key.clone()),
        "_SECRET" => Some(secret.clone()),
        _ => None,
    };
    credentials(KEYS, environment).map_err(text)
}

/// Puts rings that are tight in the place of those there are.
fn tighten(built: &mut Assembly) {
    built.venues.iter_mut().for_each(|venue| venue.ends.clear());
    for shard in &mut built.shards {
        let commands = shard.shard.commands_per_event_max() + TIGHT_COMMANDS;
        shard.ends.clear();
        for venue in &mut built.venues {
            let ends = Ends::new(RingSizes { commands, ..TIGHT });
            venue.ends.push(ends.venue);
            shard.ends.push(ends.shard);
        }
    }
}
