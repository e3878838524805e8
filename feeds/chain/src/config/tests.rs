use super::*;

const GOOD: &str = r#"
[chain]
id = 1
endpoints = ["env:NODE", "ws://127.0.0.1:8546"]
owners = ["0x00000000000000000000000000000000000000aa"]
quote = ["0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"]
confirmations = 20
witnesses = 1

[[exchange]]
name = "uniswap-v3"
positions = "0xC36442b4a4522E871399CD717aBDD847Ab11FE88"
pools = ["0x88e6A0c2dDD26FEEb64F039a2c41296FcB3f5640"]
"#;

fn env(name: &str) -> Option<String> {
    (name == "NODE").then(|| "wss://eth.example.org/v3/key".to_owned())
}

/// What is wrong with the good one once `old` reads `new`.
fn wrong(old: &str, new: &str) -> String {
    assert!(GOOD.contains(old), "{old}");
    Config::plan(&GOOD.replace(old, new), env).unwrap_err().to_string()
}

#[test]
fn what_is_not_written_has_a_default() {
    let plan = Config::plan(GOOD, env).unwrap();
    let Settings { manner, limit, poll, reach, confirmations, witnesses } = plan.settings;
    assert_eq!((manner.chain, manner.patience, manner.hashes), (1, Duration::from_secs(3), Hashes::Checked));
    assert_eq!((limit, poll, reach), (Duration::from_secs(60), Duration::from_secs(2), 128));
    assert_eq!((confirmations, witnesses), (Some(20), 1));
    assert_eq!(
        plan.endpoints.iter().map(Endpoint::host).collect::<Vec<_>>(),
        ["eth.example.org", "127.0.0.1:8546"]
    );
    assert_eq!((plan.wanted.most, plan.wanted.multicall), (200, MULTICALL));
    assert_eq!((plan.wanted.owners.len(), plan.wanted.exchanges[0].pools.len(), plan.quote.len()), (1, 1, 1));
}

#[test]
fn what_is_written_is_taken() {
    let more = "id = 1\ntimeout_ms = 500\nstale_after_ms = 9000\npoll_ms = 100\nreach_blocks = 7\nheaders = \"believed\"\nmost_positions = 3\nmulticall = \"0x00000000000000000000000000000000000000bb\"";
    let plan = Config::plan(&GOOD.replace("id = 1", more), env).unwrap();
    let Settings { manner, limit, poll, reach, .. } = plan.settings;
    assert_eq!((manner.patience, manner.hashes), (Duration::from_millis(500), Hashes::Believed));
    assert_eq!((limit, poll, reach), (Duration::from_secs(9), Duration::from_millis(100), 7));
    assert_eq!((plan.wanted.most, plan.wanted.multicall), (3, Address::left_padding_from(&[0xbb])));
}

#[test]
fn what_is_wrong_is_named_by_its_place() {
    let cases = [
        ("env:NODE", "env:OTHER", "chain.endpoints[0]: OTHER is not in the environment"),
        ("ws://127", "https://127", "chain.endpoints[1]: nodes are asked over ws:// or wss://"),
        (r#""env:NODE", "ws://127.0.0.1:8546""#, "", "chain.endpoints: there has to be one at least"),
        ("witnesses = 1", "witnesses = 2", "chain.witnesses: there have to be more endpoints"),
        ("0000aa\"", "0000a\"", "chain.owners[0]: it is no address of 20 bytes"),
        (
            "0000aa\"]",
            "0000aa\", \"0x00000000000000000000000000000000000000AA\"]",
            "chain.owners[1]: it is there already",
        ),
        ("0xA0b8", "0xA0B8", "chain.quote[0]: its capital letters are not its checksum"),
        ("0xC36442b4", "0xC36442b5", "exchange[0].positions: its capital letters are not its checksum"),
        ("0x88e6A0", "0x88e6", "exchange[0].pools[0]: it is no address of 20 bytes"),
        ("id = 1", "id = 1\ntimeout_ms = 0", "chain.timeout_ms: it has to be between 1 ms and a day"),
        ("id = 1", "id = 1\ntimeout_ms = 60000", "chain.stale_after_ms: it has to be longer than one answer"),
        ("id = 1", "id = 1\nreach_blocks = 0", "chain.reach_blocks: it has to be between 1 and 10000"),
        ("id = 1", "id = 1\nmost_positions = 0", "chain.most_positions: it has to be between 1 and 10000"),
        ("pools =", "staking = \"0x1\"\npools =", "exchange[0].staking: it is no address"),
        ("id = 1", "id = 1\nmulticall = \"x\"", "chain.multicall: it is no address"),
    ];
    for (old, new, expected) in cases {
        let said = wrong(old, new);
        assert!(said.starts_with(expected), "{old} as {new}: {said}");
    }
    let none = Config::plan(GOOD.split("[[exchange]]").next().unwrap(), env).unwrap_err();
    assert_eq!(none.to_string(), "exchange: there has to be one at least");
}

#[test]
fn unknown_and_missing_keys_are_named_with_their_lines() {
    let said = wrong("witnesses = 1", "wittnesses = 1");
    assert!(said.contains("line 8") && said.contains("unknown field `wittnesses`"), "{said}");
    let said = wrong("id = 1\n", "");
    assert!(said.contains("missing field `id`"), "{said}");
}

#[test]
fn an_address_in_the_environment_is_never_shown() {
    let plan = Config::plan(GOOD, env).unwrap();
    let shown = format!("{plan:?}");
    assert!(shown.contains("eth.example.org") && !shown.contains("v3/key"), "{shown}");
    let said = Config::plan(GOOD, |_| Some("https://host/secret".to_owned())).unwrap_err().to_string();
    assert!(!said.contains("secret"), "{said}");
}

#[test]
fn the_readmes_example_can_be_used() {
    let readme = include_str!("../../../../README.md");
    let (_, section) = readme.split_once("### Liquidity on a chain\n").unwrap();
    let (_, example) = section.split_once("```toml\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let plan =
        Config::plan(example, |name| (name == "ETH_NODE").then(|| "wss://eth.example.org/key".to_owned()));
    let plan = plan.unwrap();
    assert_eq!((plan.endpoints.len(), plan.wanted.exchanges.len(), plan.quote.len()), (2, 1, 1));
}
