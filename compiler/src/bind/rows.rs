//! Rows as operands: NULL tests, OVERLAPS; and BETWEEN SYMMETRIC.

use deltaq_operators::{Expr, SqlType};
use sqlparser::ast::{self, UnaryOperator, Value};

use super::expr::bare;
use super::{Binder, Bound, all};

/// The parts of `(a, b)` or `ROW(a, b)`; None of anything else.
pub(super) fn parts(e: &ast::Expr) -> Option<Vec<&ast::Expr>> {
    match bare(e) {
        ast::Expr::Tuple(parts) => Some(parts.iter().collect()),
        ast::Expr::Function(call) if call.name.to_string().eq_ignore_ascii_case("row") => {
            let ast::FunctionArguments::List(list) = &call.args else { return None };
            list.args
                .iter()
                .map(|arg| match arg {
                    ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(part)) => Some(part),
                    _ => None,
                })
                .collect()
        }
        _ => None,
    }
}

/// `low` without the mark of `BETWEEN SYMMETRIC`, which stands before its first operand; None if it has none.
pub(super) fn symmetric(low: &ast::Expr) -> Option<ast::Expr> {
    let mut low = low.clone();
    let mut first = &mut low;
    loop {
        match first {
            ast::Expr::UnaryOp { op: UnaryOperator::PGPrefixFactorial, expr } => {
                *first = std::mem::replace(expr, ast::Expr::Value(Value::Null.into()));
                return Some(low);
            }
            ast::Expr::BinaryOp { left: inner, .. }
            | ast::Expr::Cast { expr: inner, .. }
            | ast::Expr::Collate { expr: inner, .. }
            | ast::Expr::AtTimeZone { timestamp: inner, .. } => first = inner,
            _ => return None,
        }
    }
}

impl Binder<'_> {
    /// `x BETWEEN SYMMETRIC a AND b`: between them, whichever is less.
    pub(super) fn between_either(&mut self, x: &ast::Expr, a: &ast::Expr, b: &ast::Expr, e: &ast::Expr) -> Bound<Expr> {
        let upwards = self.call_of("between", &[x, a, b], e)?;
        let downwards = self.call_of("between", &[x, b, a], e)?;
        self.apply("or", vec![(upwards, e), (downwards, e)], e)
    }

    /// `x IS NULL`; of a row whether all of it is, and `IS NOT NULL` whether none of it is.
    pub(super) fn null_test(&mut self, name: &str, x: &ast::Expr, e: &ast::Expr) -> Bound<Expr> {
        let Some(parts) = parts(x) else { return self.call_of(name, &[x], e) };
        let tests = all(parts.into_iter().map(|part| Ok((self.null_test(name, part, e)?, e))))?;
        self.apply("and", tests, e)
    }

    /// `(start, end) OVERLAPS (start, end)`; in the place of an end may stand an interval.
    pub(super) fn overlaps(&mut self, left: &ast::Expr, right: &ast::Expr, e: &ast::Expr) -> Bound<Expr> {
        let mut bounds = Vec::new();
        for side in [left, right] {
            let Some([start, end]) = parts(side).and_then(|parts| <[&ast::Expr; 2]>::try_from(parts).ok()) else {
                let span = self.span(side);
                return self.report("42601", "OVERLAPS takes two rows of a start and an end", span);
            };
            let (from, to) = (self.expr(start)?, self.expr(end)?);
            let to = match to.ty() {
                SqlType::Interval if from.ty() != SqlType::Interval => {
                    self.apply("add", vec![(from.clone(), start), (to, end)], e)?
                }
                _ => to,
            };
            bounds.extend([(from, start), (to, end)]);
        }
        self.apply("overlaps", bounds, e)
    }
}
