//! The life of an order: every pair of state and input, decided in one function.

use ballast_model::RejectReason;

/// What is known of an order. Everything but [`OrderState::Done`] is *open*: its remaining size may still trade.
///
/// `·` is no change; `Cancel(x)` is `PendingCancel(x)`, and within it and alone `Replace` is `PendingReplace`; the last two
/// columns are the ways of being done. The inputs that are not named like their report:
/// - Confirmed: an acknowledgement, an amendment or an answer to a query says that the venue has the order;
/// - Stands: an answer to a query, asked so long after our requests that all had arrived, says that the order rests;
/// - IdInUse: the order was rejected for [`RejectReason::DuplicateId`];
/// - PartFill, LastFill: a trade after which something remains, or nothing, by the larger of the sizes the order may have;
/// - Completed: by the venue's count all has traded, whether the fills are here or missing;
/// - NotFound: a cancel, an amendment or a query met [`RejectReason::UnknownOrder`] or its like;
/// - NeverPlaced: a query asked long after the order was sent did so, and the venue never showed a sign of the order;
/// - Lost: questions, lists of open orders and trades have shown, over so long that nothing of it can be on its way, that the venue has
///   lost an order that it had;
/// - CancelRefused, ReplaceRefused: refused for any other reason.
///
/// | input | PendingNew | Live | Replace | Cancel(New) | Cancel(Live) | Cancel(Replace) | Cancel(Unknown) | Unknown | Filled, Cancelled, Expired | Rejected, NotSent, NeverPlaced, Lost |
/// |---|---|---|---|---|---|---|---|---|---|---|
/// | CancelSent | Cancel(New) | Cancel(Live) | Cancel(Replace) | · | · | · | · | Cancel(Unknown) | · | · |
/// | ReplaceSent | · | Replace | · | · | · | · | · | · | · | · |
/// | Confirmed | Live | · | Live | Cancel(Live) | · | Cancel(Live) | Cancel(Live) | Live | · | Unknown |
/// | Stands | Live | · | Live | Live | Live | Live | Live | Live | · | Unknown |
/// | PartFill | Live | · | · | Cancel(Live) | · | · | · | · | · | Unknown |
/// | LastFill | Filled | Filled | Filled | Filled | Filled | Filled | Filled | Filled | Filled | Filled |
/// | Completed | Filled | Filled | Filled | Filled | Filled | Filled | Filled | Filled | · | · |
/// | Rejected | Rejected | Rejected | Rejected | Rejected | Rejected | Rejected | Rejected | Rejected | · | · |
/// | Cancelled | Cancelled | Cancelled | Cancelled | Cancelled | Cancelled | Cancelled | Cancelled | Cancelled | · | · |
/// | Expired | Expired | Expired | Expired | Expired | Expired | Expired | Expired | Expired | · | · |
/// | NotSent | NotSent | Unknown | Live | NotSent | Unknown | Cancel(Live) | Unknown | · | · | · |
/// | IdInUse | Unknown | · | · | Cancel(Unknown) | · | · | · | · | · | Unknown |
/// | NotFound | Unknown | Unknown | Unknown | Unknown | Unknown | Unknown | Unknown | · | · | · |
/// | NeverPlaced | NeverPlaced | Unknown | Unknown | NeverPlaced | Unknown | Unknown | NeverPlaced | NeverPlaced | · | · |
/// | Lost | · | · | · | · | · | · | Lost | Lost | · | · |
/// | CancelRefused | · | · | · | PendingNew | Live | Replace | Unknown | · | · | · |
/// | ReplaceRefused | · | · | Live | · | · | Cancel(Live) | · | · | · | · |
/// | FateUnknown | Unknown | Unknown | Unknown | Unknown | Unknown | Unknown | Unknown | · | · | · |
///
/// Why the less obvious ones:
/// - A fill before the acknowledgement proves that the venue has the order. A part fill of an unknown order does not prove
///   that the rest is alive.
/// - A cancel can overtake its order, so "no such order" is no proof of death: unknown, until an acknowledgement, a fill or
///   the end arrives. The exception needs all three: a query, asked when the order must long have arrived, and no sign of
///   the order ever. Time alone ends nothing. An order that the venue once had and then does not know stays unknown, and is
///   asked about, until reconciliation finds out how it ended and reports that: in the end that the venue has lost it, which says
///   nothing of an order that has shown a sign of life meanwhile.
/// - Venues that acknowledge at the gateway reject later, from the matching engine: a late reject ends a live order.
/// - An order whose end was a refusal, our own drop, a query's "never placed" or its loss, and which the venue then accepts or
///   fills, was never dead: it is unknown again. After the other ends such news is merely late.
/// - While an amendment has no answer, an acknowledgement of the order is no input: it says nothing of the amendment. Nor is
///   an answer to a query that was asked too early to tell.
/// - What is dropped unsent while an amendment is under way is the amendment: orders that wait for their first word are not
///   amended, and cancels do not expire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderState {
    /// Sent; no word of it yet.
    PendingNew,
    /// The venue has it.
    Live,
    /// The venue has it and an amendment is on its way. It may rest with the old price and size or with the new ones.
    PendingReplace,
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
    /// [`OrderState::PendingReplace`].
    Replace,
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
    /// Sent, and lost on the way: the venue has never had it.
    NeverPlaced,
    /// The venue had it, and has lost it.
    Lost,
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
        matches!(self, Self::PendingNew | Self::PendingReplace | Self::PendingCancel(_))
    }

    /// True where nobody can say whether the order is alive.
    #[must_use]
    pub const fn is_doubtful(self) -> bool {
        matches!(self, Self::Unknown | Self::PendingCancel(BeforeCancel::Unknown))
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
            Self::Done(DoneReason::NeverPlaced) => (4, 5, 0),
            Self::Done(DoneReason::Lost) => (4, 6, 0),
            Self::PendingReplace => (5, 0, 0),
        };
        kind | detail << 8 | reject << 16
    }
}

/// What moves an order; the table of [`OrderState`] says what each means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// We sent a cancel.
    CancelSent,
    /// We sent an amendment.
    ReplaceSent,
    /// The venue has the order.
    Confirmed,
    /// The order rests, and no request of ours is still on its way to change that.
    Stands,
    /// The venue refused the order.
    Rejected(RejectReason),
    /// The venue refused the order because it has one with this id. Ids are never reused: it has *this* order.
    IdInUse,
    /// The order is cancelled.
    Cancelled,
    /// The venue ended the order.
    Expired,
    /// The venue says that all has traded.
    Completed,
    /// The venue knows no such order: gone, or not there yet.
    NotFound,
    /// The venue knows no such order and never did.
    NeverPlaced,
    /// The venue has lost it.
    Lost,
    /// The cancel was refused, or could not be sent, for a reason that says nothing of the order.
    CancelRefused,
    /// The amendment was refused for a reason that says nothing of the order.
    ReplaceRefused,
    /// The order, or its amendment, was dropped unsent.
    NotSent,
    /// A request was sent and its answer is lost.
    FateUnknown,
    /// A part traded and some remains.
    PartFill,
    /// Nothing remains.
    LastFill,
}

/// The state an order moves to: the table of [`OrderState`].
pub(super) const fn next(state: OrderState, input: Input) -> OrderState {
    use BeforeCancel as Before;
    use OrderState::{Done, Live, PendingCancel, PendingNew, PendingReplace, Unknown};
    match (input, state) {
        (Input::LastFill, _) => Done(DoneReason::Filled),
        (Input::Confirmed | Input::Stands | Input::PartFill | Input::IdInUse, Done(end)) => after_end(end),
        (_, Done(_)) => state,

        // What ends or loses an order, whatever is under way.
        (Input::Completed, _) => Done(DoneReason::Filled),
        (Input::Rejected(reason), _) => Done(DoneReason::Rejected(reason)),
        (Input::Cancelled, _) => Done(DoneReason::Cancelled),
        (Input::Expired, _) => Done(DoneReason::Expired),
        (Input::NotFound | Input::FateUnknown, _) => Unknown,
        (Input::NotSent, PendingNew | PendingCancel(Before::New)) => Done(DoneReason::NotSent),
        (Input::NotSent, Live | PendingCancel(Before::Live | Before::Unknown)) => Unknown,
        (Input::NeverPlaced, PendingNew | Unknown | PendingCancel(Before::New | Before::Unknown)) => {
            Done(DoneReason::NeverPlaced)
        }
        (Input::NeverPlaced, Live | PendingReplace | PendingCancel(Before::Live | Before::Replace)) => {
            Unknown
        }
        (Input::Lost, Unknown | PendingCancel(Before::Unknown)) => Done(DoneReason::Lost),
        (Input::IdInUse, PendingNew) => Unknown,

        // What shows it alive.
        (Input::Stands, _) => Live,
        (Input::Confirmed, PendingNew | PendingReplace | Unknown) => Live,
        (Input::Confirmed, PendingCancel(_)) => PendingCancel(Before::Live),
        (Input::PartFill, PendingNew) => Live,
        (Input::PartFill, PendingCancel(Before::New)) => PendingCancel(Before::Live),
        (Input::IdInUse, PendingCancel(Before::New)) => PendingCancel(Before::Unknown),

        // Our own requests, and what became of them.
        (Input::CancelSent, PendingNew) => PendingCancel(Before::New),
        (Input::CancelSent, Live) => PendingCancel(Before::Live),
        (Input::CancelSent, PendingReplace) => PendingCancel(Before::Replace),
        (Input::CancelSent, Unknown) => PendingCancel(Before::Unknown),
        (Input::CancelRefused, PendingCancel(Before::New)) => PendingNew,
        (Input::CancelRefused, PendingCancel(Before::Live)) => Live,
        (Input::CancelRefused, PendingCancel(Before::Replace)) => PendingReplace,
        (Input::CancelRefused, PendingCancel(Before::Unknown)) => Unknown,
        (Input::ReplaceSent, Live) => PendingReplace,
        (Input::ReplaceRefused | Input::NotSent, PendingReplace) => Live,
        (Input::ReplaceRefused | Input::NotSent, PendingCancel(Before::Replace)) => {
            PendingCancel(Before::Live)
        }

        (_, PendingNew | Live | PendingReplace | PendingCancel(_) | Unknown) => state,
    }
}

/// The state of an ended order that shows a sign of life.
const fn after_end(end: DoneReason) -> OrderState {
    match end {
        DoneReason::Filled | DoneReason::Cancelled | DoneReason::Expired => OrderState::Done(end),
        DoneReason::Rejected(_) | DoneReason::NotSent | DoneReason::NeverPlaced | DoneReason::Lost => {
            OrderState::Unknown
        }
    }
}
