//! What goes wrong in each case, and what is expected of the engine meanwhile.

/// Seeds of the mixes that run by default.
pub(super) const MIX_SEEDS: [u64; 2] = [7, 8];

/// One run with faults.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) name: String,
    pub(super) market: &'static str,
    /// Rules for the simulator, whose times count from the engine's first quote.
    pub(super) rules: String,
    /// Seconds from the rules to the engine's stop.
    pub(super) seconds: u64,
    /// Kinds one of which must have fired.
    pub(super) kinds: Vec<&'static str>,
    /// Where the fault makes the engine blind: within so many milliseconds no order may be left.
    pub(super) blind_ms: Option<i64>,
    /// From so many milliseconds after the rules were given the engine must have quoted again.
    pub(super) again_ms: i64,
    /// Over how many connections each stream of the market comes, and of how many for orders the fastest is kept. No book may be lost
    /// where there are several.
    pub(super) copies: u8,
    /// Whether things go wrong through the end too: then a run may not be able to prove that no order is left, and has to say so.
    pub(super) to_the_end: bool,
    /// What must have been noted.
    pub(super) noted: Option<&'static str>,
}

/// How long a connection may say nothing in these runs.
pub(super) const SILENCE_MAX: &str = "2s";

/// Bound on pulling quotes where a connection ends, or a diff does not fit: one turn of each thread and a round trip, on a busy host.
const AT_ONCE_MS: i64 = 400;

/// Bound where a connection only falls silent: [`SILENCE_MAX`] more.
const SILENT_MS: i64 = 2_000 + AT_ONCE_MS;

const fn millis(seconds: i64) -> i64 {
    seconds * 1_000
}

fn case(market: &'static str, name: &str, kinds: &[&'static str], rules: &str) -> Case {
    let name = if market == "spot" { format!("spot {name}") } else { name.to_owned() };
    let rules = rules.split(';').map(|rule| format!("[[fault]]\n{}\n", rule.trim().replace(", ", "\n")));
    Case {
        name,
        market,
        rules: rules.collect(),
        seconds: 9,
        kinds: kinds.to_vec(),
        blind_ms: None,
        again_ms: millis(5),
        copies: 1,
        to_the_end: false,
        noted: None,
    }
}

/// Each stream of the market over two connections, and the faster of two for orders.
fn copied(case: Case) -> Case {
    Case { name: format!("of two: {}", case.name), copies: 2, ..case }
}

/// After an order whose fate nobody knows: its side is quoted again once the venue can no longer take it, ten seconds later.
fn settled(case: Case) -> Case {
    Case { seconds: 19, again_ms: millis(13), ..case }
}

/// After an order that the venue took and knows no more: it is given up once all that can tell of it has been asked, twice.
fn forgotten(case: Case) -> Case {
    Case { seconds: 22, again_ms: millis(16), noted: Some("venue_lost_order"), ..case }
}

/// While the venue's clock is off for two seconds: that it is must be seen by then, long before the next of the probes that are thirty
/// seconds apart. Positions of the time ahead are newer than all that follows for as long.
fn skewed(case: Case) -> Case {
    Case { seconds: 12, again_ms: millis(7), noted: Some("venue_clock_off"), ..case }
}

fn blind(blind_ms: i64, case: Case) -> Case {
    Case { blind_ms: Some(blind_ms), ..case }
}

/// Each fault singly: on USD-M, and on spot where other connections carry it.
pub(super) fn cases() -> Vec<Case> {
    [connections(), messages(), requests(), on_spot(), of_two()].concat()
}

/// What happens to one connection where each stream comes over two: again and again, so that each has its turn.
fn of_two() -> Vec<Case> {
    let one = |market, name, kinds: &[&'static str], rules| copied(case(market, name, kinds, rules));
    let (cut, gap) = (
        "kind = 'disconnect', on = 'market', connections = 1, at = '500ms', every = '1500ms'",
        "kind = 'gap', at = '500ms', every = '500ms', count = 1",
    );
    vec![
        one("usdm", "disconnect", &["disconnect"], cut),
        one(
            "usdm",
            "half-open",
            &["half-open"],
            "kind = 'half-open', on = 'market', connections = 1, at = '500ms', every = '4s'",
        ),
        one("usdm", "gap", &["gap"], gap),
        one("usdm", "wrong pu", &["wrong-pu"], "kind = 'wrong-pu', at = '500ms', every = '500ms', count = 1"),
        settled(blind(
            AT_ONCE_MS,
            one("usdm", "disconnect api", &["disconnect"], "kind = 'disconnect', on = 'api', at = '500ms'"),
        )),
        one("usdm", "duplicates", &["duplicate"], "kind = 'duplicate', at = '500ms', rate = 0.3, for = '4s'"),
        one("spot", "disconnect", &["disconnect"], cut),
        one("spot", "gap", &["gap"], gap),
    ]
}

/// Connections that end or fall silent.
fn connections() -> Vec<Case> {
    let usdm = |name, kinds: &[&'static str], rules| case("usdm", name, kinds, rules);
    vec![
        blind(
            AT_ONCE_MS,
            usdm("disconnect market", &["disconnect"], "kind = 'disconnect', on = 'market', at = '500ms'"),
        ),
        blind(
            AT_ONCE_MS,
            usdm("disconnect user", &["disconnect"], "kind = 'disconnect', on = 'user', at = '500ms'"),
        ),
        settled(blind(
            AT_ONCE_MS,
            usdm("disconnect api", &["disconnect"], "kind = 'disconnect', on = 'api', at = '500ms'"),
        )),
        all_cut_thrice(),
        blind(
            SILENT_MS,
            usdm("half-open market", &["half-open"], "kind = 'half-open', on = 'market', at = '500ms'"),
        ),
        blind(
            SILENT_MS,
            usdm("half-open user", &["half-open"], "kind = 'half-open', on = 'user', at = '500ms'"),
        ),
        settled(blind(
            SILENT_MS,
            usdm("half-open api", &["half-open"], "kind = 'half-open', on = 'api', at = '500ms'"),
        )),
    ]
}

/// Everything at once, three times. After each the engine waits longer before it connects again, and in the end ten seconds for orders
/// of which nobody knows.
fn all_cut_thrice() -> Case {
    let rules = ["500ms", "2500ms", "4500ms"].map(|at| format!("kind = 'disconnect', at = '{at}'"));
    let case = case("usdm", "disconnect all", &["disconnect"], &rules.join("; "));
    Case { seconds: 26, again_ms: millis(20), ..blind(AT_ONCE_MS, case) }
}

/// Messages of the market that are missing, repeated, late or none.
fn messages() -> Vec<Case> {
    let usdm = |name, kinds: &[&'static str], rules| case("usdm", name, kinds, rules);
    vec![
        blind(AT_ONCE_MS, usdm("gap", &["gap"], "kind = 'gap', at = '500ms'")),
        blind(AT_ONCE_MS, usdm("wrong pu", &["wrong-pu"], "kind = 'wrong-pu', at = '500ms'")),
        usdm("duplicates", &["duplicate"], "kind = 'duplicate', at = '500ms', rate = 0.3, for = '4s'"),
        usdm("delay", &["delay"], "kind = 'delay', at = '500ms', by = '300ms', rate = 0.1, for = '3s'"),
        usdm(
            "malformed json",
            &["malformed-json"],
            "kind = 'malformed-json', at = '500ms', rate = 0.02, for = '3s'",
        ),
        usdm(
            "malformed frame",
            &["malformed-frame"],
            "kind = 'malformed-frame', at = '500ms', rate = 0.01, for = '2s'",
        ),
        usdm(
            "stale snapshot",
            &["stale-snapshot"],
            "kind = 'disconnect', on = 'market', at = '500ms'; kind = 'stale-snapshot', at = '400ms', count = 2",
        ),
    ]
}

/// Requests that are answered late, wrongly or not at all, and what the venue does by itself.
fn requests() -> Vec<Case> {
    let usdm = |name, kinds: &[&'static str], rules| case("usdm", name, kinds, rules);
    vec![
        usdm(
            "-1007, executed",
            &["timeout-executed"],
            "kind = 'timeout-executed', at = '500ms', rate = 0.3, for = '3s'",
        ),
        settled(usdm(
            "-1007, lost",
            &["timeout-lost"],
            "kind = 'timeout-lost', at = '500ms', rate = 0.3, for = '3s'",
        )),
        usdm(
            "503, executed",
            &["unavailable-executed"],
            "kind = 'unavailable-executed', at = '500ms', rate = 0.3, for = '3s'",
        ),
        settled(usdm(
            "503, lost",
            &["unavailable-lost"],
            "kind = 'unavailable-lost', at = '500ms', rate = 0.3, for = '3s'",
        )),
        usdm(
            "late acks",
            &["late-ack"],
            "kind = 'late-ack', at = '500ms', by = '800ms', rate = 0.3, for = '4s'",
        ),
        usdm("partial fills", &["partial-fills"], "kind = 'partial-fills', at = '0ms', rate = 1.0"),
        forgotten(usdm(
            "order forgotten",
            &["forget"],
            "kind = 'forget', at = '500ms', rate = 1.0, count = 1",
        )),
        usdm("429", &["throttle"], "kind = 'throttle', at = '500ms', for = '2s'"),
        usdm("418", &["ban"], "kind = 'ban', at = '500ms', for = '2s'"),
        skewed(usdm(
            "clock ahead",
            &["clock-skew"],
            "kind = 'clock-skew', at = '500ms', by = '3s', for = '2s'",
        )),
        skewed(usdm(
            "clock behind",
            &["clock-skew"],
            "kind = 'clock-skew', at = '500ms', by = '-3s', for = '2s'",
        )),
        usdm("listen key expires", &["listen-key-expiry"], "kind = 'listen-key-expiry', at = '500ms'"),
        usdm("shutdown notice", &["shutdown-notice"], "kind = 'shutdown-notice', at = '500ms'"),
    ]
}

/// What other connections carry on spot.
fn on_spot() -> Vec<Case> {
    let spot = |name, kinds: &[&'static str], rules| case("spot", name, kinds, rules);
    vec![
        settled(blind(
            AT_ONCE_MS,
            spot("disconnect api", &["disconnect"], "kind = 'disconnect', on = 'api', at = '500ms'"),
        )),
        settled(blind(
            SILENT_MS,
            spot("half-open api", &["half-open"], "kind = 'half-open', on = 'api', at = '500ms'"),
        )),
        blind(AT_ONCE_MS, spot("gap", &["gap"], "kind = 'gap', at = '500ms'")),
        spot(
            "-1007, executed",
            &["timeout-executed"],
            "kind = 'timeout-executed', at = '500ms', rate = 0.3, for = '3s'",
        ),
        spot("partial fills", &["partial-fills"], "kind = 'partial-fills', at = '0ms', rate = 1.0"),
        forgotten(spot(
            "order forgotten",
            &["forget"],
            "kind = 'forget', at = '500ms', rate = 1.0, count = 1",
        )),
        spot("shutdown notice", &["shutdown-notice"], "kind = 'shutdown-notice', at = '500ms'"),
    ]
}

/// Everything at once, at random, to the end and through it.
pub(super) fn mix(seed: u64, seconds: u64) -> Case {
    let rules = "kind = 'disconnect', on = 'market', at = '2s', every = '9s'; \
        kind = 'disconnect', on = 'user', at = '4s', every = '11s'; \
        kind = 'disconnect', on = 'api', at = '6s', every = '13s'; \
        kind = 'half-open', on = 'market', at = '8s', every = '17s'; \
        kind = 'gap', rate = 0.002; \
        kind = 'wrong-pu', rate = 0.002; \
        kind = 'duplicate', rate = 0.05; \
        kind = 'delay', by = '50ms', rate = 0.01; \
        kind = 'timeout-executed', rate = 0.03; \
        kind = 'timeout-lost', rate = 0.03; \
        kind = 'unavailable-executed', rate = 0.02; \
        kind = 'unavailable-lost', rate = 0.02; \
        kind = 'late-ack', by = '200ms', rate = 0.03; \
        kind = 'partial-fills', rate = 0.5; \
        kind = 'malformed-json', rate = 0.001; \
        kind = 'listen-key-expiry', at = '5s', every = '19s'";
    let case = case("usdm", &format!("mix of seed {seed}"), &["disconnect"], rules);
    Case { rules: format!("seed = {seed}\n{}", case.rules), seconds, to_the_end: true, ..case }
}
