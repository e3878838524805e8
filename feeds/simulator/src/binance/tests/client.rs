//! A client that speaks to the venue without sockets.

use ballast_model::{Nanos, Span};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer, SigningKey};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::desk::Desk;
use crate::back::{Back, ClientId};
use crate::binance::{ApiKey, Market, Secret, Venue, VenueConfig};
use crate::seam::{CallId, ConnId, Frame, Front, HttpReply, HttpRequest, Transmit};

pub(super) const SECRET: &str = "hush";
pub(super) const NOW: Nanos = Nanos(1_700_000_000_000_000_000);

/// The venue, its clock, and what came out of it.
pub(super) struct Session<B = Desk> {
    pub(super) venue: Venue<B>,
    pub(super) now: Nanos,
    pub(super) market: Market,
    pub(super) frames: Vec<(ConnId, Frame)>,
    pub(super) replies: Vec<(CallId, HttpReply)>,
    calls: u64,
    conns: u64,
}

pub(super) fn sign(payload: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(payload.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn signing_key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

pub(super) fn sign_ed25519(payload: &str) -> String {
    STANDARD.encode(signing_key().sign(payload.as_bytes()).to_bytes())
}

impl Session {
    pub(super) fn new(market: Market) -> Self {
        Self::with(market, |_| {})
    }

    pub(super) fn with(market: Market, change: impl FnOnce(&mut VenueConfig)) -> Self {
        let mut config = VenueConfig::new(market, keys());
        change(&mut config);
        Self::over(config, Desk::new())
    }
}

/// The keys of these tests.
fn keys() -> Vec<ApiKey> {
    let key = |name: &str, secret, client| ApiKey { name: name.to_owned(), secret, client: ClientId(client) };
    vec![
        key("hmac", Secret::Hmac(SECRET.to_owned()), 0),
        key("edward", Secret::Ed25519(signing_key().verifying_key()), 0),
        key("other", Secret::Hmac(SECRET.to_owned()), 1),
    ]
}

impl<B: Back> Session<B> {
    /// A market of its own behind the venue.
    pub(super) fn behind(market: Market, back: B) -> Self {
        Self::over(VenueConfig::new(market, keys()), back)
    }

    fn over(config: VenueConfig, back: B) -> Self {
        let market = config.market;
        let venue = Venue::new(config, back);
        Self { venue, now: NOW, market, frames: Vec::new(), replies: Vec::new(), calls: 0, conns: 0 }
    }

    pub(super) fn ms(&self) -> i64 {
        self.now.0 / 1_000_000
    }

    fn collect(&mut self) {
        while let Some(out) = self.venue.poll_transmit() {
            match out {
                Transmit::Reply(call, reply) => self.replies.push((call, reply)),
                Transmit::Frame(conn, frame) => self.frames.push((conn, frame)),
            }
        }
    }

    /// Time passes.
    pub(super) fn wait(&mut self, span: Span) {
        self.now = self.now + span;
        self.venue.on_time(self.now);
        self.collect();
    }

    /// Sends a request; its answer may come later.
    pub(super) fn send(&mut self, request: &HttpRequest) -> CallId {
        self.calls += 1;
        let call = CallId(self.calls);
        self.venue.on_http(call, request, self.now);
        self.collect();
        call
    }

    pub(super) fn http(&mut self, request: &HttpRequest) -> HttpReply {
        let call = self.send(request);
        let at = self.replies.iter().position(|(id, _)| *id == call).expect("no answer");
        self.replies.remove(at).1
    }

    pub(super) fn get(&mut self, path: &str, query: &str) -> (u16, Value) {
        let request = HttpRequest {
            method: "GET".to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            ..HttpRequest::default()
        };
        parsed(&self.http(&request))
    }

    pub(super) fn signed_request(&self, method: &str, path: &str, params: &str) -> HttpRequest {
        let joint = if params.is_empty() { "" } else { "&" };
        let payload = format!("{params}{joint}timestamp={}", self.ms());
        HttpRequest {
            method: method.to_owned(),
            path: path.to_owned(),
            query: format!("{payload}&signature={}", sign(&payload)),
            headers: vec![("x-mbx-apikey".to_owned(), "hmac".to_owned())],
            body: Vec::new(),
        }
    }

    /// A signed request.
    pub(super) fn signed(&mut self, method: &str, path: &str, params: &str) -> (u16, Value) {
        let request = self.signed_request(method, path, params);
        parsed(&self.http(&request))
    }

    /// Places an order on REST.
    pub(super) fn order(&mut self, params: &str) -> (u16, Value) {
        let path = if self.market == Market::Spot { "/api/v3/order" } else { "/fapi/v1/order" };
        self.signed("POST", path, &format!("symbol=ETHUSDT&{params}"))
    }

    pub(super) fn connect(&mut self, path: &str, query: &str) -> ConnId {
        self.conns += 1;
        let conn = ConnId(self.conns);
        let request = HttpRequest {
            method: "GET".to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            ..HttpRequest::default()
        };
        self.venue.on_upgrade(conn, &request, self.now).unwrap();
        conn
    }

    pub(super) fn say(&mut self, conn: ConnId, text: &Value) {
        self.venue.on_text(conn, text.to_string().as_bytes(), self.now);
        self.collect();
    }

    /// Takes what a connection has heard, as JSON.
    pub(super) fn heard(&mut self, conn: ConnId) -> Vec<Value> {
        let mut out = Vec::new();
        self.frames.retain(|(to, frame)| match frame {
            Frame::Text(text) if *to == conn => {
                out.push(serde_json::from_slice(text).unwrap());
                false
            }
            Frame::Text(_) | Frame::Ping(_) | Frame::Close { .. } | Frame::Raw(_) | Frame::Cut => true,
        });
        out
    }

    /// One request of the WebSocket API, signed where it has a time stamp.
    pub(super) fn api(&mut self, conn: ConnId, method: &str, mut params: Value) -> Value {
        if params.get("apiKey").is_some() {
            params["timestamp"] = json!(self.ms());
            let mut pairs: Vec<String> = params
                .as_object()
                .unwrap()
                .iter()
                .map(|(name, value)| match value.as_str() {
                    Some(text) => format!("{name}={text}"),
                    None => format!("{name}={value}"),
                })
                .collect();
            pairs.sort();
            let payload = pairs.join("&");
            let edward = params["apiKey"] == "edward";
            params["signature"] = json!(if edward { sign_ed25519(&payload) } else { sign(&payload) });
        }
        self.say(conn, &json!({"id": 5, "method": method, "params": params}));
        let at = self.frames.iter().position(|(to, frame)| match frame {
            Frame::Text(text) if *to == conn => {
                serde_json::from_slice::<Value>(text).unwrap().get("id") == Some(&json!(5))
            }
            Frame::Text(_) | Frame::Ping(_) | Frame::Close { .. } | Frame::Raw(_) | Frame::Cut => false,
        });
        let (_, frame) = self.frames.remove(at.expect("no answer"));
        let Frame::Text(text) = frame else { unreachable!() };
        serde_json::from_slice(&text).unwrap()
    }
}

pub(super) fn parsed(reply: &HttpReply) -> (u16, Value) {
    (reply.status, serde_json::from_slice(&reply.body).unwrap())
}
