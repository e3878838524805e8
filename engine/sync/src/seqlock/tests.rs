use std::sync::atomic::AtomicBool;
use std::thread;

use proptest::prelude::*;

use super::*;

#[test]
fn there_is_no_value_before_one_is_written() {
    let (mut writer, mut reader) = snapshot::<2>();
    assert_eq!((reader.look(), reader.value(), reader.number()), (Look::Same, None, 0));
    writer.write(&[0, 0]);
    assert_eq!((reader.look(), reader.value(), reader.number()), (Look::News, Some(&[0, 0]), 1));
    assert_eq!((reader.look(), reader.number(), writer.written()), (Look::Same, 1, 1));
}

#[test]
fn a_writer_that_stopped_in_the_middle_stops_nobody() {
    let (mut writer, mut reader) = snapshot::<2>();
    writer.write(&[1, 2]);
    assert_eq!(reader.look(), Look::News);
    // As far as a writer has come that is stopped after its first word.
    let Shared { version, words } = &**writer.shared;
    version.store(3, Ordering::Relaxed);
    words[0].store(9, Ordering::Relaxed);
    assert_eq!((reader.look(), reader.value(), reader.number()), (Look::Busy, Some(&[1, 2]), 1));
    writer.write(&[3, 4]);
    assert_eq!((reader.look(), reader.value(), reader.number()), (Look::News, Some(&[3, 4]), 2));
}

#[test]
fn a_clone_remembers_and_then_looks_for_itself() {
    let (mut writer, mut one) = snapshot::<1>();
    writer.write(&[7]);
    one.look();
    let mut other = one.clone();
    writer.write(&[8]);
    assert_eq!(other.value(), Some(&[7]));
    assert_eq!((other.look(), other.value()), (Look::News, Some(&[8])));
    assert_eq!(one.value(), Some(&[7]));
}

proptest! {
    #[test]
    fn a_snapshot_is_the_last_of_a_list(values in prop::collection::vec(any::<Option<[u64; 3]>>(), 0..40)) {
        let (mut writer, mut reader) = snapshot::<3>();
        let (mut written, mut seen) = (Vec::new(), 0);
        for step in values {
            match step {
                Some(value) => {
                    writer.write(&value);
                    written.push(value);
                }
                None => {
                    let expected = if written.len() == seen { Look::Same } else { Look::News };
                    prop_assert_eq!(reader.look(), expected);
                    seen = written.len();
                    prop_assert_eq!(reader.value(), written.last());
                }
            }
            prop_assert_eq!((writer.written(), reader.number()), (written.len() as u64, seen as u64));
        }
    }
}

#[test]
fn between_threads_every_value_is_whole_and_none_is_older_than_the_last() {
    const VALUES: u64 = 200_000;
    let (mut writer, reader) = snapshot::<16>();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            let (mut reader, done) = (reader.clone(), &done);
            scope.spawn(move || {
                let mut last = 0;
                while !done.load(Ordering::Acquire) || reader.look() == Look::News {
                    if reader.look() == Look::News {
                        let value = reader.value().unwrap();
                        assert!(value.iter().all(|word| word == &value[0]), "torn: {value:?}");
                        assert!(value[0] > last && value[0] == reader.number(), "{last} then {}", value[0]);
                        last = value[0];
                    }
                }
                assert_eq!(reader.value().unwrap()[0], VALUES);
            });
        }
        (1..=VALUES).for_each(|number| writer.write(&[number; 16]));
        done.store(true, Ordering::Release);
    });
}
