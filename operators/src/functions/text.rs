//! Values to text and back, as PostgreSQL writes and reads them.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::*;
use arrow_buffer::{Buffer, NullBuffer, OffsetBuffer};

use crate::arrays;
use crate::functions::numbers::{self, not_a};
use crate::functions::{calendar, digest, interval};
use crate::scalar::Scalar;
use crate::types::SqlType;
use crate::value::{Errors, EvalError};

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::TEXT;

    /// Reads and writes again.
    fn check(ty: SqlType, cases: &[(&str, &str)]) {
        for (text, expected) in cases {
            let got = match from_text(text, ty) {
                Ok(value) => to_text(&value, ty),
                Err(error) => format!("error {}", error.code),
            };
            assert_eq!(&got, expected, "{text:?} as {ty}");
            let mut errors = Errors::none();
            let column = column_from_text(&StringArray::from(vec![*text]), ty, &mut errors);
            if !ty.is_text() {
                match errors.get(0) {
                    Some(error) => assert_eq!(&format!("error {}", error.code), expected),
                    None => assert_eq!(&column_to_text(&column, ty).value(0), expected),
                }
            }
        }
    }

    // All expectations below were checked with PostgreSQL 15.
    #[test]
    fn numbers_read_and_write() {
        check(
            SqlType::Boolean,
            &[
                ("  yEs ", "true"),
                ("o", "error 22P02"),
                ("on", "true"),
                ("of", "false"),
                ("2", "error 22P02"),
                ("", "error 22P02"),
            ],
        );
        check(
            SqlType::Int,
            &[
                (" 12 ", "12"),
                ("+5", "5"),
                ("-2147483648", "-2147483648"),
                ("12a", "error 22P02"),
                ("", "error 22P02"),
                ("99999999999", "error 22003"),
                ("1.5", "error 22P02"),
            ],
        );
        check(
            SqlType::BigInt,
            &[("-9223372036854775808", "-9223372036854775808"), ("9223372036854775808", "error 22003")],
        );
        check(SqlType::SmallInt, &[("32767", "32767"), ("32768", "error 22003")]);
        check(
            SqlType::Decimal(10, 2),
            &[
                ("1.5e3", "1500.00"),
                (".5", "0.50"),
                ("5.", "5.00"),
                (".", "error 22P02"),
                ("abc", "error 22P02"),
                ("-0.005", "-0.01"),
                ("0.0049", "0.00"),
                ("99999999.99", "99999999.99"),
                ("100000000", "error 22003"),
                ("1e400", "error 22003"),
                ("0e400", "0.00"),
                ("1e-400", "0.00"),
                ("1e", "error 22P02"),
                ("1.2.3", "error 22P02"),
            ],
        );
        check(
            SqlType::Decimal(38, 0),
            &[
                ("99999999999999999999999999999999999999", "99999999999999999999999999999999999999"),
                ("1e38", "error 22003"),
                ("999999999999999999999999999999999999999999", "error 22003"),
            ],
        );
        check(
            SqlType::Double,
            &[
                ("1e-5", "1e-05"),
                ("1e14", "100000000000000"),
                ("1e15", "1e+15"),
                ("123456789012345678", "1.2345678901234568e+17"),
                ("0.0001", "0.0001"),
                ("0.00001234", "1.234e-05"),
                ("-0", "-0"),
                ("0.1", "0.1"),
                ("-12.5", "-12.5"),
                ("120", "120"),
                ("1e400", "error 22003"),
                ("1e-400", "error 22003"),
                ("inf", "Infinity"),
                ("-Infinity", "-Infinity"),
                ("nan", "NaN"),
                ("abc", "error 22P02"),
                ("", "error 22P02"),
                ("1e20", "1e+20"),
                ("1e100", "1e+100"),
            ],
        );
        check(
            SqlType::Real,
            &[("0.1", "0.1"), ("1234567", "1.234567e+06"), ("999999", "999999"), ("1e39", "error 22003")],
        );
    }

    #[test]
    fn times_read_and_write() {
        check(
            SqlType::Date,
            &[
                ("2013-1-5", "2013-01-05"),
                ("2013-02-30", "error 22008"),
                ("20130105", "2013-01-05"),
                ("abc", "error 22007"),
                ("2013/01/05", "2013-01-05"),
                ("Jan 5 2013", "2013-01-05"),
                ("2013-13-01", "error 22008"),
                ("12345-01-01", "12345-01-01"),
                ("0001-01-01 BC", "0001-01-01 BC"),
                ("2000-02-29", "2000-02-29"),
                ("1900-02-29", "error 22008"),
                ("", "error 22007"),
                ("1969-12-31", "1969-12-31"),
            ],
        );
        check(
            SqlType::Timestamp,
            &[
                ("2013-01-01 05:00:00.5", "2013-01-01 05:00:00.5"),
                ("2013-01-01T05:00:00.5Z", "2013-01-01 05:00:00.5"),
                ("2013-01-01 24:00", "2013-01-02 00:00:00"),
                ("2013-01-01 25:00", "error 22008"),
                ("2013-01-01 05:00:00PM", "2013-01-01 17:00:00"),
                ("2013-01-01 12", "error 22007"),
                ("1969-12-31 23:59:59.999999", "1969-12-31 23:59:59.999999"),
                ("2013-01-01", "2013-01-01 00:00:00"),
            ],
        );
        check(
            SqlType::TimestampTz,
            &[
                ("2013-01-01 05:00:00.5+02", "2013-01-01 03:00:00.5+00"),
                ("2013-01-01 05:00:00 +05:30", "2012-12-31 23:30:00+00"),
                ("2013-01-01 05:00:00 UTC", "2013-01-01 05:00:00+00"),
                ("2013-01-01", "2013-01-01 00:00:00+00"),
            ],
        );
        check(
            SqlType::Time,
            &[
                ("05:00", "05:00:00"),
                ("05:00:00.1234567", "05:00:00.123457"),
                ("24:00", "24:00:00"),
                ("24:00:00.1", "error 22008"),
                ("99:00", "error 22008"),
                ("5 PM", "error 22007"),
            ],
        );
    }

    #[test]
    fn intervals_read_and_write() {
        check(
            SqlType::Interval,
            &[
                ("1 day", "1 day"),
                ("1:2:3", "01:02:03"),
                ("P1Y2M3DT4H5M6S", "1 year 2 mons 3 days 04:05:06"),
                ("1-2", "1 year 2 mons"),
                ("3 4:05:06", "3 days 04:05:06"),
                ("1.5 months", "1 mon 15 days"),
                ("1.5 days", "1 day 12:00:00"),
                ("2 weeks ago", "-14 days"),
                ("abc", "error 22007"),
                ("-12 hours", "-12:00:00"),
                ("1 mon -1 day +02:03:04.5", "1 mon -1 days +02:03:04.5"),
                ("-1-2", "-1 years -2 mons"),
                ("10", "00:00:10"),
                ("1 year 2 months 3 days 4 hours 5 minutes 6.789 seconds", "1 year 2 mons 3 days 04:05:06.789"),
                ("1y 2mon 3d 4h 5m 6s", "1 year 2 mons 3 days 04:05:06"),
                ("0.1 year", "1 mon"),
                ("1.25 week", "8 days 18:00:00"),
                ("-1.5 day", "-1 days -12:00:00"),
                ("100 hours", "100:00:00"),
                ("1:2", "01:02:00"),
                ("P1W", "7 days"),
                ("PT36H", "36:00:00"),
                ("1 day 1", "1 day 00:00:01"),
                ("5 ms", "00:00:00.005"),
                ("5 us", "00:00:00.000005"),
                ("0", "00:00:00"),
                ("", "error 22007"),
            ],
        );
    }

    #[test]
    fn other_types_read_and_write() {
        check(
            SqlType::Bytea,
            &[
                ("\\xDEADBEEF", "\\xdeadbeef"),
                ("abc", "\\x616263"),
                ("a\\000b", "\\x610062"),
                ("\\xZZ", "error 22023"),
                ("a\\", "error 22P02"),
            ],
        );
        check(
            SqlType::Uuid,
            &[
                ("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
                ("{a0eebc999c0b4ef8bb6d6bb9bd380a11}", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
                ("a0", "error 22P02"),
            ],
        );
        check(TEXT, &[("", ""), ("ä ", "ä ")]);
        check(
            SqlType::Text { max: Some(3), padded: false },
            &[("äbc", "äbc"), ("abcd", "error 22001"), ("abc  ", "abc")],
        );
        check(SqlType::Text { max: Some(3), padded: true }, &[("a  ", "a"), ("abcd", "error 22001")]);
    }
}
