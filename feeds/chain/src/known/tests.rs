use super::*;

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_value_never_read_is_unknown_and_no_zero() {
    let known = Known::<u64>::new(s(10));
    assert_eq!(known.look(s(0)), Look::Unknown { why: Why::Never, before: None });
}

#[test]
fn a_value_holds_for_its_time_and_ages() {
    let mut known = Known::new(s(10));
    known.learn(7, s(100));
    assert_eq!(known.look(s(103)), Look::Known { value: &7, age: s(3) });
    assert_eq!(known.look(s(110)), Look::Known { value: &7, age: s(10) });
    assert_eq!(known.look(s(111)), Look::Unknown { why: Why::Stale, before: Some((&7, s(11))) });
}

#[test]
fn a_failed_read_hides_the_value_at_once_and_keeps_its_age() {
    let mut known = Known::new(s(10));
    known.learn(7, s(100));
    let trouble = Trouble::Timeout("eth_call");
    known.fail(trouble.clone());
    let why = Why::Failed(trouble);
    assert_eq!(known.look(s(101)), Look::Unknown { why, before: Some((&7, s(1))) });
    known.learn(8, s(102));
    assert_eq!(known.look(s(102)), Look::Known { value: &8, age: s(0) });
}

#[test]
fn a_failure_before_any_value_is_told_from_never() {
    let mut known = Known::<u64>::new(s(10));
    known.fail(Trouble::Gone);
    assert_eq!(known.look(s(1)), Look::Unknown { why: Why::Failed(Trouble::Gone), before: None });
}
