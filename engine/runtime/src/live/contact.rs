//! What a venue's thread shows of its connections, of what the venue lets us send, and of how long its answers take.
//!
//! Never here: anything that is decided by. How we stand with the venue is beside this, in `standing`.

use core::fmt;

use ballast_model::{Nanos, Span};
use ballast_sync::seqlock::{Reader, Writer, snapshot};
use ballast_venue::Channel;
use ballast_venue::binance::trade::Pool;

use super::links::{LinkState, Way};
use super::trips::RoundTrips;

/// Connections of a venue that are shown.
const LINKS_MAX: usize = 16;
/// The venue's windows that are shown.
const WINDOWS_MAX: usize = 12;
/// Words of a connection and of a window.
const WORDS: usize = 4;
const HEAD: usize = 10;
const ALL: usize = HEAD + WORDS * (LINKS_MAX + WINDOWS_MAX);

/// How often a venue's thread writes at most.
const EVERY: Span = Span::from_millis(50);

/// What runs over a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkUse {
    /// Books, trades and marks, by its number.
    Market(u8),
    /// Requests for books.
    Books,
    /// Orders.
    Orders,
    /// News of the account.
    Account,
    /// Requests of the account.
    Requests,
}

impl fmt::Display for LinkUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Market(0) => f.write_str("market"),
            Self::Market(number) => write!(f, "market {}", u16::from(*number) + 1),
            Self::Books => f.write_str("books"),
            Self::Orders => f.write_str("orders"),
            Self::Account => f.write_str("account"),
            Self::Requests => f.write_str("requests"),
        }
    }
}

/// A connection as it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkView {
    /// What runs over it.
    pub of: LinkUse,
    /// Whether it stands.
    pub state: LinkState,
    /// From the last answered ping to the reading of its answer; `None` where none was sent or answered.
    pub round_trip: Option<Span>,
}

/// One of the venue's windows as it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowView {
    /// Of what.
    pub pool: Pool,
    /// How long counts last.
    pub interval: Span,
    /// The most.
    pub limit: u32,
    /// Used by the last request.
    pub used: u32,
}

/// A venue's connections as they are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    /// When it was.
    pub at: Nanos,
    /// Frames and answers of its markets.
    pub frames: u64,
    /// Connections that stood and were lost.
    pub lost: u64,
    /// Frames that could not be decoded.
    pub unread: u64,
    /// From question to answer, when its clock was last asked; `None` where it was not.
    pub probe: Option<Span>,
    /// How long it takes to answer orders.
    pub trips: RoundTrips,
    /// Connections.
    pub links: Vec<LinkView>,
    /// What it lets us send.
    pub windows: Vec<WindowView>,
}

/// What is written, without an allocation.
#[derive(Debug)]
pub(super) struct Reading<L, W> {
    pub(super) counts: [u64; 3],
    pub(super) probe: Option<Span>,
    pub(super) trips: RoundTrips,
    pub(super) links: L,
    pub(super) windows: W,
}

/// The end of the venue's thread.
#[derive(Debug)]
pub(super) struct ContactBoard {
    writer: Writer<ALL>,
    next: Nanos,
}

/// The end of whoever looks.
#[derive(Clone, Debug)]
pub(super) struct ContactWindow(Reader<ALL>);

/// Both ends.
pub(super) fn contact_board() -> (ContactBoard, ContactWindow) {
    let (writer, reader) = snapshot();
    (ContactBoard { writer, next: Nanos::MIN }, ContactWindow(reader))
}

impl ContactBoard {
    /// Whether it is time to show something.
    #[inline]
    pub(super) fn is_due(&self, now: Nanos) -> bool {
        now >= self.next
    }

    /// Shows how things are.
    pub(super) fn show(
        &mut self,
        now: Nanos,
        reading: Reading<
            impl Iterator<Item = (Way, LinkState, Option<Span>)>,
            impl Iterator<Item = WindowView>,
        >,
    ) {
        self.next = now + EVERY;
        let mut words = [0; ALL];
        let (head, rest) = words.split_at_mut(HEAD);
        let (links, windows) = rest.split_at_mut(WORDS * LINKS_MAX);
        let Reading { counts: [frames, lost, unread], probe, trips, links: of_links, windows: of_windows } =
            reading;
        let RoundTrips { count, p50, p90, p99, longest } = trips;
        let [p50, p90, p99, longest] = [p50, p90, p99, longest].map(word);
        head.copy_from_slice(&[
            now.0.cast_unsigned(),
            frames,
            lost,
            unread,
            probe.map_or(0, |probe| word(probe) + 1),
            count,
            p50,
            p90,
            p99,
            longest,
        ]);
        for (words, (way, state, round_trip)) in links.as_chunks_mut::<WORDS>().0.iter_mut().zip(of_links) {
            *words = [1 + use_code(way), state as u64, round_trip.map_or(0, |span| word(span) + 1), 0];
        }
        for (words, window) in windows.as_chunks_mut::<WORDS>().0.iter_mut().zip(of_windows) {
            let WindowView { pool, interval, limit, used } = window;
            *words = [1 + pool_code(pool), word(interval), u64::from(limit), u64::from(used)];
        }
        self.writer.write(&words);
    }
}

/// A span that is not below zero.
fn word(span: Span) -> u64 {
    span.0.max(0).unsigned_abs()
}

const POOLS: [Pool; 3] = [Pool::Weight, Pool::RestWeight, Pool::Orders];

fn pool_code(pool: Pool) -> u64 {
    POOLS.iter().position(|known| *known == pool).unwrap_or_default() as u64
}

const USES: [LinkUse; 4] = [LinkUse::Books, LinkUse::Orders, LinkUse::Account, LinkUse::Requests];

/// Those by name, and then market connections by number.
fn use_code(way: Way) -> u64 {
    match way {
        Way::Market(Channel::Market(number)) | Way::Trade(Channel::Market(number)) => {
            USES.len() as u64 + u64::from(number)
        }
        Way::Market(Channel::Rest | Channel::Api | Channel::Private) => 0,
        Way::Trade(Channel::Api) => 1,
        Way::Trade(Channel::Private) => 2,
        Way::Trade(Channel::Rest) => 3,
    }
}

impl ContactWindow {
    /// The newest; nothing before there is any.
    pub(super) fn look(&mut self) -> Contact {
        self.0.look();
        let Some(words) = self.0.value() else { return Contact::default() };
        let (head, rest) = words.split_at(HEAD);
        let (links, windows) = rest.split_at(WORDS * LINKS_MAX);
        let &[at, frames, lost, unread, probe, count, p50, p90, p99, longest] = head else {
            return Contact::default();
        };
        let known = |word: u64| word.checked_sub(1).map(span);
        let link = |&[code, state, round_trip, _]: &[u64; WORDS]| {
            let code = usize::try_from(code.checked_sub(1)?).ok()?;
            let number = || u8::try_from(code - USES.len()).ok().map(LinkUse::Market);
            let of = USES.get(code).copied().or_else(number)?;
            Some(LinkView { of, state: LinkState::of(state), round_trip: known(round_trip) })
        };
        let window = |&[code, interval, limit, used]: &[u64; WORDS]| {
            let pool = *POOLS.get(usize::try_from(code.checked_sub(1)?).ok()?)?;
            let count = |word| u32::try_from(word).unwrap_or(u32::MAX);
            Some(WindowView { pool, interval: span(interval), limit: count(limit), used: count(used) })
        };
        let [p50, p90, p99, longest] = [p50, p90, p99, longest].map(span);
        Contact {
            at: Nanos(at.cast_signed()),
            frames,
            lost,
            unread,
            probe: known(probe),
            trips: RoundTrips { count, p50, p90, p99, longest },
            links: links.as_chunks::<WORDS>().0.iter().filter_map(link).collect(),
            windows: windows.as_chunks::<WORDS>().0.iter().filter_map(window).collect(),
        }
    }
}

fn span(word: u64) -> Span {
    Span(word.cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_seen() {
        let (mut board, mut window) = contact_board();
        assert_eq!(window.look(), Contact::default());
        let ways = [
            (Way::Market(Channel::Market(0)), LinkUse::Market(0), LinkState::Up, Some(Span(0))),
            (Way::Market(Channel::Market(1)), LinkUse::Market(1), LinkState::Opening, None),
            (Way::Market(Channel::Rest), LinkUse::Books, LinkState::Down, None),
            (Way::Trade(Channel::Api), LinkUse::Orders, LinkState::Up, Some(Span(7))),
            (Way::Trade(Channel::Private), LinkUse::Account, LinkState::Up, None),
            (Way::Trade(Channel::Rest), LinkUse::Requests, LinkState::Up, None),
        ];
        let windows = POOLS.map(|pool| WindowView { pool, interval: Span(9), limit: u32::MAX, used: 3 });
        let trips = RoundTrips { count: 5, p50: Span(1), p90: Span(2), p99: Span(3), longest: Span(4) };
        assert!(board.is_due(Nanos(5)));
        let reading = Reading {
            counts: [1, 2, 3],
            probe: Some(Span(11)),
            trips,
            links: ways.iter().map(|(way, _, state, round_trip)| (*way, *state, *round_trip)),
            windows: windows.into_iter(),
        };
        board.show(Nanos(5), reading);
        assert!(!board.is_due(Nanos(5) + Span(EVERY.0 - 1)) && board.is_due(Nanos(5) + EVERY));
        let seen = window.look();
        let links: Vec<_> =
            ways.iter().map(|(_, of, state, round_trip)| (*of, *state, *round_trip)).collect();
        let told: Vec<_> = seen.links.iter().map(|link| (link.of, link.state, link.round_trip)).collect();
        assert_eq!(told, links);
        assert_eq!(seen.windows, windows);
        assert_eq!((seen.at, seen.frames, seen.lost, seen.unread), (Nanos(5), 1, 2, 3));
        assert_eq!((seen.probe, seen.trips), (Some(Span(11)), trips));
        assert_eq!(LinkUse::Market(1).to_string(), "market 2");
    }
}
