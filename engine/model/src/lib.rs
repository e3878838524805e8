//! The words of Ballast: typed numbers, ids, instruments, events and commands.
//!
//! Bytes become [`Event`]s in pure codecs, events become [`Command`]s in a pure core, and only the runtime touches the
//! world. This crate is what the two sides share, and the only thing they share.
//!
//! Never here: a clock, a socket, a float in a price or a size, an allocation, a dependency.
#![no_std]
#![forbid(unsafe_code)]

mod access;
mod batch;
mod budget;
mod carried;
mod command;
mod configuration;
mod digest;
mod event;
mod ids;
mod instrument;
mod journal;
mod level;
mod money;
pub mod mutant;
mod num;
mod operator;
mod reject;
mod relabel;
mod time;

pub use access::{Access, AccessState};
pub use batch::BookBatch;
pub use budget::{BudgetGrant, BudgetKind, BudgetReport, Grant, Report, ShardId};
pub use carried::{Carried, CarriedKind};
pub use command::{COMMAND_BYTES, Cancel, Command, NewOrder, Query, ReduceOnly, Replace, TimeInForce};
pub use configuration::{CONFIG_BYTES_MAX, CONFIG_PART_BYTES, ConfigPart};
pub use digest::Digest;
pub use event::{
    AccountEvent, BalanceUpdate, BookBegin, BookKind, BookLevels, BookLost, Ending, Event, Fill, FillReason,
    FundingPayment, LEVELS_PER_SLOT, Last, Liquidity, LostReason, MarkPrice, MarketEvent, OrderReport,
    OrderUpdate, Ticker, Trade,
};
pub use ids::{
    AssetId, ClientOrderId, InstrumentId, PaymentId, StrategyId, SubAccountId, TradeId, UpdateId, VenueId,
    VenueOrderId,
};
pub use instrument::{Contract, InstrumentSpec, SpecError, Step};
pub use journal::JournalHealth;
pub use level::PackedLevel;
pub use money::{Money, PackedMoney, Rate};
pub use num::{HalfTicks, LOTS_MAX, Lots, PRICE_TICKS_MAX, Price, Side, Ticks};
pub use operator::{BookOwner, OperatorAct, OperatorCommand, OperatorId, OperatorScope, ReasonCode};
pub use reject::RejectReason;
pub use time::{Nanos, Span};
