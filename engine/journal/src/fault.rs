//! What can be wrong with a segment.

/// Something wrong with a segment, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Byte of the segment at which the record or field begins.
    pub offset: usize,
    /// Sequence number the record should have; the header's first in the header.
    pub seq: u64,
    /// What.
    pub kind: FaultKind,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Not a segment, or not one of this form.
    Magic,
    /// A segment of another format: its version.
    Version(u16),
    /// The header's checksum does not fit, or its fields contradict each other.
    Header,
    /// The bytes end within a record: so many are left. At the end of what was written when the writer died this is no damage.
    Torn {
        /// Bytes of the incomplete record.
        left: usize,
    },
    /// The checksum does not fit: the record is damaged.
    Checksum,
    /// The record is whole but a later one: so many are missing before it.
    Missing {
        /// How many.
        records: u64,
    },
    /// The length is none a record may have.
    Length,
    /// The checksum fits and the content says nothing this format knows.
    Content,
    /// The hash does not fit the block: a record was exchanged for another whole one.
    Chain,
    /// Records follow the one that closes the segment.
    AfterEnd,
}

impl core::fmt::Display for Fault {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { offset, seq, kind } = self;
        match kind {
            FaultKind::Magic => f.write_str("not a segment of this form"),
            FaultKind::Version(version) => write!(f, "format version {version} is not known"),
            FaultKind::Header => f.write_str("the header is damaged"),
            FaultKind::Torn { left } => {
                write!(f, "record {seq} at byte {offset} is incomplete: {left} bytes are there")
            }
            FaultKind::Checksum => {
                write!(f, "record {seq} at byte {offset} is damaged: its checksum does not fit")
            }
            FaultKind::Missing { records } => {
                write!(f, "{records} records from number {seq} on are missing before byte {offset}")
            }
            FaultKind::Length => {
                write!(f, "record {seq} at byte {offset} is damaged: no record has its length")
            }
            FaultKind::Content => write!(f, "record {seq} at byte {offset} is whole but says nothing known"),
            FaultKind::Chain => {
                write!(f, "the block that record {seq} at byte {offset} ends is not the one that was written")
            }
            FaultKind::AfterEnd => write!(f, "record {seq} at byte {offset} follows the end of the segment"),
        }
    }
}

impl core::error::Error for Fault {}
