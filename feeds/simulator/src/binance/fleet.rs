//! All WebSocket connections, the listen keys, and what is to go out.

use std::collections::{BTreeMap, VecDeque};

use ballast_model::{Nanos, Span};
use sha2::{Digest, Sha256};

use super::config::Market;
use super::connection::{Connection, Purpose, ping_every, pong_within};
use super::json::{Obj, quoted};
use crate::back::ClientId;
use crate::seam::{ConnId, Frame, Transmit};

/// How long a listen key lives unless it is prolonged.
const KEY_LIFE: Span = Span::from_secs(3_600);

/// A client's listen key.
#[derive(Clone, Debug)]
pub(super) struct ListenKey {
    pub(super) key: String,
    pub(super) client: ClientId,
    pub(super) until: Nanos,
}

/// The connections of one market.
#[derive(Debug)]
pub(super) struct Fleet {
    market: Market,
    pub(super) connections: BTreeMap<ConnId, Connection>,
    pub(super) keys: Vec<ListenKey>,
    keys_made: u64,
    out: VecDeque<Transmit>,
}

impl Fleet {
    pub(super) const fn new(market: Market) -> Self {
        Self { market, connections: BTreeMap::new(), keys: Vec::new(), keys_made: 0, out: VecDeque::new() }
    }

    pub(super) fn transmit(&mut self, what: Transmit) {
        self.out.push_back(what);
    }

    pub(super) fn poll(&mut self) -> Option<Transmit> {
        self.out.pop_front()
    }

    /// A text frame.
    pub(super) fn text(&mut self, conn: ConnId, text: String) {
        self.out.push_back(Transmit::Frame(conn, Frame::Text(text.into_bytes())));
    }

    /// Closes a connection in order.
    pub(super) fn close(&mut self, conn: ConnId, code: u16, reason: &str) {
        if self.connections.remove(&conn).is_some() {
            let reason = reason.to_owned();
            self.out.push_back(Transmit::Frame(conn, Frame::Close { code, reason }));
        }
    }

    /// Whether anybody listens to one of these names.
    pub(super) fn wants(&self, name: &str) -> bool {
        self.connections.values().any(|connection| connection.streams.contains(name))
    }

    /// Sends a message of the market to all who subscribed to it by one of these names.
    pub(super) fn publish(&mut self, names: &[String], payload: &str) {
        for (conn, connection) in &self.connections {
            let Purpose::Streams { wrapped, reach } = connection.purpose else { continue };
            for name in names.iter().filter(|name| connection.streams.contains(*name) && reach.covers(name)) {
                let timed = connection.unit.of(payload.to_owned());
                let text = if wrapped { wrap(name, &timed) } else { timed };
                self.out.push_back(Transmit::Frame(*conn, Frame::Text(text.into_bytes())));
            }
        }
    }

    /// Tells a client's own streams of an event of this name.
    pub(super) fn tell(&mut self, client: ClientId, name: &str, event: &str) {
        for (conn, connection) in &self.connections {
            let timed = connection.unit.of(event.to_owned());
            match &connection.purpose {
                Purpose::Api { subscriptions, .. } => {
                    for (number, _) in subscriptions.iter().filter(|(_, whose)| *whose == client) {
                        let text = Obj::new().put("subscriptionId", number).put("event", &timed).end();
                        self.out.push_back(Transmit::Frame(*conn, Frame::Text(text.into_bytes())));
                    }
                }
                Purpose::Streams { wrapped, .. } => {
                    let allowed = connection
                        .events
                        .as_ref()
                        .is_none_or(|events| events.iter().any(|event| event == name));
                    let keys = self.keys.iter().filter(|key| key.client == client);
                    for key in keys.filter(|key| allowed && connection.streams.contains(&key.key)) {
                        let text = if *wrapped { wrap(&key.key, &timed) } else { timed.clone() };
                        self.out.push_back(Transmit::Frame(*conn, Frame::Text(text.into_bytes())));
                    }
                }
            }
        }
    }

    /// The client's listen key, prolonged, or a new one.
    pub(super) fn listen(&mut self, client: ClientId, now: Nanos) -> String {
        if let Some(key) = self.keys.iter_mut().find(|key| key.client == client) {
            key.until = now + KEY_LIFE;
            return key.key.clone();
        }
        self.keys_made += 1;
        let digest = Sha256::digest(format!("{}/{}/{}", client.0, self.keys_made, now.0));
        let key: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        self.keys.push(ListenKey { key: key.clone(), client, until: now + KEY_LIFE });
        key
    }

    /// The client's listen key, prolonged; `None` where it has none.
    pub(super) fn prolong(&mut self, client: ClientId, now: Nanos) -> Option<String> {
        self.keys.iter().any(|key| key.client == client).then(|| self.listen(client, now))
    }

    /// The client's listen key ends: its streams hear no more.
    pub(super) fn forget(&mut self, client: ClientId) {
        self.keys.retain(|key| key.client != client);
    }

    /// Listen keys that end by `now` do, and say so.
    pub(super) fn expire_keys(&mut self, now: Nanos) {
        let ended: Vec<ListenKey> = self.keys.iter().filter(|key| key.until <= now).cloned().collect();
        for key in ended {
            let event = Obj::new().text("e", "listenKeyExpired").put("E", now.0 / 1_000_000);
            self.tell(key.client, "listenKeyExpired", &event.text("listenKey", &key.key).end());
            self.keys.retain(|other| other.key != key.key);
        }
    }

    /// Everybody is told that the venue goes down.
    pub(super) fn announce_shutdown(&mut self, now: Nanos) {
        let event = Obj::new().text("e", "serverShutdown").put("E", now.0 / 1_000_000).end();
        for (conn, connection) in &self.connections {
            let wrapped = matches!(connection.purpose, Purpose::Streams { wrapped: true, .. });
            let text = if wrapped { wrap("!serverShutdown", &event) } else { event.clone() };
            self.out.push_back(Transmit::Frame(*conn, Frame::Text(text.into_bytes())));
        }
    }

    /// When something is due of itself.
    pub(super) fn deadline(&self) -> Option<Nanos> {
        let connections = self.connections.values().map(Connection::deadline);
        connections.chain(self.keys.iter().map(|key| key.until)).min()
    }

    /// Pings, ends what has not answered or is a day old.
    pub(super) fn on_time(&mut self, now: Nanos) {
        self.expire_keys(now);
        let mut closed = Vec::new();
        for (conn, connection) in &mut self.connections {
            if connection.opened + Span::from_secs(86_400) <= now {
                closed.push((*conn, 1001, "24 hours have passed"));
            } else if connection.pong_by.is_some_and(|by| by <= now) {
                closed.push((*conn, 1008, "Pong timeout"));
            } else if connection.ping_at <= now {
                connection.ping_at = now + ping_every(self.market);
                connection.pong_by.get_or_insert(now + pong_within(self.market));
                let payload = (now.0 / 1_000_000).to_string().into_bytes();
                self.out.push_back(Transmit::Frame(*conn, Frame::Ping(payload)));
            }
        }
        for (conn, code, reason) in closed {
            self.close(conn, code, reason);
        }
    }
}

/// A message of the combined streams.
fn wrap(stream: &str, data: &str) -> String {
    format!("{{\"stream\":{},\"data\":{data}}}", quoted(stream))
}
