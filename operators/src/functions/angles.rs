//! Angles in degrees, inverse hyperbolic functions, factorials.

use arrow_array::types::*;

use crate::functions::kernel::{at, checked, checked2, column, nulls, side, strict};
use crate::functions::resolve::{any_nullable, exactly};
use crate::functions::{Function, Kernel, Syntax};
use crate::types::SqlType;

const DOUBLE: SqlType = SqlType::Double;

const fn double(
    name: &'static str,
    usage: &'static str,
    doc: &'static str,
    examples: &'static [(&'static str, &'static str)],
    prepare: fn(&[crate::expr::Expr], SqlType) -> Kernel,
) -> Function {
    Function {
        name,
        aliases: &[],
        syntax: Syntax::Call,
        family: "math",
        usage,
        doc,
        examples,
        resolve: |args| exactly(args, &[DOUBLE], DOUBLE),
        nullable: any_nullable,
        prepare,
    }
}

/// The functions.
pub const FUNCTIONS: &[Function] = &[
    double(
        "sind",
        "sind(double precision) → double precision",
        "Sine of an angle in degrees.",
        &[("sind(30)", "0.5")],
        |_, _| {
            of(
                |x| {
                    let (quadrant, rest) = reduced(x);
                    let value = match quadrant {
                        0 | 2 => sine(rest),
                        _ => cosine(rest),
                    };
                    if quadrant >= 2 { -value } else { value }
                },
                |x| x.is_infinite(),
            )
        },
    ),
    double(
        "cosd",
        "cosd(double precision) → double precision",
        "Cosine of an angle in degrees.",
        &[("cosd(60)", "0.5")],
        |_, _| of(cosine_of, |x| x.is_infinite()),
    ),
    double(
        "tand",
        "tand(double precision) → double precision",
        "Tangent of an angle in degrees.",
        &[("tand(45)", "1")],
        |_, _| of(tangent_of, |x| x.is_infinite()),
    ),
    double(
        "cotd",
        "cotd(double precision) → double precision",
        "Cotangent of an angle in degrees.",
        &[("cotd(45)", "1")],
        |_, _| of(|x| tangent_of(90.0 - x), |x| x.is_infinite()),
    ),
    double(
        "asind",
        "asind(double precision) → double precision",
        "Arc sine in degrees. Beyond −1 to 1: error 22003.",
        &[("asind(0.5)", "30")],
        |_, _| of(|x| if x < 0.0 { -arc_sine(-x) } else { arc_sine(x) }, |x| x.abs() > 1.0),
    ),
    double(
        "acosd",
        "acosd(double precision) → double precision",
        "Arc cosine in degrees. Beyond −1 to 1: error 22003.",
        &[("acosd(0.5)", "60")],
        |_, _| of(|x| if x < 0.0 { 90.0 + arc_sine(-x) } else { arc_cosine(x) }, |x| x.abs() > 1.0),
    ),
    double(
        "atand",
        "atand(double precision) → double precision",
        "Arc tangent in degrees.",
        &[("atand(1)", "45")],
        |_, _| of(|x| x.atan() / 1f64.atan() * 45.0, |_| false),
    ),
    Function {
        resolve: |args| exactly(args, &[DOUBLE; 2], DOUBLE),
        ..double(
            "atan2d",
            "atan2d(y, x) → double precision",
            "The angle of the point (x, y) in degrees.",
            &[("atan2d(1, 0)", "90")],
            |_, ty| {
                let out = ty.arrow();
                strict(ty, move |args, _, errors| {
                    let (y, x, nulls) = (side::<Float64Type>(&args[0]), side::<Float64Type>(&args[1]), nulls(args));
                    let failure = ("22003", "input is out of range");
                    let values = checked2(y, x, nulls.as_ref(), errors, failure, |y: f64, x| {
                        (y.atan2(x) / 1f64.atan() * 45.0, false)
                    });
                    column::<Float64Type>(values, nulls, &out)
                })
            },
        )
    },
    double(
        "asinh",
        "asinh(double precision) → double precision",
        "Inverse hyperbolic sine.",
        &[("asinh(0)", "0")],
        |_, _| of(f64::asinh, |_| false),
    ),
    double(
        "acosh",
        "acosh(double precision) → double precision",
        "Inverse hyperbolic cosine. Below 1: error 22003.",
        &[("acosh(1)", "0"), ("acosh(0.5)", "error 22003")],
        |_, _| of(f64::acosh, |x| x < 1.0),
    ),
    double(
        "atanh",
        "atanh(double precision) → double precision",
        "Inverse hyperbolic tangent. Beyond −1 to 1: error 22003.",
        &[("atanh(0)", "0"), ("atanh(2)", "error 22003")],
        |_, _| of(f64::atanh, |x| x.abs() > 1.0),
    ),
    Function {
        resolve: |args| exactly(args, &[SqlType::BigInt], SqlType::Decimal(38, 0)),
        ..double(
            "factorial",
            "factorial(bigint) → decimal",
            "The product of the numbers from 1 on. Of a negative number, or beyond 33: error 22003.",
            &[("factorial(5)", "120"), ("factorial(0)", "1"), ("factorial(34)", "error 22003")],
            |_, ty| {
                let out = ty.arrow();
                strict(ty, move |args, rows, errors| {
                    let (n, nulls) = (side::<Int64Type>(&args[0]), nulls(args));
                    let one = |row: usize| {
                        let n = at(n, row);
                        if (0..=33).contains(&n) {
                            return (1..=i128::from(n)).product();
                        }
                        if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) {
                            errors.set(
                                row,
                                "22003",
                                if n < 0 {
                                    "factorial of a negative number is undefined"
                                } else {
                                    "value overflows numeric format"
                                },
                            );
                        }
                        0
                    };
                    let values: Vec<i128> = (0..rows).map(one).collect();
                    column::<Decimal128Type>(values, nulls.clone(), &out)
                })
            },
        )
    },
];

fn of(f: fn(f64) -> f64, is_beyond: fn(f64) -> bool) -> Kernel {
    strict(DOUBLE, move |args, _, errors| {
        let nulls = nulls(args);
        let x = side::<Float64Type>(&args[0]);
        let values = checked(x, nulls.as_ref(), errors, ("22003", "input is out of range"), |x| (f(x), is_beyond(x)));
        column::<Float64Type>(values, nulls, &DOUBLE.arrow())
    })
}

/// Which quarter of the circle an angle lies in, and how far.
fn reduced(x: f64) -> (u8, f64) {
    let within = x.rem_euclid(360.0);
    let quadrant = (within / 90.0).floor().min(3.0);
    (quadrant as u8, within - 90.0 * quadrant)
}

/// Exact at 0, 30, 60 and 90 degrees.
fn sine(x: f64) -> f64 {
    if x <= 30.0 {
        x.to_radians().sin() / 30f64.to_radians().sin() / 2.0
    } else {
        // cos(90° − x), which is exact at 60 and 0
        cosine(90.0 - x)
    }
}

fn cosine(x: f64) -> f64 {
    if x <= 60.0 { 1.0 - (1.0 - x.to_radians().cos()) / (1.0 - 60f64.to_radians().cos()) / 2.0 } else { sine(90.0 - x) }
}

fn cosine_of(x: f64) -> f64 {
    let (quadrant, rest) = reduced(x);
    match quadrant {
        0 => cosine(rest),
        1 => -sine(rest),
        2 => -cosine(rest),
        _ => sine(rest),
    }
}

fn tangent_of(x: f64) -> f64 {
    let within = x.rem_euclid(180.0);
    let half = |x: f64| {
        let ratio = sine(x) / cosine(x);
        ratio / (sine(45.0) / cosine(45.0))
    };
    if within <= 90.0 { half(within) } else { -half(180.0 - within) }
}

fn arc_sine(x: f64) -> f64 {
    if x <= 0.5 { x.asin() / 0.5f64.asin() * 30.0 } else { 90.0 - x.acos() / 0.5f64.acos() * 60.0 }
}

fn arc_cosine(x: f64) -> f64 {
    if x <= 0.5 { 90.0 - x.asin() / 0.5f64.asin() * 30.0 } else { x.acos() / 0.5f64.acos() * 60.0 }
}
