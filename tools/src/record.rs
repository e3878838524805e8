//! `ballast record`, and `ballast run --tap`: what venues say, word for word.

use anyhow::Context as _;
use ballast_model::{Nanos, Span};
use ballast_runtime::clock::{Clock, Stopwatch};
use ballast_runtime::config::{Config, LiveConfig, LiveVenueConfig, market_name};
use ballast_runtime::job::JobError;
use ballast_runtime::journal::recording::{FrameTap, Lost, RecordOptions, Recorder, RecordingMeta};
use ballast_runtime::journal::{JournalError, Kept};
use ballast_runtime::live::{
    Fact, LinkPolicy, Trading, VenueAssembly, VenueEnd, VenueLoop, VenueParts, assemble,
};
use ballast_venue::{Counters, Now};
use serde_json::{Map, Value, json};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::cli::RecordArgs;
use crate::exit::Code;
use crate::output::{self, Form};
use crate::run::{Network, ask, sockets, stop_flag};

/// How long a venue is waited for at once.
const PATIENCE: Span = Span::from_millis(5);
/// How often the recording is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How often the clock is compared with the wall's.
const WALL_EVERY: Span = Span::from_secs(1);

/// The recordings of a run, one for each venue of its configuration.
pub(crate) struct Recorders {
    venues: Vec<(&'static str, Recorder)>,
    /// As last told.
    lost: u64,
    stalled: bool,
}

/// What came of a venue's recording.
pub(crate) struct Recorded {
    market: &'static str,
    folder: String,
    kept: Result<Kept, JournalError>,
    lost: Lost,
}

impl Recorders {
    /// Begins a recording of each venue, in a folder named after its market.
    ///
    /// # Errors
    /// A recording that is there already, or files that cannot be made.
    pub(crate) fn begin(
        live: &LiveConfig,
        told: &[Vec<Fact>],
        out: &Path,
    ) -> anyhow::Result<(Vec<FrameTap>, Self)> {
        let (mut taps, mut venues) = (Vec::new(), Vec::new());
        for (venue, facts) in live.venue.iter().zip(told) {
            let name = market_name(venue.market());
            let meta = RecordingMeta::new(facts.iter().map(|fact| &fact.seen), venue.market_connections());
            let (tap, recorder) = Recorder::open(out.join(name), &meta, &RecordOptions::default())?;
            taps.push(tap);
            venues.push((name, recorder));
        }
        Ok((taps, Self { venues, lost: 0, stalled: false }))
    }

    /// Tells what has changed for the worse since the last time, or for the better.
    pub(crate) fn tell(&mut self, mut tell: impl FnMut(&str)) {
        let lost: u64 = self.venues.iter().map(|(_, recorder)| recorder.lost().records).sum();
        if lost > core::mem::replace(&mut self.lost, lost) {
            tell(&format!("ALARM: the recording falls behind: {lost} records are lost by now"));
        }
        let stalled = self.venues.iter().any(|(_, recorder)| recorder.is_stalled());
        if stalled != core::mem::replace(&mut self.stalled, stalled) {
            tell(if stalled {
                "ALARM: the recording cannot be written: is the disk full or gone?"
            } else {
                "the recording is written again"
            });
        }
    }

    /// Waits until everything is written; the taps were dropped before.
    pub(crate) fn finish(self) -> Vec<Recorded> {
        let one = |(market, recorder): (&'static str, Recorder)| {
            let (lost, folder) = (recorder.lost(), recorder.folder().display().to_string());
            Recorded { market, folder, kept: recorder.finish(), lost }
        };
        self.venues.into_iter().map(one).collect()
    }
}

impl Recorded {
    /// Whether all that came in is in it.
    pub(crate) fn is_whole(&self) -> bool {
        self.kept.is_ok() && self.lost == Lost::default()
    }

    /// One line for a person.
    pub(crate) fn line(&self) -> String {
        let Self { market, folder, kept, lost } = self;
        let kept = match kept {
            Ok(Kept { records, bytes, segments }) => {
                format!("{records} records of {bytes} bytes in {segments} segments")
            }
            Err(error) => format!("ALARM: the recording is not whole: {error}"),
        };
        let lost = match lost.records {
            0 => String::new(),
            count => format!("; ALARM: {count} records of {} bytes are lost", lost.bytes),
        };
        format!("{market}: {folder}: {kept}{lost}")
    }

    /// The same for a program.
    pub(crate) fn object(&self) -> Map<String, Value> {
        let kept = self.kept.as_ref().ok();
        let error = self.kept.as_ref().err().map(ToString::to_string);
        let pairs = [
            ("market", json!(self.market)),
            ("folder", json!(self.folder)),
            ("records", json!(kept.map(|kept| kept.records))),
            ("bytes", json!(kept.map(|kept| kept.bytes))),
            ("segments", json!(kept.map(|kept| kept.segments))),
            ("lost_records", json!(self.lost.records)),
            ("lost_bytes", json!(self.lost.bytes)),
            ("error", json!(error)),
        ];
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// Records until it is told to stop.
///
/// # Errors
/// A configuration that cannot be used, a venue that does not answer, a recording that is there already.
pub(crate) fn run(arguments: &RecordArgs) -> anyhow::Result<Code> {
    let config = Config::load(&arguments.config).map_err(JobError::from)?;
    let live =
        config.live.as_ref().context("the configuration has no table `live`: nothing to connect to")?;
    let (stop, clock) = (stop_flag()?, Clock::start(Nanos::MIN));
    let told = ask(live, clock, &stop)?;
    let assembly = assemble(&config, &arguments.config, live, &told, 1)?;
    let (taps, mut recorders) = Recorders::begin(live, &told, &arguments.out)?;
    let mut loops = Vec::new();
    for ((asked, built), tap) in live.venue.iter().zip(assembly.venues).zip(taps) {
        loops.push(venue_loop(live, asked, built, clock)?.tapped(Some(tap)));
    }
    output::tell(&format!("recording into {}", arguments.out.display()));
    let (watch, ended) = (Stopwatch::start(), AtomicBool::new(false));
    let most = arguments.duration.map(Span::duration);
    let ends: Vec<_> = std::thread::scope(|scope| {
        let ended = &ended;
        let threads: Vec<_> =
            loops.into_iter().map(|venue| scope.spawn(move || listen(venue, clock, ended))).collect();
        let is_over = || stop.load(Ordering::Relaxed) || most.is_some_and(|most| watch.elapsed() >= most);
        while !is_over() && !threads.iter().any(|thread| thread.is_finished()) {
            std::thread::park_timeout(LOOK_EVERY);
            recorders.tell(output::tell);
        }
        ended.store(true, Ordering::Release);
        threads.into_iter().map(|thread| thread.join().ok()).collect()
    });
    let recorded = recorders.finish();
    report(&recorded, &ends, watch.elapsed(), arguments.json)?;
    Ok(match (ends.iter().all(Option::is_some), recorded.iter().all(Recorded::is_whole)) {
        (false, _) => Code::Failed,
        (true, false) => Code::Journal,
        (true, true) => Code::Done,
    })
}

fn venue_loop(
    live: &LiveConfig,
    asked: &LiveVenueConfig,
    built: VenueAssembly,
    clock: Clock,
) -> anyhow::Result<VenueLoop<Network>> {
    Ok(VenueLoop::new(VenueParts {
        network: sockets(asked, clock)?,
        market: built.market,
        trading: Trading::Nobody,
        urls: asked.into(),
        policy: LinkPolicy::of(live),
        // Nobody listens: what the session tells goes nowhere.
        shards: Vec::new(),
        numbers: Default::default(),
        kill: Arc::new(AtomicBool::new(false)),
        progress: Vec::new(),
    }))
}

/// Turns a venue's loop until it is to end; its tap ends with it.
fn listen(mut venue: VenueLoop<Network>, clock: Clock, ended: &AtomicBool) -> VenueEnd {
    let (mut drift, mut drift_at) = (clock.drift(), clock.now());
    while !ended.load(Ordering::Acquire) {
        let mono = clock.now();
        if mono - drift_at > WALL_EVERY {
            (drift, drift_at) = (clock.drift(), mono);
        }
        let _ = venue.turn(Now { mono, wall: mono + drift }, PATIENCE);
    }
    VenueEnd { counters: *venue.counters(), lost: venue.lost(), unread: venue.unread() }
}

fn report(
    recorded: &[Recorded],
    ends: &[Option<VenueEnd>],
    took: Duration,
    json: bool,
) -> anyhow::Result<()> {
    let (mut text, mut venues) = (String::new(), Vec::new());
    for (one, end) in recorded.iter().zip(ends) {
        text += &format!("{}\n", one.line());
        let mut object = one.object();
        match end {
            None => text += "ALARM: its thread has ended by itself\n",
            Some(VenueEnd { counters, lost, unread }) => {
                text += &format!(
                    "  {} frames, {} snapshots, {} gaps, {lost} connections lost, {unread} frames unread\n",
                    counters.frames, counters.snapshots, counters.gaps
                );
                object.insert("connections_lost".to_owned(), json!(lost));
                object.insert("frames_unread".to_owned(), json!(unread));
                object.extend(counts(counters));
            }
        }
        venues.push(Value::Object(object));
    }
    text += &format!("recorded {:.1} s\n", took.as_secs_f64());
    output::text(&text, Form::asked(json))?;
    if json {
        output::json(&json!({ "venues": venues, "seconds": took.as_secs_f64() }))?;
    }
    Ok(())
}

/// What a session counted, by name.
fn counts(counters: &Counters) -> impl Iterator<Item = (String, Value)> {
    let pairs = [
        ("frames", counters.frames),
        ("level_updates", counters.level_updates()),
        ("diffs", counters.diffs),
        ("snapshots", counters.snapshots),
        ("tickers", counters.tickers),
        ("trades", counters.trades),
        ("marks", counters.marks),
        ("gaps", counters.gaps),
        ("holes", counters.holes),
        ("known", counters.known),
        ("books_lost", counters.books_lost),
        ("snapshot_requests", counters.snapshot_requests),
    ];
    pairs.into_iter().map(|(name, count)| (name.to_owned(), json!(count)))
}
