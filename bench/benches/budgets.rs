//! What the core may cost: a grid of quotes generated and diffed, and the mean of an event by model over recorded markets.
//!
//! **Grid.** 50 quotes of `Model::Grid` in all (50 cells are the market's two sides together: a grid holds a cell on one side
//! only), and 50 a side of `Model::FixedSpread`: one `quote` and one `diff` against as many live orders, once all standing as
//! wanted, once all elsewhere. Budget: 5 µs.
//!
//! **Means.** One reading of a clock costs as much as an event, so only whole runs are timed: the least of [`RUNS`]. All that a
//! core learns in a replay is recorded and told again to a fresh one, first without quotes (*followed*): its time by its events
//! is the mean of an *other* event, budget 40 ns. What a run with quotes takes longer than that is the cost of quoting, the
//! signals and the answers of the venue among it; by the decisions it is the mean of a *re-quoting* event, budget 400 ns. A
//! decision is counted where quotes were reconsidered at all, whether or not orders came of it: a new touch of the quoted or the
//! hedge market, a timer, news of our own order. The cost by events that sent commands is printed beside it.
//!
//! Never here: a budget that fails a run. Machines differ, and this prints what there is.
#![expect(clippy::expect_used, reason = "a benchmark whose data is broken must stop")]
#![expect(clippy::print_stdout, reason = "the means are printed")]

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use ballast_bench::inputs::{Input, inputs};
use ballast_bench::quotes::{LEVELS, grid, ladder, live, quote_inputs};
use ballast_bench::{Data, config, root};
use ballast_core::market::Market;
use ballast_core::model::{DesiredQuotes, QuoteModel};
use ballast_core::outbox::Outbox;
use ballast_core::quotes::{Actions, Planned, Tolerance, diff};
use ballast_model::{Event, InstrumentId, Last, MarketEvent};
use ballast_runtime::clock::Stopwatch;
use ballast_runtime::config::Config;
use ballast_runtime::job::{Mode, Prepared};
use criterion::{Criterion, criterion_group, criterion_main};

/// Ticks that moved orders are away.
const MOVED: i64 = 7;
/// Timed runs of one recording; the least counts.
const RUNS: u32 = 7;

fn generated_and_diffed(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("quotes");
    for (name, mut model, count) in [("grid_50", grid(), LEVELS), ("ladder_50_a_side", ladder(), 2 * LEVELS)]
    {
        let inputs = quote_inputs(250_000);
        let (mut quotes, mut actions) = (DesiredQuotes::NONE, Actions::new());
        model.quote(&inputs, &mut quotes).expect("it quotes");
        for (state, off, cancels) in [("standing", 0, 0), ("moved", MOVED, count)] {
            let live = live(&quotes, off);
            assert_eq!(live.len(), count, "{name}");
            let mut once = || {
                quotes.clear();
                model.quote(black_box(&inputs), &mut quotes).expect("it quotes");
                let planned = diff(&quotes, live.iter().copied(), Tolerance::EXACT, &mut actions);
                assert_eq!(planned, Planned::All, "{name}");
                (actions.cancels().len(), actions.places().len())
            };
            assert_eq!(once(), (cancels, cancels), "{name} {state}");
            group.bench_function(format!("{name}/{state}"), |bencher| bencher.iter(&mut once));
        }
    }
    group.finish();
}

/// What a run consisted of.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    decisions: u64,
    commanding: u64,
}

/// Tells a fresh core everything; the time that took without building it.
fn told(prepared: &Prepared<'_>, mode: Mode, inputs: &[Input]) -> Duration {
    let (mut shard, _) = prepared.build(mode).expect("it builds");
    let mut out = Outbox::new(shard.commands_per_event_max());
    let watch = Stopwatch::start();
    for (now, event) in inputs {
        shard.on_event(event, *now, &mut out);
        black_box(out.commands());
        out.clear();
    }
    watch.elapsed()
}

fn least(prepared: &Prepared<'_>, mode: Mode, inputs: &[Input]) -> Duration {
    (0..RUNS).map(|_| told(prepared, mode, inputs)).min().unwrap_or_default()
}

/// True where the core is between two slots of a batch once it has learned this.
const fn is_mid_batch(event: &Event) -> bool {
    match event.market() {
        Some(MarketEvent::BookBegin(begin)) => begin.levels > 0,
        Some(MarketEvent::BookLevels(slot)) => matches!(slot.last, Last::No),
        Some(
            MarketEvent::BookLost(_) | MarketEvent::Ticker(_) | MarketEvent::Trade(_) | MarketEvent::Mark(_),
        )
        | None => false,
    }
}

/// Counts, in a run that is not timed, what a quoter decided on.
fn count(prepared: &Prepared<'_>, inputs: &[Input]) -> Counts {
    let (mut shard, _) = prepared.build(Mode::Quoting).expect("it builds");
    let mut out = Outbox::new(shard.commands_per_event_max());
    let mut counts = Counts::default();
    let markets = prepared.instruments.len();
    let mut shown = vec![None; markets];
    for (now, event) in inputs {
        shard.on_event(event, *now, &mut out);
        let mut decided = matches!(event, Event::Order(_) | Event::Fill(_) | Event::Timer);
        if !is_mid_batch(event) {
            for (id, shown) in (0..).map(InstrumentId).zip(&mut shown) {
                let touch = shard.market(id).and_then(Market::touch);
                decided |= *shown != touch;
                *shown = touch;
            }
        }
        counts.decisions += u64::from(decided);
        counts.commanding += u64::from(!out.commands().is_empty());
        out.clear();
    }
    counts
}

/// The configurations by name; the approximate form of GLFT differs from the exact one by a word.
fn configs() -> Vec<(&'static str, Config)> {
    let text = std::fs::read_to_string(root().join("config/glft.toml")).expect("the configuration reads");
    let text = text.replace("form = \"exact\"", "form = \"approximate\"");
    let approximate = Config::parse(&text, Path::new("glft.toml")).expect("a configuration");
    vec![
        ("avellaneda-stoikov", config("replay.toml")),
        ("glft approximate", approximate),
        ("glft exact", config("glft.toml")),
        ("fixed-spread", config("fixed-spread.toml")),
        ("grid", config("grid.toml")),
        ("cross-venue", config("cross-venue.toml")),
        ("blend", config("blend.toml")),
    ]
}

#[expect(clippy::cast_precision_loss, reason = "figures to read")]
fn per(total: Duration, count: u64) -> f64 {
    total.as_nanos() as f64 / count.max(1) as f64
}

/// One line a model: means in nanoseconds.
fn means(_: &mut Criterion) {
    let (alone, both) = (Data::load(), Data::load_spot_and_perpetual());
    println!("model on data: decisions, ns each; events with commands, ns each; other events, ns each");
    for (name, config) in configs() {
        let data = if ["cross-venue", "blend"].contains(&name) { &both } else { &alone };
        let prepared = data.prepare(&config);
        let followed = inputs(&prepared, Mode::Idle);
        let quoted = inputs(&prepared, Mode::Quoting);
        let counts = count(&prepared, &quoted);
        assert!(counts.commanding > 0, "{name} quotes");
        let base = least(&prepared, Mode::Idle, &followed);
        let quoting = least(&prepared, Mode::Quoting, &quoted).saturating_sub(base);
        let Counts { decisions, commanding } = counts;
        println!(
            "{name} on {}: {decisions}, {:.0}; {commanding}, {:.0}; {}, {:.1}",
            data.name,
            per(quoting, decisions),
            per(quoting, commanding),
            followed.len(),
            per(base, followed.len() as u64),
        );
    }
}

criterion_group!(benches, generated_and_diffed, means);
criterion_main!(benches);
