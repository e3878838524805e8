//! Keys, and what is signed with them.
//!
//! Two kinds of keys: HMAC-SHA256 (RFC 2104), signatures in lower-case hexadecimal; and Ed25519 (RFC 8032) from a PKCS#8
//! PEM, signatures in base64. Whatever is secret is a [`Secret`]: it shows nowhere and is overwritten when dropped.
//!
//! Never here: where keys come from, and what the signed text says.

use alloc::boxed::Box;
use alloc::string::String;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::pkcs8::DecodePrivateKey;
use ed25519_dalek::{Signer, SigningKey};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Longest key or secret, in bytes.
pub const KEY_BYTES_MAX: usize = 256;

/// A text that must not be seen: it shows as three dots and is overwritten when dropped.
pub struct Secret(Zeroizing<Box<[u8]>>);

impl Secret {
    /// Takes a copy of `text`; the caller overwrites its own.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(Zeroizing::new(text.as_bytes().into()))
    }

    /// The text itself.
    #[must_use]
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }
}

impl core::fmt::Debug for Secret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("…")
    }
}

impl core::fmt::Display for Secret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("…")
    }
}

/// Why a key cannot be used. It never says what the key was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// The API key is empty, longer than [`KEY_BYTES_MAX`], or holds something other than letters, digits, `-` and `_`.
    ApiKey,
    /// The HMAC secret is empty or longer than [`KEY_BYTES_MAX`].
    Secret,
    /// The text is no Ed25519 private key in PKCS#8 PEM.
    Pem,
}

impl core::fmt::Display for KeyError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::ApiKey => "the API key must be 1 to 256 letters, digits, - or _",
            Self::Secret => "the secret must be 1 to 256 bytes",
            Self::Pem => "the private key must be an Ed25519 key in PKCS#8 PEM",
        })
    }
}

impl core::error::Error for KeyError {}

/// An API key and what its requests are signed with.
pub struct Credentials {
    api_key: Secret,
    key: Key,
}

enum Key {
    Hmac(Secret),
    /// In a box, so that moving the credentials leaves no copy of it behind.
    Ed25519(Box<SigningKey>),
}

/// How a key signs, and so what it may do: only Ed25519 logs a connection on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// HMAC-SHA256: every request is signed.
    Hmac,
    /// Ed25519: the connection is logged on once.
    Ed25519,
}

impl core::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Credentials").field("kind", &self.kind()).finish_non_exhaustive()
    }
}

impl Credentials {
    /// A key pair of two texts.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn hmac(api_key: &str, secret: &str) -> Result<Self, KeyError> {
        if secret.is_empty() || secret.len() > KEY_BYTES_MAX {
            return Err(KeyError::Secret);
        }
        Ok(Self { api_key: checked(api_key)?, key: Key::Hmac(Secret::new(secret)) })
    }

    /// An API key and the private key registered for it, as PKCS#8 PEM.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn ed25519(api_key: &str, pem: &str) -> Result<Self, KeyError> {
        let api_key = checked(api_key)?;
        let key = SigningKey::from_pkcs8_pem(pem).map_err(|_| KeyError::Pem)?;
        Ok(Self { api_key, key: Key::Ed25519(Box::new(key)) })
    }

    /// How the key signs.
    #[must_use]
    pub const fn kind(&self) -> KeyKind {
        match self.key {
            Key::Hmac(_) => KeyKind::Hmac,
            Key::Ed25519(_) => KeyKind::Ed25519,
        }
    }

    /// The API key: it names us and goes out with requests, but belongs in no log.
    #[must_use]
    pub const fn api_key(&self) -> &Secret {
        &self.api_key
    }

    /// Signs a text.
    #[must_use]
    pub fn sign(&self, payload: &[u8]) -> Signature {
        match &self.key {
            Key::Hmac(secret) => {
                let mut mac = StreamMac::new(secret);
                mac.update(payload);
                mac.finish()
            }
            Key::Ed25519(key) => {
                let mut text = [0; Signature::BYTES_MAX];
                let written = STANDARD.encode_slice(key.sign(payload).to_bytes(), &mut text);
                Signature { text, length: written.unwrap_or_default() }
            }
        }
    }

    /// A signature that takes its text in pieces; `None` where the key cannot sign so.
    pub(crate) fn stream(&self) -> Option<StreamMac> {
        match &self.key {
            Key::Hmac(secret) => Some(StreamMac::new(secret)),
            Key::Ed25519(_) => None,
        }
    }
}

fn checked(api_key: &str) -> Result<Secret, KeyError> {
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let fits = !api_key.is_empty() && api_key.len() <= KEY_BYTES_MAX && api_key.bytes().all(letters);
    if fits { Ok(Secret::new(api_key)) } else { Err(KeyError::ApiKey) }
}

/// An HMAC-SHA256 under way.
pub(crate) struct StreamMac(Option<Hmac<Sha256>>);

impl StreamMac {
    fn new(secret: &Secret) -> Self {
        // A key of any length will do, so it is always there.
        Self(Hmac::new_from_slice(secret.reveal()).ok())
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        if let Some(mac) = &mut self.0 {
            mac.update(bytes);
        }
    }

    pub(crate) fn finish(self) -> Signature {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or_default();
        let mut text = [0; Signature::BYTES_MAX];
        let mut length = 0;
        if let Some(mac) = self.0 {
            let bytes = mac.finalize().into_bytes();
            for (pair, byte) in text.as_chunks_mut::<2>().0.iter_mut().zip(bytes) {
                *pair = [digit(byte >> 4), digit(byte & 0xF)];
                length += pair.len();
            }
        }
        Signature { text, length }
    }
}

/// A signature in letters.
#[derive(Clone, Copy, Debug)]
pub struct Signature {
    text: [u8; Self::BYTES_MAX],
    length: usize,
}

impl Signature {
    /// 64 bytes in base64.
    const BYTES_MAX: usize = 88;

    /// Its letters.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.text.get(..self.length).unwrap_or_default()
    }
}

/// Appends `text` percent-encoded (RFC 3986: all but letters, digits and `-._~`), as a query's values must be before the
/// query is signed.
pub fn percent_encode(query: &mut String, text: &[u8]) {
    for byte in text {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                query.push(char::from(*byte))
            }
            _ => {
                query.push('%');
                for nibble in [byte >> 4, byte & 0xF] {
                    query.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0').to_ascii_uppercase());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
