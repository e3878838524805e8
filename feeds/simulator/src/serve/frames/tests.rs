use proptest::prelude::*;

use super::*;

/// A client's frame.
fn masked(opcode: OpCode, is_final: bool, payload: &[u8]) -> Vec<u8> {
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    let mut out = Vec::new();
    let header = FrameHeader { opcode, is_final, mask: Some(mask), ..FrameHeader::default() };
    header.format(payload.len() as u64, &mut out).unwrap();
    out.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    out
}

fn read(bytes: &[u8]) -> Result<Vec<Message>, BadFrame> {
    let mut reader = Reader::default();
    let mut all = Vec::new();
    for byte in bytes {
        reader.buffer().push(*byte);
        while let Some(message) = reader.next()? {
            all.push(message);
        }
    }
    Ok(all)
}

#[test]
fn the_example_of_the_standard_is_read() {
    // RFC 6455, 5.7: a single-frame masked text message, "Hello".
    let bytes = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    assert_eq!(read(&bytes), Ok(vec![Message::Text(b"Hello".to_vec())]));
}

#[test]
fn control_frames_may_stand_between_fragments() {
    let (text, more) = (OpCode::Data(Data::Text), OpCode::Data(Data::Continue));
    let mut bytes = masked(text, false, b"ab");
    bytes.extend(masked(OpCode::Control(Control::Ping), true, b"p"));
    bytes.extend(masked(more, false, b"c"));
    bytes.extend(masked(more, true, b"d"));
    bytes.extend(masked(OpCode::Control(Control::Close), true, &[3, 232]));
    let told = [Message::Ping(b"p".to_vec()), Message::Text(b"abcd".to_vec()), Message::Close(vec![3, 232])];
    assert_eq!(read(&bytes), Ok(told.to_vec()));
}

#[test]
fn what_no_client_may_send_is_an_error() {
    let text = OpCode::Data(Data::Text);
    let more = OpCode::Data(Data::Continue);
    assert_eq!(read(&[0x81, 0x01, b'x']), Err(BadFrame::Unmasked));
    assert_eq!(read(&masked(more, true, b"x")), Err(BadFrame::Fragment));
    let within = [masked(text, false, b"x"), masked(text, true, b"y")].concat();
    assert_eq!(read(&within), Err(BadFrame::Fragment));
    assert_eq!(read(&[0x83, 0x80, 0, 0, 0, 0]), Err(BadFrame::Header));
    let long = [0x81, 0xff, 0, 0, 0, 0, 0, 0x20, 0, 0, 1, 2, 3, 4];
    assert_eq!(read(&long), Err(BadFrame::TooLong));
}

#[test]
fn what_goes_out_is_what_the_standard_says() {
    let mut out = Vec::new();
    write(&Frame::Text(b"Hello".to_vec()), &mut out);
    write(&Frame::Close { code: 1000, reason: "x".to_owned() }, &mut out);
    write(&Frame::Raw(vec![1, 2]), &mut out);
    write(&Frame::Cut, &mut out);
    assert_eq!(out, [b"\x81\x05Hello".as_slice(), &[0x88, 3, 3, 232, b'x'], &[1, 2]].concat());
}

proptest! {
    #[test]
    fn any_text_arrives_whatever_its_length(text in proptest::collection::vec(any::<u8>(), 0..70_000)) {
        let bytes = masked(OpCode::Data(Data::Text), true, &text);
        let mut reader = Reader::default();
        reader.buffer().extend_from_slice(&bytes);
        prop_assert_eq!(reader.next(), Ok(Some(Message::Text(text))));
        prop_assert_eq!(reader.next(), Ok(None));
    }
}
