//! CAST: values of one type as another.
//!
//! Numbers that do not fit are errors 22003, texts that are none 22P02 (22007, 22008 for dates and times). Decimals are
//! rounded half away from zero, floats to integers half to even. VARCHAR(n) and CHAR(n) cut; `assign`, which stores
//! a value in a column, does not: there a text too long is an error 22001.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::*;
use arrow_buffer::IntervalMonthDayNano;

use crate::arrays;
use crate::expr::Expr;
use crate::functions::calendar::{DAY, MICROS};
use crate::functions::kernel::{booleans, checked, column, map, nulls, side, strict};
use crate::functions::numbers::{self, POW10, name, read_decimal};
use crate::functions::resolve::any_nullable;
use crate::functions::{Function, Kernel, Syntax, decimal, text};
use crate::types::SqlType;
use crate::value::{Errors, Value};

const FAMILY: &str = "cast";

/// The casts.
pub const FUNCTIONS: &[Function] = &[
    Function {
        name: "cast",
        aliases: &[],
        syntax: Syntax::Special,
        family: FAMILY,
        usage: "CAST(x AS type), x::type, type 'literal'",
        doc: "`x` as a value of another type. Numbers out of range: error 22003; texts that are no such value: 22P02, 22007 or 22008.",
        examples: &[
            ("CAST('12' AS INT)", "12"),
            ("CAST(2.5 AS INT)", "3"),
            ("CAST(2.5::double precision AS INT)", "2"),
            ("CAST('x' AS INT)", "error 22P02"),
            ("CAST(70000 AS SMALLINT)", "error 22003"),
            ("CAST(1.005 AS DECIMAL(10,2))", "1.01"),
            ("true::text", "true"),
            ("DATE '2013-01-05'::timestamp", "2013-01-05 00:00:00"),
            ("CAST('abcdef' AS VARCHAR(3))", "abc"),
        ],
        resolve: |_| Err("is written CAST(x AS type)".into()),
        nullable: any_nullable,
        prepare: |args, ty| kernel(args[0].ty(), ty, true),
    },
    Function {
        name: "assign",
        aliases: &[],
        syntax: Syntax::Special,
        family: FAMILY,
        usage: "(none: what INSERT and UPDATE do)",
        doc: "A value as a column of a table stores it: a cast that cuts no text. Text too long: error 22001.",
        examples: &[],
        resolve: |_| Err("is not for queries".into()),
        nullable: any_nullable,
        prepare: |args, ty| kernel(args[0].ty(), ty, false),
    },
];

/// Whether there is an explicit cast from one type to the other.
pub fn exists(from: SqlType, to: SqlType) -> bool {
    use SqlType::*;
    match (from, to) {
        (Null | Text { .. }, _) | (_, Text { .. }) => true,
        (a, b) if a == b => true,
        (a, b) if a.is_numeric() && b.is_numeric() => true,
        (Boolean, Int) | (Int, Boolean) => true,
        (Date, Timestamp | TimestampTz) | (Timestamp | TimestampTz, Date | Time | Timestamp | TimestampTz) => true,
        (Time, Interval) | (Interval, Time) => true,
        _ => false,
    }
}

/// Whether a value of type `from` may be stored in a column of type `to` without an explicit cast.
pub fn assignable(from: SqlType, to: SqlType) -> bool {
    match (from, to) {
        (SqlType::Text { .. }, to) => to.is_text(),
        (SqlType::Boolean, SqlType::Int) | (SqlType::Int, SqlType::Boolean) => false,
        _ => exists(from, to),
    }
}

fn beyond(ty: SqlType) -> (&'static str, &'static str) {
    let message = match ty {
        SqlType::SmallInt => "smallint out of range",
        SqlType::Int => "integer out of range",
        SqlType::BigInt => "bigint out of range",
        SqlType::Decimal(..) => "numeric field overflow",
        _ => "value out of range: overflow",
    };
    ("22003", message)
}

/// The kernel of a cast; an explicit one cuts texts.
fn kernel(from: SqlType, to: SqlType, explicit: bool) -> Kernel {
    use SqlType::*;
    if same_column(from, to) {
        return Box::new(|args, _| args[0].clone());
    }
    match (from, to) {
        (Null, _) => strict(to, move |_, rows, _| arrays::nulls(&to.arrow(), rows)),
        (Text { .. }, Text { .. }) => {
            strict(to, move |args, _, errors| shorten(args[0].array.as_string(), to, explicit, errors))
        }
        (Text { .. }, _) => {
            strict(to, move |args, _, errors| text::column_from_text(args[0].array.as_string(), to, errors))
        }
        (_, Text { max: None, .. }) => {
            strict(to, move |args, _, _| Arc::new(text::column_to_text(&args[0].array, from)))
        }
        (_, Text { .. }) => strict(to, move |args, _, errors| {
            shorten(&text::column_to_text(&args[0].array, from), to, explicit, errors)
        }),
        (Boolean, _) => strict(to, |args, _, _| {
            let values = args[0].array.as_boolean();
            column::<Int32Type>(
                values.values().iter().map(i32::from).collect(),
                nulls(args),
                &arrow_schema::DataType::Int32,
            )
        }),
        (_, Boolean) => strict(to, |args, _, _| {
            let values = args[0].array.as_primitive::<Int32Type>().values();
            booleans(crate::functions::kernel::pack(values, |v| v != 0), nulls(args))
        }),
        (SmallInt, _) => from_integer::<Int16Type>(to),
        (Int, _) => from_integer::<Int32Type>(to),
        (BigInt, _) => from_integer::<Int64Type>(to),
        (Real, _) => from_float::<Float32Type>(to),
        (Double, _) => from_float::<Float64Type>(to),
        (Decimal(_, scale), _) => from_decimal(from, scale, to),
        _ => strict(to, move |args, _, errors| temporal(from, to, args, errors)),
    }
}

/// Whether all values of `from` are values of `to`, as they lie in memory.
fn same_column(from: SqlType, to: SqlType) -> bool {
    match (from, to) {
        (SqlType::Text { .. }, SqlType::Text { max: None, padded: false }) => true,
        (SqlType::Text { max: Some(a), padded: false }, SqlType::Text { max: Some(b), padded: false }) => a <= b,
        _ => from == to,
    }
}

fn shorten(texts: &StringArray, to: SqlType, explicit: bool, errors: &mut Errors) -> ArrayRef {
    Arc::new(text::build(texts.len(), texts.nulls().cloned(), |out, row| {
        let value = texts.value(row);
        match if explicit { Ok(text::cut(value, to)) } else { text::fit(value, to) } {
            Ok(value) => out.extend_from_slice(value.as_bytes()),
            Err(error) => errors.set(row, error.code, error.message),
        }
    }))
}

fn from_integer<T: ArrowPrimitiveType<Native: Into<i64>>>(to: SqlType) -> Kernel {
    use SqlType::*;
    let out = to.arrow();
    strict(to, move |args, _, errors| {
        let (a, nulls) = (side::<T>(&args[0]), nulls(args));
        let n = nulls.as_ref();
        let wide = |v: T::Native| -> i64 { v.into() };
        match to {
            SmallInt => {
                let values = checked(a, n, errors, beyond(to), |v| (wide(v) as i16, wide(v) as i16 as i64 != wide(v)));
                column::<Int16Type>(values, nulls, &out)
            }
            Int => {
                let values = checked(a, n, errors, beyond(to), |v| (wide(v) as i32, wide(v) as i32 as i64 != wide(v)));
                column::<Int32Type>(values, nulls, &out)
            }
            BigInt => column::<Int64Type>(map(a, wide), nulls, &out),
            Real => column::<Float32Type>(map(a, |v| wide(v) as f32), nulls, &out),
            Double => column::<Float64Type>(map(a, |v| wide(v) as f64), nulls, &out),
            Decimal(precision, scale) => {
                let up = POW10[scale as usize];
                let whole = precision - scale;
                // Without a check where the digits always suffice; every product of 64 and 64 bits fits.
                let digits = match T::DATA_TYPE {
                    arrow_schema::DataType::Int16 => 5,
                    arrow_schema::DataType::Int32 => 10,
                    _ => 19,
                };
                let values = if whole >= digits {
                    map(a, |v| wide(v) as i128 * up)
                } else {
                    let limit = POW10[whole as usize];
                    checked(a, n, errors, beyond(to), |v| {
                        let v = wide(v) as i128;
                        (v.wrapping_mul(up), v >= limit || v <= -limit)
                    })
                };
                column::<Decimal128Type>(values, nulls, &out)
            }
            other => panic!("no cast from a number to {other}"),
        }
    })
}

/// A float as a decimal: PostgreSQL takes `digits` significant ones.
fn decimal_of(value: f64, digits: usize, precision: u8, scale: u8) -> (i128, bool) {
    if !value.is_finite() {
        return (0, true);
    }
    let text = format!("{value:.*e}", digits - 1);
    read_decimal(&text, precision, scale).map_or((0, true), |v| (v, false))
}

fn from_float<T: ArrowPrimitiveType<Native: Into<f64>>>(to: SqlType) -> Kernel {
    use SqlType::*;
    let out = to.arrow();
    let significant = if T::DATA_TYPE == arrow_schema::DataType::Float32 { 6 } else { 15 };
    strict(to, move |args, _, errors| {
        let (a, nulls) = (side::<T>(&args[0]), nulls(args));
        let n = nulls.as_ref();
        let wide = |v: T::Native| -> f64 { v.into() };
        match to {
            SmallInt => {
                let values = checked(a, n, errors, beyond(to), |v| {
                    let v = wide(v).round_ties_even();
                    (v as i16, !(v >= i16::MIN as f64 && v <= i16::MAX as f64))
                });
                column::<Int16Type>(values, nulls, &out)
            }
            Int => {
                let values = checked(a, n, errors, beyond(to), |v| {
                    let v = wide(v).round_ties_even();
                    (v as i32, !(v >= i32::MIN as f64 && v <= i32::MAX as f64))
                });
                column::<Int32Type>(values, nulls, &out)
            }
            BigInt => {
                let values = checked(a, n, errors, beyond(to), |v| {
                    let v = wide(v).round_ties_even();
                    (v as i64, !(v >= i64::MIN as f64 && v < -(i64::MIN as f64)))
                });
                column::<Int64Type>(values, nulls, &out)
            }
            Real => {
                let values = checked(a, n, errors, beyond(to), |v| {
                    (wide(v) as f32, wide(v).is_finite() && (wide(v) as f32).is_infinite())
                });
                let under = ("22003", "value out of range: underflow");
                checked(a, n, errors, under, |v| ((), wide(v) as f32 == 0.0 && wide(v) != 0.0));
                column::<Float32Type>(values, nulls, &out)
            }
            Double => column::<Float64Type>(map(a, wide), nulls, &out),
            Decimal(precision, scale) => {
                let values = checked(a, n, errors, beyond(to), |v| decimal_of(wide(v), significant, precision, scale));
                column::<Decimal128Type>(values, nulls, &out)
            }
            other => panic!("no cast from a number to {other}"),
        }
    })
}

/// The float nearest to a decimal.
pub fn double_of(value: i128, scale: u8) -> f64 {
    const EXACT: i128 = 1 << 53;
    if (-EXACT..=EXACT).contains(&value) && scale <= 22 {
        // Both are floats exactly, so one division rounds rightly.
        return value as f64 / POW10[scale as usize] as f64;
    }
    let mut text = Vec::with_capacity(40);
    numbers::write_decimal(&mut text, value, scale);
    std::str::from_utf8(&text).ok().and_then(|t| t.parse().ok()).unwrap_or(f64::NAN)
}

fn from_decimal(from: SqlType, scale: u8, to: SqlType) -> Kernel {
    use SqlType::*;
    let out = to.arrow();
    strict(to, move |args, _, errors| {
        let (a, nulls) = (side::<Decimal128Type>(&args[0]), nulls(args));
        let n = nulls.as_ref();
        let one = POW10[scale as usize];
        let whole = |v: i128| if scale == 0 { v } else { decimal::div_round(v, one).unwrap_or(0) };
        match to {
            SmallInt => {
                let values =
                    checked(a, n, errors, beyond(to), |v| (whole(v) as i16, whole(v) as i16 as i128 != whole(v)));
                column::<Int16Type>(values, nulls, &out)
            }
            Int => {
                let values =
                    checked(a, n, errors, beyond(to), |v| (whole(v) as i32, whole(v) as i32 as i128 != whole(v)));
                column::<Int32Type>(values, nulls, &out)
            }
            BigInt => {
                let values =
                    checked(a, n, errors, beyond(to), |v| (whole(v) as i64, whole(v) as i64 as i128 != whole(v)));
                column::<Int64Type>(values, nulls, &out)
            }
            Real => column::<Float32Type>(map(a, |v| double_of(v, scale) as f32), nulls, &out),
            Double => column::<Float64Type>(map(a, |v| double_of(v, scale)), nulls, &out),
            Decimal(precision, places) => {
                let Decimal(had, _) = from else { panic!("a decimal, not {from}") };
                let values = if places >= scale && precision - places >= had - scale {
                    let up = POW10[(places - scale) as usize];
                    map(a, |v: i128| v.wrapping_mul(up))
                } else {
                    checked(a, n, errors, beyond(to), |v| match decimal::rescale(v, scale, places) {
                        Some(v) if decimal::fits(v, precision) => (v, false),
                        _ => (0, true),
                    })
                };
                column::<Decimal128Type>(values, nulls, &out)
            }
            other => panic!("no cast from a number to {other}"),
        }
    })
}

fn temporal(from: SqlType, to: SqlType, args: &[Value], errors: &mut Errors) -> ArrayRef {
    use SqlType::*;
    let (nulls, out) = (nulls(args), to.arrow());
    match (from, to) {
        (Date, _) => {
            let beyond = ("22008", "date out of range for timestamp");
            let values = checked(side::<Date32Type>(&args[0]), nulls.as_ref(), errors, beyond, |v| {
                let micros = (v as i64).saturating_mul(DAY);
                (micros, !MICROS.contains(&micros))
            });
            column::<TimestampMicrosecondType>(values, nulls, &out)
        }
        (_, Date) => column::<Date32Type>(
            map(side::<TimestampMicrosecondType>(&args[0]), |v| v.div_euclid(DAY) as i32),
            nulls,
            &out,
        ),
        (Timestamp | TimestampTz, Time) => column::<Time64MicrosecondType>(
            map(side::<TimestampMicrosecondType>(&args[0]), |v| v.rem_euclid(DAY)),
            nulls,
            &out,
        ),
        (Timestamp | TimestampTz, _) => {
            column::<TimestampMicrosecondType>(map(side::<TimestampMicrosecondType>(&args[0]), |v| v), nulls, &out)
        }
        (Time, _) => column::<IntervalMonthDayNanoType>(
            map(side::<Time64MicrosecondType>(&args[0]), |v| IntervalMonthDayNano::new(0, 0, v * 1000)),
            nulls,
            &out,
        ),
        (Interval, _) => column::<Time64MicrosecondType>(
            map(side::<IntervalMonthDayNanoType>(&args[0]), |v: IntervalMonthDayNano| {
                (v.nanoseconds / 1000).rem_euclid(DAY)
            }),
            nulls,
            &out,
        ),
        _ => panic!("no cast from {} to {}", name(from), name(to)),
    }
}

/// `expr` as a value of type `to`, as it stands if it is one.
pub fn to(expr: Expr, to: SqlType) -> Expr {
    if expr.ty() == to {
        return expr;
    }
    Expr::Call { function: crate::functions::get("cast"), args: vec![expr], ty: to }
}
