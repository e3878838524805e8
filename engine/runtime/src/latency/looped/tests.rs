use super::*;
use crate::capture::Source;

fn depth(at: i64, [first, last, previous]: [i64; 3], bids: &str, asks: &str) -> String {
    format!(
        r#"{at}000000 {{"stream":"ethusdt@depth@0ms","data":{{"e":"depthUpdate","E":{at},"T":{at},"s":"ETHUSDT","U":{first},"u":{last},"pu":{previous},"b":[{bids}],"a":[{asks}]}}}}"#
    )
}

fn market() -> String {
    const BEGIN: i64 = 1_723_161_255_088;
    let lines = [
        depth(BEGIN, [3, 5, 2], r#"["10.01","1.001"]"#, r#"["10.05","9.000"]"#),
        format!(
            r#"{BEGIN}000001 {{"lastUpdateId":5,"E":1,"T":1,"bids":[["10.01","1.001"],["9.99","2.500"]],"asks":[["10.02","1.003"],["10.05","9.000"]]}}"#
        ),
        depth(BEGIN + 2, [6, 8, 5], r#"["10.01","0.000"],["10.00","3.000"]"#, ""),
        format!(
            r#"{}000000 {{"stream":"ethusdt@trade","data":{{"e":"trade","E":{0},"T":{0},"s":"ETHUSDT","t":98,"p":"10.02","q":"1.000","X":"MARKET","m":true}}}}"#,
            BEGIN + 3
        ),
        depth(BEGIN + 4, [9, 9, 8], "", r#"["10.02","7.000"],["10.05","0.000"]"#),
        format!(
            r#"{}000000 {{"stream":"ethusdt@bookTicker","data":{{"e":"bookTicker","u":12,"s":"ETHUSDT","b":"10.00","B":"3.000","a":"10.02","A":"7.000","T":{0},"E":{0}}}}}"#,
            BEGIN + 6
        ),
    ];
    lines.join("\n") + "\n"
}

fn frames(text: String) -> Result<Frames, FramesError> {
    Frames::read(Source::in_memory("some.txt", text.into_bytes()))?.looped()
}

/// The book after so many places, built from what is said; the numbers of updates have to follow each other, times and trades to rise.
fn built(frames: &Frames, places: usize) -> Book {
    let tick = frames.fact.seen.tick.unwrap();
    let snapshot: Value = serde_json::from_slice(&frames.snapshot).unwrap();
    let mut book = Book::of(tick, &snapshot, ["bids", "asks"]);
    let mut scratch = Vec::new();
    let (mut last, mut time, mut trade, mut at) = (5, 0, 0, Nanos::MIN);
    for place in frames.after_snapshot..places {
        let whole: Value = serde_json::from_slice(frames.say(place, &mut scratch)).unwrap();
        let data = &whole["data"];
        let number = |key: &str| data[key].as_i64().unwrap();
        assert!(number("E") >= time && frames.when(place).unwrap() > at, "{whole}");
        (time, at) = (number("E"), frames.when(place).unwrap());
        match data["e"].as_str().unwrap() {
            "depthUpdate" => {
                assert_eq!(number("pu"), last, "{whole}");
                assert!(number("u") > last, "{whole}");
                last = number("u");
                book.change(tick, data, ["b", "a"]);
            }
            "trade" => {
                assert!(number("t") > trade, "{whole}");
                trade = number("t");
            }
            _ => assert!(number("u") > last - 2, "{whole}"),
        }
    }
    book
}

#[test]
fn every_pass_begins_with_the_book_of_the_first_and_goes_on_in_number_and_time() {
    let frames = frames(market()).unwrap();
    let each = frames.released_max();
    assert_eq!((frames.after_snapshot, each), (1, 5), "four recorded, one that leads back");
    let first = built(&frames, 1);
    assert_eq!(first.0.each_ref().map(BTreeMap::len), [2, 2]);
    for passes in 1..12 {
        assert_eq!(built(&frames, 1 + passes * each), first, "after {passes}");
        assert_ne!(built(&frames, passes * each), first, "before the last that leads back");
        assert_eq!(frames.get(1 + passes * each).unwrap().1, i64::try_from(passes).unwrap());
    }
    let kinds: Vec<_> = (1..7).map(|place| frames.get(place).unwrap().0.kind).collect();
    assert_eq!(kinds, [Kind::Depth, Kind::Other, Kind::Depth, Kind::Ticker, Kind::Other, Kind::Depth]);
}

#[test]
fn a_book_far_from_where_it_began_is_led_back_in_several_frames() {
    let far: Vec<_> =
        (0..1_100).map(|tick| format!(r#"["{}.{:02}","1.000"]"#, tick / 100, tick % 100)).collect();
    let mut text = market();
    text.push_str(&depth(1_723_161_255_100, [10, 13, 9], &far[1..900].join(","), ""));
    text.push('\n');
    let frames = frames(text).unwrap();
    assert_eq!(frames.released_max(), 5 + 2);
    assert_eq!(built(&frames, 1 + 3 * 7), built(&frames, 1));
}

#[test]
fn what_cannot_begin_again_is_refused() {
    let lines: Vec<_> = market().lines().map(str::to_owned).collect();
    let without = [&*lines[0], &lines[1], &lines[5], ""].join("\n");
    let why = frames(without).unwrap_err().to_string();
    assert_eq!(why, "ETHUSDT: no change of the book follows its snapshot, and it cannot begin again");
}
