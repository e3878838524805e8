//! A first look at a file of order events: whose they are, by its name, and on which grid, by its digits.

use ballast_json::SYMBOL_BYTES_MAX;
use ballast_venue::binance::Market;

use super::super::lines::{Line, LineReader};
use super::super::stamp::TimeUnit;
use super::super::survey::{FileSurvey, Form, Grid, SeenInstrument, seen_on};
use super::heading_stands;
use super::row::{Broken, HEADING, Kind, parse};

/// The rule of a file's name.
const NAME: Broken =
    "the name of a file of order events begins with market and symbol, as usdm.ETHUSDT.csv does";

/// Reads a whole file once.
pub(in crate::capture) fn survey(lines: &mut LineReader<'_>, name: &str) -> FileSurvey {
    let (mut price, mut size) = (Grid::default(), Grid::default());
    let mut begins_at = None;
    let mut has_snapshot = false;
    let known = named(name).ok_or(NAME.to_owned()).and_then(|known| {
        if heading_stands(lines) { Ok(known) } else { Err(format!("the heading is `{HEADING}`")) }
    });
    while let Some(line) = lines.next_line() {
        let (Line::Whole(text) | Line::Last(text)) = line else { continue };
        let Ok(Some(row)) = parse(text) else { continue };
        begins_at = begins_at.or(Some(row.recv_time));
        if matches!(row.kind, Kind::Add | Kind::Modify | Kind::Trade | Kind::Fill) {
            price.take(row.price);
            size.take(row.size);
        }
        has_snapshot |= row.kind == Kind::Add;
    }
    let (instruments, form): (Vec<SeenInstrument>, _) = match known {
        Ok((market, symbol)) => (vec![seen_on(symbol.to_owned(), market, &price, &size)], Form::Orders),
        Err(rule) => (Vec::new(), Form::BrokenOrders(rule)),
    };
    FileSurvey { form, unit: begins_at.map(|_| TimeUnit::Nanos), begins_at, instruments, has_snapshot }
}

/// Market and symbol by the name of a file.
fn named(name: &str) -> Option<(Market, &str)> {
    let mut parts = name.split('.');
    let market = match parts.next()? {
        "spot" => Market::Spot,
        "usdm" => Market::UsdM,
        "coinm" => Market::CoinM,
        _ => return None,
    };
    let symbol = parts.next()?;
    let is_letter = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    let can_be = (1..=SYMBOL_BYTES_MAX).contains(&symbol.len()) && symbol.bytes().all(is_letter);
    (can_be && parts.next().is_some()).then_some((market, symbol))
}
