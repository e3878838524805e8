//! A journal whose writer was killed, in a folder that cannot be written: every command that only reads reads it as it stands,
//! and says so.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use ballast_tests::program::{Run, program};
use serde_json::Value;

use crate::kill::killed_after;

/// Whom nothing belongs to: whoever may do everything writes anywhere.
const NOBODY: u32 = 65_534;

fn allow(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Names and bytes of all files in a folder.
fn all(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap());
    files.map(|file| (file.file_name().into_string().unwrap(), fs::read(file.path()).unwrap())).collect()
}

/// Runs the program here as somebody who may not write everywhere; `None` where that one cannot start it.
fn run(folder: &Path, arguments: &str) -> Option<Run> {
    let mut command = Command::new(program());
    command.args(arguments.split_whitespace()).current_dir(folder);
    if folder.metadata().unwrap().uid() == 0 {
        command.uid(NOBODY).gid(NOBODY);
    }
    match Run::of(&mut command) {
        Ok(run) => {
            assert_eq!(run.code, Some(0), "{arguments}: {}{}", run.out, run.err);
            Some(run)
        }
        Err(error) => {
            println!("not tested: the program cannot be started as somebody else: {error}");
            None
        }
    }
}

/// What it says in JSON, but for how it was read, how long that took, and what it weighs: what is made whole is compressed.
fn told(run: &Run) -> (Value, Value) {
    let mut said = run.json();
    said["seconds"] = Value::Null;
    said["bytes_at_rest"] = Value::Null;
    let stands = said["as_it_stands"].take();
    (stands, said)
}

#[test]
fn what_a_killed_process_left_is_read_where_nothing_can_be_written() {
    let folder = tempfile::tempdir().unwrap();
    allow(folder.path(), 0o777);
    let journal = folder.path().join("journal");
    killed_after(Duration::from_millis(40), &journal);
    let (before, copy) = (all(&journal), folder.path().join("copy"));
    assert!(before.contains_key("ring"), "{:?}", before.keys());
    fs::create_dir(&copy).unwrap();
    allow(&copy, 0o777);
    for (name, bytes) in &before {
        allow(&journal.join(name), 0o444);
        fs::write(copy.join(name), bytes).unwrap();
        allow(&copy.join(name), 0o666);
    }
    allow(&journal, 0o555);
    for command in ["journal recover", "verify", "journal verify", "journal inspect"] {
        let Some(stands) = run(folder.path(), &format!("{command} journal --json")) else { return };
        assert!(stands.err.contains("it was read as it stands"), "{command}: {}", stands.err);
        let whole = run(folder.path(), &format!("{command} copy --json")).unwrap();
        assert!(!whole.err.contains("as it stands"), "{command}: {}", whole.err);
        let ((stands, said), (made_whole, expected)) = (told(&stands), told(&whole));
        assert_eq!((stands, made_whole, said), (true.into(), false.into(), expected), "{command}");
    }
    for (command, options) in [
        ("journal export", "--out NAME.parquet"),
        ("journal slice", "--to 100 --out cut-NAME"),
        ("whatif", ""),
    ] {
        let [(stands, said), (made_whole, expected)] = ["journal", "copy"].map(|name| {
            let options = options.replace("NAME", name);
            told(&run(folder.path(), &format!("{command} {name} {options} --json")).unwrap())
        });
        assert_eq!((stands, made_whole, said), (true.into(), false.into(), expected), "{command}");
    }
    let exported = |name: &str| fs::read(folder.path().join(name)).unwrap();
    assert!(exported("journal.parquet") == exported("copy.parquet"));
    assert!(all(&journal) == before, "nothing was written");
    assert!(!copy.join("ring").exists(), "the other was made whole");
    allow(&journal, 0o755);
}
