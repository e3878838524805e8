use super::*;

const START: Nanos = Nanos::from_millis(1_000_000);

fn layer(text: &str) -> Faults {
    Faults::new(&FaultsFile::parse(text).unwrap(), START)
}

fn at(millis: i64) -> Nanos {
    START + Span::from_millis(millis)
}

fn diff(first: u64) -> Frame {
    let text = format!(r#"{{"e":"depthUpdate","U":{first},"u":{first},"pu":{},"b":[],"a":[]}}"#, first - 1);
    Frame::Text(text.into_bytes())
}

fn text(frame: &Frame) -> &str {
    let Frame::Text(text) = frame else { panic!("no text: {frame:?}") };
    std::str::from_utf8(text).unwrap()
}

fn order() -> HttpRequest {
    HttpRequest { method: "POST".to_owned(), path: "/api/v3/order".to_owned(), ..HttpRequest::default() }
}

#[test]
fn without_rules_everything_passes() {
    let mut faults = layer("");
    assert_eq!(faults.on_frame(Channel::Market, diff(5), at(0)), [(Span::ZERO, diff(5))]);
    assert_eq!(faults.on_request(&order(), at(0)), Fate::Passes);
    assert_eq!(faults.next_deadline(at(0)), None);
    assert!(faults.deeds(at(0)).is_empty() && faults.counts().is_empty());
}

#[test]
fn a_rule_without_more_hits_one_message_when_it_begins() {
    let mut faults = layer("[[fault]]\nkind = \"gap\"\nat = \"1s\"\n");
    assert_eq!(faults.on_frame(Channel::Market, diff(5), at(999)).len(), 1);
    assert!(faults.on_frame(Channel::Market, diff(6), at(1_000)).is_empty());
    assert_eq!(faults.on_frame(Channel::Market, diff(7), at(1_001)).len(), 1);
    assert_eq!(faults.counts().get(&Kind::Gap), Some(&1));
    assert_eq!(
        faults.take_news(),
        [Fired { at: at(1_000), kind: Kind::Gap, name: "gap", channel: Channel::Market }]
    );
    assert!(faults.take_news().is_empty());
}

#[test]
fn a_rule_begins_again_and_lasts() {
    let mut faults = layer("[[fault]]\nkind = \"duplicate\"\nevery = \"1s\"\nfor = \"100ms\"\n");
    for (millis, copies) in [(0, 2), (99, 2), (100, 1), (999, 1), (1_000, 2), (1_100, 1)] {
        assert_eq!(faults.on_frame(Channel::Market, diff(5), at(millis)).len(), copies, "{millis}");
    }
}

#[test]
fn the_rate_is_kept_and_the_seed_decides() {
    let hits = |seed: u64| {
        let mut faults = layer(&format!("seed = {seed}\n[[fault]]\nkind = \"gap\"\nrate = 0.1\n"));
        let mut hit = |nth: u64| faults.on_frame(Channel::Market, diff(nth), at(0)).is_empty();
        (1..=10_000).filter(|nth| hit(*nth)).collect::<Vec<_>>()
    };
    let first = hits(1);
    assert!((900..1_100).contains(&first.len()), "{}", first.len());
    assert_eq!(first, hits(1));
    assert_ne!(first, hits(2));
}

#[test]
fn channels_are_told_apart() {
    let mut faults = layer("[[fault]]\nkind = \"duplicate\"\non = \"user\"\nfor = \"1s\"\n");
    assert_eq!(faults.on_frame(Channel::Market, diff(5), at(0)).len(), 1);
    assert_eq!(faults.on_frame(Channel::User, diff(5), at(0)).len(), 2);
    let key = "a".repeat(64);
    for (path, query, channel) in [
        ("/ws/btcusdt@trade", "", Channel::Market),
        ("/public/stream", "streams=a@depth", Channel::Market),
        ("/private/ws", "listenKey=x", Channel::User),
        (&*format!("/ws/{key}"), "", Channel::User),
        ("/ws-api/v3", "", Channel::Api),
        ("/ws-fapi/v1", "", Channel::Api),
    ] {
        assert_eq!(Channel::of(path, query), channel, "{path}");
    }
}

#[test]
fn messages_are_harmed_as_the_rule_says() {
    let mut faults =
        layer("[[fault]]\nkind = \"wrong-pu\"\n[[fault]]\nkind = \"malformed-json\"\nat = \"1s\"\n");
    let out = faults.on_frame(Channel::Market, diff(100), at(0));
    assert!(text(&out[0].1).contains(r#""U":100,"u":100,"pu":100,"#), "{out:?}");
    let out = faults.on_frame(Channel::Market, diff(101), at(1_000));
    assert!(serde_json::from_str::<serde_json::Value>(text(&out[0].1)).is_err());
    let mut faults =
        layer("[[fault]]\nkind = \"malformed-frame\"\n[[fault]]\nkind = \"delay\"\nby = \"20ms\"\n");
    let late = Span::from_millis(20);
    let raw = Frame::Raw(text::NO_FRAME.to_vec());
    assert_eq!(faults.on_frame(Channel::Market, diff(9), at(0)), [(late, raw), (late, diff(9))]);
}

#[test]
fn a_stale_snapshot_lies_before_the_diffs() {
    let mut faults = layer("[[fault]]\nkind = \"stale-snapshot\"\n");
    let path = "/fapi/v1/depth".to_owned();
    let request = HttpRequest { method: "GET".to_owned(), path, ..HttpRequest::default() };
    let body = br#"{"lastUpdateId":5000007,"bids":[]}"#.to_vec();
    let mut reply = HttpReply { status: 200, headers: Vec::new(), body };
    assert_eq!(faults.on_reply(&request, &mut reply, at(0)), Span::ZERO);
    assert_eq!(reply.body, br#"{"lastUpdateId":4000007,"bids":[]}"#);
}

#[test]
fn an_unknown_status_is_told_with_and_without_execution() {
    let mut faults =
        layer("[[fault]]\nkind = \"timeout-lost\"\n[[fault]]\nkind = \"unavailable-executed\"\n");
    let Fate::Lost(reply) = faults.on_request(&order(), at(0)) else { panic!("it passes") };
    assert_eq!(reply.status, 408);
    assert!(String::from_utf8(reply.body).unwrap().contains("-1007"));
    let place = br#"{"id":"a1","method":"order.place","params":{}}"#;
    let Fate::Masked(answer) = faults.on_text(Channel::Api, place, at(0)) else { panic!("it is lost") };
    assert_eq!(answered(&answer).as_deref(), Some("\"a1\""));
    assert!(String::from_utf8(answer).unwrap().contains(r#""status":503"#));
    assert_eq!(faults.on_request(&order(), at(0)), Fate::Passes);
}

#[test]
fn only_what_changes_orders_has_an_unknown_status() {
    let mut faults = layer("[[fault]]\nkind = \"timeout-lost\"\nfor = \"1s\"\n");
    for (method, path) in
        [("GET", "/api/v3/order"), ("POST", "/fapi/v1/listenKey"), ("POST", "/api/v3/order/test")]
    {
        let request = HttpRequest { method: method.to_owned(), path: path.to_owned(), ..order() };
        assert_eq!(faults.on_request(&request, at(0)), Fate::Passes, "{method} {path}");
    }
    let status = br#"{"id":1,"method":"order.status"}"#;
    assert_eq!(faults.on_text(Channel::Api, status, at(0)), Fate::Passes);
}

#[test]
fn deeds_are_done_once_each_time() {
    let mut faults = layer("[[fault]]\nkind = \"disconnect\"\non = \"user\"\nat = \"1s\"\nevery = \"2s\"\n");
    assert_eq!(faults.next_deadline(at(0)), Some(at(1_000)));
    assert!(faults.deeds(at(999)).is_empty());
    assert_eq!(faults.deeds(at(1_000)), [Deed::Disconnect(Channel::User, usize::MAX)]);
    assert_eq!(faults.next_deadline(at(1_000)), Some(at(3_000)));
    assert!(faults.deeds(at(1_001)).is_empty());
    assert_eq!(faults.deeds(at(3_005)), [Deed::Disconnect(Channel::User, usize::MAX)]);
}

#[test]
fn so_many_connections_are_hit() {
    let mut faults = layer("[[fault]]\nkind = \"half-open\"\non = \"market\"\nconnections = 1\n");
    assert_eq!(faults.deeds(at(0)), [Deed::Silence(Channel::Market, 1)]);
}

#[test]
fn a_clock_goes_wrong_and_right_again() {
    let mut faults = layer("[[fault]]\nkind = \"clock-skew\"\nby = \"-2s\"\nfor = \"1s\"\n");
    let wrong = Deed::Provoke(Mischief::ClockSkew(Span::from_secs(-2)));
    assert_eq!(faults.deeds(at(0)), [wrong]);
    assert_eq!(faults.next_deadline(at(0)), Some(at(1_000)));
    assert_eq!(faults.deeds(at(1_000)), [Deed::Provoke(Mischief::ClockSkew(Span::ZERO))]);
    assert_eq!(faults.next_deadline(at(1_000)), None);
    let mut faults = layer("[[fault]]\nkind = \"clock-skew\"\nby = \"5s\"\n");
    assert_eq!(faults.deeds(at(0)).len(), 1);
    assert_eq!(faults.next_deadline(at(60_000)), None);
    faults.replace(&FaultsFile::default(), at(61_000));
    assert_eq!(faults.deeds(at(61_000)), [Deed::Provoke(Mischief::ClockSkew(Span::ZERO))]);
}

#[test]
fn a_ban_ends_when_it_was_to() {
    let mut faults = layer("[[fault]]\nkind = \"ban\"\nat = \"1s\"\nfor = \"5s\"\n");
    let until = at(6_000);
    assert_eq!(faults.deeds(at(1_000)), [Deed::Provoke(Mischief::Throttled { until, ban: Ban::Yes })]);
}

#[test]
fn bad_rules_are_refused_with_their_place() {
    for (rule, said) in [
        ("kind = \"nonsense\"", "unknown variant `nonsense`"),
        ("kind = \"gap\"\ncolour = 1", "unknown field `colour`"),
        ("kind = \"gap\"\non = \"rest\"", "fault[0].on: gap never happens there: it must be market, or all"),
        (
            "kind = \"late-ack\"\nby = \"1s\"\non = \"market\"",
            "fault[0].on: late-ack never happens there: it must be api, rest",
        ),
        ("kind = \"ban\"\nfor = \"1s\"\non = \"api\"", "fault[0].on: ban happens to the whole venue"),
        ("kind = \"gap\"\nat = \"soon\"", "fault[0].at: \"soon\" is no span"),
        ("kind = \"gap\"\nat = \"-1s\"", "fault[0].at:"),
        ("kind = \"gap\"\nrate = 0.0", "fault[0].rate: must be above 0 and at most 1"),
        ("kind = \"gap\"\nrate = 1.5", "fault[0].rate:"),
        ("kind = \"gap\"\ncount = 0", "fault[0].count: must be above 0"),
        ("kind = \"gap\"\nby = \"1s\"", "fault[0].by: means nothing for this kind"),
        ("kind = \"delay\"", "fault[0].by: is needed"),
        ("kind = \"ban\"", "fault[0].for: is needed"),
        ("kind = \"disconnect\"\nrate = 0.5", "fault[0].rate: means nothing for this kind"),
        ("kind = \"gap\"\nconnections = 1", "fault[0].connections: means nothing for this kind"),
        ("kind = \"half-open\"\nconnections = 0", "fault[0].connections: must be above 0"),
        ("kind = \"gap\"\nevery = \"1s\"\nfor = \"2s\"", "fault[0].for: is longer than every"),
        ("kind = \"tick-size\"\nto = \"0.1\"", "fault[0].symbol: is needed"),
        ("kind = \"lot-size\"\nsymbol = \"ETHUSDT\"", "fault[0].to: is needed"),
        ("kind = \"tick-size\"\nsymbol = \"ETHUSDT\"\nto = \"0\"", "fault[0].to: must be a step"),
        ("kind = \"gap\"\nsymbol = \"ETHUSDT\"", "fault[0].symbol: means nothing for this kind"),
        ("kind = \"gap\"\nto = \"0.1\"", "fault[0].to: means nothing for this kind"),
    ] {
        let error = FaultsFile::parse(&format!("[[fault]]\n{rule}\n")).unwrap_err().to_string();
        assert!(error.contains(said), "{rule}: {error}");
    }
}

/// Lets a fault of a kind on a channel happen, as often as it may; whether it did.
fn happens(kind: Kind, on: Channel) -> bool {
    let more = match (kind.needs_amount(), kind.needs_end()) {
        (true, _) => "by = \"1s\"\n",
        (_, true) => "for = \"1s\"\n",
        _ if kind.changes().is_some() => "symbol = \"ETHUSDT\"\nto = \"0.1\"\n",
        _ => "",
    };
    let rule = format!("[[fault]]\nkind = \"{}\"\non = \"{}\"\n{more}", kind.name(), on.name());
    let mut faults = layer(&rule);
    let deeds = faults.deeds(at(0));
    for channel in [Channel::Market, Channel::User, Channel::Api] {
        faults.on_frame(channel, diff(5), at(0));
        faults.on_text(channel, br#"{"id":1,"method":"order.place"}"#, at(0));
    }
    let mut reply = HttpReply::default();
    let path = "/api/v3/depth".to_owned();
    let depth = HttpRequest { method: "GET".to_owned(), path, ..HttpRequest::default() };
    for request in [order(), depth] {
        faults.on_request(&request, at(0));
        faults.on_reply(&request, &mut reply, at(0));
    }
    faults.hits(Kind::PartialFills, Channel::User, at(0));
    !deeds.is_empty() || faults.counts().contains_key(&kind)
}

#[test]
fn every_rule_that_is_taken_can_happen() {
    let kinds = [
        Kind::Disconnect,
        Kind::HalfOpen,
        Kind::Gap,
        Kind::Duplicate,
        Kind::Delay,
        Kind::WrongPu,
        Kind::StaleSnapshot,
        Kind::MalformedJson,
        Kind::MalformedFrame,
        Kind::TimeoutExecuted,
        Kind::TimeoutLost,
        Kind::UnavailableExecuted,
        Kind::UnavailableLost,
        Kind::Refused,
        Kind::RefusedKey,
        Kind::LateAck,
        Kind::LostNews,
        Kind::UnseenValue,
        Kind::PartialFills,
        Kind::Throttle,
        Kind::Ban,
        Kind::ClockSkew,
        Kind::ListenKeyExpiry,
        Kind::ShutdownNotice,
        Kind::TickSize,
        Kind::LotSize,
    ];
    for kind in kinds {
        assert!(happens(kind, Channel::All), "{kind:?}");
        for place in kind.places() {
            assert!(happens(kind, *place), "{kind:?} on {place:?}");
        }
    }
}

#[test]
fn orders_are_refused_with_every_code_of_their_market_and_nothing_else_is() {
    let mut faults = layer("[[fault]]\nkind = \"refused\"\nrate = 1.0\n").of(Market::Spot);
    let asked = |method: &str| format!(r#"{{"id":7,"method":"{method}"}}"#).into_bytes();
    assert_eq!(faults.on_text(Channel::Api, &asked("order.status"), at(0)), Fate::Passes);
    let mut codes = std::collections::BTreeSet::new();
    for _ in 0..2_000 {
        for method in ["order.place", "order.cancel", "order.amend.keepPriority"] {
            let Fate::Lost(answer) = faults.on_text(Channel::Api, &asked(method), at(0)) else {
                panic!("{method} passes")
            };
            let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
            assert_eq!(answer["id"], 7);
            assert!(answer["status"].as_u64().unwrap() >= 400);
            codes.insert(answer["error"]["code"].as_i64().unwrap());
        }
    }
    assert!(codes.iter().all(|code| *code > -4_000), "{codes:?}");
    assert!([-1000, -1003, -1013, -1015, -1021, -2010, -2011, -2038].iter().all(|code| codes.contains(code)));
    let named: std::collections::BTreeSet<_> = faults.log().map(|fired| fired.name).collect();
    assert!(named.iter().all(|name| refusals().any(|refusal| refusal == *name)), "{named:?}");
    assert_eq!(faults.counts().get(&Kind::Refused), Some(&6_000));
}

#[test]
fn a_name_that_nobody_knows_takes_the_place_of_one() {
    let rule = "[[fault]]\nkind = \"unseen-value\"\non = \"user\"\nrate = 1.0\n";
    let mut faults = layer(rule);
    let news = r#"{"e":"ORDER_TRADE_UPDATE","o":{"x":"TRADE","X":"FILLED","V":"NONE","i":7,"t":9}}"#;
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..100 {
        let out = faults.on_frame(Channel::User, Frame::Text(news.as_bytes().to_vec()), at(0));
        let told: serde_json::Value = serde_json::from_str(text(&out[0].1)).unwrap();
        assert_eq!((&told["o"]["i"], &told["o"]["t"]), (&7.into(), &9.into()));
        seen.insert(text(&out[0].1).to_owned());
    }
    assert_eq!(seen.len(), 4, "{seen:?}");
    let before = faults.counts()[&Kind::UnseenValue];
    faults.on_frame(Channel::User, Frame::Text(br#"{"result":null}"#.to_vec()), at(0));
    assert_eq!(faults.counts()[&Kind::UnseenValue], before, "what has no name is not counted");
}

#[test]
fn rules_that_are_added_begin_then_and_leave_the_others() {
    let mut faults = layer("[[fault]]\nkind = \"gap\"\nat = \"5s\"\n");
    let more = FaultsFile::parse("[[fault]]\nkind = \"lost-news\"\nat = \"1s\"\n").unwrap();
    faults.add(&more, at(2_000));
    assert_eq!(faults.on_frame(Channel::User, diff(5), at(2_999)).len(), 1);
    assert!(faults.on_frame(Channel::User, diff(5), at(3_000)).is_empty());
    assert!(faults.on_frame(Channel::Market, diff(6), at(5_000)).is_empty());
    faults.add(&FaultsFile::default(), at(6_000));
    assert!(faults.rules.is_empty(), "what is over is forgotten");
}
