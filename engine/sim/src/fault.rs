//! One thing that is to go wrong: what, when, for how long. A plan is a list of these, and so is the file of a scenario.

use std::fmt::Write as _;

use ballast_model::Span;
use ballast_simulator::faults::FaultsFile;

use crate::net::Reach;
use crate::report::State;

/// What whoever drives the world does at its time; what the venue does is a rule of its own ([`Fault::rule`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// The connection for requests is cut.
    CutRequests,
    /// The way to the venues is cut.
    CutAll,
    /// It is cut, and connections that are asked for then come to this.
    Unreachable(Reach),
    /// An operator kills from outside.
    Kill,
    /// The configuration is another from now on.
    Configure(u32),
    /// The process is killed, and started again after so long.
    Crash(Span),
    /// The host loses power, and the process is started again after so long.
    PowerLoss(Span),
    /// An operator ends the run in order, and starts it again after so long.
    Stop(Span),
    /// Nothing can be written to the disk.
    DiskFull,
    /// The wall clock is set forward or back.
    WallJump(Span),
    /// The threads of venues do not run.
    VenueStall,
    /// The thread of the shard does not.
    ShardStall,
}

/// Kinds that whoever drives the world does, and what each needs besides its time.
pub(crate) const ACTS: [(&str, Needs); 13] = [
    ("cut-requests", Needs::Nothing),
    ("cut-all", Needs::Nothing),
    ("connect-refused", Needs::End),
    ("connect-hangs", Needs::End),
    ("operator-kill", Needs::End),
    ("configure", Needs::Width),
    ("crash", Needs::End),
    ("power-loss", Needs::End),
    ("stop", Needs::End),
    ("disk-full", Needs::End),
    ("wall-jump", Needs::Both),
    ("venue-stall", Needs::End),
    ("shard-stall", Needs::End),
];

/// What a kind needs besides its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Nothing.
    Nothing,
    /// For how long.
    End,
    /// Which configuration.
    Width,
    /// For how long, and by how much.
    Both,
}

/// One thing that is to go wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fault {
    /// What: a kind of the simulated venue's, or of the world's.
    pub kind: String,
    /// After the beginning, in whole milliseconds.
    pub at: Span,
    /// It waits, from then on, until the engine stands so.
    pub during: Option<State>,
    /// On which channel of the venue.
    pub on: Option<String>,
    /// At which venue, by its number in the configuration; `None` for each.
    pub venue: Option<usize>,
    /// For how long, in whole milliseconds; of a process that is gone, until the next one.
    pub lasts: Option<Span>,
    /// Which part of messages is hit, in percent.
    pub percent: Option<u32>,
    /// By how much a delay or a clock is off, in whole milliseconds.
    pub by: Option<Span>,
    /// Which configuration follows.
    pub width: Option<u32>,
}

impl Fault {
    /// What whoever drives the world does; `None` where the venue does it.
    pub(crate) fn act(&self) -> Option<Act> {
        let lasts = self.lasts.unwrap_or_default();
        Some(match &*self.kind {
            "cut-requests" => Act::CutRequests,
            "cut-all" => Act::CutAll,
            "connect-refused" => Act::Unreachable(Reach::Refuses),
            "connect-hangs" => Act::Unreachable(Reach::Hangs),
            "operator-kill" => Act::Kill,
            "configure" => Act::Configure(self.width.unwrap_or_default()),
            "crash" => Act::Crash(lasts),
            "power-loss" => Act::PowerLoss(lasts),
            "stop" => Act::Stop(lasts),
            "disk-full" => Act::DiskFull,
            "wall-jump" => Act::WallJump(self.by.unwrap_or_default()),
            "venue-stall" => Act::VenueStall,
            "shard-stall" => Act::ShardStall,
            _ => return None,
        })
    }

    /// What the coverage table calls it; `None` for what the venue counts by itself.
    pub(crate) fn name(&self) -> Option<&'static str> {
        ACTS.iter().find(|(name, _)| *name == self.kind).map(|(name, _)| *name)
    }

    /// The rule for the simulated venue, which begins at once.
    pub(crate) fn rule(&self) -> String {
        let mut rule = format!("[[fault]]\nkind = \"{}\"\n", self.kind);
        // Writing to a string does not fail.
        if let Some(on) = &self.on {
            let _ = writeln!(rule, "on = \"{on}\"");
        }
        if let Some(lasts) = self.lasts {
            let _ = writeln!(rule, "for = \"{}ms\"", millis(lasts));
        }
        if let Some(percent) = self.percent {
            let _ = writeln!(rule, "rate = {}.{:02}", percent / 100, percent % 100);
        }
        if let Some(by) = self.by {
            let _ = writeln!(rule, "by = \"{}ms\"", millis(by));
        }
        rule
    }

    /// Whether it can be.
    ///
    /// # Errors
    /// The rule that is broken.
    pub(crate) fn check(&self) -> Result<(), String> {
        let Some((_, needs)) = ACTS.iter().find(|(name, _)| *name == self.kind) else {
            if self.width.is_some() {
                return Err("width means nothing for this kind".to_owned());
            }
            return FaultsFile::parse(&self.rule()).map(drop).map_err(|error| error.to_string());
        };
        let has = (self.lasts.is_some(), self.by.is_some(), self.width.is_some());
        let wants = match needs {
            Needs::Nothing => (false, false, false),
            Needs::End => (true, false, false),
            Needs::Width => (false, false, true),
            Needs::Both => (true, true, false),
        };
        if has != wants {
            let words = match needs {
                Needs::Nothing => "nothing besides its time",
                Needs::End => "for_ms alone",
                Needs::Width => "width alone",
                Needs::Both => "for_ms and by_ms",
            };
            return Err(format!("{} needs {words}", self.kind));
        }
        if self.on.is_some() || self.percent.is_some() || self.venue.is_some() {
            return Err("on, percent and venue are for faults of a venue".to_owned());
        }
        Ok(())
    }
}

/// Whole milliseconds of a span.
pub(crate) const fn millis(span: Span) -> i64 {
    span.0 / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(kind: &str) -> Fault {
        Fault { kind: kind.to_owned(), ..Fault::default() }
    }

    #[test]
    fn what_is_missing_or_means_nothing_is_said() {
        let some = Some(Span::from_secs(1));
        assert_eq!(Fault { lasts: some, ..fault("crash") }.check(), Ok(()));
        assert_eq!(fault("crash").check(), Err("crash needs for_ms alone".to_owned()));
        let jump = Fault { lasts: some, ..fault("wall-jump") };
        assert_eq!(jump.check(), Err("wall-jump needs for_ms and by_ms".to_owned()));
        let wide = Fault { width: Some(3), ..fault("gap") };
        assert_eq!(wide.check(), Err("width means nothing for this kind".to_owned()));
        let on = Fault { on: Some("api".to_owned()), ..fault("cut-all") };
        assert!(on.check().unwrap_err().starts_with("on, percent and venue"));
        assert!(fault("throttle").check().unwrap_err().contains("for: is needed"));
        assert!(fault("earthquake").check().unwrap_err().contains("earthquake"));
    }

    #[test]
    fn every_act_is_known_by_its_name() {
        for (name, _) in ACTS {
            assert!(fault(name).act().is_some(), "{name}");
            assert_eq!(fault(name).name(), Some(name));
        }
        assert_eq!((fault("gap").act(), fault("gap").name()), (None, None));
    }
}
