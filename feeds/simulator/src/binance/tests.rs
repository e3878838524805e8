//! Tests of the protocol over a market of one symbol, made by hand.

mod answered;
mod api;
mod client;
mod desk;
mod market;
mod orders;
mod prevention;
mod regrid;
mod signatures;
mod streams;
mod strict;
mod told;
