//! What the simulator says of itself, below `/simulator/`, to whoever asks: it listens where the venue does.
//!
//! | request | answer |
//! |---|---|
//! | `GET /simulator/state` | the truth as JSON: `venue` (of every client the orders, trades, positions and balances), `carried`, `open_sockets`, `faults` (how often each kind has fired) |
//! | `GET /simulator/faults` | what has fired, oldest first, the last thousand |
//! | `POST /simulator/faults` | the body (TOML as of `--faults`) replaces the rules; their times begin now |

use serde_json::{Map, Value, json};

use super::hub::Hub;
use crate::seam::{HttpReply, HttpRequest};

/// The answer, where the request is for the simulator.
pub(super) fn answer(request: &HttpRequest, hub: &Hub) -> Option<HttpReply> {
    let path = request.path.strip_prefix("/simulator/")?;
    let (status, value) = match (&*request.method, path) {
        ("GET", "state") => (200, state(hub)),
        ("GET", "faults") => (200, fired(hub)),
        ("POST", "faults") => match hub.set_faults(&String::from_utf8_lossy(&request.body)) {
            Ok(()) => (200, json!({})),
            Err(error) => (400, json!({ "error": error.to_string() })),
        },
        _ => (404, json!({ "error": "the simulator knows state (GET) and faults (GET, POST)" })),
    };
    Some(HttpReply { status, headers: Vec::new(), body: value.to_string().into_bytes() })
}

fn state(hub: &Hub) -> Value {
    let carried = hub.carried();
    let truth = hub.truth();
    let faults = hub.faults().borrow();
    let counts: Map<_, _> =
        faults.counts().iter().map(|(kind, count)| (kind.name().to_owned(), json!(count))).collect();
    json!({
        "market": hub.name(),
        "time": hub.now().0 / 1_000_000,
        "venue": serde_json::from_str::<Value>(&truth).unwrap_or(Value::String(truth)),
        "open_sockets": hub.open(),
        "carried": {
            "requests": carried.requests,
            "sockets": carried.sockets,
            "texts_in": carried.texts_in,
            "frames_out": carried.frames_out,
            "bytes_out": carried.bytes_out,
            "too_slow": carried.too_slow,
        },
        "faults": counts,
    })
}

fn fired(hub: &Hub) -> Value {
    let faults = hub.faults().borrow();
    let fired = faults.log().map(
        |fired| json!({ "time": fired.at.0 / 1_000_000, "kind": fired.name, "on": fired.channel.name() }),
    );
    Value::Array(fired.collect())
}
