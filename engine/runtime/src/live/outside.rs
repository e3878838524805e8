//! A kill from outside: by a file that is there, or by a signal.
//!
//! The latch at the venues' last hop is set by whoever looks here, so it holds whatever the shards do; the shards hear of it as an
//! operator's command, which stands in their journals.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Acquire;

use ballast_model::{Event, OperatorAct, OperatorCommand, OperatorId, OperatorScope, ReasonCode};

/// Why a kill file kills, in the record.
pub const KILLED_BY_FILE: ReasonCode = ReasonCode(u16::MAX - 2);
/// Why a signal kills, in the record.
pub const KILLED_BY_SIGNAL: ReasonCode = ReasonCode(u16::MAX - 3);

/// Why a key on a terminal kills, pauses or resumes, in the record.
pub const BY_KEY: ReasonCode = ReasonCode(u16::MAX - 4);

/// What kills from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KilledBy {
    /// The kill file: until it is gone.
    File,
    /// A signal: until the run is over.
    Signal,
    /// Whoever looks at the run on a terminal: until it is over.
    Key,
}

impl KilledBy {
    /// The reason in the record.
    #[must_use]
    pub const fn reason(self) -> ReasonCode {
        match self {
            Self::File => KILLED_BY_FILE,
            Self::Signal => KILLED_BY_SIGNAL,
            Self::Key => BY_KEY,
        }
    }

    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::File => "killed_by_file",
            Self::Signal => "killed_by_signal",
            Self::Key => "killed_by_key",
        }
    }

    /// What the shards are told.
    pub(super) const fn command(self) -> Event {
        let (scope, act) = (OperatorScope::All, OperatorAct::Kill);
        Event::Operator(OperatorCommand { scope, act, operator: OperatorId(0), reason: self.reason() })
    }
}

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switched {
    /// No order leaves from now on, and everything is cancelled.
    Killed(KilledBy),
    /// Nothing kills any more: the start gate decides when quoting goes on.
    Released,
}

/// Where a kill may come from.
#[derive(Clone, Debug)]
pub struct Outside {
    file: Option<PathBuf>,
    signal: Arc<AtomicBool>,
}

impl Outside {
    /// Looks at this file, and at what a signal sets.
    ///
    /// # Errors
    /// Where it cannot be told whether the file is there: its folder must be.
    pub fn new(file: Option<&Path>, signal: Arc<AtomicBool>) -> std::io::Result<Self> {
        if let Some(file) = file {
            file.try_exists()?;
            let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
            if folder.is_some_and(|folder| !folder.is_dir()) {
                return Err(std::io::ErrorKind::NotADirectory.into());
            }
        }
        Ok(Self { file: file.map(Path::to_owned), signal })
    }

    /// What kills now. A file of which nothing can be known counts as there.
    #[must_use]
    pub fn kills(&self) -> Option<KilledBy> {
        let is_there = |file: &PathBuf| file.try_exists().unwrap_or(true);
        if self.signal.load(Acquire) {
            Some(KilledBy::Signal)
        } else {
            self.file.as_ref().filter(|file| is_there(file)).map(|_| KilledBy::File)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_kills_while_it_is_there_and_a_signal_for_good() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("KILL");
        let signal = Arc::new(AtomicBool::new(false));
        let outside = Outside::new(Some(&file), Arc::clone(&signal)).unwrap();
        assert_eq!(outside.kills(), None);
        std::fs::write(&file, "").unwrap();
        assert_eq!(outside.kills(), Some(KilledBy::File));
        std::fs::remove_file(&file).unwrap();
        assert_eq!(outside.kills(), None);
        signal.store(true, std::sync::atomic::Ordering::Release);
        assert_eq!(outside.kills(), Some(KilledBy::Signal));
        std::fs::write(&file, "").unwrap();
        assert_eq!(outside.kills(), Some(KilledBy::Signal), "the one that lasts is told");
    }

    #[test]
    fn a_file_that_could_never_be_seen_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let flag = || Arc::new(AtomicBool::new(false));
        assert!(Outside::new(Some(&folder.path().join("none/KILL")), flag()).is_err());
        assert!(Outside::new(None, flag()).unwrap().kills().is_none());
    }

    #[test]
    fn a_file_of_which_nothing_is_known_counts_as_there() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("place");
        std::fs::create_dir(&place).unwrap();
        let outside = Outside::new(Some(&place.join("KILL")), Arc::new(AtomicBool::new(false))).unwrap();
        assert_eq!(outside.kills(), None);
        // A file in the place of its folder: the question has no answer.
        std::fs::remove_dir(&place).unwrap();
        std::fs::write(&place, "").unwrap();
        assert_eq!(outside.kills(), Some(KilledBy::File));
    }
}
