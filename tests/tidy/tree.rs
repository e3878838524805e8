//! What there is: packages as cargo sees them, files as git would track them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::LazyLock;

use ballast_tests::{cargo, root};
use serde_json::Value;

/// A package of ours.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// Its folder, from the root.
    pub(crate) folder: String,
    /// Names of the packages it uses outside its tests, ours and others'.
    pub(crate) uses: BTreeSet<String>,
    pub(crate) targets: Vec<Target>,
}

/// What cargo makes of a package.
#[derive(Debug)]
pub(crate) struct Target {
    /// `lib`, `bin`, `test`, `bench`, `example` or `custom-build`.
    pub(crate) kind: String,
    /// Its root file, from the root.
    pub(crate) source: String,
}

/// A text file of ours.
#[derive(Debug)]
pub(crate) struct File {
    /// From the root.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }
}

/// Members of the workspace.
pub(crate) static MEMBERS: LazyLock<Vec<Package>> = LazyLock::new(|| packages("Cargo.toml"));

/// Packages that are a workspace of their own: rivals and fuzz targets, kept out of the dependency tree.
pub(crate) static OUTSIDERS: LazyLock<Vec<Package>> = LazyLock::new(|| {
    let is_member = |folder: &str| MEMBERS.iter().any(|member| member.folder == folder);
    let folders = FILES.iter().filter_map(|file| file.path.strip_suffix("/Cargo.toml"));
    let outsiders = folders.filter(|folder| !is_member(folder));
    outsiders.flat_map(|folder| packages(&format!("{folder}/Cargo.toml"))).collect()
});

/// All text files that git does not ignore.
pub(crate) static FILES: LazyLock<Vec<File>> = LazyLock::new(|| {
    let ignored = fs::read_to_string(root().join(".gitignore")).unwrap();
    let mut paths = Vec::new();
    walk(root(), &ignored.lines().collect(), &mut paths);
    let text = |path: &PathBuf| {
        let text = fs::read_to_string(path).ok()?;
        Some(File { path: from_root(path), text })
    };
    paths.iter().filter_map(text).collect()
});

/// Our Rust files.
pub(crate) fn rust_files() -> impl Iterator<Item = &'static File> {
    FILES.iter().filter(|file| file.is_rust())
}

/// The path from the root, `..` resolved by its words alone.
pub(crate) fn from_root(path: &Path) -> String {
    let mut parts = Vec::new();
    for part in path.strip_prefix(root()).unwrap().components() {
        match part {
            Component::ParentDir => drop(parts.pop()),
            Component::Normal(name) => parts.push(name.to_str().unwrap()),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    parts.join("/")
}

/// Of git's rules, those this tree needs: `/path` from the root, `name` or `name/` anywhere.
fn walk(folder: &Path, ignored: &BTreeSet<&str>, found: &mut Vec<PathBuf>) {
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap().to_str().unwrap();
        let anchored = format!("/{}", from_root(&path));
        let is_ignored = |rule: &&str| [name, &anchored].contains(&rule.trim_end_matches('/'));
        if name == ".git" || ignored.iter().any(is_ignored) {
            continue;
        }
        if path.is_dir() {
            walk(&path, ignored, found);
        } else {
            found.push(path);
        }
    }
}

fn packages(manifest: &str) -> Vec<Package> {
    let arguments = ["metadata", "--no-deps", "--format-version", "1", "--manifest-path", manifest];
    let metadata: Value = serde_json::from_str(&cargo(&arguments)).unwrap();
    metadata["packages"].as_array().unwrap().iter().map(package).collect()
}

fn package(value: &Value) -> Package {
    // Cargo names files by the root's real path, whatever way led to it.
    let real = root().canonicalize().unwrap();
    let path = |value: &Value| {
        let path = Path::new(text(value)).strip_prefix(&real).unwrap().to_path_buf();
        path.to_str().unwrap().to_owned()
    };
    let used = list(value, "dependencies").filter(|used| used["kind"] != "dev");
    let target = |target: &Value| Target {
        kind: text(&target["kind"][0]).to_owned(),
        source: path(&target["src_path"]),
    };
    Package {
        name: text(&value["name"]).to_owned(),
        folder: path(&value["manifest_path"]).trim_end_matches("/Cargo.toml").to_owned(),
        uses: used.map(|used| text(&used["name"]).to_owned()).collect(),
        targets: list(value, "targets").map(target).collect(),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value[key].as_array().unwrap().iter()
}
