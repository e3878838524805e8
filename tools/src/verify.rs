//! `ballast verify`.

use ballast_runtime::clock::Stopwatch;
use ballast_runtime::journal::verify;
use serde_json::json;

use crate::cli::JournalArgs;
use crate::exit::Code;
use crate::output::{self, Form, counted};

/// Decides again and compares.
///
/// # Errors
/// A journal that is damaged or cannot be read.
pub(crate) fn run(arguments: &JournalArgs) -> anyhow::Result<Code> {
    let watch = Stopwatch::start();
    let done = verify(&arguments.folder)?;
    if let Some(notice) = &done.notice {
        output::tell(notice);
    }
    if let Some(warning) = done.walked.warning() {
        output::tell(&warning);
    }
    let verdict =
        done.difference.map_or_else(|| "identical".to_owned(), |found| format!("different: {found}"));
    let text = format!(
        "{}: {}, {} and {} compared in {:.2} s: {verdict}\n",
        counted(done.records, "record"),
        counted(done.inputs, "input"),
        counted(done.commands, "command"),
        counted(done.checkpoints, "checkpoint"),
        watch.elapsed().as_secs_f64()
    );
    output::text(&text, Form::asked(arguments.json))?;
    if arguments.json {
        output::json(&json!({
            "records": done.records,
            "inputs": done.inputs,
            "commands": done.commands,
            "checkpoints": done.checkpoints,
            "state_hash": format!("{:016x}", done.state_hash),
            "identical": done.difference.is_none(),
            "difference": done.difference.map(|found| found.to_string()),
            "finished": done.walked.finished(),
            "as_it_stands": done.notice.is_some(),
            "torn": done.walked.torn().map(|fault| fault.to_string()),
            "seconds": watch.elapsed().as_secs_f64(),
        }))?;
    }
    Ok(if done.difference.is_none() { Code::Done } else { Code::Mismatch })
}
