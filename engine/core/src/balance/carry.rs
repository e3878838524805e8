//! Balances and holds as words and back.

use ballast_model::{AssetId, Carried, CarriedKind, ClientOrderId, Lots, Money, Rate, SubAccountId};

use super::{Fate, HOLDS_MAX, Hold, HoldLedger, TrueUp};
use crate::carry::{Of, Tell, amount, halves};

impl HoldLedger {
    /// Tells all it holds.
    pub(crate) fn carry(&self, tell: &mut Tell<'_>) {
        for line in &self.balances {
            let kind = Of::new(CarriedKind::Balance, line.asset.0);
            let of = Of { account: line.account.0, ..kind };
            let ([f0, f1], [h0, h1]) = (halves(line.free), halves(line.held));
            tell(of.word(0, [f0, f1, h0, h1, u64::from(line.differences.is_some()), 0]));
            if let Some(TrueUp { gap, drift }) = line.differences {
                let ([g0, g1], [d0, d1]) = (halves(gap), halves(drift));
                of.tell(1, [g0, g1, d0, d1, 0, 0], tell);
            }
        }
        for hold in &self.holds {
            let kind = Of::new(CarriedKind::Hold, hold.asset.0);
            let of = Of { account: hold.account.0, ..kind };
            let [low, high] = halves(hold.per_lot);
            let (fate, lots) = (hold.fate as u64, hold.remaining.0.cast_unsigned());
            tell(of.word(0, [hold.client_id.0, fate, low, high, lots, hold.allowance.0.cast_unsigned()]));
        }
    }

    /// Takes back a word of it; false where it does not fit.
    pub(crate) fn restore(&mut self, carried: &Carried) -> bool {
        let (account, asset) = (SubAccountId(carried.account), AssetId(carried.of));
        if carried.kind == CarriedKind::Hold {
            return self.restore_hold(account, asset, carried);
        }
        if self.open_lines(account, [asset; 3]).is_err() {
            return false;
        }
        let Some(line) = self.line_mut(account, asset) else { return false };
        let [a, b, c, d, told, _] = carried.words;
        if carried.part == 0 {
            (line.free, line.held) = (amount(a, b), amount(c, d));
            line.differences = (told == 1).then_some(TrueUp { gap: Money::ZERO, drift: Money::ZERO });
        } else {
            line.differences = Some(TrueUp { gap: amount(a, b), drift: amount(c, d) });
        }
        true
    }

    /// What it holds is in the balance already.
    fn restore_hold(&mut self, account: SubAccountId, asset: AssetId, carried: &Carried) -> bool {
        let [client_id, fate, low, high, lots, allowance] = carried.words;
        let client_id = ClientOrderId(client_id);
        let mut hold = Hold {
            client_id,
            account,
            asset,
            per_lot: amount(low, high),
            allowance: Rate(allowance.cast_signed()),
            remaining: Lots(lots.cast_signed()),
            amount: Money::ZERO,
            fate: if fate == 0 { Fate::Open } else { Fate::Unknown },
        };
        let (Some(amount), Err(place)) = (hold.needs(hold.remaining), self.find(client_id)) else {
            return false;
        };
        hold.amount = amount;
        if self.holds.len() < HOLDS_MAX {
            self.holds.insert(place, hold);
        }
        self.find(client_id).is_ok()
    }
}
