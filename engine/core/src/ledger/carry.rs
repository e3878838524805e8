//! A ledger as words and back.

use ballast_model::{AssetId, Carried, Lots};

use super::Ledger;
use super::fees::FeeLine;
use super::funding::FundingSums;
use crate::carry::{Of, Tell, amount, halves};

impl Ledger {
    /// Tells all it holds.
    pub(crate) fn carry(&self, of: Of, tell: &mut Tell<'_>) {
        let number = |lots: Lots| lots.0.cast_unsigned();
        let ([b0, b1], [r0, r1]) = (halves(self.basis), halves(self.realised));
        of.tell(0, [number(self.position), b0, b1, r0, r1, self.fills_maker], tell);
        let ([b0, b1], [t0, t1]) = (halves(self.rounding_max), halves(self.turnover));
        of.tell(1, [b0, b1, t0, t1, number(self.bought), number(self.sold)], tell);
        let (received, paid) = self.funding.parts();
        let ([r0, r1], [p0, p1]) = (halves(received), halves(paid));
        of.tell(2, [r0, r1, p0, p1, self.fills_taker, 0], tell);
        for (part, line) in (3..).zip(self.fees.lines()) {
            let ([f0, f1], [r0, r1]) = (halves(line.fees), halves(line.rebates));
            of.tell(part, [u64::from(line.asset.0), f0, f1, r0, r1, 1], tell);
        }
    }

    /// Takes back one word of it; false where it does not fit.
    pub(crate) fn restore(&mut self, carried: &Carried) -> bool {
        let lots = |word: u64| Lots(word.cast_signed());
        let [a, b, c, d, e, f] = carried.words;
        match carried.part {
            0 => {
                self.position = lots(a);
                (self.basis, self.realised, self.fills_maker) = (amount(b, c), amount(d, e), f);
                self.position.abs() <= self.position_max
            }
            1 => {
                (self.rounding_max, self.turnover) = (amount(a, b), amount(c, d));
                (self.bought, self.sold) = (lots(e), lots(f));
                true
            }
            2 => {
                self.funding = FundingSums::of(amount(a, b), amount(c, d));
                self.fills_taker = e;
                true
            }
            _ => {
                let Ok(asset) = u16::try_from(a) else { return false };
                let line = FeeLine { asset: AssetId(asset), fees: amount(b, c), rebates: amount(d, e) };
                self.fees.add_line(&line).is_some()
            }
        }
    }
}
