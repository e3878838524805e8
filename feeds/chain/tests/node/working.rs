//! A worker on a node, and what another thread sees of it.

use std::time::Duration;

use alloy_primitives::U256;
use ballast_chain::config::Plan;
use ballast_chain::inventory::{Inventory, Pair, Reading, WORDS};
use ballast_chain::read::Reader;
use ballast_chain::state::State;
use ballast_chain::worker::Worker;
use ballast_sync::seqlock;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep};

use crate::exchanges::{Order, pancake, wanted};
use crate::reading::{units, worked};
use crate::rig::Rig;
use crate::run;
use crate::watching::SETTINGS;

/// Looks until what is there is as it should be.
async fn until(reader: &mut seqlock::Reader<WORDS>, is_it: impl Fn(&Reading) -> bool) -> Reading {
    loop {
        reader.look();
        let reading = reader.value().map(Reading::from_words);
        if let Some(reading) = reading.filter(&is_it) {
            return reading;
        }
        sleep(Duration::from_millis(1)).await;
    }
}

fn is_at(block: u64) -> impl Fn(&Reading) -> bool {
    move |reading| matches!(reading, Reading::Known(inventory) if inventory.block == block)
}

/// The sums by another way: of token 1 as base.
fn adds_up(inventory: &Inventory, state: &State) {
    let sum = |of: &dyn Fn(&ballast_chain::state::Position) -> U256| {
        state.positions.iter().map(of).fold(U256::ZERO, |sum, amount| sum + amount)
    };
    assert_eq!(U256::from(inventory.base), sum(&|position| position.amounts[1]));
    assert_eq!(U256::from(inventory.quote), sum(&|position| position.amounts[0]));
    assert_eq!(U256::from(inventory.base_fees), sum(&|position| U256::from(position.fees[1])));
    assert_eq!(U256::from(inventory.quote_fees), sum(&|position| U256::from(position.fees[0])));
    assert!(inventory.within > 0 && inventory.gamma < 0.0);
}

#[test]
fn what_a_worker_knows_is_seen_elsewhere_and_what_it_does_not_is_no_zero() {
    run(async {
        let Some(rig) = Rig::new().await else { return };
        let dex = pancake(&rig).await;
        let pool = worked(&rig, &dex, [18, 6], Order::QuoteFirst, 500).await;
        let plan = Plan {
            settings: SETTINGS,
            endpoints: vec![rig.endpoint()],
            wanted: wanted(&rig, &[(&dex, None)]),
            quote: [pool.tokens[0]].into(),
        };
        let pair = Pair { base: pool.tokens[1], quote: pool.tokens[0] };
        let head = rig.head().await;
        let (worker, mut seen) = Worker::start(plan, pair, || 1_000_000_000_000).unwrap();

        let known = until(&mut seen, is_at(head.number)).await;
        let mut reader = Reader::new(wanted(&rig, &[(&dex, None)]));
        let state = reader.read(&rig.node().await, head, None).await.unwrap();
        adds_up(known.last().unwrap(), &state);

        rig.anvil.freeze();
        let unknown = until(&mut seen, |reading| matches!(reading, Reading::Unknown(_))).await;
        assert_eq!(
            unknown,
            Reading::Unknown(known.last().copied()),
            "what was known before, with its own time"
        );
        rig.anvil.thaw();
        pool.sell(&rig, 1, units(1, 18)).await;
        let after = until(&mut seen, is_at(head.number + 1)).await;
        assert!(after.last().unwrap().base > known.last().unwrap().base, "the pool bought base");
        // It ends when it is dropped, and with it the writing.
        drop(worker);
        pool.sell(&rig, 1, units(1, 18)).await;
        sleep(2 * SETTINGS.poll).await;
        assert_eq!(seen.look(), seqlock::Look::Same);
    });
}

/// How long after a head is announced the state at it can be seen, on the same host and without TLS.
#[test]
#[ignore = "a measurement: cargo test --package ballast-chain --test node -- --ignored --nocapture"]
fn measure_from_head_to_snapshot() {
    run(async {
        let Some(rig) = Rig::new().await else { return };
        let dex = pancake(&rig).await;
        let pool = worked(&rig, &dex, [18, 6], Order::QuoteFirst, 500).await;
        let (endpoints, wanted) = (vec![rig.endpoint()], wanted(&rig, &[(&dex, None)]));
        let plan = Plan { settings: SETTINGS, endpoints, wanted, quote: [pool.tokens[0]].into() };
        let pair = Pair { base: pool.tokens[1], quote: pool.tokens[0] };
        let (_worker, mut seen) = Worker::start(plan, pair, || 0).unwrap();
        until(&mut seen, is_at(rig.head().await.number)).await;
        let mut heads = rig.node().await.heads().await.unwrap();
        let mut micros = Vec::new();
        for _ in 0..200 {
            rig.request::<()>("anvil_mine", (U256::from(1),)).await;
            let head = heads.next().await.unwrap();
            let announced = Instant::now();
            while !seen.value().map(Reading::from_words).is_some_and(|reading| is_at(head.number)(&reading)) {
                seen.look();
                yield_now().await;
            }
            micros.push(announced.elapsed().as_micros());
        }
        micros.sort_unstable();
        let positions = seen
            .value()
            .map(Reading::from_words)
            .and_then(|reading| reading.last().map(|last| last.positions));
        println!(
            "{positions:?} positions, {} heads: p50 {} us, p99 {} us",
            micros.len(),
            micros[99],
            micros[197]
        );
    });
}
