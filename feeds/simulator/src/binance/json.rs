//! JSON as the venue writes it: fields in its order, decimals as strings.

use std::fmt::{Display, Write};

/// An object being written.
#[derive(Debug)]
pub(super) struct Obj(String);

impl Obj {
    pub(super) fn new() -> Self {
        Self(String::from("{"))
    }

    fn key(&mut self, key: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0.push('"');
        self.0.push_str(key);
        self.0.push_str("\":");
    }

    /// A string field.
    pub(super) fn text(mut self, key: &str, value: &str) -> Self {
        self.key(key);
        self.0.push_str(&quoted(value));
        self
    }

    /// A field that is written as it prints: a number, a flag, or JSON already.
    pub(super) fn put(mut self, key: &str, value: impl Display) -> Self {
        self.key(key);
        // Writing to a string does not fail.
        let _ = write!(self.0, "{value}");
        self
    }

    pub(super) fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

/// A JSON string.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// An array of JSON values.
pub(super) fn list<I: IntoIterator<Item = String>>(items: I) -> String {
    let mut out = String::from("[");
    for item in items {
        if out.len() > 1 {
            out.push(',');
        }
        out.push_str(&item);
    }
    out.push(']');
    out
}
