//! Our own replay: core, simulated venue and both their books, on the tape the sessions decoded.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Result, ensure};
use ballast_runtime::config::Config;
use ballast_runtime::job::{Mode as Job, Prepared};
use ballast_runtime::replay::Unobserved;

use super::Mode;
use crate::race::{Contender, Timing};

/// What is done by us alone.
pub(super) const AVELLANEDA: &str = "Avellaneda-Stoikov, every touch";

/// The configurations the tasks need.
#[derive(Debug)]
pub struct Configs {
    quoter: Config,
    avellaneda: Config,
}

/// The market decoded for each configuration.
#[derive(Debug)]
pub struct Ours<'a> {
    quoter: Prepared<'a>,
    avellaneda: Prepared<'a>,
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
        Ok(Self { quoter: read("peer-quoter.toml")?, avellaneda: read("replay.toml")? })
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
        Ok(Self { quoter: prepare(&configs.quoter)?, avellaneda: prepare(&configs.avellaneda)?, repeat })
    }

    /// One contender per task of hftbacktest, and Avellaneda-Stoikov, which has no rival there.
    pub fn contenders(&self) -> Vec<Contender<'_>> {
        let ours = |task, prepared, job| Contender::new(task, "ballast", move || self.play(prepared, job));
        vec![
            ours(Mode::Elapse.task(), &self.quoter, Job::Idle),
            ours(Mode::EveryFeed.task(), &self.quoter, Job::Idle),
            ours(Mode::Quoter.task(), &self.quoter, Job::Quoting),
            ours(AVELLANEDA, &self.avellaneda, Job::Quoting),
        ]
    }

    /// Orders of the Avellaneda-Stoikov task.
    ///
    /// # Errors
    /// Numbers that cannot be used together.
    pub fn avellaneda_orders(&self) -> Result<u64> {
        Ok(self.avellaneda.play(Job::Quoting, self.repeat, &mut Unobserved)?.outcome.orders)
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
            events: played.outcome.level_updates,
            fills: i64::try_from(played.outcome.fills)?,
        })
    }
}
