//! Each rule of the portfolio at its boundary.

use ballast_model::{
    HalfTicks, InstrumentId, Lots, Money, Nanos, NewOrder, Price, Rate, ReduceOnly, Side, Span,
};

use super::desk::{BTC, Desk, ETH, MEMBERS, USDT, cents, dollars, gate, held, order, spec, usual_price};
use super::*;
use crate::gate::{Gate, GateContext, LossLimits, StrategyId};

const NOW: Nanos = Nanos(1_000_000_000_000);
const SPOT: InstrumentId = InstrumentId(0);
const PERP: InstrumentId = InstrumentId(1);
const OTHER: InstrumentId = InstrumentId(2);

fn net(max: Money) -> ExposureLimits {
    ExposureLimits { net_max: Some(max), ..ExposureLimits::NONE }
}

fn gross(max: Money) -> ExposureLimits {
    ExposureLimits { gross_max: Some(max), ..ExposureLimits::NONE }
}

/// What a fresh gate says in this portfolio, with nothing charged.
fn refusal(portfolio: &Portfolio, order: NewOrder, context: &GateContext) -> Option<Refusal> {
    gate(order.instrument.0).check_in(&mut portfolio.clone(), order, context, NOW).err()
}

/// The same for an order at the usual price and no position.
fn flat(portfolio: &Portfolio, instrument: u16, side: Side, lots: i64) -> Option<Refusal> {
    let wish = order(instrument, 1, side, usual_price(instrument), lots);
    refusal(portfolio, wish, &held(instrument, 0))
}

fn says(rule: Rule, scope: Scope, found: Money, limit: Money) -> Option<Refusal> {
    Some(Refusal { rule, scope, found: found.0, limit: limit.0 })
}

const fn marked(order: NewOrder) -> NewOrder {
    NewOrder { reduce_only: ReduceOnly::Yes, ..order }
}

#[test]
fn equity_is_that_of_the_instruments_account_in_its_own_quote_currency() {
    let mut portfolio = Desk::new().build();
    let worth = |cents: i64| Some(Account { equity: self::cents(cents), maintenance: Money::ZERO });
    portfolio.on_account(VenueId(1), worth(700));
    portfolio.on_conversion(USDT, Some(Rate(70_000_000)));
    assert_eq!(portfolio.equity(PERP), Some(cents(1_000)), "seven at 0.7");
    portfolio.on_conversion(USDT, Some(Rate(300_000_000)));
    let third = Money(7 * Money::ONE.0 / 3);
    assert_eq!(portfolio.equity(PERP), Some(third), "rounded down");
    portfolio.on_account(VenueId(1), worth(-700));
    assert_eq!(portfolio.equity(PERP), Some(Money(-third.0 - 1)), "a debt is no smaller");
    portfolio.on_conversion(USDT, None);
    assert_eq!(portfolio.equity(PERP), None);
    portfolio.on_conversion(USDT, Some(Rate::ONE));
    portfolio.on_account(VenueId(1), None);
    assert_eq!((portfolio.equity(PERP), portfolio.equity(InstrumentId(99))), (None, None));
}

#[test]
fn net_exposure_is_bounded_per_instrument_asset_venue_and_in_total() {
    type Bound = fn(&mut Desk);
    let bounds: [(Bound, Scope); 4] = [
        (|desk| desk.members[1].exposure = net(dollars(1)), Scope::Instrument(PERP)),
        (|desk| desk.assets[1].exposure = net(dollars(1)), Scope::Asset(ETH)),
        (|desk| desk.venues[1].exposure = net(dollars(1)), Scope::Venue(VenueId(1))),
        (|desk| desk.exposure = net(dollars(1)), Scope::All),
    ];
    for (bound, scope) in bounds {
        let mut desk = Desk::new();
        bound(&mut desk);
        let portfolio = desk.build();
        for side in Side::BOTH {
            assert_eq!(flat(&portfolio, 1, side, 10), None, "{scope}");
            let over = says(Rule::Net, scope, cents(110), dollars(1));
            assert_eq!(flat(&portfolio, 1, side, 11), over, "{scope}");
        }
    }
}

#[test]
fn net_adds_up_over_instruments_and_takes_hedges_off() {
    let mut desk = Desk::new();
    desk.assets[1].exposure = net(dollars(1));
    let mut portfolio = desk.build();
    portfolio.on_position(SPOT, Lots(10));
    let over = says(Rule::Net, Scope::Asset(ETH), cents(101), dollars(1));
    assert_eq!(
        flat(&portfolio, 1, Side::Bid, 1).map(|refusal| refusal.rule),
        over.map(|refusal| refusal.rule)
    );
    // The other way 20 lots fit: 10 that take the long off and 10 beyond.
    assert_eq!(flat(&portfolio, 1, Side::Ask, 20), None);
    assert_eq!(flat(&portfolio, 1, Side::Ask, 21).map(|refusal| refusal.rule), Some(Rule::Net));
    // Short the bitcoin it is bought with: ETH/BTC counts as ether too.
    assert_eq!(flat(&portfolio, 3, Side::Bid, 1).map(|refusal| refusal.scope), Some(Scope::Asset(ETH)));
}

#[test]
fn the_quote_currency_is_exposure_too() {
    let mut desk = Desk::new();
    desk.assets[2].exposure = net(dollars(1));
    let portfolio = desk.build();
    // 10 lots at 0.05 bitcoin are worth a dollar; buying ether sells bitcoin.
    assert_eq!(flat(&portfolio, 3, Side::Bid, 10), None);
    assert_eq!(
        flat(&portfolio, 3, Side::Bid, 11),
        says(Rule::Net, Scope::Asset(BTC), cents(110), dollars(1))
    );
    // And an inverse contract is bitcoin at its face value.
    assert_eq!(flat(&portfolio, 4, Side::Ask, 10), None);
    assert_eq!(flat(&portfolio, 4, Side::Ask, 11).map(|refusal| refusal.rule), Some(Rule::Net));
}

#[test]
fn working_and_replaced_orders_count_at_their_worse_end() {
    let mut desk = Desk::new();
    desk.exposure = ExposureLimits { open_max: Some(cents(350)), ..gross(dollars(3)) };
    let mut portfolio = desk.build();
    let mut work = Work::NONE;
    work.add(Side::Bid, Price(10_000), Lots(10));
    work.add_replacing(Side::Bid, (Price(10_000), Lots(5)), (Price(9_000), Lots(15)));
    portfolio.on_work(PERP, &work);
    assert_eq!(work.best(Side::Bid), Some(Price(10_000)));
    let busy = GateContext { working_bid: Lots(25), ..held(1, 0) };
    let bid = |lots| order(1, 1, Side::Bid, 10_000, lots);
    assert_eq!(refusal(&portfolio, bid(5), &busy), None);
    assert_eq!(refusal(&portfolio, bid(6), &busy), says(Rule::Gross, Scope::All, cents(310), dollars(3)));
    // An ask smaller than what works on the other side adds nothing at the worse end, but it is one more open order.
    assert_eq!(refusal(&portfolio, order(1, 1, Side::Ask, 10_000, 10), &busy), None);
    let over = says(Rule::OpenValue, Scope::All, cents(360), cents(350));
    assert_eq!(refusal(&portfolio, order(1, 1, Side::Ask, 10_000, 11), &busy), over);
}

#[test]
fn an_order_that_passed_works_at_once_and_the_next_telling_sets_it_right() {
    let mut desk = Desk::new();
    desk.exposure = gross(dollars(1));
    let mut portfolio = desk.build();
    let mut gate = gate(1);
    let bid = |id, lots| order(1, id, Side::Bid, 10_000, lots);
    assert!(gate.check_in(&mut portfolio, bid(1, 10), &held(1, 0), NOW).is_ok());
    assert_eq!(gate.check_in(&mut portfolio, bid(2, 1), &held(1, 0), NOW).unwrap_err().rule, Rule::Gross);
    portfolio.on_work(PERP, &Work::NONE);
    assert!(gate.check_in(&mut portfolio, bid(3, 1), &held(1, 0), NOW).is_ok());
    assert_eq!((gate.passed(), gate.refusals(Rule::Gross)), (2, 1));
}

#[test]
fn credit_is_the_margin_at_the_worse_end_absolute_and_of_equity() {
    let mut desk = Desk::new();
    // A five-per-cent margin: 20 dollars of position for one.
    desk.venues[1].credit.credit_max = Some(dollars(1));
    let portfolio = desk.build();
    assert_eq!(flat(&portfolio, 1, Side::Bid, 200), None);
    assert_eq!(flat(&portfolio, 1, Side::Bid, 201).map(|refusal| refusal.rule), Some(Rule::Credit));
    let mut desk = Desk::new();
    desk.venues[1].credit.credit_share_max = Some(Rate::from_bps(5_000));
    let mut portfolio = desk.build();
    assert_eq!(flat(&portfolio, 1, Side::Bid, 1).map(|refusal| refusal.rule), Some(Rule::Unknown));
    portfolio.on_account(VenueId(1), Some(Account { equity: dollars(2), maintenance: Money::ZERO }));
    assert_eq!(flat(&portfolio, 1, Side::Bid, 200), None);
    assert_eq!(flat(&portfolio, 1, Side::Bid, 201).map(|refusal| refusal.rule), Some(Rule::CreditShare));
    portfolio.on_account(VenueId(1), None);
    assert_eq!(flat(&portfolio, 1, Side::Bid, 1).map(|refusal| refusal.rule), Some(Rule::Unknown));
}

#[test]
fn leverage_and_maintenance_are_held_against_all_equity() {
    let mut desk = Desk::new();
    desk.credit.leverage_max = Some(Rate(3 * Rate::ONE.0));
    desk.credit.maintenance_share_max = Some(Rate::from_bps(5_000));
    let mut portfolio = desk.build();
    let account = |equity, maintenance| Some(Account { equity, maintenance });
    portfolio.on_account(VenueId(0), account(dollars(1), Money::ZERO));
    assert_eq!(flat(&portfolio, 1, Side::Bid, 1).map(|refusal| refusal.rule), Some(Rule::Unknown));
    portfolio.on_account(VenueId(1), account(dollars(1), dollars(1)));
    assert_eq!(flat(&portfolio, 1, Side::Bid, 60), None);
    assert_eq!(flat(&portfolio, 1, Side::Bid, 61).map(|refusal| refusal.rule), Some(Rule::Leverage));
    portfolio.on_account(VenueId(1), account(dollars(1), dollars(1) + Money(1)));
    assert_eq!(flat(&portfolio, 1, Side::Bid, 60).map(|refusal| refusal.rule), Some(Rule::Maintenance));
}

#[test]
fn the_mark_keeps_its_distance_from_liquidation() {
    let mut desk = Desk::new();
    desk.members[1].liquidation_distance_min = Some(Rate::from_bps(1_000));
    let mut portfolio = desk.build();
    let adding = order(1, 1, Side::Bid, 10_000, 1);
    assert_eq!(refusal(&portfolio, adding, &held(1, 0)), None, "nothing to liquidate");
    portfolio.on_position(PERP, Lots(10));
    let rule =
        |portfolio: &Portfolio, order| refusal(portfolio, order, &held(1, 10)).map(|refusal| refusal.rule);
    assert_eq!(rule(&portfolio, adding), Some(Rule::Unknown));
    for (price, answer) in
        [(18_000, None), (18_001, Some(Rule::Liquidation)), (30_000, Some(Rule::Liquidation))]
    {
        portfolio.on_liquidation(PERP, Liquidation::At(HalfTicks(price)));
        assert_eq!(rule(&portfolio, adding), answer, "{price}");
        assert_eq!(rule(&portfolio, order(1, 1, Side::Ask, 10_000, 10)), None);
    }
    portfolio.on_liquidation(PERP, Liquidation::Never);
    assert_eq!(rule(&portfolio, adding), None);
}

#[test]
fn an_ask_never_exceeds_the_free_base_nor_a_bid_the_free_quote() {
    let mut portfolio = Desk::new().build();
    portfolio.on_funds(SPOT, Some(Funds { base: Lots(10), quote: dollars(1) }));
    let scope = Scope::Instrument(SPOT);
    assert_eq!(flat(&portfolio, 0, Side::Bid, 10), None);
    assert_eq!(flat(&portfolio, 0, Side::Bid, 11), says(Rule::FreeQuote, scope, cents(110), dollars(1)));
    assert_eq!(flat(&portfolio, 0, Side::Ask, 10), None);
    assert_eq!(flat(&portfolio, 0, Side::Ask, 11), says(Rule::FreeBase, scope, Money(11), Money(10)));
    // What passed is set aside.
    let mut gate = gate(0);
    for (id, side) in (1..).zip(Side::BOTH) {
        let price = if side == Side::Bid { 10_000 } else { 10_100 };
        assert!(gate.check_in(&mut portfolio, order(0, id, side, price, 10), &held(0, 0), NOW).is_ok());
        assert!(flat(&portfolio, 0, side, 1).is_some());
    }
    portfolio.on_funds(SPOT, None);
    assert_eq!(flat(&portfolio, 0, Side::Bid, 1).map(|refusal| refusal.rule), Some(Rule::Unknown));
    assert_eq!(refusal(&portfolio, order(0, 9, Side::Ask, 10_000, 1), &held(0, 5)), None, "reducing");
}

#[test]
fn our_orders_never_meet_on_any_account() {
    let mut desk = Desk::new();
    desk.members[1].self_trade = SelfTrade::Refuse;
    let mut portfolio = desk.build();
    let mut work = Work::NONE;
    work.add(Side::Ask, Price(10_050), Lots(5));
    work.add_replacing(Side::Ask, (Price(10_040), Lots(5)), (Price(10_060), Lots(5)));
    portfolio.on_work(OTHER, &work);
    let at = |instrument, price| {
        refusal(&portfolio, order(instrument, 1, Side::Bid, price, 5), &held(instrument, 0))
    };
    assert_eq!(at(1, 10_039), None);
    let meets = says(Rule::SelfTrade, Scope::Instrument(PERP), Money(10_040), Money(10_040));
    assert_eq!(at(1, 10_040), meets);
    assert_eq!(at(2, 10_060), None, "left to the venue");
    assert_eq!(at(0, 10_060), None, "another book");
    assert_eq!(refusal(&portfolio, order(1, 1, Side::Ask, 10_000, 5), &held(1, 0)), None, "the same side");
}

#[test]
fn cancels_are_counted_and_new_orders_leave_them_a_reserve() {
    let mut desk = Desk::new();
    desk.venues[1].messages = Some(MessageLimits { burst: 5, per_second: 10, reserve: 2 });
    let mut portfolio = desk.build();
    let mut gate = gate(1);
    let mut ask = |portfolio: &mut Portfolio, order: NewOrder, position, now| {
        gate.check_in(portfolio, order, &held(1, position), now).err().map(|refusal| refusal.rule)
    };
    let bid = |id| order(1, id, Side::Bid, 9_000, 1);
    assert_eq!([1, 2].map(|id| ask(&mut portfolio, bid(id), 0, NOW)), [None, None]);
    portfolio.on_message(OTHER, NOW);
    assert_eq!(ask(&mut portfolio, bid(3), 0, NOW), Some(Rule::Messages));
    assert_eq!(ask(&mut portfolio, order(1, 3, Side::Ask, 10_000, 1), 5, NOW), None, "reducing");
    for _ in 0..100 {
        portfolio.on_message(PERP, NOW);
    }
    // A token comes back in 100 ms; the third one is the first beyond the reserve.
    let soon = NOW + Span::from_millis(300);
    assert_eq!(ask(&mut portfolio, bid(4), 0, soon - Span(1)), Some(Rule::Messages));
    assert_eq!(ask(&mut portfolio, bid(4), 0, soon), None);
}

#[test]
fn a_venue_that_needs_a_dead_man_is_not_quoted_without() {
    let mut desk = Desk::new();
    desk.venues[1].dead_man = DeadMan::Required;
    let mut portfolio = desk.build();
    let unarmed = Some(Rule::DeadMan);
    let rule = |portfolio: &Portfolio, instrument| {
        flat(portfolio, instrument, Side::Bid, 1).map(|refusal| refusal.rule)
    };
    assert_eq!((rule(&portfolio, 1), rule(&portfolio, 0)), (unarmed, None));
    assert_eq!(refusal(&portfolio, order(1, 1, Side::Ask, 10_000, 5), &held(1, 5)), None, "reducing");
    portfolio.on_dead_man(VenueId(1), NOW);
    assert_eq!(rule(&portfolio, 1), unarmed);
    portfolio.on_dead_man(VenueId(1), NOW + Span(1));
    assert_eq!(rule(&portfolio, 1), None);
}

#[test]
fn halts_hold_for_their_level_and_only_the_operator_lifts_them() {
    let mut portfolio = Desk::new().build();
    let shut = |portfolio: &Portfolio| -> Vec<u16> {
        (0..MEMBERS).filter(|one| flat(portfolio, *one, Side::Bid, 1).is_some()).collect()
    };
    let levels = [
        (Level::Strategy(StrategyId(0)), alloc::vec![0, 1]),
        (Level::Venue(VenueId(1)), alloc::vec![1, 2, 4]),
        (Level::All, alloc::vec![0, 1, 2, 3, 4]),
    ];
    for (level, members) in levels {
        for state in [GateState::ReduceOnly, GateState::Paused, GateState::Killed] {
            portfolio.tighten(level, state);
            portfolio.tighten(level, GateState::Active);
            assert_eq!(shut(&portfolio), members, "{level:?}");
            assert_eq!(portfolio.state(PERP), state);
            let closing = order(1, 1, Side::Ask, 10_000, 5);
            let rule = refusal(&portfolio, closing, &held(1, 5)).map(|refusal| refusal.rule);
            assert_eq!(rule.is_none(), state == GateState::ReduceOnly);
            assert_eq!(refusal(&portfolio, marked(closing), &held(1, 5)), None, "{state:?}");
        }
        portfolio.reopen(level);
        assert_eq!(shut(&portfolio), []);
    }
}

#[test]
fn losses_latch_until_the_operator_resumes_and_then_count_from_there() {
    let mut desk = Desk::new();
    desk.loss = LossLimits {
        lost_before: Money::ZERO,
        realised_max: Some(dollars(5)),
        unrealised_max: Some(dollars(3)),
        drawdown_max: Some(dollars(6)),
        then: GateState::Paused,
    };
    let rule = |portfolio: &Portfolio| flat(portfolio, 0, Side::Bid, 1).map(|refusal| refusal.rule);
    let after = |profits: &[(i64, i64)]| {
        let mut portfolio = desk.build();
        for (realised, unrealised) in profits {
            portfolio.on_profit(dollars(*realised), dollars(*unrealised));
        }
        portfolio
    };
    assert_eq!(rule(&after(&[(-5, 3), (-2, -3)])), None, "at every limit and above none");
    assert_eq!(rule(&after(&[(-6, 6), (0, 0)])), Some(Rule::RealisedLoss));
    assert_eq!(rule(&after(&[(4, -4)])), Some(Rule::UnrealisedLoss));
    assert_eq!(rule(&after(&[(4, 0), (-1, -1)])), None);
    let mut portfolio = after(&[(4, 0), (-1, -2), (100, 0)]);
    assert_eq!(rule(&portfolio), Some(Rule::Drawdown));
    portfolio.reopen(Level::All);
    portfolio.on_profit(dollars(95), dollars(-1));
    assert_eq!(rule(&portfolio), None);
    portfolio.on_profit(dollars(94), Money::ZERO);
    assert_eq!(rule(&portfolio), Some(Rule::RealisedLoss));
}

#[test]
fn what_is_unknown_stops_what_adds_where_a_limit_needs_it() {
    let mut desk = Desk::new();
    desk.exposure = gross(dollars(1_000));
    desk.assets[1] = AssetSpec { exposure: net(dollars(1_000)), elsewhere: Elsewhere::Told };
    let mut portfolio = desk.build();
    let rule = |portfolio: &Portfolio| flat(portfolio, 1, Side::Bid, 1).map(|refusal| refusal.rule);
    let whose = |portfolio: &Portfolio| flat(portfolio, 1, Side::Bid, 1).map(|refusal| refusal.scope);
    assert_eq!((rule(&portfolio), whose(&portfolio)), (Some(Rule::Unknown), Some(Scope::Asset(ETH))));
    portfolio.on_elsewhere(ETH, Some((dollars(-1), dollars(1))));
    assert_eq!(rule(&portfolio), None);
    // A mark that nobody needs may be missing; that of a position may not.
    portfolio.on_mark(OTHER, None);
    assert_eq!(rule(&portfolio), None);
    portfolio.on_position(OTHER, Lots(1));
    assert_eq!(rule(&portfolio), Some(Rule::Unknown));
    assert_eq!(refusal(&portfolio, order(1, 1, Side::Ask, 10_000, 5), &held(1, 5)), None, "reducing");
    portfolio.on_mark(OTHER, Some(HalfTicks(20_000)));
    portfolio.on_conversion(USDT, None);
    assert_eq!(rule(&portfolio), Some(Rule::Unknown));
    portfolio.on_conversion(USDT, Some(Rate(i64::MAX)));
    portfolio.on_position(PERP, Lots(i64::MAX >> 2));
    assert_eq!(rule(&portfolio), Some(Rule::Unknown), "too large to count");
}

#[test]
fn one_leg_of_a_hedge_is_closed_within_net_or_when_marked() {
    let mut desk = Desk::new();
    desk.assets[1].exposure = net(dollars(1));
    let mut portfolio = desk.build();
    portfolio.on_position(SPOT, Lots(50));
    portfolio.on_position(PERP, Lots(-50));
    let close = |lots| order(1, 1, Side::Bid, 10_000, lots);
    assert_eq!(refusal(&portfolio, close(10), &held(1, -50)), None);
    assert_eq!(refusal(&portfolio, close(11), &held(1, -50)).map(|refusal| refusal.rule), Some(Rule::Net));
    assert_eq!(refusal(&portfolio, marked(close(50)), &held(1, -50)), None);
}

#[test]
fn an_instrument_that_is_no_member_is_refused() {
    let mut gate = Gate::new(InstrumentId(5), &spec(0), *gate(0).limits()).unwrap();
    let refusal =
        gate.check_in(&mut Desk::new().build(), order(5, 1, Side::Bid, 10_000, 1), &held(0, 0), NOW);
    assert_eq!(refusal.unwrap_err().rule, Rule::NoMember);
    assert_eq!(Desk::new().build().state(InstrumentId(5)), GateState::Killed);
}

#[test]
fn progress_counts_events() {
    let mut portfolio = Desk::new().build();
    portfolio.beat(Nanos(7));
    portfolio.beat(Nanos(9));
    assert_eq!(portfolio.progress(), Progress { beats: 2, at: Nanos(9) });
}

#[test]
fn parts_that_do_not_fit_are_refused() {
    let fails = |change: fn(&mut Desk)| {
        let mut desk = Desk::new();
        change(&mut desk);
        desk.try_build().err()
    };
    let own = Scope::Instrument(PERP);
    assert_eq!(fails(|_| {}), None);
    assert_eq!(fails(|desk| desk.assets.truncate(3)), Some(PortfolioError::Asset(AssetId(3))));
    assert_eq!(fails(|desk| desk.members[0].spec.base = USDT), Some(PortfolioError::Asset(USDT)));
    assert_eq!(fails(|desk| desk.venues.truncate(1)), Some(PortfolioError::Venue(VenueId(1))));
    assert_eq!(
        fails(|desk| desk.members[0].strategy = StrategyId(2)),
        Some(PortfolioError::Strategy(StrategyId(2)))
    );
    for margin in [0, Rate::ONE.0 + 1] {
        let mut desk = Desk::new();
        desk.members[1].funding = Funding::Margin(Rate(margin));
        assert_eq!(desk.try_build().err(), Some(PortfolioError::Limit(own)));
    }
    assert_eq!(fails(|desk| desk.exposure = gross(Money(-1))), Some(PortfolioError::Limit(Scope::All)));
    assert_eq!(
        fails(|desk| desk.venues[0].messages = Some(MessageLimits { burst: 2, per_second: 1, reserve: 2 })),
        Some(PortfolioError::Messages(VenueId(0)))
    );
    let many = |desk: &mut Desk| desk.members = alloc::vec![desk.members[0]; MEMBERS_MAX + 1];
    assert_eq!(fails(many), Some(PortfolioError::Members));
}

#[test]
fn the_digest_covers_what_decisions_rest_on() {
    let digest = |change: fn(&mut Portfolio)| {
        let mut portfolio = Desk::new().build();
        change(&mut portfolio);
        let mut digest = Digest::new();
        portfolio.digest(&mut digest);
        digest.value()
    };
    let changes: [fn(&mut Portfolio); 9] = [
        |_| {},
        |portfolio| portfolio.on_position(PERP, Lots(1)),
        |portfolio| portfolio.on_mark(PERP, None),
        |portfolio| portfolio.on_funds(SPOT, None),
        |portfolio| portfolio.on_liquidation(PERP, Liquidation::Never),
        |portfolio| portfolio.on_dead_man(VenueId(0), NOW),
        |portfolio| {
            portfolio.on_profit(Money(1), Money(0));
        },
        |portfolio| portfolio.on_elsewhere(ETH, Some((Money(-1), Money(1)))),
        |portfolio| portfolio.tighten(Level::All, GateState::Paused),
    ];
    for (index, one) in changes.iter().enumerate() {
        for other in &changes[..index] {
            assert_ne!(digest(*one), digest(*other), "{index}");
        }
    }
}
