//! How the engine is configured that is to die: it trades as soon as it may, and often.

use ballast_tests::market::QUOTER;

use crate::rig::Venue;

/// What is traded, by the engine's numbers of its instruments.
pub(super) const MARKETS: [&str; 2] = ["usdm", "spot"];

/// Needs nothing to warm up, and keeps its position small.
const MODEL: &str = r#"[quoting.model]
kind = "fixed-spread"
half_spread_bps = 0.1
skew_ticks_per_base = 30.0
size = { quote = "300" }
inventory_max = { quote = "10000" }
"#;

/// Segments so short that they roll every second or two, orders within the venue's counts for as many lives as follow each other in
/// ten seconds, and threads that do not spin.
pub(super) fn text(venue: &Venue) -> String {
    let text = venue.config(&MARKETS, "live");
    let (head, rest) = text.split_once("[quoting.model]").unwrap();
    let (_, limits) = rest.split_once("[quoting.limits]").unwrap();
    let text = format!("{head}{MODEL}[quoting.limits]{limits}");
    assert!(QUOTER.contains("order_burst = 200\norders_per_second = 100\n"));
    let text = text
        .replace("order_burst = 200\norders_per_second = 100\n", "order_burst = 10\norders_per_second = 6\n");
    let text = text.replace("price_tolerance_ticks = 2\n", "price_tolerance_ticks = 5\n");
    let text = text.replace("[live]\n", "[live]\nsilence_max = \"2s\"\nsegment_bytes = 65536\n");
    text + "[threads]\nwait = \"park\"\n"
}
