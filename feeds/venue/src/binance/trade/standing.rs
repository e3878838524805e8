//! How we stand with the venue: its rules, our balances, positions and open orders, for a start gate to compare with the
//! ledger.
//!
//! Never here: a judgement. What the venue says is passed on as it is.

use alloc::vec::Vec;

use ballast_model::{
    AssetId, ClientOrderId, InstrumentId, Lots, Money, Nanos, PackedLevel, Price, Side, Step, VenueOrderId,
};

/// Open orders that a standing holds at most.
pub const OPEN_ORDERS_MAX: usize = 1_024;

/// Whether an instrument trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TradingState {
    /// It does.
    Trading,
    /// Orders can only be cancelled.
    CancelOnly,
    /// It does not.
    Closed,
}

/// The venue's rules of an instrument (`exchangeInfo`). `None` where it sets none, or none that the engine's words hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Whether it trades.
    pub state: TradingState,
    /// Smallest price step.
    pub tick: Step,
    /// Smallest size step.
    pub lot: Step,
    /// Lowest price, in ticks of [`tick`](Self::tick).
    pub price_min: Option<Price>,
    /// Highest price.
    pub price_max: Option<Price>,
    /// Smallest order, in lots of [`lot`](Self::lot).
    pub size_min: Option<Lots>,
    /// Largest order.
    pub size_max: Option<Lots>,
    /// Smallest order value, in quote currency.
    pub notional_min: Option<Money>,
    /// Largest order value, in quote currency.
    pub notional_max: Option<Money>,
    /// Most open orders.
    pub orders_max: Option<u32>,
}

/// What we hold of an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// Of what.
    pub asset: AssetId,
    /// What no order binds; on futures the wallet's balance.
    pub free: Money,
    /// What open orders bind; on futures zero.
    pub locked: Money,
    /// When it last changed, by the venue's clock.
    pub venue_time: Nanos,
}

/// Our position in a futures contract: long > 0, short < 0, and zero where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// In what.
    pub instrument: InstrumentId,
    /// How much.
    pub lots: Lots,
    /// When it last changed, by the venue's clock.
    pub venue_time: Nanos,
}

/// An order of our account that rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenOrder {
    /// Where.
    pub instrument: InstrumentId,
    /// Our id of it, or [`ClientOrderId::FOREIGN`].
    pub client_id: ClientOrderId,
    /// The venue's id.
    pub venue_id: VenueOrderId,
    /// Its side.
    pub side: Side,
    /// Price and total size.
    pub level: PackedLevel,
    /// Traded so far.
    pub filled: Lots,
}

/// How far a standing can be relied upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The private stream is down: nothing is known for sure.
    Blind,
    /// The stream is up; this many requests are yet to be answered.
    Sweeping(u32),
    /// Rules, account, open orders and the trades since the last known are in, and the stream has been up since before they
    /// were asked for.
    Whole(Nanos),
}

/// What is known, as [`Standing`] says. Allocated once.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) holdings: Vec<Holding>,
    pub(super) positions: Vec<Position>,
    pub(super) open_orders: Vec<OpenOrder>,
    pub(super) standing: Standing,
}

impl Known {
    pub(super) fn new(assets: usize, instruments: usize) -> Self {
        Self {
            holdings: Vec::with_capacity(assets),
            positions: Vec::with_capacity(instruments),
            open_orders: Vec::with_capacity(OPEN_ORDERS_MAX),
            standing: Standing::Blind,
        }
    }

    /// Takes a balance, unless a newer one is known.
    pub(super) fn hold(&mut self, holding: Holding) -> News {
        match self.holdings.iter_mut().find(|known| known.asset == holding.asset) {
            Some(known) if known.venue_time > holding.venue_time => return News::Older,
            Some(known) => *known = holding,
            None => self.holdings.push(holding),
        }
        News::Newer
    }

    /// Takes a position, unless a newer one is known.
    pub(super) fn position(&mut self, position: Position) -> News {
        match self.positions.iter_mut().find(|known| known.instrument == position.instrument) {
            Some(known) if known.venue_time > position.venue_time => return News::Older,
            Some(known) => *known = position,
            None => self.positions.push(position),
        }
        News::Newer
    }
}

/// Whether what is told is newer than what is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    Newer,
    Older,
}
