//! The chain's reading on a real local node, with the exchanges' real contracts.
//!
//! `BALLAST_NODE` names the folder that `tests/chain/prepare.sh` made; without it these tests say that they are skipped.
#![cfg(test)]
#![forbid(unsafe_code)]

mod abi;
mod anvil;
mod exchanges;
mod faults;
mod program;
mod proxy;
mod reading;
mod rig;
mod watching;
mod working;

use std::future::Future;
use std::time::Duration;

/// No test takes longer: a node that hangs fails it.
const LIMIT: Duration = Duration::from_secs(120);

/// Runs a test that waits, bounded in time.
fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(LIMIT, test).await.expect("the test ends in time") });
}
