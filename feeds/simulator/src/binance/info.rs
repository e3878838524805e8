//! `exchangeInfo`: what trades here, and by which rules.

use ballast_model::{Money, Nanos};

use super::config::Market;
use super::decimal::{DIGITS, atto, lots_atto, price_atto, show};
use super::grid::inside;
use super::json::{Obj, list, quoted};
use super::market::{price, size};
use super::params::Params;
use super::percent;
use super::place::NOTIONAL_MAX;
use super::prevention;
use super::refusal::Refusal;
use super::render::ms;
use super::venue::{Listed, Venue};
use crate::back::{Back, Symbol};

impl<B: Back> Venue<B> {
    pub(super) fn exchange_info(&self, params: &Params, now: Nanos) -> Result<String, Refusal> {
        let one = params.get("symbol").map(|name| self.symbol(name).map(|symbol| symbol.id)).transpose()?;
        let several: Option<Vec<String>> = params
            .get("symbols")
            .map(serde_json::from_str)
            .transpose()
            .map_err(|_| Refusal::illegal("symbols", "[\"A\",\"B\"]"))?;
        for name in several.iter().flatten() {
            self.symbol(name)?;
        }
        let named = |listed: &&Listed| {
            one.is_none_or(|id| id == listed.symbol.id)
                && several.as_ref().is_none_or(|names| names.contains(&listed.symbol.name))
        };
        let symbols = self.listed.values().filter(named).map(|listed| match self.market() {
            Market::Spot => self.spot_symbol(&listed.symbol),
            Market::UsdM => self.contract(&listed.symbol),
        });
        let symbols = list(symbols);
        let info = Obj::new().text("timezone", "UTC").put("serverTime", ms(now));
        let info = match self.market() {
            Market::Spot => info,
            Market::UsdM => info.text("futuresType", "U_MARGINED"),
        };
        let info = info.put("rateLimits", self.meter.rules()).put("exchangeFilters", "[]");
        let info = match self.market() {
            Market::Spot => info,
            Market::UsdM => info.put("assets", self.margin_assets()),
        };
        Ok(info.put("symbols", symbols).end())
    }

    fn margin_assets(&self) -> String {
        list(self.assets().iter().map(|(_, name)| {
            Obj::new().text("asset", name).put("marginAvailable", true).text("autoAssetExchange", "0").end()
        }))
    }

    fn spot_symbol(&self, symbol: &Symbol) -> String {
        let modes = list(prevention::ALLOWED.map(quoted));
        Obj::new()
            .text("symbol", &symbol.name)
            .text("status", "TRADING")
            .text("baseAsset", &symbol.base)
            .put("baseAssetPrecision", DIGITS)
            .text("quoteAsset", &symbol.quote)
            .put("quotePrecision", DIGITS)
            .put("quoteAssetPrecision", DIGITS)
            .put("baseCommissionPrecision", DIGITS)
            .put("quoteCommissionPrecision", DIGITS)
            .put("orderTypes", list(["LIMIT", "LIMIT_MAKER", "MARKET"].map(quoted)))
            .put("icebergAllowed", false)
            .put("ocoAllowed", false)
            .put("otoAllowed", false)
            .put("quoteOrderQtyMarketAllowed", true)
            .put("allowTrailingStop", false)
            .put("cancelReplaceAllowed", true)
            .put("amendAllowed", true)
            .put("pegInstructionsAllowed", false)
            .put("isSpotTradingAllowed", true)
            .put("isMarginTradingAllowed", false)
            .put("filters", self.filters(symbol))
            .put("permissions", "[]")
            .put("permissionSets", "[[\"SPOT\"]]")
            .text("defaultSelfTradePreventionMode", prevention::USUAL)
            .put("allowedSelfTradePreventionModes", modes)
            .end()
    }

    fn contract(&self, symbol: &Symbol) -> String {
        let tifs = list(["GTC", "IOC", "FOK", "GTX", "GTD"].map(quoted));
        Obj::new()
            .text("symbol", &symbol.name)
            .text("pair", &symbol.name)
            .text("contractType", "PERPETUAL")
            .put("deliveryDate", 4_133_404_800_000_i64)
            .put("onboardDate", 1_569_398_400_000_i64)
            .text("status", "TRADING")
            .text("maintMarginPercent", "2.5000")
            .text("requiredMarginPercent", "5.0000")
            .text("baseAsset", &symbol.base)
            .text("quoteAsset", &symbol.quote)
            .text("marginAsset", &symbol.quote)
            .put("pricePrecision", symbol.spec.tick.scale)
            .put("quantityPrecision", symbol.spec.lot.scale)
            .put("baseAssetPrecision", DIGITS)
            .put("quotePrecision", DIGITS)
            .text("underlyingType", "COIN")
            .put("underlyingSubType", "[]")
            .text("triggerProtect", "0.0500")
            .text("liquidationFee", "0.012500")
            .text("marketTakeBound", &show(Money::from_e8(self.config.protection.0).0, 4))
            .put("maxMoveOrderLimit", 10_000)
            .put("filters", self.filters(symbol))
            .put("orderTypes", list(["LIMIT", "MARKET"].map(quoted)))
            .put("timeInForce", tifs)
            .put("permissionSets", "[\"GRID\"]")
            .end()
    }

    fn filters(&self, symbol: &Symbol) -> String {
        let (market, spec, grid) = (self.market(), &symbol.spec, self.grid(symbol));
        let range = (price_atto(spec, spec.price_min), price_atto(spec, spec.price_max));
        let (low, high) = inside(range, grid.tick);
        let at = |value: i128| price(market, spec, value);
        let range = (lots_atto(spec, spec.size_min), lots_atto(spec, spec.size_max));
        let (least, most) = inside(range, grid.lot);
        let lots = |value: i128| size(market, spec, value);
        let sizes = |kind: &str| {
            Obj::new()
                .text("filterType", kind)
                .text("minQty", &lots(least))
                .text("maxQty", &lots(most))
                .text("stepSize", &lots(atto(grid.lot)))
                .end()
        };
        let prices = Obj::new()
            .text("filterType", "PRICE_FILTER")
            .text("minPrice", &at(low))
            .text("maxPrice", &at(high))
            .text("tickSize", &at(atto(grid.tick)))
            .end();
        let least = show(spec.notional_min.0, DIGITS);
        let notional = match market {
            Market::Spot => Obj::new()
                .text("filterType", "NOTIONAL")
                .text("minNotional", &least)
                .put("applyMinToMarket", true)
                .text("maxNotional", &show(NOTIONAL_MAX.0, DIGITS))
                .put("applyMaxToMarket", false)
                .put("avgPriceMins", 0)
                .end(),
            Market::UsdM => {
                let least = least.trim_end_matches('0').trim_end_matches('.').to_owned();
                Obj::new().text("filterType", "MIN_NOTIONAL").text("notional", &least).end()
            }
        };
        let most = self.config.limits.open_orders;
        let count = Obj::new().text("filterType", "MAX_NUM_ORDERS");
        let count = match market {
            Market::Spot => count.put("maxNumOrders", most).end(),
            Market::UsdM => count.put("limit", most).end(),
        };
        list([prices, sizes("LOT_SIZE"), sizes("MARKET_LOT_SIZE"), notional, count, percent::filter(market)])
    }
}
