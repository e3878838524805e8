//! A session, a venue that answers from a script, a clock that tests set.

use ballast_model::{
    AssetId, Cancel, ClientOrderId, Command, Event, Fill, InstrumentId, Lots, Nanos, NewOrder, OrderReport,
    Price, Query, ReduceOnly, Replace, Side, Span, Step, SubAccountId, TimeInForce, TradeId,
};
use ballast_venue::binance::trade::{
    ORDER_BYTES_MAX, SelfTradePrevention, Standing, TradeConfig, TradeInstrument, TradeMarket, TradeSession,
    TradesSince,
};
use ballast_venue::signing::Credentials;
use ballast_venue::{Answer, Channel, EventSink, Now, RingFull};

pub(crate) const ETH: InstrumentId = InstrumentId(7);
pub(crate) const BTC: InstrumentId = InstrumentId(3);
pub(crate) const USDT: AssetId = AssetId(0);
pub(crate) const BNB: AssetId = AssetId(2);
pub(crate) const ACCOUNT: SubAccountId = SubAccountId(4);

/// 2021-02-21 07:09:36.532, the time of the documents' example.
pub(crate) const WALL: Nanos = Nanos::from_millis(1_645_423_376_532);

/// RFC 8032, 7.1, test 1.
pub(crate) const PEM: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----
";
pub(crate) const SECRET: &str = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j";

/// Keeps what it takes; refuses the next few pushes.
#[derive(Debug, Default)]
pub(crate) struct Sink {
    pub(crate) events: Vec<Event>,
    pub(crate) refusals: usize,
}

impl EventSink for Sink {
    fn push(&mut self, batch: &[Event]) -> Result<(), RingFull> {
        if self.refusals > 0 {
            self.refusals -= 1;
            return Err(RingFull);
        }
        self.events.extend_from_slice(batch);
        Ok(())
    }
}

#[derive(Debug)]
pub(crate) struct Rig {
    pub(crate) session: TradeSession,
    pub(crate) sink: Sink,
    pub(crate) now: Now,
    /// What requests were sent, in short: `GET /path?query` or the frame.
    pub(crate) asked: Vec<String>,
    /// Answers to HTTP requests whose path begins so, before the usual ones: method and path, status, body.
    pub(crate) script: Vec<(String, u16, String)>,
    market: TradeMarket,
}

pub(crate) fn instrument(id: InstrumentId, symbol: &str) -> TradeInstrument<'_> {
    let since = TradesSince::Id(TradeId(100));
    TradeInstrument { id, symbol, tick: step("0.01"), lot: step("0.001"), quote: USDT, since }
}

pub(crate) fn step(text: &str) -> Step {
    Step::parse(text).unwrap()
}

pub(crate) fn config<'c>(market: TradeMarket, instruments: &'c [TradeInstrument<'c>]) -> TradeConfig<'c> {
    TradeConfig {
        market,
        account: ACCOUNT,
        funding_since: Nanos::from_millis(1_645_000_000_000),
        instruments,
        assets: &[(USDT, "USDT"), (AssetId(1), "ETH"), (BNB, "BNB")],
        recv_window: Span::from_millis(500),
        answer_max: Span::from_secs(2),
        clock_offset_max: Span::from_millis(100),
        self_trade: SelfTradePrevention::ExpireMaker,
        cancel_reserve: 20,
        dead_man: None,
    }
}

pub(crate) fn hmac() -> Credentials {
    Credentials::hmac("key0", SECRET).unwrap()
}

pub(crate) fn ed25519() -> Credentials {
    Credentials::ed25519("key0", PEM).unwrap()
}

impl Rig {
    pub(crate) fn with(config: &TradeConfig<'_>, credentials: Credentials) -> Self {
        let session = TradeSession::new(config, credentials).unwrap();
        let now = Now { mono: Nanos::from_millis(5_000), wall: WALL };
        let (asked, script, market) = (Vec::new(), Vec::new(), config.market);
        Self { session, sink: Sink::default(), now, asked, script, market }
    }

    /// A session with ETHUSDT and BTCUSDT, nothing connected.
    pub(crate) fn fresh(market: TradeMarket, credentials: Credentials) -> Self {
        let instruments = [instrument(ETH, "ETHUSDT"), instrument(BTC, "BTCUSDT")];
        Self::with(&config(market, &instruments), credentials)
    }

    /// A session that may trade; nothing that came before shows.
    pub(crate) fn open(market: TradeMarket) -> Self {
        let mut rig = Self::fresh(market, ed25519());
        rig.connect();
        assert!(matches!(rig.session.standing(), Standing::Whole(_)), "{:?}", rig.session.standing());
        assert!(rig.session.may_add(ETH, rig.now.mono));
        rig.asked.clear();
        rig.sink.events.clear();
        rig
    }

    /// Connects everything and serves until nothing more is asked.
    pub(crate) fn connect(&mut self) {
        self.session.on_connected(Channel::Rest, self.now);
        self.session.on_connected(Channel::Api, self.now);
        self.serve();
        if self.session.path(Channel::Private).is_some() {
            self.session.on_connected(Channel::Private, self.now);
        }
        self.serve();
    }

    pub(crate) fn wait(&mut self, span: Span) {
        self.now = Now { mono: self.now.mono + span, wall: self.now.wall + span };
    }

    /// Lets the session look at the clock, then answers whatever it asks.
    pub(crate) fn serve(&mut self) {
        self.session.on_deadline(self.now, &mut self.sink);
        while let Some((channel, what)) = self.poll() {
            match channel {
                Channel::Api => self.result(id_of(&what), "{}"),
                _ => {
                    let (status, body) = self.reply(&what);
                    self.answer(status, &[], &body);
                }
            }
        }
    }

    /// The next request, noted and not answered.
    pub(crate) fn poll(&mut self) -> Option<(Channel, String)> {
        let request = self.session.poll_request(self.now)?;
        let text = String::from_utf8(request.bytes.to_vec()).unwrap();
        let rest = request.channel == Channel::Rest;
        assert!(!text.contains(SECRET) && (!rest || !text.contains("key0")), "{text}");
        let what = if rest { format!("{} {text}", request.verb.name()) } else { text };
        let channel = request.channel;
        self.asked.push(what.clone());
        Some((channel, what))
    }

    fn reply(&mut self, what: &str) -> (u16, String) {
        if let Some(at) = self.script.iter().position(|(begin, ..)| what.starts_with(begin.as_str())) {
            let (_, status, body) = self.script.remove(at);
            return (status, body);
        }
        let body = if what.contains("/time") {
            format!(r#"{{"serverTime":{}}}"#, self.now.wall.0 / 1_000_000)
        } else if what.contains("/exchangeInfo") {
            exchange_info(self.market, "0.01", "TRADING")
        } else if what.contains("/account") {
            r#"{"updateTime":1,"balances":[]}"#.into()
        } else if what.contains("listenKey") {
            r#"{"listenKey":"pqia91"}"#.into()
        } else {
            "[]".into()
        };
        (200, body)
    }

    pub(crate) fn answer(&mut self, status: u16, headers: &[(&str, &str)], body: &str) {
        let answer = Answer { status, headers, body: body.as_bytes() };
        self.session
            .on_answer(&answer, self.now, &mut self.sink)
            .unwrap_or_else(|error| panic!("{error}: {body}"));
    }

    /// A frame that must be taken.
    pub(crate) fn frame(&mut self, frame: &str) {
        let channel = if frame.contains(r#""id""#) || self.market == TradeMarket::Spot {
            Channel::Api
        } else {
            Channel::Private
        };
        let read = self.session.on_bytes(channel, frame.as_bytes(), self.now, &mut self.sink);
        assert_eq!(read, Ok(frame.len()), "{frame}");
    }

    pub(crate) fn result(&mut self, id: u64, result: &str) {
        self.frame(&format!(r#"{{"id":{id},"status":200,"result":{result}}}"#));
    }

    pub(crate) fn error(&mut self, id: u64, status: u16, code: i64, message: &str) {
        self.frame(&format!(
            r#"{{"id":{id},"status":{status},"error":{{"code":{code},"msg":"{message}"}}}}"#
        ));
    }

    /// Encodes; the frame, or nothing.
    pub(crate) fn encode(&mut self, command: Command) -> Option<String> {
        let mut buffer = [0; ORDER_BYTES_MAX];
        let bytes = self.session.encode(&command, self.now, &mut buffer, &mut self.sink)?;
        Some(String::from_utf8(bytes.to_vec()).unwrap())
    }

    /// Encodes what must go out; the request's id.
    pub(crate) fn send(&mut self, command: Command) -> u64 {
        id_of(&self.encode(command).unwrap_or_else(|| panic!("{command:?} was not sent")))
    }

    /// Reports since the last call, with their orders.
    pub(crate) fn reports(&mut self) -> Vec<(u64, OrderReport)> {
        let told = std::mem::take(&mut self.sink.events);
        told.iter()
            .filter_map(|event| {
                if let Event::Order(update) = event {
                    Some((update.client_id.0, update.report))
                } else {
                    None
                }
            })
            .collect()
    }

    /// The only report since the last call.
    pub(crate) fn report(&mut self) -> OrderReport {
        let reports = self.reports();
        assert_eq!(reports.len(), 1, "{reports:?}");
        reports[0].1
    }

    pub(crate) fn fills(&mut self) -> Vec<Fill> {
        let told = std::mem::take(&mut self.sink.events);
        told.iter()
            .filter_map(|event| if let Event::Fill(fill) = event { Some(*fill) } else { None })
            .collect()
    }
}

pub(crate) fn id_of(frame: &str) -> u64 {
    let digits = frame.strip_prefix(r#"{"id":"#).unwrap_or_else(|| panic!("{frame}"));
    digits.split(',').next().unwrap().parse().unwrap()
}

pub(crate) fn exchange_info(market: TradeMarket, tick: &str, status: &str) -> String {
    let (least, most) = match market {
        TradeMarket::Spot => (
            r#"{"filterType":"NOTIONAL","minNotional":"5.00000000","applyMinToMarket":true,"maxNotional":"9000000.00000000","avgPriceMins":5}"#,
            r#"{"filterType":"MAX_NUM_ORDERS","maxNumOrders":200}"#,
        ),
        TradeMarket::UsdM => (
            r#"{"filterType":"MIN_NOTIONAL","notional":"20"}"#,
            r#"{"filterType":"MAX_NUM_ORDERS","limit":200}"#,
        ),
    };
    let symbols: Vec<_> = ["BTCUSDT", "XRPUSDT", "ETHUSDT"]
        .iter()
        .map(|symbol| {
            format!(
                r#"{{"symbol":"{symbol}","status":"{status}","pricePrecision":8,"filters":[{{"filterType":"PRICE_FILTER","minPrice":"0.01000000","maxPrice":"1000000.00000000","tickSize":"{tick}000000"}},{{"filterType":"LOT_SIZE","minQty":"0.00100000","maxQty":"9000.00000000","stepSize":"0.00100000"}},{least},{most}]}}"#
            )
        })
        .collect();
    format!(
        r#"{{"timezone":"UTC","rateLimits":[{{"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":6000}},{{"rateLimitType":"ORDERS","interval":"SECOND","intervalNum":10,"limit":100}},{{"rateLimitType":"RAW_REQUESTS","interval":"MINUTE","intervalNum":5,"limit":61000}}],"symbols":[{}]}}"#,
        symbols.join(",")
    )
}

pub(crate) fn order(id: u64) -> NewOrder {
    NewOrder {
        instrument: ETH,
        client_id: ClientOrderId(id),
        side: Side::Ask,
        price: Price(268_380),
        lots: Lots(1_500),
        tif: TimeInForce::PostOnly,
        reduce_only: ReduceOnly::No,
        expires_at: Nanos::MAX,
    }
}

pub(crate) const fn new(order: NewOrder) -> Command {
    Command::New(order)
}

pub(crate) fn cancel(id: u64) -> Command {
    Command::Cancel(Cancel { instrument: ETH, client_id: ClientOrderId(id) })
}

pub(crate) fn query(id: u64, number: u16) -> Command {
    Command::Query(Query { instrument: ETH, client_id: ClientOrderId(id), number })
}

pub(crate) fn replace(id: u64, price: i64, lots: i64) -> Command {
    Command::Replace(Replace {
        instrument: ETH,
        client_id: ClientOrderId(id),
        side: Side::Ask,
        price: Price(price),
        lots: Lots(lots),
        expires_at: Nanos::MAX,
    })
}
