//! Refusals of orders, one of every code that the venues' documents name: whoever trades must live with each of them.
//!
//! Sources: Binance spot `errors.md` and filters, USD-M error codes. The codes of listen keys and subscriptions are not among them: no
//! order is answered with those.

use crate::binance::Market;

/// What a refusal answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum To {
    /// A new order.
    Place,
    /// A change of one that stands: a cancel or another size or price.
    Change,
    /// Another size or price alone.
    Amend,
    /// A new order, or another size or price.
    Level,
    /// Any of these.
    Any,
}

/// What is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// The order.
    Order,
    /// The key.
    Key,
}

/// What a client asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// A new order.
    Place,
    /// To cancel one.
    Cancel,
    /// To change one.
    Amend,
}

/// One refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// What it is called where faults are counted.
    pub(super) name: &'static str,
    pub(super) status: u16,
    pub(super) code: i32,
    pub(super) message: &'static str,
    /// Of which market; `None` for both.
    of: Option<Market>,
    to: To,
}

const fn both(name: &'static str, status: u16, code: i32, to: To, message: &'static str) -> Refusal {
    Refusal { name, status, code, message, of: None, to }
}

const fn spot(name: &'static str, code: i32, to: To, message: &'static str) -> Refusal {
    Refusal { name, status: 400, code, message, of: Some(Market::Spot), to }
}

const fn usdm(name: &'static str, code: i32, to: To, message: &'static str) -> Refusal {
    Refusal { name, status: 400, code, message, of: Some(Market::UsdM), to }
}

/// Those after which the key can still be used.
const REFUSALS: &[Refusal] = &[
    both("refused-1000", 400, -1000, To::Any, "An unknown error occurred while processing the request."),
    both("refused-1001", 400, -1001, To::Any, "Internal error; unable to process your request."),
    both(
        "refused-1003",
        429,
        -1003,
        To::Any,
        "Too many requests; please use the websocket for live updates.",
    ),
    both("refused-1006", 400, -1006, To::Any, "An unexpected response was received from the message bus."),
    both("refused-1007", 400, -1007, To::Any, "Timeout waiting for response from backend server."),
    both("refused-1008", 503, -1008, To::Place, "Server is currently overloaded with other requests."),
    both("refused-1015", 429, -1015, To::Place, "Too many new orders."),
    both("refused-1021", 400, -1021, To::Any, "Timestamp for this request is outside of the recvWindow."),
    both("refused-1100", 400, -1100, To::Any, "Illegal characters found in a parameter."),
    both("refused-1102", 400, -1102, To::Any, "A mandatory parameter was not sent, was empty or malformed."),
    both("refused-1111", 400, -1111, To::Level, "Precision is over the maximum defined for this asset."),
    both("refused-1121", 400, -1121, To::Any, "Invalid symbol."),
    both("refused-1130", 400, -1130, To::Any, "Invalid data sent for a parameter."),
    both("refused-2011", 400, -2011, To::Change, "Unknown order sent."),
    both("refused-2013", 400, -2013, To::Change, "Order does not exist."),
    both("refused-503-failed", 503, -1000, To::Any, "Service Unavailable."),
    both("refused-503-internal", 503, -1000, To::Any, "Internal error; unable to process your request."),
    spot("refused-1013-lot-size", -1013, To::Place, "Filter failure: LOT_SIZE"),
    spot("refused-1013-notional", -1013, To::Place, "Filter failure: NOTIONAL"),
    spot("refused-1013-price", -1013, To::Place, "Filter failure: PRICE_FILTER"),
    spot("refused-1013-percent", -1013, To::Place, "Filter failure: PERCENT_PRICE_BY_SIDE"),
    spot("refused-1013-orders", -1013, To::Place, "Filter failure: MAX_NUM_ORDERS"),
    spot("refused-1013-position", -1013, To::Place, "Filter failure: MAX_POSITION"),
    spot("refused-1145", -1145, To::Change, "Invalid cancelRestrictions."),
    spot("refused-2010-balance", -2010, To::Place, "Account has insufficient balance for requested action."),
    spot("refused-2010-duplicate", -2010, To::Place, "Duplicate order sent."),
    spot("refused-2010-taker", -2010, To::Place, "Order would immediately match and take."),
    spot("refused-2010-closed", -2010, To::Place, "Market is closed."),
    spot(
        "refused-2026",
        -2026,
        To::Change,
        "Order was canceled or expired with no executed qty over 90 days ago.",
    ),
    spot(
        "refused-2038",
        -2038,
        To::Amend,
        "Order amend (quantity decrease) is not supported for this order.",
    ),
    spot("refused-2039", -2039, To::Change, "Order ID and client order ID do not match."),
    spot("refused-2042", -2042, To::Amend, "Amending is not allowed now."),
    usdm("refused-2010", -2010, To::Place, "NEW_ORDER_REJECTED"),
    usdm("refused-2018", -2018, To::Place, "Balance is insufficient."),
    usdm("refused-2019", -2019, To::Level, "Margin is insufficient."),
    usdm("refused-2021", -2021, To::Place, "Order would immediately trigger."),
    usdm("refused-2022", -2022, To::Place, "ReduceOnly Order is rejected."),
    usdm("refused-2025", -2025, To::Place, "Reach max open order limit."),
    usdm("refused-2027", -2027, To::Place, "Exceeded the maximum allowable position at current leverage."),
    usdm(
        "refused-2028",
        -2028,
        To::Place,
        "Leverage is smaller than permitted: insufficient margin balance.",
    ),
    usdm("refused-4003", -4003, To::Level, "Quantity less than zero."),
    usdm("refused-4004", -4004, To::Level, "Quantity less than min quantity."),
    usdm("refused-4005", -4005, To::Level, "Quantity greater than max quantity."),
    usdm("refused-4013", -4013, To::Level, "Price less than min price."),
    usdm("refused-4014", -4014, To::Level, "Price not increased by tick size."),
    usdm("refused-4015", -4015, To::Place, "Client order id length should not be more than 36 chars."),
    usdm("refused-4016", -4016, To::Level, "Price is higher than mark price multiplier cap."),
    usdm("refused-4023", -4023, To::Level, "Quantity not increased by step size."),
    usdm("refused-4024", -4024, To::Level, "Price is lower than mark price multiplier floor."),
    usdm("refused-4046", -4046, To::Any, "No need to change margin type."),
    usdm("refused-4059", -4059, To::Any, "No need to change position side."),
    usdm("refused-4061", -4061, To::Place, "Order's position side does not match user's setting."),
    usdm("refused-4067", -4067, To::Any, "Position side cannot be changed if there exists open orders."),
    usdm("refused-4068", -4068, To::Any, "Position side cannot be changed if there exists position."),
    usdm("refused-4116", -4116, To::Place, "ClientOrderId is duplicated."),
    usdm(
        "refused-4118",
        -4118,
        To::Place,
        "ReduceOnly Order Failed. Please check your existing position and orders.",
    ),
    usdm("refused-4120", -4120, To::Place, "Order type not supported for this endpoint."),
    usdm(
        "refused-4131",
        -4131,
        To::Place,
        "The counterparty's best price does not meet the PERCENT_PRICE filter limit.",
    ),
    usdm(
        "refused-4164",
        -4164,
        To::Level,
        "Order's notional must be no smaller than 20 (unless you choose reduce only).",
    ),
    usdm("refused-4171", -4171, To::Any, "No need to change the setting."),
    usdm("refused-4192", -4192, To::Place, "Trade forbidden due to Cooling-off Period."),
    usdm(
        "refused-4400",
        -4400,
        To::Place,
        "Futures Trading Quantitative Rules violated, only reduceOnly order is allowed.",
    ),
    usdm("refused-4401", -4401, To::Place, "Compliance restricted account permission: reduceOnly."),
    usdm("refused-4531", -4531, To::Any, "Position mode cannot be changed now."),
    usdm(
        "refused-5021",
        -5021,
        To::Place,
        "Due to the order could not be filled immediately, the FOK order has been rejected.",
    ),
    usdm(
        "refused-5022",
        -5022,
        To::Place,
        "Due to the order could not be executed as maker, the Post Only order will be rejected.",
    ),
    usdm(
        "refused-5024",
        -5024,
        To::Amend,
        "Symbol is not in trading status. Order amendment is not permitted.",
    ),
    usdm("refused-5025", -5025, To::Amend, "Only limit order is supported."),
    usdm("refused-5026", -5026, To::Amend, "Exceed maximum modify order limit."),
    usdm("refused-5027", -5027, To::Amend, "No need to modify the order."),
    usdm("refused-5028", -5028, To::Any, "Timestamp for this request is outside of the ME recvWindow."),
    usdm(
        "refused-5029",
        -5029,
        To::Amend,
        "Order's notional must be no smaller than 20 (unless you choose reduce only).",
    ),
    usdm("refused-5041", -5041, To::Place, "RPI order is not allowed."),
    usdm("refused-5043", -5043, To::Amend, "A pending modification already exists for this order."),
];

/// Those after which nothing more can be asked with the key before somebody has looked.
const KEYS: &[Refusal] = &[
    both("refused-key-1002", 401, -1002, To::Any, "You are not authorized to execute this request."),
    both("refused-key-1022", 400, -1022, To::Any, "Signature for this request is not valid."),
    both("refused-key-2014", 401, -2014, To::Any, "API-key format invalid."),
    both("refused-key-2015", 401, -2015, To::Any, "Invalid API-key, IP, or permissions for action."),
];

impl Refusal {
    /// Whether a market answers such a request so.
    const fn fits(&self, market: Market, asked: Asked) -> bool {
        let here = match self.of {
            None => true,
            Some(Market::Spot) => matches!(market, Market::Spot),
            Some(Market::UsdM) => matches!(market, Market::UsdM),
        };
        let to = match self.to {
            To::Any => true,
            To::Place => matches!(asked, Asked::Place),
            To::Change => matches!(asked, Asked::Cancel | Asked::Amend),
            To::Amend => matches!(asked, Asked::Amend),
            To::Level => matches!(asked, Asked::Place | Asked::Amend),
        };
        here && to
    }

    /// The nth of those with which a market answers such a request, counted round and round.
    pub(super) fn nth(why: Why, market: Market, asked: Asked, nth: u64) -> Option<&'static Self> {
        let table = match why {
            Why::Order => REFUSALS,
            Why::Key => KEYS,
        };
        let fits = || table.iter().filter(|refusal| refusal.fits(market, asked));
        let count = fits().count() as u64;
        fits().nth(usize::try_from(nth.checked_rem(count)?).ok()?)
    }
}

/// Names of all refusals of orders, those of the key last.
pub fn refusals() -> impl Iterator<Item = &'static str> {
    REFUSALS.iter().chain(KEYS).map(|refusal| refusal.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_answers_something_and_none_what_it_is_not_for() {
        let all = |why| {
            let mut seen = std::collections::BTreeSet::new();
            for market in [Market::Spot, Market::UsdM] {
                for asked in [Asked::Place, Asked::Cancel, Asked::Amend] {
                    seen.extend(
                        (0..200).filter_map(|nth| Refusal::nth(why, market, asked, nth)).map(|it| it.name),
                    );
                }
            }
            seen
        };
        let (ordinary, keys) = (all(Why::Order), all(Why::Key));
        assert_eq!(ordinary.union(&keys).copied().collect::<Vec<_>>().len(), refusals().count());
        assert!(ordinary.is_disjoint(&keys));
        let of = |market, asked| (0..200).filter_map(move |nth| Refusal::nth(Why::Order, market, asked, nth));
        assert!(of(Market::Spot, Asked::Place).all(|it| it.code > -4000), "those below are of futures");
        assert!(of(Market::UsdM, Asked::Cancel).all(|it| it.code != -5022 && it.code != -1013));
        assert!(of(Market::UsdM, Asked::Amend).any(|it| it.code == -5027));
    }
}
