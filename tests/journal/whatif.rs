//! Journals played again: what was recorded comes out again, and what was recorded otherwise is told.

use std::path::Path;

use ballast_analytics::agreement::Agreement;
use ballast_analytics::record::{FillRow, InstrumentRecord};
use ballast_exchange::Family;
use ballast_exchange::synth::Dialect;
use ballast_model::Span;
use ballast_runtime::capture::SurveyedFile;
use ballast_runtime::config::Config;
use ballast_runtime::job::{Mode, Prepared};
use ballast_runtime::journal::{Journal, Options, Told};
use ballast_runtime::operator::OperatorScript;
use ballast_runtime::replay::{Journaled, RecorderSpec};
use ballast_tests::market::{QUOTER, lines, surveyed, text};

const NAME: &str = "quoter.toml";

/// Quotes at the touch every 100 ms, so that queues decide what fills.
fn quoter(venue: &str) -> Config {
    let (before, rest) = QUOTER.split_once("[quoting.model]").unwrap();
    let (_, after) = rest.split_once("[quoting.volatility]").unwrap();
    let model = "[quoting.model]\nkind = \"fixed-spread\"\nhalf_spread_ticks = 0\nskew_ticks_per_base = 0.5\n\
        size = { lots = 200 }\ninventory_max = { lots = 2000 }\n[quoting.volatility]";
    let text =
        format!("{before}{model}{after}\n{venue}\n").replace("requote = \"touch\"", "requote = \"100ms\"");
    Config::parse(&text, Path::new(NAME)).unwrap()
}

fn futures() -> Vec<SurveyedFile> {
    vec![surveyed("futures", text(&lines(Dialect::UsdM, 31, 60)))]
}

fn prepare<'a>(config: &'a Config, files: &[SurveyedFile]) -> Prepared<'a> {
    Prepared::from_surveyed(config, Path::new(NAME), files, |_| {}).unwrap()
}

/// An operator pauses all for five seconds.
const PAUSED: &str = "[[at]]\noffset = \"30s\"\ncommand = \"pause\"\nscope = \"all\"\n\
    [[at]]\noffset = \"35s\"\ncommand = \"resume\"\nscope = \"all\"\n";

const SPEC: RecorderSpec = RecorderSpec { interval: Span::from_millis(100), samples_max: 10_000 };

/// Journals a run under one configuration, as if it had been another's.
fn record(
    config: &Config,
    says: &Config,
    files: &[SurveyedFile],
    repeat: u32,
    folder: &Path,
) -> Vec<InstrumentRecord> {
    operated(PAUSED, config, says, files, repeat, folder)
}

/// The same, as an operator's script says.
fn operated(
    script: &str,
    config: &Config,
    says: &Config,
    files: &[SurveyedFile],
    repeat: u32,
    folder: &Path,
) -> Vec<InstrumentRecord> {
    let mut prepared = prepare(config, files);
    prepared.operate(&OperatorScript::parse(script, Path::new("operator.toml")).unwrap()).unwrap();
    let meta = prepare(says, files).meta(Mode::Quoting).to_bytes();
    let mut journal = Journal::open(folder, meta, &Options::default()).unwrap();
    let mut recorder = prepared.recorder(SPEC);
    let mut record = Journaled::new(&mut journal.tap);
    let played = prepared.play_recorded(Mode::Quoting, repeat, &mut recorder, &mut record).unwrap();
    record.finish(&played.shard);
    journal.finish().unwrap();
    recorder.finish(played.outcome.ended_at, &played.shard)
}

/// The recorded run as the journal tells it, and the run again.
fn again(folder: &Path, told: &Told) -> (Vec<InstrumentRecord>, Vec<InstrumentRecord>) {
    let prepared = Prepared::from_journal(&told.config, told).unwrap();
    let mut recorder = prepared.recorder(SPEC);
    let (shard, ended_at) = prepared.relive(folder, Mode::Quoting, &mut recorder).unwrap();
    let recorded = recorder.finish(ended_at, &shard);
    let mut recorder = prepared.recorder(SPEC);
    let played = prepared.play(Mode::Quoting, 1, &mut recorder).unwrap();
    (recorded, recorder.finish(played.outcome.ended_at, &played.shard))
}

#[test]
fn an_unchanged_run_comes_out_again_whatever_was_recorded() {
    let slow = "[venue.latency]\nfeed = \"3ms\"\n\
        load = { window = \"50ms\", free_messages = 5, per_message = \"100us\", max = \"20ms\" }\n\
        [[venue.outages]]\noffset = \"20s\"\nduration = \"3s\"\nanswers = \"none\"\nfeed = \"stops\"\n\
        [venue.queue]\ncancels = \"log\"\nimpact = \"displaces\"";
    let both = [surveyed("spot", text(&lines(Dialect::Spot, 32, 60))), futures().remove(0)];
    let halves = lines(Dialect::UsdM, 31, 60);
    let (first, second) = halves.split_at(halves.len() / 2);
    let files = [surveyed("one", text(first)), surveyed("two", text(second))];
    for (venue, files, repeat) in
        [("", &futures()[..], 1), (slow, &both[..], 1), ("", &files[..], 1), ("", &files[..], 2)]
    {
        let config = quoter(venue);
        let folder = tempfile::tempdir().unwrap();
        let alone = record(&config, &config, files, repeat, folder.path());
        let told = Told::read(folder.path()).unwrap();
        assert_eq!(told.outside.len(), 2, "what an operator said is part of it");
        let (recorded, played) = again(folder.path(), &told);
        assert!(recorded.iter().any(|record| record.fills.len() > 10), "enough to tell");
        for ((alone, recorded), played) in alone.iter().zip(&recorded).zip(&played) {
            // A journal does not say where in its queue an order stood.
            let placeless = |record: &InstrumentRecord| -> Vec<_> {
                record.fills.iter().map(|fill| FillRow { place: None, ..*fill }).collect()
            };
            assert_eq!(alone.fills, played.fills, "{venue} {repeat}");
            assert_eq!(placeless(alone), recorded.fills, "{venue} {repeat}");
            let ends = [alone, recorded, played].map(|record| record.samples.last().map(|end| end.net()));
            assert!(ends.iter().all(|end| *end == ends[0]), "{ends:?}");
            let found = Agreement::of(&recorded.fills, &played.fills, Span::ZERO);
            assert_eq!((found.matched_fills, found.matched_lots), (recorded.fills.len(), found.lots));
        }
    }
}

#[test]
fn what_was_booked_by_hand_comes_out_again() {
    let adjusted = "[[at]]\noffset = \"33s\"\ncommand = \"adjust\"\nscope = \"usdm ETHUSDT\"\n\
        position = \"0.123\"\nprice = \"2681\"\n";
    let config = quoter("");
    let folder = tempfile::tempdir().unwrap();
    let script = format!("{PAUSED}{adjusted}");
    let alone = operated(&script, &config, &config, &futures(), 1, folder.path());
    let (recorded, played) = again(folder.path(), &Told::read(folder.path()).unwrap());
    assert_eq!(alone[0].adjustments.len(), 1);
    assert_eq!(alone[0].adjustments, recorded[0].adjustments);
    assert_eq!(alone[0].adjustments, played[0].adjustments);
}

#[test]
fn a_venue_that_was_not_as_configured_is_told_and_its_power_found() {
    let real = quoter("[venue.queue]\ncancels = \"power\"\npower = 2.0");
    let folder = tempfile::tempdir().unwrap();
    record(&real, &quoter(""), &futures(), 1, folder.path());
    let told = Told::read(folder.path()).unwrap();
    let (recorded, played) = again(folder.path(), &told);
    let found = Agreement::of(&recorded[0].fills, &played[0].fills, Span::from_millis(100));
    assert!(found.share() < 0.999, "queues make a difference: {found:?}");
    let prepared = Prepared::from_journal(&told.config, &told).unwrap();
    let best = prepared.calibrate(&told, Family::Ratio).unwrap();
    assert!(best.risk_averse.disagreement > 0.0, "{best:?}");
    assert!(best.best.disagreement < 0.1 * best.risk_averse.disagreement, "{best:?}");
    assert!((best.range.0..=best.range.1).contains(&2.0), "{best:?}");
    assert!(best.range.0 > 0.125, "queues were not risk-seeking: {best:?}");
    assert_eq!(best.best.filled, best.recorded, "{best:?}");
    assert!(best.tried.is_sorted_by(|one, other| one.0 <= other.0));
    // At the power that was: nothing apart at all.
    let exact = best.tried.iter().find(|(power, _)| (power - 2.0).abs() < 1e-9).unwrap();
    assert!(exact.1.disagreement < 1e-12, "{exact:?}");
}

#[test]
fn a_journal_that_does_not_tell_enough_is_refused() {
    let config = quoter("");
    let files = futures();
    let folder = tempfile::tempdir().unwrap();
    let prepared = prepare(&config, &files);
    let mut meta = prepared.meta(Mode::Quoting);
    meta.feeds.clear();
    let mut journal = Journal::open(folder.path(), meta.to_bytes(), &Options::default()).unwrap();
    let mut record = Journaled::new(&mut journal.tap);
    prepared.play_recorded(Mode::Quoting, 1, &mut ballast_runtime::replay::Unobserved, &mut record).unwrap();
    journal.finish().unwrap();
    let error = Told::read(folder.path()).unwrap_err().to_string();
    assert!(error.contains("a crowd that felt our orders"), "{error}");
}
