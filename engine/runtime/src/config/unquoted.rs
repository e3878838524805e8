//! Why an instrument of the data is not quoted at all.
//!
//! Never here: why one that is quoted has no quotes at a time; the core says that.

use ballast_venue::binance::Market;

use super::fair::FairConfig;
use super::quoting::input_venues;
use super::resolve::{ResolvedInstrument, Resolver, market_name};

/// Why an instrument is only followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unquoted {
    /// `quoting.markets` leaves its market out.
    LeftOut,
    /// The data has no book of it.
    NoBook,
    /// The data has no instrument on its base asset, in its quote currency or one of equal worth, in the market that its fills are to
    /// be hedged on.
    NoHedgeMarket(Market),
    /// The data lacks what its fair value is made from: an input that is required, or all of them.
    NoInput,
}

impl Unquoted {
    /// The reason's name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LeftOut => "left_out",
            Self::NoBook => "no_book",
            Self::NoHedgeMarket(_) => "no_hedge_market",
            Self::NoInput => "no_input",
        }
    }
}

impl core::fmt::Display for Unquoted {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::LeftOut => f.write_str("`quoting.markets` leaves it out"),
            Self::NoBook => f.write_str("the data has no book of it"),
            Self::NoHedgeMarket(market) => {
                write!(f, "the data has no {} instrument to hedge it on", market_name(*market))
            }
            Self::NoInput => f.write_str("the data lacks an input that its fair value needs"),
        }
    }
}

impl Resolver<'_> {
    /// Each instrument whose fair value is made without an input that the data has not, and that input's name.
    #[must_use]
    pub fn lacking(&self, instruments: &[ResolvedInstrument]) -> Vec<(String, String)> {
        let mut lacking = Vec::new();
        for (one, unquoted) in instruments.iter().zip(self.unquoted(instruments)) {
            let FairConfig::Blend(blend) = &self.table(&one.found).1.fair else { continue };
            if unquoted.is_some() {
                continue;
            }
            let venues = input_venues(&self.table(&one.found).1.fair, &one.found, instruments);
            for (input, _) in blend.inputs.iter().zip(venues).filter(|(_, venue)| venue.is_none()) {
                let market = market_name(input.market.into());
                let name = input.symbol.as_ref().map_or_else(
                    || format!("{market} on {}", one.found.base),
                    |symbol| format!("{market} {symbol}"),
                );
                lacking.push((one.found.name(), name));
            }
        }
        lacking
    }

    /// Why each instrument is only followed; `None` for one that is quoted, and where the configuration cannot be used.
    #[must_use]
    pub fn unquoted(&self, instruments: &[ResolvedInstrument]) -> Vec<Option<Unquoted>> {
        let why = |one: &ResolvedInstrument| match one.reference {
            None => Some(Unquoted::NoBook),
            Some(mid) => self.quoting(instruments, &one.found, mid).ok().and_then(Result::err),
        };
        instruments.iter().map(why).collect()
    }
}
