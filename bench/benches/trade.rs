//! Order entry and private messages: a command to bytes, bytes to an event, by market and key.
#![expect(clippy::expect_used, reason = "a benchmark whose data is broken must stop")]

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
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;

const NOW: Now = Now { mono: Nanos(1_000_000_000), wall: Nanos::from_millis(1_700_000_000_000) };
const ETH: InstrumentId = InstrumentId(0);

/// Looks at every event and keeps none.
#[derive(Default)]
struct Seen(u64);

impl EventSink for Seen {
    fn push(&mut self, batch: &[Event]) -> Result<(), RingFull> {
        self.0 += black_box(batch).len() as u64;
        Ok(())
    }
}

fn session(market: TradeMarket, credentials: Credentials) -> TradeSession {
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
        market,
        account: SubAccountId(0),
        funding_since: Nanos(0),
        instruments,
        assets: &[(AssetId(0), "USDT")],
        recv_window: Span::from_secs(5),
        answer_max: Span::from_secs(60),
        clock_offset_max: Span::from_secs(1),
        self_trade: SelfTradePrevention::ExpireMaker,
        cancel_reserve: 0,
        dead_man: None,
    };
    let mut session = TradeSession::new(&config, credentials).expect("a session");
    let mut seen = Seen::default();
    // Limits out of the way: what they cost is paid all the same.
    let limits = r#"[{"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":4000000000},{"rateLimitType":"ORDERS","interval":"SECOND","intervalNum":10,"limit":4000000000},{"rateLimitType":"ORDERS","interval":"MINUTE","intervalNum":1,"limit":4000000000},{"rateLimitType":"ORDERS","interval":"DAY","intervalNum":1,"limit":4000000000}]"#;
    let filters =
        r#"[{"filterType":"PRICE_FILTER","tickSize":"0.01"},{"filterType":"LOT_SIZE","stepSize":"0.001"}]"#;
    let rules = format!(
        r#"{{"serverTime":1700000000000,"listenKey":"k","rateLimits":{limits},"symbols":[{{"symbol":"ETHUSDT","status":"TRADING","filters":{filters}}}]}}"#
    );
    session.on_connected(Channel::Rest, NOW);
    session.on_connected(Channel::Api, NOW);
    session.on_connected(Channel::Private, NOW);
    session.on_deadline(NOW, &mut seen);
    while let Some(request) = session.poll_request(NOW) {
        let text = core::str::from_utf8(request.bytes).expect("text").to_owned();
        if request.channel == Channel::Api {
            let id = text.split([':', ',']).nth(1).expect("an id");
            let answer = format!(r#"{{"id":{id},"status":200,"result":{{}},"rateLimits":{limits}}}"#);
            session.on_bytes(Channel::Api, answer.as_bytes(), NOW, &mut seen).expect("a good answer");
            continue;
        }
        let single = text.contains("/time") || text.contains("/exchangeInfo") || text.contains("/listenKey");
        let body = if single { &rules } else { r#"[]"# };
        let body = if text.contains("/account") { r#"{"balances":[]}"# } else { body };
        session
            .on_answer(&Answer { status: 200, headers: &[], body: body.as_bytes() }, NOW, &mut seen)
            .expect("read");
    }
    assert!(session.may_add(ETH, NOW.mono));
    session
}

const ORDER: Command = Command::New(NewOrder {
    instrument: ETH,
    client_id: ClientOrderId::new(77, 123_456),
    side: Side::Bid,
    price: Price(268_380),
    lots: Lots(1_500),
    tif: TimeInForce::PostOnly,
    reduce_only: ReduceOnly::No,
    expires_at: Nanos::MAX,
});

const CANCEL: Command =
    Command::Cancel(Cancel { instrument: ETH, client_id: ClientOrderId::new(77, 123_456) });

/// Encodes a command and reads the answer to it, so that its place is free again.
fn round(session: &mut TradeSession, command: &Command, seen: &mut Seen) {
    let mut buffer = [0; ORDER_BYTES_MAX];
    let bytes = session.encode(command, NOW, &mut buffer, seen).expect("it is sent");
    let digits = bytes.iter().skip(6).take_while(|byte| byte.is_ascii_digit()).count();
    let id = bytes.get(6..6 + digits).expect("an id");
    let mut answer = [0; 256];
    let mut length = 0;
    let parts: [&[u8]; 3] = [
        br#"{"id":"#,
        id,
        br#","status":200,"result":{"symbol":"ETHUSDT","orderId":28,"clientOrderId":"blst-84661784474176","transactTime":1700000000100}}"#,
    ];
    for part in parts {
        answer.get_mut(length..length + part.len()).expect("room").copy_from_slice(part);
        length += part.len();
    }
    let answer = answer.get(..length).expect("an answer");
    session.on_bytes(Channel::Api, answer, NOW, seen).expect("a good answer");
}

/// A fill as the venue sends it; `number` makes its ids.
fn fill(market: TradeMarket, number: u64) -> Vec<u8> {
    match market {
        TradeMarket::Spot => format!(
            r#"{{"subscriptionId":0,"event":{{"e":"executionReport","E":1700000000101,"s":"ETHUSDT","c":"blst-84661784474176","S":"BUY","o":"LIMIT_MAKER","f":"GTC","q":"1.50000000","p":"2683.80000000","P":"0.00000000","F":"0.00000000","g":-1,"C":"","x":"TRADE","X":"PARTIALLY_FILLED","r":"NONE","i":28,"l":"0.40000000","z":"0.40000000","L":"2683.80000000","n":"0.00001234","N":"USDT","T":1700000000100,"t":{number},"I":{number},"w":true,"m":true,"M":false,"O":1700000000000,"Z":"1073.52000000","Y":"1073.52000000","Q":"0.00000000","W":1700000000000,"V":"EXPIRE_MAKER"}}}}"#
        ),
        TradeMarket::UsdM => format!(
            r#"{{"e":"ORDER_TRADE_UPDATE","T":1700000000100,"E":1700000000101,"o":{{"s":"ETHUSDT","c":"blst-84661784474176","S":"BUY","o":"LIMIT","f":"GTX","q":"1.500","p":"2683.80","ap":"2683.80","sp":"0","x":"TRADE","X":"PARTIALLY_FILLED","i":28,"l":"0.400","z":"0.400","L":"2683.80","N":"USDT","n":"0.00001234","T":1700000000100,"t":{number},"b":"0","a":"0","m":true,"R":false,"wt":"CONTRACT_PRICE","ot":"LIMIT","ps":"BOTH","cp":false,"rp":"0","pP":false,"si":0,"ss":0,"V":"EXPIRE_MAKER","pm":"NONE","gtd":0}}}}"#
        ),
    }
    .into_bytes()
}

fn trade(criterion: &mut Criterion) {
    let hmac =
        || Credentials::hmac("key", "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j");
    let pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";
    for (market, name) in [(TradeMarket::Spot, "spot"), (TradeMarket::UsdM, "usdm")] {
        let mut group = criterion.benchmark_group(format!("trade/{name}"));
        for (key, credentials) in [("ed25519", Credentials::ed25519("key", pem)), ("hmac", hmac())] {
            let mut session = session(market, credentials.expect("a key"));
            let mut seen = Seen::default();
            for (what, command) in [("new", ORDER), ("cancel", CANCEL)] {
                group.bench_function(format!("{what} and answer, {key}"), |bencher| {
                    bencher.iter(|| round(&mut session, black_box(&command), &mut seen));
                });
            }
            assert_eq!(seen.0, session.counters().sent, "every command was answered");
        }
        let mut session = session(market, hmac().expect("a key"));
        let frames: Vec<_> = (1..=2_048).map(|number| fill(market, number)).collect();
        let mut seen = Seen::default();
        // More different fills than a session remembers, so that each is new to it.
        let mut next = frames.iter().cycle();
        group.bench_function("fill", |bencher| {
            bencher.iter(|| {
                let frame = next.next().expect("a cycle never ends");
                session.on_bytes(Channel::Private, black_box(frame), NOW, &mut seen).expect("a good frame")
            });
        });
        assert_eq!(
            (seen.0, session.counters().repeated),
            (session.counters().fills, 0),
            "every fill was told"
        );
        group.finish();
    }
}

criterion_group!(benches, trade);
criterion_main!(benches);
