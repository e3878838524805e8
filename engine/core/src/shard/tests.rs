//! Short stories of a shard that is told everything by hand: market, reports and fills, in any order a venue could send them.

mod amending;
mod arbitrage;
mod batches;
mod blended;
mod blended_histories;
mod budgets;
mod calling;
mod calling_histories;
mod carrying;
mod desk;
mod equity;
mod exits;
mod faults;
mod funding;
mod funds;
mod halts;
mod hedging;
mod hedging_many;
mod journal;
mod margins;
mod operator;
mod quoting;
mod signals;
mod throttled;
mod together;
mod wakings;
