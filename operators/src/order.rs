//! The order of values, as ORDER BY has it, for arrow's row encoding: NaN after all numbers, −0.0 with 0.0, intervals by length.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, IntervalMonthDayNanoType};
use arrow_array::{ArrayRef, Decimal128Array, Float32Array, Float64Array};
use arrow_schema::DataType;
use deltaq_circuit::arrays::{normal_f32, normal_f64};

/// The type of the column that [`sort_column`] makes.
pub fn sort_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Interval(_) => DataType::Decimal128(38, 0),
        other => other.clone(),
    }
}

/// The same column with one −0.0 and one NaN: rows that are equal as SQL groups them are then equal under arrow's row encoding.
pub fn normal(column: &ArrayRef) -> ArrayRef {
    if matches!(column.data_type(), DataType::Interval(_)) { Arc::clone(column) } else { sort_column(column) }
}

/// A column whose order under arrow's row encoding is the SQL order of `column`.
pub fn sort_column(column: &ArrayRef) -> ArrayRef {
    match column.data_type() {
        DataType::Float32 => {
            let normal = |v: f32| f32::from_bits(normal_f32(v.to_bits()));
            Arc::new(column.as_primitive::<Float32Type>().unary::<_, Float32Type>(normal)) as Arc<Float32Array>
        }
        DataType::Float64 => {
            let normal = |v: f64| f64::from_bits(normal_f64(v.to_bits()));
            Arc::new(column.as_primitive::<Float64Type>().unary::<_, Float64Type>(normal)) as Arc<Float64Array>
        }
        DataType::Interval(_) => {
            let intervals = column.as_primitive::<IntervalMonthDayNanoType>();
            let length = |v: arrow_buffer::IntervalMonthDayNano| {
                (i128::from(v.months) * 30 + i128::from(v.days)) * 86_400_000_000_000 + i128::from(v.nanoseconds)
            };
            let lengths = intervals.unary::<_, arrow_array::types::Decimal128Type>(length);
            Arc::new(lengths.with_data_type(DataType::Decimal128(38, 0))) as Arc<Decimal128Array>
        }
        _ => Arc::clone(column),
    }
}
