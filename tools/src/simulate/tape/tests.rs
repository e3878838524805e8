use ballast_exchange::synth::{SynthMarket, SynthSpec};
use ballast_model::{ClientOrderId, NewOrder, OrderReport, ReduceOnly, Side, TimeInForce};
use ballast_runtime::capture::{Source, SurveyedFile};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write as _;

use super::*;

const START: Nanos = Nanos::from_millis(1_800_000_000_000);

#[derive(Default)]
struct Heard {
    market: Vec<(Stream, Value)>,
    news: Vec<Event>,
}

impl Told for Heard {
    fn market(&mut self, _: InstrumentId, stream: Stream, payload: &[u8]) {
        self.market.push((stream, serde_json::from_slice(payload).unwrap()));
    }
    fn client(&mut self, _: ClientId, event: &Event) {
        self.news.push(*event);
    }
}

/// Five seconds of a made market as a capture.
fn back(speed: Speed) -> TapeBack {
    let spec = SynthSpec { duration: Span::from_secs(5), ..SynthSpec::eth_perpetual(3) };
    let mut market = SynthMarket::new(&spec).unwrap();
    let (mut text, mut frame) = (Vec::new(), Vec::new());
    while let Some(time) = market.next_frame(&mut frame) {
        write!(text, "{} ", time.0).unwrap();
        text.extend_from_slice(&frame);
        text.push(b'\n');
    }
    let file = SurveyedFile::new(Source::in_memory("made", text)).unwrap();
    let spec = TapeSpec { clients: 2, speed, latency: Span::from_millis(10), start: START };
    super::market(vec![file], MarketKind::UsdM, &spec).unwrap().unwrap()
}

fn at(millis: i64) -> Nanos {
    START + Span::from_millis(millis)
}

/// A book kept from texts.
fn keep(book: &mut BTreeMap<String, String>, levels: &Value) {
    for level in levels.as_array().unwrap() {
        let (price, lots) = (level[0].as_str().unwrap(), level[1].as_str().unwrap());
        if lots.trim_matches(['0', '.']).is_empty() {
            book.remove(price);
        } else {
            book.insert(price.to_owned(), lots.to_owned());
        }
    }
}

#[test]
fn loops_follow_on_in_ids_times_and_book() {
    let mut back = back(Speed::Times(10));
    back.advance(at(0), &mut Heard::default());
    let opening = back.depth(InstrumentId(0), 10_000);
    let (mut last, mut time, mut trades, mut loops) = (None, 0, None, 0);
    for step in 1..=200 {
        let mut heard = Heard::default();
        back.advance(at(10 * step), &mut heard);
        for (stream, value) in &heard.market {
            let told = value["E"].as_u64().unwrap_or(time);
            assert!(told >= time, "{value}");
            time = told;
            if *stream == Stream::Depth {
                let before = value["pu"].as_u64().unwrap();
                assert!(last.is_none_or(|last| last == before), "{last:?} {value}");
                last = value["u"].as_u64();
            } else if *stream == Stream::Trade {
                let id = value["t"].as_u64().unwrap();
                assert!(trades.is_none_or(|last| last < id), "{trades:?} {value}");
                trades = Some(id);
            }
        }
        if back.reels[0].loops > loops {
            loops = back.reels[0].loops;
            assert_eq!(back.reels[0].track.opening[0].len(), opening.bids.len());
        }
        let depth = back.depth(InstrumentId(0), 1);
        assert!(depth.bids[0].0 < depth.asks[0].0 && depth.update_id.0 >= last.unwrap_or_default());
    }
    // Twenty seconds of a capture of about five.
    assert!((3..=4).contains(&loops));
    assert_eq!(loops, Span::from_secs(20).0 / back.whole.0);
    assert!(trades.is_some() && time <= at(2_000).0.unsigned_abs() / 1_000_000);
}

#[test]
fn what_streams_say_builds_the_book_of_the_snapshots() {
    let mut back = back(Speed::Times(1));
    back.advance(at(0), &mut Heard::default());
    let digits = |price: i64| format!("{}.{:02}", price / 100, price % 100);
    let snapshot = back.depth(InstrumentId(0), 10_000);
    let mut bids: BTreeMap<_, _> =
        snapshot.bids.iter().map(|(price, _)| (digits(price.0), String::new())).collect();
    let mut heard = Heard::default();
    // Into the second loop.
    back.advance(at(6_000), &mut heard);
    for (_, diff) in heard.market.iter().filter(|(stream, _)| *stream == Stream::Depth) {
        keep(&mut bids, &diff["b"]);
    }
    let now: Vec<_> =
        back.depth(InstrumentId(0), 10_000).bids.iter().map(|(price, _)| digits(price.0)).collect();
    let mut built: Vec<_> = bids.into_keys().collect();
    built.sort_by_key(|price| std::cmp::Reverse(price.replace('.', "").parse::<i64>().unwrap()));
    assert_eq!(built, now);
    assert_eq!(back.reels[0].loops, 1);
}

#[test]
fn orders_stand_in_the_recorded_queue_after_their_latency() {
    let mut back = back(Speed::Times(1));
    back.advance(at(1_000), &mut Heard::default());
    let ask = back.depth(InstrumentId(0), 1).asks[0].0;
    let order = Command::New(NewOrder {
        instrument: InstrumentId(0),
        client_id: ClientOrderId(1),
        side: Side::Bid,
        price: Price(ask.0 + 1_000),
        lots: Lots(5),
        tif: TimeInForce::ImmediateOrCancel,
        reduce_only: ReduceOnly::No,
        expires_at: Nanos::MAX,
    });
    back.send(ClientId(1), &order, at(1_000));
    let mut heard = Heard::default();
    back.advance(at(1_019), &mut heard);
    assert!(heard.news.is_empty(), "ten milliseconds there and ten back: {:?}", heard.news);
    back.advance(at(1_020), &mut heard);
    let accepted = |event: &Event| matches!(event, Event::Order(update) if matches!(update.report, OrderReport::Accepted(_)));
    assert!(heard.news.iter().any(accepted), "{:?}", heard.news);
    assert!(heard.news.iter().any(|event| matches!(event, Event::Fill(_))), "{:?}", heard.news);
    assert!(back.balance(ClientId(1), "USDT").0 < QUOTE, "the fee");
    assert_eq!(back.balance(ClientId(0), "USDT").0, QUOTE);
}

#[test]
fn flat_out_goes_on_in_steps() {
    let mut back = back(Speed::Max);
    let mut heard = Heard::default();
    for nanos in 1..=10 {
        back.advance(START + Span(nanos), &mut heard);
        assert_eq!(back.next_due(), Some(START + Span(nanos + 1)));
    }
    assert_eq!(heard.market.len(), 10 * STEP_FRAMES);
}
