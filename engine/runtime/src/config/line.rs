//! Where in a configuration a value stands.

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

#[cfg(test)]
mod tests {
    use super::*;

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
