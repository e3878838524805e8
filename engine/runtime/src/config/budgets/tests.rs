use ballast_model::{BudgetKind, Money};

use crate::config::fixtures::built;
use crate::config::{Config, Quoted};

const REPLAY: &str = include_str!("../../../../../config/replay.toml");
const RISK: &str = "[risk]\naccount = \"USDT\"\nmark_age_max = \"5s\"\n";
const TABLE: &str = "[risk.budgets]\n\
    gross = { granted = \"5000\", step = \"100\" }\n\
    orders_per_second = { granted = 40 }\n\
    loss = { granted = \"12.5\" }\n";

#[test]
fn what_is_granted_and_its_steps_are_read_in_their_units() {
    let text = format!("{REPLAY}\n{RISK}{TABLE}");
    let spec = built(&text, Quoted::Yes).unwrap().shard.portfolio.unwrap().budgets.unwrap();
    let money = |tenths: u128| tenths * Money::ONE.0.unsigned_abs() / 10;
    let steps = spec.budgets.map(|budget| budget.map(|budget| budget.step));
    assert_eq!(steps, [Some(money(1_000)), None, Some(1), Some(money(10))]);
    let config = Config::parse(&text, std::path::Path::new("some.toml")).unwrap();
    let grants: Vec<_> = config.risk.unwrap().budgets.unwrap().grants().collect();
    let amounts: Vec<_> = grants.iter().map(|one| (one.kind, one.grant.seq, one.grant.amount)).collect();
    assert_eq!(
        amounts,
        [
            (BudgetKind::Gross, 1, money(50_000)),
            (BudgetKind::OrderRate, 1, 40),
            (BudgetKind::Loss, 1, money(125)),
        ]
    );
    let without = built(&format!("{REPLAY}\n{RISK}"), Quoted::Yes).unwrap();
    assert!(without.shard.portfolio.unwrap().budgets.is_none());
}

#[test]
fn what_was_lost_before_counts_against_a_budget_of_losses_too() {
    let lost = "[risk.loss]\nlost_before = \"3\"\n";
    let spec =
        built(&format!("{REPLAY}\n{RISK}{TABLE}{lost}"), Quoted::Yes).unwrap().shard.portfolio.unwrap();
    assert_eq!(spec.loss.lost_before, Money(3 * Money::ONE.0));
    let unlimited = built(&format!("{REPLAY}\n{RISK}{lost}"), Quoted::Yes).unwrap_err().to_string();
    assert!(unlimited.ends_with("risk.loss: limits nothing"), "{unlimited}");
}

#[test]
fn what_divides_nothing_or_too_much_is_named() {
    let first = REPLAY.lines().count() + RISK.lines().count() + 2;
    for (table, line, key) in [
        ("[risk.budgets]\n", 0, ""),
        ("[risk.budgets]\norders_per_second = { granted = 0 }\n", 1, ".orders_per_second.granted"),
        ("[risk.budgets]\norders_per_second = { granted = 1, step = 0 }\n", 1, ".orders_per_second.step"),
    ] {
        let error = built(&format!("{REPLAY}\n{RISK}{table}"), Quoted::Yes).unwrap_err().to_string();
        let place = format!("some.toml: line {}: risk.budgets{key}: ", first + line);
        assert!(error.starts_with(&place), "{place}: {error}");
    }
}
