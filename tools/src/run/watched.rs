//! What looks at a run while it goes on: keeps its heart beating, hears of kills and keys, and tells of it.

use ballast_core::outbox::Note;
use ballast_model::{Nanos, Span};
use ballast_runtime::clock::{Clock, Stopwatch};
use ballast_runtime::live::{Ended, Engine, KilledBy, Outside, Seat, Strangers, Switched};
use ballast_venue::binance::trade::Notice;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

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

/// Counts by kind of note.
pub(super) type Notes = BTreeMap<&'static str, u64>;

/// How a run is watched.
pub(super) struct Watched<'a> {
    pub(super) recorders: Option<Recorders>,
    pub(super) rise: Rise,
    pub(super) duration: Option<Span>,
    pub(super) stop: &'a AtomicBool,
    pub(super) about: &'a About,
    pub(super) strangers: Strangers,
    pub(super) outside: &'a Outside,
    /// Set where the configuration is to be read again.
    pub(super) changed: &'a AtomicBool,
    /// Where it is.
    pub(super) path: &'a Path,
    pub(super) title: &'a str,
    pub(super) venues: &'a [String],
    pub(super) telling: Telling,
    pub(super) clock: Clock,
}

impl Watched<'_> {
    /// Looks at the engine until it is to stop, and stops it.
    pub(super) fn supervise(&mut self, mut engine: Engine) -> (Ended, Notes) {
        let mut notes = Notes::new();
        let watch = Stopwatch::start();
        let mut console = Console::open(self.telling, self.clock);
        let mut hand = Hand::new();
        let most = self.duration.map(Span::duration);
        while !self.stop.load(Ordering::Relaxed) && most.is_none_or(|most| watch.elapsed() < most) {
            std::thread::park_timeout(LOOK_EVERY);
            engine.beat();
            self.recorders.iter_mut().for_each(|recorders| recorders.tell(|line| console.tell(line)));
            engine.notes(|shard, at, note: &Note| {
                *notes.entry(note.kind()).or_default() += 1;
                self.tell_note(shard, at, note, &mut console);
            });
            engine.venue_notices(|venue, seat, notice| {
                *notes.entry(notice.name()).or_default() += 1;
                console.tell(&self.notice(venue, seat, notice));
            });
            tell_unjournaled(engine.unjournaled(), &mut notes, &mut console);
            engine.obtained().for_each(|obtained| console.tell(&obtained.to_string()));
            if engine.is_broken() {
                console.tell("a thread has ended by itself: no order leaves any more");
                break;
            }
            while let Some(act) = console.act() {
                hand.take(act, &mut engine, &mut console, self.stop);
            }
            let kills = if hand.kills { Some(KilledBy::Key) } else { self.outside.kills() };
            if let Some(switched) = engine.obey(kills) {
                hand.switched(switched);
                self.tell_switch(switched, &mut notes, &mut console);
            }
            if self.changed.swap(false, Ordering::Relaxed) {
                self.configure(&mut engine, &mut console);
            }
            let waits = engine.begin(self.strangers);
            if waits.is_some() && hand.going == Going::Quoting && kills.is_none() {
                *notes.entry(MISMATCH).or_default() += 1;
                console.tell(
                    "ALARM: a venue's word on a position is not the ledger's, though it was asked again: nothing is quoted until they agree",
                );
            }
            self.rise.look(waits.is_none(), &mut engine, &mut console);
            hand.going = match (kills, &waits, hand.paused) {
                (Some(_), _, _) => Going::Killed,
                (None, Some(_), _) => Going::Starting,
                (None, None, true) => Going::Paused,
                (None, None, false) => Going::Quoting,
            };
            let known = Known {
                title: self.title,
                about: self.about,
                venues: self.venues,
                going: hand.going,
                waits: waits.as_deref(),
                elapsed: watch.elapsed(),
                most,
            };
            console.show(&mut engine, &known);
        }
        // From here on a second ctrl-c is a signal again.
        console.close();
        output::tell("stopping: cancelling everything");
        (engine.stop(STOP_PATIENCE), notes)
    }

    /// A note, and what of it nobody may have to look for.
    fn tell_note(&self, shard: usize, at: Nanos, note: &Note, console: &mut Console) {
        let instruments = self.about.get(shard).map_or(&[][..], |(_, instruments)| instruments);
        let named = note.instrument().and_then(|instrument| instruments.get(instrument.index()));
        console.note(named.map(|one| one.found.name()).as_deref(), at, note);
        let said = safeguards::of_note(note, instruments);
        said.into_iter().for_each(|said| console.tell(&said));
    }

    /// What an operator has to know of a venue's session.
    fn notice(&self, venue: usize, seat: Option<Seat>, notice: Notice) -> String {
        let of = seat.and_then(|seat| self.about.get(seat.shard)?.1.get(seat.of_shard.index()));
        let market = || self.venues.get(venue).cloned().unwrap_or_default();
        let whose = of.map_or_else(market, |one| one.found.name());
        format!("{whose}: {}", safeguards::of_notice(notice, self.clock.now()))
    }

    /// Reads the configuration again and puts it in force, whole or not at all.
    fn configure(&self, engine: &mut Engine, console: &mut Console) {
        let path = self.path.display();
        let read = std::fs::read_to_string(self.path).map_err(|error| format!("{path}: {error}"));
        let taken =
            read.and_then(|text| engine.configure(&text, self.path).map_err(|error| error.to_string()));
        console.tell(&match taken {
            Ok(()) => format!("the configuration is that of {path} from now on"),
            Err(why) => format!("REFUSED, nothing has changed: {why}"),
        });
    }

    /// What a kill from outside, or its end, means.
    fn tell_switch(&self, switched: Switched, notes: &mut Notes, console: &mut Console) {
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
            KilledBy::Signal => {
                "KILLED by a signal: no order leaves in this run, and everything is cancelled"
            }
            KilledBy::Key => "KILLED by a key: no order leaves in this run, and everything is cancelled",
        });
    }
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
