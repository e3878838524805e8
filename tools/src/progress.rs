//! A progress line on a terminal, nothing elsewhere.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal as _;

/// Bytes between two updates of the line.
const STEP: u64 = 4 << 20;

/// Counts bytes decoded.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    bytes: u64,
    shown: u64,
}

impl Progress {
    /// A spinner where standard error is a terminal.
    pub(crate) fn new(what: &str) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{spinner} {msg} {bytes} ({bytes_per_sec})");
            ProgressBar::new_spinner()
                .with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
                .with_message(what.to_owned())
        });
        Self { bar, bytes: 0, shown: 0 }
    }

    /// A line of this many bytes was read.
    pub(crate) fn add(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
        if let Some(bar) = &self.bar
            && self.bytes >= self.shown + STEP
        {
            self.shown = self.bytes;
            bar.set_position(self.bytes);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
