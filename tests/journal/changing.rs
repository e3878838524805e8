//! A configuration that changes while a run goes on: it is in the record, and all that reads the record follows it.

use std::path::Path;

use ballast_exchange::synth::Dialect;
use ballast_journal::{Encoder, Entry, Header, Reader};
use ballast_model::{Event, Nanos};
use ballast_runtime::capture::SurveyedFile;
use ballast_runtime::config::Config;
use ballast_runtime::job::{Mode, Prepared};
use ballast_runtime::journal::{AtRest, Journal, Options, Recovery, Told, Walked, verify};
use ballast_runtime::replay::{Journaled, Outcome, Unobserved};
use ballast_tests::market::{QUOTER, lines, surveyed, text};

const NAME: &str = "quoter.toml";

/// More timid, and smaller.
fn other() -> String {
    QUOTER
        .replace("gamma = 0.05", "gamma = 0.5")
        .replace("position_max = { quote = \"15000\" }", "position_max = { quote = \"12000\" }")
}

fn market() -> (Vec<SurveyedFile>, [Nanos; 3]) {
    let lines = lines(Dialect::UsdM, 31, 60);
    let third = lines.len() / 3;
    let times = [lines[third].time, lines[2 * third].time, lines[2 * third].time];
    (vec![surveyed("futures", text(&lines))], times)
}

/// A run, journaled where there is a folder, in which these texts come to be in force.
fn run(texts: &[(Nanos, &str)], folder: Option<&Path>, options: &Options) -> Outcome {
    let config = Config::parse(QUOTER, Path::new(NAME)).unwrap();
    let (files, _) = market();
    let mut prepared = Prepared::from_surveyed(&config, Path::new(NAME), &files, |_| {}).unwrap();
    for (at, text) in texts {
        prepared.configure(*at, text, Path::new(NAME)).unwrap();
    }
    let Some(folder) = folder else {
        return prepared.play(Mode::Quoting, 1, &mut Unobserved).unwrap().outcome;
    };
    let mut journal = Journal::open(folder, prepared.meta(Mode::Quoting).to_bytes(), options).unwrap();
    let mut record = Journaled::new(&mut journal.tap);
    let played = prepared.play_recorded(Mode::Quoting, 1, &mut Unobserved, &mut record).unwrap();
    record.finish(&played.shard);
    journal.finish().unwrap();
    played.outcome
}

#[test]
fn a_change_and_its_way_back_are_repeated() {
    let (_, [first, second, _]) = market();
    let other = other();
    let texts = [(first, other.as_str()), (second, QUOTER)];
    let folder = tempfile::tempdir().unwrap();
    let options = Options { segment_bytes: 100_000, ..Options::default() };
    let outcome = run(&texts, Some(folder.path()), &options);
    assert_eq!(outcome, run(&texts, None, &options), "recording changes nothing");
    let plain = run(&[], None, &options);
    assert_ne!(outcome.decisions_hash, plain.decisions_hash);
    let again = verify(folder.path()).unwrap();
    assert_eq!((again.difference, again.walked), (None, Walked::Finished));
    assert_eq!(again.state_hash, outcome.state_hash);
    // Played again from the journal it is the same run.
    let told = Told::read(folder.path()).unwrap();
    let prepared = Prepared::from_journal(&told.config, &told).unwrap();
    assert_eq!(prepared.play(Mode::Quoting, 1, &mut Unobserved).unwrap().outcome, outcome);
    // And with a value set throughout it is another.
    let set = ["quoting.limits.touch_age_max=20ms".to_owned()];
    let changed = told.config.changed(Path::new(NAME), &set).unwrap();
    let prepared = Prepared::from_journal(&changed, &told).unwrap();
    let what_if = prepared.play(Mode::Quoting, 1, &mut Unobserved).unwrap().outcome;
    assert_ne!(what_if.decisions_hash, outcome.decisions_hash);
}

#[test]
fn the_same_text_again_decides_nothing_otherwise_and_a_later_change_leaves_what_was_before() {
    let (_, [first, second, _]) = market();
    let options = Options::default();
    let plain = run(&[], None, &options);
    let same = run(&[(first, QUOTER), (second, QUOTER)], None, &options);
    assert_eq!(same.decisions_hash, plain.decisions_hash);
    assert_ne!(same.state_hash, plain.state_hash, "that it was said is on record");
}

#[test]
fn what_is_recovered_after_a_change_is_what_carries_over() {
    let (_, [first, second, _]) = market();
    let other = other();
    for texts in [vec![(first, other.as_str())], vec![(first, other.as_str()), (second, QUOTER)]] {
        let folder = tempfile::tempdir().unwrap();
        // The last list is far behind where segments are long, and close where they are short.
        for (number, segment_bytes) in [(0, 1), (1, 10_000_000)] {
            let options = Options { segment_bytes, at_rest: AtRest::AsWritten, ..Options::default() };
            let folder = folder.path().join(number.to_string());
            std::fs::create_dir(&folder).unwrap();
            run(&texts, Some(&folder), &options);
            let recovered = Recovery::of(&folder).unwrap();
            assert!(recovered.damage.is_empty(), "{:?}", recovered.damage);
            assert_eq!(verify(&folder).unwrap().difference, None);
            let mut shard = recovered.meta.rebuild().unwrap().shard;
            let mut out = ballast_core::outbox::Outbox::new(shard.commands_per_event_max());
            for word in &recovered.carried {
                shard.on_event(&Event::Carried(*word), recovered.at, &mut out);
            }
            assert!(shard.is_carried() && out.notes().is_empty(), "{:?}", out.notes());
        }
    }
}

#[test]
fn a_text_that_was_forged_is_found() {
    let (_, [first, ..]) = market();
    let folder = tempfile::tempdir().unwrap();
    let options = Options { at_rest: AtRest::AsWritten, ..Options::default() };
    run(&[(first, &other())], Some(folder.path()), &options);
    let bytes = std::fs::read(folder.path().join("0000000000.journal")).unwrap();
    let (header, mut reader) = Reader::new(&bytes).unwrap();
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&Header { ..header }, &mut out);
    let mut forged = 0;
    while let Some(record) = reader.next().unwrap() {
        match record.entry {
            Entry::Event(Event::Config(mut part)) => {
                // gamma = 0.5 becomes 0.6.
                if let Some(at) = part.used().windows(4).position(|window| window == b" 0.5") {
                    part.bytes[at + 3] = b'6';
                    forged += 1;
                }
                encoder.event(record.now, &Event::Config(part), &mut out).unwrap();
            }
            Entry::Event(event) => encoder.event(record.now, &event, &mut out).unwrap(),
            Entry::Batch(batch) => encoder.batch(record.now, &batch, &mut out),
            Entry::Command(command) => encoder.command(record.now, &command, &mut out),
            Entry::Checkpoint(checkpoint) => encoder.checkpoint(record.now, &checkpoint, &mut out),
            Entry::Carried(word) => encoder.carried(record.now, &word, &mut out),
            Entry::Block(_) | Entry::End(_) => {}
        }
    }
    encoder.end(&mut out);
    assert!(forged > 0);
    let copy = tempfile::tempdir().unwrap();
    std::fs::write(copy.path().join("0000000000.journal"), out).unwrap();
    assert!(verify(copy.path()).unwrap().difference.is_some());
}

#[test]
fn what_cannot_change_is_refused_by_its_place_and_nothing_is_told() {
    let config = Config::parse(QUOTER, Path::new(NAME)).unwrap();
    let (files, [first, ..]) = market();
    let mut prepared = Prepared::from_surveyed(&config, Path::new(NAME), &files, |_| {}).unwrap();
    for (from, to, says) in [
        (
            "open_orders_max = 32",
            "open_orders_max = 33",
            "quoter.toml: line 34: quoting.limits.open_orders_max",
        ),
        ("taker_fee_bps = 2.5", "taker_fee_bps = 2.0", "quoter.toml: line 8: venue.taker_fee_bps"),
        ("gamma = 0.05", "gamma = -0.05", "quoting.model.gamma"),
        ("gamma = 0.05", "gama = 0.05", "gama"),
    ] {
        assert!(QUOTER.contains(from));
        let text = QUOTER.replace(from, to);
        let error = prepared.configure(first, &text, Path::new(NAME)).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
    let outcome = prepared.play(Mode::Quoting, 1, &mut Unobserved).unwrap().outcome;
    assert_eq!(outcome, run(&[], None, &Options::default()));
}
