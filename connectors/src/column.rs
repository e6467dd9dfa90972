//! A column under construction: texts go in, an Arrow array comes out.
//!
//! A row may turn out bad after some of its columns were filled; [`Column::truncate`] takes back what it left.

use std::sync::Arc;

use arrow_array::types::IntervalMonthDayNanoType;
use arrow_array::*;
use arrow_buffer::{
    BooleanBufferBuilder, Buffer, IntervalMonthDayNano, NullBuffer, NullBufferBuilder, OffsetBuffer, ScalarBuffer,
};
use deltaq_operators::functions::text::{fit, from_text};
use deltaq_operators::{Field, Scalar, SqlType};

use crate::error::{Reason, reason};
use crate::parse;

/// Values of one column, read from text.
pub(crate) struct Column {
    field: Field,
    values: Values,
    nulls: NullBufferBuilder,
}

enum Values {
    Boolean(BooleanBufferBuilder),
    SmallInt(Vec<i16>),
    Int(Vec<i32>),
    BigInt(Vec<i64>),
    Real(Vec<f32>),
    Double(Vec<f64>),
    /// With the scale, and the least value of too many digits.
    Decimal(Vec<i128>, u8, i128),
    Bytes(Bytes),
    Date(Vec<i32>),
    Time(Vec<i64>),
    Timestamp(Vec<i64>),
    TimestampTz(Vec<i64>),
    Interval(Vec<IntervalMonthDayNano>),
    Uuid(Vec<u8>),
}

/// Values of any length: texts and byte strings.
struct Bytes {
    data: Vec<u8>,
    offsets: Vec<i32>,
}

impl Bytes {
    fn push(&mut self, value: &[u8]) -> Result<(), Reason> {
        if self.data.len() + value.len() > i32::MAX as usize {
            return Err(reason("54000", "a batch holds more than 2 GiB of text in one column"));
        }
        self.data.extend_from_slice(value);
        self.offsets.push(self.data.len() as i32);
        Ok(())
    }
}

impl Column {
    /// No values yet.
    pub(crate) fn new(field: &Field, rows: usize) -> Column {
        let values = match field.ty {
            SqlType::Boolean => Values::Boolean(BooleanBufferBuilder::new(rows)),
            SqlType::SmallInt => Values::SmallInt(Vec::with_capacity(rows)),
            SqlType::Int => Values::Int(Vec::with_capacity(rows)),
            SqlType::BigInt => Values::BigInt(Vec::with_capacity(rows)),
            SqlType::Real => Values::Real(Vec::with_capacity(rows)),
            SqlType::Double => Values::Double(Vec::with_capacity(rows)),
            SqlType::Decimal(precision, scale) => {
                Values::Decimal(Vec::with_capacity(rows), scale, 10i128.pow(u32::from(precision.min(38))))
            }
            SqlType::Null | SqlType::Text { .. } | SqlType::Bytea => {
                let mut offsets = Vec::with_capacity(rows + 1);
                offsets.push(0);
                Values::Bytes(Bytes { data: Vec::with_capacity(rows * 8), offsets })
            }
            SqlType::Date => Values::Date(Vec::with_capacity(rows)),
            SqlType::Time => Values::Time(Vec::with_capacity(rows)),
            SqlType::Timestamp => Values::Timestamp(Vec::with_capacity(rows)),
            SqlType::TimestampTz => Values::TimestampTz(Vec::with_capacity(rows)),
            SqlType::Interval => Values::Interval(Vec::with_capacity(rows)),
            SqlType::Uuid => Values::Uuid(Vec::with_capacity(rows * 16)),
        };
        Column { field: field.clone(), values, nulls: NullBufferBuilder::new(rows) }
    }

    /// What the column is.
    pub(crate) fn field(&self) -> &Field {
        &self.field
    }

    /// Adds a NULL.
    pub(crate) fn push_null(&mut self) -> Result<(), Reason> {
        if !self.field.nullable {
            return Err(reason("23502", "NULL in a NOT NULL column"));
        }
        match &mut self.values {
            Values::Boolean(v) => v.append(false),
            Values::SmallInt(v) => v.push(0),
            Values::Int(v) | Values::Date(v) => v.push(0),
            Values::BigInt(v) | Values::Time(v) | Values::Timestamp(v) | Values::TimestampTz(v) => v.push(0),
            Values::Real(v) => v.push(0.0),
            Values::Double(v) => v.push(0.0),
            Values::Decimal(v, ..) => v.push(0),
            Values::Bytes(v) => v.push(&[])?,
            Values::Interval(v) => v.push(IntervalMonthDayNano::ZERO),
            Values::Uuid(v) => v.extend_from_slice(&[0; 16]),
        }
        self.nulls.append_null();
        Ok(())
    }

    /// Adds the value that `text` spells. Where it fails the column is as before.
    #[inline]
    pub(crate) fn push(&mut self, text: &[u8]) -> Result<(), Reason> {
        let ty = self.field.ty;
        /// The common spelling, or else whatever SQL reads.
        macro_rules! push {
            ($values:expr, $fast:expr, $variant:path) => {
                match $fast {
                    Some(value) => $values.push(value),
                    None => match rare(text, ty)? {
                        $variant(value) => $values.push(value),
                        other => panic!("{other:?} read as {ty}"),
                    },
                }
            };
        }
        match &mut self.values {
            Values::Bytes(v) if ty == SqlType::Bytea => match rare(text, ty)? {
                Scalar::Bytea(value) => v.push(&value)?,
                other => panic!("{other:?} read as {ty}"),
            },
            Values::Bytes(v) => v.push(fit(utf8(text)?, ty)?.as_bytes())?,
            Values::SmallInt(v) => push!(v, parse::integer(text).and_then(|n| n.try_into().ok()), Scalar::SmallInt),
            Values::Int(v) => push!(v, parse::integer(text).and_then(|n| n.try_into().ok()), Scalar::Int),
            Values::BigInt(v) => push!(v, parse::integer(text), Scalar::BigInt),
            Values::Real(v) => push!(v, float(text).filter(|v: &f32| v.is_finite()), Scalar::Real),
            Values::Double(v) => push!(v, float(text).filter(|v: &f64| v.is_finite()), Scalar::Double),
            Values::Decimal(v, scale, limit) => {
                push!(v, parse::decimal(text, *scale).filter(|v| v.abs() < *limit), Scalar::Decimal);
            }
            Values::Date(v) => push!(v, parse::date(text), Scalar::Date),
            Values::Time(v) => push!(v, parse::time(text), Scalar::Time),
            Values::Timestamp(v) => push!(v, parse::timestamp(text), Scalar::Timestamp),
            Values::TimestampTz(v) => push!(v, parse::timestamp_tz(text), Scalar::Timestamp),
            Values::Boolean(v) => match parse::boolean(text) {
                Some(value) => v.append(value),
                None => match rare(text, ty)? {
                    Scalar::Boolean(value) => v.append(value),
                    other => panic!("{other:?} read as {ty}"),
                },
            },
            Values::Interval(v) => match rare(text, ty)? {
                Scalar::Interval { months, days, nanos } => v.push(IntervalMonthDayNano::new(months, days, nanos)),
                other => panic!("{other:?} read as {ty}"),
            },
            Values::Uuid(v) => match rare(text, ty)? {
                Scalar::Uuid(value) => v.extend_from_slice(&value),
                other => panic!("{other:?} read as {ty}"),
            },
        }
        self.nulls.append_non_null();
        Ok(())
    }

    /// Rows so far.
    pub(crate) fn len(&self) -> usize {
        self.nulls.len()
    }

    /// Takes rows back, down to `rows`.
    #[inline]
    pub(crate) fn truncate(&mut self, rows: usize) {
        if self.len() <= rows {
            return;
        }
        match &mut self.values {
            Values::Boolean(v) => v.truncate(rows),
            Values::SmallInt(v) => v.truncate(rows),
            Values::Int(v) | Values::Date(v) => v.truncate(rows),
            Values::BigInt(v) | Values::Time(v) | Values::Timestamp(v) | Values::TimestampTz(v) => v.truncate(rows),
            Values::Real(v) => v.truncate(rows),
            Values::Double(v) => v.truncate(rows),
            Values::Decimal(v, ..) => v.truncate(rows),
            Values::Bytes(v) => {
                v.offsets.truncate(rows + 1);
                v.data.truncate(v.offsets[rows] as usize);
            }
            Values::Interval(v) => v.truncate(rows),
            Values::Uuid(v) => v.truncate(rows * 16),
        }
        self.nulls.truncate(rows);
    }

    /// The values as an array of the type's column type; the column is empty afterwards, with room for as many.
    pub(crate) fn finish(&mut self) -> ArrayRef {
        let rows = self.len();
        let fresh = Column::new(&self.field, rows);
        let Column { field, values, mut nulls } = std::mem::replace(self, fresh);
        let nulls: Option<NullBuffer> = nulls.finish();
        let arrow = field.ty.arrow();
        match values {
            Values::Boolean(mut v) => Arc::new(BooleanArray::new(v.finish(), nulls)),
            Values::SmallInt(v) => Arc::new(Int16Array::new(v.into(), nulls)),
            Values::Int(v) => Arc::new(Int32Array::new(v.into(), nulls)),
            Values::BigInt(v) => Arc::new(Int64Array::new(v.into(), nulls)),
            Values::Real(v) => Arc::new(Float32Array::new(v.into(), nulls)),
            Values::Double(v) => Arc::new(Float64Array::new(v.into(), nulls)),
            Values::Decimal(v, ..) => Arc::new(Decimal128Array::new(v.into(), nulls).with_data_type(arrow)),
            Values::Bytes(v) => {
                let offsets = OffsetBuffer::new(ScalarBuffer::from(v.offsets));
                let data = Buffer::from_vec(v.data);
                if field.ty == SqlType::Bytea {
                    Arc::new(BinaryArray::new(offsets, data, nulls))
                } else {
                    Arc::new(StringArray::new(offsets, data, nulls))
                }
            }
            Values::Date(v) => Arc::new(Date32Array::new(v.into(), nulls)),
            Values::Time(v) => Arc::new(Time64MicrosecondArray::new(v.into(), nulls)),
            Values::Timestamp(v) | Values::TimestampTz(v) => {
                Arc::new(TimestampMicrosecondArray::new(v.into(), nulls).with_data_type(arrow))
            }
            Values::Interval(v) => Arc::new(PrimitiveArray::<IntervalMonthDayNanoType>::new(v.into(), nulls)),
            Values::Uuid(v) => Arc::new(FixedSizeBinaryArray::new(16, Buffer::from_vec(v), nulls)),
        }
    }
}

#[inline]
fn utf8(text: &[u8]) -> Result<&str, Reason> {
    std::str::from_utf8(text).map_err(|_| reason("22021", format!("not valid UTF-8: {}", shown(text))))
}

#[inline]
fn float<F: std::str::FromStr>(text: &[u8]) -> Option<F> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// A spelling that is not the common one, or a type that is rare in files; or no value at all.
#[cold]
fn rare(text: &[u8], ty: SqlType) -> Result<Scalar, Reason> {
    if text.len() > 1000 && ty != SqlType::Bytea {
        return Err(reason("22P02", format!("a text of {} bytes is no {ty}: {}", text.len(), shown(text))));
    }
    from_text(utf8(text)?.trim(), ty)
}

/// A text in quotes as a message shows it: cut after 80 characters.
pub(crate) fn shown(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("\"{}…\"", &text[..end]),
        None => format!("\"{text}\""),
    }
}
