//! What an operator or the runtime has to know of a session, and no event tells.

use alloc::collections::VecDeque;

use ballast_model::{ClientOrderId, InstrumentId, Nanos, TradeId};

/// Notices that wait to be fetched at most; the oldest give way, counted.
const NOTICES_MAX: usize = 64;

/// One thing to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The venue refuses our key, our signature or our rights, with this code: nothing more is sent.
    Halted(i64),
    /// The venue wants silence until then, by our monotonic time.
    Silenced(Nanos),
    /// The venue's clock and ours differ by more than the limit, or the venue says so: no new orders.
    ClockOff,
    /// The venue's rules of an instrument are not those configured, or it does not trade: no new orders on it.
    RulesChanged(InstrumentId),
    /// A symbol that we trade is not in the venue's list.
    NotListed(InstrumentId),
    /// The account may only reduce positions.
    ReduceOnlyAccount,
    /// A request that the configuration should have ruled out was refused with this code.
    Configuration(i64),
    /// The account is in hedge mode, which is not traded in.
    HedgeMode,
    /// The venue announced that it will close the connection.
    ShuttingDown,
    /// A fill's fee is in an asset that is not configured: it was told with a fee of zero.
    UnknownFeeAsset(InstrumentId, TradeId),
    /// A fill was at a price between two ticks, and is told at the tick that is worse for us.
    StrayFill(InstrumentId, TradeId),
    /// The venue had an order of ours and has lost it: it was ended as that.
    OrderLost(InstrumentId, ClientOrderId),
    /// An order that was ended as lost has traded after all; the trade is told.
    LostOrderTraded(InstrumentId, ClientOrderId),
    /// A fill of ours cannot be told: another symbol, or off the grid.
    UnbookableFill,
    /// Events were lost because the sink refused them for too long: the account is swept anew.
    EventsLost,
    /// The venue knows more open orders of ours than a standing holds.
    TooManyOpenOrders,
    /// The venue refused an account request with this code; it is repeated.
    SweepRefused(i64),
}

impl Notice {
    /// Of which instrument, by the session's number; `None` where it is of the account.
    #[must_use]
    pub const fn instrument(self) -> Option<InstrumentId> {
        match self {
            Self::RulesChanged(id)
            | Self::NotListed(id)
            | Self::UnknownFeeAsset(id, _)
            | Self::StrayFill(id, _) => Some(id),
            Self::OrderLost(id, _) | Self::LostOrderTraded(id, _) => Some(id),
            Self::Halted(_)
            | Self::Silenced(_)
            | Self::ClockOff
            | Self::ReduceOnlyAccount
            | Self::Configuration(_)
            | Self::HedgeMode
            | Self::ShuttingDown
            | Self::UnbookableFill
            | Self::EventsLost
            | Self::TooManyOpenOrders
            | Self::SweepRefused(_) => None,
        }
    }

    /// Its name in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Halted(_) => "venue_refuses_key",
            Self::Silenced(_) => "venue_wants_silence",
            Self::ClockOff => "venue_clock_off",
            Self::RulesChanged(_) => "venue_rules_changed",
            Self::NotListed(_) => "venue_not_listed",
            Self::ReduceOnlyAccount => "venue_reduce_only",
            Self::Configuration(_) => "venue_refused_as_configured",
            Self::HedgeMode => "venue_hedge_mode",
            Self::ShuttingDown => "venue_shutting_down",
            Self::UnknownFeeAsset(..) => "venue_unknown_fee_asset",
            Self::StrayFill(..) => "venue_stray_fill",
            Self::OrderLost(..) => "venue_lost_order",
            Self::LostOrderTraded(..) => "venue_lost_order_traded",
            Self::UnbookableFill => "venue_unbookable_fill",
            Self::EventsLost => "venue_events_lost",
            Self::TooManyOpenOrders => "venue_too_many_open_orders",
            Self::SweepRefused(_) => "venue_sweep_refused",
        }
    }
}

/// Notices that wait. Allocated once.
#[derive(Debug)]
pub(super) struct Notices {
    waiting: VecDeque<Notice>,
    pub(super) dropped: u64,
}

impl Notices {
    pub(super) fn new() -> Self {
        Self { waiting: VecDeque::with_capacity(NOTICES_MAX), dropped: 0 }
    }

    /// Adds a notice, unless the same is the last that waits.
    pub(super) fn add(&mut self, notice: Notice) {
        if self.waiting.back() == Some(&notice) {
            return;
        }
        if self.waiting.len() == NOTICES_MAX {
            self.waiting.pop_front();
            self.dropped += 1;
        }
        self.waiting.push_back(notice);
    }

    pub(super) fn take(&mut self) -> Option<Notice> {
        self.waiting.pop_front()
    }
}
