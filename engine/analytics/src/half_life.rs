//! How fast inventory goes back to zero.
//!
//! The position is sampled at a fixed interval `Δ` and taken as a mean-reverting process around zero, `q' = φ·q + noise`:
//! the discrete Ornstein–Uhlenbeck process (Uhlenbeck and Ornstein 1930). Least squares gives `φ = Σ q·q' / Σ q²`, and a
//! position then halves in `Δ · ln ½ / ln φ`.

use crate::inventory::path;
use crate::record::InstrumentRecord;
use ballast_model::Span;

/// Sampling interval of the position.
pub const INTERVAL: Span = Span::from_secs(1);

/// Fewest intervals that begin with a position other than zero for a half-life to be given.
pub const INTERVALS_MIN: usize = 30;

/// Time in which a position halves, in seconds. `None` where too little was held, or where positions did not revert at all
/// (`φ` not between zero and one).
#[must_use]
pub fn half_life_secs(record: &InstrumentRecord) -> Option<f64> {
    let (mut held, mut products, mut squares) = (0, 0.0, 0.0);
    let positions = sampled(record);
    for pair in positions.windows(2) {
        let [now, next] = pair else { continue };
        held += usize::from(*now != 0.0);
        products += now * next;
        squares += now * now;
    }
    let phi = products / squares;
    let reverts = held >= INTERVALS_MIN && phi > 0.0 && phi < 1.0;
    reverts.then(|| INTERVAL.as_secs_f64() * 0.5_f64.ln() / phi.ln())
}

/// The position in lots at each whole interval from the first change or sample on.
fn sampled(record: &InstrumentRecord) -> Vec<f64> {
    let mut path = path(record).peekable();
    let mut positions = Vec::new();
    let Some((mut due, mut position)) = path.peek().map(|(start, first)| (*start, first.0)) else {
        return positions;
    };
    for (time, next) in path {
        while time > due {
            positions.push(position as f64);
            due = due + INTERVAL;
        }
        position = next.0;
    }
    positions.push(position as f64);
    positions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{record, sample};
    use crate::record::Sample;
    use ballast_model::Lots;

    fn with_positions(positions: impl IntoIterator<Item = i64>) -> InstrumentRecord {
        let samples = positions.into_iter().zip(0..);
        let samples = samples.map(|(lots, at)| Sample { position: Lots(lots), ..sample(at) }).collect();
        InstrumentRecord { samples, ..record() }
    }

    #[test]
    #[expect(clippy::cast_possible_truncation, reason = "onto whole lots")]
    fn a_position_that_halves_every_four_seconds_has_that_half_life() {
        let decay = 0.5_f64.powf(0.25);
        let positions = (0..60).map(|at| (1e12 * decay.powi(at)) as i64);
        let half_life = half_life_secs(&with_positions(positions)).unwrap();
        assert!((half_life - 4.0).abs() < 1e-3, "{half_life}");
    }

    #[test]
    fn samples_between_the_seconds_and_gaps_do_not_matter() {
        // 8 for 40 s, told only at both ends, then half of it for 40 s.
        let hold = Sample { position: Lots(8), ..sample(0) };
        let half = Sample { position: Lots(4), ..sample(40) };
        let samples = vec![hold, half, Sample { position: Lots(4), ..sample(80) }];
        // 8 at the seconds 0 to 39, 4 at 40 to 80.
        let phi: f64 = (39.0 * 64.0 + 32.0 + 40.0 * 16.0) / (40.0 * 64.0 + 40.0 * 16.0);
        let half_life = half_life_secs(&InstrumentRecord { samples, ..record() }).unwrap();
        assert!((half_life - 0.5_f64.ln() / phi.ln()).abs() < 1e-9, "{half_life}");
    }

    #[test]
    fn what_is_never_held_or_never_reverts_has_none() {
        assert_eq!(half_life_secs(&record()), None);
        assert_eq!(half_life_secs(&with_positions([0; 100])), None);
        assert_eq!(half_life_secs(&with_positions([5; 100])), None);
        assert_eq!(
            half_life_secs(&with_positions((0..100).map(|at| if at % 2 == 0 { 5 } else { -5 }))),
            None
        );
        assert_eq!(half_life_secs(&with_positions([8, 4, 2, 1])), None, "too short");
    }
}
