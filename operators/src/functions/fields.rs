//! Parts of dates and times: EXTRACT, date_part, date_trunc, and the functions YEAR, MONTH … of Flink.

use arrow_array::ArrayRef;
use arrow_array::types::*;
use arrow_buffer::IntervalMonthDayNano;

use crate::expr::Expr;
use crate::functions::calendar::{DAY, HOUR, MINUTE, SECOND, civil, days};
use crate::functions::cast::double_of;
use crate::functions::interval::Interval;
use crate::functions::kernel::{checked, column, constant_text, map, nulls, side, strict, texts};
use crate::functions::numbers::{POW10, name};
use crate::functions::resolve::{any_nullable, as_is, count, is_unknown, names, signature};
use crate::functions::{Arg, Function, Kernel, Signature, Syntax};
use crate::scalar::Scalar;
use crate::types::{SqlType, TEXT};
use crate::value::{EvalError, Value};

const FAMILY: &str = "datetime";

/// The functions of parts of dates and times.
pub const FUNCTIONS: &[Function] = &[
    Function {
        name: "extract",
        aliases: &[],
        syntax: Syntax::Call,
        family: FAMILY,
        usage: "EXTRACT(field FROM date|time|timestamp|interval) → decimal",
        doc: "One part: century, day, decade, dow (0 is Sunday), doy, epoch (seconds since 1970, or of an interval), hour, isodow, isoyear, julian, microseconds, millennium, milliseconds, minute, month, quarter, second, week, year. A field the type does not have is refused.",
        examples: &[
            ("EXTRACT(YEAR FROM DATE '2013-01-05')", "2013"),
            ("EXTRACT(SECOND FROM TIMESTAMP '2013-01-05 10:20:30.5')", "30.500000"),
            ("EXTRACT(EPOCH FROM INTERVAL '1 day 1 second')", "86401.000000"),
            ("EXTRACT(DOW FROM DATE '2013-01-06')", "0"),
        ],
        resolve: |args| {
            count(args, 2, 2)?;
            let Some(Scalar::Text(field)) = args[0].literal else {
                return Err("takes the name of a field, as a constant".into());
            };
            let ty = subject(&args[1])?;
            let scale = field_named(field, ty).map_err(|e| e.message)?.scale(ty);
            let result = if scale > 0 { SqlType::Decimal(20, scale) } else { SqlType::Decimal(16, 0) };
            signature([as_is(&args[0], TEXT), ty], result)
        },
        nullable: any_nullable,
        prepare: |args, ty| extraction(args, ty),
    },
    Function {
        name: "date_part",
        aliases: &[],
        syntax: Syntax::Call,
        family: FAMILY,
        usage: "date_part(field, date|time|timestamp|interval) → double precision",
        doc: "As EXTRACT; the field is a text that may differ by row. An unknown field: error 22023, one the type does not have: 0A000.",
        examples: &[
            ("date_part('second', TIMESTAMP '2013-01-05 10:20:30.5')", "30.5"),
            ("date_part('week', DATE '2012-12-31')", "1"),
        ],
        resolve: |args| {
            count(args, 2, 2)?;
            // Only EXTRACT looks at a date as such.
            let ty = match subject(&args[1])? {
                SqlType::Date => SqlType::Timestamp,
                other => other,
            };
            signature([as_is(&args[0], TEXT), ty], SqlType::Double)
        },
        nullable: any_nullable,
        prepare: |args, ty| extraction(args, ty),
    },
    Function {
        name: "date_trunc",
        aliases: &[],
        syntax: Syntax::Call,
        family: FAMILY,
        usage: "date_trunc(unit, timestamp|interval) → the same type, date_trunc(unit, date) → timestamptz",
        doc: "The start of the microsecond, millisecond, second, minute, hour, day, week (Monday), month, quarter, year, decade, century or millennium it lies in.",
        examples: &[
            ("date_trunc('hour', TIMESTAMP '2013-01-05 10:20:30')", "2013-01-05 10:00:00"),
            ("date_trunc('week', TIMESTAMP '2013-01-05 10:20:30')", "2012-12-31 00:00:00"),
            ("date_trunc('hour', INTERVAL '3 days 02:47:33')", "3 days 02:00:00"),
        ],
        resolve: |args| {
            count(args, 2, 2)?;
            let ty = match subject(&args[1])? {
                SqlType::Date => SqlType::TimestampTz,
                SqlType::Time => SqlType::Interval,
                other => other,
            };
            if let Some(Scalar::Text(unit)) = args[0].literal {
                truncation(unit, ty).map_err(|e| e.message)?;
            }
            signature([as_is(&args[0], TEXT), ty], ty)
        },
        nullable: any_nullable,
        prepare: truncate,
    },
    part("year", "year(x) → bigint", &[("year(DATE '2013-02-05')", "2013")], date, |args, ty| {
        named("year", args, ty)
    }),
    part("quarter", "quarter(x) → bigint", &[("quarter(DATE '2013-05-05')", "2")], date, |args, ty| {
        named("quarter", args, ty)
    }),
    part("month", "month(x) → bigint", &[("month(DATE '2013-02-05')", "2")], date, |args, ty| {
        named("month", args, ty)
    }),
    part("week", "week(x) → bigint", &[("week(DATE '2012-12-31')", "1")], date, |args, ty| named("week", args, ty)),
    part("dayofyear", "dayofyear(x) → bigint", &[("dayofyear(DATE '2013-02-05')", "36")], date, |args, ty| {
        named("doy", args, ty)
    }),
    part("dayofmonth", "dayofmonth(x) → bigint", &[("dayofmonth(DATE '2013-02-05')", "5")], date, |args, ty| {
        named("day", args, ty)
    }),
    part("dayofweek", "dayofweek(x) → bigint", &[("dayofweek(DATE '2013-01-06')", "1")], date, |args, ty| {
        named("dayofweek", args, ty)
    }),
    part("hour", "hour(x) → bigint", &[("hour(TIMESTAMP '2013-02-05 10:20:30')", "10")], clock, |args, ty| {
        named("hour", args, ty)
    }),
    part("minute", "minute(x) → bigint", &[("minute(TIMESTAMP '2013-02-05 10:20:30')", "20")], clock, |args, ty| {
        named("minute", args, ty)
    }),
    part("second", "second(x) → bigint", &[("second(TIMESTAMP '2013-02-05 10:20:30')", "30")], clock, |args, ty| {
        named("wholesecond", args, ty)
    }),
];

const fn part(
    name: &'static str,
    usage: &'static str,
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
        doc: "One part of a date or timestamp, as Flink has it; days of the week count from 1, Sunday.",
        examples,
        resolve,
        nullable: any_nullable,
        prepare,
    }
}

/// One date or timestamp.
fn date(args: &[Arg]) -> Result<Signature, String> {
    match clock(args)? {
        Signature { params, .. } if params == [SqlType::Time] => {
            Err(format!("takes a date or timestamp, got {}", names(args)))
        }
        signature => Ok(signature),
    }
}

/// One date, timestamp or time of day.
fn clock(args: &[Arg]) -> Result<Signature, String> {
    count(args, 1, 1)?;
    let ty = match subject(&args[0])? {
        SqlType::Interval => return Err(format!("takes a date or timestamp, got {}", names(args))),
        SqlType::Date => SqlType::Timestamp,
        other => other,
    };
    signature([ty], SqlType::BigInt)
}

/// The type of the value whose parts are asked for.
fn subject(arg: &Arg) -> Result<SqlType, String> {
    match arg.ty {
        SqlType::Date | SqlType::Time | SqlType::Timestamp | SqlType::TimestampTz | SqlType::Interval => Ok(arg.ty),
        _ if is_unknown(arg) => Ok(SqlType::TimestampTz),
        other => Err(format!("takes a date, time, timestamp or interval, got {}", name(other))),
    }
}

/// A part of a date or time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Century,
    Day,
    Decade,
    /// From 0, Sunday.
    Dow,
    /// From 1, Sunday.
    DayOfWeek,
    Doy,
    Epoch,
    Hour,
    /// From 1, Monday.
    IsoDow,
    IsoYear,
    Julian,
    Microseconds,
    Millennium,
    Milliseconds,
    Minute,
    Month,
    Quarter,
    Second,
    WholeSecond,
    Timezone,
    Week,
    Year,
}

fn sql_name(ty: SqlType) -> &'static str {
    match ty {
        SqlType::Timestamp => "timestamp without time zone",
        SqlType::Time => "time without time zone",
        other => name(other),
    }
}

fn unsupported(unit: &str, ty: SqlType) -> EvalError {
    EvalError { code: "0A000", message: format!("unit \"{unit}\" not supported for type {}", sql_name(ty)) }
}

fn unrecognized(unit: &str, ty: SqlType) -> EvalError {
    EvalError { code: "22023", message: format!("unit \"{unit}\" not recognized for type {}", sql_name(ty)) }
}

fn field_named(text: &str, ty: SqlType) -> Result<Field, EvalError> {
    use Field::*;
    let lower = text.to_ascii_lowercase();
    let field = match lower.as_str() {
        "c" | "cent" | "century" | "centuries" => Century,
        "d" | "day" | "days" => Day,
        "dec" | "decs" | "decade" | "decades" => Decade,
        "dow" => Dow,
        "dayofweek" => DayOfWeek,
        "doy" => Doy,
        "epoch" => Epoch,
        "h" | "hr" | "hrs" | "hour" | "hours" => Hour,
        "isodow" => IsoDow,
        "isoyear" => IsoYear,
        "julian" => Julian,
        "us" | "usec" | "usecs" | "microsecond" | "microseconds" => Microseconds,
        "mil" | "mils" | "millennium" | "millennia" => Millennium,
        "ms" | "msec" | "msecs" | "millisecond" | "milliseconds" => Milliseconds,
        "m" | "min" | "mins" | "minute" | "minutes" => Minute,
        "mon" | "mons" | "month" | "months" => Month,
        "qtr" | "quarter" => Quarter,
        "s" | "sec" | "secs" | "second" | "seconds" => Second,
        "wholesecond" => WholeSecond,
        "timezone" | "timezone_hour" | "timezone_minute" => Timezone,
        "w" | "week" | "weeks" => Week,
        "y" | "yr" | "yrs" | "year" | "years" => Year,
        _ => return Err(unrecognized(text, ty)),
    };
    let of_time = matches!(field, Hour | Minute | Second | WholeSecond | Milliseconds | Microseconds);
    let fits = match ty {
        SqlType::Date => !of_time && field != Timezone,
        SqlType::Time => of_time || field == Epoch,
        SqlType::Interval => {
            of_time || matches!(field, Millennium | Century | Decade | Year | Quarter | Month | Day | Epoch)
        }
        SqlType::Timestamp => field != Timezone,
        _ => true,
    };
    if fits { Ok(field) } else { Err(unsupported(text, ty)) }
}

impl Field {
    /// Places behind the point.
    fn scale(self, ty: SqlType) -> u8 {
        match self {
            Field::Second => 6,
            Field::Epoch if ty != SqlType::Date => 6,
            Field::Milliseconds => 3,
            Field::Julian if ty != SqlType::Date => 9,
            _ => 0,
        }
    }

    /// The part of a timestamp, without the point.
    #[inline(always)]
    fn of_timestamp(self, micros: i64) -> i64 {
        match self {
            Field::Epoch => micros,
            Field::Hour => micros.rem_euclid(DAY) / HOUR,
            Field::Minute => micros.rem_euclid(HOUR) / MINUTE,
            Field::Second | Field::Milliseconds | Field::Microseconds => micros.rem_euclid(MINUTE),
            Field::WholeSecond => micros.rem_euclid(MINUTE) / SECOND,
            Field::Julian => {
                let (day, time) = (micros.div_euclid(DAY), micros.rem_euclid(DAY));
                (day + 2_440_588) * 1_000_000_000 + (time as i128 * 1_000_000_000 / DAY as i128) as i64
            }
            _ => self.of_day(micros.div_euclid(DAY)),
        }
    }

    /// The part of a date.
    #[inline(always)]
    fn of_day(self, day: i64) -> i64 {
        let weekday = (day + 4).rem_euclid(7);
        match self {
            Field::Dow => return weekday,
            Field::DayOfWeek => return weekday + 1,
            Field::IsoDow => return (weekday + 6) % 7 + 1,
            Field::Epoch => return day * 86_400,
            Field::Julian => return day + 2_440_588,
            _ => {}
        }
        let (year, month, of_month) = civil(day);
        // Years before 1 AD are counted from −1 down; parts of them as PostgreSQL rounds them.
        let shown = if year > 0 { year } else { year - 1 };
        let age = |span: i64| if shown > 0 { (shown + span - 1) / span } else { -((span - 1 - shown) / span) };
        match self {
            Field::Year => shown,
            Field::Month => month as i64,
            Field::Day => of_month as i64,
            Field::Quarter => (month as i64 - 1) / 3 + 1,
            Field::Doy => day - days(year, 1, 1) + 1,
            Field::Decade => year.div_euclid(10),
            Field::Century => age(100),
            Field::Millennium => age(1000),
            Field::Week => iso_week(day).1,
            Field::IsoYear => {
                let year = iso_week(day).0;
                if year > 0 { year } else { year - 1 }
            }
            _ => 0,
        }
    }

    /// The part of an interval, without the point.
    fn of_interval(self, v: Interval) -> i64 {
        let (years, months) = ((v.months / 12) as i64, (v.months % 12) as i64);
        match self {
            Field::Millennium => years / 1000,
            Field::Century => years / 100,
            Field::Decade => years / 10,
            Field::Year => years,
            Field::Quarter => months / 3 + 1,
            Field::Month => months,
            Field::Day => v.days as i64,
            Field::Hour => v.micros / HOUR,
            Field::Minute => v.micros % HOUR / MINUTE,
            Field::Second | Field::Milliseconds | Field::Microseconds => v.micros % MINUTE,
            Field::WholeSecond => v.micros % MINUTE / SECOND,
            // A year has 365.25 days here, a month 30.
            Field::Epoch => {
                let days = v.months as i64 / 12 * 365 + v.months as i64 % 12 * 30 + v.days as i64;
                (days * DAY + v.months as i64 / 12 * (DAY / 4)).wrapping_add(v.micros)
            }
            _ => 0,
        }
    }
}

/// ISO year and week of a day: the week of the year's first Thursday is 1.
pub fn iso_week(day: i64) -> (i64, i64) {
    let thursday = day - (day + 3).rem_euclid(7) + 3;
    let (year, ..) = civil(thursday);
    (year, (thursday - days(year, 1, 1)) / 7 + 1)
}

/// EXTRACT and date_part: the field, then the subject.
fn extraction(args: &[Expr], ty: SqlType) -> Kernel {
    let of = args[1].ty();
    match constant_text(&args[0]).map(|text| field_named(text, of)) {
        Some(Ok(field)) => {
            let one = one_field(field, of, ty);
            Box::new(move |args, rows| one(&args[1..], rows))
        }
        _ => strict(ty, move |args, rows, errors| {
            let (fields, nulls) = (texts(&args[0]), nulls(args));
            let values: Vec<f64> = (0..rows)
                .map(|row| {
                    if nulls.as_ref().is_some_and(|n| n.is_null(row)) {
                        return 0.0;
                    }
                    match field_named(fields.get(row), of) {
                        Ok(field) => double_of(raw(field, of, &args[1], row) as i128, field.scale(of)),
                        Err(error) => {
                            errors.set(row, error.code, error.message);
                            0.0
                        }
                    }
                })
                .collect();
            column::<Float64Type>(values, nulls, &ty.arrow())
        }),
    }
}

/// A field of one row.
fn raw(field: Field, of: SqlType, subject: &Value, row: usize) -> i64 {
    use crate::functions::kernel::at;
    match of {
        SqlType::Date => field.of_day(at(side::<Date32Type>(subject), row) as i64),
        SqlType::Time => field.of_timestamp(at(side::<Time64MicrosecondType>(subject), row)),
        SqlType::Interval => field.of_interval(at(side::<IntervalMonthDayNanoType>(subject), row).into()),
        _ => field.of_timestamp(at(side::<TimestampMicrosecondType>(subject), row)),
    }
}

/// A function of one constant field.
fn named(field: &str, args: &[Expr], ty: SqlType) -> Kernel {
    let of = args[0].ty();
    let field = field_named(field, of).unwrap_or_else(|e| panic!("a field of {of}: {}", e.message));
    one_field(field, of, ty)
}

fn one_field(field: Field, of: SqlType, ty: SqlType) -> Kernel {
    let out = ty.arrow();
    let scale = field.scale(of);
    strict(ty, move |args, _, _| {
        let nulls = nulls(args);
        let subject = &args[0];
        let raw: Vec<i64> = match of {
            SqlType::Date => map(side::<Date32Type>(subject), |v| field.of_day(v as i64)),
            SqlType::Time => map(side::<Time64MicrosecondType>(subject), |v| field.of_timestamp(v)),
            SqlType::Interval => {
                map(side::<IntervalMonthDayNanoType>(subject), |v: IntervalMonthDayNano| field.of_interval(v.into()))
            }
            _ => map(side::<TimestampMicrosecondType>(subject), |v| field.of_timestamp(v)),
        };
        match ty {
            SqlType::BigInt => column::<Int64Type>(raw, nulls, &out),
            SqlType::Double => {
                let one = POW10[scale as usize] as f64;
                column::<Float64Type>(raw.into_iter().map(|v| v as f64 / one).collect(), nulls, &out)
            }
            _ => column::<Decimal128Type>(raw.into_iter().map(i128::from).collect(), nulls, &out),
        }
    })
}

/// How a value is cut down to a unit.
#[derive(Clone, Copy)]
enum Cut {
    /// To a multiple of this many microseconds.
    Micros(i64),
    Week,
    /// To a multiple of this many months; years count from 1 where they are many.
    Months(i64),
}

fn truncation(unit: &str, ty: SqlType) -> Result<Cut, EvalError> {
    Ok(match field_named(unit, SqlType::TimestampTz).map_err(|_| unrecognized(unit, ty))? {
        Field::Microseconds => Cut::Micros(1),
        Field::Milliseconds => Cut::Micros(1000),
        Field::Second => Cut::Micros(SECOND),
        Field::Minute => Cut::Micros(MINUTE),
        Field::Hour => Cut::Micros(HOUR),
        Field::Day => Cut::Micros(DAY),
        Field::Week if ty != SqlType::Interval => Cut::Week,
        Field::Month => Cut::Months(1),
        Field::Quarter => Cut::Months(3),
        Field::Year => Cut::Months(12),
        Field::Decade => Cut::Months(120),
        Field::Century => Cut::Months(1200),
        Field::Millennium => Cut::Months(12_000),
        _ => return Err(unsupported(unit, ty)),
    })
}

impl Cut {
    #[inline(always)]
    fn timestamp(self, micros: i64) -> i64 {
        match self {
            Cut::Micros(unit) => micros - micros.rem_euclid(unit),
            Cut::Week => {
                let day = micros.div_euclid(DAY);
                (day - (day + 3).rem_euclid(7)) * DAY
            }
            Cut::Months(span) => {
                let (year, month, _) = civil(micros.div_euclid(DAY));
                // The first century begins with year 1.
                let shift = if span >= 1200 { 12 } else { 0 };
                let index = year * 12 + month as i64 - 1 - shift;
                let start = index - index.rem_euclid(span) + shift;
                days(start.div_euclid(12), start.rem_euclid(12) as u32 + 1, 1) * DAY
            }
        }
    }

    fn interval(self, v: Interval) -> Interval {
        match self {
            Cut::Micros(DAY) | Cut::Week => Interval { micros: 0, ..v },
            Cut::Micros(unit) => Interval { micros: v.micros - v.micros % unit, ..v },
            Cut::Months(span) => Interval { months: v.months - v.months % span as i32, days: 0, micros: 0 },
        }
    }
}

fn truncate(args: &[Expr], ty: SqlType) -> Kernel {
    let out = ty.arrow();
    let run = move |cut: Cut, subject: &Value, nulls, errors: &mut crate::value::Errors| -> ArrayRef {
        if ty == SqlType::Interval {
            let values = checked(
                side::<IntervalMonthDayNanoType>(subject),
                None,
                errors,
                ("22008", "interval out of range"),
                |v| match cut.interval(Interval::from(v)).store() {
                    Ok(v) => (v, false),
                    Err(_) => (v, true),
                },
            );
            return column::<IntervalMonthDayNanoType>(values, nulls, &out);
        }
        let values = match cut {
            // A loop of its own for each: the unit is a constant in the common ones.
            Cut::Micros(HOUR) => map(side::<TimestampMicrosecondType>(subject), |v| v - v.rem_euclid(HOUR)),
            Cut::Micros(MINUTE) => map(side::<TimestampMicrosecondType>(subject), |v| v - v.rem_euclid(MINUTE)),
            Cut::Micros(DAY) => map(side::<TimestampMicrosecondType>(subject), |v| v - v.rem_euclid(DAY)),
            _ => map(side::<TimestampMicrosecondType>(subject), |v| cut.timestamp(v)),
        };
        column::<TimestampMicrosecondType>(values, nulls, &out)
    };
    if let Some(Ok(cut)) = constant_text(&args[0]).map(|unit| truncation(unit, ty)) {
        return strict(ty, move |args, _, errors| run(cut, &args[1], nulls(&args[1..]), errors));
    }
    strict(ty, move |args, rows, errors| {
        use crate::functions::kernel::at;
        let (units, nulls) = (texts(&args[0]), nulls(args));
        let mut cut = |row: usize| {
            if nulls.as_ref().is_some_and(|n| n.is_null(row)) {
                return None;
            }
            truncation(units.get(row), ty).map_err(|error| errors.set(row, error.code, error.message)).ok()
        };
        if ty == SqlType::Interval {
            let v = |row| at(side::<IntervalMonthDayNanoType>(&args[1]), row);
            let one = |row| cut(row).and_then(|c| c.interval(v(row).into()).store().ok()).unwrap_or_default();
            return column::<IntervalMonthDayNanoType>((0..rows).map(one).collect(), nulls.clone(), &ty.arrow());
        }
        let v = |row| at(side::<TimestampMicrosecondType>(&args[1]), row);
        let values = (0..rows).map(|row| cut(row).map_or(0, |c| c.timestamp(v(row)))).collect();
        column::<TimestampMicrosecondType>(values, nulls.clone(), &ty.arrow())
    })
}
