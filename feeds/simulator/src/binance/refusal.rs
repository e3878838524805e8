//! How the venue says no: its status, code and text.

use std::borrow::Cow;

use ballast_model::{Nanos, RejectReason, Side};

use super::config::Market;
use super::json::Obj;

/// One refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// HTTP status, which the WebSocket API repeats.
    pub(super) status: u16,
    pub(super) code: i32,
    pub(super) msg: Cow<'static, str>,
    /// JSON of `data`.
    pub(super) data: Option<String>,
    /// From when on requests are heard again.
    pub(super) retry_at: Option<Nanos>,
}

impl Refusal {
    pub(super) fn new(code: i32, msg: impl Into<Cow<'static, str>>) -> Self {
        let status = match code {
            -2014 | -2015 => 401,
            -1003 | -1015 => 429,
            -1007 => 408,
            _ => 400,
        };
        Self { status, code, msg: msg.into(), data: None, retry_at: None }
    }

    /// `{"code":…,"msg":…}`, with `data` where there is any. On REST a header says when requests are heard again.
    pub(super) fn body(&self) -> String {
        let body = Obj::new().put("code", self.code).text("msg", &self.msg);
        match &self.data {
            Some(data) => body.put("data", data).end(),
            None => body.end(),
        }
    }

    /// The same on the WebSocket API, where `data` says when requests are heard again.
    pub(super) fn api_body(&self) -> String {
        match self.retry_at {
            Some(at) => {
                let data = Obj::new().put("retryAfter", at.0 / 1_000_000).end();
                Self { data: Some(data), ..self.clone() }.body()
            }
            None => self.body(),
        }
    }

    pub(super) fn missing(name: &str) -> Self {
        Self::new(-1102, format!("Mandatory parameter '{name}' was not sent, was empty/null, or malformed."))
    }

    pub(super) fn illegal(name: &str, range: &str) -> Self {
        Self::new(-1100, format!("Illegal characters found in parameter '{name}'; legal range is '{range}'."))
    }

    pub(super) fn needless(name: &str) -> Self {
        Self::new(-1106, format!("Parameter '{name}' sent when not required."))
    }

    pub(super) fn filter(name: &str) -> Self {
        Self::new(-1013, format!("Filter failure: {name}"))
    }

    pub(super) fn unknown_symbol() -> Self {
        Self::new(-1121, "Invalid symbol.")
    }

    pub(super) fn unknown_order() -> Self {
        Self::new(-2011, "Unknown order sent.")
    }

    pub(super) fn no_such_order() -> Self {
        Self::new(-2013, "Order does not exist.")
    }

    /// Nobody can say what became of it.
    pub(super) fn unknown_status() -> Self {
        Self::new(
            -1007,
            "Timeout waiting for response from backend server. Send status unknown; execution status unknown.",
        )
    }

    pub(super) fn too_many_orders(limit: u32, interval: &str) -> Self {
        Self::new(-1015, format!("Too many new orders; current limit is {limit} orders per {interval}."))
    }

    /// What the market behind says of a new order.
    pub(super) fn of_order(market: Market, reason: RejectReason, side: Side) -> Self {
        match market {
            Market::Spot => Self::of_spot_order(reason),
            Market::UsdM => Self::of_futures_order(reason, side),
        }
    }

    fn of_spot_order(reason: RejectReason) -> Self {
        let text = match reason {
            RejectReason::WouldTake => "Order would immediately match and take.",
            RejectReason::DuplicateId => "Duplicate order sent.",
            RejectReason::Margin => "Account has insufficient balance for requested action.",
            RejectReason::Closed => "Market is closed.",
            // Grid and range have been looked at before.
            RejectReason::Price => return Self::filter("PERCENT_PRICE_BY_SIDE"),
            RejectReason::Size => return Self::filter("LOT_SIZE"),
            RejectReason::NotionalMin => return Self::filter("NOTIONAL"),
            RejectReason::OrdersMax => return Self::filter("MAX_NUM_ORDERS"),
            RejectReason::RateLimit => return Self::too_many_orders(50, "10 SECOND"),
            RejectReason::UnknownOrder => return Self::unknown_order(),
            RejectReason::SelfTrade
            | RejectReason::ReduceOnly
            | RejectReason::NothingToTake
            | RejectReason::Other => "This action is disabled on this account.",
        };
        Self::new(-2010, text)
    }

    fn of_futures_order(reason: RejectReason, side: Side) -> Self {
        let (code, text) = match reason {
            RejectReason::WouldTake => (
                -5022,
                "Due to the order could not be executed as maker, the Post Only order will be rejected. \
                 The order will not be recorded in the order history",
            ),
            RejectReason::NothingToTake => (
                -5021,
                "Due to the order could not be filled immediately, the FOK order has been rejected. \
                 The order will not be recorded in the order history",
            ),
            // Grid and range have been looked at before.
            RejectReason::Price if side == Side::Bid => {
                (-4016, "Limit price can't be higher than the PERCENT_PRICE filter allows.")
            }
            RejectReason::Price => {
                (-4024, "Limit price can't be lower than the PERCENT_PRICE filter allows.")
            }
            RejectReason::Size => (-4005, "Quantity greater than max quantity."),
            RejectReason::NotionalMin => (
                -4164,
                "Order's notional must be no smaller than the minimum (unless you choose reduce only).",
            ),
            RejectReason::DuplicateId => (-4116, "ClientOrderId is duplicated."),
            RejectReason::Margin => (-2019, "Margin is insufficient."),
            RejectReason::OrdersMax => (-2025, "Reach max open order limit."),
            RejectReason::RateLimit => return Self::too_many_orders(300, "10 SECOND"),
            RejectReason::UnknownOrder => return Self::unknown_order(),
            RejectReason::ReduceOnly => (-2022, "ReduceOnly Order is rejected."),
            RejectReason::Closed => {
                (-4108, "This symbol is on delivering or delivered or settling or closed or pre-trading.")
            }
            RejectReason::SelfTrade | RejectReason::Other => (-2010, "Order was rejected."),
        };
        Self::new(code, text)
    }
}
