//! What the first lines of crates and manifests have to say.

use syn::Attribute;

use crate::purity::PURE;
use crate::tree::{FILES, MEMBERS, Package, Target};

/// Crates with a module on the list of unsafe code; they deny what others forbid, since `forbid` knows no exception.
const DENYING: &[&str] = &["ballast-json", "ballast-runtime"];

fn text(path: &str) -> &'static str {
    &FILES.iter().find(|file| file.path == path).unwrap_or_else(|| panic!("{path} is no file of ours")).text
}

/// True where one of the attributes is `#![law(argument)]`, or `#![law]` where there is no argument.
fn states(attributes: &[Attribute], law: &str, argument: Option<&str>) -> bool {
    let is_law = |attribute: &&Attribute| attribute.path().is_ident(law);
    attributes.iter().filter(is_law).any(|attribute| match argument {
        None => attribute.meta.require_path_only().is_ok(),
        Some(argument) => attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident(argument)),
    })
}

fn root_states(target: &Target, law: &str, argument: Option<&str>) -> bool {
    states(&syn::parse_file(text(&target.source)).unwrap().attrs, law, argument)
}

fn of_kinds<'a>(package: &'a Package, kinds: &[&str]) -> impl Iterator<Item = &'a Target> {
    package.targets.iter().filter(move |target| kinds.contains(&&*target.kind))
}

#[test]
fn libraries_and_programs_forbid_unsafe_code() {
    for package in MEMBERS.iter() {
        let law = if DENYING.contains(&&*package.name) { "deny" } else { "forbid" };
        for target in of_kinds(package, &["lib", "bin"]) {
            let source = &target.source;
            assert!(root_states(target, law, Some("unsafe_code")), "{source} lacks #![{law}(unsafe_code)]");
        }
    }
}

#[test]
fn pure_crates_are_no_std() {
    for package in MEMBERS.iter().filter(|package| PURE.contains(&&*package.name)) {
        for target in of_kinds(package, &["lib"]) {
            assert!(root_states(target, "no_std", None), "{} lacks #![no_std]", target.source);
        }
    }
}

#[test]
fn members_use_the_one_lint_table() {
    for package in MEMBERS.iter() {
        let manifest = text(&format!("{}/Cargo.toml", package.folder));
        assert!(manifest.contains("\n[lints]\nworkspace = true\n"), "{} has its own lints", package.folder);
    }
}

#[test]
fn members_take_dependencies_from_the_one_table() {
    for package in MEMBERS.iter() {
        let manifest = text(&format!("{}/Cargo.toml", package.folder));
        let mut lines = manifest.lines();
        let own = lines.find(|line| line.contains("version = ") || line.contains("path = \".."));
        assert_eq!(own, None, "{}/Cargo.toml chooses for itself", package.folder);
    }
}

#[test]
fn laws_are_read_from_attributes_alone() {
    let attributes = |text: &str| syn::parse_file(text).unwrap().attrs;
    assert!(states(&attributes("#![forbid(unsafe_code)]"), "forbid", Some("unsafe_code")));
    assert!(!states(&attributes("// #![forbid(unsafe_code)]"), "forbid", Some("unsafe_code")));
    assert!(!states(&attributes("#![deny(unsafe_code)]"), "forbid", Some("unsafe_code")));
    assert!(states(&attributes("#![no_std]"), "no_std", None));
    assert!(!states(&attributes("#![cfg_attr(not(test), no_std)]"), "no_std", None));
}
