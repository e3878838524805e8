//! The way to the sink: what it cannot take yet waits here, in order.

use alloc::collections::VecDeque;

use ballast_model::Event;

use crate::EventSink;

/// Events that may wait for a full sink.
pub const BACKLOG_MAX: usize = 2_048;

/// Events that wait. Allocated once.
#[derive(Debug)]
pub(super) struct Outlet {
    backlog: VecDeque<Event>,
    /// Events that found no room even here since this was last asked.
    lost: u64,
}

impl Outlet {
    pub(super) fn new() -> Self {
        Self { backlog: VecDeque::with_capacity(BACKLOG_MAX), lost: 0 }
    }

    /// Tells the sink what waits.
    pub(super) fn settle<S: EventSink>(&mut self, out: &mut S) {
        while let Some(event) = self.backlog.front() {
            if out.push(core::slice::from_ref(event)).is_err() {
                return;
            }
            self.backlog.pop_front();
        }
    }

    pub(super) fn tell<S: EventSink>(&mut self, event: Event, out: &mut S) {
        if self.backlog.is_empty() && out.push(core::slice::from_ref(&event)).is_ok() {
            return;
        }
        if self.backlog.len() < BACKLOG_MAX {
            self.backlog.push_back(event);
        } else {
            self.lost += 1;
        }
    }

    pub(super) fn is_settled(&self) -> bool {
        self.backlog.is_empty()
    }

    /// How many events were lost since the last call.
    pub(super) const fn take_lost(&mut self) -> u64 {
        core::mem::replace(&mut self.lost, 0)
    }
}
