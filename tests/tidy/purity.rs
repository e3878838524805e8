//! Purity proved by a machine: no pure crate links the standard library, not even through a dependency.
//!
//! `#![no_std]` alone does not promise that: a dependency may still bring std in. So the metadata of everything the pure
//! crates are built from is read, as the compiler itself wrote it.

use std::collections::BTreeSet;

use ballast_tests::{cargo, unstable_rustc};
use serde_json::Value;

pub(crate) const PURE: &[&str] =
    &["ballast-model", "ballast-core", "ballast-journal", "ballast-json", "ballast-pool", "ballast-venue"];

/// Names of the libraries that the pure crates are built from, themselves included; what only runs while they are built is
/// not among them.
fn libraries() -> BTreeSet<String> {
    let mut arguments = vec!["tree", "--edges=normal,no-proc-macro", "--prefix=none", "--format={lib}"];
    PURE.iter().for_each(|package| arguments.extend(["-p", package]));
    cargo(&arguments).lines().map(|line| line.trim_end_matches(" (*)").replace('-', "_")).collect()
}

/// Metadata files of the pure crates and of all libraries they are built from. Built already with the tests themselves, so
/// that this takes no time.
fn metadata_files() -> BTreeSet<String> {
    let mut arguments = vec!["build", "--message-format=json"];
    PURE.iter().for_each(|package| arguments.extend(["-p", package]));
    let said = cargo(&arguments);
    let messages = said.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let artifacts = messages.filter(|message| message["reason"] == "compiler-artifact");
    let names = libraries();
    let is_linked = |artifact: &Value| {
        let name = artifact["target"]["name"].as_str().unwrap().replace('-', "_");
        artifact["target"]["kind"][0] == "lib" && names.contains(&name)
    };
    let libraries = artifacts.filter(is_linked);
    let files = libraries.flat_map(|message| message["filenames"].as_array().unwrap().clone());
    let files = files.map(|file| file.as_str().unwrap().to_owned());
    files.filter(|file| file.ends_with(".rmeta")).collect()
}

/// Names of the crates that the compiler lists as linked in a metadata file's root. A line of that list reads
/// `<number> <name>-<hash> hash … kind Unconditional public`.
fn linked(listing: &str) -> Vec<&str> {
    let lines = listing.lines().skip_while(|line| *line != "=External Dependencies=").skip(1);
    let listed = lines.take_while(|line| !line.is_empty() && !line.starts_with('='));
    listed.map(|line| line.split(' ').nth(1).and_then(|name| name.rsplit_once('-')).unwrap().0).collect()
}

#[test]
fn no_pure_crate_links_std() {
    let files = metadata_files();
    for package in PURE {
        let name = format!("/lib{}-", package.replace('-', "_"));
        assert!(files.iter().any(|file| file.contains(&name)), "{package} is among the files: {files:?}");
    }
    for file in &files {
        let listing = unstable_rustc(&["-Zls=root", file]);
        let linked = linked(&listing);
        assert!(linked.contains(&"core"), "{file}: the list is readable: {linked:?}");
        assert!(!linked.contains(&"std"), "{file} links std: {linked:?}");
    }
}

#[test]
fn linked_crates_are_read_from_the_compilers_listing() {
    let listing = "Crate info:\nname venue-9\n=External Dependencies=\n\
        1 core-1a hash 41 host_hash None kind Unconditional public\n\
        2 compiler_builtins-27 hash a6 host_hash None kind Unconditional private\n\n";
    assert_eq!(linked(listing), ["core", "compiler_builtins"]);
}
