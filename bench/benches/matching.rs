//! The matching engine: single operations in a book that a seeded flow has filled. For the flow itself, at full speed and at given
//! rates, see `matching_table`.
#![expect(clippy::expect_used, reason = "a benchmark of what cannot be built must stop")]
#![expect(clippy::indexing_slicing, reason = "indices are below lengths fixed here; another one must stop")]

use std::hint::black_box;

use ballast_bench::flow::{Seen, WARM, flow, placement, warmed};
use ballast_exchange::matching::{AccountId, Request};
use ballast_model::{ClientOrderId, Side, TimeInForce};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};

fn single(criterion: &mut Criterion) {
    let requests = flow(7);
    let mut group = criterion.benchmark_group("matching");
    let (mut engine, mut seen, mut id) = (warmed(&requests), Seen::default(), u64::from(u32::MAX));
    let bid = engine.best(Side::Bid).expect("a bid").0;
    group.bench_function("place_and_cancel", |bencher| {
        bencher.iter(|| {
            id += 1;
            let new = placement(AccountId(1), id, Side::Bid, bid - 5, 3, TimeInForce::PostOnly);
            engine.place(&new, &mut seen);
            engine.cancel(AccountId(1), ClientOrderId(id), &mut seen);
        });
    });
    group.bench_function("rest_and_match", |bencher| {
        bencher.iter(|| {
            id += 2;
            let price = bid + 1;
            engine.place(&placement(AccountId(1), id, Side::Bid, price, 3, TimeInForce::PostOnly), &mut seen);
            let taker = placement(AccountId(2), id + 1, Side::Ask, price, 3, TimeInForce::ImmediateOrCancel);
            engine.place(&taker, &mut seen);
        });
    });
    let placed = |request: &Request| match request {
        Request::Place(new) => Some((new.account, new.order.client_id)),
        Request::Cancel(..) | Request::Amend(_) | Request::CancelAll(_) => None,
    };
    let open = |(account, id): &(AccountId, ClientOrderId)| engine.order(*account, *id).is_some();
    let ids: Vec<_> = requests[..WARM].iter().filter_map(placed).filter(open).collect();
    let mut ids = ids.iter().cycle();
    group.bench_function("lookup", |bencher| {
        bencher.iter(|| {
            let (account, client_id) = ids.next().expect("a cycle");
            black_box(engine.order(*account, *client_id))
        });
    });
    group.bench_function("batch_of_100", |bencher| {
        let batch = |id: u64| -> Vec<Request> {
            let new = |n: u64| {
                placement(AccountId(3), id + n, Side::Bid, bid - n.cast_signed(), 2, TimeInForce::PostOnly)
            };
            let places = (0..50).map(|n| Request::Place(new(n)));
            places.chain((0..50).map(|n| Request::Cancel(AccountId(3), ClientOrderId(id + n)))).collect()
        };
        let batch = batch(1 << 50);
        bencher.iter_batched(|| (), |()| engine.batch(&batch, &mut seen), BatchSize::SmallInput);
    });
    group.finish();
}

criterion_group!(benches, single);
criterion_main!(benches);
