//! Groups and aggregate calls: all values of a group gathered, then looked at.

use deltaq_operators::aggregate::{Call, Function, Shape};
use deltaq_operators::{Expr, Scalar, SqlType};
use num_bigint::BigInt;

use super::expression::evaluate;
use super::float::ExactSum;
use super::function::{Exact, exact, float, power, rounded_quotient, store};
use super::statistics;
use super::{Errors, Failure};
use crate::rows::{Bag, Row, compare, compare_rows};

/// Aggregates `input`. A row whose key or argument fails is an error and in no group; a result that is out of range makes the
/// group an error.
pub fn aggregate(input: &Bag, keys: &[Expr], calls: &[Call], errors: &mut Errors) -> Bag {
    // For each group the values of each call's argument, with weights.
    let mut groups: Vec<(Row, Vec<Bag>)> = Vec::new();
    if keys.is_empty() {
        groups.push((Row::new(), vec![Bag::new(); calls.len()]));
    }
    for (row, weight) in input.iter() {
        let key: Result<Row, Failure> = keys.iter().map(|k| evaluate(k, row)).collect();
        let args: Result<Vec<Option<Row>>, Failure> = calls.iter().map(|c| argument(c, row)).collect();
        let (key, args) = match (key, args) {
            (Ok(key), Ok(args)) => (key, args),
            (Err(failure), _) | (_, Err(failure)) => {
                *errors.entry(failure).or_default() += weight;
                continue;
            }
        };
        let place = groups.iter().position(|(k, _)| compare_rows(k, &key).is_eq()).unwrap_or_else(|| {
            groups.push((key, vec![Bag::new(); calls.len()]));
            groups.len() - 1
        });
        for (values, arg) in groups[place].1.iter_mut().zip(args) {
            if let Some(value) = arg {
                values.add(value, weight);
            }
        }
    }
    let mut out = Bag::new();
    for (key, values) in groups {
        let results: Result<Row, Failure> =
            calls.iter().zip(&values).map(|(call, values)| result(call, values)).collect();
        match results {
            Ok(results) => out.add(key.into_iter().chain(results).collect(), 1),
            Err(failure) => *errors.entry(failure).or_default() += 1,
        }
    }
    out
}

/// What a row adds to a call: its argument and all else that the call reads. Nothing where the filter is not true or the argument
/// is NULL; of two variables, either.
fn argument(call: &Call, row: &Row) -> Result<Option<Row>, Failure> {
    if let Some(filter) = &call.filter
        && evaluate(filter, row)? != Scalar::Boolean(true)
    {
        return Ok(None);
    }
    let Some(arg) = &call.arg else { return Ok(Some(vec![Scalar::Boolean(true)])) };
    let values: Row =
        std::iter::once(arg).chain(call.rest.each()).map(|e| evaluate(e, row)).collect::<Result<_, _>>()?;
    let needed = if call.function.shape() == Shape::Pair { 2 } else { 1 };
    Ok(Some(values).filter(|values| values[..needed].iter().all(|value| *value != Scalar::Null)))
}

fn result(call: &Call, values: &Bag) -> Result<Scalar, Failure> {
    if let Some(result) = statistics::result(call, values) {
        return result;
    }
    let values: Vec<(Scalar, i64)> =
        values.iter().map(|(row, weight)| (row[0].clone(), if call.distinct { 1 } else { weight })).collect();
    let count: i64 = values.iter().map(|(_, weight)| weight).sum();
    let ty = call.arg.as_ref().map_or(SqlType::Boolean, Expr::ty);
    if call.function == Function::Count {
        return Ok(Scalar::BigInt(count));
    }
    if values.is_empty() {
        return Ok(Scalar::Null);
    }
    let some = values.iter().map(|(value, _)| value);
    let best = |best: Option<&Scalar>| Ok(best.unwrap_or_else(|| panic!("there are values")).clone());
    match call.function {
        Function::Count => unreachable!("counted above"),
        Function::Min | Function::AnyValue => best(some.min_by(|a, b| compare(a, b))),
        Function::Max => best(some.max_by(|a, b| compare(a, b))),
        Function::BoolAnd => Ok(Scalar::Boolean(some.clone().all(|v| *v == Scalar::Boolean(true)))),
        Function::BoolOr => Ok(Scalar::Boolean(some.clone().any(|v| *v == Scalar::Boolean(true)))),
        Function::BitAnd | Function::BitOr | Function::BitXor => {
            // A value that stands twice takes itself out of BIT_XOR.
            let each = values.iter().filter(|(_, weight)| call.function != Function::BitXor || weight % 2 == 1);
            let bits = each.map(|(value, _)| integer(value)).reduce(|a, b| match call.function {
                Function::BitAnd => a & b,
                Function::BitOr => a | b,
                _ => a ^ b,
            });
            store(&Exact::integer(bits.unwrap_or(0)), call.ty)
        }
        Function::Sum | Function::Avg if ty.is_float() => {
            let mut sum = ExactSum::default();
            values.iter().for_each(|(value, weight)| sum.add(float(&(value.clone(), ty)), *weight));
            let sum = sum.round();
            let finite = values.iter().all(|(value, _)| float(&(value.clone(), ty)).is_finite());
            let narrow = call.ty == SqlType::Real;
            let result = if call.function == Function::Avg { sum / count as f64 } else { sum };
            let result = if narrow { result as f32 as f64 } else { result };
            if finite && !result.is_finite() {
                return Err("22003");
            }
            Ok(if narrow { Scalar::Real(result as f32) } else { Scalar::Double(result) })
        }
        Function::Sum | Function::Avg => {
            let exacts: Vec<(Exact, i64)> = values
                .iter()
                .map(|(value, weight)| {
                    (exact(&(value.clone(), ty)).unwrap_or_else(|| panic!("{value:?} is a number")), *weight)
                })
                .collect();
            let scale = exacts[0].0.scale;
            let digits: BigInt = exacts.iter().map(|(value, weight)| &value.digits * weight).sum();
            match (call.function, call.ty) {
                (Function::Avg, SqlType::Decimal(_, to)) => {
                    let digits = rounded_quotient(&(digits * power(to as u32 - scale)), &BigInt::from(count));
                    store(&Exact { digits, scale: to.into() }, call.ty)
                }
                _ => store(&Exact { digits, scale }, call.ty),
            }
        }
        other => panic!("the statistics have {}", other.name()),
    }
}

fn integer(value: &Scalar) -> i64 {
    match value {
        Scalar::SmallInt(v) => (*v).into(),
        Scalar::Int(v) => (*v).into(),
        Scalar::BigInt(v) => *v,
        other => panic!("{other:?} has no bits"),
    }
}
