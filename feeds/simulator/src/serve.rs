//! The server: carries the bytes between clients on a network and the protocols of simulated venues.
//!
//! One thread. Each market has a listener of its own, and one for TLS where that is asked for; HTTP with keep-alive and WebSocket
//! upgrades on both. Below `/simulator/` every listener answers for the simulator itself: see `admin`.
//!
//! Never here: a rule of a venue.

mod admin;
mod frames;
mod http;
mod hub;
mod socket;
mod tls;

use std::cell::RefCell;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ballast_model::Nanos;
use tokio::net::TcpListener;
use tokio::task::LocalSet;

use self::hub::Hub;
pub use self::tls::identity;
pub use crate::carrier::Carried;
use crate::faults::{Faults, Fired};
use crate::seam::Front;

/// Reads the venue's clock.
pub type Clock = Rc<dyn Fn() -> Nanos>;

/// Hears of every fault that fires: of which market, and what.
pub type OnFault = Rc<dyn Fn(&str, &Fired)>;

/// How a market's time goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// By the clock.
    Clocked,
    /// As fast as the slowest WebSocket reads; while there is none, it stands still.
    FlatOut,
}

/// One market to be served.
pub struct Market {
    /// What it is called: `spot`, `usdm`.
    pub name: &'static str,
    /// Its protocol.
    pub front: Box<dyn Front>,
    /// What goes wrong.
    pub faults: Rc<RefCell<Faults>>,
    /// Its port; zero for any that is free.
    pub port: u16,
    /// That of its TLS listener, likewise.
    pub tls_port: u16,
}

impl std::fmt::Debug for Market {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Market").field("name", &self.name).field("port", &self.port).finish_non_exhaustive()
    }
}

/// How often the server looks whether it is to stop.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Whether there are TLS listeners too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    /// No.
    No,
    /// With a certificate that is made at the start and signed by an authority made for it, whose certificate is written (PEM) to
    /// this file where one is named.
    SelfSigned(Option<PathBuf>),
}

/// How markets are served.
#[derive(Clone)]
pub struct ServeSpec {
    /// Where to listen.
    pub address: IpAddr,
    /// TLS.
    pub tls: Tls,
    /// How time goes.
    pub pace: Pace,
    /// After how long to stop; `None` for never.
    pub stops_after: Option<Duration>,
    /// The venue's clock, which never falls.
    pub clock: Clock,
    /// Hears of faults.
    pub on_fault: OnFault,
}

impl std::fmt::Debug for ServeSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServeSpec").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Where a market is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// Its name.
    pub name: &'static str,
    /// Plain.
    pub plain: SocketAddr,
    /// TLS.
    pub tls: Option<SocketAddr>,
}

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The runtime did not start.
    #[error("the server does not start: {0}")]
    Start(std::io::Error),
    /// A port cannot be had.
    #[error("cannot listen at {address} for {market}: {error}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// For which market.
        market: &'static str,
        /// Why.
        error: std::io::Error,
    },
    /// No certificate could be made.
    #[error("the certificate: {0}")]
    Certificate(String),
    /// The authority's certificate cannot be written.
    #[error("cannot write {}: {error}", path.display())]
    Authority {
        /// Where.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
}

/// Serves markets until its time is up, and says where when all listen. Returns what was carried for each.
///
/// # Errors
/// [`ServeError`], before anything is served.
pub fn serve(
    spec: &ServeSpec,
    markets: Vec<Market>,
    ready: impl FnOnce(&[Address]),
) -> Result<Vec<Carried>, ServeError> {
    serve_until(spec, markets, &AtomicBool::new(false), ready)
}

/// As [`serve`], and no longer than until `stop` is set.
///
/// # Errors
/// [`ServeError`], before anything is served.
pub fn serve_until(
    spec: &ServeSpec,
    markets: Vec<Market>,
    stop: &AtomicBool,
    ready: impl FnOnce(&[Address]),
) -> Result<Vec<Carried>, ServeError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(ServeError::Start)?;
    LocalSet::new().block_on(&runtime, async {
        let acceptor = match &spec.tls {
            Tls::No => None,
            Tls::SelfSigned(path) => Some(tls::acceptor(spec.address, path.as_deref())?),
        };
        let (mut addresses, mut hubs) = (Vec::new(), Vec::new());
        for market in markets {
            let plain = listen(spec.address, market.port, market.name).await?;
            let secure = match &acceptor {
                Some(_) => Some(listen(spec.address, market.tls_port, market.name).await?),
                None => None,
            };
            let tls = secure.as_ref().map(TcpListener::local_addr).transpose().map_err(ServeError::Start)?;
            let name = market.name;
            addresses.push(Address { name, plain: plain.local_addr().map_err(ServeError::Start)?, tls });
            let hub = Hub::new(market, spec);
            tokio::task::spawn_local(http::accept(plain, None, hub.clone()));
            if let Some(listener) = secure {
                tokio::task::spawn_local(http::accept(listener, acceptor.clone(), hub.clone()));
            }
            tokio::task::spawn_local(hub.clone().drive());
            hubs.push(hub);
        }
        ready(&addresses);
        let end = spec.stops_after.map(|span| tokio::time::Instant::now() + span);
        while !stop.load(Ordering::Relaxed) {
            let look = tokio::time::Instant::now() + LOOK_EVERY;
            tokio::time::sleep_until(end.map_or(look, |end| end.min(look))).await;
            if end.is_some_and(|end| end <= tokio::time::Instant::now()) {
                break;
            }
        }
        Ok(hubs.iter().map(Hub::carried).collect())
    })
}

async fn listen(address: IpAddr, port: u16, market: &'static str) -> Result<TcpListener, ServeError> {
    let address = SocketAddr::new(address, port);
    TcpListener::bind(address).await.map_err(|error| ServeError::Listen { address, market, error })
}
