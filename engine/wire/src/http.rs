//! HTTP/1.1 (RFC 9112) without a socket: the client's side, requests written and replies read.
//!
//! Never here: redirects, compression, pipelining.

use std::io::Write;

use crate::seam::HttpSend;

/// Bytes at most of a reply's head, and of the lines around chunks.
pub const HEAD_LIMIT: usize = 16 * 1024;

const HEADERS: usize = 96;

/// Bytes that are no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpError {
    /// No head of a reply, or one that is too long.
    Head,
    /// Lengths that contradict each other or are no numbers.
    Length,
    /// A transfer or content coding that was not asked for.
    Coding,
    /// The body is longer than the limit.
    TooLong,
    /// A chunk without its size or its end.
    Chunk,
}

/// The two headers that count what was used; compared without case.
pub type UsedHeaders = [String; 2];

/// A whole reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply<'a> {
    /// The status code.
    pub status: u16,
    /// Seconds of `Retry-After`.
    pub retry_after: Option<u32>,
    /// What the two headers counted.
    pub used: [Option<u32>; 2],
    /// The connection ends with this reply.
    pub is_last: bool,
    /// What it says.
    pub body: &'a [u8],
}

/// What was found in the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found<'a> {
    /// How many bytes are done with.
    pub used: usize,
    /// The reply; none where more bytes are needed.
    pub reply: Option<Reply<'a>>,
}

/// What a head says.
#[derive(Clone, Copy, Debug, Default)]
struct Head {
    status: u16,
    retry_after: Option<u32>,
    used: [Option<u32>; 2],
    is_last: bool,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Before a reply's head.
    Head,
    /// In a body, so many bytes before its end.
    Body(u64),
    /// Before the line with a chunk's size.
    Size,
    /// In a chunk, so many bytes before its end.
    Chunk(u64),
    /// Before the line end behind a chunk.
    ChunkEnd,
    /// In the lines behind the last chunk.
    Trailer,
    /// In a body that ends with the connection.
    UntilEnd,
    /// Behind a reply.
    Done,
}

/// Reads replies.
#[derive(Debug)]
pub struct Replies {
    state: State,
    head: Head,
    body: Vec<u8>,
    /// The longest body, in bytes.
    limit: usize,
    names: UsedHeaders,
}

/// One step of reading: so many bytes are done with, or more are needed.
type Step = Result<Option<usize>, HttpError>;

impl Replies {
    /// A reader that refuses bodies of more than `limit` bytes and tells the counts under these headers.
    #[must_use]
    pub const fn new(limit: usize, names: UsedHeaders) -> Self {
        let head = Head { status: 0, retry_after: None, used: [None; 2], is_last: false };
        Self { state: State::Head, head, body: Vec::new(), limit, names }
    }

    /// Reads up to and including the end of the next reply. Bytes that are not used must lead the next call's.
    ///
    /// # Errors
    /// [`HttpError`]; nothing that follows can be read.
    pub fn next(&mut self, bytes: &[u8]) -> Result<Found<'_>, HttpError> {
        if matches!(self.state, State::Done) {
            self.state = State::Head;
        }
        let mut used = 0;
        loop {
            let Some(step) = self.step(bytes.get(used..).unwrap_or_default())? else {
                return Ok(Found { used, reply: None });
            };
            used += step;
            if matches!(self.state, State::Done) {
                return Ok(Found { used, reply: Some(self.reply()) });
            }
        }
    }

    /// The other side said its last: the reply that only this ends.
    ///
    /// # Errors
    /// [`HttpError::Length`] in the midst of a reply.
    pub fn end(&mut self) -> Result<Option<Reply<'_>>, HttpError> {
        match self.state {
            State::UntilEnd => {
                self.state = State::Done;
                Ok(Some(self.reply()))
            }
            State::Head | State::Done => Ok(None),
            State::Body(_) | State::Size | State::Chunk(_) | State::ChunkEnd | State::Trailer => {
                Err(HttpError::Length)
            }
        }
    }

    fn reply(&self) -> Reply<'_> {
        let Head { status, retry_after, used, is_last } = self.head;
        Reply { status, retry_after, used, is_last, body: &self.body }
    }

    fn step(&mut self, bytes: &[u8]) -> Step {
        match self.state {
            State::Head => self.read_head(bytes),
            State::Body(left) => {
                let (used, left) = self.take(bytes, left)?;
                self.state = if left == 0 { State::Done } else { State::Body(left) };
                Ok((used > 0 || left == 0).then_some(used))
            }
            State::Size => match httparse::parse_chunk_size(bytes) {
                Ok(httparse::Status::Complete((used, size))) => {
                    self.fits(size)?;
                    self.state = if size == 0 { State::Trailer } else { State::Chunk(size) };
                    Ok(Some(used))
                }
                Ok(httparse::Status::Partial) if bytes.len() < HEAD_LIMIT => Ok(None),
                Ok(httparse::Status::Partial) | Err(_) => Err(HttpError::Chunk),
            },
            State::Chunk(left) => {
                let (used, left) = self.take(bytes, left)?;
                self.state = if left == 0 { State::ChunkEnd } else { State::Chunk(left) };
                Ok((used > 0 || left == 0).then_some(used))
            }
            State::ChunkEnd => match bytes {
                [b'\r', b'\n', ..] => {
                    self.state = State::Size;
                    Ok(Some(2))
                }
                [] | [b'\r'] => Ok(None),
                _ => Err(HttpError::Chunk),
            },
            State::Trailer => self.read_trailer(bytes),
            State::UntilEnd => {
                self.take(bytes, u64::MAX)?;
                Ok((!bytes.is_empty()).then_some(bytes.len()))
            }
            State::Done => Ok(None),
        }
    }

    /// Moves up to `left` bytes to the body; how many, and how many are left then.
    fn take(&mut self, bytes: &[u8], left: u64) -> Result<(usize, u64), HttpError> {
        let taken = usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()));
        let part = bytes.get(..taken).unwrap_or_default();
        if part.len() > self.limit - self.body.len() {
            return Err(HttpError::TooLong);
        }
        self.body.extend_from_slice(part);
        Ok((taken, left.saturating_sub(u64::try_from(taken).unwrap_or(u64::MAX))))
    }

    /// Refuses what is announced to be longer than the limit, before it comes.
    fn fits(&self, more: u64) -> Result<(), HttpError> {
        let room = self.limit - self.body.len();
        if usize::try_from(more).is_ok_and(|more| more <= room) { Ok(()) } else { Err(HttpError::TooLong) }
    }

    /// The lines behind the last chunk say nothing that is asked for; an empty one ends them.
    fn read_trailer(&mut self, bytes: &[u8]) -> Step {
        let Some(at) = bytes.windows(2).position(|pair| pair == b"\r\n") else {
            return if bytes.len() < HEAD_LIMIT { Ok(None) } else { Err(HttpError::Chunk) };
        };
        if at == 0 {
            self.state = State::Done;
        }
        Ok(Some(at + 2))
    }

    fn read_head(&mut self, bytes: &[u8]) -> Step {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let mut head = httparse::Response::new(&mut headers);
        let length = match head.parse(bytes) {
            Ok(httparse::Status::Complete(length)) if length <= HEAD_LIMIT => length,
            Ok(httparse::Status::Partial) if bytes.len() < HEAD_LIMIT => return Ok(None),
            Ok(httparse::Status::Complete(_) | httparse::Status::Partial) | Err(_) => {
                return Err(HttpError::Head);
            }
        };
        let status = head.code.unwrap_or_default();
        match status {
            // Nobody asked for another protocol here; other notes of the kind precede the reply.
            0..100 | 101 => return Err(HttpError::Head),
            102..200 | 100 => return Ok(Some(length)),
            _ => {}
        }
        let framing = Framing::of(head.headers)?;
        self.head = Head {
            status,
            retry_after: number(head.headers, "retry-after"),
            used: [number(head.headers, &self.names[0]), number(head.headers, &self.names[1])],
            is_last: head.version == Some(0) || has_token(head.headers, "connection", "close"),
        };
        self.body.clear();
        self.state = match framing {
            _ if matches!(status, 204 | 304) => State::Done,
            Framing::Chunked => State::Size,
            Framing::Length(0) => State::Done,
            Framing::Length(length) => {
                self.fits(length)?;
                State::Body(length)
            }
            Framing::UntilEnd => {
                self.head.is_last = true;
                State::UntilEnd
            }
        };
        Ok(Some(length))
    }
}

/// How a body ends (RFC 9112, section 6.3).
enum Framing {
    Length(u64),
    Chunked,
    UntilEnd,
}

impl Framing {
    fn of(headers: &[httparse::Header<'_>]) -> Result<Self, HttpError> {
        if values(headers, "content-encoding").any(|coding| !coding.eq_ignore_ascii_case(b"identity")) {
            return Err(HttpError::Coding);
        }
        let mut lengths = values(headers, "content-length").map(digits);
        let length = lengths.next();
        if lengths.any(|other| Some(other) != length) {
            return Err(HttpError::Length);
        }
        let mut codings = values(headers, "transfer-encoding");
        match (codings.next(), codings.next(), length) {
            (Some(coding), None, None) if coding.eq_ignore_ascii_case(b"chunked") => Ok(Self::Chunked),
            (Some(_), None, None) | (Some(_), Some(_), None) => Err(HttpError::Coding),
            // Both ways to say where it ends: a request smuggler's reply.
            (Some(_), _, Some(_)) => Err(HttpError::Length),
            (None, _, Some(length)) => length.map(Self::Length).ok_or(HttpError::Length),
            (None, _, None) => Ok(Self::UntilEnd),
        }
    }
}

pub(crate) fn values<'a>(headers: &'a [httparse::Header<'_>], name: &str) -> impl Iterator<Item = &'a [u8]> {
    headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value)
}

/// True where a header lists this word.
pub(crate) fn has_token(headers: &[httparse::Header<'_>], name: &str, token: &str) -> bool {
    values(headers, name)
        .flat_map(|value| value.split(|byte| *byte == b','))
        .any(|word| word.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
}

/// A number of digits and nothing else.
fn digits(value: &[u8]) -> Option<u64> {
    let value = value.trim_ascii();
    if !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    str::from_utf8(value).ok()?.parse().ok()
}

fn number(headers: &[httparse::Header<'_>], name: &str) -> Option<u32> {
    values(headers, name).next().and_then(digits).and_then(|number| u32::try_from(number).ok())
}

/// Why a request was not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unwritten {
    /// There is no room for it.
    TooLong,
    /// It would be read as something else: see [`crate::Refused::Malformed`].
    Malformed,
}

/// True for what a request line takes: visible, and no space.
pub(crate) fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// True for a header that ends where it says it does.
pub(crate) fn is_header(name: &str, value: &str) -> bool {
    is_word(name)
        && !name.contains(':')
        && value.bytes().all(|byte| byte == b'\t' || (byte >= b' ' && byte != 0x7F))
}

/// Writes a request to this host; how long it is.
///
/// # Errors
/// [`Unwritten`]; what `out` holds then means nothing.
pub fn encode(request: &HttpSend<'_>, host: &str, out: &mut [u8]) -> Result<usize, Unwritten> {
    let HttpSend { method, target, headers, body } = *request;
    let is_sound = is_word(method)
        && target.starts_with('/')
        && is_word(target)
        && headers.iter().all(|(name, value)| is_header(name, value));
    if !is_sound {
        return Err(Unwritten::Malformed);
    }
    let room = out.len();
    let mut rest = out;
    let mut write = || {
        write!(rest, "{method} {target} HTTP/1.1\r\nHost: {host}\r\n")?;
        for (name, value) in headers {
            write!(rest, "{name}: {value}\r\n")?;
        }
        if !body.is_empty() || matches!(method, "POST" | "PUT") {
            write!(rest, "Content-Length: {}\r\n", body.len())?;
        }
        rest.write_all(b"\r\n")?;
        rest.write_all(body)
    };
    write().map_err(|_: std::io::Error| Unwritten::TooLong)?;
    Ok(room - rest.len())
}

#[cfg(test)]
mod tests;
