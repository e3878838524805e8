//! `ballast lp value`.

use ballast_pool::U256;
use ballast_pool::amount::Token;
use ballast_pool::curve::{Curve, Mark};
use ballast_pool::position::Worth;
use ballast_pool::range::Side;
use serde_json::{Value, json};

use super::file::{self, Paid, Stated};
use crate::cli::LpValueArgs;
use crate::exit::Code;
use crate::output::{self, Form};

/// How what was computed stands to what the contract paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Against {
    /// The file does not say what was paid.
    NotStated,
    /// All that is stated is the same.
    Same,
    /// The contract paid a unit of fees less: its pool rounded for several positions at once.
    Short,
    /// Something else.
    Differs,
}

/// One position, priced.
struct Priced {
    stated: Stated,
    worth: Worth,
    mark: Mark,
    against: Against,
}

/// Headings of the table.
const COLUMNS: [&str; 9] =
    ["position", "range", "amount0", "amount1", "fees0", "fees1", "price", "value", "delta"];

/// Prices the positions of a file.
///
/// # Errors
/// [`FileError`](file::FileError) where the file cannot be used, and where standard output cannot be written.
pub(crate) fn run(arguments: &LpValueArgs) -> anyhow::Result<Code> {
    let priced: Vec<Priced> = file::read(&arguments.file)?.into_iter().map(Priced::new).collect();
    let count = |against| priced.iter().filter(|one| one.against == against).count();
    let (same, short, differing) = (count(Against::Same), count(Against::Short), count(Against::Differs));
    for one in priced.iter().filter(|one| one.against == Against::Differs) {
        output::tell(&format!("{}: is not what the file says was paid", one.name()));
    }
    if arguments.json {
        let positions: Vec<_> = priced.iter().map(Priced::json).collect();
        let compared = same + short + differing;
        output::json(&json!({
            "positions": positions,
            "compared": compared,
            "fees_short": short,
            "differing": differing,
        }))?;
    } else {
        let mut text = table(&priced);
        if same + short + differing > 0 {
            text += &format!(
                "{same} as the file says was paid, {short} with a unit of fees less paid, {differing} otherwise\n"
            );
        }
        output::text(&text, Form::Text)?;
    }
    Ok(if differing > 0 { Code::Mismatch } else { Code::Done })
}

fn table(priced: &[Priced]) -> String {
    let rows = std::iter::once(COLUMNS.map(str::to_owned)).chain(priced.iter().map(Priced::cells));
    super::table(&rows.collect::<Vec<_>>())
}

/// Holds what was computed against what was paid.
fn against(worth: &Worth, paid: &Paid) -> Against {
    let wide = |pair: (u128, u128)| [pair.0, pair.1].map(U256::from);
    let lines = [
        (paid.amounts, [worth.amounts.zero, worth.amounts.one], 0_u64),
        (paid.fees.map(|fee| fee.map(U256::from)), wide(worth.fees), 1),
        (paid.totals.map(|total| total.map(U256::from)), wide(worth.collected()), 1),
    ];
    let mut result = Against::NotStated;
    for (stated, computed, allowed) in lines {
        for (stated, computed) in stated.into_iter().zip(computed) {
            let Some(stated) = stated else { continue };
            if result == Against::NotStated {
                result = Against::Same;
            }
            let Some(short) = computed.checked_sub(stated) else { return Against::Differs };
            if short > U256::from(allowed) {
                return Against::Differs;
            }
            if !short.is_zero() {
                result = Against::Short;
            }
        }
    }
    result
}

impl Priced {
    fn new(stated: Stated) -> Self {
        let worth = stated.position.worth(&stated.pool);
        let curve = Curve::new(&stated.position.range, stated.position.liquidity, &stated.units);
        let mark = Mark::new(&worth, stated.pool.price, &curve, &stated.units);
        let against = against(&worth, &stated.paid);
        Self { stated, worth, mark, against }
    }

    /// What it is called where it is told of.
    fn name(&self) -> String {
        let words = self.stated.named.iter().take(2).filter_map(|(_, value)| match value {
            Value::String(text) => Some(text.clone()),
            Value::Null => None,
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => Some(value.to_string()),
        });
        let words: Vec<_> = words.collect();
        if words.is_empty() { "position".to_owned() } else { words.join(" of ") }
    }

    const fn status(&self) -> &'static str {
        match self.worth.side {
            Side::Below => "below",
            Side::Within => "in range",
            Side::Above => "above",
        }
    }

    fn json(&self) -> Value {
        let Self { stated, worth, mark, .. } = self;
        let (total0, total1) = worth.collected();
        let mut object = json!({
            "tickLower": stated.position.range.lower().index(),
            "tickUpper": stated.position.range.upper().index(),
            "liquidity": stated.position.liquidity.to_string(),
            "inRange": worth.side == Side::Within,
            "status": self.status(),
            "amount0": worth.amounts.zero.to_string(),
            "amount1": worth.amounts.one.to_string(),
            "fees0": worth.fees.0.to_string(),
            "fees1": worth.fees.1.to_string(),
            "total0": total0.to_string(),
            "total1": total1.to_string(),
            "wraps128": worth.wraps(),
            "base": if stated.units.base() == Token::Zero { "token0" } else { "token1" },
            "decimals": stated.is_whole.then(|| <[u8; 2]>::from(stated.units.decimals())),
            "price": mark.price,
            "value": mark.value,
            "delta": mark.delta,
            "gamma": mark.gamma,
            "agrees": match self.against {
                Against::NotStated => Value::Null,
                Against::Same | Against::Short => Value::Bool(true),
                Against::Differs => Value::Bool(false),
            },
        });
        if let Some(object) = object.as_object_mut() {
            object.extend(stated.named.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
        }
        object
    }

    fn cells(&self) -> [String; COLUMNS.len()] {
        let Self { worth, mark, .. } = self;
        [
            self.name(),
            self.status().to_owned(),
            worth.amounts.zero.to_string(),
            worth.amounts.one.to_string(),
            worth.fees.0.to_string(),
            worth.fees.1.to_string(),
            format!("{:.6e}", mark.price),
            format!("{:.6e}", mark.value),
            format!("{:.6e}", mark.delta),
        ]
    }
}
