//! What clients say on stream connections: which streams they want.

use serde_json::{Map, Value};

use super::connection::{Connection, Purpose};
use super::json::{Obj, list, quoted};

/// Most streams of one connection.
const STREAMS_MAX: usize = 1_024;

/// Does what a control message asks; returns the answer.
pub(super) fn control(connection: &mut Connection, text: &[u8]) -> String {
    let request: Map<String, Value> = match serde_json::from_slice(text) {
        Ok(Value::Object(request)) => request,
        _ => return error("null", 3, "Invalid JSON: expected value at line 1 column 1"),
    };
    let id = request.get("id").map_or_else(|| "null".to_owned(), Value::to_string);
    let Some(method) = request.get("method").and_then(Value::as_str) else {
        return error(&id, 2, "Invalid request: missing field `method`");
    };
    let params = request.get("params").and_then(Value::as_array);
    let names =
        || -> Option<Vec<String>> { params?.iter().map(|name| name.as_str().map(str::to_owned)).collect() };
    match method {
        "SUBSCRIBE" | "UNSUBSCRIBE" => {
            let Some(names) = names() else {
                return error(&id, 2, "Invalid request: request params must be an array of strings");
            };
            if method == "UNSUBSCRIBE" {
                connection.streams.retain(|name| !names.contains(name));
            } else if connection.streams.len() + names.len() > STREAMS_MAX {
                return error(&id, 2, "Invalid request: too many streams");
            } else {
                connection.streams.extend(names);
            }
            result(&id, "null")
        }
        "LIST_SUBSCRIPTIONS" => result(&id, &list(connection.streams.iter().map(|name| quoted(name)))),
        "GET_PROPERTY" | "SET_PROPERTY" => property(connection, &id, method, params),
        _ => error(
            &id,
            2,
            "Invalid request: unknown variant, expected one of `SUBSCRIBE`, `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`, \
             `SET_PROPERTY`, `GET_PROPERTY`",
        ),
    }
}

fn property(connection: &mut Connection, id: &str, method: &str, params: Option<&Vec<Value>>) -> String {
    let (name, value) = params.map_or((None, None), |params| (params.first(), params.get(1)));
    let Purpose::Streams { wrapped, .. } = &mut connection.purpose else {
        return error(id, 2, "Invalid request: no streams here");
    };
    match (name.and_then(Value::as_str), method, value.and_then(Value::as_bool)) {
        (Some("combined"), "GET_PROPERTY", _) => result(id, &wrapped.to_string()),
        (Some("combined"), _, Some(value)) => {
            *wrapped = value;
            result(id, "null")
        }
        _ => error(id, 0, "Unknown property"),
    }
}

fn result(id: &str, result: &str) -> String {
    Obj::new().put("result", result).put("id", id).end()
}

fn error(id: &str, code: i32, msg: &str) -> String {
    let error = Obj::new().put("code", code).text("msg", msg).end();
    Obj::new().put("error", error).put("id", id).end()
}
