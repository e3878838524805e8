//! A venue and its shards, driven by one time.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

use ballast_core::shard::Shard;
use ballast_model::{HalfTicks, Nanos, Price, Span, Step};
use ballast_runtime::capture::SeenInstrument;
use ballast_runtime::config::{Config, LiveConfig};
use ballast_runtime::journal::{Journal, Options};
use ballast_runtime::live::{
    Fact, Filters, LinkPolicy, Paper, ShardLoop, ShardParts, Trading, Turned, VenueLoop, VenueParts, View,
    assemble, board,
};
use ballast_runtime::replay::{Journaled, Outcome};
use ballast_sync::ring::ring;
use ballast_tests::market::QUOTER;
use ballast_venue::Now;
use ballast_venue::binance::Market;

use crate::net::Played;

/// Longest time nothing is looked at.
const STEP: Span = Span::from_millis(1);

/// The quoter, with a market to connect to.
pub(crate) fn config(more: &str) -> Config {
    of_venue(more, "")
}

/// The same, with more said of the market.
pub(crate) fn of_venue(more: &str, venue: &str) -> Config {
    let text = format!(
        "{QUOTER}\n[live]\n{more}\n[[live.venue]]\nmarket = \"usdm\"\nsymbols = [\"ETHUSDT\"]\n{venue}\n"
    );
    ballast_tests::market::config(&text)
}

fn live(config: &Config) -> &LiveConfig {
    config.live.as_ref().unwrap()
}

/// What the venue says of the synthetic market.
pub(crate) fn fact() -> Fact {
    Fact {
        seen: SeenInstrument {
            symbol: "ETHUSDT".to_owned(),
            market: Market::UsdM,
            tick: Step::parse("0.01"),
            lot: Step::parse("0.001"),
            price_ticks_max: 268_163,
        },
        filters: Filters {
            price: (1, 0),
            size: (1, 10_000_000),
            notional_min: 20 * 10_i128.pow(18),
            orders: None,
        },
        mid: HalfTicks::mid(Price(268_162), Price(268_163)),
        orders: [None; 4],
    }
}

/// What came of a run.
pub(crate) struct Ran {
    pub(crate) outcome: Outcome,
    pub(crate) shard: Shard,
    pub(crate) network: Played,
    pub(crate) lost: u64,
    /// What the shard showed of itself last.
    pub(crate) view: View,
}

/// Runs a configuration over a market to its end, recorded in `folder`. `each` looks at every step.
pub(crate) fn run(
    config: &Config,
    network: Played,
    folder: &Path,
    mut each: impl FnMut(&mut VenueLoop<Played>, &Shard),
) -> Ran {
    let live = live(config);
    let built = assemble(config, Path::new("test.toml"), live, &vec![vec![fact()]], 1).unwrap();
    let [shard] = <[_; 1]>::try_from(built.shards).unwrap();
    let [venue] = <[_; 1]>::try_from(built.venues).unwrap();
    let mut journal = Journal::open(folder, shard.meta.to_bytes(), &Options::default()).unwrap();
    let mut venue = VenueLoop::new(VenueParts {
        network,
        market: venue.market,
        trading: Trading::Paper(Box::new(Paper::new(venue.paper))),
        urls: (&live.venue[0]).into(),
        policy: LinkPolicy::DEFAULT,
        shards: venue.ends,
        numbers: venue.numbers,
        kill: Arc::new(AtomicBool::new(false)),
        progress: Vec::new(),
    });
    let (_operator, control) = ring(16);
    let (notes, _notes) = ring(1 << 12);
    let mut shard = ShardLoop::new(ShardParts {
        shard: shard.shard,
        record: Journaled::new(&mut journal.tap),
        venues: shard.ends,
        route: shard.route,
        control,
        notes,
        handover: None,
        progress: Arc::new(AtomicU64::new(0)),
        unjournaled: None,
        levels_max: 1 << 14,
    });
    let (mut board, mut window) = board(1);
    let wall = Span(1_000);
    while let Some(at) = venue.network().next_at() {
        let now = [venue.next_deadline(), shard.next_deadline()].into_iter().flatten().fold(at, Nanos::min);
        let now = now.clamp(venue.network().now, venue.network().now + STEP);
        venue.network_mut().now = now;
        loop {
            let turned = venue.turn(Now { mono: now, wall: now + wall }, Span::ZERO);
            if (turned, shard.turn(now)) == (Turned::Idle, Turned::Idle) {
                break;
            }
        }
        shard.show(&mut board, now);
        each(&mut venue, shard.shard());
    }
    // However soon after the last time.
    shard.show(&mut board, venue.network().now + Span::from_secs(1));
    let (outcome, shard, record) = shard.finish();
    record.finish(&shard);
    journal.finish().unwrap();
    let lost = venue.lost();
    Ran { outcome, shard, network: venue.into_network(), lost, view: window.look() }
}
