//! The program on a node.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::exchanges::{Order, pancake, staking, uniswap};
use crate::reading::worked;
use crate::rig::Rig;
use crate::run;

fn ballast(folder: &Path, arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_ballast-chain");
    Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("LOCAL_NODE", "ws://127.0.0.1:1/key")
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn config(rig: &Rig, endpoints: &str, exchanges: &str) -> String {
    format!(
        "[chain]\nid = 31337\nendpoints = [{endpoints}]\ntimeout_ms = 2000\nowners = [\"{}\"]\n{exchanges}",
        rig.me
    )
}

#[test]
fn status_tells_of_positions_on_both_exchanges() {
    run(async {
        let Some(rig) = Rig::new().await else { return };
        let (one, other) = (uniswap(&rig).await, pancake(&rig).await);
        let pool = worked(&rig, &one, [18, 6], Order::QuoteFirst, 500).await;
        let farmed = worked(&rig, &other, [18, 18], Order::BaseFirst, 2_500).await;
        let farm = staking(&rig, &farmed).await;
        let exchanges = format!(
            "quote = [\"{}\"]\n[[exchange]]\nname = \"uni\"\npositions = \"{}\"\n\n[[exchange]]\nname = \"cake\"\npositions = \"{}\"\nstaking = \"{farm}\"\n",
            pool.tokens[0], one.positions, other.positions
        );
        let folder = tempfile::tempdir().unwrap();
        // The first endpoint cannot be reached, and its key is not shown.
        let endpoints = format!("\"env:LOCAL_NODE\", \"{}\"", rig.anvil.url());
        fs::write(folder.path().join("lp.toml"), config(&rig, &endpoints, &exchanges)).unwrap();

        let done = ballast(folder.path(), &["status", "--config", "lp.toml", "--json"]);
        assert!(done.status.success(), "{}", text(&done.stderr));
        assert!(text(&done.stderr).starts_with("127.0.0.1:1: no connection"), "{}", text(&done.stderr));
        assert!(!text(&done.stderr).contains("key"));
        let told: Value = serde_json::from_slice(&done.stdout).unwrap();
        assert_eq!(
            (&told["known"], &told["block"]["number"]),
            (&true.into(), &rig.head().await.number.into())
        );
        assert_eq!(told["positions"].as_array().unwrap().len(), 10);
        let mine =
            told["positions"].as_array().unwrap().iter().filter(|position| position["exchange"] == "uni");
        assert!(
            mine.clone().all(|position| position["value"]["token"] == "USD"),
            "the first token is the money"
        );

        let done = ballast(folder.path(), &["status", "--config", "lp.toml"]);
        let said = text(&done.stdout);
        assert!(said.contains("uni USD/ETH 0.05 %") && said.contains("cake ETH/USD 0.25 %"), "{said}");
        assert_eq!(said.matches("worth ").count(), 10, "{said}");
    });
}

#[test]
fn status_that_cannot_be_read_is_unknown_and_fails() {
    run(async {
        let Some(rig) = Rig::new().await else { return };
        let folder = tempfile::tempdir().unwrap();
        let nowhere =
            "[[exchange]]\nname = \"uni\"\npositions = \"0x00000000000000000000000000000000000000aa\"\n";
        let endpoint = format!("\"{}\"", rig.anvil.url());
        fs::write(folder.path().join("lp.toml"), config(&rig, &endpoint, nowhere)).unwrap();
        let done = ballast(folder.path(), &["status", "--config", "lp.toml", "--json"]);
        assert_eq!(done.status.code(), Some(1));
        let told: Value = serde_json::from_slice(&done.stdout).unwrap();
        assert_eq!((&told["known"], told.get("positions")), (&false.into(), None));

        rig.anvil.freeze();
        let done = ballast(folder.path(), &["status", "--config", "lp.toml"]);
        assert_eq!(done.status.code(), Some(1));
        assert!(text(&done.stdout).contains("UNKNOWN, no answer to"), "{}", text(&done.stdout));
    });
}

#[test]
fn a_node_of_another_chain_is_refused() {
    run(async {
        let Some(rig) = Rig::new().await else { return };
        let folder = tempfile::tempdir().unwrap();
        let exchange = format!("[[exchange]]\nname = \"uni\"\npositions = \"{}\"\n", rig.me);
        let config = config(&rig, &format!("\"{}\"", rig.anvil.url()), &exchange).replace("31337", "1");
        fs::write(folder.path().join("lp.toml"), config).unwrap();
        let done = ballast(folder.path(), &["status", "--config", "lp.toml"]);
        assert_eq!(done.status.code(), Some(1));
        assert!(text(&done.stdout).contains("is on chain 31337, not 1"), "{}", text(&done.stdout));
    });
}

#[test]
fn a_configuration_that_cannot_be_used_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("lp.toml"), "[chain]\nid = 1\nendpoints = []\nowners = []\n").unwrap();
    let done = ballast(folder.path(), &["status", "--config", "lp.toml"]);
    assert_eq!(done.status.code(), Some(3));
    assert_eq!(text(&done.stderr), "error: lp.toml: chain.endpoints: there has to be one at least\n");
    let done = ballast(folder.path(), &["watch", "--config", "none.toml"]);
    assert_eq!(done.status.code(), Some(3));
    assert!(text(&done.stderr).starts_with("error: cannot read none.toml"), "{}", text(&done.stderr));
}
