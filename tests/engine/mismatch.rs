//! A venue whose word on a position is not what was booked.

use std::net::TcpListener;

use crate::rig::{Running, Venue, within};

/// A port that is free, and some after it, as far as can be known.
fn port() -> u16 {
    let is_free = |port: &u16| (*port..*port + 4).all(|port| TcpListener::bind(("127.0.0.1", port)).is_ok());
    (0..100)
        .map(|_| TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port())
        .find(|port| *port < u16::MAX - 4 && is_free(port))
        .unwrap()
}

#[test]
fn a_venue_that_has_forgotten_us_is_not_quoted_at() {
    let (seat, folder) = (format!("--seed 5 --port {}", port()), tempfile::tempdir().unwrap());
    let venue = Venue::start(&seat);
    std::fs::write(folder.path().join("run.toml"), venue.config(&["usdm"], "live")).unwrap();
    let engine =
        Running::start(&mut venue.engine(folder.path(), "run --config run.toml --live --json --plain"));
    assert!(within(60_000, || venue.position("usdm") != 0.0), "the run trades");
    drop(venue);
    // The same keys, and nobody has a position.
    let venue = Venue::start(&seat);
    let is_told = || {
        let sent = venue.orders("usdm");
        !within(6_000, || venue.orders("usdm") > sent) && venue.open_orders("usdm") == 0
    };
    let is_silent = within(60_000, is_told);
    engine.signal("TERM");
    let run = engine.ended();
    assert!(is_silent, "quotes are sent on: {}{}", run.out, run.err);
    let notes = &run.json()["notes"];
    assert_eq!(notes["position_mismatch"], 1, "{}{}", run.out, run.err);
    assert!(run.err.contains("ALARM: a venue's word on a position is not the ledger's"), "{}", run.err);
    assert!(run.err.contains("waiting: usdm ETHUSDT: the venue has"), "{}", run.err);
}
