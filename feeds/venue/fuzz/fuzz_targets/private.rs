//! Arbitrary frames and answers to a trading session, whole or with pieces exchanged: nothing panics, every fill is within
//! the words' ranges and told once, and a session that has heard nonsense still sends a cancel or says why not.
#![no_main]

use std::collections::BTreeSet;

use arbitrary::Arbitrary;
use ballast_model::{
    AssetId, Cancel, ClientOrderId, Command, Event, InstrumentId, Lots, Nanos, NewOrder, Price, ReduceOnly,
    Side, Span, Step, SubAccountId, TimeInForce, TradeId,
};
use ballast_venue::binance::trade::{
    ORDER_BYTES_MAX, SelfTradePrevention, TradeConfig, TradeInstrument, TradeMarket, TradeSession,
    TradesSince,
};
use ballast_venue::signing::Credentials;
use ballast_venue::{Answer, Channel, EventSink, Now, RingFull};
use libfuzzer_sys::fuzz_target;

const ETH: InstrumentId = InstrumentId(1);

#[derive(Arbitrary, Debug)]
struct Case {
    futures: bool,
    operations: Vec<Operation>,
}

#[derive(Arbitrary, Debug)]
enum Operation {
    /// Any bytes.
    Frame {
        private: bool,
        bytes: Vec<u8>,
    },
    /// An order's report with pieces exchanged.
    Report {
        kind: u8,
        status: u8,
        trade: i16,
        lots: u16,
        filled: u16,
        client: u8,
        piece: Vec<u8>,
    },
    /// An answer to a request that may be there.
    Answered {
        id: u16,
        status: u8,
        piece: Vec<u8>,
    },
    /// An answer over HTTP.
    Body {
        status: u16,
        bytes: Vec<u8>,
    },
    /// One that looks right.
    Rows {
        first: u16,
        rows: u8,
    },
    New(u8),
    Cancel(u8),
    Connected(u8),
    Disconnected(u8),
    Wait(u16),
    Refuse(u8),
}

#[derive(Default)]
struct Sink {
    trades: BTreeSet<u64>,
    heard: u64,
    refusals: u8,
}

impl EventSink for Sink {
    fn push(&mut self, batch: &[Event]) -> Result<(), RingFull> {
        if self.refusals > 0 {
            self.refusals -= 1;
            return Err(RingFull);
        }
        for event in batch {
            self.heard += 1;
            if let Event::Fill(fill) = event {
                assert!(self.trades.len() > 500 || self.trades.insert(fill.trade_id.0), "told twice");
            }
        }
        Ok(())
    }
}

fn session(futures: bool) -> TradeSession {
    let step = |text| Step::parse(text).expect("a step");
    let instruments = &[TradeInstrument {
        id: ETH,
        symbol: "ETHUSDT",
        tick: step("0.01"),
        lot: step("0.001"),
        quote: AssetId(0),
        since: TradesSince::Id(TradeId(0)),
    }];
    let config = TradeConfig {
        market: if futures { TradeMarket::UsdM } else { TradeMarket::Spot },
        account: SubAccountId(0),
        funding_since: Nanos(0),
        instruments,
        assets: &[(AssetId(0), "USDT"), (AssetId(1), "ETH")],
        recv_window: Span::from_secs(1),
        answer_max: Span::from_secs(1),
        clock_offset_max: Span::from_secs(1),
        self_trade: SelfTradePrevention::ExpireMaker,
        cancel_reserve: 20,
        dead_man: None,
    };
    TradeSession::new(&config, Credentials::hmac("key", "secret").expect("a key"))
        .expect("the configuration is sound")
}

fn channel(number: u8) -> Channel {
    match number % 4 {
        0 => Channel::Api,
        1 => Channel::Private,
        2 => Channel::Rest,
        _ => Channel::Market(number),
    }
}

fn frame(operation: &Operation) -> Option<Vec<u8>> {
    const KINDS: [&str; 8] =
        ["NEW", "TRADE", "CANCELED", "REPLACED", "AMENDMENT", "REJECTED", "EXPIRED", "ODD"];
    const STATUS: [&str; 6] = ["NEW", "PARTIALLY_FILLED", "FILLED", "CANCELED", "EXPIRED", "ODD"];
    let (mut text, piece) = match operation {
        Operation::Report { kind, status, trade, lots, filled, client, piece } => {
            let (kind, status) = (KINDS[usize::from(*kind) % 8], STATUS[usize::from(*status) % 6]);
            let text = format!(
                r#"{{"e":"ORDER_TRADE_UPDATE","E":1,"T":1,"o":{{"s":"ETHUSDT","c":"blst-{client}","S":"BUY","q":"9.000","p":"1.00","x":"{kind}","X":"{status}","i":{client},"l":"0.{lots:05}","z":"{filled}","L":"1.00","n":"0.1","N":"USDT","t":{trade},"m":true,"T":1}}}}"#
            );
            (text.into_bytes(), piece)
        }
        Operation::Answered { id, status, piece } => {
            let status = [200, 400, 418, 500][usize::from(*status) % 4];
            let text = format!(
                r#"{{"id":{id},"status":{status},"result":{{"orderId":7,"price":"1.00","origQty":"9.000","executedQty":"1.000","status":"CANCELED"}},"error":{{"code":-2010,"msg":""}}}}"#
            );
            (text.into_bytes(), piece)
        }
        _ => return None,
    };
    if let Some((at, bytes)) = piece.split_first() {
        let at = usize::from(*at) * text.len() / 256;
        let end = (at + bytes.len()).min(text.len());
        text.splice(at..end, bytes.iter().copied());
    }
    Some(text)
}

fuzz_target!(|case: Case| {
    let mut session = session(case.futures);
    let mut sink = Sink::default();
    let mut buffer = [0; ORDER_BYTES_MAX];
    let mut now = Now { mono: Nanos(0), wall: Nanos::from_millis(1_700_000_000_000) };
    for operation in &case.operations {
        if let Some(bytes) = frame(operation) {
            let read = session.on_bytes(Channel::Private, &bytes, now, &mut sink);
            assert!(read.is_err() || read == Ok(bytes.len()));
        }
        let order = |client: u8| ClientOrderId(u64::from(client) + 1);
        match operation {
            Operation::Frame { private, bytes } => {
                let channel = if *private { Channel::Private } else { Channel::Api };
                let _ = session.on_bytes(channel, bytes, now, &mut sink);
            }
            Operation::Body { status, bytes } => {
                let answer = Answer { status: *status, headers: &[("Retry-After", "3")], body: bytes };
                let _ = session.on_answer(&answer, now, &mut sink);
            }
            Operation::Rows { first, rows } => {
                let rows: Vec<_> = (0..*rows).map(|row| format!(
                    r#"{{"symbol":"ETHUSDT","id":{},"orderId":{row},"clientOrderId":"blst-{row}","side":"BUY","origQty":"1","price":"1.00","qty":"0.001","commission":"0","commissionAsset":"ETH","time":1,"buyer":true,"maker":true}}"#,
                    u64::from(*first) + u64::from(row)
                )).collect();
                let body = format!("[{}]", rows.join(","));
                let _ = session.on_answer(
                    &Answer { status: 200, headers: &[], body: body.as_bytes() },
                    now,
                    &mut sink,
                );
            }
            Operation::New(client) => {
                let command = Command::New(NewOrder {
                    instrument: ETH,
                    client_id: order(*client),
                    side: Side::Bid,
                    price: Price(100),
                    lots: Lots(9_000),
                    tif: TimeInForce::PostOnly,
                    reduce_only: ReduceOnly::No,
                    expires_at: Nanos::MAX,
                });
                session.encode(&command, now, &mut buffer, &mut sink);
            }
            Operation::Cancel(client) => {
                let (heard, refusing) = (sink.heard, sink.refusals > 0);
                let command = Command::Cancel(Cancel { instrument: ETH, client_id: order(*client) });
                let sent = session.encode(&command, now, &mut buffer, &mut sink).is_some();
                assert!(sent || refusing || sink.heard > heard, "a cancel vanished");
            }
            Operation::Connected(number) => session.on_connected(channel(*number), now),
            Operation::Disconnected(number) => session.on_disconnected(channel(*number), now, &mut sink),
            Operation::Wait(millis) => {
                let span = Span::from_millis(i64::from(*millis));
                now = Now { mono: now.mono + span, wall: now.wall + span };
                session.on_deadline(now, &mut sink);
            }
            Operation::Refuse(pushes) => sink.refusals = *pushes,
            Operation::Report { .. } | Operation::Answered { .. } => {}
        }
        let _ = session.poll_request(now).map(|request| request.bytes.len());
        let _ = (session.poll_notice(), session.poll_reconnect(), session.next_deadline());
    }
});
