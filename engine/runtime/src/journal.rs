//! The journal on disk: every input of a core and every command it gave, kept whole whatever kills the process.
//!
//! The thread that decides stores what is to be recorded, in plain words, in a ring that is a mapped file ([`Tap`]); a thread of
//! its own moves it from there into segment files: it numbers the records, spells them, and adds checksums and hashes. There are
//! two classes of durability:
//!
//! - *The process dies* (kill -9, panic, out of memory): nothing is lost. What was stored in the mapped file belongs to the
//!   kernel; whoever reads it next ([`settle`]) moves what was left in the ring into the segment, after cutting off what a write
//!   that was interrupted left behind, or reads it as it stands where nothing can be written ([`History::open_whole`]).
//! - *The host dies* (power): records up to the last sync are there ([`Options::sync_every`]); later ones may not be. Orders sent
//!   in between are recognised at boot by client ids of ours that the journal has never seen.
//!
//! What is in the ring has checks of its own. Where it is not what was stored, all before is settled and the ring kept under
//! another name; whoever reads the journal comes to that place and says so ([`JournalError::Ring`]).
//!
//! A journal that falls behind, or cannot be written, is told to the core ([`Tap::news`], [`ballast_model::Event::Journal`]): it
//! stops quoting, lets only orders pass that reduce, and quotes again once what was stored is kept. That is an input like any
//! other, recorded and repeated. The thread that writes tries again for as long as it must; what has failed to be synced it gives
//! up, as nobody could say what is there.
//!
//! Records are exactly those of [`ballast_journal`]; a folder holds `0000000000.journal`, `0000000001.journal`, … and, while it is
//! written, `ring`. A segment that ended is compressed in its place, to `0000000000.journal.zst`, and read like any other.
//!
//! One run, one journal: a folder that holds one is refused ([`vacant`]), since neither a core nor a market goes on where those of
//! another run ended.
//!
//! Never here: a decision, a format.

mod disk;
mod files;
mod hand;
mod history;
mod keeper;
mod left;
mod map;
mod meta;
mod press;
pub mod recording;
mod recover;
mod ring;
mod segments;
mod slice;
mod tap;
mod told;
mod verify;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use ballast_journal::Fault;
use ballast_model::Span;

pub use disk::{Disk, Files, Sheet};
pub use hand::Hand;
pub use history::{History, Step, Walked};
pub use left::settle;
pub use meta::{Meta, MetaFeed, MetaInstrument, Rebuilt};
pub use recover::{Memory, Past, Recognised, Recovery};
pub(crate) use recover::{RUN_MAX, epoch_of, shard_folder};
pub use segments::{Kept, vacant};
pub use slice::slice;
pub use tap::{Journal, Tap};
pub use told::{Happened, Heard, Told};
pub use verify::{Difference, Found, Input, Verified, verify};

/// Why a journal cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// A file or folder.
    #[error("{path}: {error}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Something in a segment.
    #[error("{path}: {fault}")]
    Fault {
        /// Which segment.
        path: PathBuf,
        /// What and where.
        fault: Fault,
    },
    /// A compressed segment that is damaged: all records before are whole.
    #[error("{path}: damaged: it cannot be decompressed from record {seq} on: {why}")]
    Pressed {
        /// Which segment.
        path: PathBuf,
        /// The first record that cannot be read.
        seq: u64,
        /// What the decompressor says.
        why: String,
    },
    /// The ring of a writer that died, or lives, does not hold all that was stored: all records before are whole.
    #[error("{path}: damaged: what was stored after record {seq} is lost: {why}")]
    Ring {
        /// The ring, which is kept.
        path: PathBuf,
        /// The last record that is whole.
        seq: u64,
        /// What is wrong.
        why: &'static str,
    },
    /// A run is to begin where there is a journal.
    #[error("{0}: there is a journal here already: a run begins one of its own, in a folder that holds none")]
    Taken(PathBuf),
    /// A slice is to be written where something is.
    #[error("{0}: this folder is not empty: a slice is a journal of its own")]
    NotEmpty(PathBuf),
    /// Something is to be recorded where there is a recording.
    #[error("{0}: there is a recording here already: another begins in a folder that holds none")]
    Recorded(PathBuf),
    /// No segment of a recording is there.
    #[error(
        "{0}: no recording: a folder with segments 0000000000.frames and on, or folders of such, was expected"
    )]
    NoRecording(PathBuf),
    /// A slice from later on cannot be decided again.
    #[error(
        "{path}: this slice was cut from another journal at record {first}, and what the core knew by then is not in it: it can be \
         inspected, exported and checked, but only a slice from record 1 on can be decided again"
    )]
    Slice {
        /// Its segment.
        path: PathBuf,
        /// Number that its first record had.
        first: u64,
    },
    /// Nothing to cut.
    #[error("no record is numbered from {from} to {to}: there is nothing to cut")]
    NoRecords {
        /// First number asked for.
        from: u64,
        /// Last number asked for.
        to: u64,
    },
    /// What a writer that died left is to be made whole before it is read, and cannot be where it is.
    #[error(
        "{path}: its writer died before it was ended, and it must be made whole before it is read, which cannot be done here \
         ({error}); copy the folder to where it can be written"
    )]
    Unsettled {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Another process writes it.
    #[error("{0}: this journal is being written")]
    Busy(PathBuf),
    /// A run is to go on where another has not ended.
    #[error(
        "{0}: the run that writes this journal has not ended: no other goes on from it, or both would trade; end that one first"
    )]
    Living(PathBuf),
    /// A run that was to go on died before it had taken over what it was to begin with.
    #[error("{0}: this run died before it had taken over what the one before it left")]
    Unbegun(PathBuf),
    /// No segment is there.
    #[error("{0}: no journal: a folder with segments 0000000000.journal and on was expected")]
    Empty(PathBuf),
    /// Journals are below, one of each run.
    #[error("{path}: no journal, but a folder of one for each run: name one of them; the last is {last}")]
    Epochs {
        /// The folder.
        path: PathBuf,
        /// The journal of the last run.
        last: PathBuf,
    },
    /// A segment does not go on from the one before it.
    #[error("{path}: this segment does not go on from the one before it: {what}")]
    Broken {
        /// Which segment.
        path: PathBuf,
        /// What does not fit.
        what: &'static str,
    },
    /// What a header says cannot be built from.
    #[error("{path}: its header says nothing a core can be built from: {why}")]
    Meta {
        /// Which segment.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A run whose market felt its orders is to be played again.
    #[error(
        "{0}: this run cannot be played again otherwise: its market was made by a crowd that felt our orders (`verify` repeats it as it \
         was)"
    )]
    Felt(PathBuf),
    /// The disk did not keep up, or was full, for too long.
    #[error("the last {records} records are lost: there was no room for them in time")]
    Lost {
        /// How many.
        records: u64,
    },
    /// The thread that writes stopped.
    #[error("the journal's thread stopped: {0}")]
    Thread(String),
}

/// By whose time the deciding thread goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// A replay's, which stands still while the journal catches up: what is decided never depends on how fast a disk is. Nothing
    /// is waited for once the ring is full and the disk is too.
    Replay,
    /// The world's. A journal that is behind is told to the core, and one that finds no room for a record within `patience`
    /// loses it and all later ones: risk must be reduced even then.
    Live {
        /// How long the deciding thread waits for room in a full ring.
        patience: Span,
    },
}

/// What becomes of segments that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtRest {
    /// They are compressed, by a thread of its own.
    Compressed,
    /// They stay as they were written.
    AsWritten,
}

/// How a journal is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Bytes of the ring, rounded up to a power of two; at least 64 kiB. Any book batch must fit twice (12 bytes a level, 88
    /// beside), or it is lost and the journal ends before it.
    pub ring_bytes: usize,
    /// A segment ends after the first block that reaches this length.
    pub segment_bytes: u64,
    /// The files are synced to the disk at least this often while anything is written.
    pub sync_every: Span,
    /// What is done where records come faster than they are kept.
    pub pace: Pace,
    /// What becomes of segments that ended.
    pub at_rest: AtRest,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            ring_bytes: 16 << 20,
            // What recovery reads at most, and a checkpoint's worth more.
            segment_bytes: 32 << 20,
            sync_every: Span::from_secs(1),
            pace: Pace::Replay,
            at_rest: AtRest::Compressed,
        }
    }
}
