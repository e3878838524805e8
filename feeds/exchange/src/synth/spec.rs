//! What to generate.

use ballast_model::{Nanos, Price, Span};

/// Fewest and most ticks of the first price: below, the book has no room for its bids; above, no session could hold it.
const START_TICKS: (i64, i64) = (2_000, 1_000_000_000);
/// The year 2200 in ns since the epoch: the end of any market, so that no sum of times overflows.
const TIME_MAX_NS: i64 = 7_258_118_400_000_000_000;
/// Most decimals of a price or a size: what the spot layout prints.
pub(super) const SCALE_MAX: u8 = 8;
/// Longest symbol, in bytes.
const SYMBOL_BYTES_MAX: usize = 24;

/// Which market's protocol the frames follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// USD-M futures: diffs about every 52 ms with `pu`, update ids that jump, times on every message.
    UsdM,
    /// Spot: diffs every 100 ms, contiguous update ids, eight decimals, no time on a bookTicker.
    Spot,
}

/// The vintage of the layouts. Spot's did not change between the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// As recorded in August 2024.
    Y2024,
    /// Since June 2026: USD-M messages carry `st` (1: USD-M) and `ps` (pair), and other field orders.
    Y2026,
}

/// A synthetic market to generate. Equal specs give equal bytes, on every host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SynthSpec {
    /// Decides everything that is random.
    pub seed: u64,
    /// Protocol of the frames.
    pub dialect: Dialect,
    /// Vintage of the layouts.
    pub layout: Layout,
    /// Symbol, upper-case ASCII letters, digits and `_`, such as `ETHUSDT`; 1 to 24 bytes.
    pub symbol: String,
    /// Decimals of a price: one tick is 10^−`tick_scale` of the quote currency. In `0..=8`.
    pub tick_scale: u8,
    /// Decimals of a size: one lot is 10^−`lot_scale` of the base currency. In `0..=8`. Sizes are drawn by their value in the
    /// quote currency, so a lot worth more than a few units of it makes a coarse book.
    pub lot_scale: u8,
    /// First price, in `2_000..=1_000_000_000` ticks.
    pub start_price: Price,
    /// First moment, on the local clock; from the epoch on.
    pub start: Nanos,
    /// Length, above zero; frames are received in `start..=start + duration`, which ends before the year 2200.
    pub duration: Span,
    /// The venue's clock minus the local clock. The venue's times, too, lie between the epoch and the year 2200.
    pub clock_offset: Span,
}

/// Why a [`SynthSpec`] cannot be generated: the field at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpecFault {
    /// `symbol` is empty, too long, or has a character no symbol has.
    Symbol,
    /// `tick_scale` is above 8.
    TickScale,
    /// `lot_scale` is above 8.
    LotScale,
    /// `start_price` is outside `2_000..=1_000_000_000` ticks.
    StartPrice,
    /// The market begins before the epoch or ends after the year 2200, on the local or on the venue's clock.
    Time,
    /// `duration` is not above zero.
    Duration,
}

impl core::fmt::Display for SpecFault {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Symbol => "the symbol is not 1 to 24 upper-case letters, digits and underscores",
            Self::TickScale => "a price has at most 8 decimals",
            Self::LotScale => "a size has at most 8 decimals",
            Self::StartPrice => "the first price is outside 2 000 to 1 000 000 000 ticks",
            Self::Time => "the market begins before the epoch or ends after the year 2200",
            Self::Duration => "the duration is not above zero",
        })
    }
}

impl core::error::Error for SpecFault {}

impl SynthSpec {
    /// Five minutes of a perpetual with the grid of ETHUSDT and a venue whose clock agrees with ours.
    #[must_use]
    pub fn eth_perpetual(seed: u64) -> Self {
        Self {
            seed,
            dialect: Dialect::UsdM,
            layout: Layout::Y2026,
            symbol: String::from("ETHUSDT"),
            tick_scale: 2,
            lot_scale: 3,
            start_price: Price(268_162),
            start: Nanos::from_millis(1_786_147_200_000),
            duration: Span::from_secs(300),
            clock_offset: Span::ZERO,
        }
    }

    /// Five minutes of a spot market with the grid of ETHUSDT and a venue whose clock agrees with ours.
    #[must_use]
    pub fn eth_spot(seed: u64) -> Self {
        Self { dialect: Dialect::Spot, lot_scale: 4, ..Self::eth_perpetual(seed) }
    }

    /// Checks every range stated at the fields.
    ///
    /// # Errors
    /// Names the first field that is out of its range.
    pub fn validate(&self) -> Result<(), SpecFault> {
        let symbol_byte = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        if self.symbol.is_empty()
            || self.symbol.len() > SYMBOL_BYTES_MAX
            || !self.symbol.bytes().all(symbol_byte)
        {
            return Err(SpecFault::Symbol);
        }
        if self.tick_scale > SCALE_MAX {
            return Err(SpecFault::TickScale);
        }
        if self.lot_scale > SCALE_MAX {
            return Err(SpecFault::LotScale);
        }
        if !(START_TICKS.0..=START_TICKS.1).contains(&self.start_price.0) {
            return Err(SpecFault::StartPrice);
        }
        if self.duration.0 <= 0 {
            return Err(SpecFault::Duration);
        }
        let venue_start = self.start + self.clock_offset;
        for start in [self.start, venue_start] {
            if start.0 < 0 || (start + self.duration).0 > TIME_MAX_NS {
                return Err(SpecFault::Time);
            }
        }
        Ok(())
    }
}
