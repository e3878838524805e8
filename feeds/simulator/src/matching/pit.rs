//! One symbol: its venue, and what its public streams say.
//!
//! Ids are told such that a snapshot between two diffs lies inside the later one, as the venue's do: a state `k` of the book is the
//! end `2k` of a diff, which begins at `2j + 1` after that of state `j`, and a snapshot of it is `2k + 1`.

use ballast_exchange::floor::{self, FloorSpec, FloorSpecError, MarketNews, MatchingVenue, Multiples};
use ballast_exchange::matching::{AccountId, Prevention};
use ballast_model::{
    BookKind, Command, Ending, Event, Fill, FundingPayment, InstrumentId, InstrumentSpec, Money, Nanos,
    OrderReport, OrderUpdate, RejectReason, Side, TimeInForce, UpdateId,
};

use super::spec::MarketKind;
use super::wallet::Wallet;
use super::wire::Wire;
use crate::back::{ClientId, Depth, Stream, Symbol, Told};

#[derive(Debug)]
pub(super) struct Pit {
    venue: MatchingVenue,
    wire: Wire,
    id: InstrumentId,
    spec: InstrumentSpec,
    kind: MarketKind,
    /// The state that the last diff ended with.
    diffed: u64,
    text: Vec<u8>,
}

impl Pit {
    pub(super) fn new(kind: MarketKind, floor: &FloorSpec, symbol: &Symbol) -> Result<Self, FloorSpecError> {
        let (venue, wire) = (MatchingVenue::new(floor)?, Wire::new(kind, symbol));
        let (id, spec) = (symbol.id, symbol.spec);
        Ok(Self { venue, wire, id, spec, kind, diffed: 0, text: Vec::new() })
    }

    /// By the market's time.
    pub(super) fn next_due(&self) -> Option<Nanos> {
        let times = [self.venue.next_arrival(), self.venue.next_response(), self.venue.next_news()];
        times.into_iter().flatten().min()
    }

    pub(super) fn send(
        &mut self,
        client: ClientId,
        command: &Command,
        prevention: Option<Prevention>,
        now: Nanos,
    ) {
        let client = floor::ClientId(client.0);
        match (command, prevention) {
            (Command::New(order), Some(prevention)) => self.venue.send_order(client, order, prevention, now),
            _ => self.venue.send(client, command, now),
        }
    }

    /// News of a client as [`Told`] has it: at the clock's time, of self-trades by their name, and on spot with the fee of a buy in coins.
    fn told(&self, client: floor::ClientId, event: &Event, outside: impl Fn(Nanos) -> Nanos) -> Event {
        let mut event = stamped(event, outside);
        if let Event::Order(OrderUpdate { client_id, report, .. }) = &mut event
            && let OrderReport::Expired | OrderReport::Ended { how: Ending::Expired, .. } = *report
            && self.venue.met_its_own(client, *client_id)
        {
            *report = OrderReport::Rejected(RejectReason::SelfTrade);
        }
        if let (Event::Fill(fill), MarketKind::Spot) = (&mut event, self.kind) {
            charge_coins(fill, &self.spec);
        }
        event
    }

    /// Does everything that is due by the market's time `target`; `outside` tells the clock's.
    pub(super) fn advance(
        &mut self,
        target: Nanos,
        outside: impl Fn(Nanos) -> Nanos,
        wallet: &mut Wallet,
        told: &mut dyn Told,
    ) {
        while let Some(at) = self.next_due().filter(|at| *at <= target) {
            if self.venue.next_arrival().is_some_and(|due| due <= at) {
                self.venue.on_arrival();
            }
            while let Some((client, event)) = self.venue.pop_response(at) {
                let (client, event) = (ClientId(client.0), self.told(client, &event, &outside));
                wallet.hear(client, &event);
                told.client(client, &event);
            }
            while let Some(news) = self.venue.pop_news(at) {
                self.publish(&news, outside(at), told);
            }
        }
    }

    fn publish(&mut self, news: &MarketNews, at: Nanos, told: &mut dyn Told) {
        self.text.clear();
        let out = &mut self.text;
        let stream = match news {
            MarketNews::Book(book) => {
                let batch = book.batch();
                let begin = *batch.begin();
                let before = std::mem::replace(&mut self.diffed, begin.update_id.0);
                if begin.kind == BookKind::Snapshot {
                    return;
                }
                self.wire.depth(2 * before, 2 * begin.update_id.0, &batch, at, out);
                Stream::Depth
            }
            MarketNews::Event(Event::Ticker(ticker)) => {
                self.wire.ticker(2 * ticker.update_id.0, ticker, at, out);
                Stream::BookTicker
            }
            MarketNews::Event(Event::Trade(trade)) => {
                self.wire.trade(trade, at, out);
                Stream::Trade
            }
            MarketNews::Event(Event::Mark(mark)) => {
                self.wire.mark(mark, at, out);
                Stream::MarkPrice
            }
            MarketNews::Event(_) => return,
        };
        told.market(self.id, stream, out);
    }

    pub(super) fn regrid(&mut self, grid: Multiples) {
        self.venue.regrid(grid);
    }

    /// The book as it stands.
    pub(super) fn depth(&self, levels: usize) -> Depth {
        let [bids, asks] = self.venue.snapshot(levels);
        Depth { update_id: UpdateId(2 * self.venue.update_id().0 + 1), bids, asks }
    }

    pub(super) fn wallet(&self, client: ClientId) -> Money {
        self.venue.engine().wallet(AccountId(client.0))
    }
}

/// A spot venue takes the fee of a buy from the coins that it brings in: the same share of them, rounded up.
fn charge_coins(fill: &mut Fill, spec: &InstrumentSpec) {
    if fill.side != Side::Bid || fill.fee_e8 <= 0 {
        return;
    }
    let (price, lots) = (fill.level.price(), fill.level.lots());
    let e8 = |money: Money| money.0 / 10_i128.pow(10);
    let (value, coins) = (e8(spec.value_floor(price, lots)), spec.lot_amount().unwrap_or_default());
    let coins = e8(Money(coins.0 * i128::from(lots.0)));
    if value > 0
        && let Ok(fee_e8) = i64::try_from(-(-i128::from(fill.fee_e8) * coins).div_euclid(value))
    {
        (fill.fee_asset, fill.fee_e8) = (spec.base, fee_e8);
    }
}

/// A command whose end time is the market's.
pub(super) fn timed(command: &Command, inside: impl Fn(Nanos) -> Nanos) -> Command {
    let mut command = *command;
    if let Command::New(new) = &mut command
        && let TimeInForce::GoodTillDate(end) = &mut new.tif
    {
        *end = inside(*end);
    }
    command
}

/// News of a client at the clock's time.
fn stamped(event: &Event, outside: impl Fn(Nanos) -> Nanos) -> Event {
    let mut event = *event;
    if let Event::Order(OrderUpdate { venue_time, .. })
    | Event::Fill(Fill { venue_time, .. })
    | Event::Funding(FundingPayment { venue_time, .. }) = &mut event
    {
        *venue_time = outside(*venue_time);
    }
    event
}
