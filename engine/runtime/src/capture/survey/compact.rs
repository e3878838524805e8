//! A frame in the venue's own spelling: no whitespace between tokens, no escapes in strings.
//!
//! The first look at a capture searches frames for literal bytes. That finds what the venue writes and misses the same JSON
//! written by another hand: with spaces behind the separators, or with letters escaped. Such a frame is rewritten here first.
//!
//! Never here: a judgement of the frame. What is no JSON comes out as something else that is no JSON.

use memchr::{memchr2, memchr3};

/// True where a frame is not in the venue's own spelling, or may not be: whitespace and escapes can stand in strings, too.
pub(super) fn is_foreign(frame: &[u8]) -> bool {
    memchr3(b' ', b'\t', b'\\', frame).or_else(|| memchr2(b'\r', b'\n', frame)).is_some()
}

/// Rewrites a frame into `to`, which is cleared first. What an escape stands for is written where it is plain ASCII text;
/// quotes, backslashes, control characters and all else stay escaped, so that strings end where they ended.
pub(super) fn compact(frame: &[u8], to: &mut Vec<u8>) {
    to.clear();
    let mut in_string = false;
    let mut rest = frame;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' if !in_string => {}
            b'\\' if in_string => rest = resolve(after, to),
            _ => {
                in_string ^= byte == b'"';
                to.push(byte);
            }
        }
    }
}

/// Writes what the escape stands for whose backslash was just read; returns what follows it.
fn resolve<'f>(after: &'f [u8], to: &mut Vec<u8>) -> &'f [u8] {
    if let [b'u', a, b, c, d, rest @ ..] = after
        && let Some(letter) = letter([*a, *b, *c, *d])
    {
        to.push(letter);
        return rest;
    }
    if let [b'/', rest @ ..] = after {
        to.push(b'/');
        return rest;
    }
    to.push(b'\\');
    let Some((&kind, rest)) = after.split_first() else { return after };
    to.push(kind);
    rest
}

/// The plain ASCII letter of four hexadecimal digits; `None` where they are none, or of anything else.
fn letter(digits: [u8; 4]) -> Option<u8> {
    let code = digits.iter().try_fold(0, |code, digit| Some(code << 4 | char::from(*digit).to_digit(16)?))?;
    let letter = u8::try_from(code).ok()?;
    let is_plain = matches!(letter, b' '..=b'~') && letter != b'"' && letter != b'\\';
    is_plain.then_some(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compacted(frame: &str) -> String {
        let mut to = b"left over".to_vec();
        compact(frame.as_bytes(), &mut to);
        String::from_utf8(to).unwrap()
    }

    #[test]
    fn spelling_is_undone_and_meaning_kept() {
        for (frame, expected) in [
            (r#"{"s": "ETHUSDT", "b": [ ["1.0" , "2"]	] }"#, r#"{"s":"ETHUSDT","b":[["1.0","2"]]}"#),
            (r#"{"\u0073":"\u0045TH\u005fA"}"#, r#"{"s":"ETH_A"}"#),
            (r#"{"a":"two words \/ x"}"#, r#"{"a":"two words / x"}"#),
            (r#"{"a":"\"s\":\"X"}"#, r#"{"a":"\"s\":\"X"}"#),
            (r#"{"a":"\u0022\u005c\u000a\u20ac\n"}"#, r#"{"a":"\u0022\u005c\u000a\u20ac\n"}"#),
            (r#"{"a":"\u00"#, r#"{"a":"\u00"#),
            ("\\", "\\"),
            (r#""\"#, r#""\"#),
        ] {
            assert_eq!(compacted(frame), expected);
            assert_eq!(compacted(&compacted(frame)), expected, "once is enough");
        }
    }

    #[test]
    fn the_venues_own_frames_are_not_foreign() {
        assert!(!is_foreign(br#"{"s":"ETHUSDT","b":[["1.0","2"]]}"#));
        for frame in ["{ }", "{\t}", "{\r}", "{\n}", r#"{"\u0073":1}"#] {
            assert!(is_foreign(frame.as_bytes()), "{frame}");
        }
    }
}
