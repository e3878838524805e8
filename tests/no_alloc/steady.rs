//! The loops of venues and of the shard that trades there allocate nothing once they stand, plain and under TLS: against the
//! simulated venue on loopback, with orders, cancels, fills and our account's stream, sweeps, the timer of a dead man, journal and
//! recordings. To connect may, and so may the first of everything.

mod venue;

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Duration;

use ballast_model::{Nanos, Span};
use ballast_runtime::clock::Clock;
use ballast_runtime::config::{Config, LiveConfig, LiveVenueConfig};
use ballast_runtime::journal::recording::{RecordOptions, Recorder, RecordingMeta};
use ballast_runtime::journal::{Journal, Options as JournalOptions};
use ballast_runtime::live::{
    Assembly, Fact, LinkPolicy, Live, ShardLoop, ShardParts, Traded, Trading, Turned, VenueLoop, VenueParts,
    View, assemble, board, credentials, facts, session,
};
use ballast_runtime::replay::{Journaled, Outcome};
use ballast_simulator::back::ClientId;
use ballast_simulator::keys::TestKeys;
use ballast_simulator::serve::Address;
use ballast_sync::ring::ring;
use ballast_venue::Now;
use ballast_venue::binance::trade::Standing;
use ballast_wire::{Options, Sockets};

use crate::counting::counted;

/// Names the seconds that are counted: more than are said here where there is time.
const SECONDS: &str = "BALLAST_STEADY_SECONDS";
const SECONDS_DEFAULT: u64 = 4;
/// Turns before the counter begins, once everything stands.
const WARM_UP: Span = Span::from_secs(3);
/// Longest time until everything stands.
const STANDS: Span = Span::from_secs(30);
/// How often account and orders are listed anew.
const SWEEP_EVERY: Span = Span::from_secs(2);

/// How connections are spoken on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speech {
    Plain,
    Secure,
}

type Network = Sockets<Box<dyn Fn() -> Nanos>>;

/// The quoter of the demonstration at these venues, with a part of what may be lost and sent.
fn config(addresses: &[Address], authority: Option<&Path>) -> Config {
    let mut text =
        std::fs::read_to_string(ballast_tests::root().join("config").join("loopback.toml")).unwrap();
    text.push_str("[live]\nmode = \"live\"\ndead_man = \"4s\"\n");
    for address in addresses {
        let api = if address.name == "spot" { "/ws-api/v3" } else { "/ws-fapi/v1" };
        let (s, at) = match authority {
            None => ("", address.plain),
            Some(_) => ("s", address.tls.unwrap()),
        };
        let name = address.name;
        write!(
            text,
            "[[live.venue]]\nmarket = \"{name}\"\nsymbols = [\"ETHUSDT\"]\nstream = \"ws{s}://{at}\"\n\
            rest = \"http{s}://{at}\"\napi = \"ws{s}://{at}{api}\"\ncredentials = \"DESK\"\n\
            market_connections = 2\norder_connections = 2\n"
        )
        .unwrap();
        if let Some(authority) = authority {
            writeln!(text, "certificates = {:?}", authority.to_str().unwrap()).unwrap();
        }
    }
    ballast_tests::market::config(&text)
}

fn sockets(asked: &LiveVenueConfig, clock: Clock) -> Network {
    let options = Options { extra_roots: asked.certificates.iter().cloned().collect(), ..Options::default() };
    Sockets::new(options, Box::new(move || clock.now()) as Box<dyn Fn() -> Nanos>).unwrap()
}

/// The loop of each venue, recorded in `folder`, and who records.
fn venues(
    live: &LiveConfig,
    built: &mut Assembly,
    told: &[Vec<Fact>],
    (clock, folder): (Clock, &Path),
) -> (Vec<VenueLoop<Network>>, Vec<Recorder>) {
    let keys = TestKeys::of(ClientId(0)).hmac;
    let environment = |name: &str| match name {
        "DESK_KEY" => Some(keys.0.clone()),
        "DESK_SECRET" => Some(keys.1.clone()),
        _ => None,
    };
    let assets = &built.assets;
    let one = |((asked, venue), told): ((&LiveVenueConfig, _), &Vec<Fact>)| {
        let venue: ballast_runtime::live::VenueAssembly = venue;
        let traded = Traded {
            market: asked.market(),
            instruments: &venue.instruments,
            assets,
            since: clock.begin(),
            clock_offset_max: live.clock_offset_max.span(),
            dead_man: live.dead_man(asked),
        };
        let session = session(&traded, credentials("DESK", environment).unwrap()).unwrap();
        let meta = RecordingMeta::new(told.iter().map(|fact| &fact.seen), asked.market_connections());
        let place = folder.join(format!("{:?}", asked.market()));
        let (tap, recorder) = Recorder::open(place, &meta, &RecordOptions::default()).unwrap();
        let parts = VenueParts {
            network: sockets(asked, clock),
            market: venue.market,
            trading: Trading::Live(Box::new(Live::new(session))),
            urls: asked.into(),
            policy: LinkPolicy::of(live),
            shards: venue.ends,
            numbers: venue.numbers,
            kill: Arc::new(AtomicBool::new(false)),
            progress: Vec::new(),
        };
        (VenueLoop::new(parts).tapped(Some(tap)), recorder)
    };
    live.venue.iter().zip(built.venues.drain(..)).zip(told).map(one).unzip()
}

/// True where all is known of our account there.
fn is_whole(venue: &VenueLoop<Network>) -> bool {
    let Trading::Live(live) = venue.trading() else { return false };
    matches!(live.session().standing(), Standing::Whole(_))
}

/// What happened under the counter.
#[derive(Debug, Default)]
struct Counted {
    /// Calls of the allocator by the venues and by the shard.
    calls: [u64; 2],
    turns: u64,
}

/// The loops, and what shows of them.
struct Desk<'a> {
    clock: Clock,
    venues: Vec<VenueLoop<Network>>,
    shard: ShardLoop<Journaled<'a>>,
    board: ballast_runtime::live::Board,
    window: ballast_runtime::live::Window,
    swept: Nanos,
    /// How long a turn may wait for something to come in.
    rest: Span,
    counted: Counted,
}

impl Desk<'_> {
    /// One turn of each loop.
    fn turn(&mut self) {
        let Self { clock, venues, shard, board, counted: sum, swept, rest, .. } = self;
        let sweeps = clock.now() - *swept >= SWEEP_EVERY && venues.iter().all(is_whole);
        let mut worked = false;
        for venue in &mut *venues {
            let mono = clock.now();
            let now = Now { mono, wall: mono };
            let (turned, calls) = counted(|| {
                if sweeps && let Trading::Live(live) = venue.trading_mut() {
                    live.session_mut().sweep(now);
                }
                venue.turn(now, *rest)
            });
            sum.calls[0] += calls;
            worked |= turned == Turned::Worked;
        }
        if sweeps {
            *swept = clock.now();
        }
        let (turned, calls) = counted(|| {
            let now = clock.now();
            let turned = shard.turn(now);
            shard.show(board, now);
            turned
        });
        sum.calls[1] += calls;
        sum.turns += 1;
        *rest = if worked || turned == Turned::Worked { Span::ZERO } else { Span::from_millis(1) };
    }

    fn turn_for(&mut self, span: Span) {
        let end = self.clock.now() + span;
        while self.clock.now() < end {
            self.turn();
        }
    }

    /// Turns until there are orders and all is known; then as long again as everything takes to come for the first time.
    fn warm_up(&mut self) -> View {
        let end = self.clock.now() + STANDS;
        while self.window.look().orders == 0 || !self.venues.iter().all(is_whole) {
            self.turn();
            assert!(self.clock.now() < end, "no order was sent: {:?}", self.window.look());
        }
        self.turn_for(WARM_UP);
        self.counted = Counted::default();
        self.window.look()
    }
}

/// Trades at both venues, and looks at what that took once it stands.
fn check(speech: Speech) {
    let seconds = std::env::var(SECONDS).map_or(SECONDS_DEFAULT, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::start(Nanos::MIN);
    let authority = (speech == Speech::Secure).then(|| folder.path().join("authority.pem"));
    let lasts = STANDS.duration() + WARM_UP.duration() + Duration::from_secs(seconds + 5);
    let addresses = venue::start(clock, lasts, authority.clone());
    let config = config(&addresses, authority.as_deref());
    let live = config.live.as_ref().unwrap();
    let ask =
        |venue| facts(&mut sockets(venue, clock), venue.rest(), venue.market(), &venue.symbols).unwrap();
    let told: Vec<_> = live.venue.iter().map(ask).collect();
    let mut built = assemble(&config, Path::new("steady.toml"), live, &told, 1).unwrap();
    let (venues, recorders) = venues(live, &mut built, &told, (clock, folder.path()));
    let [shard] = <[_; 1]>::try_from(built.shards).unwrap();
    let mut journal =
        Journal::open(&folder.path().join("journal"), shard.meta.to_bytes(), &JournalOptions::default())
            .unwrap();
    let (_operator, control) = ring(16);
    let (notes, _notes) = ring(1 << 14);
    let shard = ShardLoop::new(ShardParts {
        shard: shard.shard,
        record: Journaled::new(&mut journal.tap),
        venues: shard.ends,
        route: shard.route,
        control,
        notes,
        handover: None,
        progress: Arc::new(AtomicU64::new(0)),
        unjournaled: None,
        levels_max: 1 << 15,
    });
    let (board, window) = board(2);
    let counted = Counted::default();
    let mut desk =
        Desk { clock, venues, shard, board, window, swept: clock.now(), rest: Span::ZERO, counted };
    let before = desk.warm_up();
    desk.turn_for(Span::from_millis(i64::try_from(seconds * 1_000).unwrap()));
    let after = desk.window.look();
    let Desk { venues, shard, counted, .. } = desk;
    let lost: u64 = venues.iter().map(VenueLoop::lost).sum();
    let unread: u64 = venues.iter().map(VenueLoop::unread).sum();
    let (Outcome { cancels, .. }, shard, record) = shard.finish();
    record.finish(&shard);
    journal.finish().unwrap();
    drop(venues);
    assert!(recorders.into_iter().all(|recorder| recorder.finish().unwrap().segments > 0));
    let (messages, orders) = (after.messages - before.messages, after.orders - before.orders);
    let fills = after.fills - before.fills;
    println!("{speech:?}, {seconds} s: {counted:?}, {messages} messages, {orders} orders, {fills} fills");
    assert_eq!((lost, unread), (0, 0), "connections lost, frames unread");
    assert!(messages > 50 * seconds && orders > seconds && cancels > 0, "there is too little to look at");
    assert_eq!(counted.calls, [0, 0], "calls of the allocator by venues and shard");
}

#[test]
fn nothing_is_allocated_to_trade_in_the_plain() {
    check(Speech::Plain);
}

#[test]
fn nothing_is_allocated_to_trade_under_tls() {
    check(Speech::Secure);
}
