//! A table as Parquet: one row group, compressed with zstd, every column typed.
//!
//! Times are UTC timestamps in nanoseconds, prices and sizes DECIMAL(18, digits of the grid) over 64 bits, money
//! DECIMAL(38, 18) over 128 bits: nothing passes through a float.

use super::table::{Column, Table, Values};
use anyhow::Context as _;
use ballast_model::Money;
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel};
use parquet::data_type::{
    ByteArray, ByteArrayType, DoubleType, FixedLenByteArray, FixedLenByteArrayType, Int64Type,
};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::Type;
use std::sync::Arc;

/// Digits of a price or size column.
const GRID_PRECISION: i32 = 18;
/// Digits of a money column: what sixteen bytes hold.
const MONEY_PRECISION: i32 = 38;

/// The table as the bytes of a Parquet file; `notes` become key-value metadata, in hex.
///
/// # Errors
/// What the Parquet writer refuses.
pub(crate) fn encode(name: &str, table: &Table<'_>, notes: &[(&str, u64)]) -> anyhow::Result<Vec<u8>> {
    let fields = table.columns.iter().map(|column| field(column).map(Arc::new)).collect::<Result<_, _>>()?;
    let schema = Arc::new(Type::group_type_builder(name).with_fields(fields).build()?);
    let notes =
        notes.iter().map(|(key, hash)| KeyValue::new((*key).to_owned(), format!("{hash:016x}"))).collect();
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_key_value_metadata(Some(notes))
        .build();
    let mut bytes = Vec::new();
    let mut file = SerializedFileWriter::new(&mut bytes, schema, Arc::new(properties))?;
    let mut group = file.next_row_group()?;
    for column in &table.columns {
        let mut writer =
            group.next_column()?.with_context(|| format!("no writer for column {}", column.name))?;
        fill(&mut writer, &column.values)?;
        writer.close()?;
    }
    group.close()?;
    file.close()?;
    Ok(bytes)
}

/// The column's place in the schema.
fn field(column: &Column<'_>) -> parquet::errors::Result<Type> {
    let (physical, logical) = match &column.values {
        Values::Time(_) => {
            let time = LogicalType::Timestamp { is_adjusted_to_u_t_c: true, unit: TimeUnit::NANOS };
            (Physical::INT64, Some(time))
        }
        Values::Text(_) | Values::Digits(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Values::Real(_) => (Physical::DOUBLE, None),
        Values::Id(_) => (Physical::INT64, Some(LogicalType::Integer { bit_width: 64, is_signed: false })),
        Values::Grid { scale, .. } | Values::Sparse { scale, .. } => {
            let grid = LogicalType::Decimal { scale: digits(*scale), precision: GRID_PRECISION };
            (Physical::INT64, Some(grid))
        }
        Values::Money(_) => (
            Physical::FIXED_LEN_BYTE_ARRAY,
            Some(LogicalType::Decimal { scale: digits(Money::SCALE), precision: MONEY_PRECISION }),
        ),
    };
    let builder = Type::primitive_type_builder(&column.name, physical).with_logical_type(logical);
    let builder = match &column.values {
        Values::Grid { scale, .. } | Values::Sparse { scale, .. } => {
            builder.with_precision(GRID_PRECISION).with_scale(digits(*scale))
        }
        Values::Money(_) => {
            builder.with_length(16).with_precision(MONEY_PRECISION).with_scale(digits(Money::SCALE))
        }
        Values::Time(_) | Values::Text(_) | Values::Id(_) | Values::Real(_) | Values::Digits(_) => builder,
    };
    let repetition = match &column.values {
        Values::Sparse { .. } | Values::Real(_) | Values::Digits(_) => Repetition::OPTIONAL,
        Values::Time(_) | Values::Text(_) | Values::Id(_) | Values::Grid { .. } | Values::Money(_) => {
            Repetition::REQUIRED
        }
    };
    builder.with_repetition(repetition).build()
}

/// A scale as the format stores it; scales are below 39.
fn digits(scale: u32) -> i32 {
    i32::try_from(scale).unwrap_or(i32::MAX)
}

/// Writes all rows of one column.
fn fill(writer: &mut SerializedColumnWriter<'_>, values: &Values<'_>) -> parquet::errors::Result<usize> {
    match values {
        Values::Time(numbers) | Values::Grid { units: numbers, .. } => {
            writer.typed::<Int64Type>().write_batch(numbers, None, None)
        }
        Values::Id(ids) => {
            let numbers: Vec<i64> = ids.iter().map(|id| id.cast_signed()).collect();
            writer.typed::<Int64Type>().write_batch(&numbers, None, None)
        }
        Values::Sparse { units, .. } => {
            let present: Vec<i64> = units.iter().flatten().copied().collect();
            writer.typed::<Int64Type>().write_batch(&present, Some(&levels(units)), None)
        }
        Values::Real(numbers) => {
            let present: Vec<f64> = numbers.iter().flatten().copied().collect();
            writer.typed::<DoubleType>().write_batch(&present, Some(&levels(numbers)), None)
        }
        Values::Digits(numbers) => {
            let present = numbers.iter().flatten().map(|digits| ByteArray::from(digits.as_str()));
            let present: Vec<ByteArray> = present.collect();
            writer.typed::<ByteArrayType>().write_batch(&present, Some(&levels(numbers)), None)
        }
        Values::Text(names) => {
            let names: Vec<ByteArray> = names.iter().map(|name| ByteArray::from(*name)).collect();
            writer.typed::<ByteArrayType>().write_batch(&names, None, None)
        }
        Values::Money(amounts) => {
            let fixed = |amount: &Money| FixedLenByteArray::from(amount.0.to_be_bytes().to_vec());
            let amounts: Vec<FixedLenByteArray> = amounts.iter().map(fixed).collect();
            writer.typed::<FixedLenByteArrayType>().write_batch(&amounts, None, None)
        }
    }
}

/// For each row whether it has a value, as the format stores it.
fn levels<T>(rows: &[Option<T>]) -> Vec<i16> {
    rows.iter().map(|row| i16::from(row.is_some())).collect()
}
