//! Events by who hears of them, so that whoever hears of some only names no others.

use super::{
    BalanceUpdate, BookBegin, BookLevels, BookLost, Event, Fill, FundingPayment, MarkPrice, OrderUpdate,
    Ticker, Trade,
};

impl Event {
    /// The event as one of a market, of which everybody hears; `None` where it concerns us alone.
    #[must_use]
    #[inline]
    pub const fn market(&self) -> Option<MarketEvent<'_>> {
        Some(match self {
            Self::BookBegin(begin) => MarketEvent::BookBegin(begin),
            Self::BookLevels(slot) => MarketEvent::BookLevels(slot),
            Self::BookLost(lost) => MarketEvent::BookLost(lost),
            Self::Ticker(ticker) => MarketEvent::Ticker(ticker),
            Self::Trade(trade) => MarketEvent::Trade(trade),
            Self::Mark(mark) => MarketEvent::Mark(mark),
            Self::Order(_)
            | Self::Fill(_)
            | Self::Grant(_)
            | Self::Operator(_)
            | Self::Journal(_)
            | Self::Access(_)
            | Self::Carried(_)
            | Self::Config(_)
            | Self::Funding(_)
            | Self::Balance(_)
            | Self::Timer => return None,
        })
    }

    /// The event as one that a venue tells of our account; `None` for any other.
    #[must_use]
    #[inline]
    pub const fn account(&self) -> Option<AccountEvent<'_>> {
        Some(match self {
            Self::Order(update) => AccountEvent::Order(update),
            Self::Fill(fill) => AccountEvent::Fill(fill),
            Self::Funding(payment) => AccountEvent::Funding(payment),
            Self::Balance(update) => AccountEvent::Balance(update),
            Self::BookBegin(_)
            | Self::BookLevels(_)
            | Self::BookLost(_)
            | Self::Ticker(_)
            | Self::Trade(_)
            | Self::Mark(_)
            | Self::Grant(_)
            | Self::Operator(_)
            | Self::Journal(_)
            | Self::Access(_)
            | Self::Carried(_)
            | Self::Config(_)
            | Self::Timer => return None,
        })
    }
}

/// An [`Event`] that a venue tells of our account: a match on it names no events that cannot come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountEvent<'a> {
    /// [`Event::Order`].
    Order(&'a OrderUpdate),
    /// [`Event::Fill`].
    Fill(&'a Fill),
    /// [`Event::Funding`].
    Funding(&'a FundingPayment),
    /// [`Event::Balance`].
    Balance(&'a BalanceUpdate),
}

/// An [`Event`] of which everybody hears: a match on it names no events that cannot come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarketEvent<'a> {
    /// [`Event::BookBegin`].
    BookBegin(&'a BookBegin),
    /// [`Event::BookLevels`].
    BookLevels(&'a BookLevels),
    /// [`Event::BookLost`].
    BookLost(&'a BookLost),
    /// [`Event::Ticker`].
    Ticker(&'a Ticker),
    /// [`Event::Trade`].
    Trade(&'a Trade),
    /// [`Event::Mark`].
    Mark(&'a MarkPrice),
}
