//! `exchangeInfo`: the venue's rules of our instruments and its limits.

use ballast_json::Item;
use ballast_model::{Lots, Money, Price, Step};

use super::answers::Limit;
use super::budget::Pool;
use super::notice::Notice;
use super::standing::{Rules, TradingState};
use super::{TradeError, TradeSession};
use crate::Now;

/// What the filters of a symbol say, as texts.
#[derive(Clone, Copy, Debug, Default)]
struct Filters<'f> {
    tick: Option<&'f str>,
    lot: Option<&'f str>,
    prices: [Option<&'f str>; 2],
    sizes: [Option<&'f str>; 2],
    notionals: [Option<Item<'f>>; 2],
    orders_max: Option<u64>,
}

impl<'f> Filters<'f> {
    fn read(filters: Item<'f>) -> Self {
        let mut read = Self::default();
        filters.elements(|filter| {
            let text = |key: &[u8]| filter.member(key).and_then(Item::text);
            match text(b"filterType").unwrap_or_default() {
                "PRICE_FILTER" => {
                    read.tick = text(b"tickSize");
                    read.prices = [text(b"minPrice"), text(b"maxPrice")];
                }
                "LOT_SIZE" => {
                    read.lot = text(b"stepSize");
                    read.sizes = [text(b"minQty"), text(b"maxQty")];
                }
                "NOTIONAL" => read.notionals = [filter.member(b"minNotional"), filter.member(b"maxNotional")],
                "MIN_NOTIONAL" => {
                    let least = filter.member(b"notional").or_else(|| filter.member(b"minNotional"));
                    read.notionals = [least, read.notionals[1]];
                }
                "MAX_NUM_ORDERS" => {
                    let most = filter.member(b"maxNumOrders").or_else(|| filter.member(b"limit"));
                    read.orders_max = most.and_then(Item::unsigned);
                }
                _ => {}
            }
        });
        read
    }

    /// Zero stands for no rule.
    fn rules(&self, state: TradingState) -> Option<Rules> {
        let (tick, lot) = (Step::parse(self.tick?)?, Step::parse(self.lot?)?);
        let steps = |step: Step, text: Option<&str>| step.steps_floor(text?).filter(|steps| *steps > 0);
        let money = |item: Option<Item<'_>>| item?.e8().ok().filter(|amount| *amount > 0).map(Money::from_e8);
        let ([price_min, price_max], [size_min, size_max]) = (self.prices, self.sizes);
        let [notional_min, notional_max] = self.notionals;
        Some(Rules {
            state,
            tick,
            lot,
            price_min: steps(tick, price_min).map(Price),
            price_max: steps(tick, price_max).map(Price),
            size_min: steps(lot, size_min).map(Lots),
            size_max: steps(lot, size_max).map(Lots),
            notional_min: money(notional_min),
            notional_max: money(notional_max),
            orders_max: self.orders_max.and_then(|most| u32::try_from(most).ok()),
        })
    }
}

impl TradeSession {
    pub(super) fn on_rules(&mut self, body: Item<'_>, now: Now) -> Result<(), TradeError> {
        let symbols = body.member(b"symbols").filter(|symbols| symbols.is_array());
        let symbols = symbols.ok_or(TradeError::Member("symbols"))?;
        let wall = self.clock.venue_time(now);
        if let Some(limits) = body.member(b"rateLimits") {
            limits.elements(|item| {
                if let Some(limit) = Limit::read(item) {
                    let pool = if limit.pool == Pool::Weight { self.market.rest_pool() } else { limit.pool };
                    self.budget.adopt((pool, limit.interval), Some(limit.limit), None, wall);
                }
            });
        }
        let mut found = [None; super::super::INSTRUMENTS_MAX];
        symbols.elements(|symbol| {
            let (mut name, mut state, mut filters) = ("", "", None);
            symbol.members(|key, value| match key {
                b"symbol" => name = value.text().unwrap_or_default(),
                b"status" => state = value.text().unwrap_or_default(),
                b"filters" => filters = Some(value),
                _ => {}
            });
            let place = self.names.index(name).and_then(|index| found.get_mut(index));
            if let (Some(place), Some(filters)) = (place, filters) {
                *place = Filters::read(filters).rules(trading_state(state));
            }
        });
        for (index, rules) in (0..self.names.instruments.len()).zip(found) {
            self.take_rules(index, rules);
        }
        Ok(())
    }

    fn take_rules(&mut self, index: usize, rules: Option<Rules>) {
        let Some(instrument) = self.names.instruments.get_mut(index) else { return };
        let (id, changed) = (instrument.id, instrument.rules != rules);
        instrument.rules = rules;
        match rules {
            None => self.notices.add(Notice::NotListed(id)),
            Some(_) if changed && !self.may_trade(index) => self.notices.add(Notice::RulesChanged(id)),
            Some(_) => {}
        }
    }
}

fn trading_state(status: &str) -> TradingState {
    match status {
        "TRADING" => TradingState::Trading,
        "CANCEL_ONLY" => TradingState::CancelOnly,
        _ => TradingState::Closed,
    }
}
