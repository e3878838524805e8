//! Spot balances: what each client has, and what its open orders bind.
//!
//! An order is refused where it could spend or sell more than is free at its own price. Fees of buys are paid in the coins that they
//! bring in, those of sells in the quote currency they bring in.

use std::collections::BTreeMap;

use ballast_model::{
    ClientOrderId, Command, Event, Fill, InstrumentId, InstrumentSpec, Lots, Money, Nanos, NewOrder,
    OrderReport, OrderUpdate, Price, RejectReason, Side,
};

use super::spec::{BASE, COLLATERAL};
use crate::back::{ClientId, Symbol, Told};

/// An order that binds something.
#[derive(Clone, Copy, Debug)]
struct Bound {
    instrument: InstrumentId,
    side: Side,
    price: Price,
    left: Lots,
}

#[derive(Debug)]
pub(super) struct Wallet {
    /// Specs and names of base and quote, by instrument.
    symbols: Vec<(InstrumentSpec, String, String)>,
    held: BTreeMap<(ClientId, String), Money>,
    bound: BTreeMap<(ClientId, ClientOrderId), Bound>,
    /// Orders that were refused, to be told.
    refused: Vec<(ClientId, InstrumentId, ClientOrderId)>,
}

impl Wallet {
    pub(super) fn new(symbols: &[Symbol], clients: u16) -> Self {
        let mut held = BTreeMap::new();
        for client in (0..clients).map(ClientId) {
            for symbol in symbols {
                held.insert((client, symbol.base.clone()), BASE);
                held.insert((client, symbol.quote.clone()), COLLATERAL);
            }
        }
        let named = symbols.iter().map(|symbol| (symbol.spec, symbol.base.clone(), symbol.quote.clone()));
        Self { symbols: named.collect(), held, bound: BTreeMap::new(), refused: Vec::new() }
    }

    /// Free and locked.
    pub(super) fn balance(&self, client: ClientId, asset: &str) -> (Money, Money) {
        let held = self.held.get(&(client, asset.to_owned())).copied().unwrap_or(Money::ZERO);
        let own = self.bound.iter().filter(|((owner, _), _)| *owner == client);
        let binds = own.filter_map(|(_, bound)| self.binds(bound)).filter(|(of, _)| *of == asset);
        let locked: Money = binds.map(|(_, amount)| amount).sum();
        (held - locked, locked)
    }

    /// What an order binds of which asset.
    fn binds(&self, bound: &Bound) -> Option<(&str, Money)> {
        let (spec, base, quote) = self.symbols.get(bound.instrument.index())?;
        Some(match bound.side {
            Side::Bid => (quote, spec.value_floor(bound.price, bound.left)),
            Side::Ask => (base, amount(spec, bound.left)),
        })
    }

    /// Takes in a command before the venue does; false where it is refused here.
    pub(super) fn admits(&mut self, client: ClientId, command: &Command) -> bool {
        let Command::New(new) = command else { return true };
        let NewOrder { instrument, client_id, side, price, lots, .. } = *new;
        let bound = Bound { instrument, side, price, left: lots };
        let affords =
            self.binds(&bound).is_none_or(|(asset, amount)| amount <= self.balance(client, asset).0);
        if affords {
            self.bound.insert((client, client_id), bound);
        } else {
            self.refused.push((client, instrument, client_id));
        }
        affords
    }

    pub(super) const fn has_news(&self) -> bool {
        !self.refused.is_empty()
    }

    pub(super) fn tell_refusals(&mut self, venue_time: Nanos, told: &mut dyn Told) {
        for (client, instrument, client_id) in self.refused.drain(..) {
            let report = OrderReport::Rejected(RejectReason::Margin);
            told.client(client, &Event::Order(OrderUpdate { instrument, client_id, report, venue_time }));
        }
    }

    /// Takes in what became of an order.
    pub(super) fn hear(&mut self, client: ClientId, event: &Event) {
        if let Event::Fill(fill) = event {
            self.fill(client, fill);
        } else if let Event::Order(update) = event {
            self.update(client, update);
        }
    }

    fn update(&mut self, client: ClientId, update: &OrderUpdate) {
        let key = (client, update.client_id);
        match update.report {
            OrderReport::Rejected(_)
            | OrderReport::Cancelled
            | OrderReport::Expired
            | OrderReport::Ended { .. } => {
                self.bound.remove(&key);
            }
            OrderReport::Replaced { level, filled, .. } => {
                if let Some(bound) = self.bound.get_mut(&key) {
                    (bound.price, bound.left) = (level.price(), level.lots() - filled);
                }
            }
            OrderReport::Accepted(_)
            | OrderReport::CancelRejected(_)
            | OrderReport::NotSent
            | OrderReport::FateUnknown
            | OrderReport::ReplaceRejected(_)
            | OrderReport::Working { .. }
            | OrderReport::NotFound { .. } => {}
        }
    }

    fn fill(&mut self, client: ClientId, fill: &Fill) {
        let Some((spec, base, quote)) = self.symbols.get(fill.instrument.index()) else { return };
        let (price, lots) = (fill.level.price(), fill.level.lots());
        let (value, size) = (spec.value_floor(price, lots), amount(spec, lots));
        let (paid, got) = match fill.side {
            Side::Bid => (value, size),
            Side::Ask => (-value, -size),
        };
        let fee = Money::from_e8(fill.fee_e8);
        let fee = if fill.fee_asset == spec.base { (base, -fee) } else { (quote, -fee) };
        for (asset, change) in [(base, got), (quote, -paid), fee] {
            if let Some(held) = self.held.get_mut(&(client, asset.clone())) {
                *held += change;
            }
        }
        let key = (client, fill.client_id);
        if let Some(bound) = self.bound.get_mut(&key) {
            bound.left -= lots;
            if bound.left <= Lots::ZERO {
                self.bound.remove(&key);
            }
        }
    }
}

/// So many lots in units of the base asset.
fn amount(spec: &InstrumentSpec, lots: Lots) -> Money {
    Money(spec.lot_amount().map_or(0, |one| one.0.saturating_mul(lots.0.into())))
}
