//! A run goes on where another ended, whatever ended it: what is recovered is what reliving the journal leads to.

use std::path::{Path, PathBuf};

use ballast_core::outbox::Outbox;
use ballast_core::shard::Shard;
use ballast_exchange::synth::Dialect;
use ballast_journal::{Encoder, Entry, Header, Reader};
use ballast_model::{Carried, CarriedKind, ClientOrderId, Command, InstrumentId, Nanos};
use ballast_runtime::config::Config;
use ballast_runtime::job::{Mode, Prepared};
use ballast_runtime::journal::{
    AtRest, History, Journal, JournalError, Meta, Options, Recognised, Recovery, Told, Walked, verify,
};
use ballast_runtime::replay::{Journaled, Unobserved};
use ballast_tests::market::{QUOTER, lines, surveyed, text};

const OPTIONS: Options = Options {
    ring_bytes: 1 << 16,
    // A segment ends with its first block.
    segment_bytes: 1,
    sync_every: ballast_model::Span::from_secs(1),
    pace: ballast_runtime::journal::Pace::Replay,
    at_rest: AtRest::AsWritten,
};

/// Journals a run of a synthetic market; where its core stands at the end.
pub(crate) fn run(folder: &Path, options: &Options) -> Shard {
    let config = Config::parse(QUOTER, Path::new("quoter.toml")).unwrap();
    let files = [surveyed("futures", text(&lines(Dialect::UsdM, 31, 60)))];
    let prepared = Prepared::from_surveyed(&config, Path::new("quoter.toml"), &files, |_| {}).unwrap();
    let mut journal = Journal::open(folder, prepared.meta(Mode::Quoting).to_bytes(), options).unwrap();
    let mut record = Journaled::new(&mut journal.tap);
    let played = prepared.play_recorded(Mode::Quoting, 1, &mut Unobserved, &mut record).unwrap();
    record.finish(&played.shard);
    journal.finish().unwrap();
    played.shard
}

/// What carries over of a core whose run has ended, but for the id of its last order.
fn left(mut shard: Shard, at: Nanos) -> Vec<Carried> {
    shard.orphan(at, &mut Outbox::new(shard.commands_per_event_max()));
    let mut words = Vec::new();
    shard.carry(&mut |word| words.push(word));
    words.last_mut().unwrap().words[1] = 0;
    words
}

fn segments(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|end| end == "journal")).collect();
    found.sort();
    found
}

/// Tells the next run what was recovered, and ends it.
fn go_on(recovery: &Recovery) -> PathBuf {
    let (folder, meta) = recovery.next();
    let mut shard = meta.rebuild().unwrap().shard;
    let mut out = Outbox::new(shard.commands_per_event_max());
    let mut journal = Journal::open(&folder, meta.to_bytes(), &OPTIONS).unwrap();
    let mut record = Journaled::new(&mut journal.tap);
    assert_eq!(recovery.tell(&mut shard, &mut record, &mut out), recovery.at);
    assert!(shard.is_carried());
    record.finish(&shard);
    journal.finish().unwrap();
    folder
}

#[test]
fn runs_that_do_nothing_change_nothing_and_are_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let ended = run(&folder.path().join("0001"), &OPTIONS);
    let first = Recovery::of(folder.path()).unwrap();
    assert_eq!((first.epoch, first.next_epoch, first.damage.len()), (1, 2, 0));
    assert!(
        !ended.position(InstrumentId(0)).is_zero() || ended.orders(InstrumentId(0)).unwrap().open_count() > 0
    );
    assert_eq!(first.shard.position(InstrumentId(0)), ended.position(InstrumentId(0)));
    assert_eq!(first.shard.ledger(InstrumentId(0)), ended.ledger(InstrumentId(0)));
    assert_eq!(first.carried, left(ended, first.at));
    for epoch in 2..6 {
        let recovery = Recovery::of(folder.path()).unwrap();
        assert_eq!((recovery.next_epoch, &recovery.carried), (epoch, &first.carried));
        let next = go_on(&recovery);
        let again = verify(&next).unwrap();
        assert_eq!((again.difference, again.walked, again.commands), (None, Walked::Finished, 0));
        assert_eq!(again.inputs, first.carried.len() as u64);
    }
}

#[test]
fn a_journal_cut_anywhere_leads_where_reliving_it_does() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &Options { segment_bytes: 1 << 30, ..OPTIONS });
    let bytes = std::fs::read(&segments(folder.path())[0]).unwrap();
    let (Header { meta, .. }, mut reader) = Reader::new(&bytes).unwrap();
    let mut shard = Meta::parse(&meta).unwrap().rebuild().unwrap().shard;
    let mut out = Outbox::new(shard.commands_per_event_max());
    let (mut records, mut cuts, mut open) = (0u64, 0, 0);
    loop {
        let begins = reader.offset();
        let Some(record) = reader.next().unwrap() else { break };
        // Cut before an input: all that was decided before is on record.
        if record.entry.is_input() && records % 499 == 250 {
            let cut = tempfile::tempdir().unwrap();
            std::fs::write(cut.path().join("0000000000.journal"), &bytes[..begins]).unwrap();
            let recovery = Recovery::of(cut.path()).unwrap();
            let mut relived = Meta::parse(&meta).unwrap().rebuild().unwrap().shard;
            let (_, mut again) = Reader::new(&bytes[..begins]).unwrap();
            while let Some(record) = again.next().unwrap() {
                match record.entry {
                    Entry::Event(event) => relived.on_event(&event, record.now, &mut out),
                    Entry::Batch(batch) => relived.on_batch(&batch, record.now, &mut out),
                    Entry::Command(_)
                    | Entry::Checkpoint(_)
                    | Entry::Carried(_)
                    | Entry::Block(_)
                    | Entry::End(_) => {}
                }
                out.clear();
            }
            open += relived.orders(InstrumentId(0)).unwrap().open_count();
            assert_eq!(recovery.carried, left(relived, recovery.at));
            assert_eq!(recovery.damage, [""; 0]);
            cuts += 1;
        }
        match record.entry {
            Entry::Event(event) => shard.on_event(&event, record.now, &mut out),
            Entry::Batch(batch) => shard.on_batch(&batch, record.now, &mut out),
            Entry::Command(_)
            | Entry::Checkpoint(_)
            | Entry::Carried(_)
            | Entry::Block(_)
            | Entry::End(_) => {}
        }
        out.clear();
        records += 1;
    }
    assert!(cuts > 5 && open > 5, "{cuts} {open} {records}");
}

#[test]
fn ids_tell_whose_an_order_is() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &Options { segment_bytes: 1 << 30, ..OPTIONS });
    let recovery = Recovery::of(folder.path()).unwrap();
    let bytes = std::fs::read(&segments(folder.path())[0]).unwrap();
    let (_, mut reader) = Reader::new(&bytes).unwrap();
    let mut last = ClientOrderId::FOREIGN;
    while let Some(record) = reader.next().unwrap() {
        if let Entry::Command(Command::New(order)) = record.entry {
            assert_eq!(recovery.memory.recognise(order.client_id), Recognised::Known);
            last = order.client_id;
        }
    }
    assert_eq!(
        recovery.memory.recognise(ClientOrderId(last.0 + 1)),
        Recognised::Lost,
        "sent, and never stored"
    );
    assert_eq!(recovery.memory.recognise(ClientOrderId::FOREIGN), Recognised::Foreign);
    assert_eq!(recovery.memory.recognise(ClientOrderId(77)), Recognised::Foreign, "no epoch");
    assert_eq!(
        recovery.memory.recognise(ClientOrderId::new(9, 1)),
        Recognised::Foreign,
        "no epoch of ours yet"
    );
}

#[test]
fn damage_is_named_and_what_came_before_it_is_recovered_in_doubt() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &OPTIONS);
    let whole = Recovery::of(folder.path()).unwrap();
    assert!(whole.carried.iter().all(|word| word.kind != CarriedKind::Instrument), "nothing is in doubt");
    let paths = segments(folder.path());
    assert!(paths.len() > 3);
    // A segment is missing that the state does not need: the last one begins behind a list, or ends with one.
    let kept = std::fs::read(&paths[1]).unwrap();
    std::fs::remove_file(&paths[1]).unwrap();
    let without = Recovery::of(folder.path()).unwrap();
    assert!(without.damage[0].contains("segment 0000000001 is missing"), "{:?}", without.damage);
    assert_eq!(without.shard.position(InstrumentId(0)), whole.shard.position(InstrumentId(0)));
    std::fs::write(&paths[1], &kept).unwrap();
    // Nor is the first one needed for that; to decide again it is.
    let kept = std::fs::read(&paths[0]).unwrap();
    std::fs::remove_file(&paths[0]).unwrap();
    let without = Recovery::of(folder.path()).unwrap();
    assert!(without.damage[0].contains("segment 0000000000 is missing"), "{:?}", without.damage);
    let refused = [verify(folder.path()).unwrap_err(), Told::read(folder.path()).unwrap_err()];
    for error in refused.map(|error| error.to_string()) {
        assert!(error.contains("0000000001.journal") && error.contains("a segment is missing"), "{error}");
    }
    std::fs::write(&paths[0], &kept).unwrap();
    // A bit of the last one is another, so that the list at the end cannot be read, and one of an earlier one: the state is that
    // before the first of the two.
    let last = paths.last().unwrap();
    for path in [&paths[3], last] {
        let mut bytes = std::fs::read(path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 4;
        std::fs::write(path, &bytes).unwrap();
    }
    let bytes = std::fs::read(last).unwrap();
    let damaged = Recovery::of(folder.path()).unwrap();
    let named = |name: &str| damaged.damage.iter().any(|what| what.contains(name));
    assert!(named("0000000003.journal") && damaged.at < whole.at, "{:?}", damaged.damage);
    assert_eq!(doubts(&damaged), damaged.instruments.len());
    assert!(std::fs::read(last).unwrap() == bytes, "nothing was cut off");
}

/// The instruments whose positions are in doubt, because of the record alone.
fn doubts(recovery: &Recovery) -> usize {
    let doubt = |word: &&Carried| word.kind == CarriedKind::Instrument && word.words[0] == 2;
    recovery.carried.iter().filter(doubt).count()
}

#[test]
fn nobody_goes_on_from_a_run_that_lives() {
    let folder = tempfile::tempdir().unwrap();
    let (first, _) = Recovery::first(folder.path()).unwrap();
    let (mut child, mut out) = crate::kill::writing(&first);
    let drained = std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
    for _ in 0..2 {
        let error = Recovery::if_any(folder.path()).unwrap_err();
        assert!(matches!(&error, JournalError::Living(path) if *path == first), "{error}");
        // Whoever only reads may.
        History::open_whole(&first).unwrap();
        assert_eq!(Recovery::of(folder.path()).unwrap().next_epoch, 2);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    drained.join().unwrap().unwrap();
    let past = Recovery::if_any(folder.path()).unwrap().unwrap();
    assert_eq!((past.epoch, past.damage.len()), (1, 0));
}

#[test]
fn a_ring_that_cannot_be_read_is_damage_and_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &OPTIONS);
    let whole = Recovery::of(folder.path()).unwrap();
    assert_eq!((whole.damage.len(), doubts(&whole)), (0, 0));
    let path = folder.path().join("ring");
    std::fs::write(&path, [7; 4_096]).unwrap();
    let damaged = Recovery::of(folder.path()).unwrap();
    assert!(damaged.damage[0].contains("not a ring of this version"), "{:?}", damaged.damage);
    assert_eq!(doubts(&damaged), damaged.instruments.len());
    assert_eq!(damaged.shard.position(InstrumentId(0)), whole.shard.position(InstrumentId(0)));
    assert_eq!(std::fs::read(&path).unwrap(), [7; 4_096]);
    // One of which somebody has settled what could be read.
    std::fs::rename(&path, folder.path().join("ring.damaged")).unwrap();
    let damaged = Recovery::of(folder.path()).unwrap();
    let named = damaged
        .damage
        .iter()
        .any(|what| what.contains("ring.damaged: damaged: what was stored after record"));
    assert!(named && damaged.damage.len() == 1, "{:?}", damaged.damage);
    assert_eq!(doubts(&damaged), damaged.instruments.len());
}

#[test]
fn a_run_that_died_while_it_began_is_passed_over_and_its_epoch_never_used_again() {
    let folder = tempfile::tempdir().unwrap();
    run(&folder.path().join("0001"), &OPTIONS);
    let first = Recovery::of(folder.path()).unwrap();
    let (next, meta) = first.next();
    std::fs::create_dir(&next).unwrap();
    let meta = meta.to_bytes();
    let header = Header {
        segment: 0,
        first_seq: 1,
        before: [0; 32],
        config_hash: ballast_journal::digest_of(&meta),
        meta,
    };
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&header, &mut bytes);
    for word in first.carried.iter().take(first.carried.len() - 1) {
        encoder.event(first.at, &ballast_model::Event::Carried(*word), &mut bytes).unwrap();
    }
    std::fs::write(next.join("0000000000.journal"), bytes).unwrap();
    let again = Recovery::of(folder.path()).unwrap();
    assert_eq!((again.epoch, again.next_epoch), (1, 3));
    assert_eq!((&again.damage[..], &again.unbegun[..], doubts(&again)), (&[][..], &[next][..], 0));
    let nothing = tempfile::tempdir().unwrap();
    assert!(matches!(Recovery::of(nothing.path()), Err(JournalError::Empty(_))));
}

/// What a run leaves that dies before its first record: a folder, a ring that is not made yet, and one that is with a segment.
fn leave_nothing(folder: &Path, meta: &Meta, stage: u32) {
    std::fs::create_dir(folder).unwrap();
    match stage {
        0 => {}
        1 => std::fs::write(folder.join("ring"), [0; 1_000]).unwrap(),
        _ => drop(Journal::open(folder, meta.to_bytes(), &OPTIONS).unwrap()),
    }
}

#[test]
fn runs_that_died_before_their_first_record_leave_nothing_in_doubt() {
    let folder = tempfile::tempdir().unwrap();
    run(&folder.path().join("0001"), &OPTIONS);
    let first = Recovery::of(folder.path()).unwrap();
    assert!(!first.carried.is_empty());
    for stage in 0..3 {
        let (next, meta) = Recovery::of(folder.path()).unwrap().next();
        leave_nothing(&next, &meta, stage);
        let again = Recovery::if_any(folder.path()).unwrap().unwrap();
        assert_eq!((again.epoch, again.next_epoch), (1, 3 + stage), "stage {stage}");
        assert_eq!((&again.carried, again.at, again.damage.len()), (&first.carried, first.at, 0));
        assert_eq!((again.unbegun.len(), again.unbegun.first()), (1 + stage as usize, Some(&next)));
    }
}

#[test]
fn where_every_run_died_before_its_first_record_the_next_is_the_first_in_an_epoch_of_its_own() {
    let made = tempfile::tempdir().unwrap();
    run(&made.path().join("0001"), &OPTIONS);
    let meta = Recovery::of(made.path()).unwrap().meta;
    let folder = tempfile::tempdir().unwrap();
    for stage in 0..3 {
        let (next, epoch) = Recovery::first(folder.path()).unwrap();
        assert_eq!(epoch, 1 + stage);
        leave_nothing(&next, &meta, stage);
        assert!(Recovery::if_any(folder.path()).unwrap().is_none(), "stage {stage}");
    }
    assert_eq!(Recovery::first(folder.path()).unwrap(), (folder.path().join("0004"), 4));
}

#[test]
fn a_ring_whose_segments_are_gone_is_damage_that_is_named() {
    let folder = tempfile::tempdir().unwrap();
    run(&folder.path().join("0001"), &OPTIONS);
    let first = Recovery::of(folder.path()).unwrap();
    let (next, meta) = first.next();
    let mut shard = meta.rebuild().unwrap().shard;
    let mut out = Outbox::new(shard.commands_per_event_max());
    let mut journal = Journal::open(&next, meta.to_bytes(), &OPTIONS).unwrap();
    first.tell(&mut shard, &mut Journaled::new(&mut journal.tap), &mut out);
    drop(journal);
    segments(&next).iter().for_each(|path| std::fs::remove_file(path).unwrap());
    let again = Recovery::of(folder.path()).unwrap();
    assert_eq!((again.epoch, again.next_epoch, again.unbegun.len()), (1, 3, 0));
    assert!(
        again.damage[0].contains("0002/ring") && again.damage[0].contains("end before"),
        "{:?}",
        again.damage
    );
    assert_eq!(doubts(&again), again.instruments.len());
}
