use std::path::Path;

use super::*;
use crate::config::Config;

const REPLAY: &str = include_str!("../../../../../config/replay.toml");

fn parsed(table: &str) -> Result<ThreadsConfig, String> {
    let text = format!("{REPLAY}\n[threads]\n{table}");
    Config::parse(&text, Path::new("some.toml"))
        .map(|config| config.threads)
        .map_err(|error| error.to_string())
}

#[test]
fn a_whole_table_is_read() {
    let threads = parsed(
        "wait = \"spin\"\nshard_cores = [2, 4]\nvenue_cores = { spot = 3, coinm = 6 }\njournal_core = 1\nfifo = 50\n\
         mlock = true\nhuge_pages = true\n",
    )
    .unwrap();
    assert_eq!((threads.wait, &*threads.shard_cores), (WaitConfig::Spin, &[2, 4][..]));
    let venues = [MarketConfig::Spot, MarketConfig::Usdm, MarketConfig::Coinm];
    assert_eq!(venues.map(|market| threads.venue_cores.of(market)), [Some(3), None, Some(6)]);
    assert_eq!((threads.journal_core, threads.fifo), (Some(1), Some(50)));
    assert!(threads.mlock && threads.huge_pages);
}

#[test]
fn nothing_is_asked_where_nothing_is_said() {
    let absent = Config::parse(REPLAY, Path::new("some.toml")).unwrap().threads;
    for threads in [absent, parsed("").unwrap()] {
        assert_eq!((threads.wait, threads.cores().count(), threads.fifo), (WaitConfig::Auto, 0, None));
        assert!(!threads.mlock && !threads.huge_pages);
    }
}

#[test]
fn what_cannot_be_meant_is_named() {
    let line = REPLAY.lines().count() + 3;
    for (table, key, rule) in [
        ("fifo = 0\n", "fifo", "must be from 1 to 99"),
        ("fifo = 100\n", "fifo", "must be from 1 to 99"),
        ("journal_core = 1024\n", "journal_core", "must be at most 1023"),
        ("shard_cores = [1, 1]\n", "shard_cores.1", "is the core of another thread already"),
        (
            "venue_cores = { spot = 2, usdm = 2 }\n",
            "venue_cores.usdm",
            "is the core of another thread already",
        ),
        ("journal_core = 2\nvenue_cores = { coinm = 2 }\n", "journal_core", "is the core of another thread"),
    ] {
        let error = parsed(table).unwrap_err();
        let expected = format!("some.toml: line {line}: threads.{key}: {rule}");
        assert!(error.starts_with(&expected), "{expected}: {error}");
    }
    for (table, word) in [
        ("wait = \"sleep\"\n", "sleep"),
        ("shard_cores = [-1]\n", "-1"),
        ("venue_cores = { binance = 1 }\n", "binance"),
        ("mlock = \"yes\"\n", "mlock"),
        ("cores = 2\n", "cores"),
    ] {
        let error = parsed(table).unwrap_err();
        assert!(error.contains(word) && error.contains(&format!("line {line}")), "{word}: {error}");
    }
}
