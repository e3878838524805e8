//! Nothing fills without a cause in the recorded market, and nothing is known before it happened.

use std::collections::BTreeSet;

use ballast_analytics::record::{FillRow, InstrumentRecord, MARKOUT_HORIZONS};
use ballast_core::book::BookLimits;
use ballast_core::market::Market;
use ballast_model::{Event, FillReason, HalfTicks, MarketEvent, Nanos, Price, Side, Span};
use ballast_runtime::job::{Mode, Prepared};
use ballast_runtime::replay::RecorderSpec;
use ballast_runtime::tape::{Cursor, Shift, Tape};

use crate::files::{paths, prepare, shipped};

const RECORDER: RecorderSpec = RecorderSpec { interval: Span::from_secs(1), samples_max: 10_000 };

/// The public trades of a tape: when on our clock, on which side an order rested, at what price.
fn trades(tape: &Tape) -> BTreeSet<(Nanos, Side, Price)> {
    let mut cursor = Cursor::new(tape, Shift::default());
    let mut trades = BTreeSet::new();
    let mut now = Nanos::MIN;
    while let Some(at) = cursor.venue_time() {
        now = now.max(at);
        cursor.next(|event| {
            if let Event::Trade(trade) = event {
                trades.insert((now, trade.maker, trade.level.price()));
            }
        });
    }
    trades
}

fn record(prepared: &Prepared<'_>) -> InstrumentRecord {
    let mut recorder = prepared.recorder(RECORDER);
    let played = prepared.play(Mode::Quoting, 1, &mut recorder).unwrap();
    recorder.finish(played.outcome.ended_at, &played.shard).remove(0)
}

#[test]
fn every_fill_from_the_queue_has_its_trade_in_the_recording() {
    for name in ["usdm_ethusdt_20240808", "spot_ethusdt_20240808", "cm_btcusd_perp_20240808"] {
        let Some(files) = paths(&[name]) else { continue };
        let config = shipped("replay.toml");
        let response = config.venue.response_latency.span();
        let prepared = prepare(&config, &files);
        let tape = &prepared.tapes[0];
        let trades = trades(tape);
        let record = record(&prepared);
        let mut checked = 0;
        for fill in &record.fills {
            let at = fill.time - response;
            let has_cause = match fill.reason {
                FillReason::QueueExhausted => trades.contains(&(at, fill.side, fill.price)),
                FillReason::TradeThrough => {
                    let then = (at, fill.side, Price(0))..=(at, fill.side, Price(i64::MAX));
                    // A price at which ours would have traded before: worse for the aggressor.
                    trades
                        .range(then)
                        .any(|(_, side, price)| *price != fill.price && side.reaches(fill.price, *price))
                }
                FillReason::BookCross => continue,
                FillReason::Took
                | FillReason::Venue
                | FillReason::Liquidation
                | FillReason::AutoDeleveraging => panic!("{name}: {fill:?}"),
            };
            assert!(has_cause, "{name}: nobody traded: {fill:?}");
            checked += 1;
        }
        println!("{name}: {checked} of {} fills come from trades", record.fills.len());
        assert!(checked > 20, "{name}");
    }
}

/// When the midpoint changed, as the book and the best prices of a tape tell it; in time order.
fn midpoints(tape: &Tape, limits: BookLimits) -> Vec<(Nanos, HalfTicks)> {
    let mut market = Market::new(limits);
    let mut cursor = Cursor::new(tape, Shift::default());
    let mut midpoints = Vec::new();
    while let Some(now) = cursor.recv_time() {
        cursor.next(|event| match event.market() {
            Some(MarketEvent::BookBegin(begin)) => drop(market.on_begin(begin)),
            Some(MarketEvent::BookLevels(slot)) => drop(market.on_levels(slot)),
            Some(MarketEvent::Ticker(ticker)) => drop(market.on_ticker(ticker)),
            Some(MarketEvent::BookLost(lost)) => panic!("no capture has a hole: {lost:?}"),
            Some(MarketEvent::Trade(_) | MarketEvent::Mark(_)) | None => {}
        });
        midpoints.extend(market.touch().map(|touch| (now, touch.mid())));
    }
    midpoints
}

#[test]
fn markouts_are_the_midpoints_of_their_time() {
    let Some(files) = paths(&["usdm_ethusdt_20240808"]) else { return };
    let config = shipped("replay.toml");
    let prepared = prepare(&config, &files);
    let price_ticks_max = prepared.instruments[0].found.spec.price_max.0;
    let midpoints = midpoints(&prepared.tapes[0], BookLimits { price_ticks_max, levels_max: 1 << 15 });
    let (end, _) = *midpoints.last().unwrap();
    // What is told at a time is known at that time, but not to a fill that is told at the same time.
    let known = |heard: usize| midpoints[heard - 1].1;
    let record = record(&prepared);
    for fill in &record.fills {
        assert_eq!(fill.mid, known(midpoints.partition_point(|(time, _)| *time < fill.time)), "{fill:?}");
        for (horizon, markout) in MARKOUT_HORIZONS.into_iter().zip(fill.markouts) {
            let at = fill.time + horizon;
            let expected = (at < end).then(|| known(midpoints.partition_point(|(time, _)| *time <= at)));
            assert_eq!(markout, expected, "{horizon:?} after {fill:?}");
        }
    }
    assert!(record.fills.len() > 100);
}

#[test]
fn positions_follow_from_the_fills_one_by_one() {
    let Some(files) = paths(&["usdm_btcusdt_20240808"]) else { return };
    let config = shipped("replay.toml");
    let record = record(&prepare(&config, &files));
    let mut position = 0;
    for FillRow { side, lots, position_after, .. } in &record.fills {
        position += side.sign() * lots.0;
        assert_eq!(position_after.0, position);
    }
    let ids: BTreeSet<_> = record.fills.iter().map(|fill| fill.trade_id).collect();
    assert_eq!(ids.len(), record.fills.len(), "no trade is booked twice");
}
