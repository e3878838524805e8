//! What a simulation assumed, as reports say it.

use ballast_analytics::format::{self, Decimal};
use ballast_analytics::record::Programme;
use ballast_model::{InstrumentId, Money, Rate, Span};
use ballast_runtime::config::{
    AnswersConfig, Bps, Config, LoadConfig, MarketFees, OutageConfig, OutageFeedConfig, SelfTradeConfig,
    VenueConfig, market_name,
};
use ballast_runtime::job::Prepared;

use crate::replay::name_of;

/// Name and value of each assumption.
pub(crate) fn of(config: &Config, prepared: &Prepared<'_>) -> Vec<(String, String)> {
    let venue = &config.venue;
    let mut rows = conditions(venue);
    rows.extend([
        row("Maker fee", bps(venue.maker_fee_bps.rate())),
        row("Taker fee", bps(venue.taker_fee_bps.rate())),
    ]);
    rows.extend(venue.fees.iter().flat_map(fees));
    rows.extend([row("Queues", venue.queue_words())]);
    rows.extend(prepared.instruments.iter().zip(0..).filter_map(|(one, id)| {
        let told = prepared.queued_by_orders(InstrumentId(id));
        told.then(|| {
            (format!("Queues of {}", one.found.name()), "the orders that stand there, by id".to_owned())
        })
    }));
    rows.extend([
        row("Orders that may rest in an instrument", venue.orders_max.to_string()),
        row("Orders that would trade with our own", self_trade(venue.self_trade).to_owned()),
    ]);
    rows.extend(balances(venue));
    for (feed, tape) in prepared.tapes.iter().enumerate() {
        for (file, offset) in tape.clock_offsets().enumerate() {
            rows.push((format!("Venue clock to ours, feed {feed}, file {file}"), millis(offset)));
        }
    }
    let interval = config.report.sample_interval.span();
    rows.push(row("Account sampled every", format!("{}, longer in long runs", millis(interval))));
    rows.push(row(
        "Market maker's programme",
        format!("{} of mid, on both sides", terms(&config.report.programme())),
    ));
    if let Some(conversion) = config.report.conversion() {
        let Money(one) = Money::ONE;
        for (name, rate) in &conversion.rates {
            let units = i128::from(rate.mantissa) * one / 10i128.pow(rate.scale.into());
            let worth = format!("{:#} {}", format::money(Money(units)), conversion.currency);
            rows.push((format!("1 {name} counts as"), worth));
        }
    }
    rows
}

/// What a programme asks for on a side.
pub(crate) fn terms(programme: &Programme) -> String {
    let least = match programme.notional_min {
        Money::ZERO => "any size".to_owned(),
        least => format!("a value of {:#}", format::money(least)),
    };
    format!("{least} within {}", bps(programme.within))
}

/// How slow the venue is, and when it does not work.
fn conditions(venue: &VenueConfig) -> Vec<(String, String)> {
    let latency = &venue.latency;
    // Recorded latencies hold instead of the constant ones.
    let recorded = latency.recorded.as_deref().map(|file| format!("as recorded in {}", name_of(file)));
    let constant = |span: Span| recorded.clone().unwrap_or_else(|| millis(span));
    let mut rows = vec![
        row("Order latency", constant(venue.order_latency.span())),
        row("Response latency", constant(venue.response_latency.span())),
    ];
    if latency.feed.is_some() {
        rows.push(row("Market data later by", millis(venue.feed_latency())));
    }
    if let Some(load) = &latency.load {
        let LoadConfig { window, free_messages, per_message, max } = *load;
        let words = format!(
            "{} for each message beyond {free_messages} within {}, at most {}",
            millis(per_message.span()),
            millis(window.span()),
            millis(max.span())
        );
        rows.push(row("Commands and reports later under load by", words));
    }
    rows.extend(venue.outages.iter().zip(1..).map(|(outage, number)| outage_row(outage, number)));
    rows
}

/// One outage.
fn outage_row(outage: &OutageConfig, number: usize) -> (String, String) {
    let from = match (&outage.time, outage.offset) {
        (Some(time), _) => time.clone(),
        (None, offset) => {
            let after = offset.map_or(Span::ZERO, ballast_runtime::config::Duration::span);
            format!("{} after the first message", millis(after))
        }
    };
    let answers = match outage.answers {
        AnswersConfig::None => "commands are lost",
        AnswersConfig::Refusals => "commands are refused",
    };
    let feed = match outage.feed {
        OutageFeedConfig::GoesOn => "",
        OutageFeedConfig::Stops => ", market data reach us when it has ended",
    };
    let at = outage.market.map_or_else(String::new, |market| format!(" at {}", market_name(market.into())));
    (
        format!("Outage {number}{at}"),
        format!("from {from} for {}: {answers}{feed}", millis(outage.duration.span())),
    )
}

/// Fees of a market, by the volume they begin at.
fn fees(fees: &MarketFees) -> Vec<(String, String)> {
    let market = market_name(fees.market.into());
    let both = |maker: Bps, taker: Bps| format!("maker {}, taker {}", bps(maker.rate()), bps(taker.rate()));
    let amount = |volume: &ballast_runtime::config::Decimal| format!("{:#}", format::money(volume.money()));
    let mut rows = vec![(format!("Fees at {market}"), both(fees.maker_bps, fees.taker_bps))];
    for tier in &fees.tiers {
        let from = format!("Fees at {market} from {} in 30 days on", amount(&tier.volume));
        rows.push((from, both(tier.maker_bps, tier.taker_bps)));
    }
    if let Some(volume) = &fees.volume {
        rows.push((format!("Traded at {market} before"), amount(volume)));
    }
    rows
}

fn balances(venue: &VenueConfig) -> Vec<(String, String)> {
    let stated = venue.balances.iter().flatten();
    let balances = stated.map(|(asset, balance)| {
        (format!("Balance of {asset} at the start"), format!("{:#}", format::money(balance.money())))
    });
    balances.collect()
}

const fn self_trade(mode: SelfTradeConfig) -> &'static str {
    match mode {
        SelfTradeConfig::Reject => "are refused",
        SelfTradeConfig::ExpireTaker => "expire",
        SelfTradeConfig::ExpireMaker => "expire the one that rests",
        SelfTradeConfig::ExpireBoth => "expire with the one that rests",
    }
}

fn millis(span: Span) -> String {
    format!("{:#} ms", Decimal { units: i128::from(span.0), scale: 6 })
}

fn bps(rate: Rate) -> String {
    format!("{:#} bp", Decimal { units: i128::from(rate.0), scale: 4 })
}

fn row(name: &str, value: String) -> (String, String) {
    (name.to_owned(), value)
}
