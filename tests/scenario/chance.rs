//! Long seeded stories: whatever happens in whatever order, both ends agree once everything has arrived.

use ballast_core::quotes::Tolerance;
use ballast_core::replace::ReplaceRules;
use ballast_core::shard::{ExitSpec, Trigger};
use ballast_core::trigger::Watched;
use ballast_model::{Rate, Side, Span, Ticks};

use crate::world::{POSITION_MAX, SETTING, Setting, World};

const SEEDS: u64 = 60;
const STEPS: u32 = 400;

/// SplitMix64 (Steele, Lea and Flood, 2014).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// In `0..bound`.
    pub(crate) fn below(&mut self, bound: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        i64::try_from((z ^ (z >> 31)) % bound.unsigned_abs()).unwrap()
    }
}

/// What a story came to.
#[derive(Debug, PartialEq, Eq)]
struct Ending {
    fills: usize,
    commands: usize,
    amended: u64,
    taken: usize,
    shard: u64,
    venue: u64,
}

fn tell(seed: u64, amend: ReplaceRules, exits: Option<ExitSpec>) -> Ending {
    let mut random = Random(seed);
    let triggers = [Trigger::Touch, Trigger::Every(Span::from_millis(7))];
    let tolerances = [Tolerance::EXACT, Tolerance { price: Ticks(2), size: Rate(50_000_000) }];
    let setting = Setting {
        feed_delay: Span::from_micros(random.below(20_000)),
        inventory_max: 10 + random.below(100),
        trigger: triggers[usize::try_from(seed % 2).unwrap()],
        tolerance: tolerances[usize::try_from(seed / 2 % 2).unwrap()],
        amend,
        exits,
        ..SETTING
    };
    let mut world = World::showing(&setting, 10_000, 10_002);
    let mut mid = 10_000;
    for _ in 0..STEPS {
        match random.below(20) {
            0..8 => {
                mid = (mid + random.below(9) - 4).clamp(5_000, 15_000);
                world.show(mid, mid + 1 + random.below(6));
            }
            8..14 => {
                let maker = Side::BOTH[usize::try_from(random.below(2)).unwrap()];
                let price = mid - maker.sign() * random.below(12);
                world.trade(maker, price, 1 + random.below(150));
            }
            14 => world.lose(),
            15 => world.pass(Span::from_secs(random.below(8))),
            _ => {}
        }
        world.pass(Span::from_micros(random.below(3_000)));
        assert!(world.position().abs() <= POSITION_MAX, "seed {seed}: {}", world.position());
    }
    world.pass(Span::from_secs(1));
    world.check_agreement();
    Ending {
        fills: world.fills.len(),
        commands: world.commands.len(),
        taken: world.taken,
        amended: world.venue.counters().replaced,
        shard: world.shard.state_hash(),
        venue: world.venue.state_hash(),
    }
}

#[test]
fn both_ends_agree_at_the_end_of_any_story() {
    let tell = |seed| tell(seed, ReplaceRules::NONE, None);
    let endings: Vec<_> = (0..SEEDS).map(tell).collect();
    let fills: usize = endings.iter().map(|ending| ending.fills).sum();
    let commands: usize = endings.iter().map(|ending| ending.commands).sum();
    println!("{fills} fills, {commands} commands");
    assert!(fills > 1_000 && commands > 10_000, "{fills} fills, {commands} commands");
    assert_eq!(tell(7), endings[7], "told again, it is the same story");
}

#[test]
fn both_ends_agree_at_the_end_of_any_story_with_amendments() {
    for rules in [ReplaceRules::BINANCE_USDM, ReplaceRules::BYBIT] {
        let endings: Vec<_> = (0..SEEDS).map(|seed| tell(seed, rules, None)).collect();
        let fills: usize = endings.iter().map(|ending| ending.fills).sum();
        let amended: u64 = endings.iter().map(|ending| ending.amended).sum();
        println!("{rules:?}: {fills} fills, {amended} amendments taken");
        assert!(fills > 1_000 && amended > 2_000, "{rules:?}: {fills} fills, {amended} amendments");
        assert_eq!(tell(7, rules, None), endings[7], "told again, it is the same story");
    }
}

#[test]
fn both_ends_agree_at_the_end_of_any_story_with_exits() {
    let exits = ExitSpec {
        stop_loss: Some(Rate::from_bps(3)),
        take_profit: Some(Rate::from_bps(5)),
        trailing: Some(Rate::from_bps(4)),
        watched: Watched::Mid,
        protection: Rate::from_bps(20),
        cooldown: Span::from_millis(5),
    };
    for watched in [Watched::Mid, Watched::Last] {
        let tell = |seed| tell(seed, ReplaceRules::BINANCE_USDM, Some(ExitSpec { watched, ..exits }));
        let endings: Vec<_> = (0..SEEDS).map(tell).collect();
        let fills: usize = endings.iter().map(|ending| ending.fills).sum();
        let taken: usize = endings.iter().map(|ending| ending.taken).sum();
        println!("{watched:?}: {fills} fills, {taken} of exits");
        assert!(fills > 500 && taken > 100, "{watched:?}: {fills} fills, {taken} of exits");
        assert_eq!(tell(7), endings[7], "told again, it is the same story");
    }
}
