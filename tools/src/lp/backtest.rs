//! `ballast lp backtest`.

use ballast_pool::PoolError;
use ballast_pool::backtest::{Account, Backtest, Row, Rule, Sums, run as play};
use ballast_pool::event::{Event, Reader};
use ballast_runtime::clock::Stopwatch;
use serde_json::{Value, json};

use super::{FileError, terms};
use crate::cli::LpBacktestArgs;
use crate::exit::Code;
use crate::output::{self, Form};

/// What is played: the configured rule, and what it is held against.
const NAMES: [&str; 3] = ["configured", "symmetric, never moved", "full range"];

/// Headings of the table.
const COLUMNS: [&str; 9] = [
    "liquidity",
    "fees",
    "divergence",
    "gas",
    "swaps",
    "net against holding",
    "rebalancing",
    "in range",
    "moves",
];

/// Plays liquidity of ours beside a recorded pool.
///
/// # Errors
/// [`FileError`] where a file cannot be used, and where standard output cannot be written.
pub(crate) fn run(arguments: &LpBacktestArgs) -> anyhow::Result<Code> {
    let (terms, rule) = terms::read(&arguments.config)?;
    let place = arguments.pool_events.display().to_string();
    let error = |wrong: String| FileError::data(place.clone(), wrong);
    let text = std::fs::read_to_string(&arguments.pool_events).map_err(|source| error(source.to_string()))?;
    let events = Reader::new(&text).and_then(Iterator::collect::<Result<Vec<Event>, _>>);
    let events = events.map_err(|wrong| error(wrong.to_string()))?;
    let rules =
        [rule, Rule { recentre_after: None, ..rule }, Rule { half_width: None, recentre_after: None }];
    let begin = Stopwatch::start();
    let played = play(&events, &terms, &rules).map_err(|wrong| {
        let is_tick = wrong == PoolError::Tick;
        let spaced = "has ranges at ticks that pool.tick_spacing does not divide".to_owned();
        error(if is_tick { spaced } else { wrong.to_string() })
    })?;
    let took = begin.elapsed().as_secs_f64();
    let Some(played) = played else { return Err(error("no swap in it".to_owned()).into()) };
    output::text(&table(&played, took), Form::asked(arguments.json))?;
    if arguments.json {
        output::json(&object(&played, terms.capital, took))?;
    }
    Ok(Code::Done)
}

fn table(played: &Backtest, took: f64) -> String {
    let share = |seconds: i64| 100.0 * ratio(seconds, played.seconds);
    let money = |amount: f64| format!("{amount:.2}");
    let row = |(name, account): (&str, &Account)| {
        let sums = account.sums();
        [
            name.to_owned(),
            money(sums.fees),
            money(sums.divergence()),
            money(-sums.gas),
            money(-sums.swaps),
            money(sums.against_holding()),
            money(-sums.rebalancing),
            format!("{:.1} %", share(sums.in_range)),
            sums.moves.to_string(),
        ]
    };
    let rows =
        std::iter::once(COLUMNS.map(str::to_owned)).chain(NAMES.into_iter().zip(&played.accounts).map(row));
    let found = &played.found;
    let exact = found.steady.exact + found.crossing.exact + found.unknown.exact;
    format!(
        "{}{} over {:.1} h, {exact} computed again to the last unit; played in {:.1} ms\n",
        super::table(&rows.collect::<Vec<_>>()),
        output::counted(played.swaps, "swap"),
        hours(played.seconds),
        took * 1e3,
    )
}

#[expect(clippy::cast_precision_loss, reason = "seconds of a record are few")]
fn hours(seconds: i64) -> f64 {
    seconds as f64 / 3_600.0
}

#[expect(clippy::cast_precision_loss, reason = "seconds of a record are few")]
fn ratio(part: i64, whole: i64) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

fn object(played: &Backtest, capital: f64, took: f64) -> Value {
    let account = |(name, account): (&str, &Account)| {
        let range = account.share().range();
        let days: Vec<_> = account.rows().iter().map(day).collect();
        let mut object = sums(&account.sums());
        if let Some(object) = object.as_object_mut() {
            object.insert("name".to_owned(), json!(name));
            object.insert("tickLower".to_owned(), json!(range.lower().index()));
            object.insert("tickUpper".to_owned(), json!(range.upper().index()));
            object.insert("liquidity".to_owned(), json!(account.share().liquidity().to_string()));
            object.insert("days".to_owned(), json!(days));
        }
        object
    };
    let found = &played.found;
    let exact = found.steady.exact + found.crossing.exact + found.unknown.exact;
    json!({
        "capital": capital,
        "swaps": played.swaps,
        "swaps_exact": exact,
        "seconds": played.seconds,
        "played_seconds": took,
        "accounts": NAMES.into_iter().zip(&played.accounts).map(account).collect::<Vec<_>>(),
    })
}

fn day(row: &Row) -> Value {
    let mut object = sums(&row.sums);
    if let Some(object) = object.as_object_mut() {
        object.insert("day".to_owned(), json!(row.day));
        object.insert("price".to_owned(), json!(row.price));
    }
    object
}

fn sums(sums: &Sums) -> Value {
    json!({
        "fees": sums.fees,
        "divergence": sums.divergence(),
        "rebalancing_loss": sums.rebalancing,
        "gas": sums.gas,
        "swap_costs": sums.swaps,
        "moves": sums.moves,
        "in_range_seconds": sums.in_range,
        "equity": sums.equity,
        "held": sums.held,
        "against_holding": sums.against_holding(),
    })
}
