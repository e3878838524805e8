use std::path::{Path, PathBuf};

use ballast_core::gate::portfolio::{Account, DeadMan, Funding, MemberSpec, SelfTrade};
use ballast_core::gate::{GateState, VenueId};
use ballast_core::shard::{RiskSpec, Shard};
use ballast_model::{HalfTicks, Money, Rate, Span, Step};
use ballast_venue::binance::Market;

use crate::capture::SeenInstrument;
use crate::config::{Config, ConfigError, Quoted, ResolvedInstrument, resolve};

const REPLAY: &str = include_str!("../../../../../config/replay.toml");

/// ETH on spot against USDT, and on futures against USDC.
fn seen() -> [SeenInstrument; 2] {
    [("ETHUSDT", Market::Spot), ("ETHUSDC", Market::UsdM)].map(|(symbol, market)| SeenInstrument {
        symbol: symbol.to_owned(),
        market,
        tick: Step::parse("0.01"),
        lot: Step::parse("0.001"),
        price_ticks_max: 500_000,
    })
}

fn built(tables: &str, quoted: Quoted) -> Result<Option<RiskSpec>, ConfigError> {
    let config = Config::parse(&format!("{REPLAY}\n{tables}"), Path::new("some.toml"))?;
    let (found, resolver) = resolve(&config, PathBuf::from("some.toml"), &seen())?;
    let reference = Some(HalfTicks(536_000));
    let all: Vec<_> = found.into_iter().map(|found| ResolvedInstrument { found, reference }).collect();
    let resolved = resolver.build(&all, quoted)?;
    assert!(Shard::new(&resolved.shard).is_ok());
    Ok(resolved.shard.portfolio)
}

const TABLE: &str = "\
[risk]
account = \"USDT\"
mark_age_max = \"5s\"
own_orders = \"refuse\"
maintenance_bps = 50
liquidation_distance_min_bps = 1500.5
exposure = { net_max = \"1000\", gross_max = \"2000\", open_max = \"3000\" }
credit = { credit_max = \"10\", credit_share_max = \"0.5\", leverage_max = \"3\" }
loss = { drawdown_max = \"50\", then = \"pause\", lost_before = \"7\" }
[risk.conversion]
USDC = \"0.9998\"
[risk.asset.ETH]
net_max = \"400\"
[risk.market.spot]
equity = \"100\"
[risk.market.usdm]
equity = \"200\"
margin_share = \"0.1\"
dead_man = \"required\"
exposure = { gross_max = \"600\" }
messages = { burst = 10, per_second = 5, reserve = 2 }
[risk.strategy.default]
exposure = { net_max = \"70\" }
loss = { realised_max = \"5\" }
";

#[test]
fn every_limit_is_read_in_its_unit_and_its_place() {
    let risk = built(TABLE, Quoted::Yes).unwrap().unwrap();
    let money = |whole: i128| Some(Money(whole * Money::ONE.0));
    let venues: Vec<_> = risk.members.iter().map(|member| member.venue).collect();
    assert_eq!(venues, [VenueId(0), VenueId(1)]);
    let funding: Vec<_> = risk.members.iter().map(|member| member.funding).collect();
    assert_eq!(funding, [Funding::Margin(Rate::ONE), Funding::Margin(Rate(10_000_000))]);
    assert!(risk.members.iter().all(|member| member.self_trade == SelfTrade::Refuse));
    let distances: Vec<_> = risk.members.iter().map(|member| member.liquidation_distance_min).collect();
    assert_eq!(distances, [None, Some(Rate(15_005_000))], "spot is not liquidated");
    assert_eq!(risk.maintenance, [None, Some(Rate(500_000))]);
    assert_ne!(risk.members[0].market, risk.members[1].market);
    assert_eq!((risk.exposure.net_max, risk.exposure.gross_max), (money(1_000), money(2_000)));
    assert_eq!((risk.exposure.open_max, risk.credit.credit_max), (money(3_000), money(10)));
    assert_eq!(risk.credit.credit_share_max, Some(Rate(50_000_000)));
    assert_eq!(risk.credit.leverage_max, Some(Rate(300_000_000)));
    assert_eq!((risk.loss.drawdown_max, risk.loss.then), (money(50), GateState::Paused));
    assert_eq!(Some(risk.loss.lost_before), money(7));
    // Assets in the order they were met: ETH, USDT, USDC.
    assert_eq!(risk.conversions, [None, Some(Rate::ONE), Some(Rate(99_980_000))]);
    let nets: Vec<_> = risk.assets.iter().map(|asset| asset.exposure.net_max).collect();
    assert_eq!(nets, [money(400), None, None]);
    let equity =
        |whole: i128| Some(Account { equity: Money(whole * Money::ONE.0), maintenance: Money::ZERO });
    assert_eq!(risk.accounts, [equity(100), equity(200), equity(0)]);
    assert_eq!(risk.venues[1].exposure.gross_max, money(600));
    assert_eq!(
        risk.venues[1].messages.map(|limits| (limits.burst, limits.per_second, limits.reserve)),
        Some((10, 5, 2))
    );
    assert_eq!(risk.mark_age_max, Span::from_secs(5));
    let switches: Vec<_> = risk.venues.iter().map(|venue| venue.dead_man).collect();
    assert_eq!(switches, [DeadMan::Optional, DeadMan::Required, DeadMan::Optional]);
    let [own] = &risk.strategies[..] else { panic!("one strategy") };
    assert_eq!((own.exposure.net_max, own.loss.realised_max), (money(70), money(5)));
    assert_eq!((own.exposure.gross_max, own.loss.drawdown_max), (None, None));
}

#[test]
fn a_maintenance_margin_is_optional_and_held_against_a_stated_equity() {
    let without = |lines: &[&str]| lines.iter().fold(TABLE.to_owned(), |table, line| table.replace(line, ""));
    let distance = "liquidation_distance_min_bps = 1500.5\n";
    let credit = "credit = { credit_max = \"10\", credit_share_max = \"0.5\", leverage_max = \"3\" }\n";
    let free = built(&without(&["maintenance_bps = 50\n", distance]), Quoted::Yes).unwrap().unwrap();
    assert_eq!(free.maintenance, [None, None]);
    assert!(free.members.iter().all(|member| member.liquidation_distance_min.is_none()));
    let spot_unstated = without(&[distance, credit, "equity = \"100\"\n"]);
    assert_eq!(built(&spot_unstated, Quoted::Yes).unwrap().unwrap().maintenance, [None, Some(Rate(500_000))]);
    let message = built(&without(&[credit, "equity = \"200\"\n"]), Quoted::Yes).unwrap_err().to_string();
    assert!(message.ends_with("risk.market.usdm.equity: maintenance_bps needs it stated"), "{message}");
}

#[test]
fn strategies_are_those_that_trades_are_booked_to() {
    let strategies = |risk: RiskSpec| {
        let of = |member: &MemberSpec| member.strategy.0;
        (risk.strategies.len(), risk.members.iter().map(of).collect::<Vec<_>>())
    };
    let unnamed = built(TABLE, Quoted::Yes).unwrap().unwrap();
    assert_eq!(strategies(unnamed), (1, vec![0, 0]));
    let facts = |symbol: &str, market: &str, name: &str| {
        format!("[[instrument]]\nsymbol = \"{symbol}\"\nmarket = \"{market}\"\nstrategy = \"{name}\"\n")
    };
    let carry = facts("ETHUSDC", "usdm", "carry");
    let one = built(&format!("{TABLE}{carry}"), Quoted::Yes).unwrap().unwrap();
    assert_eq!(strategies(one), (2, vec![0, 1]));
    let two = format!("{TABLE}{carry}{}", facts("ETHUSDT", "spot", "touch"));
    assert_eq!(strategies(built(&two, Quoted::Yes).unwrap().unwrap()), (3, vec![1, 2]));
}

#[test]
fn nothing_is_held_together_without_the_table_or_without_quotes() {
    assert!(built("", Quoted::Yes).unwrap().is_none());
    assert!(built(TABLE, Quoted::No).unwrap().is_none());
}

#[test]
fn what_cannot_work_is_named_with_its_line_and_key() {
    let first = REPLAY.lines().count() + 2;
    let line_of = |key: &str| first + TABLE.lines().position(|line| line.starts_with(key)).unwrap();
    for (from, to, line, key) in [
        ("mark_age_max = \"5s\"", "mark_age_max = \"0s\"", "mark_age_max", "mark_age_max"),
        ("loss = { drawdown_max = \"50\", then", "loss = { then", "loss", "loss"),
        ("maintenance_bps = 50", "maintenance_bps = -1", "maintenance_bps", "maintenance_bps"),
        ("maintenance_bps = 50", "maintenance_bps = 10000", "maintenance_bps", "maintenance_bps"),
        ("bps = 1500.5", "bps = 0", "liquidation_distance_min_bps", "liquidation_distance_min_bps"),
        ("maintenance_bps = 50\n", "", "maintenance_bps", "liquidation_distance_min_bps"),
        ("USDC = \"0.9998\"", "EUR = \"1\"", "[risk.conversion]", "conversion"),
        ("USDC = \"0.9998\"", "USDC = \"1\"\nUSDT = \"1\"", "USDC", "conversion.USDT"),
        ("USDC = \"0.9998\"", "USDC = \"0.123456789\"", "USDC", "conversion.USDC"),
        ("[risk.asset.ETH]", "[risk.asset.ETHEREUM]", "[risk.asset.ETH]", "asset.ETHEREUM"),
        ("margin_share = \"0.1\"", "margin_share = \"1.1\"", "margin_share", "market.usdm.margin_share"),
        ("reserve = 2 }", "reserve = 10 }", "messages", "market.usdm.messages"),
        ("per_second = 5", "per_second = 0", "messages", "market.usdm.messages"),
        ("equity = \"200\"\n", "", "[risk.market.usdm]", "market.usdm.equity"),
        ("[risk.strategy.default]", "[risk.strategy.carry]", "[risk.strategy.default]", "strategy.carry"),
        ("loss = { realised_max = \"5\" }", "loss = {}", "loss = { r", "strategy.default.loss"),
    ] {
        assert!(TABLE.contains(from), "{from}");
        let message = built(&TABLE.replace(from, to), Quoted::Yes).unwrap_err().to_string();
        let line = line_of(line) + usize::from(key == "conversion.USDT");
        let place = format!("some.toml: line {line}: risk.{key}: ");
        assert!(message.starts_with(&place), "{place}: {message}");
    }
}
