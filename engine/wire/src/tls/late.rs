//! Messages of handshakes on a connection that stands: tickets, which we have no use for, new keys, and in TLS 1.2 the wish to begin
//! anew. All others are against the rules.

use super::fault::Fault;

/// TLS 1.2: the server wishes that we begin anew.
const HELLO_REQUEST: u8 = 0;
const TICKET: u8 = 4;
pub(super) const KEY_UPDATE: u8 = 24;

/// What was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Late {
    /// Nothing that has to be done.
    Nothing,
    /// We are to begin anew, which is never done.
    BeginAnew,
    /// Their next record is under a new key.
    NewKey,
    /// The same, and we are to take a new key too.
    NewKeys,
}

/// The messages, in records cut anywhere.
#[derive(Debug, Default)]
pub(super) struct LateMessages {
    /// Kind, length and, of a new key, what is asked.
    head: [u8; 5],
    held: usize,
    /// Bytes of a ticket that are still to come.
    skipped: usize,
}

impl LateMessages {
    /// True between the records of one message: no other kind of record may stand there (RFC 8446, section 5.1).
    pub(super) const fn is_amid(&self) -> bool {
        self.held > 0 || self.skipped > 0
    }

    /// Takes a record.
    pub(super) fn take(&mut self, mut data: &[u8], is_13: bool) -> Result<Late, Fault> {
        if data.is_empty() {
            return Err(Fault::Unexpected);
        }
        loop {
            let left = self.skipped.min(data.len());
            self.skipped -= left;
            data = data.get(left..).unwrap_or_default();
            let Some((byte, rest)) = data.split_first() else { return Ok(Late::Nothing) };
            data = rest;
            if let Some(place) = self.head.get_mut(self.held) {
                *place = *byte;
            }
            self.held += 1;
            if self.held < 4 {
                continue;
            }
            let [kind, a, b, c, asked] = self.head;
            let length = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
            let said = match (kind, is_13, length) {
                (TICKET, true, _) => {
                    (self.held, self.skipped) = (0, length);
                    continue;
                }
                (KEY_UPDATE, true, 1) if self.held == 4 => continue,
                (KEY_UPDATE, true, 1) => match asked {
                    0 => Late::NewKey,
                    1 => Late::NewKeys,
                    _ => return Err(Fault::Illegal),
                },
                (KEY_UPDATE, true, _) => return Err(Fault::Undecodable),
                (HELLO_REQUEST, false, 0) => Late::BeginAnew,
                _ => return Err(Fault::Unexpected),
            };
            self.held = 0;
            // A new key begins with a record: nothing of the old may be behind it.
            return if data.is_empty() { Ok(said) } else { Err(Fault::Unexpected) };
        }
    }
}
