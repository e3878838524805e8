use std::fs;
use std::io::{Cursor, Read, Write};
use std::sync::{Arc, LazyLock};

use proptest::collection::vec;
use proptest::prelude::*;
use rustls::pki_types::PrivateKeyDer;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ServerConfig, ServerConnection, SupportedProtocolVersion};

use super::{Failed, RECORD_LIMIT, State, Tls, client_config};
use crate::buffer::Buffer;

/// Configurations of a client, and of servers of TLS 1.2 and 1.3 that it trusts.
static CONFIGS: LazyLock<(Arc<ClientConfig>, [Arc<ServerConfig>; 2])> = LazyLock::new(|| {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), certified.cert.pem()).unwrap();
    let server = |version| {
        let mut config = serving(version, &certified.cert, &certified.signing_key);
        config.enable_secret_extraction = true;
        Arc::new(config)
    };
    (client_config(&[file.path().to_owned()]).unwrap(), [server(&TLS12), server(&TLS13)])
});

/// A server of this version and certificate.
fn serving(
    version: &'static SupportedProtocolVersion,
    certificate: &rcgen::Certificate,
    key: &rcgen::KeyPair,
) -> ServerConfig {
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_protocol_versions(&[version]).unwrap();
    builder.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).unwrap()
}

/// Of the servers: that of TLS 1.3.
pub(super) const TLS13_SERVER: usize = 1;

pub(super) fn configs() -> &'static (Arc<ClientConfig>, [Arc<ServerConfig>; 2]) {
    &CONFIGS
}

/// What a connection reads from and writes to.
pub(super) struct Buffers {
    pub(super) incoming: Buffer,
    pub(super) plain: Buffer,
    pub(super) out: Buffer,
}

/// A client and its server that have shaken hands, and nothing on its way.
pub(super) fn settle(version: usize) -> (Tls, ServerConnection, Buffers) {
    let Pair { tls, server, incoming, plain, out } = Pair::new(version);
    assert!(incoming.is_empty() && plain.is_empty() && out.is_empty());
    (tls, server, Buffers { incoming, plain, out })
}

/// Shakes hands and says something both ways; what the server says arrives in steps of so many bytes.
pub(super) fn converse(client: &Arc<ClientConfig>, server: ServerConnection, step: usize) {
    let mut pair = Pair::begin(client, server, "localhost");
    while !pair.tls.is_standing() || pair.server.is_handshaking() {
        pair.exchange(step).unwrap();
    }
    pair.exchange(step).unwrap();
    for message in [&b"to the client"[..], &[7; 700]] {
        let sealed = pair.sealed(message);
        pair.hear(&sealed, step).unwrap();
        assert_eq!(pair.plain.filled(), message);
        pair.plain.clear();
        assert!(pair.tls.write(message, &mut pair.out));
        assert_eq!(pair.deliver(), message);
    }
}

/// A client of ours and a server of rustls', with the wire between them.
struct Pair {
    tls: Tls,
    server: ServerConnection,
    incoming: Buffer,
    plain: Buffer,
    out: Buffer,
}

impl Pair {
    fn new(version: usize) -> Self {
        let server = ServerConnection::new(Arc::clone(&CONFIGS.1[version])).unwrap();
        let mut pair = Self::begin(&CONFIGS.0, server, "localhost");
        while !pair.tls.is_standing() || pair.server.is_handshaking() {
            pair.exchange(usize::MAX).unwrap();
        }
        // Tickets come behind the end.
        pair.exchange(usize::MAX).unwrap();
        pair
    }

    fn begin(client: &Arc<ClientConfig>, server: ServerConnection, host: &str) -> Self {
        let buffer = || Buffer::new(100_000);
        let tls = Tls::new(client, host).unwrap();
        Self { tls, server, incoming: buffer(), plain: buffer(), out: buffer() }
    }

    /// What each has to say is said.
    fn exchange(&mut self, step: usize) -> Result<(), Failed> {
        self.tls.read(&mut self.incoming, &mut self.plain, &mut self.out)?;
        self.deliver();
        let records = self.answer();
        self.hear(&records, step)?;
        self.deliver();
        Ok(())
    }

    /// The client reads this, in steps of so many bytes.
    fn hear(&mut self, bytes: &[u8], step: usize) -> Result<(), Failed> {
        for part in bytes.chunks(step) {
            assert!(self.incoming.push(part));
            self.tls.read(&mut self.incoming, &mut self.plain, &mut self.out)?;
        }
        Ok(())
    }

    /// What we wrote reaches the server; what it read.
    fn deliver(&mut self) -> Vec<u8> {
        let mut bytes = Cursor::new(self.out.filled().to_vec());
        self.out.clear();
        let mut read = Vec::new();
        while self.server.read_tls(&mut bytes).unwrap() > 0 {
            let more = self.server.process_new_packets().unwrap().plaintext_bytes_to_read();
            let begin = read.len();
            read.resize(begin + more, 0);
            self.server.reader().read_exact(&mut read[begin..]).unwrap();
        }
        read
    }

    /// What the server has to send.
    fn answer(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while self.server.wants_write() {
            self.server.write_tls(&mut bytes).unwrap();
        }
        bytes
    }

    /// Records with this message.
    fn sealed(&mut self, message: &[u8]) -> Vec<u8> {
        self.server.writer().write_all(message).unwrap();
        self.answer()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Records are opened alike wherever they are cut, and ours are opened by rustls.
    #[test]
    fn data_go_both_ways(
        version in 0_usize..2, messages in vec(vec(any::<u8>(), 1..20_000), 1..4), cuts in vec(any::<usize>(), 0..6)
    ) {
        let mut pair = Pair::new(version);
        for message in &messages {
            let sealed = pair.sealed(message);
            let mut ends: Vec<_> = cuts.iter().map(|cut| cut % (sealed.len() + 1)).chain([sealed.len()]).collect();
            ends.sort_unstable();
            let mut begin = 0;
            for end in ends {
                prop_assert!(pair.incoming.push(&sealed[begin..end]));
                begin = end;
                pair.tls.read(&mut pair.incoming, &mut pair.plain, &mut pair.out).unwrap();
            }
            prop_assert_eq!(pair.plain.filled(), &message[..]);
            pair.plain.clear();
            prop_assert!(pair.tls.write(message, &mut pair.out));
            prop_assert_eq!(&pair.deliver(), message);
        }
        pair.tls.end(&mut pair.out);
        pair.deliver();
        prop_assert!(matches!(pair.server.reader().read(&mut [0]), Ok(0)), "the end is under seal");
    }

    /// A record that was touched on its way is never opened.
    #[test]
    fn what_was_touched_is_refused(
        version in 0_usize..2, message in vec(any::<u8>(), 1..300), at in any::<usize>(), flip in 1_u8..
    ) {
        let mut pair = Pair::new(version);
        let mut sealed = pair.sealed(&message);
        let at = at % sealed.len();
        sealed[at] ^= flip;
        prop_assert!(pair.incoming.push(&sealed));
        let read = pair.tls.read(&mut pair.incoming, &mut pair.plain, &mut pair.out);
        // Versions in the head mean nothing; a longer record is one that is not whole yet.
        prop_assert!(read.is_err() || matches!(at, 1..=4));
        prop_assert!(pair.plain.is_empty() || matches!(at, 1 | 2));
    }

    #[test]
    fn garbage_is_refused(version in 0_usize..2, bytes in vec(any::<u8>(), 0..100), kind in 20_u8..24) {
        let mut pair = Pair::new(version);
        let length = u8::try_from(bytes.len()).unwrap();
        prop_assert!(pair.incoming.push(&[&[kind, 3, 3, 0, length], &bytes[..]].concat()));
        prop_assert!(pair.tls.read(&mut pair.incoming, &mut pair.plain, &mut pair.out).is_err());
        prop_assert!(pair.plain.is_empty());
    }
}

#[test]
fn a_record_that_comes_again_is_refused() {
    for version in 0..2 {
        let mut pair = Pair::new(version);
        let sealed = pair.sealed(b"once");
        assert!(pair.incoming.push(&sealed));
        pair.tls.read(&mut pair.incoming, &mut pair.plain, &mut pair.out).unwrap();
        assert!(pair.incoming.push(&sealed));
        assert!(pair.tls.read(&mut pair.incoming, &mut pair.plain, &mut pair.out).is_err());
        assert_eq!(pair.plain.filled(), b"once");
    }
}

#[test]
fn the_end_is_told_and_nothing_behind_it_read() {
    let mut pair = Pair::new(1);
    let mut sealed = pair.sealed(b"last");
    pair.server.send_close_notify();
    sealed.extend(pair.answer());
    sealed.extend([23, 3, 3, 0, 1, 0]);
    assert!(pair.incoming.push(&sealed));
    pair.tls.read(&mut pair.incoming, &mut pair.plain, &mut pair.out).unwrap();
    assert!(pair.tls.is_ended());
    assert_eq!(pair.plain.filled(), b"last");
}

#[test]
fn without_room_nothing_is_sealed() {
    let mut pair = Pair::new(1);
    let mut small = Buffer::new(200);
    assert!(!pair.tls.write(&[7; 100], &mut small) && small.is_empty());
    assert!(pair.tls.write(&[7; 100], &mut pair.out));
    assert_eq!(pair.deliver(), [7; 100]);
}

#[test]
fn a_length_beyond_the_limit_is_refused_at_once() {
    let mut pair = Pair::new(1);
    let [high, low] = u16::try_from(RECORD_LIMIT - 4).unwrap().to_be_bytes();
    assert!(pair.incoming.push(&[23, 3, 3, high, low]));
    assert!(pair.tls.read(&mut pair.incoming, &mut pair.plain, &mut pair.out).is_err());
}

/// Where a key has served its time TLS 1.3 goes on under the next, and 1.2 ends.
#[test]
fn a_key_serves_for_a_while() {
    for (version, served) in [(0, 3), (1, 20)] {
        let mut pair = Pair::new(version);
        let State::Standing(records) = &mut pair.tls.0 else { panic!("hands were shaken") };
        records.key_limit = 4;
        let mut sealed = 0;
        while sealed < 20 && pair.tls.write(b"again", &mut pair.out) {
            assert_eq!(pair.deliver(), b"again");
            sealed += 1;
        }
        // The first record of TLS 1.2 was its handshake's.
        assert_eq!((sealed, pair.tls.is_spent()), (served, version == 0));
    }
}

/// The certificate is looked at, whatever else is right: who vouches for it, for which host it is, and until when.
#[test]
fn a_certificate_that_does_not_hold_is_refused() {
    let made = |name: &str, ends: i32| {
        let mut params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(ends, 1, 1);
        let key = rcgen::KeyPair::generate().unwrap();
        (params.self_signed(&key).unwrap(), key)
    };
    let right = made("localhost", 2_100);
    let trusts = |certificate: &rcgen::Certificate| {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), certificate.pem()).unwrap();
        client_config(&[file.path().to_owned()]).unwrap()
    };
    for (name, ends, host, is_trusted, holds) in [
        ("localhost", 2_100, "localhost", true, true),
        ("localhost", 2_100, "localhost", false, false),
        ("localhost", 2_100, "127.0.0.1", true, false),
        ("localhost", 2_100, "localhost.example", true, false),
        ("example.com", 2_100, "localhost", true, false),
        ("*.example.com", 2_100, "a.b.example.com", true, false),
        ("*.example.com", 2_100, "a.example.com", true, true),
        ("localhost", 2_001, "localhost", true, false),
    ] {
        let (certificate, key) = made(name, ends);
        let client = if is_trusted { trusts(&certificate) } else { trusts(&right.0) };
        for version in [&TLS12, &TLS13] {
            let config = serving(version, &certificate, &key);
            let server = ServerConnection::new(Arc::new(config)).unwrap();
            let mut pair = Pair::begin(&client, server, host);
            let shook = (0..4).try_for_each(|_| {
                pair.tls.read(&mut pair.incoming, &mut pair.plain, &mut pair.out)?;
                let mut bytes = Cursor::new(pair.out.filled().to_vec());
                pair.out.clear();
                while pair.server.read_tls(&mut bytes).unwrap() > 0 {
                    pair.server.process_new_packets().unwrap();
                }
                let records = pair.answer();
                pair.hear(&records, usize::MAX)
            });
            assert_eq!((shook.is_ok(), pair.tls.is_standing()), (holds, holds), "{name} {ends} {host}");
        }
    }
}
