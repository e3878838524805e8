use std::io::{self, Cursor, Read, Write};

use proptest::collection::vec;
use proptest::prelude::*;
use tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};
use tungstenite::protocol::frame::{CloseFrame, Frame};
use tungstenite::protocol::{Role, WebSocket, WebSocketConfig};
use tungstenite::{Error, Message};

use super::{FrameError, Frames, Kind, Masks, Said, encode, encoded_length};

const LIMIT: usize = 70_000;

/// What was said, owned.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Heard {
    Message(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(u16),
}

impl From<Said<'_>> for Heard {
    fn from(said: Said<'_>) -> Self {
        match said {
            Said::Message(data) => Self::Message(data.to_vec()),
            Said::Ping(data) => Self::Ping(data.to_vec()),
            Said::Pong(data) => Self::Pong(data.to_vec()),
            Said::Close(code) => Self::Close(code),
        }
    }
}

/// What is read from these bytes where they come in pieces that end at `cuts`.
fn read(bytes: &[u8], cuts: &[usize]) -> (Vec<Heard>, Result<usize, FrameError>) {
    let (mut frames, mut waiting, mut heard) = (Frames::new(LIMIT), Vec::new(), Vec::new());
    let mut ends: Vec<_> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).chain([bytes.len()]).collect();
    ends.sort_unstable();
    let mut begin = 0;
    for end in ends {
        waiting.extend_from_slice(&bytes[begin..end]);
        begin = end;
        loop {
            match frames.next(&waiting) {
                Err(error) => return (heard, Err(error)),
                Ok(found) => {
                    let said = found.said.map(Heard::from);
                    waiting.drain(..found.used);
                    let Some(said) = said else { break };
                    heard.push(said);
                }
            }
        }
    }
    (heard, Ok(waiting.len()))
}

/// A stream with these bytes to read; writing goes nowhere.
struct Given(Cursor<Vec<u8>>);

impl Read for Given {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.0.read(into)? {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            read => Ok(read),
        }
    }
}

impl Write for Given {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What tungstenite reads from the same bytes, up to the first close, and whether it found them wrong.
fn read_by_tungstenite(bytes: &[u8]) -> (Vec<Heard>, bool) {
    let config = WebSocketConfig::default().max_message_size(Some(LIMIT)).max_frame_size(Some(LIMIT));
    let mut socket =
        WebSocket::from_raw_socket(Given(Cursor::new(bytes.to_vec())), Role::Client, Some(config));
    let mut heard = Vec::new();
    loop {
        heard.push(match socket.read() {
            Ok(Message::Text(text)) => Heard::Message(text.as_bytes().to_vec()),
            Ok(Message::Binary(data)) => Heard::Message(data.to_vec()),
            Ok(Message::Ping(data)) => Heard::Ping(data.to_vec()),
            Ok(Message::Pong(data)) => Heard::Pong(data.to_vec()),
            Ok(Message::Close(frame)) => {
                heard.push(Heard::Close(frame.map_or(0, |frame| frame.code.into())));
                return (heard, false);
            }
            Ok(Message::Frame(_)) => unreachable!("the reader gives messages"),
            Err(Error::Io(_)) => return (heard, false),
            Err(_) => return (heard, true),
        });
    }
}

/// A server's frame as tungstenite writes it.
fn framed(frame: Frame) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame.format(&mut bytes).unwrap();
    bytes
}

fn data(length: usize, seed: u8) -> Vec<u8> {
    (0..=u8::MAX).cycle().take(length).map(|at| at.wrapping_mul(31).wrapping_add(seed)).collect()
}

/// One message in fragments with control frames between them, or a control frame alone.
fn arb_stream() -> impl Strategy<Value = Vec<u8>> {
    let length = prop_oneof![0_usize..300, 65_500_usize..65_600, Just(125), Just(126), Just(65_536)];
    let message = (length, any::<u8>(), vec(0_usize..1_000, 0..3), any::<bool>(), 0_usize..126).prop_map(
        |(length, seed, cuts, control, size)| {
            let whole = data(length, seed);
            let mut ends: Vec<_> = cuts.iter().map(|cut| cut % (length + 1)).chain([length]).collect();
            ends.sort_unstable();
            let (mut bytes, mut begin) = (Vec::new(), 0);
            for (index, end) in ends.iter().enumerate() {
                let opcode = if index == 0 { Data::Binary } else { Data::Continue };
                let is_last = index + 1 == ends.len();
                let part = whole[begin..*end].to_vec();
                bytes.extend(framed(Frame::message(part, OpCode::Data(opcode), is_last)));
                begin = *end;
                if control {
                    bytes.extend(framed(Frame::ping(data(size, seed))));
                    bytes.extend(framed(Frame::pong(data(size / 2, seed))));
                }
            }
            bytes
        },
    );
    let close = prop_oneof![
        3 => Just(Vec::new()),
        1 => Just(framed(Frame::close(None))),
        1 => Just(framed(Frame::close(Some(CloseFrame { code: CloseCode::Away, reason: "later".into() })))),
    ];
    (vec(message, 0..6), close).prop_map(|(messages, close)| [messages.concat(), close].concat())
}

proptest! {
    #[test]
    fn is_the_same_wherever_it_is_cut(bytes in arb_stream(), cuts in vec(any::<usize>(), 0..12)) {
        prop_assert_eq!(read(&bytes, &cuts), read(&bytes, &[]));
    }

    #[test]
    fn reads_what_tungstenite_reads(bytes in arb_stream(), cuts in vec(any::<usize>(), 0..4)) {
        let (heard, end) = read(&bytes, &cuts);
        prop_assert_eq!(end, Ok(0));
        prop_assert_eq!(heard, read_by_tungstenite(&bytes).0);
    }

    /// Where bytes are wrong, both stop, and after the same frames.
    #[test]
    fn refuses_what_tungstenite_refuses(bytes in arb_stream(), at in any::<usize>(), flip in 1_u8..) {
        let mut bytes = bytes;
        prop_assume!(!bytes.is_empty());
        let at = at % bytes.len();
        bytes[at] ^= flip;
        // What the last frame announces comes: we refuse a head, tungstenite a whole frame.
        bytes.resize(bytes.len() + LIMIT + 20, 0);
        let (mut heard, end) = read(&bytes, &[]);
        if let Some(close) = heard.iter().position(|heard| matches!(heard, Heard::Close(_))) {
            heard.truncate(close + 1);
        }
        let (twin, refused) = read_by_tungstenite(&bytes);
        // A code that nobody may send it tells as a fault of its own.
        if let (Some(Heard::Close(code)), Some(Heard::Close(1002))) = (heard.last_mut(), twin.last())
            && !CloseCode::from(*code).is_allowed()
        {
            *code = 1002;
        }
        // It lets pass a short control frame whose length is written long.
        if end == Err(FrameError::Control) {
            prop_assert!(twin.starts_with(&heard));
            return Ok(());
        }
        // It checks text and the code of a close, which we leave to others.
        let strict = refused && heard.len() > twin.len();
        if strict {
            prop_assert_eq!(&heard[..twin.len()], &twin[..]);
        } else {
            prop_assert_eq!(&heard, &twin);
            let is_closed = matches!(heard.last(), Some(Heard::Close(_)));
            prop_assert!(is_closed || end.is_err() == refused);
        }
    }

    #[test]
    fn garbage_never_panics(bytes in vec(any::<u8>(), 0..200), cuts in vec(any::<usize>(), 0..4)) {
        prop_assert_eq!(read(&bytes, &cuts), read(&bytes, &[]));
    }

    #[test]
    fn what_we_write_tungstenite_reads(length in prop_oneof![0_usize..300, 65_500_usize..65_600], seed in any::<u64>()) {
        let text = vec![b'a' + (seed % 26) as u8; length];
        let mut out = vec![0; encoded_length(length)];
        let key = Masks::new(seed).key();
        prop_assert_eq!(encode(Kind::Text, &text, key, &mut out), Some(out.len()));
        prop_assert_eq!(encode(Kind::Text, &text, key, &mut out.clone()[1..]), None);
        let mut socket = WebSocket::from_raw_socket(Given(Cursor::new(out)), Role::Server, None);
        let message = socket.read().unwrap().into_data();
        prop_assert_eq!(&message[..], &text[..]);
    }
}

#[test]
fn control_frames_are_written_as_such() {
    for (kind, opcode) in
        [(Kind::Ping, Control::Ping), (Kind::Pong, Control::Pong), (Kind::Close, Control::Close)]
    {
        let mut out = [0; 32];
        let length = encode(kind, &[3, 232], [1, 2, 3, 4], &mut out).unwrap();
        assert_eq!(
            out[..length],
            [0x80 | u8::from(OpCode::Control(opcode)), 0x82, 1, 2, 3, 4, 3 ^ 1, 232 ^ 2]
        );
    }
}

#[test]
fn each_rule_is_named() {
    let cases: [(&[u8], FrameError); 10] = [
        (&[0xC1, 0], FrameError::Reserved),
        (&[0x83, 0], FrameError::Opcode(3)),
        (&[0x8B, 0], FrameError::Opcode(11)),
        (&[0x81, 0x80], FrameError::Masked),
        (&[0x89, 126], FrameError::Control),
        (&[0x09, 0], FrameError::Control),
        (&[0x80, 0], FrameError::NothingToContinue),
        (&[0x01, 0, 0x81, 0], FrameError::Interrupted),
        (&[0x88, 1, 3], FrameError::HalfCode),
        (&[0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0], FrameError::TooLong),
    ];
    for (bytes, error) in cases {
        assert_eq!(read(bytes, &[]), (Vec::new(), Err(error)), "{bytes:?}");
    }
    assert_eq!(FrameError::TooLong.close_code(), 1009);
    assert_eq!(FrameError::Masked.close_code(), 1002);
}

#[test]
fn the_limit_holds_for_a_message_and_for_the_sum_of_its_fragments() {
    let frame = |opcode, last, length| framed(Frame::message(data(length, 1), OpCode::Data(opcode), last));
    let whole = frame(Data::Binary, true, LIMIT);
    assert_eq!(read(&whole, &[]).0, [Heard::Message(data(LIMIT, 1))]);
    assert_eq!(read(&frame(Data::Binary, true, LIMIT + 1), &[]).1, Err(FrameError::TooLong));
    let first = frame(Data::Binary, false, LIMIT - 10);
    let fits = [first.clone(), frame(Data::Continue, true, 10)].concat();
    assert_eq!(read(&fits, &[]).1, Ok(0));
    let beyond = [first, frame(Data::Continue, true, 11)].concat();
    assert_eq!(read(&beyond, &[]), (Vec::new(), Err(FrameError::TooLong)));
}

#[test]
fn masks_differ() {
    let mut masks = Masks::new(1);
    let keys: std::collections::BTreeSet<_> = (0..1_000).map(|_| masks.key()).collect();
    assert_eq!(keys.len(), 1_000);
}
