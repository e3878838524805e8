//! Words that carry over from one run to the next, as bytes and back.
//!
//! A word stands by itself: its numbers are differences from the one before in the same word, and zeros at its end are left out.

use ballast_model::{Carried, CarriedKind};

use crate::varint::{Put, Take};

pub(crate) fn put_carried(word: &Carried, put: &mut Put<'_>) {
    let Carried { kind, part, of, account, strategy, words } = *word;
    let used = words.iter().rposition(|number| *number != 0).map_or(0, |last| last + 1);
    put.bytes([kind.code(), part]);
    put.word(of.into());
    put.word(account.into());
    put.word(strategy.into());
    put.word(used as u64);
    let mut before = 0;
    for number in words.iter().take(used) {
        put.word_delta(before, *number);
        before = *number;
    }
}

pub(crate) fn take_carried(take: &mut Take<'_>) -> Option<Carried> {
    let [kind, part] = take.array()?;
    let kind = CarriedKind::of(kind)?;
    let (of, account, strategy) = (take.short()?, take.short()?, take.short()?);
    let mut words = [0; 6];
    let used = usize::try_from(take.word()?).ok()?;
    let mut before = 0;
    for number in words.get_mut(..used)? {
        *number = take.word_delta(before)?;
        before = *number;
    }
    // One word has one spelling: a zero at the end is left out.
    let spelled = used == 0 || before != 0;
    spelled.then_some(Carried { kind, part, of, account, strategy, words })
}
