//! Signatures and time stamps of requests.

use ballast_model::Nanos;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Verifier, VerifyingKey};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::params::{Params, unescaped};
use super::refusal::Refusal;

/// How a key's signatures are checked.
#[derive(Clone)]
pub enum Secret {
    /// HMAC-SHA256 with this secret, in hexadecimal.
    Hmac(String),
    /// Ed25519 by the private half of this key, in base64.
    Ed25519(VerifyingKey),
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Hmac(_) => "Hmac",
            Self::Ed25519(_) => "Ed25519",
        })
    }
}

impl Secret {
    /// Whether a session may be logged on with it.
    pub(super) const fn logs_on(&self) -> bool {
        matches!(self, Self::Ed25519(_))
    }

    /// Whether `signature` is this key's of `payload`.
    pub(super) fn signed(&self, payload: &[u8], signature: &str) -> bool {
        match self {
            Self::Hmac(secret) => {
                let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return false };
                mac.update(payload);
                bytes_of_hex(signature).is_some_and(|bytes| mac.verify_slice(&bytes).is_ok())
            }
            Self::Ed25519(key) => {
                let bytes = STANDARD.decode(signature).unwrap_or_default();
                Signature::from_slice(&bytes).is_ok_and(|signature| key.verify(payload, &signature).is_ok())
            }
        }
    }
}

fn bytes_of_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let byte = |[high, low]: &[u8; 2]| u8::try_from(digit(high)? * 16 + digit(low)?).ok();
    rest.is_empty().then(|| pairs.iter().map(byte).collect())?
}

/// What a REST request signs, the bytes of query and body as they came without the signature; and the signature, decoded.
pub(super) fn rest_payload(query: &str, body: &str) -> (String, Option<String>) {
    let mut signature = None;
    let mut without = |text: &str| {
        let kept: Vec<&str> = text
            .split('&')
            .filter(|pair| match pair.strip_prefix("signature=") {
                Some(value) => {
                    // A plus sign is one of base64's here, whatever forms make of it.
                    signature = Some(unescaped(&value.replace('+', "%2B")));
                    false
                }
                None => true,
            })
            .collect();
        kept.join("&")
    };
    let payload = without(query) + &without(body);
    (payload, signature)
}

/// What a request of the WebSocket API signs: its parameters by name.
pub(super) fn api_payload(params: &Params) -> String {
    let mut pairs: Vec<_> = params.pairs().iter().filter(|(name, _)| name != "signature").collect();
    pairs.sort();
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

/// Whether the request's time stamp is within its window.
pub(super) fn timely(params: &Params, now: Nanos) -> Result<(), Refusal> {
    const MILLI: i128 = 1_000_000;
    let stamp: i128 = params.number("timestamp")?.ok_or_else(|| Refusal::missing("timestamp"))?;
    // Milliseconds of this century have 13 digits, microseconds 16.
    let stamp = if stamp >= 100_000_000_000_000 { stamp * 1_000 } else { stamp * MILLI };
    let window = params.get("recvWindow").unwrap_or("5000");
    let window = super::decimal::parse(window).filter(|window| *window > 0);
    let window = window.ok_or_else(|| Refusal::illegal("recvWindow", r"^[0-9]{1,5}(\.[0-9]{1,3})?$"))?;
    let window = window / 1_000_000_000_000;
    if window > 60_000 * MILLI {
        return Err(Refusal::new(-1131, "'recvWindow' must be less than 60000."));
    }
    let now = i128::from(now.0);
    if stamp >= now + 1_000 * MILLI {
        Err(Refusal::new(-1021, "Timestamp for this request was 1000ms ahead of the server's time."))
    } else if now - stamp > window {
        Err(Refusal::new(-1021, "Timestamp for this request is outside of the recvWindow."))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_signed_by_name_and_without_the_signature() {
        let pairs = [("b", "2"), ("signature", "x"), ("apiKey", "k"), ("a", "1")];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        assert_eq!(api_payload(&Params::of_pairs(pairs)), "a=1&apiKey=k&b=2");
    }
}
