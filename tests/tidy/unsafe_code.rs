//! Unsafe code by allow-list.

use proc_macro2::{TokenStream, TokenTree};

use crate::tree::rust_files;

/// The only places that may contain unsafe code: files, and folders ending with a slash.
const ALLOWED: &[&str] = &[
    "engine/runtime/src/host/sys.rs",
    "engine/runtime/src/journal/map.rs",
    "feeds/json/src/simd.rs",
    "tests/no_alloc/counting.rs",
];

/// True where the word stands outside comments and literals.
fn is_unsafe(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "unsafe",
        TokenTree::Group(group) => is_unsafe(group.stream()),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

fn is_allowed(path: &str) -> bool {
    ALLOWED.iter().any(|place| path == *place || (place.ends_with('/') && path.starts_with(place)))
}

#[test]
fn unsafe_code_stays_on_its_list() {
    let files = rust_files().filter(|file| !is_allowed(&file.path));
    let bad: Vec<_> =
        files.filter(|file| is_unsafe(file.text.parse().unwrap())).map(|file| &file.path).collect();
    assert!(bad.is_empty(), "unsafe code outside its list: {bad:#?}");
}

#[test]
fn the_list_has_no_place_without_unsafe_code() {
    for place in ALLOWED {
        let mut files = rust_files().filter(|file| file.path.starts_with(place));
        assert!(files.any(|file| is_unsafe(file.text.parse().unwrap())), "{place} contains no unsafe code");
    }
}

#[test]
fn unsafe_code_is_told_from_its_name() {
    assert!(is_unsafe("fn f() { g(|| unsafe { h() }) }".parse().unwrap()));
    assert!(is_unsafe("macro_rules! m { () => { unsafe {} } }".parse().unwrap()));
    assert!(!is_unsafe(
        "#![forbid(unsafe_code)]\n/// unsafe\nconst A: &str = \"unsafe\"; // unsafe".parse().unwrap()
    ));
}
