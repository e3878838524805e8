//! How much may still be sent: request weight and orders, by the venue's own windows and counts.
//!
//! Every request is counted when it goes out; the venue's counts, which come with answers, replace ours. New orders leave a
//! share of the weight to cancels, and while the venue wants silence nothing goes out at all.

use alloc::vec::Vec;

use ballast_model::{Nanos, Span};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pool {
    /// Request weight of the connection that takes orders; on spot of HTTP requests as well.
    Weight,
    /// Request weight of HTTP requests on futures.
    RestWeight,
    /// Orders of the account.
    Orders,
}

/// Who wants to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// What makes risk smaller or finds it out: may use all there is.
    Urgent,
    /// All else: leaves the reserve.
    Ordinary,
}

/// One of the venue's limits and how much of it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Of what.
    pub pool: Pool,
    /// How long counts last; windows begin at whole multiples of it.
    pub interval: Span,
    /// The most.
    pub limit: u32,
    /// Used by the last request.
    pub used: u32,
    /// Which window of the venue's clock that was in.
    number: i64,
}

/// Windows that a venue may have.
const WINDOWS_MAX: usize = 12;

/// All windows of a session. Allocated once.
#[derive(Debug)]
pub(super) struct Budget {
    windows: Vec<Window>,
    /// Percent of each weight limit that is left to cancels.
    reserve: u8,
    silent_until: Nanos,
    orders_from: Nanos,
    /// How often in a row the venue said that it is busy.
    busy: u32,
}

/// A limit as the venue documents it, until it tells: pool, seconds, limit.
pub(super) type Documented = (Pool, i64, u32);

impl Budget {
    pub(super) fn new(limits: &[Documented], reserve: u8) -> Self {
        let mut windows = Vec::with_capacity(WINDOWS_MAX);
        windows.extend(limits.iter().map(|(pool, seconds, limit)| Window {
            pool: *pool,
            interval: Span::from_secs(*seconds),
            limit: *limit,
            used: 0,
            number: 0,
        }));
        Self { windows, reserve, silent_until: Nanos::MIN, orders_from: Nanos::MIN, busy: 0 }
    }

    pub(super) fn windows(&self) -> &[Window] {
        &self.windows
    }

    /// Whether requests of this cost may go out now; `wall` is the venue's clock.
    pub(super) fn may(&mut self, costs: &[(Pool, u32)], need: Need, mono: Nanos, wall: Nanos) -> bool {
        let reserve = u64::from(self.reserve);
        let ordinary = need == Need::Ordinary;
        if mono < self.silent_until || ordinary && mono < self.orders_from {
            return false;
        }
        self.windows.iter_mut().all(|window| {
            window.turn(wall);
            let cost = costs.iter().find(|(pool, _)| *pool == window.pool).map_or(0, |(_, cost)| *cost);
            let kept = if ordinary && window.pool != Pool::Orders { reserve } else { 0 };
            let most = u64::from(window.limit) * (100 - kept) / 100;
            cost == 0 || u64::from(window.used) + u64::from(cost) <= most
        })
    }

    /// Counts what goes out.
    pub(super) fn charge(&mut self, costs: &[(Pool, u32)], wall: Nanos) {
        for window in &mut self.windows {
            window.turn(wall);
            let cost = costs.iter().find(|(pool, _)| *pool == window.pool).map_or(0, |(_, cost)| *cost);
            window.used = window.used.saturating_add(cost);
        }
    }

    /// Takes the venue's count, and its limit where it tells one. A window that is not known is added, where there is room.
    pub(super) fn adopt(
        &mut self,
        (pool, interval): (Pool, Span),
        limit: Option<u32>,
        used: Option<u32>,
        wall: Nanos,
    ) {
        let known = self.windows.iter_mut().find(|window| (window.pool, window.interval) == (pool, interval));
        if let Some(window) = known {
            window.turn(wall);
            window.limit = limit.unwrap_or(window.limit);
            window.used = used.unwrap_or(window.used);
        } else if let Some(limit) = limit
            && self.windows.len() < WINDOWS_MAX
            && interval > Span::ZERO
        {
            let mut window = Window { pool, interval, limit, used: 0, number: 0 };
            window.turn(wall);
            window.used = used.unwrap_or_default();
            self.windows.push(window);
        }
    }

    /// The venue wants silence until then; never shorter than it wanted before.
    pub(super) fn silence(&mut self, until: Nanos) {
        self.silent_until = self.silent_until.max(until);
    }

    pub(super) fn silent_until(&self) -> Nanos {
        self.silent_until
    }

    /// No new orders before `from`.
    pub(super) fn pause_orders(&mut self, from: Nanos) {
        self.orders_from = self.orders_from.max(from);
    }

    /// The longest window of orders: how long -1015 may hold on to us. A day's count is not waited for.
    pub(super) fn order_window(&self) -> Span {
        let short = |window: &&Window| window.pool == Pool::Orders && window.interval <= Span::from_secs(60);
        self.windows.iter().filter(short).map(|window| window.interval).max().unwrap_or(Span::from_secs(60))
    }

    /// The venue is busy: new orders wait 200 ms, then twice as long each time, up to 12.8 s.
    pub(super) fn back_off(&mut self, now: Nanos) {
        self.pause_orders(now + Span::from_millis(200 << self.busy.min(6)));
        self.busy = self.busy.saturating_add(1);
    }

    /// The venue took an order.
    pub(super) const fn went_well(&mut self) {
        self.busy = 0;
    }
}

impl Window {
    fn turn(&mut self, wall: Nanos) {
        let number = wall.0.div_euclid(self.interval.0.max(1));
        if number != self.number {
            self.number = number;
            self.used = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COST: [(Pool, u32); 2] = [(Pool::Weight, 10), (Pool::Orders, 1)];

    fn at(seconds: i64) -> Nanos {
        Nanos::from_millis(seconds * 1_000)
    }

    fn budget() -> Budget {
        Budget::new(&[(Pool::Weight, 60, 100), (Pool::Orders, 10, 3)], 20)
    }

    #[test]
    fn new_orders_leave_the_reserve_to_cancels() {
        let mut budget = budget();
        budget.charge(&[(Pool::Weight, 71)], at(60));
        assert!(!budget.may(&COST, Need::Ordinary, at(60), at(60)));
        assert!(budget.may(&COST, Need::Urgent, at(60), at(60)));
        budget.charge(&[(Pool::Weight, 20)], at(60));
        assert!(!budget.may(&COST, Need::Urgent, at(60), at(60)));
        assert!(budget.may(&[(Pool::RestWeight, 500)], Need::Ordinary, at(60), at(60)));
        assert!(budget.may(&COST, Need::Ordinary, at(120), at(120)), "a new minute");
    }

    #[test]
    fn orders_are_counted_by_their_own_window() {
        let mut budget = budget();
        for _ in 0..3 {
            assert!(budget.may(&COST, Need::Ordinary, at(60), at(61)));
            budget.charge(&COST, at(61));
        }
        assert!(!budget.may(&COST, Need::Ordinary, at(60), at(69)));
        assert!(budget.may(&[(Pool::Weight, 1)], Need::Urgent, at(60), at(69)), "cancels are no orders");
        assert!(budget.may(&COST, Need::Ordinary, at(60), at(70)));
    }

    #[test]
    fn the_venue_counts_better() {
        let mut budget = budget();
        budget.adopt((Pool::Orders, Span::from_secs(10)), Some(50), Some(49), at(61));
        assert!(budget.may(&COST, Need::Ordinary, at(60), at(61)));
        budget.adopt((Pool::Orders, Span::from_secs(10)), None, Some(50), at(61));
        assert!(!budget.may(&COST, Need::Ordinary, at(60), at(61)));
        budget.adopt((Pool::Orders, Span::from_secs(86_400)), Some(60), Some(60), at(70));
        assert!(!budget.may(&COST, Need::Ordinary, at(60), at(71)), "a window of which nobody knew");
        assert_eq!((budget.windows().len(), budget.order_window()), (3, Span::from_secs(10)));
    }

    #[test]
    fn nothing_goes_out_while_silent() {
        let mut budget = budget();
        budget.silence(at(100));
        budget.silence(at(90));
        assert!(!budget.may(&[(Pool::Weight, 1)], Need::Urgent, at(99), at(99)));
        assert!(budget.may(&[(Pool::Weight, 1)], Need::Urgent, at(100), at(100)));
    }

    #[test]
    fn a_busy_venue_is_left_alone_longer_each_time() {
        let mut budget = budget();
        let waits = |budget: &mut Budget, from: i64, millis: i64| {
            let just_before = Nanos(Nanos::from_millis(from + millis).0 - 1);
            !budget.may(&COST, Need::Ordinary, just_before, at(200))
                && budget.may(&COST, Need::Ordinary, Nanos::from_millis(from + millis), at(200))
                && budget.may(&COST, Need::Urgent, Nanos::from_millis(from), at(200))
        };
        budget.back_off(at(1));
        assert!(waits(&mut budget, 1_000, 200));
        budget.back_off(at(2));
        assert!(waits(&mut budget, 2_000, 400));
        budget.went_well();
        budget.back_off(at(3));
        assert!(waits(&mut budget, 3_000, 200));
    }
}
