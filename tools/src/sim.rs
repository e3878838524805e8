//! `ballast sim`: worlds of many seeds, and what the oracles say of them.
//!
//! Never here: a rule of the world, a file.

use anyhow::Context as _;
use ballast_model::Span;
use ballast_runtime::clock::Stopwatch;
use ballast_sim::{Plan, Profile, Report, Scenario, Shrunk, State, Sweep, never, play, shrink};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::cli::SimArgs;
use crate::exit::Code;
use crate::output;

/// Violated worlds that are told one by one.
const TOLD: usize = 5;
/// How often it is said how far the worlds have come, in seconds.
const SAID_EVERY: f64 = 10.0;

/// Which worlds there are.
enum Worlds {
    /// Of so many seeds from one on.
    Seeds { from: u64, count: u64, profile: &'static Profile, length: Span },
    /// One of a file.
    Of(Scenario),
}

impl Worlds {
    fn asked(arguments: &SimArgs) -> anyhow::Result<Self> {
        if let Some(path) = &arguments.scenario {
            let place = path.display();
            let text = std::fs::read_to_string(path).with_context(|| place.to_string())?;
            return Ok(Self::Of(Scenario::parse(&text).with_context(|| place.to_string())?));
        }
        let (from, count) = arguments.seed.map_or((arguments.from, arguments.seeds), |seed| (seed, 1));
        let length = Span::from_secs(60 * i64::from(arguments.minutes));
        Ok(Self::Seeds { from, count, profile: arguments.profile, length })
    }

    const fn count(&self) -> u64 {
        match self {
            Self::Seeds { count, .. } => *count,
            Self::Of(_) => 1,
        }
    }

    fn from(&self) -> u64 {
        match self {
            Self::Seeds { from, .. } => *from,
            Self::Of(scenario) => scenario.plan.seed,
        }
    }

    /// The world of a seed among them.
    fn of(&self, seed: u64) -> Scenario {
        match self {
            Self::Seeds { profile, length, .. } => {
                Scenario { profile, plan: Plan::draw(seed, profile, *length) }
            }
            Self::Of(scenario) => scenario.clone(),
        }
    }

    fn about(&self) -> String {
        match self {
            Self::Seeds { from, count, profile, .. } => {
                format!("first seed {from}, {count} in all, profile {}", profile.name)
            }
            Self::Of(scenario) => format!("scenario of {} faults", scenario.plan.faults.len()),
        }
    }
}

/// Runs the worlds and tells what came of them.
///
/// # Errors
/// A scenario that cannot be used, or a world that could not be, which says nothing of the engine.
pub(crate) fn run(arguments: &SimArgs) -> anyhow::Result<Code> {
    let watch = Stopwatch::start();
    let worlds = Worlds::asked(arguments)?;
    output::tell(&worlds.about());
    let cores = || std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
    let sweep = swept(&worlds, arguments.threads.unwrap_or_else(cores), &watch)?;
    let (from, seconds) = (worlds.from(), watch.elapsed().as_secs_f64());
    let mut text = told(&sweep, from, seconds);
    if let ([report], 1) = (sweep.violated.as_slice(), worlds.count()) {
        text.push_str(&story(report, &worlds.of(report.seed).plan));
    }
    if let (Some(first), true) = (sweep.violated.first(), arguments.shrink) {
        text.push_str(&shrunk(&worlds.of(first.seed))?);
    }
    output::text(&text, output::Form::asked(arguments.json))?;
    if arguments.json {
        output::json(&object(&sweep, from, seconds))?;
    }
    Ok(if sweep.violated.is_empty() { Code::Done } else { Code::Mismatch })
}

/// The shortest world in which the same oracle is violated, as a file.
fn shrunk(scenario: &Scenario) -> anyhow::Result<String> {
    let Some(Shrunk { scenario, report, runs }) = shrink(scenario)? else { return Ok(String::new()) };
    let what = report.violation.map_or_else(String::new, |found| format!("{}: {}", found.oracle, found.what));
    Ok(format!("\n# shrunk in {runs} runs; {what}\n{}", scenario.text()))
}

/// Runs the worlds on so many threads: none knows of another. The first that is violated is told at once.
fn swept(worlds: &Worlds, threads: u64, watch: &Stopwatch) -> anyhow::Result<Sweep> {
    let (next, sweep) = (AtomicU64::new(0), Mutex::new((Ok(Sweep::default()), 0.0)));
    let count = worlds.count();
    let work = || {
        loop {
            let nth = next.fetch_add(1, Ordering::Relaxed);
            if nth >= count {
                return;
            }
            let seed = worlds.from().wrapping_add(nth);
            let Scenario { plan, profile } = worlds.of(seed);
            let ran = play(&plan, profile);
            let Ok(mut shared) = sweep.lock() else { return };
            let (all, said) = &mut *shared;
            match (&mut *all, ran.with_context(|| format!("seed {seed}"))) {
                (Ok(all), Ok(report)) => {
                    let first = all.violated.is_empty() && report.violation.is_some();
                    all.add(report);
                    let seconds = watch.elapsed().as_secs_f64();
                    if first || seconds - *said >= SAID_EVERY {
                        *said = seconds;
                        output::tell(&far(all, count));
                    }
                }
                (all @ Ok(_), Err(error)) => *all = Err(error),
                (Err(_), _) => return,
            }
        }
    };
    std::thread::scope(|scope| (0..threads.min(count)).for_each(|_| drop(scope.spawn(work))));
    sweep.into_inner().map_or_else(|_| Err(anyhow::anyhow!("a thread panicked")), |(all, _)| all)
}

/// How far the worlds have come, and the first of them that is violated.
fn far(sweep: &Sweep, count: u64) -> String {
    let first = sweep.violated.first().map_or_else(String::new, |report| {
        let oracle = report.violation.as_ref().map_or("", |violation| violation.oracle);
        format!("; {} violated, seed {}: {oracle}", sweep.violated.len(), report.seed)
    });
    format!("{} of {}{first}", sweep.runs, output::counted(count, "world"))
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

/// All faults by the state in which they found the engine; a dash where that cannot be, and why below.
fn table(sweep: &Sweep) -> String {
    let row = |name: &str, of: &dyn Fn(State) -> String| {
        let cells: String = State::ALL.iter().map(|state| format!("{:>11}", of(*state))).collect();
        format!("{name:<22}{cells}")
    };
    let mut rows = vec![row("fault", &|state| state.name().to_owned())];
    let faults = ballast_sim::faults();
    let cell = |fault: &str, state| match (sweep.coverage.count(fault, state), never(fault, state)) {
        (0, Some(_)) => "-".to_owned(),
        (count, _) => count.to_string(),
    };
    rows.extend(faults.iter().map(|fault| row(fault, &|state| cell(fault, state))));
    let whys: BTreeSet<_> = faults
        .iter()
        .flat_map(|fault| State::ALL.iter().map(move |state| (*fault, *state)))
        .filter(|(fault, state)| sweep.coverage.count(fault, *state) == 0)
        .filter_map(|(fault, state)| Some((state.name(), never(fault, state)?)))
        .collect();
    rows.extend(whys.into_iter().map(|(state, why)| format!("- {state}: {why}")));
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
    lines.extend(plan.faults.iter().map(|fault| format!("{:12.6}    {fault:?}", fault.at.as_secs_f64())));
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
