//! What a journal's headers say: all that is needed to build the same core again.

use std::path::Path;

use ballast_core::shard::Shard;
use ballast_model::{HalfTicks, Rate, Step};
use ballast_venue::binance::Market;
use serde::{Deserialize, Serialize};

use crate::capture::SeenInstrument;
use crate::config::{Config, Quoted, Resolved, ResolvedInstrument, market_name, resolve};
use crate::job::{JobError, Mode, build_core};
use crate::live::{Filters, Part};

/// Program, configuration and instruments of a journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meta {
    /// Name and version of the program that wrote it.
    pub program: String,
    /// Name of the configuration file.
    pub config_name: String,
    /// The configuration, word for word: it holds no secret.
    pub config: String,
    /// Whether the instruments were quoted, or their markets only followed.
    pub quoting: bool,
    /// What the data showed of each instrument, in the order in which it was seen.
    pub seen: Vec<MetaInstrument>,
    /// First midpoint of each resolved instrument in half ticks, at which sizes in quote currency were converted.
    pub references: Vec<Option<i64>>,
    /// What carried the market, in the order in which equal times are told; empty where nobody knows.
    #[serde(default)]
    pub feeds: Vec<MetaFeed>,
    /// What the venue allows in each resolved instrument; empty where it was not asked.
    #[serde(default)]
    pub filters: Vec<Filters>,
    /// Which of the resolved instruments are this journal's, in the order of its numbers; `None` for all.
    #[serde(default)]
    pub only: Option<Vec<usize>>,
    /// Hash of the recorded latencies that the venue had, which are in a file of their own; `None` where it had none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latencies: Option<u64>,
    /// Number of the shard and its share of limits that shards share, 10⁻⁸ of the whole; `None` of one that shares with nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<(u16, i64)>,
    /// Epoch of the run; `None` of one that no other was to go on from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u32>,
    /// Number that the first record had in the journal it was cut from; `None` where nothing was cut off before it.
    #[serde(default)]
    pub cut_from: Option<u64>,
}

/// What one session carried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetaFeed {
    /// Its instruments.
    pub instruments: Vec<u16>,
    /// By file: how many messages it has, and the nanoseconds that map the venue's clock to ours over them.
    pub clocks: Vec<(usize, i64)>,
}

/// What was seen of an instrument.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetaInstrument {
    /// `spot`, `usdm` or `coinm`.
    pub market: String,
    /// Symbol as the venue writes it.
    pub symbol: String,
    /// Price step, mantissa and digits behind the point.
    pub tick: Option<(u64, u8)>,
    /// Size step.
    pub lot: Option<(u64, u8)>,
    /// Highest price seen, in ticks.
    pub price_ticks_max: i64,
}

/// A core built from what a journal says.
#[derive(Debug)]
pub struct Rebuilt {
    /// The core, as it was before the first input.
    pub shard: Shard,
    /// Its session's epoch.
    pub epoch: u32,
    /// Names of its instruments.
    pub instruments: Vec<String>,
}

impl Meta {
    pub(crate) fn new(
        config: &Config,
        config_path: &Path,
        seen: &[SeenInstrument],
        instruments: &[ResolvedInstrument],
        feeds: Vec<MetaFeed>,
    ) -> Self {
        let seen = seen.iter().map(MetaInstrument::from);
        let name =
            config_path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        Self {
            program: concat!("ballast ", env!("CARGO_PKG_VERSION")).to_owned(),
            config_name: name,
            config: config.text().to_owned(),
            quoting: true,
            seen: seen.collect(),
            references: instruments.iter().map(|one| one.reference.map(|mid| mid.0)).collect(),
            feeds,
            filters: Vec::new(),
            only: None,
            latencies: None,
            part: None,
            epoch: None,
            cut_from: None,
        }
    }

    /// As the headers hold it.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads a header's text.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(bytes).map_err(|error| error.to_string())
    }

    /// Whether the journal begins where its core did.
    ///
    /// # Errors
    /// What is missing.
    fn whole(&self) -> Result<(), String> {
        match self.cut_from.filter(|first| *first > 1) {
            Some(first) => Err(format!(
                "it was cut from another journal at record {first}: what came before is not known"
            )),
            None => Ok(()),
        }
    }

    /// Whether the instruments were quoted.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        if self.quoting { Mode::Quoting } else { Mode::Idle }
    }

    /// What the data showed of each instrument.
    ///
    /// # Errors
    /// What cannot be.
    pub(crate) fn seen_instruments(&self) -> Result<Vec<SeenInstrument>, String> {
        self.seen.iter().map(seen_instrument).collect()
    }

    /// First midpoints.
    pub(crate) fn references(&self) -> impl Iterator<Item = Option<HalfTicks>> {
        self.references.iter().map(|reference| reference.map(HalfTicks))
    }

    /// Builds the core that wrote the journal.
    ///
    /// # Errors
    /// Why it cannot be built.
    pub fn rebuild(&self) -> Result<Rebuilt, String> {
        let told =
            |error: JobError| if let JobError::Recorded(why) = error { why } else { error.to_string() };
        let (built, instruments) = self.resolved(Path::new(&self.config_name)).map_err(told)?;
        let epoch = built.shard.epoch;
        let shard = build_core(&built, &instruments).map_err(told)?;
        Ok(Rebuilt { shard, epoch, instruments: instruments.iter().map(|one| one.found.name()).collect() })
    }

    /// What the core that wrote the journal was built from; `path` is only for messages.
    ///
    /// # Errors
    /// Why it cannot be built.
    pub(crate) fn resolved(&self, path: &Path) -> Result<(Resolved, Vec<ResolvedInstrument>), JobError> {
        self.whole().map_err(JobError::Recorded)?;
        let config = Config::parse(&self.config, path)?;
        let seen = self.seen_instruments().map_err(JobError::Recorded)?;
        let (mut found, resolver) = resolve(&config, path.to_owned(), &seen)?;
        for (found, filters) in found.iter_mut().zip(&self.filters) {
            found.spec = filters.narrow(found.spec).map_err(|error| JobError::Recorded(error.to_string()))?;
            found.orders = filters.orders;
        }
        if found.len() != self.references.len() {
            let why = format!("{} instruments, {} references", found.len(), self.references.len());
            return Err(JobError::Recorded(why));
        }
        let resolved = |(found, reference)| ResolvedInstrument { found, reference };
        let all: Vec<_> = found.into_iter().zip(self.references()).map(resolved).collect();
        let instruments = match &self.only {
            None => all,
            Some(only) => only.iter().filter_map(|index| all.get(*index).cloned()).collect(),
        };
        let quoted = if self.quoting { Quoted::Yes } else { Quoted::No };
        let mut built = resolver.build(&instruments, quoted)?;
        built.shard.epoch = self.epoch.unwrap_or(built.shard.epoch);
        if let Some((shard, share)) = self.part {
            Part { shard, share: Rate(share) }.own(&mut built, resolver.assets());
        }
        Ok((built, instruments))
    }
}

impl From<&SeenInstrument> for MetaInstrument {
    fn from(one: &SeenInstrument) -> Self {
        let step = |step: Step| (step.mantissa, step.scale);
        Self {
            market: market_name(one.market).to_owned(),
            symbol: one.symbol.clone(),
            tick: one.tick.map(step),
            lot: one.lot.map(step),
            price_ticks_max: one.price_ticks_max,
        }
    }
}

pub(super) fn seen_instrument(one: &MetaInstrument) -> Result<SeenInstrument, String> {
    let markets = [Market::Spot, Market::UsdM, Market::CoinM];
    let market = markets.into_iter().find(|market| market_name(*market) == one.market);
    let step = |(mantissa, scale)| {
        let whole = (1..=Step::MANTISSA_MAX).contains(&mantissa) && scale <= Step::SCALE_MAX;
        whole.then_some(Step { mantissa, scale }).ok_or_else(|| format!("{} has no such step", one.symbol))
    };
    Ok(SeenInstrument {
        symbol: one.symbol.clone(),
        market: market.ok_or_else(|| format!("{:?} is no market", one.market))?,
        tick: one.tick.map(step).transpose()?,
        lot: one.lot.map(step).transpose()?,
        price_ticks_max: one.price_ticks_max,
    })
}
