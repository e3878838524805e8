//! A first look at a capture: which instruments it holds, of which market, on which grid.
//!
//! The grid is inferred from the digits of the level arrays: the largest step that divides every number seen, among 1 and 5
//! times a power of ten for prices and powers of ten for sizes. It is an inference, and reports say so; a configuration can
//! state it instead. Venues show sizes finer than the step they take orders on where old orders still rest: the inferred lot
//! is then finer, too.

use ballast_model::Step;
use ballast_venue::binance::Market;
use memchr::memmem;

use super::lines::{Line, LineReader};
use super::stamp::{TimeUnit, split_stamp};

/// What a file seems to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSurvey {
    /// Unit of the local times; `None` where no line has one.
    pub unit: Option<TimeUnit>,
    /// Instruments in the order they first appear.
    pub instruments: Vec<SeenInstrument>,
    /// Whether an order book snapshot is among the frames.
    pub has_snapshot: bool,
}

/// An instrument found in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenInstrument {
    /// Symbol as the venue writes it.
    pub symbol: String,
    /// Market it trades on.
    pub market: Market,
    /// Inferred price step; `None` where no level was seen.
    pub tick: Option<Step>,
    /// Inferred size step; `None` where no size was seen.
    pub lot: Option<Step>,
    /// Highest price seen in a level, in steps of `tick`; zero where none was seen.
    pub price_ticks_max: i64,
}

/// Reads a whole capture once.
pub fn survey(lines: &mut LineReader<'_>) -> FileSurvey {
    let mut seen: Vec<Seen> = Vec::new();
    let mut unit = None;
    let mut has_snapshot = false;
    let symbol_key = memmem::Finder::new(b"\"s\":\"");
    let level_key = memmem::Finder::new(b"[\"");
    while let Some(line) = lines.next_line() {
        let (Line::Whole(text) | Line::Last(text)) = line else { continue };
        let Ok((_, frame)) = split_stamp(text, &mut unit) else { continue };
        let head = frame.get(..frame.len().min(400)).unwrap_or(frame);
        let Some(found) = symbol_key.find(head).and_then(|at| quoted(frame, at + 5)) else {
            let snapshot = memmem::find(head, b"\"lastUpdateId\"").is_some();
            has_snapshot |= snapshot;
            if let (true, [only]) = (snapshot, seen.as_mut_slice()) {
                only.levels(frame, &level_key);
            }
            continue;
        };
        let index = seen.iter().position(|known| known.symbol == found).unwrap_or_else(|| {
            seen.push(Seen::new(found));
            seen.len() - 1
        });
        if let Some(known) = seen.get_mut(index) {
            known.futures |=
                memmem::find(head, b"\"T\":").is_some() && memmem::find(head, b"\"M\":").is_none();
            known.levels(frame, &level_key);
        }
    }
    FileSurvey { unit, instruments: seen.into_iter().map(Seen::finish).collect(), has_snapshot }
}

struct Seen {
    symbol: Vec<u8>,
    /// Some frame carries the futures markets' transaction time on a book message.
    futures: bool,
    price: Divisor,
    size: Divisor,
}

impl Seen {
    fn new(symbol: &[u8]) -> Self {
        Self { symbol: symbol.to_vec(), futures: false, price: Divisor::default(), size: Divisor::default() }
    }

    /// Takes in every `["price","size"]` of a frame.
    fn levels(&mut self, frame: &[u8], level_key: &memmem::Finder<'_>) {
        let mut at = 0;
        while let Some(rest) = frame.get(at..)
            && let Some(found) = level_key.find(rest)
        {
            at += found + 2;
            let Some(price) = quoted(frame, at) else { return };
            let Some(size) = quoted(frame, at + price.len() + 3) else { return };
            self.price.take(price);
            self.size.take(size);
            at += price.len() + size.len() + 4;
        }
    }

    fn finish(self) -> SeenInstrument {
        let symbol = String::from_utf8_lossy(&self.symbol).into_owned();
        // Coin-margined symbols are BASEUSD_PERP or BASEUSD_<expiry>; USD-margined ones end in another quote currency.
        let coin = symbol.split_once('_').is_some_and(|(pair, _)| pair.ends_with("USD"));
        let market = match (coin, self.futures) {
            (true, _) => Market::CoinM,
            (false, true) => Market::UsdM,
            (false, false) => Market::Spot,
        };
        let tick = self.price.step(&[5, 1]);
        let price_ticks_max = tick.map_or(0, |tick| self.price.largest_in(tick));
        SeenInstrument { symbol, market, tick, lot: self.size.step(&[1]), price_ticks_max }
    }
}

/// The bytes from `at` up to the next quote.
fn quoted(frame: &[u8], at: usize) -> Option<&[u8]> {
    let rest = frame.get(at..)?;
    rest.get(..rest.iter().take(64).position(|byte| *byte == b'"')?)
}

/// Greatest common divisor of decimals, kept as an integer at the finest scale seen.
#[derive(Clone, Copy, Debug, Default)]
struct Divisor {
    /// 0 until a number above zero was seen.
    divisor: u64,
    scale: u8,
    /// Largest number seen, at `scale`.
    largest: u64,
}

impl Divisor {
    fn take(&mut self, text: &[u8]) {
        let Some((mut value, scale)) = decimal(text) else { return };
        if value == 0 {
            return;
        }
        if scale > self.scale {
            let finer = 10u64.pow(u32::from(scale - self.scale));
            self.divisor = self.divisor.saturating_mul(finer);
            self.largest = self.largest.saturating_mul(finer);
            self.scale = scale;
        }
        let Some(scaled) = value.checked_mul(10u64.pow(u32::from(self.scale - scale))) else { return };
        value = scaled;
        self.largest = self.largest.max(value);
        if self.divisor == 0 || value % self.divisor != 0 {
            self.divisor = gcd(value, self.divisor);
        }
    }

    /// The largest number in steps of `step`, which divides it.
    fn largest_in(self, step: Step) -> i64 {
        let finer = 10u64.pow(u32::from(self.scale.saturating_sub(step.scale)));
        i64::try_from(self.largest / finer / step.mantissa).unwrap_or(i64::MAX)
    }

    /// The largest of `mantissas` times a power of ten that divides everything seen.
    fn step(self, mantissas: &[u64]) -> Option<Step> {
        if self.divisor == 0 {
            return None;
        }
        let mut round = 1u64;
        while self.divisor.is_multiple_of(round * 10) && round < Step::MANTISSA_MAX {
            round *= 10;
        }
        let mantissa =
            mantissas.iter().map(|mantissa| mantissa * round).find(|m| self.divisor.is_multiple_of(*m))?;
        let mut step = Step { mantissa, scale: self.scale };
        while step.scale > 0 && step.mantissa.is_multiple_of(10) {
            step = Step { mantissa: step.mantissa / 10, scale: step.scale - 1 };
        }
        (step.mantissa <= Step::MANTISSA_MAX && step.scale <= Step::SCALE_MAX).then_some(step)
    }
}

/// A plain decimal as integer and scale, trailing zeros of the fraction left out.
fn decimal(text: &[u8]) -> Option<(u64, u8)> {
    let (mut value, mut kept, mut zeros, mut scale, mut fraction) = (0u64, 0u64, 0u8, 0u8, false);
    for byte in text {
        match byte {
            b'.' if !fraction => fraction = true,
            b'0'..=b'9' => {
                value = value.checked_mul(10)?.checked_add(u64::from(byte - b'0'))?;
                if !fraction {
                    kept = value;
                } else if *byte == b'0' {
                    zeros += 1;
                } else {
                    (scale, zeros, kept) = (scale + zeros + 1, 0, value);
                }
            }
            _ => return None,
        }
    }
    (scale <= Step::SCALE_MAX).then_some((kept, scale))
}

const fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survey_of(text: &str) -> FileSurvey {
        survey(&mut LineReader::new(Box::new(text.as_bytes())))
    }

    #[test]
    fn the_grid_is_the_largest_round_step_that_divides_all() {
        let mut prices = Divisor::default();
        for text in ["61737.63000000", "61730.17000000", "56854.5"] {
            prices.take(text.as_bytes());
        }
        assert_eq!(prices.step(&[5, 1]), Some(Step { mantissa: 1, scale: 2 }));
        let mut halves = Divisor::default();
        for text in ["10.50", "11.00", "12.5", "0", "bad", ""] {
            halves.take(text.as_bytes());
        }
        assert_eq!(halves.step(&[5, 1]), Some(Step { mantissa: 5, scale: 1 }));
        let mut tens = Divisor::default();
        for text in ["60", "130"] {
            tens.take(text.as_bytes());
        }
        assert_eq!(tens.step(&[5, 1]), Some(Step { mantissa: 10, scale: 0 }));
        assert_eq!(Divisor::default().step(&[1]), None);
    }

    #[test]
    fn markets_are_told_apart() {
        let usdm = r#"1723161255088 {"data":{"e":"depthUpdate","E":1,"T":1,"s":"ETHUSDT","U":1,"u":2,"pu":0,"b":[["10.5","1.25"]],"a":[]}}"#;
        let spot = r#"1723161255088 {"data":{"e":"depthUpdate","E":1,"s":"ETHUSDT","U":1,"u":2,"b":[["10.5","1.25"]],"a":[["10.6","0.5"]]}}"#;
        let spot_trade = r#"1723161255088 {"data":{"e":"trade","E":1,"s":"ETHUSDT","t":1,"p":"1","q":"1","T":1,"m":true,"M":true}}"#;
        let coin = r#"1723161255088 {"data":{"e":"depthUpdate","E":1,"T":1,"s":"BTCUSD_PERP","ps":"BTCUSD","U":1,"u":2,"pu":0,"b":[],"a":[]}}"#;
        let delivery = usdm.replace("ETHUSDT", "BTCUSDT_260925");
        for (text, market) in [
            (usdm, Market::UsdM),
            (spot, Market::Spot),
            (spot_trade, Market::Spot),
            (coin, Market::CoinM),
            (&delivery, Market::UsdM),
        ] {
            assert_eq!(survey_of(text).instruments.first().map(|seen| seen.market), Some(market), "{text}");
        }
    }

    #[test]
    fn the_snapshot_of_a_file_with_one_symbol_counts_for_the_grid() {
        let text = "1723161255 {\"s\":\"ETHUSDT\",\"b\":[[\"10.0\",\"1\"]],\"a\":[]}\n1723161255 {\"lastUpdateId\":5,\"bids\":[[\"10.25\",\"0.5\"]],\"asks\":[]}\n";
        let survey = survey_of(text);
        assert!(survey.has_snapshot);
        assert_eq!(survey.instruments[0].tick, Some(Step { mantissa: 5, scale: 2 }));
        assert_eq!(survey.instruments[0].lot, Some(Step { mantissa: 1, scale: 1 }));
    }
}
