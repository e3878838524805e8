//! A ledger that is not what the venue says is set right: by a trade that no order made, booked where every other is.
//!
//! The ledger stays the authority: nothing is adopted silently. What is missing gets a price from whoever explains it, moves
//! position, basis and profit as a trade would, and is carried into the books, so that these still add up to the ledger. Spot
//! balances are not moved: the venue tells them itself.
//!
//! Never here: a decision that something is missing.

use ballast_model::{
    ClientOrderId, Fill, FillReason, InstrumentId, Liquidity, Lots, Nanos, PackedLevel, Price, Side, TradeId,
};

use super::lane::Lane;
use super::operator::{OperatorRefusal, Outcome};
use super::{Shard, Turn};
use crate::gate::StillClosed;
use crate::ledger::Unbookable;
use crate::outbox::Outbox;

impl Shard {
    /// Makes the position of an instrument what the venue says, whole or not at all.
    pub(super) fn adjust(
        &mut self,
        id: InstrumentId,
        (position, price): (Lots, Price),
        now: Nanos,
        out: &mut Outbox,
    ) -> Outcome {
        if self.lanes.len() <= id.index() {
            return Err(OperatorRefusal::NoSuchScope);
        }
        let mut outcome = Ok(());
        self.hear(id, now, out, |lane, turn| {
            outcome = lane.adjust(position, price, turn);
            false
        });
        outcome
    }
}

impl Lane {
    fn adjust(&mut self, position: Lots, price: Price, turn: &mut Turn<'_>) -> Outcome {
        if self.orders.misses_fills() {
            return Err(OperatorRefusal::FillsMissing);
        }
        if self.orders.oms.open_count() > 0 {
            return Err(OperatorRefusal::OrdersOpen);
        }
        let missing = position.0.saturating_sub(self.ledger.position().0);
        if missing == 0 {
            return Err(StillClosed::Nothing.into());
        }
        let lots = Lots(missing.saturating_abs());
        let level = PackedLevel::new(price, lots).ok_or(OperatorRefusal::Unbookable(Unbookable::Position))?;
        let fill = Fill {
            instrument: self.id(),
            side: if missing > 0 { Side::Bid } else { Side::Ask },
            liquidity: Liquidity::Taker,
            reason: FillReason::Venue,
            fee_asset: self.spec.settlement(),
            level,
            fee_e8: 0,
            client_id: ClientOrderId::FOREIGN,
            trade_id: TradeId(0),
            venue_time: turn.now,
        };
        let mut ledger = self.ledger.clone();
        ledger.on_fill(&fill).map_err(OperatorRefusal::Unbookable)?;
        if let Some(books) = turn.books.as_deref_mut() {
            books.book(&fill).map_err(OperatorRefusal::Books)?;
        }
        self.ledger = ledger;
        self.trust();
        self.on_adjusted(turn);
        Ok(())
    }
}
