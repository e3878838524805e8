//! A process begins: what `run` does before it turns a loop, in its order.

use std::path::{Path, PathBuf};

use ballast_model::Span;
use ballast_runtime::config::Config;
use ballast_runtime::job::JobError;
use ballast_runtime::journal::{Hand, Journal, Options, Pace, Recovery};
use ballast_runtime::live::{
    Helm, ShardSeed, Traded, VenueSeat, assemble, credentials, facts, remind, session,
};
use ballast_simulator::keys::TestKeys;

use crate::config::{KEYS, NAME};
use crate::counterpart::US;
use crate::disk::{Full, SimDisk};
use crate::net::SimNetwork;

/// Bytes of the journal's ring: more than is said while a disk is full.
const RING_BYTES: usize = 1 << 20;

/// A process that has all but its loops.
pub(crate) struct Booted {
    pub(crate) helm: Helm,
    pub(crate) seed: ShardSeed,
    pub(crate) venue: VenueSeat<SimNetwork>,
    pub(crate) journal: Journal,
    pub(crate) hand: Hand,
    pub(crate) folder: PathBuf,
    /// What is damaged of the journals before.
    pub(crate) damage: Vec<String>,
}

/// Begins a process that goes on from what lies in `folder`, at a venue that is asked over `network`.
///
/// # Errors
/// Why it ends at once, and the network.
pub(crate) fn boot(
    config: &Config,
    folder: &Path,
    full: &Full,
    mut network: SimNetwork,
) -> Result<Booted, (Box<SimNetwork>, String)> {
    match begin(config, folder, full, &mut network) {
        Ok(begun) => {
            let Begun { mut helm, seed, assembled, session, journal, hand, folder, damage } = begun;
            network.watch_latch(helm.latch());
            let (live, asked, venue) = assembled;
            let venue = helm.venue((live, asked), venue, network, Some(session), None);
            Ok(Booted { helm, seed, venue, journal, hand, folder, damage })
        }
        Err(why) => Err((Box::new(network), why)),
    }
}

/// All that does not hold the network.
struct Begun<'a> {
    helm: Helm,
    seed: ShardSeed,
    assembled: (
        &'a ballast_runtime::config::LiveConfig,
        &'a ballast_runtime::config::LiveVenueConfig,
        ballast_runtime::live::VenueAssembly,
    ),
    session: ballast_venue::binance::trade::TradeSession,
    journal: Journal,
    hand: Hand,
    folder: PathBuf,
    damage: Vec<String>,
}

fn begin<'a>(
    config: &'a Config,
    folder: &Path,
    full: &Full,
    network: &mut SimNetwork,
) -> Result<Begun<'a>, String> {
    use ballast_wire::Network as _;
    let text = |error: &dyn core::fmt::Display| error.to_string();
    let past = Recovery::if_any(folder).map_err(|error| text(&error))?;
    let (place, epoch) = match &past {
        Some(past) => (past.next().0, past.next_epoch),
        None => Recovery::first(folder).map_err(|error| text(&error))?,
    };
    let live = config.live.as_ref().ok_or("there is no venue")?;
    let asked = live.venue.first().ok_or("there is no venue")?;
    let told =
        vec![facts(network, asked.rest(), asked.market(), &asked.symbols).map_err(|error| text(&error))?];
    let start = network.clock();
    let mut built =
        assemble(config, Path::new(NAME), live, &told, epoch).map_err(|error: JobError| text(&error))?;
    let venue = built.venues.pop().ok_or("there is no venue")?;
    let mut shard = built.shards.pop().ok_or("there is no shard")?;
    let since = past.as_ref().map_or(start, |past| past.asks_since(live.silence_max.span()));
    let traded = Traded {
        market: asked.market(),
        instruments: &venue.instruments,
        assets: &built.assets,
        since,
        clock_offset_max: live.clock_offset_max.span(),
        dead_man: live.dead_man(asked),
    };
    let (key, secret) = TestKeys::of(US).hmac;
    let environment = |name: &str| match name.strip_prefix(KEYS)? {
        "_KEY" => Some(key.clone()),
        "_SECRET" => Some(secret.clone()),
        _ => None,
    };
    let keys = credentials(KEYS, environment).map_err(|error| text(&error))?;
    let mut session = session(&traded, keys).map_err(|error| text(&error))?;
    if let Some(past) = &past {
        remind(&mut session, (0, 0), &built.seats, past);
    }
    let damage = past.as_ref().map_or_else(Vec::new, |past| past.damage.clone());
    shard.past = past;
    let meta = shard.meta.to_bytes();
    let mut helm = Helm::new(built.seats);
    let seed = helm.shard(shard).map_err(|error| text(&error))?;
    let options = Options {
        ring_bytes: RING_BYTES,
        pace: Pace::Live { patience: Span::ZERO },
        at_rest: ballast_runtime::journal::AtRest::AsWritten,
        ..Options::default()
    };
    let disk = Box::new(SimDisk(full.clone()));
    let (journal, hand) = Hand::open(disk, &place, meta, &options).map_err(|error| text(&error))?;
    Ok(Begun { helm, seed, assembled: (live, asked, venue), session, journal, hand, folder: place, damage })
}
