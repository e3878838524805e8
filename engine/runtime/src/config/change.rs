//! Changing single values of a configuration by their keys.

use std::path::Path;

use toml::{Table, Value};

use super::{Config, ConfigError};

/// Why a value cannot be put where a key says: the key up to there, and the rule.
type Refusal = (String, String);

impl Config {
    /// This configuration with other values: each change is `key=value`, the key as messages write it (`quoting.model.gamma`,
    /// `instrument.0.tick`), the value as TOML or, where it is none, a text without its quotes; `key=` takes out a key that is set.
    ///
    /// # Errors
    /// [`ConfigError`], naming the key and the rule; no line, since the file does not say it so.
    pub fn changed(&self, path: &Path, changes: &[String]) -> Result<Self, ConfigError> {
        let refused =
            |key: String, rule: String| ConfigError::Rule { path: path.to_owned(), line: None, key, rule };
        let all = || changes.join(" ");
        let mut table: Table =
            self.text.parse().map_err(|error: toml::de::Error| refused(all(), error.message().to_owned()))?;
        for change in changes {
            let Some((key, value)) = change.split_once('=') else {
                return Err(refused(change.clone(), "is no change: write KEY=VALUE".to_owned()));
            };
            put(&mut table, key.trim(), value_of(value.trim())).map_err(|(key, rule)| refused(key, rule))?;
        }
        let text = toml::to_string(&table).map_err(|error| refused(all(), error.to_string()))?;
        let config = Self::parse(&text, path).map_err(|error| match error {
            ConfigError::Malformed { error, .. } => refused(all(), error.message().to_owned()),
            ConfigError::Rule { key, rule, .. } => refused(key, rule),
            ConfigError::Unreadable { .. } => error,
        })?;
        // Lines of a text that nobody wrote help nobody.
        Ok(Self { text: String::new(), set: changes.to_vec(), ..config })
    }

    /// This configuration with the values that `other` was changed by.
    ///
    /// # Errors
    /// As [`Config::changed`].
    pub(crate) fn changed_as(self, other: &Self, path: &Path) -> Result<Self, ConfigError> {
        if other.set.is_empty() { Ok(self) } else { self.changed(path, &other.set) }
    }
}

/// What a value says: TOML, else a text; `None` where it is empty.
fn value_of(text: &str) -> Option<Value> {
    let parsed = format!("value = {text}").parse::<Table>().ok().and_then(|mut table| table.remove("value"));
    parsed.or_else(|| (!text.is_empty()).then(|| Value::String(text.to_owned())))
}

/// Puts a value where a key says, or takes out what is there; tables on the way there that are missing are made.
fn put(table: &mut Table, key: &str, value: Option<Value>) -> Result<(), Refusal> {
    let refused = |depth: usize, rule: String| {
        let upto: Vec<_> = key.split('.').take(depth).collect();
        (upto.join("."), rule)
    };
    let mut parts: Vec<_> = key.split('.').collect();
    let last = parts.pop().filter(|last| !last.is_empty());
    let Some(last) = last else { return Err((key.to_owned(), "is no key".to_owned())) };
    let mut at = table;
    let mut parts = parts.into_iter().enumerate().peekable();
    while let Some((depth, part)) = parts.next() {
        let numbers = |(_, part): &(usize, &str)| part.parse::<usize>().is_ok();
        if !at.contains_key(part) && parts.peek().is_some_and(numbers) {
            return Err(refused(depth + 2, format!("is not there: {part} has 0, numbered from 0")));
        }
        let inner = at.entry(part).or_insert_with(|| Value::Table(Table::new()));
        let inner = match inner {
            Value::Array(values) => {
                let count = values.len();
                let index = parts.next().and_then(|(_, part)| part.parse::<usize>().ok());
                let Some(value) = index.and_then(|index| values.get_mut(index)) else {
                    return Err(refused(
                        depth + 2,
                        format!("is not there: {part} has {count}, numbered from 0"),
                    ));
                };
                value
            }
            Value::Table(_)
            | Value::String(_)
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Boolean(_)
            | Value::Datetime(_) => inner,
        };
        let Value::Table(inner) = inner else {
            return Err(refused(depth + 1, "is a value and has no keys".to_owned()));
        };
        at = inner;
    }
    match value {
        Some(value) => drop(at.insert(last.to_owned(), value)),
        None if at.remove(last).is_none() => {
            return Err((key.to_owned(), "is not set: there is nothing to take out".to_owned()));
        }
        None => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ModelConfig;

    const REPLAY: &str = include_str!("../../../../config/replay.toml");

    fn changed(changes: &[&str]) -> Result<Config, String> {
        let path = Path::new("some.toml");
        let instrument = "[[instrument]]\nsymbol = \"ETHUSDT\"\nmarket = \"usdm\"\n";
        let config = Config::parse(&format!("{REPLAY}\n{instrument}"), path).unwrap();
        let changes: Vec<_> = changes.iter().map(|&change| change.to_owned()).collect();
        config.changed(path, &changes).map_err(|error| error.to_string())
    }

    #[test]
    fn values_are_put_where_their_keys_say() {
        let config = changed(&[
            "venue.cancel_share=0.25",
            "venue.order_latency=3ms",
            "venue.queue.impact = displaces",
            "quoting.model.size={ lots = 7 }",
            "instrument.0.tick=\"0.05\"",
            "quoting.requote=\"50ms\"",
        ])
        .unwrap();
        assert!((config.venue.cancel_share - 0.25).abs() < 1e-12);
        assert_eq!(config.venue.order_latency, crate::config::Duration::from_millis(3));
        assert_eq!(config.venue.queue.impact, crate::config::ImpactConfig::Displaces);
        assert_eq!(config.instrument[0].tick.as_ref().map(|tick| tick.step().mantissa), Some(5));
        assert!(matches!(config.quoting.requote, crate::config::Requote::Every(_)));
        assert_eq!(config.venue.orders_max, 200, "what was not named is as before");
        assert!(changed(&[]).is_ok());
        let endless = changed(&["quoting.model.session="]).unwrap();
        let ModelConfig::AvellanedaStoikov(_, model) = endless.quoting.model else { panic!("another model") };
        assert!(model.session.is_none(), "taken out");
        assert!(changed(&["quoting.model.gamma="]).unwrap_err().contains("missing"), "not all can be");
    }

    #[test]
    fn what_cannot_be_put_is_refused_with_key_and_rule() {
        for (change, parts) in [
            ("quoting.model.gama=1.0", ["quoting.model.gama", "unknown field `gama`"]),
            ("quotes.model=1", ["quotes.model", "unknown field `quotes`"]),
            ("venue.cancel_share=2.0", ["venue.cancel_share", "must be from 0 to 1"]),
            ("venue.order_latency=soon", ["venue.order_latency", "`soon` is no duration"]),
            ("instrument.3.tick=\"1\"", ["instrument.3", "is not there: instrument has 1"]),
            ("instrument.first.tick=\"1\"", ["instrument.first", "is not there"]),
            ("schema.version=1", ["schema", "is a value and has no keys"]),
            ("gamma", ["gamma", "write KEY=VALUE"]),
            ("nonexist=", ["nonexist", "is not set"]),
            ("venue.nonexist=", ["venue.nonexist", "is not set"]),
            ("=3", ["some.toml", "is no key"]),
            ("quoting.=3", ["quoting.", "is no key"]),
        ] {
            let message = changed(&[change]).expect_err(change);
            assert!(message.starts_with("some.toml: ") && !message.contains("line"), "{message}");
            assert!(parts.iter().all(|part| message.contains(part)), "{change}: {parts:?}: {message}");
        }
    }
}
