//! `ballast latency`: tick to trade on the user's own host.

mod told;

use anyhow::Context as _;
use ballast_exchange::synth::SynthSpec;
use ballast_model::Span;
use ballast_runtime::capture::{LoadError, Source};
use ballast_runtime::config::{Config, WaitConfig};
use ballast_runtime::host::doctor::{Tried, examine};
use ballast_runtime::host::{Tree, cores};
use ballast_runtime::job::JobError;
use ballast_runtime::latency::{
    Alone, Crossing, Figures, Frames, Kind, Measure, Over, Pace, Rig, Secured, Until,
};
use ballast_runtime::live::AccountError;
use ballast_simulator::back::ClientId;
use ballast_simulator::keys::TestKeys;
use ballast_simulator::serve::identity;
use ballast_venue::signing::Credentials;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;

use self::told::{Run, Whole};
use crate::cli::{LatencyArgs, OverArg};
use crate::exit::Code;
use crate::folder::Folder;
use crate::output::{self, Form};
use crate::synthetic;

const CONFIG: &str = include_str!("../../config/latency.toml");
/// Longest synthetic market, in seconds.
const SYNTHETIC_MAX: i64 = 14_400;
/// A synthetic market's time before its snapshot, and more than enough.
const LEAD: i64 = 2;
/// Frames of the run on one thread.
const ALONE: usize = 20_000;
/// Seed of the synthetic market.
const SEED: u64 = 7;

/// Measures, and prints what was found. A run that counts for nothing is a mismatch.
///
/// # Errors
/// A configuration or a capture that cannot be used; a journal that cannot be written.
pub(crate) fn run(arguments: &LatencyArgs) -> anyhow::Result<Code> {
    let cores = cores();
    let config = config(arguments, &cores)?;
    let folder = Folder::new(arguments.keep.as_deref(), "latency");
    std::fs::create_dir_all(folder.path()).with_context(|| folder.path().display().to_string())?;
    let (name, frames) = frames(arguments, &folder)?;
    let over = over(arguments, &folder)?;
    let rig = Rig { config, frames: Arc::new(frames), cores, over, credentials: Box::new(key) };
    let plan = rig.plan();
    output::tell("measuring the host, then each part alone");
    let crossing = Crossing::measure(&plan)?;
    let alone = one(&rig, Pace::Alone(ALONE), &folder.path().join("alone"))?;
    let alone = Alone::of(&alone, crossing.stamp);
    let runs = runs(arguments, &rig, &folder)?;
    let findings = examine(&Tree::host(), &Tried::on(folder.path()), Some(&rig.config.threads));
    let mut obtained: Vec<_> = plan.told().to_vec();
    obtained.extend(crossing.obtained.iter().cloned());
    let whole = Whole {
        name,
        until: until(arguments),
        over: rig.over.clone(),
        cores: rig.cores.len(),
        crossing,
        alone,
        runs,
        findings,
        obtained,
    };
    output::text(&whole.text(), Form::asked(arguments.json))?;
    if arguments.json {
        output::json(&whole.object())?;
    }
    Ok(if whole.invalid().is_empty() { Code::Done } else { Code::Mismatch })
}

/// Every run: at each rate of the whole market, and of the market without best prices.
fn runs(arguments: &LatencyArgs, whole: &Rig, folder: &Folder) -> anyhow::Result<Vec<Run>> {
    let of = |frames: Frames| -> anyhow::Result<Rig> {
        Ok(Rig {
            frames: Arc::new(if arguments.ticks.is_some() { frames.looped()? } else { frames }),
            config: whole.config.clone(),
            cores: whole.cores.clone(),
            over: whole.over.clone(),
            credentials: Box::new(key),
        })
    };
    let (ticker, depth) = (of(Frames::clone(&whole.frames))?, of(whole.frames.without_tickers())?);
    let mut runs = Vec::new();
    for rate in &arguments.rate {
        for (kind, rig) in [(Kind::Ticker, &ticker), (Kind::Depth, &depth)] {
            let name = told::word(kind);
            for run in 1..=arguments.runs {
                let until = until(arguments);
                let long = told::long(until);
                output::tell(&format!("{name}, run {run} of {} at x{rate}: {long}", arguments.runs));
                let pace = Pace::Scheduled { rate: *rate, until };
                let journal = folder.path().join(format!("{}-x{rate}-{run}", name.replace(' ', "-")));
                runs.push(Run { kind, rate: *rate, run, figures: one(rig, pace, &journal)? });
            }
        }
    }
    Ok(runs)
}

fn one(rig: &Rig, pace: Pace, folder: &Path) -> anyhow::Result<Figures> {
    Ok(rig.run(&Measure { pace, folder })?.figures())
}

fn until(arguments: &LatencyArgs) -> Until {
    let seconds = Until::Elapsed(Span::from_secs(i64::from(arguments.seconds)));
    arguments.ticks.map_or(seconds, Until::Ticks)
}

/// What lies between; a certificate lies among the journals.
fn over(arguments: &LatencyArgs, folder: &Folder) -> anyhow::Result<Over> {
    Ok(match arguments.over {
        OverArg::Process => Over::Process,
        OverArg::Plain => Over::Plain,
        OverArg::Tls => {
            let authority = folder.path().join("authority.pem");
            let server = identity(IpAddr::V4(Ipv4Addr::LOCALHOST), Some(&authority))?;
            Over::Tls(Secured { server, authority })
        }
    })
}

/// The quoter; where nothing else is said its threads spin, each on a core of its own where there are as many: the venue's and the
/// shard's, and over sockets one more, which the host places.
fn config(arguments: &LatencyArgs, cores: &[usize]) -> anyhow::Result<Config> {
    if let Some(path) = &arguments.config {
        return Ok(Config::load(path).map_err(JobError::from)?);
    }
    let mut config = Config::parse(CONFIG, Path::new("latency.toml")).map_err(JobError::from)?;
    let threads = if arguments.over == OverArg::Process { 2 } else { 3 };
    if let [venue, shard, ..] = cores
        && cores.len() >= threads
    {
        config.threads.wait = WaitConfig::Spin;
        config.threads.venue_cores.usdm = u16::try_from(*venue).ok();
        config.threads.shard_cores = u16::try_from(*shard).into_iter().collect();
    }
    Ok(config)
}

/// The key of nobody: what is signed with it goes nowhere.
fn key() -> Result<Credentials, AccountError> {
    let (name, pem) = TestKeys::of(ClientId(0)).ed25519;
    Credentials::ed25519(&name, &pem).map_err(|error| AccountError::Key { name, error })
}

/// The market, and what it is called.
fn frames(arguments: &LatencyArgs, folder: &Folder) -> anyhow::Result<(String, Frames)> {
    let (name, source) = if let Some(path) = &arguments.data {
        let source = Source::open(path);
        let unreadable = |error| JobError::from(LoadError::Unreadable { path: path.clone(), error });
        let source = source.map_err(unreadable)?;
        (source.name(), source)
    } else {
        let fastest = arguments.rate.iter().copied().max().unwrap_or(1);
        let seconds = i64::from(arguments.seconds).saturating_mul(i64::from(fastest)) + LEAD;
        let seconds = seconds.min(SYNTHETIC_MAX);
        output::tell(&format!("making {seconds} s of a synthetic market"));
        let spec = SynthSpec { duration: Span::from_secs(seconds), ..SynthSpec::eth_perpetual(SEED) };
        let text = synthetic::capture(&spec)?;
        if folder.is_kept() {
            let path = folder.path().join("market.txt");
            std::fs::write(&path, &text).with_context(|| path.display().to_string())?;
        }
        (format!("synthetic ETHUSDT seed {SEED}"), Source::in_memory("synthetic", text))
    };
    Ok((name, Frames::read(source)?))
}
