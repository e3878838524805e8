//! The records of a TLS connection that stands: TLS 1.3 (RFC 8446, section 5) and 1.2 with AES-GCM or ChaCha20-Poly1305 (RFC 5246,
//! section 6.2; RFC 5288; RFC 7905), sealed and opened in place.

use ring::aead::{
    AES_128_GCM, AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey,
};
use rustls::client::{ClientConnectionData, UnbufferedClientConnection};
use rustls::kernel::KernelConnection;
use rustls::{ConnectionTrafficSecrets, ProtocolVersion};

use super::Failed;
use super::fault::Fault;
use super::late::{KEY_UPDATE, Late, LateMessages};
use crate::buffer::Buffer;

const HEAD: usize = 5;
const TAG: usize = 16;
/// The part of TLS 1.2's AES-GCM nonces that is sent.
const EXPLICIT: usize = 8;
/// Data at most of a record.
const FRAGMENT: usize = 16_384;

/// What a record takes at most beside its data.
const RECORD_ROOM: usize = HEAD + EXPLICIT + TAG + 1;

/// Room that stays for what is no data: new keys, the end.
const CONTROL: usize = 128;

/// Records under one key of ours before it is changed, or the connection ended where it cannot be: AES-GCM keeps its promises up to
/// 2^24.5 full records (RFC 8446, section 5.5).
const KEY_LIMIT: u64 = 1 << 23;

const CHANGE_CIPHER: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const DATA: u8 = 23;

const CLOSE_NOTIFY: u8 = 0;
const NO_RENEGOTIATION: u8 = 100;
/// Levels of alerts.
const WARNING: u8 = 1;
const FATAL: u8 = 2;

/// Records in a row without data, after which the next is refused: they keep a connection looking alive, and us busy.
const EMPTY_MAX: u32 = 32;

/// The keys of one direction.
struct Half {
    key: LessSafeKey,
    iv: [u8; NONCE_LEN],
    seq: u64,
    /// Part of the nonce is sent.
    is_explicit: bool,
}

impl std::fmt::Debug for Half {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Half").field("seq", &self.seq).finish_non_exhaustive()
    }
}

impl Half {
    fn new(seq: u64, secrets: &ConnectionTrafficSecrets, is_13: bool) -> Result<Self, Failed> {
        let (algorithm, key, iv) = match secrets {
            ConnectionTrafficSecrets::Aes128Gcm { key, iv } => (&AES_128_GCM, key, iv),
            ConnectionTrafficSecrets::Aes256Gcm { key, iv } => (&AES_256_GCM, key, iv),
            ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } => (&CHACHA20_POLY1305, key, iv),
            _ => return Err(Failed),
        };
        let is_explicit = !is_13 && algorithm != &CHACHA20_POLY1305;
        let key = LessSafeKey::new(UnboundKey::new(algorithm, key.as_ref()).map_err(|_| Failed)?);
        Ok(Self { key, iv: iv.as_ref().try_into().map_err(|_| Failed)?, seq, is_explicit })
    }

    /// The nonce of the record that is next: the number of records masked by the vector.
    fn nonce(&self) -> [u8; NONCE_LEN] {
        let mut nonce = self.iv;
        for (byte, number) in nonce.iter_mut().skip(4).zip(self.seq.to_be_bytes()) {
            *byte ^= number;
        }
        nonce
    }

    /// What a record's seal covers beside its data: its head in TLS 1.3; in 1.2 number, head and length of the data.
    fn covers(&self, kind: u8, is_13: bool, length: u16) -> ([u8; 13], usize) {
        let mut covered = [0; 13];
        let [high, low] = length.to_be_bytes();
        let head = [kind, 3, 3, high, low];
        let number = self.seq.to_be_bytes();
        let parts = if is_13 { head.iter().chain(&[]) } else { number.iter().chain(&head) };
        let mut count = 0;
        for (to, from) in covered.iter_mut().zip(parts) {
            *to = *from;
            count += 1;
        }
        (covered, count)
    }
}

/// A connection's records, both ways.
pub(crate) struct Records {
    kernel: KernelConnection<ClientConnectionData>,
    is_13: bool,
    /// What we say, and what we hear.
    ours: Half,
    theirs: Half,
    is_ended: bool,
    /// [`KEY_LIMIT`], but for tests.
    pub(super) key_limit: u64,
    late: LateMessages,
    /// Records since the last with data.
    empty: u32,
}

impl std::fmt::Debug for Records {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Records")
            .field("ours", &self.ours)
            .field("theirs", &self.theirs)
            .finish_non_exhaustive()
    }
}

impl Records {
    /// Goes on where a handshake ended.
    pub(crate) fn new(connection: UnbufferedClientConnection) -> Result<Self, Failed> {
        let (secrets, kernel) = connection.dangerous_into_kernel_connection().map_err(|_| Failed)?;
        let is_13 = kernel.protocol_version() == ProtocolVersion::TLSv1_3;
        let ours = Half::new(secrets.tx.0, &secrets.tx.1, is_13)?;
        let theirs = Half::new(secrets.rx.0, &secrets.rx.1, is_13)?;
        let (late, key_limit) = (LateMessages::default(), KEY_LIMIT);
        Ok(Self { kernel, is_13, ours, theirs, is_ended: false, key_limit, late, empty: 0 })
    }

    pub(crate) const fn is_ended(&self) -> bool {
        self.is_ended
    }

    /// Our key has served its time and can have no successor: nothing is sealed any more.
    pub(crate) const fn is_spent(&self) -> bool {
        !self.is_13 && self.ours.seq >= self.key_limit
    }

    /// Opens the records that are whole, as far as there is room for their data.
    pub(super) fn read(
        &mut self,
        incoming: &mut Buffer,
        plain: &mut Buffer,
        out: &mut Buffer,
    ) -> Result<(), Fault> {
        // RFC 8446, section 5.2; RFC 5246, section 6.2.3.
        let longest = FRAGMENT + if self.is_13 { 256 } else { 2_048 };
        while !self.is_ended && plain.room() >= FRAGMENT {
            let bytes = incoming.filled_mut();
            let Some(&[outer, _, _, high, low]) = bytes.first_chunk() else { break };
            let length = usize::from(u16::from_be_bytes([high, low]));
            if length > longest {
                return Err(Fault::Overflow);
            }
            let Some(sealed) = bytes.get_mut(HEAD..HEAD + length) else { break };
            let (kind, data) = self.open(outer, sealed)?;
            self.empty = if kind == DATA && !data.is_empty() { 0 } else { self.empty + 1 };
            if self.empty > EMPTY_MAX {
                return Err(Fault::Unexpected);
            }
            match (kind, data) {
                (DATA, data) if !self.late.is_amid() => {
                    if !plain.push(data) {
                        return Err(Fault::Internal);
                    }
                }
                (ALERT, [_, CLOSE_NOTIFY]) => self.is_ended = true,
                (ALERT, [_, _]) => return Err(Fault::Told),
                (ALERT, [_, ..]) => return Err(Fault::Undecodable),
                (HANDSHAKE, data) => self.handshake(data, out)?,
                _ => return Err(Fault::Unexpected),
            }
            incoming.consume(HEAD + length);
        }
        Ok(())
    }

    /// Opens a record; its kind and its data.
    fn open<'a>(&mut self, outer: u8, sealed: &'a mut [u8]) -> Result<(u8, &'a [u8]), Fault> {
        if outer == CHANGE_CIPHER || (self.is_13 && outer != DATA) {
            return Err(Fault::Unexpected);
        }
        let mut nonce = self.theirs.nonce();
        let beside = if self.theirs.is_explicit { EXPLICIT } else { 0 };
        let (explicit, sealed) = sealed.split_at_mut_checked(beside).ok_or(Fault::Seal)?;
        for (to, from) in nonce.iter_mut().skip(4).zip(explicit.iter()) {
            *to = *from;
        }
        let covered = if self.is_13 { Some(sealed.len()) } else { sealed.len().checked_sub(TAG) };
        let covered = covered.and_then(|length| u16::try_from(length).ok()).ok_or(Fault::Seal)?;
        let (covered, count) = self.theirs.covers(outer, self.is_13, covered);
        let aad = Aad::from(covered.get(..count).ok_or(Fault::Internal)?);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let opened = &*self.theirs.key.open_in_place(nonce, aad, sealed).map_err(|_| Fault::Seal)?;
        self.theirs.seq = self.theirs.seq.checked_add(1).ok_or(Fault::Internal)?;
        // The kind of TLS 1.3 is data too.
        if opened.len() > FRAGMENT + usize::from(self.is_13) {
            return Err(Fault::Overflow);
        }
        if !self.is_13 {
            return Ok((outer, opened));
        }
        // The kind is behind the data, and zeros may follow.
        let last = opened.iter().rposition(|byte| *byte != 0).ok_or(Fault::Unexpected)?;
        let (data, rest) = opened.split_at(last);
        Ok((*rest.first().ok_or(Fault::Internal)?, data))
    }

    /// Handshake messages of a connection that stands.
    fn handshake(&mut self, data: &[u8], out: &mut Buffer) -> Result<(), Fault> {
        match self.late.take(data, self.is_13)? {
            Late::Nothing => Ok(()),
            Late::BeginAnew if self.seal(ALERT, &[WARNING, NO_RENEGOTIATION], out) => Ok(()),
            Late::BeginAnew => Err(Fault::Internal),
            Late::NewKey => self.renew_theirs(),
            Late::NewKeys => {
                self.renew_theirs()?;
                self.renew_ours(out).map_err(|_| Fault::Internal)
            }
        }
    }

    fn renew_theirs(&mut self) -> Result<(), Fault> {
        let (seq, secrets) = self.kernel.update_rx_secret().map_err(|_| Fault::Internal)?;
        self.theirs = Half::new(seq, &secrets, true).map_err(|_| Fault::Internal)?;
        Ok(())
    }

    fn renew_ours(&mut self, out: &mut Buffer) -> Result<(), Failed> {
        if !self.is_13 || !self.seal(HANDSHAKE, &[KEY_UPDATE, 0, 0, 1, 0], out) {
            return Err(Failed);
        }
        let (seq, secrets) = self.kernel.update_tx_secret().map_err(|_| Failed)?;
        self.ours = Half::new(seq, &secrets, true)?;
        Ok(())
    }

    /// Seals all of `plain` into `out`; false where there is no room, or the key has served its time and has no successor.
    #[must_use]
    pub(crate) fn write(&mut self, plain: &[u8], out: &mut Buffer) -> bool {
        let records = plain.len().div_ceil(FRAGMENT) + 1;
        if out.room() < plain.len() + records * RECORD_ROOM + CONTROL {
            return false;
        }
        if self.ours.seq >= self.key_limit && self.renew_ours(out).is_err() {
            return false;
        }
        plain.chunks(FRAGMENT).all(|data| self.seal(DATA, data, out))
    }

    /// Says that nothing follows.
    pub(crate) fn end(&mut self, out: &mut Buffer) {
        // Without room the end goes unsaid: the socket's own end says it.
        let _is_said = self.seal(ALERT, &[WARNING, CLOSE_NOTIFY], out);
    }

    /// Says why we go: nothing may follow.
    pub(super) fn give_up(&mut self, fault: Fault, out: &mut Buffer) {
        if let Some(alert) = fault.alert() {
            // Without room it goes unsaid.
            let _is_said = self.seal(ALERT, &[FATAL, alert], out);
        }
    }

    /// Seals one record.
    fn seal(&mut self, kind: u8, data: &[u8], out: &mut Buffer) -> bool {
        let beside = if self.ours.is_explicit { EXPLICIT } else { 0 };
        let inner = data.len() + usize::from(self.is_13);
        let total = HEAD + beside + inner + TAG;
        let Some(record) = out.spare(total).get_mut(..total) else { return false };
        let outer = if self.is_13 { DATA } else { kind };
        let (Ok(length), Ok(plain_length)) = (u16::try_from(total - HEAD), u16::try_from(inner)) else {
            return false;
        };
        let [high, low] = length.to_be_bytes();
        let (head, rest) = record.split_at_mut(HEAD);
        head.copy_from_slice(&[outer, 3, 3, high, low]);
        let nonce = self.ours.nonce();
        let (explicit, rest) = rest.split_at_mut(beside);
        for (to, from) in explicit.iter_mut().zip(nonce.iter().skip(4)) {
            *to = *from;
        }
        let (body, tag) = rest.split_at_mut(inner);
        let (text, inner_kind) = body.split_at_mut(data.len());
        text.copy_from_slice(data);
        inner_kind.fill(kind);
        let (covered, count) =
            self.ours.covers(outer, self.is_13, if self.is_13 { length } else { plain_length });
        let Some(covered) = covered.get(..count) else { return false };
        let nonce = Nonce::assume_unique_for_key(nonce);
        let Ok(seal) = self.ours.key.seal_in_place_separate_tag(nonce, Aad::from(covered), body) else {
            return false;
        };
        tag.copy_from_slice(seal.as_ref());
        self.ours.seq += 1;
        out.commit(total);
        true
    }
}

#[cfg(test)]
mod tests;
