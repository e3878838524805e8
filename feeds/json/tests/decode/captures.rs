//! Real recordings: `<local nanoseconds> <frame>` lines, gzip. They are not part of the source tree: `BALLAST_CAPTURES`
//! names their folder, by default the one beside the workspace.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use ballast_json::{Capability, Decoder, Full, Grids, LevelSink, Path, Side, SymbolId, SymbolTable};
use flate2::read::GzDecoder;

use crate::market::{Kept, grid};

/// Whose REST snapshots are among the frames.
const ID: Option<SymbolId> = Some(SymbolId(0));

/// A recording with its instrument and the scales of tick and lot.
struct Recording {
    name: &'static str,
    symbol: &'static str,
    tick: u8,
    lot: u8,
}

const RECORDINGS: [Recording; 8] = [
    Recording { name: "usdm_btcusdt_20240808", symbol: "BTCUSDT", tick: 1, lot: 3 },
    Recording { name: "usdm_ethusdt_20240808", symbol: "ETHUSDT", tick: 2, lot: 3 },
    Recording { name: "spot_btcusdt_20240808", symbol: "BTCUSDT", tick: 2, lot: 6 },
    Recording { name: "spot_btcusdt_20240809", symbol: "BTCUSDT", tick: 2, lot: 6 },
    Recording { name: "spot_ethusdt_20240808", symbol: "ETHUSDT", tick: 2, lot: 5 },
    Recording { name: "spot_ethusdt_20240809", symbol: "ETHUSDT", tick: 2, lot: 5 },
    Recording { name: "cm_btcusd_perp_20240808", symbol: "BTCUSD_PERP", tick: 1, lot: 0 },
    Recording { name: "cm_btcusd_perp_20240809", symbol: "BTCUSD_PERP", tick: 1, lot: 0 },
];

/// Keeps the levels of one frame after the other.
#[derive(Default)]
struct Keeper(Vec<Kept>);

impl LevelSink for Keeper {
    fn begin(&mut self) {
        self.0.clear();
    }

    fn push(&mut self, side: Side, ticks: u64, lots: u64) -> Result<(), Full> {
        self.0.push((side, ticks, lots));
        Ok(())
    }
}

fn open(name: &str) -> Option<impl BufRead + use<>> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/captures");
    let folder = std::env::var_os("BALLAST_CAPTURES").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    let path = folder.join("binance-hftbacktest").join(name).with_extension("gz");
    let file = File::open(&path).ok();
    if file.is_none() {
        println!("skipped: no recording at {}", path.display());
    }
    file.map(|file| BufReader::new(GzDecoder::new(file)))
}

#[test]
fn every_recorded_frame_takes_the_fast_path_and_means_what_the_others_say() {
    for recording in &RECORDINGS {
        let Some(lines) = open(recording.name) else { continue };
        let grids = Grids { price: grid((recording.tick, 1)), size: grid((recording.lot, 1)) };
        let mut symbols = SymbolTable::<1>::new();
        symbols.insert(recording.symbol.as_bytes(), SymbolId(0), grids).expect("the symbol fits");
        let mut sinks = [Keeper::default(), Keeper::default(), Keeper::default()];
        let mut frames = 0_u64;
        for line in lines.split(b'\n').map(|line| line.expect("the recording is whole")) {
            let space = line.iter().position(|&byte| byte == b' ').expect("a time precedes the frame");
            let frame = &line[space + 1..];
            let [by_avx2, by_portable, by_twin] = &mut sinks;
            let decode = |capability, sink| Decoder::new(capability).decode(frame, &symbols, ID, sink);
            let [fast, scalar, twin] = [
                decode(Capability::detect(), by_avx2),
                decode(Capability::scalar(), by_portable),
                Decoder::decode_with_twin(frame, &symbols, ID, by_twin),
            ]
            .map(|decoded| {
                decoded.unwrap_or_else(|error| panic!("{error} in {}", String::from_utf8_lossy(frame)))
            });
            assert!(fast.path == Path::Fast, "{}", String::from_utf8_lossy(frame));
            let same =
                [scalar, twin].map(|other| (other.message, other.stream) == (fast.message, fast.stream));
            assert_eq!(same, [true, true], "{}", String::from_utf8_lossy(frame));
            assert!(
                sinks[0].0 == sinks[1].0 && sinks[0].0 == sinks[2].0,
                "{}",
                String::from_utf8_lossy(frame)
            );
            frames += 1;
        }
        assert!(frames > 0, "{} is empty", recording.name);
        println!("{}: {frames} frames", recording.name);
    }
}
