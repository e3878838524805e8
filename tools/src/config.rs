//! `ballast config`.

use std::path::Path;

use ballast_runtime::config::Config;
use ballast_runtime::config_check;
use ballast_runtime::job::JobError;
use serde_json::json;

use crate::cli::{ConfigCheckArgs, ConfigSchemaArgs};
use crate::exit::{self, Code};
use crate::output::{self, Form};

/// Reads each file and builds core and venue from it, for the instruments it describes in full or for a stand-in. A file that
/// cannot be used is told on standard error, with line and key; the others are tried all the same.
///
/// # Errors
/// Where standard output cannot be written.
pub(crate) fn check(arguments: &ConfigCheckArgs) -> anyhow::Result<Code> {
    let (mut checked, mut refused) = (Vec::new(), Vec::new());
    for path in &arguments.files {
        let file = path.display().to_string();
        match tried(path) {
            Ok(instruments) => {
                let text = format!("{file}: sound, tried on {}\n", instruments.join(", "));
                output::text(&text, Form::asked(arguments.json))?;
                checked.push(json!({ "file": file, "tried_on": instruments }));
            }
            Err(error) => {
                refused.push(json!({ "file": file, "error": error.to_string() }));
                exit::tell(&error.into());
            }
        }
    }
    let code = if refused.is_empty() { Code::Done } else { Code::Config };
    if arguments.json {
        output::json(&json!({ "checked": checked, "refused": refused }))?;
    }
    Ok(code)
}

/// The instruments that a file was tried on.
fn tried(path: &Path) -> Result<Vec<String>, JobError> {
    let config = Config::load(path)?;
    config_check::check(&config, path)
}

/// Prints the schema.
///
/// # Errors
/// Where standard output cannot be written.
pub(crate) fn schema(arguments: &ConfigSchemaArgs) -> anyhow::Result<Code> {
    let schema = Config::json_schema();
    if arguments.json {
        output::json(&schema)?;
    } else {
        output::text(&format!("{schema:#}\n"), Form::Text)?;
    }
    Ok(Code::Done)
}
