//! How a run ends.

use anyhow::Error;
use ballast_runtime::capture::LoadError;
use ballast_runtime::job::JobError;
use ballast_runtime::journal::JournalError;
use std::process::ExitCode;

/// Exit codes, stable across versions. Clap itself exits with 2 where the arguments are wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Code {
    /// Everything asked for was done.
    Done = 0,
    /// Something else failed, such as writing the report.
    Failed = 1,
    /// The configuration cannot be used.
    Config = 3,
    /// The data cannot be opened or used, or a journal is damaged.
    Data = 4,
    /// The data holds no order book snapshot: there was no book and nothing was quoted.
    NoBook = 5,
    /// What was checked is not as it should be: a rebuilt book differs from the venue's best prices, has gaps or crosses; a
    /// position is worth something else than the contract paid; a decision was not repeated; a host on which a run cannot work.
    Mismatch = 6,
    /// Everything asked for was done, but the journal or recording of it is not whole: a disk full, gone or too slow.
    Journal = 7,
    /// The run that was watched had stopped: everything is cancelled.
    Fired = 8,
}

/// The table in `--help`.
pub(crate) const HELP: &str = "Exit codes: 0 done, 1 failed, 2 wrong arguments, 3 configuration unusable, 4 data unreadable or a journal damaged, \
5 no order book snapshot in the data, 6 a check (book check, lp value, verify) found a difference or (doctor) a failure, \
latency figures that count for nothing, \
7 the journal or recording of the run is not whole, \
8 (watchdog) the run had stopped and everything is cancelled";

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code as u8)
    }
}

/// Tells an error on standard error.
pub(crate) fn tell(error: &Error) {
    crate::output::tell(&format!("ballast: {error:#}"));
}

/// The code of a result; errors are told on standard error. A reader that stopped reading is a success.
pub(crate) fn code_of(result: Result<Code, Error>) -> Code {
    let error = match result {
        Ok(code) => return code,
        Err(error) => error,
    };
    let broken_pipe = |io: &std::io::Error| io.kind() == std::io::ErrorKind::BrokenPipe;
    if error.downcast_ref().is_some_and(broken_pipe) {
        return Code::Done;
    }
    tell(&error);
    if let Some(error) = error.downcast_ref::<crate::lp::FileError>() {
        return if error.is_config() { Code::Config } else { Code::Data };
    }
    if error.is::<JournalError>() {
        return Code::Data;
    }
    match error.downcast_ref::<JobError>() {
        Some(
            JobError::Config(_)
            | JobError::Venue(_)
            | JobError::Floor(_)
            | JobError::Books(_)
            | JobError::Lane { .. }
            | JobError::Change { .. },
        ) => Code::Config,
        Some(
            JobError::Load(LoadError::Unreadable { .. } | LoadError::Session { .. })
            | JobError::Journal(_)
            | JobError::Recorded(_),
        ) => Code::Data,
        None => Code::Failed,
    }
}
