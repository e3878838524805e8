//! What whoever sits at the terminal does to a run.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use ballast_model::{Event, OperatorAct, OperatorCommand, OperatorId, OperatorScope};
use ballast_runtime::live::{BY_KEY, Engine, Switched};

use crate::view::{Act, Console, Going};

/// What was done so far.
#[derive(Debug)]
pub(super) struct Hand {
    /// How the run goes.
    pub(super) going: Going,
    /// Quotes are pulled by a key.
    pub(super) paused: bool,
    /// Everything is killed by one.
    pub(super) kills: bool,
}

impl Hand {
    pub(super) const fn new() -> Self {
        Self { going: Going::Starting, paused: false, kills: false }
    }

    /// Does what a key asks for.
    pub(super) fn take(&mut self, act: Act, engine: &mut Engine, console: &mut Console, stop: &AtomicBool) {
        match act {
            Act::Stop => stop.store(true, Relaxed),
            Act::Kill => self.kills = true,
            Act::AskKill | Act::NoKill => {}
            Act::Pause => self.pause(engine, console),
        }
    }

    /// Pulls the quotes, or lets them come back.
    pub(super) fn pause(&mut self, engine: &mut Engine, console: &mut Console) {
        let (act, said) = match self.going {
            Going::Quoting => (OperatorAct::Pause, "paused by a key: quotes are pulled"),
            Going::Paused => (OperatorAct::Resume, "resumed by a key"),
            Going::Starting => return console.tell("nothing is quoted yet: there is nothing to pause"),
            Going::Killed => return console.tell("killed: there is nothing to pause"),
        };
        let (scope, operator) = (OperatorScope::All, OperatorId::default());
        if engine.tell(&Event::Operator(OperatorCommand { scope, act, operator, reason: BY_KEY })) {
            self.paused = act == OperatorAct::Pause;
            // Of keys that follow at once the next must know.
            self.going = if self.paused { Going::Paused } else { Going::Quoting };
            console.tell(said);
        } else {
            console.tell("a shard has no room to be told: press again");
        }
    }

    /// A kill from outside began or ended: with its end the start gate resumes everything, a pause too.
    pub(super) fn switched(&mut self, switched: Switched) {
        self.paused &= matches!(switched, Switched::Killed(_));
    }
}
