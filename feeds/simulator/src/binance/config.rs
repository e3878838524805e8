//! What a simulated Binance is built from.

use ballast_model::Rate;

use super::auth::Secret;
use crate::back::ClientId;

/// Which of its markets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Market {
    /// Spot.
    Spot,
    /// Futures settled in dollars.
    UsdM,
}

/// A key a client signs with.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// What is sent as `X-MBX-APIKEY` or `apiKey`.
    pub name: String,
    /// How its signatures are checked.
    pub secret: Secret,
    /// Whose it is. Several keys may be one client's.
    pub client: ClientId,
}

/// How much may be asked. All at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Weight of requests a minute, of all clients together: they come from one address. On futures those of REST and those of
    /// the WebSocket API are counted apart.
    pub weight: u32,
    /// Requests in five minutes, whatever they weigh; `None` where nobody counts them.
    pub raw: Option<u32>,
    /// New orders of one client in ten seconds.
    pub orders_10s: u32,
    /// New orders of one client in the longer window: a day on spot, a minute on futures.
    pub orders_long: u32,
    /// Requests beyond the weight in the same minute until the address is banned, for two minutes at first.
    pub patience: u32,
    /// Open orders of one client in one symbol.
    pub open_orders: u32,
    /// Control frames a WebSocket may send in a second; beyond, it is closed.
    pub frames: u32,
}

impl Limits {
    /// What the venue had in 2026.
    #[must_use]
    pub const fn of(market: Market) -> Self {
        match market {
            Market::Spot => Self {
                weight: 6_000,
                raw: Some(300_000),
                orders_10s: 50,
                orders_long: 160_000,
                patience: 20,
                open_orders: 200,
                frames: 5,
            },
            Market::UsdM => Self {
                weight: 2_400,
                raw: None,
                orders_10s: 300,
                orders_long: 1_200,
                patience: 20,
                open_orders: 200,
                frames: 10,
            },
        }
    }
}

/// Everything a simulated Binance is built from.
#[derive(Clone, Debug)]
pub struct VenueConfig {
    /// Which market.
    pub market: Market,
    /// Who may sign.
    pub keys: Vec<ApiKey>,
    /// How much may be asked.
    pub limits: Limits,
    /// Fees as queries tell them; what is charged is the market's behind.
    pub maker: Rate,
    /// See [`VenueConfig::maker`].
    pub taker: Rate,
    /// How far beyond the best price a market order may trade, as a share of it.
    pub protection: Rate,
    /// Ended orders that queries still find, and trades; beyond, the oldest are forgotten.
    pub history: usize,
}

impl VenueConfig {
    /// A market with the venue's own limits and the fees of its lowest tier, where these keys are known.
    #[must_use]
    pub const fn new(market: Market, keys: Vec<ApiKey>) -> Self {
        let (maker, taker) = match market {
            Market::Spot => (Rate(100_000), Rate(100_000)),
            Market::UsdM => (Rate(20_000), Rate(50_000)),
        };
        let limits = Limits::of(market);
        Self { market, keys, limits, maker, taker, protection: Rate::from_bps(100), history: 100_000 }
    }
}
