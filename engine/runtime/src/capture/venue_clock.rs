//! How the venue's clock stands to ours over one file, told from the messages themselves.
//!
//! The offset is the smallest difference of receive time and venue time: the fastest message is taken to have travelled in no
//! time. A single wrong venue time would be the fastest message of all, so the smallest difference counts only where others
//! bear it out: differences of honest messages crowd towards their smallest, a wrong one stands alone. Where the smallest is
//! honest the result is exactly the smallest.
//!
//! Never here: a change of any message's time. What is wrong is named and stays as it was written.

use ballast_model::{Nanos, Span};

/// Differences further than this from their median are of damaged times, whatever bears them out.
const SPREAD_MAX: Span = Span::from_secs(60);
/// Others that must bear out the smallest difference: one in this many messages, but at most [`SUPPORT_MAX`].
const SUPPORT_SHARE: usize = 1_000;
/// In recorded captures of a venue these lie within 0.8 ms of the smallest.
const SUPPORT_MAX: usize = 7;
/// Fewer messages than this cannot bear each other out: their smallest difference counts.
const MESSAGES_MIN: usize = 32;
/// Differences bear each other out over at least this: venue times come in milliseconds.
const NEAR_MIN: Span = Span::from_millis(1);
/// And over the distance to the fast ones divided by this, so that the bound grows with the jitter of the way.
const NEAR_SHARE: i64 = 4;
/// The fast ones: one in this many messages, but at least [`FAST_MIN`].
const FAST_SHARE: usize = 10;
/// So many that honest gaps rarely reach a quarter of the way to the last of them.
const FAST_MIN: usize = 16;

/// The venue times of one file.
#[derive(Debug, Default)]
pub(super) struct VenueClock {
    messages: Vec<Timed>,
}

/// A message that carries a venue time.
#[derive(Clone, Copy, Debug)]
struct Timed {
    /// Receive time minus venue time.
    difference: Span,
    /// Its line.
    line: u64,
}

/// A venue time that no clock of the venue can have told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WrongTime {
    /// Line of the message.
    pub(super) line: u64,
    /// How far its difference lies above the file's offset; negative where it would have been received before it was sent.
    pub(super) beyond: Span,
}

impl VenueClock {
    /// Takes in a message. A venue time equal to our receive time to the nanosecond is how "none" is written.
    pub(super) fn take(&mut self, recv_time: Nanos, venue_time: Nanos, line: u64) {
        if recv_time != venue_time {
            self.messages.push(Timed { difference: recv_time - venue_time, line });
        }
    }

    /// The file has ended: its offset, `None` where no message carries a venue time, and what was wrong. Begins anew.
    pub(super) fn settle(&mut self) -> (Option<Span>, Vec<WrongTime>) {
        let messages = std::mem::take(&mut self.messages);
        let mut sorted: Vec<_> = messages.iter().map(|message| message.difference).collect();
        sorted.sort_unstable();
        let Some(median) = sorted.get(sorted.len() / 2).copied() else { return (None, Vec::new()) };
        let is_near = |one: &Span| one.0.abs_diff(median.0) <= SPREAD_MAX.0.unsigned_abs();
        sorted.retain(is_near);
        let offset = smallest(&sorted).unwrap_or(median);
        let is_wrong = |one: &&Timed| one.difference < offset || !is_near(&one.difference);
        let wrong = |one: &Timed| WrongTime {
            line: one.line,
            beyond: Span(one.difference.0.saturating_sub(offset.0)),
        };
        (Some(offset), messages.iter().filter(is_wrong).map(wrong).collect())
    }
}

/// The smallest of the sorted differences that enough others bear out; the smallest of all where none is.
fn smallest(sorted: &[Span]) -> Option<Span> {
    let first = sorted.first().copied()?;
    if sorted.len() < MESSAGES_MIN {
        return Some(first);
    }
    let fast = sorted.get((sorted.len() / FAST_SHARE).max(FAST_MIN)).copied()?;
    let support = (sorted.len() / SUPPORT_SHARE).clamp(1, SUPPORT_MAX);
    let borne_out = |(one, other): (&Span, &Span)| {
        let near = ((fast.0 - one.0) / NEAR_SHARE).max(NEAR_MIN.0);
        (other.0 - one.0 <= near).then_some(*one)
    };
    sorted.iter().zip(sorted.iter().skip(support)).find_map(borne_out).or(Some(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECV: i64 = 1_000_000_000_000_000;

    fn settle(differences: &[i64]) -> (Option<Span>, Vec<WrongTime>) {
        let mut clock = VenueClock::default();
        for (difference, line) in differences.iter().zip(1..) {
            clock.take(Nanos(RECV), Nanos(RECV.saturating_sub(*difference)), line);
        }
        clock.settle()
    }

    /// Travel times that crowd towards `floor`, in microseconds.
    fn crowd(floor: i64, count: i64) -> Vec<i64> {
        (0..count).map(|n| (floor + 50 * (n * 7_919 % count) * (n * 7_919 % count) / count) * 1_000).collect()
    }

    #[test]
    fn the_smallest_difference_counts_where_others_bear_it_out() {
        for count in [1, 2, 3, 31, 32, 100, 999, 5_000, 60_000] {
            for floor in [-1_272_335, 500, 40_000] {
                let all = crowd(floor, count);
                assert_eq!(settle(&all), (Some(Span(floor * 1_000)), vec![]), "{count} from {floor}");
            }
        }
    }

    #[test]
    fn a_lone_venue_time_moves_nothing_and_is_named() {
        for ahead in [20_000_000, 50_000_000, 500_000_000, 30_000_000_000, 3_600_000_000_000] {
            let mut all = crowd(-1_272_335, 5_000);
            all[700] = -1_272_335_000 - ahead;
            let wrong = WrongTime { line: 701, beyond: Span(-ahead) };
            assert_eq!(settle(&all), (Some(Span(-1_272_335_000)), vec![wrong]), "{ahead} ns ahead");
        }
    }

    #[test]
    fn a_venue_time_far_behind_is_named_and_a_slow_message_is_not() {
        let mut all = crowd(10, 5_000);
        all[700] = 3_600_000_010_000;
        all[701] = 5_000_000_000;
        let wrong = WrongTime { line: 701, beyond: Span(3_600_000_000_000) };
        assert_eq!(settle(&all), (Some(Span(10_000)), vec![wrong]));
    }

    #[test]
    fn times_at_the_ends_of_their_range_and_none_at_all_stop_nothing() {
        assert_eq!(settle(&[]), (None, vec![]));
        assert_eq!(settle(&[0]), (None, vec![]), "none is carried");
        let (offset, wrong) = settle(&[1_000, i64::MIN, i64::MAX, 100, 2_000, 900]);
        assert_eq!((offset, wrong.len()), (Some(Span(100)), 2));
    }
}
