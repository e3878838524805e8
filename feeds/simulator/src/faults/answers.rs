//! Answers of a venue that does not know what became of a request.
//!
//! Sources: Binance spot `errors.md` (−1000, −1007) and USD-M general information (503 by its message).

use serde_json::Value;

use super::rule::Kind;
use crate::seam::{HttpReply, HttpRequest};

const TIMEOUT: (u16, i32, &str) = (
    408,
    -1007,
    "Timeout waiting for response from backend server. Send status unknown; execution status unknown.",
);
const UNAVAILABLE: (u16, i32, &str) =
    (503, -1000, "Unknown error, please check your request or try again later.");

/// Methods of the WebSocket API that change an order.
const METHODS: [&str; 7] = [
    "order.place",
    "order.cancel",
    "order.modify",
    "order.cancelReplace",
    "order.amend.keepPriority",
    "openOrders.cancelAll",
    "orderList.cancel",
];

/// Whether a request changes an order.
pub(super) fn is_order(request: &HttpRequest) -> bool {
    let last = request.path.rsplit('/').next().unwrap_or_default();
    let paths = ["order", "batchOrders", "allOpenOrders", "openOrders", "cancelReplace", "keepPriority"];
    matches!(&*request.method, "POST" | "PUT" | "DELETE") && paths.contains(&last)
}

/// Whether a request asks for the book.
pub(super) fn is_snapshot(request: &HttpRequest) -> bool {
    request.method == "GET" && request.path.ends_with("/depth")
}

/// The id, as JSON, of a request that changes an order; `None` for any other text.
pub(super) fn order_id(text: &[u8]) -> Option<String> {
    let request: Value = serde_json::from_slice(text).ok()?;
    let method = request.get("method")?.as_str()?;
    METHODS.contains(&method).then(|| request.get("id").unwrap_or(&Value::Null).to_string())
}

/// The id, as JSON, that an answer bears.
pub(crate) fn answered(text: &[u8]) -> Option<String> {
    let answer: Value = serde_json::from_slice(text).ok()?;
    Some(answer.get("id")?.to_string())
}

const fn words(kind: Kind) -> (u16, i32, &'static str) {
    let unavailable = matches!(kind, Kind::UnavailableExecuted | Kind::UnavailableLost);
    if unavailable { UNAVAILABLE } else { TIMEOUT }
}

/// The answer over HTTP.
pub(super) fn unknown_reply(kind: Kind) -> HttpReply {
    let (status, code, message) = words(kind);
    let headers = vec![("content-type".to_owned(), "application/json;charset=UTF-8".to_owned())];
    HttpReply { status, headers, body: format!(r#"{{"code":{code},"msg":"{message}"}}"#).into_bytes() }
}

/// The answer over the WebSocket API to the request of this id.
pub(super) fn unknown_text(kind: Kind, id: &str) -> Vec<u8> {
    let (status, code, message) = words(kind);
    format!(r#"{{"id":{id},"status":{status},"error":{{"code":{code},"msg":"{message}"}}}}"#).into_bytes()
}
