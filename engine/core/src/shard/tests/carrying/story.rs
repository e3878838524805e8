//! A random history of two instruments in which everything happens that carries over, and its record.

use alloc::vec;
use alloc::vec::Vec;

use ballast_model::{
    AssetId, BalanceUpdate, BookBegin, BookKind, BookOwner, Carried, Command, Ending, Event, Fill,
    FillReason, FundingPayment, InstrumentId, Last, Liquidity, Lots, Money, Nanos, OperatorAct,
    OperatorScope, OrderReport, OrderUpdate, PackedMoney, PaymentId, Price, Rate, RejectReason, Side, Span,
    StrategyId, SubAccountId, Ticker, TradeId, UpdateId, VenueId, VenueOrderId,
};

use super::super::desk::{ETH, level, slot};
use super::super::operator::command;
use super::super::together::{OTHER, risk, spec};
use super::list;
use crate::accounts::{Settles, StrategyId as Book};
use crate::gate::dice::Dice;
use crate::gate::portfolio::{Funding, StrategySpec};
use crate::gate::{Controls, FillBreaker, GateState, LossLimits};
use crate::oms::{Order, SweepLimits};
use crate::outbox::Outbox;
use crate::replace::ReplaceRules;
use crate::shard::{ExitSpec, HoldsSpec, LaneBook, Shard, ShardSpec};
use crate::trigger::Watched;

const ACCOUNT: SubAccountId = SubAccountId(0);

/// One thing on record.
pub(super) enum Recorded {
    Event(Event),
    Command(Command),
    List(Vec<Carried>),
}

pub(super) struct Story {
    pub(super) shard: Shard,
    spec: ShardSpec,
    out: Outbox,
    pub(super) dice: Dice,
    pub(super) now: Nanos,
    next_id: u64,
    pub(super) record: Vec<(Nanos, Recorded)>,
}

/// Losses of some cents halt.
fn losses(dice: &mut Dice) -> LossLimits {
    let cents =
        |dice: &mut Dice| dice.once_in(2).then(|| Money(Money::ONE.0 / 100 * i128::from(dice.from(1, 5))));
    LossLimits {
        realised_max: cents(dice),
        unrealised_max: cents(dice),
        drawdown_max: cents(dice),
        then: dice.pick(&[GateState::ReduceOnly, GateState::Killed]),
        ..LossLimits::NONE
    }
}

fn shard_spec(dice: &mut Dice) -> ShardSpec {
    let mut risk = risk();
    risk.loss = losses(dice);
    risk.strategies = vec![StrategySpec { loss: losses(dice), ..StrategySpec::NONE }];
    if dice.once_in(2) {
        risk.members[0].funding = Funding::Spot;
        risk.holds =
            Some(HoldsSpec { account: ACCOUNT, fee_allowance: Rate::from_bps(10), parts: Vec::new() });
    }
    let mut spec = spec(risk);
    for lane in &mut spec.lanes {
        let breaker = FillBreaker {
            window: Span::from_secs(1),
            fills_max: Some(4),
            lots_max: None,
            net_max: Some(Lots(12)),
            frozen_for: dice.once_in(2).then_some(Span::from_secs(3)),
        };
        lane.controls = Controls {
            fills: dice.once_in(2).then_some(breaker),
            loss: dice.once_in(2).then(|| losses(dice)),
            ..Controls::NONE
        };
        lane.sweep = SweepLimits { pending_max: Span::from_millis(200), ..SweepLimits::DEFAULT };
        let quoting = lane.quoting.as_mut().unwrap();
        *quoting = super::super::desk::quoting();
        if dice.once_in(2) {
            quoting.amend = ReplaceRules::DERIBIT;
        }
        quoting.exits = dice.once_in(2).then_some(ExitSpec {
            stop_loss: Some(Rate::from_bps(5)),
            take_profit: Some(Rate::from_bps(9)),
            trailing: None,
            watched: Watched::Mid,
            protection: Rate::from_bps(50),
            cooldown: Span::from_secs(1),
        });
    }
    spec
}

impl Story {
    pub(super) fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let spec = shard_spec(&mut dice);
        let shard = build(&spec);
        let out = Outbox::new(shard.commands_per_event_max());
        let (now, record) = (Nanos(1), Vec::new());
        let mut story = Self { shard, spec, out, dice, now, next_id: 0, record };
        for instrument in [ETH, OTHER] {
            let (update_id, at) = (UpdateId(1), story.now);
            let kind = BookKind::Snapshot;
            let begin = BookBegin { instrument, kind, levels: 2, update_id, venue_time: at, recv_time: at };
            story.tell(&Event::BookBegin(begin));
            story.tell(&slot(instrument, Side::Bid, 10_000, Last::No));
            story.tell(&slot(instrument, Side::Ask, 10_010, Last::Yes));
        }
        [AssetId(0), AssetId(1)].into_iter().for_each(|asset| story.balance(asset));
        story
    }

    /// A shard as this one was at first.
    pub(super) fn fresh(&self) -> Shard {
        build(&self.spec)
    }

    fn tell(&mut self, event: &Event) {
        self.out.clear();
        self.shard.on_event(event, self.now, &mut self.out);
        let now = self.now;
        self.record.push((now, Recorded::Event(*event)));
        let commands = self.out.commands().iter();
        self.record.extend(commands.map(|command| (now, Recorded::Command(*command))));
        if self.out.latched() || self.dice.once_in(40) {
            self.record.push((now, Recorded::List(list(&self.shard))));
        }
    }

    pub(super) fn step(&mut self) {
        self.now.0 += self.dice.from(0, 200_000_000);
        self.next_id += 1;
        match self.dice.from(0, 15) {
            0..=3 => self.touch(),
            4..=6 => self.trade(),
            7..=9 => self.report(),
            10 | 11 => self.tell(&Event::Timer),
            12 => self.funding(),
            13 => {
                let asset = AssetId(u16::from(self.dice.once_in(2)));
                self.balance(asset);
            }
            _ => self.operate(),
        }
    }

    fn touch(&mut self) {
        let mid = self.dice.from(9_985, 10_015);
        let instrument = self.dice.pick(&[ETH, OTHER]);
        let [bid, ask] = [mid - self.dice.from(1, 5), mid + self.dice.from(1, 5)];
        self.tell(&Event::Ticker(Ticker {
            instrument,
            update_id: UpdateId(1 + self.next_id),
            bid: level(bid, 500),
            ask: level(ask, 500),
            venue_time: self.now,
            recv_time: self.now,
        }));
    }

    fn order(&mut self, instrument: InstrumentId) -> Option<Order> {
        let orders: Vec<Order> = self.shard.orders(instrument)?.open_orders().copied().collect();
        (!orders.is_empty()).then(|| self.dice.pick(&orders))
    }

    /// One of our orders trades, or somebody else's; sometimes a trade is told again.
    fn trade(&mut self) {
        let instrument = self.dice.pick(&[ETH, OTHER]);
        let Some(order) = self.order(instrument) else { return };
        let trade_id = TradeId(if self.dice.once_in(8) { self.next_id / 2 } else { self.next_id });
        let reason = self.dice.pick(&[FillReason::Venue; 12]);
        let forced = self.dice.once_in(40);
        let foreign = self.dice.once_in(20);
        let fill = Fill {
            instrument,
            side: order.side,
            liquidity: if self.dice.once_in(3) { Liquidity::Taker } else { Liquidity::Maker },
            reason: if forced { FillReason::Liquidation } else { reason },
            fee_asset: AssetId(u16::try_from(self.dice.from(0, 5)).unwrap()),
            level: level(order.price.0, self.dice.from(1, order.lots.0)),
            fee_e8: self.dice.from(-50, 100),
            client_id: if foreign { ballast_model::ClientOrderId(9) } else { order.client_id },
            trade_id,
            venue_time: self.now,
        };
        self.tell(&Event::Fill(fill));
    }

    fn report(&mut self) {
        let instrument = self.dice.pick(&[ETH, OTHER]);
        let Some(order) = self.order(instrument) else { return };
        let venue_id = VenueOrderId(order.client_id.0);
        let filled = Lots(self.dice.from(0, order.lots.0));
        let aim = order.amendment.map_or((order.price, order.lots), |aim| (aim.price, aim.lots));
        let stands = level(aim.0.0, aim.1.0);
        let (any, query) = (RejectReason::ALL, order.query);
        let report = match self.dice.from(0, 12) {
            0..=2 => OrderReport::Accepted(venue_id),
            3 => OrderReport::Rejected(self.dice.pick(&any)),
            4 | 5 => OrderReport::Cancelled,
            6 => OrderReport::Expired,
            7 => OrderReport::CancelRejected(self.dice.pick(&any)),
            8 => OrderReport::FateUnknown,
            9 => OrderReport::Replaced { venue_id, level: stands, filled: order.filled },
            10 => OrderReport::ReplaceRejected(self.dice.pick(&any)),
            11 => OrderReport::Ended { how: Ending::Cancelled, filled },
            _ => self.dice.pick(&[
                OrderReport::NotSent,
                OrderReport::NotFound { query },
                OrderReport::Working { venue_id, level: stands, filled, query },
            ]),
        };
        let (client_id, venue_time) = (order.client_id, self.now);
        self.tell(&Event::Order(OrderUpdate { instrument, client_id, report, venue_time }));
    }

    fn funding(&mut self) {
        let instrument = self.dice.pick(&[ETH, OTHER]);
        let amount = PackedMoney::new(Money(i128::from(self.dice.from(-1_000, 1_000))));
        self.tell(&Event::Funding(FundingPayment {
            instrument,
            asset: AssetId(1),
            amount,
            payment_id: PaymentId(self.next_id / 2),
            venue_time: self.now,
        }));
    }

    fn balance(&mut self, asset: AssetId) {
        let [free, locked] = [self.dice.from(900, 1_100), self.dice.from(0, 20)];
        let [free, locked] =
            [free, locked].map(|whole| PackedMoney::new(Money(i128::from(whole) * Money::ONE.0)));
        let venue_time = self.now;
        self.tell(&Event::Balance(BalanceUpdate { account: ACCOUNT, asset, free, locked, venue_time }));
    }

    fn operate(&mut self) {
        let owner = |strategy| BookOwner { account: ACCOUNT, strategy: StrategyId(strategy) };
        let instrument = OperatorScope::Instrument(self.dice.pick(&[ETH, OTHER]));
        let named = [
            instrument,
            OperatorScope::Strategy(StrategyId(0)),
            OperatorScope::Venue(VenueId(0)),
            OperatorScope::All,
        ];
        let named = self.dice.pick(&named);
        let lots = Lots(self.dice.from(1, 6));
        let amount = PackedMoney::new(Money(i128::from(self.dice.from(1, 9))));
        let (position, price) = (Lots(self.dice.from(-9, 9)), Price(10_000));
        let (account, asset) = (SubAccountId(1), AssetId(1));
        let (scope, act) = match self.dice.from(0, 13) {
            0 => (named, OperatorAct::ReduceOnly),
            1 => (named, OperatorAct::Pause),
            2 => (named, OperatorAct::Kill),
            3..=6 => (named, OperatorAct::Resume),
            7 => (named, OperatorAct::ClearLoss),
            8 => (instrument, OperatorAct::Thaw),
            9 => (instrument, OperatorAct::Confirm(position)),
            10 => (OperatorScope::Venue(VenueId(0)), OperatorAct::Arm(self.now + Span::from_secs(9))),
            11 => (instrument, OperatorAct::Adjust { position, price }),
            12 => (instrument, OperatorAct::Split { from: owner(0), to: owner(1), lots }),
            _ => (OperatorScope::All, OperatorAct::Transfer { from: ACCOUNT, to: account, asset, amount }),
        };
        self.tell(&Event::Operator(command(scope, act)));
    }
}

fn build(spec: &ShardSpec) -> Shard {
    let book = LaneBook { strategy: Book(0), account: ACCOUNT, settles: Settles::Margined };
    Shard::new(spec).unwrap().with_books(&[book, book]).unwrap()
}
