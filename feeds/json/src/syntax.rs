//! A strict scalar reader of JSON (RFC 8259). It recognises and delimits values and converts none; it never
//! recurses.

use crate::{DecodeError, DecodeErrorKind, Span};

/// Deepest nesting of arrays and objects: one bit of a word per level.
const DEPTH_MAX: u32 = u64::BITS;

/// Type of a JSON value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Object,
    Array,
    /// The span lies inside the quotes.
    String,
    Number,
    True,
    False,
    Null,
}

/// Where a value lies in the frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value {
    pub(crate) kind: Type,
    pub(crate) span: Span,
}

/// Reads values of `frame` from `pos` on.
#[derive(Debug)]
pub(crate) struct Cursor<'f> {
    frame: &'f [u8],
    /// In `0..=frame.len()`.
    pos: usize,
    /// Containers entered by [`Cursor::members`] and [`Cursor::elements`].
    entered: u32,
}

/// What the grammar allows next inside nested containers.
enum Expect {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    CommaOrEnd,
}

/// A byte offset as errors and spans carry it; frames are shorter than 2³² bytes, which the twin checks
/// first.
pub(crate) fn offset(pos: usize) -> u32 {
    u32::try_from(pos).unwrap_or(u32::MAX)
}

impl<'f> Cursor<'f> {
    /// Reads `frame` from offset `pos`, which lies before a value.
    pub(crate) const fn new(frame: &'f [u8], pos: usize) -> Self {
        Self { frame, pos, entered: 0 }
    }

    /// Passes whitespace and one value.
    pub(crate) fn value(&mut self) -> Result<Value, DecodeError> {
        self.skip_whitespace();
        let start = self.pos;
        let kind = match self.peek() {
            Some(b'{') => Type::Object,
            Some(b'[') => Type::Array,
            _ => return self.scalar(),
        };
        self.container()?;
        Ok(Value { kind, span: Span { start: offset(start), end: offset(self.pos) } })
    }

    /// Passes an object and hands each member's key and value to `member`.
    pub(crate) fn members(&mut self, mut member: impl FnMut(Span, Value)) -> Result<(), DecodeError> {
        self.skip_whitespace();
        self.expect(b'{')?;
        self.entered += 1;
        self.skip_whitespace();
        if self.take(b'}') {
            return Ok(());
        }
        loop {
            self.skip_whitespace();
            let key = self.string()?;
            self.skip_whitespace();
            self.expect(b':')?;
            member(key, self.value()?);
            self.skip_whitespace();
            if self.take(b'}') {
                return Ok(());
            }
            self.expect(b',')?;
        }
    }

    /// Passes an array, whose elements `element` passes one by one.
    pub(crate) fn elements(
        &mut self,
        mut element: impl FnMut(&mut Self) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        self.skip_whitespace();
        self.expect(b'[')?;
        self.entered += 1;
        self.skip_whitespace();
        if self.take(b']') {
            return Ok(());
        }
        loop {
            element(self)?;
            self.skip_whitespace();
            if self.take(b']') {
                return Ok(());
            }
            self.expect(b',')?;
        }
    }

    /// Passes whitespace; returns where the next value starts, and whether it is an array.
    pub(crate) fn at_array(&mut self) -> (u32, bool) {
        self.skip_whitespace();
        (offset(self.pos), self.peek() == Some(b'['))
    }

    /// Passes trailing whitespace; anything else is an error.
    pub(crate) fn finish(mut self) -> Result<(), DecodeError> {
        self.skip_whitespace();
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.error(DecodeErrorKind::TrailingBytes)),
        }
    }

    /// Passes an array or object with all it holds. `objects` is a stack of bits, one per open container: 1
    /// for an object.
    fn container(&mut self) -> Result<(), DecodeError> {
        let mut objects = 0_u64;
        let mut depth = self.entered;
        let mut expect = Expect::Value;
        loop {
            self.skip_whitespace();
            let byte = self.peek();
            match (&expect, byte) {
                (Expect::Value | Expect::ValueOrEnd, Some(open @ (b'{' | b'['))) => {
                    if depth == DEPTH_MAX {
                        return Err(self.error(DecodeErrorKind::TooDeep));
                    }
                    self.pos += 1;
                    depth += 1;
                    objects = objects << 1 | u64::from(open == b'{');
                    expect = if open == b'{' { Expect::KeyOrEnd } else { Expect::ValueOrEnd };
                    continue;
                }
                (Expect::KeyOrEnd | Expect::CommaOrEnd, Some(b'}')) if objects & 1 == 1 => {}
                (Expect::ValueOrEnd | Expect::CommaOrEnd, Some(b']')) if objects & 1 == 0 => {}
                (Expect::CommaOrEnd, Some(b',')) => {
                    self.pos += 1;
                    expect = if objects & 1 == 1 { Expect::Key } else { Expect::Value };
                    continue;
                }
                (Expect::Key | Expect::KeyOrEnd, _) => {
                    self.string()?;
                    self.skip_whitespace();
                    self.expect(b':')?;
                    expect = Expect::Value;
                    continue;
                }
                (Expect::Value | Expect::ValueOrEnd, _) => {
                    self.scalar()?;
                    expect = Expect::CommaOrEnd;
                    continue;
                }
                (Expect::CommaOrEnd, _) => return Err(self.unexpected()),
            }
            self.pos += 1;
            depth -= 1;
            objects >>= 1;
            if depth == self.entered {
                return Ok(());
            }
            expect = Expect::CommaOrEnd;
        }
    }

    /// Passes a string, number, or one of the three words.
    fn scalar(&mut self) -> Result<Value, DecodeError> {
        let start = self.pos;
        let kind = match self.peek() {
            Some(b'"') => return Ok(Value { kind: Type::String, span: self.string()? }),
            Some(b'-' | b'0'..=b'9') => {
                self.number()?;
                Type::Number
            }
            Some(b't') => self.word(b"true", Type::True)?,
            Some(b'f') => self.word(b"false", Type::False)?,
            Some(b'n') => self.word(b"null", Type::Null)?,
            _ => return Err(self.unexpected()),
        };
        Ok(Value { kind, span: Span { start: offset(start), end: offset(self.pos) } })
    }

    fn word(&mut self, word: &[u8], kind: Type) -> Result<Type, DecodeError> {
        for &byte in word {
            self.expect(byte)?;
        }
        Ok(kind)
    }

    fn number(&mut self) -> Result<(), DecodeError> {
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _sign = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        Ok(())
    }

    /// Passes at least one digit.
    fn digits(&mut self) -> Result<(), DecodeError> {
        let Some(b'0'..=b'9') = self.peek() else { return Err(self.unexpected()) };
        while let Some(b'0'..=b'9') = self.peek() {
            self.pos += 1;
        }
        Ok(())
    }

    /// Passes a string; the span returned lies inside its quotes.
    fn string(&mut self) -> Result<Span, DecodeError> {
        self.expect(b'"')?;
        let start = self.pos;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.escape()?,
                Some(0x20..) => self.pos += 1,
                _ => return Err(self.unexpected()),
            }
        }
        let span = Span { start: offset(start), end: offset(self.pos) };
        self.pos += 1;
        Ok(span)
    }

    /// Passes an escape sequence. A surrogate must be one half of a pair, else it names no character.
    fn escape(&mut self) -> Result<(), DecodeError> {
        let start = self.pos;
        self.pos += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.pos += 1;
                Ok(())
            }
            Some(b'u') => {
                self.pos += 1;
                let first = self.hex()?;
                if !(0xD800..0xE000).contains(&first) {
                    return Ok(());
                }
                self.expect(b'\\')?;
                self.expect(b'u')?;
                let second = self.hex()?;
                if first < 0xDC00 && (0xDC00..0xE000).contains(&second) {
                    return Ok(());
                }
                Err(DecodeError { at: offset(start), kind: DecodeErrorKind::Syntax })
            }
            _ => Err(self.unexpected()),
        }
    }

    /// Passes four hexadecimal digits.
    fn hex(&mut self) -> Result<u16, DecodeError> {
        let mut unit = 0;
        for _ in 0..4 {
            let Some(digit) = self.peek().and_then(hex_digit) else { return Err(self.unexpected()) };
            unit = unit << 4 | u16::from(digit);
            self.pos += 1;
        }
        Ok(unit)
    }

    fn skip_whitespace(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.pos += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.frame.get(self.pos).copied()
    }

    /// Passes `byte` if it is next.
    fn take(&mut self, byte: u8) -> bool {
        let taken = self.peek() == Some(byte);
        self.pos += usize::from(taken);
        taken
    }

    fn expect(&mut self, byte: u8) -> Result<(), DecodeError> {
        if self.take(byte) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn unexpected(&self) -> DecodeError {
        self.error(match self.peek() {
            Some(_) => DecodeErrorKind::Syntax,
            None => DecodeErrorKind::Truncated,
        })
    }

    fn error(&self, kind: DecodeErrorKind) -> DecodeError {
        DecodeError { at: offset(self.pos), kind }
    }
}

fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// The bytes that the inside of a valid string stands for, escapes resolved.
#[derive(Clone, Debug)]
pub(crate) struct Text<'f> {
    raw: &'f [u8],
    /// Bytes of the last `\u` escape that are still to come.
    pending: [u8; 4],
    /// In `0..=4`: how many of them are left, at the end of the array.
    left: usize,
}

impl<'f> Text<'f> {
    /// The text between two quotes; `raw` has passed [`Cursor::value`].
    pub(crate) const fn new(raw: &'f [u8]) -> Self {
        Self { raw, pending: [0; 4], left: 0 }
    }

    /// The text itself, if it holds no escapes.
    pub(crate) fn plain(&self) -> Option<&'f [u8]> {
        if self.raw.contains(&b'\\') { None } else { Some(self.raw) }
    }

    /// Whether the text is `other`.
    pub(crate) fn is(&self, other: &[u8]) -> bool {
        self.clone().eq(other.iter().copied())
    }

    fn take(&mut self) -> Option<u8> {
        let (&byte, rest) = self.raw.split_first()?;
        self.raw = rest;
        Some(byte)
    }

    fn hex(&mut self) -> Option<u32> {
        let mut unit = 0;
        for _ in 0..4 {
            unit = unit << 4 | u32::from(hex_digit(self.take()?)?);
        }
        Some(unit)
    }

    /// Resolves the four digits after `\u`, and the second half of a surrogate pair with them.
    fn unicode(&mut self) -> Option<u8> {
        let first = self.hex()?;
        let code = if (0xD800..0xDC00).contains(&first) {
            self.raw = self.raw.get(2..)?;
            0x1_0000 + ((first - 0xD800) << 10 | self.hex()?.checked_sub(0xDC00)?)
        } else {
            first
        };
        let mut utf8 = [0; 4];
        let length = char::from_u32(code)?.encode_utf8(&mut utf8).len();
        utf8.rotate_left(length);
        self.pending = utf8;
        self.left = length;
        self.next()
    }
}

impl Iterator for Text<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        if self.left > 0 {
            let byte = self.pending.get(self.pending.len() - self.left).copied();
            self.left -= 1;
            return byte;
        }
        match self.take()? {
            b'\\' => Some(match self.take()? {
                b'b' => 8,
                b'f' => 12,
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'u' => return self.unicode(),
                same => same,
            }),
            byte => Some(byte),
        }
    }
}
