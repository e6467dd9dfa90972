//! Values of columns as text, without a value of its own for each cell where that can be.

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef, BooleanArray, StringArray};
use arrow_buffer::NullBuffer;
use deltaq_operators::functions::text::to_text;
use deltaq_operators::functions::{calendar, numbers};
use deltaq_operators::{Scalar, SqlType};

/// A column about to be written.
pub struct Cells<'a> {
    ty: SqlType,
    nulls: Option<&'a NullBuffer>,
    values: Values<'a>,
}

enum Values<'a> {
    Boolean(&'a BooleanArray),
    SmallInt(&'a [i16]),
    Int(&'a [i32]),
    BigInt(&'a [i64]),
    Real(&'a [f32]),
    Double(&'a [f64]),
    Decimal(&'a [i128], u8),
    Date(&'a [i32]),
    Timestamp(&'a [i64], bool),
    Text(&'a StringArray),
    Other(&'a ArrayRef),
}

impl<'a> Cells<'a> {
    /// The cells of `array`, a column of type `ty`.
    pub fn new(array: &'a ArrayRef, ty: SqlType) -> Cells<'a> {
        let values = match ty {
            SqlType::Boolean => Values::Boolean(array.as_boolean()),
            SqlType::SmallInt => Values::SmallInt(array.as_primitive::<Int16Type>().values()),
            SqlType::Int => Values::Int(array.as_primitive::<Int32Type>().values()),
            SqlType::BigInt => Values::BigInt(array.as_primitive::<Int64Type>().values()),
            SqlType::Real => Values::Real(array.as_primitive::<Float32Type>().values()),
            SqlType::Double => Values::Double(array.as_primitive::<Float64Type>().values()),
            SqlType::Date => Values::Date(array.as_primitive::<Date32Type>().values()),
            SqlType::Timestamp | SqlType::TimestampTz => {
                Values::Timestamp(array.as_primitive::<TimestampMicrosecondType>().values(), ty == SqlType::TimestampTz)
            }
            SqlType::Decimal(_, scale) => Values::Decimal(array.as_primitive::<Decimal128Type>().values(), scale),
            SqlType::Null | SqlType::Text { .. } => Values::Text(array.as_string::<i32>()),
            _ => Values::Other(array),
        };
        Cells { ty, nulls: array.nulls(), values }
    }

    /// Whether the cell is NULL.
    #[inline]
    pub fn is_null(&self, row: usize) -> bool {
        self.nulls.is_some_and(|nulls| nulls.is_null(row))
    }

    /// Appends the text of a cell that is not NULL.
    pub fn write(&self, row: usize, out: &mut Vec<u8>) {
        match &self.values {
            Values::Boolean(v) => out.extend_from_slice(if v.value(row) { b"true" } else { b"false" }),
            Values::SmallInt(v) => numbers::write_int(out, v[row].into()),
            Values::Int(v) => numbers::write_int(out, v[row].into()),
            Values::BigInt(v) => numbers::write_int(out, v[row]),
            Values::Real(v) => numbers::write_real(out, v[row]),
            Values::Double(v) => numbers::write_double(out, v[row]),
            Values::Decimal(v, scale) => numbers::write_decimal(out, v[row], *scale),
            Values::Text(v) => out.extend_from_slice(v.value(row).as_bytes()),
            Values::Date(v) => calendar::write_date(out, v[row].into()),
            Values::Timestamp(v, zone) => calendar::write_timestamp(out, v[row], *zone),
            Values::Other(array) => {
                out.extend_from_slice(to_text(&Scalar::from_array(array, self.ty, row), self.ty).as_bytes());
            }
        }
    }

    /// Appends a cell as JSON: numbers and truth values as such, decimals and everything else as text, NULL as null.
    pub fn write_json(&self, row: usize, out: &mut Vec<u8>) {
        if self.is_null(row) {
            out.extend_from_slice(b"null");
            return;
        }
        match &self.values {
            Values::Boolean(_) | Values::SmallInt(_) | Values::Int(_) | Values::BigInt(_) => self.write(row, out),
            Values::Text(v) => write_json_text(v.value(row), out),
            Values::Real(v) if v[row].is_finite() => self.write(row, out),
            Values::Double(v) if v[row].is_finite() => self.write(row, out),
            _ => {
                out.push(b'"');
                let start = out.len();
                self.write(row, out);
                if out[start..].iter().any(|&b| b < 0x20 || b == b'"' || b == b'\\') {
                    let text = String::from_utf8_lossy(&out[start..]).into_owned();
                    out.truncate(start - 1);
                    write_json_text(&text, out);
                } else {
                    out.push(b'"');
                }
            }
        }
    }
}

/// Appends a text as a JSON string.
pub fn write_json_text(text: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, text).unwrap_or_else(|error| panic!("a text is JSON: {error}"));
}
