//! Numbers as text: how PostgreSQL writes and reads integers, decimals and floats.

use std::io::Write;

use crate::types::SqlType;
use crate::value::EvalError;

/// Powers of ten that fit 128 bits: `POW10[38]` is the last.
pub const POW10: [i128; 39] = {
    let mut powers = [1i128; 39];
    let mut i = 1;
    while i < 39 {
        powers[i] = powers[i - 1] * 10;
        i += 1;
    }
    powers
};

/// Decimal digits of `value`, without sign; 0 has one.
pub fn digits(value: i128) -> u8 {
    let value = value.unsigned_abs();
    (1..39).find(|&d| value < POW10[d].unsigned_abs()).unwrap_or(39) as u8
}

/// Appends `value`.
pub fn write_int(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        out.push(b'-');
    }
    write_unsigned(out, value.unsigned_abs(), 1);
}

/// Appends `value` with at least `width` digits, zeros in front.
pub fn write_unsigned(out: &mut Vec<u8>, mut value: u64, width: usize) {
    if value < 100 && width <= 2 {
        if width == 2 || value >= 10 {
            out.extend_from_slice(&[b'0' + (value / 10) as u8, b'0' + (value % 10) as u8]);
        } else {
            out.push(b'0' + value as u8);
        }
        return;
    }
    let mut buffer = [b'0'; 20];
    let mut at = buffer.len();
    while value >= 10 {
        at -= 1;
        buffer[at] = b'0' + (value % 10) as u8;
        value /= 10;
    }
    at -= 1;
    buffer[at] = b'0' + value as u8;
    at = at.min(buffer.len().saturating_sub(width));
    out.extend_from_slice(&buffer[at..]);
}

/// Appends the decimal of these digits with `scale` of them behind the point.
pub fn write_decimal(out: &mut Vec<u8>, value: i128, scale: u8) {
    if value < 0 {
        out.push(b'-');
    }
    let value = value.unsigned_abs();
    let one = POW10[scale as usize].unsigned_abs();
    if let (Ok(value), Ok(one)) = (u64::try_from(value), u64::try_from(one)) {
        write_unsigned(out, value / one, 1);
        if scale > 0 {
            out.push(b'.');
            write_unsigned(out, value % one, scale as usize);
        }
        return;
    }
    let infallible = write!(out, "{}", value / one);
    debug_assert!(infallible.is_ok());
    if scale > 0 {
        let infallible = write!(out, ".{:0width$}", value % one, width = scale as usize);
        debug_assert!(infallible.is_ok());
    }
}

/// Appends the shortest text that reads back as `value`.
pub fn write_double(out: &mut Vec<u8>, value: f64) {
    write_float(out, value, value.is_nan(), value.is_infinite(), value < 0.0, 15);
}

/// Appends the shortest text that reads back as `value`.
pub fn write_real(out: &mut Vec<u8>, value: f32) {
    write_float(out, value, value.is_nan(), value.is_infinite(), value < 0.0, 6);
}

/// PostgreSQL writes an exponent from 10^`limit` on and below 10^-4.
fn write_float(out: &mut Vec<u8>, value: impl std::fmt::LowerExp, nan: bool, infinite: bool, minus: bool, limit: i32) {
    if nan {
        return out.extend_from_slice(b"NaN");
    }
    if infinite {
        return out.extend_from_slice(if minus { b"-Infinity" } else { b"Infinity" });
    }
    let start = out.len();
    let infallible = write!(out, "{value:e}");
    debug_assert!(infallible.is_ok());
    let mut shortest = [0u8; 32];
    let len = out.len() - start;
    shortest[..len].copy_from_slice(&out[start..]);
    out.truncate(start);
    let mut shortest = &shortest[..len];
    if let [b'-', rest @ ..] = shortest {
        out.push(b'-');
        shortest = rest;
    }
    let e = shortest.iter().position(|&c| c == b'e').unwrap_or(shortest.len());
    let exponent = read_signed(&shortest[(e + 1).min(len)..]);
    let (first, rest) = (shortest[0], &shortest[2.min(e)..e]);
    if exponent < -4 || exponent >= limit {
        out.push(first);
        if !rest.is_empty() {
            out.push(b'.');
            out.extend_from_slice(rest);
        }
        out.push(b'e');
        out.push(if exponent < 0 { b'-' } else { b'+' });
        write_unsigned(out, exponent.unsigned_abs() as u64, 2);
    } else if exponent < 0 {
        out.extend_from_slice(b"0.");
        out.resize(out.len() + (-exponent - 1) as usize, b'0');
        out.push(first);
        out.extend_from_slice(rest);
    } else {
        let whole = exponent as usize;
        out.push(first);
        out.extend_from_slice(&rest[..whole.min(rest.len())]);
        out.resize(out.len() + whole.saturating_sub(rest.len()), b'0');
        if rest.len() > whole {
            out.push(b'.');
            out.extend_from_slice(&rest[whole..]);
        }
    }
}

fn read_signed(text: &[u8]) -> i32 {
    let (minus, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let value = digits.iter().fold(0, |v, d| v * 10 + (d - b'0') as i32);
    if minus { -value } else { value }
}

/// What PostgreSQL calls the type in its messages.
pub fn name(ty: SqlType) -> &'static str {
    match ty {
        SqlType::Null => "unknown",
        SqlType::Boolean => "boolean",
        SqlType::SmallInt => "smallint",
        SqlType::Int => "integer",
        SqlType::BigInt => "bigint",
        SqlType::Real => "real",
        SqlType::Double => "double precision",
        SqlType::Decimal(..) => "numeric",
        SqlType::Text { max: None, padded: false } => "text",
        SqlType::Text { padded: true, .. } => "character",
        SqlType::Text { .. } => "character varying",
        SqlType::Bytea => "bytea",
        SqlType::Date => "date",
        SqlType::Time => "time",
        SqlType::Timestamp => "timestamp",
        SqlType::TimestampTz => "timestamp with time zone",
        SqlType::Interval => "interval",
        SqlType::Uuid => "uuid",
    }
}

/// `22P02`: `text` is not a `ty`.
pub fn not_a(ty: SqlType, text: &str) -> EvalError {
    EvalError { code: "22P02", message: format!("invalid input syntax for type {}: \"{text}\"", name(ty)) }
}

fn beyond(ty: SqlType, text: &str) -> EvalError {
    EvalError { code: "22003", message: format!("value \"{text}\" is out of range for type {}", name(ty)) }
}

/// Reads an integer of type `ty` (SMALLINT, INT, BIGINT); blanks around it do not count.
pub fn read_int(text: &str, ty: SqlType) -> Result<i64, EvalError> {
    let trimmed = text.trim_ascii();
    let (minus, number) = match trimmed.as_bytes() {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        all => (false, all),
    };
    if number.is_empty() || !number.iter().all(u8::is_ascii_digit) {
        return Err(not_a(ty, text));
    }
    let mut value: i64 = 0;
    for digit in number {
        // Downwards, so that the smallest number is read too.
        let next = value.checked_mul(10).and_then(|v| v.checked_sub((digit - b'0') as i64));
        value = next.ok_or_else(|| beyond(ty, text))?;
    }
    let value = if minus { Some(value) } else { value.checked_neg() };
    let fits = |v: &i64| match ty {
        SqlType::SmallInt => i16::try_from(*v).is_ok(),
        SqlType::Int => i32::try_from(*v).is_ok(),
        _ => true,
    };
    value.filter(fits).ok_or_else(|| beyond(ty, text))
}

/// A decimal as read: its digits, how many of them stand behind the point (negative: zeros to append).
struct Digits {
    value: i128,
    scale: i64,
}

/// Reads `text` as digits of at most `scale` places, rounding half away from zero.
fn read_digits(text: &str, scale: u8) -> Option<Result<Digits, ()>> {
    let bytes = text.trim_ascii().as_bytes();
    let (minus, bytes) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        all => (false, all),
    };
    let mantissa_len = bytes.iter().position(|c| matches!(c, b'e' | b'E')).unwrap_or(bytes.len());
    let exponent: i64 = match bytes.get(mantissa_len + 1..) {
        None => 0,
        Some(e) => match std::str::from_utf8(e).ok()?.parse::<i64>() {
            Ok(e) => e.clamp(-100_000, 100_000),
            Err(_) => return None,
        },
    };
    let mantissa = &bytes[..mantissa_len];
    let point = mantissa.iter().position(|&c| c == b'.').unwrap_or(mantissa.len());
    let behind = mantissa.len().saturating_sub(point + 1) as i64;
    let digit = |c: &&u8| **c != b'.';
    if mantissa.iter().filter(|&&c| c == b'.').count() > 1
        || mantissa.iter().filter(digit).count() == 0
        || !mantissa.iter().filter(digit).all(u8::is_ascii_digit)
    {
        return None;
    }
    // Digits that count: those down to `scale` places behind the point, and one that rounds.
    let written = behind - exponent;
    let mut left = mantissa.len() as i64 - if point < mantissa.len() { 1 } else { 0 };
    let mut value: i128 = 0;
    let mut round_up = false;
    for c in mantissa.iter().filter(digit) {
        left -= 1;
        let place = written - left; // 1 is the first digit behind the point
        let d = (c - b'0') as i128;
        if place > scale as i64 {
            round_up = place == scale as i64 + 1 && d >= 5;
            break;
        }
        value = match value.checked_mul(10).and_then(|v| v.checked_add(d)) {
            Some(value) => value,
            None => return Some(Err(())),
        };
    }
    value += round_up as i128;
    Some(Ok(Digits { value: if minus { -value } else { value }, scale: written.min(scale as i64) }))
}

/// Reads a decimal with `precision` digits, `scale` of them behind the point; rounds half away from zero.
pub fn read_decimal(text: &str, precision: u8, scale: u8) -> Result<i128, EvalError> {
    let overflow = || EvalError { code: "22003", message: "numeric field overflow".into() };
    match read_digits(text, scale) {
        None => Err(not_a(SqlType::Decimal(precision, scale), text)),
        Some(Err(())) => Err(overflow()),
        Some(Ok(read)) => {
            let shift = scale as i64 - read.scale;
            let value = match usize::try_from(shift).ok().and_then(|s| POW10.get(s)) {
                Some(power) => read.value.checked_mul(*power),
                None if read.value == 0 => Some(0),
                None => None,
            };
            value.filter(|v| v.unsigned_abs() < POW10[precision as usize].unsigned_abs()).ok_or_else(overflow)
        }
    }
}

/// The type of a decimal literal as written: `1.50` is a DECIMAL(3,2). None if it is none or too long.
pub fn decimal_literal(text: &str) -> Option<(i128, u8, u8)> {
    let read = read_digits(text, 38)?.ok()?;
    let (value, scale) = if read.scale < 0 {
        (read.value.checked_mul(*POW10.get(usize::try_from(-read.scale).ok()?)?)?, 0)
    } else {
        (read.value, read.scale as u8)
    };
    let precision = digits(value).max(scale);
    (precision <= 38).then_some((value, precision.max(1), scale))
}

/// Reads a float.
pub fn read_double(text: &str) -> Result<f64, EvalError> {
    let value = text.trim_ascii().parse::<f64>().map_err(|_| not_a(SqlType::Double, text))?;
    in_range(text, value.is_infinite(), value == 0.0)
        .then_some(value)
        .ok_or_else(|| float_beyond(text, SqlType::Double))
}

/// Reads a float of 32 bits.
pub fn read_real(text: &str) -> Result<f32, EvalError> {
    let value = text.trim_ascii().parse::<f32>().map_err(|_| not_a(SqlType::Real, text))?;
    in_range(text, value.is_infinite(), value == 0.0).then_some(value).ok_or_else(|| float_beyond(text, SqlType::Real))
}

fn float_beyond(text: &str, ty: SqlType) -> EvalError {
    EvalError { code: "22003", message: format!("\"{text}\" is out of range for type {}", name(ty)) }
}

/// Whether an infinite or zero result was written so, and did not come of overflow.
fn in_range(text: &str, infinite: bool, zero: bool) -> bool {
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    !(infinite && text.bytes().any(|c| c.is_ascii_digit())
        || zero && mantissa.bytes().any(|c| matches!(c, b'1'..=b'9')))
}
