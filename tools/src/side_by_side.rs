//! A table of runs side by side, made from the JSON of each line.

use ballast_model::Money;
use serde_json::Value;
use std::fmt::Write as _;

use crate::amounts;

/// One line.
pub(crate) struct Line {
    /// All that is known of it.
    pub(crate) json: Value,
    /// The currency of its amounts.
    pub(crate) currency: String,
    /// The amounts shown, for the digits they need.
    pub(crate) amounts: Vec<Money>,
}

/// How a column shows what it finds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Words, which begin at the left.
    Words,
    /// Whole numbers, and numbers that are text already.
    Plain,
    /// With as many digits behind the point as the amounts of its currency need.
    Money,
    /// With so many digits behind the point.
    Digits(usize),
}

/// A column: heading, where in the JSON, how.
pub(crate) type Column = (&'static str, &'static str, Shown);

/// The lines below their headings; what a line has not is a dash.
pub(crate) fn table<const N: usize>(columns: &[Column; N], lines: &[Line]) -> String {
    let mut cells = vec![columns.map(|(heading, ..)| heading.to_owned())];
    for line in lines {
        let same = lines.iter().filter(|other| other.currency == line.currency);
        let amounts: Vec<Money> = same.flat_map(|other| other.amounts.iter().copied()).collect();
        let money_digits = usize::try_from(amounts::digits(&amounts)).unwrap_or(0);
        cells.push(columns.map(|(_, key, shown)| match line.json.pointer(key) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => {
                let real = number.as_f64().unwrap_or(f64::NAN);
                match shown {
                    Shown::Words | Shown::Plain => number.to_string(),
                    Shown::Money => format!("{real:.money_digits$}"),
                    Shown::Digits(digits) => format!("{real:.digits$}"),
                }
            }
            Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) | None => "-".to_owned(),
        }));
    }
    let widths: [usize; N] = std::array::from_fn(|column| {
        let lengths = cells.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count());
        lengths.max().unwrap_or(0)
    });
    let mut text = String::new();
    for line in &cells {
        for ((cell, (.., shown)), width) in line.iter().zip(columns).zip(widths) {
            // Writing to a string cannot fail.
            let _ = if *shown == Shown::Words {
                write!(text, "{cell:<width$}  ")
            } else {
                write!(text, "{cell:>width$}  ")
            };
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn line(json: Value, currency: &str, units: i128) -> Line {
        Line { json, currency: currency.to_owned(), amounts: vec![Money(units * Money::ONE.0)] }
    }

    #[test]
    fn cells_are_as_wide_as_their_column_and_what_is_missing_is_a_dash() {
        let columns =
            [("a", "/a", Shown::Words), ("b", "/b", Shown::Plain), ("number", "/n/x", Shown::Digits(2))];
        let lines = [json!({ "a": "long", "b": 7, "n": { "x": 1.234 } }), json!({ "a": "z", "n": null })];
        let expected = "a     b  number\nlong  7    1.23\nz     -       -\n";
        assert_eq!(table(&columns, &lines.map(|json| line(json, "USDT", 1))), expected);
    }

    #[test]
    fn amounts_have_the_digits_of_their_currency() {
        let columns = [("net", "/net", Shown::Money)];
        let lines = [(12_345, "JPY"), (1, "JPY"), (2, "USDT")];
        let lines = lines.map(|(net, currency)| line(json!({ "net": net }), currency, net.into()));
        assert_eq!(table(&columns, &lines), "     net\n12345.00\n    1.00\n 2.00000\n");
    }
}
