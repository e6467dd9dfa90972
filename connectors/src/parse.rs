//! Numbers, dates and timestamps straight from bytes: the texts that files are made of, and no others.
//!
//! Each function takes the common spelling only and yields None for anything else; what it means is then decided by
//! the one reader of texts, `deltaq_operators::functions::text::from_text`.

/// An integer: an optional sign and digits. None if it is none or does not fit.
#[inline]
pub(crate) fn integer(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() || digits.len() > 18 {
        return if digits.is_empty() { None } else { std::str::from_utf8(text).ok()?.parse().ok() };
    }
    let mut value = 0i64;
    for &byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + i64::from(digit);
    }
    Some(if negative { -value } else { value })
}

/// What a decimal number's text says.
#[derive(Debug, PartialEq)]
pub(crate) enum Decimal {
    /// Its digits at the scale asked for, rounded half away from zero.
    Value(i128),
    /// More digits than an i128 holds.
    TooLarge,
    /// Not a number.
    Invalid,
}

/// A decimal number at `scale`: sign, digits, an optional fraction and exponent. No value goes through floating point.
pub(crate) fn decimal(text: &[u8], scale: u8) -> Decimal {
    let (negative, rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let mut value = 0i128;
    let mut digits = 0usize;
    let mut fraction = 0i64;
    let mut point = false;
    let mut at = 0;
    // Digits past what the scale keeps, the first of which rounds.
    let mut dropped = 0i64;
    let mut first_dropped = 0u8;
    while at < rest.len() {
        let byte = rest[at];
        match byte {
            b'0'..=b'9' => {
                digits += 1;
                if dropped > 0 || value > i128::MAX / 10 - 1 {
                    if dropped == 0 {
                        first_dropped = byte - b'0';
                    }
                    dropped += 1;
                } else {
                    value = value * 10 + i128::from(byte - b'0');
                }
                fraction += i64::from(point);
            }
            b'.' if !point => point = true,
            _ => break,
        }
        at += 1;
    }
    if digits == 0 {
        return Decimal::Invalid;
    }
    let mut exponent = 0i64;
    if at < rest.len() {
        let (b'e' | b'E', Some(power)) = (rest[at], integer(&rest[at + 1..])) else { return Decimal::Invalid };
        exponent = power.clamp(-100_000, 100_000);
    }
    // The number is value × 10^(dropped + exponent − fraction), nearly; at the scale asked for:
    let shift = dropped + exponent - fraction + i64::from(scale);
    if value == 0 {
        return Decimal::Value(0);
    }
    if shift >= 0 {
        let power = if shift < 39 { 10i128.checked_pow(shift as u32) } else { None };
        return match power.and_then(|power| value.checked_mul(power)) {
            // Digits were dropped and yet none of them is beyond the scale.
            Some(_) if dropped > 0 && shift > 0 => Decimal::TooLarge,
            Some(mut value) => {
                value += i128::from(dropped > 0 && first_dropped >= 5);
                Decimal::Value(if negative { -value } else { value })
            }
            None => Decimal::TooLarge,
        };
    }
    if shift < -38 {
        return Decimal::Value(0);
    }
    let power = 10i128.pow(shift.unsigned_abs() as u32);
    let value = value / power + i128::from(value % power >= power / 2);
    Decimal::Value(if negative { -value } else { value })
}

/// Days since 1970-01-01 of a day of the Gregorian calendar (Hinnant, *chrono-Compatible Low-Level Date Algorithms*).
fn days_from_civil(year: i32, month: u32, day: u32) -> i32 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400) as u32;
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    let day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    era * 146_097 + day_of_era as i32 - 719_468
}

#[inline]
fn two(text: &[u8], at: usize) -> Option<u32> {
    let (tens, ones) = (text[at].wrapping_sub(b'0'), text[at + 1].wrapping_sub(b'0'));
    (tens <= 9 && ones <= 9).then(|| u32::from(tens) * 10 + u32::from(ones))
}

/// A day, `2013-01-31`: days since 1970-01-01.
#[inline]
pub(crate) fn date(text: &[u8]) -> Option<i32> {
    if text.len() != 10 || text[4] != b'-' || text[7] != b'-' {
        return None;
    }
    let year = two(text, 0)? * 100 + two(text, 2)?;
    let (month, day) = (two(text, 5)?, two(text, 8)?);
    if year == 0 || day == 0 || !(1..=12).contains(&month) {
        return None;
    }
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let last = [31, 28 + u32::from(leap), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month as usize - 1];
    (day <= last).then(|| days_from_civil(year as i32, month, day))
}

/// A time of day, `05:15`, `05:15:00` or `05:15:00.5`: microseconds since midnight.
#[inline]
pub(crate) fn time(text: &[u8]) -> Option<i64> {
    if text.len() < 5 || text[2] != b':' {
        return None;
    }
    let (hour, minute) = (two(text, 0)?, two(text, 3)?);
    let mut second = 0;
    let mut micros = 0;
    if text.len() > 5 {
        if text.len() < 8 || text[5] != b':' {
            return None;
        }
        second = two(text, 6)?;
        if text.len() > 8 {
            if text[8] != b'.' || text.len() > 15 || text.len() == 9 {
                return None;
            }
            let mut unit = 100_000;
            for &byte in &text[9..] {
                let digit = byte.wrapping_sub(b'0');
                if digit > 9 {
                    return None;
                }
                micros += i64::from(digit) * unit;
                unit /= 10;
            }
        }
    }
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    Some(i64::from(hour * 3600 + minute * 60 + second) * 1_000_000 + micros)
}

/// A day with a time of day, `2013-01-31 05:15:00` or `2013-01-31T05:15:00`, or a day alone: microseconds since 1970.
#[inline]
pub(crate) fn timestamp(text: &[u8]) -> Option<i64> {
    let day = i64::from(date(text.get(..10)?)?) * 86_400_000_000;
    match text.get(10) {
        None => Some(day),
        Some(b' ' | b'T') => Some(day + time(&text[11..])?),
        Some(_) => None,
    }
}

/// A [`timestamp`] that ends in `Z`, `+00`, `-05:00` …; UTC where no zone is named.
#[inline]
pub(crate) fn timestamp_tz(text: &[u8]) -> Option<i64> {
    if let [rest @ .., b'Z' | b'z'] = text {
        return timestamp(rest);
    }
    let zone = text.iter().skip(11).position(|b| matches!(b, b'+' | b'-')).map(|at| at + 11);
    let Some(zone) = zone else { return timestamp(text) };
    let (local, offset) = (timestamp(&text[..zone])?, &text[zone + 1..]);
    let minutes = match offset.len() {
        2 => two(offset, 0)? * 60,
        4 => two(offset, 0)? * 60 + two(offset, 2)?,
        5 if offset[2] == b':' => two(offset, 0)? * 60 + two(offset, 3)?,
        _ => return None,
    };
    let micros = i64::from(minutes) * 60_000_000;
    Some(if text[zone] == b'+' { local - micros } else { local + micros })
}

/// A truth value: `true`, `t`, `yes`, `on`, `1` and their opposites, in any case.
pub(crate) fn boolean(text: &[u8]) -> Option<bool> {
    let is = |words: [&str; 6]| words.iter().any(|w| w.as_bytes().eq_ignore_ascii_case(text));
    if is(["true", "t", "yes", "y", "on", "1"]) {
        Some(true)
    } else if is(["false", "f", "no", "n", "off", "0"]) {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals() {
        let value = |text: &str, scale| decimal(text.as_bytes(), scale);
        assert_eq!(value("12.34", 2), Decimal::Value(1234));
        assert_eq!(value("-12.345", 2), Decimal::Value(-1235));
        assert_eq!(value("12.3449", 2), Decimal::Value(1234));
        assert_eq!(value("1e3", 2), Decimal::Value(100_000));
        assert_eq!(value("125e-1", 0), Decimal::Value(13));
        assert_eq!(value(".5", 0), Decimal::Value(1));
        assert_eq!(value("5.", 1), Decimal::Value(50));
        assert_eq!(value("0.4999999999999999999999999999999999999999999999", 0), Decimal::Value(0));
        assert_eq!(value("1e-200", 3), Decimal::Value(0));
        assert_eq!(value("1e200", 3), Decimal::TooLarge);
        assert_eq!(value("0e200", 3), Decimal::Value(0));
        assert_eq!(value(&"9".repeat(38), 0), Decimal::Value(10i128.pow(38) - 1));
        assert_eq!(value(&"9".repeat(60), 0), Decimal::TooLarge);
        for text in ["", "-", ".", "1.2.3", "1e", "e5", "1 2", "0x10", "NaN"] {
            assert_eq!(value(text, 2), Decimal::Invalid, "{text}");
        }
    }

    #[test]
    fn days_and_times() {
        assert_eq!(date(b"1970-01-01"), Some(0));
        assert_eq!(date(b"2013-01-01"), Some(15_706));
        assert_eq!(date(b"2000-02-29"), Some(11_016));
        assert_eq!(date(b"1900-02-29"), None);
        assert_eq!(date(b"2013-00-10"), None);
        assert_eq!(timestamp(b"2013-01-01 05:15:00.5"), Some(15_706 * 86_400_000_000 + 18_900_500_000));
        assert_eq!(timestamp(b"2013-01-01T05:15"), Some(15_706 * 86_400_000_000 + 18_900_000_000));
        assert_eq!(timestamp(b"2013-01-01 24:15"), None);
        assert_eq!(timestamp_tz(b"2013-01-01T05:15:00Z"), timestamp(b"2013-01-01 05:15"));
        assert_eq!(timestamp_tz(b"2013-01-01 05:15:00-05"), timestamp(b"2013-01-01 10:15"));
        assert_eq!(timestamp_tz(b"2013-01-01 05:15:00+01:30"), timestamp(b"2013-01-01 03:45"));
    }

    #[test]
    fn integers() {
        assert_eq!(integer(b"-9223372036854775808"), Some(i64::MIN));
        assert_eq!(integer(b"9223372036854775808"), None);
        assert_eq!(integer(b"+7"), Some(7));
        for text in ["", "-", "1.0", "1e3", " 1", "--1"] {
            assert_eq!(integer(text.as_bytes()), None, "{text}");
        }
    }
}
