//! Prefix operators as PostgreSQL binds them: a sign before `^`, and `~ @ |/ ||/` after all arithmetic. sqlparser has it the other way
//! round; what it has read is put in order here. Parentheses are nodes of their own, and stay.
//!
//! ```text
//!   - 2 ^ 2    −(2 ^ 2)    becomes  (−2) ^ 2
//!   ~ 1 + 1    (~1) + 1    becomes  ~(1 + 1)
//! ```

use sqlparser::ast::{BinaryOperator, Expr, UnaryOperator, Value};

/// `e` in PostgreSQL's order; None if it is in that order already.
pub(super) fn reordered(e: &Expr) -> Option<Expr> {
    match e {
        Expr::UnaryOp { op: op @ (UnaryOperator::Minus | UnaryOperator::Plus), expr } if is_chain(expr, is_power) => {
            let mut chain = Expr::clone(expr);
            let first = leftmost(&mut chain, is_power);
            let operand = std::mem::replace(first, Expr::Value(Value::Null.into()));
            *first = Expr::UnaryOp { op: *op, expr: Box::new(operand) };
            Some(chain)
        }
        Expr::BinaryOp { .. } if begins_with_prefix(e) => {
            let mut chain = e.clone();
            let first = leftmost(&mut chain, is_arithmetic);
            let Expr::UnaryOp { op, expr } = std::mem::replace(first, Expr::Value(Value::Null.into())) else {
                return None;
            };
            *first = *expr;
            Some(Expr::UnaryOp { op, expr: Box::new(chain) })
        }
        _ => None,
    }
}

fn is_power(op: &BinaryOperator) -> bool {
    *op == BinaryOperator::PGExp
}

fn is_arithmetic(op: &BinaryOperator) -> bool {
    use BinaryOperator::{Divide, Minus, Modulo, Multiply, PGExp, Plus};
    matches!(op, Plus | Minus | Multiply | Divide | Modulo | PGExp)
}

fn is_chain(e: &Expr, of: fn(&BinaryOperator) -> bool) -> bool {
    matches!(e, Expr::BinaryOp { op, .. } if of(op))
}

/// Whether `e` is arithmetic that begins with a prefix operator other than a sign.
fn begins_with_prefix(mut e: &Expr) -> bool {
    use UnaryOperator::{BitwiseNot, PGAbs, PGCubeRoot, PGSquareRoot};
    if !is_chain(e, is_arithmetic) {
        return false;
    }
    while let Expr::BinaryOp { left, op, .. } = e
        && is_arithmetic(op)
    {
        e = left;
    }
    matches!(e, Expr::UnaryOp { op: BitwiseNot | PGAbs | PGSquareRoot | PGCubeRoot, .. })
}

/// The first operand of a chain of such operators.
fn leftmost(mut e: &mut Expr, of: fn(&BinaryOperator) -> bool) -> &mut Expr {
    while is_chain(e, of) {
        let Expr::BinaryOp { left, .. } = e else { break };
        e = left;
    }
    e
}
