//! What a trading session is told, and how the two markets differ.

use alloc::string::String;
use alloc::vec::Vec;

use ballast_json::{Grid, SYMBOL_BYTES_MAX};
use ballast_model::{AccessState, AssetId, InstrumentId, Nanos, Span, Step, SubAccountId, TradeId};

use super::super::INSTRUMENTS_MAX;
use super::budget::{Documented, Pool};
use super::recent::Recent;
use super::standing::Rules;

/// Assets that one session follows at most.
pub const ASSETS_MAX: usize = 128;

/// A market that is traded on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TradeMarket {
    /// Spot.
    Spot,
    /// Futures settled in dollars, in one-way mode.
    UsdM,
}

/// From where on trades are told that happened while nobody listened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TradesSince {
    /// This trade is booked; those after it are not.
    Id(TradeId),
    /// Nothing is booked before this time, by the venue's clock.
    Time(Nanos),
}

/// One instrument to trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TradeInstrument<'c> {
    /// What its events are marked with.
    pub id: InstrumentId,
    /// The venue's name in upper case.
    pub symbol: &'c str,
    /// Smallest price step.
    pub tick: Step,
    /// Smallest size step.
    pub lot: Step,
    /// What prices are counted in: the asset of a fee whose own asset is not configured.
    pub quote: AssetId,
    /// Where the ledger's trades end.
    pub since: TradesSince,
}

/// What the venue does when an order would trade with one of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelfTradePrevention {
    /// The resting order ends.
    ExpireMaker,
    /// The arriving order ends.
    ExpireTaker,
    /// Both end.
    ExpireBoth,
    /// They trade.
    None,
}

impl SelfTradePrevention {
    pub(super) const fn word(self) -> &'static [u8] {
        match self {
            Self::ExpireMaker => b"EXPIRE_MAKER",
            Self::ExpireTaker => b"EXPIRE_TAKER",
            Self::ExpireBoth => b"EXPIRE_BOTH",
            Self::None => b"NONE",
        }
    }
}

/// A timer at the venue that cancels everything when we stop telling it that we live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeadMan {
    /// How long after our last word the venue cancels.
    pub countdown: Span,
    /// Words in one countdown, at least two.
    pub beats: u8,
}

/// What a trading session is to do.
#[derive(Clone, Copy, Debug)]
pub struct TradeConfig<'c> {
    /// Which market.
    pub market: TradeMarket,
    /// Whose balances its events tell.
    pub account: SubAccountId,
    /// Funding paid before this time is booked, by the venue's clock; futures alone.
    pub funding_since: Nanos,
    /// Which instruments: at least one, at most [`INSTRUMENTS_MAX`].
    pub instruments: &'c [TradeInstrument<'c>],
    /// The assets of balances, fees and funding with the venue's names, at most [`ASSETS_MAX`].
    pub assets: &'c [(AssetId, &'c str)],
    /// How old a request may be when it reaches the venue's matching: 1 ms to 60 s. Small, so that late quotes die.
    pub recv_window: Span,
    /// How long an answer may take before the fate of its request counts as unknown: 100 ms to 60 s.
    pub answer_max: Span,
    /// Largest difference of clocks with which orders go out, above zero.
    pub clock_offset_max: Span,
    /// What is told to the venue with each order.
    pub self_trade: SelfTradePrevention,
    /// Percent of the request weight that new orders leave to cancels, up to 90.
    pub cancel_reserve: u8,
    /// The timer to keep, on futures alone: spot has none.
    pub dead_man: Option<DeadMan>,
}

/// Why a trading session cannot be built. A number is the position in its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TradeConfigError {
    /// No instruments, or more than [`INSTRUMENTS_MAX`].
    Instruments,
    /// A symbol is empty, too long, has a letter other than A-Z, 0-9 and _, or is there twice.
    Symbol(usize),
    /// An instrument's id is there twice.
    DuplicateId(usize),
    /// Tick or lot is outside [`Step`]'s ranges.
    Step(usize),
    /// More than [`ASSETS_MAX`] assets.
    Assets,
    /// An asset's name or id is there twice, or its name is empty.
    Asset(usize),
    /// A span is outside its range.
    Span,
    /// The reserve is above 90 percent.
    Reserve,
    /// Spot has no dead-man timer.
    NoDeadMan,
    /// The dead-man timer needs a countdown from 1 s to 10 min and at least two beats in it.
    DeadMan,
    /// Keeping the timer would cost more than a quarter of the request weight: instruments × weight × beats a minute.
    /// The countdown must be at least so long.
    DeadManTooDear(Span),
}

impl core::fmt::Display for TradeConfigError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Instruments => write!(f, "a session trades 1 to {INSTRUMENTS_MAX} instruments"),
            Self::Symbol(at) => {
                write!(f, "instrument {at}: symbol empty, too long, given twice, or of other letters")
            }
            Self::DuplicateId(at) => write!(f, "instrument {at}: id given twice"),
            Self::Step(at) => write!(f, "instrument {at}: tick or lot out of range"),
            Self::Assets => write!(f, "more than {ASSETS_MAX} assets"),
            Self::Asset(at) => write!(f, "asset {at}: empty, or given twice"),
            Self::Span => f.write_str(
                "recv_window must be 1 ms to 60 s, answer_max 100 ms to 60 s, clock_offset_max above zero",
            ),
            Self::Reserve => f.write_str("the reserve for cancels is above 90 percent"),
            Self::NoDeadMan => f.write_str("spot has no dead-man timer"),
            Self::DeadMan => f.write_str("the dead-man timer needs 1 s to 10 min and at least two beats"),
            Self::DeadManTooDear(least) => write!(
                f,
                "keeping the dead-man timer would cost more than a quarter of the request weight: its countdown must be {} ms or more",
                least.0 / 1_000_000
            ),
        }
    }
}

impl core::error::Error for TradeConfigError {}

impl TradeMarket {
    /// Limits as documented, until the venue tells its own.
    pub(super) const fn limits(self) -> &'static [Documented] {
        match self {
            Self::Spot => {
                &[(Pool::Weight, 60, 6_000), (Pool::Orders, 10, 50), (Pool::Orders, 86_400, 160_000)]
            }
            Self::UsdM => &[
                (Pool::Weight, 60, 2_400),
                (Pool::RestWeight, 60, 2_400),
                (Pool::Orders, 10, 300),
                (Pool::Orders, 60, 1_200),
            ],
        }
    }

    /// Whether the venue has a timer that cancels everything when we stop telling it that we live.
    #[must_use]
    pub const fn has_dead_man(self) -> bool {
        matches!(self, Self::UsdM)
    }

    /// The shortest countdown of a dead-man timer in which so many words for so many instruments cost no more than a quarter of the
    /// request weight: instruments × weight × words a minute. `None` where there is no timer.
    #[must_use]
    pub fn dead_man_min(self, instruments: usize, words: u8) -> Option<Span> {
        if !self.has_dead_man() {
            return None;
        }
        let cost =
            i64::try_from(instruments).ok()?.checked_mul(i64::from(DEAD_MAN_WEIGHT) * i64::from(words))?;
        let cost = cost.checked_mul(Span::from_secs(60).0)?;
        let quarter = i64::from(self.rest_limit() / 4).max(1);
        Some(Span(cost / quarter + i64::from(cost % quarter != 0)))
    }

    /// Request weight of HTTP in a minute, as documented.
    fn rest_limit(self) -> u32 {
        let pool = self.rest_pool();
        self.limits().iter().find(|(of, ..)| *of == pool).map_or(0, |(.., limit)| *limit)
    }

    /// What HTTP requests draw from.
    pub(super) const fn rest_pool(self) -> Pool {
        match self {
            Self::Spot => Pool::Weight,
            Self::UsdM => Pool::RestWeight,
        }
    }
}

/// Weight of one word to the dead-man timer.
pub(super) const DEAD_MAN_WEIGHT: u32 = 10;

impl TradeConfig<'_> {
    pub(super) fn check(&self) -> Result<(), TradeConfigError> {
        let within = |span: Span, least: Span| (least..=Span::from_secs(60)).contains(&span);
        if !within(self.recv_window, Span::from_millis(1))
            || !within(self.answer_max, Span::from_millis(100))
            || self.clock_offset_max <= Span::ZERO
        {
            return Err(TradeConfigError::Span);
        }
        if self.cancel_reserve > 90 {
            return Err(TradeConfigError::Reserve);
        }
        self.check_dead_man()
    }

    fn check_dead_man(&self) -> Result<(), TradeConfigError> {
        let Some(DeadMan { countdown, beats }) = self.dead_man else { return Ok(()) };
        let fits = (Span::from_secs(1)..=Span::from_secs(600)).contains(&countdown) && beats >= 2;
        match self.market.dead_man_min(self.instruments.len(), beats) {
            None => Err(TradeConfigError::NoDeadMan),
            Some(_) if !fits => Err(TradeConfigError::DeadMan),
            Some(least) if countdown < least => Err(TradeConfigError::DeadManTooDear(least)),
            Some(_) => Ok(()),
        }
    }
}

/// One instrument, as the session keeps it.
#[derive(Debug)]
pub(super) struct Instrument {
    pub(super) id: InstrumentId,
    pub(super) symbol: String,
    pub(super) tick: Step,
    pub(super) lot: Step,
    pub(super) prices: Grid,
    pub(super) sizes: Grid,
    pub(super) quote: AssetId,
    pub(super) since: TradesSince,
    pub(super) trades: Recent,
    pub(super) rules: Option<Rules>,
    /// What the core was told last.
    pub(super) access: Option<AccessState>,
}

/// What the venue's names stand for. Allocated once.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) instruments: Vec<Instrument>,
    assets: Vec<(AssetId, String)>,
}

impl Names {
    pub(super) fn new(config: &TradeConfig<'_>) -> Result<Self, TradeConfigError> {
        if config.instruments.is_empty() || config.instruments.len() > INSTRUMENTS_MAX {
            return Err(TradeConfigError::Instruments);
        }
        if config.assets.len() > ASSETS_MAX {
            return Err(TradeConfigError::Assets);
        }
        let mut names = Self { instruments: Vec::new(), assets: Vec::new() };
        for (at, told) in config.instruments.iter().enumerate() {
            let letters = |byte: u8| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_');
            let fits =
                (1..=SYMBOL_BYTES_MAX).contains(&told.symbol.len()) && told.symbol.bytes().all(letters);
            if !fits || names.index(told.symbol).is_some() {
                return Err(TradeConfigError::Symbol(at));
            }
            if names.of(told.id).is_some() {
                return Err(TradeConfigError::DuplicateId(at));
            }
            let grid = |step| super::super::session::grid(step).ok_or(TradeConfigError::Step(at));
            names.instruments.push(Instrument {
                id: told.id,
                symbol: told.symbol.into(),
                tick: told.tick,
                lot: told.lot,
                prices: grid(told.tick)?,
                sizes: grid(told.lot)?,
                quote: told.quote,
                since: told.since,
                trades: Recent::new(),
                rules: None,
                access: None,
            });
        }
        for (at, (id, name)) in config.assets.iter().enumerate() {
            let known = names.assets.iter().any(|(other, text)| other == id || text == name);
            if known || name.is_empty() {
                return Err(TradeConfigError::Asset(at));
            }
            names.assets.push((*id, (*name).into()));
        }
        Ok(names)
    }

    /// The position of a symbol's instrument.
    pub(super) fn index(&self, symbol: &str) -> Option<usize> {
        self.instruments.iter().position(|instrument| instrument.symbol == symbol)
    }

    /// The position of an instrument.
    pub(super) fn of(&self, id: InstrumentId) -> Option<usize> {
        self.instruments.iter().position(|instrument| instrument.id == id)
    }

    pub(super) fn asset(&self, name: &str) -> Option<AssetId> {
        self.assets.iter().find(|(_, text)| text == name).map(|(id, _)| *id)
    }

    pub(super) const fn assets(&self) -> usize {
        self.assets.len()
    }
}
