//! Files of positions: JSON, spelled as pools and position managers spell it.
//!
//! A position may stand in objects within objects; what is said of the outer ones holds for it, and must not contradict what it says
//! itself. Keys that are not asked for do not matter.

use ballast_pool::U256;
use ballast_pool::amount::Token;
use ballast_pool::curve::Units;
use ballast_pool::fee::Growth;
use ballast_pool::position::{PoolView, Position};
use ballast_pool::range::{Range, Side};
use ballast_pool::tick::{SqrtPrice, Tick};
use serde_json::{Map, Value};
use std::path::Path;
use std::str::FromStr;

/// Why a file cannot be used.
#[derive(Debug)]
pub(crate) struct FileError {
    /// The file, and where in it: `pools[0].vectors[3].liquidity`.
    place: String,
    wrong: String,
    is_config: bool,
}

impl FileError {
    /// Of a file of data.
    pub(super) fn data(place: String, wrong: String) -> Self {
        Self { place, wrong, is_config: false }
    }

    /// Of a configuration.
    pub(super) fn config(place: String, wrong: String) -> Self {
        Self { place, wrong, is_config: true }
    }

    /// True for a configuration.
    pub(crate) const fn is_config(&self) -> bool {
        self.is_config
    }
}

impl std::fmt::Display for FileError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}: {}", self.place, self.wrong)
    }
}

impl std::error::Error for FileError {}

/// Keys of arrays that hold positions, or objects that do.
const HOLDERS: [&str; 3] = ["pools", "vectors", "positions"];
/// More digits than any token has.
const DECIMALS_MAX: u8 = 77;

/// What a file says of one position.
#[derive(Debug)]
pub(crate) struct Stated {
    pub(crate) position: Position,
    pub(crate) pool: PoolView,
    pub(crate) units: Units,
    /// `decimals0` and `decimals1` are stated: values are in whole tokens.
    pub(crate) is_whole: bool,
    /// What stands for it in the result, as it is spelled in the file; null where it is not stated.
    pub(crate) named: [(&'static str, Value); 4],
    /// What the contract paid, where that is stated.
    pub(crate) paid: Paid,
}

/// What the contract paid, as far as it is stated.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Paid {
    pub(crate) amounts: [Option<U256>; 2],
    pub(crate) fees: [Option<u128>; 2],
    pub(crate) totals: [Option<u128>; 2],
}

/// Reads all positions of a file.
///
/// # Errors
/// [`FileError`] where it cannot be read, is no JSON, holds no position, or one of them lacks something or contradicts itself.
pub(crate) fn read(path: &Path) -> Result<Vec<Stated>, FileError> {
    let place = path.display().to_string();
    let error = |wrong: String| FileError::data(place.clone(), wrong);
    let bytes = std::fs::read(path).map_err(|source| error(source.to_string()))?;
    let value: Value =
        serde_json::from_slice(&bytes).map_err(|source| error(format!("no JSON: {source}")))?;
    let mut found = Vec::new();
    let at_root = Found { place: String::new(), outer: Vec::new() };
    gather(&value, &at_root, &mut found).map_err(|wrong| prefixed(&place, wrong))?;
    if found.is_empty() {
        return Err(error("holds no positions".to_owned()));
    }
    Ok(found)
}

fn prefixed(file: &str, error: FileError) -> FileError {
    let place = if error.place.is_empty() { file.to_owned() } else { format!("{file}: {}", error.place) };
    FileError { place, ..error }
}

/// Where one is in a file: the words for it, and the objects around, the innermost first.
struct Found<'a> {
    place: String,
    outer: Vec<&'a Map<String, Value>>,
}

fn gather(value: &Value, at: &Found<'_>, found: &mut Vec<Stated>) -> Result<(), FileError> {
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let inner = Found { place: format!("{}[{index}]", at.place), outer: at.outer.clone() };
                gather(item, &inner, found)?;
            }
            Ok(())
        }
        Value::Object(object) => {
            let mut outer = vec![object];
            outer.extend(&at.outer);
            let mut holders =
                HOLDERS.iter().filter_map(|key| object.get(*key).map(|held| (key, held))).peekable();
            if holders.peek().is_none() {
                let here = Found { place: at.place.clone(), outer };
                found.push(here.position()?);
                return Ok(());
            }
            for (key, held) in holders {
                let dot = if at.place.is_empty() { "" } else { "." };
                let inner = Found { place: format!("{}{dot}{key}", at.place), outer: outer.clone() };
                if !held.is_array() {
                    return Err(FileError::data(inner.place, "is no array".to_owned()));
                }
                gather(held, &inner, found)?;
            }
            Ok(())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            Err(FileError::data(at.place.clone(), "is no position".to_owned()))
        }
    }
}

impl<'a> Found<'a> {
    fn error(&self, key: &str, wrong: impl Into<String>) -> FileError {
        let dot = if self.place.is_empty() { "" } else { "." };
        FileError::data(format!("{}{dot}{key}", self.place), wrong.into())
    }

    /// What is said under a key, by the innermost object that says something; the others must say the same.
    fn said(&self, key: &str) -> Result<Option<&'a Value>, FileError> {
        let mut values =
            self.outer.iter().filter_map(|object| object.get(key)).filter(|value| !value.is_null());
        let Some(first) = values.next() else { return Ok(None) };
        match values.find(|other| *other != first) {
            Some(other) => Err(self.error(key, format!("is {first} here and {other} around it"))),
            None => Ok(Some(first)),
        }
    }

    /// The number under a key, where there is one.
    fn optional<T: FromStr>(&self, key: &str) -> Result<Option<T>, FileError> {
        let Some(value) = self.said(key)? else { return Ok(None) };
        let text = match value {
            Value::String(text) => text.clone(),
            // A number with a point is none of ours, and a large one may have lost digits.
            Value::Number(number) if number.is_i64() || number.is_u64() => number.to_string(),
            Value::Number(_) | Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                String::new()
            }
        };
        let is_plain = text.strip_prefix('-').unwrap_or(&text).bytes().all(|letter| letter.is_ascii_digit());
        let number = text.parse().ok().filter(|_| is_plain);
        number
            .map(Some)
            .ok_or_else(|| self.error(key, format!("{value} is no whole number that can stand here")))
    }

    fn number<T: FromStr>(&self, key: &str) -> Result<T, FileError> {
        self.optional(key)?.ok_or_else(|| self.error(key, "is missing"))
    }

    fn flag(&self, key: &str) -> Result<Option<bool>, FileError> {
        let Some(value) = self.said(key)? else { return Ok(None) };
        value.as_bool().map(Some).ok_or_else(|| self.error(key, format!("{value} is neither true nor false")))
    }

    fn tick(&self, key: &str) -> Result<Tick, FileError> {
        let tick = Tick::new(self.number(key)?);
        tick.map_err(|wrong| {
            self.error(key, format!("{wrong}: from {} to {}", Tick::MIN.index(), Tick::MAX.index()))
        })
    }

    /// Of two numbers with names that tell the tokens apart.
    fn pair<T: FromStr>(&self, keys: [&str; 2]) -> Result<(T, T), FileError> {
        let [zero, one] = keys;
        Ok((self.number(zero)?, self.number(one)?))
    }

    fn growth(&self, keys: [&str; 2]) -> Result<Growth, FileError> {
        let (zero, one) = self.pair(keys)?;
        Ok(Growth { zero, one })
    }

    /// What is said of one of the two ticks of the position.
    fn end(&self, key: &str) -> Result<Self, FileError> {
        let value = self.said(key)?.ok_or_else(|| self.error(key, "is missing"))?;
        let object = value.as_object().ok_or_else(|| self.error(key, "is no object"))?;
        let dot = if self.place.is_empty() { "" } else { "." };
        Ok(Found { place: format!("{}{dot}{key}", self.place), outer: vec![object] })
    }

    fn position(&self) -> Result<Stated, FileError> {
        let range = self.range()?;
        let liquidity = self.number("liquidity")?;
        let position = Position {
            range,
            liquidity,
            growth_last: self.growth(["feeGrowthInside0LastX128", "feeGrowthInside1LastX128"])?,
            owed: self.pair(["tokensOwed0", "tokensOwed1"])?,
        };
        let pool = self.pool(&range, liquidity)?;
        let (units, is_whole) = self.units()?;
        let name = |key| Ok((key, self.said(key)?.cloned().unwrap_or(Value::Null)));
        let paid = Paid {
            amounts: [self.optional("amount0")?, self.optional("amount1")?],
            fees: [self.optional("uncollected0")?, self.optional("uncollected1")?],
            totals: [self.optional("total0")?, self.optional("total1")?],
        };
        let named = [name("tokenId")?, name("pool")?, name("dex")?, name("block")?];
        Ok(Stated { position, pool, units, is_whole, named, paid })
    }

    fn range(&self) -> Result<Range, FileError> {
        let (lower, upper) = (self.tick("tickLower")?, self.tick("tickUpper")?);
        let range =
            Range::new(lower, upper).map_err(|_| self.error("tickUpper", "is not above tickLower"))?;
        if let Some(spacing) = self.optional::<i32>("tickSpacing")? {
            if spacing < 1 {
                return Err(self.error("tickSpacing", "is not above zero"));
            }
            for (key, tick) in [("tickLower", lower), ("tickUpper", upper)] {
                if tick.index() % spacing != 0 {
                    return Err(
                        self.error(key, format!("{} is no multiple of tickSpacing {spacing}", tick.index()))
                    );
                }
            }
        }
        Ok(range)
    }

    fn pool(&self, range: &Range, liquidity: u128) -> Result<PoolView, FileError> {
        const OUTSIDE: [&str; 2] = ["feeGrowthOutside0X128", "feeGrowthOutside1X128"];
        let price = SqrtPrice::new(self.number::<U256>("sqrtPriceX96")?);
        let price = price.map_err(|wrong| self.error("sqrtPriceX96", wrong.to_string()))?;
        let (lower, upper) = (self.end("lower")?, self.end("upper")?);
        let pool = PoolView {
            price,
            tick: self.tick("tick")?,
            growth: self.growth(["feeGrowthGlobal0X128", "feeGrowthGlobal1X128"])?,
            lower: lower.growth(OUTSIDE)?,
            upper: upper.growth(OUTSIDE)?,
        };
        if pool.check().is_err() {
            let expected = Tick::at(price).index();
            let wrong = format!("{} contradicts sqrtPriceX96, whose tick is {expected}", pool.tick.index());
            return Err(self.error("tick", wrong));
        }
        for end in [&lower, &upper] {
            let gross: Option<u128> = end.optional("liquidityGross")?;
            if gross.is_some_and(|gross| gross < liquidity) {
                return Err(end.error("liquidityGross", "is less than the liquidity of the position"));
            }
        }
        let in_range: Option<u128> = self.optional("poolLiquidity")?;
        if range.side(pool.tick) == Side::Within && in_range.is_some_and(|in_range| in_range < liquidity) {
            return Err(self.error("poolLiquidity", "is less than the liquidity of a position in range"));
        }
        Ok(pool)
    }

    /// Which token is the base, and decimals where they are stated.
    fn units(&self) -> Result<(Units, bool), FileError> {
        let base = match (self.flag("baseIsToken0")?, self.flag("wethIs0")?) {
            (Some(one), Some(other)) if one != other => {
                return Err(self.error("baseIsToken0", "contradicts wethIs0"));
            }
            (stated, other) => stated.or(other).unwrap_or(true),
        };
        let base = if base { Token::Zero } else { Token::One };
        let stated: [Option<u8>; 2] = [self.optional("decimals0")?, self.optional("decimals1")?];
        let decimals = match stated {
            [Some(zero), Some(one)] => Some((zero, one)),
            [None, None] => None,
            [None, Some(_)] => return Err(self.error("decimals0", "is missing, with decimals1 stated")),
            [Some(_), None] => return Err(self.error("decimals1", "is missing, with decimals0 stated")),
        };
        if let Some((zero, one)) = decimals
            && zero.max(one) > DECIMALS_MAX
        {
            let key = if zero > DECIMALS_MAX { "decimals0" } else { "decimals1" };
            return Err(self.error(key, format!("is above {DECIMALS_MAX}")));
        }
        Ok((Units::new(base, decimals.unwrap_or_default()), decimals.is_some()))
    }
}
