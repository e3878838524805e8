//! Stream names and the frames that ask for streams.

use alloc::string::String;
use core::fmt::Write;

use ballast_json::{Decoded, Message};
use ballast_model::Nanos;

/// Times from here on are microseconds: as milliseconds this is the year 5138, as microseconds 1973.
const MICROS_FROM: u64 = 100_000_000_000_000;

/// The venue's time as sent: milliseconds, or microseconds where the connection asked for them. Stops at the end of the
/// range.
pub(super) fn venue_time(raw: u64) -> Nanos {
    let unit = if raw < MICROS_FROM { 1_000_000 } else { 1_000 };
    Nanos(i64::try_from(raw).unwrap_or(i64::MAX).saturating_mul(unit))
}

/// Whether a message is what its envelope's stream stands for in this session. Partial depth comes in the same layouts as
/// whole diffs and snapshots but must never be taken for them; only the stream's name tells.
pub(super) fn is_followed(decoded: &Decoded, frame: &[u8]) -> bool {
    let Some(span) = decoded.stream else { return true };
    let name = span.of(frame).unwrap_or_default();
    let kind = name.iter().position(|byte| *byte == b'@').and_then(|at| name.get(at..)).unwrap_or_default();
    match decoded.message {
        Message::Depth { .. } => kind == b"@depth" || kind.starts_with(b"@depth@"),
        // Recorded beside the stream by some collectors; the venue itself has no stream of whole snapshots.
        Message::Snapshot { .. } => kind == b"@depthSnapshot",
        Message::BookTicker { .. }
        | Message::Trade { .. }
        | Message::AggTrade { .. }
        | Message::MarkPrice { .. }
        | Message::Reply { .. }
        | Message::Other { .. } => true,
    }
}

/// Writes the control frame that asks for every stream of every symbol.
pub(super) fn write_subscribe<'s>(
    text: &mut String,
    symbols: impl Iterator<Item = &'s str>,
    streams: &[&str],
    request: u64,
) {
    text.clear();
    text.push_str(r#"{"method":"SUBSCRIBE","params":["#);
    let mut separator = "";
    for symbol in symbols {
        for stream in streams {
            text.push_str(separator);
            text.push('"');
            text.extend(symbol.chars().map(|letter| letter.to_ascii_lowercase()));
            text.push('@');
            text.push_str(stream);
            text.push('"');
            separator = ",";
        }
    }
    write_number(text, r#"],"id":"#, request);
    text.push('}');
}

/// Writes path and query of the snapshot request.
pub(super) fn write_snapshot_request(text: &mut String, path: &str, symbol: &str, limit: u16) {
    text.clear();
    text.push_str(path);
    text.push_str("?symbol=");
    text.push_str(symbol);
    write_number(text, "&limit=", u64::from(limit));
}

fn write_number(text: &mut String, before: &str, number: u64) {
    // A String refuses nothing.
    let written = write!(text, "{before}{number}");
    debug_assert_eq!(written, Ok(()));
}
