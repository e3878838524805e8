//! The beginning of a segment.

use alloc::vec::Vec;

use crate::chain::{Hash, link};
use crate::fault::{Fault, FaultKind};
use crate::varint::Take;
use crate::writer::CRC;

/// What the segments of a folder are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A journal: what a core learned and decided.
    Journal,
    /// A recording: what came in over connections.
    Recording,
}

impl Form {
    /// With what every segment of this form begins.
    #[must_use]
    pub const fn magic(self) -> [u8; 8] {
        match self {
            Self::Journal => *b"BALLASTJ",
            Self::Recording => *b"BALLASTR",
        }
    }
}

/// The format this crate writes and reads.
pub const FORMAT_VERSION: u16 = 1;

/// Longest [`Header::meta`].
pub const META_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What a segment says of itself. In bytes, little endian: magic (8), version (2), segment (4), first sequence number (8), hash
/// before (32), configuration hash (32), length of the meta text (4), the text, CRC-32C of all that (4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Which segment of the journal, counted from zero.
    pub segment: u32,
    /// Number of its first record.
    pub first_seq: u64,
    /// Last hash of the segment before; zeros for the first.
    pub before: Hash,
    /// What names the configuration that decided: the same in all segments.
    pub config_hash: Hash,
    /// Program, configuration and instruments, in whatever form the writer has for them: all that a reader needs to decide
    /// again from the inputs.
    pub meta: Vec<u8>,
}

impl Header {
    /// Appends the header; returns the hash that the chain begins with.
    ///
    /// # Panics
    /// Where the meta text is longer than [`META_BYTES_MAX`].
    pub(crate) fn put(&self, form: Form, out: &mut Vec<u8>) -> Hash {
        assert!(self.meta.len() <= META_BYTES_MAX, "the header's text is too long");
        let start = out.len();
        out.extend_from_slice(&form.magic());
        out.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        out.extend_from_slice(&self.segment.to_le_bytes());
        out.extend_from_slice(&self.first_seq.to_le_bytes());
        out.extend_from_slice(&self.before);
        out.extend_from_slice(&self.config_hash);
        let length = u32::try_from(self.meta.len()).unwrap_or(u32::MAX);
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&self.meta);
        let all = out.get(start..).unwrap_or_default();
        let (hash, checksum) = (link(&self.before, all), CRC.checksum(all));
        out.extend_from_slice(&checksum.to_le_bytes());
        hash
    }

    /// Takes the header off the front; with its length and the hash that the chain begins with.
    pub(crate) fn take(form: Form, bytes: &[u8]) -> Result<(Self, usize, Hash), Fault> {
        let fault = |kind| Fault { offset: 0, seq: 0, kind };
        let torn = || fault(FaultKind::Torn { left: bytes.len() });
        let mut take = Take(bytes);
        if take.array().ok_or_else(torn)? != form.magic() {
            return Err(fault(FaultKind::Magic));
        }
        let version = u16::from_le_bytes(take.array().ok_or_else(torn)?);
        if version != FORMAT_VERSION {
            return Err(fault(FaultKind::Version(version)));
        }
        let segment = u32::from_le_bytes(take.array().ok_or_else(torn)?);
        let first_seq = u64::from_le_bytes(take.array().ok_or_else(torn)?);
        let before = take.array().ok_or_else(torn)?;
        let config_hash = take.array().ok_or_else(torn)?;
        let length = u32::from_le_bytes(take.array().ok_or_else(torn)?);
        let length = usize::try_from(length).ok().filter(|length| *length <= META_BYTES_MAX);
        let meta = take.bytes(length.ok_or_else(|| fault(FaultKind::Header))?).ok_or_else(torn)?.to_vec();
        let covered = bytes.len() - take.0.len();
        let all = bytes.get(..covered).unwrap_or_default();
        let checksum = u32::from_le_bytes(take.array().ok_or_else(torn)?);
        if checksum != CRC.checksum(all) || first_seq == 0 {
            return Err(fault(FaultKind::Header));
        }
        let hash = link(&before, all);
        Ok((Self { segment, first_seq, before, config_hash, meta }, bytes.len() - take.0.len(), hash))
    }
}

/// Where the first record of a segment begins, of whatever form it is; `None` where these bytes begin none.
#[must_use]
pub fn header_end(bytes: &[u8]) -> Option<usize> {
    let of = |form| Header::take(form, bytes).ok().map(|(_, length, _)| length);
    of(Form::Journal).or_else(|| of(Form::Recording))
}
