//! `ballast config`.

use ballast_runtime::config::Config;
use ballast_runtime::config_check;
use ballast_runtime::job::JobError;
use serde_json::json;

use crate::cli::{ConfigCheckArgs, ConfigSchemaArgs};
use crate::exit::Code;
use crate::output::{self, Form};

/// Reads each file and builds core and venue from it, for the instruments it describes in full or for a stand-in.
///
/// # Errors
/// The first rule that is broken, with file, line and key.
pub(crate) fn check(arguments: &ConfigCheckArgs) -> anyhow::Result<Code> {
    let mut checked = Vec::new();
    for path in &arguments.files {
        let config = Config::load(path).map_err(JobError::from)?;
        let instruments = config_check::check(&config, path)?;
        let text = format!("{}: sound, tried on {}\n", path.display(), instruments.join(", "));
        output::text(&text, Form::asked(arguments.json))?;
        checked.push(json!({ "file": path.display().to_string(), "tried_on": instruments }));
    }
    if arguments.json {
        output::json(&json!({ "checked": checked }))?;
    }
    Ok(Code::Done)
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
