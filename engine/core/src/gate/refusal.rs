//! Why an order was refused.

use ballast_model::{AssetId, InstrumentId};
pub use ballast_model::{StrategyId, VenueId};

/// What a limit or a halt holds for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One instrument.
    Instrument(InstrumentId),
    /// All instruments of a strategy.
    Strategy(StrategyId),
    /// All instruments that trade an asset, as base or as quote.
    Asset(AssetId),
    /// All instruments of a venue.
    Venue(VenueId),
    /// Everything.
    All,
}

impl core::fmt::Display for Scope {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Instrument(instrument) => write!(f, "instrument {}", instrument.0),
            Self::Strategy(strategy) => write!(f, "strategy {}", strategy.0),
            Self::Asset(asset) => write!(f, "asset {}", asset.0),
            Self::Venue(venue) => write!(f, "venue {}", venue.0),
            Self::All => f.write_str("everything"),
        }
    }
}

/// The rule that refused an order, and the two numbers it compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The rule.
    pub rule: Rule,
    /// Whose limit it was.
    pub scope: Scope,
    /// What was found, in the unit that [`Rule`] says; money in 10⁻¹⁸, rates in 10⁻⁸.
    pub found: i128,
    /// What it was held against, in the same unit. Where a range was left, the end that was passed; where there is nothing
    /// to compare, both are zero.
    pub limit: i128,
}

impl Refusal {
    /// The rule that refused.
    #[must_use]
    pub const fn rule(&self) -> Rule {
        self.rule
    }
}

impl core::fmt::Display for Refusal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { rule, scope, found, limit } = self;
        write!(f, "{} ({}) of {scope}: {found} against {limit}", rule.name(), rule.code())
    }
}

/// Makes the rules, their list and their names from one table, so that none can be missing from either.
macro_rules! rules {
    ($($(#[$doc:meta])* $rule:ident = $code:literal, $name:literal;)*) => {
        /// A rule of the gate. Its number is stable: rules are added at the end and never renumbered. The order in which the
        /// gate asks them is that of the module's documentation.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Rule {
            $($(#[$doc])* $rule = $code,)*
        }

        impl Rule {
            /// All rules, in the order of their codes.
            pub const ALL: [Self; [$($code),*].len()] = [$(Self::$rule),*];

            /// The rule's name in reports.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$rule => $name,)*
                }
            }

            /// The rule's number in journals and reports.
            #[must_use]
            pub const fn code(self) -> u8 {
                self as u8
            }
        }
    };
}

rules! {
    /// The order is for another instrument than this gate's: instrument ids.
    Instrument = 0, "instrument";
    /// Ids must grow, from above zero, and an id passes once (R4): the id and the last one that passed.
    ClientId = 1, "client_id";
    /// The price is outside the venue's range: ticks.
    Price = 2, "price";
    /// The size is outside the venue's range: lots.
    Size = 3, "size";
    /// Killed by the operator (R8): the states' numbers.
    Killed = 4, "killed";
    /// Only reducing orders pass, and this one is none (R8): the states' numbers.
    ReduceOnly = 5, "reduce_only";
    /// The order is larger than one may be (R2): lots.
    OrderLots = 6, "order_lots";
    /// The order is worth less than the venue takes: quote currency.
    NotionalMin = 7, "notional_min";
    /// The order is worth more than one may be (R2): quote currency.
    OrderNotional = 8, "order_notional";
    /// There is no reference to hold the price against (R1): half ticks.
    NoReference = 9, "no_reference";
    /// The price is too far from the reference (R1): half ticks and the reference.
    Collar = 10, "collar";
    /// The position could grow beyond its limit (R6): lots, signed.
    Position = 11, "position";
    /// Too many orders are open: a count.
    OpenOrders = 12, "open_orders";
    /// Too many orders were sent of late (R5): orders.
    OrderRate = 13, "order_rate";
    /// Paused: only reducing orders that are marked pass (R8): the states' numbers.
    Paused = 14, "paused";
    /// The price is too far through the reference as it was within the window (R1): half ticks and that reference.
    PeriodCollar = 15, "period_collar";
    /// Too much was ordered within the window (R1): quote currency.
    PeriodNotional = 16, "period_notional";
    /// An order of this side, price and size passed within the window (R4): its id and this one's.
    Duplicate = 17, "duplicate";
    /// This side traded too often within the window (R5): fills.
    Executions = 18, "executions";
    /// Too many orders for the fills of the window (R5): orders.
    OrderToTrade = 19, "order_to_trade";
    /// The reference ranged too far within the window (R7): lowest and highest, half ticks.
    Volatility = 20, "volatility";
    /// The oracle is missing, too old or too far from the reference (R7): reference and oracle, 10⁻¹⁸ quote, or ages in ns.
    Oracle = 21, "oracle";
    /// Too much traded within the window and the instrument is frozen (R7): the states' numbers.
    FillBreaker = 22, "fill_breaker";
    /// Halted after a realised loss (R7): the states' numbers.
    RealisedLoss = 23, "realised_loss";
    /// Halted after an unrealised loss (R7): the states' numbers.
    UnrealisedLoss = 24, "unrealised_loss";
    /// Halted after a drawdown (R7): the states' numbers.
    Drawdown = 25, "drawdown";
    /// Only the cancels' reserve of messages is left (R5): messages and the reserve.
    Messages = 26, "messages";
    /// The venue's dead-man switch is not armed (R9): now and when it ended, ns.
    DeadMan = 27, "dead_man";
    /// The order would trade with one of ours (R10): ticks.
    SelfTrade = 28, "self_trade";
    /// A limit cannot be judged: a mark, a conversion, an exposure or an account is unknown.
    Unknown = 29, "unknown";
    /// Net exposure could grow beyond its limit (R6): account currency, signed towards the side.
    Net = 30, "net";
    /// Gross exposure could grow beyond its limit (R6): account currency.
    Gross = 31, "gross";
    /// Unexecuted orders are worth too much (R3): account currency.
    OpenValue = 32, "open_value";
    /// Margin needed at worst would pass its absolute limit (R3): account currency times 10⁸.
    Credit = 33, "credit";
    /// Margin needed at worst would pass its share of equity (R3): account currency times 10⁸.
    CreditShare = 34, "credit_share";
    /// Gross exposure would pass its multiple of equity (R6): account currency.
    Leverage = 35, "leverage";
    /// Maintenance margin is too large a share of equity: account currency.
    Maintenance = 36, "maintenance";
    /// The mark is too near to the liquidation price: half ticks.
    Liquidation = 37, "liquidation";
    /// A sale of more than there is: lots.
    FreeBase = 38, "free_base";
    /// A purchase for more than there is: quote currency.
    FreeQuote = 39, "free_quote";
    /// The instrument is no member of the portfolio: instrument id and number of members.
    NoMember = 40, "no_member";
    /// Gross exposure would pass what this shard owns of a limit that spans shards: account currency.
    BudgetGross = 41, "budget_gross";
    /// Margin would pass what this shard owns of a limit that spans shards: account currency.
    BudgetMargin = 42, "budget_margin";
    /// More orders within a second than this shard owns: a count.
    BudgetOrders = 43, "budget_orders";
    /// The loss has used up what this shard owns of a limit that spans shards: account currency.
    BudgetLoss = 44, "budget_loss";
    /// The journal does not keep up, or cannot be written (R8): the states' numbers.
    Journal = 45, "journal";
    /// The venue takes no orders, or would not tell what becomes of them (R8): the states' numbers.
    Access = 46, "access";
}
