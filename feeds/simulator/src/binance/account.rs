//! Sessions and user streams of the WebSocket API, listen keys, and news of balances and positions.

use ballast_model::{AssetId, Money, Nanos};

use super::config::Market;
use super::connection::Purpose;
use super::json::{Obj, list};
use super::params::Params;
use super::pending::Asker;
use super::refusal::Refusal;
use super::render::ms;
use super::routes::Op;
use super::user::{account_position, account_update};
use super::venue::Venue;
use crate::back::{Back, ClientId};
use crate::seam::ConnId;

/// Most user streams of one connection.
const SUBSCRIPTIONS_MAX: usize = 1_000;

impl<B: Back> Venue<B> {
    /// Answers what concerns sessions and user streams; `None` for all else.
    pub(super) fn session_call(
        &mut self,
        asker: &Asker,
        op: Op,
        params: &Params,
        client: Option<ClientId>,
        now: Nanos,
    ) -> Option<Result<String, Refusal>> {
        let unsigned = || Refusal::new(-2014, "API-key format invalid.");
        let need = client.ok_or_else(unsigned);
        Some(match (op, asker) {
            (Op::Listen | Op::Prolong | Op::Unlisten, _) => {
                need.and_then(|client| self.listen_key(op, client, now))
            }
            (Op::Logon, Asker::Api(conn, ..)) => {
                need.and_then(|client| self.log_on(*conn, client, params, now))
            }
            (Op::SessionStatus, Asker::Api(conn, ..)) => Ok(self.session_status(*conn, now)),
            (Op::Logout, Asker::Api(conn, ..)) => {
                if let Some(Purpose::Api { session, .. }) = self.purpose(*conn) {
                    *session = None;
                }
                Ok(self.session_status(*conn, now))
            }
            (Op::Subscribe, Asker::Api(conn, ..)) => match self.session(*conn) {
                Some(client) => self.subscribe(*conn, client),
                None => Err(Refusal::new(-2014, "Session is not authenticated.")),
            },
            (Op::SubscribeSigned, Asker::Api(conn, ..)) => {
                need.and_then(|client| self.subscribe(*conn, client))
            }
            (Op::Unsubscribe, Asker::Api(conn, ..)) => self.unsubscribe(*conn, params),
            (Op::Subscriptions, Asker::Api(conn, ..)) => Ok(self.subscriptions(*conn)),
            _ => return None,
        })
    }

    fn purpose(&mut self, conn: ConnId) -> Option<&mut Purpose> {
        self.fleet.connections.get_mut(&conn).map(|connection| &mut connection.purpose)
    }

    fn log_on(
        &mut self,
        conn: ConnId,
        client: ClientId,
        params: &Params,
        now: Nanos,
    ) -> Result<String, Refusal> {
        let key = params.need("apiKey")?.to_owned();
        if let Some(Purpose::Api { session, .. }) = self.purpose(conn) {
            *session = Some((client, key, now));
        }
        Ok(self.session_status(conn, now))
    }

    fn session_status(&self, conn: ConnId, now: Nanos) -> String {
        let connection = self.fleet.connections.get(&conn);
        let session = connection.and_then(|connection| match &connection.purpose {
            Purpose::Api { session, .. } => session.as_ref(),
            Purpose::Streams { .. } => None,
        });
        let out = match session {
            Some((_, key, since)) => Obj::new().text("apiKey", key).put("authorizedSince", ms(*since)),
            None => Obj::new().put("apiKey", "null").put("authorizedSince", "null"),
        };
        let since = connection.map_or(0, |connection| ms(connection.opened));
        out.put("connectedSince", since)
            .put("returnRateLimits", true)
            .put("serverTime", ms(self.told_time(now)))
            .put("userDataStream", self.subscriptions(conn) != "[]")
            .end()
    }

    fn subscribe(&mut self, conn: ConnId, client: ClientId) -> Result<String, Refusal> {
        let Some(Purpose::Api { subscriptions, next_subscription, .. }) = self.purpose(conn) else {
            return Err(Refusal::new(-2036, "User Data Stream subscription failed."));
        };
        if subscriptions.iter().any(|(_, whose)| *whose == client) {
            return Err(Refusal::new(-2035, "User Data Stream subscription already exists."));
        }
        if subscriptions.len() >= SUBSCRIPTIONS_MAX {
            return Err(Refusal::new(-2036, "Too many User Data Stream subscriptions."));
        }
        let number = *next_subscription;
        *next_subscription += 1;
        subscriptions.push((number, client));
        Ok(Obj::new().put("subscriptionId", number).end())
    }

    fn unsubscribe(&mut self, conn: ConnId, params: &Params) -> Result<String, Refusal> {
        let number: Option<u32> = params.number("subscriptionId")?;
        if let Some(Purpose::Api { subscriptions, .. }) = self.purpose(conn) {
            let before = subscriptions.len();
            subscriptions.retain(|(other, _)| number.is_some_and(|number| number != *other));
            if before == subscriptions.len() {
                return Err(Refusal::new(-2036, "User Data Stream subscription not found."));
            }
        }
        Ok("{}".to_owned())
    }

    fn subscriptions(&self, conn: ConnId) -> String {
        match self.fleet.connections.get(&conn).map(|connection| &connection.purpose) {
            Some(Purpose::Api { subscriptions, .. }) => {
                list(subscriptions.iter().map(|(number, _)| Obj::new().put("subscriptionId", number).end()))
            }
            Some(Purpose::Streams { .. }) | None => list([]),
        }
    }

    fn listen_key(&mut self, op: Op, client: ClientId, now: Nanos) -> Result<String, Refusal> {
        if op == Op::Unlisten {
            self.fleet.forget(client);
            return Ok("{}".to_owned());
        }
        let key = if op == Op::Listen {
            Some(self.fleet.listen(client, now))
        } else {
            self.fleet.prolong(client, now)
        };
        let key = key.ok_or_else(|| Refusal::new(-1125, "This listenKey does not exist."))?;
        Ok(Obj::new().text("listenKey", &key).end())
    }

    /// Tells clients of balances and positions that have changed.
    pub(super) fn tell_accounts(&mut self, now: Nanos) {
        let touched = std::mem::take(&mut self.touched);
        let moved = std::mem::take(&mut self.moved);
        if self.market() == Market::UsdM {
            for (client, id) in moved {
                self.tell_position(client, id, now);
            }
            return;
        }
        let names = self.assets();
        let name = |asset: AssetId| names.iter().find(|(id, _)| *id == asset).map(|(_, name)| name.clone());
        let mut clients: Vec<ClientId> = touched.iter().map(|(client, _)| *client).collect();
        clients.dedup();
        for client in clients {
            let assets = touched.iter().filter(|(whose, _)| *whose == client);
            let rows: Vec<(String, Money, Money)> = assets
                .filter_map(|(_, asset)| {
                    let name = name(*asset)?;
                    let (free, locked) = self.back.balance(client, &name);
                    Some((name, free, locked))
                })
                .collect();
            let event = account_position(&rows, now);
            self.fleet.tell(client, "outboundAccountPosition", &event);
        }
    }

    fn tell_position(&mut self, client: ClientId, id: ballast_model::InstrumentId, now: Nanos) {
        let Some(symbol) = self.listed(id).map(|listed| listed.symbol.clone()) else { return };
        let position = self.positions.get(&(client, id)).copied().unwrap_or_default();
        let (free, locked) = self.back.balance(client, &symbol.quote);
        let mark = self.mark_of(&symbol);
        let balance = (symbol.quote.as_str(), free + locked, Money::ZERO);
        let event = account_update("ORDER", balance, Some((&symbol, &position, mark)), now);
        self.fleet.tell(client, "ACCOUNT_UPDATE", &event);
    }

    /// Tells a client of funding, which is a balance alone.
    pub(super) fn tell_funding(&mut self, client: ClientId, asset: AssetId, amount: Money, now: Nanos) {
        let name = self.asset(asset).to_owned();
        let (free, locked) = self.back.balance(client, &name);
        let event = account_update("FUNDING_FEE", (&name, free + locked, amount), None, now);
        self.fleet.tell(client, "ACCOUNT_UPDATE", &event);
    }
}
