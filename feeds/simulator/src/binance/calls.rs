//! A request's way through the venue: which it is, who asks, whether the signature holds, and its answer.

use ballast_model::Nanos;
use serde_json::{Map, Value};

use super::auth::{api_payload, rest_payload, timely};
use super::config::ApiKey;
use super::connection::{Purpose, Unit};
use super::json::{Obj, list};
use super::limits::Door;
use super::params::Params;
use super::pending::{Asker, Leg, Shape, What};
use super::refusal::Refusal;
use super::routes::{self, Op, Route, Security};
use super::venue::Venue;
use crate::back::{Back, ClientId};
use crate::seam::{CallId, ConnId, HttpReply, HttpRequest, Transmit};

/// An answer, now or when the market behind has given its own.
pub(super) enum Answer {
    Now(String),
    Later(Shape, Vec<Leg>),
}

/// A request that is to be carried out.
struct Asked<'a> {
    asker: &'a Asker,
    op: Op,
    params: &'a Params,
    /// Whose it is; nobody's where nobody need be named.
    client: Option<ClientId>,
    now: Nanos,
}

impl<B: Back> Venue<B> {
    /// A request on REST.
    pub(super) fn rest(&mut self, call: CallId, request: &HttpRequest, now: Nanos) {
        let header = |wanted: &str| {
            request.headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
        };
        let asker = Asker::Http(call, Unit::asked(self.market(), header("x-mbx-time-unit")));
        let body = String::from_utf8_lossy(&request.body);
        let params = Params::of_form(&request.query, &body);
        let route = routes::rest(self.market(), &request.method, &request.path);
        let Some((op, security)) = route else {
            let msg = format!("Path {}, Method {} is invalid", request.path, request.method);
            let refusal = Refusal { status: 404, ..Refusal::new(-5000, msg) };
            return self.respond(&asker, None, Err(refusal), now);
        };
        let weight = routes::weight(self.market(), op, &params);
        let key = header("x-mbx-apikey");
        let client = self.meter.charge(Door::Rest, weight, now).and_then(|()| {
            let (payload, signature) = rest_payload(&request.query, &body);
            self.who(security, key, &params, &payload, signature.as_deref(), now)
        });
        match client {
            Ok(client) => self.carry_out(&Asked { asker: &asker, op, params: &params, client, now }),
            Err(refusal) => self.respond(&asker, None, Err(refusal), now),
        }
    }

    /// Whose key and signature these are.
    fn who(
        &self,
        security: Security,
        key: Option<&str>,
        params: &Params,
        payload: &str,
        signature: Option<&str>,
        now: Nanos,
    ) -> Result<Option<ClientId>, Refusal> {
        if security == Security::None {
            return Ok(None);
        }
        let key = self.key(key)?;
        if security == Security::Signed {
            timely(params, self.told_time(now))?;
            let signature = signature.filter(|signature| !signature.is_empty());
            let signature = signature.ok_or_else(|| Refusal::missing("signature"))?;
            if !key.secret.signed(payload.as_bytes(), signature) {
                return Err(Refusal::new(-1022, "Signature for this request is not valid."));
            }
        }
        Ok(Some(key.client))
    }

    fn key(&self, name: Option<&str>) -> Result<&ApiKey, Refusal> {
        let name = name.filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| Refusal::new(-2014, "API-key format invalid."))?;
        let known = self.config.keys.iter().find(|key| key.name == name);
        known.ok_or_else(|| Refusal::new(-2015, "Invalid API-key, IP, or permissions for action."))
    }

    /// A request on the WebSocket API.
    pub(super) fn api(&mut self, conn: ConnId, text: &[u8], now: Nanos) {
        let limits =
            self.fleet.connections.get(&conn).is_some_and(|connection| {
                matches!(connection.purpose, Purpose::Api { rate_limits: true, .. })
            });
        let Ok(Value::Object(request)) = serde_json::from_slice::<Value>(text) else {
            let asker = Asker::Api(conn, "null".to_owned(), limits);
            let refusal = Refusal::new(-1130, "Malformed JSON request.");
            return self.respond(&asker, None, Err(refusal), now);
        };
        let id = request.get("id").map_or_else(|| "null".to_owned(), Value::to_string);
        let none = Map::new();
        let fields = request.get("params").and_then(Value::as_object).unwrap_or(&none);
        let params = Params::of_json(fields);
        let limits = params.get("returnRateLimits").map_or(limits, |told| told == "true");
        let asker = Asker::Api(conn, id, limits);
        let method = request.get("method").and_then(Value::as_str).unwrap_or("");
        let Some(route) = routes::api(self.market(), method) else {
            let refusal = Refusal::new(-1100, format!("Unknown method '{method}'."));
            return self.respond(&asker, None, Err(refusal), now);
        };
        let weight = routes::weight(self.market(), route.0, &params);
        let client = self
            .meter
            .charge(Door::Api, weight, now)
            .and_then(|()| self.who_on(conn, route, fields.contains_key("signature"), &params, now));
        match client {
            Ok(client) => {
                self.carry_out(&Asked { asker: &asker, op: route.0, params: &params, client, now });
            }
            Err(refusal) => self.respond(&asker, None, Err(refusal), now),
        }
    }

    /// Who asks on a connection: whoever signs the request, else whoever is logged on.
    fn who_on(
        &self,
        conn: ConnId,
        (op, security): Route,
        signed: bool,
        params: &Params,
        now: Nanos,
    ) -> Result<Option<ClientId>, Refusal> {
        let session = self.session(conn);
        if security == Security::None {
            return Ok(session);
        }
        let asks_for_itself = op == Op::Logon || op == Op::SubscribeSigned;
        if let (Some(client), false, false) = (session, signed, asks_for_itself) {
            if security == Security::Signed {
                timely(params, self.told_time(now))?;
            }
            return Ok(Some(client));
        }
        let client = self.who(
            security,
            params.get("apiKey"),
            params,
            &api_payload(params),
            params.get("signature"),
            now,
        )?;
        if op == Op::Logon && !self.key(params.get("apiKey"))?.secret.logs_on() {
            return Err(Refusal::new(-2028, "Only Ed25519 API keys may log on."));
        }
        Ok(client)
    }

    fn carry_out(&mut self, asked: &Asked<'_>) {
        let &Asked { asker, client, now, .. } = asked;
        match self.answer(asked) {
            Ok(Answer::Now(body)) => self.respond(asker, client, Ok(body), now),
            Ok(Answer::Later(shape, legs)) => {
                self.wait(asker.clone(), client.unwrap_or_default(), shape, legs, now);
                self.answer_pending(now);
            }
            Err(refusal) => self.respond(asker, client, Err(refusal), now),
        }
    }

    fn answer(&mut self, asked: &Asked<'_>) -> Result<Answer, Refusal> {
        let &Asked { asker, op, params, client, now } = asked;
        if let Some(answer) = self.public(op, params, now) {
            return answer.map(Answer::Now);
        }
        if let Some(answer) = self.session_call(asker, op, params, client, now) {
            return answer.map(Answer::Now);
        }
        let client = client.ok_or_else(|| Refusal::new(-2014, "API-key format invalid."))?;
        if let Some(answer) = self.private(op, client, params, now) {
            return answer.map(Answer::Now);
        }
        self.order_call(op, client, params, now)
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the others have been answered")]
    fn order_call(
        &mut self,
        op: Op,
        client: ClientId,
        params: &Params,
        now: Nanos,
    ) -> Result<Answer, Refusal> {
        let one = |leg: Leg| Answer::Later(Shape::One, vec![leg]);
        let several = |(shape, legs): (Shape, Vec<Leg>)| Answer::Later(shape, legs);
        match op {
            Op::Place => self.place(client, params, now).map(one),
            Op::Test => {
                let order = self.wanted(client, params, now)?;
                self.admit(&order).map(|()| Answer::Now("{}".to_owned()))
            }
            Op::Cancel => self.cancel(client, params, now).map(one),
            Op::CancelAll => self.cancel_all(client, params, now).map(several),
            Op::CancelReplace => self.cancel_replace(client, params, now).map(several),
            Op::Amend => self.amend(client, params, now).map(one),
            Op::Modify => self.modify(client, params, now).map(one),
            Op::BatchPlace => self.batch(client, params, What::New, now).map(several),
            Op::BatchModify => self.batch(client, params, What::Replace, now).map(several),
            Op::BatchCancel => self.batch_cancel(client, params, now).map(several),
            Op::Countdown => self.countdown(client, params, now).map(Answer::Now),
            _ => Ok(Answer::Now(list([]))),
        }
    }

    /// Answers whoever asked.
    pub(super) fn respond(
        &mut self,
        asker: &Asker,
        client: Option<ClientId>,
        answer: Result<String, Refusal>,
        now: Nanos,
    ) {
        match asker {
            Asker::Http(call, unit) => {
                let mut headers = self.meter.headers(client, now);
                headers.push(("Content-Type".to_owned(), "application/json;charset=UTF-8".to_owned()));
                let (status, body) = match &answer {
                    Ok(body) => (200, body.clone()),
                    Err(refusal) => (refusal.status, refusal.body()),
                };
                if let Err(Refusal { retry_at: Some(at), .. }) = answer {
                    let seconds = (at - now).0.div_euclid(1_000_000_000) + 1;
                    headers.push(("Retry-After".to_owned(), seconds.to_string()));
                }
                let reply = HttpReply { status, headers, body: unit.of(body).into_bytes() };
                self.fleet.transmit(Transmit::Reply(*call, reply));
            }
            Asker::Api(conn, id, limits) => {
                let frame = match &answer {
                    Ok(body) => Obj::new().put("id", id).put("status", 200).put("result", body),
                    Err(refusal) => Obj::new()
                        .put("id", id)
                        .put("status", refusal.status)
                        .put("error", refusal.api_body()),
                };
                let frame = if *limits {
                    frame.put("rateLimits", self.meter.told(client, now)).end()
                } else {
                    frame.end()
                };
                if let Some(unit) = self.fleet.connections.get(conn).map(|connection| connection.unit) {
                    self.fleet.text(*conn, unit.of(frame));
                }
            }
        }
    }

    /// Who is logged on.
    pub(super) fn session(&self, conn: ConnId) -> Option<ClientId> {
        match &self.fleet.connections.get(&conn)?.purpose {
            Purpose::Api { session: Some((client, _, _)), .. } => Some(*client),
            Purpose::Api { .. } | Purpose::Streams { .. } => None,
        }
    }
}
