//! Functions that write dates and times, and read them, by patterns.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_buffer::{IntervalMonthDayNano, NullBuffer};
use arrow_schema::DataType;

use crate::expr::Expr;
use crate::functions::calendar::{DAY, MICROS, SECOND};
use crate::functions::datetime::{RANGE, each, entry, in_range};
use crate::functions::kernel::{Texts, checked, column, constant_text, map, nulls, side, strict, texts};
use crate::functions::pattern::{Cut, Moment, Pattern};
use crate::functions::resolve::{as_is, count, exactly, is_unknown, names, signature};
use crate::functions::{Arg, Function, Kernel, Signature, calendar, numeric_format, text};
use crate::scalar::Scalar;
use crate::types::{SqlType, TEXT};
use crate::value::{Errors, EvalError, Value};

/// The functions that write and read dates and times.
pub const FUNCTIONS: &[Function] = &[
    entry(
        "to_timestamp",
        "to_timestamp(number) → timestamptz, to_timestamp(text, pattern) → timestamptz, to_timestamp(text) → timestamp",
        "The time so many seconds after 1970; or read from a text: by PostgreSQL's pattern, by Java's (one with `yyyy`, as Flink's, which gives a TIMESTAMP), or as written `2013-01-05 10:20:30`.",
        &[
            ("to_timestamp(1357387200.5)", "2013-01-05 12:00:00.5+00"),
            ("to_timestamp('05 Dec 2000', 'DD Mon YYYY')", "2000-12-05 00:00:00+00"),
            ("to_timestamp('2013-01-05 10:20:30')", "2013-01-05 10:20:30"),
            ("to_timestamp('05.12.2000', 'dd.MM.yyyy')", "2000-12-05 00:00:00"),
        ],
        |args| {
            count(args, 1, 2)?;
            if args.len() == 1 {
                return if args[0].ty.is_numeric() {
                    signature([SqlType::Double], SqlType::TimestampTz)
                } else {
                    exactly(args, &[TEXT], SqlType::Timestamp)
                };
            }
            let java = matches!(args[1].literal, Some(Scalar::Text(p)) if Pattern::looks_java(p));
            exactly(args, &[TEXT, TEXT], if java { SqlType::Timestamp } else { SqlType::TimestampTz })
        },
        to_timestamp,
    ),
    entry(
        "to_date",
        "to_date(text, pattern) → date, to_date(text) → date",
        "A date read from a text by PostgreSQL's pattern or Java's (one with `yyyy`).",
        &[("to_date('05 Dec 2000', 'DD Mon YYYY')", "2000-12-05"), ("to_date('2000-12-05')", "2000-12-05")],
        |args| {
            count(args, 1, 2)?;
            exactly(args, &[TEXT, TEXT][..args.len()], SqlType::Date)
        },
        |args, ty| {
            let out = ty.arrow();
            if args.len() == 1 {
                return read_plain(ty);
            }
            let patterns = patterns(&args[1], None);
            strict(ty, move |args, rows, errors| {
                let nulls = nulls(args);
                let micros = read_all(&args[0], &args[1], &patterns, rows, nulls.as_ref(), errors);
                column::<Date32Type>(micros.into_iter().map(|m| m.div_euclid(DAY) as i32).collect(), nulls, &out)
            })
        },
    ),
    entry(
        "to_char",
        "to_char(timestamp|date|interval, pattern) → text, to_char(number, pattern) → text",
        "A time written by PostgreSQL's pattern (YYYY MM DD HH24 MI SS MS US Mon Day …), or a number (9 0 . , D G S MI SG PR L RN EEEE FM).",
        &[
            ("to_char(TIMESTAMP '2013-01-05 14:03:09', 'YYYY-MM-DD HH24:MI:SS')", "2013-01-05 14:03:09"),
            ("to_char(DATE '2013-01-05', 'FMDay, DDth FMMonth')", "Saturday, 05th January"),
            ("to_char(1234567.891, 'FM9,999,999.00')", "1,234,567.89"),
            ("to_char(-5, '000')", "-005"),
            ("to_char(12345, '9.99EEEE')", " 1.23e+04"),
            ("to_char(485, 'FMRN')", "CDLXXXV"),
        ],
        |args| {
            count(args, 2, 2)?;
            let ty = match args[0].ty {
                SqlType::Date => SqlType::Timestamp,
                SqlType::SmallInt => SqlType::Int,
                SqlType::Real => SqlType::Double,
                _ if is_unknown(&args[0]) => SqlType::TimestampTz,
                SqlType::Timestamp | SqlType::TimestampTz | SqlType::Interval | SqlType::Time => args[0].ty,
                ty if ty.is_numeric() => ty,
                _ => return Err(format!("takes a timestamp or number and a pattern, got {}", names(args))),
            };
            signature([ty, as_is(&args[1], TEXT)], TEXT)
        },
        |args, ty| {
            if args[0].ty().is_numeric() {
                return numeric_format::to_char(args, ty);
            }
            let patterns = patterns(&args[1], Some(false));
            write_kernel(ty, patterns)
        },
    ),
    entry(
        "date_format",
        "date_format(timestamp|text, pattern) → text",
        "A time written by Java's pattern, as in Flink: `yyyy-MM-dd HH:mm:ss`. Unknown letters: error 22023.",
        &[
            ("date_format(TIMESTAMP '2013-01-05 14:03:09', 'yyyy-MM-dd HH:mm')", "2013-01-05 14:03"),
            ("date_format('2013-01-05 14:03:09', 'yyyyMMdd')", "20130105"),
        ],
        |args| {
            count(args, 2, 2)?;
            let ty = match args[0].ty {
                SqlType::Timestamp | SqlType::TimestampTz => args[0].ty,
                SqlType::Date => SqlType::Timestamp,
                ty if ty.is_text() || is_unknown(&args[0]) => SqlType::Timestamp,
                _ => return Err(format!("takes a timestamp and a pattern, got {}", names(args))),
            };
            signature([ty, as_is(&args[1], TEXT)], TEXT)
        },
        |args, ty| write_kernel(ty, patterns(&args[1], Some(true))),
    ),
    entry(
        "to_char_key",
        "to_char_key(timestamp, pattern) → date, timestamp",
        "What `to_char` writes alike, as one time: the date, or the time of day on 1970-01-01, or both, cut to the finest field of a constant pattern that has four digits of year, month and day, or the fields from HH24 on, or both. Groups by `to_char` form by it.",
        &[
            ("to_char_key(TIMESTAMP '2013-01-05 14:03:09', 'YYYY-MM-DD')", "2013-01-05"),
            ("to_char_key(TIMESTAMP '2013-01-05 14:03:09', 'HH24:MI')", "1970-01-01 14:03:00"),
        ],
        |args| key_signature(args, false),
        |args, ty| key_kernel(args, ty, false),
    ),
    entry(
        "date_format_key",
        "date_format_key(timestamp, pattern) → date, timestamp",
        "What `date_format` writes alike, as one time: the date, or the time of day on 1970-01-01, or both, cut to the finest field of a constant pattern that has `yyyy`, `MM` and `dd`, or the fields from `HH` on, or both. Groups by `date_format` form by it.",
        &[
            ("date_format_key(TIMESTAMP '2013-01-05 14:03:09', 'yyyy-MM-dd')", "2013-01-05"),
            ("date_format_key(TIMESTAMP '2013-01-05 14:03:09', 'yyyyMMddHH')", "2013-01-05 14:00:00"),
        ],
        |args| key_signature(args, true),
        |args, ty| key_kernel(args, ty, true),
    ),
    entry(
        "from_unixtime",
        "from_unixtime(bigint [, pattern]) → text",
        "The time so many seconds after 1970, written `yyyy-MM-dd HH:mm:ss` or by Java's pattern.",
        &[("from_unixtime(1357387200)", "2013-01-05 12:00:00")],
        |args| {
            count(args, 1, 2)?;
            exactly(args, &[SqlType::BigInt, TEXT][..args.len()], TEXT)
        },
        |args, ty| {
            let standard = || Compiled { constant: Some(Pattern::java("yyyy-MM-dd HH:mm:ss")), java: Some(true) };
            let patterns = args.get(1).map_or_else(standard, |p| patterns(p, Some(true)));
            strict(ty, move |args, rows, errors| {
                let nulls = nulls(args);
                let seconds = side::<Int64Type>(&args[0]);
                let micros = checked(seconds, nulls.as_ref(), errors, RANGE, |s| in_range(s as i128 * SECOND as i128));
                let moments: Vec<Moment> = micros.into_iter().map(Moment::of).collect();
                write_all(&moments, args.get(1), &patterns, rows, nulls, errors)
            })
        },
    ),
    entry(
        "unix_timestamp",
        "unix_timestamp(text [, pattern]) → bigint",
        "Seconds after 1970 of a time read from a text, `yyyy-MM-dd HH:mm:ss` or by Java's pattern.",
        &[("unix_timestamp('2013-01-05 12:00:00')", "1357387200")],
        |args| {
            count(args, 1, 2)?;
            exactly(args, &[TEXT, TEXT][..args.len()], SqlType::BigInt)
        },
        |args, ty| {
            let patterns = args.get(1).map(|p| patterns(p, Some(true)));
            let out = ty.arrow();
            strict(ty, move |args, rows, errors| {
                let nulls = nulls(args);
                let micros = match (args.get(1), &patterns) {
                    (Some(pattern), Some(patterns)) => {
                        read_all(&args[0], pattern, patterns, rows, nulls.as_ref(), errors)
                    }
                    _ => {
                        let t = texts(&args[0]);
                        each(rows, nulls.as_ref(), errors, |row| calendar::read_timestamp(t.get(row), false))
                    }
                };
                column::<Int64Type>(micros.into_iter().map(|m| m.div_euclid(SECOND)).collect(), nulls, &out)
            })
        },
    ),
];

fn to_timestamp(args: &[Expr], ty: SqlType) -> Kernel {
    let out = ty.arrow();
    if args.len() == 2 {
        let patterns = patterns(&args[1], None);
        return strict(ty, move |args, rows, errors| {
            let nulls = nulls(args);
            let micros = read_all(&args[0], &args[1], &patterns, rows, nulls.as_ref(), errors);
            column::<TimestampMicrosecondType>(micros, nulls, &out)
        });
    }
    if args[0].ty() == SqlType::Double {
        return strict(ty, move |args, _, errors| {
            let nulls = nulls(args);
            let values = checked(side::<Float64Type>(&args[0]), nulls.as_ref(), errors, RANGE, |seconds| {
                let micros = (seconds * 1e6).round_ties_even();
                let fits = micros >= *MICROS.start() as f64 && micros <= *MICROS.end() as f64;
                (if fits { micros as i64 } else { 0 }, !fits)
            });
            column::<TimestampMicrosecondType>(values, nulls, &out)
        });
    }
    read_plain(ty)
}

/// Reads texts as they are written without a pattern.
fn read_plain(ty: SqlType) -> Kernel {
    strict(ty, move |args, _, errors| text::column_from_text(args[0].array.as_string(), ty, errors))
}

/// A pattern: compiled if it is constant, else what kind each row's is (Java's; None: as it looks).
struct Compiled {
    constant: Option<Result<Pattern, EvalError>>,
    java: Option<bool>,
}

impl Compiled {
    /// The pattern of a row.
    fn get(&self, by_row: Option<Texts>, row: usize) -> Result<Cow<'_, Pattern>, EvalError> {
        match (&self.constant, by_row) {
            (Some(pattern), _) => pattern.as_ref().map(Cow::Borrowed).map_err(EvalError::clone),
            (None, Some(texts)) => compile(texts.get(row), self.java).map(Cow::Owned),
            (None, None) => panic!("a pattern is constant or a column"),
        }
    }
}

fn compile(pattern: &str, java: Option<bool>) -> Result<Pattern, EvalError> {
    if java.unwrap_or_else(|| Pattern::looks_java(pattern)) {
        Pattern::java(pattern)
    } else {
        Ok(Pattern::postgres(pattern))
    }
}

/// Compiles a constant pattern.
fn patterns(arg: &Expr, java: Option<bool>) -> Compiled {
    Compiled { constant: constant_text(arg).map(|pattern| compile(pattern, java)), java }
}

fn read_all(
    values: &Value,
    patterns: &Value,
    compiled: &Compiled,
    rows: usize,
    nulls: Option<&NullBuffer>,
    errors: &mut Errors,
) -> Vec<i64> {
    let t = texts(values);
    each(rows, nulls, errors, |row| compiled.get(Some(texts(patterns)), row)?.read(t.get(row)))
}

fn write_kernel(ty: SqlType, compiled: Compiled) -> Kernel {
    strict(ty, move |args, rows, errors| {
        let nulls = nulls(args);
        let moments: Vec<Moment> = match args[0].array.data_type() {
            DataType::Interval(_) => {
                map(side::<IntervalMonthDayNanoType>(&args[0]), |v: IntervalMonthDayNano| Moment::of_interval(v.into()))
            }
            DataType::Time64(_) => map(side::<Time64MicrosecondType>(&args[0]), Moment::of),
            DataType::Timestamp(_, Some(_)) => map(side::<TimestampMicrosecondType>(&args[0]), Moment::of_instant),
            _ => map(side::<TimestampMicrosecondType>(&args[0]), Moment::of),
        };
        write_all(&moments, args.get(1), &compiled, rows, nulls, errors)
    })
}

/// What is left of a time by a constant pattern of `to_char`, or of `date_format` if `java`.
pub fn cut(pattern: &str, java: bool) -> Option<Cut> {
    compile(pattern, Some(java)).ok()?.cut()
}

fn key_signature(args: &[Arg], java: bool) -> Result<Signature, String> {
    count(args, 2, 2)?;
    let ty = if args[0].ty == SqlType::TimestampTz { SqlType::TimestampTz } else { SqlType::Timestamp };
    let cut = match args[1].literal {
        Some(Scalar::Text(pattern)) => cut(pattern, java),
        _ => None,
    };
    let cut = cut.ok_or("takes a constant pattern of a date, of a time of day from the hour on, or of both")?;
    exactly(args, &[ty, TEXT], if cut.is_date() { SqlType::Date } else { SqlType::Timestamp })
}

fn key_kernel(args: &[Expr], ty: SqlType, java: bool) -> Kernel {
    let cut = constant_text(&args[1]).and_then(|pattern| cut(pattern, java));
    let cut = cut.unwrap_or_else(|| panic!("a call was resolved whose pattern is none"));
    let out = ty.arrow();
    strict(ty, move |args, _, _| {
        let (times, nulls) = (side::<TimestampMicrosecondType>(&args[0]), nulls(args));
        if cut.is_date() {
            column::<Date32Type>(map(times, |micros| cut.day(micros)), nulls, &out)
        } else {
            column::<TimestampMicrosecondType>(map(times, |micros| cut.of(micros)), nulls, &out)
        }
    })
}

fn write_all(
    moments: &[Moment],
    pattern: Option<&Value>,
    compiled: &Compiled,
    rows: usize,
    nulls: Option<NullBuffer>,
    errors: &mut Errors,
) -> ArrayRef {
    let by_row = pattern.map(texts);
    let mut failed = Errors::none();
    // The moment written last, and where: often the next is the same.
    let mut last: Option<(&Moment, Range<usize>)> = None;
    let array = text::build_checked(rows, nulls, errors, |out, row| match compiled.get(by_row, row) {
        Ok(pattern) => {
            let moment = &moments[if moments.len() == 1 { 0 } else { row }];
            match &last {
                Some((before, text)) if *before == moment && text.end <= out.len() => {
                    out.extend_from_within(text.clone());
                }
                _ => {
                    let start = out.len();
                    pattern.write(out, moment);
                    last = compiled.constant.is_some().then_some((moment, start..out.len()));
                }
            }
        }
        Err(error) => failed.set(row, error.code, error.message),
    });
    errors.merge(&failed);
    Arc::new(array)
}
