//! Why venues refuse.

/// Why a venue refused, in the engine's own words; a session maps the venue's codes to these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RejectReason {
    /// A post-only order would have taken.
    WouldTake,
    /// Price off the grid or out of range.
    Price,
    /// Size off the grid or out of range.
    Size,
    /// Order value below the venue's minimum.
    NotionalMin,
    /// The client id is in use.
    DuplicateId,
    /// The order would trade with one of ours.
    SelfTrade,
    /// Not enough balance or margin.
    Margin,
    /// Too many open orders.
    OrdersMax,
    /// Too many requests.
    RateLimit,
    /// The venue does not know the order (cancel and amend only).
    UnknownOrder,
    /// A reduce-only order would not reduce.
    ReduceOnly,
    /// An IOC or FOK order found nothing to take.
    NothingToTake,
    /// The instrument does not trade now.
    Closed,
    /// Anything else.
    Other,
}

impl RejectReason {
    /// All reasons, in their order.
    pub const ALL: [Self; 14] = [
        Self::WouldTake,
        Self::Price,
        Self::Size,
        Self::NotionalMin,
        Self::DuplicateId,
        Self::SelfTrade,
        Self::Margin,
        Self::OrdersMax,
        Self::RateLimit,
        Self::UnknownOrder,
        Self::ReduceOnly,
        Self::NothingToTake,
        Self::Closed,
        Self::Other,
    ];
}
