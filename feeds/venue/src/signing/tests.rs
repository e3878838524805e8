use alloc::format;
use alloc::string::ToString;

use super::*;

/// RFC 8032, 7.1, test 1, wrapped as PKCS#8.
const PEM: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----
";

/// The same key with its public half behind it: version 2 (RFC 5958, section 2), as some libraries write it.
const PEM_BOTH: &str = "-----BEGIN PRIVATE KEY-----
MFECAQEwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
gSEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
-----END PRIVATE KEY-----
";

fn letters(signature: &Signature) -> &str {
    core::str::from_utf8(signature.as_bytes()).unwrap()
}

#[test]
fn hmac_signs_as_the_venues_say() {
    let spot =
        Credentials::hmac("k", "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j").unwrap();
    let payload = "apiKey=vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A&price=52000.00&\
        quantity=0.01000000&recvWindow=100&side=SELL&symbol=BTCUSDT&timeInForce=GTC&timestamp=1645423376532&type=LIMIT";
    let signature = spot.sign(payload.as_bytes());
    assert_eq!(letters(&signature), "aa1b5712c094bc4e57c05a1a5c1fd8d88dcd628338ea863fec7b88e59fe2db24");
    let futures =
        Credentials::hmac("k", "2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9").unwrap();
    let payload = "symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=9000&timeInForce=GTC&recvWindow=5000&\
        timestamp=1591702613943";
    let signature = futures.sign(payload.as_bytes());
    assert_eq!(letters(&signature), "3c661234138461fcc7a7d8746c6558c9842d4e10870d2ecbedf7777cad694af9");
    let mut stream = futures.stream().unwrap();
    let (head, tail) = payload.as_bytes().split_at(17);
    stream.update(head);
    stream.update(tail);
    assert_eq!(letters(&stream.finish()), letters(&signature));
}

#[test]
fn ed25519_signs_as_the_standard_says() {
    let key = Credentials::ed25519("k", PEM).unwrap();
    assert_eq!(key.kind(), KeyKind::Ed25519);
    assert!(key.stream().is_none());
    let expected = "5VZDAMNgrHKQhuLMgG6CioSHfx645dl02HPgZSJJAVVfuIIVkKM7rMYeOXAc+bRr0lv18FlbviRlUUFDjnoQCw==";
    assert_eq!(letters(&key.sign(b"")), expected);
    assert_eq!(letters(&Credentials::ed25519("k", PEM_BOTH).unwrap().sign(b"")), expected);
}

#[test]
fn bad_keys_are_refused_without_being_shown() {
    assert_eq!(Credentials::hmac("", "s").unwrap_err(), KeyError::ApiKey);
    assert_eq!(Credentials::hmac("a\r\nb", "s").unwrap_err(), KeyError::ApiKey);
    assert_eq!(Credentials::hmac("a", "").unwrap_err(), KeyError::Secret);
    assert_eq!(Credentials::ed25519("a", "secretive").unwrap_err(), KeyError::Pem);
    assert!(!KeyError::Pem.to_string().contains("secretive"));
}

#[test]
fn secrets_do_not_show() {
    let secret = Secret::new("hunter2");
    assert_eq!((format!("{secret}"), format!("{secret:?}")), ("…".into(), "…".into()));
    for key in [Credentials::hmac("apikey", "hunter2").unwrap(), Credentials::ed25519("apikey", PEM).unwrap()]
    {
        let shown = format!("{key:?} {key:#?}");
        assert!(!shown.contains("hunter2") && !shown.contains("apikey") && !shown.contains("157"), "{shown}");
    }
}

#[test]
fn queries_are_percent_encoded() {
    let mut query = String::new();
    percent_encode(&mut query, "[\"A-b_c.~\"],é+/=".as_bytes());
    assert_eq!(query, "%5B%22A-b_c.~%22%5D%2C%C3%A9%2B%2F%3D");
}
