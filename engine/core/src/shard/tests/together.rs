//! Stories of two instruments that are held together.

use alloc::vec;
use alloc::vec::Vec;

use ballast_model::{AssetId, BookKind, Event, InstrumentId, Money, Rate, Side, Span};

use super::desk::{Desk, Did, EPOCH, ETH, ask, bid, instrument, lane, quoting};
use crate::gate::portfolio::{
    AssetSpec, CreditLimits, DeadMan, Elsewhere, ExposureLimits, Funding, MemberSpec, MessageLimits,
    PortfolioError, SelfTrade, StrategySpec, VenueSpec,
};
use crate::gate::{GateState, LossLimits, Rule, Scope, StrategyId, VenueId};
use crate::model::Hold;
use crate::outbox::Note;
use crate::replace::ReplaceRules;
use crate::shard::{LaneError, RiskError, RiskSpec, Shard, ShardSpec};

pub(super) const OTHER: InstrumentId = InstrumentId(1);

/// Tenths of the account currency: ten lots are worth a little more than ten of them.
fn tenths(tenths: i128) -> Money {
    Money(tenths * Money::ONE.0 / 10)
}

/// Two instruments of one asset and one venue, in books of their own; nothing is limited.
pub(super) fn risk() -> RiskSpec {
    let member = |market| MemberSpec {
        spec: instrument(),
        venue: VenueId(0),
        strategy: StrategyId(0),
        market,
        funding: Funding::Margin(Rate::ONE),
        exposure: ExposureLimits::NONE,
        liquidation_distance_min: None,
        self_trade: SelfTrade::Allow,
    };
    let asset = AssetSpec { exposure: ExposureLimits::NONE, elsewhere: Elsewhere::Nothing };
    RiskSpec {
        members: vec![member(0), member(1)],
        assets: vec![asset, asset],
        venues: vec![VenueSpec {
            exposure: ExposureLimits::NONE,
            credit: CreditLimits::NONE,
            messages: None,
            dead_man: DeadMan::Optional,
        }],
        strategies: vec![StrategySpec::NONE],
        exposure: ExposureLimits::NONE,
        credit: CreditLimits::NONE,
        loss: LossLimits::NONE,
        budgets: None,
        conversions: vec![None, Some(Rate::ONE)],
        accounts: vec![None],
        maintenance: vec![None, None],
        mark_age_max: Span::from_secs(4),
        holds: None,
    }
}

pub(super) fn spec(risk: RiskSpec) -> ShardSpec {
    let lanes = vec![lane(&quoting()), lane(&quoting())];
    ShardSpec { epoch: EPOCH, lanes, hedges: Vec::new(), portfolio: Some(risk), arbitrage: None }
}

pub(super) fn with(change: impl FnOnce(&mut RiskSpec)) -> Desk {
    let mut risk = risk();
    change(&mut risk);
    Desk::of(spec(risk))
}

fn refusals(desk: &Desk, rule: Rule) -> [u64; 2] {
    [ETH, OTHER].map(|id| desk.shard.gate(id).unwrap().refusals(rule))
}

/// An order of the other instrument trades in full.
fn fill_other(desk: &mut Desk, order: u64, side: Side, trade: u64) -> Vec<Did> {
    let fill = ballast_model::Fill { instrument: OTHER, ..desk.fill_of(order, side, 10, trade) };
    desk.tell(&Event::Fill(fill))
}

#[test]
fn a_limit_of_everything_stops_the_adding_side_of_both() {
    let mut desk = with(|risk| risk.exposure.net_max = Some(tenths(25)));
    assert_eq!(desk.snapshot_of(ETH, 10_000, 10_010), [bid(1, 10_000), ask(2, 10_010)]);
    assert_eq!(desk.snapshot_of(OTHER, 10_000, 10_010), [bid(3, 10_000), ask(4, 10_010)]);
    assert_eq!(desk.fill(1, Side::Bid, 10), [], "with the other bid, a third ten would be too much");
    assert_eq!(refusals(&desk, Rule::Net), [1, 0]);
    assert_eq!(fill_other(&mut desk, 3, Side::Bid, 900), [], "nor here: two tens are held");
    assert_eq!(refusals(&desk, Rule::Net), [1, 1]);
    assert_eq!(desk.shard.best_quote(ETH, Side::Ask).unwrap().0, 10_010, "sales stand");
    assert_eq!(desk.shard.best_quote(OTHER, Side::Ask).unwrap().0, 10_010);
    assert_eq!(fill_other(&mut desk, 4, Side::Ask, 901), [bid(5, 10_000), ask(6, 10_010)], "room again");
}

#[test]
fn orders_of_ours_do_not_meet_across_instruments_of_one_market() {
    let apart = |risk: &mut RiskSpec| {
        risk.members.iter_mut().for_each(|member| member.self_trade = SelfTrade::Refuse);
    };
    let together = |risk: &mut RiskSpec| {
        apart(risk);
        risk.members.iter_mut().for_each(|member| member.market = 7);
    };
    let mut desk = with(together);
    desk.snapshot_of(ETH, 10_000, 10_010);
    assert_eq!(desk.snapshot_of(OTHER, 9_980, 9_990), [bid(3, 9_980)], "the ask would meet order 1");
    assert_eq!(refusals(&desk, Rule::SelfTrade), [0, 1]);
    let gone = desk.touch(9_980, 9_990);
    assert!(gone.contains(&Did::Cancel(1)));
    desk.cancelled(1);
    assert_eq!(desk.snapshot_of(OTHER, 9_985, 9_991).last(), Some(&ask(7, 9_993)), "gone for certain");
    let mut desk = with(apart);
    desk.snapshot_of(ETH, 10_000, 10_010);
    assert_eq!(desk.snapshot_of(OTHER, 9_980, 9_990).len(), 2, "two books");
}

#[test]
fn a_loss_of_everything_pulls_the_quotes_of_all() {
    let loss = LossLimits {
        drawdown_max: Some(Money(Money::ONE.0 / 20)),
        then: GateState::Paused,
        ..LossLimits::NONE
    };
    let mut desk = with(|risk| risk.loss = loss);
    desk.snapshot_of(ETH, 10_000, 10_010);
    desk.snapshot_of(OTHER, 10_000, 10_010);
    assert_eq!(desk.fill(1, Side::Bid, 10), [bid(5, 9_999)]);
    let pulled = desk.touch(9_000, 9_010);
    assert_eq!(pulled, [2, 5, 3, 4].map(Did::Cancel), "here first, then there");
    assert_eq!(desk.notes, [ETH, OTHER].map(|id| Note::Held(id, Hold::Halted)));
    assert_eq!(desk.shard.portfolio().unwrap().state(OTHER), GateState::Paused);
}

#[test]
fn a_mark_that_is_not_confirmed_is_none() {
    let mut desk = with(|risk| risk.exposure.net_max = Some(tenths(100)));
    desk.snapshot_of(ETH, 10_000, 10_010);
    desk.accepted(1);
    desk.accepted(2);
    desk.now = desk.now + Span::from_secs(3);
    assert_eq!(desk.confirm(), []);
    assert_eq!(desk.timer(), [], "the mark is young again");
    assert_eq!(desk.timer(), [], "and the touch");
    assert_eq!(desk.timer(), [Did::Cancel(1), Did::Cancel(2)]);
    assert_eq!(desk.shard.mid(ETH), None);
    desk.cancelled(1);
    desk.cancelled(2);
    assert_eq!(desk.confirm(), [bid(3, 10_000), ask(4, 10_010)], "confirmed again");
}

#[test]
fn cancels_and_questions_are_messages_and_pass_where_orders_do_not() {
    let messages = MessageLimits { burst: 6, per_second: 1, reserve: 1 };
    let mut desk = with(|risk| risk.venues[0].messages = Some(messages));
    assert_eq!(desk.snapshot_of(ETH, 10_000, 10_010).len(), 2);
    assert_eq!(
        desk.touch(10_020, 10_030),
        [Did::Cancel(1), Did::Cancel(2), bid(3, 10_020)],
        "five, and the reserve"
    );
    assert_eq!(desk.touch(10_040, 10_050), [Did::Cancel(3)]);
    assert!(refusals(&desk, Rule::Messages)[0] >= 2);
}

#[test]
fn what_is_unknown_adds_nothing() {
    let mut desk = with(|risk| {
        risk.exposure.net_max = Some(tenths(1_000));
        risk.conversions[1] = None;
    });
    assert_eq!(desk.snapshot_of(ETH, 10_000, 10_010), []);
    assert_eq!(refusals(&desk, Rule::Unknown), [2, 0]);
}

#[test]
fn the_portfolio_is_part_of_the_state() {
    let hash = |lots: i128| {
        let mut desk = with(|risk| risk.exposure.net_max = Some(tenths(lots)));
        desk.snapshot_of(ETH, 10_000, 10_010);
        desk.shard.state_hash()
    };
    assert_eq!(hash(100), hash(101), "limits that never bite are none");
    let alone = {
        let mut desk = Desk::of(ShardSpec { portfolio: None, ..spec(risk()) });
        desk.snapshot_of(ETH, 10_000, 10_010);
        desk.shard.state_hash()
    };
    assert_ne!(hash(100), alone);
}

#[test]
fn a_portfolio_that_does_not_fit_the_lanes_is_refused() {
    let refused = |change: fn(&mut RiskSpec)| {
        let mut risk = risk();
        change(&mut risk);
        match Shard::new(&spec(risk)).unwrap_err() {
            (0, LaneError::Risk(error)) => error,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(|risk| risk.members.truncate(1)), RiskError::Members);
    assert_eq!(refused(|risk| risk.members[1].spec.base = AssetId(1)), RiskError::Members);
    assert_eq!(refused(|risk| risk.conversions.truncate(1)), RiskError::Lists);
    assert_eq!(refused(|risk| risk.accounts.push(None)), RiskError::Lists);
    assert_eq!(refused(|risk| risk.mark_age_max = Span(0)), RiskError::MarkAge);
    let bad = refused(|risk| risk.exposure.net_max = Some(Money(-1)));
    assert_eq!(bad, RiskError::Portfolio(PortfolioError::Limit(Scope::All)));
}

#[test]
fn an_amended_order_counts_once_in_what_is_held_together() {
    let desk = |rules| {
        let mut risk = risk();
        risk.exposure.net_max = Some(tenths(15));
        let mut spec = spec(risk);
        spec.lanes
            .iter_mut()
            .filter_map(|lane| lane.quoting.as_mut())
            .for_each(|quoting| quoting.amend = rules);
        Desk::of(spec).then_quoted()
    };
    // Ten lots a side are at work, and fifteen may be.
    let mut anew = desk(ReplaceRules::NONE);
    assert_eq!(
        anew.touch(10_002, 10_012),
        [Did::Cancel(1), Did::Cancel(2)],
        "two orders of ten are too much"
    );
    let mut amended = desk(ReplaceRules::BINANCE_USDM);
    assert_eq!(amended.touch(10_002, 10_012), [Did::Amend(2, 10_012, 10), Did::Amend(1, 10_002, 10)]);
    assert_eq!(refusals(&amended, Rule::Net), [0, 0]);
    assert_eq!(amended.snapshot_of(OTHER, 10_000, 10_010), [], "and they are counted: there is no room here");
    assert_eq!(refusals(&amended, Rule::Net), [0, 2]);
}

#[test]
fn what_an_amended_order_has_traded_counts_once() {
    for (limit, refused) in [(15, 0), (13, 1)] {
        let mut risk = risk();
        risk.exposure.net_max = Some(tenths(limit));
        let mut spec = spec(risk);
        let lanes = spec.lanes.iter_mut().filter_map(|lane| lane.quoting.as_mut());
        lanes.for_each(|quoting| quoting.amend = ReplaceRules::BINANCE_USDM);
        let mut desk = Desk::of(spec).then_quoted();
        // Four of ten are bought, and ten are wanted: fourteen of them and of what works, not eighteen.
        let did = desk.fill(1, Side::Bid, 4);
        assert_eq!(matches!(did[..], [Did::Amend(1, _, 14)]), refused == 0, "{did:?}");
        assert_eq!(refusals(&desk, Rule::Net)[0] > 0, refused > 0);
    }
}

#[test]
fn what_the_venues_messages_refused_is_sent_when_they_allow() {
    let messages = MessageLimits { burst: 2, per_second: 1, reserve: 1 };
    let mut desk = with(|risk| risk.venues[0].messages = Some(messages));
    assert_eq!(desk.snapshot_of(ETH, 10_000, 10_010), [bid(1, 10_000)], "one, and the reserve");
    let spent = desk.now;
    assert_eq!(desk.accepted(1), []);
    assert_eq!(desk.timer(), [ask(2, 10_010)]);
    assert_eq!(desk.now, spent + Span::from_secs(1));
}

#[test]
fn a_halt_in_the_middle_of_a_batch_does_not_wait_for_its_end() {
    let loss = LossLimits { realised_max: Some(tenths(5)), then: GateState::Killed, ..LossLimits::NONE };
    let mut desk = with(|risk| risk.loss = loss);
    desk.snapshot_of(ETH, 10_000, 10_010);
    desk.snapshot_of(OTHER, 10_000, 10_010);
    let begin = desk.begin(ETH, BookKind::Diff, 2);
    assert_eq!(desk.tell(&begin), []);
    // A whole unit of the account currency in fees.
    let fill = ballast_model::Fill { fee_e8: 100_000_000, ..desk.fill_of(1, Side::Bid, 10, 900) };
    assert_eq!(desk.tell(&Event::Fill(fill)), [2, 3, 4].map(Did::Cancel));
}
