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

/// Writes text for a person to standard output.
///
/// # Errors
/// As [`json`].
pub(crate) fn text(text: &str) -> io::Result<()> {
    io::stdout().lock().write_all(text.as_bytes())
}

/// Tells something on standard error. Where that is closed there is nobody to tell.
pub(crate) fn tell(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}
