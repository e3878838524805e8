//! A journal of a whole recorded market is decided again alike, to the last command and the last state.

use ballast_runtime::job::Mode;
use ballast_runtime::journal::{Journal, Options, Walked, verify};
use ballast_runtime::replay::{Journaled, Unobserved};

use crate::files::{WITH_BOOK, paths, prepare, shipped};

#[test]
fn every_decision_of_a_recorded_market_is_repeated_from_its_journal() {
    let config = shipped("replay.toml");
    for names in WITH_BOOK.iter().filter(|names| names.len() == 1) {
        let Some(files) = paths(names) else { continue };
        let prepared = prepare(&config, &files);
        let folder = tempfile::tempdir().unwrap();
        let meta = prepared.meta(Mode::Quoting).to_bytes();
        let mut journal = Journal::open(folder.path(), meta, &Options::default()).unwrap();
        let mut record = Journaled::new(&mut journal.tap);
        let played = prepared.play_recorded(Mode::Quoting, 1, &mut Unobserved, &mut record).unwrap();
        record.finish(&played.shard);
        journal.finish().unwrap();
        let outcome = played.outcome;
        let again = verify(folder.path()).unwrap();
        assert_eq!((again.difference, again.walked), (None, Walked::Finished), "{names:?}");
        let sent = outcome.orders + outcome.cancels + outcome.replaces + outcome.queries;
        assert_eq!(again.commands, sent, "{names:?}");
        assert_eq!(again.state_hash, outcome.state_hash, "{names:?}");
        assert!(
            sent > 100 && again.inputs > outcome.messages && again.checkpoints > 0,
            "{names:?}: {again:?}"
        );
        println!("{names:?}: {} inputs and {} commands, identical", again.inputs, again.commands);
    }
}
