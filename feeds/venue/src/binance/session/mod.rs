//! A market-data session: bytes, connections and time in; events and requests out.

mod copies;
mod depth;
mod messages;

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use ballast_json::{Decoder, Grid, Grids, SymbolId, SymbolTable};
use ballast_model::{InstrumentId, LostReason, Nanos, Span, Step};

use super::book::Book;
use super::error::{ConfigError, SessionError};
use super::levels::{Batch, FrameLevels};
use super::place::StreamPlace;
use super::requests::{Answer, Requests};
use super::stream::{write_snapshot_request, write_subscribe};
use super::sync::BookState;
use super::{Dialect, INSTRUMENTS_MAX, MarketConfig, TradeSource};
use crate::{Channel, Counters, EventSink, Now, Transmit};
use copies::{Origin, Origins};

/// Twice the instruments, so that a look-up in the hash table seldom meets a stranger.
const SYMBOL_SLOTS: usize = 2 * INSTRUMENTS_MAX;

/// How long a fresh connection may stay without a diff before a book's snapshot is fetched all the same. Snapshots are
/// otherwise fetched once the first diff is there, so that they reach up to it; a quiet market may have none for long.
const FIRST_DIFF_WAIT: Span = Span::from_secs(5);

/// Market data of one Binance market.
///
/// The runtime opens [`connections`](Self::connections) and a way for HTTP requests, and reports what happens by the
/// `on_*` methods; whenever one of them returns it sends what [`poll_transmit`](Self::poll_transmit) yields, and it calls
/// [`on_deadline`](Self::on_deadline) once [`next_deadline`](Self::next_deadline) has passed. Events go to the sink in the
/// order in which they must be taken.
///
/// What the sink may rely on, per instrument: a diff comes only between a snapshot and a `BookLost`, and follows the batch
/// before it without a hole; after a `BookLost` no diff comes until a snapshot. Whatever the sink refuses is told as
/// [`LostReason::RingFull`] before anything else of that instrument, and the book is synchronised anew, even where it
/// was a trade that was refused: the engine then knows that it missed something.
///
/// Each stream may come over several connections ([`Copies`](super::Copies)). Every message is told once, by whichever brings it
/// first: best prices and mark prices only forward, trades by their ids, so that one that the faster connection missed is told
/// late. Each connection's diffs must follow one another, and a book is lost only when no connection goes on from it: all ended, or
/// have told what lies beyond a hole that none fills within [`BEHIND_MAX`](super::BEHIND_MAX). One that comes back, or has missed
/// something, joins where its diffs meet the book.
#[derive(Debug)]
pub struct MarketSession {
    dialect: &'static Dialect,
    trade_source: TradeSource,
    decoder: Decoder,
    /// Numbers the symbols by their position in `books`.
    symbols: SymbolTable<SYMBOL_SLOTS>,
    books: Vec<Book>,
    levels: FrameLevels,
    batch: Batch,
    requests: Requests,
    /// Whether diffs can come.
    stream: Stream,
    origins: Origins,
    /// By connection: whether it waits for its SUBSCRIBE frame.
    subscriptions: Vec<Subscription>,
    /// Number of the last control request.
    request_id: u64,
    /// Whether a book may owe the sink news.
    debts: Debts,
    /// What [`poll_transmit`](Self::poll_transmit) lends out.
    text: String,
    /// Of the last frame.
    place: Option<StreamPlace>,
    counters: Counters,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stream {
    /// Up, or fed from a recording that does not say.
    Open,
    /// The runtime said that it ended.
    Ended,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subscription {
    Settled,
    Due,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Debts {
    None,
    Some,
}

/// What a frame turned out to be, as far as the answer to a request needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    Snapshot,
    Refusal,
    Other,
}

impl MarketSession {
    /// Builds the session and allocates all it will ever need.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn new(config: &MarketConfig<'_>) -> Result<Self, ConfigError> {
        let dialect = config.market.dialect();
        let mut symbols = SymbolTable::new();
        let mut books: Vec<Book> = Vec::with_capacity(config.instruments.len());
        if config.instruments.is_empty() {
            return Err(ConfigError::NoInstruments);
        }
        if config.instruments.len() > INSTRUMENTS_MAX {
            return Err(ConfigError::TooManyInstruments);
        }
        for (at, feed) in config.instruments.iter().enumerate() {
            let grids = Grids {
                price: grid(feed.tick).ok_or(ConfigError::Step(at))?,
                size: grid(feed.lot).ok_or(ConfigError::Step(at))?,
            };
            let id = u16::try_from(at).map(SymbolId).map_err(|_| ConfigError::TooManyInstruments)?;
            let added = symbols.insert(feed.symbol.as_bytes(), id, grids);
            added.map_err(|error| ConfigError::Symbol(at, error))?;
            if books.iter().any(|book| book.instrument == feed.id) {
                return Err(ConfigError::DuplicateId(at));
            }
            books.push(Book::new(dialect, feed));
        }
        let mut session = Self {
            dialect,
            trade_source: config.trade_source,
            decoder: Decoder::new(config.capability),
            symbols,
            levels: FrameLevels::new(),
            batch: Batch::new(),
            requests: Requests::new(dialect, books.len()),
            origins: Origins::new(dialect.connections.len(), config.copies.count(), books.len()),
            books,
            stream: Stream::Open,
            subscriptions: vec![Subscription::Settled; dialect.connections.len() * config.copies.count()],
            // The longest number there is, so that the rehearsal below makes room for any.
            request_id: u64::MAX,
            debts: Debts::None,
            text: String::new(),
            place: None,
            counters: Counters::default(),
        };
        for route in 0..dialect.connections.len() {
            session.write_subscribe(route);
        }
        session.request_id = 0;
        Ok(session)
    }

    /// From now on levels between the points of the grid are passed over, counted, and the rest of their book is read. For grids that
    /// the venue declares: one that makes a tick coarser leaves the orders that stand at their prices.
    pub fn pass_over_strays(&mut self) {
        self.symbols.pass_over_strays();
    }

    /// The public connections to open, with path and query; the host is configuration.
    pub fn connections(&self) -> impl Iterator<Item = (Channel, &'static str)> + use<> {
        let numbered = (0..=u8::MAX).zip(self.dialect.connections.iter().cycle());
        let all = numbered.take(self.subscriptions.len());
        all.map(|(number, connection)| (Channel::Market(number), connection.path))
    }

    /// Whether diffs come over a connection: on one that stands something is always said.
    #[must_use]
    pub fn carries_books(&self, channel: Channel) -> bool {
        matches!(channel, Channel::Market(number) if self.origins.of(number).is_some_and(|origin| origin.route == 0))
    }

    /// Whether two connections are for the same streams.
    #[must_use]
    pub fn are_copies(&self, one: Channel, other: Channel) -> bool {
        let route = |channel| match channel {
            Channel::Market(number) => self.origins.of(number).map(|origin| origin.route),
            Channel::Api | Channel::Private | Channel::Rest => None,
        };
        route(one).is_some() && route(one) == route(other)
    }

    /// What has been counted since the session was built.
    #[must_use]
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Where the last frame handed in stands in its stream; `None` where it was no message of a followed stream.
    #[must_use]
    pub const fn place(&self) -> Option<&StreamPlace> {
        self.place.as_ref()
    }

    /// Whether an instrument's book may be used; `None` for an instrument of another session.
    #[must_use]
    pub fn book_state(&self, instrument: InstrumentId) -> Option<BookState> {
        self.books.iter().find(|book| book.instrument == instrument).map(|book| book.sync.state())
    }

    /// When to call [`on_deadline`](Self::on_deadline), in [`Now::mono`]; `None` while nothing is timed.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Nanos> {
        match (self.requests.deadline(), self.origins.behind_until) {
            (deadline, None) => deadline,
            (None, until) => until,
            (Some(deadline), Some(until)) => Some(deadline.min(until)),
        }
    }

    /// Takes one whole text frame of a public connection, or one whole body of an HTTP answer (whatever its status), and
    /// returns how many bytes that were: all of them, also where an error is returned instead.
    ///
    /// A snapshot that names no symbol belongs to the book whose request stands; where none was ever asked for (a
    /// recording), to the session's only instrument. HTTP answers come in the order of the requests.
    ///
    /// # Errors
    /// [`SessionError`], counted; the session goes on. A frame that cannot be decoded changes no book, since it does not
    /// say whose it was: if it was a diff, the next one of its book shows the hole, and the book is lost before any event
    /// that follows it.
    pub fn on_bytes<S: EventSink>(
        &mut self,
        channel: Channel,
        frame: &[u8],
        now: Now,
        out: &mut S,
    ) -> Result<usize, SessionError> {
        self.counters.frames += 1;
        self.place = None;
        self.settle_debts(out);
        match channel {
            Channel::Market(number) => {
                let Some(origin) = self.origins.of(number) else { return Err(self.wrong(channel)) };
                self.origins.hear(origin);
                self.on_frame(frame, self.only_symbol(), now.mono, out)?;
            }
            Channel::Rest => self.on_answer(frame, now.mono, out)?,
            Channel::Api | Channel::Private => return Err(self.wrong(channel)),
        }
        Ok(frame.len())
    }

    fn wrong(&mut self, channel: Channel) -> SessionError {
        self.counters.wrong_channel += 1;
        SessionError::Channel(channel)
    }

    /// A connection is open: on a public one the full set of streams is asked for once.
    pub fn on_connected(&mut self, channel: Channel, now: Now) {
        let Channel::Market(number) = channel else { return };
        let Some(subscription) = self.subscriptions.get_mut(usize::from(number)) else { return };
        *subscription = Subscription::Due;
        let Some(origin) = self.origins.of(number) else { return };
        self.origins.open(origin);
        if origin.route == 0 {
            self.stream = Stream::Open;
            for index in 0..self.books.len() {
                self.want_snapshot(index, now.mono + FIRST_DIFF_WAIT);
            }
        }
    }

    /// A connection ended. The books live on the first public one, and its copies: without any they are lost.
    pub fn on_disconnected<S: EventSink>(&mut self, channel: Channel, now: Now, out: &mut S) {
        match channel {
            Channel::Market(number) => {
                if let Some(subscription) = self.subscriptions.get_mut(usize::from(number)) {
                    *subscription = Subscription::Settled;
                }
                let Some(origin) = self.origins.of(number) else { return };
                let Origin { route, copy } = origin;
                match self.origins.close(origin) {
                    _ if route > 0 => {}
                    true => self.end_stream(out),
                    false => self.end_copy(copy, now.mono, out),
                }
            }
            Channel::Rest => {
                if let Answer::For(index) = self.requests.answer() {
                    self.counters.snapshot_requests_failed += 1;
                    self.want_snapshot(index, now.mono);
                }
            }
            Channel::Api | Channel::Private => {}
        }
    }

    /// Time has passed.
    pub fn on_deadline<S: EventSink>(&mut self, now: Now, out: &mut S) {
        self.settle_debts(out);
        self.give_up_behind(now.mono, out);
        if self.requests.on_time(now.mono).is_some() {
            self.counters.snapshot_requests_failed += 1;
        }
    }

    /// A recording says that this was asked for on [`Channel::Rest`], path and query: an answer that comes is to this, whatever the
    /// session itself would have asked for. What no session asks for changes nothing.
    pub fn on_asked(&mut self, target: &[u8], now: Now) {
        let Dialect { snapshot_path, snapshot_limit, .. } = self.dialect;
        let Self { books, text, .. } = self;
        let asked = books.iter().position(|book| {
            write_snapshot_request(text, snapshot_path, &book.symbol, *snapshot_limit);
            text.as_bytes() == target
        });
        if let Some(book) = asked {
            self.counters.snapshot_requests += 1;
            self.requests.stands(book, now.mono);
        }
    }

    /// The next bytes to send, if any.
    ///
    /// A request on [`Channel::Rest`] replaces the one before: if that is still unanswered, the runtime drops it and never
    /// delivers its answer.
    pub fn poll_transmit(&mut self) -> Option<Transmit<'_>> {
        let due = self.subscriptions.iter().position(|subscription| *subscription == Subscription::Due);
        if let Some(connection) = due {
            if let Some(subscription) = self.subscriptions.get_mut(connection) {
                *subscription = Subscription::Settled;
            }
            self.request_id += 1;
            self.write_subscribe(connection % self.dialect.connections.len());
            let number = u8::try_from(connection).unwrap_or(u8::MAX);
            return Some(Transmit { channel: Channel::Market(number), bytes: self.text.as_bytes() });
        }
        let book = self.books.get(self.requests.hand_out()?)?;
        self.counters.snapshot_requests += 1;
        let Dialect { snapshot_path, snapshot_limit, .. } = self.dialect;
        write_snapshot_request(&mut self.text, snapshot_path, &book.symbol, *snapshot_limit);
        Some(Transmit { channel: Channel::Rest, bytes: self.text.as_bytes() })
    }

    fn write_subscribe(&mut self, route: usize) {
        let Some(connection) = self.dialect.connections.get(route) else { return };
        let symbols = self.books.iter().map(|book| book.symbol.as_str());
        write_subscribe(&mut self.text, symbols, connection.streams(self.trade_source), self.request_id);
    }

    /// Reads the answer to the standing request, or a snapshot from a recording.
    fn on_answer<S: EventSink>(&mut self, body: &[u8], now: Nanos, out: &mut S) -> Result<(), SessionError> {
        match self.requests.answer() {
            Answer::TooLate => {
                self.counters.snapshots_ignored += 1;
                Ok(())
            }
            Answer::Unasked => self.on_frame(body, self.only_symbol(), now, out).map(|_| ()),
            Answer::For(index) => {
                let symbol = u16::try_from(index).ok().map(SymbolId);
                let heard = self.on_frame(body, symbol, now, out);
                if heard != Ok(Heard::Snapshot) {
                    self.counters.snapshot_requests_failed += 1;
                }
                if heard == Ok(Heard::Refusal) {
                    self.requests.pause(now);
                }
                self.want_snapshot(index, now);
                heard.map(|_| ())
            }
        }
    }

    fn only_symbol(&self) -> Option<SymbolId> {
        (self.books.len() == 1).then_some(SymbolId(0))
    }

    fn end_stream<S: EventSink>(&mut self, out: &mut S) {
        self.stream = Stream::Ended;
        self.requests.clear();
        for book in &mut self.books {
            let was_live = book.sync.state() == BookState::Live;
            self.counters.buffered_dropped += count(book.sync.end_stream());
            if was_live {
                self.counters.books_lost += 1;
                if book.tell_lost(LostReason::Disconnected, out).is_err() {
                    self.debts = Debts::Some;
                }
            }
        }
    }

    /// Tells the sink what it could not take before.
    #[inline]
    fn settle_debts<S: EventSink>(&mut self, out: &mut S) {
        if self.debts == Debts::Some {
            self.debts = Debts::None;
            for book in &mut self.books {
                if book.settle(out).is_err() {
                    self.debts = Debts::Some;
                }
            }
        }
    }
}

pub(super) fn grid(step: Step) -> Option<Grid> {
    let in_range = (1..=Step::MANTISSA_MAX).contains(&step.mantissa) && step.scale <= Step::SCALE_MAX;
    Grid::new(step.scale, step.mantissa).filter(|_| in_range)
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
