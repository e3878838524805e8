//! The filters that hold prices near the mark: PERCENT_PRICE of futures and PERCENT_PRICE_BY_SIDE of spot.

use ballast_model::{Price, Rate, Side};

use super::config::Market;
use super::decimal::{price_atto, show};
use super::json::Obj;
use super::market;
use super::refusal::Refusal;
use super::venue::Venue;
use crate::back::{Back, Symbol};

/// Shares of the mark that a price may be at most and at least. Futures hold bids to the one and asks to the other, spot both to
/// both.
const fn shares(market: Market) -> (Rate, Rate) {
    match market {
        Market::Spot => (Rate(500_000_000), Rate(20_000_000)),
        Market::UsdM => (Rate(105_000_000), Rate(95_000_000)),
    }
}

/// The filter as exchangeInfo tells it.
pub(super) fn filter(market: Market) -> String {
    let (up, down) = shares(market);
    let share = |rate: Rate| show(i128::from(rate.0) * 10_i128.pow(10), 4);
    match market {
        Market::Spot => Obj::new()
            .text("filterType", "PERCENT_PRICE_BY_SIDE")
            .text("bidMultiplierUp", &share(up))
            .text("bidMultiplierDown", &share(down))
            .text("askMultiplierUp", &share(up))
            .text("askMultiplierDown", &share(down))
            .put("avgPriceMins", 0)
            .end(),
        Market::UsdM => Obj::new()
            .text("filterType", "PERCENT_PRICE")
            .text("multiplierUp", &share(up))
            .text("multiplierDown", &share(down))
            .text("multiplierDecimal", "4")
            .end(),
    }
}

impl<B: Back> Venue<B> {
    /// Whether a limit price, or the best price a market order would trade at, is near enough to the mark.
    pub(super) fn percent_price(
        &self,
        symbol: &Symbol,
        side: Side,
        limit: Option<Price>,
    ) -> Result<(), Refusal> {
        let (market, (up, down)) = (self.market(), shares(self.market()));
        let Some(price) = limit.or_else(|| self.best(symbol, side.opposite())) else { return Ok(()) };
        let mark = self.mark_of(symbol);
        let bound = |share: Rate| mark / i128::from(Rate::ONE.0) * i128::from(share.0);
        let price = price_atto(&symbol.spec, price);
        let (above, below) = (price > bound(up), price < bound(down));
        let text = |share| market::price(market, &symbol.spec, bound(share));
        match (market, side, limit) {
            (Market::Spot, _, _) if above || below => Err(Refusal::filter("PERCENT_PRICE_BY_SIDE")),
            (Market::UsdM, Side::Bid, Some(_)) if above => {
                Err(Refusal::new(-4016, format!("Limit price can't be higher than {}.", text(up))))
            }
            (Market::UsdM, Side::Ask, Some(_)) if below => {
                Err(Refusal::new(-4024, format!("Limit price can't be lower than {}.", text(down))))
            }
            (Market::UsdM, Side::Bid, None) if above => Err(far()),
            (Market::UsdM, Side::Ask, None) if below => Err(far()),
            (Market::Spot | Market::UsdM, ..) => Ok(()),
        }
    }
}

fn far() -> Refusal {
    Refusal::new(-4131, "The counterparty's best price does not meet the PERCENT_PRICE filter limit.")
}
