//! Why an order was refused.

use ballast_model::{ClientOrderId, HalfTicks, InstrumentId, Lots, Money, Price};

/// The rule that refused an order, and the numbers it compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The order is for another instrument than this gate's.
    Instrument(InstrumentId),
    /// Ids must grow, from above zero, and an id passes once; the last one that passed.
    ClientId(ClientOrderId),
    /// The price is outside the venue's range.
    Price {
        /// The lowest the venue takes.
        min: Price,
        /// The highest the venue takes.
        max: Price,
    },
    /// The size is outside the venue's range.
    Size {
        /// The smallest the venue takes.
        min: Lots,
        /// The largest the venue takes.
        max: Lots,
    },
    /// The gate is killed.
    Killed,
    /// The gate passes only reducing orders and this one is none.
    ReduceOnly,
    /// The order is larger than one may be.
    OrderLots {
        /// The limit.
        max: Lots,
    },
    /// The order is worth less than the venue takes, in the quote currency.
    NotionalMin {
        /// The order's value.
        notional: Money,
        /// The venue's limit.
        min: Money,
    },
    /// The order is worth more than one may be, in the quote currency.
    OrderNotional {
        /// The order's value.
        notional: Money,
        /// The limit.
        max: Money,
    },
    /// There is no reference to hold the price against.
    NoReference,
    /// The price is too far from the reference.
    Collar {
        /// The reference.
        reference: HalfTicks,
    },
    /// The position could grow beyond its limit.
    Position {
        /// The position if all on this side trades.
        worst: Lots,
        /// The limit.
        max: Lots,
    },
    /// Too many orders are open.
    OpenOrders {
        /// The limit.
        max: u32,
    },
    /// Too many orders were sent of late.
    OrderRate,
}

/// A rule of the gate, in the order the gate asks them. The first that says no names the refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Rule {
    /// [`Refusal::Instrument`].
    Instrument,
    /// [`Refusal::ClientId`].
    ClientId,
    /// [`Refusal::Price`].
    Price,
    /// [`Refusal::Size`].
    Size,
    /// [`Refusal::Killed`].
    Killed,
    /// [`Refusal::ReduceOnly`].
    ReduceOnly,
    /// [`Refusal::OrderLots`].
    OrderLots,
    /// [`Refusal::NotionalMin`].
    NotionalMin,
    /// [`Refusal::OrderNotional`].
    OrderNotional,
    /// [`Refusal::NoReference`].
    NoReference,
    /// [`Refusal::Collar`].
    Collar,
    /// [`Refusal::Position`].
    Position,
    /// [`Refusal::OpenOrders`].
    OpenOrders,
    /// [`Refusal::OrderRate`].
    OrderRate,
}

impl Rule {
    /// All rules, in order.
    pub const ALL: [Self; 14] = [
        Self::Instrument,
        Self::ClientId,
        Self::Price,
        Self::Size,
        Self::Killed,
        Self::ReduceOnly,
        Self::OrderLots,
        Self::NotionalMin,
        Self::OrderNotional,
        Self::NoReference,
        Self::Collar,
        Self::Position,
        Self::OpenOrders,
        Self::OrderRate,
    ];

    /// The rule's name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Instrument => "instrument",
            Self::ClientId => "client_id",
            Self::Price => "price",
            Self::Size => "size",
            Self::Killed => "killed",
            Self::ReduceOnly => "reduce_only",
            Self::OrderLots => "order_lots",
            Self::NotionalMin => "notional_min",
            Self::OrderNotional => "order_notional",
            Self::NoReference => "no_reference",
            Self::Collar => "collar",
            Self::Position => "position",
            Self::OpenOrders => "open_orders",
            Self::OrderRate => "order_rate",
        }
    }
}

impl Refusal {
    /// The rule that refused.
    #[must_use]
    pub const fn rule(&self) -> Rule {
        match self {
            Self::Instrument(_) => Rule::Instrument,
            Self::ClientId(_) => Rule::ClientId,
            Self::Price { .. } => Rule::Price,
            Self::Size { .. } => Rule::Size,
            Self::Killed => Rule::Killed,
            Self::ReduceOnly => Rule::ReduceOnly,
            Self::OrderLots { .. } => Rule::OrderLots,
            Self::NotionalMin { .. } => Rule::NotionalMin,
            Self::OrderNotional { .. } => Rule::OrderNotional,
            Self::NoReference => Rule::NoReference,
            Self::Collar { .. } => Rule::Collar,
            Self::Position { .. } => Rule::Position,
            Self::OpenOrders { .. } => Rule::OpenOrders,
            Self::OrderRate => Rule::OrderRate,
        }
    }
}
