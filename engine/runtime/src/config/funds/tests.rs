use ballast_core::gate::portfolio::Funding;
use ballast_core::shard::Shard;
use ballast_exchange::TapeVenue;
use ballast_model::{AssetId, InstrumentId, Money, Rate};

use crate::config::{ConfigError, Quoted, Resolved, fixtures};

const REPLAY: &str = include_str!("../../../../../config/replay.toml");

const RISK: &str = "[risk]\naccount = \"USDT\"\nmark_age_max = \"5s\"\n";

fn built(balances: &str, tables: &str, quoted: Quoted) -> Result<Resolved, ConfigError> {
    let text =
        REPLAY.replace("cancel_share = 0.0", &format!("{balances}\ncancel_share = 0.0")) + "\n" + tables;
    let resolved = fixtures::built(&text, quoted)?;
    assert!(Shard::new(&resolved.shard).is_ok() && TapeVenue::new(&resolved.venue).is_ok());
    Ok(resolved)
}

const BALANCES: &str = "balances = { USDT = \"10000.5\", ETH = \"5\" }";

#[test]
fn balances_reach_the_venue_and_the_core() {
    let resolved = built(BALANCES, RISK, Quoted::Yes).unwrap();
    let wallet = resolved.venue.wallet.unwrap();
    assert_eq!(wallet.instruments, [InstrumentId(1)], "spot alone");
    let tenths = |tenths: i128| Money(tenths * Money::ONE.0 / 10);
    assert_eq!(wallet.balances, [(AssetId(0), tenths(50)), (AssetId(1), tenths(100_005))]);
    let risk = resolved.shard.portfolio.unwrap();
    let funding: Vec<_> = risk.members.iter().map(|member| member.funding).collect();
    assert_eq!(funding, [Funding::Margin(Rate::ONE), Funding::Spot]);
    assert_eq!(risk.holds.unwrap().fee_allowance, resolved.venue.instruments[1].fees.rate_max());
}

#[test]
fn nothing_of_an_asset_is_a_balance() {
    for zero in ["0", "0.00", "00"] {
        let balances = format!("balances = {{ USDT = \"10000\", ETH = \"{zero}\" }}");
        let wallet = built(&balances, RISK, Quoted::Yes).unwrap().venue.wallet.unwrap();
        assert_eq!(wallet.balances, [(AssetId(0), Money::ZERO), (AssetId(1), Money(10_000 * Money::ONE.0))]);
    }
}

#[test]
fn without_them_or_without_quotes_no_order_needs_funds() {
    let without = built("", RISK, Quoted::Yes).unwrap();
    assert!(without.venue.wallet.is_none());
    let risk = without.shard.portfolio.unwrap();
    assert!(risk.holds.is_none() && risk.members.iter().all(|member| member.funding != Funding::Spot));
    assert!(built(BALANCES, RISK, Quoted::No).unwrap().venue.wallet.is_none());
}

#[test]
fn what_cannot_be_meant_is_refused_with_its_place() {
    let share = format!("{RISK}[risk.market.spot]\nmargin_share = \"0.5\"\n");
    for (balances, tables, message) in [
        (BALANCES, "", "venue.balances: needs a [risk] table"),
        ("balances = { SOL = \"1\" }", RISK, "venue.balances.SOL: no spot instrument trades it"),
        ("balances = { ETH = \"-1\" }", RISK, "`-1` is no balance"),
        ("balances = { ETH = \"0.\" }", RISK, "`0.` is no balance"),
        ("balances = { ETH = \"0.0.0\" }", RISK, "`0.0.0` is no balance"),
        ("balances = { ETH = \"\" }", RISK, "`` is no balance"),
        ("balances = { ETH = 5 }", RISK, "expected a string"),
        (BALANCES, share.as_str(), "risk.market.spot.margin_share: orders are paid from venue.balances"),
    ] {
        let error = built(balances, tables, Quoted::Yes).expect_err(message).to_string();
        assert!(error.contains(message) && error.contains("line"), "{message} in {error}");
    }
}
