//! What an operator said during a run, in words.

use ballast_model::OperatorAct;
use ballast_runtime::job::Prepared;
use ballast_runtime::operator::Obeyed;
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
    let command = match said.command.act {
        OperatorAct::ReduceOnly => "reduce-only",
        OperatorAct::Pause => "pause",
        OperatorAct::Kill => "kill",
        OperatorAct::Resume => "resume",
        OperatorAct::ClearLoss => "clear-loss",
        OperatorAct::Thaw => "thaw",
        OperatorAct::Confirm(_) => "confirm",
    };
    let scope = prepared.scope_words(said.command.scope);
    let outcome = said.outcome.err().map_or_else(|| "accepted".to_owned(), |why| format!("refused: {why}"));
    Words { command, scope, outcome }
}

/// The same as JSON.
pub(crate) fn json(said: &Obeyed, prepared: &Prepared<'_>) -> Value {
    let Words { command, scope, outcome } = words(said, prepared);
    json!({
        "time": report::time_text(said.at),
        "command": command,
        "scope": scope,
        "operator": said.command.operator.0,
        "reason": said.command.reason.0,
        "accepted": said.outcome.is_ok(),
        "outcome": outcome,
    })
}
