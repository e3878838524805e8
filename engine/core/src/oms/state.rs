//! The life of an order: every pair of state and input, decided in one function.

use ballast_model::{OrderReport, RejectReason};

/// What is known of an order. Everything but [`OrderState::Done`] is *open*: its remaining size may still trade.
///
/// `·` is no change; `Cancel(x)` is `PendingCancel(x)`; the last two columns are the ways of being done. Of the inputs,
/// NotFound is a cancel rejected for [`RejectReason::UnknownOrder`] and CancelRefused one rejected for any other reason;
/// IdInUse is an order rejected for [`RejectReason::DuplicateId`]; the fills differ in whether anything remains.
///
/// | input | PendingNew | Live | Cancel(New) | Cancel(Live) | Cancel(Unknown) | Unknown | Filled, Cancelled, Expired | Rejected, NotSent |
/// |---|---|---|---|---|---|---|---|---|
/// | CancelSent | Cancel(New) | Cancel(Live) | · | · | · | Cancel(Unknown) | · | · |
/// | Accepted | Live | · | Cancel(Live) | · | Cancel(Live) | Live | · | Unknown |
/// | PartFill | Live | · | Cancel(Live) | · | · | · | · | Unknown |
/// | LastFill | Filled | Filled | Filled | Filled | Filled | Filled | Filled | Filled |
/// | Rejected | Rejected | Rejected | Rejected | Rejected | Rejected | Rejected | · | · |
/// | Cancelled | Cancelled | Cancelled | Cancelled | Cancelled | Cancelled | Cancelled | · | · |
/// | Expired | Expired | Expired | Expired | Expired | Expired | Expired | · | · |
/// | NotSent | NotSent | Unknown | NotSent | Unknown | Unknown | · | · | · |
/// | IdInUse | Unknown | · | Cancel(Unknown) | · | · | · | · | Unknown |
/// | NotFound | Unknown | Unknown | Unknown | Unknown | Unknown | · | · | · |
/// | CancelRefused | · | · | PendingNew | Live | Unknown | · | · | · |
/// | FateUnknown | Unknown | Unknown | Unknown | Unknown | Unknown | · | · | · |
///
/// Why the less obvious ones:
/// - A fill before the acknowledgement proves that the venue has the order. A part fill of an unknown order does not prove
///   that the rest is alive.
/// - A cancel can overtake its order, so "no such order" is no proof of death: unknown, until an acknowledgement, a fill or
///   the end arrives.
/// - Venues that acknowledge at the gateway reject later, from the matching engine: a late reject ends a live order.
/// - An order whose end was a refusal or our own drop, and which the venue then accepts or fills, was never dead: it is
///   unknown again. After the other ends such news is merely late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderState {
    /// Sent; no word of it yet.
    PendingNew,
    /// The venue has it.
    Live,
    /// A cancel is on its way; a refused cancel leaves the order as it was before.
    PendingCancel(BeforeCancel),
    /// Nobody can say whether it is alive. It counts in full until a definite report says what became of it.
    Unknown,
    /// Ended.
    Done(DoneReason),
}

/// What was known of an order when its cancel went out, or was learnt since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BeforeCancel {
    /// [`OrderState::PendingNew`].
    New,
    /// [`OrderState::Live`].
    Live,
    /// [`OrderState::Unknown`].
    Unknown,
}

/// How an order ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DoneReason {
    /// Traded in full.
    Filled,
    /// Cancelled: on our request or by the venue's own decision.
    Cancelled,
    /// Refused by the venue.
    Rejected(RejectReason),
    /// Ended by its time in force or by self-trade prevention.
    Expired,
    /// Dropped by us before any byte was sent.
    NotSent,
}

impl OrderState {
    /// True once the order has ended.
    #[must_use]
    pub const fn is_done(self) -> bool {
        matches!(self, Self::Done(_))
    }

    /// True where a request of ours waits for its answer.
    #[must_use]
    pub const fn is_pending(self) -> bool {
        matches!(self, Self::PendingNew | Self::PendingCancel(_))
    }

    /// The state as one word, distinct for distinct states.
    pub(super) const fn word(self) -> u64 {
        let (kind, detail, reject) = match self {
            Self::PendingNew => (0, 0, 0),
            Self::Live => (1, 0, 0),
            Self::PendingCancel(before) => (2, before as u64, 0),
            Self::Unknown => (3, 0, 0),
            Self::Done(DoneReason::Filled) => (4, 0, 0),
            Self::Done(DoneReason::Cancelled) => (4, 1, 0),
            Self::Done(DoneReason::Rejected(reason)) => (4, 2, reason as u64),
            Self::Done(DoneReason::Expired) => (4, 3, 0),
            Self::Done(DoneReason::NotSent) => (4, 4, 0),
        };
        kind | detail << 8 | reject << 16
    }
}

/// What moves an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// We sent a cancel.
    CancelSent,
    /// The venue has the order.
    Accepted,
    /// The venue refused the order.
    Rejected(RejectReason),
    /// The venue refused the order because it has one with this id. Ids are never reused: it has *this* order.
    IdInUse,
    /// The order is cancelled.
    Cancelled,
    /// The venue ended the order.
    Expired,
    /// The cancel was refused because the venue knows no such order: gone, or not there yet.
    NotFound,
    /// The cancel was refused, or could not be sent, for a reason that says nothing of the order.
    CancelRefused,
    /// The order was dropped unsent.
    NotSent,
    /// A request was sent and its answer is lost.
    FateUnknown,
    /// A part traded and some remains.
    PartFill,
    /// Nothing remains.
    LastFill,
}

impl From<OrderReport> for Input {
    fn from(report: OrderReport) -> Self {
        match report {
            OrderReport::Accepted(_) => Self::Accepted,
            OrderReport::Rejected(RejectReason::DuplicateId) => Self::IdInUse,
            OrderReport::Rejected(reason) => Self::Rejected(reason),
            OrderReport::Cancelled => Self::Cancelled,
            OrderReport::Expired => Self::Expired,
            OrderReport::CancelRejected(RejectReason::UnknownOrder) => Self::NotFound,
            OrderReport::CancelRejected(_) => Self::CancelRefused,
            OrderReport::NotSent => Self::NotSent,
            OrderReport::FateUnknown => Self::FateUnknown,
        }
    }
}

/// The state an order moves to: the table of [`OrderState`].
pub(super) const fn next(state: OrderState, input: Input) -> OrderState {
    use OrderState::{Done, Live, PendingCancel, PendingNew, Unknown};
    match input {
        Input::CancelSent => match state {
            PendingNew => PendingCancel(BeforeCancel::New),
            Live => PendingCancel(BeforeCancel::Live),
            Unknown => PendingCancel(BeforeCancel::Unknown),
            PendingCancel(_) | Done(_) => state,
        },
        Input::Accepted => match state {
            PendingNew | Live | Unknown => Live,
            PendingCancel(_) => PendingCancel(BeforeCancel::Live),
            Done(end) => after_end(end),
        },
        Input::PartFill => match state {
            PendingNew | Live => Live,
            PendingCancel(BeforeCancel::New | BeforeCancel::Live) => PendingCancel(BeforeCancel::Live),
            PendingCancel(BeforeCancel::Unknown) | Unknown => state,
            Done(end) => after_end(end),
        },
        Input::LastFill => Done(DoneReason::Filled),
        Input::Rejected(reason) => end(state, DoneReason::Rejected(reason)),
        Input::Cancelled => end(state, DoneReason::Cancelled),
        Input::Expired => end(state, DoneReason::Expired),
        Input::NotSent => match state {
            PendingNew | PendingCancel(BeforeCancel::New) => Done(DoneReason::NotSent),
            Live | PendingCancel(BeforeCancel::Live | BeforeCancel::Unknown) | Unknown => Unknown,
            Done(_) => state,
        },
        Input::IdInUse => match state {
            PendingNew => Unknown,
            PendingCancel(BeforeCancel::New) => PendingCancel(BeforeCancel::Unknown),
            Live | PendingCancel(BeforeCancel::Live | BeforeCancel::Unknown) | Unknown => state,
            Done(end) => after_end(end),
        },
        Input::CancelRefused => match state {
            PendingCancel(BeforeCancel::New) => PendingNew,
            PendingCancel(BeforeCancel::Live) => Live,
            PendingCancel(BeforeCancel::Unknown) => Unknown,
            PendingNew | Live | Unknown | Done(_) => state,
        },
        Input::NotFound | Input::FateUnknown => match state {
            PendingNew | Live | PendingCancel(_) | Unknown => Unknown,
            Done(_) => state,
        },
    }
}

/// A definite end: the first one stands.
const fn end(state: OrderState, reason: DoneReason) -> OrderState {
    match state {
        OrderState::PendingNew | OrderState::Live | OrderState::PendingCancel(_) | OrderState::Unknown => {
            OrderState::Done(reason)
        }
        OrderState::Done(_) => state,
    }
}

/// The state of an ended order that shows a sign of life.
const fn after_end(end: DoneReason) -> OrderState {
    match end {
        DoneReason::Filled | DoneReason::Cancelled | DoneReason::Expired => OrderState::Done(end),
        DoneReason::Rejected(_) | DoneReason::NotSent => OrderState::Unknown,
    }
}
