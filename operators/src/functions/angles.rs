//! Angles in degrees, inverse hyperbolic functions, factorials.

use arrow_array::types::*;

use crate::functions::Function;
use crate::functions::kernel::{at, column, nulls, side, strict};
use crate::functions::powers::{beyond, double, doubles, doubles2, infinite, unit};
use crate::functions::resolve::exactly;
use crate::types::SqlType;

/// The functions.
pub const FUNCTIONS: &[Function] = &[
    double(
        "sind",
        "sind(double precision) → double precision",
        "Sine of an angle in degrees.",
        &[("sind(30)", "0.5")],
        |_, _| {
            doubles(
                |x| {
                    if !x.is_finite() {
                        return f64::NAN;
                    }
                    let (quadrant, rest) = reduced(x);
                    let value = match quadrant {
                        0 | 2 => sine(rest),
                        _ => cosine(rest),
                    };
                    if quadrant >= 2 { -value } else { value }
                },
                infinite,
            )
        },
    ),
    double(
        "cosd",
        "cosd(double precision) → double precision",
        "Cosine of an angle in degrees.",
        &[("cosd(60)", "0.5")],
        |_, _| doubles(cosine_of, infinite),
    ),
    double(
        "tand",
        "tand(double precision) → double precision",
        "Tangent of an angle in degrees.",
        &[("tand(45)", "1")],
        |_, _| doubles(tangent_of, infinite),
    ),
    double(
        "cotd",
        "cotd(double precision) → double precision",
        "Cotangent of an angle in degrees.",
        &[("cotd(45)", "1")],
        |_, _| doubles(|x| tangent_of(90.0 - x), infinite),
    ),
    double(
        "asind",
        "asind(double precision) → double precision",
        "Arc sine in degrees. Beyond −1 to 1: error 22003.",
        &[("asind(0.5)", "30")],
        |_, _| doubles(|x| if x < 0.0 { -arc_sine(-x) } else { arc_sine(x) }, unit),
    ),
    double(
        "acosd",
        "acosd(double precision) → double precision",
        "Arc cosine in degrees. Beyond −1 to 1: error 22003.",
        &[("acosd(0.5)", "60")],
        |_, _| doubles(|x| if x < 0.0 { 90.0 + arc_sine(-x) } else { arc_cosine(x) }, unit),
    ),
    double(
        "atand",
        "atand(double precision) → double precision",
        "Arc tangent in degrees.",
        &[("atand(1)", "45")],
        |_, _| doubles(|x| x.atan() / 1f64.atan() * 45.0, |_, _| None),
    ),
    Function {
        resolve: |args| exactly(args, &[SqlType::Double; 2], SqlType::Double),
        ..double(
            "atan2d",
            "atan2d(y, x) → double precision",
            "The angle of the point (x, y) in degrees.",
            &[("atan2d(1, 0)", "90")],
            |_, _| doubles2(|y, x| y.atan2(x) / 1f64.atan() * 45.0, |_, _, _| None),
        )
    },
    double(
        "asinh",
        "asinh(double precision) → double precision",
        "Inverse hyperbolic sine.",
        &[("asinh(0)", "0")],
        |_, _| doubles(f64::asinh, |_, _| None),
    ),
    double(
        "acosh",
        "acosh(double precision) → double precision",
        "Inverse hyperbolic cosine. Below 1: error 22003.",
        &[("acosh(1)", "0"), ("acosh(0.5)", "error 22003")],
        |_, _| doubles(f64::acosh, |x, _| beyond(x < 1.0)),
    ),
    double(
        "atanh",
        "atanh(double precision) → double precision",
        "Inverse hyperbolic tangent. Beyond −1 to 1: error 22003.",
        &[("atanh(0)", "0"), ("atanh(2)", "error 22003")],
        |_, _| doubles(f64::atanh, unit),
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

/// Which quarter of the circle an angle lies in, and how far.
fn reduced(x: f64) -> (u8, f64) {
    let within = x.rem_euclid(360.0);
    let quadrant = (within / 90.0).floor().min(3.0);
    (quadrant as u8, within - 90.0 * quadrant)
}

/// Of 0 to 90 degrees; exact at 0, 30, 60 and 90.
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
    if !x.is_finite() {
        return f64::NAN;
    }
    let (quadrant, rest) = reduced(x);
    match quadrant {
        0 => cosine(rest),
        1 => -sine(rest),
        2 => -cosine(rest),
        _ => sine(rest),
    }
}

fn tangent_of(x: f64) -> f64 {
    if !x.is_finite() {
        return f64::NAN;
    }
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
