//! The dialects: what venues send becomes events, and what the engine needs from them becomes bytes.
//!
//! A session is sans-IO: the runtime opens sockets, moves bytes and tells the time; the session holds every protocol
//! rule. It has four kinds of methods and no fifth: getters; `on_*` for what came in (bytes, connections, time);
//! `poll_*` for what must go out; and [`next_deadline`](binance::MarketSession::next_deadline), by which the runtime
//! knows when to call `on_deadline`. A replay feeds the recorded frames through the same `on_bytes` and leaves the rest
//! uncalled.
//!
//! ```
//! use ballast_json::Capability;
//! use ballast_model::{Event, InstrumentId, Nanos, Step};
//! use ballast_venue::binance::{Copies, InstrumentFeed, Market, MarketConfig, MarketSession, TradeSource};
//! use ballast_venue::{Channel, EventSink, Now, RingFull};
//!
//! struct Events(Vec<Event>);
//! impl EventSink for Events {
//!     fn push(&mut self, batch: &[Event]) -> Result<(), RingFull> {
//!         self.0.extend_from_slice(batch);
//!         Ok(())
//!     }
//! }
//!
//! let feed = InstrumentFeed {
//!     id: InstrumentId(0),
//!     symbol: "ETHUSDT",
//!     tick: Step::parse("0.01").unwrap(),
//!     lot: Step::parse("0.0001").unwrap(),
//! };
//! let mut session = MarketSession::new(&MarketConfig {
//!     market: Market::Spot,
//!     instruments: &[feed],
//!     trade_source: TradeSource::Trades,
//!     copies: Copies::ONE,
//!     capability: Capability::detect(),
//! })
//! .unwrap();
//! let mut events = Events(Vec::new());
//! let now = Now { mono: Nanos(1), wall: Nanos(1) };
//! let frame = br#"{"u":7,"s":"ETHUSDT","b":"2683.80","B":"3.0292","a":"2683.81","A":"31.4395"}"#;
//! session.on_bytes(Channel::Market(0), frame, now, &mut events).unwrap();
//! assert!(matches!(events.0.as_slice(), [Event::Ticker(ticker)] if ticker.bid.price().0 == 268_380));
//! ```
//!
//! Trading has a session of its own, [`TradeSession`](binance::trade::TradeSession), built in the same way.
//!
//! What never happens here: a socket, a clock, a random number, a float; an allocation once a session is built, other than
//! for answers over HTTP and keys that change; an event of a book between the moment its sequence breaks and its next whole
//! snapshot, other than the news that it is lost.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod binance;
mod counters;
mod seam;
pub mod signing;
mod writer;

pub use counters::{Counters, DecodeErrorCounts};
pub use seam::{Answer, Channel, EventSink, Now, Request, RingFull, Transmit, Verb};
