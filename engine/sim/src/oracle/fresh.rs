//! The gate is closed whenever an input is older than its bound.

use ballast_core::shard::Shard;
use ballast_model::{Command, Nanos, Span};

use super::Verdict;
use super::kill::reduces;
use crate::line::Known;

pub(super) const NAME: &str = "fresh-inputs";

/// How old the touch may be: `touch_age_max` of the configuration.
const TOUCH_AGE_MAX: Span = Span::from_secs(5);

/// Knows the bounds.
#[derive(Debug, Default)]
pub(crate) struct FreshInputs;

impl FreshInputs {
    pub(crate) fn decided(&self, command: &Command, shard: &Shard, known: &Known, now: Nanos) -> Verdict {
        let Command::New(order) = command else { return Ok(()) };
        if reduces(order, shard) {
            return Ok(());
        }
        let old = known.market_at.is_none_or(|at| now - at > TOUCH_AGE_MAX);
        let cut = |down: Option<Nanos>| down.is_some_and(|since| since < now);
        let why = if old {
            format!("the market last spoke at {:?}", known.market_at)
        } else if cut(known.api_down) {
            format!("the connection of orders is down since {:?}", known.api_down)
        } else if cut(known.user_down) {
            format!("the news of the account are cut off since {:?}", known.user_down)
        } else {
            return Ok(());
        };
        Err((NAME, format!("{order:?} at {now:?}: {why}")))
    }
}
