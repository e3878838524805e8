//! The connections of a venue's loop: when each is opened, given up and opened again.

mod race;

use ballast_model::{Nanos, Span, mutant};
use ballast_venue::Channel;
use ballast_wire::{Address, Link, LinkKind, Network, News};

use self::race::Race;
use crate::config::{LiveConfig, LiveVenueConfig};

/// How connections are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkPolicy {
    /// How long a connection may take to stand.
    pub connect_max: Span,
    /// How long one that stands may say nothing before it is taken for dead: of books no message, of others no answer to a ping,
    /// which is sent after half that time.
    pub silence_max: Span,
    /// Time before the second attempt; doubled after each that failed.
    pub back_off_min: Span,
    /// Longest time between attempts.
    pub back_off_max: Span,
    /// How long a connection is used before it is made anew: venues cut after 24 h.
    pub age_max: Span,
    /// Of how many connections for orders the fastest is kept.
    pub order_candidates: u8,
}

impl LinkPolicy {
    /// For venues that cut connections after a day and limit attempts to 300 in five minutes.
    pub const DEFAULT: Self = Self {
        connect_max: Span::from_secs(10),
        silence_max: Span::from_secs(10),
        back_off_min: Span::from_millis(250),
        back_off_max: Span::from_secs(30),
        age_max: Span::from_secs(23 * 3600 + 1800),
        order_candidates: 1,
    };

    /// As configured.
    #[must_use]
    pub fn of(live: &LiveConfig) -> Self {
        Self { silence_max: live.silence_max.span(), ..Self::DEFAULT }
    }

    /// The same of a venue, to which orders go.
    #[must_use]
    pub fn of_venue(live: &LiveConfig, venue: &LiveVenueConfig) -> Self {
        Self { order_candidates: venue.order_connections, ..Self::of(live) }
    }
}

/// How long the news of an end may take that we have asked for.
const CLOSE_MAX: Span = Span::from_secs(5);

/// Where a venue is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Urls {
    /// Where streams are: scheme and host.
    pub stream: String,
    /// Where requests go: scheme and host.
    pub rest: String,
    /// Where orders go: scheme, host and path.
    pub api: String,
}

impl From<&LiveVenueConfig> for Urls {
    fn from(venue: &LiveVenueConfig) -> Self {
        let [stream, rest, api] = [venue.stream(), venue.rest(), venue.api()].map(str::to_owned);
        Self { stream, rest, api }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Down {
        retry_at: Nanos,
    },
    Opening {
        since: Nanos,
    },
    Up {
        since: Nanos,
        heard: Nanos,
        asked: Nanos,
    },
    /// We have closed it; the news of its end comes before this, or it is closed again.
    Closing {
        since: Nanos,
        until: Nanos,
    },
}

/// Whether a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum LinkState {
    /// No.
    Down = 0,
    /// It is being made.
    Opening = 1,
    /// Yes.
    Up = 2,
}

impl LinkState {
    /// That of a number; down where it is no state's.
    pub(super) const fn of(code: u64) -> Self {
        match code {
            2 => Self::Up,
            1 => Self::Opening,
            _ => Self::Down,
        }
    }
}

/// What a connection that says nothing may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Talk {
    /// Dead: it tells of books, and one of them always moves.
    Steady,
    /// Dead where it does not answer a ping.
    Pinged,
    /// Well: it speaks when spoken to.
    Answers,
}

/// Whose connection it is, and what runs over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Of the session that follows markets.
    Market(Channel),
    /// Of the session that trades.
    Trade(Channel),
}

/// A connection that is to be kept.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) way: Way,
    pub(super) kind: LinkKind,
    pub(super) talk: Talk,
    /// Of the private way only scheme and host: the path comes by [`Lines::lead`].
    pub(super) url: String,
    /// Shared by those that carry the same; `None` where there is no other.
    pub(super) kin: Option<u8>,
}

/// One connection.
#[derive(Debug)]
struct Line {
    link: Link,
    wanted: Wanted,
    /// The path that was led to last; empty where the address is whole without.
    path: String,
    state: State,
    /// Since it last stood for as long as the longest wait between two.
    attempts: u32,
}

/// How long all others that carry the same must have stood before one is made anew because of its age: until then its books, which join
/// where they meet, are not surely in step.
const RENEWED_APART: Span = Span::from_secs(60);

/// Time between attempts to connect, on the average: 200 of the 300 in five minutes that venues allow an address.
const ATTEMPT_EVERY: Span = Span::from_millis(1_500);
/// Attempts that may be made at once; with what comes every [`ATTEMPT_EVERY`] they stay below the 300.
const ATTEMPTS_AT_ONCE: i64 = 60;

/// What attempts to connect are left, by the generic cell rate algorithm (ITU-T I.371).
#[derive(Debug)]
struct Attempts {
    /// When the next would be made on the average.
    arrival: Nanos,
}

impl Attempts {
    /// The earliest time for an attempt.
    fn next(&self) -> Nanos {
        self.arrival - Span(ATTEMPT_EVERY.0 * (ATTEMPTS_AT_ONCE - 1))
    }

    fn make(&mut self, now: Nanos) {
        self.arrival = self.arrival.max(now) + ATTEMPT_EVERY;
    }
}

/// All connections of a loop.
#[derive(Debug)]
pub(super) struct Lines {
    lines: Vec<Line>,
    policy: LinkPolicy,
    attempts: Attempts,
    /// Of the connections for orders, where there are several.
    race: Option<Race>,
    /// Connections that stood and ended.
    pub(super) lost: u64,
}

impl Lines {
    pub(super) fn new(policy: LinkPolicy, wanted: Vec<Wanted>) -> Self {
        let line = |(number, wanted): (u8, Wanted)| {
            let led = wanted.way == Way::Trade(Channel::Private);
            let state = State::Down { retry_at: if led { Nanos::MAX } else { Nanos::MIN } };
            Line { link: Link(number), wanted, path: String::new(), state, attempts: 0 }
        };
        let attempts = Attempts { arrival: Nanos::MIN };
        let lines: Vec<_> = (0..=u8::MAX).zip(wanted).map(line).collect();
        let runs = |line: &&Line| line.wanted.way == Way::Trade(Channel::Api);
        let race = Race::new(lines.iter().filter(runs).map(|line| line.link).collect());
        Self { lines, policy, attempts, race, lost: 0 }
    }

    /// What runs over a connection; nothing over one that runs against others, or has lost.
    #[inline]
    pub(super) fn way(&self, link: Link) -> Option<Way> {
        let runs = |race: &Race| race.runs(link) && race.winner() != Some(link);
        if self.race.as_ref().is_some_and(runs) {
            return None;
        }
        self.lines.get(usize::from(link.0)).map(|line| line.wanted.way)
    }

    /// Lets those that run against each other run on. Once one is kept, its way: from now on it stands.
    pub(super) fn race(&mut self, network: &mut impl Network, now: Nanos) -> Option<Way> {
        let Self { lines, race, .. } = self;
        let race = race.as_mut()?;
        let line = |link: Link| lines.get(usize::from(link.0));
        let state = |link| line(link).map_or(State::Down { retry_at: Nanos::MAX }, |line| line.state);
        if let Some(State::Down { retry_at }) = race.winner().map(state) {
            race.again();
            let ended =
                |line: &&mut Line| race.runs(line.link) && !matches!(line.state, State::Closing { .. });
            lines.iter_mut().filter(ended).for_each(|line| line.waits(retry_at));
            return None;
        }
        let winner = race.run(network, now, |link| matches!(state(link), State::Up { .. }))?;
        for line in lines.iter_mut().filter(|line| race.has_lost(line.link)) {
            match line.state {
                State::Down { .. } => line.waits(Nanos::MAX),
                // Of one that never stood no news may follow.
                State::Opening { .. } => {
                    network.close(line.link);
                    line.waits(Nanos::MAX);
                }
                State::Up { since, .. } => {
                    line.state = State::Closing { since, until: now + CLOSE_MAX };
                    network.close(line.link);
                }
                State::Closing { .. } => {}
            }
        }
        self.way(winner)
    }

    /// How every connection is, but for those that ran and were not kept.
    pub(super) fn states(&self) -> impl Iterator<Item = (Link, Way, LinkState)> {
        let has_lost = |line: &&Line| self.race.as_ref().is_some_and(|race| race.has_lost(line.link));
        self.lines.iter().filter(move |line| !has_lost(line)).map(|line| {
            let state = match line.state {
                State::Down { .. } => LinkState::Down,
                State::Opening { .. } => LinkState::Opening,
                State::Closing { .. } => LinkState::Down,
                State::Up { .. } => LinkState::Up,
            };
            (line.link, line.wanted.way, state)
        })
    }

    /// The connection of a way, where it stands.
    pub(super) fn standing(&self, way: Way) -> Option<Link> {
        let line = self.lines.iter().find(|line| self.way(line.link) == Some(way))?;
        matches!(line.state, State::Up { .. }).then_some(line.link)
    }

    /// Where a way leads whose path is not known from the beginning: it is opened once there is one.
    pub(super) fn lead(&mut self, way: Way, path: Option<&str>) {
        let (Some(path), Some(line)) = (path, self.lines.iter_mut().find(|line| line.wanted.way == way))
        else {
            return;
        };
        if line.path == path {
            return;
        }
        path.clone_into(&mut line.path);
        if let State::Down { retry_at } = &mut line.state
            && *retry_at == Nanos::MAX
        {
            *retry_at = Nanos::MIN;
        }
    }

    /// Takes one piece of news of a connection.
    #[inline]
    pub(super) fn on_news(&mut self, link: Link, news: &News<'_>, now: Nanos) {
        let has_lost = self.race.as_ref().is_some_and(|race| race.has_lost(link));
        let Some(line) = self.lines.get_mut(usize::from(link.0)) else { return };
        match (news, &mut line.state) {
            (News::Closed(_), _) if has_lost => line.waits(Nanos::MAX),
            (News::Opened, state) => {
                *state = State::Up { since: now, heard: now, asked: now };
            }
            (News::Text(_) | News::Reply { .. }, State::Up { heard, .. }) => *heard = now,
            (News::Text(_) | News::Reply { .. }, _) => {}
            (News::Closed(_), state) => {
                self.lost += u64::from(matches!(state, State::Up { .. } | State::Closing { .. }));
                line.ended(&self.policy, now);
            }
        }
    }

    /// Opens what is down and due, pings what may be dead, and closes what took too long, is dead or too old.
    pub(super) fn on_time(&mut self, network: &mut impl Network, now: Nanos) {
        let policy = self.policy;
        for at in 0..self.lines.len() {
            let Some(line) = self.lines.get_mut(at) else { return };
            line.look(network, &policy, now);
            if matches!(line.state, State::Down { .. }) || self.ends(at).is_none_or(|at| at > now) {
                continue;
            }
            let Some(line) = self.lines.get_mut(at) else { return };
            match line.state {
                State::Down { .. } => {}
                // Of one that never stood no news may follow.
                State::Opening { .. } => {
                    network.close(line.link);
                    line.ended(&policy, now);
                }
                State::Up { since, .. } | State::Closing { since, .. } => {
                    line.state = State::Closing { since, until: now + CLOSE_MAX };
                    network.close(line.link);
                }
            }
        }
        while let Some(line) = self.longest_due(now) {
            line.state = State::Opening { since: now };
            network.open(line.link, &line.address());
            self.attempts.make(now);
        }
    }

    /// That of those to be opened which has been due for longest, so that one that does not come to stand leaves room for the others.
    fn longest_due(&mut self, now: Nanos) -> Option<&mut Line> {
        let has_room = self.attempts.next() <= now;
        let due = |line: &&mut Line| match line.state {
            State::Down { retry_at } => has_room && retry_at <= now,
            State::Opening { .. } | State::Up { .. } | State::Closing { .. } => false,
        };
        self.lines.iter_mut().filter(due).min_by_key(|line| match line.state {
            State::Down { retry_at } => retry_at,
            State::Opening { since } | State::Up { since, .. } | State::Closing { since, .. } => since,
        })
    }

    pub(super) fn next_deadline(&self) -> Option<Nanos> {
        let ends = (0..self.lines.len()).map(|at| self.ends(at));
        let pings = self.lines.iter().map(|line| line.pings(&self.policy));
        ends.chain(pings).chain([self.race.as_ref().and_then(Race::next_deadline)]).flatten().min()
    }

    /// When a connection is opened, or closed.
    fn ends(&self, at: usize) -> Option<Nanos> {
        let (line, policy) = (self.lines.get(at)?, &self.policy);
        let (dies, ages) = match (line.state, line.wanted.talk) {
            (State::Down { retry_at }, _) => return Some(retry_at.max(self.attempts.next())),
            (State::Opening { since }, _) => return Some(since + policy.connect_max),
            (State::Closing { .. }, _) if mutant::is("spins-while-closing") => return Some(Nanos::MIN),
            (State::Closing { until, .. }, _) => return Some(until),
            (State::Up { since, heard, .. }, Talk::Steady | Talk::Pinged) => {
                (heard + policy.silence_max, since + policy.age_max)
            }
            (State::Up { since, .. }, Talk::Answers) => return Some(since + policy.age_max),
        };
        if ages >= dies {
            return Some(dies);
        }
        Some(self.renews(at, ages).map_or(dies, |renews| renews.min(dies)))
    }

    /// When one that is of age at this time is made anew: not while another that carries the same is away. `None` while one is.
    fn renews(&self, at: usize, ages: Nanos) -> Option<Nanos> {
        let Some(kin) = self.lines.get(at)?.wanted.kin else { return Some(ages) };
        let kin = |(other, line): &(usize, &Line)| *other != at && line.wanted.kin == Some(kin);
        let mut others = self.lines.iter().enumerate().filter(kin);
        others.try_fold(ages, |renews, (_, other)| match other.state {
            State::Up { since, .. } => Some(renews.max(since + RENEWED_APART)),
            State::Down { .. } | State::Opening { .. } | State::Closing { .. } => None,
        })
    }
}

impl Line {
    /// It is down, and opened at this time.
    const fn waits(&mut self, retry_at: Nanos) {
        self.state = State::Down { retry_at };
    }

    /// It is gone, or could not be made: when it is tried again.
    fn ended(&mut self, policy: &LinkPolicy, now: Nanos) {
        // A venue that takes connections and ends them at once is asked less and less often.
        if let State::Up { since, .. } | State::Closing { since, .. } = self.state
            && now - since >= policy.back_off_max
        {
            self.attempts = 0;
        }
        let wait = policy.back_off_min.doubled(self.attempts, policy.back_off_max);
        let retry_at = if mutant::is("never-reconnects") { Nanos::MAX } else { now + wait };
        self.state = State::Down { retry_at };
        self.attempts = self.attempts.saturating_add(1);
    }

    fn address(&self) -> Address {
        let url = format!("{}{}", self.wanted.url, self.path);
        Address { kind: self.wanted.kind, url, headers: Vec::new() }
    }

    /// Sees how the connection is, and pings it where that is due.
    fn look(&mut self, network: &mut impl Network, policy: &LinkPolicy, now: Nanos) {
        if self.pings(policy).is_none_or(|at| at > now) {
            return;
        }
        if let State::Up { heard, asked, .. } = &mut self.state {
            *asked = now;
            *heard = network.pulse(self.link).map_or(*heard, |pulse| pulse.heard.max(*heard));
            // One that cannot even be pinged goes the way of the silent.
            let _ = network.ping(self.link);
        }
    }

    /// When it is next pinged.
    fn pings(&self, policy: &LinkPolicy) -> Option<Nanos> {
        match (self.state, self.wanted.talk) {
            (State::Up { asked, .. }, Talk::Pinged) => Some(asked + Span(policy.silence_max.0 / 2)),
            (State::Up { .. } | State::Down { .. } | State::Opening { .. } | State::Closing { .. }, _) => {
                None
            }
        }
    }
}

#[cfg(test)]
mod tests;
