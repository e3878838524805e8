use ballast_model::Nanos;

use super::*;

const REPLAY: &str = include_str!("../../../../../config/replay.toml");

const BEGIN: Nanos = Nanos(1_723_075_200_000_000_000);

fn parse(tables: &str) -> Result<Config, ConfigError> {
    Config::parse(&format!("{REPLAY}\n{tables}\n"), Path::new("some.toml"))
}

fn conditions_of(tables: &str) -> Result<Conditions, ConfigError> {
    parse(tables).and_then(|config| {
        conditions(&config, Path::new("some.toml"), [Market::UsdM, Market::Spot].into_iter(), BEGIN)
    })
}

#[test]
fn outages_and_load_are_read() {
    let tables = "[venue.latency]\nfeed = \"2ms\"\n\
        load = { window = \"100ms\", free_messages = 200, per_message = \"5us\", max = \"20ms\" }\n\
        [[venue.outages]]\noffset = \"60s\"\nduration = \"10s\"\nanswers = \"none\"\n\
        [[venue.outages]]\ntime = \"2024-08-08T00:02:00Z\"\nduration = \"1s\"\nanswers = \"refusals\"\n";
    let found = conditions_of(tables).unwrap();
    let load = LoadSpec {
        window: Span::from_millis(100),
        free: 200,
        per_message: Span(5_000),
        max: Span::from_millis(20),
    };
    let outage = |from, secs, kind| {
        let from = BEGIN + Span::from_secs(from);
        Outage { from, until: from + Span::from_secs(secs), kind, gateway: None }
    };
    assert_eq!(found.load, Some(load));
    assert_eq!(found.outages, [outage(60, 10, OutageKind::Silent), outage(120, 1, OutageKind::Refuses)]);
    assert_eq!(parse(tables).unwrap().venue.feed_latency(), Span::from_millis(2));
    let none = conditions_of("").unwrap();
    assert!(none.recorded.is_empty() && none.load.is_none() && none.outages.is_empty());
}

#[test]
fn what_cannot_be_meant_is_refused_with_its_place() {
    let load = |keys: &str| format!("[venue.latency]\nload = {{ free_messages = 1, {keys} }}");
    let outage = |keys: &str| format!("[[venue.outages]]\nanswers = \"none\"\n{keys}");
    for (tables, place) in [
        ("[venue.latency]\nfeed = \"-1ms\"".to_owned(), "venue.latency.feed: must be from 0 to 60s"),
        ("[venue.latency]\nfeed = \"9000000000s\"".to_owned(), "venue.latency.feed: must be from 0 to 60s"),
        (
            load("window = \"61s\", per_message = \"1us\", max = \"1ms\""),
            "venue.latency.load.window: must be above zero and at most 60s",
        ),
        (
            load("window = \"1s\", per_message = \"61s\", max = \"1ms\""),
            "venue.latency.load.per_message: must be from 0 to 60s",
        ),
        (
            load("window = \"1s\", per_message = \"1us\", max = \"61s\""),
            "venue.latency.load.max: must be from 0 to 60s",
        ),
        ("[venue.latency]\nfeeds = \"1ms\"".to_owned(), "unknown field `feeds`"),
        (
            load("window = \"0s\", per_message = \"1us\", max = \"1ms\""),
            "venue.latency.load.window: must be above",
        ),
        (
            load("window = \"1s\", per_message = \"-1us\", max = \"1ms\""),
            "venue.latency.load.per_message: must be from",
        ),
        (
            load("window = \"1s\", per_message = \"1us\", max = \"-1ms\""),
            "venue.latency.load.max: must be from",
        ),
        (load("window = \"1s\""), "missing field `per_message`"),
        (outage("duration = \"1s\""), "venue.outages.0: needs one of `time` and `offset`"),
        (outage("duration = \"1s\"\noffset = \"1s\"\ntime = \"x\""), "venue.outages.0: needs one of"),
        (outage("duration = \"0s\"\noffset = \"1s\""), "venue.outages.0.duration: must be above zero"),
        (
            outage("duration = \"31536001s\"\noffset = \"1s\""),
            "venue.outages.0.duration: must be above zero and",
        ),
        (outage("duration = \"1s\"\noffset = \"-1s\""), "venue.outages.0.offset: must be from 0 to"),
        (outage("duration = \"1s\"\noffset = \"31536001s\""), "venue.outages.0.offset: must be from 0 to"),
        (outage("duration = \"1s\"\ntime = \"soon\""), "venue.outages.0: `soon` is no time"),
        (
            format!(
                "{}\n{}",
                outage("duration = \"5s\"\noffset = \"1s\""),
                outage("duration = \"5s\"\noffset = \"2s\"")
            ),
            "venue.outages.1: begins before one above it has ended",
        ),
    ] {
        let message = conditions_of(&tables).expect_err("refused").to_string();
        assert!(message.contains(place) && message.contains("line "), "{tables}: {message}");
    }
}

#[test]
fn recorded_latencies_are_read_and_their_faults_named_by_line_and_column() {
    let row = |sent, acted, heard| LatencyRow { sent: Nanos(sent), acted: Nanos(acted), heard: Nanos(heard) };
    let text = "request,venue,response\n100,110,130\n\n200, 205, 209\n";
    assert_eq!(rows(text), Ok(vec![row(100, 110, 130), row(200, 205, 209)]));
    for (text, line, key) in [
        ("", 1, HEADING),
        ("request,venue\n1,2\n", 1, HEADING),
        ("request,venue,response\n", 1, HEADING),
        ("request,venue,response\n1,2\n", 2, "response"),
        ("request,venue,response\n1,2,3,4\n", 2, HEADING),
        ("request,venue,response\n1,2.5,3\n", 2, "venue"),
        ("request,venue,response\n-1,2,3\n", 2, "request"),
        ("request,venue,response\n5,6,7\n4,6,7\n", 3, "request"),
        ("request,venue,response\n5,4,7\n", 2, "venue"),
        ("request,venue,response\n5,6,5\n", 2, "response"),
        ("request,venue,response\n5,60000000006,60000000006\n", 2, "venue"),
        ("request,venue,response\n5,6,60000000007\n", 2, "response"),
    ] {
        let (found_line, found_key, _) = rows(text).expect_err("refused");
        assert_eq!((found_line, found_key), (line, key), "{text}");
    }
    let longest = "request,venue,response\n5,60000000005,120000000005\n";
    assert_eq!(rows(longest), Ok(vec![row(5, 60_000_000_005, 120_000_000_005)]));
    let missing = conditions_of("[venue.latency]\nrecorded = \"no-such-file.csv\"").unwrap_err().to_string();
    assert!(missing.starts_with("some.toml: line "), "{missing}");
    assert!(missing.contains("venue.latency.recorded: no-such-file.csv: "), "{missing}");
    let broken = recorded("request,venue,response\n5,4,7\n", Path::new("some.csv")).unwrap_err().to_string();
    assert_eq!(broken, "some.csv: line 2: venue: is before the request");
}

#[test]
fn an_outage_may_stop_market_data() {
    let outage = |market: &str, offset: &str, feed: &str| {
        format!(
            "[[venue.outages]]\noffset = \"{offset}\"\nduration = \"2s\"\nanswers = \"none\"\n{market}\n{feed}\n"
        )
    };
    let stops = "feed = \"stops\"";
    let tables = [
        outage("", "1s", stops),
        outage("market = \"usdm\"", "3s", stops),
        outage("market = \"spot\"", "4s", "feed = \"goes-on\""),
        outage("market = \"usdm\"", "5s", ""),
    ];
    let config = parse(&tables.concat()).unwrap();
    let markets = [Market::UsdM, Market::Spot].into_iter();
    let found = conditions(&config, Path::new("some.toml"), markets, BEGIN).unwrap();
    let carried = [vec![InstrumentId(1)], vec![InstrumentId(0)], vec![]];
    let stop = |secs| Stop { from: BEGIN + Span::from_secs(secs), until: BEGIN + Span::from_secs(secs + 2) };
    assert_eq!(
        super::stops(&config, &found, &carried),
        [vec![stop(1)], vec![stop(1), stop(3)], vec![stop(1)]]
    );
    let rule = "venue.outages.0: stops market data before the first message has reached us";
    let late = "[venue.latency]\nfeed = \"1s\"\n";
    for tables in [outage("", "0s", stops), format!("{late}{}", outage("", "1s", stops))] {
        let error = conditions_of(&tables).expect_err("refused").to_string();
        assert!(error.contains(rule) && error.contains("line "), "{error}");
    }
    assert!(conditions_of(&format!("{late}{}", outage("", "1001ms", stops))).is_ok());
    assert!(conditions_of(&outage("", "1s", "feed = \"stopped\"")).is_err());
}

#[test]
fn an_outage_may_be_that_of_one_market() {
    let one = |market: &str, offset: &str| {
        format!("[[venue.outages]]\noffset = \"{offset}\"\nduration = \"9s\"\nanswers = \"none\"\n{market}\n")
    };
    let (usdm, spot) = (one("market = \"usdm\"", "10s"), one("market = \"spot\"", "5s"));
    let found = conditions_of(&format!("{usdm}{spot}")).unwrap();
    assert_eq!(found.gateways.len(), 2);
    let at: Vec<_> = found.outages.iter().map(|outage| outage.gateway).collect();
    assert_eq!(at, found.gateways.iter().copied().map(Some).collect::<Vec<_>>());
    assert_ne!(at[0], at[1]);
    for second in [one("", "5s"), one("market = \"usdm\"", "11s")] {
        let error = conditions_of(&format!("{usdm}{second}")).expect_err("refused").to_string();
        assert!(error.contains("venue.outages.1: begins before one above it has ended"), "{error}");
    }
    assert!(conditions_of(&one("market = \"dark\"", "1s")).is_err());
}
