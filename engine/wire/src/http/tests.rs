use proptest::collection::vec;
use proptest::prelude::*;

use super::{HEAD_LIMIT, HttpError, Replies, Unwritten, encode};
use crate::seam::HttpSend;

const LIMIT: usize = 1_000;

/// A reply, owned.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    status: u16,
    retry_after: Option<u32>,
    used: [Option<u32>; 2],
    is_last: bool,
    body: Vec<u8>,
}

impl From<super::Reply<'_>> for Told {
    fn from(reply: super::Reply<'_>) -> Self {
        let super::Reply { status, retry_after, used, is_last, body } = reply;
        Self { status, retry_after, used, is_last, body: body.to_vec() }
    }
}

fn replies() -> Replies {
    Replies::new(LIMIT, ["X-MBX-USED-WEIGHT-1M".to_owned(), "X-MBX-ORDER-COUNT-10S".to_owned()])
}

/// What is read from these bytes where they come in pieces that end at `cuts`, and how it ends where they do.
fn read(bytes: &[u8], cuts: &[usize]) -> (Vec<Told>, Result<Option<Told>, HttpError>) {
    let (mut replies, mut waiting, mut told) = (replies(), Vec::new(), Vec::new());
    let mut ends: Vec<_> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).chain([bytes.len()]).collect();
    ends.sort_unstable();
    let mut begin = 0;
    for end in ends {
        waiting.extend_from_slice(&bytes[begin..end]);
        begin = end;
        loop {
            match replies.next(&waiting) {
                Err(error) => return (told, Err(error)),
                Ok(found) => {
                    let (used, reply) = (found.used, found.reply.map(Told::from));
                    waiting.drain(..used);
                    let Some(reply) = reply else { break };
                    told.push(reply);
                }
            }
        }
    }
    (told, replies.end().map(|reply| reply.map(Told::from)))
}

fn error(bytes: &str) -> HttpError {
    read(bytes.as_bytes(), &[]).1.unwrap_err()
}

#[test]
fn a_reply_says_status_counts_and_body() {
    let bytes = b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 7\r\nx-mbx-used-weight-1m: 2401\r\n\
        X-MBX-ORDER-COUNT-10S: 3\r\nContent-Length: 4\r\n\r\n{  }HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let (told, end) = read(bytes, &[]);
    let first = Told {
        status: 429,
        retry_after: Some(7),
        used: [Some(2401), Some(3)],
        is_last: false,
        body: b"{  }".to_vec(),
    };
    let second = Told { status: 200, retry_after: None, used: [None; 2], is_last: false, body: Vec::new() };
    assert_eq!(told, [first, second]);
    assert_eq!(end, Ok(None));
}

#[test]
fn chunks_are_put_together_and_notes_skipped() {
    let bytes = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: Close\r\n\r\n\
        3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: 1\r\n\r\n";
    let (told, end) = read(bytes, &[]);
    assert_eq!((told.len(), &*told[0].body, told[0].is_last, end), (1, &b"abcde"[..], true, Ok(None)));
}

#[test]
fn a_body_without_a_length_ends_with_the_connection() {
    let (told, end) = read(b"HTTP/1.1 200 OK\r\n\r\nabc", &[]);
    assert_eq!(told, []);
    let last = end.unwrap().unwrap();
    assert_eq!((&*last.body, last.is_last), (&b"abc"[..], true));
}

#[test]
fn an_empty_reply_needs_no_length() {
    let (told, end) =
        read(b"HTTP/1.1 204 No Content\r\n\r\nHTTP/1.0 304 Not Modified\r\nContent-Length: 9\r\n\r\n", &[]);
    assert_eq!(
        told.iter().map(|reply| (reply.status, reply.is_last)).collect::<Vec<_>>(),
        [(204, false), (304, true)]
    );
    assert_eq!(end, Ok(None));
}

#[test]
fn each_rule_is_named() {
    let head = "HTTP/1.1 200 OK\r\n";
    let cases = [
        ("HTTP/2 200 OK\r\n\r\n".to_owned(), HttpError::Head),
        ("HTTP/1.1 101 Switching Protocols\r\n\r\n".to_owned(), HttpError::Head),
        (format!("{head}A: {}\r\n\r\n", "a".repeat(HEAD_LIMIT)), HttpError::Head),
        (format!("{head}Content-Length: 1\r\nContent-Length: 2\r\n\r\n"), HttpError::Length),
        (format!("{head}Content-Length: +1\r\n\r\n"), HttpError::Length),
        (format!("{head}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"), HttpError::Length),
        (format!("{head}Content-Length: 5\r\n\r\nabc"), HttpError::Length),
        (format!("{head}Transfer-Encoding: gzip\r\n\r\n"), HttpError::Coding),
        (format!("{head}Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\n"), HttpError::Coding),
        (format!("{head}Content-Length: {}\r\n\r\n", LIMIT + 1), HttpError::TooLong),
        (format!("{head}\r\n{}", "a".repeat(LIMIT + 1)), HttpError::TooLong),
        (format!("{head}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n", LIMIT + 1), HttpError::TooLong),
        (format!("{head}Transfer-Encoding: chunked\r\n\r\n1\r\nab"), HttpError::Chunk),
        (format!("{head}Transfer-Encoding: chunked\r\n\r\nx\r\n"), HttpError::Chunk),
    ];
    for (bytes, expected) in cases {
        assert_eq!(error(&bytes), expected, "{bytes:.80}");
    }
    let chunks =
        format!("{head}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{}\r\n1\r\na", LIMIT, "a".repeat(LIMIT));
    assert_eq!(error(&chunks), HttpError::TooLong);
}

#[test]
fn requests_are_written_as_the_standard_has_them() {
    let request = HttpSend { method: "POST", target: "/a?b=c", headers: &[("X-Key", "k")], body: b"x=1" };
    let mut out = [0; 200];
    let length = encode(&request, "host:1", &mut out).unwrap();
    let expected = "POST /a?b=c HTTP/1.1\r\nHost: host:1\r\nX-Key: k\r\nContent-Length: 3\r\n\r\nx=1";
    assert_eq!(str::from_utf8(&out[..length]).unwrap(), expected);
    assert_eq!(encode(&request, "host:1", &mut out[..length - 1]), Err(Unwritten::TooLong));
    let bare = HttpSend { method: "GET", headers: &[], body: b"", ..request };
    let length = encode(&bare, "h", &mut out).unwrap();
    assert_eq!(&out[..length], b"GET /a?b=c HTTP/1.1\r\nHost: h\r\n\r\n");
}

#[test]
fn a_request_cannot_hide_another() {
    let sound = HttpSend { method: "GET", target: "/", headers: &[], body: b"" };
    let unsound = [
        HttpSend { target: "/ HTTP/1.1\r\nX: y", ..sound },
        HttpSend { target: "", ..sound },
        HttpSend { target: "a", ..sound },
        HttpSend { method: "GET /", ..sound },
        HttpSend { method: "", ..sound },
        HttpSend { headers: &[("X", "y\r\nZ: z")], ..sound },
        HttpSend { headers: &[("X: y\r\nZ", "z")], ..sound },
        HttpSend { headers: &[("X:", "z")], ..sound },
        HttpSend { headers: &[("", "z")], ..sound },
    ];
    for request in unsound {
        assert_eq!(encode(&request, "h", &mut [0; 200]), Err(Unwritten::Malformed), "{request:?}");
    }
}

/// A reply and how it was written.
fn arb_reply() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    (vec(any::<u8>(), 0..300), proptest::option::of(vec(1_usize..40, 1..8))).prop_map(|(body, chunks)| {
        let mut bytes = b"HTTP/1.1 200 OK\r\n".to_vec();
        let Some(sizes) = chunks else {
            bytes.extend(format!("content-length: {}\r\n\r\n", body.len()).bytes());
            return ([bytes, body.clone()].concat(), body);
        };
        bytes.extend(b"Transfer-Encoding: chunked\r\n\r\n");
        let mut rest = &body[..];
        for size in sizes.iter().cycle() {
            let (chunk, after) = rest.split_at(rest.len().min(*size));
            bytes.extend(format!("{:X}\r\n", chunk.len()).bytes());
            bytes.extend(chunk);
            bytes.extend(b"\r\n");
            if chunk.is_empty() {
                break;
            }
            rest = after;
        }
        (bytes, body)
    })
}

proptest! {
    #[test]
    fn is_the_same_wherever_it_is_cut(replies in vec(arb_reply(), 0..4), cuts in vec(any::<usize>(), 0..12)) {
        let bytes = replies.iter().map(|(bytes, _)| &bytes[..]).collect::<Vec<_>>().concat();
        let (told, end) = read(&bytes, &cuts);
        let bodies: Vec<_> = told.into_iter().map(|reply| reply.body).collect();
        prop_assert_eq!(bodies, replies.into_iter().map(|(_, body)| body).collect::<Vec<_>>());
        prop_assert_eq!(end, Ok(None));
    }

    #[test]
    fn garbage_is_the_same_wherever_it_is_cut(
        reply in arb_reply(), at in any::<usize>(), flip in 1_u8.., cuts in vec(any::<usize>(), 0..6)
    ) {
        let mut bytes = reply.0;
        let at = at % bytes.len();
        bytes[at] ^= flip;
        prop_assert_eq!(read(&bytes, &cuts), read(&bytes, &[]));
    }
}
