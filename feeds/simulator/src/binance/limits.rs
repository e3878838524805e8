//! Weights, order counts, and what becomes of those who ask too much.

use std::collections::BTreeMap;

use ballast_model::{Nanos, Span};

use super::config::{Limits, Market};
use super::json::{Obj, list};
use super::refusal::Refusal;
use crate::back::ClientId;

const TEN_SECONDS: i64 = 10_000_000_000;
const MINUTE: i64 = 60_000_000_000;
/// What requests are counted over, whatever they weigh.
const RAW: i64 = 5 * MINUTE;
const DAY: i64 = 86_400_000_000_000;
/// The first ban; each further one is twice as long, up to three days.
const BAN_FIRST: i64 = 2 * MINUTE;
const BAN_LONGEST: i64 = 3 * DAY;

/// A count that begins again at whole multiples of its length.
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    nth: i64,
    count: u32,
}

impl Window {
    fn at(&mut self, now: Nanos, length: i64) -> &mut u32 {
        let nth = now.0.div_euclid(length);
        if nth != self.nth {
            *self = Self { nth, count: 0 };
        }
        &mut self.count
    }
}

/// Which way a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    Rest,
    Api,
}

/// All counts of one market.
#[derive(Debug)]
pub(super) struct Meter {
    market: Market,
    limits: Limits,
    /// Of REST, and of the WebSocket API where that is counted apart.
    weights: [Window; 2],
    raw: Window,
    refused: u32,
    /// Requests are refused until then, and whether that is a ban.
    closed: Option<(Nanos, bool)>,
    ban: i64,
    orders: BTreeMap<ClientId, [Window; 2]>,
}

impl Meter {
    pub(super) const fn new(market: Market, limits: Limits) -> Self {
        Self {
            market,
            limits,
            weights: [Window { nth: 0, count: 0 }; 2],
            raw: Window { nth: 0, count: 0 },
            refused: 0,
            closed: None,
            ban: BAN_FIRST,
            orders: BTreeMap::new(),
        }
    }

    const fn long(&self) -> i64 {
        match self.market {
            Market::Spot => DAY,
            Market::UsdM => MINUTE,
        }
    }

    /// All are refused until then.
    pub(super) const fn close(&mut self, until: Nanos, banned: bool) {
        self.closed = Some((until, banned));
    }

    /// The weight of this minute.
    fn used(&mut self, door: Door, now: Nanos) -> &mut u32 {
        let [rest, api] = &mut self.weights;
        let apart = self.market == Market::UsdM && door == Door::Api;
        if apart { api } else { rest }.at(now, MINUTE)
    }

    /// Takes the weight of a request.
    pub(super) fn charge(&mut self, door: Door, weight: u32, now: Nanos) -> Result<(), Refusal> {
        if let Some((until, banned)) = self.closed {
            if now < until {
                return Err(self.overdone(until, banned, now));
            }
            self.closed = None;
        }
        if *self.used(door, now) == 0 {
            self.refused = 0;
        }
        let raw = self.raw.at(now, RAW);
        *raw = raw.saturating_add(1);
        let raw_overdone = self.limits.raw.is_some_and(|most| *raw > most);
        let used = self.used(door, now);
        *used = used.saturating_add(weight);
        let length = match (raw_overdone, *used > self.limits.weight) {
            (true, _) => RAW,
            (false, true) => MINUTE,
            (false, false) => return Ok(()),
        };
        let end = Nanos((now.0.div_euclid(length) + 1) * length);
        Err(self.overdone(end, false, now))
    }

    /// What a request weighed is not counted after all.
    pub(super) fn give_back(&mut self, door: Door, weight: u32, now: Nanos) {
        let used = self.used(door, now);
        *used = used.saturating_sub(weight);
    }

    fn overdone(&mut self, until: Nanos, banned: bool, now: Nanos) -> Refusal {
        self.refused += 1;
        if !banned && self.refused > self.limits.patience {
            let until = now + Span(self.ban);
            self.ban = (self.ban * 2).min(BAN_LONGEST);
            self.closed = Some((until, true));
            self.refused = 0;
            return self.banned(until);
        }
        if banned {
            return self.banned(until);
        }
        let limit = self.limits.weight;
        let msg = format!(
            "Too much request weight used; current limit is {limit} request weight per 1 MINUTE. \
             Please use WebSocket Streams for live updates to avoid polling the API."
        );
        Refusal { retry_at: Some(until), ..Refusal::new(-1003, msg) }
    }

    fn banned(&self, until: Nanos) -> Refusal {
        let msg = format!(
            "Way too much request weight used; IP banned until {}. Please use WebSocket Streams for live updates \
             to avoid bans.",
            until.0 / 1_000_000
        );
        Refusal { status: 418, retry_at: Some(until), ..Refusal::new(-1003, msg) }
    }

    /// Whether so many new orders of a client would be let in.
    pub(super) fn room(&mut self, client: ClientId, count: u32, now: Nanos) -> Result<(), Refusal> {
        let (limits, [short, long]) = (self.limits, self.counts(client, now));
        if short + count > limits.orders_10s {
            return Err(Refusal::too_many_orders(limits.orders_10s, "10 SECOND"));
        }
        if long + count > limits.orders_long {
            let interval = if self.long() == DAY { "1 DAY" } else { "1 MINUTE" };
            return Err(Refusal::too_many_orders(limits.orders_long, interval));
        }
        Ok(())
    }

    /// Counts new orders of a client.
    pub(super) fn order(&mut self, client: ClientId, count: u32, now: Nanos) -> Result<(), Refusal> {
        self.room(client, count, now)?;
        let long = self.long();
        let [short, longer] = self.orders.entry(client).or_default();
        *short.at(now, TEN_SECONDS) += count;
        *longer.at(now, long) += count;
        Ok(())
    }

    /// An order that rested has traded: spot counts it no more.
    pub(super) fn filled(&mut self, client: ClientId, now: Nanos) {
        let long = self.long();
        if let (Market::Spot, Some([short, longer])) = (self.market, self.orders.get_mut(&client)) {
            let used = short.at(now, TEN_SECONDS);
            *used = used.saturating_sub(1);
            let used = longer.at(now, long);
            *used = used.saturating_sub(1);
        }
    }

    fn counts(&mut self, client: ClientId, now: Nanos) -> [u32; 2] {
        let long = self.long();
        let [short, longer] = self.orders.entry(client).or_default();
        [*short.at(now, TEN_SECONDS), *longer.at(now, long)]
    }

    /// The headers of a reply.
    pub(super) fn headers(&mut self, client: Option<ClientId>, now: Nanos) -> Vec<(String, String)> {
        let used = *self.used(Door::Rest, now);
        let mut headers = vec![
            ("X-MBX-USED-WEIGHT".to_owned(), used.to_string()),
            ("X-MBX-USED-WEIGHT-1M".to_owned(), used.to_string()),
        ];
        if let Some(client) = client {
            let [short, long] = self.counts(client, now);
            let name = if self.market == Market::Spot { "1D" } else { "1M" };
            headers.push(("X-MBX-ORDER-COUNT-10S".to_owned(), short.to_string()));
            headers.push((format!("X-MBX-ORDER-COUNT-{name}"), long.to_string()));
        }
        headers
    }

    /// `rateLimits` of a reply: the weight, and a client's orders where it is one.
    pub(super) fn told(&mut self, client: Option<ClientId>, now: Nanos) -> String {
        let mut rows = vec![self.row("REQUEST_WEIGHT", "MINUTE", 1, self.limits.weight)];
        let used = *self.used(Door::Api, now);
        rows.iter_mut().for_each(|row| *row = counted(row, used));
        if let Some(client) = client {
            let counts = self.counts(client, now);
            rows.extend(self.order_rows().iter().zip(counts).map(|(row, count)| counted(row, count)));
        }
        list(rows)
    }

    /// A client's order counts alone.
    pub(super) fn told_orders(&mut self, client: ClientId, now: Nanos) -> String {
        let counts = self.counts(client, now);
        list(self.order_rows().iter().zip(counts).map(|(row, count)| counted(row, count)))
    }

    /// `rateLimits` of exchangeInfo.
    pub(super) fn rules(&self) -> String {
        let weight = self.row("REQUEST_WEIGHT", "MINUTE", 1, self.limits.weight);
        let raw = self.limits.raw.map(|most| self.row("RAW_REQUESTS", "MINUTE", 5, most));
        list(std::iter::once(weight).chain(self.order_rows()).chain(raw))
    }

    fn order_rows(&self) -> [String; 2] {
        let long = if self.market == Market::Spot { "DAY" } else { "MINUTE" };
        [
            self.row("ORDERS", "SECOND", 10, self.limits.orders_10s),
            self.row("ORDERS", long, 1, self.limits.orders_long),
        ]
    }

    #[expect(clippy::unused_self, reason = "a row of this meter")]
    fn row(&self, kind: &str, interval: &str, nth: u32, limit: u32) -> String {
        let row = Obj::new().text("rateLimitType", kind).text("interval", interval);
        row.put("intervalNum", nth).put("limit", limit).end()
    }
}

fn counted(row: &str, count: u32) -> String {
    format!("{},\"count\":{count}}}", row.trim_end_matches('}'))
}
