//! Arbitrary operations on a session: nothing panics, every batch is well formed, and a diff comes only while its book is
//! live and in order (the reader checks both).
#![no_main]

#[path = "../../tests/common/reader.rs"]
#[allow(dead_code, reason = "the target uses a part of it")]
mod reader;

use arbitrary::Arbitrary;
use ballast_json::Capability;
use ballast_model::{InstrumentId, Nanos, Span, Step};
use ballast_venue::binance::{
    BookState, Copies, InstrumentFeed, Market, MarketConfig, MarketSession, TradeSource,
};
use ballast_venue::{Channel, Now};
use libfuzzer_sys::fuzz_target;
use reader::Reader;

const ETH: InstrumentId = InstrumentId(1);
const BTC: InstrumentId = InstrumentId(0);

#[derive(Arbitrary, Debug)]
struct Case {
    market: FuzzMarket,
    aggregates: bool,
    operations: Vec<Operation>,
}

#[derive(Arbitrary, Debug)]
enum FuzzMarket {
    Spot,
    UsdM,
    CoinM,
}

#[derive(Arbitrary, Debug)]
enum FuzzChannel {
    Market(u8),
    Api,
    Private,
    Rest,
}

#[derive(Arbitrary, Debug)]
enum Operation {
    /// Any bytes.
    Bytes {
        channel: FuzzChannel,
        bytes: Vec<u8>,
    },
    /// A diff whose ids lie near one another, so that books come alive.
    Diff {
        bitcoin: bool,
        first: u8,
        length: u8,
        prev: u8,
        levels: Vec<(bool, u8, u8)>,
    },
    /// A snapshot, on either way in.
    Snapshot {
        inline: bool,
        id: u8,
        levels: Vec<(bool, u8, u8)>,
    },
    /// A trade.
    Trade {
        price: u8,
        lots: u8,
    },
    Connected(FuzzChannel),
    Disconnected(FuzzChannel),
    Deadline {
        millis: u16,
    },
    Transmit,
    Refuse {
        pushes: u8,
    },
}

impl From<&FuzzChannel> for Channel {
    fn from(channel: &FuzzChannel) -> Self {
        match channel {
            FuzzChannel::Market(number) => Self::Market(number % 3),
            FuzzChannel::Api => Self::Api,
            FuzzChannel::Private => Self::Private,
            FuzzChannel::Rest => Self::Rest,
        }
    }
}

fn session(case: &Case) -> MarketSession {
    let market = match case.market {
        FuzzMarket::Spot => Market::Spot,
        FuzzMarket::UsdM => Market::UsdM,
        FuzzMarket::CoinM => Market::CoinM,
    };
    let trade_source = if case.aggregates { TradeSource::AggTrades } else { TradeSource::Trades };
    let (tick, lot) = (Step { mantissa: 1, scale: 2 }, Step { mantissa: 1, scale: 3 });
    let instruments = &[
        InstrumentFeed { id: ETH, symbol: "ETHUSDT", tick, lot },
        InstrumentFeed { id: BTC, symbol: "BTCUSDT", tick, lot },
    ];
    let config = MarketConfig {
        market,
        instruments,
        trade_source,
        copies: Copies::ONE,
        capability: Capability::detect(),
    };
    MarketSession::new(&config).expect("the configuration is sound")
}

fn json(levels: &[(bool, u8, u8)], bids: bool) -> String {
    let side = levels.iter().filter(|(bid, ..)| *bid == bids);
    let levels: Vec<_> = side.map(|(_, price, lots)| format!(r#"["{price}.00","0.{lots:03}"]"#)).collect();
    format!("[{}]", levels.join(","))
}

fn frame(operation: &Operation) -> Option<(Channel, Vec<u8>)> {
    Some(match operation {
        Operation::Bytes { channel, bytes } => (channel.into(), bytes.clone()),
        Operation::Diff { bitcoin, first, length, prev, levels } => {
            let symbol = if *bitcoin { "BTCUSDT" } else { "ETHUSDT" };
            let last = u16::from(*first) + u16::from(*length);
            let (bids, asks) = (json(levels, true), json(levels, false));
            let frame = format!(
                r#"{{"e":"depthUpdate","E":1,"T":1,"s":"{symbol}","U":{first},"u":{last},"pu":{prev},"b":{bids},"a":{asks}}}"#
            );
            (Channel::Market(0), frame.into_bytes())
        }
        Operation::Snapshot { inline, id, levels } => {
            let (bids, asks) = (json(levels, true), json(levels, false));
            let channel = if *inline { Channel::Market(0) } else { Channel::Rest };
            let body = format!(
                r#"{{"lastUpdateId":{id},"E":1,"T":1,"symbol":"ETHUSDT","bids":{bids},"asks":{asks}}}"#
            );
            (channel, body.into_bytes())
        }
        Operation::Trade { price, lots } => {
            let frame = format!(
                r#"{{"e":"trade","E":1,"T":1,"s":"ETHUSDT","t":1,"p":"{price}.00","q":"0.{lots:03}","m":true}}"#
            );
            (Channel::Market(0), frame.into_bytes())
        }
        Operation::Connected(_)
        | Operation::Disconnected(_)
        | Operation::Deadline { .. }
        | Operation::Transmit
        | Operation::Refuse { .. } => return None,
    })
}

fuzz_target!(|case: Case| {
    let mut session = session(&case);
    let mut reader = Reader::default();
    let mut time = Nanos(0);
    for operation in &case.operations {
        let now = Now { mono: time, wall: time };
        if let Some((channel, bytes)) = frame(operation) {
            let read = session.on_bytes(channel, &bytes, now, &mut reader);
            assert!(read.is_err() || read == Ok(bytes.len()));
        }
        match operation {
            Operation::Connected(channel) => session.on_connected(channel.into(), now),
            Operation::Disconnected(channel) => session.on_disconnected(channel.into(), now, &mut reader),
            Operation::Deadline { millis } => {
                time = time + Span::from_millis(i64::from(*millis));
                session.on_deadline(Now { mono: time, wall: time }, &mut reader);
            }
            Operation::Transmit => drop(session.poll_transmit().map(|transmit| transmit.bytes.len())),
            Operation::Refuse { pushes } => reader.refusals = usize::from(*pushes),
            Operation::Bytes { .. }
            | Operation::Diff { .. }
            | Operation::Snapshot { .. }
            | Operation::Trade { .. } => {}
        }
        for id in [ETH, BTC] {
            let live = session.book_state(id) == Some(BookState::Live);
            let trusted = reader.live_book(id).is_some();
            assert!(live == trusted || (trusted && reader.owes_news()), "the engine trusts a lost book");
        }
        reader.events.clear();
    }
});
