//! Every decision of a journal is repeated, and what is not is named.

use std::path::Path;

use ballast_exchange::synth::Dialect;
use ballast_journal::{Entry, Header, Reader};
use ballast_runtime::config::Config;
use ballast_runtime::job::{Mode, Prepared};
use ballast_runtime::journal::{
    AtRest, Found, History, Journal, JournalError, Options, Step, Walked, slice, verify,
};
use ballast_runtime::replay::{Journaled, Outcome, Unobserved};
use ballast_tests::market::{QUOTER, lines, surveyed, text};

fn config() -> Config {
    Config::parse(QUOTER, Path::new("quoter.toml")).unwrap()
}

/// Journals a run of a synthetic market.
fn run(folder: &Path, options: &Options) -> Outcome {
    let config = config();
    let files = [
        surveyed("futures", text(&lines(Dialect::UsdM, 31, 20))),
        surveyed("spot", text(&lines(Dialect::Spot, 32, 20))),
    ];
    let prepared = Prepared::from_surveyed(&config, Path::new("quoter.toml"), &files, |_| {}).unwrap();
    let mut journal = Journal::open(folder, prepared.meta(Mode::Quoting).to_bytes(), options).unwrap();
    let mut record = Journaled::new(&mut journal.tap);
    let played = prepared.play_recorded(Mode::Quoting, 1, &mut Unobserved, &mut record).unwrap();
    record.finish(&played.shard);
    journal.finish().unwrap();
    // Recording changes nothing.
    let alone = prepared.play(Mode::Quoting, 1, &mut Unobserved).unwrap();
    assert_eq!(alone.outcome, played.outcome);
    played.outcome
}

#[test]
fn a_whole_run_is_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let outcome = run(folder.path(), &Options { segment_bytes: 100_000, ..Options::default() });
    assert!(History::open(folder.path()).unwrap().segments().len() > 1);
    let again = verify(folder.path()).unwrap();
    assert_eq!((again.difference, again.walked), (None, Walked::Finished));
    assert_eq!(again.commands, outcome.orders + outcome.cancels + outcome.replaces + outcome.queries);
    assert_eq!((again.state_hash, again.checkpoints), (outcome.state_hash, 1));
    assert!(again.inputs > outcome.messages);
}

/// The journal's only segment with some records left out or changed, all checksums right.
fn forged(folder: &Path, change: impl Fn(u64, &Entry<'_>) -> bool) -> tempfile::TempDir {
    let bytes = std::fs::read(folder.join("0000000000.journal")).unwrap();
    let (header, mut reader) = Reader::new(&bytes).unwrap();
    let mut out = Vec::new();
    let mut encoder = ballast_journal::Encoder::new(&Header { ..header }, &mut out);
    while let Some(record) = reader.next().unwrap() {
        if change(record.seq, &record.entry) {
            continue;
        }
        match record.entry {
            Entry::Event(event) => encoder.event(record.now, &event, &mut out).unwrap(),
            Entry::Batch(batch) => encoder.batch(record.now, &batch, &mut out),
            Entry::Command(command) => encoder.command(record.now, &command, &mut out),
            Entry::Checkpoint(checkpoint) => encoder.checkpoint(record.now, &checkpoint, &mut out),
            Entry::Carried(word) => encoder.carried(record.now, &word, &mut out),
            Entry::Block(_) | Entry::End(_) => {}
        }
    }
    encoder.end(&mut out);
    let forged = tempfile::tempdir().unwrap();
    std::fs::write(forged.path().join("0000000000.journal"), out).unwrap();
    forged
}

#[test]
fn what_was_not_decided_so_is_named_with_its_cause() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &Options { at_rest: AtRest::AsWritten, ..Options::default() });
    // A command that was never recorded.
    let first = std::cell::Cell::new(0);
    let without = forged(folder.path(), |seq, entry| {
        let is_first = matches!(entry, Entry::Command(_)) && first.get() == 0;
        if is_first {
            first.set(seq);
        }
        is_first
    });
    let difference = verify(without.path()).unwrap().difference.unwrap();
    assert!(matches!(difference.found, Found::Command { decided: Some(_), .. }), "{difference}");
    assert!(difference.seq >= first.get() && difference.cause_seq < first.get(), "{difference}");
    // An input that was never recorded: sooner or later something else is decided, at the latest the last state.
    let inputs = std::cell::Cell::new(0);
    let without = forged(folder.path(), |_, entry| {
        inputs.set(inputs.get() + u32::from(entry.is_input()));
        entry.is_input() && inputs.get() == 700
    });
    assert!(verify(without.path()).unwrap().difference.is_some());
    // A last checkpoint that says another state.
    let none = forged(folder.path(), |_, _| false);
    assert_eq!(verify(none.path()).unwrap().difference, None);
}

#[test]
fn a_slice_is_a_journal_and_is_decided_again_from_the_beginning_alone() {
    let (folder, cut, head) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    run(folder.path(), &Options::default());
    let history = History::open(folder.path()).unwrap();
    slice(&history, 1, 3_000, head.path()).unwrap();
    let again = verify(head.path()).unwrap();
    assert_eq!(again.difference, None);
    assert!(again.inputs > 2_000);
    slice(&history, 1_000, 3_000, cut.path()).unwrap();
    let mut counted = 0;
    History::open(cut.path())
        .unwrap()
        .walk(|_| {
            counted += 1;
            Ok::<_, JournalError>(Step::On)
        })
        .unwrap();
    assert!((1_990..=2_010).contains(&counted), "{counted}");
    let error = verify(cut.path()).unwrap_err().to_string();
    assert!(error.contains("cut from another journal at record 1000"), "{error}");
}

#[test]
fn a_slice_is_cut_into_an_empty_folder_and_holds_something() {
    let (folder, cut) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    run(folder.path(), &Options::default());
    let history = History::open(folder.path()).unwrap();
    let refused = |from, to, out: &Path, part: &str| {
        let error = slice(&history, from, to, out).unwrap_err().to_string();
        assert!(error.contains(part), "{from} to {to}: {error}");
    };
    for (from, to) in [(u64::MAX, u64::MAX), (1 << 40, u64::MAX), (20, 10), (0, 0)] {
        refused(from, to, cut.path(), "there is nothing to cut");
    }
    assert_eq!(std::fs::read_dir(cut.path()).unwrap().count(), 0, "nothing is written");
    // Not even its own source.
    refused(1, 10, folder.path(), "this folder is not empty");
    assert_eq!(verify(folder.path()).unwrap().difference, None);
    assert_eq!(slice(&history, 0, 10, cut.path()).unwrap().records, 11, "ten and the end");
    refused(1, 10, cut.path(), "this folder is not empty");
    // A slice of a slice says where both were cut.
    let (second, third) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    slice(&history, 100, 200, second.path()).unwrap();
    slice(&History::open(second.path()).unwrap(), 11, 20, third.path()).unwrap();
    let error = verify(third.path()).unwrap_err().to_string();
    assert!(error.contains("cut from another journal at record 110"), "{error}");
}

#[test]
fn a_missing_end_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { segment_bytes: 100_000, at_rest: AtRest::AsWritten, ..Options::default() };
    run(folder.path(), &options);
    let last = || History::open(folder.path()).unwrap().segments().last().cloned().unwrap();
    let ended = || {
        let again = verify(folder.path()).unwrap();
        assert_eq!((again.difference, again.walked.torn()), (None, None));
        again.walked
    };
    assert_eq!(ended(), Walked::Finished);
    // Cut off between two records, before the checkpoint and the end.
    let bytes = std::fs::read(last()).unwrap();
    let (_, mut reader) = Reader::new(&bytes).unwrap();
    let mut starts = Vec::new();
    while let Some(record) = reader.next().unwrap() {
        starts.push(record.offset);
    }
    let path = last();
    for missing in 1..=3 {
        std::fs::write(&path, &bytes[..starts[starts.len() - missing]]).unwrap();
        assert_eq!(ended(), Walked::Open, "{missing} records");
    }
    std::fs::remove_file(path).unwrap();
    assert_eq!(ended(), Walked::CutShort, "a segment");
}
