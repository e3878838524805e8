//! A session with a reader at its end and a clock that tests set.

use ballast_json::Capability;
use ballast_model::{Event, InstrumentId, MarketEvent, Nanos, Span, Step};
use ballast_venue::binance::{
    BookState, Copies, InstrumentFeed, Market, MarketConfig, MarketSession, SessionError, TradeSource,
};
use ballast_venue::{Channel, Now};

use super::reader::Reader;

/// The instrument of most tests.
pub const ETH: InstrumentId = InstrumentId(7);
/// The second one, where a test has two.
pub const BTC: InstrumentId = InstrumentId(3);

/// Where diffs come from.
pub const BOOKS: Channel = Channel::Market(0);

/// Session, reader, time.
#[derive(Debug)]
pub struct Rig {
    /// Under test.
    pub session: MarketSession,
    /// Collects.
    pub reader: Reader,
    /// The time handed to the session.
    pub now: Nanos,
}

/// `ETHUSDT` (or `BTCUSD_PERP` on COIN-M) with a tick of 0.01 and a lot of 0.001.
pub fn feed(id: InstrumentId, symbol: &str) -> InstrumentFeed<'_> {
    InstrumentFeed { id, symbol, tick: Step { mantissa: 1, scale: 2 }, lot: Step { mantissa: 1, scale: 3 } }
}

impl Rig {
    pub fn with(market: Market, trade_source: TradeSource, instruments: &[InstrumentFeed<'_>]) -> Self {
        Self::copied(market, trade_source, instruments, 1)
    }

    /// With so many connections for each stream.
    pub fn copied(
        market: Market,
        trade_source: TradeSource,
        instruments: &[InstrumentFeed<'_>],
        copies: u8,
    ) -> Self {
        let (capability, copies) = (Capability::detect(), Copies::new(copies).unwrap());
        let config = MarketConfig { market, instruments, trade_source, copies, capability };
        let session = MarketSession::new(&config).unwrap();
        Self { session, reader: Reader::default(), now: Nanos(1_000_000_000_000) }
    }

    pub fn new(market: Market) -> Self {
        Self::with(market, TradeSource::Trades, &[feed(ETH, "ETHUSDT")])
    }

    pub const fn time(&self) -> Now {
        Now { mono: self.now, wall: self.now }
    }

    pub fn wait(&mut self, span: Span) {
        self.now = self.now + span;
    }

    pub fn bytes(&mut self, channel: Channel, frame: &str) -> Result<usize, SessionError> {
        let now = self.time();
        self.session.on_bytes(channel, frame.as_bytes(), now, &mut self.reader)
    }

    /// A frame of the book connection that must be taken.
    pub fn frame(&mut self, frame: &str) {
        assert_eq!(self.bytes(BOOKS, frame), Ok(frame.len()), "{frame}");
    }

    /// An HTTP answer that must be taken.
    pub fn answer(&mut self, body: &str) {
        assert_eq!(self.bytes(Channel::Rest, body), Ok(body.len()), "{body}");
    }

    pub fn connect(&mut self, channel: Channel) {
        let now = self.time();
        self.session.on_connected(channel, now);
    }

    pub fn disconnect(&mut self, channel: Channel) {
        let now = self.time();
        self.session.on_disconnected(channel, now, &mut self.reader);
    }

    /// Lets the session look at the clock, then takes all it wants to send.
    pub fn sent(&mut self) -> Vec<(Channel, String)> {
        let now = self.time();
        self.session.on_deadline(now, &mut self.reader);
        let mut sent = Vec::new();
        while let Some(transmit) = self.session.poll_transmit() {
            sent.push((transmit.channel, String::from_utf8(transmit.bytes.to_vec()).unwrap()));
        }
        sent
    }

    pub fn state(&self) -> BookState {
        self.session.book_state(ETH).unwrap()
    }

    /// Events since the last call, in short.
    pub fn told(&mut self) -> Vec<String> {
        self.reader.take().iter().filter_map(short).collect()
    }
}

/// `snapshot 100`, `diff 105`, `lost Gap`, …; level slots are left out.
fn short(event: &Event) -> Option<String> {
    let event = event.market().unwrap_or_else(|| panic!("market data never says {event:?}"));
    Some(match event {
        MarketEvent::BookBegin(begin) => format!("{:?} {}", begin.kind, begin.update_id.0).to_lowercase(),
        MarketEvent::BookLevels(_) => return None,
        MarketEvent::BookLost(lost) => format!("lost {:?}", lost.reason),
        MarketEvent::Ticker(ticker) => format!("ticker {}", ticker.update_id.0),
        MarketEvent::Trade(trade) => format!("trade {}", trade.trade_id.0),
        MarketEvent::Mark(mark) => format!("mark {}", mark.mark_e8),
    })
}

/// A spot diff that sets one bid.
pub fn spot_diff(first: u64, last: u64) -> String {
    format!(
        r#"{{"stream":"ethusdt@depth@100ms","data":{{"e":"depthUpdate","E":1700000000123,"s":"ETHUSDT","U":{first},"u":{last},"b":[["1999.99","{last}"]],"a":[]}}}}"#
    )
}

/// A futures diff that sets one ask.
pub fn futures_diff(first: u64, last: u64, prev: u64) -> String {
    format!(
        r#"{{"stream":"ethusdt@depth@100ms","data":{{"e":"depthUpdate","E":1700000000123,"T":1700000000120,"s":"ETHUSDT","ps":"ETHUSDT","st":1,"U":{first},"u":{last},"pu":{prev},"b":[],"a":[["2000.01","{last}"]]}}}}"#
    )
}

/// A snapshot without symbol and times, as spot serves it.
pub fn snapshot(id: u64) -> String {
    format!(
        r#"{{"lastUpdateId":{id},"bids":[["1999.99","1.000"],["1999.98","2.000"]],"asks":[["2000.01","3.000"]]}}"#
    )
}
