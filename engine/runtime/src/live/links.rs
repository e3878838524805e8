//! The connections of a venue's loop: when each is opened, given up and opened again.

use ballast_model::{Nanos, Span, mutant};
use ballast_venue::Channel;
use ballast_wire::{Address, Link, LinkKind, Network, News};

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
}

impl LinkPolicy {
    /// For venues that cut connections after a day and limit attempts to 300 in five minutes.
    pub const DEFAULT: Self = Self {
        connect_max: Span::from_secs(10),
        silence_max: Span::from_secs(10),
        back_off_min: Span::from_millis(250),
        back_off_max: Span::from_secs(30),
        age_max: Span::from_secs(23 * 3600 + 1800),
    };

    /// As configured.
    #[must_use]
    pub fn of(live: &LiveConfig) -> Self {
        Self { silence_max: live.silence_max.span(), ..Self::DEFAULT }
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
}

/// One connection.
#[derive(Debug)]
struct Line {
    link: Link,
    wanted: Wanted,
    /// The path that was led to last; empty where the address is whole without.
    path: String,
    state: State,
    /// Since it last stood.
    attempts: u32,
}

/// All connections of a loop.
#[derive(Debug)]
pub(super) struct Lines {
    lines: Vec<Line>,
    policy: LinkPolicy,
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
        Self { lines: (0..=u8::MAX).zip(wanted).map(line).collect(), policy, lost: 0 }
    }

    /// What runs over a connection.
    #[inline]
    pub(super) fn way(&self, link: Link) -> Option<Way> {
        self.lines.get(usize::from(link.0)).map(|line| line.wanted.way)
    }

    /// How every connection is.
    pub(super) fn states(&self) -> impl Iterator<Item = (Link, Way, LinkState)> {
        self.lines.iter().map(|line| {
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
        let line = self.lines.iter().find(|line| line.wanted.way == way)?;
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
        let Some(line) = self.lines.get_mut(usize::from(link.0)) else { return };
        match (news, &mut line.state) {
            (News::Opened, state) => {
                *state = State::Up { since: now, heard: now, asked: now };
                line.attempts = 0;
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
        for line in &mut self.lines {
            line.look(network, &policy, now);
            if line.ends(&policy).is_none_or(|at| at > now) {
                continue;
            }
            match line.state {
                State::Down { .. } => {
                    line.state = State::Opening { since: now };
                    network.open(line.link, &line.address());
                }
                // Of one that never stood no news may follow.
                State::Opening { .. } => {
                    network.close(line.link);
                    line.ended(&policy, now);
                }
                State::Up { .. } | State::Closing { .. } => {
                    line.state = State::Closing { until: now + CLOSE_MAX };
                    network.close(line.link);
                }
            }
        }
    }

    pub(super) fn next_deadline(&self) -> Option<Nanos> {
        self.lines.iter().flat_map(|line| [line.ends(&self.policy), line.pings(&self.policy)]).flatten().min()
    }
}

impl Line {
    /// It is gone, or could not be made: when it is tried again.
    fn ended(&mut self, policy: &LinkPolicy, now: Nanos) {
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

    /// When it is opened, or closed.
    fn ends(&self, policy: &LinkPolicy) -> Option<Nanos> {
        Some(match (self.state, self.wanted.talk) {
            (State::Down { retry_at }, _) => retry_at,
            (State::Opening { since }, _) => since + policy.connect_max,
            (State::Closing { .. }, _) if mutant::is("spins-while-closing") => Nanos::MIN,
            (State::Closing { until }, _) => until,
            (State::Up { since, heard, .. }, Talk::Steady | Talk::Pinged) => {
                (heard + policy.silence_max).min(since + policy.age_max)
            }
            (State::Up { since, .. }, Talk::Answers) => since + policy.age_max,
        })
    }
}

#[cfg(test)]
mod tests;
