//! WebSocket frames (RFC 6455) of a server: what a client sent becomes messages, what goes out becomes bytes.
//!
//! Our own, since a fault sends bytes that are no frames, and a silent connection is one whose bytes nobody reads.
//!
//! Never here: a socket, the handshake.

use std::io::Cursor;

use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use crate::seam::Frame;

/// Longest message a client may send. Orders and subscriptions are far below.
const MESSAGE_MAX: usize = 1 << 20;

/// What a client said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    /// A whole message: text, or bytes that are taken for text.
    Text(Vec<u8>),
    /// It wants this back.
    Ping(Vec<u8>),
    /// It answered a ping.
    Pong,
    /// It leaves, with this payload.
    Close(Vec<u8>),
}

/// Why a connection cannot be read any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadFrame {
    #[error("no frame")]
    Header,
    #[error("a client's frame without a mask")]
    Unmasked,
    #[error("a message longer than a venue takes")]
    TooLong,
    #[error("a fragment of nothing, or a message begun within another")]
    Fragment,
}

/// Cuts a client's bytes into messages.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    /// Read and not yet cut.
    bytes: Vec<u8>,
    /// Of a message in several frames, what has come.
    begun: Option<Vec<u8>>,
}

impl Reader {
    /// Where the next bytes read belong.
    pub(crate) const fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// The next whole message; `None` until more is read.
    ///
    /// # Errors
    /// [`BadFrame`]; nothing after it can be understood.
    pub(crate) fn next(&mut self) -> Result<Option<Message>, BadFrame> {
        while let Some((header, payload)) = self.frame()? {
            let message = match header.opcode {
                OpCode::Control(Control::Ping) => Some(Message::Ping(payload)),
                OpCode::Control(Control::Pong) => Some(Message::Pong),
                OpCode::Control(Control::Close) => Some(Message::Close(payload)),
                OpCode::Control(Control::Reserved(_)) | OpCode::Data(Data::Reserved(_)) => {
                    return Err(BadFrame::Header);
                }
                OpCode::Data(data) => self.data(data, header.is_final, payload)?,
            };
            if message.is_some() {
                return Ok(message);
            }
        }
        Ok(None)
    }

    fn data(&mut self, data: Data, is_final: bool, payload: Vec<u8>) -> Result<Option<Message>, BadFrame> {
        let whole = match (data, self.begun.take()) {
            (Data::Continue, Some(mut begun)) => {
                begun.extend_from_slice(&payload);
                begun
            }
            (Data::Continue, None) | (_, Some(_)) => return Err(BadFrame::Fragment),
            (_, None) => payload,
        };
        if whole.len() > MESSAGE_MAX {
            return Err(BadFrame::TooLong);
        }
        if is_final {
            return Ok(Some(Message::Text(whole)));
        }
        self.begun = Some(whole);
        Ok(None)
    }

    /// The next frame, its mask taken off.
    fn frame(&mut self) -> Result<Option<(FrameHeader, Vec<u8>)>, BadFrame> {
        let mut cursor = Cursor::new(&self.bytes);
        let Some((header, length)) = FrameHeader::parse(&mut cursor).map_err(|_| BadFrame::Header)? else {
            return Ok(None);
        };
        let length = usize::try_from(length).ok().filter(|length| *length <= MESSAGE_MAX);
        let length = length.ok_or(BadFrame::TooLong)?;
        let begin = usize::try_from(cursor.position()).map_err(|_| BadFrame::TooLong)?;
        let mask = header.mask.ok_or(BadFrame::Unmasked)?;
        let Some(masked) = self.bytes.get(begin..begin + length) else { return Ok(None) };
        let payload = masked.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
        self.bytes.drain(..begin + length);
        Ok(Some((header, payload)))
    }
}

/// Appends what goes out for a frame; nothing for [`Frame::Cut`].
pub(crate) fn write(frame: &Frame, out: &mut Vec<u8>) {
    match frame {
        Frame::Text(text) => put(OpCode::Data(Data::Text), text, out),
        Frame::Ping(payload) => put(OpCode::Control(Control::Ping), payload, out),
        Frame::Close { code, reason } => {
            let mut payload = code.to_be_bytes().to_vec();
            payload.extend_from_slice(reason.as_bytes());
            put(OpCode::Control(Control::Close), &payload, out);
        }
        Frame::Raw(bytes) => out.extend_from_slice(bytes),
        Frame::Cut => {}
    }
}

/// Appends the answer to a client's ping.
pub(crate) fn write_pong(payload: &[u8], out: &mut Vec<u8>) {
    put(OpCode::Control(Control::Pong), payload, out);
}

/// Appends the answer to a client's close.
pub(crate) fn write_close(payload: &[u8], out: &mut Vec<u8>) {
    put(OpCode::Control(Control::Close), payload, out);
}

fn put(opcode: OpCode, payload: &[u8], out: &mut Vec<u8>) {
    let header = FrameHeader { opcode, ..FrameHeader::default() };
    // A vector takes whatever is written.
    let _ = header.format(payload.len() as u64, out);
    out.extend_from_slice(payload);
}

#[cfg(test)]
mod tests;
