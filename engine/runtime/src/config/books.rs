//! Whose an instrument's trades are, as configuration names it.

use ballast_core::accounts::{Settles, StrategyId};
use ballast_core::shard::LaneBook;
use ballast_model::{InstrumentId, SubAccountId};
use ballast_venue::binance::Market;

use super::resolve::{ResolvedInstrument, Resolver};

/// The name of what no instrument names.
pub(crate) const DEFAULT: &str = "default";

/// Names of strategies and sub-accounts, by their ids, and what each instrument is booked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookNames {
    /// By [`StrategyId`].
    pub strategies: Vec<String>,
    /// By [`SubAccountId`].
    pub accounts: Vec<String>,
    /// One for each instrument.
    pub lanes: Vec<LaneBook>,
}

impl BookNames {
    /// For whom an instrument is traded, as the gate numbers it: a portfolio has fewer instruments than such ids.
    pub(crate) fn strategy(&self, instrument: InstrumentId) -> ballast_model::StrategyId {
        let id = self.lanes.get(instrument.index()).map_or(0, |lane| lane.strategy.0);
        ballast_model::StrategyId(u8::try_from(id).unwrap_or(u8::MAX))
    }
}

impl Resolver<'_> {
    /// Whose the trades of these instruments are; `None` where none names a strategy or an account.
    #[must_use]
    pub fn books(&self, instruments: &[ResolvedInstrument]) -> Option<BookNames> {
        let named = |one: &ResolvedInstrument| {
            let facts = self.facts(&one.found.instrument.symbol, one.found.instrument.market);
            facts.is_some_and(|(_, facts)| facts.strategy.as_ref().or(facts.account.as_ref()).is_some())
        };
        instruments.iter().any(named).then(|| self.names(instruments))
    }

    /// The same where none is named too: everything is traded by default.
    pub(crate) fn names(&self, instruments: &[ResolvedInstrument]) -> BookNames {
        let mut names = BookNames {
            strategies: vec![DEFAULT.to_owned()],
            accounts: vec![DEFAULT.to_owned()],
            lanes: Vec::new(),
        };
        for one in instruments {
            let facts = self.facts(&one.found.instrument.symbol, one.found.instrument.market);
            let own = facts.map(|(_, facts)| (facts.strategy.as_deref(), facts.account.as_deref()));
            let (strategy, account) = own.unwrap_or_default();
            names.lanes.push(LaneBook {
                strategy: StrategyId(id_of(&mut names.strategies, strategy)),
                account: SubAccountId(id_of(&mut names.accounts, account)),
                settles: match one.found.instrument.market {
                    Market::Spot => Settles::Spot,
                    Market::UsdM | Market::CoinM => Settles::Margined,
                },
            });
        }
        names
    }
}

/// The place of a name, which is added where it is new.
fn id_of(names: &mut Vec<String>, name: Option<&str>) -> u16 {
    let name = name.unwrap_or(DEFAULT);
    let place = names.iter().position(|known| known == name).unwrap_or_else(|| {
        names.push(name.to_owned());
        names.len() - 1
    });
    u16::try_from(place).unwrap_or(u16::MAX)
}
