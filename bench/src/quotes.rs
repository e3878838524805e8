//! The quotes that generating and diffing are measured with.

use ballast_core::book::Level;
use ballast_core::fair::Touch;
use ballast_core::model::{
    DesiredQuotes, FixedSpread, FixedSpreadParams, Grid, GridParams, GridRange, GridSpacing, Model,
    QUOTES_PER_SIDE_MAX, QuoteInputs, Scales,
};
use ballast_core::quotes::{LiveQuote, LiveStatus};
use ballast_model::{
    AssetId, ClientOrderId, Contract, InstrumentSpec, Lots, Money, Nanos, Price, Rate, Side, Step, Ticks,
};

/// Quotes of the grid, and quotes a side of the ladder.
pub const LEVELS: usize = 50;

fn spec() -> InstrumentSpec {
    InstrumentSpec::new(InstrumentSpec {
        tick: Step { mantissa: 1, scale: 2 },
        lot: Step { mantissa: 1, scale: 3 },
        multiplier: 1,
        contract: Contract::Linear,
        price_min: Price(1),
        price_max: Price(1_000_000),
        size_min: Lots(1),
        size_max: Lots(1_000_000),
        notional_min: Money::ZERO,
        base: AssetId(0),
        quote: AssetId(1),
    })
    .expect("a sound instrument")
}

/// [`LEVELS`] cells of a grid about the midpoint.
///
/// # Panics
/// Never: its numbers are fixed.
#[must_use]
pub fn grid() -> Model {
    let params = GridParams {
        range: GridRange::AroundMid(Rate::from_bps(100)),
        spacing: GridSpacing::Geometric,
        cells: LEVELS,
        levels_max: QUOTES_PER_SIDE_MAX,
        size: Lots(100),
        maker_fee: Rate(0),
    };
    Model::Grid(Grid::new(params).expect("a grid"))
}

/// [`LEVELS`] quotes a side.
///
/// # Panics
/// Never: its numbers are fixed.
#[must_use]
pub fn ladder() -> Model {
    let plain = FixedSpreadParams::plain(Ticks(3), 0.0, Lots(100), Lots(1_000_000));
    let params = FixedSpreadParams { levels: LEVELS, step: Ticks(10), ..plain };
    Model::FixedSpread(FixedSpread::new(params, Scales::new(&spec())).expect("a ladder"))
}

/// What a model is asked with where the midpoint is this, in ticks.
#[must_use]
pub fn quote_inputs(mid: i64) -> QuoteInputs {
    let level = |price| Some(Level { price: Price(price), lots: Lots(5_000) });
    QuoteInputs {
        now: Nanos(1),
        touch: Touch::from_sides(level(mid - 1), level(mid + 1)),
        fair_ticks: 0.0,
        sigma_ticks_per_sqrt_s: None,
        inventory: Lots::ZERO,
        arrivals: None,
        depth: None,
        hedge: None,
    }
}

/// Live orders at what is wanted, `off` ticks away.
#[must_use]
pub fn live(quotes: &DesiredQuotes, off: i64) -> Vec<LiveQuote> {
    let levels =
        Side::BOTH.iter().flat_map(|side| quotes.side(*side).levels().iter().map(|level| (*side, level)));
    let order = |(id, (side, level)): (u64, (Side, &Level))| LiveQuote {
        client_id: ClientOrderId(id),
        side,
        price: Price(level.price.0 + off),
        remaining: level.lots,
        status: LiveStatus::Live,
    };
    (1..).zip(levels).map(order).collect()
}
