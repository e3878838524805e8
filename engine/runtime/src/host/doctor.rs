//! What of a host stands in the way of a fast and safe run, and what to do about it.
//!
//! What the kernel tells in files is read below a [`Tree`], so that a test can be any host; what has to be asked or tried ([`Tried`]) is
//! handed in.
//!
//! Never here: a change of anything.

mod cores;
mod files;
mod system;

use std::time::Duration;

use super::sys::KernelClock;
use super::tree::Tree;
use crate::config::ThreadsConfig;

pub use files::DISK_WRITES;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// A run works, slower or with less warning than it could.
    Warn,
    /// A run as it is configured cannot work, or not for long.
    Fail,
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The check by its name, which is stable.
    pub check: &'static str,
    /// How it ended.
    pub verdict: Verdict,
    /// What there is.
    pub found: String,
    /// What to do about it; `None` where nothing is to be done.
    pub mend: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Ok, found: found.into(), mend: None }
    }

    fn warn(check: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Warn, found: found.into(), mend: Some(mend.into()) }
    }

    fn fail(check: &'static str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Fail, found: found.into(), mend: Some(mend.into()) }
    }
}

/// What had to be asked or tried, each `Err` with the reason where it could not be.
#[derive(Clone, Debug)]
pub struct Tried {
    /// Cores that this process may use.
    cores: Vec<usize>,
    clock: Result<KernelClock, String>,
    /// Bytes free on the disk of the journal.
    free: Result<u64, String>,
    /// The middle and the worst of [`DISK_WRITES`] synced writes there.
    synced: Result<[Duration; 2], String>,
}

impl Tried {
    /// Asks the kernel and tries the disk of a folder, by a file that is gone afterwards.
    #[must_use]
    pub fn on(folder: &std::path::Path) -> Self {
        let said = |error: std::io::Error| error.to_string();
        Self {
            cores: super::cores(),
            clock: super::sys::kernel_clock().map_err(said),
            free: super::sys::free_bytes(folder).map_err(said),
            synced: files::synced(folder).map_err(said),
        }
    }
}

/// Examines a host for the threads of a configuration, or for those of an ordinary run.
#[must_use]
pub fn examine(tree: &Tree, tried: &Tried, threads: Option<&ThreadsConfig>) -> Vec<Finding> {
    let usual = ThreadsConfig::default();
    let threads = threads.unwrap_or(&usual);
    vec![
        cores::enough(tried, threads),
        cores::isolated(tree, tried, threads),
        cores::governor(tree, tried, threads),
        cores::sleep_states(tree, tried, threads),
        cores::siblings(tree, tried, threads),
        system::huge_pages(tree, threads),
        system::locked_memory(tree, threads),
        system::priority(tree, threads),
        system::clock_source(tree),
        system::clock_offset(tried),
        files::open_files(tree),
        files::disk_space(tried),
        files::disk_sync(tried),
    ]
}

#[cfg(test)]
mod tests;
