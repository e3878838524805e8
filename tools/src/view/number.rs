//! Numbers as the view writes them.

use ballast_model::Span;

/// An amount in 10⁻⁶: with four digits behind the point, with all where that would be none of them.
pub(crate) fn amount(e6: i64) -> String {
    let (sign, size) = (if e6 < 0 { "-" } else { "" }, e6.unsigned_abs());
    if size > 0 && size < 100 {
        return format!("{sign}0.{size:06}");
    }
    let rounded = size / 100 + u64::from(size % 100 >= 50);
    format!("{sign}{}.{:04}", rounded / 10_000, rounded % 10_000)
}

/// Hundredths of a percent, with the sign of where it lies.
pub(crate) fn basis_points(part: f64, of: f64) -> String {
    let points = part / of * 1e4;
    if !points.is_finite() {
        return "-".to_owned();
    }
    if points.abs() < 1e5 { format!("{points:+.2} bp") } else { format!("{points:+.0e} bp") }
}

/// How long something took, in the unit that leaves three digits.
pub(crate) fn took(span: Span) -> String {
    let ns = span.0;
    let (per, unit) = match ns.unsigned_abs() {
        0..1_000 => return format!("{ns} ns"),
        1_000..1_000_000 => (1e3, "µs"),
        1_000_000..1_000_000_000 => (1e6, "ms"),
        _ => (1e9, "s"),
    };
    let value = ns as f64 / per;
    let digits = match value.abs() {
        small if small < 9.995 => 2,
        small if small < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.digits$} {unit}")
}

/// Hours, minutes and seconds; hours only where there are any.
pub(crate) fn clock(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes:02}:{seconds:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_at_every_end() {
        for (e6, text) in [
            (0, "0.0000"),
            (1, "0.000001"),
            (-99, "-0.000099"),
            (100, "0.0001"),
            (-1_234_550, "-1.2346"),
            (1_234_549, "1.2345"),
            (i64::MAX, "9223372036854.7758"),
            (i64::MIN, "-9223372036854.7758"),
        ] {
            assert_eq!(amount(e6), text);
        }
    }

    #[test]
    fn distances_and_spans_keep_few_digits() {
        assert_eq!(basis_points(-0.5, 2_500.0), "-2.00 bp");
        assert_eq!(basis_points(1e15, 1.0), "+1e19 bp");
        assert_eq!(basis_points(1.0, 0.0), "-");
        for (ns, text) in [
            (0, "0 ns"),
            (999, "999 ns"),
            (1_250, "1.25 µs"),
            (99_960, "100 µs"),
            (-1_500_000, "-1.50 ms"),
            (12_340_000_000, "12.3 s"),
            (i64::MAX, "9223372037 s"),
        ] {
            assert_eq!(took(Span(ns)), text);
        }
        assert_eq!((clock(59), clock(3_661)), ("00:59".to_owned(), "1:01:01".to_owned()));
    }
}
