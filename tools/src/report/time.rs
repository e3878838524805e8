//! Points in time as people read them, in UTC.

use ballast_model::Nanos;

const DAY_SECS: i64 = 86_400;
const SECOND_NS: i64 = 1_000_000_000;

/// `2024-08-08`.
pub(super) fn date(at: Nanos) -> String {
    let (year, month, day) = civil(at.0.div_euclid(DAY_SECS * SECOND_NS));
    format!("{year:04}-{month:02}-{day:02}")
}

/// `23:54:15`.
pub(super) fn clock(at: Nanos) -> String {
    let seconds = at.0.div_euclid(SECOND_NS).rem_euclid(DAY_SECS);
    format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// `23:54:15.088`.
pub(super) fn clock_millis(at: Nanos) -> String {
    format!("{}.{:03}", clock(at), at.0.rem_euclid(SECOND_NS) / 1_000_000)
}

/// Year, month and day of a day counted from 1970-01-01, in the proleptic Gregorian calendar (Hinnant, 2013,
/// "chrono-compatible low-level date algorithms": eras of 400 years, years begin in March).
const fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_instants() {
        let at = Nanos(1_723_161_255_088_156_767);
        assert_eq!(
            (date(at), clock(at), clock_millis(at)),
            ("2024-08-08".to_owned(), "23:54:15".to_owned(), "23:54:15.088".to_owned())
        );
        assert_eq!(date(Nanos(0)), "1970-01-01");
        assert_eq!((date(Nanos(-1)), clock(Nanos(-1))), ("1969-12-31".to_owned(), "23:59:59".to_owned()));
        assert_eq!(date(Nanos(951_782_400 * SECOND_NS)), "2000-02-29");
    }
}
