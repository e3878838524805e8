//! What becomes of commands: they go to the venue, or their fills are simulated here.

use std::collections::VecDeque;
use std::io::Write as _;

use ballast_model::{ClientOrderId, Command, Event, InstrumentId, Nanos, OrderReport, OrderUpdate, Span};
use ballast_sync::ring::Producer;
use ballast_venue::binance::trade::{Notice, ORDER_BYTES_MAX, TradeSession};
use ballast_venue::{Answer, Channel, EventSink, Now, RingFull};
use ballast_wire::{HttpSend, LinkKind, Network, News};

use super::links::{Lines, Talk, Urls, Wanted, Way};
use super::paper::Paper;
use super::rings::{Numbers, VenueEnds};
use super::trips::Trips;

/// How often everything is cancelled anew while the kill latch is set.
const KILL_EVERY: Span = Span::from_secs(1);

/// Where commands go.
#[derive(Debug)]
pub enum Trading {
    /// Fills are simulated here.
    Paper(Box<Paper>),
    /// To the venue.
    Live(Box<Live>),
    /// Nowhere: markets are only followed.
    Nobody,
}

/// Orders at the venue.
#[derive(Debug)]
pub struct Live {
    session: TradeSession,
    buffer: Vec<u8>,
    /// When everything is next cancelled for the kill latch.
    kill_at: Nanos,
    /// Requests whose answers are still to come: only the last is the one that stands.
    requests: usize,
    /// Where what an operator has to know goes.
    notices: Option<Producer<Notice>>,
}

impl Live {
    /// Trades by this session, whose instruments bear the numbers of the market's.
    #[must_use]
    pub fn new(session: TradeSession) -> Self {
        Self { session, buffer: vec![0; ORDER_BYTES_MAX], kill_at: Nanos::MIN, requests: 0, notices: None }
    }

    /// Tells there from now on what an operator has to know of the session.
    #[must_use]
    pub fn telling(mut self, notices: Producer<Notice>) -> Self {
        self.notices = Some(notices);
        self
    }

    /// The session.
    #[must_use]
    pub const fn session(&self) -> &TradeSession {
        &self.session
    }

    /// The session, to ask it for something.
    #[must_use]
    pub const fn session_mut(&mut self) -> &mut TradeSession {
        &mut self.session
    }
}

/// The private rings of a venue: what finds no room waits, in order.
#[derive(Debug)]
pub(super) struct Private<'a> {
    pub(super) shards: &'a mut [VenueEnds],
    pub(super) numbers: &'a Numbers,
    pub(super) backlog: &'a mut VecDeque<(usize, Event)>,
    /// How long answers take, and what time it is; `None` where nobody wants to know.
    pub(super) trips: Option<(&'a mut Trips, Nanos)>,
}

impl Private<'_> {
    /// Tells whom it concerns: the shard of its instrument, or all where it has none.
    pub(super) fn tell(&mut self, event: Event) {
        if let Some((trips, now)) = &mut self.trips {
            trips.told(&event, *now);
        }
        let place = event.instrument().and_then(|of_venue| self.numbers.at_shard(of_venue));
        for (shard, ends) in self.shards.iter_mut().enumerate() {
            let event = match place {
                Some((its, of_shard)) if its == shard => event.of_instrument(of_shard),
                Some(_) => continue,
                None => event,
            };
            // In order: behind what waits already.
            let waits = self.backlog.iter().any(|(waits, _)| *waits == shard);
            if waits || ends.private.push(event).is_err() {
                self.backlog.push_back((shard, event));
            }
        }
    }

    /// Tells what has waited, as far as there is room by now.
    pub(super) fn settle(&mut self) {
        while let Some((shard, event)) = self.backlog.front() {
            let ends = self.shards.get_mut(*shard);
            if ends.is_some_and(|ends| ends.private.push(*event).is_err()) {
                return;
            }
            self.backlog.pop_front();
        }
    }
}

impl EventSink for Private<'_> {
    fn push(&mut self, batch: &[Event]) -> Result<(), RingFull> {
        batch.iter().for_each(|event| self.tell(*event));
        Ok(())
    }
}

/// Whether the kill latch is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Latch {
    Open,
    Killed,
}

impl Trading {
    /// Sends a command, or says that it was not sent.
    pub(super) fn send(
        &mut self,
        command: &Command,
        latch: Latch,
        now: Now,
        out: (&Lines, &mut impl Network),
        told: &mut Private<'_>,
    ) {
        let expires_at = match command {
            Command::New(order) => Some(order.expires_at),
            Command::Replace(replace) => Some(replace.expires_at),
            Command::Cancel(_) | Command::Query(_) => None,
        };
        if expires_at.is_some_and(|at| latch == Latch::Killed || now.mono > at) {
            return told.tell(not_sent(command.instrument(), command.client_id(), now.mono));
        }
        if let Some((trips, _)) = &mut told.trips {
            trips.sent(command, now.mono);
        }
        match self {
            Self::Paper(paper) => paper.send(command, now.mono),
            Self::Live(live) => live.send(command, now, out, told),
            Self::Nobody => told.tell(not_sent(command.instrument(), command.client_id(), now.mono)),
        }
    }

    /// When [`Trading::pass_time`] has something to do.
    pub(super) fn next_deadline(&self) -> Option<Nanos> {
        match self {
            Self::Paper(paper) => paper.next_deadline(),
            Self::Live(live) => live.session.next_deadline(),
            Self::Nobody => None,
        }
    }

    /// Does what is due.
    pub(super) fn pass_time(&mut self, latch: Latch, now: Now, told: &mut Private<'_>) {
        match self {
            Self::Paper(paper) => paper.advance(now.mono, |event| told.tell(event)),
            Self::Live(live) => live.pass_time(latch, now, told),
            Self::Nobody => {}
        }
    }
}

impl Live {
    /// Does what is due.
    pub(super) fn pass_time(&mut self, latch: Latch, now: Now, told: &mut Private<'_>) {
        if latch == Latch::Open {
            self.kill_at = Nanos::MIN;
        } else if self.kill_at <= now.mono {
            self.kill_at = now.mono + KILL_EVERY;
            self.session.cancel_all();
        }
        if self.session.next_deadline().is_some_and(|at| at <= now.mono) {
            self.session.on_deadline(now, told);
        }
    }

    /// Takes one piece of news of a connection; false where it could not be read.
    pub(super) fn hear(
        &mut self,
        channel: Channel,
        news: News<'_>,
        now: Now,
        told: &mut Private<'_>,
    ) -> bool {
        match news {
            News::Text(text) => return self.on_text(channel, text, now, told),
            News::Reply { status, retry_after, used, body } => {
                self.requests = self.requests.saturating_sub(1);
                // An answer to a request that was replaced: that to the one that stands is still to come.
                return self.requests > 0 || self.on_answer(status, retry_after, used, body, now, told);
            }
            News::Opened => self.on_connected(channel, now),
            News::Closed(_) => self.on_disconnected(channel, now, told),
        }
        if channel == Channel::Rest {
            self.requests = 0;
        }
        true
    }

    fn send(
        &mut self,
        command: &Command,
        now: Now,
        (lines, network): (&Lines, &mut impl Network),
        told: &mut Private<'_>,
    ) {
        let Self { session, buffer, .. } = self;
        let Some(bytes) = session.encode(command, now, buffer, told) else { return };
        // A connection that takes no orders is of no use: what becomes of this one is unknown until it stands anew.
        if let Some(link) = lines.standing(Way::Trade(Channel::Api))
            && network.send(link, bytes).is_err()
        {
            network.close(link);
        }
    }

    /// Takes what came in on one of its connections.
    fn on_text(&mut self, channel: Channel, text: &[u8], now: Now, told: &mut Private<'_>) -> bool {
        self.session.on_bytes(channel, text, now, told).is_ok()
    }

    /// Takes the answer to the request that stands. `used` is the weight of this minute and the orders of the last ten seconds.
    fn on_answer(
        &mut self,
        status: u16,
        retry_after: Option<u32>,
        used: [Option<u32>; 2],
        body: &[u8],
        now: Now,
        told: &mut Private<'_>,
    ) -> bool {
        let [weight, orders] = used;
        let headers = [
            ("X-MBX-USED-WEIGHT-1M", weight),
            ("X-MBX-ORDER-COUNT-10S", orders),
            ("Retry-After", retry_after),
        ];
        let mut digits = [[0; DIGITS]; 3];
        let given = headers
            .into_iter()
            .zip(&mut digits)
            .filter_map(|((name, count), room)| Some((name, written(count?, room))));
        let (mut headers, mut count) = ([("", ""); 3], 0);
        for (header, given) in headers.iter_mut().zip(given) {
            *header = given;
            count += 1;
        }
        let headers = headers.get(..count).unwrap_or_default();
        self.session.on_answer(&Answer { status, headers, body }, now, told).is_ok()
    }

    fn on_connected(&mut self, channel: Channel, now: Now) {
        self.session.on_connected(channel, now);
    }

    fn on_disconnected(&mut self, channel: Channel, now: Now, told: &mut Private<'_>) {
        self.session.on_disconnected(channel, now, told);
    }

    /// Sends what the session has to say, and says which connections it wants made anew.
    pub(super) fn transmit(
        &mut self,
        lines: &mut Lines,
        network: &mut impl Network,
        now: Now,
        told: &mut Private<'_>,
    ) {
        if let Some(notices) = &mut self.notices {
            while let Some(notice) = self.session.poll_notice() {
                // Where nobody has read so many before it, nobody would read it.
                let _ = notices.push(notice);
            }
        }
        while let Some(channel) = self.session.poll_reconnect() {
            if let Some(link) = lines.standing(Way::Trade(channel)) {
                network.close(link);
            }
        }
        lines.lead(Way::Trade(Channel::Private), self.session.path(Channel::Private));
        loop {
            let Some(request) = self.session.poll_request(now) else { return };
            let channel = request.channel;
            let link = lines.standing(Way::Trade(channel));
            let text = |bytes| core::str::from_utf8(bytes).unwrap_or_default();
            let key = request.api_key.map(|key| ("X-MBX-APIKEY", text(key.reveal())));
            let sent = link.is_some_and(|link| match channel {
                Channel::Rest => {
                    let (method, target) = (request.verb.name(), text(request.bytes));
                    let headers = key.as_slice();
                    let asked = network.request(link, &HttpSend { method, target, headers, body: &[] });
                    self.requests += usize::from(asked.is_ok());
                    asked.is_ok()
                }
                Channel::Market(_) | Channel::Api | Channel::Private => {
                    network.send(link, request.bytes).is_ok()
                }
            });
            match link {
                _ if sent => {}
                Some(link) if channel != Channel::Rest => network.close(link),
                _ => self.session.on_disconnected(channel, now, told),
            }
        }
    }
}

/// Digits of the largest count.
const DIGITS: usize = 10;

/// A count as a header says it, without memory of its own: answers come while orders are sent.
fn written(count: u32, room: &mut [u8; DIGITS]) -> &str {
    let mut rest = &mut room[..];
    // There is room for the largest.
    let _ = write!(rest, "{count}");
    let used = DIGITS - rest.len();
    core::str::from_utf8(room.get(..used).unwrap_or_default()).unwrap_or_default()
}

/// The connections that orders need: for orders themselves several, where the fastest of them is to be kept.
pub(super) fn trade_lines(urls: &Urls, candidates: u8) -> Vec<Wanted> {
    let line = |channel, kind, talk, url: &str| {
        let way = Way::Trade(channel);
        Wanted { way, kind, talk, url: url.to_owned(), kin: None }
    };
    let mut lines = vec![line(Channel::Rest, LinkKind::Http, Talk::Answers, &urls.rest)];
    let orders = |_| line(Channel::Api, LinkKind::WebSocket, Talk::Pinged, &urls.api);
    lines.extend((0..candidates.max(1)).map(orders));
    // Its path is not known before the venue has given a key.
    lines.push(line(Channel::Private, LinkKind::WebSocket, Talk::Pinged, &urls.stream));
    lines
}

fn not_sent(instrument: InstrumentId, client_id: ClientOrderId, now: Nanos) -> Event {
    Event::Order(OrderUpdate { instrument, client_id, report: OrderReport::NotSent, venue_time: now })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_written_as_they_are_displayed() {
        for count in [0, 1, 9, 10, 99, 100, 2_400, 999_999_999, 1_000_000_000, u32::MAX] {
            assert_eq!(written(count, &mut [0; DIGITS]), count.to_string());
        }
    }
}
