//! Intervals: months, days and microseconds; their text, their order, their arithmetic.

use arrow_buffer::IntervalMonthDayNano;

use crate::functions::calendar::{DAY, HOUR, MINUTE, SECOND, read_fraction, write_fraction};
use crate::functions::numbers::{not_a, write_int, write_unsigned};
use crate::types::SqlType;
use crate::value::EvalError;

/// An interval with its time in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Interval {
    /// Months, of any length.
    pub months: i32,
    /// Days, of any length.
    pub days: i32,
    /// Microseconds.
    pub micros: i64,
}

impl From<IntervalMonthDayNano> for Interval {
    fn from(v: IntervalMonthDayNano) -> Interval {
        Interval { months: v.months, days: v.days, micros: v.nanoseconds / 1000 }
    }
}

/// The length by which intervals are compared, in microseconds: a month is 30 days, a day 24 hours.
pub fn length(v: IntervalMonthDayNano) -> i128 {
    (v.months as i128 * 30 + v.days as i128) * DAY as i128 + (v.nanoseconds / 1000) as i128
}

/// `22008`: it does not fit.
pub fn out_of_range() -> EvalError {
    EvalError { code: "22008", message: "interval out of range".into() }
}

impl Interval {
    /// As Arrow stores it.
    pub fn store(self) -> Result<IntervalMonthDayNano, EvalError> {
        let nanos = self.micros.checked_mul(1000).ok_or_else(out_of_range)?;
        Ok(IntervalMonthDayNano::new(self.months, self.days, nanos))
    }

    /// The sum of fractions of months, days and microseconds: a part of a month becomes days (30 a month), a part of a
    /// day becomes time, as in PostgreSQL.
    pub fn of_parts(months: f64, days: f64, micros: f64) -> Option<Interval> {
        let whole_months = months.trunc();
        let days = days + snap((months - whole_months) * 30.0);
        let whole_days = days.trunc();
        let micros = (micros + snap((days - whole_days) * DAY as f64)).round_ties_even();
        let int = |v: f64| (i32::MIN as f64..=i32::MAX as f64).contains(&v);
        let fits = int(whole_months) && int(whole_days) && micros.abs() < 9.2e18;
        fits.then_some(Interval { months: whole_months as i32, days: whole_days as i32, micros: micros as i64 })
    }
}

/// To six places behind the point: takes off what the floating point put there.
fn snap(value: f64) -> f64 {
    (value * 1e6).round_ties_even() / 1e6
}

/// Appends an interval in PostgreSQL's style: `1 year 2 mons -3 days +04:05:06.7`.
pub fn write(out: &mut Vec<u8>, v: Interval) {
    let start = out.len();
    let mut minus_before = false;
    let mut part = |out: &mut Vec<u8>, value: i64, unit: &str| {
        if value != 0 {
            if out.len() > start {
                out.push(b' ');
                if minus_before && value > 0 {
                    out.push(b'+');
                }
            }
            minus_before = value < 0;
            write_int(out, value);
            out.push(b' ');
            out.extend_from_slice(unit.as_bytes());
            if value != 1 {
                out.push(b's');
            }
        }
    };
    part(out, (v.months / 12) as i64, "year");
    part(out, (v.months % 12) as i64, "mon");
    part(out, v.days as i64, "day");
    if v.micros != 0 || out.len() == start {
        if out.len() > start {
            out.push(b' ');
        }
        if v.micros < 0 {
            out.push(b'-');
        } else if minus_before {
            out.push(b'+');
        }
        let micros = v.micros.unsigned_abs();
        write_unsigned(out, micros / HOUR as u64, 2);
        out.push(b':');
        write_unsigned(out, micros / MINUTE as u64 % 60, 2);
        out.push(b':');
        write_unsigned(out, micros / SECOND as u64 % 60, 2);
        write_fraction(out, (micros % SECOND as u64) as i64);
    }
}

/// What one unit is: months, days, microseconds.
pub fn unit(name: &str) -> Option<(f64, f64, f64)> {
    let lower = name.to_ascii_lowercase();
    Some(match lower.as_str() {
        "millennium" | "millennia" | "millenniums" | "mil" | "mils" => (12_000.0, 0.0, 0.0),
        "century" | "centuries" | "cent" | "c" => (1200.0, 0.0, 0.0),
        "decade" | "decades" | "dec" | "decs" => (120.0, 0.0, 0.0),
        "year" | "years" | "yr" | "yrs" | "y" => (12.0, 0.0, 0.0),
        "quarter" | "quarters" => (3.0, 0.0, 0.0),
        "month" | "months" | "mon" | "mons" => (1.0, 0.0, 0.0),
        "week" | "weeks" | "w" => (0.0, 7.0, 0.0),
        "day" | "days" | "d" => (0.0, 1.0, 0.0),
        "hour" | "hours" | "hr" | "hrs" | "h" => (0.0, 0.0, HOUR as f64),
        "minute" | "minutes" | "min" | "mins" | "m" => (0.0, 0.0, MINUTE as f64),
        "second" | "seconds" | "sec" | "secs" | "s" => (0.0, 0.0, SECOND as f64),
        "millisecond" | "milliseconds" | "msec" | "msecs" | "ms" => (0.0, 0.0, 1000.0),
        "microsecond" | "microseconds" | "usec" | "usecs" | "us" => (0.0, 0.0, 1.0),
        _ => return None,
    })
}

/// Reads an interval: `1 year 2 months`, `3 4:05:06`, `1-2`, `P1Y2M3DT4H`. A number without a unit counts `last` units
/// (`SECOND` in PostgreSQL; `INTERVAL '5' MINUTE` passes `minute`).
///
/// # Errors
/// `22007` if it is none, `22008` if it does not fit.
pub fn read(text: &str, last: &str) -> Result<Interval, EvalError> {
    let syntax = || EvalError { code: "22007", ..not_a(SqlType::Interval, text) };
    let trimmed = text.trim_ascii();
    let parts = match trimmed.as_bytes() {
        [b'P' | b'p', rest @ ..] => read_iso(rest).or_else(|| read_iso_fields(&trimmed[1..])),
        _ => read_words(trimmed, last),
    };
    let (months, days, micros) = parts.ok_or_else(syntax)?;
    Interval::of_parts(months, days, micros)
        .ok_or_else(|| EvalError { code: "22008", message: format!("interval field value out of range: \"{text}\"") })
}

type Parts = (f64, f64, f64);

fn add(to: &mut Parts, count: f64, (months, days, micros): Parts) {
    // Parts of a year are whole months.
    let months = if months > 1.0 { (count * months).round_ties_even() } else { count * months };
    if let Some(part) = Interval::of_parts(months, count * days, 0.0) {
        to.0 += part.months as f64;
        to.1 += part.days as f64;
        to.2 += part.micros as f64;
    } else {
        to.0 += months;
        to.1 += count * days;
    }
    to.2 += (count * micros).round_ties_even();
}

fn read_iso(text: &[u8]) -> Option<Parts> {
    let mut parts = (0.0, 0.0, 0.0);
    let (mut at, mut time, mut any) = (0, false, false);
    while at < text.len() {
        if matches!(text[at], b'T' | b't') {
            (time, at) = (true, at + 1);
            continue;
        }
        let count = read_number(text, &mut at)?;
        let of = match (text.get(at)?.to_ascii_uppercase(), time) {
            (b'Y', false) => (12.0, 0.0, 0.0),
            (b'M', false) => (1.0, 0.0, 0.0),
            (b'W', false) => (0.0, 7.0, 0.0),
            (b'D', false) => (0.0, 1.0, 0.0),
            (b'H', true) => (0.0, 0.0, HOUR as f64),
            (b'M', true) => (0.0, 0.0, MINUTE as f64),
            (b'S', true) => (0.0, 0.0, SECOND as f64),
            _ => return None,
        };
        (at, any) = (at + 1, true);
        add(&mut parts, count, of);
    }
    any.then_some(parts)
}

/// The other form of ISO 8601: `0001-02-03T04:05:06`, `0001-02`.
fn read_iso_fields(text: &str) -> Option<Parts> {
    let (date, time) = text.split_once(['T', 't']).unwrap_or((text, "00:00"));
    let mut fields = date.split('-');
    let (years, months, days) = (fields.next()?, fields.next()?, fields.next().unwrap_or("0"));
    let whole = |digits: &str| digits.parse::<u32>().ok().map(f64::from);
    let clock = time.contains(':').then(|| read_words(time, "second"))??;
    fields.next().is_none().then_some((whole(years)? * 12.0 + whole(months)?, whole(days)?, clock.2))
}

fn read_number(text: &[u8], at: &mut usize) -> Option<f64> {
    let start = *at;
    while matches!(text.get(*at), Some(b'0'..=b'9' | b'.'))
        || (*at == start && matches!(text.get(*at), Some(b'+' | b'-')))
    {
        *at += 1;
    }
    std::str::from_utf8(&text[start..*at]).ok()?.parse().ok()
}

fn read_words(text: &str, last: &str) -> Option<Parts> {
    let b = text.as_bytes();
    let mut parts = (0.0, 0.0, 0.0);
    let (mut at, mut any, mut ago) = (0, false, false);
    while at < b.len() {
        if b[at] == b' ' || b[at] == b'@' {
            at += 1;
            continue;
        }
        if ago {
            return None;
        }
        if b[at].is_ascii_alphabetic() {
            ago = any && b[at..].eq_ignore_ascii_case(b"ago");
            if !ago {
                return None;
            }
            break;
        }
        let minus = b[at] == b'-';
        let count = read_number(b, &mut at)?;
        any = true;
        match b.get(at) {
            Some(b':') => parts.2 += read_clock(b, &mut at, count.abs(), last)? * if minus { -1.0 } else { 1.0 },
            Some(b'-') => {
                at += 1;
                let months = count.abs() * 12.0 + read_number(b, &mut at)?;
                add(&mut parts, if minus { -months } else { months }, (1.0, 0.0, 0.0));
                if !matches!(b.get(at), None | Some(b' ')) {
                    return None;
                }
            }
            _ => {
                let mut word = at;
                while b.get(word) == Some(&b' ') {
                    word += 1;
                }
                let mut end = word;
                while b.get(end).is_some_and(u8::is_ascii_alphabetic) {
                    end += 1;
                }
                if end > word {
                    add(&mut parts, count, unit(&text[word..end])?);
                    at = end;
                } else if word < b.len() {
                    add(&mut parts, count, (0.0, 1.0, 0.0)); // `3 4:05`: days before a time
                } else {
                    add(&mut parts, count, unit(last)?);
                }
            }
        }
    }
    if ago {
        parts = (-parts.0, -parts.1, -parts.2);
    }
    any.then_some(parts)
}

/// The rest of `4:05:06.7` after its hours; `1:30` is minutes and seconds where the last unit asked for is seconds of minutes.
fn read_clock(b: &[u8], at: &mut usize, hours: f64, last: &str) -> Option<f64> {
    let digits = |at: &mut usize| {
        let start = *at;
        let mut value = 0.0;
        while let Some(digit @ b'0'..=b'9') = b.get(*at) {
            value = value * 10.0 + (digit - b'0') as f64;
            *at += 1;
        }
        (*at > start).then_some(value)
    };
    *at += 1;
    let minutes = digits(at)?;
    let mut micros = hours * HOUR as f64 + minutes * MINUTE as f64;
    if b.get(*at) == Some(&b':') {
        *at += 1;
        micros += digits(at)? * SECOND as f64;
    } else if last == "minute to second" || b.get(*at) == Some(&b'.') {
        micros /= 60.0;
    }
    micros += read_fraction(b, at) as f64;
    (minutes < 60.0 || last == "minute to second").then_some(micros)
}
