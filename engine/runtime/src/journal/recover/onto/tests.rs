use ballast_model::{AssetId, Contract, Money};
use proptest::prelude::*;

use super::*;

const fn step(mantissa: u64, scale: u8) -> Step {
    Step { mantissa, scale }
}

const fn spec(tick: Step, lot: Step) -> InstrumentSpec {
    InstrumentSpec {
        tick,
        lot,
        multiplier: 1,
        contract: Contract::Linear,
        price_min: Price(1),
        price_max: Price(1 << 30),
        size_min: Lots(1),
        size_max: Lots(1 << 30),
        notional_min: Money::ZERO,
        base: AssetId(0),
        quote: AssetId(1),
    }
}

const fn word(kind: CarriedKind, part: u8, words: [u64; 6]) -> Carried {
    Carried { kind, part, of: 0, account: 0, strategy: 0, words }
}

fn converted(words: &[Carried], from: &InstrumentSpec, to: &InstrumentSpec) -> Result<Vec<[u64; 6]>, String> {
    let mut words = words.to_vec();
    convert(&mut words, &[Change { name: "usdm ETHUSDT".to_owned(), from, to }])?;
    Ok(words.iter().map(|word| word.words).collect())
}

#[test]
fn what_is_held_stays_the_same_amount() {
    let (from, to) = (spec(step(1, 1), step(1, 3)), spec(step(5, 2), step(1, 4)));
    let short = (-120_i64).cast_unsigned();
    let words = [
        word(CarriedKind::Ledger, 0, [short, 7, 8, 9, 10, 3]),
        word(CarriedKind::Sum, 1, [1, 2, 3, 4, 50, 170]),
        word(CarriedKind::Order, 0, [77, 0, 20_001, 30, 10, 10]),
        word(CarriedKind::Order, 1, [20_002, 40, 5, 6, 7, 8]),
        word(CarriedKind::Hold, 0, [77, 0, 5_000, 0, 20, 3]),
        word(CarriedKind::Losses, 0, [1, 2, 3, 4, 5, 6]),
    ];
    assert_eq!(
        converted(&words, &from, &to).unwrap(),
        [
            [(-1_200_i64).cast_unsigned(), 7, 8, 9, 10, 3],
            [1, 2, 3, 4, 500, 1_700],
            [77, 0, 40_002, 300, 100, 100],
            [40_004, 400, 5, 6, 7, 8],
            [77, 0, 500, 0, 200, 3],
            [1, 2, 3, 4, 5, 6],
        ]
    );
}

#[test]
fn a_position_between_two_lots_is_refused_and_an_order_is_rounded() {
    let (from, to) = (spec(step(1, 2), step(1, 3)), spec(step(1, 1), step(1, 2)));
    let held = word(CarriedKind::Ledger, 0, [125, 0, 0, 0, 0, 0]);
    let refused = converted(&[held], &from, &to).unwrap_err();
    assert_eq!(refused, "usdm ETHUSDT: a ledger of 125 lots of 0.001 cannot be counted in lots of 0.01");
    let order = word(CarriedKind::Order, 0, [77, 0, 200_019, 125, 1, 0]);
    assert_eq!(converted(&[order], &from, &to).unwrap(), [[77, 0, 20_001, 13, 1, 0]]);
}

#[test]
fn a_hold_of_no_order_is_refused() {
    let (from, to) = (spec(step(1, 2), step(1, 3)), spec(step(1, 1), step(1, 3)));
    let hold = word(CarriedKind::Hold, 0, [77, 0, 1, 0, 1, 0]);
    assert_eq!(converted(&[hold], &from, &to).unwrap_err(), "a word (hold) of no instrument");
}

#[test]
fn a_change_is_told_and_another_contract_refused() {
    let (from, to) = (spec(step(1, 1), step(1, 3)), spec(step(1, 2), step(1, 2)));
    let change = |to| Change { name: "spot BTCUSDT".to_owned(), from: &from, to };
    assert_eq!(
        change(&to).told().unwrap(),
        ["spot BTCUSDT: its tick was 0.1 and is 0.01 now", "spot BTCUSDT: its lot was 0.001 and is 0.01 now"]
    );
    assert_eq!(change(&from).told().unwrap(), [""; 0]);
    let other = InstrumentSpec { multiplier: 10, ..from };
    assert_eq!(
        change(&other).told().unwrap_err(),
        "spot BTCUSDT: its contract is another than in the run before"
    );
}

proptest! {
    #[test]
    fn a_finer_grid_and_back_changes_nothing(
        number in -1_000_000_i64..1_000_000,
        from in (1_u64..10, 0_u8..6),
        times in 1_u64..1_000,
    ) {
        let coarse = step(from.0 * times, from.1);
        let fine = step(from.0, from.1);
        let there = steps(number.into(), coarse, fine, Round::Never).unwrap();
        prop_assert_eq!(there, i128::from(number) * i128::from(times));
        for round in [Round::Never, Round::Down, Round::Up] {
            prop_assert_eq!(steps(there, fine, coarse, round), Some(number.into()));
        }
    }

    #[test]
    fn rounding_stays_within_a_step(
        number in -1_000_000_i64..1_000_000,
        from in (1_u64..1_000, 0_u8..6),
        to in (1_u64..1_000, 0_u8..6),
    ) {
        let (from, to) = (step(from.0, from.1), step(to.0, to.1));
        let size = |step: Step| i128::from(step.mantissa) * 10_i128.pow(6 - u32::from(step.scale));
        let amount = i128::from(number) * size(from);
        let down = steps(number.into(), from, to, Round::Down).unwrap();
        let up = steps(number.into(), from, to, Round::Up).unwrap();
        prop_assert!(down * size(to) <= amount && amount < (down + 1) * size(to));
        prop_assert!(up * size(to) >= amount && amount > (up - 1) * size(to));
        prop_assert_eq!(steps(number.into(), from, to, Round::Never), (down == up).then_some(down));
    }
}
