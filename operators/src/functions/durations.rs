//! Functions of intervals, and of the time between timestamps.

use arrow_array::types::*;
use arrow_buffer::{IntervalMonthDayNano, NullBuffer};

use crate::functions::calendar::{DAY, civil, month_len};
use crate::functions::datetime::{RANGE, entry};
use crate::functions::interval::{Interval, length, unit};
use crate::functions::kernel::{checked, checked2, column, constant_text, map, nulls, side, strict};
use crate::functions::resolve::{count, exactly};
use crate::functions::temporal::{add_months, shift};
use crate::functions::{Arg, Function, Kernel};
use crate::types::{SqlType, TEXT};
use crate::value::{Errors, Value};

/// The functions.
pub const FUNCTIONS: &[Function] = &[
    entry(
        "age",
        "age(a timestamp, b timestamp) → interval",
        "a − b in years, months, days and time, as a calendar counts.",
        &[("age(TIMESTAMP '2001-04-10', TIMESTAMP '1957-06-13')", "43 years 9 mons 27 days")],
        |args| {
            count(args, 2, 2)?;
            let ty = if args.iter().any(|a| a.ty == SqlType::TimestampTz) {
                SqlType::TimestampTz
            } else {
                SqlType::Timestamp
            };
            exactly(args, &[ty, ty], SqlType::Interval)
        },
        |_, ty| {
            intervals(ty, |args, nulls, errors| {
                let (a, b) = (side::<TimestampMicrosecondType>(&args[0]), side::<TimestampMicrosecondType>(&args[1]));
                checked2(a, b, nulls, errors, ("22008", "interval out of range"), |a, b| {
                    flagged(age(a, b).store().ok())
                })
            })
        },
    ),
    entry(
        "justify_hours",
        "justify_hours(interval) → interval",
        "24 hours become a day.",
        &[("justify_hours(INTERVAL '27 hours')", "1 day 03:00:00")],
        |args| exactly(args, &[SqlType::Interval], SqlType::Interval),
        |_, ty| justify(ty, hours),
    ),
    entry(
        "justify_days",
        "justify_days(interval) → interval",
        "30 days become a month.",
        &[("justify_days(INTERVAL '35 days')", "1 mon 5 days")],
        |args| exactly(args, &[SqlType::Interval], SqlType::Interval),
        |_, ty| justify(ty, month_days),
    ),
    entry(
        "justify_interval",
        "justify_interval(interval) → interval",
        "Both, and all parts get the same sign.",
        &[("justify_interval(INTERVAL '1 mon -1 hour')", "29 days 23:00:00")],
        |args| exactly(args, &[SqlType::Interval], SqlType::Interval),
        |_, ty| {
            justify(ty, |v| {
                let months = v.months as i128 + v.days as i128 / 30;
                let total = months * 30 * DAY as i128 + (v.days % 30) as i128 * DAY as i128 + v.micros as i128;
                let month = 30 * DAY as i128;
                let (months, rest) = (total / month, total % month);
                Interval {
                    months: months as i32,
                    days: (rest / DAY as i128) as i32,
                    micros: (rest % DAY as i128) as i64,
                }
            })
        },
    ),
    entry(
        "interval_length",
        "interval_length(interval) → decimal",
        "Its length in microseconds, by which intervals are compared: a day has 24 hours, a month 30 days.",
        &[
            ("interval_length(INTERVAL '1 day')", "86400000000"),
            ("interval_length(INTERVAL '1 month') = interval_length(INTERVAL '720 hours')", "true"),
        ],
        |args| exactly(args, &[SqlType::Interval], SqlType::Decimal(38, 0)),
        |_, ty| {
            let out = ty.arrow();
            strict(ty, move |args, _, _| {
                column::<Decimal128Type>(map(side::<IntervalMonthDayNanoType>(&args[0]), length), nulls(args), &out)
            })
        },
    ),
    entry(
        "timestampdiff",
        "timestampdiff(unit, a, b) → bigint",
        "Whole units from `a` to `b`, as in Flink; the unit is a constant text.",
        &[
            ("timestampdiff('day', TIMESTAMP '2013-01-01 12:00:00', TIMESTAMP '2013-01-03 11:00:00')", "1"),
            ("timestampdiff('month', DATE '2013-01-31', DATE '2013-02-28')", "0"),
        ],
        |args| {
            count(args, 3, 3)?;
            flink_unit(&args[0])?;
            let ty = if args[1..].iter().any(|a| a.ty == SqlType::TimestampTz) {
                SqlType::TimestampTz
            } else {
                SqlType::Timestamp
            };
            exactly(args, &[TEXT, ty, ty], SqlType::BigInt)
        },
        |args, ty| {
            let (months, _, _) = constant_text(&args[0]).and_then(unit).unwrap_or_default();
            let micros =
                constant_text(&args[0]).and_then(unit).map_or(1, |(_, d, m)| (d * DAY as f64 + m) as i64).max(1);
            let out = ty.arrow();
            strict(ty, move |args, _, errors| {
                let nulls = nulls(args);
                let (a, b) = (side::<TimestampMicrosecondType>(&args[1]), side::<TimestampMicrosecondType>(&args[2]));
                let values = checked2(a, b, nulls.as_ref(), errors, RANGE, |a, b| {
                    if months > 0.0 {
                        (whole_months(a, b) / months as i64, false)
                    } else {
                        (((b as i128 - a as i128) / micros as i128) as i64, false)
                    }
                });
                column::<Int64Type>(values, nulls, &out)
            })
        },
    ),
    entry(
        "timestampadd",
        "timestampadd(unit, n, x) → timestamp",
        "`x` plus n units, as in Flink; the unit is a constant text.",
        &[("timestampadd('hour', 2, TIMESTAMP '2013-01-01 23:00:00')", "2013-01-02 01:00:00")],
        |args| {
            count(args, 3, 3)?;
            flink_unit(&args[0])?;
            let ty = if args[2].ty == SqlType::TimestampTz { SqlType::TimestampTz } else { SqlType::Timestamp };
            exactly(args, &[TEXT, SqlType::BigInt, ty], ty)
        },
        |args, ty| {
            let (months, days, micros) = constant_text(&args[0]).and_then(unit).unwrap_or_default();
            let out = ty.arrow();
            strict(ty, move |args, _, errors| {
                let nulls = nulls(args);
                let (n, x) = (side::<Int64Type>(&args[1]), side::<TimestampMicrosecondType>(&args[2]));
                let values = checked2(n, x, nulls.as_ref(), errors, RANGE, |n, x| {
                    let by = |unit: f64| n.checked_mul(unit as i64);
                    let interval = (|| {
                        let (months, days) = (i32::try_from(by(months)?).ok()?, i32::try_from(by(days)?).ok()?);
                        Interval { months, days, micros: by(micros)? }.store().ok()
                    })();
                    interval.map_or((0, true), |by| shift(x, by, 1))
                });
                column::<TimestampMicrosecondType>(values, nulls, &out)
            })
        },
    ),
];

fn flink_unit(arg: &Arg) -> Result<(), String> {
    match arg.literal {
        Some(crate::scalar::Scalar::Text(name)) if unit(name).is_some() => Ok(()),
        _ => Err("takes the name of a unit first, as a constant: 'second', 'day', 'month' …".into()),
    }
}

fn flagged(v: Option<IntervalMonthDayNano>) -> (IntervalMonthDayNano, bool) {
    v.map_or((IntervalMonthDayNano::ZERO, true), |v| (v, false))
}

fn intervals(
    ty: SqlType,
    f: impl Fn(&[Value], Option<&NullBuffer>, &mut Errors) -> Vec<IntervalMonthDayNano> + Send + Sync + 'static,
) -> Kernel {
    let out = ty.arrow();
    strict(ty, move |args, _, errors| {
        let nulls = nulls(args);
        column::<IntervalMonthDayNanoType>(f(args, nulls.as_ref(), errors), nulls, &out)
    })
}

fn justify(ty: SqlType, f: impl Fn(Interval) -> Interval + Send + Sync + 'static) -> Kernel {
    intervals(ty, move |args, nulls, errors| {
        let a = side::<IntervalMonthDayNanoType>(&args[0]);
        checked(a, nulls, errors, ("22008", "interval out of range"), |v: IntervalMonthDayNano| {
            flagged(f(v.into()).store().ok())
        })
    })
}

/// Days out of hours; both of one sign.
fn hours(v: Interval) -> Interval {
    let (mut days, mut micros) = (v.days as i64 + v.micros / DAY, v.micros % DAY);
    if days > 0 && micros < 0 {
        (days, micros) = (days - 1, micros + DAY);
    } else if days < 0 && micros > 0 {
        (days, micros) = (days + 1, micros - DAY);
    }
    Interval { months: v.months, days: days as i32, micros }
}

/// Months out of days; both of one sign.
fn month_days(v: Interval) -> Interval {
    let (mut months, mut days) = (v.months as i64 + v.days as i64 / 30, v.days % 30);
    if months > 0 && days < 0 {
        (months, days) = (months - 1, days + 30);
    } else if months < 0 && days > 0 {
        (months, days) = (months + 1, days - 30);
    }
    Interval { months: months as i32, days, micros: v.micros }
}

/// The calendar's difference, as PostgreSQL's `age`.
fn age(a: i64, b: i64) -> Interval {
    let (minus, a, b) = if a >= b { (false, a, b) } else { (true, b, a) };
    let ((ya, ma, da), (yb, mb, db)) = (civil(a.div_euclid(DAY)), civil(b.div_euclid(DAY)));
    let mut micros = a.rem_euclid(DAY) - b.rem_euclid(DAY);
    let mut days = da as i64 - db as i64;
    let mut months = (ya - yb) * 12 + ma as i64 - mb as i64;
    if micros < 0 {
        (micros, days) = (micros + DAY, days - 1);
    }
    if days < 0 {
        // The days of the earlier month.
        days += month_len(yb, mb) as i64;
        months -= 1;
    }
    let sign = if minus { -1 } else { 1 };
    Interval { months: (sign * months) as i32, days: (sign * days) as i32, micros: sign * micros }
}

/// Months from `a` to `b` that are complete.
fn whole_months(a: i64, b: i64) -> i64 {
    if b < a {
        return -whole_months(b, a);
    }
    let ((ya, ma, _), (yb, mb, _)) = (civil(a.div_euclid(DAY)), civil(b.div_euclid(DAY)));
    let months = (yb - ya) * 12 + mb as i64 - ma as i64;
    let reached = add_months(a.div_euclid(DAY), months) * DAY + a.rem_euclid(DAY);
    let exact = civil(reached.div_euclid(DAY)).2 < civil(a.div_euclid(DAY)).2;
    if reached > b || (exact && reached >= b) { months - 1 } else { months }
}
