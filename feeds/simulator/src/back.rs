//! What trades behind the protocol: recorded history or a matching engine, and the market data it makes.

use ballast_exchange::floor::Multiples;
use ballast_exchange::matching::Prevention;
use ballast_model::{
    Command, Event, InstrumentId, InstrumentSpec, Lots, Money, Nanos, NewOrder, Price, UpdateId,
};

/// An account at the venue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub u16);

/// One instrument that is traded.
#[derive(Clone, Debug)]
pub struct Symbol {
    /// The venue's name in upper case: `ETHUSDT`.
    pub name: String,
    /// Base and quote currency: `ETH`, `USDT`.
    pub base: String,
    /// See [`Symbol::base`].
    pub quote: String,
    /// How it is called in [`Command`]s and [`Event`]s.
    pub id: InstrumentId,
    /// Its grid and filters.
    pub spec: InstrumentSpec,
}

/// Which stream a message belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stream {
    /// `<symbol>@depth@100ms`, and whatever other cadence of diffs was asked for.
    Depth,
    /// `<symbol>@bookTicker`.
    BookTicker,
    /// `<symbol>@trade`.
    Trade,
    /// `<symbol>@aggTrade`.
    AggTrade,
    /// `<symbol>@markPrice@1s`.
    MarkPrice,
}

/// The book of an instrument as a snapshot shows it: best level first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// The book's update id.
    pub update_id: UpdateId,
    /// Bids.
    pub bids: Vec<(Price, Lots)>,
    /// Asks.
    pub asks: Vec<(Price, Lots)>,
}

/// Who hears what happens behind the protocol.
pub trait Told {
    /// A message of the market in the venue's own JSON, not wrapped. Of a symbol without [`Stream::AggTrade`] the front
    /// makes them of its trades, and the other way about.
    fn market(&mut self, symbol: InstrumentId, stream: Stream, payload: &[u8]);
    /// News of a client's order, fill, funding or balance. An order that self-trade prevention ended was refused as a
    /// self-trade ([`RejectReason::SelfTrade`](ballast_model::RejectReason::SelfTrade)), whether it stood or arrived.
    fn client(&mut self, client: ClientId, event: &Event);
}

/// What trades.
pub trait Back {
    /// The instruments.
    fn symbols(&self) -> &[Symbol];

    /// When [`Back::advance`] has something to do; `None` for never again.
    fn next_due(&self) -> Option<Nanos>;

    /// Does everything that is due by `now`, in order.
    fn advance(&mut self, now: Nanos, told: &mut dyn Told);

    /// A command of a client arrives; its id is unique among all that were ever sent here. What becomes of it is told by
    /// [`Told::client`], at the next [`Back::advance`].
    fn send(&mut self, client: ClientId, command: &Command, now: Nanos);

    /// A new order arrives, as by [`Back::send`]; where it meets one of the same client, this is what becomes of them. A market
    /// that knows no self-trades need not look at it.
    fn place(&mut self, client: ClientId, order: &NewOrder, prevention: Prevention, now: Nanos) {
        let _ = prevention;
        self.send(client, &Command::New(*order), now);
    }

    /// From now on whoever trades here besides clients does so in multiples of a symbol's tick and lot. A market that is history goes on
    /// as it was.
    fn regrid(&mut self, symbol: InstrumentId, grid: Multiples) {
        let _ = (symbol, grid);
    }

    /// The book, so many levels a side.
    fn depth(&self, symbol: InstrumentId, levels: usize) -> Depth;

    /// A client's holding of an asset: free and locked. Of a margin account the wallet balance, all of it free.
    fn balance(&self, client: ClientId, asset: &str) -> (Money, Money);
}
