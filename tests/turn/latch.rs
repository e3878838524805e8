//! The kill latch where a shard hangs: one that never turns, whose orders wait in its ring.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use ballast_model::{
    ClientOrderId, Command, Event, InstrumentId, Lots, Nanos, NewOrder, OrderReport, Price, ReduceOnly, Side,
    Span, TimeInForce,
};
use ballast_runtime::live::{
    LinkPolicy, Live, ShardEnds, Traded, Trading, VenueLoop, VenueParts, assemble, credentials, session,
};
use ballast_venue::Now;
use ballast_venue::binance::Market;
use ballast_venue::binance::trade::DeadMan;
use ballast_wire::{Address, HttpSend, Link, Network, News, Pulse, Refused};

use crate::rig::{config, fact};

/// What the venue says of the instrument.
const RULES: &str = r#"{"rateLimits":[],"symbols":[{"symbol":"ETHUSDT","status":"TRADING","filters":[
    {"filterType":"PRICE_FILTER","minPrice":"0.01","maxPrice":"100000","tickSize":"0.01"},
    {"filterType":"LOT_SIZE","minQty":"0.001","maxQty":"10000","stepSize":"0.001"}]}]}"#;

/// A venue that answers every request, and keeps what came.
#[derive(Debug)]
pub(crate) struct Answering {
    now: Nanos,
    news: Vec<(Link, Option<String>)>,
    pub(crate) sent: Vec<String>,
}

impl Answering {
    pub(crate) fn count(&self, what: &str) -> usize {
        self.sent.iter().filter(|sent| sent.contains(what)).count()
    }
}

impl Network for Answering {
    fn open(&mut self, link: Link, _: &Address) {
        self.news.push((link, None));
    }

    fn close(&mut self, _: Link) {}

    fn send(&mut self, _: Link, text: &[u8]) -> Result<(), Refused> {
        self.sent.push(String::from_utf8(text.to_vec()).unwrap());
        Ok(())
    }

    fn request(&mut self, link: Link, request: &HttpSend<'_>) -> Result<(), Refused> {
        let what = format!("{} {}", request.method, request.target);
        let body = if what.contains("/time") {
            format!(r#"{{"serverTime":{}}}"#, self.now.0 / 1_000_000)
        } else if what.contains("/exchangeInfo") {
            RULES.to_owned()
        } else if what.contains("listenKey") {
            r#"{"listenKey":"pqia91"}"#.to_owned()
        } else {
            "[]".to_owned()
        };
        self.sent.push(what);
        self.news.push((link, Some(body)));
        Ok(())
    }

    fn ping(&mut self, _: Link) -> Result<(), Refused> {
        Ok(())
    }

    fn pulse(&self, _: Link) -> Option<Pulse> {
        Some(Pulse { heard: self.now, round_trip: None })
    }

    fn poll(&mut self, _: Span, heard: &mut dyn FnMut(Link, Nanos, News<'_>)) {
        for (link, body) in core::mem::take(&mut self.news) {
            match &body {
                Some(body) => {
                    let body = body.as_bytes();
                    heard(
                        link,
                        self.now,
                        News::Reply { status: 200, retry_after: None, used: [None; 2], body },
                    );
                }
                None => heard(link, self.now, News::Opened),
            }
        }
    }

    fn clock(&self) -> Nanos {
        self.now
    }
}

/// A venue's loop, and the ends of a shard that turns only when told.
pub(crate) struct Rig {
    pub(crate) venue: VenueLoop<Answering>,
    /// The ends of the shard that hangs.
    ends: ShardEnds,
    kill: Arc<AtomicBool>,
    /// Turns of the shard.
    pub(crate) progress: Arc<AtomicU64>,
}

impl Rig {
    fn new() -> Self {
        Self::keeping(None)
    }

    /// With this dead man's timer.
    pub(crate) fn keeping(dead_man: Option<DeadMan>) -> Self {
        let config = config("");
        let live = config.live.as_ref().unwrap();
        let built = assemble(&config, Path::new("test.toml"), live, &vec![vec![fact()]], 1).unwrap();
        let [mut shard] = <[_; 1]>::try_from(built.shards).unwrap();
        let [venue] = <[_; 1]>::try_from(built.venues).unwrap();
        let keys = credentials("DESK", |name| (!name.ends_with("FILE")).then(|| "k".repeat(64))).unwrap();
        let traded = Traded {
            market: Market::UsdM,
            instruments: &venue.instruments,
            assets: &built.assets,
            since: Nanos(0),
            clock_offset_max: Span::from_secs(1),
            dead_man,
        };
        let (kill, progress) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(7)));
        let venue = VenueLoop::new(VenueParts {
            network: Answering { now: Nanos(1_700_000_000_000_000_000), news: Vec::new(), sent: Vec::new() },
            market: venue.market,
            trading: Trading::Live(Box::new(Live::new(session(&traded, keys).unwrap()))),
            urls: (&live.venue[0]).into(),
            policy: LinkPolicy::DEFAULT,
            shards: venue.ends,
            numbers: venue.numbers,
            kill: Arc::clone(&kill),
            progress: vec![Arc::clone(&progress)],
        });
        Self { venue, ends: shard.ends.remove(0), kill, progress }
    }

    fn now(&self) -> Nanos {
        self.venue.network().now
    }

    /// Lets time pass.
    pub(crate) fn pass(&mut self, span: Span) {
        let until = self.now() + span;
        while self.now() < until {
            let now = self.now() + Span::from_millis(1);
            self.venue.network_mut().now = now;
            let _ = self.venue.turn(Now { mono: now, wall: now }, Span::ZERO);
        }
    }

    /// The shard's order lies in its ring.
    fn order(&mut self, id: u64) {
        let order = NewOrder {
            instrument: InstrumentId(0),
            client_id: ClientOrderId(id),
            side: Side::Bid,
            price: Price(268_000),
            lots: Lots(100),
            tif: TimeInForce::PostOnly,
            reduce_only: ReduceOnly::No,
            expires_at: self.now() + Span::from_secs(60),
        };
        self.ends.commands.push(Command::New(order)).unwrap();
    }

    /// Orders of which the shard would hear that they were not sent.
    fn not_sent(&mut self) -> Vec<u64> {
        let mut ids = Vec::new();
        while let Some(event) = self.ends.private.pop() {
            if let Event::Order(update) = event
                && update.report == OrderReport::NotSent
            {
                ids.push(update.client_id.0);
            }
        }
        ids
    }
}

#[test]
fn with_a_shard_hung_no_order_leaves_and_everything_is_cancelled() {
    let mut rig = Rig::new();
    rig.pass(Span::from_secs(12));
    rig.order(1);
    rig.pass(Span::from_millis(5));
    assert_eq!(rig.venue.network().count("order.place"), 1, "{:?}", rig.venue.network().sent);
    assert_eq!((rig.venue.network().count("DELETE"), rig.not_sent()), (0, vec![]));
    rig.kill.store(true, Ordering::Release);
    rig.order(2);
    rig.pass(Span::from_millis(5));
    assert_eq!(rig.venue.network().count("order.place"), 1, "none leaves any more");
    assert_eq!(rig.not_sent(), [2]);
    assert_eq!(rig.venue.network().count("DELETE /fapi/v1/allOpenOrders"), 1, "at once");
    rig.pass(Span::from_millis(3_500));
    assert_eq!(rig.venue.network().count("DELETE /fapi/v1/allOpenOrders"), 4, "and every second");
    rig.kill.store(false, Ordering::Release);
    rig.order(3);
    rig.pass(Span::from_millis(5));
    assert_eq!(rig.venue.network().count("order.place"), 2);
    rig.kill.store(true, Ordering::Release);
    rig.pass(Span::from_millis(5));
    assert_eq!(rig.venue.network().count("DELETE /fapi/v1/allOpenOrders"), 5, "at once, again");
}
