//! Variances, regressions, percentiles, modes and joined texts: from all values of a group, in exact numbers, by their formulas.

use std::cmp::Ordering;

use deltaq_operators::aggregate::{Call, Function, Shape};
use deltaq_operators::{Expr, Scalar, SqlType};
use num_bigint::BigInt;

use super::Failure;
use super::float::ExactSum;
use super::function::{Exact, exact, float, power, rounded_quotient, store};
use crate::rows::{Bag, Row, compare, compare_rows};

/// What `call` is of `values`, each the argument with all else that the call reads. None for functions that are not here.
pub fn result(call: &Call, values: &Bag) -> Option<Result<Scalar, Failure>> {
    use Function::{Mode, PercentileCont, PercentileDisc, StddevPop, StddevSamp, StringAgg, VarPop, VarSamp};
    let mut each: Vec<&Row> = Vec::new();
    for (row, weight) in values.iter() {
        each.extend(std::iter::repeat_n(row, if call.distinct { 1 } else { weight as usize }));
    }
    match call.function {
        VarPop | VarSamp | StddevPop | StddevSamp => Some(variance(call, &each)),
        StringAgg => Some(Ok(joined(call, each))),
        Mode | PercentileCont | PercentileDisc => Some(Ok(within(call, each))),
        _ if call.function.shape() == Shape::Pair => Some(pairs(call, &each)),
        _ => None,
    }
}

fn number(value: &Scalar, ty: SqlType) -> f64 {
    float(&(value.clone(), ty))
}

/// A double as units of 2⁻¹⁰⁷⁴; None if it is not finite.
fn units(value: f64) -> Option<BigInt> {
    let mut sum = ExactSum::default();
    sum.add(value, 1);
    sum.units().cloned()
}

fn finite(value: f64) -> Result<Scalar, Failure> {
    if value.is_infinite() { Err("22003") } else { Ok(Scalar::Double(value)) }
}

/// Σ(a − ā)(b − b̄), times n.
fn spread(a: &[BigInt], b: &[BigInt]) -> BigInt {
    let products: BigInt = a.iter().zip(b).map(|(a, b)| a * b).sum();
    products * a.len() - a.iter().sum::<BigInt>() * b.iter().sum::<BigInt>()
}

fn variance(call: &Call, values: &[&Row]) -> Result<Scalar, Failure> {
    let ty = call.arg.as_ref().map_or(SqlType::Double, Expr::ty);
    let less = usize::from(matches!(call.function, Function::VarSamp | Function::StddevSamp));
    let is_root = matches!(call.function, Function::StddevPop | Function::StddevSamp);
    let n = values.len();
    if n <= less {
        return Ok(Scalar::Null);
    }
    let divisor = BigInt::from(n) * (n - less);
    if ty.is_float() {
        let units: Option<Vec<BigInt>> = values.iter().map(|row| units(number(&row[0], ty))).collect();
        let Some(units) = units else { return Ok(Scalar::Double(f64::NAN)) };
        let variance = ExactSum::ratio(&spread(&units, &units), &divisor, -2 * 1074).round();
        return finite(if is_root { variance.sqrt() } else { variance });
    }
    let SqlType::Decimal(_, to) = call.ty else { panic!("an exact variance is a decimal") };
    let exacts: Vec<Exact> =
        values.iter().map(|row| exact(&(row[0].clone(), ty)).unwrap_or_else(|| panic!("numbers"))).collect();
    let of = exacts[0].scale;
    let digits: Vec<BigInt> = exacts.into_iter().map(|e| e.digits).collect();
    let spread = spread(&digits, &digits);
    // More digits than are shown: those of a root decide how it is rounded.
    let digits = if is_root {
        let extra = 40;
        let root = (spread * power(2 * (u32::from(to) - of + extra)) / divisor).sqrt();
        rounded_quotient(&root, &power(extra))
    } else {
        let to = u32::from(to);
        rounded_quotient(&(spread * power(to)), &(divisor * power(2 * of)))
    };
    store(&Exact { digits, scale: to.into() }, call.ty)
}

fn pairs(call: &Call, values: &[&Row]) -> Result<Scalar, Failure> {
    use Function::*;
    let n = values.len();
    if call.function == RegrCount {
        return Ok(Scalar::BigInt(n as i64));
    }
    if n == 0 || (call.function == CovarSamp && n == 1) {
        return Ok(Scalar::Null);
    }
    let column = |at: usize| values.iter().map(|row| number(&row[at], SqlType::Double)).collect::<Vec<f64>>();
    let (y, x) = (column(0), column(1));
    let exact = |values: &[f64]| values.iter().map(|v| units(*v)).collect::<Option<Vec<BigInt>>>();
    let (ys, xs) = (exact(&y), exact(&x));
    let sxx = xs.as_ref().map(|x| spread(x, x));
    let syy = ys.as_ref().map(|y| spread(y, y));
    let sxy = xs.as_ref().zip(ys.as_ref()).map(|(x, y)| spread(x, y));
    let is_zero = |spread: &Option<BigInt>| spread.as_ref().is_some_and(|s| *s == BigInt::ZERO);
    let nan = || Ok(Scalar::Double(f64::NAN));
    let over = |spread: &Option<BigInt>, by: usize| match spread {
        Some(spread) => finite(ExactSum::ratio(spread, &by.into(), -2 * 1074).round()),
        None => nan(),
    };
    let average = |values: &[f64], exact: &Option<Vec<BigInt>>| match exact {
        Some(units) => finite(ExactSum::ratio(&units.iter().sum(), &n.into(), -1074).round()),
        None => Ok(Scalar::Double(values.iter().filter(|v| !v.is_finite()).sum())),
    };
    match call.function {
        CovarPop => over(&sxy, n * n),
        CovarSamp => over(&sxy, n * (n - 1)),
        RegrSxx => over(&sxx, n),
        RegrSyy => over(&syy, n),
        RegrSxy => over(&sxy, n),
        RegrAvgX => average(&x, &xs),
        RegrAvgY => average(&y, &ys),
        Corr if is_zero(&sxx) || is_zero(&syy) => Ok(Scalar::Null),
        RegrSlope | RegrIntercept | RegrR2 if is_zero(&sxx) => Ok(Scalar::Null),
        RegrR2 if is_zero(&syy) => Ok(Scalar::Double(1.0)),
        Corr | RegrR2 => {
            let (Some(sxx), Some(syy), Some(sxy)) = (sxx, syy, sxy) else { return nan() };
            let r2 = ExactSum::ratio(&(&sxy * &sxy), &(sxx * syy), 0).round();
            let sign = if sxy < BigInt::ZERO { -1.0 } else { 1.0 };
            finite(if call.function == RegrR2 { r2 } else { sign * r2.sqrt() })
        }
        RegrSlope => {
            let (Some(sxx), Some(sxy)) = (sxx, sxy) else { return nan() };
            finite(ExactSum::ratio(&sxy, &sxx, 0).round())
        }
        RegrIntercept => {
            let (Some(sxx), Some(sxy), Some(y), Some(x)) = (sxx, sxy, ys, xs) else { return nan() };
            let numerator = y.iter().sum::<BigInt>() * &sxx - x.iter().sum::<BigInt>() * sxy;
            finite(ExactSum::ratio(&numerator, &(sxx * n), -1074).round())
        }
        other => panic!("{} is not of two variables", other.name()),
    }
}

/// By the keys of the call's order, which stand last in a row; then by the rest.
fn by_order(call: &Call, a: &Row, b: &Row) -> Ordering {
    let first = a.len() - call.rest.order.len();
    for (at, by) in call.rest.order.iter().enumerate() {
        let (x, y) = (&a[first + at], &b[first + at]);
        let order = match (*x == Scalar::Null, *y == Scalar::Null) {
            (false, false) if by.descending => compare(y, x),
            (false, false) => compare(x, y),
            (true, true) => Ordering::Equal,
            (null, _) => {
                if null == by.nulls_first {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
        };
        if order.is_ne() {
            return order;
        }
    }
    compare_rows(&a[..first].to_vec(), &b[..first].to_vec())
}

fn joined(call: &Call, mut values: Vec<&Row>) -> Scalar {
    values.sort_by(|a, b| by_order(call, a, b));
    let text = |value: &Scalar| match value {
        Scalar::Text(text) => text.clone(),
        _ => String::new(),
    };
    let mut all = String::new();
    for (at, row) in values.iter().enumerate() {
        all.push_str(&if at > 0 { text(&row[1]) } else { String::new() });
        all.push_str(&text(&row[0]));
    }
    if values.is_empty() { Scalar::Null } else { Scalar::Text(all) }
}

fn within(call: &Call, mut values: Vec<&Row>) -> Scalar {
    values.sort_by(|a, b| by_order(call, a, b));
    let n = values.len();
    if n == 0 {
        return Scalar::Null;
    }
    let fraction = call.rest.fraction.unwrap_or_default();
    match call.function {
        Function::Mode => {
            let often = |value: &Row| values.iter().filter(|other| compare(&other[0], &value[0]).is_eq()).count();
            let most = values.iter().map(|value| often(value)).max().unwrap_or_default();
            values.iter().find(|value| often(value) == most).map_or(Scalar::Null, |row| row[0].clone())
        }
        Function::PercentileDisc => {
            let at = (fraction * n as f64).ceil() as usize;
            values[at.max(1) - 1][0].clone()
        }
        _ => {
            let place = fraction * (n - 1) as f64;
            let at = |place: f64| number(&values[place as usize][0], SqlType::Double);
            let (low, high, share) = (at(place.floor()), at(place.ceil()), place - place.floor());
            Scalar::Double(if share == 0.0 { low } else { low + share * (high - low) })
        }
    }
}
