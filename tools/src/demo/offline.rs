//! `ballast demo --offline`: a market that is made beforehand, replayed or traded with a crowd, without a socket.

use ballast_exchange::synth::SynthSpec;
use ballast_model::Span;
use ballast_runtime::capture::{Source, SurveyedFile};
use ballast_runtime::clock::Stopwatch;
use ballast_runtime::config::Config;
use ballast_runtime::job::{JobError, Mode, Prepared};
use ballast_runtime::journal::vacant;
use std::path::Path;

use super::{CONFIG, CONFIG_NAME, matching};
use crate::cli::{DemoArgs, DemoVenue};
use crate::exit::Code;
use crate::output;
use crate::replay::{Plan, finish};
use crate::synthetic;

/// Makes a market, replays it and writes the report.
///
/// # Errors
/// A report that cannot be written.
pub(super) fn run(arguments: &DemoArgs) -> anyhow::Result<Code> {
    let watch = Stopwatch::start();
    arguments.journal.as_deref().map_or(Ok(()), vacant)?;
    let config = Config::parse(CONFIG, Path::new(CONFIG_NAME)).map_err(JobError::from)?;
    if arguments.venue == DemoVenue::Matching {
        return matching::run(arguments, &config, watch);
    }
    let spec = SynthSpec {
        duration: Span::from_secs(60 * i64::from(arguments.minutes)),
        ..SynthSpec::eth_perpetual(arguments.seed)
    };
    let name = format!("synthetic {} seed {}", spec.symbol, arguments.seed);
    output::tell(&format!("making {} min of {name}", arguments.minutes));
    let source = Source::in_memory(&name, synthetic::capture(&spec)?);
    let files = [SurveyedFile::new(source).map_err(JobError::from)?];
    let prepared = Prepared::from_surveyed(&config, Path::new(CONFIG_NAME), &files, |_| {})?;
    let plan = Plan {
        title: "Demonstration",
        config: &config,
        config_name: CONFIG_NAME.to_owned(),
        captures: vec![name],
        mode: Mode::Quoting,
        repeat: 1,
        out: Some(&arguments.out),
        journal: arguments.journal.as_deref(),
        json: arguments.json,
    };
    finish(&plan, &prepared, watch)
}
