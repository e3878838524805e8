//! Writing into a buffer that the caller lends: no allocation, and what does not fit is known at the end.

use ballast_model::Step;

/// Appends to a lent buffer.
#[derive(Debug)]
pub(crate) struct Writer<'b> {
    bytes: &'b mut [u8],
    length: usize,
    fit: Fit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    Whole,
    Cut,
}

impl<'b> Writer<'b> {
    pub(crate) const fn new(bytes: &'b mut [u8]) -> Self {
        Self { bytes, length: 0, fit: Fit::Whole }
    }

    /// How many bytes there are.
    pub(crate) const fn len(&self) -> usize {
        self.length
    }

    /// The bytes from `start` on.
    pub(crate) fn since(&self, start: usize) -> &[u8] {
        self.bytes.get(start..self.length).unwrap_or_default()
    }

    /// Appends bytes as they are.
    pub(crate) fn put(&mut self, text: &[u8]) {
        let end = self.length.saturating_add(text.len());
        match self.bytes.get_mut(self.length..end) {
            Some(room) => {
                room.copy_from_slice(text);
                self.length = end;
            }
            None => self.fit = Fit::Cut,
        }
    }

    /// Appends a number.
    pub(crate) fn number(&mut self, number: u64) {
        self.digits(number, 1);
    }

    /// Appends `count` steps as a decimal with as many digits behind the point as the step has. Counts below zero, and
    /// values beyond 64 bits in units of the last decimal, do not fit.
    pub(crate) fn decimal(&mut self, count: i64, step: Step) {
        let units = u64::try_from(count).ok().and_then(|count| count.checked_mul(step.mantissa));
        let (Some(units), Some(power)) = (units, 10_u64.checked_pow(u32::from(step.scale))) else {
            self.fit = Fit::Cut;
            return;
        };
        self.digits(units / power, 1);
        if step.scale > 0 {
            self.put(b".");
            self.digits(units % power, usize::from(step.scale));
        }
    }

    /// At least `least` digits.
    fn digits(&mut self, mut number: u64, least: usize) {
        let mut text = [b'0'; 20];
        let mut used = 0;
        for digit in text.iter_mut().rev() {
            if number == 0 && used >= least {
                break;
            }
            *digit = b'0' + u8::try_from(number % 10).unwrap_or_default();
            number /= 10;
            used += 1;
        }
        self.put(text.get(text.len() - used..).unwrap_or_default());
    }

    /// All that was written; `None` where something did not fit.
    pub(crate) fn finish(self) -> Option<&'b [u8]> {
        match self.fit {
            Fit::Whole => self.bytes.get(..self.length),
            Fit::Cut => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(count: i64, step: &str) -> Option<alloc::string::String> {
        let mut buffer = [0; 40];
        let mut writer = Writer::new(&mut buffer);
        writer.decimal(count, Step::parse(step).unwrap());
        Some(core::str::from_utf8(writer.finish()?).unwrap().into())
    }

    #[test]
    fn decimals_are_written_on_their_grid() {
        for (count, step, text) in [
            (0, "0.01", "0.00"),
            (268_380, "0.01", "2683.80"),
            (3, "0.5", "1.5"),
            (12, "1", "12"),
            (7, "10", "70"),
            (1, "0.00000001", "0.00000001"),
            (123_456_789_012, "0.00000001", "1234.56789012"),
            (41, "0.25", "10.25"),
        ] {
            assert_eq!(decimal(count, step).as_deref(), Some(text));
        }
        assert_eq!((decimal(-1, "1"), decimal(i64::MAX, "1000000")), (None, None));
    }

    #[test]
    fn what_does_not_fit_is_known_at_the_end() {
        let mut buffer = [0; 4];
        let mut writer = Writer::new(&mut buffer);
        writer.number(12);
        writer.put(b"abc");
        writer.put(b"d");
        assert_eq!(writer.since(0), b"12d");
        assert_eq!(writer.finish(), None);
        let mut writer = Writer::new(&mut buffer);
        writer.number(u64::from(u16::MAX) / 10);
        assert_eq!(writer.finish(), Some(&b"6553"[..]));
    }
}
