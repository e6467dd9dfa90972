//! Values of columns as text, without a value of its own for each cell where that can be.

use std::io::Write;

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef, BooleanArray, StringArray};
use arrow_buffer::NullBuffer;
use deltaq_operators::functions::text::to_text;
use deltaq_operators::{Scalar, SqlType};

/// A column about to be written.
pub(crate) struct Cells<'a> {
    ty: SqlType,
    nulls: Option<&'a NullBuffer>,
    values: Values<'a>,
}

enum Values<'a> {
    Boolean(&'a BooleanArray),
    SmallInt(&'a [i16]),
    Int(&'a [i32]),
    BigInt(&'a [i64]),
    Decimal(&'a [i128], u8),
    Text(&'a StringArray),
    Other(&'a ArrayRef),
}

impl<'a> Cells<'a> {
    /// The cells of `array`, a column of type `ty`.
    pub(crate) fn new(array: &'a ArrayRef, ty: SqlType) -> Cells<'a> {
        let values = match ty {
            SqlType::Boolean => Values::Boolean(array.as_boolean()),
            SqlType::SmallInt => Values::SmallInt(array.as_primitive::<Int16Type>().values()),
            SqlType::Int => Values::Int(array.as_primitive::<Int32Type>().values()),
            SqlType::BigInt => Values::BigInt(array.as_primitive::<Int64Type>().values()),
            SqlType::Decimal(_, scale) => Values::Decimal(array.as_primitive::<Decimal128Type>().values(), scale),
            SqlType::Null | SqlType::Text { .. } => Values::Text(array.as_string::<i32>()),
            _ => Values::Other(array),
        };
        Cells { ty, nulls: array.nulls(), values }
    }

    /// Whether the cell is NULL.
    #[inline]
    pub(crate) fn is_null(&self, row: usize) -> bool {
        self.nulls.is_some_and(|nulls| nulls.is_null(row))
    }

    /// Appends the text of a cell that is not NULL.
    pub(crate) fn write(&self, row: usize, out: &mut Vec<u8>) {
        let written = match &self.values {
            Values::Boolean(v) => write!(out, "{}", v.value(row)),
            Values::SmallInt(v) => write!(out, "{}", v[row]),
            Values::Int(v) => write!(out, "{}", v[row]),
            Values::BigInt(v) => write!(out, "{}", v[row]),
            Values::Decimal(v, scale) => {
                write_decimal(v[row], usize::from(*scale), out);
                Ok(())
            }
            Values::Text(v) => out.write_all(v.value(row).as_bytes()),
            Values::Other(array) => out.write_all(self.scalar_text(array, row).as_bytes()),
        };
        written.unwrap_or_else(|error| panic!("memory takes what is written to it: {error}"));
    }

    /// Appends a cell as JSON: numbers and truth values as such, decimals and everything else as text, NULL as null.
    pub(crate) fn write_json(&self, row: usize, out: &mut Vec<u8>) {
        if self.is_null(row) {
            out.extend_from_slice(b"null");
            return;
        }
        match &self.values {
            Values::Boolean(_) | Values::SmallInt(_) | Values::Int(_) | Values::BigInt(_) => self.write(row, out),
            Values::Text(v) => write_json_text(v.value(row), out),
            Values::Other(array) if self.ty.is_float() => {
                let text = self.scalar_text(array, row);
                if text.ends_with(|c: char| c.is_ascii_digit()) {
                    out.extend_from_slice(text.as_bytes());
                } else {
                    write_json_text(&text, out);
                }
            }
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

    fn scalar_text(&self, array: &ArrayRef, row: usize) -> String {
        to_text(&Scalar::from_array(array, self.ty, row), self.ty)
    }
}

/// Appends a text as a JSON string.
pub(crate) fn write_json_text(text: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, text).unwrap_or_else(|error| panic!("a text is JSON: {error}"));
}

fn write_decimal(value: i128, scale: usize, out: &mut Vec<u8>) {
    let digits = value.unsigned_abs().to_string();
    if value < 0 {
        out.push(b'-');
    }
    if scale == 0 {
        out.extend_from_slice(digits.as_bytes());
        return;
    }
    let whole = digits.len().saturating_sub(scale);
    out.extend_from_slice(if whole == 0 { b"0" } else { &digits.as_bytes()[..whole] });
    out.push(b'.');
    out.resize(out.len() + scale.saturating_sub(digits.len()), b'0');
    out.extend_from_slice(&digits.as_bytes()[whole..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals() {
        let text = |value, scale| {
            let mut out = Vec::new();
            write_decimal(value, scale, &mut out);
            String::from_utf8(out).expect("digits")
        };
        assert_eq!(text(-5, 3), "-0.005");
        assert_eq!(text(12345, 2), "123.45");
        assert_eq!(text(0, 2), "0.00");
        assert_eq!(text(100, 2), "1.00");
        assert_eq!(text(7, 0), "7");
    }
}
