//! What carries over, in the numbers of the next run: a venue may have changed tick or lot since, and a word that counts steps of the
//! old grid would mean another amount on the new one.
//!
//! What is held must fit the new grid to the last digit, or nothing carries over. Orders need not: all of them are of unknown fate, and
//! the venue tells what became of each. Their sizes are rounded up and their prices down meanwhile.
//!
//! Never here: which numbers a part of the core has ([`Carried`] says so), what a venue's rules are.

use std::collections::BTreeMap;

use ballast_analytics::format;
use ballast_model::{Carried, CarriedKind, InstrumentSpec, Lots, Price, Step};

use super::super::Meta;
use crate::config::{Resolved, ResolvedInstrument};

/// An instrument in the run before and in the next.
struct Change<'a> {
    name: String,
    from: &'a InstrumentSpec,
    to: &'a InstrumentSpec,
}

/// How a number of steps that the new grid does not hold is rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Round {
    /// Not at all.
    Never,
    Down,
    Up,
}

/// Puts the words of a run of `before` into the numbers of a run of `next`; what has changed, for people.
pub(super) fn onto(carried: &mut [Carried], before: &Meta, next: &Meta) -> Result<Vec<String>, String> {
    let resolved = |meta: &Meta| meta.resolved(meta.config_name.as_ref()).map_err(|error| error.to_string());
    let ((was, from), (is, to)) = (resolved(before)?, resolved(next)?);
    let names = |all: &[ResolvedInstrument]| all.iter().map(|one| one.found.name()).collect::<Vec<_>>();
    if names(&from) != names(&to) {
        return Err(format!("it is of {}, this run of {}", names(&from).join(", "), names(&to).join(", ")));
    }
    same_books(&was, &is)?;
    let changes: Vec<_> = from
        .iter()
        .zip(&to)
        .map(|(from, to)| Change { name: to.found.name(), from: &from.found.spec, to: &to.found.spec })
        .collect();
    let told: Vec<_> = changes.iter().map(Change::told).collect::<Result<_, _>>()?;
    let told: Vec<_> = told.into_iter().flatten().collect();
    if !told.is_empty() {
        convert(carried, &changes)?;
    }
    Ok(told)
}

/// Books are told apart by numbers, which are places in lists of names.
fn same_books(was: &Resolved, is: &Resolved) -> Result<(), String> {
    let names =
        |of: &Resolved| of.books.as_ref().map(|books| (books.strategies.clone(), books.accounts.clone()));
    let (was, is) = (names(was).unwrap_or_default(), names(is).unwrap_or_default());
    for (what, was, is) in [("strategies", was.0, is.0), ("accounts", was.1, is.1)] {
        if was != is {
            return Err(format!("its {what} are {}, those of this run {}", list(&was), list(&is)));
        }
    }
    Ok(())
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn convert(carried: &mut [Carried], changes: &[Change<'_>]) -> Result<(), String> {
    let mut orders = BTreeMap::new();
    for word in carried.iter().filter(|word| word.kind == CarriedKind::Order && word.part == 0) {
        orders.insert(word.words[0], usize::from(word.of));
    }
    for word in carried {
        // A hold names the order it is for, and no instrument.
        let instrument = match word.kind {
            CarriedKind::Hold => orders.get(&word.words[0]).copied(),
            CarriedKind::Ledger | CarriedKind::Book | CarriedKind::Sum | CarriedKind::Order => {
                Some(usize::from(word.of))
            }
            CarriedKind::Cash
            | CarriedKind::Trades
            | CarriedKind::Payments
            | CarriedKind::Instrument
            | CarriedKind::Exits
            | CarriedKind::Halts
            | CarriedKind::Losses
            | CarriedKind::Balance
            | CarriedKind::End => continue,
        };
        let change = instrument.and_then(|index| changes.get(index));
        let change = change.ok_or_else(|| format!("a word ({}) of no instrument", word.kind.name()))?;
        change.convert(word)?;
    }
    Ok(())
}

impl Change<'_> {
    /// What has changed; nothing where nothing has.
    fn told(&self) -> Result<Vec<String>, String> {
        let Self { name, from, to } = self;
        if (from.contract, from.multiplier) != (to.contract, to.multiplier) {
            return Err(format!("{name}: its contract is another than in the run before"));
        }
        let mut told = Vec::new();
        if from.tick != to.tick {
            let tick = |spec| format::price(spec, Price(1));
            told.push(format!("{name}: its tick was {} and is {} now", tick(from), tick(to)));
        }
        if from.lot != to.lot {
            told.push(format!("{name}: its lot was {} and is {} now", lot(from), lot(to)));
        }
        Ok(told)
    }

    fn convert(&self, word: &mut Carried) -> Result<(), String> {
        match (word.kind, word.part) {
            (CarriedKind::Ledger | CarriedKind::Book | CarriedKind::Sum, 0) => {
                self.lots(word, &[0], Round::Never)
            }
            (CarriedKind::Ledger | CarriedKind::Book | CarriedKind::Sum, 1) => {
                self.lots(word, &[4, 5], Round::Never)
            }
            (CarriedKind::Order, 0) => {
                self.ticks(word, 2)?;
                self.lots(word, &[3, 4, 5], Round::Up)
            }
            (CarriedKind::Order, 1) => {
                self.ticks(word, 0)?;
                self.lots(word, &[1], Round::Up)
            }
            (CarriedKind::Hold, _) => self.hold(word),
            _ => Ok(()),
        }
    }

    fn lots(&self, word: &mut Carried, places: &[usize], round: Round) -> Result<(), String> {
        let kind = word.kind.name();
        for place in places {
            let Some(number) = word.words.get_mut(*place) else { continue };
            let lots = i128::from(number.cast_signed());
            let fits =
                steps(lots, self.from.lot, self.to.lot, round).and_then(|lots| i64::try_from(lots).ok());
            let lots = fits.ok_or_else(|| {
                let (from, to) = (lot(self.from), lot(self.to));
                format!("{}: a {kind} of {lots} lots of {from} cannot be counted in lots of {to}", self.name)
            })?;
            *number = lots.cast_unsigned();
        }
        Ok(())
    }

    fn ticks(&self, word: &mut Carried, place: usize) -> Result<(), String> {
        let Some(number) = word.words.get_mut(place) else { return Ok(()) };
        let ticks = i128::from(number.cast_signed());
        let fits = steps(ticks, self.from.tick, self.to.tick, Round::Down);
        let ticks = fits.and_then(|ticks| i64::try_from(ticks).ok());
        *number = ticks.ok_or_else(|| format!("{}: a price beyond all ticks", self.name))?.cast_unsigned();
        Ok(())
    }

    /// What an order holds: money in one lot, and how many lots are left of it.
    fn hold(&self, word: &mut Carried) -> Result<(), String> {
        let [_, _, low, high, ..] = word.words;
        let per_lot = (u128::from(high) << 64 | u128::from(low)).cast_signed();
        // A lot of another size is worth so much more or less.
        let per_lot = steps(per_lot, self.to.lot, self.from.lot, Round::Up);
        let per_lot =
            per_lot.ok_or_else(|| format!("{}: a hold beyond all amounts", self.name))?.cast_unsigned();
        let [_, _, low, high, ..] = &mut word.words;
        *low = u64::try_from(per_lot & u128::from(u64::MAX)).unwrap_or_default();
        *high = u64::try_from(per_lot >> 64).unwrap_or_default();
        self.lots(word, &[4], Round::Up)
    }
}

/// Steps of one size as steps of another; `None` where they are too many, or are not to be rounded and do not come out even.
fn steps(number: i128, from: Step, to: Step, round: Round) -> Option<i128> {
    let atto = |step: Step, other: Step| {
        i128::from(step.mantissa) * 10_i128.pow(u32::from(other.scale.saturating_sub(step.scale)))
    };
    let (times, by) = (atto(from, to), atto(to, from));
    let product = number.checked_mul(times)?;
    let (floor, rest) = (product.div_euclid(by), product.rem_euclid(by));
    match round {
        Round::Never => (rest == 0).then_some(floor),
        Round::Down => Some(floor),
        Round::Up => Some(floor + i128::from(rest > 0)),
    }
}

fn lot(spec: &InstrumentSpec) -> impl core::fmt::Display {
    format::lots(spec, Lots(1))
}

#[cfg(test)]
mod tests;
