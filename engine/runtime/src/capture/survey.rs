//! A first look at a capture: which instruments it holds, of which market, on which grid.
//!
//! The grid is inferred from the digits of the level arrays: the largest step that divides every number seen, among 1 and 5
//! times a power of ten for prices and powers of ten for sizes. It is an inference, and reports say so; a configuration can
//! state it instead. Venues show sizes finer than the step they take orders on where old orders still rest: the inferred lot
//! is then finer, too.
//!
//! A capture may be damaged, so nothing is inferred from one line alone: the market, the unit of the local times and the
//! digits of prices go by what most lines say, and a symbol that hardly any line names is none of the file's instruments.

mod compact;
mod grid;
mod recorded;

use ballast_json::SYMBOL_BYTES_MAX;
use ballast_model::{Nanos, Span, Step};
use ballast_venue::binance::Market;
use memchr::memmem;

use super::lines::{Line, LineReader};
use super::stamp::{TimeUnit, split_stamp};
use compact::{compact, is_foreign};
pub(super) use grid::Grid;
pub(super) use recorded::survey_recording;

/// How a file tells of its market.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// By frames of a venue's streams.
    Frames,
    /// By events of orders.
    Orders,
    /// It begins as one of order events, and cannot be used: the rule it breaks.
    BrokenOrders(String),
}

/// What a file seems to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSurvey {
    /// How it tells of its market.
    pub form: Form,
    /// Unit of most local times; `None` where no line has one.
    pub unit: Option<TimeUnit>,
    /// The first local time that the lines after it bear out; `None` where no line has one.
    pub begins_at: Option<Nanos>,
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

/// A symbol named by fewer than one frame in this many is damage, not an instrument.
const STRAY_SHARE: u64 = 1_000;
/// A digit of a price that fewer than one level in this many has is damage, not a finer tick.
const RARE_DIGIT_SHARE: u64 = 1_000;
/// Bytes at the start of a frame in which its kind and symbol stand where the venue itself wrote it.
const HEAD_BYTES: usize = 400;

/// Reads a whole capture once.
pub fn survey(lines: &mut LineReader<'_>) -> FileSurvey {
    let keys = Keys::new();
    let mut seen: Vec<Seen> = Vec::new();
    let mut units = [0u64; TimeUnit::ALL.len()];
    let mut times = Beginning::default();
    let mut snapshots = Levels::default();
    let mut has_snapshot = false;
    let mut rewritten = Vec::new();
    while let Some(line) = lines.next_line() {
        let (Line::Whole(text) | Line::Last(text)) = line else { continue };
        let mut unit = None;
        let Ok((time, mut frame)) = split_stamp(text, &mut unit) else { continue };
        times.take(time);
        if let Some(votes) = unit.and_then(|unit| units.get_mut(unit as usize)) {
            *votes += 1;
        }
        if is_foreign(frame) {
            compact(frame, &mut rewritten);
            frame = &rewritten;
        }
        let head = keys.head(frame);
        if let Some(symbol) = keys.symbol(head) {
            let index = seen.iter().position(|known| known.symbol == symbol).unwrap_or_else(|| {
                seen.push(Seen::new(symbol));
                seen.len() - 1
            });
            if let Some(known) = seen.get_mut(index) {
                known.take(frame, head, &keys);
            }
        } else if keys.snapshot.find(head).is_some() {
            has_snapshot = true;
            snapshots.take(frame, &keys);
        }
    }
    let mut seen = without_strays(seen);
    // A snapshot that names no symbol can only be the only instrument's.
    if let [only] = seen.as_mut_slice() {
        only.levels.merge(&snapshots);
    }
    let votes = |unit: &TimeUnit| units.get(*unit as usize).copied().unwrap_or(0);
    FileSurvey {
        form: Form::Frames,
        unit: TimeUnit::ALL.into_iter().filter(|unit| votes(unit) > 0).max_by_key(votes),
        begins_at: times.found(),
        instruments: seen.into_iter().map(Seen::finish).collect(),
        has_snapshot,
    }
}

/// Lines that tell whether to believe the time of the one before them.
pub(super) const WITNESSES: usize = 8;

/// Longest time from one line to the next that is believed without being asked for. In recorded captures of a busy
/// instrument it is a third of a second.
pub(super) const STEP_MAX: Span = Span::from_secs(1);

/// True where most of the times that follow bear out that a line's time lies after `before` by more than [`STEP_MAX`]: they
/// are nearer to it than to `before`, or after it.
pub(super) fn is_borne_out(time: Nanos, before: Nanos, following: impl Iterator<Item = Nanos>) -> bool {
    let (mut witnesses, mut for_it) = (0, 0);
    for next in following {
        witnesses += 1;
        for_it += usize::from(next - before > time - next);
    }
    2 * for_it > witnesses
}

/// When a file begins: the first of its first times that is not later than most of the times after it.
#[derive(Default)]
struct Beginning {
    first: Vec<Nanos>,
}

impl Beginning {
    fn take(&mut self, time: Nanos) {
        if self.first.len() <= WITNESSES {
            self.first.push(time);
        }
    }

    /// The only time there is where nothing follows it.
    fn found(&self) -> Option<Nanos> {
        let rest = |index: usize| self.first.get(index..).and_then(<[_]>::split_first);
        let is_sound = |(time, following): &(&Nanos, &[Nanos])| {
            2 * following.iter().filter(|next| **next + STEP_MAX >= **time).count() > following.len()
        };
        let is_close = |(time, following): &(&Nanos, &[Nanos])| {
            following.first().is_some_and(|next| is_near(*next, **time))
        };
        let sound = || (0..self.first.len()).filter_map(rest).filter(is_sound);
        sound()
            .find(is_close)
            .or_else(|| sound().next())
            .map(|(time, _)| *time)
            .or(self.first.last().copied())
    }
}

/// True where two local times can be of one recording: a day at most lies between them.
pub(super) fn is_near(a: Nanos, b: Nanos) -> bool {
    const DAY: Span = Span::from_secs(24 * 60 * 60);
    a.max(b) - a.min(b) <= DAY
}

/// What frames are searched for.
struct Keys {
    symbol: memmem::Finder<'static>,
    snapshot: memmem::Finder<'static>,
    level: memmem::Finder<'static>,
}

impl Keys {
    fn new() -> Self {
        let finder = |key: &'static str| memmem::Finder::new(key);
        Self { symbol: finder("\"s\":\""), snapshot: finder("\"lastUpdateId\""), level: finder("[\"") }
    }

    /// The part of a frame in which its kind and symbol stand: its start, or all of it where another hand put them elsewhere.
    fn head<'f>(&self, frame: &'f [u8]) -> &'f [u8] {
        let start = frame.get(..HEAD_BYTES).unwrap_or(frame);
        let says = self.symbol.find(start).or_else(|| self.snapshot.find(start)).is_some();
        if says { start } else { frame }
    }

    /// The symbol that the start of a frame names, where it can be one.
    fn symbol<'f>(&self, head: &'f [u8]) -> Option<&'f [u8]> {
        let symbol = quoted(head, self.symbol.find(head)? + 5)?;
        let is_letter = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
        let can_be = (1..=SYMBOL_BYTES_MAX).contains(&symbol.len()) && symbol.iter().all(is_letter);
        can_be.then_some(symbol)
    }
}

/// Prices and sizes of book levels.
#[derive(Default)]
struct Levels {
    price: Grid,
    size: Grid,
}

impl Levels {
    /// Takes in every `["price","size"]` of a frame.
    fn take(&mut self, frame: &[u8], keys: &Keys) {
        let mut at = 0;
        while let Some(rest) = frame.get(at..)
            && let Some(found) = keys.level.find(rest)
        {
            at += found + 2;
            let Some(price) = quoted(frame, at) else { return };
            let Some(size) = quoted(frame, at + price.len() + 3) else { return };
            self.price.take(price);
            self.size.take(size);
            at += price.len() + size.len() + 4;
        }
    }

    fn merge(&mut self, other: &Self) {
        self.price.merge(&other.price);
        self.size.merge(&other.size);
    }
}

/// A symbol and what its frames say.
struct Seen {
    symbol: Vec<u8>,
    frames: u64,
    /// Of these, how many carry the futures markets' transaction time on a book message.
    futures_frames: u64,
    levels: Levels,
}

impl Seen {
    fn new(symbol: &[u8]) -> Self {
        Self { symbol: symbol.to_vec(), frames: 0, futures_frames: 0, levels: Levels::default() }
    }

    fn take(&mut self, frame: &[u8], head: &[u8], keys: &Keys) {
        self.frames += 1;
        let is_futures = memmem::find(head, b"\"T\":").is_some() && memmem::find(head, b"\"M\":").is_none();
        self.futures_frames += u64::from(is_futures);
        self.levels.take(frame, keys);
    }

    fn finish(self) -> SeenInstrument {
        let symbol = String::from_utf8_lossy(&self.symbol).into_owned();
        // Coin-margined symbols are BASEUSD_PERP or BASEUSD_<expiry>; USD-margined ones end in another quote currency.
        let coin = symbol.split_once('_').is_some_and(|(pair, _)| pair.ends_with("USD"));
        let market = match (coin, 2 * self.futures_frames > self.frames) {
            (true, _) => Market::CoinM,
            (false, true) => Market::UsdM,
            (false, false) => Market::Spot,
        };
        seen_on(symbol, market, &self.levels.price, &self.levels.size)
    }
}

/// An instrument with the steps that its prices and sizes tell.
pub(super) fn seen_on(symbol: String, market: Market, price: &Grid, size: &Grid) -> SeenInstrument {
    let price = price.without_rare_digits(RARE_DIGIT_SHARE).step(&[5, 1]);
    let size = size.step(&[1]);
    SeenInstrument {
        symbol,
        market,
        tick: price.map(|(step, _)| step),
        lot: size.map(|(step, _)| step),
        price_ticks_max: price.map_or(0, |(_, largest)| largest),
    }
}

/// The symbols that are instruments of the file: named by a fair share of its frames, and with book levels where any has.
fn without_strays(mut seen: Vec<Seen>) -> Vec<Seen> {
    let frames: u64 = seen.iter().map(|one| one.frames).sum();
    let has_levels = |one: &Seen| !one.levels.price.is_empty();
    let any_levels = seen.iter().any(has_levels);
    seen.retain(|one| one.frames * STRAY_SHARE >= frames && (has_levels(one) || !any_levels));
    seen
}

/// The bytes from `at` up to the next quote.
fn quoted(frame: &[u8], at: usize) -> Option<&[u8]> {
    let rest = frame.get(at..)?;
    rest.get(..rest.iter().take(64).position(|byte| *byte == b'"')?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survey_of(text: &str) -> FileSurvey {
        survey(&mut LineReader::new(Box::new(text.as_bytes())))
    }

    #[test]
    fn damaged_lines_decide_nothing() {
        let sound = r#"1723161255088 {"data":{"e":"depthUpdate","E":1,"s":"ETHUSDT","U":1,"u":2,"b":[["10.50","1.25"]],"a":[["10.60","0.5"]]}}"#;
        let damaged = [
            sound.replace("ETHUSDT", "ETHUSDR"),
            sound.replace("ETHUSDT", "eTHUSDT"),
            sound.replace("1723161255088", "5088"),
            sound.replace("1723161255088", "2723161255088"),
            sound.replace("\"E\":1", "\"T\":1"),
            sound.replace("10.50", "10.51"),
        ];
        let expected = survey_of(&format!("{sound}\n").repeat(2_000));
        for (at, line) in damaged.iter().enumerate() {
            let text = format!("{line}\n{}", format!("{sound}\n").repeat(1_999));
            assert_eq!(survey_of(&text), expected, "damage {at}");
        }
        assert_eq!(expected.unit, Some(TimeUnit::Millis));
        assert_eq!(expected.instruments[0].tick, Some(Step { mantissa: 1, scale: 1 }));
    }

    #[test]
    fn a_symbol_without_levels_is_an_instrument_only_where_no_other_has_any() {
        let ticker = r#"1723161255088 {"u":1,"s":"ETHUSDT","b":"10.5","B":"1","a":"10.6","A":"1"}"#;
        let diff = r#"1723161255088 {"e":"depthUpdate","E":1,"s":"BTCUSDT","U":1,"u":2,"b":[["10.5","1.25"]],"a":[]}"#;
        let symbols =
            |text: String| survey_of(&text).instruments.into_iter().map(|one| one.symbol).collect::<Vec<_>>();
        assert_eq!(symbols(ticker.to_owned()), ["ETHUSDT"]);
        assert_eq!(symbols(format!("{ticker}\n{diff}\n")), ["BTCUSDT"]);
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
        let (diff, snapshot) = text.trim_end().split_once('\n').unwrap();
        assert_eq!(survey_of(&format!("{snapshot}\n{diff}\n")), survey, "in whatever order");
        assert!(survey.has_snapshot);
        assert_eq!(survey.instruments[0].tick, Some(Step { mantissa: 5, scale: 2 }));
        assert_eq!(survey.instruments[0].lot, Some(Step { mantissa: 1, scale: 1 }));
    }
}
