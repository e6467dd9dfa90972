//! Text to values.

use std::sync::Arc;

use arrow_array::types::*;
use arrow_array::*;
use arrow_buffer::{Buffer, OffsetBuffer};

use crate::arrays;
use crate::functions::numbers::{self, not_a};
use crate::functions::{calendar, digest, interval};
use crate::scalar::Scalar;
use crate::types::SqlType;
use crate::value::{Errors, EvalError};

/// Reads `text` as a value of type `ty`. VARCHAR and CHAR take what fits; trailing blanks beyond are dropped.
///
/// # Errors
/// `22P02` if it is not one, `22003` if it is out of range, `22007`/`22008` for dates and times, `22001` if it is too long.
pub fn from_text(text: &str, ty: SqlType) -> Result<Scalar, EvalError> {
    Ok(match ty {
        SqlType::Null => Scalar::Null,
        SqlType::Boolean => Scalar::Boolean(read_boolean(text)?),
        SqlType::SmallInt => Scalar::SmallInt(numbers::read_int(text, ty)? as i16),
        SqlType::Int => Scalar::Int(numbers::read_int(text, ty)? as i32),
        SqlType::BigInt => Scalar::BigInt(numbers::read_int(text, ty)?),
        SqlType::Real => Scalar::Real(numbers::read_real(text)?),
        SqlType::Double => Scalar::Double(numbers::read_double(text)?),
        SqlType::Decimal(precision, scale) => Scalar::Decimal(numbers::read_decimal(text, precision, scale)?),
        SqlType::Text { .. } => Scalar::Text(fit(text, ty)?.to_string()),
        SqlType::Bytea => Scalar::Bytea(read_bytes(text)?),
        SqlType::Date => Scalar::Date(calendar::read_date(text)?),
        SqlType::Time => Scalar::Time(calendar::read_time_of_day(text)?),
        SqlType::Timestamp => Scalar::Timestamp(calendar::read_timestamp(text, false)?),
        SqlType::TimestampTz => Scalar::Timestamp(calendar::read_timestamp(text, true)?),
        SqlType::Interval => {
            let v = interval::read(text, "second")?.store()?;
            Scalar::Interval { months: v.months, days: v.days, nanos: v.nanoseconds }
        }
        SqlType::Uuid => Scalar::Uuid(read_uuid(text)?),
    })
}

/// `text` as a column of type `ty` (text) stores it: CHAR without trailing blanks.
///
/// # Errors
/// `22001` if more than blanks would be cut off.
pub fn fit(text: &str, ty: SqlType) -> Result<&str, EvalError> {
    let SqlType::Text { max, padded } = ty else { return Ok(text) };
    let text = if padded { text.trim_end_matches(' ') } else { text };
    let Some(max) = max else { return Ok(text) };
    match text.char_indices().nth(max as usize) {
        None => Ok(text),
        Some((end, _)) if text[end..].bytes().all(|b| b == b' ') => Ok(&text[..end]),
        Some(_) => {
            Err(EvalError { code: "22001", message: format!("value too long for type {}({max})", numbers::name(ty)) })
        }
    }
}

/// `text` cut to the length of type `ty`, as an explicit CAST does.
pub fn cut(text: &str, ty: SqlType) -> &str {
    let SqlType::Text { max, padded } = ty else { return text };
    let end = max.and_then(|max| text.char_indices().nth(max as usize)).map_or(text.len(), |(end, _)| end);
    if padded { text[..end].trim_end_matches(' ') } else { &text[..end] }
}

/// The values of a column of text, of type `ty`. Texts that are none become `errors`.
pub fn column_from_text(texts: &StringArray, ty: SqlType, errors: &mut Errors) -> ArrayRef {
    match ty {
        SqlType::Boolean => {
            let values: Vec<bool> = parsed(texts, errors, read_boolean);
            Arc::new(BooleanArray::new(values.into(), texts.nulls().cloned()))
        }
        SqlType::SmallInt => primitive::<Int16Type>(texts, ty, errors, |t| Ok(numbers::read_int(t, ty)? as i16)),
        SqlType::Int => primitive::<Int32Type>(texts, ty, errors, |t| Ok(numbers::read_int(t, ty)? as i32)),
        SqlType::BigInt => primitive::<Int64Type>(texts, ty, errors, |t| numbers::read_int(t, ty)),
        SqlType::Real => primitive::<Float32Type>(texts, ty, errors, numbers::read_real),
        SqlType::Double => primitive::<Float64Type>(texts, ty, errors, numbers::read_double),
        SqlType::Decimal(p, s) => primitive::<Decimal128Type>(texts, ty, errors, |t| numbers::read_decimal(t, p, s)),
        SqlType::Date => primitive::<Date32Type>(texts, ty, errors, calendar::read_date),
        SqlType::Time => primitive::<Time64MicrosecondType>(texts, ty, errors, calendar::read_time_of_day),
        SqlType::Timestamp | SqlType::TimestampTz => primitive::<TimestampMicrosecondType>(texts, ty, errors, |t| {
            calendar::read_timestamp(t, ty == SqlType::TimestampTz)
        }),
        SqlType::Interval => {
            primitive::<IntervalMonthDayNanoType>(texts, ty, errors, |t| interval::read(t, "second")?.store())
        }
        SqlType::Uuid => {
            let values: Vec<u8> = parsed(texts, errors, read_uuid).concat();
            Arc::new(FixedSizeBinaryArray::new(16, Buffer::from_vec(values), texts.nulls().cloned()))
        }
        SqlType::Bytea => {
            let values: Vec<Vec<u8>> = parsed(texts, errors, read_bytes);
            let offsets = OffsetBuffer::from_lengths(values.iter().map(Vec::len));
            Arc::new(BinaryArray::new(offsets, Buffer::from_vec(values.concat()), texts.nulls().cloned()))
        }
        SqlType::Null => arrays::nulls(&ty.arrow(), texts.len()),
        SqlType::Text { .. } => Arc::new(texts.clone()),
    }
}

fn primitive<T: ArrowPrimitiveType>(
    texts: &StringArray,
    ty: SqlType,
    errors: &mut Errors,
    read: impl Fn(&str) -> Result<T::Native, EvalError>,
) -> ArrayRef {
    let values: Vec<T::Native> = parsed(texts, errors, read);
    Arc::new(PrimitiveArray::<T>::new(values.into(), texts.nulls().cloned()).with_data_type(ty.arrow()))
}

fn parsed<V: Default>(texts: &StringArray, errors: &mut Errors, read: impl Fn(&str) -> Result<V, EvalError>) -> Vec<V> {
    (0..texts.len())
        .map(|row| {
            if texts.is_null(row) {
                return V::default();
            }
            read(texts.value(row)).unwrap_or_else(|error| {
                errors.set(row, error.code, error.message);
                V::default()
            })
        })
        .collect()
}

fn read_boolean(text: &str) -> Result<bool, EvalError> {
    let word = text.trim_ascii().to_ascii_lowercase();
    let any = |of: &[&str]| of.iter().any(|w| !word.is_empty() && w.starts_with(&word));
    if word != "o" && (any(&["true", "yes", "1"]) || word == "on") {
        Ok(true)
    } else if word != "o" && (any(&["false", "no", "off", "0"])) {
        Ok(false)
    } else {
        Err(not_a(SqlType::Boolean, text))
    }
}

fn read_bytes(text: &str) -> Result<Vec<u8>, EvalError> {
    let bad = || EvalError { code: "22P02", message: "invalid input syntax for type bytea".into() };
    if let Some(digits) = text.strip_prefix("\\x") {
        return digest::read_hex(digits);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = match (first, tail) {
            (b'\\', [b'\\', tail @ ..]) => {
                out.push(b'\\');
                tail
            }
            (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', tail @ ..]) => {
                out.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                tail
            }
            (b'\\', _) => return Err(bad()),
            (byte, tail) => {
                out.push(*byte);
                tail
            }
        };
    }
    Ok(out)
}

fn read_uuid(text: &str) -> Result<[u8; 16], EvalError> {
    let bad = || not_a(SqlType::Uuid, text);
    let inner = text.strip_prefix('{').map_or(Some(text), |t| t.strip_suffix('}')).ok_or_else(bad)?;
    let mut digits = Vec::with_capacity(32);
    for c in inner.chars() {
        match c.to_digit(16) {
            Some(digit) => digits.push(digit as u8),
            None if c == '-' && !digits.is_empty() && digits.len() % 4 == 0 => {}
            None => return Err(bad()),
        }
    }
    let digits: [u8; 32] = digits.try_into().map_err(|_| bad())?;
    Ok(std::array::from_fn(|i| digits[2 * i] << 4 | digits[2 * i + 1]))
}
