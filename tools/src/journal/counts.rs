//! What a journal holds, and what its records weigh by kind.

use ballast_journal::{Entry, Record};
use ballast_model::{Event, LEVELS_PER_SLOT};
use serde_json::json;

/// Records of one kind, and the bytes they take as written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Weight {
    pub(super) records: u64,
    bytes: u64,
}

impl Weight {
    const fn add(&mut self, bytes: usize) {
        self.records += 1;
        self.bytes += bytes as u64;
    }

    fn each(self) -> f64 {
        self.bytes as f64 / self.records.max(1) as f64
    }

    pub(super) fn json(self) -> serde_json::Value {
        json!({ "records": self.records, "bytes": self.bytes, "bytes_each": self.each() })
    }
}

/// What a journal holds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    /// Messages of the market, a book batch among them as one.
    pub(super) market: Weight,
    /// Of these, best prices.
    pub(super) tickers: Weight,
    /// Of these, trades.
    pub(super) trades: Weight,
    /// Of these, book batches.
    pub(super) batches: Weight,
    /// Levels of the batches.
    pub(super) levels: u64,
    /// Slots of at most 64 bytes in which the core learns the messages: a batch takes one, and one for each four levels of a side.
    pub(super) slots: u64,
    /// Inputs that are not of the market.
    pub(super) own: Weight,
    pub(super) commands: Weight,
    pub(super) checkpoints: Weight,
    /// Words of what would carry over.
    pub(super) carried: Weight,
    pub(super) blocks: Weight,
}

impl Counts {
    pub(super) fn take(&mut self, record: &Record<'_>) {
        let bytes = record.length;
        match &record.entry {
            Entry::Event(event) => self.event(event, bytes),
            Entry::Batch(batch) => {
                self.market.add(bytes);
                self.batches.add(bytes);
                self.slots += 1;
                for (_, levels) in batch.sides() {
                    self.levels += levels.len() as u64;
                    self.slots += levels.len().div_ceil(LEVELS_PER_SLOT) as u64;
                }
            }
            Entry::Command(_) => self.commands.add(bytes),
            Entry::Checkpoint(_) => self.checkpoints.add(bytes),
            Entry::Carried(_) => self.carried.add(bytes),
            Entry::Block(_) | Entry::End(_) => self.blocks.add(bytes),
        }
    }

    const fn event(&mut self, event: &Event, bytes: usize) {
        match event {
            Event::Ticker(_) => self.tickers.add(bytes),
            Event::Trade(_) => self.trades.add(bytes),
            Event::BookBegin(_) | Event::BookLevels(_) | Event::BookLost(_) | Event::Mark(_) => {}
            Event::Order(_)
            | Event::Fill(_)
            | Event::Grant(_)
            | Event::Operator(_)
            | Event::Funding(_)
            | Event::Balance(_)
            | Event::Journal(_)
            | Event::Access(_)
            | Event::Carried(_)
            | Event::Config(_)
            | Event::Timer => return self.own.add(bytes),
        }
        self.market.add(bytes);
        self.slots += 1;
    }

    pub(super) const fn inputs(self) -> u64 {
        self.market.records + self.own.records
    }

    pub(super) const fn records(self) -> u64 {
        self.inputs()
            + self.commands.records
            + self.checkpoints.records
            + self.carried.records
            + self.blocks.records
    }

    pub(super) const fn bytes(self) -> u64 {
        self.market.bytes
            + self.own.bytes
            + self.commands.bytes
            + self.checkpoints.bytes
            + self.carried.bytes
            + self.blocks.bytes
    }

    /// What the records weigh, by kind; `at_rest` is what the files of these and no other records do.
    pub(super) fn lines(self, at_rest: Option<u64>) -> String {
        let mut lines = String::new();
        let kinds = [
            ("best prices", self.tickers),
            ("trades", self.trades),
            ("book batches", self.batches),
            ("other inputs", self.own),
            ("commands", self.commands),
            ("carried words", self.carried),
        ];
        for (name, weight) in kinds.into_iter().filter(|(_, weight)| weight.records > 0) {
            lines +=
                &format!("{name}: {} in {} bytes, {:.1} each\n", weight.records, weight.bytes, weight.each());
        }
        let of = |count: u64| self.market.bytes as f64 / count.max(1) as f64;
        lines += &format!(
            "market: {} messages with {} levels in {} event slots: {:.1} bytes a message, {:.1} a slot\n",
            self.market.records,
            self.levels,
            self.slots,
            of(self.market.records),
            of(self.slots)
        );
        if let Some(at_rest) = at_rest {
            let share = at_rest as f64 / self.bytes().max(1) as f64;
            let each = at_rest as f64 / self.records().max(1) as f64;
            lines += &format!(
                "at rest: {at_rest} bytes, {share:.2} of what was written, {each:.1} a record; of the market {:.1} a message, {:.1} a slot\n",
                share * of(self.market.records),
                share * of(self.slots)
            );
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use ballast_journal::{Encoder, Header, Reader, digest_of};
    use ballast_model::{
        BookBatch, BookBegin, BookKind, InstrumentId, Lots, Nanos, PackedLevel, Price, UpdateId,
    };

    use super::*;

    #[test]
    fn a_batch_counts_its_levels_and_the_slots_they_need() {
        let header = Header {
            segment: 0,
            first_seq: 1,
            before: [0; 32],
            config_hash: digest_of(b""),
            meta: Vec::new(),
        };
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&header, &mut bytes);
        let begin = BookBegin {
            instrument: InstrumentId(0),
            kind: BookKind::Diff,
            levels: 10,
            update_id: UpdateId(1),
            venue_time: Nanos(1),
            recv_time: Nanos(1),
        };
        let levels = [PackedLevel::new(Price(5), Lots(1)).unwrap(); 9];
        encoder.batch(Nanos(1), &BookBatch::new(begin, &levels, &levels[..1]), &mut bytes);
        encoder.event(Nanos(2), &Event::Timer, &mut bytes).unwrap();
        encoder.end(&mut bytes);
        let (_, mut reader) = Reader::new(&bytes).unwrap();
        let (mut counts, begin) = (Counts::default(), reader.offset());
        while let Some(record) = reader.next().unwrap() {
            counts.take(&record);
        }
        // One for the batch, three for nine levels, one for one.
        assert_eq!((counts.levels, counts.slots), (10, 5));
        assert_eq!((counts.market.records, counts.own.records, counts.blocks.records), (1, 1, 1));
        assert_eq!((counts.records(), counts.bytes()), (3, (bytes.len() - begin) as u64));
    }
}
