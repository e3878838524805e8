//! `ballast sim`: worlds of many seeds, and what the oracles say of them.
//!
//! Never here: a rule of the world, a file.

use anyhow::Context as _;
use ballast_model::Span;
use ballast_runtime::clock::Stopwatch;
use ballast_sim::{Plan, Report, State, Sweep};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::cli::SimArgs;
use crate::exit::Code;
use crate::output;

/// Violated worlds that are told one by one.
const TOLD: usize = 5;

/// Runs the worlds and tells what came of them.
///
/// # Errors
/// A world that could not be, which says nothing of the engine.
pub(crate) fn run(arguments: &SimArgs) -> anyhow::Result<Code> {
    let watch = Stopwatch::start();
    let (from, seeds) = arguments.seed.map_or((arguments.from, arguments.seeds), |seed| (seed, 1));
    let length = Span::from_secs(60 * i64::from(arguments.minutes));
    let about = format!("first seed {from}, {seeds} in all, profile {}", arguments.profile.name);
    output::tell(&about);
    let sweep = swept(arguments, from, seeds, length)?;
    let seconds = watch.elapsed().as_secs_f64();
    let mut text = told(&sweep, from, seconds);
    if let ([report], Some(_)) = (sweep.violated.as_slice(), arguments.seed) {
        text.push_str(&story(report, &Plan::draw(report.seed, arguments.profile, length)));
    }
    output::text(&text, output::Form::asked(arguments.json))?;
    if arguments.json {
        output::json(&object(&sweep, from, seconds))?;
    }
    Ok(if sweep.violated.is_empty() { Code::Done } else { Code::Mismatch })
}

/// Runs the worlds on as many threads as there are cores: none knows of another.
fn swept(arguments: &SimArgs, from: u64, seeds: u64, length: Span) -> anyhow::Result<Sweep> {
    let (next, sweep) = (AtomicU64::new(0), Mutex::new(Ok(Sweep::default())));
    let threads = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64).min(seeds);
    let work = || {
        loop {
            let nth = next.fetch_add(1, Ordering::Relaxed);
            if nth >= seeds {
                return;
            }
            let seed = from.wrapping_add(nth);
            let ran = ballast_sim::run(seed, arguments.profile, length);
            let Ok(mut all) = sweep.lock() else { return };
            match (&mut *all, ran.with_context(|| format!("seed {seed}"))) {
                (Ok(all), Ok(report)) => all.add(report),
                (all @ Ok(_), Err(error)) => *all = Err(error),
                (Err(_), _) => return,
            }
        }
    };
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    sweep.into_inner().unwrap_or_else(|_| Err(anyhow::anyhow!("a thread panicked")))
}

fn told(sweep: &Sweep, from: u64, seconds: f64) -> String {
    let simulated = sweep.lasted.as_secs_f64();
    let mut lines = vec![
        format!(
            "{} from {from} on: {simulated:.0} s of simulated time in {seconds:.1} s, {:.0} times as fast",
            output::counted(sweep.runs, "world"),
            simulated / seconds
        ),
        format!(
            "{} orders, at least {} in each; {} fills; at least {} in each; {} processes; digest {:016x}",
            sweep.orders.0,
            sweep.orders.1,
            sweep.fills,
            output::counted(sweep.faults_least, "fault"),
            sweep.processes,
            sweep.digest
        ),
    ];
    lines.push(table(sweep));
    for report in sweep.violated.iter().take(TOLD) {
        if let Some(violation) = &report.violation {
            lines.push(format!("VIOLATED seed {}: {}: {}", report.seed, violation.oracle, violation.what));
        }
    }
    let counts = oracles(sweep).into_iter().map(|(oracle, count)| format!("{oracle} {count}"));
    let counts: Vec<_> = counts.collect();
    lines.push(if counts.is_empty() {
        "no oracle was violated\n".to_owned()
    } else {
        format!("violated: {}; `--seed S` tells the story of one\n", counts.join(", "))
    });
    lines.join("\n")
}

/// Faults by the state in which they found the engine.
fn table(sweep: &Sweep) -> String {
    let row = |name: &str, of: &dyn Fn(State) -> String| {
        let cells: String = State::ALL.iter().map(|state| format!("{:>10}", of(*state))).collect();
        format!("{name:<22}{cells}")
    };
    let mut rows = vec![row("fault", &|state| state.name().to_owned())];
    let faults = sweep.coverage.faults();
    rows.extend(
        faults.iter().map(|fault| row(fault, &|state| sweep.coverage.count(fault, state).to_string())),
    );
    rows.join("\n")
}

fn oracles(sweep: &Sweep) -> BTreeMap<&'static str, u64> {
    let mut counts = BTreeMap::new();
    for violation in sweep.violated.iter().filter_map(|report| report.violation.as_ref()) {
        *counts.entry(violation.oracle).or_insert(0) += 1;
    }
    counts
}

/// What happened last in a world, and what its seed had in store.
fn story(report: &Report, plan: &Plan) -> String {
    let mut lines = report.story.clone();
    lines.push(plan.rules.clone());
    lines.extend(
        plan.script.iter().map(|turn| format!("{:12.6}    {:?}", turn.after.as_secs_f64(), turn.act)),
    );
    lines.join("\n") + "\n"
}

fn object(sweep: &Sweep, from: u64, seconds: f64) -> Value {
    let mut coverage = Map::new();
    for fault in sweep.coverage.faults() {
        let states = State::ALL.iter().map(|state| (state.name(), sweep.coverage.count(fault, *state)));
        let states: Map<_, _> = states.map(|(name, count)| (name.to_owned(), json!(count))).collect();
        coverage.insert(fault.to_owned(), states.into());
    }
    let violated = sweep.violated.iter().filter_map(|report| {
        let violation = report.violation.as_ref()?;
        Some(json!({ "seed": report.seed, "oracle": violation.oracle, "what": violation.what }))
    });
    json!({
        "first_seed": from,
        "worlds": sweep.runs,
        "simulated_seconds": sweep.lasted.as_secs_f64(),
        "run_seconds": seconds,
        "orders": sweep.orders.0,
        "orders_least": sweep.orders.1,
        "fills": sweep.fills,
        "faults_least": sweep.faults_least,
        "processes": sweep.processes,
        "coverage": coverage,
        "violated": violated.collect::<Vec<_>>(),
        "digest": format!("{:016x}", sweep.digest),
    })
}
