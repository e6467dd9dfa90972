//! Functions of values, by name. All arguments have been computed; only what is listed here treats NULL other than by yielding NULL.

use std::cmp::Ordering;

use deltaq_operators::{Scalar, SqlType};
use num_bigint::BigInt;

use super::expression::{Typed, order, test};
use super::{Failure, temporal, texts};

const OUT_OF_RANGE: Failure = "22003";
const BY_ZERO: Failure = "22012";

/// A number without rounding: `digits` / 10^`scale`.
#[derive(Clone, Debug)]
pub struct Exact {
    pub digits: BigInt,
    pub scale: u32,
}

impl Exact {
    pub fn integer(value: impl Into<BigInt>) -> Exact {
        Exact { digits: value.into(), scale: 0 }
    }

    /// Digits at `scale`, which must not be smaller than its own.
    fn at(&self, scale: u32) -> BigInt {
        &self.digits * power(scale - self.scale)
    }

    pub fn compare(&self, other: &Exact) -> Ordering {
        let scale = self.scale.max(other.scale);
        self.at(scale).cmp(&other.at(scale))
    }
}

pub fn power(exponent: u32) -> BigInt {
    BigInt::from(10).pow(exponent)
}

/// `a / b`, half away from zero.
pub fn rounded_quotient(a: &BigInt, b: &BigInt) -> BigInt {
    let a_size = BigInt::from(a.magnitude().clone());
    let b_size = BigInt::from(b.magnitude().clone());
    let size: BigInt = (a_size * 2 + &b_size) / (b_size * 2);
    if (a.sign() == num_bigint::Sign::Minus) != (b.sign() == num_bigint::Sign::Minus) { -size } else { size }
}

/// An integer or decimal as an exact number.
pub fn exact(value: &Typed) -> Option<Exact> {
    Some(match (&value.0, value.1) {
        (Scalar::SmallInt(v), _) => Exact::integer(*v),
        (Scalar::Int(v), _) => Exact::integer(*v),
        (Scalar::BigInt(v), _) => Exact::integer(*v),
        (Scalar::Decimal(v), SqlType::Decimal(_, scale)) => Exact { digits: (*v).into(), scale: scale.into() },
        _ => return None,
    })
}

/// A number as a double.
pub fn float(value: &Typed) -> f64 {
    match &value.0 {
        Scalar::Real(v) => *v as f64,
        Scalar::Double(v) => *v,
        _ => {
            let exact = exact(value).unwrap_or_else(|| panic!("{value:?} is a number"));
            // Through text: the nearest double to the decimal.
            texts::exact_text(&exact).parse().unwrap_or_else(|e| panic!("{exact:?} as text is a number: {e}"))
        }
    }
}

/// An exact number as a value of an integer or decimal type, rounded half away from zero.
pub fn store(value: &Exact, ty: SqlType) -> Result<Scalar, Failure> {
    let rounded = |scale: u32| match value.scale.checked_sub(scale) {
        Some(more) => rounded_quotient(&value.digits, &power(more)),
        None => value.at(scale),
    };
    match ty {
        SqlType::SmallInt => rounded(0).try_into().map(Scalar::SmallInt).map_err(|_| OUT_OF_RANGE),
        SqlType::Int => rounded(0).try_into().map(Scalar::Int).map_err(|_| OUT_OF_RANGE),
        SqlType::BigInt => rounded(0).try_into().map(Scalar::BigInt).map_err(|_| OUT_OF_RANGE),
        SqlType::Decimal(precision, scale) => {
            let digits = rounded(scale.into());
            if BigInt::from(digits.magnitude().clone()) >= power(precision.into()) {
                return Err(OUT_OF_RANGE);
            }
            Ok(Scalar::Decimal(digits.try_into().map_err(|_| OUT_OF_RANGE)?))
        }
        other => panic!("{other} is not exact"),
    }
}

/// The elements of a table function.
pub fn table_function(name: &str, args: &[Scalar]) -> Result<Vec<Scalar>, Failure> {
    let integer = |value: &Scalar| match value {
        Scalar::SmallInt(v) => Some(*v as i64),
        Scalar::Int(v) => Some(*v as i64),
        Scalar::BigInt(v) => Some(*v),
        _ => None,
    };
    match name {
        "generate_series" => {
            let numbers: Option<Vec<i64>> = args.iter().map(integer).collect();
            let Some(numbers) = numbers else { return Ok(Vec::new()) };
            let (from, to, step) = (numbers[0], numbers[1], numbers.get(2).copied().unwrap_or(1));
            if step == 0 {
                return Err("22023");
            }
            let mut elements = Vec::new();
            let mut next = from;
            while (step > 0 && next <= to) || (step < 0 && next >= to) {
                elements.push(match args[0] {
                    Scalar::BigInt(_) => Scalar::BigInt(next),
                    _ => Scalar::Int(next as i32),
                });
                next += step;
            }
            Ok(elements)
        }
        other => panic!("the reference does not know the table function {other}"),
    }
}

/// The value of function `name`.
pub fn call(name: &str, args: &[Typed], ty: SqlType) -> Result<Scalar, Failure> {
    let boolean = |value: bool| Ok(Scalar::Boolean(value));
    let is = |wanted: bool| boolean(args[0].0 == Scalar::Boolean(wanted));
    // Those that have a value for NULL.
    match name {
        "is_null" | "is_unknown" => return boolean(args[0].0 == Scalar::Null),
        "is_not_null" | "is_not_unknown" => return boolean(args[0].0 != Scalar::Null),
        "is_true" => return is(true),
        "is_false" => return is(false),
        "is_not_true" => return boolean(args[0].0 != Scalar::Boolean(true)),
        "is_not_false" => return boolean(args[0].0 != Scalar::Boolean(false)),
        "distinct_from" => return boolean(!same(&args[0], &args[1])),
        "not_distinct_from" => return boolean(same(&args[0], &args[1])),
        "nullif" => {
            let equal = test(&args[0], &args[1], |o| o.is_eq()) == Scalar::Boolean(true);
            return Ok(if equal { Scalar::Null } else { args[0].0.clone() });
        }
        "greatest" | "least" => {
            let some = args.iter().filter(|a| a.0 != Scalar::Null);
            let best =
                if name == "greatest" { some.max_by(|a, b| order(a, b)) } else { some.min_by(|a, b| order(a, b)) };
            return Ok(best.map_or(Scalar::Null, |b| b.0.clone()));
        }
        _ => {}
    }
    if args.iter().any(|a| a.0 == Scalar::Null) {
        return Ok(Scalar::Null);
    }
    match name {
        "eq" => Ok(test(&args[0], &args[1], |o| o.is_eq())),
        "ne" => Ok(test(&args[0], &args[1], |o| o.is_ne())),
        "lt" => Ok(test(&args[0], &args[1], |o| o.is_lt())),
        "le" => Ok(test(&args[0], &args[1], |o| o.is_le())),
        "gt" => Ok(test(&args[0], &args[1], |o| o.is_gt())),
        "ge" => Ok(test(&args[0], &args[1], |o| o.is_ge())),
        "not" => boolean(args[0].0 == Scalar::Boolean(false)),
        "add" | "sub" | "mul" if args.len() > 2 => {
            let (before, last) = args.split_at(args.len() - 1);
            call(name, &[(call(name, before, ty)?, ty), last[0].clone()], ty)
        }
        "add" | "sub" | "mul" | "quotient" | "mod" if args.iter().all(|a| a.1.is_numeric()) => {
            arithmetic(name, &args[0], &args[1], ty)
        }
        "add" | "sub" => temporal::shift(name == "sub", &args[0].0, &args[1].0, ty),
        "neg" => match &args[0].0 {
            Scalar::Double(v) => Ok(Scalar::Double(-v)),
            Scalar::Real(v) => Ok(Scalar::Real(-v)),
            _ => arithmetic("sub", &(Scalar::SmallInt(0), SqlType::SmallInt), &args[0], ty),
        },
        "abs" => match &args[0].0 {
            Scalar::Double(v) => Ok(Scalar::Double(v.abs())),
            Scalar::Real(v) => Ok(Scalar::Real(v.abs())),
            _ => {
                let value = exact(&args[0]).unwrap_or_else(|| panic!("abs of a number"));
                store(&Exact { digits: value.digits.magnitude().clone().into(), ..value }, ty)
            }
        },
        "cast" => cast(&args[0], ty),
        _ => texts::call(name, args, ty)
            .or_else(|| temporal::call(name, args, ty))
            .unwrap_or_else(|| panic!("the reference does not know the function {name}({args:?})")),
    }
}

fn same(a: &Typed, b: &Typed) -> bool {
    match (&a.0, &b.0) {
        (Scalar::Null, Scalar::Null) => true,
        (Scalar::Null, _) | (_, Scalar::Null) => false,
        _ => order(a, b).is_eq(),
    }
}

fn arithmetic(name: &str, a: &Typed, b: &Typed, ty: SqlType) -> Result<Scalar, Failure> {
    if ty.is_float() {
        let (x, y) = (float(a), float(b));
        let by_zero = matches!(name, "quotient" | "mod") && y == 0.0 && !x.is_nan();
        if by_zero {
            return Err(BY_ZERO);
        }
        // Rounding a double's result to REAL is rounding once: 53 bits are more than twice 24.
        let exact = match name {
            "add" => x + y,
            "sub" => x - y,
            "mul" => x * y,
            "quotient" => x / y,
            _ => x % y,
        };
        let result = if ty == SqlType::Real { exact as f32 as f64 } else { exact };
        let overflow = result.is_infinite() && !x.is_infinite() && !y.is_infinite();
        let underflow = match name {
            "mul" => result == 0.0 && x != 0.0 && y != 0.0,
            "quotient" => result == 0.0 && x != 0.0 && !y.is_infinite(),
            _ => false,
        };
        if overflow || underflow {
            return Err(OUT_OF_RANGE);
        }
        return Ok(if ty == SqlType::Real { Scalar::Real(result as f32) } else { Scalar::Double(result) });
    }
    let (Some(x), Some(y)) = (exact(a), exact(b)) else { panic!("{name} of {a:?} and {b:?}") };
    let scale = x.scale.max(y.scale);
    let zero = BigInt::from(0);
    let result = match name {
        "add" => Exact { digits: x.at(scale) + y.at(scale), scale },
        "sub" => Exact { digits: x.at(scale) - y.at(scale), scale },
        "mul" => Exact { digits: x.digits * y.digits, scale: x.scale + y.scale },
        _ if y.digits == zero => return Err(BY_ZERO),
        // The remainder has the sign of the dividend, as in Rust.
        "mod" => Exact { digits: x.at(scale) % y.at(scale), scale },
        _ => match ty {
            // Integers: towards zero. Decimals: rounded once, at the result's scale.
            SqlType::Decimal(_, to) => {
                Exact { digits: rounded_quotient(&(x.at(scale) * power(to.into())), &y.at(scale)), scale: to.into() }
            }
            _ => Exact::integer(x.digits / y.digits),
        },
    };
    store(&result, ty)
}

fn cast(value: &Typed, ty: SqlType) -> Result<Scalar, Failure> {
    let from = value.1;
    if from == ty && !matches!(ty, SqlType::Text { max: Some(_), .. }) {
        return Ok(value.0.clone());
    }
    match ty {
        SqlType::Text { .. } => Ok(Scalar::Text(texts::fit(texts::text(value), ty))),
        _ if from.is_text() => texts::parse(&value.0, ty),
        SqlType::Boolean => match exact(value) {
            Some(number) => Ok(Scalar::Boolean(number.digits != BigInt::from(0))),
            None => panic!("the reference does not cast {from} to {ty}"),
        },
        _ if ty.is_numeric() => number(value, ty),
        _ => temporal::cast(&value.0, from, ty),
    }
}

fn number(value: &Typed, ty: SqlType) -> Result<Scalar, Failure> {
    if let Scalar::Boolean(b) = value.0 {
        return store(&Exact::integer(b as i32), ty);
    }
    if value.1.is_float() && !ty.is_float() {
        let v = float(value);
        if !v.is_finite() {
            return Err(OUT_OF_RANGE);
        }
        return match ty {
            // To an integer: half to even. To a decimal: what the shortest text says, 15 digits of it (6 for REAL).
            SqlType::Decimal(..) => {
                let digits = if value.1 == SqlType::Real { 6 } else { 15 };
                store(
                    &texts::exact_of_text(&format!("{:.*e}", digits - 1, v))
                        .unwrap_or_else(|| panic!("{v} has digits")),
                    ty,
                )
            }
            _ => {
                let whole = v.round_ties_even();
                if whole.abs() >= 1e30 {
                    return Err(OUT_OF_RANGE);
                }
                store(&Exact::integer(whole as i128), ty)
            }
        };
    }
    match ty {
        SqlType::Double => Ok(Scalar::Double(float(value))),
        SqlType::Real => {
            let wide = float(value);
            let narrow = wide as f32;
            if (narrow.is_infinite() && wide.is_finite()) || (narrow == 0.0 && wide != 0.0) {
                return Err(OUT_OF_RANGE);
            }
            Ok(Scalar::Real(narrow))
        }
        _ => store(&exact(value).unwrap_or_else(|| panic!("{value:?} is exact")), ty),
    }
}
