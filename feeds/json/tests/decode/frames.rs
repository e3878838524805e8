//! Generates frames of every kind of message, and writes them in many styles.

use ballast_json::{LOTS_MAX, PRICE_TICKS_MAX};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use crate::market::{INSTRUMENTS, Instrument, SNAPSHOT, number};

/// A JSON value.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// Written as it is.
    Raw(String),
    /// A string.
    Text(String),
    /// An array of arrays of two strings.
    Levels(Vec<[String; 2]>),
}

pub(crate) type Members = Vec<(&'static str, Value)>;

/// A frame before it is written.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) members: Members,
    /// Stream name of the envelope.
    pub(crate) stream: Option<String>,
}

/// How a frame is written. Of each set, one bit after the other decides, over and over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    /// Between which tokens whitespace stands.
    pub(crate) spaces: u64,
    /// Which letters of strings are escaped.
    pub(crate) escapes: u64,
}

/// Which numbers frames hold.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Numbers {
    /// Such as the venue sends.
    Sound,
    /// Faulty ones among them.
    Any,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    BookTicker,
    SpotBookTicker,
    Depth,
    SpotDepth,
    Trade,
    AggTrade,
    MarkPrice,
    Snapshot,
    NamedSnapshot,
}

const KINDS: [Kind; 9] = [
    Kind::BookTicker,
    Kind::SpotBookTicker,
    Kind::Depth,
    Kind::SpotDepth,
    Kind::Trade,
    Kind::AggTrade,
    Kind::MarkPrice,
    Kind::Snapshot,
    Kind::NamedSnapshot,
];

impl Frame {
    /// Whether the fast path must take it when it is written without spaces and escapes: the levels' grids are known when
    /// the levels come, a mark price is no longer than a vector register, and no number ends within the frame's first one.
    pub(crate) fn is_usual(&self) -> bool {
        let position = |is: fn(&(&str, Value)) -> bool| self.members.iter().position(is);
        let levels = position(|(_, value)| matches!(value, Value::Levels(_)));
        let symbol = position(|(key, _)| matches!(*key, "s" | "symbol"));
        let long = position(|(key, value)| {
            matches!(*key, "p" | "i" | "P" | "r") && matches!(value, Value::Text(text) if text.len() > 15)
        });
        let mark = position(|(_, value)| matches!(value, Value::Text(text) if text == "markPriceUpdate"));
        symbol.zip(levels).is_none_or(|(symbol, levels)| symbol < levels)
            && mark.and(long).is_none()
            && (self.stream.is_some()
                || self.members.first().is_some_and(|(key, value)| match value {
                    Value::Raw(text) | Value::Text(text) => key.len() + text.len() >= 12,
                    Value::Levels(_) => false,
                }))
    }

    pub(crate) fn write(&self, style: Style) -> Vec<u8> {
        let mut writer = Writer { out: Vec::new(), style };
        match &self.stream {
            None => writer.object(&self.members),
            Some(stream) => {
                writer.token("{");
                writer.text("stream");
                writer.token(":");
                writer.text(stream);
                writer.token(",");
                writer.text("data");
                writer.token(":");
                writer.object(&self.members);
                writer.token("}");
            }
        }
        writer.out
    }
}

impl Style {
    /// As the venue writes.
    pub(crate) const COMPACT: Self = Self { spaces: 0, escapes: 0 };
}

struct Writer {
    out: Vec<u8>,
    style: Style,
}

impl Writer {
    fn object(&mut self, members: &Members) {
        self.token("{");
        for (index, (key, value)) in members.iter().enumerate() {
            if index > 0 {
                self.token(",");
            }
            self.text(key);
            self.token(":");
            match value {
                Value::Raw(raw) => self.token(raw),
                Value::Text(text) => self.text(text),
                Value::Levels(levels) => self.levels(levels),
            }
        }
        self.token("}");
    }

    fn levels(&mut self, levels: &[[String; 2]]) {
        self.token("[");
        for (index, [price, size]) in levels.iter().enumerate() {
            self.token(if index > 0 { ",[" } else { "[" });
            self.text(price);
            self.token(",");
            self.text(size);
            self.token("]");
        }
        self.token("]");
    }

    fn token(&mut self, token: &str) {
        self.out.extend(token.bytes());
        self.space();
    }

    fn text(&mut self, text: &str) {
        self.out.push(b'"');
        for byte in text.bytes() {
            let escaped = self.style.escapes & 1 == 1;
            self.style.escapes = self.style.escapes.rotate_right(1);
            match escaped {
                true => self.out.extend(format!("\\u{byte:04x}").bytes()),
                false => self.out.push(byte),
            }
        }
        self.out.push(b'"');
        self.space();
    }

    fn space(&mut self) {
        let [byte, ..] = self.style.spaces.to_le_bytes();
        self.style.spaces = self.style.spaces.rotate_right(1);
        if byte & 1 == 1 {
            self.out.push(b" \t\n\r"[usize::from(byte >> 1 & 3)]);
        }
    }
}

/// Frames with every field their kind must have, in any order, with unknown scalar fields among them.
pub(crate) fn frame(numbers: Numbers) -> impl Strategy<Value = Frame> {
    (select(&KINDS), 0..INSTRUMENTS.len(), any::<bool>()).prop_flat_map(move |(kind, index, enveloped)| {
        let nameless = matches!(kind, Kind::Snapshot) && !enveloped;
        let index = if nameless { usize::from(SNAPSHOT.0 - number(0).0) } else { index };
        let instrument = &INSTRUMENTS[index];
        let stream = enveloped.then(|| format!("{}@any@100ms", instrument.name.to_ascii_lowercase()));
        (members(kind, instrument, numbers), extras())
            .prop_map(|(members, extras)| [members.concat(), extras].concat())
            .prop_shuffle()
            .prop_map(move |members| Frame { members, stream: stream.clone() })
    })
}

fn members(kind: Kind, instrument: &'static Instrument, numbers: Numbers) -> Vec<BoxedStrategy<Members>> {
    let id = |key| required(key, integer(numbers));
    let id_if_any = |key| optional(key, integer(numbers));
    let price =
        |key| required(key, decimal(instrument.price, PRICE_TICKS_MAX, numbers).prop_map(Value::Text));
    let size = |key| required(key, decimal(instrument.size, LOTS_MAX, numbers).prop_map(Value::Text));
    let levels = |key| {
        let level = [
            decimal(instrument.price, PRICE_TICKS_MAX, numbers),
            decimal(instrument.size, LOTS_MAX, numbers),
        ];
        required(key, vec(level, 0..12).prop_map(Value::Levels))
    };
    let text = |key, text: &str| required(key, Just(Value::Text(text.to_owned())));
    let symbol = || text("s", instrument.name);
    let event = |kind| vec![text("e", kind), symbol(), id("E")];
    let ticker = || vec![symbol(), id("u"), price("b"), size("B"), price("a"), size("A")];
    let diff = || [event("depthUpdate"), vec![id("U"), id("u"), levels("b"), levels("a")]].concat();
    let trade = |kind| {
        let maker = select(&["true", "false"]).prop_map(|word| Value::Raw(word.to_owned()));
        [event(kind), vec![id("T"), price("p"), size("q"), required("m", maker)]].concat()
    };
    let snapshot =
        || vec![id("lastUpdateId"), id_if_any("E"), id_if_any("T"), levels("bids"), levels("asks")];
    match kind {
        Kind::SpotBookTicker => ticker(),
        Kind::BookTicker => [ticker(), vec![text("e", "bookTicker"), id("E"), id("T")]].concat(),
        Kind::SpotDepth => diff(),
        Kind::Depth => [diff(), vec![id("T"), id("pu")]].concat(),
        Kind::Trade => {
            let reason = select(&["MARKET", "INSURANCE_FUND", "ADL", "NA", ""]);
            let reason = reason.prop_map(|reason| Value::Text(reason.to_owned()));
            [trade("trade"), vec![id("t"), optional("X", reason)]].concat()
        }
        Kind::AggTrade => {
            let normal = decimal(instrument.size, LOTS_MAX, numbers).prop_map(Value::Text);
            [trade("aggTrade"), vec![id("a"), id("f"), id("l"), optional("nq", normal)]].concat()
        }
        Kind::MarkPrice => {
            let e8 = || decimal((8, 1), 1 << 60, numbers);
            let empty_or_e8 = || prop_oneof![1 => Just(String::new()), 4 => e8()].prop_map(Value::Text);
            let rate =
                (select(&["", "-"]), e8()).prop_map(|(sign, rate)| Value::Text(format!("{sign}{rate}")));
            let prices = [optional("i", empty_or_e8()), optional("P", empty_or_e8()), optional("r", rate)];
            let mark = required("p", e8().prop_map(Value::Text));
            [event("markPriceUpdate"), vec![id("T"), mark], prices.to_vec()].concat()
        }
        Kind::Snapshot => snapshot(),
        Kind::NamedSnapshot => [snapshot(), vec![text("symbol", instrument.name)]].concat(),
    }
}

fn required(key: &'static str, value: impl Strategy<Value = Value> + 'static) -> BoxedStrategy<Members> {
    value.prop_map(move |value| vec![(key, value)]).boxed()
}

fn optional(key: &'static str, value: impl Strategy<Value = Value> + 'static) -> BoxedStrategy<Members> {
    option::of(value).prop_map(move |value| value.map(|value| (key, value)).into_iter().collect()).boxed()
}

/// Scalar fields that no kind of message needs. A text that ended in a comma would, with its quote, look like the end of a
/// member: not for the fast path.
fn extras() -> impl Strategy<Value = Members> {
    const LONG: &str = "a_key_so_long_that_no_block_of_thirty_two_bytes_holds_it_with_its_value";
    const KEYS: [&str; 8] = ["V", "ps", "st", "ap", "O", "pair", "isRPITrade", LONG];
    let raw = select(&["true", "false", "null", "0", "-1.5e3", "1700000000000"]);
    let value = || {
        prop_oneof![
            raw.clone().prop_map(|raw| Value::Raw(raw.to_owned())),
            "[ !#-\\[\\]-~]{0,70}[ !#-+\\--\\[\\]-~]".prop_map(Value::Text),
        ]
    };
    (subsequence(&KEYS, 0..=3), [value(), value(), value()])
        .prop_map(|(keys, values)| keys.into_iter().zip(values).collect())
}

fn integer(numbers: Numbers) -> BoxedStrategy<Value> {
    let sound = prop_oneof![
        1_700_000_000_000..1_800_000_000_000_u64,
        0..10_u64,
        // What the fast path takes: 16 digits, as times in microseconds have.
        0..=9_999_999_999_999_999_u64,
    ]
    .prop_map(|integer| Value::Raw(integer.to_string()));
    let odd =
        select(&["-1", "1.0", "1e3", "18446744073709551616", "01", "", "null", "\"5\"", "[]", "{}", "+1"])
            .prop_map(|raw| Value::Raw(raw.to_owned()));
    match numbers {
        Numbers::Sound => sound.boxed(),
        Numbers::Any => prop_oneof![
            60 => sound,
            1 => any::<u64>().prop_map(|integer| Value::Raw(integer.to_string())),
            1 => odd,
        ]
        .boxed(),
    }
}

/// Decimals on the grid of `scale` and `step`, up to `max` steps, with any number of zeros after them.
fn decimal((scale, step): (u8, u64), max: u64, numbers: Numbers) -> BoxedStrategy<String> {
    let scale = usize::from(scale);
    let steps = prop_oneof![8 => 0..10_000_000_u64, 1 => Just(0), 1 => 0..=max, 1 => Just(max)];
    let sound = (steps, any::<bool>(), 0..9_usize).prop_map(move |(steps, trimmed, zeros)| {
        let units = format!("{:0>1$}", steps * step, scale + 1);
        let (whole, fraction) = units.split_at(units.len() - scale);
        let fraction = if trimmed { fraction.trim_end_matches('0') } else { fraction };
        match fraction.len() + zeros {
            0 => whole.to_owned(),
            length => format!("{whole}.{fraction:0<length$}"),
        }
    });
    let odd = select(&[
        "",
        ".",
        "-",
        "-1",
        "-0",
        "+1",
        "1.",
        ".5",
        "1..2",
        "1e400",
        "1e2",
        "0x10",
        " 1",
        "1 ",
        "1,5",
        "007.50",
        "1099511627775",
        "1099511627776",
        "72057594037927936",
        "18446744073709551616",
        "0.0000000000000001",
        "92233720368.54775807",
        "92233720368.54775808",
        "0.00000000000000000000000000000",
        "1/2",
        "1:2",
    ]);
    match numbers {
        Numbers::Sound => sound.boxed(),
        Numbers::Any => {
            prop_oneof![60 => sound, 1 => odd.prop_map(str::to_owned), 1 => "[0-9.e+-]{0,24}"].boxed()
        }
    }
}
