//! Obligations of a market maker's programme: how much of the time enough stood near the midpoint on both sides.

use crate::record::{Programme, Sample};
use ballast_model::Money;

/// How quotes met a [`Programme`], over the samples; each holds until the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Presence {
    /// Share of time in which enough stood on both sides, in `0..=1`.
    pub both: f64,
    /// The same of one side alone, by [`ballast_model::Side::index`].
    pub sides: [f64; 2],
    /// Value that stood within the distance on average over time, by side, in quote currency.
    pub depth: [f64; 2],
}

impl Presence {
    /// Measured at the samples; `None` where no time passed between them.
    #[must_use]
    pub fn of(samples: &[Sample], programme: &Programme) -> Option<Self> {
        let met = |depth: Money| depth > Money::ZERO && depth >= programme.notional_min;
        let (mut total, mut both, mut sides, mut depth) = (0i64, 0i64, [0i64; 2], [0.0; 2]);
        for pair in samples.windows(2) {
            let [now, next] = pair else { continue };
            let span = (next.time - now.time).0;
            total += span;
            both += if now.depth.into_iter().all(met) { span } else { 0 };
            for ((side, mean), stood) in sides.iter_mut().zip(&mut depth).zip(now.depth) {
                *side += if met(stood) { span } else { 0 };
                *mean += stood.to_f64() * span as f64;
            }
        }
        let share = |part: i64| part as f64 / total as f64;
        (total > 0).then(|| Self {
            both: share(both),
            sides: sides.map(share),
            depth: depth.map(|sum| sum / total as f64),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::sample;
    use ballast_model::Rate;

    fn units(amount: i128) -> Money {
        Money(amount * Money::ONE.0)
    }

    #[test]
    fn time_counts_where_enough_stands() {
        let stood = |at, bid, ask| Sample { depth: [units(bid), units(ask)], ..sample(at) };
        let samples =
            [stood(0, 500, 400), stood(2, 500, 399), stood(5, 0, 900), stood(9, 0, 0), stood(10, 1, 1)];
        let programme = Programme { within: Rate::from_bps(5), notional_min: units(400) };
        let presence = Presence::of(&samples, &programme).unwrap();
        let close = |a: f64, b: f64| (a - b).abs() < 1e-12;
        assert!(close(presence.both, 0.2) && close(presence.sides[0], 0.5) && close(presence.sides[1], 0.6));
        assert!(close(presence.depth[0], 250.0), "5 s of 500 in 10 s");
        assert!(close(presence.depth[1], (800.0 + 1_197.0 + 3_600.0) / 10.0));
        // Where any size will do, none at all still will not.
        let any = Presence::of(&samples, &Programme { notional_min: Money::ZERO, ..programme }).unwrap();
        assert!(close(any.both, 0.5) && close(any.sides[0], 0.5) && close(any.sides[1], 0.9));
    }

    #[test]
    fn no_time_has_no_share() {
        let programme = Programme { within: Rate::from_bps(5), notional_min: Money::ZERO };
        assert_eq!(Presence::of(&[sample(3)], &programme), None);
    }
}
