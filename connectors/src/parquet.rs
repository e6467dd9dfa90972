//! Parquet in and out.
//!
//! Columns of the file that have the schema's type, or a narrower one, are taken over as they are. Where any column has
//! another type every value goes through its text, with the same errors as a CSV file's.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::*;
use arrow_schema::{DataType, TimeUnit};
use deltaq_operators::types::TEXT;
use deltaq_operators::{Field, Schema, SqlType};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::arrow::arrow_writer::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use crate::error::{Error, Result};
use crate::options::{SinkOptions, SourceOptions};
use crate::rows::Rows;
use crate::sink::column_names;
use crate::source::Decode;
use crate::text::Cells;

/// A file whose footer has been read.
type Opened = ParquetRecordBatchReaderBuilder<File>;

/// Opens a file.
pub(crate) fn open(path: &str) -> Result<Opened> {
    let file = File::open(path).map_err(|error| Error::io(format!("cannot read {path}"), error))?;
    // The types of Parquet itself; those of the program that wrote the file may be views or dictionaries.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    ParquetRecordBatchReaderBuilder::try_new_with_options(file, options).map_err(|error| not_parquet(path, error))
}

fn not_parquet(path: &str, error: parquet::errors::ParquetError) -> Error {
    Error::caused(path, "cannot be read as Parquet", error)
}

/// The columns of a file.
pub(crate) fn infer(file: &Opened, path: &str) -> Result<Schema> {
    let column = |field: &Arc<arrow_schema::Field>| {
        let ty = natural(field.data_type()).ok_or_else(|| {
            let message = format!(
                "column {} is of type {}, which SQL has not; declare the others",
                field.name(),
                field.data_type()
            );
            Error::format(path, message)
        })?;
        Ok(Field { name: field.name().to_lowercase(), ty, nullable: field.is_nullable() })
    };
    file.schema().fields().iter().map(column).collect()
}

/// The SQL type that holds every value of an Arrow type.
fn natural(ty: &DataType) -> Option<SqlType> {
    Some(match ty {
        DataType::Boolean => SqlType::Boolean,
        DataType::Int8 | DataType::UInt8 | DataType::Int16 => SqlType::SmallInt,
        DataType::UInt16 | DataType::Int32 => SqlType::Int,
        DataType::UInt32 | DataType::Int64 => SqlType::BigInt,
        DataType::UInt64 => SqlType::Decimal(20, 0),
        DataType::Float16 | DataType::Float32 => SqlType::Real,
        DataType::Float64 => SqlType::Double,
        DataType::Decimal128(precision, scale) => SqlType::Decimal(*precision, u8::try_from(*scale).ok()?),
        DataType::Utf8 => TEXT,
        DataType::Binary => SqlType::Bytea,
        DataType::FixedSizeBinary(16) => SqlType::Uuid,
        DataType::Date32 => SqlType::Date,
        DataType::Time32(TimeUnit::Millisecond) | DataType::Time64(_) => SqlType::Time,
        DataType::Timestamp(_, None) => SqlType::Timestamp,
        DataType::Timestamp(_, Some(_)) => SqlType::TimestampTz,
        _ => return None,
    })
}

/// A column as one of its natural type.
fn naturalise(array: &ArrayRef) -> ArrayRef {
    match array.data_type() {
        DataType::Int8 => Arc::new(array.as_primitive::<Int8Type>().unary::<_, Int16Type>(i16::from)),
        DataType::UInt8 => Arc::new(array.as_primitive::<UInt8Type>().unary::<_, Int16Type>(i16::from)),
        DataType::UInt16 => Arc::new(array.as_primitive::<UInt16Type>().unary::<_, Int32Type>(i32::from)),
        DataType::UInt32 => Arc::new(array.as_primitive::<UInt32Type>().unary::<_, Int64Type>(i64::from)),
        DataType::UInt64 => {
            let wide = array.as_primitive::<UInt64Type>().unary::<_, Decimal128Type>(i128::from);
            Arc::new(wide.with_data_type(DataType::Decimal128(20, 0)))
        }
        DataType::Float16 => Arc::new(array.as_primitive::<Float16Type>().unary::<_, Float32Type>(|v| v.to_f32())),
        DataType::Time32(TimeUnit::Millisecond) => Arc::new(
            array.as_primitive::<Time32MillisecondType>().unary::<_, Time64MicrosecondType>(|v| i64::from(v) * 1000),
        ),
        DataType::Time64(TimeUnit::Nanosecond) => {
            Arc::new(array.as_primitive::<Time64NanosecondType>().unary::<_, Time64MicrosecondType>(|v| v / 1000))
        }
        DataType::Timestamp(unit, zone) => {
            let micros = |array: PrimitiveArray<TimestampMicrosecondType>| -> ArrayRef {
                Arc::new(array.with_timezone_opt(zone.as_ref().map(|_| "UTC")))
            };
            match unit {
                TimeUnit::Second => {
                    micros(array.as_primitive::<TimestampSecondType>().unary(|v| v.saturating_mul(1_000_000)))
                }
                TimeUnit::Millisecond => {
                    micros(array.as_primitive::<TimestampMillisecondType>().unary(|v| v.saturating_mul(1000)))
                }
                TimeUnit::Microsecond => micros(array.as_primitive::<TimestampMicrosecondType>().clone()),
                TimeUnit::Nanosecond => {
                    micros(array.as_primitive::<TimestampNanosecondType>().unary(|v| v.div_euclid(1000)))
                }
            }
        }
        _ => Arc::clone(array),
    }
}

/// A column of type `from` as one of type `to` where no value is lost by it.
fn widen(array: &ArrayRef, from: SqlType, to: SqlType) -> Option<ArrayRef> {
    use SqlType::*;
    Some(match (from, to) {
        _ if from == to => Arc::clone(array),
        (SmallInt, Int) => Arc::new(array.as_primitive::<Int16Type>().unary::<_, Int32Type>(i32::from)),
        (SmallInt, BigInt) => Arc::new(array.as_primitive::<Int16Type>().unary::<_, Int64Type>(i64::from)),
        (Int, BigInt) => Arc::new(array.as_primitive::<Int32Type>().unary::<_, Int64Type>(i64::from)),
        (Int, Double) => Arc::new(array.as_primitive::<Int32Type>().unary::<_, Float64Type>(f64::from)),
        (Real, Double) => Arc::new(array.as_primitive::<Float32Type>().unary::<_, Float64Type>(f64::from)),
        (Decimal(p, s), Decimal(q, r)) if s == r && p <= q => {
            Arc::new(array.as_primitive::<Decimal128Type>().clone().with_data_type(to.arrow()))
        }
        _ => return None,
    })
}

/// Decodes Parquet.
pub(crate) struct ParquetDecoder {
    reader: ParquetRecordBatchReader,
    path: String,
    /// For each column of the schema its place among those read, and its natural type.
    places: Vec<Option<(usize, SqlType)>>,
    rows: u64,
    rows_total: u64,
    bytes: u64,
}

impl ParquetDecoder {
    /// Decodes the columns that `schema` names; one that the file lacks is NULL.
    pub(crate) fn new(file: Opened, options: &SourceOptions, schema: &[Field]) -> Result<ParquetDecoder> {
        let path = options.path.clone();
        let fields = Arc::clone(file.schema());
        let position = |name: &str| {
            let fields = fields.fields();
            (fields.iter().position(|f| f.name() == name))
                .or_else(|| fields.iter().position(|f| f.name().to_lowercase() == name.to_lowercase()))
        };
        let mut roots: Vec<usize> = schema.iter().filter_map(|field| position(&field.name)).collect();
        if roots.is_empty() {
            let names: Vec<&str> = fields.fields().iter().map(|f| f.name().as_str()).collect();
            return Err(Error::format(
                &path,
                format!("none of the table's columns is in the file, which has {}", names.join(", ")),
            ));
        }
        roots.sort_unstable();
        roots.dedup();
        let mut places = Vec::with_capacity(schema.len());
        for field in schema {
            let Some(root) = position(&field.name) else {
                if !field.nullable {
                    return Err(Error::format(&path, format!("there is no column {}, which is NOT NULL", field.name)));
                }
                places.push(None);
                continue;
            };
            let ty = fields.field(root).data_type();
            let Some(natural) = natural(ty) else {
                return Err(Error::format(
                    &path,
                    format!("column {} is of type {ty}, which cannot be read", field.name),
                ));
            };
            places.push(roots.binary_search(&root).ok().map(|place| (place, natural)));
        }
        let rows_total = file.metadata().file_metadata().num_rows().max(0) as u64;
        let bytes = std::fs::metadata(&path).map_or(0, |meta| meta.len());
        let mask = ProjectionMask::roots(file.parquet_schema(), roots);
        let reader = file.with_projection(mask).with_batch_size(options.batch_rows).build();
        let reader = reader.map_err(|error| not_parquet(&path, error))?;
        Ok(ParquetDecoder { reader, path, places, rows: 0, rows_total, bytes })
    }

    /// The columns of a batch where each is taken over as it is.
    fn direct(&self, batch: &RecordBatch, rows: &Rows) -> Option<Vec<ArrayRef>> {
        let column = |(column, place): (usize, &Option<(usize, SqlType)>)| {
            let field = rows.field(column);
            let Some((place, from)) = place else {
                return Some(new_null_array(&field.ty.arrow(), batch.num_rows()));
            };
            let array = widen(&naturalise(batch.column(*place)), *from, field.ty)?;
            (field.nullable || array.null_count() == 0).then_some(array)
        };
        self.places.iter().enumerate().map(column).collect()
    }
}

impl Decode for ParquetDecoder {
    fn decode(&mut self, rows: &mut Rows) -> Result<Option<Vec<ArrayRef>>> {
        loop {
            let Some(batch) = self.reader.next() else { return Ok(None) };
            let batch = batch.map_err(|error| Error::caused(&self.path, "cannot be read as Parquet", error))?;
            let before = self.rows;
            self.rows += batch.num_rows() as u64;
            if batch.num_rows() == 0 {
                continue;
            }
            if let Some(columns) = self.direct(&batch, rows) {
                rows.lines.note(0, before + 1);
                return Ok(Some(columns));
            }
            let arrays: Vec<ArrayRef> = batch.columns().iter().map(naturalise).collect();
            let cells: Vec<Option<Cells>> =
                self.places.iter().map(|place| place.map(|(place, ty)| Cells::new(&arrays[place], ty))).collect();
            let mut text = Vec::new();
            for row in 0..batch.num_rows() {
                for (column, cell) in cells.iter().enumerate() {
                    text.clear();
                    let value = match cell {
                        Some(cell) if !cell.is_null(row) => {
                            cell.write(row, &mut text);
                            Some(text.as_slice())
                        }
                        _ => None,
                    };
                    if !rows.set(column, value) {
                        break;
                    }
                }
                rows.end_row(before + row as u64 + 1, &[])?;
            }
            if rows.len() > 0 {
                return Ok(Some(rows.finish()));
            }
        }
    }

    fn bytes_read(&self) -> u64 {
        (u128::from(self.bytes) * u128::from(self.rows) / u128::from(self.rows_total.max(1))) as u64
    }

    fn bytes_total(&self) -> Option<u64> {
        Some(self.bytes)
    }
}

/// Writes Parquet, with Snappy compression.
pub(crate) struct ParquetWriter {
    writer: ArrowWriter<Box<dyn Write + Send>>,
    schema: Arc<arrow_schema::Schema>,
    types: Vec<SqlType>,
    epochs: bool,
    weights: bool,
    path: String,
}

impl ParquetWriter {
    pub(crate) fn new(out: Box<dyn Write + Send>, options: &SinkOptions, schema: &[Field]) -> Result<ParquetWriter> {
        let names = column_names(options, schema);
        let leading = names.len() - schema.len();
        let fields: Vec<arrow_schema::Field> = names
            .iter()
            .enumerate()
            .map(|(index, name)| match index.checked_sub(leading).map(|column| &schema[column]) {
                None => arrow_schema::Field::new(name, DataType::Int64, false),
                Some(field) => arrow_schema::Field::new(name, stored(field.ty).arrow(), field.nullable),
            })
            .collect();
        let fields = Arc::new(arrow_schema::Schema::new(fields));
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let writer = ArrowWriter::try_new(out, Arc::clone(&fields), Some(properties))
            .map_err(|error| Error::caused(&options.path, "cannot be written", error))?;
        Ok(ParquetWriter {
            writer,
            schema: fields,
            types: schema.iter().map(|field| field.ty).collect(),
            epochs: options.epochs,
            weights: options.weights,
            path: options.path.clone(),
        })
    }

    pub(crate) fn write(
        &mut self,
        columns: &[ArrayRef],
        rows: usize,
        weights: Option<&[i64]>,
        epoch: u64,
    ) -> Result<()> {
        let mut all: Vec<ArrayRef> = Vec::with_capacity(self.schema.fields().len());
        if self.epochs {
            all.push(Arc::new(Int64Array::from(vec![epoch as i64; rows])));
        }
        if self.weights {
            all.push(Arc::new(Int64Array::from(weights.map_or_else(|| vec![1; rows], <[i64]>::to_vec))));
        }
        all.extend(columns.iter().zip(&self.types).map(|(array, &ty)| to_stored(array, ty, rows)));
        if let (Some(weights), false) = (weights, self.weights)
            && weights.iter().any(|&weight| weight != 1)
        {
            let repeated = (0..rows as u32)
                .zip(weights)
                .flat_map(|(row, &weight)| std::iter::repeat_n(row, weight.max(0) as usize));
            let indices = UInt32Array::from_iter_values(repeated);
            let take = |array: &ArrayRef| arrow_select::take::take(array, &indices, None);
            all = all
                .iter()
                .map(take)
                .collect::<Result<_, _>>()
                .map_err(|error| Error::caused(&self.path, "cannot be written", error))?;
        }
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), all)
            .map_err(|error| Error::caused(&self.path, "cannot be written", error))?;
        self.writer.write(&batch).map_err(|error| Error::caused(&self.path, "cannot be written", error))
    }

    pub(crate) fn finish(self) -> Result<()> {
        self.writer.close().map(drop).map_err(|error| Error::caused(&self.path, "cannot be written", error))
    }
}

/// The type a column is written as: Parquet has no interval of months, days and microseconds.
fn stored(ty: SqlType) -> SqlType {
    match ty {
        SqlType::Interval => TEXT,
        other => other,
    }
}

fn to_stored(array: &ArrayRef, ty: SqlType, rows: usize) -> ArrayRef {
    if stored(ty) == ty {
        return Arc::clone(array);
    }
    let cells = Cells::new(array, ty);
    let text = |row| {
        (!cells.is_null(row)).then(|| {
            let mut text = Vec::new();
            cells.write(row, &mut text);
            String::from_utf8_lossy(&text).into_owned()
        })
    };
    Arc::new(StringArray::from_iter((0..rows).map(text)))
}
