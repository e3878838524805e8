//! WebSocket frames (RFC 6455, section 5) without a socket: the client's side, bytes in and bytes out.
//!
//! Why not tungstenite's: its reader clears and fills a buffer of its own and allocates for each message. Here a whole message is
//! told where it lies in the bytes that were read, and only what came in fragments is put together elsewhere.
//!
//! Text is not checked to be UTF-8: whoever parses it does.

/// Data at most of a control frame.
pub const CONTROL_LIMIT: usize = 125;

/// The longest head of a frame that we send.
pub const HEAD_LIMIT: usize = 14;

/// What a frame of ours is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole message of text.
    Text,
    /// The end of what we say: a code in two bytes, or nothing.
    Close,
    /// A question for a pong.
    Ping,
    /// The answer to a ping, with its data.
    Pong,
}

impl Kind {
    const fn opcode(self) -> u8 {
        match self {
            Self::Text => 0x1,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xA,
        }
    }
}

/// What the other side said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said<'a> {
    /// A whole message, of text or of bytes.
    Message(&'a [u8]),
    /// A ping, with the data that its answer has to carry.
    Ping(&'a [u8]),
    /// A pong, with the data of the ping it answers.
    Pong(&'a [u8]),
    /// The close code; zero where it gave none.
    Close(u16),
}

/// Bytes that are no frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// Reserved bits are set though no extension was agreed on.
    Reserved,
    /// An opcode that means nothing.
    Opcode(u8),
    /// A server's frame must not be masked.
    Masked,
    /// A control frame of more than 125 bytes, or in fragments.
    Control,
    /// A message beyond the limit.
    TooLong,
    /// A fragment continues nothing.
    NothingToContinue,
    /// A message begins inside another that came in fragments.
    Interrupted,
    /// A close frame with half a code.
    HalfCode,
}

impl FrameError {
    /// The close code that tells the other side (RFC 6455, section 7.4.1).
    #[must_use]
    pub const fn close_code(self) -> u16 {
        match self {
            Self::TooLong => 1009,
            Self::Reserved
            | Self::Opcode(_)
            | Self::Masked
            | Self::Control
            | Self::NothingToContinue
            | Self::Interrupted
            | Self::HalfCode => 1002,
        }
    }
}

/// What was found in the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found<'a> {
    /// How many bytes are done with.
    pub used: usize,
    /// What they said; none where more bytes are needed.
    pub said: Option<Said<'a>>,
}

/// A frame's first bytes, read.
struct Head {
    is_last: bool,
    opcode: u8,
    head_bytes: usize,
    data_bytes: usize,
}

/// Reads a server's frames.
#[derive(Debug)]
pub struct Frames {
    /// Fragments of the message under way.
    assembled: Vec<u8>,
    is_fragmented: bool,
    /// The longest message, in bytes.
    limit: usize,
}

impl Frames {
    /// A reader that refuses messages of more than `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { assembled: Vec::with_capacity(limit), is_fragmented: false, limit }
    }

    /// True between the fragments of a message.
    #[must_use]
    pub const fn is_amid(&self) -> bool {
        self.is_fragmented
    }

    /// Reads up to and including the next message or control frame. Bytes that are not used must lead the next call's.
    ///
    /// # Errors
    /// [`FrameError`]; nothing that follows can be read.
    pub fn next<'a>(&'a mut self, bytes: &'a [u8]) -> Result<Found<'a>, FrameError> {
        let mut used = 0;
        loop {
            let rest = bytes.get(used..).unwrap_or_default();
            let Some(head) = self.head(rest)? else { return Ok(Found { used, said: None }) };
            let end = head.head_bytes + head.data_bytes;
            let Some(data) = rest.get(head.head_bytes..end) else { return Ok(Found { used, said: None }) };
            used += end;
            let said = match head.opcode {
                0x8 => Said::Close(close_code(data)?),
                0x9 => Said::Ping(data),
                0xA => Said::Pong(data),
                _ if !self.is_fragmented && head.is_last => Said::Message(data),
                _ => {
                    if !self.is_fragmented {
                        self.assembled.clear();
                    }
                    self.assembled.extend_from_slice(data);
                    self.is_fragmented = !head.is_last;
                    if self.is_fragmented {
                        continue;
                    }
                    Said::Message(&self.assembled)
                }
            };
            return Ok(Found { used, said: Some(said) });
        }
    }

    /// Reads a frame's head and holds it against the rules; none where it is not whole.
    fn head(&self, bytes: &[u8]) -> Result<Option<Head>, FrameError> {
        let [first, second, rest @ ..] = bytes else { return Ok(None) };
        let (is_last, opcode) = (first & 0x80 != 0, first & 0x0F);
        if first & 0x70 != 0 {
            return Err(FrameError::Reserved);
        }
        if second & 0x80 != 0 {
            return Err(FrameError::Masked);
        }
        let short = second & 0x7F;
        match opcode {
            0x0 if !self.is_fragmented => return Err(FrameError::NothingToContinue),
            0x1 | 0x2 if self.is_fragmented => return Err(FrameError::Interrupted),
            0x0..=0x2 => {}
            0x8..=0xA if !is_last || short > 125 => return Err(FrameError::Control),
            0x8..=0xA => {}
            _ => return Err(FrameError::Opcode(opcode)),
        }
        let (head_bytes, length) = match short {
            126 => match rest.first_chunk() {
                Some(long) => (4, u64::from(u16::from_be_bytes(*long))),
                None => return Ok(None),
            },
            127 => match rest.first_chunk() {
                Some(long) => (10, u64::from_be_bytes(*long)),
                None => return Ok(None),
            },
            _ => (2, u64::from(short)),
        };
        let before = if opcode == 0 { self.assembled.len() } else { 0 };
        match usize::try_from(length) {
            Ok(data_bytes) if opcode >= 0x8 || data_bytes <= self.limit.saturating_sub(before) => {
                Ok(Some(Head { is_last, opcode, head_bytes, data_bytes }))
            }
            _ => Err(FrameError::TooLong),
        }
    }
}

fn close_code(data: &[u8]) -> Result<u16, FrameError> {
    match data {
        [] => Ok(0),
        [_] => Err(FrameError::HalfCode),
        [high, low, ..] => Ok(u16::from_be_bytes([*high, *low])),
    }
}

/// How long our frame with so much data is.
#[must_use]
pub const fn encoded_length(data_bytes: usize) -> usize {
    let length_bytes = if data_bytes < 126 {
        0
    } else if data_bytes <= 0xFFFF {
        2
    } else {
        8
    };
    2 + length_bytes + 4 + data_bytes
}

/// Writes a frame of ours, masked as a client's must be; how long it is, or none where `out` is too short for it.
pub fn encode(kind: Kind, data: &[u8], mask: [u8; 4], out: &mut [u8]) -> Option<usize> {
    let length = encoded_length(data.len());
    let (head, body) = out.get_mut(..length)?.split_at_mut(length - data.len());
    let [first, second, rest @ ..] = head else { return None };
    *first = 0x80 | kind.opcode();
    let (long, key) = rest.split_at_mut(rest.len() - 4);
    key.copy_from_slice(&mask);
    *second = match long {
        [] => 0x80 | u8::try_from(data.len()).ok()?,
        [high, low] => {
            [*high, *low] = u16::try_from(data.len()).ok()?.to_be_bytes();
            0x80 | 126
        }
        long => {
            long.copy_from_slice(&u64::try_from(data.len()).ok()?.to_be_bytes());
            0x80 | 127
        }
    };
    put_masked(data, mask, body);
    Some(length)
}

/// Eight bytes at a time: the key is repeated, and each piece begins where it does.
fn put_masked(data: &[u8], mask: [u8; 4], out: &mut [u8]) {
    let key = u64::from(u32::from_ne_bytes(mask));
    let key = key << 32 | key;
    let (pieces, tail) = data.as_chunks::<8>();
    let (out_pieces, out_tail) = out.as_chunks_mut::<8>();
    for (to, from) in out_pieces.iter_mut().zip(pieces) {
        *to = (u64::from_ne_bytes(*from) ^ key).to_ne_bytes();
    }
    for ((to, from), key) in out_tail.iter_mut().zip(tail).zip(mask.iter().cycle()) {
        *to = from ^ key;
    }
}

/// Masking keys: SplitMix64 (Steele, Lea and Flood 2014) from a seed that the system's randomness gave. They keep a proxy between
/// from taking our data for something else; they are no secret.
#[derive(Clone, Copy, Debug)]
pub struct Masks(u64);

impl Masks {
    /// Keys from this seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next one.
    pub const fn key(&mut self) -> [u8; 4] {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let [a, b, c, d, ..] = (mixed ^ (mixed >> 31)).to_be_bytes();
        [a, b, c, d]
    }
}

#[cfg(test)]
mod tests;
