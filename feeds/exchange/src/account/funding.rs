//! Funding on the positions of the account.
//!
//! Never here: when it is due, and at what terms.

use ballast_core::ledger::funding_due;
use ballast_model::{Event, FundingPayment, InstrumentId, MarkPrice, Nanos, PackedMoney, PaymentId};

use super::Account;
use crate::funding::Terms;

impl Account {
    /// Takes an instrument's mark, made at the time last set.
    pub(crate) fn on_mark(&mut self, mark: &MarkPrice) {
        let now = self.now;
        if let Some(holding) = self.holdings.get_mut(mark.instrument.index()) {
            holding.funding.on_mark(mark, now);
            self.find_funding_due();
        }
    }

    /// When the first of all instruments exchanges funding.
    fn find_funding_due(&mut self) {
        let dues = self.holdings.iter().filter_map(|holding| holding.funding.due());
        self.act_at = dues.min().unwrap_or(Nanos::MAX);
    }

    /// Exchanges the funding that is due by now, instrument by instrument in the order of their times.
    pub(super) fn exchange_funding(&mut self, now: Nanos) {
        self.find_funding_due();
        while self.act_at <= now {
            let at = self.act_at;
            for index in 0..self.holdings.len() {
                let Some(holding) = self.holdings.get_mut(index) else { break };
                if let Some(terms) = holding.funding.take_due(at) {
                    self.pay_funding(index, &terms);
                }
            }
            self.find_funding_due();
        }
    }

    /// Moves what a position is due, in the settlement asset, rounded down (against us) to 10⁻¹⁸ once.
    fn pay_funding(&mut self, index: usize, terms: &Terms) {
        let Some(holding) = self.holdings.get_mut(index).filter(|holding| !holding.position.is_zero()) else {
            return;
        };
        let due = funding_due(&holding.spec, holding.position, terms.mark_e8, terms.rate);
        let Some(amount) = due else {
            self.counters.unpayable += 1;
            return;
        };
        holding.traded.funding += amount;
        let asset = holding.spec.settlement();
        self.counters.payments += 1;
        let payment_id = self.payment_id_next;
        self.payment_id_next = PaymentId(payment_id.0 + 1);
        self.now = terms.due;
        self.report(Event::Funding(FundingPayment {
            instrument: InstrumentId(u16::try_from(index).unwrap_or(u16::MAX)),
            asset,
            amount: PackedMoney::new(amount),
            payment_id,
            venue_time: terms.due,
        }));
    }

    /// When a position of ours next exchanges funding.
    pub(crate) fn next_funding(&self) -> Option<Nanos> {
        let held = self.holdings.iter().filter(|holding| !holding.position.is_zero());
        held.filter_map(|holding| holding.funding.due()).min()
    }
}
