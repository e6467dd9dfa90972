//! Numbers, dates and timestamps straight from bytes: the texts that files are made of, and no others.
//!
//! Each function takes the common spelling only and yields None for anything else; what it means is then decided by
//! the one reader of texts, `deltaq_operators::functions::text::from_text`.

use deltaq_operators::functions::calendar;

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
    let value = number(digits, 0)?;
    Some(if negative { -value } else { value })
}

/// A decimal number at `scale`: a sign, up to 37 digits and a point, no more digits behind it than the scale keeps.
#[inline]
pub(crate) fn decimal(text: &[u8], scale: u8) -> Option<i128> {
    let (negative, rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let (whole, fraction) = match memchr::memchr(b'.', rest) {
        Some(point) => (&rest[..point], &rest[point + 1..]),
        None => (rest, &[][..]),
    };
    let zeros = usize::from(scale).checked_sub(fraction.len())?;
    let digits = whole.len() + fraction.len();
    if digits == 0 || digits + zeros > 37 {
        return None;
    }
    let value = if digits <= 18 {
        i128::from(number(fraction, number(whole, 0i64)?)?)
    } else {
        wide_number(fraction, wide_number(whole, 0)?)?
    };
    let value = value * 10i128.pow(zeros as u32);
    Some(if negative { -value } else { value })
}

/// The digits appended to `value`.
#[inline]
fn number(digits: &[u8], mut value: i64) -> Option<i64> {
    for &byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + i64::from(digit);
    }
    Some(value)
}

fn wide_number(digits: &[u8], value: i128) -> Option<i128> {
    digits.iter().try_fold(value, |value, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit <= 9).then(|| value * 10 + i128::from(digit))
    })
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
    (day <= calendar::month_len(i64::from(year), month)).then(|| calendar::days(i64::from(year), month, day) as i32)
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

/// A truth value: `true`, `false`, `t`, `f`, `1`, `0`.
#[inline]
pub(crate) fn boolean(text: &[u8]) -> Option<bool> {
    match text {
        b"true" | b"t" | b"1" | b"True" | b"TRUE" => Some(true),
        b"false" | b"f" | b"0" | b"False" | b"FALSE" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals() {
        let value = |text: &str, scale| decimal(text.as_bytes(), scale);
        assert_eq!(value("12.34", 2), Some(1234));
        assert_eq!(value("-12.3", 2), Some(-1230));
        assert_eq!(value(".5", 1), Some(5));
        assert_eq!(value("5.", 1), Some(50));
        assert_eq!(value(&"9".repeat(37), 0), Some(10i128.pow(37) - 1));
        for text in
            ["", "-", ".", "1.234", "1.2.3", "1e3", "1 2", "0x10", "NaN", "1234567890123456789012345678901234567"]
        {
            assert_eq!(value(text, 2), None, "{text}");
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
