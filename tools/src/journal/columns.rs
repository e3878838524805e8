//! Records as a table: one row each, its content as text.

use ballast_journal::{Entry, Record};

use super::line;
use crate::report::{Column, Table, Values, encode_parquet};

/// Rows collected.
#[derive(Debug, Default)]
pub(super) struct Rows {
    seqs: Vec<u64>,
    times: Vec<i64>,
    kinds: Vec<&'static str>,
    instruments: Vec<Option<i64>>,
    contents: Vec<String>,
}

impl Rows {
    pub(super) fn push(&mut self, record: &Record<'_>) {
        let (kind, instrument) = match &record.entry {
            Entry::Event(event) => ("event", event.instrument()),
            Entry::Batch(batch) => ("batch", Some(batch.begin().instrument)),
            Entry::Command(command) => ("command", Some(command.instrument())),
            Entry::Checkpoint(_) => ("checkpoint", None),
            Entry::Carried(_) => ("carried", None),
            Entry::Block(_) => ("block", None),
            Entry::End(_) => ("end", None),
        };
        self.seqs.push(record.seq);
        self.times.push(record.now.0);
        self.kinds.push(kind);
        self.instruments.push(instrument.map(|id| id.0.into()));
        self.contents.push(line::content(record));
    }

    pub(super) fn len(&self) -> usize {
        self.seqs.len()
    }

    /// The bytes of a Parquet file.
    pub(super) fn encode(&self) -> anyhow::Result<Vec<u8>> {
        let column = |name: &str, values| Column { name: name.to_owned(), values };
        let contents = self.contents.iter().map(String::as_str).collect();
        let table = Table {
            rows: self.len(),
            columns: vec![
                column("seq", Values::Id(self.seqs.clone())),
                column("time", Values::Time(self.times.clone())),
                column("kind", Values::Text(self.kinds.clone())),
                column("instrument", Values::Sparse { units: self.instruments.clone(), scale: 0 }),
                column("content", Values::Text(contents)),
            ],
        };
        encode_parquet("journal", &table, &[])
    }
}
