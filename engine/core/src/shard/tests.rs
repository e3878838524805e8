//! Short stories of a shard that is told everything by hand: market, reports and fills, in any order a venue could send them.

mod arbitrage;
mod desk;
mod faults;
mod halts;
mod hedging;
mod quoting;
mod signals;
mod throttled;
mod together;
mod wakings;
