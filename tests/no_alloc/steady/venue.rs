//! The simulated venue, on loopback in a thread of its own.

use std::cell::RefCell;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use ballast_runtime::clock::Clock;
use ballast_simulator::back::ClientId;
use ballast_simulator::binance::{self, Venue, VenueConfig};
use ballast_simulator::faults::{Faults, FaultsFile, Meddled};
use ballast_simulator::keys::TestKeys;
use ballast_simulator::matching::{Flow, MarketKind, MatchingBack, MatchingBackSpec, Speed};
use ballast_simulator::serve::{Address, Market, Pace, ServeSpec, Tls, serve};

/// How often as fast as the clock the crowd trades.
const SPEED: u32 = 4;

/// A market with a crowd.
fn market(name: &'static str, kind: MarketKind, clock: Clock) -> Market {
    let (start, flow) = (clock.now(), Flow::BUSY);
    let spec = MatchingBackSpec { kind, seed: 7, clients: 1, speed: Speed::Times(SPEED), start, flow };
    let back = MatchingBack::new(&spec).unwrap();
    let faults = Rc::new(RefCell::new(Faults::new(&FaultsFile::default(), clock.now())));
    let protocol = match kind {
        MarketKind::Spot => binance::Market::Spot,
        MarketKind::UsdM => binance::Market::UsdM,
    };
    let config = VenueConfig::new(protocol, TestKeys::of(ClientId(0)).known().into());
    let front = Box::new(Venue::new(config, Meddled::new(back, Rc::clone(&faults))));
    Market { name, front, faults, port: 0, tls_port: 0 }
}

/// Serves futures and spot for so long; where. The certificate to trust is written to `authority`, where TLS is to be spoken.
pub(super) fn start(clock: Clock, lasts: Duration, authority: Option<PathBuf>) -> Vec<Address> {
    let (tell, told) = channel();
    thread::spawn(move || {
        let spec = ServeSpec {
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            tls: authority.map_or(Tls::No, |path| Tls::SelfSigned(Some(path))),
            pace: Pace::Clocked,
            stops_after: Some(lasts),
            clock: Rc::new(move || clock.now()),
            on_fault: Rc::new(|_, _| {}),
        };
        let markets = vec![market("usdm", MarketKind::UsdM, clock), market("spot", MarketKind::Spot, clock)];
        serve(&spec, markets, |addresses| tell.send(addresses.to_vec()).unwrap()).unwrap();
    });
    told.recv().unwrap()
}
