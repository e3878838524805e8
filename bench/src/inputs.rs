//! What the core learns in a replay, recorded: told again to a fresh core, it makes the same decisions without a venue.

use ballast_core::outbox::Outbox;
use ballast_core::shard::Shard;
use ballast_exchange::TapeVenue;
use ballast_model::{Event, Nanos};
use ballast_runtime::job::{Mode, Prepared};
use ballast_runtime::tape::{Cursor, Shift};

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

/// Every input of the core in one replay of the first tape, at each step the earliest of all things to come.
///
/// # Panics
/// Where there is no tape, or core and venue cannot be built.
#[must_use]
pub fn inputs(prepared: &Prepared<'_>, mode: Mode) -> Vec<Input> {
    let tape = prepared.tapes.first().expect("a feed");
    let (shard, venue) = prepared.build(mode).expect("core and venue build");
    let out = Outbox::new(shard.commands_per_event_max());
    let mut recording = Recording { shard, venue, out, inputs: Vec::new() };
    let (mut at_venue, mut at_us) =
        (Cursor::new(tape, Shift::default()), Cursor::new(tape, Shift::default()));
    // Times of one stream never fall.
    let (mut venue_time, mut our_time) = (Nanos::MIN, Nanos::MIN);
    loop {
        let Recording { shard, venue, .. } = &recording;
        let market_at_venue = at_venue.venue_time().map(|at| at.max(venue_time));
        let market_at_us = at_us.recv_time().map(|at| at.max(our_time));
        // Where times are equal the earlier in this list comes first. Timers alone do not keep a replay going.
        let steps = [market_at_venue, venue.next_arrival(), venue.next_response(), market_at_us];
        if steps.iter().all(Option::is_none) {
            return recording.inputs;
        }
        let timed = steps.into_iter().chain([shard.next_deadline()]).zip(0..);
        let (now, step) = timed.filter_map(|(at, step)| Some((at?, step))).min().expect("checked above");
        match step {
            0 => {
                venue_time = now;
                at_venue.next(|event| recording.venue.on_market(event, now));
            }
            1 => recording.venue.on_arrival(),
            2 => {
                let report = recording.venue.pop_response(now).expect("it is due");
                recording.tell(&report, now);
            }
            3 => {
                our_time = now;
                at_us.next(|event| recording.tell(event, now));
            }
            _ => recording.tell(&Event::Timer, now),
        }
    }
}
