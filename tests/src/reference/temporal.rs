//! Dates and timestamps, by counting days in the proleptic Gregorian calendar.

use deltaq_operators::{Scalar, SqlType};

use super::expression::Typed;
use super::{Failure, function, texts};

const DAY_US: i64 = 86_400_000_000;
const OUT_OF_RANGE: Failure = "22008";

fn leap(year: i64) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

fn month_days(year: i64, month: i64) -> i64 {
    match month {
        2 if leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Year, month, day of a day counted from 1970-01-01: years and months are walked through one by one.
fn civil(days: i64) -> (i64, i64, i64) {
    // The calendar repeats every 400 years, which are 146,097 days.
    let cycles = days.div_euclid(146_097);
    let mut rest = days.rem_euclid(146_097);
    let mut year = 1970 + 400 * cycles;
    while rest >= 365 + leap(year) as i64 {
        rest -= 365 + leap(year) as i64;
        year += 1;
    }
    let mut month = 1;
    while rest >= month_days(year, month) {
        rest -= month_days(year, month);
        month += 1;
    }
    (year, month, rest + 1)
}

/// The inverse of [`civil`].
fn day_number(year: i64, month: i64, day: i64) -> i64 {
    let cycles = (year - 1970).div_euclid(400);
    let first = 1970 + 400 * cycles;
    let years: i64 = (first..year).map(|y| 365 + leap(y) as i64).sum();
    let months: i64 = (1..month).map(|m| month_days(year, m)).sum();
    cycles * 146_097 + years + months + day - 1
}

/// A date as PostgreSQL writes it.
pub fn date_text(days: i32) -> String {
    let (year, month, day) = civil(days.into());
    if year > 0 { format!("{year:04}-{month:02}-{day:02}") } else { format!("{:04}-{month:02}-{day:02} BC", 1 - year) }
}

/// A timestamp as PostgreSQL writes it.
pub fn timestamp_text(us: i64) -> String {
    let date = date_text(us.div_euclid(DAY_US) as i32);
    let us = us.rem_euclid(DAY_US);
    let (seconds, fraction) = (us / 1_000_000, us % 1_000_000);
    let time = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    let fraction =
        if fraction == 0 { String::new() } else { format!(".{fraction:06}").trim_end_matches('0').to_string() };
    match date.strip_suffix(" BC") {
        Some(date) => format!("{date} {time}{fraction} BC"),
        None => format!("{date} {time}{fraction}"),
    }
}

/// `a + b` or `a - b` where one is a date or time.
pub fn shift(minus: bool, a: &Scalar, b: &Scalar, ty: SqlType) -> Result<Scalar, Failure> {
    let sign = if minus { -1 } else { 1 };
    let date = |days: i64| {
        // PostgreSQL's dates run from 4714-11-24 BC to 5874897-12-31.
        let (first, last) = (day_number(-4713, 11, 24), day_number(5_874_897, 12, 31));
        if (first..=last).contains(&days) { Ok(Scalar::Date(days as i32)) } else { Err(OUT_OF_RANGE) }
    };
    match (a, b) {
        (Scalar::Date(a), Scalar::Date(b)) => Ok(Scalar::Int(a - b)),
        (Scalar::Date(a), Scalar::Int(b)) => date(*a as i64 + sign * *b as i64),
        (Scalar::Int(a), Scalar::Date(b)) => date(*a as i64 + *b as i64),
        (Scalar::Timestamp(a), Scalar::Interval { months, days, nanos }) => {
            let (year, month, day) = civil(a.div_euclid(DAY_US));
            let total = year * 12 + month - 1 + sign * *months as i64;
            let (year, month) = (total.div_euclid(12), total.rem_euclid(12) + 1);
            let day = day.min(month_days(year, month));
            let moved = day_number(year, month, day) + sign * *days as i64;
            Ok(Scalar::Timestamp(moved * DAY_US + a.rem_euclid(DAY_US) + sign * nanos / 1000))
        }
        _ => panic!("the reference does not add {a:?} and {b:?} to {ty}"),
    }
}

/// Casts between dates and timestamps.
pub fn cast(value: &Scalar, from: SqlType, to: SqlType) -> Result<Scalar, Failure> {
    match (value, to) {
        (Scalar::Date(days), SqlType::Timestamp | SqlType::TimestampTz) => Ok(Scalar::Timestamp(*days as i64 * DAY_US)),
        (Scalar::Timestamp(us), SqlType::Date) => Ok(Scalar::Date(us.div_euclid(DAY_US) as i32)),
        (Scalar::Timestamp(_), SqlType::Timestamp | SqlType::TimestampTz) => Ok(value.clone()),
        _ => panic!("the reference does not cast {from} to {to}"),
    }
}

/// EXTRACT of year, month and day; None for any other function.
pub fn call(name: &str, args: &[Typed], ty: SqlType) -> Option<Result<Scalar, Failure>> {
    if name != "extract" && name != "date_part" {
        return None;
    }
    let days = match args[1].0 {
        Scalar::Date(days) => days as i64,
        Scalar::Timestamp(us) => us.div_euclid(DAY_US),
        _ => return None,
    };
    let (year, month, day) = civil(days);
    let part = match texts::text(&args[0]).as_str() {
        "year" => year,
        "month" => month,
        "day" => day,
        _ => return None,
    };
    Some(if ty.is_float() {
        Ok(Scalar::Double(part as f64))
    } else {
        function::store(&function::Exact::integer(part), ty)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_are_inverse() {
        for days in (-800_000..800_000).step_by(97) {
            let (year, month, day) = civil(days);
            assert_eq!(day_number(year, month, day), days);
        }
        assert_eq!(date_text(0), "1970-01-01");
        assert_eq!(date_text(-1), "1969-12-31");
        assert_eq!(date_text(15706), "2013-01-01");
        assert_eq!(timestamp_text(-1), "1969-12-31 23:59:59.999999");
    }
}
