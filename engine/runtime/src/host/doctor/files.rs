//! Files and the journal's disk.

use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use super::{Finding, Tried};
use crate::clock::Stopwatch;
use crate::host::tree::{Limit, Tree};

/// Writes that a disk is tried with.
pub const DISK_WRITES: usize = 16;
/// Bytes of each.
const WRITE_BYTES: usize = 4_096;
/// What a synced write may take in the middle: a journal of many writes a second falls behind at more.
const SYNC_MAX: Duration = Duration::from_millis(20);

/// Files that sockets, segments and reports may need, with room.
const OPEN_FILES: u64 = 4_096;
/// Fewer are not enough for a venue's connections and a journal.
const OPEN_FILES_MIN: u64 = 256;

const GIB: u64 = 1 << 30;
/// A day's journal of a busy market, with room.
const DISK_SPACE: u64 = 20 * GIB;
/// With less a journal ends within the hour.
const DISK_SPACE_MIN: u64 = GIB;

/// How many files may be open.
pub(super) fn open_files(tree: &Tree) -> Finding {
    const CHECK: &str = "open-files";
    let mend = format!("LimitNOFILE={OPEN_FILES} in the unit, or `ulimit -n {OPEN_FILES}`");
    match tree.limit("Max open files") {
        None => Finding::warn(CHECK, "unknown", mend),
        Some(Limit::Unlimited) => Finding::ok(CHECK, "unlimited"),
        Some(Limit::AtMost(most)) if most >= OPEN_FILES => Finding::ok(CHECK, format!("at most {most}")),
        Some(Limit::AtMost(most)) if most >= OPEN_FILES_MIN => {
            Finding::warn(CHECK, format!("at most {most}"), mend)
        }
        Some(Limit::AtMost(most)) => Finding::fail(CHECK, format!("at most {most}"), mend),
    }
}

/// Room for the journal.
pub(super) fn disk_space(tried: &Tried) -> Finding {
    const CHECK: &str = "disk-space";
    const MEND: &str = "make room, or keep the journal on another disk (--journal)";
    match &tried.free {
        Err(why) => Finding::fail(CHECK, format!("unknown: {why}"), MEND),
        Ok(bytes) => {
            let found = format!("{:.1} GiB free", tenths(*bytes));
            match *bytes {
                DISK_SPACE.. => Finding::ok(CHECK, found),
                DISK_SPACE_MIN.. => Finding::warn(CHECK, found, MEND),
                _ => Finding::fail(CHECK, found, MEND),
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a figure to read")]
fn tenths(bytes: u64) -> f64 {
    bytes as f64 / GIB as f64
}

/// How long the disk takes to keep something.
pub(super) fn disk_sync(tried: &Tried) -> Finding {
    const CHECK: &str = "disk-sync";
    const MEND: &str =
        "keep the journal on a disk of its own, local and with a cache that survives power loss (--journal)";
    match &tried.synced {
        Err(why) => Finding::fail(CHECK, format!("cannot be written: {why}"), MEND),
        Ok([middle, worst]) => {
            let millis = |duration: &Duration| duration.as_secs_f64() * 1e3;
            let found = format!("fdatasync takes {:.2} ms, {:.2} at worst", millis(middle), millis(worst));
            if *middle <= SYNC_MAX { Finding::ok(CHECK, found) } else { Finding::warn(CHECK, found, MEND) }
        }
    }
}

/// The middle and the worst of [`DISK_WRITES`] synced writes into a file of its own, which is gone afterwards.
pub(super) fn synced(folder: &Path) -> io::Result<[Duration; 2]> {
    let path = folder.join(format!(".ballast-doctor-{}", std::process::id()));
    let mut file = std::fs::File::create_new(&path)?;
    let timed = (0..DISK_WRITES).map(|_| {
        file.write_all(&[0; WRITE_BYTES])?;
        let watch = Stopwatch::start();
        file.sync_data()?;
        Ok(watch.elapsed())
    });
    let timed: io::Result<Vec<_>> = timed.collect();
    std::fs::remove_file(&path)?;
    let mut timed = timed?;
    timed.sort();
    Ok([DISK_WRITES / 2, DISK_WRITES - 1].map(|at| timed.get(at).copied().unwrap_or_default()))
}
