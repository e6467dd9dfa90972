//! Values that come in as JSON.

use std::sync::Arc;

use arrow_array::builder::FixedSizeBinaryBuilder;
use arrow_array::*;
use arrow_buffer::IntervalMonthDayNano;
use deltaq_operators::functions::text::from_text;
use deltaq_operators::value::EvalError;
use deltaq_operators::{Scalar, SqlType};
use serde_json::value::RawValue;

/// Appends `value` as JSON.
pub fn append<T: serde::Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    serde_json::to_writer(out, value).unwrap_or_else(|e| panic!("text and numbers are always JSON: {e}"));
}

/// Reads a JSON value as one of type `ty`.
///
/// # Errors
/// `42804` for a JSON value of another kind, else what reading its text as `ty` gives.
pub fn from_json(json: &RawValue, ty: SqlType) -> Result<Scalar, EvalError> {
    let raw = json.get();
    let mismatch = |kind: &str| EvalError { code: "42804", message: format!("{kind} for a value of type {ty}") };
    match raw.as_bytes().first() {
        Some(b'n') => Ok(Scalar::Null),
        Some(b't' | b'f') if ty == SqlType::Boolean => Ok(Scalar::Boolean(raw == "true")),
        Some(b't' | b'f') => Err(mismatch("a JSON boolean")),
        Some(b'"') => {
            let text: String = serde_json::from_str(raw)
                .map_err(|e| EvalError { code: "22021", message: format!("not a Unicode text: {e}") })?;
            from_text(&text, ty)
        }
        Some(b'[') => Err(mismatch("a JSON array")),
        Some(b'{') => Err(mismatch("a JSON object")),
        _ if ty.is_numeric() => from_text(raw, ty),
        _ => Err(mismatch("a JSON number")),
    }
}

/// A column being filled with values of one type.
pub struct Builder {
    ty: SqlType,
    values: Vec<Scalar>,
}

impl Builder {
    /// For `rows` values of type `ty`.
    pub fn new(ty: SqlType, rows: usize) -> Builder {
        Builder { ty, values: Vec::with_capacity(rows) }
    }

    /// Appends a value, which is of this type or NULL.
    pub fn append(&mut self, value: Scalar) {
        self.values.push(value);
    }

    /// The column.
    pub fn finish(self) -> ArrayRef {
        macro_rules! column {
            ($array:ty, $variant:ident) => {
                Arc::new(<$array>::from_iter(self.values.into_iter().map(|value| match value {
                    Scalar::$variant(value) => Some(value),
                    _ => None,
                }))) as ArrayRef
            };
        }
        let ty = self.ty;
        match ty {
            SqlType::Null => new_null_array(&ty.arrow(), self.values.len()),
            SqlType::Boolean => column!(BooleanArray, Boolean),
            SqlType::SmallInt => column!(Int16Array, SmallInt),
            SqlType::Int => column!(Int32Array, Int),
            SqlType::BigInt => column!(Int64Array, BigInt),
            SqlType::Real => column!(Float32Array, Real),
            SqlType::Double => column!(Float64Array, Double),
            SqlType::Text { .. } => column!(StringArray, Text),
            SqlType::Bytea => column!(BinaryArray, Bytea),
            SqlType::Date => column!(Date32Array, Date),
            SqlType::Time => column!(Time64MicrosecondArray, Time),
            SqlType::Decimal(..) => {
                let values = self.values.into_iter().map(|value| match value {
                    Scalar::Decimal(value) => Some(value),
                    _ => None,
                });
                Arc::new(Decimal128Array::from_iter(values).with_data_type(ty.arrow()))
            }
            SqlType::Timestamp | SqlType::TimestampTz => {
                let values = self.values.into_iter().map(|value| match value {
                    Scalar::Timestamp(value) => Some(value),
                    _ => None,
                });
                Arc::new(TimestampMicrosecondArray::from_iter(values).with_data_type(ty.arrow()))
            }
            SqlType::Interval => {
                let values = self.values.into_iter().map(|value| match value {
                    Scalar::Interval { months, days, nanos } => Some(IntervalMonthDayNano::new(months, days, nanos)),
                    _ => None,
                });
                Arc::new(IntervalMonthDayNanoArray::from_iter(values))
            }
            SqlType::Uuid => {
                let mut builder = FixedSizeBinaryBuilder::with_capacity(self.values.len(), 16);
                for value in self.values {
                    match value {
                        Scalar::Uuid(bytes) => {
                            builder.append_value(bytes).unwrap_or_else(|e| panic!("a UUID has 16 bytes: {e}"));
                        }
                        _ => builder.append_null(),
                    }
                }
                Arc::new(builder.finish())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use deltaq_connectors::Cells;

    use super::*;

    /// Writes what it reads.
    fn check(json: &str, ty: SqlType, expected: &str) {
        let raw = RawValue::from_string(json.into()).unwrap_or_else(|e| panic!("{json}: {e}"));
        let found = match from_json(&raw, ty) {
            Ok(value) => {
                let mut out = Vec::new();
                Cells::new(&value.to_array(ty), ty).write_json(0, &mut out);
                String::from_utf8_lossy(&out).into_owned()
            }
            Err(error) => format!("error {}", error.code),
        };
        assert_eq!(found, expected, "{json} as {ty}");
    }

    #[test]
    fn values_by_type() {
        check("null", SqlType::Int, "null");
        check("true", SqlType::Boolean, "true");
        check("true", SqlType::Int, "error 42804");
        check("[1]", SqlType::Int, "error 42804");
        check("{}", SqlType::Int, "error 42804");
        check("1", deltaq_operators::types::TEXT, "error 42804");
        check("9223372036854775807", SqlType::BigInt, "9223372036854775807");
        check("\"9007199254740993\"", SqlType::BigInt, "9007199254740993");
        check("9223372036854775808", SqlType::BigInt, "error 22003");
        check("70000", SqlType::SmallInt, "error 22003");
        check("123456789012345678901234567890.12", SqlType::Decimal(38, 2), "\"123456789012345678901234567890.12\"");
        check("\"1.5\"", SqlType::Decimal(10, 2), "\"1.50\"");
        check("1.5e2", SqlType::Decimal(10, 2), "\"150.00\"");
        check("0.1", SqlType::Double, "0.1");
        check("0.1", SqlType::Real, "0.1");
        check("-0.0", SqlType::Double, "-0");
        check("\"NaN\"", SqlType::Double, "\"NaN\"");
        check("\"-Infinity\"", SqlType::Real, "\"-Infinity\"");
        check("\"2013-01-01 05:00:00.5\"", SqlType::Timestamp, "\"2013-01-01 05:00:00.5\"");
        check("\"2013-01-01\"", SqlType::Date, "\"2013-01-01\"");
        check("\"a\\u0000\\n\\\"ü\"", deltaq_operators::types::TEXT, "\"a\\u0000\\n\\\"ü\"");
        check("\"\\ud800\"", deltaq_operators::types::TEXT, "error 22021");
    }
}
