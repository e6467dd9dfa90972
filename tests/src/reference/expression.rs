//! Expressions over one row.

use deltaq_operators::{Expr, Scalar, SqlType};

use super::{Failure, function};
use crate::rows::{Row, compare};

/// A value with its type, which says where a decimal's point is.
pub type Typed = (Scalar, SqlType);

/// The value of `expr` for `row`.
///
/// A failure is passed on by everything except what has a result whatever the failed part may be: AND with a false side, OR with a
/// true one, CASE that takes another branch, COALESCE that ended before, IN with an equal element.
pub fn evaluate(expr: &Expr, row: &Row) -> Result<Scalar, Failure> {
    let (function, args, ty) = match expr {
        Expr::Column { index, .. } => return Ok(row[*index].clone()),
        Expr::Literal { value, .. } => return Ok(value.clone()),
        Expr::Call { function, args, ty } => (function.name, args.as_slice(), *ty),
    };
    let arg = |index: usize| -> Result<Typed, Failure> { Ok((evaluate(&args[index], row)?, args[index].ty())) };
    match function {
        "and" => connect(args, row, false),
        "or" => connect(args, row, true),
        "between" => {
            // x >= low AND x <= high
            let low = arg(0).and_then(|x| Ok(test(&x, &arg(1)?, |o| o.is_ge())));
            let high = arg(0).and_then(|x| Ok(test(&x, &arg(2)?, |o| o.is_le())));
            conclude([low, high], false)
        }
        "in" => {
            // x = a OR x = b OR …
            let tests = (1..args.len()).map(|index| Ok(test(&arg(0)?, &arg(index)?, |o| o.is_eq())));
            conclude(tests, true)
        }
        "case" => {
            for pair in args.chunks(2) {
                let [condition, value] = pair else { return evaluate(&pair[0], row) };
                if evaluate(condition, row)? == Scalar::Boolean(true) {
                    return evaluate(value, row);
                }
            }
            Ok(Scalar::Null)
        }
        "coalesce" => {
            for value in args {
                match evaluate(value, row)? {
                    Scalar::Null => {}
                    value => return Ok(value),
                }
            }
            Ok(Scalar::Null)
        }
        _ => {
            let values: Vec<Typed> = (0..args.len()).map(arg).collect::<Result<_, _>>()?;
            function::call(function, &values, ty)
        }
    }
}

fn connect(args: &[Expr], row: &Row, decisive: bool) -> Result<Scalar, Failure> {
    conclude(args.iter().map(|arg| evaluate(arg, row)), decisive)
}

/// AND (`decisive` false) or OR (true): the decisive value wins over all, then the first failure, then NULL.
fn conclude(sides: impl IntoIterator<Item = Result<Scalar, Failure>>, decisive: bool) -> Result<Scalar, Failure> {
    let mut failure = None;
    let mut null = false;
    for side in sides {
        match side {
            Ok(Scalar::Boolean(value)) if value == decisive => return Ok(Scalar::Boolean(decisive)),
            Ok(Scalar::Null) => null = true,
            Ok(_) => {}
            Err(code) => failure = failure.or(Some(code)),
        }
    }
    match failure {
        Some(code) => Err(code),
        None if null => Ok(Scalar::Null),
        None => Ok(Scalar::Boolean(!decisive)),
    }
}

/// A comparison: NULL if either side is.
pub fn test(a: &Typed, b: &Typed, holds: impl Fn(std::cmp::Ordering) -> bool) -> Scalar {
    if a.0 == Scalar::Null || b.0 == Scalar::Null {
        return Scalar::Null;
    }
    Scalar::Boolean(holds(order(a, b)))
}

/// How two values compare that are not NULL, numbers by their value whatever their types.
pub fn order(a: &Typed, b: &Typed) -> std::cmp::Ordering {
    if a.1 == b.1 || (a.1.is_text() && b.1.is_text()) {
        return compare(&a.0, &b.0);
    }
    match (function::exact(a), function::exact(b)) {
        (Some(a), Some(b)) => a.compare(&b),
        _ if a.1.is_numeric() && b.1.is_numeric() => {
            compare(&Scalar::Double(function::float(a)), &Scalar::Double(function::float(b)))
        }
        _ => compare(&a.0, &b.0),
    }
}
