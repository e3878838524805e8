//! Which crate may use which, and what the pure ones may take from outside. Tests of a crate may use more.

use std::collections::BTreeSet;

use crate::tree::{MEMBERS, OUTSIDERS};

/// Left may use right, among our own crates.
const ARROWS: &[(&str, &[&str])] = &[
    ("ballast-model", &[]),
    ("ballast-json", &[]),
    ("ballast-pool", &[]),
    ("ballast-core", &["ballast-model"]),
    ("ballast-journal", &["ballast-model"]),
    ("ballast-analytics", &["ballast-model"]),
    ("ballast-chain", &["ballast-sync"]),
    ("ballast-venue", &["ballast-json", "ballast-model"]),
    ("ballast-exchange", &["ballast-core", "ballast-model"]),
    ("ballast-simulator", &["ballast-core", "ballast-exchange", "ballast-model"]),
    ("ballast-sync", &["ballast-model"]),
    ("ballast-wire", &["ballast-model"]),
    (
        "ballast-sim",
        &[
            "ballast-core",
            "ballast-model",
            "ballast-runtime",
            "ballast-simulator",
            "ballast-venue",
            "ballast-wire",
        ],
    ),
    (
        "ballast-runtime",
        &[
            "ballast-analytics",
            "ballast-core",
            "ballast-exchange",
            "ballast-journal",
            "ballast-json",
            "ballast-model",
            "ballast-sync",
            "ballast-venue",
            "ballast-wire",
        ],
    ),
];

/// Crates at the edge may use any, and nobody uses them.
const EDGE: &[&str] = &["ballast", "ballast-bench", "ballast-tests"];

/// What the pure crates may take from outside.
const FOREIGN: &[(&str, &[&str])] = &[
    ("ballast-model", &[]),
    ("ballast-json", &[]),
    ("ballast-pool", &["libm"]),
    ("ballast-venue", &["base64", "ed25519-dalek", "hmac", "sha2", "zeroize"]),
    ("ballast-sync", &["loom", "rtrb"]),
    ("ballast-core", &["libm"]),
    ("ballast-journal", &["crc", "sha2"]),
    ("ballast-analytics", &["libm"]),
    ("ballast-exchange", &["libm"]),
];

type Row = (&'static str, &'static [&'static str]);

fn row(table: &'static [Row], package: &str) -> Option<&'static [&'static str]> {
    table.iter().find(|(name, _)| *name == package).map(|(_, allowed)| *allowed)
}

fn is_ours(package: &str) -> bool {
    package == "ballast" || package.starts_with("ballast-")
}

/// What `uses` holds beyond `allowed`.
fn beyond<'a>(uses: impl Iterator<Item = &'a str>, allowed: &[&str]) -> Vec<&'a str> {
    uses.filter(|name| !allowed.contains(name)).collect()
}

#[test]
fn crates_use_only_what_the_drawing_allows() {
    for package in MEMBERS.iter().filter(|package| !EDGE.contains(&&*package.name)) {
        let name = &package.name;
        let allowed = row(ARROWS, name).unwrap_or_else(|| panic!("{name} has no row in ARROWS"));
        let ours = package.uses.iter().map(String::as_str).filter(|used| is_ours(used));
        let extra = beyond(ours, allowed);
        assert!(extra.is_empty(), "{name} may not use {extra:?}");
    }
}

#[test]
fn nobody_uses_the_edge() {
    for package in MEMBERS.iter().chain(OUTSIDERS.iter()) {
        let edge = package.uses.iter().find(|used| EDGE.contains(&used.as_str()));
        assert!(edge.is_none(), "{} uses {edge:?}", package.name);
    }
}

#[test]
fn pure_crates_take_nothing_else_from_outside() {
    for package in MEMBERS.iter() {
        let Some(allowed) = row(FOREIGN, &package.name) else { continue };
        let others = package.uses.iter().map(String::as_str).filter(|used| !is_ours(used));
        let extra = beyond(others, allowed);
        assert!(extra.is_empty(), "{} may not use {extra:?}", package.name);
    }
}

#[test]
fn tables_name_crates_that_exist() {
    let exist: BTreeSet<_> = MEMBERS.iter().map(|package| &*package.name).collect();
    let named = ARROWS.iter().chain(FOREIGN).map(|(name, _)| *name).chain(EDGE.iter().copied());
    let gone: Vec<_> = named.filter(|name| !exist.contains(name)).collect();
    assert!(gone.is_empty(), "no such crate: {gone:?}");
}
