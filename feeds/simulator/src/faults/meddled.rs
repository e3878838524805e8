//! A market whose fills come in parts, and which loses orders.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use ballast_exchange::floor::Multiples;
use ballast_exchange::matching::Prevention;
use ballast_model::{
    Cancel, ClientOrderId, Command, Ending, Event, Fill, InstrumentId, Lots, Money, Nanos, NewOrder,
    OrderReport, OrderUpdate, PackedLevel, TradeId,
};

use super::{Channel, Faults, Kind};
use crate::back::{Back, ClientId, Depth, Stream, Symbol, Told};

/// Ids of the second parts of fills begin here, above all that a market gives.
const SECOND_PARTS: u64 = 1 << 52;

/// A market where [`Kind::PartialFills`] and [`Kind::Forget`] happen; everything else is that of the one behind.
#[derive(Debug)]
pub struct Meddled<B> {
    back: B,
    faults: Rc<RefCell<Faults>>,
    parts: u64,
    /// Orders that are being lost.
    losing: BTreeSet<ClientOrderId>,
}

impl<B: Back> Meddled<B> {
    /// The market with these rules over it.
    #[must_use]
    pub const fn new(back: B, faults: Rc<RefCell<Faults>>) -> Self {
        Self { back, faults, parts: 0, losing: BTreeSet::new() }
    }
}

struct InParts<'a> {
    told: &'a mut dyn Told,
    faults: &'a RefCell<Faults>,
    parts: &'a mut u64,
    losing: &'a mut BTreeSet<ClientOrderId>,
    /// What is to be asked of the market behind.
    asked: Vec<(ClientId, Command)>,
    now: Nanos,
}

impl InParts<'_> {
    /// What is told in place of news of an order; `None` for nothing.
    fn lossy(&mut self, client: ClientId, update: &OrderUpdate) -> Option<OrderUpdate> {
        let OrderUpdate { instrument, client_id, report, .. } = *update;
        if matches!(report, OrderReport::Accepted(_)) {
            if self.faults.borrow_mut().hits(Kind::Forget, Channel::User, self.now).is_some()
                && self.losing.insert(client_id)
            {
                self.asked.push((client, Command::Cancel(Cancel { instrument, client_id })));
            }
            return Some(*update);
        }
        let ended = matches!(
            report,
            OrderReport::Cancelled
                | OrderReport::Ended { .. }
                | OrderReport::Expired
                | OrderReport::Rejected(_)
        );
        // That it cannot be cancelled any more nobody asked.
        let refused = matches!(report, OrderReport::CancelRejected(_));
        if !(ended || refused) || !self.losing.remove(&client_id) {
            return Some(*update);
        }
        let cancelled =
            matches!(report, OrderReport::Cancelled | OrderReport::Ended { how: Ending::Cancelled, .. });
        let report =
            if cancelled { OrderReport::Ended { how: Ending::Lost, filled: Lots::ZERO } } else { report };
        (!refused).then_some(OrderUpdate { report, ..*update })
    }
}

impl Told for InParts<'_> {
    fn market(&mut self, symbol: InstrumentId, stream: Stream, payload: &[u8]) {
        self.told.market(symbol, stream, payload);
    }

    fn client(&mut self, client: ClientId, event: &Event) {
        if let Event::Fill(fill) = event
            && let Some([first, second]) = halves(fill, TradeId(SECOND_PARTS + *self.parts))
            && self.faults.borrow_mut().hits(Kind::PartialFills, Channel::User, self.now).is_some()
        {
            *self.parts += 1;
            self.told.client(client, &Event::Fill(first));
            return self.told.client(client, &Event::Fill(second));
        }
        if let Event::Order(update) = event {
            if let Some(update) = self.lossy(client, update) {
                self.told.client(client, &Event::Order(update));
            }
            return;
        }
        self.told.client(client, event);
    }
}

/// A fill as two that add up to it; `None` where it is too small.
fn halves(fill: &Fill, second_id: TradeId) -> Option<[Fill; 2]> {
    let (price, lots) = (fill.level.price(), fill.level.lots());
    let half = Lots(lots.0 / 2);
    if half.is_zero() {
        return None;
    }
    let level = |lots| PackedLevel::new(price, lots);
    let fee_e8 = fill.fee_e8 / 2;
    let first = Fill { level: level(half)?, fee_e8, ..*fill };
    let rest =
        Fill { level: level(lots - half)?, fee_e8: fill.fee_e8 - fee_e8, trade_id: second_id, ..*fill };
    Some([first, rest])
}

impl<B: Back> Back for Meddled<B> {
    fn symbols(&self) -> &[Symbol] {
        self.back.symbols()
    }

    fn next_due(&self) -> Option<Nanos> {
        self.back.next_due()
    }

    fn advance(&mut self, now: Nanos, told: &mut dyn Told) {
        let Self { back, faults, parts, losing } = self;
        let mut told = InParts { told, faults, parts, losing, asked: Vec::new(), now };
        back.advance(now, &mut told);
        told.asked.iter().for_each(|(client, command)| back.send(*client, command, now));
    }

    fn send(&mut self, client: ClientId, command: &Command, now: Nanos) {
        self.back.send(client, command, now);
    }

    fn place(&mut self, client: ClientId, order: &NewOrder, prevention: Prevention, now: Nanos) {
        self.back.place(client, order, prevention, now);
    }

    fn regrid(&mut self, symbol: InstrumentId, grid: Multiples) {
        self.back.regrid(symbol, grid);
    }

    fn depth(&self, symbol: InstrumentId, levels: usize) -> Depth {
        self.back.depth(symbol, levels)
    }

    fn balance(&self, client: ClientId, asset: &str) -> (Money, Money) {
        self.back.balance(client, asset)
    }
}
