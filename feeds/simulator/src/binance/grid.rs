//! The grid on which a symbol's orders are taken. It may change while it trades: what is declared and what is taken of new orders are
//! other steps then, and orders that stand go on at their prices, as the venue announces it (2024 to 2026: orders placed before an
//! update are still matched with the original tick size).
//!
//! The market behind counts in the steps it began with, so that a new step is a multiple of those.
//!
//! Never here: what was traded before; digits that are printed, which stay.

use ballast_exchange::floor::Multiples;
use ballast_model::{InstrumentId, InstrumentSpec, Lots, Step};

use super::decimal::atto;
use super::venue::Venue;
use crate::back::{Back, Symbol};
use crate::seam::{GridStep, Regrid};

/// Steps of prices and sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Grid {
    pub(super) tick: Step,
    pub(super) lot: Step,
}

impl Grid {
    /// The one that an instrument begins with.
    pub(super) const fn of(spec: &InstrumentSpec) -> Self {
        Self { tick: spec.tick, lot: spec.lot }
    }

    /// How coarse it is; `None` where it has points that the instrument has not.
    fn multiples(self, spec: &InstrumentSpec) -> Option<Multiples> {
        let times = |step: Step, own: Step| {
            let (step, own) = (atto(step), atto(own));
            i64::try_from(step / own).ok().filter(|times| step % own == 0 && *times > 0)
        };
        Some(Multiples { ticks: times(self.tick, spec.tick)?, lots: times(self.lot, spec.lot)? })
    }
}

/// The multiples of a step next to both ends of a range, inside it.
pub(super) const fn inside((low, high): (i128, i128), step: Step) -> (i128, i128) {
    let step = atto(step);
    (
        low.div_euclid(step) * step + if low.rem_euclid(step) > 0 { step } else { 0 },
        high.div_euclid(step) * step,
    )
}

impl<B: Back> Venue<B> {
    /// On which grid a symbol's orders are taken.
    pub(super) fn grid(&self, symbol: &Symbol) -> Grid {
        self.listed(symbol.id).map_or_else(|| Grid::of(&symbol.spec), |listed| listed.grid)
    }

    /// As many lots as are taken at most of so many.
    pub(super) fn whole(&self, symbol: &Symbol, lots: Lots) -> Lots {
        let times = self.grid(symbol).multiples(&symbol.spec).map_or(1, |grid| grid.lots);
        Lots(lots.0 / times * times)
    }

    /// Which symbol trades on which grid then.
    pub(super) fn next_grid(&self, regrid: &Regrid) -> Result<(InstrumentId, Grid, Multiples), String> {
        let Regrid { symbol: name, what, to } = regrid;
        let listed = self.listed.values().find(|listed| listed.symbol.name == *name);
        let listed = listed.ok_or_else(|| format!("{name} is not traded here"))?;
        let (spec, mut grid) = (&listed.symbol.spec, listed.grid);
        match what {
            GridStep::Tick => grid.tick = *to,
            GridStep::Lot => grid.lot = *to,
        }
        let own = if *what == GridStep::Tick { spec.tick } else { spec.lot };
        let text = |step: Step| super::decimal::show(atto(step), step.scale.into());
        let multiples = grid.multiples(spec);
        let multiples = multiples.ok_or_else(|| {
            format!("{} is no multiple of {}, in which {name} is counted", text(*to), text(own))
        })?;
        Ok((listed.symbol.id, grid, multiples))
    }

    /// From now on orders of a symbol are taken on another grid; what does not fit is passed over.
    pub(super) fn regrid(&mut self, regrid: &Regrid) {
        let Ok((id, grid, multiples)) = self.next_grid(regrid) else { return };
        if let Some(listed) = self.listed.get_mut(&id) {
            listed.grid = grid;
        }
        self.back.regrid(id, multiples);
    }
}
