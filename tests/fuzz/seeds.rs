//! Writes what the fuzz targets begin with, one folder for each: frames, captures, configurations and journals of the project's own
//! synthetic market. Nothing recorded is among them.
#![forbid(unsafe_code)]
#![expect(clippy::expect_used, reason = "seeds that cannot be written must stop whoever asked for them")]

use std::fs;
use std::path::{Path, PathBuf};

use ballast_exchange::synth::Dialect;
use ballast_journal::{Form, Frame, FrameBodies, Framer, Header, Reader, Said};
use ballast_model::{Nanos, Span};
use ballast_runtime::config::Config;
use ballast_runtime::job::{Mode, Prepared};
use ballast_runtime::journal::{AtRest, Journal, Options};
use ballast_runtime::replay::{Journaled, Unobserved};
use ballast_tests::market::{Line, QUOTER, lines, surveyed, text};

/// Lines of a market that are a seed each, or one together.
const LINES: usize = 60;
/// Bytes of a journal's records that are a seed.
const RECORD_BYTES: usize = 4_000;

/// A capture in few bytes: a snapshot, then each kind of message, in envelopes and bare.
const CAPTURE: &str = r#"1723161256000000000 {"lastUpdateId":10,"E":1723161255990,"T":1723161255990,"symbol":"ETHUSDT","bids":[["2400.00","5.000"],["2399.50","7.250"]],"asks":[["2400.50","4.000"],["2401.00","1.125"]]}
1723161256010000000 {"stream":"ethusdt@depth@0ms","data":{"e":"depthUpdate","E":1723161256000,"T":1723161256000,"s":"ETHUSDT","U":9,"u":12,"pu":8,"b":[["2400.00","6.000"]],"a":[["2401.00","0.000"]]}}
1723161256020000000 {"e":"depthUpdate","E":1723161256010,"T":1723161256010,"s":"ETHUSDT","U":13,"u":15,"pu":12,"b":[],"a":[["2400.50","3.500"]]}
1723161256030000000 {"stream":"ethusdt@bookTicker","data":{"e":"bookTicker","u":16,"s":"ETHUSDT","b":"2400.00","B":"6.000","a":"2400.50","A":"3.000","T":1723161256020,"E":1723161256020}}
1723161256040000000 {"e":"trade","E":1723161256030,"T":1723161256030,"s":"ETHUSDT","t":77,"p":"2400.50","q":"0.500","X":"MARKET","m":false}
1723161256050000000 {"e":"markPriceUpdate","E":1723161256040,"s":"ETHUSDT","p":"2400.25000000","i":"2400.30000000","P":"2400.20000000","r":"0.00010000","T":1723190400000}
"#;

/// Each kind of order event.
const ORDER_EVENTS: &str = "ev,exch_ts,local_ts,px,qty,order_id,ival,fval
3758096394,1723161256000000000,1723161256001000000,2400.00,5.000,1,0,0.0
3489660938,1723161256000000000,1723161256001000000,2400.50,4.000,2,0,0.0
3758096394,1723161256010000000,1723161256011000000,2400.00,1.000,3,0,0.0
3758096396,1723161256020000000,1723161256021000000,2399.50,2.000,3,0,0.0
3489660930,1723161256030000000,1723161256031000000,2400.00,5.000,0,0,0.0
3758096397,1723161256030000000,1723161256031000000,2400.00,5.000,1,0,0.0
3758096395,1723161256030000000,1723161256031000000,2400.00,5.000,1,0,0.0
3221225475,1723161256040000000,1723161256041000000,0,0,0,0,0.0
3489660938,1723161256040000000,1723161256041000000,2401.00,3.000,2,0,0.0
";

/// Each kind of event of a pool.
const POOL_EVENTS: &str = "block_number,block_timestamp,tx_type,amount0,amount1,total_liquidity,sqrtPriceX96,current_tick,tick_lower,tick_upper,liquidity
7,2024-01-05 00:00:23,SWAP,-22686110,10000000000000000,12453647101533358277,1662995104975155420368771254341874,199045.0,,,
7,2024-01-05 00:00:23,MINT,1,2,12453647101533358277,1662995104975155420368771254341874,199045.0,199000.0,199100.0,500
8,2024-01-05 00:00:35,SWAP,1779711470,-783707260129944808,12453647101533358777,1662990119151672310826534140478120,199045.0,,,
9,2024-01-05 00:00:47,BURN,1,2,12453647101533358277,1662990119151672310826534140478120,199045.0,199000.0,199100.0,500
9,2024-01-05 00:00:47,COLLECT,1,2,12453647101533358277,1662990119151672310826534140478120,199045.0,199000.0,199100.0,
";

struct Seeds(PathBuf);

impl Seeds {
    fn write(&self, target: &str, name: &str, bytes: impl AsRef<[u8]>) {
        let folder = self.0.join(target);
        fs::create_dir_all(&folder).expect("a folder can be made");
        fs::write(folder.join(name), bytes).expect("a seed can be written");
    }
}

/// The first lines of a market, its snapshot among them.
fn market(dialect: Dialect) -> Vec<Line> {
    let mut lines = lines(dialect, 41, 2);
    lines.truncate(LINES);
    lines
}

/// The only segment of a journal of a short run.
fn segment() -> Vec<u8> {
    let config = Config::parse(QUOTER, Path::new("quoter.toml")).expect("the quoter is sound");
    let files = [surveyed("futures", text(&lines(Dialect::UsdM, 31, 10)))];
    let prepared =
        Prepared::from_surveyed(&config, Path::new("quoter.toml"), &files, |_| {}).expect("it decodes");
    let folder = tempfile::tempdir().expect("a folder can be made");
    let options = Options { at_rest: AtRest::AsWritten, ..Options::default() };
    let meta = prepared.meta(Mode::Quoting).to_bytes();
    let mut journal = Journal::open(folder.path(), meta, &options).expect("it opens");
    let mut record = Journaled::new(&mut journal.tap);
    let played = prepared.play_recorded(Mode::Quoting, 1, &mut Unobserved, &mut record).expect("it plays");
    record.finish(&played.shard);
    journal.finish().expect("it is kept");
    fs::read(folder.path().join("0000000000.journal")).expect("it is there")
}

/// A segment in the three forms that the journal's target takes; the words of its header; what befalls a ring.
fn journals(seeds: &Seeds) {
    let segment = segment();
    let (header, mut reader) = Reader::new(&segment).expect("it begins well");
    let (begin, mut bodies) = (reader.offset(), vec![2]);
    let mut end = begin;
    while let Ok(Some(record)) = reader.next()
        && record.offset - begin < RECORD_BYTES
    {
        end = record.offset + record.length;
        let whole = segment.get(record.offset..end - 4).expect("it was read");
        let length_bytes = whole.iter().take_while(|byte| **byte >= 0x80).count() + 1;
        let body = whole.get(length_bytes..).expect("a record has a body");
        bodies.extend_from_slice(&u16::try_from(body.len()).expect("a short record").to_le_bytes());
        bodies.extend_from_slice(body);
    }
    seeds.write("journal", "segment", [&[0][..], segment.get(..end).expect("it was read")].concat());
    seeds.write("journal", "records", [&[1][..], segment.get(begin..end).expect("it was read")].concat());
    seeds.write("journal", "bodies", bodies);
    seeds.write("header", "header", header.meta);
    // A ring as it was left, one with a bit that is another, and one cut off.
    seeds.write("ring", "whole", [0, 0]);
    seeds.write("ring", "bit", [0, 0, 0, 1, 8, 4]);
    seeds.write("ring", "cut", [0, 80]);
}

/// Each kind of record of a recording, as bodies; and the segment of them.
fn recordings(seeds: &Seeds) {
    let texts = market(Dialect::UsdM).into_iter().take(3).map(|line| line.frame);
    let texts: Vec<_> = texts.filter(|text| text.len() < RECORD_BYTES).collect();
    let mut said = vec![Said::Opened, Said::Asked(b"/fapi/v1/depth"), Said::Due];
    said.extend(texts.iter().map(|text| Said::Text(text.as_bytes())));
    said.push(Said::Answer { status: 200, body: b"{}" });
    said.extend([Said::Lost { records: 3, bytes: 700 }, Said::Closed]);
    let header = Header { segment: 0, first_seq: 1, before: [0; 32], config_hash: [0; 32], meta: Vec::new() };
    let (mut bodies, mut segment) = (vec![2], vec![0]);
    let mut framer = Framer::new(Form::Recording, &header, &mut segment);
    let mut frames = FrameBodies::new(u64::MAX, Span(i64::MAX));
    for (said, at) in said.into_iter().zip(1_000..) {
        let frame = Frame { now: Nanos(at), wall: Nanos(at + 70), way: 0, said };
        frames.frame(&frame, &mut |raw| {
            bodies.extend_from_slice(&u16::try_from(raw.body.len()).expect("a short record").to_le_bytes());
            bodies.extend_from_slice(raw.body);
            let _ = framer.record(raw, &mut segment);
        });
    }
    seeds.write("recording", "bodies", bodies);
    seeds.write("recording", "segment", segment);
}

/// Frames and replies, each behind the two bytes that say what they are and how long the pieces.
fn wire(seeds: &Seeds) {
    let frames: [(&str, &[u8]); 5] = [
        ("message", b"\x81\x02{}"),
        ("long", &[&[0x82, 126, 0, 130][..], &[b'a'; 130]].concat()),
        ("fragments", b"\x01\x01[\x89\x01p\x00\x00\x80\x01]\x8A\x00"),
        ("close", b"\x88\x08\x03\xE9later!"),
        ("huge", b"\x82\x7F\0\0\0\0\0\0\0\x02ok"),
    ];
    for (name, bytes) in frames {
        seeds.write("wire", name, [&[0, 3][..], bytes].concat());
    }
    let replies: [(&str, &[u8]); 3] = [
        ("length", b"HTTP/1.1 429 Slow\r\nRetry-After: 3\r\nX-Weight: 9\r\nContent-Length: 2\r\n\r\n{}"),
        ("chunks", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\n{}\r\n0\r\nA: b\r\n\r\n"),
        ("until-end", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200 OK\r\n\r\nabc"),
    ];
    for (name, bytes) in replies {
        seeds.write("wire", name, [&[1, 5][..], bytes].concat());
    }
}

fn main() {
    let folder = std::env::args_os().nth(1).expect("usage: seeds FOLDER");
    let seeds = Seeds(folder.into());
    for (name, dialect) in [("futures", Dialect::UsdM), ("spot", Dialect::Spot)] {
        let lines = market(dialect);
        for (index, line) in lines.iter().enumerate() {
            seeds.write("decode", &format!("{name}-{index}"), &line.frame);
        }
    }
    seeds.write("capture", "few-lines", CAPTURE);
    seeds.write("capture", "order-events", ORDER_EVENTS);
    seeds.write("pool", "few-events", POOL_EVENTS);
    seeds.write("config", "quoter.toml", QUOTER);
    for file in fs::read_dir(ballast_tests::root().join("config")).expect("the configurations are there") {
        let path = file.expect("a file").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        seeds.write("config", &name, fs::read(&path).expect("a configuration"));
    }
    seeds.write(
        "config",
        "operator.toml",
        "[[at]]\noffset = \"60s\"\ncommand = \"pause\"\nscope = \"all\"\n",
    );
    journals(&seeds);
    recordings(&seeds);
    wire(&seeds);
}
