//! Tables for the vector kernels: which byte of a number becomes which digit.
#![expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "the compiler evaluates all of this, and checks every index; bytes of a lane number below 16"
)]

use crate::GRID_SCALE_MAX;
use crate::kernels::{DECIMAL_BYTES_MAX, LANE};

/// How to read a decimal of a given length with a given number of digits after the point.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    /// Which byte each digit of the result comes from; [`ZERO`] for none.
    pub(crate) shuffle: [u8; LANE],
    /// The largest each byte may be, after `0` is subtracted: 9 for a digit that counts, 0 for one that is
    /// cut off, anything for what precedes the number.
    pub(crate) limit: [u8; LANE],
}

/// A shuffle index that yields zero.
const ZERO: u8 = 0x80;

/// By length of the number, then by how many bytes of the lane follow its last point. If those are not fewer
/// than the length, that point lies before the number, which has none.
pub(crate) type Layouts = [[Layout; LANE]; DECIMAL_BYTES_MAX + 1];

/// By scale of the grid. Numbers that are empty, or start or end with the point, have a layout that admits
/// none.
pub(crate) static LAYOUTS: [Layouts; GRID_SCALE_MAX as usize + 1] = {
    let none = Layout { shuffle: [ZERO; LANE], limit: [0; LANE] };
    let mut layouts = [[[none; LANE]; DECIMAL_BYTES_MAX + 1]; GRID_SCALE_MAX as usize + 1];
    let mut scale = 0;
    while scale < layouts.len() {
        let mut length = 1;
        while length <= DECIMAL_BYTES_MAX {
            let mut after = 0;
            while after < LANE {
                if after >= length {
                    layouts[scale][length][after] = layout(scale, length, LANE);
                } else if 1 <= after && after + 2 <= length {
                    layouts[scale][length][after] = layout(scale, length, LANE - 1 - after);
                }
                after += 1;
            }
            length += 1;
        }
        scale += 1;
    }
    layouts
};

/// The layout of a number that takes the last `length` bytes and has its point at the byte `point`, [`LANE`]
/// for none.
const fn layout(scale: usize, length: usize, point: usize) -> Layout {
    let mut layout = Layout { shuffle: [ZERO; LANE], limit: [u8::MAX; LANE] };
    let mut byte = LANE - length;
    while byte < LANE {
        // The power of ten that a digit here counts, in units of the last decimal, plus one; 0 if it is cut
        // off. Power 0 belongs into the last byte of the result.
        let power_plus_1 =
            if byte < point { scale + point - byte } else { (scale + point + 1).saturating_sub(byte) };
        if byte != point {
            layout.limit[byte] = 0;
            if 1 <= power_plus_1 && power_plus_1 <= LANE {
                layout.limit[byte] = 9;
                layout.shuffle[LANE - power_plus_1] = byte as u8;
            }
        }
        byte += 1;
    }
    layout
}

/// How to read an integer of a given length.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Digits {
    /// Keeps the digits and nothing before them.
    pub(crate) keep: [u8; LANE],
    /// The smallest each digit may be: 1 for the first of several.
    pub(crate) least: [u8; LANE],
}

/// By length. The empty number's layout admits none.
pub(crate) static DIGITS: [Digits; LANE + 1] = {
    let mut digits = [Digits { keep: [0; LANE], least: [0; LANE] }; LANE + 1];
    digits[0].least = [u8::MAX; LANE];
    let mut length = 1;
    while length <= LANE {
        let mut byte = LANE - length;
        if length > 1 {
            digits[length].least[byte] = 1;
        }
        while byte < LANE {
            digits[length].keep[byte] = u8::MAX;
            byte += 1;
        }
        length += 1;
    }
    digits
};
