//! A table of JSON objects, one row each.

use serde_json::Value;
use std::fmt::Write as _;

/// A column: heading, where in the JSON, digits behind the point of numbers that are no text.
pub(crate) type Column = (&'static str, &'static str, usize);

/// The first two columns are words and stand left, the others are numbers and stand right.
pub(crate) fn table<const N: usize>(columns: &[Column; N], rows: impl Iterator<Item = Value>) -> String {
    let mut cells = vec![columns.map(|(heading, ..)| heading.to_owned())];
    cells.extend(rows.map(|row| {
        columns.map(|(_, key, digits)| match row.pointer(key) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => format!("{:.digits$}", number.as_f64().unwrap_or(f64::NAN)),
            Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) | None => "-".to_owned(),
        })
    }));
    let width = |column: usize| {
        let lengths = cells.iter().filter_map(|line| line.get(column)).map(|cell| cell.chars().count());
        lengths.max().unwrap_or(0)
    };
    let mut text = String::new();
    for line in &cells {
        for (column, cell) in line.iter().enumerate() {
            // Writing to a string cannot fail.
            let _ = if column < 2 {
                write!(text, "{cell:<0$}  ", width(column))
            } else {
                write!(text, "{cell:>0$}  ", width(column))
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

    #[test]
    fn cells_are_as_wide_as_their_column_and_what_is_missing_is_a_dash() {
        let columns = [("a", "/a", 0), ("b", "/b", 0), ("number", "/n/x", 2)];
        let rows = [json!({ "a": "long", "b": "y", "n": { "x": 1.234 } }), json!({ "a": "z", "n": null })];
        let expected = "a     b  number\nlong  y    1.23\nz     -       -\n";
        assert_eq!(table(&columns, rows.into_iter()), expected);
    }
}
