//! What an instrument did on one grid and then on another, as one record.
//!
//! Both are put on the coarsest grid that holds every point of either, so that no price and no size changes.

use ballast_model::{HalfTicks, InstrumentSpec, Lots, Price, Step};

use super::{Adjustment, FillRow, InstrumentRecord, Place, Requests, Sample};

/// How many steps of a finer grid one step is, in price and in size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Times {
    tick: i64,
    lot: i64,
}

impl InstrumentRecord {
    /// This record and what was done after it, on whatever grid; profit goes on in `next` from where it was here.
    ///
    /// # Errors
    /// Both as they are, where no grid that an instrument can have holds the prices and sizes of both.
    pub fn join(self, next: Self) -> Result<Self, Box<[Self; 2]>> {
        let Some((spec, [times, times_next])) = common(&self.spec, &next.spec) else {
            return Err(Box::new([self, next]));
        };
        let (mut all, next) = (self.finer(times), next.finer(times_next));
        let before = all.fills.len();
        all.spec = spec;
        all.fills.extend(next.fills);
        let adjustments = next.adjustments.into_iter();
        all.adjustments
            .extend(adjustments.map(|one| Adjustment { fills_before: before + one.fills_before, ..one }));
        all.samples.extend(next.samples);
        let Requests { orders, lots, amendments, cancels } = next.requests;
        all.requests.orders += orders;
        all.requests.lots += lots;
        all.requests.amendments += amendments;
        all.requests.cancels += cancels;
        Ok(all)
    }

    /// Counted in steps of which so many make one.
    fn finer(self, times: Times) -> Self {
        let requests = Requests { lots: times.lots(self.requests.lots), ..self.requests };
        let fills = self.fills.into_iter().map(|fill| times.fill(fill)).collect();
        let adjustments = self.adjustments.into_iter().map(|one| times.adjustment(one)).collect();
        let samples = self.samples.into_iter().map(|sample| times.sample(sample)).collect();
        Self { requests, fills, adjustments, samples, ..self }
    }
}

impl Times {
    const fn price(self, price: Price) -> Price {
        Price(price.0.saturating_mul(self.tick))
    }

    const fn mid(self, mid: HalfTicks) -> HalfTicks {
        HalfTicks(mid.0.saturating_mul(self.tick))
    }

    const fn lots(self, lots: Lots) -> Lots {
        Lots(lots.0.saturating_mul(self.lot))
    }

    fn fill(self, fill: FillRow) -> FillRow {
        FillRow {
            price: self.price(fill.price),
            lots: self.lots(fill.lots),
            mid: self.mid(fill.mid),
            markouts: fill.markouts.map(|mid| mid.map(|mid| self.mid(mid))),
            position_after: self.lots(fill.position_after),
            place: fill.place.map(|place| Place {
                joined: place.joined.map(|lots| self.lots(lots)),
                ahead: place.ahead.map(|lots| self.lots(lots)),
                ..place
            }),
            ..fill
        }
    }

    const fn adjustment(self, one: Adjustment) -> Adjustment {
        Adjustment {
            price: self.price(one.price),
            lots: self.lots(one.lots),
            position_after: self.lots(one.position_after),
            ..one
        }
    }

    fn sample(self, sample: Sample) -> Sample {
        Sample {
            mid: self.mid(sample.mid),
            bid: sample.bid.map(|price| self.price(price)),
            ask: sample.ask.map(|price| self.price(price)),
            position: self.lots(sample.position),
            ..sample
        }
    }
}

/// An instrument on the coarsest grid that holds both, and how many of its steps one of each is.
fn common(one: &InstrumentSpec, other: &InstrumentSpec) -> Option<(InstrumentSpec, [Times; 2])> {
    let (tick, [tick_one, tick_other]) = step(one.tick, other.tick)?;
    let (lot, [lot_one, lot_other]) = step(one.lot, other.lot)?;
    let times = [Times { tick: tick_one, lot: lot_one }, Times { tick: tick_other, lot: lot_other }];
    let [times_one, times_other] = times;
    let spec = InstrumentSpec {
        tick,
        lot,
        price_min: times_one.price(one.price_min).min(times_other.price(other.price_min)),
        price_max: times_one.price(one.price_max).max(times_other.price(other.price_max)),
        size_min: times_one.lots(one.size_min).min(times_other.lots(other.size_min)),
        size_max: times_one.lots(one.size_max).max(times_other.lots(other.size_max)),
        ..*other
    };
    InstrumentSpec::new(spec).ok().map(|spec| (spec, times))
}

/// The largest step of which both are multiples, and how many times.
fn step(one: Step, other: Step) -> Option<(Step, [i64; 2])> {
    let scale = one.scale.max(other.scale);
    let units = |step: Step| step.mantissa.checked_mul(10_u64.checked_pow((scale - step.scale).into())?);
    let (one, other) = (units(one)?, units(other)?);
    let (mut mantissa, mut rest) = (one, other);
    while rest > 0 {
        (mantissa, rest) = (rest, mantissa % rest);
    }
    let times = |units: u64| i64::try_from(units.checked_div(mantissa)?).ok();
    Some((Step { mantissa, scale }, [times(one)?, times(other)?]))
}

#[cfg(test)]
mod tests;
