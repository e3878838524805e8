//! Recorded commands played to a venue, whatever it answers.

use ballast_exchange::TapeVenue;
use ballast_model::{Command, Event, Nanos, Span};

use super::feed::{Feed, NEVER};
use super::{AtVenue, Program, REPEAT_GAP};
use crate::tape::Tape;

/// What comes next; in the order that decides equal times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Market(usize),
    Arrival,
    Sent,
}

/// Plays markets and commands to a venue, each command leaving us at its time, until nothing is left to happen. `told` is given
/// what the venue tells, as it tells it.
pub fn play_commands(
    tapes: &[Tape],
    commands: &[(Nanos, Command)],
    venue: &mut TapeVenue,
    mut told: impl FnMut(&Event),
) {
    let program = Program { tapes, repeat: 1, operator: &[], feed_latency: Span::ZERO, stops: &[] };
    let mut feeds = Feed::all(&program, REPEAT_GAP);
    let mut commands = commands.iter().peekable();
    loop {
        let markets = feeds.iter().enumerate().map(|(index, feed)| (feed.at_venue(), Turn::Market(index)));
        let arrival = venue.next_arrival().map(|at| (at, Turn::Arrival));
        let sent = commands.peek().map(|(at, _)| (*at, Turn::Sent));
        match markets.chain(arrival).chain(sent).min().filter(|(at, _)| *at < NEVER) {
            Some((now, Turn::Market(index))) => {
                if let Some(feed) = feeds.get_mut(index) {
                    feed.advance_venue(&mut AtVenue { venue, now });
                }
            }
            Some((_, Turn::Arrival)) => venue.on_arrival(),
            Some((now, Turn::Sent)) => {
                if let Some((_, command)) = commands.next() {
                    venue.send(command, now);
                }
            }
            None => return,
        }
        while let Some(event) = venue.pop_response(Nanos::MAX) {
            told(&event);
        }
    }
}
