//! What a venue's loop records, read like a capture, gives what the loop told its shard.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use ballast_exchange::synth::Dialect;
use ballast_model::{Event, Span};
use ballast_runtime::capture::{Instrument, ProblemKind, SeenInstrument, load, survey_files};
use ballast_runtime::config::Config;
use ballast_runtime::journal::recording::{RecordOptions, Recorder, Recording, RecordingMeta};
use ballast_runtime::live::{LinkPolicy, Trading, Turned, VenueLoop, VenueParts, assemble};
use ballast_runtime::tape::{Cursor, Shift};
use ballast_tests::market::lines;
use ballast_venue::{Counters, Now};
use ballast_wire::Link;

use crate::net::Played;
use crate::rig::{config, fact, of_venue};

const STEP: Span = Span::from_millis(1);

fn instrument() -> Instrument {
    let SeenInstrument { symbol, market, tick, lot, .. } = fact().seen;
    Instrument { symbol, market, tick: tick.unwrap(), lot: lot.unwrap() }
}

/// Plays a market to a loop that records it; what the session told, and what it counted. The connections are cut at each of these
/// times after the beginning.
fn record(folder: &Path, seed: u64, ring_bytes: usize, cuts: &[Span]) -> (Vec<Event>, Counters, Recorder) {
    let cuts: Vec<_> = cuts.iter().map(|cut| (*cut, None)).collect();
    record_over(folder, &config(""), |network| network, seed, ring_bytes, &cuts)
}

/// The same of a network that is made otherwise; a cut may be of one connection.
fn record_over(
    folder: &Path,
    config: &Config,
    network: impl FnOnce(Played) -> Played,
    seed: u64,
    ring_bytes: usize,
    cuts: &[(Span, Option<Link>)],
) -> (Vec<Event>, Counters, Recorder) {
    let live = config.live.as_ref().unwrap();
    let built = assemble(config, Path::new("test.toml"), live, &vec![vec![fact()]], 1).unwrap();
    let [mut shard] = <[_; 1]>::try_from(built.shards).unwrap();
    let [venue] = <[_; 1]>::try_from(built.venues).unwrap();
    let meta = RecordingMeta::new(core::iter::once(&fact().seen), live.venue[0].market_connections());
    let options = RecordOptions { ring_bytes, segment_bytes: 100_000, ..RecordOptions::default() };
    let (tap, recorder) = Recorder::open(folder.to_owned(), &meta, &options).unwrap();
    let network = network(Played::new(lines(Dialect::UsdM, seed, 60)));
    let (begin, mut cuts) = (network.now, cuts.iter());
    let mut cut_at = cuts.next();
    let mut venue = VenueLoop::new(VenueParts {
        network,
        market: venue.market,
        trading: Trading::Nobody,
        urls: (&live.venue[0]).into(),
        policy: LinkPolicy::DEFAULT,
        shards: venue.ends,
        numbers: venue.numbers,
        kill: Arc::new(AtomicBool::new(false)),
        progress: Vec::new(),
    })
    .tapped(Some(tap));
    let mut told = Vec::new();
    while let Some(at) = venue.network().next_at() {
        let now = venue.next_deadline().map_or(at, |deadline| deadline.min(at));
        let now = now.clamp(venue.network().now, venue.network().now + STEP);
        venue.network_mut().now = now;
        while venue.turn(Now { mono: now, wall: now + Span(1_000) }, Span::ZERO) == Turned::Worked {}
        told.extend(core::iter::from_fn(|| shard.ends[0].public.pop()));
        if let Some((_, only)) = cut_at.filter(|(cut, _)| now - begin >= *cut) {
            venue.network_mut().cut(*only);
            cut_at = cuts.next();
        }
    }
    assert!(cut_at.is_none(), "the market is long enough");
    (told, *venue.counters(), recorder)
}

/// What a recording says, played: events, what the session counted, and problems by kind.
fn replayed(folder: &Path) -> (Vec<Event>, Counters, Vec<(ProblemKind, u64)>) {
    let files = survey_files(&[folder.to_owned()]).unwrap();
    assert_eq!(files[0].survey.instruments, [fact().seen]);
    let mut loaded = load(&files, &[instrument()], |_| {}).unwrap();
    let problems = loaded.problems.counts().collect();
    let feed = loaded.feeds.remove(0);
    let mut events = Vec::new();
    let mut cursor = Cursor::new(&feed.tape, Shift::default());
    while cursor.recv_time().is_some() {
        cursor.next(|event| events.push(*event));
    }
    (events, feed.counters, problems)
}

#[test]
fn a_recorded_run_replayed_gives_the_same_events() {
    for (seed, cuts) in [(3, vec![]), (4, vec![20, 21, 40])] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("usdm");
        let cuts: Vec<_> = cuts.into_iter().map(Span::from_secs).collect();
        let (told, counted, recorder) = record(&folder, seed, 1 << 24, &cuts);
        assert_eq!(recorder.lost(), Default::default());
        let kept = recorder.finish().unwrap();
        assert!(kept.segments > 2, "rolled: {kept:?}");
        assert!(told.len() > 1_000, "{}", told.len());
        assert_eq!(counted.snapshots, 1 + cuts.len() as u64, "{counted:?}");
        let (events, counters, problems) = replayed(&folder);
        assert_eq!(problems, []);
        assert_eq!(counters, counted);
        assert_eq!(events, told);
    }
}

/// As after a tick became coarser.
#[test]
fn levels_between_the_ticks_are_passed_over_in_the_recording_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("usdm");
    let (told, counted, recorder) = record_over(&folder, &config(""), Played::strayed, 3, 1 << 24, &[]);
    recorder.finish().unwrap();
    assert!(counted.stray_levels > 100 && counted.decode_errors.total() == 0, "{counted:?}");
    assert_eq!((counted.snapshots, counted.books_lost), (1, 0), "{counted:?}");
    let (events, counters, problems) = replayed(&folder);
    assert_eq!((problems, counters), (Vec::new(), counted));
    assert_eq!(events, told);
}

/// Two connections for each stream, one always a little later, of which either ends now and then: the book stands through it all, and the
/// recording of both gives what was told.
#[test]
fn over_two_connections_a_book_stands_while_one_ends_and_the_recording_says_so() {
    let config = of_venue("", "market_connections = 2");
    for (seed, behind) in [(3, 0), (4, 3), (8, 40)] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("usdm");
        let copied = |network: Played| network.copied(Link(2), Span::from_millis(behind));
        let cuts = [(15, 0), (20, 2), (25, 0), (26, 3), (30, 0), (40, 2), (45, 0)];
        let cuts = cuts.map(|(second, link)| (Span::from_secs(second), Some(Link(link))));
        let (told, counted, recorder) = record_over(&folder, &config, copied, seed, 1 << 24, &cuts);
        assert_eq!(recorder.lost(), Default::default());
        recorder.finish().unwrap();
        assert!(told.len() > 1_000, "{}", told.len());
        assert!(!told.iter().any(|event| matches!(event, Event::BookLost(_))), "a book was lost");
        assert_eq!((counted.snapshots, counted.books_lost, counted.gaps), (1, 0, 0), "{counted:?}");
        assert!(counted.known > 1_000, "{counted:?}");
        assert_eq!(Recording::open(&folder).unwrap().copies().count(), 2);
        let (events, counters, problems) = replayed(&folder);
        assert_eq!(problems, []);
        assert_eq!(counters, counted);
        assert_eq!(events, told);
        // What is told of books and trades is what one connection that never ends would have told.
        let alone = tempfile::tempdir().unwrap();
        let (whole, ..) = record(&alone.path().join("usdm"), seed, 1 << 24, &[]);
        assert!(books(&told) == books(&whole), "seed {seed}: books");
        assert!(trades(&told) == trades(&whole), "seed {seed}: trades");
    }
}

/// Ids of the books, in order.
fn books(told: &[Event]) -> Vec<u64> {
    let id = |event: &Event| {
        let Event::BookBegin(begin) = event else { return None };
        Some(begin.update_id.0)
    };
    told.iter().filter_map(id).collect()
}

/// Ids of the trades, each of which may be told late.
fn trades(told: &[Event]) -> Vec<u64> {
    let id = |event: &Event| {
        let Event::Trade(trade) = event else { return None };
        Some(trade.trade_id.0)
    };
    let mut ids: Vec<_> = told.iter().filter_map(id).collect();
    ids.sort_unstable();
    ids
}

/// What was recorded up to some moment is what is read, whatever is missing after it.
#[test]
fn a_recorder_that_dies_leaves_an_exact_beginning() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("usdm");
    let (told, _, recorder) = record(&folder, 5, 1 << 24, &[Span::from_secs(30)]);
    recorder.finish().unwrap();
    let all = Recording::open(&folder).unwrap();
    let last = all.segments().last().unwrap().clone();
    // As a process leaves it that is killed: not compressed, not ended, and cut within a record.
    let bytes = if last.extension().is_some_and(|ending| ending == "zst") {
        let bytes = zstd::decode_all(std::fs::File::open(&last).unwrap()).unwrap();
        std::fs::remove_file(&last).unwrap();
        bytes
    } else {
        std::fs::read(&last).unwrap()
    };
    let plain = last.with_file_name(format!("{:010}.frames", all.segments().len() - 1));
    for cut in [bytes.len() - 20, bytes.len() / 2, bytes.len() / 3] {
        std::fs::write(&plain, &bytes[..cut]).unwrap();
        let (events, _, problems) = replayed(&folder);
        assert_eq!(problems, [], "torn is no damage");
        assert!(events.len() > told.len() / 2 && events.len() <= told.len(), "{}", events.len());
        assert_eq!(events, told[..events.len()]);
    }
}

#[test]
fn what_finds_no_room_is_counted_told_and_ends_the_book() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("usdm");
    let (told, _, recorder) = record(&folder, 6, 1 << 12, &[Span::from_secs(30)]);
    let lost = recorder.lost();
    assert!(lost.records > 0 && lost.bytes > 0, "too small a ring for snapshots: {lost:?}");
    recorder.finish().unwrap();
    let (events, counters, problems) = replayed(&folder);
    let told_of = problems.iter().find(|(kind, _)| *kind == ProblemKind::Lost).map(|(_, count)| *count);
    assert!(told_of.is_some_and(|told_of| told_of > 0), "{problems:?}");
    assert!(events.len() < told.len());
    assert_eq!(counters.gaps, 0, "what is missing is told before it shows");
}
