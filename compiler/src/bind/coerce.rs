//! Casts: those the text asks for, and those that functions need.

use deltaq_circuit::Span;
use deltaq_operators::functions::{self, Arg, cast as casts, text};
use deltaq_operators::types::TEXT;
use deltaq_operators::{Expr, Scalar, SqlType};

use super::{Binder, Bound};
use crate::constant;

/// A quoted literal, whose type its context decides; NULL likewise.
pub(super) fn is_untyped(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::Literal { value: Scalar::Text(_), .. } | Expr::Literal { value: Scalar::Null, ty: SqlType::Null }
    )
}

/// What `resolve` is told of an argument.
pub(super) fn arg(expr: &Expr) -> Arg<'_> {
    match expr {
        Expr::Literal { value, ty } => Arg { ty: *ty, literal: Some(value) },
        _ => Arg { ty: expr.ty(), literal: None },
    }
}

/// Whether a value of type `from` is also one of type `to` as it lies in memory.
fn same_in_memory(from: SqlType, to: SqlType) -> bool {
    from == to || (from.is_text() && to == TEXT)
}

/// `CAST(expr AS to)`, without looking whether there is such a cast.
pub(crate) fn cast(expr: Expr, to: SqlType) -> Expr {
    if expr.ty() == to {
        return expr;
    }
    if let Expr::Literal { value: Scalar::Null, .. } = expr {
        return Expr::literal(Scalar::Null, to);
    }
    let literal = matches!(expr, Expr::Literal { .. });
    let call = Expr::Call { function: functions::get("cast"), args: vec![expr], ty: to };
    match literal.then(|| constant::evaluate(&call)) {
        Some(Ok(value)) => Expr::literal(value, to),
        _ => call,
    }
}

impl Binder<'_> {
    /// `expr` as an argument of type `to`: a quoted literal is read as that type, others are cast.
    pub fn coerce(&mut self, expr: Expr, to: SqlType, span: Option<Span>) -> Bound<Expr> {
        match &expr {
            Expr::Literal { value: Scalar::Null, .. } => Ok(Expr::literal(Scalar::Null, to)),
            Expr::Literal { value: Scalar::Text(value), .. } if !to.is_text() && to != SqlType::Null => {
                match text::from_text(value, to) {
                    Ok(value) => Ok(Expr::literal(value, to)),
                    Err(error) => self.report(error.code, error.message, span),
                }
            }
            _ if same_in_memory(expr.ty(), to) => Ok(expr),
            _ => Ok(cast(expr, to)),
        }
    }

    /// `expr` cast because the text says so, or because it is stored in a column of type `to`.
    pub fn explicit_cast(&mut self, expr: Expr, to: SqlType, span: Option<Span>) -> Bound<Expr> {
        let from = expr.ty();
        if is_untyped(&expr) && !to.is_text() {
            return self.coerce(expr, to, span);
        }
        if to.is_text() && matches!(expr, Expr::Literal { value: Scalar::Text(_), .. }) {
            // A text by declaration, which no context takes for anything else.
            return Ok(Expr::Call { function: functions::get("cast"), args: vec![expr], ty: to });
        }
        if !casts::exists(from, to) {
            return self.report("42846", format!("there is no cast from {from} to {to}"), span);
        }
        Ok(cast(expr, to))
    }

    /// `expr` as it is stored in a column `name` of type `to`: what loses meaning must be cast by hand.
    pub fn assign(&mut self, expr: Expr, to: SqlType, name: &str, span: Option<Span>) -> Bound<Expr> {
        let from = expr.ty();
        if is_untyped(&expr) && !to.is_text() {
            return self.coerce(expr, to, span);
        }
        if from == to {
            return Ok(expr);
        }
        if expr == Expr::literal(Scalar::Null, from) {
            return Ok(Expr::literal(Scalar::Null, to));
        }
        if casts::assignable(from, to) {
            let call = Expr::Call { function: functions::get("assign"), args: vec![expr], ty: to };
            return match constant::is_constant(&call).then(|| constant::evaluate(&call)) {
                None => Ok(call),
                Some(Ok(value)) => Ok(Expr::literal(value, to)),
                Some(Err(error)) => self.report(error.code, error.message, span),
            };
        }
        self.report_help(
            "42804",
            format!("column \"{name}\" is of type {to}, the value of type {from}"),
            span,
            format!("CAST(… AS {to})"),
        )
    }
}
