//! Record batches and typed rows from the user, as batches of a table.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, FieldRef};
use deltaq_circuit::{Batch, Weights, arrays};
use deltaq_operators::{Scalar, SqlType};
use serde::Serialize;
use serde_arrow::schema::{SchemaLike, TracingOptions};

use crate::door::Table;
use crate::error::{Error, Result};
use crate::foreign;

/// Which of the table's columns a record batch holds.
enum Fit {
    /// All, in order.
    Same,
    /// By name: the batch's column for each of the table's, None where it has none.
    Named(Vec<Option<usize>>),
    /// The primary key alone: the batch's column for each of the key's.
    Key(Vec<usize>),
}

/// `rows` as columns of `table`: matched by name where all names are the table's, else by position; cast; what is not given gets its
/// default. Checked as [`Table::conform`] does.
pub(crate) fn columns(table: &Table, rows: &RecordBatch) -> Result<Vec<ArrayRef>> {
    let mut columns = match fit(table, rows, false)? {
        Fit::Same => pair(table, rows, &mut (0..rows.num_columns()).map(Some))?,
        Fit::Named(places) => pair(table, rows, &mut places.into_iter())?,
        Fit::Key(_) => panic!("rows were to be whole"),
    };
    table.conform(&mut columns)?;
    Ok(columns)
}

/// What is to be deleted: whole rows, or primary keys.
pub(crate) enum Doomed {
    Rows(Vec<ArrayRef>),
    Keys(Vec<ArrayRef>),
}

/// `rows` as whole rows of `table`, or, where they have the columns of its primary key alone, as keys.
pub(crate) fn doomed(table: &Table, rows: &RecordBatch) -> Result<Doomed> {
    match fit(table, rows, true)? {
        Fit::Same => pair(table, rows, &mut (0..rows.num_columns()).map(Some)).map(Doomed::Rows),
        Fit::Named(places) => {
            if let Some(missing) = places.iter().position(Option::is_none) {
                let message =
                    format!("whole rows are needed, and column \"{}\" is missing", table.schema()[missing].name);
                return Err(Error::new("42804", message).help("or give the columns of the primary key alone"));
            }
            pair(table, rows, &mut places.into_iter()).map(Doomed::Rows)
        }
        Fit::Key(places) => {
            let column = |(&key, place): (&usize, usize)| {
                let field = &table.schema()[key];
                foreign::cast(rows.column(place), field.ty, &field.name)
            };
            let keys = table.primary_key.iter().zip(places).map(column).collect::<Result<Vec<_>>>()?;
            if keys.iter().any(|k| k.null_count() > 0) {
                return Err(Error::new(
                    "P0002",
                    format!("no row of table \"{}\" has NULL in its primary key", table.name),
                ));
            }
            Ok(Doomed::Keys(keys))
        }
    }
}

fn fit(table: &Table, rows: &RecordBatch, key_will_do: bool) -> Result<Fit> {
    let (schema, given) = (table.schema(), rows.schema_ref().fields());
    if given.len() == schema.len() && given.iter().zip(schema).all(|(a, b)| *a.name() == b.name) {
        return Ok(Fit::Same);
    }
    let place = |name: &str| {
        let exact = schema.iter().position(|f| f.name == name);
        exact.or_else(|| schema.iter().position(|f| f.name.eq_ignore_ascii_case(name)))
    };
    let places: Vec<Option<usize>> = given.iter().map(|field| place(field.name())).collect();
    let mut named = vec![None; schema.len()];
    for (index, at) in places.iter().enumerate() {
        if let Some(at) = at
            && named[*at].replace(index).is_some()
        {
            return Err(Error::new("42701", format!("column \"{}\" is given twice", schema[*at].name)));
        }
    }
    let key = &table.primary_key;
    let key_alone = key_will_do && !key.is_empty() && given.len() == key.len();
    if !given.is_empty() && places.iter().all(Option::is_some) {
        if key_alone && let Some(places) = key.iter().map(|k| named[*k]).collect::<Option<Vec<_>>>() {
            return Ok(Fit::Key(places));
        }
        return Ok(Fit::Named(named));
    }
    if given.len() == schema.len() {
        return Ok(Fit::Same);
    }
    if key_alone {
        return Ok(Fit::Key((0..key.len()).collect()));
    }
    let stranger = given.iter().zip(&places).find(|(_, place)| place.is_none()).map_or("", |(f, _)| f.name());
    let names: Vec<&str> = schema.iter().map(|f| f.name.as_str()).collect();
    let message = format!("table \"{}\" has no column \"{stranger}\", nor {} columns", table.name, given.len());
    Err(Error::new("42703", message).help(format!("its columns are {}", names.join(", "))))
}

fn pair(table: &Table, rows: &RecordBatch, places: &mut dyn Iterator<Item = Option<usize>>) -> Result<Vec<ArrayRef>> {
    let mut columns = Vec::with_capacity(table.schema().len());
    for (index, place) in places.enumerate() {
        let field = &table.schema()[index];
        columns.push(match place {
            Some(place) => foreign::cast(rows.column(place), field.ty, &field.name)?,
            None => match &table.defaults[index] {
                Scalar::Null => arrays::nulls(&field.ty.arrow(), rows.num_rows()),
                value => arrays::repeat(&value.to_array(field.ty), rows.num_rows()),
            },
        });
    }
    Ok(columns)
}

/// A batch of `columns`, each row once.
pub(crate) fn ones(columns: Vec<ArrayRef>, rows: &RecordBatch) -> Batch {
    Batch::with_len(columns, Weights::Ones, rows.num_rows())
}

/// Rust values as a record batch for `table`: structs by the names of their fields, tuples by position.
///
/// # Errors
/// `22000` where they do not fit.
pub(crate) fn serialized<T: Serialize>(table: &Table, rows: &[T]) -> Result<RecordBatch> {
    if rows.is_empty() {
        return Ok(RecordBatch::new_empty(Arc::clone(&table.columns.arrow)));
    }
    // First as what the table stores. Types that serde knows nothing of come as text and are cast; so do decimals, which serde_arrow
    // would cut (0.29 would be 0.28), and REAL comes as it may be too large.
    let field = |(field, sql): (&FieldRef, &deltaq_operators::Field)| {
        let ty = match sql.ty {
            SqlType::Interval | SqlType::Uuid | SqlType::Time | SqlType::Decimal(..) => DataType::Utf8,
            SqlType::Real => DataType::Float64,
            _ => return Arc::clone(field),
        };
        Arc::new(field.as_ref().clone().with_data_type(ty))
    };
    let fields: Vec<FieldRef> = table.columns.arrow.fields().iter().zip(table.schema()).map(field).collect();
    let options = TracingOptions::default().allow_null_fields(true).coerce_numbers(true).guess_dates(false);
    // A field that no column is named like would be left out without a word. Those of tuples are named by their places.
    let known = |(at, name): (usize, &str)| name == at.to_string() || table.schema().iter().any(|f| f.name == name);
    let first = Vec::<FieldRef>::from_samples(&rows[..1], options.clone());
    let strange = first.is_ok_and(|first| !first.iter().map(|f| f.name().as_str()).enumerate().all(known));
    if !strange && let Ok(batch) = serde_arrow::to_record_batch(&fields, &rows) {
        return Ok(batch);
    }
    // Then as what the values themselves look like, to be cast: numbers for decimals, text for dates as SQL writes them.
    let misfit = |error: serde_arrow::Error| {
        let message = format!("the rows do not fit table \"{}\": {}", table.name, error.message());
        Error::new("22000", message).caused_by(error)
    };
    let fields = Vec::<FieldRef>::from_samples(rows, options).map_err(misfit)?;
    let batch = serde_arrow::to_record_batch(&fields, &rows).map_err(misfit)?;
    Ok(batch)
}
