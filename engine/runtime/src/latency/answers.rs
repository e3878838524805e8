//! The venue that takes the orders: it agrees to everything and trades nothing, and its throttles are as high as numbers go.
//!
//! An order is accepted, an amendment done and a cancel obeyed at once: with the next poll of the network. Whoever measures a tick to an
//! order measures nothing of this, except that it is done by the venue's thread, which is busy for so long.

use std::io::Write as _;

use ballast_model::{ClientOrderId, Nanos, Step};
use memchr::memmem;

use crate::live::Fact;

/// Bytes of the longest answer to an order.
pub(super) const ANSWER_BYTES: usize = 192;

/// What an order request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ask {
    /// A new order.
    Place,
    /// An amendment.
    Modify,
    /// A cancel.
    Cancel,
}

/// An order request as far as it has to be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) ask: Ask,
    pub(super) client_id: ClientOrderId,
    /// Of the request.
    id: u64,
}

/// Reads an order request; `None` where it is none, such as a log-on.
pub(super) fn read(text: &[u8]) -> Option<Asked> {
    let id = digits(text, b"\"id\":")?;
    let (_, method) = after(text, b"\"method\":\"order.")?;
    let ask = match method.first()? {
        b'p' => Ask::Place,
        b'm' => Ask::Modify,
        b'c' => Ask::Cancel,
        _ => return None,
    };
    Some(Asked { ask, client_id: ClientOrderId(digits(method, b"lientOrderId\":\"blst-")?), id })
}

/// The number of any request.
pub(super) fn request_id(text: &[u8]) -> Option<u64> {
    digits(text, b"\"id\":")
}

fn after<'t>(text: &'t [u8], mark: &[u8]) -> Option<(&'t [u8], &'t [u8])> {
    text.split_at_checked(memmem::find(text, mark)? + mark.len())
}

fn digits(text: &[u8], mark: &[u8]) -> Option<u64> {
    let (_, rest) = after(text, mark)?;
    let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    core::str::from_utf8(rest.get(..count)?).ok()?.parse().ok()
}

/// Writes the answer to an order request.
pub(super) fn order(asked: &Asked, now: Nanos, out: &mut Vec<u8>) {
    let status = match asked.ask {
        Ask::Place | Ask::Modify => "NEW",
        Ask::Cancel => "CANCELED",
    };
    let (id, order, time) = (asked.id, asked.client_id.0, millis(now));
    // A vector takes whatever is written.
    let _ = write!(
        out,
        r#"{{"id":{id},"status":200,"result":{{"orderId":{order},"status":"{status}","updateTime":{time}}}}}"#
    );
}

/// Writes the answer to a log-on, which tells how many requests are allowed.
pub(super) fn log_on(id: u64, out: &mut Vec<u8>) {
    let _ = write!(out, r#"{{"id":{id},"status":200,"result":{{}},"rateLimits":{LIMITS}}}"#);
}

/// So many that none is ever refused.
const LIMITS: &str = r#"[{"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":4000000000},
{"rateLimitType":"ORDERS","interval":"SECOND","intervalNum":10,"limit":4000000000},
{"rateLimitType":"ORDERS","interval":"MINUTE","intervalNum":1,"limit":4000000000}]"#;

/// The answer to a request over HTTP; `None` for the snapshot of the book, which has a time of its own.
pub(super) fn rest(target: &str, fact: &Fact, now: Nanos) -> Option<String> {
    let path = target.split_once('?').map_or(target, |(path, _)| path);
    Some(match path {
        "/fapi/v1/depth" => return None,
        "/fapi/v1/time" => format!(r#"{{"serverTime":{}}}"#, millis(now)),
        "/fapi/v1/exchangeInfo" => exchange_info(fact),
        "/fapi/v1/listenKey" => r#"{"listenKey":"measured"}"#.to_owned(),
        "/fapi/v3/balance"
        | "/fapi/v3/positionRisk"
        | "/fapi/v1/openOrders"
        | "/fapi/v1/userTrades"
        | "/fapi/v1/income" => "[]".to_owned(),
        _ => r#"{"code":200,"msg":"done"}"#.to_owned(),
    })
}

fn exchange_info(fact: &Fact) -> String {
    let seen = &fact.seen;
    let decimal = |step: Option<Step>| step.map_or_else(String::new, |step| text(step.mantissa, step.scale));
    let (tick, lot) = (decimal(seen.tick), decimal(seen.lot));
    format!(
        r#"{{"rateLimits":{LIMITS},"symbols":[{{"symbol":"{}","status":"TRADING","filters":[{{"filterType":"PRICE_FILTER","minPrice":"0","maxPrice":"0","tickSize":"{tick}"}},{{"filterType":"LOT_SIZE","minQty":"0","maxQty":"0","stepSize":"{lot}"}}]}}]}}"#,
        seen.symbol
    )
}

/// `mantissa` × 10^−`scale`.
fn text(mantissa: u64, scale: u8) -> String {
    let digits = format!("{mantissa:0>width$}", width = usize::from(scale) + 1);
    let (whole, fraction) = digits.split_at(digits.len() - usize::from(scale));
    if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
}

fn millis(now: Nanos) -> i64 {
    now.0 / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_and_answered_by_their_number() {
        let place = br#"{"id":17,"method":"order.place","params":{"newClientOrderId":"blst-4294967297","price":"1"}}"#;
        let asked = read(place).unwrap();
        assert_eq!(asked, Asked { ask: Ask::Place, client_id: ClientOrderId(4_294_967_297), id: 17 });
        let mut out = Vec::new();
        order(&Asked { ask: Ask::Cancel, ..asked }, Nanos(5_000_000), &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            r#"{"id":17,"status":200,"result":{"orderId":4294967297,"status":"CANCELED","updateTime":5}}"#
        );
        let modify = br#"{"id":3,"method":"order.modify","params":{"origClientOrderId":"blst-2"}}"#;
        assert_eq!(read(modify).unwrap().ask, Ask::Modify);
        let log_on = br#"{"id":1,"method":"session.logon","params":{}}"#;
        assert_eq!((read(log_on), request_id(log_on)), (None, Some(1)));
    }

    #[test]
    fn the_longest_answer_fits() {
        let mut out = Vec::new();
        let asked = Asked { ask: Ask::Cancel, client_id: ClientOrderId(u64::MAX), id: u64::MAX };
        order(&asked, Nanos::MAX, &mut out);
        assert!(out.len() <= ANSWER_BYTES, "{}", out.len());
        assert_eq!([text(1, 2), text(5, 1), text(10, 0)], ["0.01", "0.5", "10"]);
    }
}
