//! The chain of hashes that binds every block to all before it.

use sha2::{Digest as _, Sha256};

/// A SHA-256 (FIPS 180-4).
pub type Hash = [u8; 32];

/// The hash of a block: of the hash before it, then its bytes.
pub(crate) fn link(before: &Hash, block: &[u8]) -> Hash {
    Sha256::new().chain_update(before).chain_update(block).finalize().into()
}

/// The hash of some bytes: what names a configuration in a header.
#[must_use]
pub fn digest_of(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}
