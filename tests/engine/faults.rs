//! Each fault of the simulated venue, singly and in random mixes, while the engine trades there: what became of it.
//!
//! Rules are given to the venue once the engine quotes, so that their times count from then. Afterwards the venue's own record of
//! orders, trades and faults is held against what the engine believes and wrote.
//!
//! `BALLAST_FAULTS` names the cases to run (all that contain it); `./tests/faults.sh` prints the table and runs a long mix.

mod cases;
mod outcome;
mod run;

use std::sync::Mutex;

use self::cases::{Case, MIX_SEEDS, cases, mix};
use self::outcome::Row;

/// Cases that run at a time: most of their time they wait.
const AT_A_TIME: usize = 6;

/// Runs all of them and returns their rows, in order.
fn rows(cases: &[Case]) -> Vec<Row> {
    let next = Mutex::new(0..cases.len());
    let rows = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                loop {
                    let Some(nth) = next.lock().unwrap().next() else { return };
                    let row = run::run(&cases[nth]);
                    eprintln!("{row}");
                    rows.lock().unwrap().push((nth, row));
                }
            });
        }
    });
    let mut rows = rows.into_inner().unwrap();
    rows.sort_by_key(|(nth, _)| *nth);
    rows.into_iter().map(|(_, row)| row).collect()
}

/// Runs once more, alone, what missed nothing but bounds of time among others: it misses them again if the engine is at fault.
fn alone(case: &Case, row: Row) -> Row {
    if row.late.is_empty() || !row.problems.is_empty() {
        return row;
    }
    eprintln!("{}once more, alone", row.complaint());
    let row = run::run(case);
    eprintln!("{row}");
    row
}

/// Prints the table; fails where anything is wrong in any row.
fn judge(cases: &[Case]) {
    let rows: Vec<_> = rows(cases).into_iter().zip(cases).map(|(row, case)| alone(case, row)).collect();
    println!("{}", Row::HEAD);
    rows.iter().for_each(|row| println!("{row}"));
    assert!(rows.iter().any(|row| row.fills > 0), "nothing traded at all");
    let wrong: Vec<_> = rows.iter().filter(|row| !row.holds()).collect();
    assert!(wrong.is_empty(), "{}", wrong.iter().map(|row| row.complaint()).collect::<String>());
}

#[test]
fn whatever_goes_wrong_the_engine_agrees_with_the_venue_afterwards() {
    let wanted = std::env::var("BALLAST_FAULTS").unwrap_or_default();
    let mut cases = cases();
    cases.extend(MIX_SEEDS.map(|seed| mix(seed, 20)));
    cases.retain(|case| case.name.contains(&wanted));
    assert!(!cases.is_empty(), "no case is called {wanted}");
    judge(&cases);
}

#[test]
#[ignore = "as long as BALLAST_FAULTS_SECONDS says: by tests/faults.sh"]
fn a_long_mix() {
    let number = |name: &str, without: u64| std::env::var(name).map_or(without, |text| text.parse().unwrap());
    judge(&[mix(number("BALLAST_FAULTS_SEED", 1), number("BALLAST_FAULTS_SECONDS", 120))]);
}
