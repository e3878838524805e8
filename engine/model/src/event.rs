//! What the core learns: one fixed slot of at most 64 bytes per event.
//!
//! A book diff or snapshot is a batch of slots: [`BookBegin`] (the FIRST), then [`BookLevels`] of up to four levels each, the
//! last marked [`Last::Yes`]. A batch is pushed all or nothing and no decision is taken before its last slot.

mod kinds;

pub use kinds::{AccountEvent, MarketEvent};

use crate::access::Access;
use crate::budget::BudgetGrant;
use crate::carried::Carried;
use crate::configuration::ConfigPart;
use crate::ids::{
    AssetId, ClientOrderId, InstrumentId, PaymentId, SubAccountId, TradeId, UpdateId, VenueOrderId,
};
use crate::journal::JournalHealth;
use crate::level::PackedLevel;
use crate::money::PackedMoney;
use crate::num::{Lots, Side};
use crate::operator::OperatorCommand;
use crate::reject::RejectReason;
use crate::time::Nanos;

/// Levels one [`BookLevels`] slot carries at most.
pub const LEVELS_PER_SLOT: usize = 4;

/// One thing that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A diff or snapshot begins.
    BookBegin(BookBegin),
    /// Levels of the batch begun before.
    BookLevels(BookLevels),
    /// The book of an instrument can no longer be trusted.
    BookLost(BookLost),
    /// Best bid and ask changed.
    Ticker(Ticker),
    /// Somebody traded.
    Trade(Trade),
    /// The venue's mark price.
    Mark(MarkPrice),
    /// News of one of our orders other than a fill.
    Order(OrderUpdate),
    /// One of our orders traded.
    Fill(Fill),
    /// The shard's part of a limit that spans shards.
    Grant(BudgetGrant),
    /// An operator halts or resumes, or clears what has halted by itself.
    Operator(OperatorCommand),
    /// Our position paid or received funding.
    Funding(FundingPayment),
    /// A balance of ours as the venue has it.
    Balance(BalanceUpdate),
    /// The journal keeps up, or does not.
    Journal(JournalHealth),
    /// A venue takes our orders of an instrument, or does not.
    Access(Access),
    /// What carries over from the run before. Comes before everything else.
    Carried(Carried),
    /// Part of a configuration that takes the place of the one in force, with its last part.
    Config(ConfigPart),
    /// A deadline the core asked for has come.
    Timer,
}

const _: () = assert!(size_of::<Event>() <= 64);

impl Event {
    /// Whose event it is; `None` where it is nobody's.
    #[must_use]
    pub const fn instrument(&self) -> Option<InstrumentId> {
        match self {
            Self::BookBegin(begin) => Some(begin.instrument),
            Self::BookLevels(slot) => Some(slot.instrument),
            Self::BookLost(lost) => Some(lost.instrument),
            Self::Ticker(ticker) => Some(ticker.instrument),
            Self::Trade(trade) => Some(trade.instrument),
            Self::Mark(mark) => Some(mark.instrument),
            Self::Order(update) => Some(update.instrument),
            Self::Fill(fill) => Some(fill.instrument),
            Self::Funding(payment) => Some(payment.instrument),
            Self::Access(access) => Some(access.instrument),
            Self::Balance(_)
            | Self::Grant(_)
            | Self::Operator(_)
            | Self::Journal(_)
            | Self::Carried(_)
            | Self::Config(_)
            | Self::Timer => None,
        }
    }
}

/// How the levels of a batch are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BookKind {
    /// Absolute sizes of the levels that changed; zero removes.
    Diff,
    /// The whole book as far as the venue shows it; replaces what was there.
    Snapshot,
}

/// The FIRST slot of a book batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BookBegin {
    /// Whose book.
    pub instrument: InstrumentId,
    /// Diff or snapshot.
    pub kind: BookKind,
    /// Levels in the batch, both sides; zero means this slot is the whole batch.
    pub levels: u32,
    /// The book's sequence number once the batch is applied.
    pub update_id: UpdateId,
    /// The venue's clock when it made the batch; where the message carries none, our receive time.
    pub venue_time: Nanos,
    /// Our clock when the last byte was read.
    pub recv_time: Nanos,
}

/// Marks the slot that completes a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Last {
    /// More slots follow.
    No,
    /// The batch is complete.
    Yes,
}

/// Up to four levels of one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BookLevels {
    /// Whose book; equals the batch's.
    pub instrument: InstrumentId,
    /// Side of all levels in this slot.
    pub side: Side,
    /// Whether the batch ends here.
    pub last: Last,
    /// Levels used, in `1..=LEVELS_PER_SLOT`.
    pub count: u8,
    /// The levels; those from `count` on are zero.
    pub levels: [PackedLevel; LEVELS_PER_SLOT],
}

impl BookLevels {
    /// The levels in use.
    #[must_use]
    pub fn used(&self) -> &[PackedLevel] {
        self.levels.get(..usize::from(self.count)).unwrap_or(&self.levels)
    }
}

/// Why a book was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LostReason {
    /// The venue's sequence has a hole.
    Gap,
    /// The connection ended.
    Disconnected,
    /// The ring to the core was full.
    RingFull,
    /// A message of the book's stream could not be read.
    BadMessage,
    /// The book's own bound on levels was reached.
    BookFull,
    /// A batch was torn: its slots do not match its announcement.
    TornBatch,
}

impl LostReason {
    /// The reason's name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gap => "gap",
            Self::Disconnected => "disconnected",
            Self::RingFull => "ring_full",
            Self::BadMessage => "bad_message",
            Self::BookFull => "book_full",
            Self::TornBatch => "torn_batch",
        }
    }
}

/// The book is stale from here until the next snapshot batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BookLost {
    /// Whose book.
    pub instrument: InstrumentId,
    /// Why.
    pub reason: LostReason,
}

/// Best bid and ask as the venue's fastest stream tells them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticker {
    /// Whose.
    pub instrument: InstrumentId,
    /// The book's sequence number this state belongs to; newer than the book's own means it is ahead of the diffs.
    pub update_id: UpdateId,
    /// Best bid.
    pub bid: PackedLevel,
    /// Best ask.
    pub ask: PackedLevel,
    /// The venue's clock; where the message carries none, our receive time.
    pub venue_time: Nanos,
    /// Our clock.
    pub recv_time: Nanos,
}

/// A public trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trade {
    /// Whose.
    pub instrument: InstrumentId,
    /// The side that rested: `Bid` means the aggressor sold.
    pub maker: Side,
    /// Price and size.
    pub level: PackedLevel,
    /// The venue's id.
    pub trade_id: TradeId,
    /// The venue's clock.
    pub venue_time: Nanos,
    /// Our clock.
    pub recv_time: Nanos,
}

/// Mark and index price with the funding they imply. Fixed point, 10⁻⁸ of the quote currency: off the tick grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarkPrice {
    /// Whose.
    pub instrument: InstrumentId,
    /// Mark price, 10⁻⁸ quote.
    pub mark_e8: i64,
    /// Index price, 10⁻⁸ quote; `None` where the venue sends none.
    pub index_e8: Option<i64>,
    /// Funding rate of the running period, 10⁻⁸; parts beyond ±21 are cut by the decoder as an error.
    pub funding_e8: i32,
    /// When funding is next exchanged, whole seconds since the epoch.
    pub funding_at_secs: u32,
    /// The venue's clock.
    pub venue_time: Nanos,
    /// Our clock.
    pub recv_time: Nanos,
}

/// How an order ended, as an answer to a query tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Traded in full.
    Filled,
    /// Cancelled, by us or by the venue.
    Cancelled,
    /// Ended by its time in force, its end time or self-trade prevention.
    Expired,
    /// Refused.
    Rejected(RejectReason),
    /// The venue had it and has lost it: neither questions about it nor its lists of open orders and trades know it any more.
    Lost,
}

/// What became of an order.
///
/// Where a report carries `filled` it is the venue's count of all the order has traded so far, in lots; zero where the
/// venue does not say. It books nothing: fills alone do. More reported than booked means that fills are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderReport {
    /// Resting, or about to: the venue has it.
    Accepted(VenueOrderId),
    /// Refused; it never was in the book.
    Rejected(RejectReason),
    /// Cancelled on request. Where the message counts what the order traded, [`OrderReport::Ended`] says more.
    Cancelled,
    /// Ended by the venue: time in force, self-trade prevention, its own decision.
    Expired,
    /// The cancel was refused; the order may be gone or still there.
    CancelRejected(RejectReason),
    /// Dropped by us before any byte was sent.
    NotSent,
    /// Sent, and nobody can say what became of it (timeout, lost connection, venue error 5xx). Of a [`Query`] nothing is
    /// reported where its answer is lost: it is asked again.
    ///
    /// [`Query`]: crate::Query
    FateUnknown,
    /// The order was amended and rests as this says.
    Replaced {
        /// The venue's id, which some venues change.
        venue_id: VenueOrderId,
        /// Price and total size now.
        level: PackedLevel,
        /// Traded so far.
        filled: Lots,
    },
    /// The amendment was refused; the order stays as it was, unless the venue does not know it
    /// ([`RejectReason::UnknownOrder`]).
    ReplaceRejected(RejectReason),
    /// Answer to a query: the order rests as this says.
    Working {
        /// The venue's id.
        venue_id: VenueOrderId,
        /// Price and total size.
        level: PackedLevel,
        /// Traded so far.
        filled: Lots,
        /// The number of the query that is answered.
        query: u16,
    },
    /// Answer to a query, or an end whose message counts what the order traded.
    Ended {
        /// How.
        how: Ending,
        /// Traded in all.
        filled: Lots,
    },
    /// Answer to a query: the venue knows no such order, now.
    NotFound {
        /// The number of the query that is answered.
        query: u16,
    },
}

/// News of an order: one of ours, or with [`ClientOrderId::FOREIGN`] one that is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderUpdate {
    /// Whose.
    pub instrument: InstrumentId,
    /// Our id of the order.
    pub client_id: ClientOrderId,
    /// What happened.
    pub report: OrderReport,
    /// The venue's clock; ours where the venue took no part.
    pub venue_time: Nanos,
}

/// Which side of a trade we were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liquidity {
    /// Our order rested.
    Maker,
    /// Our order took.
    Taker,
}

/// Why there is this fill: a real venue tells [`FillReason::Venue`] or that it traded in our place, a simulated one what in
/// its model made the trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FillReason {
    /// A real venue said so.
    Venue,
    /// Trades at our price consumed the queue ahead of us.
    QueueExhausted,
    /// A trade printed through our price.
    TradeThrough,
    /// The opposite best price crossed ours.
    BookCross,
    /// Our own order took liquidity on arrival.
    Took,
    /// The venue liquidated our position: no order of ours traded.
    Liquidation,
    /// The venue closed our position against a bankrupt one (auto-deleveraging): no order of ours traded.
    AutoDeleveraging,
}

impl FillReason {
    /// True where the venue traded in our place. The position changes all the same, and no order of ours does.
    #[must_use]
    pub const fn is_forced(self) -> bool {
        match self {
            Self::Liquidation | Self::AutoDeleveraging => true,
            Self::Venue | Self::QueueExhausted | Self::TradeThrough | Self::BookCross | Self::Took => false,
        }
    }
}

/// Our account traded, by one of our orders or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// Whose.
    pub instrument: InstrumentId,
    /// Our side.
    pub side: Side,
    /// Maker or taker.
    pub liquidity: Liquidity,
    /// Why.
    pub reason: FillReason,
    /// Fee currency.
    pub fee_asset: AssetId,
    /// Price and size of this fill.
    pub level: PackedLevel,
    /// Fee in 10⁻⁸ of `fee_asset`: cost > 0, rebate < 0.
    pub fee_e8: i64,
    /// Our id of the order; [`ClientOrderId::FOREIGN`] where it is not ours.
    pub client_id: ClientOrderId,
    /// The venue's id: booked once by (instrument, trade id).
    pub trade_id: TradeId,
    /// The venue's clock.
    pub venue_time: Nanos,
}

/// The venue moved funding on our position in a perpetual contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FundingPayment {
    /// Whose.
    pub instrument: InstrumentId,
    /// In which asset: the instrument's settlement asset.
    pub asset: AssetId,
    /// How much, as the venue moved it: received > 0, paid < 0.
    pub amount: PackedMoney,
    /// The venue's id: booked once by (instrument, payment id).
    pub payment_id: PaymentId,
    /// The venue's clock.
    pub venue_time: Nanos,
}

/// The venue's figures of one spot balance: absolute, so that being told twice changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BalanceUpdate {
    /// Whose.
    pub account: SubAccountId,
    /// Of what.
    pub asset: AssetId,
    /// What no order binds.
    pub free: PackedMoney,
    /// What open orders bind.
    pub locked: PackedMoney,
    /// The venue's clock.
    pub venue_time: Nanos,
}
