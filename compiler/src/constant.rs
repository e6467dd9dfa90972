//! Constants, by the one evaluator there is.

use deltaq_operators::eval::Program;
use deltaq_operators::value::EvalError;
use deltaq_operators::{Expr, Scalar};

/// Whether `expr` names no column.
pub(crate) fn is_constant(expr: &Expr) -> bool {
    match expr {
        Expr::Column { .. } => false,
        Expr::Literal { .. } => true,
        Expr::Call { args, .. } => args.iter().all(is_constant),
    }
}

/// The value of an expression that names no column.
///
/// # Errors
/// Those of its functions.
pub(crate) fn evaluate(expr: &Expr) -> Result<Scalar, EvalError> {
    if let Expr::Literal { value, .. } = expr {
        return Ok(value.clone());
    }
    let value = Program::new(expr).eval(&[], 1);
    match value.errors.get(0) {
        Some(error) => Err(error.clone()),
        None => Ok(Scalar::from_array(&value.array, expr.ty(), 0)),
    }
}
