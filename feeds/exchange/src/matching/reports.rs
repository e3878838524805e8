//! Outcomes as one account hears of them, in the words of the engine that trades there.
//!
//! Never here: latency.

use ballast_model::{
    AssetId, ClientOrderId, Ending, Event, Fill, FillReason, InstrumentId, Liquidity, Lots, Nanos,
    OrderReport, OrderUpdate, PackedLevel, Price, Side, TradeId,
};

use super::words::{AccountId, Deleverage, Match, OrderRef, Outcome, Party, Remainder};

/// Translates for one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reports {
    /// Whose.
    pub account: AccountId,
    /// The instrument's id there.
    pub instrument: InstrumentId,
    /// The settlement currency's id there.
    pub fee_asset: AssetId,
}

impl Reports {
    /// What the account hears of an outcome at `now`: nothing where it is none of its own, two reports where it is both sides.
    /// A forced fill bears [`ClientOrderId::FOREIGN`]. Of triggers, halts, funding and the insurance fund no order report
    /// tells.
    pub fn hear(&self, outcome: &Outcome, now: Nanos, mut tell: impl FnMut(Event)) {
        match *outcome {
            Outcome::Accepted(order) => self.news(order, OrderReport::Accepted(order.venue_id), now, tell),
            Outcome::Rejected(account, id, why) => {
                self.told(account, id, OrderReport::Rejected(why.reason()), now, tell);
            }
            Outcome::CancelRejected(account, id, why) => {
                self.told(account, id, OrderReport::CancelRejected(why.reason()), now, tell);
            }
            Outcome::ReplaceRejected(account, id, why) => {
                self.told(account, id, OrderReport::ReplaceRejected(why.reason()), now, tell);
            }
            Outcome::Cancelled(order, _) => self.news(order, OrderReport::Cancelled, now, tell),
            Outcome::Expired(order, ..) => self.news(order, OrderReport::Expired, now, tell),
            Outcome::Replaced { order, price, lots, filled } => {
                let report =
                    OrderReport::Replaced { venue_id: order.venue_id, level: packed(price, lots), filled };
                self.news(order, report, now, tell);
            }
            Outcome::Prevented { taker, maker, .. } => {
                self.news(taker.order, remains(&taker), now, &mut tell);
                self.news(maker.order, remains(&maker), now, tell);
            }
            Outcome::Traded(trade) => self.traded(&trade, now, tell),
            Outcome::Deleveraged(trade) => self.deleveraged(&trade, now, tell),
            Outcome::Triggered(_)
            | Outcome::AllCancelled(..)
            | Outcome::Halted
            | Outcome::Resumed
            | Outcome::Funded(..)
            | Outcome::Liquidated(..)
            | Outcome::Insured(..) => {}
        }
    }

    fn news(&self, order: OrderRef, report: OrderReport, now: Nanos, tell: impl FnMut(Event)) {
        self.told(order.account, order.client_id, report, now, tell);
    }

    fn told(
        &self,
        account: AccountId,
        client_id: ClientOrderId,
        report: OrderReport,
        now: Nanos,
        mut tell: impl FnMut(Event),
    ) {
        if account == self.account {
            let instrument = self.instrument;
            tell(Event::Order(OrderUpdate { instrument, client_id, report, venue_time: now }));
        }
    }

    fn traded(&self, trade: &Match, now: Nanos, mut tell: impl FnMut(Event)) {
        let forced = trade.taker.order.client_id == ClientOrderId::FOREIGN;
        let why = if forced { FillReason::Liquidation } else { FillReason::Took };
        let level = packed(trade.price, trade.lots);
        let sides = [
            (trade.taker, trade.taker_side, Liquidity::Taker, why),
            (trade.maker, trade.taker_side.opposite(), Liquidity::Maker, FillReason::Venue),
        ];
        for (Party { order, fee_e8, .. }, side, liquidity, reason) in sides {
            if order.account == self.account {
                let fill = self.fill(side, level, trade.trade_id, now);
                tell(Event::Fill(Fill { liquidity, reason, fee_e8, client_id: order.client_id, ..fill }));
            }
        }
    }

    fn deleveraged(&self, trade: &Deleverage, now: Nanos, mut tell: impl FnMut(Event)) {
        let level = packed(trade.price, trade.lots);
        let (ruined, other) = (trade.side, trade.side.opposite());
        for (account, side) in [(trade.liquidated, ruined), (trade.counterparty, other)] {
            if account == self.account {
                tell(Event::Fill(self.fill(side, level, trade.trade_id, now)));
            }
        }
    }

    /// A fill by auto-deleveraging.
    const fn fill(&self, side: Side, level: PackedLevel, trade_id: TradeId, now: Nanos) -> Fill {
        Fill {
            instrument: self.instrument,
            side,
            liquidity: Liquidity::Maker,
            reason: FillReason::AutoDeleveraging,
            fee_asset: self.fee_asset,
            level,
            fee_e8: 0,
            client_id: ClientOrderId::FOREIGN,
            trade_id,
            venue_time: now,
        }
    }
}

/// What self-trade prevention did to an order.
fn remains(order: &Remainder) -> OrderReport {
    let filled = order.lots - order.left;
    if order.left == Lots::ZERO {
        return OrderReport::Ended { how: Ending::Expired, filled };
    }
    let level = packed(order.price, order.lots);
    OrderReport::Replaced { venue_id: order.order.venue_id, level, filled }
}

/// A price and a size of an order the filters let in.
#[expect(clippy::expect_used, reason = "the filters keep prices and sizes within the engine's bounds")]
const fn packed(price: Price, lots: Lots) -> PackedLevel {
    PackedLevel::new(price, lots).expect("a price and a size of the book fit a packed level")
}
