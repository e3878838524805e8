//! A journal played again: the same market, under the configuration that was recorded or another.

use std::path::Path;
use std::time::Duration;

use ballast_core::shard::{Change, Shard, ShardSpec};
use ballast_model::{ConfigPart, Event, InstrumentId, Last, Nanos};
use ballast_venue::Counters;

use super::{JobError, Mode, Prepared, begin_of};
use crate::capture::{Instrument, Problems};
use crate::config::{
    Config, ConfigError, Quoted, ResolvedInstrument, conditions, fixed_offset, latencies_hash, resolve, stops,
};
use crate::journal::Told;
use crate::live::relive;
use crate::reload;
use crate::replay::Observer;

impl<'a> Prepared<'a> {
    /// What a journal tells of the world, to be played under `config`: that of the journal or a changed one.
    ///
    /// # Errors
    /// [`JobError`]: a configuration that cannot be used, or one in whose ticks, lots or clocks the journal does not
    /// count.
    pub fn from_journal(config: &'a Config, told: &Told) -> Result<Self, JobError> {
        let path = Path::new(&told.meta.config_name);
        let seen = told.meta.seen_instruments().map_err(JobError::Recorded)?;
        let (found, resolver) = resolve(config, path.to_owned(), &seen)?;
        let (recorded, recorded_resolver) = resolve(&told.config, path.to_owned(), &seen)?;
        let grids = |found: &[crate::config::FoundInstrument]| -> Vec<Instrument> {
            found.iter().map(|one| one.instrument.clone()).collect()
        };
        if grids(&found) != grids(&recorded) {
            let rule = "tick and lot stay as recorded: the journal counts in them";
            let (path, key) = (path.to_owned(), "instrument".to_owned());
            return Err(ConfigError::Rule { path, line: None, key, rule: rule.to_owned() }.into());
        }
        if fixed_offset(config) != fixed_offset(&told.config) {
            let rule = "stays as recorded: the journal says how the venue's clocks mapped to ours";
            let (path, key) = (path.to_owned(), "venue.clock_offset".to_owned());
            return Err(ConfigError::Rule { path, line: None, key, rule: rule.to_owned() }.into());
        }
        if found.len() != told.meta.references.len() {
            let counts = (found.len(), told.meta.references.len());
            return Err(JobError::Recorded(format!("{} instruments, {} references", counts.0, counts.1)));
        }
        let instruments: Vec<_> = found
            .into_iter()
            .zip(told.meta.references())
            .map(|(found, reference)| ResolvedInstrument { found, reference })
            .collect();
        let begin = begin_of(&told.tapes);
        let granted = resolver.grants().into_iter().map(|grant| (begin, Event::Grant(grant)));
        let granted: Vec<_> = granted.collect();
        // What the recorded configuration granted came first of all; this one's takes its place.
        let rest = told.outside.iter().skip(recorded_resolver.grants().len());
        let markets = instruments.iter().map(|one| one.found.instrument.market);
        let conditions = conditions(config, path, markets, begin)?;
        let same_file = config.venue.latency.recorded == told.config.venue.latency.recorded;
        if same_file && latencies_hash(&conditions) != told.meta.latencies {
            let rule = "the file is not the one that the recorded run had: its latencies are others";
            let (path, key) = (path.to_owned(), "venue.latency.recorded".to_owned());
            return Err(ConfigError::Rule { path, line: None, key, rule: rule.to_owned() }.into());
        }
        let carried: Vec<Vec<_>> = told
            .meta
            .feeds
            .iter()
            .map(|feed| feed.instruments.iter().copied().map(InstrumentId).collect())
            .collect();
        Ok(Self {
            stops: stops(config, &conditions, &carried),
            conditions,
            feed_latency: config.venue.feed_latency(),
            orders: config.venue.queue.orders,
            instruments,
            tapes: told.tapes.clone(),
            counters: vec![Counters { snapshots: told.snapshots, ..Counters::default() }],
            problems: Problems::default(),
            time_units: Vec::new(),
            lines: 0,
            decoding: Duration::ZERO,
            granted: granted.len(),
            told: granted.iter().chain(rest).copied().collect(),
            scopes: None,
            resolver,
            meta: told.meta.clone(),
            changes: changes_told(config, path, &told.outside)?,
        })
    }

    /// Tells a core once more all that a journal of it says, so that `observer` sees the recorded run; what it decides goes
    /// nowhere. Returns the core at the end and the time of the last input.
    ///
    /// # Errors
    /// Damage in the journal, or a core that cannot be built.
    pub fn relive(
        &self,
        folder: &Path,
        mode: Mode,
        observer: &mut impl Observer,
    ) -> Result<(Shard, Option<Nanos>), JobError> {
        let (mut shard, _) = self.build(mode)?;
        // What takes the place of the configuration stands in the journal.
        while shard.take_unused().is_some() {}
        let ended_at = relive(folder, &mut shard, observer)?;
        Ok((shard, ended_at))
    }
}

impl Prepared<'_> {
    /// Puts another configuration in force in every run from here on, at that time: tried whole, and refused where it cannot take the
    /// place of the one before it.
    ///
    /// # Errors
    /// The first rule that is broken, or the first key that cannot change while running.
    pub fn configure(&mut self, at: Nanos, text: &str, path: &Path) -> Result<(), JobError> {
        let next = Config::parse(text, path)?;
        let first = Config::parse(&self.meta.config, path)?;
        self.changes.last().map_or(&first, |(_, config)| config).may_become(&next, path)?;
        self.changes.push((ConfigPart::key_of(text.as_bytes()), next));
        if let Err(error) = self.build(Mode::Quoting) {
            self.changes.pop();
            return Err(error);
        }
        let parts = ConfigPart::parts_of(text.as_bytes()).map(|part| (at, Event::Config(part)));
        // After what is said at the same time.
        let place = self.told.partition_point(|(told, _)| *told <= at);
        self.told.splice(place..place, parts);
        Ok(())
    }

    /// What the changes make of a shard, in order.
    pub(super) fn changes_of(&self, first: &ShardSpec, quoted: Quoted) -> Result<Vec<Change>, JobError> {
        let (path, mut before) = (Path::new(&self.meta.config_name), first.clone());
        let seen = self.meta.seen_instruments().map_err(JobError::Recorded)?;
        let mut changes = Vec::with_capacity(self.changes.len());
        for (key, config) in &self.changes {
            let (_, resolver) = resolve(config, path.to_owned(), &seen)?;
            let mut after = resolver.build(&self.instruments, quoted)?.shard;
            after.epoch = before.epoch;
            let change = Change::new(&before, &after, *key);
            changes.push(change.map_err(|error| reload::told(error, &self.instruments))?);
            before = after;
        }
        Ok(changes)
    }
}

/// The configurations that took each other's place, with what `config` has otherwise than was recorded put in each.
fn changes_told(
    config: &Config,
    path: &Path,
    told: &[(Nanos, Event)],
) -> Result<Vec<(u64, Config)>, JobError> {
    let (mut changes, mut text) = (Vec::new(), Vec::new());
    let parts =
        told.iter().filter_map(|(_, event)| if let Event::Config(part) = event { Some(part) } else { None });
    for part in parts {
        if part.part == 0 {
            text.clear();
        }
        text.extend_from_slice(part.used());
        if part.last == Last::Yes
            && let Ok(said) = core::str::from_utf8(&text)
        {
            let next = Config::parse(said, path)?.changed_as(config, path)?;
            changes.push((ConfigPart::key_of(&text), next));
        }
    }
    Ok(changes)
}
