//! Which request is which: by path on REST, by name on the WebSocket API; who may ask, and what it weighs.

use super::config::Market;
use super::params::Params;

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Security {
    /// Everybody.
    None,
    /// Whoever names a key.
    Key,
    /// Whoever signs.
    Signed,
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Ping,
    Time,
    Info,
    Depth,
    Trades,
    AggTrades,
    Day,
    Price,
    Book,
    AvgPrice,
    Klines,
    Premium,
    FundingRate,
    /// Something of which there is nothing here: an empty list.
    Nothing,
    /// Spot's listen keys, which are no more.
    Gone,
    Place,
    Test,
    Cancel,
    CancelAll,
    Status,
    /// As the status, of what is open.
    OpenOne,
    Open,
    All,
    MyTrades,
    CancelReplace,
    Amend,
    Modify,
    BatchPlace,
    BatchModify,
    BatchCancel,
    Countdown,
    Account,
    Balance,
    Positions,
    /// Without the settings that symbolConfig tells.
    PositionsLean,
    Brackets,
    Income,
    Commission,
    /// Spot's fees, the older way.
    TradeFee,
    SystemStatus,
    OrderCounts,
    PositionMode,
    SetPositionMode,
    SymbolConfig,
    AccountConfig,
    SetLeverage,
    SetMarginType,
    Listen,
    Prolong,
    Unlisten,
    Logon,
    SessionStatus,
    Logout,
    Subscribe,
    SubscribeSigned,
    Subscriptions,
    Unsubscribe,
}

/// One way to ask.
pub(super) type Route = (Op, Security);

/// The request of this method and path.
pub(super) fn rest(market: Market, method: &str, path: &str) -> Option<Route> {
    let table: &[&[Row]] = match market {
        Market::Spot => &[SPOT, SPOT_OTHER],
        Market::UsdM => &[FUTURES_PUBLIC, FUTURES, FUTURES_ACCOUNT],
    };
    let mut rows = table.iter().copied().flatten();
    rows.find(|row| row.0 == method && row.1 == path).map(|row| (row.2, row.3))
}

type Row = (&'static str, &'static str, Op, Security);

const SPOT: &[Row] = &[
    ("GET", "/api/v3/ping", Op::Ping, Security::None),
    ("GET", "/api/v3/time", Op::Time, Security::None),
    ("GET", "/api/v3/exchangeInfo", Op::Info, Security::None),
    ("GET", "/api/v3/depth", Op::Depth, Security::None),
    ("GET", "/api/v3/trades", Op::Trades, Security::None),
    ("GET", "/api/v3/historicalTrades", Op::Trades, Security::None),
    ("GET", "/api/v3/aggTrades", Op::AggTrades, Security::None),
    ("GET", "/api/v3/klines", Op::Klines, Security::None),
    ("GET", "/api/v3/uiKlines", Op::Klines, Security::None),
    ("GET", "/api/v3/avgPrice", Op::AvgPrice, Security::None),
    ("GET", "/api/v3/ticker/24hr", Op::Day, Security::None),
    ("GET", "/api/v3/ticker/price", Op::Price, Security::None),
    ("GET", "/api/v3/ticker/bookTicker", Op::Book, Security::None),
    ("POST", "/api/v3/order", Op::Place, Security::Signed),
    ("POST", "/api/v3/order/test", Op::Test, Security::Signed),
    ("GET", "/api/v3/order", Op::Status, Security::Signed),
    ("DELETE", "/api/v3/order", Op::Cancel, Security::Signed),
    ("POST", "/api/v3/order/cancelReplace", Op::CancelReplace, Security::Signed),
    ("PUT", "/api/v3/order/amend/keepPriority", Op::Amend, Security::Signed),
    ("GET", "/api/v3/openOrders", Op::Open, Security::Signed),
    ("DELETE", "/api/v3/openOrders", Op::CancelAll, Security::Signed),
    ("GET", "/api/v3/allOrders", Op::All, Security::Signed),
    ("GET", "/api/v3/myTrades", Op::MyTrades, Security::Signed),
    ("GET", "/api/v3/account", Op::Account, Security::Signed),
    ("GET", "/api/v3/account/commission", Op::Commission, Security::Signed),
    ("GET", "/api/v3/rateLimit/order", Op::OrderCounts, Security::Signed),
];

const SPOT_OTHER: &[Row] = &[
    ("POST", "/api/v3/userDataStream", Op::Gone, Security::None),
    ("PUT", "/api/v3/userDataStream", Op::Gone, Security::None),
    ("DELETE", "/api/v3/userDataStream", Op::Gone, Security::None),
    ("GET", "/sapi/v1/margin/allPairs", Op::Nothing, Security::Key),
    ("GET", "/sapi/v1/margin/isolated/allPairs", Op::Nothing, Security::Key),
    ("GET", "/sapi/v1/system/status", Op::SystemStatus, Security::None),
    ("GET", "/sapi/v1/asset/tradeFee", Op::TradeFee, Security::Signed),
    ("GET", "/sapi/v1/capital/config/getall", Op::Nothing, Security::Signed),
    ("GET", "/api/v3/openOrderList", Op::Nothing, Security::Signed),
    ("GET", "/api/v3/allOrderList", Op::Nothing, Security::Signed),
];

const FUTURES_PUBLIC: &[Row] = &[
    ("GET", "/fapi/v1/ping", Op::Ping, Security::None),
    ("GET", "/fapi/v1/time", Op::Time, Security::None),
    ("GET", "/fapi/v1/exchangeInfo", Op::Info, Security::None),
    ("GET", "/fapi/v1/depth", Op::Depth, Security::None),
    ("GET", "/fapi/v1/trades", Op::Trades, Security::None),
    ("GET", "/fapi/v1/historicalTrades", Op::Trades, Security::Key),
    ("GET", "/fapi/v1/aggTrades", Op::AggTrades, Security::None),
    ("GET", "/fapi/v1/klines", Op::Klines, Security::None),
    ("GET", "/fapi/v1/ticker/24hr", Op::Day, Security::None),
    ("GET", "/fapi/v1/ticker/price", Op::Price, Security::None),
    ("GET", "/fapi/v2/ticker/price", Op::Price, Security::None),
    ("GET", "/fapi/v1/ticker/bookTicker", Op::Book, Security::None),
    ("GET", "/fapi/v1/premiumIndex", Op::Premium, Security::None),
    ("GET", "/fapi/v1/fundingRate", Op::FundingRate, Security::None),
    ("GET", "/fapi/v1/fundingInfo", Op::Nothing, Security::None),
    ("GET", "/sapi/v1/system/status", Op::SystemStatus, Security::None),
];

const FUTURES: &[Row] = &[
    ("POST", "/fapi/v1/order", Op::Place, Security::Signed),
    ("POST", "/fapi/v1/order/test", Op::Test, Security::Signed),
    ("GET", "/fapi/v1/order", Op::Status, Security::Signed),
    ("GET", "/fapi/v1/openOrder", Op::OpenOne, Security::Signed),
    ("PUT", "/fapi/v1/order", Op::Modify, Security::Signed),
    ("DELETE", "/fapi/v1/order", Op::Cancel, Security::Signed),
    ("POST", "/fapi/v1/batchOrders", Op::BatchPlace, Security::Signed),
    ("PUT", "/fapi/v1/batchOrders", Op::BatchModify, Security::Signed),
    ("DELETE", "/fapi/v1/batchOrders", Op::BatchCancel, Security::Signed),
    ("DELETE", "/fapi/v1/allOpenOrders", Op::CancelAll, Security::Signed),
    ("POST", "/fapi/v1/countdownCancelAll", Op::Countdown, Security::Signed),
    ("GET", "/fapi/v1/openOrders", Op::Open, Security::Signed),
    ("GET", "/fapi/v1/allOrders", Op::All, Security::Signed),
    ("GET", "/fapi/v1/userTrades", Op::MyTrades, Security::Signed),
    ("GET", "/fapi/v1/income", Op::Income, Security::Signed),
    ("GET", "/fapi/v1/openAlgoOrders", Op::Nothing, Security::Signed),
    ("GET", "/fapi/v1/allAlgoOrders", Op::Nothing, Security::Signed),
    ("POST", "/fapi/v1/listenKey", Op::Listen, Security::Key),
    ("PUT", "/fapi/v1/listenKey", Op::Prolong, Security::Key),
    ("DELETE", "/fapi/v1/listenKey", Op::Unlisten, Security::Key),
];

const FUTURES_ACCOUNT: &[Row] = &[
    ("GET", "/fapi/v2/account", Op::Account, Security::Signed),
    ("GET", "/fapi/v3/account", Op::Account, Security::Signed),
    ("GET", "/fapi/v2/balance", Op::Balance, Security::Signed),
    ("GET", "/fapi/v3/balance", Op::Balance, Security::Signed),
    ("GET", "/fapi/v2/positionRisk", Op::Positions, Security::Signed),
    ("GET", "/fapi/v3/positionRisk", Op::PositionsLean, Security::Signed),
    ("GET", "/fapi/v1/leverageBracket", Op::Brackets, Security::Signed),
    ("GET", "/fapi/v1/commissionRate", Op::Commission, Security::Signed),
    ("GET", "/fapi/v1/rateLimit/order", Op::OrderCounts, Security::Signed),
    ("GET", "/fapi/v1/positionSide/dual", Op::PositionMode, Security::Signed),
    ("POST", "/fapi/v1/positionSide/dual", Op::SetPositionMode, Security::Signed),
    ("GET", "/fapi/v1/symbolConfig", Op::SymbolConfig, Security::Signed),
    ("GET", "/fapi/v1/accountConfig", Op::AccountConfig, Security::Signed),
    ("POST", "/fapi/v1/leverage", Op::SetLeverage, Security::Signed),
    ("POST", "/fapi/v1/marginType", Op::SetMarginType, Security::Signed),
];

/// The request of this name of the WebSocket API.
pub(super) fn api(market: Market, method: &str) -> Option<Route> {
    let common = match method {
        "ping" => (Op::Ping, Security::None),
        "time" => (Op::Time, Security::None),
        "depth" => (Op::Depth, Security::None),
        "ticker.price" => (Op::Price, Security::None),
        "ticker.book" => (Op::Book, Security::None),
        "order.place" => (Op::Place, Security::Signed),
        "order.cancel" => (Op::Cancel, Security::Signed),
        "order.status" => (Op::Status, Security::Signed),
        "session.logon" => (Op::Logon, Security::Signed),
        "session.status" => (Op::SessionStatus, Security::None),
        "session.logout" => (Op::Logout, Security::None),
        _ => return if market == Market::Spot { spot_api(method) } else { futures_api(method) },
    };
    Some(common)
}

fn spot_api(method: &str) -> Option<Route> {
    Some(match method {
        "exchangeInfo" => (Op::Info, Security::None),
        "trades.recent" | "trades.historical" => (Op::Trades, Security::None),
        "trades.aggregate" => (Op::AggTrades, Security::None),
        "klines" | "uiKlines" => (Op::Klines, Security::None),
        "avgPrice" => (Op::AvgPrice, Security::None),
        "ticker.24hr" => (Op::Day, Security::None),
        "order.test" => (Op::Test, Security::Signed),
        "order.cancelReplace" => (Op::CancelReplace, Security::Signed),
        "order.amend.keepPriority" => (Op::Amend, Security::Signed),
        "openOrders.status" => (Op::Open, Security::Signed),
        "openOrders.cancelAll" => (Op::CancelAll, Security::Signed),
        "allOrders" => (Op::All, Security::Signed),
        "myTrades" => (Op::MyTrades, Security::Signed),
        "account.status" => (Op::Account, Security::Signed),
        "account.commission" => (Op::Commission, Security::Signed),
        "account.rateLimits.orders" => (Op::OrderCounts, Security::Signed),
        "userDataStream.subscribe" => (Op::Subscribe, Security::None),
        "userDataStream.subscribe.signature" => (Op::SubscribeSigned, Security::Signed),
        "userDataStream.unsubscribe" => (Op::Unsubscribe, Security::None),
        "session.subscriptions" => (Op::Subscriptions, Security::None),
        _ => return None,
    })
}

fn futures_api(method: &str) -> Option<Route> {
    Some(match method {
        "order.modify" => (Op::Modify, Security::Signed),
        "account.position" => (Op::Positions, Security::Signed),
        "v2/account.position" => (Op::PositionsLean, Security::Signed),
        "account.balance" | "v2/account.balance" => (Op::Balance, Security::Signed),
        "account.status" | "v2/account.status" => (Op::Account, Security::Signed),
        "userDataStream.start" => (Op::Listen, Security::Key),
        "userDataStream.ping" => (Op::Prolong, Security::Key),
        "userDataStream.stop" => (Op::Unlisten, Security::Key),
        _ => return None,
    })
}

/// What a request weighs.
#[expect(clippy::wildcard_enum_match_arm, reason = "whatever is not named weighs one")]
pub(super) fn weight(market: Market, op: Op, params: &Params) -> u32 {
    let of_one = params.get("symbol").is_some();
    match market {
        Market::Spot => match op {
            Op::Depth => by_limit(params, 100, &[(100, 5), (500, 25), (1_000, 50)], 250),
            Op::Info | Op::Account | Op::Commission | Op::All => 20,
            Op::Trades => 25,
            Op::AggTrades | Op::Status => 4,
            Op::Day if !of_one => 80,
            Op::MyTrades if params.get("orderId").is_some() => 5,
            Op::MyTrades => 20,
            Op::Open if !of_one => 80,
            Op::Open => 6,
            Op::OrderCounts => 40,
            Op::Amend => 4,
            Op::Klines | Op::AvgPrice | Op::Day => 2,
            Op::Price | Op::Book => {
                if of_one {
                    2
                } else {
                    4
                }
            }
            Op::Logon | Op::SessionStatus | Op::Logout => 2,
            Op::Subscribe | Op::SubscribeSigned | Op::Unsubscribe | Op::Subscriptions => 2,
            _ => 1,
        },
        Market::UsdM => match op {
            Op::Depth => by_limit(params, 500, &[(50, 2), (100, 5), (500, 10)], 20),
            Op::Place | Op::Modify => 0,
            Op::BatchPlace | Op::BatchModify | Op::Account | Op::Balance | Op::Positions => 5,
            Op::PositionsLean | Op::Klines => 5,
            Op::All | Op::MyTrades | Op::AccountConfig | Op::SymbolConfig | Op::Trades => 5,
            Op::Day | Op::Open if !of_one => 40,
            Op::Income => 30,
            Op::AggTrades | Op::Commission => 20,
            Op::Countdown => 10,
            Op::Price | Op::Book => {
                if of_one {
                    1
                } else {
                    2
                }
            }
            _ => 1,
        },
    }
}

fn by_limit(params: &Params, asked: u32, steps: &[(u32, u32)], most: u32) -> u32 {
    let limit = params.get("limit").and_then(|limit| limit.parse().ok()).unwrap_or(asked);
    steps.iter().find(|(up_to, _)| limit <= *up_to).map_or(most, |(_, weight)| *weight)
}
