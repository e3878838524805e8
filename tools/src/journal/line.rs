//! A record as one line for a person.

use core::fmt::Write as _;

use ballast_journal::{Entry, Record};
use ballast_model::PackedLevel;

/// Number, time in nanoseconds and what the record says.
pub(super) fn of(record: &Record<'_>) -> String {
    format!("{} {} {}", record.seq, record.now.0, content(record))
}

/// What the record says.
pub(super) fn content(record: &Record<'_>) -> String {
    let mut line = String::new();
    // Writing into a string cannot fail.
    let _ = match &record.entry {
        Entry::Event(event) => write!(line, "input {event:?}"),
        Entry::Batch(batch) => {
            let [(_, bids), (_, asks)] = batch.sides();
            let begin = batch.begin();
            write!(line, "input {begin:?} bids {} asks {}", levels(bids), levels(asks))
        }
        Entry::Command(command) => write!(line, "command {command:?}"),
        Entry::Checkpoint(checkpoint) => write!(
            line,
            "checkpoint state {:016x} after {} inputs and {} commands",
            checkpoint.state_hash, checkpoint.inputs, checkpoint.commands
        ),
        Entry::Carried(word) => write!(line, "carried {word:?}"),
        Entry::Block(hash) => write!(line, "block {}", hex(hash)),
        Entry::End(hash) => write!(line, "end {}", hex(hash)),
    };
    line
}

/// Levels as `ticks x lots`.
fn levels(levels: &[PackedLevel]) -> String {
    let one = |level: &PackedLevel| format!("{}x{}", level.price().0, level.lots().0);
    format!("[{}]", levels.iter().map(one).collect::<Vec<_>>().join(" "))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
