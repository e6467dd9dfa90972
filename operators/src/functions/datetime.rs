//! Functions that make, shift and round dates and times. Their parts are in [`fields`](super::fields), their texts in
//! [`formatted`](super::formatted).

use arrow_array::types::*;
use arrow_buffer::{IntervalMonthDayNano, NullBuffer};

use crate::expr::Expr;
use crate::functions::calendar::{DAY, HOUR, MICROS, MINUTE, SECOND, days, month_len};
use crate::functions::kernel::{at, checked2, column, constant_text, nulls, side, strict, texts};
use crate::functions::resolve::{any_nullable, count, exactly, is_unknown, names};
use crate::functions::{Arg, Function, Kernel, Signature, Syntax, zones};
use crate::types::{SqlType, TEXT};
use crate::value::{Errors, EvalError};

const FAMILY: &str = "datetime";
pub(super) const RANGE: (&str, &str) = ("22008", "timestamp out of range");

/// A function of this family, which several files make up.
pub(super) const fn entry(
    name: &'static str,
    usage: &'static str,
    doc: &'static str,
    examples: &'static [(&'static str, &'static str)],
    resolve: fn(&[Arg]) -> Result<Signature, String>,
    prepare: fn(&[Expr], SqlType) -> Kernel,
) -> Function {
    Function {
        name,
        aliases: &[],
        syntax: Syntax::Call,
        family: FAMILY,
        usage,
        doc,
        examples,
        resolve,
        nullable: any_nullable,
        prepare,
    }
}

/// The functions that make, shift and round dates and times.
pub const FUNCTIONS: &[Function] = &[
    entry(
        "date_bin",
        "date_bin(stride interval, source timestamp, origin timestamp) → timestamp",
        "The start of the stride-long bin, counted from `origin`, that `source` lies in. A stride of months: error 0A000; none or a negative one: 22008.",
        &[("date_bin('15 minutes', TIMESTAMP '2020-02-11 15:44:17', TIMESTAMP '2001-01-01')", "2020-02-11 15:30:00")],
        |args| {
            count(args, 3, 3)?;
            let ty = if args[1..].iter().any(|a| a.ty == SqlType::TimestampTz) {
                SqlType::TimestampTz
            } else {
                SqlType::Timestamp
            };
            exactly(args, &[SqlType::Interval, ty, ty], ty)
        },
        date_bin,
    ),
    entry(
        "to_timestamp_ltz",
        "to_timestamp_ltz(number, 0|3) → timestamptz",
        "The time so many seconds (0) or milliseconds (3) after 1970.",
        &[("to_timestamp_ltz(1357387200500, 3)", "2013-01-05 12:00:00.5+00")],
        |args| exactly(args, &[SqlType::BigInt, SqlType::Int], SqlType::TimestampTz),
        |_, ty| {
            let out = ty.arrow();
            strict(ty, move |args, _, errors| {
                let nulls = nulls(args);
                let (n, precision) = (side::<Int64Type>(&args[0]), side::<Int32Type>(&args[1]));
                let values = checked2(n, precision, nulls.as_ref(), errors, RANGE, |n, precision| {
                    let unit = match precision {
                        0 => SECOND,
                        3 => 1000,
                        _ => return (0, true),
                    };
                    in_range(n as i128 * unit as i128)
                });
                column::<TimestampMicrosecondType>(values, nulls, &out)
            })
        },
    ),
    entry(
        "at_time_zone",
        "timestamp AT TIME ZONE zone → timestamptz, timestamptz AT TIME ZONE zone → timestamp",
        "The instant at which clocks of the zone show this, or what they show at this instant. Zones are those of the IANA database, `UTC`, and offsets such as INTERVAL '2 hours'; another name: error 22023. A time that clocks skip is read by the offset before, one that they show twice by the offset after.",
        &[
            ("TIMESTAMP '2013-01-05 10:00:00' AT TIME ZONE 'UTC'", "2013-01-05 10:00:00+00"),
            ("TIMESTAMP '2013-07-05 10:00:00' AT TIME ZONE 'Europe/Berlin'", "2013-07-05 08:00:00+00"),
            ("TIMESTAMPTZ '2013-01-05 10:00:00+00' AT TIME ZONE 'America/Denver'", "2013-01-05 03:00:00"),
        ],
        |args| {
            count(args, 2, 2)?;
            let (from, to) = match args[0].ty {
                SqlType::Timestamp => (SqlType::Timestamp, SqlType::TimestampTz),
                SqlType::Date | SqlType::TimestampTz => (SqlType::TimestampTz, SqlType::Timestamp),
                _ if is_unknown(&args[0]) => (SqlType::TimestampTz, SqlType::Timestamp),
                _ => return Err(format!("takes a timestamp and a zone, got {}", names(args))),
            };
            let zone = if args[1].ty == SqlType::Interval { SqlType::Interval } else { TEXT };
            exactly(args, &[from, zone], to)
        },
        |args, ty| {
            let by_name = args[1].ty() != SqlType::Interval;
            let constant = constant_text(&args[1]).and_then(|name| zones::lookup(name).ok());
            let sign = if ty == SqlType::Timestamp { 1 } else { -1 };
            let out = ty.arrow();
            strict(ty, move |args, rows, errors| {
                let nulls = nulls(args);
                let x = side::<TimestampMicrosecondType>(&args[0]);
                let values = each(rows, nulls.as_ref(), errors, |row| {
                    let seconds = at(x, row).div_euclid(SECOND);
                    let offset = match &constant {
                        _ if !by_name => interval_offset(at(side::<IntervalMonthDayNanoType>(&args[1]), row))?,
                        Some(zone) => SECOND * zone.offset(seconds, sign > 0),
                        None => SECOND * zones::lookup(texts(&args[1]).get(row))?.offset(seconds, sign > 0),
                    };
                    let (micros, beyond) = in_range(at(x, row) as i128 + sign * offset as i128);
                    if beyond { Err(error(RANGE)) } else { Ok(micros) }
                });
                column::<TimestampMicrosecondType>(values, nulls, &out)
            })
        },
    ),
    entry(
        "make_date",
        "make_date(year, month, day) → date",
        "The date of these numbers. None such: error 22008.",
        &[("make_date(2013, 2, 3)", "2013-02-03"), ("make_date(2013, 2, 30)", "error 22008")],
        |args| exactly(args, &[SqlType::Int; 3], SqlType::Date),
        |_, ty| {
            let out = ty.arrow();
            strict(ty, move |args, rows, errors| {
                let nulls = nulls(args);
                let [y, m, d] = [0, 1, 2].map(|i| side::<Int32Type>(&args[i]));
                let values = each(rows, nulls.as_ref(), errors, |row| {
                    date_of(at(y, row) as i64, at(m, row) as i64, at(d, row) as i64).map(|day| day as i32)
                });
                column::<Date32Type>(values, nulls, &out)
            })
        },
    ),
    entry(
        "make_time",
        "make_time(hour, minute, second) → time",
        "The time of day of these numbers; seconds may have a fraction. None such: error 22008.",
        &[("make_time(8, 15, 23.5)", "08:15:23.5")],
        |args| exactly(args, &[SqlType::Int, SqlType::Int, SqlType::Double], SqlType::Time),
        |_, ty| {
            let out = ty.arrow();
            strict(ty, move |args, rows, errors| {
                let nulls = nulls(args);
                let (h, m, s) =
                    (side::<Int32Type>(&args[0]), side::<Int32Type>(&args[1]), side::<Float64Type>(&args[2]));
                let values = each(rows, nulls.as_ref(), errors, |row| time_of(at(h, row), at(m, row), at(s, row)));
                column::<Time64MicrosecondType>(values, nulls, &out)
            })
        },
    ),
    entry(
        "make_timestamp",
        "make_timestamp(year, month, day, hour, minute, second) → timestamp",
        "The timestamp of these numbers. None such: error 22008.",
        &[("make_timestamp(2013, 7, 15, 8, 15, 23.5)", "2013-07-15 08:15:23.5")],
        |args| {
            let int = SqlType::Int;
            exactly(args, &[int, int, int, int, int, SqlType::Double], SqlType::Timestamp)
        },
        |_, ty| {
            let out = ty.arrow();
            strict(ty, move |args, rows, errors| {
                let nulls = nulls(args);
                let [y, mo, d, h, m] = [0, 1, 2, 3, 4].map(|i| side::<Int32Type>(&args[i]));
                let s = side::<Float64Type>(&args[5]);
                let values = each(rows, nulls.as_ref(), errors, |row| {
                    let day = date_of(at(y, row) as i64, at(mo, row) as i64, at(d, row) as i64)?;
                    let (micros, beyond) =
                        in_range(day as i128 * DAY as i128 + time_of(at(h, row), at(m, row), at(s, row))? as i128);
                    if beyond { Err(error(RANGE)) } else { Ok(micros) }
                });
                column::<TimestampMicrosecondType>(values, nulls, &out)
            })
        },
    ),
];

/// Microseconds east of UTC of a zone as an interval.
fn interval_offset(zone: IntervalMonthDayNano) -> Result<i64, EvalError> {
    if zone.months != 0 || zone.days != 0 {
        let message = "interval time zone must not include months or days".into();
        return Err(EvalError { code: "22023", message });
    }
    Ok(zone.nanoseconds / 1000)
}

fn error((code, message): (&'static str, &str)) -> EvalError {
    EvalError { code, message: message.into() }
}

/// `micros` where it is a timestamp, and whether it is none.
pub(super) fn in_range(micros: i128) -> (i64, bool) {
    match i64::try_from(micros) {
        Ok(micros) if MICROS.contains(&micros) => (micros, false),
        _ => (0, true),
    }
}

/// `f` of each row that is not NULL.
pub(super) fn each<T: Default>(
    rows: usize,
    nulls: Option<&NullBuffer>,
    errors: &mut Errors,
    f: impl Fn(usize) -> Result<T, EvalError>,
) -> Vec<T> {
    let one = |row| {
        if nulls.is_some_and(|n| n.is_null(row)) {
            return T::default();
        }
        f(row).unwrap_or_else(|error| {
            errors.set(row, error.code, error.message);
            T::default()
        })
    };
    (0..rows).map(one).collect()
}

fn date_of(year: i64, month: i64, day: i64) -> Result<i64, EvalError> {
    let message = || format!("date field value out of range: {year}-{month:02}-{day:02}");
    // Negative years are BC; there is no year 0.
    let astronomical = if year < 0 { year + 1 } else { year };
    let good = year != 0
        && (-4713..=294_246).contains(&year)
        && (1..=12).contains(&month)
        && (1..=month_len(astronomical, month as u32) as i64).contains(&day);
    if !good {
        return Err(EvalError { code: "22008", message: message() });
    }
    Ok(days(astronomical, month as u32, day as u32))
}

fn time_of(hour: i32, minute: i32, second: f64) -> Result<i64, EvalError> {
    let good = (0..=24).contains(&hour) && (0..60).contains(&minute) && (0.0..=60.0).contains(&second);
    let micros = hour as i64 * HOUR + minute as i64 * MINUTE + (second * 1e6).round_ties_even() as i64;
    if good && micros <= DAY {
        return Ok(micros);
    }
    Err(EvalError { code: "22008", message: format!("time field value out of range: {hour}:{minute:02}:{second:02}") })
}

fn date_bin(_: &[Expr], ty: SqlType) -> Kernel {
    let out = ty.arrow();
    strict(ty, move |args, rows, errors| {
        let nulls = nulls(args);
        let stride = side::<IntervalMonthDayNanoType>(&args[0]);
        let (source, origin) = (side::<TimestampMicrosecondType>(&args[1]), side::<TimestampMicrosecondType>(&args[2]));
        let values = each(rows, nulls.as_ref(), errors, |row| {
            let (stride, origin) = (at(stride, row), at(origin, row));
            if stride.months != 0 {
                return Err(error(("0A000", "timestamps cannot be binned into intervals containing months or years")));
            }
            let micros = stride.days as i128 * DAY as i128 + (stride.nanoseconds / 1000) as i128;
            if micros <= 0 {
                return Err(error(("22008", "stride must be greater than zero")));
            }
            let source = at(source, row) as i128;
            let (bin, beyond) = in_range(source - (source - origin as i128).rem_euclid(micros));
            if beyond { Err(error(RANGE)) } else { Ok(bin) }
        });
        column::<TimestampMicrosecondType>(values, nulls, &out)
    })
}
