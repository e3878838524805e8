//! A table as comma-separated text: a header row, then plain exact decimals; a missing value is empty.

use super::table::{Table, Values};
use anyhow::Context as _;
use ballast_analytics::format::{self, Decimal};
use std::fmt::Write as _;

/// The table as CSV (RFC 4180, lines end in a line feed).
///
/// # Errors
/// A column shorter than the table: a defect of the table, not of the run.
pub(super) fn encode(table: &Table<'_>) -> anyhow::Result<String> {
    let mut out = String::with_capacity(table.rows * table.columns.len() * 12);
    for (at, column) in table.columns.iter().enumerate() {
        separate(&mut out, at);
        text(&mut out, &column.name)?;
    }
    out.push('\n');
    for row in 0..table.rows {
        for (at, column) in table.columns.iter().enumerate() {
            separate(&mut out, at);
            value(&mut out, &column.values, row)
                .with_context(|| format!("column {} is too short", column.name))??;
        }
        out.push('\n');
    }
    Ok(out)
}

fn separate(out: &mut String, at: usize) {
    if at > 0 {
        out.push(',');
    }
}

/// Writes one value; `None` where the column has no such row.
fn value(out: &mut String, values: &Values<'_>, row: usize) -> Option<std::fmt::Result> {
    Some(match values {
        Values::Time(times) => write!(out, "{}", times.get(row)?),
        Values::Text(names) => text(out, names.get(row)?),
        Values::Id(ids) => write!(out, "{}", ids.get(row)?),
        Values::Grid { scale, units } => grid(out, *units.get(row)?, *scale),
        Values::Sparse { scale, units } => units.get(row)?.map_or(Ok(()), |units| grid(out, units, *scale)),
        Values::Real(numbers) => numbers.get(row)?.map_or(Ok(()), |number| write!(out, "{number}")),
        Values::Digits(numbers) => numbers.get(row)?.as_ref().map_or(Ok(()), |digits| text(out, digits)),
        Values::Money(amounts) => write!(out, "{:#}", format::money(*amounts.get(row)?)),
    })
}

fn grid(out: &mut String, units: i64, scale: u32) -> std::fmt::Result {
    write!(out, "{:#}", Decimal { units: units.into(), scale })
}

/// Text, quoted where it holds a separator, a quote or a line break.
fn text(out: &mut String, text: &str) -> std::fmt::Result {
    if text.contains([',', '"', '\n', '\r']) {
        write!(out, "\"{}\"", text.replace('"', "\"\""))
    } else {
        out.write_str(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::table::Column;
    use ballast_model::Money;

    #[test]
    fn values_are_exact_and_names_are_quoted() {
        let column = |name: &str, values| Column { name: name.to_owned(), values };
        let table = Table {
            rows: 2,
            columns: vec![
                column("time_ns", Values::Time(vec![-1, 7])),
                column("name", Values::Text(vec!["a,\"b\"", "c"])),
                column("price", Values::Grid { scale: 3, units: vec![2_681_650, -1] }),
                column("bid", Values::Sparse { scale: 1, units: vec![None, Some(15)] }),
                column("fee", Values::Money(vec![Money(-1), Money(Money::ONE.0)])),
            ],
        };
        let expected = "time_ns,name,price,bid,fee\n-1,\"a,\"\"b\"\"\",2681.65,,-0.000000000000000001\n7,c,-0.001,1.5,1\n";
        assert_eq!(encode(&table).unwrap(), expected);
    }

    #[test]
    fn a_short_column_is_an_error() {
        let table =
            Table { rows: 1, columns: vec![Column { name: "id".to_owned(), values: Values::Id(vec![]) }] };
        assert!(encode(&table).is_err());
    }
}
