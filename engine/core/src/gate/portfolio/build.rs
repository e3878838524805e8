//! From the parts to the tables of a portfolio.
//!
//! Never here: anything after construction.

use alloc::vec::Vec;

use ballast_model::{AssetId, InstrumentId, Nanos};

use super::Venue;
use super::group::{Group, Leg, Legs, Way};
use super::limits::{CreditLimits, PortfolioSpec, VenueSpec};
use super::member::Member;
use crate::gate::bucket::TokenBucket;
use crate::gate::limits::Halt;
use crate::gate::refusal::{Scope, StrategyId, VenueId};

/// The instruments, each with its place in the sums and in the ring of its market.
pub(super) fn members(spec: &PortfolioSpec<'_>, groups: &[Group]) -> Vec<Member> {
    let assets_at = spec.members.len();
    let venues_at = assets_at + spec.assets.len();
    let strategies_at = venues_at + spec.venues.len();
    let all_at = strategies_at + spec.strategies.len();
    let leg = |group, way| Leg { group, way };
    let mut members: Vec<Member> = Vec::with_capacity(spec.members.len());
    for (index, member) in spec.members.iter().enumerate() {
        let legs = [
            leg(index, Way::Straight),
            leg(assets_at + usize::from(member.spec.base.0), Way::Straight),
            leg(assets_at + usize::from(member.spec.quote.0), Way::Flipped),
            leg(strategies_at + usize::from(member.strategy.0), Way::Straight),
            leg(venues_at + usize::from(member.venue.0), Way::Straight),
            leg(all_at, Way::Straight),
        ];
        members.push(Member::new(member, Legs::new(legs, groups)));
    }
    for (index, member) in members.iter_mut().enumerate() {
        let market = member.spec.market;
        let mut ring = (0..spec.members.len()).cycle().skip(index + 1);
        let next = ring.find(|other| spec.members.get(*other).is_some_and(|other| other.market == market));
        member.next_in_market = next.unwrap_or(index);
    }
    members
}

/// One sum for each member, each asset, each venue, each strategy, and the last for everything.
pub(super) fn groups(spec: &PortfolioSpec<'_>) -> Vec<Group> {
    let members = (0u16..).zip(spec.members).map(|(index, member)| {
        Group::new(Scope::Instrument(InstrumentId(index)), member.exposure, CreditLimits::NONE)
    });
    let assets = (0u16..)
        .zip(spec.assets)
        .map(|(index, asset)| Group::new(Scope::Asset(AssetId(index)), asset.exposure, CreditLimits::NONE));
    let venues = (0u8..)
        .zip(spec.venues)
        .map(|(index, venue)| Group::new(Scope::Venue(VenueId(index)), venue.exposure, venue.credit));
    let strategies = (0u8..).zip(spec.strategies).map(|(index, strategy)| {
        Group::new(Scope::Strategy(StrategyId(index)), strategy.exposure, CreditLimits::NONE)
    });
    let all = Group::new(Scope::All, spec.exposure, spec.credit);
    members.chain(assets).chain(venues).chain(strategies).chain([all]).collect()
}

/// What is held for a venue beside its sums.
pub(super) fn venue(spec: &VenueSpec) -> Venue {
    let messages = spec
        .messages
        .map(|limits| (TokenBucket::new(limits.burst, limits.per_second), limits.reserve.into()));
    Venue { messages, dead_man: spec.dead_man, armed_until: Nanos::MIN, halt: Halt::NONE }
}
