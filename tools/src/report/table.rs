//! The tables of a report, column by column; CSV and Parquet are two spellings of them.

use anyhow::Context as _;
use ballast_analytics::format::{self, Decimal};
use ballast_analytics::record::{FillRow, HORIZONS, InstrumentRecord, MARKOUT_HORIZONS, RunRecord, Sample};
use ballast_model::{FillReason, Liquidity, Lots, Money, Side};

use crate::results::Figure;

/// The values of one column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Values<'a> {
    /// Nanoseconds since the epoch, UTC.
    Time(Vec<i64>),
    /// Names.
    Text(Vec<&'a str>),
    /// Identifiers.
    Id(Vec<u64>),
    /// Prices or sizes: whole units of `10^-scale`.
    Grid {
        /// Digits behind the point.
        scale: u32,
        /// One per row.
        units: Vec<i64>,
    },
    /// Prices that may be missing: whole units of `10^-scale`.
    Sparse {
        /// Digits behind the point.
        scale: u32,
        /// One per row.
        units: Vec<Option<i64>>,
    },
    /// Amounts of money.
    Money(Vec<Money>),
    /// Numbers that may be missing.
    Real(Vec<Option<f64>>),
    /// Exact numbers of any unit that may be missing, as their digits.
    Digits(Vec<Option<String>>),
}

/// A named column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Column<'a> {
    /// Name, with its unit where the unit is not the instrument's own.
    pub(crate) name: String,
    /// One value per row.
    pub(crate) values: Values<'a>,
}

/// Columns of equal length.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Table<'a> {
    /// Number of rows.
    pub(crate) rows: usize,
    /// The columns.
    pub(crate) columns: Vec<Column<'a>>,
}

/// Rows of all instruments, each with the instrument it belongs to, and the grids they share.
struct Rows<'a, R> {
    rows: Vec<(&'a InstrumentRecord, &'a R)>,
    price_scale: u32,
    size_scale: u32,
    /// The one settlement currency; `None` where instruments differ and rows must name theirs.
    currency: Option<&'a str>,
}

impl<'a, R> Rows<'a, R> {
    /// Instrument after instrument, so that each one's rows are in time order.
    fn of(run: &'a RunRecord, rows: impl Fn(&'a InstrumentRecord) -> &'a [R]) -> Self {
        let records = || run.instruments.iter();
        let currency = records().next().map(|record| record.currency.as_str());
        Self {
            rows: records().flat_map(|record| rows(record).iter().map(move |row| (record, row))).collect(),
            // A midpoint has one digit more than its tick; all prices of a table share one scale.
            price_scale: records().map(|record| u32::from(record.spec.tick.scale) + 1).max().unwrap_or(0),
            size_scale: records().map(|record| u32::from(record.spec.lot.scale)).max().unwrap_or(0),
            currency: currency.filter(|currency| records().all(|record| record.currency == *currency)),
        }
    }

    fn table(&self, columns: Vec<Column<'a>>) -> Table<'a> {
        Table { rows: self.rows.len(), columns }
    }

    fn time(&self, of: impl Fn(&R) -> i64) -> Column<'a> {
        self.column("time_ns", Values::Time(self.rows.iter().map(|(_, row)| of(row)).collect()))
    }

    fn instrument(&self) -> Column<'a> {
        self.column(
            "instrument",
            Values::Text(self.rows.iter().map(|(record, _)| record.name.as_str()).collect()),
        )
    }

    fn text(&self, name: &str, of: impl Fn(&R) -> &'static str) -> Column<'a> {
        self.column(name, Values::Text(self.rows.iter().map(|(_, row)| of(row)).collect()))
    }

    fn id(&self, name: &str, of: impl Fn(&R) -> u64) -> Column<'a> {
        self.column(name, Values::Id(self.rows.iter().map(|(_, row)| of(row)).collect()))
    }

    fn price(&self, name: &str, of: impl Fn(&InstrumentRecord, &R) -> Decimal) -> anyhow::Result<Column<'a>> {
        self.grid(name, self.price_scale, of)
    }

    fn size(&self, name: &str, of: impl Fn(&InstrumentRecord, &R) -> Decimal) -> anyhow::Result<Column<'a>> {
        self.grid(name, self.size_scale, of)
    }

    fn grid(
        &self,
        name: &str,
        scale: u32,
        of: impl Fn(&InstrumentRecord, &R) -> Decimal,
    ) -> anyhow::Result<Column<'a>> {
        let units = self
            .rows
            .iter()
            .map(|(record, row)| units(name, of(record, row), scale))
            .collect::<Result<_, _>>()?;
        Ok(self.column(name, Values::Grid { scale, units }))
    }

    fn sparse_price(
        &self,
        name: &str,
        of: impl Fn(&InstrumentRecord, &R) -> Option<Decimal>,
    ) -> anyhow::Result<Column<'a>> {
        self.sparse(name, self.price_scale, of)
    }

    fn sparse_size(
        &self,
        name: &str,
        of: impl Fn(&InstrumentRecord, &R) -> Option<Decimal>,
    ) -> anyhow::Result<Column<'a>> {
        self.sparse(name, self.size_scale, of)
    }

    /// Whole numbers that may be missing.
    fn whole(&self, name: &str, of: impl Fn(&R) -> Option<i64>) -> Column<'a> {
        let units = self.rows.iter().map(|(_, row)| of(row)).collect();
        self.column(name, Values::Sparse { scale: 0, units })
    }

    fn sparse(
        &self,
        name: &str,
        scale: u32,
        of: impl Fn(&InstrumentRecord, &R) -> Option<Decimal>,
    ) -> anyhow::Result<Column<'a>> {
        let one = |(record, row): &(&InstrumentRecord, &R)| {
            of(record, row).map(|value| units(name, value, scale)).transpose()
        };
        let units = self.rows.iter().map(one).collect::<Result<_, _>>()?;
        Ok(self.column(name, Values::Sparse { scale, units }))
    }

    /// Named with its currency where all rows share one.
    fn money(&self, name: &str, of: impl Fn(&R) -> Money) -> Column<'a> {
        let name = match self.currency {
            Some(currency) => format!("{name}_{}", currency.to_lowercase()),
            None => name.to_owned(),
        };
        self.column(&name, Values::Money(self.rows.iter().map(|(_, row)| of(row)).collect()))
    }

    /// Value in each instrument's quote currency.
    fn quoted(&self, name: &str, of: impl Fn(&R) -> Money) -> Column<'a> {
        self.column(name, Values::Money(self.rows.iter().map(|(_, row)| of(row)).collect()))
    }

    /// The currency of each row's money, where the columns' names do not say it.
    fn currency(&self) -> Option<Column<'a>> {
        let names = || self.rows.iter().map(|(record, _)| record.currency.as_str()).collect();
        self.currency.is_none().then(|| self.column("currency", Values::Text(names())))
    }

    fn column(&self, name: &str, values: Values<'a>) -> Column<'a> {
        Column { name: name.to_owned(), values }
    }
}

/// A decimal in whole units of `10^-scale`, at most eighteen digits.
fn units(column: &str, value: Decimal, scale: u32) -> anyhow::Result<i64> {
    const LIMIT: i64 = 10i64.pow(18);
    let units = value.rescaled(scale).and_then(|value| i64::try_from(value.units).ok());
    units.filter(|units| -LIMIT < *units && *units < LIMIT).with_context(|| {
        format!("column {column}: {value} does not fit eighteen digits, {scale} of them behind the point")
    })
}

/// One row per fill.
///
/// # Errors
/// A price or size that does not fit eighteen digits on the table's common scale.
pub(super) fn fills(run: &RunRecord) -> anyhow::Result<Table<'_>> {
    let rows = Rows::<FillRow>::of(run, |record| &record.fills);
    let mut columns = vec![
        rows.time(|fill| fill.time.0),
        rows.instrument(),
        rows.text("side", |fill| side(fill.side)),
        rows.price("price", |record, fill| format::price(&record.spec, fill.price))?,
        rows.size("size", |record, fill| format::lots(&record.spec, fill.lots))?,
        rows.text("liquidity", |fill| liquidity(fill.liquidity)),
        rows.text("reason", |fill| reason(fill.reason)),
        rows.money("fee", |fill| fill.fee),
    ];
    columns.extend(rows.currency());
    columns.extend([
        rows.id("client_id", |fill| fill.client_id.0),
        rows.id("trade_id", |fill| fill.trade_id.0),
        rows.price("mid", |record, fill| format::mid(&record.spec, fill.mid))?,
    ]);
    for horizon in 0..HORIZONS {
        let name = format!("mid_after_{}", horizon_name(horizon));
        let later = |fill: &FillRow| fill.markouts.get(horizon).copied().flatten();
        columns.push(
            rows.sparse_price(&name, |record, fill| later(fill).map(|mid| format::mid(&record.spec, mid)))?,
        );
    }
    columns.push(rows.whole("level", |fill| fill.place.map(|place| place.level.into())));
    columns.push(rows.sparse_size("queue_joined", |record, fill| lots(record, fill.place?.joined?))?);
    columns.push(rows.sparse_size("queue_ahead", |record, fill| lots(record, fill.place?.ahead?))?);
    columns
        .push(rows.size("position_after", |record, fill| format::lots(&record.spec, fill.position_after))?);
    Ok(rows.table(columns))
}

fn lots(record: &InstrumentRecord, lots: Lots) -> Option<Decimal> {
    Some(format::lots(&record.spec, lots))
}

/// One row per sample of the account.
///
/// # Errors
/// A price or size that does not fit eighteen digits on the table's common scale.
pub(super) fn equity(run: &RunRecord) -> anyhow::Result<Table<'_>> {
    let rows = Rows::<Sample>::of(run, |record| &record.samples);
    let mut columns = vec![
        rows.time(|sample| sample.time.0),
        rows.instrument(),
        rows.price("mid", |record, sample| format::mid(&record.spec, sample.mid))?,
        rows.sparse_price("bid", |record, sample| sample.bid.map(|bid| format::price(&record.spec, bid)))?,
        rows.sparse_price("ask", |record, sample| sample.ask.map(|ask| format::price(&record.spec, ask)))?,
        rows.size("position", |record, sample| format::lots(&record.spec, sample.position))?,
        rows.money("gross", |sample| sample.gross),
        rows.money("fees", |sample| sample.fees),
        rows.money("rebates", |sample| sample.rebates),
        rows.money("funding", |sample| sample.funding),
        rows.money("net", Sample::net),
    ];
    columns.extend(rows.currency());
    columns.push(rows.quoted("bid_depth", |sample| sample.depth_of(Side::Bid)));
    columns.push(rows.quoted("ask_depth", |sample| sample.depth_of(Side::Ask)));
    Ok(rows.table(columns))
}

/// What the figures of an instrument or of a total are of.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scoped {
    /// Name of the instrument or of the total.
    pub(crate) scope: String,
    /// Its figures.
    pub(crate) figures: Vec<Figure>,
}

/// One row per figure.
pub(super) fn summary(scopes: &[Scoped]) -> Table<'_> {
    let each = || scopes.iter().flat_map(|of| of.figures.iter().map(|figure| (of.scope.as_str(), figure)));
    let column = |name: &str, values| Column { name: name.to_owned(), values };
    Table {
        rows: each().count(),
        columns: vec![
            column("scope", Values::Text(each().map(|(scope, _)| scope).collect())),
            column("group", Values::Text(each().map(|(_, figure)| figure.group).collect())),
            column("figure", Values::Text(each().map(|(_, figure)| figure.name.as_str()).collect())),
            column("unit", Values::Text(each().map(|(_, figure)| figure.unit.as_str()).collect())),
            column("value", Values::Real(each().map(|(_, figure)| figure.value.real()).collect())),
            column("exact", Values::Digits(each().map(|(_, figure)| figure.value.exact()).collect())),
        ],
    }
}

/// One row per name and value.
pub(super) fn pairs<'a>(what: &str, pairs: &'a [(String, String)]) -> Table<'a> {
    let names = pairs.iter().map(|(name, _)| name.as_str()).collect();
    let values = pairs.iter().map(|(_, value)| value.as_str()).collect();
    let columns = [(what, names), ("value", values)];
    let columns = columns.map(|(name, texts)| Column { name: name.to_owned(), values: Values::Text(texts) });
    Table { rows: pairs.len(), columns: columns.into() }
}

/// `100ms`, `1s`, `10s`; empty beyond the horizons there are.
fn horizon_name(horizon: usize) -> String {
    let millis = MARKOUT_HORIZONS.get(horizon).map_or(0, |span| span.0 / 1_000_000);
    if millis % 1_000 == 0 { format!("{}s", millis / 1_000) } else { format!("{millis}ms") }
}

const fn side(side: Side) -> &'static str {
    match side {
        Side::Bid => "buy",
        Side::Ask => "sell",
    }
}

const fn liquidity(liquidity: Liquidity) -> &'static str {
    match liquidity {
        Liquidity::Maker => "maker",
        Liquidity::Taker => "taker",
    }
}

/// The reason of a fill in one word.
pub(super) const fn reason(reason: FillReason) -> &'static str {
    match reason {
        FillReason::Venue => "venue",
        FillReason::QueueExhausted => "queue_exhausted",
        FillReason::TradeThrough => "trade_through",
        FillReason::BookCross => "book_cross",
        FillReason::Took => "took",
        FillReason::Liquidation => "liquidation",
        FillReason::AutoDeleveraging => "auto_deleveraging",
    }
}
