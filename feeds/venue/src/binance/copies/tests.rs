use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;

#[test]
fn from_one_to_four() {
    assert_eq!(Copies::new(0), None);
    assert_eq!(Copies::new(1), Some(Copies::ONE));
    assert_eq!(Copies::new(4).map(Copies::count), Some(COPIES_MAX));
    assert_eq!(Copies::new(5), None);
}

#[test]
fn best_prices_and_marks_go_forward_only() {
    let mut told = Told::default();
    let ids = [5, 5, 4, 6, 9, 7].map(|id| told.best_price(UpdateId(id)));
    let (new, known) = (Fresh::Newest, Fresh::Known);
    assert_eq!(ids, [new, known, known, new, new, known]);
    assert_eq!([0, 3, 3, 2, 4].map(|time| told.mark(time)), [new, new, known, known, new]);
}

#[test]
fn a_trade_that_the_faster_missed_is_told_late_and_once() {
    let mut told = Told::default();
    assert_eq!(told.trade(10), Fresh::Newest);
    assert_eq!(told.trade(13), Fresh::Newest);
    assert_eq!(
        [11, 12, 11, 13, 10].map(|id| told.trade(id)),
        [Fresh::Late, Fresh::Late, Fresh::Known, Fresh::Known, Fresh::Known]
    );
    assert_eq!(told.trade(10 + WINDOW), Fresh::Newest, "its bit was that of 10");
    assert_eq!(told.trade(10 + WINDOW), Fresh::Known);
    assert_eq!(told.trade(10), Fresh::Known, "too old to say");
    assert_eq!(told.trade(14), Fresh::Late);
}

proptest! {
    #[test]
    fn a_window_is_a_set_of_what_is_not_too_old(ids in prop::collection::vec(0..3 * WINDOW, 1..400)) {
        let (mut window, mut seen) = (Window::default(), BTreeSet::new());
        for id in ids {
            let newest = seen.last().copied();
            let expected = match newest {
                Some(newest) if id + WINDOW <= newest || seen.contains(&id) => Fresh::Known,
                Some(newest) if id < newest => Fresh::Late,
                _ => Fresh::Newest,
            };
            prop_assert_eq!(window.take(id), expected, "{} after {:?}", id, seen.iter().collect::<Vec<_>>());
            seen.insert(id);
        }
    }
}
