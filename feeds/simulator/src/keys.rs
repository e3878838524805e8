//! The keys of the simulator's clients: always the same, known to everybody, good for nothing else.
//!
//! Never here: a secret.

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{EncodePrivateKey as _, KeypairBytes};
use sha2::{Digest as _, Sha256};

use crate::back::ClientId;
use crate::binance::{ApiKey, Secret};

/// What one client signs with. Both keys are its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestKeys {
    /// Whose.
    pub client: ClientId,
    /// Name and secret of the HMAC-SHA256 key.
    pub hmac: (String, String),
    /// Name and private half (PKCS #8 version 1, PEM) of the Ed25519 key.
    pub ed25519: (String, String),
    signing: SigningKey,
}

impl TestKeys {
    /// The keys of the client of this number.
    #[must_use]
    pub fn of(client: ClientId) -> Self {
        let text = |what: &str| hex(&seed(what, client));
        let signing = SigningKey::from_bytes(&seed("ed25519", client));
        // Without the public half: OpenSSL 3.0 and what is built on it read version 1 alone (RFC 8410, section 7).
        let alone = KeypairBytes { secret_key: signing.to_bytes(), public_key: None };
        // A key of the right length can always be written.
        let pem = alone.to_pkcs8_pem(LineEnding::LF).map(|pem| pem.to_string()).unwrap_or_default();
        Self {
            client,
            hmac: (text("hmac name"), text("hmac secret")),
            ed25519: (text("ed25519 name"), pem),
            signing,
        }
    }

    /// Them as a venue knows them.
    #[must_use]
    pub fn known(&self) -> [ApiKey; 2] {
        let key = |name: &str, secret| ApiKey { name: name.to_owned(), secret, client: self.client };
        [
            key(&self.hmac.0, Secret::Hmac(self.hmac.1.clone())),
            key(&self.ed25519.0, Secret::Ed25519(self.signing.verifying_key())),
        ]
    }
}

fn seed(what: &str, client: ClientId) -> [u8; 32] {
    Sha256::digest(format!("ballast simulator, client {}, {what}", client.0)).into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    #[test]
    fn keys_are_fixed_and_every_client_s_are_its_own() {
        let [first, again, second] = [0, 0, 1].map(|nth| TestKeys::of(ClientId(nth)));
        assert_eq!(first, again);
        assert_ne!(first.hmac, second.hmac);
        assert_ne!(first.ed25519, second.ed25519);
        assert!(first.ed25519.1.starts_with("-----BEGIN PRIVATE KEY-----\n"), "{}", first.ed25519.1);
        assert_eq!(first.hmac.0.len(), 64);
        assert!(first.known().iter().all(|key| key.client == ClientId(0)));
    }

    #[test]
    fn the_private_half_is_written_as_every_library_reads_it() {
        let pem = TestKeys::of(ClientId(0)).ed25519.1;
        let letters: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        let der = STANDARD.decode(letters).unwrap();
        // RFC 8410, section 7: version 1, Ed25519, and the 32 bytes in an octet string of an octet string.
        let head = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
        assert_eq!((der.len(), &der[..head.len()]), (48, &head[..]));
        assert_eq!(der[head.len()..], seed("ed25519", ClientId(0)));
        let mut openssl = Command::new("openssl");
        openssl.args(["pkey", "-noout", "-text"]).stdin(Stdio::piped());
        let Ok(mut said) = openssl.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn() else {
            eprintln!("skipped: there is no openssl here");
            return;
        };
        said.stdin.take().unwrap().write_all(pem.as_bytes()).unwrap();
        let said = said.wait_with_output().unwrap();
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        assert!(String::from_utf8_lossy(&said.stdout).contains("ED25519 Private-Key"), "{said:?}");
    }
}
