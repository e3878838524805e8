//! What an operator can name in a run, in the words he writes it with and reads it in.
//!
//! Never here: what a command does.

use ballast_core::gate::portfolio::BudgetsSpec;
use ballast_model::{BudgetKind, InstrumentId, OperatorScope, StrategyId};
use ballast_venue::binance::Market;

use crate::config::{BookNames, Resolved, ResolvedInstrument, market_name, market_of, venue_named};

/// What stands before a strategy's name.
const STRATEGY: &str = "strategy ";

/// The scopes of a run: its instruments, their markets and strategies. None by default.
#[derive(Clone, Debug, Default)]
pub struct Scopes {
    /// By [`InstrumentId`].
    instruments: Vec<Named>,
    /// Names by [`StrategyId`].
    strategies: Vec<String>,
    /// Whether a `[risk]` table holds the instruments together.
    together: bool,
    /// `None` where no books are kept.
    books: Option<BookNames>,
    /// Names by [`ballast_model::AssetId`].
    assets: Vec<String>,
    /// The limits that span shards, of which this one owns a part.
    budgets: Vec<BudgetKind>,
}

/// One instrument.
#[derive(Clone, Debug)]
struct Named {
    name: String,
    market: Market,
    strategy: StrategyId,
    /// Quoted or hedged with: there is a gate to close.
    sends: bool,
}

impl Scopes {
    /// Those of what is built for these instruments.
    pub(crate) fn new(
        instruments: &[ResolvedInstrument],
        names: &BookNames,
        built: &Resolved,
        assets: &[String],
    ) -> Self {
        let named = |(id, one): (InstrumentId, &ResolvedInstrument)| {
            let lane = built.shard.lanes.get(id.index());
            Named {
                name: one.found.name(),
                market: one.found.instrument.market,
                strategy: names.strategy(id),
                sends: lane.is_some_and(|lane| lane.quoting.is_some() || lane.hedge_limits.is_some()),
            }
        };
        Self {
            instruments: (0..).map(InstrumentId).zip(instruments).map(named).collect(),
            strategies: names.strategies.clone(),
            together: built.shard.portfolio.is_some(),
            books: built.books.clone(),
            assets: assets.to_vec(),
            budgets: built
                .shard
                .portfolio
                .as_ref()
                .and_then(|risk| risk.budgets)
                .map_or_else(Vec::new, divided),
        }
    }

    /// The scope of these words: `all`, a market, an instrument, or `strategy` and a name.
    ///
    /// # Errors
    /// The rule that is broken: there is no such scope, nothing of it sends orders, or nothing holds it together.
    pub fn scope(&self, words: &str) -> Result<OperatorScope, String> {
        if words == "all" {
            return Ok(OperatorScope::All);
        }
        if let Some(name) = words.strip_prefix(STRATEGY) {
            let place = self.strategies.iter().position(|known| known == name);
            let id = place.and_then(|place| u8::try_from(place).ok()).map(StrategyId);
            let id = id.ok_or_else(|| self.unknown(words))?;
            return self.together(OperatorScope::Strategy(id), |one| one.strategy == id);
        }
        if let Some(venue) = venue_named(words) {
            return self.together(OperatorScope::Venue(venue), |one| market_of(venue) == Some(one.market));
        }
        let mut numbered = (0..).map(InstrumentId).zip(&self.instruments);
        match numbered.find(|(_, one)| one.name == words) {
            Some((id, one)) if one.sends => Ok(OperatorScope::Instrument(id)),
            Some(_) => Err(format!("`{words}` is only followed: no order is sent there")),
            None => Err(self.unknown(words)),
        }
    }

    /// The words of a scope, as [`Scopes::scope`] reads them.
    #[must_use]
    pub fn words(&self, scope: OperatorScope) -> String {
        match scope {
            OperatorScope::Instrument(id) => {
                self.instruments.get(id.index()).map_or_else(String::new, |one| one.name.clone())
            }
            OperatorScope::Strategy(id) => {
                let name = self.strategies.get(usize::from(id.0)).map_or("", String::as_str);
                format!("{STRATEGY}{name}")
            }
            OperatorScope::Venue(id) => market_of(id).map_or("", market_name).to_owned(),
            OperatorScope::All => "all".to_owned(),
        }
    }

    /// Whether a `[risk]` table holds the instruments together.
    pub(super) const fn has_portfolio(&self) -> bool {
        self.together
    }

    /// Whether the shard owns a part of a limit.
    pub(super) fn divides(&self, kind: BudgetKind) -> bool {
        self.budgets.contains(&kind)
    }

    /// The names of the books; `None` where none are kept.
    pub(super) const fn books(&self) -> Option<&BookNames> {
        self.books.as_ref()
    }

    /// Names by [`ballast_model::AssetId`].
    pub(super) fn assets(&self) -> &[String] {
        &self.assets
    }

    /// A scope that only a portfolio has.
    fn together(
        &self,
        scope: OperatorScope,
        is_its: impl Fn(&Named) -> bool,
    ) -> Result<OperatorScope, String> {
        let words = self.words(scope);
        if !self.together {
            return Err(format!("`{words}` needs a [risk] table: without one every instrument stands alone"));
        }
        if !self.instruments.iter().any(|one| one.sends && is_its(one)) {
            return Err(format!("no instrument of `{words}` sends orders"));
        }
        Ok(scope)
    }

    fn unknown(&self, words: &str) -> String {
        let strategies = self.strategies.iter().map(|name| format!("{STRATEGY}{name}"));
        let names: Vec<_> = strategies.chain(self.instruments.iter().map(|one| one.name.clone())).collect();
        format!("`{words}` is neither `all`, a market, nor one of: {}", names.join(", "))
    }
}

/// The limits that span shards.
fn divided(spec: BudgetsSpec) -> Vec<BudgetKind> {
    let kinds = BudgetKind::ALL.into_iter().zip(spec.budgets);
    kinds.filter_map(|(kind, budget)| budget.map(|_| kind)).collect()
}

#[cfg(test)]
mod tests;
