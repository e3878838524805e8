//! Any record.

use alloc::vec;
use alloc::vec::Vec;

use ballast_model::{
    Access, AccessState, AssetId, BalanceUpdate, BookBegin, BookKind, BookLost, BookOwner, BudgetGrant,
    BudgetKind, CONFIG_PART_BYTES, Cancel, Carried, CarriedKind, ClientOrderId, Command, ConfigPart, Ending,
    Event, Fill, FillReason, FundingPayment, Grant, InstrumentId, JournalHealth, LOTS_MAX, Last, Liquidity,
    LostReason, Lots, MarkPrice, Money, Nanos, NewOrder, OperatorAct, OperatorCommand, OperatorId,
    OperatorScope, OrderReport, OrderUpdate, PRICE_TICKS_MAX, PackedLevel, PackedMoney, PaymentId, Price,
    Query, ReasonCode, ReduceOnly, RejectReason, Replace, ShardId, Side, StrategyId, SubAccountId, Ticker,
    TimeInForce, Trade, TradeId, UpdateId, VenueId, VenueOrderId,
};
use proptest::prelude::*;

use crate::Checkpoint;

/// What a record says, in a form that can be kept.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Said {
    Event(Event),
    Batch(BookBegin, Vec<PackedLevel>, Vec<PackedLevel>),
    Command(Command),
    Checkpoint(Checkpoint),
    Carried(Carried),
    Block,
    End,
}

pub(crate) fn begin() -> BookBegin {
    BookBegin {
        instrument: InstrumentId(1),
        kind: BookKind::Diff,
        levels: 0,
        update_id: UpdateId(1),
        venue_time: Nanos(1),
        recv_time: Nanos(1),
    }
}

pub(crate) fn ticker() -> Ticker {
    Ticker {
        instrument: InstrumentId(1),
        update_id: UpdateId(1),
        bid: PackedLevel::default(),
        ask: PackedLevel::default(),
        venue_time: Nanos(1),
        recv_time: Nanos(1),
    }
}

fn instrument() -> impl Strategy<Value = InstrumentId> {
    prop_oneof![9 => 0..4u16, 1 => any::<u16>()].prop_map(InstrumentId)
}

fn time() -> impl Strategy<Value = Nanos> {
    prop_oneof![any::<i64>(), (0..2_000_000i64).prop_map(|ms| 1_700_000_000_000_000_000 + ms * 1_000_000)]
        .prop_map(Nanos)
}

fn level() -> impl Strategy<Value = PackedLevel> {
    let small = (0..100_000i64, 0..1_000_000i64);
    prop_oneof![4 => small, 1 => (0..=PRICE_TICKS_MAX, 0..=LOTS_MAX)]
        .prop_map(|(ticks, lots)| PackedLevel::new(Price(ticks), Lots(lots)).unwrap())
}

fn side() -> impl Strategy<Value = Side> {
    prop::sample::select(Side::BOTH.to_vec())
}

fn reject() -> impl Strategy<Value = RejectReason> {
    use RejectReason as R;
    prop::sample::select(vec![
        R::WouldTake,
        R::Price,
        R::Size,
        R::NotionalMin,
        R::DuplicateId,
        R::SelfTrade,
        R::Margin,
        R::OrdersMax,
        R::RateLimit,
        R::UnknownOrder,
        R::ReduceOnly,
        R::NothingToTake,
        R::Closed,
        R::Other,
    ])
}

fn lost() -> impl Strategy<Value = LostReason> {
    use LostReason as L;
    prop::sample::select(vec![L::Gap, L::Disconnected, L::RingFull, L::BadMessage, L::BookFull, L::TornBatch])
}

fn fill_reason() -> impl Strategy<Value = FillReason> {
    use FillReason as F;
    prop::sample::select(vec![
        F::Venue,
        F::QueueExhausted,
        F::TradeThrough,
        F::BookCross,
        F::Took,
        F::Liquidation,
        F::AutoDeleveraging,
    ])
}

fn ending() -> impl Strategy<Value = Ending> {
    prop_oneof![
        Just(Ending::Filled),
        Just(Ending::Cancelled),
        Just(Ending::Expired),
        reject().prop_map(Ending::Rejected)
    ]
}

fn report() -> impl Strategy<Value = OrderReport> {
    let id = || any::<u64>().prop_map(VenueOrderId);
    let filled = || any::<i64>().prop_map(Lots);
    prop_oneof![
        id().prop_map(OrderReport::Accepted),
        reject().prop_map(OrderReport::Rejected),
        Just(OrderReport::Cancelled),
        Just(OrderReport::Expired),
        reject().prop_map(OrderReport::CancelRejected),
        Just(OrderReport::NotSent),
        Just(OrderReport::FateUnknown),
        (id(), level(), filled()).prop_map(|(venue_id, level, filled)| OrderReport::Replaced {
            venue_id,
            level,
            filled
        }),
        reject().prop_map(OrderReport::ReplaceRejected),
        (id(), level(), filled(), any::<u16>()).prop_map(|(venue_id, level, filled, query)| {
            OrderReport::Working { venue_id, level, filled, query }
        }),
        (ending(), filled()).prop_map(|(how, filled)| OrderReport::Ended { how, filled }),
        any::<u16>().prop_map(|query| OrderReport::NotFound { query }),
    ]
}

fn market() -> impl Strategy<Value = Event> {
    let times = || (time(), time());
    prop_oneof![
        (instrument(), lost())
            .prop_map(|(instrument, reason)| Event::BookLost(BookLost { instrument, reason })),
        (instrument(), any::<u64>(), level(), level(), times()).prop_map(
            |(instrument, id, bid, ask, (venue_time, recv_time))| {
                Event::Ticker(Ticker { instrument, update_id: UpdateId(id), bid, ask, venue_time, recv_time })
            }
        ),
        (instrument(), side(), level(), any::<u64>(), times()).prop_map(
            |(instrument, maker, level, id, (venue_time, recv_time))| {
                Event::Trade(Trade { instrument, maker, level, trade_id: TradeId(id), venue_time, recv_time })
            }
        ),
        (instrument(), any::<(i64, Option<i64>, i32, u32)>(), times()).prop_map(
            |(instrument, (mark_e8, index_e8, funding_e8, funding_at_secs), (venue_time, recv_time))| {
                Event::Mark(MarkPrice {
                    instrument,
                    mark_e8,
                    index_e8,
                    funding_e8,
                    funding_at_secs,
                    venue_time,
                    recv_time,
                })
            }
        ),
    ]
}

fn own() -> impl Strategy<Value = Event> {
    let fill = (
        instrument(),
        side(),
        any::<bool>(),
        fill_reason(),
        any::<u16>(),
        level(),
        any::<(i64, u64, u64)>(),
        time(),
    );
    prop_oneof![
        Just(Event::Timer),
        (instrument(), any::<u64>(), report(), time()).prop_map(|(instrument, id, report, venue_time)| {
            Event::Order(OrderUpdate { instrument, client_id: ClientOrderId(id), report, venue_time })
        }),
        fill.prop_map(
            |(instrument, side, maker, reason, asset, level, (fee_e8, client, trade), venue_time)| {
                Event::Fill(Fill {
                    instrument,
                    side,
                    liquidity: if maker { Liquidity::Maker } else { Liquidity::Taker },
                    reason,
                    fee_asset: AssetId(asset),
                    level,
                    fee_e8,
                    client_id: ClientOrderId(client),
                    trade_id: TradeId(trade),
                    venue_time,
                })
            }
        ),
    ]
}

fn owner() -> impl Strategy<Value = BookOwner> {
    any::<(u16, u8)>().prop_map(|(account, strategy)| BookOwner {
        account: SubAccountId(account),
        strategy: StrategyId(strategy),
    })
}

fn account() -> impl Strategy<Value = Event> {
    let money = || any::<i128>().prop_map(|units| PackedMoney::new(Money(units)));
    let scope = prop_oneof![
        instrument().prop_map(OperatorScope::Instrument),
        any::<u8>().prop_map(|id| OperatorScope::Strategy(StrategyId(id))),
        any::<u8>().prop_map(|id| OperatorScope::Venue(VenueId(id))),
        Just(OperatorScope::All),
    ];
    let act = prop_oneof![
        prop::sample::select(vec![
            OperatorAct::ReduceOnly,
            OperatorAct::Pause,
            OperatorAct::Kill,
            OperatorAct::Resume,
            OperatorAct::ClearLoss,
            OperatorAct::Thaw,
        ]),
        any::<i64>().prop_map(|lots| OperatorAct::Confirm(Lots(lots))),
        (owner(), owner(), any::<i64>()).prop_map(|(from, to, lots)| OperatorAct::Split {
            from,
            to,
            lots: Lots(lots)
        }),
        any::<i64>().prop_map(|until| OperatorAct::Arm(Nanos(until))),
        any::<(i64, i64)>().prop_map(|(position, price)| OperatorAct::Adjust {
            position: Lots(position),
            price: Price(price)
        }),
        (owner(), owner()).prop_map(|(from, into)| OperatorAct::Merge { from, into }),
        (any::<(u16, u16, u16)>(), money()).prop_map(|((from, to, asset), amount)| {
            let (from, to) = (SubAccountId(from), SubAccountId(to));
            OperatorAct::Transfer { from, to, asset: AssetId(asset), amount }
        }),
    ];
    let kinds = vec![BudgetKind::Gross, BudgetKind::Margin, BudgetKind::OrderRate, BudgetKind::Loss];
    prop_oneof![
        (instrument(), any::<u16>(), money(), any::<u64>(), time()).prop_map(
            |(instrument, asset, amount, id, venue_time)| {
                let (asset, payment_id) = (AssetId(asset), PaymentId(id));
                Event::Funding(FundingPayment { instrument, asset, amount, payment_id, venue_time })
            }
        ),
        (any::<(u16, u16)>(), money(), money(), time()).prop_map(
            |((account, asset), free, locked, venue_time)| {
                let (account, asset) = (SubAccountId(account), AssetId(asset));
                Event::Balance(BalanceUpdate { account, asset, free, locked, venue_time })
            }
        ),
        (scope, act, any::<(u16, u16)>()).prop_map(|(scope, act, (operator, reason))| {
            let (operator, reason) = (OperatorId(operator), ReasonCode(reason));
            Event::Operator(OperatorCommand { scope, act, operator, reason })
        }),
        prop::sample::select(vec![JournalHealth::Good, JournalHealth::Behind, JournalHealth::Failed])
            .prop_map(Event::Journal),
        access().prop_map(Event::Access),
        word().prop_map(Event::Carried),
        part().prop_map(Event::Config),
        (prop::sample::select(kinds), any::<(u16, u32, u32, u128)>()).prop_map(
            |(kind, (shard, epoch, seq, amount))| {
                let grant = Grant { shard: ShardId(shard), epoch, seq, amount };
                Event::Grant(BudgetGrant { kind, grant })
            }
        ),
    ]
}

fn access() -> impl Strategy<Value = Access> {
    let states = vec![
        AccessState::Open,
        AccessState::Unseen,
        AccessState::Clock,
        AccessState::Rules,
        AccessState::Refused,
    ];
    let access = |(id, state)| Access { instrument: InstrumentId(id), state };
    (any::<u16>(), prop::sample::select(states)).prop_map(access)
}

/// Words of which each number is small, large or none.
fn word() -> impl Strategy<Value = Carried> {
    let number = prop_oneof![Just(0), 0..1_000u64, any::<u64>()];
    let kind = prop::sample::select(CarriedKind::ALL.to_vec());
    (kind, any::<(u8, u16, u16, u16)>(), prop::array::uniform6(number)).prop_map(
        |(kind, (part, of, account, strategy), words)| Carried { kind, part, of, account, strategy, words },
    )
}

/// Parts of a configuration of any text.
fn part() -> impl Strategy<Value = ConfigPart> {
    let used = prop::collection::vec(any::<u8>(), 1..=CONFIG_PART_BYTES);
    (used, any::<u16>(), any::<bool>()).prop_map(|(used, part, last)| {
        let mut bytes = [0; CONFIG_PART_BYTES];
        bytes[..used.len()].copy_from_slice(&used);
        let last = if last { Last::Yes } else { Last::No };
        ConfigPart { part, last, count: u8::try_from(used.len()).unwrap(), bytes }
    })
}

fn command() -> impl Strategy<Value = Command> {
    let tif = prop_oneof![
        Just(TimeInForce::PostOnly),
        Just(TimeInForce::GoodTillCancel),
        Just(TimeInForce::ImmediateOrCancel),
        Just(TimeInForce::FillOrKill),
        any::<i64>().prop_map(|end| TimeInForce::GoodTillDate(Nanos(end))),
    ];
    let numbers = any::<(u64, i64, i64, i64)>();
    (instrument(), side(), tif, any::<bool>(), numbers, 0..4u8, any::<u16>()).prop_map(
        |(instrument, side, tif, reduces, (id, price, lots, end), kind, number)| {
            let client_id = ClientOrderId(id);
            let (price, lots, expires_at) = (Price(price), Lots(lots), Nanos(end));
            match kind {
                0 => {
                    let reduce_only = if reduces { ReduceOnly::Yes } else { ReduceOnly::No };
                    Command::New(NewOrder {
                        instrument,
                        client_id,
                        side,
                        price,
                        lots,
                        tif,
                        reduce_only,
                        expires_at,
                    })
                }
                1 => Command::Cancel(Cancel { instrument, client_id }),
                2 => Command::Replace(Replace { instrument, client_id, side, price, lots, expires_at }),
                _ => Command::Query(Query { instrument, client_id, number }),
            }
        },
    )
}

/// Any record that a writer asks for.
pub(crate) fn said() -> impl Strategy<Value = Said> {
    let levels = || prop::collection::vec(level(), 0..30);
    let begin = (instrument(), any::<bool>(), any::<u64>(), time(), time());
    let batch = (begin, levels(), levels()).prop_map(
        |((instrument, diff, id, venue_time, recv_time), bids, asks)| {
            let kind = if diff { BookKind::Diff } else { BookKind::Snapshot };
            let levels = u32::try_from(bids.len() + asks.len()).unwrap();
            let begin =
                BookBegin { instrument, kind, levels, update_id: UpdateId(id), venue_time, recv_time };
            Said::Batch(begin, bids, asks)
        },
    );
    prop_oneof![
        market().prop_map(Said::Event),
        own().prop_map(Said::Event),
        account().prop_map(Said::Event),
        batch,
        command().prop_map(Said::Command),
        word().prop_map(Said::Carried),
        any::<(u64, u64, u64)>().prop_map(|(state_hash, inputs, commands)| {
            Said::Checkpoint(Checkpoint { state_hash, inputs, commands })
        }),
    ]
}
