//! Small harm to the text of messages.

/// How far behind the book a stale snapshot is, in updates.
const AGE: u64 = 1_000_000;

/// Bytes that are no WebSocket frame: an opcode that the standard reserves.
pub(super) const NO_FRAME: [u8; 6] = [0x83, 0x04, 0xde, 0xad, 0xbe, 0xef];

/// Whether a message is a diff of a book.
pub(super) fn is_depth(text: &[u8]) -> bool {
    find(text, b"\"depthUpdate\"").is_some()
}

/// Whether a diff names the update before it.
pub(super) fn has_previous(text: &[u8]) -> bool {
    find(text, b"\"pu\":").is_some()
}

/// Lets a diff name another update than the one before it.
pub(super) fn break_previous(text: &mut Vec<u8>) {
    change(text, b"\"pu\":", |id| id + 1);
}

/// Lets a snapshot be older than any diff that is still told.
pub(super) fn age_snapshot(text: &mut Vec<u8>) {
    change(text, b"\"lastUpdateId\":", |id| id.saturating_sub(AGE).max(1));
}

/// Keys whose values are names out of a list that a venue may make longer: in news of an account, and in answers to orders.
const NAMES: [&[u8]; 13] = [
    b"\"x\":\"",
    b"\"X\":\"",
    b"\"V\":\"",
    b"\"e\":\"",
    b"\"o\":\"",
    b"\"f\":\"",
    b"\"m\":\"",
    b"\"ps\":\"",
    b"\"status\":\"",
    b"\"type\":\"",
    b"\"timeInForce\":\"",
    b"\"selfTradePreventionMode\":\"",
    b"\"rateLimitType\":\"",
];
/// A name in no list.
const UNSEEN: &[u8] = b"NEVER_SEEN_BEFORE";

/// Puts a name that nobody knows in the place of the nth of those a text has, counted round and round; false where it has none.
pub(super) fn unsee(text: &mut Vec<u8>, nth: u64) -> bool {
    let there: Vec<_> = NAMES.iter().filter_map(|key| Some(find(text, key)? + key.len())).collect();
    let Some(nth) = nth.checked_rem(there.len() as u64).and_then(|nth| usize::try_from(nth).ok()) else {
        return false;
    };
    let Some(begin) = there.get(nth).copied() else { return false };
    let length = text.iter().skip(begin).take_while(|byte| **byte != b'"').count();
    text.splice(begin..begin + length, UNSEEN.iter().copied());
    true
}

/// Puts another number behind a key.
fn change(text: &mut Vec<u8>, key: &[u8], new: impl Fn(u64) -> u64) {
    let Some(begin) = find(text, key).map(|at| at + key.len()) else { return };
    let digits = text.iter().skip(begin).take_while(|byte| byte.is_ascii_digit()).count();
    let number = text.get(begin..begin + digits).and_then(|digits| std::str::from_utf8(digits).ok());
    let Some(number) = number.and_then(|digits| digits.parse().ok()) else { return };
    text.splice(begin..begin + digits, new(number).to_string().into_bytes());
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}
