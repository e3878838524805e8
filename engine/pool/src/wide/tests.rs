use super::*;
use alloc::string::ToString as _;
use alloc::vec;
use alloc::vec::Vec;
use proptest::prelude::*;

/// Numbers of any length, and those where a carry runs through.
fn any_number() -> impl Strategy<Value = U256> {
    let word = prop_oneof![any::<u64>(), Just(0), Just(1), Just(u64::MAX), Just(1 << 63)];
    (prop::array::uniform4(word), 0..4_usize).prop_map(|(mut words, kept)| {
        words[kept + 1..].fill(0);
        U256(words)
    })
}

/// A naive twin: bits, least significant first.
fn bits_of(words: &[u64]) -> Vec<bool> {
    words.iter().flat_map(|word| (0..64).map(move |at| word >> at & 1 == 1)).collect()
}

/// Long division bit by bit.
fn naive_division(number: Product, divisor: U256) -> (Vec<bool>, U256) {
    let mut quotient = vec![false; 512];
    let mut rest = U256::ZERO;
    for (at, bit) in bits_of(&number).into_iter().enumerate().rev() {
        let beyond = rest.bits() == 256;
        rest = rest.wrapping_shl(1).wrapping_add(U256::from(u64::from(bit)));
        if beyond || rest >= divisor {
            rest = rest.wrapping_sub(divisor);
            quotient[at] = true;
        }
    }
    (quotient, rest)
}

/// Multiplication by adding shifted copies, in 512 bits.
fn naive_product(one: U256, other: U256) -> Product {
    let mut sum = [0_u64; 8];
    for (at, bit) in bits_of(&other.0).into_iter().enumerate() {
        if !bit {
            continue;
        }
        let upper = if at == 0 { U256::ZERO } else { one.shr(256 - u32::try_from(at).unwrap()) };
        let lower = one.wrapping_shl(u32::try_from(at).unwrap());
        let mut carry = false;
        for (place, word) in lower.0.into_iter().chain(upper.0).enumerate() {
            (sum[place], carry) = sum[place].carrying_add(word, carry);
        }
        assert!(!carry);
    }
    sum
}

proptest! {
    #[test]
    fn division_is_that_of_long_division(one in any_number(), other in any_number(), divisor in any_number()) {
        let product = one.product(other);
        prop_assert_eq!(product, naive_product(one, other));
        match divide::divide(product, divisor) {
            None => prop_assert!(divisor.is_zero()),
            Some((quotient, rest)) => {
                let (expected, left) = naive_division(product, divisor);
                prop_assert_eq!(bits_of(&quotient), expected);
                prop_assert_eq!(rest, left);
            }
        }
    }

    #[test]
    fn quotients_round_as_named(one in any_number(), factor in any_number(), divisor in any_number()) {
        let down = one.mul_div(factor, divisor);
        let up = one.mul_div_up(factor, divisor);
        if let (Some(down), Some(up)) = (down, up) {
            let is_exact = down.product(divisor) == one.product(factor);
            prop_assert_eq!(up, if is_exact { down } else { down.wrapping_add(U256::ONE) });
        }
        prop_assert!(down.is_some() || up.is_none());
        let by = one.checked_div_up(divisor);
        prop_assert_eq!(by, one.mul_div_up(U256::ONE, divisor));
    }

    #[test]
    fn shifted_products_are_divisions_by_powers_of_two(one in any_number(), other in any_number()) {
        for (by, shifted) in [(96, one.mul_shift::<96>(other)), (128, one.mul_shift::<128>(other))] {
            let power = U256::ONE.wrapping_shl(by);
            let expected = one.mul_div(other, power);
            prop_assert_eq!(shifted.fits.then_some(shifted.quotient), expected);
            let up = one.mul_div_up(other, power);
            if let (Some(down), Some(up)) = (expected, up) {
                prop_assert_eq!(shifted.is_exact, down == up);
            }
        }
    }

    #[test]
    fn sums_and_differences_undo_each_other(one in any_number(), other in any_number()) {
        prop_assert_eq!(one.wrapping_add(other).wrapping_sub(other), one);
        prop_assert_eq!(one.checked_sub(other).is_some(), one >= other);
        prop_assert_eq!(one.checked_add(other).is_some(), U256::MAX.wrapping_sub(one) >= other);
    }

    #[test]
    fn shifts_move_digits(number in any_number(), by in 0..300_u32) {
        let bits = bits_of(&number.0);
        let by_place = usize::try_from(by).unwrap();
        let up: Vec<bool> = (0..256).map(|at| at >= by_place && bits[at - by_place]).collect();
        let down: Vec<bool> = (0..256).map(|at| bits.get(at + by_place).copied().unwrap_or(false)).collect();
        prop_assert_eq!(bits_of(&number.wrapping_shl(by).0), up);
        prop_assert_eq!(bits_of(&number.shr(by).0), down);
        let digits = bits.iter().rposition(|bit| *bit).map_or(0, |last| last + 1);
        prop_assert_eq!(number.bits(), u32::try_from(digits).unwrap());
    }

    #[test]
    fn digits_come_back(number in any_number()) {
        prop_assert_eq!(number.to_string().parse(), Ok(number));
    }

    #[test]
    fn floats_are_near(number in any_number()) {
        let text = number.to_string();
        let expected: f64 = text.parse().unwrap();
        let error = (number.to_f64() - expected).abs();
        prop_assert!(error <= expected * f64::EPSILON, "{} for {}", number.to_f64(), text);
    }
}

#[test]
fn digits_are_decimal() {
    let most = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
    assert_eq!(U256::MAX.to_string(), most);
    assert_eq!(most.parse(), Ok(U256::MAX));
    assert_eq!(U256::ZERO.to_string(), "0");
    assert_eq!(U256::from(10_000_000_000_000_000_000_u64).to_string(), "10000000000000000000");
    assert_eq!("007".parse(), Ok(U256::from(7_u64)));
}

#[test]
fn what_is_no_number_is_refused() {
    let parse = str::parse::<U256>;
    assert_eq!(parse(""), Err(ParseError::Empty));
    for text in ["-1", "+1", " 1", "1.0", "1e3", "0x10", "1_000"] {
        assert_eq!(parse(text), Err(ParseError::NoDigit), "{text}");
    }
    let beyond = "115792089237316195423570985008687907853269984665640564039457584007913129639936";
    assert_eq!(parse(beyond), Err(ParseError::TooLarge));
    assert_eq!(parse(&"9".repeat(79)), Err(ParseError::TooLarge));
}

#[test]
fn a_trial_digit_that_is_too_large_is_taken_back() {
    // Knuth's step D6: the second trial digit is one too many even after the test of D3.
    let number = [0, 0, 0x8000_0000_0000_0000, 0x7fff_ffff_ffff_ffff, 0, 0, 0, 0];
    let divisor = U256([1, 0, 0x8000_0000_0000_0000, 0]);
    let (quotient, rest) = divide::divide(number, divisor).unwrap();
    let (expected, left) = naive_division(number, divisor);
    assert_eq!((bits_of(&quotient), rest), (expected, left));
}
