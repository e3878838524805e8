//! Arbitrary bytes as WebSocket frames and as HTTP replies: nothing panics, limits hold, and what is read does not depend on where
//! the bytes were cut.
//!
//! The first byte says which of the two they are, the second how long the pieces are.
#![no_main]

use ballast_wire::frame::{FrameError, Frames, Said};
use ballast_wire::http::{HttpError, Replies};
use libfuzzer_sys::fuzz_target;

const LIMIT: usize = 4_000;

/// What was read, in words, and the error that ended it.
type Read<E> = (Vec<String>, Option<E>);

/// Reads pieces; `next` says how many bytes are done with and what they said.
fn read<E>(
    bytes: &[u8],
    piece: usize,
    mut next: impl FnMut(&[u8]) -> Result<(usize, Option<String>), E>,
) -> Read<E> {
    let (mut waiting, mut heard) = (Vec::new(), Vec::new());
    for piece in bytes.chunks(piece) {
        waiting.extend_from_slice(piece);
        loop {
            match next(&waiting) {
                Err(error) => return (heard, Some(error)),
                Ok((used, said)) => {
                    waiting.drain(..used);
                    let Some(said) = said else { break };
                    heard.push(said);
                }
            }
        }
    }
    (heard, None)
}

fn frames(bytes: &[u8], piece: usize) -> Read<FrameError> {
    let mut frames = Frames::new(LIMIT);
    read(bytes, piece, |bytes| {
        let found = frames.next(bytes)?;
        if let Some(Said::Message(message)) = found.said {
            assert!(message.len() <= LIMIT);
        }
        Ok((found.used, found.said.map(|said| format!("{said:?}"))))
    })
}

fn replies(bytes: &[u8], piece: usize) -> Read<HttpError> {
    let mut replies = Replies::new(LIMIT, ["X-Weight".to_owned(), "X-Orders".to_owned()]);
    let (mut heard, error) = read(bytes, piece, |bytes| {
        let found = replies.next(bytes)?;
        if let Some(reply) = found.reply {
            assert!(reply.body.len() <= LIMIT);
        }
        Ok((found.used, found.reply.map(|reply| format!("{reply:?}"))))
    });
    if error.is_none() {
        heard.push(format!("{:?}", replies.end()));
    }
    (heard, error)
}

fuzz_target!(|bytes: &[u8]| {
    let [mode, piece, rest @ ..] = bytes else { return };
    let piece = usize::from(*piece).max(1);
    if mode % 2 == 0 {
        assert_eq!(frames(rest, piece), frames(rest, rest.len().max(1)));
    } else {
        assert_eq!(replies(rest, piece), replies(rest, rest.len().max(1)));
    }
});
