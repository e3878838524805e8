//! Whole runs of the loops.

use ballast_core::shard::Shard;
use ballast_exchange::synth::Dialect;
use ballast_model::{InstrumentId, Side, Span};
use ballast_runtime::journal::verify;
use ballast_tests::market::lines;

use crate::net::Played;
use crate::rig::{config, run};

const ETH: InstrumentId = InstrumentId(0);

fn quotes(shard: &Shard) -> bool {
    [Side::Bid, Side::Ask].into_iter().any(|side| shard.best_quote(ETH, side).is_some())
}

#[test]
fn a_market_is_quoted_on_paper_and_every_decision_repeats() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("journal");
    let ran = run(&config(""), Played::new(lines(Dialect::UsdM, 7, 60)), &folder, |_, _| {});
    assert!(ran.outcome.orders > 100, "{:?}", ran.outcome);
    assert!(ran.outcome.fills > 0, "{:?}", ran.outcome);
    assert!(quotes(&ran.shard));
    assert_eq!(ran.lost, 0);
    assert!(ran.network.sent[0].contains("SUBSCRIBE"), "{:?}", ran.network.sent);
    let verified = verify(&folder).unwrap();
    assert!(verified.difference.is_none(), "{:?}", verified.difference);
    assert_eq!(verified.commands, ran.outcome.orders + ran.outcome.cancels);
    assert_eq!(verified.state_hash, ran.outcome.state_hash);
}

#[test]
fn a_cut_pulls_quotes_and_a_new_connection_brings_them_back() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("journal");
    let lines = lines(Dialect::UsdM, 11, 60);
    let cut_at = lines[0].time + Span::from_secs(30);
    let mut cut = false;
    let mut pulled = None;
    let mut back = None;
    let ran = run(&config(""), Played::new(lines), &folder, |venue, shard| {
        let now = venue.network().now;
        if !cut && now >= cut_at {
            cut = true;
            venue.network_mut().cut(None);
        } else if cut && pulled.is_none() && !quotes(shard) {
            pulled = Some(now);
        } else if pulled.is_some() && back.is_none() && quotes(shard) {
            back = Some(now);
        }
    });
    let (pulled, back) = (pulled.expect("quotes were pulled"), back.expect("and came back"));
    assert!(pulled - cut_at < Span::from_millis(10), "at once: {:?}", pulled - cut_at);
    assert!(back - cut_at < Span::from_secs(5), "soon: {:?}", back - cut_at);
    assert_eq!(ran.lost, 3, "two streams and the way of requests");
    assert!(verify(&folder).unwrap().difference.is_none());
}
