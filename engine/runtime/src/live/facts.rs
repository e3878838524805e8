//! What a venue says of its instruments before a run: grid, filters, and where the price is.

use ballast_model::{HalfTicks, InstrumentSpec, Lots, Money, Nanos, Price, Span, SpecError, Step};
use ballast_venue::binance::Market;
use ballast_venue::binance::trade::interval_seconds;
use ballast_wire::{Address, HttpSend, Link, LinkKind, Network, News};
use serde::{Deserialize, Serialize};

use super::order_share::{ORDER_WINDOWS_MAX, OrderShare, OrderWindow};
use crate::capture::SeenInstrument;
use crate::config::{Decimal, market_name};

/// How long an answer may take.
const ANSWER_MAX: Span = Span::from_secs(10);
/// Too many requests.
const THROTTLED: u16 = 429;
/// Too many of them after that was said: for a while nothing is answered at all.
const BANNED: u16 = 418;
/// How long to wait where the venue refuses and does not say, for either.
const THROTTLE: Span = Span::from_secs(60);
const BAN: Span = Span::from_secs(120);
/// How long the network is waited for at once.
const PATIENCE: Span = Span::from_millis(50);

/// Why nothing can be known of an instrument.
#[derive(Debug, thiserror::Error)]
pub enum FactsError {
    /// No answer.
    #[error("{url}{target}: {why}")]
    NoAnswer {
        /// Whom.
        url: String,
        /// What was asked.
        target: String,
        /// Why.
        why: String,
    },
    /// The answer does not say it.
    #[error("{market} {symbol}: {why}")]
    Untold {
        /// Market.
        market: &'static str,
        /// Symbol.
        symbol: String,
        /// What is missing or wrong.
        why: String,
    },
}

/// What the venue allows in an instrument, in its own steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filters {
    /// Lowest and highest price in ticks; 0 where it says none.
    pub price: (i64, i64),
    /// Smallest and largest size in lots.
    pub size: (i64, i64),
    /// Smallest value of an order, in 10⁻¹⁸ of the quote currency.
    pub notional_min: i128,
    /// Its share of the venue's counts of new orders; `None` where nothing is divided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orders: Option<OrderShare>,
}

impl Filters {
    /// The instrument under these filters: they only narrow what it allows.
    ///
    /// # Errors
    /// The [`SpecError`] of what is left.
    pub fn narrow(&self, spec: InstrumentSpec) -> Result<InstrumentSpec, SpecError> {
        let most = |limit: i64, of: i64| if limit > 0 { limit.min(of) } else { of };
        InstrumentSpec::new(InstrumentSpec {
            price_min: Price(self.price.0.max(spec.price_min.0)),
            price_max: Price(most(self.price.1, spec.price_max.0)),
            size_min: Lots(self.size.0.max(spec.size_min.0)),
            size_max: Lots(most(self.size.1, spec.size_max.0)),
            notional_min: spec.notional_min.max(Money(self.notional_min)),
            ..spec
        })
    }
}

/// What is known of an instrument before a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Grid and price range.
    pub seen: SeenInstrument,
    /// What the venue allows.
    pub filters: Filters,
    /// Where the price is.
    pub mid: HalfTicks,
    /// The venue's counts of new orders.
    pub orders: [Option<OrderWindow>; ORDER_WINDOWS_MAX],
}

/// What is done where a venue refuses to answer yet (429, or 418 for a ban).
pub trait Refusals {
    /// The same is asked again after so long, as the venue says, or a minute (two for a ban) where it says nothing. False where that is
    /// too long, and the refusal is an error.
    fn waits(&mut self, status: u16, so_long: Span) -> bool;

    /// Whether nobody wants to know any more.
    fn is_over(&self) -> bool;
}

/// Nobody waits.
struct AtOnce;

impl Refusals for AtOnce {
    fn waits(&mut self, _: u16, _: Span) -> bool {
        false
    }

    fn is_over(&self) -> bool {
        false
    }
}

/// Asks a venue for what it says of its instruments.
///
/// # Errors
/// [`FactsError`].
pub fn facts(
    network: &mut dyn Network,
    url: &str,
    market: Market,
    symbols: &[String],
) -> Result<Vec<Fact>, FactsError> {
    facts_in_time(network, url, market, symbols, &mut AtOnce)
}

/// The same, and waits where the venue wants that.
///
/// # Errors
/// [`FactsError`].
pub fn facts_in_time(
    network: &mut dyn Network,
    url: &str,
    market: Market,
    symbols: &[String],
    refusals: &mut dyn Refusals,
) -> Result<Vec<Fact>, FactsError> {
    let mut asking = Asking { network, url, refusals };
    asking.open()?;
    let root = match market {
        Market::Spot => "/api/v3",
        Market::UsdM => "/fapi/v1",
        Market::CoinM => "/dapi/v1",
    };
    let told: Exchange = asking.get(&format!("{root}/exchangeInfo"))?;
    let orders = told.order_windows();
    let mut facts = Vec::new();
    for symbol in symbols {
        let untold =
            |why: String| FactsError::Untold { market: market_name(market), symbol: symbol.clone(), why };
        let told = told.symbols.iter().find(|told| told.symbol == *symbol);
        let told = told.ok_or_else(|| untold("the venue does not list it".to_owned()))?;
        let best: OneOrMany<Best> = asking.get(&format!("{root}/ticker/bookTicker?symbol={symbol}"))?;
        let best = best.first().ok_or_else(|| untold("no best prices are told".to_owned()))?;
        facts.push(Fact { orders, ..told.fact(market, best).map_err(untold)? });
    }
    asking.network.close(LINK);
    Ok(facts)
}

/// The only connection of whoever asks.
const LINK: Link = Link(0);

struct Asking<'a> {
    network: &'a mut dyn Network,
    url: &'a str,
    refusals: &'a mut dyn Refusals,
}

/// What a request led to.
enum Got {
    Body(Vec<u8>),
    /// Nothing yet: with which status, and after how many seconds it may be asked again where that was said.
    Refused(u16, Option<u32>, String),
}

impl Asking<'_> {
    fn error(&self, target: &str, why: impl core::fmt::Display) -> FactsError {
        FactsError::NoAnswer { url: self.url.to_owned(), target: target.to_owned(), why: why.to_string() }
    }

    fn open(&mut self) -> Result<(), FactsError> {
        self.network
            .open(LINK, &Address { kind: LinkKind::Http, url: self.url.to_owned(), headers: Vec::new() });
        self.await_news("", |news| match news {
            News::Opened => Some(Ok(())),
            News::Closed(why) => Some(Err(format!("no connection: {why}"))),
            News::Text(_) | News::Reply { .. } => None,
        })
    }

    fn get<T: for<'de> Deserialize<'de>>(&mut self, target: &str) -> Result<T, FactsError> {
        loop {
            let (status, seconds, said) = match self.ask(target)? {
                Got::Body(body) => {
                    return serde_json::from_slice(&body).map_err(|why| self.error(target, why));
                }
                Got::Refused(status, seconds, said) => (status, seconds, said),
            };
            let least = if status == BANNED { BAN } else { THROTTLE };
            let so_long = seconds.map_or(least, |seconds| Span::from_secs(i64::from(seconds.max(1))));
            if !self.refusals.waits(status, so_long) {
                return Err(self.error(target, said));
            }
            self.rest(so_long).map_err(|why| self.error(target, why))?;
        }
    }

    fn ask(&mut self, target: &str) -> Result<Got, FactsError> {
        let request = HttpSend { method: "GET", target, headers: &[], body: &[] };
        self.network.request(LINK, &request).map_err(|why| self.error(target, format!("{why:?}")))?;
        self.await_news(target, |news| match news {
            News::Reply { status: 200, body, .. } => Some(Ok(Got::Body(body.to_vec()))),
            News::Reply { status, body, retry_after, .. } => {
                let said = String::from_utf8_lossy(body.get(..200.min(body.len())).unwrap_or_default());
                let said = format!("status {status}: {said}");
                let waits = [THROTTLED, BANNED].contains(&status);
                Some(if waits { Ok(Got::Refused(status, retry_after, said)) } else { Err(said) })
            }
            News::Closed(why) => Some(Err(format!("the connection ended: {why}"))),
            News::Opened | News::Text(_) => None,
        })
    }

    /// Lets so much time pass, on a connection that is new afterwards: a venue may close that of whom it refuses.
    fn rest(&mut self, so_long: Span) -> Result<(), String> {
        let until = self.network.clock() + so_long;
        self.network.close(LINK);
        while self.network.clock() < until {
            if self.refusals.is_over() {
                return Err("stopped while the venue was waited for".to_owned());
            }
            self.network.poll(PATIENCE, &mut |_: Link, _: Nanos, _| {});
        }
        self.open().map_err(|error| error.to_string())
    }

    fn await_news<T>(
        &mut self,
        target: &str,
        mut of: impl FnMut(News<'_>) -> Option<Result<T, String>>,
    ) -> Result<T, FactsError> {
        let until = self.network.clock() + ANSWER_MAX;
        let mut found = None;
        while found.is_none() && self.network.clock() < until {
            self.network.poll(PATIENCE, &mut |_: Link, _: Nanos, news| {
                if found.is_none() {
                    found = of(news);
                }
            });
        }
        found.unwrap_or_else(|| Err("no answer in time".to_owned())).map_err(|why| self.error(target, why))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Exchange {
    symbols: Vec<Told>,
    #[serde(default)]
    rate_limits: Vec<RateLimit>,
}

/// What the venue counts in a window of time.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RateLimit {
    rate_limit_type: String,
    interval: String,
    interval_num: u32,
    limit: u32,
}

impl Exchange {
    /// Counts of new orders.
    fn order_windows(&self) -> [Option<OrderWindow>; ORDER_WINDOWS_MAX] {
        let orders = self.rate_limits.iter().filter(|limit| limit.rate_limit_type == "ORDERS");
        let mut told = orders.filter_map(|limit| {
            let unit = interval_seconds(&limit.interval)?;
            let seconds = limit.interval_num.checked_mul(unit).filter(|seconds| *seconds > 0)?;
            Some(OrderWindow { seconds, count: limit.limit })
        });
        core::array::from_fn(|_| told.next())
    }
}

#[derive(Deserialize)]
struct Told {
    symbol: String,
    #[serde(alias = "contractStatus")]
    status: Option<String>,
    filters: Vec<Filter>,
}

/// A filter of which only what concerns us is read; numbers are texts.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Filter {
    filter_type: String,
    min_price: Option<String>,
    max_price: Option<String>,
    tick_size: Option<String>,
    min_qty: Option<String>,
    max_qty: Option<String>,
    step_size: Option<String>,
    #[serde(alias = "notional")]
    min_notional: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Best {
    bid_price: String,
    ask_price: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    fn first(&self) -> Option<&T> {
        match self {
            Self::One(one) => Some(one),
            Self::Many(many) => many.first(),
        }
    }
}

impl Told {
    fn fact(&self, market: Market, best: &Best) -> Result<Fact, String> {
        if let Some(status) = self.status.as_deref().filter(|status| *status != "TRADING") {
            return Err(format!("it does not trade now: {status}"));
        }
        let text = |of: &dyn Fn(&Filter) -> Option<&String>, kinds: &[&str]| {
            self.filters
                .iter()
                .filter(|filter| kinds.contains(&filter.filter_type.as_str()))
                .find_map(|filter| of(filter).cloned())
        };
        let step = |of: &dyn Fn(&Filter) -> Option<&String>, kind: &str, what: &str| {
            let told = text(of, &[kind]).ok_or_else(|| format!("no {what} is told"))?;
            Step::parse(&told).ok_or_else(|| format!("{what} {told:?} is no step"))
        };
        let tick = step(&|filter| filter.tick_size.as_ref(), "PRICE_FILTER", "tickSize")?;
        let lot = step(&|filter| filter.step_size.as_ref(), "LOT_SIZE", "stepSize")?;
        let steps =
            |told: Option<String>, grid: Step| told.and_then(|told| grid.steps_floor(&told)).unwrap_or(0);
        let price = |of: &dyn Fn(&Filter) -> Option<&String>| steps(text(of, &["PRICE_FILTER"]), tick);
        let size = |of: &dyn Fn(&Filter) -> Option<&String>| steps(text(of, &["LOT_SIZE"]), lot);
        let notional = text(&|filter| filter.min_notional.as_ref(), &["NOTIONAL", "MIN_NOTIONAL"]);
        let notional_min =
            notional.and_then(|told| Decimal::try_from(told).ok()).map_or(0, |least| least.money().0);
        let side = |told: &str| tick.steps_floor(told).filter(|price| *price > 0);
        let (bid, ask) = side(&best.bid_price).zip(side(&best.ask_price)).ok_or("no best prices are told")?;
        Ok(Fact {
            seen: SeenInstrument {
                symbol: self.symbol.clone(),
                market,
                tick: Some(tick),
                lot: Some(lot),
                price_ticks_max: ask,
            },
            filters: Filters {
                price: (
                    price(&|filter| filter.min_price.as_ref()),
                    price(&|filter| filter.max_price.as_ref()),
                ),
                size: (size(&|filter| filter.min_qty.as_ref()), size(&|filter| filter.max_qty.as_ref())),
                notional_min,
                orders: None,
            },
            mid: HalfTicks::mid(Price(bid), Price(ask)),
            orders: [None; ORDER_WINDOWS_MAX],
        })
    }
}

#[cfg(test)]
mod tests;
