//! A run goes on where the venue has changed tick or lot since: what was held stays what it was.

use std::path::Path;

use ballast_core::outbox::Outbox;
use ballast_model::{HalfTicks, InstrumentId};
use ballast_runtime::journal::{Meta, Options, Recovery};
use ballast_runtime::replay::Unjournaled;

use crate::recover::run;

const ETH: InstrumentId = InstrumentId(0);

/// A journal of a run that ended with a position, recovered.
fn recovered(folder: &Path) -> Recovery {
    assert!(!run(folder, &Options::default()).position(ETH).is_zero());
    Recovery::of(folder).unwrap()
}

/// The next run's header where the venue has made tick and lot ten times finer.
fn finer(meta: &Meta) -> Meta {
    let mut finer = meta.clone();
    let seen = &mut finer.seen[0];
    let tenth = |step: &mut Option<(u64, u8)>| step.as_mut().unwrap().1 += 1;
    tenth(&mut seen.tick);
    tenth(&mut seen.lot);
    seen.price_ticks_max *= 10;
    finer.references[0] = finer.references[0].map(|mid| mid * 10);
    finer
}

#[test]
fn a_position_is_carried_to_a_finer_grid_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut past = recovered(folder.path());
    let (before, words) = (past.meta.clone(), past.carried.clone());
    let next = finer(&before);
    let told = past.onto(&next).unwrap();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("its tick was 0.01 and is 0.001 now"), "{told:?}");
    assert_ne!(past.carried, words);

    let mut shard = next.rebuild().unwrap().shard;
    let mut out = Outbox::new(shard.commands_per_event_max());
    past.tell(&mut shard, &mut Unjournaled, &mut out);
    assert!(shard.is_carried());
    let (was, is) = (past.shard.ledger(ETH).unwrap(), shard.ledger(ETH).unwrap());
    assert_eq!(is.position().0, 10 * was.position().0);
    assert_eq!(is.net(HalfTicks(4_000_000)), was.net(HalfTicks(400_000)));

    past.meta = next;
    past.onto(&before).unwrap();
    assert_eq!(past.carried, words);
}

#[test]
fn what_does_not_fit_is_refused_whole() {
    let folder = tempfile::tempdir().unwrap();
    let mut past = recovered(folder.path());
    let words = past.carried.clone();
    let mut next = past.meta.clone();
    // No position of a minute is a million times its lot.
    next.seen[0].lot = next.seen[0].lot.map(|(mantissa, scale)| (mantissa * 1_000_000, scale));
    let refused = past.onto(&next).unwrap_err();
    assert!(refused.contains("cannot be counted in lots of"), "{refused}");
    let mut other = past.meta.clone();
    other.seen[0].symbol = "BTCUSDT".to_owned();
    let refused = past.onto(&other).unwrap_err();
    assert!(refused.contains("usdm ETHUSDT") && refused.contains("usdm BTCUSDT"), "{refused}");
    assert_eq!(past.carried, words);
    assert_eq!(past.onto(&past.meta.clone()), Ok(Vec::new()));
}
