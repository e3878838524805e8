//! What the core learns in a replay, recorded: told again to a fresh core, it makes the same decisions without a venue.

use ballast_core::outbox::Outbox;
use ballast_core::shard::Shard;
use ballast_exchange::TapeVenue;
use ballast_model::{Event, Nanos};
use ballast_runtime::job::{Mode, Prepared};
use ballast_runtime::tape::{Cursor, Shift, Tape};

/// An event and the time at which the core learns it.
pub type Input = (Nanos, Event);

/// The ends of one recorded market and what has been said between them.
struct Recording {
    shard: Shard,
    venue: TapeVenue,
    out: Outbox,
    inputs: Vec<Input>,
}

impl Recording {
    fn tell(&mut self, event: &Event, now: Nanos) {
        self.inputs.push((now, *event));
        self.shard.on_event(event, now, &mut self.out);
        self.out.commands().iter().for_each(|command| self.venue.send(command, now));
        self.out.clear();
    }
}

/// One end of a tape's journey.
struct End<'a> {
    cursor: Cursor<'a>,
    /// Times of one stream never fall.
    floor: Nanos,
}

impl<'a> End<'a> {
    fn new(tape: &'a Tape) -> Self {
        Self { cursor: Cursor::new(tape, Shift::default()), floor: Nanos::MIN }
    }
}

/// What happens next; the order decides between equal times.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    MarketAtVenue(usize),
    Arrival,
    Response,
    MarketAtUs(usize),
    Timer,
}

/// Every input of the core in one replay of all tapes, at each step the earliest of all things to come.
///
/// # Panics
/// Where core and venue cannot be built.
#[must_use]
pub fn inputs(prepared: &Prepared<'_>, mode: Mode) -> Vec<Input> {
    let (shard, venue) = prepared.build(mode).expect("core and venue build");
    let out = Outbox::new(shard.commands_per_event_max());
    let mut recording = Recording { shard, venue, out, inputs: Vec::new() };
    let ends = || prepared.tapes.iter().map(End::new).collect::<Vec<_>>();
    let (mut at_venue, mut at_us) = (ends(), ends());
    loop {
        let Recording { shard, venue, .. } = &recording;
        let theirs = at_venue.iter().enumerate().filter_map(|(index, end)| {
            Some((end.cursor.venue_time()?.max(end.floor), Step::MarketAtVenue(index)))
        });
        let ours = at_us.iter().enumerate().filter_map(|(index, end)| {
            Some((end.cursor.recv_time()?.max(end.floor), Step::MarketAtUs(index)))
        });
        let arrival = venue.next_arrival().map(|at| (at, Step::Arrival));
        let response = venue.next_response().map(|at| (at, Step::Response));
        // Timers alone do not keep a replay going.
        let Some(first) = theirs.chain(ours).chain(arrival).chain(response).min() else {
            return recording.inputs;
        };
        let timer = shard.next_deadline().map(|at| (at, Step::Timer));
        let (now, step) = timer.map_or(first, |timer| timer.min(first));
        match step {
            Step::MarketAtVenue(index) => {
                let end = at_venue.get_mut(index).expect("its own index");
                end.floor = now;
                end.cursor.next(|event| recording.venue.on_market(event, now));
            }
            Step::Arrival => recording.venue.on_arrival(),
            Step::Response => {
                let report = recording.venue.pop_response(now).expect("it is due");
                recording.tell(&report, now);
            }
            Step::MarketAtUs(index) => {
                let end = at_us.get_mut(index).expect("its own index");
                end.floor = now;
                end.cursor.next(|event| recording.tell(event, now));
            }
            Step::Timer => recording.tell(&Event::Timer, now),
        }
    }
}
