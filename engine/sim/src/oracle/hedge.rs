//! The hedge converges and never overshoots.

use ballast_core::shard::Shard;
use ballast_model::{Command, InstrumentId, Lots, Money, Nanos, Span};

use super::Verdict;
use crate::plan::Markets;

pub(super) const NAME: &str = "hedge";

/// What is quoted, in worlds that hedge.
const QUOTED: InstrumentId = InstrumentId(0);
/// What it is hedged on.
const ON: InstrumentId = InstrumentId(1);
/// What may be open for long, in quote currency: the band of the configuration, the venue's smallest order, and a lot of each.
const OPEN_MAX: i128 = 250 + 20 + 10;
/// For how long more may be open where nothing goes wrong: while the market is quoted fills come at any time.
const OPEN_FOR: Span = Span::from_secs(15);

/// Knows since when more is open than may be.
#[derive(Debug, Default)]
pub(crate) struct Hedge {
    markets: Markets,
    since: Option<Nanos>,
    open: Money,
}

impl Hedge {
    pub(crate) fn new(markets: Markets) -> Self {
        Self { markets, ..Self::default() }
    }

    /// What is open in all, in units of 10⁻¹⁸ of the base asset.
    fn open(shard: &Shard, quoted: Lots, on: Lots) -> Option<i128> {
        let amount =
            |instrument, lots: Lots| Some(shard.spec(instrument)?.lot_amount()?.0 * i128::from(lots.0));
        Some(amount(QUOTED, quoted)? + amount(ON, on)?)
    }

    /// A hedge order leaves: what the core knows to be open is not carried through nothing by all hedges of that side that may trade,
    /// those of unknown fate too, by more than a lot of each.
    pub(crate) fn decided(&self, command: &Command, shard: &Shard) -> Verdict {
        let Command::New(order) = command else { return Ok(()) };
        if self.markets != Markets::Hedged || order.instrument != ON {
            return Ok(());
        }
        let Some(orders) = shard.orders(ON) else { return Ok(()) };
        let all = orders.open_orders().filter(|one| one.side == order.side).map(|one| one.working().0).sum();
        let on = shard.position(ON);
        let after = on + Lots(all).signed(order.side);
        let (Some(before), Some(open)) =
            (Self::open(shard, shard.position(QUOTED), on), Self::open(shard, shard.position(QUOTED), after))
        else {
            return Ok(());
        };
        let slack = Self::open(shard, Lots(1), Lots(1)).unwrap_or_default();
        // A sale is for what is long, a purchase for what is short.
        let sign = i128::from(order.side.opposite().sign());
        if before * sign >= 0 && open * sign >= -slack {
            return Ok(());
        }
        let what = format!("{order:?} where {before} is open: with all hedges of its side {open} would be");
        Err((NAME, what))
    }

    /// What is true at the venues, now and then.
    pub(crate) fn look(&mut self, shard: &Shard, truth: &[Lots], now: Nanos) {
        let (&[quoted, on], Some(spec), Some(mid)) = (truth, shard.spec(ON), shard.mid(ON)) else { return };
        let Some((open, lot)) = Self::open(shard, quoted, on).zip(spec.lot_amount()) else { return };
        let lots = i64::try_from(open / lot.0).unwrap_or(i64::MAX);
        self.open = spec.value_at_mid_floor(mid, Lots(lots));
        if self.open.0.abs() <= OPEN_MAX * Money::ONE.0 {
            self.since = None;
        } else {
            self.since.get_or_insert(now);
        }
    }

    /// The end of a run in which nothing goes wrong any more.
    pub(crate) fn at_end(&self, now: Nanos) -> Verdict {
        let what = || format!("{} is open, and too much was since {:?}", self.open.0, self.since);
        if self.since.is_none_or(|since| now - since <= OPEN_FOR) { Ok(()) } else { Err((NAME, what())) }
    }
}
