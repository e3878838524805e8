//! A venue's change of tick or lot while a run goes on: whether there is one, and whether the run can go over to it.
//!
//! A run goes over by ending in order and beginning the next epoch of its journal, in which the same is carried on in the new steps
//! ([`Recovery::onto`](crate::journal::Recovery::onto)). Whatever stands in the way of that is found here, while nothing is ended yet.
//!
//! Never here: what is asked of a venue, an end.

use std::path::Path;

use ballast_model::{InstrumentSpec, Lots, Step};

use super::assemble::{Told, assemble};
use super::board::View;
use crate::config::{Config, LiveConfig, ResolvedInstrument, ShardsConfig};

/// Whether any instrument has another tick or lot than before; both are of the same configuration.
#[must_use]
pub fn is_regridded(before: &Told, now: &Told) -> bool {
    let grids = |told: &Told| -> Vec<_> {
        told.iter().flatten().map(|fact| (fact.seen.symbol.clone(), fact.seen.tick, fact.seen.lot)).collect()
    };
    grids(before) != grids(now)
}

/// Whether a run of these instruments, by shard, can go over to what the venues say now.
///
/// # Errors
/// What stands in the way, for people: several shards, a configuration that names the old steps or fits no new ones, a position that the
/// new lot does not divide.
pub fn goes_over(
    (config, path, live): (&Config, &Path, &LiveConfig),
    now: &Told,
    shards: &[&[ResolvedInstrument]],
    views: &[View],
) -> Result<(), String> {
    if live.shards != ShardsConfig::One {
        return Err("a run of several shards cannot go on from its journals".to_owned());
    }
    // The epoch says nothing about whether it can be put together.
    let next = assemble(config, path, live, now, 1).map_err(|error| error.to_string())?;
    let told: Vec<_> = now.iter().flatten().collect();
    for ((before, view), next) in shards.iter().zip(views).zip(&next.shards) {
        for (((one, next), shown), fact) in
            before.iter().zip(&next.instruments).zip(&view.instruments).zip(&told)
        {
            let (name, spec) = (one.found.name(), &next.found.spec);
            if (Some(spec.tick), Some(spec.lot)) != (fact.seen.tick, fact.seen.lot) {
                return Err(format!("{name}: the configuration names its tick or lot"));
            }
            divides(&one.found.spec, spec, Lots(shown.position)).map_err(|why| format!("{name}: {why}"))?;
        }
    }
    Ok(())
}

/// Whether a position in lots of an instrument is one in those of another grid.
fn divides(before: &InstrumentSpec, now: &InstrumentSpec, position: Lots) -> Result<(), String> {
    let amount = |spec: &InstrumentSpec| {
        i128::from(spec.lot.mantissa) * 10_i128.pow(u32::from(Step::SCALE_MAX - spec.lot.scale))
    };
    let (held, lot) = (amount(before).saturating_mul(position.0.into()), amount(now));
    if held % lot == 0 {
        return Ok(());
    }
    Err(format!(
        "a position of {} does not come in lots of {}",
        ballast_analytics::format::lots(before, position),
        ballast_analytics::format::lots(now, Lots(1))
    ))
}
