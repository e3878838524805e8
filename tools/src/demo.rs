//! `ballast demo`: the engine at a simulated venue of its own, over sockets of this host that nobody else sees; or without any.

mod loopback;
mod matching;
mod offline;

use crate::cli::DemoArgs;
use crate::exit::Code;

/// The configuration of the demonstration without sockets.
const CONFIG: &str = include_str!("../../config/demo.toml");
const CONFIG_NAME: &str = "demo.toml";

/// Runs the demonstration and writes its report.
///
/// # Errors
/// Data that cannot be used, a journal or report that cannot be written.
pub(crate) fn run(arguments: &DemoArgs) -> anyhow::Result<Code> {
    if arguments.offline { offline::run(arguments) } else { loopback::run(arguments) }
}
