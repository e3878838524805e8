//! The local time that leads each line.

use ballast_model::Nanos;

/// Unit of the local times of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeUnit {
    /// Seconds, perhaps with a fraction.
    Seconds,
    /// Milliseconds.
    Millis,
    /// Microseconds.
    Micros,
    /// Nanoseconds.
    Nanos,
}

impl TimeUnit {
    /// All units.
    pub const ALL: [Self; 4] = [Self::Seconds, Self::Millis, Self::Micros, Self::Nanos];

    /// The unit in which `value` is a time between 2001 and 2286: ten digits of seconds, thirteen of milliseconds, and so on.
    #[must_use]
    pub const fn detect(value: u64) -> Self {
        match value {
            0..100_000_000_000 => Self::Seconds,
            100_000_000_000..100_000_000_000_000 => Self::Millis,
            100_000_000_000_000..100_000_000_000_000_000 => Self::Micros,
            _ => Self::Nanos,
        }
    }

    /// Nanoseconds in one unit.
    #[must_use]
    pub const fn nanos(self) -> u64 {
        match self {
            Self::Seconds => 1_000_000_000,
            Self::Millis => 1_000_000,
            Self::Micros => 1_000,
            Self::Nanos => 1,
        }
    }

    /// Abbreviation for reports.
    #[must_use]
    pub const fn abbreviation(self) -> &'static str {
        match self {
            Self::Seconds => "s",
            Self::Millis => "ms",
            Self::Micros => "us",
            Self::Nanos => "ns",
        }
    }
}

/// Why a line has no readable local time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StampError {
    /// It does not begin with digits followed by a space.
    Missing,
    /// The number does not fit 63 bits of nanoseconds.
    TooLarge,
    /// In the file's unit the number is no time between 2001 and 2286.
    OtherUnit,
}

/// Splits `<local time> <frame>`. The unit is the file's; where that is not known yet it is told by this line and stored in
/// `unit`.
///
/// # Errors
/// [`StampError`] where the line does not begin with a time.
pub fn split_stamp<'a>(line: &'a [u8], unit: &mut Option<TimeUnit>) -> Result<(Nanos, &'a [u8]), StampError> {
    let space = line.iter().take(40).position(|byte| *byte == b' ').ok_or(StampError::Missing)?;
    let (stamp, frame) = line.split_at_checked(space).ok_or(StampError::Missing)?;
    let dot = stamp.iter().position(|byte| *byte == b'.').unwrap_or(stamp.len());
    let (whole, fraction) = stamp.split_at_checked(dot).ok_or(StampError::Missing)?;
    let value = digits(whole)?;
    let detected = TimeUnit::detect(value);
    let unit = *unit.get_or_insert(detected);
    if unit != detected {
        return Err(StampError::OtherUnit);
    }
    let mut nanos = value.checked_mul(unit.nanos()).ok_or(StampError::TooLarge)?;
    if let [b'.', decimals @ ..] = fraction {
        let mut weight = unit.nanos();
        digits(decimals)?;
        for digit in decimals {
            weight /= 10;
            nanos = nanos.saturating_add(weight * u64::from(digit - b'0'));
        }
    }
    let nanos = i64::try_from(nanos).map_err(|_| StampError::TooLarge)?;
    Ok((Nanos(nanos), frame.trim_ascii()))
}

fn digits(text: &[u8]) -> Result<u64, StampError> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return Err(StampError::Missing);
    }
    text.iter()
        .try_fold(0u64, |value, digit| {
            let shifted = value.checked_mul(10)?;
            shifted.checked_add(u64::from(digit - b'0'))
        })
        .ok_or(StampError::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_told_by_magnitude() {
        for (line, nanos, expected) in [
            ("1723161255 {}", 1_723_161_255_000_000_000, TimeUnit::Seconds),
            ("1723161255.25 {}", 1_723_161_255_250_000_000, TimeUnit::Seconds),
            ("1723161255088 {}", 1_723_161_255_088_000_000, TimeUnit::Millis),
            ("1723161255088156 {}", 1_723_161_255_088_156_000, TimeUnit::Micros),
            ("1723161255088156767 {}", 1_723_161_255_088_156_767, TimeUnit::Nanos),
        ] {
            let mut unit = None;
            assert_eq!(split_stamp(line.as_bytes(), &mut unit), Ok((Nanos(nanos), &b"{}"[..])));
            assert_eq!(unit, Some(expected));
        }
    }

    #[test]
    fn a_time_in_another_unit_than_the_file_is_refused() {
        let mut unit = Some(TimeUnit::Nanos);
        assert_eq!(split_stamp(b"1723161255 {}", &mut unit), Err(StampError::OtherUnit));
        assert_eq!(split_stamp(b"56767 {}", &mut unit), Err(StampError::OtherUnit));
        assert_eq!(unit, Some(TimeUnit::Nanos));
    }

    #[test]
    fn lines_without_a_time_are_refused() {
        let missing = [
            "",
            " {}",
            "{\"a\":1}",
            "12x {}",
            "-5 {}",
            "1723161255. {}",
            "17231612550881567671723161255088156767000000 {}",
        ];
        for line in missing {
            assert_eq!(split_stamp(line.as_bytes(), &mut None), Err(StampError::Missing), "{line}");
        }
        assert_eq!(split_stamp(b"99999999999999999999 {}", &mut None), Err(StampError::TooLarge));
    }
}
