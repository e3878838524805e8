//! What looks at a run while it goes on: keeps its heart beating, hears of kills and keys, and tells of it.

use ballast_core::outbox::Note;
use ballast_model::{Nanos, Span};
use ballast_runtime::clock::{Clock, Stopwatch};
use ballast_runtime::config::{Config, LiveConfig, ModeConfig};
use ballast_runtime::live::{
    Ended, Engine, Heart, KilledBy, Outside, Seat, Strangers, Switched, Told, Waits, goes_over,
};
use ballast_venue::binance::trade::Notice;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::grids::Grids;
use super::hand::Hand;
use super::rise::Rise;
use crate::output;
use crate::record::Recorders;
use crate::safeguards;
use crate::view::{About, Console, Going, Known, Telling};

/// How often the run is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long orders may take to be gone at the end.
const STOP_PATIENCE: Duration = Duration::from_secs(5);

/// What orders are noted as that no journal saw.
const UNJOURNALED: &str = "unjournaled_order";

/// What a position is noted as that venue and ledger do not agree on.
const MISMATCH: &str = "position_mismatch";

/// What a change of grid is noted as to which the run goes over.
const REGRIDDED: &str = "regridded";

/// Counts by kind of note.
pub(super) type Notes = BTreeMap<&'static str, u64>;

/// How a run is watched, from its first epoch to its last.
pub(super) struct Watched<'a> {
    pub(super) recorders: Option<Recorders>,
    pub(super) rise: Rise,
    pub(super) duration: Option<Span>,
    pub(super) stop: &'a AtomicBool,
    pub(super) strangers: Strangers,
    pub(super) outside: &'a Outside,
    /// Set where the configuration is to be read again.
    pub(super) changed: &'a AtomicBool,
    /// Where it is.
    pub(super) path: &'a Path,
    pub(super) live: &'a LiveConfig,
    pub(super) title: &'a str,
    pub(super) venues: &'a [String],
    pub(super) telling: Telling,
    pub(super) clock: Clock,
    /// `None` before the first epoch has begun, and once all is to be ended.
    pub(super) console: Option<Console>,
    pub(super) hand: Hand,
    pub(super) grids: Grids,
    /// Since the first epoch has begun.
    pub(super) watch: Option<Stopwatch>,
    pub(super) notes: Notes,
}

/// What is watched of an epoch.
pub(super) struct Stage<'a> {
    pub(super) about: &'a About,
    /// In force; another where one was taken over.
    pub(super) config: &'a mut Config,
    /// Since when the run goes over to this epoch; `None` in the first.
    pub(super) since: Option<Stopwatch>,
    /// From then on until quoting could go on.
    pub(super) pause: Option<Duration>,
}

/// What is over.
pub(super) enum Over {
    /// All of it.
    Run,
    /// This epoch: it is to go on with what the venues say now, of which there was news then.
    Epoch(Told, Stopwatch),
}

/// Another grid of which there is news.
enum News {
    /// The run can go over to it.
    Open(Told, Stopwatch),
    /// It cannot, and that was told.
    Barred,
}

impl Watched<'_> {
    /// Tells something that happened.
    pub(super) fn tell(&mut self, line: &str) {
        match &mut self.console {
            Some(console) => console.tell(line),
            None => output::tell(line),
        }
    }

    /// Looks at the engine until it is to stop, or to go on with another, and stops it. A heart is handed on to that.
    pub(super) fn supervise(
        &mut self,
        mut engine: Engine,
        stage: &mut Stage<'_>,
    ) -> (Ended, Over, Option<Heart>) {
        let watch = *self.watch.get_or_insert_with(Stopwatch::start);
        let mut console = self.console.take().unwrap_or_else(|| Console::open(self.telling, self.clock));
        self.hand.going = Going::Starting;
        let most = self.duration.map(Span::duration);
        let mut news = None;
        while !self.stop.load(Ordering::Relaxed) && most.is_none_or(|most| watch.elapsed() < most) {
            std::thread::park_timeout(LOOK_EVERY);
            engine.beat();
            self.hear(&mut engine, stage.about, &mut console);
            if engine.is_broken() {
                console.tell("a thread has ended by itself: no order leaves any more");
                break;
            }
            while let Some(act) = console.act() {
                self.hand.take(act, &mut engine, &mut console, self.stop);
            }
            if self.changed.swap(false, Ordering::Relaxed) {
                self.configure(&mut engine, stage.config, &mut console);
            }
            let waits = self.decide(&mut engine, stage, &mut console);
            let known = Known {
                title: self.title,
                about: stage.about,
                venues: self.venues,
                going: self.hand.going,
                waits: waits.as_deref(),
                elapsed: watch.elapsed(),
                most,
            };
            console.show(&mut engine, &known);
            self.look_at_grids(&mut engine, stage, &mut news, &mut console);
            // What an operator holds back is let go by an operator.
            let is_free = matches!(self.hand.going, Going::Quoting | Going::Starting);
            if let Some(News::Open(told, since)) = news.take_if(|_| is_free) {
                console.tell("a venue trades on another grid: cancelling everything, to go on with it");
                self.console = Some(console);
                let (ended, heart) = engine.hand_over(STOP_PATIENCE);
                return (ended, Over::Epoch(told, since), heart);
            }
        }
        // From here on a second ctrl-c is a signal again.
        console.close();
        output::tell("stopping: cancelling everything");
        (engine.stop(STOP_PATIENCE), Over::Run, None)
    }

    /// What cores, sessions and the host have to say.
    fn hear(&mut self, engine: &mut Engine, about: &About, console: &mut Console) {
        self.recorders.iter_mut().for_each(|recorders| recorders.tell(|line| console.tell(line)));
        let mut notes = core::mem::take(&mut self.notes);
        engine.notes(|shard, at, note: &Note| {
            *notes.entry(note.kind()).or_default() += 1;
            tell_note(about, shard, at, note, console);
        });
        engine.venue_notices(|venue, seat, notice| {
            *notes.entry(notice.name()).or_default() += 1;
            if let Notice::RulesChanged(_) = notice {
                self.grids.ask();
            }
            console.tell(&self.notice(about, venue, seat, notice));
        });
        tell_unjournaled(engine.unjournaled(), &mut notes, console);
        self.notes = notes;
        engine.obtained().for_each(|obtained| console.tell(&obtained.to_string()));
    }

    /// Obeys kills from outside and the start gate; what that waits for.
    fn decide(
        &mut self,
        engine: &mut Engine,
        stage: &mut Stage<'_>,
        console: &mut Console,
    ) -> Option<Vec<Waits>> {
        let kills = if self.hand.kills { Some(KilledBy::Key) } else { self.outside.kills() };
        if let Some(switched) = engine.obey(kills) {
            self.hand.switched(switched);
            tell_switch(switched, &mut self.notes, console);
        }
        let waits = engine.begin(self.strangers);
        if waits.is_some() && self.hand.going == Going::Quoting && kills.is_none() {
            *self.notes.entry(MISMATCH).or_default() += 1;
            console.tell(
                "ALARM: a venue's word on a position is not the ledger's, though it was asked again: nothing is quoted until they agree",
            );
        }
        self.rise.look(waits.is_none(), engine, console);
        if let Some(since) = stage.since.filter(|_| waits.is_none() && stage.pause.is_none()) {
            let pause = since.elapsed();
            stage.pause = Some(pause);
            console.tell(&format!(
                "quoting may go on, {:.3} s after the news of another grid",
                pause.as_secs_f64()
            ));
        }
        self.hand.going = match (kills, &waits, self.hand.paused) {
            (Some(_), _, _) => Going::Killed,
            (None, Some(_), _) => Going::Starting,
            (None, None, true) => Going::Paused,
            (None, None, false) => Going::Quoting,
        };
        waits
    }

    /// Takes in what venues say of their grids.
    fn look_at_grids(
        &mut self,
        engine: &mut Engine,
        stage: &Stage<'_>,
        news: &mut Option<News>,
        console: &mut Console,
    ) {
        let Some(newest) = self.grids.look(engine) else { return };
        let Some(told) = newest else {
            *news = None;
            return;
        };
        let shards: Vec<_> = stage.about.iter().map(|(_, instruments)| instruments.as_slice()).collect();
        match goes_over((stage.config, self.path, self.live), &told, &shards, &engine.look()) {
            Ok(()) => {
                *self.notes.entry(REGRIDDED).or_default() += 1;
                *news = Some(News::Open(told, Stopwatch::start()));
            }
            Err(why) => {
                let is_news = !matches!(news.replace(News::Barred), Some(News::Barred));
                if is_news {
                    console.tell(&format!(
                        "ALARM: a venue trades on another grid, and the run cannot go over to it: {why}; quotes are held until that is mended and the run begun anew"
                    ));
                    // Live its session holds them; on paper nobody else does.
                    if self.live.mode == ModeConfig::Paper && self.hand.going == Going::Quoting {
                        self.hand.pause(engine, console);
                    }
                }
            }
        }
    }

    /// What an operator has to know of a venue's session.
    fn notice(&self, about: &About, venue: usize, seat: Option<Seat>, notice: Notice) -> String {
        let of = seat.and_then(|seat| about.get(seat.shard)?.1.get(seat.of_shard.index()));
        let market = || self.venues.get(venue).cloned().unwrap_or_default();
        let whose = of.map_or_else(market, |one| one.found.name());
        format!("{whose}: {}", safeguards::of_notice(notice, self.clock.now()))
    }

    /// Reads the configuration again and puts it in force, whole or not at all.
    fn configure(&self, engine: &mut Engine, config: &mut Config, console: &mut Console) {
        let path = self.path.display();
        let read = std::fs::read_to_string(self.path).map_err(|error| format!("{path}: {error}"));
        let taken = read.and_then(|text| {
            engine.configure(&text, self.path).map_err(|error| error.to_string())?;
            Config::parse(&text, self.path).map_err(|error| error.to_string())
        });
        console.tell(&match taken {
            Ok(taken) => {
                *config = taken;
                format!("the configuration is that of {path} from now on")
            }
            Err(why) => format!("REFUSED, nothing has changed: {why}"),
        });
    }
}

/// A note, and what of it nobody may have to look for.
fn tell_note(about: &About, shard: usize, at: Nanos, note: &Note, console: &mut Console) {
    let instruments = about.get(shard).map_or(&[][..], |(_, instruments)| instruments);
    let named = note.instrument().and_then(|instrument| instruments.get(instrument.index()));
    console.note(named.map(|one| one.found.name()).as_deref(), at, note);
    let said = safeguards::of_note(note, instruments);
    said.into_iter().for_each(|said| console.tell(&said));
}

/// What a kill from outside, or its end, means.
fn tell_switch(switched: Switched, notes: &mut Notes, console: &mut Console) {
    let by = match switched {
        Switched::Killed(by) => by,
        Switched::Released => {
            return console.tell("the kill file is gone: quoting goes on once all is known");
        }
    };
    *notes.entry(by.name()).or_default() += 1;
    console.tell(match by {
        KilledBy::File => {
            "KILLED by the kill file: no order leaves while it is there, and everything is cancelled"
        }
        KilledBy::Signal => "KILLED by a signal: no order leaves in this run, and everything is cancelled",
        KilledBy::Key => "KILLED by a key: no order leaves in this run, and everything is cancelled",
    });
}

/// What was lost with power or a disk.
fn tell_unjournaled(count: u64, notes: &mut Notes, console: &mut Console) {
    if count > 0 && notes.insert(UNJOURNALED, count) != Some(count) {
        console.tell(&format!(
            "ALARM: the venue knows {count} orders of ours that the journal never saw: what was stored of them is lost; they are \
             cancelled, and their trades booked"
        ));
    }
}
