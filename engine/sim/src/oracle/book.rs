//! A book that is shown as whole is the venue's.

use ballast_core::book::Level;
use ballast_core::market::BookState;
use ballast_core::shard::Shard;
use ballast_model::{InstrumentId, Side};
use ballast_simulator::back::Back as _;

use super::Verdict;
use crate::counterpart::{Protocol, TRADED};

pub(super) const NAME: &str = "book";

/// Levels a side that are compared.
const LEVELS: usize = 20;

/// Compares them where both stand at the same update; where the venue has gone on there is nothing to say.
pub(crate) fn book(shard: &Shard, instrument: InstrumentId, venue: &Protocol) -> Verdict {
    let Some(market) = shard.market(instrument) else { return Ok(()) };
    let depth = venue.back().depth(TRADED, LEVELS);
    // A snapshot bears the odd number after that of the diff it stands at.
    if market.state() != BookState::Live || market.book_id().0 | 1 != depth.update_id.0 {
        return Ok(());
    }
    for (side, theirs) in [(Side::Bid, &depth.bids), (Side::Ask, &depth.asks)] {
        let levels = market.book().levels(side).take(LEVELS);
        let ours: Vec<_> = levels.map(|Level { price, lots }| (price, lots)).collect();
        if ours != *theirs {
            return Err((
                NAME,
                format!("{side:?} at {:?}: {ours:?} is believed, {theirs:?} is so", depth.update_id),
            ));
        }
    }
    Ok(())
}
