//! Dates and times of the proleptic Gregorian calendar, as numbers and as ISO 8601 text.

use std::sync::Arc;

use crate::functions::numbers::{name, write_unsigned};
use crate::functions::zones::{self, Zone};
use crate::types::SqlType;
use crate::value::EvalError;

/// Microseconds of a second, minute, hour and day.
pub const SECOND: i64 = 1_000_000;
/// Microseconds of a minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Microseconds of an hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Microseconds of a day.
pub const DAY: i64 = 24 * HOUR;

/// First and last day that PostgreSQL knows: 4714-11-24 BC and 5874897-12-31.
pub const DAYS: std::ops::RangeInclusive<i64> = -2_440_588..=2_145_042_905;
/// First and last microsecond of a timestamp: 4714-11-24 BC and 294246-12-31, thirty years before PostgreSQL's last.
pub const MICROS: std::ops::RangeInclusive<i64> = -210_866_803_200_000_000..=9_223_371_244_799_999_999;

/// Year (0 is 1 BC), month and day of a day since 1970-01-01.
///
/// Source: Neri and Schneider, *Euclidean affine functions and their application to calendar algorithms* (2022): the
/// divisions are multiplications. Days far off are first moved by whole eras of 400 years.
#[inline]
pub fn civil(days: i64) -> (i64, u32, u32) {
    const ERA: i64 = 146_097;
    const ERAS: i64 = 82;
    let mut years = -400 * ERAS;
    let mut shifted = days + 719_468 + ERAS * ERA;
    if !(0..1 << 30).contains(&shifted) {
        let eras = shifted.div_euclid(ERA);
        years += 400 * eras;
        shifted -= eras * ERA;
    }
    let n = 4 * shifted as u32 + 3;
    let (century, of_century) = (n / 146_097, n % 146_097 / 4);
    let product = 2_939_745 * u64::from(4 * of_century + 3);
    let (year, of_year) = (100 * century + (product >> 32) as u32, product as u32 / 2_939_745 / 4);
    let n = 2_141 * of_year + 197_913;
    let (month, day) = (n >> 16, (n & 0xffff) / 2_141 + 1);
    // The year of the algorithm begins in March.
    let next = of_year >= 306;
    (year as i64 + years + next as i64, if next { month - 12 } else { month }, day)
}

/// The day since 1970-01-01 of a year, month (1 to 12) and day of the month.
#[inline]
pub fn days(year: i64, month: u32, day: u32) -> i64 {
    let y = year - (month <= 2) as i64;
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let mp = (month as i64 + 9) % 12;
    let doy = (153 * mp + 2) / 5 + day as i64 - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

/// Days of a month.
pub fn month_len(year: i64, month: u32) -> u32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Appends a date: `2013-01-05`.
pub fn write_date(out: &mut Vec<u8>, day: i64) {
    let (year, month, day) = civil(day);
    write_unsigned(out, if year > 0 { year } else { 1 - year } as u64, 4);
    out.push(b'-');
    write_unsigned(out, month as u64, 2);
    out.push(b'-');
    write_unsigned(out, day as u64, 2);
    if year <= 0 {
        out.extend_from_slice(b" BC");
    }
}

/// Appends a time of day: `05:00:00.5`.
pub fn write_time(out: &mut Vec<u8>, micros: i64) {
    write_unsigned(out, (micros / HOUR) as u64, 2);
    out.push(b':');
    write_unsigned(out, (micros / MINUTE % 60) as u64, 2);
    out.push(b':');
    write_unsigned(out, (micros / SECOND % 60) as u64, 2);
    write_fraction(out, micros % SECOND);
}

/// Appends `.5` for 500,000 microseconds, nothing for none.
pub fn write_fraction(out: &mut Vec<u8>, micros: i64) {
    if micros != 0 {
        out.push(b'.');
        write_unsigned(out, micros as u64, 6);
        while out.last() == Some(&b'0') {
            out.pop();
        }
    }
}

/// Appends a timestamp: `2013-01-05 05:00:00`, and `+00` if it has a `zone`.
pub fn write_timestamp(out: &mut Vec<u8>, micros: i64, zone: bool) {
    let day = micros.div_euclid(DAY);
    let bc = civil(day).0 <= 0;
    write_date(out, day);
    if bc {
        out.truncate(out.len() - 3);
    }
    out.push(b' ');
    write_time(out, micros.rem_euclid(DAY));
    if zone {
        out.extend_from_slice(b"+00");
    }
    if bc {
        out.extend_from_slice(b" BC");
    }
}

/// A date and time as written: what is absent is None.
#[derive(Default)]
struct Written {
    date: Option<(i64, u32, u32)>,
    micros: Option<i64>,
    /// Seconds east of UTC.
    offset: Option<i64>,
    /// The year is one before Christ.
    bc: bool,
    /// The year has no more than two digits and stands behind month and day: its century is left out, if it is not before Christ.
    short: bool,
    /// A zone by name, whose offset depends on the time.
    zone: Option<Arc<Zone>>,
}

/// Why a text is no date or time.
enum Bad {
    Syntax,
    Range,
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Reads digits of `text` at `*at`.
fn number(text: &[u8], at: &mut usize) -> Result<(i64, usize), Bad> {
    let start = *at;
    let mut value = 0i64;
    while let Some(digit @ b'0'..=b'9') = text.get(*at) {
        if *at - start > 12 {
            return Err(Bad::Range);
        }
        value = value * 10 + (digit - b'0') as i64;
        *at += 1;
    }
    if *at == start { Err(Bad::Syntax) } else { Ok((value, *at - start)) }
}

fn read(text: &str) -> Result<Written, Bad> {
    let b = text.trim_ascii().as_bytes();
    let mut written = Written::default();
    let mut at = 0;
    while at < b.len() {
        match b[at] {
            b' ' | b',' => at += 1,
            b'T' | b't' if written.date.is_some() && matches!(b.get(at + 1), Some(b'0'..=b'9')) => at += 1,
            b'+' | b'-' if written.micros.is_some() && written.offset.is_none() => {
                written.offset = Some(read_offset(b, &mut at)?)
            }
            b'0'..=b'9' => {
                let start = at;
                let (first, len) = number(b, &mut at)?;
                match b.get(at) {
                    Some(b':') if written.micros.is_none() => {
                        at = start;
                        written.micros = Some(read_time(b, &mut at)?);
                    }
                    Some(&separator @ (b'-' | b'/' | b'.')) if written.date.is_none() => {
                        at += 1;
                        let named = b.get(at..at + 3).and_then(month_named);
                        let month = match named {
                            Some(month) => {
                                at += 3;
                                month
                            }
                            None => number(b, &mut at)?.0,
                        };
                        if b.get(at) != Some(&separator) {
                            return Err(Bad::Syntax);
                        }
                        at += 1;
                        let (third, third_len) = number(b, &mut at)?;
                        written.short = len < 3 && third_len <= 2;
                        written.date = Some(if len >= 3 {
                            civil_date(first, month, third)?
                        } else if named.is_some() {
                            civil_date(third, month, first)?
                        } else {
                            civil_date(third, first, month)?
                        });
                    }
                    _ if len == 8 && written.date.is_none() => {
                        written.date = Some(civil_date(first / 10_000, first / 100 % 100, first % 100)?);
                    }
                    _ if len == 6 && written.date.is_some() && written.micros.is_none() => {
                        // `20130105T101112`
                        let micros = read_fraction(b, &mut at);
                        written.micros = Some(time_of_day(first / 10_000, first / 100 % 100, first % 100, micros)?);
                    }
                    _ if len <= 2 && written.date.is_none() => {
                        // `5 January 2013`
                        blanks(b, &mut at);
                        let month = month_named(word(b, &mut at)).ok_or(Bad::Syntax)?;
                        blanks(b, &mut at);
                        let (third, third_len) = number(b, &mut at)?;
                        written.short = third_len <= 2;
                        written.date = Some(civil_date(third, month, first)?);
                    }
                    _ => return Err(Bad::Syntax),
                }
            }
            _ => read_word(b, &mut at, &mut written)?,
        }
    }
    if let Some((year, ..)) = &mut written.date
        && written.short
        && !written.bc
    {
        *year += if *year < 70 { 2000 } else { 1900 };
    }
    match written.date {
        // Whether it is a leap year is known only when BC has been read.
        Some((_, 2, 29)) if !leap_day(&written) => Err(Bad::Range),
        Some((0, ..)) if !written.bc => Err(Bad::Range),
        _ => Ok(written),
    }
}

fn leap_day(written: &Written) -> bool {
    written.date.is_some_and(|(year, month, day)| day <= month_len(year, month))
}

fn month_named(word: &[u8]) -> Option<i64> {
    MONTHS.iter().position(|m| word.len() >= 3 && word[..3].eq_ignore_ascii_case(m.as_bytes())).map(|m| m as i64 + 1)
}

/// Moves past blanks and commas.
fn blanks(b: &[u8], at: &mut usize) {
    while matches!(b.get(*at), Some(b' ' | b',')) {
        *at += 1;
    }
}

/// Moves past letters.
fn word<'b>(b: &'b [u8], at: &mut usize) -> &'b [u8] {
    let start = *at;
    while b.get(*at).is_some_and(u8::is_ascii_alphabetic) {
        *at += 1;
    }
    &b[start..*at]
}

/// `Z`, `UTC`, `BC`, `PM`, or the name of a month before its day and year.
fn read_word(b: &[u8], at: &mut usize, written: &mut Written) -> Result<(), Bad> {
    let start = *at;
    let word = word(b, at).to_ascii_lowercase();
    match word.as_slice() {
        b"z" | b"utc" | b"gmt" if written.micros.is_some() && written.offset.is_none() => written.offset = Some(0),
        b"epoch" if written.date.is_none() => written.date = Some((1970, 1, 1)),
        b"bc" => match &mut written.date {
            Some(date) if date.0 > 0 && !written.bc => (date.0, written.bc) = (1 - date.0, true),
            _ => return Err(Bad::Syntax),
        },
        b"am" | b"pm" => match &mut written.micros {
            Some(micros) if *micros < 13 * HOUR => {
                *micros = *micros % (12 * HOUR) + if word == b"pm" { 12 * HOUR } else { 0 };
            }
            _ => return Err(Bad::Syntax),
        },
        _ if written.date.is_none() && month_named(&word).is_some() => {
            let month = month_named(&word).unwrap_or_default();
            blanks(b, at);
            let (day, _) = number(b, at)?;
            blanks(b, at);
            let (third, third_len) = number(b, at)?;
            written.short = third_len <= 2;
            written.date = Some(civil_date(third, month, day)?);
        }
        _ if written.date.is_some() && written.micros.is_some() && written.zone.is_none() => {
            let end = b[start..].iter().position(|c| *c == b' ').map_or(b.len(), |blank| start + blank);
            let name = std::str::from_utf8(&b[start..end]).map_err(|_| Bad::Syntax)?;
            written.zone = Some(zones::lookup(name).map_err(|_| Bad::Syntax)?);
            *at = end;
        }
        _ => return Err(Bad::Syntax),
    }
    Ok(())
}

fn civil_date(year: i64, month: i64, day: i64) -> Result<(i64, u32, u32), Bad> {
    let month = u32::try_from(month).ok().filter(|m| (1..=12).contains(m)).ok_or(Bad::Range)?;
    let most = if month == 2 { 29 } else { month_len(year, month) };
    let day = u32::try_from(day).ok().filter(|d| (1..=most).contains(d)).ok_or(Bad::Range)?;
    Ok((year, month, day))
}

/// `5:00`, `05:00:00.5`
fn read_time(b: &[u8], at: &mut usize) -> Result<i64, Bad> {
    let (hours, _) = number(b, at)?;
    *at += 1;
    let (minutes, _) = number(b, at)?;
    let (mut seconds, mut micros) = (0, 0);
    if b.get(*at) == Some(&b':') {
        *at += 1;
        seconds = number(b, at)?.0;
        micros = read_fraction(b, at);
    }
    time_of_day(hours, minutes, seconds, micros)
}

fn time_of_day(hours: i64, minutes: i64, seconds: i64, micros: i64) -> Result<i64, Bad> {
    let total = hours * HOUR + minutes * MINUTE + seconds * SECOND + micros;
    if hours > 24 || minutes > 59 || seconds > 60 || total > DAY { Err(Bad::Range) } else { Ok(total) }
}

/// `.5` as 500,000, rounded to microseconds; 0 if there is none.
pub fn read_fraction(b: &[u8], at: &mut usize) -> i64 {
    if b.get(*at) != Some(&b'.') {
        return 0;
    }
    *at += 1;
    let (mut micros, mut unit) = (0, 100_000);
    while let Some(digit @ b'0'..=b'9') = b.get(*at) {
        if unit > 0 {
            micros += (digit - b'0') as i64 * unit;
        } else if unit == 0 {
            micros += (*digit >= b'5') as i64;
            unit = -1;
        }
        unit /= if unit > 0 { 10 } else { 1 };
        *at += 1;
    }
    micros
}

/// `+02`, `-0530`, `+05:30`
fn read_offset(b: &[u8], at: &mut usize) -> Result<i64, Bad> {
    let sign = if b[*at] == b'-' { -1 } else { 1 };
    *at += 1;
    let (first, len) = number(b, at)?;
    let (hours, mut minutes) = if len > 2 { (first / 100, first % 100) } else { (first, 0) };
    if b.get(*at) == Some(&b':') {
        *at += 1;
        minutes = number(b, at)?.0;
    }
    if hours > 15 || minutes > 59 { Err(Bad::Range) } else { Ok(sign * (hours * 3600 + minutes * 60)) }
}

fn refuse(bad: Bad, text: &str, ty: SqlType) -> EvalError {
    match bad {
        Bad::Syntax => {
            EvalError { code: "22007", message: format!("invalid input syntax for type {}: \"{text}\"", name(ty)) }
        }
        Bad::Range => EvalError { code: "22008", message: format!("date/time field value out of range: \"{text}\"") },
    }
}

/// Reads a date; a time after it does not count.
pub fn read_date(text: &str) -> Result<i32, EvalError> {
    let day = read(text).and_then(|w| w.date.ok_or(Bad::Syntax)).map(|(y, m, d)| days(y, m, d));
    let day = day.and_then(|day| if DAYS.contains(&day) { Ok(day as i32) } else { Err(Bad::Range) });
    day.map_err(|bad| refuse(bad, text, SqlType::Date))
}

/// Reads a time of day.
pub fn read_time_of_day(text: &str) -> Result<i64, EvalError> {
    let time = read(text).and_then(|w| w.micros.ok_or(Bad::Syntax));
    time.map_err(|bad| refuse(bad, text, SqlType::Time))
}

/// Reads a timestamp; an offset from UTC counts only if the type has a `zone`.
pub fn read_timestamp(text: &str, zone: bool) -> Result<i64, EvalError> {
    let ty = if zone { SqlType::TimestampTz } else { SqlType::Timestamp };
    let micros = read(text).and_then(|w| {
        let (y, m, d) = w.date.ok_or(Bad::Syntax)?;
        let local = days(y, m, d) as i128 * DAY as i128 + w.micros.unwrap_or(0) as i128;
        let named = w.zone.map(|zone| zone.local(local.div_euclid(SECOND as i128) as i64));
        let offset = if zone { w.offset.or(named).unwrap_or(0) * SECOND } else { 0 };
        let micros = local - offset as i128;
        i64::try_from(micros).ok().filter(|m| MICROS.contains(m)).ok_or(Bad::Range)
    });
    micros.map_err(|bad| refuse(bad, text, ty))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_is_its_date() {
        let spread = (-1_000_000..1_000_000).chain((*DAYS.start()..*DAYS.end()).step_by(9_973)).chain([*DAYS.end()]);
        for day in spread {
            let (year, month, of_month) = civil(day);
            assert_eq!(days(year, month, of_month), day);
            assert!((1..=12).contains(&month) && (1..=month_len(year, month)).contains(&of_month), "{day}");
        }
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(11_016), (2000, 2, 29));
    }
}
