//! Rules of a configuration that no instrument needs to be known for.
//!
//! Never here: a rule that depends on the data.

use ballast_model::Span;

use super::{
    ClockOffset, Config, HedgeConfig, InstrumentConfig, LiveConfig, MarketConfig, ModelConfig, ORDERS_MAX,
    QuotingConfig, Requote,
};

/// Longest time a message may travel: a longer one is a slip of the pen, and its run would say nothing.
pub(super) const LATENCY_MAX: Span = Span::from_secs(60);

/// Furthest the venue's clock may be from ours: more than any time zone.
const CLOCK_OFFSET_MAX: Span = Span::from_secs(86_400);

/// Shortest time between quotes at an interval: at a shorter one a run of real data would not end.
const REQUOTE_MIN: Span = Span(1_000);

impl Config {
    /// The first rule broken that no instrument needs to be known for.
    pub(super) fn broken_rule(&self) -> Option<(String, &'static str)> {
        let Self { venue, report, .. } = self;
        let broken = |key: &str, rule| Some((key.to_owned(), rule));
        if self.schema != 1 {
            return broken("schema", "this version reads schema 1");
        }
        for (key, latency) in
            [("order_latency", venue.order_latency), ("response_latency", venue.response_latency)]
        {
            if !(0..=LATENCY_MAX.0).contains(&latency.span().0) {
                return Some((format!("venue.{key}"), "must be from 0 to 60s"));
            }
        }
        if let ClockOffset::Fixed(offset) = venue.clock_offset
            && !(-CLOCK_OFFSET_MAX.0..=CLOCK_OFFSET_MAX.0).contains(&offset.span().0)
        {
            return broken("venue.clock_offset", "must be within 86400s of zero");
        }
        if !(0.0..=1.0).contains(&venue.cancel_share) {
            return broken("venue.cancel_share", "must be from 0 to 1");
        }
        if let Some((key, rule)) = venue.broken_queue() {
            return Some((format!("venue.{key}"), rule));
        }
        if let Some((key, rule)) = venue.broken_conditions() {
            return Some((format!("venue.{key}"), rule));
        }
        if !(1..=ORDERS_MAX).contains(&venue.orders_max) {
            return broken("venue.orders_max", "must be from 1 to 10 000");
        }
        if let Some((key, rule)) = report.broken_rule() {
            return Some((format!("report.{key}"), rule));
        }
        if let Some(broken) = self.live.as_ref().and_then(LiveConfig::broken_rule) {
            return Some(broken);
        }
        if let Some((key, rule)) = self.threads.broken_rule() {
            return Some((format!("threads.{key}"), rule));
        }
        for (index, instrument) in self.instrument.iter().enumerate() {
            if instrument.symbol.is_empty() {
                return Some((format!("instrument.{index}.symbol"), "is empty"));
            }
            let same = |other: &InstrumentConfig| {
                other.symbol == instrument.symbol && other.market == instrument.market
            };
            if self.instrument.iter().take(index).any(same) {
                return Some((format!("instrument.{index}.symbol"), "is configured twice"));
            }
        }
        for (index, fees) in venue.fees.iter().enumerate() {
            if venue.fees.iter().take(index).any(|other| other.market == fees.market) {
                return Some((format!("venue.fees.{index}.market"), "has its fees above already"));
            }
        }
        let own = self.instrument.iter().enumerate().filter_map(|(index, one)| {
            Some((format!("instrument.{index}.quoting"), one.quoting.as_ref()?, Some(one.market)))
        });
        let common = ("quoting".to_owned(), &self.quoting, None);
        if let Some((key, rule)) = self.hedge.as_ref().and_then(HedgeConfig::broken_rule) {
            return Some((format!("hedge.{key}"), rule));
        }
        std::iter::once(common).chain(own).find_map(|(key, table, market)| {
            let (key_of_it, rule) = self.broken_quoting(table, market)?;
            Some((format!("{key}.{key_of_it}"), rule))
        })
    }

    /// The first such rule that a table of quoting breaks: that of an instrument of this market, or of all.
    fn broken_quoting(
        &self,
        table: &QuotingConfig,
        market: Option<MarketConfig>,
    ) -> Option<(&'static str, &'static str)> {
        let markets = table.markets.as_deref();
        if markets.is_some_and(<[_]>::is_empty) {
            return Some(("markets", "is empty: leave it out to quote all, or name those to quote"));
        }
        if let Requote::Every(interval) = table.requote
            && interval.span() < REQUOTE_MIN
        {
            return Some(("requote", "must be at least 1us"));
        }
        let ModelConfig::CrossVenue(cross) = &table.model else { return None };
        let quoted = market.as_ref().map_or(markets, |market| Some(std::slice::from_ref(market)));
        let key = "model.hedge_market";
        if quoted.is_some_and(|quoted| quoted.contains(&cross.hedge_market)) {
            return Some((key, "is quoted itself: fills are hedged in another market"));
        }
        let elsewhere =
            self.hedge.as_ref().is_some_and(|hedge| !hedge.markets().contains(&cross.hedge_market));
        elsewhere.then_some((key, "is not hedge.market: prices would be of one market, hedges in another"))
    }
}
