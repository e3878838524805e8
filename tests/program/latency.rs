//! `ballast latency`: what is measured adds up, and what counts for nothing says so.

use ballast_tests::program;

use crate::rig::Folder;

#[test]
fn a_run_counts_every_frame_and_every_order_once() {
    let folder = Folder::new();
    let run = folder.run("latency --seconds 1 --rate x40 --keep kept --json");
    let result = run.json();
    let invalid = result["invalid"].as_array().unwrap();
    assert_eq!(result["valid"].as_bool(), Some(invalid.is_empty()), "{result}");
    assert_eq!(run.code, Some(if invalid.is_empty() { 0 } else { 6 }), "{}{}", run.out, run.err);
    assert_eq!(
        (&result["journal"], &result["tls"], &result["where"]),
        (&true.into(), &false.into(), &"in-process".into())
    );
    for part in ["decode", "core", "encode"] {
        assert!(result["alone_ns"][part].as_u64().unwrap() > 0, "{part}: {result}");
    }
    let runs = result["runs"].as_array().unwrap();
    let kinds: Vec<_> = runs.iter().map(|run| run["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["book ticker", "depth diff"]);
    for run in runs {
        let count = |key: &str| run[key].as_u64().unwrap();
        assert!(count("frames") > 0 && count("triggers") > 0, "{run}");
        assert_eq!(count("commands_decided"), count("commands_sent") + count("commands_refused"), "{run}");
        assert!(
            count("commands_matched") <= count("commands_sent") && count("commands_missed") == 0,
            "{run}"
        );
        assert!(count("triggers") <= count("commands_matched"), "{run}");
        assert_eq!((count("books_lost"), count("frames_unread")), (0, 0), "{run}");
        let times = &run["times"];
        let [p50, p99, max] = ["p50", "p99", "max"].map(|key| times[key].as_u64().unwrap());
        assert!(0 < p50 && p50 <= p99 && p99 <= max, "{times}");
        assert!(times["count"].as_u64().unwrap() <= count("triggers"), "{run}");
        assert_eq!(times["stages"].as_object().unwrap().len(), 6);
        assert!(run["kernel"].is_null() && run["ours"].is_null(), "{run}");
        let worst = run["worst"].as_array().unwrap();
        assert!(worst.windows(2).all(|pair| pair[0]["ns"].as_u64() >= pair[1]["ns"].as_u64()), "{run}");
        assert!(worst.iter().all(|one| one["line"].as_u64() > Some(0)), "{run}");
    }
    let verified = folder.expect(0, "journal verify kept/book-ticker-x40-1 --json");
    assert!(!verified.out.is_empty());
    folder.expect(0, "verify kept/book-ticker-x40-1");
    assert_eq!(folder.expect(0, "book check kept/market.txt").code, Some(0));
}

/// A short run over sockets: every frame and order is known at both ends, and what is told adds up. Nothing is claimed of its times.
fn over_sockets(over: &str) {
    let folder = Folder::new();
    let run = folder.run(&format!("latency --over {over} --ticks 300 --rate x40 --keep kept --json"));
    let result = run.json();
    assert_eq!(run.code, Some(if result["valid"] == true { 0 } else { 6 }), "{}{}", run.out, run.err);
    assert_eq!((&result["where"], &result["tls"]), (&over.into(), &(over == "tls").into()));
    assert_eq!((&result["ticks"], &result["seconds"]), (&300.into(), &serde_json::Value::Null));
    assert!(result["bound_ns"]["taken"].is_null(), "the bound is that of two hops without a kernel");
    let runs = result["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 2);
    for run in runs {
        let count = |key: &str| run[key].as_u64().unwrap();
        assert!(count("triggers") >= 300 && count("frames") > count("triggers"), "{run}");
        assert_eq!(count("commands_decided"), count("commands_sent") + count("commands_refused"), "{run}");
        assert_eq!(count("commands_sent"), count("commands_matched"), "{run}");
        assert_eq!(
            (count("commands_missed"), count("books_lost"), count("frames_unread")),
            (0, 0, 0),
            "{run}"
        );
        let (whole, ours, kernel) = (&run["times"], &run["ours"], &run["kernel"]);
        for times in [whole, ours, kernel] {
            let told = ["p50", "p90", "p99", "p99.9", "max"].map(|key| times[key].as_u64().unwrap());
            assert!(told[0] > 0 && told.is_sorted(), "{run}");
        }
        assert!(whole["p50"].as_u64() > ours["p50"].as_u64(), "{run}");
        let names: Vec<_> = whole["stages"].as_object().unwrap().keys().map(String::as_str).collect();
        let mut wanted =
            ["wait", "read", "frame", "decode", "ring in", "core", "ring out", "encode", "write", "away"];
        wanted.sort_unstable();
        assert_eq!(names, wanted);
        let of = |key: &str| kernel[key].as_u64().unwrap();
        assert!(of("count") > 0 && of("frame_bytes") > 100 && of("order_bytes") > 100, "{kernel}");
        assert!(of("write_p50") <= of("p50"), "{kernel}");
    }
    folder.expect(0, "verify kept/book-ticker-x40-1");
    folder.expect(0, "verify kept/depth-diff-x40-1");
}

#[test]
fn over_plain_sockets_both_ends_know_every_frame_and_order() {
    over_sockets("plain");
}

#[test]
fn over_tls_both_ends_know_every_frame_and_order() {
    over_sockets("tls");
}

#[test]
fn a_market_is_played_again_until_as_many_ticks_have_led_to_orders() {
    let folder = Folder::new();
    let short = folder.run("latency --seconds 1 --rate x1 --keep short --json").json();
    assert_eq!(short["seconds"], 1);
    let run = folder.run("latency --data short/market.txt --ticks 2000 --rate x100 --json");
    let result = run.json();
    assert_eq!((&result["where"], &result["ticks"]), (&"in-process".into(), &2_000.into()));
    let market = std::fs::read_to_string(folder.path().join("short/market.txt")).unwrap();
    let recorded = market.lines().count() as u64;
    for run in result["runs"].as_array().unwrap() {
        let count = |key: &str| run[key].as_u64().unwrap();
        assert!(count("triggers") >= 2_000 && count("frames") > 2 * recorded, "{recorded}: {run}");
        assert_eq!(
            (count("books_lost"), count("frames_unread"), count("commands_missed")),
            (0, 0, 0),
            "{run}"
        );
        assert!(run["kernel"].is_null() && run["ours"].is_null());
    }
    let passes = |run: &serde_json::Value| run["worst"][0]["passes"].as_i64().unwrap();
    assert!(result["runs"].as_array().unwrap().iter().map(passes).all(|passes| passes >= 0));
}

#[test]
fn what_cannot_be_measured_is_refused_with_the_reason() {
    let folder = Folder::new();
    for wrong in [
        "--rate x0",
        "--rate fast",
        "--seconds 0",
        "--runs 0",
        "--over udp",
        "--ticks 0",
        "--ticks 9 --seconds 1",
    ] {
        assert_eq!(folder.run(&format!("latency {wrong}")).code, Some(2), "{wrong}");
    }
    let absent = folder.expect(4, "latency --data absent.gz");
    assert!(absent.err.contains("absent.gz"), "{}", absent.err);
    folder.write("none.txt", "1723161255088156767 {\"stream\":1}\n");
    let none = folder.run("latency --data none.txt");
    assert!(
        none.err.contains("none.txt: latency is measured on a capture of one instrument"),
        "{}",
        none.err
    );
    folder.write("quoter.toml", ballast_tests::market::QUOTER);
    let venue = folder.run("latency --seconds 1 --rate x1 --config quoter.toml");
    assert_eq!(venue.code, Some(1), "{}", venue.err);
    assert!(venue.err.contains("one `live.venue`"), "{}", venue.err);
    assert!(program::run(std::path::Path::new("."), ["latency", "--help"]).out.contains("--rate"));
}
