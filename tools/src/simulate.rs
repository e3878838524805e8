//! `ballast simulate`: a venue on sockets of this host, for exchange clients to connect to.
//!
//! Never here: a way to a real venue, a key that protects anything.

mod ledger;
mod record;
mod tape;

use ballast_model::{Nanos, Span};
use ballast_runtime::capture::survey_files;
use ballast_runtime::clock::Clock;
use ballast_runtime::job::JobError;
use ballast_simulator::back::{Back, ClientId};
use ballast_simulator::binance::{self, Venue, VenueConfig};
use ballast_simulator::faults::{Faults, FaultsFile, Meddled};
use ballast_simulator::keys::TestKeys;
use ballast_simulator::matching::{Flow, MarketKind, MatchingBack, MatchingBackSpec, Speed};
use ballast_simulator::serve::{Address, Carried, Market, Pace, ServeSpec, Tls, serve_until};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::AtomicBool;

use self::tape::TapeSpec;
use crate::cli::SimulateArgs;
use crate::exit::Code;
use crate::output;
use crate::run::stop_flag;

/// Serves until it is stopped or its time is up.
///
/// # Errors
/// As [`hold`].
pub(crate) fn run(arguments: &SimulateArgs) -> anyhow::Result<Code> {
    let stop = stop_flag()?;
    let carried = hold(arguments, &MARKETS, &stop, |held| announce(arguments, &held))?;
    carried.iter().for_each(|(name, carried)| output::tell(&summary(name, carried)));
    Ok(Code::Done)
}

/// What clients connect to.
pub(crate) struct Held<'a> {
    /// Where.
    pub(crate) addresses: &'a [Address],
    /// What is traded, by market.
    pub(crate) symbols: &'a [Vec<String>],
    /// What they sign with.
    pub(crate) keys: &'a [TestKeys],
}

/// Serves markets of these kinds, with a crowd or as they were recorded, until its time is up or `stop` is set; says when clients
/// can connect. What was carried for each.
///
/// # Errors
/// Faults that cannot be read, data that cannot be used, ports that cannot be had.
pub(crate) fn hold(
    arguments: &SimulateArgs,
    kinds: &[MarketKind],
    stop: &AtomicBool,
    ready: impl FnOnce(Held<'_>),
) -> anyhow::Result<Vec<(&'static str, Carried)>> {
    let faults = match &arguments.faults {
        None => FaultsFile::default(),
        Some(path) => {
            let place = || path.display().to_string();
            let text =
                std::fs::read_to_string(path).map_err(|error| anyhow::anyhow!("{}: {error}", place()))?;
            FaultsFile::parse(&text).map_err(|error| anyhow::anyhow!("{}: {error}", place()))?
        }
    };
    let clock = Clock::start(Nanos::MIN);
    let keys: Vec<_> = (0..arguments.clients).map(|nth| TestKeys::of(ClientId(nth))).collect();
    let markets = if arguments.capture.is_empty() {
        synthetic(arguments, kinds, &clock, &keys, &faults)?
    } else {
        recorded(arguments, kinds, &clock, &keys, &faults)?
    };
    let (markets, symbols): (Vec<_>, Vec<_>) = markets.into_iter().unzip();
    for market in &markets {
        let fits = faults.fits(&*market.front);
        let path = arguments.faults.clone().unwrap_or_default();
        fits.map_err(|error| anyhow::anyhow!("{}: {}: {error}", path.display(), market.name))?;
    }
    let names: Vec<_> = markets.iter().map(|market| market.name).collect();
    let spec = ServeSpec {
        address: arguments.address,
        tls: if arguments.tls { Tls::SelfSigned(arguments.ca.clone()) } else { Tls::No },
        pace: if arguments.speed == Speed::Max { Pace::FlatOut } else { Pace::Clocked },
        stops_after: arguments.lasts.map(Span::duration),
        clock: Rc::new(move || clock.now()),
        on_fault: Rc::new(|market, fired| {
            output::tell(&format!("fault: {} on {} of {market}", fired.name, fired.channel.name()));
        }),
    };
    let ready = |addresses: &[Address]| ready(Held { addresses, symbols: &symbols, keys: &keys });
    Ok(names.iter().copied().zip(serve_until(&spec, markets, stop, ready)?).collect())
}

/// The markets there are.
pub(crate) const MARKETS: [MarketKind; 2] = [MarketKind::Spot, MarketKind::UsdM];

const fn name(kind: MarketKind) -> &'static str {
    match kind {
        MarketKind::Spot => "spot",
        MarketKind::UsdM => "usdm",
    }
}

/// A market and the names of what is traded there.
type Traded = (Market, Vec<String>);

/// Markets with a crowd.
fn synthetic(
    arguments: &SimulateArgs,
    kinds: &[MarketKind],
    clock: &Clock,
    keys: &[TestKeys],
    faults: &FaultsFile,
) -> anyhow::Result<Vec<Traded>> {
    let one = |(nth, kind): (u16, MarketKind)| {
        let SimulateArgs { seed, clients, speed, .. } = *arguments;
        let (start, flow) = (clock.now(), Flow::BUSY);
        let back = MatchingBack::new(&MatchingBackSpec { kind, seed, clients, speed, start, flow })?;
        Ok(market(arguments, nth, kind, back, keys, Faults::new(faults, clock.now())))
    };
    (0..).zip(kinds.iter().copied()).map(one).collect()
}

/// The markets that captures are of.
fn recorded(
    arguments: &SimulateArgs,
    kinds: &[MarketKind],
    clock: &Clock,
    keys: &[TestKeys],
    faults: &FaultsFile,
) -> anyhow::Result<Vec<Traded>> {
    let SimulateArgs { clients, speed, latency, .. } = *arguments;
    let mut markets = Vec::new();
    for kind in kinds.iter().copied() {
        let files = survey_files(&arguments.capture).map_err(JobError::from)?;
        let spec = TapeSpec { clients, speed, latency, start: clock.now() };
        if let Some(back) = tape::market(files, kind, &spec)? {
            let faults = Faults::new(faults, clock.now());
            let nth = u16::try_from(markets.len()).unwrap_or_default();
            markets.push(market(arguments, nth, kind, back, keys, faults));
        }
    }
    Ok(markets)
}

/// The protocol of a market over what trades behind it.
fn market(
    arguments: &SimulateArgs,
    nth: u16,
    kind: MarketKind,
    back: impl Back + 'static,
    keys: &[TestKeys],
    faults: Faults,
) -> Traded {
    let symbols = back.symbols().iter().map(|symbol| symbol.name.clone()).collect();
    let which = match kind {
        MarketKind::Spot => binance::Market::Spot,
        MarketKind::UsdM => binance::Market::UsdM,
    };
    let faults = Rc::new(RefCell::new(faults.of(which)));
    let config = VenueConfig::new(which, keys.iter().flat_map(TestKeys::known).collect());
    let front = Venue::new(config, Meddled::new(back, Rc::clone(&faults)));
    let port = |after: u16| if arguments.port == 0 { 0 } else { arguments.port.saturating_add(after) };
    let market = Market {
        name: name(kind),
        front: Box::new(front),
        faults,
        port: port(2 * nth),
        tls_port: port(2 * nth + 1),
    };
    (market, symbols)
}

/// Tells where clients connect and what they sign with. Where nobody listens to that, there is nobody to tell.
fn announce(arguments: &SimulateArgs, held: &Held<'_>) {
    let Held { addresses, keys, .. } = *held;
    if arguments.json {
        let _ = output::json(&object(addresses, keys));
        return;
    }
    let mut lines: Vec<_> = addresses.iter().map(line).collect();
    lines.extend(keys.iter().map(|keys| {
        let client = keys.client.0;
        format!("client {client}: key {} secret {}", keys.hmac.0, keys.hmac.1)
    }));
    lines.push("the keys are public and protect nothing; --json tells the Ed25519 ones too\n".to_owned());
    let _ = output::text(&lines.join("\n"), output::Form::Text);
}

fn line(address: &Address) -> String {
    let secure = address.tls.map(|tls| format!(", https://{tls} wss://{tls}")).unwrap_or_default();
    format!("{}: http://{plain} ws://{plain}{secure}", address.name, plain = address.plain)
}

fn object(addresses: &[Address], keys: &[TestKeys]) -> Value {
    let market = |address: &Address| {
        let url = |scheme: &str, at| format!("{scheme}://{at}");
        json!({
            "market": address.name,
            "http": url("http", address.plain),
            "ws": url("ws", address.plain),
            "https": address.tls.map(|tls| url("https", tls)),
            "wss": address.tls.map(|tls| url("wss", tls)),
        })
    };
    let key = |keys: &TestKeys| {
        json!({
            "client": keys.client.0,
            "hmac": { "key": keys.hmac.0, "secret": keys.hmac.1 },
            "ed25519": { "key": keys.ed25519.0, "private_key": keys.ed25519.1 },
        })
    };
    json!({
        "markets": addresses.iter().map(market).collect::<Vec<_>>(),
        "keys": keys.iter().map(key).collect::<Vec<_>>(),
    })
}

fn summary(name: &str, carried: &Carried) -> String {
    format!(
        "{name}: {} requests, {} sockets, {} texts in, {} frames out ({} bytes), {} too slow",
        carried.requests,
        carried.sockets,
        carried.texts_in,
        carried.frames_out,
        carried.bytes_out,
        carried.too_slow
    )
}
