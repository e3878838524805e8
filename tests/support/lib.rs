//! What the integration tests share.
#![forbid(unsafe_code)]

pub mod market;
pub mod program;

use std::env;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// The root of the workspace whose tests cargo runs; not the one they were compiled in, since two checkouts may share a
/// target folder.
#[must_use]
pub fn root() -> &'static Path {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
        let tests = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        PathBuf::from(tests).join("..")
    });
    &ROOT
}

/// The recorded captures: the folder named by `BALLAST_CAPTURES`, else `../shared/captures` beside the workspace. `None`,
/// said on standard error, where it does not exist.
///
/// # Panics
/// Where standard error is closed.
#[must_use]
pub fn captures() -> Option<PathBuf> {
    folder("BALLAST_CAPTURES", "../shared/captures", "captures")
}

/// Figures of real pool contracts: the folder named by `BALLAST_VECTORS`, else `../shared/defi/vectors` beside the workspace.
/// `None`, said on standard error, where it does not exist.
///
/// # Panics
/// Where standard error is closed.
#[must_use]
pub fn vectors() -> Option<PathBuf> {
    folder("BALLAST_VECTORS", "../shared/defi/vectors", "figures of contracts")
}

#[expect(clippy::expect_used, reason = "tests only: their caller has nothing better to do")]
fn folder(variable: &str, default: &str, what: &str) -> Option<PathBuf> {
    let folder = env::var_os(variable).map_or_else(|| root().join(default), PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    // Written past the test runner, which keeps to itself what passing tests print.
    writeln!(io::stderr(), "skipped: no {what} at {} (set {variable})", folder.display())
        .expect("standard error is open");
    None
}

/// What cargo says on standard output, run at the root of the workspace without the network: building the tests has
/// fetched everything.
///
/// # Panics
/// Where cargo cannot be started, fails, or says something that is no text.
#[must_use]
pub fn cargo(arguments: &[&str]) -> String {
    let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    // What cargo tells a test of itself would be news to build scripts, and half the dependencies built anew.
    for (name, _) in env::vars_os() {
        let told = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_BIN_", "CARGO_PRIMARY_"];
        if name.to_str().is_some_and(|name| told.iter().any(|told| name.starts_with(told))) {
            command.env_remove(name);
        }
    }
    said(command.args(arguments).arg("--offline"))
}

/// What the compiler says on standard output, its unstable options allowed.
///
/// # Panics
/// Where the compiler cannot be started, fails, or says something that is no text.
#[must_use]
pub fn unstable_rustc(arguments: &[&str]) -> String {
    let program = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    said(Command::new(program).args(arguments).env("RUSTC_BOOTSTRAP", "1"))
}

#[expect(clippy::panic, clippy::expect_used, reason = "tests only: their caller has nothing better to do")]
fn said(command: &mut Command) -> String {
    let output = command.current_dir(root()).output().expect("the program starts");
    if !output.status.success() {
        panic!("{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    String::from_utf8(output.stdout).expect("the output is text")
}
