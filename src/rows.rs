//! Rows as they leave the engine: results and changes, as Arrow columns, typed rows, or text.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_buffer::ScalarBuffer;
use arrow_schema::{DataType, FieldRef, SchemaRef};
use deltaq_circuit::{Batch, Weights};
use deltaq_operators::functions::text;
use deltaq_operators::{Scalar, Schema, SqlType};
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// The columns of a relation, as SQL and as Arrow know them.
#[derive(Clone, Debug)]
pub(crate) struct Columns {
    pub(crate) schema: Arc<Schema>,
    pub(crate) arrow: SchemaRef,
}

impl Columns {
    pub(crate) fn new(schema: Schema) -> Columns {
        // Every column may hold NULL as far as Arrow is told: whether one does is the engine's to know.
        let fields: Vec<_> =
            schema.iter().map(|f| arrow_schema::Field::new(f.name.clone(), f.ty.arrow(), true)).collect();
        Columns { schema: Arc::new(schema), arrow: Arc::new(arrow_schema::Schema::new(fields)) }
    }

    pub(crate) fn record_batch(&self, batch: &Batch) -> Result<RecordBatch> {
        if batch.is_empty() {
            return Ok(RecordBatch::new_empty(Arc::clone(&self.arrow)));
        }
        let options = RecordBatchOptions::new().with_row_count(Some(batch.len()));
        let columns: Vec<ArrayRef> = batch.columns()[..self.schema.len()].to_vec();
        RecordBatch::try_new_with_options(Arc::clone(&self.arrow), columns, &options)
            .map_err(|e| Error::new("XX000", format!("a result of the wrong type: {e}")).caused_by(e))
    }
}

/// The result of a SELECT: Arrow columns, rows in order, a row that a bag holds twice standing twice.
///
/// ```
/// # let mut db = deltaq::Engine::open_in_memory()?;
/// let rows = db.query("SELECT 1 AS n, 'one' AS word UNION ALL SELECT 2, NULL ORDER BY n")?;
/// assert_eq!(rows.len(), 2);
/// assert_eq!(rows.cell(0, 1).as_deref(), Some("one"));
/// assert_eq!(rows.cell(1, 1), None);
/// let typed: Vec<(i32, Option<String>)> = rows.to_rows()?;
/// assert_eq!(typed[1], (2, None));
/// # Ok::<(), deltaq::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Rows {
    columns: Columns,
    batches: Vec<RecordBatch>,
}

impl Rows {
    pub(crate) fn new(columns: Columns, batches: Vec<RecordBatch>) -> Rows {
        Rows { columns, batches }
    }

    /// Names and types of the columns.
    pub fn schema(&self) -> &Schema {
        &self.columns.schema
    }

    /// The rows as Arrow record batches, in order.
    pub fn batches(&self) -> &[RecordBatch] {
        &self.batches
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows as values of `T`: a struct with fields named like the columns, or a tuple of all columns in order. Decimals and
    /// temporal values deserialize as text or as what their crates read from it.
    ///
    /// # Errors
    /// `22000` where a column does not fit the field.
    pub fn to_rows<T: DeserializeOwned>(&self) -> Result<Vec<T>> {
        let mut all = Vec::with_capacity(self.len());
        for batch in &self.batches {
            all.extend(typed::<T>(batch)?);
        }
        Ok(all)
    }

    /// The text of one value, as `CAST(… AS TEXT)` yields it; None for NULL, and outside of the result.
    pub fn cell(&self, mut row: usize, column: usize) -> Option<String> {
        for batch in &self.batches {
            if row < batch.num_rows() {
                let array = batch.columns().get(column)?;
                return cell(array, self.columns.schema.get(column)?.ty, row);
            }
            row -= batch.num_rows();
        }
        None
    }
}

/// What one epoch did to a view: rows with weights, +n for n copies inserted, −n for n retracted. Each row stands once, no weight is 0.
///
/// ```
/// # let mut db = deltaq::Engine::open_in_memory()?;
/// db.execute("CREATE TABLE t(k INT, v INT); CREATE VIEW s AS SELECT k, SUM(v) AS sum FROM t GROUP BY k")?;
/// let sub = db.subscribe("s")?;
/// db.execute("INSERT INTO t VALUES (1, 10)")?;
/// db.execute("INSERT INTO t VALUES (1, 5)")?;
/// let changes = sub.poll()?;
/// assert_eq!(changes.len(), 2);
/// let mut rows: Vec<((i32, i64), i64)> = changes[1].rows()?;
/// rows.sort();
/// assert_eq!(rows, [((1, 10), -1), ((1, 15), 1)]);
/// # Ok::<(), deltaq::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Change {
    /// The epoch after which the view showed this.
    pub epoch: u64,
    /// The rows that changed.
    pub rows: RecordBatch,
    /// How each changed.
    pub weights: ScalarBuffer<i64>,
}

impl Change {
    pub(crate) fn new(epoch: u64, columns: &Columns, batch: &Batch) -> Result<Change> {
        Ok(Change { epoch, rows: columns.record_batch(batch)?, weights: batch.weights_buffer() })
    }

    /// How many rows changed.
    pub fn len(&self) -> usize {
        self.weights.len()
    }

    /// Whether none did.
    pub fn is_empty(&self) -> bool {
        self.weights.is_empty()
    }

    /// The rows as values of `T`, as [`Rows::to_rows`] makes them, each with its weight.
    ///
    /// # Errors
    /// `22000` where a column does not fit the field.
    pub fn rows<T: DeserializeOwned>(&self) -> Result<Vec<(T, i64)>> {
        Ok(typed::<T>(&self.rows)?.into_iter().zip(self.weights.iter().copied()).collect())
    }

    /// The text of one value, as `CAST(… AS TEXT)` yields it; None for NULL, and outside of the change.
    pub fn cell(&self, row: usize, column: usize) -> Option<String> {
        let array = self.rows.columns().get(column)?;
        cell(array, sql_type(array.data_type())?, row)
    }
}

fn typed<T: DeserializeOwned>(batch: &RecordBatch) -> Result<Vec<T>> {
    serde_arrow::from_record_batch::<Vec<T>>(batch).map_err(|e| {
        let column = |field: &FieldRef| match sql_type(field.data_type()) {
            Some(ty) => format!("{} {ty}", field.name()),
            None => field.name().clone(),
        };
        let columns = batch.schema_ref().fields().iter().map(column).collect::<Vec<_>>().join(", ");
        let error = Error::new("22000", format!("the rows do not fit the type asked for: {}", e.message()));
        error.caused_by(e).help(format!("the columns are {columns}; NULL needs an Option"))
    })
}

fn cell(array: &ArrayRef, ty: SqlType, row: usize) -> Option<String> {
    if row >= array.len() {
        return None;
    }
    match Scalar::from_array(array, ty, row) {
        Scalar::Null => None,
        value => Some(text::to_text(&value, ty)),
    }
}

/// The SQL type whose columns are of this Arrow type.
pub(crate) fn sql_type(data_type: &DataType) -> Option<SqlType> {
    Some(match data_type {
        DataType::Null => SqlType::Null,
        DataType::Boolean => SqlType::Boolean,
        DataType::Int16 => SqlType::SmallInt,
        DataType::Int32 => SqlType::Int,
        DataType::Int64 => SqlType::BigInt,
        DataType::Float32 => SqlType::Real,
        DataType::Float64 => SqlType::Double,
        DataType::Decimal128(precision, scale) => SqlType::Decimal(*precision, u8::try_from(*scale).ok()?),
        DataType::Utf8 => deltaq_operators::types::TEXT,
        DataType::Binary => SqlType::Bytea,
        DataType::Date32 => SqlType::Date,
        DataType::Time64(arrow_schema::TimeUnit::Microsecond) => SqlType::Time,
        DataType::Timestamp(arrow_schema::TimeUnit::Microsecond, None) => SqlType::Timestamp,
        DataType::Timestamp(arrow_schema::TimeUnit::Microsecond, Some(_)) => SqlType::TimestampTz,
        DataType::Interval(arrow_schema::IntervalUnit::MonthDayNano) => SqlType::Interval,
        DataType::FixedSizeBinary(16) => SqlType::Uuid,
        _ => return None,
    })
}

/// More copies of rows than this are not written out.
const COPIES_MAX: u64 = 1 << 28;

/// The rows of a bag, each as often as its weight says.
///
/// # Errors
/// `54000` if that is too often.
pub(crate) fn expand(batch: &Batch) -> Result<Batch> {
    window(batch, 0, None)
}

/// As [`expand`], but the first `offset` copies are left out, and those beyond `limit`.
///
/// # Errors
/// As [`expand`].
pub(crate) fn window(batch: &Batch, offset: u64, limit: Option<u64>) -> Result<Batch> {
    let Weights::Each(weights) = batch.weights() else {
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(batch.len());
        let limit = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        return Ok(batch.slice(from, limit.min(batch.len() - from)));
    };
    let (mut skip, mut left, mut all) = (offset, limit.unwrap_or(u64::MAX), 0u64);
    let mut copies = Vec::with_capacity(weights.len());
    for (row, weight) in weights.iter().enumerate() {
        let there = u64::try_from(*weight).unwrap_or(0);
        let skipped = there.min(skip);
        let taken = (there - skipped).min(left);
        (skip, left, all) = (skip - skipped, left - taken, all.saturating_add(taken));
        copies.push((row as u32, taken));
    }
    if all > COPIES_MAX {
        let error = Error::new("54000", format!("the result has {all} rows, most of them copies of others"));
        return Err(error.help("add LIMIT, or count rows with GROUP BY"));
    }
    let rows: Vec<u32> = copies.into_iter().flat_map(|(row, taken)| std::iter::repeat_n(row, taken as usize)).collect();
    Ok(batch.with_weights(Weights::Ones).take(&rows.into()))
}
