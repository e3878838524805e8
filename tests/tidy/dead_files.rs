//! No source file that nothing compiles.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use syn::{Attribute, Expr, Item, Lit};

use crate::tree::{File, MEMBERS, OUTSIDERS, from_root, rust_files};

/// Root files of all targets.
fn roots() -> BTreeSet<&'static str> {
    let packages = MEMBERS.iter().chain(OUTSIDERS.iter());
    packages.flat_map(|package| &package.targets).map(|target| &*target.source).collect()
}

/// The file named by `#[path = "…"]`.
fn named_path(attributes: &[Attribute]) -> Option<String> {
    let attribute = attributes.iter().find(|attribute| attribute.path().is_ident("path"))?;
    if let Expr::Lit(literal) = &attribute.meta.require_name_value().ok()?.value
        && let Lit::Str(path) = &literal.lit
    {
        return Some(path.value());
    }
    None
}

/// The files that `items` declare by `mod name;`, where `folder` is the one of their modules and `file` the one they
/// stand in.
fn declared(items: &[Item], file: &Path, folder: &Path, found: &mut BTreeSet<String>) {
    let modules =
        items.iter().filter_map(|item| if let Item::Mod(module) = item { Some(module) } else { None });
    for module in modules {
        let inner = folder.join(module.ident.to_string());
        if let Some((_, items)) = &module.content {
            declared(items, file, &inner, found);
        } else if let Some(path) = named_path(&module.attrs) {
            found.insert(from_root(&file.with_file_name(path)));
        } else {
            found.insert(from_root(&inner.with_extension("rs")));
            found.insert(from_root(&inner.join("mod.rs")));
        }
    }
}

/// The files that a file declares.
fn declared_by(file: &File, is_root: bool) -> BTreeSet<String> {
    let path: PathBuf = ballast_tests::root().join(&file.path);
    let owns_folder = is_root || path.ends_with("mod.rs");
    let folder = if owns_folder { path.parent().unwrap().to_owned() } else { path.with_extension("") };
    let mut found = BTreeSet::new();
    declared(&syn::parse_file(&file.text).unwrap().items, &path, &folder, &mut found);
    found
}

#[test]
fn no_source_file_is_dead() {
    let roots = roots();
    let is_root = |file: &File| roots.contains(&*file.path);
    let declared: BTreeSet<_> = rust_files().flat_map(|file| declared_by(file, is_root(file))).collect();
    let dead = rust_files().filter(|file| !is_root(file) && !declared.contains(&file.path));
    let dead: Vec<_> = dead.map(|file| &file.path).collect();
    assert!(dead.is_empty(), "in no module: {dead:#?}");
}

#[test]
fn modules_are_found_where_the_compiler_looks() {
    let declared = |path: &str, text: &str, is_root| {
        let file = File { path: path.to_owned(), text: text.to_owned() };
        declared_by(&file, is_root).into_iter().collect::<Vec<_>>()
    };
    assert_eq!(declared("a/src/lib.rs", "mod b;", true), ["a/src/b.rs", "a/src/b/mod.rs"]);
    assert_eq!(declared("a/src/c.rs", "mod b;", false), ["a/src/c/b.rs", "a/src/c/b/mod.rs"]);
    assert_eq!(declared("a/src/c/mod.rs", "mod b;", false), ["a/src/c/b.rs", "a/src/c/b/mod.rs"]);
    assert_eq!(declared("a/src/lib.rs", "mod b { mod d; }", true), ["a/src/b/d.rs", "a/src/b/d/mod.rs"]);
    assert_eq!(declared("a/fuzz/f.rs", "#[path = \"../b.rs\"] mod b;", true), ["a/b.rs"]);
    assert!(declared("a/src/lib.rs", "mod b {} // mod c;", true).is_empty());
}
