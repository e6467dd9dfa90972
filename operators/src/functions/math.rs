//! Functions of numbers. Roots, powers, logarithms and angles are of DOUBLE, also for decimals.

use std::sync::Arc;

use arrow_array::types::*;
use arrow_array::{Array, ArrayRef};
use arrow_buffer::NullBuffer;

use crate::expr::Expr;
use crate::functions::comparison::{Op, comparison};
use crate::functions::conditional::{NONE, choose};
use crate::functions::kernel::{
    Flag, Side, at, checked, checked2, column, constant, inherited, map, map2, nulls, side, strict,
};
use crate::functions::numbers::POW10;
use crate::functions::resolve::{all_nullable, any_nullable, common, count, exactly, is_unknown, names, signature};
use crate::functions::{Arg, Function, Kernel, Signature, Syntax, decimal};
use crate::scalar::Scalar;
use crate::types::SqlType;
use crate::value::{Errors, Value};

const FAMILY: &str = "math";

const fn entry(
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

/// A function of one double.
const fn double(
    name: &'static str,
    usage: &'static str,
    doc: &'static str,
    examples: &'static [(&'static str, &'static str)],
    prepare: fn(&[Expr], SqlType) -> Kernel,
) -> Function {
    entry(name, &[], usage, doc, examples, |args| exactly(args, &[SqlType::Double], SqlType::Double), prepare)
}

/// The functions of numbers.
pub const FUNCTIONS: &[Function] = &[
    entry(
        "abs",
        &[],
        "abs(number) → the same type",
        "The number without its sign. Out of range: error 22003.",
        &[("abs(-5)", "5"), ("abs(-1.50)", "1.50")],
        |args| {
            let ty = number(args)?;
            signature([ty], ty)
        },
        |_, ty| match ty {
            SqlType::SmallInt => checked_map::<Int16Type, _>(ty, |v| (v.wrapping_abs(), v == i16::MIN)),
            SqlType::Int => checked_map::<Int32Type, _>(ty, |v| (v.wrapping_abs(), v == i32::MIN)),
            SqlType::BigInt => checked_map::<Int64Type, _>(ty, |v| (v.wrapping_abs(), v == i64::MIN)),
            SqlType::Real => checked_map::<Float32Type, _>(ty, |v| (v.abs(), false)),
            SqlType::Decimal(..) => checked_map::<Decimal128Type, _>(ty, |v| (v.wrapping_abs(), false)),
            _ => checked_map::<Float64Type, _>(ty, |v| (v.abs(), false)),
        },
    ),
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
        "round(decimal [, places]) → decimal, round(number [, places]) → double precision",
        "Rounded to so many places behind the point (before it, if negative): decimals half away from zero, doubles half to even.",
        &[
            ("round(2.5)", "3"),
            ("round(1234.567, 1)", "1234.6"),
            ("round(1234.567, -2)", "1200"),
            ("round(2.5::double precision)", "2"),
        ],
        places,
        |args, ty| to_places(args, ty, |v, one| decimal::div_round(v, one).unwrap_or(0), f64::round_ties_even),
    ),
    entry(
        "trunc",
        &["truncate"],
        "trunc(decimal [, places]) → decimal, trunc(number [, places]) → double precision",
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
    double(
        "sqrt",
        "sqrt(double precision) → double precision",
        "Square root. Of a negative number: error 2201F.",
        &[("sqrt(2)", "1.4142135623730951"), ("sqrt(-1)", "error 2201F")],
        |_, _| {
            doubles(f64::sqrt, |x, _| (x < 0.0).then_some(("2201F", "cannot take square root of a negative number")))
        },
    ),
    double("cbrt", "cbrt(double precision) → double precision", "Cube root.", &[("cbrt(8)", "2")], |_, _| {
        doubles(f64::cbrt, |_, _| None)
    }),
    double(
        "exp",
        "exp(double precision) → double precision",
        "e to this power. Out of range: error 22003.",
        &[("exp(0)", "1")],
        |_, _| {
            doubles(f64::exp, |x, y| match y {
                _ if !x.is_finite() => None,
                y if y.is_infinite() => Some(OVERFLOW),
                0.0 => Some(UNDERFLOW),
                _ => None,
            })
        },
    ),
    double(
        "ln",
        "ln(double precision) → double precision",
        "Natural logarithm. Of zero or a negative number: error 2201E.",
        &[("ln(1)", "0"), ("ln(0)", "error 2201E")],
        |_, _| doubles(f64::ln, |x, _| logarithm(x)),
    ),
    double(
        "log10",
        "log10(double precision) → double precision",
        "Logarithm to base 10. Of zero or a negative number: error 2201E.",
        &[("log10(1000)", "3")],
        |_, _| doubles(f64::log10, |x, _| logarithm(x)),
    ),
    double(
        "log2",
        "log2(double precision) → double precision",
        "Logarithm to base 2. Of zero or a negative number: error 2201E.",
        &[("log2(8)", "3")],
        |_, _| doubles(f64::log2, |x, _| logarithm(x)),
    ),
    entry(
        "log",
        &[],
        "log(double precision) → double precision, log(base, number) → double precision",
        "Logarithm to base 10, or to another. Of zero or a negative number: error 2201E.",
        &[("log(100)", "2"), ("log(2, 64)", "6")],
        |args| {
            count(args, 1, 2)?;
            exactly(args, &[SqlType::Double; 2][..args.len()], SqlType::Double)
        },
        |args, _| {
            if args.len() == 1 {
                return doubles(f64::log10, |x, _| logarithm(x));
            }
            doubles2(
                |base, x| {
                    if base == 2.0 {
                        x.log2()
                    } else if base == 10.0 {
                        x.log10()
                    } else {
                        x.ln() / base.ln()
                    }
                },
                |base, x, _| {
                    logarithm(base).or(logarithm(x)).or((base == 1.0).then_some(("22012", "division by zero")))
                },
            )
        },
    ),
    entry(
        "power",
        &["pow"],
        "power(a, b) → double precision",
        "`a` to the power of `b`. Undefined: error 2201F; out of range: error 22003.",
        &[("power(2, 10)", "1024"), ("power(0, -1)", "error 2201F"), ("power(-8, 0.5)", "error 2201F")],
        |args| exactly(args, &[SqlType::Double; 2], SqlType::Double),
        |_, _| {
            doubles2(f64::powf, |a, b, y| {
                if a == 0.0 && b < 0.0 {
                    Some(("2201F", "zero raised to a negative power is undefined"))
                } else if a < 0.0 && a.is_finite() && b.is_finite() && b.fract() != 0.0 {
                    Some(("2201F", "a negative number raised to a non-integer power yields a complex result"))
                } else if y.is_infinite() && a.is_finite() && b.is_finite() {
                    Some(OVERFLOW)
                } else if y == 0.0 && a != 0.0 && a.is_finite() && b.is_finite() {
                    Some(UNDERFLOW)
                } else {
                    None
                }
            })
        },
    ),
    Function {
        name: "pi",
        aliases: &[],
        syntax: Syntax::Call,
        family: FAMILY,
        usage: "pi() → double precision",
        doc: "π.",
        examples: &[("pi()", "3.141592653589793")],
        resolve: |args| exactly(args, &[], SqlType::Double),
        nullable: any_nullable,
        prepare: |_, _| {
            Box::new(|_, _| Value::constant(Arc::new(arrow_array::Float64Array::from(vec![std::f64::consts::PI]))))
        },
    },
    double(
        "degrees",
        "degrees(double precision) → double precision",
        "Radians as degrees.",
        &[("degrees(pi())", "180")],
        |_, _| doubles(f64::to_degrees, overflows),
    ),
    double(
        "radians",
        "radians(double precision) → double precision",
        "Degrees as radians.",
        &[("radians(180)", "3.141592653589793")],
        |_, _| doubles(f64::to_radians, |_, _| None),
    ),
    double(
        "sin",
        "sin(double precision) → double precision",
        "Sine of an angle in radians.",
        &[("sin(0)", "0")],
        |_, _| doubles(f64::sin, infinite),
    ),
    double(
        "cos",
        "cos(double precision) → double precision",
        "Cosine of an angle in radians.",
        &[("cos(0)", "1")],
        |_, _| doubles(f64::cos, infinite),
    ),
    double(
        "tan",
        "tan(double precision) → double precision",
        "Tangent of an angle in radians.",
        &[("tan(0)", "0")],
        |_, _| doubles(f64::tan, infinite),
    ),
    double(
        "cot",
        "cot(double precision) → double precision",
        "Cotangent of an angle in radians.",
        &[("round(cot(1), 6)", "0.642093")],
        |_, _| doubles(|x| 1.0 / x.tan(), infinite),
    ),
    double(
        "asin",
        "asin(double precision) → double precision",
        "Arc sine. Beyond −1 to 1: error 22003.",
        &[("asin(0)", "0"), ("asin(2)", "error 22003")],
        |_, _| doubles(f64::asin, unit),
    ),
    double(
        "acos",
        "acos(double precision) → double precision",
        "Arc cosine. Beyond −1 to 1: error 22003.",
        &[("acos(1)", "0")],
        |_, _| doubles(f64::acos, unit),
    ),
    double("atan", "atan(double precision) → double precision", "Arc tangent.", &[("atan(0)", "0")], |_, _| {
        doubles(f64::atan, |_, _| None)
    }),
    entry(
        "atan2",
        &[],
        "atan2(y, x) → double precision",
        "The angle of the point (x, y).",
        &[("atan2(1, 1)", "0.7853981633974483")],
        |args| exactly(args, &[SqlType::Double; 2], SqlType::Double),
        |_, _| doubles2(f64::atan2, |_, _, _| None),
    ),
    double("sinh", "sinh(double precision) → double precision", "Hyperbolic sine.", &[("sinh(0)", "0")], |_, _| {
        doubles(f64::sinh, |_, _| None)
    }),
    double("cosh", "cosh(double precision) → double precision", "Hyperbolic cosine.", &[("cosh(0)", "1")], |_, _| {
        doubles(f64::cosh, |_, _| None)
    }),
    double(
        "tanh",
        "tanh(double precision) → double precision",
        "Hyperbolic tangent.",
        &[("tanh(0)", "0")],
        |_, _| doubles(f64::tanh, |_, _| None),
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
    extreme(
        "greatest",
        "greatest(a, b, …) → the type they have in common",
        "The largest; NULLs do not count. NULL if all are.",
        &[("greatest(1, 3, 2)", "3"), ("greatest(1, NULL)", "1")],
        |args, ty| extremum(args, ty, Op::Gt),
    ),
    extreme(
        "least",
        "least(a, b, …) → the type they have in common",
        "The smallest; NULLs do not count. NULL if all are.",
        &[("least('b', 'a')", "a")],
        |args, ty| extremum(args, ty, Op::Lt),
    ),
];

const fn extreme(
    name: &'static str,
    usage: &'static str,
    doc: &'static str,
    examples: &'static [(&'static str, &'static str)],
    prepare: fn(&[Expr], SqlType) -> Kernel,
) -> Function {
    Function {
        name,
        aliases: &[],
        syntax: Syntax::Call,
        family: "conditional",
        usage,
        doc,
        examples,
        resolve: |args| {
            count(args, 1, usize::MAX)?;
            let ty = common(args, "GREATEST and LEAST")?;
            signature(vec![ty; args.len()], ty)
        },
        nullable: all_nullable,
        prepare,
    }
}

type Failure = (&'static str, &'static str);

const OVERFLOW: Failure = ("22003", "value out of range: overflow");
const UNDERFLOW: Failure = ("22003", "value out of range: underflow");

fn logarithm(x: f64) -> Option<Failure> {
    if x == 0.0 {
        Some(("2201E", "cannot take logarithm of zero"))
    } else {
        (x < 0.0).then_some(("2201E", "cannot take logarithm of a negative number"))
    }
}

fn infinite(x: f64, _: f64) -> Option<Failure> {
    x.is_infinite().then_some(("22003", "input is out of range"))
}

fn unit(x: f64, _: f64) -> Option<Failure> {
    (x.abs() > 1.0).then_some(("22003", "input is out of range"))
}

fn overflows(x: f64, y: f64) -> Option<Failure> {
    (y.is_infinite() && x.is_finite()).then_some(OVERFLOW)
}

/// A function of a double, and why it fails for an argument and its result.
fn doubles(f: fn(f64) -> f64, why: fn(f64, f64) -> Option<Failure>) -> Kernel {
    strict(SqlType::Double, move |args, _, errors| {
        let (a, nulls) = (side::<Float64Type>(&args[0]), nulls(args));
        let values = map(a, f);
        fail(values.len(), nulls.as_ref(), errors, |row| why(at(a, row), values[row]));
        column::<Float64Type>(values, nulls, &SqlType::Double.arrow())
    })
}

/// As [`doubles`], of two.
fn doubles2(f: fn(f64, f64) -> f64, why: fn(f64, f64, f64) -> Option<Failure>) -> Kernel {
    strict(SqlType::Double, move |args, _, errors| {
        let (a, b, nulls) = (side::<Float64Type>(&args[0]), side::<Float64Type>(&args[1]), nulls(args));
        let values = map2(a, b, f);
        fail(values.len(), nulls.as_ref(), errors, |row| why(at(a, row), at(b, row), values[row]));
        column::<Float64Type>(values, nulls, &SqlType::Double.arrow())
    })
}

fn fail(rows: usize, nulls: Option<&NullBuffer>, errors: &mut Errors, why: impl Fn(usize) -> Option<Failure>) {
    for row in 0..rows {
        if let Some((code, message)) = why(row)
            && nulls.is_none_or(|n| n.is_valid(row))
        {
            errors.set(row, code, message);
        }
    }
}

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
    let ty = number(&args[..1])?;
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

/// The argument for which `op` holds against all others; NULLs do not take part.
fn extremum(args: &[Expr], ty: SqlType, op: Op) -> Kernel {
    let better = comparison(&[args[0].clone(), args[0].clone()], op);
    let data_type = ty.arrow();
    Box::new(move |args, rows| {
        let constant = args.iter().all(|a| a.constant);
        let rows = if constant { 1 } else { rows };
        let errors = inherited(args, rows);
        let plain = |v: &Value| Value { errors: Errors::none(), ..v.clone() };
        let mut best = plain(&args[0]);
        for next in &args[1..] {
            let pair = [plain(next), best];
            let wins = better(&pair, rows);
            let wins_at = arrow_array::cast::AsArray::as_boolean(&wins.array);
            let valid = |v: &Value, row: usize| v.array.is_valid(v.at(row));
            let choice: Vec<u32> = (0..rows)
                .map(|row| match (valid(&pair[0], row), valid(&pair[1], row)) {
                    (true, true) => !wins_at.value(wins.at(row)) as u32,
                    (true, false) => 0,
                    (false, true) => 1,
                    (false, false) => NONE,
                })
                .collect();
            let array: ArrayRef = choose(&pair, &choice, &data_type, &mut Errors::none());
            best = Value { array, constant, errors: Errors::none() };
        }
        Value { errors, ..best }
    })
}
