//! The parameters of a request, decoded: from a query and a form body, or from the JSON of the WebSocket API.

use std::str::FromStr;

use serde_json::{Map, Value};

use super::refusal::Refusal;

/// Names and values in the order they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    pub(super) fn of_form(query: &str, body: &str) -> Self {
        let pairs = query.split('&').chain(body.split('&')).filter(|pair| !pair.is_empty());
        Self(
            pairs
                .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
                .map(|(name, value)| (unescaped(name), unescaped(value)))
                .collect(),
        )
    }

    pub(super) fn of_json(fields: &Map<String, Value>) -> Self {
        Self(fields.iter().map(|(name, value)| (name.clone(), plain(value))).collect())
    }

    pub(super) const fn of_pairs(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    pub(super) fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// A value that was sent and is not empty. The case of its name does not matter: clients write `orderidlist`.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    pub(super) fn need(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name).ok_or_else(|| Refusal::missing(name))
    }

    /// A whole number, in whatever range its type has.
    pub(super) fn number<T: FromStr>(&self, name: &str) -> Result<Option<T>, Refusal> {
        let number = |text: &str| text.parse().map_err(|_| Refusal::illegal(name, r"^[0-9]{1,20}$"));
        self.get(name).map(number).transpose()
    }

    pub(super) fn is(&self, name: &str, value: &str) -> bool {
        self.get(name).is_some_and(|sent| sent.eq_ignore_ascii_case(value))
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// Percent signs and plus signs of a form undone; what is no escape stays as it is.
pub(super) fn unescaped(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    loop {
        rest = match rest {
            [b'%', high, low, behind @ ..] if let Some(byte) = hex(*high, *low) => {
                out.push(byte);
                behind
            }
            [b'+', behind @ ..] => {
                out.push(b' ');
                behind
            }
            [byte, behind @ ..] => {
                out.push(*byte);
                behind
            }
            [] => return String::from_utf8_lossy(&out).into_owned(),
        };
    }
}

fn hex(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_decode_and_json_is_told_apart_by_nothing() {
        let form = Params::of_form("a=1&b=x%2By%3D", "c=+&d=%zz");
        let got: Vec<_> = ["a", "b", "c", "d"].iter().map(|name| form.get(name).unwrap()).collect();
        assert_eq!(got, ["1", "x+y=", " ", "%zz"]);
        let json = serde_json::json!({"n": 5, "s": "5", "z": null, "f": 0.25, "b": true});
        let json = Params::of_json(json.as_object().unwrap());
        assert_eq!((json.get("n"), json.get("s"), json.get("z")), (Some("5"), Some("5"), None));
        assert_eq!((json.get("f"), json.get("b")), (Some("0.25"), Some("true")));
        assert_eq!(json.number::<i64>("f").unwrap_err().code, -1100);
        assert_eq!(json.need("z").unwrap_err().code, -1102);
    }
}
