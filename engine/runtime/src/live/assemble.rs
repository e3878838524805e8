//! From a configuration and what the venues say to loops: which shard decides on what, and who is joined to whom by rings.

use std::path::Path;

use ballast_core::gate::GateLimits;
use ballast_core::shard::Shard;
use ballast_exchange::{InstrumentRules, TapeVenue, TierSpec, VenueSpec, WalletSpec};
use ballast_json::Capability;
use ballast_model::{BudgetGrant, Event, Grant, InstrumentId};
use ballast_venue::binance::{InstrumentFeed, MarketConfig, MarketSession};

use super::facts::{Fact, Filters};
use super::order_share::{OrderShare, Slowed};
use super::parts::Part;
use super::rings::{Ends, Numbers, RingSizes, ShardEnds, VenueEnds};
use super::start::Seat;
use crate::capture::Instrument;
use crate::config::{
    Config, ConfigError, FoundInstrument, LiveConfig, LiveVenueConfig, Quoted, Resolved, ResolvedInstrument,
    Resolver, ShardsConfig, TRADE_SOURCE, resolve,
};
use crate::job::{JobError, build_core};
use crate::journal::{Meta, MetaFeed, RUN_MAX, Recovery, epoch_of};

/// What the venues of a run say, by venue of the configuration.
pub type Told = Vec<Vec<Fact>>;

/// A shard before it has a loop.
#[derive(Debug)]
pub struct ShardAssembly {
    /// The core.
    pub shard: Shard,
    /// Its instruments, by its numbers.
    pub instruments: Vec<ResolvedInstrument>,
    /// What its journal must say.
    pub meta: Meta,
    /// The venue of each instrument.
    pub route: Vec<usize>,
    /// Its ends of the rings, by venue.
    pub ends: Vec<ShardEnds>,
    /// What it is granted before anything else.
    pub grants: Vec<Event>,
    /// What it goes on from; `None` where there is nothing.
    pub past: Option<Recovery>,
}

/// A venue before it has a loop.
#[derive(Debug)]
pub struct VenueAssembly {
    /// Its session.
    pub market: MarketSession,
    /// What simulates its fills.
    pub paper: TapeVenue,
    /// Its ends of the rings, by shard.
    pub ends: Vec<VenueEnds>,
    /// Which shard decides on what.
    pub numbers: Numbers,
    /// Its instruments, by its numbers.
    pub instruments: Vec<FoundInstrument>,
}

/// All that runs, not yet running.
#[derive(Debug)]
pub struct Assembly {
    /// By shard.
    pub shards: Vec<ShardAssembly>,
    /// By venue of the configuration.
    pub venues: Vec<VenueAssembly>,
    /// Where each instrument is decided on.
    pub seats: Vec<Seat>,
    /// Names of assets.
    pub assets: Vec<String>,
    /// Throttles that were lowered to what the venues take, or would have to be.
    pub slowed: Vec<Slowed>,
}

/// One instrument and where it belongs.
struct Placed {
    resolved: ResolvedInstrument,
    venue: usize,
    shard: usize,
    /// Its number there.
    of_shard: InstrumentId,
}

/// The epoch of a shard in a run.
fn epoch(run: u32, shard: usize) -> u32 {
    epoch_of(run, u16::try_from(shard).unwrap_or(u16::MAX))
}

/// Puts together what a configuration asks for. `run` numbers the runs that go on from each other, from one on: no order id of one
/// is another's.
///
/// # Errors
/// [`JobError`], naming the place and the rule.
pub fn assemble(
    config: &Config,
    path: &Path,
    live: &LiveConfig,
    told: &Told,
    run: u32,
) -> Result<Assembly, JobError> {
    let seen: Vec<_> = told.iter().flatten().map(|fact| fact.seen.clone()).collect();
    let mut filters: Vec<_> = told.iter().flatten().map(|fact| fact.filters).collect();
    let (mut found, resolver) = resolve(config, path.to_owned(), &seen)?;
    for (found, filters) in found.iter_mut().zip(&filters) {
        found.spec = filters.narrow(found.spec).map_err(|error| ConfigError::Rule {
            path: path.to_owned(),
            line: None,
            key: found.name(),
            rule: format!("under the venue's filters: {error}"),
        })?;
    }
    let slowed = divide_orders(&resolver, told, &mut found, &mut filters)?;
    let venues = told.iter().enumerate().flat_map(|(venue, facts)| facts.iter().map(move |_| venue));
    let mids = told.iter().flatten().map(|fact| fact.mid);
    let of_shards = match live.shards {
        ShardsConfig::One => vec![0; found.len()],
        ShardsConfig::ByAsset => shards_of(&found),
    };
    let mut counts = vec![0_u16; 1 + of_shards.iter().copied().max().unwrap_or_default()];
    numbered(config, path, run, counts.len())?;
    let placed: Vec<_> = found
        .into_iter()
        .zip(mids)
        .zip(venues.zip(of_shards))
        .filter_map(|((found, mid), (venue, shard))| {
            let count = counts.get_mut(shard)?;
            let of_shard = InstrumentId(*count);
            *count += 1;
            let resolved = ResolvedInstrument { found, reference: Some(mid) };
            Some(Placed { resolved, venue, shard, of_shard })
        })
        .collect();
    let mut joined =
        Joined { config, path, live, run, resolver: &resolver, placed: &placed, built: Vec::new() };
    let sizes = RingSizes { public: live.rings.public, private: live.rings.private, commands: 0 };
    let mut shards = Vec::new();
    for shard in 0..counts.len() {
        let mut one = joined.shard(shard)?;
        let only = placed.iter().zip(0..).filter(|(placed, _)| placed.shard == shard).map(|(_, index)| index);
        let all = Meta::new(config, path, &seen, &placed_all(&placed), joined.feeds(shard));
        let only = (counts.len() > 1).then(|| only.collect());
        let part = joined.part(shard)?.map(|part| (part.shard, part.share.0));
        one.meta = Meta { filters: filters.clone(), only, part, epoch: Some(epoch(run, shard)), ..all };
        shards.push(one);
    }
    let mut venues = live
        .venue
        .iter()
        .enumerate()
        .map(|(venue, asked)| joined.venue(venue, asked))
        .collect::<Result<Vec<_>, _>>()?;
    for shard in &mut shards {
        // What one event leads to must fit while what the one before led to has not left.
        let commands = 4 * shard.shard.commands_per_event_max().max(16);
        for venue in &mut venues {
            let ends = Ends::new(RingSizes { commands, ..sizes });
            venue.ends.push(ends.venue);
            shard.ends.push(ends.shard);
        }
    }
    Ok(Assembly { shards, venues, seats: seats(&placed), assets: resolver.assets().to_vec(), slowed })
}

/// Whether an epoch can number the run beside the shard.
fn numbered(config: &Config, path: &Path, run: u32, shards: usize) -> Result<(), ConfigError> {
    if shards < 2 || run <= RUN_MAX {
        return Ok(());
    }
    let rule = format!("run {run} of several shards: an epoch numbers {RUN_MAX}; begin in an empty folder");
    Err(config.rule(path, "live.shards", &rule))
}

/// Gives each instrument that sends orders its share of its venue's counts of them; which throttles that lowers.
fn divide_orders(
    resolver: &Resolver<'_>,
    told: &Told,
    found: &mut [FoundInstrument],
    filters: &mut [Filters],
) -> Result<Vec<Slowed>, JobError> {
    let mids = told.iter().flatten().map(|fact| fact.mid);
    let all: Vec<_> = found
        .iter()
        .zip(mids)
        .map(|(found, mid)| ResolvedInstrument { found: found.clone(), reference: Some(mid) })
        .collect();
    let lanes = resolver.build(&all, Quoted::Yes)?.shard.lanes;
    let limits: Vec<Option<GateLimits>> = lanes
        .iter()
        .map(|lane| lane.quoting.as_ref().map(|quoting| quoting.limits).or(lane.hedge_limits))
        .collect();
    let mut slowed = Vec::new();
    let mut lanes = limits.iter().zip(found).zip(filters);
    for facts in told {
        let venue: Vec<_> = facts.iter().zip(lanes.by_ref()).collect();
        let sending = venue.iter().filter(|(_, ((limits, _), _))| limits.is_some()).count();
        let sending = u32::try_from(sending).unwrap_or(u32::MAX);
        for (fact, ((limits, found), filters)) in venue {
            let Some(limits) = limits else { continue };
            let share = OrderShare { windows: fact.orders, lanes: sending };
            slowed.extend(Slowed::of(&found.name(), &share, limits));
            let counts = fact.orders.iter().any(Option::is_some);
            (found.orders, filters.orders) = (counts.then_some(share), counts.then_some(share));
        }
    }
    Ok(slowed)
}

fn seats(placed: &[Placed]) -> Vec<Seat> {
    let nth = |at: usize, venue| placed.iter().take(at).filter(|other| other.venue == venue).count();
    let seat = |(at, placed): (usize, &Placed)| {
        let &Placed { venue, shard, of_shard, .. } = placed;
        let of_venue = InstrumentId(u16::try_from(nth(at, venue)).unwrap_or(u16::MAX));
        Seat { venue, of_venue, shard, of_shard }
    };
    placed.iter().enumerate().map(seat).collect()
}

fn placed_all(placed: &[Placed]) -> Vec<ResolvedInstrument> {
    placed.iter().map(|one| one.resolved.clone()).collect()
}

/// What is put together, and from what.
struct Joined<'a> {
    config: &'a Config,
    path: &'a Path,
    live: &'a LiveConfig,
    run: u32,
    resolver: &'a Resolver<'a>,
    placed: &'a [Placed],
    /// By shard.
    built: Vec<Resolved>,
}

impl Joined<'_> {
    fn of_shard(&self, shard: usize) -> impl Iterator<Item = &Placed> {
        self.placed.iter().filter(move |placed| placed.shard == shard)
    }

    fn shard(&mut self, shard: usize) -> Result<ShardAssembly, JobError> {
        let instruments: Vec<_> = self.of_shard(shard).map(|placed| placed.resolved.clone()).collect();
        let route = self.of_shard(shard).map(|placed| placed.venue).collect();
        let mut built = self.resolver.build(&instruments, Quoted::Yes)?;
        let epoch = epoch(self.run, shard);
        built.shard.epoch = epoch;
        let part = self.part(shard)?;
        if let Some(part) = part {
            part.own(&mut built, self.resolver.assets());
        }
        let core = build_core(&built, &instruments)?;
        let meta = Meta::new(self.config, self.path, &[], &instruments, Vec::new());
        let grant = |whole: BudgetGrant| match part {
            Some(part) => part.granted(whole, epoch),
            None => BudgetGrant { grant: Grant { epoch, ..whole.grant }, ..whole },
        };
        let grants = self.resolver.grants().into_iter().map(grant).map(Event::Grant).collect();
        self.built.push(built);
        Ok(ShardAssembly { shard: core, instruments, meta, route, ends: Vec::new(), grants, past: None })
    }

    /// What a shard owns of limits that it shares.
    fn part(&self, shard: usize) -> Result<Option<Part>, JobError> {
        let shards = 1 + self.placed.iter().map(|placed| placed.shard).max().unwrap_or_default();
        let rule = |rule| self.config.rule(self.path, "live.parts", &rule);
        Ok(Part::of(self.live, shard, shards).map_err(|broken: String| rule(broken))?)
    }

    /// What carries the markets of a shard.
    fn feeds(&self, shard: usize) -> Vec<MetaFeed> {
        let of_venue = |venue| self.of_shard(shard).filter(move |placed| placed.venue == venue);
        let feed = |venue| MetaFeed {
            instruments: of_venue(venue).map(|placed| placed.of_shard.0).collect(),
            clocks: Vec::new(),
        };
        (0..self.live.venue.len()).map(feed).collect()
    }

    fn venue(&self, venue: usize, asked: &LiveVenueConfig) -> Result<VenueAssembly, JobError> {
        let its: Vec<_> = self.placed.iter().filter(|placed| placed.venue == venue).collect();
        let numbers = Numbers::new(its.iter().map(|placed| (placed.shard, placed.of_shard)).collect());
        let feeds: Vec<_> = (0..)
            .map(InstrumentId)
            .zip(&its)
            .map(|(id, placed)| {
                let Instrument { symbol, tick, lot, .. } = &placed.resolved.found.instrument;
                InstrumentFeed { id, symbol, tick: *tick, lot: *lot }
            })
            .collect();
        let market = MarketSession::new(&MarketConfig {
            market: asked.market(),
            instruments: &feeds,
            trade_source: TRADE_SOURCE,
            copies: asked.market_connections(),
            capability: Capability::detect(),
        });
        let rule = |rule: String| ConfigError::Rule {
            path: self.path.to_owned(),
            line: None,
            key: format!("live.venue.{venue}"),
            rule,
        };
        let mut market = market.map_err(|error| rule(error.to_string()))?;
        market.pass_over_strays();
        let paper = self.paper(&its, &numbers).ok_or_else(|| rule("no shard decides on it".to_owned()))?;
        let paper = TapeVenue::new(&paper)?;
        let instruments = its.iter().map(|placed| placed.resolved.found.clone()).collect();
        Ok(VenueAssembly { market, paper, ends: Vec::new(), numbers, instruments })
    }

    /// The simulated venue of some instruments, under the venue's numbers.
    fn paper(&self, its: &[&Placed], numbers: &Numbers) -> Option<VenueSpec> {
        let rules = |placed: &&Placed| -> Option<InstrumentRules> {
            self.built.get(placed.shard)?.venue.instruments.get(placed.of_shard.index()).copied()
        };
        let here = |shard: usize, ids: &[InstrumentId]| -> Vec<InstrumentId> {
            ids.iter().filter_map(|id| numbers.at_venue(shard, *id)).collect()
        };
        let mut tiers: Vec<TierSpec> = Vec::new();
        let mut wallet: Option<WalletSpec> = None;
        for (shard, built) in self.built.iter().enumerate() {
            for tier in &built.venue.tiers {
                let instruments = here(shard, &tier.instruments);
                if !instruments.is_empty() {
                    tiers.push(TierSpec { instruments, ..tier.clone() });
                }
            }
            if let Some(its) = &built.venue.wallet {
                let whole = wallet.get_or_insert_with(|| WalletSpec {
                    balances: its.balances.clone(),
                    ..WalletSpec::default()
                });
                whole.instruments.extend(here(shard, &its.instruments));
            }
        }
        let wallet = wallet.filter(|wallet| !wallet.instruments.is_empty());
        let instruments = its.iter().filter_map(rules).collect();
        let base = &self.built.first()?.venue;
        Some(VenueSpec { instruments, tiers, wallet, ..base.clone() })
    }
}

/// Currencies that join nothing: what is traded for them has nothing else in common.
const CASH: [&str; 10] = ["USDT", "USDC", "FDUSD", "BUSD", "TUSD", "USD", "EUR", "GBP", "TRY", "BRL"];

/// Whether an asset joins nothing: several shards may trade for it.
pub(super) fn is_cash(asset: &str) -> bool {
    CASH.contains(&asset)
}

/// The shard of each instrument: those that have an asset besides cash in common, over however many others, belong together.
fn shards_of(found: &[FoundInstrument]) -> Vec<usize> {
    let assets = |one: &FoundInstrument| -> Vec<String> {
        [&one.base, &one.quote].into_iter().filter(|asset| !is_cash(asset)).cloned().collect()
    };
    let mut shards: Vec<(Vec<String>, Vec<usize>)> = Vec::new();
    for (index, one) in found.iter().enumerate() {
        let mut all = (assets(one), vec![index]);
        let joined = shards.extract_if(.., |(known, _)| known.iter().any(|asset| all.0.contains(asset)));
        let joined: Vec<_> = joined.collect();
        for (known, members) in joined {
            all.0.extend(known);
            all.1.extend(members);
        }
        shards.push(all);
    }
    shards.sort_by_key(|(_, members)| members.iter().min().copied());
    let shard = |index| shards.iter().position(|(_, members)| members.contains(&index)).unwrap_or_default();
    (0..found.len()).map(shard).collect()
}
