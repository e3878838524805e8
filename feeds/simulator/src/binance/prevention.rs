//! Self-trade prevention by the venue's names: which modes its symbols allow, and which one is in force.

use ballast_exchange::matching::Prevention;
use ballast_model::TimeInForce;

use super::config::Market;
use super::refusal::Refusal;
use super::store::Order;

/// What exchangeInfo calls allowed, in its order.
pub(super) const ALLOWED: [&str; 4] = ["NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"];

/// The mode of an order that names none.
pub(super) const USUAL: &str = "EXPIRE_MAKER";

/// Modes of the venue that no symbol here allows.
const ELSEWHERE: [&str; 2] = ["DECREMENT", "TRANSFER"];

/// The mode of this name.
pub(super) fn parse(market: Market, asked: Option<&str>) -> Result<Prevention, Refusal> {
    Ok(match asked.unwrap_or(USUAL) {
        "NONE" => Prevention::None,
        "EXPIRE_TAKER" => Prevention::ExpireTaker,
        "EXPIRE_MAKER" => Prevention::ExpireMaker,
        "EXPIRE_BOTH" => Prevention::ExpireBoth,
        other if market == Market::Spot && ELSEWHERE.contains(&other) => {
            let text = "This symbol does not allow the specified self-trade prevention mode.";
            return Err(Refusal::new(-1013, text));
        }
        _ => {
            let text = "Data sent for parameter 'selfTradePreventionMode' is not valid.";
            return Err(Refusal::new(-1130, text));
        }
    })
}

/// What the venue calls a mode.
pub(super) const fn name(mode: Prevention) -> &'static str {
    match mode {
        Prevention::None => "NONE",
        Prevention::ExpireTaker => "EXPIRE_TAKER",
        Prevention::ExpireMaker => "EXPIRE_MAKER",
        Prevention::ExpireBoth => "EXPIRE_BOTH",
        Prevention::Decrement => "DECREMENT",
    }
}

/// The mode in force where the order takes: futures look at it for good-till-cancel, immediate-or-cancel and dated orders alone.
pub(super) fn in_force(market: Market, order: &Order) -> Prevention {
    if market == Market::UsdM && order.tif == TimeInForce::FillOrKill {
        Prevention::None
    } else {
        order.prevention
    }
}
