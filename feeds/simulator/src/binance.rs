//! Binance spot and USD-M futures as their clients see them: REST, market and user streams, the WebSocket API.
//!
//! [`Venue`] is the [`Front`](crate::seam::Front) of one market over a [`Back`](crate::back::Back). It owns what the protocol
//! needs and the market behind does not know: keys, signatures, weights, subscriptions, the clients' names of their orders, and
//! the history that queries ask for.
//!
//! Never here: sockets, a clock, randomness, who trades with whom.

mod account;
mod auth;
mod calls;
mod cancel;
mod config;
mod connection;
mod control;
mod decimal;
mod fleet;
mod grid;
mod info;
mod json;
mod known;
mod limits;
mod market;
mod news;
mod params;
mod pending;
mod percent;
mod place;
mod position;
mod prevention;
mod public;
mod query;
mod refusal;
mod render;
mod routes;
mod store;
mod trade;
mod truth;
mod user;
mod venue;

#[cfg(test)]
mod tests;

pub use auth::Secret;
pub use config::{ApiKey, Limits, Market, VenueConfig};
pub use known::{KnownOrder, KnownTrade};
pub use venue::Venue;
