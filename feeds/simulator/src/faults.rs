//! What goes wrong, on demand: rules that say when and how often, and the layer between the protocol and the sockets that does it.
//!
//! Seeded: the same rules over the same messages at the same times do the same. Every fault that fires is counted and logged.
//!
//! What only the venue itself can do wrong is passed on to it ([`Mischief`]); what a market does is done by [`Meddled`].
//!
//! Never here: a socket, a clock.
//!
//! [`Mischief`]: crate::seam::Mischief

mod answers;
mod meddled;
mod refusals;
mod rule;
mod rules_file;
mod text;

use std::collections::BTreeMap;
use std::collections::VecDeque;

use ballast_model::{Nanos, Span};

pub use self::meddled::Meddled;
pub use self::refusals::refusals;
pub use self::rule::{Channel, FaultSpec, Kind};
pub use self::rules_file::{FaultsError, FaultsFile};

use self::answers::Bad;
pub(crate) use self::answers::answered;
use self::refusals::{Asked, Refusal, Why};
use self::rule::Rule;
use crate::binance::Market;
use crate::seam::{Ban, Frame, HttpReply, HttpRequest, Mischief};

/// Faults that are kept to be looked at; older ones are only counted.
const LOGGED: usize = 1_000;

/// One fault that fired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fired {
    /// When, by the venue's clock.
    pub at: Nanos,
    /// What.
    pub kind: Kind,
    /// What it is called: of what comes in many forms, the form.
    pub name: &'static str,
    /// Where.
    pub channel: Channel,
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate<R> {
    /// It goes on to the venue and is answered by it.
    Passes,
    /// It goes on, but is answered with this.
    Masked(R),
    /// It goes no further and is answered with this.
    Lost(R),
}

/// What is done once, when its time comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// So many of a channel's connections are cut, the oldest first.
    Disconnect(Channel, usize),
    /// They fall silent.
    Silence(Channel, usize),
    /// The venue does something.
    Provoke(Mischief),
}

/// The layer: what the rules do to everything that comes and goes.
#[derive(Debug)]
pub struct Faults {
    rules: Vec<Rule>,
    dice: Dice,
    counts: BTreeMap<Kind, u64>,
    log: VecDeque<Fired>,
    /// Fired since somebody last asked.
    news: Vec<Fired>,
    /// By how much the venue's clock has been put wrong.
    skewed: bool,
    market: Market,
}

impl Faults {
    /// The layer with these rules, whose times begin at `now`; without any nothing goes wrong.
    #[must_use]
    pub fn new(file: &FaultsFile, now: Nanos) -> Self {
        let rules = file.rules().iter().map(|spec| Rule::new(spec.clone(), now)).collect();
        Self {
            rules,
            dice: Dice(file.seed()),
            counts: BTreeMap::new(),
            log: VecDeque::new(),
            news: Vec::new(),
            skewed: false,
            market: Market::UsdM,
        }
    }

    /// Of this market: what it refuses has codes of its own. Without it those of USD-M.
    #[must_use]
    pub const fn of(mut self, market: Market) -> Self {
        self.market = market;
        self
    }

    /// Adds rules, whose times begin at `now`; those that are over are forgotten. The seed stays that of the first.
    pub fn add(&mut self, file: &FaultsFile, now: Nanos) {
        self.rules.retain(|rule| !rule.is_over(now) || rule.spec().kind == Kind::ClockSkew);
        self.rules.extend(file.rules().iter().map(|spec| Rule::new(spec.clone(), now)));
    }

    /// Puts other rules in place of those there are. What was counted stays.
    pub fn replace(&mut self, file: &FaultsFile, now: Nanos) {
        self.rules = file.rules().iter().map(|spec| Rule::new(spec.clone(), now)).collect();
        self.dice = Dice(file.seed());
    }

    /// How often each kind has fired.
    #[must_use]
    pub const fn counts(&self) -> &BTreeMap<Kind, u64> {
        &self.counts
    }

    /// What has fired, oldest first, the last thousand.
    pub fn log(&self) -> impl Iterator<Item = &Fired> {
        self.log.iter()
    }

    /// What has fired since the last time this was asked.
    pub fn take_news(&mut self) -> Vec<Fired> {
        std::mem::take(&mut self.news)
    }

    /// When [`Faults::deeds`] next has something to say.
    pub(crate) fn next_deadline(&self, now: Nanos) -> Option<Nanos> {
        let skew_ends = self.skewed.then(|| self.skew_end(now)).flatten();
        self.rules.iter().filter_map(|rule| rule.next_deed(now)).chain(skew_ends).min()
    }

    /// What is to be done at `now`.
    pub(crate) fn deeds(&mut self, now: Nanos) -> Vec<Deed> {
        let mut deeds = Vec::new();
        let mut fired = Vec::new();
        for rule in self.rules.iter_mut().filter(|rule| rule.spec().kind.is_a_deed()) {
            if !rule.fires(now, &mut self.dice) {
                continue;
            }
            let spec = rule.spec();
            fired.push((spec.kind, spec.on));
            deeds.extend(deed(spec, now));
        }
        for (kind, on) in fired {
            self.skewed |= kind == Kind::ClockSkew;
            self.note(kind, kind.name(), on, now);
        }
        if self.skewed && self.skew_end(now).is_some_and(|end| end <= now) {
            self.skewed = false;
            deeds.push(Deed::Provoke(Mischief::ClockSkew(Span::ZERO)));
        }
        deeds
    }

    /// When the clock is to be right again; `None` where it stays wrong.
    fn skew_end(&self, now: Nanos) -> Option<Nanos> {
        let skews = self.rules.iter().filter(|rule| rule.spec().kind == Kind::ClockSkew);
        let ends: Vec<_> = skews.map(|rule| rule.window_end(now)).collect();
        if ends.is_empty() {
            Some(now)
        } else {
            ends.into_iter().collect::<Option<Vec<_>>>()?.into_iter().max()
        }
    }

    /// Whether a fault of this kind hits a message of this channel now.
    pub(crate) fn hits(&mut self, kind: Kind, channel: Channel, now: Nanos) -> Option<Span> {
        let by = self.falls_on(kind, channel, now)?;
        self.note(kind, kind.name(), channel, now);
        Some(by)
    }

    /// As [`Faults::hits`], and not counted yet.
    fn falls_on(&mut self, kind: Kind, channel: Channel, now: Nanos) -> Option<Span> {
        let dice = &mut self.dice;
        let mut rules = self.rules.iter_mut().filter(|rule| rule.spec().kind == kind);
        rules.find_map(|rule| {
            (rule.spec().on.covers(channel) && rule.fires(now, dice)).then_some(rule.spec().by)
        })
    }

    fn note(&mut self, kind: Kind, name: &'static str, channel: Channel, at: Nanos) {
        *self.counts.entry(kind).or_default() += 1;
        if self.log.len() == LOGGED {
            self.log.pop_front();
        }
        let fired = Fired { at, kind, name, channel };
        self.log.push_back(fired.clone());
        self.news.push(fired);
    }

    /// What becomes of an HTTP request.
    pub(crate) fn on_request(&mut self, request: &HttpRequest, now: Nanos) -> Fate<HttpReply> {
        if self.rules.is_empty() || !answers::is_order(request) {
            return Fate::Passes;
        }
        if let Some(refusal) = self.refusal(Channel::Rest, answers::asked(request), now) {
            return Fate::Lost(Bad::refused(refusal).reply());
        }
        self.unknown(Channel::Rest, now, |kind| Bad::unknown(kind).reply())
    }

    /// What becomes of a text that a client sent.
    pub(crate) fn on_text(&mut self, channel: Channel, text: &[u8], now: Nanos) -> Fate<Vec<u8>> {
        if self.rules.is_empty() || channel != Channel::Api {
            return Fate::Passes;
        }
        let Some((id, asked)) = answers::order_id(text) else { return Fate::Passes };
        if let Some(refusal) = self.refusal(channel, asked, now) {
            return Fate::Lost(Bad::refused(refusal).text(&id));
        }
        self.unknown(channel, now, |kind| Bad::unknown(kind).text(&id))
    }

    /// With what a request is refused, where it is.
    fn refusal(&mut self, on: Channel, asked: Option<Asked>, now: Nanos) -> Option<&'static Refusal> {
        let asked = asked?;
        for (kind, why) in [(Kind::RefusedKey, Why::Key), (Kind::Refused, Why::Order)] {
            if self.falls_on(kind, on, now).is_some()
                && let Some(refusal) = Refusal::nth(why, self.market, asked, self.dice.draw())
            {
                self.note(kind, refusal.name, on, now);
                return Some(refusal);
            }
        }
        None
    }

    fn unknown<R>(&mut self, on: Channel, now: Nanos, answer: impl FnOnce(Kind) -> R) -> Fate<R> {
        for kind in [Kind::TimeoutLost, Kind::UnavailableLost] {
            if self.hits(kind, on, now).is_some() {
                return Fate::Lost(answer(kind));
            }
        }
        for kind in [Kind::TimeoutExecuted, Kind::UnavailableExecuted] {
            if self.hits(kind, on, now).is_some() {
                return Fate::Masked(answer(kind));
            }
        }
        Fate::Passes
    }

    /// What is done to an answer on its way out, and how late it is.
    pub(crate) fn on_reply(&mut self, request: &HttpRequest, reply: &mut HttpReply, now: Nanos) -> Span {
        if self.rules.is_empty() {
            return Span::ZERO;
        }
        if answers::is_snapshot(request) && self.hits(Kind::StaleSnapshot, Channel::Rest, now).is_some() {
            text::age_snapshot(&mut reply.body);
        }
        let late =
            if answers::is_order(request) { self.hits(Kind::LateAck, Channel::Rest, now) } else { None };
        late.or_else(|| self.hits(Kind::Delay, Channel::Rest, now)).unwrap_or(Span::ZERO)
    }

    /// What goes out for a frame, in order, each so late.
    pub(crate) fn on_frame(&mut self, channel: Channel, frame: Frame, now: Nanos) -> Vec<(Span, Frame)> {
        let Frame::Text(mut text) = frame else { return vec![(Span::ZERO, frame)] };
        if self.rules.is_empty() {
            return vec![(Span::ZERO, Frame::Text(text))];
        }
        let is_depth = text::is_depth(&text);
        if is_depth && self.hits(Kind::Gap, channel, now).is_some() {
            return Vec::new();
        }
        if channel == Channel::User && self.hits(Kind::LostNews, channel, now).is_some() {
            return Vec::new();
        }
        if matches!(channel, Channel::User | Channel::Api)
            && self.falls_on(Kind::UnseenValue, channel, now).is_some()
            && text::unsee(&mut text, self.dice.draw())
        {
            self.note(Kind::UnseenValue, Kind::UnseenValue.name(), channel, now);
        }
        if is_depth && text::has_previous(&text) && self.hits(Kind::WrongPu, channel, now).is_some() {
            text::break_previous(&mut text);
        }
        if self.hits(Kind::MalformedJson, channel, now).is_some() {
            text.truncate(text.len() / 2);
        }
        let late = if channel == Channel::Api { self.hits(Kind::LateAck, channel, now) } else { None };
        let late = late.or_else(|| self.hits(Kind::Delay, channel, now)).unwrap_or(Span::ZERO);
        let mut out = Vec::with_capacity(2);
        if self.hits(Kind::MalformedFrame, channel, now).is_some() {
            out.push((late, Frame::Raw(text::NO_FRAME.to_vec())));
        }
        if self.hits(Kind::Duplicate, channel, now).is_some() {
            out.push((late, Frame::Text(text.clone())));
        }
        out.push((late, Frame::Text(text)));
        out
    }
}

/// What a rule of a kind that happens at a time does.
fn deed(spec: &FaultSpec, now: Nanos) -> Option<Deed> {
    let throttled = |ban| Mischief::Throttled { until: now + spec.lasts.unwrap_or(Span::ZERO), ban };
    Some(match spec.kind {
        Kind::Disconnect => Deed::Disconnect(spec.on, spec.connections),
        Kind::HalfOpen => Deed::Silence(spec.on, spec.connections),
        Kind::ShutdownNotice => Deed::Provoke(Mischief::ShutdownNotice),
        Kind::ListenKeyExpiry => Deed::Provoke(Mischief::ListenKeysExpire),
        Kind::ClockSkew => Deed::Provoke(Mischief::ClockSkew(spec.by)),
        Kind::Throttle => Deed::Provoke(throttled(Ban::No)),
        Kind::Ban => Deed::Provoke(throttled(Ban::Yes)),
        Kind::TickSize | Kind::LotSize => Deed::Provoke(Mischief::Regrid(spec.regrid.clone()?)),
        Kind::Gap
        | Kind::Duplicate
        | Kind::Delay
        | Kind::WrongPu
        | Kind::StaleSnapshot
        | Kind::MalformedJson
        | Kind::MalformedFrame
        | Kind::TimeoutExecuted
        | Kind::TimeoutLost
        | Kind::UnavailableExecuted
        | Kind::UnavailableLost
        | Kind::Refused
        | Kind::RefusedKey
        | Kind::LateAck
        | Kind::LostNews
        | Kind::UnseenValue
        | Kind::PartialFills
        | Kind::Forget => return None,
    })
}

/// Splitmix64 (Steele, Lea and Flood, 2014): enough to decide who is hit.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// True with this probability, given in parts of a million.
    pub(crate) const fn falls(&mut self, per_million: u32) -> bool {
        self.draw() % 1_000_000 < per_million as u64
    }

    /// The next word.
    const fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }
}

#[cfg(test)]
mod tests;
