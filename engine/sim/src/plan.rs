//! What is to go wrong in one run, and when: drawn from its seed before it begins.

use ballast_model::Span;
use ballast_simulator::binance::Market;
use ballast_simulator::faults::refusals;

use crate::dice::Dice;
use crate::fault::{Fault, millis};
use crate::profile::Profile;
use crate::report::State;

/// How long a run has at its beginning, and at its end, in which nothing goes wrong but what is meant for its start.
const QUIET_FIRST: Span = Span::from_secs(20);
/// See [`QUIET_FIRST`]: long enough for everything to be known again.
pub(crate) const QUIET_LAST: Span = Span::from_secs(90);
/// The shortest run.
pub(crate) const LENGTH_MIN: Span = Span::from_secs(150);

/// How much the rings between the loops hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rings {
    /// As configured.
    #[default]
    Roomy,
    /// Little more than what they must: they overflow where a loop does not run for a while.
    Tight,
}

/// Where the engine trades.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Markets {
    /// It quotes USD-M futures.
    #[default]
    One,
    /// It quotes spot, and hedges on USD-M futures.
    Hedged,
}

impl Markets {
    /// Of each venue, in the order of the configuration, what it is.
    pub(crate) const fn venues(self) -> &'static [Market] {
        match self {
            Self::One => &[Market::UsdM],
            Self::Hedged => &[Market::Spot, Market::UsdM],
        }
    }
}

/// What is to go wrong in one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What it was drawn from, and what else is drawn from: market, network, start.
    pub seed: u64,
    /// How long it takes, the end not counted.
    pub length: Span,
    /// Where the engine trades.
    pub markets: Markets,
    /// How much the rings hold.
    pub rings: Rings,
    /// What goes wrong, by time.
    pub faults: Vec<Fault>,
}

/// How a kind is drawn.
#[derive(Clone, Copy, Debug)]
enum Shape {
    /// Hits a part of the messages for a while.
    Messages,
    /// The same, later by an amount.
    Late,
    /// Is done once.
    Once,
    /// Lasts at least and at most so many milliseconds.
    Lasts(i64, i64),
    /// A clock is off for a while, by at most so many milliseconds either way.
    Off(i64),
    /// Another configuration.
    Width,
}

/// Kinds by name, with the channels they may be on.
type Kind = (&'static str, &'static [&'static str], Shape);

const STREAMS: &[&str] = &["market", "user", "api", "all"];
const NOWHERE: &[&str] = &[];

/// Everything that can go wrong while a process goes on, each as likely as any other.
const KINDS: [Kind; 35] = [
    ("gap", &["market"], Shape::Messages),
    ("duplicate", STREAMS, Shape::Messages),
    ("duplicate", &["user"], Shape::Messages),
    ("wrong-pu", &["market"], Shape::Messages),
    ("malformed-json", STREAMS, Shape::Messages),
    ("malformed-frame", STREAMS, Shape::Messages),
    ("stale-snapshot", &["rest"], Shape::Messages),
    ("timeout-executed", &["api"], Shape::Messages),
    ("timeout-lost", &["api"], Shape::Messages),
    ("unavailable-executed", &["api"], Shape::Messages),
    ("unavailable-lost", &["api"], Shape::Messages),
    ("refused", &["api"], Shape::Messages),
    ("refused", &["api"], Shape::Messages),
    ("lost-news", &["user"], Shape::Messages),
    ("unseen-value", &["user", "api"], Shape::Messages),
    ("partial-fills", &["user"], Shape::Messages),
    ("delay", &["market", "user", "api", "rest"], Shape::Late),
    ("late-ack", &["api"], Shape::Late),
    ("disconnect", STREAMS, Shape::Once),
    ("disconnect", &["user"], Shape::Once),
    ("half-open", STREAMS, Shape::Once),
    ("half-open", &["user"], Shape::Once),
    ("listen-key-expiry", &["all"], Shape::Once),
    ("shutdown-notice", &["all"], Shape::Once),
    ("throttle", &["all"], Shape::Lasts(1_000, 20_000)),
    ("ban", &["all"], Shape::Lasts(1_000, 20_000)),
    ("clock-skew", &["all"], Shape::Off(8_000)),
    ("cut-requests", NOWHERE, Shape::Once),
    ("cut-all", NOWHERE, Shape::Once),
    ("connect-refused", NOWHERE, Shape::Lasts(1_000, 30_000)),
    ("connect-hangs", NOWHERE, Shape::Lasts(1_000, 30_000)),
    ("operator-kill", NOWHERE, Shape::Lasts(1_000, 20_000)),
    ("configure", NOWHERE, Shape::Width),
    ("wall-jump", NOWHERE, Shape::Off(5_000)),
    ("shard-stall", NOWHERE, Shape::Lasts(200, 8_000)),
];

/// Those that end the process or stop its disk or its venue's thread: drawn less often, since they cost most.
const HARD: [Kind; 6] = [
    ("crash", NOWHERE, Shape::Lasts(100, 20_000)),
    ("power-loss", NOWHERE, Shape::Lasts(1_000, 20_000)),
    ("stop", NOWHERE, Shape::Lasts(100, 20_000)),
    ("disk-full", NOWHERE, Shape::Lasts(1_000, 20_000)),
    ("venue-stall", NOWHERE, Shape::Lasts(200, 8_000)),
    ("refused-key", &["api"], Shape::Once),
];
/// What follows where loops stall.
pub(crate) const OVERFLOWS: [&str; 2] = ["commands-full", "ring-overflow"];
/// How many of a million faults are of those.
const HARD_PER_MILLION: u64 = 150_000;
/// How many of a million are meant for a moment that is seldom: a start, a restart, an end, or when no order stands.
const AIMED_PER_MILLION: u64 = 350_000;
/// Of the messages in such a moment more are hit: there are few.
const AIMED_PERCENT: (i64, i64) = (30, 100);
const PERCENT: (i64, i64) = (2, 30);
/// How many of a million faults of venues are those of one.
const ONE_VENUE_PER_MILLION: u64 = 500_000;
/// How many of a million worlds have rings that are tight.
const TIGHT_PER_MILLION: u64 = 300_000;

impl Plan {
    /// The plan of a seed; at least two and a half minutes long.
    #[must_use]
    pub fn draw(seed: u64, profile: &Profile, length: Span) -> Self {
        let length = length.max(LENGTH_MIN);
        let hostile = Span(length.0 - QUIET_LAST.0);
        let mut dice = Dice::new(seed, "plan");
        let tight = profile.faults.1 > 0 && dice.falls(TIGHT_PER_MILLION);
        let markets = if dice.falls(profile.hedged_per_million) { Markets::Hedged } else { Markets::One };
        let mut faults = Vec::new();
        let (least, most) = profile.faults;
        let count = least + dice.below(most - least + 1);
        for _ in 0..count {
            let at = whole(dice.span(QUIET_FIRST, hostile));
            let of = if dice.falls(HARD_PER_MILLION) { &HARD[..] } else { &KINDS[..] };
            let nth = usize::try_from(dice.below(of.len() as u64)).unwrap_or_default();
            let Some(kind) = of.get(nth) else { continue };
            let aim = if dice.falls(AIMED_PER_MILLION) { Some(aim(&mut dice)) } else { None };
            let mut fault = drawn(*kind, (at, hostile), aim.is_some(), &mut dice);
            fault.during = aim;
            if fault.act().is_none() && dice.falls(ONE_VENUE_PER_MILLION) {
                let venues = markets.venues().len() as u64;
                fault.venue = usize::try_from(dice.below(venues)).ok();
            }
            match aim {
                // The first start is at the beginning.
                Some(State::Starting) => fault.at = Span::ZERO,
                Some(State::Recovering) => faults.push(restart("crash", at, &mut dice)),
                Some(State::Ending) => faults.push(restart("stop", at, &mut dice)),
                _ => {}
            }
            faults.push(fault);
        }
        faults.sort_by_key(|fault: &Fault| fault.at);
        let rings = if tight { Rings::Tight } else { Rings::Roomy };
        Self { seed, length, markets, rings, faults }
    }
}

/// Names of all that can go wrong, as the coverage table calls them: what is drawn, each refusal by its code, and the rings that overflow.
#[must_use]
pub fn faults() -> Vec<&'static str> {
    let drawn = KINDS.iter().chain(&HARD).map(|(name, ..)| *name).filter(|name| !name.starts_with("refused"));
    let mut names: Vec<_> = drawn.chain(refusals()).chain(OVERFLOWS).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// A moment that is seldom.
const fn aim(dice: &mut Dice) -> State {
    match dice.below(4) {
        0 => State::Starting,
        1 => State::Recovering,
        2 => State::Ending,
        _ => State::Holding,
    }
}

fn restart(kind: &str, at: Span, dice: &mut Dice) -> Fault {
    let lasts = Some(whole(dice.span(Span::from_millis(100), Span::from_secs(5))));
    Fault { kind: kind.to_owned(), at, lasts, ..Fault::default() }
}

fn drawn((name, on, shape): Kind, (at, end): (Span, Span), aimed: bool, dice: &mut Dice) -> Fault {
    let mut fault = Fault { kind: name.to_owned(), at, ..Fault::default() };
    let left = Span(end.0 - at.0).max(Span::from_millis(1));
    let lasts = |from: i64, to: i64, dice: &mut Dice| {
        Some(whole(dice.span(Span::from_millis(from), Span::from_millis(to)).min(left)))
    };
    if !on.is_empty() {
        let nth = usize::try_from(dice.below(on.len() as u64)).unwrap_or_default();
        fault.on = on.get(nth).map(|on| (*on).to_owned());
    }
    let (least, most) = if aimed { AIMED_PERCENT } else { PERCENT };
    let percent = u32::try_from(dice.span(Span(least), Span(most)).0).ok();
    match shape {
        Shape::Messages => {
            fault.lasts = lasts(1_000, 30_000, dice);
            fault.percent = percent;
        }
        Shape::Late => {
            fault.lasts = lasts(1_000, 20_000, dice);
            fault.percent = Some(10);
            fault.by = Some(whole(dice.span(Span::from_millis(20), Span::from_millis(7_000))));
        }
        Shape::Once => {}
        Shape::Lasts(from, to) => fault.lasts = lasts(from, to, dice),
        Shape::Off(most) => {
            fault.lasts = lasts(2_000, 30_000, dice);
            fault.by = Some(whole(dice.span(Span::from_millis(-most), Span::from_millis(most))));
        }
        Shape::Width => fault.width = u32::try_from(dice.below(40)).ok(),
    }
    fault
}

/// Rounded down to whole milliseconds, at least one where it was above nothing.
const fn whole(span: Span) -> Span {
    let millis = millis(span);
    Span::from_millis(if millis == 0 && span.0 > 0 { 1 } else { millis })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::PROFILES;

    #[test]
    fn every_plan_can_be_and_leaves_its_end_quiet() {
        for profile in &PROFILES {
            for seed in 0..300 {
                let plan = Plan::draw(seed, profile, Span::from_secs(600));
                assert_eq!(plan, Plan::draw(seed, profile, Span::from_secs(600)));
                assert!(plan.faults.is_sorted_by_key(|fault| fault.at));
                for fault in &plan.faults {
                    assert_eq!(fault.check(), Ok(()), "{fault:?}");
                    assert!(fault.at.0 <= plan.length.0 - QUIET_LAST.0, "{fault:?}");
                }
            }
        }
    }

    #[test]
    fn every_fault_is_named_once_and_can_be_somewhere() {
        let names = faults();
        assert!(names.len() > 100 && names.is_sorted_by(|one, next| one < next), "{names:?}");
        assert!(
            ["crash", "gap", "refused-4116", "refused-key-2015", "ring-overflow"]
                .iter()
                .all(|name| names.contains(name))
        );
    }

    #[test]
    fn every_kind_is_drawn_and_every_moment_is_meant() {
        let mixed = Profile::named("mixed").unwrap();
        let plans: Vec<_> = (0..300).map(|seed| Plan::draw(seed, mixed, Span::from_secs(600))).collect();
        let all = || plans.iter().flat_map(|plan| &plan.faults);
        for (name, ..) in KINDS.iter().chain(&HARD) {
            assert!(all().any(|fault| fault.kind == *name), "{name}");
        }
        for state in [State::Starting, State::Recovering, State::Ending, State::Holding] {
            assert!(all().any(|fault| fault.during == Some(state)), "{state:?}");
        }
        assert!(plans.iter().any(|plan| plan.rings == Rings::Tight));
        assert!(plans.iter().any(|plan| plan.markets == Markets::Hedged));
    }
}
