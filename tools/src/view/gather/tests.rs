//! What is said of an instrument and of a venue, at ordinary numbers and at the ends of their ranges.

use ballast_core::gate::{Halt, Rule};
use ballast_model::{AssetId, Contract, InstrumentSpec, Money, Step};
use ballast_runtime::capture::Instrument;
use ballast_runtime::config::FoundInstrument;
use ballast_runtime::live::{LinkUse, LinkView};
use ballast_venue::binance::Market;

use super::*;

fn one(tick: &str, lot: &str) -> ResolvedInstrument {
    let [tick, lot] = [tick, lot].map(|step| Step::parse(step).unwrap());
    let spec = InstrumentSpec::new(InstrumentSpec {
        tick,
        lot,
        multiplier: 1,
        contract: Contract::Linear,
        price_min: Price(1),
        price_max: Price(1_000_000),
        size_min: Lots(1),
        size_max: Lots(1_000_000),
        notional_min: Money::ZERO,
        base: AssetId(0),
        quote: AssetId(1),
    })
    .unwrap();
    let instrument = Instrument { symbol: "ETHUSDT".to_owned(), market: Market::UsdM, tick, lot };
    let (base, quote) = ("ETH".to_owned(), "USDT".to_owned());
    ResolvedInstrument {
        found: FoundInstrument { instrument, spec, inferred: false, base, quote, orders: None },
        reference: None,
    }
}

fn quoted() -> Shown {
    Shown {
        position: -744,
        position_max: 5_593,
        quotes: [268_148, 268_179],
        touch: [268_155, 268_159],
        mid: 536_314,
        fair: Some(268_158.25),
        open: 2,
        open_max: 32,
        net_e6: Some(-1_010_200),
        realised_e6: 33_500,
        unrealised_e6: Some(-245_500),
        fees_e6: 798_200,
        rebates_e6: 0,
        turnover_e6: 3_990_856_900,
        fills: [4, 1],
        ..Shown::default()
    }
}

fn texts(group: &Group, width: usize) -> Vec<String> {
    group.full(width).iter().map(ToString::to_string).collect()
}

#[test]
fn an_instrument_says_all_of_itself() {
    let group = instrument(&one("0.01", "0.001"), &quoted(), None);
    assert_eq!(
        texts(&group, 100),
        [
            "usdm ETHUSDT  quoting",
            "  bid 2681.48 -0.34 bp  ask 2681.79 +0.82 bp  open 2 of 32",
            "  best bid 2681.55  best ask 2681.59  mid 2681.570  fair 2681.5825",
            "  position -0.744  limit ±5.593  fills 5  taking 1  volume 3990.8569",
            "  net -1.0102 USDT  realised 0.0335  unrealised -0.2455  fees 0.7982  rebates 0.0000",
        ]
    );
    assert_eq!(group.line(60).to_string(), "usdm ETHUSDT  quoting  position -0.744  net -1.0102 USDT");
}

#[test]
fn what_is_not_known_is_not_nothing() {
    let unknown = instrument(&one("0.01", "0.001"), &Shown::default(), Some("waiting for the book"));
    let text = texts(&unknown, 100).join("\n");
    for wanted in ["waiting for the book", "bid -", "mid -", "fair -", "net - USDT", "unrealised -"] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
}

#[test]
fn an_instrument_says_why_it_is_not_quoted() {
    let said = |change: fn(&mut Shown)| {
        let mut shown = Shown { quotes: [0; 2], ..quoted() };
        change(&mut shown);
        instrument(&one("0.01", "0.001"), &shown, None).status
    };
    let halt = |state, cause| Some(Halt { state, cause });
    assert_eq!(
        said(|shown| shown.held = Some(Hold::NoVolatility)),
        (Tone::Warn, "held: no volatility".to_owned())
    );
    assert_eq!(said(|_| ()), (Tone::Warn, "no quote stands".to_owned()));
    assert_eq!(said(|shown| shown.open_max = 0), (Tone::Dim, "followed".to_owned()));
    assert_eq!(said(|shown| shown.quotes[1] = 9), (Tone::Good, "quoting one side".to_owned()));
    let mut shown = quoted();
    for (state, cause, tone, text) in [
        (GateState::Killed, Rule::Killed, Tone::Bad, "killed"),
        (GateState::Paused, Rule::Paused, Tone::Warn, "paused"),
        (GateState::ReduceOnly, Rule::Killed, Tone::Warn, "reduce only (killed)"),
    ] {
        shown.halt = halt(state, cause);
        assert_eq!(instrument(&one("0.01", "0.001"), &shown, None).status, (tone, text.to_owned()));
    }
}

#[test]
fn numbers_at_the_ends_of_their_ranges_stay_whole_on_the_smallest_screen() {
    for end in [i64::MIN, i64::MAX] {
        let shown = Shown {
            position: end,
            position_max: i64::MAX,
            quotes: [end; 2],
            touch: [end; 2],
            mid: end,
            fair: Some(end as f64),
            open: u64::from(u32::MAX),
            open_max: u64::from(u32::MAX),
            net_e6: Some(end),
            realised_e6: end,
            unrealised_e6: Some(end),
            fees_e6: i64::MAX,
            rebates_e6: i64::MAX,
            turnover_e6: i64::MAX,
            fills: [u64::MAX; 2],
            ..Shown::default()
        };
        let group = instrument(&one("0.00000001", "0.00000001"), &shown, None);
        for line in texts(&group, 40) {
            assert!(line.chars().count() <= 40 && !line.contains('…'), "{line}");
        }
    }
}

#[test]
fn a_venue_says_how_it_is_and_warns_in_time() {
    let up = |of| LinkView { of, state: LinkState::Up, round_trip: None };
    let mut contact = Contact {
        at: Nanos(1),
        links: vec![
            up(LinkUse::Market(0)),
            LinkView { round_trip: Some(Span(83_000)), ..up(LinkUse::Orders) },
        ],
        windows: vec![
            WindowView { pool: Pool::Weight, interval: Span::from_secs(60), limit: 2_400, used: 1_919 },
            WindowView { pool: Pool::Orders, interval: Span::from_secs(10), limit: 300, used: 240 },
        ],
        trips: RoundTrips {
            count: 43,
            p50: Span(786_000),
            p90: Span(5_240_000),
            p99: Span(9),
            longest: Span(9),
        },
        probe: Some(Span(5_850_000)),
        ..Contact::default()
    };
    let view = VenueView {
        reliance: Reliance::Whole(Nanos(1)),
        clock_offset: Some(Span(-1_630_000)),
        ..VenueView::default()
    };
    let group = venue("usdm", (&view, &contact), Some(175.4), None);
    assert_eq!(
        texts(&group, 100),
        [
            "usdm  well",
            "  market up  orders up 83.0 µs",
            "  messages 175/s  round trip 5.85 ms  clock -1.63 ms  lost 0",
            "  order p50 786 µs  p90 5.24 ms  p99 9 ns  max 9 ns  of 43",
            "  weight 1 min 1919 of 2400  orders 10 s 240 of 300",
        ]
    );
    let tones: Vec<_> = group.rows[3].iter().map(|window| window.tone).collect();
    assert_eq!(tones, [Tone::Plain, Tone::Warn], "from four fifths on");
    assert!(group.line(100).to_string().ends_with("lost 0  orders 10 s 240 of 300"));
    contact.links[1].state = LinkState::Down;
    let group = venue("usdm", (&view, &contact), None, Some("cancelling 3 orders"));
    assert_eq!(group.status, (Tone::Bad, "down: orders".to_owned()), "what is down comes first");
    contact.links[1].state = LinkState::Up;
    let group = venue("usdm", (&view, &contact), None, Some("cancelling 3 orders"));
    assert_eq!(group.status, (Tone::Warn, "cancelling 3 orders".to_owned()));
    let blind = venue("usdm", (&VenueView::default(), &contact), None, None);
    assert_eq!(blind.status, (Tone::Warn, "the account is not known".to_owned()));
}

#[test]
fn messages_are_counted_by_the_second() {
    let mut pace = Pace::default();
    let at = |ms: i64, frames| Contact { at: Nanos(1_000_000 * (1 + ms)), frames, ..Contact::default() };
    assert_eq!(pace.look(&at(0, 100)), None);
    assert_eq!(pace.look(&at(500, 200)), None);
    assert_eq!(pace.look(&at(1_000, 300)), Some(200.0));
    assert_eq!(pace.look(&at(1_900, 900)), Some(200.0), "the same until a second has passed");
    assert_eq!(pace.look(&at(3_000, 301)), Some(0.5));
}
