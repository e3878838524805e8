//! Names and bytes of the files of a journal.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::JournalError;

/// Ending of segment files.
const EXTENSION: &str = ".journal";
/// What a compressed segment's name ends with beside.
const PRESSED: &str = ".zst";
/// What it ends with instead until it is whole.
const HALF: &str = ".zst.half";

/// The ring's file.
pub(super) fn ring(folder: &Path) -> PathBuf {
    folder.join("ring")
}

/// A ring's file of which not all could be read.
pub(super) fn damaged_ring(folder: &Path) -> PathBuf {
    folder.join("ring.damaged")
}

/// A segment's file.
pub(super) fn segment(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("{number:010}{EXTENSION}"))
}

/// The same, compressed.
pub(super) fn pressed(segment: &Path) -> PathBuf {
    with(segment, PRESSED)
}

/// The same while it is being compressed.
pub(super) fn half_pressed(segment: &Path) -> PathBuf {
    with(segment, HALF)
}

/// Segments of a folder that were being compressed.
pub(super) fn halves(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.to_string_lossy().ends_with(HALF)).collect()
}

/// True for the name of a compressed segment.
pub(super) fn is_pressed(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == PRESSED.trim_start_matches('.'))
}

fn with(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// The segments of a folder, in order. One that is there under both names is named as it was written: that file is whole.
pub(super) fn segments(folder: &Path) -> Result<Vec<PathBuf>, JournalError> {
    let failed = |error| JournalError::Io { path: folder.to_owned(), error };
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let plain = name.strip_suffix(PRESSED).unwrap_or(&name).to_owned();
        if plain.ends_with(EXTENSION) && (plain == name || !found.contains_key(&plain)) {
            found.insert(plain, path);
        }
    }
    Ok(found.into_values().collect())
}

/// All bytes of a segment as it was written.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, JournalError> {
    match read_as_far(path)? {
        (bytes, None) => Ok(bytes),
        (_, Some(error)) => Err(JournalError::Io { path: path.to_owned(), error }),
    }
}

/// The bytes of a segment, and why there are no more of a compressed one that is damaged.
pub(super) fn read_as_far(path: &Path) -> Result<(Vec<u8>, Option<io::Error>), JournalError> {
    let failed = |error| JournalError::Io { path: path.to_owned(), error };
    let opened = match File::open(path) {
        // Whoever writes the journal has compressed it since it was found.
        Err(error) if error.kind() == io::ErrorKind::NotFound && pressed(path).exists() => {
            return read_as_far(&pressed(path));
        }
        opened => opened,
    };
    let mut file = opened.map_err(failed)?;
    let mut bytes = Vec::new();
    if !is_pressed(path) {
        file.read_to_end(&mut bytes).map_err(failed)?;
        return Ok((bytes, None));
    }
    let mut pressed = Vec::new();
    file.read_to_end(&mut pressed).map_err(failed)?;
    let damage = unpress(&pressed, &mut bytes).err();
    Ok((bytes, damage))
}

/// Appends what frames hold, up to the first that is damaged: of that nothing, as nobody could say how much of it is true.
fn unpress(pressed: &[u8], bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut rest = pressed;
    for frame in 1.. {
        if rest.is_empty() {
            break;
        }
        let (at, whole) = (pressed.len() - rest.len(), bytes.len());
        let read = zstd::stream::read::Decoder::with_buffer(rest).and_then(|decoder| {
            let mut decoder = decoder.single_frame();
            decoder.read_to_end(bytes)?;
            Ok(decoder.finish())
        });
        rest = read.map_err(|error| {
            bytes.truncate(whole);
            io::Error::new(error.kind(), format!("compressed frame {frame} at byte {at}: {error}"))
        })?;
    }
    Ok(())
}
