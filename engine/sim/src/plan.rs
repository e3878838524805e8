//! What is to go wrong in one run, and when: drawn from its seed before it begins.

use std::fmt::Write as _;

use ballast_model::Span;

use crate::dice::Dice;
use crate::net::Reach;
use crate::profile::Profile;

/// How long a run has at its beginning, and at its end, in which nothing goes wrong.
const QUIET_FIRST: Span = Span::from_secs(20);
/// See [`QUIET_FIRST`]: long enough for everything to be known again.
const QUIET_LAST: Span = Span::from_secs(90);
/// The shortest run.
const LENGTH_MIN: Span = Span::from_secs(150);

/// What whoever drives the world does at its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// The connection for requests is cut.
    CutRequests,
    /// The way to the venue is cut.
    CutAll,
    /// What becomes of connections that are asked for is another.
    Reach(Reach),
    /// An operator kills from outside.
    Kill,
    /// No operator does any more.
    Release,
    /// The configuration is another from now on.
    Configure(u32),
    /// The process is killed, and started again after so long.
    Crash(Span),
    /// Nothing can be written to the disk.
    DiskFails,
    /// It can again.
    DiskHeals,
    /// The wall clock is set forward or back.
    WallJumps(Span),
}

impl Act {
    /// What the fault is called.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CutRequests => "cut-requests",
            Self::CutAll => "cut-all",
            Self::Reach(Reach::Yes) => "reachable",
            Self::Reach(Reach::Refuses) => "connect-refused",
            Self::Reach(Reach::Hangs) => "connect-hangs",
            Self::Kill => "operator-kill",
            Self::Release => "operator-release",
            Self::Configure(_) => "configure",
            Self::Crash(_) => "crash",
            Self::DiskFails => "disk-full",
            Self::DiskHeals => "disk-heals",
            Self::WallJumps(_) => "wall-jump",
        }
    }
}

/// An act and its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// After the beginning.
    pub after: Span,
    /// What.
    pub act: Act,
}

/// What is to go wrong in one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What it was drawn from.
    pub seed: u64,
    /// How long it takes, the end not counted.
    pub length: Span,
    /// Rules for the venue, as a file of them.
    pub rules: String,
    /// What the driver does, by time.
    pub script: Vec<Turn>,
}

/// One kind of fault as it is drawn.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Hits messages of a channel: name, channels, whether it has an amount.
    Messages(&'static str, &'static [&'static str]),
    /// The same, later by an amount.
    Late(&'static str, &'static [&'static str]),
    /// Is done to connections.
    Deed(&'static str, &'static [&'static str]),
    /// Is done to the venue, for a while.
    While(&'static str),
    /// The venue's clock.
    Skew,
    /// By the driver.
    Cut,
    CutAll,
    Unreachable(Reach),
    KillForAWhile,
    Configure,
    Crash,
    Disk,
    WallJump,
}

const STREAMS: &[&str] = &["market", "user", "api", "all"];

/// Everything that can go wrong, each as likely as any other.
const KINDS: [Kind; 30] = [
    Kind::Messages("gap", &["market"]),
    Kind::Messages("duplicate", STREAMS),
    Kind::Messages("duplicate", &["user"]),
    Kind::Messages("wrong-pu", &["market"]),
    Kind::Messages("malformed-json", STREAMS),
    Kind::Messages("malformed-frame", STREAMS),
    Kind::Messages("stale-snapshot", &["rest"]),
    Kind::Messages("timeout-executed", &["api"]),
    Kind::Messages("timeout-lost", &["api"]),
    Kind::Messages("unavailable-executed", &["api"]),
    Kind::Messages("unavailable-lost", &["api"]),
    Kind::Messages("partial-fills", &["user"]),
    Kind::Late("delay", &["market", "user", "api", "rest"]),
    Kind::Late("late-ack", &["api"]),
    Kind::Deed("disconnect", STREAMS),
    Kind::Deed("disconnect", &["user"]),
    Kind::Deed("half-open", STREAMS),
    Kind::Deed("half-open", &["user"]),
    Kind::Deed("listen-key-expiry", &["all"]),
    Kind::Deed("shutdown-notice", &["all"]),
    Kind::While("throttle"),
    Kind::While("ban"),
    Kind::Skew,
    Kind::Cut,
    Kind::CutAll,
    Kind::Unreachable(Reach::Refuses),
    Kind::Unreachable(Reach::Hangs),
    Kind::KillForAWhile,
    Kind::Configure,
    Kind::WallJump,
];

/// Those that end the process or stop its disk: drawn less often, since they cost most.
const HARD: [Kind; 2] = [Kind::Crash, Kind::Disk];
/// How many of a million faults are of those.
const HARD_PER_MILLION: u64 = 120_000;

impl Plan {
    /// The plan of a seed; at least two and a half minutes long.
    #[must_use]
    pub fn draw(seed: u64, profile: &Profile, length: Span) -> Self {
        let length = length.max(LENGTH_MIN);
        let hostile = Span(length.0 - QUIET_LAST.0);
        let mut dice = Dice::new(seed, "plan");
        let mut drawn = Drawn { rules: format!("seed = {}\n", dice.draw() >> 1), script: Vec::new() };
        let (least, most) = profile.faults;
        let count = least + dice.below(most - least + 1);
        for _ in 0..count {
            let at = dice.span(QUIET_FIRST, hostile);
            let of = if dice.falls(HARD_PER_MILLION) { &HARD[..] } else { &KINDS[..] };
            let nth = usize::try_from(dice.below(of.len() as u64)).unwrap_or_default();
            if let Some(kind) = of.get(nth) {
                drawn.add(*kind, at, hostile, &mut dice);
            }
        }
        let Drawn { rules, mut script } = drawn;
        script.sort_by_key(|turn| turn.after);
        Self { seed, length, rules, script }
    }
}

struct Drawn {
    rules: String,
    script: Vec<Turn>,
}

impl Drawn {
    fn add(&mut self, kind: Kind, at: Span, end: Span, dice: &mut Dice) {
        let left = Span(end.0 - at.0).max(Span::from_millis(1));
        let secs = |from: i64, to: i64| (Span::from_secs(from), Span::from_secs(to));
        let mut lasts = |(from, to): (Span, Span)| dice.span(from, to).min(left);
        match kind {
            Kind::Messages(name, on) => {
                let lasts = lasts(secs(1, 30));
                let rate = dice.span(Span(2), Span(30)).0;
                let more = format!("for = \"{}ms\"\nrate = 0.{rate:02}\n", millis(lasts));
                self.rule(name, pick(on, dice), at, &more);
            }
            Kind::Late(name, on) => {
                let lasts = lasts(secs(1, 20));
                let by = dice.span(Span::from_millis(20), Span::from_millis(7_000));
                let more = format!("for = \"{}ms\"\nrate = 0.1\nby = \"{}ms\"\n", millis(lasts), millis(by));
                self.rule(name, pick(on, dice), at, &more);
            }
            Kind::Deed(name, on) => self.rule(name, pick(on, dice), at, ""),
            Kind::While(name) => {
                let more = format!("for = \"{}ms\"\n", millis(lasts(secs(1, 20))));
                self.rule(name, "all", at, &more);
            }
            Kind::Skew => {
                let lasts = lasts(secs(2, 30));
                let by = dice.span(Span::from_millis(-8_000), Span::from_millis(8_000));
                let more = format!("for = \"{}ms\"\nby = \"{}ms\"\n", millis(lasts), millis(by));
                self.rule("clock-skew", "all", at, &more);
            }
            Kind::Cut => self.act(at, Act::CutRequests),
            Kind::CutAll => self.act(at, Act::CutAll),
            Kind::Unreachable(reach) => {
                self.act(at, Act::CutAll);
                self.pair(at, lasts(secs(1, 30)), Act::Reach(reach), Act::Reach(Reach::Yes));
            }
            Kind::KillForAWhile => self.pair(at, lasts(secs(1, 20)), Act::Kill, Act::Release),
            Kind::Configure => {
                let width = u32::try_from(dice.below(40)).unwrap_or_default();
                self.act(at, Act::Configure(width));
            }
            Kind::Crash => {
                let down = lasts((Span::from_millis(100), Span::from_secs(20)));
                self.act(at, Act::Crash(down));
            }
            Kind::Disk => self.pair(at, lasts(secs(1, 20)), Act::DiskFails, Act::DiskHeals),
            Kind::WallJump => {
                let by = dice.span(Span::from_millis(-5_000), Span::from_millis(5_000));
                self.pair(at, left.min(Span::from_secs(20)), Act::WallJumps(by), Act::WallJumps(Span::ZERO));
            }
        }
    }

    fn rule(&mut self, kind: &str, on: &str, at: Span, more: &str) {
        // Writing to a string does not fail.
        let _ = write!(
            self.rules,
            "[[fault]]\nkind = \"{kind}\"\non = \"{on}\"\nat = \"{}ms\"\n{more}",
            millis(at)
        );
    }

    fn act(&mut self, after: Span, act: Act) {
        self.script.push(Turn { after, act });
    }

    fn pair(&mut self, at: Span, lasts: Span, begin: Act, end: Act) {
        self.act(at, begin);
        self.act(Span(at.0 + lasts.0), end);
    }
}

fn pick(of: &[&'static str], dice: &mut Dice) -> &'static str {
    let nth = usize::try_from(dice.below(of.len() as u64)).unwrap_or_default();
    of.get(nth).copied().unwrap_or("all")
}

const fn millis(span: Span) -> i64 {
    span.0 / 1_000_000
}

#[cfg(test)]
mod tests {
    use ballast_simulator::faults::FaultsFile;

    use super::*;
    use crate::profile::PROFILES;

    #[test]
    fn every_plan_can_be_read_and_leaves_its_end_quiet() {
        for profile in &PROFILES {
            for seed in 0..200 {
                let plan = Plan::draw(seed, profile, Span::from_secs(600));
                FaultsFile::parse(&plan.rules).unwrap();
                assert_eq!(plan, Plan::draw(seed, profile, Span::from_secs(600)));
                assert!(
                    plan.script.iter().all(|turn| turn.after.0 <= plan.length.0 - QUIET_LAST.0),
                    "{plan:?}"
                );
                assert!(plan.script.is_sorted_by_key(|turn| turn.after));
            }
        }
    }
}
