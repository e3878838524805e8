//! Ballast's own decoder. It is told no more than in service: it finds out the kind of frame and the symbol by itself,
//! which the other contenders are spared.

use ballast_json::{
    Capability, Decoder, Full, Grid as DecimalGrid, Grids, LevelSink, Message, Side, SymbolId, SymbolTable,
};

use super::fields::{Decode, Fields, Grid, Kind, Level};

/// `ballast-json` with the symbols of both captures.
#[derive(Debug)]
pub(crate) struct Ballast {
    decoder: Decoder,
    symbols: Option<(Grid, SymbolTable<8>)>,
}

impl Default for Ballast {
    fn default() -> Self {
        Self { decoder: Decoder::new(Capability::detect()), symbols: None }
    }
}

/// Levels go straight to where the caller wants them.
struct Sides<'a> {
    bids: &'a mut Vec<Level>,
    asks: &'a mut Vec<Level>,
}

impl LevelSink for Sides<'_> {
    fn begin(&mut self) {
        self.bids.clear();
        self.asks.clear();
    }

    fn push(&mut self, side: Side, price: u64, size: u64) -> Result<(), Full> {
        match side {
            Side::Bid => self.bids.push(Level { price, size }),
            Side::Ask => self.asks.push(Level { price, size }),
        }
        Ok(())
    }
}

impl Ballast {
    /// The symbol table for a grid; built at its first frame.
    fn symbols(&mut self, grid: Grid) -> Option<&SymbolTable<8>> {
        if self.symbols.as_ref().is_none_or(|(known, _)| *known != grid) {
            let grids =
                Grids { price: DecimalGrid::new(grid.price, 1)?, size: DecimalGrid::new(grid.size, 1)? };
            let mut table = SymbolTable::new();
            for (id, name) in (0..).zip([b"ETHUSDT", b"BTCUSDT"]) {
                table.insert(name, SymbolId(id), grids).ok()?;
            }
            self.symbols = Some((grid, table));
        }
        self.symbols.as_ref().map(|(_, table)| table)
    }
}

impl Decode for Ballast {
    fn name(&self) -> &'static str {
        "ballast-json"
    }

    fn decode(&mut self, _: Kind, grid: Grid, frame: &[u8], out: &mut Fields) -> Option<()> {
        let decoder = self.decoder;
        let symbols = self.symbols(grid)?;
        let mut sides = Sides { bids: &mut out.bids, asks: &mut out.asks };
        match decoder.decode(frame, symbols, Some(SymbolId(0)), &mut sides).ok()?.message {
            Message::BookTicker { update_id, event_time, transaction_time, bid, ask, .. } => {
                (out.id, out.event_time) = (update_id, event_time.unwrap_or(0));
                out.transaction_time = transaction_time.unwrap_or(0);
                out.bid = Level { price: bid.ticks, size: bid.lots };
                out.ask = Level { price: ask.ticks, size: ask.lots };
            }
            Message::Depth { first_id, last_id, prev_id, event_time, transaction_time, .. } => {
                (out.id, out.first_id, out.previous_id) = (last_id, first_id, prev_id.unwrap_or(0));
                (out.event_time, out.transaction_time) = (event_time, transaction_time.unwrap_or(0));
            }
            Message::Trade { trade_id, price, lots, event_time, trade_time, maker, .. } => {
                (out.id, out.event_time, out.transaction_time) = (trade_id, event_time, trade_time);
                out.bid = Level { price, size: lots };
                out.buyer_is_maker = maker == Side::Bid;
            }
            Message::Snapshot { last_update_id, event_time, transaction_time, .. } => {
                (out.id, out.event_time) = (last_update_id, event_time.unwrap_or(0));
                out.transaction_time = transaction_time.unwrap_or(0);
            }
            Message::AggTrade { .. }
            | Message::MarkPrice { .. }
            | Message::Reply { .. }
            | Message::Other { .. } => {
                return None;
            }
        }
        Some(())
    }
}
