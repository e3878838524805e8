//! Where in a configuration a value stands, and numbers no key may have.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Number of the line, from 1, on which the value of a key begins; of the deepest table on its way where there is no such key.
/// `None` where not even that is there.
///
/// Keys are dotted, tables of an array named by their index: `instrument.0.tick`.
pub(super) fn of_key(text: &str, key: &str) -> Option<usize> {
    let root = DeTable::parse(text).ok()?;
    let mut parts = key.split('.');
    let mut at = member(root.get_ref(), parts.next()?)?;
    for part in parts {
        let inner = match at.get_ref() {
            DeValue::Table(table) => member(table, part),
            DeValue::Array(values) => part.parse().ok().and_then(|index: usize| values.get(index)),
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_) => None,
        };
        at = inner.unwrap_or(at);
    }
    let before = text.get(..at.span().start)?;
    Some(1 + before.bytes().filter(|byte| *byte == b'\n').count())
}

fn member<'t, 'i>(table: &'t DeTable<'i>, name: &str) -> Option<&'t Spanned<DeValue<'i>>> {
    table.iter().find(|(key, _)| key.get_ref() == name).map(|(_, value)| value)
}

/// The key of the first number that is not finite: neither infinities nor NaN mean anything to any key. Keys are as for
/// [`of_key`]. `None` where there is none, and where the text is no TOML.
pub(super) fn not_finite(text: &str) -> Option<String> {
    let root = DeTable::parse(text).ok()?;
    not_finite_in(root.get_ref())
}

fn not_finite_in(table: &DeTable<'_>) -> Option<String> {
    table.iter().find_map(|(key, value)| {
        let below = not_finite_at(value.get_ref())?;
        Some(format!("{}{below}", key.get_ref()))
    })
}

/// What to add to the key of a value to name the number that is not finite; nothing where it is the value itself.
fn not_finite_at(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::Table(table) => not_finite_in(table).map(|key| format!(".{key}")),
        DeValue::Array(values) => (0_usize..).zip(values.iter()).find_map(|(index, value)| {
            let below = not_finite_at(value.get_ref())?;
            Some(format!(".{index}{below}"))
        }),
        DeValue::Float(number) => {
            let finite = number.as_str().parse().is_ok_and(f64::is_finite);
            (!finite).then(String::new)
        }
        DeValue::String(_) | DeValue::Integer(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_not_finite_are_found_wherever_they_stand() {
        for (text, key) in [
            ("a = nan", "a"),
            ("a = 1.0\n[b]\nc = -inf", "b.c"),
            ("a = { b = +nan }", "a.b"),
            ("a = [1.0, [2, inf]]", "a.1.1"),
            ("[[a]]\nb = 1\n[[a]]\nb = 1e999", "a.1.b"),
        ] {
            assert_eq!(not_finite(text).as_deref(), Some(key), "{text}");
        }
        for text in ["", "a = 1", "a = \"nan\"", "nan = -1_0.5e-3", "a = 1e300\n[inf]\nb = [0.0]", "a = "] {
            assert_eq!(not_finite(text), None, "{text}");
        }
    }

    #[test]
    fn values_and_tables_are_found() {
        let text = "a = 1\n[b]\n# remark\nc = [1,\n 2]\nd.e = \"\"\"x\ny\"\"\"\n[[f]]\ng = 1\n[[f]]\ng = 2\n[f.h]\ni = 3\n";
        for (key, line) in [
            ("a", 1),
            ("b", 2),
            ("b.c", 4),
            ("b.c.1", 5),
            ("b.d.e", 6),
            ("f.0.g", 9),
            ("f.1.g", 11),
            ("f.1.h.i", 13),
            ("b.missing", 2),
            ("f.1.missing.more", 10),
        ] {
            assert_eq!(of_key(text, key), Some(line), "{key}");
        }
        assert_eq!(of_key(text, "nothing"), None);
        assert_eq!(of_key("a = ", "a"), None);
    }
}
