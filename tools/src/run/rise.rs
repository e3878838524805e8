//! How long a run took to come up, from the start of the process.

use ballast_runtime::clock::Stopwatch;
use ballast_runtime::live::Engine;
use serde_json::{Value, json};
use std::time::Duration;

use crate::view::Console;

/// When which step was done; `None` for one that is still to come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rise {
    began: Stopwatch,
    /// The state as the run before left it; `None` too where there was none.
    recovered: Option<Duration>,
    /// Books, account and open orders are known and agree with that: quoting may begin.
    known: Option<Duration>,
    /// The first order has left the core.
    ordered: Option<Duration>,
}

impl Rise {
    pub(super) const fn new(began: Stopwatch, recovered: Option<Duration>) -> Self {
        Self { began, recovered, known: None, ordered: None }
    }

    /// Looks how far it is, and tells when all is known of a run that goes on.
    pub(super) fn look(&mut self, is_known: bool, engine: &mut Engine, console: &mut Console) {
        if self.ordered.is_some() {
            return;
        }
        let elapsed = self.began.elapsed();
        if is_known && self.known.is_none() {
            self.known = Some(elapsed);
            if self.recovered.is_some() {
                let seconds = elapsed.as_secs_f64();
                console.tell(&format!(
                    "quoting may begin: all is known and agrees, {seconds:.3} s after the start"
                ));
            }
        }
        if engine.look().iter().any(|view| view.orders > 0) {
            self.ordered = Some(elapsed);
        }
    }

    /// Seconds after the start; `null` for what has not come.
    pub(super) fn object(&self) -> Value {
        let seconds = |at: Option<Duration>| at.map(|at| at.as_secs_f64());
        json!({
            "recovered_seconds": seconds(self.recovered),
            "known_seconds": seconds(self.known),
            "first_order_seconds": seconds(self.ordered),
        })
    }
}
