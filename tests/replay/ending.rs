//! The account at the end of a run is the ledger's, however the run ends and however it was sampled.

use ballast_analytics::audit::Audit;
use ballast_analytics::record::{InstrumentRecord, MARKOUT_HORIZONS};
use ballast_model::{HalfTicks, InstrumentId};
use ballast_runtime::job::Played;
use ballast_tests::market::snapshot_after;

use crate::rig::{AVELLANEDA, FUTURES, INTERVAL, file, prepare, record};

/// The last sample says what the ledger says, at the last midpoint known.
fn check_end(played: &Played, record: &InstrumentRecord, mid: HalfTicks, story: &str) {
    let id = InstrumentId(0);
    let (end, ledger) = (record.samples.last().unwrap(), played.shard.ledger(id).unwrap());
    let settlement = record.spec.settlement();
    assert_eq!(end.position, ledger.position(), "{story}");
    assert_eq!((end.fees, end.rebates), (ledger.fees(settlement), ledger.rebates(settlement)), "{story}");
    assert_eq!(end.funding, ledger.funding(), "{story}");
    assert_eq!((end.mid, end.gross), (mid, ledger.gross(mid)), "{story}");
    assert_eq!(Some(end.time), played.outcome.ended_at, "{story}");
    assert_eq!(record.check(), Ok(()), "{story}");
    assert!(Audit::of(record).unwrap().agrees(), "{story}: {:?}", Audit::of(record));
    assert_eq!(record.fills.len() as u64, played.outcome.fills, "{story}");
}

#[test]
fn however_few_samples_are_kept_the_last_one_is_the_end() {
    for config in [&AVELLANEDA, &INTERVAL] {
        let prepared = prepare(config, &[file(&FUTURES)]);
        for samples_max in (16..48).chain([290, 299, 300, 301, 302, 1_000]) {
            let (played, records) = record(&prepared, samples_max);
            let mid = played.shard.mid(InstrumentId(0)).unwrap();
            check_end(&played, &records[0], mid, &format!("{samples_max} samples"));
            assert!(records[0].samples.len() <= samples_max);
            assert!(records[0].samples[0].position.is_zero(), "the first sample is kept, too");
        }
    }
}

#[test]
fn a_run_that_ends_without_a_book_has_its_last_fills_in_its_account() {
    // The book is lost half way; what rests may fill until the cancels arrive.
    let diffs: Vec<_> =
        FUTURES.iter().enumerate().filter(|(_, line)| line.frame.contains("@depth")).collect();
    let mut late_fills = 0;
    for (missing, _) in diffs.iter().skip(diffs.len() / 3).step_by(7) {
        let mut lines = FUTURES.clone();
        lines.remove(*missing);
        for config in [&AVELLANEDA, &INTERVAL] {
            let (played, records) = record(&prepare(config, &[file(&lines)]), 10_000);
            let id = InstrumentId(0);
            assert_eq!(played.shard.mid(id), None, "the book is lost to the end");
            assert_eq!(played.shard.position(id), played.venue.position(id));
            let record = &records[0];
            let [.., before, end] = record.samples.as_slice() else { panic!("samples") };
            late_fills += record.fills.iter().filter(|fill| fill.time > before.time).count();
            check_end(&played, record, end.mid, &format!("without line {missing}"));
        }
    }
    assert!(late_fills > 0, "some fill came after the last midpoint");
}

#[test]
fn markouts_of_a_time_without_a_book_are_unknown() {
    let place = |part: &str, nth: usize| {
        let places = FUTURES.iter().enumerate().filter(|(_, line)| line.frame.contains(part));
        places.map(|(index, _)| index).nth(nth).unwrap()
    };
    // The book is lost for some seconds.
    let (missing, back) = (place("@depth", 300), place("@depth", 420));
    let shows = place("@depth", 301);
    let mut lines = FUTURES.clone();
    lines.insert(back + 1, snapshot_after(&FUTURES, back));
    lines.remove(missing);
    let (lost, found) = (FUTURES[shows].time, FUTURES[back].time);
    let mut unknown = 0;
    for config in [&AVELLANEDA, &INTERVAL] {
        let (played, records) = record(&prepare(config, &[file(&lines)]), 10_000);
        let end = played.outcome.ended_at.unwrap();
        for fill in &records[0].fills {
            for (horizon, markout) in MARKOUT_HORIZONS.into_iter().zip(fill.markouts) {
                let at = fill.time + horizon;
                let is_known = at < end && (at < lost || at >= found);
                assert_eq!(markout.is_some(), is_known, "{horizon:?} after {fill:?}");
                unknown += u32::from(!is_known && at < end);
            }
        }
    }
    assert!(unknown > 0, "some markout falls into the loss");
}
