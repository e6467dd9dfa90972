//! Arithmetic of dates, times, timestamps and intervals, behind the operators `+ - * /`.
//!
//! A month added keeps the day of the month, or takes the month's last; months are added first, then days, then time.

use arrow_array::ArrayRef;
use arrow_array::types::*;
use arrow_buffer::IntervalMonthDayNano;

use crate::expr::Expr;
use crate::functions::arithmetic::Op;
use crate::functions::calendar::{DAY, DAYS, MICROS, civil, days, month_len};
use crate::functions::interval::Interval;
use crate::functions::kernel::{Side, checked, checked2, column, nulls, side, strict};
use crate::functions::resolve::is_unknown;
use crate::functions::{Arg, Kernel, Signature};
use crate::types::SqlType;
use crate::value::{Errors, Value};

const TIMESTAMP: (&str, &str) = ("22008", "timestamp out of range");
const DATE: (&str, &str) = ("22008", "date out of range");
const INTERVAL: (&str, &str) = ("22008", "interval out of range");

/// What `a op b` takes and yields where one of them is a date, time or interval; None if there is no such operator.
pub fn resolve(op: Op, a: &Arg, b: &Arg) -> Option<Signature> {
    use SqlType::*;
    let (mut s, mut t) = (a.ty, b.ty);
    // What a quoted literal is read as beside a date or time.
    let beside = |other: SqlType, op: Op| match (op, other) {
        (Op::Mul | Op::Div, _) => Double,
        (Op::Sub, Date | Time | Timestamp | TimestampTz) => other,
        _ => Interval,
    };
    if is_unknown(a) {
        s = beside(t, op);
    } else if is_unknown(b) {
        t = beside(s, op);
    }
    let is_stamp = |t| matches!(t, Timestamp | TimestampTz);
    let (params, result) = match (op, s, t) {
        (Op::Add | Op::Sub, Date, t) if t.is_integer() => ([Date, Int], Date),
        (Op::Add, s, Date) if s.is_integer() => ([Int, Date], Date),
        (Op::Sub, Date, Date) => ([Date, Date], Int),
        (Op::Add, Date, Time) => ([Timestamp, Time], Timestamp),
        (Op::Add, Time, Date) => ([Time, Timestamp], Timestamp),
        (Op::Add | Op::Sub, Date, Interval) => ([Timestamp, Interval], Timestamp),
        (Op::Add, Interval, Date) => ([Interval, Timestamp], Timestamp),
        (Op::Add | Op::Sub, s, Interval) if is_stamp(s) || s == Time => ([s, Interval], s),
        (Op::Add, Interval, t) if is_stamp(t) || t == Time => ([Interval, t], t),
        (Op::Sub, Time, Time) => ([Time, Time], Interval),
        (Op::Sub, s, t) if (is_stamp(s) || s == Date) && (is_stamp(t) || t == Date) => ([s.common(t)?; 2], Interval),
        (Op::Add | Op::Sub, Interval, Interval) => ([Interval, Interval], Interval),
        (Op::Mul | Op::Div, Interval, t) if t.is_numeric() => ([Interval, Double], Interval),
        (Op::Mul, s, Interval) if s.is_numeric() => ([Double, Interval], Interval),
        _ => return None,
    };
    Some(Signature { params: params.to_vec(), result })
}

/// `micros` since 1970 plus an interval; true if that is out of range.
#[inline]
pub fn shift(micros: i64, by: IntervalMonthDayNano, sign: i64) -> (i64, bool) {
    let (mut day, time) = (micros.div_euclid(DAY), micros.rem_euclid(DAY));
    if by.months != 0 {
        day = add_months(day, sign * by.months as i64);
    }
    let day = day as i128 + (sign * by.days as i64) as i128;
    let total = day * DAY as i128 + time as i128 + (sign * (by.nanoseconds / 1000)) as i128;
    match i64::try_from(total) {
        Ok(total) if MICROS.contains(&total) => (total, false),
        _ => (0, true),
    }
}

/// The same day of the month `months` later, or that month's last.
pub fn add_months(day: i64, months: i64) -> i64 {
    let (year, month, day) = civil(day);
    let index = year * 12 + month as i64 - 1 + months;
    let (year, month) = (index.div_euclid(12), index.rem_euclid(12) as u32 + 1);
    days(year, month, day.min(month_len(year, month)))
}

fn whole(v: Option<IntervalMonthDayNano>) -> (IntervalMonthDayNano, bool) {
    v.map_or((IntervalMonthDayNano::ZERO, true), |v| (v, false))
}

/// The interval between two timestamps: days and a rest of less than a day.
#[inline]
pub fn between(a: i64, b: i64) -> (IntervalMonthDayNano, bool) {
    let micros = a as i128 - b as i128;
    let (days, rest) = ((micros / DAY as i128) as i32, (micros % DAY as i128) as i64);
    (IntervalMonthDayNano::new(0, days, rest * 1000), false)
}

fn add(a: IntervalMonthDayNano, b: IntervalMonthDayNano) -> Option<IntervalMonthDayNano> {
    let months = a.months.checked_add(b.months)?;
    Some(IntervalMonthDayNano::new(months, a.days.checked_add(b.days)?, a.nanoseconds.checked_add(b.nanoseconds)?))
}

fn negated(v: IntervalMonthDayNano) -> Option<IntervalMonthDayNano> {
    Some(IntervalMonthDayNano::new(v.months.checked_neg()?, v.days.checked_neg()?, v.nanoseconds.checked_neg()?))
}

/// `v` times a factor that `scale` applies to each part; parts of months and days are passed on downwards.
///
/// Follows PostgreSQL's `interval_mul` and `interval_div`.
fn scaled(v: IntervalMonthDayNano, scale: impl Fn(f64) -> f64) -> Option<IntervalMonthDayNano> {
    const SECONDS_A_DAY: f64 = 86_400.0;
    let round = |v: f64| (v * 1e6).round_ties_even() / 1e6;
    let int = |v: f64| (v.is_finite() && v.abs() < i32::MAX as f64).then_some(v.trunc() as i32);
    let (all_months, all_days) = (scale(v.months as f64), scale(v.days as f64));
    let (months, mut days) = (int(all_months)?, int(all_days)?);
    let rest_days = round((all_months - months as f64) * 30.0);
    let mut seconds = round((all_days - days as f64 + rest_days - rest_days.trunc()) * SECONDS_A_DAY);
    if seconds.abs() >= SECONDS_A_DAY {
        let more = (seconds / SECONDS_A_DAY).trunc();
        days = days.checked_add(more as i32)?;
        seconds -= more * SECONDS_A_DAY;
    }
    days = days.checked_add(rest_days as i32)?;
    let micros = (scale((v.nanoseconds / 1000) as f64) + seconds * 1e6).round_ties_even();
    let micros = (micros.is_finite() && micros.abs() < 9.2e18).then_some(micros as i64)?;
    Interval { months, days, micros }.store().ok()
}

/// `v` divided by a number other than 0. None if it does not fit.
pub fn divided(v: IntervalMonthDayNano, by: f64) -> Option<IntervalMonthDayNano> {
    scaled(v, |part| part / by)
}

/// The kernel of `a op b`, one of which is a date, time or interval.
pub fn prepare(op: Op, args: &[Expr], ty: SqlType) -> Kernel {
    let (a, b) = (args[0].ty(), args[1].ty());
    let sign = if op == Op::Sub { -1 } else { 1 };
    match (op, a, b) {
        (Op::Add, SqlType::Interval, SqlType::Timestamp | SqlType::TimestampTz | SqlType::Time)
        | (Op::Add, SqlType::Int, SqlType::Date)
        | (Op::Add, SqlType::Time, SqlType::Timestamp)
        | (Op::Mul, SqlType::Double, SqlType::Interval) => {
            let turned = prepare(op, &[args[1].clone(), args[0].clone()], ty);
            return Box::new(move |args, rows| turned(&[args[1].clone(), args[0].clone()], rows));
        }
        _ => {}
    }
    let out = ty.arrow();
    strict(ty, move |args, _, errors| -> ArrayRef {
        let nulls = nulls(args);
        let n = nulls.as_ref();
        macro_rules! run {
            ($a:ty, $b:ty, $out:ty, $error:expr, $f:expr) => {{
                let values = checked2(side::<$a>(&args[0]), side::<$b>(&args[1]), n, errors, $error, $f);
                column::<$out>(values, nulls, &out)
            }};
        }
        match (op, a, b) {
            (_, SqlType::Date, SqlType::Int) => run!(Date32Type, Int32Type, Date32Type, DATE, |x, y| {
                let day = x as i64 + sign * y as i64;
                (day as i32, !DAYS.contains(&day))
            }),
            (_, SqlType::Date, SqlType::Date) => {
                run!(Date32Type, Date32Type, Int32Type, DATE, |x: i32, y: i32| x.overflowing_sub(y))
            }
            (_, SqlType::Time, SqlType::Interval) => {
                run!(Time64MicrosecondType, IntervalMonthDayNanoType, Time64MicrosecondType, INTERVAL, |x, y| {
                    ((x as i128 + sign as i128 * (y.nanoseconds / 1000) as i128).rem_euclid(DAY as i128) as i64, false)
                })
            }
            (_, SqlType::Time, SqlType::Time) => {
                run!(Time64MicrosecondType, Time64MicrosecondType, IntervalMonthDayNanoType, INTERVAL, |x, y| {
                    (IntervalMonthDayNano::new(0, 0, (x - y) * 1000), false)
                })
            }
            (_, SqlType::Timestamp, SqlType::Time) => {
                run!(
                    TimestampMicrosecondType,
                    Time64MicrosecondType,
                    TimestampMicrosecondType,
                    TIMESTAMP,
                    |x, y: i64| { shift(x, IntervalMonthDayNano::new(0, 0, y.wrapping_mul(1000)), 1) }
                )
            }
            (_, SqlType::Timestamp | SqlType::TimestampTz, SqlType::Interval) => shifted(args, sign, ty, errors),
            (_, SqlType::Timestamp | SqlType::TimestampTz, _) => {
                run!(TimestampMicrosecondType, TimestampMicrosecondType, IntervalMonthDayNanoType, INTERVAL, between)
            }
            (Op::Add, ..) => {
                run!(IntervalMonthDayNanoType, IntervalMonthDayNanoType, IntervalMonthDayNanoType, INTERVAL, |x, y| {
                    whole(add(x, y))
                })
            }
            (Op::Sub, ..) => {
                run!(IntervalMonthDayNanoType, IntervalMonthDayNanoType, IntervalMonthDayNanoType, INTERVAL, |x, y| {
                    whole(negated(y).and_then(|y| add(x, y)))
                })
            }
            (Op::Div, ..) => {
                let zero = ("22012", "division by zero");
                checked2(
                    side::<IntervalMonthDayNanoType>(&args[0]),
                    side::<Float64Type>(&args[1]),
                    n,
                    errors,
                    zero,
                    |_, y| ((), y == 0.0),
                );
                run!(IntervalMonthDayNanoType, Float64Type, IntervalMonthDayNanoType, INTERVAL, |x, y: f64| {
                    whole(divided(x, y))
                })
            }
            _ => run!(IntervalMonthDayNanoType, Float64Type, IntervalMonthDayNanoType, INTERVAL, |x, y: f64| {
                whole(scaled(x, |v| v * y))
            }),
        }
    })
}

/// Timestamps plus or minus intervals; a constant interval without months is one addition a row.
fn shifted(args: &[Value], sign: i64, ty: SqlType, errors: &mut Errors) -> ArrayRef {
    let nulls = nulls(args);
    let (a, b) = (side::<TimestampMicrosecondType>(&args[0]), side::<IntervalMonthDayNanoType>(&args[1]));
    let fixed = match b {
        Side::One(by) if by.months == 0 => {
            let offset = by.days as i128 * DAY as i128 + (by.nanoseconds / 1000) as i128;
            i64::try_from(sign as i128 * offset).ok()
        }
        _ => None,
    };
    let values = match fixed {
        Some(offset) => checked(a, nulls.as_ref(), errors, TIMESTAMP, |x| {
            let sum = x.wrapping_add(offset);
            let overflow = (x ^ sum) & (offset ^ sum) < 0;
            (sum, overflow | (sum < *MICROS.start()) | (sum > *MICROS.end()))
        }),
        _ => checked2(a, b, nulls.as_ref(), errors, TIMESTAMP, |x, y| shift(x, y, sign)),
    };
    column::<TimestampMicrosecondType>(values, nulls, &ty.arrow())
}

/// The interval backwards.
pub fn negation() -> Kernel {
    let out = SqlType::Interval.arrow();
    strict(SqlType::Interval, move |args, _, errors| {
        let nulls = nulls(args);
        let values = checked(side::<IntervalMonthDayNanoType>(&args[0]), nulls.as_ref(), errors, INTERVAL, |v| {
            whole(negated(v))
        });
        column::<IntervalMonthDayNanoType>(values, nulls, &out)
    })
}
