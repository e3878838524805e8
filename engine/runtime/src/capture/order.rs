//! Whether the numbers of a stream come in order: update ids rise, venue times do not run back.
//!
//! Where two numbers contradict each other, the messages around them decide which to believe: as many as possible. So one
//! number far ahead is one problem and not the problem of all that follow it. A contradiction waits for its witnesses or for
//! the end of the file; until there is one, each message costs a comparison. Each file begins anew.
//!
//! Never here: a change of any message. What is out of order is named and stays as it was written.

use std::cmp::Reverse;

use ballast_model::{Nanos, Span};
use ballast_venue::binance::StreamPlace;

use super::survey::WITNESSES;

/// Messages before a contradiction that have a say in it.
const RECENT_MAX: usize = 16;
/// A venue time may lie before the one before it in its stream by so much. In recorded captures none does; venues send
/// from several hosts, whose clocks agree within milliseconds.
const BACK_MAX: Span = Span::from_millis(10);

/// The streams of one file.
#[derive(Debug, Default)]
pub(super) struct Orders {
    /// By instrument and stream.
    streams: Vec<Stream>,
    wrong_ids: Vec<Denied>,
    wrong_times: Vec<Denied>,
}

/// A number that those around it deny.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Denied {
    /// Line of its message.
    pub(super) line: u64,
    /// The id, or the time in nanoseconds.
    pub(super) value: u64,
    /// The believed one that it contradicts: of an earlier message where it is not below the value, else of a later one.
    pub(super) neighbour: u64,
}

/// The numbers of one stream.
#[derive(Debug)]
struct Stream {
    update_ids: Order,
    event_times: Order,
    transaction_times: Order,
}

impl Default for Stream {
    fn default() -> Self {
        let order = |rule| Order { rule, recent: Recent::default(), held: Vec::new() };
        Self {
            update_ids: order(Rule::Rises),
            event_times: order(Rule::RunsBackLittle),
            transaction_times: order(Rule::RunsBackLittle),
        }
    }
}

impl Orders {
    /// Takes in a message received at `now`.
    #[inline]
    pub(super) fn take(&mut self, place: &StreamPlace, now: Nanos, line: u64) {
        /// How many kinds there are.
        const KINDS: usize = 5;
        let index = place.instrument.index() * KINDS + place.stream as usize;
        if index >= self.streams.len() {
            self.streams.resize_with(index + 1, Stream::default);
        }
        let Self { streams, wrong_ids, wrong_times } = self;
        let Some(stream) = streams.get_mut(index) else { return };
        if let Some(id) = place.update_id {
            stream.update_ids.take(Number { value: id.0, delay: Span::ZERO, line }, wrong_ids);
        }
        // Venue times are never below zero.
        let number = |time: Nanos| Number { value: time.0.unsigned_abs(), delay: now - time, line };
        if let Some(time) = place.event_time {
            stream.event_times.take(number(time), wrong_times);
        }
        if let Some(time) = place.transaction_time {
            stream.transaction_times.take(number(time), wrong_times);
        }
    }

    /// The file has ended: the update ids that were out of order, and the venue times. Begins anew.
    pub(super) fn settle(&mut self) -> (Vec<Denied>, Vec<Denied>) {
        let Self { streams, mut wrong_ids, mut wrong_times } = std::mem::take(self);
        for mut stream in streams {
            stream.update_ids.settle(&mut wrong_ids);
            stream.event_times.settle(&mut wrong_times);
            stream.transaction_times.settle(&mut wrong_times);
        }
        for wrong in [&mut wrong_ids, &mut wrong_times] {
            wrong.sort_by_key(|one| one.line);
        }
        wrong_times.dedup_by_key(|one| one.line);
        (wrong_ids, wrong_times)
    }
}

/// What may follow a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// A greater one.
    Rises,
    /// One that is not smaller by more than [`BACK_MAX`].
    RunsBackLittle,
}

impl Rule {
    #[inline]
    const fn allows(self, before: u64, next: u64) -> bool {
        match self {
            Self::Rises => next > before,
            Self::RunsBackLittle => before.saturating_sub(next) <= BACK_MAX.0.unsigned_abs(),
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Number {
    value: u64,
    /// Of a time: when we received it minus it.
    delay: Span,
    line: u64,
}

/// The numbers of one kind in one stream.
#[derive(Debug)]
struct Order {
    rule: Rule,
    /// The last ones believed.
    recent: Recent,
    /// Those from a contradiction on.
    held: Vec<Number>,
}

/// The last [`RECENT_MAX`] numbers.
#[derive(Debug, Default)]
struct Recent {
    last: u64,
    /// Numbers taken in.
    count: usize,
    ring: [Number; RECENT_MAX],
}

impl Recent {
    #[inline]
    fn push(&mut self, number: Number) {
        if let Some(slot) = self.ring.get_mut(self.count % RECENT_MAX) {
            *slot = number;
        }
        self.last = number.value;
        self.count += 1;
    }

    /// From the oldest on.
    fn iter(&self) -> impl Iterator<Item = Number> + '_ {
        let places = self.count.saturating_sub(RECENT_MAX)..self.count;
        places.filter_map(|place| self.ring.get(place % RECENT_MAX).copied())
    }
}

/// How good a choice of numbers to believe is: their count; then how little their delays differ from the usual one; then
/// how far back it ends, since a number ahead of all is more likely wrong than the one after it.
type Merit = (usize, Reverse<u64>, Reverse<u64>);

impl Order {
    #[inline]
    fn take(&mut self, number: Number, denied: &mut Vec<Denied>) {
        let follows = self.rule.allows(self.recent.last, number.value) || self.recent.count == 0;
        if follows && self.held.is_empty() {
            self.recent.push(number);
        } else {
            self.hold(number, denied);
        }
    }

    #[cold]
    fn hold(&mut self, number: Number, denied: &mut Vec<Denied>) {
        self.held.push(number);
        if self.held.len() == WITNESSES {
            self.settle(denied);
        }
    }

    /// Decides what to believe of the last numbers, with the witnesses there are.
    fn settle(&mut self, denied: &mut Vec<Denied>) {
        if self.held.is_empty() {
            return;
        }
        let numbers: Vec<_> = self.recent.iter().chain(self.held.drain(..)).collect();
        let believed = believed(&numbers, self.rule);
        self.recent = Recent::default();
        for (index, number) in numbers.iter().enumerate() {
            let Err(at) = believed.binary_search(&index) else {
                self.recent.push(*number);
                continue;
            };
            let neighbour = |at: usize| believed.get(at).and_then(|index| numbers.get(*index));
            let before = at.checked_sub(1).and_then(neighbour);
            let contradicts = |before: &&Number| !self.rule.allows(before.value, number.value);
            let Some(other) = before.filter(contradicts).or_else(|| neighbour(at)) else { continue };
            denied.push(Denied { line: number.line, value: number.value, neighbour: other.value });
        }
    }
}

/// Indices of the numbers to believe: a longest run of which each may follow the one before.
fn believed(numbers: &[Number], rule: Rule) -> Vec<usize> {
    let mut delays: Vec<_> = numbers.iter().map(|number| number.delay).collect();
    delays.sort_unstable();
    let usual = delays.get(delays.len() / 2).copied().unwrap_or_default();
    // From the last to the first: the best choice that begins with it, and the next in that choice.
    let mut choices: Vec<(Merit, Option<usize>)> = vec![Default::default(); numbers.len()];
    let mut best: Option<(Merit, usize)> = None;
    for (index, number) in numbers.iter().enumerate().rev() {
        let odd = number.delay.0.abs_diff(usual.0);
        let alone = ((1, Reverse(odd), Reverse(number.value)), None);
        let rest = numbers.iter().zip(&choices).enumerate().skip(index + 1);
        let choice = rest
            .filter(|(_, (next, _))| rule.allows(number.value, next.value))
            .map(|(at, (_, ((count, Reverse(others), end), _)))| {
                ((count + 1, Reverse(odd.saturating_add(*others)), *end), Some(at))
            })
            // Of equals the first, so that it is the later of two like numbers that goes.
            .rev()
            .max_by_key(|(merit, _)| *merit)
            .unwrap_or(alone);
        if best.is_none_or(|(merit, _)| choice.0 >= merit) {
            best = Some((choice.0, index));
        }
        if let Some(slot) = choices.get_mut(index) {
            *slot = choice;
        }
    }
    let follow = |index: &usize| choices.get(*index).and_then(|(_, next)| *next);
    std::iter::successors(best.map(|(_, index)| index), follow).collect()
}

#[cfg(test)]
mod tests;
