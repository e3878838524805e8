//! A watch on a node that behaves, and on branches and gaps.

use std::time::Duration;

use alloy_primitives::U256;
use ballast_chain::events::{Event, What};
use ballast_chain::follow::{Beginning, Change};
use ballast_chain::known::{Known, Look, Trouble, Why};
use ballast_chain::node::{Endpoint, Manner};
use ballast_chain::read::Wanted;
use ballast_chain::state::State;
use ballast_chain::watch::{Listener, Settings, Watch};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::AbortHandle;

use crate::exchanges::{Order, Pool, uniswap, wanted};
use crate::reading::{units, worked};
use crate::rig::{MANNER, Rig};
use crate::run;

/// What a watch tells.
#[derive(Clone, Debug)]
pub(crate) enum Told {
    Change(Change<Event>),
    Known(Box<State>),
    Unknown(Why, Option<Duration>),
}

/// A watch that runs, and what it told.
#[derive(Debug)]
pub(crate) struct Watching {
    told: UnboundedReceiver<Told>,
    running: AbortHandle,
}

struct Teller(UnboundedSender<Told>);

impl Listener for Teller {
    fn change(&mut self, change: &Change<Event>) {
        drop(self.0.send(Told::Change(change.clone())));
    }

    fn known(&mut self, known: &Known<State>, now: Duration) {
        let told = match known.look(now) {
            Look::Known { value, .. } => Told::Known(Box::new(value.clone())),
            Look::Unknown { why, before } => Told::Unknown(why, before.map(|(_, age)| age)),
        };
        drop(self.0.send(told));
    }

    fn trouble(&mut self, _: &Endpoint, _: &Trouble) {}
}

/// How the tests watch: in a hurry.
pub(crate) const SETTINGS: Settings = Settings {
    manner: Manner { patience: Duration::from_millis(500), ..MANNER },
    limit: Duration::from_secs(30),
    poll: Duration::from_millis(200),
    reach: 64,
    confirmations: None,
    witnesses: 0,
};

impl Watching {
    pub(crate) fn start(settings: Settings, endpoints: Vec<Endpoint>, wanted: Wanted) -> Self {
        let (sender, told) = unbounded_channel();
        let mut watch = Watch::new(settings, endpoints, wanted);
        let running = tokio::spawn(async move { watch.run(&mut Teller(sender)).await });
        Self { told, running: running.abort_handle() }
    }

    /// Goes on until something is told that gives a value.
    pub(crate) async fn until<T>(&mut self, is_it: impl Fn(&Told) -> Option<T>) -> T {
        loop {
            let told = self.told.recv().await.expect("a watch never ends");
            if let Some(value) = is_it(&told) {
                return value;
            }
        }
    }

    /// Goes on until a state of this height or more is known.
    pub(crate) async fn state_at(&mut self, number: u64) -> State {
        let is_it = |told: &Told| match told {
            Told::Known(state) if state.block.number >= number => Some((**state).clone()),
            Told::Change(_) | Told::Known(_) | Told::Unknown(..) => None,
        };
        self.until(is_it).await
    }

    /// Goes on until the state is unknown, and says why.
    pub(crate) async fn unknown(&mut self) -> Trouble {
        let is_it = |told: &Told| match told {
            Told::Unknown(Why::Failed(trouble), _) => Some(trouble.clone()),
            Told::Change(_) | Told::Known(_) | Told::Unknown(..) => None,
        };
        self.until(is_it).await
    }

    /// The changes of the chain until the state at this height is known.
    pub(crate) async fn changes_to(&mut self, number: u64) -> Vec<Change<Event>> {
        let mut changes = Vec::new();
        loop {
            match self.told.recv().await.expect("a watch never ends") {
                Told::Change(change) => changes.push(change),
                Told::Known(state) if state.block.number >= number => return changes,
                Told::Known(_) | Told::Unknown(..) => {}
            }
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.running.abort();
    }
}

/// A node with positions in one pool, and a watch on it.
pub(crate) async fn begun(
    rig: &Rig,
    settings: Settings,
    endpoints: Vec<Endpoint>,
) -> (Pool, Watching, State) {
    let dex = uniswap(rig).await;
    let pool = worked(rig, &dex, [18, 6], Order::BaseFirst, 500).await;
    let head = rig.head().await;
    let mut watching = Watching::start(settings, endpoints, wanted(rig, &[(&dex, None)]));
    let state = watching.state_at(head.number).await;
    assert_eq!(state.block, head);
    (pool, watching, state)
}

fn done(changes: &[Change<Event>]) -> Vec<&What> {
    let events = changes.iter().flat_map(|change| match change {
        Change::Done { events, .. } => events.as_slice(),
        Change::Began { .. } | Change::Undone { .. } => &[],
    });
    events.map(|event| &event.what).collect()
}

#[test]
fn what_happens_at_a_pool_is_told_and_read() {
    run(async {
        let Some(rig) = Rig::new().await else { return };
        let (pool, mut watching, before) = begun(&rig, SETTINGS, vec![rig.endpoint()]).await;
        let id = before.positions[1].id;
        pool.sell(&rig, 0, units(3, 18)).await;
        let removed = pool.decrease(&rig, id, 1_000_000_000).await;
        pool.collect(&rig, id).await;
        let changes = watching.changes_to(before.block.number + 3).await;
        let happened = done(&changes);
        // Collecting first brings the fees up to date, by burning nothing.
        let [
            What::Swap { amounts, tick, .. },
            What::Burn { range, amounts: burnt },
            What::Burn { range: poked, .. },
            What::Collect { amounts: paid, .. },
        ] = happened.as_slice()
        else {
            panic!("{changes:?}");
        };
        assert_eq!(amounts[0].into_raw(), units(3, 18));
        assert!(*tick < before.pools[0].tick && amounts[1].is_negative());
        assert_eq!((range.liquidity, *burnt), (1_000_000_000, removed));
        assert_eq!((poked.lower, poked.upper, poked.liquidity), (range.lower, range.upper, 0));
        assert!(paid.iter().zip(removed).all(|(paid, removed)| U256::from(*paid) >= removed));
    });
}

#[test]
fn blocks_that_are_replaced_are_undone_and_the_state_is_that_of_the_others() {
    run(async {
        let Some(rig) = Rig::new().await else { return };
        let (pool, mut watching, before) = begun(&rig, SETTINGS, vec![rig.endpoint()]).await;
        pool.sell(&rig, 0, units(3, 18)).await;
        pool.sell(&rig, 1, units(1_000, 6)).await;
        let told = watching.changes_to(before.block.number + 2).await;
        assert_eq!(done(&told).len(), 2);

        // Two empty blocks in the place of those with the swaps.
        rig.reorganise(2).await;
        let undone = watching.changes_to(before.block.number + 2).await;
        let events = told.iter().rev().map(|change| match change {
            Change::Done { block, events } => Change::Undone { block: *block, events: events.clone() },
            Change::Began { .. } | Change::Undone { .. } => panic!("{told:?}"),
        });
        assert_eq!(undone[..2], events.collect::<Vec<_>>());
        let is_empty =
            |change: &Change<Event>| matches!(change, Change::Done { events, .. } if events.is_empty());
        assert!(undone[2..].iter().all(is_empty) && undone.len() == 4, "{undone:?}");

        rig.mine(1).await;
        let after = watching.state_at(before.block.number + 3).await;
        assert_eq!(after.positions, before.positions);
        assert_eq!(after.pools, before.pools);
    });
}

#[test]
fn a_gap_is_filled_up_to_its_bound() {
    run(async {
        let Some(rig) = Rig::new().await else { return };
        let (pool, mut watching, before) = begun(&rig, SETTINGS, vec![rig.endpoint()]).await;
        // Mined at once, so that some of the heads come while others are worked on.
        pool.sell(&rig, 0, units(3, 18)).await;
        rig.mine(20).await;
        pool.sell(&rig, 0, units(3, 18)).await;
        let changes = watching.changes_to(before.block.number + 22).await;
        let numbers = changes.iter().map(|change| match change {
            Change::Done { block, .. } => block.number,
            Change::Began { .. } | Change::Undone { .. } => panic!("{changes:?}"),
        });
        let wanted = before.block.number + 1..=before.block.number + 22;
        assert_eq!(numbers.collect::<Vec<_>>(), wanted.collect::<Vec<_>>());
        assert_eq!(done(&changes).len(), 2);

        drop(watching);
        let near = Settings { reach: 4, ..SETTINGS };
        let mut watching = Watching::start(near, vec![rig.endpoint()], wanted_of(&rig, &pool));
        let head = watching.state_at(0).await.block;
        rig.anvil.freeze();
        assert_eq!(watching.unknown().await, Trouble::Timeout("eth_getBlockByNumber"));
        rig.anvil.thaw();
        rig.mine(40).await;
        let is_far = |told: &Told| match told {
            Told::Change(Change::Began { at, why: Beginning::TooFar }) => Some(at.number),
            Told::Change(_) | Told::Known(_) | Told::Unknown(..) => None,
        };
        assert!(watching.until(is_far).await > head.number);
        watching.state_at(head.number + 40).await;
    });
}

fn wanted_of(rig: &Rig, pool: &Pool) -> Wanted {
    wanted(rig, &[(&pool.dex, None)])
}
