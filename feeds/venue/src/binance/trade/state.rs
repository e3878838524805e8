//! Connections and time: log-on, subscription, renewal, and what is due when.

use ballast_model::{
    Cancel, ClientOrderId, Command, Event, InstrumentId, Nanos, NewOrder, OrderReport, OrderUpdate, Query,
    Replace, Span,
};

use super::clock::LOOK_GAP;
use super::config::TradeMarket;
use super::in_flight::Asked;
use super::jobs::Job;
use super::notice::Notice;
use super::standing::Standing;
use super::{Api, Private, Step, TradeSession};
use crate::signing::Signature;
use crate::writer::Writer;
use crate::{Channel, EventSink, Now, Request, Verb};

/// Connections are cut after 24 hours: they are renewed before.
const CONNECTION_LIFE: Span = Span::from_secs(24 * 3_600 - 600);

/// A listen key lasts an hour.
pub(super) const KEY_LIFE: Span = Span::from_secs(30 * 60);

/// Time between two looks at the venue's rules, which may change while it trades.
const RULES_AGE: Span = Span::from_secs(60);

/// What is due when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timers {
    pub(super) probe: Nanos,
    pub(super) rules: Nanos,
    pub(super) key: Nanos,
    api_cut: Nanos,
    private_cut: Nanos,
}

impl Timers {
    pub(super) const NEVER: Self = Self {
        probe: Nanos::MAX,
        rules: Nanos::MAX,
        key: Nanos::MAX,
        api_cut: Nanos::MAX,
        private_cut: Nanos::MAX,
    };
}

/// Whether a timer has run out; it then begins anew.
fn due(timer: &mut Nanos, now: Nanos, next: Nanos) -> bool {
    let due = *timer <= now;
    if due {
        *timer = next;
    }
    due
}

impl TradeSession {
    /// A connection is open; for [`Channel::Rest`], a way for HTTP requests is there.
    pub fn on_connected(&mut self, channel: Channel, now: Now) {
        match channel {
            Channel::Api => {
                self.api = match (self.logs_on(), self.market) {
                    (true, _) => Api::LogOn(Step::Due),
                    (false, TradeMarket::Spot) => Api::Subscribe(Step::Due),
                    (false, TradeMarket::UsdM) => Api::Open,
                };
                self.timers.api_cut = now.mono + CONNECTION_LIFE;
            }
            Channel::Private if self.market == TradeMarket::UsdM => {
                self.private = Private::Open;
                self.timers.private_cut = now.mono + CONNECTION_LIFE;
                self.stream_up(now);
            }
            Channel::Rest => {
                self.timers.probe = now.mono;
                self.timers.rules = now.mono;
                if self.market == TradeMarket::UsdM && self.private_path.is_none() {
                    self.jobs.want(Job::ListenKey);
                }
            }
            Channel::Private | Channel::Market(_) => {}
        }
    }

    /// A connection ended: of what waits for an answer on it nobody can say what became of it. Without the one that takes
    /// orders, or the one that tells of fills, no order may rest: all are cancelled over HTTP.
    pub fn on_disconnected<S: EventSink>(&mut self, channel: Channel, now: Now, out: &mut S) {
        self.outlet.settle(out);
        match channel {
            Channel::Api => {
                if core::mem::replace(&mut self.api, Api::Down) != Api::Down {
                    self.cancel_all();
                }
                self.timers.api_cut = Nanos::MAX;
                while let Some(asked) = self.in_flight.overdue(Nanos::MAX) {
                    self.fate_unknown(asked, now, out);
                }
                if self.market == TradeMarket::Spot {
                    self.known.standing = Standing::Blind;
                }
            }
            Channel::Private => {
                if core::mem::replace(&mut self.private, Private::Down) != Private::Down {
                    self.cancel_all();
                }
                self.timers.private_cut = Nanos::MAX;
                if self.market == TradeMarket::UsdM {
                    self.known.standing = Standing::Blind;
                }
            }
            Channel::Rest => self.jobs.fail(now.mono),
            Channel::Market(_) => {}
        }
        self.tell_access(now.mono, out);
    }

    /// Time has passed.
    pub fn on_deadline<S: EventSink>(&mut self, now: Now, out: &mut S) {
        self.outlet.settle(out);
        while let Some(asked) = self.in_flight.overdue(now.mono) {
            self.counters.overdue += 1;
            self.fate_unknown(asked, now, out);
        }
        if self.jobs.is_overdue(now.mono) {
            self.counters.overdue += 1;
            self.jobs.fail(now.mono);
        }
        let lost = self.outlet.take_lost();
        if lost > 0 {
            self.counters.lost += lost;
            self.notices.add(Notice::EventsLost);
            self.stream_up(now);
        }
        if due(&mut self.timers.probe, now.mono, now.mono + LOOK_GAP) && self.clock.wants_probe(now.mono) {
            self.jobs.want(Job::Time);
        }
        if due(&mut self.timers.rules, now.mono, now.mono + RULES_AGE) {
            self.jobs.want(Job::Rules);
        }
        if due(&mut self.timers.key, now.mono, now.mono + KEY_LIFE) {
            self.jobs.want(Job::KeepKey);
        }
        if due(&mut self.timers.api_cut, now.mono, Nanos::MAX) {
            self.renew(Channel::Api);
        }
        if due(&mut self.timers.private_cut, now.mono, Nanos::MAX) {
            self.renew(Channel::Private);
        }
        self.tell_access(now.mono, out);
    }

    /// When [`on_deadline`](Self::on_deadline) has something to do, or [`poll_request`](Self::poll_request) something to send
    /// that had to wait.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Nanos> {
        let Timers { probe, rules, key, api_cut, private_cut } = self.timers;
        let timers = probe.min(rules).min(key).min(api_cut).min(private_cut);
        // What waits to be asked waits for an operator: it is not due.
        let asks_from = if self.halted { Nanos::MAX } else { self.budget.silent_until() };
        let jobs = self.jobs.deadline(asks_from);
        let next = timers.min(jobs).min(self.in_flight.earliest());
        let settled = if self.outlet.is_settled() { Nanos::MAX } else { Nanos::MIN };
        Some(next.min(settled)).filter(|next| *next != Nanos::MAX)
    }

    /// Every order of every instrument is to be cancelled, before anything else and whatever state the core is in. Answers
    /// and news of the account tell what became of them.
    pub fn cancel_all(&mut self) {
        for index in 0..self.names.instruments.len() {
            self.jobs.want_first(Job::CancelAll(index));
        }
    }

    /// Account and open orders are to be fetched anew, with the trades since the last known.
    pub fn sweep(&mut self, now: Now) {
        if self.sees_fills() {
            self.stream_up(now);
        }
    }

    pub(super) fn stream_up(&mut self, now: Now) {
        self.denials.forget();
        self.jobs.want_sweep(self.names.instruments.len(), self.market);
        self.known.standing = Standing::Blind;
        self.note_standing(now.mono);
    }

    /// How much of the sweep is left.
    pub(super) fn note_standing(&mut self, now: Nanos) {
        let left = self.jobs.sweeping() + u32::try_from(self.parked.len()).unwrap_or(u32::MAX);
        self.known.standing = if !self.sees_fills() {
            Standing::Blind
        } else if let Standing::Whole(since) = self.known.standing {
            Standing::Whole(since)
        } else if left > 0 {
            Standing::Sweeping(left)
        } else {
            Standing::Whole(now)
        };
    }

    pub(super) fn renew(&mut self, channel: Channel) {
        if !self.reconnect.contains(&Some(channel))
            && let Some(free) = self.reconnect.iter_mut().find(|wanted| wanted.is_none())
        {
            *free = Some(channel);
        }
    }

    pub(super) fn halt(&mut self, code: i64) {
        self.halted = true;
        self.notices.add(Notice::Halted(code));
    }

    /// An operator has looked after a halt: requests go out again, and the connections begin anew.
    pub fn resume(&mut self) {
        self.halted = false;
        self.renew(Channel::Api);
    }

    /// The next request other than orders, if any: log-on and subscription, then HTTP.
    ///
    /// A request on [`Channel::Rest`] replaces the one before: if that is still unanswered, the runtime drops it and never
    /// delivers its answer.
    pub fn poll_request(&mut self, now: Now) -> Option<Request<'_>> {
        if self.halted {
            return None;
        }
        match self.api {
            Api::LogOn(Step::Due) => self.write_control(Asked::LogOn, now),
            Api::Subscribe(Step::Due) => self.write_control(Asked::Subscribe, now),
            Api::Down | Api::LogOn(Step::Asked) | Api::Subscribe(Step::Asked) | Api::Open => {
                self.poll_job(now)
            }
        }
    }

    fn write_control(&mut self, asked: Asked, now: Now) -> Option<Request<'_>> {
        let id = self.in_flight.next_id()?;
        self.in_flight.ask(asked, now.mono + self.answer_max);
        let (method, signed) = match asked {
            Asked::Subscribe if self.logs_on() => ("userDataStream.subscribe", false),
            Asked::Subscribe => ("userDataStream.subscribe.signature", true),
            Asked::LogOn | Asked::Command(_) => ("session.logon", true),
        };
        self.api =
            if asked == Asked::Subscribe { Api::Subscribe(Step::Asked) } else { Api::LogOn(Step::Asked) };
        let (time, window) = (self.timestamp(now), self.recv_window_ms);
        let signature = signed.then(|| self.sign_control(time, window));
        let mut writer = Writer::new(&mut self.frame);
        writer.put(br#"{"id":"#);
        writer.number(id);
        writer.put(br#","method":""#);
        writer.put(method.as_bytes());
        writer.put(br#"","params":{"#);
        if let Some(signature) = signature {
            writer.put(br#""apiKey":""#);
            writer.put(self.credentials.api_key().reveal());
            writer.put(br#"","recvWindow":"#);
            writer.number(window);
            writer.put(br#","timestamp":"#);
            writer.number(time);
            writer.put(br#","signature":""#);
            writer.put(signature.as_bytes());
            writer.put(b"\"");
        }
        writer.put(b"}}");
        let bytes = writer.finish()?;
        Some(Request { channel: Channel::Api, verb: Verb::Get, api_key: None, bytes })
    }

    /// Signs a control request, whose parameters go by name.
    fn sign_control(&mut self, time: u64, window: u64) -> Signature {
        let mut writer = Writer::new(&mut self.frame);
        writer.put(b"apiKey=");
        writer.put(self.credentials.api_key().reveal());
        writer.put(b"&recvWindow=");
        writer.number(window);
        writer.put(b"&timestamp=");
        writer.number(time);
        self.credentials.sign(writer.since(0))
    }

    /// No answer, or none that tells: the core hears so. A query is asked again by the core itself.
    pub(super) fn fate_unknown<S: EventSink>(&mut self, asked: Asked, now: Now, out: &mut S) {
        let (instrument, client_id): (InstrumentId, ClientOrderId) = match asked {
            Asked::Command(
                Command::New(NewOrder { instrument, client_id, .. })
                | Command::Cancel(Cancel { instrument, client_id })
                | Command::Replace(Replace { instrument, client_id, .. }),
            ) => (instrument, client_id),
            Asked::Command(Command::Query(Query { .. })) => return,
            Asked::LogOn | Asked::Subscribe => {
                if self.api != Api::Down {
                    self.renew(Channel::Api);
                }
                return;
            }
        };
        let report = OrderReport::FateUnknown;
        let update = OrderUpdate { instrument, client_id, report, venue_time: now.mono };
        self.tell(Event::Order(update), out);
    }
}
