//! A simulated venue on sockets of this host, in a thread of its own, and the engine as it would run at a real one: with orders, keys
//! and a journal.
//!
//! Never here: a way to a real venue, a key that protects anything.

use anyhow::Context as _;
use ballast_model::Span;
use ballast_runtime::clock::Stopwatch;
use ballast_runtime::config::Config;
use ballast_runtime::job::JobError;
use ballast_runtime::journal::vacant;
use ballast_simulator::matching::{MarketKind, Speed};
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::channel;

use crate::cli::{DemoArgs, RunArgs, SimulateArgs};
use crate::exit::Code;
use crate::folder::Folder;
use crate::replay::name_of;
use crate::run::{Job, Keeps, Words};
use crate::simulate::{Held, MARKETS, hold};

/// What the configuration calls the keys.
const KEYS: &str = "DEMO";
/// The configuration, but for where the venue is.
const CONFIG: &str = include_str!("../../../config/loopback.toml");
const CONFIG_NAME: &str = "loopback.toml";

/// Trades at a venue of its own and writes the report.
///
/// # Errors
/// A capture that cannot be used, a journal or report that cannot be written.
pub(super) fn run(arguments: &DemoArgs) -> anyhow::Result<Code> {
    arguments.journal.as_deref().map_or(Ok(()), vacant)?;
    let venue = venue(arguments)?;
    let config = Config::parse(&venue.config, Path::new(CONFIG_NAME)).map_err(JobError::from)?;
    let live = config.live.as_ref().context("the demonstration has no venue")?;
    let folder = Folder::new(arguments.journal.as_deref(), "demo");
    vacant(folder.path())?;
    let run = RunArgs {
        config: CONFIG_NAME.into(),
        journal: folder.path().to_owned(),
        resume: false,
        duration: Some(arguments.lasts),
        out: Some(arguments.out.clone()),
        tap: None,
        live: true,
        plain: arguments.plain,
        json: arguments.json,
    };
    let [key, secret] = &venue.keys;
    let environment = |name: &str| match name.strip_prefix(KEYS)? {
        "_KEY" => Some(key.clone()),
        "_SECRET" => Some(secret.clone()),
        _ => None,
    };
    let words = Words {
        title: "Demonstration",
        command: "demo",
        fills: "those of a simulated venue, over sockets of this host",
        markets: vec![market(arguments)],
        journal: if folder.is_kept() { Keeps::Journal } else { Keeps::Nothing },
    };
    let place = (folder.path().to_owned(), 1);
    let (arguments, began) = (&run, Stopwatch::start());
    Job { words, config: &config, live, arguments, environment: &environment, place, heart: None, began }
        .go(None)
}

/// What is traded, in words.
fn market(arguments: &DemoArgs) -> String {
    if arguments.capture.is_empty() {
        return format!("simulated venue, crowd of seed {}", arguments.seed);
    }
    let names: Vec<_> = arguments.capture.iter().map(|path| name_of(path)).collect();
    format!("simulated venue, {}", names.join(", "))
}

/// A venue that is there until the program ends.
struct Venue {
    /// What is configured to trade there.
    config: String,
    /// Name and secret of the key.
    keys: [String; 2],
}

/// Opens a venue on ports that are free.
fn venue(arguments: &DemoArgs) -> anyhow::Result<Venue> {
    let simulated = SimulateArgs {
        capture: arguments.capture.clone(),
        synthetic: arguments.capture.is_empty(),
        seed: arguments.seed,
        speed: Speed::Times(arguments.rate),
        latency: Span::ZERO,
        faults: None,
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        port: 0,
        tls: false,
        ca: None,
        clients: 1,
        lasts: None,
        json: false,
    };
    let (tell, told) = channel();
    let serving = std::thread::Builder::new().name("simulator".to_owned()).spawn(move || {
        // A crowd trades on futures only: nobody looks at another.
        let kinds = if simulated.capture.is_empty() { &[MarketKind::UsdM][..] } else { &MARKETS };
        hold(&simulated, kinds, &AtomicBool::new(false), |held| drop(tell.send(of(&held))))
    })?;
    if let Ok(venue) = told.recv() {
        return Ok(venue);
    }
    let ended = serving.join().ok().context("the simulated venue panicked")?;
    ended?;
    anyhow::bail!("the simulated venue has no market")
}

/// The configuration for what is served.
fn of(held: &Held<'_>) -> Venue {
    let mut config = CONFIG.to_owned();
    config.push_str("\n[live]\nmode = \"live\"\n");
    for (address, symbols) in held.addresses.iter().zip(held.symbols) {
        let api = if address.name == "spot" { "/ws-api/v3" } else { "/ws-fapi/v1" };
        let (name, at) = (address.name, address.plain);
        // Writing to a string does not fail.
        let _ = write!(
            config,
            "[[live.venue]]\nmarket = \"{name}\"\nsymbols = {symbols:?}\nstream = \"ws://{at}\"\nrest = \"http://{at}\"\n\
            api = \"ws://{at}{api}\"\ncredentials = \"{KEYS}\"\n"
        );
    }
    let hmac = held.keys.first().map(|keys| keys.hmac.clone()).unwrap_or_default();
    Venue { config, keys: hmac.into() }
}
