//! A node of our own: a process that ends with the test.

use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A running anvil on this host.
#[derive(Debug)]
pub(crate) struct Anvil {
    process: Child,
    pub(crate) port: u16,
}

/// The folder that was prepared; `None`, said on standard error, without one.
pub(crate) fn prepared() -> Option<PathBuf> {
    let folder = env::var_os("BALLAST_NODE").map(PathBuf::from);
    if folder.is_none() {
        // Written past the test runner, which keeps to itself what passing tests print.
        writeln!(std::io::stderr(), "skipped: no local node (tests/chain/run.sh brings one)").unwrap();
    }
    folder
}

impl Anvil {
    /// Starts one on this port, or on any that is free.
    pub(crate) fn start(folder: &Path, port: Option<u16>, arguments: &[&str]) -> Self {
        let mut command = Command::new(folder.join("anvil"));
        command.args([
            "--port",
            &port.unwrap_or(0).to_string(),
            "--accounts",
            "3",
            "--gas-limit",
            "200000000",
        ]);
        let mut process =
            command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut said = BufReader::new(process.stdout.take().unwrap()).lines();
        let listening = said.find_map(|line| Some(line.unwrap().strip_prefix("Listening on ")?.to_owned()));
        let port = listening.and_then(|at| at.rsplit(':').next()?.trim().parse().ok());
        // What it says later is read and forgotten, so that it is never held up.
        std::thread::spawn(move || said.for_each(drop));
        Self { process, port: port.expect("anvil says where it listens") }
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.port)
    }

    /// Stops it where it stands: connections stay open and nothing is answered.
    pub(crate) fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    pub(crate) fn thaw(&self) {
        self.signal("-CONT");
    }

    /// Ends it at once.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    fn signal(&self, name: &str) {
        let done = Command::new("kill").args([name, &self.process.id().to_string()]).status().unwrap();
        assert!(done.success());
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        // A process that is stopped is killed as well; one that ended is not asked for.
        if self.process.kill().is_ok() {
            drop(self.process.wait());
        }
    }
}
