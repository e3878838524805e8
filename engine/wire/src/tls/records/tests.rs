//! A hostile server: it has the keys, and keeps to no rule.

use std::io::Write as _;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use ring::aead::{Aad, Nonce};

use super::*;
use crate::tls::tests::{Buffers, TLS13_SERVER, settle};
use crate::tls::{Failed, Tls};

const TICKET: u8 = 4;
const VERSIONS: [usize; 2] = [0, 1];

/// A client of ours that stands, and the keys of its server.
struct Forger {
    tls: Tls,
    buffers: Buffers,
    is_13: bool,
    /// What the server says, and what it hears.
    says: Half,
    hears: Half,
}

impl Forger {
    fn new(version: usize) -> Self {
        let (tls, server, buffers) = settle(version);
        let secrets = server.dangerous_extract_secrets().unwrap();
        let is_13 = version == TLS13_SERVER;
        let half = |(seq, secrets)| Half::new(seq, &secrets, is_13).unwrap();
        Self { tls, buffers, is_13, says: half(secrets.tx), hears: half(secrets.rx) }
    }

    /// A record under seal, with zeros behind it in TLS 1.3.
    fn sealed(&mut self, kind: u8, data: &[u8], zeros: usize) -> Vec<u8> {
        let mut body = data.to_vec();
        let explicit = if self.says.is_explicit { EXPLICIT } else { 0 };
        if self.is_13 {
            body.push(kind);
            body.resize(body.len() + zeros, 0);
        }
        let covered = u16::try_from(if self.is_13 { body.len() + TAG } else { body.len() }).unwrap();
        let outer = if self.is_13 { DATA } else { kind };
        let (aad, count) = self.says.covers(outer, self.is_13, covered);
        let nonce = self.says.nonce();
        let aad = Aad::from(&aad[..count]);
        self.says.key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut body).unwrap();
        self.says.seq += 1;
        let [high, low] = u16::try_from(explicit + body.len()).unwrap().to_be_bytes();
        [&[outer, 3, 3, high, low], &nonce[4..4 + explicit], &body].concat()
    }

    /// The client reads this.
    fn hear(&mut self, bytes: &[u8]) -> Result<(), Failed> {
        let Buffers { incoming, plain, out } = &mut self.buffers;
        assert!(incoming.push(bytes));
        self.tls.read(incoming, plain, out)
    }

    fn hear_sealed(&mut self, kind: u8, data: &[u8]) -> Result<(), Failed> {
        let sealed = self.sealed(kind, data, 0);
        self.hear(&sealed)
    }

    /// What the client said last, opened, and its kind.
    fn answer(&mut self) -> Option<(u8, Vec<u8>)> {
        let out = &mut self.buffers.out;
        let bytes = out.filled().to_vec();
        let (head, rest) = bytes.split_at_checked(HEAD)?;
        let length = usize::from(u16::from_be_bytes([head[3], head[4]]));
        out.consume(HEAD + length);
        let explicit = if self.hears.is_explicit { EXPLICIT } else { 0 };
        let mut sealed = rest[explicit..length].to_vec();
        let covered = if self.is_13 { sealed.len() } else { sealed.len() - TAG };
        let (aad, count) = self.hears.covers(head[0], self.is_13, u16::try_from(covered).unwrap());
        let nonce = Nonce::assume_unique_for_key(self.hears.nonce());
        let mut opened =
            self.hears.key.open_in_place(nonce, Aad::from(&aad[..count]), &mut sealed).unwrap().to_vec();
        self.hears.seq += 1;
        let kind = if self.is_13 { opened.pop().unwrap() } else { head[0] };
        Some((kind, opened))
    }

    /// The client refused: it said so by this alert, and says nothing more.
    #[track_caller]
    fn refused(mut self, read: Result<(), Failed>, alert: Option<u8>) {
        assert_eq!(read, Err(Failed));
        assert_eq!(self.answer(), alert.map(|alert| (ALERT, vec![FATAL, alert])));
        assert!(!self.tls.write(b"more", &mut self.buffers.out), "nothing is said any more");
        self.tls.end(&mut self.buffers.out);
        assert!(self.buffers.out.is_empty(), "not even that it ends");
        assert!(!self.tls.is_ended(), "and this is no end of theirs");
        assert_eq!(self.hear(&[]), Err(Failed));
    }
}

/// Refuses one record with the right seal.
#[track_caller]
fn refuses(version: usize, kind: u8, data: &[u8], alert: Option<u8>) {
    let mut forger = Forger::new(version);
    let read = forger.hear_sealed(kind, data);
    assert!(forger.buffers.plain.is_empty());
    forger.refused(read, alert);
}

#[test]
fn records_are_as_long_as_they_may_be_and_no_longer() {
    for (version, longest) in [(0, FRAGMENT + 2_048), (1, FRAGMENT + 256)] {
        let head = |length: usize| {
            let [high, low] = u16::try_from(length).unwrap().to_be_bytes();
            [DATA, 3, 3, high, low]
        };
        let mut forger = Forger::new(version);
        assert_eq!(forger.hear(&head(longest)), Ok(()), "the rest is waited for");
        let mut forger = Forger::new(version);
        let read = forger.hear(&head(longest + 1));
        forger.refused(read, Some(22));
    }
}

#[test]
fn data_are_as_long_as_they_may_be_and_no_longer() {
    for version in VERSIONS {
        let mut forger = Forger::new(version);
        assert_eq!(forger.hear_sealed(DATA, &[7; FRAGMENT]), Ok(()));
        assert_eq!(forger.buffers.plain.filled(), [7; FRAGMENT]);
        refuses(version, DATA, &[7; FRAGMENT + 1], Some(22));
    }
    let mut forger = Forger::new(TLS13_SERVER);
    let sealed = forger.sealed(DATA, b"padded", FRAGMENT - 6);
    assert_eq!(forger.hear(&sealed), Ok(()));
    assert_eq!(forger.buffers.plain.filled(), b"padded");
    let sealed = forger.sealed(DATA, b"padded", FRAGMENT - 5);
    let read = forger.hear(&sealed);
    forger.refused(read, Some(22));
}

#[test]
fn what_has_no_business_here_is_refused() {
    for version in VERSIONS {
        // 24 are heartbeats; an empty handshake message is none, nor is half an alert one.
        for kind in [1, 24, 99] {
            refuses(version, kind, b"x", Some(10));
        }
        refuses(version, HANDSHAKE, b"", Some(10));
        refuses(version, ALERT, b"", Some(10));
        refuses(version, ALERT, &[FATAL], Some(50));
        refuses(version, ALERT, &[FATAL, 40, 0], Some(50));
        let mut forger = Forger::new(version);
        let read = forger.hear(&[CHANGE_CIPHER, 3, 3, 0, 1, 1]);
        forger.refused(read, Some(10));
    }
    // Zeros only: there is no kind.
    refuses(TLS13_SERVER, 0, &[0; 20], Some(10));
    refuses(TLS13_SERVER, CHANGE_CIPHER, &[1], Some(10));
    // In the plain, though the connection is sealed.
    let mut forger = Forger::new(TLS13_SERVER);
    let read = forger.hear(&[ALERT, 3, 3, 0, 2, WARNING, CLOSE_NOTIFY]);
    forger.refused(read, Some(10));
    let mut forger = Forger::new(0);
    let read = forger.hear(&[ALERT, 3, 3, 0, 2, WARNING, CLOSE_NOTIFY]);
    forger.refused(read, Some(20));
}

#[test]
fn an_alert_ends_all_and_is_no_end_under_seal() {
    for version in VERSIONS {
        for description in [10, 20, 40, 80, 90] {
            refuses(version, ALERT, &[FATAL, description], None);
        }
        let mut forger = Forger::new(version);
        assert_eq!(forger.hear_sealed(ALERT, &[WARNING, CLOSE_NOTIFY]), Ok(()));
        assert!(forger.tls.is_ended());
    }
}

#[test]
fn records_come_in_their_order_or_not_at_all() {
    for version in VERSIONS {
        let mut forger = Forger::new(version);
        let (_, second) = (forger.sealed(DATA, b"first", 0), forger.sealed(DATA, b"second", 0));
        let read = forger.hear(&second);
        assert!(forger.buffers.plain.is_empty());
        forger.refused(read, Some(20));
    }
}

#[test]
fn too_many_records_without_data_are_refused() {
    for version in VERSIONS {
        let mut forger = Forger::new(version);
        // Its own tickets came before.
        assert_eq!(forger.hear_sealed(DATA, b"."), Ok(()));
        for round in 0..3 {
            for _ in 0..EMPTY_MAX {
                assert_eq!(forger.hear_sealed(DATA, b""), Ok(()), "{round}");
            }
            assert_eq!(forger.hear_sealed(DATA, b"."), Ok(()));
        }
        for _ in 0..EMPTY_MAX {
            assert_eq!(forger.hear_sealed(DATA, b""), Ok(()));
        }
        let read = forger.hear_sealed(DATA, b"");
        forger.refused(read, Some(10));
    }
    let mut forger = Forger::new(TLS13_SERVER);
    assert_eq!(forger.hear_sealed(DATA, b"."), Ok(()));
    for _ in 0..EMPTY_MAX {
        assert_eq!(forger.hear_sealed(HANDSHAKE, &[TICKET, 0, 0, 1, 9]), Ok(()));
    }
    let read = forger.hear_sealed(HANDSHAKE, &[TICKET, 0, 0, 1, 9]);
    forger.refused(read, Some(10));
}

#[test]
fn handshakes_that_are_over_are_refused() {
    // All kinds there are but those that may come: hellos, certificates and their requests, ends.
    for version in VERSIONS {
        for kind in (0..=25).chain([254]) {
            match (version, kind) {
                (0, 0) | (1, TICKET | KEY_UPDATE) => {}
                _ => refuses(version, HANDSHAKE, &[kind, 0, 0, 1, 0], Some(10)),
            }
        }
    }
    refuses(0, HANDSHAKE, &[0, 0, 0, 1, 0], Some(10));
    refuses(TLS13_SERVER, HANDSHAKE, &[0; 4], Some(10));
}

#[test]
fn to_begin_anew_is_declined_and_all_goes_on() {
    let mut forger = Forger::new(0);
    assert_eq!(forger.hear_sealed(HANDSHAKE, &[0; 4]), Ok(()));
    assert_eq!(forger.answer(), Some((ALERT, vec![WARNING, NO_RENEGOTIATION])));
    assert_eq!(forger.hear_sealed(DATA, b"well"), Ok(()));
    assert_eq!(forger.buffers.plain.filled(), b"well");
    let read = forger.hear_sealed(HANDSHAKE, &[0; 5]);
    forger.refused(read, Some(10));
}

#[test]
fn a_new_key_begins_with_a_record() {
    let update = [KEY_UPDATE, 0, 0, 1, 0];
    for (message, alert) in [
        (vec![KEY_UPDATE, 0, 0, 1, 2], 47),
        (vec![KEY_UPDATE, 0, 0, 2, 0, 0], 50),
        (vec![KEY_UPDATE, 0, 0, 0], 50),
        ([update, update].concat(), 10),
        ([&update[..], &[TICKET, 0, 0, 1, 9]].concat(), 10),
    ] {
        refuses(TLS13_SERVER, HANDSHAKE, &message, Some(alert));
    }
    // Behind a ticket it may stand, and cut it may be. What the old key sealed is worth nothing from then on.
    for parts in [vec![&[TICKET, 0, 0, 1, 9, KEY_UPDATE, 0, 0, 1, 0][..]], vec![&update[..2], &update[2..]]] {
        let mut forger = Forger::new(TLS13_SERVER);
        for part in parts {
            assert_eq!(forger.hear_sealed(HANDSHAKE, part), Ok(()));
        }
        let read = forger.hear_sealed(DATA, b"old");
        forger.refused(read, Some(20));
    }
}

#[test]
fn where_a_new_key_is_asked_of_us_it_is_said_under_the_old_one() {
    let mut forger = Forger::new(TLS13_SERVER);
    assert_eq!(forger.hear_sealed(HANDSHAKE, &[KEY_UPDATE, 0, 0, 1, 1]), Ok(()));
    assert_eq!(forger.answer(), Some((HANDSHAKE, vec![KEY_UPDATE, 0, 0, 1, 0])));
    assert!(forger.buffers.out.is_empty());
}

#[test]
fn between_parts_of_a_message_stands_nothing_else() {
    for length in 1..9 {
        let mut forger = Forger::new(TLS13_SERVER);
        let ticket = [TICKET, 0, 0, 5, 1, 2, 3, 4, 5];
        assert_eq!(forger.hear_sealed(HANDSHAKE, &ticket[..length]), Ok(()));
        let read = forger.hear_sealed(DATA, b"between");
        assert!(forger.buffers.plain.is_empty());
        forger.refused(read, Some(10));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Tickets cut into records anywhere are skipped, and nothing else is.
    #[test]
    fn tickets_are_skipped_wherever_they_are_cut(
        tickets in vec(vec(any::<u8>(), 0..300), 1..4), cuts in vec(any::<prop::sample::Index>(), 0..6)
    ) {
        let mut forger = Forger::new(TLS13_SERVER);
        let messages: Vec<u8> = tickets.iter().flat_map(|ticket| {
            let [high, low] = u16::try_from(ticket.len()).unwrap().to_be_bytes();
            [&[TICKET, 0, high, low], &ticket[..]].concat()
        }).collect();
        let mut ends: Vec<_> = cuts.iter().map(|cut| cut.index(messages.len())).chain([messages.len()]).collect();
        ends.sort_unstable();
        ends.dedup();
        let mut begin = 0;
        for end in ends.into_iter().filter(|end| *end > 0) {
            prop_assert_eq!(forger.hear_sealed(HANDSHAKE, &messages[begin..end]), Ok(()));
            begin = end;
        }
        prop_assert_eq!(forger.hear_sealed(DATA, b"data"), Ok(()));
        prop_assert_eq!(forger.buffers.plain.filled(), b"data");
    }

    /// Whatever a server seals: a word or a refusal, and no panic.
    #[test]
    fn anything_under_seal_is_survived(
        version in 0_usize..2, records in vec((20_u8..25, vec(any::<u8>(), 0..40), 0_usize..40), 1..8)
    ) {
        let mut forger = Forger::new(version);
        for (kind, data, zeros) in records {
            let sealed = forger.sealed(kind, &data, zeros);
            if forger.hear(&sealed).is_err() {
                prop_assert!(!forger.tls.write(b"more", &mut forger.buffers.out));
                break;
            }
        }
    }
}

/// New keys again and again, with nothing under them, keep us from our work.
#[test]
fn too_many_new_keys_are_refused() {
    let (mut tls, mut server, mut buffers) = settle(TLS13_SERVER);
    let Buffers { incoming, plain, out } = &mut buffers;
    let mut read = |server: &mut rustls::ServerConnection| {
        let mut sealed = Vec::new();
        server.write_tls(&mut sealed).unwrap();
        assert!(incoming.push(&sealed));
        tls.read(incoming, plain, out)
    };
    server.writer().write_all(b"behind the tickets").unwrap();
    assert_eq!(read(&mut server), Ok(()));
    for count in 1..=EMPTY_MAX + 1 {
        server.refresh_traffic_keys().unwrap();
        assert_eq!(read(&mut server).is_ok(), count <= EMPTY_MAX, "{count}");
    }
}

/// Messages of handshakes in pieces, before and after it is done.
#[test]
fn handshakes_in_small_records_are_understood() {
    for version in VERSIONS {
        for size in [33, 64, 200] {
            let (client, servers) = crate::tls::tests::configs();
            let mut config = (*servers[version]).clone();
            config.max_fragment_size = Some(size);
            // As few bytes at a time as records may be cut into by the network.
            for step in [1, 100, 100_000] {
                let server = rustls::ServerConnection::new(Arc::new(config.clone())).unwrap();
                crate::tls::tests::converse(client, server, step);
            }
        }
    }
}
