//! Answers of a venue that does not know what became of a request.
//!
//! Sources: Binance spot `errors.md` (−1000, −1007) and USD-M general information (503 by its message).

use serde_json::Value;

use super::refusals::{Asked, Refusal};
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

/// What a request that changes an order asks for; `None` for one that changes several at once.
pub(super) fn asked(request: &HttpRequest) -> Option<Asked> {
    let last = request.path.rsplit('/').next().unwrap_or_default();
    match (&*request.method, last) {
        ("POST", "order") => Some(Asked::Place),
        ("DELETE", "order") => Some(Asked::Cancel),
        ("PUT", "order" | "keepPriority") => Some(Asked::Amend),
        _ => None,
    }
}

/// Whether a request asks for the book.
pub(super) fn is_snapshot(request: &HttpRequest) -> bool {
    request.method == "GET" && request.path.ends_with("/depth")
}

/// The id, as JSON, of a request that changes an order, and what it asks for where that is one order; `None` for any other text.
pub(super) fn order_id(text: &[u8]) -> Option<(String, Option<Asked>)> {
    let request: Value = serde_json::from_slice(text).ok()?;
    let method = request.get("method")?.as_str()?;
    let asked = match method {
        "order.place" => Some(Asked::Place),
        "order.cancel" => Some(Asked::Cancel),
        "order.modify" | "order.amend.keepPriority" => Some(Asked::Amend),
        _ => None,
    };
    METHODS.contains(&method).then(|| (request.get("id").unwrap_or(&Value::Null).to_string(), asked))
}

/// The id, as JSON, that an answer bears.
pub(crate) fn answered(text: &[u8]) -> Option<String> {
    let answer: Value = serde_json::from_slice(text).ok()?;
    Some(answer.get("id")?.to_string())
}

/// An answer that says that something went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bad {
    status: u16,
    code: i32,
    message: &'static str,
}

impl Bad {
    /// Nobody knows what became of it.
    pub(super) const fn unknown(kind: Kind) -> Self {
        let unavailable = matches!(kind, Kind::UnavailableExecuted | Kind::UnavailableLost);
        let (status, code, message) = if unavailable { UNAVAILABLE } else { TIMEOUT };
        Self { status, code, message }
    }

    /// It is refused.
    pub(super) const fn refused(refusal: &Refusal) -> Self {
        let Refusal { status, code, message, .. } = *refusal;
        Self { status, code, message }
    }

    /// Over HTTP.
    pub(super) fn reply(self) -> HttpReply {
        let Self { status, code, message } = self;
        let headers = vec![("content-type".to_owned(), "application/json;charset=UTF-8".to_owned())];
        HttpReply { status, headers, body: format!(r#"{{"code":{code},"msg":"{message}"}}"#).into_bytes() }
    }

    /// Over the WebSocket API, to the request of this id.
    pub(super) fn text(self, id: &str) -> Vec<u8> {
        let Self { status, code, message } = self;
        format!(r#"{{"id":{id},"status":{status},"error":{{"code":{code},"msg":"{message}"}}}}"#).into_bytes()
    }
}
