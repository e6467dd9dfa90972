//! A column under construction: texts go in, an Arrow array comes out.
//!
//! A row may turn out bad after some of its columns were filled; [`Column::truncate`] takes back what it left.

use std::sync::Arc;

use arrow_array::types::IntervalMonthDayNanoType;
use arrow_array::*;
use arrow_buffer::{
    BooleanBufferBuilder, Buffer, IntervalMonthDayNano, NullBuffer, NullBufferBuilder, OffsetBuffer, ScalarBuffer,
};
use deltaq_operators::functions::text::from_text;
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
    /// With the scale, and the least value that has too many digits.
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
        match &mut self.values {
            Values::Bytes(v) => match ty {
                SqlType::Bytea => match rare(text, ty)? {
                    Scalar::Bytea(value) => v.push(&value)?,
                    _ => return Err(invalid(text, ty)),
                },
                _ => v.push(checked_text(text, ty)?)?,
            },
            Values::Int(v) => match parse::integer(text).and_then(|n| n.try_into().ok()) {
                Some(value) => v.push(value),
                None => v.push(
                    parse::integer(integer_text(text, ty)?)
                        .and_then(|n| n.try_into().ok())
                        .ok_or_else(|| out_of_range(text, ty))?,
                ),
            },
            Values::BigInt(v) => match parse::integer(text) {
                Some(value) => v.push(value),
                None => v.push(parse::integer(integer_text(text, ty)?).ok_or_else(|| out_of_range(text, ty))?),
            },
            Values::SmallInt(v) => match parse::integer(text).and_then(|n| n.try_into().ok()) {
                Some(value) => v.push(value),
                None => v.push(
                    parse::integer(integer_text(text, ty)?)
                        .and_then(|n| n.try_into().ok())
                        .ok_or_else(|| out_of_range(text, ty))?,
                ),
            },
            Values::Double(v) => v.push(float(text, ty)?),
            Values::Real(v) => {
                let wide: f32 = float(text, ty)?;
                v.push(wide);
            }
            Values::Decimal(v, scale, limit) => match parse::decimal(text.trim_ascii(), *scale) {
                parse::Decimal::Value(value) if value.abs() < *limit => v.push(value),
                parse::Decimal::Invalid => return Err(invalid(text, ty)),
                _ => return Err(out_of_range(text, ty)),
            },
            Values::Date(v) => match parse::date(text) {
                Some(value) => v.push(value),
                None => match rare(text, ty)? {
                    Scalar::Date(value) => v.push(value),
                    _ => return Err(invalid(text, ty)),
                },
            },
            Values::Time(v) => match parse::time(text) {
                Some(value) => v.push(value),
                None => match rare(text, ty)? {
                    Scalar::Time(value) => v.push(value),
                    _ => return Err(invalid(text, ty)),
                },
            },
            Values::Timestamp(v) => match parse::timestamp(text) {
                Some(value) => v.push(value),
                None => match rare(text, ty)? {
                    Scalar::Timestamp(value) => v.push(value),
                    _ => return Err(invalid(text, ty)),
                },
            },
            Values::TimestampTz(v) => match parse::timestamp_tz(text) {
                Some(value) => v.push(value),
                None => match rare(text, ty)? {
                    Scalar::Timestamp(value) => v.push(value),
                    _ => return Err(invalid(text, ty)),
                },
            },
            Values::Boolean(v) => v.append(parse::boolean(text.trim_ascii()).ok_or_else(|| invalid(text, ty))?),
            Values::Interval(v) => match rare(text, ty)? {
                Scalar::Interval { months, days, nanos } => v.push(IntervalMonthDayNano::new(months, days, nanos)),
                _ => return Err(invalid(text, ty)),
            },
            Values::Uuid(v) => match rare(text, ty)? {
                Scalar::Uuid(value) => v.extend_from_slice(&value),
                _ => return Err(invalid(text, ty)),
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

/// Text that fits the type: valid UTF-8, not too long; CHAR without its padding.
#[inline]
fn checked_text(text: &[u8], ty: SqlType) -> Result<&[u8], Reason> {
    let Ok(utf8) = std::str::from_utf8(text) else {
        return Err(reason("22021", format!("not valid UTF-8: {}", shown(text))));
    };
    let SqlType::Text { max: Some(max), padded } = ty else { return Ok(text) };
    let kept = if padded { utf8.trim_end_matches(' ') } else { utf8 };
    if kept.len() > max as usize && kept.chars().count() > max as usize {
        // Blanks beyond the limit are cut, as in PostgreSQL.
        let end = kept.char_indices().nth(max as usize).map_or(kept.len(), |(at, _)| at);
        if kept[end..].bytes().any(|b| b != b' ') {
            return Err(reason("22001", format!("value too long for type {ty}: {}", shown(text))));
        }
        return Ok(&kept.as_bytes()[..end]);
    }
    Ok(kept.as_bytes())
}

/// An integer's text without blanks around it. Fails where it is no integer at all.
#[cold]
fn integer_text(text: &[u8], ty: SqlType) -> Result<&[u8], Reason> {
    let text_trimmed = text.trim_ascii();
    let digits = text_trimmed.strip_prefix(b"-").or_else(|| text_trimmed.strip_prefix(b"+")).unwrap_or(text_trimmed);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(invalid(text, ty));
    }
    Ok(text_trimmed)
}

trait Float: std::str::FromStr + Copy {
    fn is_infinite(self) -> bool;
}

impl Float for f32 {
    fn is_infinite(self) -> bool {
        f32::is_infinite(self)
    }
}

impl Float for f64 {
    fn is_infinite(self) -> bool {
        f64::is_infinite(self)
    }
}

#[inline]
fn float<F: Float>(text: &[u8], ty: SqlType) -> Result<F, Reason> {
    let trimmed = text.trim_ascii();
    let value = std::str::from_utf8(trimmed).ok().and_then(|t| t.parse::<F>().ok()).ok_or_else(|| invalid(text, ty))?;
    if value.is_infinite() && trimmed.iter().any(u8::is_ascii_digit) {
        return Err(out_of_range(text, ty));
    }
    Ok(value)
}

/// A spelling that is not the common one, or a type that is rare in files.
#[cold]
fn rare(text: &[u8], ty: SqlType) -> Result<Scalar, Reason> {
    let utf8 = std::str::from_utf8(text).map_err(|_| invalid(text, ty))?;
    from_text(utf8.trim(), ty)
}

#[cold]
fn invalid(text: &[u8], ty: SqlType) -> Reason {
    let code = match ty {
        SqlType::Date | SqlType::Time | SqlType::Timestamp | SqlType::TimestampTz | SqlType::Interval => "22007",
        _ => "22P02",
    };
    reason(code, format!("invalid input syntax for type {ty}: {}", shown(text)))
}

#[cold]
fn out_of_range(text: &[u8], ty: SqlType) -> Reason {
    reason("22003", format!("out of range for type {ty}: {}", shown(text)))
}

/// A text in quotes as a message shows it: cut after 80 characters.
pub(crate) fn shown(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("\"{}…\"", &text[..end]),
        None => format!("\"{text}\""),
    }
}
