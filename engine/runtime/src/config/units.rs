//! Values with their unit, as configuration writes them.

use ballast_model::{Money, Rate, Span, Step};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use std::borrow::Cow;

/// A span of time written with its unit: `"250us"`, `"-1.5s"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Duration(Span);

impl Duration {
    /// A duration in milliseconds.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(Span::from_millis(millis))
    }

    /// The span.
    #[must_use]
    pub const fn span(self) -> Span {
        self.0
    }
}

/// Units and their nanoseconds as powers of ten; longer suffixes first where one ends another.
const UNITS: [(&str, u8); 4] = [("ns", 0), ("us", 3), ("ms", 6), ("s", 9)];

impl TryFrom<String> for Duration {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let refusal =
            || format!("`{text}` is no duration; write a number and ns, us, ms or s, such as \"250us\"");
        let (sign, unsigned) = text.strip_prefix('-').map_or((1, text.as_str()), |rest| (-1, rest));
        let (number, scale) = UNITS
            .iter()
            .find_map(|(unit, scale)| Some((unsigned.strip_suffix(unit)?, *scale)))
            .ok_or_else(refusal)?;
        let nanos = Step { mantissa: 1, scale }.steps_floor(number).ok_or_else(refusal)?;
        let exact = number.split_once('.').is_none_or(|(_, fraction)| fraction.len() <= usize::from(scale));
        if exact { Ok(Self(Span(sign * nanos))) } else { Err(format!("`{text}` is finer than a nanosecond")) }
    }
}

/// Basis points, to a ten-thousandth: `-0.5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "f64")]
pub struct Bps(Rate);

impl Bps {
    /// The rate.
    #[must_use]
    pub const fn rate(self) -> Rate {
        self.0
    }
}

impl Bps {
    /// So many whole basis points.
    pub(crate) const fn whole(bps: i64) -> Self {
        Self(Rate::from_bps(bps))
    }
}

impl TryFrom<f64> for Bps {
    type Error = String;

    #[expect(clippy::cast_possible_truncation, reason = "whole and within 10^8 where the cast is reached")]
    fn try_from(bps: f64) -> Result<Self, String> {
        let scaled = (bps * 10_000.0).round();
        if !bps.is_finite() || scaled.abs() > 1e8 || (scaled - bps * 10_000.0).abs() > 1e-6 {
            return Err(format!("{bps} must be within 10 000 basis points and a multiple of 0.0001"));
        }
        Ok(Self(Rate(scaled as i64)))
    }
}

/// A decimal above zero written as text so that nothing is rounded: `"0.001"`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Decimal {
    text: String,
    step: Step,
}

impl Decimal {
    /// As the step it is when it gives a grid.
    #[must_use]
    pub const fn step(&self) -> Step {
        self.step
    }

    /// As an amount of money.
    #[must_use]
    pub const fn money(&self) -> Money {
        Money(self.step.mantissa as i128 * 10i128.pow(Money::SCALE - self.step.scale as u32))
    }

    /// In whole steps of a grid; `None` where it lies between two.
    #[must_use]
    pub fn steps(&self, grid: Step) -> Option<i64> {
        let steps = grid.steps_floor(&self.text)?;
        // Exact where steps · grid is the decimal again.
        let left = i128::from(steps) * i128::from(grid.mantissa) * 10i128.pow(u32::from(self.step.scale));
        let right = i128::from(self.step.mantissa) * 10i128.pow(u32::from(grid.scale));
        (left == right).then_some(steps)
    }
}

impl TryFrom<String> for Decimal {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let step = Step::parse(&text).ok_or_else(|| {
            format!("`{text}` is no decimal; write digits above zero as text, such as \"0.001\"")
        })?;
        Ok(Self { text, step })
    }
}

/// What there is of an asset, zero or above, written as text so that nothing is rounded: `"0"`, `"0.001"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Balance(Money);

impl Balance {
    /// As an amount of money.
    #[must_use]
    pub const fn money(self) -> Money {
        self.0
    }
}

impl TryFrom<String> for Balance {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let is_zero = |digits: &str| !digits.is_empty() && digits.bytes().all(|digit| digit == b'0');
        if text.split('.').count() <= 2 && text.split('.').all(is_zero) {
            return Ok(Self(Money::ZERO));
        }
        let amount = Decimal::try_from(text.clone()).map_err(|_| {
            format!("`{text}` is no balance; write digits as text, such as \"0\" or \"0.001\"")
        })?;
        Ok(Self(amount.money()))
    }
}

impl JsonSchema for Balance {
    fn schema_name() -> Cow<'static, str> {
        "Balance".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A decimal from zero up as text, such as \"0\" or \"0.001\"",
            "type": "string",
            "pattern": r"^[0-9]+(\.[0-9]+)?$",
        })
    }
}

impl JsonSchema for Duration {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A span of time with its unit, such as \"250us\" or \"-1.5s\"",
            "type": "string",
            "pattern": r"^-?[0-9]+(\.[0-9]+)?(ns|us|ms|s)$",
        })
    }
}

impl JsonSchema for Bps {
    fn schema_name() -> Cow<'static, str> {
        "Bps".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Basis points, a multiple of 0.0001",
            "type": "number",
            "minimum": -10_000,
            "maximum": 10_000,
        })
    }
}

impl JsonSchema for Decimal {
    fn schema_name() -> Cow<'static, str> {
        "Decimal".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A decimal above zero as text, such as \"0.001\"",
            "type": "string",
            "pattern": r"^[0-9]+(\.[0-9]+)?$",
        })
    }
}
