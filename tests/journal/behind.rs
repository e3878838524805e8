//! A run whose journal cannot be written for a while: its quotes stop and come back, the run says so, and is repeated.

use std::io;
use std::path::Path;

use ballast_core::outbox::Note;
use ballast_core::shard::Shard;
use ballast_exchange::synth::Dialect;
use ballast_journal::Entry;
use ballast_model::{Command, Event, JournalHealth, Nanos};
use ballast_runtime::config::Config;
use ballast_runtime::job::{Mode, Prepared};
use ballast_runtime::journal::{
    Disk, Files, History, Journal, JournalError, Options, Sheet, Step, Walked, verify,
};
use ballast_runtime::replay::{Journaled, Observer};
use ballast_tests::market::{QUOTER, lines, surveyed, text};

/// A disk that is full once it has taken so many bytes, until it was asked so often.
#[derive(Clone, Debug)]
struct FullFor {
    taken: u64,
    bytes: u64,
    asked: u64,
}

impl Disk for FullFor {
    fn create(&mut self, path: &Path) -> io::Result<Box<dyn Sheet>> {
        Ok(Box::new(FullSheet { file: Files.create(path)?, disk: self.clone() }))
    }
}

#[derive(Debug)]
struct FullSheet {
    file: Box<dyn Sheet>,
    disk: FullFor,
}

impl Sheet for FullSheet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let FullFor { taken, bytes: full_at, asked } = &mut self.disk;
        if *taken >= *full_at && *asked > 0 {
            *asked -= 1;
            return Err(io::ErrorKind::StorageFull.into());
        }
        let some = self.file.write(bytes.get(..4_096).unwrap_or(bytes))?;
        *taken += some as u64;
        Ok(some)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync()
    }
}

/// Lets the run go no faster than the journal's thread, so that it meets the full disk in the middle.
#[derive(Default)]
struct Walking {
    told: Vec<JournalHealth>,
}

impl Observer for Walking {
    fn before(&mut self, _: Nanos, _: &Shard) {
        #[expect(clippy::disallowed_methods, reason = "the market of a replay takes no time of its own")]
        std::thread::sleep(std::time::Duration::from_micros(20));
    }

    fn after(&mut self, _: &Event, _: Nanos, _: &Shard) {}

    fn noted(&mut self, notes: &[Note], _: Nanos) {
        let told = |note: &Note| if let Note::Journal(health) = note { Some(*health) } else { None };
        self.told.extend(notes.iter().filter_map(told));
    }
}

#[test]
fn quotes_stop_while_the_disk_is_full_and_the_run_is_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config::parse(QUOTER, Path::new("quoter.toml")).unwrap();
    let files = [surveyed("futures", text(&lines(Dialect::UsdM, 31, 60)))];
    let prepared = Prepared::from_surveyed(&config, Path::new("quoter.toml"), &files, |_| {}).unwrap();
    let disk = FullFor { taken: 0, bytes: 50_000, asked: 5 };
    let meta = prepared.meta(Mode::Quoting).to_bytes();
    let mut journal = Journal::open_on(Box::new(disk), folder.path(), meta, &Options::default()).unwrap();
    let mut record = Journaled::new(&mut journal.tap);
    let mut walking = Walking::default();
    let played = prepared.play_recorded(Mode::Quoting, 1, &mut walking, &mut record).unwrap();
    record.finish(&played.shard);
    journal.finish().unwrap();
    assert_eq!(walking.told, [JournalHealth::Failed, JournalHealth::Good]);
    let names: Vec<_> = played.notes.others.iter().map(|note| (note.name(), note.count)).collect();
    assert_eq!(names, [("journal_failed".to_owned(), 1), ("journal_good".to_owned(), 1)]);

    // Orders before, during and after.
    let (mut told, mut orders) = (0, [0u32; 3]);
    let torn = History::open(folder.path()).unwrap().walk(|record| {
        if let Entry::Event(Event::Journal(_)) = record.entry {
            told += 1;
        }
        if let Entry::Command(Command::New(_)) = record.entry {
            orders[told] += 1;
        }
        Ok::<_, JournalError>(Step::On)
    });
    assert_eq!(torn.unwrap(), Walked::Finished);
    assert!(orders[0] > 0 && orders[1] == 0 && orders[2] > 0, "{orders:?}");
    let again = verify(folder.path()).unwrap();
    assert_eq!((again.difference, again.state_hash), (None, played.outcome.state_hash));
}
