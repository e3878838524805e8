//! How a run is told of while it goes on: on one screen where a person sits at a terminal, in lines else.
//!
//! Whoever runs the engine hands over what to show and goes on: it never waits for a terminal.
//!
//! Never here: anything that an engine does.

mod draw;
mod field;
mod gather;
mod keys;
mod number;
mod plain;
mod terminal;

use std::collections::VecDeque;
use std::io::{self, IsTerminal as _};
use std::time::Duration;

use ballast_core::outbox::Note;
use ballast_model::Nanos;
use ballast_runtime::clock::Clock;
use ballast_runtime::config::ResolvedInstrument;
use ballast_runtime::journal::Meta;
use ballast_runtime::live::{Engine, Waits};

use self::draw::Frame;
use self::field::{Group, Tone};
use self::gather::Pace;
pub(crate) use self::keys::Act;
use self::terminal::Screen;
use crate::{output, report};

/// How often the screen is shown something new.
const SHOW_EVERY: Duration = Duration::from_millis(100);
/// How often lines tell of the run.
const TELL_EVERY: Duration = Duration::from_secs(1);
/// Lines of the log that are kept.
const LOG_MAX: usize = 200;
/// Lines among which what is said again is counted and not added.
const LATELY: usize = 8;

/// How a run wants to be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Telling {
    /// On a screen where there is one.
    Screen,
    /// In lines.
    Lines,
}

impl Telling {
    /// That which `--plain` asks for.
    pub(crate) const fn asked(plain: bool) -> Self {
        if plain { Self::Lines } else { Self::Screen }
    }
}

/// What is shown of each shard besides what it shows itself.
pub(crate) type About = [(Meta, Vec<ResolvedInstrument>)];

/// How the run is as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Going {
    /// The start gate waits.
    Starting,
    /// As configured.
    Quoting,
    /// An operator has pulled the quotes.
    Paused,
    /// Killed.
    Killed,
}

/// What is known of a run when it is shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known<'a> {
    /// What runs.
    pub(crate) title: &'a str,
    /// By shard.
    pub(crate) about: &'a About,
    /// Names of the venues.
    pub(crate) venues: &'a [String],
    /// How it goes.
    pub(crate) going: Going,
    /// What the start gate waits for.
    pub(crate) waits: Option<&'a [Waits]>,
    /// How long it has run, and how long it is to.
    pub(crate) elapsed: Duration,
    pub(crate) most: Option<Duration>,
}

/// What was said, when last, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Logged {
    at: Nanos,
    /// What is counted together.
    what: String,
    line: String,
    times: u32,
}

/// Tells of a run.
#[derive(Debug)]
pub(crate) struct Console {
    screen: Option<Screen>,
    clock: Clock,
    log: VecDeque<Logged>,
    asked: Option<String>,
    paces: Vec<Pace>,
    shown: Option<Duration>,
}

impl Console {
    /// Begins; in lines where there is no screen.
    pub(crate) fn open(telling: Telling, clock: Clock) -> Self {
        let screen = (telling == Telling::Screen && terminal::is_there()).then(Screen::take);
        Self {
            screen: screen.and_then(Result::ok),
            clock,
            log: VecDeque::new(),
            asked: None,
            paces: Vec::new(),
            shown: None,
        }
    }

    /// Tells something that happened.
    pub(crate) fn tell(&mut self, line: &str) {
        if self.screen.is_some() {
            self.log(self.clock.now(), line, line);
        }
        // Where standard error goes elsewhere it is told there besides.
        if self.screen.is_none() || !io::stderr().is_terminal() {
            output::tell(line);
        }
    }

    /// Tells what a core noted: on a screen only, lines tell how often at the end.
    pub(crate) fn note(&mut self, name: Option<&str>, at: Nanos, note: &Note) {
        if self.screen.is_some() {
            let (what, line) = plain::note(name, note);
            self.log(at, &what, &line);
        }
    }

    fn log(&mut self, at: Nanos, what: &str, line: &str) {
        log(&mut self.log, at, what, line);
    }

    /// What whoever looks asked for next.
    pub(crate) fn act(&mut self) -> Option<Act> {
        let act = self.screen.as_ref()?.act()?;
        self.asked = (act == Act::AskKill)
            .then(|| "KILL: no order leaves in this run any more, all are cancelled. y kills".to_owned());
        Some(act)
    }

    /// Shows how the run stands, where it is time to.
    pub(crate) fn show(&mut self, engine: &mut Engine, known: &Known<'_>) {
        if self.screen.as_ref().is_some_and(Screen::is_lost) {
            self.close();
            output::tell("the terminal takes nothing more: telling in lines");
        }
        let every = if self.screen.is_some() { SHOW_EVERY } else { TELL_EVERY };
        if self.shown.is_some_and(|shown| known.elapsed.saturating_sub(shown) < every) {
            return;
        }
        // The first line comes when there is something to tell.
        let first = self.shown.replace(known.elapsed).is_none();
        if self.screen.is_some() {
            let frame = self.frame(engine, known);
            self.screen.iter().for_each(|screen| screen.show(frame.clone()));
        } else if !first {
            plain::waits(known).iter().for_each(|line| output::tell(line));
            for (view, (_, instruments)) in engine.look().iter().zip(known.about) {
                plain::lines(view, instruments).iter().for_each(|line| output::tell(line));
            }
        }
    }

    /// Leaves the terminal as it was; lines tell from now on.
    pub(crate) fn close(&mut self) {
        self.screen = None;
    }

    fn frame(&mut self, engine: &mut Engine, known: &Known<'_>) -> Frame {
        let waits = plain::waited(known);
        let views = engine.look();
        let instruments = views.iter().zip(known.about).enumerate().flat_map(|(shard, (view, (_, of)))| {
            let of = of.iter().zip(&view.instruments).enumerate();
            of.map(move |(number, (one, shown))| (shard, number, one, shown))
        });
        let instruments = instruments.map(|(shard, number, one, shown)| {
            let its = waits.iter().find(|wait| wait.seat == Some((shard, number)));
            gather::instrument(one, shown, its.map(|wait| wait.text.as_str()))
        });
        let instruments: Vec<_> = instruments.collect();
        let (standing, contacts) = (engine.standing(), engine.contacts());
        self.paces.resize(contacts.len(), Pace::default());
        let venues = known.venues.iter().zip(standing.iter().zip(&contacts)).zip(&mut self.paces).enumerate();
        let venues = venues.map(|(number, ((name, (view, contact)), pace))| {
            let its = waits.iter().find(|wait| wait.venue == Some(number));
            gather::venue(name, (view, contact), pace.look(contact), its.map(|wait| wait.text.as_str()))
        });
        Frame {
            title: known.title.to_owned(),
            status: status(known.going, &instruments),
            time: time(known, self.clock.now()),
            venues: venues.collect(),
            instruments,
            log: self.log.iter().map(Logged::text).collect(),
            asked: self.asked.clone(),
        }
    }
}

/// Adds a line; of what was said a moment ago there is one line, which counts.
fn log(log: &mut VecDeque<Logged>, at: Nanos, what: &str, line: &str) {
    let from = log.len().saturating_sub(LATELY);
    let before = log.range(from..).position(|logged| logged.what == what);
    let before = before.and_then(|place| log.remove(from + place));
    let times = before.map_or(0, |before| before.times).saturating_add(1);
    log.push_back(Logged { at, what: what.to_owned(), line: line.to_owned(), times });
    if log.len() > LOG_MAX {
        log.pop_front();
    }
}

impl Logged {
    fn text(&self) -> String {
        let Self { at, line, times, .. } = self;
        let times = if *times > 1 { format!(" (×{times})") } else { String::new() };
        format!("{} {line}{times}", report::clock_text(*at))
    }
}

fn status(going: Going, instruments: &[Group]) -> (Tone, String) {
    let quoted = instruments.iter().filter(|one| one.status.0 == Tone::Good).count();
    match going {
        Going::Starting => (Tone::Warn, "starting: nothing is quoted yet".to_owned()),
        Going::Paused => (Tone::Warn, "paused".to_owned()),
        Going::Killed => (Tone::Bad, "KILLED".to_owned()),
        Going::Quoting => {
            let tone = if quoted == instruments.len() { Tone::Good } else { Tone::Warn };
            (tone, format!("quoting {quoted} of {}", instruments.len()))
        }
    }
}

fn time(known: &Known<'_>, now: Nanos) -> String {
    let most = known.most.map(|most| format!(" of {}", number::clock(most.as_secs()))).unwrap_or_default();
    format!("{}{most}  {} UTC", number::clock(known.elapsed.as_secs()), report::clock_text(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_again_is_counted_and_the_newest_is_last() {
        let mut said = VecDeque::new();
        for (at, what, line) in [
            (1, "eth refused", "eth refused: 5 of 4"),
            (2, "btc refused", "btc refused: 7 of 4"),
            (3, "killed", "killed"),
            (4, "eth refused", "eth refused: 6 of 4"),
        ] {
            log(&mut said, Nanos(at * 1_000_000_000), what, line);
        }
        let lines: Vec<_> = said.iter().map(Logged::text).collect();
        assert_eq!(
            lines,
            ["00:00:02 btc refused: 7 of 4", "00:00:03 killed", "00:00:04 eth refused: 6 of 4 (×2)"]
        );
    }

    #[test]
    fn the_log_forgets_the_oldest() {
        let mut said = VecDeque::new();
        for nth in 0..LOG_MAX + 5 {
            log(&mut said, Nanos(0), &nth.to_string(), "said");
        }
        assert_eq!((said.len(), &*said[0].what), (LOG_MAX, "5"));
    }
}
