//! The WebSocket handshake (RFC 6455, section 4): a request for another protocol, and its answer.

use tungstenite::handshake::client::generate_key;
use tungstenite::handshake::derive_accept_key;

use crate::frame::Masks;
use crate::http::{HEAD_LIMIT, has_token, is_header, values};
use crate::url::Place;

/// The handshake of a connection.
#[derive(Debug)]
pub(crate) struct Upgrade {
    pub(crate) request: Vec<u8>,
    accept: String,
}

impl Upgrade {
    /// A handshake with a fresh key; none where a header is none.
    pub(crate) fn new(place: &Place, headers: &[(String, String)]) -> Option<Self> {
        let key = generate_key();
        let mut request = format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: {key}\r\n",
            place.target, place.authority
        );
        for (name, value) in headers {
            if !is_header(name, value) {
                return None;
            }
            request.extend([name, ": ", value, "\r\n"]);
        }
        request.push_str("\r\n");
        Some(Self { request: request.into_bytes(), accept: derive_accept_key(key.as_bytes()) })
    }

    /// Reads the answer: how many bytes it has, or none where it is not whole.
    ///
    /// # Errors
    /// It is not a yes to what was asked.
    pub(crate) fn answered(&self, bytes: &[u8]) -> Result<Option<usize>, Declined> {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut answer = httparse::Response::new(&mut headers);
        let length = match answer.parse(bytes) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) if bytes.len() < HEAD_LIMIT => return Ok(None),
            Ok(httparse::Status::Partial) | Err(_) => return Err(Declined),
        };
        let headers = &*answer.headers;
        let is_yes = answer.code == Some(101)
            && has_token(headers, "upgrade", "websocket")
            && has_token(headers, "connection", "upgrade")
            && values(headers, "sec-websocket-accept").eq([self.accept.as_bytes()])
            && values(headers, "sec-websocket-extensions").next().is_none();
        if is_yes { Ok(Some(length)) } else { Err(Declined) }
    }
}

/// The other side does not speak WebSocket with us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Declined;

/// Masking keys that nobody could have foreseen: seeded by the randomness that a handshake's key takes.
pub(crate) fn fresh_masks() -> Masks {
    let random = generate_key();
    let seed = random.bytes().fold(0, |seed: u64, byte| seed.rotate_left(6) ^ u64::from(byte));
    Masks::new(seed)
}

#[cfg(test)]
mod tests;
