//! A disk that is full, slow or broken, and what the deciding thread is told of it.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU8;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use super::*;

/// What a disk does with what it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    Fine,
    /// The device has no room left.
    Full,
    /// There is no room for another file.
    NoFiles,
    /// It takes everything, a little at a time.
    Slow,
    /// It says that it could not sync.
    Broken,
}

/// A disk whose mood a test sets.
#[derive(Clone, Debug, Default)]
struct Moody(Arc<AtomicU8>);

impl Moody {
    fn set(&self, mood: Mood) {
        self.0.store(mood as u8, SeqCst);
    }

    fn is(&self, mood: Mood) -> bool {
        self.0.load(SeqCst) == mood as u8
    }
}

impl Disk for Moody {
    fn create(&mut self, path: &Path) -> io::Result<Box<dyn Sheet>> {
        if self.is(Mood::Full) || self.is(Mood::NoFiles) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(Box::new(MoodySheet { file: Files.create(path)?, disk: self.clone() }))
    }
}

#[derive(Debug)]
struct MoodySheet {
    file: Box<dyn Sheet>,
    disk: Moody,
}

impl Sheet for MoodySheet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.disk.is(Mood::Full) {
            // What a device that has no room left answers.
            return Sheet::write(&mut File::options().write(true).open("/dev/full")?, bytes);
        }
        if self.disk.is(Mood::Slow) {
            pause(Duration::from_millis(2));
        }
        self.file.write(bytes.get(..4_096).unwrap_or(bytes))
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.disk.is(Mood::Broken) { Err(io::ErrorKind::Other.into()) } else { self.file.sync() }
    }
}

#[expect(clippy::disallowed_methods, reason = "a slow disk is the point")]
fn pause(span: Duration) {
    std::thread::sleep(span);
}

const LIVE: Options = Options {
    ring_bytes: 1,
    segment_bytes: 100_000,
    sync_every: Span::from_millis(1),
    pace: Pace::Live { patience: Span::from_secs(60) },
    at_rest: AtRest::Compressed,
};

struct Run {
    folder: tempfile::TempDir,
    disk: Moody,
    journal: Journal,
    steps: i64,
    told: Vec<JournalHealth>,
}

impl Run {
    fn new(options: &Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let disk = Moody::default();
        let boxed = Box::new(disk.clone());
        let journal = Journal::open_on(boxed, folder.path(), b"meta".to_vec(), options).unwrap();
        Self { folder, disk, journal, steps: 0, told: Vec::new() }
    }

    /// Records one more input, and asks for news.
    fn step(&mut self) -> Option<JournalHealth> {
        self.journal.tap.event(Nanos(self.steps), &ticker(self.steps)).unwrap();
        self.steps += 1;
        let news = self.journal.tap.news();
        self.told.extend(news);
        news
    }

    /// Records until this is told, no faster than a market would.
    fn until(&mut self, health: JournalHealth) {
        while self.step() != Some(health) {
            if health == JournalHealth::Failed && self.steps % 16 == 0 {
                pause(Duration::from_micros(50));
            }
            assert!(self.steps < 10_000_000, "never {health:?}: {:?}", self.told);
        }
    }

    /// Records nothing until this is told.
    fn wait(&mut self, health: JournalHealth) {
        for _ in 0..20_000 {
            let news = self.journal.tap.news();
            self.told.extend(news);
            if news == Some(health) {
                return;
            }
            pause(Duration::from_millis(1));
        }
        panic!("never {health:?}: {:?}", self.told);
    }

    /// What the folder holds once it is made whole, on a disk that is fine: the first of what was recorded.
    fn kept(folder: &Path) -> i64 {
        settle(folder).unwrap();
        let inputs = inputs(folder);
        assert_eq!(inputs, (0..).map(ticker).take(inputs.len()).collect::<Vec<_>>());
        i64::try_from(inputs.len()).unwrap()
    }

    /// Ends it well: all was kept.
    fn finish(self) {
        self.journal.finish().unwrap();
        assert_eq!(Self::kept(self.folder.path()), self.steps);
    }
}

#[test]
fn a_full_disk_is_told_and_tried_until_there_is_room() {
    for mood in [Mood::Full, Mood::NoFiles] {
        let mut run = Run::new(&Options { ring_bytes: 1 << 20, ..LIVE });
        for _ in 0..3 {
            run.disk.set(mood);
            run.until(JournalHealth::Failed);
            for _ in 0..100 {
                assert_eq!(run.step(), None, "told once");
            }
            run.disk.set(Mood::Fine);
            run.wait(JournalHealth::Good);
        }
        assert_eq!(run.told.iter().filter(|told| **told == JournalHealth::Failed).count(), 3);
        run.finish();
    }
}

#[test]
fn a_slow_disk_is_told_and_good_again_once_most_is_kept() {
    let mut run = Run::new(&LIVE);
    run.disk.set(Mood::Slow);
    for _ in 0..5 {
        run.until(JournalHealth::Behind);
        run.wait(JournalHealth::Good);
    }
    let expected = [JournalHealth::Behind, JournalHealth::Good].repeat(5);
    assert_eq!(run.told, expected, "it does not come and go");
    run.finish();
}

#[test]
fn a_replay_waits_and_is_told_nothing() {
    let mut run = Run::new(&Options { pace: Pace::Replay, ..LIVE });
    run.disk.set(Mood::Slow);
    for _ in 0..20_000 {
        run.step();
    }
    assert_eq!(run.told, []);
    run.finish();
}

#[test]
fn what_finds_no_room_is_lost_and_what_came_before_is_whole() {
    let hasty = Options { pace: Pace::Live { patience: Span::ZERO }, ..LIVE };
    let patient = Options { pace: Pace::Live { patience: Span::from_millis(100) }, ..LIVE };
    for (mood, options) in [(Mood::Full, patient), (Mood::Full, SMALL), (Mood::Slow, hasty)] {
        let mut run = Run::new(&options);
        run.disk.set(mood);
        for _ in 0..100_000 {
            run.step();
        }
        run.disk.set(Mood::Fine);
        pause(Duration::from_millis(100));
        assert_eq!(run.step(), None, "what is lost does not come back");
        assert_eq!(run.told.last(), Some(&JournalHealth::Failed), "{mood:?}");
        let error = run.journal.finish().unwrap_err();
        let JournalError::Lost { records } = error else { panic!("{error}") };
        let kept = Run::kept(run.folder.path());
        assert!(kept > 0 && kept < run.steps, "{kept}");
        assert!(records >= (run.steps - kept).cast_unsigned(), "{records} and {kept}");
    }
}

#[test]
fn a_disk_that_stays_full_loses_nothing_that_was_stored() {
    let mut run = Run::new(&Options { ring_bytes: 1 << 20, ..LIVE });
    run.disk.set(Mood::Full);
    run.until(JournalHealth::Failed);
    let error = run.journal.finish().unwrap_err().to_string();
    assert!(error.contains("0000000000.journal: No space left"), "{error}");
    assert_eq!(Run::kept(run.folder.path()), run.steps);
}

#[test]
fn what_was_not_synced_is_given_up() {
    let mut run = Run::new(&LIVE);
    run.disk.set(Mood::Broken);
    run.until(JournalHealth::Failed);
    run.disk.set(Mood::Fine);
    pause(Duration::from_millis(100));
    assert_eq!(run.step(), None, "a sync that succeeds now would prove nothing");
    let error = run.journal.finish().unwrap_err();
    assert!(matches!(error, JournalError::Io { .. } | JournalError::Lost { .. }), "{error}");
}
