//! Parts of a configuration as bytes and back.

use ballast_model::{CONFIG_PART_BYTES, ConfigPart, Last};

use crate::varint::{Put, Take};

pub(crate) fn put_config(part: &ConfigPart, put: &mut Put<'_>) {
    put.word(part.part.into());
    put.byte(u8::from(part.last == Last::Yes));
    put.byte(part.count);
    part.used().iter().for_each(|byte| put.byte(*byte));
}

pub(crate) fn take_config(take: &mut Take<'_>) -> Option<ConfigPart> {
    let part = take.short()?;
    let last = match take.byte()? {
        0 => Last::No,
        1 => Last::Yes,
        _ => return None,
    };
    let count = take.byte()?;
    let used = take.bytes(usize::from(count).min(CONFIG_PART_BYTES + 1))?;
    let mut bytes = [0; CONFIG_PART_BYTES];
    bytes.get_mut(..used.len())?.copy_from_slice(used);
    (count > 0).then_some(ConfigPart { part, last, count, bytes })
}
