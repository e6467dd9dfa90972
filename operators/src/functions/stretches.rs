//! Functions of stretches of time: OVERLAPS, `make_interval`, `isfinite`, and times of fewer digits.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef, BooleanArray};
use arrow_buffer::IntervalMonthDayNano;

use crate::functions::calendar::{DAY, MICROS};
use crate::functions::datetime::entry;
use crate::functions::kernel::{at, booleans, column, inherited, lenient, nulls, side, strict};
use crate::functions::resolve::{always_nullable, count, is_unknown, names, signature};
use crate::functions::{Arg, Function, Kernel, Syntax};
use crate::types::SqlType;
use crate::value::Value;

/// The functions.
pub const FUNCTIONS: &[Function] = &[
    Function {
        syntax: Syntax::Special,
        nullable: always_nullable,
        ..entry(
            "overlaps",
            "(start, end) OVERLAPS (start, end) → boolean",
            "Whether two stretches of time share a moment; the end is no part of one, unless it is the start, too. In the place of an end may stand an INTERVAL.",
            &[
                ("(DATE '2013-01-01', DATE '2013-02-01') OVERLAPS (DATE '2013-01-31', DATE '2013-03-01')", "true"),
                ("(DATE '2013-01-01', INTERVAL '1 day') OVERLAPS (DATE '2013-01-02', INTERVAL '1 day')", "false"),
            ],
            |args| {
                count(args, 4, 4)?;
                let known: Vec<SqlType> = args.iter().filter(|a| !is_unknown(a)).map(|a| a.ty).collect();
                let ty = known.iter().try_fold(SqlType::Null, |a, b| a.common(*b));
                let ty = match ty {
                    Some(SqlType::Null | SqlType::Date) => Some(SqlType::Timestamp),
                    other => other,
                };
                match ty {
                    Some(ty @ (SqlType::Time | SqlType::Timestamp | SqlType::TimestampTz)) => {
                        signature([ty; 4], SqlType::Boolean)
                    }
                    _ => Err(format!("takes two stretches of time, got {}", names(args))),
                }
            },
            |_, _| overlaps(),
        )
    },
    entry(
        "make_interval",
        "make_interval(years, months, weeks, days, hours, minutes, seconds) → interval",
        "The interval of these numbers; those left out are 0. They may be named: `make_interval(days => 10)`.",
        &[
            ("make_interval(1, 2, 3, 4, 5, 6, 7.5)", "1 year 2 mons 25 days 05:06:07.5"),
            ("make_interval(days => 10)", "10 days"),
        ],
        |args| {
            count(args, 0, 7)?;
            let param = |(at, arg): (usize, &Arg)| match (at, arg.ty) {
                (6, ty) if ty.is_numeric() || is_unknown(arg) => Ok(SqlType::Double),
                (_, SqlType::SmallInt | SqlType::Int) => Ok(SqlType::Int),
                _ if is_unknown(arg) => Ok(SqlType::Int),
                _ => Err(format!("takes integers and a number of seconds, got {}", names(args))),
            };
            signature(args.iter().enumerate().map(param).collect::<Result<Vec<_>, _>>()?, SqlType::Interval)
        },
        |_, ty| {
            let out = ty.arrow();
            strict(ty, move |args, rows, errors| {
                let nulls = nulls(args);
                let part = |index: usize, row: usize| {
                    args.get(index).map_or(0, |arg| i128::from(at(side::<Int32Type>(arg), row)))
                };
                let values = (0..rows.max(1)).map(|row| {
                    let months = part(0, row) * 12 + part(1, row);
                    let days = part(2, row) * 7 + part(3, row);
                    let seconds = args.get(6).map_or(0.0, |arg| at(side::<Float64Type>(arg), row));
                    let micros = (part(4, row) * 3600 + part(5, row) * 60) * 1_000_000;
                    let nanos = (micros as f64 + (seconds * 1e6).round()) * 1e3;
                    let exact = (micros + (seconds * 1e6).round() as i128) * 1000;
                    let parts = (i32::try_from(months), i32::try_from(days), i64::try_from(exact));
                    if let (Ok(months), Ok(days), Ok(nanos), true) = (parts.0, parts.1, parts.2, nanos.is_finite()) {
                        return IntervalMonthDayNano::new(months, days, nanos);
                    }
                    if nulls.as_ref().is_none_or(|n| n.is_valid(row)) {
                        errors.set(row, "22008", "interval out of range");
                    }
                    IntervalMonthDayNano::ZERO
                });
                let values = values.take(rows.max(usize::from(args.is_empty()))).collect();
                column::<IntervalMonthDayNanoType>(values, nulls.clone(), &out)
            })
        },
    ),
    entry(
        "isfinite",
        "isfinite(date|timestamp|interval) → boolean",
        "True: infinite times are not supported.",
        &[("isfinite(DATE '2013-01-01')", "true"), ("isfinite(NULL::date)", "NULL")],
        |args| {
            count(args, 1, 1)?;
            match args[0].ty {
                ty @ (SqlType::Date | SqlType::Timestamp | SqlType::TimestampTz | SqlType::Interval) => {
                    signature([ty], SqlType::Boolean)
                }
                _ if is_unknown(&args[0]) => signature([SqlType::Timestamp], SqlType::Boolean),
                _ => Err(format!("takes a time, got {}", names(args))),
            }
        },
        |_, _| {
            strict(SqlType::Boolean, |args, rows, _| booleans(arrow_buffer::BooleanBuffer::new_set(rows), nulls(args)))
        },
    ),
    entry(
        "round_time",
        "CAST(x AS timestamp(places)), CAST(x AS time(places)), CAST(x AS interval(places))",
        "A time rounded to so many digits behind the point of its seconds.",
        &[
            ("CAST(TIMESTAMP '2013-01-05 10:11:12.9876' AS timestamp(2))", "2013-01-05 10:11:12.99"),
            ("CAST('10:11:12.5' AS time(0))", "10:11:13"),
            ("INTERVAL '1.66' SECOND(1)", "00:00:01.7"),
        ],
        |args| {
            count(args, 2, 2)?;
            match args[0].ty {
                ty @ (SqlType::Time | SqlType::Timestamp | SqlType::TimestampTz | SqlType::Interval) => {
                    signature([ty, SqlType::Int], ty)
                }
                _ => Err(format!("takes a time, got {}", names(args))),
            }
        },
        |_, ty| {
            let out = ty.arrow();
            strict(ty, move |args, rows, errors| {
                let nulls = nulls(args);
                let places = side::<Int32Type>(&args[1]);
                let limit = match ty {
                    SqlType::Time => DAY,
                    SqlType::Interval => i64::MAX / 1000,
                    _ => *MICROS.end(),
                };
                let mut round = |row: usize, micros: i64| {
                    let unit = 10i64.pow(6 - at(places, row).clamp(0, 6) as u32);
                    // Halves go up; those of intervals away from zero.
                    let half = i128::from(unit / 2) - i128::from(ty == SqlType::Interval && micros < 0);
                    let rounded = (i128::from(micros) + half).div_euclid(unit.into()) * i128::from(unit);
                    if rounded.abs() > limit.into() {
                        let what = if ty == SqlType::Interval { "interval" } else { "timestamp" };
                        errors.set(row, "22008", format!("{what} out of range"));
                        return 0;
                    }
                    rounded as i64
                };
                if ty == SqlType::Time {
                    let x = side::<Time64MicrosecondType>(&args[0]);
                    let values = (0..rows).map(|row| round(row, at(x, row))).collect();
                    return column::<Time64MicrosecondType>(values, nulls, &out);
                }
                if ty == SqlType::Interval {
                    let x = side::<IntervalMonthDayNanoType>(&args[0]);
                    let values = (0..rows).map(|row| {
                        let v = at(x, row);
                        IntervalMonthDayNano { nanoseconds: round(row, v.nanoseconds / 1000) * 1000, ..v }
                    });
                    return column::<IntervalMonthDayNanoType>(values.collect(), nulls, &out);
                }
                let x = side::<TimestampMicrosecondType>(&args[0]);
                let values = (0..rows).map(|row| round(row, at(x, row))).collect();
                column::<TimestampMicrosecondType>(values, nulls, &out)
            })
        },
    ),
];

/// The micros of `row`, None of NULL.
fn moment(value: &Value, row: usize) -> Option<i64> {
    let row = value.at(row);
    if value.array.is_null(row) {
        return None;
    }
    Some(match value.array.as_primitive_opt::<Time64MicrosecondType>() {
        Some(times) => times.value(row),
        None => value.array.as_primitive::<TimestampMicrosecondType>().value(row),
    })
}

/// SQL's definition: a stretch whose end is unknown, or before its start, is looked at from its other end.
fn overlaps() -> Kernel {
    lenient(|args, rows| {
        let answer = |row: usize| {
            let [s1, e1, s2, e2] = [0, 1, 2, 3].map(|index| moment(&args[index], row));
            let ordered = |s: Option<i64>, e: Option<i64>| match (s, e) {
                (None, e) => Some((e?, None)),
                (s, Some(e)) if s > Some(e) => Some((e, s)),
                (Some(s), e) => Some((s, e)),
            };
            let ((s1, e1), (s2, e2)) = (ordered(s1, e1)?, ordered(s2, e2)?);
            // The later start must lie before the other's end.
            match s1.cmp(&s2) {
                Ordering::Equal => (e1.is_some() && e2.is_some()).then_some(true),
                Ordering::Greater => Some(s1 < e2?),
                Ordering::Less => Some(s2 < e1?),
            }
        };
        let answers: BooleanArray = (0..rows).map(answer).collect();
        (Arc::new(answers) as ArrayRef, inherited(args, rows))
    })
}
