//! Arrow columns as they come from outside, as the columns that tables store.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::*;
use arrow_buffer::IntervalMonthDayNano;
use arrow_schema::{DataType, IntervalUnit, TimeUnit};
use deltaq_operators::eval::Program;
use deltaq_operators::types::TEXT;
use deltaq_operators::{Expr, SqlType, functions};

use crate::error::{Error, Result};
use crate::rows::sql_type;

/// `array` as a column of type `to`: itself where it is one, else cast. `name` is the column's, for the message.
pub(crate) fn cast(array: &ArrayRef, to: SqlType, name: &str) -> Result<ArrayRef> {
    let target = to.arrow();
    if *array.data_type() == target {
        return Ok(if to == SqlType::Interval { whole_micros(array) } else { Arc::clone(array) });
    }
    let misfit = || {
        Error::new(
            "42804",
            format!("column \"{name}\" is of type {to}, and Arrow's {} does not fit it", array.data_type()),
        )
    };
    let stored = stored(array).ok_or_else(misfit)?;
    if *stored.data_type() == target {
        return Ok(stored);
    }
    let from = sql_type(stored.data_type()).ok_or_else(misfit)?;
    let cast = functions::lookup("cast").ok_or_else(misfit)?;
    let call = Expr::Call { function: cast, args: vec![Expr::column(0, from)], ty: to };
    let rows = stored.len();
    let (values, errors) = Program::new(&call).eval(&[stored], rows).into_column(rows);
    if let Some((row, error)) = errors.iter().next() {
        return Err(Error::new(error.code, format!("{} (column \"{name}\", row {row})", error.message)));
    }
    Ok(values)
}

/// Intervals cut to microseconds.
fn whole_micros(array: &ArrayRef) -> ArrayRef {
    let intervals = array.as_primitive::<IntervalMonthDayNanoType>();
    if intervals.values().iter().all(|v| v.nanoseconds % 1000 == 0) {
        return Arc::clone(array);
    }
    Arc::new(intervals.unary::<_, IntervalMonthDayNanoType>(|v| {
        IntervalMonthDayNano::new(v.months, v.days, v.nanoseconds / 1000 * 1000)
    }))
}

/// The same values in a type that is stored; None where there is none.
fn stored(array: &ArrayRef) -> Option<ArrayRef> {
    use DataType::*;
    fn prim<T: ArrowPrimitiveType>(array: &ArrayRef) -> &PrimitiveArray<T> {
        array.as_primitive()
    }
    if let Some(ty) = sql_type(array.data_type()) {
        // A timestamp of another zone is the same instant.
        return Some(match ty {
            SqlType::Null => new_null_array(&TEXT.arrow(), array.len()),
            SqlType::TimestampTz => {
                Arc::new(prim::<TimestampMicrosecondType>(array).clone().with_data_type(ty.arrow()))
            }
            _ => Arc::clone(array),
        });
    }
    Some(match array.data_type() {
        Int8 => Arc::new(prim::<Int8Type>(array).unary::<_, Int16Type>(i16::from)),
        UInt8 => Arc::new(prim::<UInt8Type>(array).unary::<_, Int16Type>(i16::from)),
        UInt16 => Arc::new(prim::<UInt16Type>(array).unary::<_, Int32Type>(i32::from)),
        UInt32 => Arc::new(prim::<UInt32Type>(array).unary::<_, Int64Type>(i64::from)),
        UInt64 => {
            let values = prim::<UInt64Type>(array).unary::<_, Decimal128Type>(i128::from);
            Arc::new(values.with_data_type(Decimal128(20, 0)))
        }
        Float16 => Arc::new(prim::<Float16Type>(array).unary::<_, Float32Type>(f32::from)),
        Decimal32(precision, scale) if *scale >= 0 => {
            let values = prim::<Decimal32Type>(array).unary::<_, Decimal128Type>(i128::from);
            Arc::new(values.with_data_type(Decimal128(*precision, *scale)))
        }
        Decimal64(precision, scale) if *scale >= 0 => {
            let values = prim::<Decimal64Type>(array).unary::<_, Decimal128Type>(i128::from);
            Arc::new(values.with_data_type(Decimal128(*precision, *scale)))
        }
        LargeUtf8 => Arc::new(StringArray::from_iter(array.as_string::<i64>())),
        Utf8View => Arc::new(StringArray::from_iter(array.as_string_view())),
        LargeBinary => Arc::new(BinaryArray::from_iter(array.as_binary::<i64>())),
        BinaryView => Arc::new(BinaryArray::from_iter(array.as_binary_view())),
        FixedSizeBinary(_) => Arc::new(BinaryArray::from_iter(array.as_fixed_size_binary())),
        Date64 => {
            let micros = prim::<Date64Type>(array).unary_opt::<_, TimestampMicrosecondType>(|ms| ms.checked_mul(1000));
            if micros.null_count() != array.null_count() {
                return None;
            }
            Arc::new(micros)
        }
        Time32(TimeUnit::Second) => {
            Arc::new(prim::<Time32SecondType>(array).unary::<_, Time64MicrosecondType>(|s| i64::from(s) * 1_000_000))
        }
        Time32(TimeUnit::Millisecond) => {
            Arc::new(prim::<Time32MillisecondType>(array).unary::<_, Time64MicrosecondType>(|ms| i64::from(ms) * 1000))
        }
        Time64(TimeUnit::Nanosecond) => {
            Arc::new(prim::<Time64NanosecondType>(array).unary::<_, Time64MicrosecondType>(|ns| ns.div_euclid(1000)))
        }
        Timestamp(unit, zone) => {
            let micros = match unit {
                TimeUnit::Second => prim::<TimestampSecondType>(array)
                    .unary_opt::<_, TimestampMicrosecondType>(|s| s.checked_mul(1_000_000)),
                TimeUnit::Millisecond => prim::<TimestampMillisecondType>(array)
                    .unary_opt::<_, TimestampMicrosecondType>(|ms| ms.checked_mul(1000)),
                TimeUnit::Nanosecond => prim::<TimestampNanosecondType>(array)
                    .unary::<_, TimestampMicrosecondType>(|ns| ns.div_euclid(1000)),
                TimeUnit::Microsecond => return None,
            };
            if micros.null_count() != array.null_count() {
                return None;
            }
            let ty = if zone.is_some() { SqlType::TimestampTz } else { SqlType::Timestamp };
            Arc::new(micros.with_data_type(ty.arrow()))
        }
        Interval(IntervalUnit::YearMonth) => Arc::new(
            prim::<IntervalYearMonthType>(array)
                .unary::<_, IntervalMonthDayNanoType>(|months| IntervalMonthDayNano::new(months, 0, 0)),
        ),
        Interval(IntervalUnit::DayTime) => {
            Arc::new(prim::<IntervalDayTimeType>(array).unary::<_, IntervalMonthDayNanoType>(|v| {
                IntervalMonthDayNano::new(0, v.days, i64::from(v.milliseconds) * 1_000_000)
            }))
        }
        Dictionary(_, _) => {
            let dictionary = array.as_any_dictionary_opt()?;
            let taken = arrow_select::take::take(dictionary.values(), dictionary.keys(), None).ok()?;
            return stored(&taken);
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(array: ArrayRef, to: SqlType, expected: ArrayRef) {
        let cast = cast(&array, to, "c").unwrap_or_else(|e| panic!("{:?} to {to}: {e}", array.data_type()));
        assert_eq!(&cast, &expected, "{:?} to {to}", array.data_type());
    }

    #[test]
    fn columns_of_foreign_types_become_stored_ones() {
        let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("a"), None]));
        check(Arc::new(LargeStringArray::from(vec![Some("a"), None])), TEXT, texts.clone());
        check(Arc::new(StringViewArray::from(vec![Some("a"), None])), TEXT, texts.clone());
        let dictionary: DictionaryArray<Int8Type> = vec![Some("a"), None].into_iter().collect();
        check(Arc::new(dictionary), TEXT, texts);
        let interval = |nanos| Arc::new(IntervalMonthDayNanoArray::from(vec![IntervalMonthDayNano::new(1, 2, nanos)]));
        check(interval(1_999), SqlType::Interval, interval(1_000));
        check(Arc::new(UInt8Array::from(vec![255])), SqlType::SmallInt, Arc::new(Int16Array::from(vec![255])));
        check(
            Arc::new(TimestampNanosecondArray::from(vec![-1, 1_999])),
            SqlType::Timestamp,
            Arc::new(TimestampMicrosecondArray::from(vec![-1, 1])),
        );
        check(Arc::new(NullArray::new(2)), TEXT, Arc::new(StringArray::new_null(2)));
    }

    #[test]
    fn what_is_not_stored_is_an_error() {
        let list: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>([Some([Some(1)])]));
        let error = cast(&list, TEXT, "c").unwrap_err();
        assert_eq!(error.code(), "42804");
        assert!(error.to_string().contains("\"c\""), "{error}");
        let far: ArrayRef = Arc::new(TimestampSecondArray::from(vec![i64::MAX]));
        assert!(cast(&far, SqlType::Timestamp, "c").is_err());
    }
}
