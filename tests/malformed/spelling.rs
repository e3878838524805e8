//! The same JSON in another hand: whitespace, escapes and another order of fields change nothing but the path it is read by.

use ballast_tests::market::Line;
use serde_json::Value;

use crate::rig::{FUTURES, Read, SPOT, raw, read_lines};

/// Reads the capture with every frame rewritten.
fn rewritten(lines: &[Line], write: impl Fn(&Value) -> String) -> Read {
    let line = |line: &Line| {
        let frame: Value = serde_json::from_str(&line.frame).unwrap();
        format!("{} {}", line.time.0, write(&frame)).into_bytes()
    };
    read_lines(&lines.iter().map(line).collect::<Vec<_>>())
}

/// JSON with `gap` behind each separator, the texts written by `text`.
fn write(value: &Value, gap: &str, text: &impl Fn(&str) -> String) -> String {
    let joined = |parts: Vec<String>| parts.join(&format!(",{gap}"));
    match value {
        Value::String(inner) => format!("\"{}\"", text(inner)),
        Value::Array(items) => {
            format!("[{}]", joined(items.iter().map(|item| write(item, gap, text)).collect()))
        }
        Value::Object(fields) => {
            let field = |(key, value): (&String, &Value)| {
                // The name of a stream tells partial depth from diffs and is compared as it stands.
                let written = match key.as_str() {
                    "stream" => value.to_string(),
                    _ => write(value, gap, text),
                };
                format!("\"{}\":{gap}{written}", text(key))
            };
            format!("{{{gap}{}{gap}}}", joined(fields.iter().map(field).collect()))
        }
        other @ (Value::Null | Value::Bool(_) | Value::Number(_)) => other.to_string(),
    }
}

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("\\u{byte:04X}")).collect()
}

/// Nothing is lost, and every frame is known to have been read the slow way.
fn check(lines: &[Line], found: &Read, story: &str) {
    let whole = read_lines(&raw(lines));
    assert_eq!((found.problems(), found.outcome), (vec![], whole.outcome), "{story}");
    assert_eq!(found.prepared.total(|counters| counters.fallbacks), lines.len() as u64, "{story}");
    assert!(found.outcome.orders > 100, "{story}");
}

#[test]
fn whitespace_between_tokens_loses_nothing() {
    for lines in [&FUTURES, &SPOT] {
        for gap in [" ", "\t", "  \r "] {
            let found = rewritten(lines, |frame| write(frame, gap, &str::to_owned));
            check(lines, &found, &format!("{gap:?}"));
        }
    }
}

#[test]
fn escaped_letters_lose_nothing() {
    for lines in [&FUTURES, &SPOT] {
        check(lines, &rewritten(lines, |frame| write(frame, "", &escaped)), "all texts");
        let symbol = |text: &str| text.replace("ETHUSDT", "\\u0045THUSDT");
        let found = rewritten(lines, |frame| write(frame, "", &symbol));
        let whole = read_lines(&raw(lines));
        assert_eq!((found.problems(), found.outcome), (vec![], whole.outcome), "the symbol alone");
    }
}

#[test]
fn fields_in_another_order_lose_nothing() {
    // Sorted by name, the symbol comes after the levels.
    for lines in [&FUTURES, &SPOT] {
        let (found, whole) = (rewritten(lines, Value::to_string), read_lines(&raw(lines)));
        assert_eq!((found.problems(), found.outcome), (vec![], whole.outcome));
    }
}
