//! A seeded run for tests: a random walk quoted on both sides, filled now and then, with an exact account.

use ballast_analytics::record::{
    FillRow, GridSource, HORIZONS, InstrumentRecord, MARKOUT_HORIZONS, Place, Programme, Requests, Role,
    RunRecord, Sample,
};
use ballast_model::{
    AssetId, ClientOrderId, Contract, FillReason, HalfTicks, InstrumentSpec, Liquidity, Lots, Money, Nanos,
    Price, Rate, Side, Span, Step, TradeId,
};

/// Time between two steps, and between two samples.
const STEP: Span = Span::from_millis(100);
/// When the runs begin: some minutes before a midnight.
const START: Nanos = Nanos(1_723_161_255_088_156_767);
const FEE: Rate = Rate(-5_000);
/// Half the market's spread, in ticks; quotes stand this far from the mid before skew.
const HALF_SPREAD: i64 = 4;
const LOTS: Lots = Lots(25);
const POSITION_MAX: Lots = Lots(200);

/// A run of `steps` steps on one instrument per name.
pub(super) fn run(names: &[&str], steps: usize) -> RunRecord {
    let instruments = names.iter().zip(1..).map(|(name, seed)| Walk::new(name, seed).run(steps)).collect();
    RunRecord { instruments }
}

struct Walk {
    random: u64,
    record: InstrumentRecord,
    mids: Vec<HalfTicks>,
    position: Lots,
    cash: Money,
    fees: Money,
    rebates: Money,
}

impl Walk {
    fn new(name: &str, seed: u64) -> Self {
        let spec = InstrumentSpec::new(InstrumentSpec {
            tick: Step::parse("0.01").unwrap(),
            lot: Step::parse("0.001").unwrap(),
            multiplier: 1,
            contract: Contract::Linear,
            price_min: Price(1),
            price_max: Price(100_000_000),
            size_min: Lots(1),
            size_max: Lots(10_000_000),
            notional_min: Money::ZERO,
            base: AssetId(0),
            quote: AssetId(1),
        });
        let record = InstrumentRecord {
            name: name.to_owned(),
            venue: if name.ends_with("PERP") { "coinm" } else { "usdm" }.to_owned(),
            role: Role::Quoted,
            spec: spec.unwrap(),
            grid: GridSource::Inferred,
            currency: "USDT".to_owned(),
            price_unit: "USDT".to_owned(),
            size_unit: "ETH".to_owned(),
            programme: Programme { within: Rate::from_bps(1), notional_min: Money::ZERO },
            requests: Requests::default(),
            fills: Vec::new(),
            adjustments: Vec::new(),
            samples: Vec::new(),
        };
        let (cash, fees, rebates) = (Money::ZERO, Money::ZERO, Money::ZERO);
        Self { random: seed, record, mids: Vec::new(), position: Lots::ZERO, cash, fees, rebates }
    }

    fn run(mut self, steps: usize) -> InstrumentRecord {
        let mut mid = HalfTicks(2 * 268_162);
        for step in 0..steps {
            let time = START + Span(STEP.0 * i64::try_from(step).unwrap());
            mid.0 += self.below(13) - 6 + if self.below(400) == 0 { 120 - self.below(241) } else { 0 };
            self.mids.push(mid);
            // No quotes for a while now and then, as when a book is lost.
            let quotes = if step % 1_000 > 960 { [None, None] } else { self.quotes(mid) };
            for (side, quote) in Side::BOTH.into_iter().zip(quotes) {
                if let Some(price) = quote.filter(|_| self.below(9) == 0) {
                    self.fill(time, side, price, mid);
                }
            }
            self.sample(time, mid, quotes);
        }
        self.markouts();
        self.record
    }

    /// Quotes around the mid, moved against the position; none on the side that would exceed its limit.
    fn quotes(&self, mid: HalfTicks) -> [Option<Price>; 2] {
        let centre = (mid.0 - self.position.0 / 20).div_euclid(2);
        let limit = |side: Side| self.position.0 * side.sign() < POSITION_MAX.0;
        Side::BOTH.map(|side| limit(side).then(|| Price(centre - side.sign() * HALF_SPREAD)))
    }

    fn fill(&mut self, time: Nanos, side: Side, price: Price, mid: HalfTicks) {
        let value = self.record.spec.value_floor(price, LOTS);
        let fee = Money::from_e8(FEE.fee_e8(value).unwrap());
        self.position += LOTS.signed(side);
        self.cash += if side == Side::Bid { -value } else { value };
        if fee > Money::ZERO {
            self.fees += fee;
        } else {
            self.rebates += -fee;
        }
        let reasons = [FillReason::QueueExhausted, FillReason::TradeThrough, FillReason::BookCross];
        let reason = reasons[usize::try_from(self.below(3)).unwrap()];
        let number = self.record.fills.len() as u64;
        let requests = &mut self.record.requests;
        (requests.orders, requests.cancels) = (requests.orders + 3, requests.cancels + 2);
        requests.lots += Lots(3 * LOTS.0);
        self.record.fills.push(FillRow {
            time,
            side,
            price,
            lots: LOTS,
            liquidity: Liquidity::Maker,
            reason,
            fee,
            client_id: ClientOrderId::new(1, number),
            trade_id: TradeId(number),
            mid,
            markouts: [None; HORIZONS],
            position_after: self.position,
            place: Some(Place {
                level: u16::try_from(number % 3).unwrap(),
                joined: Some(Lots(90)),
                ahead: Some(Lots(7)),
            }),
        });
    }

    fn sample(&mut self, time: Nanos, mid: HalfTicks, [bid, ask]: [Option<Price>; 2]) {
        let open = self.record.spec.value_at_mid_floor(mid, self.position.abs());
        let gross = self.cash + if self.position < Lots::ZERO { -open } else { open };
        let (position, fees, rebates) = (self.position, self.fees, self.rebates);
        self.record.samples.push(Sample {
            time,
            mid,
            bid,
            ask,
            depth: [bid, ask]
                .map(|quote| quote.map_or(Money::ZERO, |price| self.record.spec.notional(price, LOTS))),
            position,
            gross,
            fees,
            rebates,
            funding: Money::ZERO,
        });
    }

    fn markouts(&mut self) {
        for fill in &mut self.record.fills {
            fill.markouts = MARKOUT_HORIZONS.map(|horizon| {
                let step = usize::try_from((fill.time + horizon - START).0 / STEP.0).unwrap();
                self.mids.get(step).copied()
            });
        }
    }

    /// A number in `0..bound` (SplitMix64, Steele, Lea and Flood, 2014).
    fn below(&mut self, bound: u64) -> i64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        i64::try_from((z ^ (z >> 31)) % bound).unwrap()
    }
}
