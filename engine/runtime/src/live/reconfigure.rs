//! Another configuration for what runs: for every shard or for none.
//!
//! Never here: what may change.

use std::path::Path;

use ballast_core::shard::Change;
use ballast_sync::ring::{Consumer, Producer};

use super::helm::ShardReins;
use crate::job::JobError;
use crate::reload::Reloading;

/// Where changes of a shard go, and where what is left of them comes back.
#[derive(Debug)]
pub(super) struct Changes {
    pub(super) reloading: Reloading,
    pub(super) changes: Producer<Change>,
    pub(super) done: Consumer<Change>,
}

/// Why a configuration was not taken over. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum ConfigureError {
    /// It cannot be used, or not while running.
    #[error(transparent)]
    Refused(#[from] JobError),
    /// A shard has not taken what it was told before.
    #[error("a shard has not taken yet what it was told before: say it again")]
    Busy,
}

/// Puts another configuration in force in every shard: see [`super::Helm::configure`].
pub(super) fn configure(shards: &mut [ShardReins], text: &str, path: &Path) -> Result<(), ConfigureError> {
    let prepared = shards.iter().map(|shard| shard.handover.reloading.prepare(text, path));
    let prepared = prepared.collect::<Result<Vec<_>, _>>()?;
    for (shard, next) in shards.iter_mut().zip(&prepared) {
        while shard.handover.done.pop().is_some() {}
        if shard.handover.changes.free() == 0 || shard.control.free() < next.parts.len() {
            return Err(ConfigureError::Busy);
        }
    }
    for (shard, next) in shards.iter_mut().zip(prepared) {
        shard.handover.reloading.accept(&next);
        // There is room for both, and nobody else pushes.
        let _ = shard.handover.changes.push(next.change);
        let _ = shard.control.push_batch(&next.parts);
    }
    Ok(())
}
