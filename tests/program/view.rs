//! The live view on a terminal: it shows the run, hears its keys, and leaves the terminal as it was.

use std::io::{Read as _, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use ballast_runtime::clock::Stopwatch;
use ballast_tests::program::program;

use crate::rig::Folder;

/// What a terminal is told at the beginning and at the end.
const ENTERS: &str = "\x1b[?1049h";
const LEAVES: &str = "\x1b[?1049l";
const SHOWS_CURSOR: &str = "\x1b[?25h";

/// The program on a terminal of its own, made by `script`.
struct Terminal {
    child: Child,
    keys: ChildStdin,
    said: Arc<Mutex<String>>,
    reads: JoinHandle<()>,
}

impl Terminal {
    /// `None` where the host has no `script`.
    fn start(folder: &Folder, columns: u16, rows: u16, arguments: &str) -> Option<Self> {
        if Command::new("script").arg("--version").output().is_err() {
            println!("skipped: no `script` to make a terminal");
            return None;
        }
        let program = program().display();
        let line = format!(
            "stty rows {rows} cols {columns}; stty -g > before; {program} {arguments}; echo $? > code; stty -g > after"
        );
        let mut child = Command::new("script")
            .args(["--quiet", "--command", &line, "/dev/null"])
            .current_dir(folder.path())
            .env("TERM", "xterm-256color")
            .env("SHELL", "/bin/sh")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (keys, mut out) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let said = Arc::new(Mutex::new(String::new()));
        let hears = Arc::clone(&said);
        let reads = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = out.read(&mut bytes) {
                hears.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        });
        Some(Self { child, keys, said, reads })
    }

    /// Waits until the terminal was told this, at most so long.
    fn hears(&self, wanted: &str) -> bool {
        self.hears_within(Duration::from_secs(30), wanted)
    }

    fn hears_within(&self, most: Duration, wanted: &str) -> bool {
        let watch = Stopwatch::start();
        while watch.elapsed() < most {
            if self.said.lock().unwrap().contains(wanted) {
                return true;
            }
            std::thread::park_timeout(Duration::from_millis(20));
        }
        false
    }

    fn press(&mut self, key: &str) {
        self.keys.write_all(key.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Waits for its end. All that the terminal was told.
    fn ended(mut self) -> String {
        self.child.wait().unwrap();
        self.reads.join().unwrap();
        let said = self.said.lock().unwrap();
        said.clone()
    }
}

fn read(folder: &Folder, name: &str) -> String {
    std::fs::read_to_string(folder.path().join(name)).unwrap()
}

/// The terminal is as it was, and the program ended with this code.
fn left(folder: &Folder, said: &str, code: &str) {
    assert_eq!(read(folder, "code").trim(), code, "{said}");
    assert_eq!(read(folder, "before"), read(folder, "after"), "the terminal's settings");
    assert_eq!((said.matches(ENTERS).count(), said.matches(LEAVES).count()), (1, 1), "{said}");
    let after = said.rsplit(LEAVES).next().unwrap();
    assert!(after.contains(SHOWS_CURSOR), "the cursor: {after:?}");
    assert!(!after.contains("\x1b[?25l"), "nothing is drawn any more: {after:?}");
}

#[test]
fn a_key_stops_the_run_in_order_and_the_terminal_is_as_it_was() {
    let folder = Folder::new();
    let Some(mut terminal) = Terminal::start(&folder, 100, 30, "demo --for 60s") else { return };
    for wanted in ["ballast demo, live", "ETHUSDT", "BTCUSDT", "instruments", "venues", "messages", "q stop"]
    {
        assert!(terminal.hears(wanted), "{wanted}");
    }
    terminal.press("q");
    let said = terminal.ended();
    left(&folder, &said, "0");
    let after = said.rsplit(LEAVES).next().unwrap();
    for wanted in ["stopping: cancelling everything", "report: report/report.html"] {
        assert!(after.contains(wanted), "{wanted}: {after}");
    }
    assert!(folder.path().join("report/report.html").exists());
}

#[test]
fn keys_pause_resume_and_kill() {
    let folder = Folder::new();
    let Some(mut terminal) = Terminal::start(&folder, 80, 24, "demo --for 60s --journal j --json") else {
        return;
    };
    assert!(terminal.hears("of 2"), "quoting begins");
    // Where nothing is quoted yet there is nothing to pause.
    let mut pauses = || {
        terminal.press("p");
        terminal.hears_within(Duration::from_secs(3), "paused by a key")
    };
    assert!((0..10).any(|_| pauses()), "it pauses");
    for (keys, wanted) in
        [("p", "resumed by a key"), ("k", "y kills"), ("n", "k kill"), ("ky", "KILLED by a key")]
    {
        terminal.press(keys);
        assert!(terminal.hears(wanted), "{keys}: {wanted}");
    }
    // Ctrl-c is a key there, and no signal.
    terminal.press("\x03");
    let said = terminal.ended();
    left(&folder, &said, "0");
    assert!(said.contains("\"killed_by_key\":1"), "{said}");
    let verified = folder.expect(0, "verify j --json").json();
    assert_eq!(verified["identical"], true, "{verified}");
}

#[test]
fn a_small_terminal_and_the_end_of_its_time_do_as_well() {
    let folder = Folder::new();
    let Some(terminal) = Terminal::start(&folder, 40, 12, "demo --for 3s") else { return };
    let said = terminal.ended();
    left(&folder, &said, "0");
}

#[test]
fn lines_tell_where_they_are_asked_for() {
    let folder = Folder::new();
    let Some(terminal) = Terminal::start(&folder, 80, 24, "demo --for 3s --plain") else { return };
    let said = terminal.ended();
    assert_eq!(read(&folder, "code").trim(), "0", "{said}");
    assert!(!said.contains(ENTERS) && said.contains("usdm ETHUSDT: position"), "{said}");
}
