//! Functions of numbers: signs, rounding, divisors. Roots, powers and angles are in [`powers`](super::powers).

use arrow_array::types::*;

use crate::expr::Expr;
use crate::functions::kernel::{Flag, Side, at, checked, checked2, column, constant, map, map2, nulls, side, strict};
use crate::functions::numbers::POW10;
use crate::functions::resolve::{any_nullable, count, exactly, is_unknown, names, signature};
use crate::functions::{Arg, Function, Kernel, Signature, Syntax, decimal};
use crate::scalar::Scalar;
use crate::types::SqlType;

const FAMILY: &str = "math";

pub(super) const fn entry(
    name: &'static str,
    aliases: &'static [&'static str],
    usage: &'static str,
    doc: &'static str,
    examples: &'static [(&'static str, &'static str)],
    resolve: fn(&[Arg]) -> Result<Signature, String>,
    prepare: fn(&[Expr], SqlType) -> Kernel,
) -> Function {
    Function {
        name,
        aliases,
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

/// The functions of numbers.
pub const FUNCTIONS: &[Function] = &[
    entry(
        "abs",
        &[],
        "abs(number) → the same type",
        "The number without its sign. Out of range: error 22003.",
        &[("abs(-5)", "5"), ("abs(-1.50)", "1.50")],
        same,
        absolute,
    ),
    Function {
        syntax: Syntax::Prefix("@"),
        ..entry("abs_op", &[], "@ number → the same type", "As abs.", &[("@ -5", "5")], same, absolute)
    },
    entry(
        "ceil",
        &["ceiling"],
        "ceil(decimal) → decimal, ceil(number) → double precision",
        "The least whole number that is not smaller.",
        &[("ceil(1.2)", "2"), ("ceil(-1.2)", "-1")],
        whole,
        |args, ty| rounding(args, ty, |v, one| v.div_euclid(one) + (v.rem_euclid(one) != 0) as i128, f64::ceil),
    ),
    entry(
        "floor",
        &[],
        "floor(decimal) → decimal, floor(number) → double precision",
        "The greatest whole number that is not larger.",
        &[("floor(1.8)", "1"), ("floor(-1.2)", "-2")],
        whole,
        |args, ty| rounding(args, ty, i128::div_euclid, f64::floor),
    ),
    entry(
        "round",
        &[],
        "round(decimal [, places]) → decimal, round(integer, places) → decimal, round(number [, places]) → double precision",
        "Rounded to so many places behind the point (before it, if negative): decimals half away from zero, doubles half to even.",
        &[
            ("round(2.5)", "3"),
            ("round(1234.567, 1)", "1234.6"),
            ("round(1234.567, -2)", "1200"),
            ("round(25, -1)", "30"),
            ("round(2.5::double precision)", "2"),
        ],
        places,
        |args, ty| to_places(args, ty, |v, one| decimal::div_round(v, one).unwrap_or(0), f64::round_ties_even),
    ),
    entry(
        "trunc",
        &["truncate"],
        "trunc(decimal [, places]) → decimal, trunc(integer, places) → decimal, trunc(number [, places]) → double precision",
        "Cut towards zero to so many places behind the point.",
        &[("trunc(-1.58)", "-1"), ("trunc(1234.567, 1)", "1234.5")],
        places,
        |args, ty| to_places(args, ty, |v, one| v / one, f64::trunc),
    ),
    entry(
        "sign",
        &[],
        "sign(decimal) → decimal, sign(number) → double precision",
        "−1, 0 or 1.",
        &[("sign(-2.5)", "-1"), ("sign(0)", "0")],
        |args| match number(args)? {
            ty @ SqlType::Decimal(..) => signature([ty], SqlType::Decimal(1, 0)),
            _ => signature([SqlType::Double], SqlType::Double),
        },
        |_, ty| match ty {
            SqlType::Decimal(..) => checked_map::<Decimal128Type, _>(ty, |v| (v.signum(), false)),
            _ => checked_map::<Float64Type, _>(ty, |v| (if v == 0.0 || v.is_nan() { v } else { v.signum() }, false)),
        },
    ),
    entry(
        "div",
        &[],
        "div(number, number) → decimal",
        "The quotient cut towards zero. By zero: error 22012.",
        &[("div(7, 2)", "3"), ("div(-7.5, 2)", "-3"), ("div(1, 0)", "error 22012")],
        quotient,
        |args, ty| {
            let scale = |ty: SqlType| ty.as_decimal().map_or(0, |(_, scale)| scale as usize);
            let (s, t) = (scale(args[0].ty()), scale(args[1].ty()));
            let (up_a, up_b) = (POW10[t.saturating_sub(s)], POW10[s.saturating_sub(t)]);
            let out = ty.arrow();
            strict(ty, move |args, _, errors| {
                let (a, b, nulls) = (side::<Decimal128Type>(&args[0]), side::<Decimal128Type>(&args[1]), nulls(args));
                let n = nulls.as_ref();
                checked2(a, b, n, errors, ("22012", "division by zero"), |_, y| ((), y == 0));
                let values = checked2(a, b, n, errors, ("22003", "numeric field overflow"), |x, y| {
                    match (x.checked_mul(up_a), y.checked_mul(up_b)) {
                        (_, Some(0)) => (0, false),
                        (Some(x), Some(y)) => (x.wrapping_div(y), false),
                        // The divisor is larger than any dividend.
                        (Some(_), None) => (0, false),
                        (None, _) => (0, true),
                    }
                });
                column::<Decimal128Type>(values, nulls, &out)
            })
        },
    ),
    entry(
        "gcd",
        &[],
        "gcd(integer, integer) → integer",
        "Greatest common divisor; 0 of two zeros. Out of range: error 22003.",
        &[("gcd(12, 18)", "6")],
        integers,
        |_, ty| integer_pair(ty, |a, b| i64::try_from(gcd(a, b)).ok()),
    ),
    entry(
        "lcm",
        &[],
        "lcm(integer, integer) → integer",
        "Least common multiple. Out of range: error 22003.",
        &[("lcm(4, 6)", "12")],
        integers,
        |_, ty| {
            integer_pair(ty, |a, b| match gcd(a, b) {
                0 => Some(0),
                g => i64::try_from((a.unsigned_abs() / g).checked_mul(b.unsigned_abs())?).ok(),
            })
        },
    ),
    entry(
        "width_bucket",
        &[],
        "width_bucket(x, low, high, count) → integer",
        "Which of `count` equal parts of low to high `x` lies in, from 1; 0 below, count + 1 above. No parts: error 2201G.",
        &[("width_bucket(5, 0, 10, 5)", "3"), ("width_bucket(-1, 0, 10, 5)", "0")],
        |args| exactly(args, &[SqlType::Double, SqlType::Double, SqlType::Double, SqlType::Int], SqlType::Int),
        |_, ty| {
            let out = ty.arrow();
            strict(ty, move |args, rows, errors| {
                let nulls = nulls(args);
                let [x, low, high] = [0, 1, 2].map(|i| side::<Float64Type>(&args[i]));
                let parts = side::<Int32Type>(&args[3]);
                let values: Vec<i32> = (0..rows)
                    .map(|row| match bucket(at(x, row), at(low, row), at(high, row), at(parts, row)) {
                        Ok(bucket) => bucket,
                        Err(message) => {
                            if nulls.as_ref().is_none_or(|n| n.is_valid(row)) {
                                errors.set(row, "2201G", message);
                            }
                            0
                        }
                    })
                    .collect();
                column::<Int32Type>(values, nulls, &out)
            })
        },
    ),
];

fn checked_map<T: ArrowPrimitiveType, F: Flag>(
    ty: SqlType,
    f: impl Fn(T::Native) -> (T::Native, F) + Copy + Send + Sync + 'static,
) -> Kernel {
    let out = ty.arrow();
    let message = match ty {
        SqlType::SmallInt => "smallint out of range",
        SqlType::Int => "integer out of range",
        SqlType::BigInt => "bigint out of range",
        _ => "value out of range",
    };
    strict(ty, move |args, _, errors| {
        let nulls = nulls(args);
        let values = checked(side::<T>(&args[0]), nulls.as_ref(), errors, ("22003", message), f);
        column::<T>(values, nulls, &out)
    })
}

fn same(args: &[Arg]) -> Result<Signature, String> {
    let ty = number(args)?;
    signature([ty], ty)
}

fn absolute(_: &[Expr], ty: SqlType) -> Kernel {
    match ty {
        SqlType::SmallInt => checked_map::<Int16Type, _>(ty, |v| (v.wrapping_abs(), v == i16::MIN)),
        SqlType::Int => checked_map::<Int32Type, _>(ty, |v| (v.wrapping_abs(), v == i32::MIN)),
        SqlType::BigInt => checked_map::<Int64Type, _>(ty, |v| (v.wrapping_abs(), v == i64::MIN)),
        SqlType::Real => checked_map::<Float32Type, _>(ty, |v| (v.abs(), false)),
        SqlType::Decimal(..) => checked_map::<Decimal128Type, _>(ty, |v| (v.wrapping_abs(), false)),
        _ => checked_map::<Float64Type, _>(ty, |v| (v.abs(), false)),
    }
}

/// Of two decimals, or integers taken as such, a decimal without fraction.
fn quotient(args: &[Arg]) -> Result<Signature, String> {
    count(args, 2, 2)?;
    let decimal = |arg: &Arg| match arg.ty.as_decimal() {
        Some(decimal) => Ok(decimal),
        None if is_unknown(arg) => Ok((38, 10)),
        None => Err(format!("takes integers or decimals, got {}", names(args))),
    };
    let ((p, s), (q, t)) = (decimal(&args[0])?, decimal(&args[1])?);
    signature([SqlType::Decimal(p, s), SqlType::Decimal(q, t)], SqlType::Decimal((p - s + t).min(38), 0))
}

/// The type of one number.
fn number(args: &[Arg]) -> Result<SqlType, String> {
    count(args, 1, 1)?;
    match args[0].ty {
        ty if ty.is_numeric() => Ok(ty),
        _ if is_unknown(&args[0]) => Ok(SqlType::Double),
        _ => Err(format!("takes a number, got {}", names(args))),
    }
}

fn whole(args: &[Arg]) -> Result<Signature, String> {
    match number(args)? {
        ty @ SqlType::Decimal(p, s) => signature([ty], SqlType::Decimal((p - s + 1).min(38), 0)),
        _ => signature([SqlType::Double], SqlType::Double),
    }
}

/// One number, and to how many places it is rounded.
fn places(args: &[Arg]) -> Result<Signature, String> {
    count(args, 1, 2)?;
    let ty = match (number(&args[..1])?, args.len()) {
        (SqlType::SmallInt, 2) => SqlType::Decimal(5, 0),
        (SqlType::Int, 2) => SqlType::Decimal(10, 0),
        (SqlType::BigInt, 2) => SqlType::Decimal(19, 0),
        (ty, _) => ty,
    };
    let SqlType::Decimal(p, s) = ty else {
        let params = [SqlType::Double, SqlType::Int];
        return exactly(args, &params[..args.len()], SqlType::Double);
    };
    let scale = match args.get(1) {
        None => 0,
        Some(Arg { literal: Some(Scalar::Int(n)), .. }) => (*n).clamp(0, s as i32) as u8,
        Some(_) => s,
    };
    let result = SqlType::Decimal((p - s + scale + 1).min(38), scale);
    exactly(args, &[ty, SqlType::Int][..args.len()], result)
}

/// To whole numbers: decimals by `f` of the digits and the power of ten that is 1, doubles by `g`.
fn rounding(args: &[Expr], ty: SqlType, f: fn(i128, i128) -> i128, g: fn(f64) -> f64) -> Kernel {
    let out = ty.arrow();
    match args[0].ty() {
        SqlType::Decimal(_, s) => strict(ty, move |args, _, _| {
            let one = POW10[s as usize];
            column::<Decimal128Type>(map(side::<Decimal128Type>(&args[0]), |v| f(v, one)), nulls(args), &out)
        }),
        _ => strict(ty, move |args, _, _| {
            column::<Float64Type>(map(side::<Float64Type>(&args[0]), g), nulls(args), &out)
        }),
    }
}

/// To a number of places, cutting by `f` (digits, a power of ten) or `g`.
fn to_places(args: &[Expr], ty: SqlType, f: fn(i128, i128) -> i128, g: fn(f64) -> f64) -> Kernel {
    if args.len() == 1 {
        return rounding(args, ty, f, g);
    }
    let out = ty.arrow();
    let given = constant(&args[1]).and_then(|n| if let Scalar::Int(n) = n { Some(*n) } else { None });
    let overflow = ("22003", "numeric field overflow");
    match (args[0].ty(), ty) {
        (SqlType::Decimal(_, s), SqlType::Decimal(precision, scale)) => strict(ty, move |args, _, errors| {
            let nulls = nulls(args);
            let (a, n) =
                (side::<Decimal128Type>(&args[0]), given.map_or_else(|| side::<Int32Type>(&args[1]), Side::One));
            let values = checked2(a, n, nulls.as_ref(), errors, overflow, |v, n| {
                // Digits to drop, then zeros to put back to reach the scale of the result.
                let drop = (s as i32).saturating_sub(n);
                let cut = match drop {
                    ..=0 => v,
                    39.. => return (0, false),
                    drop => f(v, POW10[drop as usize]),
                };
                let kept = if drop <= 0 { s as i32 } else { n };
                let back = scale as i32 - kept;
                match usize::try_from(back).ok().and_then(|b| POW10.get(b)).map(|up| cut.checked_mul(*up)) {
                    Some(Some(v)) if decimal::fits(v, precision) => (v, false),
                    _ => (0, cut != 0),
                }
            });
            column::<Decimal128Type>(values, nulls, &out)
        }),
        _ => strict(ty, move |args, _, _| {
            let values = map2(side::<Float64Type>(&args[0]), side::<Int32Type>(&args[1]), |v, n| {
                let power = 10f64.powi(n.clamp(-400, 400));
                let scaled = v * power;
                if !scaled.is_finite() {
                    v
                } else if power == 0.0 {
                    0.0
                } else {
                    g(scaled) / power
                }
            });
            column::<Float64Type>(values, nulls(args), &out)
        }),
    }
}

fn integers(args: &[Arg]) -> Result<Signature, String> {
    count(args, 2, 2)?;
    let wide = args.iter().any(|a| a.ty == SqlType::BigInt);
    let ty = if wide { SqlType::BigInt } else { SqlType::Int };
    exactly(args, &[ty, ty], ty)
}

fn gcd(a: i64, b: i64) -> u64 {
    let (mut a, mut b) = (a.unsigned_abs(), b.unsigned_abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

fn integer_pair(ty: SqlType, f: fn(i64, i64) -> Option<i64>) -> Kernel {
    let out = ty.arrow();
    strict(ty, move |args, _, errors| {
        let nulls = nulls(args);
        if ty == SqlType::BigInt {
            let (a, b) = (side::<Int64Type>(&args[0]), side::<Int64Type>(&args[1]));
            let error = ("22003", "bigint out of range");
            let values =
                checked2(a, b, nulls.as_ref(), errors, error, |x, y| f(x, y).map_or((0, true), |v| (v, false)));
            return column::<Int64Type>(values, nulls, &out);
        }
        let (a, b) = (side::<Int32Type>(&args[0]), side::<Int32Type>(&args[1]));
        let narrow = |x: i32, y: i32| f(x as i64, y as i64).and_then(|v| i32::try_from(v).ok());
        let error = ("22003", "integer out of range");
        let values =
            checked2(a, b, nulls.as_ref(), errors, error, |x, y| narrow(x, y).map_or((0, true), |v| (v, false)));
        column::<Int32Type>(values, nulls, &out)
    })
}

fn bucket(x: f64, low: f64, high: f64, parts: i32) -> Result<i32, &'static str> {
    if parts <= 0 {
        return Err("count must be greater than zero");
    }
    if x.is_nan() || low.is_nan() || high.is_nan() {
        return Err("operand, lower bound, and upper bound cannot be NaN");
    }
    if !low.is_finite() || !high.is_finite() {
        return Err("lower and upper bounds must be finite");
    }
    if low == high {
        return Err("lower bound cannot equal upper bound");
    }
    let (below, above) = if low < high { (x < low, x >= high) } else { (x > low, x <= high) };
    if below {
        return Ok(0);
    }
    if above {
        return parts.checked_add(1).ok_or("integer out of range");
    }
    Ok(((parts as f64 * ((x - low) / (high - low))) as i32).min(parts - 1) + 1)
}
