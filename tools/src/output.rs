//! Standard output and standard error.

use serde_json::Value;
use std::io::{self, Write};

/// Ends standard output with one JSON object on one line.
///
/// # Errors
/// Where standard output cannot be written, a closed pipe among the reasons.
pub(crate) fn json(value: &Value) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{value}")
}

/// What the result of a command is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Text for a person.
    Text,
    /// One JSON object.
    Json,
}

impl Form {
    /// The form that the argument `--json` asks for.
    pub(crate) const fn asked(json: bool) -> Self {
        if json { Self::Json } else { Self::Text }
    }
}

/// Writes text for a person: to standard output where it is the result, beside it to standard error.
///
/// # Errors
/// As [`json`].
pub(crate) fn text(text: &str, result: Form) -> io::Result<()> {
    match result {
        Form::Text => io::stdout().lock().write_all(text.as_bytes()),
        Form::Json => io::stderr().lock().write_all(text.as_bytes()),
    }
}

/// Tells something on standard error. Where that is closed there is nobody to tell.
pub(crate) fn tell(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// So many of what has a name that more of have an `s` behind.
pub(crate) fn counted(count: u64, name: &str) -> String {
    format!("{count} {name}{}", if count == 1 { "" } else { "s" })
}
