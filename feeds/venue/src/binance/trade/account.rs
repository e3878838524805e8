//! News of the account: orders, fills, balances, positions.

use ballast_json::Item;
use ballast_model::{
    BalanceUpdate, ClientOrderId, Ending, Event, Fill, FillReason, InstrumentId, Liquidity, Lots, Money,
    Nanos, OrderReport, OrderUpdate, PackedLevel, PackedMoney, Price, RejectReason, Side, TradeId,
    VenueOrderId,
};

use super::answers::ending;
use super::config::{TradeMarket, TradesSince};
use super::ids::client_id;
use super::jobs::Job;
use super::near::{Round, near};
use super::notice::Notice;
use super::placed::Placed;
use super::standing::{Holding, News, Position, Standing};
use super::{TradeError, TradeSession};
use crate::binance::stream::venue_time;
use crate::{Channel, EventSink, Now};

/// Trades that may wait for their order to be found: one page of them and some more.
pub(super) const PARKED_MAX: usize = 2_048;

/// A trade whose order the venue names by its own id alone and that nobody knows yet, or that came behind such a one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parked {
    pub(super) index: usize,
    /// `None` where the order is known, and an earlier trade of the instrument waits.
    pub(super) order: Option<VenueOrderId>,
    pub(super) fill: Fill,
}

/// `executionReport`, or the order in `ORDER_TRADE_UPDATE`: both use the same letters.
#[derive(Clone, Copy, Debug, Default)]
struct Report<'f> {
    symbol: &'f str,
    client: &'f str,
    original: &'f str,
    side: &'f str,
    execution: &'f str,
    status: &'f str,
    reason: &'f str,
    order: u64,
    price: Option<Item<'f>>,
    size: Option<Item<'f>>,
    last_price: Option<Item<'f>>,
    last_size: Option<Item<'f>>,
    filled: Option<Item<'f>>,
    fee: Option<Item<'f>>,
    fee_asset: &'f str,
    trade: Option<u64>,
    execution_id: Option<u64>,
    maker: bool,
    time: u64,
}

impl<'f> Report<'f> {
    fn read(item: Item<'f>) -> Self {
        let mut report = Self::default();
        item.members(|key, value| {
            let text = || value.text().unwrap_or_default();
            match key {
                b"s" => report.symbol = text(),
                b"c" => report.client = text(),
                b"C" => report.original = text(),
                b"S" => report.side = text(),
                b"x" => report.execution = text(),
                b"X" => report.status = text(),
                b"r" => report.reason = text(),
                b"i" => report.order = value.unsigned().unwrap_or_default(),
                b"p" => report.price = Some(value),
                b"q" => report.size = Some(value),
                b"L" => report.last_price = Some(value),
                b"l" => report.last_size = Some(value),
                b"z" => report.filled = Some(value),
                b"n" => report.fee = Some(value),
                b"N" => report.fee_asset = text(),
                b"t" => report.trade = value.unsigned().filter(|id| *id > 0),
                b"I" => report.execution_id = value.unsigned(),
                b"m" => report.maker = value.truth().unwrap_or_default(),
                b"T" => report.time = value.unsigned().unwrap_or_default(),
                _ => {}
            }
        });
        report
    }

    /// Whose order it is. A cancel's report names the cancel first and the order second.
    fn whose(&self) -> ClientOrderId {
        client_id(if self.original.is_empty() { self.client } else { self.original })
    }

    /// Its trade; `None` without a side.
    fn traded(&self, index: usize, client_id: ClientOrderId, trade: u64) -> Option<Traded<'f>> {
        Some(Traded {
            index,
            client_id,
            side: side(self.side)?,
            maker: self.maker,
            reason: fill_reason(self.client),
            price: self.last_price,
            size: self.last_size,
            fee: self.fee,
            fee_asset: self.fee_asset,
            trade,
            time: self.time,
        })
    }
}

/// Why there is a fill: the venue marks by the client id what it did in our place.
pub(super) fn fill_reason(client: &str) -> FillReason {
    if client.starts_with("autoclose-") {
        FillReason::Liquidation
    } else if client.starts_with("adl_autoclose") {
        FillReason::AutoDeleveraging
    } else {
        FillReason::Venue
    }
}

/// What a fill's numbers are, as a stream or a sweep tells them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Traded<'f> {
    pub(super) index: usize,
    pub(super) client_id: ClientOrderId,
    pub(super) side: Side,
    pub(super) maker: bool,
    pub(super) reason: FillReason,
    pub(super) price: Option<Item<'f>>,
    pub(super) size: Option<Item<'f>>,
    pub(super) fee: Option<Item<'f>>,
    pub(super) fee_asset: &'f str,
    pub(super) trade: u64,
    pub(super) time: u64,
}

impl TradeSession {
    /// News of the account, of either market.
    pub(super) fn on_event<S: EventSink>(
        &mut self,
        channel: Channel,
        event: Item<'_>,
        now: Now,
        out: &mut S,
    ) -> Result<(), TradeError> {
        let kind = event.member(b"e").and_then(Item::text).ok_or(TradeError::Member("e"))?;
        if let Some(time) = event.member(b"E").and_then(Item::unsigned) {
            self.on_stamp(None, venue_time(time), now);
        }
        match kind {
            "executionReport" => return self.on_report(&Report::read(event), out),
            "ORDER_TRADE_UPDATE" => {
                let order = event.member(b"o").ok_or(TradeError::Member("o"))?;
                return self.on_report(&Report::read(order), out);
            }
            "outboundAccountPosition" => self.on_balances(event, out),
            "ACCOUNT_UPDATE" => self.on_account(event),
            "serverShutdown" => {
                self.notices.add(Notice::ShuttingDown);
                self.renew(channel);
            }
            "eventStreamTerminated" => self.renew(channel),
            "listenKeyExpired" => self.jobs.want_first(Job::ListenKey),
            "MARGIN_CALL" => self.jobs.want_account(self.market),
            // What a trade cost comes with the whole report; the rest changes nothing that is kept here.
            _ => self.counters.ignored += 1,
        }
        self.note_standing(now.mono);
        Ok(())
    }

    fn on_report<S: EventSink>(&mut self, report: &Report<'_>, out: &mut S) -> Result<(), TradeError> {
        // Futures number no executions.
        if self.market == TradeMarket::Spot
            && let Some(id) = report.execution_id
            && !self.executions.note(id)
        {
            self.counters.repeated += 1;
            return Ok(());
        }
        let Some(index) = self.names.index(report.symbol) else {
            if report.trade.is_some() && report.execution == "TRADE" {
                self.unbookable();
            }
            self.counters.ignored += 1;
            return Ok(());
        };
        let (whose, venue_id) = (report.whose(), VenueOrderId(report.order));
        let instrument = self.names.instruments.get(index).map(|instrument| instrument.id);
        self.orders.named(instrument.ok_or(TradeError::Member("s"))?, whose, venue_id);
        match report.trade.filter(|_| matches!(report.execution, "TRADE" | "CALCULATED")) {
            Some(trade) => {
                let traded = report.traded(index, whose, trade).ok_or(TradeError::Member("S"))?;
                self.on_fill(&traded, out);
                Ok(())
            }
            None => self.on_change(report, index, whose, out),
        }
    }

    /// A report without a trade.
    fn on_change<S: EventSink>(
        &mut self,
        told: &Report<'_>,
        index: usize,
        client_id: ClientOrderId,
        out: &mut S,
    ) -> Result<(), TradeError> {
        let instrument = self.names.instruments.get(index).ok_or(TradeError::Member("s"))?;
        let (id, prices, sizes) = (instrument.id, instrument.prices, instrument.sizes);
        let steps = |item: Option<Item<'_>>, grid| item.and_then(|item| item.steps(grid).ok());
        let filled = Lots(i64::try_from(steps(told.filled, sizes).unwrap_or_default()).unwrap_or_default());
        let venue_id = VenueOrderId(told.order);
        let ended = |how| Some(OrderReport::Ended { how, filled });
        let news = match (told.execution, ending(told.status)) {
            ("NEW", _) => Some(OrderReport::Accepted(venue_id)),
            ("REPLACED" | "AMENDMENT", None) => {
                let level = level(steps(told.price, prices), steps(told.size, sizes));
                let level = level.ok_or(TradeError::Member("p"))?;
                let (price, lots) = (level.price(), level.lots());
                let placed = Placed { instrument: id, client_id, venue_id: Some(venue_id), price, lots };
                self.orders.rests(placed);
                Some(OrderReport::Replaced { venue_id, level, filled })
            }
            ("REJECTED", _) => Some(OrderReport::Rejected(reject_reason(told.reason))),
            ("CANCELED", None) => ended(Ending::Cancelled),
            ("EXPIRED", None) => ended(Ending::Expired),
            (_, Some(how)) => ended(how),
            (_, None) => None,
        };
        match news {
            Some(report) => {
                let venue_time = venue_time(told.time);
                self.tell(Event::Order(OrderUpdate { instrument: id, client_id, report, venue_time }), out);
            }
            None => self.counters.ignored += 1,
        }
        Ok(())
    }

    /// Tells a fill, once.
    fn on_fill<S: EventSink>(&mut self, traded: &Traded<'_>, out: &mut S) {
        match self.fill(traded) {
            Some(fill) => {
                if self.tell_fill(traded.index, fill, out)
                    && matches!(self.known.standing, Standing::Whole(_))
                {
                    self.reach(traded.index, fill.trade_id);
                }
            }
            None => self.unbookable(),
        }
    }

    /// The fill in the core's words; `None` where they do not hold it. A fee that cannot be told does not keep back the fill, nor does a
    /// price between two ticks, at which orders trade from before a tick became coarser: it is told at the tick that is worse for us.
    pub(super) fn fill(&mut self, traded: &Traded<'_>) -> Option<Fill> {
        let instrument = self.names.instruments.get(traded.index)?;
        let (id, trade_id) = (instrument.id, TradeId(traded.trade));
        let (price, (prices, sizes)) = (traded.price?, (instrument.prices, instrument.sizes));
        let level = level(near(price, prices, Round::against(traded.side)), traded.size?.steps(sizes).ok())?;
        if price.steps(prices).is_err() {
            self.counters.stray_fills += 1;
            self.notices.add(Notice::StrayFill(id, trade_id));
        }
        let fee = traded.fee.and_then(|fee| fee.e8().ok()).unwrap_or_default();
        let (fee_asset, fee_e8) = match self.names.asset(traded.fee_asset) {
            Some(asset) => (asset, fee),
            None => {
                let quote = instrument.quote;
                if fee != 0 {
                    self.notices.add(Notice::UnknownFeeAsset(id, trade_id));
                }
                (quote, 0)
            }
        };
        Some(Fill {
            instrument: id,
            side: traded.side,
            liquidity: if traded.maker { Liquidity::Maker } else { Liquidity::Taker },
            reason: traded.reason,
            fee_asset,
            level,
            fee_e8,
            client_id: traded.client_id,
            trade_id,
            venue_time: venue_time(traded.time),
        })
    }

    /// Tells a fill unless it was told before; whether it was new.
    pub(super) fn tell_fill<S: EventSink>(&mut self, index: usize, fill: Fill, out: &mut S) -> bool {
        let Some(instrument) = self.names.instruments.get_mut(index) else { return false };
        if !instrument.trades.note(fill.trade_id.0) {
            self.counters.repeated += 1;
            return false;
        }
        self.counters.fills += 1;
        self.tell(Event::Fill(fill), out);
        true
    }

    /// These trades are on record already: they are not told again, however far back is asked. The newest are remembered.
    pub fn know(&mut self, instrument: InstrumentId, trades: impl Iterator<Item = TradeId>) {
        let known = self.names.instruments.iter_mut().find(|known| known.id == instrument);
        let Some(known) = known else { return };
        for trade in trades {
            known.trades.note(trade.0);
        }
    }

    /// All trades up to this one were told. That is known of a trade of the stream only while nothing before it is missing,
    /// and of a trade of a sweep.
    pub(super) fn reach(&mut self, index: usize, trade: TradeId) {
        if let Some(instrument) = self.names.instruments.get_mut(index) {
            instrument.since = match instrument.since {
                TradesSince::Id(last) => TradesSince::Id(last.max(trade)),
                TradesSince::Time(_) => TradesSince::Id(trade),
            };
        }
    }

    /// A trade of ours that cannot be told: nothing is right until the account has been looked at.
    pub(super) fn unbookable(&mut self) {
        self.counters.unbookable += 1;
        self.notices.add(Notice::UnbookableFill);
    }

    /// `outboundAccountPosition`: whole balances of the assets that may have changed.
    fn on_balances<S: EventSink>(&mut self, event: Item<'_>, out: &mut S) {
        let time = event.member(b"u").and_then(Item::unsigned).map_or(Nanos::MIN, venue_time);
        let Some(balances) = event.member(b"B") else { return };
        balances.elements(|item| {
            let (mut asset, mut free, mut locked) = (None, None, None);
            item.members(|key, value| match key {
                b"a" => asset = value.text(),
                b"f" => free = value.e8().ok(),
                b"l" => locked = value.e8().ok(),
                _ => {}
            });
            if let (Some(asset), Some(free), Some(locked)) = (asset, free, locked) {
                self.on_balance(asset, free, locked, time, out);
            }
        });
    }

    pub(super) fn on_balance<S: EventSink>(
        &mut self,
        asset: &str,
        free_e8: i64,
        locked_e8: i64,
        venue_time: Nanos,
        out: &mut S,
    ) {
        let Some(asset) = self.names.asset(asset) else { return };
        let (free, locked) = (Money::from_e8(free_e8), Money::from_e8(locked_e8));
        let news = self.known.hold(Holding { asset, free, locked, venue_time });
        if news == News::Newer && self.market == TradeMarket::Spot {
            let (free, locked) = (PackedMoney::new(free), PackedMoney::new(locked));
            let update = BalanceUpdate { account: self.account, asset, free, locked, venue_time };
            self.tell(Event::Balance(update), out);
        }
    }

    /// `ACCOUNT_UPDATE`: wallets and positions that changed. Funding is told as a balance alone: the payments themselves are
    /// fetched.
    fn on_account(&mut self, event: Item<'_>) {
        let Some(account) = event.member(b"a") else { return };
        let time = event.member(b"T").and_then(Item::unsigned).map_or(Nanos::MIN, venue_time);
        if account.member(b"m").and_then(Item::text) == Some("FUNDING_FEE") {
            self.jobs.want(Job::Funding);
        }
        if let Some(balances) = account.member(b"B") {
            balances.elements(|item| {
                let name = item.member(b"a").and_then(Item::text).unwrap_or_default();
                let wallet = item.member(b"wb").and_then(|value| value.e8().ok());
                if let (Some(asset), Some(wallet)) = (self.names.asset(name), wallet) {
                    let (free, locked) = (Money::from_e8(wallet), Money::ZERO);
                    self.known.hold(Holding { asset, free, locked, venue_time: time });
                }
            });
        }
        if let Some(positions) = account.member(b"P") {
            positions.elements(|item| self.on_position(item, [b"s", b"pa", b"ps"], time));
        }
    }

    /// A position row; its members are called differently by stream and HTTP. The sign is the venue's: in one-way mode a
    /// short is below zero, and zero says that there is none.
    pub(super) fn on_position(
        &mut self,
        item: Item<'_>,
        [symbol, amount, side]: [&[u8]; 3],
        venue_time: Nanos,
    ) {
        let name = item.member(symbol).and_then(Item::text).unwrap_or_default();
        let Some(instrument) = self.names.index(name).and_then(|index| self.names.instruments.get(index))
        else {
            return;
        };
        if item.member(side).and_then(Item::text).is_some_and(|side| side != "BOTH") {
            self.notices.add(Notice::HedgeMode);
            return;
        }
        if let Some(Ok(lots)) = item.member(amount).map(|amount| amount.signed_steps(instrument.sizes)) {
            self.known.position(Position { instrument: instrument.id, lots: Lots(lots), venue_time });
        }
    }
}

pub(super) fn side(word: &str) -> Option<Side> {
    match word {
        "BUY" => Some(Side::Bid),
        "SELL" => Some(Side::Ask),
        _ => None,
    }
}

pub(super) fn level(price: Option<u64>, lots: Option<u64>) -> Option<PackedLevel> {
    PackedLevel::new(Price(i64::try_from(price?).ok()?), Lots(i64::try_from(lots?).ok()?))
}

/// The `r` of a rejected order.
fn reject_reason(word: &str) -> RejectReason {
    match word {
        "INSUFFICIENT_BALANCES" => RejectReason::Margin,
        "WOULD_MATCH_IMMEDIATELY" => RejectReason::WouldTake,
        _ => RejectReason::Other,
    }
}
