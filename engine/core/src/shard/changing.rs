//! Another configuration while the shard runs: what may change is built outside ([`Change`]) and handed over, and takes effect with
//! the last part of the text it was built from ([`ballast_model::ConfigPart`]), between two inputs.
//!
//! Nothing is allocated by the event: what was built changes places with what was in force. What was estimated or counted goes on
//! where its own numbers are the same, else it begins anew: model, fair value, volatility, arrivals, shaping. Orders, ledgers,
//! halts, losses and rates go on in any case, and no change opens what is closed. Orders that stand and that the new limits forbid
//! are cancelled, and every instrument that is quoted otherwise is decided anew.
//!
//! A text that nothing was handed over for changes nothing, and is noted.
//!
//! Never here: a text, a limit.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Debug, Display};

use ballast_model::{ConfigPart, Digest, Last, Money, Nanos, Rate};

use super::lane::Lane;
use super::quoter::{Keeps, Quoter};
use super::{ExitSpec, LaneError, LaneSpec, QuotingSpec, RiskSpec, Shard, ShardSpec, ids};
use crate::gate::portfolio::{CreditLimits, ExposureLimits, Portfolio, StrategySpec};
use crate::gate::{Controls, Gate, LossLimits};
use crate::outbox::{Note, Outbox};

/// Changes that may wait in a shard before memory is asked for anew.
const HANDED: usize = 4;

/// Why a shard cannot change so while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeError {
    /// No shard can be built so; with the instrument's index.
    Build(usize, LaneError),
    /// There are other instruments, or other parts of the shard, than before.
    Parts(&'static str),
    /// Something of the instrument with this index is laid out at the start.
    Lane(usize, &'static str),
}

impl Display for ChangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Build(_, error) => Display::fmt(error, f),
            Self::Parts(what) | Self::Lane(_, what) => write!(f, "{what} cannot change while running"),
        }
    }
}

impl core::error::Error for ChangeError {}

/// What is in force of an instrument after a change, and before it once that is done.
#[derive(Debug)]
struct NextLane {
    /// Something of it is otherwise.
    changed: bool,
    quoter: Option<Quoter>,
    keeps: Keeps,
    gate: Option<Gate>,
    exits: Option<ExitSpec>,
}

/// What another configuration makes of a shard, built and not yet in force.
#[derive(Debug)]
pub struct Change {
    key: u64,
    lanes: Vec<NextLane>,
    /// `None` where nothing of it is otherwise.
    portfolio: Option<Portfolio>,
}

impl Change {
    /// What leads from a shard as `before` says to one as `after` does; `key` is that of the text ([`ConfigPart::key_of`]).
    ///
    /// # Errors
    /// What cannot be, or cannot change while running.
    pub fn new(before: &ShardSpec, after: &ShardSpec, key: u64) -> Result<Self, ChangeError> {
        check_parts(before, after)?;
        let next = Shard::new(after).map_err(|(index, error)| ChangeError::Build(index, error))?;
        let specs = before.lanes.iter().zip(&after.lanes);
        let lane = |(lane, (before, after)): (Lane, (&LaneSpec, &LaneSpec))| {
            let (was, is) = (before.quoting.as_ref(), after.quoting.as_ref());
            NextLane {
                changed: !same(before, after),
                keeps: was.zip(is).map_or(Keeps::default(), |(was, is)| keeps(was, is)),
                exits: is.and_then(|quoting| quoting.exits),
                quoter: lane.quoter,
                gate: lane.orders.gate,
            }
        };
        let changed = !same(&before.portfolio, &after.portfolio);
        Ok(Self {
            key,
            lanes: next.lanes.into_iter().zip(specs).map(lane).collect(),
            portfolio: next.risk.map(|risk| risk.portfolio).filter(|_| changed),
        })
    }
}

/// A text on its way in, and what was handed over for it.
#[derive(Debug)]
pub(super) struct Changing {
    /// Parts of a text so far.
    parts: u32,
    digest: Digest,
    /// Handed over and not yet in force, in order.
    handed: VecDeque<Change>,
    /// What the last changes took the place of.
    used: Vec<Change>,
    /// Changes so far, and the key of the text in force; zero where it is still the first.
    count: u64,
    key: u64,
}

impl Changing {
    pub(super) fn new() -> Self {
        let (handed, used) = (VecDeque::with_capacity(HANDED), Vec::with_capacity(HANDED));
        Self { parts: 0, digest: Digest::new(), handed, used, count: 0, key: 0 }
    }

    /// Takes a part; the key of the text once it is whole. Parts of which one is missing are no text.
    fn part(&mut self, part: &ConfigPart) -> Option<Option<u64>> {
        if part.part == 0 {
            (self.parts, self.digest) = (0, Digest::new());
        }
        let follows = u32::from(part.part) == self.parts;
        self.parts = if follows { self.parts + 1 } else { u32::MAX };
        self.digest.bytes(part.used());
        (part.last == Last::Yes).then(|| {
            let whole = self.parts != u32::MAX;
            self.parts = 0;
            whole.then_some(self.digest.value())
        })
    }

    /// Takes into a digest what came in; nothing where nothing did.
    pub(super) fn digest(&self, digest: &mut Digest) {
        if self.parts > 0 {
            digest.word(self.parts.into());
            digest.word(self.digest.value());
        }
        if self.count > 0 {
            digest.word(self.count);
            digest.word(self.key);
        }
    }
}

impl Shard {
    /// Hands over what a text that will come in makes of the shard. To be called between two events; several are used in their
    /// order.
    pub fn hand(&mut self, change: Change) {
        self.changing.handed.push_back(change);
        // Each leaves something behind.
        let left = self.changing.handed.len();
        self.changing.used.reserve(left);
    }

    /// What is left of a change that is done, or was never asked for: to be dropped where there is time.
    pub fn take_used(&mut self) -> Option<Change> {
        self.changing.used.pop()
    }

    /// What was handed over last and is not in force.
    pub fn take_unused(&mut self) -> Option<Change> {
        self.changing.handed.pop_back()
    }

    /// The key of the text in force; `None` where the configuration is still that of the start.
    #[must_use]
    pub const fn configured(&self) -> Option<u64> {
        if self.changing.count > 0 { Some(self.changing.key) } else { None }
    }

    /// Takes part of a text. With the last one the change takes effect that was handed over for it.
    pub(super) fn on_config(&mut self, part: &ConfigPart, now: Nanos, out: &mut Outbox) {
        let Some(whole) = self.changing.part(part) else { return };
        let change = whole.and_then(|key| {
            while let Some(change) = self.changing.handed.pop_front() {
                if change.key == key {
                    return Some(change);
                }
                // Its text never came.
                self.changing.used.push(change);
            }
            None
        });
        let Some(mut change) = change else {
            out.note(Note::Configured(Configured::Unknown));
            return;
        };
        out.note(Note::Configured(Configured::Changed));
        self.changing.count += 1;
        self.changing.key = change.key;
        self.adopt(&mut change, now, out);
        self.changing.used.push(change);
        // What was forgotten here must be forgotten in what carries over too.
        out.latch();
    }

    fn adopt(&mut self, change: &mut Change, now: Nanos, out: &mut Outbox) {
        let others = change.portfolio.is_some();
        if let (Some(risk), Some(next)) = (&mut self.risk, &change.portfolio) {
            risk.portfolio.adopt(next, now);
        }
        for (id, next) in ids(self.lanes.len()).zip(&mut change.lanes) {
            if next.changed {
                self.hear(id, now, out, |lane, turn| {
                    lane.adopt(next, now);
                    lane.on_adjusted(turn);
                    false
                });
            }
        }
        // All limits are in force before any order is held against them.
        for (id, next) in ids(self.lanes.len()).zip(&change.lanes) {
            if next.changed || others {
                self.hear(id, now, out, |lane, turn| {
                    lane.doom(turn);
                    false
                });
            }
        }
        for (id, next) in ids(self.lanes.len()).zip(&change.lanes) {
            self.tell(id, now, out, |lane, _| (next.changed || others) && lane.quoter.is_some());
        }
        self.spread_halt(now, out);
        self.hedge(now, out);
        self.finish(now, out);
    }
}

/// What became of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Configured {
    /// It is in force.
    Changed,
    /// Nothing was built from it, or not all of it came: nothing has changed.
    Unknown,
}

impl Configured {
    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Unknown => "unknown",
        }
    }
}

impl Lane {
    fn adopt(&mut self, next: &mut NextLane, now: Nanos) {
        if let (Some(quoter), Some(next_quoter)) = (&mut self.quoter, &mut next.quoter) {
            quoter.adopt(next_quoter, next.keeps);
        }
        if let (Some(gate), Some(next_gate)) = (&mut self.orders.gate, &next.gate) {
            gate.adopt(next_gate, now);
        }
        if let (Some(exits), Some(spec)) = (&mut self.exits, next.exits) {
            exits.adopt(spec);
        }
    }

    /// Has the orders cancelled that stand and that the limits forbid as they are now. Those that can only reduce stay.
    fn doom(&mut self, turn: &mut super::Turn<'_>) {
        let position = self.ledger.position();
        let reference = self.market.touch().map(|touch| touch.mid());
        let risk = turn.risk.as_deref();
        let exceeded = risk.is_some_and(|risk| risk.portfolio.is_exceeded(self.id()));
        self.orders.doom(position, reference, exceeded);
        self.orders.settle(turn);
    }
}

/// Whether two say the same.
fn same(one: &impl Debug, other: &impl Debug) -> bool {
    words(one) == words(other)
}

fn words(one: &impl Debug) -> String {
    format!("{one:?}")
}

/// What goes on as it was.
fn keeps(was: &QuotingSpec, is: &QuotingSpec) -> Keeps {
    Keeps {
        model: same(&was.model, &is.model),
        fair: was.fair == is.fair,
        volatility: was.volatility == is.volatility,
        intensity: was.intensity == is.intensity,
        shaping: same(&was.shaping, &is.shaping),
        trigger: was.trigger == is.trigger,
    }
}

/// Refuses what is laid out at the start.
fn check_parts(before: &ShardSpec, after: &ShardSpec) -> Result<(), ChangeError> {
    let parts = |what| Err(ChangeError::Parts(what));
    if before.lanes.len() != after.lanes.len() || before.epoch != after.epoch {
        return parts("the list of instruments");
    }
    for (index, (before, after)) in before.lanes.iter().zip(&after.lanes).enumerate() {
        check_lane(before, after).map_err(|what| ChangeError::Lane(index, what))?;
    }
    if !same(&before.hedges, &after.hedges) {
        return parts("the hedge");
    }
    if !same(&before.arbitrage, &after.arbitrage) {
        return parts("the watch for arbitrage");
    }
    let fixed = |spec: &ShardSpec| words(&spec.portfolio.clone().map(fixed_risk));
    if fixed(before) != fixed(after) {
        return parts("what holds the instruments together, but for the numbers of limits that are set");
    }
    Ok(())
}

/// What of an instrument is laid out at the start, the first that is otherwise.
fn check_lane(before: &LaneSpec, after: &LaneSpec) -> Result<(), &'static str> {
    let facts = |lane: &LaneSpec| words(&(lane.spec, lane.book, lane.sweep, lane.hedge_limits.is_some()));
    if facts(before) != facts(after) {
        return Err("its grid, its contract, or when the venue is asked about its orders");
    }
    let controls = |lane: &LaneSpec| Controls { loss: lane.controls.loss.map(fixed_loss), ..lane.controls };
    if controls(before) != controls(after) {
        return Err("the controls of its gate, but for the numbers of its losses");
    }
    let limits = |lane: &LaneSpec| {
        let own = lane.quoting.as_ref().map(|quoting| quoting.limits);
        own.or(lane.hedge_limits).map(|limits| limits.open_orders_max)
    };
    if limits(before) != limits(after) {
        return Err("the most orders it may have open");
    }
    let (Some(was), Some(is)) = (&before.quoting, &after.quoting) else {
        let same = before.quoting.is_none() && after.quoting.is_none();
        return if same { Ok(()) } else { Err("whether it is quoted") };
    };
    if was.hedged_on != is.hedged_on || !same(&was.blend, &is.blend) {
        return Err("the other instruments it is quoted from");
    }
    if was.exits.is_some() != is.exits.is_some() {
        return Err("whether its position has exits");
    }
    if called(was) != called(is) {
        return Err("what its inventory calls for beside quotes");
    }
    Ok(())
}

/// What an inventory calls for beside quotes, and whether quotes read other venues: others follow that.
fn called(quoting: &QuotingSpec) -> (Option<String>, bool) {
    let shaping = quoting.shaping.as_ref();
    let calls = shaping.filter(|shaping| shaping.shaper.inventory.calls());
    let calls = calls.map(|shaping| words(&(shaping.shaper.inventory, shaping.liquidation_protection)));
    (calls, shaping.is_some_and(|shaping| shaping.shaper.adjust.venues.is_some()))
}

/// Losses without the numbers that may change: which are limited stays.
fn fixed_loss(loss: LossLimits) -> LossLimits {
    let set = |limit: Option<Money>| limit.map(|_| Money::ZERO);
    LossLimits {
        realised_max: set(loss.realised_max),
        unrealised_max: set(loss.unrealised_max),
        drawdown_max: set(loss.drawdown_max),
        ..loss
    }
}

fn fixed_exposure(exposure: ExposureLimits) -> ExposureLimits {
    let set = |limit: Option<Money>| limit.map(|_| Money::ZERO);
    ExposureLimits {
        net_max: set(exposure.net_max),
        gross_max: set(exposure.gross_max),
        open_max: set(exposure.open_max),
    }
}

fn fixed_credit(credit: CreditLimits) -> CreditLimits {
    let set = |limit: Option<Rate>| limit.map(|_| Rate(0));
    CreditLimits {
        credit_max: credit.credit_max.map(|_| Money::ZERO),
        credit_share_max: set(credit.credit_share_max),
        leverage_max: set(credit.leverage_max),
        maintenance_share_max: set(credit.maintenance_share_max),
    }
}

/// A portfolio without the numbers that may change: which limits are set stays, as what is summed for them does.
fn fixed_risk(mut risk: RiskSpec) -> RiskSpec {
    risk.exposure = fixed_exposure(risk.exposure);
    risk.credit = fixed_credit(risk.credit);
    risk.loss = fixed_loss(risk.loss);
    risk.assets.iter_mut().for_each(|asset| asset.exposure = fixed_exposure(asset.exposure));
    for venue in &mut risk.venues {
        venue.exposure = fixed_exposure(venue.exposure);
        venue.credit = fixed_credit(venue.credit);
    }
    for StrategySpec { exposure, loss } in &mut risk.strategies {
        (*exposure, *loss) = (fixed_exposure(*exposure), fixed_loss(*loss));
    }
    risk
}
