//! The journal: what a record costs the thread that decides, and how many a second reach the disk.
//!
//! Told is what a replay of a whole market tells: market data, the venue's answers and the quoter's commands. `record` stores
//! all of it into a ring that has room for it, and is printed once more as quantiles of batch means: beside other work the middle
//! one is the truer. `sustained`, printed too, is told the same again and again until all is synced to the folder of temporary
//! files, and compressed there or not; it says what that weighs.
#![expect(clippy::expect_used, reason = "a benchmark whose data is broken must stop")]
#![expect(
    clippy::print_stdout,
    reason = "a rate that lasts is no sample of criterion's: it is printed beside"
)]

use std::path::Path;
use std::time::Duration;

use ballast_bench::{Data, config};
use ballast_core::outbox::Outbox;
use ballast_core::shard::Shard;
use ballast_model::{BookBatch, BookBegin, Command, Event, JournalHealth, Nanos, PackedLevel};
use ballast_runtime::clock::Stopwatch;
use ballast_runtime::job::Mode;
use ballast_runtime::journal::{AtRest, Journal, Options, Tap};
use ballast_runtime::replay::{Record, Unobserved};
use criterion::{Criterion, Throughput, criterion_group};
use hdrhistogram::Histogram;

/// Records of one sustained run, at least.
const RECORDS_MIN: u64 = 8_000_000;
/// Sustained runs of each kind: what else the machine does takes from each a share of its own.
const RUNS: usize = 3;
/// Records of one batch mean.
const BATCH: usize = 256;
/// How often the story is told for batch means.
const PASSES: usize = 40;

/// What a journal is told once.
enum Said {
    Event(Nanos, Event),
    Batch(Nanos, BookBegin, Vec<PackedLevel>, Vec<PackedLevel>),
    Command(Nanos, Command),
}

/// All that a journal of one replay is told.
struct Story(Vec<Said>);

impl Record for Story {
    fn event(&mut self, now: Nanos, event: &Event) {
        self.0.push(Said::Event(now, *event));
    }

    fn batch(&mut self, now: Nanos, batch: &BookBatch<'_>) {
        let [(_, bids), (_, asks)] = batch.sides();
        self.0.push(Said::Batch(now, *batch.begin(), bids.to_vec(), asks.to_vec()));
    }

    fn after(&mut self, now: Nanos, _: &Shard, out: &Outbox) {
        self.0.extend(out.commands().iter().map(|command| Said::Command(now, *command)));
    }

    fn news(&mut self) -> Option<JournalHealth> {
        None
    }
}

fn tell(story: &[Said], tap: &mut Tap) {
    for said in story {
        match said {
            Said::Event(now, event) => tap.event(*now, event).expect("no slot stands alone"),
            Said::Batch(now, begin, bids, asks) => tap.batch(*now, &BookBatch::new(*begin, bids, asks)),
            Said::Command(now, command) => tap.command(*now, command),
        }
        // As a driver does after every input.
        assert_eq!(tap.news(), None, "the journal keeps up");
    }
}

impl Story {
    fn of(data: &Data) -> Self {
        let config = config("replay.toml");
        let mut story = Self(Vec::new());
        let prepared = data.prepare(&config);
        prepared.play_recorded(Mode::Quoting, 1, &mut Unobserved, &mut story).expect("it plays");
        story
    }

    fn tell(&self, tap: &mut Tap) {
        tell(&self.0, tap);
    }
}

fn open(folder: &Path, at_rest: AtRest) -> Journal {
    Journal::open(folder, Vec::new(), &Options { at_rest, ..Options::default() }).expect("it opens")
}

/// Waits until the ring is empty.
fn drain(journal: &mut Journal) {
    while !journal.tap.is_drained() {
        std::thread::yield_now();
    }
}

/// Time to tell the story once into an empty ring.
fn told_once(story: &Story, journal: &mut Journal) -> Duration {
    drain(journal);
    let watch = Stopwatch::start();
    story.tell(&mut journal.tap);
    watch.elapsed()
}

/// Nanoseconds a record costs, as means of batches: the middle one of them is what it costs where nothing else runs.
fn batch_means() {
    let data = Data::load();
    let story = Story::of(&data);
    let folder = tempfile::tempdir().expect("a folder");
    let mut journal = open(folder.path(), AtRest::AsWritten);
    let mut means = Histogram::<u64>::new(3).expect("a histogram");
    for _ in 0..PASSES {
        drain(&mut journal);
        for batch in story.0.chunks_exact(BATCH) {
            let watch = Stopwatch::start();
            tell(batch, &mut journal.tap);
            let nanos = u64::try_from(watch.elapsed().as_nanos()).unwrap_or(u64::MAX);
            means.record(nanos / BATCH as u64).expect("in range");
        }
    }
    journal.finish().expect("it is kept");
    let at = |share: f64| means.value_at_quantile(share);
    println!(
        "journal/{}/record, means of {} batches of {BATCH} records: p10 {} ns, p50 {} ns, p90 {} ns, mean {:.0} ns a record",
        data.name,
        means.len(),
        at(0.1),
        at(0.5),
        at(0.9),
        means.mean()
    );
}

fn record(criterion: &mut Criterion) {
    let data = Data::load();
    let story = Story::of(&data);
    let folder = tempfile::tempdir().expect("a folder");
    let mut journal = open(folder.path(), AtRest::AsWritten);
    let mut group = criterion.benchmark_group(format!("journal/{}", data.name));
    group.throughput(Throughput::Elements(story.0.len() as u64));
    group.sample_size(20);
    group.bench_function("record", |bencher| {
        bencher.iter_custom(|rounds| (0..rounds).map(|_| told_once(&story, &mut journal)).sum());
    });
    group.finish();
    journal.finish().expect("it is kept");
}

/// Bytes of the files in a folder.
fn bytes_in(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder).expect("the folder is there");
    files.map(|file| file.and_then(|file| file.metadata()).expect("the file is there").len()).sum()
}

/// How many records a second reach the disk, and what they weigh there.
fn sustained() {
    let data = Data::load();
    let story = Story::of(&data);
    let passes = RECORDS_MIN.div_ceil(story.0.len() as u64);
    for at_rest in [AtRest::AsWritten, AtRest::Compressed].repeat(RUNS) {
        let folder = tempfile::tempdir().expect("a folder");
        let mut journal = open(folder.path(), at_rest);
        let watch = Stopwatch::start();
        (0..passes).for_each(|_| story.tell(&mut journal.tap));
        let told = watch.elapsed().as_secs_f64();
        let kept = journal.finish().expect("it is kept");
        let done = watch.elapsed().as_secs_f64();
        let records = kept.records as f64;
        println!(
            "journal/{}/sustained, {at_rest:?}: {} records told in {told:.2} s ({:.2} M/s) and done in {done:.2} s ({:.2} M/s); \
{:.1} bytes a record as written, {:.1} at rest",
            data.name,
            kept.records,
            records / told / 1e6,
            records / done / 1e6,
            kept.bytes as f64 / records,
            bytes_in(folder.path()) as f64 / records,
        );
    }
}

criterion_group!(benches, record);

fn main() {
    benches();
    if std::env::args().any(|argument| argument == "--bench") {
        batch_means();
        sustained();
    }
    Criterion::default().configure_from_args().final_summary();
}
