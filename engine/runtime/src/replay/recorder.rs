//! Writes down what a run did, for judgement afterwards.

use ballast_analytics::record::{
    Adjustment, FillRow, HORIZONS, InstrumentRecord, MARKOUT_HORIZONS, Place, Programme, Role, Sample,
};
use ballast_core::ledger::booked_fee;
use ballast_core::shard::Shard;
use ballast_model::{
    Command, Event, Fill, HalfTicks, InstrumentId, Lots, Money, Nanos, OperatorAct, OperatorCommand,
    OperatorScope, Price, Rate, Side, Span,
};

use super::Observer;
use super::notes::rests;

/// How densely a run is sampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecorderSpec {
    /// Time between samples at first.
    pub interval: Span,
    /// Most samples kept per instrument; where one more is due every second one is dropped and the interval doubles.
    pub samples_max: usize,
}

/// Whether any instrument had a midpoint to take a sample at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sampled {
    None,
    Some,
}

/// Records fills with their markouts, and the account at even intervals.
#[derive(Debug)]
pub struct Recorder {
    spec: RecorderSpec,
    interval: Span,
    next_sample: Nanos,
    /// The earliest time anything is due; everything before costs one comparison.
    next_due: Nanos,
    /// Per instrument and horizon: the first fill whose markout is still open.
    open: Vec<[usize; HORIZONS]>,
    instruments: Vec<InstrumentRecord>,
}

impl Recorder {
    /// A recorder for instruments in the shard's order, their lists empty.
    #[must_use]
    pub fn new(spec: RecorderSpec, instruments: Vec<InstrumentRecord>) -> Self {
        let open = vec![[0; HORIZONS]; instruments.len()];
        Self {
            spec,
            interval: spec.interval,
            next_sample: Nanos::MIN,
            next_due: Nanos::MIN,
            open,
            instruments,
        }
    }

    /// The record, with a last sample at the end of the run; where the book is lost by then, at the last midpoint known.
    #[must_use]
    pub fn finish(mut self, ended_at: Option<Nanos>, shard: &Shard) -> Vec<InstrumentRecord> {
        if let Some(now) = ended_at {
            self.make_room();
            for (index, record) in self.instruments.iter_mut().enumerate() {
                let mid = mid_of(shard, index).or_else(|| record.samples.last().map(|last| last.mid));
                let sample = mid.and_then(|mid| sample_of(shard, index, &record.programme, mid, now));
                record.samples.extend(sample);
            }
        }
        for venue in shard.hedgings().flat_map(|hedging| &hedging.hedge.venues) {
            if let Some(record) = self.instruments.get_mut(venue.instrument.index()) {
                record.role = Role::Hedge;
            }
        }
        self.instruments
    }

    #[cold]
    fn due(&mut self, now: Nanos, shard: &Shard) {
        self.settle_markouts(now, shard);
        if now >= self.next_sample && self.sample(now, shard) == Sampled::Some {
            self.next_sample = now + self.interval;
        }
        self.next_due = self.next_sample.min(self.next_markout());
    }

    /// Fills in the midpoints of all markouts whose time has passed: the midpoint of that time, and none where there was none.
    fn settle_markouts(&mut self, now: Nanos, shard: &Shard) {
        for (index, (record, open)) in self.instruments.iter_mut().zip(&mut self.open).enumerate() {
            let mid = mid_of(shard, index);
            for ((place, next), horizon) in open.iter_mut().enumerate().zip(MARKOUT_HORIZONS) {
                while let Some(fill) = record.fills.get_mut(*next)
                    && fill.time + horizon < now
                {
                    if let Some(markout) = fill.markouts.get_mut(place) {
                        *markout = mid;
                    }
                    *next += 1;
                }
            }
        }
    }

    fn next_markout(&self) -> Nanos {
        let due = |(record, open): (&InstrumentRecord, &[usize; HORIZONS])| {
            let times = open.iter().zip(MARKOUT_HORIZONS);
            times.filter_map(|(next, horizon)| Some(record.fills.get(*next)?.time + horizon + Span(1))).min()
        };
        self.instruments.iter().zip(&self.open).filter_map(due).min().unwrap_or(Nanos::MAX)
    }

    fn sample(&mut self, now: Nanos, shard: &Shard) -> Sampled {
        self.make_room();
        let mut sampled = Sampled::None;
        for (index, record) in self.instruments.iter_mut().enumerate() {
            let sample =
                mid_of(shard, index).and_then(|mid| sample_of(shard, index, &record.programme, mid, now));
            if let Some(sample) = sample {
                record.samples.push(sample);
                sampled = Sampled::Some;
            }
        }
        sampled
    }

    /// Drops every second sample, the first one kept, where there is no room for another.
    fn make_room(&mut self) {
        if self.instruments.iter().any(|record| record.samples.len() >= self.spec.samples_max) {
            self.interval = Span(self.interval.0 * 2);
            for record in &mut self.instruments {
                let mut keep = false;
                record.samples.retain(|_| {
                    keep = !keep;
                    keep
                });
            }
        }
    }

    fn book_fill(&mut self, fill: &Fill, now: Nanos, shard: &Shard) {
        let index = fill.instrument.index();
        let Some(mid) = mid_of(shard, index).or_else(|| self.last_mid(index)) else { return };
        let fee = (fill.fee_asset, fill.fee_e8);
        let booked = shard.spec(fill.instrument).and_then(|spec| booked_fee(spec, fill.level.price(), fee));
        let Some(record) = self.instruments.get_mut(index) else { return };
        record.fills.push(FillRow {
            time: now,
            side: fill.side,
            price: fill.level.price(),
            lots: fill.level.lots(),
            liquidity: fill.liquidity,
            reason: fill.reason,
            fee: Money::from_e8(booked.unwrap_or(fee).1),
            client_id: fill.client_id,
            trade_id: fill.trade_id,
            mid,
            markouts: [None; HORIZONS],
            position_after: shard.position(fill.instrument),
            place: None,
        });
        self.next_due = self.next_due.min(self.next_markout());
    }

    /// Writes down the trade that set a ledger right; nothing where it was refused.
    fn book_adjustment(&mut self, instrument: InstrumentId, price: Price, now: Nanos, shard: &Shard) {
        let Some(record) = self.instruments.get_mut(instrument.index()) else { return };
        let (position, fills_before) = (shard.position(instrument), record.fills.len());
        // No fill since the last adjustment: that is where the position stood.
        let adjusted = record.adjustments.last().filter(|last| last.fills_before == fills_before);
        let filled = record.fills.last().map_or(Lots::ZERO, |fill| fill.position_after);
        let missing = position - adjusted.map_or(filled, |last| last.position_after);
        if missing.is_zero() {
            return;
        }
        record.adjustments.push(Adjustment {
            time: now,
            side: if missing > Lots::ZERO { Side::Bid } else { Side::Ask },
            price,
            lots: missing.abs(),
            position_after: position,
            fills_before,
        });
    }

    /// The midpoint before the book was lost, where a fill arrives without one.
    fn last_mid(&self, index: usize) -> Option<HalfTicks> {
        Some(self.instruments.get(index)?.samples.last()?.mid)
    }
}

impl Observer for Recorder {
    #[inline]
    fn before(&mut self, now: Nanos, shard: &Shard) {
        if now >= self.next_due {
            self.due(now, shard);
        }
    }

    fn after(&mut self, event: &Event, now: Nanos, shard: &Shard) {
        if let Event::Fill(fill) = event {
            self.book_fill(fill, now, shard);
        } else if let Event::Operator(OperatorCommand {
            scope: OperatorScope::Instrument(id),
            act: OperatorAct::Adjust { price, .. },
            ..
        }) = event
        {
            self.book_adjustment(*id, *price, now, shard);
        }
    }

    fn placed(&mut self, fill: &Fill, place: &ballast_exchange::Place) {
        let record = self.instruments.get_mut(fill.instrument.index());
        let booked = record.and_then(|record| record.fills.last_mut());
        if let Some(row) = booked.filter(|row| row.trade_id == fill.trade_id) {
            row.place = Some(Place { level: place.level, joined: place.joined, ahead: place.ahead });
        }
    }

    fn sent(&mut self, command: &Command) {
        let Some(record) = self.instruments.get_mut(command.instrument().index()) else { return };
        let requests = &mut record.requests;
        match command {
            Command::New(order) => {
                requests.orders += 1;
                requests.lots += order.lots;
            }
            Command::Replace(_) => requests.amendments += 1,
            Command::Cancel(_) => requests.cancels += 1,
            Command::Query(_) => {}
        }
    }
}

fn id_of(index: usize) -> Option<InstrumentId> {
    u16::try_from(index).ok().map(InstrumentId)
}

fn mid_of(shard: &Shard, index: usize) -> Option<HalfTicks> {
    shard.market(id_of(index)?).and_then(|market| market.touch()).map(|touch| touch.mid())
}

/// Value in quote currency of what rests of ours on a side within the programme's distance of the midpoint.
fn depth_of(
    shard: &Shard,
    id: InstrumentId,
    programme: &Programme,
    mid: HalfTicks,
    side: Side,
) -> Option<Money> {
    let spec = shard.spec(id)?;
    let near = |price: Price| {
        let off = i128::from((2 * price.0 - mid.0).abs());
        off * i128::from(Rate::ONE.0) <= i128::from(mid.0) * i128::from(programme.within.0)
    };
    let orders = shard.orders(id)?.open_orders();
    let stands = orders.filter(|order| order.side == side && rests(order) && near(order.price));
    let left = |lots: Lots, filled: Lots| (lots - filled).max(Lots::ZERO);
    Some(stands.map(|order| spec.notional(order.price, left(order.lots, order.filled))).sum())
}

fn sample_of(
    shard: &Shard,
    index: usize,
    programme: &Programme,
    mid: HalfTicks,
    now: Nanos,
) -> Option<Sample> {
    let id = id_of(index)?;
    let ledger = shard.ledger(id)?;
    let settlement = shard.spec(id)?.settlement();
    let quote = |side: Side| shard.best_quote(id, side);
    let depth = |side: Side| depth_of(shard, id, programme, mid, side).unwrap_or_default();
    Some(Sample {
        time: now,
        mid,
        bid: quote(Side::Bid),
        ask: quote(Side::Ask),
        depth: Side::BOTH.map(depth),
        position: ledger.position(),
        gross: ledger.gross(mid),
        fees: ledger.fees(settlement),
        rebates: ledger.rebates(settlement),
        funding: ledger.funding(),
    })
}
