//! The `ballast` program, built as the tests are, and what a run of it left behind.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;

use crate::cargo;

/// The program, built once per run of the tests in the same profile.
///
/// # Panics
/// Where it cannot be built.
#[must_use]
#[expect(clippy::expect_used, reason = "tests only: their caller has nothing better to do")]
pub fn program() -> &'static Path {
    static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
        let profile = profile();
        let said =
            cargo(&["build", "--package", "ballast", "--message-format", "json", "--profile", &profile]);
        let messages = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut programs = messages.filter_map(|message| Some(message.get("executable")?.as_str()?.into()));
        programs.next().expect("cargo names the program it built")
    });
    &PROGRAM
}

/// The profile that this program was built in, by the folder it lies in (`target/PROFILE/deps`).
fn profile() -> String {
    let program = std::env::current_exe().ok();
    let folder = program.as_deref().and_then(|program| program.ancestors().nth(2));
    match folder.and_then(Path::file_name).and_then(OsStr::to_str) {
        Some("debug") | None => "dev".to_owned(),
        Some(name) => name.to_owned(),
    }
}

/// A finished run of the program.
#[derive(Clone, Debug)]
pub struct Run {
    /// Exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// Runs the program in `folder`.
///
/// # Panics
/// Where it cannot be started or says something that is no text.
#[must_use]
#[expect(clippy::expect_used, reason = "tests only: their caller has nothing better to do")]
pub fn run<I: AsRef<OsStr>>(folder: &Path, arguments: impl IntoIterator<Item = I>) -> Run {
    let mut command = Command::new(program());
    Run::of(command.args(arguments).current_dir(folder)).expect("the program starts")
}

impl Run {
    /// Runs a command.
    ///
    /// # Errors
    /// Why it cannot be started.
    ///
    /// # Panics
    /// Where it says something that is no text.
    #[expect(clippy::expect_used, reason = "tests only: their caller has nothing better to do")]
    pub fn of(command: &mut Command) -> std::io::Result<Self> {
        let output = command.output()?;
        let text = |bytes| String::from_utf8(bytes).expect("the program says text");
        Ok(Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) })
    }

    /// The JSON object that ends standard output.
    ///
    /// # Panics
    /// Where the last line is none.
    #[must_use]
    #[expect(clippy::panic, reason = "tests only: their caller has nothing better to do")]
    pub fn json(&self) -> Value {
        let last = self.out.lines().last().unwrap_or_default();
        match serde_json::from_str(last) {
            Ok(object @ Value::Object(_)) => object,
            _ => panic!("no JSON object on the last line of {:?}; standard error: {}", self.out, self.err),
        }
    }

    /// True where it ended by a panic.
    #[must_use]
    pub fn panicked(&self) -> bool {
        self.code.is_none() || self.code == Some(101) || self.err.contains("panicked at")
    }
}
