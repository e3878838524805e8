//! Captures as recorded: gzip, one frame per line, `<local time in ns> <raw JSON>`.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use flate2::read::MultiGzDecoder;

/// One recorded frame.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// Time of receipt, nanoseconds since the epoch, by the recorder's clock.
    pub local_ns: i64,
    /// The JSON text as it came from the socket.
    pub json: &'a [u8],
}

/// Unpacks a whole capture into memory.
///
/// # Errors
/// The file is missing or is not gzip.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let name = path.file_name().unwrap_or_default().display();
    let file = File::open(path).with_context(|| format!("opening capture {name}"))?;
    let mut text = Vec::new();
    MultiGzDecoder::new(file).read_to_end(&mut text).with_context(|| format!("unpacking capture {name}"))?;
    Ok(text)
}

/// The frames of an unpacked capture. A line that is not `<number> <text>` is skipped: a torn last line is
/// normal.
pub fn frames(text: &[u8]) -> impl Iterator<Item = Frame<'_>> {
    text.split(|&byte| byte == b'\n').filter_map(|line| {
        let gap = line.iter().position(|&byte| byte == b' ')?;
        let (stamp, json) = line.split_at(gap);
        let local_ns = std::str::from_utf8(stamp).ok()?.parse().ok()?;
        Some(Frame { local_ns, json: json.get(1..)? })
    })
}

/// Where the captures are: `BALLAST_CAPTURES`, else `../shared/captures` beside the engine's workspace.
#[must_use]
pub fn folder() -> PathBuf {
    std::env::var_os("BALLAST_CAPTURES")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/captures"), PathBuf::from)
        .join("binance-hftbacktest")
}

#[cfg(test)]
mod tests {
    use super::frames;

    #[test]
    fn a_torn_line_is_skipped() {
        let lines: Vec<_> = frames(b"17 {\"a\":1}\n\n18\n19 {}").map(|f| (f.local_ns, f.json)).collect();
        assert_eq!(lines, [(17, b"{\"a\":1}".as_slice()), (19, b"{}")]);
    }
}
