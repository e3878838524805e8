//! Names and bytes of the files of a journal.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::JournalError;

/// Ending of segment files.
const EXTENSION: &str = "journal";

/// The ring's file.
pub(super) fn ring(folder: &Path) -> PathBuf {
    folder.join("ring")
}

/// A segment's file.
pub(super) fn segment(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("{number:010}.{EXTENSION}"))
}

/// The segments of a folder, in order.
pub(super) fn segments(folder: &Path) -> Result<Vec<PathBuf>, JournalError> {
    let failed = |error| JournalError::Io { path: folder.to_owned(), error };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == EXTENSION) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// All bytes of a file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, JournalError> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|mut file| file.read_to_end(&mut bytes))
        .map_err(|error| JournalError::Io { path: path.to_owned(), error })?;
    Ok(bytes)
}
