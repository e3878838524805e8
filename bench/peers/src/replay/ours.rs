//! Our own replay: core, simulated venue and both their books, on the tape the sessions decoded.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Result, ensure};
use ballast_runtime::config::Config;
use ballast_runtime::job::{Mode as Job, Prepared};
use ballast_runtime::replay::Unobserved;

use super::Mode;
use crate::race::{Contender, Timing};

/// What is done by us alone: the project's own configuration. It asks at every change of the touch; within its price
/// tolerance and order rate a quote keeps its place.
const AVELLANEDA: &str = "AS, every touch, as configured";

/// The same with neither tolerance nor order rate in the way: a quote moves whenever the model moves it by a tick.
const AVELLANEDA_EXACT: &str = "AS, every touch, exact";

/// More orders than any tape can ask for.
const ORDERS_UNLIMITED: u32 = 1_000_000;

/// The configurations the tasks need.
#[derive(Debug)]
pub struct Configs {
    quoter: Config,
    avellaneda: Config,
    avellaneda_exact: Config,
}

/// The market decoded for each configuration.
#[derive(Debug)]
pub struct Ours<'a> {
    quoter: Prepared<'a>,
    avellaneda: Prepared<'a>,
    avellaneda_exact: Prepared<'a>,
    repeat: u32,
}

impl Configs {
    /// Reads them from the project's `config` folder.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn load() -> Result<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config");
        let read = |name: &str| Config::load(&folder.join(name));
        let (quoter, avellaneda) = (read("peer-quoter.toml")?, read("replay.toml")?);
        let mut avellaneda_exact = avellaneda.clone();
        let quoting = &mut avellaneda_exact.quoting;
        (quoting.price_tolerance_ticks, quoting.size_tolerance) = (0, 0.0);
        (quoting.limits.order_burst, quoting.limits.orders_per_second) = (ORDERS_UNLIMITED, ORDERS_UNLIMITED);
        Ok(Self { quoter, avellaneda, avellaneda_exact })
    }
}

impl<'a> Ours<'a> {
    /// Decodes the capture.
    ///
    /// # Errors
    /// A capture that cannot be read.
    pub fn load(configs: &'a Configs, capture: &Path, repeat: u32) -> Result<Self> {
        let files = [PathBuf::from(capture)];
        let prepare = |config| Prepared::from_files(config, Path::new("config"), &files, |_| {});
        Ok(Self {
            quoter: prepare(&configs.quoter)?,
            avellaneda: prepare(&configs.avellaneda)?,
            avellaneda_exact: prepare(&configs.avellaneda_exact)?,
            repeat,
        })
    }

    /// One contender per task of hftbacktest, and Avellaneda-Stoikov, which has no rival there.
    pub fn contenders(&self) -> Vec<Contender<'_>> {
        let ours = |task, prepared, job| Contender::new(task, "ballast", move || self.play(prepared, job));
        vec![
            ours(Mode::Elapse.task(), &self.quoter, Job::Idle),
            ours(Mode::EveryFeed.task(), &self.quoter, Job::Idle),
            ours(Mode::Quoter.task(), &self.quoter, Job::Quoting),
            ours(AVELLANEDA, &self.avellaneda, Job::Quoting),
            ours(AVELLANEDA_EXACT, &self.avellaneda_exact, Job::Quoting),
        ]
    }

    /// One run; building core and venue is part of it.
    fn play(&self, prepared: &Prepared<'_>, job: Job) -> Result<Timing> {
        let begin = Instant::now();
        let played = prepared.play(job, self.repeat, &mut Unobserved)?;
        let seconds = begin.elapsed().as_secs_f64();
        ensure!((played.outcome.orders > 0) == (job == Job::Quoting), "orders come from quoting alone");
        Ok(Timing {
            seconds,
            level_updates: played.outcome.level_updates,
            events: played.outcome.messages,
            orders: played.outcome.orders,
            fills: i64::try_from(played.outcome.fills)?,
        })
    }
}
