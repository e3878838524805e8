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
        let worst = run["worst"].as_array().unwrap();
        assert!(worst.windows(2).all(|pair| pair[0]["ns"].as_u64() >= pair[1]["ns"].as_u64()), "{run}");
        assert!(worst.iter().all(|one| one["line"].as_u64() > Some(0)), "{run}");
    }
    let verified = folder.expect(0, "journal verify kept/book-ticker-x40-1 --json");
    assert!(!verified.out.is_empty());
    folder.expect(0, "verify kept/book-ticker-x40-1");
    assert_eq!(folder.expect(0, "book check kept/market.txt").code, Some(0));
}

#[test]
fn what_cannot_be_measured_is_refused_with_the_reason() {
    let folder = Folder::new();
    for wrong in ["--rate x0", "--rate fast", "--seconds 0", "--runs 0"] {
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
