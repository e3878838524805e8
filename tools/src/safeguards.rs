//! What stands behind a live run where it dies, and what of it the venues hold back, told at its start.

use ballast_core::outbox::Note;
use ballast_model::{AccessState, JournalHealth, Nanos};
use ballast_runtime::config::{LiveConfig, LiveVenueConfig, ModeConfig, ResolvedInstrument, market_name};
use ballast_runtime::live::Slowed;
use ballast_venue::binance::trade::{Notice, TradeMarket};

use crate::output;

/// Tells of each market what empties it where the run dies, and of each throttle that was lowered.
pub(crate) fn tell(live: &LiveConfig, slowed: &[Slowed]) {
    lines(live).iter().for_each(|line| output::tell(line));
    slowed.iter().for_each(|slowed| output::tell(&format!("warning: {slowed}")));
}

fn lines(live: &LiveConfig) -> Vec<String> {
    let watchdog = "where this run dies only `ballast watchdog` cancels what it leaves";
    let line = |venue: &LiveVenueConfig| {
        let name = market_name(venue.market());
        match (live.dead_man(venue), venue.trade_market().is_some_and(TradeMarket::has_dead_man)) {
            (Some(timer), _) => {
                let seconds = timer.countdown.0 as f64 / 1e9;
                format!(
                    "{name}: the venue cancels everything {seconds} s after our last word (dead man's timer)"
                )
            }
            (None, true) => format!("warning: {name}: the dead man's timer is off: {watchdog}"),
            (None, false) => format!("warning: {name}: the venue has no dead man's timer: {watchdog}"),
        }
    };
    let venues = live.venue.iter().filter(|_| live.mode == ModeConfig::Live);
    venues.map(line).collect()
}

/// Why instruments are not quoted where their venue or the journal is the reason, and when they are again; `None` for any other note.
pub(crate) fn of_note(note: &Note, instruments: &[ResolvedInstrument]) -> Option<String> {
    if let Note::Journal(health) = note {
        let names: Vec<_> = instruments.iter().map(|one| one.found.name()).collect();
        return Some(format!("{} ({})", of_journal(*health), names.join(", ")));
    }
    let Note::Access(access) = note else { return None };
    let one = instruments.get(access.instrument.index())?;
    Some(format!("{}: {}", one.found.name(), said(access.state)))
}

/// What the state of a journal means for its shard.
const fn of_journal(health: JournalHealth) -> &'static str {
    match health {
        JournalHealth::Good => "the journal is written again: quoting goes on",
        JournalHealth::Behind => "ALARM: the journal is behind: only orders that reduce leave",
        JournalHealth::Failed => "ALARM: the journal cannot be written: only orders that reduce leave",
    }
}

const fn said(state: AccessState) -> &'static str {
    match state {
        AccessState::Open => "the venue takes orders",
        AccessState::Unseen => "quotes held: orders or fills would not be seen, or are not swept up yet",
        AccessState::Clock => {
            "quotes held: the venue's clock and ours are further apart than live.clock_offset_max"
        }
        AccessState::Rules => {
            "quotes held: tick, lot or state of the instrument at the venue are not those this run began with"
        }
        AccessState::Refused => "quotes held: the venue refuses our key",
    }
}

/// What an operator has to know of a venue's session.
pub(crate) fn of_notice(notice: Notice, now: Nanos) -> String {
    match notice {
        Notice::Halted(code) => {
            format!("the venue refuses our key or its rights (code {code}): nothing more is sent")
        }
        Notice::Silenced(until) => format!(
            "the venue wants no request for {:.1} s (a limit or a ban): until then nothing can be placed or cancelled",
            (until - now).as_secs_f64().max(0.0)
        ),
        Notice::ClockOff => "the venue's clock and ours are too far apart for it to take orders".to_owned(),
        Notice::RulesChanged(_) => {
            "the venue's tick, lot or state of the instrument are not those the run began with".to_owned()
        }
        Notice::NotListed(_) => "the venue does not list the instrument".to_owned(),
        Notice::ReduceOnlyAccount => "the venue lets the account only reduce positions".to_owned(),
        Notice::Configuration(code) => {
            format!("the venue refused what the configuration should have ruled out (code {code})")
        }
        Notice::HedgeMode => {
            "the account is in hedge mode, in which nothing is traded: switch it to one-way mode".to_owned()
        }
        Notice::ShuttingDown => "the venue is about to close the connection".to_owned(),
        Notice::UnknownFeeAsset(_, trade) => {
            format!(
                "the fee of trade {} is in an asset that no instrument has: it is booked as zero",
                trade.0
            )
        }
        Notice::StrayFill(_, trade) => {
            format!(
                "trade {} was at a price between two ticks: it is booked at the tick that is worse for us",
                trade.0
            )
        }
        Notice::OrderLost(_, order) => {
            format!("the venue had our order {} and has lost it: it is taken for ended", order.0)
        }
        Notice::LostOrderTraded(_, order) => {
            format!(
                "ALARM: our order {}, which the venue seemed to have lost, has traded: it is booked",
                order.0
            )
        }
        Notice::UnbookableFill => {
            "a fill that cannot be booked, of another symbol or between two steps: the account is listed anew"
                .to_owned()
        }
        Notice::EventsLost => {
            "news of the account found no room for too long: the account is listed anew".to_owned()
        }
        Notice::TooManyOpenOrders => "more open orders than can be listed".to_owned(),
        Notice::SweepRefused(code) => {
            format!("a request of our account was refused (code {code}): it is repeated")
        }
    }
}
