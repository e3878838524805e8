//! What is said to the matching engine and by it.
//!
//! Never here: a decision.

use ballast_model::{
    ClientOrderId, Digest, Lots, Money, NewOrder, Price, Rate, RejectReason, Side, TradeId, VenueOrderId,
};

/// An account at the venue: a dense index, below the bound the engine was built with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(pub u16);

/// What an order's price means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pricing {
    /// It is the worst price the order trades at.
    Limit,
    /// Nothing: the order takes from the best price on, as far as the venue's protection lets it, and what is left
    /// expires. Such an order is immediate-or-cancel or fill-or-kill.
    Market,
}

/// What happens where an order meets one of the same account: self-trade prevention by the names venues use
/// (`selfTradePreventionMode` of Binance). The arriving order's mode decides, and orders in front of the account's own
/// trade as ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Prevention {
    /// They trade.
    None,
    /// What is left of the arriving order expires.
    ExpireTaker,
    /// The resting order expires, and the arriving one goes on.
    ExpireMaker,
    /// Both expire.
    ExpireBoth,
    /// Both become smaller by the smaller one, which expires.
    Decrement,
}

/// Ask for a new order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Whose.
    pub account: AccountId,
    /// The order. Its `expires_at` is for whoever sends and is not looked at here.
    pub order: NewOrder,
    /// What its price means.
    pub pricing: Pricing,
    /// Self-trade prevention.
    pub prevention: Prevention,
    /// Most of a resting order that is shown at a time (iceberg); zero shows all.
    pub display: Lots,
    /// What the order waits for before it arrives; `None` for an order that arrives at once.
    pub trigger: Option<Trigger>,
}

/// What prices an order waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Source {
    /// Trades.
    Last,
    /// The mark price.
    Mark,
}

/// When a waiting order arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trigger {
    /// Whose prices count.
    pub source: Source,
    /// Which.
    pub when: When,
}

/// The price an order waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// A bid waits for this or more, an ask for this or less.
    Stop(Price),
    /// A bid waits for this or less, an ask for this or more.
    TakeProfit(Price),
    /// A bid waits until the price is above the lowest one seen since it began to trail by this share of that, an ask until
    /// it is below the highest one. It begins with the first price that is at the activation or past it (at or below for a
    /// bid, at or above for an ask), or with the newest one where there is no activation.
    Trails {
        /// Where it begins.
        activation: Option<Price>,
        /// The share, above zero and below one.
        callback: Rate,
    },
}

impl Trigger {
    /// Whether an order of this side that trails this extreme has waited for this price.
    pub(super) fn fires(&self, side: Side, extreme: Option<Price>, price: Price) -> bool {
        match self.when {
            When::Stop(at) => side.reaches(price, at),
            When::TakeProfit(at) => side.opposite().reaches(price, at),
            When::Trails { callback, .. } => {
                extreme.is_some_and(|extreme| side.reaches(price, turn(extreme, callback, side)))
            }
        }
    }

    pub(super) fn digest(&self, digest: &mut Digest) {
        let (kind, price, callback) = match self.when {
            When::Stop(at) => (0, at.0, 0),
            When::TakeProfit(at) => (1, at.0, 0),
            When::Trails { activation, callback } => (2, activation.map_or(-1, |at| at.0), callback.0),
        };
        digest.word(kind << 8 | self.source as u64);
        digest.signed(price);
        digest.signed(callback);
    }
}

/// The price at which a trailing stop fires: away from the extreme by the callback, rounded so that it is not nearer
/// (Binance: a bid at `price ≥ lowest · (1 + callbackRate)`, an ask at `price ≤ highest · (1 − callbackRate)`).
pub(super) fn turn(extreme: Price, callback: Rate, side: Side) -> Price {
    let distance = i128::from(extreme.0) * i128::from(callback.0);
    let ticks = (distance + i128::from(Rate::ONE.0) - 1) / i128::from(Rate::ONE.0);
    let ticks = i64::try_from(ticks).unwrap_or(i64::MAX);
    Price(extreme.0.saturating_add(side.sign() * ticks))
}

/// Ask for a resting order to be amended; the size is the new total, what has traded included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amendment {
    /// Whose.
    pub account: AccountId,
    /// The account's id of it.
    pub client_id: ClientOrderId,
    /// New limit price.
    pub price: Price,
    /// New total size, above zero.
    pub lots: Lots,
}

/// One thing asked of the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Place an order.
    Place(Placement),
    /// Cancel an order.
    Cancel(AccountId, ClientOrderId),
    /// Amend an order.
    Amend(Amendment),
    /// Cancel all orders of an account.
    CancelAll(AccountId),
}

/// Names an order that was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderRef {
    /// Whose.
    pub account: AccountId,
    /// The account's id.
    pub client_id: ClientOrderId,
    /// The venue's id.
    pub venue_id: VenueOrderId,
}

/// One side of a trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Party {
    /// Its order.
    pub order: OrderRef,
    /// What is left of that; zero where the trade filled it.
    pub left: Lots,
    /// Its fee, 10⁻⁸ of the settlement currency: cost > 0, rebate < 0.
    pub fee_e8: i64,
}

/// What self-trade prevention left of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remainder {
    /// Which.
    pub order: OrderRef,
    /// Its price.
    pub price: Price,
    /// Its total size now.
    pub lots: Lots,
    /// What of that is left; at zero the order has ended.
    pub left: Lots,
}

/// A trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    /// The venue's id of it.
    pub trade_id: TradeId,
    /// Price, that of the order that rested.
    pub price: Price,
    /// Size.
    pub lots: Lots,
    /// Side of the order that arrived.
    pub taker_side: Side,
    /// Who arrived.
    pub taker: Party,
    /// Who rested.
    pub maker: Party,
}

/// A position was closed against another one because neither the book nor the insurance fund could take it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deleverage {
    /// The venue's id of it, in one sequence with trades.
    pub trade_id: TradeId,
    /// At which price.
    pub price: Price,
    /// How much.
    pub lots: Lots,
    /// The side on which the liquidated account traded.
    pub side: Side,
    /// Whose position could not be closed otherwise.
    pub liquidated: AccountId,
    /// Whose position was closed against it.
    pub counterparty: AccountId,
}

/// Why the venue ended an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It may not rest: immediate-or-cancel, or a market order that reached its protection.
    TimeInForce,
    /// Its end time came.
    EndTime,
    /// It met an order of the same account.
    SelfTrade,
    /// Nothing of the position was left to reduce.
    ReduceOnly,
    /// Matching was halted by what it would have traded.
    Halted,
    /// It was amended such that a post-only order would have taken.
    WouldTake,
    /// The price it waited for came, and then it was refused.
    Refused(Reject),
}

/// What happened. Every request is answered by at least one outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A new order was accepted; what it trades follows.
    Accepted(OrderRef),
    /// A new order was refused.
    Rejected(AccountId, ClientOrderId, Reject),
    /// The price a waiting order waited for has come; what becomes of the order follows.
    Triggered(OrderRef),
    /// Two orders traded.
    Traded(Match),
    /// Two orders of one account met and became smaller by this, without a trade.
    Prevented {
        /// Who arrived.
        taker: Remainder,
        /// Who rested.
        maker: Remainder,
        /// By how much.
        lots: Lots,
    },
    /// An order was cancelled on request with this left.
    Cancelled(OrderRef, Lots),
    /// A cancel was refused.
    CancelRejected(AccountId, ClientOrderId, Reject),
    /// The venue ended an order with this left.
    Expired(OrderRef, Lots, Why),
    /// An order was amended; what it trades follows.
    Replaced {
        /// Which.
        order: OrderRef,
        /// Its price now.
        price: Price,
        /// Its total size now.
        lots: Lots,
        /// Traded so far.
        filled: Lots,
    },
    /// An amendment was refused; the order stays as it was.
    ReplaceRejected(AccountId, ClientOrderId, Reject),
    /// All orders of an account were cancelled; so many there were.
    AllCancelled(AccountId, u32),
    /// Matching is halted.
    Halted,
    /// Matching goes on.
    Resumed,
    /// An account got (or, below zero, paid) this as funding.
    Funded(AccountId, Money),
    /// An account's position of this size is being liquidated. The venue's order bears no id of the account's.
    Liquidated(AccountId, Lots),
    /// An account got this of the insurance fund or, below zero, paid it in.
    Insured(AccountId, Money),
    /// Auto-deleveraging.
    Deleveraged(Deleverage),
}

/// Why a request was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reject {
    /// There is no such account.
    UnknownAccount,
    /// Matching is halted and the order might take.
    Halted,
    /// Price below the least.
    PriceMin,
    /// Price above the largest.
    PriceMax,
    /// Price outside the band about the reference: of a bid above it, of an ask below it.
    Band(Side),
    /// Size below the least, or an amendment to what has traded already.
    SizeMin,
    /// Size above the largest.
    SizeMax,
    /// Order value below the minimum.
    NotionalMin,
    /// The parts of the request contradict each other: a market order that may rest, a display size above the size or of
    /// an order that cannot rest, an id that stands for no order of the account.
    Contradiction,
    /// The end time has passed.
    EndTime,
    /// The id is that of an open order of the account.
    DuplicateId,
    /// The account has as many open orders as it may.
    OrdersMax,
    /// The venue has as many open, or as many waiting orders as it can hold.
    VenueFull,
    /// The side has as many pages of price levels as it can hold.
    LevelsFull,
    /// Filled, the account's orders of this side would make its position too large.
    PositionMax,
    /// The order would not reduce the position, or a fill-or-kill order not as a whole.
    ReduceOnly,
    /// A post-only order would take.
    WouldTake,
    /// An immediate order finds nothing to take, a fill-or-kill order not enough.
    NothingToTake,
    /// No such order is open.
    UnknownOrder,
    /// The amendment changes nothing.
    Unchanged,
    /// The venue's rules do not allow the amendment.
    NotAmendable,
    /// The order has been amended as often as it may.
    AmendmentsMax,
    /// Too little collateral.
    Margin,
    /// What the order is to wait for is no price of the instrument, or its callback not between zero and one.
    Trigger,
    /// What the order is to wait for is there already.
    TriggersAtOnce,
    /// A batch has no room for the request.
    BatchMax,
}

/// The venues whose codes the engine can answer with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Binance spot.
    BinanceSpot,
    /// Binance USD-M futures.
    BinanceUsdm,
}

impl Reject {
    /// The reason in the engine's own words.
    #[must_use]
    pub const fn reason(self) -> RejectReason {
        match self {
            Self::Halted => RejectReason::Closed,
            Self::PriceMin | Self::PriceMax | Self::Band(_) => RejectReason::Price,
            Self::SizeMin | Self::SizeMax => RejectReason::Size,
            Self::NotionalMin => RejectReason::NotionalMin,
            Self::DuplicateId => RejectReason::DuplicateId,
            Self::OrdersMax | Self::VenueFull | Self::LevelsFull => RejectReason::OrdersMax,
            Self::PositionMax | Self::Margin => RejectReason::Margin,
            Self::ReduceOnly => RejectReason::ReduceOnly,
            Self::WouldTake => RejectReason::WouldTake,
            Self::NothingToTake => RejectReason::NothingToTake,
            Self::UnknownOrder => RejectReason::UnknownOrder,
            Self::BatchMax => RejectReason::RateLimit,
            Self::UnknownAccount
            | Self::Contradiction
            | Self::EndTime
            | Self::Trigger
            | Self::TriggersAtOnce
            | Self::Unchanged
            | Self::NotAmendable
            | Self::AmendmentsMax => RejectReason::Other,
        }
    }

    /// The code the venue gives for this reason. Where it has none of its own, the general one for a refused order.
    ///
    /// Sources: Binance spot `errors.md` (filters −1013, refusals −2010, amendments −2038); USD-M error codes (−2011 a cancel's
    /// unknown order, −4xxx filters: −4016 and −4024 a limit price beyond its cap and floor, −4131 being that of market orders;
    /// −5021 fill-or-kill, −5022 post-only, −5026 and −5027 amendments).
    #[must_use]
    pub const fn code(self, dialect: Dialect) -> i32 {
        match dialect {
            Dialect::BinanceSpot => self.spot_code(),
            Dialect::BinanceUsdm => self.usdm_code(),
        }
    }

    const fn spot_code(self) -> i32 {
        match self {
            Self::PriceMin
            | Self::PriceMax
            | Self::Band(_)
            | Self::SizeMin
            | Self::SizeMax
            | Self::NotionalMin
            | Self::OrdersMax
            | Self::PositionMax
            | Self::LevelsFull
            | Self::Trigger => -1013,
            Self::UnknownOrder => -2011,
            Self::Contradiction => -1106,
            Self::VenueFull => -1008,
            Self::BatchMax => -1015,
            Self::Unchanged | Self::NotAmendable | Self::AmendmentsMax => -2038,
            Self::UnknownAccount => -2015,
            Self::Halted
            | Self::EndTime
            | Self::DuplicateId
            | Self::ReduceOnly
            | Self::Margin
            | Self::WouldTake
            | Self::TriggersAtOnce
            | Self::NothingToTake => -2010,
        }
    }

    const fn usdm_code(self) -> i32 {
        match self {
            Self::PriceMin => -4013,
            Self::PriceMax => -4002,
            Self::Band(Side::Bid) => -4016,
            Self::Band(Side::Ask) => -4024,
            Self::SizeMin => -4004,
            Self::SizeMax => -4005,
            Self::NotionalMin => -4164,
            Self::Contradiction => -1106,
            Self::DuplicateId => -4116,
            Self::OrdersMax => -2025,
            Self::PositionMax => -2027,
            Self::Margin => -2019,
            Self::VenueFull | Self::LevelsFull => -1008,
            Self::BatchMax => -1015,
            Self::ReduceOnly => -2022,
            Self::WouldTake => -5022,
            Self::Trigger => -4013,
            Self::TriggersAtOnce => -2021,
            Self::NothingToTake => -5021,
            Self::UnknownOrder => -2011,
            Self::AmendmentsMax => -5026,
            Self::Unchanged => -5027,
            Self::UnknownAccount => -2015,
            Self::Halted | Self::EndTime | Self::NotAmendable => -2010,
        }
    }
}
