//! Tables of comma-separated values.

use core::fmt;

use super::{Event, Swap, What};
use crate::amount::Token;
use crate::range::Range;
use crate::tick::{SqrtPrice, Tick};
use crate::wide::U256;

/// Columns more than any such table has.
const COLUMNS_MAX: usize = 64;

/// Where a table cannot be read, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// The line, the heading being the first.
    pub line: u64,
    /// The column, by its name in the heading.
    pub column: &'static str,
    /// What is wrong there.
    pub wrong: Wrong,
}

/// What is wrong in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// The heading does not name it.
    Missing,
    /// No such number, or none that a pool can have.
    Number,
    /// No time such as `2024-01-05 00:00:23`.
    Time,
    /// No event that is known.
    Kind,
    /// It and others contradict each other.
    Contradiction,
    /// It comes before the line before it.
    Order,
}

impl fmt::Display for ReadError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wrong = match self.wrong {
            Wrong::Missing => "is missing",
            Wrong::Number => "is no number that a pool can have",
            Wrong::Time => "is no time such as 2024-01-05 00:00:23",
            Wrong::Kind => "is none of SWAP, MINT, BURN and COLLECT",
            Wrong::Contradiction => "contradicts other columns",
            Wrong::Order => "is before that of the line before",
        };
        write!(out, "line {}: {} {wrong}", self.line, self.column)
    }
}

impl core::error::Error for ReadError {}

/// The columns that matter.
const NAMES: [&str; 11] = [
    "tx_type",
    "block_number",
    "block_timestamp",
    "amount0",
    "amount1",
    "sqrtPriceX96",
    "current_tick",
    "total_liquidity",
    "tick_lower",
    "tick_upper",
    "liquidity",
];

/// One of [`NAMES`].
#[derive(Clone, Copy)]
enum Column {
    Kind,
    Block,
    Time,
    Amount0,
    Amount1,
    Price,
    Tick,
    Total,
    Lower,
    Upper,
    Liquidity,
}

impl Column {
    const ALL: [Self; 11] = [
        Self::Kind,
        Self::Block,
        Self::Time,
        Self::Amount0,
        Self::Amount1,
        Self::Price,
        Self::Tick,
        Self::Total,
        Self::Lower,
        Self::Upper,
        Self::Liquidity,
    ];

    fn name(self) -> &'static str {
        NAMES.get(self as usize).copied().unwrap_or_default()
    }
}

/// Reads a table, line by line.
#[derive(Debug)]
pub struct Reader<'a> {
    lines: core::str::Lines<'a>,
    line: u64,
    /// Which of the columns each place of a line is, as a place in [`NAMES`].
    places: [Option<u8>; COLUMNS_MAX],
    last: (u64, i64),
}

/// The texts of one line.
struct Row<'a> {
    line: u64,
    texts: [&'a str; Column::ALL.len()],
}

impl<'a> Reader<'a> {
    /// Reads the heading.
    ///
    /// # Errors
    /// Where a column is missing.
    pub fn new(text: &'a str) -> Result<Self, ReadError> {
        let mut lines = text.lines();
        let heading = lines.next().unwrap_or_default();
        let mut places = [None; COLUMNS_MAX];
        for (place, name) in places.iter_mut().zip(heading.split(',')) {
            let known = Column::ALL.iter().zip(0..).find(|(column, _)| column.name() == name.trim());
            *place = known.map(|(_, index)| index);
        }
        let is_named = |column: &Column| places.contains(&Some(*column as u8));
        if let Some(column) = Column::ALL.into_iter().find(|column| !is_named(column)) {
            return Err(ReadError { line: 1, column: column.name(), wrong: Wrong::Missing });
        }
        Ok(Self { lines, line: 1, places, last: (0, i64::MIN) })
    }

    fn row(&self, line: &'a str) -> Row<'a> {
        let mut texts = [""; Column::ALL.len()];
        for (place, text) in self.places.iter().zip(line.split(',')) {
            let Some(place) = place else { continue };
            if let Some(kept) = texts.get_mut(usize::from(*place)) {
                *kept = text;
            }
        }
        Row { line: self.line, texts }
    }
}

impl Iterator for Reader<'_> {
    type Item = Result<Event, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let line = loop {
            self.line += 1;
            let line = self.lines.next()?;
            if !line.is_empty() {
                break line;
            }
        };
        let row = self.row(line);
        let event = row.event().and_then(|event| {
            let place = (event.block, event.time);
            if event.block < self.last.0 {
                return Err(row.error(Column::Block, Wrong::Order));
            }
            if event.time < self.last.1 {
                return Err(row.error(Column::Time, Wrong::Order));
            }
            self.last = place;
            Ok(event)
        });
        Some(event)
    }
}

impl Row<'_> {
    fn text(&self, column: Column) -> &str {
        self.texts.get(column as usize).copied().unwrap_or_default()
    }

    fn error(&self, column: Column, wrong: Wrong) -> ReadError {
        ReadError { line: self.line, column: column.name(), wrong }
    }

    fn number<T: core::str::FromStr>(&self, column: Column) -> Result<T, ReadError> {
        self.text(column).parse().map_err(|_| self.error(column, Wrong::Number))
    }

    /// Ticks are written as `199045.0` where a tool took them for floats.
    fn tick(&self, column: Column) -> Result<Tick, ReadError> {
        let text = self.text(column);
        let digits = text.strip_suffix(".0").unwrap_or(text);
        let tick = digits.parse().ok().and_then(|index| Tick::new(index).ok());
        tick.ok_or_else(|| self.error(column, Wrong::Number))
    }

    /// An amount, and whether the pool paid it.
    fn amount(&self, column: Column) -> Result<(U256, bool), ReadError> {
        let text = self.text(column);
        let (digits, is_paid) = text.strip_prefix('-').map_or((text, false), |digits| (digits, true));
        let amount = digits.parse().map_err(|_| self.error(column, Wrong::Number))?;
        Ok((amount, is_paid))
    }

    fn event(&self) -> Result<Event, ReadError> {
        let what = match self.text(Column::Kind) {
            "SWAP" => What::Swap(self.swap()?),
            "MINT" => What::Mint(self.range()?, self.number(Column::Liquidity)?),
            "BURN" => What::Burn(self.range()?, self.number(Column::Liquidity)?),
            "COLLECT" => What::Collect(self.range()?),
            _ => return Err(self.error(Column::Kind, Wrong::Kind)),
        };
        let time = seconds(self.text(Column::Time)).ok_or_else(|| self.error(Column::Time, Wrong::Time))?;
        Ok(Event { block: self.number(Column::Block)?, time, what })
    }

    fn range(&self) -> Result<Range, ReadError> {
        let (lower, upper) = (self.tick(Column::Lower)?, self.tick(Column::Upper)?);
        Range::new(lower, upper).map_err(|_| self.error(Column::Upper, Wrong::Contradiction))
    }

    fn swap(&self) -> Result<Swap, ReadError> {
        let zero = self.amount(Column::Amount0)?;
        let one = self.amount(Column::Amount1)?;
        let (token, paid, received) = match (zero, one) {
            ((paid, false), (received, is_paid)) if is_paid || received.is_zero() => {
                (Token::Zero, paid, received)
            }
            ((received, is_paid), (paid, false)) if is_paid || received.is_zero() => {
                (Token::One, paid, received)
            }
            _ => return Err(self.error(Column::Amount1, Wrong::Contradiction)),
        };
        let price: U256 = self.number(Column::Price)?;
        let price = SqrtPrice::new(price).map_err(|_| self.error(Column::Price, Wrong::Number))?;
        let tick = self.tick(Column::Tick)?;
        if !price.allows(tick) {
            return Err(self.error(Column::Tick, Wrong::Contradiction));
        }
        Ok(Swap { token, paid, received, price, tick, liquidity: self.number(Column::Total)? })
    }
}

/// Seconds since 1970 of a time such as `2024-01-05 00:00:23` or `2024-01-05T00:00:23Z`.
fn seconds(text: &str) -> Option<i64> {
    let text = text.strip_suffix('Z').or_else(|| text.strip_suffix("+00:00")).unwrap_or(text);
    let (date, time) = text.split_once(['T', ' '])?;
    let [year, month, day] = parts(date, '-')?;
    let [hour, minute, second] = parts(time, ':')?;
    let is_date = (1970..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    if !is_date || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    // Days before a date, March being the first month (Hinnant 2013, "chrono-compatible low-level date algorithms").
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let in_year = (153 * month + 2) / 5 + day - 1;
    let days = 365 * year + year / 4 - year / 100 + year / 400 + in_year - 719_468;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

/// Three numbers without sign.
fn parts(text: &str, between: char) -> Option<[i64; 3]> {
    let mut numbers = text
        .split(between)
        .map(|part| part.bytes().all(|letter| letter.is_ascii_digit()).then(|| part.parse().ok()).flatten());
    let three = [numbers.next()??, numbers.next()??, numbers.next()??];
    numbers.next().is_none().then_some(three)
}
