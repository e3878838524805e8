//! Whole runs: repeatable, within their limits, and with an account that adds up by hand.

use ballast_analytics::record::{FillRow, InstrumentRecord};
use ballast_model::{Contract, InstrumentId, Liquidity, Lots, Money, Span, Step};
use ballast_runtime::config::Config;
use ballast_runtime::job::{Mode, Played, Prepared};
use ballast_runtime::replay::{RecorderSpec, Unobserved};

use crate::files::{WITH_BOOK, paths, prepare, shipped};

/// The quoters that come with the project.
const CONFIGS: [&str; 2] = ["replay.toml", "peer-quoter.toml"];

const RECORDER: RecorderSpec = RecorderSpec { interval: Span::from_millis(100), samples_max: 200_000 };

/// Plays a quoting run and checks what must hold of any.
fn play(prepared: &Prepared<'_>, config: &Config, story: &str) -> (Played, Vec<InstrumentRecord>) {
    let mut recorder = prepared.recorder(RECORDER);
    let played = prepared.play(Mode::Quoting, 1, &mut recorder).unwrap();
    let records = recorder.finish(played.outcome.ended_at, &played.shard);
    let again = prepared.play(Mode::Quoting, 1, &mut Unobserved).unwrap();
    assert_eq!(again.outcome, played.outcome, "{story}: a second run is the same run");
    assert_eq!(again.venue.state_hash(), played.venue.state_hash(), "{story}: and the same venue");
    let (outcome, venue) = (&played.outcome, &played.venue);
    let counters = venue.counters();
    assert_eq!((outcome.orders, outcome.cancels), (counters.orders, counters.cancels), "{story}");
    let rows: usize = records.iter().map(|record| record.fills.len()).sum();
    assert_eq!((outcome.fills, rows as u64), (counters.fills_total(), outcome.fills), "{story}");
    assert_eq!(venue.book_faults(), 0, "{story}");
    for (record, id) in records.iter().zip(0..).map(|(record, id)| (record, InstrumentId(id))) {
        check_instrument(&played, record, id, &format!("{story}, {}", record.name));
        check_account(record, config, &format!("{story}, {}", record.name));
    }
    (played, records)
}

fn check_instrument(played: &Played, record: &InstrumentRecord, id: InstrumentId, story: &str) {
    assert_eq!(record.check(), Ok(()), "{story}");
    let (shard, venue) = (&played.shard, &played.venue);
    let (ledger, max) = (shard.ledger(id).unwrap(), shard.gate(id).unwrap().limits().position_lots_max);
    let last = record.fills.last().map_or(Lots::ZERO, |fill| fill.position_after);
    assert_eq!((ledger.position(), last), (venue.position(id), ledger.position()), "{story}: position");
    let largest = record.fills.iter().map(|fill| fill.position_after.abs()).max().unwrap_or_default();
    assert!(largest <= max, "{story}: position {largest:?} beyond {max:?}");
    let kinds = [Liquidity::Maker, Liquidity::Taker]
        .map(|liquidity| record.fills.iter().filter(|fill| fill.liquidity == liquidity).count() as u64);
    assert_eq!(kinds, [ledger.fills(Liquidity::Maker), ledger.fills(Liquidity::Taker)], "{story}");
    assert_eq!(kinds[1], 0, "{story}: a post-only quoter never takes");
    let traded: i64 = record.fills.iter().map(|fill| fill.lots.0).sum();
    assert_eq!(venue.traded(id).lots, Lots(traded), "{story}");
}

/// Units of 10⁻⁹ in `count` steps: as fine as any capture's grid.
fn nano(step: Step, count: i64) -> i128 {
    i128::from(step.mantissa) * 10i128.pow(9 - u32::from(step.scale)) * i128::from(count)
}

/// Value of a fill in the settlement currency, in 10⁻¹⁸, rounded down.
fn value(record: &InstrumentRecord, fill: &FillRow) -> i128 {
    let (price, size) = (nano(record.spec.tick, fill.price.0), nano(record.spec.lot, fill.lots.0));
    match record.spec.contract {
        Contract::Linear => price * size,
        Contract::Inverse => size * i128::from(record.spec.multiplier) * Money::ONE.0 / price,
    }
}

/// Gross profit, fees and rebates from the fills alone, the long way: what was paid and received, and the rest at the last mid.
fn check_account(record: &InstrumentRecord, config: &Config, story: &str) {
    let rate = i128::from(config.venue.maker_fee_bps.rate().0);
    let (mut fees, mut rebates, mut bought) = (0, 0, 0);
    for fill in &record.fills {
        let value = value(record, fill);
        let fee = fee_e8(value, rate) * 10i128.pow(10);
        assert_eq!(fill.fee, Money(fee), "{story}: {fill:?}");
        fees += fee.max(0);
        rebates += (-fee).max(0);
        bought += i128::from(fill.side.sign()) * value;
    }
    let Some(end) = record.samples.last() else { panic!("{story}: there are samples") };
    assert_eq!((end.fees, end.rebates), (Money(fees), Money(rebates)), "{story}");
    let position = nano(record.spec.lot, end.position.0);
    match record.spec.contract {
        Contract::Linear => {
            let open = position * nano(record.spec.tick, end.mid.0) / 2;
            assert_eq!(end.gross, Money(open - bought), "{story}: gross");
        }
        Contract::Inverse => {
            let face = position as f64 * 1e-9 * record.spec.multiplier as f64;
            let open = face / (end.mid.to_ticks_f64() * record.spec.tick.to_f64());
            let (told, gross) = (end.gross.to_f64(), Money(bought).to_f64() - open);
            assert!((told - gross).abs() < 1e-12, "{story}: gross {told} and {gross}");
        }
    }
}

/// A fee in 10⁻⁸: the exact product rounded up.
fn fee_e8(value: i128, rate_e8: i128) -> i128 {
    let product = value * rate_e8;
    let floor = product.div_euclid(10i128.pow(18));
    floor + i128::from(product.rem_euclid(10i128.pow(18)) != 0)
}

#[test]
fn every_run_keeps_its_limits_and_its_account_adds_up() {
    for name in CONFIGS {
        let config = shipped(name);
        for names in WITH_BOOK.iter().filter(|names| names.len() == 1) {
            let Some(files) = paths(names) else { continue };
            let (played, _) = play(&prepare(&config, &files), &config, &format!("{name} {names:?}"));
            let outcome = played.outcome;
            println!("{name} {names:?}: {} orders, {} fills", outcome.orders, outcome.fills);
            assert!(outcome.orders > 100, "{name} {names:?}: it quotes");
        }
    }
}

#[test]
fn spot_and_futures_together_are_each_as_alone() {
    let config = shipped("replay.toml");
    let names = ["spot_ethusdt_20240808", "usdm_ethusdt_20240808"];
    let Some(files) = paths(&names) else { return };
    let (_, merged) = play(&prepare(&config, &files), &config, "merged");
    assert_eq!(merged.len(), 2);
    // Trade and order ids are counted over both; everything else of a fill is its own market's.
    let without_ids =
        |fill: &FillRow| FillRow { client_id: Default::default(), trade_id: Default::default(), ..*fill };
    for (record, file) in merged.iter().zip(&files) {
        let (_, alone) = play(&prepare(&config, std::slice::from_ref(file)), &config, "alone");
        assert!(record.fills.iter().map(without_ids).eq(alone[0].fills.iter().map(without_ids)), "{file:?}");
        assert!(record.samples.iter().any(|sample| sample.bid.is_some() && sample.ask.is_some()), "quoted");
        assert!(record.fills.len() > 10, "{file:?} trades");
    }
}

#[test]
fn repetitions_follow_on_without_a_gap() {
    for config in CONFIGS {
        let config = shipped(config);
        for names in [["usdm_ethusdt_20240808"], ["spot_ethusdt_20240808"], ["cm_btcusd_perp_20240808"]] {
            let Some(files) = paths(&names) else { continue };
            let prepared = prepare(&config, &files);
            for mode in [Mode::Quoting, Mode::Idle] {
                let once = prepared.play(mode, 1, &mut Unobserved).unwrap();
                let twice = prepared.play(mode, 2, &mut Unobserved).unwrap();
                let (one, two) = (once.outcome, twice.outcome);
                assert_eq!((two.messages, two.level_updates), (2 * one.messages, 2 * one.level_updates));
                assert_eq!(twice.venue.book_faults(), 0, "{names:?}");
                let id = InstrumentId(0);
                assert!(twice.shard.mid(id).is_some(), "{names:?}: the book lives to the end");
                assert_eq!(twice.shard.mid(id), once.shard.mid(id), "{names:?}: and ends as it did before");
                assert_eq!(twice.shard.position(id), twice.venue.position(id), "{names:?}");
                match mode {
                    Mode::Quoting => assert!(two.orders > one.orders * 3 / 2, "{names:?}: quotes go on"),
                    Mode::Idle => assert_eq!((two.orders, two.fills), (0, 0), "{names:?}"),
                }
            }
        }
    }
}
