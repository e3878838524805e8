//! Recorded history behind the simulated venue, looped: frames go out as they were recorded but for ids and times, and orders of
//! clients stand in its queues by the model of [`TapeVenue`], each client for itself.
//!
//! Where a loop ends one more diff brings the book back to where it began, so that ids and book go on without a gap. Marks move
//! nothing: no funding is exchanged.
//!
//! Never here: a reaction of history to an order.

use anyhow::bail;
use ballast_core::book::BookLimits;
use ballast_core::replace::ReplaceRules;
use ballast_exchange::{
    CancelModel, Conditions, FeeSchedule, FillSizes, Impact, InstrumentRules, Latency, QueueRules, SelfTrade,
    TapeVenue, VenueSpec, WalletSpec,
};
use ballast_model::{
    AssetId, BookBatch, BookBegin, BookKind, Command, Contract, Event, InstrumentId, InstrumentSpec,
    LOTS_MAX, Lots, Money, Nanos, PackedLevel, Price, Rate, Span, Ticker, Trade, TradeId, UpdateId,
    VenueOrderId,
};
use ballast_runtime::capture::SurveyedFile;
use ballast_simulator::back::{Back, ClientId, Depth, Stream, Symbol, Told};
use ballast_simulator::matching::wire::Wire;
use ballast_simulator::matching::{MarketKind, Speed};
use ballast_venue::binance::Market;

use super::ledger::Ledger;
use super::record::{self, Grid, Levels, Recorded, Said, Shift, Track};

/// Time between two loops.
const GAP: Span = Span::from_millis(100);
/// Frames of one step where time goes as fast as clients read.
const STEP_FRAMES: usize = 64;
/// What a client begins with of a quote currency, and of a base currency on spot.
const QUOTE: Money = Money(1_000_000 * Money::ONE.0);
const BASE: Money = Money(100 * Money::ONE.0);
/// Quote currencies, by the end of a symbol.
const QUOTES: [&str; 6] = ["USDT", "USDC", "FDUSD", "BUSD", "BTC", "ETH"];

/// How a capture is played.
#[derive(Clone, Copy, Debug)]
pub(super) struct TapeSpec {
    pub(super) clients: u16,
    pub(super) speed: Speed,
    /// One way, of orders and of what is told of them.
    pub(super) latency: Span,
    /// When it begins, by the clock.
    pub(super) start: Nanos,
}

/// Files of one instrument.
#[derive(Debug)]
struct Group {
    symbol: String,
    grid: Grid,
    price_ticks_max: i64,
    sources: Vec<ballast_runtime::capture::Source>,
}

/// The market that the files of this kind make; `None` where there are none.
///
/// # Errors
/// A file that holds several instruments or another market, has no grid or no snapshot.
pub(super) fn market(
    files: Vec<SurveyedFile>,
    kind: MarketKind,
    spec: &TapeSpec,
) -> anyhow::Result<Option<TapeBack>> {
    let mut groups: Vec<Group> = Vec::new();
    for file in files {
        let name = file.source.path().display().to_string();
        let [seen] = file.survey.instruments.as_slice() else {
            bail!("{name}: holds {} instruments; a file to simulate has one", file.survey.instruments.len());
        };
        let (Some(tick), Some(lot)) = (seen.tick, seen.lot) else {
            bail!("{name}: no levels to infer a grid from")
        };
        let of = match seen.market {
            Market::Spot => MarketKind::Spot,
            Market::UsdM => MarketKind::UsdM,
            Market::CoinM => bail!("{name}: coin-margined futures are not simulated"),
        };
        if of != kind {
            continue;
        }
        match groups.iter_mut().find(|group| group.symbol == seen.symbol) {
            Some(group) => group.sources.push(file.source),
            None => groups.push(Group {
                symbol: seen.symbol.clone(),
                grid: Grid { tick, lot },
                price_ticks_max: seen.price_ticks_max,
                sources: vec![file.source],
            }),
        }
    }
    if groups.is_empty() { Ok(None) } else { TapeBack::new(&groups, kind, spec).map(Some) }
}

/// One instrument as it is played.
#[derive(Debug)]
struct Reel {
    track: Track,
    wire: Wire,
    period: Shift,
    shift: Shift,
    /// The next frame; as many as there are where the diff that closes the loop is next.
    next: usize,
    loops: i64,
    book: [Levels; 2],
    /// The state of the book, as it is told.
    last: u64,
}

/// The market.
#[derive(Debug)]
pub(super) struct TapeBack {
    kind: MarketKind,
    spec: TapeSpec,
    symbols: Vec<Symbol>,
    reels: Vec<Reel>,
    /// By client.
    venues: Vec<TapeVenue>,
    ledger: Ledger,
    /// When the first loop begins on the recorder's clock, and how long one is.
    first: Nanos,
    whole: Span,
    looked: Nanos,
    /// Nothing has been played: the first look is the beginning.
    fresh: bool,
    text: Vec<u8>,
}

impl TapeBack {
    fn new(groups: &[Group], kind: MarketKind, spec: &TapeSpec) -> anyhow::Result<Self> {
        let (mut symbols, mut reels) = (Vec::new(), Vec::new());
        for (group, id) in groups.iter().zip((0..).map(InstrumentId)) {
            let symbol = symbol(group, id)?;
            let track = record::read(&group.sources, group.grid)?;
            let wire = Wire::new(kind, &symbol);
            let (book, last, period) = (track.opening.clone(), track.opening_id, track.period());
            let shift = Shift::default();
            reels.push(Reel { track, wire, period, shift, next: 0, loops: 0, book, last });
            symbols.push(symbol);
        }
        let times = || reels.iter().flat_map(|reel| reel.track.frames.iter().map(|frame| frame.at));
        let (first, last) = (times().min().unwrap_or(Nanos(0)), times().max().unwrap_or(Nanos(0)));
        let venue = venue_spec(groups, &symbols, kind, spec);
        let venues = (0..spec.clients).map(|_| TapeVenue::new(&venue)).collect::<Result<_, _>>()?;
        let mut back = Self {
            kind,
            spec: *spec,
            ledger: Ledger::new(&symbols, QUOTE),
            symbols,
            reels,
            venues,
            first,
            whole: Span((last - first).0 + GAP.0),
            looked: spec.start,
            fresh: true,
            text: Vec::new(),
        };
        back.open();
        Ok(back)
    }

    /// Venues learn the books as they are when it begins.
    fn open(&mut self) {
        let at = self.spec.start;
        for (reel, id) in self.reels.iter().zip((0..).map(InstrumentId)) {
            let levels =
                reel.book.each_ref().map(|side| packed(side.iter().map(|(price, lots)| (*price, *lots))));
            let batch = batch(id, BookKind::Snapshot, reel.last, &levels, at);
            self.venues.iter_mut().for_each(|venue| venue.on_batch(&batch, at));
        }
    }

    /// When the next frame is due, by the clock, and of which reel.
    fn next_frame(&self) -> Option<(Nanos, usize)> {
        let due = |reel: &Reel| {
            let at = reel.track.frames.get(reel.next).map_or(self.first + self.whole, |frame| frame.at);
            (at - self.first).0.saturating_add(self.whole.0.saturating_mul(reel.loops))
        };
        let next = self.reels.iter().enumerate().map(|(nth, reel)| (due(reel), nth)).min()?;
        let at = match self.spec.speed {
            Speed::Times(times) => Nanos(self.spec.start.0.saturating_add(next.0 / i64::from(times))),
            Speed::Max => self.looked,
        };
        Some((at, next.1))
    }

    fn play(&mut self, nth: usize, at: Nanos, told: &mut dyn Told) {
        let Self { reels, venues, text, symbols, .. } = self;
        let (Some(reel), Some(symbol)) = (reels.get_mut(nth), symbols.get(nth)) else { return };
        let id = symbol.id;
        let Some(frame) = reel.track.frames.get(reel.next) else {
            let levels = reel.rewind();
            let (last, batch) = (reel.last, batch(id, BookKind::Diff, reel.last, &levels, at));
            text.clear();
            reel.wire.depth(last - 1, last, &batch, at, text);
            venues.iter_mut().for_each(|venue| venue.on_batch(&batch, at));
            return told.market(id, Stream::Depth, text);
        };
        reel.next += 1;
        frame.write(reel.shift, at.0.unsigned_abs() / 1_000_000, text);
        told.market(id, frame.stream, text);
        if let Said::Diff { levels, last, .. } = &frame.said {
            reel.last = last + reel.shift.update;
            record::apply(&mut reel.book, levels);
            let batch = batch(id, BookKind::Diff, reel.last, levels, at);
            venues.iter_mut().for_each(|venue| venue.on_batch(&batch, at));
        } else if let Some(event) = event(id, frame, reel.shift, at) {
            venues.iter_mut().for_each(|venue| venue.on_market(&event, at));
        }
    }

    /// What venues do by themselves up to `at`.
    fn settle(&mut self, at: Nanos, told: &mut dyn Told) {
        for (venue, client) in self.venues.iter_mut().zip((0..).map(ClientId)) {
            while venue.next_arrival().is_some_and(|due| due <= at) {
                venue.on_arrival();
            }
            while let Some(event) = venue.pop_response(at) {
                if let Event::Fill(fill) = &event {
                    self.ledger.fill(client, fill);
                }
                told.client(client, &event);
            }
        }
    }
}

impl Reel {
    /// Begins again; returns what brings the book back.
    fn rewind(&mut self) -> [Vec<PackedLevel>; 2] {
        let back = |(now, then): (&Levels, &Levels)| {
            let gone = now.keys().filter(|price| !then.contains_key(price)).map(|price| (*price, Lots::ZERO));
            let other = then.iter().filter(|(price, lots)| now.get(price) != Some(lots));
            let mut all: Vec<_> = gone.chain(other.map(|(price, lots)| (*price, *lots))).collect();
            all.sort_unstable();
            packed(all.into_iter())
        };
        let [bids, asks] = [0, 1].map(|side| self.book.get(side).zip(self.track.opening.get(side)).map(back));
        self.book = self.track.opening.clone();
        self.next = 0;
        self.loops += 1;
        self.last += 1;
        self.shift.update += self.period.update;
        self.shift.trade += self.period.trade;
        self.shift.aggregate += self.period.aggregate;
        [bids.unwrap_or_default(), asks.unwrap_or_default()]
    }

    /// The state of a snapshot: on futures one that lies inside the next diff, as the venue's do.
    fn snapshot_id(&self, kind: MarketKind) -> u64 {
        let next = self.track.frames.iter().skip(self.next).find_map(|frame| match frame.said {
            Said::Diff { first, .. } => Some(first + self.shift.update),
            Said::Best { .. } | Said::Print { .. } | Said::Other => None,
        });
        if kind == MarketKind::Spot { self.last } else { next.unwrap_or(self.last + 1) }
    }
}

impl Back for TapeBack {
    fn symbols(&self) -> &[Symbol] {
        &self.symbols
    }

    fn next_due(&self) -> Option<Nanos> {
        let acts = self.venues.iter().filter_map(TapeVenue::next_due).min();
        let frame = match self.spec.speed {
            Speed::Times(_) => self.next_frame().map(|(at, _)| at),
            Speed::Max => Some(self.looked + Span(1)),
        };
        acts.into_iter().chain(frame).min()
    }

    fn advance(&mut self, now: Nanos, told: &mut dyn Told) {
        if std::mem::take(&mut self.fresh) {
            self.spec.start = now;
        }
        let goes_on = now > self.looked;
        self.looked = now;
        let mut left = match self.spec.speed {
            Speed::Times(_) => usize::MAX,
            Speed::Max => STEP_FRAMES * usize::from(goes_on),
        };
        while left > 0
            && let Some((at, nth)) = self.next_frame().filter(|(at, _)| *at <= now)
        {
            // The market first where two are equal.
            self.settle(Nanos(at.0 - 1), told);
            self.play(nth, at, told);
            left -= 1;
        }
        self.settle(now, told);
    }

    fn send(&mut self, client: ClientId, command: &Command, now: Nanos) {
        if let Some(venue) = self.venues.get_mut(usize::from(client.0)) {
            venue.send(command, now);
        }
    }

    fn depth(&self, symbol: InstrumentId, levels: usize) -> Depth {
        let Some(reel) = self.reels.get(symbol.index()) else { return Depth::default() };
        let [bids, asks] = &reel.book;
        let level = |(price, lots): (&Price, &Lots)| (*price, *lots);
        Depth {
            update_id: UpdateId(reel.snapshot_id(self.kind)),
            bids: bids.iter().rev().take(levels).map(level).collect(),
            asks: asks.iter().take(levels).map(level).collect(),
        }
    }

    fn balance(&self, client: ClientId, asset: &str) -> (Money, Money) {
        let nothing = (Money::ZERO, Money::ZERO);
        let Some(symbol) = self.symbols.iter().find(|one| one.base == asset || one.quote == asset) else {
            return nothing;
        };
        let is_quote = symbol.quote == asset;
        let id = if is_quote { symbol.spec.quote } else { symbol.spec.base };
        match self.kind {
            MarketKind::Spot => {
                let venue = self.venues.get(usize::from(client.0));
                venue.and_then(|venue| venue.balance(id)).unwrap_or(nothing)
            }
            MarketKind::UsdM if is_quote => (self.ledger.wallet(client), Money::ZERO),
            MarketKind::UsdM => nothing,
        }
    }
}

fn event(instrument: InstrumentId, frame: &Recorded, shift: Shift, at: Nanos) -> Option<Event> {
    let (venue_time, recv_time) = (at, at);
    match &frame.said {
        Said::Best { id, levels: [bid, ask] } => {
            let (update_id, bid, ask) = (UpdateId(id + shift.update), *bid, *ask);
            Some(Event::Ticker(Ticker { instrument, update_id, bid, ask, venue_time, recv_time }))
        }
        Said::Print { id, maker, level } => {
            let (trade_id, maker, level) = (TradeId(id + shift.trade), *maker, *level);
            Some(Event::Trade(Trade { instrument, maker, level, trade_id, venue_time, recv_time }))
        }
        Said::Diff { .. } | Said::Other => None,
    }
}

fn packed(levels: impl Iterator<Item = (Price, Lots)>) -> Vec<PackedLevel> {
    levels.filter_map(|(price, lots)| PackedLevel::new(price, lots)).collect()
}

fn batch(
    instrument: InstrumentId,
    kind: BookKind,
    id: u64,
    levels: &[Vec<PackedLevel>; 2],
    at: Nanos,
) -> BookBatch<'_> {
    let [bids, asks] = levels;
    let (update_id, venue_time, recv_time) = (UpdateId(id), at, at);
    BookBatch::new(BookBegin { instrument, kind, levels: 0, update_id, venue_time, recv_time }, bids, asks)
}

fn symbol(group: &Group, id: InstrumentId) -> anyhow::Result<Symbol> {
    let name = group.symbol.clone();
    let Some(quote) = QUOTES.iter().find(|quote| name.len() > quote.len() && name.ends_with(**quote)) else {
        bail!("{name}: its quote currency is none of {}", QUOTES.join(", "));
    };
    let base = name.strip_suffix(quote).unwrap_or_default().to_owned();
    let spec = InstrumentSpec::new(InstrumentSpec {
        tick: group.grid.tick,
        lot: group.grid.lot,
        multiplier: 1,
        contract: Contract::Linear,
        price_min: Price(1),
        price_max: Price(group.price_ticks_max.saturating_mul(4).clamp(1 << 20, BookLimits::PRICE_TICKS_MAX)),
        size_min: Lots(1),
        size_max: Lots(LOTS_MAX >> 20),
        notional_min: Money(5 * Money::ONE.0),
        base: AssetId(1 + id.0),
        quote: AssetId(0),
    });
    let spec = spec.map_err(|error| anyhow::anyhow!("{name}: {error}"))?;
    Ok(Symbol { name, base, quote: (*quote).to_owned(), id, spec })
}

fn venue_spec(groups: &[Group], symbols: &[Symbol], kind: MarketKind, spec: &TapeSpec) -> VenueSpec {
    let (fees, amend) = match kind {
        MarketKind::Spot => ((10, 10), ReplaceRules::BINANCE_SPOT),
        MarketKind::UsdM => ((2, 5), ReplaceRules::BINANCE_USDM),
    };
    let rules = |(symbol, _): (&Symbol, &Group)| InstrumentRules {
        spec: symbol.spec,
        fees: FeeSchedule { maker: Rate::from_bps(fees.0), taker: Rate::from_bps(fees.1) },
        queue: QueueRules {
            cancels: CancelModel::Share(Rate(0)),
            fills: FillSizes::Partial,
            impact: Impact::None,
        },
        amend,
        orders_max: 200,
        book: BookLimits { price_ticks_max: symbol.spec.price_max.0, levels_max: 20_000 },
    };
    let bases = symbols.iter().map(|symbol| (symbol.spec.base, BASE));
    let balances = bases.chain([(AssetId(0), QUOTE)]).collect();
    let instruments = symbols.iter().map(|symbol| symbol.id).collect();
    VenueSpec {
        instruments: symbols.iter().zip(groups).map(rules).collect(),
        latency: Latency { order: spec.latency, response: spec.latency },
        conditions: Conditions::default(),
        tiers: Vec::new(),
        wallet: (kind == MarketKind::Spot).then_some(WalletSpec { instruments, balances }),
        self_trade: SelfTrade::ExpireTaker,
        first_order_id: VenueOrderId(1),
        first_trade_id: TradeId(1 << 50),
    }
}

#[cfg(test)]
mod tests;
