use super::*;

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

#[test]
fn the_first_is_asked_until_it_fails_and_the_next_until_that_fails() {
    let mut endpoints = Endpoints::new(3);
    assert_eq!(endpoints.choose(ms(0)), Choice::Ask(0));
    endpoints.failed(0, ms(10));
    assert_eq!(endpoints.choose(ms(10)), Choice::Ask(1));
    // The first may be asked again, and is not: the second works.
    assert_eq!(endpoints.choose(ms(10_000)), Choice::Ask(1));
    endpoints.failed(1, ms(10_000));
    assert_eq!(endpoints.choose(ms(10_000)), Choice::Ask(0));
}

#[test]
fn waits_double_up_to_a_bound_and_end_with_success() {
    let mut endpoints = Endpoints::new(1);
    let mut waits = Vec::new();
    for _ in 0..40 {
        endpoints.failed(0, ms(0));
        let Choice::Wait(until) = endpoints.choose(ms(0)) else { panic!("it has just failed") };
        waits.push(until);
    }
    assert_eq!(waits[..4], [ms(250), ms(500), ms(1_000), ms(2_000)]);
    assert!(waits.iter().all(|wait| *wait <= LONGEST));
    assert_eq!(waits[39], LONGEST);
    endpoints.worked(0);
    endpoints.failed(0, ms(0));
    assert_eq!(endpoints.choose(ms(0)), Choice::Wait(ms(250)));
    assert_eq!(endpoints.choose(ms(250)), Choice::Ask(0));
}

#[test]
fn when_all_fail_the_first_to_be_asked_again_is_waited_for() {
    let mut endpoints = Endpoints::new(2);
    endpoints.failed(0, ms(0));
    endpoints.failed(0, ms(0));
    endpoints.failed(1, ms(100));
    assert_eq!(endpoints.choose(ms(100)), Choice::Wait(ms(350)));
    assert_eq!(endpoints.choose(ms(350)), Choice::Ask(1));
}

#[test]
fn witnesses_are_the_others_and_last_those_left_alone() {
    let mut endpoints = Endpoints::new(3);
    endpoints.failed(1, ms(0));
    assert_eq!(endpoints.others(ms(0)), [2, 1]);
    assert_eq!(endpoints.others(ms(250)), [1, 2]);
}

#[test]
fn without_endpoints_there_is_only_waiting() {
    assert_eq!(Endpoints::new(0).choose(ms(5)), Choice::Wait(Duration::MAX));
}
