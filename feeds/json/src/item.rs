//! Any JSON text, member by member: for messages that come seldom and in many shapes, such as answers to requests and
//! news of an account.
//!
//! The whole text is checked once; then its values are picked where they lie. Nothing is copied and nothing allocated.
//! Never here: the hot layouts of market data, which have the walker.

use crate::grid::Decimal;
use crate::syntax::{Cursor, Text, Type, Value};
use crate::{DecodeError, DecodeErrorKind, Grid, NumberError};

/// One value of a well-formed JSON text.
///
/// Values of another type than the one asked for, and what is not there, are all `None`: the caller knows what it needs.
#[derive(Clone, Copy, Debug)]
pub struct Item<'f> {
    frame: &'f [u8],
    value: Value,
}

impl<'f> Item<'f> {
    /// Checks a whole text and returns its value.
    ///
    /// # Errors
    /// [`DecodeError`]: the text is no JSON.
    pub fn read(frame: &'f [u8]) -> Result<Self, DecodeError> {
        if u32::try_from(frame.len()).is_err() {
            return Err(DecodeError { at: 0, kind: DecodeErrorKind::FrameTooLong });
        }
        if let Err(error) = core::str::from_utf8(frame) {
            let at = crate::syntax::offset(error.valid_up_to());
            return Err(DecodeError { at, kind: DecodeErrorKind::Utf8 });
        }
        let mut cursor = Cursor::new(frame, 0);
        let value = cursor.value()?;
        cursor.finish()?;
        Ok(Self { frame, value })
    }

    /// Hands each member of an object to `member`, in the text's order: its key as it stands between the quotes, and its
    /// value. Keys with escapes come with them, and so equal none that a caller knows. Does nothing with other values.
    pub fn members(self, mut member: impl FnMut(&'f [u8], Self)) {
        if self.value.kind == Type::Object {
            let frame = self.frame;
            let passed = self.cursor().members(|key, value| {
                member(key.of(frame).unwrap_or_default(), Self { frame, value });
            });
            debug_assert_eq!(passed, Ok(()), "the text was checked");
        }
    }

    /// Hands each element of an array to `element`, in the text's order. Does nothing with other values.
    pub fn elements(self, mut element: impl FnMut(Self)) {
        if self.value.kind == Type::Array {
            let frame = self.frame;
            let passed = self.cursor().elements(|cursor| {
                element(Self { frame, value: cursor.value()? });
                Ok(())
            });
            debug_assert_eq!(passed, Ok(()), "the text was checked");
        }
    }

    /// The value under the first member called `key`.
    #[must_use]
    pub fn member(self, key: &[u8]) -> Option<Self> {
        let mut found = None;
        self.members(|name, value| {
            if name == key && found.is_none() {
                found = Some(value);
            }
        });
        found
    }

    /// Whether it is an object.
    #[must_use]
    pub fn is_object(self) -> bool {
        self.value.kind == Type::Object
    }

    /// Whether it is an array.
    #[must_use]
    pub fn is_array(self) -> bool {
        self.value.kind == Type::Array
    }

    /// The inside of a string without escapes.
    #[must_use]
    pub fn text(self) -> Option<&'f str> {
        if self.value.kind != Type::String {
            return None;
        }
        core::str::from_utf8(Text::new(self.value.span.of(self.frame)?).plain()?).ok()
    }

    /// A word that says yes or no.
    #[must_use]
    pub fn truth(self) -> Option<bool> {
        match self.value.kind {
            Type::True => Some(true),
            Type::False => Some(false),
            Type::Object | Type::Array | Type::String | Type::Number | Type::Null => None,
        }
    }

    /// A number without sign, fraction and exponent.
    #[must_use]
    pub fn unsigned(self) -> Option<u64> {
        u64::try_from(self.signed128()?).ok()
    }

    /// A number without fraction and exponent.
    #[must_use]
    pub fn signed(self) -> Option<i64> {
        i64::try_from(self.signed128()?).ok()
    }

    fn signed128(self) -> Option<i128> {
        let digits = self.value.span.of(self.frame)?;
        if self.value.kind != Type::Number || digits.contains(&b'.') {
            return None;
        }
        let decimal = Decimal::read(digits.iter().copied(), 0).ok()?;
        let magnitude = i128::from(decimal.units().ok()?);
        Some(if decimal.negative { -magnitude } else { magnitude })
    }

    /// How many steps of `grid` a decimal is, in a string or bare.
    ///
    /// # Errors
    /// [`NumberError`].
    pub fn steps(self, grid: Grid) -> Result<u64, NumberError> {
        grid.parse(self.decimal_text()?)
    }

    /// A signed decimal, in a string or bare, in units of 10⁻⁸.
    ///
    /// # Errors
    /// [`NumberError`]; [`NumberError::OffGrid`] where it is finer than that.
    pub fn e8(self) -> Result<i64, NumberError> {
        let decimal = Decimal::read(self.decimal_text()?.iter().copied(), crate::E8::GRID.scale())?;
        let magnitude = i64::try_from(decimal.units()?).map_err(|_| NumberError::TooLarge)?;
        Ok(if decimal.negative { -magnitude } else { magnitude })
    }

    /// A signed decimal, in a string or bare, as steps of `grid`.
    ///
    /// # Errors
    /// [`NumberError`].
    pub fn signed_steps(self, grid: Grid) -> Result<i64, NumberError> {
        let text = self.decimal_text()?;
        let magnitude = grid.parse(text.strip_prefix(b"-").unwrap_or(text))?;
        let magnitude = i64::try_from(magnitude).map_err(|_| NumberError::TooLarge)?;
        Ok(if text.starts_with(b"-") { -magnitude } else { magnitude })
    }

    fn decimal_text(self) -> Result<&'f [u8], NumberError> {
        match self.value.kind {
            Type::String | Type::Number => self.value.span.of(self.frame).ok_or(NumberError::Bad),
            Type::Object | Type::Array | Type::True | Type::False | Type::Null => Err(NumberError::Bad),
        }
    }

    fn cursor(&self) -> Cursor<'f> {
        Cursor::new(self.frame, usize::try_from(self.value.span.start).unwrap_or(usize::MAX))
    }
}

#[cfg(test)]
mod tests;
