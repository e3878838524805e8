//! From what an engine shows of itself to what is drawn.

use ballast_analytics::format;
use ballast_core::gate::GateState;
use ballast_core::model::Hold;
use ballast_model::{HalfTicks, Lots, Nanos, Price, Span};
use ballast_runtime::config::ResolvedInstrument;
use ballast_runtime::live::{Contact, LinkState, Reliance, RoundTrips, Shown, VenueView, WindowView};
use ballast_venue::binance::trade::Pool;

use super::field::{Field, Group, Tone};
use super::number::{amount, basis_points, took};

/// Between two looks at how fast messages come.
const RATE_EVERY: Span = Span::from_secs(1);
/// Part of a window from which on it is warned of, in percent.
const WINDOW_WARNS: u64 = 80;

/// Where a position stands at its limit, in percent of it.
const POSITION_WARNS: u128 = 80;

/// One instrument. `waits` is what the start gate waits for.
pub(super) fn instrument(one: &ResolvedInstrument, shown: &Shown, waits: Option<&str>) -> Group {
    let (quotes, market) = (quotes(one, shown), market(one, shown));
    let (stands, profit) = (stands(one, shown), profit(one, shown));
    let brief = [stands.first(), profit.first(), quotes.first(), quotes.get(1), market.get(2), quotes.get(2)];
    Group {
        name: one.found.name(),
        status: status(shown, waits),
        brief: brief.into_iter().flatten().cloned().collect(),
        rows: vec![quotes, market, stands, profit],
    }
}

/// Whether it is quoted, or why not.
fn status(shown: &Shown, waits: Option<&str>) -> (Tone, String) {
    if let Some(waits) = waits {
        return (Tone::Warn, waits.to_owned());
    }
    let quoted = shown.quotes.iter().filter(|ticks| **ticks != 0).count();
    match (shown.halt, shown.held, quoted) {
        (Some(halt), _, _) => {
            let tone = if halt.state == GateState::Killed { Tone::Bad } else { Tone::Warn };
            let (state, cause) = (halt.state.name(), halt.cause.name());
            let text = if state == cause { state.to_owned() } else { format!("{state} ({cause})") };
            (tone, words(&text))
        }
        (None, Some(hold), _) if hold != Hold::Halted => {
            (Tone::Warn, words(&format!("held: {}", hold.name())))
        }
        (None, _, 2) => (Tone::Good, "quoting".to_owned()),
        (None, _, 1) => (Tone::Good, "quoting one side".to_owned()),
        (None, _, _) if shown.open_max == 0 => (Tone::Dim, "followed".to_owned()),
        (None, _, _) => (Tone::Warn, "no quote stands".to_owned()),
    }
}

fn words(name: &str) -> String {
    name.replace('_', " ")
}

fn price(one: &ResolvedInstrument, ticks: i64) -> String {
    if ticks == 0 { "-".to_owned() } else { format::price(&one.found.spec, Price(ticks)).to_string() }
}

/// Our quotes and how far they are from the middle.
fn quotes(one: &ResolvedInstrument, shown: &Shown) -> Vec<Field> {
    let mid = shown.mid as f64 / 2.0;
    let side = |label, ticks: i64| {
        let far = if ticks == 0 || shown.mid == 0 {
            String::new()
        } else {
            format!(" {}", basis_points(ticks as f64 - mid, mid))
        };
        Field::new(label, format!("{}{far}", price(one, ticks)))
    };
    let [bid, ask] = shown.quotes;
    let open = Field::new("open", format!("{} of {}", shown.open, shown.open_max));
    let is_full = shown.open_max > 0 && shown.open >= shown.open_max;
    vec![side("bid", bid), side("ask", ask), open.toned(if is_full { Tone::Warn } else { Tone::Plain })]
}

/// The market and what we take it for.
fn market(one: &ResolvedInstrument, shown: &Shown) -> Vec<Field> {
    let spec = &one.found.spec;
    let mid = match shown.mid {
        0 => "-".to_owned(),
        mid => format::mid(spec, HalfTicks(mid)).to_string(),
    };
    let digits = usize::from(spec.tick.scale) + 2;
    let fair = shown.fair.map_or_else(
        || "-".to_owned(),
        |ticks| {
            let tick = spec.tick.mantissa as f64 / 10f64.powi(i32::from(spec.tick.scale));
            format!("{:.digits$}", ticks * tick)
        },
    );
    let [bid, ask] = shown.touch.map(|ticks| price(one, ticks));
    vec![
        Field::new("best bid", bid),
        Field::new("best ask", ask),
        Field::new("mid", mid),
        Field::new("fair", fair),
    ]
}

/// The position and what was traded.
fn stands(one: &ResolvedInstrument, shown: &Shown) -> Vec<Field> {
    let lots = |lots: i64| format::lots(&one.found.spec, Lots(lots)).to_string();
    let (position, limit) =
        (u128::from(shown.position.unsigned_abs()), u128::from(shown.position_max.unsigned_abs()));
    let near = limit > 0 && position * 100 >= limit * POSITION_WARNS;
    let [makers, takers] = shown.fills;
    let mut fields =
        vec![Field::new("position", lots(shown.position)).toned(if near { Tone::Warn } else { Tone::Plain })];
    if shown.position_max > 0 {
        fields.push(Field::new("limit", format!("±{}", lots(shown.position_max))));
    }
    fields.push(Field::new("fills", makers.saturating_add(takers).to_string()));
    fields.push(Field::new("taking", takers.to_string()).toned(Tone::Dim));
    fields.push(Field::new("volume", amount(shown.turnover_e6)));
    fields
}

/// Profit and what it is made of.
fn profit(one: &ResolvedInstrument, shown: &Shown) -> Vec<Field> {
    let signed = |label, e6: Option<i64>| {
        let tone = match e6 {
            Some(below) if below < 0 => Tone::Bad,
            Some(above) if above > 0 => Tone::Good,
            Some(_) | None => Tone::Plain,
        };
        Field::new(label, e6.map_or_else(|| "-".to_owned(), amount)).toned(tone)
    };
    let mut net = signed("net", shown.net_e6);
    net.value = format!("{} {}", net.value, one.found.settlement());
    vec![
        net,
        signed("realised", Some(shown.realised_e6)),
        signed("unrealised", shown.unrealised_e6),
        Field::new("fees", amount(shown.fees_e6)),
        Field::new("rebates", amount(shown.rebates_e6)),
    ]
}

/// How fast a venue's messages come.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    at: Nanos,
    frames: u64,
    per_second: Option<f64>,
}

impl Pace {
    /// Takes a look, and says how fast they came since the last one of at least a second ago.
    pub(super) fn look(&mut self, contact: &Contact) -> Option<f64> {
        if self.at == Nanos::default() {
            *self = Self { at: contact.at, frames: contact.frames, per_second: None };
        }
        let since = contact.at - self.at;
        if since >= RATE_EVERY {
            let came = contact.frames.saturating_sub(self.frames);
            let per_second = Some(came as f64 / since.as_secs_f64());
            *self = Self { at: contact.at, frames: contact.frames, per_second };
        }
        self.per_second
    }
}

/// One venue. `waits` is what the start gate waits for.
pub(super) fn venue(
    name: &str,
    (view, contact): (&VenueView, &Contact),
    rate: Option<f64>,
    waits: Option<&str>,
) -> Group {
    let (traffic, windows) = (traffic(view, contact, rate), windows(contact));
    let mut brief = traffic.clone();
    brief.extend(windows.iter().filter(|window| window.tone == Tone::Warn).cloned());
    Group {
        name: name.to_owned(),
        status: standing(view, contact, waits),
        brief,
        rows: vec![links(contact), traffic, trips(&contact.trips), windows],
    }
}

/// Whether it can be traded with, or why not.
fn standing(view: &VenueView, contact: &Contact, waits: Option<&str>) -> (Tone, String) {
    let down: Vec<_> = contact
        .links
        .iter()
        .filter(|link| link.state != LinkState::Up)
        .map(|link| link.of.to_string())
        .collect();
    match (waits, view.reliance) {
        _ if contact.links.is_empty() => (Tone::Warn, "connecting".to_owned()),
        _ if !down.is_empty() => (Tone::Bad, format!("down: {}", down.join(", "))),
        (Some(waits), _) => (Tone::Warn, waits.to_owned()),
        (None, Reliance::Whole(_)) => (Tone::Good, "well".to_owned()),
        (None, Reliance::Asking(left)) => (Tone::Warn, format!("asking for the account, {left} left")),
        (None, Reliance::Blind) => (Tone::Warn, "the account is not known".to_owned()),
    }
}

fn links(contact: &Contact) -> Vec<Field> {
    let link = |link: &ballast_runtime::live::LinkView| {
        let (tone, state) = match link.state {
            LinkState::Up => (Tone::Good, "up"),
            LinkState::Opening => (Tone::Warn, "opening"),
            LinkState::Down => (Tone::Bad, "down"),
        };
        let round_trip = link.round_trip.map(|span| format!(" {}", took(span))).unwrap_or_default();
        Field::new(link.of.to_string(), format!("{state}{round_trip}")).toned(tone)
    };
    contact.links.iter().map(link).collect()
}

fn traffic(view: &VenueView, contact: &Contact, rate: Option<f64>) -> Vec<Field> {
    let mut fields =
        vec![Field::new("messages", rate.map_or_else(|| "-".to_owned(), |rate| format!("{rate:.0}/s")))];
    if let Some(probe) = contact.probe {
        fields.push(Field::new("round trip", took(probe)));
    }
    if let Some(offset) = view.clock_offset {
        fields.push(Field::new("clock", took(offset)));
    }
    let lost = Field::new("lost", contact.lost.to_string());
    fields.push(lost.toned(if contact.lost > 0 { Tone::Warn } else { Tone::Plain }));
    if contact.unread > 0 {
        fields.push(Field::new("unread", contact.unread.to_string()).toned(Tone::Bad));
    }
    fields
}

/// How long orders took to be answered; nothing where none was.
fn trips(trips: &RoundTrips) -> Vec<Field> {
    if trips.count == 0 {
        return Vec::new();
    }
    let RoundTrips { count, p50, p90, p99, longest } = *trips;
    let of = |(label, span)| Field::new(label, took(span));
    let spans = [("order p50", p50), ("p90", p90), ("p99", p99), ("max", longest)].map(of);
    spans.into_iter().chain([Field::new("of", count.to_string())]).collect()
}

fn windows(contact: &Contact) -> Vec<Field> {
    let window = |window: &WindowView| {
        let pool = match window.pool {
            Pool::Weight => "weight",
            Pool::RestWeight => "request weight",
            Pool::Orders => "orders",
        };
        let near = u64::from(window.used) * 100 >= u64::from(window.limit) * WINDOW_WARNS;
        let seconds = window.interval.0 / 1_000_000_000;
        let interval = match seconds {
            60.. if seconds % 60 == 0 => format!("{} min", seconds / 60),
            _ => format!("{seconds} s"),
        };
        let field = Field::new(format!("{pool} {interval}"), format!("{} of {}", window.used, window.limit));
        field.toned(if near { Tone::Warn } else { Tone::Plain })
    };
    contact.windows.iter().map(window).collect()
}

#[cfg(test)]
mod tests;
