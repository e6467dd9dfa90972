//! One value of a SQL type: literals, and rows at the edges.

use std::fmt;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::*;
use arrow_buffer::IntervalMonthDayNano;

use crate::types::SqlType;

/// A value, or NULL. Which SQL type it is of is kept beside it: a decimal's scale and a timestamp's zone are in the type.
#[derive(Clone, Debug)]
pub enum Scalar {
    /// NULL of any type.
    Null,
    /// `BOOLEAN`
    Boolean(bool),
    /// `SMALLINT`
    SmallInt(i16),
    /// `INT`
    Int(i32),
    /// `BIGINT`
    BigInt(i64),
    /// `REAL`
    Real(f32),
    /// `DOUBLE`
    Double(f64),
    /// `DECIMAL`: the digits without the point
    Decimal(i128),
    /// `TEXT`, `VARCHAR`, `CHAR`
    Text(String),
    /// `BYTEA`
    Bytea(Vec<u8>),
    /// `DATE`: days since 1970-01-01
    Date(i32),
    /// `TIME`: microseconds since midnight
    Time(i64),
    /// `TIMESTAMP` and `TIMESTAMPTZ`: microseconds since 1970-01-01 00:00:00 (UTC)
    Timestamp(i64),
    /// `INTERVAL`
    Interval {
        /// Months, of any length.
        months: i32,
        /// Days, of any length.
        days: i32,
        /// Nanoseconds.
        nanos: i64,
    },
    /// `UUID`
    Uuid([u8; 16]),
}

/// The same value, whatever SQL's comparison says: NaN is NaN, and 0 is not −0.
impl PartialEq for Scalar {
    fn eq(&self, other: &Scalar) -> bool {
        use self::Scalar::*;
        match (self, other) {
            (Null, Null) => true,
            (Boolean(a), Boolean(b)) => a == b,
            (SmallInt(a), SmallInt(b)) => a == b,
            (Int(a), Int(b)) | (Date(a), Date(b)) => a == b,
            (BigInt(a), BigInt(b)) | (Time(a), Time(b)) | (Timestamp(a), Timestamp(b)) => a == b,
            (Real(a), Real(b)) => a.to_bits() == b.to_bits(),
            (Double(a), Double(b)) => a.to_bits() == b.to_bits(),
            (Decimal(a), Decimal(b)) => a == b,
            (Text(a), Text(b)) => a == b,
            (Bytea(a), Bytea(b)) => a == b,
            (Uuid(a), Uuid(b)) => a == b,
            (
                Interval { months, days, nanos },
                Interval { months: other_months, days: other_days, nanos: other_nanos },
            ) => (months, days, nanos) == (other_months, other_days, other_nanos),
            _ => false,
        }
    }
}

impl Scalar {
    /// A column of this one value, of type `ty`.
    ///
    /// # Panics
    /// If the value is not of that type.
    pub fn to_array(&self, ty: SqlType) -> ArrayRef {
        match self {
            Scalar::Null => crate::arrays::nulls(&ty.arrow(), 1),
            Scalar::Boolean(v) => Arc::new(BooleanArray::from(vec![*v])),
            Scalar::SmallInt(v) => Arc::new(Int16Array::from(vec![*v])),
            Scalar::Int(v) => Arc::new(Int32Array::from(vec![*v])),
            Scalar::BigInt(v) => Arc::new(Int64Array::from(vec![*v])),
            Scalar::Real(v) => Arc::new(Float32Array::from(vec![*v])),
            Scalar::Double(v) => Arc::new(Float64Array::from(vec![*v])),
            Scalar::Decimal(v) => Arc::new(Decimal128Array::from(vec![*v]).with_data_type(ty.arrow())),
            Scalar::Text(v) => Arc::new(StringArray::from(vec![v.as_str()])),
            Scalar::Bytea(v) => Arc::new(BinaryArray::from(vec![v.as_slice()])),
            Scalar::Date(v) => Arc::new(Date32Array::from(vec![*v])),
            Scalar::Time(v) => Arc::new(Time64MicrosecondArray::from(vec![*v])),
            Scalar::Timestamp(v) => Arc::new(TimestampMicrosecondArray::from(vec![*v]).with_data_type(ty.arrow())),
            Scalar::Interval { months, days, nanos } => {
                Arc::new(IntervalMonthDayNanoArray::from(vec![IntervalMonthDayNano::new(*months, *days, *nanos)]))
            }
            Scalar::Uuid(v) => {
                Arc::new(FixedSizeBinaryArray::new(16, arrow_buffer::Buffer::from_vec(v.to_vec()), None))
            }
        }
    }

    /// A column of `values`, all of type `ty`. Cost: O(values).
    ///
    /// # Panics
    /// If a value is not of that type.
    pub fn to_column<'a>(values: impl IntoIterator<Item = &'a Scalar>, ty: SqlType) -> ArrayRef {
        let values = values.into_iter();
        macro_rules! each {
            ($variant:ident, $array:ty, |$v:ident| $map:expr) => {{
                let value = |value: &'a Scalar| match value {
                    Scalar::Null => None,
                    Scalar::$variant($v) => Some($map),
                    other => panic!("{other:?} in a column of type {ty}"),
                };
                values.map(value).collect::<$array>()
            }};
        }
        match ty {
            SqlType::Boolean => Arc::new(each!(Boolean, BooleanArray, |v| *v)),
            SqlType::SmallInt => Arc::new(each!(SmallInt, Int16Array, |v| *v)),
            SqlType::Int => Arc::new(each!(Int, Int32Array, |v| *v)),
            SqlType::BigInt => Arc::new(each!(BigInt, Int64Array, |v| *v)),
            SqlType::Real => Arc::new(each!(Real, Float32Array, |v| *v)),
            SqlType::Double => Arc::new(each!(Double, Float64Array, |v| *v)),
            SqlType::Decimal(..) => Arc::new(each!(Decimal, Decimal128Array, |v| *v).with_data_type(ty.arrow())),
            SqlType::Null | SqlType::Text { .. } => Arc::new(each!(Text, StringArray, |v| v.as_str())),
            SqlType::Bytea => Arc::new(each!(Bytea, BinaryArray, |v| v.as_slice())),
            SqlType::Date => Arc::new(each!(Date, Date32Array, |v| *v)),
            SqlType::Time => Arc::new(each!(Time, Time64MicrosecondArray, |v| *v)),
            SqlType::Timestamp | SqlType::TimestampTz => {
                Arc::new(each!(Timestamp, TimestampMicrosecondArray, |v| *v).with_data_type(ty.arrow()))
            }
            SqlType::Interval | SqlType::Uuid => {
                let columns: Vec<ArrayRef> = values.map(|v| v.to_array(ty)).collect();
                if columns.is_empty() {
                    return crate::arrays::empty(&ty.arrow());
                }
                crate::arrays::concat(&columns.iter().map(|c| c.as_ref()).collect::<Vec<_>>())
            }
        }
    }

    /// The value of `array` at `row`; `array` must be of type `ty`'s column type.
    pub fn from_array(array: &ArrayRef, ty: SqlType, row: usize) -> Scalar {
        if array.is_null(row) {
            return Scalar::Null;
        }
        match ty {
            SqlType::Null => Scalar::Null,
            SqlType::Boolean => Scalar::Boolean(array.as_boolean().value(row)),
            SqlType::SmallInt => Scalar::SmallInt(array.as_primitive::<Int16Type>().value(row)),
            SqlType::Int => Scalar::Int(array.as_primitive::<Int32Type>().value(row)),
            SqlType::BigInt => Scalar::BigInt(array.as_primitive::<Int64Type>().value(row)),
            SqlType::Real => Scalar::Real(array.as_primitive::<Float32Type>().value(row)),
            SqlType::Double => Scalar::Double(array.as_primitive::<Float64Type>().value(row)),
            SqlType::Decimal(..) => Scalar::Decimal(array.as_primitive::<Decimal128Type>().value(row)),
            SqlType::Text { .. } => Scalar::Text(array.as_string::<i32>().value(row).to_string()),
            SqlType::Bytea => Scalar::Bytea(array.as_binary::<i32>().value(row).to_vec()),
            SqlType::Date => Scalar::Date(array.as_primitive::<Date32Type>().value(row)),
            SqlType::Time => Scalar::Time(array.as_primitive::<Time64MicrosecondType>().value(row)),
            SqlType::Timestamp | SqlType::TimestampTz => {
                Scalar::Timestamp(array.as_primitive::<TimestampMicrosecondType>().value(row))
            }
            SqlType::Interval => {
                let v = array.as_primitive::<IntervalMonthDayNanoType>().value(row);
                Scalar::Interval { months: v.months, days: v.days, nanos: v.nanoseconds }
            }
            SqlType::Uuid => {
                let mut bytes = [0; 16];
                bytes.copy_from_slice(array.as_fixed_size_binary().value(row));
                Scalar::Uuid(bytes)
            }
        }
    }

    /// Writes the value as a SQL literal: text quoted, dates as `DATE '2013-01-01'`.
    pub fn write_sql(&self, ty: SqlType, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Scalar::Null => f.write_str("NULL"),
            Scalar::Text(v) => write!(f, "'{}'", v.replace('\'', "''")),
            _ => {
                let text = crate::functions::text::to_text(self, ty);
                match ty {
                    SqlType::Boolean | SqlType::SmallInt | SqlType::Int | SqlType::BigInt | SqlType::Decimal(..) => {
                        f.write_str(&text)
                    }
                    _ => write!(f, "{ty} '{text}'"),
                }
            }
        }
    }
}
