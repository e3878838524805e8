//! Numbers and names as the page shows them.

use ballast_analytics::format::{self, Decimal};
use ballast_model::{Money, Span};

/// Text made safe for element content and quoted attributes.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

/// An exact decimal with thousands separated and a true minus sign.
pub(super) fn decimal(value: Decimal) -> String {
    grouped(&value.to_string())
}

/// A whole number with thousands separated.
pub(super) fn whole(number: usize) -> String {
    grouped(&number.to_string())
}

/// A float rounded to `digits` behind the point, thousands separated.
pub(super) fn float(value: f64, digits: usize) -> String {
    grouped(&format!("{value:.digits$}"))
}

/// A share in percent, one digit.
pub(super) fn percent(share: f64) -> String {
    format!("{}%", float(share * 100.0, 1))
}

/// A span of at least zero in the two units that matter: `5 min 44 s`.
pub(super) fn span(span: Span) -> String {
    let millis = span.0 / 1_000_000;
    let (seconds, minutes, hours, days) =
        (millis / 1_000, millis / 60_000, millis / 3_600_000, millis / 86_400_000);
    if days > 0 {
        format!("{days} d {} h", hours % 24)
    } else if hours > 0 {
        format!("{hours} h {} min", minutes % 60)
    } else if minutes > 0 {
        format!("{minutes} min {} s", seconds % 60)
    } else if millis % 1_000 == 0 {
        format!("{seconds} s")
    } else {
        format!("{seconds}.{:03} s", millis % 1_000)
    }
}

/// An amount rounded for reading to `digits` behind the point.
pub(super) fn money(amount: Money, digits: u32) -> String {
    decimal(format::money(amount).rounded(digits))
}

/// Puts separators into the whole part of a plain decimal and a minus sign before it; zero carries no sign.
fn grouped(plain: &str) -> String {
    let (negative, digits) = plain.strip_prefix('-').map_or((false, plain), |digits| (true, digits));
    let (whole, fraction) =
        digits.split_once('.').map_or((digits, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut out = String::with_capacity(plain.len() + plain.len() / 3 + 3);
    if negative && digits.bytes().any(|digit| digit.is_ascii_digit() && digit != b'0') {
        out.push('\u{2212}');
    }
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(decimal(Decimal { units: -123_456_789, scale: 2 }), "\u{2212}1,234,567.89");
        assert_eq!(float(-0.001, 2), "0.00");
        assert_eq!(float(999.95, 1), "1,000.0");
        assert_eq!(whole(1_000), "1,000");
        assert_eq!(percent(0.1234), "12.3%");
    }

    #[test]
    fn amounts_are_rounded_and_grouped() {
        assert_eq!(money(Money(1_234_565_000_000_000_000_000), 2), "1,234.57");
    }

    #[test]
    fn spans_read_well() {
        assert_eq!(span(Span::from_millis(1_234)), "1.234 s");
        assert_eq!(span(Span::from_secs(17)), "17 s");
        assert_eq!(span(Span::from_secs(344)), "5 min 44 s");
        assert_eq!(span(Span::from_secs(2 * 86_400 + 3_600)), "2 d 1 h");
    }

    #[test]
    fn markup_is_escaped() {
        assert_eq!(escape("<a href='x'>&\"</a>"), "&lt;a href=&#39;x&#39;&gt;&amp;&quot;&lt;/a&gt;");
    }
}
