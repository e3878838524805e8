//! The venue: USD-M futures in ETHUSDT behind the protocol of `ballast simulate`, with a crowd that is sparse.

use std::cell::RefCell;
use std::rc::Rc;

use ballast_model::{InstrumentId, Nanos};
use ballast_simulator::back::ClientId;
use ballast_simulator::binance::{Limits, Market, Venue, VenueConfig};
use ballast_simulator::carrier::Carrier;
use ballast_simulator::faults::{Faults, FaultsFile, Meddled};
use ballast_simulator::keys::TestKeys;
use ballast_simulator::matching::{Flow, MarketKind, MatchingBack, MatchingBackSpec, Speed};

use crate::run::SimError;

/// Whose account is ours.
pub(crate) const US: ClientId = ClientId(0);
/// The only instrument, by the venue's number and by ours.
pub(crate) const INSTRUMENT: InstrumentId = InstrumentId(0);

/// The protocol over what trades.
pub(crate) type Protocol = Venue<Meddled<MatchingBack>>;
/// It, with its faults and connections.
pub(crate) type Counterpart = Carrier<Protocol>;

/// The venue of a seed, whose time begins at `start`, with these rules of what goes wrong.
///
/// # Errors
/// Rules that cannot be read, or a market that cannot be.
pub(crate) fn counterpart(seed: u64, flow: Flow, rules: &str, start: Nanos) -> Result<Counterpart, SimError> {
    let file = FaultsFile::parse(rules).map_err(|error| SimError(format!("faults: {error}")))?;
    let faults = Rc::new(RefCell::new(Faults::new(&file, start)));
    let (kind, speed) = (MarketKind::UsdM, Speed::Times(1));
    let spec = MatchingBackSpec { kind, seed, clients: 1, speed, start, flow };
    let back = MatchingBack::new(&spec).map_err(|error| SimError(format!("market: {error}")))?;
    let config = VenueConfig::new(Market::UsdM, TestKeys::of(US).known().to_vec());
    // Sums over all there was are taken at the end.
    let config = VenueConfig { limits: Limits::of(Market::UsdM), history: usize::MAX, ..config };
    let venue = Venue::new(config, Meddled::new(back, Rc::clone(&faults)));
    Ok(Carrier::new(venue, faults))
}
