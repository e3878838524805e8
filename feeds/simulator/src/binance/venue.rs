//! The venue: one market's front over what trades behind it.

use std::collections::{BTreeMap, BTreeSet};

use ballast_model::{AssetId, InstrumentId, Lots, Nanos, Span};

use super::config::{Market, VenueConfig};
use super::connection::{Connection, Purpose, names};
use super::control::control;
use super::fleet::Fleet;
use super::grid::Grid;
use super::limits::{Door, Meter};
use super::market::Memory;
use super::news::{Heard, News};
use super::pending::Pending;
use super::position::Position;
use super::refusal::Refusal;
use super::store::Store;
use crate::back::{Back, ClientId, Stream, Symbol};
use crate::seam::{Ban, CallId, ConnId, Front, HttpReply, HttpRequest, Mischief, Regrid, Transmit};

/// Rounds of news and what follows from them at one moment; more means that the market behind never comes to rest.
const ROUNDS_MAX: usize = 1_000;

/// What is kept of one symbol.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) symbol: Symbol,
    /// What is taken of prices and sizes now.
    pub(super) grid: Grid,
    pub(super) memory: Memory,
    names: Vec<(Stream, Vec<String>)>,
}

/// One market of Binance, over a [`Back`].
#[derive(Debug)]
pub struct Venue<B> {
    pub(super) config: VenueConfig,
    pub(super) back: B,
    pub(super) listed: BTreeMap<InstrumentId, Listed>,
    pub(super) store: Store,
    pub(super) meter: Meter,
    pub(super) fleet: Fleet,
    pub(super) pending: Vec<Pending>,
    pub(super) positions: BTreeMap<(ClientId, InstrumentId), Position>,
    /// What was bought less what was sold, in either market.
    pub(super) traded: BTreeMap<(ClientId, InstrumentId), Lots>,
    pub(super) countdowns: BTreeMap<(ClientId, InstrumentId), Nanos>,
    pub(super) leverage: BTreeMap<(ClientId, InstrumentId), u32>,
    /// Whose balances may have changed, of which assets.
    pub(super) touched: BTreeSet<(ClientId, AssetId)>,
    /// Whose positions have changed.
    pub(super) moved: BTreeSet<(ClientId, InstrumentId)>,
    pub(super) next_order: u64,
    pub(super) executions: u64,
    skew: Span,
}

impl<B: Back> Venue<B> {
    /// A venue nobody has spoken to.
    #[must_use]
    pub fn new(config: VenueConfig, back: B) -> Self {
        let listed = back.symbols().iter().map(|symbol| {
            let streams =
                [Stream::Depth, Stream::BookTicker, Stream::Trade, Stream::AggTrade, Stream::MarkPrice];
            let names = streams.map(|stream| (stream, names(&symbol.name, stream))).to_vec();
            (
                symbol.id,
                Listed {
                    symbol: symbol.clone(),
                    grid: Grid::of(&symbol.spec),
                    memory: Memory::default(),
                    names,
                },
            )
        });
        Self {
            listed: listed.collect(),
            store: Store::new(config.history),
            meter: Meter::new(config.market, config.limits),
            fleet: Fleet::new(config.market),
            pending: Vec::new(),
            positions: BTreeMap::new(),
            traded: BTreeMap::new(),
            countdowns: BTreeMap::new(),
            leverage: BTreeMap::new(),
            touched: BTreeSet::new(),
            moved: BTreeSet::new(),
            next_order: 1,
            executions: 0,
            skew: Span::ZERO,
            config,
            back,
        }
    }

    /// What trades behind.
    #[must_use]
    pub const fn back(&self) -> &B {
        &self.back
    }

    /// See [`Venue::back`].
    pub const fn back_mut(&mut self) -> &mut B {
        &mut self.back
    }

    pub(super) const fn market(&self) -> Market {
        self.config.market
    }

    /// The time clients are told and held to.
    pub(super) fn told_time(&self, now: Nanos) -> Nanos {
        now + self.skew
    }

    /// The symbol of this name.
    pub(super) fn symbol(&self, name: &str) -> Result<&Symbol, Refusal> {
        let mut all = self.listed.values().map(|listed| &listed.symbol);
        all.find(|symbol| symbol.name == name).ok_or_else(Refusal::unknown_symbol)
    }

    pub(super) fn listed(&self, id: InstrumentId) -> Option<&Listed> {
        self.listed.get(&id)
    }

    /// What an asset is called.
    pub(super) fn asset(&self, id: AssetId) -> &str {
        let all = self.listed.values().map(|listed| &listed.symbol);
        let mut names = all.flat_map(|symbol| {
            [(symbol.spec.base, symbol.base.as_str()), (symbol.spec.quote, symbol.quote.as_str())]
        });
        names.find(|(asset, _)| *asset == id).map_or("", |(_, name)| name)
    }

    /// All assets by name, each once.
    pub(super) fn assets(&self) -> Vec<(AssetId, String)> {
        let mut out: BTreeMap<AssetId, String> = BTreeMap::new();
        for Listed { symbol, .. } in self.listed.values() {
            // Only what futures are settled in is held there.
            if self.market() == Market::Spot {
                out.insert(symbol.spec.base, symbol.base.clone());
            }
            out.insert(symbol.spec.quote, symbol.quote.clone());
        }
        out.into_iter().collect()
    }

    /// Lets the market behind go on until now, and everything follow that does.
    pub(super) fn go_on(&mut self, now: Nanos) {
        for _ in 0..ROUNDS_MAX {
            let mut heard = Heard::default();
            self.back.advance(now, &mut heard);
            for news in heard.0 {
                match news {
                    News::Market(id, stream, payload) => self.hear_market(id, stream, &payload, now),
                    News::Client(client, event) => self.hear_client(client, &event, now),
                }
            }
            self.tell_accounts(now);
            let went_on = self.answer_pending(now);
            if !went_on && self.back.next_due().is_none_or(|due| due > now) {
                return;
            }
        }
    }

    fn hear_market(&mut self, id: InstrumentId, stream: Stream, payload: &[u8], now: Nanos) {
        let market = self.market();
        let Some(listed) = self.listed.get_mut(&id) else { return };
        let made = listed.memory.hear(market, &listed.symbol, stream, payload);
        let text = String::from_utf8_lossy(payload);
        for (_, names) in listed.names.iter().filter(|(kind, _)| *kind == stream) {
            self.fleet.publish(names, &text);
        }
        if let Some((other, payload)) = made {
            for (_, names) in listed.names.iter().filter(|(kind, _)| *kind == other) {
                self.fleet.publish(names, &payload);
            }
        }
        match stream {
            Stream::Depth => self.publish_tops(id, now),
            Stream::Trade | Stream::AggTrade => self.publish_figures(id, now),
            Stream::BookTicker | Stream::MarkPrice => {}
        }
    }

    /// Counts a frame of a client; ends the connection where there are too many.
    fn frame_came(&mut self, conn: ConnId, now: Nanos) -> bool {
        let limit = self.config.limits.frames;
        let Some(connection) = self.fleet.connections.get_mut(&conn) else { return false };
        if matches!(connection.purpose, Purpose::Api { .. }) {
            return true;
        }
        if connection.counts_too_many(now, limit) {
            self.fleet.close(conn, 1008, "Too many requests");
            return false;
        }
        true
    }
}

impl<B: Back> Front for Venue<B> {
    fn on_http(&mut self, call: CallId, request: &HttpRequest, now: Nanos) {
        self.go_on(now);
        self.rest(call, request, now);
        self.go_on(now);
    }

    fn on_upgrade(&mut self, conn: ConnId, request: &HttpRequest, now: Nanos) -> Result<(), HttpReply> {
        let refuse = |refusal: &Refusal| HttpReply {
            status: refusal.status,
            headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
            body: refusal.body().into_bytes(),
        };
        let connection = Connection::open(self.market(), request, now).ok_or_else(|| {
            let msg = format!("Path {} is invalid", request.path);
            refuse(&Refusal { status: 404, ..Refusal::new(-5000, msg) })
        })?;
        if matches!(connection.purpose, Purpose::Api { .. }) {
            let weight = if self.market() == Market::Spot { 2 } else { 5 };
            self.meter.charge(Door::Api, weight, now).map_err(|refusal| refuse(&refusal))?;
        }
        self.fleet.connections.insert(conn, connection);
        Ok(())
    }

    fn on_text(&mut self, conn: ConnId, text: &[u8], now: Nanos) {
        self.go_on(now);
        if !self.frame_came(conn, now) {
            return;
        }
        let Some(connection) = self.fleet.connections.get_mut(&conn) else { return };
        match connection.purpose {
            Purpose::Streams { .. } => {
                let answer = control(connection, text);
                self.fleet.text(conn, answer);
            }
            Purpose::Api { .. } => self.api(conn, text, now),
        }
        self.go_on(now);
    }

    fn on_ping(&mut self, conn: ConnId, now: Nanos) {
        self.frame_came(conn, now);
    }

    fn on_pong(&mut self, conn: ConnId, now: Nanos) {
        // Answers to our pings are few enough never to matter for the count.
        if self.frame_came(conn, now)
            && let Some(connection) = self.fleet.connections.get_mut(&conn)
        {
            connection.pong_by = None;
        }
    }

    fn on_close(&mut self, conn: ConnId, _now: Nanos) {
        self.fleet.connections.remove(&conn);
    }

    fn next_deadline(&self) -> Option<Nanos> {
        let pending = self.pending.iter().map(|pending| pending.due);
        let countdowns = self.countdowns.values().copied();
        let own = pending.chain(countdowns).chain(self.fleet.deadline());
        own.chain(self.back.next_due()).min()
    }

    fn on_time(&mut self, now: Nanos) {
        self.go_on(now);
        self.fleet.on_time(now);
        self.count_down(now);
        self.give_up(now);
        self.go_on(now);
    }

    fn poll_transmit(&mut self) -> Option<Transmit> {
        self.fleet.poll()
    }

    fn provoke(&mut self, mischief: Mischief, now: Nanos) {
        match mischief {
            Mischief::ShutdownNotice => self.fleet.announce_shutdown(self.told_time(now)),
            Mischief::ListenKeysExpire => {
                self.fleet.keys.iter_mut().for_each(|key| key.until = now);
                self.fleet.expire_keys(now);
            }
            Mischief::ClockSkew(skew) => self.skew = skew,
            Mischief::Throttled { until, ban } => self.meter.close(until, ban == Ban::Yes),
            Mischief::Regrid(regrid) => self.regrid(&regrid),
        }
    }

    fn fits(&self, regrid: &Regrid) -> Result<(), String> {
        self.next_grid(regrid).map(drop)
    }

    fn truth(&self) -> String {
        self.all_truth()
    }
}
