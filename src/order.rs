//! How the rows of a SELECT are shown: sorted, cut, and without the columns that they were sorted by alone.
//!
//! The order is PostgreSQL's: NULLs last unless told otherwise, NaN above all numbers, text by its bytes.

use std::cmp::Ordering;

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef, UInt32Array};
use deltaq_circuit::{Batch, Weights};
use deltaq_compiler::Query;
use deltaq_compiler::plan::SortKey;
use deltaq_operators::SqlType;
use deltaq_operators::eval::Program;

use crate::error::{Error, Result};
use crate::rows::window;

/// The rows of `query`, of which `rows` is what its plan yields, as they are shown: each as often as its weight says.
pub(crate) fn present(rows: &Batch, query: &Query) -> Result<Batch> {
    if rows.is_empty() {
        return Ok(Batch::none());
    }
    let rows = if query.order.is_empty() { rows.clone() } else { rows.take(&sorted(rows, &query.order)?) };
    let rows = window(&rows, query.offset, query.limit)?;
    if rows.is_empty() {
        return Ok(Batch::none());
    }
    let columns = rows.columns()[..query.schema.len()].to_vec();
    Ok(Batch::with_len(columns, Weights::Ones, rows.len()))
}

/// Where the rows stand in order; equal ones as they were.
fn sorted(rows: &Batch, order: &[SortKey]) -> Result<UInt32Array> {
    let mut keys = Vec::new();
    for key in order {
        let values = Program::new(&key.expr).eval(rows.columns(), rows.len());
        let (column, errors) = values.into_column(rows.len());
        if let Some((_, error)) = errors.iter().next() {
            return Err(Error::new(error.code, error.message.clone()));
        }
        keys.push((column, key));
    }
    let compare: Vec<Compare> = keys.iter().map(|(column, key)| comparison(column, key)).collect();
    let mut places: Vec<u32> = (0..rows.len() as u32).collect();
    places.sort_by(|&a, &b| {
        let decides = |c: &Compare| Some(c(a as usize, b as usize)).filter(|o| o.is_ne());
        compare.iter().find_map(decides).unwrap_or(Ordering::Equal)
    });
    Ok(UInt32Array::from(places))
}

type Compare<'a> = Box<dyn Fn(usize, usize) -> Ordering + 'a>;

fn comparison<'a>(column: &'a ArrayRef, key: &SortKey) -> Compare<'a> {
    let values = values(column, key.expr.ty());
    let (descending, nulls_first) = (key.descending, key.nulls_first);
    let nulls = column.nulls();
    Box::new(move |a, b| {
        let (a_null, b_null) = (nulls.is_some_and(|n| n.is_null(a)), nulls.is_some_and(|n| n.is_null(b)));
        match (a_null, b_null) {
            (false, false) if descending => values(b, a),
            (false, false) => values(a, b),
            (true, true) => Ordering::Equal,
            (true, false) => {
                if nulls_first {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
            (false, true) => {
                if nulls_first {
                    Ordering::Greater
                } else {
                    Ordering::Less
                }
            }
        }
    })
}

fn values(column: &ArrayRef, ty: SqlType) -> Compare<'_> {
    macro_rules! by {
        ($type:ty) => {{
            let values = column.as_primitive::<$type>().values();
            Box::new(move |a: usize, b: usize| values[a].cmp(&values[b]))
        }};
    }
    macro_rules! by_float {
        ($type:ty) => {{
            let values = column.as_primitive::<$type>().values();
            Box::new(move |a: usize, b: usize| {
                let (a, b) = (values[a], values[b]);
                a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
            })
        }};
    }
    match ty {
        SqlType::Boolean => {
            let values = column.as_boolean().values();
            Box::new(move |a, b| values.value(a).cmp(&values.value(b)))
        }
        SqlType::SmallInt => by!(Int16Type),
        SqlType::Int => by!(Int32Type),
        SqlType::BigInt => by!(Int64Type),
        SqlType::Real => by_float!(Float32Type),
        SqlType::Double => by_float!(Float64Type),
        SqlType::Decimal(..) => by!(Decimal128Type),
        SqlType::Null | SqlType::Text { .. } => {
            let values = column.as_string::<i32>();
            Box::new(move |a, b| values.value(a).cmp(values.value(b)))
        }
        SqlType::Bytea => {
            let values = column.as_binary::<i32>();
            Box::new(move |a, b| values.value(a).cmp(values.value(b)))
        }
        SqlType::Date => by!(Date32Type),
        SqlType::Time => by!(Time64MicrosecondType),
        SqlType::Timestamp | SqlType::TimestampTz => by!(TimestampMicrosecondType),
        SqlType::Interval => {
            // A month counts as 30 days and a day as 24 hours, as PostgreSQL compares them.
            let values = column.as_primitive::<IntervalMonthDayNanoType>().values();
            let span = |v: arrow_buffer::IntervalMonthDayNano| {
                (i128::from(v.months) * 30 + i128::from(v.days)) * 86_400_000_000_000 + i128::from(v.nanoseconds)
            };
            Box::new(move |a, b| span(values[a]).cmp(&span(values[b])))
        }
        SqlType::Uuid => {
            let values = column.as_fixed_size_binary();
            Box::new(move |a, b| values.value(a).cmp(values.value(b)))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{Float64Array, StringArray};
    use deltaq_operators::Expr;
    use deltaq_operators::types::TEXT;

    use super::*;

    fn places(column: ArrayRef, ty: SqlType, descending: bool, nulls_first: bool) -> Vec<u32> {
        let rows = Batch::ones(vec![column]);
        let key = SortKey { expr: Expr::column(0, ty), descending, nulls_first };
        sorted(&rows, &[key]).unwrap().values().to_vec()
    }

    #[test]
    fn nan_is_largest_and_zeros_are_equal() {
        let column: ArrayRef = Arc::new(Float64Array::from(vec![f64::NAN, 0.0, -0.0, f64::INFINITY, -1.0]));
        assert_eq!(places(column.clone(), SqlType::Double, false, false), [4, 1, 2, 3, 0]);
        assert_eq!(places(column, SqlType::Double, true, false), [0, 3, 1, 2, 4]);
    }

    #[test]
    fn nulls_stand_where_told() {
        let column: ArrayRef = Arc::new(StringArray::from(vec![None, Some("b"), Some("a"), None]));
        assert_eq!(places(column.clone(), TEXT, false, false), [2, 1, 0, 3]);
        assert_eq!(places(column.clone(), TEXT, false, true), [0, 3, 2, 1]);
        assert_eq!(places(column, TEXT, true, true), [0, 3, 1, 2]);
    }
}
