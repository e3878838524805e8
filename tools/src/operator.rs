//! What an operator said during a run, in words.

use ballast_model::{OperatorAct, OperatorId, OperatorScope, ReasonCode};
use ballast_runtime::job::Prepared;
use ballast_runtime::operator::{Obeyed, Said};
use serde_json::{Value, json};

use crate::report;

/// A command and its answer.
pub(crate) struct Words {
    pub(crate) command: &'static str,
    pub(crate) scope: String,
    /// `accepted`, or why it was refused.
    pub(crate) outcome: String,
}

/// A command and its answer in words; names as a script writes them.
pub(crate) fn words(said: &Obeyed, prepared: &Prepared<'_>) -> Words {
    let (command, scope) = match said.said {
        Said::Command(command) => (name_of(command.act), command.scope),
        Said::Grant(_) => ("grant", OperatorScope::All),
    };
    let scope = prepared.scope_words(scope);
    let outcome = said.outcome.err().map_or_else(|| "accepted".to_owned(), |why| format!("refused: {why}"));
    Words { command, scope, outcome }
}

/// The name of a command.
pub(crate) const fn name_of(act: OperatorAct) -> &'static str {
    match act {
        OperatorAct::ReduceOnly => "reduce-only",
        OperatorAct::Pause => "pause",
        OperatorAct::Kill => "kill",
        OperatorAct::Resume => "resume",
        OperatorAct::ClearLoss => "clear-loss",
        OperatorAct::Thaw => "thaw",
        OperatorAct::Confirm(_) => "confirm",
        OperatorAct::Arm(_) => "arm",
        OperatorAct::Adjust { .. } => "adjust",
        OperatorAct::Split { .. } => "split",
        OperatorAct::Merge { .. } => "merge",
        OperatorAct::Transfer { .. } => "transfer",
    }
}

/// The same as JSON.
pub(crate) fn json(said: &Obeyed, prepared: &Prepared<'_>) -> Value {
    let Words { command, scope, outcome } = words(said, prepared);
    let (operator, reason) = match said.said {
        Said::Command(command) => (command.operator, command.reason),
        Said::Grant(_) => (OperatorId::default(), ReasonCode::default()),
    };
    json!({
        "time": report::time_text(said.at),
        "command": command,
        "scope": scope,
        "operator": operator.0,
        "reason": reason.0,
        "accepted": said.outcome.is_ok(),
        "outcome": outcome,
    })
}
