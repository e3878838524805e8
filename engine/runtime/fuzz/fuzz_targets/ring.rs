//! What a writer that died left in its ring, changed anywhere or cut off: every record that is read was stored, in its order, and
//! where one is missing that is said. Nothing panics, and what is damaged is kept.
//!
//! Two bytes say where the ring is cut off, in sixteens (none: nowhere); each four that follow are a place in it and bits to turn.
#![no_main]

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use ballast_journal::Entry;
use ballast_model::{Event, InstrumentId, Lots, Nanos, PackedLevel, Price, Ticker, UpdateId};
use ballast_runtime::journal::{
    AtRest, Disk, History, Journal, JournalError, Options, Recovery, Sheet, Step,
};
use libfuzzer_sys::fuzz_target;

const RECORDS: i64 = 64;

/// A disk that takes a segment's header and nothing more: all else stays in the ring.
#[derive(Debug)]
struct Header(Option<File>);

impl Disk for Header {
    fn create(&mut self, path: &Path) -> io::Result<Box<dyn Sheet>> {
        Ok(Box::new(Self(Some(File::create_new(path)?))))
    }
}

impl Sheet for Header {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut file = self.0.take().ok_or(io::ErrorKind::StorageFull)?;
        io::Write::write_all(&mut file, bytes)?;
        Ok(bytes.len())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Left {
    folder: PathBuf,
    segment: Vec<u8>,
    ring: Vec<u8>,
}

fn ticker(step: i64) -> Event {
    let level = |price| PackedLevel::new(Price(price), Lots(1 + step)).expect("it fits");
    Event::Ticker(Ticker {
        instrument: InstrumentId(0),
        update_id: UpdateId(step.cast_unsigned()),
        bid: level(1_000),
        ask: level(1_001),
        venue_time: Nanos(step),
        recv_time: Nanos(step),
    })
}

fn left() -> &'static Left {
    static LEFT: OnceLock<Left> = OnceLock::new();
    LEFT.get_or_init(|| {
        // In memory where there is such a folder: every round syncs.
        let memory = Path::new("/dev/shm");
        let parent = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let folder = parent.join(format!("ballast-fuzz-ring-{}", std::process::id()));
        let options = Options { ring_bytes: 1, at_rest: AtRest::AsWritten, ..Options::default() };
        let opened = Journal::open_on(Box::new(Header(None)), &folder, b"meta".to_vec(), &options);
        let mut journal = opened.expect("it opens");
        for step in 0..RECORDS {
            journal.tap.event(Nanos(step), &ticker(step)).expect("no slot stands alone");
        }
        drop(journal);
        let read = |name: &str| fs::read(folder.join(name)).expect("it is there");
        Left { segment: read("0000000000.journal"), ring: read("ring"), folder }
    })
}

fuzz_target!(|bytes: &[u8]| {
    let Left { folder, segment, ring } = left();
    let mut ring = ring.clone();
    let Some((cut, turns)) = bytes.split_first_chunk::<2>() else { return };
    for [high, middle, low, bits] in turns.as_chunks::<4>().0 {
        let at = u32::from_be_bytes([0, *high, *middle, *low]) as usize % ring.len();
        ring[at] ^= bits;
    }
    match usize::from(u16::from_be_bytes(*cut)) {
        0 => {}
        sixteens => ring.truncate(16 * sixteens),
    }
    let _ = fs::remove_file(folder.join("ring.damaged"));
    fs::write(folder.join("0000000000.journal"), segment).expect("it is written");
    fs::write(folder.join("ring"), &ring).expect("it is written");
    let read = || {
        let mut inputs = 0;
        let walked = History::open_whole(folder)?.walk(|record| {
            if let Entry::Event(event) = record.entry {
                assert_eq!(event, ticker(inputs), "nothing that was not stored");
                inputs += 1;
            }
            Ok::<_, JournalError>(Step::On)
        });
        assert!(walked.is_err() || inputs == RECORDS, "{inputs} records, and not a word");
        walked.map(|_| inputs)
    };
    let first = read().map_err(|error| error.to_string());
    if first.is_err() {
        let kept = ["ring", "ring.damaged"]
            .iter()
            .any(|name| fs::read(folder.join(name)).is_ok_and(|kept| kept == ring));
        assert!(kept, "what is damaged is kept");
    }
    assert_eq!(read().is_ok(), first.is_ok(), "what was named is named again");
    // Its header is none that a core can be built from.
    assert!(Recovery::of(folder).is_err());
});
