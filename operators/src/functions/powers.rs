//! Roots, powers, logarithms and angles: functions of DOUBLE, also for decimals.

use std::sync::Arc;

use arrow_array::types::Float64Type;
use arrow_buffer::NullBuffer;

use crate::expr::Expr;
use crate::functions::kernel::{at, column, map, map2, nulls, side, strict};
use crate::functions::math::entry;
use crate::functions::resolve::{count, exactly};
use crate::functions::{Function, Kernel, Syntax};
use crate::types::SqlType;
use crate::value::{Errors, Value};

/// A function of one double.
pub(super) const fn double(
    name: &'static str,
    usage: &'static str,
    doc: &'static str,
    examples: &'static [(&'static str, &'static str)],
    prepare: fn(&[Expr], SqlType) -> Kernel,
) -> Function {
    entry(name, &[], usage, doc, examples, |args| exactly(args, &[SqlType::Double], SqlType::Double), prepare)
}

/// The functions.
pub const FUNCTIONS: &[Function] = &[
    double(
        "sqrt",
        "sqrt(double precision) → double precision",
        "Square root. Of a negative number: error 2201F.",
        &[("sqrt(2)", "1.4142135623730951"), ("sqrt(-1)", "error 2201F")],
        |_, _| square_root(),
    ),
    Function {
        syntax: Syntax::Prefix("|/"),
        ..double("sqrt_op", "|/ double precision → double precision", "As sqrt.", &[("|/ 16", "4")], |_, _| {
            square_root()
        })
    },
    double("cbrt", "cbrt(double precision) → double precision", "Cube root.", &[("cbrt(8)", "2")], |_, _| {
        doubles(f64::cbrt, |_, _| None)
    }),
    Function {
        syntax: Syntax::Prefix("||/"),
        ..double("cbrt_op", "||/ double precision → double precision", "As cbrt.", &[("||/ 8", "2")], |_, _| {
            doubles(f64::cbrt, |_, _| None)
        })
    },
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
        |_, _| power(),
    ),
    Function {
        syntax: Syntax::Infix("^"),
        ..entry(
            "power_op",
            &[],
            "a ^ b → double precision",
            "As power. A chain is computed from the left.",
            &[("2 ^ 10", "1024"), ("2 ^ 3 ^ 2", "64")],
            |args| exactly(args, &[SqlType::Double; 2], SqlType::Double),
            |_, _| power(),
        )
    },
    entry(
        "pi",
        &[],
        "pi() → double precision",
        "π.",
        &[("pi()", "3.141592653589793")],
        |args| exactly(args, &[], SqlType::Double),
        |_, _| Box::new(|_, _| Value::constant(Arc::new(arrow_array::Float64Array::from(vec![std::f64::consts::PI])))),
    ),
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
];

/// SQLSTATE and message.
pub(super) type Failure = (&'static str, &'static str);

const OVERFLOW: Failure = ("22003", "value out of range: overflow");
const UNDERFLOW: Failure = ("22003", "value out of range: underflow");

fn square_root() -> Kernel {
    doubles(f64::sqrt, |x, _| (x < 0.0).then_some(("2201F", "cannot take square root of a negative number")))
}

fn power() -> Kernel {
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
}

fn logarithm(x: f64) -> Option<Failure> {
    if x == 0.0 {
        Some(("2201E", "cannot take logarithm of zero"))
    } else {
        (x < 0.0).then_some(("2201E", "cannot take logarithm of a negative number"))
    }
}

/// That an argument is infinite, for functions that have no value there.
pub(super) fn infinite(x: f64, _: f64) -> Option<Failure> {
    beyond(x.is_infinite())
}

/// That an argument is beyond −1 to 1.
pub(super) fn unit(x: f64, _: f64) -> Option<Failure> {
    beyond(x.abs() > 1.0)
}

/// That an argument is beyond what the function takes, where it is.
pub(super) fn beyond(is_beyond: bool) -> Option<Failure> {
    is_beyond.then_some(("22003", "input is out of range"))
}

fn overflows(x: f64, y: f64) -> Option<Failure> {
    (y.is_infinite() && x.is_finite()).then_some(OVERFLOW)
}

/// A function of a double, and why it fails for an argument and its result.
pub(super) fn doubles(f: fn(f64) -> f64, why: fn(f64, f64) -> Option<Failure>) -> Kernel {
    strict(SqlType::Double, move |args, _, errors| {
        let (a, nulls) = (side::<Float64Type>(&args[0]), nulls(args));
        let values = map(a, f);
        fail(values.len(), nulls.as_ref(), errors, |row| why(at(a, row), values[row]));
        column::<Float64Type>(values, nulls, &SqlType::Double.arrow())
    })
}

/// As [`doubles`], of two.
pub(super) fn doubles2(f: fn(f64, f64) -> f64, why: fn(f64, f64, f64) -> Option<Failure>) -> Kernel {
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
