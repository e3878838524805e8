//! Arbitrary text as a table of pool events: nothing panics; what is read is replayed and played beside, and every swap is counted.
#![no_main]

use ballast_pool::amount::Token;
use ballast_pool::backtest::{Costs, Rule, Terms, run};
use ballast_pool::curve::Units;
use ballast_pool::event::{Event, Reader, What};
use ballast_pool::fee::ProtocolFee;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(reader) = Reader::new(text) else { return };
    let events: Vec<Event> = reader.map_while(Result::ok).collect();
    let terms = Terms {
        fee: 500,
        spacing: 10,
        protocol: [ProtocolFee::OneIn(4), ProtocolFee::TenThousandths(3_400)],
        units: Units::new(Token::One, (6, 18)),
        costs: Costs { mint: 9.0, burn: 5.0, swap: 4.0, swap_part: 0.001 },
        capital: 10_000.0,
    };
    let rule = Rule { half_width: Some(500), recentre_after: Some(60) };
    let swaps = events.iter().filter(|event| matches!(event.what, What::Swap(_))).count() as u64;
    if let Ok(Some(played)) = run(&events, &terms, &[rule]) {
        let found = &played.found;
        let counted = found.steady.swaps + found.crossing.swaps + found.unknown.swaps;
        assert_eq!(played.swaps, swaps);
        assert!(counted == swaps || counted + 1 == swaps, "the first one may not be told");
    }
});
