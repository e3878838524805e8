//! A venue: ETHUSDT behind the protocol of `ballast simulate`, with a crowd that is sparse.

use std::cell::RefCell;
use std::rc::Rc;

use ballast_model::{InstrumentId, Lots, Nanos};
use ballast_simulator::back::ClientId;
use ballast_simulator::binance::{Limits, Market, Venue, VenueConfig};
use ballast_simulator::carrier::Carrier;
use ballast_simulator::faults::{Faults, FaultsFile, Meddled};
use ballast_simulator::keys::TestKeys;
use ballast_simulator::matching::{Flow, MarketKind, MatchingBack, MatchingBackSpec, Speed};

use crate::run::SimError;

/// Whose account is ours.
pub(crate) const US: ClientId = ClientId(0);
/// The only instrument of a venue, by the venue's number. By ours the instruments are numbered as their venues are.
pub(crate) const TRADED: InstrumentId = InstrumentId(0);

/// The protocol over what trades.
pub(crate) type Protocol = Venue<Meddled<MatchingBack>>;
/// It, with its faults and connections.
pub(crate) type Counterpart = Carrier<Protocol>;

/// A venue of a seed, whose time begins at `start`.
///
/// # Errors
/// A market that cannot be.
pub(crate) fn counterpart(
    seed: u64,
    market: Market,
    flow: Flow,
    start: Nanos,
) -> Result<Counterpart, SimError> {
    let file =
        FaultsFile::parse(&format!("seed = {}", seed >> 1)).map_err(|error| SimError(error.to_string()))?;
    let faults = Rc::new(RefCell::new(Faults::new(&file, start).of(market)));
    let kind = match market {
        Market::Spot => MarketKind::Spot,
        Market::UsdM => MarketKind::UsdM,
    };
    let spec = MatchingBackSpec { kind, seed, clients: 1, speed: Speed::Times(1), start, flow };
    let back = MatchingBack::new(&spec).map_err(|error| SimError(format!("market: {error}")))?;
    let config = VenueConfig::new(market, TestKeys::of(US).known().to_vec());
    // Sums over all there was are taken at the end.
    let config = VenueConfig { limits: Limits::of(market), history: usize::MAX, ..config };
    let venue = Venue::new(config, Meddled::new(back, Rc::clone(&faults)));
    Ok(Carrier::new(venue, faults))
}

/// What we hold there: of spot what was bought less what was sold, since the wallet has more in it from the start.
pub(crate) fn held(venue: &Protocol) -> Lots {
    venue.known_position(US, TRADED)
}
