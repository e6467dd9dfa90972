//! Values to text.

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::*;
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer};

use crate::functions::{calendar, interval, numbers};
use crate::scalar::Scalar;
use crate::types::SqlType;
use crate::value::Errors;

/// The text of `value`, as `CAST(value AS TEXT)` yields it. NULL gives an empty text.
pub fn to_text(value: &Scalar, ty: SqlType) -> String {
    let mut out = Vec::new();
    match value {
        Scalar::Null => {}
        Scalar::Boolean(v) => out.extend_from_slice(boolean(*v)),
        Scalar::SmallInt(v) => numbers::write_int(&mut out, *v as i64),
        Scalar::Int(v) => numbers::write_int(&mut out, *v as i64),
        Scalar::BigInt(v) => numbers::write_int(&mut out, *v),
        Scalar::Real(v) => numbers::write_real(&mut out, *v),
        Scalar::Double(v) => numbers::write_double(&mut out, *v),
        Scalar::Decimal(v) => numbers::write_decimal(&mut out, *v, scale(ty)),
        Scalar::Text(v) => out.extend_from_slice(v.as_bytes()),
        Scalar::Bytea(v) => write_bytes(&mut out, v),
        Scalar::Date(v) => calendar::write_date(&mut out, *v as i64),
        Scalar::Time(v) => calendar::write_time(&mut out, *v),
        Scalar::Timestamp(v) => calendar::write_timestamp(&mut out, *v, ty == SqlType::TimestampTz),
        Scalar::Interval { months, days, nanos } => {
            interval::write(&mut out, interval::Interval { months: *months, days: *days, micros: nanos / 1000 })
        }
        Scalar::Uuid(v) => write_uuid(&mut out, v),
    }
    String::from_utf8(out).unwrap_or_else(|error| panic!("values are written as UTF-8: {error}"))
}

fn scale(ty: SqlType) -> u8 {
    match ty {
        SqlType::Decimal(_, scale) => scale,
        _ => 0,
    }
}

fn boolean(value: bool) -> &'static [u8] {
    if value { b"true" } else { b"false" }
}

fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(b"\\x");
    write_hex(out, bytes);
}

/// Appends two lower-case hexadecimal digits a byte.
pub fn write_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    for byte in bytes {
        out.push(b"0123456789abcdef"[(byte >> 4) as usize]);
        out.push(b"0123456789abcdef"[(byte & 15) as usize]);
    }
}

fn write_uuid(out: &mut Vec<u8>, bytes: &[u8]) {
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            out.push(b'-');
        }
        write_hex(out, &[*byte]);
    }
}

/// The texts of a column of type `ty`.
pub fn column_to_text(array: &ArrayRef, ty: SqlType) -> StringArray {
    match ty {
        SqlType::Null | SqlType::Text { .. } => array.as_string::<i32>().clone(),
        SqlType::Boolean => {
            let values = array.as_boolean();
            written(array, |out, row| out.extend_from_slice(boolean(values.value(row))))
        }
        SqlType::SmallInt => each::<Int16Type>(array, |out, v| numbers::write_int(out, v as i64)),
        SqlType::Int => each::<Int32Type>(array, |out, v| numbers::write_int(out, v as i64)),
        SqlType::BigInt => each::<Int64Type>(array, numbers::write_int),
        SqlType::Real => each::<Float32Type>(array, numbers::write_real),
        SqlType::Double => each::<Float64Type>(array, numbers::write_double),
        SqlType::Decimal(_, scale) => each::<Decimal128Type>(array, |out, v| numbers::write_decimal(out, v, scale)),
        SqlType::Date => each::<Date32Type>(array, |out, v| calendar::write_date(out, v as i64)),
        SqlType::Time => each::<Time64MicrosecondType>(array, calendar::write_time),
        SqlType::Timestamp | SqlType::TimestampTz => each::<TimestampMicrosecondType>(array, |out, v| {
            calendar::write_timestamp(out, v, ty == SqlType::TimestampTz)
        }),
        SqlType::Interval => each::<IntervalMonthDayNanoType>(array, |out, v| interval::write(out, v.into())),
        SqlType::Bytea => {
            let values = array.as_binary::<i32>();
            written(array, |out, row| write_bytes(out, values.value(row)))
        }
        SqlType::Uuid => {
            let values = array.as_fixed_size_binary();
            written(array, |out, row| write_uuid(out, values.value(row)))
        }
    }
}

fn each<T: ArrowPrimitiveType>(array: &ArrayRef, mut write: impl FnMut(&mut Vec<u8>, T::Native)) -> StringArray {
    let values = array.as_primitive::<T>().values();
    written(array, |out, row| write(out, values[row]))
}

/// The texts that `write` appends for each row that is not NULL.
fn written(array: &ArrayRef, write: impl FnMut(&mut Vec<u8>, usize)) -> StringArray {
    build(array.len(), array.logical_nulls(), write)
}

/// `rows` texts, each what `write` appends; where `nulls` says so, NULL.
///
/// # Panics
/// If they are 2 GiB or more; where rows can be long, use [`build_checked`].
pub fn build(rows: usize, nulls: Option<NullBuffer>, write: impl FnMut(&mut Vec<u8>, usize)) -> StringArray {
    let mut errors = Errors::none();
    let built = build_checked(rows, nulls, &mut errors, write);
    assert!(errors.is_empty(), "a column of text holds less than 1 GiB");
    built
}

/// Bytes that one column of text may hold here; more is an error 54000.
pub const BYTES_MAX: usize = 1 << 30;

/// As [`build`]; rows that would make the column too long are errors.
pub fn build_checked(
    rows: usize,
    nulls: Option<NullBuffer>,
    errors: &mut Errors,
    mut write: impl FnMut(&mut Vec<u8>, usize),
) -> StringArray {
    let mut data = Vec::with_capacity(rows * 8);
    let mut offsets = Vec::with_capacity(rows + 1);
    offsets.push(0i32);
    for row in 0..rows {
        if nulls.as_ref().is_none_or(|n| n.is_valid(row)) {
            let before = data.len();
            write(&mut data, row);
            if data.len() > BYTES_MAX {
                data.truncate(before);
                errors.set(row, "54000", "requested length too large");
            }
        }
        offsets.push(data.len() as i32);
    }
    StringArray::new(OffsetBuffer::new(offsets.into()), Buffer::from_vec(data), nulls)
}
