//! The heartbeat of a run: a small file beside its journal, which changes only while every thread turns.
//!
//! One line of fixed length, overwritten in place: `alive` or `ended`, and a number that grows with the progress of all. Whoever watches
//! needs nothing of the process that writes it.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Its name.
const NAME: &str = "heartbeat";
/// Digits of the number, and the newline.
const LINE_BYTES: usize = 6 + 20 + 1;

/// Where the heartbeat of a run with this folder of journals is.
#[must_use]
pub fn heartbeat(folder: &Path) -> PathBuf {
    folder.join(NAME)
}

/// The end of the run.
#[derive(Debug)]
pub struct Heart {
    file: File,
    beats: u64,
    /// Turns of each thread at the last beat.
    seen: Vec<u64>,
}

impl Heart {
    /// Begins to beat.
    ///
    /// # Errors
    /// Where the file cannot be made.
    pub fn begin(folder: &Path) -> io::Result<Self> {
        let heart = Self { file: File::create(heartbeat(folder))?, beats: 0, seen: Vec::new() };
        heart.write("alive")?;
        Ok(heart)
    }

    /// Beats if each thread has turned since the last beat; `turns` are those of each so far. Where other threads are counted than before
    /// it begins anew.
    pub fn beat(&mut self, turns: &[u64]) {
        let same = turns.len() == self.seen.len();
        if same && turns.iter().zip(&self.seen).any(|(now, before)| now == before) {
            return;
        }
        self.seen.clear();
        self.seen.extend_from_slice(turns);
        self.beats += 1;
        // One that cannot be written is taken for a stop by whoever watches: it must not stop the run.
        let _ = self.write("alive");
    }

    /// Beats though no thread turns: while a run goes over from one engine to the next, when nothing is there that an order could leave.
    pub fn beat_between(&mut self) {
        self.beats += 1;
        let _ = self.write("alive");
    }

    /// The run has ended, and nothing of it is left at a venue.
    pub fn end(&mut self) {
        let _ = self.write("ended");
    }

    fn write(&self, word: &str) -> io::Result<()> {
        self.file.write_all_at(format!("{word} {:020}\n", self.beats).as_bytes(), 0)
    }
}

/// What a heartbeat says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pulse {
    /// There is none.
    Missing,
    /// So many beats.
    Alive(u64),
    /// The run has ended by itself, and left nothing.
    Ended,
    /// It cannot be read, or says something else.
    Unknown,
}

/// Reads a heartbeat.
#[must_use]
pub fn pulse(file: &Path) -> Pulse {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Pulse::Missing,
        Err(_) => return Pulse::Unknown,
    };
    let line = text.strip_suffix('\n').filter(|_| text.len() == LINE_BYTES);
    match line.and_then(|line| line.split_once(' ')).map(|(word, beats)| (word, beats.parse())) {
        Some(("alive", Ok(beats))) => Pulse::Alive(beats),
        Some(("ended", Ok(_))) => Pulse::Ended,
        _ => Pulse::Unknown,
    }
}

/// What is to be thought of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It has not begun; what is there is of one that ended before.
    Awaited,
    /// There is one, of which nothing is seen yet but that it was there.
    Found,
    /// It makes progress.
    Well,
    /// It has ended by itself.
    Over,
    /// It has made none for so long.
    Stopped(Duration),
}

/// Watches a heartbeat by the watcher's own time.
#[derive(Clone, Copy, Debug)]
pub struct Watch {
    after: Duration,
    /// The last beat that was new, and when it was seen.
    last: Option<(u64, Duration)>,
    /// Whether a beat followed another.
    beats: bool,
}

impl Watch {
    /// A run has stopped that makes no progress for so long.
    #[must_use]
    pub const fn new(after: Duration) -> Self {
        Self { after, last: None, beats: false }
    }

    /// What is to be thought, having felt this now. What is unknown, or gone after it was there, is no progress.
    pub fn feel(&mut self, pulse: Pulse, now: Duration) -> Verdict {
        match (pulse, self.last) {
            (Pulse::Ended, Some(_)) => return Verdict::Over,
            (Pulse::Missing | Pulse::Ended, None) => return Verdict::Awaited,
            (Pulse::Alive(beats), last) if last.is_none_or(|(before, _)| before != beats) => {
                self.beats |= last.is_some();
                self.last = Some((beats, now));
            }
            (Pulse::Unknown, None) => self.last = Some((0, now)),
            (Pulse::Alive(_) | Pulse::Unknown | Pulse::Missing, _) => {}
        }
        let silent = self.last.map_or(Duration::ZERO, |(_, at)| now.saturating_sub(at));
        if silent >= self.after {
            Verdict::Stopped(silent)
        } else if self.beats {
            Verdict::Well
        } else {
            Verdict::Found
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_beats_only_where_every_thread_turned() {
        let folder = tempfile::tempdir().unwrap();
        let file = heartbeat(folder.path());
        assert_eq!(pulse(&file), Pulse::Missing);
        let mut heart = Heart::begin(folder.path()).unwrap();
        assert_eq!(pulse(&file), Pulse::Alive(0));
        for (turns, beats) in [([1, 1], 1), ([2, 2], 2), ([3, 2], 2), ([9, 2], 2), ([9, 3], 3), ([9, 3], 3)] {
            heart.beat(&turns);
            assert_eq!(pulse(&file), Pulse::Alive(beats), "{turns:?}");
        }
        heart.beat(&[3]);
        assert_eq!(pulse(&file), Pulse::Alive(4), "of the threads that are left");
        heart.beat(&[3]);
        assert_eq!(pulse(&file), Pulse::Alive(4));
        heart.end();
        assert_eq!(pulse(&file), Pulse::Ended);
        for text in ["", "alive 3\n", "ended 00000000000000000004", "alive 0000000000000000000x\n"] {
            std::fs::write(&file, text).unwrap();
            assert_eq!(pulse(&file), Pulse::Unknown, "{text:?}");
        }
    }

    #[test]
    fn no_progress_for_long_enough_is_a_stop_and_an_end_is_none() {
        let secs = Duration::from_secs;
        let mut watch = Watch::new(secs(2));
        assert_eq!(watch.feel(Pulse::Missing, secs(50)), Verdict::Awaited);
        assert_eq!(watch.feel(Pulse::Ended, secs(55)), Verdict::Awaited, "of the run before");
        assert_eq!(watch.feel(Pulse::Alive(7), secs(60)), Verdict::Found);
        assert_eq!(watch.feel(Pulse::Alive(7), secs(61)), Verdict::Found);
        assert_eq!(watch.feel(Pulse::Alive(8), secs(62)), Verdict::Well);
        assert_eq!(watch.feel(Pulse::Alive(8), secs(63)), Verdict::Well);
        assert_eq!(watch.feel(Pulse::Alive(8), secs(64)), Verdict::Stopped(secs(2)));
        for lost in [Pulse::Missing, Pulse::Unknown] {
            assert_eq!(watch.feel(lost, secs(65)), Verdict::Stopped(secs(3)), "gone is not well");
        }
        assert_eq!(watch.feel(Pulse::Ended, secs(90)), Verdict::Over);
        let mut late = Watch::new(secs(2));
        assert_eq!(late.feel(Pulse::Unknown, secs(1)), Verdict::Found);
        assert_eq!(late.feel(Pulse::Unknown, secs(3)), Verdict::Stopped(secs(2)), "never readable");
    }
}
