//! What nodes do to those who ask them. In every one of these, what is not known is said not to be, and never to be zero.

use std::time::Duration;

use ballast_chain::known::Trouble;
use ballast_chain::node::Endpoint;
use ballast_chain::watch::Settings;

use crate::anvil::{Anvil, prepared};
use crate::proxy::{Mode, Proxy};
use crate::reading::units;
use crate::rig::Rig;
use crate::run;
use crate::watching::{SETTINGS, Told, begun};

fn at(proxy: &Proxy) -> Endpoint {
    Endpoint::new(proxy.url()).unwrap()
}

#[test]
fn a_node_that_hangs_makes_the_state_unknown_until_it_goes_on() {
    run(async {
        let Some(rig) = Rig::new().await else { return };
        let (pool, mut watching, before) = begun(&rig, SETTINGS, vec![rig.endpoint()]).await;
        rig.anvil.freeze();
        let aged = |told: &Told| match told {
            Told::Unknown(_, age) => *age,
            Told::Change(_) | Told::Known(_) => None,
        };
        let age = watching.until(aged).await;
        assert!(age >= SETTINGS.manner.patience, "it waited for an answer: {age:?}");
        assert!(age < 4 * SETTINGS.manner.patience + SETTINGS.poll, "and not for ever: {age:?}");
        let later = watching.until(aged).await;
        assert!(later > age, "what was known grows older: {later:?}");
        rig.anvil.thaw();
        let again = watching.state_at(before.block.number).await;
        assert_eq!(again, before);
        pool.sell(&rig, 0, units(1, 18)).await;
        assert_ne!(watching.state_at(before.block.number + 1).await.positions, before.positions);
    });
}

#[test]
fn a_node_that_is_killed_and_begins_again_begins_the_chain_again() {
    run(async {
        let Some(mut rig) = Rig::new().await else { return };
        let (_, mut watching, before) = begun(&rig, SETTINGS, vec![rig.endpoint()]).await;
        let port = rig.anvil.port;
        rig.anvil.kill();
        let trouble = watching.unknown().await;
        assert!(matches!(trouble, Trouble::Disconnected(_)), "{trouble}");
        // The contracts are gone with the chain: there is nothing to be read, and that is no reading of nothing.
        let _again = Anvil::start(&prepared().unwrap(), Some(port), &[]);
        let began = |told: &Told| match told {
            Told::Change(ballast_chain::follow::Change::Began { at, .. }) => Some(*at),
            Told::Known(state) => panic!("known without a contract: {state:?}"),
            Told::Change(_) | Told::Unknown(..) => None,
        };
        assert!(watching.until(began).await.number < before.block.number);
        let trouble = watching.unknown().await;
        assert!(matches!(trouble, Trouble::Unreadable { .. } | Trouble::Refused { .. }), "{trouble}");
    });
}

#[test]
fn a_subscription_that_dies_silently_is_made_up_for_by_asking() {
    run(async {
        let Some(rig) = Rig::new().await else { return };
        let proxy = Proxy::start(rig.anvil.url()).await;
        let (pool, mut watching, before) = begun(&rig, SETTINGS, vec![at(&proxy)]).await;
        proxy.be(Mode::Mute);
        pool.sell(&rig, 0, units(1, 18)).await;
        pool.sell(&rig, 0, units(1, 18)).await;
        let changes = watching.changes_to(before.block.number + 2).await;
        assert_eq!(changes.len(), 2, "{changes:?}");
    });
}

#[test]
fn where_one_endpoint_fails_the_next_goes_on_with_the_same_chain() {
    run(async {
        let Some(rig) = Rig::new().await else { return };
        let proxy = Proxy::start(rig.anvil.url()).await;
        let (pool, mut watching, before) = begun(&rig, SETTINGS, vec![at(&proxy), rig.endpoint()]).await;
        proxy.be(Mode::Deaf);
        pool.sell(&rig, 0, units(1, 18)).await;
        let changes = watching.changes_to(before.block.number + 1).await;
        assert_eq!(changes.len(), 1, "the block that was missed is done, and nothing else: {changes:?}");
        drop(proxy);
        pool.sell(&rig, 0, units(1, 18)).await;
        watching.state_at(before.block.number + 2).await;
    });
}

#[test]
fn a_node_that_lies_about_blocks_is_left_for_another() {
    run(async {
        let Some(rig) = Rig::new().await else { return };
        let proxy = Proxy::start(rig.anvil.url()).await;
        let (pool, mut watching, before) = begun(&rig, SETTINGS, vec![at(&proxy), rig.endpoint()]).await;
        proxy.be(Mode::OtherParents);
        pool.sell(&rig, 0, units(1, 18)).await;
        let trouble = watching.unknown().await;
        assert!(trouble.to_string().contains("has another hash"), "{trouble}");
        assert_eq!(watching.state_at(before.block.number + 1).await.block, rig.head().await);
    });
}

#[test]
fn a_node_that_lies_about_a_state_is_found_out_by_a_witness() {
    run(async {
        let Some(rig) = Rig::new().await else { return };
        let proxy = Proxy::start(rig.anvil.url()).await;
        let settings = Settings { witnesses: 1, ..SETTINGS };
        let (pool, mut watching, before) = begun(&rig, settings, vec![at(&proxy), rig.endpoint()]).await;
        proxy.be(Mode::OtherNumbers);
        pool.sell(&rig, 0, units(1, 18)).await;
        // Whoever is asked first and whoever bears witness, nothing is known until both say the same.
        for _ in 0..3 {
            let trouble = watching.unknown().await;
            let is_expected = matches!(
                trouble,
                Trouble::Contradiction(_) | Trouble::Unwitnessed { .. } | Trouble::Unreadable { .. }
            );
            assert!(is_expected, "{trouble}");
        }
        proxy.be(Mode::Honest);
        watching.state_at(before.block.number + 1).await;
    });
}

#[test]
fn a_witness_that_cannot_be_asked_leaves_the_state_unknown() {
    run(async {
        let Some(rig) = Rig::new().await else { return };
        let proxy = Proxy::start(rig.anvil.url()).await;
        let settings = Settings { witnesses: 1, ..SETTINGS };
        let (pool, mut watching, _) = begun(&rig, settings, vec![rig.endpoint(), at(&proxy)]).await;
        proxy.be(Mode::Deaf);
        pool.sell(&rig, 0, units(1, 18)).await;
        assert_eq!(watching.unknown().await, Trouble::Unwitnessed { agreeing: 0, wanted: 1 });
    });
}

#[test]
fn a_chain_that_stands_still_is_stale_though_its_node_answers() {
    run(async {
        let Some(rig) = Rig::new().await else { return };
        let settings = Settings { limit: Duration::from_millis(700), ..SETTINGS };
        let (pool, mut watching, before) = begun(&rig, settings, vec![rig.endpoint()]).await;
        assert_eq!(watching.unknown().await, Trouble::Silent(settings.limit));
        pool.sell(&rig, 0, units(1, 18)).await;
        watching.state_at(before.block.number + 1).await;
    });
}
