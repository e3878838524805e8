use ballast_exchange::{CancelModel, Curve, Family, FillSizes, Impact, QueueRules};
use ballast_model::Rate;

use crate::config::fixtures::built;
use crate::config::{Config, Quoted};

const REPLAY: &str = include_str!("../../../../../config/replay.toml");

fn with(table: &str) -> String {
    format!("{}\n[venue.queue]\n{table}\n", REPLAY.replace("cancel_share = 0.0", ""))
}

fn rules(text: &str) -> QueueRules {
    built(text, Quoted::Yes).unwrap().venue.instruments[0].queue
}

fn refusal(text: &str) -> String {
    built(text, Quoted::Yes).expect_err("refused").to_string()
}

#[test]
fn every_kind_of_queue_is_read() {
    let power = |family| CancelModel::Odds(family, Curve::Power(2.5));
    let risk_averse = CancelModel::Share(Rate(0));
    for (table, cancels) in [
        ("", risk_averse),
        ("cancels = \"risk-averse\"", risk_averse),
        ("cancels = \"power\"\npower = 2.5", power(Family::Ratio)),
        ("cancels = \"power-2\"\npower = 2.5", power(Family::Whole)),
        ("cancels = \"power-3\"\npower = 2.5", power(Family::Front)),
        ("cancels = \"log\"", CancelModel::Odds(Family::Ratio, Curve::Log)),
        ("cancels = \"log-2\"", CancelModel::Odds(Family::Whole, Curve::Log)),
    ] {
        assert_eq!(rules(&with(table)), QueueRules { cancels, ..QueueRules::sharing(Rate(0)) }, "{table}");
    }
    let other = rules(&with("fills = \"whole\"\nimpact = \"displaces\""));
    assert_eq!((other.fills, other.impact), (FillSizes::Whole, Impact::Displaces));
}

#[test]
fn without_a_table_the_share_of_cancels_decides() {
    let shared = REPLAY.replace("cancel_share = 0.0", "cancel_share = 0.25");
    assert_eq!(rules(&shared), QueueRules::sharing(Rate(25_000_000)));
    assert_eq!(rules(REPLAY), QueueRules::sharing(Rate(0)));
}

#[test]
fn what_cannot_be_meant_is_refused_with_its_place() {
    for (table, place) in [
        ("cancels = \"power\"", "venue.queue.cancels: needs a `power`"),
        ("cancels = \"log\"\npower = 2.0", "venue.queue.power: is for the power functions alone"),
        ("power = 2.0", "venue.queue.power: is for the power functions alone"),
        ("cancels = \"power\"\npower = 0.0", "venue.queue.power: must be above 0 and at most 100"),
        ("cancels = \"power-3\"\npower = 101.0", "venue.queue.power: must be above 0 and at most 100"),
        ("cancels = \"power\"\npower = nan", "venue.queue.power: must be a finite number"),
        ("cancels = \"fifo\"", "unknown variant `fifo`"),
        ("orders = \"ids\"", "unknown variant `ids`"),
        ("fills = \"half\"", "unknown variant `half`"),
        ("shares = 1.0", "unknown field `shares`"),
    ] {
        let message = refusal(&with(table));
        assert!(message.contains(place) && message.contains("line "), "{table}: {message}");
    }
    let both = format!(
        "{}\n[venue.queue]\ncancels = \"log\"\n",
        REPLAY.replace("cancel_share = 0.0", "cancel_share = 0.5")
    );
    assert!(
        refusal(&both).contains("line 11: venue.cancel_share: is for queues without"),
        "{}",
        refusal(&both)
    );
}

#[test]
fn the_schema_shows_the_queues() {
    let schema = Config::json_schema().to_string();
    for key in ["risk-averse", "power-3", "log-2", "displaces", "whole", "found", "ignored"] {
        assert!(schema.contains(&format!("\"{key}\"")), "{key}");
    }
}

#[test]
fn reports_say_what_the_configuration_says() {
    let words =
        |text: &str| Config::parse(text, std::path::Path::new("queue.toml")).unwrap().venue.queue_words();
    for (table, told) in [
        ("cancels = \"risk-averse\"", "cancels risk-averse"),
        ("cancels = \"power\"\npower = 2.5", "cancels power with n = 2.5"),
        ("cancels = \"power-2\"\npower = 1.0", "cancels power-2 with n = 1"),
        ("cancels = \"power-3\"\npower = 3.0", "cancels power-3 with n = 3"),
        ("cancels = \"log\"\nfills = \"whole\"", "cancels log, whole fills"),
        ("cancels = \"log-2\"", "cancels log-2"),
    ] {
        assert_eq!(words(&with(table)), told, "{table}");
    }
    assert_eq!(words(REPLAY), "0 of cancels in proportion ahead of us");
}
