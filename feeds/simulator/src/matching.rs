//! A market that its clients make with a seeded crowd: [`MatchingVenue`](ballast_exchange::floor::MatchingVenue), one for each symbol, as a [`Back`].
//!
//! On futures a client's collateral stands at every symbol by itself, as margin does there, and its wallet is the sum of what they
//! earned. On spot a `Wallet` sees to it that nobody sells or spends what they do not have.
//!
//! Never here: a connection, a key.

mod pit;
mod spec;
mod wallet;
pub mod wire;

use ballast_exchange::floor::{FloorSpecError, Multiples};
use ballast_exchange::matching::Prevention;
use ballast_model::{Command, InstrumentId, Money, Nanos, NewOrder, Span};

use self::pit::Pit;
use self::wallet::Wallet;
use crate::back::{Back, ClientId, Depth, Symbol, Told};

pub use self::spec::MarketKind;

/// How fast time goes by at the market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speed {
    /// So many times as fast as the clock. Above zero.
    Times(u32),
    /// A step whenever somebody looks.
    Max,
}

/// How far time goes in one step of [`Speed::Max`].
const STEP: Span = Span::from_millis(5);

/// What a market of traders is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MatchingBackSpec {
    /// Spot or futures.
    pub kind: MarketKind,
    /// Decides everything that is random.
    pub seed: u64,
    /// Accounts of clients, at least one.
    pub clients: u16,
    /// How fast time goes.
    pub speed: Speed,
    /// The first moment, by the clock.
    pub start: Nanos,
    /// How busy it is.
    pub flow: Flow,
}

/// How much goes on at a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Symbols that are traded, of those there are the first; at least one.
    pub symbols: usize,
    /// Requests of the crowd a second, in each symbol; at least one.
    pub requests_per_second: u32,
    /// Orders that the crowd leaves in each book, about; at least ten, at most 4 096.
    pub orders: u32,
}

impl Flow {
    /// All symbols, as busy as a market is that is worth a recording.
    pub const BUSY: Self = Self { symbols: usize::MAX, requests_per_second: 400, orders: 600 };
}

/// The market.
#[derive(Debug)]
pub struct MatchingBack {
    kind: MarketKind,
    symbols: Vec<Symbol>,
    pits: Vec<Pit>,
    wallet: Wallet,
    clock: Warp,
    clients: u16,
}

/// The clock's time as the market's and back.
#[derive(Clone, Copy, Debug)]
struct Warp {
    start: Nanos,
    speed: Speed,
    /// The market's time, by steps.
    stepped: Nanos,
    /// The clock's time when it was last looked at.
    looked: Nanos,
}

impl Warp {
    /// The market's time at `now`.
    fn inside(&self, now: Nanos) -> Nanos {
        match self.speed {
            Speed::Times(times) => {
                Nanos(self.start.0.saturating_add((now.0 - self.start.0).saturating_mul(times.into())))
            }
            Speed::Max => self.stepped,
        }
    }

    /// When the market's time is there, by the clock.
    fn outside(&self, inside: Nanos) -> Nanos {
        match self.speed {
            Speed::Times(times) => {
                let (span, times) = (inside.0 - self.start.0, i64::from(times));
                Nanos(self.start.0 + span.div_euclid(times) + i64::from(span.rem_euclid(times) > 0))
            }
            Speed::Max => self.looked,
        }
    }

    fn advance(&mut self, now: Nanos) {
        self.looked = now;
        if self.speed == Speed::Max {
            self.stepped = self.stepped + STEP;
        }
    }
}

impl MatchingBack {
    /// The market, where the crowd's first orders stand.
    ///
    /// # Errors
    /// The first [`FloorSpecError`].
    pub fn new(spec: &MatchingBackSpec) -> Result<Self, FloorSpecError> {
        let mut symbols = spec.kind.symbols();
        symbols.truncate(spec.flow.symbols);
        let floors = symbols.iter().map(|symbol| spec::floor(spec, symbol));
        let pits = floors.zip(&symbols).map(|(floor, symbol)| Pit::new(spec.kind, &floor, symbol));
        let pits = pits.collect::<Result<_, _>>()?;
        let clock = Warp { start: spec.start, speed: spec.speed, stepped: spec.start, looked: spec.start };
        let wallet = Wallet::new(&symbols, spec.clients);
        Ok(Self { kind: spec.kind, symbols, pits, wallet, clock, clients: spec.clients })
    }

    fn pit(&self, symbol: InstrumentId) -> Option<&Pit> {
        self.pits.get(symbol.index())
    }

    /// Takes in a command, of a new order with its self-trade prevention; without one it is the venue's.
    fn take(&mut self, client: ClientId, command: &Command, prevention: Option<Prevention>, now: Nanos) {
        self.clock.looked = self.clock.looked.max(now);
        if client.0 >= self.clients {
            return;
        }
        if self.kind == MarketKind::Spot && !self.wallet.admits(client, command) {
            return;
        }
        let inside = self.clock.inside(now);
        let clock = self.clock;
        let command = pit::timed(command, |end| clock.inside(end));
        if let Some(pit) = self.pits.get_mut(command.instrument().index()) {
            pit.send(client, &command, prevention, inside);
        }
    }
}

impl Back for MatchingBack {
    fn symbols(&self) -> &[Symbol] {
        &self.symbols
    }

    fn next_due(&self) -> Option<Nanos> {
        match self.clock.speed {
            Speed::Max => Some(self.clock.looked + Span(1)),
            Speed::Times(_) => {
                let first = self.pits.iter().filter_map(Pit::next_due).min();
                let due = first.map(|inside| self.clock.outside(inside));
                if self.wallet.has_news() { Some(self.clock.looked) } else { due }
            }
        }
    }

    fn advance(&mut self, now: Nanos, told: &mut dyn Told) {
        self.clock.advance(now);
        let (clock, target) = (self.clock, self.clock.inside(now));
        self.wallet.tell_refusals(now, told);
        for pit in &mut self.pits {
            pit.advance(target, |inside| clock.outside(inside).min(now), &mut self.wallet, told);
        }
    }

    fn send(&mut self, client: ClientId, command: &Command, now: Nanos) {
        self.take(client, command, None, now);
    }

    fn place(&mut self, client: ClientId, order: &NewOrder, prevention: Prevention, now: Nanos) {
        self.take(client, &Command::New(*order), Some(prevention), now);
    }

    fn regrid(&mut self, symbol: InstrumentId, grid: Multiples) {
        if let Some(pit) = self.pits.get_mut(symbol.index()) {
            pit.regrid(grid);
        }
    }

    fn depth(&self, symbol: InstrumentId, levels: usize) -> Depth {
        self.pit(symbol).map(|pit| pit.depth(levels)).unwrap_or_default()
    }

    fn balance(&self, client: ClientId, asset: &str) -> (Money, Money) {
        match self.kind {
            MarketKind::Spot => self.wallet.balance(client, asset),
            MarketKind::UsdM if asset == spec::MARGIN_ASSET && client.0 < self.clients => {
                let earned = self.pits.iter().map(|pit| pit.wallet(client) - spec::COLLATERAL);
                (spec::COLLATERAL + earned.sum(), Money::ZERO)
            }
            MarketKind::UsdM => (Money::ZERO, Money::ZERO),
        }
    }
}

#[cfg(test)]
mod tests;
