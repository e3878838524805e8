//! Lines out of a compressed or plain file, in bounded memory.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use crate::journal::recording::{RecordedText, Recording};

/// Longest line read; a longer one is skipped and reported. A snapshot of 10 000 levels takes about 0.4 MB.
pub const LINE_BYTES_MAX: usize = 8 << 20;

/// Files whose text is at most this long are kept in memory between the two passes over them.
const CACHED_BYTES_MAX: u64 = 256 << 20;

/// First size of the line buffer.
const BUFFER_BYTES: usize = 1 << 20;

/// One capture, a file or a recording, that can be read from the start more than once.
#[derive(Debug)]
pub struct Source {
    path: PathBuf,
    /// The decompressed text, where it is small enough.
    cached: Option<Cached>,
    /// What the path is a folder of, where it is no file.
    recording: Option<Recording>,
}

#[derive(Debug)]
struct Cached {
    text: Vec<u8>,
    /// How reading ended, where not at a clean end of file.
    error: Option<io::Error>,
}

impl Source {
    /// Opens a file and reads small ones into memory. The compression is told by the first bytes, not by the name.
    ///
    /// # Errors
    /// Where the file cannot be opened. A damaged compressed stream is not an error here: its readable part is used and
    /// [`LineReader::error`] tells the rest.
    pub fn open(path: &Path) -> io::Result<Self> {
        if path.is_dir() {
            return Recording::open(path).map(Self::recorded).map_err(io::Error::other);
        }
        let mut text = Vec::new();
        let error = decompressed(path)?.take(CACHED_BYTES_MAX + 1).read_to_end(&mut text).err();
        let small = text.len() as u64 <= CACHED_BYTES_MAX;
        Ok(Self { path: path.to_owned(), cached: small.then_some(Cached { text, error }), recording: None })
    }

    /// A capture that was never a file: `text` as if it were the content of a file of this name.
    #[must_use]
    pub fn in_memory(name: &str, text: Vec<u8>) -> Self {
        Self { path: PathBuf::from(name), cached: Some(Cached { text, error: None }), recording: None }
    }

    /// A recording.
    #[must_use]
    pub fn recorded(recording: Recording) -> Self {
        Self { path: recording.folder().to_owned(), cached: None, recording: Some(recording) }
    }

    /// The recording, where it is one.
    #[must_use]
    pub const fn recording(&self) -> Option<&Recording> {
        self.recording.as_ref()
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// File name without folders, for messages.
    #[must_use]
    pub fn name(&self) -> String {
        self.path
            .file_name()
            .map_or_else(|| self.path.display().to_string(), |name| name.to_string_lossy().into_owned())
    }

    /// Reads from the first line. A recording has a line for each frame that came in.
    ///
    /// # Errors
    /// Where the file cannot be opened again.
    pub fn lines(&self) -> io::Result<LineReader<'_>> {
        if let Some(recording) = &self.recording {
            return Ok(LineReader::new(Box::new(RecordedText::new(recording))));
        }
        Ok(match &self.cached {
            Some(cached) => {
                let tail = cached.error.as_ref().map(|error| io::Error::new(error.kind(), error.to_string()));
                LineReader::new(Box::new(cached.text.as_slice().chain(Tail(tail))))
            }
            None => LineReader::new(decompressed(&self.path)?),
        })
    }
}

/// Ends a cached text the way the file ended: cleanly or with its error.
struct Tail(Option<io::Error>);

impl Read for Tail {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

fn decompressed(path: &Path) -> io::Result<Box<dyn Read>> {
    let mut magic = Vec::with_capacity(4);
    let mut file = File::open(path)?;
    file.by_ref().take(4).read_to_end(&mut magic)?;
    let whole = BufReader::with_capacity(1 << 18, io::Cursor::new(magic.clone()).chain(file));
    Ok(match magic.as_slice() {
        [0x1f, 0x8b, ..] => Box::new(MultiGzDecoder::new(whole)),
        [0x28, 0xb5, 0x2f, 0xfd] => Box::new(zstd::Decoder::with_buffer(whole)?),
        _ => Box::new(whole),
    })
}

/// One line, without its newline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// A line that ended with a newline.
    Whole(&'a [u8]),
    /// The last line, where the file does not end with a newline: perhaps cut short.
    Last(&'a [u8]),
    /// A line longer than [`LINE_BYTES_MAX`]; skipped.
    TooLong,
}

/// Reads lines from any byte stream into one reused buffer.
pub struct LineReader<'a> {
    input: Box<dyn Read + 'a>,
    buffer: Vec<u8>,
    /// Unread bytes are `buffer[start..end]`.
    start: usize,
    end: usize,
    ended: bool,
    error: Option<io::Error>,
    number: u64,
}

impl core::fmt::Debug for LineReader<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("LineReader").field("number", &self.number).finish_non_exhaustive()
    }
}

impl<'a> LineReader<'a> {
    /// Reads from any stream of text.
    #[must_use]
    pub fn new(input: Box<dyn Read + 'a>) -> Self {
        Self { input, buffer: vec![0; BUFFER_BYTES], start: 0, end: 0, ended: false, error: None, number: 0 }
    }

    /// Number of the line returned last; the first is 1.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Why reading stopped before the end of the file, where it did.
    #[must_use]
    pub const fn error(&self) -> Option<&io::Error> {
        self.error.as_ref()
    }

    /// The next line, or `None` at the end.
    pub fn next_line(&mut self) -> Option<Line<'_>> {
        let mut scanned = self.start;
        loop {
            let unread = self.buffer.get(scanned..self.end).unwrap_or_default();
            if let Some(at) = memchr::memchr(b'\n', unread) {
                let line = self.start..scanned + at;
                self.start = scanned + at + 1;
                self.number += 1;
                return Some(bounded(self.buffer.get(line).unwrap_or_default(), Line::Whole));
            }
            if self.end - self.start > LINE_BYTES_MAX {
                self.skip_line();
                return Some(Line::TooLong);
            }
            let held = self.end - self.start;
            self.fill();
            scanned = self.start + held;
            if self.ended && scanned == self.end {
                return self.last_line();
            }
        }
    }

    fn last_line(&mut self) -> Option<Line<'_>> {
        let line = self.start..self.end;
        self.start = self.end;
        if line.is_empty() {
            return None;
        }
        self.number += 1;
        self.buffer.get(line).map(|line| bounded(line, Line::Last))
    }

    /// Drops bytes up to and including the next newline.
    fn skip_line(&mut self) {
        self.number += 1;
        while !self.ended {
            self.start = self.end;
            self.fill();
            let unread = self.buffer.get(self.start..self.end).unwrap_or_default();
            if let Some(at) = memchr::memchr(b'\n', unread) {
                self.start += at + 1;
                return;
            }
        }
        self.start = self.end;
    }

    /// Reads more behind the unread bytes, moving them to the front and growing the buffer as needed.
    fn fill(&mut self) {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.end == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        let Some(room) = self.buffer.get_mut(self.end..) else { return };
        match self.input.read(room) {
            Ok(0) => self.ended = true,
            Ok(read) => self.end += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                self.error = Some(error);
                self.ended = true;
            }
        }
    }
}

/// The line, or that it is too long, wherever the stream of its bytes was cut in pieces.
fn bounded<'b>(line: &'b [u8], of: impl FnOnce(&'b [u8]) -> Line<'b>) -> Line<'b> {
    if line.len() > LINE_BYTES_MAX { Line::TooLong } else { of(line) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn read_all(reader: &mut LineReader<'_>) -> Vec<String> {
        let mut lines = Vec::new();
        while let Some(line) = reader.next_line() {
            lines.push(match line {
                Line::Whole(text) => format!("whole {}", String::from_utf8_lossy(text)),
                Line::Last(text) => format!("last {}", String::from_utf8_lossy(text)),
                Line::TooLong => "too long".to_owned(),
            });
        }
        lines
    }

    #[test]
    fn a_missing_final_newline_is_told() {
        let mut reader = LineReader::new(Box::new(&b"a\n\nbc"[..]));
        assert_eq!(read_all(&mut reader), ["whole a", "whole ", "last bc"]);
        assert_eq!(reader.number(), 3);
    }

    #[test]
    fn a_line_beyond_the_bound_is_skipped_and_reading_goes_on() {
        for length in [LINE_BYTES_MAX + 1, LINE_BYTES_MAX * 5 / 4, LINE_BYTES_MAX * 2, LINE_BYTES_MAX * 2 + 5]
        {
            let mut text = vec![b'x'; length];
            text.extend_from_slice(b"\nnext\n");
            let mut reader = LineReader::new(Box::new(text.as_slice()));
            assert_eq!(read_all(&mut reader), ["too long", "whole next"], "{length}");
            assert_eq!(reader.number(), 2);
            let mut reader = LineReader::new(Box::new(&text[..length]));
            assert_eq!(read_all(&mut reader), ["too long"], "{length}, the last");
        }
        let mut text = vec![b'x'; LINE_BYTES_MAX];
        text.push(b'\n');
        let mut reader = LineReader::new(Box::new(text.as_slice()));
        assert!(matches!(reader.next_line(), Some(Line::Whole(line)) if line.len() == LINE_BYTES_MAX));
    }

    #[test]
    fn compression_is_told_by_content_and_truncation_keeps_what_came_before() {
        let folder = tempfile::tempdir().unwrap();
        let text: String = (0..10_000).map(|n| format!("line {n} {}\n", n * 7919 % 1013)).collect();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(text.as_bytes()).unwrap();
        let gzip = gzip.finish().unwrap();
        let files = [
            ("plain", text.clone().into_bytes()),
            ("gzip", gzip.clone()),
            ("zstd", zstd::encode_all(text.as_bytes(), 1).unwrap()),
        ];
        for (name, bytes) in files {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            let source = Source::open(&path).unwrap();
            let mut reader = source.lines().unwrap();
            assert_eq!(read_all(&mut reader).len(), 10_000, "{name}");
            assert!(reader.error().is_none(), "{name}");
        }
        let path = folder.path().join("cut");
        std::fs::write(&path, &gzip[..gzip.len() / 2]).unwrap();
        let source = Source::open(&path).unwrap();
        let mut reader = source.lines().unwrap();
        let count = read_all(&mut reader).len();
        assert!(count > 100 && count < 10_000, "{count}");
        assert!(reader.error().is_some());
    }
}
