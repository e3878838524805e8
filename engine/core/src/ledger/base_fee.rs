//! Fees that are taken in coins.
//!
//! Spot venues take the fee of a buy from the coins that it brings in. It is booked in the settlement asset, at the price of the trade
//! itself: what profit is counted in. The position counts what was traded; the coins that are gone are the balance's to know.
//!
//! Never here: a fee in a venue's own token, for which there is no price.

use ballast_model::{AssetId, Contract, InstrumentSpec, Lots, Money, Price};

use super::mul_div_floor;

/// What one lot of a linear contract is: of which coin, and how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Coin {
    base: AssetId,
    lot: Money,
    settlement: AssetId,
    /// Money in one lot at one tick.
    unit: Money,
}

impl Coin {
    /// `None` where fees in coins are fees in the settlement asset.
    pub(super) fn of(spec: &InstrumentSpec) -> Option<Self> {
        let (base, settlement) = (spec.base, spec.settlement());
        let lot = spec.lot_amount().filter(|lot| lot.0 > 0 && base != settlement)?;
        let unit = spec.value_floor(Price(1), Lots(1));
        (spec.contract == Contract::Linear).then_some(Self { base, lot, settlement, unit })
    }

    /// See [`booked_fee`].
    pub(super) fn booked(coin: Option<&Self>, price: Price, fee: (AssetId, i64)) -> Option<(AssetId, i64)> {
        let Some(Self { lot, settlement, unit, .. }) = coin.filter(|coin| coin.base == fee.0) else {
            return Some(fee);
        };
        let lot_worth = unit.0.checked_mul(i128::from(price.0))?;
        let worth = -mul_div_floor(-i128::from(fee.1), lot_worth, lot.0)?;
        Some((*settlement, i64::try_from(worth).ok()?))
    }
}

/// In which asset a ledger of this instrument books the fee of a trade at this price, charged in this asset, and how much in 10⁻⁸ of it:
/// never less than it is worth. `None` where that does not fit.
#[must_use]
pub fn booked_fee(spec: &InstrumentSpec, price: Price, fee: (AssetId, i64)) -> Option<(AssetId, i64)> {
    Coin::booked(Coin::of(spec).as_ref(), price, fee)
}
